/* fn_decimal.c - arithmetic on decimals, by the Intel library. Without it the operators give no value; queries that use decimals
 * are refused when they are compiled. */
#include "fn/convert.h"
#include "base/text.h"
#include "value/decimal.h"
#if RTQ_WITH_DECIMAL
#define DECIMAL_CALL_BY_REFERENCE 0
#define DECIMAL_GLOBAL_ROUNDING 0
#define DECIMAL_GLOBAL_EXCEPTION_FLAGS 0
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wstrict-prototypes"
#include <bid_conf.h>
#include <bid_functions.h>
#pragma GCC diagnostic pop

static BID_UINT128 operand(const rtq__cell *arg, rtq__rowctx *ctx)
{
    rtq__cell c = rtq__cell_convert(arg, RTQ_DECIMAL, ctx->eval, ctx->heap);
    BID_UINT128 x;
    memcpy(&x, c.u.w, 16);
    return x;
}

static bool is_zero(BID_UINT128 x)
{
    return bid128_isZero(x) != 0;
}

/* A remainder is never negative, as for integers. */
static BID_UINT128 remainder_of(BID_UINT128 a, BID_UINT128 b, _IDEC_flags *flags)
{
    BID_UINT128 r = bid128_fmod(a, b, flags);
    return bid128_isSigned(r) && !is_zero(r) ? bid128_add(r, bid128_abs(b), BID_ROUNDING_TO_NEAREST, flags) : r;
}

void rtq__row_decimal(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    BID_UINT128 a = operand(&args[0], ctx), b, r;
    _IDEC_flags flags = 0;
    char op = ctx->fn->name[0];
    if (n_args == 1) {
        r = bid128_negate(a);
    } else {
        b = operand(&args[1], ctx);
        if ((op == '/' || op == '%') && is_zero(b))
            return;
        switch (op) {
        case '+': r = bid128_add(a, b, BID_ROUNDING_TO_NEAREST, &flags); break;
        case '-': r = bid128_sub(a, b, BID_ROUNDING_TO_NEAREST, &flags); break;
        case '*': r = bid128_mul(a, b, BID_ROUNDING_TO_NEAREST, &flags); break;
        case '/': r = bid128_div(a, b, BID_ROUNDING_TO_NEAREST, &flags); break;
        default: r = remainder_of(a, b, &flags); break;
        }
    }
    memcpy(out->u.w, &r, 16);
    out->is_null = false;
}

static BID_UINT128 power_of_ten(int64_t digits)
{
    char text[32] = "1e";
    uint64_t w[2] = {0, 0};
    BID_UINT128 x;
    rtq__decimal_parse(w, text, 2 + rtq__print_long(text + 2, digits));
    memcpy(&x, w, 16);
    return x;
}

/* To a number of digits after the point; halves away from zero, as for reals. */
static BID_UINT128 rounded(BID_UINT128 x, int64_t digits, _IDEC_flags *flags)
{
    if (digits == 0)
        return bid128_round_integral_nearest_away(x, flags);
    if (digits > 34 || digits < -34)
        return digits > 0 ? x : bid128_from_int64(0);
    BID_UINT128 scaled = bid128_mul(x, power_of_ten(digits), BID_ROUNDING_TO_NEAREST, flags);
    return bid128_mul(bid128_round_integral_nearest_away(scaled, flags), power_of_ten(-digits), BID_ROUNDING_TO_NEAREST,
                      flags);
}

void rtq__row_decimal_round(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    BID_UINT128 a = operand(&args[0], ctx), b, r;
    _IDEC_flags flags = 0;
    switch (ctx->fn->name[0]) {
    case 'a': r = bid128_abs(a); break;
    case 'c': r = bid128_round_integral_positive(a, &flags); break;
    case 'r': r = rounded(a, n_args > 1 ? args[1].u.i : 0, &flags); break;
    default: /* bin, floor */
        b = operand(&args[1], ctx);
        if (is_zero(b) || bid128_isSigned(b))
            return;
        r = bid128_round_integral_negative(bid128_div(a, b, BID_ROUNDING_TO_NEAREST, &flags), &flags);
        r = bid128_mul(r, b, BID_ROUNDING_TO_NEAREST, &flags);
        break;
    }
    memcpy(out->u.w, &r, 16);
    out->is_null = false;
}
#else
void rtq__row_decimal(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    (void)out, (void)args, (void)n_args, (void)ctx;
}

void rtq__row_decimal_round(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    (void)out, (void)args, (void)n_args, (void)ctx;
}
#endif
