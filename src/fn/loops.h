/* loops.h - what the vectorised kernels share: forms of two arguments, validity by words, tables of loops.
 *
 * A loop computes cells only, over null lanes too (null cells hold zeros or an old value, never a trap); what is null is
 * decided apart, on the bitmaps. Loops come from loop_arith.h and loop_compare.h, one inclusion an operator and type. */
#ifndef RTQ__LOOPS_H
#define RTQ__LOOPS_H
#include "fn/eval.h"

/* sel NULL: rows 0 … n-1. A constant argument points at its one cell. */
typedef void (*rtq__loop2)(void *out, const void *a, const void *b, const rtq__sel *sel, uint32_t n);
typedef uint32_t (*rtq__loop_filter)(rtq__sel *out, const void *a, const void *b, const rtq__sel *sel, uint32_t n);

typedef struct rtq__loops {
    rtq__loop2 vv, vc, cv; /* vector or constant, left and right */
} rtq__loops;
typedef struct rtq__loops_compare {
    rtq__loop2 vv, vc;
    rtq__loop_filter filter_vv, filter_vc;
} rtq__loops_compare;

static inline bool rtq__vec_is_null_const(const rtq__vec *v)
{
    return v->form == RTQ__CONST && rtq__vec_null(v, 0);
}

/* valid &= a & b for the rows below n. Constants that are not null do not matter. RTQ_ERR_NOMEM or RTQ_OK. */
int rtq__valid_and(rtq__scratch *s, rtq__vec *out, const rtq__vec *a);

#endif
