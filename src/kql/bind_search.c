/* bind_search.c - search: terms in any column, over the rows in front of it or over tables. */
#include "kql/bind_private.h"
#include <stdio.h>
#include <string.h>

typedef struct search {
    rtq__binder *b;
    const rtq__ctx *row;
    bool cased;
} search;

/* "Lab*PC" is \bLab.*PC\b; a `*` at an end takes the boundary away. */
static rtq__expr *wildcard_pattern(const search *s, const char *term, size_t len, const rtq__ast *at)
{
    char *out = rtq__bind_work(s->b, 2 * len + 16, 1), *p = out;
    p += sprintf(p, "%s%s", s->cased ? "" : "(?i)", term[0] == '*' ? "" : "\\b");
    for (size_t i = 0; i < len; i++) {
        if (term[i] == '*') {
            *p++ = '.';
            *p++ = '*';
            continue;
        }
        if (term[i] && strchr("\\.+?()|[]{}^$", term[i]))
            *p++ = '\\';
        *p++ = term[i];
    }
    p += sprintf(p, "%s", term[len - 1] == '*' ? "" : "\\b");
    return rtq__expr_text(s->b, out, (size_t)(p - out), at);
}

/* `text` matches the term of `at`: a whole term, or with `*` the start, the end or a part of one. */
static rtq__expr *matches_term(const search *s, rtq__expr *text, const char *term, size_t len, const rtq__ast *at)
{
    rtq__binder *b = s->b;
    bool before = len && term[0] == '*', after = len > 1 && term[len - 1] == '*';
    const char *core = term + before;
    size_t core_len = len - before - after;
    rtq__ast_operator op = before && after ? (s->cased ? RTQ__OP_CONTAINS_CS : RTQ__OP_CONTAINS)
                           : before        ? (s->cased ? RTQ__OP_HASSUFFIX_CS : RTQ__OP_HASSUFFIX)
                           : after         ? (s->cased ? RTQ__OP_HASPREFIX_CS : RTQ__OP_HASPREFIX)
                                           : (s->cased ? RTQ__OP_HAS_CS : RTQ__OP_HAS);
    if (!core_len)
        return rtq__expr_cell(b, rtq__cell_i(RTQ_BOOL, 1), at);
    if (text->kind != RTQ_STRING)
        text = rtq__bind_cast(b, text, RTQ_STRING, at);
    rtq__expr *args[2] = {text, NULL};
    bool inside = memchr(core, '*', core_len);
    args[1] = inside ? wildcard_pattern(s, term, len, at) : rtq__expr_text(b, core, core_len, at);
    if (inside)
        op = RTQ__OP_MATCHES_REGEX;
    return rtq__bind_operator(b, op, args, 2, at, at->begin, at->end);
}

static rtq__expr *any_column(const search *s, const rtq__ast *at)
{
    rtq__binder *b = s->b;
    const rtq__tab *tab = s->row->row;
    if (!rtq__tab_needs_closed(b, tab, at, "a term that any column may have"))
        return rtq__expr_broken(b);
    rtq__expr **args = rtq__bind_work(b, tab->n, sizeof *args);
    uint32_t n = 0;
    for (uint32_t i = 0; i < tab->n; i++) {
        if (strcmp(tab->cols[i].name, "$table") == 0)
            continue;
        args[n] = matches_term(s, rtq__expr_vcol(b, tab->cols[i].col, at), at->literal.text.ptr, at->literal.text.len,
                               at);
        if (rtq__expr_is_broken(args[n++]))
            return rtq__expr_broken(b);
    }
    if (n == 0)
        return rtq__expr_cell(b, rtq__cell_i(RTQ_BOOL, 0), at);
    return n == 1 ? args[0] : rtq__expr_new(b, RTQ__E_OR, RTQ_BOOL, args, n, at);
}

static bool is_text(const rtq__ast *ast)
{
    return ast->kind == RTQ__AST_LITERAL && ast->literal.type == RTQ_STRING;
}

