/* Aggregates: ids of recorded emulator results and page examples in comments. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include "agg_run.h"

static fn_world w;
static void open(void)
{
    fn_world_open(&w);
}
static void close(void)
{
    fn_world_close(&w);
}
TestSuite(fn_agg, .init = open, .fini = close);

enum { MAX = 64 };

/* One column of values, separated by blanks. */
static const char *run(const char *name, uint32_t kind, const char *values, const rtq__cell *constants)
{
    static char text[1024];
    rtq__cell cells[MAX];
    uint32_t n = 0;
    snprintf(text, sizeof text, "%s", values);
    for (char *p = strtok(text, " "); p; p = strtok(NULL, " "))
        cells[n++] = fn_cell(&w, kind, p);
    if (!n)
        cells[0] = rtq__cell_null(kind);
    return fn_aggregate(&w, name, cells, n, 1, constants);
}
#define GIVES(expr, want)                                                  \
    do {                                                                   \
        const char *got_ = (expr);                                         \
        cr_expect_str_eq(got_, want, "%s: %s, not %s", #expr, got_, want); \
    } while (0)

Test(fn_agg, table_is_sorted)
{
    uint32_t n, rows;
    const rtq__agg *t = rtq__agg_table(&n);
    for (uint32_t i = 1; i < n; i++)
        cr_assert(strcmp(t[i - 1].name, t[i].name) <= 0, "%s after %s", t[i].name, t[i - 1].name);
    for (uint32_t i = 0; i < n; i++) {
        cr_assert(t[i].update && t[i].merge && t[i].finish && t[i].state_len && t[i].doc, "%s", t[i].name);
        cr_assert_eq(t[i].destroy != NULL, t[i].save != NULL, "%s", t[i].name);
        cr_assert_eq(!strcmp(t[i].ret, "custom"), t[i].ret_fn != NULL, "%s", t[i].name);
        const rtq__agg *found = rtq__agg_find(t[i].name, strlen(t[i].name), &rows);
        cr_assert(found <= &t[i] && found + rows > &t[i]);
    }
    cr_assert_null(rtq__agg_find("coun", 4, &rows));
    cr_assert_null(rtq__agg_find("zzz", 3, &rows));
}

Test(fn_agg, nulls_and_nothing) /* emu-agent-aggregation-0009-fb85ef2e, emu-agent-null-and-edge-0016 */
{
    GIVES(run("sum", RTQ_LONG, "null null", NULL), "0");
    GIVES(run("avg", RTQ_LONG, "null null", NULL), "\"NaN\"");
    GIVES(run("min", RTQ_LONG, "null null", NULL), "null");
    GIVES(run("make_list", RTQ_LONG, "null null", NULL), "[]");
    GIVES(run("make_set", RTQ_LONG, "null null", NULL), "[]");
    GIVES(run("make_list_with_nulls", RTQ_INT, "null 5 null", NULL), "[null,5,null]");
    GIVES(run("avg", RTQ_INT, "null 5 null", NULL), "5.0");
    GIVES(run("stdev", RTQ_REAL, "", NULL), "0.0");
    GIVES(run("max", RTQ_DATETIME, "", NULL), "null");
}

Test(fn_agg, numbers)
{
    GIVES(run("count", RTQ_LONG, "1 2 3", NULL), "3");
    GIVES(run("sum", RTQ_LONG, "9223372036854775807 1", NULL), "-9223372036854775808");
    GIVES(run("avg", RTQ_TIMESPAN, "10675199.02:48:05.4775807 10675199.02:48:05.4775807", NULL),
          "\"10675199.02:48:05.4775807\"");
    GIVES(run("avg", RTQ_LONG, "1 2 -4 -8", NULL), "-2.25");
    GIVES(run("avg", RTQ_TIMESPAN, "1h 2h", NULL), "\"01:30:00\"");
    GIVES(run("min", RTQ_REAL, "3.3 NaN", NULL), "\"NaN\"");
    GIVES(run("max", RTQ_REAL, "NaN 3.3", NULL), "\"NaN\"");
    GIVES(run("max", RTQ_REAL, "Infinity -Infinity 1.5", NULL), "\"Infinity\"");
    cr_expect_eq(atof(run("stdev", RTQ_REAL, "1 2 3 4", NULL)), 1.2909944487487155);
    GIVES(run("variance", RTQ_REAL, "1 2 3 4", NULL), "1.6666666667");
    GIVES(run("variancep", RTQ_REAL, "1 2 3 4", NULL), "1.25");
    GIVES(run("stdev", RTQ_REAL, "5", NULL), "0.0");
    GIVES(run("binary_all_and", RTQ_LONG, "0xFFFFFFFF 0xFFFFF00F 0xCFFFFFFD 0xFAFEFFFF", NULL), "3405705229");
    GIVES(run("binary_all_or", RTQ_LONG, "1 6", NULL), "7");
    GIVES(run("binary_all_xor", RTQ_LONG, "1 3", NULL), "2");
}

Test(fn_agg, unknown_values_decide)
{
    GIVES(run("sum", RTQ_UNKNOWN, "1 2", NULL), "3");
    GIVES(run("sum", RTQ_UNKNOWN, "1 2.5 \"4\" null \"x\"", NULL), "7.5");
    GIVES(run("avg", RTQ_UNKNOWN, "1 2", NULL), "1.5");
    GIVES(run("max", RTQ_UNKNOWN, "1 12 5 null", NULL), "12");
    GIVES(run("percentile", RTQ_UNKNOWN, "1 2 3", (rtq__cell[]){rtq__cell_d(50), {0}}), "2");
}

Test(fn_agg, predicates)
{
    rtq__cell t = rtq__cell_i(RTQ_BOOL, 1), f = rtq__cell_i(RTQ_BOOL, 0), null = rtq__cell_null(RTQ_BOOL);
    rtq__cell rows[] = {rtq__cell_i(RTQ_LONG, 1), t, rtq__cell_i(RTQ_LONG, 2), f,
                        rtq__cell_i(RTQ_LONG, 4), t, rtq__cell_i(RTQ_LONG, 8), null};
    GIVES(fn_aggregate(&w, "sumif", rows, 4, 2, NULL), "5");
    GIVES(fn_aggregate(&w, "maxif", rows, 4, 2, NULL), "4");
    GIVES(fn_aggregate(&w, "dcountif", rows, 4, 2, NULL), "2");
    GIVES(fn_aggregate(&w, "make_list_if", rows, 4, 2, NULL), "[1,4]");
    rtq__cell only[] = {t, f, null, t, t};
    GIVES(fn_aggregate(&w, "countif", only, 5, 1, NULL), "3");
}

Test(fn_agg, lists_and_sets)
{
    rtq__cell two[] = {rtq__cell_i(RTQ_LONG, 2), {0}}, three[] = {rtq__cell_i(RTQ_LONG, 3), {0}};
    GIVES(run("make_set", RTQ_LONG, "3 1 2 3", NULL), "[3,1,2]");
    GIVES(run("make_list", RTQ_LONG, "1 2 3 4 5 6", three), "[1,2,3]");
    GIVES(run("make_set", RTQ_LONG, "1 1 2 3 4 5 6", two), "[1,2]");
    GIVES(run("make_set", RTQ_STRING, "b a c a b", NULL), "[\"b\",\"a\",\"c\"]");
    GIVES(run("make_list", RTQ_DYNAMIC, "[1,2] null [3]", NULL),
          "[1,2,null,3]"); /* emu-agent-aggregation-0039-5a0628bc */
    GIVES(run("make_set", RTQ_DYNAMIC, "[\"A1\",\"A2\"] [\"A2\",\"C1\"]", NULL), "[\"A1\",\"A2\",\"C1\"]");
    GIVES(run("make_bag", RTQ_DYNAMIC, "{\"a\":1} {\"a\":2,\"b\":3} {\"c\":4} null 5", NULL),
          "{\"a\":1,\"b\":3,\"c\":4}");
    GIVES(run("count_distinct", RTQ_STRING, "b a c a b", NULL), "3");
    GIVES(run("buildschema", RTQ_DYNAMIC,
              "{\"x\":1,\"y\":3.5} {\"x\":\"somevalue\",\"z\":[1,2,3]} "
              "{\"y\":{\"w\":\"zzz\"},\"t\":[\"aa\",\"bb\"],\"z\":[\"foo\"]}",
              NULL),
          "{\"x\":[\"long\",\"string\"],\"y\":[\"double\",{\"w\":\"string\"}],\"z\":{\"`indexer`\":[\"long\","
          "\"string\"]},\"t\":{"
          "\"`indexer`\":\"string\"}}");
}

Test(fn_agg, winners)
{
    rtq__cell s1 = rtq__cell_s("first of a long name", 20), s2 = rtq__cell_s("", 0), s3 = rtq__cell_s("third", 5);
    rtq__cell rows[] = {rtq__cell_i(RTQ_LONG, 10), s1, rtq__cell_i(RTQ_LONG, 10), s2,
                        rtq__cell_i(RTQ_LONG, 5),  s3, rtq__cell_null(RTQ_LONG),  s2};
    GIVES(fn_aggregate(&w, "arg_max", rows, 4, 2, NULL), "10 | \"first of a long name\"");
    GIVES(fn_aggregate(&w, "arg_min", rows, 4, 2, NULL), "5 | \"third\"");
    rtq__cell nulls[] = {rtq__cell_null(RTQ_LONG), s3, rtq__cell_null(RTQ_LONG), s1};
    GIVES(fn_aggregate(&w, "arg_min", nulls, 2, 2, NULL), "null | \"third\"");
    /* emu-agent-aggregation-0001-4587d8e0: NaN wins from either side */
    rtq__cell nan_first[] = {rtq__cell_d(NAN), rtq__cell_d(10), rtq__cell_d(2), rtq__cell_d(20)};
    GIVES(fn_aggregate(&w, "arg_max", nan_first, 2, 2, NULL), "\"NaN\" | 10.0");
    rtq__cell nan_last[] = {rtq__cell_d(5), rtq__cell_d(10), rtq__cell_d(NAN), rtq__cell_d(3)};
    GIVES(fn_aggregate(&w, "arg_min", nan_last, 2, 2, NULL), "\"NaN\" | 3.0");
    GIVES(run("max", RTQ_STRING, "b abc c a", NULL), "\"c\"");
    GIVES(run("min", RTQ_BOOL, "true false", NULL), "false");
    rtq__cell any[] = {s2, s3, s1};
    GIVES(fn_aggregate(&w, "take_any", any, 3, 1, NULL), "\"third\"");
}

Test(fn_agg, percentiles_by_nearest_rank)
{
    rtq__cell p[] = {rtq__cell_d(50), rtq__cell_d(75), rtq__cell_d(99.9), {0}};
    rtq__cell rows[8]; /* percentilesw-aggregation-function-5317a2aa */
    static const int64_t v[] = {10, 8, 20, 6, 30, 3, 40, 1};
    for (int i = 0; i < 8; i++)
        rows[i] = rtq__cell_i(RTQ_LONG, v[i]);
    GIVES(fn_aggregate(&w, "percentilesw", rows, 4, 2, p), "20 | 20 | 40");
    GIVES(run("percentiles", RTQ_REAL, "1 2 3 4", p), "2.0 | 3.0 | 4.0");
    GIVES(run("percentiles_array", RTQ_LONG, "4 3 2 1", p), "[2,3,4]");
}

Test(fn_agg, percentiles_of_many)
{
    enum { N = 40000 };
    rtq__cell *rows = malloc(N * sizeof *rows), p[] = {rtq__cell_d(50), rtq__cell_d(95), rtq__cell_d(99.9), {0}};
    for (uint32_t i = 0; i < N; i++)
        rows[i] = rtq__cell_i(RTQ_LONG, (int64_t)(i * 7919u % N)); /* a permutation of 0 … N-1 */
    const char *got = fn_aggregate(&w, "percentiles", rows, N, 1, p);
    long a, b, c;
    cr_assert_eq(sscanf(got[0] == 'w' ? got + 6 : got, "%ld | %ld | %ld", &a, &b, &c), 3, "%s", got);
    cr_expect(labs(a - 20000) < 200 && labs(b - 38000) < 100 && labs(c - 39960) < 20, "%s", got);
    free(rows);
}

Test(fn_agg, dcount)
{
    enum { N = 30000 };
    rtq__cell *rows = malloc(N * sizeof *rows);
    char(*text)[24] = malloc(N * sizeof *text);
    for (int n = 1; n <= N; n = n * 3 + 1) {
        for (int i = 0; i < n; i++)
            rows[i] = rtq__cell_s(text[i], (size_t)snprintf(text[i], sizeof *text, "value number %d", i));
        double got = atof(fn_aggregate(&w, "dcount", rows, (uint32_t)n, 1, NULL));
        cr_expect(fabs(got - n) <= (n <= 1000 ? 0 : 0.024 * n), "%d distinct, counted %g", n, got);
    }
    free(rows), free(text);
    GIVES(run("dcount", RTQ_STRING, "a b a", NULL), "2");
    GIVES(run("dcount", RTQ_LONG, "0 null 0 -1", NULL), "2");
}
