/* bind_value.c - what names and calls stand for: columns, variables, tables, functions. */
#include "kql/bind_private.h"

const rtq__env *rtq__env_find(const rtq__env *env, const char *name)
{
    for (; env; env = env->up)
        if (strcmp(env->name, name) == 0)
            return env;
    return NULL;
}

const rtq__env *rtq__env_add(rtq__binder *b, const rtq__env *up, const char *name, const rtq__value *value)
{
    rtq__env *env = rtq__bind_work(b, 1, sizeof *env);
    env->up = up;
    env->name = name;
    env->value = *value;
    env->value.name = name;
    env->value.level = b->level;
    return env;
}

static rtq__value broken_value(void)
{
    return (rtq__value){.how = RTQ__VALUE_BROKEN};
}
static rtq__value scalar_value(rtq__expr *e)
{
    return (rtq__value){.how = rtq__expr_is_broken(e) ? RTQ__VALUE_BROKEN : RTQ__VALUE_SCALAR, .scalar = e};
}
static rtq__value table_value(const rtq__tab *tab)
{
    return (rtq__value){.how = RTQ__VALUE_TABLE, .tab = tab};
}

/* ---- messages ---- */

/* Who asks for TargetUserName of an event log means a member. */
static const char *first_bag(const rtq__tab *row)
{
    for (uint32_t i = 0; row && i < row->n; i++)
        if (row->cols[i].col->kind == RTQ_DYNAMIC)
            return row->cols[i].name;
    return NULL;
}

void rtq__bind_unknown_name(rtq__binder *b, const rtq__ctx *ctx, const rtq__ast_name *name, const char *what)
{
    rtq__nearest nearest;
    rtq__nearest_init(&nearest, name->ptr, name->len);
    const rtq__tab *tabs[2] = {ctx->row, ctx->right};
    for (int t = 0; t < 2; t++) {
        for (uint32_t i = 0; tabs[t] && i < tabs[t]->n; i++)
            rtq__nearest_try(&nearest, tabs[t]->cols[i].name, strlen(tabs[t]->cols[i].name));
        for (uint32_t i = 0; tabs[t] && i < tabs[t]->n_hidden; i++)
            rtq__nearest_try(&nearest, tabs[t]->hidden[i].name, strlen(tabs[t]->hidden[i].name));
    }
    for (const rtq__env *env = ctx->env; env; env = env->up)
        rtq__nearest_try(&nearest, env->name, strlen(env->name));
    const rtq__catalog *c = b->catalog;
    for (uint32_t i = 0; !ctx->row && i < c->n_tables; i++)
        rtq__nearest_try(&nearest, c->tables[i]->name, strlen(c->tables[i]->name));
    for (uint32_t i = 0; !ctx->row && i < c->n_host_tables; i++)
        rtq__nearest_try(&nearest, c->host_tables[i]->name, strlen(c->host_tables[i]->name));
    for (uint32_t i = 0; !ctx->row && i < c->n_library; i++)
        rtq__nearest_try(&nearest, c->library[i]->create_function.name.ptr, c->library[i]->create_function.name.len);
    rtq__bind_error_at(b, name->begin, name->end, "there is no %s named '%s'", what, name->ptr);
    const char *best = rtq__nearest_get(&nearest), *bag = first_bag(ctx->row);
    if (best)
        rtq__diag_hint(b->diag, "did you mean '%s'?", best);
    else if (bag)
        rtq__diag_hint(b->diag, "a member of a dynamic column is written like %s.%s", bag, name->ptr);
}

/* ---- tables ---- */

static const rtq__table *open_table(rtq__binder *b, const char *name)
{
    for (uint32_t i = 0; i < b->n_reads; i++)
        if (strcmp(b->reads[i].table->name, name) == 0)
            return b->reads[i].table;
    rtq__table *table = rtq__bind_alloc(b, 1, sizeof *table);
    table->name = rtq__bind_name(b, name);
    table->time_col = -1;
    table->open = true;
    return table;
}

