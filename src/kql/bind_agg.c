/* bind_agg.c - calls of aggregates: arguments, `*`, result columns and their names. */
#include <stdio.h>
#include "kql/bind_private.h"

enum {
    FAMILY_PLAIN,
    FAMILY_ARG /* arg_max */,
    FAMILY_OLD_ARG /* argmax */,
    FAMILY_ANY,
    FAMILY_TAKE_ANY,
    FAMILY_PERCENTILE,
    FAMILY_PERCENTILE_ARRAY
};

typedef struct agg_arg {
    rtq__expr *expr;
    const char *name;  /* of the column it gives, NULL: none */
    rtq__vcol *source; /* the column it is, under its own name */
    bool rest;
} agg_arg;

typedef struct agg_args {
    agg_arg *items;
    uint32_t n, cap;
    bool broken;
} agg_args;

const rtq__agg *rtq__bind_find_aggregate(const rtq__ctx *ctx, const rtq__ast *ast, uint32_t *n_rows)
{
    if (!ctx->aggs || ctx->aggs->inside || ast->kind != RTQ__AST_CALL || ast->call.object)
        return NULL;
    const rtq__env *var = rtq__env_find(ctx->env, ast->call.name.ptr);
    if (var && var->value.how == RTQ__VALUE_FUNCTION)
        return NULL;
    return rtq__agg_find(ast->call.name.ptr, ast->call.name.len, n_rows);
}

static int family_of(const rtq__ast *call)
{
    const char *name = call->call.name.ptr;
    static const struct {
        const char *name;
        int family;
    } names[] = {
        {"arg_max", FAMILY_ARG},
        {"arg_min", FAMILY_ARG},
        {"argmax", FAMILY_OLD_ARG},
        {"argmin", FAMILY_OLD_ARG},
        {"take_any", FAMILY_TAKE_ANY},
        {"percentile", FAMILY_PERCENTILE},
        {"percentiles", FAMILY_PERCENTILE},
        {"percentilew", FAMILY_PERCENTILE},
        {"percentilesw", FAMILY_PERCENTILE},
        {"percentiles_array", FAMILY_PERCENTILE_ARRAY},
        {"percentilesw_array", FAMILY_PERCENTILE_ARRAY},
    };
    if (strcmp(name, "any") == 0)
        return call->call.args.n == 1 && call->call.args.first->kind != RTQ__AST_STAR ? FAMILY_PLAIN : FAMILY_ANY;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(name, names[i].name) == 0)
            return names[i].family;
    return FAMILY_PLAIN;
}

/* ---- arguments ---- */

static bool holds(rtq__vcol *const *cols, uint32_t n, const rtq__vcol *col)
{
    for (uint32_t i = 0; i < n; i++)
        if (cols[i] == col)
            return true;
    return false;
}

static bool is_there(const agg_args *args, const rtq__vcol *col)
{
    for (uint32_t i = 0; i < args->n; i++)
        if (args->items[i].source == col)
            return true;
    return false;
}

static void push(rtq__binder *b, agg_args *args, agg_arg arg)
{
    *RTQ__BIND_PUSH(b, &b->work, args->items, args->n, args->cap) = arg;
    args->broken |= rtq__expr_is_broken(arg.expr);
}

static void push_star(rtq__binder *b, const rtq__ctx *ctx, agg_args *args, const rtq__ast *star)
{
    const rtq__tab *row = ctx->row;
    for (uint32_t i = 0; i < row->n; i++) {
        rtq__vcol *col = row->cols[i].col;
        if (!is_there(args, col) && !holds(ctx->aggs->keys, ctx->aggs->n_keys, col))
            push(b, args, (agg_arg){rtq__expr_vcol(b, col, star), row->cols[i].name, col, false});
    }
    rtq__expr *rest = rtq__tab_rest(b, row, star);
    if (rest)
        push(b, args, (agg_arg){rest, "_rest", NULL, true});
}

static bool takes_star(int family)
{
    return family == FAMILY_ARG || family == FAMILY_OLD_ARG || family == FAMILY_ANY || family == FAMILY_TAKE_ANY;
}

