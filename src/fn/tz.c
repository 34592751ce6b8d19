/* tz.c - reading TZif data. Every count and index is checked against the length: the files are the system's, but not ours. */
#include "fn/tz.h"
#include "base/time.h"

enum { MAX_TRANSITIONS = 100000, SECONDS_DAY = 86400 };

/* When daylight saving time begins or ends: Mm.w.d, Jn or n, and the local time of day. */
typedef struct change {
    char form; /* 'M', 'J', '0' */
    int32_t month, week, day, time;
} change;

typedef struct rule {
    bool valid, has_dst;
    int32_t offset, dst_offset;
    change begin, end;
} rule;

struct rtq__tz {
    uint32_t n;
    int32_t first_offset; /* before the first transition */
    rule rule;
    int64_t *times;   /* ascending */
    int32_t *offsets; /* from times[i] on */
};

typedef struct reader {
    const unsigned char *ptr, *end;
} reader;

static int64_t big_endian(const unsigned char *p, int n)
{
    uint64_t x = n == 8 || !(p[0] & 0x80) ? 0 : UINT64_MAX;
    for (int i = 0; i < n; i++)
        x = x << 8 | p[i];
    return (int64_t)x;
}

/* ---- the footer: a TZ string of POSIX ------------------------------------------------------------------------------ */

static bool skip_name(reader *in)
{
    const unsigned char *start = in->ptr;
    if (in->ptr < in->end && *in->ptr == '<') {
        while (in->ptr < in->end && *in->ptr != '>')
            in->ptr++;
        return in->ptr < in->end && in->ptr++ - start > 1;
    }
    while (in->ptr < in->end && ((*in->ptr | 32) >= 'a' && (*in->ptr | 32) <= 'z'))
        in->ptr++;
    return in->ptr - start >= 3;
}

static bool take(reader *in, char c)
{
    if (in->ptr >= in->end || *in->ptr != (unsigned char)c)
        return false;
    in->ptr++;
    return true;
}

static bool number(reader *in, int32_t *out, int32_t max)
{
    const unsigned char *start = in->ptr;
    int32_t x = 0;
    while (in->ptr < in->end && *in->ptr >= '0' && *in->ptr <= '9' && in->ptr - start < 4)
        x = x * 10 + (*in->ptr++ - '0');
    *out = x;
    return in->ptr > start && x <= max;
}

/* [+-]hh[:mm[:ss]] in seconds */
static bool seconds(reader *in, int32_t *out)
{
    int32_t hour, minute = 0, second = 0;
    bool minus = take(in, '-');
    if (!minus)
        take(in, '+');
    if (!number(in, &hour, 167) || (take(in, ':') && !number(in, &minute, 59)) ||
        (take(in, ':') && !number(in, &second, 59)))
        return false;
    *out = (hour * 3600 + minute * 60 + second) * (minus ? -1 : 1);
    return true;
}

static bool read_change(reader *in, change *c)
{
    c->form = take(in, 'M') ? 'M' : take(in, 'J') ? 'J' : '0';
    c->time = 7200;
    if (c->form == 'M') {
        if (!number(in, &c->month, 12) || !take(in, '.') || !number(in, &c->week, 5) || !take(in, '.') ||
            !number(in, &c->day, 6) || c->month < 1 || c->week < 1)
            return false;
    } else if (!number(in, &c->day, 365)) {
        return false;
    }
    return !take(in, '/') || seconds(in, &c->time);
}

static bool read_rule(rule *r, reader in)
{
    memset(r, 0, sizeof *r);
    if (!skip_name(&in) || !seconds(&in, &r->offset))
        return false;
    r->offset = -r->offset; /* POSIX counts westwards */
    if (in.ptr == in.end)
        return true;
    r->has_dst = true;
    r->dst_offset = r->offset + 3600;
    if (!skip_name(&in))
        return false;
    if (in.ptr < in.end && *in.ptr != ',') {
        if (!seconds(&in, &r->dst_offset))
            return false;
        r->dst_offset = -r->dst_offset;
    }
    return take(&in, ',') && read_change(&in, &r->begin) && take(&in, ',') && read_change(&in, &r->end) &&
           in.ptr == in.end;
}

/* Local seconds since 1970 of a change in a year. */
static int64_t change_at(const change *c, int32_t year)
{
    int64_t epoch = rtq__days_from_civil(1970, 1, 1), days;
    if (c->form == 'M') {
        int64_t first = rtq__days_from_civil(year, c->month, 1);
        int64_t weekday = (first + 1) % 7; /* day 0 was a Monday; Sunday is 0 */
        int64_t day = (c->day - weekday + 7) % 7 + (c->week - 1) * 7;
        while (day >= rtq__days_in_month(year, c->month))
            day -= 7;
        days = first + day;
    } else {
        bool after_february = c->form == 'J' && c->day >= 60 &&
                              rtq__days_in_month(year, 2) == 29; /* Jn does not count Feb 29 */
        days = rtq__days_from_civil(year, 1, 1) + c->day - (c->form == 'J') + after_february;
    }
    return (days - epoch) * SECONDS_DAY + c->time;
}

