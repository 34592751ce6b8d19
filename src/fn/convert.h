/* convert.h - values from one kind to another by the rules of tolong(), tostring() …, as cells and as vectors. */
#ifndef RTQ__CONVERT_H
#define RTQ__CONVERT_H
#include "fn/fn.h"

/* Null (or "") where there is no such value. Text may lie in heap or be borrowed from `in`. */
rtq__cell rtq__cell_convert(const rtq__cell *in, uint32_t kind, rtq__eval *eval, rtq__arena *heap);
/* A FLAT or CONST vector as `kind`, for the rows of the call; the vector itself when that is the same. RTQ_OK or an error. */
int rtq__vec_convert(rtq__vec **out, const rtq__fcall *call, rtq__vec *v, uint32_t kind);
/* Row function of to…(x): fn->tag is the kind. */
void rtq__row_to(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx);
/* abs, ceiling, round, bin, floor on decimals, by the name's first letter. */
void rtq__row_decimal_round(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx);
/* The operators on decimals, by fn->name: n_args 1 is a sign. */
void rtq__row_decimal(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx);

#endif
