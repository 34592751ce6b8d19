/* run_tables.c - the reference tables that a query reads: found for its pipe, kept while it reads them, replaced between steps. */
#include "exec/run.h"

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

int rtq__run_table(void *ctx, const rtq__table *table, rtq__batch *const **batches, uint32_t *n_batches)
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

void rtq__run_drop_tables(rtq_run *run, rtq__run_query *q)
{
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
