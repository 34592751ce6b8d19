/* compare.h - operators of comparisons, and comparing by value. */
#ifndef RTQ__COMPARE_H
#define RTQ__COMPARE_H
#include "fn/eval.h"

enum { RTQ__EQ = 0, RTQ__NE, RTQ__LT, RTQ__LE, RTQ__GT, RTQ__GE };
/* A row's tag: the operator, and the kind that both sides are compared as. */
#define RTQ__COMPARE_TAG(op, kind) ((op) | (kind) << 3)
#define RTQ__COMPARE_OP(tag) ((uint32_t)(tag)&7)
#define RTQ__COMPARE_KIND(tag) ((uint32_t)(tag) >> 3)

/* Where at least one side is dynamic or of an open schema. */
int rtq__vec_compare_values(rtq__vec **out, rtq__fcall *call);

#endif
