/* op_summarize.c - groups and their aggregates in a row store; distinct and count too.
 *
 * Groups come out in the order in which their keys were first seen. On an input without end, and with a key that is a bin of the event
 * time, each bin has a store of its own (a pane) and its rows come out when the watermark has passed its end. */
#include "exec/op_list.h"
#include "exec/pivot_fill.h"
#include "exec/state.h"

typedef struct pane {
    int64_t bin;
    bool null;
    rtq__rows *rows;      /* without keys: NULL */
    rtq__rows **distinct; /* by aggregate that counts distinct values: group and value; NULL: there is none such */
} pane;

typedef struct summarize {
    rtq__op op;
    rtq__agg_mem mem;
    pane *panes;
    uint32_t n_panes;
    size_t cap_panes; /* ascending; not windowed: one */
    bool windowed, seen;
    char *state; /* without keys: the one row … */
    pane all;    /* … and its distinct values */
    pane spare;  /* of a window that is over, emptied: the next one takes it */
    int64_t watermark;
    uint32_t emit_pane, emit_end, emit_row; /* what is being emitted: panes [0, emit_end) */
    rtq__pivot_fill fill;
} summarize;

static rtq__agg_call agg_call(summarize *s, const rtq__plan_agg *agg)
{
    return (rtq__agg_call){
        .eval = s->op.flow->eval, .agg = agg->agg, .config = agg->config, .mem = &s->mem, .n_args = agg->n_args};
}

/* A store for each aggregate that counts distinct values: number of the group (unless there is only one), value. */
static int open_distinct(summarize *s, pane *p)
{
    const rtq__node *node = s->op.node;
    bool grouped = node->u.summarize.n_keys > 0;
    for (uint32_t a = 0; a < node->u.summarize.n_aggs; a++) {
        const rtq__plan_agg *agg = &node->u.summarize.aggs[a];
        if (!agg->distinct)
            continue;
        if (!p->distinct &&
            !(p->distinct = rtq__calloc(s->op.flow->mem, node->u.summarize.n_aggs, sizeof *p->distinct)))
            return RTQ_ERR_NOMEM;
        uint8_t kinds[2] = {RTQ_LONG, rtq__prog_kind(agg->args[0])};
        int rc = rtq__op_rows(&p->distinct[a], &s->op, grouped ? kinds : kinds + 1, grouped ? 2 : 1, grouped ? 2 : 1,
                              0);
        if (rc != RTQ_OK)
            return rc;
    }
    return RTQ_OK;
}

static int open_pane(summarize *s, pane *p)
{
    const rtq__node *node = s->op.node;
    if (s->spare.rows) {
        p->rows = s->spare.rows;
        p->distinct = s->spare.distinct;
        s->spare = (pane){0};
        return RTQ_OK;
    }
    int rc = open_distinct(s, p);
    return rc != RTQ_OK ? rc
                        : rtq__op_rows(&p->rows, &s->op, node->u.summarize.key_kinds, node->u.summarize.n_keys,
                                       node->u.summarize.n_keys, node->u.summarize.extra_len);
}

static int summarize_open(rtq__op *op)
{
    summarize *s = (summarize *)op;
    const rtq__node *node = op->node;
    s->mem = (rtq__agg_mem){.mem = op->flow->mem, .max_bytes = op->flow->max_state_bytes};
    s->watermark = INT64_MIN;
    rtq__pivot_fill_free(&s->fill, op->flow->mem);
    s->windowed = op->flow->unbounded && node->u.summarize.bin_key >= 0 && node->u.summarize.bin_ticks > 0;
    if (node->u.summarize.n_keys == 0) {
        s->state = rtq__calloc(op->flow->mem, 1, node->u.summarize.extra_len + 16u);
        return s->state ? open_distinct(s, &s->all) : RTQ_ERR_NOMEM;
    }
    if (s->windowed)
        return RTQ_OK;
    int rc = rtq__grow(op->flow->mem, &s->panes, &s->cap_panes, 1, sizeof *s->panes);
    if (rc != RTQ_OK)
        return rc;
    s->panes[0] = (pane){0};
    s->n_panes = 1;
    return open_pane(s, &s->panes[0]);
}

