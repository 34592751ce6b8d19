/* fn_series_fit.c - straight lines through series: one, or two that meet at the best split. */
#include <math.h>
#include "fn/families.h"
#include "fn/fn_array.h"

/* ---- one line --------------------------------------------------------------------------------------------------------- */
typedef struct line {
    double r2, slope, variance, rvariance, intercept; /* intercept: at the first point */
} line;

static bool fit(line *f, const double *y, uint32_t from, uint32_t n)
{
    double sy = 0, xy = 0, xx = 0, ss = 0, rest = 0, mx = (n - 1) / 2.0;
    if (n < 2)
        return false;
    for (uint32_t i = 0; i < n; i++) {
        if (!isfinite(y[from + i]))
            return false;
        sy += y[from + i];
    }
    for (uint32_t i = 0; i < n; i++) {
        double dx = i - mx, dy = y[from + i] - sy / n;
        xx += dx * dx, xy += dx * dy, ss += dy * dy;
    }
    f->slope = xy / xx;
    f->intercept = sy / n - f->slope * mx;
    for (uint32_t i = 0; i < n; i++) {
        double r = y[from + i] - (f->intercept + f->slope * i);
        rest += r * r;
    }
    f->variance = ss / (n - 1);
    f->rvariance = rest / (n - 1);
    f->r2 = ss > 0 ? 1 - rest / ss : 1;
    return true;
}

bool rtq__fit_line(double *slope, double *intercept, const double *y, uint32_t n)
{
    line f;
    if (!fit(&f, y, 0, n))
        return false;
    *slope = f.slope;
    *intercept = f.intercept;
    return true;
}

/* Kusto counts points from 1. */
static double interception(const line *f)
{
    return f->intercept - f->slope;
}

static void add_real(rtq__dyn_builder *b, const char *key, double x)
{
    rtq__dyn d = rtq__dyn_float(x);
    rtq__dyn_key(b, key, strlen(key));
    rtq__dyn_add(b, &d);
}

static double *fitted(const line *f, uint32_t n, rtq__rowctx *ctx)
{
    double *y = rtq__arena_alloc(ctx->heap, (n + 1u) * sizeof *y);
    if (!y)
        ctx->error = RTQ_ERR_NOMEM;
    for (uint32_t i = 0; y && i < n; i++)
        y[i] = f->intercept + f->slope * i;
    return y;
}

/* Result column `k` of series_fit_line(): r², slope, variance, residual variance, intercept, the line. */
static void fit_column(rtq__cell *out, int64_t k, const rtq__cell *series, rtq__rowctx *ctx)
{
    uint32_t n;
    double *y = rtq__series_reals(series, &n, ctx), *values;
    line f;
    if (!y || k < 0 || k > 5 || !fit(&f, y, 0, n))
        return;
    double columns[] = {f.r2, f.slope, f.variance, f.rvariance, interception(&f)};
    if (k < 5)
        *out = rtq__cell_y(rtq__dyn_float(columns[k]));
    else if ((values = fitted(&f, n, ctx)))
        rtq__return_reals(out, values, n, ctx);
}

static void row_fit_nth(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    (void)n_args;
    fit_column(out, args[0].u.i, &args[1], ctx);
}

static void row_fit(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    rtq__cell c = rtq__cell_null(RTQ_DYNAMIC);
    (void)n_args;
    fit_column(&c, 0, &args[0], ctx);
    if (!c.is_null)
        *out = rtq__cell_d(c.u.y.u.d);
}

static void row_fit_dynamic(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    uint32_t n;
    rtq__dyn_builder *b = ctx->eval->builder;
    double *y = rtq__series_reals(&args[0], &n, ctx), *values;
    line f;
    (void)n_args;
    if (!y || !fit(&f, y, 0, n) || !(values = fitted(&f, n, ctx)))
        return;
    rtq__dyn_begin_bag(b);
    add_real(b, "rsquare", f.r2);
    add_real(b, "slope", f.slope);
    add_real(b, "variance", f.variance);
    add_real(b, "rvariance", f.rvariance);
    add_real(b, "interception", interception(&f));
    rtq__dyn_key(b, "line_fit", 8);
    rtq__dyn_begin_array(b);
    for (uint32_t i = 0; i < n; i++) {
        rtq__dyn d = rtq__dyn_float(values[i]);
        rtq__dyn_add(b, &d);
    }
    rtq__dyn_end(b);
    rtq__dyn_end(b);
    rtq__return_built(out, ctx);
}

