/* text_json.c - text as JSON strings, eight bytes at a time: nearly all text goes through unchanged. */
#include "base/buf.h"

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

char *rtq__json_escape(char *out, const char *ptr, size_t len)
{
    const char *end = ptr + len;
    while (ptr < end) {
        size_t n = (size_t)(end - ptr);
        uint64_t w;
        if (n >= 8) {
            n = 8;
            memcpy(&w, ptr, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
            w = __builtin_bswap64(w);
#endif
        } else {
            w = tail_word(ptr, n) | UINT64_C(0x4040404040404040) << (8 * n); /* the rest: any letter */
        }
        uint64_t found = specials(w);
        store_word(out, w);
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
    rtq__buf_addc(buf, '"');
    while (len > 0 && !buf->failed) {
        size_t n = len < PIECE ? len : PIECE;
        if (!rtq__buf_reserve(buf, RTQ__JSON_ROOM(n) + 1))
            return;
        buf->len = (size_t)(rtq__json_escape(buf->ptr + buf->len, ptr, n) - buf->ptr);
        ptr += n;
        len -= n;
    }
    rtq__buf_addc(buf, '"');
}
