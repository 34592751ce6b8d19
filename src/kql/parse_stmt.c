/* parse_stmt.c - let, declare, set, alias, restrict, and .create-or-alter function of query files. */
#include "parse_internal.h"

rtq__ast *rtq__p_entity_group(parser *p)
{
    if (peek(p) != RTQ__W_ENTITY_GROUP)
        return NULL;
    rtq__ast *call = rtq__p_call(p);
    if (call)
        return call;
    rtq__ast *node = rtq__p_node(p, RTQ__AST_ENTITY_GROUP);
    advance(p);
    uint32_t open = p->pos;
    if (rtq__p_expect(p, RTQ__T_LBRACKET)) {
        rtq__p_list(p, &node->list, rtq__p_unnamed, rtq__p_ends_list, RTQ__LIST_NOT_EMPTY, "a cluster or database");
        rtq__p_close(p, RTQ__T_RBRACKET, open);
    }
    return rtq__p_done(p, node);
}

/* ---- functions ---- */

static bool scan_function(const parser *p)
{
    uint32_t at = peek(p) == RTQ__W_VIEW;
    if (peek_at(p, at) != RTQ__T_LPAREN)
        return false;
    unsigned next = peek_at(p, at + 1);
    if (next == RTQ__T_RPAREN || next == RTQ__T_STAR)
        return true;
    uint32_t n = rtq__p_scan_new_name(p, at + 1);
    return n > 0 && peek_at(p, at + 1 + n) == RTQ__T_COLON;
}

static rtq__ast *let(parser *p);
static rtq__ast *query_parameters(parser *p);

/* { let ...; expression } */
static void function_body(parser *p, rtq__ast_list *out, bool parameters)
{
    uint32_t open = p->pos;
    if (!rtq__p_expect(p, RTQ__T_LBRACE))
        return;
    p->brackets++;
    rtq__p_enter(p);
    while (!rtq__p_ends_list(p)) {
        rtq__ast *node = NULL;
        if (peek(p) == RTQ__W_LET)
            node = let(p);
        else if (parameters && peek(p) == RTQ__W_DECLARE)
            node = query_parameters(p);
        if (!node)
            break;
        rtq__p_append(out, node);
        rtq__p_expect(p, RTQ__T_SEMICOLON);
    }
    rtq__ast *value = rtq__p_expression(p);
    if (value)
        rtq__p_append(out, value);
    rtq__p_leave(p);
    p->brackets--;
    accept(p, RTQ__T_SEMICOLON);
    rtq__p_close(p, RTQ__T_RBRACE, open);
}

static rtq__ast *function(parser *p)
{
    rtq__ast *node = rtq__p_node(p, RTQ__AST_FUNCTION);
    bool comma_ends = p->comma_ends, project_ends = p->project_ends;
    p->comma_ends = p->project_ends = false;
    node->function.is_view = accept(p, RTQ__W_VIEW);
    if (!rtq__p_params(p, &node->function.params))
        rtq__p_expected(p, "'('");
    function_body(p, &node->function.body, true);
    p->comma_ends = comma_ends;
    p->project_ends = project_ends;
    return rtq__p_done(p, node);
}

/* ---- statements ---- */

/* materialize(query), where the query need not be in parentheses of its own */
static rtq__ast *materialize(parser *p)
{
    rtq__ast *node = rtq__p_node(p, RTQ__AST_CALL);
    rtq__p_token_name(p, &node->call.name, 1);
    uint32_t open = p->pos;
    if (rtq__p_expect(p, RTQ__T_LPAREN)) {
        rtq__p_append(&node->call.args, rtq__p_need_expression(p));
        rtq__p_close(p, RTQ__T_RPAREN, open);
    }
    return rtq__p_done(p, node);
}

static void statement_name(parser *p, rtq__ast *node)
{
    rtq__ast *name = rtq__p_node(p, RTQ__AST_NAME);
    name->name.ptr = "";
    rtq__p_need_name(p, &name->name);
    rtq__p_append(&node->named.names, rtq__p_done(p, name));
}

static rtq__ast *let(parser *p)
{
    rtq__ast *node = rtq__p_node(p, RTQ__AST_LET);
    advance(p);
    statement_name(p, node);
    rtq__p_expect(p, RTQ__T_EQ);
    if (peek(p) == RTQ__W_MATERIALIZE)
        node->named.value = materialize(p);
    else if (peek(p) == RTQ__W_ENTITY_GROUP)
        node->named.value = rtq__p_entity_group(p);
    else if (scan_function(p))
        node->named.value = function(p);
    else
        node->named.value = rtq__p_expression(p);
    if (!node->named.value)
        node->named.value = rtq__p_missing(p, "an expression");
    return rtq__p_done(p, node);
}

