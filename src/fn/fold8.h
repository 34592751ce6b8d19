/* fold8.h - ASCII case folding of 8 bytes at a time; other bytes stay as they are. */
#ifndef RTQ__FOLD8_H
#define RTQ__FOLD8_H
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define RTQ__HIGH_BITS UINT64_C(0x8080808080808080)

static inline uint64_t rtq__lower8(uint64_t w)
{
    uint64_t low = w & ~RTQ__HIGH_BITS;
    uint64_t from_a = low + UINT64_C(0x3f3f3f3f3f3f3f3f), above_z = low + UINT64_C(0x2525252525252525);
    return w | ((from_a & ~above_z & ~w & RTQ__HIGH_BITS) >> 2);
}

static inline uint64_t rtq__load8(const char *p)
{
    uint64_t w;
    memcpy(&w, p, 8);
    return w;
}

/* Folds len bytes; false: not all are ASCII (then `to` is of no use). */
static inline bool rtq__lower_ascii(char *to, const char *from, size_t len)
{
    uint64_t high = 0, w;
    size_t i = 0;
    for (; i + 8 <= len; i += 8) {
        w = rtq__load8(from + i);
        high |= w;
        w = rtq__lower8(w);
        memcpy(to + i, &w, 8);
    }
    if (i < len) {
        w = 0;
        memcpy(&w, from + i, len - i);
        high |= w;
        w = rtq__lower8(w);
        memcpy(to + i, &w, len - i);
    }
    return (high & RTQ__HIGH_BITS) == 0;
}

/* Whether text folds to `lower` (ASCII, folded, of the same length). Non-ASCII text never does: folding does not cross that border. */
static inline bool rtq__equal_lower(const char *text, const char *lower, size_t len)
{
    size_t i = 0;
    for (; i + 8 <= len; i += 8)
        if (rtq__lower8(rtq__load8(text + i)) != rtq__load8(lower + i))
            return false;
    uint64_t a = 0, b = 0;
    memcpy(&a, text + i, len - i);
    memcpy(&b, lower + i, len - i);
    return rtq__lower8(a) == b;
}

#endif
