/* kind.h - KQL types, how their cells lie in memory, and scalar cells.
 *
 *   kind                              physical cell
 *   bool                              uint8_t 0 or 1
 *   int long datetime timespan        int64_t (int within 32 bits; datetime in ticks since 0001-01-01, timespan in ticks)
 *   real                              double
 *   decimal guid                      16 bytes (decimal128 BID as two little-endian words; guid in RFC 9562 byte order)
 *   string                            rtq__string
 *   dynamic, unknown                  rtq__dyn
 */
#ifndef RTQ__KIND_H
#define RTQ__KIND_H
#include <stdbool.h>
#include <string.h>
#include "rtq/value.h"

const char *rtq__kind_name(uint32_t kind);              /* "long" … */
uint32_t rtq__kind_parse(const char *name, size_t len); /* all of Kusto's names ("double", "time", "uuid" …); 0: none */
static inline uint32_t rtq__cell_len(uint32_t kind)
{
    switch (kind) {
    case RTQ_BOOL: return 1;
    case RTQ_DECIMAL:
    case RTQ_GUID:
    case RTQ_STRING:
    case RTQ_DYNAMIC:
    case RTQ_UNKNOWN: return 16;
    default: return 8;
    }
}

/* 16 bytes. Up to 12 bytes lie inside the struct, the unused ones zero, so that equality of short strings is two word compares;
 * longer ones have their first 4 bytes here and a pointer into a buffer that outlives the batch's push. */
typedef struct rtq__string {
    uint32_t len;
    char prefix[4];
    union {
        char rest[8];
        const char *ptr;
    } u;
} rtq__string;

static inline const char *rtq__string_ptr(const rtq__string *s)
{
    return s->len <= 12 ? s->prefix : s->u.ptr;
}
/* len < 4 GiB; does not copy long text. */
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
static inline rtq__string rtq__string_make(const char *ptr, size_t len)
{
    rtq__string s;
    memset(&s, 0, sizeof s);
    s.len = (uint32_t)len;
    memcpy(s.prefix, ptr, len < 4 ? len : 4);
    if (len > 12)
        s.u.ptr = ptr;
    else if (len > 4)
        memcpy(s.u.rest, ptr + 4, len - 4);
    return s;
}
#else
/* Made of two words: stored in pieces and read back whole, the processor would have to wait. */
static inline rtq__string rtq__string_make(const char *ptr, size_t len)
{
    rtq__string s;
    uint64_t begin = len, rest = 0;
    uint32_t first = 0, last = 0;
    if (len >= 4) {
        memcpy(&first, ptr, 4);
        if (len > 12) {
            rest = (uint64_t)(uintptr_t)ptr;
        } else if (len >= 8) {
            memcpy(&rest, ptr + len - 8, 8);
            rest >>= 8 * (12 - len);
        } else if (len > 4) {
            memcpy(&last, ptr + len - 4, 4);
            rest = last >> (8 * (8 - len));
        }
    } else if (len > 0) {
        first = (uint32_t)(unsigned char)ptr[0] | (uint32_t)(unsigned char)ptr[len / 2] << (8 * (len / 2)) |
                (uint32_t)(unsigned char)ptr[len - 1] << (8 * (len - 1));
    }
    begin |= (uint64_t)first << 32;
    memcpy(&s, &begin, 8);
    memcpy((char *)&s + 8, &rest, 8);
    return s;
}
#endif
static inline bool rtq__string_equal(const rtq__string *a, const rtq__string *b)
{
    uint64_t x, y;
    memcpy(&x, a, 8), memcpy(&y, b, 8);
    if (x != y)
        return false;
    if (a->len <= 12)
        return memcmp(a->u.rest, b->u.rest, 8) == 0;
    memcpy(&x, a->u.ptr + 4, 8), memcpy(&y, b->u.ptr + 4, 8); /* most texts that differ do so early or at the end */
    if (x != y)
        return false;
    memcpy(&x, a->u.ptr + a->len - 8, 8), memcpy(&y, b->u.ptr + a->len - 8, 8);
    if (x != y)
        return false;
    return a->len <= 20 || memcmp(a->u.ptr + 12, b->u.ptr + 12, a->len - 20) == 0;
}
int rtq__string_compare(const rtq__string *a, const rtq__string *b); /* ordinal: bytes, then length */

