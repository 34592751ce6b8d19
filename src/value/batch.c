/* batch.c - copies of batches: one allocation holds the header, the vectors, their cells and the text behind them. */
#include "value/vec.h"

struct rtq__owned_batch {
    rtq__mem *mem;
    rtq__batch batch;
};

static size_t align16(size_t n)
{
    return (n + 15) & ~(size_t)15;
}

static bool points(uint32_t kind)
{
    return kind == RTQ_STRING || kind == RTQ_DYNAMIC || kind == RTQ_UNKNOWN;
}

/* A dictionary is kept only when it is no larger than the rows: sources share dictionaries of many thousand entries. */
static uint8_t copied_form(const rtq__vec *v, uint32_t n)
{
    return v->form == RTQ__DICT && v->n > n ? RTQ__FLAT : v->form;
}

static uint32_t copied_cells(const rtq__vec *v, uint32_t n)
{
    uint8_t form = copied_form(v, n);
    return form == RTQ__CONST ? 1 : form == RTQ__DICT ? v->n : n;
}

/* Index in v of the i-th cell of the copy. */
static uint32_t cell_from(const rtq__vec *v, const rtq__batch *b, uint32_t i)
{
    uint8_t form = copied_form(v, b->n_sel);
    return form == RTQ__FLAT ? rtq__vec_at(v, rtq__batch_row(b, i)) : i;
}

static size_t text_len(const rtq__vec *v, const rtq__batch *b)
{
    size_t len = 0;
    if (!points(v->kind))
        return 0;
    for (uint32_t i = 0, n = copied_cells(v, b->n_sel); i < n; i++) {
        uint32_t at = cell_from(v, b, i);
        if (v->valid && !rtq__bit(v->valid, at))
            continue;
        uint32_t l = v->kind == RTQ_STRING ? ((const rtq__string *)v->data)[at].len
                                           : rtq__dyn_payload((const rtq__dyn *)v->data + at);
        if (v->kind != RTQ_STRING || l > 12)
            len += align16(l); /* trees want alignment, and a size that does not depend on the order of cells */
    }
    return len;
}

static size_t vec_len(const rtq__vec *v, const rtq__batch *b)
{
    size_t n = copied_cells(v, b->n_sel);
    size_t len = align16(n * rtq__cell_len(v->kind)) + text_len(v, b);
    if (v->valid)
        len += align16((n + 63) / 64 * 8);
    if (copied_form(v, b->n_sel) == RTQ__DICT)
        len += align16((size_t)b->n_sel * sizeof(uint32_t));
    return len;
}

static void *take(char **pos, size_t len)
{
    void *p = *pos;
    *pos += align16(len);
    return p;
}

static void copy_text(char *cell, uint32_t kind, char **pos)
{
    if (kind == RTQ_STRING) {
        rtq__string s;
        memcpy(&s, cell, sizeof s);
        if (s.len <= 12)
            return;
        s.u.ptr = memcpy(take(pos, s.len), s.u.ptr, s.len);
        memcpy(cell, &s, sizeof s);
    } else {
        rtq__dyn d;
        memcpy(&d, cell, sizeof d);
        uint32_t len = rtq__dyn_payload(&d);
        if (len == 0)
            return;
        d.u.p = memcpy(take(pos, len), d.u.p, len);
        memcpy(cell, &d, sizeof d);
    }
}

static void copy_vec(rtq__vec *to, const rtq__vec *v, const rtq__batch *b, char **pos)
{
    uint32_t n = copied_cells(v, b->n_sel), cell_len = rtq__cell_len(v->kind);
    memset(to, 0, sizeof *to);
    to->kind = v->kind;
    to->form = copied_form(v, b->n_sel);
    to->flags = v->flags;
    to->n = n;
    to->data = take(pos, (size_t)n * cell_len);
    if (v->valid) {
        to->valid = take(pos, ((size_t)n + 63) / 64 * 8);
        memset(to->valid, 0xff, ((size_t)n + 63) / 64 * 8);
    }
    for (uint32_t i = 0; i < n; i++) {
        uint32_t at = cell_from(v, b, i);
        char *cell = (char *)to->data + (size_t)i * cell_len;
        if (v->valid && !rtq__bit(v->valid, at)) {
            rtq__bit_clear(to->valid, i);
            memset(cell, 0, cell_len);
            continue;
        }
        memcpy(cell, (const char *)v->data + (size_t)at * cell_len, cell_len);
        if (points(v->kind))
            copy_text(cell, v->kind, pos);
    }
    if (to->form == RTQ__DICT) {
        uint32_t *codes = take(pos, (size_t)b->n_sel * sizeof *codes);
        for (uint32_t i = 0; i < b->n_sel; i++)
            codes[i] = v->codes[rtq__batch_row(b, i)];
        to->codes = codes;
    }
}

static void copy_row_kinds(rtq__batch *to, const rtq__batch *b, char **pos)
{
    if (!b->row_kinds)
        return;
    uint8_t *kinds = take(pos, b->n_sel);
    for (uint32_t i = 0; i < b->n_sel; i++)
        kinds[i] = b->row_kinds[rtq__batch_row(b, i)];
    to->row_kinds = kinds;
}

int rtq__batch_copy(rtq__owned_batch **out, rtq__mem *mem, rtq__batch *b)
{
    size_t vecs_len = (size_t)b->n_cols * sizeof(rtq__vec), ptrs_len = (size_t)b->n_cols * sizeof(rtq__vec *);
    size_t len = align16(sizeof(rtq__owned_batch)) + align16(vecs_len) + align16(ptrs_len);
    if (b->row_kinds)
        len += align16(b->n_sel);
    for (uint32_t c = 0; c < b->n_cols; c++) {
        int rc = rtq__vec_load(b->cols[c], b->sel, b->n_sel);
        if (rc != RTQ_OK)
            return rc;
        len += vec_len(b->cols[c], b);
    }
    char *pos = rtq__alloc(mem, len);
    if (!pos)
        return RTQ_ERR_NOMEM;
    rtq__owned_batch *o = take(&pos, sizeof *o);
    o->mem = rtq__mem_ref(mem); /* a retained batch may outlive its env */
    o->batch = *b;
    o->batch.n = b->n_sel;
    o->batch.sel = NULL;
    o->batch.row_kinds = NULL;
    if (b->n_sel > 0)
        o->batch.seq = b->seq + rtq__batch_row(b, 0);
    rtq__vec *vecs = take(&pos, vecs_len);
    o->batch.cols = take(&pos, ptrs_len);
    for (uint32_t c = 0; c < b->n_cols; c++) {
        copy_vec(&vecs[c], b->cols[c], b, &pos);
        o->batch.cols[c] = &vecs[c];
    }
    copy_row_kinds(&o->batch, b, &pos);
    *out = o;
    return RTQ_OK;
}

rtq__batch *rtq__owned_batch_get(rtq__owned_batch *owned)
{
    return &owned->batch;
}

void rtq__owned_batch_free(rtq__owned_batch *owned)
{
    if (!owned)
        return;
    rtq__mem *mem = owned->mem;
    rtq__free(mem, owned);
    rtq__mem_unref(mem);
}
