/* parse_expr.c - scalar expressions: operators by precedence, calls, paths, names. */
#include "parse_internal.h"

rtq__ast *rtq__p_star(parser *p)
{
    if (peek(p) != RTQ__T_STAR)
        return NULL;
    rtq__ast *node = rtq__p_node(p, RTQ__AST_STAR);
    advance(p);
    return rtq__p_done(p, node);
}

rtq__ast *rtq__p_parenthesized(parser *p)
{
    uint32_t open = p->pos;
    if (!accept(p, RTQ__T_LPAREN))
        return NULL;
    rtq__ast *node = rtq__p_need_expression(p);
    node->flags |= RTQ__AST_PARENTHESIZED;
    rtq__p_close(p, RTQ__T_RPAREN, open);
    return node;
}

/* ---- calls ---- */

bool rtq__p_scan_call(const parser *p, uint32_t ahead)
{
    uint32_t n = rtq__p_scan_name(p, ahead);
    return n > 0 && peek_at(p, ahead + n) == RTQ__T_LPAREN;
}

static rtq__ast *argument(parser *p)
{
    if (peek(p) == RTQ__T_STAR && (peek_at(p, 1) == RTQ__T_RPAREN || peek_at(p, 1) == RTQ__T_COMMA))
        return rtq__p_star(p);
    return rtq__p_named(p);
}

rtq__ast *rtq__p_call(parser *p)
{
    if (!rtq__p_scan_call(p, 0))
        return NULL;
    rtq__ast *node = rtq__p_node(p, RTQ__AST_CALL);
    rtq__p_name(p, &node->call.name);
    uint32_t open = p->pos;
    advance(p);
    rtq__p_list(p, &node->call.args, argument, rtq__p_ends_list, 0, "an argument");
    rtq__p_close(p, RTQ__T_RPAREN, open);
    return rtq__p_done(p, node);
}

/* toscalar(query) and totable(query), with an optional kind= before the parenthesis */
static rtq__ast *query_call(parser *p)
{
    rtq__ast *node = rtq__p_node(p, RTQ__AST_CALL);
    rtq__p_token_name(p, &node->call.name, 1);
    rtq__ast *kind = rtq__p_kind_param(p);
    uint32_t open = p->pos;
    if (rtq__p_expect(p, RTQ__T_LPAREN)) {
        rtq__p_append(&node->call.args, rtq__p_need_expression(p));
        rtq__p_close(p, RTQ__T_RPAREN, open);
    }
    if (kind)
        rtq__p_append(&node->call.args, kind);
    return rtq__p_done(p, node);
}

/* ---- operands ---- */

rtq__ast *rtq__p_data_scope(parser *p, rtq__ast *value)
{
    if (peek(p) != RTQ__W_DATASCOPE)
        return value;
    rtq__ast *node = value ? rtq__p_node_from(p, RTQ__AST_DATASCOPE, value) : rtq__p_node(p, RTQ__AST_DATASCOPE);
    node->named.value = value;
    advance(p);
    rtq__p_expect(p, RTQ__T_EQ);
    uint32_t n;
    if (rtq__p_matches(p, 0, "all", &n) || rtq__p_matches(p, 0, "hotcache", &n)) {
        rtq__ast *scope = rtq__p_node(p, RTQ__AST_NAME);
        rtq__p_token_name(p, &scope->name, n);
        rtq__p_append(&node->named.names, rtq__p_done(p, scope));
    } else {
        rtq__p_expected(p, "'all' or 'hotcache'");
    }
    return rtq__p_done(p, node);
}

