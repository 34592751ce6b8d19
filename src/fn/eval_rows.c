/* eval_rows.c - row functions over vectors: constants are read once, null arguments give null where the function says so. Most
 * functions come this way, so reading and writing a cell is kept down to a few instructions. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("O3")
#endif
#include "fn/eval.h"

/* How a kind's cells lie in memory. */
enum { AS_WORD, AS_BOOL, AS_STRING, AS_BYTES, AS_DYNAMIC };

typedef struct argument {
    const rtq__vec *vec;
    rtq__cell *cell; /* where the function reads it; kind is set already */
    int how;
} argument;

typedef struct row_loop {
    const rtq__fcall *call;
    rtq__rowctx ctx;
    rtq__cell *args, preset;
    argument *varying; /* arguments to read for each row */
    uint32_t n_varying;
    bool propagate;
    rtq__vec *result;
    int how; /* of the result */
} row_loop;

static int layout_of(uint32_t kind)
{
    switch (kind) {
    case RTQ_BOOL: return AS_BOOL;
    case RTQ_STRING: return AS_STRING;
    case RTQ_GUID:
    case RTQ_DECIMAL: return AS_BYTES;
    case RTQ_DYNAMIC:
    case RTQ_UNKNOWN: return AS_DYNAMIC;
    default: return AS_WORD;
    }
}

/* Constants are read once. False: a constant null decides the result already. */
static bool read_constants(row_loop *l)
{
    l->n_varying = 0;
    for (uint32_t i = 0; i < l->call->n_args; i++) {
        const rtq__vec *v = l->call->args[i];
        if (v->form != RTQ__CONST) {
            l->args[i] = rtq__cell_null(v->kind);
            l->varying[l->n_varying++] = (argument){v, &l->args[i], layout_of(v->kind)};
            continue;
        }
        l->args[i] = rtq__vec_get(v, 0);
        if (l->propagate && rtq__cell_is_null(&l->args[i]))
            return false;
    }
    return true;
}

/* The cell of a FLAT vector. True: it is null. */
static inline bool read_cell(const argument *a, uint32_t row)
{
    rtq__cell *c = a->cell;
    const rtq__vec *v = a->vec;
    if (v->valid && !rtq__bit(v->valid, row)) {
        *c = rtq__cell_null(v->kind);
        return true;
    }
    c->is_null = false;
    switch (a->how) {
    case AS_BOOL: c->u.i = ((const uint8_t *)v->data)[row] != 0; return false;
    case AS_STRING: {
        const rtq__string *s = (const rtq__string *)v->data + row;
        c->len = s->len;
        c->u.s = rtq__string_ptr(s);
        return false;
    }
    case AS_BYTES: memcpy(c->u.b, (const char *)v->data + (size_t)row * 16, 16); return false;
    case AS_DYNAMIC:
        c->u.y = ((const rtq__dyn *)v->data)[row];
        c->is_null = c->u.y.tag == RTQ__DYN_NULL;
        return c->is_null;
    default: c->u.i = ((const int64_t *)v->data)[row]; return false;
    }
}

static int write_null(row_loop *l, uint32_t row)
{
    size_t len = rtq__cell_len(l->preset.kind);
    if (l->how != AS_STRING) {
        if (!rtq__vec_valid(l->call->eval->scratch, l->result))
            return RTQ_ERR_NOMEM;
        rtq__bit_clear(l->result->valid, row);
    }
    memset((char *)l->result->data + row * len, 0, len);
    return RTQ_OK;
}

static inline int write_cell(row_loop *l, uint32_t row, const rtq__cell *c)
{
    void *data = l->result->data;
    if (c->is_null || (l->how == AS_DYNAMIC && c->u.y.tag == RTQ__DYN_NULL))
        return write_null(l, row);
    switch (l->how) {
    case AS_BOOL: ((uint8_t *)data)[row] = c->u.i != 0; break;
    case AS_STRING: ((rtq__string *)data)[row] = rtq__string_make(c->u.s, c->len); break;
    case AS_BYTES: memcpy((char *)data + (size_t)row * 16, c->u.b, 16); break;
    case AS_DYNAMIC: ((rtq__dyn *)data)[row] = c->u.y; break;
    default: ((int64_t *)data)[row] = c->u.i; break;
    }
    return RTQ_OK;
}

static int run_rows(row_loop *l)
{
    const rtq__fcall *call = l->call;
    rtq__row_fn fn = call->fn->row;
    int rc = RTQ_OK;
    for (uint32_t i = 0; i < call->n_sel && rc == RTQ_OK; i++) {
        uint32_t row = call->sel ? call->sel[i] : i;
        bool is_null = false;
        for (uint32_t a = 0; a < l->n_varying; a++)
            is_null |= read_cell(&l->varying[a], row);
        if (is_null && l->propagate) {
            rc = write_null(l, row);
            continue;
        }
        rtq__cell cell = l->preset;
        fn(&cell, l->args, call->n_args, &l->ctx);
        rc = l->ctx.error ? l->ctx.error : write_cell(l, row, &cell);
    }
    return rc;
}

int rtq__fcall_rows(rtq__vec **out, const rtq__fcall *call)
{
    rtq__scratch *scratch = call->eval->scratch;
    row_loop l = {.call = call, .preset = rtq__cell_null(call->kind), .how = layout_of(call->kind)};
    l.propagate = call->fn->nulls == RTQ__NULL_PROPAGATE;
    l.ctx = (rtq__rowctx){.eval = call->eval, .heap = scratch, .state = call->state, .fn = call->fn};
    l.args = rtq__arena_alloc(scratch, (call->n_args + 1) * sizeof *l.args);
    l.varying = rtq__arena_alloc(scratch, (call->n_args + 1) * sizeof *l.varying);
    if (!l.args || !l.varying)
        return RTQ_ERR_NOMEM;
    if (!read_constants(&l)) {
        *out = rtq__vec_nulls(scratch, call->kind);
        return *out ? RTQ_OK : RTQ_ERR_NOMEM;
    }
    *out = l.result = rtq__vec_new(scratch, call->kind, call->n);
    return l.result ? run_rows(&l) : RTQ_ERR_NOMEM;
}
