/* Unit tests of base/time.h. */
#include "base/time.h"
#include <criterion/criterion.h>
#include <string.h>

Test(base_time, values_of_another_calendar)
{
    /* Made with Python's datetime. */
    static const struct {
        int64_t ticks;
        int32_t year, month, day, hour, minute, second, part, weekday, yearday;
    } cases[] = {
        {0, 1, 1, 1, 0, 0, 0, 0, 1, 1},
        {RTQ__TICKS_MAX, 9999, 12, 31, 23, 59, 59, 9999999, 5, 365},
        {INT64_C(621355968000000000), 1970, 1, 1, 0, 0, 0, 0, 4, 1},
        {INT64_C(31241376000000000), 100, 1, 1, 0, 0, 0, 0, 5, 1},
        {RTQ__FILETIME_EPOCH, 1601, 1, 1, 0, 0, 0, 0, 1, 1},
        {INT64_C(1173530789724140020), 3719, 10, 10, 5, 29, 32, 4140020, 2, 283},
        {INT64_C(2358907551280759540), 7476, 1, 31, 1, 45, 28, 759540, 1, 31},
        {INT64_C(2976199038390987020), 9432, 3, 14, 19, 30, 39, 987020, 3, 74},
        {INT64_C(1325212603870608160), 4200, 6, 7, 21, 13, 7, 608160, 6, 158},
        {INT64_C(1838885177400393170), 5828, 3, 13, 7, 49, 0, 393170, 4, 73},
        {INT64_C(311462200384384850), 987, 12, 26, 15, 47, 18, 4384850, 3, 360},
        {INT64_C(253147131440951190), 803, 3, 12, 8, 45, 44, 951190, 3, 71},
        {INT64_C(1996928332420619810), 6329, 1, 6, 15, 27, 22, 619810, 0, 6},
        {INT64_C(2996412357151298150), 9496, 4, 2, 20, 35, 15, 1298150, 4, 93},
        {INT64_C(808991674576579110), 2564, 8, 4, 22, 57, 37, 6579110, 6, 217},
        {INT64_C(2112709905086051360), 6695, 11, 30, 2, 15, 8, 6051360, 6, 334},
        {INT64_C(2121930951930519980), 6725, 2, 18, 14, 26, 33, 519980, 3, 49},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        rtq__civil civil = rtq__civil_from_ticks(cases[i].ticks);
        int64_t back;
        cr_assert_eq(civil.year, cases[i].year, "case %zu", i);
        cr_assert_eq(civil.month, cases[i].month, "case %zu", i);
        cr_assert_eq(civil.day, cases[i].day, "case %zu", i);
        cr_assert_eq(civil.hour, cases[i].hour, "case %zu", i);
        cr_assert_eq(civil.minute, cases[i].minute, "case %zu", i);
        cr_assert_eq(civil.second, cases[i].second, "case %zu", i);
        cr_assert_eq(civil.ticks, cases[i].part, "case %zu", i);
        cr_assert_eq(civil.weekday, cases[i].weekday, "case %zu: weekday %d", i, civil.weekday);
        cr_assert_eq(civil.yearday, cases[i].yearday, "case %zu: yearday %d", i, civil.yearday);
        cr_assert(rtq__ticks_from_civil(&back, &civil));
        cr_assert_eq(back, cases[i].ticks);
    }
}

Test(base_time, every_day_of_ten_thousand_years)
{
    int64_t days = 0;
    for (int32_t year = 1; year <= 9999; year++) {
        int32_t yearday = 0;
        for (int32_t month = 1; month <= 12; month++) {
            int n = rtq__days_in_month(year, month);
            for (int32_t day = 1; day <= n; day++, days++) {
                rtq__civil civil = rtq__civil_from_ticks(days * RTQ__TICKS_DAY);
                cr_assert(civil.year == year && civil.month == month && civil.day == day &&
                          civil.yearday == ++yearday && civil.weekday == (days + 1) % 7);
                cr_assert_eq(rtq__days_from_civil(year, month, day), days);
            }
        }
    }
    cr_assert_eq(days, 3652059);
    cr_assert_eq(rtq__days_in_month(2000, 2), 29);
    cr_assert_eq(rtq__days_in_month(1900, 2), 28);
    cr_assert_eq(rtq__days_in_month(2023, 13), 0);
    /* Arithmetic may leave the range; the calendar goes on. */
    rtq__civil before = rtq__civil_from_ticks(-1);
    cr_assert(before.year == 0 && before.month == 12 && before.day == 31 && before.hour == 23 && before.weekday == 0);
}

