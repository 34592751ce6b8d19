/* parse_op_simple.c - operators that are a keyword, options, and a list or an expression. */
#include "parse_internal.h"

static rtq__ast *named_list(parser *p, rtq__ast_kind kind, bool params, bool not_empty)
{
    rtq__ast *node = rtq__p_op(p, kind);
    if (params)
        rtq__p_params_of(p, &node->op->params, RTQ__PARAMS_NONE, true);
    rtq__p_list(p, &node->op->items, rtq__p_named, rtq__p_ends_list, not_empty ? RTQ__LIST_NOT_EMPTY : 0,
                "an expression");
    return rtq__p_done(p, node);
}

static rtq__ast *distinct_item(parser *p)
{
    rtq__ast *node = rtq__p_star(p);
    return node ? node : rtq__p_named(p);
}

static rtq__ast *distinct(parser *p)
{
    rtq__ast *node = rtq__p_op(p, RTQ__AST_DISTINCT);
    rtq__p_params_of(p, &node->op->params, RTQ__PARAMS_NONE, true);
    rtq__p_list(p, &node->op->items, distinct_item, rtq__p_ends_list, RTQ__LIST_NOT_EMPTY, "an expression");
    return rtq__p_done(p, node);
}

static rtq__ast *column_list(parser *p, rtq__ast_kind kind)
{
    rtq__ast *node = rtq__p_op(p, kind);
    rtq__parse_fn item = kind == RTQ__AST_PROJECT_BY_NAMES ? rtq__p_unnamed : rtq__p_wildcard_or_name;
    rtq__p_list(p, &node->op->items, item, rtq__p_ends_list, 0, "a column");
    return rtq__p_done(p, node);
}

static rtq__ast *reorder_item(parser *p)
{
    rtq__ast *value = rtq__p_wildcard_or_name(p);
    if (!value)
        return NULL;
    rtq__ast *node = rtq__p_node_from(p, RTQ__AST_ORDERED, value);
    node->ordered.value = value;
    if (accept(p, RTQ__W_ASC))
        node->ordered.order = RTQ__ORDER_ASC;
    else if (accept(p, RTQ__W_DESC))
        node->ordered.order = RTQ__ORDER_DESC;
    else if (accept(p, RTQ__W_GRANNY_ASC))
        node->ordered.order = RTQ__ORDER_GRANNY_ASC;
    else if (accept(p, RTQ__W_GRANNY_DESC))
        node->ordered.order = RTQ__ORDER_GRANNY_DESC;
    return rtq__p_done(p, node);
}

static rtq__ast *project_reorder(parser *p)
{
    rtq__ast *node = rtq__p_op(p, RTQ__AST_PROJECT_REORDER);
    rtq__p_list(p, &node->op->items, reorder_item, rtq__p_ends_list, 0, "a column");
    return rtq__p_done(p, node);
}

/* where, take, sample: one expression */
static rtq__ast *one_expression(parser *p, rtq__ast_kind kind, bool alternate)
{
    rtq__ast *node = rtq__p_op(p, kind);
    node->op->alternate = alternate;
    rtq__p_params_of(p, &node->op->params, RTQ__PARAMS_NONE, true);
    node->op->value = rtq__p_need_named(p);
    return rtq__p_done(p, node);
}

/* sample-distinct n of expr, top-hitters n of expr [by weight] */
static rtq__ast *n_of(parser *p, rtq__ast_kind kind)
{
    rtq__ast *node = rtq__p_op(p, kind);
    if (kind == RTQ__AST_SAMPLE_DISTINCT)
        rtq__p_params_of(p, &node->op->params, RTQ__PARAMS_NONE, true);
    node->op->value = rtq__p_need_named(p);
    rtq__p_expect(p, RTQ__W_OF);
    node->op->of = rtq__p_need_named(p);
    if (kind == RTQ__AST_TOP_HITTERS && accept(p, RTQ__W_BY)) {
        node->op->has_by = true;
        rtq__p_append(&node->op->by, rtq__p_need_named(p));
    }
    return rtq__p_done(p, node);
}

