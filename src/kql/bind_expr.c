/* bind_expr.c - scalar expressions: names, operators, in, between, members. */
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
    *RTQ__BIND_PUSH(b, &bound->arena, bound->slots, bound->n_slots, bound->cap_slots) =
        (rtq__slot_def){.how = how, .nocase = nocase, .rel = tab->rel, .col = rtq__vcol_col(b, col)};
    return at;
}

static rtq__expr *scalar_of(rtq__binder *b, const rtq__value *value, const rtq__ast *ast)
{
    switch (value->how) {
    case RTQ__VALUE_SCALAR:
        return value->scalar;
    case RTQ__VALUE_TABLE:
        if (value->tab->broken)
            return rtq__expr_broken(b);
        rtq__bind_error(b, ast, "this is a table, and a single value is expected here");
        rtq__diag_hint(b->diag, "toscalar(...) takes the first value of a table");
        return rtq__expr_broken(b);
    case RTQ__VALUE_FUNCTION:
        rtq__bind_error(b, ast, "'%s' is a function: call it with its arguments", value->name ? value->name : "this");
        return rtq__expr_broken(b);
    default:
        return rtq__expr_broken(b);
    }
}

static rtq__expr *bind_name(rtq__binder *b, const rtq__ctx *ctx, const rtq__ast *ast)
{
    rtq__value value = rtq__bind_name_value(b, ctx, ast, ctx->row == NULL);
    if (value.how != RTQ__VALUE_NONE)
        return scalar_of(b, &value, ast);
    const char *name = ast->name.ptr;
    if (ctx->row && ctx->aggs && !ctx->aggs->inside && rtq__tab_find(ctx->row, name) >= 0)
        rtq__bind_error(b, ast, "column '%s' has many values here: use it inside an aggregate or after `by`", name);
    else
        rtq__bind_unknown_name(b, ctx, &ast->name, ctx->row ? "column or variable" : "variable");
    return rtq__expr_broken(b);
}

/* ---- members and indexes ---- */

static const rtq__tab *side_of(const rtq__ctx *ctx, const rtq__ast *object)
{
    if (object->kind != RTQ__AST_NAME || !ctx->right)
        return NULL;
    return strcmp(object->name.ptr, "$left") == 0 ? ctx->row : strcmp(object->name.ptr, "$right") == 0 ? ctx->right : NULL;
}

static rtq__expr *bind_member_of(rtq__binder *b, const rtq__ctx *ctx, const rtq__ast *ast)
{
    const rtq__ast_name *name = &ast->member.name;
    const rtq__tab *side = side_of(ctx, ast->member.object);
    if (side) {
        rtq__expr *e = side->broken ? rtq__expr_broken(b) : rtq__tab_lookup(b, side, name->ptr, true, ast);
        if (e)
            return e;
        rtq__bind_error_at(b, name->begin, name->end, "the %s side has no column '%s'", side == ctx->row ? "left" : "right", name->ptr);
        return rtq__expr_broken(b);
    }
    rtq__expr *object = rtq__bind_expr(b, ctx, ast->member.object);
    if (object->kind && object->kind != RTQ_DYNAMIC && object->kind != RTQ_UNKNOWN) {
        rtq__bind_error_at(b, name->begin, name->end, "a value of type %s has no member '%s'", rtq__kind_text(object->kind), name->ptr);
        return rtq__expr_broken(b);
    }
    return rtq__bind_member(b, object, name->ptr, name->len, ast);
}

static rtq__expr *element(rtq__binder *b, rtq__expr *object, rtq__expr *index, const rtq__ast *ast);

/* What a dynamic index is, a key or a position, only its value says. */
static rtq__expr *element_by_value(rtq__binder *b, rtq__expr *object, rtq__expr *index, const rtq__ast *ast)
{
    rtq__expr *type = rtq__bind_fn(b, "gettype", &index, 1, ast), *is[2] = {type, rtq__expr_text(b, "string", 6, ast)}, *args[3];
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
        if (unknown && (index->kind == RTQ_LONG || index->kind == RTQ_INT) && rtq__expr_constant(b, index, &cell) && !cell.is_null) {
            rtq__col *found = rtq__bind_member_col(b, col, rtq__bind_namef(b, "[%lld]", (long long)cell.u.i));
            if (found)
                return rtq__expr_col(b, found, ast);
        }
    }
    if (index->kind == RTQ_DYNAMIC || index->kind == RTQ_UNKNOWN)
        return element_by_value(b, object, index, ast);
    if (index->kind != RTQ_STRING && index->kind != RTQ_LONG && index->kind != RTQ_INT) {
        rtq__bind_error_at(b, index->begin, index->end, "the index must be a string or a long, not %s", rtq__kind_text(index->kind));
        return rtq__expr_broken(b);
    }
    rtq__expr *args[2] = {object, index};
    rtq__expr *e = rtq__bind_fn(b, index->kind == RTQ_STRING ? "__member" : "__index", args, 2, ast);
    if (!rtq__expr_is_broken(e))
        e->kind = unknown ? RTQ_UNKNOWN : RTQ_DYNAMIC;
    return e;
}

