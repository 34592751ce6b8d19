/* op_row.c - operators that look at one row at a time: filter, extend, union, take; and the ends of a plan. */
#include "exec/op_list.h"

/* ---- filter: narrows the selection, touches no cell that no predicate reads ----------------------------------------- */
static int filter_push(rtq__op *op, uint32_t input, rtq__batch *in, rtq__batch **out)
{
    rtq__flow *flow = op->flow;
    (void)input;
    rtq__sel *sel = rtq__arena_alloc(flow->scratch, in->n_sel * sizeof *sel);
    rtq__batch *b = rtq__arena_alloc(flow->scratch, sizeof *b);
    if (!sel || !b)
        return RTQ_ERR_NOMEM;
    *b = *in;
    for (uint32_t i = 0; i < op->node->u.filter.n && b->n_sel > 0; i++) {
        uint32_t n = 0;
        int rc = rtq__prog_filter(sel, &n, op->node->u.filter.progs[i], flow->eval, b, b->sel, b->n_sel);
        if (rc != RTQ_OK)
            return rc;
        b->sel = sel;
        b->n_sel = n;
    }
    *out = b;
    return RTQ__OP_NEED;
}

const rtq__op_class rtq__op_filter = {.name = "filter", .len = sizeof(rtq__op), .push = filter_push};

/* ---- extend: bare columns are passed on, the rest is evaluated ------------------------------------------------------ */
static int map_columns(rtq__op *op, const rtq__out *outs, rtq__batch *in, rtq__batch **out)
{
    uint32_t n = op->node->layout.n;
    rtq__batch *b = rtq__op_same_rows(op->flow, n, in);
    if (!b)
        return RTQ_ERR_NOMEM;
    for (uint32_t i = 0; i < n; i++) {
        int rc = rtq__op_out(&b->cols[i], op->flow, &outs[i], op->node->kinds[i], in);
        if (rc != RTQ_OK)
            return rc;
    }
    *out = b;
    return RTQ__OP_NEED;
}

static int extend_push(rtq__op *op, uint32_t input, rtq__batch *in, rtq__batch **out)
{
    (void)input;
    return map_columns(op, op->node->u.extend.outs, in, out);
}

const rtq__op_class rtq__op_extend = {.name = "extend", .len = sizeof(rtq__op), .push = extend_push};

static int union_push(rtq__op *op, uint32_t input, rtq__batch *in, rtq__batch **out)
{
    return map_columns(op, op->node->u.unions.outs + (size_t)input * op->node->layout.n, in, out);
}

const rtq__op_class rtq__op_union = {.name = "union", .len = sizeof(rtq__op), .push = union_push};

/* ---- take ----------------------------------------------------------------------------------------------------------- */
typedef struct take {
    rtq__op op;
    bool known;
    int64_t left;
} take;

static int take_know(take *t)
{
    rtq__cell n;
    int rc = t->known ? RTQ_OK : rtq__op_constant(&n, t->op.flow, t->op.node->u.take.n);
    if (rc == RTQ_OK && !t->known) {
        t->left = n.is_null || n.u.i < 0 ? 0 : n.u.i;
        t->known = true;
    }
    return rc;
}

static int take_start(rtq__op *op, rtq__batch **out, rtq_diag *diag)
{
    take *t = (take *)op;
    (void)out, (void)diag;
    int rc = take_know(t);
    return rc < 0 ? rc : t->left == 0 ? RTQ__OP_DONE : RTQ__OP_NEED; /* take 0 reads nothing at all */
}

static int take_push(rtq__op *op, uint32_t input, rtq__batch *in, rtq__batch **out)
{
    take *t = (take *)op;
    (void)input;
    int rc = take_know(t);
    if (rc != RTQ_OK)
        return rc;
    *out = in;
    if (in->n_sel >= t->left) {
        rtq__batch *b = rtq__arena_alloc(op->flow->scratch, sizeof *b);
        if (!b)
            return RTQ_ERR_NOMEM;
        *b = *in;
        b->n_sel = (uint32_t)t->left;
        *out = b;
        t->left = 0;
        return RTQ__OP_DONE;
    }
    t->left -= in->n_sel;
    return RTQ__OP_NEED;
}

static int take_save(rtq__buf *out, rtq__op *op)
{
    const take *t = (const take *)op;
    rtq__buf_add(out, &t->known, 1);
    rtq__buf_add(out, &t->left, sizeof t->left);
    return out->failed ? RTQ_ERR_NOMEM : RTQ_OK;
}

static int take_load(rtq__op *op, const char *ptr, size_t len)
{
    take *t = (take *)op;
    if (len != 1 + sizeof t->left)
        return RTQ_ERR_DATA;
    t->known = ptr[0] != 0;
    memcpy(&t->left, ptr + 1, sizeof t->left);
    return RTQ_OK;
}

const rtq__op_class rtq__op_take = {
    .name = "take", .len = sizeof(take), .start = take_start, .push = take_push, .save = take_save, .load = take_load};

/* ---- the end: rows for the host ------------------------------------------------------------------------------------ */
static int result_push(rtq__op *op, uint32_t input, rtq__batch *in, rtq__batch **out)
{
    rtq__flow *flow = op->flow;
    rtq__batch *b = NULL;
    (void)input;
    int rc = map_columns(op, op->node->u.result.outs, in, &b);
    for (uint32_t i = 0; rc == RTQ_OK && i < b->n_cols; i++)
        if (!b->cols[i]->print) /* the sink may want no more than the text */
            rc = rtq__vec_load(b->cols[i], b->sel, b->n_sel);
    if (rc != RTQ_OK)
        return rc;
    (void)out;
    flow->stats.out += b->n_sel;
    rc = flow->host->rows(flow->host->ctx, op->node->u.result.number, b);
    if (rc < 0)
        flow->stats.errored += b->n_sel;
    return rc == RTQ_END ? RTQ__OP_DONE : RTQ__OP_NEED;
}

const rtq__op_class rtq__op_result = {.name = "result", .len = sizeof(rtq__op), .push = result_push};
