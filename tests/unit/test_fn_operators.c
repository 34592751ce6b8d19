/* Operators: values of the reference pages and of recorded emulator results, and agreement of all forms of vectors. */
#include <criterion/criterion.h>
#include <math.h>
#include "fx.h"

#define EQ(text, ...) cr_expect_str_eq(FX(f, __VA_ARGS__), text)
static fx *f;
static void setup(void)
{
    f = fx_new();
}
static void teardown(void)
{
    fx_free(f);
}
TestSuite(fn_operators, .init = setup, .fini = teardown);

Test(fn_operators, integers)
{
    EQ("15", "+", "long, long", FX_L(5), FX_L(10));
    EQ("-9223372036854775808", "+", "long, long", FX_L(INT64_MAX), FX_L(1));
    EQ("-2", "*", "long, long", FX_L(INT64_MAX), FX_L(2));
    EQ("-3", "/", "long, long", FX_L(-7), FX_L(2));
    EQ("-9223372036854775808", "/", "long, long", FX_L(INT64_MIN), FX_L(-1));
    EQ("null", "/", "long, long", FX_L(1), FX_L(0));
    EQ("null", "%", "long, long", FX_L(1), FX_L(0));
    EQ("0", "%", "long, long", FX_L(INT64_MIN), FX_L(-1));
    EQ("1", "%", "long, long", FX_L(-5), FX_L(3));
    EQ("2", "%", "long, long", FX_L(5), FX_L(-3));
    EQ("1", "%", "long, long", FX_L(-5), FX_L(-3));
    EQ("5", "%", "long, long", FX_L(-100), FX_L(7));
    EQ("null", "+", "long, long", FX_NULL(RTQ_LONG), FX_L(1));
    EQ("-9223372036854775808", "-", "long", FX_L(INT64_MIN));
}

Test(fn_operators, reals)
{
    EQ("\"Infinity\"", "/", "real, real", FX_R(1), FX_R(0));
    EQ("\"NaN\"", "/", "real, real", FX_R(0), FX_R(0));
    EQ("0.5", "%", "real, real", FX_R(-5.5), FX_R(3));
    EQ("2.5", "%", "real, real", FX_R(5.5), FX_R(-3));
    EQ("-1.5", "-", "real", FX_R(1.5));
}

Test(fn_operators, times)
{
    EQ("\"1.00:00:00\"", "-", "datetime, datetime", fx_time("2020-06-15"), fx_time("2020-06-14"));
    EQ("24.0", "/", "timespan, timespan", fx_span("-1d"), fx_span("-1h"));
    EQ("\"2.06:00:00\"", "*", "timespan, real", fx_span("1.12:00:00"), FX_R(1.5));
    EQ("\"00:00:00.0010000\"", "/", "timespan, long", fx_span("1s"), FX_L(1000));
    EQ("null", "+", "datetime, timespan", fx_time("9999-12-31"), fx_span("2d"));
    EQ("null", "-", "datetime, timespan", fx_time("0001-01-01"), fx_span("1tick"));
    EQ("null", "+", "datetime, timespan", fx_time("2020-01-01"), FX_NULL(RTQ_TIMESPAN));
    EQ("null", "/", "timespan, long", fx_span("1s"), FX_L(0));
}

Test(fn_operators, null_in_comparisons)
{
    EQ("null", ">", "long, long", FX_NULL(RTQ_LONG), FX_L(3));
    EQ("false", "==", "long, long", FX_L(5), FX_NULL(RTQ_LONG));
    EQ("true", "!=", "long, long", FX_L(5), FX_NULL(RTQ_LONG));
    EQ("null", "==", "long, long", FX_NULL(RTQ_LONG), FX_NULL(RTQ_LONG));
    EQ("null", "!=", "long, long", FX_NULL(RTQ_LONG), FX_NULL(RTQ_LONG));
    EQ("false", "==", "real, real", FX_R(NAN), FX_R(NAN));
    EQ("true", "!=", "real, real", FX_R(NAN), FX_R(NAN));
    EQ("true", "==", "string, long", FX_S("0x10"), FX_L(16));
    EQ("false", "==", "string, long", FX_S("abc"), FX_L(16));
    EQ("true", "!=", "string, long", FX_S("abc"), FX_L(16));
    EQ("true", "==", "bool, long", FX_B(1), FX_L(1));
    EQ("false", "==", "string, guid", FX_S("no guid"), rtq__cell_i(RTQ_GUID, 5));
    EQ("null", "between", "long, long, long", FX_NULL(RTQ_LONG), FX_L(1), FX_L(2));
    EQ("true", "between", "long, long, long", FX_L(2), FX_L(1), FX_L(2));
    EQ("false", "!between", "long, long, long", FX_L(2), FX_L(1), FX_L(2));
}