static rtq__value known_table(rtq__binder *b, const char *name, const rtq__ast *at)
{
    const rtq__catalog *c = b->catalog;
    for (uint32_t i = 0; i < c->n_tables; i++)
        if (strcmp(c->tables[i]->name, name) == 0)
            return table_value(rtq__bind_scan(b, c->tables[i], false, at));
    for (uint32_t i = 0; i < c->n_host_tables; i++)
        if (strcmp(c->host_tables[i]->name, name) == 0)
            return table_value(rtq__bind_scan(b, c->host_tables[i], true, at));
    return (rtq__value){0};
}

static const rtq__ast *library_function(const rtq__binder *b, const char *name)
{
    for (uint32_t i = 0; i < b->catalog->n_library; i++)
        if (strcmp(b->catalog->library[i]->create_function.name.ptr, name) == 0)
            return b->catalog->library[i]->create_function.function;
    return NULL;
}

static rtq__value last_resort(rtq__binder *b, const char *name, const rtq__ast *at)
{
    const rtq__catalog *c = b->catalog;
    if (c->any_table)
        return table_value(rtq__bind_scan(b, open_table(b, name), false, at));
    if (!c->single_source || c->n_tables != 1)
        return (rtq__value){0};
    if (b->the_unknown && strcmp(b->the_unknown, name) != 0)
        return (rtq__value){0}; /* a second one: neither can be meant */
    b->the_unknown = name;
    return table_value(rtq__bind_scan(b, c->tables[0], false, at));
}

static rtq__value bind_table_name(rtq__binder *b, const rtq__env *env, const char *name, const rtq__ast *at)
{
    const rtq__env *var = rtq__env_find(env, name);
    if (var && var->value.how == RTQ__VALUE_TABLE)
        return table_value(rtq__bind_ref(b, var->value.tab, at));
    rtq__value value = known_table(b, name, at);
    const rtq__ast *function = value.how ? NULL : library_function(b, name);
    if (function && rtq__bind_callable_bare(function)) {
        rtq__ctx ctx = {.env = NULL};
        value = (rtq__value){.how = RTQ__VALUE_FUNCTION, .function = function, .name = name, .library = true};
        return rtq__bind_inline(b, &ctx, &value, NULL, NULL, at);
    }
    return value.how ? value : last_resort(b, name, at);
}

/* ---- names ---- */

static rtq__value use_variable(rtq__binder *b, const rtq__ctx *ctx, const rtq__value *value, const rtq__ast *at)
{
    if (value->how == RTQ__VALUE_TABLE)
        return table_value(rtq__bind_ref(b, value->tab, at));
    if (value->how == RTQ__VALUE_SCALAR && RTQ__BEXPR(value->scalar)->columns && value->level != b->level) {
        rtq__bind_refuse(b, at, value->name,
                         "a subquery is computed once, and cannot depend on the row that asks for it: use a join");
        return broken_value();
    }
    if (value->how == RTQ__VALUE_FUNCTION && rtq__bind_callable_bare(value->function))
        return rtq__bind_inline(b, ctx, value, NULL, NULL, at);
    return *value;
}

rtq__value rtq__bind_name_value(rtq__binder *b, const rtq__ctx *ctx, const rtq__ast *ast, bool tables)
{
    const char *name = ast->name.ptr;
    const rtq__tab *row = ctx->row && (!ctx->aggs || ctx->aggs->inside) ? ctx->row : NULL;
    rtq__expr *e = row ? rtq__tab_lookup(b, row, name, false, ast) : NULL;
    if (e)
        return scalar_value(e);
    const rtq__env *var = rtq__env_find(ctx->env, name);
    if (var)
        return use_variable(b, ctx, &var->value, ast);
    if (tables || !row) {
        rtq__value value = known_table(b, name, ast);
        if (value.how)
            return value;
    }
    if (ctx->row && ctx->row->broken)
        return broken_value(); /* may well be a column of what failed */
    e = row ? rtq__tab_lookup(b, row, name, true, ast) : NULL;
    if (e)
        return scalar_value(e);
    const rtq__ast *function = library_function(b, name);
    if (function) {
        rtq__value value = {.how = RTQ__VALUE_FUNCTION, .function = function, .name = name, .library = true};
        return use_variable(b, ctx, &value, ast);
    }
    return tables ? last_resort(b, name, ast) : (rtq__value){0};
}

