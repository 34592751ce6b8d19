/* fn_series_season.c - seasons: the medians of the phases of a period, and what is left of a series without them.
 *
 * How a period is found, and how it is scored, is not published. Where a call leaves that to the function it is refused. */
#include <math.h>
#include <stdlib.h>
#include "fn/families.h"
#include "fn/fn_array.h"

enum { SEASONAL, DECOMPOSE, FORECAST, ANOMALIES };
enum { BASELINE, SEASON, TREND, RESIDUAL };
enum { FLAG, SCORE, PREDICTED };
enum { HIDDEN = 8 }; /* the first argument is the number of the result column */

/* Where the arguments stand; the series is first. */
static uint32_t place(intptr_t tag, const uint8_t at[4])
{
    return at[tag & ~HIDDEN] + (tag & HIDDEN ? 1u : 0u);
}

static uint32_t season_at(intptr_t tag) /* the trend behind it */
{
    return place(tag, (const uint8_t[]){1, 1, 2, 2});
}

static uint32_t points_at(intptr_t tag)
{
    return place(tag, (const uint8_t[]){0, 3, 1, 4});
}

/* ---- parts of a series ------------------------------------------------------------------------------------------------ */
static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Medians over the first `learn` points; false: a phase has none. */
static bool add_season(double *season, const double *x, uint32_t n, uint32_t learn, int64_t period, double *values)
{
    uint32_t step = period < n ? (uint32_t)period : n;
    if (period <= 0) {
        memset(season, 0, n * sizeof *season);
        return true;
    }
    for (uint32_t phase = 0; phase < step; phase++) {
        uint32_t k = 0;
        for (uint64_t i = phase; i < learn; i += step)
            values[k++] = x[i];
        if (!k)
            return false;
        qsort(values, k, sizeof *values, by_value);
        double median = k % 2 ? values[k / 2] : values[k / 2 - 1] / 2 + values[k / 2] / 2;
        for (uint64_t i = phase; i < n; i += step)
            season[i] = median;
    }
    return true;
}

typedef struct parts {
    double *x, *season, *rest; /* rest: without season */
    double slope, intercept;
    uint32_t n, learn; /* learn: without the test points */
} parts;

static bool add_trend(parts *p, const rtq__cell *how /* checked by prepare */)
{
    double sum = 0;
    p->slope = p->intercept = 0;
    if (how && how->len == 4) /* none */
        return true;
    if (how && how->len == 7) /* linefit */
        return rtq__fit_line(&p->slope, &p->intercept, p->rest, p->learn) && isfinite(p->intercept);
    for (uint32_t i = 0; i < p->learn; i++)
        sum += p->rest[i];
    p->intercept = p->learn ? sum / p->learn : 0;
    return isfinite(p->intercept);
}

/* False: no series of finite numbers, or too few points to learn from. */
static bool divide(parts *p, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    intptr_t tag = ctx->fn->tag;
    uint32_t season = season_at(tag), points = points_at(tag);
    int64_t skip = (tag & ~HIDDEN) != SEASONAL && n_args > points ? args[points].u.i : 0;
    p->x = rtq__series_reals(&args[tag & HIDDEN ? 1 : 0], &p->n, ctx);
    if (!p->x || skip < 0 || skip > p->n || (p->n && skip == p->n))
        return false;
    for (uint32_t i = 0; i < p->n; i++)
        if (!isfinite(p->x[i]))
            return false;
    p->learn = p->n - (uint32_t)skip;
    p->season = rtq__arena_alloc(ctx->heap, (p->n + 1u) * sizeof *p->season);
    p->rest = rtq__arena_alloc(ctx->heap, (p->n + 1u) * sizeof *p->rest);
    if (!p->season || !p->rest) {
        ctx->error = RTQ_ERR_NOMEM;
        return false;
    }
    if (!add_season(p->season, p->x, p->n, p->learn, args[season].u.i, p->rest))
        return false;
    for (uint32_t i = 0; i < p->n; i++)
        p->rest[i] = p->x[i] - p->season[i];
    return !p->n || (tag & ~HIDDEN) == SEASONAL || add_trend(p, n_args > season + 1 ? &args[season + 1] : NULL);
}

static void part_column(rtq__cell *out, int64_t k, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    parts p;
    if (!divide(&p, args, n_args, ctx))
        return;
    for (uint32_t i = 0; i < p.n && k != SEASON; i++) {
        double trend = p.intercept + p.slope * i, baseline = p.season[i] + trend;
        p.season[i] = k == TREND ? trend : k == BASELINE ? baseline : p.x[i] - baseline;
    }
    rtq__return_reals(out, p.season, p.n, ctx);
}

static void row_seasonal(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    part_column(out, SEASON, args, n_args, ctx);
}

static void row_decompose(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    part_column(out, BASELINE, args, n_args, ctx);
}

static void row_decompose_nth(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    if (args[0].u.i >= BASELINE && args[0].u.i <= RESIDUAL)
        part_column(out, args[0].u.i, args, n_args, ctx);
}

/* ---- anomalies -------------------------------------------------------------------------------------------------------- */
static void add_flags(rtq__dyn_builder *b, const double *scores, uint32_t n, double threshold)
{
    rtq__dyn_begin_array(b);
    for (uint32_t i = 0; i < n; i++) {
        rtq__dyn d = rtq__dyn_number((scores[i] > threshold) - (scores[i] < -threshold));
        rtq__dyn_add(b, &d);
    }
    rtq__dyn_end(b);
}

