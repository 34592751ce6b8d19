/* parse_op_clauses.c - operators with clauses of their own, but without subqueries. */
#include "parse_internal.h"

/* ---- summarize ---- */

static bool ends_aggregates(const parser *p)
{
    return peek(p) == RTQ__W_BY || rtq__p_ends_list(p);
}

static bool is_literal(unsigned kind)
{
    return kind >= RTQ__T_STRING && kind <= RTQ__T_RAW_GUID;
}

/* the older `by keys bin=1h` ends the keys */
static bool ends_keys(const parser *p)
{
    return (peek(p) == RTQ__W_BIN && peek_at(p, 1) == RTQ__T_EQ && is_literal(peek_at(p, 2))) || rtq__p_ends_list(p);
}

rtq__ast *rtq__p_summarize(parser *p)
{
    rtq__ast *node = rtq__p_op(p, RTQ__AST_SUMMARIZE);
    rtq__p_params_of(p, &node->op->params, RTQ__PARAMS_NONE, true);
    rtq__p_list(p, &node->op->items, rtq__p_named, ends_aggregates, 0, "an expression");
    if (accept(p, RTQ__W_BY)) {
        node->op->has_by = true;
        rtq__p_list(p, &node->op->by, rtq__p_named, ends_keys, RTQ__LIST_NOT_EMPTY, "an expression");
        if (peek(p) == RTQ__W_BIN && peek_at(p, 1) == RTQ__T_EQ) {
            advance(p);
            advance(p);
            node->op->limit = rtq__p_need_unnamed(p);
        }
    }
    return rtq__p_done(p, node);
}

/* ---- make-series ---- */

static rtq__ast *series_aggregate(parser *p)
{
    rtq__ast *value = rtq__p_named(p);
    if (!value)
        return NULL;
    rtq__ast *node = rtq__p_node_from(p, RTQ__AST_AGGREGATE, value);
    node->expand.value = value;
    if (accept(p, RTQ__W_DEFAULT)) {
        rtq__p_expect(p, RTQ__T_EQ);
        node->expand.default_value = rtq__p_need_named(p);
    }
    return rtq__p_done(p, node);
}

static bool ends_series(const parser *p)
{
    unsigned kind = peek(p);
    return kind == RTQ__W_ON || kind == RTQ__W_FROM || kind == RTQ__W_IN || rtq__p_ends_list(p);
}

/* in range(from, to, step) */
static void legacy_range(parser *p, rtq__ast_op *op)
{
    rtq__ast_list args = {NULL, NULL, 0};
    op->legacy_range = true;
    if (!rtq__p_expect(p, RTQ__W_IN))
        return;
    rtq__p_expect(p, RTQ__W_RANGE);
    uint32_t open = p->pos;
    if (!rtq__p_expect(p, RTQ__T_LPAREN))
        return;
    rtq__p_list(p, &args, rtq__p_named, rtq__p_ends_list, 0, "an expression");
    rtq__p_close(p, RTQ__T_RPAREN, open);
    if (args.n != 3)
        rtq__p_error_span(p, RTQ_ERR_SYNTAX, p->tokens[open].begin, p->tokens[p->pos - 1].end,
                          "'in range' takes a start, an end and a step");
    rtq__ast **parts[3] = {&op->from, &op->to, &op->step};
    int i = 0;
    for (rtq__ast *arg = args.first, *next; arg && i < 3; arg = next) {
        next = arg->next;
        arg->next = NULL;
        *parts[i++] = arg;
    }
}

static rtq__ast *make_series(parser *p)
{
    rtq__ast *node = rtq__p_op(p, RTQ__AST_MAKE_SERIES);
    rtq__ast_op *op = node->op;
    rtq__p_params_of(p, &op->params, RTQ__PARAMS_NONE, true);
    rtq__p_list(p, &op->items, series_aggregate, ends_series, RTQ__LIST_NOT_EMPTY, "an aggregate");
    rtq__p_expect(p, RTQ__W_ON);
    op->value = rtq__p_need_named(p);
    unsigned kind = peek(p);
    if (kind == RTQ__W_FROM || kind == RTQ__W_TO || kind == RTQ__W_STEP) {
        if (accept(p, RTQ__W_FROM))
            op->from = rtq__p_need_unnamed(p);
        if (accept(p, RTQ__W_TO))
            op->to = rtq__p_need_unnamed(p);
        rtq__p_expect(p, RTQ__W_STEP);
        op->step = rtq__p_need_unnamed(p);
    } else if (kind == RTQ__W_IN) {
        legacy_range(p, op);
    } else {
        rtq__p_expected(p, "'from', 'to' or 'step'");
    }
    if (accept(p, RTQ__W_BY)) {
        op->has_by = true;
        rtq__p_list(p, &op->by, rtq__p_named, NULL, RTQ__LIST_NOT_EMPTY, "an expression");
    }
    return rtq__p_done(p, node);
}