static rtq__ast *set(parser *p)
{
    rtq__ast *node = rtq__p_node(p, RTQ__AST_SET);
    advance(p);
    statement_name(p, node);
    if (accept(p, RTQ__T_EQ))
        node->named.value = rtq__p_need_unnamed(p);
    return rtq__p_done(p, node);
}

static rtq__ast *alias(parser *p)
{
    rtq__ast *node = rtq__p_node(p, RTQ__AST_ALIAS);
    advance(p);
    rtq__p_expect(p, RTQ__W_DATABASE);
    statement_name(p, node);
    rtq__p_expect(p, RTQ__T_EQ);
    node->named.value = rtq__p_need_unnamed(p);
    return rtq__p_done(p, node);
}

static rtq__ast *query_parameters(parser *p)
{
    rtq__ast *node = rtq__p_node(p, RTQ__AST_QUERY_PARAMETERS);
    advance(p);
    rtq__p_expect(p, RTQ__W_QUERY_PARAMETERS);
    uint32_t open = p->pos;
    if (rtq__p_expect(p, RTQ__T_LPAREN)) {
        rtq__p_list(p, &node->list, rtq__p_column_with_default, rtq__p_ends_list, RTQ__LIST_NOT_EMPTY,
                    "a parameter (name:type)");
        rtq__p_close(p, RTQ__T_RPAREN, open);
    }
    return rtq__p_done(p, node);
}

static rtq__ast *restrict_access(parser *p)
{
    rtq__ast *node = rtq__p_node(p, RTQ__AST_RESTRICT);
    rtq__ast_list properties = {NULL, NULL, 0};
    advance(p);
    rtq__p_expect(p, RTQ__W_ACCESS);
    rtq__p_expect(p, RTQ__W_TO);
    uint32_t open = p->pos;
    if (rtq__p_expect(p, RTQ__T_LPAREN)) {
        rtq__p_list(p, &node->list, rtq__p_wildcard_entity, rtq__p_ends_list, RTQ__LIST_NOT_EMPTY, "a table");
        rtq__p_close(p, RTQ__T_RPAREN, open);
    }
    rtq__p_with_properties(p, &properties);
    for (rtq__ast *item = properties.first, *next; item; item = next) {
        next = item->next;
        item->next = NULL;
        rtq__p_append(&node->list, item);
    }
    return rtq__p_done(p, node);
}

/* ---- declare pattern ---- */

/* ("a", "b").["path"] = { ... }; */
static rtq__ast *pattern_rule(parser *p)
{
    uint32_t open = p->pos;
    if (peek(p) != RTQ__T_LPAREN)
        return NULL;
    rtq__ast *node = rtq__p_node(p, RTQ__AST_PATTERN_RULE);
    advance(p);
    rtq__p_list(p, &node->pattern_rule.args, rtq__p_unnamed, rtq__p_ends_list, RTQ__LIST_NOT_EMPTY, "a string");
    rtq__p_close(p, RTQ__T_RPAREN, open);
    if (accept(p, RTQ__T_DOT)) {
        open = p->pos;
        if (rtq__p_expect(p, RTQ__T_LBRACKET)) {
            node->pattern_rule.path = rtq__p_literal(p);
            if (!node->pattern_rule.path)
                node->pattern_rule.path = rtq__p_missing(p, "a string");
            rtq__p_close(p, RTQ__T_RBRACKET, open);
        }
    }
    rtq__p_expect(p, RTQ__T_EQ);
    function_body(p, &node->pattern_rule.body, false);
    rtq__p_expect(p, RTQ__T_SEMICOLON);
    return rtq__p_done(p, node);
}

static void pattern_definition(parser *p, rtq__ast *node)
{
    rtq__ast *rule;
    uint32_t open = p->pos;
    node->pattern.defined = true;
    if (rtq__p_expect(p, RTQ__T_LPAREN)) {
        rtq__p_list(p, &node->pattern.params, rtq__p_column, rtq__p_ends_list, 0, "a parameter (name:type)");
        rtq__p_close(p, RTQ__T_RPAREN, open);
    }
    open = p->pos;
    if (accept(p, RTQ__T_LBRACKET)) {
        node->pattern.path = rtq__p_column(p);
        if (!node->pattern.path)
            node->pattern.path = rtq__p_missing(p, "a parameter (name:type)");
        rtq__p_close(p, RTQ__T_RBRACKET, open);
    }
    open = p->pos;
    if (!rtq__p_expect(p, RTQ__T_LBRACE))
        return;
    while ((rule = pattern_rule(p)))
        rtq__p_append(&node->pattern.rules, rule);
    if (node->pattern.rules.n == 0)
        rtq__p_expected(p, "a rule of the pattern");
    rtq__p_close(p, RTQ__T_RBRACE, open);
}

static rtq__ast *declare_pattern(parser *p)
{
    rtq__ast *node = rtq__p_node(p, RTQ__AST_PATTERN);
    advance(p);
    advance(p);
    rtq__p_need_name(p, &node->pattern.name);
    if (accept(p, RTQ__T_EQ))
        pattern_definition(p, node);
    return rtq__p_done(p, node);
}

