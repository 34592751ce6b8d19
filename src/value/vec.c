/* vec.c - loading, reading and making vectors. */
#include "value/vec.h"

/* Rows of block [from, to) of the selection that are not loaded yet. */
static uint32_t missing_rows(rtq__sel *out, const rtq__vec *v, const rtq__sel *sel, uint32_t from, uint32_t to)
{
    uint32_t n = 0;
    for (uint32_t i = from; i < to; i++) {
        uint32_t row = sel ? sel[i] : i;
        out[n] = (rtq__sel)row;
        n += !rtq__bit(v->loaded, row);
    }
    return n;
}

/* Whether all bits of n rows are the same: 0 none is set, 1 all, -1 neither. */
static int loaded_rows(const rtq__vec *v, uint32_t n)
{
    uint64_t any = 0, all = ~UINT64_C(0), rest = n % 64 ? ~UINT64_C(0) >> (64 - n % 64) : 0;
    for (uint32_t i = 0; i < n / 64; i++) {
        any |= v->loaded[i];
        all &= v->loaded[i];
    }
    if (rest) {
        any |= v->loaded[n / 64] & rest;
        all &= v->loaded[n / 64] | ~rest;
    }
    return !any ? 0 : all == ~UINT64_C(0) ? 1 : -1;
}

/* All rows of a batch at once, as sinks ask for them. */
static int load_all(rtq__vec *v, uint32_t n)
{
#define FOUR(x) (x), (x) + 1, (x) + 2, (x) + 3
#define SIXTY_FOUR(x)                                                                                        \
    FOUR(x), FOUR(x + 4), FOUR(x + 8), FOUR(x + 12), FOUR(x + 16), FOUR(x + 20), FOUR(x + 24), FOUR(x + 28), \
        FOUR(x + 32), FOUR(x + 36), FOUR(x + 40), FOUR(x + 44), FOUR(x + 48), FOUR(x + 52), FOUR(x + 56), FOUR(x + 60)
#define ROWS_256(x) SIXTY_FOUR(x), SIXTY_FOUR(x + 64), SIXTY_FOUR(x + 128), SIXTY_FOUR(x + 192)
    static const rtq__sel all[RTQ__ROWS] = {ROWS_256(0), ROWS_256(256), ROWS_256(512), ROWS_256(768)};
    int rc = v->load(v, all, n, v->load_ctx);
    if (rc != RTQ_OK)
        return rc;
    for (uint32_t i = 0; i < n / 64; i++)
        v->loaded[i] = ~UINT64_C(0);
    if (n % 64)
        v->loaded[n / 64] |= ~UINT64_C(0) >> (64 - n % 64);
    return RTQ_OK;
}

int rtq__vec_load(rtq__vec *v, const rtq__sel *sel, uint32_t n_sel)
{
    if (!v->load)
        return RTQ_OK;
    int loaded = !sel && n_sel <= RTQ__ROWS ? loaded_rows(v, n_sel) : -1;
    if (loaded >= 0)
        return loaded || n_sel == 0 ? RTQ_OK : load_all(v, n_sel);
    rtq__sel todo[RTQ__ROWS];
    for (uint32_t from = 0; from < n_sel; from += RTQ__ROWS) {
        uint32_t to = n_sel - from > RTQ__ROWS ? from + RTQ__ROWS : n_sel;
        uint32_t n = missing_rows(todo, v, sel, from, to);
        if (n == 0)
            continue;
        int rc = v->load(v, todo, n, v->load_ctx);
        if (rc != RTQ_OK)
            return rc;
        for (uint32_t i = 0; i < n; i++)
            rtq__bit_set(v->loaded, todo[i]);
    }
    return RTQ_OK;
}