static rtq__expr *bind_index_of(rtq__binder *b, const rtq__ctx *ctx, const rtq__ast *ast)
{
    if (!ast->index.object) {
        rtq__bind_error(b, ast, "`[...]` needs a value in front of it");
        return rtq__expr_broken(b);
    }
    const rtq__tab *side = side_of(ctx, ast->index.object);
    const rtq__ast *index = ast->index.index;
    if (side && index->kind == RTQ__AST_LITERAL && index->literal.type == RTQ_STRING) {
        rtq__expr *e = side->broken ? rtq__expr_broken(b)
                                    : rtq__tab_lookup(b, side, rtq__bind_namef(b, "%.*s", (int)index->literal.text.len, index->literal.text.ptr), true, ast);
        if (!e)
            rtq__bind_error(b, ast, "there is no such column on this side");
        return e ? e : rtq__expr_broken(b);
    }
    if (rtq__bind_is_tuple_call(ctx, ast->index.object) && ast->index.object->call.args.n > 1) { /* array_sort_asc(a, b)[1] */
        rtq__expr *at = rtq__bind_expr(b, ctx, index);
        rtq__expr_tuple tuple = {NULL, NULL, 0};
        rtq__cell cell;
        if (rtq__expr_is_broken(at) || !rtq__bind_tuple_call(b, ctx, ast->index.object, &tuple))
            return rtq__expr_broken(b);
        if ((at->kind == RTQ_LONG || at->kind == RTQ_INT) && rtq__expr_constant(b, at, &cell) && cell.u.i >= 0 && cell.u.i < tuple.n)
            return tuple.exprs[cell.u.i];
        rtq__bind_error(b, ast, "%s() has %u results: the index must be a constant from 0 to %u", ast->index.object->call.name.ptr, tuple.n, tuple.n - 1);
        return rtq__expr_broken(b);
    }
    rtq__expr *object = rtq__bind_expr(b, ctx, ast->index.object);
    return element(b, object, rtq__bind_expr(b, ctx, index), ast);
}

/* ---- operators ---- */

static bool is_logic(const rtq__ast *ast, rtq__ast_operator op) { return ast->kind == RTQ__AST_BINARY && ast->binary.op == op; }

/* a and b and c, in whatever way it is nested, is one node. */
static void logic_operands(rtq__binder *b, const rtq__ctx *ctx, const rtq__ast *ast, rtq__ast_operator op, rtq__expr ***out, uint32_t *n, uint32_t *cap)
{
    if (is_logic(ast, op)) {
        rtq__bind_enter(b, ast);
        logic_operands(b, ctx, ast->binary.left, op, out, n, cap);
        logic_operands(b, ctx, ast->binary.right, op, out, n, cap);
        rtq__bind_leave(b);
        return;
    }
    rtq__expr *e = rtq__bind_expr(b, ctx, ast);
    const char *what = op == RTQ__OP_AND ? "an operand of `and`" : "an operand of `or`";
    if (e->kind == RTQ_DYNAMIC) {
        rtq__expr *converted = rtq__bind_convert(b, e, RTQ_BOOL);
        e = converted ? converted : rtq__bind_fn(b, "tobool", &e, 1, ast);
    }
    e = rtq__bind_bool(b, e, ast, what);
    *RTQ__BIND_PUSH(b, &b->work, *out, *n, *cap) = e;
}

static rtq__expr *bind_logic(rtq__binder *b, const rtq__ctx *ctx, const rtq__ast *ast)
{
    rtq__expr **args = NULL;
    uint32_t n = 0, cap = 0;
    logic_operands(b, ctx, ast, ast->binary.op, &args, &n, &cap);
    for (uint32_t i = 0; i < n; i++)
        if (rtq__expr_is_broken(args[i]))
            return rtq__expr_broken(b);
    return rtq__expr_new(b, ast->binary.op == RTQ__OP_AND ? RTQ__E_AND : RTQ__E_OR, RTQ_BOOL, args, n, ast);
}

