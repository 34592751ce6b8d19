/* op_external.c - externaldata: the host opens a bounded source, its rows are read when the query starts. */
#include "exec/op_list.h"

typedef struct external {
    rtq__op op;
    rtq__src *src;
    rtq__demand_table table;
    rtq_demand demand;
    rtq__want *wants;
    rtq__path_seg *segs;
    uint32_t uri;
} external;

/* All of the table's columns that are asked for; no predicates. */
static int make_demand(external *x)
{
    const rtq__node *node = x->op.node;
    const rtq__table *table = &x->src->tables[0];
    uint32_t n = node->layout.n;
    x->wants = rtq__calloc(x->op.flow->mem, n + 1u, sizeof *x->wants);
    x->segs = rtq__calloc(x->op.flow->mem, n + 1u, sizeof *x->segs);
    if (!x->wants || !x->segs)
        return RTQ_ERR_NOMEM;
    for (uint32_t c = 0; c < n; c++) {
        uint32_t col = node->u.rows.cells[c];
        if (col >= table->n_cols || table->cols[col].kind != node->kinds[c])
            return rtq__op_fail(&x->op, RTQ_ERR_STATE, "externaldata was opened with other columns");
        const char *path = table->cols[col].path ? table->cols[col].path : table->cols[col].name;
        x->segs[c] = (rtq__path_seg){.name = path, .len = (uint32_t)strlen(path)};
        x->wants[c] = (rtq__want){.path = path,
                                  .segs = &x->segs[c],
                                  .n_segs = 1,
                                  .table_col = (int32_t)col,
                                  .kind = node->kinds[c],
                                  .flags = RTQ__WANT_SURVIVOR};
    }
    x->table = (rtq__demand_table){.table = table, .wants = x->wants, .n_wants = n, .all = true};
    x->demand = (rtq_demand){.tables = &x->table, .n_tables = 1};
    return RTQ_OK;
}

static void shut(external *x)
{
    if (x->src)
        x->src->cls->close(x->src);
    x->src = NULL;
    rtq__free(x->op.flow->mem, x->wants);
    rtq__free(x->op.flow->mem, x->segs);
    x->wants = NULL;
    x->segs = NULL;
}

static int open_next(external *x, rtq_diag *diag)
{
    const rtq__pipe_host *host = x->op.flow->host;
    if (!host->external)
        return rtq__op_fail(&x->op, RTQ_ERR_UNSUPPORTED, "externaldata is not allowed here");
    int rc = host->external(host->ctx, x->op.node->rel, x->uri++, &x->src, diag);
    if (rc == RTQ_OK)
        rc = make_demand(x);
    if (rc == RTQ_OK)
        rc = x->src->cls->plan(x->src, &x->demand);
    return rc == RTQ_OK ? x->src->cls->start(x->src, NULL, 0, diag) : rc;
}

static int external_next(external *x, rtq__batch **out, rtq_diag *diag)
{
    rtq_clock clock = {.wall_ticks = x->op.flow->eval->clock_ticks};
    rtq__batch *b = NULL;
    uint32_t table;
    for (;;) {
        if (!x->src && x->uri == x->op.node->rel->u.external.n_uris)
            return RTQ__OP_DONE;
        int rc = x->src ? RTQ_OK : open_next(x, diag);
        if (rc == RTQ_OK)
            rc = x->src->cls->next(x->src, &clock, RTQ__ROWS, &b, &table, diag);
        if (rc < 0)
            return rtq__op_fail(&x->op, rc, "externaldata cannot be read");
        if (rc == RTQ_OK && b && b->n_sel > 0) {
            b->time = NULL;
            b->now = clock.wall_ticks;
            *out = b;
            return RTQ__OP_MORE;
        }
        if (rc == RTQ_AGAIN)
            return rtq__op_fail(&x->op, RTQ_ERR_UNSUPPORTED, "externaldata needs a source that never waits");
        if (rc == RTQ_END)
            shut(x);
    }
}

static int external_start(rtq__op *op, rtq__batch **out, rtq_diag *diag)
{
    return external_next((external *)op, out, diag);
}

static int external_resume(rtq__op *op, rtq__batch **out)
{
    return external_next((external *)op, out, NULL);
}

static void external_close(rtq__op *op)
{
    shut((external *)op);
}

const rtq__op_class rtq__op_external = {.name = "externaldata",
                                        .len = sizeof(external),
                                        .start = external_start,
                                        .resume = external_resume,
                                        .close = external_close};
