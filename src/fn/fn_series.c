/* fn_series.c - arrays of numbers: element by element, filled, filtered. */
#include <math.h>
#include "fn/families.h"
#include "fn/fn_array.h"

/* ---- two series, or a series and a number --------------------------------------------------------------------------- */
enum { ADD, SUBTRACT, MULTIPLY, DIVIDE, POW, EQUALS, NOT_EQUALS, GREATER, GREATER_EQUALS, LESS, LESS_EQUALS };

typedef struct operand {
    const rtq__dyn *items;
    uint32_t n;
    rtq__dyn scalar;
} operand;

static bool is_number(const rtq__dyn *d)
{
    return d->tag == RTQ__DYN_LONG || d->tag == RTQ__DYN_REAL;
}

static bool read_operand(operand *o, const rtq__cell *c, rtq__rowctx *ctx)
{
    o->items = rtq__array_items(c, &o->n, ctx);
    o->scalar = rtq__dyn_of(c);
    return o->items || is_number(&o->scalar);
}

static rtq__dyn item(const operand *o, uint32_t i)
{
    if (!o->items)
        return o->scalar;
    return i < o->n ? o->items[i] : (rtq__dyn){0};
}

static rtq__dyn truth(bool b)
{
    return (rtq__dyn){.tag = RTQ__DYN_BOOL, .u = {.i = b}};
}

static rtq__dyn integers(intptr_t op, int64_t a, int64_t b)
{
    uint64_t x = (uint64_t)a, y = (uint64_t)b;
    return rtq__dyn_number((int64_t)(op == ADD ? x + y : op == SUBTRACT ? x - y : x * y));
}

static rtq__dyn binary(intptr_t op, const rtq__dyn *a, const rtq__dyn *b)
{
    double x, y;
    if (!rtq__dyn_real(&x, a) || !rtq__dyn_real(&y, b))
        return (rtq__dyn){0};
    if (op <= MULTIPLY && a->tag == RTQ__DYN_LONG && b->tag == RTQ__DYN_LONG)
        return integers(op, a->u.i, b->u.i);
    switch (op) {
    case ADD: return rtq__dyn_float(x + y);
    case SUBTRACT: return rtq__dyn_float(x - y);
    case MULTIPLY: return rtq__dyn_float(x * y);
    case DIVIDE: return rtq__dyn_float(x / y);
    case POW: return rtq__dyn_float(pow(x, y));
    case EQUALS: return truth(x == y);
    case NOT_EQUALS: return truth(x != y);
    case GREATER: return truth(x > y);
    case GREATER_EQUALS: return truth(x >= y);
    case LESS: return truth(x < y);
    default: return truth(x <= y);
    }
}

static void row_binary(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    operand a, b;
    (void)n_args;
    if (!read_operand(&a, &args[0], ctx) || !read_operand(&b, &args[1], ctx) || (!a.items && !b.items))
        return;
    uint32_t n = a.items && (!b.items || a.n > b.n) ? a.n : b.n;
    rtq__dyn_begin_array(ctx->eval->builder);
    for (uint32_t i = 0; i < n; i++) {
        rtq__dyn x = item(&a, i), y = item(&b, i), z = binary(ctx->fn->tag, &x, &y);
        rtq__dyn_add(ctx->eval->builder, &z);
    }
    rtq__dyn_end(ctx->eval->builder);
    rtq__return_built(out, ctx);
}

/* ---- one series ----------------------------------------------------------------------------------------------------- */
enum { ABS, CEILING, FLOOR, SIGN, EXP, LOG, SIN, COS, TAN, ASIN, ACOS, ATAN };

