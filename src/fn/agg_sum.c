/* count, sum, avg: plain bytes as state, tight loops. */
#include <math.h>
#include "base/text.h"
#include "fn/agg.h"
#include "fn/convert.h"
#include "value/decimal.h"

/* ---- count ------------------------------------------------------------------------------------------------------ */
RTQ__AGG_UPDATE(count)
{
    if (!call->states) {
        *(int64_t *)call->state += call->n_sel;
        return RTQ_OK;
    }
    for (uint32_t k = 0; k < call->n_sel; k++)
        ++*(int64_t *)call->states[k];
    return RTQ_OK;
}

RTQ__AGG_UPDATE(countif)
{
    const rtq__vec *p = call->args[0];
    const uint8_t *cells = p->data;
    int64_t n = 0;
    for (uint32_t k = 0; k < call->n_sel; k++) {
        uint32_t at = rtq__vec_at(p, rtq__agg_row(call, k));
        bool yes = cells[at] && (!p->valid || rtq__bit(p->valid, at));
        if (call->states)
            *(int64_t *)call->states[k] += yes;
        else
            n += yes;
    }
    if (!call->states)
        *(int64_t *)call->state += n;
    return RTQ_OK;
}

RTQ__AGG_MERGE(count)
{
    (void)call;
    *(int64_t *)into += *(const int64_t *)from;
    return RTQ_OK;
}

RTQ__AGG_FINISH(count)
{
    (void)call, (void)heap;
    *out = rtq__cell_i(RTQ_LONG, *(int64_t *)state);
    return RTQ_OK;
}

/* ---- sum -------------------------------------------------------------------------------------------------------- */
static void step_sum_i64(void *state, const rtq__vec *v, uint32_t at)
{
    uint64_t *sum = state;
    *sum += (uint64_t)((const int64_t *)v->data)[at];
}

static void step_sum_real(void *state, const rtq__vec *v, uint32_t at)
{
    *(double *)state += ((const double *)v->data)[at];
}

RTQ__AGG_UPDATE(sum_i64)
{
    const rtq__vec *v = call->args[0];
    if (!call->states && v->form == RTQ__FLAT && !v->valid && !call->sel) {
        uint64_t sum = 0;
        const int64_t *x = v->data;
        for (uint32_t k = 0; k < call->n_sel; k++)
            sum += (uint64_t)x[k];
        *(uint64_t *)call->state += sum;
        return RTQ_OK;
    }
    rtq__agg_each(call, v, step_sum_i64);
    return RTQ_OK;
}

RTQ__AGG_UPDATE(sum_real)
{
    rtq__agg_each(call, call->args[0], step_sum_real);
    return RTQ_OK;
}

RTQ__AGG_UPDATE(sumif_i64)
{
    return rtq__agg_if(call, 1, rtq__agg_sum_i64);
}
RTQ__AGG_UPDATE(sumif_real)
{
    return rtq__agg_if(call, 1, rtq__agg_sum_real);
}

RTQ__AGG_MERGE(sum_i64)
{
    (void)call;
    *(uint64_t *)into += *(const uint64_t *)from;
    return RTQ_OK;
}

RTQ__AGG_MERGE(sum_real)
{
    (void)call;
    *(double *)into += *(const double *)from;
    return RTQ_OK;
}

RTQ__AGG_FINISH(sum_i64)
{
    (void)heap;
    uint32_t kind = call->agg->ret[0] == 't' ? RTQ_TIMESPAN : call->agg->ret[0] == 'd' ? RTQ_DATETIME : RTQ_LONG;
    *out = rtq__cell_i(kind, *(int64_t *)state);
    return RTQ_OK;
}

RTQ__AGG_FINISH(sum_real)
{
    (void)call, (void)heap;
    *out = rtq__cell_d(*(double *)state);
    return RTQ_OK;
}

/* ---- avg -------------------------------------------------------------------------------------------------------- */
__extension__ typedef __int128 wide;
typedef struct avg_i64 {
    uint64_t low;
    int64_t high;
    uint64_t n;
} avg_i64; /* a 128-bit sum in two words: states are 8-byte aligned at least */
typedef struct avg_real {
    double sum;
    uint64_t n;
} avg_real;

static void add_wide(avg_i64 *s, int64_t x)
{
    s->high += (x < 0 ? -1 : 0) + __builtin_add_overflow(s->low, (uint64_t)x, &s->low);
}

static void step_avg_i64(void *state, const rtq__vec *v, uint32_t at)
{
    avg_i64 *s = state;
    int64_t x = ((const int64_t *)v->data)[at];
    add_wide(s, x);
    s->n++;
}

static void step_avg_real(void *state, const rtq__vec *v, uint32_t at)
{
    avg_real *s = state;
    s->sum += ((const double *)v->data)[at];
    s->n++;
}

