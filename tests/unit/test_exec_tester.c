/* Options of adapters, and conjuncts tested on single values. */
#include <criterion/criterion.h>
#include "exec/source.h"
#include "value/dyn.h"

static const rtq__option_def defs[] = {
    {"path", RTQ__OPT_PATH, 1, 1, 0, NULL, NULL, "a file"},
    {"lines", RTQ__OPT_NUMBER, 0, 0, 0, "10", NULL, "how many"},
    {"follow", RTQ__OPT_BOOL, 0, 0, 0, "false", NULL, "wait for more"},
    {"poll", RTQ__OPT_TIMESPAN, 0, 0, 0, "1s", NULL, "how often"},
    {"mode", RTQ__OPT_CHOICE, 0, 0, 0, "block", "block|drop", "when full"},
    {NULL, 0, 0, 0, 0, NULL, NULL, NULL},
};

static int check(const rtq_option *options, size_t n, const char *message, const char *hint)
{
    rtq__mem *mem = rtq__mem_new(NULL, NULL, 0);
    rtq_diag *diag = NULL;
    rtq__diag_begin(&diag, mem);
    int rc = rtq__options_check(defs, options, n, "thing", diag);
    rtq_diag_item item = {.size = sizeof item};
    if (message) {
        cr_expect_eq(rtq_diag_get(&item, diag, 0), RTQ_OK);
        cr_expect_str_eq(item.message, message);
        if (hint)
            cr_expect_str_eq(item.hint, hint);
    }
    rtq_diag_free(diag);
    cr_expect_eq(mem->used, 0);
    rtq__mem_unref(mem);
    return rc;
}

Test(exec_options, checked)
{
    rtq_option good[] = {{"path", "a"},     {"path", "b"},  {"lines", "0x10"},
                         {"follow", "Yes"}, {"poll", "1m"}, {"mode", "drop"}};
    cr_expect_eq(check(good, 6, NULL, NULL), RTQ_OK);
    rtq_option unknown[] = {{"path", "a"}, {"folow", "true"}};
    cr_expect_eq(check(unknown, 2, "thing has no option 'folow'", "did you mean 'follow'?"), RTQ_ERR_ARG);
    rtq_option number[] = {{"path", "a"}, {"lines", "many"}};
    cr_expect_eq(check(number, 2, "option lines: 'many' is not a whole number", NULL), RTQ_ERR_ARG);
    rtq_option choice[] = {{"path", "a"}, {"mode", "dropp"}};
    cr_expect_eq(check(choice, 2, "option mode: 'dropp' is not one of block|drop", "did you mean 'drop'?"),
                 RTQ_ERR_ARG);
    rtq_option twice[] = {{"path", "a"}, {"lines", "1"}, {"lines", "2"}};
    cr_expect_eq(check(twice, 3, "thing: option lines is given twice", NULL), RTQ_ERR_ARG);
    cr_expect_eq(check(NULL, 0, "thing needs the option path (a file)", NULL), RTQ_ERR_ARG);
    rtq_option empty[] = {{"path", ""}};
    cr_expect_eq(check(empty, 1, "option path: '' is not a path", NULL), RTQ_ERR_ARG);
    rtq_option none[] = {{"path", NULL}};
    cr_expect_eq(check(none, 1, "thing: option 0 has no value", NULL), RTQ_ERR_ARG);
}

Test(exec_options, read_with_fallbacks)
{
    rtq_option o[] = {{"lines", "0x10"}, {"follow", "on"}};
    cr_expect_eq(rtq__option_number(defs, o, 2, "lines"), 16);
    cr_expect_eq(rtq__option_number(defs, NULL, 0, "lines"), 10);
    cr_expect_eq(rtq__option_number(defs, o, 2, "poll"), 10000000);
    cr_expect(rtq__option_bool(defs, o, 2, "follow"));
    cr_expect_not(rtq__option_bool(defs, NULL, 0, "follow"));
    cr_expect_str_eq(rtq__option_get(defs, o, 2, "mode"), "block");
    cr_expect_null(rtq__option_get(defs, o, 2, "path"));
    cr_expect_null(rtq__option_get(defs, o, 2, "other"));
}

/* ---- tester ----------------------------------------------------------------------------------------------------------------------- */
static rtq__mem *mem;

static int test_n(uint32_t kind, uint32_t op, uint32_t n, const rtq__cell *values, rtq__cell cell, uint8_t *verdict)
{
    rtq__want want = {.path = "x", .kind = (uint8_t)kind};
    rtq__conjunct conjunct = {0, op, values, n, 0};
    rtq__demand_table table = {.wants = &want, .n_wants = 1, .conjuncts = &conjunct, .n_conjuncts = 1};
    rtq__tester *t = NULL;
    cr_assert_eq(rtq__tester_new(&t, mem, &table), RTQ_OK);
    int rc = rtq__tester_test(t, 0, &cell);
    uint8_t v = rtq__tester_verdict(t, 0);
    cr_expect(v != RTQ_PUSH_EXACT || rc >= 0, "an exact test is never unsure");
    if (verdict)
        *verdict = v;
    rtq__tester_free(t);
    return rc;
}

