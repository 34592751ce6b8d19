/* bind_inline.c - functions of let and of the library: their bodies are bound anew at every call. */
#include "kql/bind_private.h"

bool rtq__bind_callable_bare(const rtq__ast *function)
{
    for (const rtq__ast *p = function->function.params.first; p; p = p->next)
        if (!p->column.default_value)
            return false;
    return true;
}

static bool is_number(uint32_t kind)
{
    return kind == RTQ_INT || kind == RTQ_LONG || kind == RTQ_REAL || kind == RTQ_DECIMAL;
}

/* A value of another type where a scalar parameter has a declared one. */
static rtq__expr *argument(rtq__binder *b, rtq__expr *e, const rtq__ast *param, const rtq__ast *at)
{
    uint32_t kind = param->column.type;
    if (rtq__expr_is_broken(e) || !kind || e->kind == kind)
        return e;
    bool numbers = is_number(e->kind) && is_number(kind);
    rtq__expr *converted = rtq__bind_convert(b, e, kind);
    if (!converted && (numbers || e->kind == RTQ_DYNAMIC || kind == RTQ_DYNAMIC))
        converted = rtq__bind_cast(b, e, kind, at);
    if (converted)
        return converted;
    rtq__bind_error(b, at, "parameter '%s' is of type %s, and this is %s", param->column.name.ptr, rtq__kind_text(kind),
                    rtq__kind_text(e->kind));
    return rtq__expr_broken(b);
}

static bool table_fits(rtq__binder *b, const rtq__tab *tab, const rtq__ast *param, const rtq__ast *at)
{
    if (tab->broken)
        return false;
    for (const rtq__ast *c = param->column.schema.first; c; c = c->next) {
        if (c->kind != RTQ__AST_COLUMN)
            continue;
        rtq__expr *e = rtq__tab_lookup(b, tab, c->column.name.ptr, true, at);
        if (!e) {
            rtq__bind_error(b, at, "parameter '%s' needs a table with the column '%s'", param->column.name.ptr,
                            c->column.name.ptr);
            return false;
        }
        if (c->column.type && e->kind != c->column.type && e->kind != RTQ_UNKNOWN &&
            !rtq__bind_conversion(e->kind, c->column.type)) {
            rtq__bind_error(b, at, "parameter '%s' needs the column '%s' as %s, not %s", param->column.name.ptr,
                            c->column.name.ptr, rtq__kind_text(c->column.type), rtq__kind_text(e->kind));
            return false;
        }
    }
    return true;
}

/* The argument for a parameter: by position or by name. */
static const rtq__ast *find_argument(const rtq__ast *call, const rtq__ast *param, uint32_t position)
{
    if (!call)
        return NULL;
    uint32_t i = 0;
    for (const rtq__ast *arg = call->call.args.first; arg; arg = arg->next) {
        if (arg->kind == RTQ__AST_NAMED && arg->named.names.n == 1) {
            if (strcmp(arg->named.names.first->name.ptr, param->column.name.ptr) == 0)
                return arg->named.value;
        } else if (i == position) {
            return arg;
        }
        i++;
    }
    return NULL;
}

static rtq__value bind_argument(rtq__binder *b, const rtq__ctx *ctx, const rtq__ast *param, const rtq__ast *arg,
                                const rtq__ast *at)
{
    rtq__value out = {.how = RTQ__VALUE_BROKEN};
    if (param->column.tabular) {
        const rtq__tab *tab = rtq__bind_table(b, ctx, arg);
        if (table_fits(b, tab, param, arg))
            out = (rtq__value){.how = RTQ__VALUE_TABLE, .tab = tab};
        return out;
    }
    rtq__expr *e = argument(b, rtq__bind_expr(b, ctx, arg), param, arg);
    if (RTQ__BEXPR(e)->shape) { /* the function takes any dynamic value */
        rtq__bexpr *any = rtq__bind_alloc(b, 1, sizeof *any);
        *any = *RTQ__BEXPR(e);
        any->shape = RTQ__SHAPE_ANY;
        e = &any->e;
    }
    if (!rtq__expr_is_broken(e))
        out = (rtq__value){.how = RTQ__VALUE_SCALAR, .scalar = e};
    (void)at;
    return out;
}

static void check_names(rtq__binder *b, const rtq__value *fn, const rtq__ast *call)
{
    for (const rtq__ast *arg = call ? call->call.args.first : NULL; arg; arg = arg->next) {
        if (arg->kind != RTQ__AST_NAMED || arg->named.names.n != 1)
            continue;
        const rtq__ast *name = arg->named.names.first, *param = fn->function->function.params.first;
        while (param && strcmp(param->column.name.ptr, name->name.ptr) != 0)
            param = param->next;
        if (!param)
            rtq__bind_error(b, name, "function '%s' has no parameter '%s'", fn->name ? fn->name : "", name->name.ptr);
    }
}

