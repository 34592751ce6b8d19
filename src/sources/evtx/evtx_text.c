/* evtx_text.c - UTF-16 text of values to UTF-8, and the room where it goes. */
#include "sources/evtx/evtx.h"
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

char *rtq__evtx_room(evtx_text *text, size_t len)
{
    if ((size_t)(text->end - text->p) < len) {
        size_t block = len > 16384 ? len : 16384;
        text->p = rtq__arena_alloc(text->arena, block);
        text->end = text->p ? text->p + block : NULL;
    }
    return text->p;
}

/* Strings end at the first NUL, if there is one before their length says so. */
size_t rtq__evtx_utf8(char *out, const uint8_t *utf16, uint32_t len)
{
    uint32_t i = 0;
    size_t n = 0;
    len &= ~1u;
#if defined(__SSE2__)
    /* eight plain units at a time: none above 0x7F, none zero */
    for (; i + 16 <= len; i += 16, n += 8) {
        const __m128i v = _mm_loadu_si128((const __m128i *)(const void *)(utf16 + i)), zero = _mm_setzero_si128();
        const __m128i high = _mm_and_si128(v, _mm_set1_epi16((short)0xFF80));
        if (_mm_movemask_epi8(_mm_andnot_si128(_mm_cmpeq_epi16(v, zero), _mm_cmpeq_epi16(high, zero))) != 0xFFFF)
            break;
        _mm_storel_epi64((__m128i *)(void *)(out + n), _mm_packus_epi16(v, v));
    }
#endif
    for (; i + 8 <= len; i += 8, n += 4) {
        uint64_t x = evtx_u64(utf16 + i);
        if ((x & UINT64_C(0xFF80FF80FF80FF80)) != 0 ||
            ((x - UINT64_C(0x0001000100010001)) & UINT64_C(0x8000800080008000)) != 0)
            break;
        x |= x >> 8;
        uint32_t four = (uint32_t)(x & 0xFFFF) | (uint32_t)((x >> 32 & 0xFFFF) << 16);
        memcpy(out + n, &four, 4);
    }
    uint32_t plain = i, end = i;
    while (end < len && evtx_u16(utf16 + end) != 0) {
        if (plain == end && utf16[end + 1] == 0 && utf16[end] < 0x80) {
            out[n++] = (char)utf16[end];
            plain = end + 2;
        }
        end += 2;
    }
    return plain == end ? n : n + rtq__utf16_to_utf8(out + n, utf16 + plain, end - plain);
}

/* ---- values as text ------------------------------------------------------------------------------------------------------ */
static const uint16_t cp1252[32] = {0x20AC, 0xFFFD, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021,
                                    0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0xFFFD, 0x017D, 0xFFFD,
                                    0xFFFD, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,
                                    0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0xFFFD, 0x017E, 0x0178};

static size_t ansi_text(char *out, const evtx_val *v)
{
    size_t n = 0;
    for (uint32_t i = 0; i < v->len && v->p[i] != 0; i++) {
        uint32_t cp = v->p[i];
        if (cp < 0x80)
            out[n++] = (char)cp;
        else
            n += rtq__utf8_put(out + n, cp < 0xA0 ? cp1252[cp - 0x80] : cp);
    }
    return n;
}

static size_t binary_text(char *out, const evtx_val *v)
{
    static const char digits[] = "0123456789ABCDEF";
    for (uint32_t i = 0; i < v->len; i++) {
        out[2 * (size_t)i] = digits[v->p[i] >> 4];
        out[2 * (size_t)i + 1] = digits[v->p[i] & 15];
    }
    return (size_t)v->len * 2;
}

/* As Windows writes it in events: with braces. */
static size_t guid_text(char *out, const evtx_val *v)
{
    uint8_t guid[16];
    if (v->len < 16)
        return 0;
    rtq__evtx_guid(guid, v->p);
    out[0] = '{';
    rtq__print_guid(out + 1, guid);
    out[37] = '}';
    return 38;
}

