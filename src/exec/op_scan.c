/* op_scan.c - a read of a source's table: batches of the source become rows of the plan; predicates in front of the scan run here. */
#include "exec/op_list.h"
#include "value/dyn.h"

/* A column whose kind at the source is not the one the query was compiled for, converted when it is touched. */
typedef struct cast {
    rtq__vec *from;
    rtq__arena *heap;
} cast;

typedef struct scan {
    rtq__op op;
    rtq__arena
        heap; /* text of converted columns: lives as long as the batch, unlike the scratch of whoever loads them */
    bool heap_ready;
} scan;

static int convert(rtq__vec *vec, const rtq__sel *sel, uint32_t n_sel, void *ctx)
{
    const cast *c = ctx;
    int rc = rtq__vec_load(c->from, sel, n_sel);
    for (uint32_t i = 0; i < n_sel && rc == RTQ_OK; i++) {
        uint32_t row = sel ? sel[i] : i;
        rtq__cell cell = rtq__vec_get(c->from, row);
        rtq__dyn d = {0};
        if (!cell.is_null)
            d = rtq__dyn_from_cell(&cell);
        if (d.tag == RTQ__DYN_GUID || d.tag == RTQ__DYN_DECIMAL) { /* points into the cell */
            char *copy = rtq__arena_alloc(c->heap, 16);
            if (!copy)
                return RTQ_ERR_NOMEM;
            d.u.p = memcpy(copy, d.u.p, 16);
        }
        if (vec->kind == RTQ_UNKNOWN || vec->kind == RTQ_DYNAMIC) {
            cell = rtq__cell_y(d);
            cell.is_null = d.tag == RTQ__DYN_NULL;
        } else {
            cell = rtq__dyn_to_cell(&d, vec->kind, c->heap);
        }
        rtq__vec_set(vec, row, cell);
    }
    return rc;
}

static rtq__vec *lazy_cast(scan *s, rtq__vec *from, uint8_t kind, uint32_t n)
{
    if (!s->heap_ready) {
        rtq__arena_init(&s->heap, s->op.flow->mem, 4096);
        s->heap_ready = true;
    }
    rtq__vec *v = rtq__vec_new(&s->heap, kind, n);
    cast *c = rtq__arena_alloc(&s->heap, sizeof *c);
    uint64_t *loaded = rtq__arena_zalloc(&s->heap, (n + 63u) / 64 * 8);
    if (!v || !c || !loaded || (kind != RTQ_STRING && !rtq__vec_valid(&s->heap, v)))
        return NULL;
    *c = (cast){from, &s->heap};
    v->load = convert;
    v->load_ctx = c;
    v->loaded = loaded;
    return v;
}

static bool same_cells(uint8_t a, uint8_t b)
{
    return a == b || ((a == RTQ_UNKNOWN || a == RTQ_DYNAMIC) && (b == RTQ_UNKNOWN || b == RTQ_DYNAMIC)) ||
           ((a == RTQ_INT || a == RTQ_LONG) && b == RTQ_LONG);
}

static rtq__batch *columns(scan *s, rtq__batch *in)
{
    const rtq__node *node = s->op.node;
    const rtq__read *read = s->op.flow->read;
    rtq__batch *b = rtq__op_same_rows(s->op.flow, node->layout.n, in);
    if (s->heap_ready)
        rtq__arena_reset(&s->heap);
    for (uint32_t i = 0; i < node->layout.n && b; i++) {
        rtq__vec *v = in->cols[read->wants[node->u.scan.wants[i]]];
        b->cols[i] = same_cells(v->kind, node->kinds[i]) ? v : lazy_cast(s, v, node->kinds[i], in->n);
        if (!b->cols[i])
            return NULL;
    }
    return b;
}

static int run_filters(scan *s, rtq__batch *b)
{
    rtq__flow *flow = s->op.flow;
    const rtq__node *node = s->op.node;
    rtq__sel *sel = NULL;
    for (uint32_t i = 0; i < node->u.scan.n_filters && b->n_sel > 0; i++) {
        const rtq__scan_filter *filter = &node->u.scan.filters[i];
        if (filter->conjunct >= 0 && flow->read->exact && flow->read->exact[filter->conjunct])
            continue;
        if (!sel && !(sel = rtq__arena_alloc(flow->scratch, b->n_sel * sizeof *sel)))
            return RTQ_ERR_NOMEM;
        uint32_t n = 0;
        int rc = rtq__prog_filter(sel, &n, filter->prog, flow->eval, b, b->sel, b->n_sel);
        if (rc != RTQ_OK)
            return rc;
        b->sel = sel;
        b->n_sel = n;
    }
    return RTQ_OK;
}

static int scan_push(rtq__op *op, uint32_t input, rtq__batch *in, rtq__batch **out)
{
    scan *s = (scan *)op;
    (void)input;
    rtq__batch *b = columns(s, in);
    if (!b)
        return RTQ_ERR_NOMEM;
    op->flow->eval->batch = b;
    uint64_t errors = op->flow->eval->row_errors;
    int rc = run_filters(s, b);
    op->flow->scan_errors += op->flow->eval->row_errors - errors;
    op->flow->eval->row_errors = errors;
    if (rc != RTQ_OK)
        return rc;
    op->flow->n_passed = b->n_sel;
    for (uint32_t i = 0; op->flow->passed && i < b->n_sel; i++)
        rtq__bit_set(op->flow->passed, rtq__batch_row(b, i));
    *out = b;
    return RTQ__OP_NEED;
}

static void scan_close(rtq__op *op)
{
    scan *s = (scan *)op;
    if (s->heap_ready)
        rtq__arena_free(&s->heap);
}

const rtq__op_class rtq__op_scan = {.name = "scan", .len = sizeof(scan), .push = scan_push, .close = scan_close};

/* ---- rows of the operator around a body ---------------------------------------------------------------------------- */
static int input_push(rtq__op *op, uint32_t input, rtq__batch *in, rtq__batch **out)
{
    (void)op, (void)input;
    *out = in;
    return RTQ__OP_NEED;
}

const rtq__op_class rtq__op_input = {.name = "input", .len = sizeof(rtq__op), .push = input_push};
