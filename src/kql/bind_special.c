/* bind_special.c - functions that are more than a row of a table: they see columns or tables, or are expressions of
 * their own. */
#include "kql/bind_private.h"

typedef rtq__expr *special_fn(rtq__binder *b, const rtq__ctx *ctx, const rtq__ast *call);

static bool check_count(rtq__binder *b, const rtq__ast *call, uint32_t low, uint32_t high)
{
    if (call->call.args.n >= low && call->call.args.n <= high)
        return true;
    if (low == high)
        rtq__bind_error(b, call, "%s() takes %u argument%s, not %u", call->call.name.ptr, low, low == 1 ? "" : "s",
                        call->call.args.n);
    else
        rtq__bind_error(b, call, "%s() takes %u to %u arguments, not %u", call->call.name.ptr, low, high,
                        call->call.args.n);
    return false;
}

static rtq__expr *special_not(rtq__binder *b, const rtq__ctx *ctx, const rtq__ast *call)
{
    if (!check_count(b, call, 1, 1))
        return rtq__expr_broken(b);
    rtq__expr *e = rtq__bind_expr(b, ctx, call->call.args.first);
    e = rtq__bind_bool(b, e, call->call.args.first, "the argument of not()");
    return rtq__expr_is_broken(e) ? e : rtq__expr_new(b, RTQ__E_NOT, RTQ_BOOL, &e, 1, call);
}

static rtq__expr *special_toscalar(rtq__binder *b, const rtq__ctx *ctx, const rtq__ast *call)
{
    const rtq__ast *arg = call->call.args.last; /* kind=… may be in front */
    if (!arg) {
        check_count(b, call, 1, 1);
        return rtq__expr_broken(b);
    }
    rtq__ctx inner = {.env = ctx->env, .source = ctx->source};
    rtq__value value = rtq__bind_value(b, &inner, rtq__ast_unnamed(arg));
    if (value.how == RTQ__VALUE_SCALAR)
        return value.scalar;
    if (value.how == RTQ__VALUE_NONE)
        rtq__bind_unknown_name(b, &inner, &arg->name, "table or variable");
    if (value.how != RTQ__VALUE_TABLE)
        return rtq__expr_broken(b);
    if (value.tab->n == 0) {
        rtq__bind_error(b, call, "toscalar() needs a table with a column");
        return rtq__expr_broken(b);
    }
    rtq__expr *e = rtq__expr_new(b, RTQ__E_SLOT, value.tab->cols[0].col->kind, NULL, 0, call);
    e->slot = rtq__bind_slot(b, RTQ__SLOT_SCALAR, false, value.tab, value.tab->cols[0].col);
    return e;
}

/* column_ifexists("name", default). A field of an open table exists: where a record lacks it, the default stands in. */
static rtq__expr *special_column_ifexists(rtq__binder *b, const rtq__ctx *ctx, const rtq__ast *call)
{
    if (!check_count(b, call, 2, 2))
        return rtq__expr_broken(b);
    rtq__cell cell;
    rtq__expr *name = rtq__bind_expr(b, ctx, call->call.args.first),
              *other = rtq__bind_expr(b, ctx, call->call.args.last);
    if (rtq__expr_is_broken(name) || rtq__expr_is_broken(other))
        return rtq__expr_broken(b);
    if (name->kind != RTQ_STRING || !rtq__expr_constant(b, name, &cell)) {
        rtq__bind_error(b, call->call.args.first, "the name of the column must be a constant string");
        return rtq__expr_broken(b);
    }
    if (!ctx->row || ctx->row->broken || (ctx->aggs && !ctx->aggs->inside))
        return other;
    const char *text = rtq__bind_namef(b, "%.*s", (int)cell.len, cell.u.s);
    rtq__expr *e = rtq__tab_lookup(b, ctx->row, text, false, call);
    if (e)
        return e;
    e = rtq__tab_lookup(b, ctx->row, text, true, call);
    if (!e)
        return other;
    rtq__expr *converted = rtq__bind_convert(b, e, other->kind);
    rtq__expr *both[2] = {converted ? converted : e, other};
    return rtq__bind_fn(b, "coalesce", both, 2, call);
}

/* iscolumnexists("name"): known when the query is compiled; a field of an open table exists. */
static rtq__expr *special_iscolumnexists(rtq__binder *b, const rtq__ctx *ctx, const rtq__ast *call)
{
    rtq__cell cell;
    if (!check_count(b, call, 1, 1))
        return rtq__expr_broken(b);
    rtq__expr *name = rtq__bind_expr(b, ctx, call->call.args.first);
    if (rtq__expr_is_broken(name))
        return name;
    if (name->kind != RTQ_STRING || !rtq__expr_constant(b, name, &cell)) {
        rtq__bind_error(b, call->call.args.first, "the name of the column must be a constant string");
        return rtq__expr_broken(b);
    }
    if (ctx->row && ctx->row->broken)
        return rtq__expr_broken(b);
    bool is = ctx->row && rtq__tab_lookup(b, ctx->row, rtq__bind_namef(b, "%.*s", (int)cell.len, cell.u.s), true, call);
    return rtq__expr_cell(b, rtq__cell_i(RTQ_BOOL, is), call);
}

