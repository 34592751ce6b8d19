/* parse_name.c - names, wildcards, and paths to tables. */
#include "parse_internal.h"

bool rtq__p_is_name_word(unsigned kind)
{
    return kind == RTQ__T_IDENT || (rtq__word_flags(kind) & RTQ__WORD_N);
}

bool rtq__p_is_extended_word(unsigned kind)
{
    return rtq__word_flags(kind) & (RTQ__WORD_N | RTQ__WORD_E);
}

static bool unspaced(const parser *p, uint32_t ahead, unsigned kind)
{
    return peek_at(p, ahead) == kind && !(token_at(p, ahead)->flags & RTQ__TOKEN_SPACED);
}

/* ['a b'], also of several adjacent strings */
static uint32_t scan_bracketed(const parser *p, uint32_t ahead)
{
    uint32_t n = 1;
    if (peek_at(p, ahead) != RTQ__T_LBRACKET)
        return 0;
    while (peek_at(p, ahead + n) == RTQ__T_STRING)
        n++;
    return n > 1 && peek_at(p, ahead + n) == RTQ__T_RBRACKET ? n + 1 : 0;
}

/* {name} or {name[1]}: a parameter that a client would have replaced */
static uint32_t scan_braced(const parser *p, uint32_t ahead)
{
    uint32_t n = 1;
    if (peek_at(p, ahead) != RTQ__T_LBRACE)
        return 0;
    unsigned kind = peek_at(p, ahead + n);
    if (!(kind == RTQ__T_IDENT || kind >= RTQ__T_FIRST_WORD) || (token_at(p, ahead + n)->flags & RTQ__TOKEN_SPACED))
        return 0;
    n++;
    if (unspaced(p, ahead + n, RTQ__T_LBRACKET)) {
        n++;
        if (unspaced(p, ahead + n, RTQ__T_MINUS))
            n++;
        if (!unspaced(p, ahead + n, RTQ__T_LONG) || !unspaced(p, ahead + n + 1, RTQ__T_RBRACKET))
            return 0;
        n += 2;
    }
    return unspaced(p, ahead + n, RTQ__T_RBRACE) ? n + 1 : 0;
}

uint32_t rtq__p_scan_name(const parser *p, uint32_t ahead)
{
    switch (peek_at(p, ahead)) {
    case RTQ__T_LBRACKET: return scan_bracketed(p, ahead);
    case RTQ__T_LBRACE:
        return rtq__p_is_name_word(peek_at(p, ahead + 1)) && peek_at(p, ahead + 2) == RTQ__T_RBRACE ? 3 : 0;
    default: return rtq__p_is_name_word(peek_at(p, ahead));
    }
}

uint32_t rtq__p_scan_new_name(const parser *p, uint32_t ahead)
{
    uint32_t n = rtq__p_scan_name(p, ahead);
    return n > 0 ? n : rtq__p_is_extended_word(peek_at(p, ahead));
}

uint32_t rtq__p_scan_wildcard(const parser *p, uint32_t ahead)
{
    uint32_t n;
    unsigned kind = peek_at(p, ahead);
    if (kind == RTQ__T_STAR)
        n = 1;
    else if ((kind == RTQ__T_IDENT || rtq__p_is_extended_word(kind)) && unspaced(p, ahead + 1, RTQ__T_STAR))
        n = 2;
    else
        return 0;
    for (;; n++) {
        kind = peek_at(p, ahead + n);
        if (!(kind == RTQ__T_IDENT || kind == RTQ__T_LONG || kind == RTQ__T_STAR || rtq__p_is_extended_word(kind)) ||
            (token_at(p, ahead + n)->flags & RTQ__TOKEN_SPACED))
            return n;
    }
}

void rtq__p_token_name(parser *p, rtq__ast_name *out, uint32_t n_tokens)
{
    out->begin = p->tokens[p->pos].begin;
    out->end = token_at(p, n_tokens - 1)->end;
    out->len = out->end - out->begin;
    out->quoted = false;
    out->ptr = rtq__arena_strndup(p->arena, p->text + out->begin, out->len);
    if (!out->ptr)
        rtq__p_give_up(p, RTQ_ERR_NOMEM);
    for (uint32_t i = 0; i < n_tokens; i++)
        advance(p);
}

static void take_bracketed(parser *p, rtq__ast_name *out)
{
    out->begin = p->tokens[p->pos].begin;
    advance(p);
    const rtq__ast *string = rtq__p_string(p);
    out->end = p->tokens[p->pos].end;
    advance(p);
    out->ptr = string->literal.text.ptr;
    out->len = (uint32_t)string->literal.text.len;
    out->quoted = true;
}

bool rtq__p_name(parser *p, rtq__ast_name *out)
{
    uint32_t n;
    if (scan_bracketed(p, 0) > 0)
        take_bracketed(p, out);
    else if ((n = scan_braced(p, 0)) > 0)
        rtq__p_token_name(p, out, n);
    else if (rtq__p_is_name_word(peek(p)))
        rtq__p_token_name(p, out, 1);
    else
        return false;
    return true;
}

