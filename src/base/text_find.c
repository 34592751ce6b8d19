/* text_find.c - substrings and terms. A needle is prepared once: its two rarest bytes are what the haystack is scanned for. */
#include "base/text.h"
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

static inline unsigned char lower_ascii(unsigned char c)
{
    return c >= 'A' && c <= 'Z' ? (unsigned char)(c + 32) : c;
}

static inline bool is_letter(unsigned char c)
{
    return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

/* How common a byte is in event text: the higher, the worse as an anchor. */
static unsigned frequency(unsigned char c)
{
    static const char common[] = "jqzxkvwbyfgmphdulcsnraotie";
    if (c == ' ' || c == '\\' || c == 0)
        return 60;
    if (c >= '0' && c <= '9')
        return c < '2' ? 40 : 25;
    if (c == '.' || c == '-' || c == '/' || c == ':' || c == '"' || c == ',' || c == '_')
        return 30;
    if (c >= 'a' && c <= 'z')
        return 20 + (unsigned)(strchr(common, c) - common);
    if (c >= 'A' && c <= 'Z')
        return 8 + (unsigned)(strchr(common, c + 32) - common) / 2;
    return c >= 0x80 ? 15 : 5;
}

void rtq__needle_init(rtq__needle *needle, const char *ptr, size_t len, bool match_case)
{
    *needle = (rtq__needle){.ptr = ptr, .len = len, .match_case = match_case, .ascii = true};
    unsigned best = UINT32_MAX, second = UINT32_MAX;
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)ptr[i];
        if (c >= 0x80)
            needle->ascii = false;
        unsigned f = frequency(match_case ? c : lower_ascii(c));
        if (f < best) {
            second = best;
            needle->at[1] = needle->at[0];
            best = f;
            needle->at[0] = i;
        } else if (f < second) {
            second = f;
            needle->at[1] = i;
        }
    }
    if (len < 2)
        needle->at[1] = 0;
    for (size_t k = 0; k < 2 && len > 0; k++) {
        unsigned char c = (unsigned char)ptr[needle->at[k]];
        bool letter = !match_case && c < 0x80 && is_letter(c);
        needle->byte[k] = letter ? c | 0x20 : c;
        needle->mask[k] = letter ? 0x20 : 0;
    }
    uint32_t first = 0, last = 0;
    rtq__utf8_next(&first, ptr, len);
    rtq__utf8_previous(&last, ptr, len);
    needle->alnum_first = len > 0 && rtq__is_alnum(first);
    needle->alnum_last = len > 0 && rtq__is_alnum(last);
}

/* The whole needle at this place. Case ignored: ASCII needles only. */
static inline bool matches(const rtq__needle *needle, const char *hay)
{
    if (needle->match_case)
        return memcmp(hay, needle->ptr, needle->len) == 0;
    for (size_t i = 0; i < needle->len; i++)
        if (lower_ascii((unsigned char)hay[i]) != lower_ascii((unsigned char)needle->ptr[i]))
            return false;
    return true;
}

static inline bool anchored(const rtq__needle *needle, const char *hay)
{
    return ((unsigned char)hay[needle->at[0]] | needle->mask[0]) == needle->byte[0] &&
           ((unsigned char)hay[needle->at[1]] | needle->mask[1]) == needle->byte[1];
}

static ptrdiff_t scan_bytes(const rtq__needle *needle, const char *hay, size_t from, size_t n_places)
{
    for (size_t i = from; i < n_places; i++)
        if (anchored(needle, hay + i) && matches(needle, hay + i))
            return (ptrdiff_t)i;
    return -1;
}

#if defined(__SSE2__)
/* Bit i: both anchors fit at hay + i. Reads 16 bytes at each anchor. */
static inline unsigned anchors_16(const rtq__needle *needle, const char *hay)
{
    __m128i a = _mm_loadu_si128((const __m128i *)(const void *)(hay + needle->at[0]));
    __m128i b = _mm_loadu_si128((const __m128i *)(const void *)(hay + needle->at[1]));
    a = _mm_cmpeq_epi8(_mm_or_si128(a, _mm_set1_epi8((char)needle->mask[0])), _mm_set1_epi8((char)needle->byte[0]));
    b = _mm_cmpeq_epi8(_mm_or_si128(b, _mm_set1_epi8((char)needle->mask[1])), _mm_set1_epi8((char)needle->byte[1]));
    return (unsigned)_mm_movemask_epi8(_mm_and_si128(a, b));
}

