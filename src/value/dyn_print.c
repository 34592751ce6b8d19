/* dyn_print.c - values as text: compact JSON in Kusto's spelling, and tostring(). */
#include <math.h>
#include "base/text.h"
#include "base/time.h"
#include "value/decimal.h"
#include "value/dyn_scan.h"

static void put_real(rtq__buf *out, double d, bool json)
{
    char text[40];
    if (json && !isfinite(d))
        rtq__buf_adds(out, isnan(d) ? "\"NaN\"" : d > 0 ? "\"Infinity\"" : "\"-Infinity\"");
    else
        rtq__buf_add(out, text, rtq__print_real(text, d));
}

static void put_long(rtq__buf *out, int64_t i, bool hex)
{
    char text[24];
    if (!hex) {
        rtq__buf_add(out, text, rtq__print_long(text, i));
        return;
    }
    uint64_t u = (uint64_t)i;
    size_t n = sizeof text;
    do {
        text[--n] = "0123456789abcdef"[u & 15];
        u >>= 4;
    } while (u);
    text[--n] = 'x';
    text[--n] = '0';
    rtq__buf_add(out, text + n, sizeof text - n);
}

static size_t time_text(char text[40], uint8_t tag, int64_t i)
{
    return tag == RTQ__DYN_DATETIME ? rtq__print_datetime(text, i) : rtq__print_timespan(text, i);
}

static size_t wide_text(char text[48], bool is_guid, const void *bytes)
{
    uint8_t guid[16];
    uint64_t w[2];
    if (is_guid) {
        memcpy(guid, bytes, sizeof guid);
        return rtq__print_guid(text, guid);
    }
    memcpy(w, bytes, sizeof w);
    return rtq__decimal_print(text, w);
}

/* One decoded character that JSON may want escaped again. */
static void put_escaped_char(rtq__buf *out, char c)
{
    static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
    const char *at = c ? strchr(from, c) : NULL;
    if (at) {
        rtq__buf_addc(out, '\\');
        rtq__buf_addc(out, to[at - from]);
    } else if ((unsigned char)c < 0x20) {
        rtq__buf_adds(out, "\\u00");
        rtq__buf_addc(out, c & 0x10 ? '1' : '0');
        rtq__buf_addc(out, "0123456789abcdef"[c & 15]);
    } else {
        rtq__buf_addc(out, c);
    }
}

/* A string of JSON text in the canonical spelling: only what must be escaped is. */
static void put_raw_string(rtq__buf *out, const rtq__dyn *d)
{
    rtq__json_text t = {.p = d->u.p, .end = d->u.p + d->len};
    rtq__buf_addc(out, '"');
    while (rtq__json_piece(&t)) {
        if (t.piece == t.decoded && t.len == 1)
            put_escaped_char(out, *t.piece);
        else
            rtq__buf_add(out, t.piece, t.len);
    }
    rtq__buf_addc(out, '"');
}

static void put_scalar(rtq__buf *out, const rtq__dyn *d)
{
    char text[48];
    switch (d->tag) {
    case RTQ__DYN_BOOL: rtq__buf_adds(out, d->u.i ? "true" : "false"); break;
    case RTQ__DYN_LONG:
        if (d->flags & RTQ__DYN_HEX) /* no JSON number looks like that */
            rtq__buf_addc(out, '"');
        put_long(out, d->u.i, d->flags & RTQ__DYN_HEX);
        if (d->flags & RTQ__DYN_HEX)
            rtq__buf_addc(out, '"');
        break;
    case RTQ__DYN_REAL: put_real(out, d->u.d, true); break;
    case RTQ__DYN_STRING:
        if (d->flags & RTQ__DYN_ESCAPED)
            put_raw_string(out, d);
        else
            rtq__buf_add_json(out, d->u.p, d->len);
        break;
    case RTQ__DYN_DATETIME:
    case RTQ__DYN_TIMESPAN: rtq__buf_add_json(out, text, time_text(text, d->tag, d->u.i)); break;
    case RTQ__DYN_GUID:
    case RTQ__DYN_DECIMAL: rtq__buf_add_json(out, text, wide_text(text, d->tag == RTQ__DYN_GUID, d->u.p)); break;
    default: rtq__buf_adds(out, "null"); break;
    }
}

void rtq__dyn_print(rtq__buf *out, const rtq__dyn *d)
{
    if (d->tag < RTQ__DYN_JSON) {
        put_scalar(out, d);
        return;
    }
    rtq__dyn_walk w;
    rtq__dyn_walk_init(&w, d);
    bool comma = false; /* before the next item */
    char closers[RTQ__DYN_DEPTH * 2 + 2];
    uint32_t depth = 0;
    for (int token; (token = rtq__dyn_walk_next(&w)) != RTQ__WALK_DONE;) {
        if (token == RTQ__WALK_END) {
            if (depth > 0)
                rtq__buf_addc(out, closers[--depth]);
            comma = true;
            continue;
        }
        if (comma)
            rtq__buf_addc(out, ',');
        comma = token == RTQ__WALK_SCALAR;
        if (token == RTQ__WALK_SCALAR || token == RTQ__WALK_KEY) {
            put_scalar(out, &w.value);
            if (token == RTQ__WALK_KEY)
                rtq__buf_addc(out, ':');
            continue;
        }
        rtq__buf_addc(out, token == RTQ__WALK_BAG ? '{' : '[');
        if (depth == sizeof closers)
            break;
        closers[depth++] = token == RTQ__WALK_BAG ? '}' : ']';
    }
}

void rtq__dyn_print_text(rtq__buf *out, const rtq__dyn *d)
{
    char text[48];
    switch (d->tag) {
    case RTQ__DYN_NULL: break;
    case RTQ__DYN_STRING: rtq__buf_add(out, d->u.p, d->len); break;
    case RTQ__DYN_LONG: put_long(out, d->u.i, d->flags & RTQ__DYN_HEX); break;
    case RTQ__DYN_REAL: put_real(out, d->u.d, false); break;
    case RTQ__DYN_DATETIME:
    case RTQ__DYN_TIMESPAN: rtq__buf_add(out, text, time_text(text, d->tag, d->u.i)); break;
    case RTQ__DYN_GUID:
    case RTQ__DYN_DECIMAL: rtq__buf_add(out, text, wide_text(text, d->tag == RTQ__DYN_GUID, d->u.p)); break;
    default: rtq__dyn_print(out, d); break;
    }
}

void rtq__cell_print_json(rtq__buf *out, const rtq__cell *cell)
{
    rtq__dyn d = rtq__dyn_from_cell(cell);
    rtq__dyn_print(out, &d);
}

void rtq__cell_print_text(rtq__buf *out, const rtq__cell *cell)
{
    rtq__dyn d = rtq__dyn_from_cell(cell);
    if (cell->kind == RTQ_BOOL && !cell->is_null)
        rtq__buf_adds(out, cell->u.i ? "True" : "False"); /* unlike a bool within a dynamic, as the emulator has it */
    else
        rtq__dyn_print_text(out, &d);
}
