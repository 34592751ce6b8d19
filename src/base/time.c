/* time.c - the calendar, and printing. Days are counted in 400-year eras of years that begin in March. */
#include "base/time.h"
#include <string.h>

#define DAYS_MARCH 306 /* from 0000-03-01 to 0001-01-01 */

int64_t rtq__days_from_civil(int32_t year, int32_t month, int32_t day)
{
    int64_t y = (int64_t)year - (month <= 2), m = month > 2 ? month - 3 : month + 9;
    int64_t era = (y >= 0 ? y : y - 399) / 400, year_of_era = y - era * 400;
    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + (153 * m + 2) / 5 + (int64_t)day -
           1 - DAYS_MARCH;
}

static bool is_leap(int32_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

int rtq__days_in_month(int32_t year, int32_t month)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (month < 1 || month > 12)
        return 0;
    return days[month - 1] + (month == 2 && is_leap(year));
}

/* Date and time of day; *days since 0001-01-01. */
static inline rtq__civil split_ticks(int64_t *days, int64_t ticks)
{
    int64_t rest = ticks % RTQ__TICKS_DAY;
    *days = ticks / RTQ__TICKS_DAY;
    if (rest < 0) {
        rest += RTQ__TICKS_DAY;
        --*days;
    }
    int64_t shifted = *days + DAYS_MARCH, era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    uint32_t day_of_era = (uint32_t)(shifted - era * 146097);
    uint32_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    uint32_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    uint32_t m = (5 * day_of_year + 2) / 153, month = m < 10 ? m + 3 : m - 9;
    uint32_t seconds = (uint32_t)(rest / RTQ__TICKS_SECOND);
    return (rtq__civil){
        .year = (int32_t)((int64_t)year_of_era + era * 400 + (month <= 2)),
        .month = (int32_t)month,
        .day = (int32_t)(day_of_year - (153 * m + 2) / 5 + 1),
        .hour = (int32_t)(seconds / 3600),
        .minute = (int32_t)(seconds / 60 % 60),
        .second = (int32_t)(seconds % 60),
        .ticks = (int32_t)(rest % RTQ__TICKS_SECOND),
    };
}

rtq__civil rtq__civil_from_ticks(int64_t ticks)
{
    int64_t days;
    rtq__civil civil = split_ticks(&days, ticks);
    int64_t weekday = (days + 1) % 7; /* 0001-01-01 was a Monday */
    civil.weekday = (int32_t)(weekday < 0 ? weekday + 7 : weekday);
    civil.yearday = (int32_t)(days - rtq__days_from_civil(civil.year, 1, 1) + 1);
    return civil;
}

bool rtq__ticks_from_civil(int64_t *out, const rtq__civil *civil)
{
    if (civil->year < 1 || civil->year > 9999 || civil->day < 1 ||
        civil->day > rtq__days_in_month(civil->year, civil->month))
        return false;
    if (civil->hour < 0 || civil->hour > 23 || civil->minute < 0 || civil->minute > 59 || civil->second < 0 ||
        civil->second > 59 || civil->ticks < 0 || civil->ticks >= RTQ__TICKS_SECOND)
        return false;
    *out = rtq__days_from_civil(civil->year, civil->month, civil->day) * RTQ__TICKS_DAY +
           civil->hour * RTQ__TICKS_HOUR + civil->minute * RTQ__TICKS_MINUTE + civil->second * RTQ__TICKS_SECOND +
           civil->ticks;
    return true;
}

static char *put(char *out, int64_t value, int digits)
{
    for (int i = digits - 1; i >= 0; i--, value /= 10)
        out[i] = (char)('0' + value % 10);
    return out + digits;
}

static void put_two(char *out, int32_t value)
{
    out[0] = (char)('0' + (uint32_t)value / 10);
    out[1] = (char)('0' + (uint32_t)value % 10);
}

size_t rtq__print_datetime(char out[32], int64_t ticks)
{
    if (ticks < 0)
        ticks = 0;
    if (ticks > RTQ__TICKS_MAX)
        ticks = RTQ__TICKS_MAX;
    int64_t days;
    rtq__civil civil = split_ticks(&days, ticks);
    memcpy(out, "0000-00-00T00:00:00.0000000Z", 28);
    put_two(out, civil.year / 100);
    put_two(out + 2, civil.year % 100);
    put_two(out + 5, civil.month);
    put_two(out + 8, civil.day);
    put_two(out + 11, civil.hour);
    put_two(out + 14, civil.minute);
    put_two(out + 17, civil.second);
    put_two(out + 20, civil.ticks / 100000);
    put_two(out + 22, civil.ticks / 1000 % 100);
    put_two(out + 24, civil.ticks / 10 % 100);
    out[26] = (char)('0' + civil.ticks % 10);
    return 28;
}

size_t rtq__print_timespan(char out[40], int64_t ticks)
{
    char *p = out;
    uint64_t rest = ticks < 0 ? 0 - (uint64_t)ticks : (uint64_t)ticks; /* INT64_MIN has no positive counterpart */
    uint64_t days = rest / (uint64_t)RTQ__TICKS_DAY;
    if (ticks < 0)
        *p++ = '-';
    if (days > 0) {
        int digits = 1;
        for (uint64_t d = days; d >= 10; d /= 10)
            digits++;
        p = put(p, (int64_t)days, digits);
        *p++ = '.';
    }
    int64_t day = (int64_t)(rest % (uint64_t)RTQ__TICKS_DAY);
    p = put(p, day / RTQ__TICKS_HOUR, 2);
    *p++ = ':';
    p = put(p, day / RTQ__TICKS_MINUTE % 60, 2);
    *p++ = ':';
    p = put(p, day / RTQ__TICKS_SECOND % 60, 2);
    if (day % RTQ__TICKS_SECOND != 0) {
        *p++ = '.';
        p = put(p, day % RTQ__TICKS_SECOND, 7);
    }
    return (size_t)(p - out);
}