static rtq__dyn unary(intptr_t op, const rtq__dyn *d)
{
    double x;
    if (!rtq__dyn_real(&x, d))
        return (rtq__dyn){0};
    bool integer = d->tag == RTQ__DYN_LONG;
    switch (op) {
    case ABS:
        return integer ? rtq__dyn_number(d->u.i < 0 ? (int64_t) - (uint64_t)d->u.i : d->u.i) : rtq__dyn_float(fabs(x));
    case CEILING: return integer ? *d : rtq__dyn_float(ceil(x));
    case FLOOR: return integer ? *d : rtq__dyn_float(floor(x));
    case SIGN: return rtq__dyn_number((x > 0) - (x < 0));
    case EXP: return rtq__dyn_float(exp(x));
    case LOG: return rtq__dyn_float(log(x));
    case SIN: return rtq__dyn_float(sin(x));
    case COS: return rtq__dyn_float(cos(x));
    case TAN: return rtq__dyn_float(tan(x));
    case ASIN: return rtq__dyn_float(asin(x));
    case ACOS: return rtq__dyn_float(acos(x));
    default: return rtq__dyn_float(atan(x));
    }
}

static void row_unary(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    uint32_t n;
    const rtq__dyn *items = rtq__array_items(&args[0], &n, ctx);
    (void)n_args;
    if (!items)
        return;
    rtq__dyn_begin_array(ctx->eval->builder);
    for (uint32_t i = 0; i < n; i++) {
        rtq__dyn d = unary(ctx->fn->tag, &items[i]);
        rtq__dyn_add(ctx->eval->builder, &d);
    }
    rtq__dyn_end(ctx->eval->builder);
    rtq__return_built(out, ctx);
}

/* ---- filling -------------------------------------------------------------------------------------------------------- */
static bool missing(const rtq__dyn *d, const rtq__dyn *placeholder)
{
    return placeholder->tag == RTQ__DYN_NULL ? d->tag == RTQ__DYN_NULL : rtq__dyn_equal(d, placeholder);
}

static rtq__dyn placeholder_of(const rtq__cell *args, uint32_t n_args, uint32_t i)
{
    return i < n_args ? rtq__dyn_of(&args[i]) : (rtq__dyn){0};
}

/* A copy of the items that may be changed. */
static rtq__dyn *own_items(const rtq__cell *c, uint32_t *n, rtq__rowctx *ctx)
{
    return (rtq__dyn *)(uintptr_t)rtq__array_items(c, n, ctx); /* made for this row on the heap of results */
}

enum { FORWARD, BACKWARD };

static void row_fill(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    uint32_t n;
    rtq__dyn *items = own_items(&args[0], &n, ctx), none = placeholder_of(args, n_args, 1);
    if (!items)
        return;
    for (uint32_t k = 1; k < n; k++) {
        uint32_t i = ctx->fn->tag == FORWARD ? k : n - 1 - k, from = ctx->fn->tag == FORWARD ? i - 1 : i + 1;
        if (missing(&items[i], &none))
            items[i] = items[from];
    }
    rtq__return_array(out, items, n, ctx);
}

static void row_fill_const(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    uint32_t n;
    rtq__dyn *items = own_items(&args[0], &n, ctx), none = placeholder_of(args, n_args, 2), with = rtq__dyn_number(0);
    if (n_args > 1)
        with = rtq__dyn_of(&args[1]);
    for (uint32_t i = 0; i < n; i++)
        if (missing(&items[i], &none))
            items[i] = with;
    if (items)
        rtq__return_array(out, items, n, ctx);
}

/* A series of integers stays one: what lies between is cut. */
static void interpolate(rtq__dyn *items, uint32_t from, uint32_t to, bool integers_only)
{
    double a = 0, b = 0;
    rtq__dyn_real(&a, &items[from]);
    rtq__dyn_real(&b, &items[to]);
    for (uint32_t i = from + 1; i < to; i++) {
        double x = a + (b - a) * (i - from) / (to - from);
        items[i] = integers_only ? rtq__dyn_number((int64_t)x) : rtq__dyn_float(x);
    }
}

