/* bind_ops.c - operators that pass on the columns of their input: where, take, sort, top, as … */
#include "kql/bind_private.h"

/* What the expressions of an operator see. */
static rtq__ctx row_ctx(const rtq__ctx *ctx, const rtq__tab *in, rtq__windows *windows)
{
    rtq__ctx row = {.env = ctx->env, .row = in, .windows = windows};
    return row;
}

const rtq__tab *rtq__bind_where(rtq__binder *b, const rtq__ctx *ctx, const rtq__tab *in, const rtq__ast *ast)
{
    rtq__windows windows = rtq__windows_begin(in);
    rtq__ctx row = row_ctx(ctx, in, &windows);
    rtq__expr *e = rtq__bind_predicate(b, &row, ast->op->value);
    if (in->broken || rtq__expr_is_broken(e))
        return in; /* the columns are what they were */
    rtq__rel *rel = rtq__rel_new(b, RTQ__R_FILTER, ast, windows.rel, NULL);
    rel->u.filter.expr = e;
    return rtq__tab_over(b, in, rel);
}

const rtq__tab *rtq__bind_take(rtq__binder *b, const rtq__ctx *ctx, const rtq__tab *in, const rtq__ast *ast)
{
    rtq__expr *n = rtq__bind_count_of_rows(b, ctx, ast->op->value, "the number of rows");
    if (in->broken || rtq__expr_is_broken(n))
        return in;
    rtq__rel *rel = rtq__rel_new(b, RTQ__R_TAKE, ast, in->rel, NULL);
    rel->u.take.n = n;
    return rtq__tab_over(b, in, rel);
}

static bool bind_key(rtq__binder *b, const rtq__ctx *row, const rtq__ast *item, rtq__sort_key *key)
{
    const rtq__ast *value = item->kind == RTQ__AST_ORDERED ? item->ordered.value : item;
    rtq__ast_order order = item->kind == RTQ__AST_ORDERED ? item->ordered.order : RTQ__ORDER_NONE;
    rtq__ast_nulls nulls = item->kind == RTQ__AST_ORDERED ? item->ordered.nulls : RTQ__NULLS_NONE;
    if (order == RTQ__ORDER_GRANNY_ASC || order == RTQ__ORDER_GRANNY_DESC) {
        rtq__bind_error(b, item, "granny-asc and granny-desc order columns in project-reorder, not rows");
        return false;
    }
    key->expr = rtq__bind_expr(b, row, rtq__ast_unnamed(value));
    key->desc = order != RTQ__ORDER_ASC;
    key->nulls_first = nulls == RTQ__NULLS_NONE ? !key->desc : nulls == RTQ__NULLS_FIRST;
    if (key->expr->kind == RTQ_DYNAMIC) {
        rtq__bind_error(b, value, "rows cannot be sorted by a dynamic value");
        rtq__diag_hint(b->diag, "say what it holds: tostring(), tolong(), todatetime() …");
        return false;
    }
    return !rtq__expr_is_broken(key->expr);
}

static const rtq__tab *sorted(rtq__binder *b, const rtq__ctx *ctx, const rtq__tab *in, const rtq__ast *ast,
                              const rtq__ast_list *items, rtq__expr *limit)
{
    rtq__windows windows = rtq__windows_begin(in);
    rtq__ctx row = row_ctx(ctx, in, &windows);
    rtq__sort_key *keys = rtq__bind_alloc(b, items->n, sizeof *keys);
    uint32_t n = 0;
    bool ok = true;
    for (const rtq__ast *item = items->first; item; item = item->next)
        ok &= bind_key(b, &row, item, &keys[n++]);
    if (in->broken)
        return in;
    rtq__tab *out;
    if (ok) {
        rtq__rel *rel = rtq__rel_new(b, RTQ__R_SORT, ast, windows.rel, NULL);
        rel->u.sort.keys = keys;
        rel->u.sort.n = n;
        rel->u.sort.limit = limit;
        out = rtq__tab_over(b, in, rel);
        rel->serialized = true;
    } else {
        out = rtq__tab_over(b, in, in->rel);
    }
    out->serialized = true;
    return out;
}

const rtq__tab *rtq__bind_sort(rtq__binder *b, const rtq__ctx *ctx, const rtq__tab *in, const rtq__ast *ast)
{
    return sorted(b, ctx, in, ast, &ast->op->items, NULL);
}

const rtq__tab *rtq__bind_top(rtq__binder *b, const rtq__ctx *ctx, const rtq__tab *in, const rtq__ast *ast)
{
    rtq__expr *limit = rtq__bind_count_of_rows(b, ctx, ast->op->value, "the number of rows");
    return sorted(b, ctx, in, ast, &ast->op->by, rtq__expr_is_broken(limit) ? rtq__expr_null(b, RTQ_LONG, ast) : limit);
}

