/* hash.c - hashing of bytes, and a seed that an attacker cannot know. */
#include "base/hash.h"
#include <errno.h>
#include <stdatomic.h>
#include <sys/random.h>
#include <time.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

uint64_t rtq__hash_bytes(const void *ptr, size_t len, uint64_t seed)
{
    return XXH3_64bits_withSeed(ptr, len, seed);
}

uint64_t rtq__hash_seed(void)
{
    static _Atomic uint64_t
        seed; /* written once; the only global, and no state: any value will do, only the same all along */
    uint64_t value = seed;
    if (value != 0)
        return value;
    uint64_t fresh = 0, none = 0;
    while (getrandom(&fresh, sizeof fresh, 0) < 0 && errno == EINTR)
        ;
    if (fresh == 0)
        fresh = rtq__hash_word((uint64_t)(uintptr_t)&fresh, (uint64_t)clock()) | 1;
    return atomic_compare_exchange_strong(&seed, &none, fresh) ? fresh : none;
}
