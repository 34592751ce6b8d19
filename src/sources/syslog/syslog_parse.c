/* syslog_parse.c - a line to its pieces. */
#include "sources/syslog/syslog.h"

static bool is_key(char c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '_' || c == '-' || c == '.';
}

static const char *blanks(const char *p, const char *end)
{
    while (p < end && (*p == ' ' || *p == '\t'))
        p++;
    return p;
}

/* A word up to a space, which is skipped too; "-" is nothing. */
static bool word(rtq_str *out, const char **p, const char *end)
{
    const char *q = memchr(*p, ' ', (size_t)(end - *p));
    if (*p == end)
        return false;
    q = q ? q : end;
    *out = q - *p == 1 && **p == '-' ? (rtq_str){*p, 0} : (rtq_str){*p, (size_t)(q - *p)};
    *p = q + (q < end);
    return q > out->ptr;
}

/* <PRI>: 0 to 191 in one to three digits. */
static const char *take_pri(syslog_row *r, const char *p, const char *end)
{
    int value = 0, n = 0;
    const char *q = p + 1;

    r->pri = -1;
    if (p == end || *p != '<')
        return p;
    for (; q < end && *q >= '0' && *q <= '9' && n < 3; q++, n++)
        value = value * 10 + (*q - '0');
    if (q == end || *q != '>' || n == 0 || value > 191) {
        r->error = "no valid <PRI>";
        return p;
    }
    r->pri = (int16_t)value;
    return q + 1;
}

/* ---- RFC 5424 ---------------------------------------------------------------------------------------------------------- */

/* [id name="value" ...]...; *p moves past it. */
static bool structured(rtq_str *out, const char **p, const char *end)
{
    const char *q = *p;

    if (q < end && *q == '-') {
        *p = q + 1;
        return *p == end || **p == ' ';
    }
    while (q < end && *q == '[') {
        bool quoted = false;
        for (q++; q < end && (quoted || *q != ']'); q++) {
            if (quoted && *q == '\\' && q + 1 < end)
                q++;
            else if (*q == '"')
                quoted = !quoted;
        }
        if (q == end)
            return false;
        q++;
    }
    if (q == *p || (q < end && *q != ' '))
        return false;
    *out = (rtq_str){*p, (size_t)(q - *p)};
    *p = q;
    return true;
}

static bool parse_5424(syslog_row *r, const char *p, const char *end, const syslog_clock *clock)
{
    const char *q = p + 2;

    if (end - p < 4 || p[0] != '1' || p[1] != ' ')
        return false;
    if (*q == '-' && q + 1 < end && q[1] == ' ')
        q += 2;
    else if (!(r->has_time = rtq__syslog_iso_time(&r->time, &q, end, clock)))
        return false;
    r->type = SYSLOG_5424;
    if (!word(&r->host, &q, end) || !word(&r->app, &q, end) || !word(&r->proc, &q, end) || !word(&r->msgid, &q, end)) {
        r->error = "the header is cut off";
        return true;
    }
    if (!structured(&r->data, &q, end))
        r->error = "malformed structured data";
    q += q < end && *q == ' ';
    if (end - q >= 3 && memcmp(q, "\xEF\xBB\xBF", 3) == 0)
        q += 3;
    r->message = (rtq_str){q, (size_t)(end - q)};
    return true;
}

/* ---- key=value --------------------------------------------------------------------------------------------------------- */

static bool named(rtq_str key, const char *name)
{
    return key.len == strlen(name) && memcmp(key.ptr, name, key.len) == 0;
}

/* "key=" at p: past it, or NULL. */
static const char *key_at(rtq_str *key, const char *p, const char *end)
{
    const char *q = p;

    while (q < end && is_key(*q))
        q++;
    if (q == p || q == end || *q != '=' || (*p >= '0' && *p <= '9'))
        return NULL;
    *key = (rtq_str){p, (size_t)(q - p)};
    return q + 1;
}

bool rtq__syslog_pair(rtq_str *key, rtq_str *value, const char **p, const char *end)
{
    const char *q = blanks(*p, end), *from, *close;

    if (!(q = key_at(key, q, end)))
        return false;
    if (named(*key, "msg") && end - q > 1 && *q == '\'' &&
        (from = key_at(value, q + 1, end))) { /* auditd: msg='op=login res=failed' */
        *key = *value;
        q = from;
    }
    from = q;
    if (q < end && *q == '\'' && (close = memchr(q + 1, '\'', (size_t)(end - q - 1)))) {
        *value = (rtq_str){q + 1, (size_t)(close - q - 1)};
        q = close + 1;
    } else if (q < end && *q == '"') {
        for (from = ++q; q < end && *q != '"';)
            q += *q == '\\' && q + 1 < end ? 2 : 1;
        q = q > end ? end : q;
        if (q == end)
            return false;
        *value = (rtq_str){from, (size_t)(q - from)};
        q++;
    } else {
        while (q < end && *q != ' ' && *q != '\t')
            q++;
        *value = (rtq_str){from, (size_t)(q - from) - (q - from > 1 && q[-1] == '\'')};
    }
    q += q < end && *q == '\'' && (q + 1 == end || q[1] == ' '); /* the end of such a msg */
    q = blanks(q, end);
    if (q < end && (*q == ',' || *q == ';'))
        q++;
    *p = q;
    return true;
}

static void pair_time(syslog_row *r, rtq_str date, rtq_str time, rtq_str zone, const syslog_clock *clock)
{
    syslog_clock own = {.now = clock->now};
    char text[64];
    const char *p = text;

    if (date.len != 10 || time.len < 8 || time.len > 32)
        return;
    memcpy(text, date.ptr, 10);
    text[10] = 'T';
    memcpy(text + 11, time.ptr, time.len);
    r->has_time = rtq__syslog_iso_time(&r->time, &p, text + 11 + time.len,
                                       zone.len && rtq__syslog_zone(&own.offset, zone.ptr, zone.len) ? &own : clock);
}

