/* rowstore_rows.c - many rows at once: appending columns and gathering them again. */
#include "value/rowstore_private.h"

/* ---- append: column by column over a block of rows ---- */

typedef struct append_block {
    uint32_t n;
    char *to[ROWS_BLOCK];      /* the rows */
    uint32_t rows[ROWS_BLOCK]; /* of the vectors */
} append_block;

static void put_nulls(append_block *b, rtq__rows *r, uint32_t c, const rtq__vec *v, const uint32_t *at)
{
    bool is_dyn = v->kind == RTQ_DYNAMIC || v->kind == RTQ_UNKNOWN;
    uint32_t len = rtq__cell_len(v->kind) == 16 ? 16 : 8;
    for (uint32_t i = 0; i < b->n; i++) {
        bool is_null = (v->valid && !rtq__bit(v->valid, at[i])) ||
                       (is_dyn && ((const rtq__dyn *)v->data)[at[i]].tag == RTQ__DYN_NULL);
        if (!is_null)
            continue;
        memset(b->to[i] + r->offsets[c], 0, len);
        rows_set_null(r, b->to[i], c, true);
        r->has_null[c] = true;
    }
}

/* Text of constants and dictionaries is copied once a block for all rows that have it. */
static int put_text(append_block *b, rtq__rows *r, uint32_t c, const rtq__vec *v, const uint32_t *at)
{
    enum { MEMO = 64 };
    struct {
        uint32_t at;
        const char *cell;
    } memo[MEMO] = {{0, NULL}};
    bool share = v->form != RTQ__FLAT;
    for (uint32_t i = 0; i < b->n; i++) {
        char *cell = b->to[i] + r->offsets[c];
        if (rtq__rows_cell_text(cell, v->kind) == 0)
            continue;
        uint32_t m = at[i] % MEMO;
        if (share && memo[m].cell && memo[m].at == at[i]) {
            memcpy(cell, memo[m].cell, 16);
            r->shared[c] = true;
            continue;
        }
        int rc = rtq__rows_keep_text(r, cell, v->kind);
        if (rc != RTQ_OK)
            return rc;
        memo[m].at = at[i], memo[m].cell = cell;
    }
    return RTQ_OK;
}

static int append_column(append_block *b, rtq__rows *r, uint32_t c, const rtq__vec *v)
{
    uint32_t mapped[ROWS_BLOCK], off = r->offsets[c];
    const uint32_t *at = b->rows;
    const char *data = v->data;
    if (v->form != RTQ__FLAT) {
        for (uint32_t i = 0; i < b->n; i++)
            mapped[i] = rtq__vec_at(v, b->rows[i]);
        at = mapped;
    }
    if (v->kind == RTQ_BOOL)
        for (uint32_t i = 0; i < b->n; i++)
            memset(b->to[i] + off, 0, 8), b->to[i][off] = data[at[i]] != 0;
    else if (rtq__cell_len(v->kind) == 16)
        for (uint32_t i = 0; i < b->n; i++)
            memcpy(b->to[i] + off, data + (size_t)at[i] * 16, 16);
    else
        for (uint32_t i = 0; i < b->n; i++)
            memcpy(b->to[i] + off, data + (size_t)at[i] * 8, 8);
    if (c < r->n_keys && (v->kind == RTQ_REAL || v->kind == RTQ_DECIMAL))
        for (uint32_t i = 0; i < b->n; i++)
            rtq__rows_canonical(b->to[i] + off, v->kind);
    if (v->valid || (rows_is_text(v->kind) && v->kind != RTQ_STRING))
        put_nulls(b, r, c, v, at);
    return rows_is_text(v->kind) ? put_text(b, r, c, v, at) : RTQ_OK;
}

