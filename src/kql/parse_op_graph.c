/* parse_op_graph.c - make-graph and the operators on graphs. The arrows --> <-- -- -[ ]-> <-[ ]- are several tokens. */
#include "parse_internal.h"

static bool accept_text(parser *p, const char *text)
{
    uint32_t n;
    if (!rtq__p_matches(p, 0, text, &n))
        return false;
    p->pos += n;
    return true;
}

/* ---- make-graph ---- */

static rtq__ast *need_name_node(parser *p)
{
    rtq__ast *node = rtq__p_name_node(p);
    return node ? node : rtq__p_missing(p, "a column");
}

static rtq__ast *graph_table(parser *p)
{
    rtq__ast *table = rtq__p_signed_call_or_path(p);
    if (!table)
        return NULL;
    rtq__ast *node = rtq__p_node_from(p, RTQ__AST_GRAPH_TABLE, table);
    node->op = rtq__p_alloc(p, sizeof(*node->op));
    node->op->value = table;
    rtq__p_expect(p, RTQ__W_ON);
    rtq__p_need_name(p, &node->op->name);
    return rtq__p_done(p, node);
}

static bool ends_tables(const parser *p)
{
    return peek(p) == RTQ__W_PARTITIONED_BY || rtq__p_ends_list(p);
}

static rtq__ast *make_graph(parser *p)
{
    rtq__ast *node = rtq__p_op(p, RTQ__AST_MAKE_GRAPH);
    rtq__ast_op *op = node->op;
    rtq__p_params_of(p, &op->params, RTQ__PARAMS_NONE, true);
    op->value = need_name_node(p);
    if (!accept_text(p, "-->")) {
        op->undirected = accept_text(p, "--");
        if (!op->undirected)
            rtq__p_expected(p, "'-->' or '--'");
    }
    op->of = need_name_node(p);
    if (accept(p, RTQ__W_WITH_NODE_ID)) {
        rtq__p_expect(p, RTQ__T_EQ);
        rtq__p_need_name(p, &op->name);
    } else if (accept(p, RTQ__W_WITH)) {
        rtq__p_list(p, &op->items, graph_table, ends_tables, RTQ__LIST_NOT_EMPTY, "a table");
    }
    if (accept(p, RTQ__W_PARTITIONED_BY)) {
        op->partition = rtq__p_simple_path(p);
        if (!op->partition)
            op->partition = rtq__p_missing(p, "a column");
        uint32_t open = p->pos;
        if (rtq__p_expect(p, RTQ__T_LPAREN)) {
            op->body = rtq__p_contextual(p);
            rtq__p_close(p, RTQ__T_RPAREN, open);
        }
    }
    return rtq__p_done(p, node);
}

/* ---- graph-match, graph-shortest-paths ---- */

static rtq__ast *pattern_node(parser *p)
{
    uint32_t open = p->pos;
    if (peek(p) != RTQ__T_LPAREN)
        return NULL;
    rtq__ast *node = rtq__p_node(p, RTQ__AST_GRAPH_NODE);
    advance(p);
    rtq__p_name(p, &node->graph_edge.name);
    rtq__p_close(p, RTQ__T_RPAREN, open);
    return rtq__p_done(p, node);
}

static rtq__ast *need_bound(parser *p)
{
    rtq__ast *node = rtq__p_signed_call_or_path(p);
    return node ? node : rtq__p_missing(p, "a number of hops");
}

static rtq__ast *pattern_edge(parser *p)
{
    rtq__ast *node = rtq__p_node(p, RTQ__AST_GRAPH_EDGE);
    if (accept_text(p, "-->")) {
        node->graph_edge.direction = 1;
        return rtq__p_done(p, node);
    }
    if (accept_text(p, "<--")) {
        node->graph_edge.direction = -1;
        return rtq__p_done(p, node);
    }
    if (accept_text(p, "--"))
        return rtq__p_done(p, node);
    bool left = false;
    if (!accept_text(p, "-[") && !(left = accept_text(p, "<-[")))
        return NULL;
    node->graph_edge.bracketed = true;
    rtq__p_name(p, &node->graph_edge.name);
    if (accept(p, RTQ__T_STAR)) {
        node->graph_edge.variable = true;
        node->graph_edge.low = need_bound(p);
        rtq__p_expect(p, RTQ__T_DOTDOT);
        node->graph_edge.high = need_bound(p);
    }
    bool right = accept_text(p, "]->");
    if (!right && !accept_text(p, "]-"))
        rtq__p_expected(p, "']->' or ']-'");
    node->graph_edge.direction = (int8_t)(right - left);
    return rtq__p_done(p, node);
}

