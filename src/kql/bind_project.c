/* bind_project.c - lists of result columns: names made unique, replaced or refused, and project, extend and their kin. */
#include "kql/bind_private.h"

/* ---- unique names: x, x1, x2 … ---- */

static rtq__unique *unique_find(const rtq__uniques *table, const char *name)
{
    for (uint32_t i = 0; i < table->n; i++)
        if (table->items[i].name[0] == name[0] && strcmp(table->items[i].name, name) == 0)
            return &table->items[i];
    return NULL;
}

void rtq__unique_add(rtq__binder *b, rtq__uniques *table, const char *name)
{
    if (!unique_find(table, name))
        *RTQ__BIND_PUSH(b, &b->work, table->items, table->n, table->cap) = (rtq__unique){name, 0};
}

const char *rtq__unique_name(rtq__binder *b, rtq__uniques *table, const char *name, const char *base)
{
    rtq__unique *have = unique_find(table, name);
    if (!have) {
        rtq__unique_add(b, table, name);
        return name;
    }
    for (;;) {
        const char *other = rtq__bind_namef(b, "%s%u", base ? base : name, ++have->suffix);
        if (!unique_find(table, other)) {
            rtq__unique_add(b, table, other);
            return other;
        }
    }
}

/* ---- the list ---- */

static int32_t proj_find(const rtq__proj *p, const char *name)
{
    for (uint32_t i = 0; i < p->n; i++)
        if (p->cols[i].name[0] == name[0] && strcmp(p->cols[i].name, name) == 0)
            return (int32_t)i;
    return -1;
}

static void proj_skip(rtq__binder *b, rtq__proj *p, rtq__vcol *col)
{
    *RTQ__BIND_PUSH(b, &b->work, p->skip, p->n_skip, p->cap_skip) = col;
}

static bool is_skipped(const rtq__proj *p, const rtq__vcol *col)
{
    for (uint32_t i = 0; i < p->n_skip; i++)
        if (p->skip[i] == col)
            return true;
    return false;
}

/* Returns where it went, -1: nowhere. */
static int32_t add(rtq__binder *b, rtq__proj *p, const char *name, rtq__vcol *col, const char *base, bool replace)
{
    if (!*name || is_skipped(p, col))
        return -1;
    int32_t at = replace ? proj_find(p, name) : -1;
    if (at >= 0) {
        p->cols[at].col = col;
        return at;
    }
    *RTQ__BIND_PUSH(b, &b->work, p->declared, p->n, p->cap_declared) = false;
    p->n--;
    *RTQ__BIND_PUSH(b, &b->work, p->cols, p->n, p->cap) = (rtq__vis){rtq__unique_name(b, &p->names, name, base), col};
    return (int32_t)p->n - 1;
}

void rtq__proj_add(rtq__binder *b, rtq__proj *p, const char *name, rtq__vcol *col, const char *base, bool replace,
                   bool once)
{
    add(b, p, name, col, base, replace);
    if (once)
        proj_skip(b, p, col);
}

void rtq__proj_declare(rtq__binder *b, rtq__proj *p, const char *name, rtq__vcol *col, bool replace, const rtq__ast *at)
{
    int32_t have = proj_find(p, name);
    if (have >= 0 && p->declared[have]) {
        rtq__bind_error(b, at, "the column '%s' is defined twice", name);
        return;
    }
    int32_t index = add(b, p, name, col, NULL, replace);
    if (index < 0) /* there already, as itself */
        index = have;
    if (index >= 0)
        p->declared[index] = true;
}

rtq__vcol *rtq__proj_define(rtq__binder *b, rtq__proj *p, const char *name, rtq__expr *expr, const rtq__ast *at)
{
    if (!p->rel)
        p->rel = rtq__rel_new(b, RTQ__R_EXTEND, at, NULL, NULL);
    uint32_t flags = expr->op == RTQ__E_COL ? b->bound->cols[expr->col]->flags & (RTQ__COL_TIME | RTQ__COL_BAG) : 0;
    rtq__col *col = rtq__col_new(b, p->rel, name, expr->kind, flags);
    col->expr = expr;
    *RTQ__BIND_PUSH(b, &b->bound->arena, p->defs, p->n_defs, p->cap_defs) = (rtq__def){col, expr};
    rtq__vcol *v = rtq__vcol_new(b, col);
    v->shape = RTQ__BEXPR(expr)->shape;
    return v;
}

