/* fn_arith.c - the operators + - * / % and the signs. Rules: integers wrap; integer division truncates and by zero gives null;
 * a remainder is never negative; reals follow IEEE 754; datetimes outside the calendar are null. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("O3")
#endif
#include <math.h>
#include "base/diag.h"
#include "base/text.h"
#include "base/time.h"
#include "fn/convert.h"
#include "fn/divide.h"
#include "fn/families.h"
#include "fn/loops.h"

static inline int64_t div_long(int64_t a, int64_t b)
{
    if (b == 0 || b == -1) /* zero becomes null elsewhere; the quotient of LONG_MIN and -1 wraps */
        return (int64_t)(0 - (uint64_t)a);
    return a / b;
}

static inline int64_t mod_long(int64_t a, int64_t b)
{
    if (b == 0 || b == -1)
        return 0;
    int64_t r = a % b;
    return r < 0 ? (int64_t)((uint64_t)r + (b < 0 ? 0 - (uint64_t)b : (uint64_t)b)) : r;
}

static inline double mod_real(double a, double b)
{
    double r = fmod(a, b);
    return r < 0 ? r + fabs(b) : r;
}

static inline int64_t to_ticks(double x)
{
    return x >= 9223372036854775807.0 ? INT64_MAX : x <= -9223372036854775808.0 ? INT64_MIN : x == x ? (int64_t)x : 0;
}

#define WRAP(a, op, b) (int64_t)((uint64_t)(a)op(uint64_t)(b))

#define LOOP add_long
#define LOOP_A int64_t
#define LOOP_B int64_t
#define LOOP_OUT int64_t
#define LOOP_DO(x, y) WRAP(x, +, y)
#include "fn/loop_arith.h"

#define LOOP sub_long
#define LOOP_A int64_t
#define LOOP_B int64_t
#define LOOP_OUT int64_t
#define LOOP_DO(x, y) WRAP(x, -, y)
#include "fn/loop_arith.h"

#define LOOP mul_long
#define LOOP_A int64_t
#define LOOP_B int64_t
#define LOOP_OUT int64_t
#define LOOP_DO(x, y) WRAP(x, *, y)
#include "fn/loop_arith.h"

#define LOOP div_longs
#define LOOP_A int64_t
#define LOOP_B int64_t
#define LOOP_OUT int64_t
#define LOOP_DO(x, y) div_long(x, y)
#include "fn/loop_arith.h"

#define LOOP mod_longs
#define LOOP_A int64_t
#define LOOP_B int64_t
#define LOOP_OUT int64_t
#define LOOP_DO(x, y) mod_long(x, y)
#include "fn/loop_arith.h"

#define LOOP add_real
#define LOOP_A double
#define LOOP_B double
#define LOOP_OUT double
#define LOOP_DO(x, y) ((x) + (y))
#include "fn/loop_arith.h"

#define LOOP sub_real
#define LOOP_A double
#define LOOP_B double
#define LOOP_OUT double
#define LOOP_DO(x, y) ((x) - (y))
#include "fn/loop_arith.h"

#define LOOP mul_real
#define LOOP_A double
#define LOOP_B double
#define LOOP_OUT double
#define LOOP_DO(x, y) ((x) * (y))
#include "fn/loop_arith.h"

#define LOOP div_real
#define LOOP_A double
#define LOOP_B double
#define LOOP_OUT double
#define LOOP_DO(x, y) ((x) / (y))
#include "fn/loop_arith.h"

#define LOOP mod_reals
#define LOOP_A double
#define LOOP_B double
#define LOOP_OUT double
#define LOOP_DO(x, y) mod_real(x, y)
#include "fn/loop_arith.h"

/* ticks and a real factor */
#define LOOP mul_ticks
#define LOOP_A int64_t
#define LOOP_B double
#define LOOP_OUT int64_t
#define LOOP_DO(x, y) to_ticks((double)(x) * (y))
#include "fn/loop_arith.h"

#define LOOP mul_factor
#define LOOP_A double
#define LOOP_B int64_t
#define LOOP_OUT int64_t
#define LOOP_DO(x, y) to_ticks((x) * (double)(y))
#include "fn/loop_arith.h"

