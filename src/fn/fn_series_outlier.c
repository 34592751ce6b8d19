/* fn_series_outlier.c - how far points stand out of a series.
 *
 * Tukey's fences: 0 between two percentiles, and beyond them the distance in units of the range between them. With the
 * percentiles 10 and 90 that is multiplied so that 1.5 means what it means with the quartiles, if the points are distributed
 * normally. Kusto has 0.675 and 1.29682082 for z at 75 and 90 percent: that is what its published scores come from. What it has
 * for other percentiles is not known. */
#include <math.h>
#include <stdlib.h>
#include "fn/families.h"
#include "fn/fn_array.h"

#define FACTOR (3 * 1.29682082 / (4 * 0.675 - 1.29682082)) /* from 1.5 = (4 z75 - z90) / (2 z90) * factor */

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double percentile(const double *sorted, uint32_t n, double part)
{
    double at = part * (n - 1);
    uint32_t i = (uint32_t)at;
    return i + 1 < n ? sorted[i] + (at - i) * (sorted[i + 1] - sorted[i]) : sorted[n - 1];
}

/* NaN: a missing value, which scores 0. Fences are those of the first `learn` points. False: the range is 0, or too large. */
bool rtq__series_scores(double *scores, const double *x, uint32_t n, uint32_t learn, bool quartiles)
{
    uint32_t seen = 0;
    for (uint32_t i = 0; i < learn; i++)
        if (!isnan(x[i]))
            scores[seen++] = x[i];
    qsort(scores, seen, sizeof *scores, by_value);
    double low = seen ? percentile(scores, seen, quartiles ? 0.25 : 0.1) : -INFINITY;
    double high = seen ? percentile(scores, seen, quartiles ? 0.75 : 0.9) : INFINITY;
    double range = high - low, factor = quartiles ? 1 : FACTOR;
    for (uint32_t i = 0; i < n; i++) {
        double beyond = x[i] > high ? x[i] - high : x[i] < low ? x[i] - low : 0; /* NaN: 0 */
        if (beyond != 0 && (!(range > 0) || !isfinite(range) || !isfinite(beyond)))
            return false;
        scores[i] = beyond != 0 ? beyond / range * factor : 0;
    }
    return true;
}

bool rtq__series_by_quartiles(const rtq__cell *kind)
{
    return kind->len == 5; /* tukey; checked by prepare */
}

bool rtq__series_is_kind(const rtq__cell *kind)
{
    return (kind->len == 5 && memcmp(kind->u.s, "tukey", 5) == 0) ||
           (kind->len == 6 && memcmp(kind->u.s, "ctukey", 6) == 0);
}

static double real_of(const rtq__cell *const *args, uint32_t n_args, uint32_t i, double otherwise)
{
    return i < n_args && args[i] && !args[i]->is_null ? args[i]->u.d : otherwise;
}

static int prepare_outliers(void **out, rtq__mem *mem, const rtq__fn *fn, const rtq__cell *const *args, uint32_t n_args,
                            rtq_diag *diag, size_t begin, size_t end)
{
    bool given = n_args > 1 && args[1];
    double low = real_of(args, n_args, 3, 10), high = real_of(args, n_args, 4, 90);
    (void)out, (void)mem, (void)fn;
    if (given && !rtq__series_is_kind(args[1]))
        return rtq__diag_add(diag, RTQ_ERR_SEMANTIC, RTQ__SEV_ERROR, begin, end,
                             "the kind of series_outliers() is 'tukey' or 'ctukey'");
    if ((given && rtq__series_by_quartiles(args[1])) || (low == 10 && high == 90))
        return RTQ_OK;
    if (!(low >= 2 && high <= 98 && low < high))
        return rtq__diag_add(diag, RTQ_ERR_SEMANTIC, RTQ__SEV_ERROR, begin, end,
                             "the percentiles of series_outliers() are between 2 and 98, the smaller one first");
    return rtq__diag_add(
        diag, RTQ_ERR_UNSUPPORTED, RTQ__SEV_ERROR, begin, end,
        "'series_outliers' with other percentiles than 10 and 90 is not supported: what it multiplies scores by is "
        "not published for them");
}

static void row_outliers(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    uint32_t n;
    double *x = rtq__series_reals(&args[0], &n, ctx);
    bool quartiles = n_args > 1 && rtq__series_by_quartiles(&args[1]);
    if (!x)
        return;
    for (uint32_t i = 0; i < n; i++)
        if (n_args > 2 && !args[2].is_null && x[i] == args[2].u.d)
            x[i] = NAN;
    double *scores = rtq__arena_alloc(ctx->heap, (n + 1u) * sizeof *scores);
    if (!scores)
        ctx->error = RTQ_ERR_NOMEM;
    else if (rtq__series_scores(scores, x, n, n, quartiles))
        rtq__return_reals(out, scores, n, ctx);
}

/* clang-format off */
const rtq__fn rtq__fns_series_outlier[] = {
    {.name = "series_outliers", .args = "dynamic, [const string], [real], [const real], [const real]", .ret = "dynamic", .nulls = RTQ__NULL_CUSTOM, .naming = RTQ__NAME_FIRST, .row = row_outliers, .prepare = prepare_outliers, .doc = "Scores of the points of a series: beyond 1.5 and -1.5 they stand out.", .page = "series-outliers-function"},
};
/* clang-format on */
RTQ__FAMILY_COUNT(series_outlier)