/* ---- mv-expand ---- */

static bool ends_expansion(const parser *p)
{
    return peek(p) == RTQ__W_LIMIT || rtq__p_ends_list(p);
}

static rtq__ast *need_typeof(parser *p)
{
    rtq__ast *node = rtq__p_typeof(p);
    return node ? node : rtq__p_missing(p, "typeof(...)");
}

rtq__ast *rtq__p_expansion(parser *p)
{
    rtq__ast *node = rtq__p_node(p, RTQ__AST_EXPAND);
    if (peek(p) == RTQ__W_TO)
        rtq__p_expected(p, "an expression");
    else if (!(node->expand.value = rtq__p_named(p)))
        return NULL;
    if (accept(p, RTQ__W_TO))
        node->expand.type = need_typeof(p);
    return rtq__p_done(p, node);
}

static rtq__ast *mv_expand(parser *p)
{
    bool alternate = peek(p) == RTQ__W_MVEXPAND;
    rtq__ast *node = rtq__p_op(p, RTQ__AST_MV_EXPAND);
    node->op->alternate = alternate;
    rtq__p_params_of(p, &node->op->params, RTQ__PARAMS_NONE, true);
    rtq__p_list(p, &node->op->items, rtq__p_expansion, ends_expansion, RTQ__LIST_NOT_EMPTY, "an expression");
    if (accept(p, RTQ__W_LIMIT))
        node->op->limit = rtq__p_need_unnamed(p);
    return rtq__p_done(p, node);
}

/* ---- parse, parse-where, parse-kv ---- */

static rtq__ast *parse_part(parser *p)
{
    rtq__ast *node = rtq__p_star(p);
    if (!node)
        node = rtq__p_string(p);
    return node ? node : rtq__p_pattern_column(p);
}

static rtq__ast *parse_operator(parser *p, rtq__ast_kind kind)
{
    rtq__ast *node = rtq__p_op(p, kind), *part;
    rtq__p_params_of(p, &node->op->params, RTQ__PARAMS_PARSE, true);
    node->op->value = rtq__p_need_unnamed(p);
    rtq__p_expect(p, RTQ__W_WITH);
    while ((part = parse_part(p)))
        rtq__p_append(&node->op->items, part);
    return rtq__p_done(p, node);
}

/* with (name=value, ...) where only some names are legal */
static void with_options(parser *p, rtq__ast_list *out, rtq__param_set set)
{
    uint32_t open = p->pos;
    if (!rtq__p_expect(p, RTQ__T_LPAREN))
        return;
    if (set == RTQ__PARAMS_RENDER)
        accept(p, RTQ__T_COMMA);
    rtq__p_params_with_commas(p, out, set);
    rtq__p_close(p, RTQ__T_RPAREN, open);
}

static rtq__ast *parse_kv(parser *p)
{
    rtq__ast *node = rtq__p_op(p, RTQ__AST_PARSE_KV);
    node->op->value = rtq__p_need_unnamed(p);
    rtq__p_expect(p, RTQ__W_AS);
    rtq__p_need_row_schema(p, &node->op->schema);
    if (accept(p, RTQ__W_WITH))
        with_options(p, &node->op->with, RTQ__PARAMS_PARSE_KV);
    return rtq__p_done(p, node);
}

/* ---- reduce, render, evaluate ---- */

static rtq__ast *reduce(parser *p)
{
    rtq__ast *node = rtq__p_op(p, RTQ__AST_REDUCE);
    rtq__p_params_of(p, &node->op->params, RTQ__PARAMS_REDUCE, false);
    rtq__p_expect(p, RTQ__W_BY);
    node->op->value = rtq__p_need_named(p);
    if (accept(p, RTQ__W_WITH))
        rtq__p_params_with_commas(p, &node->op->with, RTQ__PARAMS_REDUCE);
    return rtq__p_done(p, node);
}

