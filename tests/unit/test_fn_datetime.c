/* Datetime functions: values recorded from the emulator and printed on the reference pages. */
#include <criterion/criterion.h>
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
TestSuite(fn_datetime, .init = setup, .fini = teardown);

#define PART "const string, datetime"
#define ADD "const string, long, datetime"
#define DIFF "const string, datetime, datetime"

Test(fn_datetime, parts)
{
    rtq__cell t = fx_time("2017-10-30 01:02:03.7654321");
    EQ("2017", "datetime_part", PART, FX_S("Year"), t);
    EQ("4", "datetime_part", PART, FX_S("quarter"), t);
    EQ("44", "datetime_part", PART, FX_S("week_of_year"), t);
    EQ("303", "datetime_part", PART, FX_S("dayOfYear"), t);
    EQ("765", "datetime_part", PART, FX_S("millisecond"), t);
    EQ("765432", "datetime_part", PART, FX_S("microsecond"), t);
    EQ("765432100", "datetime_part", PART, FX_S("nanosecond"), t);
    EQ("error -4", "datetime_part", PART, FX_S("fortnight"), t);
    EQ("1", "hourofday", "datetime", t);
    EQ("366", "dayofyear", "datetime", fx_time("2020-12-31"));
}

Test(fn_datetime, weeks)
{
    EQ("53", "week_of_year", "datetime", fx_time("2016-01-01"));
    EQ("52", "week_of_year", "datetime", fx_time("2017-01-01"));
    EQ("53", "week_of_year", "datetime", fx_time("2021-01-03"));
    EQ("52", "week_of_year", "datetime", fx_time("9999-12-31"));
    EQ("1", "week_of_year", "datetime", fx_time("0001-01-01"));
    EQ("\"1.00:00:00\"", "dayofweek", "datetime", fx_time("0001-01-01"));
    EQ("\"3.00:00:00\"", "dayofweek", "datetime", fx_time("2020-01-01"));
    EQ("null", "dayofweek", "datetime", fx_time("9999-12-31"));
}

Test(fn_datetime, adding)
{
    EQ("\"2020-02-29T23:59:59.9999999Z\"", "datetime_add", ADD, FX_S("month"), FX_L(1),
       fx_time("2020-01-31 23:59:59.9999999"));
    EQ("\"2020-02-29T00:00:00.0000001Z\"", "datetime_add", ADD, FX_S("month"), FX_L(-1),
       fx_time("2020-03-31 00:00:00.0000001"));
    EQ("\"2019-05-29T12:00:00.0000000Z\"", "datetime_add", ADD, FX_S("quarter"), FX_L(-3), fx_time("2020-02-29 12:00"));
    EQ("\"2021-02-28T00:00:00.0000000Z\"", "datetime_add", ADD, FX_S("year"), FX_L(1), fx_time("2020-02-29"));
    EQ("\"2020-06-29T00:00:00.0000000Z\"", "datetime_add", ADD, FX_S("week"), FX_L(2), fx_time("2020-06-15"));
    EQ("null", "datetime_add", ADD, FX_S("year"), FX_L(8000), fx_time("2020-02-29"));
    EQ("null", "datetime_add", ADD, FX_S("month"), FX_L(INT64_MIN), fx_time("2020-02-29"));
    EQ("null", "datetime_add", ADD, FX_S("day"), FX_L(INT64_MAX), fx_time("2020-02-29"));
}

