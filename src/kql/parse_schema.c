/* parse_schema.c - columns with types, schemas, parameters, typeof(). */
#include "parse_internal.h"

/* Where a type name is legal: RTQ_LONG for "long", "int64", ...; 0: no type. */
static uint32_t type_from_name(const char *name, size_t len)
{
    static const struct {
        const char *name;
        uint32_t type;
    } types[] = {
        {"bool", RTQ_BOOL},     {"boolean", RTQ_BOOL},      {"int", RTQ_INT},         {"int8", RTQ_INT},
        {"int16", RTQ_INT},     {"int32", RTQ_INT},         {"uint8", RTQ_INT},       {"uint16", RTQ_INT},
        {"long", RTQ_LONG},     {"int64", RTQ_LONG},        {"uint", RTQ_LONG},       {"uint32", RTQ_LONG},
        {"uint64", RTQ_LONG},   {"ulong", RTQ_LONG},        {"real", RTQ_REAL},       {"double", RTQ_REAL},
        {"float", RTQ_REAL},    {"decimal", RTQ_DECIMAL},   {"string", RTQ_STRING},   {"datetime", RTQ_DATETIME},
        {"date", RTQ_DATETIME}, {"timespan", RTQ_TIMESPAN}, {"time", RTQ_TIMESPAN},   {"guid", RTQ_GUID},
        {"uuid", RTQ_GUID},     {"uniqueid", RTQ_GUID},     {"dynamic", RTQ_DYNAMIC},
    };
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (strlen(types[i].name) == len && memcmp(types[i].name, name, len) == 0)
            return types[i].type;
    return 0;
}

static void take_type(parser *p, rtq__ast *column)
{
    rtq__p_token_name(p, &column->column.type_name, 1);
    column->column.type = type_from_name(column->column.type_name.ptr, column->column.type_name.len);
}

/* extended: also the types that only find and typeof know. */
static void need_type(parser *p, rtq__ast *column, bool extended)
{
    unsigned kind = peek(p), flags = rtq__word_flags(kind);
    if ((flags & RTQ__WORD_T) || (extended && (flags & RTQ__WORD_X))) {
        take_type(p, column);
    } else if ((flags & RTQ__WORD_X) || rtq__p_is_name_word(kind)) {
        const rtq__token *token = &p->tokens[p->pos];
        rtq__p_error(p, "there is no type '%.*s'", (int)(token->end - token->begin), p->text + token->begin);
        take_type(p, column);
    } else {
        rtq__p_expected(p, "a type");
    }
}

static rtq__ast *p_schema_item(parser *p)
{
    return peek(p) == RTQ__T_STAR ? rtq__p_star(p) : rtq__p_column(p);
}

void rtq__p_open_schema(parser *p, rtq__ast_list *out)
{
    rtq__p_list(p, out, p_schema_item, rtq__p_ends_list, RTQ__LIST_TRAILING_COMMA, "a column (name:type)");
    for (const rtq__ast *item = out->first; item; item = item->next)
        if (item->kind == RTQ__AST_STAR && item->next)
            rtq__p_error_span(p, RTQ_ERR_SYNTAX, item->begin, item->end, "'*' stands last in a schema");
}

/* (*) or (a:long, b:string, *) */
static void tabular_type(parser *p, rtq__ast *column)
{
    uint32_t open = p->pos;
    column->column.tabular = true;
    advance(p);
    rtq__p_open_schema(p, &column->column.schema);
    rtq__p_close(p, RTQ__T_RPAREN, open);
}

rtq__ast *rtq__p_column(parser *p)
{
    rtq__ast *column = rtq__p_node(p, RTQ__AST_COLUMN);
    if (rtq__p_new_name(p, &column->column.name)) {
        if (!rtq__p_expect(p, RTQ__T_COLON))
            return rtq__p_done(p, column);
        rtq__p_enter(p);
        if (peek(p) == RTQ__T_LPAREN)
            tabular_type(p, column);
        else
            need_type(p, column, false);
        rtq__p_leave(p);
        return rtq__p_done(p, column);
    }
    if (peek(p) != RTQ__T_COLON)
        return NULL;
    rtq__p_expected(p, "a name");
    advance(p);
    need_type(p, column, false);
    return rtq__p_done(p, column);
}

