/* json_parse_avx2.c - the pass over an object, 32 bytes of a string at a time. */
#if defined(__AVX2__)
#define JSON_OBJECT rtq__json_object_avx2
#include "sources/json/json_parse_loop.h"
#else
typedef int rtq__json_parse_avx2_unused; /* not compiled for this instruction set */
#endif
