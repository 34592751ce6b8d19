/* bind_tuple.c - functions with several results, (a, b) = f(…): array_sort_asc and array_sort_desc. */
#include "kql/bind_private.h"

bool rtq__bind_is_tuple_call(const rtq__ctx *ctx, const rtq__ast *ast)
{
    if (ast->kind != RTQ__AST_CALL || ast->call.object || rtq__env_find(ctx->env, ast->call.name.ptr))
        return false;
    return strcmp(ast->call.name.ptr, "array_sort_asc") == 0 || strcmp(ast->call.name.ptr, "array_sort_desc") == 0;
}

/* The order of the first array is that of all; result k is array k in it. */
bool rtq__bind_tuple_call(rtq__binder *b, const rtq__ctx *ctx, const rtq__ast *call, rtq__expr_tuple *out)
{
    uint32_t n_args = call->call.args.n, n = 0;
    rtq__expr **args = rtq__bind_work(b, n_args + 3, sizeof *args);
    const char **names = rtq__bind_work(b, n_args + 1, sizeof *names);
    bool broken = false, nulls_last = true;
    for RTQ__AST_EACH(arg, call->call.args) {
        const rtq__ast *value = rtq__ast_unnamed(arg);
        rtq__expr *e = rtq__bind_expr(b, ctx, value);
        rtq__cell cell;
        broken |= rtq__expr_is_broken(e);
        if (arg == call->call.args.last && n > 0 && e->kind == RTQ_BOOL && rtq__expr_constant(b, e, &cell)) {
            nulls_last = cell.u.i != 0;
            continue;
        }
        const char *name = rtq__result_name(b, ctx, arg, NULL);
        names[n] = name ? rtq__bind_namef(b, "%s_sorted", name) : rtq__bind_namef(b, "array%u_sorted", n);
        args[3 + n++] = e;
    }
    if (broken || n == 0) {
        if (n == 0)
            rtq__bind_error(b, call, "%s() takes an array", call->call.name.ptr);
        return false;
    }
    bool asc = call->call.name.ptr[strlen("array_sort_")] == 'a';
    out->names = names;
    out->exprs = rtq__bind_work(b, n, sizeof *out->exprs);
    out->n = n;
    for (uint32_t i = 0; i < n; i++) {
        args[0] = rtq__expr_cell(b, rtq__cell_i(RTQ_LONG, i), call);
        args[1] = rtq__expr_cell(b, rtq__cell_i(RTQ_BOOL, asc), call);
        args[2] = rtq__expr_cell(b, rtq__cell_i(RTQ_BOOL, nulls_last), call);
        out->exprs[i] = rtq__bind_fn(b, "__array_sort_nth", args, n + 3, call);
        if (rtq__expr_is_broken(out->exprs[i]))
            return false;
    }
    return true;
}
