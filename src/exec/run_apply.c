/* run_apply.c - committed changes take effect: sources and queries come, are replaced and go; then one re-plan (run_plan.c). */
#include "exec/run.h"

static rtq__run_query *query_by_id(rtq_run *run, uint64_t id)
{
    for (size_t i = 0; i < run->n_queries; i++)
        if (run->queries[i]->id == id)
            return run->queries[i];
    return NULL;
}

static void close_pipe(rtq_run *run, rtq__run_query *q)
{
    rtq__pipe_close(q->pipe);
    q->pipe = NULL;
    rtq__run_drop_tables(run, q);
}

static bool unbounded(const rtq_run *run)
{
    for (size_t i = 0; i < run->n_sources; i++)
        if (!run->sources[i]->src->bounded)
            return true;
    return false;
}

static int open_pipe(rtq_run *run, rtq__run_query *q)
{
    rtq__pipe_options options = {q->query->max_state_bytes ? q->query->max_state_bytes : run->options.max_state_bytes,
                                 unbounded(run)};

    q->host = (rtq__pipe_host){
        .ctx = q, .rows = rtq__run_rows, .host_table = rtq__run_table, .external = rtq__run_external};
    return rtq__pipe_open(&q->pipe, run->mem, q->query->plan, &run->eval, &q->host, &options);
}

static int add_source(rtq_run *run, rtq__change *c)
{
    rtq__run_source *s = rtq__calloc(run->mem, 1, sizeof *s);

    if (!s || rtq__grow(run->mem, &run->sources, &run->cap_sources, run->n_sources + 1, sizeof *run->sources) < 0) {
        rtq__free(run->mem, s);
        return RTQ_ERR_NOMEM;
    }
    s->id = c->id;
    s->source = c->source;
    c->source = NULL;
    s->src = s->source->src;
    s->handle = -1;
    run->sources[run->n_sources++] = s;
    return RTQ_OK;
}

int rtq__run_could_not_start(rtq_run *run, rtq__run_query *q, size_t before, int rc)
{
    const char *why = q->pipe ? rtq__pipe_error(q->pipe) : NULL;

    if (rtq_diag_count(run->diag) > before || !why) /* what was in the way: a sink, a file, a format */
        why = rtq__run_why(run, before, rc);
    q->done = q->dead = true;
    rtq__run_note(run, RTQ_NOTE_QUERY, rc, q->id, 0, 0, "query '%s' could not start: %s", q->name, why);
    return rc == RTQ_ERR_NOMEM ? rc : RTQ_OK;
}

static int add_query(rtq_run *run, rtq__change *c, rtq_diag *diag)
{
    rtq__run_query *q = rtq__calloc(run->mem, 1, sizeof *q);
    size_t before = rtq_diag_count(diag);
    int rc = RTQ_ERR_NOMEM;

    if (!q || rtq__grow(run->mem, &run->queries, &run->cap_queries, run->n_queries + 1, sizeof *run->queries) < 0)
        goto out;
    q->id = c->id;
    q->run = run;
    q->query = c->query;
    q->sink = c->sink;
    q->errors = c->errors;
    q->name = c->name;
    q->max_errors = c->max_errors;
    q->watermark = INT64_MIN;
    q->sink_handle = -1;
    c->query = NULL;
    c->sink = c->errors = NULL;
    c->name = NULL;
    run->queries[run->n_queries++] = q;
    run->had_query = true;
    if ((rc = rtq__run_open_sink(q, diag)) < 0 || (rc = open_pipe(run, q)) < 0)
        return rtq__run_could_not_start(run, q, before, rc);
    return RTQ_OK;
out:
    rtq__free(run->mem, q);
    return rc;
}

/* What the pipe counted joins what earlier pipes of the query did; rows that it still held are dropped. */
static void freeze(rtq__run_query *q)
{
    rtq__pipe_stats p = {0};

    if (q->pipe)
        rtq__pipe_stats_get(&p, q->pipe);
    q->frozen.in += p.in;
    q->frozen.used += p.used;
    q->frozen.filtered += p.filtered;
    q->frozen.late += p.late;
    q->frozen.errored += p.errored;
    q->frozen.dropped += p.dropped + p.pending;
    q->frozen.out += p.out;
}