static rtq__ast *render(parser *p)
{
    static const char *const charts[] = {
        "table",        "list",       "barchart",  "piechart",         "ladderchart",  "timechart", "linechart",
        "anomalychart", "pivotchart", "areachart", "stackedareachart", "scatterchart", "timepivot", "columnchart",
        "timeline",     "3Dchart",    "card",      "treemap",          "plotly",       "graph",     "sankey"};
    rtq__ast *node = rtq__p_op(p, RTQ__AST_RENDER);
    uint32_t n = peek(p) == RTQ__T_IDENT;
    for (size_t i = 0; i < sizeof(charts) / sizeof(charts[0]) && n == 0; i++)
        if (!rtq__p_matches(p, 0, charts[i], &n))
            n = 0;
    if (n > 0)
        rtq__p_token_name(p, &node->op->name, n);
    else
        rtq__p_expected(p, "a chart type");
    while (rtq__p_render_legacy(p, &node->op->params)) {
    }
    if (accept(p, RTQ__W_WITH))
        with_options(p, &node->op->with, RTQ__PARAMS_RENDER);
    return rtq__p_done(p, node);
}

static rtq__ast *plugin_call(parser *p)
{
    rtq__ast *node = rtq__p_call(p);
    if (node)
        return node;
    if (rtq__p_scan_name(p, 0) == 0)
        return rtq__p_missing(p, "a plugin");
    node = rtq__p_node(p, RTQ__AST_CALL);
    rtq__p_name(p, &node->call.name);
    rtq__p_expected(p, "'('");
    return rtq__p_done(p, node);
}

static rtq__ast *evaluate(parser *p)
{
    rtq__ast *node = rtq__p_op(p, RTQ__AST_EVALUATE);
    rtq__p_params_of(p, &node->op->params, RTQ__PARAMS_NONE, false);
    node->op->value = plugin_call(p);
    if (accept(p, RTQ__T_COLON)) {
        node->op->has_schema = true;
        if (!rtq__p_row_schema(p, &node->op->schema, true, false))
            rtq__p_expected(p, "a schema (name:type, ...)");
    }
    return rtq__p_done(p, node);
}

/* ---- find, search, union ---- */

/* T, T | as t, or a wildcarded path: whichever takes more */
static rtq__ast *find_table(parser *p)
{
    uint32_t n = rtq__p_scan_name(p, 0);
    if (n == 0 && (peek(p) == RTQ__T_AT || (rtq__word_flags(peek(p)) & RTQ__WORD_S)))
        n = 1;
    if (n == 0 || peek_at(p, n) != RTQ__T_BAR || rtq__p_scan_wildcard(p, 0) > n)
        return rtq__p_wildcard_entity(p);
    rtq__ast *source = rtq__p_selector(p), *pipe = rtq__p_node_from(p, RTQ__AST_PIPE, source);
    pipe->pipe.source = source;
    advance(p);
    rtq__p_append(&pipe->pipe.ops, peek(p) == RTQ__W_AS ? rtq__p_as(p) : rtq__p_missing(p, "'as'"));
    return rtq__p_done(p, pipe);
}

static bool in_tables(parser *p, rtq__ast_op *op)
{
    if (!accept(p, RTQ__W_IN))
        return false;
    op->has_in = true;
    uint32_t open = p->pos;
    if (rtq__p_expect(p, RTQ__T_LPAREN)) {
        rtq__p_list(p, &op->in, find_table, rtq__p_ends_list, RTQ__LIST_NOT_EMPTY, "a table");
        rtq__p_close(p, RTQ__T_RPAREN, open);
    }
    return true;
}

static rtq__ast *find_column(parser *p)
{
    if (peek(p) == RTQ__W_PACK) {
        rtq__ast *node = rtq__p_node(p, RTQ__AST_CALL);
        rtq__p_token_name(p, &node->call.name, 1);
        rtq__p_expect(p, RTQ__T_LPAREN);
        rtq__ast *star = rtq__p_star(p);
        rtq__p_append(&node->call.args, star ? star : rtq__p_missing(p, "'*'"));
        rtq__p_expect(p, RTQ__T_RPAREN);
        return rtq__p_done(p, node);
    }
    rtq__ast *star = rtq__p_star(p);
    return star ? star : rtq__p_typed_name(p);
}

