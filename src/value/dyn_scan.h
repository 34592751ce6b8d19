/* dyn_scan.h - shared by the dyn_*.c files: scanning of JSON text that was checked before, tree entries, and a walk
 * over both forms. All of it stays within [p, end) whatever the text, so a broken promise of "checked" costs results,
 * not memory. */
#ifndef RTQ__DYN_SCAN_H
#define RTQ__DYN_SCAN_H
#include "value/dyn.h"

/* Flag of a string that walks and scans give out: the bytes at u.p are those between the quotes, escapes and all. */
enum { RTQ__DYN_ESCAPED = 0x80 };

const char *rtq__json_blank(const char *p, const char *end);   /* past white space */
const char *rtq__json_special(const char *p, const char *end); /* the next quote, backslash, control character */
const char *rtq__json_skip(const char *p, const char *end);    /* p at a value; past it */
bool rtq__json_check(const char *p, const char *end);          /* one value and white space, nothing else */
/* The value at p, which starts a value; past it. Containers become JSON spans, strings with escapes are flagged. */
const char *rtq__json_value(rtq__dyn *out, const char *p, const char *end);
size_t rtq__json_unescape(char *out, const char *p, size_t len); /* out has room for len; returns bytes written */
int rtq__dyn_settle(rtq__dyn *d, rtq__arena *heap);              /* unescapes a flagged string. OK, NOMEM */

/* Text with escapes as a sequence of plain pieces. */
typedef struct rtq__json_text {
    const char *p, *end;
    const char *piece;
    size_t len;
    char decoded[4];
} rtq__json_text;
bool rtq__json_piece(rtq__json_text *t);

/* Tree access. i < n is the caller's duty; everything else is checked. */
enum { RTQ__DYN_ENTRY = 16, RTQ__DYN_SLOT = 24 /* key and entry */ };
uint32_t rtq__dyn_tree_count(const rtq__dyn *tree);
void rtq__dyn_tree_item(rtq__dyn *out, const rtq__dyn *tree, uint32_t i);
rtq_str rtq__dyn_tree_key(const rtq__dyn *bag, uint32_t i);

/* Depth-first walk without recursion. */
enum {
    RTQ__WALK_DONE = 0,
    RTQ__WALK_SCALAR,
    RTQ__WALK_KEY /* value: the key as a string */,
    RTQ__WALK_ARRAY,
    RTQ__WALK_BAG,
    RTQ__WALK_END
};
typedef struct rtq__dyn_walk {
    rtq__dyn value;
    const char *json, *json_end; /* inside JSON text while json_depth > 0 */
    uint32_t json_depth, depth;
    bool has_root, key_done;
    struct {
        rtq__dyn tree;
        uint32_t i, n;
    } stack[RTQ__DYN_DEPTH];
} rtq__dyn_walk;
void rtq__dyn_walk_init(rtq__dyn_walk *w, const rtq__dyn *d);
int rtq__dyn_walk_next(rtq__dyn_walk *w);

/* A value of unknown origin (a saved store): well-formed, within its bytes, not too deep. */
bool rtq__dyn_check(const rtq__dyn *d);

#endif
