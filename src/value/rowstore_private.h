/* rowstore_private.h - shared by the rowstore_*.c files.
 *
 * Rows lie in chunks that double from 64 to 4,096 rows and then stay there: a store of few rows is small, a large one
 * wastes little, and no row ever moves. The index is open addressing over {hash, row + 1}; growing it needs no look at
 * the rows. */
#ifndef RTQ__ROWSTORE_PRIVATE_H
#define RTQ__ROWSTORE_PRIVATE_H
#include "value/rowstore.h"

enum {
    ROWS_FIRST = 64,
    ROWS_FIRST_LOG = 6,
    ROWS_CHUNK = 4096,
    ROWS_CHUNK_LOG = 12,
    ROWS_NONE = UINT32_MAX,
    ROWS_BLOCK =
        256 /* keys that are hashed, prefetched and probed together: their cache lines fit the first-level cache */
};

typedef struct rows_slot {
    uint32_t hash, ref; /* row + 1; 0: free */
} rows_slot;
typedef struct rows_heap_chunk rows_heap_chunk;
struct rows_heap_chunk {
    rows_heap_chunk *next;
    size_t cap, used;
};

enum { ROWS_DIRECT = 4096, ROWS_DIRECT_FROM = 2048 /* keys seen before it pays */, ROWS_DIRECT_MISSES = 16 };

/* How keys compare: decided once, so that the loops over keys are specialised. */
enum {
    ROWS_KEY_WORD /* one 8-byte cell */,
    ROWS_KEY_STRING /* one string */,
    ROWS_KEY_FIXED /* no text */,
    ROWS_KEY_MIXED
};

struct rtq__rows {
    rtq__mem *mem;
    uint8_t *kinds;
    uint32_t *offsets; /* of cells in the row */
    uint32_t n_cols, n_keys, extra_len, extra_off, row_len;
    uint32_t key_null_len; /* bytes of null bits of the keys, at the row's start; those of the other columns follow */
    uint32_t keys_off, keys_len; /* the key cells, adjacent */
    uint8_t key_class;
    bool any_text;
    bool *has_null; /* by column: a null was stored at some time */
    bool *shared;   /* by column: cells may share their text, so it is never overwritten */
    char *blank;    /* a row with zero cells, its non-key columns null */
    uint64_t max_bytes, bytes, seed;

    uint32_t count, n_indexed;
    uint64_t rows_cap; /* rows that the chunks hold */
    char **chunks;
    size_t n_chunks, chunks_cap;

    rows_slot *table;
    uint32_t table_cap; /* power of two or 0 */
    uint32_t n_slots;   /* in use */
    /* Rows with equal keys form a ring in append order: a slot names the last one, whose next is the first. NULL: no
     * key is held twice (nothing was appended). */
    uint32_t *next;
    size_t next_cap;

    /* Row + 1 of the whole numbers from direct_base on, 0: not known here. Made for word keys that turn out to be few. */
    uint32_t *direct;
    int64_t direct_base;
    uint32_t direct_misses, n_words; /* blocks that had other keys; keys so far, up to when it is made */

    rows_heap_chunk *heap;
    uint64_t heap_used, heap_dead;
};

static inline char *rows_at(const rtq__rows *r, uint32_t id)
{
    uint32_t x = id + ROWS_FIRST;
    if (x < ROWS_CHUNK) {
        uint32_t k = 31u - (uint32_t)__builtin_clz(x);
        return r->chunks[k - ROWS_FIRST_LOG] + (size_t)(x - (1u << k)) * r->row_len;
    }
    return r->chunks[ROWS_CHUNK_LOG - ROWS_FIRST_LOG - 1 + (x >> ROWS_CHUNK_LOG)] +
           (size_t)(x & (ROWS_CHUNK - 1)) * r->row_len;
}
/* Rows from id on that lie next to each other. */
static inline uint32_t rows_run(uint32_t id)
{
    uint32_t x = id + ROWS_FIRST;
    return x < ROWS_CHUNK ? (2u << (31u - (uint32_t)__builtin_clz(x))) - x : ROWS_CHUNK - (x & (ROWS_CHUNK - 1));
}

static inline bool rows_is_text(uint32_t kind)
{
    return kind == RTQ_STRING || kind == RTQ_DYNAMIC || kind == RTQ_UNKNOWN;
}
static inline uint32_t rows_null_bit(const rtq__rows *r, uint32_t col)
{
    return col < r->n_keys ? col : r->key_null_len * 8 + (col - r->n_keys);
}
static inline bool rows_is_null(const rtq__rows *r, const char *row, uint32_t col)
{
    uint32_t bit = rows_null_bit(r, col);
    return ((uint8_t)row[bit / 8] >> (bit % 8)) & 1;
}
static inline void rows_set_null(const rtq__rows *r, char *row, uint32_t col, bool is_null)
{
    uint32_t bit = rows_null_bit(r, col);
    uint8_t byte = (uint8_t)row[bit / 8], mask = (uint8_t)(1u << (bit % 8));
    row[bit / 8] = (char)(is_null ? byte | mask : byte & (uint8_t)~mask);
}

/* Memory within the budget: RTQ_OK, RTQ_ERR_NOMEM or RTQ_ERR_LIMIT. */
int rtq__rows_take(void **out, rtq__rows *r, size_t len);
void rtq__rows_give(rtq__rows *r, void *ptr, size_t len);
int rtq__rows_room(rtq__rows *r, uint32_t id); /* makes the chunk of row id */
int rtq__rows_keep_text(rtq__rows *r, char *cell,
                        uint32_t kind);                  /* copies what the cell points at; the cell is changed last */
int rtq__rows_grow_table(rtq__rows *r, uint64_t n_more); /* room for so many more keys */
int rtq__rows_chain(rtq__rows *r);                       /* makes `next`, once */
void rtq__rows_drop_direct(rtq__rows *r);
uint32_t rtq__rows_cell_text(const char *cell, uint32_t kind); /* bytes behind the cell's pointer */
/* Key cells of the stored rows, one representation for equal values: -0.0, NaN, decimals with trailing zeros. */
void rtq__rows_canonical(char *cell, uint32_t kind);

#endif
