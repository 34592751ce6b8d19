/* op.c - the table of operators, and what they share. */
#include "exec/op_list.h"

static const rtq__op_class *const classes[RTQ__P_N] = {
    [RTQ__R_SCAN] = &rtq__op_scan,           [RTQ__R_HOST_TABLE] = &rtq__op_host_table,
    [RTQ__R_VALUES] = &rtq__op_values,       [RTQ__R_RANGE] = &rtq__op_range,
    [RTQ__R_EXTERNAL] = &rtq__op_external,   [RTQ__R_APPLY_INPUT] = &rtq__op_input,
    [RTQ__R_FILTER] = &rtq__op_filter,       [RTQ__R_EXTEND] = &rtq__op_extend,
    [RTQ__R_SUMMARIZE] = &rtq__op_summarize, [RTQ__R_SORT] = &rtq__op_sort,
    [RTQ__R_TAKE] = &rtq__op_take,           [RTQ__R_UNION] = &rtq__op_union,
    [RTQ__R_JOIN] = &rtq__op_join,           [RTQ__R_MV_EXPAND] = &rtq__op_expand,
    [RTQ__R_APPLY] = &rtq__op_apply,         [RTQ__R_PARSE] = &rtq__op_parse,
    [RTQ__R_WINDOW] = &rtq__op_window,       [RTQ__P_RESULT] = &rtq__op_result,
    [RTQ__P_SLOT] = &rtq__op_slot,
};

const rtq__op_class *rtq__op_class_of(const rtq__node *node, bool unbounded)
{
    if (node->op == RTQ__R_JOIN && unbounded && node->u.join.streams)
        return &rtq__op_join_stream;
    return node->op < RTQ__P_N ? classes[node->op] : NULL;
}

rtq__batch *rtq__op_batch(rtq__flow *flow, uint32_t n_cols, uint32_t n, const rtq__batch *meta)
{
    rtq__batch *b = rtq__arena_zalloc(flow->scratch, sizeof *b);
    rtq__vec **cols = rtq__arena_alloc(flow->scratch, (size_t)n_cols * sizeof *cols);
    if (!b || !cols)
        return NULL;
    if (meta) {
        *b = *meta;
        b->sel = NULL;
        b->row_kinds = NULL;
    }
    b->n = n;
    b->n_sel = n;
    b->n_cols = n_cols;
    b->cols = cols;
    return b;
}

rtq__batch *rtq__op_same_rows(rtq__flow *flow, uint32_t n_cols, const rtq__batch *of)
{
    rtq__batch *b = rtq__op_batch(flow, n_cols, of->n, of);
    if (b) {
        b->sel = of->sel;
        b->n_sel = of->n_sel;
        b->row_kinds = of->row_kinds;
    }
    return b;
}

int rtq__op_saw(rtq__op *op, rtq__batch *batch)
{
    if (!op->flow->plan->uses_now)
        return RTQ_OK;
    if (!batch->time) {
        if (batch->now > op->now)
            op->now = batch->now;
        return RTQ_OK;
    }
    int rc = rtq__vec_load(batch->time, batch->sel, batch->n_sel);
    if (rc != RTQ_OK)
        return rc;
    const int64_t *times = batch->time->data;
    for (uint32_t i = 0; i < batch->n_sel; i++) {
        uint32_t row = rtq__batch_row(batch, i);
        if (rtq__vec_null(batch->time, row))
            continue;
        int64_t t = times[rtq__vec_at(batch->time, row)];
        if (t > op->now)
            op->now = t;
    }
    return RTQ_OK;
}

rtq__batch *rtq__op_stored(rtq__op *op, uint32_t n_cols, uint32_t n)
{
    rtq__batch *b = rtq__op_batch(op->flow, n_cols, n, NULL);
    if (b)
        b->now = op->now ? op->now : op->flow->eval->clock_ticks;
    return b;
}

static bool pick_valid(rtq__flow *flow, rtq__vec *out, const rtq__vec *v, const rtq__sel *rows, uint32_t n)
{
    uint64_t *valid = rtq__vec_valid(flow->scratch, out);
    if (!valid)
        return false;
    for (uint32_t i = 0; i < n; i++)
        if (!rtq__bit(v->valid, rows[i]))
            rtq__bit_clear(valid, i);
    return true;
}

