/* variance, stdev, covariance: running moments (Welford), mergeable. */
#include <math.h>
#include "fn/agg.h"

typedef struct moments {
    double n, mean, m2;
} moments;

static void step_moments(void *state, const rtq__vec *v, uint32_t at)
{
    moments *s = state;
    double x = ((const double *)v->data)[at];
    s->n += 1;
    double d = x - s->mean;
    s->mean += d / s->n;
    s->m2 += d * (x - s->mean);
}

RTQ__AGG_UPDATE(moments)
{
    rtq__agg_each(call, call->args[0], step_moments);
    return RTQ_OK;
}

RTQ__AGG_UPDATE(momentsif)
{
    return rtq__agg_if(call, 1, rtq__agg_moments);
}

RTQ__AGG_MERGE(moments)
{
    (void)call;
    moments *a = into;
    const moments *b = from;
    if (b->n == 0)
        return RTQ_OK;
    double n = a->n + b->n, d = b->mean - a->mean;
    a->m2 += b->m2 + d * d * a->n * b->n / n;
    a->mean += d * b->n / n;
    a->n = n;
    return RTQ_OK;
}

/* Kusto gives variances with ten decimals, and stdev is the root of that. Large values have no tenth decimal to round. */
static double variance(double m2, double n)
{
    double v = n > 0 ? m2 / n : 0;
    return fabs(v) < 1e5 ? nearbyint(v * 1e10) / 1e10 : v;
}

RTQ__AGG_FINISH(variance)
{
    (void)call, (void)heap;
    const moments *s = state;
    *out = rtq__cell_d(variance(s->m2, s->n - 1));
    return RTQ_OK;
}

RTQ__AGG_FINISH(variancep)
{
    (void)call, (void)heap;
    const moments *s = state;
    *out = rtq__cell_d(variance(s->m2, s->n));
    return RTQ_OK;
}

RTQ__AGG_FINISH(stdev)
{
    rtq__agg_variance_finish(out, state, call, heap);
    out->u.d = sqrt(out->u.d);
    return RTQ_OK;
}

RTQ__AGG_FINISH(stdevp)
{
    rtq__agg_variancep_finish(out, state, call, heap);
    out->u.d = sqrt(out->u.d);
    return RTQ_OK;
}

typedef struct comoments {
    double n, mean_x, mean_y, c;
} comoments;

RTQ__AGG_UPDATE(covariance)
{
    const rtq__vec *xs = call->args[0], *ys = call->args[1];
    for (uint32_t k = 0; k < call->n_sel; k++) {
        uint32_t row = rtq__agg_row(call, k);
        if (rtq__vec_null(xs, row) || rtq__vec_null(ys, row))
            continue;
        comoments *s = call->states ? call->states[k] : call->state;
        double x = ((const double *)xs->data)[rtq__vec_at(xs, row)],
               y = ((const double *)ys->data)[rtq__vec_at(ys, row)];
        s->n += 1;
        double dx = x - s->mean_x;
        s->mean_x += dx / s->n;
        s->mean_y += (y - s->mean_y) / s->n;
        s->c += dx * (y - s->mean_y);
    }
    return RTQ_OK;
}

RTQ__AGG_UPDATE(covarianceif)
{
    return rtq__agg_if(call, 2, rtq__agg_covariance);
}

RTQ__AGG_MERGE(covariance)
{
    (void)call;
    comoments *a = into;
    const comoments *b = from;
    if (b->n == 0)
        return RTQ_OK;
    double n = a->n + b->n, dx = b->mean_x - a->mean_x, dy = b->mean_y - a->mean_y;
    a->c += b->c + dx * dy * a->n * b->n / n;
    a->mean_x += dx * b->n / n;
    a->mean_y += dy * b->n / n;
    a->n = n;
    return RTQ_OK;
}

RTQ__AGG_FINISH(covariance)
{
    (void)call, (void)heap;
    const comoments *s = state;
    *out = rtq__cell_d(variance(s->c, s->n - 1));
    return RTQ_OK;
}

RTQ__AGG_FINISH(covariancep)
{
    (void)call, (void)heap;
    const comoments *s = state;
    *out = rtq__cell_d(variance(s->c, s->n));
    return RTQ_OK;
}
