/* bind.c - entry of the binder: statements, query parameters, results. */
#include "kql/bind_private.h"

/* ---- query parameters ---- */

static const char *given(const rtq__binder *b, const char *name)
{
    for (uint32_t i = 0; i < b->catalog->n_parameters; i++)
        if (strcmp(b->catalog->parameters[i].key, name) == 0)
            return b->catalog->parameters[i].value;
    return NULL;
}

static rtq__expr *parameter_value(rtq__binder *b, const rtq__ast *param, const char *text)
{
    rtq__ctx none = {.env = NULL};
    uint32_t kind = param->column.type;
    rtq__ast *literal = NULL;
    if (kind == RTQ_STRING && text[0] != '"' && text[0] != '\'')
        return rtq__expr_text(b, text, strlen(text), param);
    int rc = rtq__parse_literal(&literal, &b->work, text, strlen(text), NULL);
    if (rc == RTQ_ERR_NOMEM)
        rtq__bind_fail(b, rc);
    rtq__expr *e = rc == RTQ_OK ? rtq__bind_expr(b, &none, literal) : rtq__expr_text(b, text, strlen(text), param);
    if (rtq__expr_is_broken(e) || !kind || e->kind == kind)
        return e;
    rtq__expr *converted = rtq__bind_cast(b, e, kind, param);
    rtq__cell cell;
    if (!rtq__expr_is_broken(converted) && rtq__expr_constant(b, converted, &cell) && cell.is_null)
        rtq__bind_error(b, param, "the value given for parameter '%s' is no %s: %s", param->column.name.ptr,
                        rtq__kind_text(kind), text);
    return converted;
}

static const rtq__env *bind_query_parameters(rtq__binder *b, const rtq__env *env, const rtq__ast *statement)
{
    for (const rtq__ast *param = statement->list.first; param; param = param->next) {
        const char *text = given(b, param->column.name.ptr);
        rtq__ctx none = {.env = NULL};
        rtq__value value = {.how = RTQ__VALUE_SCALAR};
        if (text) {
            value.scalar = parameter_value(b, param, text);
        } else if (param->column.default_value) {
            value.scalar = rtq__bind_expr(b, &none, param->column.default_value);
            if (param->column.type)
                (void)rtq__bind_expect(b, &value.scalar, param->column.type, param->column.default_value,
                                       "the default value");
        } else {
            rtq__bind_error(b, param, "no value is given for parameter '%s'", param->column.name.ptr);
            value.scalar = rtq__expr_null(b, param->column.type ? param->column.type : RTQ_STRING, param);
        }
        if (rtq__expr_is_broken(value.scalar))
            value.how = RTQ__VALUE_BROKEN;
        env = rtq__env_add(b, env, param->column.name.ptr, &value);
    }
    return env;
}

/* ---- results ---- */

static void add_result(rtq__binder *b, const rtq__tab *tab, const rtq__ast *at)
{
    rtq__bound *bound = b->bound;
    if (tab->broken)
        return;
    rtq__result *results = rtq__bind_alloc(b, bound->n_results + 1, sizeof *results);
    if (bound->n_results)
        memcpy(results, bound->results, bound->n_results * sizeof *results);
    bound->results = results;
    rtq__result *r = &results[bound->n_results++];
    rtq__expr *rest = rtq__tab_rest(b, tab, at);
    r->rel = tab->rel;
    r->cols = rtq__bind_alloc(b, tab->n + 1, sizeof *r->cols);
    r->names = rtq__bind_alloc(b, tab->n + 1, sizeof *r->names);
    for (uint32_t i = 0; i < tab->n; i++) {
        r->cols[i] = rtq__vcol_col(b, tab->cols[i].col);
        r->names[i] = strcmp(r->cols[i]->name, tab->cols[i].name) == 0 ? r->cols[i]->name
                                                                       : rtq__bind_name(b, tab->cols[i].name);
    }
    r->n_cols = tab->n;
    if (rest && !rtq__expr_is_broken(rest)) {
        rtq__col *col = rest->op == RTQ__E_COL ? bound->cols[rest->col] : NULL;
        if (!col || !(col->flags & RTQ__COL_REST)) {
            rtq__rel *rel = rtq__rel_new(b, RTQ__R_EXTEND, at, tab->rel, NULL);
            rel->serialized = tab->serialized;
            rest = rtq__bind_cast(b, rest, RTQ_DYNAMIC, at);
            col = rtq__col_new(b, rel, "_rest", RTQ_DYNAMIC, RTQ__COL_REST);
            col->expr = rest;
            rel->u.defs.n = 1;
            rel->u.defs.defs = rtq__bind_alloc(b, 1, sizeof(rtq__def));
            rel->u.defs.defs[0] = (rtq__def){col, rest};
            r->rel = rel;
        }
        r->cols[r->n_cols] = col;
        r->names[r->n_cols++] = "_rest";
    }
    r->chart = tab->chart ? rtq__bind_name(b, tab->chart) : NULL;
    r->name = tab->name ? rtq__bind_name(b, tab->name) : NULL;
}

