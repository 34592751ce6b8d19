/* evtx_put.h - values of slots as JSON text at `out`, which has room for the largest and PUT_PAD bytes more. All return its end. */
#ifndef RTQ__EVTX_PUT_H
#define RTQ__EVTX_PUT_H
#include "sources/evtx/evtx_int.h"
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

enum { PUT_PAD = 32 /* copies go in blocks */, PUT_SCALAR = 240 /* a SID of 15 numbers, quoted */ };

static inline char *put_block(char *out, const char *text, uint32_t len)
{
    memcpy(out, text, PUT_PAD);
    for (uint32_t i = PUT_PAD; i < len; i += PUT_PAD)
        memcpy(out + i, text + i, PUT_PAD);
    return out + len;
}

static inline char *put_null(char *out)
{
    memcpy(out, "null", 4);
    return out + 4;
}

/* Strings that are long, or have something else than plain ASCII in them. */
char *rtq__evtx_put_text(char *out, const uint8_t *utf16, uint32_t units);
char *rtq__evtx_put_hex(char *out, uint64_t x); /* "0x1f" */

#if defined(__SSE2__)
/* 16 units as bytes: those above 0x7FFF become 0, those above 0xFF 255. */
static inline __m128i evtx_narrow(const uint8_t *utf16)
{
    const __m128i *from = (const __m128i *)(const void *)utf16;
    return _mm_packus_epi16(_mm_loadu_si128(from), _mm_loadu_si128(from + 1));
}

/* Bit by byte: it is no ASCII, or escaped. */
static inline uint32_t evtx_special(__m128i bytes)
{
    __m128i low = _mm_cmplt_epi8(bytes, _mm_set1_epi8(0x20)); /* signed: those above 0x7F too */
    __m128i marks = _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')), _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\')));
    return (uint32_t)_mm_movemask_epi8(_mm_or_si128(low, marks));
}
#endif

/* A string up to its first NUL. Room: six bytes a unit, and 16. */
static inline char *put_text(char *out, const uint8_t *utf16, uint32_t len)
{
    uint32_t units = len / 2;
#if defined(__SSE2__)
    __m128i bytes = evtx_narrow(utf16);
    _mm_storeu_si128((__m128i *)(void *)out, bytes);
    if (units <= 16 && (evtx_special(bytes) & ((1u << units) - 1)) == 0)
        return out + units;
#endif
    return rtq__evtx_put_text(out, utf16, units);
}

/* Nearly all numbers have one digit. */
static inline char *put_number(char *out, uint32_t x)
{
    *out = (char)('0' + x);
    return x < 10 ? out + 1 : out + rtq__print_unsigned(out, x);
}

#endif
