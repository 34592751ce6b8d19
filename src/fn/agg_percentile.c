/* percentile, percentiles, percentilesw, tdigest. */
#include "base/text.h"
#include "fn/agg.h"

typedef struct percents {
    uint32_t n;
    double p[];
} percents;

static bool number(double *out, const rtq__cell *c)
{
    if (!c || c->is_null)
        return false;
    switch (c->kind) {
    case RTQ_REAL: *out = c->u.d; return true;
    case RTQ_INT:
    case RTQ_LONG: *out = (double)c->u.i; return true;
    case RTQ_DYNAMIC:
    case RTQ_UNKNOWN:
        if (c->u.y.tag == RTQ__DYN_LONG)
            *out = (double)c->u.y.u.i;
        else if (c->u.y.tag == RTQ__DYN_REAL)
            *out = c->u.y.u.d;
        else
            return false;
        return true;
    default: return false;
    }
}

/* tag of the row: number of the first percent argument. Percents are numbers, or one dynamic array of them. */
RTQ__AGG_PREPARE(percentiles)
{
    uint32_t first = (uint32_t)agg->tag;
    rtq__arena heap;
    rtq__arena_init(&heap, mem, 0);
    rtq__dyn list = {0};
    int rc = RTQ_OK;
    if (first < n_args && args[first] && (args[first]->kind == RTQ_DYNAMIC || args[first]->kind == RTQ_UNKNOWN))
        list = args[first]->u.y;
    (void)kinds;
    uint32_t n = rtq__dyn_is_array(&list) ? rtq__dyn_count(&list) : n_args - first;
    percents *c = rtq__alloc(mem, sizeof *c + n * sizeof c->p[0]);
    if (!c)
        return RTQ_ERR_NOMEM;
    c->n = n;
    bool ok = n > 0;
    if (rtq__dyn_is_array(&list)) {
        rtq__dyn_iter it;
        rtq__dyn_iter_init(&it, &list, &heap);
        for (uint32_t i = 0; ok && i < n && rtq__dyn_next(&it); i++) {
            rtq__cell cell = rtq__cell_y(it.item);
            ok = number(&c->p[i], &cell);
        }
        rc = it.error;
    } else {
        for (uint32_t i = 0; ok && i < n; i++)
            ok = number(&c->p[i], args[first + i]);
    }
    for (uint32_t i = 0; ok && i < n; i++)
        ok = c->p[i] >= 0 && c->p[i] <= 100;
    rtq__arena_free(&heap);
    if (rc == RTQ_OK && !ok)
        rc = rtq__diag_add(diag, RTQ_ERR_SEMANTIC, RTQ__SEV_ERROR, begin, end,
                           "%s() needs constant percentiles from 0 to 100", agg->name);
    if (rc != RTQ_OK)
        rtq__free(mem, c);
    else
        *out = c;
    return rc;
}

static int add_cell(rtq__digest *d, rtq__agg_mem *m, const rtq__cell *c, int64_t weight)
{
    switch (c->kind) {
    case RTQ_REAL: return rtq__digest_add(d, m, RTQ_REAL, 0, c->u.d, weight);
    case RTQ_INT: return rtq__digest_add(d, m, RTQ_LONG, c->u.i, 0, weight);
    case RTQ_LONG:
    case RTQ_DATETIME:
    case RTQ_TIMESPAN: return rtq__digest_add(d, m, c->kind, c->u.i, 0, weight);
    default: break;
    }
    const rtq__dyn *y = &c->u.y;
    int64_t i;
    double r;
    switch (y->tag) {
    case RTQ__DYN_REAL: return rtq__digest_add(d, m, RTQ_REAL, 0, y->u.d, weight);
    case RTQ__DYN_LONG:
    case RTQ__DYN_BOOL: return rtq__digest_add(d, m, RTQ_LONG, y->u.i, 0, weight);
    case RTQ__DYN_DATETIME: return rtq__digest_add(d, m, RTQ_DATETIME, y->u.i, 0, weight);
    case RTQ__DYN_TIMESPAN: return rtq__digest_add(d, m, RTQ_TIMESPAN, y->u.i, 0, weight);
    case RTQ__DYN_STRING:
        if (rtq__parse_long(&i, y->u.p, y->len))
            return rtq__digest_add(d, m, RTQ_LONG, i, 0, weight);
        if (rtq__parse_real(&r, y->u.p, y->len))
            return rtq__digest_add(d, m, RTQ_REAL, 0, r, weight);
        return RTQ_OK;
    default: return RTQ_OK;
    }
}

static int update(rtq__agg_call *call, const rtq__vec *weights)
{
    const rtq__vec *arg = call->args[0];
    int rc = RTQ_OK;
    for (uint32_t k = 0; k < call->n_sel && rc == RTQ_OK; k++) {
        uint32_t row = rtq__agg_row(call, k);
        rtq__cell c = rtq__vec_get(arg, row);
        if (c.is_null || (weights && rtq__vec_null(weights, row)))
            continue;
        int64_t weight = weights ? ((const int64_t *)weights->data)[rtq__vec_at(weights, row)] : 1;
        rc = add_cell(call->states ? call->states[k] : call->state, call->mem, &c, weight);
    }
    return rc;
}

