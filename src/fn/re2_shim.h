/* re2_shim.h - RE2 behind plain C. Nothing here throws; a bad_alloc becomes RTQ_ERR_NOMEM. RE2's memory is outside the allocator hook. */
#ifndef RTQ__RE2_SHIM_H
#define RTQ__RE2_SHIM_H
#include <stddef.h>
#include <stdint.h>
#include "rtq/value.h"
#ifdef __cplusplus
extern "C" {
#endif

typedef struct rtq__re rtq__re;
typedef struct rtq__span {
    const char *ptr;
    size_t len;
} rtq__span; /* ptr NULL: the group took no part */

enum { RTQ__RE_GROUPS = 64 /* groups that a match reports at most */ };

/* pattern: in RE2's own syntax (see regex.h). RTQ_OK, RTQ_ERR_NOMEM, RTQ_ERR_SYNTAX with a reason in error. */
int rtq__re_new(rtq__re **out, const char *pattern, size_t len, int64_t max_mem, char *error, size_t error_cap);
void rtq__re_free(rtq__re *re);
uint32_t rtq__re_groups(const rtq__re *re);                         /* capturing groups */
int rtq__re_group(const rtq__re *re, const char *name, size_t len); /* number of a named group; -1: none */
/* Leftmost match in text[start, len). 1, 0, or RTQ_ERR_NOMEM. spans[0] is the whole match; n_spans 0: only the answer, fastest. */
int rtq__re_match(const rtq__re *re, const char *text, size_t len, size_t start, rtq__span *spans, uint32_t n_spans);

#ifdef __cplusplus
}
#endif
#endif