static const rtq__env *bind_parameters(rtq__binder *b, const rtq__ctx *ctx, const rtq__value *fn, const rtq__ast *call,
                                       const rtq__tab *first, const rtq__ast *at)
{
    const rtq__env *env = fn->env;
    uint32_t position = 0, n_args = (call ? call->call.args.n : 0) + (first != NULL);
    const rtq__ast *function = fn->function;
    if (n_args > function->function.params.n)
        rtq__bind_error(b, at, "function '%s' takes %u argument%s, not %u", fn->name ? fn->name : "",
                        function->function.params.n, function->function.params.n == 1 ? "" : "s", n_args);
    check_names(b, fn, call);
    for (const rtq__ast *param = function->function.params.first; param; param = param->next) {
        rtq__value value = {.how = RTQ__VALUE_BROKEN};
        const rtq__ast *arg = NULL;
        if (first && param == function->function.params.first) {
            if (!param->column.tabular)
                rtq__bind_error(b, at, "the first parameter of '%s' is not a table, so invoke cannot call it",
                                fn->name ? fn->name : "");
            else if (table_fits(b, first, param, at))
                value = (rtq__value){.how = RTQ__VALUE_TABLE, .tab = first};
        } else if ((arg = find_argument(call, param, position - (first != NULL)))) {
            value = bind_argument(b, ctx, param, arg, at);
        } else if (param->column.default_value) {
            rtq__ctx none = {.env = fn->env};
            value = bind_argument(b, &none, param, param->column.default_value, at);
        } else {
            rtq__bind_error(b, at, "function '%s' needs a value for its parameter '%s'", fn->name ? fn->name : "",
                            param->column.name.ptr);
        }
        env = rtq__env_add(b, env, param->column.name.ptr, &value);
        position++;
    }
    return env;
}

static rtq__value bind_body(rtq__binder *b, const rtq__env *env, const rtq__value *fn, const rtq__ast *at)
{
    rtq__value out = {.how = RTQ__VALUE_NONE};
    for (const rtq__ast *statement = fn->function->function.body.first; statement; statement = statement->next) {
        rtq__ctx ctx = {.env = env};
        switch (statement->kind) {
        case RTQ__AST_LET: env = rtq__bind_let(b, env, statement); break;
        case RTQ__AST_SET: break;
        case RTQ__AST_QUERY_PARAMETERS:
        case RTQ__AST_PATTERN:
        case RTQ__AST_ALIAS:
        case RTQ__AST_RESTRICT:
        case RTQ__AST_CREATE_FUNCTION:
            rtq__bind_error(b, statement, "this statement cannot stand in the body of a function");
            break;
        default:
            out = rtq__bind_value(b, &ctx, statement);
            if (out.how == RTQ__VALUE_NONE) {
                rtq__bind_unknown_name(b, &ctx, &statement->name, "variable or table");
                out.how = RTQ__VALUE_BROKEN;
            }
        }
    }
    if (out.how == RTQ__VALUE_NONE) {
        rtq__bind_error(b, at, "function '%s' returns nothing", fn->name ? fn->name : "");
        out.how = RTQ__VALUE_BROKEN;
    }
    return out;
}

rtq__value rtq__bind_inline(rtq__binder *b, const rtq__ctx *ctx, const rtq__value *fn, const rtq__ast *call,
                            const rtq__tab *first, const rtq__ast *at)
{
    rtq__value out = {.how = RTQ__VALUE_BROKEN};
    if (b->inline_depth >= RTQ__BIND_INLINE_DEPTH) {
        rtq__bind_error(b, at, "function '%s' calls itself, or functions call each other more than %d deep",
                        fn->name ? fn->name : "", RTQ__BIND_INLINE_DEPTH);
        return out;
    }
    if (++b->n_inlined > RTQ__BIND_INLINES) {
        b->n_errors++;
        rtq__diag_add(b->diag, RTQ_ERR_LIMIT, RTQ__SEV_ERROR, at->begin, at->end,
                      "functions are called more than %d times", RTQ__BIND_INLINES);
        rtq__bind_fail(b, RTQ_ERR_LIMIT);
    }
    uint32_t errors = b->n_errors;
    const rtq__env *env = bind_parameters(b, ctx, fn, call, first, at);
    if (b->n_errors > errors)
        return out; /* what the body would say about it is no news */
    const rtq__ast *call_site = b->call_site;
    const char *call_name = b->call_name;
    uint32_t next_column = b->next_column;
    if (fn->library && !call_site) {
        b->call_site = at;
        b->call_name = fn->name;
    }
    b->next_column = 1;
    b->inline_depth++;
    rtq__bind_enter(b, at);
    out = bind_body(b, env, fn, at);
    rtq__bind_leave(b);
    b->inline_depth--;
    b->next_column = next_column;
    b->call_site = call_site;
    b->call_name = call_name;
    return out;
}
