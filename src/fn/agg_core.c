/* Memory of aggregates, rows narrowed by a predicate, stored cells. */
#include "fn/agg.h"

void *rtq__agg_realloc(rtq__agg_mem *m, void *ptr, size_t old_len, size_t new_len)
{
    if (!new_len) {
        if (ptr) {
            rtq__free(m->mem, ptr);
            m->used -= old_len;
        }
        return NULL;
    }
    if (m->max_bytes && new_len > old_len && m->used + (new_len - old_len) > m->max_bytes)
        return NULL;
    void *p = rtq__realloc(m->mem, ptr, new_len);
    if (p)
        m->used += new_len - old_len; /* wraps to a subtraction when it shrinks */
    return p;
}

int rtq__agg_full(const rtq__agg_mem *m, size_t more)
{
    return m->max_bytes && m->used + more > m->max_bytes ? RTQ_ERR_LIMIT : RTQ_ERR_NOMEM;
}

/* The rows of `call` for which argument `pred` is true, as a call of its own. Lives on eval->scratch. */
static int agg_narrow(rtq__agg_call *out, const rtq__agg_call *call, uint32_t pred)
{
    const rtq__vec *p = call->args[pred];
    rtq__sel *sel = rtq__arena_alloc(call->eval->scratch, sizeof *sel * (call->n_sel + 1u));
    void **states = call->states ? rtq__arena_alloc(call->eval->scratch, sizeof *states * (call->n_sel + 1u)) : NULL;
    if (!sel || (call->states && !states))
        return RTQ_ERR_NOMEM;
    uint32_t n = 0;
    const uint8_t *cells = p->data;
    for (uint32_t k = 0; k < call->n_sel; k++) {
        uint32_t row = rtq__agg_row(call, k), at = rtq__vec_at(p, row);
        sel[n] = (rtq__sel)row;
        if (states)
            states[n] = call->states[k];
        n += cells[at] && (!p->valid || rtq__bit(p->valid, at));
    }
    *out = *call;
    out->sel = sel;
    out->n_sel = n;
    out->states = states;
    return RTQ_OK;
}

int rtq__agg_if(rtq__agg_call *call, uint32_t pred, int (*update)(rtq__agg_call *call))
{
    rtq__agg_call narrow;
    rtq__arena_mark mark = rtq__arena_get_mark(call->eval->scratch);
    int rc = agg_narrow(&narrow, call, pred);
    if (rc == RTQ_OK && narrow.n_sel)
        rc = update(&narrow);
    rtq__arena_release(call->eval->scratch, mark);
    return rc;
}

/* ---- stored cells: u32 n, padding, n cells with offsets for pointers, then payloads ----------------------------- */
enum { HEAD = 16 };

static uint32_t payload(const rtq__cell *c, const char **ptr)
{
    *ptr = NULL;
    if (c->is_null)
        return 0;
    if (c->kind == RTQ_STRING) {
        *ptr = c->u.s;
        return c->len;
    }
    if (c->kind == RTQ_DYNAMIC || c->kind == RTQ_UNKNOWN) {
        *ptr = c->u.y.u.p;
        return rtq__dyn_payload(&c->u.y);
    }
    return 0;
}

static void set_pointer(rtq__cell *c, const char *ptr)
{
    if (c->kind == RTQ_STRING)
        c->u.s = ptr;
    else
        c->u.y.u.p = ptr;
}

