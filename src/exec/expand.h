/* expand.h - rows to the elements of their dynamic values: mv-expand, and the inputs of mv-apply. */
#ifndef RTQ__EXPAND_H
#define RTQ__EXPAND_H
#include "exec/op.h"
#include "value/dyn.h"

typedef struct rtq__expand {
    rtq__op *op;
    rtq__prog *const *progs;
    const uint8_t *kinds;
    uint32_t n; /* the items */
    const rtq__out *outs;
    const rtq__node *node; /* columns of the result: layout of node */
    rtq__prog *limit_prog;
    bool bag_as_array, known;
    int64_t limit;
    /* the batch being expanded */
    rtq__batch *in;
    rtq__vec **items;
    rtq__dyn_iter *its;  /* of the current row; tag 0xff: no container, one value or none */
    uint32_t pos;        /* of the current row in the selection */
    int64_t index, rows; /* element, and how many the row has */
} rtq__expand;

enum { RTQ__EXPAND_ROW = 1 /* stop at the end of the current row */ };
void rtq__expand_free(rtq__expand *e);
int rtq__expand_begin(rtq__expand *e, rtq__batch *in);
void rtq__expand_row(rtq__expand *e); /* on to the next row */
/* Up to 1024 rows; *out NULL: no more (of the row, of the batch). */
int rtq__expand_next(rtq__expand *e, rtq__batch **out, uint32_t how);

#endif
