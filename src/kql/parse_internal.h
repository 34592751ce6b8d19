/* parse_internal.h - what the files of the parser share. A function rtq__p_x() returns NULL, with no token taken, when
 * there is no x here; once it has taken a token it returns a node, after reporting what is missing. rtq__p_need_x()
 * always returns a node. */
#ifndef RTQ__PARSE_INTERNAL_H
#define RTQ__PARSE_INTERNAL_H
#include <setjmp.h>
#include "lex.h"
#include "parse.h"

typedef struct rtq__parse_error {
    struct rtq__parse_error *next;
    uint32_t begin, end;
    int code;
    const char *message, *hint;
} rtq__parse_error;

typedef struct parser {
    rtq__arena *arena;
    const char *text;
    size_t len;
    rtq__token *tokens;
    uint32_t n_tokens, pos;
    uint32_t error_pos; /* token of the last report: a second one there would be its consequence */
    uint32_t depth;
    uint32_t brackets; /* statements being parsed inside brackets: 0 at the top */
    bool comma_ends;   /* the query being parsed is an item of a list */
    bool project_ends; /* ... or the condition of a graph operator */
    uint32_t n_errors, n_syntax_errors;
    rtq__parse_error *errors, *last_error; /* in order of discovery */
    jmp_buf give_up;                       /* out of memory, or too deep: with the RTQ_ERR_* code */
} parser;

typedef rtq__ast *(*rtq__parse_fn)(parser *p);
typedef bool (*rtq__parse_end_fn)(const parser *p);