static void destroy_states(summarize *s, char *base)
{
    const rtq__node *node = s->op.node;
    for (uint32_t a = 0; a < node->u.summarize.n_aggs && base; a++) {
        const rtq__plan_agg *agg = &node->u.summarize.aggs[a];
        if (agg->agg->destroy && !agg->distinct)
            agg->agg->destroy(base + agg->offset, &s->mem);
    }
}

static void empty_pane(summarize *s, pane *p)
{
    bool any = false;
    for (uint32_t a = 0; a < s->op.node->u.summarize.n_aggs; a++)
        any |= s->op.node->u.summarize.aggs[a].agg->destroy && !s->op.node->u.summarize.aggs[a].distinct;
    for (uint32_t i = 0; any && p->rows && i < rtq__rows_count(p->rows); i++)
        destroy_states(s, rtq__rows_extra(p->rows, i));
}

static void free_pane(summarize *s, pane *p)
{
    empty_pane(s, p);
    for (uint32_t a = 0; p->distinct && a < s->op.node->u.summarize.n_aggs; a++)
        rtq__rows_free(p->distinct[a]);
    rtq__free(s->op.flow->mem, p->distinct);
    rtq__rows_free(p->rows);
    p->rows = NULL;
    p->distinct = NULL;
}

static uint64_t pane_bytes(const summarize *s, const pane *p)
{
    uint64_t bytes = p->rows ? rtq__rows_bytes(p->rows) : 0;
    for (uint32_t a = 0; p->distinct && a < s->op.node->u.summarize.n_aggs; a++)
        bytes += p->distinct[a] ? rtq__rows_bytes(p->distinct[a]) : 0;
    return bytes;
}

/* Windows come and go: what one had, the next uses, unless it was an unusually large one. */
static void retire_pane(summarize *s, pane *p)
{
    enum { SPARE_BYTES = 1 << 20 };
    if (!s->spare.rows) {
        empty_pane(s, p);
        rtq__rows_clear(p->rows);
        for (uint32_t a = 0; p->distinct && a < s->op.node->u.summarize.n_aggs; a++)
            if (p->distinct[a])
                rtq__rows_clear(p->distinct[a]);
        if (pane_bytes(s, p) <= SPARE_BYTES) {
            s->spare = *p;
            *p = (pane){0};
        }
    }
    free_pane(s, p);
}

static void summarize_close(rtq__op *op)
{
    summarize *s = (summarize *)op;
    for (uint32_t i = 0; i < s->n_panes; i++)
        free_pane(s, &s->panes[i]);
    rtq__free(op->flow->mem, s->panes);
    free_pane(s, &s->all);
    free_pane(s, &s->spare);
    destroy_states(s, s->state);
    rtq__free(op->flow->mem, s->state);
    rtq__pivot_fill_free(&s->fill, op->flow->mem);
}

/* ---- rows in -------------------------------------------------------------------------------------------------------- */
typedef struct group {
    const rtq__sel *sel;
    uint32_t n;
    void **bases;  /* by selected row; NULL: the one row */
    uint32_t *ids; /* likewise: numbers of the groups */
    pane *pane;
} group;

