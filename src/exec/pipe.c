/* pipe.c - opening, feeding and closing a query instance. */
#include "exec/pipe_int.h"
#include "base/hash.h"

static int open_ops(rtq__pipe *pipe)
{
    const rtq__plan *plan = pipe->flow.plan;
    pipe->unstarted = 0;
    for (uint32_t i = 0; i < plan->n_nodes; i++) {
        rtq__station *station = &pipe->stations[i];
        station->open_inputs = plan->nodes[i]->n_in;
        station->closed = false;
        station->started = false;
        pipe->unstarted += station->op->cls->start != NULL;
        int rc = station->op->cls->open ? station->op->cls->open(station->op) : RTQ_OK;
        if (rc != RTQ_OK)
            return rc;
    }
    return RTQ_OK;
}

static size_t align16(size_t n)
{
    return (n + 15) & ~(size_t)15;
}

/* One block for the structs of all operators: thousands of queries wait in memory. */
static int make_ops(rtq__pipe *pipe)
{
    const rtq__plan *plan = pipe->flow.plan;
    size_t len = 0, n_gates = 0;
    for (uint32_t i = 0; i < plan->n_nodes; i++) {
        const rtq__op_class *cls = rtq__op_class_of(plan->nodes[i], pipe->flow.unbounded);
        if (!cls)
            return RTQ_ERR_UNSUPPORTED;
        len += align16(cls->len);
        n_gates += plan->nodes[i]->n_in;
    }
    pipe->stations = rtq__calloc(pipe->flow.mem, plan->n_nodes + 1u, sizeof *pipe->stations);
    pipe->block = rtq__calloc(pipe->flow.mem, 1, len + n_gates * sizeof(rtq__gate) + 16);
    if (!pipe->stations || !pipe->block)
        return RTQ_ERR_NOMEM;
    char *pos = pipe->block;
    for (uint32_t i = 0; i < plan->n_nodes; i++) {
        const rtq__op_class *cls = rtq__op_class_of(plan->nodes[i], pipe->flow.unbounded);
        rtq__op *op = (rtq__op *)(void *)pos;
        pos += align16(cls->len);
        *op = (rtq__op){.flow = &pipe->flow, .node = plan->nodes[i], .cls = cls};
        pipe->stations[i].op = op;
    }
    for (uint32_t i = 0; i < plan->n_nodes; i++) {
        pipe->stations[i].gates = (rtq__gate *)(void *)pos;
        pos += plan->nodes[i]->n_in * sizeof(rtq__gate);
    }
    return RTQ_OK;
}

static int open_pipe(rtq__pipe **out, rtq__pipe *pipe, rtq__mem *mem, const rtq__plan *plan, rtq__eval *eval,
                     const rtq__pipe_host *host)
{
    pipe->flow.mem = mem;
    pipe->flow.eval = eval;
    pipe->flow.scratch = eval->scratch;
    pipe->flow.plan = plan;
    pipe->flow.host = host;
    pipe->flow.pipe = pipe;
    pipe->watermark = INT64_MIN;
    pipe->finished = rtq__calloc(mem, plan->n_tables + 1u, sizeof(bool));
    int rc = pipe->finished ? make_ops(pipe) : RTQ_ERR_NOMEM;
    if (rc == RTQ_OK)
        rc = open_ops(pipe);
    if (rc != RTQ_OK)
        rtq__pipe_close(pipe);
    else
        *out = pipe;
    return rc;
}

