/* Conversions, conditionals, lists, numbers: values of the reference pages and of recorded emulator results. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include "fx.h"
#include "value/decimal.h"

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
TestSuite(fn_scalar, .init = setup, .fini = teardown);

static void agree(const char *name, const char *sig, uint32_t n_args, const rtq__cell *rows, uint32_t n_rows)
{
    const char *bad = fx_agree(f, name, sig, n_args, rows, n_rows);
    cr_expect_null(bad, "%s", bad);
}

Test(fn_scalar, numbers_from_text)
{
    EQ("null", "toint", "any", FX_S("5.9"));
    EQ("null", "toint", "any", FX_S("2147483648"));
    EQ("2147483648", "tolong", "any", FX_S("2147483648"));
    EQ("null", "tolong", "any", FX_S("9223372036854775808"));
    EQ("9223372036854775807", "tolong", "any", FX_S("0x7FFFFFFFFFFFFFFF"));
    EQ("null", "toint", "any", FX_S("-0x10"));
    EQ("42", "toint", "any", FX_S("  42  "));
    EQ("null", "todouble", "any", FX_S("1_000"));
    EQ("\"Infinity\"", "todouble", "any", FX_S("Inf"));
    EQ("null", "toint", "any", FX_S(""));
}

Test(fn_scalar, numbers_from_numbers)
{
    EQ("-2147483648", "toint", "any", FX_L(2147483648));
    EQ("2147483647", "toint", "any", FX_R(1e30));
    EQ("9223372036854775807", "tolong", "any", FX_R(1e19));
    EQ("-9223372036854775808", "tolong", "any", FX_R(-1e19));
    EQ("null", "tolong", "any", FX_R(INFINITY));
    EQ("null", "tolong", "any", FX_R(NAN));
    EQ("-2", "toint", "any", FX_R(-2.9));
    EQ("637134336000000000", "tolong", "any", fx_time("2020-01-01"));
    EQ("1", "tolong", "any", FX_B(1));
    EQ("\"0001-01-01T00:00:00.0000001Z\"", "todatetime", "any", FX_R(1.5));
}

Test(fn_scalar, bools)
{
    EQ("true", "tobool", "any", FX_S("tRuE"));
    EQ("true", "tobool", "any", FX_S("-1"));
    EQ("null", "tobool", "any", FX_S("1.0"));
    EQ("null", "tobool", "any", FX_S("yes"));
    EQ("true", "tobool", "any", FX_R(0.5));
    EQ("null", "not", "bool", FX_NULL(RTQ_BOOL));
}

Test(fn_scalar, text)
{
    EQ("\"True\"", "tostring", "any", FX_B(1));
    EQ("\"true\"", "tostring", "dynamic", fx_json(f, "true"));
    EQ("\"1.02:00:00\"", "tostring", "any", fx_span("26h"));
    EQ("\"2020-01-01T00:00:00.0000000Z\"", "tostring", "any", fx_time("2020-01-01"));
    EQ("\"\"", "tostring", "any", FX_NULL(RTQ_INT));
    EQ("\"NaN\"", "tostring", "any", FX_R(NAN));
    EQ("\"null\"", "gettype", "any", FX_NULL(RTQ_DYNAMIC));
    EQ("\"double\"", "gettype", "any", fx_json(f, "1.5"));
    EQ("\"real\"", "gettype", "any", FX_R(1));
    EQ("\"int\"", "gettype", "any", FX_I(1));
    EQ("\"dictionary\"", "gettype", "any", fx_json(f, "{\"a\":1}"));
    EQ("\"ff\"", "tohex", "long, [long]", FX_L(255));
    EQ("\"00ff\"", "tohex", "long, [long]", FX_L(255), FX_L(4));
    EQ("\"ffffffffffffffff\"", "tohex", "long, [long]", FX_L(-1));
}

Test(fn_scalar, json)
{
    EQ("null", "parse_json", "string", FX_S("null"));
    EQ("null", "parse_json", "string", FX_S(""));
    EQ("\"not json\"", "parse_json", "string", FX_S("not json"));
    EQ("[1,2]", "parse_json", "string", FX_S("[1,2]"));
    EQ("123", "todynamic", "string", FX_S("123"));
}

Test(fn_scalar, conditionals)
{
    EQ("\"f\"", "iff", "bool, any, any", FX_NULL(RTQ_BOOL), FX_S("t"), FX_S("f"));
    EQ("1.0", "iff", "bool, any, any", FX_B(1), FX_L(1), FX_R(2));
    EQ("\"c2\"", "case", "(bool, any)..., any", FX_NULL(RTQ_BOOL), FX_S("c1"), FX_B(1), FX_S("c2"), FX_S("def"));
    EQ("5", "coalesce", "common, common...", FX_NULL(RTQ_LONG), FX_NULL(RTQ_LONG), FX_L(5), FX_L(7));
    EQ("\"b\"", "coalesce", "common, common...", FX_S(""), FX_S("b"));
    EQ("null", "coalesce", "common, common...", FX_NULL(RTQ_REAL), FX_NULL(RTQ_REAL));
    EQ("17", "max_of", "common, common, [common]...", FX_L(10), FX_L(1), FX_L(-3), FX_L(17));
    EQ("2", "max_of", "common, common, [common]...", FX_NULL(RTQ_INT), FX_I(2));
    EQ("null", "max_of", "common, common, [common]...", FX_NULL(RTQ_INT), FX_NULL(RTQ_INT));
    EQ("-3", "min_of", "common, common, [common]...", FX_L(10), FX_L(-3));
    EQ("false", "isnull", "any", FX_S(""));
    EQ("true", "isempty", "any", FX_S(""));
    EQ("true", "isempty", "any", FX_NULL(RTQ_LONG));
    EQ("false", "isempty", "any", fx_json(f, "[]"));
    EQ("true", "isnull", "any", FX_NULL(RTQ_DYNAMIC));
    EQ("null", "isnan", "real", FX_NULL(RTQ_REAL));
    EQ("true", "isinf", "real", FX_R(-INFINITY));
}

Test(fn_scalar, conditionals_agree)
{
    rtq__cell rows[40 * 5], two[40 * 2];
    for (uint32_t i = 0; i < 40; i++) {
        rows[i * 5] = i % 3 == 2 ? FX_NULL(RTQ_BOOL) : FX_B(i % 3);
        rows[i * 5 + 1] = i % 5 == 0 ? FX_NULL(RTQ_LONG) : FX_L((int64_t)i);
        rows[i * 5 + 2] = FX_B(i % 2);
        rows[i * 5 + 3] = FX_R(i / 4.0);
        rows[i * 5 + 4] = FX_L(7);
        two[i * 2] = i % 4 == 0 ? FX_S("") : FX_S("somewhat longer text");
        two[i * 2 + 1] = FX_S("x");
    }
    agree("case", "(bool, any)..., any", 5, rows, 40);
    agree("coalesce", "common, common...", 2, two, 40);
    rtq__cell iff[40 * 3];
    for (uint32_t i = 0; i < 40; i++) {
        iff[i * 3] = rows[i * 5];
        iff[i * 3 + 1] = two[i * 2];
        iff[i * 3 + 2] = i % 3 == 0 ? FX_NULL(RTQ_LONG) : FX_L((int64_t)i);
    }
    agree("iff", "bool, any, any", 3, iff, 40);
    agree("isempty", "any", 1, two, 20);
    agree("tostring", "any", 1, &iff[2], 1);
}

Test(fn_scalar, lists)
{
    EQ("true", "in", "long, long...", FX_L(2), FX_L(1), FX_L(2));
    EQ("true", "in", "string, any...", FX_S("b"), fx_json(f, "[\"a\",\"b\"]"));
    EQ("false", "in", "string, string...", FX_S("B"), FX_S("b"));
    EQ("true", "in~", "string, string...", FX_S("\xc3\x89T\xc3\x89 un texte long"),
       FX_S("\xc3\xa9t\xc3\xa9 UN TEXTE LONG"));
    EQ("false", "!in~", "string, string...", FX_S("B"), FX_S("b"));
    EQ("false", "in", "long, long...", FX_NULL(RTQ_LONG), FX_L(1));
    EQ("true", "!in", "long, long...", FX_NULL(RTQ_LONG), FX_L(1));
    EQ("null", "in", "long, long...", FX_NULL(RTQ_LONG), FX_L(1), FX_NULL(RTQ_LONG));
    EQ("true", "in", "long, any...", FX_L(16), FX_S("0x10"));
    EQ("true", "in", "real, real...", FX_R(-0.0), FX_R(0.0));
    EQ("false", "in", "real, real...", FX_R(NAN), FX_R(NAN));
    EQ("true", "in", "dynamic, any...", fx_json(f, "5"), FX_R(5));
    EQ("true", "=~", "string, string", FX_S("AbC"), FX_S("aBc"));
    EQ("false", "!~", "string, string", FX_S("AbC"), FX_S("aBc"));
}

Test(fn_scalar, lists_agree)
{
    static const char *const texts[] = {"", "a", "A", "a text of more than twelve", "A TEXT of more than twelve", "b"};
    rtq__cell s[60 * 3], l[60 * 3];
    for (uint32_t i = 0; i < 60; i++) {
        s[i * 3] = FX_S(texts[i % 6]);
        s[i * 3 + 1] = FX_S(texts[3]);
        s[i * 3 + 2] = FX_S(texts[1]);
        l[i * 3] = i % 7 == 0 ? FX_NULL(RTQ_LONG) : FX_L((int64_t)i % 5);
        l[i * 3 + 1] = FX_L(3);
        l[i * 3 + 2] = i < 30 ? FX_L(1) : FX_NULL(RTQ_LONG);
    }
    agree("in", "string, string...", 3, s, 60);
    agree("in~", "string, string...", 3, s, 60);
    agree("!in", "string, string...", 3, s, 60);
    agree("in", "long, long...", 3, l, 60);
    agree("!in", "long, long...", 3, l, 30);
    agree("in", "long, any...", 3, l + 90, 30);
    agree("=~", "string, string", 2, s, 30);
}

Test(fn_scalar, rounding)
{
    EQ("3.0", "round", "real, [const long]", FX_R(2.5));
    EQ("-3.0", "round", "real, [const long]", FX_R(-2.5));
    EQ("2.2", "round", "real, [const long]", FX_R(2.15), FX_L(1));
    EQ("3.3", "round", "real, [const long]", FX_R(3.25), FX_L(1));
    EQ("-100.0", "round", "real, [const long]", FX_R(-50.55), FX_L(-2));
    EQ("20.0", "round", "real, [const long]", FX_R(21.5), FX_L(-1));
    EQ("20", "round", "long, [const long]", FX_L(21), FX_L(-1));
    EQ("0", "round", "long, [const long]", FX_L(21), FX_L(INT64_MIN));
    EQ("-1.0", "ceiling", "real", FX_R(-1.5));
    EQ("9223372036854775807", "abs", "long", FX_L(-INT64_MAX));
    EQ("null", "sqrt", "real", FX_R(-1));
    EQ("null", "log", "real", FX_R(-1));
    EQ("null", "acos", "real", FX_R(1.5));
    EQ("\"NaN\"", "pow", "number, number", FX_R(-8), FX_R(1.0 / 3));
    EQ("0.0", "sign", "real", FX_R(NAN));
    EQ("0.7055403255703919", "sin", "real", FX_R(-5.5));
    EQ("4", "binary_shift_left", "long, long", FX_L(1), FX_L(2));
    EQ("2", "binary_shift_left", "long, long", FX_L(1), FX_L(65));
    EQ("null", "binary_shift_right", "long, long", FX_L(1), FX_L(-1));
    EQ("-101", "binary_not", "long", FX_L(100));
}

Test(fn_scalar, bins)
{
    EQ("4", "bin", "long, long", FX_L(5), FX_L(2));
    EQ("-6", "bin", "long, long", FX_L(-5), FX_L(2));
    EQ("-6.0", "bin", "real, real", FX_R(-5.5), FX_R(2));
    EQ("null", "bin", "long, long", FX_L(5), FX_L(0));
    EQ("null", "bin", "long, long", FX_L(5), FX_L(-2));
    EQ("\"1955-10-31T00:00:00.0000000Z\"", "bin", "datetime, timespan", fx_time("1955-11-05"), fx_span("7d"));
    EQ("\"14.00:00:00\"", "bin", "timespan, timespan", fx_span("16d"), fx_span("7d"));
    EQ("4.5", "bin_at", "real, real, real", FX_R(6.5), FX_R(2.5), FX_R(7));
    EQ("\"-12:00:00\"", "bin_at", "timespan, timespan, timespan", fx_span("1h"), fx_span("1d"), fx_span("12h"));
    EQ("\"2017-05-14T12:00:00.0000000Z\"", "bin_at", "datetime, timespan, datetime", fx_time("2017-05-15 10:20"),
       fx_span("1d"), fx_time("1970-01-01 12:00"));
    EQ("true", "around", "datetime, datetime, timespan", fx_time("2021-01-01 01:29"), fx_time("2021-01-01 01:30"),
       fx_span("1m"));
    rtq__cell rows[100 * 2];
    for (uint32_t i = 0; i < 100; i++) {
        static const int64_t values[] = {0, 1, -1, 6, 7, -7, 8, INT64_MAX, INT64_MIN + 100, INT64_MAX - 7};
        rows[i * 2] = i % 9 == 8 ? FX_NULL(RTQ_LONG) : FX_L(values[i % 10]);
        rows[i * 2 + 1] = FX_L(7);
    }
    agree("bin", "long, long", 2, rows, 100);
    for (uint32_t i = 0; i < 100; i++) {
        static const int64_t sizes[] = {1, 2, 3, 7, 8, 600000000, INT64_MAX, 0, -1, 1000};
        rows[i * 2 + 1] = i % 13 == 12 ? FX_NULL(RTQ_LONG) : FX_L(sizes[i / 10]);
    }
    agree("bin", "long, long", 2, rows, 100);
    static const int64_t constants[] = {1, 2, 3, 5, 64, 600000000, INT64_MAX, INT64_MAX / 2 + 1, 36000000000, 1000};
    for (int k = 0; k < 10; k++) { /* the constant size takes another way */
        for (uint32_t i = 0; i < 100; i++)
            rows[i * 2 + 1] = FX_L(constants[k]);
        agree("bin", "long, long", 2, rows, 30);
    }
}