/* ---- two lines -------------------------------------------------------------------------------------------------------- */
/* `split` is the first point of the right line, counted from 0, and so how many the left one has. Both have two at least: one
 * point has no line. */
typedef struct two_lines {
    line left, right;
    double r2, variance, rvariance;
    uint32_t split, n;
} two_lines;

/* Least squares, a point at a time. */
typedef struct moments {
    double n, mx, my, xx, xy, yy;
} moments;

static double add_point(moments *m, double x, double y)
{
    double dx = x - m->mx, dy = y - m->my;
    m->n++;
    m->mx += dx / m->n, m->my += dy / m->n;
    m->xx += dx * (x - m->mx), m->xy += dx * (y - m->my), m->yy += dy * (y - m->my);
    double rest = m->xx > 0 ? m->yy - m->xy * m->xy / m->xx : 0;
    return rest > 0 ? rest : 0;
}

/* The first of equally good splits; what rounding makes of equal ones is no difference. */
static uint32_t best_split(const double *y, uint32_t n, double *left)
{
    moments from_left = {0}, from_right = {0};
    double best = INFINITY;
    uint32_t at = 0;
    for (uint32_t i = 0; i < n; i++)
        left[i] = add_point(&from_left, i, y[i]);
    for (uint32_t i = n - 1; i > 1; i--) {
        double rest = add_point(&from_right, i, y[i]);
        if (n - i < 2)
            continue;
        rest += left[i - 1];
        if (rest <= best + 1e-12 * from_left.yy) {
            best = rest < best ? rest : best;
            at = i;
        }
    }
    return at;
}

static bool fit_two(two_lines *f, const double *y, uint32_t n, rtq__rowctx *ctx)
{
    line whole;
    if (n < 4 || !fit(&whole, y, 0, n) || !isfinite(whole.variance))
        return false;
    double *left = rtq__arena_alloc(ctx->heap, n * sizeof *left);
    if (!left) {
        ctx->error = RTQ_ERR_NOMEM;
        return false;
    }
    f->n = n;
    f->split = best_split(y, n, left);
    uint32_t n_right = n - f->split;
    if (!fit(&f->left, y, 0, f->split) || !fit(&f->right, y, f->split, n_right))
        return false;
    f->variance = whole.variance;
    f->rvariance = (f->left.rvariance * (f->split - 1) + f->right.rvariance * (n_right - 1)) / (n - 1);
    f->r2 = f->variance > 0 ? 1 - f->rvariance / f->variance : 1;
    return true;
}

static double two_at(const two_lines *f, uint32_t i)
{
    return i < f->split ? f->left.intercept + f->left.slope * i : f->right.intercept + f->right.slope * (i - f->split);
}

static void add_two(rtq__dyn_builder *b, const two_lines *f)
{
    rtq__dyn_begin_array(b);
    for (uint32_t i = 0; i < f->n; i++) {
        rtq__dyn d = rtq__dyn_float(two_at(f, i));
        rtq__dyn_add(b, &d);
    }
    rtq__dyn_end(b);
}