const rtq__tab *rtq__bind_as(rtq__binder *b, const rtq__ctx *ctx, const rtq__tab *in, const rtq__ast *ast)
{
    (void)ctx; /* the pipe makes the name known, see bind_pipe.c */
    if (in->broken)
        return in;
    rtq__tab *out = rtq__tab_over(b, in, in->rel);
    out->name = ast->op->as.ptr;
    return out;
}

const rtq__tab *rtq__bind_consume(rtq__binder *b, const rtq__ctx *ctx, const rtq__tab *in, const rtq__ast *ast)
{
    (void)ctx;
    (void)ast;
    return in->broken ? in : rtq__tab_new(b, in->rel);
}

const rtq__tab *rtq__bind_assert_schema(rtq__binder *b, const rtq__ctx *ctx, const rtq__tab *in, const rtq__ast *ast)
{
    (void)ctx;
    if (in->broken || !rtq__tab_needs_closed(b, in, ast, "assert-schema"))
        return in;
    uint32_t i = 0;
    for (const rtq__ast *c = ast->op->schema.first; c; c = c->next) {
        if (c->kind != RTQ__AST_COLUMN)
            continue;
        if (i >= in->n || strcmp(in->cols[i].name, c->column.name.ptr) != 0 ||
            in->cols[i].col->kind != c->column.type) {
            rtq__bind_error(b, c, "the schema is another one here: column %u is %s:%s", i,
                            i < in->n ? in->cols[i].name : "none",
                            i < in->n ? rtq__kind_text(in->cols[i].col->kind) : "none");
            return in;
        }
        i++;
    }
    if (i != in->n)
        rtq__bind_error(b, ast, "the schema is another one: there are %u columns", in->n);
    return in;
}

/* ---- getschema ---- */

static const char *clr_name(uint32_t kind)
{
    switch (kind) {
    case RTQ_BOOL: return "System.SByte";
    case RTQ_INT: return "System.Int32";
    case RTQ_LONG: return "System.Int64";
    case RTQ_REAL: return "System.Double";
    case RTQ_DECIMAL: return "System.Data.SqlTypes.SqlDecimal";
    case RTQ_STRING: return "System.String";
    case RTQ_DATETIME: return "System.DateTime";
    case RTQ_TIMESPAN: return "System.TimeSpan";
    case RTQ_GUID: return "System.Guid";
    default: return "System.Object";
    }
}

static rtq__cell text_cell(rtq__binder *b, const char *text)
{
    return rtq__cell_s(rtq__bind_name(b, text), strlen(text));
}

const rtq__tab *rtq__bind_getschema(rtq__binder *b, const rtq__ctx *ctx, const rtq__tab *in, const rtq__ast *ast)
{
    (void)ctx;
    static const struct {
        const char *name;
        uint32_t kind;
    } columns[4] = {
        {"ColumnName", RTQ_STRING}, {"ColumnOrdinal", RTQ_LONG}, {"DataType", RTQ_STRING}, {"ColumnType", RTQ_STRING}};
    const char *kind = rtq__bind_parameter(&ast->op->params, "kind", NULL);
    if (kind)
        rtq__bind_refuse(b, ast, "getschema kind=", "only the plain form is built");
    if (in->broken || !rtq__tab_needs_closed(b, in, ast, "getschema"))
        return rtq__tab_broken(b);
    rtq__rel *rel = rtq__rel_new(b, RTQ__R_VALUES, ast, NULL, NULL);
    rel->serialized = true;
    rel->u.values.n_cols = 4;
    rel->u.values.cols = rtq__bind_alloc(b, 4, sizeof(rtq__col *));
    rel->u.values.n_rows = in->n;
    rel->u.values.cells = rtq__bind_alloc(b, 4 * (size_t)in->n, sizeof(rtq__cell));
    rtq__tab *out = rtq__tab_new(b, rel);
    out->serialized = true;
    for (uint32_t i = 0; i < 4; i++) {
        rel->u.values.cols[i] = rtq__col_new(b, rel, columns[i].name, columns[i].kind, 0);
        rtq__tab_add(b, out, columns[i].name, rtq__vcol_new(b, rel->u.values.cols[i]));
    }
    for (uint32_t i = 0; i < in->n; i++) {
        rtq__cell *row = rel->u.values.cells + 4 * (size_t)i;
        uint32_t of = in->cols[i].col->kind;
        row[0] = text_cell(b, in->cols[i].name);
        row[1] = rtq__cell_i(RTQ_LONG, i);
        row[2] = text_cell(b, clr_name(of));
        row[3] = text_cell(b, rtq__kind_name(of == RTQ_UNKNOWN ? RTQ_DYNAMIC : of));
    }
    return out;
}
