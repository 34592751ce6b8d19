/* syslog_time.c - timestamps of syslog lines. */
#include "base/text.h"
#include "sources/syslog/syslog.h"

typedef struct cursor {
    const char *p, *end;
} cursor;

static bool digit_at(const cursor *c, ptrdiff_t i)
{
    return c->end - c->p > i && c->p[i] >= '0' && c->p[i] <= '9';
}

/* Exactly n digits. */
static bool fixed(cursor *c, int n, int32_t *out)
{
    *out = 0;
    for (int i = 0; i < n; i++, c->p++) {
        if (!digit_at(c, 0))
            return false;
        *out = *out * 10 + (*c->p - '0');
    }
    return true;
}

static bool take(cursor *c, char want)
{
    if (c->p == c->end || *c->p != want)
        return false;
    c->p++;
    return true;
}

/* hh:mm:ss with a fraction. */
static bool clock_time(cursor *c, rtq__civil *t)
{
    if (!fixed(c, 2, &t->hour) || !take(c, ':') || !fixed(c, 2, &t->minute) || !take(c, ':') ||
        !fixed(c, 2, &t->second))
        return false;
    if (c->end - c->p > 1 && (*c->p == '.' || *c->p == ',') && digit_at(c, 1)) {
        int32_t unit = (int32_t)(RTQ__TICKS_SECOND / 10);
        for (c->p++; digit_at(c, 0); c->p++, unit /= 10)
            t->ticks += (*c->p - '0') * unit;
    }
    if (t->second == 60) /* a leap second: the last tick of the minute */
        t->second = 59, t->ticks = (int32_t)RTQ__TICKS_SECOND - 1;
    return true;
}

bool rtq__syslog_zone(int64_t *offset, const char *p, size_t len)
{
    static const struct {
        char name[5];
        int8_t quarters;
    } zones[] = {
        {"Z", 0},     {"UTC", 0},   {"GMT", 0},   {"WET", 0},   {"BST", 4},   {"WEST", 4},  {"CET", 4},
        {"CEST", 8},  {"EET", 8},   {"EEST", 12}, {"MSK", 12},  {"IST", 22},  {"SGT", 32},  {"JST", 36},
        {"KST", 36},  {"AEST", 40}, {"AEDT", 44}, {"NZST", 48}, {"NZDT", 52}, {"EST", -20}, {"EDT", -16},
        {"CST", -24}, {"CDT", -20}, {"MST", -28}, {"MDT", -24}, {"PST", -32}, {"PDT", -28},
    };
    cursor c = {p, p + len};
    int32_t hour, minute = 0;
    bool west;

    for (size_t i = 0; i < sizeof zones / sizeof *zones; i++)
        if (rtq__equal_nocase(p, len, zones[i].name, strlen(zones[i].name))) {
            *offset = zones[i].quarters * (RTQ__TICKS_HOUR / 4);
            return true;
        }
    if (len < 3 || (*p != '+' && *p != '-'))
        return false;
    west = *c.p++ == '-';
    if (!fixed(&c, 2, &hour))
        return false;
    if (c.p < c.end) {
        take(&c, ':');
        if (!fixed(&c, 2, &minute))
            return false;
    }
    if (c.p != c.end || hour > 15 || minute > 59)
        return false;
    *offset = (hour * RTQ__TICKS_HOUR + minute * RTQ__TICKS_MINUTE) * (west ? -1 : 1);
    return true;
}

static int64_t to_utc(int64_t local, const syslog_clock *clock)
{
    return clock->to_utc ? clock->to_utc(local) : local - clock->offset;
}

static bool in_range(int64_t ticks)
{
    return ticks >= 0 && ticks <= RTQ__TICKS_MAX;
}