rtq__cell rtq__vec_get(const rtq__vec *v, uint32_t row)
{
    uint32_t at = rtq__vec_at(v, row);
    if (v->valid && !rtq__bit(v->valid, at))
        return rtq__cell_null(v->kind);
    rtq__cell c;
    memset(&c, 0, sizeof c);
    c.kind = v->kind;
    switch (v->kind) {
    case RTQ_BOOL: c.u.i = ((const uint8_t *)v->data)[at] != 0; break;
    case RTQ_STRING: {
        const rtq__string *s = (const rtq__string *)v->data + at;
        c.len = s->len;
        c.u.s = rtq__string_ptr(s);
        break;
    }
    case RTQ_DYNAMIC:
    case RTQ_UNKNOWN:
        c.u.y = ((const rtq__dyn *)v->data)[at];
        c.is_null = c.u.y.tag == RTQ__DYN_NULL;
        break;
    case RTQ_DECIMAL:
    case RTQ_GUID: memcpy(c.u.b, (const char *)v->data + (size_t)at * 16, 16); break;
    default: memcpy(&c.u.i, (const char *)v->data + (size_t)at * 8, 8); break;
    }
    return c;
}

void rtq__vec_set(rtq__vec *v, uint32_t row, rtq__cell cell)
{
    char *to = (char *)v->data + (size_t)row * rtq__cell_len(v->kind);
    bool is_dyn = v->kind == RTQ_DYNAMIC || v->kind == RTQ_UNKNOWN;
    bool is_null = cell.is_null || (is_dyn && cell.u.y.tag == RTQ__DYN_NULL);
    if (v->valid) {
        if (is_null)
            rtq__bit_clear(v->valid, row);
        else
            rtq__bit_set(v->valid, row);
    }
    if (is_null) {
        memset(to, 0, rtq__cell_len(v->kind));
    } else if (v->kind == RTQ_BOOL) {
        *to = cell.u.i != 0;
    } else if (v->kind == RTQ_STRING) {
        rtq__string s = rtq__string_make(cell.u.s, cell.len);
        memcpy(to, &s, sizeof s);
    } else {
        memcpy(to, &cell.u, rtq__cell_len(v->kind));
    }
}

rtq__vec *rtq__vec_new(rtq__scratch *s, uint32_t kind, uint32_t n)
{
    rtq__vec *v = rtq__arena_zalloc(s, sizeof *v);
    if (!v)
        return NULL;
    v->kind = (uint8_t)kind;
    v->n = n;
    v->data = rtq__arena_alloc(s, (size_t)(n ? n : 1) * rtq__cell_len(kind));
    return v->data ? v : NULL;
}

uint64_t *rtq__vec_valid(rtq__scratch *s, rtq__vec *v)
{
    if (v->valid)
        return v->valid;
    size_t len = ((size_t)v->n + 63) / 64 * 8;
    v->valid = rtq__arena_alloc(s, len ? len : 8);
    if (v->valid)
        memset(v->valid, 0xff, len ? len : 8);
    return v->valid;
}

rtq__vec *rtq__vec_const(rtq__scratch *s, rtq__cell cell)
{
    if (cell.is_null || ((cell.kind == RTQ_DYNAMIC || cell.kind == RTQ_UNKNOWN) && cell.u.y.tag == RTQ__DYN_NULL))
        return rtq__vec_nulls(s, cell.kind);
    rtq__vec *v = rtq__vec_new(s, cell.kind, 1);
    if (!v)
        return NULL;
    v->form = RTQ__CONST;
    rtq__vec_set(v, 0, cell);
    return v;
}

rtq__vec *rtq__vec_nulls(rtq__scratch *s, uint32_t kind)
{
    rtq__vec *v = rtq__vec_new(s, kind, 1);
    if (!v)
        return NULL;
    v->form = RTQ__CONST;
    memset(v->data, 0, rtq__cell_len(kind));
    if (kind == RTQ_STRING) /* never null: the zeroed cell is "" */
        return v;
    if (!rtq__vec_valid(s, v))
        return NULL;
    rtq__bit_clear(v->valid, 0);
    return v;
}
