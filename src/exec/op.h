/* op.h - what an operator is: one row of a class table. State is per pipe; the node (compiled, shared) is constant.
 *
 * push, resume, finish and advance return a status or an error (< 0):
 *   RTQ__OP_NEED    *out has rows or is NULL; nothing more until the next input
 *   RTQ__OP_MORE    *out has rows; call resume for the next
 *   RTQ__OP_DONE    *out has rows or is NULL; the operator wants no more input at all and will give no more output
 * At most RTQ__ROWS rows a call. The input stays valid until the operator returned NEED or DONE. Output lies on the scratch (the
 * driver marks it before the call and releases it once the consumers have seen the rows), in the input or in the state. */
#ifndef RTQ__OP_H
#define RTQ__OP_H
#include "exec/pipe.h"
#include "value/rowstore.h"

enum { RTQ__OP_NEED = 0, RTQ__OP_MORE = 1, RTQ__OP_DONE = 2 };

/* Shared by the operators of one pipe. */
typedef struct rtq__flow {
    rtq__mem *mem;
    rtq__eval *eval;
    rtq__scratch *scratch;
    const rtq__plan *plan;
    const rtq__pipe_host *host;
    rtq__pipe *pipe;
    rtq__slot *slots;
    uint64_t max_state_bytes;    /* per operator store */
    uint64_t seed;               /* of hashes */
    bool unbounded;
    rtq__pipe_stats stats;
    const char *error;           /* why the query died, constant text */
} rtq__flow;

typedef struct rtq__op {
    rtq__flow *flow;
    const rtq__node *node;
    const struct rtq__op_class *cls;
    int64_t now;                 /* largest event time seen: now() of what a blocking operator gives */
} rtq__op;                       /* first member of each operator's own struct */

typedef struct rtq__op_class {
    const char *name;
    size_t len;                                                /* of the operator's struct, zeroed */
    int (*open)(rtq__op *op);                                  /* NULL: nothing to do; also after reset */
    int (*start)(rtq__op *op, rtq__batch **out, rtq_diag *diag); /* leaves that need no feed; resume goes on until DONE */
    int (*push)(rtq__op *op, uint32_t input, rtq__batch *batch, rtq__batch **out);
    int (*resume)(rtq__op *op, rtq__batch **out);
    int (*finish)(rtq__op *op, uint32_t input, rtq__batch **out); /* NULL: nothing held back */
    int (*advance)(rtq__op *op, int64_t watermark, rtq__batch **out);
    uint64_t (*state_bytes)(const rtq__op *op);
    uint64_t (*state_keys)(const rtq__op *op);
    int (*save)(rtq__buf *out, rtq__op *op);
    int (*load)(rtq__op *op, const char *ptr, size_t len);
    void (*close)(rtq__op *op);                                /* frees what hangs on the state; also before reset's open */
} rtq__op_class;

const rtq__op_class *rtq__op_class_of(uint32_t op);            /* by RTQ__R_*, RTQ__P_* */

/* Result rows of an operator: a batch on the scratch with room for n_cols vectors. meta: batch whose time, now and source it inherits. */
rtq__batch *rtq__op_batch(rtq__flow *flow, uint32_t n_cols, uint32_t n, const rtq__batch *meta);
void rtq__op_saw(rtq__op *op, rtq__batch *batch);              /* notes the largest event time of the selected rows */

#endif
