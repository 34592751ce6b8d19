/* parse.h - KQL text to syntax tree. Pure functions of text: no names are looked up, nothing is typed. */
#ifndef RTQ__PARSE_H
#define RTQ__PARSE_H
#include "ast.h"
#include "base/diag.h"

#define RTQ__PARSE_DEPTH 512           /* nesting of expressions, brackets and subqueries */
#define RTQ__PARSE_MAX_LEN (16u << 20) /* bytes of text */

/* All statements of one query. Trees and names live in the arena; the text is copied there. On RTQ_ERR_SYNTAX diag has
 * one item or more and *out holds what could be parsed, with RTQ__AST_ERROR nodes. RTQ_ERR_SEMANTIC: the grammar is
 * content, but a literal has no value of its type, datetime(yesterday). Others: NOMEM; LIMIT (too deep, too long). */
int rtq__parse(rtq__ast_query **out, rtq__arena *arena, const char *text, size_t len, rtq_diag *diag);

/* "a:long, b:string, *": COLUMN and at most one STAR, last. The parentheses around it may be there. */
int rtq__parse_schema(rtq__ast_list *out, rtq__arena *arena, const char *text, size_t len, rtq_diag *diag);
/* "T(a:long, *); U(...)": COLUMN nodes with tabular set. */
int rtq__parse_tables(rtq__ast_list *out, rtq__arena *arena, const char *text, size_t len, rtq_diag *diag);
/* One literal, with a sign where KQL allows one: the value of a query parameter. */
int rtq__parse_literal(rtq__ast **out, rtq__arena *arena, const char *text, size_t len, rtq_diag *diag);

/* Query files. Pieces are spans of the file; each is parsed on its own with rtq__parse(). */
typedef struct rtq__script_piece {
    size_t begin, end; /* the query without its header */
    size_t header_begin, header_end;
    const char *name; /* first line of the // block above, without the slashes; "" when there is none */
    size_t name_len;
    bool is_function; /* .create-or-alter function */
} rtq__script_piece;
int rtq__parse_script(rtq__script_piece **out, size_t *n_out, rtq__arena *arena, const char *text, size_t len);

#endif