RTQ__AGG_UPDATE(avg_i64)
{
    const rtq__vec *v = call->args[0];
    if (!call->states && v->form == RTQ__FLAT && !v->valid && !call->sel) {
        avg_i64 *s = call->state;
        const int64_t *x = v->data;
        wide sum = 0;
        for (uint32_t k = 0; k < call->n_sel; k++)
            sum += x[k];
        avg_i64 more = {(uint64_t)sum, (int64_t)(sum >> 64), call->n_sel};
        s->high += more.high + __builtin_add_overflow(s->low, more.low, &s->low);
        s->n += more.n;
        return RTQ_OK;
    }
    rtq__agg_each(call, v, step_avg_i64);
    return RTQ_OK;
}

RTQ__AGG_UPDATE(avg_real)
{
    rtq__agg_each(call, call->args[0], step_avg_real);
    return RTQ_OK;
}

RTQ__AGG_UPDATE(avgif_i64)
{
    return rtq__agg_if(call, 1, rtq__agg_avg_i64);
}
RTQ__AGG_UPDATE(avgif_real)
{
    return rtq__agg_if(call, 1, rtq__agg_avg_real);
}

RTQ__AGG_MERGE(avg_i64)
{
    (void)call;
    avg_i64 *a = into;
    const avg_i64 *b = from;
    a->high += b->high + __builtin_add_overflow(a->low, b->low, &a->low);
    a->n += b->n;
    return RTQ_OK;
}

RTQ__AGG_MERGE(avg_real)
{
    (void)call;
    avg_real *a = into;
    const avg_real *b = from;
    a->sum += b->sum;
    a->n += b->n;
    return RTQ_OK;
}

static wide wide_sum(const avg_i64 *s)
{
    __extension__ unsigned __int128 w = ((unsigned __int128)(uint64_t)s->high << 64) | s->low;
    return (wide)w;
}

RTQ__AGG_FINISH(avg_long)
{
    (void)call, (void)heap;
    const avg_i64 *s = state;
    *out = rtq__cell_d(s->n ? (double)wide_sum(s) / (double)s->n : NAN);
    return RTQ_OK;
}

RTQ__AGG_FINISH(avg_ticks)
{
    (void)heap;
    const avg_i64 *s = state;
    uint32_t kind = call->agg->ret[0] == 't' ? RTQ_TIMESPAN : RTQ_DATETIME;
    *out = s->n ? rtq__cell_i(kind, (int64_t)(wide_sum(s) / (wide)s->n)) : rtq__cell_null(kind);
    return RTQ_OK;
}

RTQ__AGG_FINISH(avg_real)
{
    (void)call, (void)heap;
    const avg_real *s = state;
    *out = rtq__cell_d(s->n ? s->sum / (double)s->n : NAN);
    return RTQ_OK;
}

/* ---- values whose type only the data tells ----------------------------------------------------------------------- */
typedef struct sum_dyn {
    avg_i64 i;
    double d;
    uint8_t tag; /* LONG, REAL, TIMESPAN, DATETIME; 0: none yet */
} sum_dyn;

static void add_dyn(sum_dyn *s, const rtq__dyn *d)
{
    int64_t i = d->u.i;
    double r = 0;
    uint8_t tag = d->tag;
    if (tag == RTQ__DYN_BOOL)
        tag = RTQ__DYN_LONG;
    if (tag == RTQ__DYN_STRING) {
        if (rtq__parse_long(&i, d->u.p, d->len))
            tag = RTQ__DYN_LONG;
        else if (rtq__parse_real(&r, d->u.p, d->len))
            tag = RTQ__DYN_REAL;
    } else if (tag == RTQ__DYN_REAL) {
        r = d->u.d;
    }
    switch (tag) {
    case RTQ__DYN_LONG:
    case RTQ__DYN_TIMESPAN:
    case RTQ__DYN_DATETIME:
        add_wide(&s->i, i);
        if (s->tag != RTQ__DYN_REAL)
            s->tag = tag;
        break;
    case RTQ__DYN_REAL:
        s->d += r;
        s->tag = RTQ__DYN_REAL;
        break;
    default: return;
    }
    s->i.n++;
}

static void step_sum_dyn(void *state, const rtq__vec *v, uint32_t at)
{
    add_dyn(state, &((const rtq__dyn *)v->data)[at]);
}

RTQ__AGG_UPDATE(sum_dyn)
{
    rtq__agg_each(call, call->args[0], step_sum_dyn);
    return RTQ_OK;
}

RTQ__AGG_UPDATE(sumif_dyn)
{
    return rtq__agg_if(call, 1, rtq__agg_sum_dyn);
}
RTQ__AGG_UPDATE(avg_dyn)
{
    return rtq__agg_sum_dyn(call);
}
RTQ__AGG_UPDATE(avgif_dyn)
{
    return rtq__agg_if(call, 1, rtq__agg_sum_dyn);
}

