/* fn_math.c - numbers: powers, logarithms, trigonometry, rounding, bits, random numbers. Arguments outside a function's domain
 * give null where the reference says so (sqrt, log, asin, acos), NaN otherwise. */
#include <math.h>
#include "fn/convert.h"
#include "fn/families.h"
#include "value/decimal.h"

/* ---- functions of one real ---------------------------------------------------------------------------------------- */

typedef double (*real_fn)(double);

static double do_exp10(double x)
{
    return pow(10, x);
}
static double do_cot(double x)
{
    return 1 / tan(x);
}
static double do_degrees(double x)
{
    return x * (180 / 3.14159265358979323846);
}
static double do_radians(double x)
{
    return x * (3.14159265358979323846 / 180);
}
static double do_sign(double x)
{
    return x > 0 ? 1 : x < 0 ? -1 : 0;
}
static double do_lgamma(double x)
{
    int sign; /* lgamma() writes a global */
    return lgamma_r(x, &sign);
}

enum {
    F_SQRT,
    F_EXP,
    F_EXP2,
    F_EXP10,
    F_LOG,
    F_LOG2,
    F_LOG10,
    F_SIN,
    F_COS,
    F_TAN,
    F_ASIN,
    F_ACOS,
    F_ATAN,
    F_COT,
    F_DEGREES,
    F_RADIANS,
    F_GAMMA,
    F_LOGGAMMA,
    F_ERF,
    F_ERFC,
    F_SIGN
};

/* The domain, ends included; outside: null. */
static const struct {
    real_fn fn;
    double low, high;
} reals[] = {
    [F_SQRT] = {sqrt, 0, INFINITY},
    [F_EXP] = {exp, -INFINITY, INFINITY},
    [F_EXP2] = {exp2, -INFINITY, INFINITY},
    [F_EXP10] = {do_exp10, -INFINITY, INFINITY},
    [F_LOG] = {log, 0, INFINITY},
    [F_LOG2] = {log2, 0, INFINITY},
    [F_LOG10] = {log10, 0, INFINITY},
    [F_SIN] = {sin, -INFINITY, INFINITY},
    [F_COS] = {cos, -INFINITY, INFINITY},
    [F_TAN] = {tan, -INFINITY, INFINITY},
    [F_ASIN] = {asin, -1, 1},
    [F_ACOS] = {acos, -1, 1},
    [F_ATAN] = {atan, -INFINITY, INFINITY},
    [F_COT] = {do_cot, -INFINITY, INFINITY},
    [F_DEGREES] = {do_degrees, -INFINITY, INFINITY},
    [F_RADIANS] = {do_radians, -INFINITY, INFINITY},
    [F_GAMMA] = {tgamma, -INFINITY, INFINITY},
    [F_LOGGAMMA] = {do_lgamma, -INFINITY, INFINITY},
    [F_ERF] = {erf, -INFINITY, INFINITY},
    [F_ERFC] = {erfc, -INFINITY, INFINITY},
    [F_SIGN] = {do_sign, -INFINITY, INFINITY},
};

static void row_real(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    (void)n_args;
    double x = args[0].kind == RTQ_DECIMAL ? rtq__decimal_to_double(args[0].u.w) : args[0].u.d;
    if (x < reals[ctx->fn->tag].low || x > reals[ctx->fn->tag].high)
        return;
    *out = rtq__cell_d(reals[ctx->fn->tag].fn(x));
}

static void row_pow(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    (void)n_args, (void)ctx;
    *out = rtq__cell_d(pow(args[0].u.d, args[1].u.d));
}

static void row_atan2(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    (void)n_args, (void)ctx;
    *out = rtq__cell_d(atan2(args[0].u.d, args[1].u.d));
}

static void row_pi(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    (void)args, (void)n_args, (void)ctx;
    *out = rtq__cell_d(3.14159265358979323846);
}

/* ---- rounding ----------------------------------------------------------------------------------------------------- */

static int64_t pow10_long(int64_t digits)
{
    int64_t x = 1;
    while (digits-- > 0)
        x *= 10;
    return x;
}

/* To a multiple of 10^digits, halves away from zero. */
static int64_t round_long(int64_t x, int64_t digits)
{
    if (digits <= 0)
        return x;
    if (digits > 18)
        return 0;
    int64_t unit = pow10_long(digits), rest = x % unit;
    int64_t half = unit / 2, down = x - rest;
    if (rest >= half)
        return (int64_t)((uint64_t)down + (uint64_t)unit);
    return rest <= -half ? (int64_t)((uint64_t)down - (uint64_t)unit) : down;
}