/* Rows that pass an aggregate's own predicate, with their states. */
static int narrow(summarize *s, const rtq__plan_agg *agg, rtq__batch *in, const group *all, group *out)
{
    rtq__scratch *scratch = s->op.flow->scratch;
    rtq__sel *sel = rtq__arena_alloc(scratch, all->n * sizeof *sel);
    void **bases = all->bases ? rtq__arena_alloc(scratch, all->n * sizeof *bases) : NULL;
    uint32_t *ids = all->bases ? rtq__arena_alloc(scratch, all->n * sizeof *ids) : NULL, n = 0;
    if (!sel || (all->bases && (!bases || !ids)))
        return RTQ_ERR_NOMEM;
    int rc = rtq__prog_filter(sel, &n, agg->predicate, s->op.flow->eval, in, all->sel, all->n);
    for (uint32_t i = 0, k = 0; rc == RTQ_OK && bases && k < n; i++)
        if ((all->sel ? all->sel[i] : i) == sel[k])
            bases[k] = all->bases[i], ids[k++] = all->ids[i];
    *out = (group){sel, n, bases, ids, all->pane};
    return rc;
}

/* Values that are new to their group. Nulls do not count. */
static int count_new(summarize *s, const rtq__plan_agg *agg, const rtq__batch *in, rtq__vec *v, const group *g)
{
    rtq__scratch *scratch = s->op.flow->scratch;
    rtq__rows *rows = g->pane->distinct[agg - s->op.node->u.summarize.aggs];
    rtq__sel *sel = rtq__arena_alloc(scratch, (g->n + 1u) * sizeof *sel);
    uint32_t *ids = rtq__arena_alloc(scratch, (g->n + 1u) * sizeof *ids),
             *at = rtq__arena_alloc(scratch, (g->n + 1u) * sizeof *at), n = 0, n_new;
    rtq__vec *number = g->bases ? rtq__vec_new(scratch, RTQ_LONG, in->n) : NULL, *keys[2] = {number ? number : v, v};
    if (!sel || !ids || !at || (g->bases && !number))
        return RTQ_ERR_NOMEM;
    for (uint32_t i = 0; i < g->n; i++) {
        uint32_t row = g->sel ? g->sel[i] : i;
        if (number)
            ((int64_t *)number->data)[row] = g->ids[i];
        sel[n] = (rtq__sel)row;
        at[n] = i;
        n += !rtq__vec_null(v, row);
    }
    uint32_t next = rtq__rows_count(rows);
    int rc = rtq__rows_upsert(ids, &n_new, rows, keys, sel, n, scratch);
    for (uint32_t i = 0; rc == RTQ_OK && i < n && n_new > 0; i++) {
        if (ids[i] != next)
            continue;
        ++*(uint64_t *)(void *)((g->bases ? (char *)g->bases[at[i]] : s->state) + agg->offset);
        next++;
        n_new--;
    }
    return rc;
}

static int update(summarize *s, const rtq__plan_agg *agg, rtq__batch *in, const group *all)
{
    rtq__flow *flow = s->op.flow;
    group g = *all;
    rtq__agg_call call = agg_call(s, agg);
    rtq__vec **args = rtq__arena_alloc(flow->scratch, (agg->n_args + 1u) * sizeof *args);
    void **states = g.bases && agg->offset ? rtq__arena_alloc(flow->scratch, g.n * sizeof *states) : g.bases;
    int rc = !args || (g.bases && !states) ? RTQ_ERR_NOMEM : RTQ_OK;
    if (rc == RTQ_OK && agg->predicate)
        rc = narrow(s, agg, in, all, &g);
    if (rc != RTQ_OK || g.n == 0)
        return rc;
    for (uint32_t i = 0; i < agg->n_args && rc == RTQ_OK; i++) {
        uint32_t index;
        if (rtq__prog_is_column(agg->args[i], &index)) {
            args[i] = in->cols[index];
            rc = rtq__vec_load(args[i], g.sel, g.n);
        } else {
            rc = rtq__prog_eval(&args[i], agg->args[i], flow->eval, in, g.sel, g.n);
        }
    }
    if (rc != RTQ_OK || agg->distinct)
        return rc == RTQ_OK ? count_new(s, agg, in, args[0], &g) : rc;
    if (g.bases && agg->offset)
        for (uint32_t i = 0; i < g.n; i++)
            states[i] = (char *)g.bases[i] + agg->offset;
    call.args = args;
    call.sel = g.sel;
    call.n_sel = g.n;
    call.states = g.bases ? (agg->offset ? states : g.bases) : NULL;
    call.state = g.bases ? NULL : s->state + agg->offset;
    return agg->agg->update(&call);
}

