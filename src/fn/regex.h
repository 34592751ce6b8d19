/* regex.h - regular expressions of KQL, run by RE2. */
#ifndef RTQ__REGEX_H
#define RTQ__REGEX_H
#include "base/buf.h"
#include "base/diag.h"
#include "fn/re2_shim.h"

/* Translates and compiles. What is wrong goes to diag at [begin, end), with the offset inside the pattern. */
enum { RTQ__REGEX_BEGIN = 1, RTQ__REGEX_END = 2 }; /* anchors: match at the beginning, at the end of the text only */
int rtq__regex_new(rtq__re **out, rtq__mem *mem, const char *pattern, size_t len, unsigned anchors, rtq_diag *diag,
                   size_t begin, size_t end);

/* A text of at least three ASCII characters that every match contains; its length, 0: none known. nocase: (?i) holds for all of it. */
size_t rtq__regex_literal(char *out, size_t cap, const char *pattern, size_t len, bool *nocase);

/* Sets of code points, for class algebra: sorted, disjoint ranges {first, last}. */
typedef struct rtq__cpset {
    rtq__mem *mem;
    uint32_t (*r)[2];
    size_t n, cap;
    bool failed;
} rtq__cpset;
void rtq__cpset_init(rtq__cpset *s, rtq__mem *mem);
void rtq__cpset_free(rtq__cpset *s);
void rtq__cpset_add(rtq__cpset *s, uint32_t first, uint32_t last);
void rtq__cpset_normal(rtq__cpset *s);
void rtq__cpset_negate(rtq__cpset *s);
void rtq__cpset_union(rtq__cpset *s, const rtq__cpset *other);
void rtq__cpset_intersect(rtq__cpset *s, const rtq__cpset *other);
bool rtq__cpset_property(rtq__cpset *s, const char *name,
                         size_t len); /* general categories and a few names; false: not known here */
void rtq__cpset_perl(rtq__cpset *s, char letter, bool unicode); /* d s w */
void rtq__cpset_print(rtq__buf *out, const rtq__cpset *s);      /* as a class of RE2 */

#endif