static bool is_comparison(rtq__ast_operator op)
{
    switch (op) {
    case RTQ__OP_EQ: case RTQ__OP_NE: case RTQ__OP_LT: case RTQ__OP_GT: case RTQ__OP_LE: case RTQ__OP_GE: case RTQ__OP_IN: case RTQ__OP_NOT_IN:
    case RTQ__OP_BETWEEN: case RTQ__OP_NOT_BETWEEN: return true;
    default: return false;
    }
}

/* A field that is compared with whole numbers may hold a fraction: 445.5 is not 445, and above 445. So the comparison is one of reals,
 * which keeps order and equality with every constant within 2^53; beyond, no real has a fraction and long is exact. */
static void compare_as_reals(rtq__binder *b, rtq__expr **args, uint32_t n_args, const rtq__ast *at)
{
    const int64_t most = INT64_C(1) << 53;
    bool unknown = false, numbers = true;
    for (uint32_t i = 0; i < n_args; i++) {
        bool whole = args[i]->kind == RTQ_LONG || args[i]->kind == RTQ_INT;
        bool large = whole && args[i]->op == RTQ__E_CONST && (args[i]->cell.u.i > most || args[i]->cell.u.i < -most);
        unknown |= args[i]->kind == RTQ_UNKNOWN;
        numbers &= args[i]->kind == RTQ_UNKNOWN || args[i]->kind == RTQ_REAL || (whole && !large);
    }
    for (uint32_t i = 0; unknown && numbers && i < n_args; i++) {
        if (args[i]->kind == RTQ_UNKNOWN || args[i]->kind == RTQ_REAL)
            continue;
        if (args[i]->op == RTQ__E_CONST && !args[i]->cell.is_null)
            args[i] = rtq__expr_cell(b, rtq__cell_d((double)args[i]->cell.u.i), at);
        else
            args[i] = rtq__bind_convert(b, args[i], RTQ_REAL);
    }
}

rtq__expr *rtq__bind_operator(rtq__binder *b, rtq__ast_operator op, rtq__expr **args, uint32_t n_args, const rtq__ast *at, uint32_t op_begin,
                              uint32_t op_end)
{
    for (uint32_t i = 0; i < n_args; i++)
        if (rtq__expr_is_broken(args[i]))
            return rtq__expr_broken(b);
    rtq__rows rows = {.name = rtq__ast_operator_text(op == RTQ__OP_SEARCH ? RTQ__OP_HAS : op)};
    rows.fns = rtq__fn_find(rows.name, strlen(rows.name), &rows.n);
    if (!rows.fns) {
        rtq__bind_refuse(b, at, rows.name, "this build does not have the operator");
        return rtq__expr_broken(b);
    }
    uint32_t kind = 0, errors = b->n_errors;
    bool equality = op == RTQ__OP_EQ || op == RTQ__OP_NE;
    for (uint32_t i = 0; equality && i < 2; i++) /* flag == "True" */
        if (args[i]->kind == RTQ_STRING && args[1 - i]->kind == RTQ_BOOL)
            args[i] = rtq__bind_cast(b, args[i], RTQ_BOOL, at);
    if (rtq__expr_is_broken(args[0]) || rtq__expr_is_broken(args[n_args - 1]))
        return rtq__expr_broken(b);
    if (is_comparison(op))
        compare_as_reals(b, args, n_args, at);
    int32_t row = rtq__bind_overload(b, &rows, args, n_args, &kind, at, true);
    if (row >= 0)
        return rtq__expr_call(b, rows.fns + row, kind, args, n_args, at);
    if (b->n_errors == errors) {
        const char *types = rtq__kind_text(args[0]->kind);
        for (uint32_t i = 1; i < n_args && i < 8; i++)
            types = rtq__bind_namef(b, i + 1 < n_args ? "%s, %s" : "%s and %s", types, rtq__kind_text(args[i]->kind));
        rtq__bind_error_at(b, op_begin, op_end, "operator '%s' is not defined for %s", rtq__ast_operator_text(op), types);
        bool dynamic = false;
        for (uint32_t i = 0; i < n_args; i++)
            dynamic |= args[i]->kind == RTQ_DYNAMIC;
        if (dynamic)
            rtq__diag_hint(b->diag, "say what the dynamic value holds: tostring(), tolong(), todatetime() …");
    }
    return rtq__expr_broken(b);
}

