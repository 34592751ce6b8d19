/* evtx_put.c - strings and numbers of slots as JSON text. */
#include "sources/evtx/evtx_put.h"

/* By character below 0x80: what stands behind the backslash; 'u' for \u00XX. Only of those that are escaped. */
static const char escapes[] = "uuuuuuuubtnufruuuuuuuuuuuuuuuuuu"
                              "  \"                             "
                              "                            \\   ";

static inline char *put_escaped(char *out, unsigned char c)
{
    if (escapes[c] == 'u')
        return rtq__json_escape(out, (const char *)&c, 1);
    out[0] = '\\';
    out[1] = escapes[c];
    return out + 2;
}

/* A run of units that are no ASCII. */
static char *put_run(char *out, const uint8_t **p, uint32_t *units)
{
    uint32_t n = 1;
    while (n < *units && evtx_u16(*p + (size_t)n * 2) >= 0x80)
        n++;
    out += rtq__utf16_to_utf8(out, *p, (size_t)n * 2);
    *p += (size_t)n * 2;
    *units -= n;
    return out;
}

#if defined(__SSE2__)
/* 16 units at a time. Up to 32 bytes behind the value are looked at: EVTX_PAD. What is escaped costs another copy of the rest of its
 * block, and no second search. */
char *rtq__evtx_put_text(char *out, const uint8_t *p, uint32_t units)
{
    while (units > 0) {
        __m128i bytes = evtx_narrow(p);
        uint32_t n = units < 16 ? units : 16, marks = evtx_special(bytes) & ((1u << n) - 1);
        uint32_t stops = marks & (uint32_t)_mm_movemask_epi8(_mm_cmplt_epi8(bytes, _mm_set1_epi8(1)));
        _mm_storeu_si128((__m128i *)(void *)out, bytes);
        if (stops) {
            n = (uint32_t)__builtin_ctz(stops);
            marks &= (1u << n) - 1;
        }
        uint32_t left = n;
        while (marks) {
            uint32_t at = (uint32_t)__builtin_ctz(marks);
            out = put_escaped(out + at, p[(size_t)at * 2]);
            p += (size_t)at * 2 + 2;
            left -= at + 1;
            marks = marks >> at >> 1;
            _mm_storeu_si128((__m128i *)(void *)out, evtx_narrow(p));
        }
        out += left;
        p += (size_t)left * 2;
        units -= n;
        if (!stops)
            continue;
        if (evtx_u16(p) == 0)
            break;
        out = put_run(out, &p, &units);
    }
    return out;
}
#else
char *rtq__evtx_put_text(char *out, const uint8_t *p, uint32_t units)
{
    while (units > 0 && evtx_u16(p) != 0) {
        uint32_t c = evtx_u16(p);
        if (c >= 0x80) {
            out = put_run(out, &p, &units);
            continue;
        }
        if (c < 0x20 || c == '"' || c == '\\')
            out = put_escaped(out, (unsigned char)c);
        else
            *out++ = (char)c;
        p += 2;
        units--;
    }
    return out;
}
#endif

char *rtq__evtx_put_hex(char *out, uint64_t x)
{
    unsigned digits = x ? (67u - (unsigned)__builtin_clzll(x)) / 4 : 1;
    memcpy(out, "\"0x", 3);
    out += 3;
#if defined(__SSE2__)
    __m128i low = _mm_set1_epi8(15), v = _mm_cvtsi64_si128((int64_t)__builtin_bswap64(x << (64 - 4 * digits)));
    v = _mm_unpacklo_epi8(_mm_and_si128(_mm_srli_epi64(v, 4), low), _mm_and_si128(v, low));
    __m128i letters = _mm_and_si128(_mm_cmpgt_epi8(v, _mm_set1_epi8(9)), _mm_set1_epi8('a' - '0' - 10));
    _mm_storeu_si128((__m128i *)(void *)out, _mm_add_epi8(_mm_add_epi8(v, _mm_set1_epi8('0')), letters));
#else
    for (unsigned i = digits; i-- > 0; x >>= 4)
        out[i] = "0123456789abcdef"[x & 15];
#endif
    out[digits] = '"';
    return out + digits + 1;
}