static rtq__ast *primary(parser *p)
{
    switch (peek(p)) {
    case RTQ__T_LONG:
    case RTQ__T_REAL:
    case RTQ__T_BOOL:
    case RTQ__T_INT:
    case RTQ__T_DECIMAL:
    case RTQ__T_TIMESPAN:
    case RTQ__T_DATETIME:
    case RTQ__T_GUID:
    case RTQ__T_RAW_GUID:
    case RTQ__T_STRING:
    case RTQ__W_DYNAMIC: return rtq__p_literal(p);
    case RTQ__W_DATATABLE:
    case RTQ__W_CONTEXTUAL_DATATABLE:
    case RTQ__W_EXTERNALDATA:
    case RTQ__W_EXTERNAL_DATA:
    case RTQ__W_MATERIALIZED_VIEW_COMBINE: return rtq__p_source(p);
    case RTQ__T_LPAREN: return rtq__p_parenthesized(p);
    case RTQ__W_TOSCALAR: return query_call(p);
    default: break;
    }
    rtq__ast *node = rtq__p_typeof(p);
    if (node)
        return node;
    if (rtq__p_scan_call(p, 0))
        return rtq__p_call(p);
    node = rtq__p_selector(p);
    return node ? rtq__p_data_scope(p, node) : rtq__p_keyword_as_name(p);
}

rtq__ast *rtq__p_call_or_path(parser *p)
{
    if (peek(p) == RTQ__W_TOTABLE)
        return query_call(p);
    rtq__ast *node = primary(p);
    while (node) {
        if (accept(p, RTQ__T_DOT)) {
            node = rtq__p_member(p, node, true);
        } else if (peek(p) == RTQ__T_LBRACKET) {
            rtq__ast *index = rtq__p_node_from(p, RTQ__AST_INDEX, node);
            uint32_t open = p->pos;
            advance(p);
            index->index.object = node;
            index->index.index = rtq__p_need_unnamed(p);
            rtq__p_close(p, RTQ__T_RBRACKET, open);
            node = rtq__p_done(p, index);
        } else {
            break;
        }
    }
    return node;
}

rtq__ast *rtq__p_signed_call_or_path(parser *p)
{
    unsigned kind = peek(p);
    if (kind != RTQ__T_MINUS && kind != RTQ__T_PLUS)
        return rtq__p_call_or_path(p);
    rtq__ast *node = rtq__p_node(p, RTQ__AST_UNARY);
    node->binary.op = kind == RTQ__T_MINUS ? RTQ__OP_MINUS : RTQ__OP_PLUS;
    node->binary.op_begin = p->tokens[p->pos].begin;
    node->binary.op_end = p->tokens[p->pos].end;
    advance(p);
    node->binary.right = rtq__p_call_or_path(p);
    if (!node->binary.right)
        node->binary.right = rtq__p_missing(p, "an expression");
    return rtq__p_done(p, node);
}

/* ---- infix operators ---- */

typedef enum level {
    LEVEL_NONE,
    LEVEL_OR,
    LEVEL_AND,
    LEVEL_EQUAL,
    LEVEL_RELATION,
    LEVEL_SUM,
    LEVEL_PRODUCT,
    LEVEL_STRING
} level;

