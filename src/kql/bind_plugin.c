/* bind_plugin.c - invoke, and the plug-ins of evaluate: bag_unpack and pivot. */
#include "kql/bind_private.h"

const rtq__tab *rtq__bind_invoke(rtq__binder *b, const rtq__ctx *ctx, const rtq__tab *in, const rtq__ast *ast)
{
    const rtq__ast *call = ast->op->value;
    rtq__value fn;
    if (call->kind != RTQ__AST_CALL || call->call.object) {
        rtq__bind_error(b, ast, "invoke calls a function");
        return rtq__tab_broken(b);
    }
    rtq__ctx alone = {.env = ctx->env};
    if (!rtq__bind_function(b, &alone, call->call.name.ptr, &fn)) {
        const char *reason = rtq__bind_refused_function(call->call.name.ptr);
        if (reason)
            rtq__bind_refuse(b, call, call->call.name.ptr, reason);
        else
            rtq__bind_unknown_name(b, &alone, &call->call.name, "function with a table as its first parameter");
        return rtq__tab_broken(b);
    }
    if (in->broken)
        return in;
    rtq__value value = rtq__bind_inline(b, &alone, &fn, call, in, call);
    if (value.how == RTQ__VALUE_TABLE)
        return value.tab;
    if (value.how == RTQ__VALUE_SCALAR)
        rtq__bind_error(b, call, "the function must return a table");
    return rtq__tab_broken(b);
}

/* ---- schemas: evaluate f(…) : (*, a:long) ---- */

/* Columns of the declared schema over `from`, whose unknown names are keys of a bag. */
static const rtq__tab *typed(rtq__binder *b, const rtq__tab *from, const rtq__ast *ast)
{
    rtq__proj p;
    memset(&p, 0, sizeof p);
    const rtq__ast_list *schema = &ast->op->schema;
    bool star = false;
    for (const rtq__ast *c = schema->first; c; c = c->next)
        star |= c->kind == RTQ__AST_STAR;
    for (uint32_t i = 0; star && i < from->n; i++) {
        bool declared = false;
        for (const rtq__ast *c = schema->first; c; c = c->next)
            declared |= c->kind == RTQ__AST_COLUMN && strcmp(c->column.name.ptr, from->cols[i].name) == 0;
        if (!declared)
            rtq__proj_add(b, &p, from->cols[i].name, from->cols[i].col, NULL, false, false);
    }
    for (const rtq__ast *c = schema->first; c; c = c->next) {
        if (c->kind != RTQ__AST_COLUMN)
            continue;
        uint32_t kind = c->column.type ? c->column.type : RTQ_DYNAMIC;
        rtq__expr *e = rtq__tab_lookup(b, from, c->column.name.ptr, true, c);
        rtq__vcol *col = e ? RTQ__BEXPR(e)->vcol : NULL;
        if (!e)
            e = rtq__expr_null(b, kind, c);
        rtq__expr *converted = e->kind == kind ? e : rtq__bind_cast(b, e, kind, c);
        if (!col || converted != e)
            col = rtq__proj_define(b, &p, c->column.name.ptr, converted, c);
        rtq__proj_declare(b, &p, c->column.name.ptr, col, true, c);
    }
    return rtq__proj_tab(b, &p, from, rtq__proj_rel(b, &p, from->rel, ast), false);
}

/* ---- bag_unpack ---- */

typedef struct unpack_options {
    rtq__expr *prefix, *ignored;
    bool broken;
} unpack_options;

/* A constant text, or an array; NULL: an error was reported. */
static rtq__expr *unpack_option(rtq__binder *b, const rtq__ctx *ctx, const rtq__ast *arg, uint32_t kind,
                                const char *name, rtq__cell *cell)
{
    rtq__ctx alone = {.env = ctx->env};
    rtq__expr *e = rtq__bind_expr(b, &alone, rtq__ast_unnamed(arg));
    if (rtq__expr_is_broken(e))
        return NULL;
    if (e->kind == kind && RTQ__BEXPR(e)->constant && rtq__expr_constant(b, e, cell))
        return e;
    rtq__bind_error(b, arg, "%s of bag_unpack() is a constant of type %s", name, rtq__kind_text(kind));
    return NULL;
}

