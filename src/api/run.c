/* run.c - the run's public functions: argument checks in front of exec/run_*.c. */
#include "api/api.h"
#include "exec/run.h"

int rtq_run_new(rtq_run **out, rtq_env *env, const rtq_run_options *options)
{
    rtq_run_options o = {0};
    rtq_run *run;
    int rc;

    if (out)
        *out = NULL;
    if (!out || !env ||
        (options && (!rtq__struct_read(&o, sizeof o, options) ||
                     o.flags & ~(uint32_t)(RTQ_RUN_CLOCK_WALL | RTQ_RUN_EXTERNAL_FILES))))
        return RTQ_ERR_ARG;
    if (!(run = rtq__calloc(env->mem, 1, sizeof *run)))
        return RTQ_ERR_NOMEM;
    run->options = o;
    if (run->options.step_rows == 0)
        run->options.step_rows = 65536;
    atomic_init(&run->refs, 1);
    run->tail = &run->changes;
    run->mem = env->mem;
    if ((rc = rtq__waiter_init(&run->waiter)) < 0 || rtq__mutex_init(&run->lock) != 0) {
        rtq__free(env->mem, run);
        return rc < 0 ? rc : RTQ_ERR_NOMEM;
    }
    run->env = rtq__env_ref(env);
    rtq__arena_init(&run->scratch, run->mem, 256 << 10);
    rtq__out_init(&run->lent, run->mem);
    if ((rc = rtq__eval_init(&run->eval, run->mem, &run->scratch)) < 0) {
        rtq_run_free(run);
        return rc;
    }
    *out = run;
    return RTQ_OK;
}

static void free_changes(rtq_run *run, rtq__change *c)
{
    while (c) {
        rtq__change *next = c->next;
        rtq__change_free(run, c);
        c = next;
    }
}

void rtq_run_free(rtq_run *run)
{
    uint32_t before;
    rtq_env *env;

    if (!run)
        return;
    before = atomic_fetch_sub_explicit(&run->refs, 1, memory_order_acq_rel);
    if (before == 2 &&
        atomic_load(&run->stepping)) /* in a callback: only the step has it now, which then ends at once */
        atomic_store(&run->stop, RTQ_STOP_CANCEL);
    if (before != 1)
        return;
    env = run->env;
    for (size_t i = 0; i < run->n_queries; i++)
        rtq__run_close_query(run, run->queries[i]);
    for (size_t i = 0; i < run->n_sources; i++)
        rtq__run_close_source(run, run->sources[i]);
    free_changes(run, run->changes);
    free_changes(run, run->committed);
    for (size_t i = 0; i < run->n_entries; i++)
        rtq__free(run->mem, run->entries[i].name);
    rtq__free(run->mem, run->entries);
    rtq__free(run->mem, run->published);
    rtq__free(run->mem, run->queries);
    rtq__free(run->mem, run->sources);
    rtq__buf_free(&run->explained[0]);
    rtq__buf_free(&run->explained[1]);
    rtq__out_free(&run->lent);
    rtq__eval_free(&run->eval);
    rtq_diag_free(run->own_diag);
    rtq__arena_free(&run->scratch);
    rtq__waiter_free(&run->waiter);
    rtq__mutex_destroy(&run->lock);
    rtq__free(env->mem, run);
    rtq_env_free(env);
}

static int change(rtq_run *run, const rtq__change *what, const char *name, uint64_t *id, rtq_diag **diag)
{
    rtq_diag *d = rtq__diag_begin(diag, run->mem);
    rtq__change *c = rtq__alloc(run->mem, sizeof *c);
    uint64_t new_id = 0;
    int rc;

    if (!c)
        return RTQ_ERR_NOMEM;
    *c = *what;
    if (c->source)
        rtq__source_ref(c->source);
    if (c->query)
        rtq__query_ref(c->query);
    if (c->sink)
        rtq__sink_ref(c->sink);
    if (c->errors)
        rtq__sink_ref(c->errors);
    if (name && !(c->name = rtq__strndup(run->mem, name, strlen(name)))) {
        rtq__change_free(run, c);
        return RTQ_ERR_NOMEM;
    }
    if ((rc = rtq__run_change(run, c, &new_id, d)) == RTQ_OK && id)
        *id = new_id;
    return rc;
}