static void row_fill_linear(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    uint32_t n, first = UINT32_MAX, last = 0;
    rtq__dyn *items = own_items(&args[0], &n, ctx), none = placeholder_of(args, n_args, 1), with = rtq__dyn_number(0);
    bool edges = n_args < 3 || args[2].is_null || args[2].u.i, integers_only = true;
    if (!items)
        return;
    if (n_args > 3)
        with = rtq__dyn_of(&args[3]);
    for (uint32_t i = 0; i < n; i++) {
        if (missing(&items[i], &none))
            continue;
        integers_only = integers_only && items[i].tag == RTQ__DYN_LONG;
        first = first == UINT32_MAX ? i : first;
        last = i;
    }
    for (uint32_t i = first, before = first; first != UINT32_MAX && i <= last; i++) {
        if (missing(&items[i], &none))
            continue;
        interpolate(items, before, i, integers_only);
        before = i;
    }
    for (uint32_t i = 0; i < n; i++) {
        if (first == UINT32_MAX)
            items[i] = with;
        else if (edges && (i < first || i > last))
            items[i] = items[i < first ? first : last];
    }
    rtq__return_array(out, items, n, ctx);
}

/* ---- filters -------------------------------------------------------------------------------------------------------- */
double *rtq__series_reals(const rtq__cell *c, uint32_t *n, rtq__rowctx *ctx)
{
    const rtq__dyn *items = rtq__array_items(c, n, ctx);
    double *x = items ? rtq__arena_alloc(ctx->heap, (*n + 1u) * sizeof *x) : NULL;
    if (items && !x)
        ctx->error = RTQ_ERR_NOMEM;
    for (uint32_t i = 0; x && i < *n; i++)
        if (!rtq__dyn_real(&x[i], &items[i]))
            x[i] = NAN;
    return x;
}

void rtq__return_reals(rtq__cell *out, const double *x, uint32_t n, rtq__rowctx *ctx)
{
    rtq__dyn_begin_array(ctx->eval->builder);
    for (uint32_t i = 0; i < n; i++) {
        rtq__dyn d = rtq__dyn_float(x[i]);
        rtq__dyn_add(ctx->eval->builder, &d);
    }
    rtq__dyn_end(ctx->eval->builder);
    rtq__return_built(out, ctx);
}

static void row_fir(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    uint32_t n, m;
    double *x = rtq__series_reals(&args[0], &n, ctx), *filter = rtq__series_reals(&args[1], &m, ctx), sum = 0;
    bool negative = false, center = n_args > 3 && !args[3].is_null && args[3].u.i;
    if (!x || !filter || !m)
        return;
    for (uint32_t k = 0; k < m; k++) {
        sum += filter[k];
        negative = negative || filter[k] < 0;
    }
    bool normal = n_args > 2 && !args[2].is_null ? args[2].u.i != 0 : !negative;
    if (normal && negative)
        return;
    double *y = rtq__arena_alloc(ctx->heap, (n + 1u) * sizeof *y);
    if (!y) {
        ctx->error = RTQ_ERR_NOMEM;
        return;
    }
    for (uint32_t i = 0; i < n; i++) {
        y[i] = 0;
        for (uint32_t k = 0; k < m; k++) {
            int64_t at = (int64_t)i - k + (center ? m / 2 : 0);
            y[i] += at >= 0 && at < n ? filter[k] * x[at] : 0;
        }
        if (normal)
            y[i] /= sum;
    }
    rtq__return_reals(out, y, n, ctx);
}

static void row_iir(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    uint32_t n, n_b, n_a;
    double *x = rtq__series_reals(&args[0], &n, ctx), *b = rtq__series_reals(&args[1], &n_b, ctx),
           *a = rtq__series_reals(&args[2], &n_a, ctx);
    (void)n_args;
    if (!x || !b || !a || !n_a || a[0] == 0)
        return;
    double *y = rtq__arena_alloc(ctx->heap, (n + 1u) * sizeof *y);
    if (!y) {
        ctx->error = RTQ_ERR_NOMEM;
        return;
    }
    for (uint32_t i = 0; i < n; i++) {
        double v = 0;
        for (uint32_t k = 0; k < n_b && k <= i; k++)
            v += b[k] * x[i - k];
        for (uint32_t k = 1; k < n_a && k <= i; k++)
            v -= a[k] * y[i - k];
        y[i] = v / a[0];
    }
    rtq__return_reals(out, y, n, ctx);
}

/* clang-format off */
#define BINARY(fn, op, text, ref) \
    {.name = fn, .args = "dynamic, dynamic", .ret = "dynamic", .row = row_binary, .tag = op, .doc = text, .page = ref "-function"}, \
    {.name = fn, .args = "dynamic, any", .ret = "dynamic", .row = row_binary, .tag = op, .doc = text, .page = ref "-function"}, \
    {.name = fn, .args = "any, dynamic", .ret = "dynamic", .row = row_binary, .tag = op, .doc = text, .page = ref "-function"}
