/* parse.c - entry points of the parser, and its tools: tokens, reports, nodes, lists. */
#include "parse.h"
#include <stdarg.h>
#include <stdio.h>
#include "base/text.h"
#include "parse_internal.h"

enum { MAX_ERRORS = 100, MAX_QUOTED = 40 };

void rtq__p_give_up(parser *p, int code)
{
    longjmp(p->give_up, code);
}

void *rtq__p_alloc(parser *p, size_t len)
{
    void *ptr = rtq__arena_zalloc(p->arena, len);
    if (!ptr)
        rtq__p_give_up(p, RTQ_ERR_NOMEM);
    return ptr;
}

/* ---- reports ---- */

static void add_error(parser *p, int code, uint32_t begin, uint32_t end, const char *format, va_list args)
{
    char text[320];
    vsnprintf(text, sizeof(text), format, args);
    size_t len = strlen(text);
    while (len > 0 && !rtq__utf8_valid(text, len))
        len--; /* cut in the middle of a character */
    rtq__parse_error *error = rtq__p_alloc(p, sizeof(*error));
    char *message = rtq__arena_strndup(p->arena, text, len);
    if (!message)
        rtq__p_give_up(p, RTQ_ERR_NOMEM);
    *error = (rtq__parse_error){NULL, begin, end, code, message, NULL};
    if (p->last_error)
        p->last_error->next = error;
    else
        p->errors = error;
    p->last_error = error;
    p->n_syntax_errors += code == RTQ_ERR_SYNTAX;
    if (++p->n_errors >= MAX_ERRORS)
        rtq__p_give_up(p, RTQ_ERR_SYNTAX);
}

void rtq__p_error_span(parser *p, int code, uint32_t begin, uint32_t end, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add_error(p, code, begin, end, format, args);
    va_end(args);
}

void rtq__p_error(parser *p, const char *format, ...)
{
    if (p->error_pos == p->pos)
        return;
    p->error_pos = p->pos;
    va_list args;
    va_start(args, format);
    add_error(p, RTQ_ERR_SYNTAX, p->tokens[p->pos].begin, p->tokens[p->pos].end, format, args);
    va_end(args);
}

void rtq__p_hint(parser *p, const char *format, ...)
{
    char text[160];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    p->last_error->hint = rtq__arena_strndup(p->arena, text, strlen(text));
    if (!p->last_error->hint)
        rtq__p_give_up(p, RTQ_ERR_NOMEM);
}

static const char *token_text(unsigned kind)
{
    switch (kind) {
    case RTQ__T_LPAREN: return "'('";
    case RTQ__T_RPAREN: return "')'";
    case RTQ__T_LBRACKET: return "'['";
    case RTQ__T_RBRACKET: return "']'";
    case RTQ__T_LBRACE: return "'{'";
    case RTQ__T_RBRACE: return "'}'";
    case RTQ__T_EQ: return "'='";
    case RTQ__T_COLON: return "':'";
    case RTQ__T_SEMICOLON: return "';'";
    case RTQ__T_COMMA: return "','";
    case RTQ__T_DOTDOT: return "'..'";
    case RTQ__T_STAR: return "'*'";
    case RTQ__T_IDENT: return "a name";
    default: return NULL;
    }
}

/* Where something is missing: at the next token, or, when that is in another line, where the last one ended. */
static void missing_at(const parser *p, uint32_t *begin, uint32_t *end)
{
    const rtq__token *token = &p->tokens[p->pos];
    *begin = token->begin;
    *end = token->end;
    if (p->pos == 0)
        return;
    uint32_t before = p->tokens[p->pos - 1].end;
    if (token->kind == RTQ__T_END || memchr(p->text + before, '\n', token->begin - before))
        *begin = *end = before;
}

void rtq__p_expected(parser *p, const char *what)
{
    const rtq__token *token = &p->tokens[p->pos];
    uint32_t begin, end;
    if (p->error_pos == p->pos)
        return;
    p->error_pos = p->pos;
    missing_at(p, &begin, &end);
    if (token->kind == RTQ__T_END) {
        rtq__p_error_span(p, RTQ_ERR_SYNTAX, begin, end, "expected %s, but the query ends here", what);
        return;
    }
    size_t len = token->end - token->begin;
    const char *dots = "";
    if (len > MAX_QUOTED) {
        len = MAX_QUOTED;
        dots = "...";
        while (len > 0 && ((unsigned char)p->text[token->begin + len] & 0xC0) == 0x80)
            len--;
    }
    rtq__p_error_span(p, RTQ_ERR_SYNTAX, begin, end, "expected %s, found '%.*s%s'", what, (int)len,
                      p->text + token->begin, dots);
}

