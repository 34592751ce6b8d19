/* fn_series_stat.c - numbers about series: statistics, products. */
#include <math.h>
#include "fn/families.h"
#include "fn/fn_array.h"

/* ---- statistics ----------------------------------------------------------------------------------------------------- */
enum { MIN, MIN_AT, MAX, MAX_AT, AVG, STDEV, VARIANCE, SUM, LEN };

/* False: something in the series is no finite number, and that is not to be ignored. */
static bool stats(double s[LEN + 1], const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    uint32_t n, seen = 0;
    double *x = rtq__series_reals(&args[0], &n, ctx), mean = 0, m2 = 0;
    bool ignore = n_args > 1 && !args[1].is_null && args[1].u.i;
    memset(s, 0, (LEN + 1) * sizeof *s);
    for (uint32_t i = 0; x && i < n; i++) {
        if (!isfinite(x[i])) {
            if (!ignore)
                return false;
            continue;
        }
        if (!seen || x[i] < s[MIN])
            s[MIN] = x[i], s[MIN_AT] = i;
        if (!seen || x[i] > s[MAX])
            s[MAX] = x[i], s[MAX_AT] = i;
        double d = x[i] - mean;
        mean += d / ++seen;
        m2 += d * (x[i] - mean);
        s[SUM] += x[i];
    }
    s[LEN] = n;
    s[AVG] = mean;
    s[VARIANCE] = seen > 1 ? m2 / (seen - 1) : 0;
    s[STDEV] = sqrt(s[VARIANCE]);
    return seen > 0;
}

/* Result column `k` of series_stats(): args: k, series, ignore_nonfinite. */
static void row_stats_nth(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    double s[LEN + 1];
    int64_t k = args[0].u.i;
    if (k < 0 || k > VARIANCE || !stats(s, args + 1, n_args - 1, ctx))
        return;
    *out = rtq__cell_y(k == MIN_AT || k == MAX_AT ? rtq__dyn_number((int64_t)s[k]) : rtq__dyn_float(s[k]));
}

static void row_stats(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    double s[LEN + 1];
    if (stats(s, args, n_args, ctx))
        *out = rtq__cell_d(s[MIN]);
}

static void row_stats_dynamic(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    static const char *const names[] = {"min", "min_idx", "max", "max_idx", "avg", "stdev", "variance", "sum", "len"};
    double s[LEN + 1];
    if (!stats(s, args, n_args, ctx))
        return;
    rtq__dyn_begin_bag(ctx->eval->builder);
    for (int k = 0; k <= LEN; k++) {
        rtq__dyn d = k == MIN_AT || k == MAX_AT || k == LEN ? rtq__dyn_number((int64_t)s[k]) : rtq__dyn_float(s[k]);
        rtq__dyn_key(ctx->eval->builder, names[k], strlen(names[k]));
        rtq__dyn_add(ctx->eval->builder, &d);
    }
    rtq__dyn_end(ctx->eval->builder);
    rtq__return_built(out, ctx);
}

/* ---- products -------------------------------------------------------------------------------------------------------- */
typedef struct pair {
    const double *a, *b;
    uint32_t n;
    bool one_a, one_b;
} pair; /* one: a number for all items */

static bool read_pair(pair *p, const rtq__cell *args, rtq__rowctx *ctx)
{
    uint32_t n[2];
    double *x[2];
    bool one[2] = {false, false};
    for (int i = 0; i < 2; i++) {
        rtq__dyn d = rtq__dyn_of(&args[i]);
        x[i] = rtq__series_reals(&args[i], &n[i], ctx);
        if (x[i])
            continue;
        x[i] = rtq__arena_alloc(ctx->heap, sizeof *x[i]);
        one[i] = true;
        n[i] = UINT32_MAX;
        if (!x[i] || !rtq__dyn_real(x[i], &d))
            return false;
    }
    *p = (pair){x[0], x[1], n[0] < n[1] ? n[0] : n[1], one[0], one[1]};
    return p->n != UINT32_MAX && p->n > 0;
}

static double dot(const pair *p)
{
    double sum = 0;
    for (uint32_t i = 0; i < p->n; i++) {
        double x = p->a[p->one_a ? 0 : i] * p->b[p->one_b ? 0 : i];
        sum += isnan(x) ? 0 : x; /* what is no number is left out */
    }
    return sum;
}

