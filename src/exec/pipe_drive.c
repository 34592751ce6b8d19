/* pipe_drive.c - the driver: an explicit stack of operators. A frame calls its operator, feeds the rows to each consumer (a frame on
 * top), and asks for more, until the operator wants new input. */
#include "exec/pipe_int.h"

enum { CALL, FEED, TELL };

int rtq__pipe_enter(rtq__pipe *pipe, uint32_t node, uint8_t what, uint32_t input, rtq__batch *batch)
{
    if (pipe->depth == pipe->cap_frames) { /* twice the longest path: rows going down, then ends going down */
        size_t cap = pipe->cap_frames;
        int rc = rtq__grow(pipe->flow.mem, &pipe->frames, &cap, pipe->depth + 1u, sizeof *pipe->frames);
        if (rc != RTQ_OK)
            return rc;
        pipe->cap_frames = (uint32_t)cap;
    }
    pipe->frames[pipe->depth++] = (rtq__frame){
        .node = node, .what = what, .input = input, .in = batch, .base = rtq__arena_get_mark(pipe->flow.scratch)};
    return RTQ_OK;
}

static void pipe_unwant(rtq__pipe *pipe)
{
    const rtq__plan *plan = pipe->flow.plan;
    for (uint32_t i = plan->n_nodes; i-- > 0;) {
        const rtq__node *node = plan->nodes[i];
        bool wanted = node->n_out == 0;
        for (uint32_t k = 0; k < node->n_out && !wanted; k++)
            wanted = !pipe->stations[node->out[k].node->id].closed;
        if (!wanted)
            pipe->stations[i].closed = true;
    }
}

static int call_first(rtq__pipe *pipe, rtq__frame *f, rtq__op *op, rtq__batch **out)
{
    const rtq__op_class *cls = op->cls;
    switch (f->what) {
    case RTQ__F_PUSH: return cls->push(op, f->input, f->in, out);
    case RTQ__F_FINISH:
        pipe->stations[f->node].gates[f->input].told = true;
        return cls->finish ? cls->finish(op, f->input, out) : RTQ__OP_NEED;
    case RTQ__F_END: return RTQ__OP_DONE;
    case RTQ__F_ADVANCE: return cls->advance(op, pipe->watermark, out);
    default: return cls->start(op, out, pipe->diag);
    }
}

static int call(rtq__pipe *pipe, rtq__frame *f)
{
    rtq__station *station = &pipe->stations[f->node];
    rtq__batch *out = NULL;
    f->mark = rtq__arena_get_mark(pipe->flow.scratch);
    rtq__batch idle = {.now = station->op->now ? station->op->now : pipe->flow.eval->clock_ticks};
    pipe->flow.eval->batch = f->in ? f->in : &idle;
    pipe->flow.eval->slots = pipe->flow.slots;
    int rc = f->again ? station->op->cls->resume(station->op, &out) : call_first(pipe, f, station->op, &out);
    pipe->flow.eval->batch = NULL;
    if (rc < 0)
        return rc;
    if (!f->again)
        f->mark = rtq__arena_get_mark(
            pipe->flow.scratch); /* what the first call put there stays until the frame goes */
    f->status = (uint8_t)rc;
    f->out = out;
    f->edge = 0;
    f->stage = FEED;
    return RTQ_OK;
}

/* Takes nothing now: the consumer is done, has had these rows in an earlier reading, or gets them in a later one. */
static bool is_shut(const rtq__pipe *pipe, const rtq__edge *edge, const rtq__gate *gate)
{
    return pipe->stations[edge->node->id].closed || gate->told || gate->left_out;
}

/* Hands the rows to the next consumer. */
static int feed(rtq__pipe *pipe, rtq__frame *f, const rtq__node *node)
{
    const rtq__edge *edge = &node->out[f->edge++];
    const rtq__gate *gate = &pipe->stations[edge->node->id].gates[edge->input];
    if (is_shut(pipe, edge, gate))
        return RTQ_OK;
    if (!gate->rows && rtq__gate_open(pipe, edge->node, edge->input))
        return rtq__pipe_enter(pipe, edge->node->id, RTQ__F_PUSH, edge->input, f->out);
    rtq__arena_mark mark = rtq__arena_get_mark(pipe->flow.scratch);
    int rc = rtq__gate_store(pipe, edge->node, edge->input, f->out);
    rtq__arena_release(pipe->flow.scratch, mark);
    return rc;
}

static int tell(rtq__pipe *pipe, rtq__frame *f, const rtq__node *node)
{
    const rtq__edge *edge = &node->out[f->edge++];
    const rtq__gate *gate = &pipe->stations[edge->node->id].gates[edge->input];
    if (is_shut(pipe, edge, gate))
        return RTQ_OK;
    if (!gate->rows && rtq__gate_open(pipe, edge->node, edge->input))
        return rtq__pipe_enter(pipe, edge->node->id, RTQ__F_FINISH, edge->input, NULL);
    rtq__gate_end(pipe, edge->node, edge->input);
    return RTQ_OK;
}

static void leave(rtq__pipe *pipe, rtq__frame *f)
{
    rtq__arena_release(pipe->flow.scratch, f->base);
    pipe->depth--;
}

/* All rows of this call are with the consumers. */
static void fed(rtq__pipe *pipe, rtq__frame *f)
{
    rtq__station *station = &pipe->stations[f->node];
    if (f->again)
        rtq__arena_release(pipe->flow.scratch, f->mark);
    if (f->status == RTQ__OP_MORE && !station->closed) {
        f->again = true;
        f->stage = CALL;
        return;
    }
    bool last = f->what == RTQ__F_FINISH && --station->open_inputs == 0;
    if (station->closed || (!last && f->status != RTQ__OP_DONE)) {
        leave(pipe, f);
        return;
    }
    station->closed = true;
    pipe_unwant(pipe);
    f->edge = 0;
    f->stage = TELL;
}

static int step(rtq__pipe *pipe)
{
    rtq__frame *f = &pipe->frames[pipe->depth - 1];
    const rtq__node *node = pipe->flow.plan->nodes[f->node];
    if (f->stage == CALL) {
        if (!pipe->stations[f->node].closed)
            return call(pipe, f);
        leave(pipe, f);
        return RTQ_OK;
    }
    if (f->stage == FEED) {
        if (f->out && f->out->n_sel > 0 && f->edge < node->n_out)
            return feed(pipe, f, node);
        fed(pipe, f);
        return RTQ_OK;
    }
    if (f->edge < node->n_out)
        return tell(pipe, f, node);
    leave(pipe, f);
    return RTQ_OK;
}

int rtq__pipe_drive(rtq__pipe *pipe)
{
    uint32_t floor = pipe->depth > 0 ? pipe->depth - 1 : 0;
    while (pipe->depth > floor) {
        int rc = step(pipe);
        if (rc < 0) {
            while (pipe->depth > floor)
                leave(pipe, &pipe->frames[pipe->depth - 1]);
            return rc;
        }
    }
    return RTQ_OK;
}
