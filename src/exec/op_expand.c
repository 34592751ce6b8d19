/* op_expand.c - mv-expand, and mv-apply: the rows that one outer row expands to run through a pipe of their own. */
#include "exec/expand.h"
#include "exec/op_list.h"

typedef struct expand {
    rtq__op op;
    rtq__expand e;
} expand;

static int expand_open(rtq__op *op)
{
    const rtq__node *node = op->node;
    ((expand *)op)->e = (rtq__expand){.op = op,
                                      .progs = node->u.expand.items,
                                      .kinds = node->u.expand.item_kinds,
                                      .n = node->u.expand.n,
                                      .outs = node->u.expand.outs,
                                      .node = node,
                                      .limit_prog = node->u.expand.limit,
                                      .bag_as_array = node->rel->u.expand.bag_as_array};
    return RTQ_OK;
}

static int expand_resume(rtq__op *op, rtq__batch **out)
{
    int rc = rtq__expand_next(&((expand *)op)->e, out, 0);
    return rc < 0 ? rc : *out ? RTQ__OP_MORE : RTQ__OP_NEED;
}

static int expand_push(rtq__op *op, uint32_t input, rtq__batch *in, rtq__batch **out)
{
    (void)input;
    int rc = rtq__expand_begin(&((expand *)op)->e, in);
    return rc < 0 ? rc : expand_resume(op, out);
}

static void expand_close(rtq__op *op)
{
    rtq__expand_free(&((expand *)op)->e);
}

const rtq__op_class rtq__op_expand = {.name = "mv-expand",
                                      .len = sizeof(expand),
                                      .open = expand_open,
                                      .push = expand_push,
                                      .resume = expand_resume,
                                      .close = expand_close};

/* ---- mv-apply ------------------------------------------------------------------------------------------------------- */
typedef struct apply {
    rtq__op op;
    rtq__expand e;
    rtq__pipe *body;
    rtq__pipe_host host; /* of the body: results come here, tables from the outer host */
    rtq__rows *rows;     /* results: position of the outer row, then the body's columns */
    uint8_t *kinds;
    uint32_t given;
    int failed; /* why a result was not taken */
    rtq__batch *in;
} apply;

static int body_rows(void *ctx, uint32_t result, rtq__batch *batch)
{
    apply *a = ctx;
    uint32_t first;
    (void)result;
    rtq__vec **cols = rtq__arena_alloc(a->op.flow->scratch, (batch->n_cols + 1u) * sizeof *cols);
    rtq__vec *pos = rtq__vec_const(a->op.flow->scratch, rtq__cell_i(RTQ_LONG, a->e.pos));
    if (!cols || !pos)
        return RTQ_ERR_NOMEM;
    cols[0] = pos;
    for (uint32_t c = 0; c < batch->n_cols; c++)
        cols[c + 1] = batch->cols[c];
    int rc = rtq__rows_append(&first, a->rows, cols, batch->sel, batch->n_sel);
    a->failed = rc < 0 ? rc : a->failed;
    return rc;
}

static int body_table(void *ctx, const rtq__table *table, rtq__batch *const **batches, uint32_t *n)
{
    const rtq__pipe_host *host = ((apply *)ctx)->op.flow->host;
    return host->host_table ? host->host_table(host->ctx, table, batches, n) : RTQ_ERR_STATE;
}

static int apply_open(rtq__op *op)
{
    apply *a = (apply *)op;
    const rtq__node *node = op->node, *result = node->u.apply.body->results[0];
    a->e = (rtq__expand){.op = op,
                         .progs = node->u.apply.items,
                         .kinds = node->u.apply.item_kinds,
                         .n = node->u.apply.n,
                         .outs = node->u.apply.inputs,
                         .node = node->u.apply.body->input,
                         .limit_prog = node->u.apply.limit,
                         .bag_as_array = node->rel->u.apply.bag_as_array};
    a->kinds = rtq__alloc(op->flow->mem, result->layout.n + 1u);
    if (!a->kinds)
        return RTQ_ERR_NOMEM;
    a->kinds[0] = RTQ_LONG;
    if (result->layout.n)
        memcpy(a->kinds + 1, result->kinds, result->layout.n);
    a->host = (rtq__pipe_host){.ctx = a, .rows = body_rows, .host_table = body_table};
    int rc = rtq__op_rows(&a->rows, op, a->kinds, result->layout.n + 1u, 0, 0);
    return rc == RTQ_OK ? rtq__pipe_open_body(&a->body, op->flow, node->u.apply.body, &a->host) : rc;
}

