/* json_find_avx2.c - 32 places at a time: both of the needle's rarest bytes are compared. */
#if defined(__AVX2__)
#include "sources/feed/feed.h"
#include "sources/json/json_find.h"
#include <immintrin.h>

enum { LONGEST = RTQ__FEED_PAD - 32 /* so that loads stay within the padding */ };

size_t rtq__json_find_avx2(const rtq__needle *needle, const char *window, size_t from, size_t len)
{
    if (!needle->match_case || needle->len > LONGEST || needle->len < 2)
        return rtq__json_find_plain(needle, window, from, len);
    const __m256i first = _mm256_set1_epi8((char)needle->byte[0]), second = _mm256_set1_epi8((char)needle->byte[1]);
    const char *a = window + needle->at[0], *b = window + needle->at[1];

    for (size_t i = from; i + needle->len <= len; i += 32) {
        __m256i x = _mm256_cmpeq_epi8(_mm256_loadu_si256((const __m256i *)(const void *)(a + i)), first);
        __m256i y = _mm256_cmpeq_epi8(_mm256_loadu_si256((const __m256i *)(const void *)(b + i)), second);
        unsigned bits = (unsigned)_mm256_movemask_epi8(_mm256_and_si256(x, y));
        for (; bits; bits &= bits - 1) {
            size_t at = i + (unsigned)__builtin_ctz(bits);
            if (at + needle->len <= len && memcmp(window + at, needle->ptr, needle->len) == 0)
                return at;
        }
    }
    return len;
}
#else
typedef int rtq__json_find_avx2_unused; /* not compiled for this instruction set */
#endif
