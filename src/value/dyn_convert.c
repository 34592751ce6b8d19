/* dyn_convert.c - between cells and dynamic values, and the casts tolong() … of a dynamic value. What a cast gives was
 * checked against results of the emulator: toint wraps a long and saturates a real; text is read as by tolong("…"). */
#include <math.h>
#include "base/text.h"
#include "base/time.h"
#include "value/decimal.h"
#include "value/dyn_scan.h"

rtq__dyn rtq__dyn_from_cell(const rtq__cell *cell)
{
    static const uint8_t tags[] = {
        [RTQ_BOOL] = RTQ__DYN_BOOL,         [RTQ_INT] = RTQ__DYN_LONG,          [RTQ_LONG] = RTQ__DYN_LONG,
        [RTQ_REAL] = RTQ__DYN_REAL,         [RTQ_DECIMAL] = RTQ__DYN_DECIMAL,   [RTQ_STRING] = RTQ__DYN_STRING,
        [RTQ_DATETIME] = RTQ__DYN_DATETIME, [RTQ_TIMESPAN] = RTQ__DYN_TIMESPAN, [RTQ_GUID] = RTQ__DYN_GUID,
    };
    rtq__dyn d = {0};
    if (cell->is_null)
        return d;
    if (cell->kind >= RTQ_DYNAMIC)
        return cell->u.y;
    d.tag = tags[cell->kind];
    if (cell->kind == RTQ_STRING) {
        d.len = cell->len;
        d.u.p = cell->u.s;
    } else if (cell->kind == RTQ_GUID || cell->kind == RTQ_DECIMAL) {
        d.u.p = (const char *)cell->u.b;
    } else {
        d.u.i = cell->u.i;
    }
    return d;
}

static bool real_to_long(int64_t *out, double d, int64_t low, int64_t high)
{
    if (isnan(d))
        return false;
    *out = d >= (double)high ? high : d <= (double)low ? low : (int64_t)d;
    return true;
}

static bool to_long(int64_t *out, const rtq__dyn *d)
{
    uint64_t w[2];
    switch (d->tag) {
    case RTQ__DYN_BOOL:
    case RTQ__DYN_LONG:
    case RTQ__DYN_DATETIME:
    case RTQ__DYN_TIMESPAN: *out = d->u.i; return true;
    case RTQ__DYN_REAL: return real_to_long(out, d->u.d, INT64_MIN, INT64_MAX);
    case RTQ__DYN_STRING: return rtq__parse_long(out, d->u.p, d->len);
    case RTQ__DYN_DECIMAL: memcpy(w, d->u.p, 16); return rtq__decimal_to_long(out, w);
    default: return false;
    }
}

static bool to_int(int64_t *out, const rtq__dyn *d)
{
    if (d->tag == RTQ__DYN_REAL)
        return real_to_long(out, d->u.d, INT32_MIN, INT32_MAX);
    if (!to_long(out, d))
        return false;
    if (d->tag == RTQ__DYN_STRING && (*out < INT32_MIN || *out > INT32_MAX))
        return false;
    *out = (int32_t)(uint32_t)(uint64_t)*out;
    return true;
}

static bool to_bool(int64_t *out, const rtq__dyn *d)
{
    if (d->tag == RTQ__DYN_STRING &&
        (rtq__equal_nocase(d->u.p, d->len, "true", 4) || rtq__equal_nocase(d->u.p, d->len, "false", 5)))
        *out = d->len == 4;
    else if (d->tag == RTQ__DYN_REAL)
        *out = d->u.d != 0;
    else if (d->tag == RTQ__DYN_DATETIME || d->tag == RTQ__DYN_TIMESPAN || !to_long(out, d))
        return false;
    *out = *out != 0;
    return true;
}

static bool to_real(double *out, const rtq__dyn *d)
{
    uint64_t w[2];
    switch (d->tag) {
    case RTQ__DYN_REAL: *out = d->u.d; return true;
    case RTQ__DYN_STRING: return rtq__parse_real(out, d->u.p, d->len);
    case RTQ__DYN_BOOL:
    case RTQ__DYN_LONG:
    case RTQ__DYN_DATETIME:
    case RTQ__DYN_TIMESPAN: *out = (double)d->u.i; return true;
    case RTQ__DYN_DECIMAL:
        memcpy(w, d->u.p, 16);
        *out = rtq__decimal_to_double(w);
        return true;
    default: return false;
    }
}

