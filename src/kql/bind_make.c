/* bind_make.c - memory, messages, nodes, columns and expressions of the binder. */
#include <stdarg.h>
#include <stdio.h>
#include "kql/bind_private.h"

_Noreturn void rtq__bind_fail(rtq__binder *b, int code)
{
    b->fail_code = code;
    longjmp(b->fail, 1);
}

static void *zeroed(rtq__binder *b, rtq__arena *arena, size_t n, size_t len)
{
    if (len && n > (SIZE_MAX / 2) / len)
        rtq__bind_fail(b, RTQ_ERR_NOMEM);
    void *p = rtq__arena_zalloc(arena, n && len ? n * len : 1);
    if (!p)
        rtq__bind_fail(b, RTQ_ERR_NOMEM);
    return p;
}

void *rtq__bind_alloc(rtq__binder *b, size_t n, size_t len)
{
    return zeroed(b, &b->bound->arena, n, len);
}

void *rtq__bind_work(rtq__binder *b, size_t n, size_t len)
{
    return zeroed(b, &b->work, n, len);
}

void *rtq__bind_grow(rtq__binder *b, rtq__arena *arena, void *items, uint32_t *cap, uint32_t need, size_t len)
{
    if (need <= *cap)
        return items;
    uint32_t more = *cap ? *cap * 2 : 4;
    if (more < need)
        more = need;
    void *p = zeroed(b, arena, more, len);
    if (*cap)
        memcpy(p, items, *cap * len);
    *cap = more;
    return p;
}

char *rtq__bind_name(rtq__binder *b, const char *name)
{
    char *p = rtq__arena_strndup(&b->bound->arena, name, strlen(name));
    if (!p)
        rtq__bind_fail(b, RTQ_ERR_NOMEM);
    return p;
}

char *rtq__bind_namef(rtq__binder *b, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *p = rtq__bind_work(b, (size_t)(len > 0 ? len : 0) + 1, 1);
    va_start(args, format);
    vsnprintf(p, (size_t)(len > 0 ? len : 0) + 1, format, args);
    va_end(args);
    return p;
}

static int report(rtq__binder *b, int code, uint32_t begin, uint32_t end, const char *format, va_list args)
{
    char text[1024];
    vsnprintf(text, sizeof text, format, args);
    if (code == RTQ_ERR_UNSUPPORTED)
        b->n_unsupported++;
    else
        b->n_errors++;
    if (b->call_site) {
        rtq__diag_add(b->diag, code, RTQ__SEV_ERROR, b->call_site->begin, b->call_site->end, "in function '%s': %s",
                      b->call_name, text);
        rtq__diag_subject(b->diag, b->call_name);
        return code;
    }
    return rtq__diag_add(b->diag, code, RTQ__SEV_ERROR, begin, end, "%s", text);
}

int rtq__bind_error(rtq__binder *b, const rtq__ast *at, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    report(b, RTQ_ERR_SEMANTIC, at ? at->begin : 0, at ? at->end : 0, format, args);
    va_end(args);
    return RTQ_ERR_SEMANTIC;
}

int rtq__bind_error_at(rtq__binder *b, uint32_t begin, uint32_t end, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    report(b, RTQ_ERR_SEMANTIC, begin, end, format, args);
    va_end(args);
    return RTQ_ERR_SEMANTIC;
}