bool rtq__p_new_name(parser *p, rtq__ast_name *out)
{
    if (rtq__p_name(p, out))
        return true;
    if (!rtq__p_is_extended_word(peek(p)))
        return false;
    rtq__p_token_name(p, out, 1);
    return true;
}

static void expected_name(parser *p)
{
    bool first = p->error_pos != p->pos;
    unsigned kind = peek(p);
    rtq__p_expected(p, "a name");
    if (first && kind >= RTQ__T_FIRST_WORD)
        rtq__p_hint(p, "a keyword is a name when written ['%s']", rtq__word_text(kind));
}

void rtq__p_need_name(parser *p, rtq__ast_name *out)
{
    if (!rtq__p_name(p, out))
        expected_name(p);
}

rtq__ast *rtq__p_name_node(parser *p)
{
    rtq__ast_name name;
    rtq__ast *node = rtq__p_node(p, RTQ__AST_NAME);
    if (!rtq__p_name(p, &name))
        return NULL;
    node->name = name;
    return rtq__p_done(p, node);
}

rtq__ast *rtq__p_new_name_node(parser *p)
{
    rtq__ast_name name;
    rtq__ast *node = rtq__p_node(p, RTQ__AST_NAME);
    if (!rtq__p_new_name(p, &name))
        return NULL;
    node->name = name;
    return rtq__p_done(p, node);
}

static rtq__ast *p_wildcard(parser *p)
{
    uint32_t n = rtq__p_scan_wildcard(p, 0);
    if (n == 0)
        return NULL;
    rtq__ast *node = rtq__p_node(p, RTQ__AST_WILDCARD);
    rtq__p_token_name(p, &node->name, n);
    return rtq__p_done(p, node);
}

rtq__ast *rtq__p_wildcard_or_name(parser *p)
{
    rtq__ast *node = p_wildcard(p);
    return node ? node : rtq__p_name_node(p);
}

/* [a*b] */
static rtq__ast *bracketed_wildcard(parser *p)
{
    uint32_t open = p->pos;
    if (peek(p) != RTQ__T_LBRACKET || rtq__p_scan_wildcard(p, 1) == 0)
        return NULL;
    rtq__ast *node = rtq__p_node(p, RTQ__AST_WILDCARD);
    advance(p);
    rtq__p_token_name(p, &node->name, rtq__p_scan_wildcard(p, 0));
    node->name.quoted = true;
    rtq__p_close(p, RTQ__T_RBRACKET, open);
    return rtq__p_done(p, node);
}

static rtq__ast *bracketed_index(parser *p, rtq__ast *object)
{
    uint32_t open = p->pos;
    if (peek(p) != RTQ__T_LBRACKET)
        return NULL;
    rtq__ast *node = rtq__p_node(p, RTQ__AST_INDEX);
    if (object)
        node->begin = object->begin;
    advance(p);
    node->index.object = object;
    node->index.index = rtq__p_need_unnamed(p);
    rtq__p_close(p, RTQ__T_RBRACKET, open);
    return rtq__p_done(p, node);
}

rtq__ast *rtq__p_selector(parser *p)
{
    if (peek(p) == RTQ__T_LBRACKET) {
        rtq__ast *node = bracketed_wildcard(p);
        if (!node)
            node = rtq__p_name_node(p);
        return node ? node : bracketed_index(p, NULL);
    }
    if (peek(p) == RTQ__T_AT || (rtq__word_flags(peek(p)) & RTQ__WORD_S)) {
        rtq__ast *node = rtq__p_node(p, RTQ__AST_NAME);
        rtq__p_token_name(p, &node->name, 1);
        return rtq__p_done(p, node);
    }
    return rtq__p_name_node(p);
}

rtq__ast *rtq__p_member(parser *p, rtq__ast *object, bool calls)
{
    if (calls && rtq__p_scan_call(p, 0)) {
        rtq__ast *call = rtq__p_call(p);
        call->call.object = object;
        call->begin = object->begin;
        return rtq__p_done(p, call);
    }
    rtq__ast *part = rtq__p_selector(p);
    if (!part) {
        expected_name(p);
        part = rtq__p_node(p, RTQ__AST_NAME);
        part->name.ptr = "";
    }
    if (part->kind == RTQ__AST_INDEX) {
        part->index.object = object;
        part->begin = object->begin;
        return rtq__p_done(p, part);
    }
    rtq__ast *node = rtq__p_node_from(p, RTQ__AST_MEMBER, object);
    node->member.object = object;
    node->member.name = part->name;
    node->member.wild = part->kind == RTQ__AST_WILDCARD;
    return rtq__p_done(p, node);
}

