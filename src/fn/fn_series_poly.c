/* fn_series_poly.c - polynomials through series, by least squares.
 *
 * Orthogonal polynomials of the points (Forsythe): no equations to solve, so that high degrees and wide ranges of x stay
 * accurate. They are built over t, x moved to -1 ... 1, next to their coefficients. */
#include <math.h>
#include "fn/families.h"
#include "fn/fn_array.h"

enum { MAX_DEGREE = 100 };

typedef struct poly {
    const double *y;
    double *t, *fit, *now, *before;      /* values at the points */
    double mid, half;                    /* x = mid + half * t */
    double coefficients[MAX_DEGREE + 1]; /* of t, then of x; lowest first */
    double r2, variance, rvariance;
    uint32_t n, degree;
} poly;

/* False: something is no finite number. */
static bool scale(poly *p, const double *x)
{
    double low = INFINITY, high = -INFINITY;
    for (uint32_t i = 0; i < p->n; i++) {
        double v = x ? x[i] : i + 1.0;
        if (!isfinite(v) || !isfinite(p->y[i]))
            return false;
        low = v < low ? v : low;
        high = v > high ? v : high;
    }
    p->mid = low / 2 + high / 2;
    p->half = high / 2 - low / 2;
    if (!(p->half > 0))
        p->half = 1;
    for (uint32_t i = 0; i < p->n; i++)
        p->t[i] = ((x ? x[i] : i + 1.0) - p->mid) / p->half;
    return true;
}

/* Coefficients of the next polynomial: (t - a) now - b before. */
static void next_coefficients(double *next, const double *now, const double *before, double a, double b,
                              uint32_t degree)
{
    for (uint32_t i = 0; i <= degree; i++)
        next[i] = (i ? now[i - 1] : 0) - a * now[i] - b * before[i];
}

/* False: fewer different x than the degree asks for. */
static bool expand(poly *p)
{
    double c[3][MAX_DEGREE + 2] = {{0}}, norm_before = 1;
    double *now = c[0], *before = c[1], *next = c[2];
    now[0] = 1;
    for (uint32_t i = 0; i < p->n; i++)
        p->now[i] = 1, p->before[i] = 0, p->fit[i] = 0;
    for (uint32_t k = 0;; k++) {
        double norm = 0, ty = 0, tt = 0;
        for (uint32_t i = 0; i < p->n; i++) {
            double q = p->now[i];
            norm += q * q, ty += q * (p->y[i] - p->fit[i]), tt += p->t[i] * q * q;
        }
        if (!(norm > 1e-24 * norm_before) || !isfinite(ty))
            return false;
        for (uint32_t i = 0; i < p->n; i++)
            p->fit[i] += ty / norm * p->now[i];
        for (uint32_t i = 0; i <= k; i++)
            p->coefficients[i] += ty / norm * now[i];
        if (k == p->degree)
            return true;
        double a = tt / norm, b = k ? norm / norm_before : 0;
        for (uint32_t i = 0; i < p->n; i++) {
            double q = (p->t[i] - a) * p->now[i] - b * p->before[i];
            p->before[i] = p->now[i];
            p->now[i] = q;
        }
        next_coefficients(next, now, before, a, b, k + 1);
        double *free_one = before;
        before = now, now = next, next = free_one;
        norm_before = norm;
    }
}

/* From t to x, by Horner's rule over polynomials. */
static void unscale(poly *p)
{
    double x[MAX_DEGREE + 2] = {0};
    for (uint32_t k = p->degree + 1; k-- > 0;) {
        for (uint32_t i = p->degree + 1; i-- > 0;)
            x[i] = (i ? x[i - 1] : 0) / p->half - x[i] * p->mid / p->half;
        x[0] += p->coefficients[k];
    }
    memcpy(p->coefficients, x, sizeof p->coefficients);
}