static bool cell_is(const rtq__cell *cell, const char *text)
{
    return !cell->is_null && cell->len == strlen(text) && memcmp(cell->u.s, text, cell->len) == 0;
}

/* OutputColumnPrefix, columnsConflict, ignoredProperties: by place or by name. */
static unpack_options unpack_all_options(rtq__binder *b, const rtq__ctx *ctx, const rtq__ast *arg)
{
    static const char *const names[] = {"OutputColumnPrefix", "columnsConflict", "ignoredProperties"};
    unpack_options out = {NULL, NULL, false};
    for (uint32_t place = 0; arg && !out.broken; arg = arg->next, place++) {
        uint32_t which = place;
        rtq__cell cell = rtq__cell_null(RTQ_STRING);
        if (arg->kind == RTQ__AST_NAMED)
            for (which = 0; which < 3 && strcmp(names[which], arg->named.names.first->name.ptr) != 0;)
                which++;
        if (which > 2) {
            rtq__bind_error(b, arg,
                            "bag_unpack() takes a column, OutputColumnPrefix, columnsConflict and ignoredProperties");
            out.broken = true;
            break;
        }
        rtq__expr *e = unpack_option(b, ctx, arg, which == 2 ? RTQ_DYNAMIC : RTQ_STRING, names[which], &cell);
        out.broken = !e;
        if (which == 0)
            out.prefix = e;
        else if (which == 2)
            out.ignored = e;
        else if (e && cell_is(&cell, "replace_source")) {
            rtq__bind_refuse(b, arg, "columnsConflict='replace_source'",
                             "which columns the bags replace is known at their end");
            out.broken = true;
        } else if (e && !cell_is(&cell, "keep_source") && !cell_is(&cell, "error")) {
            rtq__bind_error(b, arg, "columnsConflict is 'error', 'replace_source' or 'keep_source'");
            out.broken = true;
        }
    }
    return out;
}

/* The table with the bags of *col less the ignored members, the others with the prefix. */
static const rtq__tab *unpack_prepared(rtq__binder *b, const rtq__tab *in, rtq__vcol **col, const unpack_options *opt,
                                       const rtq__ast *at)
{
    rtq__expr *args[2] = {rtq__expr_vcol(b, *col, at), opt->ignored};
    if (opt->ignored)
        args[0] = rtq__bind_fn(b, "bag_remove_keys", args, 2, at);
    args[1] = opt->prefix;
    if (opt->prefix)
        args[0] = rtq__bind_fn(b, "__bag_prefix", args, 2, at);
    if (rtq__expr_is_broken(args[0]))
        return rtq__tab_broken(b);
    rtq__proj p;
    memset(&p, 0, sizeof p);
    rtq__vcol *made = rtq__proj_define(b, &p, (*col)->name, args[0], at);
    for (uint32_t i = 0; i < in->n; i++) {
        bool bag = in->cols[i].col == *col;
        rtq__proj_add(b, &p, in->cols[i].name, bag ? made : in->cols[i].col, NULL, false, true);
    }
    *col = made;
    return rtq__proj_tab(b, &p, in, rtq__proj_rel(b, &p, in->rel, at), true);
}

