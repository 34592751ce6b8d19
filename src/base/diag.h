/* diag.h - collecting diagnostics: several per compile, with byte spans; rtq_diag_render() draws carets. */
#ifndef RTQ__DIAG_H
#define RTQ__DIAG_H
#include "mem.h"
#include "rtq/diag.h"

enum {
    RTQ__SEV_ERROR = 1,
    RTQ__SEV_WARNING = 2,
    RTQ__SEV_INFO = 3,
    RTQ__SEV_CAUSE = 4 /* explains the item before it */
};

/* API entry: *diag is NULL (a new one is made, without mem none) or from an earlier call (cleared). diag itself NULL: returns NULL. Callers that
 * count errors pass the address of a diag of their own then, and free it. NULL also when out of memory: all functions below
 * allow it ("nobody listens"). */
rtq_diag *rtq__diag_begin(rtq_diag **diag, rtq__mem *mem);
/* The text that the spans of the items added from now on refer to (a query, an option value); copied. line/column of items come
 * from it. */
void rtq__diag_set_text(rtq_diag *diag, const char *text, size_t len);
/* What was added about the text set last is about [begin, ...) of a longer one: spans and lines count from there. */
void rtq__diag_within(rtq_diag *diag, const char *text, size_t len, size_t begin);
/* Adds an item and returns `code`, so that `return rtq__diag_add(...)` reads well. begin == end == 0: no position.
 * format is printf-like; there is also a hint ("did you mean 'x'?", NULL: none) and a subject (file, option, function). */
int rtq__diag_add(rtq_diag *diag, int code, int severity, size_t begin, size_t end, const char *format, ...)
    __attribute__((format(printf, 6, 7)));
void rtq__diag_hint(rtq_diag *diag, const char *format, ...)
    __attribute__((format(printf, 2, 3)));                   /* of the last item */
void rtq__diag_subject(rtq_diag *diag, const char *subject); /* of the last item */
size_t rtq__diag_errors(const rtq_diag *diag);               /* items of severity error */

/* The candidate nearest to `name` (edit distance, case-insensitive), or NULL when none is near enough to be a likely typo. */
typedef struct rtq__nearest {
    const char *name;
    size_t len;
    const char *best;
    size_t best_len;
    unsigned best_distance;
} rtq__nearest;
void rtq__nearest_init(rtq__nearest *nearest, const char *name, size_t len);
void rtq__nearest_try(rtq__nearest *nearest, const char *candidate, size_t len);
const char *rtq__nearest_get(const rtq__nearest *nearest);

#endif
