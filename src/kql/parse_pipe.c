/* parse_pipe.c - queries: a source, and operators after pipes. */
#include "parse_internal.h"

/* ---- is there a query here? ---- */

static bool scan_render(const parser *p)
{
    unsigned kind = peek_at(p, 1);
    switch (kind) {
    case RTQ__W_BARCHART:
    case RTQ__W_PIECHART:
    case RTQ__W_LADDERCHART:
    case RTQ__W_TIMECHART:
    case RTQ__W_LINECHART:
    case RTQ__W_ANOMALYCHART:
    case RTQ__W_PIVOTCHART:
    case RTQ__W_AREACHART:
    case RTQ__W_STACKEDAREACHART:
    case RTQ__W_SCATTERCHART:
    case RTQ__W_TIMEPIVOT:
    case RTQ__W_COLUMNCHART:
    case RTQ__W_TIMELINE:
    case RTQ__W_CHART3D:
    case RTQ__W_CARD:
    case RTQ__W_TREEMAP: return true;
    default: return rtq__p_is_name_word(kind);
    }
}

/* The next token begins an operator. Words that may be names need a second token that settles it. */
static bool scan_operator(const parser *p)
{
    uint32_t n;
    unsigned kind = peek(p);
    switch (kind) {
    case RTQ__W_EVALUATE: return rtq__p_scan_name(p, 1) > 0 || rtq__p_scan_param(p, 1);
    case RTQ__W_FACET: return peek_at(p, 1) == RTQ__W_BY;
    case RTQ__W_PARTITION:
    case RTQ__W_REDUCE: return peek_at(p, 1) == RTQ__W_BY || rtq__p_scan_param(p, 1);
    case RTQ__W_RANGE: return (n = rtq__p_scan_name(p, 1)) > 0 && peek_at(p, 1 + n) == RTQ__W_FROM;
    case RTQ__W_INLINE_EXTERNAL_TABLE: return peek_at(p, 1) == RTQ__T_LPAREN || peek_at(p, 1) == RTQ__W_KIND;
    case RTQ__W_RENDER: return scan_render(p);
    case RTQ__W_AS:
    case RTQ__W_ASSERT_SCHEMA:
    case RTQ__W_EXECUTEANDCACHE:
    case RTQ__W_FIND:
    case RTQ__W_GRAPH_MATCH:
    case RTQ__W_GRAPH_TO_TABLE:
    case RTQ__W_INVOKE:
    case RTQ__W_MACRO_EXPAND:
    case RTQ__W_MAKE_GRAPH:
    case RTQ__W_GRAPH_MARK_COMPONENTS:
    case RTQ__W_MAKE_SERIES:
    case RTQ__W_MV_APPLY:
    case RTQ__W_MV_EXPAND:
    case RTQ__W_PARSE_WHERE:
    case RTQ__W_PARSE_KV:
    case RTQ__W_PRINT:
    case RTQ__W_PROJECT:
    case RTQ__W_PROJECT_AWAY:
    case RTQ__W_PROJECT_KEEP:
    case RTQ__W_PROJECT_RENAME:
    case RTQ__W_PROJECT_BY_NAMES:
    case RTQ__W_PROJECT_REORDER:
    case RTQ__W_SAMPLE:
    case RTQ__W_SAMPLE_DISTINCT:
    case RTQ__W_SEARCH:
    case RTQ__W_TOP_HITTERS:
    case RTQ__W_TOP_NESTED:
    case RTQ__W_UNION:
    case RTQ__W_WHERE: return true;
    default: return false; /* the others may be names */
    }
}

static bool pipe_before_end(const parser *p)
{
    uint32_t depth = 0;
    for (uint32_t i = 0;; i++) {
        switch (peek_at(p, i)) {
        case RTQ__T_END:
        case RTQ__T_SEMICOLON: return false;
        case RTQ__T_COMMA:
            if (depth == 0)
                return false;
            break;
        case RTQ__T_LPAREN: depth++; break;
        case RTQ__T_RPAREN:
            if (depth-- == 0)
                return false;
            break;
        case RTQ__T_BAR:
            if (depth == 0)
                return true;
            break;
        default: break;
        }
    }
}

bool rtq__p_is_query(const parser *p)
{
    return scan_operator(p) || pipe_before_end(p);
}

