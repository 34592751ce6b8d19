/* text_utf16.c - UTF-16LE to UTF-8. Event logs hold nearly all their text so, and nearly all of it is ASCII. */
#include "base/text.h"
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

static inline uint32_t unit_at(const unsigned char *ptr)
{
    return (uint32_t)ptr[0] | (uint32_t)ptr[1] << 8;
}

/* Copies 8 units as 8 bytes when all are ASCII. */
static inline bool ascii_8(char *out, const unsigned char *in)
{
#if defined(__SSE2__)
    __m128i v = _mm_loadu_si128((const __m128i *)(const void *)in);
    __m128i high = _mm_and_si128(v, _mm_set1_epi16((short)0xFF80));
    if (_mm_movemask_epi8(_mm_cmpeq_epi16(high, _mm_setzero_si128())) != 0xFFFF)
        return false;
    _mm_storel_epi64((__m128i *)(void *)out, _mm_packus_epi16(v, v));
    return true;
#else
    unsigned char bad = 0;
    for (size_t i = 0; i < 8; i++)
        bad |= (unsigned char)(in[2 * i + 1] | (in[2 * i] & 0x80));
    if (bad)
        return false;
    for (size_t i = 0; i < 8; i++)
        out[i] = (char)in[2 * i];
    return true;
#endif
}

size_t rtq__utf16_to_utf8(char *out, const void *utf16, size_t len_bytes)
{
    const unsigned char *in = utf16, *end = in + (len_bytes & ~(size_t)1);
    char *start = out;
    while (in < end) {
        /* The output has room for 3 bytes a unit, so 8 bytes always fit where 8 units are left. */
        while (end - in >= 16 && ascii_8(out, in)) {
            in += 16;
            out += 8;
        }
        /* One word's worth one by one, then the fast path gets another chance. */
        for (int i = 0; i < 8 && in < end; i++) {
            uint32_t cp = unit_at(in);
            in += 2;
            if (cp < 0x80) {
                *out++ = (char)cp;
                continue;
            }
            if (cp >= 0xD800 && cp < 0xE000) {
                uint32_t low = cp < 0xDC00 && in < end ? unit_at(in) : 0;
                if (low >= 0xDC00 && low < 0xE000) {
                    cp = 0x10000 + ((cp - 0xD800) << 10) + (low - 0xDC00);
                    in += 2;
                } else {
                    cp = 0xFFFD;
                }
            }
            out += rtq__utf8_put(out, cp);
        }
    }
    return (size_t)(out - start);
}