static int replace_query(rtq_run *run, rtq__change *c, rtq_diag *diag)
{
    rtq__run_query *q = query_by_id(run, c->id);
    size_t before = rtq_diag_count(diag);
    const rtq_query *old;
    rtq_query *swap;
    bool same;
    int rc;

    if (!q)
        return RTQ_OK; /* ended or removed in between */
    old = q->query;
    same = old->n_results == c->query->n_results;
    for (uint32_t r = 0; same && r < old->n_results; r++) {
        const rtq__out_schema *a = old->schemas[r], *b = c->query->schemas[r];
        same = a->n == b->n;
        for (uint32_t i = 0; same && i < a->n; i++)
            same = a->cols[i].kind == b->cols[i].kind && strcmp(a->cols[i].name, b->cols[i].name) == 0;
    }
    q->generation += !same;
    freeze(q); /* counts go on, state starts empty */
    close_pipe(run, q);
    swap = q->query;
    q->query = c->query;
    c->query = swap;
    q->done = q->dead = q->started = q->finished = q->waits = q->again = false;
    if ((rc = q->open ? RTQ_OK : rtq__run_open_sink(q, diag)) == RTQ_OK && (rc = open_pipe(run, q)) == RTQ_OK)
        return RTQ_OK;
    return rtq__run_could_not_start(run, q, before, rc);
}

void rtq__run_close_query(rtq_run *run, rtq__run_query *q)
{
    if (q->open)
        rtq__run_flush_sink(q);
    rtq__run_close_sink(q);
    close_pipe(run, q);
    rtq__run_drop_pending(q);
    rtq_query_free(q->query);
    rtq_sink_free(q->sink);
    rtq_sink_free(q->errors);
    rtq__free(run->mem, q->bindings);
    rtq__free(run->mem, q->name);
    rtq__free(run->mem, q);
}

void rtq__run_close_source(rtq_run *run, rtq__run_source *s)
{
    rtq__run_detach(run, s);
    rtq__demand_free(s->old);
    rtq__demand_free(s->demand);
    rtq__source_unref(s->source);
    rtq__free(run->mem, s);
}

/* For its queries a removed source has ended: a table that is bound to nothing any more is one. */
static void remove_source(rtq_run *run, size_t index)
{
    for (size_t i = 0; i < run->n_queries; i++) {
        rtq__run_query *q = run->queries[i];
        uint32_t n = 0;
        for (uint32_t b = 0; b < q->n_bindings; b++) {
            rtq__binding *from = &q->bindings[b];
            if (from->source == index) {
                q->frozen_filtered += rtq__run_rejected(run, from);
                rtq__run_forbid_again(run, q);
                continue;
            }
            q->bindings[n] = *from;
            q->bindings[n++].source -= from->source > index;
        }
        q->n_bindings = n;
    }
    rtq__run_detach(run, run->sources[index]);
    rtq__run_removed_source(run, run->sources[index]);
    rtq__run_close_source(run, run->sources[index]);
    memmove(&run->sources[index], &run->sources[index + 1], (run->n_sources - index - 1) * sizeof *run->sources);
    run->n_sources--;
}

static void remove_query(rtq_run *run, rtq__run_query *q)
{
    uint64_t n = q->sink_stats.pending;

    rtq__run_removed_query(run, q);
    if (n)
        rtq__run_note(run, RTQ_NOTE_LOSS, RTQ_OK, q->id, 0, n,
                      "query '%s' was removed while %llu rows waited for its sink", q->name, (unsigned long long)n);
    rtq__run_close_query(run, q);
}

static void remove_one(rtq_run *run, uint64_t id)
{
    for (size_t i = 0; i < run->n_queries; i++)
        if (run->queries[i]->id == id) {
            remove_query(run, run->queries[i]);
            memmove(&run->queries[i], &run->queries[i + 1], (run->n_queries - i - 1) * sizeof *run->queries);
            run->n_queries--;
            return;
        }
    for (size_t i = 0; i < run->n_sources; i++)
        if (run->sources[i]->id == id) {
            remove_source(run, i);
            return;
        }
}

int rtq__run_apply(rtq_run *run, rtq_diag *diag)
{
    rtq__change *list, *c;
    int rc = RTQ_OK;

    rtq__mutex_lock(&run->lock);
    list = run->committed;
    run->committed = NULL;
    atomic_store(&run->commit, false);
    rtq__mutex_unlock(&run->lock);
    if (!list)
        return RTQ_OK;
    while ((c = list) != NULL) {
        list = c->next;
        if (rc == RTQ_OK)
            switch (c->what) {
            case RTQ__CHANGE_ADD_SOURCE: rc = add_source(run, c); break;
            case RTQ__CHANGE_ADD_QUERY: rc = add_query(run, c, diag); break;
            case RTQ__CHANGE_REPLACE: rc = replace_query(run, c, diag); break;
            default: remove_one(run, c->id); break;
            }
        rtq__change_free(run, c);
    }
    if (rc == RTQ_OK && (rc = rtq__run_replan(run, diag)) == RTQ_OK && (rc = rtq__run_render(run)) == RTQ_OK)
        rtq__run_note(run, RTQ_NOTE_APPLIED, RTQ_OK, 0, 0, 0, "changes applied");
    return rc;
}