bool rtq__p_expect(parser *p, unsigned kind)
{
    if (accept(p, kind))
        return true;
    char quoted[48];
    const char *text = token_text(kind);
    if (!text) {
        snprintf(quoted, sizeof(quoted), "'%s'", rtq__word_text(kind));
        text = quoted;
    }
    rtq__p_expected(p, text);
    return false;
}

static bool opens(unsigned kind)
{
    return kind == RTQ__T_LPAREN || kind == RTQ__T_LBRACKET || kind == RTQ__T_LBRACE;
}
static bool closes(unsigned kind)
{
    return kind == RTQ__T_RPAREN || kind == RTQ__T_RBRACKET || kind == RTQ__T_RBRACE;
}

void rtq__p_close(parser *p, unsigned kind, uint32_t open)
{
    if (accept(p, kind))
        return;
    bool first = p->error_pos != p->pos;
    rtq__p_expected(p, token_text(kind));
    if (!first)
        return;
    const rtq__token *opener = &p->tokens[open];
    size_t line = 1;
    for (uint32_t i = 0; i < opener->begin; i++)
        line += p->text[i] == '\n';
    rtq__p_hint(p, "it would close the '%c' in line %zu", p->text[opener->begin], line);
    uint32_t depth = 0;
    for (uint32_t i = p->pos; i < p->n_tokens; i++) {
        unsigned k = p->tokens[i].kind;
        if (k == kind && depth == 0) {
            p->pos = i + 1;
            return;
        }
        if (k == RTQ__T_SEMICOLON || k == RTQ__T_END || (closes(k) && depth == 0))
            return;
        if (opens(k))
            depth++;
        else if (closes(k))
            depth--;
    }
}

/* ---- nodes ---- */

rtq__ast *rtq__p_node(parser *p, rtq__ast_kind kind)
{
    rtq__ast *node = rtq__p_alloc(p, sizeof(*node));
    node->kind = (uint16_t)kind;
    node->begin = node->end = p->tokens[p->pos].begin;
    node->height = 1;
    return node;
}

rtq__ast *rtq__p_node_from(parser *p, rtq__ast_kind kind, const rtq__ast *first)
{
    rtq__ast *node = rtq__p_node(p, kind);
    node->begin = first->begin;
    return node;
}

rtq__ast *rtq__p_op(parser *p, rtq__ast_kind kind)
{
    rtq__ast *node = rtq__p_node(p, kind);
    node->op = rtq__p_alloc(p, sizeof(*node->op));
    advance(p);
    return node;
}

static void raise(void *user, rtq__ast *child)
{
    uint32_t *height = user;
    if (child->height > *height)
        *height = child->height;
}

rtq__ast *rtq__p_done(parser *p, rtq__ast *node)
{
    uint32_t height = 0;
    rtq__ast_children(node, raise, &height);
    node->height = height + 1;
    node->end = p->pos > 0 ? p->tokens[p->pos - 1].end : node->begin;
    if (node->end < node->begin)
        node->end = node->begin;
    if (node->height > RTQ__AST_MAX_HEIGHT) {
        rtq__p_error_span(p, RTQ_ERR_LIMIT, node->begin, node->end, "the expression is nested too deeply");
        rtq__p_give_up(p, RTQ_ERR_LIMIT);
    }
    return node;
}

rtq__ast *rtq__p_missing(parser *p, const char *what)
{
    rtq__p_expected(p, what);
    return rtq__p_node(p, RTQ__AST_ERROR);
}

void rtq__p_append(rtq__ast_list *list, rtq__ast *node)
{
    if (list->last)
        list->last->next = node;
    else
        list->first = node;
    list->last = node;
    list->n++;
}

void rtq__p_enter(parser *p)
{
    if (++p->depth <= RTQ__PARSE_DEPTH)
        return;
    const rtq__token *token = &p->tokens[p->pos];
    rtq__p_error_span(p, RTQ_ERR_LIMIT, token->begin, token->end, "nested more than %d levels deep", RTQ__PARSE_DEPTH);
    rtq__p_give_up(p, RTQ_ERR_LIMIT);
}

bool rtq__p_ends_list(const parser *p)
{
    unsigned kind = peek(p);
    return closes(kind) || kind == RTQ__T_BAR || kind == RTQ__T_SEMICOLON || kind == RTQ__T_END;
}

