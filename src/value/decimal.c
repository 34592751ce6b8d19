/* decimal.c - decimal128, binary integer encoding (IEEE 754-2008 3.5.2): 1 sign bit, 14 exponent bits, 113 coefficient
 * bits. */
#include "value/decimal.h"
#include "base/hash.h"
#include "base/text.h"

__extension__ typedef unsigned __int128 u128;

enum { DIGITS = 34, BIAS = 6176, EXP_MAX = 6111, EXP_MIN = -6176, TEXT_DIGITS = 40 };
enum { FINITE, INFINITE, NOT_A_NUMBER };

typedef struct unpacked {
    u128 c;
    int32_t exp;
    uint8_t class;
    bool negative;
} unpacked;

static u128 power10(unsigned n)
{
    u128 p = 1;
    while (n-- > 0)
        p *= 10;
    return p;
}

static unpacked unpack(const uint64_t w[2])
{
    unpacked u = {.negative = w[1] >> 63};
    if ((w[1] >> 59 & 15) == 15) {
        u.class = w[1] >> 58 & 1 ? NOT_A_NUMBER : INFINITE;
        return u;
    }
    if ((w[1] >> 61 & 3) == 3) /* coefficients of 2^113 and more: too large for 34 digits, which reads as zero */
        return u;
    u.exp = (int32_t)(w[1] >> 49 & 0x3FFF) - BIAS;
    u.c = (u128)(w[1] & ((UINT64_C(1) << 49) - 1)) << 64 | w[0];
    if (u.c >= power10(DIGITS))
        u.c = 0;
    return u;
}

/* The same value with no trailing zeros in the coefficient, so that equal values are equal fields. */
static unpacked normal(const uint64_t w[2])
{
    unpacked u = unpack(w);
    if (u.class != FINITE)
        return u;
    if (u.c == 0) {
        u.exp = 0;
        u.negative = false;
    }
    while (u.c != 0 && u.c % 10 == 0) {
        u.c /= 10;
        u.exp++;
    }
    return u;
}

static void pack(uint64_t w[2], u128 c, int32_t exp, bool negative)
{
    w[0] = (uint64_t)c;
    w[1] = (uint64_t)(c >> 64) | (uint64_t)(exp + BIAS) << 49 | (uint64_t)negative << 63;
}

static size_t digits_of(char out[40], u128 c)
{
    char reversed[40];
    size_t n = 0;
    do {
        reversed[n++] = (char)('0' + (int)(c % 10));
        c /= 10;
    } while (c != 0);
    for (size_t i = 0; i < n; i++)
        out[i] = reversed[n - 1 - i];
    return n;
}

/* The digits of a number as they are read: the first 34 in c, what they lose in the rest. */
typedef struct reading {
    u128 c;
    int64_t exp;
    unsigned n;
    int first_lost; /* -1: none */
    bool lost_more, any;
} reading;

static void read_digit(reading *r, int digit, bool fraction)
{
    r->any = true;
    r->exp -= fraction;
    if (r->n < DIGITS) {
        r->c = r->c * 10 + (unsigned)digit;
        r->n += r->c != 0;
        return;
    }
    r->exp++;
    if (r->first_lost < 0)
        r->first_lost = digit;
    else
        r->lost_more |= digit != 0;
}

static const char *read_exponent(reading *r, const char *p, const char *end)
{
    int64_t e = 0;
    bool negative = p < end && *p == '-';
    if (p < end && (*p == '-' || *p == '+'))
        p++;
    const char *start = p;
    for (; p < end && *p >= '0' && *p <= '9'; p++)
        e = e < 100000 ? e * 10 + (*p - '0') : e;
    r->exp += negative ? -e : e;
    return p > start ? p : NULL;
}

static void round_half_even(reading *r)
{
    if (r->first_lost > 5 || (r->first_lost == 5 && (r->lost_more || (r->c & 1))))
        r->c++;
    if (r->c == power10(DIGITS)) {
        r->c /= 10;
        r->exp++;
    }
}

bool rtq__decimal_parse(uint64_t out[2], const char *ptr, size_t len)
{
    const char *p = ptr, *end = ptr + len;
    reading r = {.first_lost = -1};
    while (p < end && (*p == ' ' || *p == '\t'))
        p++;
    while (end > p && (end[-1] == ' ' || end[-1] == '\t'))
        end--;
    bool negative = p < end && *p == '-', fraction = false;
    if (p < end && (*p == '-' || *p == '+'))
        p++;
    for (; p < end && ((*p >= '0' && *p <= '9') || (*p == '.' && !fraction)); p++) {
        if (*p == '.')
            fraction = true;
        else
            read_digit(&r, *p - '0', fraction);
    }
    if (r.any && p < end && (*p == 'e' || *p == 'E'))
        p = read_exponent(&r, p + 1, end);
    if (!r.any || p != end)
        return false;
    round_half_even(&r);
    while (r.exp > EXP_MAX && r.c != 0 && r.c < power10(DIGITS - 1)) {
        r.c *= 10;
        r.exp--;
    }
    if (r.c == 0)
        r.exp = r.exp > EXP_MAX ? EXP_MAX : r.exp < EXP_MIN ? EXP_MIN : r.exp;
    for (; r.exp < EXP_MIN && r.c != 0; r.exp++)
        r.c /= 10;
    if (r.exp > EXP_MAX)
        return false;
    pack(out, r.c, r.c ? (int32_t)r.exp : 0, negative && r.c != 0);
    return true;
}