int rtq__rows_append(uint32_t *first, rtq__rows *r, rtq__vec *const *cols, const rtq__sel *sel, uint32_t n_sel)
{
    append_block b;
    uint32_t count = r->count;
    *first = count;
    for (uint32_t c = 0; c < r->n_cols; c++) {
        int rc = rtq__vec_load(cols[c], sel, n_sel);
        if (rc != RTQ_OK)
            return rc;
    }
    for (uint32_t from = 0; from < n_sel; from += b.n) {
        b.n = n_sel - from < ROWS_BLOCK ? n_sel - from : ROWS_BLOCK;
        int rc = (uint64_t)count + b.n > UINT32_MAX - 1 ? RTQ_ERR_LIMIT : rtq__rows_room(r, count + b.n - 1);
        if (rc != RTQ_OK)
            return rc;
        for (uint32_t i = 0; i < b.n; i++) {
            b.to[i] = rows_at(r, count + i);
            b.rows[i] = sel ? sel[from + i] : from + i;
            memset(b.to[i], 0, r->keys_off);
            memset(b.to[i] + r->extra_off, 0, r->row_len - r->extra_off);
        }
        for (uint32_t c = 0; c < r->n_cols; c++) {
            rc = append_column(&b, r, c, cols[c]);
            if (rc != RTQ_OK)
                return rc; /* count is still the old one, so the rows begun do not exist */
        }
        count += b.n;
    }
    r->count = count;
    return RTQ_OK;
}

/* ---- gather ---- */

enum { AHEAD = 12, IN_CACHE = 512 * 1024 };

/* Cells of rows ids[0 … n); `len` is a constant in each instance. */
static inline __attribute__((always_inline)) void gather_ids(char *out, const rtq__rows *r, uint32_t off,
                                                             const uint32_t *ids, uint32_t n, size_t len)
{
    bool far = (uint64_t)r->count * r->row_len > IN_CACHE;
    for (uint32_t i = 0; i < n; i++) {
        if (far && i + AHEAD < n && ids[i + AHEAD] != ROWS_NONE)
            __builtin_prefetch(rows_at(r, ids[i + AHEAD]) + off);
        if (ids[i] == ROWS_NONE)
            memset(out + i * len, 0, len);
        else
            memcpy(out + i * len, rows_at(r, ids[i]) + off, len);
    }
}

static inline __attribute__((always_inline)) void gather_run(char *out, const rtq__rows *r, uint32_t off,
                                                             uint32_t first, uint32_t n, size_t len)
{
    for (uint32_t i = 0; i < n;) {
        uint32_t run = rows_run(first + i);
        run = run < n - i ? run : n - i;
        const char *row = rows_at(r, first + i) + off;
        for (uint32_t k = 0; k < run; k++, row += r->row_len)
            memcpy(out + (i + k) * len, row, len);
        i += run;
    }
}

static void gather_cells(char *out, const rtq__rows *r, uint32_t col, const uint32_t *ids, uint32_t first, uint32_t n)
{
    uint32_t off = r->offsets[col], len = rtq__cell_len(r->kinds[col]);
    if (len == 16)
        ids ? gather_ids(out, r, off, ids, n, 16) : gather_run(out, r, off, first, n, 16);
    else if (len == 1)
        ids ? gather_ids(out, r, off, ids, n, 1) : gather_run(out, r, off, first, n, 1);
    else
        ids ? gather_ids(out, r, off, ids, n, 8) : gather_run(out, r, off, first, n, 8);
}

static bool gather_nulls(uint64_t *valid, const rtq__rows *r, uint32_t col, const uint32_t *ids, uint32_t first,
                         uint32_t n)
{
    bool any = false;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t id = ids ? ids[i] : first + i;
        if (id == ROWS_NONE || rows_is_null(r, rows_at(r, id), col)) {
            rtq__bit_clear(valid, i);
            any = true;
        }
    }
    return any;
}

static bool any_missing(const uint32_t *ids, uint32_t n)
{
    uint32_t missing = 0;
    for (uint32_t i = 0; ids && i < n; i++)
        missing |= ids[i] == ROWS_NONE;
    return missing;
}

rtq__vec *rtq__rows_gather(rtq__rows *r, uint32_t col, const uint32_t *ids, uint32_t first, uint32_t n,
                           rtq__scratch *scratch)
{
    rtq__vec *v = rtq__vec_new(scratch, r->kinds[col], n);
    if (!v)
        return NULL;
    gather_cells(v->data, r, col, ids, first, n);
    if (v->kind == RTQ_STRING) /* missing rows: the zeroed cell is "" */
        return v;
    if (r->has_null[col] || any_missing(ids, n)) {
        if (!rtq__vec_valid(scratch, v))
            return NULL;
        if (!gather_nulls(v->valid, r, col, ids, first, n))
            v->valid = NULL;
    }
    return v;
}