static void assert_datetime(const char *text, const char *expected)
{
    int64_t ticks = -5;
    char out[32];
    bool good = rtq__parse_datetime(&ticks, text, strlen(text));
    cr_assert_eq(good, expected != NULL, "'%s'", text);
    if (!good) {
        cr_assert_eq(ticks, -5);
        return;
    }
    size_t len = rtq__print_datetime(out, ticks);
    cr_assert(len == strlen(expected) && memcmp(out, expected, len) == 0, "'%s' gave %.*s", text, (int)len, out);
}

Test(base_time, parse_datetime)
{
    static const char full[] = "2014-11-08T15:05:02.0000000Z", minutes[] = "2014-11-08T15:05:00.0000000Z";
    static const char *const to_second[] = {"2014-11-08T15:05:02Z",
                                            "2014-11-08T15:05:02",
                                            "2014-11-08 15:05:02",
                                            "2014-11-08 15:05:02Z",
                                            "2014-11-8 15:05:02",
                                            "2014-11-08 15:05:02 GMT",
                                            "2014-11-08T15:05:02 GMT",
                                            "2014-11-08T17:05:02+02:00",
                                            "2014-11-08T17:05:02+0200",
                                            "2014-11-08T13:35:02-01:30",
                                            "2014-11-08T16:05:02+01",
                                            "Sat, 8 Nov 14 15:05:02 GMT",
                                            "Sat, 8 Nov 14 15:05:02",
                                            "8 Nov 14 15:05:02 GMT",
                                            "8 Nov 14 15:05:02",
                                            "8 Nov 2014 15:05:02 UTC",
                                            "Saturday, 08-Nov-14 15:05:02 GMT",
                                            "Saturday, 08-Nov-14 15:05:02",
                                            "08-Nov-14 15:05:02 GMT",
                                            "08-Nov-14 15:05:02",
                                            "  2014-11-08 15:05:02  ",
                                            "2014/11/08 15:05:02",
                                            "8 november 2014 15:05:02",
                                            "2014-11-08t15:05:02z",
                                            "2014-11-08   15:05:02.0"};
    static const char *const to_minute[] = {"2014-11-08T15:05",
                                            "2014-11-08 15:05",
                                            "2014-11-08 15:05 GMT",
                                            "2014-11-08T15:05 GMT",
                                            "Sat, 8 Nov 14 15:05",
                                            "Sat, 8 Nov 14 15:05 GMT",
                                            "8 Nov 14 15:05",
                                            "8 Nov 14 15:05 GMT",
                                            "Saturday, 08-Nov-14 15:05 GMT",
                                            "Saturday, 08-Nov-14 15:05",
                                            "08-Nov-14 15:05 GMT",
                                            "08-Nov-14 15:05",
                                            "2014-11-08T15:05Z"};
    static const char *const bad[] = {"",
                                      "not a date",
                                      "2020-13-01",
                                      "2020-02-30",
                                      "2020-00-10",
                                      "0000-01-01",
                                      "2020-01-01T24:00:00",
                                      "2020-01-01T10:60:00",
                                      "2020-01-01T10:00:60",
                                      "2020-01-01T10:00:00.",
                                      "2020-01-01T10",
                                      "2020-01-01X10:00:00",
                                      "2020-01-01 10:00:00 PST",
                                      "2020-01-01T10:00:00+15:00",
                                      "2020011",
                                      "20201301",
                                      "31.12.2020",
                                      "1.2/2020",
                                      "Dec 2 2020",
                                      "Dec 2,20",
                                      "Dec, 2, 2020",
                                      "2020-01",
                                      "2020-01-01-01",
                                      "2020-01/01",
                                      "8 Now 14 15:05",
                                      "Foo, 8 Nov 14 15:05",
                                      "0001-01-01T00:00:00+01:00",
                                      "9999-12-31T23:59:59-01:00",
                                      "2020-01-01T10:00:00Z Z",
                                      "12020-01-01"};
    for (size_t i = 0; i < sizeof to_second / sizeof *to_second; i++)
        assert_datetime(to_second[i], full);
    for (size_t i = 0; i < sizeof to_minute / sizeof *to_minute; i++)
        assert_datetime(to_minute[i], minutes);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_datetime(bad[i], NULL);
    assert_datetime("2014-05-25T08:20:03.123456Z", "2014-05-25T08:20:03.1234560Z");
    assert_datetime("2014-11-08 15:55:55.123456Z", "2014-11-08T15:55:55.1234560Z");
    assert_datetime("2020-06-15T13:45:09.123456789Z", "2020-06-15T13:45:09.1234567Z");
    assert_datetime("2015-12-31 23:59:59.9", "2015-12-31T23:59:59.9000000Z");
    assert_datetime("1969-07-20", "1969-07-20T00:00:00.0000000Z");
    assert_datetime("1 Jan 70 00:00", "1970-01-01T00:00:00.0000000Z");
    assert_datetime("9999-12-31T23:59:59.9999999Z", "9999-12-31T23:59:59.9999999Z");
    assert_datetime("2020-02-29", "2020-02-29T00:00:00.0000000Z");
    /* Known to be read by the emulator. */
    assert_datetime("20190504", "2019-05-04T00:00:00.0000000Z");
    assert_datetime("5.4.2019", "2019-05-04T00:00:00.0000000Z");
    assert_datetime("May 4, 2019", "2019-05-04T00:00:00.0000000Z");
    assert_datetime("may 14,2019 07:08", "2019-05-14T07:08:00.0000000Z");
}

