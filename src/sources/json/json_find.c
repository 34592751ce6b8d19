/* json_find.c - the portable search, and the choice. */
#include "sources/json/json_find.h"

size_t rtq__json_find_plain(const rtq__needle *needle, const char *window, size_t from, size_t len)
{
    ptrdiff_t at = rtq__needle_find(needle, window + from, len - from);
    return at < 0 ? len : from + (size_t)at;
}

json_find_fn rtq__json_find(void)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi"))
        return rtq__json_find_avx2;
#endif
    return rtq__json_find_plain;
}