RTQ__AGG_UPDATE(percentiles)
{
    return update(call, NULL);
}
RTQ__AGG_UPDATE(percentilesw)
{
    return update(call, call->n_args > 1 ? call->args[1] : NULL);
}
RTQ__AGG_MERGE(percentiles)
{
    return rtq__digest_merge(into, from, call->mem);
}
RTQ__AGG_DESTROY(percentiles)
{
    rtq__digest_free(state, mem);
}

static rtq__cell result(rtq__digest *d, double p, uint32_t kind)
{
    rtq__cell c = rtq__digest_percentile(d, p);
    if (kind == RTQ_UNKNOWN && !c.is_null) {
        c = rtq__cell_y(rtq__dyn_from_cell(&c));
        c.kind = RTQ_UNKNOWN;
    }
    return c;
}

RTQ__AGG_FINISH(percentiles)
{
    (void)heap;
    const percents *c = call->config;
    rtq__digest *d = state;
    for (uint32_t i = 0; i < c->n && d->n; i++)
        out[i] = result(d, c->p[i], out[i].kind);
    return RTQ_OK;
}

RTQ__AGG_FINISH(percentiles_array)
{
    const percents *c = call->config;
    rtq__digest *d = state;
    rtq__dyn_builder *b = call->eval->builder;
    rtq__dyn y;
    rtq__dyn_begin_array(b);
    for (uint32_t i = 0; i < c->n; i++) {
        rtq__cell cell = rtq__digest_percentile(d, c->p[i]);
        rtq__dyn_add_cell(b, &cell);
    }
    rtq__dyn_end(b);
    int rc = rtq__dyn_finish(&y, b, heap);
    *out = rc == RTQ_OK ? rtq__cell_y(y) : rtq__cell_null(RTQ_DYNAMIC);
    return rc;
}

RTQ__AGG_SAVE(percentiles)
{
    const rtq__digest *d = state;
    uint32_t head[2] = {d->n, (uint32_t)d->kind << 8 | d->real};
    rtq__buf_add(out, head, sizeof head);
    rtq__buf_add(out, d->items, d->n * sizeof *d->items);
    return out->failed ? RTQ_ERR_NOMEM : RTQ_OK;
}

RTQ__AGG_LOAD(percentiles)
{
    uint32_t head[2];
    int rc = RTQ_OK;
    if (len < sizeof head)
        return RTQ_ERR_DATA;
    memcpy(head, ptr, sizeof head);
    if (len != sizeof head + (uint64_t)head[0] * sizeof(rtq__centroid))
        return RTQ_ERR_DATA;
    for (uint32_t i = 0; i < head[0] && rc == RTQ_OK; i++) {
        rtq__centroid c;
        memcpy(&c, ptr + sizeof head + i * sizeof c, sizeof c);
        rc = head[1] & 1 ? rtq__digest_add(state, mem, RTQ_REAL, 0, c.v.d, c.weight)
                         : rtq__digest_add(state, mem, head[1] >> 8, c.v.i, 0, c.weight);
    }
    return rc;
}

RTQ__AGG_RET(percentiles)
{
    (void)n;
    switch (kinds[0]) {
    case RTQ_INT:
    case RTQ_LONG: return RTQ_LONG;
    case RTQ_REAL:
    case RTQ_DATETIME:
    case RTQ_TIMESPAN:
    case RTQ_UNKNOWN: return kinds[0];
    default:
        rtq__diag_add(diag, RTQ_ERR_SEMANTIC, RTQ__SEV_ERROR, begin, end,
                      "%s() needs a number, timespan or datetime, not %s", agg->name, rtq__kind_name(kinds[0]));
        return 0;
    }
}

/* ---- tdigest: the sketch itself as a dynamic value ---------------------------------------------------------------- */
RTQ__AGG_UPDATE(tdigest_merge)
{
    const rtq__vec *arg = call->args[0];
    for (uint32_t k = 0; k < call->n_sel; k++) {
        rtq__cell c = rtq__vec_get(arg, rtq__agg_row(call, k));
        if (c.is_null)
            continue;
        rtq__arena_mark mark = rtq__arena_get_mark(call->eval->scratch);
        int rc = rtq__digest_from_dyn(call->states ? call->states[k] : call->state, &c.u.y, call->mem,
                                      call->eval->scratch);
        rtq__arena_release(call->eval->scratch, mark);
        if (rc != RTQ_OK && rc != RTQ_ERR_DATA)
            return rc;
    }
    return RTQ_OK;
}

RTQ__AGG_FINISH(tdigest)
{
    rtq__dyn y;
    int rc = rtq__digest_to_dyn(&y, state, call->eval->builder, heap);
    *out = rc == RTQ_OK ? rtq__cell_y(y) : rtq__cell_null(RTQ_DYNAMIC);
    return rc;
}
