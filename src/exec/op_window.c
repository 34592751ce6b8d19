/* op_window.c - window functions over the rows in their order. Kernels carry their own memory from batch to batch; prev looks at kept
 * cells; next needs the rows that follow, so with it the rows wait until the input has ended. */
#include "exec/op_list.h"
#include "exec/state.h"

enum { COMPACT = 8192 /* rows of history before it is cut */ };

typedef struct def {
    rtq__window window;
    rtq__rows *past;
    uint64_t offset;
    bool known;
} def;

typedef struct window {
    rtq__op op;
    def *defs;
    rtq__rows *rows; /* with next: all rows, then now() */
    uint32_t given;
    bool looks_ahead;
} window;

static const rtq__plan_window *plan_def(const window *w, uint32_t i)
{
    return &w->op.node->u.window.defs[i];
}

static int window_open(rtq__op *op)
{
    window *w = (window *)op;
    const rtq__node *node = op->node;
    w->defs = rtq__calloc(op->flow->mem, node->u.window.n + 1u, sizeof *w->defs);
    if (!w->defs)
        return RTQ_ERR_NOMEM;
    int rc = RTQ_OK;
    for (uint32_t i = 0; i < node->u.window.n && rc == RTQ_OK; i++) {
        w->looks_ahead |= plan_def(w, i)->fn->tag == RTQ__WINDOW_NEXT;
        if (plan_def(w, i)->fn->tag == RTQ__WINDOW_PREV)
            rc = rtq__op_rows(&w->defs[i].past, op, &plan_def(w, i)->kind, 1, 0, 0);
    }
    return rc == RTQ_OK && w->looks_ahead ? rtq__op_rows(&w->rows, op, node->in[0]->kinds, node->in[0]->layout.n, 0, 0)
                                          : rc;
}

static void window_close(rtq__op *op)
{
    window *w = (window *)op;
    for (uint32_t i = 0; w->defs && i < op->node->u.window.n; i++) {
        rtq__rows_free(w->defs[i].past);
        if (w->defs[i].window.text.mem)
            rtq__buf_free(&w->defs[i].window.text);
    }
    rtq__free(op->flow->mem, w->defs);
    rtq__rows_free(w->rows);
}

static uint32_t row_at(const rtq__batch *b, uint32_t i)
{
    return rtq__batch_row(b, i);
}

/* The offset is the first row's, 1 when there is none. */
static void know_offset(def *d, rtq__vec *const *args, uint32_t n_args, const rtq__batch *in)
{
    if (d->known)
        return;
    rtq__cell c = n_args > 1 ? rtq__vec_get(args[1], row_at(in, 0)) : rtq__cell_i(RTQ_LONG, 1);
    d->offset = c.is_null || c.u.i < 0 || c.u.i > UINT32_MAX ? 1 : (uint64_t)c.u.i;
    d->known = true;
}

static rtq__cell fallback(rtq__vec *const *args, uint32_t n_args, uint32_t row, uint8_t kind)
{
    return n_args > 2 ? rtq__vec_get(args[2], row) : rtq__cell_null(kind);
}

static int prev_rows(window *w, def *d, rtq__vec *const *args, uint32_t n_args, rtq__batch *in, rtq__vec *out)
{
    uint32_t have = rtq__rows_count(d->past), first;
    know_offset(d, args, n_args, in);
    for (uint32_t i = 0; i < in->n_sel; i++) {
        uint32_t row = row_at(in, i);
        if (i >= d->offset)
            rtq__vec_set(out, row, rtq__vec_get(args[0], row_at(in, i - (uint32_t)d->offset)));
        else if (d->offset - i <= have)
            rtq__vec_set(out, row, rtq__rows_get(d->past, have - (uint32_t)(d->offset - i), 0));
        else
            rtq__vec_set(out, row, fallback(args, n_args, row, out->kind));
    }
    (void)w;
    return rtq__rows_append(&first, d->past, args, in->sel, in->n_sel);
}

/* Cells that no row can look at any more go, once nobody holds text of the store. */
static int cut_past(window *w, def *d)
{
    uint32_t have = rtq__rows_count(d->past);
    if (have < COMPACT || !d->known || d->offset * 2 > have)
        return RTQ_OK;
    rtq__rows *fresh = NULL;
    rtq__flow *flow = w->op.flow;
    uint8_t kind = plan_def(w, (uint32_t)(d - w->defs))->kind;
    int rc = rtq__op_rows(&fresh, &w->op, &kind, 1, 0, 0);
    for (uint32_t from = have - (uint32_t)d->offset; rc == RTQ_OK && from < have; from += RTQ__ROWS) {
        uint32_t n = have - from < RTQ__ROWS ? have - from : RTQ__ROWS, first;
        rtq__vec *v = rtq__rows_gather(d->past, 0, NULL, from, n, flow->scratch);
        rc = v ? rtq__rows_append(&first, fresh, &v, NULL, n) : RTQ_ERR_NOMEM;
    }
    rtq__rows_free(rc == RTQ_OK ? d->past : fresh);
    if (rc == RTQ_OK)
        d->past = fresh;
    return rc;
}

