/* bind_parse.c - parse and parse-where. */
#include "kql/bind_private.h"

static uint8_t parse_mode(rtq__binder *b, const rtq__ast *ast)
{
    const rtq__ast *at = ast;
    const char *kind = rtq__bind_parameter(&ast->op->params, "kind", &at);
    if (!kind || strcmp(kind, "simple") == 0)
        return RTQ__PARSE_SIMPLE;
    if (strcmp(kind, "relaxed") == 0)
        return RTQ__PARSE_RELAXED;
    if (strcmp(kind, "regex") != 0) {
        rtq__bind_error(b, at, "there is no parse of kind '%s'", kind);
        rtq__diag_hint(b->diag, "simple, regex or relaxed");
    }
    return RTQ__PARSE_REGEX;
}

static bool is_text(const rtq__ast *piece)
{
    return piece && piece->kind == RTQ__AST_LITERAL;
}

static void check_order(rtq__binder *b, const rtq__ast *previous, const rtq__ast *piece)
{
    bool after_column = previous && previous->kind == RTQ__AST_COLUMN;
    if (piece->kind == RTQ__AST_STAR) {
        if (piece->next && !is_text(piece->next))
            rtq__bind_error(b, piece, "text must follow `*`");
        else if (after_column && (!previous->column.type || previous->column.type == RTQ_STRING))
            rtq__bind_error(b, piece, "`*` behind a string column is ambiguous: where the column ends is not said");
    } else if (piece->kind == RTQ__AST_COLUMN && previous && !is_text(previous)) {
        rtq__bind_error(b, piece, "text must stand in front of column '%s'", piece->column.name.ptr);
    }
}

const rtq__tab *rtq__bind_parse(rtq__binder *b, const rtq__ctx *ctx, const rtq__tab *in, const rtq__ast *ast)
{
    rtq__ctx row = {.env = ctx->env, .row = in};
    rtq__expr *value = rtq__bind_expr(b, &row, ast->op->value);
    if (in->broken)
        return in;
    if (!rtq__expr_is_broken(value) && value->kind != RTQ_STRING) {
        rtq__expr *text = rtq__bind_convert(b, value, RTQ_STRING);
        value = text ? text : rtq__bind_fn(b, "tostring", &value, 1, ast->op->value);
    }
    rtq__rel *rel = rtq__rel_new(b, RTQ__R_PARSE, ast, in->rel, NULL);
    rtq__tab *out = rtq__tab_over(b, in, rel);
    rtq__parse_piece *pieces = rtq__bind_alloc(b, ast->op->items.n, sizeof *pieces);
    rtq__uniques declared = {NULL, 0, 0};
    uint32_t n = 0;
    const rtq__ast *previous = NULL;
    for (const rtq__ast *piece = ast->op->items.first; piece; piece = piece->next) {
        check_order(b, previous, piece);
        previous = piece;
        if (piece->kind == RTQ__AST_LITERAL) {
            pieces[n].text = rtq__expr_text(b, piece->literal.text.ptr, piece->literal.text.len, piece)->cell.u.s;
            pieces[n].len = (uint32_t)piece->literal.text.len;
        } else if (piece->kind == RTQ__AST_COLUMN) {
            const char *name = piece->column.name.ptr;
            uint32_t before = declared.n;
            rtq__unique_add(b, &declared, name);
            if (declared.n == before)
                rtq__bind_error(b, piece, "the column '%s' is defined twice", name);
            pieces[n].col = rtq__col_new(b, rel, name, piece->column.type ? piece->column.type : RTQ_STRING, 0);
            int32_t at = rtq__tab_find(out, name);
            if (at >= 0)
                out->cols[at].col = rtq__vcol_new(b, pieces[n].col);
            else
                rtq__tab_add(b, out, name, rtq__vcol_new(b, pieces[n].col));
        }
        n++;
    }
    const char *flags = rtq__bind_parameter(&ast->op->params, "flags", NULL);
    rel->u.parse.value = rtq__expr_is_broken(value) ? rtq__expr_null(b, RTQ_STRING, ast) : value;
    rel->u.parse.pieces = pieces;
    rel->u.parse.n = n;
    rel->u.parse.mode = parse_mode(b, ast);
    rel->u.parse.flags = flags ? rtq__bind_name(b, flags) : NULL;
    rel->u.parse.where = ast->kind == RTQ__AST_PARSE_WHERE;
    return out;
}