#define LOOP div_ticks
#define LOOP_A int64_t
#define LOOP_B double
#define LOOP_OUT int64_t
#define LOOP_DO(x, y) to_ticks((double)(x) / (y))
#include "fn/loop_arith.h"

#define LOOP mod_ticks
#define LOOP_A int64_t
#define LOOP_B double
#define LOOP_OUT int64_t
#define LOOP_DO(x, y) to_ticks(mod_real((double)(x), y))
#include "fn/loop_arith.h"

/* a ratio of ticks */
#define LOOP ratio
#define LOOP_A int64_t
#define LOOP_B int64_t
#define LOOP_OUT double
#define LOOP_DO(x, y) ((double)(x) / (double)(y))
#include "fn/loop_arith.h"

enum { ZERO_NULL = 1 /* null where the right side is zero */, CALENDAR = 2 /* null where the result is no datetime */ };

typedef struct arith {
    const rtq__loops *loops;
    uint8_t a, b, flags; /* kinds of the operands: dynamic ones are converted */
} arith;

enum {
    ADD_LONG,
    SUB_LONG,
    MUL_LONG,
    DIV_LONG,
    MOD_LONG,
    ADD_REAL,
    SUB_REAL,
    MUL_REAL,
    DIV_REAL,
    MOD_REAL,
    ADD_SPAN,
    SUB_SPAN,
    MUL_SPAN,
    MOD_SPAN,
    SPAN_MUL_LONG,
    SPAN_MUL_REAL,
    LONG_MUL_SPAN,
    REAL_MUL_SPAN,
    SPAN_DIV_LONG,
    SPAN_DIV_REAL,
    SPAN_DIV_SPAN,
    SPAN_MOD_LONG,
    SPAN_MOD_REAL,
    TIME_ADD_SPAN,
    SPAN_ADD_TIME,
    TIME_ADD_TIME,
    TIME_SUB_SPAN,
    TIME_SUB_TIME,
    SPAN_SUB_TIME,
    TIME_MUL_LONG,
    TIME_MUL_REAL,
    LONG_MUL_TIME,
    REAL_MUL_TIME,
    TIME_DIV_LONG,
    TIME_DIV_REAL,
    TIME_DIV_TIME,
    TIME_DIV_SPAN,
    TIME_MOD_LONG,
    TIME_MOD_REAL,
    TIME_MOD_SPAN,
    TIME_MOD_TIME
};