static const rtq__tab *bag_unpack(rtq__binder *b, const rtq__ctx *ctx, const rtq__tab *in, const rtq__ast *ast,
                                  const rtq__ast *call)
{
    rtq__ctx row = {.env = ctx->env, .row = in};
    const rtq__ast *arg = call->call.args.first;
    if (!arg) {
        rtq__bind_error(b, call, "bag_unpack() takes a column of bags");
        return rtq__tab_broken(b);
    }
    unpack_options options = unpack_all_options(b, ctx, arg->next);
    rtq__expr *e = rtq__bind_expr(b, &row, arg);
    rtq__vcol *col = rtq__expr_is_broken(e) ? NULL : rtq__result_column(arg, e);
    if (rtq__expr_is_broken(e) || in->broken)
        return rtq__tab_broken(b);
    if (!col || (e->kind != RTQ_DYNAMIC && e->kind != RTQ_UNKNOWN)) {
        rtq__bind_error(b, arg, "bag_unpack() takes a column of type dynamic");
        return rtq__tab_broken(b);
    }
    if (options.broken)
        return rtq__tab_broken(b);
    if (options.prefix || options.ignored)
        in = unpack_prepared(b, in, &col, &options, call);
    if (in->broken)
        return in;
    rtq__tab *bag = rtq__tab_new(b, in->rel), *rest = rtq__tab_over(b, in, in->rel);
    bag->open = rtq__open_bag(b, col);
    uint32_t n = 0;
    for (uint32_t i = 0; i < in->n; i++)
        if (in->cols[i].col != col)
            rest->cols[n++] = rest->cols[i];
    rest->n = n;
    if (arg->kind == RTQ__AST_NAME)
        rtq__tab_exclude(b, rest, arg->name.ptr);
    rtq__tab *out = rtq__tab_over(b, rest, in->rel);
    out->open = in->open ? rtq__open_pair(b, rest, bag) : bag->open;
    if (!in->open)
        out->excluded = NULL, out->n_excluded = out->cap_excluded = 0;
    return ast->op->has_schema ? typed(b, out, ast) : out;
}

/* ---- pivot ---- */

static rtq__expr *column_argument(rtq__binder *b, const rtq__ctx *row, const rtq__ast *arg, rtq__vcol **col)
{
    rtq__expr *e = rtq__bind_expr(b, row, arg);
    *col = rtq__expr_is_broken(e) ? NULL : rtq__result_column(arg, e);
    if (!rtq__expr_is_broken(e) && !*col)
        rtq__bind_error(b, arg, "a column is expected here");
    return e;
}

typedef struct pivot_keys {
    rtq__def *defs;
    rtq__vis *cols;
    uint32_t n, cap, cap_cols;
} pivot_keys;

static void pivot_key(rtq__binder *b, rtq__rel *rel, pivot_keys *k, const char *name, rtq__expr *e)
{
    rtq__col *col = rtq__col_new(b, rel, name, e->kind, 0);
    *RTQ__BIND_PUSH(b, &b->work, k->cols, k->n, k->cap_cols) = (rtq__vis){name, rtq__vcol_new(b, col)};
    k->n--;
    *RTQ__BIND_PUSH(b, &b->bound->arena, k->defs, k->n, k->cap) = (rtq__def){col, e};
}

static rtq__col *call_aggregate(rtq__binder *b, rtq__rel *rel, const char *name, rtq__expr **args, uint32_t n_args,
                                const rtq__ast *at)
{
    rtq__rows rows = {.name = name};
    uint32_t kind = 0;
    rows.aggs = rtq__agg_find(name, strlen(name), &rows.n);
    if (!rows.aggs) {
        rtq__bind_refuse(b, at, name, "this build does not have the aggregate");
        return NULL;
    }
    int32_t row = rtq__bind_overload(b, &rows, args, n_args, &kind, at, false);
    if (row < 0)
        return NULL;
    rtq__agg_def *def = rtq__bind_alloc(b, 1, sizeof *def);
    *def = (rtq__agg_def){
        .agg = rows.aggs + row, .args = args, .n_args = n_args, .n_cols = 1, .begin = at->begin, .end = at->end};
    def->cols = rtq__bind_alloc(b, 1, sizeof(rtq__col *));
    def->cols[0] = rtq__col_new(b, rel, name, kind, 0);
    rel->u.summarize.aggs = def;
    rel->u.summarize.n_aggs = 1;
    return def->cols[0];
}