static int foreign(rtq_run *run, rtq_diag **diag)
{
    return rtq__diag_add(rtq__diag_begin(diag, run->mem), RTQ_ERR_ARG, RTQ__SEV_ERROR, 0, 0,
                         "it belongs to another environment than the run");
}

int rtq_run_add_source(uint64_t *id, rtq_run *run, rtq_source *source, rtq_diag **diag)
{
    rtq__change c = {.what = RTQ__CHANGE_ADD_SOURCE, .source = source};

    if (!run || !source)
        return rtq__bad_argument(diag, run ? run->env : NULL);
    return source->env == run->env ? change(run, &c, NULL, id, diag) : foreign(run, diag);
}

int rtq_run_add_query(uint64_t *id, rtq_run *run, rtq_query *query, rtq_sink *sink, const rtq_attach_options *options,
                      rtq_diag **diag)
{
    rtq__change c = {.what = RTQ__CHANGE_ADD_QUERY, .query = query, .sink = sink};
    rtq_attach_options o = {0};

    if (!run || !query || (options && (!rtq__struct_read(&o, sizeof o, options) || o.flags)))
        return rtq__bad_argument(diag, run ? run->env : NULL);
    if (query->env != run->env || (sink && sink->env != run->env) || (o.errors && o.errors->env != run->env) ||
        (o.late && o.late->env != run->env))
        return foreign(run, diag);
    if (o.every_ticks || o.over_ticks)
        return rtq__diag_add(rtq__diag_begin(diag, run->mem), RTQ_ERR_UNSUPPORTED, RTQ__SEV_ERROR, 0, 0,
                             "scheduled queries do not run yet");
    if (o.late)
        return rtq__diag_add(rtq__diag_begin(diag, run->mem), RTQ_ERR_UNSUPPORTED, RTQ__SEV_ERROR, 0, 0,
                             "late rows are counted, but cannot go to a sink yet");
    c.errors = o.errors;
    c.max_errors = o.max_errors;
    return change(run, &c, o.name && o.name[0] ? o.name : rtq_query_name(query), id, diag);
}

int rtq_run_replace_query(rtq_run *run, uint64_t id, rtq_query *query, rtq_diag **diag)
{
    rtq__change c = {.what = RTQ__CHANGE_REPLACE, .id = id, .query = query};

    if (!run || !query)
        return rtq__bad_argument(diag, run ? run->env : NULL);
    return query->env == run->env ? change(run, &c, NULL, NULL, diag) : foreign(run, diag);
}

int rtq_run_remove(rtq_run *run, uint64_t id)
{
    rtq__change c = {.what = RTQ__CHANGE_REMOVE, .id = id};
    return run && id ? change(run, &c, NULL, NULL, NULL) : RTQ_ERR_ARG;
}

int rtq_run_commit(rtq_run *run)
{
    if (!run)
        return RTQ_ERR_ARG;
    rtq__run_commit(run);
    return RTQ_OK;
}

int rtq_run_step(rtq_run *run, const rtq_clock *clock, rtq_diag **diag)
{
    int rc;

    if (!run)
        return rtq__bad_argument(diag, NULL);
    rtq__run_ref(run); /* a callback may free the run */
    rc = rtq__run_step(run, clock, rtq__diag_begin(diag, run->mem));
    if (atomic_load(&run->refs) == 1)
        rc = RTQ_END;
    rtq_run_free(run);
    return rc;
}

intptr_t rtq_run_handle(const rtq_run *run)
{
    return run ? rtq__waiter_handle(&run->waiter) : -1;
}