static int test(uint32_t kind, uint32_t op, rtq__cell value, rtq__cell cell)
{
    return test_n(kind, op, 1, &value, cell, NULL);
}

static rtq__cell s(const char *text)
{
    return rtq__cell_s(text, strlen(text));
}
static rtq__cell l(int64_t i)
{
    return rtq__cell_i(RTQ_LONG, i);
}
static rtq__cell null(uint32_t kind)
{
    return rtq__cell_null(kind);
}
static rtq__cell dyn(uint8_t tag, int64_t i, const char *text)
{
    rtq__dyn y = {.tag = tag, .len = text ? (uint32_t)strlen(text) : 0};
    if (text)
        y.u.p = text;
    else
        y.u.i = i;
    rtq__cell c = rtq__cell_y(y);
    c.kind = RTQ_UNKNOWN;
    return c;
}

static void setup(void)
{
    mem = rtq__mem_new(NULL, NULL, 0);
}
static void teardown(void)
{
    cr_expect_eq(mem->used, 0);
    rtq__mem_unref(mem);
}
TestSuite(exec_tester, .init = setup, .fini = teardown);

Test(exec_tester, numbers)
{
    cr_expect_eq(test(RTQ_INT, RTQ_OP_EQ, l(4), rtq__cell_i(RTQ_INT, 4)), 1);
    cr_expect_eq(test(RTQ_INT, RTQ_OP_NE, l(4), rtq__cell_i(RTQ_INT, 4)), 0);
    cr_expect_eq(test(RTQ_LONG, RTQ_OP_LT, l(4), l(3)), 1);
    cr_expect_eq(test(RTQ_LONG, RTQ_OP_GE, rtq__cell_d(3.5), l(3)), 0);
    cr_expect_eq(test(RTQ_REAL, RTQ_OP_GT, l(3), rtq__cell_d(3.5)), 1);
    cr_expect_eq(test(RTQ_REAL, RTQ_OP_EQ, rtq__cell_d(0.0 / 0.0), rtq__cell_d(0.0 / 0.0)), 0, "NaN equals nothing");
    rtq__cell range[2] = {l(2), l(5)};
    cr_expect_eq(test_n(RTQ_LONG, RTQ_OP_BETWEEN, 2, range, l(5), NULL), 1);
    cr_expect_eq(test_n(RTQ_LONG, RTQ_OP_BETWEEN + RTQ_OP_NOT, 2, range, l(5), NULL), 0);
    cr_expect_eq(test_n(RTQ_LONG, RTQ_OP_IN, 2, range, l(5), NULL), 1);
    cr_expect_eq(test_n(RTQ_LONG, RTQ_OP_IN + RTQ_OP_NOT, 2, range, l(4), NULL), 1);
}

Test(exec_tester, numbers_against_text)
{
    cr_expect_eq(test(RTQ_LONG, RTQ_OP_EQ, s("0x3e7"), l(999)), 1);
    cr_expect_eq(test(RTQ_LONG, RTQ_OP_EQ, s("none"), l(999)), 0);
    cr_expect_eq(test(RTQ_LONG, RTQ_OP_NE, s("none"), l(999)), 1, "null != x");
    cr_expect_eq(test(RTQ_STRING, RTQ_OP_EQ, l(12), s("12")), 1);
    cr_expect_eq(test(RTQ_STRING, RTQ_OP_EQ, l(12), s("twelve")), 0);
    cr_expect_eq(test(RTQ_LONG, RTQ_OP_LT, s("5"), l(3)), -1, "KQL refuses it, so nobody knows");
}

Test(exec_tester, nulls)
{
    cr_expect_eq(test(RTQ_LONG, RTQ_OP_EQ, l(0), null(RTQ_LONG)), 0);
    cr_expect_eq(test(RTQ_LONG, RTQ_OP_NE, l(0), null(RTQ_LONG)), 1);
    cr_expect_eq(test(RTQ_LONG, RTQ_OP_LE, l(0), null(RTQ_LONG)), 0);
    cr_expect_eq(test_n(RTQ_LONG, RTQ_OP_ISNULL, 0, NULL, null(RTQ_LONG), NULL), 1);
    cr_expect_eq(test_n(RTQ_LONG, RTQ_OP_NOTNULL, 0, NULL, l(1), NULL), 1);
    cr_expect_eq(test_n(RTQ_STRING, RTQ_OP_ISNULL, 0, NULL, s(""), NULL), 0, "a string is never null");
    cr_expect_eq(test(RTQ_STRING, RTQ_OP_NE, s("a"), s("")), 1);
}

