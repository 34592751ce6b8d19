/* fn_compare.c - the operators == != < <= > >= and between. Null with null is null; null with a value is false for == and true for
 * !=; the other operators give null as soon as one side is null. What cannot be compared by type (dynamic with a number, values of
 * open schemas) is compared by value in compare_value.c. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("O3")
#endif
#include "base/diag.h"
#include "fn/compare.h"
#include "fn/convert.h"
#include "fn/families.h"
#include "fn/loops.h"
#include "value/decimal.h"

typedef struct cell16 {
    uint64_t w[2];
} cell16;

#define EQUAL_16(a, b) ((a).w[0] == (b).w[0] && (a).w[1] == (b).w[1])
#define DECIMAL(a, op, b) (rtq__decimal_compare((a).w, (b).w) op 0)

#define LOOP eq_bool
#define LOOP_T uint8_t
#define LOOP_DO(a, b) ((a) == (b))
#include "fn/loop_compare.h"

#define LOOP eq_long
#define LOOP_T int64_t
#define LOOP_DO(a, b) ((a) == (b))
#include "fn/loop_compare.h"

#define LOOP eq_real
#define LOOP_T double
#define LOOP_DO(a, b) ((a) == (b))
#include "fn/loop_compare.h"

#define LOOP eq_decimal
#define LOOP_T cell16
#define LOOP_DO(a, b) DECIMAL(a, ==, b)
#include "fn/loop_compare.h"

#define LOOP ne_bool
#define LOOP_T uint8_t
#define LOOP_DO(a, b) ((a) != (b))
#include "fn/loop_compare.h"

#define LOOP ne_long
#define LOOP_T int64_t
#define LOOP_DO(a, b) ((a) != (b))
#include "fn/loop_compare.h"

#define LOOP ne_real
#define LOOP_T double
#define LOOP_DO(a, b) ((a) != (b))
#include "fn/loop_compare.h"

#define LOOP ne_decimal
#define LOOP_T cell16
#define LOOP_DO(a, b) DECIMAL(a, !=, b)
#include "fn/loop_compare.h"

#define LOOP lt_bool
#define LOOP_T uint8_t
#define LOOP_DO(a, b) ((a) < (b))
#include "fn/loop_compare.h"

#define LOOP lt_long
#define LOOP_T int64_t
#define LOOP_DO(a, b) ((a) < (b))
#include "fn/loop_compare.h"

#define LOOP lt_real
#define LOOP_T double
#define LOOP_DO(a, b) ((a) < (b))
#include "fn/loop_compare.h"

#define LOOP lt_decimal
#define LOOP_T cell16
#define LOOP_DO(a, b) DECIMAL(a, <, b)
#include "fn/loop_compare.h"

#define LOOP le_bool
#define LOOP_T uint8_t
#define LOOP_DO(a, b) ((a) <= (b))
#include "fn/loop_compare.h"

#define LOOP le_long
#define LOOP_T int64_t
#define LOOP_DO(a, b) ((a) <= (b))
#include "fn/loop_compare.h"

#define LOOP le_real
#define LOOP_T double
#define LOOP_DO(a, b) ((a) <= (b))
#include "fn/loop_compare.h"

#define LOOP le_decimal
#define LOOP_T cell16
#define LOOP_DO(a, b) DECIMAL(a, <=, b)
#include "fn/loop_compare.h"

#define LOOP gt_bool
#define LOOP_T uint8_t
#define LOOP_DO(a, b) ((a) > (b))
#include "fn/loop_compare.h"

#define LOOP gt_long
#define LOOP_T int64_t
#define LOOP_DO(a, b) ((a) > (b))
#include "fn/loop_compare.h"

#define LOOP gt_real
#define LOOP_T double
#define LOOP_DO(a, b) ((a) > (b))
#include "fn/loop_compare.h"

#define LOOP gt_decimal
#define LOOP_T cell16
#define LOOP_DO(a, b) DECIMAL(a, >, b)
#include "fn/loop_compare.h"

#define LOOP ge_bool
#define LOOP_T uint8_t
#define LOOP_DO(a, b) ((a) >= (b))
#include "fn/loop_compare.h"

#define LOOP ge_long
#define LOOP_T int64_t
#define LOOP_DO(a, b) ((a) >= (b))
#include "fn/loop_compare.h"

#define LOOP ge_real
#define LOOP_T double
#define LOOP_DO(a, b) ((a) >= (b))
#include "fn/loop_compare.h"

#define LOOP ge_decimal
#define LOOP_T cell16
#define LOOP_DO(a, b) DECIMAL(a, >=, b)
#include "fn/loop_compare.h"

#define LOOP eq_string
#define LOOP_T rtq__string
#define LOOP_DO(a, b) rtq__string_equal(&(a), &(b))
#include "fn/loop_compare.h"

#define LOOP eq_guid
#define LOOP_T cell16
#define LOOP_DO(a, b) EQUAL_16(a, b)
#include "fn/loop_compare.h"

#define LOOP ne_string
#define LOOP_T rtq__string
#define LOOP_DO(a, b) !rtq__string_equal(&(a), &(b))
#include "fn/loop_compare.h"

#define LOOP ne_guid
#define LOOP_T cell16
#define LOOP_DO(a, b) (!EQUAL_16(a, b))
#include "fn/loop_compare.h"

/* By operator and kind. */
static const rtq__loops_compare *loops_of(uint32_t op, uint32_t kind)
{
    static const rtq__loops_compare *const longs[] = {&eq_long, &ne_long, &lt_long, &le_long, &gt_long, &ge_long};
    static const rtq__loops_compare *const reals[] = {&eq_real, &ne_real, &lt_real, &le_real, &gt_real, &ge_real};
    static const rtq__loops_compare *const bools[] = {&eq_bool, &ne_bool, &lt_bool, &le_bool, &gt_bool, &ge_bool};
    static const rtq__loops_compare *const decimals[] = {&eq_decimal, &ne_decimal, &lt_decimal,
                                                         &le_decimal, &gt_decimal, &ge_decimal};
    switch (kind) {
    case RTQ_BOOL: return bools[op];
    case RTQ_REAL: return reals[op];
    case RTQ_DECIMAL: return decimals[op];
    case RTQ_STRING: return op == RTQ__NE ? &ne_string : &eq_string;
    case RTQ_GUID: return op == RTQ__NE ? &ne_guid : &eq_guid;
    default: return longs[op];
    }
}

