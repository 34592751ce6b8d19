/* run_plan.c - the re-plan after changes: queries are bound to tables of sources, each source gets its new demand, what is new starts. */
#include "exec/run.h"

uint64_t rtq__run_rejected(const rtq_run *run, const rtq__binding *b)
{
    return rtq__run_counts(run->sources[b->source])->filtered - b->base_filtered;
}

static bool is_bound(const rtq__binding *list, uint32_t n, const rtq__binding *b)
{
    for (uint32_t i = 0; i < n; i++)
        if (list[i].source == b->source && list[i].source_table == b->source_table &&
            list[i].plan_table == b->plan_table)
            return true;
    return false;
}

static int bind_query(rtq_run *run, rtq__run_query *q)
{
    const rtq__plan *plan = q->query->plan;
    rtq__binding *old = q->bindings;
    uint32_t n_old = q->n_bindings, n = 0, n_read = 0, n_source_tables = 0;

    for (uint32_t t = 0; t < plan->n_tables; t++)
        n_read += plan->tables[t].n_scans != 0;
    for (size_t s = 0; s < run->n_sources; s++)
        n_source_tables += run->sources[s]->src->n_tables;
    if (!(q->bindings = rtq__calloc(run->mem, (size_t)plan->n_tables * n_source_tables + 1, sizeof *q->bindings))) {
        q->bindings = old;
        return RTQ_ERR_NOMEM;
    }
    for (uint32_t t = 0; t < plan->n_tables; t++)
        for (size_t s = 0; plan->tables[t].n_scans && s < run->n_sources; s++)
            for (uint32_t k = 0; k < run->sources[s]->src->n_tables; k++) {
                rtq__binding *b = &q->bindings[n];
                bool only = n_source_tables == 1 && n_read == 1 && plan->tables[t].table->open;
                if (strcmp(run->sources[s]->src->tables[k].name, plan->tables[t].table->name) != 0 && !only)
                    continue;
                b->source = (uint32_t)s;
                b->source_table = k;
                b->plan_table = t;
                b->base_filtered = rtq__run_counts(run->sources[s])->filtered;
                for (uint32_t i = 0; i < n_old; i++)
                    if (old[i].source == s && old[i].source_table == k && old[i].plan_table == t)
                        b->base_filtered = old[i].base_filtered;
                n++;
            }
    for (uint32_t i = 0; i < n_old; i++)
        if (!is_bound(q->bindings, n, &old[i]))
            q->frozen_filtered += rtq__run_rejected(run, &old[i]);
    q->n_bindings = n;
    rtq__free(run->mem, old);
    return RTQ_OK;
}

static bool needs_watermark(const rtq_run *run, size_t source)
{
    for (size_t i = 0; i < run->n_queries; i++)
        for (uint32_t b = 0; b < run->queries[i]->n_bindings; b++)
            if (run->queries[i]->bindings[b].source == source &&
                run->queries[i]->query->plan->modes & RTQ__MODE_WINDOWED)
                return true;
    return false;
}

