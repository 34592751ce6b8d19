/* bind_tuple.c - functions with several results, (a, b) = f(…): array_sort_asc, array_sort_desc, and those with a
 * fixed list. */
#include "kql/bind_private.h"

/* Result k of a function is __FUNCTION_nth(k, arguments), converted to the kind of the column. */
typedef struct fixed {
    const char *name, *nth, *columns[15];
    uint8_t kinds[15];
    uint32_t n;
} fixed;
static const fixed fixed_tuples[] = {
    {"series_stats",
     "__series_stats_nth",
     {"min", "min_idx", "max", "max_idx", "avg", "stdev", "variance"},
     {RTQ_REAL, RTQ_LONG, RTQ_REAL, RTQ_LONG, RTQ_REAL, RTQ_REAL, RTQ_REAL},
     7},
    {"series_fit_line",
     "__series_fit_line_nth",
     {"rsquare", "slope", "variance", "rvariance", "interception", "line_fit"},
     {RTQ_REAL, RTQ_REAL, RTQ_REAL, RTQ_REAL, RTQ_REAL, RTQ_DYNAMIC},
     6},
    {"series_fit_2lines",
     "__series_fit_2lines_nth",
     {"rsquare", "split_idx", "variance", "rvariance", "line_fit", "right_rsquare", "right_slope", "right_interception",
      "right_variance", "right_rvariance", "left_rsquare", "left_slope", "left_interception", "left_variance",
      "left_rvariance"},
     {RTQ_REAL, RTQ_LONG, RTQ_REAL, RTQ_REAL, RTQ_DYNAMIC, RTQ_REAL, RTQ_REAL, RTQ_REAL, RTQ_REAL, RTQ_REAL, RTQ_REAL,
      RTQ_REAL, RTQ_REAL, RTQ_REAL, RTQ_REAL},
     15},
    {"series_fit_poly",
     "__series_fit_poly_nth",
     {"rsquare", "coefficients", "variance", "rvariance", "poly_fit"},
     {RTQ_REAL, RTQ_DYNAMIC, RTQ_REAL, RTQ_REAL, RTQ_DYNAMIC},
     5},
    {"series_fft", "__series_fft_nth", {"real", "imag"}, {RTQ_DYNAMIC, RTQ_DYNAMIC}, 2},
    {"series_ifft", "__series_ifft_nth", {"real", "imag"}, {RTQ_DYNAMIC, RTQ_DYNAMIC}, 2},
    {"series_decompose",
     "__series_decompose_nth",
     {"baseline", "seasonal", "trend", "residual"},
     {RTQ_DYNAMIC, RTQ_DYNAMIC, RTQ_DYNAMIC, RTQ_DYNAMIC},
     4},
    {"series_decompose_anomalies",
     "__series_decompose_anomalies_nth",
     {"ad_flag", "ad_score", "baseline"},
     {RTQ_DYNAMIC, RTQ_DYNAMIC, RTQ_DYNAMIC},
     3},
    {"series_decompose_forecast",
     "__series_decompose_forecast_nth",
     {"baseline", "seasonal", "trend", "residual"},
     {RTQ_DYNAMIC, RTQ_DYNAMIC, RTQ_DYNAMIC, RTQ_DYNAMIC},
     4},
};

static const fixed *fixed_of(const rtq__ast *call)
{
    for (size_t i = 0; i < sizeof fixed_tuples / sizeof *fixed_tuples; i++)
        if (strcmp(call->call.name.ptr, fixed_tuples[i].name) == 0)
            return &fixed_tuples[i];
    return NULL;
}

bool rtq__bind_is_tuple_call(const rtq__ctx *ctx, const rtq__ast *ast)
{
    if (ast->kind != RTQ__AST_CALL || ast->call.object || rtq__env_find(ctx->env, ast->call.name.ptr))
        return false;
    return strcmp(ast->call.name.ptr, "array_sort_asc") == 0 || strcmp(ast->call.name.ptr, "array_sort_desc") == 0 ||
           fixed_of(ast);
}

static bool fixed_tuple(rtq__binder *b, const rtq__ctx *ctx, const rtq__ast *call, const fixed *f, rtq__expr_tuple *out)
{
    uint32_t n_args = call->call.args.n, n = 1;
    rtq__expr **args = rtq__bind_work(b, n_args + 1, sizeof *args);
    const char *first = call->call.args.first ? rtq__result_name(b, ctx, call->call.args.first, NULL) : NULL;
    for (const rtq__ast *arg = call->call.args.first; arg; arg = arg->next) {
        args[n] = rtq__bind_expr(b, ctx, rtq__ast_unnamed(arg));
        if (rtq__expr_is_broken(args[n++]))
            return false;
    }
    if (rtq__expr_is_broken(rtq__bind_fn(b, f->name, args + 1, n - 1, call))) /* mistakes are told of this one */
        return false;
    out->n = f->n;
    out->names = rtq__bind_work(b, f->n, sizeof *out->names);
    out->exprs = rtq__bind_work(b, f->n, sizeof *out->exprs);
    for (uint32_t i = 0; i < f->n; i++) {
        args[0] = rtq__expr_cell(b, rtq__cell_i(RTQ_LONG, i), call);
        rtq__expr *e = rtq__bind_fn(b, f->nth, args, n, call);
        if (rtq__expr_is_broken(e))
            return false;
        out->names[i] = rtq__bind_namef(b, "%s_%s_%s", f->name, first ? first : "", f->columns[i]);
        e->kind = f->kinds[i] == RTQ_DYNAMIC ? RTQ_DYNAMIC
                                             : RTQ_UNKNOWN; /* one row for all results: their cells are dynamic */
        out->exprs[i] = e->kind == RTQ_DYNAMIC ? e : rtq__bind_convert(b, e, f->kinds[i]);
    }
    return true;
}

/* The order of the first array is that of all; result k is array k in it. */
bool rtq__bind_tuple_call(rtq__binder *b, const rtq__ctx *ctx, const rtq__ast *call, rtq__expr_tuple *out)
{
    const fixed *f = fixed_of(call);
    if (f)
        return fixed_tuple(b, ctx, call, f, out);
    uint32_t n_args = call->call.args.n, n = 0;
    rtq__expr **args = rtq__bind_work(b, n_args + 3, sizeof *args);
    const char **names = rtq__bind_work(b, n_args + 1, sizeof *names);
    bool broken = false, nulls_last = true;
    for (const rtq__ast *arg = call->call.args.first; arg; arg = arg->next) {
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
    if (rtq__expr_is_broken(
            rtq__bind_fn(b, call->call.name.ptr, args + 3, n, call))) /* mistakes are told of this one */
        return false;
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
