/* text_fold.c - the one case fold of all case-insensitive operators. */
#include "base/text.h"
#include <utf8proc.h>

uint32_t rtq__fold(uint32_t cp)
{
    if (cp < 0x80)
        return cp >= 'A' && cp <= 'Z' ? cp + 32 : cp;
    /* Lower case of upper case joins what simple folding joins (σ and ς, µ and μ). A mapping into ASCII (K, ſ, İ, ı) is not
     * taken: an ASCII needle must only ever match ASCII bytes, so that prefilters on raw bytes stay supersets. */
    utf8proc_int32_t upper = utf8proc_toupper((utf8proc_int32_t)cp);
    utf8proc_int32_t lower = utf8proc_tolower(upper < 0x80 ? (utf8proc_int32_t)cp : upper);
    return lower < 0x80 ? cp : (uint32_t)lower;
}

/* ASCII letters of a word to lower case; the word holds ASCII bytes only. */
static inline uint64_t lower_word(uint64_t w)
{
    uint64_t above_at = w + UINT64_C(0x3F3F3F3F3F3F3F3F); /* high bit: >= 'A' */
    uint64_t above_z = w + UINT64_C(0x2525252525252525);  /* high bit: > 'Z' */
    return w | ((above_at & ~above_z & UINT64_C(0x8080808080808080)) >> 2);
}

/* How many bytes at the front of both are ASCII and equal but for case. */
static size_t equal_ascii(const char *a, const char *b, size_t len)
{
    size_t i = 0;
    for (; i + 8 <= len; i += 8) {
        uint64_t x, y;
        memcpy(&x, a + i, 8);
        memcpy(&y, b + i, 8);
        if (((x | y) & UINT64_C(0x8080808080808080)) || lower_word(x) != lower_word(y))
            break;
    }
    for (; i < len; i++) {
        unsigned char x = (unsigned char)a[i], y = (unsigned char)b[i];
        if (x >= 0x80 || y >= 0x80 || rtq__fold(x) != rtq__fold(y))
            break;
    }
    return i;
}

int rtq__compare_nocase(const char *a, size_t a_len, const char *b, size_t b_len)
{
    size_t i = equal_ascii(a, b, a_len < b_len ? a_len : b_len), j = i;
    while (i < a_len && j < b_len) {
        uint32_t x, y;
        i += rtq__utf8_next(&x, a + i, a_len - i);
        j += rtq__utf8_next(&y, b + j, b_len - j);
        if (x == y)
            continue;
        x = rtq__fold(x);
        y = rtq__fold(y);
        if (x != y)
            return x < y ? -1 : 1;
    }
    return (i < a_len) - (j < b_len);
}

bool rtq__equal_nocase(const char *a, size_t a_len, const char *b, size_t b_len)
{
    /* A folded pair may differ in length (Ⱥ and ⱥ), but never across the ASCII border. */
    size_t i = equal_ascii(a, b, a_len < b_len ? a_len : b_len);
    if (i == a_len || i == b_len)
        return a_len == b_len;
    if ((unsigned char)a[i] < 0x80 || (unsigned char)b[i] < 0x80)
        return false;
    return rtq__compare_nocase(a + i, a_len - i, b + i, b_len - i) == 0;
}
