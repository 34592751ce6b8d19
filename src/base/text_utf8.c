/* text_utf8.c - decoding, validating and repairing UTF-8. */
#include "base/text.h"
#include <utf8proc.h>

#define REPLACEMENT 0xFFFDu

/* One sequence at ptr. Good: its code point and length. Bad: U+FFFD, *bad set, and the length of the maximal subpart of a good
 * sequence (Unicode 3.9, table 3-7), at least 1. */
static inline size_t decode(uint32_t *cp, bool *bad, const unsigned char *ptr, size_t len)
{
    unsigned char c = ptr[0], low = 0x80, high = 0xBF;
    size_t need;
    *bad = false;
    if (c < 0x80) {
        *cp = c;
        return 1;
    }
    *cp = REPLACEMENT;
    *bad = true;
    if (c < 0xC2 || c > 0xF4)
        return 1;
    if (c < 0xE0) {
        need = 2;
    } else if (c < 0xF0) {
        need = 3;
        if (c == 0xE0)
            low = 0xA0; /* no overlong forms */
        else if (c == 0xED)
            high = 0x9F; /* no surrogates */
    } else {
        need = 4;
        if (c == 0xF0)
            low = 0x90;
        else if (c == 0xF4)
            high = 0x8F; /* not above U+10FFFF */
    }
    uint32_t value = c & (0xFFu >> (need + 1));
    for (size_t i = 1; i < need; i++) {
        if (i >= len || ptr[i] < low || ptr[i] > high)
            return i;
        value = value << 6 | (ptr[i] & 0x3F);
        low = 0x80;
        high = 0xBF;
    }
    *cp = value;
    *bad = false;
    return need;
}

/* How many of the first bytes are ASCII, in whole words. */
static inline size_t ascii_run(const char *ptr, size_t len)
{
    size_t i = 0;
    for (; i + 32 <= len; i += 32) {
        uint64_t w[4];
        memcpy(w, ptr + i, 32);
        if ((w[0] | w[1] | w[2] | w[3]) & UINT64_C(0x8080808080808080))
            break;
    }
    for (; i + 8 <= len; i += 8) {
        uint64_t w;
        memcpy(&w, ptr + i, 8);
        if (w & UINT64_C(0x8080808080808080))
            break;
    }
    return i;
}

/* The length of the longest valid prefix. */
static size_t valid_run(const char *ptr, size_t len)
{
    const unsigned char *p = (const unsigned char *)ptr;
    size_t i = 0;
    while (i < len) {
        if (p[i] < 0x80) {
            size_t run = ascii_run(ptr + i, len - i);
            i += run;
            while (i < len && p[i] < 0x80)
                i++;
            continue;
        }
        uint32_t cp;
        bool bad;
        size_t taken = decode(&cp, &bad, p + i, len - i);
        if (bad)
            break;
        i += taken;
    }
    return i;
}

/* Short text is nearly always ASCII: the words of it together, the last one overlapping. */
static inline bool all_ascii(const char *ptr, size_t len)
{
    const uint64_t high = UINT64_C(0x8080808080808080);
    uint64_t seen = 0, w;
    if (len < 8) {
        for (size_t i = 0; i < len; i++)
            seen |= (unsigned char)ptr[i];
        return seen < 0x80;
    }
    for (size_t i = 0; i + 8 <= len; i += 8) {
        memcpy(&w, ptr + i, 8);
        seen |= w;
    }
    memcpy(&w, ptr + len - 8, 8);
    return ((seen | w) & high) == 0;
}

bool rtq__utf8_valid(const char *ptr, size_t len)
{
    return (len <= 64 && all_ascii(ptr, len)) || valid_run(ptr, len) == len;
}

size_t rtq__utf8_repair(rtq__buf *out, const char *ptr, size_t len)
{
    size_t replaced = 0;
    while (len > 0) {
        size_t good = valid_run(ptr, len);
        rtq__buf_add(out, ptr, good);
        ptr += good;
        len -= good;
        if (len == 0)
            break;
        uint32_t cp;
        bool bad;
        size_t taken = decode(&cp, &bad, (const unsigned char *)ptr, len);
        rtq__buf_add(out, "\xEF\xBF\xBD", 3);
        replaced++;
        ptr += taken;
        len -= taken;
    }
    return replaced;
}

size_t rtq__utf8_length(const char *ptr, size_t len)
{
    size_t n = 0;
    for (size_t i = 0; i < len; i++)
        n += ((unsigned char)ptr[i] & 0xC0) != 0x80;
    return n;
}

size_t rtq__utf8_next(uint32_t *cp, const char *ptr, size_t len)
{
    bool bad;
    if (len == 0) {
        *cp = 0;
        return 0;
    }
    return decode(cp, &bad, (const unsigned char *)ptr, len);
}

size_t rtq__utf8_previous(uint32_t *cp, const char *ptr, size_t end)
{
    size_t begin = end;
    if (end == 0) {
        *cp = 0;
        return 0;
    }
    do
        begin--;
    while (begin > 0 && end - begin < 4 && ((unsigned char)ptr[begin] & 0xC0) == 0x80);
    if (rtq__utf8_next(cp, ptr + begin, end - begin) == end - begin)
        return end - begin;
    *cp = REPLACEMENT;
    return 1;
}

size_t rtq__utf8_put(char out[4], uint32_t cp)
{
    if (cp < 0x80) {
        out[0] = (char)cp;
        return 1;
    }
    if (cp < 0x800) {
        out[0] = (char)(0xC0 | cp >> 6);
        out[1] = (char)(0x80 | (cp & 0x3F));
        return 2;
    }
    if (cp > 0x10FFFF || (cp >= 0xD800 && cp < 0xE000))
        cp = REPLACEMENT;
    if (cp < 0x10000) {
        out[0] = (char)(0xE0 | cp >> 12);
        out[1] = (char)(0x80 | (cp >> 6 & 0x3F));
        out[2] = (char)(0x80 | (cp & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | cp >> 18);
    out[1] = (char)(0x80 | (cp >> 12 & 0x3F));
    out[2] = (char)(0x80 | (cp >> 6 & 0x3F));
    out[3] = (char)(0x80 | (cp & 0x3F));
    return 4;
}

bool rtq__is_alnum(uint32_t cp)
{
    if (cp < 0x80)
        return (cp >= '0' && cp <= '9') || ((cp | 0x20) >= 'a' && (cp | 0x20) <= 'z');
    switch (utf8proc_category((utf8proc_int32_t)cp)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_ND: return true;
    default: return false;
    }
}
