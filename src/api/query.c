/* query.c - compiling: text -> syntax tree -> typed tree -> plan. */
#include "api/api.h"
#include "plan/plan.h"

/* What the compile gathers before it binds. */
struct inputs {
    const rtq__table **tables;
    uint32_t n_tables;
    rtq__host_table **host;
    const rtq__table **host_tables;
    uint32_t n_host;
    const rtq__fn **functions;
    uint32_t n_functions;
    const rtq__ast **library;
    uint32_t n_library;
};

static int add_table(struct inputs *in, rtq__arena *a, const rtq__table *table)
{
    rtq__table *copy = rtq__arena_alloc(a, sizeof *copy);
    if (!copy || rtq__table_copy(copy, a, table) < 0)
        return RTQ_ERR_NOMEM;
    in->tables[in->n_tables++] = copy;
    return RTQ_OK;
}

/* Tables of the sources (one of several with the same name) and declared ones, copied: a query outlives its sources. */
static int gather_tables(struct inputs *in, rtq_query *q, const rtq_query_options *o, rtq_diag *diag)
{
    rtq__ast_list declared = {0};
    uint32_t n_given;
    size_t n = 0;
    int rc;

    for (size_t i = 0; i < o->n_sources; i++)
        n += o->sources[i]->src->n_tables;
    if (o->tables) {
        rtq__diag_set_text(diag, o->tables, strlen(o->tables));
        if ((rc = rtq__parse_tables(&declared, &q->arena, o->tables, strlen(o->tables), diag)) < 0)
            return rc == RTQ_ERR_SYNTAX ? RTQ_ERR_ARG : rc;
        n += declared.n;
    }
    if (!(in->tables = rtq__arena_alloc(&q->arena, (n + 1) * sizeof *in->tables)))
        return RTQ_ERR_NOMEM;
    for (size_t i = 0; i < o->n_sources; i++)
        for (uint32_t k = 0; k < o->sources[i]->src->n_tables; k++) {
            const rtq__table *t = &o->sources[i]->src->tables[k];
            bool known = false;
            for (uint32_t j = 0; j < in->n_tables; j++)
                known |= strcmp(in->tables[j]->name, t->name) == 0;
            if (!known && (rc = add_table(in, &q->arena, t)) < 0)
                return rc;
        }
    n_given = in->n_tables;
    for
        RTQ__AST_EACH(item, declared)
        {
            rtq__table t;
            for (uint32_t j = n_given; j < in->n_tables; j++)
                if (strcmp(in->tables[j]->name, item->column.name.ptr) == 0)
                    return rtq__diag_add(diag, RTQ_ERR_ARG, RTQ__SEV_ERROR, item->begin, item->end,
                                         "there is a table '%s' already", in->tables[j]->name);
            if ((rc = rtq__table_from_schema(&t, &q->arena, item->column.name.ptr, item->column.name.len,
                                             &item->column.schema, diag)) < 0 ||
                (rc = add_table(in, &q->arena, &t)) < 0)
                return rc;
        }
    return RTQ_OK;
}

static int gather_env(struct inputs *in, rtq_query *q)
{
    rtq_env *env = q->env;
    int rc = RTQ_ERR_NOMEM;

    rtq__mutex_lock(&env->lock);
    env->compiled = true;
    in->functions = rtq__arena_alloc(&q->arena, (env->n_functions + env->n_data + 1) * sizeof *in->functions);
    in->host_tables = rtq__arena_alloc(&q->arena, (env->n_tables + 1) * sizeof *in->host_tables);
    if (!in->functions || !in->host_tables)
        goto out;
    for (size_t i = 0; i < env->n_functions; i++)
        in->functions[in->n_functions++] = &env->functions[i]->base.fn;
    for (size_t i = 0; i < env->n_data; i++)
        in->functions[in->n_functions++] = &env->data[i].fn;
    for (size_t i = 0; i < env->n_tables; i++) {
        rtq__table *copy = rtq__arena_alloc(&q->arena, sizeof *copy);
        if (!copy || rtq__table_copy(copy, &q->arena, &env->tables[i]->table) < 0)
            goto out;
        in->host_tables[in->n_host++] = copy;
    }
    rc = RTQ_OK;
out:
    rtq__mutex_unlock(&env->lock);
    return rc;
}

