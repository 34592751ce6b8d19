/* pipe_reload.c - a reference table was replaced: what was computed from it alone is computed again, everything else goes on.
 *
 * Fixed nodes depend on no feed. Those that the table reaches run again; their rows may go to the build side of a join, which
 * is emptied first, or into a subquery. Where they go anywhere else (a union with a feed, the result itself), the rows that came
 * before stand, and nothing is done. */
#include "exec/pipe_int.h"

typedef struct reload {
    bool *fixed, *again;
} reload;

static bool of_table(const rtq__node *node, const char *table)
{
    return node->op == RTQ__R_HOST_TABLE && strcmp(node->rel->u.scan.table->name, table) == 0;
}

static const rtq__node *slot_node(const rtq__plan *plan, uint32_t slot)
{
    for (uint32_t i = 0; i < plan->n_nodes; i++)
        if (plan->nodes[i]->op == RTQ__P_SLOT && plan->nodes[i]->u.slot.number == slot)
            return plan->nodes[i];
    return NULL;
}

/* Inputs come before their consumers, and the nodes of a subquery before those that read it. */
static void mark(rtq__pipe *pipe, reload *r, const char *table)
{
    const rtq__plan *plan = pipe->flow.plan;
    for (uint32_t i = 0; i < plan->n_nodes; i++) {
        const rtq__node *node = plan->nodes[i];
        r->fixed[i] = node->n_in > 0 || pipe->stations[i].op->cls->start != NULL;
        bool reached = of_table(node, table);
        for (uint32_t k = 0; k < node->n_in; k++) {
            r->fixed[i] &= r->fixed[node->in[k]->id];
            reached |= r->again[node->in[k]->id];
        }
        for (uint32_t k = 0; k < node->n_slots; k++) {
            const rtq__node *slot = slot_node(plan, node->slots[k]);
            r->fixed[i] &= slot && r->fixed[slot->id];
            reached |= slot && r->again[slot->id];
        }
        r->again[i] = r->fixed[i] && reached;
    }
}

static bool is_build(const rtq__pipe *pipe, const rtq__node *node, uint32_t input)
{
    return node->op == RTQ__R_JOIN && input != node->u.join.probe && !(pipe->flow.unbounded && node->u.join.streams);
}

/* Rows of the nodes that run again go nowhere but to each other, to build sides and into subqueries; all they read runs again too. */
static bool is_closed(const rtq__pipe *pipe, const reload *r)
{
    const rtq__plan *plan = pipe->flow.plan;
    for (uint32_t i = 0; i < plan->n_nodes; i++) {
        const rtq__node *node = plan->nodes[i];
        if (!r->again[i])
            continue;
        if (node->op == RTQ__P_RESULT)
            return false;
        for (uint32_t k = 0; k < node->n_in; k++)
            if (!r->again[node->in[k]->id])
                return false;
        for (uint32_t k = 0; k < node->n_out; k++)
            if (!r->again[node->out[k].node->id] && !is_build(pipe, node->out[k].node, node->out[k].input))
                return false;
    }
    return true;
}

static int renew(rtq__pipe *pipe, uint32_t node)
{
    rtq__op *op = pipe->stations[node].op;
    if (op->cls->close)
        op->cls->close(op);
    memset(op + 1, 0, op->cls->len - sizeof *op);
    return op->cls->open ? op->cls->open(op) : RTQ_OK;
}

static int renew_all(rtq__pipe *pipe, const reload *r)
{
    const rtq__plan *plan = pipe->flow.plan;
    int rc = RTQ_OK;
    for (uint32_t i = 0; i < plan->n_nodes && rc == RTQ_OK; i++) {
        const rtq__node *node = plan->nodes[i];
        rtq__station *station = &pipe->stations[i];
        if (r->again[i]) {
            rc = renew(pipe, i);
            station->closed = false;
            station->open_inputs = node->n_in;
            for (uint32_t k = 0; k < node->n_in; k++)
                station->gates[k] = (rtq__gate){0};
            if (station->op->cls->start && station->started) {
                station->started = false;
                pipe->unstarted++;
            }
            if (node->op == RTQ__P_SLOT)
                memset(&pipe->flow.slots[node->u.slot.number], 0, sizeof(rtq__slot));
            continue;
        }
        for (uint32_t k = 0; k < node->n_in && rc == RTQ_OK && !station->closed; k++)
            if (r->again[node->in[k]->id]) { /* the build side of a join */
                rc = renew(pipe, i);
                station->open_inputs += station->gates[k].told;
                station->gates[k] = (rtq__gate){0};
            }
    }
    return rc;
}

int rtq__pipe_reload(rtq__pipe *pipe, const char *table)
{
    uint32_t n = pipe->flow.plan->n_nodes;
    reload r = {rtq__calloc(pipe->flow.mem, n + 1u, sizeof(bool)), rtq__calloc(pipe->flow.mem, n + 1u, sizeof(bool))};
    int rc = r.fixed && r.again ? RTQ_OK : RTQ_ERR_NOMEM;
    if (rc == RTQ_OK && !pipe->error && !rtq__pipe_done(pipe)) {
        mark(pipe, &r, table);
        if (is_closed(pipe, &r) && (rc = renew_all(pipe, &r)) == RTQ_OK)
            rc = rtq__pipe_start(pipe, NULL);
    }
    rtq__free(pipe->flow.mem, r.fixed);
    rtq__free(pipe->flow.mem, r.again);
    if (rc < 0)
        pipe->error = rc;
    return rc;
}