static const arith ariths[] = {
    [ADD_LONG] = {&add_long, RTQ_LONG, RTQ_LONG, 0},
    [SUB_LONG] = {&sub_long, RTQ_LONG, RTQ_LONG, 0},
    [MUL_LONG] = {&mul_long, RTQ_LONG, RTQ_LONG, 0},
    [DIV_LONG] = {&div_longs, RTQ_LONG, RTQ_LONG, ZERO_NULL},
    [MOD_LONG] = {&mod_longs, RTQ_LONG, RTQ_LONG, ZERO_NULL},
    [ADD_REAL] = {&add_real, RTQ_REAL, RTQ_REAL, 0},
    [SUB_REAL] = {&sub_real, RTQ_REAL, RTQ_REAL, 0},
    [MUL_REAL] = {&mul_real, RTQ_REAL, RTQ_REAL, 0},
    [DIV_REAL] = {&div_real, RTQ_REAL, RTQ_REAL, 0},
    [MOD_REAL] = {&mod_reals, RTQ_REAL, RTQ_REAL, 0},
    [ADD_SPAN] = {&add_long, RTQ_TIMESPAN, RTQ_TIMESPAN, 0},
    [SUB_SPAN] = {&sub_long, RTQ_TIMESPAN, RTQ_TIMESPAN, 0},
    [MUL_SPAN] = {&mul_long, RTQ_TIMESPAN, RTQ_TIMESPAN, 0},
    [MOD_SPAN] = {&mod_longs, RTQ_TIMESPAN, RTQ_TIMESPAN, ZERO_NULL},
    [SPAN_MUL_LONG] = {&mul_long, RTQ_TIMESPAN, RTQ_LONG, 0},
    [SPAN_MUL_REAL] = {&mul_ticks, RTQ_TIMESPAN, RTQ_REAL, 0},
    [LONG_MUL_SPAN] = {&mul_long, RTQ_LONG, RTQ_TIMESPAN, 0},
    [REAL_MUL_SPAN] = {&mul_factor, RTQ_REAL, RTQ_TIMESPAN, 0},
    [SPAN_DIV_LONG] = {&div_longs, RTQ_TIMESPAN, RTQ_LONG, ZERO_NULL},
    [SPAN_DIV_REAL] = {&div_ticks, RTQ_TIMESPAN, RTQ_REAL, ZERO_NULL},
    [SPAN_DIV_SPAN] = {&ratio, RTQ_TIMESPAN, RTQ_TIMESPAN, 0},
    [SPAN_MOD_LONG] = {&mod_longs, RTQ_TIMESPAN, RTQ_LONG, ZERO_NULL},
    [SPAN_MOD_REAL] = {&mod_ticks, RTQ_TIMESPAN, RTQ_REAL, ZERO_NULL},
    [TIME_ADD_SPAN] = {&add_long, RTQ_DATETIME, RTQ_TIMESPAN, CALENDAR},
    [SPAN_ADD_TIME] = {&add_long, RTQ_TIMESPAN, RTQ_DATETIME, CALENDAR},
    [TIME_ADD_TIME] = {&add_long, RTQ_DATETIME, RTQ_DATETIME, CALENDAR},
    [TIME_SUB_SPAN] = {&sub_long, RTQ_DATETIME, RTQ_TIMESPAN, CALENDAR},
    [TIME_SUB_TIME] = {&sub_long, RTQ_DATETIME, RTQ_DATETIME, 0},
    [SPAN_SUB_TIME] = {&sub_long, RTQ_TIMESPAN, RTQ_DATETIME, CALENDAR},
    [TIME_MUL_LONG] = {&mul_long, RTQ_DATETIME, RTQ_LONG, CALENDAR},
    [TIME_MUL_REAL] = {&mul_ticks, RTQ_DATETIME, RTQ_REAL, CALENDAR},
    [LONG_MUL_TIME] = {&mul_long, RTQ_LONG, RTQ_DATETIME, CALENDAR},
    [REAL_MUL_TIME] = {&mul_factor, RTQ_REAL, RTQ_DATETIME, CALENDAR},
    [TIME_DIV_LONG] = {&div_longs, RTQ_DATETIME, RTQ_LONG, ZERO_NULL | CALENDAR},
    [TIME_DIV_REAL] = {&div_ticks, RTQ_DATETIME, RTQ_REAL, ZERO_NULL | CALENDAR},
    [TIME_DIV_TIME] = {&ratio, RTQ_DATETIME, RTQ_DATETIME, 0},
    [TIME_DIV_SPAN] = {&ratio, RTQ_DATETIME, RTQ_TIMESPAN, 0},
    [TIME_MOD_LONG] = {&mod_longs, RTQ_DATETIME, RTQ_LONG, ZERO_NULL | CALENDAR},
    [TIME_MOD_REAL] = {&mod_ticks, RTQ_DATETIME, RTQ_REAL, ZERO_NULL | CALENDAR},
    [TIME_MOD_SPAN] = {&mod_longs, RTQ_DATETIME, RTQ_TIMESPAN, ZERO_NULL},
    [TIME_MOD_TIME] = {&mod_longs, RTQ_DATETIME, RTQ_DATETIME, ZERO_NULL},
};

int rtq__valid_and(rtq__scratch *s, rtq__vec *out, const rtq__vec *a)
{
    if (!a->valid || a->form == RTQ__CONST)
        return RTQ_OK;
    if (!rtq__vec_valid(s, out))
        return RTQ_ERR_NOMEM;
    for (uint32_t w = 0, n = (out->n + 63) / 64; w < n; w++)
        out->valid[w] &= a->valid[w];
    return RTQ_OK;
}