typedef struct comparison {
    uint32_t op;
    const rtq__loops_compare *loops;
    const rtq__vec *a, *b; /* of one kind; only b may be a constant */
} comparison;

static int start(comparison *c, rtq__fcall *call)
{
    static const uint8_t mirrored[] = {RTQ__EQ, RTQ__NE, RTQ__GT, RTQ__GE, RTQ__LT, RTQ__LE};
    uint32_t kind = RTQ__COMPARE_KIND(call->fn->tag);
    rtq__vec *a, *b;
    int rc = rtq__vec_convert(&a, call, call->args[0], kind);
    if (rc != RTQ_OK || (rc = rtq__vec_convert(&b, call, call->args[1], kind)) != RTQ_OK)
        return rc;
    c->op = RTQ__COMPARE_OP(call->fn->tag);
    c->a = a, c->b = b;
    if (a->form == RTQ__CONST && b->form != RTQ__CONST) {
        c->op = mirrored[c->op];
        c->a = b, c->b = a;
    }
    c->loops = loops_of(c->op, kind);
    return RTQ_OK;
}

static int bools_const(rtq__vec **out, rtq__scratch *scratch, rtq__cell cell)
{
    *out = rtq__vec_const(scratch, cell);
    return *out ? RTQ_OK : RTQ_ERR_NOMEM;
}

static uint64_t nulls_at(const rtq__vec *v, uint32_t word)
{
    if (v->form == RTQ__CONST)
        return rtq__vec_null(v, 0) ? UINT64_MAX : 0;
    return v->valid ? ~v->valid[word] : 0;
}

/* == and != where nulls take part: one null side decides, two give null. Rows that are not selected may get any value. */
static int equality_nulls(rtq__vec *v, const comparison *c, rtq__scratch *scratch)
{
    uint8_t *cells = v->data, unlike = c->op == RTQ__NE;
    for (uint32_t word = 0, n = (v->n + 63) / 64; word < n; word++) {
        uint64_t a = nulls_at(c->a, word), b = nulls_at(c->b, word), one = a ^ b;
        if (v->n - word * 64 < 64)
            one &= (UINT64_C(1) << (v->n & 63)) - 1;
        for (; one; one &= one - 1)
            cells[word * 64 + (uint32_t)__builtin_ctzll(one)] = unlike;
        if (!(a & b))
            continue;
        if (!rtq__vec_valid(scratch, v))
            return RTQ_ERR_NOMEM;
        v->valid[word] &= ~(a & b);
    }
    return RTQ_OK;
}

