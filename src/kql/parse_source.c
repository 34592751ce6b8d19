/* parse_source.c - tables written in the query: datatable, externaldata, ... */
#include "parse_internal.h"

/* literal, as in the rows of a datatable */
static rtq__ast *datatable(parser *p)
{
    rtq__ast *node = rtq__p_op(p, RTQ__AST_DATATABLE);
    rtq__p_params_of(p, &node->op->params, RTQ__PARAMS_NONE, false);
    rtq__p_need_row_schema(p, &node->op->schema);
    uint32_t open = p->pos;
    if (rtq__p_expect(p, RTQ__T_LBRACKET)) {
        accept(p, RTQ__T_COMMA);
        rtq__p_list(p, &node->op->items, rtq__p_literal, rtq__p_ends_list, RTQ__LIST_TRAILING_COMMA, "a literal");
        rtq__p_close(p, RTQ__T_RBRACKET, open);
    }
    return rtq__p_done(p, node);
}

rtq__ast *rtq__p_contextual_datatable(parser *p)
{
    if (peek(p) != RTQ__W_CONTEXTUAL_DATATABLE)
        return NULL;
    rtq__ast *node = rtq__p_op(p, RTQ__AST_CONTEXTUAL_DATATABLE);
    node->op->value = rtq__p_literal(p);
    if (!node->op->value)
        node->op->value = rtq__p_need_unnamed(p);
    rtq__p_need_row_schema(p, &node->op->schema);
    return rtq__p_done(p, node);
}

/* ---- externaldata ---- */

static rtq__ast *list_expression(parser *p)
{
    bool comma_ends = p->comma_ends;
    p->comma_ends = true;
    p->brackets++;
    rtq__ast *node = rtq__p_expression(p);
    p->brackets--;
    p->comma_ends = comma_ends;
    return node;
}

static rtq__ast *property_value(parser *p)
{
    switch (peek(p)) {
    case RTQ__T_STRING:
    case RTQ__T_LONG:
    case RTQ__T_REAL:
    case RTQ__T_BOOL:
    case RTQ__T_DATETIME:
    case RTQ__T_GUID: return rtq__p_literal(p);
    case RTQ__T_RAW_GUID: {
        rtq__ast *node = rtq__p_node(p, RTQ__AST_NAME);
        rtq__p_token_name(p, &node->name, 1);
        return rtq__p_done(p, node);
    }
    default: return rtq__p_new_name_node(p);
    }
}

static rtq__ast *property(parser *p)
{
    rtq__ast *name = rtq__p_new_name_node(p);
    if (!name)
        return NULL;
    rtq__ast *node = rtq__p_node_from(p, RTQ__AST_PARAMETER, name);
    rtq__p_append(&node->named.names, name);
    rtq__p_expect(p, RTQ__T_EQ);
    node->named.value = property_value(p);
    if (!node->named.value)
        node->named.value = rtq__p_missing(p, "a value");
    return rtq__p_done(p, node);
}

bool rtq__p_with_properties(parser *p, rtq__ast_list *out)
{
    if (!accept(p, RTQ__W_WITH))
        return false;
    uint32_t open = p->pos;
    if (rtq__p_expect(p, RTQ__T_LPAREN)) {
        rtq__p_list(p, out, property, rtq__p_ends_list, 0, "a property (name=value)");
        rtq__p_close(p, RTQ__T_RPAREN, open);
    }
    return true;
}

static rtq__ast *externaldata(parser *p)
{
    bool alternate = peek(p) == RTQ__W_EXTERNAL_DATA;
    rtq__ast *node = rtq__p_op(p, RTQ__AST_EXTERNALDATA);
    node->op->alternate = alternate;
    rtq__p_params_of(p, &node->op->params, RTQ__PARAMS_NONE, false);
    rtq__p_need_row_schema(p, &node->op->schema);
    uint32_t open = p->pos;
    if (rtq__p_expect(p, RTQ__T_LBRACKET)) {
        rtq__p_list(p, &node->op->items, list_expression, rtq__p_ends_list, RTQ__LIST_TRAILING_COMMA, "a string");
        rtq__p_close(p, RTQ__T_RBRACKET, open);
    }
    rtq__p_with_properties(p, &node->op->with);
    return rtq__p_done(p, node);
}

/* ---- materialized-view-combine ("name") base (q) delta (q) aggregations (summarize) ---- */

static rtq__ast *combine_clause(parser *p, const char *word)
{
    uint32_t n;
    rtq__ast *node;
    if (!rtq__p_matches(p, 0, word, &n)) {
        rtq__p_expected(p, word);
        return NULL;
    }
    p->pos += n;
    uint32_t open = p->pos;
    if (!rtq__p_expect(p, RTQ__T_LPAREN))
        return NULL;
    if (strcmp(word, "aggregations") != 0)
        node = rtq__p_need_expression(p);
    else if (peek(p) == RTQ__W_SUMMARIZE)
        node = rtq__p_summarize(p);
    else
        node = rtq__p_missing(p, "'summarize'");
    rtq__p_close(p, RTQ__T_RPAREN, open);
    return node;
}

static rtq__ast *view_combine(parser *p)
{
    rtq__ast *node = rtq__p_op(p, RTQ__AST_VIEW_COMBINE);
    uint32_t open = p->pos;
    if (rtq__p_expect(p, RTQ__T_LPAREN)) {
        node->op->where = rtq__p_need_expression(p);
        rtq__p_close(p, RTQ__T_RPAREN, open);
    }
    node->op->value = combine_clause(p, "base");
    node->op->of = combine_clause(p, "delta");
    node->op->body = combine_clause(p, "aggregations");
    return rtq__p_done(p, node);
}