/* column:term */
static rtq__expr *column_matches(const search *s, const rtq__ast *ast)
{
    rtq__binder *b = s->b;
    const rtq__ast *right = ast->binary.right;
    if (ast->binary.left->kind == RTQ__AST_STAR && is_text(right))
        return any_column(s, right);
    rtq__expr *args[2] = {rtq__bind_expr(b, s->row, ast->binary.left), rtq__bind_expr(b, s->row, right)};
    for (uint32_t i = 0; i < 2; i++) {
        uint32_t kind = args[i]->kind;
        if (rtq__expr_is_broken(args[i]))
            return args[i];
        if (kind == RTQ_STRING || kind == RTQ_UNKNOWN || (kind == RTQ_DYNAMIC && i == 0))
            continue;
        rtq__bind_error_at(b, args[i]->begin, args[i]->end, "`:` looks for a string in a string, not %s %s",
                           i ? "for" : "in", rtq__kind_text(kind));
        if (i == 0)
            rtq__diag_hint(b->diag, "== compares");
        return rtq__expr_broken(b);
    }
    if (is_text(right))
        return matches_term(s, args[0], right->literal.text.ptr, right->literal.text.len, right);
    return rtq__bind_operator(b, RTQ__OP_HAS, args, 2, ast, ast->binary.op_begin, ast->binary.op_end);
}

static rtq__expr *predicate(const search *s, const rtq__ast *ast);

static rtq__expr *by_kind(const search *s, const rtq__ast *ast)
{
    rtq__binder *b = s->b;
    if (is_text(ast))
        return any_column(s, ast);
    if (ast->kind == RTQ__AST_STAR)
        return rtq__expr_cell(b, rtq__cell_i(RTQ_BOOL, 1), ast);
    if (ast->kind == RTQ__AST_BINARY && (ast->binary.op == RTQ__OP_AND || ast->binary.op == RTQ__OP_OR)) {
        rtq__expr *args[2] = {predicate(s, ast->binary.left), NULL};
        args[1] = predicate(s, ast->binary.right);
        if (rtq__expr_is_broken(args[0]) || rtq__expr_is_broken(args[1]))
            return rtq__expr_broken(b);
        return rtq__expr_new(b, ast->binary.op == RTQ__OP_AND ? RTQ__E_AND : RTQ__E_OR, RTQ_BOOL, args, 2, ast);
    }
    if (ast->kind == RTQ__AST_CALL && strcmp(ast->call.name.ptr, "not") == 0 && ast->call.args.n == 1) {
        rtq__expr *e = predicate(s, ast->call.args.first);
        return rtq__expr_is_broken(e) ? e : rtq__expr_new(b, RTQ__E_NOT, RTQ_BOOL, &e, 1, ast);
    }
    if (ast->kind == RTQ__AST_BINARY && ast->binary.op == RTQ__OP_SEARCH) {
        return column_matches(s, ast);
    }
    return rtq__bind_predicate(b, s->row, ast);
}

static rtq__expr *predicate(const search *s, const rtq__ast *ast)
{
    rtq__bind_enter(s->b, ast);
    rtq__expr *e = by_kind(s, ast);
    rtq__bind_leave(s->b);
    return e;
}

const rtq__tab *rtq__bind_search(rtq__binder *b, const rtq__ctx *ctx, const rtq__tab *in, const rtq__ast *ast)
{
    const rtq__ast *at = ast;
    const char *kind = rtq__bind_parameter(&ast->op->params, "kind", &at);
    const rtq__tab *rows;
    if (in && in->broken)
        return in;
    if (in && ast->op->has_in) {
        rtq__bind_error(b, ast, "search in (...) stands at the start of a query");
        return rtq__tab_broken(b);
    }
    if (in) {
        rtq__proj p;
        const char *name = in->name ? in->name : "search_arg0";
        memset(&p, 0, sizeof p);
        rtq__proj_add(b, &p, "$table",
                      rtq__proj_define(b, &p, "$table", rtq__expr_text(b, name, strlen(name), ast), ast), NULL, false,
                      false);
        rtq__proj_all(b, &p, in);
        rows = rtq__proj_tab(b, &p, in, rtq__proj_rel(b, &p, in->rel, ast), true);
    } else {
        rows = rtq__bind_union_of(b, ctx, ast->op->has_in ? &ast->op->in : NULL, "$table", ast);
    }
    if (rows->broken)
        return rows;
    rtq__ctx row = {.env = ctx->env, .row = rows};
    search s = {b, &row, kind && strcmp(kind, "case_sensitive") == 0};
    rtq__expr *e = predicate(&s, ast->op->value);
    if (rtq__expr_is_broken(e))
        return rows;
    rtq__rel *rel = rtq__rel_new(b, RTQ__R_FILTER, ast, rows->rel, NULL);
    rel->u.filter.expr = e;
    rtq__tab *out = rtq__tab_over(b, rows, rel);
    out->serialized = rel->serialized = false;
    return out;
}