static int update_all(summarize *s, rtq__batch *in, const group *g)
{
    for (uint32_t a = 0; a < s->op.node->u.summarize.n_aggs; a++) {
        rtq__arena_mark mark = rtq__arena_get_mark(s->op.flow->scratch);
        int rc = update(s, &s->op.node->u.summarize.aggs[a], in, g);
        rtq__arena_release(s->op.flow->scratch, mark);
        if (rc == RTQ_ERR_LIMIT)
            return rtq__op_fail(&s->op, rc, "values kept by an aggregate exceed the state budget");
        if (rc != RTQ_OK)
            return rc;
    }
    return RTQ_OK;
}

static int into_pane(summarize *s, pane *p, rtq__batch *in, rtq__vec *const *keys, const rtq__sel *sel, uint32_t n)
{
    rtq__flow *flow = s->op.flow;
    uint32_t *ids = rtq__arena_alloc(flow->scratch, n * sizeof *ids), n_new;
    if (!ids)
        return RTQ_ERR_NOMEM;
    int rc = rtq__rows_upsert(ids, &n_new, p->rows, keys, sel, n, flow->scratch);
    if (rc == RTQ_ERR_LIMIT)
        return rtq__op_fail(&s->op, rc, "the number of groups exceeds the state budget");
    if (rc != RTQ_OK || s->op.node->u.summarize.n_aggs == 0)
        return rc;
    group g = {sel, n, rtq__arena_alloc(flow->scratch, n * sizeof(void *)), ids, p};
    if (!g.bases)
        return RTQ_ERR_NOMEM;
    rtq__rows_extras(g.bases, p->rows, ids, n);
    return update_all(s, in, &g);
}

/* The pane of a bin, made when there is none. */
static int find_pane(summarize *s, int64_t bin, bool null, pane **out)
{
    uint32_t at = s->n_panes;
    while (at > 0 && (null ? s->panes[at - 1].null : s->panes[at - 1].null || s->panes[at - 1].bin >= bin))
        at--;
    if (at < s->n_panes && s->panes[at].null == null && (null || s->panes[at].bin == bin)) {
        *out = &s->panes[at];
        return RTQ_OK;
    }
    int rc = rtq__grow(s->op.flow->mem, &s->panes, &s->cap_panes, s->n_panes + 1u, sizeof *s->panes);
    pane made = {.bin = bin, .null = null};
    if (rc == RTQ_OK)
        rc = open_pane(s, &made);
    if (rc != RTQ_OK)
        return rc;
    memmove(&s->panes[at + 1], &s->panes[at], (s->n_panes - at) * sizeof *s->panes);
    s->panes[at] = made;
    s->n_panes++;
    *out = &s->panes[at];
    return RTQ_OK;
}

static bool late(const summarize *s, int64_t bin)
{
    int64_t end;
    return !__builtin_add_overflow(bin, s->op.node->u.summarize.bin_ticks, &end) && end <= s->watermark;
}

/* Runs of rows in one bin go to its pane together. */
static int into_panes(summarize *s, rtq__batch *in, rtq__vec *const *keys)
{
    const rtq__vec *bins = keys[s->op.node->u.summarize.bin_key];
    uint32_t n = in->n_sel;
    rtq__sel *todo = rtq__arena_alloc(s->op.flow->scratch, n * sizeof *todo),
             *mine = rtq__arena_alloc(s->op.flow->scratch, n * sizeof *mine);
    if (!todo || !mine)
        return RTQ_ERR_NOMEM;
    for (uint32_t i = 0; i < n; i++)
        todo[i] = (rtq__sel)rtq__batch_row(in, i);
    while (n > 0) {
        rtq__cell first = rtq__vec_get(bins, todo[0]);
        uint32_t n_mine = 0, left = 0;
        for (uint32_t i = 0; i < n; i++) {
            rtq__cell c = rtq__vec_get(bins, todo[i]);
            if (c.is_null == first.is_null && (c.is_null || c.u.i == first.u.i))
                mine[n_mine++] = todo[i];
            else
                todo[left++] = todo[i];
        }
        n = left;
        if (!first.is_null && late(s, first.u.i)) {
            s->op.flow->stats.late += n_mine;
            continue;
        }
        pane *p;
        int rc = find_pane(s, first.u.i, first.is_null, &p);
        if (rc == RTQ_OK)
            rc = into_pane(s, p, in, keys, mine, n_mine);
        if (rc != RTQ_OK)
            return rc;
    }
    return RTQ_OK;
}

