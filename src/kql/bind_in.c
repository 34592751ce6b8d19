/* bind_in.c - in, has_any and has_all: lists, and tables as lists. */
#include "kql/bind_private.h"

static const rtq__tab *elements_of(rtq__binder *b, const rtq__tab *tab, uint32_t kind, const rtq__ast *at)
{
    rtq__rel *rel = rtq__rel_new(b, RTQ__R_MV_EXPAND, at, tab->rel, NULL);
    rel->u.expand.items = rtq__bind_alloc(b, 1, sizeof(rtq__expand_item));
    rel->u.expand.n = 1;
    rtq__col *col = rtq__col_new(b, rel, tab->cols[0].name, kind, 0);
    rel->u.expand.items[0] = (rtq__expand_item){col, rtq__expr_vcol(b, tab->cols[0].col, at), (uint8_t)kind};
    rtq__tab *out = rtq__tab_new(b, rel);
    rtq__tab_add(b, out, tab->cols[0].name, rtq__vcol_new(b, col));
    return out;
}

/* x in (table): the first column of the table as a set. Both sides get one type. */
static rtq__expr *in_table(rtq__binder *b, const rtq__ast *ast, rtq__expr *left, const rtq__tab *tab)
{
    bool nocase = ast->in.op == RTQ__OP_IN_CI || ast->in.op == RTQ__OP_NOT_IN_CI;
    bool negated = ast->in.op == RTQ__OP_NOT_IN || ast->in.op == RTQ__OP_NOT_IN_CI;
    if (tab->broken || rtq__expr_is_broken(left))
        return rtq__expr_broken(b);
    if (tab->n == 0) {
        rtq__bind_error(b, ast->in.items.first, "the subquery has no column");
        return rtq__expr_broken(b);
    }
    rtq__vcol *key = tab->cols[0].col;
    if (key->kind == RTQ_DYNAMIC && left->kind != RTQ_DYNAMIC) { /* arrays count as the list of their elements */
        tab = elements_of(b, tab, left->kind == RTQ_UNKNOWN ? RTQ_STRING : left->kind, ast->in.items.first);
        key = tab->cols[0].col;
    }
    uint32_t want = nocase ? RTQ_STRING : key->kind == RTQ_UNKNOWN ? left->kind : key->kind;
    rtq__expr *converted = rtq__bind_convert(b, left, want);
    if (!converted && !nocase) {
        want = left->kind;
        converted = left;
    }
    if (converted && key->kind != want) {
        rtq__expr *e = rtq__bind_convert(b, rtq__expr_vcol(b, key, ast->in.items.first), want);
        if (e) {
            rtq__rel *rel = rtq__rel_new(b, RTQ__R_EXTEND, ast->in.items.first, tab->rel, NULL);
            rel->u.defs.defs = rtq__bind_alloc(b, 1, sizeof(rtq__def));
            rel->u.defs.n = 1;
            rtq__col *col = rtq__col_new(b, rel, key->name, want, 0);
            col->expr = e;
            rel->u.defs.defs[0] = (rtq__def){col, e};
            tab = rtq__tab_over(b, tab, rel);
            key = rtq__vcol_new(b, col);
        } else {
            converted = NULL;
        }
    }
    if (!converted) {
        rtq__bind_error_at(b, ast->in.op_begin, ast->in.op_end, "operator '%s' is not defined for %s and a table of %s",
                           rtq__ast_operator_text(ast->in.op), rtq__kind_text(left->kind),
                           rtq__kind_text(tab->cols[0].col->kind));
        return rtq__expr_broken(b);
    }
    uint32_t slot = rtq__bind_slot(b, RTQ__SLOT_SET, nocase, tab, key);
    rtq__expr *e = rtq__expr_new(b, RTQ__E_IN_SLOT, RTQ_BOOL, &converted, 1, ast);
    e->slot = slot;
    e->negated = negated;
    e->nocase = nocase;
    return e;
}