static void report_unsupported(rtq__binder *b, const rtq__ast *at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void report_unsupported(rtq__binder *b, const rtq__ast *at, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    report(b, RTQ_ERR_UNSUPPORTED, at ? at->begin : 0, at ? at->end : 0, format, args);
    va_end(args);
}

void rtq__bind_refuse(rtq__binder *b, const rtq__ast *at, const char *what, const char *why)
{
    report_unsupported(b, at, "'%s' is not supported: %s", what, why);
    if (!b->call_site)
        rtq__diag_subject(b->diag, what);
}

void rtq__bind_enter(rtq__binder *b, const rtq__ast *at)
{
    if (++b->depth <= RTQ__BIND_DEPTH)
        return;
    b->n_errors++;
    rtq__diag_add(b->diag, RTQ_ERR_LIMIT, RTQ__SEV_ERROR, at ? at->begin : 0, at ? at->end : 0,
                  "expressions, subqueries and functions are nested more than %d deep", RTQ__BIND_DEPTH);
    rtq__bind_fail(b, RTQ_ERR_LIMIT);
}

void rtq__bind_leave(rtq__binder *b)
{
    b->depth--;
}

/* ---- nodes and columns ---- */

rtq__rel *rtq__rel_new(rtq__binder *b, uint8_t op, const rtq__ast *at, rtq__rel *in0, rtq__rel *in1)
{
    rtq__bound *bound = b->bound;
    rtq__rel *rel = rtq__bind_alloc(b, 1, sizeof *rel);
    rel->op = op;
    rel->n_in = in1 ? 2 : in0 ? 1 : 0;
    if (rel->n_in) {
        rel->in = rtq__bind_alloc(b, rel->n_in, sizeof(rtq__rel *));
        rel->in[0] = in0;
        if (in1)
            rel->in[1] = in1;
    }
    at = b->call_site ? b->call_site : at;
    rel->begin = at ? at->begin : 0;
    rel->end = at ? at->end : 0;
    rel->id = bound->n_rels;
    *RTQ__BIND_PUSH(b, &bound->arena, bound->rels, bound->n_rels, bound->cap_rels) = rel;
    return rel;
}

void rtq__rel_set_input(rtq__binder *b, rtq__rel *rel, rtq__rel *in)
{
    rel->n_in = 1;
    rel->in = rtq__bind_alloc(b, 1, sizeof(rtq__rel *));
    rel->in[0] = in;
    rel->serialized = in->serialized;
}

rtq__col *rtq__col_new(rtq__binder *b, rtq__rel *rel, const char *name, uint32_t kind, uint32_t flags)
{
    return rtq__col_named(b, rel, rtq__bind_name(b, name), kind, flags);
}

rtq__col *rtq__col_named(rtq__binder *b, rtq__rel *rel, const char *name, uint32_t kind, uint32_t flags)
{
    rtq__bound *bound = b->bound;
    if (bound->n_cols >= RTQ__BIND_COLUMNS) {
        b->n_errors++;
        rtq__diag_add(b->diag, RTQ_ERR_LIMIT, RTQ__SEV_ERROR, 0, 0, "the query has more than %d columns",
                      RTQ__BIND_COLUMNS);
        rtq__bind_fail(b, RTQ_ERR_LIMIT);
    }
    rtq__col *col = rtq__bind_alloc(b, 1, sizeof *col);
    col->id = bound->n_cols;
    col->kind = (uint8_t)kind;
    col->flags = (uint8_t)flags;
    col->name = name;
    col->rel = rel;
    *RTQ__BIND_PUSH(b, &bound->arena, bound->cols, bound->n_cols, bound->cap_cols) = col;
    return col;
}

rtq__vcol *rtq__vcol_new(rtq__binder *b, rtq__col *col)
{
    rtq__vcol *v = rtq__bind_work(b, 1, sizeof *v);
    v->name = col->name;
    v->col = col;
    v->kind = col->kind;
    v->flags = col->flags;
    return v;
}

/* ---- expressions ---- */

rtq__expr *rtq__expr_broken(rtq__binder *b)
{
    memset(&b->broken, 0, sizeof b->broken);
    b->broken.e.op = RTQ__E_CONST;
    return &b->broken.e;
}

static void too_large(rtq__binder *b, const rtq__ast *at)
{
    b->n_errors++;
    rtq__diag_add(b->diag, RTQ_ERR_LIMIT, RTQ__SEV_ERROR, at ? at->begin : 0, at ? at->end : 0,
                  "the expression is too large");
    rtq__bind_fail(b, RTQ_ERR_LIMIT);
}

rtq__expr *rtq__expr_new(rtq__binder *b, uint8_t op, uint32_t kind, rtq__expr *const *args, uint32_t n_args,
                         const rtq__ast *at)
{
    rtq__bexpr *x = rtq__bind_alloc(b, 1, sizeof *x);
    x->e.op = op;
    x->e.kind = (uint8_t)kind;
    x->e.n_args = n_args;
    at = b->call_site ? b->call_site : at;
    x->e.begin = at ? at->begin : 0;
    x->e.end = at ? at->end : 0;
    x->constant = op != RTQ__E_COL && op != RTQ__E_SLOT && op != RTQ__E_IN_SLOT;
    x->columns = op == RTQ__E_COL;
    uint64_t weight = 1;
    if (n_args) {
        x->e.args = rtq__bind_alloc(b, n_args, sizeof *args);
        memcpy(x->e.args, args, n_args * sizeof *args);
    }
    for (uint32_t i = 0; i < n_args; i++) {
        const rtq__bexpr *a = RTQ__BEXPR(args[i]);
        weight += a->weight;
        if (a->depth >= x->depth)
            x->depth = (uint16_t)(a->depth + 1);
        x->constant &= a->constant;
        x->columns |= a->columns;
        x->e.flags |= a->e.flags;
    }
    if (weight > RTQ__BIND_EXPR_WEIGHT || x->depth > RTQ__BIND_EXPR_DEPTH)
        too_large(b, at);
    x->weight = (uint32_t)weight;
    return &x->e;
}

rtq__expr *rtq__expr_cell(rtq__binder *b, rtq__cell cell, const rtq__ast *at)
{
    rtq__expr *e = rtq__expr_new(b, RTQ__E_CONST, cell.kind, NULL, 0, at);
    rtq__arena *heap = &b->bound->arena;
    if (cell.kind == RTQ_STRING) {
        char *text = rtq__arena_strndup(heap, cell.len ? cell.u.s : "", cell.len);
        if (!text)
            rtq__bind_fail(b, RTQ_ERR_NOMEM);
        cell.u.s = text;
    } else if ((cell.kind == RTQ_DYNAMIC || cell.kind == RTQ_UNKNOWN) && !cell.is_null) {
        rtq__dyn copy;
        if (rtq__dyn_copy(&copy, &cell.u.y, heap) != RTQ_OK)
            rtq__bind_fail(b, RTQ_ERR_NOMEM);
        cell.u.y = copy;
    }
    e->cell = cell;
    RTQ__BEXPR(e)->literal = true;
    RTQ__BEXPR(e)->shape = rtq__shape_of_cell(&cell);
    return e;
}

rtq__expr *rtq__expr_text(rtq__binder *b, const char *text, size_t len, const rtq__ast *at)
{
    return rtq__expr_cell(b, rtq__cell_s(text, len), at);
}

rtq__expr *rtq__expr_null(rtq__binder *b, uint32_t kind, const rtq__ast *at)
{
    return rtq__expr_cell(b, rtq__cell_null(kind), at);
}

rtq__expr *rtq__expr_col(rtq__binder *b, rtq__col *col, const rtq__ast *at)
{
    rtq__expr *e = rtq__expr_new(b, RTQ__E_COL, col->kind, NULL, 0, at);
    e->col = col->id;
    return e;
}

rtq__expr *rtq__expr_vcol(rtq__binder *b, rtq__vcol *col, const rtq__ast *at)
{
    rtq__expr *e = rtq__expr_col(b, rtq__vcol_col(b, col), at);
    RTQ__BEXPR(e)->vcol = col;
    RTQ__BEXPR(e)->shape = col->shape;
    return e;
}

rtq__expr *rtq__expr_call(rtq__binder *b, const rtq__fn *fn, uint32_t kind, rtq__expr *const *args, uint32_t n_args,
                          const rtq__ast *at)
{
    rtq__expr *e = rtq__expr_new(b, RTQ__E_CALL, kind, args, n_args, at);
    e->fn = fn;
    if (kind == RTQ_DYNAMIC && !(fn->flags & RTQ__FN_OPERATOR) && !fn->user)
        RTQ__BEXPR(e)->shape = rtq__shape_of_call(fn->name, args, n_args);
    e->flags |= fn->flags & (RTQ__FN_VOLATILE | RTQ__FN_NOW | RTQ__FN_WINDOW);
    if (fn->flags & (RTQ__FN_VOLATILE | RTQ__FN_NOW | RTQ__FN_WINDOW | RTQ__FN_DATA))
        RTQ__BEXPR(e)->constant = false;
    if (fn->flags & RTQ__FN_DATA && !b->bound->missing.fn) {
        b->bound->missing.fn = fn;
        b->bound->missing.begin = e->begin;
        b->bound->missing.end = e->end;
    }
    return e;
}

bool rtq__expr_constant(rtq__binder *b, rtq__expr *expr, rtq__cell *out)
{
    if (expr->op == RTQ__E_CONST) {
        *out = expr->cell;
        return expr->kind != 0;
    }
    if (!RTQ__BEXPR(expr)->constant)
        return false;
    size_t before = rtq__diag_errors(b->diag);
    int rc = rtq__expr_fold(out, expr, b->mem, &b->bound->arena, b->diag);
    if (rc == RTQ_ERR_NOMEM)
        rtq__bind_fail(b, rc);
    if (rc != RTQ_OK) {
        if (rtq__diag_errors(b->diag) == before)
            rtq__bind_error_at(b, expr->begin, expr->end, "the constant cannot be computed");
        else
            b->n_errors++;
        return false;
    }
    /* From here on it is what it was folded to. */
    RTQ__BEXPR(expr)->literal = true;
    expr->op = RTQ__E_CONST;
    expr->cell = *out;
    expr->n_args = 0;
    expr->fn = NULL;
    return true;
}
