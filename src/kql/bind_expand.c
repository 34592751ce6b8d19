/* bind_expand.c - mv-expand and mv-apply. */
#include "kql/bind_private.h"

typedef struct expansion {
    rtq__expand_item *items;
    rtq__vcol **applied; /* columns of the input that are expanded under their own names */
    uint32_t n;
    rtq__col *index;
    rtq__expr *limit;
    bool as_array;
} expansion;

static uint32_t item_type(rtq__binder *b, const rtq__ast *item)
{
    const rtq__ast *type = item->expand.type;
    if (!type)
        return 0;
    const rtq__ast *column = type->list.first;
    if (type->list.n == 1 && column->kind == RTQ__AST_COLUMN && column->column.type)
        return column->column.type;
    rtq__bind_error(b, type, "typeof() with one scalar type is expected here");
    return 0;
}

/* The expression that is expanded, and the type of what comes out. */
static rtq__expr *item_value(rtq__binder *b, const rtq__ctx *row, const rtq__ast *item, uint32_t *kind)
{
    const rtq__ast *value = rtq__ast_unnamed(item->expand.value);
    rtq__expr *e = rtq__bind_expr(b, row, value);
    uint32_t type = item_type(b, item);
    bool unknown = e->kind == RTQ_UNKNOWN || (e->op == RTQ__E_COL && b->bound->cols[e->col]->flags & RTQ__COL_BAG);
    if (!rtq__expr_is_broken(e) && e->kind != RTQ_DYNAMIC && e->kind != RTQ_UNKNOWN) {
        rtq__bind_error(b, value, "only arrays and bags can be expanded, and this is %s", rtq__kind_text(e->kind));
        if (e->kind == RTQ_STRING)
            rtq__diag_hint(b->diag, "todynamic() parses JSON text, split() takes text apart");
        e = rtq__expr_broken(b);
    }
    *kind = type ? type : unknown ? RTQ_UNKNOWN : RTQ_DYNAMIC;
    if (rtq__expr_is_broken(e) && !type)
        *kind = 0;
    return e;
}

/* Binds the items; their columns are made by `maker` and replace those of the input in p. */
static void bind_items(rtq__binder *b, const rtq__ctx *row, const rtq__ast *ast, rtq__rel *maker, rtq__proj *p,
                       expansion *x)
{
    x->items = rtq__bind_alloc(b, ast->op->items.n, sizeof *x->items);
    x->applied = rtq__bind_work(b, ast->op->items.n, sizeof(rtq__vcol *));
    for (const rtq__ast *item = ast->op->items.first; item; item = item->next) {
        uint32_t kind;
        const rtq__ast *value = rtq__ast_unnamed(item->expand.value), *name_at = item->expand.value;
        rtq__expr *e = item_value(b, row, item, &kind);
        rtq__vcol *column = rtq__result_column(value, e);
        bool named = name_at != value;
        const char *name = named ? name_at->named.names.first->name.ptr
                                 : rtq__result_name(b, row, value, column ? column->name : NULL);
        if (!name)
            name = rtq__default_name(b, row, false);
        rtq__col *col = rtq__col_new(b, maker, name, kind, 0);
        if (named || column)
            rtq__proj_declare(b, p, name, rtq__vcol_new(b, col), true, named ? name_at->named.names.first : value);
        else
            rtq__proj_add(b, p, name, rtq__vcol_new(b, col), NULL, true, false);
        x->applied[x->n] = named ? NULL : column;
        x->items[x->n++] = (rtq__expand_item){col, e, (uint8_t)kind};
    }
    const char *index = rtq__bind_parameter(&ast->op->params, "with_itemindex", NULL);
    if (index && *index) {
        x->index = rtq__col_new(b, maker, index, RTQ_LONG, 0);
        rtq__proj_add(b, p, index, rtq__vcol_new(b, x->index), NULL, false, false);
    }
    const char *expansion_kind = rtq__bind_parameter(&ast->op->params, "bagexpansion", NULL);
    if (!expansion_kind)
        expansion_kind = rtq__bind_parameter(&ast->op->params, "kind", NULL);
    x->as_array = expansion_kind && strcmp(expansion_kind, "array") == 0;
    if (ast->op->limit) {
        rtq__expr *limit = rtq__bind_count_of_rows(b, row, ast->op->limit, "the limit");
        x->limit = rtq__expr_is_broken(limit) ? NULL : limit;
    } else if (ast->kind == RTQ__AST_MV_EXPAND && ast->op->alternate) {
        x->limit = rtq__expr_cell(b, rtq__cell_i(RTQ_LONG, 128), ast); /* of mvexpand, the old spelling */
    }
}

