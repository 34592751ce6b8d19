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

/* JSON text in the canonical spelling: no white space, only necessary escapes, numbers as they are printed. Most text
 * is canonical already, so what is copied are runs between the exceptions. */
typedef struct json_copy {
    rtq__buf *out;
    const char *run, *p, *end;
} json_copy;

static void flush(json_copy *c)
{
    rtq__buf_add(c->out, c->run, (size_t)(c->p - c->run));
    c->run = c->p;
}

static void copy_string(json_copy *c)
{
    for (c->p++; (c->p = rtq__json_special(c->p, c->end)) < c->end;) {
        if (*c->p == '"') {
            c->p++;
            return;
        }
        if (*c->p != '\\' || c->end - c->p < 2) {
            c->p++;
        } else if (c->p[1] != 'u' && c->p[1] != '/') {
            c->p += 2;
        } else {
            rtq__json_text t = {.p = c->p, .end = c->end};
            flush(c);
            rtq__json_piece(&t);
            if (t.len == 1)
                put_escaped_char(c->out, *t.piece);
            else
                rtq__buf_add(c->out, t.piece, t.len);
            c->run = c->p = t.p;
        }
    }
}

static void copy_number(json_copy *c)
{
    const char *past = rtq__json_skip(c->p, c->end), *digits = c->p + (*c->p == '-');
    bool canonical = past > digits && past - digits <= 18 && (*digits != '0' || digits == c->p);
    for (const char *q = digits; q < past && canonical; q++)
        canonical = *q >= '0' && *q <= '9';
    if (!canonical) {
        rtq__dyn number;
        flush(c);
        rtq__json_value(&number, c->p, c->end);
        rtq__dyn_print(c->out, &number);
        c->run = past;
    }
    c->p = past;
}

static void print_json(rtq__buf *out, const char *p, const char *end)
{
    json_copy c = {out, p, p, end};
    while (c.p < end) {
        if (*c.p == '"') {
            copy_string(&c);
        } else if (*c.p == '-' || (*c.p >= '0' && *c.p <= '9')) {
            copy_number(&c);
        } else if (*c.p == ' ' || *c.p == '\t' || *c.p == '\n' || *c.p == '\r') {
            flush(&c);
            c.run = c.p = rtq__json_blank(c.p, end);
        } else {
            c.p++;
        }
    }
    flush(&c);
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
    case RTQ__DYN_STRING: rtq__buf_add_json(out, d->u.p, d->len); break;
    case RTQ__DYN_DATETIME:
    case RTQ__DYN_TIMESPAN: rtq__buf_add_json(out, text, time_text(text, d->tag, d->u.i)); break;
    case RTQ__DYN_GUID:
    case RTQ__DYN_DECIMAL: rtq__buf_add_json(out, text, wide_text(text, d->tag == RTQ__DYN_GUID, d->u.p)); break;
    default: rtq__buf_adds(out, "null"); break;
    }
}

enum { FLAT_TEXT = 4096 };

static void print_value(rtq__buf *out, const rtq__dyn *item)
{
    if (item->tag == RTQ__DYN_JSON)
        print_json(out, item->u.p, item->u.p + item->len);
    else
        put_scalar(out, item);
}

static void print_item(rtq__buf *out, const rtq_str *key, const rtq__dyn *item, bool comma)
{
    if (comma)
        rtq__buf_addc(out, ',');
    if (key) {
        rtq__buf_add_json(out, key->ptr, key->len);
        rtq__buf_addc(out, ':');
    }
    print_value(out, item);
}

/* A tree without trees inside, as most are: there is room for all of it at once, unless it is very large. */
static void print_flat(rtq__buf *buf, const rtq__dyn *tree)
{
    enum { SCALAR = 48 };
    bool bag = tree->tag == RTQ__DYN_BAG;
    uint32_t n = rtq__dyn_tree_count(tree);
    rtq__buf_addc(buf, bag ? '{' : '[');
    for (uint32_t i = 0; i < n; i++) {
        rtq_str key = bag ? rtq__dyn_tree_key(tree, i) : (rtq_str){"", 0};
        rtq__dyn item;
        rtq__dyn_tree_item(&item, tree, i);
        size_t text = item.tag == RTQ__DYN_STRING ? item.len : SCALAR;
        if (key.len > FLAT_TEXT || text > FLAT_TEXT ||
            !rtq__buf_reserve(buf, RTQ__JSON_ROOM(key.len) + RTQ__JSON_ROOM(text) + 8)) {
            print_item(buf, bag ? &key : NULL, &item, i > 0);
            continue;
        }
        char *out = buf->ptr + buf->len;
        *out = ',';
        out += i > 0;
        if (bag) {
            *out++ = '"';
            out = rtq__json_escape(out, key.ptr, key.len);
            *out++ = '"';
            *out++ = ':';
        }
        if (item.tag == RTQ__DYN_STRING) {
            *out++ = '"';
            out = rtq__json_escape(out, item.u.p, item.len);
            *out++ = '"';
        } else if (item.tag == RTQ__DYN_LONG && !(item.flags & RTQ__DYN_HEX)) {
            out += rtq__print_long(out, item.u.i);
        } else {
            buf->len = (size_t)(out - buf->ptr);
            print_value(buf, &item);
            continue;
        }
        buf->len = (size_t)(out - buf->ptr);
    }
    rtq__buf_addc(buf, bag ? '}' : ']');
}

void rtq__dyn_print(rtq__buf *out, const rtq__dyn *d)
{
    rtq__dyn_walk w;
    char closers[RTQ__DYN_DEPTH];
    bool comma = false; /* before the next item */
    if (d->tag < RTQ__DYN_JSON) {
        put_scalar(out, d);
        return;
    }
    if (d->tag > RTQ__DYN_JSON && d->reserved == 1) {
        print_flat(out, d);
        return;
    }
    rtq__dyn_walk_init(&w, d);
    for (int token; (token = rtq__dyn_walk_next(&w)) != RTQ__WALK_DONE;) {
        if (token == RTQ__WALK_END) {
            rtq__buf_addc(out, closers[w.depth]);
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
        } else if (w.value.tag == RTQ__DYN_JSON) {
            print_json(out, w.value.u.p, w.value.u.p + w.value.len);
            w.json_depth = 0;
            comma = true;
        } else {
            rtq__buf_addc(out, token == RTQ__WALK_BAG ? '{' : '[');
            closers[w.depth - 1] = token == RTQ__WALK_BAG ? '}' : ']';
        }
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