/* Two constants: one row of a vector and a constant. */
static void once(rtq__vec *one, comparison *c, rtq__fcall *call)
{
    if (c->a->form != RTQ__CONST)
        return;
    *one = *c->a;
    one->form = RTQ__FLAT;
    c->a = one;
    call->sel = NULL;
    call->n_sel = call->n = 1;
}

static int vec_compare(rtq__vec **out, rtq__fcall *call)
{
    rtq__scratch *scratch = call->eval->scratch;
    comparison c;
    rtq__vec one;
    int rc = start(&c, call);
    if (rc != RTQ_OK)
        return rc;
    bool single = c.a->form == RTQ__CONST, equality = c.op <= RTQ__NE;
    rtq__fcall local = *call;
    once(&one, &c, &local);
    if (rtq__vec_is_null_const(c.b) && !equality)
        return bools_const(out, scratch, rtq__cell_null(RTQ_BOOL));
    rtq__vec *v = *out = rtq__vec_new(scratch, RTQ_BOOL, local.n);
    if (!v)
        return RTQ_ERR_NOMEM;
    v->form = single ? RTQ__CONST : RTQ__FLAT;
    (c.b->form == RTQ__CONST ? c.loops->vc : c.loops->vv)(v->data, c.a->data, c.b->data, local.sel, local.n_sel);
    if (equality)
        return c.a->valid || c.b->valid ? equality_nulls(v, &c, scratch) : RTQ_OK;
    return rtq__valid_and(scratch, v, c.a) != RTQ_OK || rtq__valid_and(scratch, v, c.b) != RTQ_OK ? RTQ_ERR_NOMEM
                                                                                                  : RTQ_OK;
}

static uint32_t drop_nulls(rtq__sel *sel, uint32_t n_sel, const rtq__vec *v)
{
    uint32_t n = 0;
    if (!v->valid || v->form == RTQ__CONST)
        return n_sel;
    for (uint32_t i = 0; i < n_sel; i++) {
        rtq__sel row = sel[i];
        sel[n] = row;
        n += rtq__bit(v->valid, row);
    }
    return n;
}

static int filter_compare(rtq__sel *out, uint32_t *n_out, rtq__fcall *call)
{
    comparison c;
    rtq__vec *v;
    int rc = start(&c, call);
    if (rc != RTQ_OK)
        return rc;
    if (c.a->form == RTQ__CONST || (c.op == RTQ__NE && (c.a->valid || c.b->valid))) {
        if ((rc = vec_compare(&v, call)) == RTQ_OK)
            *n_out = rtq__bools_filter(out, v, call->sel, call->n_sel, true);
        return rc;
    }
    if (rtq__vec_is_null_const(c.b)) {
        *n_out = 0;
        return RTQ_OK;
    }
    uint32_t n = (c.b->form == RTQ__CONST ? c.loops->filter_vc : c.loops->filter_vv)(out, c.a->data, c.b->data,
                                                                                     call->sel, call->n_sel);
    n = drop_nulls(out, n, c.a);
    *n_out = drop_nulls(out, n, c.b);
    return RTQ_OK;
}

/* ---- between: both ends belong to it ------------------------------------------------------------------------------ */

#define BETWEEN(T)                                                                        \
    for (uint32_t i = 0; i < call->n_sel; i++) {                                          \
        uint32_t row = call->sel ? call->sel[i] : i;                                      \
        T x = ((const T *)v[0]->data)[row], low = ((const T *)v[1]->data)[step[1] * row], \
          high = ((const T *)v[2]->data)[step[2] * row];                                  \
        cells[row] = (x >= low && x <= high) != negated;                                  \
    }

static int convert_three(rtq__vec *v[3], uint32_t step[3], rtq__fcall *call, rtq__fcall *local)
{
    rtq__scratch *scratch = call->eval->scratch;
    *local = *call;
    for (int i = 0; i < 3; i++) {
        int rc = rtq__vec_convert(&v[i], call, call->args[i], RTQ__COMPARE_KIND(call->fn->tag));
        if (rc != RTQ_OK)
            return rc;
        step[i] = v[i]->form != RTQ__CONST;
    }
    if (step[0])
        return RTQ_OK;
    rtq__vec *spread = rtq__vec_new(scratch, v[0]->kind, call->n); /* a constant between columns: rare */
    if (!spread || (v[0]->valid && !rtq__vec_valid(scratch, spread)))
        return RTQ_ERR_NOMEM;
    for (uint32_t i = 0; i < call->n_sel; i++)
        rtq__vec_set(spread, call->sel ? call->sel[i] : i, rtq__vec_get(v[0], 0));
    v[0] = spread;
    return RTQ_OK;
}

