/* time.h - proleptic Gregorian calendar on ticks of 100 ns since 0001-01-01; parsing and printing of datetime and timespan. */
#ifndef RTQ__TIME_H
#define RTQ__TIME_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RTQ__TICKS_SECOND INT64_C(10000000)
#define RTQ__TICKS_MINUTE (60 * RTQ__TICKS_SECOND)
#define RTQ__TICKS_HOUR (60 * RTQ__TICKS_MINUTE)
#define RTQ__TICKS_DAY (24 * RTQ__TICKS_HOUR)
#define RTQ__TICKS_MAX INT64_C(3155378975999999999)     /* 9999-12-31T23:59:59.9999999 */
#define RTQ__FILETIME_EPOCH INT64_C(504911232000000000) /* 1601-01-01 in ticks */

typedef struct rtq__civil {
    int32_t year, month, day, hour, minute, second, ticks /* of the second */, weekday /* 0 = Sunday */,
        yearday /* 1.. */;
} rtq__civil;
rtq__civil rtq__civil_from_ticks(int64_t ticks);
bool rtq__ticks_from_civil(int64_t *out, const rtq__civil *civil); /* false: no such date or out of range */
int64_t rtq__days_from_civil(int32_t year, int32_t month,
                             int32_t day); /* days since 0001-01-01; month/day not checked */
int rtq__days_in_month(int32_t year, int32_t month);

/* Every format that todatetime() documents (ISO 8601, RFC 822, RFC 850, "yyyy-MM-dd HH:mm:ss", …); whole string. */
bool rtq__parse_datetime(int64_t *out, const char *ptr, size_t len);
size_t rtq__print_datetime(char out[32], int64_t ticks); /* 2020-01-02T03:04:05.0000000Z */
bool rtq__parse_timespan(int64_t *out, const char *ptr,
                         size_t len); /* [-][d.]hh:mm:ss[.f…] and 1d 2h 3m 4s 5ms 6microsecond 7tick */
size_t rtq__print_timespan(char out[40], int64_t ticks); /* [-][d.]hh:mm:ss[.fffffff] */

#endif