bool rtq__syslog_iso_time(int64_t *out, const char **p, const char *end, const syslog_clock *clock)
{
    cursor c = {*p, end};
    rtq__civil t = {0};
    int64_t offset;
    const char *zone;

    if (!fixed(&c, 4, &t.year) || !take(&c, '-') || !fixed(&c, 2, &t.month) || !take(&c, '-') ||
        !fixed(&c, 2, &t.day) || c.p == end || (*c.p != 'T' && *c.p != 't' && *c.p != ' '))
        return false;
    c.p++;
    if (!clock_time(&c, &t) || !rtq__ticks_from_civil(out, &t))
        return false;
    zone = c.p;
    while (c.p < end && *c.p != ' ')
        c.p++;
    if (c.p > zone) {
        if (!rtq__syslog_zone(&offset, zone, (size_t)(c.p - zone)))
            return false;
        *out -= offset;
    } else {
        *out = to_utc(*out, clock);
    }
    if (!in_range(*out))
        return false;
    *p = c.p + (c.p < end);
    return true;
}

static bool month(cursor *c, int32_t *out)
{
    static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    if (c->end - c->p < 3)
        return false;
    for (int i = 0; i < 12; i++)
        if (rtq__equal_nocase(c->p, 3, names + 3 * i, 3)) {
            *out = i + 1;
            c->p += 3;
            return true;
        }
    return false;
}

/* The latest year in which the date exists and is not more than a day ahead. */
static bool guess_year(int64_t *out, rtq__civil *t, const syslog_clock *clock)
{
    int32_t last = rtq__civil_from_ticks(clock->now < RTQ__TICKS_DAY ? RTQ__TICKS_DAY
                                         : clock->now > RTQ__TICKS_MAX - RTQ__TICKS_DAY
                                             ? RTQ__TICKS_MAX - RTQ__TICKS_DAY
                                             : clock->now)
                       .year;
    for (t->year = last + 1; t->year > last - 8 && t->year > 0; t->year--)
        if (rtq__ticks_from_civil(out, t) && (*out = to_utc(*out, clock)) <= clock->now + RTQ__TICKS_DAY)
            return in_range(*out);
    return false;
}

/* A zone in front of the host: only names that are known, so that no host is taken for one. */
static bool old_zone(cursor *c, int64_t *offset)
{
    const char *p = c->p, *q;
    if (p < c->end && *p == ' ')
        p++;
    for (q = p; q < c->end && *q != ' ' && *q != ':';)
        q++;
    if (q == p || q == c->end || (*p >= 'a' && *p <= 'z') || !rtq__syslog_zone(offset, p, (size_t)(q - p)))
        return false;
    c->p = q;
    return true;
}

/* A year between zone and host: Aug 24 05:34:00 CST 1987 host */
static void old_year(cursor *c, int32_t *year)
{
    cursor at = *c;
    int32_t found;

    if (take(&at, ' ') && fixed(&at, 4, &found) && found >= 1970 && found < 2100 && at.p < at.end && *at.p == ' ') {
        *year = found;
        *c = at;
    }
}

/* Oct 11 22:14:15, Oct  1 2024 22:14:15, *Mar  1 18:46:11.123 PDT: */
bool rtq__syslog_old_time(int64_t *out, const char **p, const char *end, const syslog_clock *clock)
{
    cursor c = {*p, end};
    rtq__civil t = {0};
    int64_t offset;
    bool zoned;
    syslog_clock utc = {.now = clock->now};

    if (c.p < end && (*c.p == '*' || *c.p == '.')) /* Cisco: the clock is not in step */
        c.p++;
    if (!month(&c, &t.month) || !take(&c, ' '))
        return false;
    take(&c, ' ');
    if (!fixed(&c, digit_at(&c, 1) ? 2 : 1, &t.day) || !take(&c, ' '))
        return false;
    if (digit_at(&c, 2) && digit_at(&c, 3) && (!fixed(&c, 4, &t.year) || !take(&c, ' ')))
        return false;
    if (!clock_time(&c, &t))
        return false;
    zoned = old_zone(&c, &offset);
    if (zoned && t.year == 0)
        old_year(&c, &t.year);
    if (t.year == 0) {
        if (!guess_year(out, &t, zoned ? &utc : clock))
            return false;
    } else if (!rtq__ticks_from_civil(out, &t) || !in_range(*out = zoned ? *out : to_utc(*out, clock))) {
        return false;
    }
    *out -= zoned ? offset : 0;
    take(&c, ':');
    if (c.p < end && *c.p != ' ')
        return false;
    *p = c.p + (c.p < end);
    return in_range(*out);
}
