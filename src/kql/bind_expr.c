/* bind_expr.c - scalar expressions: names, and which function binds which kind of them. */
#include "kql/bind_private.h"

const rtq__ast *rtq__ast_unnamed(const rtq__ast *ast)
{
    while (ast && ast->kind == RTQ__AST_NAMED)
        ast = ast->named.value;
    return ast;
}

uint32_t rtq__bind_slot(rtq__binder *b, uint8_t how, bool nocase, const rtq__tab *tab, rtq__vcol *col)
{
    rtq__bound *bound = b->bound;
    uint32_t at = bound->n_slots;
    *RTQ__BIND_PUSH(b, &bound->arena, bound->slots, bound->n_slots, bound->cap_slots) = (rtq__slot_def){
        .how = how, .nocase = nocase, .rel = tab->rel, .col = rtq__vcol_col(b, col)};
    return at;
}

rtq__expr *rtq__bind_scalar_of(rtq__binder *b, const rtq__value *value, const rtq__ast *ast)
{
    switch (value->how) {
    case RTQ__VALUE_SCALAR: return value->scalar;
    case RTQ__VALUE_TABLE:
        if (value->tab->broken)
            return rtq__expr_broken(b);
        rtq__bind_error(b, ast, "this is a table, and a single value is expected here");
        rtq__diag_hint(b->diag, "toscalar(...) takes the first value of a table");
        return rtq__expr_broken(b);
    case RTQ__VALUE_FUNCTION:
        rtq__bind_error(b, ast, "'%s' is a function: call it with its arguments", value->name ? value->name : "this");
        return rtq__expr_broken(b);
    default: return rtq__expr_broken(b);
    }
}

static rtq__expr *bind_name(rtq__binder *b, const rtq__ctx *ctx, const rtq__ast *ast)
{
    rtq__value value = rtq__bind_name_value(b, ctx, ast, ctx->row == NULL);
    if (value.how != RTQ__VALUE_NONE)
        return rtq__bind_scalar_of(b, &value, ast);
    const char *name = ast->name.ptr;
    if (ctx->row && ctx->aggs && !ctx->aggs->inside && rtq__tab_find(ctx->row, name) >= 0)
        rtq__bind_error(b, ast, "column '%s' has many values here: use it inside an aggregate or after `by`", name);
    else
        rtq__bind_unknown_name(b, ctx, &ast->name, ctx->row ? "column or variable" : "variable");
    return rtq__expr_broken(b);
}

/* ---- all ---- */

static rtq__expr *bind_by_kind(rtq__binder *b, const rtq__ctx *ctx, const rtq__ast *ast)
{
    switch (ast->kind) {
    case RTQ__AST_LITERAL: return rtq__bind_literal(b, ast);
    case RTQ__AST_NAME: return bind_name(b, ctx, ast);
    case RTQ__AST_MEMBER: return rtq__bind_member_of(b, ctx, ast);
    case RTQ__AST_INDEX: return rtq__bind_index_of(b, ctx, ast);
    case RTQ__AST_CALL: {
        rtq__value value = rtq__bind_value(b, ctx, ast);
        return rtq__bind_scalar_of(b, &value, ast);
    }
    case RTQ__AST_NAMED: return rtq__bind_expr(b, ctx, ast->named.value);
    case RTQ__AST_ORDERED: return rtq__bind_expr(b, ctx, ast->ordered.value);
    case RTQ__AST_UNARY: return rtq__bind_unary(b, ctx, ast);
    case RTQ__AST_BINARY: return rtq__bind_binary(b, ctx, ast);
    case RTQ__AST_IN: return rtq__bind_in(b, ctx, ast);
    case RTQ__AST_BETWEEN: return rtq__bind_between(b, ctx, ast);
    case RTQ__AST_STAR:
    case RTQ__AST_WILDCARD: rtq__bind_error(b, ast, "`*` cannot stand here"); return rtq__expr_broken(b);
    case RTQ__AST_TYPEOF: rtq__bind_error(b, ast, "typeof() cannot stand here"); return rtq__expr_broken(b);
    case RTQ__AST_ERROR: return rtq__expr_broken(b);
    default: {
        rtq__value value = rtq__bind_value(b, ctx, ast);
        return rtq__bind_scalar_of(b, &value, ast);
    }
    }
}

rtq__expr *rtq__bind_expr(rtq__binder *b, const rtq__ctx *ctx, const rtq__ast *ast)
{
    rtq__bind_enter(b, ast);
    rtq__expr *e = bind_by_kind(b, ctx, ast);
    rtq__bind_leave(b);
    return e;
}

rtq__expr *rtq__bind_predicate(rtq__binder *b, const rtq__ctx *ctx, const rtq__ast *ast)
{
    return rtq__bind_bool(b, rtq__bind_expr(b, ctx, ast), ast, "the condition");
}

rtq__expr *rtq__bind_count_of_rows(rtq__binder *b, const rtq__ctx *ctx, const rtq__ast *ast, const char *what)
{
    rtq__ctx scalar = {.env = ctx->env};
    rtq__expr *e = rtq__bind_expr(b, &scalar, ast);
    if (e->kind == RTQ_REAL || e->kind == RTQ_STRING || e->kind == RTQ_BOOL) {
        rtq__bind_error(b, ast, "%s must be an integer, not %s", what, rtq__kind_text(e->kind));
        return rtq__expr_broken(b);
    }
    rtq__bind_expect(b, &e, RTQ_LONG, ast, what);
    return e;
}