static void assert_timespan(const char *text, bool good, int64_t expected)
{
    int64_t ticks = -5;
    cr_assert_eq(rtq__parse_timespan(&ticks, text, strlen(text)), good, "'%s'", text);
    cr_assert_eq(ticks, good ? expected : -5, "'%s' gave %lld", text, (long long)ticks);
}

Test(base_time, parse_timespan)
{
    assert_timespan("1.02:03:04.5", true, RTQ__TICKS_DAY + 2 * RTQ__TICKS_HOUR + 3 * RTQ__TICKS_MINUTE + 45000000);
    assert_timespan("0.12:34:56.7", true, 12 * RTQ__TICKS_HOUR + 34 * RTQ__TICKS_MINUTE + 567000000);
    assert_timespan("00:01:00", true, RTQ__TICKS_MINUTE);
    assert_timespan("10:30", true, 10 * RTQ__TICKS_HOUR + 30 * RTQ__TICKS_MINUTE);
    assert_timespan("-02:00:00", true, -2 * RTQ__TICKS_HOUR);
    assert_timespan("3:01:02:03", true,
                    3 * RTQ__TICKS_DAY + RTQ__TICKS_HOUR + 2 * RTQ__TICKS_MINUTE + 3 * RTQ__TICKS_SECOND);
    assert_timespan("10675199.02:48:05.4775807", true, INT64_MAX);
    assert_timespan("-10675199.02:48:05.4775808", true, INT64_MIN);
    assert_timespan("10675199.02:48:05.4775808", false, 0);
    assert_timespan("2d", true, 2 * RTQ__TICKS_DAY);
    assert_timespan("1.5h", true, 90 * RTQ__TICKS_MINUTE);
    assert_timespan("30m", true, 30 * RTQ__TICKS_MINUTE);
    assert_timespan("10s", true, 10 * RTQ__TICKS_SECOND);
    assert_timespan("0.1s", true, 1000000);
    assert_timespan("100ms", true, 1000000);
    assert_timespan("10microsecond", true, 100);
    assert_timespan("7tick", true, 7);
    assert_timespan("250nano", true, 3);
    assert_timespan("15 seconds", true, 15 * RTQ__TICKS_SECOND);
    assert_timespan("2", true, 2 * RTQ__TICKS_DAY);
    assert_timespan("1d 2h 3m 4s 5ms 6microsecond 7tick", true, INT64_C(937840050067));
    assert_timespan("-1.5d", true, -36 * RTQ__TICKS_HOUR);
    assert_timespan("9223372036854775807tick", false, 0);
    assert_timespan("1w", false, 0);
    assert_timespan("", false, 0);
    assert_timespan("-", false, 0);
    assert_timespan("d", false, 0);
    assert_timespan("1d2", false, 0);
    assert_timespan("24:00:00", false, 0);
    assert_timespan("1:60:00", false, 0);
    assert_timespan("1:2:3:4:5", false, 0);
    assert_timespan("1e400d", false, 0);
    assert_timespan("99999999999d", false, 0);
}

static void assert_span_text(int64_t ticks, const char *expected)
{
    char out[40];
    size_t len = rtq__print_timespan(out, ticks);
    cr_assert(len == strlen(expected) && memcmp(out, expected, len) == 0, "%.*s instead of %s", (int)len, out,
              expected);
    int64_t back = 0;
    cr_assert(rtq__parse_timespan(&back, out, len));
    cr_assert_eq(back, ticks);
}

Test(base_time, print_timespan)
{
    assert_span_text(0, "00:00:00");
    assert_span_text(RTQ__TICKS_DAY, "1.00:00:00");
    assert_span_text(-RTQ__TICKS_DAY - 2 * RTQ__TICKS_HOUR, "-1.02:00:00");
    assert_span_text(RTQ__TICKS_DAY + 2 * RTQ__TICKS_HOUR + 3 * RTQ__TICKS_MINUTE + 45000000, "1.02:03:04.5000000");
    assert_span_text(1, "00:00:00.0000001");
    assert_span_text(INT64_MAX, "10675199.02:48:05.4775807");
    assert_span_text(INT64_MIN, "-10675199.02:48:05.4775808");
}