static int vec_between(rtq__vec **out, rtq__fcall *call)
{
    rtq__scratch *scratch = call->eval->scratch;
    rtq__vec *v[3];
    uint32_t step[3];
    rtq__fcall local;
    int rc = convert_three(v, step, call, &local);
    if (rc != RTQ_OK)
        return rc;
    if (rtq__vec_is_null_const(v[1]) || rtq__vec_is_null_const(v[2]))
        return bools_const(out, scratch, rtq__cell_null(RTQ_BOOL));
    rtq__vec *result = *out = rtq__vec_new(scratch, RTQ_BOOL, call->n);
    if (!result)
        return RTQ_ERR_NOMEM;
    uint8_t *cells = result->data;
    bool negated = RTQ__COMPARE_OP(call->fn->tag) == RTQ__NE;
    if (v[0]->kind == RTQ_REAL) {
        BETWEEN(double)
    } else if (v[0]->kind == RTQ_DECIMAL) {
        const cell16 *x = v[0]->data, *low = v[1]->data, *high = v[2]->data;
        for (uint32_t i = 0; i < call->n_sel; i++) {
            uint32_t row = call->sel ? call->sel[i] : i;
            cells[row] = (DECIMAL(x[row], >=, low[step[1] * row]) && DECIMAL(x[row], <=, high[step[2] * row])) !=
                         negated;
        }
    } else {
        BETWEEN(int64_t)
    }
    for (int i = 0; i < 3; i++)
        if (rtq__valid_and(scratch, result, v[i]) != RTQ_OK)
            return RTQ_ERR_NOMEM;
    return RTQ_OK;
}

static int filter_between(rtq__sel *out, uint32_t *n_out, rtq__fcall *call)
{
    const rtq__vec *x = call->args[0], *low = call->args[1], *high = call->args[2];
    uint32_t kind = RTQ__COMPARE_KIND(call->fn->tag);
    bool plain = kind != RTQ_REAL && kind != RTQ_DECIMAL && x->kind == low->kind && x->kind == high->kind &&
                 x->form == RTQ__FLAT && low->form == RTQ__CONST && high->form == RTQ__CONST && !low->valid &&
                 !high->valid;
    rtq__vec *v;
    int rc;
    if (!plain || RTQ__COMPARE_OP(call->fn->tag) == RTQ__NE) {
        if ((rc = vec_between(&v, call)) == RTQ_OK)
            *n_out = rtq__bools_filter(out, v, call->sel, call->n_sel, true);
        return rc;
    }
    const int64_t *cells = x->data, from = *(const int64_t *)low->data, to = *(const int64_t *)high->data;
    uint32_t n = 0;
    for (uint32_t i = 0; i < call->n_sel; i++) {
        uint32_t row = call->sel ? call->sel[i] : i;
        out[n] = (rtq__sel)row;
        n += cells[row] >= from && cells[row] <= to;
    }
    *n_out = drop_nulls(out, n, x);
    return RTQ_OK;
}

/* Kusto refuses two dynamic values; two fields of an open schema are compared by value. */
static uint32_t ret_values(const rtq__fn *fn, const uint8_t *kinds, uint32_t n, rtq_diag *diag, size_t begin,
                           size_t end)
{
    if (n != 2 || kinds[0] != RTQ_DYNAMIC || kinds[1] != RTQ_DYNAMIC)
        return RTQ_BOOL;
    rtq__diag_add(diag, RTQ_ERR_SEMANTIC, RTQ__SEV_ERROR, begin, end,
                  "operator '%s' is not defined for dynamic and dynamic", fn->name);
    rtq__diag_hint(diag, "say what the dynamic values hold: tostring(), tolong(), todatetime() …");
    return 0;
}

#define ROW(name_, a, b, op, kind)                                                                                     \
    {                                                                                                                  \
        .name = name_, .args = a ", " b, .ret = "bool", .nulls = RTQ__NULL_CUSTOM, .flags = RTQ__FN_OPERATOR,          \
        .vec = vec_compare, .filter = filter_compare, .tag = RTQ__COMPARE_TAG(op, kind), .doc = "compares two values", \
        .page = "numerical-operators"                                                                                  \
    }