int64_t rtq_run_timeout_ns(const rtq_run *run, const rtq_clock *clock)
{
    rtq_clock now = {0, 0};

    if (!run)
        return 0;
    if (!clock) {
        now.wall_ticks = rtq__clock_wall_ticks();
        now.mono_ns = rtq__clock_mono_ns();
        clock = &now;
    }
    return rtq__run_timeout(run, clock);
}

int rtq_run_wait(rtq_run *run, int64_t max_ns)
{
    int64_t ns;

    if (!run)
        return RTQ_ERR_ARG;
    ns = rtq_run_timeout_ns(run, NULL);
    if (ns < 0 || (max_ns >= 0 && max_ns < ns))
        ns = max_ns;
    return rtq__waiter_wait(&run->waiter, ns);
}

int rtq_run_all(rtq_run *run, rtq_diag **diag)
{
    int rc;

    if (!run)
        return rtq__bad_argument(diag, NULL);
    while ((rc = rtq_run_step(run, NULL, diag)) != RTQ_END) {
        if (rc < 0)
            return rc;
        if (rc == RTQ_AGAIN && (rc = rtq_run_wait(run, -1)) < 0)
            return rc;
    }
    return RTQ_END;
}

void rtq_run_stop(rtq_run *run, int mode)
{
    int old;

    if (!run || mode < RTQ_STOP_DRAIN || mode > RTQ_STOP_CANCEL)
        return;
    old = atomic_load(&run->stop);
    while (old < mode &&
           !atomic_compare_exchange_weak(&run->stop, &old, mode)) /* a stop is never taken back by a weaker one */
        ;
    rtq__waiter_wake(&run->waiter);
}

static int no_checkpoints(rtq_run *run, rtq_diag **diag)
{
    return rtq__diag_add(rtq__diag_begin(diag, run->mem), RTQ_ERR_UNSUPPORTED, RTQ__SEV_ERROR, 0, 0,
                         "checkpoints are not built in yet");
}

int rtq_run_save(rtq_blob **out, rtq_run *run, rtq_diag **diag)
{
    if (!out || !run)
        return rtq__bad_argument(diag, run ? run->env : NULL);
    return no_checkpoints(run, diag);
}

int rtq_run_load(rtq_run *run, const void *data, size_t len, rtq_diag **diag)
{
    (void)len;
    if (!run || !data)
        return rtq__bad_argument(diag, run ? run->env : NULL);
    return no_checkpoints(run, diag);
}

int rtq_run_stats(rtq_stats *out, const rtq_run *run, int what, uint64_t id)
{
    if (!out || !run || out->size < sizeof out->size || what < RTQ_STAT_SOURCE || what > RTQ_STAT_SINK)
        return RTQ_ERR_ARG;
    return rtq__run_stats(out, run, what, id);
}

static int text(rtq_blob **out, rtq_run *run, int (*fill)(rtq__buf *, const rtq_run *, bool), bool flag)
{
    rtq__buf buf;
    int rc;

    rtq__buf_init(&buf, run->mem);
    if ((rc = fill(&buf, run, flag)) == RTQ_OK)
        rc = rtq__blob_set(out, &buf);
    rtq__buf_free(&buf);
    return rc;
}

static int stats_text(rtq__buf *buf, const rtq_run *run, bool flag)
{
    (void)flag;
    return rtq__run_stats_json(buf, run);
}

int rtq_run_explain(rtq_blob **out, const rtq_run *run, int as_json)
{
    return out && run ? text(out, (rtq_run *)(uintptr_t)run, rtq__run_explain, as_json != 0) : RTQ_ERR_ARG;
}

int rtq_run_stats_json(rtq_blob **out, const rtq_run *run)
{
    return out && run ? text(out, (rtq_run *)(uintptr_t)run, stats_text, false) : RTQ_ERR_ARG;
}
