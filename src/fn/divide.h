/* divide.h - division by a positive number that stays the same for many rows: a multiplication instead (Granlund, Montgomery). */
#ifndef RTQ__DIVIDE_H
#define RTQ__DIVIDE_H
#include <stdint.h>

typedef struct rtq__divisor {
    uint64_t magic;
    int64_t by;
    unsigned shift;
} rtq__divisor;

/* by > 0. With s = ceil(log2(by)), magic = ceil(2^(63+s) / by) is below 2^64 and exact for every numerator below 2^63. */
static inline rtq__divisor rtq__divisor_make(int64_t by)
{
    unsigned s = by > 1 ? 64u - (unsigned)__builtin_clzll((uint64_t)by - 1) : 0;
    unsigned __int128 power = (unsigned __int128)1 << (63 + s);
    return (rtq__divisor){(uint64_t)((power + (uint64_t)by - 1) / (uint64_t)by), by, s};
}

static inline uint64_t rtq__divide_u63(uint64_t a, const rtq__divisor *d) /* a < 2^63 */
{
    return (uint64_t)(((unsigned __int128)(a << 1) * d->magic) >> 64) >> d->shift;
}

static inline int64_t rtq__divide_floor(int64_t a, const rtq__divisor *d)
{
    uint64_t sign = -(uint64_t)(a < 0); /* all ones below zero: there, floor(a / b) = ~(~a / b) */
    return (int64_t)(rtq__divide_u63((uint64_t)a ^ sign, d) ^ sign);
}

static inline int64_t rtq__divide_trunc(int64_t a, const rtq__divisor *d)
{
    int64_t q = rtq__divide_floor(a, d);
    return q + (q < 0 && (uint64_t)q * (uint64_t)d->by != (uint64_t)a); /* floor(LONG_MIN / by) * by may wrap */
}

static inline int64_t rtq__modulo_floor(int64_t a, const rtq__divisor *d) /* 0 … by-1 */
{
    return (int64_t)((uint64_t)a - (uint64_t)rtq__divide_floor(a, d) * (uint64_t)d->by);
}

#endif