static int gather_library(struct inputs *in, rtq_query *q, const rtq_query_options *o, const rtq_script *own)
{
    uint32_t n = (o->library ? o->library->n_functions : 0) + (own && own != o->library ? own->n_functions : 0);

    if (!(in->library = rtq__arena_alloc(&q->arena, (n + 1) * sizeof *in->library)))
        return RTQ_ERR_NOMEM;
    if (own && own != o->library)
        for (uint32_t i = 0; i < own->n_functions; i++)
            in->library[in->n_library++] = own->functions[i];
    for (uint32_t i = 0; o->library && i < o->library->n_functions; i++)
        in->library[in->n_library++] = o->library->functions[i];
    return RTQ_OK;
}

/* Result schemas as hosts see them. */
static int make_schemas(rtq_query *q)
{
    q->n_results = q->bound->n_results;
    if (!(q->schemas = rtq__arena_zalloc(&q->arena, q->n_results * sizeof *q->schemas)))
        return RTQ_ERR_NOMEM;
    for (uint32_t i = 0; i < q->n_results; i++) {
        const rtq__result *r = &q->bound->results[i];
        rtq_column_def *cols = rtq__arena_zalloc(&q->arena, (r->n_cols + 1) * sizeof *cols);
        if (!cols)
            return RTQ_ERR_NOMEM;
        for (uint32_t k = 0; k < r->n_cols; k++) {
            cols[k].name = r->names[k];
            cols[k].kind = r->cols[k]->kind;
            cols[k].flags = (r->cols[k]->flags & RTQ__COL_REST ? (uint32_t)RTQ_COLUMN_REST : 0) |
                            (r->cols[k]->flags & RTQ__COL_TIME ? (uint32_t)RTQ_COLUMN_TIME : 0);
        }
        if (!(q->schemas[i] = rtq__out_schema_new(q->env->mem, cols, r->n_cols)))
            return RTQ_ERR_NOMEM;
    }
    return RTQ_OK;
}

static int compile(rtq_query *q, const char *text, size_t len, const rtq_query_options *o, const rtq_script *own,
                   rtq_diag *diag)
{
    struct inputs in = {0};
    rtq__catalog catalog;
    rtq__ast_query *ast;
    int rc;

    if ((rc = gather_tables(&in, q, o, diag)) < 0 || (rc = gather_env(&in, q)) < 0 ||
        (rc = gather_library(&in, q, o, own)) < 0)
        return rc;
    memset(&catalog, 0, sizeof catalog);
    catalog.tables = in.tables;
    catalog.n_tables = in.n_tables;
    catalog.any_table = o->n_sources == 0 && !o->tables;
    catalog.host_tables = in.host_tables;
    catalog.n_host_tables = in.n_host;
    catalog.host_functions = in.functions;
    catalog.n_host_functions = in.n_functions;
    catalog.library = in.library;
    catalog.n_library = in.n_library;
    catalog.parameters = o->parameters;
    catalog.n_parameters = (uint32_t)o->n_parameters;
    catalog.single_source = o->n_sources == 1;
    rtq__diag_set_text(diag, text, len);
    if (!(q->text = rtq__arena_strndup(&q->arena, text, len)))
        return RTQ_ERR_NOMEM;
    if ((rc = rtq__parse(&ast, &q->arena, text, len, diag)) < 0 ||
        (rc = rtq__bind(&q->bound, q->env->mem, ast, &catalog, diag)) < 0 ||
        (rc = rtq__plan_new(&q->plan, q->env->mem, q->bound, NULL, diag)) < 0)
        return rc;
    return make_schemas(q);
}