Test(fn_scalar, random_numbers_differ_by_row)
{
    rtq__expr *e = fx_call(f, "rand", "[long]", 0, NULL);
    rtq__prog *prog;
    rtq__vec *v;
    rtq__batch batch = {.n = 100, .n_sel = 100};
    cr_assert_eq(rtq__prog_new(&prog, f->mem, e, NULL, f->diag), RTQ_OK);
    cr_assert_eq(rtq__prog_eval(&v, prog, &f->eval, &batch, NULL, 100), RTQ_OK);
    cr_expect_neq(rtq__vec_get(v, 0).u.d, rtq__vec_get(v, 1).u.d);
    for (uint32_t i = 0; i < 100; i++)
        cr_expect(rtq__vec_get(v, i).u.d >= 0 && rtq__vec_get(v, i).u.d < 1);
    rtq__prog_free(prog);
}

Test(fn_scalar, units)
{
#define UNIT "real, string, string"
#define NEAR(value, ...) cr_expect_float_eq(strtod(FX(f, __VA_ARGS__), NULL), value, fabs(value) * 1e-12)
    EQ("72.0", "convert_angle", UNIT, FX_R(1.2), FX_S("Degree"), FX_S("Arcminute"));
    NEAR(0.00113738054437598, "convert_energy", UNIT, FX_R(1.2), FX_S("Joule"), FX_S("BritishThermalUnit"));
    NEAR(3.93700787401575, "convert_length", UNIT, FX_R(1.2), FX_S("Meter"), FX_S("Foot"));
    NEAR(2.64554714621853, "convert_mass", UNIT, FX_R(1.2), FX_S("Kilogram"), FX_S("Pound"));
    EQ("432000.0", "convert_speed", UNIT, FX_R(1.2), FX_S("MeterPerSecond"), FX_S("CentimeterPerHour"));
    EQ("-271.95", "convert_temperature", UNIT, FX_R(1.2), FX_S("Kelvin"), FX_S("DegreeCelsius"));
    EQ("0.0009728568", "convert_volume", UNIT, FX_R(1.2), FX_S("CubicMeter"), FX_S("AcreFoot"));
    EQ("null", "convert_mass", UNIT, FX_R(1.2), FX_S("Pound"), FX_S("Elephant"));
}

