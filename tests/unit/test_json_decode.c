/* Unit tests of the JSON decoder: rows, errors, any split of the bytes, lines rejected by bytes alone. */
#include "feed.h"
#include "base/time.h"
#include "sources/json/json.h"
#include <criterion/criterion.h>
#include <stdio.h>

typedef struct fixture {
    rtq__mem *mem;
    feed_demand d;
    rtq__json *json;
    rtq__source_stats stats;
    int64_t max_time;
    rtq__buf out;
    size_t max_record;
} fixture;

static void setup(fixture *f, const rtq__table_col *cols, uint32_t n_cols)
{
    memset(f, 0, sizeof *f);
    f->mem = rtq__mem_new(NULL, NULL, 0);
    f->max_record = 1 << 20;
    feed_demand_init(&f->d, f->mem, cols, n_cols, true);
    rtq__buf_init(&f->out, f->mem);
}

static const char *run(fixture *f, const char *text, size_t len, feed_split split)
{
    memset(&f->stats, 0, sizeof f->stats);
    f->max_time = INT64_MIN;
    rtq__buf_clear(&f->out);
    cr_assert_eq(rtq__json_new(&f->json, f->mem, f->max_record, JSON_AUTO, &f->stats, &f->max_time), RTQ_OK);
    cr_assert_eq(rtq__json_feed.plan(f->json, &f->d.demand), RTQ_OK);
    feed_run(&f->out, &rtq__json_feed, f->json, &f->stats, text, len, split);
    rtq__json_feed.free(f->json);
    rtq__buf_addc(&f->out, '\0');
    cr_assert_not(f->out.failed);
    return f->out.ptr;
}

static void done(fixture *f)
{
    rtq__buf_free(&f->out);
    feed_demand_free(&f->d);
    cr_assert_eq(f->mem->used, 0, "leaked %llu bytes", (unsigned long long)f->mem->used);
    rtq__mem_unref(f->mem);
}

static const feed_split whole = {0, 0, 0, false};

/* Values of the fields a, a.b, c[1], c[-1].x for each text. */
static const char *fields(fixture *f, const char *text)
{
    if (f->d.demand.n_wants == 0) {
        feed_want(&f->d, "a", RTQ__WANT_SURVIVOR);
        feed_want(&f->d, "a.b", RTQ__WANT_SURVIVOR);
        feed_want(&f->d, "c[1]", RTQ__WANT_SURVIVOR);
        feed_want(&f->d, "c[-1].x", RTQ__WANT_SURVIVOR);
        feed_branch(&f->d, NULL, 0);
    }
    return run(f, text, strlen(text), whole);
}

Test(json_decode, fields)
{
    fixture f;
    setup(&f, NULL, 0);
    cr_expect_str_eq(fields(&f, "{\"a\":1}"), "1\tnull\tnull\tnull\n");
    cr_expect_str_eq(fields(&f, "{\"a\":{\"b\":\"x\"},\"c\":[1,2.5,{\"x\":true}]}\n"),
                     "{\"b\":\"x\"}\t\"x\"\t2.5\ttrue\n");
    cr_expect_str_eq(fields(&f, "{\"c\":[{\"a\":{\"b\":1}}],\"d\":{\"a\":{\"b\":2}}}"), "null\tnull\tnull\tnull\n");
    cr_expect_str_eq(fields(&f, "{ \"a\" : { \"b\" : [ ] } }"), "{\"b\":[]}\t[]\tnull\tnull\n");
    cr_expect_str_eq(fields(&f, "{\"\\u0061\":\"\\u00e9\\ud83d\\ude00\\n\\/\"}"),
                     "\"\u00e9\U0001F600\\n/\"\tnull\tnull\tnull\n");
    cr_expect_str_eq(fields(&f,
                            "{\"a\":9223372036854775807}\n{\"a\":9223372036854775808}\n{\"a\":4.624e3}\n{\"a\":-0}"),
                     "9223372036854775807\tnull\tnull\tnull\n9223372036854776000.0\tnull\tnull\tnull\n4624."
                     "0\tnull\tnull\tnull\n0\tnull\tnull\tnull\n");
    cr_expect_str_eq(fields(&f, "{\"a\":null}\n{}"), "null\tnull\tnull\tnull\nnull\tnull\tnull\tnull\n");
    done(&f);
}

