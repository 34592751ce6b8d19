/* Unit tests of the CSV decoder: RFC 4180, ragged records, types from a sample, any split of the bytes. */
#include "feed.h"
#include "sources/csv/csv.h"
#include <criterion/criterion.h>
#include <stdio.h>

static const rtq__table_col cols[] = {
    {"a", NULL, RTQ_STRING, 0}, {"n", NULL, RTQ_LONG, 0}, {"r", NULL, RTQ_REAL, 0}, {"d", NULL, RTQ_DYNAMIC, 0}};

typedef struct fixture {
    rtq__mem *mem;
    feed_demand d;
    rtq__csv *csv;
    rtq__source_stats stats;
    rtq__buf out;
    size_t max_record;
    char delimiter;
    uint64_t ragged, unfit, repaired;
} fixture;

static void setup(fixture *f)
{
    memset(f, 0, sizeof *f);
    f->mem = rtq__mem_new(NULL, NULL, 0);
    f->max_record = 1 << 20;
    f->delimiter = ',';
    feed_demand_init(&f->d, f->mem, cols, 4, false);
    rtq__buf_init(&f->out, f->mem);
}

static void all_columns(fixture *f)
{
    for (int i = 0; i < 4; i++)
        feed_want(&f->d, cols[i].name, RTQ__WANT_SURVIVOR);
    feed_want(&f->d, "d.k", RTQ__WANT_SURVIVOR);
    feed_branch(&f->d, NULL, 0);
}

static const char *run(fixture *f, const char *text, size_t len, bool header, feed_split split)
{
    int64_t max_time = INT64_MIN;
    memset(&f->stats, 0, sizeof f->stats);
    rtq__buf_clear(&f->out);
    cr_assert_eq(rtq__csv_new(&f->csv, f->mem, &f->d.table, f->max_record, f->delimiter, header, &f->stats, &max_time),
                 RTQ_OK);
    cr_assert_eq(rtq__csv_feed.plan(f->csv, &f->d.demand), RTQ_OK);
    feed_run(&f->out, &rtq__csv_feed, f->csv, &f->stats, text, len, split);
    f->ragged = f->csv->rows.ragged, f->unfit = f->csv->rows.unfit, f->repaired = f->csv->rows.repaired;
    rtq__csv_feed.free(f->csv);
    rtq__buf_addc(&f->out, '\0');
    return f->out.ptr;
}

static void done(fixture *f)
{
    rtq__buf_free(&f->out);
    feed_demand_free(&f->d);
    cr_assert_eq(f->mem->used, 0);
    rtq__mem_unref(f->mem);
}

static const feed_split whole = {0, 0, 0, false};
#define RUN(f, text) run(f, text, sizeof text - 1, false, whole)

Test(csv_decode, cells)
{
    fixture f;
    setup(&f);
    all_columns(&f);
    cr_expect_str_eq(RUN(&f, "x,1,1.5,5\n"), "\"x\"\t1\t1.5\t5\tnull\n");
    cr_expect_str_eq(RUN(&f, "\"a,\"\"b\"\"\r\nc\",-2,3,\"{\"\"k\"\":[1]}\""),
                     "\"a,\\\"b\\\"\\r\\nc\"\t-2\t3.0\t{\"k\":[1]}\t[1]\n");
    cr_expect_str_eq(RUN(&f, ",,,\r\n\r\n\"\",\"\",\"\",\"\"\n"),
                     "\"\"\tnull\tnull\tnull\tnull\n\"\"\tnull\tnull\tnull\tnull\n");
    cr_expect_str_eq(RUN(&f, "a\"b,1,2,not json"), "\"a\\\"b\"\t1\t2.0\t\"not json\"\tnull\n");
    cr_expect_str_eq(RUN(&f, " a , 1 ,x,\n"), "\" a \"\t1\tnull\tnull\tnull\n");
    cr_expect_eq(f.unfit, 1);
    cr_expect_str_eq(RUN(&f, "\xff\xe4,1\n"), "\"\uFFFD\uFFFD\"\t1\tnull\tnull\tnull\n");
    cr_expect_eq(f.repaired, 1);
    cr_expect_eq(f.ragged, 1);
    cr_expect_str_eq(RUN(&f, "x,1,2,3\r"), "\"x\"\t1\t2.0\t3\tnull\n");
    done(&f);
}