RTQ__AGG_MERGE(sum_dyn)
{
    (void)call;
    sum_dyn *a = into;
    const sum_dyn *b = from;
    a->i.high += b->i.high + __builtin_add_overflow(a->i.low, b->i.low, &a->i.low);
    a->i.n += b->i.n;
    a->d += b->d;
    if (b->tag && a->tag != RTQ__DYN_REAL)
        a->tag = b->tag;
    return RTQ_OK;
}

static void set_dyn(rtq__cell *out, uint8_t tag, int64_t i, double d)
{
    rtq__dyn y = {.tag = tag, .u = {.i = i}};
    if (tag == RTQ__DYN_REAL)
        y.u.d = d;
    *out = rtq__cell_y(y);
    out->kind = RTQ_UNKNOWN;
}

RTQ__AGG_FINISH(sum_dyn)
{
    (void)call, (void)heap;
    const sum_dyn *s = state;
    set_dyn(out, s->tag ? s->tag : RTQ__DYN_LONG, (int64_t)s->i.low, s->d + (double)wide_sum(&s->i));
    return RTQ_OK;
}

RTQ__AGG_FINISH(avg_dyn)
{
    (void)call, (void)heap;
    const sum_dyn *s = state;
    if (s->i.n && (s->tag == RTQ__DYN_TIMESPAN || s->tag == RTQ__DYN_DATETIME))
        set_dyn(out, s->tag, (int64_t)(wide_sum(&s->i) / (wide)s->i.n), 0);
    else
        set_dyn(out, RTQ__DYN_REAL, 0, s->i.n ? (s->d + (double)wide_sum(&s->i)) / (double)s->i.n : NAN);
    return RTQ_OK;
}

RTQ__AGG_RET(summable)
{
    (void)n;
    if (kinds[0] == RTQ_UNKNOWN)
        return RTQ_UNKNOWN;
    rtq__diag_add(diag, RTQ_ERR_SEMANTIC, RTQ__SEV_ERROR, begin, end,
                  "%s() needs a number, timespan or datetime, not %s", agg->name, rtq__kind_name(kinds[0]));
    return 0;
}

/* ---- decimals ----------------------------------------------------------------------------------------------------- */
typedef struct sum_decimal {
    uint64_t w[2], n;
} sum_decimal;

static int decimal_op(uint64_t out[2], const char *op, const uint64_t a[2], const uint64_t b[2], rtq__agg_call *call)
{
    rtq__fn fn = {.name = op};
    rtq__rowctx ctx = {.eval = call->eval, .heap = call->eval->scratch, .fn = &fn};
    rtq__cell args[2] = {rtq__cell_null(RTQ_DECIMAL), rtq__cell_null(RTQ_DECIMAL)},
              result = rtq__cell_null(RTQ_DECIMAL);
    memcpy(args[0].u.w, a, 16);
    memcpy(args[1].u.w, b, 16);
    args[0].is_null = args[1].is_null = 0;
    rtq__row_decimal(&result, args, 2, &ctx);
    memcpy(out, result.u.w, 16);
    return ctx.error;
}

static int add_decimal(sum_decimal *s, const uint64_t w[2], uint64_t n, rtq__agg_call *call)
{
    int rc = RTQ_OK;
    if (s->n)
        rc = decimal_op(s->w, "+", s->w, w, call);
    else
        memcpy(s->w, w, 16);
    s->n += n;
    return rc;
}

RTQ__AGG_UPDATE(sum_decimal)
{
    const rtq__vec *v = call->args[0];
    int rc = RTQ_OK;
    for (uint32_t k = 0; k < call->n_sel && rc == RTQ_OK; k++) {
        uint64_t w[2];
        uint32_t at = rtq__vec_at(v, rtq__agg_row(call, k));
        if (v->valid && !rtq__bit(v->valid, at))
            continue;
        memcpy(w, (const char *)v->data + (size_t)at * 16, 16);
        rc = add_decimal(call->states ? call->states[k] : call->state, w, 1, call);
    }
    return rc;
}

RTQ__AGG_UPDATE(sumif_decimal)
{
    return rtq__agg_if(call, 1, rtq__agg_sum_decimal);
}

RTQ__AGG_MERGE(sum_decimal)
{
    const sum_decimal *b = from;
    return b->n ? add_decimal(into, b->w, b->n, call) : RTQ_OK;
}

RTQ__AGG_FINISH(sum_decimal)
{
    const sum_decimal *s = state;
    (void)call, (void)heap;
    *out = rtq__cell_null(RTQ_DECIMAL);
    out->is_null = 0;
    if (s->n)
        memcpy(out->u.w, s->w, 16);
    else
        rtq__decimal_from_long(out->u.w, 0);
    return RTQ_OK;
}

RTQ__AGG_FINISH(avg_decimal)
{
    const sum_decimal *s = state;
    uint64_t n[2];
    (void)heap;
    *out = rtq__cell_null(RTQ_DECIMAL);
    if (!s->n)
        return RTQ_OK;
    out->is_null = 0;
    rtq__decimal_from_long(n, (int64_t)s->n);
    return decimal_op(out->u.w, "/", s->w, n, call);
}