/* ---- .create-or-alter function with (folder="x") name(params) { body } ---- */

static uint32_t scan_create_function(const parser *p)
{
    static const char *const commands[] = {".create-or-alter", ".create", ".alter"};
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        uint32_t n, word;
        if (rtq__p_matches(p, 0, commands[i], &n) && rtq__p_matches(p, n, "function", &word))
            return n + word;
    }
    return 0;
}

static rtq__ast *create_function(parser *p)
{
    uint32_t n, taken = scan_create_function(p);
    if (taken == 0)
        return NULL;
    rtq__ast *node = rtq__p_node(p, RTQ__AST_CREATE_FUNCTION);
    p->pos += taken;
    if (rtq__p_matches(p, 0, "ifnotexists", &n))
        p->pos += n;
    rtq__p_with_properties(p, &node->create_function.with);
    rtq__p_need_name(p, &node->create_function.name);
    node->create_function.function = function(p);
    for (const rtq__ast *property = node->create_function.with.first; property; property = property->next) {
        const rtq__ast *value = property->kind == RTQ__AST_PARAMETER ? property->named.value : NULL;
        if (value && value->kind == RTQ__AST_LITERAL && value->literal.type == RTQ_BOOL && value->literal.u.i &&
            strcmp(property->named.names.first->name.ptr, "view") == 0)
            node->create_function.function->function.is_view = true;
    }
    return rtq__p_done(p, node);
}

/* ---- the list ---- */

static rtq__ast *statement(parser *p)
{
    switch (peek(p)) {
    case RTQ__W_ALIAS:
        if (peek_at(p, 1) == RTQ__W_DATABASE)
            return alias(p);
        break;
    case RTQ__W_LET:
        if (rtq__p_scan_name(p, 1) > 0)
            return let(p);
        break;
    case RTQ__W_SET: return set(p);
    case RTQ__W_DECLARE:
        if (peek_at(p, 1) == RTQ__W_PATTERN)
            return declare_pattern(p);
        if (peek_at(p, 1) == RTQ__W_QUERY_PARAMETERS)
            return query_parameters(p);
        break;
    case RTQ__W_RESTRICT:
        if (peek_at(p, 1) == RTQ__W_ACCESS)
            return restrict_access(p);
        break;
    case RTQ__T_DOT: return p->brackets == 0 ? create_function(p) : NULL;
    default: break;
    }
    return rtq__p_expression(p);
}

static bool ends_block(const parser *p)
{
    unsigned kind = peek(p);
    return kind == RTQ__T_END ||
           (p->brackets > 0 && rtq__p_ends_list(p) && kind != RTQ__T_BAR && kind != RTQ__T_SEMICOLON);
}

/* Skips to the next statement, but looks into what still reads as operators. false: there is none. */
static bool skip_statement(parser *p, rtq__ast_list *out)
{
    while (!ends_block(p)) {
        if (accept(p, RTQ__T_SEMICOLON))
            return true;
        if (peek(p) == RTQ__T_BAR) {
            rtq__p_append(out, rtq__p_rest_of_pipe(p));
            continue;
        }
        rtq__p_skip_rest(p, NULL);
        if (!ends_block(p) && peek(p) != RTQ__T_BAR && peek(p) != RTQ__T_SEMICOLON) {
            advance(p); /* a closing bracket too many */
            p->error_pos = p->pos;
        }
    }
    return false;
}

/* After a statement that no ';' follows: another one on a line of its own is taken as one, anything else is skipped. */
static bool resume(parser *p, rtq__ast_list *out)
{
    unsigned kind = peek(p);
    if (kind == RTQ__T_END || (p->brackets > 0 && kind == RTQ__T_RPAREN))
        return false;
    const char *between = p->text + p->tokens[p->pos - 1].end;
    size_t len = p->tokens[p->pos].begin - p->tokens[p->pos - 1].end;
    if ((kind == RTQ__T_IDENT || kind >= RTQ__T_FIRST_WORD) && memchr(between, '\n', len)) {
        rtq__p_expected(p, "';'");
        return true;
    }
    return skip_statement(p, out);
}

void rtq__p_statements(parser *p, rtq__ast_list *out)
{
    for (;;) {
        rtq__ast *node = statement(p);
        bool more;
        if (node) {
            rtq__p_append(out, node);
            more = accept(p, RTQ__T_SEMICOLON) || resume(p, out);
        } else {
            more = peek(p) != RTQ__T_END && !(p->brackets > 0 && peek(p) == RTQ__T_RPAREN);
            if (more) {
                rtq__p_skip_rest(p, NULL);
                more = skip_statement(p, out);
            }
        }
        if (!more)
            return;
    }
}
