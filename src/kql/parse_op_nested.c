/* parse_op_nested.c - operators that contain queries, or steps. */
#include "parse_internal.h"

/* ---- facet, fork, partition ---- */

static bool ends_facets(const parser *p)
{
    return peek(p) == RTQ__W_WITH || rtq__p_ends_list(p);
}

static rtq__ast *facet_pipe(parser *p)
{
    uint32_t open = p->pos;
    rtq__ast *body;
    if (accept(p, RTQ__T_LPAREN)) {
        body = rtq__p_fork_pipe(p);
        if (!body)
            body = rtq__p_missing(p, "an operator");
        rtq__p_close(p, RTQ__T_RPAREN, open);
        return body;
    }
    rtq__ast *op = rtq__p_piped_operator(p);
    if (!op)
        return rtq__p_missing(p, "an operator");
    body = rtq__p_node_from(p, RTQ__AST_PIPE, op);
    rtq__p_append(&body->pipe.ops, op);
    return rtq__p_done(p, body);
}

static rtq__ast *facet(parser *p)
{
    rtq__ast *node = rtq__p_op(p, RTQ__AST_FACET);
    rtq__p_expect(p, RTQ__W_BY);
    rtq__p_list(p, &node->op->items, rtq__p_simple_path, ends_facets, RTQ__LIST_NOT_EMPTY, "a column");
    if (accept(p, RTQ__W_WITH))
        node->op->body = facet_pipe(p);
    return rtq__p_done(p, node);
}

static rtq__ast *fork_branch(parser *p)
{
    uint32_t n = rtq__p_scan_name(p, 0);
    bool named = n > 0 && peek_at(p, n) == RTQ__T_EQ;
    if (!named && peek(p) != RTQ__T_LPAREN)
        return NULL;
    rtq__ast *node = rtq__p_node(p, RTQ__AST_FORK_BRANCH);
    if (named) {
        rtq__p_append(&node->named.names, rtq__p_name_node(p));
        rtq__p_expect(p, RTQ__T_EQ);
    }
    uint32_t open = p->pos;
    if (rtq__p_expect(p, RTQ__T_LPAREN)) {
        node->named.value = rtq__p_fork_pipe(p);
        if (!node->named.value)
            node->named.value = rtq__p_need_expression(p);
        rtq__p_close(p, RTQ__T_RPAREN, open);
    }
    return rtq__p_done(p, node);
}

static rtq__ast *fork(parser *p)
{
    rtq__ast *node = rtq__p_op(p, RTQ__AST_FORK), *branch;
    while ((branch = fork_branch(p)))
        rtq__p_append(&node->op->items, branch);
    if (node->op->items.n == 0)
        rtq__p_expected(p, "'('");
    return rtq__p_done(p, node);
}

static rtq__ast *simple_path(parser *p)
{
    rtq__ast *node = rtq__p_simple_path(p);
    return node ? node : rtq__p_missing(p, "a column");
}

/* (op | op ...) after a keyword or a column */
static rtq__ast *subquery(parser *p)
{
    uint32_t open = p->pos;
    if (!rtq__p_expect(p, RTQ__T_LPAREN))
        return rtq__p_node(p, RTQ__AST_ERROR);
    rtq__ast *body = rtq__p_contextual(p);
    rtq__p_close(p, RTQ__T_RPAREN, open);
    return body;
}

static rtq__ast *partition(parser *p)
{
    rtq__ast *node = rtq__p_op(p, RTQ__AST_PARTITION);
    rtq__ast_op *op = node->op;
    rtq__p_params_of(p, &op->params, RTQ__PARAMS_NONE, false);
    rtq__p_expect(p, RTQ__W_BY);
    op->value = simple_path(p);
    if (accept(p, RTQ__W_IN)) {
        op->of = rtq__p_call(p);
        if (!op->of)
            op->of = rtq__p_dynamic(p);
        if (!op->of)
            op->of = rtq__p_missing(p, "a list of values");
    }
    uint32_t open = p->pos;
    if (accept(p, RTQ__T_LBRACE)) {
        op->braced = true;
        op->body = rtq__p_need_expression(p);
        rtq__p_close(p, RTQ__T_RBRACE, open);
    } else if (peek(p) == RTQ__T_LPAREN) {
        op->body = subquery(p);
    } else {
        op->body = rtq__p_missing(p, "'(' or '{'");
    }
    return rtq__p_done(p, node);
}

