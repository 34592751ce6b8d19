/* pipe_save.c - the state of a query instance as bytes, and back. What is loaded is checked like input. */
#include "exec/pipe_int.h"
#include "exec/state.h"

enum { MAGIC = 0x50515452, VERSION = 1, CLOSED = 1, STARTED = 2, ENDED = 1, TOLD = 2, WAITS = 4 };

static int save_gates(rtq__buf *out, const rtq__node *node, const rtq__station *station)
{
    for (uint32_t k = 0; k < node->n_in; k++) {
        const rtq__gate *gate = &station->gates[k];
        rtq__put_u64(out, (gate->ended ? ENDED : 0u) | (gate->told ? TOLD : 0u) | (gate->rows ? WAITS : 0u));
        rtq__put_u64(out, gate->given);
        int rc = gate->rows ? rtq__put_rows(out, gate->rows) : RTQ_OK;
        if (rc != RTQ_OK)
            return rc;
    }
    return RTQ_OK;
}

static int save_station(rtq__buf *out, const rtq__node *node, const rtq__station *station)
{
    rtq__put_u64(out, (station->closed ? CLOSED : 0u) | (station->started ? STARTED : 0u));
    rtq__put_u64(out, station->open_inputs);
    rtq__put_u64(out, (uint64_t)station->op->now);
    int rc = save_gates(out, node, station);
    size_t begin = rtq__put_begin(out);
    if (rc == RTQ_OK && station->op->cls->save)
        rc = station->op->cls->save(out, station->op);
    rtq__put_end(out, begin);
    return rc;
}

int rtq__pipe_save(rtq__buf *out, rtq__pipe *pipe)
{
    const rtq__plan *plan = pipe->flow.plan;
    int rc = pipe->error || pipe->reading || rtq__pipe_wants_again(pipe) ? RTQ_ERR_STATE : RTQ_OK;
    rtq__put_u64(out, (uint64_t)VERSION << 32 | MAGIC);
    rtq__put_u64(out, plan->fingerprint);
    rtq__put_u64(out, plan->n_nodes);
    rtq__put_u64(out, (uint64_t)pipe->watermark);
    rtq__put_u64(out, pipe->flow.unbounded);
    for (uint32_t t = 0; t < plan->n_tables; t++)
        rtq__put_u64(out, pipe->finished[t]);
    for (uint32_t i = 0; i < plan->n_nodes && rc == RTQ_OK; i++)
        rc = save_station(out, plan->nodes[i], &pipe->stations[i]);
    return rc == RTQ_OK && out->failed ? RTQ_ERR_NOMEM : rc;
}

static int load_gates(rtq__pipe *pipe, rtq__saved *in, const rtq__node *node, rtq__station *station)
{
    for (uint32_t k = 0; k < node->n_in; k++) {
        rtq__gate *gate = &station->gates[k];
        uint64_t flags = rtq__take_u64(in), given = rtq__take_u64(in);
        if (in->bad || flags > (ENDED | TOLD | WAITS))
            return RTQ_ERR_DATA;
        gate->ended = flags & ENDED;
        gate->told = flags & TOLD;
        pipe->waiting += flags & WAITS || (gate->ended && !gate->told);
        if (!(flags & WAITS))
            continue;
        int rc = rtq__gate_make(pipe, gate, node->in[k]);
        if (rc == RTQ_OK)
            rc = rtq__take_rows(in, gate->rows);
        if (rc == RTQ_OK && given > rtq__rows_count(gate->rows))
            rc = RTQ_ERR_DATA;
        if (rc != RTQ_OK)
            return rc;
        gate->given = (uint32_t)given;
    }
    return RTQ_OK;
}

static int load_station(rtq__pipe *pipe, rtq__saved *in, const rtq__node *node, rtq__station *station)
{
    uint64_t flags = rtq__take_u64(in), open_inputs = rtq__take_u64(in);
    station->op->now = (int64_t)rtq__take_u64(in);
    if (in->bad || flags > (CLOSED | STARTED) || open_inputs > node->n_in)
        return RTQ_ERR_DATA;
    station->closed = flags & CLOSED;
    if (flags & STARTED && station->op->cls->start) {
        station->started = true;
        pipe->unstarted--;
    }
    station->open_inputs = (uint32_t)open_inputs;
    int rc = load_gates(pipe, in, node, station);
    rtq__saved piece = rtq__take_piece(in);
    if (rc != RTQ_OK || in->bad)
        return rc != RTQ_OK ? rc : RTQ_ERR_DATA;
    if (!station->op->cls->load)
        return piece.len == 0 ? RTQ_OK : RTQ_ERR_DATA;
    return station->op->cls->load(station->op, piece.ptr, piece.len);
}

int rtq__pipe_load(rtq__pipe *pipe, const char *ptr, size_t len)
{
    const rtq__plan *plan = pipe->flow.plan;
    rtq__saved in = {.ptr = ptr, .len = len};
    if (rtq__take_u64(&in) != ((uint64_t)VERSION << 32 | MAGIC) || rtq__take_u64(&in) != plan->fingerprint ||
        rtq__take_u64(&in) != plan->n_nodes)
        return RTQ_ERR_DATA;
    int64_t watermark = (int64_t)rtq__take_u64(&in);
    if (rtq__take_u64(&in) != pipe->flow.unbounded || in.bad)
        return RTQ_ERR_DATA;
    int rc = RTQ_OK;
    for (uint32_t t = 0; t < plan->n_tables; t++)
        pipe->finished[t] = rtq__take_u64(&in) != 0;
    for (uint32_t i = 0; i < plan->n_nodes && rc == RTQ_OK; i++)
        rc = load_station(pipe, &in, plan->nodes[i], &pipe->stations[i]);
    if (rc == RTQ_OK && (in.bad || in.len != 0))
        rc = RTQ_ERR_DATA;
    if (rc == RTQ_OK)
        pipe->watermark = watermark;
    else
        pipe->error = rc; /* half loaded: only a reset or close helps */
    return rc;
}
