/* tables.c - reference tables of the host: copied, swapped as a whole, read by references. */
#include "api/api.h"
#include "value/column.h"

static rtq__host_table *host_table_ref(rtq__host_table *t)
{
    atomic_fetch_add_explicit(&t->refs, 1, memory_order_relaxed);
    return t;
}

void rtq__host_table_unref(rtq__host_table *t)
{
    rtq__mem *mem;

    if (!t || atomic_fetch_sub_explicit(&t->refs, 1, memory_order_acq_rel) != 1)
        return;
    mem = t->mem;
    for (uint32_t i = 0; i < t->n_batches; i++)
        rtq__owned_batch_free(t->batches[i]);
    rtq__free(mem, t->batches);
    rtq__arena_free(&t->arena);
    rtq__free(mem, t);
    rtq__mem_unref(mem);
}

rtq__host_table *rtq__env_table(rtq_env *env, const char *name)
{
    rtq__host_table *found = NULL;

    rtq__mutex_lock(&env->lock);
    for (size_t i = 0; i < env->n_tables && !found; i++)
        if (strcmp(env->tables[i]->table.name, name) == 0)
            found = host_table_ref(env->tables[i]);
    rtq__mutex_unlock(&env->lock);
    return found;
}

static int copy_rows(rtq__host_table *t, const rtq_column *columns, size_t n_rows, rtq_diag *diag)
{
    uint32_t n_cols = t->table.n_cols;
    rtq__arena scratch;
    int rc = RTQ_OK;

    rtq__arena_init(&scratch, t->mem, 0);
    t->batches = rtq__calloc(t->mem, n_rows / RTQ__ROWS + 1, sizeof *t->batches);
    if (!t->batches)
        rc = RTQ_ERR_NOMEM;
    for (size_t at = 0; at < n_rows && rc == RTQ_OK; at += RTQ__ROWS) {
        uint32_t n = n_rows - at < RTQ__ROWS ? (uint32_t)(n_rows - at) : RTQ__ROWS;
        rtq__batch b = {0};
        b.n = b.n_sel = n;
        b.n_cols = n_cols;
        rtq__arena_reset(&scratch);
        if (!(b.cols = rtq__arena_zalloc(&scratch, (n_cols + 1) * sizeof *b.cols))) {
            rc = RTQ_ERR_NOMEM;
            break;
        }
        for (uint32_t c = 0; c < n_cols && rc == RTQ_OK; c++)
            rc = rtq__vec_from_column(&b.cols[c], &scratch, &columns[c], at, n, t->table.cols[c].kind,
                                      t->table.cols[c].name, NULL, diag);
        if (rc == RTQ_OK && (rc = rtq__batch_copy(&t->batches[t->n_batches], t->mem, &b)) == RTQ_OK)
            t->n_batches++;
    }
    rtq__arena_free(&scratch);
    return rc;
}

static int new_table(rtq__host_table **out, rtq_env *env, const char *name, const char *schema,
                     const rtq_column *columns, size_t n_columns, size_t n_rows, rtq_diag *diag)
{
    rtq__host_table *t = rtq__calloc(env->mem, 1, sizeof *t);
    rtq__ast_list list;
    int rc;

    if (!t)
        return RTQ_ERR_NOMEM;
    atomic_init(&t->refs, 1);
    t->mem = rtq__mem_ref(env->mem);
    rtq__arena_init(&t->arena, env->mem, 0);
    rtq__diag_set_text(diag, schema, strlen(schema));
    if ((rc = rtq__parse_schema(&list, &t->arena, schema, strlen(schema), diag)) < 0 ||
        (rc = rtq__table_from_schema(&t->table, &t->arena, name, strlen(name), &list, diag)) < 0)
        rc = rc == RTQ_ERR_SYNTAX ? RTQ_ERR_ARG : rc;
    else if (t->table.open)
        rc = rtq__diag_add(diag, RTQ_ERR_ARG, RTQ__SEV_ERROR, 0, strlen(schema),
                           "table '%s': a reference table cannot be open", name);
    else if (t->table.n_cols != n_columns)
        rc = rtq__diag_add(diag, RTQ_ERR_ARG, RTQ__SEV_ERROR, 0, strlen(schema),
                           "table '%s': the schema has %u columns, %zu were given", name, (unsigned)t->table.n_cols,
                           n_columns);
    else
        rc = copy_rows(t, columns, n_rows, diag);
    if (rc < 0) {
        rtq__host_table_unref(t);
        t = NULL;
    }
    *out = t;
    return rc;
}

int rtq_env_set_table(rtq_env *env, const char *name, const char *schema, const rtq_column *columns, size_t n_columns,
                      size_t n_rows, rtq_diag **diag)
{
    rtq__host_table *t = NULL, *old = NULL;
    rtq_diag *d;
    size_t i;
    int rc = RTQ_OK;

    if (!env || !name || !name[0] || (schema && n_columns && !columns))
        return rtq__bad_argument(diag, env);
    d = rtq__diag_begin(diag, env->mem);
    if (schema && (rc = new_table(&t, env, name, schema, columns, n_columns, n_rows, d)) < 0)
        return rc;
    rtq__mutex_lock(&env->lock);
    for (i = 0; i < env->n_tables && strcmp(env->tables[i]->table.name, name) != 0; i++)
        ;
    if (i < env->n_tables)
        old = env->tables[i];
    if (t && !old) {
        rc = rtq__grow(env->mem, &env->tables, &env->cap_tables, env->n_tables + 1, sizeof *env->tables);
        if (rc == RTQ_OK)
            env->n_tables++;
    }
    if (rc == RTQ_OK) {
        if (t) {
            t->version = ++env->table_version;
            env->tables[i] = t;
            t = NULL;
        } else if (old) {
            ++env->table_version;
            env->tables[i] = env->tables[--env->n_tables];
        }
    } else {
        old = NULL;
    }
    rtq__mutex_unlock(&env->lock);
    rtq__host_table_unref(old);
    rtq__host_table_unref(t);
    return rc;
}