/* ---- parse.c: tokens, reports, lists ---- */
static inline unsigned peek_at(const parser *p, uint32_t ahead)
{
    return p->pos + ahead < p->n_tokens ? p->tokens[p->pos + ahead].kind : RTQ__T_END;
}
static inline unsigned peek(const parser *p)
{
    return p->tokens[p->pos].kind;
}
static inline const rtq__token *token_at(const parser *p, uint32_t ahead)
{
    return &p->tokens[p->pos + ahead < p->n_tokens ? p->pos + ahead : p->n_tokens - 1];
}
static inline void advance(parser *p)
{
    if (p->pos + 1 < p->n_tokens)
        p->pos++;
}
static inline bool accept(parser *p, unsigned kind)
{
    if (peek(p) != kind)
        return false;
    advance(p);
    return true;
}
void rtq__p_error_span(parser *p, int code, uint32_t begin, uint32_t end, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
void rtq__p_error(parser *p, const char *format, ...) __attribute__((format(printf, 2, 3))); /* at the next token */
void rtq__p_hint(parser *p, const char *format, ...) __attribute__((format(printf, 2, 3)));  /* of the last report */
void rtq__p_expected(parser *p, const char *what); /* "expected what, found x" */
bool rtq__p_expect(parser *p, unsigned kind);      /* takes it, or reports */
void rtq__p_close(parser *p, unsigned kind,
                  uint32_t open); /* closing bracket of the one at token `open`; skips to it */
_Noreturn void rtq__p_give_up(parser *p, int code);
void *rtq__p_alloc(parser *p, size_t len);
rtq__ast *rtq__p_node(parser *p, rtq__ast_kind kind);                             /* begins at the next token */
rtq__ast *rtq__p_node_from(parser *p, rtq__ast_kind kind, const rtq__ast *first); /* begins where `first` does */
rtq__ast *rtq__p_op(parser *p, rtq__ast_kind kind);    /* a node with an empty op; takes its keyword */
rtq__ast *rtq__p_done(parser *p, rtq__ast *node);      /* ends at the last token taken; checks the height */
rtq__ast *rtq__p_missing(parser *p, const char *what); /* reports, and makes an ERROR node */
void rtq__p_append(rtq__ast_list *list, rtq__ast *node);
void rtq__p_enter(parser *p); /* one level deeper, or gives up */
static inline void rtq__p_leave(parser *p)
{
    p->depth--;
}
bool rtq__p_ends_list(const parser *p); /* ) ] } | ; or the end */
bool rtq__p_matches(const parser *p, uint32_t ahead, const char *text,
                    uint32_t *n); /* tokens that spell text, unspaced */

enum { RTQ__LIST_TRAILING_COMMA = 1, RTQ__LIST_NOT_EMPTY = 2 };
/* Items separated by commas. end NULL: the list ends with the first item that no comma follows; else it ends where
 * end() says, and an item there without a comma before it is reported. */
void rtq__p_list(parser *p, rtq__ast_list *list, rtq__parse_fn item, rtq__parse_end_fn end, unsigned flags,
                 const char *what);

/* ---- parse_name.c ---- */
bool rtq__p_is_name_word(unsigned kind); /* an identifier, or a keyword that may be one */
bool rtq__p_is_extended_word(unsigned kind);
uint32_t rtq__p_scan_name(const parser *p, uint32_t ahead); /* tokens of a name, 0: none */
uint32_t rtq__p_scan_new_name(const parser *p, uint32_t ahead);
uint32_t rtq__p_scan_wildcard(const parser *p, uint32_t ahead);
bool rtq__p_name(parser *p, rtq__ast_name *out);
bool rtq__p_new_name(parser *p, rtq__ast_name *out); /* also keywords that may be declared as names */
void rtq__p_need_name(parser *p, rtq__ast_name *out);
rtq__ast *rtq__p_name_node(parser *p);
rtq__ast *rtq__p_new_name_node(parser *p);
rtq__ast *rtq__p_wildcard_or_name(parser *p);
rtq__ast *rtq__p_selector(parser *p);                             /* name, @, ['name'], [a*b], [expr] */
rtq__ast *rtq__p_simple_path(parser *p);                          /* a.b["c"] */
rtq__ast *rtq__p_entity_path(parser *p);                          /* ... with calls */
rtq__ast *rtq__p_wildcard_entity(parser *p);                      /* ... and wildcards */
rtq__ast *rtq__p_member(parser *p, rtq__ast *object, bool calls); /* after the dot was taken */
rtq__ast *rtq__p_keyword_as_name(parser *p);
void rtq__p_token_name(parser *p, rtq__ast_name *out, uint32_t n_tokens); /* takes them, verbatim */

/* ---- parse_schema.c ---- */
rtq__ast *rtq__p_column(parser *p);                     /* name:type or name:(schema) */
rtq__ast *rtq__p_column_with_default(parser *p);        /* ... [= value] */
rtq__ast *rtq__p_pattern_column(parser *p);             /* name [:type], in parse */
rtq__ast *rtq__p_typed_name(parser *p);                 /* name [:extended type], in find */
void rtq__p_open_schema(parser *p, rtq__ast_list *out); /* the inside of (a:long, *): the star stands last */
bool rtq__p_row_schema(parser *p, rtq__ast_list *out, bool open, bool not_empty); /* false: no parenthesis here */
void rtq__p_need_row_schema(parser *p, rtq__ast_list *out);
bool rtq__p_params(parser *p, rtq__ast_list *out);
rtq__ast *rtq__p_typeof(parser *p);

/* ---- parse_literal.c ---- */
rtq__ast *rtq__p_literal(parser *p);
rtq__ast *rtq__p_string(parser *p); /* one or more adjacent string literals */
rtq__ast *rtq__p_one_string(parser *p);
rtq__ast *rtq__p_dynamic(parser *p);

/* ---- parse_expr.c ---- */
rtq__ast *rtq__p_unnamed(parser *p);
rtq__ast *rtq__p_scalar(parser *p); /* the same, without counting as a level of its own */
rtq__ast *rtq__p_need_unnamed(parser *p);
rtq__ast *rtq__p_named(parser *p); /* [name =] expr */
rtq__ast *rtq__p_need_named(parser *p);
rtq__ast *rtq__p_ordered(parser *p);
rtq__ast *rtq__p_call(parser *p);
bool rtq__p_scan_call(const parser *p, uint32_t ahead);
rtq__ast *rtq__p_call_or_path(parser *p);
rtq__ast *rtq__p_signed_call_or_path(parser *p);
rtq__ast *rtq__p_parenthesized(parser *p);
rtq__ast *rtq__p_star(parser *p);
rtq__ast *rtq__p_data_scope(parser *p, rtq__ast *value);

/* ---- parse_param.c: name=value options of operators ---- */
typedef enum rtq__param_set {
    RTQ__PARAMS_NONE,
    RTQ__PARAMS_KIND,
    RTQ__PARAMS_PARSE,
    RTQ__PARAMS_UNION,
    RTQ__PARAMS_MARK_COMPONENTS,
    RTQ__PARAMS_SHORTEST_PATHS,
    RTQ__PARAMS_EDGES,
    RTQ__PARAMS_NODES,
    RTQ__PARAMS_REDUCE,
    RTQ__PARAMS_RENDER,
    RTQ__PARAMS_PARSE_KV
} rtq__param_set;
/* need_equals: a known name without `=` after it is left alone. */
void rtq__p_params_of(parser *p, rtq__ast_list *out, rtq__param_set set, bool need_equals);
void rtq__p_params_with_commas(parser *p, rtq__ast_list *out, rtq__param_set set);
rtq__ast *rtq__p_kind_param(parser *p); /* kind=word */
bool rtq__p_scan_param(const parser *p, uint32_t ahead);
bool rtq__p_render_legacy(parser *p, rtq__ast_list *out);

/* ---- parse_pipe.c ---- */
rtq__ast *rtq__p_expression(parser *p); /* a query or a scalar expression */
rtq__ast *rtq__p_need_expression(parser *p);
rtq__ast *rtq__p_contextual(parser *p); /* (op | op ...) without a source; the operator is required */
rtq__ast *rtq__p_fork_pipe(parser *p);  /* ... NULL when there is no operator */
rtq__ast *rtq__p_piped_operator(parser *p);
bool rtq__p_is_query(const parser *p);
rtq__ast *rtq__p_rest_of_pipe(parser *p);
void rtq__p_skip_rest(parser *p, const char *after); /* reports and skips what should not be here */

/* ---- parse_source.c, parse_op*.c ---- */
rtq__ast *rtq__p_source(parser *p); /* datatable, externaldata, ... that may stand in expressions */
rtq__ast *rtq__p_inline_external_table(parser *p);
rtq__ast *rtq__p_contextual_datatable(parser *p);
bool rtq__p_with_properties(parser *p, rtq__ast_list *out);
rtq__ast *rtq__p_op_simple(parser *p); /* each: NULL when the next token begins none of its operators */
rtq__ast *rtq__p_op_clauses(parser *p);
rtq__ast *rtq__p_op_nested(parser *p);
rtq__ast *rtq__p_op_graph(parser *p);
rtq__ast *rtq__p_summarize(parser *p);
rtq__ast *rtq__p_as(parser *p);
rtq__ast *rtq__p_expansion(parser *p);

/* ---- parse_stmt.c ---- */
void rtq__p_statements(parser *p, rtq__ast_list *out);
bool rtq__p_function(parser *p, rtq__ast **out); /* [view] (params) { body } */
rtq__ast *rtq__p_entity_group(parser *p);

#endif