Test(fn_scalar, statistics)
{
    rtq__cell ten = FX_R(10), twenty = FX_R(20);
    NEAR(0.999999999999959, "beta_cdf", "number, number, number", FX_R(0.9), ten, twenty);
    NEAR(0.226415022388749, "beta_inv", "number, number, number", FX_R(0.1), ten, twenty);
    NEAR(0.746176019310951, "beta_pdf", "number, number, number", FX_R(0.5), ten, twenty);
    EQ("\"NaN\"", "beta_cdf", "number, number, number", FX_R(1.5), ten, twenty);
    EQ("null", "beta_inv", "number, number, number", FX_R(1.5), ten, twenty);
    EQ("\"NaN\"", "beta_inv", "number, number, number", FX_R(0.1), FX_R(-1), twenty);
    EQ("error -4", "assert", "const bool, const string", FX_B(0), FX_S("no"));
    EQ("true", "assert", "const bool, const string", FX_B(1), FX_S("no"));
    EQ("\"01234567-89ab-cdef-0123-456789abcdef\"", "toguid", "string", FX_S("0123456789ab-cdef-0123-456789abcdef"));
    EQ("null", "toguid", "string", FX_S("a string that is not a guid"));
}

static rtq__cell dec(const char *text)
{
    rtq__cell c = rtq__cell_null(RTQ_DECIMAL);
    c.is_null = !rtq__decimal_parse(c.u.w, text, strlen(text));
    return c;
}