static rtq__ast *need_ordered(parser *p)
{
    rtq__ast *node = rtq__p_ordered(p);
    return node ? node : rtq__p_missing(p, "an expression");
}

static rtq__ast *top(parser *p)
{
    rtq__ast *node = rtq__p_op(p, RTQ__AST_TOP);
    rtq__p_params_of(p, &node->op->params, RTQ__PARAMS_NONE, true);
    node->op->value = rtq__p_need_named(p);
    rtq__p_expect(p, RTQ__W_BY);
    rtq__p_append(&node->op->by, need_ordered(p));
    return rtq__p_done(p, node);
}

static rtq__ast *top_nested_level(parser *p)
{
    if (peek(p) != RTQ__W_TOP_NESTED)
        return NULL;
    rtq__ast *node = rtq__p_op(p, RTQ__AST_TOP_NESTED_LEVEL);
    node->op->value = rtq__p_named(p);
    rtq__p_expect(p, RTQ__W_OF);
    node->op->of = rtq__p_need_named(p);
    if (accept(p, RTQ__W_WITH)) {
        rtq__p_expect(p, RTQ__W_OTHERS);
        rtq__p_expect(p, RTQ__T_EQ);
        node->op->others = rtq__p_literal(p);
        if (!node->op->others)
            node->op->others = rtq__p_need_unnamed(p);
    }
    rtq__p_expect(p, RTQ__W_BY);
    rtq__p_append(&node->op->by, need_ordered(p));
    return rtq__p_done(p, node);
}

static rtq__ast *top_nested(parser *p)
{
    rtq__ast *node = rtq__p_node(p, RTQ__AST_TOP_NESTED); /* each level has the keyword */
    node->op = rtq__p_alloc(p, sizeof(*node->op));
    rtq__p_list(p, &node->op->items, top_nested_level, rtq__p_ends_list, RTQ__LIST_NOT_EMPTY, "'top-nested'");
    return rtq__p_done(p, node);
}

static rtq__ast *sort(parser *p)
{
    bool alternate = peek(p) == RTQ__W_ORDER;
    rtq__ast *node = rtq__p_op(p, RTQ__AST_SORT);
    node->op->alternate = alternate;
    rtq__p_params_of(p, &node->op->params, RTQ__PARAMS_NONE, false);
    rtq__p_expect(p, RTQ__W_BY);
    rtq__p_list(p, &node->op->items, rtq__p_ordered, rtq__p_ends_list, RTQ__LIST_NOT_EMPTY, "an expression");
    return rtq__p_done(p, node);
}

static rtq__ast *count(parser *p)
{
    if (peek_at(p, 1) == RTQ__T_LPAREN) /* the function */
        return NULL;
    rtq__ast *node = rtq__p_op(p, RTQ__AST_COUNT);
    if (accept(p, RTQ__W_AS)) {
        if (peek(p) == RTQ__T_IDENT)
            rtq__p_token_name(p, &node->op->as, 1);
        else
            rtq__p_expected(p, "a name");
    }
    return rtq__p_done(p, node);
}

rtq__ast *rtq__p_as(parser *p)
{
    rtq__ast *node = rtq__p_op(p, RTQ__AST_AS);
    rtq__p_params_of(p, &node->op->params, RTQ__PARAMS_NONE, true);
    rtq__p_need_name(p, &node->op->as);
    return rtq__p_done(p, node);
}

static rtq__ast *options_only(parser *p, rtq__ast_kind kind)
{
    rtq__ast *node = rtq__p_op(p, kind);
    if (kind == RTQ__AST_CONSUME) {
        rtq__p_params_of(p, &node->op->params, RTQ__PARAMS_NONE, false);
    } else if (kind == RTQ__AST_GETSCHEMA) {
        rtq__ast *param = rtq__p_kind_param(p);
        if (param)
            rtq__p_append(&node->op->params, param);
    }
    return rtq__p_done(p, node);
}

static rtq__ast *assert_schema(parser *p)
{
    rtq__ast *node = rtq__p_op(p, RTQ__AST_ASSERT_SCHEMA);
    rtq__p_need_row_schema(p, &node->op->schema);
    return rtq__p_done(p, node);
}