/* Result column `k` of series_fit_2lines(). */
static void two_column(rtq__cell *out, int64_t k, const rtq__cell *series, rtq__rowctx *ctx)
{
    uint32_t n;
    double *y = rtq__series_reals(series, &n, ctx);
    two_lines f;
    if (!y || k < 0 || k > 14 || !fit_two(&f, y, n, ctx))
        return;
    const line *side = k < 10 ? &f.right : &f.left;
    double whole[] = {f.r2, 0, f.variance, f.rvariance};
    double part[] = {side->r2, side->slope, interception(side), side->variance, side->rvariance};
    if (k == 4) {
        add_two(ctx->eval->builder, &f);
        rtq__return_built(out, ctx);
    } else {
        *out = rtq__cell_y(k == 1 ? rtq__dyn_number(f.split) : rtq__dyn_float(k < 4 ? whole[k] : part[k % 5]));
    }
}

static void row_two_nth(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    (void)n_args;
    two_column(out, args[0].u.i, &args[1], ctx);
}

static void row_two(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    rtq__cell c = rtq__cell_null(RTQ_DYNAMIC);
    (void)n_args;
    two_column(&c, 0, &args[0], ctx);
    if (!c.is_null)
        *out = rtq__cell_d(c.u.y.u.d);
}

static void add_side(rtq__dyn_builder *b, const char *key, const line *f)
{
    rtq__dyn_key(b, key, strlen(key));
    rtq__dyn_begin_bag(b);
    add_real(b, "rsquare", f->r2);
    add_real(b, "slope", f->slope);
    add_real(b, "interception", interception(f));
    add_real(b, "variance", f->variance);
    add_real(b, "rvariance", f->rvariance);
    rtq__dyn_end(b);
}

static void row_two_dynamic(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    uint32_t n;
    rtq__dyn_builder *b = ctx->eval->builder;
    double *y = rtq__series_reals(&args[0], &n, ctx);
    two_lines f;
    (void)n_args;
    if (!y || !fit_two(&f, y, n, ctx))
        return;
    rtq__dyn split = rtq__dyn_number(f.split);
    rtq__dyn_begin_bag(b);
    add_real(b, "rsquare", f.r2);
    rtq__dyn_key(b, "split_idx", 9);
    rtq__dyn_add(b, &split);
    add_real(b, "variance", f.variance);
    add_real(b, "rvariance", f.rvariance);
    rtq__dyn_key(b, "line_fit", 8);
    add_two(b, &f);
    add_side(b, "right", &f.right);
    add_side(b, "left", &f.left);
    rtq__dyn_end(b);
    rtq__return_built(out, ctx);
}

/* clang-format off */
const rtq__fn rtq__fns_series_fit[] = {
    {.name = "series_fit_line", .args = "dynamic", .ret = "real", .naming = RTQ__NAME_FN_FIRST, .row = row_fit, .doc = "Straight line through a series: rsquare, slope, variance, rvariance, interception, line_fit.", .page = "series-fit-line-function"},
    {.name = "__series_fit_line_nth", .args = "const long, dynamic", .ret = "dynamic", .row = row_fit_nth, .flags = RTQ__FN_HIDDEN, .doc = "Result column of series_fit_line() by its number.", .page = "series-fit-line-function"},
    {.name = "series_fit_line_dynamic", .args = "dynamic", .ret = "dynamic", .row = row_fit_dynamic, .doc = "Straight line through a series as a property bag.", .page = "series-fit-line-dynamic-function"},
    {.name = "series_fit_2lines", .args = "dynamic", .ret = "real", .naming = RTQ__NAME_FN_FIRST, .row = row_two, .doc = "Two straight lines that meet at the best split of a series: rsquare, split_idx, variance, rvariance, line_fit, and both lines.", .page = "series-fit-2lines-function"},
    {.name = "__series_fit_2lines_nth", .args = "const long, dynamic", .ret = "dynamic", .row = row_two_nth, .flags = RTQ__FN_HIDDEN, .doc = "Result column of series_fit_2lines() by its number.", .page = "series-fit-2lines-function"},
    {.name = "series_fit_2lines_dynamic", .args = "dynamic", .ret = "dynamic", .row = row_two_dynamic, .doc = "Two straight lines that meet at the best split of a series, as a property bag.", .page = "series-fit-2lines-dynamic-function"},
};
/* clang-format on */
RTQ__FAMILY_COUNT(series_fit)