static rtq__ast *partition_by(parser *p)
{
    rtq__ast *node = rtq__p_op(p, RTQ__AST_PARTITION_BY);
    rtq__p_params_of(p, &node->op->params, RTQ__PARAMS_NONE, false);
    node->op->value = simple_path(p);
    if (accept(p, RTQ__W_ID)) {
        node->op->id = rtq__p_literal(p);
        if (!node->op->id)
            node->op->id = rtq__p_missing(p, "a guid");
    }
    node->op->body = subquery(p);
    return rtq__p_done(p, node);
}

/* ---- join, lookup ---- */

static rtq__ast *join(parser *p, rtq__ast_kind kind)
{
    rtq__ast *node = rtq__p_op(p, kind);
    rtq__p_params_of(p, &node->op->params, RTQ__PARAMS_NONE, true);
    node->op->value = rtq__p_need_unnamed(p);
    if (accept(p, RTQ__W_ON))
        rtq__p_list(p, &node->op->by, rtq__p_unnamed, NULL, RTQ__LIST_NOT_EMPTY, "a column or a condition");
    else if (kind == RTQ__AST_LOOKUP)
        rtq__p_expected(p, "'on'");
    else if (accept(p, RTQ__W_WHERE))
        node->op->where = rtq__p_need_unnamed(p);
    return rtq__p_done(p, node);
}

/* ---- mv-apply ---- */

/* limit, id and on end the list, unless what follows shows that a column is meant */
static bool ends_applied(const parser *p)
{
    unsigned kind = peek(p), next = peek_at(p, 1);
    if (kind == RTQ__W_LIMIT || kind == RTQ__W_ID || kind == RTQ__W_ON)
        return next != RTQ__T_COMMA && next != RTQ__W_TO && next != RTQ__T_EQ;
    return rtq__p_ends_list(p);
}

/* `to typeof(t)` alone stands for an item without expression */
static bool only_type(const parser *p)
{
    if (peek(p) != RTQ__W_TO || peek_at(p, 1) != RTQ__W_TYPEOF || peek_at(p, 2) != RTQ__T_LPAREN)
        return false;
    uint32_t i = 3;
    while (peek_at(p, i) != RTQ__T_RPAREN && peek_at(p, i) != RTQ__T_END)
        i++;
    return peek_at(p, i) == RTQ__T_RPAREN && peek_at(p, i + 1) != RTQ__T_COMMA;
}

static rtq__ast *mv_apply(parser *p)
{
    bool alternate = peek(p) == RTQ__W_MVAPPLY;
    rtq__ast *node = rtq__p_op(p, RTQ__AST_MV_APPLY);
    rtq__ast_op *op = node->op;
    op->alternate = alternate;
    rtq__p_params_of(p, &op->params, RTQ__PARAMS_NONE, true);
    if (only_type(p)) {
        rtq__ast *item = rtq__p_node(p, RTQ__AST_EXPAND);
        advance(p);
        item->expand.type = rtq__p_typeof(p);
        rtq__p_append(&op->items, rtq__p_done(p, item));
    } else {
        rtq__p_list(p, &op->items, rtq__p_expansion, ends_applied, RTQ__LIST_NOT_EMPTY, "an expression");
    }
    if (accept(p, RTQ__W_LIMIT))
        op->limit = rtq__p_need_unnamed(p);
    if (accept(p, RTQ__W_ID))
        op->id = rtq__p_need_unnamed(p);
    rtq__p_expect(p, RTQ__W_ON);
    op->body = subquery(p);
    return rtq__p_done(p, node);
}

/* ---- scan ---- */

static rtq__ast *assignment(parser *p)
{
    rtq__ast *name = rtq__p_new_name_node(p);
    if (!name)
        return NULL;
    rtq__ast *node = rtq__p_node_from(p, RTQ__AST_NAMED, name);
    rtq__p_append(&node->named.names, name);
    rtq__p_expect(p, RTQ__T_EQ);
    node->named.value = rtq__p_need_unnamed(p);
    return rtq__p_done(p, node);
}

static void step_output(parser *p, rtq__ast *node)
{
    uint32_t n;
    rtq__p_expect(p, RTQ__T_EQ);
    if (rtq__p_matches(p, 0, "all", &n))
        node->scan_step.output = RTQ__STEP_ALL;
    else if (rtq__p_matches(p, 0, "last", &n))
        node->scan_step.output = RTQ__STEP_LAST;
    else if (rtq__p_matches(p, 0, "none", &n))
        node->scan_step.output = RTQ__STEP_NONE;
    if (node->scan_step.output != RTQ__STEP_DEFAULT)
        advance(p);
    else
        rtq__p_expected(p, "'all', 'last' or 'none'");
}