/* Null where a right side is zero: -0.0 too. Both are 8 bytes of zeros, but for the sign. */
static int nulls_at_zero(rtq__vec *out, const rtq__vec *b, const rtq__fcall *call)
{
    uint64_t keep = b->kind == RTQ_REAL ? UINT64_MAX >> 1 : UINT64_MAX;
    const uint64_t *cells = b->data;
    if (b->form == RTQ__CONST)
        return RTQ_OK;
    for (uint32_t i = 0; i < call->n_sel; i++) {
        uint32_t row = call->sel ? call->sel[i] : i;
        if ((cells[row] & keep) != 0)
            continue;
        if (!rtq__vec_valid(call->eval->scratch, out))
            return RTQ_ERR_NOMEM;
        rtq__bit_clear(out->valid, row);
    }
    return RTQ_OK;
}

static int nulls_off_calendar(rtq__vec *out, const rtq__fcall *call)
{
    const uint64_t *cells = out->data;
    for (uint32_t i = 0; i < call->n_sel; i++) {
        uint32_t row = call->sel ? call->sel[i] : i;
        if (cells[row] <= (uint64_t)RTQ__TICKS_MAX)
            continue;
        if (!rtq__vec_valid(call->eval->scratch, out))
            return RTQ_ERR_NOMEM;
        rtq__bit_clear(out->valid, row);
    }
    return RTQ_OK;
}

static bool zero_const(const rtq__vec *b)
{
    uint64_t cell;
    if (b->form != RTQ__CONST)
        return false;
    memcpy(&cell, b->data, 8);
    return (b->kind == RTQ_REAL ? cell << 1 : cell) == 0;
}

/* Division by a positive constant, which is what most divisions are. */
static void divide_const(int64_t *restrict to, const int64_t *from, int64_t by, bool rest, const rtq__sel *sel,
                         uint32_t n)
{
    rtq__divisor d = rtq__divisor_make(by);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t r = sel ? sel[i] : i;
        to[r] = rest ? rtq__modulo_floor(from[r], &d) : rtq__divide_trunc(from[r], &d);
    }
}

static bool by_const(const arith *op, const rtq__vec *a, const rtq__vec *b)
{
    return (op->loops == &div_longs || op->loops == &mod_longs) && a->form != RTQ__CONST && b->form == RTQ__CONST &&
           *(const int64_t *)b->data > 0;
}

static int run_arith(rtq__vec **out, rtq__fcall *call, const arith *op, const rtq__vec *a, const rtq__vec *b)
{
    rtq__scratch *scratch = call->eval->scratch;
    if (rtq__vec_is_null_const(a) || rtq__vec_is_null_const(b) || ((op->flags & ZERO_NULL) && zero_const(b))) {
        *out = rtq__vec_nulls(scratch, call->kind);
        return *out ? RTQ_OK : RTQ_ERR_NOMEM;
    }
    bool once = a->form == RTQ__CONST && b->form == RTQ__CONST;
    rtq__vec *v = *out = rtq__vec_new(scratch, call->kind, once ? 1 : call->n);
    if (!v || rtq__valid_and(scratch, v, a) != RTQ_OK || rtq__valid_and(scratch, v, b) != RTQ_OK)
        return RTQ_ERR_NOMEM;
    rtq__fcall one = *call;
    if (once) {
        v->form = RTQ__CONST;
        one.sel = NULL, one.n_sel = 1;
    }
    rtq__loop2 loop = a->form == RTQ__CONST ? op->loops->cv : b->form == RTQ__CONST ? op->loops->vc : op->loops->vv;
    if (by_const(op, a, b))
        divide_const(v->data, a->data, *(const int64_t *)b->data, op->loops == &mod_longs, one.sel, one.n_sel);
    else
        loop(v->data, a->data, b->data, one.sel, one.n_sel);
    int rc = op->flags & ZERO_NULL ? nulls_at_zero(v, b, &one) : RTQ_OK;
    if (rc == RTQ_OK && (op->flags & CALENDAR))
        rc = nulls_off_calendar(v, &one);
    return rc;
}

static int vec_arith(rtq__vec **out, rtq__fcall *call)
{
    const arith *op = &ariths[call->fn->tag];
    rtq__vec *a, *b;
    int rc = rtq__vec_convert(&a, call, call->args[0], op->a);
    if (rc != RTQ_OK || (rc = rtq__vec_convert(&b, call, call->args[1], op->b)) != RTQ_OK)
        return rc;
    return run_arith(out, call, op, a, b);
}