int rtq__run_plan_source(rtq_run *run, size_t index)
{
    rtq__run_source *s = run->sources[index];
    rtq__reader *readers = NULL;
    uint8_t *time = NULL;
    uint32_t n = 0, cap = 1;
    int rc = RTQ_ERR_NOMEM;

    for (size_t i = 0; i < run->n_queries; i++)
        cap += run->queries[i]->n_bindings;
    readers = rtq__calloc(run->mem, cap, sizeof *readers);
    time = rtq__calloc(run->mem, s->src->n_tables + 1, 1);
    if (!readers || !time)
        goto out;
    for (uint32_t t = 0; t < s->src->n_tables; t++)
        if (!s->src->bounded && needs_watermark(run, index))
            time[t] = RTQ__WANT_TIME | RTQ__WANT_ALL_ROWS;
    for (size_t i = 0; i < run->n_queries; i++) {
        rtq__run_query *q = run->queries[i];
        for (uint32_t b = 0; b < q->n_bindings && !q->done && q->again == s->again; b++)
            if (q->bindings[b].source == index) {
                q->bindings[b].reader = UINT32_MAX;
                if (!rtq__pipe_wants(q->pipe, q->bindings[b].plan_table))
                    continue;
                readers[n].plan = q->query->plan;
                readers[n].nodes = rtq__pipe_reading(q->pipe);
                readers[n].table = q->bindings[b].plan_table;
                readers[n].source_table = q->bindings[b].source_table;
                q->bindings[b].reader = n++;
            }
    }
    rtq__demand_free(s->old);
    s->old = s->demand; /* the batch lent out may still point into it */
    s->demand = NULL;
    if ((rc = rtq__demand_new(&s->demand, run->mem, s->src->tables, s->src->n_tables, readers, n, time, ++run->epoch)) <
        0)
        goto out;
    if ((rc = s->src->cls->plan(s->src, s->demand)) < 0) {
        rtq__diag_add(run->diag, rc, RTQ__SEV_ERROR, 0, 0, "source '%s' cannot plan: %s", s->src->cls->kind,
                      rtq_strerror(rc));
        goto out;
    }
    rtq__demand_settle(s->demand);
out:
    rtq__free(run->mem, readers);
    rtq__free(run->mem, time);
    return rc;
}

static void on_source_notice(rtq__src *src, int code, uint64_t count, const char *message)
{
    rtq_run *run = src->notice_ctx;
    uint64_t id = 0;

    for (size_t i = 0; i < run->n_sources; i++) {
        if (run->sources[i]->src != src)
            continue;
        if (run->sources[i]->again && code == RTQ_ERR_DATA)
            return; /* was said in the first reading */
        id = run->sources[i]->id;
    }
    rtq__run_note(run, RTQ_NOTE_SOURCE, code, 0, id, count, "%s", message);
}

static void start_source(rtq_run *run, rtq__run_source *s, rtq_diag *diag)
{
    size_t before = rtq_diag_count(diag);
    int rc;

    s->src->notice = on_source_notice;
    s->src->notice_ctx = run;
    if (s->src->cls->attach)
        s->src->cls->attach(s->src, rtq__run_wake, run);
    s->started = true;
    if ((rc = s->src->cls->start(s->src, NULL, 0, diag)) < 0) {
        s->ended = s->dead = true;
        rtq__run_note(run, RTQ_NOTE_SOURCE, rc, 0, s->id, 0, "source '%s' did not start: %s", s->src->cls->kind,
                      rtq__run_why(run, before, rc));
        return;
    }
    s->handle = s->src->cls->handle ? s->src->cls->handle(s->src) : -1;
    rtq__run_watch_source(run, s, true);
}

static int start_query(rtq_run *run, rtq__run_query *q, rtq_diag *diag)
{
    size_t before = rtq_diag_count(diag);
    int rc;

    q->started = true;
    rtq__run_allow_again(run, q);
    run->eval.clock_ticks = run->clock.wall_ticks;
    rc = rtq__pipe_start(q->pipe, diag);
    rtq__run_tell_failed(run, q);
    if (rc == RTQ_END)
        q->done = true;
    return rc < 0 ? rtq__run_could_not_start(run, q, before, rc) : RTQ_OK;
}

int rtq__run_replan(rtq_run *run, rtq_diag *diag)
{
    int rc;

    rtq__run_check_again(run);
    for (size_t i = 0; i < run->n_queries; i++)
        if (!run->queries[i]->waits && !run->queries[i]->again && (rc = bind_query(run, run->queries[i])) < 0)
            return rc;
    for (size_t i = 0; i < run->n_sources; i++) {
        if (run->sources[i]->ended)
            continue;
        if ((rc = rtq__run_plan_source(run, i)) < 0)
            return rc;
        if (!run->sources[i]->started)
            start_source(run, run->sources[i], diag);
    }
    for (size_t i = 0; i < run->n_queries; i++)
        if (!run->queries[i]->started && !run->queries[i]->dead && (rc = start_query(run, run->queries[i], diag)) < 0)
            return rc;
    return RTQ_OK;
}