static void bind_args(rtq__binder *b, const rtq__ctx *ctx, const rtq__ast *call, int family, agg_args *args)
{
    bool star = false;
    for (const rtq__ast *item = call->call.args.first; item; item = item->next)
        star |= item->kind == RTQ__AST_STAR;
    rtq__ctx inner = *ctx;
    inner.windows = NULL;
    ctx->aggs->inside = true;
    uint32_t i = 0;
    for (const rtq__ast *item = call->call.args.first; item; item = item->next) {
        uint32_t at = i++;
        if (item->kind == RTQ__AST_STAR) {
            if ((takes_star(family) && at > 0) || family == FAMILY_TAKE_ANY ||
                (family == FAMILY_ANY && call->call.args.n == 1))
                push_star(b, &inner, args, item);
            else {
                rtq__bind_error(b, item, "%s() does not take `*` here", call->call.name.ptr);
                args->broken = true;
            }
            continue;
        }
        const rtq__ast *value = rtq__ast_unnamed(item);
        rtq__expr *e = rtq__bind_expr(b, &inner, value);
        rtq__vcol *source = rtq__expr_is_broken(e) ? NULL : rtq__result_column(value, e);
        if (star && at > 0 && source && (is_there(args, source) || holds(ctx->aggs->keys, ctx->aggs->n_keys, source)))
            continue; /* `*` has it */
        const char *name = rtq__result_name(b, &inner, item, NULL);
        push(b, args, (agg_arg){e, name, item == value ? source : NULL, false});
    }
    ctx->aggs->inside = false;
}

/* ---- names ---- */

static const char *number_text(rtq__binder *b, const rtq__cell *cell)
{
    char text[40];
    size_t len;
    if (cell->kind == RTQ_REAL)
        len = rtq__print_real(text, cell->u.d);
    else
        len = (size_t)snprintf(text, sizeof text, "%lld", (long long)cell->u.i);
    for (size_t i = 0; i < len; i++)
        if (text[i] == '.' || text[i] == '-')
            text[i] = '_';
    return rtq__bind_namef(b, "%.*s", (int)len, text);
}

/* ---- result columns ---- */

typedef struct outcome {
    const char *fn;
    rtq__vis *cols;
    rtq__vcol **sources;
    uint32_t n, cap, cap_sources;
    rtq__col **made;
    uint32_t n_made, cap_made;
} outcome;

static void add_column(rtq__binder *b, const rtq__ctx *ctx, outcome *out, const char *name, uint32_t kind,
                       uint32_t flags, rtq__vcol *source)
{
    uint8_t shape = rtq__shape_of_call(out->fn, NULL, 0);
    rtq__col *col = rtq__col_new(b, ctx->aggs->rel, name, kind, flags);
    *RTQ__BIND_PUSH(b, &b->work, out->sources, out->n, out->cap_sources) = source;
    out->n--;
    rtq__vcol *v = rtq__vcol_new(b, col);
    v->shape = kind != RTQ_DYNAMIC ? RTQ__SHAPE_ANY : source ? source->shape : shape;
    *RTQ__BIND_PUSH(b, &b->work, out->cols, out->n, out->cap) = (rtq__vis){name, v};
    *RTQ__BIND_PUSH(b, &b->bound->arena, out->made, out->n_made, out->cap_made) = col;
}

static void columns_of_args(rtq__binder *b, const rtq__ctx *ctx, const rtq__ast *call, int family, const agg_args *args,
                            rtq__expr *const *exprs, outcome *out)
{
    const char *fn = call->call.name.ptr, *prefix = strcmp(fn + strlen(fn) - 3, "min") == 0 ? "min" : "max";
    const char *primary = args->items[0].name ? args->items[0].name : "";
    for (uint32_t i = 0; i < args->n; i++) {
        const agg_arg *arg = &args->items[i];
        const char *name = arg->name;
        if (!name && family == FAMILY_ARG)
            name = i == 0 ? rtq__bind_namef(b, "%s_", prefix) : rtq__bind_namef(b, "%s_%s_arg%u", prefix, primary, i);
        else if (!name)
            name = rtq__bind_namef(b, family == FAMILY_TAKE_ANY ? "any_arg%u" : "arg%u", i);
        if (family == FAMILY_OLD_ARG)
            name = i == 0 ? rtq__bind_namef(b, "%s_%s", prefix, primary)
                          : rtq__bind_namef(b, "%s_%s_%s", prefix, primary, name);
        else if (family == FAMILY_ANY && !arg->rest)
            name = rtq__bind_namef(b, "any_%s", name);
        uint32_t flags = arg->rest     ? RTQ__COL_REST
                         : arg->source ? arg->source->flags & (RTQ__COL_TIME | RTQ__COL_BAG)
                                       : 0;
        add_column(b, ctx, out, name, exprs[i]->kind, flags, arg->source);
    }
}