/* A sign: 0 - x, or x itself. */
static int vec_minus(rtq__vec **out, rtq__fcall *call)
{
    int64_t zero[1] = {0};
    double minus_zero[1] = {-0.0};
    bool real = call->kind == RTQ_REAL;
    rtq__vec none = {.kind = call->kind, .form = RTQ__CONST, .n = 1, .data = real ? (void *)minus_zero : (void *)zero};
    return run_arith(out, call, &ariths[call->fn->tag], &none, call->args[0]);
}

static int vec_plus(rtq__vec **out, rtq__fcall *call)
{
    return rtq__vec_convert(out, call, call->args[0], call->kind);
}

/* ---- dynamic with dynamic: by what the two hold ------------------------------------------------------------------- */

static bool is_number(const rtq__dyn *d)
{
    return d->tag == RTQ__DYN_LONG || d->tag == RTQ__DYN_REAL || d->tag == RTQ__DYN_BOOL;
}

static rtq__dyn dyn_of(uint8_t tag, int64_t i)
{
    return (rtq__dyn){.tag = tag, .u.i = i};
}

static void dyn_longs(rtq__cell *out, char op, int64_t a, int64_t b)
{
    if ((op == '/' || op == '%') && b == 0)
        return;
    int64_t x = op == '+'   ? WRAP(a, +, b)
                : op == '-' ? WRAP(a, -, b)
                : op == '*' ? WRAP(a, *, b)
                : op == '/' ? div_long(a, b)
                            : mod_long(a, b);
    *out = rtq__cell_y(dyn_of(RTQ__DYN_LONG, x));
}

static void dyn_reals(rtq__cell *out, char op, double a, double b)
{
    rtq__dyn d = {.tag = RTQ__DYN_REAL};
    d.u.d = op == '+' ? a + b : op == '-' ? a - b : op == '*' ? a * b : op == '/' ? a / b : mod_real(a, b);
    *out = rtq__cell_y(d);
}

static void dyn_times(rtq__cell *out, char op, const rtq__dyn *a, const rtq__dyn *b)
{
    bool a_time = a->tag == RTQ__DYN_DATETIME, b_time = b->tag == RTQ__DYN_DATETIME;
    if (op != '+' && op != '-')
        return;
    int64_t x = op == '+' ? WRAP(a->u.i, +, b->u.i) : WRAP(a->u.i, -, b->u.i);
    bool time = op == '+' ? a_time || b_time : a_time != b_time;
    if (!time || (uint64_t)x <= (uint64_t)RTQ__TICKS_MAX)
        *out = rtq__cell_y(dyn_of(time ? RTQ__DYN_DATETIME : RTQ__DYN_TIMESPAN, x));
}

/* Text of an open schema that reads as a number counts as one. */
static rtq__dyn operand(const rtq__cell *arg)
{
    rtq__dyn d = arg->u.y;
    int64_t i;
    double x;
    if (arg->kind != RTQ_UNKNOWN || d.tag != RTQ__DYN_STRING)
        return d;
    if (rtq__parse_long(&i, d.u.p, d.len))
        return dyn_of(RTQ__DYN_LONG, i);
    if (rtq__parse_real(&x, d.u.p, d.len))
        return (rtq__dyn){.tag = RTQ__DYN_REAL, .u.d = x};
    return d;
}

static void row_dynamic(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    rtq__dyn left = n_args == 2 ? operand(&args[0]) : dyn_of(RTQ__DYN_LONG, 0), right = operand(&args[n_args - 1]),
             *a = &left, *b = &right;
    char op = ctx->fn->name[0];
    bool a_time = a->tag == RTQ__DYN_DATETIME || a->tag == RTQ__DYN_TIMESPAN,
         b_time = b->tag == RTQ__DYN_DATETIME || b->tag == RTQ__DYN_TIMESPAN;
    if (a_time && b_time) {
        dyn_times(out, op, a, b);
    } else if (is_number(a) && is_number(b)) {
        if (a->tag == RTQ__DYN_REAL || b->tag == RTQ__DYN_REAL)
            dyn_reals(out, op, a->tag == RTQ__DYN_REAL ? a->u.d : (double)a->u.i,
                      b->tag == RTQ__DYN_REAL ? b->u.d : (double)b->u.i);
        else
            dyn_longs(out, op, a->u.i, b->u.i);
    }
}

