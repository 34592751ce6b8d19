/* dyn.h - dynamic values: JSON text from feeds, and self-contained trees for values that queries build.
 *
 * A tree (tags ARRAY, BAG) is position independent, so a value is copied with memcpy:
 *     u32 n                                     entries
 *     ARRAY: n x entry;  BAG: n x {u32 key offset, u32 key len, entry}, in insertion order, keys unique
 *     entry: 16 bytes = u32 len, u8 tag, u8 flags, u16 height (trees: 1 + that of the highest tree inside), then 8 bytes:
 *            scalar, or u64 offset of the payload from the tree's start
 *     payloads: text, 16-byte scalars, nested trees (8-byte aligned)
 * Both forms are read through the same functions, so no caller knows which one it has. */
#ifndef RTQ__DYN_H
#define RTQ__DYN_H
#include "base/buf.h"
#include "value/kind.h"

enum { RTQ__DYN_DEPTH = 128 /* nesting that parsing accepts; deeper JSON is refused as malformed */ };

bool rtq__dyn_is_array(const rtq__dyn *d); /* JSON text or tree */
bool rtq__dyn_is_bag(const rtq__dyn *d);

/* Reading. Text results point into the value, except JSON strings with escapes: those are unescaped into `heap`
 * (rtq__arena; NULL result of the arena = RTQ_ERR_NOMEM). */
typedef struct rtq__dyn_iter {
    rtq__dyn item; /* the current entry */
    rtq_str key;   /* its key, bags only */
    uint32_t index, n;
    const char *base, *pos, *end;
    rtq__arena *heap;
    int error; /* RTQ_ERR_NOMEM when iteration ended early */
    uint8_t tag;
} rtq__dyn_iter;
void rtq__dyn_iter_init(rtq__dyn_iter *it, const rtq__dyn *container, rtq__arena *heap);
bool rtq__dyn_next(rtq__dyn_iter *it); /* false at the end; duplicate JSON keys: the last wins in rtq__dyn_get */
uint32_t rtq__dyn_count(const rtq__dyn *container); /* entries; 0 for scalars */
/* Member of a bag; NULL-tagged value when absent or not a bag. `index` counts from the end when negative. */
int rtq__dyn_get(rtq__dyn *out, const rtq__dyn *bag, const char *key, size_t len, rtq__arena *heap);
int rtq__dyn_at(rtq__dyn *out, const rtq__dyn *array, int64_t index, rtq__arena *heap);
int rtq__dyn_path(rtq__dyn *out, const rtq__dyn *value, const char *path /* "a.b[0]['x y']" */, size_t len,
                  rtq__arena *heap);

/* Building. A builder makes one tree (or scalar); finish copies it into heap. */
typedef struct rtq__dyn_builder rtq__dyn_builder;
rtq__dyn_builder *rtq__dyn_builder_new(rtq__mem *mem); /* reusable after finish */
void rtq__dyn_builder_free(rtq__dyn_builder *b);
void rtq__dyn_begin_array(rtq__dyn_builder *b);
void rtq__dyn_begin_bag(rtq__dyn_builder *b);
void rtq__dyn_key(rtq__dyn_builder *b, const char *key, size_t len); /* a repeated key replaces the earlier value */
void rtq__dyn_add(rtq__dyn_builder *b, const rtq__dyn *value);       /* scalar, JSON or tree; JSON is kept as text */
void rtq__dyn_add_cell(rtq__dyn_builder *b, const rtq__cell *cell);
void rtq__dyn_end(rtq__dyn_builder *b);
int rtq__dyn_finish(rtq__dyn *out, rtq__dyn_builder *b,
                    rtq__arena *heap); /* OK, NOMEM, LIMIT: deeper than RTQ__DYN_DEPTH */

/* Text. parse: one JSON value, whole text; containers become tag JSON without copying (validated once); numbers: long when
 * integral and in range, else real. Not JSON: RTQ_ERR_DATA (parse_json then makes a string of it). */
int rtq__dyn_parse(rtq__dyn *out, const char *text, size_t len, rtq__arena *heap);
void rtq__dyn_print(rtq__buf *out, const rtq__dyn *d); /* compact JSON as Kusto prints it (tostring of a container) */
void rtq__dyn_print_text(rtq__buf *out, const rtq__dyn *d); /* tostring(): strings bare, null "", hex longs 0x… */

/* Comparison: scalars by value across types, containers by structure. hash agrees with equal. */
bool rtq__dyn_equal(const rtq__dyn *a, const rtq__dyn *b);
int rtq__dyn_compare(const rtq__dyn *a,
                     const rtq__dyn *b); /* total order for sort: null, bool, numbers, …, see dyn.c */
uint64_t rtq__dyn_hash(const rtq__dyn *d, uint64_t seed);

rtq__dyn rtq__dyn_from_cell(const rtq__cell *cell); /* 16-byte kinds: points at the cell */
rtq__cell rtq__dyn_to_cell(const rtq__dyn *d, uint32_t kind,
                           rtq__arena *heap); /* conversion rules of tolong() etc.; null when it has
                                                                                  * none (a null string: out of memory) */
int rtq__dyn_copy(rtq__dyn *out, const rtq__dyn *d, rtq__arena *heap);
const char *rtq__dyn_type_name(const rtq__dyn *d); /* gettype() */

/* JSON text of a cell of any kind, as in result rows: datetime, timespan, guid, decimal as strings. */
void rtq__cell_print_json(rtq__buf *out, const rtq__cell *cell);
void rtq__cell_print_text(rtq__buf *out, const rtq__cell *cell); /* tostring() of any kind */

#endif
