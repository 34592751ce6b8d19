/* hash.h - seeded hashing of bytes and words (xxHash3 underneath), and a mixer for combining columns. */
#ifndef RTQ__HASH_H
#define RTQ__HASH_H
#include <stddef.h>
#include <stdint.h>

uint64_t rtq__hash_bytes(const void *ptr, size_t len, uint64_t seed);
static inline uint64_t rtq__hash_word(uint64_t x, uint64_t seed)
{
    x ^= seed;
    x *= UINT64_C(0x9E3779B97F4A7C15);
    x ^= x >> 32;
    x *= UINT64_C(0xD6E8FEB86659FD93);
    x ^= x >> 32;
    return x;
}
static inline uint64_t rtq__hash_mix(uint64_t a, uint64_t b)
{
    return rtq__hash_word(a ^ (b + UINT64_C(0x9E3779B97F4A7C15) + (a << 6) + (a >> 2)), 0);
}
uint64_t rtq__hash_seed(void); /* random per process: operator state; dcount and hash() use fixed seeds instead */

#endif