Test(fn_operators, dynamic_by_value)
{
    EQ("true", "==", "dynamic, long", fx_json(f, "5"), FX_L(5));
    EQ("true", "==", "dynamic, real", fx_json(f, "5"), FX_R(5));
    EQ("false", "==", "dynamic, any", fx_json(f, "5.5"), FX_L(5));
    EQ("true", "==", "dynamic, any", fx_json(f, "\"x\""), FX_S("x"));
    EQ("true", ">", "dynamic, long", fx_json(f, "5.5"), FX_L(5));
    EQ("null", ">", "dynamic, long", fx_json(f, "[1]"), FX_L(5));
    EQ("false", "==", "dynamic, any", FX_NULL(RTQ_DYNAMIC), FX_L(5));
    EQ("6", "+", "dynamic, long", fx_json(f, "5"), FX_L(1));
    EQ("6.5", "+", "dynamic, dynamic", fx_json(f, "5"), fx_json(f, "1.5"));
    EQ("null", "/", "dynamic, dynamic", fx_json(f, "5"), fx_json(f, "0"));
    EQ("-5", "-", "dynamic", fx_json(f, "5"));
}

static void agree(const char *name, const char *sig, uint32_t n_args, const rtq__cell *rows, uint32_t n_rows)
{
    const char *bad = fx_agree(f, name, sig, n_args, rows, n_rows);
    cr_expect_null(bad, "%s", bad);
}

Test(fn_operators, forms_agree_on_numbers)
{
    static const char *const ops[] = {"+", "-", "*", "/", "%", "==", "!=", "<", "<=", ">", ">="};
    static const int64_t values[] = {0, 1, -1, 7, -7, INT64_MAX, INT64_MIN, 3};
    rtq__cell rows[200], same[200], reals[200];
    for (uint32_t i = 0; i < 100; i++) {
        for (uint32_t a = 0; a < 2; a++) {
            uint32_t k = a ? i / 8 % 8 : i % 8;
            rows[i * 2 + a] = (i * 3 + a) % 11 == 0 ? FX_NULL(RTQ_LONG) : FX_L(values[k]);
            same[i * 2 + a] = a ? FX_L(3) : rows[i * 2];
            reals[i * 2 + a] = (i * 3 + a) % 11 == 0 ? FX_NULL(RTQ_REAL) : FX_R((double)values[k] / 2);
        }
    }
    for (uint32_t o = 0; o < sizeof ops / sizeof ops[0]; o++) {
        agree(ops[o], "long, long", 2, rows, 100);
        agree(ops[o], "long, long", 2, same, 100);
        agree(ops[o], "real, real", 2, reals, 100);
        for (uint32_t i = 0; i < 100; i++)
            same[i * 2 + 1] = FX_NULL(RTQ_LONG);
        agree(ops[o], "long, long", 2, same, 70);
        for (uint32_t i = 0; i < 100; i++) /* the constant on the left */
            same[i * 2 + 1] = rows[i * 2 + 1], same[i * 2] = FX_L(-7);
        agree(ops[o], "long, long", 2, same, 70);
    }
}

Test(fn_operators, forms_agree_on_other_kinds)
{
    rtq__cell s[100], d[100], b[150];
    static const char *const texts[] = {"", "a", "abcdefghijkl", "abcdefghijklm", "abcdefghijklmn", "abd"};
    for (uint32_t i = 0; i < 50; i++) {
        for (uint32_t a = 0; a < 2; a++) {
            uint32_t k = a ? i / 6 % 6 : i % 6;
            s[i * 2 + a] = FX_S(texts[k]);
            d[i * 2 + a] = k == 0  ? FX_NULL(RTQ_DYNAMIC)
                           : k < 4 ? fx_json(f, k == 1   ? "1"
                                                : k == 2 ? "1.0"
                                                         : "\"1\"")
                                   : fx_json(f, "[1]");
        }
        for (uint32_t a = 0; a < 3; a++)
            b[i * 3 + a] = (i + a) % 7 == 0 ? FX_NULL(RTQ_LONG) : FX_L((int64_t)((i * (a + 3)) % 10));
    }
    agree("==", "string, string", 2, s, 50);
    agree("!=", "string, string", 2, s, 50);
    agree("==", "dynamic, dynamic", 2, d, 50);
    agree("!=", "dynamic, dynamic", 2, d, 50);
    agree("<", "dynamic, dynamic", 2, d, 50);
    agree("between", "long, long, long", 3, b, 50);
    agree("!between", "long, long, long", 3, b, 50);
    for (uint32_t i = 0; i < 50; i++)
        b[i * 3 + 1] = FX_L(2), b[i * 3 + 2] = FX_L(7);
    agree("between", "long, long, long", 3, b, 50);
}

/* ---- programs ---- */