/* ---- recovery ---- */

static bool ends_query(const parser *p)
{
    unsigned kind = peek(p);
    if (kind == RTQ__T_COMMA)
        return p->comma_ends;
    if (kind == RTQ__W_PROJECT)
        return p->project_ends;
    return rtq__p_ends_list(p);
}

static bool starts_line(const parser *p)
{
    uint32_t from = p->pos > 0 ? p->tokens[p->pos - 1].end : 0;
    return memchr(p->text + from, '\n', p->tokens[p->pos].begin - from) != NULL;
}

static bool starts_statement(const parser *p)
{
    unsigned kind = peek(p);
    return p->brackets == 0 && starts_line(p) && (kind == RTQ__W_LET || kind == RTQ__W_SET || kind == RTQ__W_DECLARE);
}

void rtq__p_skip_rest(parser *p, const char *after)
{
    const rtq__token *token = &p->tokens[p->pos];
    size_t len = token->end - token->begin;
    if (after)
        rtq__p_error(p, "'%.*s' does not belong after '%s'", (int)(len > 40 ? 40 : len), p->text + token->begin, after);
    else
        rtq__p_error(p, "'%.*s' does not belong here", (int)(len > 40 ? 40 : len), p->text + token->begin);
    uint32_t depth = 0;
    for (;; advance(p)) {
        switch (peek(p)) {
        case RTQ__T_END: return;
        case RTQ__T_LPAREN:
        case RTQ__T_LBRACKET:
        case RTQ__T_LBRACE: depth++; break;
        case RTQ__T_RPAREN:
        case RTQ__T_RBRACKET:
        case RTQ__T_RBRACE:
            if (depth-- == 0)
                return;
            break;
        case RTQ__T_BAR:
        case RTQ__T_SEMICOLON:
            if (depth == 0)
                return;
            break;
        default: break;
        }
    }
}

/* ---- operators ---- */

rtq__ast *rtq__p_piped_operator(parser *p)
{
    rtq__ast *node = rtq__p_op_simple(p);
    if (!node)
        node = rtq__p_op_clauses(p);
    if (!node)
        node = rtq__p_op_nested(p);
    return node ? node : rtq__p_op_graph(p);
}

static void unknown_operator(parser *p)
{
    static const char *const names[] = {"as",
                                        "assert-schema",
                                        "consume",
                                        "count",
                                        "distinct",
                                        "evaluate",
                                        "extend",
                                        "facet",
                                        "filter",
                                        "find",
                                        "fork",
                                        "getschema",
                                        "graph-mark-components",
                                        "graph-match",
                                        "graph-shortest-paths",
                                        "graph-to-table",
                                        "graph-where-edges",
                                        "graph-where-nodes",
                                        "invoke",
                                        "join",
                                        "limit",
                                        "lookup",
                                        "make-graph",
                                        "make-series",
                                        "mv-apply",
                                        "mv-expand",
                                        "order",
                                        "parse",
                                        "parse-kv",
                                        "parse-where",
                                        "partition",
                                        "project",
                                        "project-away",
                                        "project-by-names",
                                        "project-keep",
                                        "project-rename",
                                        "project-reorder",
                                        "reduce",
                                        "render",
                                        "sample",
                                        "sample-distinct",
                                        "scan",
                                        "search",
                                        "serialize",
                                        "sort",
                                        "summarize",
                                        "take",
                                        "top",
                                        "top-hitters",
                                        "top-nested",
                                        "union",
                                        "where"};
    const rtq__token *token = &p->tokens[p->pos];
    bool first = p->error_pos != p->pos;
    uint32_t end = token->end;
    /* an operator such as projct-away is several tokens */
    for (uint32_t i = 1; peek_at(p, i) == RTQ__T_MINUS && !(token_at(p, i)->flags & RTQ__TOKEN_SPACED) &&
                         !(token_at(p, i + 1)->flags & RTQ__TOKEN_SPACED);
         i += 2)
        end = token_at(p, i + 1)->end;
    int len = (int)(end - token->begin > 40 ? 40 : end - token->begin);
    rtq__p_error(p, "there is no operator '%.*s'", len, p->text + token->begin);
    if (!first)
        return;
    rtq__nearest nearest;
    rtq__nearest_init(&nearest, p->text + token->begin, (size_t)len);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        rtq__nearest_try(&nearest, names[i], strlen(names[i]));
    if (rtq__nearest_get(&nearest))
        rtq__p_hint(p, "did you mean '%s'?", rtq__nearest_get(&nearest));
}

