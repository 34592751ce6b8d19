/* bind_operator.c - infix and prefix operators, between. */
#include "kql/bind_private.h"

static bool is_logic(const rtq__ast *ast, rtq__ast_operator op)
{
    return ast->kind == RTQ__AST_BINARY && ast->binary.op == op;
}

/* a and b and c, in whatever way it is nested, is one node. */
static void logic_operands(rtq__binder *b, const rtq__ctx *ctx, const rtq__ast *ast, rtq__ast_operator op,
                           rtq__expr ***out, uint32_t *n, uint32_t *cap)
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
    case RTQ__OP_EQ:
    case RTQ__OP_NE:
    case RTQ__OP_LT:
    case RTQ__OP_GT:
    case RTQ__OP_LE:
    case RTQ__OP_GE:
    case RTQ__OP_IN:
    case RTQ__OP_NOT_IN:
    case RTQ__OP_BETWEEN:
    case RTQ__OP_NOT_BETWEEN: return true;
    default: return false;
    }
}

/* A field that is compared with whole numbers may hold a fraction: 445.5 is not 445, and above 445. So the comparison
 * is one of reals, which keeps order and equality with every constant within 2^53; beyond, no real has a fraction and
 * long is exact. */
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

rtq__expr *rtq__bind_operator(rtq__binder *b, rtq__ast_operator op, rtq__expr **args, uint32_t n_args,
                              const rtq__ast *at, uint32_t op_begin, uint32_t op_end)
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
    bool term = op >= RTQ__OP_HAS && op <= RTQ__OP_NOT_HASSUFFIX_CS;
    if (term && args[1]->kind == RTQ_DYNAMIC && RTQ__BEXPR(args[1])->shape) {
        rtq__bind_error_at(b, args[1]->begin, args[1]->end, "operator '%s' needs a string on its right",
                           rtq__ast_operator_text(op));
        rtq__diag_hint(b->diag, "has_any and has_all look for the elements of an array");
        return rtq__expr_broken(b);
    }
    if (is_comparison(op))
        compare_as_reals(b, args, n_args, at);
    int32_t row = rtq__bind_overload(b, &rows, args, n_args, &kind, at, true);
    if (row >= 0)
        return rtq__expr_call(b, rows.fns + row, kind, args, n_args, at);
    if (b->n_errors == errors) {
        const char *types = rtq__kind_text(args[0]->kind);
        for (uint32_t i = 1; i < n_args && i < 8; i++)
            types = rtq__bind_namef(b, i + 1 < n_args ? "%s, %s" : "%s and %s", types, rtq__kind_text(args[i]->kind));
        rtq__bind_error_at(b, op_begin, op_end, "operator '%s' is not defined for %s", rtq__ast_operator_text(op),
                           types);
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
    if (ctx->row->broken || rtq__expr_is_broken(right) ||
        !rtq__tab_needs_closed(b, ctx->row, ast->binary.left, "`*` in a comparison"))
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

rtq__expr *rtq__bind_unary(rtq__binder *b, const rtq__ctx *ctx, const rtq__ast *ast)
{
    const rtq__ast *operand = ast->binary.right;
    if (operand->kind == RTQ__AST_LITERAL && operand->literal.type == RTQ_LONG && operand->literal.u.i == INT64_MIN &&
        !(operand->literal.flags & (RTQ__LITERAL_TYPED | RTQ__LITERAL_HEX))) {
        rtq__bind_error(b, operand, "'9223372036854775808' is not a value of type long");
        rtq__diag_hint(b->diag, "long(-9223372036854775808) is the least one");
        return rtq__expr_broken(b);
    }
    rtq__expr *e = rtq__bind_expr(b, ctx, operand);
    bool minus = ast->binary.op == RTQ__OP_MINUS;
    if (e->op == RTQ__E_CONST && !e->cell.is_null &&
        (e->kind == RTQ_LONG || e->kind == RTQ_INT || e->kind == RTQ_REAL || e->kind == RTQ_TIMESPAN)) {
        rtq__cell cell = e->cell;
        if (minus && cell.kind == RTQ_REAL)
            cell.u.d = -cell.u.d;
        else if (minus)
            cell.u.i = (int64_t)(0 - (uint64_t)cell.u.i);
        return rtq__expr_cell(b, cell, ast);
    }
    /* Ints become longs, but not those that a function computes of constants, says Kusto's binder. */
    bool stays_int = e->kind == RTQ_INT && RTQ__BEXPR(e)->constant &&
                     (operand->kind == RTQ__AST_CALL || e->op == RTQ__E_CONST);
    if (!minus && e->kind == RTQ_INT)
        return stays_int ? e : rtq__bind_convert(b, e, RTQ_LONG);
    if (stays_int)
        return rtq__bind_cast(
            b, rtq__bind_operator(b, ast->binary.op, &e, 1, ast, ast->binary.op_begin, ast->binary.op_end), RTQ_INT,
            ast);
    if (!minus && (e->kind == RTQ_LONG || e->kind == RTQ_REAL || e->kind == RTQ_TIMESPAN || e->kind == RTQ_DECIMAL))
        return e;
    return rtq__bind_operator(b, ast->binary.op, &e, 1, ast, ast->binary.op_begin, ast->binary.op_end);
}

rtq__expr *rtq__bind_binary(rtq__binder *b, const rtq__ctx *ctx, const rtq__ast *ast)
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

static bool is_number(const rtq__expr *e)
{
    return e->kind == RTQ_INT || e->kind == RTQ_LONG || e->kind == RTQ_REAL || e->kind == RTQ_DECIMAL;
}

static rtq__expr *negate(rtq__binder *b, rtq__expr *e, const rtq__ast *at)
{
    return rtq__expr_is_broken(e) ? e : rtq__expr_new(b, RTQ__E_NOT, RTQ_BOOL, &e, 1, at);
}

/* The bound that does not go with the value, where the value can have bounds. */
static bool bounds_fit(rtq__binder *b, const rtq__ast *ast, rtq__expr *const *args)
{
    bool number = is_number(args[0]), span = args[0]->kind == RTQ_DATETIME || args[0]->kind == RTQ_TIMESPAN;
    if (args[0]->kind == RTQ_STRING || args[0]->kind == RTQ_BOOL || args[0]->kind == RTQ_GUID) {
        rtq__bind_error_at(b, args[0]->begin, args[0]->end, "'%s' needs a number, timespan or datetime, not %s",
                           rtq__ast_operator_text(ast->between.op), rtq__kind_text(args[0]->kind));
        return false;
    }
    if (!number && !span)
        return true;
    for (uint32_t i = 1; i < 3; i++) {
        uint32_t kind = args[i]->kind;
        if (rtq__expr_is_broken(args[i]) || kind == RTQ_UNKNOWN || kind == RTQ_DYNAMIC || kind == args[0]->kind ||
            (number && is_number(args[i])))
            continue;
        rtq__bind_error_at(b, args[i]->begin, args[i]->end, "the bounds of '%s' must be of type %s, not %s",
                           rtq__ast_operator_text(ast->between.op), rtq__kind_text(args[0]->kind),
                           rtq__kind_text(kind));
        return false;
    }
    return true;
}

rtq__expr *rtq__bind_between(rtq__binder *b, const rtq__ctx *ctx, const rtq__ast *ast)
{
    uint32_t begin = ast->between.op_begin, end = ast->between.op_end;
    rtq__expr *args[3] = {rtq__bind_expr(b, ctx, ast->between.left), rtq__bind_expr(b, ctx, ast->between.low),
                          rtq__bind_expr(b, ctx, ast->between.high)};
    if (args[1]->kind == RTQ_DATETIME && args[2]->kind == RTQ_TIMESPAN) { /* T between (start .. 2d) */
        rtq__expr *sum[2] = {args[1], args[2]};
        args[2] = rtq__bind_operator(b, RTQ__OP_PLUS, sum, 2, ast->between.high, begin, end);
    }
    if (!bounds_fit(b, ast, args))
        return rtq__expr_broken(b);
    bool numbers = true;
    for (uint32_t i = 1; i < 3; i++)
        numbers &= args[i]->kind == RTQ_INT || args[i]->kind == RTQ_LONG || args[i]->kind == RTQ_REAL;
    numbers &= args[0]->kind == RTQ_DYNAMIC;
    for (uint32_t i = 0; numbers && i < 3; i++) /* the one range that dynamic has */
        args[i] = args[i]->kind == RTQ_REAL ? args[i] : rtq__bind_cast(b, args[i], RTQ_REAL, ast);
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