/* pack_all(): a bag of all columns; of an open table, over the rest of the record. */
static rtq__expr *special_pack_all(rtq__binder *b, const rtq__ctx *ctx, const rtq__ast *call)
{
    rtq__cell ignore = rtq__cell_i(RTQ_BOOL, 0);
    if (!check_count(b, call, 0, 1))
        return rtq__expr_broken(b);
    if (call->call.args.n) {
        rtq__expr *e = rtq__bind_expr(b, ctx, call->call.args.first);
        if (rtq__expr_is_broken(e) ||
            !rtq__bind_expect(b, &e, RTQ_BOOL, call->call.args.first, "the argument of pack_all()"))
            return rtq__expr_broken(b);
        if (!rtq__expr_constant(b, e, &ignore)) {
            rtq__bind_error(b, call->call.args.first, "the argument of pack_all() must be a constant");
            return rtq__expr_broken(b);
        }
    }
    if (!ctx->row || ctx->row->broken || (ctx->aggs && !ctx->aggs->inside)) {
        if (!ctx->row || !ctx->row->broken)
            rtq__bind_error(b, call, "there are no columns here");
        return rtq__expr_broken(b);
    }
    const rtq__tab *row = ctx->row;
    rtq__expr **args = rtq__bind_work(b, 2 * (size_t)row->n, sizeof *args);
    for (uint32_t i = 0; i < row->n; i++) {
        args[2 * i] = rtq__expr_text(b, row->cols[i].name, strlen(row->cols[i].name), call);
        args[2 * i + 1] = rtq__expr_vcol(b, row->cols[i].col, call);
    }
    rtq__expr *rest = rtq__tab_rest(b, row, call), *bag = NULL;
    if (row->n)
        bag = rtq__bind_fn(b, "bag_pack", args, 2 * row->n, call);
    rtq__expr *both[2] = {bag, rest}, *all = bag ? bag : rest;
    if (bag && rest)
        all = rtq__bind_fn(b, "bag_merge", both, 2, call);
    else if (!all) {
        rtq__expr *none = rtq__expr_text(b, "{}", 2, call);
        all = rtq__bind_fn(b, "parse_json", &none, 1, call);
    }
    return ignore.u.i ? rtq__bind_fn(b, "__bag_filled", &all, 1, call) : all;
}

/* bag_pack_columns(a, b): names and values of columns. */
static rtq__expr *special_bag_pack_columns(rtq__binder *b, const rtq__ctx *ctx, const rtq__ast *call)
{
    rtq__expr **args = rtq__bind_work(b, 2 * (size_t)call->call.args.n, sizeof *args);
    uint32_t n = 0;
    bool broken = false;
    for (const rtq__ast *arg = call->call.args.first; arg; arg = arg->next) {
        rtq__expr *e = rtq__bind_expr(b, ctx, arg);
        const char *name = rtq__result_name(b, ctx, arg, NULL);
        if (!rtq__expr_is_broken(e) && !name)
            rtq__bind_error(b, arg, "a column is expected here");
        broken |= rtq__expr_is_broken(e) || !name;
        args[n++] = rtq__expr_text(b, name ? name : "", name ? strlen(name) : 0, arg);
        args[n++] = e;
    }
    return broken ? rtq__expr_broken(b) : rtq__bind_fn(b, "bag_pack", args, n, call);
}

/* column_names_of(T): a constant list. */
static rtq__expr *special_column_names_of(rtq__binder *b, const rtq__ctx *ctx, const rtq__ast *call)
{
    if (!check_count(b, call, 1, 1))
        return rtq__expr_broken(b);
    const rtq__tab *tab = rtq__bind_table(b, ctx, call->call.args.first);
    if (tab->broken || !rtq__tab_needs_closed(b, tab, call, "column_names_of()"))
        return rtq__expr_broken(b);
    const char **names = rtq__bind_work(b, tab->n, sizeof *names);
    for (uint32_t i = 0; i < tab->n; i++)
        names[i] = tab->cols[i].name;
    return rtq__expr_names(b, names, tab->n, call);
}

/* pack_array(*): every column is an argument. */
static rtq__expr *with_star(rtq__binder *b, const rtq__ctx *ctx, const rtq__ast *call)
{
    uint32_t n = 0, cap = 0;
    rtq__expr **args = NULL;
    const rtq__ast *star = call->call.args.first;
    if (call->call.args.n > 1) {
        rtq__bind_error(b, call, "%s() takes `*` alone", call->call.name.ptr);
        return rtq__expr_broken(b);
    }
    if (!ctx->row || ctx->row->broken || !rtq__tab_needs_closed(b, ctx->row, star, "`*`"))
        return rtq__expr_broken(b);
    for (uint32_t i = 0; i < ctx->row->n; i++)
        *RTQ__BIND_PUSH(b, &b->work, args, n, cap) = rtq__expr_vcol(b, ctx->row->cols[i].col, star);
    return rtq__bind_fn(b, call->call.name.ptr, args, n, call);
}

static const struct {
    const char *name;
    special_fn *fn;
} specials[] = {
    {"not", special_not},
    {"toscalar", special_toscalar},
    {"column_ifexists", special_column_ifexists},
    {"columnifexists", special_column_ifexists},
    {"iscolumnexists", special_iscolumnexists},
    {"pack_all", special_pack_all},
    {"bag_pack_columns", special_bag_pack_columns},
    {"column_names_of", special_column_names_of},
};

bool rtq__bind_special(rtq__binder *b, const rtq__ctx *ctx, const rtq__ast *call, rtq__expr **out)
{
    const char *name = call->call.name.ptr;
    for (size_t i = 0; i < sizeof specials / sizeof *specials; i++) {
        if (strcmp(specials[i].name, name) == 0) {
            *out = specials[i].fn(b, ctx, call);
            return true;
        }
    }
    if (strcmp(name, "pack_array") != 0 && strcmp(name, "estimate_data_size") != 0)
        return false;
    for (const rtq__ast *arg = call->call.args.first; arg; arg = arg->next) {
        if (arg->kind == RTQ__AST_STAR) {
            *out = with_star(b, ctx, call);
            return true;
        }
    }
    return false;
}