/* ---- calls ---- */

bool rtq__bind_function(rtq__binder *b, const rtq__ctx *ctx, const char *name, rtq__value *out)
{
    const rtq__env *var = rtq__env_find(ctx->env, name);
    if (var && var->value.how == RTQ__VALUE_FUNCTION) {
        *out = var->value;
        return true;
    }
    const rtq__ast *function = library_function(b, name);
    if (!function)
        return false;
    *out = (rtq__value){.how = RTQ__VALUE_FUNCTION, .function = function, .name = name, .library = true};
    return true;
}

static rtq__value refuse_remote(rtq__binder *b, const rtq__ast *at)
{
    rtq__bind_refuse(b, at, "cluster(), database(), workspace()",
                     "there is one set of tables here: name the table alone");
    return broken_value();
}

/* materialize(T | …): a table that is used several times is computed once anyway. */
static rtq__value bind_materialize(rtq__binder *b, const rtq__ctx *ctx, const rtq__ast *call)
{
    if (call->call.args.n != 1) {
        rtq__bind_error(b, call, "%s() takes one table", call->call.name.ptr);
        return broken_value();
    }
    rtq__ctx inner = {.env = ctx->env, .source = ctx->source};
    return table_value(rtq__bind_table(b, &inner, call->call.args.first));
}

/* table("T") */
static rtq__value bind_table_call(rtq__binder *b, const rtq__ctx *ctx, const rtq__ast *call)
{
    rtq__ctx inner = {.env = ctx->env};
    rtq__cell cell;
    rtq__expr *arg = call->call.args.n ? rtq__bind_expr(b, &inner, call->call.args.first) : rtq__expr_broken(b);
    if (call->call.args.n == 0 ||
        (!rtq__expr_is_broken(arg) && (arg->kind != RTQ_STRING || !rtq__expr_constant(b, arg, &cell)))) {
        rtq__bind_error(b, call, "table() takes the name of a table as a constant string");
        return broken_value();
    }
    if (rtq__expr_is_broken(arg))
        return broken_value();
    const char *name = rtq__bind_namef(b, "%.*s", (int)cell.len, cell.u.s);
    rtq__value value = bind_table_name(b, ctx->env, name, call);
    bool chosen = b->inline_depth > 0 && call->call.args.first->kind != RTQ__AST_LITERAL;
    if (value.how == RTQ__VALUE_NONE && (chosen || b->leaves_out))
        return table_value(rtq__bind_absent(b, name, call));
    if (value.how == RTQ__VALUE_NONE) {
        rtq__ast_name at = {.ptr = name, .len = cell.len, .begin = call->begin, .end = call->end};
        rtq__bind_unknown_name(b, &inner, &at, "table");
        return broken_value();
    }
    return value;
}

static rtq__value bind_call_value(rtq__binder *b, const rtq__ctx *ctx, const rtq__ast *ast)
{
    const char *name = ast->call.name.ptr;
    if (ast->call.object)
        return refuse_remote(b, ast);
    rtq__value fn;
    if (rtq__bind_function(b, ctx, name, &fn))
        return rtq__bind_inline(b, ctx, &fn, ast, NULL, ast);
    if (strcmp(name, "materialize") == 0)
        return bind_materialize(b, ctx, ast);
    if (strcmp(name, "table") == 0)
        return bind_table_call(b, ctx, ast);
    if (strcmp(name, "cluster") == 0 || strcmp(name, "database") == 0 || strcmp(name, "workspace") == 0 ||
        strcmp(name, "app") == 0)
        return refuse_remote(b, ast);
    return scalar_value(rtq__bind_call(b, ctx, ast));
}