static rtq__expr *logic(uint8_t op, uint32_t n, rtq__expr *const *args)
{
    rtq__expr *e = fx_const(f, FX_B(0));
    e->op = op;
    e->args = rtq__arena_alloc(&f->arena, n * sizeof *e->args);
    memcpy(e->args, args, n * sizeof *args);
    e->n_args = n;
    return e;
}

/* All nine pairs of true, false, null against the tables of three-valued logic; values and filters. */
Test(fn_operators, three_valued_logic)
{
    static const int values[] = {1, 0, -1};
    rtq__vec *a = rtq__vec_new(&f->arena, RTQ_BOOL, 9), *b = rtq__vec_new(&f->arena, RTQ_BOOL, 9), *cols[] = {a, b}, *v;
    rtq__vec_valid(&f->arena, a), rtq__vec_valid(&f->arena, b);
    for (uint32_t i = 0; i < 9; i++) {
        rtq__vec_set(a, i, values[i / 3] < 0 ? FX_NULL(RTQ_BOOL) : FX_B(values[i / 3]));
        rtq__vec_set(b, i, values[i % 3] < 0 ? FX_NULL(RTQ_BOOL) : FX_B(values[i % 3]));
    }
    uint32_t ids[] = {7, 9};
    rtq__layout layout = {ids, 2};
    rtq__batch batch = {.n = 9, .n_cols = 2, .cols = cols, .n_sel = 9};
    rtq__expr *args[] = {fx_col(f, 7, RTQ_BOOL), fx_col(f, 9, RTQ_BOOL)};
    static const int and_table[] = {1, 0, -1, 0, 0, 0, -1, 0, -1}, or_table[] = {1, 1, 1, 1, 0, -1, 1, -1, -1},
                     not_table[] = {0, 0, 0, 1, 1, 1, -1, -1, -1};
    for (int k = 0; k < 3; k++) {
        const int *want = k == 0 ? and_table : k == 1 ? or_table : not_table;
        rtq__prog *prog;
        rtq__sel out[9];
        uint32_t n = 0, at = 0;
        cr_assert_eq(rtq__prog_new(&prog, f->mem,
                                   logic(k == 0   ? RTQ__E_AND
                                         : k == 1 ? RTQ__E_OR
                                                  : RTQ__E_NOT,
                                         k == 2 ? 1 : 2, args),
                                   &layout, f->diag),
                     RTQ_OK);
        cr_assert_eq(rtq__prog_eval(&v, prog, &f->eval, &batch, NULL, 9), RTQ_OK);
        for (uint32_t i = 0; i < 9; i++) {
            rtq__cell c = rtq__vec_get(v, i);
            cr_expect_eq(c.is_null ? -1 : (int)c.u.i, want[i], "operator %d row %u", k, i);
        }
        cr_assert_eq(rtq__prog_filter(out, &n, prog, &f->eval, &batch, NULL, 9), RTQ_OK);
        for (uint32_t i = 0; i < 9; i++)
            if (want[i] == 1)
                cr_expect(at < n && out[at++] == i, "operator %d row %u", k, i);
        cr_expect_eq(at, n);
        rtq__prog_free(prog);
    }
}

static rtq__expr *deep(uint32_t depth)
{
    rtq__expr *e = fx_const(f, FX_L(1));
    for (uint32_t i = 0; i < depth; i++)
        e = fx_call(f, "+", "long, long", 2, (rtq__expr *[]){e, fx_const(f, FX_L(1))});
    return e;
}

Test(fn_operators, depth_is_capped)
{
    rtq__cell cell;
    cr_expect_eq(rtq__expr_fold(&cell, deep(200), f->mem, &f->arena, f->diag), RTQ_OK);
    cr_expect_eq(cell.u.i, 201);
    cr_expect_eq(rtq__expr_fold(&cell, deep(1000), f->mem, &f->arena, f->diag), RTQ_ERR_LIMIT);
}

Test(fn_operators, a_column_is_no_constant)
{
    rtq__cell cell;
    cr_expect_eq(rtq__expr_fold(&cell, fx_col(f, 1, RTQ_LONG), f->mem, &f->arena, f->diag), RTQ_ERR_SEMANTIC);
}

Test(fn_operators, names_are_found)
{
    uint32_t n, n_families;
    cr_expect_not_null(rtq__fn_find("==", 2, &n));
    cr_expect_gt(n, 5);
    cr_expect_null(rtq__fn_find("=", 1, &n));
    cr_expect_eq(n, 0);
    const rtq__fn_family *all = rtq__fn_families(&n_families);
    for (uint32_t i = 0; i < n_families; i++)
        for (uint32_t r = 0; r < all[i].n; r++) {
            const rtq__fn *row = &all[i].rows[r], *found = rtq__fn_find(row->name, strlen(row->name), &n);
            cr_expect(found <= row && row < found + n, "overloads of %s are not adjacent", row->name);
            cr_expect_neq(!row->row, !row->vec, "%s(%s)", row->name, row->args);
        }
}