static rtq__ast *invoke(parser *p)
{
    rtq__ast *node = rtq__p_op(p, RTQ__AST_INVOKE);
    node->op->value = rtq__p_call(p);
    while (node->op->value && peek(p) == RTQ__T_DOT && rtq__p_scan_call(p, 1)) {
        advance(p);
        node->op->value = rtq__p_member(p, node->op->value, true);
    }
    if (!node->op->value)
        node->op->value = rtq__p_missing(p, "a function call");
    return rtq__p_done(p, node);
}

static rtq__ast *range(parser *p)
{
    if (peek_at(p, 1) == RTQ__T_LPAREN) /* the function */
        return NULL;
    rtq__ast *node = rtq__p_op(p, RTQ__AST_RANGE);
    rtq__p_need_name(p, &node->op->name);
    rtq__p_expect(p, RTQ__W_FROM);
    node->op->from = rtq__p_need_unnamed(p);
    rtq__p_expect(p, RTQ__W_TO);
    node->op->to = rtq__p_need_unnamed(p);
    rtq__p_expect(p, RTQ__W_STEP);
    node->op->step = rtq__p_need_unnamed(p);
    return rtq__p_done(p, node);
}

rtq__ast *rtq__p_op_simple(parser *p)
{
    switch (peek(p)) {
    case RTQ__W_WHERE: return one_expression(p, RTQ__AST_WHERE, false);
    case RTQ__W_FILTER: return one_expression(p, RTQ__AST_WHERE, true);
    case RTQ__W_EXTEND: return named_list(p, RTQ__AST_EXTEND, false, true);
    case RTQ__W_PROJECT: return named_list(p, RTQ__AST_PROJECT, false, false);
    case RTQ__W_PROJECT_RENAME: return named_list(p, RTQ__AST_PROJECT_RENAME, false, false);
    case RTQ__W_SERIALIZE: return named_list(p, RTQ__AST_SERIALIZE, true, false);
    case RTQ__W_PRINT: return named_list(p, RTQ__AST_PRINT, false, true);
    case RTQ__W_PROJECT_AWAY: return column_list(p, RTQ__AST_PROJECT_AWAY);
    case RTQ__W_PROJECT_KEEP: return column_list(p, RTQ__AST_PROJECT_KEEP);
    case RTQ__W_PROJECT_BY_NAMES: return column_list(p, RTQ__AST_PROJECT_BY_NAMES);
    case RTQ__W_PROJECT_REORDER: return project_reorder(p);
    case RTQ__W_DISTINCT: return distinct(p);
    case RTQ__W_TAKE: return one_expression(p, RTQ__AST_TAKE, false);
    case RTQ__W_LIMIT: return one_expression(p, RTQ__AST_TAKE, true);
    case RTQ__W_SAMPLE: return one_expression(p, RTQ__AST_SAMPLE, false);
    case RTQ__W_SAMPLE_DISTINCT: return n_of(p, RTQ__AST_SAMPLE_DISTINCT);
    case RTQ__W_TOP_HITTERS: return n_of(p, RTQ__AST_TOP_HITTERS);
    case RTQ__W_TOP: return top(p);
    case RTQ__W_TOP_NESTED: return top_nested(p);
    case RTQ__W_SORT:
    case RTQ__W_ORDER: return sort(p);
    case RTQ__W_COUNT: return count(p);
    case RTQ__W_AS: return rtq__p_as(p);
    case RTQ__W_CONSUME: return options_only(p, RTQ__AST_CONSUME);
    case RTQ__W_GETSCHEMA: return options_only(p, RTQ__AST_GETSCHEMA);
    case RTQ__W_EXECUTEANDCACHE: return options_only(p, RTQ__AST_EXECUTE_AND_CACHE);
    case RTQ__W_ASSERT_SCHEMA: return assert_schema(p);
    case RTQ__W_INVOKE: return invoke(p);
    case RTQ__W_RANGE: return range(p);
    case RTQ__W_INLINE_EXTERNAL_TABLE: return rtq__p_inline_external_table(p);
    default: return NULL;
    }
}