Test(csv_decode, bad_records)
{
    fixture f;
    setup(&f);
    feed_want(&f.d, "a", RTQ__WANT_SURVIVOR);
    feed_branch(&f.d, NULL, 0);
    cr_expect_str_eq(RUN(&f, "a,1\nb,1,2,3,4\nc\n"), "\"a\"\n\"c\"\nbad 2\n");
    cr_expect_eq(f.stats.errored, 1);
    cr_expect_str_eq(RUN(&f, "b,1,2,3,,\nc\n"), "\"b\"\n\"c\"\n"); /* empty cells too many */
    cr_expect_str_eq(RUN(&f, "a\n\"b\"x,1\nc\n"), "\"a\"\n\"c\"\nbad 2\n");
    cr_expect_str_eq(RUN(&f, "a\n\"b,1\nc\nd\n"), "\"a\"\n\"c\"\n\"d\"\nbad 2\n");
    cr_expect_eq(f.stats.errored, 1);
    f.max_record = 10;
    cr_expect_str_eq(RUN(&f, "a\nbbbbbbbbbbbbbbbbbbbbbbbbb,1\nc\n\"d\n123456789\ne\n"),
                     "\"a\"\n\"c\"\n\"123456789\"\n\"e\"\nbad 2\n");
    cr_expect_eq(f.stats.errored, 2);
    done(&f);
}

Test(csv_decode, header)
{
    static char wide[CSV_MAX_COLS + 20];
    fixture f;
    setup(&f);
    all_columns(&f);
#define HEADED(f, text) run(f, text, sizeof text - 1, true, whole)
    cr_expect_str_eq(HEADED(&f, "a,n,r,d\nx,1,2,3\n"), "\"x\"\t1\t2.0\t3\tnull\n");
    cr_expect_str_eq(HEADED(&f, "\xEF\xBB\xBF\"a\", n,r,d\nx,1,2,3\n"), "\"x\"\t1\t2.0\t3\tnull\n");
    cr_expect_str_eq(HEADED(&f, "n,other,a\r\n1,?,x\r\n2,?,y,z\r\n3\r\n"),
                     "\"x\"\t1\tnull\tnull\tnull\n\"\"\t3\tnull\tnull\tnull\nbad 3\n");
    cr_expect_str_eq(HEADED(&f, "a,n,r,d"), "");
    cr_expect_str_eq(HEADED(&f, ""), "");
    cr_expect_eq(f.stats.in, 0);
    cr_expect_str_eq(HEADED(&f, "a,n\r1,2\r3,4\r"), "bad 1\n");
    for (int i = 0; i < CSV_MAX_COLS; i++)
        wide[i] = ',';
    strcpy(wide + CSV_MAX_COLS, "a\nx,1\ny\n");
    cr_expect_str_eq(run(&f, wide, strlen(wide), true, whole), "bad 1\n");
    cr_expect_eq(f.stats.errored, 3);
    f.delimiter = CSV_GUESS;
    cr_expect_str_eq(HEADED(&f, "a;n;r;d\n\"x;,\";1;2;3\n"), "\"x;,\"\t1\t2.0\t3\tnull\n");
    cr_expect_str_eq(HEADED(&f, "n\t\"a\"\r\n1\tx,y;z\r\n"), "\"x,y;z\"\t1\tnull\tnull\tnull\n");
    cr_expect_str_eq(HEADED(&f, "\"a\",\"n;;;|||\",r|\nx,1,2\n"), "\"x\"\tnull\tnull\tnull\tnull\n");
    cr_expect_str_eq(HEADED(&f, "\xEF\xBB\xBFsep=|\r\na|n\r\nx;|1\r\n1|2|3"), "\"x;\"\t1\tnull\tnull\tnull\nbad 4\n");
    f.delimiter = ';';
    cr_expect_str_eq(HEADED(&f, "sep=,\na;n,\nx,;1\n"), "\"x,\"\tnull\tnull\tnull\tnull\n");
    done(&f);
}

static const char *infer(rtq__arena *arena, const char *text, bool header)
{
    rtq__buf out;
    rtq__table table = {0};
    const char *why = "", *result;
    char *copy = rtq__arena_zalloc(arena, strlen(text) + RTQ__FEED_PAD);
    rtq__buf_init(&out, arena->mem);
    memcpy(copy, text, strlen(text));
    char delimiter = header ? CSV_GUESS : ',';
    if (rtq__csv_infer(&table, arena, copy, strlen(text), true, &delimiter, header, &why) != RTQ_OK)
        return why;
    for (uint32_t i = 0; i < table.n_cols; i++)
        rtq__buf_addf(&out, "%s%s:%s", i ? "," : "", table.cols[i].name, rtq__kind_name(table.cols[i].kind));
    result = rtq__arena_strndup(arena, out.ptr, out.len);
    rtq__buf_free(&out);
    return result;
}

