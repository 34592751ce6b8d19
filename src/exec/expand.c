/* expand.c - see expand.h. Several items go in parallel up to the longest; a missing element is null. A value that is no container gives
 * one row, so does null; an empty container gives none. */
#include "exec/expand.h"

enum { SINGLE = 0xff };

void rtq__expand_free(rtq__expand *e)
{
    if (!e->op)
        return;
    rtq__free(e->op->flow->mem, e->items);
    rtq__free(e->op->flow->mem, e->its);
}

static int know(rtq__expand *e)
{
    rtq__cell c;
    if (e->known)
        return RTQ_OK;
    e->limit = INT64_MAX;
    int rc = e->limit_prog ? rtq__op_constant(&c, e->op->flow, e->limit_prog) : RTQ_OK;
    if (rc == RTQ_OK && e->limit_prog)
        e->limit = c.is_null || c.u.i < 0 ? 0 : c.u.i;
    e->items = rtq__calloc(e->op->flow->mem, e->n + 1u, sizeof *e->items);
    e->its = rtq__calloc(e->op->flow->mem, e->n + 1u, sizeof *e->its);
    e->known = true;
    return e->items && e->its ? rc : RTQ_ERR_NOMEM;
}

static void open_row(rtq__expand *e)
{
    uint32_t row = rtq__batch_row(e->in, e->pos);
    e->index = 0;
    e->rows = 0;
    for (uint32_t i = 0; i < e->n; i++) {
        rtq__cell c = rtq__vec_get(e->items[i], row);
        int64_t rows = 1;
        if (!c.is_null && (rtq__dyn_is_array(&c.u.y) || rtq__dyn_is_bag(&c.u.y))) {
            rtq__dyn_iter_init(&e->its[i], &c.u.y, e->op->flow->scratch);
            rows = rtq__dyn_count(&c.u.y);
        } else {
            e->its[i] = (rtq__dyn_iter){.tag = SINGLE, .n = 1};
            if (!c.is_null)
                e->its[i].item = c.u.y;
        }
        if (rows > e->rows)
            e->rows = rows;
    }
    if (e->rows > e->limit)
        e->rows = e->limit;
}

int rtq__expand_begin(rtq__expand *e, rtq__batch *in)
{
    int rc = know(e);
    e->in = in;
    e->pos = 0;
    for (uint32_t i = 0; i < e->n && rc == RTQ_OK; i++)
        rc = rtq__op_eval(&e->items[i], e->op->flow, e->progs[i], in);
    if (rc == RTQ_OK && in->n_sel > 0)
        open_row(e);
    return rc;
}

/* {"key": value} or ["key", value] */
static int bag_entry(rtq__expand *e, const rtq__dyn_iter *it, rtq__dyn *out)
{
    rtq__dyn_builder *b = e->op->flow->eval->builder;
    if (e->bag_as_array) {
        rtq__dyn key = {.tag = RTQ__DYN_STRING, .len = (uint32_t)it->key.len, .u.p = it->key.ptr};
        rtq__dyn_begin_array(b);
        rtq__dyn_add(b, &key);
    } else {
        rtq__dyn_begin_bag(b);
        rtq__dyn_key(b, it->key.ptr, it->key.len);
    }
    rtq__dyn_add(b, &it->item);
    rtq__dyn_end(b);
    return rtq__dyn_finish(out, b, e->op->flow->scratch);
}

/* The next element of item i; false: there is none. */
static int element(rtq__expand *e, uint32_t i, rtq__dyn *out)
{
    rtq__dyn_iter *it = &e->its[i];
    *out = (rtq__dyn){0};
    if (it->tag == SINGLE) {
        if (e->index == 0)
            *out = it->item;
        return RTQ_OK;
    }
    it->heap = e->op->flow->scratch;
    if (!rtq__dyn_next(it))
        return it->error ? it->error : RTQ_OK;
    *out = it->item;
    rtq__cell c = rtq__vec_get(e->items[i], rtq__batch_row(e->in, e->pos));
    return rtq__dyn_is_bag(&c.u.y) ? bag_entry(e, it, out) : RTQ_OK;
}

