/* time_parse.c - datetime and timespan from text. Formats: Microsoft's page "The datetime data type": ISO 8601, RFC 822, RFC 850
 * and "sortable"; one scanner reads them all. */
#include "base/real.h"
#include "base/text.h"
#include "base/time.h"
#include <math.h>

typedef struct cursor {
    const char *ptr, *end;
} cursor;

static bool at_end(const cursor *in)
{
    return in->ptr == in->end;
}

static char peek(const cursor *in)
{
    return in->ptr < in->end ? *in->ptr : '\0';
}

static bool take(cursor *in, char c)
{
    if (peek(in) != c || at_end(in))
        return false;
    in->ptr++;
    return true;
}

static size_t take_blanks(cursor *in)
{
    const char *start = in->ptr;
    while (in->ptr < in->end && (*in->ptr == ' ' || *in->ptr == '\t' || *in->ptr == '\r' || *in->ptr == '\n'))
        in->ptr++;
    return (size_t)(in->ptr - start);
}

/* A number of min to max digits (max <= 9) that is not followed by another digit. */
static bool take_number(cursor *in, int32_t *out, int min, int max, int *digits)
{
    int n = 0;
    int32_t value = 0;
    while (n < max && peek(in) >= '0' && peek(in) <= '9') {
        value = value * 10 + (*in->ptr++ - '0');
        n++;
    }
    if (n < min || (peek(in) >= '0' && peek(in) <= '9'))
        return false;
    *out = value;
    if (digits != NULL)
        *digits = n;
    return true;
}

/* A word of letters; returns its length, *word points at it. */
static size_t take_word(cursor *in, const char **word)
{
    *word = in->ptr;
    while (in->ptr < in->end && (*in->ptr | 0x20) >= 'a' && (*in->ptr | 0x20) <= 'z')
        in->ptr++;
    return (size_t)(in->ptr - *word);
}

/* Fraction of a second after the dot, in ticks; more than 7 digits are cut off. */
static bool take_fraction(cursor *in, int32_t *ticks)
{
    int32_t value = 0, n = 0;
    for (; peek(in) >= '0' && peek(in) <= '9'; in->ptr++, n++)
        if (n < 7)
            value = value * 10 + (*in->ptr - '0');
    if (n == 0)
        return false;
    for (; n < 7; n++)
        value *= 10;
    *ticks = value;
    return true;
}

/* The index of a name that begins with the word's three letters or is spelt in full, or -1. */
static int find_name(const char *word, size_t len, const char *const *names, int count)
{
    for (int i = 0; i < count; i++)
        if (rtq__equal_nocase(word, len, names[i], 3) || rtq__equal_nocase(word, len, names[i], strlen(names[i])))
            return i;
    return -1;
}

static int32_t find_month(const char *word, size_t len)
{
    static const char *const names[] = {"January", "February", "March",     "April",   "May",      "June",
                                        "July",    "August",   "September", "October", "November", "December"};
    return find_name(word, len, names, 12) + 1;
}

static bool is_weekday(const char *word, size_t len)
{
    static const char *const names[] = {"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"};
    return find_name(word, len, names, 7) >= 0;
}

/* hh:mm[:ss[.fffffff]] */
static bool take_clock(cursor *in, rtq__civil *civil)
{
    if (!take_number(in, &civil->hour, 1, 2, NULL) || !take(in, ':') || !take_number(in, &civil->minute, 1, 2, NULL))
        return false;
    if (!take(in, ':'))
        return true;
    if (!take_number(in, &civil->second, 1, 2, NULL))
        return false;
    return !take(in, '.') || take_fraction(in, &civil->ticks);
}

/* Z, GMT, UTC, +hh:mm, -hhmm, +hh; nothing is UTC too. */
static bool take_zone(cursor *in, int64_t *offset)
{
    *offset = 0;
    take_blanks(in);
    if (peek(in) == '+' || peek(in) == '-') {
        bool minus = *in->ptr++ == '-';
        int32_t hours = 0, minutes = 0;
        int digits = 0;
        if (!take_number(in, &hours, 1, 4, &digits) || digits == 3)
            return false;
        if (digits == 4) {
            minutes = hours % 100;
            hours /= 100;
        } else if (take(in, ':') && !take_number(in, &minutes, 2, 2, NULL)) {
            return false;
        }
        if (hours > 14 || minutes > 59)
            return false;
        *offset = (hours * RTQ__TICKS_HOUR + minutes * RTQ__TICKS_MINUTE) * (minus ? -1 : 1);
        return true;
    }
    const char *word;
    size_t len = take_word(in, &word);
    return len == 0 || rtq__equal_nocase(word, len, "Z", 1) || rtq__equal_nocase(word, len, "GMT", 3) ||
           rtq__equal_nocase(word, len, "UTC", 3);
}

/* month-name day, year: what stands behind the name */
static bool take_day_year(cursor *in, rtq__civil *civil)
{
    if (take_blanks(in) == 0 || !take_number(in, &civil->day, 1, 2, NULL) || !take(in, ','))
        return false;
    take_blanks(in);
    return take_number(in, &civil->year, 4, 4, NULL);
}

