/* bind_type.c - types of expressions: conversions that KQL makes by itself, and what an operator expects. */
#include "kql/bind_private.h"

const char *rtq__kind_text(uint32_t kind)
{
    return kind == RTQ_UNKNOWN ? "unknown" : kind ? rtq__kind_name(kind) : "error";
}

const rtq__fn *rtq__bind_conversion(uint32_t from, uint32_t to)
{
    if (from == RTQ_DYNAMIC && to == RTQ_STRING) /* Kusto takes a dynamic value wherever it takes text */
        return rtq__fn_convert(RTQ_UNKNOWN, RTQ_STRING);
    return rtq__fn_convert(from, to);
}

static rtq__expr *convert_by(rtq__binder *b, const rtq__fn *fn, rtq__expr *expr, uint32_t kind);

rtq__expr *rtq__bind_convert(rtq__binder *b, rtq__expr *expr, uint32_t kind)
{
    if (expr->kind == kind || rtq__expr_is_broken(expr))
        return expr;
    const rtq__fn *fn = rtq__bind_conversion(expr->kind, kind);
    return fn ? convert_by(b, fn, expr, kind) : NULL;
}

rtq__expr *rtq__bind_cast(rtq__binder *b, rtq__expr *expr, uint32_t kind, const rtq__ast *at)
{
    rtq__expr *e = rtq__bind_convert(b, expr, kind);
    if (e)
        return e;
    if (kind == RTQ_DYNAMIC)
        return convert_by(b, rtq__fn_convert(expr->kind, RTQ_UNKNOWN), expr, kind);
    if (expr->op == RTQ__E_CONST && expr->cell.is_null)
        return rtq__expr_null(b, kind, at);
    return rtq__bind_fn(b, rtq__bind_namef(b, "to%s", rtq__kind_text(kind)), &expr, 1, at);
}

static rtq__expr *convert_by(rtq__binder *b, const rtq__fn *fn, rtq__expr *expr, uint32_t kind)
{
    if (expr->op == RTQ__E_CONST && expr->cell.is_null) {
        rtq__expr *null = rtq__expr_null(b, kind, NULL);
        null->begin = expr->begin;
        null->end = expr->end;
        return null;
    }
    rtq__expr *e = rtq__expr_call(b, fn, kind, &expr, 1, NULL);
    e->begin = expr->begin;
    e->end = expr->end;
    rtq__cell cell;
    if (expr->op == RTQ__E_CONST)
        (void)rtq__expr_constant(b, e, &cell); /* sources want plain constants in what is pushed to them */
    return e;
}

bool rtq__bind_expect(rtq__binder *b, rtq__expr **expr, uint32_t kind, const rtq__ast *at, const char *what)
{
    rtq__expr *e = *expr;
    if (rtq__expr_is_broken(e))
        return false;
    rtq__expr *converted = rtq__bind_convert(b, e, kind);
    if (!converted) {
        rtq__bind_error(b, at, "%s must be of type %s, not %s", what, rtq__kind_text(kind), rtq__kind_text(e->kind));
        *expr = rtq__expr_broken(b);
        return false;
    }
    *expr = converted;
    return true;
}

rtq__expr *rtq__bind_bool(rtq__binder *b, rtq__expr *expr, const rtq__ast *at, const char *what)
{
    if (expr->kind != RTQ_BOOL && expr->kind != RTQ_UNKNOWN && expr->kind) {
        rtq__bind_error(b, at, "%s must be of type bool, not %s", what, rtq__kind_text(expr->kind));
        if (at->kind == RTQ__AST_NAMED)
            rtq__diag_hint(b->diag, "== compares; = gives a name");
        return rtq__expr_broken(b);
    }
    rtq__bind_expect(b, &expr, RTQ_BOOL, at, what);
    return expr;
}

rtq__expr *rtq__bind_fn(rtq__binder *b, const char *name, rtq__expr *const *args, uint32_t n_args, const rtq__ast *at)
{
    for (uint32_t i = 0; i < n_args; i++)
        if (rtq__expr_is_broken(args[i]))
            return args[i];
    rtq__rows rows = {.name = name};
    rows.fns = rtq__fn_find(name, strlen(name), &rows.n);
    if (!rows.fns) {
        rtq__bind_refuse(b, at, name, "this build has no such function");
        return rtq__expr_broken(b);
    }
    rtq__expr **copy = rtq__bind_work(b, n_args, sizeof *copy);
    if (n_args)
        memcpy(copy, args, n_args * sizeof *copy);
    uint32_t kind = 0;
    int32_t row = rtq__bind_overload(b, &rows, copy, n_args, &kind, at, false);
    return row < 0 ? rtq__expr_broken(b) : rtq__expr_call(b, rows.fns + row, kind, copy, n_args, at);
}
