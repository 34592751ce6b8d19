/* json_parse.c - the pass over an object for any processor, and scalars. */
#define JSON_OBJECT rtq__json_object_plain
#include "sources/json/json_parse_loop.h"

int rtq__json_scalar(rtq__dyn *out, const char *p, const char *end, const char **past, const char **why)
{
    return scan_scalar(out, p, end, past, why);
}

json_object_fn rtq__json_object_best(void)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi"))
        return rtq__json_object_avx2;
#endif
    return rtq__json_object_plain;
}