static size_t print_hex(char *out, uint64_t x)
{
    size_t n = 2;
    int shift = 60;
    out[0] = '0', out[1] = 'x';
    while (shift > 0 && (x >> shift) == 0)
        shift -= 4;
    for (; shift >= 0; shift -= 4)
        out[n++] = "0123456789abcdef"[x >> shift & 15];
    return n;
}

static size_t sid_text(char *out, const evtx_val *v)
{
    if (v->len < 8 || v->p[1] > 15 || v->len < 8u + 4u * v->p[1])
        return 0;
    uint64_t authority = 0;
    for (int i = 2; i < 8; i++)
        authority = authority << 8 | v->p[i];
    size_t n = 2;
    out[0] = 'S', out[1] = '-';
    n += rtq__print_unsigned(out + n, v->p[0]);
    out[n++] = '-';
    n += authority >> 32 ? print_hex(out + n, authority) : rtq__print_unsigned(out + n, authority);
    for (uint32_t i = 0; i < v->p[1]; i++) {
        out[n++] = '-';
        n += rtq__print_unsigned(out + n, evtx_u32(v->p + 8 + (size_t)i * 4));
    }
    return n;
}

static size_t number_text(char *out, const evtx_val *v)
{
    int64_t i;
    bool too_large;
    if (!rtq__evtx_number(&i, &too_large, v))
        return 0;
    switch (v->type) {
    case EVTX_HEX32:
    case EVTX_HEX64:
    case EVTX_SIZE_T:
    case EVTX_HANDLE: return print_hex(out, (uint64_t)i);
    case EVTX_U64: return rtq__print_unsigned(out, (uint64_t)i);
    default: return rtq__print_long(out, i);
    }
}

static size_t scalar_text(char *out, const evtx_val *v)
{
    int64_t i;
    double real;
    switch (v->type) {
    case EVTX_STRING:
    case EVTX_XML_TEXT: return rtq__evtx_utf8(out, v->p, v->len);
    case EVTX_ANSI: return ansi_text(out, v);
    case EVTX_BOOL:
        if (rtq__evtx_integer(&i, v, RTQ_LONG) != 1)
            return 0;
        memcpy(out, i ? "true " : "false", 5);
        return i ? 4 : 5;
    case EVTX_F32:
    case EVTX_F64: return rtq__evtx_real(&real, v) ? rtq__print_real(out, real) : 0;
    case EVTX_BINARY: return binary_text(out, v);
    case EVTX_GUID: return guid_text(out, v);
    case EVTX_FILETIME:
    case EVTX_SYSTEMTIME: return rtq__evtx_integer(&i, v, RTQ_DATETIME) == 1 ? rtq__print_datetime(out, i) : 0;
    case EVTX_SID: return sid_text(out, v);
    default: return number_text(out, v);
    }
}

/* Bytes that the text of a value can take. */
static size_t text_bound(const evtx_val *v)
{
    switch (v->type) {
    case EVTX_NULL:
    case EVTX_XML: return 0;
    case EVTX_STRING:
    case EVTX_XML_TEXT: return (size_t)v->len / 2 * 3 + 8;
    case EVTX_ANSI: return (size_t)v->len * 3;
    case EVTX_BINARY: return (size_t)v->len * 2;
    case EVTX_SID: return 224; /* 15 numbers of 10 digits */
    default: return 64;
    }
}

bool rtq__evtx_string(rtq_str *out, const evtx_val *v, evtx_text *text)
{
    out->ptr = "";
    out->len = 0;
    if (v->len == 0)
        return true;
    if (v->type & EVTX_ARRAY) { /* where one text is asked for: its first item */
        evtx_val item;
        uint32_t pos = 0;
        return !rtq__evtx_item(&item, v, &pos) || rtq__evtx_string(out, &item, text);
    }
    size_t bound = text_bound(v);
    if (bound == 0)
        return true;
    char *p = rtq__evtx_room(text, bound);
    if (!p)
        return false;
    size_t n = scalar_text(p, v);
    text->p += n;
    out->ptr = p;
    out->len = n;
    return true;
}
