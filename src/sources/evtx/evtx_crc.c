/* evtx_crc.c - CRC32 of chunks, eight bytes a step; optional, because it costs more than all of the decoding. */
#include "sources/evtx/evtx.h"

/* Slicing tables, for machines without carry-less multiplication. */
typedef struct tables {
    uint32_t t[8][256];
} tables;

static uint32_t byte_entry(uint32_t n)
{
    for (int k = 0; k < 8; k++)
        n = n & 1 ? 0xEDB88320u ^ (n >> 1) : n >> 1;
    return n;
}

static void build(tables *t)
{
    for (uint32_t n = 0; n < 256; n++)
        t->t[0][n] = byte_entry(n);
    for (uint32_t n = 0; n < 256; n++)
        for (int k = 1; k < 8; k++)
            t->t[k][n] = (t->t[k - 1][n] >> 8) ^ t->t[0][t->t[k - 1][n] & 0xFF];
}

static uint32_t slice8(const tables *t, uint32_t crc, const uint8_t *p, size_t len)
{
    for (; len >= 8; len -= 8, p += 8) {
        uint32_t a = evtx_u32(p) ^ crc, b = evtx_u32(p + 4);
        crc = t->t[7][a & 0xFF] ^ t->t[6][a >> 8 & 0xFF] ^ t->t[5][a >> 16 & 0xFF] ^ t->t[4][a >> 24] ^
              t->t[3][b & 0xFF] ^ t->t[2][b >> 8 & 0xFF] ^ t->t[1][b >> 16 & 0xFF] ^ t->t[0][b >> 24];
    }
    while (len-- > 0)
        crc = (crc >> 8) ^ t->t[0][(crc ^ *p++) & 0xFF];
    return crc;
}

#if defined(__x86_64__)
#include <immintrin.h>

/* Folding by carry-less multiplication, constants of Intel's white paper "Fast CRC computation using PCLMULQDQ" (reflected). */
__attribute__((target("pclmul,sse4.1"))) static __m128i fold(__m128i x, __m128i k, __m128i next)
{
    return _mm_xor_si128(_mm_xor_si128(_mm_clmulepi64_si128(x, k, 0x00), _mm_clmulepi64_si128(x, k, 0x11)), next);
}

__attribute__((target("pclmul,sse4.1"))) static uint32_t fold_all(uint32_t crc, const uint8_t *p,
                                                                  size_t len) /* len >= 64, % 16 == 0 */
{
    const __m128i k12 = _mm_set_epi64x(0x01c6e41596, 0x0154442bd4), k34 = _mm_set_epi64x(0x00ccaa009e, 0x01751997d0);
    const __m128i k5 = _mm_set_epi64x(0, 0x0163cd6124), poly = _mm_set_epi64x(0x01f7011641, 0x01db710641);
    const __m128i low32 = _mm_setr_epi32(-1, 0, -1, 0);
    __m128i x[4];
    for (int i = 0; i < 4; i++)
        x[i] = _mm_loadu_si128((const __m128i *)(const void *)(p + 16 * i));
    x[0] = _mm_xor_si128(x[0], _mm_cvtsi32_si128((int)crc));
    for (p += 64, len -= 64; len >= 64; p += 64, len -= 64)
        for (int i = 0; i < 4; i++)
            x[i] = fold(x[i], k12, _mm_loadu_si128((const __m128i *)(const void *)(p + 16 * i)));
    __m128i y = fold(fold(fold(x[0], k34, x[1]), k34, x[2]), k34, x[3]);
    for (; len >= 16; p += 16, len -= 16)
        y = fold(y, k34, _mm_loadu_si128((const __m128i *)(const void *)p));
    y = _mm_xor_si128(_mm_srli_si128(y, 8), _mm_clmulepi64_si128(y, k34, 0x10));
    y = _mm_xor_si128(_mm_srli_si128(y, 4), _mm_clmulepi64_si128(_mm_and_si128(y, low32), k5, 0x00));
    __m128i z = _mm_clmulepi64_si128(_mm_and_si128(y, low32), poly, 0x10);
    z = _mm_clmulepi64_si128(_mm_and_si128(z, low32), poly, 0x00);
    return (uint32_t)_mm_extract_epi32(_mm_xor_si128(y, z), 1);
}

static bool can_fold(void)
{
    return __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("sse4.1");
}
#else
static uint32_t fold_all(uint32_t crc, const uint8_t *p, size_t len)
{
    (void)p, (void)len;
    return crc;
}

static bool can_fold(void)
{
    return false;
}
#endif

static uint32_t bytewise(uint32_t crc, const uint8_t *p, size_t len)
{
    while (len-- > 0)
        crc = (crc >> 8) ^ byte_entry((crc ^ *p++) & 0xFF);
    return crc;
}

uint32_t rtq__evtx_crc(uint32_t crc, const uint8_t *p, size_t len)
{
    crc = ~crc;
    if (len >= 64 && can_fold()) {
        size_t n = len & ~(size_t)15;
        crc = fold_all(crc, p, n);
        p += n, len -= n;
    }
    if (len < 256)
        return ~bytewise(crc, p, len);
    tables t;
    build(&t);
    return ~slice8(&t, crc, p, len);
}

bool rtq__evtx_sums_right(const uint8_t *chunk, uint32_t len)
{
    uint32_t free_at = evtx_u32(chunk + 48);
    if (evtx_u32(chunk + 120) & 4)
        return true; /* NO_CRC32 */
    if (free_at < EVTX_CHUNK_HEADER || free_at > len)
        return false;
    uint32_t header = rtq__evtx_crc(rtq__evtx_crc(0, chunk, 120), chunk + 128, 384);
    return header == evtx_u32(chunk + 124) &&
           rtq__evtx_crc(0, chunk + EVTX_CHUNK_HEADER, free_at - EVTX_CHUNK_HEADER) == evtx_u32(chunk + 52);
}