static bool to_time(int64_t *out, const rtq__dyn *d, bool is_datetime)
{
    if (d->tag == RTQ__DYN_STRING)
        return is_datetime ? rtq__parse_datetime(out, d->u.p, d->len) : rtq__parse_timespan(out, d->u.p, d->len);
    if (d->tag == RTQ__DYN_BOOL || (d->tag == RTQ__DYN_DATETIME) != is_datetime)
        if (d->tag == RTQ__DYN_BOOL || d->tag == RTQ__DYN_DATETIME || d->tag == RTQ__DYN_TIMESPAN)
            return false;
    return to_long(out, d) && (!is_datetime || (*out >= 0 && *out <= RTQ__TICKS_MAX)); /* numbers count ticks */
}

static bool to_guid(uint8_t out[16], const rtq__dyn *d)
{
    if (d->tag == RTQ__DYN_GUID)
        memcpy(out, d->u.p, 16);
    return d->tag == RTQ__DYN_GUID || (d->tag == RTQ__DYN_STRING && rtq__parse_guid(out, d->u.p, d->len));
}

static bool to_decimal(uint64_t out[2], const rtq__dyn *d)
{
    char text[40];
    switch (d->tag) {
    case RTQ__DYN_DECIMAL: memcpy(out, d->u.p, 16); return true;
    case RTQ__DYN_STRING: return rtq__decimal_parse(out, d->u.p, d->len);
    case RTQ__DYN_BOOL:
    case RTQ__DYN_LONG: rtq__decimal_from_long(out, d->u.i); return true;
    case RTQ__DYN_REAL: return rtq__decimal_parse(out, text, rtq__print_real(text, d->u.d));
    default: return false;
    }
}

static rtq__cell to_string(const rtq__dyn *d, rtq__arena *heap)
{
    rtq__cell c = rtq__cell_null(RTQ_STRING);
    rtq__buf text;
    if (d->tag == RTQ__DYN_STRING)
        return rtq__cell_s(d->u.p, d->len);
    rtq__buf_borrow(&text, heap);
    rtq__dyn_print_text(&text, d);
    char *p = text.failed || text.len > UINT32_MAX ? NULL
                                                   : rtq__arena_strndup(heap, text.ptr ? text.ptr : "", text.len);
    if (p)
        c = rtq__cell_s(p, text.len);
    else
        c.is_null = true; /* out of memory: strings are never null otherwise */
    rtq__buf_give_back(&text, heap);
    return c;
}

rtq__cell rtq__dyn_to_cell(const rtq__dyn *d, uint32_t kind, rtq__arena *heap)
{
    rtq__cell c = rtq__cell_null(kind);
    bool ok = false;
    if (d->tag == RTQ__DYN_NULL)
        return c;
    switch (kind) {
    case RTQ_BOOL: ok = to_bool(&c.u.i, d); break;
    case RTQ_INT: ok = to_int(&c.u.i, d); break;
    case RTQ_LONG: ok = to_long(&c.u.i, d); break;
    case RTQ_REAL: ok = to_real(&c.u.d, d); break;
    case RTQ_DECIMAL: ok = to_decimal(c.u.w, d); break;
    case RTQ_DATETIME:
    case RTQ_TIMESPAN: ok = to_time(&c.u.i, d, kind == RTQ_DATETIME); break;
    case RTQ_GUID: ok = to_guid(c.u.b, d); break;
    case RTQ_STRING: return to_string(d, heap);
    default:
        c.u.y = *d;
        ok = true;
        break;
    }
    if (!ok)
        return rtq__cell_null(kind);
    c.is_null = false;
    return c;
}

int rtq__dyn_copy(rtq__dyn *out, const rtq__dyn *d, rtq__arena *heap)
{
    uint32_t len = rtq__dyn_payload(d);
    *out = *d;
    if (len == 0)
        return RTQ_OK;
    char *p = rtq__arena_alloc(heap, len);
    if (!p) {
        memset(out, 0, sizeof *out);
        return RTQ_ERR_NOMEM;
    }
    memcpy(p, d->u.p, len);
    out->u.p = p;
    return RTQ_OK;
}

const char *rtq__dyn_type_name(const rtq__dyn *d)
{
    switch (d->tag) {
    case RTQ__DYN_BOOL: return "bool";
    case RTQ__DYN_LONG: return "long";
    case RTQ__DYN_REAL: return "double";
    case RTQ__DYN_STRING: return "string";
    case RTQ__DYN_DATETIME: return "datetime";
    case RTQ__DYN_TIMESPAN: return "timespan";
    case RTQ__DYN_GUID: return "guid";
    case RTQ__DYN_DECIMAL: return "decimal";
    case RTQ__DYN_NULL: return "null";
    default: return rtq__dyn_is_bag(d) ? "dictionary" : "array";
    }
}