/* Loaders want each row once. */
static int load_rows(rtq__flow *flow, rtq__vec *v, const rtq__sel *rows, uint32_t n)
{
    if (!v->load || n == 0)
        return RTQ_OK;
    rtq__sel *once = rtq__arena_alloc(flow->scratch, n * sizeof *once);
    uint32_t k = 0;
    if (!once)
        return RTQ_ERR_NOMEM;
    for (uint32_t i = 0; i < n; i++)
        if (i == 0 || rows[i] != rows[i - 1])
            once[k++] = rows[i];
    return rtq__vec_load(v, once, k);
}

rtq__vec *rtq__op_pick(rtq__flow *flow, rtq__vec *v, const rtq__sel *rows, uint32_t n, int *rc)
{
    rtq__vec *out = NULL;
    if (v->form == RTQ__CONST)
        return v;
    *rc = load_rows(flow, v, rows, n);
    if (*rc != RTQ_OK)
        return NULL;
    if (v->form == RTQ__DICT) {
        uint32_t *codes = rtq__arena_alloc(flow->scratch, n * sizeof *codes);
        out = rtq__arena_alloc(flow->scratch, sizeof *out);
        if (codes && out) {
            for (uint32_t i = 0; i < n; i++)
                codes[i] = v->codes[rows[i]];
            *out = *v;
            out->codes = codes;
            return out;
        }
    } else if ((out = rtq__vec_new(flow->scratch, v->kind, n)) != NULL) {
        uint32_t len = rtq__cell_len(v->kind);
        if (len == 8) {
            for (uint32_t i = 0; i < n; i++)
                ((uint64_t *)out->data)[i] = ((const uint64_t *)v->data)[rows[i]];
        } else {
            for (uint32_t i = 0; i < n; i++)
                memcpy((char *)out->data + (size_t)i * len, (const char *)v->data + (size_t)rows[i] * len, len);
        }
        if (!v->valid || pick_valid(flow, out, v, rows, n))
            return out;
    }
    *rc = RTQ_ERR_NOMEM;
    return NULL;
}

int rtq__op_eval(rtq__vec **vec, rtq__flow *flow, const rtq__prog *prog, rtq__batch *batch)
{
    uint32_t index;
    if (rtq__prog_is_column(prog, &index)) {
        *vec = batch->cols[index];
        return rtq__vec_load(*vec, batch->sel, batch->n_sel);
    }
    return rtq__prog_eval(vec, prog, flow->eval, batch, batch->sel, batch->n_sel);
}

int rtq__op_out(rtq__vec **vec, rtq__flow *flow, const rtq__out *out, uint8_t kind, rtq__batch *batch)
{
    uint32_t index;
    if (out->prog && !rtq__prog_is_column(out->prog, &index))
        return rtq__prog_eval(vec, out->prog, flow->eval, batch, batch->sel, batch->n_sel);
    if (out->prog || out->from >= 0)
        *vec = batch->cols[out->prog ? index : (uint32_t)out->from];
    else
        *vec = rtq__op_nulls(flow, kind);
    return *vec ? RTQ_OK : RTQ_ERR_NOMEM;
}

int rtq__op_constant(rtq__cell *cell, rtq__flow *flow, const rtq__prog *prog)
{
    rtq__batch one = {.n = 1, .n_sel = 1, .now = flow->eval->clock_ticks};
    const rtq__batch *outer = flow->eval->batch;
    rtq__vec *vec;
    flow->eval->batch = &one;
    int rc = rtq__prog_eval(&vec, prog, flow->eval, &one, NULL, 1);
    flow->eval->batch = outer;
    if (rc == RTQ_OK)
        *cell = rtq__vec_get(vec, 0);
    return rc;
}

int rtq__op_rows(rtq__rows **rows, rtq__op *op, const uint8_t *kinds, uint32_t n_cols, uint32_t n_keys,
                 uint32_t extra_len)
{
    rtq__rows_def def = {.kinds = kinds,
                         .n_cols = n_cols,
                         .n_keys = n_keys,
                         .extra_len = extra_len,
                         .max_bytes = op->flow->max_state_bytes,
                         .seed = op->flow->seed};
    return rtq__rows_new(rows, op->flow->mem, &def);
}

int rtq__op_fail(rtq__op *op, int code, const char *why)
{
    if (!op->flow->error)
        op->flow->error = why;
    return code;
}
