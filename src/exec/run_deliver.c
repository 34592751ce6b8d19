/* run_deliver.c - result rows to sinks: what a sink does not take now waits, and while it waits no source is read. */
#include "exec/run.h"

enum { POLL_NS = 10000000 };

/* Callback and queue sinks get themselves as `user`, all others what they were made with. */
static void *sink_user(rtq_sink *s)
{
    return s->callback || s->queue ? s : s->user;
}

static int open_stream(void **stream, rtq_sink *s, rtq__run_query *q, rtq_diag *diag)
{
    int rc = RTQ_OK;

    *stream = NULL;
    if (!s)
        return RTQ_OK;
    if (s->vtable->open)
        rc = s->vtable->open(stream, q->id, q->query, sink_user(s));
    if (rc < 0)
        return rtq__diag_add(diag, rc, RTQ__SEV_ERROR, 0, 0, "the sink of query '%s' did not open: %s", q->name,
                             s->error && s->error(s->user) ? s->error(s->user) : rtq_strerror(rc));
    return s->queue ? rtq__queue_attach(s->queue, rtq__run_wake, q->run) : RTQ_OK;
}

static void close_stream(rtq_sink *s, void *stream, const rtq_run *run)
{
    if (!s)
        return;
    if (s->vtable->close)
        s->vtable->close(stream, sink_user(s));
    if (s->queue)
        rtq__queue_detach(s->queue, run);
}

int rtq__run_open_sink(rtq__run_query *q, rtq_diag *diag)
{
    int rc = open_stream(&q->stream, q->sink, q, diag);

    if (rc < 0)
        return rc;
    if ((rc = open_stream(&q->errors_stream, q->errors, q, diag)) < 0)
        close_stream(q->sink, q->stream, q->run);
    q->open = rc == RTQ_OK;
    return rc;
}

/* ---- sinks that take no rows now ----------------------------------------------------------------------------------------- */

static bool handle_in_use(const rtq__run_query *q)
{
    for (size_t i = 0; i < q->run->n_queries; i++)
        if (q->run->queries[i] != q && q->run->queries[i]->sink_handle == q->sink_handle)
            return true;
    return false;
}

/* Only while a sink waits is its handle looked at: one that is ready for rows nobody has would keep the run awake. */
static void watch_sink(rtq__run_query *q, bool on)
{
    rtq_sink *s = q->sink;

    q->sink_waits = on;
    if (on && q->sink_handle < 0 && s->vtable->handle && (q->sink_handle = s->vtable->handle(sink_user(s))) >= 0 &&
        rtq__waiter_add(&q->run->waiter, q->sink_handle) < 0)
        q->sink_handle = -1;
    if (on || q->sink_handle < 0)
        return;
    if (!handle_in_use(q))
        rtq__waiter_remove(&q->run->waiter, q->sink_handle);
    q->sink_handle = -1;
}

int64_t rtq__run_sink_timeout(const rtq__run_query *q, const rtq_clock *clock)
{
    const rtq_sink_vtable *v = q->sink ? q->sink->vtable : NULL;

    if (!v || !q->sink_waits || q->sink->queue)
        return -1;
    if (v->timeout_ns)
        return v->timeout_ns(clock, sink_user(q->sink));
    return q->sink_handle < 0 ? POLL_NS : -1; /* it says neither when nor how, so it is asked now and then */
}

void rtq__run_close_sink(rtq__run_query *q)
{
    if (!q->open)
        return;
    q->open = false;
    watch_sink(q, false);
    close_stream(q->sink, q->stream, q->run);
    close_stream(q->errors, q->errors_stream, q->run);
}

/* What became of n rows that were offered. Returns what the pipe should do: OK, END. */
static int settle(rtq__run_query *q, int rc, const rtq_batch *batch, uint64_t n)
{
    rtq_run *run = q->run;

    if (rc == RTQ_OK || rc == RTQ_END) {
        q->sink_stats.out += n;
        if (rc == RTQ_END)
            q->done = true;
        return rc;
    }
    rc = rc > 0 ? RTQ_ERR_ARG : rc; /* no code that a sink may give */
    q->sink_stats.errored += n;
    q->n_errors++;
    rtq__run_note(
        run, RTQ_NOTE_SINK, rc, q->id, 0, n, "%llu rows of query '%s' errored: %s", (unsigned long long)n, q->name,
        q->sink && q->sink->error && q->sink->error(q->sink->user) ? q->sink->error(q->sink->user) : rtq_strerror(rc));
    if (q->errors && (rc = q->errors->vtable->write(q->errors_stream, batch, sink_user(q->errors))) != RTQ_OK &&
        rc != RTQ_END)
        rtq__run_note(run, RTQ_NOTE_LOSS, rc < 0 ? rc : RTQ_ERR_IO, q->id, 0, n,
                      "the errors sink of query '%s' did not take them: %s", q->name, rtq_strerror(rc));
    if (q->max_errors && q->n_errors >= q->max_errors) {
        rtq__run_note(run, RTQ_NOTE_QUERY, RTQ_ERR_LIMIT, q->id, 0, q->n_errors,
                      "query '%s' is suspended after %llu errors", q->name, (unsigned long long)q->n_errors);
        q->done = q->dead = true;
        return RTQ_END;
    }
    return RTQ_OK;
}