#define UNARY(fn, op, text, ref) {.name = fn, .args = "dynamic", .ret = "dynamic", .row = row_unary, .tag = op, .doc = text, .page = ref "-function"}
#define FILL(fn, params, kernel, how, text, ref) \
    {.name = fn, .args = params, .ret = "dynamic", .nulls = RTQ__NULL_CUSTOM, .naming = RTQ__NAME_FIRST, .row = kernel, .tag = how, .doc = text, .page = ref "-function"}

const rtq__fn rtq__fns_series[] = {
    BINARY("series_add", ADD, "Sums of the items of two series.", "series-add"),
    BINARY("series_subtract", SUBTRACT, "Differences of the items of two series.", "series-subtract"),
    BINARY("series_multiply", MULTIPLY, "Products of the items of two series.", "series-multiply"),
    BINARY("series_divide", DIVIDE, "Quotients of the items of two series.", "series-divide"),
    BINARY("series_pow", POW, "Items of one series to the power of those of another.", "series-pow"),
    BINARY("series_equals", EQUALS, "Which items of two series are equal.", "series-equals"),
    BINARY("series_not_equals", NOT_EQUALS, "Which items of two series differ.", "series-not-equals"),
    BINARY("series_greater", GREATER, "Which items of a series are greater than those of another.", "series-greater"),
    BINARY("series_greater_equals", GREATER_EQUALS, "Which items of a series are not less than those of another.", "series-greater-equals"),
    BINARY("series_less", LESS, "Which items of a series are less than those of another.", "series-less"),
    BINARY("series_less_equals", LESS_EQUALS, "Which items of a series are not greater than those of another.", "series-less-equals"),
    UNARY("series_abs", ABS, "Absolute values.", "series-abs"),
    UNARY("series_ceiling", CEILING, "Values rounded up.", "series-ceiling"),
    UNARY("series_floor", FLOOR, "Values rounded down.", "series-floor"),
    UNARY("series_sign", SIGN, "Signs of the values.", "series-sign"),
    UNARY("series_exp", EXP, "e to the power of the values.", "series-exp"),
    UNARY("series_log", LOG, "Natural logarithms.", "series-log"),
    UNARY("series_sin", SIN, "Sines.", "series-sin"),
    UNARY("series_cos", COS, "Cosines.", "series-cos"),
    UNARY("series_tan", TAN, "Tangents.", "series-tan"),
    UNARY("series_asin", ASIN, "Angles of sines.", "series-asin"),
    UNARY("series_acos", ACOS, "Angles of cosines.", "series-acos"),
    UNARY("series_atan", ATAN, "Angles of tangents.", "series-atan"),
    FILL("series_fill_forward", "dynamic, [any]", row_fill, FORWARD, "Fills gaps with the value before them.", "series-fill-forward"),
    FILL("series_fill_backward", "dynamic, [any]", row_fill, BACKWARD, "Fills gaps with the value behind them.", "series-fill-backward"),
    FILL("series_fill_const", "dynamic, [any], [any]", row_fill_const, 0, "Fills gaps with a constant.", "series-fill-const"),
    FILL("series_fill_linear", "dynamic, [any], [bool], [any]", row_fill_linear, 0, "Fills gaps along straight lines.", "series-fill-linear"),
    {.name = "series_fir", .args = "dynamic, dynamic, [bool], [bool]", .ret = "dynamic", .nulls = RTQ__NULL_CUSTOM, .naming = RTQ__NAME_FIRST, .row = row_fir, .doc = "Finite impulse response filter.", .page = "series-fir-function"},
    {.name = "series_iir", .args = "dynamic, dynamic, dynamic", .ret = "dynamic", .naming = RTQ__NAME_FIRST, .row = row_iir, .doc = "Infinite impulse response filter.", .page = "series-iir-function"},
};
/* clang-format on */
RTQ__FAMILY_COUNT(series)
