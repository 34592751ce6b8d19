/* bind_source.c - tables that a query makes itself: print, range, datatable, externaldata. */
#include "kql/bind_private.h"

static void is_first(rtq__binder *b, const rtq__tab *in, const rtq__ast *ast, const char *name)
{
    if (in && !in->broken)
        rtq__bind_error(b, ast, "%s stands at the start of a query: it takes no rows", name);
}

const rtq__tab *rtq__bind_print(rtq__binder *b, const rtq__ctx *ctx, const rtq__tab *in, const rtq__ast *ast)
{
    is_first(b, in, ast, "print");
    rtq__rel *rel = rtq__rel_new(b, RTQ__R_VALUES, ast, NULL, NULL);
    rel->u.values.n_rows = 1;
    rtq__ctx none = {.env = ctx->env};
    rtq__proj p;
    uint32_t i = 0;
    memset(&p, 0, sizeof p);
    for (const rtq__ast *item = ast->op->items.first; item; item = item->next)
        rtq__proj_item(b, &p, &none, item, RTQ__PROJ_PRINT, rtq__bind_namef(b, "print_%u", i++));
    return rtq__proj_tab(b, &p, NULL, rtq__proj_rel(b, &p, rel, ast), false);
}

/* ---- range ---- */

static uint32_t range_kind(uint32_t from, uint32_t to, uint32_t step)
{
    uint32_t common = from == to            ? from
                      : from == RTQ_UNKNOWN ? to
                      : to == RTQ_UNKNOWN   ? from
                                            : rtq__kind_common(from, to);
    if (common == RTQ_DATETIME || common == RTQ_TIMESPAN)
        return step == RTQ_TIMESPAN || step == RTQ_UNKNOWN ? common : 0;
    if (common == RTQ_INT && step == RTQ_INT)
        return RTQ_INT;
    if (common != RTQ_INT && common != RTQ_LONG && common != RTQ_REAL && common != RTQ_DECIMAL && common != RTQ_UNKNOWN)
        return 0;
    uint32_t all = step == RTQ_UNKNOWN     ? common
                   : common == RTQ_UNKNOWN ? step
                   : common == step        ? common
                                           : rtq__kind_common(common, step);
    return all == RTQ_INT ? RTQ_LONG : all == RTQ_LONG || all == RTQ_REAL || all == RTQ_DECIMAL ? all : 0;
}

const rtq__tab *rtq__bind_range(rtq__binder *b, const rtq__ctx *ctx, const rtq__tab *in, const rtq__ast *ast)
{
    is_first(b, in, ast, "range");
    rtq__ctx none = {.env = ctx->env};
    const rtq__ast *parts[3] = {ast->op->from, ast->op->to, ast->op->step};
    rtq__expr *e[3];
    bool broken = false;
    for (int i = 0; i < 3; i++) {
        e[i] = parts[i] ? rtq__bind_expr(b, &none, parts[i]) : rtq__expr_cell(b, rtq__cell_i(RTQ_LONG, 1), ast);
        broken |= rtq__expr_is_broken(e[i]);
    }
    const char *name = ast->op->name.ptr;
    uint32_t kind = broken ? RTQ_UNKNOWN : range_kind(e[0]->kind, e[1]->kind, e[2]->kind);
    if (!kind) {
        rtq__bind_error(b, ast, "range cannot go from %s to %s in steps of %s", rtq__kind_text(e[0]->kind),
                        rtq__kind_text(e[1]->kind), rtq__kind_text(e[2]->kind));
        kind = RTQ_UNKNOWN;
    }
    rtq__rel *rel = rtq__rel_new(b, RTQ__R_RANGE, ast, NULL, NULL);
    rel->serialized = true;
    rel->u.range.col = rtq__col_new(b, rel, name, kind, 0);
    for (int i = 0; i < 3 && kind != RTQ_UNKNOWN; i++) {
        uint32_t want = i == 2 && kind == RTQ_DATETIME ? RTQ_TIMESPAN : kind;
        (void)rtq__bind_expect(b, &e[i], want, parts[i] ? parts[i] : ast,
                               i == 0   ? "the start"
                               : i == 1 ? "the end"
                                        : "the step");
    }
    rtq__cell step;
    if (parts[2] && e[2]->op == RTQ__E_CONST && rtq__expr_constant(b, e[2], &step) && !step.is_null &&
        step.kind != RTQ_REAL && step.kind != RTQ_DECIMAL && step.u.i == 0)
        rtq__bind_error(b, parts[2], "the step cannot be zero");
    rel->u.range.from = e[0];
    rel->u.range.to = e[1];
    rel->u.range.step = e[2];
    rtq__tab *out = rtq__tab_new(b, rel);
    out->serialized = true;
    rtq__tab_add(b, out, name, rtq__vcol_new(b, rel->u.range.col));
    return out;
}

/* ---- schemas ---- */