/* Kept columns: the listed ones, else all but those that the first two arguments name. */
static bool pivot_columns(rtq__binder *b, const rtq__ctx *row, const rtq__ast *call, const rtq__vcol *pivot,
                          rtq__rel *rel, pivot_keys *k)
{
    const rtq__ast *agg = call->call.args.first->next, *listed = agg ? agg->next : NULL;
    rtq__vcol *col, *of = NULL;
    for (; listed; listed = listed->next) {
        rtq__expr *e = column_argument(b, row, listed, &col);
        if (!col)
            return false;
        pivot_key(b, rel, k, rtq__result_name(b, row, listed, col->name), e);
    }
    if (k->n)
        return true;
    if (!rtq__tab_needs_closed(b, row->row, call, "pivot() without a list of columns"))
        return false;
    if (agg && agg->kind == RTQ__AST_CALL && agg->call.args.first && agg->call.args.first->kind == RTQ__AST_NAME) {
        int32_t at = rtq__tab_find(row->row, agg->call.args.first->name.ptr);
        of = at >= 0 ? row->row->cols[at].col : NULL;
    }
    for (uint32_t i = 0; i < row->row->n; i++) {
        rtq__vis *vis = &row->row->cols[i];
        if (vis->col == pivot || vis->col == of)
            continue;
        if (vis->col->kind == RTQ_DYNAMIC) {
            rtq__bind_error(b, call, "pivot() cannot group by the dynamic column '%s'", vis->name);
            return false;
        }
        pivot_key(b, rel, k, vis->name, rtq__expr_vcol(b, vis->col, call));
    }
    return true;
}

static rtq__expr *pivot_value(rtq__binder *b, const rtq__ctx *row, const rtq__ast *call, rtq__rel *first)
{
    const rtq__ast *agg = call->call.args.first->next;
    if (!agg) {
        rtq__col *col = call_aggregate(b, first, "count", NULL, 0, call);
        return col ? rtq__expr_col(b, col, call) : rtq__expr_broken(b);
    }
    rtq__aggs aggs = {.rel = first};
    rtq__ctx inner = *row;
    uint32_t n_rows = 0;
    inner.aggs = &aggs;
    const rtq__agg *rows = rtq__bind_find_aggregate(&inner, agg, &n_rows);
    if (!rows) {
        rtq__bind_error(b, agg, "the second argument of pivot() is an aggregate");
        return rtq__expr_broken(b);
    }
    rtq__expr *e = rtq__bind_aggregate(b, &inner, agg, rows, n_rows, NULL);
    first->u.summarize.aggs = aggs.defs;
    first->u.summarize.n_aggs = aggs.n;
    return e;
}

/* What an aggregate gives of no rows: sums and counts 0, all others null. */
static const rtq__cell *missing_value(rtq__binder *b, const rtq__ast *call, uint32_t kind)
{
    static const char *const zero[] = {"count", "countif", "dcount", "dcountif", "count_distinct", "count_distinctif",
                                       "sum",   "sumif",   NULL};
    const rtq__ast *agg = call->call.args.first->next;
    const char *name = agg ? agg->call.name.ptr : "count";
    rtq__cell *cell = rtq__bind_alloc(b, 1, sizeof *cell);
    *cell = rtq__cell_null(kind);
    for (uint32_t i = 0; zero[i]; i++)
        if (strcmp(zero[i], name) == 0)
            *cell = kind == RTQ_REAL                                              ? rtq__cell_d(0)
                    : kind == RTQ_INT || kind == RTQ_LONG || kind == RTQ_TIMESPAN ? rtq__cell_i(kind, 0)
                                                                                  : *cell;
    return cell;
}