/* datascope=all before the tables: kept as an option */
static void scope_option(parser *p, rtq__ast_op *op)
{
    rtq__ast *scope = rtq__p_data_scope(p, NULL);
    if (scope)
        rtq__p_append(&op->params, scope);
}

static rtq__ast *find(parser *p)
{
    rtq__ast *node = rtq__p_op(p, RTQ__AST_FIND);
    rtq__ast_op *op = node->op;
    scope_option(p, op);
    uint32_t n = op->params.n;
    rtq__p_params_of(p, &op->params, RTQ__PARAMS_NONE, false);
    bool need_where = op->params.n > n;
    need_where = in_tables(p, op) || need_where;
    if (!accept(p, RTQ__W_WHERE) && need_where)
        rtq__p_expected(p, "'where'");
    op->value = rtq__p_need_unnamed(p);
    if (accept(p, RTQ__W_PROJECT)) {
        op->has_project = true;
        rtq__p_list(p, &op->items, find_column, NULL, RTQ__LIST_NOT_EMPTY, "a column");
    } else {
        op->project_smart = accept(p, RTQ__W_PROJECT_SMART);
    }
    if (accept(p, RTQ__W_PROJECTAWAY))
        rtq__p_list(p, &op->by, find_column, NULL, RTQ__LIST_NOT_EMPTY, "a column");
    return rtq__p_done(p, node);
}

static rtq__ast *search_predicate(parser *p)
{
    rtq__ast *value = rtq__p_unnamed(p);
    if (value)
        return value;
    value = rtq__p_star(p);
    if (!value)
        return rtq__p_missing(p, "a term or a predicate");
    if (peek(p) != RTQ__W_AND)
        return value;
    rtq__ast *node = rtq__p_node_from(p, RTQ__AST_BINARY, value);
    node->binary.op = RTQ__OP_AND;
    node->binary.left = value;
    node->binary.op_begin = p->tokens[p->pos].begin;
    node->binary.op_end = p->tokens[p->pos].end;
    advance(p);
    node->binary.right = rtq__p_need_unnamed(p);
    return rtq__p_done(p, node);
}

static rtq__ast *search(parser *p)
{
    rtq__ast *node = rtq__p_op(p, RTQ__AST_SEARCH);
    rtq__p_params_of(p, &node->op->params, RTQ__PARAMS_NONE, true);
    scope_option(p, node->op);
    in_tables(p, node->op);
    node->op->value = search_predicate(p);
    return rtq__p_done(p, node);
}

static rtq__ast *union_table(parser *p)
{
    rtq__ast *node = rtq__p_parenthesized(p);
    return node ? node : rtq__p_wildcard_entity(p);
}

static rtq__ast *union_operator(parser *p)
{
    rtq__ast *node = rtq__p_op(p, RTQ__AST_UNION);
    rtq__p_params_of(p, &node->op->params, RTQ__PARAMS_UNION, true);
    rtq__p_list(p, &node->op->items, union_table, rtq__p_ends_list, RTQ__LIST_NOT_EMPTY, "a table");
    return rtq__p_done(p, node);
}

rtq__ast *rtq__p_op_clauses(parser *p)
{
    switch (peek(p)) {
    case RTQ__W_SUMMARIZE: return rtq__p_summarize(p);
    case RTQ__W_MAKE_SERIES: return make_series(p);
    case RTQ__W_MV_EXPAND:
    case RTQ__W_MVEXPAND: return mv_expand(p);
    case RTQ__W_PARSE: return parse_operator(p, RTQ__AST_PARSE);
    case RTQ__W_PARSE_WHERE: return parse_operator(p, RTQ__AST_PARSE_WHERE);
    case RTQ__W_PARSE_KV: return parse_kv(p);
    case RTQ__W_REDUCE: return reduce(p);
    case RTQ__W_RENDER: return render(p);
    case RTQ__W_EVALUATE: return evaluate(p);
    case RTQ__W_FIND: return find(p);
    case RTQ__W_SEARCH: return search(p);
    case RTQ__W_UNION: return union_operator(p);
    default: return NULL;
    }
}
