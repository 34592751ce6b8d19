/* run_again.c - recordings are read again for queries that left rows out until what these wait for was complete (pipe_again.c).
 * A reading ends when all sources have ended; then those that somebody wants start over, with the demand of that reading. */
#include "exec/run.h"

/* Allowed while every source of the run is a recording that can start over, for a query that sees it from its beginning. */
static bool all_can(const rtq_run *run)
{
    for (size_t i = 0; i < run->n_sources; i++) {
        const rtq__src *src = run->sources[i]->src;
        if (!src->bounded || !src->again || run->sources[i]->dead)
            return false;
    }
    return true;
}

static void end_query(rtq_run *run, rtq__run_query *q, const char *why)
{
    q->done = q->dead = true;
    rtq__run_note(run, RTQ_NOTE_QUERY, RTQ_ERR_STATE, q->id, 0, 0, "query '%s' ended: %s", q->name, why);
}

void rtq__run_allow_again(rtq_run *run, rtq__run_query *q)
{
    bool allowed = all_can(run);

    for (size_t i = 0; i < run->n_sources && allowed; i++)
        allowed = run->sources[i]->src->stats.in == 0;
    rtq__pipe_allow_again(q->pipe, allowed);
}

void rtq__run_forbid_again(rtq_run *run, rtq__run_query *q)
{
    if (q->done)
        return;
    rtq__pipe_allow_again(q->pipe, false);
    if (q->again || rtq__pipe_wants_again(q->pipe))
        end_query(run, q, "its rows must be read again, and not all of its sources are there and can be");
}

void rtq__run_check_again(rtq_run *run)
{
    bool allowed = all_can(run);

    for (size_t i = 0; i < run->n_queries && !allowed; i++)
        rtq__run_forbid_again(run, run->queries[i]);
}

static bool reads(const rtq__run_query *q, size_t source)
{
    for (uint32_t b = 0; b < q->n_bindings; b++)
        if (q->bindings[b].source == source && rtq__pipe_wants(q->pipe, q->bindings[b].plan_table))
            return true;
    return false;
}

static bool is_wanted(const rtq_run *run, size_t source)
{
    for (size_t i = 0; i < run->n_queries; i++)
        if (run->queries[i]->again && !run->queries[i]->done && reads(run->queries[i], source))
            return true;
    return false;
}

static int start_over(rtq_run *run, size_t index)
{
    rtq__run_source *s = run->sources[index];

    if (!s->again)
        s->first = s->src->stats;
    s->again = true;
    s->ended = false;
    rtq__log(run->env, 3, "run", "source '%s' is read again", s->src->cls->kind);
    int rc = s->src->cls->rewind(s->src);
    return rc == RTQ_OK ? rtq__run_plan_source(run, index) : rc;
}

int rtq__run_begin_again(rtq_run *run)
{
    bool any = false;

    rtq__run_check_again(run); /* a source may have failed */
    for (size_t i = 0; i < run->n_queries; i++) {
        rtq__run_query *q = run->queries[i];
        if (q->done || !q->waits)
            continue;
        q->waits = false;
        q->again = any = true;
        if (rtq__pipe_begin_again(q->pipe) < 0)
            end_query(run, q, rtq__pipe_error(q->pipe));
    }
    for (size_t i = 0; i < run->n_sources; i++) {
        int rc = is_wanted(run, i) ? start_over(run, i) : RTQ_OK;
        if (rc < 0)
            return rc;
    }
    return any ? RTQ_OK : RTQ_END;
}

/* The run stops before the next reading. */
void rtq__run_give_up(rtq_run *run, rtq__run_query *q)
{
    q->waits = false;
    rtq__run_note(run, RTQ_NOTE_QUERY, RTQ_OK, q->id, 0, 0,
                  "query '%s' was stopped before rows that wait were read again: its result lacks them", q->name);
    rtq__run_after_pipe(run, q, rtq__pipe_give_up(q->pipe));
}

const rtq__source_stats *rtq__run_counts(const rtq__run_source *s)
{
    return s->again ? &s->first : &s->src->stats;
}