rtq__ast *rtq__p_source(parser *p)
{
    switch (peek(p)) {
    case RTQ__W_DATATABLE: return datatable(p);
    case RTQ__W_CONTEXTUAL_DATATABLE: return rtq__p_contextual_datatable(p);
    case RTQ__W_EXTERNALDATA:
    case RTQ__W_EXTERNAL_DATA: return externaldata(p);
    case RTQ__W_MATERIALIZED_VIEW_COMBINE: return view_combine(p);
    default: return NULL;
    }
}

/* ---- inline_external_table (schema) kind=storage partition by (...) pathformat=(...) dataformat=csv (uris) ---- */

/* '(' with a ':' before its ')': a schema */
static bool scan_schema(const parser *p, uint32_t ahead)
{
    if (peek_at(p, ahead) != RTQ__T_LPAREN)
        return false;
    for (uint32_t i = ahead + 1;; i++) {
        if (peek_at(p, i) == RTQ__T_COLON || p->pos + i >= p->n_tokens)
            return true;
        if (peek_at(p, i) == RTQ__T_RPAREN)
            return false;
    }
}

static rtq__ast *word_property(parser *p, const char *choices, const char *const words[], uint32_t n_words)
{
    rtq__ast *node = rtq__p_node(p, RTQ__AST_PARAMETER), *name = rtq__p_node(p, RTQ__AST_NAME);
    rtq__p_token_name(p, &name->name, 1);
    rtq__p_append(&node->named.names, rtq__p_done(p, name));
    rtq__p_expect(p, RTQ__T_EQ);
    uint32_t n = 0;
    bool ok = n_words == 0 && peek(p) == RTQ__T_IDENT;
    for (uint32_t i = 0; i < n_words && !ok; i++)
        ok = rtq__p_matches(p, 0, words[i], &n);
    node->named.value = rtq__p_node(p, RTQ__AST_NAME);
    if (ok) {
        rtq__p_token_name(p, &node->named.value->name, n > 0 ? n : 1);
        rtq__p_done(p, node->named.value);
    } else {
        rtq__p_expected(p, choices);
    }
    return rtq__p_done(p, node);
}

static rtq__ast *partition_column(parser *p)
{
    rtq__ast *column = rtq__p_column(p);
    if (!column)
        return NULL;
    uint32_t type = column->column.type;
    if (type != RTQ_DATETIME && type != RTQ_LONG && type != RTQ_STRING)
        rtq__p_error_span(p, RTQ_ERR_SYNTAX, column->begin, column->end,
                          "a partition column is a datetime, a long or a string");
    if (accept(p, RTQ__T_EQ))
        column->column.default_value = rtq__p_unnamed(p);
    return rtq__p_done(p, column);
}

static rtq__ast *path_part(parser *p)
{
    if (peek(p) == RTQ__T_STRING)
        return rtq__p_one_string(p);
    if (peek(p) == RTQ__W_DATETIME_PATTERN)
        return rtq__p_call(p);
    return rtq__p_name_node(p);
}

static void partition_and_path(parser *p, rtq__ast *node)
{
    uint32_t open;
    if (peek(p) == RTQ__W_PARTITION) {
        advance(p);
        rtq__p_expect(p, RTQ__W_BY);
        open = p->pos;
        if (rtq__p_expect(p, RTQ__T_LPAREN)) {
            accept(p, RTQ__T_COMMA);
            rtq__p_list(p, &node->op->by, partition_column, rtq__p_ends_list, RTQ__LIST_TRAILING_COMMA, "a column");
            rtq__p_close(p, RTQ__T_RPAREN, open);
        }
    }
    if (peek(p) == RTQ__W_PATHFORMAT) {
        advance(p);
        rtq__p_expect(p, RTQ__T_EQ);
        open = p->pos;
        if (rtq__p_expect(p, RTQ__T_LPAREN)) {
            rtq__ast *part;
            while (!rtq__p_ends_list(p) && (part = path_part(p)))
                rtq__p_append(&node->op->sort, part);
            if (node->op->sort.n == 0)
                rtq__p_expected(p, "a partition column");
            rtq__p_close(p, RTQ__T_RPAREN, open);
        }
    }
}

rtq__ast *rtq__p_inline_external_table(parser *p)
{
    static const char *const kinds[] = {"storage", "delta"};
    if (!scan_schema(p, 1) && peek_at(p, 1) != RTQ__W_KIND)
        return NULL;
    rtq__ast *node = rtq__p_op(p, RTQ__AST_EXTERNAL_TABLE);
    if (scan_schema(p, 0)) {
        rtq__p_row_schema(p, &node->op->schema, false, true);
        node->op->has_schema = true;
    }
    bool delta = false;
    if (peek(p) == RTQ__W_KIND) {
        rtq__ast *kind = word_property(p, "'storage' or 'delta'", kinds, 2);
        rtq__p_append(&node->op->params, kind);
        delta = kind->named.value->name.ptr && strcmp(kind->named.value->name.ptr, "delta") == 0;
    } else {
        rtq__p_expected(p, "'kind'");
    }
    if (!node->op->has_schema && !delta)
        rtq__p_expected(p, "a schema (name:type, ...)");
    partition_and_path(p, node);
    if (peek(p) == RTQ__W_DATAFORMAT)
        rtq__p_append(&node->op->params, word_property(p, "a format", NULL, 0));
    else if (!delta)
        rtq__p_expected(p, "'dataformat'");
    uint32_t open = p->pos;
    if (rtq__p_expect(p, RTQ__T_LPAREN)) {
        rtq__p_list(p, &node->op->items, list_expression, rtq__p_ends_list, RTQ__LIST_TRAILING_COMMA, "a string");
        rtq__p_close(p, RTQ__T_RPAREN, open);
    }
    rtq__p_with_properties(p, &node->op->with);
    return rtq__p_done(p, node);
}