int rtq__pipe_open(rtq__pipe **out, rtq__mem *mem, const rtq__plan *plan, rtq__eval *eval, const rtq__pipe_host *host,
                   const rtq__pipe_options *options)
{
    rtq__pipe *pipe = rtq__calloc(mem, 1, sizeof *pipe);
    if (!pipe)
        return RTQ_ERR_NOMEM;
    pipe->flow.max_state_bytes = options ? options->max_state_bytes : 0;
    pipe->flow.unbounded = options && options->unbounded;
    pipe->flow.seed = rtq__hash_seed();
    pipe->flow.mem = mem;
    pipe->flow.slots = rtq__calloc(mem, plan->bound->n_slots + 1u, sizeof(rtq__slot));
    if (!pipe->flow.slots) {
        rtq__free(mem, pipe);
        return RTQ_ERR_NOMEM;
    }
    return open_pipe(out, pipe, mem, plan, eval, host);
}

int rtq__pipe_open_body(rtq__pipe **out, rtq__flow *outer, const rtq__plan *body, const rtq__pipe_host *host)
{
    rtq__pipe *pipe = rtq__calloc(outer->mem, 1, sizeof *pipe);
    if (!pipe)
        return RTQ_ERR_NOMEM;
    pipe->body = true;
    pipe->outer = outer;
    pipe->flow.max_state_bytes = outer->max_state_bytes;
    pipe->flow.seed = outer->seed;
    pipe->flow.slots = outer->slots;
    return open_pipe(out, pipe, outer->mem, body, outer->eval, host);
}

void rtq__pipe_close(rtq__pipe *pipe)
{
    if (!pipe)
        return;
    rtq__mem *mem = pipe->flow.mem;
    for (uint32_t i = 0; pipe->stations && i < pipe->flow.plan->n_nodes; i++) {
        rtq__op *op = pipe->stations[i].op;
        if (op && op->cls->close)
            op->cls->close(op);
    }
    if (pipe->stations)
        rtq__gate_free(pipe);
    rtq__free(mem, pipe->frames);
    rtq__free(mem, pipe->stations);
    rtq__free(mem, pipe->block);
    rtq__free(mem, pipe->finished);
    rtq__free(mem, pipe->reading);
    if (!pipe->body)
        rtq__free(mem, pipe->flow.slots);
    rtq__free(mem, pipe);
}

int rtq__pipe_reset(rtq__pipe *pipe)
{
    const rtq__plan *plan = pipe->flow.plan;
    rtq__gate_free(pipe);
    for (uint32_t i = 0; i < plan->n_nodes; i++) {
        rtq__op *op = pipe->stations[i].op;
        if (op->cls->reset) {
            op->cls->reset(op);
        } else {
            if (op->cls->close)
                op->cls->close(op);
            memset(op + 1, 0, op->cls->len - sizeof *op);
        }
        op->now = 0;
        for (uint32_t k = 0; k < plan->nodes[i]->n_in; k++)
            pipe->stations[i].gates[k] = (rtq__gate){0};
    }
    if (!pipe->body)
        memset(pipe->flow.slots, 0, (plan->bound->n_slots + 1u) * sizeof(rtq__slot));
    memset(pipe->finished, 0, (plan->n_tables + 1u) * sizeof(bool));
    rtq__free(pipe->flow.mem, pipe->reading);
    pipe->reading = NULL;
    pipe->watermark = INT64_MIN;
    pipe->error = RTQ_OK;
    return pipe->error = open_ops(pipe);
}

bool rtq__pipe_done(const rtq__pipe *pipe)
{
    for (uint32_t i = 0; i < pipe->flow.plan->n_results; i++)
        if (!pipe->stations[pipe->flow.plan->results[i]->id].closed)
            return false;
    return true;
}

static int enter(rtq__pipe *pipe, uint32_t node, uint8_t what, uint32_t input, rtq__batch *batch)
{
    if (pipe->stations[node].closed)
        return RTQ_OK;
    int rc = rtq__pipe_enter(pipe, node, what, input, batch);
    return rc == RTQ_OK ? rtq__pipe_drive(pipe) : rc;
}

static bool ready(const rtq__pipe *pipe, const rtq__node *node)
{
    for (uint32_t i = 0; i < node->n_slots; i++)
        if (!pipe->flow.slots[node->slots[i]].ready)
            return false;
    return true;
}

