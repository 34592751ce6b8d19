/* evtx_value.c - values of records: whole numbers, cells of typed columns, dynamics, items of arrays. */
#include "sources/evtx/evtx.h"

/* FILETIME 0 is "never": null. */
static bool ticks_of(int64_t *out, uint64_t filetime)
{
    if (filetime == 0 || filetime > (uint64_t)(RTQ__TICKS_MAX - RTQ__FILETIME_EPOCH))
        return false;
    *out = (int64_t)filetime + RTQ__FILETIME_EPOCH;
    return true;
}

static bool systemtime(int64_t *out, const evtx_val *v)
{
    if (v->len < 16)
        return false;
    const uint8_t *p = v->p;
    rtq__civil c = {0};
    c.year = evtx_u16(p), c.month = evtx_u16(p + 2), c.day = evtx_u16(p + 6);
    c.hour = evtx_u16(p + 8), c.minute = evtx_u16(p + 10), c.second = evtx_u16(p + 12);
    c.ticks = evtx_u16(p + 14) * 10000;
    return rtq__ticks_from_civil(out, &c);
}

/* The number in the value's bytes; false: too short or no number. */
bool rtq__evtx_number(int64_t *out, bool *too_large, const evtx_val *v)
{
    static const uint8_t lengths[EVTX_HEX64 + 1] = {
        [EVTX_I8] = 1,  [EVTX_U8] = 1,  [EVTX_I16] = 2, [EVTX_U16] = 2,   [EVTX_I32] = 4,
        [EVTX_U32] = 4, [EVTX_I64] = 8, [EVTX_U64] = 8, [EVTX_HEX32] = 4, [EVTX_HEX64] = 8};
    const uint8_t *p = v->p;
    uint32_t len = v->type <= EVTX_HEX64 ? lengths[v->type] : 0;
    *too_large = false;
    if (v->type == EVTX_SIZE_T || v->type == EVTX_HANDLE)
        len = v->len >= 8 ? 8 : v->len >= 4 ? 4 : 0;
    if (len == 0 || v->len < len)
        return false;
    bool is_signed = v->type == EVTX_I8 || v->type == EVTX_I16 || v->type == EVTX_I32;
    switch (len) {
    case 1: *out = is_signed ? (int8_t)p[0] : p[0]; break;
    case 2: *out = is_signed ? (int16_t)evtx_u16(p) : evtx_u16(p); break;
    case 4: *out = is_signed ? (int32_t)evtx_u32(p) : (int64_t)evtx_u32(p); break;
    default:
        *out = (int64_t)evtx_u64(p);
        *too_large = v->type == EVTX_U64 && *out < 0;
        break;
    }
    return true;
}

static bool bool_of(const evtx_val *v)
{
    for (uint32_t i = 0; i < v->len && i < 4; i++)
        if (v->p[i] != 0)
            return true; /* any value but zero is true */
    return false;
}

int rtq__evtx_integer(int64_t *out, const evtx_val *v, uint32_t kind)
{
    bool too_large;
    if (kind == RTQ_DATETIME) {
        if (v->type == EVTX_FILETIME)
            return v->len >= 8 && ticks_of(out, evtx_u64(v->p));
        return v->type == EVTX_SYSTEMTIME ? systemtime(out, v) : v->type == EVTX_NULL ? 0 : -1;
    }
    if (v->type == EVTX_NULL)
        return 0;
    if (v->type == EVTX_BOOL) {
        *out = bool_of(v);
        return v->len > 0;
    }
    if (!rtq__evtx_number(out, &too_large, v))
        return -1;
    if (too_large)
        return kind == RTQ_UNKNOWN ? -1 : 0;
    return kind != RTQ_INT || (*out >= INT32_MIN && *out <= INT32_MAX);
}

bool rtq__evtx_real(double *out, const evtx_val *v)
{
    float f;
    if (v->len < (v->type == EVTX_F32 ? 4u : 8u))
        return false;
    if (v->type == EVTX_F32) {
        memcpy(&f, v->p, 4);
        *out = (double)f;
    } else {
        memcpy(out, v->p, 8);
    }
    return true;
}

void rtq__evtx_guid(uint8_t out[16], const uint8_t *p)
{
    static const uint8_t order[16] = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};
    for (int i = 0; i < 16; i++)
        out[i] = p[order[i]];
}

/* ---- cells ----------------------------------------------------------------------------------------------------------------- */
/* Times in records without template have 9 digits of a second; ticks have 7. */
static bool parse_time(int64_t *out, const char *s, size_t len)
{
    char copy[40];
    const char *dot = memchr(s, '.', len);
    if (len >= sizeof copy || !dot)
        return rtq__parse_datetime(out, s, len);
    size_t digits = 0, at = (size_t)(dot - s) + 1;
    while (at + digits < len && s[at + digits] >= '0' && s[at + digits] <= '9')
        digits++;
    if (digits <= 7)
        return rtq__parse_datetime(out, s, len);
    memcpy(copy, s, at + 7);
    memcpy(copy + at + 7, s + at + digits, len - at - digits);
    return rtq__parse_datetime(out, copy, len - digits + 7);
}