/* One row a group and value, then one row a group with a bag of them. */
static const rtq__tab *pivot(rtq__binder *b, const rtq__ctx *ctx, const rtq__tab *in, const rtq__ast *ast,
                             const rtq__ast *call)
{
    rtq__ctx row = {.env = ctx->env, .row = in};
    rtq__vcol *col;
    if (!call->call.args.first) {
        rtq__bind_error(b, call, "pivot() takes the column whose values become columns");
        return rtq__tab_broken(b);
    }
    rtq__expr *by = column_argument(b, &row, call->call.args.first, &col);
    if (!col || in->broken)
        return rtq__tab_broken(b);
    if (by->kind == RTQ_DYNAMIC) {
        rtq__bind_error(b, call->call.args.first, "the values of a dynamic column cannot become columns");
        rtq__diag_hint(b->diag, "extend it to what it holds: tostring(), tolong() …");
        return rtq__tab_broken(b);
    }
    rtq__rel *first = rtq__rel_new(b, RTQ__R_SUMMARIZE, ast, in->rel, NULL);
    rtq__rel *second = rtq__rel_new(b, RTQ__R_SUMMARIZE, ast, first, NULL);
    pivot_keys kept = {NULL, NULL, 0, 0, 0}, again = {NULL, NULL, 0, 0, 0};
    first->u.summarize.bin_key = second->u.summarize.bin_key = -1;
    rtq__expr *value = pivot_columns(b, &row, call, col, first, &kept) ? pivot_value(b, &row, call, first)
                                                                       : rtq__expr_broken(b);
    rtq__expr *name = by->kind == RTQ_STRING ? by : rtq__bind_fn(b, "tostring", &by, 1, call);
    if (rtq__expr_is_broken(value) || rtq__expr_is_broken(name))
        return rtq__tab_broken(b);
    pivot_key(b, first, &kept, "pivot", name);
    first->u.summarize.keys = kept.defs;
    first->u.summarize.n_keys = kept.n;
    for (uint32_t i = 0; i + 1 < kept.n; i++)
        pivot_key(b, second, &again, kept.cols[i].name, rtq__expr_vcol(b, kept.cols[i].col, call));
    rtq__expr *pair[2] = {rtq__expr_vcol(b, kept.cols[kept.n - 1].col, call), value};
    rtq__expr **args = rtq__bind_alloc(b, 1, sizeof *args);
    args[0] = rtq__bind_fn(b, "bag_pack", pair, 2, call);
    rtq__col *bag = rtq__expr_is_broken(args[0]) ? NULL : call_aggregate(b, second, "make_bag", args, 1, call);
    if (!bag)
        return rtq__tab_broken(b);
    second->u.summarize.keys = again.defs;
    second->u.summarize.n_keys = again.n;
    bag->flags = RTQ__COL_REST;
    second->u.summarize.fill = missing_value(b, call, value->kind);
    rtq__tab *out = rtq__tab_new(b, second);
    for (uint32_t i = 0; i < again.n; i++)
        rtq__tab_add(b, out, again.cols[i].name, again.cols[i].col);
    out->open = rtq__open_bag(b, rtq__vcol_new(b, bag));
    return ast->op->has_schema ? typed(b, out, ast) : out;
}

const rtq__tab *rtq__bind_evaluate(rtq__binder *b, const rtq__ctx *ctx, const rtq__tab *in, const rtq__ast *ast)
{
    const rtq__ast *call = ast->op->value;
    const char *name = call->kind == RTQ__AST_CALL ? call->call.name.ptr : "evaluate";
    if (in && call->kind == RTQ__AST_CALL && strcmp(name, "bag_unpack") == 0)
        return bag_unpack(b, ctx, in, ast, call);
    if (in && call->kind == RTQ__AST_CALL && strcmp(name, "pivot") == 0)
        return pivot(b, ctx, in, ast, call);
    rtq__bind_refuse(b, call, name, "of the plug-ins of evaluate, bag_unpack and pivot are built");
    return rtq__tab_broken(b);
}
