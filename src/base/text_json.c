/* text_json.c - text as JSON strings, eight bytes at a time: nearly all text goes through unchanged. */
#include "base/buf.h"
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

/* Bytes that JSON strings cannot hold as they are: 0 none, 'u' as \u00XX, else the letter after the backslash. */
static char escape_of(unsigned char c)
{
    switch (c) {
    case '"':
    case '\\': return (char)c;
    case '\b': return 'b';
    case '\f': return 'f';
    case '\n': return 'n';
    case '\r': return 'r';
    case '\t': return 't';
    default: return c < 0x20 ? 'u' : 0;
    }
}

static char *put_escaped(char *out, unsigned char c)
{
    static const char hex[] = "0123456789abcdef";
    char letter = escape_of(c);
    if (!letter) {
        *out++ = (char)c;
        return out;
    }
    *out++ = '\\';
    *out++ = letter;
    if (letter == 'u') {
        *out++ = '0';
        *out++ = '0';
        *out++ = hex[c >> 4];
        *out++ = hex[c & 15];
    }
    return out;
}

/* The lowest bit that is set belongs to the first byte that needs an escape; higher ones may be wrong. */
static inline uint64_t specials(uint64_t w)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), high = ones << 7;
    uint64_t quote = w ^ (ones * '"'), slash = w ^ (ones * '\\');
    return (((w - ones * 0x20) & ~w) | ((quote - ones) & ~quote) | ((slash - ones) & ~slash)) & high;
}

/* The last bytes, fewer than eight, as the low bytes of a word. */
static inline uint64_t tail_word(const char *ptr, size_t n)
{
    uint32_t low, high;
    if (n >= 4) {
        memcpy(&low, ptr, 4);
        memcpy(&high, ptr + n - 4, 4);
        return low | (uint64_t)high << (8 * (n - 4));
    }
    return (uint64_t)(unsigned char)ptr[0] | (uint64_t)(unsigned char)ptr[n / 2] << (8 * (n / 2)) |
           (uint64_t)(unsigned char)ptr[n - 1] << (8 * (n - 1));
}

static inline void store_word(char *out, uint64_t w)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    w = __builtin_bswap64(w);
#endif
    memcpy(out, &w, 8);
}

static inline uint64_t load_word(const char *ptr)
{
    uint64_t w;
    memcpy(&w, ptr, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    w = __builtin_bswap64(w);
#endif
    return w;
}

#if defined(__SSE2__)
/* A bit for each byte that needs an escape. */
static inline unsigned specials_16(__m128i v)
{
    __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(v, _mm_set1_epi8(0x1f)), v);
    __m128i marks = _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('"')), _mm_cmpeq_epi8(v, _mm_set1_epi8('\\')));
    return (unsigned)_mm_movemask_epi8(_mm_or_si128(low, marks));
}

/* Text without escapes to its end; else what comes before the next one. *ptr is moved on. */
static inline char *copy_plain(char *out, const char **ptr, const char *begin, const char *end)
{
    while (end - *ptr >= 16) {
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)*ptr);
        unsigned mask = specials_16(v);
        _mm_storeu_si128((__m128i *)(void *)out, v);
        size_t n = mask ? (size_t)__builtin_ctz(mask) : 16;
        *ptr += n;
        out += n;
        if (mask)
            return out;
    }
    ptrdiff_t left = end - *ptr;
    if (left == 0 || end - begin < 8)
        return out;
    if (end - begin >=
        16) { /* the last 16 bytes again: if they are plain, those already copied were copied as they are */
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)(end - 16));
        if (specials_16(v))
            return out;
        _mm_storeu_si128((__m128i *)(void *)(out + left - 16), v);
    } else if (left == end - begin) {
        uint64_t first = load_word(begin), last = load_word(end - 8);
        if (specials_16(_mm_set_epi64x((long long)last, (long long)first)))
            return out;
        store_word(out, first);
        store_word(out + left - 8, last);
    } else {
        return out;
    }
    *ptr = end;
    return out + left;
}
#else
static inline char *copy_plain(char *out, const char **ptr, const char *begin, const char *end)
{
    (void)ptr, (void)begin, (void)end;
    return out;
}
#endif

char *rtq__json_escape(char *out, const char *ptr, size_t len)
{
    const char *begin = ptr, *end = ptr + len;
    while (ptr < end) {
        out = copy_plain(out, &ptr, begin, end);
        size_t n = (size_t)(end - ptr);
        if (n == 0)
            break;
        /* the rest of a short word: any letter */
        uint64_t w = n >= 8 ? load_word(ptr) : tail_word(ptr, n) | UINT64_C(0x4040404040404040) << (8 * n),
                 found = specials(w);
        store_word(out, w);
        n = n < 8 ? n : 8;
        if (!found) {
            ptr += n;
            out += n;
            continue;
        }
        n = (size_t)__builtin_ctzll(found) / 8;
        out = put_escaped(out + n, (unsigned char)ptr[n]);
        ptr += n + 1;
    }
    return out;
}

void rtq__buf_add_json(rtq__buf *buf, const char *ptr, size_t len)
{
    enum { PIECE = 1024 }; /* room is asked for as if all of it had to be escaped */
    if (!rtq__buf_reserve(buf, RTQ__JSON_ROOM(len < PIECE ? len : PIECE) + 2))
        return;
    char *out = buf->ptr + buf->len;
    *out++ = '"';
    while (len > PIECE) {
        buf->len = (size_t)(rtq__json_escape(out, ptr, PIECE) - buf->ptr);
        ptr += PIECE;
        len -= PIECE;
        if (!rtq__buf_reserve(buf, RTQ__JSON_ROOM(PIECE) + 2))
            return;
        out = buf->ptr + buf->len;
    }
    out = rtq__json_escape(out, ptr, len);
    *out++ = '"';
    buf->len = (size_t)(out - buf->ptr);
}