/* audit(1714557600.123:456): when, and which event. */
static bool audit_time(syslog_row *r, rtq_str msg)
{
    const char *p = msg.ptr + 6, *end = msg.ptr + msg.len;
    int64_t seconds = 0, ms = 0;
    int digits = 0;

    if (msg.len < 10 || memcmp(msg.ptr, "audit(", 6) != 0)
        return false;
    for (; p < end && *p >= '0' && *p <= '9' && digits < 11; p++, digits++)
        seconds = seconds * 10 + (*p - '0');
    if (digits == 0 || end - p < 5 || *p++ != '.')
        return false;
    for (digits = 0; digits < 3 && *p >= '0' && *p <= '9'; p++, digits++)
        ms = ms * 10 + (*p - '0');
    if (digits < 3 || *p != ':')
        return false;
    r->time = RTQ_UNIX_EPOCH + seconds * RTQ__TICKS_SECOND + ms * (RTQ__TICKS_SECOND / 1000);
    r->has_time = r->time <= RTQ__TICKS_MAX;
    return true;
}

static bool parse_pairs(syslog_row *r, const char *p, const char *end, const syslog_clock *clock)
{
    static const char *const hosts[] = {"device_id", "devname", "device_name", "hostname", "host", "node"};
    rtq_str key, value, date = {0}, time = {0}, zone = {0};
    const char *from = p, *text = p, *audit = NULL;
    size_t best = sizeof hosts / sizeof *hosts, n = 0;

    while (rtq__syslog_pair(&key, &value, &p, end)) {
        n++;
        for (size_t i = 0; i < best; i++)
            if (named(key, hosts[i])) {
                r->host = value;
                best = i;
            }
        if (named(key, "date"))
            date = value;
        else if (named(key, "time"))
            time = value;
        else if (named(key, "timezone") || named(key, "tz"))
            zone = value;
        else if (named(key, "msg") && !audit && audit_time(r, value))
            audit = p;
        else if (named(key, "msg") || named(key, "message"))
            r->message = value;
    }
    if (n == 0 || (n == 1 && p < end && text + 32 < p)) /* one "=" somewhere in a text makes no list */
        return false;
    r->type = SYSLOG_PAIRS;
    r->data = (rtq_str){from, (size_t)(p - from)};
    pair_time(r, date, time, zone, clock);
    p = blanks(audit ? audit : p, end);
    if (p < end) /* the broken tail */
        r->message = (rtq_str){p, (size_t)(end - p)};
    return true;
}

/* ---- RFC 3164 ---------------------------------------------------------------------------------------------------------- */

/* "name: ", "name[123]: ", "name[123] " at p: past it, or NULL. */
static const char *tag(rtq_str *app, rtq_str *proc, const char *p, const char *end)
{
    const char *q = p;

    while (q < end && *q != ' ' && *q != '[' && *q != ':')
        q++;
    while (q < end && *q == ':' && q + 1 < end && q[1] != ' ') /* a::b, c:d */
        for (q++; q < end && *q != ' ' && *q != '[' && *q != ':';)
            q++;
    if (q == p || q == end || *q == ' ')
        return NULL;
    *app = (rtq_str){p, (size_t)(q - p)};
    if (*q == '[') {
        const char *close = memchr(q, ']', (size_t)(end - q));
        if (!close || memchr(q, ' ', (size_t)(close - q)))
            return NULL;
        *proc = (rtq_str){q + 1, (size_t)(close - q - 1)};
        q = close + 1;
        if (q < end && *q != ':' && *q != ' ')
            return NULL;
    }
    q += q < end && *q == ':';
    return q + (q < end && *q == ' ');
}

static bool parse_3164(syslog_row *r, const char *p, const char *end, const syslog_clock *clock)
{
    const char *q = p, *behind, *sequence;

    for (sequence = q; sequence < end && *sequence >= '0' && *sequence <= '9';)
        sequence++;
    if (sequence > q && end - sequence > 2 && sequence[0] == ':' && sequence[1] == ' ') /* Cisco counts its messages */
        q = sequence + 2;
    q = blanks(q, end);
    if (!rtq__syslog_old_time(&r->time, &q, end, clock) && !rtq__syslog_iso_time(&r->time, &q, end, clock))
        return false;
    r->type = SYSLOG_3164;
    r->has_time = true;
    q = blanks(q, end);
    if (!(behind = tag(&r->app, &r->proc, q, end))) {
        r->app = r->proc = (rtq_str){0};
        word(&r->host, &q, end);
        q = blanks(q, end);
        if (!(behind = tag(&r->app, &r->proc, q, end)))
            r->app = r->proc = (rtq_str){0};
    }
    q = behind ? behind : q;
    r->message = (rtq_str){q, (size_t)(end - q)};
    return true;
}

void rtq__syslog_parse(syslog_row *r, const syslog_clock *clock)
{
    const char *p = r->line, *end = p + r->len;

    r->parsed = true;
    r->type = SYSLOG_PLAIN;
    r->has_time = false;
    r->error = NULL;
    r->host = r->app = r->proc = r->msgid = r->message = r->data = (rtq_str){0};
    p = blanks(take_pri(r, p, end), end);
    if (parse_5424(r, p, end, clock) || parse_pairs(r, p, end, clock) || parse_3164(r, p, end, clock))
        return;
    r->has_time = r->received != INT64_MIN;
    r->time = r->received;
    r->message = (rtq_str){p, (size_t)(end - p)};
}