static rtq__ast *scan_step(parser *p)
{
    rtq__ast *node = rtq__p_node(p, RTQ__AST_SCAN_STEP);
    if (!accept(p, RTQ__W_STEP))
        return NULL;
    if (!rtq__p_new_name(p, &node->scan_step.name))
        rtq__p_expected(p, "a name");
    node->scan_step.optional = accept(p, RTQ__W_OPTIONAL);
    if (accept(p, RTQ__W_OUTPUT))
        step_output(p, node);
    rtq__p_expect(p, RTQ__T_COLON);
    node->scan_step.condition = rtq__p_need_unnamed(p);
    if (accept(p, RTQ__T_ARROW))
        rtq__p_list(p, &node->scan_step.assignments, assignment, rtq__p_ends_list, RTQ__LIST_NOT_EMPTY,
                    "an assignment (column = expression)");
    rtq__p_expect(p, RTQ__T_SEMICOLON);
    return rtq__p_done(p, node);
}

static bool ends_scan_list(const parser *p)
{
    switch (peek(p)) {
    case RTQ__W_PARTITION:
    case RTQ__W_ORDER:
    case RTQ__W_BY:
    case RTQ__W_DECLARE:
    case RTQ__W_WITH: return true;
    default: return rtq__p_ends_list(p);
    }
}

static rtq__ast *scan(parser *p)
{
    rtq__ast *node = rtq__p_op(p, RTQ__AST_SCAN), *step;
    rtq__ast_op *op = node->op;
    rtq__p_params_of(p, &op->params, RTQ__PARAMS_NONE, false);
    if (accept(p, RTQ__W_ORDER)) {
        rtq__p_expect(p, RTQ__W_BY);
        rtq__p_list(p, &op->sort, rtq__p_ordered, ends_scan_list, RTQ__LIST_NOT_EMPTY, "an expression");
    }
    if (accept(p, RTQ__W_PARTITION)) {
        rtq__p_expect(p, RTQ__W_BY);
        rtq__p_list(p, &op->by, rtq__p_unnamed, ends_scan_list, RTQ__LIST_NOT_EMPTY, "an expression");
    }
    if (accept(p, RTQ__W_DECLARE)) {
        op->has_schema = true;
        if (!rtq__p_params(p, &op->schema))
            rtq__p_expected(p, "'('");
    }
    rtq__p_expect(p, RTQ__W_WITH);
    uint32_t open = p->pos;
    if (rtq__p_expect(p, RTQ__T_LPAREN)) {
        while ((step = scan_step(p)))
            rtq__p_append(&op->items, step);
        rtq__p_close(p, RTQ__T_RPAREN, open);
    }
    return rtq__p_done(p, node);
}

/* ---- macro-expand ---- */

static rtq__ast *entity_group(parser *p)
{
    rtq__ast *node = rtq__p_entity_group(p);
    if (node)
        return node;
    uint32_t n;
    bool path = (rtq__p_matches(p, 0, "database", &n) || rtq__p_matches(p, 0, "cluster", &n)) &&
                peek_at(p, 1) == RTQ__T_LPAREN;
    node = path ? rtq__p_entity_path(p) : rtq__p_name_node(p);
    return node ? node : rtq__p_missing(p, "an entity group");
}

static rtq__ast *macro_expand(parser *p)
{
    rtq__ast *node = rtq__p_op(p, RTQ__AST_MACRO_EXPAND);
    rtq__p_params_of(p, &node->op->params, RTQ__PARAMS_UNION, true);
    node->op->value = entity_group(p);
    if (accept(p, RTQ__W_AS))
        rtq__p_need_name(p, &node->op->as);
    uint32_t open = p->pos;
    if (rtq__p_expect(p, RTQ__T_LPAREN)) {
        p->brackets++;
        rtq__p_enter(p);
        rtq__p_statements(p, &node->op->items);
        rtq__p_leave(p);
        p->brackets--;
        rtq__p_close(p, RTQ__T_RPAREN, open);
    }
    return rtq__p_done(p, node);
}

rtq__ast *rtq__p_op_nested(parser *p)
{
    switch (peek(p)) {
    case RTQ__W_FACET: return facet(p);
    case RTQ__W_FORK: return fork(p);
    case RTQ__W_PARTITION: return partition(p);
    case RTQ__W_PARTITIONBY: return partition_by(p);
    case RTQ__W_JOIN: return join(p, RTQ__AST_JOIN);
    case RTQ__W_LOOKUP: return join(p, RTQ__AST_LOOKUP);
    case RTQ__W_MV_APPLY:
    case RTQ__W_MVAPPLY: return mv_apply(p);
    case RTQ__W_SCAN: return scan(p);
    case RTQ__W_MACRO_EXPAND: return macro_expand(p);
    default: return NULL;
    }
}