/* x has_any (table): the list of its first column. */
static rtq__expr *list_of(rtq__binder *b, const rtq__tab *tab, const rtq__ast *at)
{
    if (tab->broken || tab->n == 0)
        return rtq__expr_broken(b);
    rtq__rows rows = {.name = "make_list"};
    rows.aggs = rtq__agg_find("make_list", 9, &rows.n);
    if (!rows.aggs) {
        rtq__bind_refuse(b, at, "has_any", "a table as its argument needs make_list(), which this build does not have");
        return rtq__expr_broken(b);
    }
    rtq__expr **args = rtq__bind_alloc(b, 1, sizeof *args);
    args[0] = rtq__expr_vcol(b, tab->cols[0].col, at);
    uint32_t kind = 0;
    int32_t row = rtq__bind_overload(b, &rows, args, 1, &kind, at, false);
    if (row < 0)
        return rtq__expr_broken(b);
    rtq__rel *rel = rtq__rel_new(b, RTQ__R_SUMMARIZE, at, tab->rel, NULL);
    rel->u.summarize.bin_key = -1;
    rel->u.summarize.n_aggs = 1;
    rel->u.summarize.aggs = rtq__bind_alloc(b, 1, sizeof(rtq__agg_def));
    rtq__col *col = rtq__col_new(b, rel, "list_", kind, 0);
    rtq__agg_def *def = &rel->u.summarize.aggs[0];
    *def = (rtq__agg_def){.agg = rows.aggs + row, .args = args, .n_args = 1, .n_cols = 1};
    def->cols = rtq__bind_alloc(b, 1, sizeof(rtq__col *));
    def->cols[0] = col;
    rtq__tab *out = rtq__tab_new(b, rel);
    rtq__expr *e = rtq__expr_new(b, RTQ__E_SLOT, kind, NULL, 0, at);
    e->slot = rtq__bind_slot(b, RTQ__SLOT_SCALAR, false, out, rtq__vcol_new(b, col));
    return e;
}

static bool may_be_table(const rtq__ast *ast)
{
    switch (ast->kind) {
    case RTQ__AST_NAME:
    case RTQ__AST_CALL:
    case RTQ__AST_PIPE:
    case RTQ__AST_MEMBER: return true;
    default: return ast->kind >= RTQ__AST_PRINT && ast->kind <= RTQ__AST_WHERE;
    }
}

/* All but in and !in look into text. */
static bool left_fits(rtq__binder *b, const rtq__ast *ast, const rtq__expr *left)
{
    if (ast->in.op == RTQ__OP_IN || ast->in.op == RTQ__OP_NOT_IN || left->kind == RTQ_STRING ||
        left->kind == RTQ_DYNAMIC || left->kind == RTQ_UNKNOWN || rtq__expr_is_broken(left))
        return true;
    rtq__bind_error_at(b, left->begin, left->end, "operator '%s' needs a string or dynamic value on its left, not %s",
                       rtq__ast_operator_text(ast->in.op), rtq__kind_text(left->kind));
    return false;
}

rtq__expr *rtq__bind_in(rtq__binder *b, const rtq__ctx *ctx, const rtq__ast *ast)
{
    rtq__expr **args = rtq__bind_work(b, ast->in.items.n + 1, sizeof *args);
    uint32_t n = 0;
    bool is_in = ast->in.op >= RTQ__OP_IN && ast->in.op <= RTQ__OP_NOT_IN_CI;
    if (ast->in.left->kind == RTQ__AST_STAR) {
        rtq__bind_refuse(b, ast->in.left, "* in", "name the column");
        return rtq__expr_broken(b);
    }
    args[n++] = rtq__bind_expr(b, ctx, ast->in.left);
    if (!left_fits(b, ast, args[0]))
        args[0] = rtq__expr_broken(b);
    for (const rtq__ast *item = ast->in.items.first; item; item = item->next) {
        if (!may_be_table(item)) {
            args[n++] = rtq__bind_expr(b, ctx, item);
            continue;
        }
        rtq__value value = item->kind == RTQ__AST_NAME ? rtq__bind_name_value(b, ctx, item, true)
                                                       : rtq__bind_value(b, ctx, item);
        if (value.how == RTQ__VALUE_TABLE && ast->in.items.n == 1)
            return is_in ? in_table(b, ast, args[0], value.tab)
                         : (args[n++] = list_of(b, value.tab, item),
                            rtq__bind_operator(b, ast->in.op, args, n, ast, ast->in.op_begin, ast->in.op_end));
        if (value.how == RTQ__VALUE_NONE) {
            rtq__bind_unknown_name(b, ctx, &item->name, "column, variable or table");
            args[n++] = rtq__expr_broken(b);
        } else {
            args[n++] = rtq__bind_scalar_of(b, &value, item);
        }
    }
    return rtq__bind_operator(b, ast->in.op, args, n, ast, ast->in.op_begin, ast->in.op_end);
}
