/* json.h - the decoder of JSON feeds: one object a line, objects one after another, arrays of objects. Bytes in, batches out; no I/O.
 *
 * Three stages, each cheaper than the next: lines that cannot match are found by bytes alone (json_filter.c); the others are parsed in
 * one forward pass that checks everything and remembers where the demanded fields are (json_parse.c); fields become cells when a
 * conjunct or the engine touches them (json_decode.c). */
#ifndef RTQ__JSON_H
#define RTQ__JSON_H
#include "base/text.h"
#include "sources/feed/feed.h"
#include "sources/json/json_find.h"

enum { JSON_NUMBER = 0x40 /* tag of a staged number: text at u.p, not converted yet */ };

/* The names of all demanded paths as a tree. Wants are numbered so that those below a node are next to each other. */
typedef struct json_node {
    const char *name;
    uint32_t len;
    uint64_t head;                /* the name's first 8 bytes, zero behind its end */
    uint64_t lens;                /* lengths of the children's names, a bit each; bit 63: 63 and more */
    uint32_t parent, child, next; /* 0: none (node 0 is the root) */
    uint32_t own, n_own;          /* slots [own, own + n_own): wants whose names end here */
    uint32_t below;               /* slots [own, below): those and all below */
    uint32_t table,
        mask;      /* names of children by hash: heads[table + (hash & mask)], chained by next; mask 0: no children */
    uint64_t seen; /* number of the record in which the name occurred last */
} json_node;

typedef struct json_want {
    const rtq__path_seg *rest; /* from the first array index on: looked up in the staged value */
    uint32_t n_rest, slot;
    uint8_t kind;
} json_want;

typedef struct json_paths {
    json_node *nodes;
    uint32_t n_nodes;
    uint16_t *heads;
    json_want *wants;
    uint32_t n_wants;
} json_paths;

/* A name as it stood in the record before: quotes, colon and blanks included. Most feeds repeat the form of their records. */
enum { JSON_GUESSES = 256, JSON_GUESS_LEN = 32 };
typedef struct json_guess {
    char text[JSON_GUESS_LEN];
    uint32_t len, mask; /* a bit a byte */
    uint32_t parent, child;
} json_guess;

/* ---- lines that cannot match ---------------------------------------------------------------------------------------- */
enum { JSON_HITS = 6 };
typedef struct json_probe {
    rtq__needle needle;
    bool started;
    size_t next;     /* offset in the window of the next hit, or the window's length */
    size_t line;     /* the line that hits are of */
    uint32_t n_hits; /* > JSON_HITS: too many */
    size_t hits[JSON_HITS];
} json_probe;

typedef struct json_test { /* of one conjunct */
    int32_t key, text;     /* probes, -1: none. key < 0 and text < 0: says nothing */
    uint8_t kind;
} json_test;

typedef struct json_filter {
    json_find_fn find;
    bool active;
    const char *window;
    size_t len;
    json_probe *probes;
    uint32_t n_probes; /* the first is for escapes that may hide ASCII */
    json_test *tests;  /* by conjunct */
} json_filter;

typedef struct rtq__json {
    rtq__feed_rows rows;
    size_t max_record;
    uint8_t framing; /* JSON_AUTO … */
    json_paths paths;
    json_filter filter;
    rtq__dyn *staged; /* [row][slot] */
    uint64_t record;  /* number, for json_node.seen */
    uint32_t n_guesses;
    json_guess guesses[JSON_GUESSES]; /* in the order of the last record */
    int (*object)(struct rtq__json *d, const char *p, const char *end, const char **past,
                  const char **why); /* rtq__json_object_… */
} rtq__json;

enum { JSON_AUTO = 0, JSON_LINES, JSON_STREAM };

extern const rtq__feed_class rtq__json_feed;
int rtq__json_new(rtq__json **out, rtq__mem *mem, size_t max_record, uint8_t framing, rtq__source_stats *stats,
                  int64_t *max_time);

/* json_paths.c */
int rtq__json_paths(rtq__json *d, const rtq__demand_table *table);
static inline uint32_t json_hash(const char *s, size_t len)
{
    return len == 0 ? 0
                    : (uint32_t)len * 7u + (unsigned char)s[0] + 31u * (unsigned char)s[len - 1] +
                          17u * (unsigned char)s[len / 2];
}

/* json_filter.c */
int rtq__json_filter_plan(rtq__json *d, const rtq__demand_table *table);
void rtq__json_filter_window(rtq__json *d, const char *p, size_t len);
/* False: no record of the line [begin, end) of the window is wanted. */
bool rtq__json_filter_line(rtq__json *d, size_t begin, size_t end);

/* json_parse_loop.h: the object at p, staged as row rows->n. */
enum { JSON_BAD = 0, JSON_DONE, JSON_MORE /* fine so far, but the bytes end */ };
typedef int (*json_object_fn)(rtq__json *d, const char *p, const char *end, const char **past, const char **why);
int rtq__json_object_plain(rtq__json *d, const char *p, const char *end, const char **past, const char **why);
#if defined(__x86_64__)
int rtq__json_object_avx2(rtq__json *d, const char *p, const char *end, const char **past, const char **why);
#endif
json_object_fn rtq__json_object_best(void);
/* The scalar at p, as staged. */
int rtq__json_scalar(rtq__dyn *out, const char *p, const char *end, const char **past, const char **why);
static inline const char *json_blank(const char *p, const char *end)
{
    while (p < end && (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r'))
        p++;
    return p;
}

/* json_decode.c: a staged value as it is. OK, NOMEM. */
int rtq__json_settle(rtq__dyn *d, rtq__arena *heap);

#endif