static rtq__ast_operator string_operator(unsigned token)
{
    switch (token) {
    case RTQ__T_EQ_TILDE: return RTQ__OP_EQ_CI;
    case RTQ__T_BANG_TILDE: return RTQ__OP_NE_CI;
    case RTQ__T_COLON: return RTQ__OP_SEARCH;
    case RTQ__W_MATCHES_REGEX: return RTQ__OP_MATCHES_REGEX;
    case RTQ__W_HAS: return RTQ__OP_HAS;
    case RTQ__W_NOT_HAS: return RTQ__OP_NOT_HAS;
    case RTQ__W_HAS_CS: return RTQ__OP_HAS_CS;
    case RTQ__W_NOT_HAS_CS: return RTQ__OP_NOT_HAS_CS;
    case RTQ__W_HASPREFIX: return RTQ__OP_HASPREFIX;
    case RTQ__W_NOT_HASPREFIX: return RTQ__OP_NOT_HASPREFIX;
    case RTQ__W_HASPREFIX_CS: return RTQ__OP_HASPREFIX_CS;
    case RTQ__W_NOT_HASPREFIX_CS: return RTQ__OP_NOT_HASPREFIX_CS;
    case RTQ__W_HASSUFFIX: return RTQ__OP_HASSUFFIX;
    case RTQ__W_NOT_HASSUFFIX: return RTQ__OP_NOT_HASSUFFIX;
    case RTQ__W_HASSUFFIX_CS: return RTQ__OP_HASSUFFIX_CS;
    case RTQ__W_NOT_HASSUFFIX_CS: return RTQ__OP_NOT_HASSUFFIX_CS;
    case RTQ__W_CONTAINS: return RTQ__OP_CONTAINS;
    case RTQ__W_NOTCONTAINS:
    case RTQ__W_NOT_CONTAINS: return RTQ__OP_NOT_CONTAINS;
    case RTQ__W_CONTAINSCS:
    case RTQ__W_CONTAINS_CS: return RTQ__OP_CONTAINS_CS;
    case RTQ__W_NOTCONTAINSCS:
    case RTQ__W_NOT_CONTAINS_CS: return RTQ__OP_NOT_CONTAINS_CS;
    case RTQ__W_STARTSWITH: return RTQ__OP_STARTSWITH;
    case RTQ__W_NOT_STARTSWITH: return RTQ__OP_NOT_STARTSWITH;
    case RTQ__W_STARTSWITH_CS: return RTQ__OP_STARTSWITH_CS;
    case RTQ__W_NOT_STARTSWITH_CS: return RTQ__OP_NOT_STARTSWITH_CS;
    case RTQ__W_ENDSWITH: return RTQ__OP_ENDSWITH;
    case RTQ__W_NOT_ENDSWITH: return RTQ__OP_NOT_ENDSWITH;
    case RTQ__W_ENDSWITH_CS: return RTQ__OP_ENDSWITH_CS;
    case RTQ__W_NOT_ENDSWITH_CS: return RTQ__OP_NOT_ENDSWITH_CS;
    case RTQ__W_LIKE: return RTQ__OP_LIKE;
    case RTQ__W_NOTLIKE: return RTQ__OP_NOT_LIKE;
    case RTQ__W_LIKECS: return RTQ__OP_LIKE_CS;
    case RTQ__W_NOTLIKECS: return RTQ__OP_NOT_LIKE_CS;
    default: return RTQ__OP_NONE;
    }
}

static rtq__ast_operator infix_operator(const parser *p, level *at)
{
    switch (peek(p)) {
    case RTQ__W_OR: *at = LEVEL_OR; return RTQ__OP_OR;
    case RTQ__W_AND: *at = LEVEL_AND; return RTQ__OP_AND;
    case RTQ__T_EQ_EQ: *at = LEVEL_EQUAL; return RTQ__OP_EQ;
    case RTQ__T_BANG_EQ:
    case RTQ__T_LT_GT: *at = LEVEL_EQUAL; return RTQ__OP_NE;
    case RTQ__W_IN: /* `in range(...)` belongs to make-series */
        *at = LEVEL_EQUAL;
        return peek_at(p, 1) == RTQ__W_RANGE ? RTQ__OP_NONE : RTQ__OP_IN;
    case RTQ__W_IN_CI: *at = LEVEL_EQUAL; return RTQ__OP_IN_CI;
    case RTQ__W_NOT_IN: *at = LEVEL_EQUAL; return RTQ__OP_NOT_IN;
    case RTQ__W_NOT_IN_CI: *at = LEVEL_EQUAL; return RTQ__OP_NOT_IN_CI;
    case RTQ__W_HAS_ANY: *at = LEVEL_EQUAL; return RTQ__OP_HAS_ANY;
    case RTQ__W_HAS_ALL: *at = LEVEL_EQUAL; return RTQ__OP_HAS_ALL;
    case RTQ__W_BETWEEN: *at = LEVEL_EQUAL; return RTQ__OP_BETWEEN;
    case RTQ__W_NOT_BETWEEN: *at = LEVEL_EQUAL; return RTQ__OP_NOT_BETWEEN;
    case RTQ__T_LT: *at = LEVEL_RELATION; return RTQ__OP_LT;
    case RTQ__T_LE: *at = LEVEL_RELATION; return RTQ__OP_LE;
    case RTQ__T_GT: *at = LEVEL_RELATION; return RTQ__OP_GT;
    case RTQ__T_GE: *at = LEVEL_RELATION; return RTQ__OP_GE;
    case RTQ__T_PLUS: *at = LEVEL_SUM; return RTQ__OP_PLUS;
    case RTQ__T_MINUS: *at = LEVEL_SUM; return RTQ__OP_MINUS;
    case RTQ__T_STAR: *at = LEVEL_PRODUCT; return RTQ__OP_TIMES;
    case RTQ__T_SLASH: *at = LEVEL_PRODUCT; return RTQ__OP_DIVIDE;
    case RTQ__T_PERCENT: *at = LEVEL_PRODUCT; return RTQ__OP_MODULO;
    default: *at = LEVEL_NONE; return RTQ__OP_NONE;
    }
}

