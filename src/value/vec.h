/* vec.h - one column of a batch, and the batch.
 *
 * Lifetimes go by calls, not by reference counts: what a batch points to (cells, text, lazy loaders) is valid until the
 * operator or source that produced it is called again. Whoever keeps rows longer copies them (row store, rtq__batch_copy).
 * That is why no vector owns anything and why the steady state allocates nothing. */
#ifndef RTQ__VEC_H
#define RTQ__VEC_H
#include "base/buf.h"
#include "value/kind.h"

enum { RTQ__ROWS = 1024 /* rows in a batch at most */ };
typedef uint16_t rtq__sel; /* a row number in a batch */

enum { RTQ__FLAT = 0, RTQ__CONST, RTQ__DICT };

typedef struct rtq__vec rtq__vec;
/* Decodes the cells of the given rows that are not loaded yet; writes data, valid, and may change nothing else. The records
 * behind it are still held by the source. Called through rtq__vec_load only. RTQ_OK or an error (RTQ_ERR_NOMEM). */
typedef int (*rtq__load_fn)(rtq__vec *vec, const rtq__sel *sel, uint32_t n_sel, void *ctx);

/* For the text of rows that need not be loaded: appends, for each of n columns with one print function and source, its text (32 bytes
 * more than text_len are readable) and the cell of the row as rtq__cell_print_json() would write it. Before the rows of a batch it is
 * called with out NULL and in `row` which set of columns this is: 0 for the first of the batch, then 1, … RTQ_OK or RTQ_ERR_NOMEM. */
typedef struct rtq__print_col {
    rtq__vec *vec;
    const char *text;
    uint32_t text_len;
} rtq__print_col;
typedef int (*rtq__print_fn)(rtq__buf *out, const rtq__print_col *cols, uint32_t n, uint32_t row);

struct rtq__vec {
    uint8_t kind, form;
    uint16_t flags;
    uint32_t n;      /* FLAT: rows; CONST: 1; DICT: entries of the dictionary */
    void *data;      /* cells: FLAT by row; CONST: one; DICT: dictionary entries */
    uint64_t *valid; /* bit set: cell is not null; NULL: no nulls. Same indexing as data. String vectors: always NULL */
    const uint32_t *codes; /* DICT: row -> entry. Entry strings may repeat */
    rtq__load_fn
        load; /* FLAT only: lazy column, else NULL; then `loaded` has a bit a row, `load_ctx` is the loader's */
    void *load_ctx;
    uint64_t *loaded;
    rtq__print_fn print; /* lazy columns whose text is cheaper than their cells, else NULL */
};

static inline bool rtq__bit(const uint64_t *bits, uint32_t i)
{
    return (bits[i >> 6] >> (i & 63)) & 1;
}
static inline void rtq__bit_set(uint64_t *bits, uint32_t i)
{
    bits[i >> 6] |= UINT64_C(1) << (i & 63);
}
static inline void rtq__bit_clear(uint64_t *bits, uint32_t i)
{
    bits[i >> 6] &= ~(UINT64_C(1) << (i & 63));
}
/* Index of row r's cell in data and valid. */
static inline uint32_t rtq__vec_at(const rtq__vec *v, uint32_t r)
{
    return v->form == RTQ__FLAT ? r : v->form == RTQ__CONST ? 0 : v->codes[r];
}
static inline bool rtq__vec_null(const rtq__vec *v, uint32_t r)
{
    return v->valid && !rtq__bit(v->valid, rtq__vec_at(v, r));
}

/* Makes the cells of the selected rows readable. Must precede every access to a vector that came in from outside. sel NULL:
 * rows 0 … n_sel-1. Cheap when load is NULL. */
int rtq__vec_load(rtq__vec *v, const rtq__sel *sel, uint32_t n_sel);
rtq__cell rtq__vec_get(const rtq__vec *v, uint32_t row); /* loaded rows only */
void rtq__vec_set(rtq__vec *v, uint32_t row,
                  rtq__cell cell); /* FLAT; v->valid must exist if cell is null; text borrowed */

typedef struct rtq__batch {
    uint32_t n; /* rows in the vectors */
    uint32_t n_cols;
    rtq__vec **cols;
    const rtq__sel *sel; /* rows that count, ascending; NULL: 0 … n_sel-1 */
    uint32_t n_sel;
    uint32_t source;  /* ordinal of the source */
    uint64_t seq;     /* sequence number of row 0 in the source (for first-seen order) */
    int64_t from, to; /* window or scheduled interval, both 0: none */
    rtq__vec *time;   /* event time of each row where the rows come from a recording, else NULL: what now() means */
    int64_t now;      /* now() where time is NULL */
    const uint8_t *row_kinds; /* RTQ_ROW_*, by row; NULL: all inserts */
} rtq__batch;

static inline uint32_t rtq__batch_row(const rtq__batch *b, uint32_t i)
{
    return b->sel ? b->sel[i] : i;
}

/* Scratch: where expression results, selections and temporary text live. One per worker; used as a stack (mark, evaluate, push
 * downstream, release), so 3,000 queries share one. All functions NULL when out of memory. */
typedef struct rtq__arena rtq__scratch;
rtq__vec *rtq__vec_new(rtq__scratch *s, uint32_t kind, uint32_t n); /* FLAT, cells uninitialised, no nulls */
uint64_t *rtq__vec_valid(rtq__scratch *s, rtq__vec *v);             /* adds an all-valid bitmap if there is none */
rtq__vec *rtq__vec_const(rtq__scratch *s, rtq__cell cell);          /* text is borrowed */
rtq__vec *rtq__vec_nulls(rtq__scratch *s, uint32_t kind);           /* CONST null ("" for strings) */

/* A dense, self-contained copy in one allocation, for retained batches, queues and waiting rows. */
typedef struct rtq__owned_batch rtq__owned_batch;
int rtq__batch_copy(rtq__owned_batch **out, rtq__mem *mem, rtq__batch *batch); /* loads lazy columns; OK, NOMEM */
rtq__batch *rtq__owned_batch_get(rtq__owned_batch *owned);
void rtq__owned_batch_free(rtq__owned_batch *owned);

#endif
