/* json_find.h - the next place where a needle may be, for case-sensitive needles of moderate length in a padded window. */
#ifndef RTQ__JSON_FIND_H
#define RTQ__JSON_FIND_H
#include "base/text.h"

/* Offset of the first match at or after `from`, or len. RTQ__FEED_PAD bytes behind window[len] are readable. */
typedef size_t (*json_find_fn)(const rtq__needle *needle, const char *window, size_t from, size_t len);
size_t rtq__json_find_plain(const rtq__needle *needle, const char *window, size_t from, size_t len);
#if defined(__x86_64__)
size_t rtq__json_find_avx2(const rtq__needle *needle, const char *window, size_t from, size_t len);
#endif
json_find_fn rtq__json_find(void); /* the best that this processor has */

#endif