/* Kusto refuses two dynamic values: a field of an open schema has a type, which only the data tells. */
static uint32_t ret_dynamic(const rtq__fn *fn, const uint8_t *kinds, uint32_t n, rtq_diag *diag, size_t begin,
                            size_t end)
{
    if (n != 2 || kinds[0] == RTQ_UNKNOWN || kinds[1] == RTQ_UNKNOWN)
        return RTQ_DYNAMIC;
    rtq__diag_add(diag, RTQ_ERR_SEMANTIC, RTQ__SEV_ERROR, begin, end,
                  "operator '%s' is not defined for dynamic and dynamic", fn->name);
    rtq__diag_hint(diag, "say what the dynamic values hold: tostring(), tolong(), todatetime() …");
    return 0;
}

#define ROW(op, a, b, out, kernel)                                                                            \
    {                                                                                                         \
        .name = op, .args = a ", " b, .ret = out, .flags = RTQ__FN_OPERATOR, .vec = vec_arith, .tag = kernel, \
        .doc = "arithmetic on numbers, datetimes and timespans", .page = "numerical-operators"                \
    }
#define BY_ROW(op, types, out, fun)                                                                                    \
    {                                                                                                                  \
        .name = op, .args = types, .ret = out, .flags = RTQ__FN_OPERATOR, .row = fun, .doc = "arithmetic on decimals", \
        .page = "numerical-operators"                                                                                  \
    }
#define DYNAMIC(op, types)                                                                         \
    {                                                                                              \
        .name = op, .args = types, .ret = "custom", .flags = RTQ__FN_OPERATOR, .row = row_dynamic, \
        .ret_fn = ret_dynamic, .doc = "arithmetic on values whose type the data decides",          \
        .page = "numerical-operators"                                                              \
    }