static rtq__ast *need_operator(parser *p)
{
    rtq__ast *node = rtq__p_piped_operator(p);
    if (node)
        return node;
    if (peek(p) != RTQ__T_IDENT && peek(p) < RTQ__T_FIRST_WORD)
        return rtq__p_missing(p, "an operator");
    unknown_operator(p);
    return rtq__p_node(p, RTQ__AST_ERROR);
}

static bool heads_pipe(const rtq__ast *node)
{
    return node->kind < RTQ__AST_AS || node->kind == RTQ__AST_ERROR || node->kind > RTQ__AST_WHERE;
}

/* | op | op ... */
static void pipe_tail(parser *p, rtq__ast *pipe)
{
    for (;;) {
        if (!ends_query(p)) {
            if (starts_statement(p))
                return;
            const rtq__ast *last = pipe->pipe.ops.last;
            rtq__p_skip_rest(p, last && last->kind != RTQ__AST_ERROR ? rtq__ast_kind_text((rtq__ast_kind)last->kind)
                                                                     : NULL);
        }
        if (!accept(p, RTQ__T_BAR))
            return;
        rtq__p_append(&pipe->pipe.ops, need_operator(p));
    }
}

/* The rest of a query whose head was given up. */
rtq__ast *rtq__p_rest_of_pipe(parser *p)
{
    rtq__ast *pipe = rtq__p_node(p, RTQ__AST_PIPE);
    pipe->pipe.source = rtq__p_node(p, RTQ__AST_ERROR);
    pipe_tail(p, pipe);
    return rtq__p_done(p, pipe);
}

static rtq__ast *query_or_scalar(parser *p)
{
    rtq__ast *first = scan_operator(p) ? rtq__p_piped_operator(p) : NULL;
    if (!first)
        first = rtq__p_scalar(p);
    if (!first)
        first = rtq__p_piped_operator(p);
    if (!first || (peek(p) != RTQ__T_BAR && heads_pipe(first)))
        return first;
    rtq__ast *pipe = rtq__p_node_from(p, RTQ__AST_PIPE, first);
    if (heads_pipe(first))
        pipe->pipe.source = first;
    else
        rtq__p_append(&pipe->pipe.ops, first);
    pipe_tail(p, pipe);
    return rtq__p_done(p, pipe);
}

rtq__ast *rtq__p_expression(parser *p)
{
    rtq__p_enter(p);
    rtq__ast *node = query_or_scalar(p);
    rtq__p_leave(p);
    return node;
}

rtq__ast *rtq__p_need_expression(parser *p)
{
    bool comma_ends = p->comma_ends, project_ends = p->project_ends;
    p->comma_ends = p->project_ends = false;
    p->brackets++;
    rtq__ast *node = rtq__p_expression(p);
    p->brackets--;
    p->comma_ends = comma_ends;
    p->project_ends = project_ends;
    return node ? node : rtq__p_missing(p, "an expression");
}

static rtq__ast *contextual(parser *p, bool required)
{
    bool comma_ends = p->comma_ends, project_ends = p->project_ends;
    rtq__ast *pipe = rtq__p_node(p, RTQ__AST_PIPE);
    p->comma_ends = p->project_ends = false;
    p->brackets++;
    rtq__p_enter(p);
    rtq__ast *first = required ? rtq__p_contextual_datatable(p) : NULL;
    if (first) {
        pipe->pipe.source = first;
    } else {
        first = required ? need_operator(p) : rtq__p_piped_operator(p);
        if (first)
            rtq__p_append(&pipe->pipe.ops, first);
    }
    if (first)
        pipe_tail(p, pipe);
    rtq__p_leave(p);
    p->brackets--;
    p->comma_ends = comma_ends;
    p->project_ends = project_ends;
    return first ? rtq__p_done(p, pipe) : NULL;
}

rtq__ast *rtq__p_contextual(parser *p)
{
    return contextual(p, true);
}
rtq__ast *rtq__p_fork_pipe(parser *p)
{
    return contextual(p, false);
}