/* [weekday,] day month-name year, parted by blanks or dashes; 2-digit years are 1950 to 2049 (RFC 2822). Also month-name day, year. */
static bool take_named_date(cursor *in, rtq__civil *civil)
{
    const char *word;
    size_t len = take_word(in, &word);
    int digits = 0;
    civil->month = find_month(word, len);
    if (civil->month > 0)
        return take_day_year(in, civil);
    if (len > 0) {
        if (!is_weekday(word, len) || !take(in, ','))
            return false;
        take_blanks(in);
    }
    if (!take_number(in, &civil->day, 1, 2, NULL))
        return false;
    bool dashes = take(in, '-');
    if (!dashes && take_blanks(in) == 0)
        return false;
    len = take_word(in, &word);
    civil->month = find_month(word, len);
    if (civil->month == 0 || (dashes ? !take(in, '-') : take_blanks(in) == 0))
        return false;
    if (!take_number(in, &civil->year, 2, 4, &digits) || digits == 3)
        return false;
    if (digits == 2)
        civil->year += civil->year < 50 ? 2000 : 1900;
    return true;
}

/* yyyy-m-d, also with slashes or dots; m/d/yyyy, m-d-yyyy and m.d.yyyy, as in the examples of parse and todatetime; yyyymmdd. */
static bool take_numeric_date(cursor *in, rtq__civil *civil)
{
    cursor begin = *in;
    int32_t all;
    if (take_number(in, &all, 8, 8, NULL)) {
        civil->year = all / 10000;
        civil->month = all / 100 % 100;
        civil->day = all % 100;
        return true;
    }
    *in = begin;
    if (take_number(in, &civil->month, 1, 2, NULL) && (peek(in) == '/' || peek(in) == '-' || peek(in) == '.')) {
        char between = *in->ptr++;
        if (take_number(in, &civil->day, 1, 2, NULL) && take(in, between))
            return take_number(in, &civil->year, 4, 4, NULL);
    }
    *in = begin;
    if (!take_number(in, &civil->year, 4, 4, NULL))
        return false;
    char separator = peek(in);
    if ((separator != '-' && separator != '/' && separator != '.') || at_end(in))
        return false;
    in->ptr++;
    return take_number(in, &civil->month, 1, 2, NULL) && take(in, separator) &&
           take_number(in, &civil->day, 1, 2, NULL);
}

/* The form nearly all text has: yyyy-MM-ddTHH:mm:ss[.f{1,7}][Z]. Returns false for anything else, which the scanner then reads. */
static bool parse_common(int64_t *out, const char *ptr, size_t len)
{
    static const char shape[] = "0000-00-00T00:00:00";
    if (len < 19 || len > 28)
        return false;
    for (size_t i = 0; i < 19; i++)
        if (shape[i] == '0' ? (unsigned char)(ptr[i] - '0') > 9 : ptr[i] != shape[i] && !(i == 10 && ptr[i] == ' '))
            return false;
#define TWO(at) ((ptr[at] - '0') * 10 + (ptr[(at) + 1] - '0'))
    rtq__civil civil = {.year = TWO(0) * 100 + TWO(2),
                        .month = TWO(5),
                        .day = TWO(8),
                        .hour = TWO(11),
                        .minute = TWO(14),
                        .second = TWO(17)};
#undef TWO
    cursor in = {ptr + 19, ptr + len};
    if (take(&in, '.') && !take_fraction(&in, &civil.ticks))
        return false;
    take(&in, 'Z');
    return at_end(&in) && rtq__ticks_from_civil(out, &civil);
}

bool rtq__parse_datetime(int64_t *out, const char *ptr, size_t len)
{
    if (parse_common(out, ptr, len))
        return true;
    cursor in = {ptr, ptr + len};
    rtq__civil civil = {0};
    int64_t ticks, offset;
    take_blanks(&in);
    cursor again = in;
    if (!take_numeric_date(&in, &civil)) {
        in = again;
        civil = (rtq__civil){0};
        if (!take_named_date(&in, &civil))
            return false;
    }
    cursor after_date = in;
    bool clock = false;
    if (take(&in, 'T') || take(&in, 't') || take_blanks(&in) > 0) {
        take_blanks(&in);
        clock = take_clock(&in, &civil);
        if (!clock) {
            in = after_date; /* only blanks behind the date */
            civil.hour = civil.minute = civil.second = civil.ticks = 0;
        }
    }
    if (!clock)
        offset = 0;
    else if (!take_zone(&in, &offset))
        return false;
    take_blanks(&in);
    if (!at_end(&in) || !rtq__ticks_from_civil(&ticks, &civil))
        return false;
    ticks -= offset;
    if (ticks < 0 || ticks > RTQ__TICKS_MAX)
        return false;
    *out = ticks;
    return true;
}