static bool fit_poly(poly *p, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    uint32_t m = 0;
    double *x = NULL, mean = 0, ss = 0, rest = 0;
    memset(p, 0, sizeof *p);
    p->degree = n_args > 2 ? (uint32_t)args[2].u.i : 1; /* checked by prepare */
    p->y = rtq__series_reals(&args[0], &p->n, ctx);
    if (n_args > 1)
        x = rtq__series_reals(&args[1], &m, ctx);
    if (!p->y || (n_args > 1 && (!x || m != p->n)) || p->n < 2 || p->degree >= p->n)
        return false;
    p->t = rtq__arena_alloc(ctx->heap, 4 * (size_t)p->n * sizeof *p->t);
    if (!p->t) {
        ctx->error = RTQ_ERR_NOMEM;
        return false;
    }
    p->fit = p->t + p->n, p->now = p->fit + p->n, p->before = p->now + p->n;
    if (!scale(p, x) || !expand(p))
        return false;
    unscale(p);
    for (uint32_t i = 0; i < p->n; i++)
        mean += p->y[i] / p->n;
    for (uint32_t i = 0; i < p->n; i++) {
        double d = p->y[i] - mean, r = p->y[i] - p->fit[i];
        ss += d * d, rest += r * r;
    }
    p->variance = ss / (p->n - 1);
    p->rvariance = rest / (p->n - 1);
    p->r2 = ss > 0 ? 1 - rest / ss : 1;
    return isfinite(ss) && isfinite(rest);
}

/* Result column `k` of series_fit_poly(): r², coefficients, variance, residual variance, the polynomial. */
static void poly_column(rtq__cell *out, int64_t k, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    poly p;
    double highest_first[MAX_DEGREE + 1];
    if (k < 0 || k > 4 || !fit_poly(&p, args, n_args, ctx))
        return;
    for (uint32_t i = 0; i <= p.degree; i++)
        highest_first[i] = p.coefficients[p.degree - i];
    if (k == 1)
        rtq__return_reals(out, highest_first, p.degree + 1, ctx);
    else if (k == 4)
        rtq__return_reals(out, p.fit, p.n, ctx);
    else
        *out = rtq__cell_y(rtq__dyn_float(k == 0 ? p.r2 : k == 2 ? p.variance : p.rvariance));
}

static void row_poly_nth(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    poly_column(out, args[0].u.i, args + 1, n_args - 1, ctx);
}

static void row_poly(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    rtq__cell c = rtq__cell_null(RTQ_DYNAMIC);
    poly_column(&c, 0, args, n_args, ctx);
    if (!c.is_null)
        *out = rtq__cell_d(c.u.y.u.d);
}

static int prepare_poly(void **out, rtq__mem *mem, const rtq__fn *fn, const rtq__cell *const *args, uint32_t n_args,
                        rtq_diag *diag, size_t begin, size_t end)
{
    const rtq__cell *degree = (uint32_t)fn->tag < n_args ? args[fn->tag] : NULL;
    (void)out, (void)mem;
    if (!degree || (!degree->is_null && degree->u.i >= 0 && degree->u.i <= MAX_DEGREE))
        return RTQ_OK;
    return rtq__diag_add(diag, RTQ_ERR_SEMANTIC, RTQ__SEV_ERROR, begin, end,
                         "the degree of series_fit_poly() is a number from 0 to %d", MAX_DEGREE);
}

/* clang-format off */
const rtq__fn rtq__fns_series_poly[] = {
    {.name = "series_fit_poly", .args = "dynamic, [dynamic], [const long]", .ret = "real", .naming = RTQ__NAME_FN_FIRST, .row = row_poly, .prepare = prepare_poly, .tag = 2, .doc = "Polynomial through a series: rsquare, coefficients, variance, rvariance, poly_fit.", .page = "series-fit-poly-function"},
    {.name = "__series_fit_poly_nth", .args = "const long, dynamic, [dynamic], [const long]", .ret = "dynamic", .row = row_poly_nth, .prepare = prepare_poly, .tag = 3, .flags = RTQ__FN_HIDDEN, .doc = "Result column of series_fit_poly() by its number.", .page = "series-fit-poly-function"},
};
/* clang-format on */
RTQ__FAMILY_COUNT(series_poly)