Test(json_decode, last_of_equal_names_counts)
{
    fixture f;
    setup(&f, NULL, 0);
    cr_expect_str_eq(fields(&f, "{\"a\":1,\"a\":2}"), "2\tnull\tnull\tnull\n");
    cr_expect_str_eq(fields(&f, "{\"a\":{\"b\":1},\"a\":{\"d\":2}}"), "{\"d\":2}\tnull\tnull\tnull\n");
    cr_expect_str_eq(fields(&f, "{\"a\":{\"b\":1},\"a\":3}"), "3\tnull\tnull\tnull\n");
    cr_expect_str_eq(fields(&f, "{\"a\":{\"b\":1},\"\\u0061\":{\"b\":7,\"b\":8}}"),
                     "{\"b\":7,\"b\":8}\t8\tnull\tnull\n");
    done(&f);
}

Test(json_decode, frames)
{
    fixture f;
    setup(&f, NULL, 0);
    feed_want(&f.d, "a", RTQ__WANT_SURVIVOR);
    feed_branch(&f.d, NULL, 0);
    cr_expect_str_eq(fields(&f, "{\"a\":1}{\"a\":2} {\"a\":3}\n{\"a\":4}"), "1\n2\n3\n4\n");
    cr_expect_str_eq(fields(&f, "[{\"a\":1},{\"a\":2}\n,\n{\n\"a\":3}]\n"), "1\n2\n3\n");
    cr_expect_str_eq(fields(&f, "{\n  \"a\": 1\n}\n{\n  \"a\": 2\n}\n"), "1\n2\n");
    cr_expect_str_eq(fields(&f, "\xEF\xBB\xBF\r\n{\"a\":1}\r\n\r\n{\"a\":2}\r\n"), "1\n2\n");
    cr_expect_str_eq(fields(&f, "[{\"a\":1},{\"a\":2}]\n[{\"a\":3}]\n[]\n"), "1\n2\n3\n");
    cr_expect_str_eq(fields(&f, "{\"a\":1}\n[{\"a\":2},{\"a\":3}]\n{\"a\":4} {\"a\":5}\n"), "1\n2\n3\n4\n5\n");
    cr_expect_str_eq(fields(&f, ""), "");
    cr_expect_str_eq(fields(&f, " \n \n"), "");
    cr_expect_eq(f.stats.in, 0);
    done(&f);
}

Test(json_decode, bad_records)
{
    static const char *const bad[] = {
        "{\"a\":1",
        "{\"a\"}",
        "{\"a\":01}",
        "{\"a\":1.}",
        "{\"a\":.5}",
        "{\"a\":+1}",
        "{\"a\":1e}",
        "{\"a\":tru}",
        "{a:1}",
        "{'a':1}",
        "{\"a\":1,}",
        "{,\"a\":1}",
        "{\"a\":\"\\x\"}",
        "{\"a\":\"\\u12g4\"}",
        "{\"a\":\"\t\"}",
        "{\"a\":[1,]}",
        "{\"a\":[1 2]}",
        "{\"a\":1}}",
        "{\"a\":\"\xff\"}",
        "{\"a\":\"\xc0\x80\"}",
        "{\"a\":\"\xed\xa0\x80\"}",
        "{\"a\":[}",
        "{\"a\":{]}",
        "null",
        "1",
        "\"a\"",
        "{\"a\":1}x",
        "{\"a\":NaN}",
        "{\"a\" 1}",
        "{\"a\":\"x}",
    };
    fixture f;
    setup(&f, NULL, 0);
    feed_want(&f.d, "z", RTQ__WANT_SURVIVOR);
    feed_branch(&f.d, NULL, 0);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char text[100];
        int n = snprintf(text, sizeof text, "{\"z\":1}\n%s\n{\"z\":2}\n", bad[i]);
        run(&f, text, (size_t)n, whole);
        cr_expect_eq(f.stats.errored, 1, "%s: errored %d", bad[i], (int)f.stats.errored);
        cr_expect_eq(f.stats.out, f.stats.in - 1);
        cr_expect_not_null(strstr(f.out.ptr, "bad 2\n"), "%s: %s", bad[i], f.out.ptr);
        cr_expect_not_null(strstr(f.out.ptr, "2\n"), "%s", bad[i]);
    }
    done(&f);
}