/* `* has "x"`: any column. */
static rtq__expr *bind_any_column(rtq__binder *b, const rtq__ctx *ctx, const rtq__ast *ast)
{
    if (!ctx->row || (ctx->aggs && !ctx->aggs->inside)) {
        rtq__bind_error(b, ast->binary.left, "there are no columns here that `*` could mean");
        return rtq__expr_broken(b);
    }
    rtq__expr *right = rtq__bind_expr(b, ctx, ast->binary.right);
    if (ctx->row->broken || rtq__expr_is_broken(right) || !rtq__tab_needs_closed(b, ctx->row, ast->binary.left, "`*` in a comparison"))
        return rtq__expr_broken(b);
    rtq__expr **args = rtq__bind_work(b, ctx->row->n, sizeof *args);
    uint32_t n = 0;
    for (uint32_t i = 0; i < ctx->row->n; i++) {
        rtq__expr *col = rtq__expr_vcol(b, ctx->row->cols[i].col, ast->binary.left);
        if (col->kind != RTQ_STRING)
            col = rtq__bind_fn(b, "tostring", &col, 1, ast->binary.left);
        rtq__expr *pair[2] = {col, right};
        args[n] = rtq__bind_operator(b, ast->binary.op, pair, 2, ast, ast->binary.op_begin, ast->binary.op_end);
        if (rtq__expr_is_broken(args[n++]))
            return rtq__expr_broken(b);
    }
    return n == 1 ? args[0] : rtq__expr_new(b, RTQ__E_OR, RTQ_BOOL, args, n, ast);
}

static rtq__expr *bind_unary(rtq__binder *b, const rtq__ctx *ctx, const rtq__ast *ast)
{
    rtq__expr *e = rtq__bind_expr(b, ctx, ast->binary.right);
    bool minus = ast->binary.op == RTQ__OP_MINUS;
    if (e->op == RTQ__E_CONST && !e->cell.is_null && (e->kind == RTQ_LONG || e->kind == RTQ_INT || e->kind == RTQ_REAL || e->kind == RTQ_TIMESPAN)) {
        rtq__cell cell = e->cell;
        if (minus && cell.kind == RTQ_REAL)
            cell.u.d = -cell.u.d;
        else if (minus)
            cell.u.i = (int64_t)(0 - (uint64_t)cell.u.i);
        return rtq__expr_cell(b, cell, ast);
    }
    if (!minus && (e->kind == RTQ_LONG || e->kind == RTQ_INT || e->kind == RTQ_REAL || e->kind == RTQ_TIMESPAN || e->kind == RTQ_DECIMAL))
        return e;
    return rtq__bind_operator(b, ast->binary.op, &e, 1, ast, ast->binary.op_begin, ast->binary.op_end);
}

static rtq__expr *bind_binary(rtq__binder *b, const rtq__ctx *ctx, const rtq__ast *ast)
{
    if (ast->binary.op == RTQ__OP_AND || ast->binary.op == RTQ__OP_OR)
        return bind_logic(b, ctx, ast);
    if (ast->binary.left->kind == RTQ__AST_STAR)
        return bind_any_column(b, ctx, ast);
    rtq__expr *args[2];
    args[0] = rtq__bind_expr(b, ctx, ast->binary.left);
    args[1] = rtq__bind_expr(b, ctx, ast->binary.right);
    return rtq__bind_operator(b, ast->binary.op, args, 2, ast, ast->binary.op_begin, ast->binary.op_end);
}

static rtq__expr *negate(rtq__binder *b, rtq__expr *e, const rtq__ast *at)
{
    return rtq__expr_is_broken(e) ? e : rtq__expr_new(b, RTQ__E_NOT, RTQ_BOOL, &e, 1, at);
}

static rtq__expr *bind_between(rtq__binder *b, const rtq__ctx *ctx, const rtq__ast *ast)
{
    uint32_t begin = ast->between.op_begin, end = ast->between.op_end;
    rtq__expr *args[3] = {rtq__bind_expr(b, ctx, ast->between.left), rtq__bind_expr(b, ctx, ast->between.low),
                          rtq__bind_expr(b, ctx, ast->between.high)};
    if (args[1]->kind == RTQ_DATETIME && args[2]->kind == RTQ_TIMESPAN) { /* T between (start .. 2d) */
        rtq__expr *sum[2] = {args[1], args[2]};
        args[2] = rtq__bind_operator(b, RTQ__OP_PLUS, sum, 2, ast->between.high, begin, end);
    }
    bool negated = ast->between.op == RTQ__OP_NOT_BETWEEN;
    uint32_t n_rows;
    const char *name = rtq__ast_operator_text(ast->between.op);
    if (rtq__fn_find(name, strlen(name), &n_rows))
        return rtq__bind_operator(b, ast->between.op, args, 3, ast, begin, end);
    rtq__expr *low[2] = {args[0], args[1]}, *high[2] = {args[0], args[2]}, *both[2];
    both[0] = rtq__bind_operator(b, RTQ__OP_GE, low, 2, ast, begin, end);
    both[1] = rtq__bind_operator(b, RTQ__OP_LE, high, 2, ast, begin, end);
    if (rtq__expr_is_broken(both[0]) || rtq__expr_is_broken(both[1]))
        return rtq__expr_broken(b);
    rtq__expr *e = rtq__expr_new(b, RTQ__E_AND, RTQ_BOOL, both, 2, ast);
    return negated ? negate(b, e, ast) : e;
}