/* Without the Intel library there is no arithmetic on decimals, so that queries with it are refused. */
#if RTQ_WITH_DECIMAL
#define DECIMALS(op, types) BY_ROW(op, types, "decimal", rtq__row_decimal),
#else
#define DECIMALS(op, types)
#endif
#define NUMBERS(op, what)            \
    DECIMALS(op, "decimal, decimal") \
    ROW(op, "long", "long", "long", what##_LONG), ROW(op, "real", "real", "real", what##_REAL)
#define DYNAMICS(op, what)                                                                                \
    DECIMALS(op, "dynamic, decimal")                                                                      \
    DECIMALS(op, "decimal, dynamic")                                                                      \
    ROW(op, "dynamic", "long", "long", what##_LONG), ROW(op, "long", "dynamic", "long", what##_LONG),     \
        ROW(op, "dynamic", "real", "real", what##_REAL), ROW(op, "real", "dynamic", "real", what##_REAL), \
        DYNAMIC(op, "dynamic, dynamic")
#define SIGN(op, fun, kind, kernel)                                                                  \
    {                                                                                                \
        .name = op, .args = kind, .ret = kind, .flags = RTQ__FN_OPERATOR, .vec = fun, .tag = kernel, \
        .doc = "a value with a sign", .page = "numerical-operators"                                  \
    }

const rtq__fn rtq__fns_arith[] = {
    NUMBERS("+", ADD),
    ROW("+", "timespan", "timespan", "timespan", ADD_SPAN),
    ROW("+", "datetime", "timespan", "datetime", TIME_ADD_SPAN),
    ROW("+", "timespan", "datetime", "datetime", SPAN_ADD_TIME),
    ROW("+", "datetime", "datetime", "datetime", TIME_ADD_TIME),
    DYNAMICS("+", ADD),
    ROW("+", "dynamic", "timespan", "timespan", ADD_SPAN),
    ROW("+", "timespan", "dynamic", "timespan", ADD_SPAN),
    ROW("+", "dynamic", "datetime", "datetime", SPAN_ADD_TIME),
    ROW("+", "datetime", "dynamic", "datetime", TIME_ADD_SPAN),
    SIGN("+", vec_plus, "long", 0),
    SIGN("+", vec_plus, "real", 0),
    SIGN("+", vec_plus, "timespan", 0),
    SIGN("+", vec_plus, "datetime", 0),
    SIGN("+", vec_plus, "decimal", 0),
    SIGN("+", vec_plus, "dynamic", 0),

    NUMBERS("-", SUB),
    ROW("-", "timespan", "timespan", "timespan", SUB_SPAN),
    ROW("-", "datetime", "datetime", "timespan", TIME_SUB_TIME),
    ROW("-", "datetime", "timespan", "datetime", TIME_SUB_SPAN),
    ROW("-", "timespan", "datetime", "datetime", SPAN_SUB_TIME),
    DYNAMICS("-", SUB),
    ROW("-", "datetime", "dynamic", "timespan", TIME_SUB_TIME),
    ROW("-", "dynamic", "datetime", "timespan", TIME_SUB_TIME),
    ROW("-", "timespan", "dynamic", "timespan", SUB_SPAN),
    ROW("-", "dynamic", "timespan", "timespan", SUB_SPAN),
    SIGN("-", vec_minus, "long", SUB_LONG),
    SIGN("-", vec_minus, "real", SUB_REAL),
    SIGN("-", vec_minus, "timespan", SUB_SPAN),
    SIGN("-", vec_minus, "datetime", TIME_SUB_SPAN),
    DECIMALS("-", "decimal") DYNAMIC("-", "dynamic"),

    NUMBERS("*", MUL),
    ROW("*", "timespan", "timespan", "timespan", MUL_SPAN),
    ROW("*", "timespan", "long", "timespan", SPAN_MUL_LONG),
    ROW("*", "timespan", "real", "timespan", SPAN_MUL_REAL),
    ROW("*", "long", "timespan", "timespan", LONG_MUL_SPAN),
    ROW("*", "real", "timespan", "timespan", REAL_MUL_SPAN),
    ROW("*", "datetime", "long", "datetime", TIME_MUL_LONG),
    ROW("*", "datetime", "real", "datetime", TIME_MUL_REAL),
    ROW("*", "long", "datetime", "datetime", LONG_MUL_TIME),
    ROW("*", "real", "datetime", "datetime", REAL_MUL_TIME),
    ROW("*", "timespan", "decimal", "timespan", SPAN_MUL_REAL),
    ROW("*", "decimal", "timespan", "timespan", REAL_MUL_SPAN),
    ROW("*", "datetime", "decimal", "datetime", TIME_MUL_REAL),
    ROW("*", "decimal", "datetime", "datetime", REAL_MUL_TIME),
    DYNAMICS("*", MUL),

    NUMBERS("/", DIV),
    ROW("/", "timespan", "timespan", "real", SPAN_DIV_SPAN),
    ROW("/", "timespan", "long", "timespan", SPAN_DIV_LONG),
    ROW("/", "timespan", "real", "timespan", SPAN_DIV_REAL),
    ROW("/", "datetime", "datetime", "real", TIME_DIV_TIME),
    ROW("/", "datetime", "timespan", "real", TIME_DIV_SPAN),
    ROW("/", "datetime", "long", "datetime", TIME_DIV_LONG),
    ROW("/", "datetime", "real", "datetime", TIME_DIV_REAL),
    ROW("/", "timespan", "decimal", "timespan", SPAN_DIV_REAL),
    ROW("/", "datetime", "decimal", "datetime", TIME_DIV_REAL),
    DYNAMICS("/", DIV),

    NUMBERS("%", MOD),
    ROW("%", "timespan", "timespan", "timespan", MOD_SPAN),
    ROW("%", "timespan", "long", "timespan", SPAN_MOD_LONG),
    ROW("%", "timespan", "real", "timespan", SPAN_MOD_REAL),
    ROW("%", "datetime", "timespan", "timespan", TIME_MOD_SPAN),
    ROW("%", "datetime", "datetime", "timespan", TIME_MOD_TIME),
    ROW("%", "datetime", "long", "datetime", TIME_MOD_LONG),
    ROW("%", "datetime", "real", "datetime", TIME_MOD_REAL),
    ROW("%", "timespan", "decimal", "timespan", SPAN_MOD_REAL),
    ROW("%", "datetime", "decimal", "datetime", TIME_MOD_REAL),
    DYNAMICS("%", MOD),
};
RTQ__FAMILY_COUNT(arith)