static int keep(rtq__run_query *q, const rtq_batch *batch, uint64_t n)
{
    rtq__pending *p = rtq__calloc(q->run->mem, 1, sizeof *p);
    int rc = p ? rtq_batch_retain(&p->batch, batch) : RTQ_ERR_NOMEM;

    if (rc < 0) {
        rtq__free(q->run->mem, p);
        q->sink_stats.dropped += n;
        rtq__run_note(q->run, RTQ_NOTE_LOSS, rc, q->id, 0, n,
                      "%llu rows of query '%s' lost: out of memory while the sink was full", (unsigned long long)n,
                      q->name);
        return RTQ_OK;
    }
    if (q->last)
        q->last->next = p;
    else
        q->first = p;
    q->last = p;
    q->sink_stats.pending += n;
    watch_sink(q, true);
    return RTQ_OK;
}

int rtq__run_rows(void *ctx, uint32_t result, rtq__batch *rows)
{
    rtq__run_query *q = ctx;
    rtq_run *run = q->run;
    rtq__out_info info = {q->id, q->sequence++, q->name, result, q->generation};
    uint64_t n = rows->n_sel;
    int rc = RTQ_OK;

    if (n == 0)
        return RTQ_OK;
    q->sink_stats.in += n;
    if (!q->sink) {
        q->sink_stats.out += n;
        return RTQ_OK;
    }
    if (atomic_load(&run->stop) == RTQ_STOP_CANCEL) { /* also in the middle of a join without end */
        q->sink_stats.dropped += n;
        return RTQ_END;
    }
    rtq__out_lend(&run->lent, q->query->schemas[result], &info, rows);
    if (q->first) /* order is kept: behind what waits */
        rc = keep(q, &run->lent, n);
    else if ((rc = q->sink->vtable->write(q->stream, &run->lent, sink_user(q->sink))) == RTQ_AGAIN)
        rc = keep(q, &run->lent, n);
    else
        rc = settle(q, rc, &run->lent, n);
    rtq__out_end(&run->lent);
    return rc;
}

uint64_t rtq__run_drop_pending(rtq__run_query *q)
{
    uint64_t n = q->sink_stats.pending;

    while (q->first) {
        rtq__pending *next = q->first->next;
        rtq_batch_free(q->first->batch);
        rtq__free(q->run->mem, q->first);
        q->first = next;
    }
    q->last = NULL;
    q->sink_stats.pending = 0;
    q->sink_stats.dropped += n;
    return n;
}

int rtq__run_drain_pending(rtq_run *run)
{
    bool full = false;

    for (size_t i = 0; i < run->n_queries; i++) {
        rtq__run_query *q = run->queries[i];
        while (q->first) {
            rtq__pending *p = q->first;
            uint64_t n = p->batch->rows->n_sel;
            int rc = q->sink->vtable->write(q->stream, p->batch, sink_user(q->sink));
            if (rc == RTQ_AGAIN) {
                full = true;
                break;
            }
            q->sink_stats.pending -= n;
            rc = settle(q, rc, p->batch, n);
            q->first = p->next;
            if (!q->first)
                q->last = NULL;
            rtq_batch_free(p->batch);
            rtq__free(run->mem, p);
            if (rc == RTQ_END) /* it wants none of those behind either */
                rtq__run_drop_pending(q);
        }
        if (!q->first && q->sink_waits)
            watch_sink(q, false);
    }
    return full ? RTQ_AGAIN : RTQ_OK;
}

static int flush_stream(rtq__run_query *q, rtq_sink *s, void *stream)
{
    uint64_t durable = 0;
    int rc;

    if (!s || !s->vtable->flush)
        return RTQ_OK;
    rc = s->vtable->flush(stream, &durable, sink_user(s));
    if (rc < 0)
        rtq__run_note(q->run, RTQ_NOTE_SINK, rc, q->id, 0, 0, "the sink of query '%s' could not flush: %s", q->name,
                      s->error && s->error(s->user) ? s->error(s->user) : rtq_strerror(rc));
    return rc;
}

int rtq__run_flush_sink(rtq__run_query *q)
{
    bool again = flush_stream(q, q->sink, q->stream) == RTQ_AGAIN,
         errors = flush_stream(q, q->errors, q->errors_stream) == RTQ_AGAIN;

    if (q->sink && !q->first)
        watch_sink(q, again);
    return again || errors ? RTQ_AGAIN : RTQ_OK;
}

int rtq__run_flush_sinks(rtq_run *run)
{
    bool again = false;

    for (size_t i = 0; i < run->n_queries; i++)
        if (run->queries[i]->open)
            again |= rtq__run_flush_sink(run->queries[i]) == RTQ_AGAIN;
    return again ? RTQ_AGAIN : RTQ_OK;
}