static int summarize_push(rtq__op *op, uint32_t input, rtq__batch *in, rtq__batch **out)
{
    summarize *s = (summarize *)op;
    const rtq__node *node = op->node;
    (void)input, (void)out;
    int rc = rtq__op_saw(op, in);
    if (rc != RTQ_OK)
        return rc;
    if (node->u.summarize.n_keys == 0) {
        s->seen = true;
        return update_all(s, in, &(group){in->sel, in->n_sel, NULL, NULL, &s->all});
    }
    rtq__vec **keys = rtq__arena_alloc(op->flow->scratch, node->u.summarize.n_keys * sizeof *keys);
    if (!keys)
        return RTQ_ERR_NOMEM;
    for (uint32_t k = 0; k < node->u.summarize.n_keys && rc == RTQ_OK; k++)
        rc = rtq__op_eval(&keys[k], op->flow, node->u.summarize.keys[k], in);
    if (rc != RTQ_OK)
        return rc;
    return s->windowed ? into_panes(s, in, keys) : into_pane(s, &s->panes[0], in, keys, in->sel, in->n_sel);
}

/* ---- rows out ------------------------------------------------------------------------------------------------------- */

/* The names in the bags of all groups. */
static int note_names(summarize *s, const rtq__plan_agg *agg, pane *p)
{
    rtq__agg_call call = agg_call(s, agg);
    uint32_t n = p ? rtq__rows_count(p->rows) : 1;
    rtq__arena heap;
    int rc = RTQ_OK;
    rtq__arena_init(&heap, s->op.flow->mem, 0);
    for (uint32_t i = 0; i < n && rc == RTQ_OK; i++) {
        char *base = p ? rtq__rows_extra(p->rows, i) : s->state;
        rtq__cell cell = rtq__cell_null(RTQ_DYNAMIC);
        if (i % RTQ__ROWS == 0)
            rtq__arena_reset(&heap);
        rc = agg->agg->finish(&cell, base + agg->offset, &call, &heap);
        if (rc == RTQ_OK && !cell.is_null)
            rc = rtq__pivot_fill_note(&s->fill, s->op.flow->mem, &cell.u.y, &heap);
    }
    rtq__arena_free(&heap);
    s->fill.known = rc == RTQ_OK;
    return rc;
}

static int filled(summarize *s, const rtq__plan_agg *agg, pane *p, rtq__cell *cell)
{
    rtq__flow *flow = s->op.flow;
    int rc = s->fill.known ? RTQ_OK : note_names(s, agg, p);
    if (rc != RTQ_OK || cell->is_null)
        return rc;
    return rtq__pivot_fill_apply(&s->fill, &cell->u.y, s->op.node->rel->u.summarize.fill, flow->eval->builder,
                                 flow->scratch);
}

