/* min and max of numbers and times, bitwise aggregates: one word as state. */
#include <math.h>
#include "fn/agg.h"

typedef struct word {
    int64_t v;
    uint64_t has;
} word;
typedef struct real_word {
    double v;
    uint64_t has;
} real_word;

static void put_min(word *s, int64_t x)
{
    if (!s->has || x < s->v)
        s->v = x;
    s->has = 1;
}

static void put_max(word *s, int64_t x)
{
    if (!s->has || x > s->v)
        s->v = x;
    s->has = 1;
}

/* One NaN makes the result NaN, wherever it comes. */
static void put_min_real(real_word *s, double x)
{
    if (!s->has || x < s->v || isnan(x))
        s->v = s->has && isnan(s->v) ? s->v : x;
    s->has = 1;
}

static void put_max_real(real_word *s, double x)
{
    if (!s->has || x > s->v || isnan(x))
        s->v = s->has && isnan(s->v) ? s->v : x;
    s->has = 1;
}

static void step_min_i64(void *state, const rtq__vec *v, uint32_t at)
{
    put_min(state, ((const int64_t *)v->data)[at]);
}
static void step_max_i64(void *state, const rtq__vec *v, uint32_t at)
{
    put_max(state, ((const int64_t *)v->data)[at]);
}
static void step_min_real(void *state, const rtq__vec *v, uint32_t at)
{
    put_min_real(state, ((const double *)v->data)[at]);
}
static void step_max_real(void *state, const rtq__vec *v, uint32_t at)
{
    put_max_real(state, ((const double *)v->data)[at]);
}

static bool plain(const rtq__agg_call *call)
{
    const rtq__vec *v = call->args[0];
    return !call->states && v->form == RTQ__FLAT && !v->valid && !call->sel && call->n_sel;
}

RTQ__AGG_UPDATE(min_i64)
{
    if (!plain(call)) {
        rtq__agg_each(call, call->args[0], step_min_i64);
        return RTQ_OK;
    }
    const int64_t *x = call->args[0]->data;
    int64_t best = x[0];
    for (uint32_t k = 1; k < call->n_sel; k++)
        best = x[k] < best ? x[k] : best;
    put_min(call->state, best);
    return RTQ_OK;
}

RTQ__AGG_UPDATE(max_i64)
{
    if (!plain(call)) {
        rtq__agg_each(call, call->args[0], step_max_i64);
        return RTQ_OK;
    }
    const int64_t *x = call->args[0]->data;
    int64_t best = x[0];
    for (uint32_t k = 1; k < call->n_sel; k++)
        best = x[k] > best ? x[k] : best;
    put_max(call->state, best);
    return RTQ_OK;
}

RTQ__AGG_UPDATE(min_real)
{
    rtq__agg_each(call, call->args[0], step_min_real);
    return RTQ_OK;
}

RTQ__AGG_UPDATE(max_real)
{
    rtq__agg_each(call, call->args[0], step_max_real);
    return RTQ_OK;
}

RTQ__AGG_UPDATE(minif_i64)
{
    return rtq__agg_if(call, 1, rtq__agg_min_i64);
}
RTQ__AGG_UPDATE(maxif_i64)
{
    return rtq__agg_if(call, 1, rtq__agg_max_i64);
}
RTQ__AGG_UPDATE(minif_real)
{
    return rtq__agg_if(call, 1, rtq__agg_min_real);
}
RTQ__AGG_UPDATE(maxif_real)
{
    return rtq__agg_if(call, 1, rtq__agg_max_real);
}

RTQ__AGG_MERGE(min_i64)
{
    (void)call;
    const word *b = from;
    if (b->has)
        put_min(into, b->v);
    return RTQ_OK;
}

RTQ__AGG_MERGE(max_i64)
{
    (void)call;
    const word *b = from;
    if (b->has)
        put_max(into, b->v);
    return RTQ_OK;
}

RTQ__AGG_MERGE(min_real)
{
    (void)call;
    const real_word *b = from;
    if (b->has)
        put_min_real(into, b->v);
    return RTQ_OK;
}

RTQ__AGG_MERGE(max_real)
{
    (void)call;
    const real_word *b = from;
    if (b->has)
        put_max_real(into, b->v);
    return RTQ_OK;
}

static uint32_t kind_of(const char *ret)
{
    return rtq__kind_parse(ret, strlen(ret));
}

RTQ__AGG_FINISH(extreme_i64)
{
    (void)heap;
    const word *s = state;
    uint32_t kind = kind_of(call->agg->ret);
    *out = s->has ? rtq__cell_i(kind, s->v) : rtq__cell_null(kind);
    return RTQ_OK;
}

RTQ__AGG_FINISH(extreme_real)
{
    (void)call, (void)heap;
    const real_word *s = state;
    *out = s->has ? rtq__cell_d(s->v) : rtq__cell_null(RTQ_REAL);
    return RTQ_OK;
}

/* ---- bits ------------------------------------------------------------------------------------------------------- */
static void put_and(word *s, int64_t x)
{
    s->v = s->has ? s->v & x : x, s->has = 1;
}
static void put_or(word *s, int64_t x)
{
    s->v |= x, s->has = 1;
}
static void put_xor(word *s, int64_t x)
{
    s->v ^= x, s->has = 1;
}
static void step_and(void *state, const rtq__vec *v, uint32_t at)
{
    put_and(state, ((const int64_t *)v->data)[at]);
}
static void step_or(void *state, const rtq__vec *v, uint32_t at)
{
    put_or(state, ((const int64_t *)v->data)[at]);
}
static void step_xor(void *state, const rtq__vec *v, uint32_t at)
{
    put_xor(state, ((const int64_t *)v->data)[at]);
}

RTQ__AGG_UPDATE(bits_and)
{
    return rtq__agg_each(call, call->args[0], step_and), RTQ_OK;
}
RTQ__AGG_UPDATE(bits_or)
{
    return rtq__agg_each(call, call->args[0], step_or), RTQ_OK;
}
RTQ__AGG_UPDATE(bits_xor)
{
    return rtq__agg_each(call, call->args[0], step_xor), RTQ_OK;
}

RTQ__AGG_MERGE(bits_and)
{
    (void)call;
    const word *b = from;
    if (b->has)
        put_and(into, b->v);
    return RTQ_OK;
}

RTQ__AGG_MERGE(bits_or)
{
    (void)call;
    const word *b = from;
    if (b->has)
        put_or(into, b->v);
    return RTQ_OK;
}

RTQ__AGG_MERGE(bits_xor)
{
    (void)call;
    const word *b = from;
    if (b->has)
        put_xor(into, b->v);
    return RTQ_OK;
}