static const rtq__env *bind_statement(rtq__binder *b, const rtq__env *env, const rtq__ast *statement)
{
    rtq__ctx ctx = {.env = env};
    switch (statement->kind) {
    case RTQ__AST_LET: return rtq__bind_let(b, env, statement);
    case RTQ__AST_QUERY_PARAMETERS: return bind_query_parameters(b, env, statement);
    case RTQ__AST_SET: return env; /* request properties steer Kusto's service */
    case RTQ__AST_CREATE_FUNCTION: {
        rtq__value value = {.how = RTQ__VALUE_FUNCTION, .function = statement->create_function.function, .env = env};
        return rtq__env_add(b, env, statement->create_function.name.ptr, &value);
    }
    case RTQ__AST_PATTERN: rtq__bind_refuse(b, statement, "declare pattern", "it is not built yet"); return env;
    case RTQ__AST_ALIAS: rtq__bind_refuse(b, statement, "alias database", "there are no databases here"); return env;
    case RTQ__AST_RESTRICT:
        rtq__bind_refuse(b, statement, "restrict access", "a query sees what it is given");
        return env;
    case RTQ__AST_ERROR: b->n_errors++; return env;
    default: add_result(b, rtq__bind_table(b, &ctx, statement), statement); return env;
    }
}

static void bind_statements(rtq__binder *b)
{
    const rtq__env *env = NULL;
    for (const rtq__ast *statement = b->query->statements.first; statement; statement = statement->next)
        env = bind_statement(b, env, statement);
}

/* Everything that may leave through b->fail. */
static void bind_all(rtq__binder *b)
{
    if (setjmp(b->fail) != 0)
        return;
    bind_statements(b);
    if (b->n_errors == 0 && b->n_unsupported == 0)
        rtq__bind_finish(b);
}

int rtq__bind(rtq__bound **out, rtq__mem *mem, const rtq__ast_query *query, const rtq__catalog *catalog, rtq_diag *diag)
{
    *out = NULL;
    rtq__bound *bound = rtq__calloc(mem, 1, sizeof *bound);
    rtq__binder *b = rtq__calloc(mem, 1, sizeof *b);
    int rc = RTQ_ERR_NOMEM;
    if (!bound || !b)
        goto out;
    rtq__arena_init(&bound->arena, mem, 4096);
    rtq__arena_init(&b->work, mem, 0);
    b->bound = bound;
    b->mem = mem;
    b->catalog = catalog;
    b->query = query;
    b->diag = diag;
    b->next_column = 1;
    b->broken_tab.broken = true;
    bind_all(b);
    rc = b->fail_code ? b->fail_code : b->n_errors ? RTQ_ERR_SEMANTIC : b->n_unsupported ? RTQ_ERR_UNSUPPORTED : RTQ_OK;
    rtq__dyn_builder_free(b->builder);
    rtq__arena_free(&b->work);
    if (rc == RTQ_OK) {
        *out = bound;
        bound = NULL;
    }
out:
    if (b)
        rtq__bound_free(bound);
    else
        rtq__free(mem, bound);
    rtq__free(mem, b);
    return rc;
}

void rtq__bound_free(rtq__bound *bound)
{
    if (!bound)
        return;
    rtq__mem *mem = bound->arena.mem;
    rtq__arena_free(&bound->arena);
    rtq__free(mem, bound);
}