Test(csv_decode, inferred_types)
{
    static char wide[CSV_MAX_COLS + 1];
    rtq__mem *mem = rtq__mem_new(NULL, NULL, 0);
    rtq__arena arena;
    rtq__arena_init(&arena, mem, 0);
    cr_expect_str_eq(infer(&arena, "a,b,c,d\n1,1.5,x,true\n2,2,3,False\n", true), "a:long,b:real,c:string,d:bool");
    cr_expect_str_eq(infer(&arena, "a,a,,a\n1.5,,2024-05-01 10:00:00,1\n3.2,,2024-05-01,x\n", true),
                     "a:real,a1:string,col2:datetime,a2:string");
    cr_expect_str_eq(infer(&arena, "zip,big,huge,exp\n01234,9223372036854775807,9223372036854775808,1e5\n", true),
                     "zip:string,big:long,huge:string,exp:real");
    cr_expect_str_eq(infer(&arena, "1,x\n2,y\n", false), "col0:long,col1:string");
    cr_expect_str_eq(
        infer(&arena, "g,m\n6F9619FF-8B86-D011-B42D-00CF4FC964FF,1\n6f9619ff-8b86-d011-b42d-00cf4fc964ff,true\n", true),
        "g:guid,m:string");
    cr_expect_str_eq(infer(&arena, "a,b\n1,\n1,2,3,4\n\"x\"y,4\n2,5\n", true),
                     "a:long,b:long"); /* bad records have no say */
    cr_expect_str_eq(infer(&arena, "a\n\"1\"\n\"\"\n", true), "a:string");
    cr_expect_str_eq(infer(&arena, "\n", true), "there is no header");
    cr_expect_str_eq(infer(&arena, "\"a", true), "the header is not CSV, or too long");
    cr_expect_str_eq(infer(&arena, "sep=;\na;b,c\n1;1,5\n", true), "a:long,b,c:string");
    cr_expect_str_eq(infer(&arena, "a\tb\n1\t1,5\n", true), "a:long,b:string");
    cr_expect_str_eq(infer(&arena, "a;b,c\n1,1;5\n", true), "a;b:long,c:string");
    cr_expect_str_eq(infer(&arena, "a,b\r1,2\r", true), CSV_CR_ALONE);
    memset(wide, ',', CSV_MAX_COLS);
    cr_expect_str_eq(infer(&arena, wide, true), "the header has more than 4096 columns");
    rtq__arena_free(&arena);
    rtq__mem_unref(mem);
}

static void random_csv(rtq__buf *out, uint64_t *s)
{
    static const char *const parts[] = {"a",
                                        "1",
                                        "-2.5",
                                        ",",
                                        ",",
                                        "\n",
                                        "\r\n",
                                        "\"x\"",
                                        "\"a,b\"",
                                        "\"\"\"\"",
                                        "\"l\nm\"",
                                        "\"",
                                        "\r",
                                        " ",
                                        "\u00e9",
                                        "\xff",
                                        "\"{\"\"k\"\":1}\""};
    for (uint64_t n = feed_random(s) % 60; n > 0; n--)
        rtq__buf_adds(out, parts[feed_random(s) % (sizeof parts / sizeof *parts)]);
}

Test(csv_decode, any_split_gives_the_same_rows)
{
    static const size_t pieces[] = {1, 7, 30};
    rtq__cell two = rtq__cell_i(RTQ_LONG, 1);
    fixture f;
    uint64_t seed = 4711, rows = 0;
    rtq__buf text;
    setup(&f);
    all_columns(&f);
    rtq__buf_init(&text, f.mem);
    for (int round = 0; round < 4000; round++) {
        bool header = round % 2;
        char *all;
        uint64_t in, errored, ragged;
        if (round == 2000) {
            uint32_t c = feed_conjunct(&f.d, 1, RTQ_OP_NE, &two, 1);
            f.d.demand.n_branches = 0;
            f.d.demand.all = false;
            feed_branch(&f.d, &c, 1);
        }
        f.max_record = round % 3 ? 1 << 20 : 12;
        f.delimiter = round % 4 == 1 ? CSV_GUESS : ',';
        rtq__buf_clear(&text);
        rtq__buf_adds(&text, f.delimiter == CSV_GUESS && round % 8 == 1 ? "sep=,\r\n" : "");
        rtq__buf_adds(&text, header ? "d,a,n\n" : "");
        random_csv(&text, &seed);
        all = strdup(run(&f, text.ptr ? text.ptr : "", text.len, header, whole));
        in = f.stats.in, errored = f.stats.errored, ragged = f.ragged;
        rows += f.stats.out;
        for (size_t k = 0; k < 6; k++) {
            run(&f, text.ptr ? text.ptr : "", text.len, header,
                (feed_split){pieces[k % 3], k < 3 ? 0 : seed | 1, k % 2 ? 1 : 1000, k % 2});
            cr_assert_eq(in, f.stats.in, "%.*s", (int)text.len, text.ptr);
            cr_assert_eq(errored, f.stats.errored, "%.*s", (int)text.len, text.ptr);
            cr_assert_eq(ragged, f.ragged);
            if (errored == 0)
                cr_assert_str_eq(f.out.ptr, all, "%.*s", (int)text.len, text.ptr);
        }
        free(all);
    }
    cr_expect_gt(rows, 3000);
    rtq__buf_free(&text);
    done(&f);
}
