/* dcount, hll: sketches of distinct values. */
#include "base/hash.h"
#include "fn/agg.h"

typedef struct dcount_config {
    uint8_t precision;
} dcount_config;

/* tag of the row: number of the accuracy argument. */
RTQ__AGG_PREPARE(dcount)
{
    static const uint8_t precisions[] = {12, 14, 16, 17, 18};
    int64_t accuracy = 1;
    (void)kinds;
    if ((uint32_t)agg->tag < n_args && args[agg->tag] && !args[agg->tag]->is_null) {
        const rtq__cell *c = args[agg->tag];
        accuracy = c->kind == RTQ_REAL ? (int64_t)c->u.d : c->u.i;
    }
    if (accuracy < 0 || accuracy > 4)
        return rtq__diag_add(diag, RTQ_ERR_SEMANTIC, RTQ__SEV_ERROR, begin, end,
                             "the accuracy of %s() is a number from 0 to 4", agg->name);
    dcount_config *c = rtq__alloc(mem, sizeof *c);
    if (!c)
        return RTQ_ERR_NOMEM;
    c->precision = precisions[accuracy];
    *out = c;
    return RTQ_OK;
}

static uint8_t precision_of(const rtq__agg_call *call)
{
    const dcount_config *c = call->config;
    return c ? c->precision : 14;
}

/* Whole numbers, without a cell for each. */
static int add_words(rtq__agg_call *call, const rtq__vec *arg, uint8_t precision)
{
    const int64_t *data = arg->data;
    for (uint32_t k = 0; k < call->n_sel; k++) {
        uint32_t at = rtq__vec_at(arg, rtq__agg_row(call, k));
        if (arg->valid && !rtq__bit(arg->valid, at))
            continue;
        int rc = rtq__hll_add(call->states ? call->states[k] : call->state, call->mem,
                              rtq__hash_word((uint64_t)data[at], rtq__hll_seed), precision);
        if (rc != RTQ_OK)
            return rc;
    }
    return RTQ_OK;
}

RTQ__AGG_UPDATE(dcount)
{
    const rtq__vec *arg = call->args[0];
    uint8_t precision = precision_of(call);
    int rc = RTQ_OK;
    if (arg->kind == RTQ_INT || arg->kind == RTQ_LONG || arg->kind == RTQ_DATETIME || arg->kind == RTQ_TIMESPAN)
        return add_words(call, arg, precision);
    for (uint32_t k = 0; k < call->n_sel && rc == RTQ_OK; k++) {
        rtq__cell c = rtq__vec_get(arg, rtq__agg_row(call, k));
        if (!c.is_null)
            rc = rtq__hll_add(call->states ? call->states[k] : call->state, call->mem, rtq__hll_hash(&c), precision);
    }
    return rc;
}

RTQ__AGG_UPDATE(dcountif)
{
    return rtq__agg_if(call, 1, rtq__agg_dcount);
}
RTQ__AGG_MERGE(dcount)
{
    return rtq__hll_merge(into, from, call->mem);
}

RTQ__AGG_FINISH(dcount)
{
    (void)call, (void)heap;
    *out = rtq__cell_i(RTQ_LONG, rtq__hll_count(state));
    return RTQ_OK;
}

RTQ__AGG_DESTROY(dcount)
{
    rtq__hll_free(state, mem);
}

typedef struct saved {
    uint32_t n;
    uint8_t precision, dense, pad[2];
} saved;

RTQ__AGG_SAVE(dcount)
{
    const rtq__hll *h = state;
    saved head = {h->n, h->precision, h->registers != NULL, {0, 0}};
    rtq__buf_add(out, &head, sizeof head);
    for (uint32_t i = 0; i < h->cap; i++)
        if (h->hashes[i])
            rtq__buf_add(out, &h->hashes[i], sizeof h->hashes[i]);
    if (h->registers)
        rtq__buf_add(out, h->registers, (size_t)1 << h->precision);
    return out->failed ? RTQ_ERR_NOMEM : RTQ_OK;
}

RTQ__AGG_LOAD(dcount)
{
    rtq__hll *h = state;
    saved head;
    int rc = RTQ_OK;
    if (len < sizeof head)
        return RTQ_ERR_DATA;
    memcpy(&head, ptr, sizeof head);
    ptr += sizeof head;
    len -= sizeof head;
    if (!head.precision)
        return len ? RTQ_ERR_DATA : RTQ_OK;
    if (head.precision < 12 || head.precision > 18 ||
        len != (head.dense ? (size_t)1 << head.precision : (size_t)head.n * 8))
        return RTQ_ERR_DATA;
    h->precision = head.precision;
    if (head.dense) {
        for (size_t i = 0; i < len; i++)
            if ((uint8_t)ptr[i] > 65 - head.precision)
                return RTQ_ERR_DATA;
        h->registers = rtq__agg_realloc(mem, NULL, 0, len);
        if (!h->registers)
            return rtq__agg_full(mem, len);
        memcpy(h->registers, ptr, len);
        return RTQ_OK;
    }
    for (uint32_t i = 0; i < head.n && rc == RTQ_OK; i++) {
        uint64_t hash;
        memcpy(&hash, ptr + (size_t)i * 8, sizeof hash);
        rc = rtq__hll_add(h, mem, hash, head.precision);
    }
    return rc;
}

RTQ__AGG_FINISH(hll)
{
    rtq__dyn y;
    int rc = rtq__hll_to_dyn(&y, state, call->eval->builder, heap);
    *out = rc == RTQ_OK ? rtq__cell_y(y) : rtq__cell_null(RTQ_DYNAMIC);
    return rc;
}

RTQ__AGG_UPDATE(hll_merge)
{
    const rtq__vec *arg = call->args[0];
    for (uint32_t k = 0; k < call->n_sel; k++) {
        rtq__cell c = rtq__vec_get(arg, rtq__agg_row(call, k));
        if (c.is_null)
            continue;
        rtq__hll other = {0};
        rtq__arena_mark mark = rtq__arena_get_mark(call->eval->scratch);
        int rc = rtq__hll_from_dyn(&other, &c.u.y, call->mem, call->eval->scratch);
        rtq__arena_release(call->eval->scratch, mark);
        if (rc == RTQ_OK)
            rc = rtq__hll_merge(call->states ? call->states[k] : call->state, &other, call->mem);
        rtq__hll_free(&other, call->mem);
        if (rc != RTQ_OK && rc != RTQ_ERR_DATA)
            return rc;
    }
    return RTQ_OK;
}