Test(exec_tester, text)
{
    cr_expect_eq(test(RTQ_STRING, RTQ_OP_EQ, s("abc"), s("ABC")), 0);
    cr_expect_eq(test(RTQ_STRING, RTQ_OP_EQ_NOCASE, s("abc"), s("ABC")), 1);
    cr_expect_eq(test(RTQ_STRING, RTQ_OP_EQ_NOCASE + RTQ_OP_NOT, s("abc"), s("ABC")), 0);
    cr_expect_eq(test(RTQ_STRING, RTQ_OP_EQ_NOCASE, s("\xC3\xA4"), s("\xC3\x84")), 1);
    cr_expect_eq(test(RTQ_STRING, RTQ_OP_HAS, s("exe"), s("cmd.EXE /c")), 1);
    cr_expect_eq(test(RTQ_STRING, RTQ_OP_HAS + RTQ_OP_CASE, s("exe"), s("cmd.EXE /c")), 0);
    cr_expect_eq(test(RTQ_STRING, RTQ_OP_HAS, s("ex"), s("cmd.exe")), 0);
    cr_expect_eq(test(RTQ_STRING, RTQ_OP_CONTAINS, s("D.E"), s("cmd.exe")), 1);
    cr_expect_eq(test(RTQ_STRING, RTQ_OP_CONTAINS + RTQ_OP_CASE + RTQ_OP_NOT, s("D.E"), s("cmd.exe")), 1);
    cr_expect_eq(test(RTQ_STRING, RTQ_OP_STARTSWITH, s("CMD"), s("cmd.exe")), 1);
    cr_expect_eq(test(RTQ_STRING, RTQ_OP_STARTSWITH, s("\xC3\x84"), s("\xC3\xA4x")), 1);
    cr_expect_eq(test(RTQ_STRING, RTQ_OP_ENDSWITH, s(".EXE"), s("cmd.exe")), 1);
    cr_expect_eq(test(RTQ_STRING, RTQ_OP_ENDSWITH + RTQ_OP_CASE, s(".EXE"), s("cmd.exe")), 0);
    cr_expect_eq(test(RTQ_STRING, RTQ_OP_ENDSWITH, s("longer than the text"), s("text")), 0);
    rtq__cell many[2] = {s("foo"), s("bar")};
    cr_expect_eq(test_n(RTQ_STRING, RTQ_OP_HAS, 2, many, s("a bar"), NULL), 1, "has_any");
    cr_expect_eq(test(RTQ_STRING, RTQ_OP_MATCHES, s("a.*"), s("abc")), -1);
}

Test(exec_tester, values_of_unknown_type)
{
    uint8_t verdict;
    rtq__cell v = l(445);
    cr_expect_eq(test_n(RTQ_UNKNOWN, RTQ_OP_EQ, 1, &v, dyn(RTQ__DYN_STRING, 0, "445"), &verdict), 1);
    cr_expect_eq(verdict, RTQ_PUSH_SUPERSET);
    cr_expect_eq(test(RTQ_UNKNOWN, RTQ_OP_EQ, l(445), dyn(RTQ__DYN_LONG, 445, NULL)), 1);
    cr_expect_eq(test(RTQ_UNKNOWN, RTQ_OP_EQ, l(445), dyn(RTQ__DYN_STRING, 0, "x")), 0);
    cr_expect_eq(test(RTQ_UNKNOWN, RTQ_OP_EQ, l(445), dyn(RTQ__DYN_NULL, 0, NULL)), 0);
    cr_expect_eq(test(RTQ_UNKNOWN, RTQ_OP_NE, l(445), dyn(RTQ__DYN_NULL, 0, NULL)), 1);
    v = s("445");
    cr_expect_eq(test_n(RTQ_UNKNOWN, RTQ_OP_EQ, 1, &v, dyn(RTQ__DYN_LONG, 445, NULL), &verdict), 1);
    cr_expect_eq(verdict, RTQ_PUSH_EXACT);
    cr_expect_eq(test(RTQ_UNKNOWN, RTQ_OP_EQ, s(""), dyn(RTQ__DYN_NULL, 0, NULL)), 1, "absent is the empty string");
    rtq__cell hex = dyn(RTQ__DYN_LONG, 999, NULL);
    hex.u.y.flags = RTQ__DYN_HEX;
    cr_expect_eq(test(RTQ_UNKNOWN, RTQ_OP_EQ, s("0x3e7"), hex), 1);
    cr_expect_eq(test(RTQ_UNKNOWN, RTQ_OP_EQ, l(999), hex), 1);
    cr_expect_eq(test(RTQ_UNKNOWN, RTQ_OP_GT, rtq__cell_i(RTQ_DATETIME, 5), dyn(RTQ__DYN_DATETIME, 6, NULL)), 1);
    cr_expect_eq(test(RTQ_UNKNOWN, RTQ_OP_GT, rtq__cell_i(RTQ_DATETIME, 5), dyn(RTQ__DYN_STRING, 0, "2020-01-01")), 1);
    cr_expect_eq(test(RTQ_UNKNOWN, RTQ_OP_CONTAINS, s("b\",\"c"), dyn(RTQ__DYN_JSON, 0, "[\"ab\",\"cd\"]")), 1,
                 "containers as their JSON text");
}
