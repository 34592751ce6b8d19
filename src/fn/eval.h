/* eval.h - inside the function layer: calling one function over vectors of any form. */
#ifndef RTQ__EVAL_H
#define RTQ__EVAL_H
#include "fn/expr.h"

/* Calls call->fn. Constant and dictionary arguments are evaluated once and once an entry where the function allows it;
 * the function itself sees FLAT and CONST vectors only. */
int rtq__fcall_eval(rtq__vec **out, const rtq__fcall *call);
int rtq__fcall_filter(rtq__sel *out, uint32_t *n_out, const rtq__fcall *call);

/* A row function over FLAT and CONST arguments. */
int rtq__fcall_rows(rtq__vec **out, const rtq__fcall *call);

/* Rows of sel whose cell of the bool vector is true (want) or false (!want); never the null ones. out == sel is allowed. */
uint32_t rtq__bools_filter(rtq__sel *out, const rtq__vec *v, const rtq__sel *sel, uint32_t n_sel, bool want);

/* A copy of a cell whose text lies in heap. RTQ_OK or RTQ_ERR_NOMEM. */
int rtq__cell_copy(rtq__cell *out, const rtq__cell *cell, rtq__arena *heap);
/* The same cell under another kind of the same layout (int -> long), or with the marks of null. */
static inline bool rtq__cell_is_null(const rtq__cell *c)
{
    return c->is_null || ((c->kind == RTQ_DYNAMIC || c->kind == RTQ_UNKNOWN) && c->u.y.tag == RTQ__DYN_NULL);
}

#endif