Test(fn_scalar, decimals)
{
    if (!fx_fn("+", "decimal, decimal"))
        cr_skip("built without decimals");
    EQ("\"0.3\"", "+", "decimal, decimal", dec("0.1"), dec("0.2"));
    EQ("\"0.3333333333333333333333333333333333\"", "/", "decimal, decimal", dec("1"), dec("3"));
    EQ("null", "/", "decimal, decimal", dec("1"), dec("0"));
    EQ("\"1\"", "%", "decimal, decimal", dec("-5"), dec("3"));
    EQ("\"-1.5\"", "-", "decimal", dec("1.5"));
    EQ("\"3\"", "round", "decimal, [const long]", dec("2.5"));
    EQ("\"2.35\"", "round", "decimal, [const long]", dec("2.345"), FX_L(2));
    EQ("\"-1\"", "ceiling", "decimal", dec("-1.5"));
    EQ("\"1.5\"", "abs", "decimal", dec("-1.5"));
    EQ("\"-6\"", "bin", "decimal, decimal", dec("-5.5"), dec("2"));
    EQ("null", "bin", "decimal, decimal", dec("-5.5"), dec("-2"));
    EQ("2.0", "sqrt", "decimal", dec("4.00"));
    EQ("true", "==", "decimal, decimal", dec("1.50"), dec("1.5"));
    EQ("true", "in", "decimal, decimal...", dec("1.50"), dec("1.5"));
}