bool rtq__p_matches(const parser *p, uint32_t ahead, const char *text, uint32_t *n)
{
    size_t rest = strlen(text);
    for (uint32_t i = 0; p->pos + ahead + i < p->n_tokens; i++) {
        const rtq__token *token = &p->tokens[p->pos + ahead + i];
        size_t len = token->end - token->begin;
        if (len == 0 || len > rest || (i > 0 && (token->flags & RTQ__TOKEN_SPACED)) ||
            memcmp(p->text + token->begin, text, len) != 0)
            return false;
        text += len;
        rest -= len;
        if (rest == 0) {
            *n = i + 1;
            return true;
        }
    }
    return false;
}

/* An item where a comma should be. Only the first such place of a list is reported. */
static rtq__ast *item_without_comma(parser *p, rtq__parse_fn item, bool *reported)
{
    uint32_t at = p->pos;
    rtq__ast *node = item(p);
    if (node && !*reported && p->error_pos != at) {
        const rtq__token *token = &p->tokens[at];
        *reported = true;
        rtq__p_error_span(p, RTQ_ERR_SYNTAX, token->begin, token->end, "expected ',' before '%.*s'",
                          (int)(token->end - token->begin > MAX_QUOTED ? MAX_QUOTED : token->end - token->begin),
                          p->text + token->begin);
    }
    return node;
}

void rtq__p_list(parser *p, rtq__ast_list *list, rtq__parse_fn item, rtq__parse_end_fn end, unsigned flags,
                 const char *what)
{
    bool reported = false;
    rtq__ast *node = end && end(p) ? NULL : item(p);
    if (!node && peek(p) == RTQ__T_COMMA)
        node = rtq__p_missing(p, what);
    if (!node && (flags & RTQ__LIST_NOT_EMPTY))
        rtq__p_append(list, rtq__p_missing(p, what));
    while (node) {
        rtq__p_append(list, node);
        if (peek(p) == RTQ__T_END || (end && end(p)))
            break;
        if (accept(p, RTQ__T_COMMA)) {
            node = end && end(p) ? NULL : item(p);
            if (!node && !(flags & RTQ__LIST_TRAILING_COMMA))
                rtq__p_append(list, rtq__p_missing(p, what));
        } else {
            node = end ? item_without_comma(p, item, &reported) : NULL;
        }
    }
}

/* ---- entry points ---- */

static void lex_error(void *user, size_t begin, size_t end, const char *message)
{
    rtq__p_error_span(user, RTQ_ERR_SYNTAX, (uint32_t)begin, (uint32_t)end, "%s", message);
}

static int by_position(const void *a, const void *b)
{
    const rtq__parse_error *const *x = a, *const *y = b;
    if ((*x)->begin != (*y)->begin)
        return (*x)->begin < (*y)->begin ? -1 : 1;
    return 0;
}

static void report_all(parser *p, rtq_diag *diag)
{
    rtq__parse_error **sorted = rtq__arena_alloc(p->arena, (p->n_errors + 1) * sizeof(*sorted));
    uint32_t n = 0;
    if (!diag || !sorted)
        return;
    for (rtq__parse_error *error = p->errors; error; error = error->next)
        sorted[n++] = error;
    /* nearly sorted already, and at most MAX_ERRORS: a stable insertion sort */
    for (uint32_t i = 1; i < n; i++)
        for (uint32_t j = i; j > 0 && by_position(&sorted[j - 1], &sorted[j]) > 0; j--) {
            rtq__parse_error *swap = sorted[j];
            sorted[j] = sorted[j - 1];
            sorted[j - 1] = swap;
        }
    for (uint32_t i = 0; i < n; i++) {
        rtq__diag_add(diag, sorted[i]->code, RTQ__SEV_ERROR, sorted[i]->begin, sorted[i]->end, "%s",
                      sorted[i]->message);
        if (sorted[i]->hint)
            rtq__diag_hint(diag, "%s", sorted[i]->hint);
    }
}

typedef void (*body_fn)(parser *p, void *out);