/* next(): rows further down in the store; the batch is rows given … given + n of it. */
static int next_rows(window *w, def *d, const rtq__plan_window *p, rtq__vec *const *args, rtq__batch *in, rtq__vec *out)
{
    uint32_t total = rtq__rows_count(w->rows), index;
    know_offset(d, args, p->n_args, in);
    if (!rtq__prog_is_column(p->args[0], &index))
        return rtq__op_fail(&w->op, RTQ_ERR_UNSUPPORTED, "next() takes a column");
    for (uint32_t i = 0; i < in->n_sel; i++) {
        uint32_t row = row_at(in, i);
        uint64_t at = (uint64_t)w->given + i + d->offset;
        rtq__vec_set(out, row,
                     at < total ? rtq__rows_get(w->rows, (uint32_t)at, index)
                                : fallback(args, p->n_args, row, out->kind));
    }
    return RTQ_OK;
}

static int run_def(window *w, uint32_t i, rtq__batch *in, rtq__vec **out)
{
    const rtq__plan_window *p = plan_def(w, i);
    rtq__flow *flow = w->op.flow;
    rtq__vec **args = rtq__arena_alloc(flow->scratch, (p->n_args + 1u) * sizeof *args);
    int rc = args ? RTQ_OK : RTQ_ERR_NOMEM;
    for (uint32_t k = 0; k < p->n_args && rc == RTQ_OK; k++)
        rc = rtq__op_eval(&args[k], flow, p->args[k], in);
    if (rc != RTQ_OK)
        return rc;
    if (p->fn->tag != RTQ__WINDOW_PREV && p->fn->tag != RTQ__WINDOW_NEXT) {
        rtq__fcall call = {.eval = flow->eval,
                           .fn = p->fn,
                           .args = args,
                           .n_args = p->n_args,
                           .sel = in->sel,
                           .n_sel = in->n_sel,
                           .n = in->n,
                           .kind = p->kind,
                           .window = &w->defs[i].window};
        return p->fn->vec(out, &call);
    }
    rtq__vec *v = *out = rtq__vec_new(flow->scratch, p->kind, in->n);
    if (!v || (p->kind != RTQ_STRING && !rtq__vec_valid(flow->scratch, v)))
        return RTQ_ERR_NOMEM;
    return p->fn->tag == RTQ__WINDOW_PREV ? prev_rows(w, &w->defs[i], args, p->n_args, in, v)
                                          : next_rows(w, &w->defs[i], p, args, in, v);
}

static int rows_out(window *w, rtq__batch *in, rtq__batch **out)
{
    const rtq__node *node = w->op.node;
    rtq__flow *flow = w->op.flow;
    rtq__vec **made = rtq__arena_alloc(flow->scratch, (node->u.window.n + 1u) * sizeof *made);
    rtq__batch *b = rtq__op_same_rows(flow, node->layout.n, in);
    int rc = made && b ? RTQ_OK : RTQ_ERR_NOMEM;
    for (uint32_t i = 0; i < node->u.window.n && rc == RTQ_OK; i++)
        rc = run_def(w, i, in, &made[i]);
    for (uint32_t c = 0; c < node->layout.n && rc == RTQ_OK; c++) {
        if (node->u.window.outs[c].side == 1)
            b->cols[c] = made[node->u.window.outs[c].from];
        else
            rc = rtq__op_out(&b->cols[c], flow, &node->u.window.outs[c], node->kinds[c], in);
    }
    *out = b;
    return rc == RTQ_ERR_LIMIT ? rtq__op_fail(&w->op, rc, "rows kept for prev() exceed the state budget") : rc;
}

static int window_push(rtq__op *op, uint32_t input, rtq__batch *in, rtq__batch **out)
{
    window *w = (window *)op;
    (void)input;
    int rc = RTQ_OK;
    if (in->n_sel == 0)
        return RTQ__OP_NEED;
    for (uint32_t i = 0; i < op->node->u.window.n && rc == RTQ_OK; i++)
        if (w->defs[i].past)
            rc = cut_past(w, &w->defs[i]);
    if (rc != RTQ_OK || !w->looks_ahead)
        return rc != RTQ_OK ? rc : rows_out(w, in, out);
    rc = rtq__op_saw(op, in);
    for (uint32_t c = 0; c < in->n_cols && rc == RTQ_OK; c++)
        rc = rtq__vec_load(in->cols[c], in->sel, in->n_sel);
    uint32_t first;
    if (rc == RTQ_OK)
        rc = rtq__rows_append(&first, w->rows, in->cols, in->sel, in->n_sel);
    return rc == RTQ_ERR_LIMIT ? rtq__op_fail(op, rc, "rows kept for next() exceed the state budget") : rc;
}