static void row_round_long(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    (void)ctx;
    int64_t digits = n_args > 1 ? args[1].u.i : 0;
    *out = rtq__cell_i(out->kind, round_long(args[0].u.i, digits < -18 ? 19 : -digits));
}

static void row_round_real(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    (void)ctx;
    double x = args[0].u.d;
    int64_t digits = n_args > 1 ? args[1].u.i : 0;
    if (digits > 300 || digits < -308 || !isfinite(x)) {
        *out = rtq__cell_d(digits < -308 && isfinite(x) ? 0 : x);
        return;
    }
    double unit = pow(10, (double)(digits < 0 ? -digits : digits)), scaled = digits >= 0 ? x * unit : x / unit;
    if (!isfinite(scaled) || fabs(scaled) >= 4503599627370496.0) { /* has no fraction */
        *out = rtq__cell_d(x);
        return;
    }
    scaled = round(scaled);
    *out = rtq__cell_d(digits >= 0 ? (scaled + 0.0) / unit : (scaled + 0.0) * unit); /* no -0.0 */
}

static void row_ceiling(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    (void)n_args, (void)ctx;
    *out = args[0];
    if (args[0].kind == RTQ_REAL)
        out->u.d = ceil(args[0].u.d) + 0.0; /* no -0.0 */
}

static void row_abs(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    (void)n_args, (void)ctx;
    *out = args[0];
    if (args[0].kind == RTQ_REAL)
        out->u.d = fabs(args[0].u.d);
    else if (args[0].u.i < 0)
        out->u.i = (int64_t)(0 - (uint64_t)args[0].u.i);
}

/* ---- bits --------------------------------------------------------------------------------------------------------- */

static void row_bits(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    uint64_t a = (uint64_t)args[0].u.i, b = n_args > 1 ? (uint64_t)args[1].u.i : 0, x;
    switch (ctx->fn->tag) {
    case '&': x = a & b; break;
    case '|': x = a | b; break;
    case '^': x = a ^ b; break;
    case '~': x = ~a; break;
    case '1': x = (uint64_t)__builtin_popcountll(a); break;
    default:
        if ((int64_t)b < 0)
            return;
        x = ctx->fn->tag == '<' ? a << (b & 63) : (uint64_t)(args[0].u.i >> (b & 63));
        break;
    }
    *out = rtq__cell_i(RTQ_LONG, (int64_t)x);
}

/* ---- random numbers ----------------------------------------------------------------------------------------------- */

static uint64_t next_random(rtq__eval *eval)
{
    uint64_t x = eval->random; /* xorshift64*: good enough for sampling, and one word of state */
    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    eval->random = x;
    return x * UINT64_C(0x2545F4914F6CDD1D);
}

static void row_rand(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    double x = (double)(next_random(ctx->eval) >> 11) * 0x1p-53;
    if (n_args > 0)
        x = args[0].u.i > 0 ? floor(x * (double)args[0].u.i) : 0;
    *out = rtq__cell_d(x);
}

#define REAL_OF(arg_, name_, tag_, naming_, doc_, page_)                                                          \
    {                                                                                                             \
        .name = name_, .args = arg_, .ret = "real", .naming = naming_, .row = row_real, .tag = tag_, .doc = doc_, \
        .page = page_                                                                                             \
    }
#if RTQ_WITH_DECIMAL
#define REAL(name, tag, naming, doc, page) \
    REAL_OF("real", name, tag, naming, doc, page), REAL_OF("decimal", name, tag, naming, doc, page)
#define DECIMAL(name, args, page) ROUNDING(name, args, "decimal", rtq__row_decimal_round, page),
#else
#define REAL(name, tag, naming, doc, page) REAL_OF("real", name, tag, naming, doc, page)
#define DECIMAL(name, args, page)
#endif
#define FIRST RTQ__NAME_FIRST
#define NONE RTQ__NAME_NONE
#define BITS(name_, args_, tag_, page_)                                                                       \
    {                                                                                                         \
        .name = name_, .args = args_, .ret = "long", .naming = RTQ__NAME_FIRST, .row = row_bits, .tag = tag_, \
        .doc = "works on the bits of whole numbers", .page = page_                                            \
    }