static void columns_of_percentiles(rtq__binder *b, const rtq__ctx *ctx, const rtq__ast *call, const agg_args *args,
                                   rtq__expr *const *exprs, uint32_t kind, outcome *out)
{
    const char *fn = call->call.name.ptr, *of = args->items[0].name ? args->items[0].name : "";
    uint32_t first = fn[strlen("percentile")] == 'w' || strncmp(fn, "percentilesw", 12) == 0 ? 2 : 1;
    for (uint32_t i = first; i < args->n; i++) {
        rtq__cell cell = rtq__cell_null(RTQ_REAL);
        (void)rtq__expr_constant(b, exprs[i], &cell);
        add_column(b, ctx, out, rtq__bind_namef(b, "percentile_%s_%s", of, number_text(b, &cell)), kind, 0, NULL);
    }
}

/* Spreads and percentiles are reals: of a decimal, and spreads also of times, by their ticks. */
static void values_to_reals(rtq__binder *b, const rtq__ast *call, rtq__expr **args, uint32_t n)
{
    const char *name = call->call.name.ptr;
    bool spread = strncmp(name, "stdev", 5) == 0 || strncmp(name, "variance", 8) == 0 ||
                  strncmp(name, "covariance", 10) == 0;
    if (!spread && strncmp(name, "percentile", 10) != 0)
        return;
    for (uint32_t i = 0; i < n; i++)
        if (args[i]->kind == RTQ_DECIMAL ||
            (spread && (args[i]->kind == RTQ_TIMESPAN || args[i]->kind == RTQ_DATETIME)))
            args[i] = rtq__bind_cast(b, args[i], RTQ_REAL, call);
}

rtq__expr *rtq__bind_aggregate(rtq__binder *b, const rtq__ctx *ctx, const rtq__ast *call, const rtq__agg *aggs,
                               uint32_t n_rows, rtq__tuple *many)
{
    int family = family_of(call);
    agg_args args = {NULL, 0, 0, false};
    bind_args(b, ctx, call, family, &args);
    if (args.broken)
        return rtq__expr_broken(b);
    rtq__expr **exprs = rtq__bind_alloc(b, args.n, sizeof *exprs), **shown = rtq__bind_work(b, args.n, sizeof *shown);
    for (uint32_t i = 0; i < args.n; i++)
        shown[i] = exprs[i] = args.items[i].expr;
    values_to_reals(b, call, exprs, args.n);
    rtq__rows rows = {.name = call->call.name.ptr, .aggs = aggs, .n = n_rows};
    uint32_t kind = 0;
    int32_t row = rtq__bind_overload(b, &rows, exprs, args.n, &kind, call, false);
    if (row < 0)
        return rtq__expr_broken(b);
    outcome out;
    memset(&out, 0, sizeof out);
    out.fn = call->call.name.ptr;
    if (takes_star(family))
        columns_of_args(b, ctx, call, family, &args, exprs, &out);
    else if (family == FAMILY_PERCENTILE)
        columns_of_percentiles(b, ctx, call, &args, shown, kind, &out);
    else if (family == FAMILY_PERCENTILE_ARRAY)
        add_column(b, ctx, &out, rtq__bind_namef(b, "percentiles_%s", args.items[0].name ? args.items[0].name : ""),
                   kind, 0, NULL);
    else
        add_column(b, ctx, &out, rtq__result_name(b, ctx, call, ""), kind, 0, NULL);
    rtq__agg_def def = {.agg = aggs + row,
                        .args = exprs,
                        .n_args = args.n,
                        .cols = out.made,
                        .n_cols = out.n,
                        .begin = call->begin,
                        .end = call->end};
    *RTQ__BIND_PUSH(b, &b->bound->arena, ctx->aggs->defs, ctx->aggs->n, ctx->aggs->cap) = def;
    if (many)
        *many = (rtq__tuple){out.cols, out.sources, out.n, family != FAMILY_PLAIN};
    return rtq__expr_vcol(b, out.cols[0].col, call);
}