static void row_dot(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    pair p;
    (void)n_args;
    if (read_pair(&p, args, ctx))
        *out = rtq__cell_d(dot(&p));
}

static double magnitude(const double *x, uint32_t n)
{
    pair p = {x, x, n, false, false};
    return sqrt(dot(&p));
}

static void row_magnitude(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    uint32_t n;
    double *x = rtq__series_reals(&args[0], &n, ctx);
    (void)n_args;
    if (x && n)
        *out = rtq__cell_d(magnitude(x, n));
}

static void row_cosine(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    pair p;
    if (!read_pair(&p, args, ctx) || p.one_a || p.one_b)
        return;
    double a = n_args > 2 && !args[2].is_null ? args[2].u.d : magnitude(p.a, p.n);
    double b = n_args > 3 && !args[3].is_null ? args[3].u.d : magnitude(p.b, p.n);
    *out = rtq__cell_d(dot(&p) / (a * b));
}

static void row_pearson(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    uint32_t n, m;
    double *x = rtq__series_reals(&args[0], &n, ctx), *y = rtq__series_reals(&args[1], &m, ctx), sx = 0, sy = 0, xx = 0,
           yy = 0, xy = 0;
    (void)n_args;
    if (!x || !y || !n || n != m)
        return;
    for (uint32_t i = 0; i < n; i++)
        sx += x[i], sy += y[i];
    for (uint32_t i = 0; i < n; i++) {
        double dx = x[i] - sx / n, dy = y[i] - sy / n;
        xx += dx * dx, yy += dy * dy, xy += dx * dy;
    }
    *out = rtq__cell_d(xy / sqrt(xx * yy));
}

static void row_product(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    uint32_t n;
    double *x = rtq__series_reals(&args[0], &n, ctx), product = 1;
    (void)n_args;
    for (uint32_t i = 0; x && i < n; i++)
        product *= isnan(x[i]) ? 1 : x[i];
    if (x && n)
        *out = rtq__cell_d(product);
}

/* clang-format off */
#define ROW(fn, params, type, rule, kernel, text, ref) {.name = fn, .args = params, .ret = type, .nulls = rule, .row = kernel, .doc = text, .page = ref "-function"}
enum { PROP = RTQ__NULL_PROPAGATE, SELF = RTQ__NULL_CUSTOM };

const rtq__fn rtq__fns_series_stat[] = {
    {.name = "series_stats", .args = "dynamic, [const bool]", .ret = "real", .naming = RTQ__NAME_FN_FIRST, .row = row_stats, .doc = "Statistics of a series: min, min_idx, max, max_idx, avg, stdev, variance.", .page = "series-stats-function"},
    {.name = "__series_stats_nth", .args = "const long, dynamic, [const bool]", .ret = "dynamic", .row = row_stats_nth, .flags = RTQ__FN_HIDDEN, .doc = "Result column of series_stats() by its number.", .page = "series-stats-function"},
    ROW("series_stats_dynamic", "dynamic, [const bool]", "dynamic", PROP, row_stats_dynamic, "Statistics of a series as a property bag.", "series-stats-dynamic"),
    ROW("series_dot_product", "dynamic, dynamic", "real", PROP, row_dot, "Sum of the products of the items.", "series-dot-product"),
    ROW("series_dot_product", "dynamic, any", "real", PROP, row_dot, "Sum of the products of the items.", "series-dot-product"),
    ROW("series_dot_product", "any, dynamic", "real", PROP, row_dot, "Sum of the products of the items.", "series-dot-product"),
    ROW("series_magnitude", "dynamic", "real", PROP, row_magnitude, "Length of the series as a vector.", "series-magnitude"),
    ROW("series_cosine_similarity", "dynamic, dynamic, [real], [real]", "real", SELF, row_cosine, "Cosine of the angle between two series as vectors.", "series-cosine-similarity"),
    ROW("series_pearson_correlation", "dynamic, dynamic", "real", PROP, row_pearson, "Pearson's correlation coefficient.", "series-pearson-correlation"),
    ROW("series_product", "dynamic", "real", PROP, row_product, "Product of the items.", "series-product"),
};
/* clang-format on */
RTQ__FAMILY_COUNT(series_stat)