/* ---- in ---- */

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
                           rtq__ast_operator_text(ast->in.op), rtq__kind_text(left->kind), rtq__kind_text(tab->cols[0].col->kind));
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
    case RTQ__AST_NAME: case RTQ__AST_CALL: case RTQ__AST_PIPE: case RTQ__AST_MEMBER:
        return true;
    default:
        return ast->kind >= RTQ__AST_PRINT && ast->kind <= RTQ__AST_WHERE;
    }
}

static rtq__expr *bind_in(rtq__binder *b, const rtq__ctx *ctx, const rtq__ast *ast)
{
    rtq__expr **args = rtq__bind_work(b, ast->in.items.n + 1, sizeof *args);
    uint32_t n = 0;
    bool is_in = ast->in.op >= RTQ__OP_IN && ast->in.op <= RTQ__OP_NOT_IN_CI;
    if (ast->in.left->kind == RTQ__AST_STAR) {
        rtq__bind_refuse(b, ast->in.left, "* in", "name the column");
        return rtq__expr_broken(b);
    }
    args[n++] = rtq__bind_expr(b, ctx, ast->in.left);
    for RTQ__AST_EACH(item, ast->in.items) {
        if (!may_be_table(item)) {
            args[n++] = rtq__bind_expr(b, ctx, item);
            continue;
        }
        rtq__value value = item->kind == RTQ__AST_NAME ? rtq__bind_name_value(b, ctx, item, true) : rtq__bind_value(b, ctx, item);
        if (value.how == RTQ__VALUE_TABLE && ast->in.items.n == 1)
            return is_in ? in_table(b, ast, args[0], value.tab)
                         : (args[n++] = list_of(b, value.tab, item),
                            rtq__bind_operator(b, ast->in.op, args, n, ast, ast->in.op_begin, ast->in.op_end));
        if (value.how == RTQ__VALUE_NONE) {
            rtq__bind_unknown_name(b, ctx, &item->name, "column, variable or table");
            args[n++] = rtq__expr_broken(b);
        } else {
            args[n++] = scalar_of(b, &value, item);
        }
    }
    return rtq__bind_operator(b, ast->in.op, args, n, ast, ast->in.op_begin, ast->in.op_end);
}

/* ---- all ---- */

static rtq__expr *bind_by_kind(rtq__binder *b, const rtq__ctx *ctx, const rtq__ast *ast)
{
    switch (ast->kind) {
    case RTQ__AST_LITERAL:
        return rtq__bind_literal(b, ast);
    case RTQ__AST_NAME:
        return bind_name(b, ctx, ast);
    case RTQ__AST_MEMBER:
        return bind_member_of(b, ctx, ast);
    case RTQ__AST_INDEX:
        return bind_index_of(b, ctx, ast);
    case RTQ__AST_CALL: {
        rtq__value value = rtq__bind_value(b, ctx, ast);
        return scalar_of(b, &value, ast);
    }
    case RTQ__AST_NAMED:
        return rtq__bind_expr(b, ctx, ast->named.value);
    case RTQ__AST_ORDERED:
        return rtq__bind_expr(b, ctx, ast->ordered.value);
    case RTQ__AST_UNARY:
        return bind_unary(b, ctx, ast);
    case RTQ__AST_BINARY:
        return bind_binary(b, ctx, ast);
    case RTQ__AST_IN:
        return bind_in(b, ctx, ast);
    case RTQ__AST_BETWEEN:
        return bind_between(b, ctx, ast);
    case RTQ__AST_STAR:
    case RTQ__AST_WILDCARD:
        rtq__bind_error(b, ast, "`*` cannot stand here");
        return rtq__expr_broken(b);
    case RTQ__AST_TYPEOF:
        rtq__bind_error(b, ast, "typeof() cannot stand here");
        return rtq__expr_broken(b);
    case RTQ__AST_ERROR:
        return rtq__expr_broken(b);
    default: {
        rtq__value value = rtq__bind_value(b, ctx, ast);
        return scalar_of(b, &value, ast);
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
