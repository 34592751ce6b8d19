/* bind_call.c - calls of functions that are rows of the tables, window functions among them. */
#include "base/text.h"
#include "kql/bind_private.h"

rtq__windows rtq__windows_begin(const rtq__tab *in)
{
    return (rtq__windows){.input = in, .rel = in->rel, .cap = 0};
}

static bool reads_from(const rtq__bound *bound, const rtq__expr *e, const rtq__rel *rel)
{
    if (e->op == RTQ__E_COL)
        return bound->cols[e->col]->rel == rel;
    for (uint32_t i = 0; i < e->n_args; i++)
        if (reads_from(bound, e->args[i], rel))
            return true;
    return false;
}

static rtq__expr *bind_window(rtq__binder *b, const rtq__ctx *ctx, rtq__expr *call, const rtq__ast *at)
{
    rtq__windows *w = ctx->windows;
    if (!w || (ctx->aggs && ctx->aggs->inside)) {
        rtq__bind_error(b, at, "%s() needs rows in an order, and there is none here", call->fn->name);
        rtq__diag_hint(b->diag, "call it in extend, project or where, behind `serialize` or `sort`");
        return rtq__expr_broken(b);
    }
    if (!w->input->serialized) {
        if (!w->input->broken) {
            rtq__bind_error(b, at, "%s() needs rows in an order", call->fn->name);
            rtq__diag_hint(b->diag, "put `serialize` or `sort by` in front of it");
        }
        return rtq__expr_broken(b);
    }
    rtq__rel *rel = w->rel;
    bool fresh = rel == w->input->rel || rel->op != RTQ__R_WINDOW;
    for (uint32_t i = 0; !fresh && i < call->n_args; i++)
        fresh = reads_from(b->bound, call->args[i], rel);
    if (fresh) {
        rel = w->rel = rtq__rel_new(b, RTQ__R_WINDOW, at, w->rel, NULL);
        rel->serialized = true;
        w->cap = 0;
    }
    call->flags &= ~(uint32_t)RTQ__FN_WINDOW;
    rtq__col *col = rtq__col_new(b, rel, call->fn->name, call->kind, 0);
    *RTQ__BIND_PUSH(b, &b->bound->arena, rel->u.defs.defs, rel->u.defs.n, w->cap) = (rtq__def){col, call};
    return rtq__expr_col(b, col, at);
}

static void unknown_function(rtq__binder *b, const rtq__ctx *ctx, const rtq__ast *call)
{
    const char *name = call->call.name.ptr, *reason = rtq__bind_refused_function(name);
    uint32_t n = 0;
    if (reason) {
        rtq__bind_refuse(b, call, name, reason);
        return;
    }
    if (rtq__agg_find(name, call->call.name.len, &n)) {
        rtq__bind_error(b, call,
                        ctx->aggs ? "aggregates cannot be nested: %s() stands inside another one"
                                  : "%s() is an aggregate: it can only be called in `summarize`",
                        name);
        return;
    }
    rtq__nearest nearest;
    rtq__nearest_init(&nearest, name, call->call.name.len);
    for (const rtq__env *env = ctx->env; env; env = env->up)
        if (env->value.how == RTQ__VALUE_FUNCTION)
            rtq__nearest_try(&nearest, env->name, strlen(env->name));
    uint32_t n_families, n_aggs;
    const rtq__fn_family *families = rtq__fn_families(&n_families);
    for (uint32_t f = 0; f < n_families; f++)
        for (uint32_t i = 0; i < families[f].n; i++)
            if (!(families[f].rows[i].flags & (RTQ__FN_HIDDEN | RTQ__FN_OPERATOR)))
                rtq__nearest_try(&nearest, families[f].rows[i].name, strlen(families[f].rows[i].name));
    const rtq__agg *aggs = rtq__agg_table(&n_aggs);
    for (uint32_t i = 0; ctx->aggs && i < n_aggs; i++)
        rtq__nearest_try(&nearest, aggs[i].name, strlen(aggs[i].name));
    rtq__bind_error_at(b, call->call.name.begin, call->call.name.end, "there is no function named '%s'", name);
    const char *best = rtq__nearest_get(&nearest);
    if (best)
        rtq__diag_hint(b->diag, "did you mean '%s'?", best);
}

static bool find_rows(const rtq__binder *b, const rtq__ast *call, rtq__rows *rows)
{
    const char *name = call->call.name.ptr;
    *rows = (rtq__rows){.name = name};
    for (uint32_t i = 0; i < b->catalog->n_host_functions; i++) {
        if (strcmp(b->catalog->host_functions[i]->name, name) == 0) {
            rows->fns = b->catalog->host_functions[i];
            rows->n = 1;
            return true;
        }
    }
    rows->fns = rtq__fn_find(name, call->call.name.len, &rows->n);
    return rows->fns && !(rows->fns->flags & (RTQ__FN_HIDDEN | RTQ__FN_OPERATOR));
}

/* extract(…, typeof(long)): the last argument says what the text becomes. */
static rtq__expr *typed_result(rtq__binder *b, rtq__expr *e, const rtq__ast *type, const rtq__ast *at)
{
    const rtq__ast *column = type->list.first;
    uint32_t kind = column && column->kind == RTQ__AST_COLUMN ? column->column.type : 0;
    if (!kind || type->list.n != 1) {
        rtq__bind_error(b, type, "typeof() with one scalar type is expected here");
        return rtq__expr_broken(b);
    }
    if (rtq__expr_is_broken(e) || e->kind == kind)
        return e;
    return kind == RTQ_DYNAMIC && e->kind == RTQ_STRING ? rtq__bind_fn(b, "todynamic", &e, 1, at)
                                                        : rtq__bind_cast(b, e, kind, at);
}