static void parse_literal(rtq__cell *out, rtq_str s, uint32_t kind)
{
    int64_t i;
    if (kind == RTQ_GUID) {
        out->is_null = !rtq__parse_guid(out->u.b, s.ptr, s.len);
        return;
    }
    bool ok = kind == RTQ_DATETIME ? parse_time(&i, s.ptr, s.len) : rtq__parse_long(&i, s.ptr, s.len);
    if (ok && (kind != RTQ_INT || (i >= INT32_MIN && i <= INT32_MAX))) {
        out->u.i = i;
        out->is_null = 0;
    }
}

bool rtq__evtx_cell(rtq__cell *out, const evtx_val *v, uint32_t kind, evtx_text *text)
{
    *out = rtq__cell_null(kind);
    if (kind == RTQ_UNKNOWN || kind == RTQ_DYNAMIC) {
        rtq__dyn y;
        if (!rtq__evtx_dyn(&y, v, text))
            return false;
        out->u.y = y;
        out->is_null = y.tag == RTQ__DYN_NULL;
        return true;
    }
    rtq_str s;
    if (kind == RTQ_STRING) {
        if (!rtq__evtx_string(&s, v, text))
            return false;
        out->u.s = s.ptr;
        out->len = (uint32_t)s.len;
        return true;
    }
    if (kind == RTQ_GUID && v->type == EVTX_GUID) {
        if (v->len >= 16) {
            rtq__evtx_guid(out->u.b, v->p);
            out->is_null = 0;
        }
        return true;
    }
    int64_t i;
    int rc = kind == RTQ_GUID ? -1 : rtq__evtx_integer(&i, v, kind);
    if (rc == 1) {
        out->u.i = i;
        out->is_null = 0;
    }
    if (rc >= 0 || (v->type != EVTX_STRING && v->type != EVTX_ANSI))
        return true;
    if (!rtq__evtx_string(&s, v, text))
        return false;
    parse_literal(out, s, kind);
    if (s.len > 0 && text->p == s.ptr + s.len)
        text->p -= s.len; /* not needed any more */
    return true;
}

bool rtq__evtx_dyn(rtq__dyn *out, const evtx_val *v, evtx_text *text)
{
    memset(out, 0, sizeof *out);
    int64_t i;
    bool too_large;
    switch (v->type) {
    case EVTX_NULL:
    case EVTX_XML: return true;
    case EVTX_F32:
    case EVTX_F64:
        if (rtq__evtx_real(&out->u.d, v))
            out->tag = RTQ__DYN_REAL;
        return true;
    case EVTX_BOOL:
        if (v->len > 0) {
            out->tag = RTQ__DYN_BOOL;
            out->u.i = bool_of(v);
        }
        return true;
    case EVTX_FILETIME:
    case EVTX_SYSTEMTIME:
        if (rtq__evtx_integer(&i, v, RTQ_DATETIME) == 1) {
            out->tag = RTQ__DYN_DATETIME;
            out->u.i = i;
        }
        return true;
    default: break;
    }
    if (rtq__evtx_number(&i, &too_large, v) && !too_large) {
        bool hex = v->type == EVTX_HEX32 || v->type == EVTX_HEX64 || v->type == EVTX_SIZE_T || v->type == EVTX_HANDLE;
        out->tag = RTQ__DYN_LONG;
        out->flags = hex ? RTQ__DYN_HEX : 0;
        out->u.i = i;
        return true;
    }
    /* text; also unsigned numbers that a long cannot hold: their digits */
    rtq_str s;
    if (!rtq__evtx_string(&s, v, text))
        return false;
    if (s.len > 0 || v->type == EVTX_STRING || v->type == EVTX_ANSI || v->type == EVTX_XML_TEXT) {
        out->tag = RTQ__DYN_STRING;
        out->len = (uint32_t)s.len;
        out->u.p = s.ptr;
    }
    return true;
}

/* ---- arrays ------------------------------------------------------------------------------------------------------------------ */
static uint32_t item_length(uint8_t type, const uint8_t *p, uint32_t left)
{
    switch (type) {
    case EVTX_I8:
    case EVTX_U8: return 1;
    case EVTX_I16:
    case EVTX_U16: return 2;
    case EVTX_I32:
    case EVTX_U32:
    case EVTX_F32:
    case EVTX_HEX32:
    case EVTX_BOOL: return 4;
    case EVTX_I64:
    case EVTX_U64:
    case EVTX_F64:
    case EVTX_HEX64:
    case EVTX_FILETIME: return 8;
    case EVTX_SIZE_T:
    case EVTX_HANDLE: return left % 8 == 0 ? 8 : 4;
    case EVTX_GUID:
    case EVTX_SYSTEMTIME: return 16;
    case EVTX_SID: return left >= 2 ? 8 + 4u * p[1] : left;
    default: return left;
    }
}

bool rtq__evtx_item(evtx_val *out, const evtx_val *array, uint32_t *pos)
{
    if (*pos >= array->len)
        return false;
    const uint8_t *p = array->p + *pos;
    uint32_t left = array->len - *pos, n = 0;
    out->type = array->type & 0x7F;
    out->p = p;
    if (out->type == EVTX_STRING) {
        while (n + 2 <= left && evtx_u16(p + n) != 0)
            n += 2;
        *pos += n + 2 <= left ? n + 2 : left;
    } else if (out->type == EVTX_ANSI) {
        while (n < left && p[n] != 0)
            n++;
        *pos += n < left ? n + 1 : left;
    } else {
        n = item_length(out->type, p, left);
        if (n > left || n == 0)
            n = left;
        *pos += n;
    }
    out->len = n;
    return true;
}