#define ROUNDING(name_, args_, ret_, fun, page_)                                          \
    {                                                                                     \
        .name = name_, .args = args_, .ret = ret_, .naming = RTQ__NAME_FIRST, .row = fun, \
        .doc = "rounds a number, or takes its absolute value", .page = page_              \
    }

const rtq__fn rtq__fns_math[] = {
    REAL("sqrt", F_SQRT, FIRST, "square root", "sqrt-function"),
    REAL("exp", F_EXP, FIRST, "e to the power of x", "exp-function"),
    REAL("exp2", F_EXP2, FIRST, "2 to the power of x", "exp2-function"),
    REAL("exp10", F_EXP10, FIRST, "10 to the power of x", "exp10-function"),
    REAL("log", F_LOG, FIRST, "natural logarithm", "log-function"),
    REAL("log2", F_LOG2, FIRST, "logarithm to base 2", "log2-function"),
    REAL("log10", F_LOG10, FIRST, "logarithm to base 10", "log10-function"),
    REAL("sin", F_SIN, FIRST, "sine", "sin-function"),
    REAL("cos", F_COS, FIRST, "cosine", "cos-function"),
    REAL("tan", F_TAN, FIRST, "tangent", "tan-function"),
    REAL("asin", F_ASIN, FIRST, "angle whose sine is x", "asin-function"),
    REAL("acos", F_ACOS, FIRST, "angle whose cosine is x", "acos-function"),
    REAL("atan", F_ATAN, FIRST, "angle whose tangent is x", "atan-function"),
    REAL("cot", F_COT, NONE, "cotangent", "cot-function"),
    REAL("degrees", F_DEGREES, NONE, "radians to degrees", "degrees-function"),
    REAL("radians", F_RADIANS, NONE, "degrees to radians", "radians-function"),
    REAL("gamma", F_GAMMA, FIRST, "gamma function", "gamma-function"),
    REAL("loggamma", F_LOGGAMMA, FIRST, "logarithm of the gamma function", "loggamma-function"),
    REAL("erf", F_ERF, FIRST, "error function", "erf-function"),
    REAL("erfc", F_ERFC, FIRST, "complementary error function", "erfc-function"),
    REAL("sign", F_SIGN, NONE, "-1, 0 or 1", "sign-function"),
    {.name = "pow",
     .args = "number, number",
     .ret = "real",
     .naming = FIRST,
     .row = row_pow,
     .doc = "base to the power of exponent",
     .page = "pow-function"},
    {.name = "atan2",
     .args = "number, number",
     .ret = "real",
     .naming = FIRST,
     .row = row_atan2,
     .doc = "angle of the point (x, y)",
     .page = "atan2-function"},
    {.name = "pi", .args = "", .ret = "real", .row = row_pi, .doc = "the constant pi", .page = "pi-function"},
    DECIMAL("round", "decimal, [const long]", "round-function")
        ROUNDING("round", "int, [const long]", "int", row_round_long, "round-function"),
    ROUNDING("round", "long, [const long]", "long", row_round_long, "round-function"),
    ROUNDING("round", "real, [const long]", "real", row_round_real, "round-function"),
    DECIMAL("ceiling", "decimal", "ceiling-function")
        ROUNDING("ceiling", "int", "int", row_ceiling, "ceiling-function"),
    ROUNDING("ceiling", "long", "long", row_ceiling, "ceiling-function"),
    ROUNDING("ceiling", "real", "real", row_ceiling, "ceiling-function"),
    DECIMAL("abs", "decimal", "abs-function") ROUNDING("abs", "long", "long", row_abs, "abs-function"),
    ROUNDING("abs", "real", "real", row_abs, "abs-function"),
    ROUNDING("abs", "timespan", "timespan", row_abs, "abs-function"),
    BITS("binary_and", "long, long", '&', "binary-and-function"),
    BITS("binary_or", "long, long", '|', "binary-or-function"),
    BITS("binary_xor", "long, long", '^', "binary-xor-function"),
    BITS("binary_not", "long", '~', "binary-not-function"),
    BITS("binary_shift_left", "long, long", '<', "binary-shift-left-function"),
    BITS("binary_shift_right", "long, long", '>', "binary-shift-right-function"),
    BITS("bitset_count_ones", "long", '1', "bitset-count-ones-function"),
    {.name = "rand",
     .args = "[long]",
     .ret = "real",
     .naming = FIRST,
     .flags = RTQ__FN_VOLATILE,
     .row = row_rand,
     .doc = "a random number",
     .page = "rand-function"},
};
RTQ__FAMILY_COUNT(math)