int rtq__agg_cells_put(rtq__agg_cells *cells, rtq__agg_mem *m, const rtq__cell *in, uint32_t n)
{
    size_t need = HEAD + (size_t)n * sizeof *in;
    const char *ptr;
    for (uint32_t i = 0; i < n; i++)
        need += (payload(&in[i], &ptr) + 7u) & ~(size_t)7;
    if (need > UINT32_MAX)
        return RTQ_ERR_LIMIT;
    if (need > cells->cap) {
        size_t cap = cells->cap ? need + need / 2 : need;
        char *block = rtq__agg_realloc(m, cells->block, cells->cap, cap > UINT32_MAX ? need : cap);
        if (!block)
            return rtq__agg_full(m, cap - cells->cap);
        cells->block = block;
        cells->cap = (uint32_t)(cap > UINT32_MAX ? need : cap);
    }
    memset(cells->block, 0, HEAD);
    memcpy(cells->block, &n, sizeof n);
    rtq__cell *to = (rtq__cell *)(void *)(cells->block + HEAD);
    size_t at = HEAD + (size_t)n * sizeof *in;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t len = payload(&in[i], &ptr);
        to[i] = in[i];
        if (len || in[i].kind == RTQ_STRING)
            set_pointer(&to[i], (const char *)(uintptr_t)at);
        if (len)
            memcpy(cells->block + at, ptr, len);
        at += (len + 7u) & ~(size_t)7;
    }
    cells->len = (uint32_t)at;
    return RTQ_OK;
}

uint32_t rtq__agg_cells_count(const rtq__agg_cells *cells)
{
    uint32_t n = 0;
    if (cells->block && cells->len)
        memcpy(&n, cells->block, sizeof n);
    return n;
}

rtq__cell rtq__agg_cells_get(const rtq__agg_cells *cells, uint32_t i)
{
    const rtq__cell *from = (const rtq__cell *)(const void *)(cells->block + HEAD);
    rtq__cell c = from[i];
    const char *ptr;
    uint32_t len = payload(&c, &ptr);
    if (len || (c.kind == RTQ_STRING && !c.is_null))
        set_pointer(&c, cells->block + (uintptr_t)ptr);
    return c;
}

int rtq__agg_cells_copy(rtq__agg_cells *into, const rtq__agg_cells *from, rtq__agg_mem *m)
{
    if (from->len > into->cap) {
        char *block = rtq__agg_realloc(m, into->block, into->cap, from->len);
        if (!block)
            return rtq__agg_full(m, from->len - into->cap);
        into->block = block;
        into->cap = from->len;
    }
    if (from->len)
        memcpy(into->block, from->block, from->len);
    into->len = from->len;
    return RTQ_OK;
}

void rtq__agg_cells_free(rtq__agg_cells *cells, rtq__agg_mem *m)
{
    rtq__agg_realloc(m, cells->block, cells->cap, 0);
    memset(cells, 0, sizeof *cells);
}

void rtq__agg_cells_save(rtq__buf *out, const rtq__agg_cells *cells)
{
    rtq__buf_add(out, &cells->len, sizeof cells->len);
    rtq__buf_add(out, cells->block, cells->len);
}

size_t rtq__agg_cells_load(rtq__agg_cells *cells, rtq__agg_mem *m, const char *ptr, size_t len)
{
    uint32_t n, count;
    if (len < sizeof n)
        return 0;
    memcpy(&n, ptr, sizeof n);
    if (n > len - sizeof n)
        return 0;
    rtq__agg_cells from = {(char *)(uintptr_t)(ptr + sizeof n), n, n};
    if (!n)
        return sizeof n;
    if (n < HEAD)
        return 0;
    memcpy(&count, from.block, sizeof count);
    if (count > (n - HEAD) / sizeof(rtq__cell) || rtq__agg_cells_copy(cells, &from, m) != RTQ_OK)
        return 0;
    for (uint32_t i = 0; i < count; i++) { /* a saved file may be damaged: no offset may lead outside */
        rtq__cell c;
        const char *at;
        memcpy(&c, cells->block + HEAD + i * sizeof c, sizeof c);
        uint32_t bytes = payload(&c, &at);
        if (bytes && ((uintptr_t)at > n || bytes > n - (uintptr_t)at))
            return 0;
    }
    return sizeof n + n;
}

int rtq__cell_keep(rtq__cell *out, rtq__cell in, rtq__arena *heap)
{
    const char *ptr;
    uint32_t len = payload(&in, &ptr);
    if (len) {
        char *copy = rtq__arena_alloc(heap, len);
        if (!copy)
            return RTQ_ERR_NOMEM;
        memcpy(copy, ptr, len);
        set_pointer(&in, copy);
    } else if (in.kind == RTQ_STRING) {
        in.u.s = "";
    }
    *out = in;
    return RTQ_OK;
}