const rtq__tab *rtq__bind_mv_expand(rtq__binder *b, const rtq__ctx *ctx, const rtq__tab *in, const rtq__ast *ast)
{
    if (in->broken)
        return in;
    rtq__ctx row = {.env = ctx->env, .row = in};
    rtq__rel *rel = rtq__rel_new(b, RTQ__R_MV_EXPAND, ast, in->rel, NULL);
    expansion x;
    rtq__proj p;
    memset(&x, 0, sizeof x);
    memset(&p, 0, sizeof p);
    rtq__proj_all(b, &p, in);
    bind_items(b, &row, ast, rel, &p, &x);
    rel->serialized = in->serialized;
    rel->u.expand.items = x.items;
    rel->u.expand.n = x.n;
    rel->u.expand.index = x.index;
    rel->u.expand.limit = x.limit;
    rel->u.expand.bag_as_array = x.as_array;
    return rtq__proj_tab(b, &p, in, rel, true);
}

/* ---- mv-apply ---- */

/* What the subquery sees: the columns of the outer row, and the items. */
static rtq__tab *inner_scope(rtq__binder *b, const rtq__tab *in, rtq__rel *leaf, rtq__rel *apply)
{
    rtq__tab *out = rtq__tab_new(b, leaf);
    for (uint32_t i = 0; i < in->n; i++) {
        rtq__vcol *v = rtq__bind_work(b, 1, sizeof *v);
        v->name = in->cols[i].name;
        v->rel = leaf;
        v->of = in->cols[i].col;
        v->shape = in->cols[i].col->shape;
        v->kind = in->cols[i].col->kind;
        v->flags = in->cols[i].col->flags;
        rtq__tab_add(b, out, v->name, v);
    }
    if (in->open)
        out->open = rtq__open_apply(b, leaf, apply, in);
    return out;
}

static bool is_applied(const expansion *x, const rtq__vcol *col)
{
    for (uint32_t i = 0; i < x->n; i++)
        if (x->applied[i] == col)
            return true;
    return false;
}

static const rtq__tab *applied(rtq__binder *b, const rtq__tab *in, const rtq__tab *body, const expansion *x,
                               rtq__rel *rel)
{
    rtq__proj p;
    memset(&p, 0, sizeof p);
    for (uint32_t i = 0; i < in->n; i++)
        if (!is_applied(x, in->cols[i].col))
            rtq__proj_add(b, &p, in->cols[i].name, in->cols[i].col, NULL, false, true);
    for (uint32_t i = 0; i < body->n; i++)
        rtq__proj_add(b, &p, body->cols[i].name, body->cols[i].col, NULL, true, false);
    rel->u.apply.body = body->rel;
    rel->u.apply.n_body_cols = body->n;
    rel->u.apply.body_cols = rtq__bind_alloc(b, body->n, sizeof(rtq__col *));
    for (uint32_t i = 0; i < body->n; i++)
        rel->u.apply.body_cols[i] = rtq__vcol_col(b, body->cols[i].col);
    return rtq__proj_tab(b, &p, in, rel, true);
}

const rtq__tab *rtq__bind_mv_apply(rtq__binder *b, const rtq__ctx *ctx, const rtq__tab *in, const rtq__ast *ast)
{
    if (in->broken)
        return in;
    if (ast->op->id)
        rtq__bind_refuse(b, ast->op->id, "mv-apply id", "the subquery sees the columns of its row without it");
    rtq__rel *rel = rtq__rel_new(b, RTQ__R_APPLY, ast, in->rel, NULL);
    rtq__rel *leaf = rtq__rel_new(b, RTQ__R_APPLY_INPUT, ast, NULL, NULL);
    rtq__ctx row = {.env = ctx->env, .row = in};
    expansion x;
    rtq__proj p;
    memset(&x, 0, sizeof x);
    memset(&p, 0, sizeof p);
    rtq__tab *scope = inner_scope(b, in, leaf, rel);
    rtq__proj_all(b, &p, scope);
    bind_items(b, &row, ast, leaf, &p, &x);
    rel->u.apply.items = x.items;
    rel->u.apply.n = x.n;
    rel->u.apply.index = x.index;
    rel->u.apply.limit = x.limit;
    rel->u.apply.bag_as_array = x.as_array;
    rel->u.apply.input = leaf;
    leaf->serialized = true; /* items come in their order */
    rtq__tab *source = rtq__proj_tab(b, &p, scope, leaf, true);
    source->serialized = true;
    rtq__ctx inner = {.env = ctx->env, .source = source};
    const rtq__tab *body = ast->op->body->kind == RTQ__AST_PIPE
                               ? rtq__bind_pipe(b, &inner, ast->op->body)
                               : rtq__bind_operator_node(b, &inner, source, ast->op->body);
    return body->broken ? rtq__tab_broken(b) : applied(b, in, body, &x, rel);
}