/* cluster("c").database("d").T, database("d").T */
static bool is_remote(const rtq__ast *ast)
{
    while (ast && (ast->kind == RTQ__AST_MEMBER || (ast->kind == RTQ__AST_CALL && ast->call.object)))
        ast = ast->kind == RTQ__AST_MEMBER ? ast->member.object : ast->call.object;
    if (!ast || ast->kind != RTQ__AST_CALL)
        return false;
    const char *name = ast->call.name.ptr;
    return strcmp(name, "cluster") == 0 || strcmp(name, "database") == 0 || strcmp(name, "workspace") == 0 ||
           strcmp(name, "app") == 0;
}

rtq__value rtq__bind_value(rtq__binder *b, const rtq__ctx *ctx, const rtq__ast *ast)
{
    rtq__value out;
    rtq__bind_enter(b, ast);
    if (ast->kind == RTQ__AST_NAME) {
        out = rtq__bind_name_value(b, ctx, ast, true);
    } else if (ast->kind == RTQ__AST_CALL) {
        out = bind_call_value(b, ctx, ast);
    } else if (ast->kind == RTQ__AST_MEMBER && is_remote(ast)) {
        out = refuse_remote(b, ast);
    } else if (ast->kind == RTQ__AST_FUNCTION) {
        out = (rtq__value){.how = RTQ__VALUE_FUNCTION, .function = ast, .env = ctx->env};
    } else if (ast->kind == RTQ__AST_PIPE) {
        out = table_value(rtq__bind_pipe(b, ctx, ast));
    } else if (ast->kind >= RTQ__AST_PRINT && ast->kind <= RTQ__AST_WHERE) {
        out = table_value(rtq__bind_operator_node(b, ctx, NULL, ast));
    } else if (ast->kind == RTQ__AST_DATASCOPE) {
        out = rtq__bind_value(b, ctx, ast->named.value); /* hot and cold data are one here */
    } else if (ast->kind == RTQ__AST_ENTITY_GROUP) {
        rtq__bind_refuse(b, ast, "entity_group", "there is one set of tables here");
        out = broken_value();
    } else if (ast->kind == RTQ__AST_ERROR) {
        out = broken_value();
    } else {
        out = scalar_value(rtq__bind_expr(b, ctx, ast));
    }
    rtq__bind_leave(b);
    if (out.how == RTQ__VALUE_TABLE && out.tab->broken)
        out.how = RTQ__VALUE_BROKEN;
    return out;
}

const rtq__tab *rtq__bind_table(rtq__binder *b, const rtq__ctx *ctx, const rtq__ast *ast)
{
    rtq__ctx inner = {.env = ctx->env, .source = ctx->source};
    rtq__value value = rtq__bind_value(b, &inner, ast);
    if (value.how == RTQ__VALUE_TABLE)
        return value.tab;
    if (value.how == RTQ__VALUE_NONE)
        rtq__bind_unknown_name(b, &inner, &ast->name, "table");
    else if (value.how != RTQ__VALUE_BROKEN)
        rtq__bind_error(b, ast, "a table is expected here, and this is a %s",
                        value.how == RTQ__VALUE_SCALAR ? "single value" : "function");
    return rtq__tab_broken(b);
}

/* ---- let ---- */

const rtq__env *rtq__bind_let(rtq__binder *b, const rtq__env *env, const rtq__ast *let)
{
    const rtq__ast *name = let->named.names.first;
    rtq__ctx ctx = {.env = env};
    rtq__value value = rtq__bind_value(b, &ctx, let->named.value);
    if (value.how == RTQ__VALUE_NONE) {
        rtq__bind_unknown_name(b, &ctx, &let->named.value->name, "variable or table");
        value = broken_value();
    }
    if (value.how == RTQ__VALUE_SCALAR && RTQ__BEXPR(value.scalar)->constant && value.scalar->op != RTQ__E_CONST) {
        rtq__cell cell; /* once, not at every use */
        (void)rtq__expr_constant(b, value.scalar, &cell);
    }
    return rtq__env_add(b, env, name->name.ptr, &value);
}
