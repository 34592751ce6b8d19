/* op.h - what an operator is: one row of a class table. State is per pipe; the node (compiled, shared) is constant.
 *
 * push, resume, finish and advance return a status or an error (< 0):
 *   RTQ__OP_NEED    *out has rows or is NULL; nothing more until the next input
 *   RTQ__OP_MORE    *out has rows; call resume for the next
 *   RTQ__OP_DONE    *out has rows or is NULL; the operator wants no more input at all and will give no more output
 * At most RTQ__ROWS rows a call. The input, and what push, finish, advance or start put on the scratch, stay valid until the operator
 * returned NEED or DONE; what a resume puts there until the next resume. Output lies there, in the input or in the state. */
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
    const rtq__read *read;    /* of the batch that is being pushed */
    uint64_t *passed;         /* rows of it that passed some scan, where the table has several */
    uint32_t n_passed;        /* else: how many passed */
    uint64_t max_state_bytes; /* per operator store */
    uint64_t seed;            /* of hashes */
    bool unbounded;
    rtq__pipe_stats stats;
    uint64_t scan_errors; /* rows that a predicate in front of a scan failed on: they did not pass */
    const char *error;    /* why the query died, constant text */
} rtq__flow;

typedef struct rtq__op {
    rtq__flow *flow;
    const rtq__node *node;
    const struct rtq__op_class *cls;
    int64_t now; /* largest event time seen: now() of what a blocking operator gives */
} rtq__op;       /* first member of each operator's own struct */

typedef struct rtq__op_class {
    const char *name;
    size_t len;               /* of the operator's struct, zeroed */
    int (*open)(rtq__op *op); /* NULL: nothing to do; also after reset */
    int (*start)(rtq__op *op, rtq__batch **out,
                 rtq_diag *diag); /* leaves that need no feed; resume goes on until DONE */
    int (*push)(rtq__op *op, uint32_t input, rtq__batch *batch, rtq__batch **out);
    int (*resume)(rtq__op *op, rtq__batch **out);
    int (*finish)(rtq__op *op, uint32_t input, rtq__batch **out); /* NULL: nothing held back */
    int (*advance)(rtq__op *op, int64_t watermark, rtq__batch **out);
    uint64_t (*state_bytes)(const rtq__op *op);
    uint64_t (*state_keys)(const rtq__op *op);
    int (*save)(rtq__buf *out, rtq__op *op);
    int (*load)(rtq__op *op, const char *ptr, size_t len);
    void (*close)(rtq__op *op); /* frees what hangs on the state */
    void (*reset)(rtq__op *op); /* NULL: close, zero, open */
} rtq__op_class;

const rtq__op_class *rtq__op_class_of(const rtq__node *node, bool unbounded);

/* ---- for operators -------------------------------------------------------------------------------------------------- */
/* A batch on the scratch with room for n_cols vectors, all n rows selected; time, now, source, window come from meta (NULL: none). */
rtq__batch *rtq__op_batch(rtq__flow *flow, uint32_t n_cols, uint32_t n, const rtq__batch *meta);
rtq__batch *rtq__op_same_rows(rtq__flow *flow, uint32_t n_cols,
                              const rtq__batch *of); /* rows and selection of another batch */
int rtq__op_saw(rtq__op *op, rtq__batch *batch);     /* notes the largest event time of the selected rows */
rtq__batch *rtq__op_stored(rtq__op *op, uint32_t n_cols,
                           uint32_t n); /* rows out of state: now() is the largest time seen */
/* Rows rows[0..n) (ascending, may repeat) of v as a new vector; v is loaded for them first. NULL: sets *rc. */
rtq__vec *rtq__op_pick(rtq__flow *flow, rtq__vec *v, const rtq__sel *rows, uint32_t n, int *rc);
/* Column of out: a program, an input column or nulls. Loaded when it comes from a program. */
int rtq__op_out(rtq__vec **vec, rtq__flow *flow, const rtq__out *out, uint8_t kind, rtq__batch *batch);
/* The value of a program without columns (limits, bounds). */
int rtq__op_constant(rtq__cell *cell, rtq__flow *flow, const rtq__prog *prog);
/* Evaluates and loads. */
int rtq__op_eval(rtq__vec **vec, rtq__flow *flow, const rtq__prog *prog, rtq__batch *batch);
int rtq__op_rows(rtq__rows **rows, rtq__op *op, const uint8_t *kinds, uint32_t n_cols, uint32_t n_keys,
                 uint32_t extra_len);
int rtq__op_fail(rtq__op *op, int code, const char *why); /* why: constant text; returns code */
static inline rtq__vec *rtq__op_nulls(rtq__flow *flow, uint8_t kind)
{
    return rtq__vec_nulls(flow->scratch, kind);
}

/* ---- pipes inside operators ----------------------------------------------------------------------------------------- */
/* The body of an APPLY: shares slots and statistics of the outer pipe. */
int rtq__pipe_open_body(rtq__pipe **out, rtq__flow *outer, const rtq__plan *body, const rtq__pipe_host *host);
int rtq__pipe_push_input(rtq__pipe *pipe,
                         rtq__batch *batch); /* rows of the APPLY_INPUT; rtq__pipe_finish(…, UINT32_MAX) ends it */
uint64_t rtq__pipe_state_bytes(const rtq__pipe *pipe);

#endif