static int finish_agg(summarize *s, const rtq__plan_agg *agg, pane *p, uint32_t first, rtq__batch *b)
{
    rtq__flow *flow = s->op.flow;
    rtq__agg_call call = agg_call(s, agg);
    rtq__cell *cells = rtq__arena_alloc(flow->scratch, (agg->n_cells + 1u) * sizeof *cells);
    const rtq__rel *rel = s->op.node->rel;
    bool fills = rel && rel->op == RTQ__R_SUMMARIZE && rel->u.summarize.fill;
    if (!cells)
        return RTQ_ERR_NOMEM;
    for (uint32_t c = 0; c < agg->n_cells; c++) {
        if (agg->outs[c] < 0)
            continue;
        uint8_t kind = s->op.node->kinds[agg->outs[c]];
        rtq__vec *v = b->cols[agg->outs[c]] = rtq__vec_new(flow->scratch, kind, b->n);
        if (!v || (kind != RTQ_STRING && !rtq__vec_valid(flow->scratch, v)))
            return RTQ_ERR_NOMEM;
    }
    for (uint32_t i = 0; i < b->n; i++) {
        char *base = p ? rtq__rows_extra(p->rows, first + i) : s->state;
        for (uint32_t c = 0; c < agg->n_cells; c++)
            cells[c] = rtq__cell_null(agg->outs[c] < 0 ? RTQ_LONG : s->op.node->kinds[agg->outs[c]]);
        uint64_t number;
        memcpy(&number, base + agg->offset, sizeof number);
        cells[0] = agg->distinct ? rtq__cell_i(RTQ_LONG, (int64_t)number) : cells[0];
        int rc = agg->distinct ? RTQ_OK : agg->agg->finish(cells, base + agg->offset, &call, flow->scratch);
        if (rc == RTQ_OK && fills)
            rc = filled(s, agg, p, &cells[0]);
        if (rc != RTQ_OK)
            return rc;
        for (uint32_t c = 0; c < agg->n_cells; c++)
            if (agg->outs[c] >= 0)
                rtq__vec_set(b->cols[agg->outs[c]], i, cells[c]);
    }
    return RTQ_OK;
}

static int rows_out(summarize *s, pane *p, uint32_t first, uint32_t n, rtq__batch **out)
{
    const rtq__node *node = s->op.node;
    rtq__batch *b = rtq__op_stored(&s->op, node->layout.n, n);
    if (!b)
        return RTQ_ERR_NOMEM;
    for (uint32_t k = 0; k < node->u.summarize.n_keys; k++) {
        if (node->u.summarize.key_outs[k] < 0)
            continue;
        rtq__vec *v = b->cols[node->u.summarize.key_outs[k]] = rtq__rows_gather(p->rows, k, NULL, first, n,
                                                                                s->op.flow->scratch);
        if (!v)
            return RTQ_ERR_NOMEM;
    }
    for (uint32_t a = 0; a < node->u.summarize.n_aggs; a++) {
        int rc = finish_agg(s, &node->u.summarize.aggs[a], p, first, b);
        if (rc != RTQ_OK)
            return rc;
    }
    if (s->windowed && !p->null) {
        b->from = p->bin;
        b->to = p->bin + node->u.summarize.bin_ticks;
    }
    *out = b;
    return RTQ_OK;
}

/* Panes that have been emitted go. */
static int emitted(summarize *s)
{
    if (!s->windowed || s->emit_end == 0) /* kept: nobody asks again; or none yet */
        return RTQ__OP_NEED;
    for (uint32_t i = 0; i < s->emit_end; i++)
        retire_pane(s, &s->panes[i]);
    s->n_panes -= s->emit_end;
    memmove(s->panes, s->panes + s->emit_end, s->n_panes * sizeof *s->panes);
    s->emit_pane = s->emit_end = s->emit_row = 0;
    return RTQ__OP_NEED;
}

static int summarize_resume(rtq__op *op, rtq__batch **out)
{
    summarize *s = (summarize *)op;
    while (s->emit_pane < s->emit_end) {
        pane *p = &s->panes[s->emit_pane];
        uint32_t left = rtq__rows_count(p->rows) - s->emit_row, n = left < RTQ__ROWS ? left : RTQ__ROWS;
        if (n == 0) {
            s->emit_pane++;
            s->emit_row = 0;
            continue;
        }
        int rc = rows_out(s, p, s->emit_row, n, out);
        s->emit_row += n;
        return rc < 0 ? rc : RTQ__OP_MORE;
    }
    return emitted(s);
}