Test(fn_datetime, differences)
{
    EQ("-1", "datetime_diff", DIFF, FX_S("year"), fx_time("2020-12-31"), fx_time("2021-01-01"));
    EQ("-1", "datetime_diff", DIFF, FX_S("month"), fx_time("2020-01-31"), fx_time("2020-02-01"));
    EQ("0", "datetime_diff", DIFF, FX_S("day"), fx_time("2020-01-01 23:00"), fx_time("2020-01-01 01:00"));
    EQ("15", "datetime_diff", DIFF, FX_S("quarter"), fx_time("2024-03-31"), fx_time("2020-04-01"));
    EQ("52", "datetime_diff", DIFF, FX_S("week"), fx_time("2020-12-31"), fx_time("2020-01-01"));
    EQ("5", "datetime_diff", DIFF, FX_S("week"), fx_time("2017-10-29"), fx_time("2017-09-30 23:59"));
    EQ("36", "datetime_diff", DIFF, FX_S("hour"), fx_time("2020-03-01"), fx_time("2020-02-28 12:00"));
    EQ("5", "datetime_diff", DIFF, FX_S("minute"), fx_time("2017-10-30 23:05:01"), fx_time("2017-10-30 23:00:59"));
    EQ("2", "datetime_diff", DIFF, FX_S("microsecond"), fx_time("2020-01-01 00:00:00.0000020"),
       fx_time("2020-01-01 00:00:00.0000005"));
    EQ("-700", "datetime_diff", DIFF, FX_S("nanosecond"), fx_time("2017-10-30 23:00:00"),
       fx_time("2017-10-30 23:00:00.0000007"));
}

Test(fn_datetime, starts_and_ends)
{
    rtq__cell t = fx_time("2020-06-15 13:45");
    EQ("\"2020-06-12T00:00:00.0000000Z\"", "startofday", "datetime, [long]", t, FX_L(-3));
    EQ("\"2020-06-14T00:00:00.0000000Z\"", "startofweek", "datetime, [long]", t);
    EQ("\"2020-05-31T00:00:00.0000000Z\"", "startofweek", "datetime, [long]", t, FX_L(-2));
    EQ("\"2020-07-04T23:59:59.9999999Z\"", "endofweek", "datetime, [long]", t, FX_L(2));
    EQ("\"2021-02-28T23:59:59.9999999Z\"", "endofmonth", "datetime, [long]", fx_time("2020-01-31"), FX_L(13));
    EQ("\"2019-12-31T23:59:59.9999999Z\"", "endofyear", "datetime, [long]", t, FX_L(-1));
    EQ("\"9999-12-31T23:59:59.9999999Z\"", "endofmonth", "datetime, [long]", fx_time("9999-12-31"));
    EQ("\"9999-12-31T23:59:59.9999999Z\"", "endofyear", "datetime, [long]", fx_time("9999-12-31"));
    EQ("null", "endofweek", "datetime, [long]", fx_time("9999-12-31"));
    EQ("null", "startofweek", "datetime, [long]", fx_time("0001-01-01"));
    EQ("null", "startofmonth", "datetime, [long]", t, FX_L(INT64_MAX));
}

Test(fn_datetime, making)
{
    EQ("\"2020-02-29T23:59:59.9999999Z\"", "make_datetime", "long, long, long, [long], [long], [real]", FX_L(2020),
       FX_L(2), FX_L(29), FX_L(23), FX_L(59), FX_R(59.9999999));
    EQ("null", "make_datetime", "long, long, long, [long], [long], [real]", FX_L(2020), FX_L(13), FX_L(1));
    EQ("null", "make_datetime", "long, long, long, [long], [long], [real]", FX_L(2021), FX_L(2), FX_L(29));
    EQ("\"1.02:03:04\"", "make_timespan", "long, long, long, real", FX_L(1), FX_L(2), FX_L(3), FX_R(4));
    EQ("\"1.12:30:55.1230000\"", "make_timespan", "long, long, long, real", FX_L(1), FX_L(12), FX_L(30), FX_R(55.123));
    EQ("\"02:03:00\"", "make_timespan", "long, long", FX_L(2), FX_L(3));
    EQ("\"2019-01-01T00:00:00.0000000Z\"", "unixtime_seconds_todatetime", "long", FX_L(1546300800));
    EQ("\"2019-01-01T00:00:00.5000000Z\"", "unixtime_seconds_todatetime", "number", FX_R(1546300800.5));
    EQ("\"2019-01-01T00:00:00.0000001Z\"", "unixtime_nanoseconds_todatetime", "long", FX_L(1546300800000000100));
    EQ("null", "unixtime_seconds_todatetime", "long", FX_L(INT64_MAX));
    EQ("null", "unixtime_seconds_todatetime", "number", FX_R(1e300));
}