/* What follows the head of a path to a table: .name [index] .call() */
static rtq__ast *entity_tail(parser *p, rtq__ast *node, bool calls, bool wild)
{
    while (node) {
        if (accept(p, RTQ__T_DOT)) {
            if (wild && rtq__p_scan_wildcard(p, 0) > 0) {
                rtq__ast *member = rtq__p_node_from(p, RTQ__AST_MEMBER, node);
                member->member.object = node;
                member->member.wild = true;
                rtq__p_token_name(p, &member->member.name, rtq__p_scan_wildcard(p, 0));
                return rtq__p_done(p, member);
            }
            node = rtq__p_member(p, node, calls);
        } else if (peek(p) == RTQ__T_LBRACKET) {
            rtq__ast *part = bracketed_wildcard(p);
            if (part) {
                rtq__ast *member = rtq__p_node_from(p, RTQ__AST_MEMBER, node);
                member->member.object = node;
                member->member.name = part->name;
                member->member.wild = true;
                node = rtq__p_done(p, member);
            } else {
                node = bracketed_index(p, node);
            }
        } else {
            break;
        }
    }
    return node;
}

rtq__ast *rtq__p_simple_path(parser *p)
{
    return entity_tail(p, rtq__p_selector(p), false, false);
}

rtq__ast *rtq__p_entity_path(parser *p)
{
    return entity_tail(p, rtq__p_scan_call(p, 0) ? rtq__p_call(p) : rtq__p_selector(p), true, false);
}

rtq__ast *rtq__p_wildcard_entity(parser *p)
{
    if (rtq__p_scan_wildcard(p, 0) > 0)
        return p_wildcard(p);
    return entity_tail(p, rtq__p_scan_call(p, 0) ? rtq__p_call(p) : rtq__p_selector(p), true, true);
}

/* Tokens that can only follow a name: then the keyword before them was meant to be one. */
static bool follows_name(unsigned kind)
{
    switch (kind) {
    case RTQ__W_AND:
    case RTQ__W_OR:
    case RTQ__T_EQ_EQ:
    case RTQ__T_BANG_EQ:
    case RTQ__T_EQ_TILDE:
    case RTQ__T_BANG_TILDE:
    case RTQ__T_GT:
    case RTQ__T_GE:
    case RTQ__T_LT:
    case RTQ__T_LE:
    case RTQ__T_STAR:
    case RTQ__T_SLASH:
    case RTQ__T_PERCENT:
    case RTQ__W_HAS:
    case RTQ__W_NOT_HAS:
    case RTQ__W_HAS_CS:
    case RTQ__W_NOT_HAS_CS:
    case RTQ__W_HASPREFIX:
    case RTQ__W_NOT_HASPREFIX:
    case RTQ__W_HASPREFIX_CS:
    case RTQ__W_NOT_HASPREFIX_CS:
    case RTQ__W_HASSUFFIX:
    case RTQ__W_NOT_HASSUFFIX:
    case RTQ__W_HASSUFFIX_CS:
    case RTQ__W_NOT_HASSUFFIX_CS:
    case RTQ__W_LIKE:
    case RTQ__W_NOTLIKE:
    case RTQ__W_LIKECS:
    case RTQ__W_NOTLIKECS:
    case RTQ__W_CONTAINS:
    case RTQ__W_NOTCONTAINS:
    case RTQ__W_NOT_CONTAINS:
    case RTQ__W_CONTAINSCS:
    case RTQ__W_CONTAINS_CS:
    case RTQ__W_NOTCONTAINSCS:
    case RTQ__W_NOT_CONTAINS_CS:
    case RTQ__W_STARTSWITH:
    case RTQ__W_NOT_STARTSWITH:
    case RTQ__W_STARTSWITH_CS:
    case RTQ__W_NOT_STARTSWITH_CS:
    case RTQ__W_ENDSWITH:
    case RTQ__W_NOT_ENDSWITH:
    case RTQ__W_ENDSWITH_CS:
    case RTQ__W_NOT_ENDSWITH_CS:
    case RTQ__W_MATCHES_REGEX:
    case RTQ__W_IN:
    case RTQ__W_IN_CI:
    case RTQ__W_NOT_IN:
    case RTQ__W_NOT_IN_CI:
    case RTQ__W_HAS_ANY:
    case RTQ__W_HAS_ALL:
    case RTQ__W_BETWEEN:
    case RTQ__W_NOT_BETWEEN:
    case RTQ__T_RPAREN:
    case RTQ__T_RBRACKET:
    case RTQ__T_RBRACE:
    case RTQ__T_DOT:
    case RTQ__T_COMMA:
    case RTQ__T_COLON:
    case RTQ__T_BAR: return true;
    default: return false;
    }
}

rtq__ast *rtq__p_keyword_as_name(parser *p)
{
    unsigned kind = peek(p);
    if (kind < RTQ__T_FIRST_WORD || !follows_name(peek_at(p, 1)))
        return NULL;
    bool first = p->error_pos != p->pos;
    rtq__p_error(p, "'%s' is a keyword", rtq__word_text(kind));
    if (first)
        rtq__p_hint(p, "as a name it is written ['%s']", rtq__word_text(kind));
    rtq__ast *node = rtq__p_node(p, RTQ__AST_NAME);
    rtq__p_token_name(p, &node->name, 1);
    return rtq__p_done(p, node);
}