static rtq__ast *binary_node(parser *p, rtq__ast *left, rtq__ast_operator op)
{
    rtq__ast *node = rtq__p_node_from(p, RTQ__AST_BINARY, left);
    node->binary.op = op;
    node->binary.left = left;
    node->binary.op_begin = p->tokens[p->pos].begin;
    node->binary.op_end = p->tokens[p->pos].end;
    advance(p);
    return node;
}

static rtq__ast *need_signed(parser *p)
{
    rtq__ast *node = rtq__p_signed_call_or_path(p);
    return node ? node : rtq__p_missing(p, "an expression");
}

/* An operand of `*` and the like: at most one string operator. */
static rtq__ast *string_operation(parser *p)
{
    bool star = peek(p) == RTQ__T_STAR && string_operator(peek_at(p, 1)) != RTQ__OP_NONE;
    rtq__ast *left = star ? rtq__p_star(p) : rtq__p_signed_call_or_path(p);
    rtq__ast_operator op = string_operator(peek(p));
    if (!left || op == RTQ__OP_NONE)
        return left;
    rtq__ast *node = binary_node(p, left, op);
    node->binary.right = need_signed(p);
    return rtq__p_done(p, node);
}

static rtq__ast *in_list(parser *p, rtq__ast *left, rtq__ast_operator op)
{
    rtq__ast *node = rtq__p_node_from(p, RTQ__AST_IN, left);
    node->in.op = op;
    node->in.left = left;
    node->in.op_begin = p->tokens[p->pos].begin;
    node->in.op_end = p->tokens[p->pos].end;
    advance(p);
    uint32_t open = p->pos;
    if (!rtq__p_expect(p, RTQ__T_LPAREN))
        return rtq__p_done(p, node);
    if (rtq__p_is_query(p))
        rtq__p_append(&node->in.items, rtq__p_need_expression(p));
    else
        rtq__p_list(p, &node->in.items, rtq__p_unnamed, rtq__p_ends_list, RTQ__LIST_NOT_EMPTY, "an expression");
    rtq__p_close(p, RTQ__T_RPAREN, open);
    return rtq__p_done(p, node);
}

static rtq__ast *between(parser *p, rtq__ast *left, rtq__ast_operator op)
{
    rtq__ast *node = rtq__p_node_from(p, RTQ__AST_BETWEEN, left);
    node->between.op = op;
    node->between.left = left;
    node->between.op_begin = p->tokens[p->pos].begin;
    node->between.op_end = p->tokens[p->pos].end;
    advance(p);
    uint32_t open = p->pos;
    if (!rtq__p_expect(p, RTQ__T_LPAREN))
        return rtq__p_done(p, node);
    node->between.low = rtq__p_need_unnamed(p);
    rtq__p_expect(p, RTQ__T_DOTDOT);
    node->between.high = rtq__p_need_unnamed(p);
    rtq__p_close(p, RTQ__T_RPAREN, open);
    return rtq__p_done(p, node);
}

static rtq__ast *binary(parser *p, level least);

static rtq__ast *need_binary(parser *p, level least)
{
    rtq__ast *node = binary(p, least);
    return node ? node : rtq__p_missing(p, "an expression");
}

/* Operands of a chain a or b or c ..., which may be thousands: beyond a few, the tree is balanced to stay flat. */
enum { CHAIN_LEFT_DEEP = 32 };
typedef struct link {
    struct link *next;
    rtq__ast *operand;
    uint32_t op_begin, op_end; /* of the operator before it */
} link;

