/* fn_stat.c - the beta distribution and Welch's test; assert(). */
#include <math.h>
#include "base/diag.h"
#include "fn/families.h"

static double log_beta(double a, double b)
{
    int sign; /* lgamma() writes a global */
    return lgamma_r(a, &sign) + lgamma_r(b, &sign) - lgamma_r(a + b, &sign);
}

/* Continued fraction of the incomplete beta function, by Lentz; converges fast for x < (a + 1) / (a + b + 2). */
static double beta_fraction(double x, double a, double b)
{
    const double tiny = 1e-300;
    double c = 1, d = 1 - (a + b) * x / (a + 1);
    d = 1 / (fabs(d) < tiny ? tiny : d);
    double h = d;
    for (int m = 1; m <= 5000; m++) {
        double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        for (int k = 0; k < 2; k++) {
            double term = k == 0 ? even : odd;
            d = 1 + term * d;
            c = 1 + term / c;
            d = 1 / (fabs(d) < tiny ? tiny : d);
            c = fabs(c) < tiny ? tiny : c;
            h *= d * c;
        }
        if (fabs(d * c - 1) < 1e-16)
            break;
    }
    return h;
}

static double beta_cdf(double x, double a, double b)
{
    if (x <= 0 || x >= 1)
        return x >= 1;
    double front = exp(a * log(x) + b * log1p(-x) - log_beta(a, b));
    if (x < (a + 1) / (a + b + 2))
        return front * beta_fraction(x, a, b) / a;
    return 1 - front * beta_fraction(1 - x, b, a) / b;
}

/* Bisection: 60 halvings leave nothing to gain. */
static double beta_inverse(double p, double a, double b)
{
    double low = 0, high = 1;
    if (p >= 1)
        return 1;
    for (int i = 0; i < 1100 && low < high; i++) {
        double x = (low + high) / 2;
        if (x == low || x == high)
            break;
        if (beta_cdf(x, a, b) < p)
            low = x;
        else
            high = x;
    }
    return (low + high) / 2;
}

enum { CDF, PDF, INVERSE };

static void row_beta(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    (void)n_args;
    double x = args[0].u.d, a = args[1].u.d, b = args[2].u.d;
    bool good = a > 0 && a <= 10000 && b > 0 && b <= 10000;
    bool pdf = ctx->fn->tag == PDF;
    if (ctx->fn->tag == INVERSE && (x <= 0 || x > 1))
        return;
    if (!good || !(x >= 0 && x <= 1) || (pdf && (x == 0 || x == 1)))
        *out = rtq__cell_d(NAN);
    else if (ctx->fn->tag == CDF)
        *out = rtq__cell_d(beta_cdf(x, a, b));
    else if (pdf)
        *out = rtq__cell_d(exp((a - 1) * log(x) + (b - 1) * log1p(-x) - log_beta(a, b)));
    else
        *out = rtq__cell_d(beta_inverse(x, a, b));
}

/* Two-sided: the chance of means at least this far apart when the populations have the same. */
static void row_welch(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    (void)n_args, (void)ctx;
    double m1 = args[0].u.d, v1 = args[1].u.d, n1 = args[2].u.d, m2 = args[3].u.d, v2 = args[4].u.d, n2 = args[5].u.d;
    double s1 = v1 / n1, s2 = v2 / n2, t = (m1 - m2) / sqrt(s1 + s2);
    double freedom = (s1 + s2) * (s1 + s2) / (s1 * s1 / (n1 - 1) + s2 * s2 / (n2 - 1));
    if (!isfinite(t) || !(freedom > 0))
        *out = rtq__cell_d(NAN);
    else
        *out = rtq__cell_d(beta_cdf(freedom / (freedom + t * t), freedom / 2, 0.5));
}

/* Decided when the query is compiled: prepare reports the failure. */
static int assert_prepare(void **out, rtq__mem *mem, const rtq__fn *fn, const rtq__cell *const *args, uint32_t n_args,
                          rtq_diag *diag, size_t begin, size_t end)
{
    (void)out, (void)mem, (void)fn, (void)n_args;
    if (args[0] && args[1] && (args[0]->is_null || !args[0]->u.i))
        return rtq__diag_add(diag, RTQ_ERR_SEMANTIC, RTQ__SEV_ERROR, begin, end,
                             "assert() has failed with message: '%.*s'", (int)args[1]->len, args[1]->u.s);
    return RTQ_OK;
}

static void row_assert(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    (void)args, (void)n_args, (void)ctx;
    *out = rtq__cell_i(RTQ_BOOL, 1);
}

#define BETA(name_, tag_, page_)                                                                      \
    {                                                                                                 \
        .name = name_, .args = "number, number, number", .ret = "real", .row = row_beta, .tag = tag_, \
        .doc = "the beta distribution", .page = page_                                                 \
    }

const rtq__fn rtq__fns_stat[] = {
    BETA("beta_cdf", CDF, "beta-cdf-function"),
    BETA("beta_pdf", PDF, "beta-pdf-function"),
    BETA("beta_inv", INVERSE, "beta-inv-function"),
    {.name = "welch_test",
     .args = "number, number, number, number, number, number",
     .ret = "real",
     .row = row_welch,
     .doc = "p-value of Welch\'s t-test",
     .page = "welch-test-function"},
    {.name = "assert",
     .args = "const bool, const string",
     .ret = "bool",
     .row = row_assert,
     .prepare = assert_prepare,
     .doc = "refuses the query when the condition is false",
     .page = "assert-function"},
};
RTQ__FAMILY_COUNT(stat)
