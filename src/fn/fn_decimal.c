/* fn_decimal.c - arithmetic on decimals, by the Intel library. Without it the operators give no value; queries that use decimals
 * are refused when they are compiled. */
#include "fn/convert.h"
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
    uint64_t w[2];
    memcpy(w, &x, 16);
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
#else
void rtq__row_decimal(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    (void)out, (void)args, (void)n_args, (void)ctx;
}
#endif