/* typeof() casts and does not read text: "5" is no long. */
static rtq__cell cast(const rtq__dyn *d, uint32_t kind, rtq__arena *heap)
{
    bool text = d->tag == RTQ__DYN_STRING && kind != RTQ_STRING;
    return text || d->tag == RTQ__DYN_NULL ? rtq__cell_null(kind) : rtq__dyn_to_cell(d, kind, heap);
}

static int put_elements(rtq__expand *e, rtq__vec **made, uint32_t n)
{
    for (uint32_t i = 0; i < e->n; i++) {
        rtq__dyn d;
        int rc = element(e, i, &d);
        if (rc != RTQ_OK)
            return rc;
        rtq__cell c = rtq__cell_y(d);
        if (e->kinds[i] != RTQ_DYNAMIC && e->kinds[i] != RTQ_UNKNOWN)
            c = cast(&d, e->kinds[i], e->op->flow->scratch);
        rtq__vec_set(made[i], n, c);
    }
    return RTQ_OK;
}

static int make_vectors(rtq__expand *e, rtq__vec **made)
{
    for (uint32_t i = 0; i < e->n; i++) {
        made[i] = rtq__vec_new(e->op->flow->scratch, e->kinds[i], RTQ__ROWS);
        if (!made[i] || (e->kinds[i] != RTQ_STRING && !rtq__vec_valid(e->op->flow->scratch, made[i])))
            return RTQ_ERR_NOMEM;
    }
    return RTQ_OK;
}

static int columns(rtq__expand *e, rtq__batch *b, rtq__vec *const *made, const rtq__sel *rows, const int64_t *index)
{
    rtq__flow *flow = e->op->flow;
    int rc = RTQ_OK;
    for (uint32_t c = 0; c < e->node->layout.n && rc == RTQ_OK; c++) {
        const rtq__out *out = &e->outs[c];
        rtq__vec *v = NULL;
        if (out->side == 1) {
            v = made[out->from];
        } else if (out->side == 2) {
            if ((v = rtq__vec_new(flow->scratch, RTQ_LONG, b->n)) != NULL)
                memcpy(v->data, index, b->n * sizeof *index);
        } else {
            v = out->from < 0 ? rtq__op_nulls(flow, e->node->kinds[c])
                              : rtq__op_pick(flow, e->in->cols[out->from], rows, b->n, &rc);
        }
        b->cols[c] = v;
        if (!v && rc == RTQ_OK)
            rc = RTQ_ERR_NOMEM;
    }
    if (rc == RTQ_OK && e->in->time)
        b->time = rtq__op_pick(flow, e->in->time, rows, b->n, &rc);
    return rc;
}

void rtq__expand_row(rtq__expand *e)
{
    if (++e->pos < e->in->n_sel)
        open_row(e);
}

int rtq__expand_next(rtq__expand *e, rtq__batch **out, uint32_t how)
{
    rtq__flow *flow = e->op->flow;
    rtq__vec **made = rtq__arena_alloc(flow->scratch, (e->n + 1u) * sizeof *made);
    rtq__sel *rows = rtq__arena_alloc(flow->scratch, RTQ__ROWS * sizeof *rows);
    int64_t *index = rtq__arena_alloc(flow->scratch, RTQ__ROWS * sizeof *index);
    uint32_t n = 0;
    int rc = made && rows && index ? make_vectors(e, made) : RTQ_ERR_NOMEM;
    *out = NULL;
    while (rc == RTQ_OK && n < RTQ__ROWS && e->pos < e->in->n_sel) {
        if (e->index >= e->rows) {
            if (how & RTQ__EXPAND_ROW)
                break;
            rtq__expand_row(e);
            continue;
        }
        rows[n] = (rtq__sel)rtq__batch_row(e->in, e->pos);
        index[n] = e->index;
        rc = put_elements(e, made, n++);
        e->index++;
    }
    if (rc != RTQ_OK || n == 0)
        return rc;
    for (uint32_t i = 0; i < e->n; i++)
        made[i]->n = n;
    rtq__batch *b = rtq__op_batch(flow, e->node->layout.n, n, e->in);
    rc = b ? columns(e, b, made, rows, index) : RTQ_ERR_NOMEM;
    *out = b;
    return rc;
}
