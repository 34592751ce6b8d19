/* run_apply.c - committed changes take effect: sources start, pipes open, each source gets its new demand. One re-plan a commit. */
#include "exec/run.h"

static rtq__run_query *query_by_id(rtq_run *run, uint64_t id)
{
    for (size_t i = 0; i < run->n_queries; i++)
        if (run->queries[i]->id == id)
            return run->queries[i];
    return NULL;
}

/* Stands for a table that is not there, so that the query hears when it comes back. */
static rtq__host_table *no_table(rtq_run *run, const char *name)
{
    rtq__host_table *t = rtq__calloc(run->mem, 1, sizeof *t);

    if (!t)
        return NULL;
    atomic_init(&t->refs, 1);
    t->mem = rtq__mem_ref(run->mem);
    rtq__arena_init(&t->arena, run->mem, 0);
    if (!(t->table.name = rtq__arena_strndup(&t->arena, name, strlen(name)))) {
        rtq__host_table_unref(t);
        return NULL;
    }
    return t;
}

static int column_of(const rtq__table *t, const rtq__table_col *col)
{
    for (uint32_t i = 0; i < t->n_cols; i++)
        if (t->cols[i].kind == col->kind && strcmp(t->cols[i].name, col->name) == 0)
            return (int)i;
    return -1;
}

/* The batches of a table as those of another definition of it: columns by name and type, NULL where there is none such. The list and
 * all it points to is one block. */
static rtq__batch **list_batches(rtq__mem *mem, const rtq__host_table *t, const rtq__table *as)
{
    size_t per_batch = sizeof(rtq__batch *) + sizeof(rtq__batch) + as->n_cols * sizeof(rtq__vec *);
    rtq__batch **list = rtq__calloc(mem, t->n_batches + 1u, per_batch), *views;
    rtq__vec **cols;

    if (!list)
        return NULL;
    views = (rtq__batch *)(void *)(list + t->n_batches + 1);
    cols = (rtq__vec **)(void *)(views + t->n_batches);
    for (uint32_t i = 0; i < t->n_batches; i++, cols += as->n_cols) {
        const rtq__batch *from = rtq__owned_batch_get(t->batches[i]);
        views[i] = *from;
        views[i].cols = cols;
        views[i].n_cols = as->n_cols;
        for (uint32_t c = 0; c < as->n_cols; c++) {
            int k = column_of(&t->table, &as->cols[c]);
            cols[c] = k < 0 ? NULL : from->cols[k];
        }
        list[i] = &views[i];
    }
    return list;
}

static int pipe_host_table(void *ctx, const rtq__table *table, rtq__batch *const **batches, uint32_t *n_batches)
{
    rtq__run_query *q = ctx;
    rtq_run *run = q->run;
    rtq__host_table *t = rtq__env_table(run->env, table->name), **tables;
    rtq__batch ***lists, **list;

    if (!t && !(t = no_table(run, table->name))) /* dropped since the compile: no rows, until it is set again */
        return RTQ_ERR_NOMEM;
    tables = rtq__realloc(run->mem, q->host_tables, (q->n_host_tables + 1) * sizeof(rtq__host_table *));
    if (tables)
        q->host_tables = tables;
    lists = rtq__realloc(run->mem, q->host_batches, (q->n_host_tables + 1) * sizeof(rtq__batch **));
    if (lists)
        q->host_batches = lists;
    list = list_batches(run->mem, t, table);
    if (!tables || !lists || !list) {
        rtq__free(run->mem, list);
        rtq__host_table_unref(t);
        return RTQ_ERR_NOMEM;
    }
    q->host_tables[q->n_host_tables] = t;
    q->host_batches[q->n_host_tables++] = list;
    *batches = list;
    *n_batches = t->n_batches;
    return RTQ_OK;
}

static void drop_host_table(rtq_run *run, rtq__run_query *q, uint32_t i)
{
    rtq__free(run->mem, q->host_batches[i]);
    rtq__host_table_unref(q->host_tables[i]);
    q->n_host_tables--; /* order is kept: those that the reload added stay behind the old ones */
    memmove(&q->host_batches[i], &q->host_batches[i + 1], (q->n_host_tables - i) * sizeof *q->host_batches);
    memmove(&q->host_tables[i], &q->host_tables[i + 1], (q->n_host_tables - i) * sizeof *q->host_tables);
}

/* Queries whose reference tables were replaced since their last step. */
static void reload_query(rtq_run *run, rtq__run_query *q)
{
    uint32_t n_old = q->n_host_tables;

    for (uint32_t i = 0, k = 0; k < n_old && !q->done; k++) {
        rtq__host_table *old = q->host_tables[i], *now = rtq__env_table(run->env, old->table.name);
        int rc;
        if (now == old) {
            rtq__host_table_unref(now);
            i++;
            continue;
        }
        rtq__host_table_unref(now);
        rc = rtq__pipe_reload(q->pipe, old->table.name);
        if (rc == RTQ_END)
            q->done = true;
        if (rc < 0) {
            q->done = q->dead = true;
            rtq__run_note(run, RTQ_NOTE_QUERY, rc, q->id, 0, 0, "query '%s' ended when table '%s' was replaced: %s",
                          q->name, old->table.name, rtq__pipe_error(q->pipe));
        }
        drop_host_table(run, q, i); /* the state has copies */
    }
}

void rtq__run_reload(rtq_run *run)
{
    uint64_t version = atomic_load(&run->env->table_version);

    if (version == run->table_version)
        return;
    run->table_version = version;
    for (size_t i = 0; i < run->n_queries; i++)
        if (run->queries[i]->pipe && run->queries[i]->started)
            reload_query(run, run->queries[i]);
}

static void close_pipe(rtq_run *run, rtq__run_query *q)
{
    rtq__pipe_close(q->pipe);
    q->pipe = NULL;
    for (uint32_t i = 0; i < q->n_host_tables; i++) {
        rtq__free(run->mem, q->host_batches[i]);
        rtq__host_table_unref(q->host_tables[i]);
    }
    rtq__free(run->mem, q->host_batches);
    rtq__free(run->mem, q->host_tables);
    q->host_tables = NULL;
    q->host_batches = NULL;
    q->n_host_tables = 0;
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
        .ctx = q, .rows = rtq__run_rows, .host_table = pipe_host_table, .external = rtq__run_external};
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

/* The query stays, dead, and the others go on. Only a lack of memory ends the run. */
static int could_not_start(rtq_run *run, rtq__run_query *q, size_t before, int rc)
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
        return could_not_start(run, q, before, rc);
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
    return could_not_start(run, q, before, rc);
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

static uint64_t rejected(const rtq_run *run, const rtq__binding *b)
{
    return rtq__run_counts(run->sources[b->source])->filtered - b->base_filtered;
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
                q->frozen_filtered += rejected(run, from);
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

/* ---- the re-plan ------------------------------------------------------------------------------------------------------- */

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
            q->frozen_filtered += rejected(run, &old[i]);
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
    return rc < 0 ? could_not_start(run, q, before, rc) : RTQ_OK;
}

static int replan(rtq_run *run, rtq_diag *diag)
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
    if (rc == RTQ_OK && (rc = replan(run, diag)) == RTQ_OK && (rc = rtq__run_render(run)) == RTQ_OK)
        rtq__run_note(run, RTQ_NOTE_APPLIED, RTQ_OK, 0, 0, 0, "changes applied");
    return rc;
}
