/* bind_member.c - members and elements: fields asked of the source where they can be, look-ups in dynamic values
 * elsewhere. */
#include "kql/bind_private.h"

static bool is_word(const char *s)
{
    if (!*s)
        return false;
    for (const char *p = s; *p; p++)
        if (!(*p == '_' || (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9' && p > s)))
            return false;
    return true;
}

/* A key as a step of a path: .key or ['a key']. NULL when paths cannot say it. */
const char *rtq__path_step(rtq__binder *b, const char *key, bool first)
{
    if (is_word(key))
        return first ? key : rtq__bind_namef(b, ".%s", key);
    return strpbrk(key, "'\"\\]") ? NULL : rtq__bind_namef(b, "['%s']", key);
}

static rtq__col *bind_member_col(rtq__binder *b, rtq__col *col, const char *step)
{
    switch (col->rel->op) {
    case RTQ__R_SCAN: {
        if (!(col->flags & RTQ__COL_BAG) && col->kind != RTQ_UNKNOWN)
            return NULL;
        const char *path = rtq__bind_namef(b, "%s%s", col->path, step);
        return rtq__scan_col(b, col->rel, path, path, RTQ_UNKNOWN, 0);
    }
    case RTQ__R_REF:
    case RTQ__R_APPLY_INPUT: {
        rtq__col *of = col->of ? bind_member_col(b, col->of, step) : NULL;
        return of ? rtq__ref_col(b, col->rel, of, of->name) : NULL;
    }
    case RTQ__R_EXTEND:
        return col->expr && col->expr->op == RTQ__E_COL ? bind_member_col(b, b->bound->cols[col->expr->col], step)
                                                        : NULL;
    default: return NULL;
    }
}

rtq__expr *rtq__bind_member(rtq__binder *b, rtq__expr *object, const char *key, size_t len, const rtq__ast *at)
{
    if (rtq__expr_is_broken(object))
        return object;
    bool unknown = object->kind == RTQ_UNKNOWN;
    if (object->op == RTQ__E_COL) {
        rtq__col *col = b->bound->cols[object->col];
        unknown |= (col->flags & (RTQ__COL_BAG | RTQ__COL_REST)) != 0;
        const char *step = memchr(key, '\0', len) ? NULL
                                                  : rtq__path_step(b, rtq__bind_namef(b, "%.*s", (int)len, key), false);
        rtq__col *found_col = step && unknown ? bind_member_col(b, col, step) : NULL;
        if (found_col) {
            rtq__expr *e = rtq__expr_col(b, found_col, at);
            return e;
        }
    }
    rtq__expr *args[2] = {object, rtq__expr_text(b, key, len, at)};
    rtq__expr *e = rtq__bind_fn(b, "__member", args, 2, at);
    if (!rtq__expr_is_broken(e))
        e->kind = unknown ? RTQ_UNKNOWN : RTQ_DYNAMIC;
    return e;
}

/* ---- members and indexes ---- */

static const rtq__tab *side_of(const rtq__ctx *ctx, const rtq__ast *object)
{
    if (object->kind != RTQ__AST_NAME || !ctx->right)
        return NULL;
    return strcmp(object->name.ptr, "$left") == 0    ? ctx->row
           : strcmp(object->name.ptr, "$right") == 0 ? ctx->right
                                                     : NULL;
}

rtq__expr *rtq__bind_member_of(rtq__binder *b, const rtq__ctx *ctx, const rtq__ast *ast)
{
    const rtq__ast_name *name = &ast->member.name;
    const rtq__tab *side = side_of(ctx, ast->member.object);
    if (side) {
        rtq__expr *e = side->broken ? rtq__expr_broken(b) : rtq__tab_lookup(b, side, name->ptr, true, ast);
        if (e)
            return e;
        rtq__bind_error_at(b, name->begin, name->end, "the %s side has no column '%s'",
                           side == ctx->row ? "left" : "right", name->ptr);
        return rtq__expr_broken(b);
    }
    rtq__expr *object = rtq__bind_expr(b, ctx, ast->member.object);
    if (object->kind && object->kind != RTQ_DYNAMIC && object->kind != RTQ_UNKNOWN) {
        rtq__bind_error_at(b, name->begin, name->end, "a value of type %s has no member '%s'",
                           rtq__kind_text(object->kind), name->ptr);
        return rtq__expr_broken(b);
    }
    return rtq__bind_member(b, object, name->ptr, name->len, ast);
}

static rtq__expr *element(rtq__binder *b, rtq__expr *object, rtq__expr *index, const rtq__ast *ast);

/* What a dynamic index is, a key or a position, only its value says. */
static rtq__expr *element_by_value(rtq__binder *b, rtq__expr *object, rtq__expr *index, const rtq__ast *ast)
{
    rtq__expr *type = rtq__bind_fn(b, "gettype", &index, 1, ast), *is[2] = {type, rtq__expr_text(b, "string", 6, ast)},
              *args[3];
    args[0] = rtq__bind_operator(b, RTQ__OP_EQ, is, 2, ast, ast->begin, ast->end);
    args[1] = element(b, object, rtq__bind_cast(b, index, RTQ_STRING, ast), ast);
    args[2] = element(b, object, rtq__bind_cast(b, index, RTQ_LONG, ast), ast);
    return rtq__bind_fn(b, "iff", args, 3, ast);
}

static rtq__expr *element(rtq__binder *b, rtq__expr *object, rtq__expr *index, const rtq__ast *ast)
{
    if (rtq__expr_is_broken(object) || rtq__expr_is_broken(index))
        return rtq__expr_broken(b);
    if (object->kind != RTQ_DYNAMIC && object->kind != RTQ_UNKNOWN) {
        rtq__bind_error(b, ast, "a value of type %s has no elements", rtq__kind_text(object->kind));
        return rtq__expr_broken(b);
    }
    rtq__cell cell;
    if (index->kind == RTQ_STRING && RTQ__BEXPR(index)->constant && rtq__expr_constant(b, index, &cell))
        return rtq__bind_member(b, object, cell.u.s, cell.len, ast);
    bool unknown = object->kind == RTQ_UNKNOWN;
    if (object->op == RTQ__E_COL) {
        rtq__col *col = b->bound->cols[object->col];
        unknown |= (col->flags & RTQ__COL_BAG) != 0;
        if (unknown && (index->kind == RTQ_LONG || index->kind == RTQ_INT) && rtq__expr_constant(b, index, &cell) &&
            !cell.is_null) {
            rtq__col *found = bind_member_col(b, col, rtq__bind_namef(b, "[%lld]", (long long)cell.u.i));
            if (found)
                return rtq__expr_col(b, found, ast);
        }
    }
    if (index->kind == RTQ_DYNAMIC || index->kind == RTQ_UNKNOWN)
        return element_by_value(b, object, index, ast);
    if (index->kind != RTQ_STRING && index->kind != RTQ_LONG && index->kind != RTQ_INT) {
        rtq__bind_error_at(b, index->begin, index->end, "the index must be a string or a long, not %s",
                           rtq__kind_text(index->kind));
        return rtq__expr_broken(b);
    }
    rtq__expr *args[2] = {object, index};
    rtq__expr *e = rtq__bind_fn(b, index->kind == RTQ_STRING ? "__member" : "__index", args, 2, ast);
    if (!rtq__expr_is_broken(e))
        e->kind = unknown ? RTQ_UNKNOWN : RTQ_DYNAMIC;
    return e;
}

/* Arrays have positions and bags have keys. */
static bool index_fits(rtq__binder *b, const rtq__expr *object, const rtq__expr *index)
{
    uint8_t shape = RTQ__BEXPR(object)->shape;
    bool whole = index->kind == RTQ_LONG || index->kind == RTQ_INT;
    if (object->kind != RTQ_DYNAMIC ||
        !((shape == RTQ__SHAPE_ARRAY && index->kind == RTQ_STRING) || (shape == RTQ__SHAPE_BAG && whole)))
        return true;
    rtq__bind_error_at(b, index->begin, index->end, "%s is read by %s, not by %s",
                       shape == RTQ__SHAPE_ARRAY ? "an array" : "a bag",
                       shape == RTQ__SHAPE_ARRAY ? "a position" : "a key", rtq__kind_text(index->kind));
    return false;
}

rtq__expr *rtq__bind_index_of(rtq__binder *b, const rtq__ctx *ctx, const rtq__ast *ast)
{
    if (!ast->index.object) {
        rtq__bind_error(b, ast, "`[...]` needs a value in front of it");
        return rtq__expr_broken(b);
    }
    const rtq__tab *side = side_of(ctx, ast->index.object);
    const rtq__ast *index = ast->index.index;
    if (side && index->kind == RTQ__AST_LITERAL && index->literal.type == RTQ_STRING) {
        rtq__expr *e = side->broken ? rtq__expr_broken(b)
                                    : rtq__tab_lookup(b, side,
                                                      rtq__bind_namef(b, "%.*s", (int)index->literal.text.len,
                                                                      index->literal.text.ptr),
                                                      true, ast);
        if (!e)
            rtq__bind_error(b, ast, "there is no such column on this side");
        return e ? e : rtq__expr_broken(b);
    }
    if (rtq__bind_is_tuple_call(ctx, ast->index.object) &&
        ast->index.object->call.args.n > 1) { /* array_sort_asc(a, b)[1] */
        rtq__expr *at = rtq__bind_expr(b, ctx, index);
        rtq__expr_tuple tuple = {NULL, NULL, 0};
        rtq__cell cell;
        if (rtq__expr_is_broken(at) || !rtq__bind_tuple_call(b, ctx, ast->index.object, &tuple))
            return rtq__expr_broken(b);
        if ((at->kind == RTQ_LONG || at->kind == RTQ_INT) && rtq__expr_constant(b, at, &cell) && cell.u.i >= 0 &&
            cell.u.i < tuple.n)
            return tuple.exprs[cell.u.i];
        rtq__bind_error(b, ast, "%s() has %u results: the index must be a constant from 0 to %u",
                        ast->index.object->call.name.ptr, tuple.n, tuple.n - 1);
        return rtq__expr_broken(b);
    }
    rtq__expr *object = rtq__bind_expr(b, ctx, ast->index.object), *at = rtq__bind_expr(b, ctx, index);
    if (!index_fits(b, object, at))
        return rtq__expr_broken(b);
    return element(b, object, at, ast);
}