#define VALUE(name_, a, b, op)                                                                                  \
    {                                                                                                           \
        .name = name_, .args = a ", " b, .ret = "custom", .nulls = RTQ__NULL_CUSTOM, .flags = RTQ__FN_OPERATOR, \
        .ret_fn = ret_values, .vec = rtq__vec_compare_values, .tag = RTQ__COMPARE_TAG(op, RTQ_DYNAMIC),         \
        .doc = "compares by what a dynamic value holds", .page = "numerical-operators"                          \
    }
#define EQUALITY(name, op)                                                                                             \
    ROW(name, "string", "string", op, RTQ_STRING), ROW(name, "long", "long", op, RTQ_LONG),                            \
        ROW(name, "real", "real", op, RTQ_REAL), ROW(name, "datetime", "datetime", op, RTQ_DATETIME),                  \
        ROW(name, "timespan", "timespan", op, RTQ_TIMESPAN), ROW(name, "bool", "bool", op, RTQ_BOOL),                  \
        ROW(name, "guid", "guid", op, RTQ_GUID), ROW(name, "decimal", "decimal", op, RTQ_DECIMAL),                     \
        ROW(name, "string", "long", op, RTQ_LONG), ROW(name, "long", "string", op, RTQ_LONG),                          \
        ROW(name, "string", "real", op, RTQ_REAL), ROW(name, "real", "string", op, RTQ_REAL),                          \
        ROW(name, "string", "guid", op, RTQ_GUID), ROW(name, "guid", "string", op, RTQ_GUID),                          \
        ROW(name, "bool", "long", op, RTQ_LONG), ROW(name, "long", "bool", op, RTQ_LONG),                              \
        ROW(name, "bool", "real", op, RTQ_REAL), ROW(name, "real", "bool", op, RTQ_REAL),                              \
        VALUE(name, "dynamic", "dynamic", op), VALUE(name, "dynamic", "long", op), VALUE(name, "long", "dynamic", op), \
        VALUE(name, "dynamic", "real", op), VALUE(name, "real", "dynamic", op), VALUE(name, "dynamic", "any", op),     \
        VALUE(name, "any", "dynamic", op)
#define ORDER(name, op)                                                                                                \
    ROW(name, "long", "long", op, RTQ_LONG), ROW(name, "real", "real", op, RTQ_REAL),                                  \
        ROW(name, "datetime", "datetime", op, RTQ_DATETIME), ROW(name, "timespan", "timespan", op, RTQ_TIMESPAN),      \
        ROW(name, "decimal", "decimal", op, RTQ_DECIMAL), ROW(name, "bool", "bool", op, RTQ_BOOL),                     \
        ROW(name, "bool", "long", op, RTQ_LONG), ROW(name, "long", "bool", op, RTQ_LONG),                              \
        ROW(name, "bool", "real", op, RTQ_REAL), ROW(name, "real", "bool", op, RTQ_REAL),                              \
        VALUE(name, "dynamic", "dynamic", op), VALUE(name, "dynamic", "long", op), VALUE(name, "long", "dynamic", op), \
        VALUE(name, "dynamic", "real", op), VALUE(name, "real", "dynamic", op), VALUE(name, "dynamic", "decimal", op), \
        VALUE(name, "decimal", "dynamic", op)
#define RANGE_OF(name_, kind, ends, id, op)                                                                       \
    {                                                                                                             \
        .name = name_, .args = kind ", " ends ", " ends, .ret = "bool", .nulls = RTQ__NULL_CUSTOM,                \
        .flags = RTQ__FN_OPERATOR, .vec = vec_between, .filter = filter_between, .tag = RTQ__COMPARE_TAG(op, id), \
        .doc = "whether a value lies in a range, both ends included", .page = "between-operator"                  \
    }
#define RANGE(name, kind, id, op) RANGE_OF(name, kind, kind, id, op), RANGE_OF(name, kind, "dynamic", id, op)
#define RANGES(name, op)                                                  \
    RANGE(name, "long", RTQ_LONG, op), RANGE(name, "real", RTQ_REAL, op), \
        RANGE_OF(name, "datetime", "datetime", RTQ_DATETIME, op),         \
        RANGE_OF(name, "timespan", "timespan", RTQ_TIMESPAN, op), RANGE(name, "decimal", RTQ_DECIMAL, op)

const rtq__fn rtq__fns_compare[] = {
    EQUALITY("==", RTQ__EQ), EQUALITY("!=", RTQ__NE), ORDER("<", RTQ__LT),        ORDER("<=", RTQ__LE),
    ORDER(">", RTQ__GT),     ORDER(">=", RTQ__GE),    RANGES("between", RTQ__EQ), RANGES("!between", RTQ__NE),
};
RTQ__FAMILY_COUNT(compare)