static void apply_close(rtq__op *op)
{
    apply *a = (apply *)op;
    rtq__expand_free(&a->e);
    rtq__pipe_close(a->body);
    rtq__rows_free(a->rows);
    rtq__free(op->flow->mem, a->kinds);
}

/* One outer row: its elements through a fresh body. */
static int run_body(apply *a)
{
    rtq__flow *flow = a->op.flow;
    int rc = rtq__pipe_reset(a->body);
    if (rc == RTQ_OK)
        rc = rtq__pipe_start(a->body, NULL);
    while (rc == RTQ_OK) {
        rtq__batch *b = NULL;
        rtq__arena_mark mark = rtq__arena_get_mark(flow->scratch);
        if (a->e.node)
            rc = rtq__expand_next(&a->e, &b, RTQ__EXPAND_ROW);
        if (rc == RTQ_OK && b)
            rc = rtq__pipe_push_input(a->body, b);
        rtq__arena_release(flow->scratch, mark);
        if (!b)
            break;
    }
    if (rc == RTQ_OK)
        rc = rtq__pipe_finish(a->body, UINT32_MAX);
    if (a->failed)
        return a->failed;
    return rc < 0 ? rc : RTQ_OK;
}

static int rows_out(apply *a, rtq__batch **out)
{
    rtq__flow *flow = a->op.flow;
    const rtq__node *node = a->op.node;
    uint32_t left = rtq__rows_count(a->rows) - a->given, n = left < RTQ__ROWS ? left : RTQ__ROWS;
    rtq__batch *b = rtq__op_batch(flow, node->layout.n, n, a->in);
    rtq__sel *rows = rtq__arena_alloc(flow->scratch, n * sizeof *rows);
    int rc = b && rows ? RTQ_OK : RTQ_ERR_NOMEM;
    for (uint32_t i = 0; i < n && rc == RTQ_OK; i++)
        rows[i] = (rtq__sel)rtq__batch_row(a->in, (uint32_t)rtq__rows_get(a->rows, a->given + i, 0).u.i);
    for (uint32_t c = 0; c < node->layout.n && rc == RTQ_OK; c++) {
        const rtq__out *o = &node->u.apply.outs[c];
        if (o->side == 1)
            b->cols[c] = rtq__rows_gather(a->rows, (uint32_t)o->from + 1, NULL, a->given, n, flow->scratch);
        else
            b->cols[c] = o->from < 0 ? rtq__op_nulls(flow, node->kinds[c])
                                     : rtq__op_pick(flow, a->in->cols[o->from], rows, n, &rc);
        if (!b->cols[c] && rc == RTQ_OK)
            rc = RTQ_ERR_NOMEM;
    }
    if (rc == RTQ_OK && a->in->time)
        b->time = rtq__op_pick(flow, a->in->time, rows, n, &rc);
    a->given += n;
    *out = b;
    return rc < 0 ? rc : RTQ__OP_MORE;
}

static int apply_resume(rtq__op *op, rtq__batch **out)
{
    apply *a = (apply *)op;
    if (a->given < rtq__rows_count(a->rows))
        return rows_out(a, out);
    rtq__rows_clear(a->rows);
    a->given = 0;
    while (a->e.pos < a->in->n_sel && rtq__rows_count(a->rows) < RTQ__ROWS) {
        int rc = a->e.rows > 0 ? run_body(a) : RTQ_OK;
        if (rc == RTQ_ERR_LIMIT)
            return rtq__op_fail(op, rc, "the rows of mv-apply exceed the state budget");
        if (rc < 0)
            return rc;
        rtq__expand_row(&a->e);
    }
    return rtq__rows_count(a->rows) ? rows_out(a, out) : RTQ__OP_NEED;
}

static int apply_push(rtq__op *op, uint32_t input, rtq__batch *in, rtq__batch **out)
{
    apply *a = (apply *)op;
    (void)input;
    a->in = in;
    int rc = rtq__expand_begin(&a->e, in);
    return rc < 0 ? rc : apply_resume(op, out);
}

static uint64_t apply_bytes(const rtq__op *op)
{
    const apply *a = (const apply *)op;
    return rtq__rows_bytes(a->rows) + rtq__pipe_state_bytes(a->body);
}

const rtq__op_class rtq__op_apply = {.name = "mv-apply",
                                     .len = sizeof(apply),
                                     .open = apply_open,
                                     .push = apply_push,
                                     .resume = apply_resume,
                                     .state_bytes = apply_bytes,
                                     .close = apply_close};