static rtq__col **schema_cols(rtq__binder *b, rtq__rel *rel, rtq__tab *out, const rtq__ast_list *schema,
                              uint32_t *n_out)
{
    rtq__col **cols = rtq__bind_alloc(b, schema->n, sizeof *cols);
    uint32_t n = 0;
    for (const rtq__ast *c = schema->first; c; c = c->next) {
        if (c->kind != RTQ__AST_COLUMN)
            continue;
        if (rtq__tab_find(out, c->column.name.ptr) >= 0)
            rtq__bind_error(b, c, "the column '%s' is declared twice", c->column.name.ptr);
#ifndef RTQ_WITH_DECIMAL
        if (c->column.type == RTQ_DECIMAL)
            rtq__bind_refuse(b, c, "decimal", "this build has no decimal arithmetic");
#endif
        cols[n] = rtq__col_new(b, rel, c->column.name.ptr, c->column.type ? c->column.type : RTQ_STRING, 0);
        rtq__tab_add(b, out, c->column.name.ptr, rtq__vcol_new(b, cols[n]));
        n++;
    }
    *n_out = n;
    return cols;
}

/* ---- datatable ---- */

/* As tolong(), todatetime() … of a value would do. */
static rtq__cell convert_cell(rtq__binder *b, const rtq__cell *cell, uint32_t kind)
{
    rtq__dyn value = rtq__dyn_from_cell(cell);
    if (kind != RTQ_DYNAMIC)
        return rtq__dyn_to_cell(&value, kind, &b->bound->arena);
    rtq__dyn copy;
    if (rtq__dyn_copy(&copy, &value, &b->bound->arena) != RTQ_OK)
        rtq__bind_fail(b, RTQ_ERR_NOMEM);
    return rtq__cell_y(copy);
}

static bool cell_of(rtq__binder *b, const rtq__ctx *ctx, const rtq__ast *item, uint32_t kind, rtq__cell *out)
{
    rtq__cell cell;
    *out = rtq__cell_null(kind);
    rtq__expr *e = rtq__bind_expr(b, ctx, item);
    if (rtq__expr_is_broken(e))
        return false;
    if (!RTQ__BEXPR(e)->constant) {
        rtq__bind_error(b, item, "the values of datatable must be constants");
        return false;
    }
    if (!rtq__expr_constant(b, e, &cell))
        return false;
    if (cell.kind == kind)
        *out = cell;
    else if (!cell.is_null)
        *out = convert_cell(b, &cell, kind);
    return true;
}

const rtq__tab *rtq__bind_datatable(rtq__binder *b, const rtq__ctx *ctx, const rtq__tab *in, const rtq__ast *ast)
{
    (void)in;
    rtq__rel *rel = rtq__rel_new(b, RTQ__R_VALUES, ast, NULL, NULL);
    rtq__tab *out = rtq__tab_new(b, rel);
    uint32_t n_cols;
    rel->u.values.cols = schema_cols(b, rel, out, &ast->op->schema, &n_cols);
    rel->u.values.n_cols = n_cols;
    if (n_cols == 0) {
        rtq__bind_error(b, ast, "datatable needs a column");
        return rtq__tab_broken(b);
    }
    uint32_t n = ast->op->items.n;
    if (n % n_cols != 0)
        rtq__bind_error(b, ast, "%u values do not fill rows of %u columns", n, n_cols);
    rel->u.values.n_rows = n / n_cols;
    rel->u.values.cells = rtq__bind_alloc(b, n, sizeof(rtq__cell));
    rtq__ctx none = {.env = ctx->env};
    uint32_t i = 0;
    for (const rtq__ast *item = ast->op->items.first; item; item = item->next) {
        cell_of(b, &none, item, rel->u.values.cols[i % n_cols]->kind, &rel->u.values.cells[i]);
        i++;
    }
    return out;
}

/* ---- externaldata ---- */

const rtq__tab *rtq__bind_externaldata(rtq__binder *b, const rtq__ctx *ctx, const rtq__tab *in, const rtq__ast *ast)
{
    (void)in;
    rtq__rel *rel = rtq__rel_new(b, RTQ__R_EXTERNAL, ast, NULL, NULL);
    rtq__tab *out = rtq__tab_new(b, rel);
    rel->u.external.cols = schema_cols(b, rel, out, &ast->op->schema, &rel->u.external.n_cols);
    rtq_str *uris = rtq__bind_alloc(b, ast->op->items.n, sizeof *uris);
    uint32_t n = 0;
    rtq__ctx none = {.env = ctx->env};
    for (const rtq__ast *item = ast->op->items.first; item; item = item->next) {
        rtq__cell cell;
        rtq__expr *e = rtq__bind_expr(b, &none, item);
        if (rtq__expr_is_broken(e))
            continue;
        if (e->kind != RTQ_STRING || !rtq__expr_constant(b, e, &cell))
            rtq__bind_error(b, item, "an address must be a constant string");
        else
            uris[n++] = (rtq_str){cell.u.s, cell.len};
    }
    rel->u.external.uris = uris;
    rel->u.external.n_uris = n;
    const char *format = rtq__bind_parameter(&ast->op->with, "format", NULL);
    rel->u.external.format = format ? rtq__bind_name(b, format) : NULL;
    const char *ignore = rtq__bind_parameter(&ast->op->with, "ignoreFirstRecord", NULL);
    rel->u.external.ignore_first = ignore && strcmp(ignore, "true") == 0;
    return out;
}