void rtq__proj_all(rtq__binder *b, rtq__proj *p, const rtq__tab *tab)
{
    for (uint32_t i = 0; i < tab->n; i++)
        rtq__proj_add(b, p, tab->cols[i].name, tab->cols[i].col, NULL, false, true);
}

rtq__rel *rtq__proj_rel(rtq__binder *b, rtq__proj *p, rtq__rel *in, const rtq__ast *at)
{
    (void)at;
    if (!p->rel)
        return in;
    rtq__rel_set_input(b, p->rel, in);
    p->rel->u.defs.defs = p->defs;
    p->rel->u.defs.n = p->n_defs;
    return p->rel;
}

rtq__tab *rtq__proj_tab(rtq__binder *b, rtq__proj *p, const rtq__tab *in, rtq__rel *rel, bool open)
{
    rtq__tab *out = rtq__tab_new(b, rel);
    out->cols = p->cols;
    out->n = p->n;
    out->cap = p->n;
    out->serialized = in && in->serialized;
    if (open) {
        out->hidden = in->hidden;
        out->n_hidden = in->n_hidden;
        out->open = in->open;
        out->excluded = in->excluded;
        out->n_excluded = out->cap_excluded = in->n_excluded;
    }
    return out;
}

/* ---- one item ---- */

static rtq__vcol *alias(rtq__binder *b, rtq__proj *p, const char *name, rtq__expr *e, const rtq__ast *at)
{
    return rtq__proj_define(b, p, name, e, at);
}

/* `name = value` */
static void named_item(rtq__binder *b, rtq__proj *p, const rtq__ast *name, const rtq__ast *value, rtq__expr *e,
                       int style)
{
    bool column = rtq__result_column(value, e) && value->kind != RTQ__AST_CALL;
    rtq__vcol *col = alias(b, p, name->name.ptr, e, value);
    rtq__proj_declare(b, p, name->name.ptr, col, column || style == RTQ__PROJ_EXTEND || style == RTQ__PROJ_REPLACE,
                      name);
}

/* Several columns of one aggregate. */
static void tuple_item(rtq__binder *b, rtq__proj *p, const rtq__ctx *ctx, const rtq__ast_list *names,
                       const rtq__tuple *tuple)
{
    const rtq__ast *name = names ? names->first : NULL;
    for (uint32_t i = 0; i < tuple->n; i++) {
        if (name) {
            rtq__proj_declare(b, p, name->name.ptr, tuple->cols[i].col, tuple->several, name);
            name = name->next;
        } else {
            const char *own = tuple->cols[i].name; /* take_anyif("x", p) has nothing to be named after */
            rtq__proj_add(b, p, *own ? own : rtq__default_name(b, ctx, false), tuple->cols[i].col, NULL, false, false);
        }
    }
    if (name)
        rtq__bind_error(b, name, "there is no value for '%s'", name->name.ptr);
}

static void unnamed_item(rtq__binder *b, rtq__proj *p, const rtq__ctx *ctx, const rtq__ast *item, rtq__expr *e,
                         int style, const char *column_name)
{
    bool replace = style == RTQ__PROJ_EXTEND || style == RTQ__PROJ_REPLACE;
    rtq__vcol *col = rtq__expr_is_broken(e) ? NULL : rtq__result_column(item, e);
    if (style == RTQ__PROJ_PRINT) {
        rtq__proj_add(b, p, column_name, alias(b, p, column_name, e, item), column_name, false, false);
    } else if (col) {
        const char *name = rtq__result_name(b, ctx, item->kind == RTQ__AST_CALL ? item->call.args.first : item,
                                            col->name);
        rtq__proj_declare(b, p, name, col, style == RTQ__PROJ_REPLACE, item);
    } else if (item->kind == RTQ__AST_NAME && e->kind == RTQ_UNKNOWN) { /* a key of an open table is a column too */
        rtq__proj_declare(b, p, item->name.ptr, alias(b, p, item->name.ptr, e, item), style == RTQ__PROJ_REPLACE, item);
    } else {
        const char *name = rtq__result_name(b, ctx, item, NULL);
        if (!name)
            name = rtq__default_name(b, ctx, style == RTQ__PROJ_EXTEND);
        rtq__proj_add(b, p, name, alias(b, p, name, e, item), NULL, replace, false);
    }
}