static int summarize_finish(rtq__op *op, uint32_t input, rtq__batch **out)
{
    summarize *s = (summarize *)op;
    (void)input;
    if (op->node->u.summarize.n_keys == 0)
        return rows_out(s, NULL, 0, 1, out);
    s->emit_end = s->n_panes;
    return summarize_resume(op, out);
}

static int summarize_advance(rtq__op *op, int64_t watermark, rtq__batch **out)
{
    summarize *s = (summarize *)op;
    if (!s->windowed)
        return RTQ__OP_NEED;
    s->watermark = watermark;
    while (s->emit_end < s->n_panes && !s->panes[s->emit_end].null && late(s, s->panes[s->emit_end].bin))
        s->emit_end++;
    return s->emit_end ? summarize_resume(op, out) : RTQ__OP_NEED;
}

static uint64_t summarize_bytes(const rtq__op *op)
{
    const summarize *s = (const summarize *)op;
    uint64_t bytes = s->mem.used + (s->state ? op->node->u.summarize.extra_len : 0);
    for (uint32_t i = 0; i < s->n_panes; i++)
        bytes += pane_bytes(s, &s->panes[i]);
    return bytes + pane_bytes(s, &s->all) + pane_bytes(s, &s->spare);
}

static uint64_t summarize_keys(const rtq__op *op)
{
    const summarize *s = (const summarize *)op;
    uint64_t n = 0;
    for (uint32_t i = 0; i < s->n_panes; i++)
        n += rtq__rows_count(s->panes[i].rows);
    return n;
}

/* ---- saved state ---------------------------------------------------------------------------------------------------- */
/* States of aggregates that hang more on them; the others lie in the rows as they are. */
static int save_states(rtq__buf *out, const summarize *s, const char *base)
{
    for (uint32_t a = 0; a < s->op.node->u.summarize.n_aggs; a++) {
        const rtq__plan_agg *agg = &s->op.node->u.summarize.aggs[a];
        if (!agg->agg->save || agg->distinct)
            continue;
        size_t begin = rtq__put_begin(out);
        int rc = agg->agg->save(out, base + agg->offset);
        rtq__put_end(out, begin);
        if (rc != RTQ_OK)
            return rc;
    }
    return RTQ_OK;
}

static void clear_states(const summarize *s, char *base)
{
    for (uint32_t a = 0; a < s->op.node->u.summarize.n_aggs; a++) {
        const rtq__plan_agg *agg = &s->op.node->u.summarize.aggs[a];
        if (agg->agg->save && !agg->distinct)
            memset(base + agg->offset, 0, agg->agg->state_len);
    }
}

static int load_states(rtq__saved *in, summarize *s, char *base)
{
    for (uint32_t a = 0; a < s->op.node->u.summarize.n_aggs; a++) {
        const rtq__plan_agg *agg = &s->op.node->u.summarize.aggs[a];
        if (!agg->agg->save || agg->distinct)
            continue;
        rtq__saved piece = rtq__take_piece(in);
        int rc = in->bad ? RTQ_ERR_DATA : agg->agg->load(base + agg->offset, &s->mem, piece.ptr, piece.len);
        if (rc != RTQ_OK)
            return rc;
    }
    return RTQ_OK;
}

static int save_distinct(rtq__buf *out, const summarize *s, const pane *p)
{
    int rc = RTQ_OK;
    for (uint32_t a = 0; p->distinct && a < s->op.node->u.summarize.n_aggs && rc == RTQ_OK; a++)
        if (p->distinct[a])
            rc = rtq__put_rows(out, p->distinct[a]);
    return rc;
}