static rtq__ast *join_links(parser *p, rtq__ast_operator op, link **links, uint32_t n)
{
    if (n == 1)
        return links[0]->operand;
    uint32_t half = n <= CHAIN_LEFT_DEEP ? n - 1 : n / 2;
    rtq__ast *left = join_links(p, op, links, half);
    rtq__ast *node = rtq__p_node_from(p, RTQ__AST_BINARY, left);
    node->binary.op = op;
    node->binary.left = left;
    node->binary.op_begin = links[half]->op_begin;
    node->binary.op_end = links[half]->op_end;
    node->binary.right = join_links(p, op, links + half, n - half);
    uint32_t end = node->binary.right->end;
    rtq__p_done(p, node);
    node->end = end;
    return node;
}

/* left, then what follows it as long as the operator is op */
static rtq__ast *logical_chain(parser *p, rtq__ast *left, rtq__ast_operator op, level at)
{
    unsigned token = op == RTQ__OP_OR ? RTQ__W_OR : RTQ__W_AND;
    link first = {NULL, left, 0, 0}, *last = &first;
    uint32_t n = 1;
    for (; peek(p) == token; n++) {
        last->next = rtq__p_alloc(p, sizeof(*last));
        last = last->next;
        last->op_begin = p->tokens[p->pos].begin;
        last->op_end = p->tokens[p->pos].end;
        advance(p);
        last->operand = need_binary(p, at + 1);
    }
    link **links = rtq__p_alloc(p, n * sizeof(link *));
    n = 0;
    for (link *item = &first; item; item = item->next)
        links[n++] = item;
    return join_links(p, op, links, n);
}

/* Precedence climbing. Comparisons do not chain: after one, only looser operators may follow (`most` sinks). */
static rtq__ast *binary(parser *p, level least)
{
    rtq__ast *left;
    level most = LEVEL_STRING, at;
    if (least <= LEVEL_EQUAL && peek(p) == RTQ__T_STAR && peek_at(p, 1) == RTQ__T_EQ_EQ) {
        left = binary_node(p, rtq__p_star(p), RTQ__OP_EQ);
        left->binary.right = need_binary(p, LEVEL_RELATION);
        left = rtq__p_done(p, left);
        most = LEVEL_AND;
    } else {
        left = string_operation(p);
    }
    while (left) {
        rtq__ast_operator op = infix_operator(p, &at);
        if (op == RTQ__OP_NONE || at < least)
            break;
        if (at > most) {
            rtq__p_error(p, "comparisons do not chain; join two with 'and'");
            break;
        }
        most = at;
        if (at <= LEVEL_AND) {
            left = logical_chain(p, left, op, at);
        } else if (op >= RTQ__OP_IN && op <= RTQ__OP_HAS_ALL) {
            left = in_list(p, left, op);
            most = LEVEL_AND;
        } else if (op == RTQ__OP_BETWEEN || op == RTQ__OP_NOT_BETWEEN) {
            left = between(p, left, op);
            most = LEVEL_AND;
        } else {
            rtq__ast *node = binary_node(p, left, op);
            node->binary.right = need_binary(p, at + 1);
            left = rtq__p_done(p, node);
            if (at == LEVEL_EQUAL || at == LEVEL_RELATION)
                most = at - 1;
        }
    }
    return left;
}

rtq__ast *rtq__p_scalar(parser *p)
{
    return binary(p, LEVEL_OR);
}

rtq__ast *rtq__p_unnamed(parser *p)
{
    rtq__p_enter(p);
    rtq__ast *node = binary(p, LEVEL_OR);
    rtq__p_leave(p);
    return node;
}

rtq__ast *rtq__p_need_unnamed(parser *p)
{
    rtq__ast *node = rtq__p_unnamed(p);
    return node ? node : rtq__p_missing(p, "an expression");
}

/* ---- name = expr ---- */

static uint32_t scan_declared_name(const parser *p, uint32_t ahead)
{
    unsigned kind = peek_at(p, ahead);
    if (kind == RTQ__T_IDENT || kind == RTQ__T_LBRACKET || kind == RTQ__T_LBRACE)
        return rtq__p_scan_name(p, ahead);
    return rtq__p_is_extended_word(kind);
}

/* (a, b) followed by `=` */
static bool scan_name_tuple(const parser *p)
{
    uint32_t i = 1;
    if (peek(p) != RTQ__T_LPAREN)
        return false;
    for (;;) {
        uint32_t n = scan_declared_name(p, i);
        if (n == 0)
            break;
        i += n;
        if (peek_at(p, i) != RTQ__T_COMMA)
            break;
        i++;
    }
    return peek_at(p, i) == RTQ__T_RPAREN && peek_at(p, i + 1) == RTQ__T_EQ;
}