/* One dynamic value, 16 bytes. Null dynamic = the vector's null bit (tag NULL inside containers). */
enum {
    RTQ__DYN_NULL = 0,
    RTQ__DYN_BOOL,
    RTQ__DYN_LONG,
    RTQ__DYN_REAL,
    RTQ__DYN_STRING,
    RTQ__DYN_DATETIME,
    RTQ__DYN_TIMESPAN,
    RTQ__DYN_GUID,
    RTQ__DYN_DECIMAL,
    RTQ__DYN_JSON,  /* u.p, len: raw JSON text of an array or object, valid UTF-8, checked to be well-formed */
    RTQ__DYN_ARRAY, /* u.p, len: self-contained tree, see dyn.h */
    RTQ__DYN_BAG
};
enum { RTQ__DYN_HEX = 1 /* long that prints as 0x… (EVTX hex and pointer fields) */ };
typedef struct rtq__dyn {
    uint32_t len; /* STRING, JSON, ARRAY, BAG: bytes at u.p */
    uint8_t tag, flags;
    uint16_t reserved;
    union {
        int64_t i;
        double d;
        const char *p;
    } u; /* BOOL: i; GUID, DECIMAL: p to 16 bytes */
} rtq__dyn;

/* Bytes behind u.p; 0 for the tags that have everything in the 16 bytes. */
static inline uint32_t rtq__dyn_payload(const rtq__dyn *d)
{
    switch (d->tag) {
    case RTQ__DYN_STRING:
    case RTQ__DYN_JSON:
    case RTQ__DYN_ARRAY:
    case RTQ__DYN_BAG: return d->len;
    case RTQ__DYN_GUID:
    case RTQ__DYN_DECIMAL: return 16;
    default: return 0;
    }
}

/* A scalar of any kind, for constants, row functions and results; 24 bytes. Text is borrowed. */
typedef struct rtq__cell {
    uint8_t kind, is_null; /* a string is never null: "" instead */
    uint16_t reserved;
    uint32_t len; /* string */
    union {
        int64_t i;
        double d;
        const char *s;
        uint64_t w[2];
        uint8_t b[16];
        rtq__dyn y;
    } u;
} rtq__cell;

static inline rtq__cell rtq__cell_null(uint32_t kind)
{
    rtq__cell c;
    memset(&c, 0, sizeof c);
    c.kind = (uint8_t)kind;
    c.is_null = kind != RTQ_STRING;
    c.u.s = kind == RTQ_STRING ? "" : NULL;
    return c;
}
static inline rtq__cell rtq__cell_i(uint32_t kind, int64_t i)
{
    rtq__cell c;
    memset(&c, 0, sizeof c);
    c.kind = (uint8_t)kind;
    c.u.i = i;
    return c;
}
static inline rtq__cell rtq__cell_d(double d)
{
    rtq__cell c;
    memset(&c, 0, sizeof c);
    c.kind = RTQ_REAL;
    c.u.d = d;
    return c;
}
static inline rtq__cell rtq__cell_s(const char *s, size_t len)
{
    rtq__cell c;
    memset(&c, 0, sizeof c);
    c.kind = RTQ_STRING;
    c.len = (uint32_t)len;
    c.u.s = s;
    return c;
}
static inline rtq__cell rtq__cell_y(rtq__dyn y)
{
    rtq__cell c;
    memset(&c, 0, sizeof c);
    c.kind = RTQ_DYNAMIC;
    c.is_null = y.tag == RTQ__DYN_NULL;
    c.u.y = y;
    return c;
}

#endif
