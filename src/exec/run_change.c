/* run_change.c - what any thread may ask of a run: checked at once, applied together between two steps. */
#include "exec/run.h"
#include <stdio.h>

void rtq__change_free(rtq_run *run, rtq__change *c)
{
    rtq__source_unref(c->source);
    rtq_query_free(c->query);
    rtq_sink_free(c->sink);
    rtq_sink_free(c->errors);
    rtq__free(run->mem, c->name);
    rtq__free(run->mem, c);
}

static rtq__entry *find(rtq_run *run, uint64_t id)
{
    for (size_t i = 0; i < run->n_entries; i++)
        if (run->entries[i].id == id)
            return &run->entries[i];
    return NULL;
}

/* Which source table a plan's table means: by name; the only table of the only source stands for a name nobody knows. */
static const rtq__table *table_for(rtq_run *run, const rtq__plan_table *t, uint32_t n_read)
{
    const rtq__table *only = NULL;
    size_t n = 0;

    for (size_t i = 0; i < run->n_entries; i++) {
        const rtq__src *src = run->entries[i].source ? run->entries[i].source->src : NULL;
        for (uint32_t k = 0; src && k < src->n_tables; k++, n++) {
            only = &src->tables[k];
            if (strcmp(src->tables[k].name, t->table->name) == 0)
                return &src->tables[k];
        }
    }
    return n == 1 && n_read == 1 && t->table->open ? only : NULL;
}

/* A query compiled against other tables of the same name must not read past what this source has. */
static int check_columns(const rtq__plan_table *t, const rtq__table *table, rtq_diag *diag)
{
    for (uint32_t i = 0; i < t->n_wants; i++) {
        const rtq__plan_want *w = &t->wants[i];
        const rtq__table_col *col = NULL;
        if (w->flags & RTQ__WANT_REST && !table->open)
            return rtq__diag_add(diag, RTQ_ERR_SEMANTIC, RTQ__SEV_ERROR, 0, 0,
                                 "the query reads whole records of '%s', whose schema is closed here", table->name);
        if (w->flags & RTQ__WANT_REST)
            continue;
        for (uint32_t k = 0; k < table->n_cols && !col; k++)
            if (strcmp(table->cols[k].path ? table->cols[k].path : table->cols[k].name, w->path) == 0)
                col = &table->cols[k];
        if (col && w->kind != RTQ_UNKNOWN && col->kind != w->kind)
            return rtq__diag_add(diag, RTQ_ERR_SEMANTIC, RTQ__SEV_ERROR, 0, 0,
                                 "column '%s' of table '%s' is %s here, the query was compiled for %s", w->path,
                                 table->name, rtq__kind_name(col->kind), rtq__kind_name(w->kind));
        if (!col && !table->open && !strpbrk(w->path, ".["))
            return rtq__diag_add(diag, RTQ_ERR_SEMANTIC, RTQ__SEV_ERROR, 0, 0, "table '%s' has no column '%s' here",
                                 table->name, w->path);
    }
    return RTQ_OK;
}

static int check_query(rtq_run *run, const rtq_query *query, rtq_diag *diag)
{
    const rtq__plan *plan = query->plan;
    const rtq__fn *missing = query->bound->missing.fn;
    uint32_t n_read = 0;
    int rc;

    if (missing) {
        rtq__diag_set_text(diag, query->text, strlen(query->text));
        return rtq__diag_add(diag, RTQ_ERR_UNSUPPORTED, RTQ__SEV_ERROR, query->bound->missing.begin,
                             query->bound->missing.end, "%s() needs data that the host has not given: '%s'",
                             missing->name, rtq__host_data_of(missing->name));
    }
    for (uint32_t i = 0; i < plan->n_tables; i++)
        n_read += plan->tables[i].n_scans != 0;
    for (uint32_t i = 0; i < plan->n_tables; i++) {
        const rtq__table *t;
        if (!plan->tables[i].n_scans)
            continue;
        if (!(t = table_for(run, &plan->tables[i], n_read)))
            return rtq__diag_add(diag, RTQ_ERR_SEMANTIC, RTQ__SEV_ERROR, 0, 0, "no source of this run has a table '%s'",
                                 plan->tables[i].table->name);
        if ((rc = check_columns(&plan->tables[i], t, diag)) < 0)
            return rc;
    }
    return RTQ_OK;
}

/* The queries that are there must be able to read what a further source gives under the name of their table. */
static int check_source(rtq_run *run, const rtq_source *source, rtq_diag *diag)
{
    int rc;

    for (size_t i = 0; i < run->n_entries; i++) {
        const rtq__plan *plan = run->entries[i].query ? run->entries[i].query->plan : NULL;
        for (uint32_t t = 0; plan && t < plan->n_tables; t++)
            for (uint32_t k = 0; plan->tables[t].n_scans && k < source->src->n_tables; k++)
                if (strcmp(plan->tables[t].table->name, source->src->tables[k].name) == 0 &&
                    (rc = check_columns(&plan->tables[t], &source->src->tables[k], diag)) < 0)
                    return rc;
    }
    return RTQ_OK;
}

