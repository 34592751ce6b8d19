/* pipe_gate.c - rows that arrive before what they depend on: a subquery's result, the build side of a join. They wait in a row store
 * and go on in their order, so that one pass over the sources is enough. */
#include "exec/pipe_int.h"

bool rtq__gate_open(const rtq__pipe *pipe, const rtq__node *node, uint32_t input)
{
    for (uint32_t i = 0; i < node->n_slots; i++)
        if (!pipe->flow.slots[node->slots[i]].ready)
            return false;
    if (node->op == RTQ__R_JOIN && input == node->u.join.probe && !(pipe->flow.unbounded && node->u.join.streams))
        return pipe->stations[node->id].gates[1 - input].told;
    return true;
}

static bool waits(const rtq__gate *gate)
{
    return gate->rows || (gate->ended && !gate->told);
}

int rtq__gate_make(rtq__pipe *pipe, rtq__gate *gate, const rtq__node *from)
{
    uint32_t n = from->layout.n;
    uint8_t *kinds = rtq__arena_alloc(pipe->flow.scratch, n + 1u);
    if (!kinds)
        return RTQ_ERR_NOMEM;
    if (n)
        memcpy(kinds, from->kinds, n);
    kinds[n] = RTQ_DATETIME;
    rtq__rows_def def = {.kinds = kinds, .n_cols = n + 1u, .max_bytes = pipe->flow.max_state_bytes};
    return rtq__rows_new(&gate->rows, pipe->flow.mem, &def);
}

int rtq__gate_store(rtq__pipe *pipe, const rtq__node *node, uint32_t input, rtq__batch *batch)
{
    rtq__gate *gate = &pipe->stations[node->id].gates[input];
    uint32_t n = batch->n_cols, first;
    if (!gate->rows) {
        pipe->waiting += !waits(gate);
        int rc = rtq__gate_make(pipe, gate, node->in[input]);
        if (rc != RTQ_OK)
            return rc;
    }
    rtq__vec **cols = rtq__arena_alloc(pipe->flow.scratch, (n + 1u) * sizeof *cols);
    if (!cols)
        return RTQ_ERR_NOMEM;
    for (uint32_t c = 0; c < n; c++) {
        int rc = rtq__vec_load(batch->cols[c], batch->sel, batch->n_sel);
        if (rc != RTQ_OK)
            return rc;
        cols[c] = batch->cols[c];
    }
    cols[n] = batch->time ? batch->time : rtq__vec_const(pipe->flow.scratch, rtq__cell_i(RTQ_DATETIME, batch->now));
    int rc = cols[n] ? rtq__vec_load(cols[n], batch->sel, batch->n_sel) : RTQ_ERR_NOMEM;
    if (rc == RTQ_OK)
        rc = rtq__rows_append(&first, gate->rows, cols, batch->sel, batch->n_sel);
    if ((rc == RTQ_OK || rc == RTQ_ERR_LIMIT) && rtq__gate_leave_out(pipe, node, input, rc))
        return RTQ_OK;
    if (rc == RTQ_ERR_LIMIT && !pipe->flow.error)
        pipe->flow.error = "rows waiting for a subquery or a join exceed the state budget";
    return rc;
}

void rtq__gate_end(rtq__pipe *pipe, const rtq__node *node, uint32_t input)
{
    rtq__gate *gate = &pipe->stations[node->id].gates[input];
    pipe->waiting += !waits(gate);
    gate->ended = true;
}

static int give_rows(rtq__pipe *pipe, const rtq__node *node, uint32_t input, rtq__gate *gate)
{
    rtq__flow *flow = &pipe->flow;
    uint32_t left = rtq__rows_count(gate->rows) - gate->given, n_cols = node->in[input]->layout.n;
    uint32_t n = left < RTQ__ROWS ? left : RTQ__ROWS;
    rtq__batch *b = rtq__op_batch(flow, n_cols, n, NULL);
    if (!b)
        return RTQ_ERR_NOMEM;
    for (uint32_t c = 0; c <= n_cols; c++) {
        rtq__vec *v = rtq__rows_gather(gate->rows, c, NULL, gate->given, n, flow->scratch);
        if (!v)
            return RTQ_ERR_NOMEM;
        if (c < n_cols)
            b->cols[c] = v;
        else
            b->time = v;
    }
    gate->given += n;
    int rc = rtq__pipe_enter(pipe, node->id, RTQ__F_PUSH, input, b);
    return rc == RTQ_OK ? rtq__pipe_drive(pipe) : rc;
}

static int give(rtq__pipe *pipe, const rtq__node *node, uint32_t input, rtq__gate *gate)
{
    int rc = RTQ_OK;
    rtq__arena_mark mark = rtq__arena_get_mark(pipe->flow.scratch);
    if (gate->rows && gate->given < rtq__rows_count(gate->rows) && !pipe->stations[node->id].closed) {
        rc = give_rows(pipe, node, input, gate);
    } else {
        rtq__rows_free(gate->rows);
        gate->rows = NULL;
        gate->given = 0;
        pipe->waiting--;
        if (gate->ended && !gate->told) {
            rc = rtq__pipe_enter(pipe, node->id, RTQ__F_FINISH, input, NULL);
            if (rc == RTQ_OK)
                rc = rtq__pipe_drive(pipe);
        }
    }
    rtq__arena_release(pipe->flow.scratch, mark);
    return rc;
}

int rtq__gate_release(rtq__pipe *pipe, bool *progress)
{
    const rtq__plan *plan = pipe->flow.plan;
    *progress = false;
    for (uint32_t i = 0; i < plan->n_nodes && pipe->waiting > 0; i++)
        for (uint32_t k = 0; k < plan->nodes[i]->n_in; k++) {
            rtq__gate *gate = &pipe->stations[i].gates[k];
            if (!waits(gate) || (!rtq__gate_open(pipe, plan->nodes[i], k) && !pipe->stations[i].closed))
                continue;
            *progress = true;
            return give(pipe, plan->nodes[i], k, gate);
        }
    return RTQ_OK;
}

bool rtq__gate_held(const rtq__pipe *pipe, const rtq__node *node)
{
    for (uint32_t k = 0; k < node->n_in; k++)
        if (waits(&pipe->stations[node->id].gates[k]))
            return true;
    return false;
}

void rtq__gate_free(rtq__pipe *pipe)
{
    const rtq__plan *plan = pipe->flow.plan;
    for (uint32_t i = 0; i < plan->n_nodes && pipe->stations; i++)
        for (uint32_t k = 0; k < plan->nodes[i]->n_in && pipe->stations[i].gates; k++) {
            rtq__rows_free(pipe->stations[i].gates[k].rows);
            pipe->stations[i].gates[k].rows = NULL;
        }
    pipe->waiting = 0;
}