static ptrdiff_t scan(const rtq__needle *needle, const char *hay, size_t hay_len, size_t from)
{
    size_t n_places = hay_len - needle->len + 1, wasted = 0;
    if (n_places < 16)
        return scan_bytes(needle, hay, from, n_places);
    for (size_t i = from; i < n_places; i += 16) {
        /* The last window overlaps what was looked at already, so that no load goes beyond the text. */
        size_t at = i + 16 <= n_places ? i : n_places - 16;
        unsigned bits = anchors_16(needle, hay + at);
        if (at < i)
            bits &= ~0u << (i - at);
        for (; bits != 0; bits &= bits - 1) {
            size_t place = at + (unsigned)__builtin_ctz(bits);
            if (matches(needle, hay + place))
                return (ptrdiff_t)place;
            wasted += needle->len;
        }
        /* Text made to fit the anchors everywhere: the linear-time search of the C library takes over. */
        if (needle->match_case && wasted > 4 * i + 4096) {
            const char *found = memmem(hay + i, hay_len - i, needle->ptr, needle->len);
            return found != NULL ? found - hay : -1;
        }
    }
    return -1;
}
#else
static ptrdiff_t scan(const rtq__needle *needle, const char *hay, size_t hay_len, size_t from)
{
    if (needle->match_case) {
        const char *found = memmem(hay + from, hay_len - from, needle->ptr, needle->len);
        return found != NULL ? found - hay : -1;
    }
    return scan_bytes(needle, hay, from, hay_len - needle->len + 1);
}
#endif

/* Non-ASCII needle, case ignored: code point by code point. *end is where the match ends (lengths may differ). */
static ptrdiff_t scan_folded(const rtq__needle *needle, const char *hay, size_t hay_len, size_t from, size_t *end)
{
    for (size_t i = from; i < hay_len;) {
        uint32_t cp, want;
        size_t h = i, n = 0, step = rtq__utf8_next(&cp, hay + i, hay_len - i);
        while (n < needle->len && h < hay_len) {
            h += rtq__utf8_next(&cp, hay + h, hay_len - h);
            n += rtq__utf8_next(&want, needle->ptr + n, needle->len - n);
            if (cp != want && rtq__fold(cp) != rtq__fold(want)) {
                n = SIZE_MAX;
                break;
            }
        }
        if (n == needle->len) {
            *end = h;
            return (ptrdiff_t)i;
        }
        i += step;
    }
    return -1;
}

/* The next match at or after `from`; *end is where it ends. */
static ptrdiff_t find_from(const rtq__needle *needle, const char *hay, size_t hay_len, size_t from, size_t *end)
{
    if (!needle->match_case && !needle->ascii)
        return scan_folded(needle, hay, hay_len, from, end);
    if (needle->len > hay_len || from > hay_len - needle->len)
        return -1;
    ptrdiff_t at = scan(needle, hay, hay_len, from);
    if (at >= 0)
        *end = (size_t)at + needle->len;
    return at;
}

ptrdiff_t rtq__needle_find(const rtq__needle *needle, const char *hay, size_t hay_len)
{
    size_t end;
    if (needle->len == 0)
        return 0;
    if (needle->match_case && needle->len == 1) {
        const char *found = hay_len > 0 ? memchr(hay, needle->ptr[0], hay_len) : NULL;
        return found != NULL ? found - hay : -1;
    }
    return find_from(needle, hay, hay_len, 0, &end);
}

bool rtq__needle_has(const rtq__needle *needle, const char *hay, size_t hay_len, unsigned ends)
{
    size_t from = 0, end = 0;
    if (needle->len == 0)
        return true;
    for (;;) {
        ptrdiff_t at = find_from(needle, hay, hay_len, from, &end);
        uint32_t cp;
        if (at < 0)
            return false;
        bool fits = true;
        if ((ends & RTQ__TERM_BEGIN) && needle->alnum_first && at > 0) {
            rtq__utf8_previous(&cp, hay, (size_t)at);
            fits = !rtq__is_alnum(cp);
        }
        if (fits && (ends & RTQ__TERM_END) && needle->alnum_last && end < hay_len) {
            rtq__utf8_next(&cp, hay + end, hay_len - end);
            fits = !rtq__is_alnum(cp);
        }
        if (fits)
            return true;
        from = (size_t)at + 1;
    }
}

ptrdiff_t rtq__find(const char *hay, size_t hay_len, const char *needle, size_t needle_len)
{
    rtq__needle prepared;
    rtq__needle_init(&prepared, needle, needle_len, true);
    return rtq__needle_find(&prepared, hay, hay_len);
}

ptrdiff_t rtq__find_nocase(const char *hay, size_t hay_len, const char *needle, size_t needle_len)
{
    rtq__needle prepared;
    rtq__needle_init(&prepared, needle, needle_len, false);
    return rtq__needle_find(&prepared, hay, hay_len);
}

static bool has(const char *hay, size_t hay_len, const char *needle, size_t needle_len, bool match_case, unsigned ends)
{
    rtq__needle prepared;
    rtq__needle_init(&prepared, needle, needle_len, match_case);
    return rtq__needle_has(&prepared, hay, hay_len, ends);
}

bool rtq__has_term(const char *hay, size_t hay_len, const char *needle, size_t needle_len, bool match_case)
{
    return has(hay, hay_len, needle, needle_len, match_case, RTQ__TERM_BEGIN | RTQ__TERM_END);
}

bool rtq__has_prefix_term(const char *hay, size_t hay_len, const char *needle, size_t needle_len, bool match_case)
{
    return has(hay, hay_len, needle, needle_len, match_case, RTQ__TERM_BEGIN);
}

bool rtq__has_suffix_term(const char *hay, size_t hay_len, const char *needle, size_t needle_len, bool match_case)
{
    return has(hay, hay_len, needle, needle_len, match_case, RTQ__TERM_END);
}