static int check_name(rtq_run *run, rtq__change *c, rtq_diag *diag)
{
    char automatic[32];

    if (!c->name || !c->name[0]) {
        rtq__free(run->mem, c->name);
        snprintf(automatic, sizeof automatic, "q%llu", (unsigned long long)c->id);
        if (!(c->name = rtq__strndup(run->mem, automatic, strlen(automatic))))
            return RTQ_ERR_NOMEM;
    }
    for (size_t i = 0; i < run->n_entries; i++)
        if (run->entries[i].name && strcmp(run->entries[i].name, c->name) == 0)
            return rtq__diag_add(diag, RTQ_ERR_ARG, RTQ__SEV_ERROR, 0, 0, "the run has a query named '%s' already",
                                 c->name);
    return RTQ_OK;
}

static int add_entry(rtq_run *run, rtq__change *c)
{
    int rc = rtq__grow(run->mem, &run->entries, &run->cap_entries, run->n_entries + 1, sizeof *run->entries);
    rtq__entry *e;

    if (rc < 0)
        return rc;
    e = &run->entries[run->n_entries];
    memset(e, 0, sizeof *e);
    e->id = c->id;
    e->source = c->source;
    e->query = c->query;
    e->sink = c->sink;
    if (c->name && !(e->name = rtq__strndup(run->mem, c->name, strlen(c->name))))
        return RTQ_ERR_NOMEM;
    run->n_entries++;
    return RTQ_OK;
}

static void remove_entry(rtq_run *run, rtq__entry *e)
{
    rtq__free(run->mem, e->name);
    *e = run->entries[--run->n_entries];
}

static int check(rtq_run *run, rtq__change *c, rtq_diag *diag)
{
    rtq__entry *e;
    uint32_t attached = 0;
    int rc;

    if (run->ended || run->dead)
        return rtq__diag_add(diag, RTQ_ERR_STATE, RTQ__SEV_ERROR, 0, 0, "the run has ended");
    switch (c->what) {
    case RTQ__CHANGE_ADD_SOURCE:
        if (!atomic_compare_exchange_strong(&c->source->attached, &attached, 1))
            return rtq__diag_add(diag, RTQ_ERR_STATE, RTQ__SEV_ERROR, 0, 0, "the source belongs to a run already");
        c->id = ++run->next_id;
        if ((rc = check_source(run, c->source, diag)) < 0 || (rc = add_entry(run, c)) < 0)
            atomic_store(&c->source->attached, 0);
        return rc;
    case RTQ__CHANGE_ADD_QUERY:
        c->id = ++run->next_id;
        if ((rc = check_name(run, c, diag)) < 0 || (rc = check_query(run, c->query, diag)) < 0)
            return rc;
        return add_entry(run, c);
    case RTQ__CHANGE_REPLACE:
        if (!(e = find(run, c->id)) || e->source)
            return rtq__diag_add(diag, RTQ_ERR_ARG, RTQ__SEV_ERROR, 0, 0, "the run has no query %llu",
                                 (unsigned long long)c->id);
        if ((rc = check_query(run, c->query, diag)) == RTQ_OK)
            e->query = c->query;
        return rc;
    default:
        if (!(e = find(run, c->id)))
            return RTQ_ERR_ARG;
        remove_entry(run, e);
        return RTQ_OK;
    }
}

int rtq__run_change(rtq_run *run, rtq__change *c, uint64_t *id, rtq_diag *diag)
{
    int rc;

    rtq__mutex_lock(&run->lock);
    if ((rc = check(run, c, diag)) == RTQ_OK) {
        *id = c->id; /* once in the list, the step may take it at any moment */
        *run->tail = c;
        run->tail = &c->next;
    }
    rtq__mutex_unlock(&run->lock);
    if (rc < 0)
        rtq__change_free(run, c);
    return rc;
}

void rtq__run_commit(rtq_run *run)
{
    rtq__mutex_lock(&run->lock);
    if (run->changes) { /* behind what an earlier commit left and no step has taken yet */
        rtq__change **end = &run->committed;
        while (*end)
            end = &(*end)->next;
        *end = run->changes;
        run->changes = NULL;
        run->tail = &run->changes;
    }
    atomic_store(&run->commit, true); /* under the lock, as the step clears it when it takes the list */
    rtq__mutex_unlock(&run->lock);
    rtq__waiter_wake(&run->waiter);
}

const rtq_query *rtq__run_query_of(rtq_run *run, const rtq_sink *sink)
{
    const rtq_query *found = NULL;
    unsigned n = 0;

    rtq__mutex_lock(&run->lock);
    for (size_t i = 0; i < run->n_entries; i++)
        if (run->entries[i].sink == sink && run->entries[i].query) {
            found = run->entries[i].query;
            n++;
        }
    rtq__mutex_unlock(&run->lock);
    return n == 1 && found->n_results == 1 ? found : NULL;
}

rtq_run *rtq__run_ref(rtq_run *run)
{
    atomic_fetch_add_explicit(&run->refs, 1, memory_order_relaxed);
    return run;
}