#define FT "datetime, const string"
#define FS "timespan, const string"
Test(fn_datetime, formats)
{
    rtq__cell t = fx_time("2020-06-15 13:45:09.05"), jan = fx_time("2020-01-05");
    EQ("\"20\"", "format_datetime", FT, t, FX_S("y"));
    EQ("\"6/15/2020 1:45:09 PM\"", "format_datetime", FT, t, FX_S("M/d/yyyy h:mm:ss tt"));
    EQ("\"09.05\"", "format_datetime", FT, t, FX_S("ss.ff"));
    EQ("\"0505\"", "format_datetime", FT, jan, FX_S("dddd"));
    EQ("\"055\"", "format_datetime", FT, jan, FX_S("ddd"));
    EQ("\"0101\"", "format_datetime", FT, jan, FX_S("MMMM"));
    EQ("\"20200615134509\"", "format_datetime", FT, t, FX_S("yyyyMMddHHmmss"));
    EQ("\"12:00 AM\"", "format_datetime", FT, jan, FX_S("hh:mm tt"));
    EQ("error -4", "format_datetime", FT, t, FX_S("yyyy-MM-ddTHH"));
    EQ("error -4", "format_datetime", FT, t, FX_S(""));
    EQ("\"1:1:1:1.123\"", "format_timespan", FS, fx_span("1.01:01:01.123"), FX_S("d:h:m:s.fff"));
    EQ("\"-1.02:30:00\"", "format_timespan", FS, fx_span("-1.02:30:00"), FX_S("d.hh:mm:ss"));
    EQ("\"0001\"", "format_timespan", FS, fx_span("1d"), FX_S("dddd"));
    EQ("\"29.09:00:05:12\"", "format_timespan", FS, fx_span("29.09:00:05.12345"), FX_S("dd.hh:mm:ss:FF"));
    EQ("\"029.9:00:05 [1234500]\"", "format_timespan", FS, fx_span("29.09:00:05.12345"), FX_S("ddd.h:mm:ss [fffffff]"));
    EQ("\"-10675199.02:48:05.4775808\"", "format_timespan", FS, rtq__cell_i(RTQ_TIMESPAN, INT64_MIN),
       FX_S("d.hh:mm:ss.fffffff"));
}

Test(fn_datetime, agree_in_all_forms)
{
    rtq__cell rows[30 * 2];
    for (uint32_t i = 0; i < 30; i++) {
        rows[i * 2] = i % 7 == 6 ? FX_NULL(RTQ_DATETIME)
                                 : rtq__cell_i(RTQ_DATETIME, (int64_t)i * INT64_C(100000000000000000));
        rows[i * 2 + 1] = FX_L((int64_t)i - 15);
    }
    const char *bad = fx_agree(f, "startofmonth", "datetime, [long]", 2, rows, 30);
    cr_expect_null(bad, "%s", bad);
    for (uint32_t i = 0; i < 30; i++)
        rows[i * 2 + 1] = FX_S("yyyy-MM-dd");
    bad = fx_agree(f, "format_datetime", FT, 2, rows, 30);
    cr_expect_null(bad, "%s", bad);
}