/* Leaves whose subqueries (bounds of a range …) have come in. */
static int start_ready(rtq__pipe *pipe, bool *progress)
{
    const rtq__plan *plan = pipe->flow.plan;
    for (uint32_t i = 0; i < plan->n_nodes; i++) {
        rtq__station *station = &pipe->stations[i];
        if (!station->op->cls->start || station->started || !ready(pipe, plan->nodes[i]))
            continue;
        station->started = true;
        pipe->unstarted--;
        *progress = true;
        int rc = enter(pipe, i, RTQ__F_START, 0, NULL);
        if (rc != RTQ_OK)
            return rc;
    }
    return RTQ_OK;
}

/* Lets through what has been waiting, until nothing moves any more. */
static int settle(rtq__pipe *pipe, int rc)
{
    bool progress = true;
    while (rc == RTQ_OK && (pipe->waiting > 0 || pipe->unstarted > 0) && progress) {
        rc = rtq__gate_release(pipe, &progress);
        if (rc == RTQ_OK && pipe->unstarted > 0)
            rc = start_ready(pipe, &progress);
    }
    pipe->flow.stats.errored += pipe->flow.eval->row_errors;
    pipe->flow.eval->row_errors = 0;
    if (rc < 0)
        pipe->error = rc;
    return rc < 0 ? rc : rtq__pipe_done(pipe) ? RTQ_END : RTQ_OK;
}

int rtq__pipe_start(rtq__pipe *pipe, rtq_diag *diag)
{
    bool progress;
    pipe->diag = diag;
    int rc = settle(pipe, start_ready(pipe, &progress));
    pipe->diag = NULL;
    return rc;
}

/* Rows that at least one scan of the table lets through. */
static uint32_t passed(const uint64_t *bits)
{
    uint32_t n = 0;
    for (uint32_t w = 0; w < RTQ__ROWS / 64; w++)
        n += (uint32_t)__builtin_popcountll(bits[w]);
    return n;
}

int rtq__pipe_push(rtq__pipe *pipe, const rtq__read *read, rtq__batch *batch)
{
    const rtq__plan_table *table = &pipe->flow.plan->tables[read->table];
    uint64_t bits[RTQ__ROWS / 64] = {0};
    int rc = RTQ_OK;
    if (pipe->error)
        return RTQ_ERR_STATE;
    pipe->flow.read = read;
    pipe->flow.passed = table->n_scans > 1 ? bits : NULL;
    pipe->flow.n_passed = 0;
    uint64_t scan_errors = pipe->flow.scan_errors;
    for (uint32_t i = 0; i < table->n_scans && rc == RTQ_OK; i++)
        rc = enter(pipe, table->scans[i]->id, RTQ__F_PUSH, 0, batch);
    if (!pipe->reading) {
        uint32_t used = table->n_scans > 1 ? passed(bits) : pipe->flow.n_passed;
        pipe->flow.stats.in += batch->n_sel;
        pipe->flow.stats.used += used;
        pipe->flow.stats.filtered += batch->n_sel - used;
    } else {
        pipe->flow.scan_errors = scan_errors;
    }
    return settle(pipe, rc);
}

int rtq__pipe_push_input(rtq__pipe *pipe, rtq__batch *batch)
{
    return settle(pipe, enter(pipe, pipe->flow.plan->input->id, RTQ__F_PUSH, 0, batch));
}

int rtq__pipe_finish(rtq__pipe *pipe, uint32_t table)
{
    const rtq__plan *plan = pipe->flow.plan;
    int rc = RTQ_OK;
    if (pipe->error)
        return RTQ_ERR_STATE;
    for (uint32_t t = 0; t < plan->n_tables && rc == RTQ_OK; t++) {
        if ((table != UINT32_MAX && table != t) || pipe->finished[t])
            continue;
        pipe->finished[t] = true;
        for (uint32_t i = 0; i < plan->tables[t].n_scans && rc == RTQ_OK; i++)
            rc = enter(pipe, plan->tables[t].scans[i]->id, RTQ__F_END, 0, NULL);
    }
    if (plan->input && table == UINT32_MAX && rc == RTQ_OK)
        rc = enter(pipe, plan->input->id, RTQ__F_END, 0, NULL);
    return settle(pipe, rc);
}

