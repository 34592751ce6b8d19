/* bind_literal.c - literals and dynamic(...) as cells. */
#include "kql/bind_private.h"
#include "value/decimal.h"

static bool scalar_cell(const rtq__ast *ast, rtq__cell *out)
{
    const rtq__ast_literal *lit = &ast->literal;
    *out = rtq__cell_null(lit->type);
    if (lit->is_null)
        return true;
    switch (lit->type) {
    case RTQ_STRING: *out = rtq__cell_s(lit->text.ptr ? lit->text.ptr : "", lit->text.len); return true;
    case RTQ_REAL: *out = rtq__cell_d(lit->u.d); return true;
    case RTQ_GUID:
        out->is_null = false;
        memcpy(out->u.b, lit->u.guid, 16);
        return true;
    case RTQ_DECIMAL: out->is_null = false; return rtq__decimal_parse(out->u.w, lit->text.ptr, lit->text.len);
    default: *out = rtq__cell_i(lit->type, lit->u.i); return true;
    }
}

/* Kept in the binder: freed with it when an error leaves on the way. */
static rtq__dyn_builder *new_builder(rtq__binder *b)
{
    b->builder = rtq__dyn_builder_new(b->mem);
    if (!b->builder)
        rtq__bind_fail(b, RTQ_ERR_NOMEM);
    return b->builder;
}

static rtq__dyn built(rtq__binder *b, rtq__arena *arena)
{
    rtq__dyn value;
    int rc = rtq__dyn_finish(&value, b->builder, arena);
    rtq__dyn_builder_free(b->builder);
    b->builder = NULL;
    if (rc != RTQ_OK)
        rtq__bind_fail(b, rc);
    return value;
}

static void build_json(rtq__binder *b, rtq__dyn_builder *builder, const rtq__ast *json)
{
    rtq__bind_enter(b, json);
    if (json->kind == RTQ__AST_JSON_ARRAY) {
        rtq__dyn_begin_array(builder);
        for (const rtq__ast *item = json->list.first; item; item = item->next)
            build_json(b, builder, item);
        rtq__dyn_end(builder);
    } else if (json->kind == RTQ__AST_JSON_BAG) {
        rtq__dyn_begin_bag(builder);
        for (const rtq__ast *pair = json->list.first; pair; pair = pair->next) {
            const rtq__ast *key = pair->named.names.first;
            rtq__dyn_key(builder, key->name.ptr ? key->name.ptr : "", key->name.len);
            build_json(b, builder, pair->named.value);
        }
        rtq__dyn_end(builder);
    } else if (json->kind == RTQ__AST_LITERAL && json->literal.json) {
        build_json(b, builder, json->literal.json);
    } else {
        rtq__cell cell;
        if (json->kind != RTQ__AST_LITERAL || json->literal.flags & (RTQ__LITERAL_NOW | RTQ__LITERAL_TODAY) ||
            !scalar_cell(json, &cell)) {
            cell = rtq__cell_null(RTQ_DYNAMIC);
            rtq__bind_error(b, json, "only literals can stand inside dynamic()");
        } else if (cell.kind == RTQ_DECIMAL) {
            rtq__bind_error(b, json, "a dynamic value cannot hold a decimal");
        }
        rtq__dyn_add_cell(builder, &cell);
    }
    rtq__bind_leave(b);
}

/* datetime() and datetime(8:00) depend on the clock. */
static rtq__expr *clock_literal(rtq__binder *b, const rtq__ast *ast)
{
    rtq__expr *now = rtq__bind_fn(b, "now", NULL, 0, ast), *sum[2];
    if (ast->literal.flags & RTQ__LITERAL_NOW)
        return now;
    sum[0] = rtq__bind_fn(b, "startofday", &now, 1, ast);
    sum[1] = rtq__expr_cell(b, rtq__cell_i(RTQ_TIMESPAN, ast->literal.u.i), ast);
    return rtq__bind_operator(b, RTQ__OP_PLUS, sum, 2, ast, ast->begin, ast->end);
}

rtq__expr *rtq__bind_literal(rtq__binder *b, const rtq__ast *ast)
{
    const rtq__ast_literal *lit = &ast->literal;
    rtq__cell cell;
    if (lit->flags & (RTQ__LITERAL_NOW | RTQ__LITERAL_TODAY))
        return clock_literal(b, ast);
    if (lit->type != RTQ_DYNAMIC) {
        if (!scalar_cell(ast, &cell)) {
            rtq__bind_error(b, ast, "this is not a number");
            return rtq__expr_broken(b);
        }
        if (cell.kind == RTQ_DECIMAL) {
#ifndef RTQ_WITH_DECIMAL
            rtq__bind_refuse(b, ast, "decimal", "this build has no decimal arithmetic");
            return rtq__expr_broken(b);
#endif
        }
        return rtq__expr_cell(b, cell, ast);
    }
    if (lit->is_null || !lit->json)
        return rtq__expr_null(b, RTQ_DYNAMIC, ast);
    build_json(b, new_builder(b), lit->json);
    rtq__dyn value = built(b, &b->bound->arena);
    rtq__expr *e = rtq__expr_new(b, RTQ__E_CONST, RTQ_DYNAMIC, NULL, 0, ast);
    e->cell = rtq__cell_y(value);
    RTQ__BEXPR(e)->shape = rtq__shape_of_cell(&e->cell);
    RTQ__BEXPR(e)->literal = true;
    return e;
}

rtq__expr *rtq__expr_names(rtq__binder *b, const char *const *names, uint32_t n, const rtq__ast *at)
{
    rtq__dyn_builder *builder = new_builder(b);
    rtq__dyn_begin_array(builder);
    for (uint32_t i = 0; i < n; i++) {
        rtq__cell cell = rtq__cell_s(names[i], strlen(names[i]));
        rtq__dyn_add_cell(builder, &cell);
    }
    rtq__dyn_end(builder);
    return rtq__expr_cell(b, rtq__cell_y(built(b, &b->work)), at);
}