/* On a recording now() is the row's own time; elsewhere the batch's or the step's clock. */
Test(fn_datetime, the_clock)
{
    rtq__expr *span = fx_const(f, fx_span("1d")), *e = fx_call(f, "ago", "timespan", 1, &span);
    rtq__prog *prog;
    rtq__vec *v, *time = rtq__vec_new(&f->arena, RTQ_DATETIME, 2);
    rtq__vec_set(time, 0, fx_time("2020-01-02"));
    rtq__vec_set(time, 1, fx_time("2020-01-03"));
    rtq__batch batch = {.n = 2, .n_sel = 2};
    rtq__cell cell;
    cr_expect_eq(rtq__expr_fold(&cell, e, f->mem, &f->arena, f->diag), RTQ_ERR_SEMANTIC, "the clock was folded");
    cr_assert_eq(rtq__prog_new(&prog, f->mem, e, NULL, f->diag), RTQ_OK);
    f->eval.clock_ticks = fx_time("2021-01-02").u.i;
    cr_assert_eq(rtq__prog_eval(&v, prog, &f->eval, &batch, NULL, 2), RTQ_OK);
    cr_expect_eq(rtq__vec_get(v, 1).u.i, fx_time("2021-01-01").u.i);
    batch.now = fx_time("2022-01-02").u.i;
    cr_assert_eq(rtq__prog_eval(&v, prog, &f->eval, &batch, NULL, 2), RTQ_OK);
    cr_expect_eq(rtq__vec_get(v, 1).u.i, fx_time("2022-01-01").u.i);
    batch.time = time;
    cr_assert_eq(rtq__prog_eval(&v, prog, &f->eval, &batch, NULL, 2), RTQ_OK);
    cr_expect_eq(rtq__vec_get(v, 0).u.i, fx_time("2020-01-01").u.i);
    cr_expect_eq(rtq__vec_get(v, 1).u.i, fx_time("2020-01-02").u.i);
    rtq__prog_free(prog);
}

/* Needs the zoneinfo database of the system; transitions of past years do not change any more. */
Test(fn_datetime, time_zones)
{
    rtq__cell t = fx_time("2020-02-02 20:02:20");
    if (strcmp(FX(f, "datetime_local_to_utc", "datetime, string", t, FX_S("Europe/Paris")), "error -4") == 0)
        cr_skip("no time zone database");
    EQ("\"2020-02-02T19:02:20.0000000Z\"", "datetime_local_to_utc", "datetime, string", t, FX_S("Europe/Paris"));
    EQ("\"2020-02-03T04:02:20.0000000Z\"", "datetime_local_to_utc", "datetime, string", t, FX_S("US/Pacific"));
    /* the hour that Brussels skipped: 02:00 is read with the offset after it */
    EQ("\"2022-03-27T00:00:00.0000000Z\"", "datetime_local_to_utc", "datetime, string", fx_time("2022-03-27 01:00"),
       FX_S("Europe/Brussels"));
    EQ("\"2022-03-27T00:00:00.0000000Z\"", "datetime_local_to_utc", "datetime, string", fx_time("2022-03-27 02:00"),
       FX_S("Europe/Brussels"));
    EQ("\"2022-03-27T01:00:00.0000000Z\"", "datetime_local_to_utc", "datetime, string", fx_time("2022-03-27 03:00"),
       FX_S("Europe/Brussels"));
    EQ("\"2022-07-11T15:18:48.4678620Z\"", "datetime_utc_to_local", "datetime, string",
       fx_time("2022-07-11 22:18:48.467862"), FX_S("US/Pacific"));
    /* after the last transition of the file: the rule */
    EQ("\"2500-07-01T14:00:00.0000000Z\"", "datetime_utc_to_local", "datetime, string", fx_time("2500-07-01 12:00"),
       FX_S("Europe/Berlin"));
    EQ("\"2500-01-01T13:00:00.0000000Z\"", "datetime_utc_to_local", "datetime, string", fx_time("2500-01-01 12:00"),
       FX_S("Europe/Berlin"));
    EQ("\"2500-01-01T23:00:00.0000000Z\"", "datetime_utc_to_local", "datetime, string", fx_time("2500-01-01 12:00"),
       FX_S("Australia/Sydney"));
    EQ("null", "datetime_local_to_utc", "datetime, string", fx_time("0001-01-01"), FX_S("Asia/Tokyo"));
    EQ("error -4", "datetime_utc_to_local", "datetime, string", t, FX_S("../../etc/passwd"));
    EQ("error -4", "datetime_utc_to_local", "datetime, string", t, FX_S("Middle/Earth"));
    rtq__cell rows[6];
    for (uint32_t i = 0; i < 3; i++)
        rows[i * 2] = t, rows[i * 2 + 1] = FX_S(i == 0 ? "Asia/Tokyo" : i == 1 ? "UTC" : "Europe/Paris");
    const char *bad = fx_agree(f, "datetime_utc_to_local", "datetime, string", 2, rows, 3);
    cr_expect_null(bad, "%s", bad);
}