/* What a signature cannot say. */
static bool obeys_its_rules(rtq__binder *b, const rtq__ast *call, rtq__expr *const *args, uint32_t n)
{
    const char *name = call->call.name.ptr;
    rtq__cell offset;
    bool neighbour = strcmp(name, "prev") == 0 || strcmp(name, "next") == 0;
    bool named = call->call.args.first && call->call.args.first->kind == RTQ__AST_NAME; /* a key of an open table too */
    if (neighbour && args[0]->op != RTQ__E_COL && (!named || RTQ__BEXPR(args[0])->constant)) {
        rtq__bind_error_at(b, args[0]->begin, args[0]->end, "%s() takes a column", name);
        rtq__diag_hint(b->diag, "give the value a name with `extend` in front, or call %s() of its columns", name);
        return false;
    }
    if (neighbour && n > 1 && RTQ__BEXPR(args[1])->constant && rtq__expr_constant(b, args[1], &offset) &&
        !offset.is_null && offset.u.i < 1) {
        rtq__bind_error_at(b, args[1]->begin, args[1]->end, "%s() looks at least one row away", name);
        return false;
    }
    if (strcmp(name, "repeat") == 0 && n && args[0]->kind == RTQ_DYNAMIC) {
        rtq__bind_error_at(b, args[0]->begin, args[0]->end, "repeat() does not take dynamic values");
        return false;
    }
    bool greatest = strcmp(name, "max_of") == 0 || strcmp(name, "min_of") == 0;
    for (uint32_t i = 0; greatest && i < n; i++) {
        if (args[i]->kind != RTQ_DYNAMIC)
            continue;
        rtq__bind_error_at(b, args[i]->begin, args[i]->end, "%s() does not take dynamic values", name);
        return false;
    }
    return true;
}

static bool is_number(uint32_t kind)
{
    return kind == RTQ_INT || kind == RTQ_LONG || kind == RTQ_REAL || kind == RTQ_DECIMAL;
}

/* The default of prev() and next() stands in their column's results: it becomes one of that type. */
static bool fit_default(rtq__binder *b, const rtq__fn *fn, rtq__expr **args, uint32_t n, const rtq__ast *call)
{
    if (fn->tag != RTQ__WINDOW_PREV && fn->tag != RTQ__WINDOW_NEXT)
        return true;
    if (n < 3 || args[2]->kind == args[0]->kind)
        return true;
    if (args[0]->kind != RTQ_DYNAMIC && !(is_number(args[0]->kind) && is_number(args[2]->kind))) {
        rtq__bind_error_at(b, args[2]->begin, args[2]->end, "the default of %s() must be of the column's type, %s",
                           fn->name, rtq__kind_text(args[0]->kind));
        return false;
    }
    args[2] = rtq__bind_cast(b, args[2], args[0]->kind, call);
    return !rtq__expr_is_broken(args[2]);
}

/* datetime_diff() counts weeks in reals, as recorded from the emulator; whatever else in longs. */
static bool counts_weeks(rtq__binder *b, const char *name, rtq__expr *const *args, uint32_t n)
{
    rtq__cell part;
    return strcmp(name, "datetime_diff") == 0 && n > 0 && RTQ__BEXPR(args[0])->constant &&
           rtq__expr_constant(b, args[0], &part) && !part.is_null && rtq__equal_nocase(part.u.s, part.len, "week", 4);
}

rtq__expr *rtq__bind_call(rtq__binder *b, const rtq__ctx *ctx, const rtq__ast *call)
{
    rtq__expr *out;
    uint32_t n_aggs = 0, n = 0;
    if (rtq__bind_special(b, ctx, call, &out))
        return out;
    const rtq__agg *aggs = rtq__bind_find_aggregate(ctx, call, &n_aggs);
    if (aggs)
        return rtq__bind_aggregate(b, ctx, call, aggs, n_aggs, NULL);
    rtq__rows rows;
    bool known = find_rows(b, call, &rows), broken = false;
    const rtq__ast *type = call->call.args.last && call->call.args.last->kind == RTQ__AST_TYPEOF ? call->call.args.last
                                                                                                 : NULL;
    rtq__expr **args = rtq__bind_work(b, call->call.args.n, sizeof *args);
    if (!known)
        unknown_function(b, ctx, call);
    for (const rtq__ast *arg = call->call.args.first; arg; arg = arg->next) {
        if (arg == type)
            break;
        args[n] = rtq__bind_expr(b, ctx, rtq__ast_unnamed(arg));
        broken |= rtq__expr_is_broken(args[n++]);
    }
    if (!known || broken)
        return rtq__expr_broken(b);
    uint32_t kind = 0;
    int32_t row = rtq__bind_overload(b, &rows, args, n, &kind, call, false);
    if (row < 0 || ((rows.fns[row].flags & RTQ__FN_WINDOW) && !fit_default(b, rows.fns + row, args, n, call)))
        return rtq__expr_broken(b);
    rtq__expr *e = rtq__expr_call(b, rows.fns + row, kind, args, n, call);
    if (!obeys_its_rules(b, call, args, n))
        return rtq__expr_broken(b);
    if (counts_weeks(b, rows.name, args, n))
        e = rtq__bind_cast(b, e, RTQ_REAL, call);
    if (rows.fns[row].flags & RTQ__FN_WINDOW)
        e = bind_window(b, ctx, e, call);
    return type ? typed_result(b, e, type, call) : e;
}