Test(json_decode, deep_and_long)
{
    fixture f;
    char text[1000];
    size_t n = 0;
    setup(&f, NULL, 0);
    feed_want(&f.d, "z", RTQ__WANT_SURVIVOR);
    feed_branch(&f.d, NULL, 0);
    f.max_record = 400;
    n += (size_t)sprintf(text, "{\"z\":1}\n{\"z\":");
    memset(text + n, '[', 127);
    memset(text + n + 127, ']', 127);
    n += 254;
    n += (size_t)sprintf(text + n, "}\n{\"z\":3}\n");
    run(&f, text, n, whole);
    cr_expect_eq(f.stats.out, 3); /* 128 levels */
    n = (size_t)sprintf(text, "{\"z\":1}\n{\"z\":");
    memset(text + n, '[', 128);
    memset(text + n + 128, ']', 128);
    n += 256;
    n += (size_t)sprintf(text + n, "}\n{\"z\":3}\n");
    run(&f, text, n, whole);
    cr_expect_eq(f.stats.out, 2);
    cr_expect_eq(f.stats.errored, 1);
    n = (size_t)sprintf(text, "{\"z\":1}\n{\"z\":\"");
    memset(text + n, 'x', 400);
    n += 400;
    n += (size_t)sprintf(text + n, "\"}\n{\"z\":3}\n");
    for (size_t piece = 1; piece < 300; piece += 13) {
        run(&f, text, n, (feed_split){piece, 0, 0, false});
        cr_expect_eq(f.stats.out, 2);
        cr_expect_eq(f.stats.errored, 1);
    }
    done(&f);
}

/* ---- rejecting by bytes ---------------------------------------------------------------------------------------------------- */

static const char tricky[] = "{\"id\":4624,\"u\":{\"n\":\"admin\"}}\n"
                             "{\"id\":4.624e3}\n"
                             "{\"id\":\"4624\"}\n"
                             "{\"id\":\"0x1210\"}\n"
                             "{\"id\":46240e-1}\n"
                             "{\"i\\u0064\":4624}\n"
                             "{\"id\":1,\"id\":4624}\n"
                             "{\"id\":4624,\"id\":1}\n"
                             "{\"x\":{\"id\":4624}}\n"
                             "{\"s\":\"\\\"id\\\":4624\"}\n"
                             "{\"s\":\"\\\"id\",\"id\" : 4624}\n"
                             "{\"s\":\"id\",\"t\":\"4624\"}\n"
                             "{\"id\":[4624]}\n"
                             "{\"id\":\"\\u00346\\u00324\"}\n"
                             "{\"id\":46240000000000000000000}\n"
                             "{\"id\":{\"id\":4624}}\n"
                             "{\"u\":{\"n\":\"ADMIN\\u0069strator\"},\"id\":5}\n"
                             "{\"u\":{\"n\":\"c:\\\\admin\\\\x\"},\"id\":6}\n"
                             "{\"u\":{\"n\":\"ad\\u006din\"},\"id\":7}\n"
                             "{\"u\":{\"n\":[\"admin\"]},\"id\":8}\n"
                             "{\"u\":{\"n\":{\"k\":\"admin\"}},\"id\":9}\n"
                             "{\"n\":\"admin\",\"u\":{\"n\":\"guest\"},\"id\":10}\n"
                             "{\"u\":{\"n\":true},\"id\":11}\n"
                             "{}\n";

/* The rows that the conjunct keeps with bytes alone first and without, must be the same. */
static void check_filter(uint32_t op, const char *path, const rtq__cell *values, uint32_t n_values)
{
    fixture f;
    char *with, *without;
    uint32_t want, conjunct;
    uint64_t passed;

    setup(&f, NULL, 0);
    want = feed_want(&f.d, path, RTQ__WANT_SURVIVOR);
    feed_want(&f.d, "*", RTQ__WANT_SURVIVOR);
    conjunct = feed_conjunct(&f.d, want, op, values, n_values);
    feed_branch(&f.d, &conjunct, 1);
    with = strdup(run(&f, tricky, sizeof tricky - 1, whole));
    passed = f.stats.out;
    for (size_t piece = 1; piece < 80; piece += 9)
        cr_expect_str_eq(run(&f, tricky, sizeof tricky - 1, (feed_split){piece, 0, 3, true}), with, "op %u %s", op,
                         path);
    {
        char text[sizeof tricky * 2], *t = text; /* in one array: no lines, so nothing is rejected by bytes */
        *t++ = '[';
        for (const char *s = tricky; *s; s++)
            *t++ = *s == '\n' ? (s[1] ? ',' : ']') : *s;
        without = strdup(run(&f, text, (size_t)(t - text), whole));
    }
    cr_expect_str_eq(with, without, "op %u %s: %s", op, path, with);
    cr_expect_eq(f.stats.out, passed);
    free(with);
    free(without);
    done(&f);
}

