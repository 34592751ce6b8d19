/* fn_array.h - what functions over arrays share. */
#ifndef RTQ__FN_ARRAY_H
#define RTQ__FN_ARRAY_H
#include "fn/fn_text.h"

const rtq__dyn *rtq__array_items(const rtq__cell *c, uint32_t *n, rtq__rowctx *ctx); /* NULL: no array, or ctx->error */
void rtq__return_array(rtq__cell *out, const rtq__dyn *items, uint32_t n, rtq__rowctx *ctx);
rtq__dyn rtq__dyn_of(const rtq__cell *c);
bool rtq__dyn_real(double *out, const rtq__dyn *d); /* long or real */
double *rtq__series_reals(const rtq__cell *c, uint32_t *n,
                          rtq__rowctx *ctx); /* what is no number is NaN; NULL as above */
void rtq__return_reals(rtq__cell *out, const double *x, uint32_t n, rtq__rowctx *ctx);
bool rtq__fit_line(double *slope, double *intercept, const double *y,
                   uint32_t n); /* false: fewer than two points, or not finite */
bool rtq__series_scores(double *scores, const double *x, uint32_t n, uint32_t learn,
                        bool quartiles); /* see fn_series_outlier.c */
bool rtq__series_by_quartiles(const rtq__cell *kind);
bool rtq__series_is_kind(const rtq__cell *kind);

#endif