rtq__ast *rtq__p_column_with_default(parser *p)
{
    rtq__ast *column = rtq__p_column(p);
    if (!column || !accept(p, RTQ__T_EQ))
        return column;
    rtq__ast *value = rtq__p_literal(p);
    if (!value && rtq__p_is_name_word(peek(p))) {
        value = rtq__p_node(p, RTQ__AST_NAME);
        rtq__p_token_name(p, &value->name, 1);
        rtq__p_done(p, value);
    }
    column->column.default_value = value ? value : rtq__p_missing(p, "a literal");
    return rtq__p_done(p, column);
}

static rtq__ast *name_and_type(parser *p, bool new_name, bool extended)
{
    rtq__ast *column = rtq__p_node(p, RTQ__AST_COLUMN);
    if (!(new_name ? rtq__p_new_name(p, &column->column.name) : rtq__p_name(p, &column->column.name))) {
        if (!new_name || peek(p) != RTQ__T_COLON)
            return NULL;
        rtq__p_expected(p, "a name");
    }
    if (accept(p, RTQ__T_COLON))
        need_type(p, column, extended);
    return rtq__p_done(p, column);
}

rtq__ast *rtq__p_pattern_column(parser *p)
{
    return name_and_type(p, true, false);
}
rtq__ast *rtq__p_typed_name(parser *p)
{
    return name_and_type(p, false, true);
}

bool rtq__p_row_schema(parser *p, rtq__ast_list *out, bool open_schema, bool not_empty)
{
    uint32_t open = p->pos;
    if (!accept(p, RTQ__T_LPAREN))
        return false;
    accept(p, RTQ__T_COMMA);
    if (open_schema) {
        if (peek(p) == RTQ__T_STAR)
            rtq__p_append(out, rtq__p_star(p));
        accept(p, RTQ__T_COMMA);
    }
    rtq__p_list(p, out, rtq__p_column, rtq__p_ends_list,
                RTQ__LIST_TRAILING_COMMA | (not_empty ? RTQ__LIST_NOT_EMPTY : 0), "a column (name:type)");
    rtq__p_close(p, RTQ__T_RPAREN, open);
    return true;
}

void rtq__p_need_row_schema(parser *p, rtq__ast_list *out)
{
    if (!rtq__p_row_schema(p, out, false, false))
        rtq__p_expected(p, "a schema (name:type, ...)");
}

bool rtq__p_params(parser *p, rtq__ast_list *out)
{
    uint32_t open = p->pos;
    if (!accept(p, RTQ__T_LPAREN))
        return false;
    rtq__p_list(p, out, rtq__p_column_with_default, rtq__p_ends_list, 0, "a parameter (name:type)");
    rtq__p_close(p, RTQ__T_RPAREN, open);
    return true;
}

rtq__ast *rtq__p_typeof(parser *p)
{
    if (peek(p) != RTQ__W_TYPEOF || peek_at(p, 1) != RTQ__T_LPAREN)
        return NULL;
    unsigned flags = rtq__word_flags(peek_at(p, 2));
    bool scalar = (flags & (RTQ__WORD_T | RTQ__WORD_X)) ||
                  (peek_at(p, 2) == RTQ__T_IDENT && peek_at(p, 3) == RTQ__T_RPAREN);
    rtq__ast *node = rtq__p_node(p, RTQ__AST_TYPEOF);
    advance(p);
    uint32_t open = p->pos;
    advance(p);
    if (scalar) {
        rtq__ast *column = rtq__p_node(p, RTQ__AST_COLUMN);
        take_type(p, column);
        rtq__p_append(&node->list, rtq__p_done(p, column));
    } else {
        rtq__p_list(p, &node->list, p_schema_item, rtq__p_ends_list, 0, "a type");
    }
    rtq__p_close(p, RTQ__T_RPAREN, open);
    return rtq__p_done(p, node);
}