size_t rtq__decimal_print(char out[48], const uint64_t w[2])
{
    unpacked u = normal(w);
    char d[40];
    size_t n = 0;
    if (u.class != FINITE) {
        const char *text = u.class == NOT_A_NUMBER ? "NaN" : u.negative ? "-Infinity" : "Infinity";
        memcpy(out, text, strlen(text));
        return strlen(text);
    }
    size_t n_digits = digits_of(d, u.c);
    int32_t point = (int32_t)n_digits + u.exp; /* digits before the decimal point */
    if (u.negative)
        out[n++] = '-';
    if (point > TEXT_DIGITS || point < -5) { /* d.ddde±x */
        out[n++] = d[0];
        if (n_digits > 1)
            out[n++] = '.';
        memcpy(out + n, d + 1, n_digits - 1);
        n += n_digits - 1;
        out[n++] = 'E';
        return n + rtq__print_long(
                       out + n, point - 1); /* at most 1 + 35 + 1 + 5 bytes; print_long writes no more than it says */
    }
    if (point <= 0) {
        out[n++] = '0', out[n++] = '.';
        for (int32_t i = point; i < 0; i++)
            out[n++] = '0';
        point = 0;
        memcpy(out + n, d, n_digits);
        return n + n_digits;
    }
    for (int32_t i = 0; i < point || (size_t)i < n_digits; i++) {
        if (i == point)
            out[n++] = '.';
        out[n++] = (size_t)i < n_digits ? d[i] : '0';
    }
    return n;
}

void rtq__decimal_from_long(uint64_t out[2], int64_t i)
{
    pack(out, i < 0 ? 0 - (uint64_t)i : (uint64_t)i, 0, i < 0);
}

bool rtq__decimal_from_scaled(uint64_t out[2], const uint64_t integer[2], int scale)
{
    u128 c = (u128)integer[1] << 64 | integer[0];
    bool negative = integer[1] >> 63;
    if (negative)
        c = 0 - c;
    if (c >= power10(DIGITS) || scale > -EXP_MIN || scale < -EXP_MAX)
        return false;
    pack(out, c, c ? -scale : 0, negative && c);
    return true;
}

bool rtq__decimal_to_long(int64_t *out, const uint64_t w[2])
{
    unpacked u = normal(w);
    if (u.class != FINITE || u.exp > 18)
        return false;
    u128 c = u.exp >= 0 ? u.c : u.exp < -DIGITS ? 0 : u.c / power10((unsigned)-u.exp);
    if (u.exp > 0) {
        if (u.c > INT64_MAX)
            return false;
        c = u.c * power10((unsigned)u.exp);
    }
    if (c > (u128)INT64_MAX + u.negative)
        return false;
    *out = (int64_t)(u.negative ? 0 - (uint64_t)c : (uint64_t)c);
    return true;
}

double rtq__decimal_to_double(const uint64_t w[2])
{
    char text[48];
    double d = 0;
    size_t n = rtq__decimal_print(text, w);
    return rtq__parse_real(&d, text, n) ? d : 0;
}

static int order(const unpacked *a, const unpacked *b) /* of magnitudes */
{
    char x[40], y[40];
    if (a->c == 0 || b->c == 0)
        return (a->c != 0) - (b->c != 0);
    int32_t n = (int32_t)digits_of(x, a->c), m = (int32_t)digits_of(y, b->c);
    if (n + a->exp != m + b->exp)
        return n + a->exp < m + b->exp ? -1 : 1;
    int c = memcmp(x, y, (size_t)(n < m ? n : m));
    return c ? c : n - m;
}

int rtq__decimal_compare(const uint64_t a[2], const uint64_t b[2])
{
    unpacked x = normal(a), y = normal(b);
    int rank_x = x.class == NOT_A_NUMBER ? -9
                 : x.class == INFINITE   ? (x.negative ? -2 : 2)
                 : x.negative            ? -1
                                         : x.c != 0;
    int rank_y = y.class == NOT_A_NUMBER ? -9
                 : y.class == INFINITE   ? (y.negative ? -2 : 2)
                 : y.negative            ? -1
                                         : y.c != 0;
    if (rank_x != rank_y || x.class != FINITE)
        return (rank_x > rank_y) - (rank_x < rank_y);
    int c = order(&x, &y);
    return (x.negative ? -1 : 1) * ((c > 0) - (c < 0));
}

void rtq__decimal_normal(uint64_t out[2], const uint64_t w[2])
{
    unpacked u = normal(w);
    if (u.class == FINITE) {
        /* Stripping zeros can push the exponent over the largest one, which the digits then take back. */
        for (; u.exp > EXP_MAX; u.exp--)
            u.c *= 10;
        pack(out, u.c, u.exp, u.negative);
    } else {
        out[0] = 0;
        out[1] = u.class == NOT_A_NUMBER ? UINT64_C(0x7C) << 56 : UINT64_C(0x78) << 56 | (uint64_t)u.negative << 63;
    }
}

uint64_t rtq__decimal_hash(const uint64_t w[2], uint64_t seed)
{
    unpacked u = normal(w);
    if (u.class == NOT_A_NUMBER)
        u.negative = false;
    uint64_t head = (uint64_t)u.class << 40 | (uint64_t)u.negative << 32 | (uint32_t)u.exp;
    return rtq__hash_word((uint64_t)u.c, rtq__hash_word((uint64_t)(u.c >> 64), rtq__hash_word(head, seed)));
}