Test(json_decode, filter_is_a_superset)
{
    rtq__cell id = rtq__cell_i(RTQ_LONG, 4624), none = rtq__cell_i(RTQ_LONG, 77), real = rtq__cell_d(4624),
              text = rtq__cell_s("4624", 4);
    rtq__cell admin = rtq__cell_s("admin", 5), slash = rtq__cell_s("c:\\admin", 8), empty = rtq__cell_s("", 0),
              yes = rtq__cell_s("true", 4);
    rtq__cell two[2] = {id, none};
    static const uint32_t text_ops[] = {RTQ_OP_EQ,       RTQ_OP_NE,         RTQ_OP_EQ_NOCASE, RTQ_OP_HAS,
                                        RTQ_OP_CONTAINS, RTQ_OP_STARTSWITH, RTQ_OP_ENDSWITH};

    for (uint32_t op = RTQ_OP_EQ; op <= RTQ_OP_GE; op++) {
        check_filter(op, "id", &id, 1);
        check_filter(op, "id", &none, 1);
        check_filter(op, "id", &real, 1);
    }
    check_filter(RTQ_OP_IN, "id", two, 2);
    check_filter(RTQ_OP_IN + RTQ_OP_NOT, "id", two, 2);
    check_filter(RTQ_OP_ISNULL, "id", NULL, 0);
    check_filter(RTQ_OP_NOTNULL, "id", NULL, 0);
    for (size_t i = 0; i < sizeof text_ops / sizeof *text_ops; i++)
        for (uint32_t more = 0; more <= RTQ_OP_NOT + RTQ_OP_CASE; more += RTQ_OP_CASE) {
            if (text_ops[i] < RTQ_OP_EQ_NOCASE && more % RTQ_OP_NOT)
                continue;
            check_filter(text_ops[i] + more, "u.n", &admin, 1);
            check_filter(text_ops[i] + more, "u.n", &slash, 1);
            check_filter(text_ops[i] + more, "u.n", &empty, 1);
            check_filter(text_ops[i] + more, "u.n", &yes, 1);
            check_filter(text_ops[i] + more, "id", &text, 1);
        }
}

Test(json_decode, rejected_lines_are_not_decoded)
{
    fixture f;
    char text[9000];
    size_t n = 0;
    rtq__cell id = rtq__cell_i(RTQ_LONG, 99);
    uint32_t c;
    setup(&f, NULL, 0);
    c = feed_conjunct(&f.d, feed_want(&f.d, "id", 0), RTQ_OP_EQ, &id, 1);
    feed_want(&f.d, "p", RTQ__WANT_SURVIVOR);
    feed_branch(&f.d, &c, 1);
    for (int i = 0; i < 200; i++)
        n += (size_t)sprintf(text + n, "{\"id\":%d,\"p\":\"text %d\"}\n", i, i);
    cr_expect_str_eq(run(&f, text, n, whole), "99\t\"text 99\"\n");
    cr_expect_eq(f.stats.filtered, 199);
    cr_expect_eq(f.stats.decoded_cells, 2);
    done(&f);
}

Test(json_decode, typed_columns_and_time)
{
    static const rtq__table_col cols[] = {
        {"t", NULL, RTQ_DATETIME, RTQ__COL_TIME}, {"n", NULL, RTQ_LONG, 0}, {"s", NULL, RTQ_STRING, 0}};
    static const char text[] =
        "{\"t\":\"2024-05-01T10:00:00Z\",\"n\":\"12\",\"s\":5}\n{\"t\":\"2024-05-02T10:00:00Z\"}\n{\"t\":[]}\n";
    fixture f;
    int64_t last = 0;
    setup(&f, cols, 3);
    f.d.table.time_col = 0;
    feed_want(&f.d, "t", RTQ__WANT_TIME);
    feed_want(&f.d, "n", RTQ__WANT_SURVIVOR);
    feed_want(&f.d, "s", RTQ__WANT_SURVIVOR);
    feed_branch(&f.d, NULL, 0);
    cr_expect_str_eq(run(&f, text, sizeof text - 1, whole), "\"2024-05-01T10:00:00.0000000Z\"\t12\t\"5\"\n\"2024-05-"
                                                            "02T10:00:00.0000000Z\"\tnull\t\"\"\nnull\tnull\t\"\"\n");
    cr_expect(rtq__parse_datetime(&last, "2024-05-02T10:00:00Z", 20));
    cr_expect_eq(f.max_time, last);
    done(&f);
}