static int read_options(rtq_query_options *o, const rtq_query_options *options, rtq_env *env, rtq_diag *diag)
{
    memset(o, 0, sizeof *o);
    if ((options && !rtq__struct_read(o, sizeof *o, options)) || (o->n_sources && !o->sources) ||
        (o->n_parameters && !o->parameters) || o->emit > RTQ_EMIT_CORRECTIONS || o->reserved)
        return rtq__diag_add(diag, RTQ_ERR_ARG, RTQ__SEV_ERROR, 0, 0, "invalid query options");
    for (size_t i = 0; i < o->n_parameters; i++)
        if (!o->parameters[i].key || !o->parameters[i].value)
            return rtq__diag_add(diag, RTQ_ERR_ARG, RTQ__SEV_ERROR, 0, 0, "parameter %zu has no name or no value", i);
    for (size_t i = 0; i < o->n_sources; i++)
        if (!o->sources[i] || o->sources[i]->env != env)
            return rtq__diag_add(diag, RTQ_ERR_ARG, RTQ__SEV_ERROR, 0, 0,
                                 "source %zu is NULL or belongs to another environment", i);
    if (o->library && o->library->env != env)
        return rtq__diag_add(diag, RTQ_ERR_ARG, RTQ__SEV_ERROR, 0, 0, "the library belongs to another environment");
    if (o->emit != RTQ_EMIT_FINAL)
        return rtq__diag_add(diag, RTQ_ERR_UNSUPPORTED, RTQ__SEV_ERROR, 0, 0, "only RTQ_EMIT_FINAL is built in");
    return RTQ_OK;
}

int rtq__query_new(rtq_query **out, rtq_env *env, const char *text, size_t len, const char *name, size_t name_len,
                   const rtq_query_options *options, const rtq_script *own, rtq_diag **diag)
{
    rtq_query_options o;
    rtq_query *q;
    rtq_diag *d = rtq__diag_begin(diag, env->mem);
    int rc = read_options(&o, options, env, d);

    if (rc < 0)
        return rc;
    if (!(q = rtq__calloc(env->mem, 1, sizeof *q)))
        return RTQ_ERR_NOMEM;
    atomic_init(&q->refs, 1);
    q->env = rtq__env_ref(env);
    q->max_state_bytes = o.max_state_bytes;
    rtq__arena_init(&q->arena, env->mem, 2048);
    q->name = rtq__arena_strndup(&q->arena, name ? name : "", name_len);
    rc = q->name ? compile(q, text, len, &o, own, d) : RTQ_ERR_NOMEM;
    if (rc < 0) {
        rtq_query_free(q);
        return rc;
    }
    *out = q;
    return RTQ_OK;
}

int rtq_query_compile(rtq_query **out, rtq_env *env, const char *kql, size_t len, const rtq_query_options *options,
                      rtq_diag **diag)
{
    if (out)
        *out = NULL;
    if (!out || !env || !kql)
        return rtq__bad_argument(diag, env);
    return rtq__query_new(out, env, kql, len == RTQ_NTS ? strlen(kql) : len, NULL, 0, options, NULL, diag);
}

rtq_query *rtq__query_ref(rtq_query *query)
{
    atomic_fetch_add_explicit(&query->refs, 1, memory_order_relaxed);
    return query;
}

void rtq_query_free(rtq_query *query)
{
    rtq_env *env;

    if (!query || atomic_fetch_sub_explicit(&query->refs, 1, memory_order_acq_rel) != 1)
        return;
    env = query->env;
    for (uint32_t i = 0; query->schemas && i < query->n_results; i++)
        rtq__out_schema_unref(query->schemas[i]);
    rtq__plan_free(query->plan);
    if (query->bound)
        rtq__bound_free(query->bound);
    rtq__arena_free(&query->arena);
    rtq__free(env->mem, query);
    rtq_env_free(env);
}

const char *rtq_query_name(const rtq_query *query)
{
    return query ? query->name : "";
}
size_t rtq_query_n_results(const rtq_query *query)
{
    return query ? query->n_results : 0;
}
size_t rtq_query_n_columns(const rtq_query *query, size_t result)
{
    return query && result < query->n_results ? query->schemas[result]->n : 0;
}

int rtq_query_column(rtq_column_def *out, const rtq_query *query, size_t result, size_t index)
{
    if (!out || !query || result >= query->n_results || index >= query->schemas[result]->n)
        return RTQ_ERR_ARG;
    *out = query->schemas[result]->cols[index];
    return RTQ_OK;
}

int rtq_query_explain(rtq_blob **out, const rtq_query *query, int as_json)
{
    rtq__buf buf;
    int rc;

    if (!out || !query)
        return RTQ_ERR_ARG;
    rtq__buf_init(&buf, query->env->mem);
    if ((rc = rtq__plan_explain(&buf, query->plan, as_json != 0)) == RTQ_OK)
        rc = rtq__blob_set(out, &buf);
    rtq__buf_free(&buf);
    return rc;
}