int rtq__pipe_give_up(rtq__pipe *pipe)
{
    if (pipe->error)
        return RTQ_ERR_STATE;
    rtq__gate_give_up(pipe);
    return settle(pipe, RTQ_OK);
}

/* Rows that wait in front of an operator or above it are older than the watermark says. */
static bool held(const rtq__pipe *pipe, const rtq__node *node, bool *below)
{
    bool is = rtq__gate_held(pipe, node);
    for (uint32_t i = 0; i < node->n_in; i++)
        is |= below[node->in[i]->id];
    return below[node->id] = is;
}

int rtq__pipe_advance(rtq__pipe *pipe, int64_t watermark)
{
    const rtq__plan *plan = pipe->flow.plan;
    int rc = RTQ_OK;
    if (pipe->error)
        return RTQ_ERR_STATE;
    if (watermark <= pipe->watermark)
        return rtq__pipe_done(pipe) ? RTQ_END : RTQ_OK;
    rtq__arena_mark mark = rtq__arena_get_mark(pipe->flow.scratch);
    bool *below = rtq__arena_zalloc(pipe->flow.scratch, plan->n_nodes + 1u);
    pipe->watermark = watermark;
    if (!below)
        rc = RTQ_ERR_NOMEM;
    for (uint32_t i = 0; i < plan->n_nodes && rc == RTQ_OK; i++)
        if (!held(pipe, plan->nodes[i], below) && pipe->stations[i].op->cls->advance)
            rc = enter(pipe, i, RTQ__F_ADVANCE, 0, NULL);
    rtq__arena_release(pipe->flow.scratch, mark);
    return settle(pipe, rc);
}

uint64_t rtq__pipe_state_bytes(const rtq__pipe *pipe)
{
    rtq__pipe_stats stats;
    rtq__pipe_stats_get(&stats, pipe);
    return stats.state_bytes;
}

void rtq__pipe_stats_get(rtq__pipe_stats *out, const rtq__pipe *pipe)
{
    const rtq__plan *plan = pipe->flow.plan;
    *out = pipe->flow.stats;
    for (uint32_t i = 0; i < plan->n_nodes; i++) {
        const rtq__station *station = &pipe->stations[i];
        if (station->op->cls->state_bytes)
            out->state_bytes += station->op->cls->state_bytes(station->op);
        if (station->op->cls->state_keys)
            out->state_keys += station->op->cls->state_keys(station->op);
        for (uint32_t k = 0; k < plan->nodes[i]->n_in; k++)
            if (station->gates[k].rows)
                out->state_bytes += rtq__rows_bytes(station->gates[k].rows);
    }
    out->late = out->late < out->used ? out->late : out->used; /* rows of an operator may be more than events */
    out->used -= out->late;
    out->errored = out->errored < out->used ? out->errored : out->used;
    out->used -= out->errored;
    uint64_t rejected = pipe->flow.scan_errors < out->filtered ? pipe->flow.scan_errors : out->filtered;
    out->errored += rejected;
    out->filtered -= rejected;
}

const char *rtq__pipe_error(const rtq__pipe *pipe)
{
    if (pipe->flow.error)
        return pipe->flow.error;
    switch (pipe->error) {
    case RTQ_OK: return NULL;
    case RTQ_ERR_NOMEM: return "out of memory";
    case RTQ_ERR_LIMIT: return "the query's state exceeds its budget";
    default: return rtq_strerror(pipe->error);
    }
}