static int window_resume(rtq__op *op, rtq__batch **out)
{
    window *w = (window *)op;
    uint32_t left = rtq__rows_count(w->rows) - w->given, n = left < RTQ__ROWS ? left : RTQ__ROWS,
             n_cols = op->node->in[0]->layout.n;
    rtq__batch *b = n ? rtq__op_stored(op, n_cols, n) : NULL;
    if (!b)
        return n ? RTQ_ERR_NOMEM : RTQ__OP_NEED;
    for (uint32_t c = 0; c < n_cols; c++)
        if (!(b->cols[c] = rtq__rows_gather(w->rows, c, NULL, w->given, n, op->flow->scratch)))
            return RTQ_ERR_NOMEM;
    op->flow->eval->batch = b;
    int rc = rows_out(w, b, out);
    w->given += n;
    return rc < 0 ? rc : RTQ__OP_MORE;
}

static int window_finish(rtq__op *op, uint32_t input, rtq__batch **out)
{
    (void)input;
    return ((window *)op)->looks_ahead ? window_resume(op, out) : RTQ__OP_NEED;
}

static uint64_t window_bytes(const rtq__op *op)
{
    const window *w = (const window *)op;
    uint64_t bytes = w->rows ? rtq__rows_bytes(w->rows) : 0;
    for (uint32_t i = 0; i < op->node->u.window.n; i++)
        bytes += w->defs[i].past ? rtq__rows_bytes(w->defs[i].past) : 0;
    return bytes;
}

static int window_save(rtq__buf *out, rtq__op *op)
{
    window *w = (window *)op;
    int rc = w->rows ? rtq__put_rows(out, w->rows) : RTQ_OK;
    for (uint32_t i = 0; i < op->node->u.window.n && rc == RTQ_OK; i++) {
        def *d = &w->defs[i];
        const rtq__window *f = &d->window;
        uint64_t numbers[] = {d->known, d->offset, f->any, (uint64_t)f->i, (uint64_t)f->first, (uint64_t)f->last};
        rtq__buf_add(out, numbers, sizeof numbers);
        rtq__buf_add(out, &f->d, sizeof f->d);
        size_t begin = rtq__put_begin(out);
        rtq__buf_add(out, f->text.ptr, f->text.len);
        rtq__put_end(out, begin);
        if (d->past)
            rc = rtq__put_rows(out, d->past);
    }
    return rc;
}

static int load_def(rtq__saved *in, window *w, def *d)
{
    d->known = rtq__take_u64(in) != 0;
    d->offset = rtq__take_u64(in);
    d->window.any = rtq__take_u64(in) != 0;
    d->window.i = (int64_t)rtq__take_u64(in);
    d->window.first = (int64_t)rtq__take_u64(in);
    d->window.last = (int64_t)rtq__take_u64(in);
    const char *real = rtq__take(in, sizeof d->window.d);
    rtq__saved text = rtq__take_piece(in);
    if (in->bad || d->offset > UINT32_MAX)
        return RTQ_ERR_DATA;
    memcpy(&d->window.d, real, sizeof d->window.d);
    if (text.len) {
        rtq__buf_init(&d->window.text, w->op.flow->mem);
        rtq__buf_add(&d->window.text, text.ptr, text.len);
    }
    return d->past ? rtq__take_rows(in, d->past) : RTQ_OK;
}

static int window_load(rtq__op *op, const char *ptr, size_t len)
{
    window *w = (window *)op;
    rtq__saved in = {.ptr = ptr, .len = len};
    int rc = w->rows ? rtq__take_rows(&in, w->rows) : RTQ_OK;
    for (uint32_t i = 0; i < op->node->u.window.n && rc == RTQ_OK; i++)
        rc = load_def(&in, w, &w->defs[i]);
    return rc == RTQ_OK && (in.bad || in.len) ? RTQ_ERR_DATA : rc;
}

const rtq__op_class rtq__op_window = {.name = "window",
                                      .len = sizeof(window),
                                      .open = window_open,
                                      .push = window_push,
                                      .resume = window_resume,
                                      .finish = window_finish,
                                      .state_bytes = window_bytes,
                                      .save = window_save,
                                      .load = window_load,
                                      .close = window_close};
