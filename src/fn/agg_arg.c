/* arg_max, arg_min, take_any, and min and max of types that are not one word: the state keeps the cells of the winning row. */
#include <math.h>
#include "fn/agg.h"

enum { MIN = 0, MAX = 1 }; /* tag of the row */

static int compare(const rtq__cell *a, const rtq__cell *b)
{
    switch (a->kind) {
    case RTQ_REAL: return (a->u.d > b->u.d) - (a->u.d < b->u.d);
    case RTQ_STRING: {
        size_t n = a->len < b->len ? a->len : b->len;
        int c = n ? memcmp(a->u.s, b->u.s, n) : 0;
        return c ? c : (a->len > b->len) - (a->len < b->len);
    }
    case RTQ_DYNAMIC:
    case RTQ_UNKNOWN: return rtq__dyn_compare(&a->u.y, &b->u.y);
    case RTQ_DECIMAL:
    case RTQ_GUID: {
        rtq__dyn x = rtq__dyn_from_cell(a), y = rtq__dyn_from_cell(b);
        return rtq__dyn_compare(&x, &y);
    }
    default: return (a->u.i > b->u.i) - (a->u.i < b->u.i);
    }
}

/* Nulls lose to everything, NaN wins over every number, the first of equals stays. */
static bool better(const rtq__cell *x, const rtq__cell *best, bool max)
{
    if (x->is_null || best->is_null)
        return !x->is_null && best->is_null;
    if (x->kind == RTQ_REAL && (isnan(x->u.d) || isnan(best->u.d)))
        return isnan(x->u.d) && !isnan(best->u.d);
    int c = compare(x, best);
    return max ? c > 0 : c < 0;
}

static int keep(rtq__agg_cells *s, rtq__agg_call *call, uint32_t row, uint32_t n)
{
    rtq__cell small[16], *cells = small;
    if (n > 16 && !(cells = rtq__arena_alloc(call->eval->scratch, sizeof *cells * n)))
        return RTQ_ERR_NOMEM;
    for (uint32_t i = 0; i < n; i++)
        cells[i] = rtq__vec_get(call->args[i], row);
    return rtq__agg_cells_put(s, call->mem, cells, n);
}

static int update(rtq__agg_call *call, uint32_t n)
{
    bool max = call->agg->tag == MAX;
    if (!call->n_sel)
        return RTQ_OK;
    if (call->states) {
        for (uint32_t k = 0; k < call->n_sel; k++) {
            rtq__agg_cells *s = call->states[k];
            uint32_t row = rtq__agg_row(call, k);
            rtq__cell x = rtq__vec_get(call->args[0], row);
            if (rtq__agg_cells_count(s)) {
                rtq__cell best = rtq__agg_cells_get(s, 0);
                if (!better(&x, &best, max))
                    continue;
            }
            int rc = keep(s, call, row, n);
            if (rc != RTQ_OK)
                return rc;
        }
        return RTQ_OK;
    }
    rtq__agg_cells *s = call->state;
    bool stored = rtq__agg_cells_count(s) != 0;
    uint32_t best_row = rtq__agg_row(call, 0), k = stored ? 0 : 1;
    bool found = !stored;
    rtq__cell best = stored ? rtq__agg_cells_get(s, 0) : rtq__vec_get(call->args[0], best_row);
    for (; k < call->n_sel; k++) {
        uint32_t row = rtq__agg_row(call, k);
        rtq__cell x = rtq__vec_get(call->args[0], row);
        if (better(&x, &best, max))
            best = x, best_row = row, found = true;
    }
    return found ? keep(s, call, best_row, n) : RTQ_OK;
}

RTQ__AGG_UPDATE(arg)
{
    return update(call, call->n_args);
}

static int update_one(rtq__agg_call *call)
{
    return update(call, 1);
}
RTQ__AGG_UPDATE(argif)
{
    return rtq__agg_if(call, 1, update_one);
}

RTQ__AGG_MERGE(arg)
{
    rtq__agg_cells *a = into;
    const rtq__agg_cells *b = from;
    if (!rtq__agg_cells_count(b))
        return RTQ_OK;
    if (rtq__agg_cells_count(a)) {
        rtq__cell x = rtq__agg_cells_get(b, 0), best = rtq__agg_cells_get(a, 0);
        if (!better(&x, &best, call->agg->tag == MAX))
            return RTQ_OK;
    }
    return rtq__agg_cells_copy(a, b, call->mem);
}

RTQ__AGG_FINISH(arg)
{
    (void)call;
    const rtq__agg_cells *s = state;
    uint32_t n = rtq__agg_cells_count(s);
    for (uint32_t i = 0; i < n; i++) {
        int rc = rtq__cell_keep(&out[i], rtq__agg_cells_get(s, i), heap);
        if (rc != RTQ_OK)
            return rc;
    }
    return RTQ_OK;
}

RTQ__AGG_DESTROY(arg)
{
    rtq__agg_cells_free(state, mem);
}

RTQ__AGG_SAVE(arg)
{
    rtq__agg_cells_save(out, state);
    return out->failed ? RTQ_ERR_NOMEM : RTQ_OK;
}

RTQ__AGG_LOAD(arg)
{
    return rtq__agg_cells_load(state, mem, ptr, len) == len ? RTQ_OK : RTQ_ERR_DATA;
}

/* ---- take_any: the first row; with one column the first that is neither null nor empty ---------------------------- */
static bool hollow(const rtq__agg_cells *s)
{
    rtq__cell c = rtq__agg_cells_get(s, 0);
    return c.is_null || (c.kind == RTQ_STRING && !c.len);
}

static int take(rtq__agg_call *call, uint32_t n)
{
    for (uint32_t k = 0; k < call->n_sel; k++) {
        rtq__agg_cells *s = call->states ? call->states[k] : call->state;
        bool stored = rtq__agg_cells_count(s) != 0;
        if (stored && (n > 1 || !hollow(s))) {
            if (!call->states)
                break;
            continue;
        }
        uint32_t row = rtq__agg_row(call, k);
        if (stored && rtq__vec_null(call->args[0], row))
            continue;
        int rc = keep(s, call, row, n);
        if (rc != RTQ_OK)
            return rc;
    }
    return RTQ_OK;
}

RTQ__AGG_UPDATE(any)
{
    return take(call, call->n_args);
}

static int take_one(rtq__agg_call *call)
{
    return take(call, 1);
}
RTQ__AGG_UPDATE(anyif)
{
    return rtq__agg_if(call, 1, take_one);
}

RTQ__AGG_MERGE(any)
{
    rtq__agg_cells *a = into;
    const rtq__agg_cells *b = from;
    uint32_t n = rtq__agg_cells_count(a);
    if (!rtq__agg_cells_count(b) || (n && (n > 1 || !hollow(a))))
        return RTQ_OK;
    return rtq__agg_cells_copy(a, b, call->mem);
}

/* ---- types ------------------------------------------------------------------------------------------------------- */
RTQ__AGG_RET(orderable)
{
    (void)n;
    if (kinds[0] != RTQ_DYNAMIC && kinds[0] != RTQ_GUID)
        return kinds[0];
    rtq__diag_add(diag, RTQ_ERR_SEMANTIC, RTQ__SEV_ERROR, begin, end,
                  "%s() needs a number, timespan, datetime, string or bool, not %s", agg->name,
                  rtq__kind_name(kinds[0]));
    return 0;
}

RTQ__AGG_RET(arg0)
{
    (void)agg, (void)n, (void)diag, (void)begin, (void)end;
    return kinds[0];
}
