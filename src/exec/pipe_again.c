/* pipe_again.c - readings after the first. Rows that wait for a subquery or for the other side of a join lie in a gate. When they
 * become many, and come row by row from recordings that can be read again, they are left out instead: what they wait for is complete
 * once the tables have ended, and then the tables are read again for them alone, with the columns and predicates of their scans. */
#include "exec/pipe_int.h"

enum { WAITING = 8 << 20 /* bytes of one gate that are kept rather than read again */ };

void rtq__pipe_allow_again(rtq__pipe *pipe, bool allowed)
{
    uint64_t budget = pipe->flow.max_state_bytes;
    pipe->max_waiting = !allowed ? 0 : budget && budget / 4 < WAITING ? budget / 4 : WAITING;
}

bool rtq__gate_leave_out(rtq__pipe *pipe, const rtq__node *node, uint32_t input, int rc)
{
    rtq__gate *gate = &pipe->stations[node->id].gates[input];
    if (!pipe->max_waiting || !node->in[input]->again || gate->given > 0 ||
        (rc == RTQ_OK && rtq__rows_bytes(gate->rows) <= pipe->max_waiting))
        return false;
    rtq__rows_free(gate->rows);
    gate->rows = NULL;
    gate->left_out = true;
    pipe->waiting--;
    return true;
}

bool rtq__pipe_wants_again(const rtq__pipe *pipe)
{
    const rtq__plan *plan = pipe->flow.plan;
    for (uint32_t i = 0; i < plan->n_nodes; i++)
        for (uint32_t k = 0; k < plan->nodes[i]->n_in && !pipe->stations[i].closed; k++)
            if (pipe->stations[i].gates[k].left_out)
                return true;
    return false;
}

/* As before the first row. */
static void reopen(rtq__station *station, const rtq__node *node)
{
    station->closed = false;
    station->open_inputs = node->n_in;
    for (uint32_t k = 0; k < node->n_in; k++)
        station->gates[k].ended = station->gates[k].told = false;
}

int rtq__pipe_begin_again(rtq__pipe *pipe)
{
    const rtq__plan *plan = pipe->flow.plan;
    bool any = false;
    if (pipe->error)
        return RTQ_ERR_STATE;
    if (!pipe->reading && !(pipe->reading = rtq__calloc(pipe->flow.mem, plan->n_nodes + 1u, sizeof(bool))))
        return pipe->error = RTQ_ERR_NOMEM;
    memset(pipe->reading, 0, plan->n_nodes * sizeof(bool));
    memset(pipe->finished, 0, plan->n_tables * sizeof(bool));
    for (uint32_t i = plan->n_nodes; i-- > 0;) { /* consumers come before what they read */
        const rtq__node *node = plan->nodes[i];
        rtq__station *station = &pipe->stations[i];
        for (uint32_t k = 0; k < node->n_in; k++) {
            bool now = station->gates[k].left_out && !station->closed && rtq__gate_open(pipe, node, k);
            if (now)
                station->gates[k].left_out = false;
            any |= now;
            pipe->reading[node->in[k]->id] |= now || pipe->reading[i];
        }
        if (pipe->reading[i])
            reopen(station, node);
    }
    return any ? RTQ_OK : (pipe->error = RTQ_ERR_STATE);
}

const bool *rtq__pipe_reading(const rtq__pipe *pipe)
{
    return pipe->reading;
}

bool rtq__pipe_wants(const rtq__pipe *pipe, uint32_t table)
{
    const rtq__plan_table *t = &pipe->flow.plan->tables[table];
    for (uint32_t i = 0; i < t->n_scans; i++)
        if (!pipe->stations[t->scans[i]->id].closed)
            return true;
    return false;
}

void rtq__gate_give_up(rtq__pipe *pipe)
{
    const rtq__plan *plan = pipe->flow.plan;
    for (uint32_t i = 0; i < plan->n_nodes; i++)
        for (uint32_t k = 0; k < plan->nodes[i]->n_in; k++)
            if (pipe->stations[i].gates[k].left_out) {
                pipe->stations[i].gates[k].left_out = false;
                rtq__gate_end(pipe, plan->nodes[i], k);
            }
}
