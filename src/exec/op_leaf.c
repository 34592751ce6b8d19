/* op_leaf.c - rows that need no feed: constants, ranges, reference tables. */
#include "exec/op_list.h"
#include <math.h>

/* ---- values --------------------------------------------------------------------------------------------------------- */
typedef struct values {
    rtq__op op;
    uint32_t given;
} values;

static int values_resume(rtq__op *op, rtq__batch **out)
{
    values *v = (values *)op;
    const rtq__node *node = op->node;
    uint32_t left = node->rel->u.values.n_rows - v->given, n = left < RTQ__ROWS ? left : RTQ__ROWS,
             width = node->rel->u.values.n_cols;
    rtq__batch *b = rtq__op_stored(op, node->layout.n, n);
    if (!b)
        return RTQ_ERR_NOMEM;
    for (uint32_t c = 0; c < node->layout.n; c++) {
        const rtq__cell *cells = node->rel->u.values.cells + node->u.rows.cells[c];
        rtq__vec *vec = b->cols[c] = rtq__vec_new(op->flow->scratch, node->kinds[c], n);
        if (!vec || (node->kinds[c] != RTQ_STRING && !rtq__vec_valid(op->flow->scratch, vec)))
            return RTQ_ERR_NOMEM;
        for (uint32_t r = 0; r < n; r++)
            rtq__vec_set(vec, r, cells[(size_t)(v->given + r) * width]);
    }
    v->given += n;
    *out = b;
    return v->given < node->rel->u.values.n_rows ? RTQ__OP_MORE : RTQ__OP_DONE;
}

static int values_start(rtq__op *op, rtq__batch **out, rtq_diag *diag)
{
    (void)diag;
    return values_resume(op, out);
}

const rtq__op_class rtq__op_values = {
    .name = "values", .len = sizeof(values), .start = values_start, .resume = values_resume};

/* ---- range ---------------------------------------------------------------------------------------------------------- */
typedef struct range {
    rtq__op op;
    int64_t from, to, step, next;
    double d_from, d_to, d_step;
    uint64_t n, total;
    bool real;
} range;

static double as_real(const rtq__cell *c)
{
    return c->kind == RTQ_REAL ? c->u.d : (double)c->u.i;
}

/* How many values lie between the bounds. */
static uint64_t count(const range *r)
{
    if (r->real) {
        double n = floor((r->d_to - r->d_from) / r->d_step);
        return n >= 0 && n < 1e18 ? (uint64_t)n + 1 : 0;
    }
    if (r->step > 0 ? r->from > r->to : r->from < r->to)
        return 0;
    uint64_t span = r->step > 0 ? (uint64_t)r->to - (uint64_t)r->from : (uint64_t)r->from - (uint64_t)r->to;
    return span / (r->step > 0 ? (uint64_t)r->step : 0 - (uint64_t)r->step) + 1;
}

static int range_resume(rtq__op *op, rtq__batch **out)
{
    range *r = (range *)op;
    uint32_t n = r->total - r->n < RTQ__ROWS ? (uint32_t)(r->total - r->n) : RTQ__ROWS;
    rtq__batch *b = rtq__op_stored(op, op->node->layout.n, n);
    if (!b)
        return RTQ_ERR_NOMEM;
    if (op->node->layout.n > 0) {
        rtq__vec *v = b->cols[0] = rtq__vec_new(op->flow->scratch, op->node->kinds[0], n);
        if (!v)
            return RTQ_ERR_NOMEM;
        for (uint32_t i = 0; i < n; i++)
            if (r->real)
                ((double *)v->data)[i] = r->d_from + (double)(r->n + i) * r->d_step;
            else
                ((int64_t *)v->data)[i] = (int64_t)((uint64_t)r->from + (r->n + i) * (uint64_t)r->step);
    }
    r->n += n;
    *out = b;
    return r->n < r->total ? RTQ__OP_MORE : RTQ__OP_DONE;
}

static int range_start(rtq__op *op, rtq__batch **out, rtq_diag *diag)
{
    range *r = (range *)op;
    rtq__cell from, to, step;
    (void)diag;
    int rc = rtq__op_constant(&from, op->flow, op->node->u.range.from);
    if (rc == RTQ_OK)
        rc = rtq__op_constant(&to, op->flow, op->node->u.range.to);
    if (rc == RTQ_OK)
        rc = rtq__op_constant(&step, op->flow, op->node->u.range.step);
    if (rc != RTQ_OK)
        return rc;
    r->real = op->node->rel->u.range.col->kind == RTQ_REAL;
    r->d_from = as_real(&from), r->d_to = as_real(&to), r->d_step = as_real(&step);
    r->from = from.u.i, r->to = to.u.i, r->step = step.u.i;
    if (from.is_null || to.is_null || step.is_null || (r->real ? !(r->d_step != 0) : r->step == 0))
        return RTQ__OP_DONE;
    r->total = count(r);
    return r->total ? range_resume(op, out) : RTQ__OP_DONE;
}

const rtq__op_class rtq__op_range = {
    .name = "range", .len = sizeof(range), .start = range_start, .resume = range_resume};

/* ---- reference tables ----------------------------------------------------------------------------------------------- */
typedef struct host_table {
    rtq__op op;
    rtq__batch *const *batches;
    uint32_t n, next;
} host_table;

static int host_resume(rtq__op *op, rtq__batch **out)
{
    host_table *h = (host_table *)op;
    const rtq__node *node = op->node;
    if (h->next >= h->n)
        return RTQ__OP_DONE;
    const rtq__batch *from = h->batches[h->next++];
    rtq__batch *b = rtq__op_same_rows(op->flow, node->layout.n, from);
    if (!b)
        return RTQ_ERR_NOMEM;
    b->time = NULL;
    b->now = op->flow->eval->clock_ticks;
    for (uint32_t c = 0; c < node->layout.n; c++) {
        uint32_t col = node->u.rows.cells[c];
        if (!(b->cols[c] = col < from->n_cols ? from->cols[col] : NULL))
            return rtq__op_fail(op, RTQ_ERR_SEMANTIC,
                                "a reference table has no longer the columns that the query was compiled for");
    }
    *out = b;
    return h->next < h->n ? RTQ__OP_MORE : RTQ__OP_DONE;
}

/* The tree lists the columns that the query names; the table has them all. */
static int host_start(rtq__op *op, rtq__batch **out, rtq_diag *diag)
{
    host_table *h = (host_table *)op;
    const rtq__pipe_host *host = op->flow->host;
    (void)diag;
    int rc = host->host_table ? host->host_table(host->ctx, op->node->rel->u.scan.table, &h->batches, &h->n)
                              : RTQ_ERR_STATE;
    if (rc < 0)
        return rtq__op_fail(op, rc, "a reference table is not available");
    return host_resume(op, out);
}

const rtq__op_class rtq__op_host_table = {
    .name = "table", .len = sizeof(host_table), .start = host_start, .resume = host_resume};