static int load_distinct(rtq__saved *in, const summarize *s, pane *p)
{
    int rc = RTQ_OK;
    for (uint32_t a = 0; p->distinct && a < s->op.node->u.summarize.n_aggs && rc == RTQ_OK; a++)
        if (p->distinct[a])
            rc = rtq__take_rows(in, p->distinct[a]);
    return rc;
}

static int summarize_save(rtq__buf *out, rtq__op *op)
{
    summarize *s = (summarize *)op;
    rtq__put_u64(out, s->n_panes);
    rtq__put_u64(out, (uint64_t)s->watermark);
    if (s->state) {
        rtq__buf_add(out, s->state, op->node->u.summarize.extra_len);
        int rc = save_states(out, s, s->state);
        return rc == RTQ_OK ? save_distinct(out, s, &s->all) : rc;
    }
    for (uint32_t i = 0; i < s->n_panes; i++) {
        pane *p = &s->panes[i];
        rtq__put_u64(out, (uint64_t)p->bin);
        rtq__put_u64(out, p->null);
        int rc = rtq__put_rows(out, p->rows);
        for (uint32_t row = 0; rc == RTQ_OK && row < rtq__rows_count(p->rows); row++)
            rc = save_states(out, s, rtq__rows_extra(p->rows, row));
        if (rc == RTQ_OK)
            rc = save_distinct(out, s, p);
        if (rc != RTQ_OK)
            return rc;
    }
    return RTQ_OK;
}

static int load_pane(rtq__saved *in, summarize *s, pane *p)
{
    int rc = rtq__take_rows(in, p->rows);
    for (uint32_t row = 0; row < rtq__rows_count(p->rows); row++) /* whatever was loaded: no foreign pointers */
        clear_states(s, rtq__rows_extra(p->rows, row));
    for (uint32_t row = 0; rc == RTQ_OK && row < rtq__rows_count(p->rows); row++)
        rc = load_states(in, s, rtq__rows_extra(p->rows, row));
    return rc == RTQ_OK ? load_distinct(in, s, p) : rc;
}

static int summarize_load(rtq__op *op, const char *ptr, size_t len)
{
    summarize *s = (summarize *)op;
    rtq__saved in = {.ptr = ptr, .len = len};
    uint64_t n = rtq__take_u64(&in);
    s->watermark = (int64_t)rtq__take_u64(&in);
    if (s->state) {
        const char *state = rtq__take(&in, op->node->u.summarize.extra_len);
        if (in.bad)
            return RTQ_ERR_DATA;
        if (op->node->u.summarize.extra_len)
            memcpy(s->state, state, op->node->u.summarize.extra_len);
        clear_states(s, s->state);
        int rc = load_states(&in, s, s->state);
        if (rc == RTQ_OK)
            rc = load_distinct(&in, s, &s->all);
        return rc == RTQ_OK && in.len ? RTQ_ERR_DATA : rc;
    }
    if (!s->windowed && n != 1)
        return RTQ_ERR_DATA;
    for (uint64_t i = 0; i < n; i++) {
        int64_t bin = (int64_t)rtq__take_u64(&in);
        bool null = rtq__take_u64(&in) != 0;
        pane *p = s->panes;
        int rc = in.bad ? RTQ_ERR_DATA : s->windowed ? find_pane(s, bin, null, &p) : RTQ_OK;
        if (rc == RTQ_OK)
            rc = load_pane(&in, s, p);
        if (rc != RTQ_OK)
            return rc;
    }
    return in.bad || in.len ? RTQ_ERR_DATA : RTQ_OK;
}

const rtq__op_class rtq__op_summarize = {.name = "summarize",
                                         .len = sizeof(summarize),
                                         .open = summarize_open,
                                         .push = summarize_push,
                                         .resume = summarize_resume,
                                         .finish = summarize_finish,
                                         .advance = summarize_advance,
                                         .state_bytes = summarize_bytes,
                                         .state_keys = summarize_keys,
                                         .save = summarize_save,
                                         .load = summarize_load,
                                         .close = summarize_close};