/* (a, b) = f(…), a = f(…): extend takes the results that get a name and no others, project the rest under the names of the function;
 * f(…): all, under the names of the function. */
static void function_tuple(rtq__binder *b, rtq__proj *p, const rtq__ctx *ctx, const rtq__ast *item, int style,
                           const char *column_name)
{
    rtq__expr_tuple tuple = {NULL, NULL, 0};
    const rtq__ast *name = item->kind == RTQ__AST_NAMED ? item->named.names.first : NULL;
    bool named = name != NULL, ok = rtq__bind_tuple_call(b, ctx, named ? item->named.value : item, &tuple);
    for (uint32_t i = 0; ok && i < tuple.n; i++) {
        if (name) {
            rtq__proj_declare(b, p, name->name.ptr, rtq__proj_define(b, p, name->name.ptr, tuple.exprs[i], item),
                              style == RTQ__PROJ_EXTEND, name);
            name = name->next;
        } else if (!named || (style != RTQ__PROJ_EXTEND && style != RTQ__PROJ_PRINT)) {
            const char *shown = style == RTQ__PROJ_PRINT && tuple.n == 1 ? column_name : tuple.names[i];
            rtq__proj_add(b, p, shown, rtq__proj_define(b, p, shown, tuple.exprs[i], item), NULL, false, false);
        }
    }
    if (ok && name)
        rtq__bind_error(b, name, "there is no value for '%s'", name->name.ptr);
    for (; !ok && name; name = name->next)
        named_item(b, p, name, item->named.value, rtq__expr_broken(b), style);
}

void rtq__proj_item(rtq__binder *b, rtq__proj *p, const rtq__ctx *ctx, const rtq__ast *item, int style,
                    const char *column_name)
{
    if (item->kind == RTQ__AST_ORDERED)
        item = item->ordered.value;
    if (item->kind == RTQ__AST_STAR) {
        if (!ctx->row || !rtq__tab_needs_closed(b, ctx->row, item, "`*`"))
            return;
        for (uint32_t i = 0; i < ctx->row->n; i++)
            rtq__proj_add(b, p, ctx->row->cols[i].name, ctx->row->cols[i].col, NULL, true, false);
        return;
    }
    bool named = item->kind == RTQ__AST_NAMED;
    const rtq__ast *value = named ? item->named.value : item;
    if (rtq__bind_is_tuple_call(ctx, value)) {
        function_tuple(b, p, ctx, item, style, column_name);
        return;
    }
    uint32_t n_rows = 0;
    const rtq__agg *rows = rtq__bind_find_aggregate(ctx, value, &n_rows);
    if (rows) {
        rtq__tuple tuple = {NULL, NULL, 0, false};
        rtq__expr *first = rtq__bind_aggregate(b, ctx, value, rows, n_rows, &tuple);
        if (!rtq__expr_is_broken(first)) {
            tuple_item(b, p, ctx, named ? &item->named.names : NULL, &tuple);
            return;
        }
        p->broken = true;
    }
    rtq__expr *e = rows ? rtq__expr_broken(b) : rtq__bind_expr(b, ctx, value);
    if (named && item->named.names.n > 1) {
        if (!rtq__expr_is_broken(e))
            rtq__bind_error(b, item->named.names.first->next, "the expression has one value, not %u",
                            item->named.names.n);
        for (const rtq__ast *name = item->named.names.first; name; name = name->next)
            named_item(b, p, name, value, rtq__expr_broken(b), style);
    } else if (named) {
        named_item(b, p, item->named.names.first, value, e, style);
    } else {
        unnamed_item(b, p, ctx, item, e, style, column_name);
    }
}