/* Flags and scores are those of the residual. */
static void anomaly_column(rtq__cell *out, int64_t k, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    uint32_t first = ctx->fn->tag & HIDDEN ? 1 : 0, method = first + 5;
    bool quartiles = n_args > method && rtq__series_by_quartiles(&args[method]);
    double threshold = n_args > first + 1 ? args[first + 1].u.d : 1.5;
    parts p;
    if (k == PREDICTED) {
        part_column(out, BASELINE, args, n_args, ctx);
        return;
    }
    if (!divide(&p, args, n_args, ctx))
        return;
    for (uint32_t i = 0; i < p.n; i++)
        p.rest[i] = p.x[i] - (p.season[i] + (p.intercept + p.slope * i));
    if (!rtq__series_scores(p.season, p.rest, p.n, p.learn, quartiles))
        return;
    if (k == SCORE) {
        rtq__return_reals(out, p.season, p.n, ctx);
    } else {
        add_flags(ctx->eval->builder, p.season, p.n, threshold);
        rtq__return_built(out, ctx);
    }
}

static void row_anomalies(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    anomaly_column(out, FLAG, args, n_args, ctx);
}

static void row_anomalies_nth(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    if (args[0].u.i >= FLAG && args[0].u.i <= PREDICTED)
        anomaly_column(out, args[0].u.i, args, n_args, ctx);
}

/* ---- what a call must say --------------------------------------------------------------------------------------------- */
static bool is_trend(const rtq__cell *c)
{
    static const char *const names[] = {"avg", "linefit", "none"};
    for (int i = 0; i < 3; i++)
        if (c->len == strlen(names[i]) && memcmp(c->u.s, names[i], c->len) == 0)
            return true;
    return false;
}

static int prepare(void **out, rtq__mem *mem, const rtq__fn *fn, const rtq__cell *const *args, uint32_t n_args,
                   rtq_diag *diag, size_t begin, size_t end)
{
    static const char *const names[] = {"series_seasonal", "series_decompose", "series_decompose_forecast",
                                        "series_decompose_anomalies"};
    uint32_t method = fn->tag & HIDDEN ? 6 : 5, at = season_at(fn->tag);
    intptr_t what = fn->tag & ~HIDDEN;
    const char *reason = NULL;
    int rc = RTQ_ERR_UNSUPPORTED;
    (void)out, (void)mem;
    if (n_args <= at || (args[at] && !args[at]->is_null && args[at]->u.i == -1))
        return rtq__diag_add(diag, rc, RTQ__SEV_ERROR, begin, end,
                             "'%s' without a period is not supported: how it finds one is not published; give the "
                             "period, or 0 for none",
                             names[what]);
    if (what == FORECAST && n_args == at + 1)
        return rtq__diag_add(diag, rc, RTQ__SEV_ERROR, begin, end,
                             "'%s' without a trend is not supported: what it takes then is told in two ways; give "
                             "'avg', 'linefit' or 'none'",
                             names[what]);
    rc = RTQ_ERR_SEMANTIC;
    if (args[at] && (args[at]->is_null || (args[at]->u.i < 0 && what != SEASONAL)))
        reason = "the period of %s() is a positive number of points, or 0 for none";
    else if (n_args > at + 1 && args[at + 1] && !is_trend(args[at + 1]))
        reason = "the trend of %s() is 'avg', 'linefit' or 'none'";
    else if (what == ANOMALIES && n_args > method && args[method] && !rtq__series_is_kind(args[method]))
        reason = "the method of %s() is 'ctukey' or 'tukey'";
    return reason ? rtq__diag_add(diag, rc, RTQ__SEV_ERROR, begin, end, reason, names[what]) : RTQ_OK;
}

/* clang-format off */
#define PARTS(fn, params, what, kernel, text, ref) \
    {.name = fn, .args = "dynamic, " params, .ret = "dynamic", .naming = RTQ__NAME_FN_FIRST, .row = row_##kernel, .prepare = prepare, .tag = what, .doc = text, .page = ref}, \
    {.name = "__" fn "_nth", .args = "const long, dynamic, " params, .ret = "dynamic", .row = row_##kernel##_nth, .prepare = prepare, .tag = what | HIDDEN, .flags = RTQ__FN_HIDDEN, .doc = "Result column of " fn "() by its number.", .page = ref}

const rtq__fn rtq__fns_series_season[] = {
    {.name = "series_seasonal", .args = "dynamic, [const long]", .ret = "dynamic", .row = row_seasonal, .prepare = prepare, .tag = SEASONAL, .doc = "Medians of the phases of a period, which must be given.", .page = "series-seasonal-function"},
    PARTS("series_decompose", "[const long], [const string], [long], [real]", DECOMPOSE, decompose, "Parts of a series: baseline, seasonal, trend, residual. The period must be given, 0 for none.", "series-decompose-function"),
    PARTS("series_decompose_forecast", "long, [const long], [const string], [real]", FORECAST, decompose, "Baseline of a series by all but its last points, with seasonal, trend, residual. Period and trend must be given.", "series-decompose-forecast-function"),
    PARTS("series_decompose_anomalies", "[real], [const long], [const string], [long], [const string], [real]", ANOMALIES, anomalies, "What stands out of a series without season and trend: ad_flag, ad_score, baseline. The period must be given, 0 for none.", "series-decompose-anomalies-function"),
};
/* clang-format on */
RTQ__FAMILY_COUNT(series_season)