/* Ticks of one unit as Kusto's literals spell them; 0: none. nano is a hundredth of a tick. */
static double unit_ticks(const char *word, size_t len)
{
    static const struct {
        const char *names;
        double ticks;
    } units[] = {
        {" d day days ", 864e9},
        {" h hr hrs hour hours ", 36e9},
        {" m min minute minutes ", 6e8},
        {" s sec second seconds ", 1e7},
        {" ms milli millis millisec millisecond milliseconds ", 1e4},
        {" micro micros microsec microsecond microseconds ", 10},
        {" nano nanos nanosec nanosecond nanoseconds ", 0.01},
        {" tick ticks ", 1},
    };
    char key[20] = " ";
    if (len == 0 || len > sizeof key - 3)
        return 0;
    for (size_t i = 0; i < len; i++)
        key[i + 1] = (char)(word[i] | 0x20);
    key[len + 1] = ' ';
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (strstr(units[i].names, key) != NULL)
            return units[i].ticks;
    return 0;
}

static bool add_span(int64_t *total, double number, double ticks)
{
    double span = number * ticks;
    if (!(span < 9223372036854775807.0))
        return false;
    /* Whole numbers of a unit are exact also beyond 2^53 ticks (28 years). */
    int64_t whole = ticks >= 1 && number == floor(number) && number < 9e15 ? (int64_t)number : -1, more;
    if (whole >= 0) {
        if (__builtin_mul_overflow(whole, (int64_t)ticks, &more))
            return false;
    } else {
        more = (int64_t)(span + 0.5);
    }
    return !__builtin_add_overflow(*total, more, total);
}

/* 1d, 1.5h, "15 seconds", and several in a row: 1d 2h 3m. A bare whole number means days ("1.5" is refused). */
static bool parse_units(cursor *in, int64_t *out)
{
    int64_t total = 0;
    for (bool first = true; !at_end(in); first = false) {
        const char *start = in->ptr, *word;
        double number;
        while ((peek(in) >= '0' && peek(in) <= '9') || peek(in) == '.')
            in->ptr++;
        if (!rtq__read_decimal(&number, start, (size_t)(in->ptr - start)))
            return false;
        take_blanks(in);
        size_t len = take_word(in, &word);
        double ticks = len == 0 && first && at_end(in) && number == floor(number) ? 864e9 : unit_ticks(word, len);
        if (ticks == 0 || !add_span(&total, number, ticks))
            return false;
        take_blanks(in);
    }
    *out = total;
    return true;
}

/* [d.]hh:mm[:ss[.fffffff]], also d:hh:mm:ss; false also when there is no colon. */
static bool parse_colons(cursor *in, int64_t *out)
{
    int32_t part[4] = {0}, ticks = 0;
    size_t n = 0, hours_at;
    bool days_dot = false;
    do {
        if (n == 4 || !take_number(in, &part[n++], 1, 8, NULL))
            return false;
        if (n == 1 && take(in, '.')) {
            days_dot = true;
            if (!take_number(in, &part[n++], 1, 2, NULL))
                return false;
        }
    } while (take(in, ':'));
    hours_at = days_dot || n == 4 ? 1 : 0;
    if (n < hours_at + 2)
        return false;
    if (take(in, '.') && (n != hours_at + 3 || !take_fraction(in, &ticks)))
        return false;
    int32_t seconds = n == hours_at + 3 ? part[hours_at + 2] : 0;
    if (part[hours_at] > 23 || part[hours_at + 1] > 59 || seconds > 59)
        return false;
    int64_t day = part[hours_at] * RTQ__TICKS_HOUR + part[hours_at + 1] * RTQ__TICKS_MINUTE +
                  seconds * RTQ__TICKS_SECOND + ticks;
    /* 10675199 days is all that 63 bits of ticks hold. */
    if (hours_at == 1 && part[0] > 10675199)
        return false;
    return at_end(in) && !__builtin_add_overflow((hours_at == 1 ? part[0] : 0) * RTQ__TICKS_DAY, day, out);
}

bool rtq__parse_timespan(int64_t *out, const char *ptr, size_t len)
{
    static const char lowest[] = "-10675199.02:48:05.4775808";
    cursor in = {ptr, ptr + len};
    int64_t ticks = 0;
    take_blanks(&in);
    while (in.end > in.ptr && (in.end[-1] == ' ' || in.end[-1] == '\t' || in.end[-1] == '\r' || in.end[-1] == '\n'))
        in.end--;
    if ((size_t)(in.end - in.ptr) == sizeof lowest - 1 && memcmp(in.ptr, lowest, sizeof lowest - 1) == 0) {
        *out = INT64_MIN; /* has no positive counterpart to negate */
        return true;
    }
    bool minus = take(&in, '-');
    if (!minus)
        take(&in, '+');
    cursor again = in;
    if (!parse_colons(&in, &ticks)) {
        in = again;
        if (at_end(&in) || !parse_units(&in, &ticks))
            return false;
    }
    *out = minus ? -ticks : ticks;
    return true;
}