static int64_t rule_offset(const rule *r, int64_t t)
{
    if (!r->has_dst)
        return r->offset;
    int64_t ticks = RTQ_UNIX_EPOCH;
    if (t > -62135596800 && t < 253402300800)
        ticks += (t + r->offset) * RTQ__TICKS_SECOND;
    ticks = ticks < 0 ? 0 : ticks > RTQ__TICKS_MAX ? RTQ__TICKS_MAX : ticks;
    int32_t year = rtq__civil_from_ticks(ticks).year;
    int64_t begin = change_at(&r->begin, year) - r->offset, end = change_at(&r->end, year) - r->dst_offset;
    bool dst = begin < end ? t >= begin && t < end : t >= begin || t < end;
    return dst ? r->dst_offset : r->offset;
}

/* ---- TZif ----------------------------------------------------------------------------------------------------------- */

typedef struct header {
    int64_t n_ut, n_std, n_leap, n_time, n_type, n_char;
    unsigned char version;
} header;

static bool read_header(reader *in, header *h)
{
    if (in->end - in->ptr < 44 || memcmp(in->ptr, "TZif", 4) != 0)
        return false;
    int64_t *counts[] = {&h->n_ut, &h->n_std, &h->n_leap, &h->n_time, &h->n_type, &h->n_char};
    h->version = in->ptr[4];
    for (int i = 0; i < 6; i++) {
        *counts[i] = big_endian(in->ptr + 20 + i * 4, 4);
        if (*counts[i] < 0 || *counts[i] > MAX_TRANSITIONS)
            return false;
    }
    in->ptr += 44;
    return true;
}

static int64_t block_len(const header *h, int64_t time_len)
{
    return h->n_time * (time_len + 1) + h->n_type * 6 + h->n_char + h->n_leap * (time_len + 4) + h->n_std + h->n_ut;
}

static bool read_block(rtq__tz *tz, const unsigned char *p, const header *h)
{
    const unsigned char *index = p + h->n_time * 8, *types = index + h->n_time;
    int64_t last = INT64_MIN;
    tz->first_offset = (int32_t)big_endian(types, 4);
    if (tz->first_offset < -2 * SECONDS_DAY || tz->first_offset > 2 * SECONDS_DAY)
        return false;
    for (int64_t i = 0; i < h->n_time; i++) {
        int64_t at = big_endian(p + i * 8, 8);
        if (index[i] >= h->n_type || (i > 0 && at <= last))
            return false;
        last = tz->times[i] = at;
        tz->offsets[i] = (int32_t)big_endian(types + index[i] * 6, 4);
        if (tz->offsets[i] < -2 * SECONDS_DAY || tz->offsets[i] > 2 * SECONDS_DAY)
            return false;
    }
    tz->n = (uint32_t)h->n_time;
    return true;
}

int rtq__tz_parse(rtq__tz **out, rtq__mem *mem, const char *ptr, size_t len)
{
    reader in = {(const unsigned char *)ptr, (const unsigned char *)ptr + len};
    header h;
    if (!read_header(&in, &h) || h.version < '2' || in.end - in.ptr < block_len(&h, 4))
        return RTQ_ERR_DATA;
    in.ptr += block_len(&h, 4); /* the 32-bit block is for old readers */
    if (!read_header(&in, &h) || in.end - in.ptr < block_len(&h, 8) || h.n_type < 1)
        return RTQ_ERR_DATA;
    rtq__tz *tz = rtq__alloc(mem, sizeof *tz + (size_t)h.n_time * (sizeof(int64_t) + sizeof(int32_t)));
    if (!tz)
        return RTQ_ERR_NOMEM;
    memset(tz, 0, sizeof *tz);
    tz->times = (int64_t *)(void *)(tz + 1);
    tz->offsets = (int32_t *)(void *)(tz->times + h.n_time);
    if (!read_block(tz, in.ptr, &h)) {
        rtq__free(mem, tz);
        return RTQ_ERR_DATA;
    }
    in.ptr += block_len(&h, 8);
    const unsigned char *end = in.ptr < in.end && take(&in, '\n') ? memchr(in.ptr, '\n', (size_t)(in.end - in.ptr))
                                                                  : NULL;
    if (end && end > in.ptr) {
        rule r;
        if (read_rule(&r, (reader){in.ptr, end})) {
            tz->rule = r;
            tz->rule.valid = true;
        }
    }
    *out = tz;
    return RTQ_OK;
}

void rtq__tz_free(rtq__mem *mem, rtq__tz *tz)
{
    rtq__free(mem, tz);
}

static int64_t tz_offset(const rtq__tz *tz, int64_t t)
{
    uint32_t low = 0, high = tz->n;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (tz->times[middle] <= t)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == tz->n && tz->rule.valid)
        return rule_offset(&tz->rule, t);
    return low == 0 ? tz->first_offset : tz->offsets[low - 1];
}

static int64_t unix_of(int64_t ticks)
{
    int64_t x = ticks - RTQ_UNIX_EPOCH;
    return x / RTQ__TICKS_SECOND - (x % RTQ__TICKS_SECOND < 0);
}

int64_t rtq__tz_to_local(const rtq__tz *tz, int64_t utc)
{
    return utc + tz_offset(tz, unix_of(utc)) * RTQ__TICKS_SECOND;
}

int64_t rtq__tz_to_utc(const rtq__tz *tz, int64_t local)
{
    int64_t t = unix_of(local), before = tz_offset(tz, t - SECONDS_DAY), after = tz_offset(tz, t + SECONDS_DAY);
    if (before != after && tz_offset(tz, t - before) != before)
        before = after;
    return local - before * RTQ__TICKS_SECOND;
}