static void lex_all(parser *p)
{
    size_t n, bad = 0;
    if (!rtq__utf8_valid(p->text, p->len)) {
        for (size_t step; bad < p->len; bad += step) {
            uint32_t cp;
            step = rtq__utf8_next(&cp, p->text + bad, p->len - bad);
            if (!rtq__utf8_valid(p->text + bad, step))
                break;
        }
        rtq__p_error_span(p, RTQ_ERR_SYNTAX, (uint32_t)bad, (uint32_t)bad + 1, "the text is not valid UTF-8");
        rtq__p_give_up(p, RTQ_ERR_SYNTAX);
    }
    if (rtq__lex(&p->tokens, &n, p->arena, p->text, p->len, lex_error, p) != RTQ_OK)
        rtq__p_give_up(p, RTQ_ERR_NOMEM);
    p->n_tokens = (uint32_t)n;
}

/* Kept apart from run(), whose locals must not live across setjmp(). */
static int guarded(parser *p, body_fn body, void *out)
{
    int code = setjmp(p->give_up);
    if (code != 0)
        return code;
    lex_all(p);
    body(p, out);
    if (peek(p) != RTQ__T_END)
        rtq__p_skip_rest(p, NULL);
    return p->n_syntax_errors > 0 ? RTQ_ERR_SYNTAX : p->n_errors > 0 ? RTQ_ERR_SEMANTIC : RTQ_OK;
}

static int run(rtq__arena *arena, const char *text, size_t len, rtq_diag *diag, body_fn body, void *out)
{
    parser p = {.arena = arena, .len = len, .error_pos = UINT32_MAX};
    if (len > RTQ__PARSE_MAX_LEN)
        return rtq__diag_add(diag, RTQ_ERR_LIMIT, RTQ__SEV_ERROR, 0, 0, "the text is longer than %u bytes",
                             RTQ__PARSE_MAX_LEN);
    p.text = rtq__arena_strndup(arena, text, len);
    if (!p.text)
        return RTQ_ERR_NOMEM;
    int code = guarded(&p, body, out);
    if (code != RTQ_ERR_NOMEM && p.errors) {
        rtq__diag_set_text(diag, p.text, len);
        report_all(&p, diag);
    }
    return code;
}

static void query_body(parser *p, void *out)
{
    rtq__ast_query *query = out;
    query->text = p->text;
    query->len = p->len;
    while (accept(p, RTQ__T_DIRECTIVE)) {
    }
    rtq__p_statements(p, &query->statements);
}

int rtq__parse(rtq__ast_query **out, rtq__arena *arena, const char *text, size_t len, rtq_diag *diag)
{
    *out = rtq__arena_zalloc(arena, sizeof(**out));
    return *out ? run(arena, text, len, diag, query_body, *out) : RTQ_ERR_NOMEM;
}

static void schema_body(parser *p, void *out)
{
    uint32_t open = p->pos;
    bool parenthesized = accept(p, RTQ__T_LPAREN);
    rtq__p_open_schema(p, out);
    if (parenthesized)
        rtq__p_close(p, RTQ__T_RPAREN, open);
}

int rtq__parse_schema(rtq__ast_list *out, rtq__arena *arena, const char *text, size_t len, rtq_diag *diag)
{
    *out = (rtq__ast_list){NULL, NULL, 0};
    return run(arena, text, len, diag, schema_body, out);
}

static void tables_body(parser *p, void *out)
{
    while (peek(p) != RTQ__T_END) {
        rtq__ast *table = rtq__p_node(p, RTQ__AST_COLUMN);
        table->column.tabular = true;
        rtq__p_need_name(p, &table->column.name);
        uint32_t open = p->pos;
        if (rtq__p_expect(p, RTQ__T_LPAREN)) {
            rtq__p_open_schema(p, &table->column.schema);
            rtq__p_close(p, RTQ__T_RPAREN, open);
        }
        rtq__p_append(out, rtq__p_done(p, table));
        if (!accept(p, RTQ__T_SEMICOLON) && peek(p) != RTQ__T_END) {
            rtq__p_expected(p, "';'");
            return;
        }
    }
}

int rtq__parse_tables(rtq__ast_list *out, rtq__arena *arena, const char *text, size_t len, rtq_diag *diag)
{
    *out = (rtq__ast_list){NULL, NULL, 0};
    return run(arena, text, len, diag, tables_body, out);
}

static void literal_body(parser *p, void *out)
{
    rtq__ast **literal = out;
    *literal = rtq__p_literal(p);
    if (!*literal)
        *literal = rtq__p_missing(p, "a literal");
}

int rtq__parse_literal(rtq__ast **out, rtq__arena *arena, const char *text, size_t len, rtq_diag *diag)
{
    *out = NULL;
    return run(arena, text, len, diag, literal_body, out);
}