/* a-b = expr: a likely mistake that is worth a clear message. Returns its tokens. */
static uint32_t scan_dashed_name(const parser *p)
{
    uint32_t n = 1;
    if (!(peek(p) == RTQ__T_IDENT || peek(p) >= RTQ__T_FIRST_WORD))
        return 0;
    for (;; n++) {
        unsigned kind = peek_at(p, n);
        if ((token_at(p, n)->flags & RTQ__TOKEN_SPACED) ||
            !(kind == RTQ__T_IDENT || kind == RTQ__T_MINUS || kind >= RTQ__T_FIRST_WORD))
            break;
    }
    return peek_at(p, n) == RTQ__T_EQ ? n : 0;
}

static rtq__ast *tuple_expression(parser *p)
{
    rtq__ast *node = rtq__p_node(p, RTQ__AST_NAMED);
    uint32_t open = p->pos;
    advance(p);
    node->named.tuple = true;
    rtq__p_list(p, &node->named.names, rtq__p_new_name_node, rtq__p_ends_list, RTQ__LIST_NOT_EMPTY, "a name");
    rtq__p_close(p, RTQ__T_RPAREN, open);
    rtq__p_expect(p, RTQ__T_EQ);
    node->named.value = rtq__p_need_unnamed(p);
    return rtq__p_done(p, node);
}

rtq__ast *rtq__p_named(parser *p)
{
    uint32_t n = scan_declared_name(p, 0);
    bool named = n > 0 && peek_at(p, n) == RTQ__T_EQ;
    if (!named && scan_name_tuple(p))
        return tuple_expression(p);
    if (!named && (n = scan_dashed_name(p)) == 0)
        return rtq__p_unnamed(p);
    rtq__ast *node = rtq__p_node(p, RTQ__AST_NAMED);
    if (named) {
        rtq__p_append(&node->named.names, rtq__p_new_name_node(p));
    } else {
        rtq__ast *name = rtq__p_node(p, RTQ__AST_NAME);
        const rtq__token *first = &p->tokens[p->pos], *last = token_at(p, n - 1);
        rtq__p_error(p, "'%.*s' is not a name; write ['%.*s']", (int)(last->end - first->begin), p->text + first->begin,
                     (int)(last->end - first->begin), p->text + first->begin);
        rtq__p_token_name(p, &name->name, n);
        rtq__p_append(&node->named.names, rtq__p_done(p, name));
    }
    rtq__p_expect(p, RTQ__T_EQ);
    node->named.value = rtq__p_need_unnamed(p);
    return rtq__p_done(p, node);
}

rtq__ast *rtq__p_need_named(parser *p)
{
    rtq__ast *node = rtq__p_named(p);
    return node ? node : rtq__p_missing(p, "an expression");
}

rtq__ast *rtq__p_ordered(parser *p)
{
    rtq__ast *value = rtq__p_named(p);
    if (!value)
        return NULL;
    rtq__ast *node = rtq__p_node_from(p, RTQ__AST_ORDERED, value);
    node->ordered.value = value;
    switch (peek(p)) {
    case RTQ__W_ASC: node->ordered.order = RTQ__ORDER_ASC; break;
    case RTQ__W_DESC: node->ordered.order = RTQ__ORDER_DESC; break;
    case RTQ__W_GRANNY_ASC: node->ordered.order = RTQ__ORDER_GRANNY_ASC; break;
    case RTQ__W_GRANNY_DESC: node->ordered.order = RTQ__ORDER_GRANNY_DESC; break;
    default: break;
    }
    if (node->ordered.order != RTQ__ORDER_NONE)
        advance(p);
    if (accept(p, RTQ__W_NULLS)) {
        if (accept(p, RTQ__W_FIRST))
            node->ordered.nulls = RTQ__NULLS_FIRST;
        else if (accept(p, RTQ__W_LAST))
            node->ordered.nulls = RTQ__NULLS_LAST;
        else
            rtq__p_expected(p, "'first' or 'last'");
    }
    return rtq__p_done(p, node);
}