static rtq__ast *pattern(parser *p)
{
    rtq__ast *node = rtq__p_node(p, RTQ__AST_GRAPH_PATTERN), *part;
    while ((part = pattern_node(p)) || (part = pattern_edge(p)))
        rtq__p_append(&node->list, part);
    if (node->list.n == 0)
        rtq__p_expected(p, "a graph pattern");
    return rtq__p_done(p, node);
}

static rtq__ast *graph_match(parser *p, rtq__ast_kind kind)
{
    rtq__ast *node = rtq__p_op(p, kind);
    rtq__p_params_of(p, &node->op->params,
                     kind == RTQ__AST_GRAPH_SHORTEST_PATHS ? RTQ__PARAMS_SHORTEST_PATHS : RTQ__PARAMS_NONE, true);
    rtq__p_list(p, &node->op->items, pattern, NULL, RTQ__LIST_NOT_EMPTY, "a graph pattern");
    if (accept(p, RTQ__W_WHERE)) {
        bool project_ends = p->project_ends;
        p->project_ends = true;
        p->brackets++;
        node->op->value = rtq__p_expression(p);
        p->brackets--;
        p->project_ends = project_ends;
        if (!node->op->value)
            node->op->value = rtq__p_missing(p, "an expression");
    }
    if (accept(p, RTQ__W_PROJECT)) {
        node->op->has_project = true;
        rtq__p_list(p, &node->op->by, rtq__p_named, rtq__p_ends_list, RTQ__LIST_NOT_EMPTY, "an expression");
    }
    return rtq__p_done(p, node);
}

/* ---- graph-to-table, ... ---- */

static rtq__ast *graph_output(parser *p)
{
    bool nodes = peek(p) == RTQ__W_NODES;
    if (!nodes && peek(p) != RTQ__W_EDGES)
        return NULL;
    rtq__ast *node = rtq__p_node(p, RTQ__AST_GRAPH_OUTPUT);
    node->op = rtq__p_alloc(p, sizeof(*node->op));
    rtq__p_token_name(p, &node->op->name, 1);
    if (accept(p, RTQ__W_AS))
        rtq__p_need_name(p, &node->op->as);
    rtq__p_params_of(p, &node->op->params, nodes ? RTQ__PARAMS_NODES : RTQ__PARAMS_EDGES, true);
    return rtq__p_done(p, node);
}

static rtq__ast *graph_to_table(parser *p)
{
    rtq__ast *node = rtq__p_op(p, RTQ__AST_GRAPH_TO_TABLE);
    rtq__p_list(p, &node->op->items, graph_output, NULL, RTQ__LIST_NOT_EMPTY, "'nodes' or 'edges'");
    return rtq__p_done(p, node);
}

static rtq__ast *graph_where(parser *p, rtq__ast_kind kind)
{
    rtq__ast *node = rtq__p_op(p, kind);
    node->op->value = rtq__p_need_unnamed(p);
    return rtq__p_done(p, node);
}

static rtq__ast *mark_components(parser *p)
{
    rtq__ast *node = rtq__p_op(p, RTQ__AST_GRAPH_MARK_COMPONENTS);
    rtq__p_params_of(p, &node->op->params, RTQ__PARAMS_MARK_COMPONENTS, true);
    return rtq__p_done(p, node);
}

rtq__ast *rtq__p_op_graph(parser *p)
{
    switch (peek(p)) {
    case RTQ__W_MAKE_GRAPH: return make_graph(p);
    case RTQ__W_GRAPH_MATCH: return graph_match(p, RTQ__AST_GRAPH_MATCH);
    case RTQ__W_GRAPH_SHORTEST_PATHS: return graph_match(p, RTQ__AST_GRAPH_SHORTEST_PATHS);
    case RTQ__W_GRAPH_TO_TABLE: return graph_to_table(p);
    case RTQ__W_GRAPH_MARK_COMPONENTS: return mark_components(p);
    case RTQ__W_GRAPH_WHERE_NODES: return graph_where(p, RTQ__AST_GRAPH_WHERE_NODES);
    case RTQ__W_GRAPH_WHERE_EDGES: return graph_where(p, RTQ__AST_GRAPH_WHERE_EDGES);
    default: return NULL;
    }
}
