/* parse_literal.c - literals and their values. */
#include <math.h>
#include "base/text.h"
#include "base/time.h"
#include "parse_internal.h"

/* ---- strings ---- */

static uint32_t hex_value(const char *ptr, size_t n)
{
    uint32_t value = 0;
    for (size_t i = 0; i < n; i++) {
        char c = ptr[i];
        value = value * 16 + (uint32_t)(c <= '9' ? c - '0' : (c | 32) - 'a' + 10);
    }
    return value;
}

/* The character of a numeric escape at ptr ("u0041", "101"), and its bytes. Lexed before: well formed, or an error. */
static uint32_t numeric_escape(const char *ptr, const char *end, size_t *n)
{
    size_t digits = *ptr == 'u' ? 4 : *ptr == 'U' ? 8 : *ptr == 'x' ? 2 : 0;
    if (digits > 0) {
        *n = (size_t)(end - ptr) > digits ? digits + 1 : (size_t)(end - ptr);
        return *n == digits + 1 ? hex_value(ptr + 1, digits) : 0xFFFD;
    }
    uint32_t value = 0;
    size_t max = *ptr > '3' ? 2 : 3;
    for (*n = 0; *n < max && ptr + *n < end && ptr[*n] >= '0' && ptr[*n] <= '7'; ++*n)
        value = value * 8 + (uint32_t)(ptr[*n] - '0');
    if (*n == 0)
        *n = 1;
    return value;
}

static size_t unescape(char *out, const char *ptr, const char *end)
{
    static const char from[] = "\\'\"abfnrtv", to[] = "\\'\"\a\b\f\n\r\t\v";
    char *begin = out;
    while (ptr < end) {
        if (*ptr != '\\' || ptr + 1 == end) {
            *out++ = *ptr++;
            continue;
        }
        const char *simple = *++ptr ? strchr(from, *ptr) : NULL;
        if (simple) {
            *out++ = to[simple - from];
            ptr++;
            continue;
        }
        size_t n;
        uint32_t cp = numeric_escape(ptr, end, &n);
        bool unicode = *ptr == 'u';
        ptr += n;
        if (unicode && cp >= 0xD800 && cp < 0xDC00 && end - ptr >= 6 && ptr[0] == '\\' && ptr[1] == 'u') {
            uint32_t low = hex_value(ptr + 2, 4);
            if (low >= 0xDC00 && low < 0xE000) {
                cp = 0x10000 + ((cp - 0xD800) << 10) + (low - 0xDC00);
                ptr += 6;
            }
        }
        if ((cp >= 0xD800 && cp < 0xE000) || cp > 0x10FFFF)
            cp = 0xFFFD;
        out += rtq__utf8_put(out, cp); /* never longer than the escape */
    }
    return (size_t)(out - begin);
}

static rtq_str p_unquote(parser *p, const rtq__token *token, bool *obfuscated)
{
    const char *ptr = p->text + token->begin, *end = p->text + token->end;
    *obfuscated = *ptr == 'h' || *ptr == 'H';
    ptr += *obfuscated;
    bool verbatim = *ptr == '@';
    ptr += verbatim;
    char quote = *ptr;
    size_t fence = quote == '`' || quote == '~' ? 3 : 1;
    bool closed;
    size_t bad;
    rtq__lex_string(p->text, p->len, token->begin, &closed, &bad);
    ptr += fence;
    if (closed)
        end -= fence;
    char *text = rtq__p_alloc(p, (size_t)(end - ptr) + 1);
    rtq_str value = {text, (size_t)(end - ptr)};
    if (fence == 3) {
        memcpy(text, ptr, value.len);
    } else if (verbatim) {
        char *out = text;
        for (; ptr < end; ptr++) {
            *out++ = *ptr;
            ptr += *ptr == quote; /* "" is " */
        }
        value.len = (size_t)(out - text);
    } else {
        value.len = unescape(text, ptr, end);
    }
    text[value.len] = '\0';
    return value;
}

static rtq__ast *literal_node(parser *p, uint32_t type)
{
    rtq__ast *node = rtq__p_node(p, RTQ__AST_LITERAL);
    node->literal.type = type;
    return node;
}

rtq__ast *rtq__p_one_string(parser *p)
{
    bool obfuscated;
    if (peek(p) != RTQ__T_STRING)
        return NULL;
    rtq__ast *node = literal_node(p, RTQ_STRING);
    node->literal.text = p_unquote(p, &p->tokens[p->pos], &obfuscated);
    node->literal.flags = obfuscated ? RTQ__LITERAL_OBFUSCATED : 0;
    advance(p);
    return rtq__p_done(p, node);
}

rtq__ast *rtq__p_string(parser *p)
{
    uint32_t n = 0;
    size_t len = 0;
    while (peek_at(p, n) == RTQ__T_STRING) {
        len += token_at(p, n)->end - token_at(p, n)->begin;
        n++;
    }
    if (n <= 1)
        return rtq__p_one_string(p);
    rtq__ast *node = literal_node(p, RTQ_STRING);
    char *text = rtq__p_alloc(p, len + 1);
    size_t at = 0;
    for (uint32_t i = 0; i < n; i++, advance(p)) {
        bool obfuscated;
        rtq_str part = p_unquote(p, &p->tokens[p->pos], &obfuscated);
        memcpy(text + at, part.ptr, part.len);
        at += part.len;
        if (obfuscated)
            node->literal.flags = RTQ__LITERAL_OBFUSCATED;
    }
    text[at] = '\0';
    node->literal.text = (rtq_str){text, at};
    return rtq__p_done(p, node);
}

/* ---- numbers, times, ... ---- */

static bool equals(rtq_str text, const char *word)
{
    return strlen(word) == text.len && rtq__equal_nocase(text.ptr, text.len, word, text.len);
}

static bool is_number(rtq_str text, bool *whole)
{
    size_t i = text.len > 0 && (text.ptr[0] == '-' || text.ptr[0] == '+'), digits = 0;
    *whole = true;
    for (; i < text.len && text.ptr[i] >= '0' && text.ptr[i] <= '9'; i++)
        digits++;
    if (i < text.len && text.ptr[i] == '.') {
        *whole = false;
        for (i++; i < text.len && text.ptr[i] >= '0' && text.ptr[i] <= '9'; i++)
            digits++;
    }
    if (digits > 0 && i < text.len && (text.ptr[i] | 32) == 'e') {
        *whole = false;
        size_t exponent = 0;
        i++;
        i += i < text.len && (text.ptr[i] == '-' || text.ptr[i] == '+');
        for (; i < text.len && text.ptr[i] >= '0' && text.ptr[i] <= '9'; i++)
            exponent++;
        if (exponent == 0)
            return false;
    }
    return digits > 0 && i == text.len;
}

static bool real_value(double *out, rtq_str text)
{
    bool whole;
    if (is_number(text, &whole))
        return rtq__parse_real(out, text.ptr, text.len);
    if (equals(text, "nan"))
        *out = (double)NAN;
    else if (equals(text, "inf") || equals(text, "+inf"))
        *out = (double)INFINITY;
    else if (equals(text, "-inf"))
        *out = -(double)INFINITY;
    else
        return false;
    return true;
}

/* number and unit, "1.5h", in exact arithmetic; what is finer than a tick is cut off */
static bool short_timespan(int64_t *out, rtq_str text)
{
    size_t i = 0;
    unsigned __int128 value = 0, scale = 1;
    bool fraction = false;
    for (; i < text.len && ((text.ptr[i] >= '0' && text.ptr[i] <= '9') || (text.ptr[i] == '.' && !fraction)); i++) {
        if (text.ptr[i] == '.') {
            fraction = true;
            continue;
        }
        if (fraction && scale >= UINT64_C(1000000000000000))
            continue;
        value = value * 10 + (unsigned)(text.ptr[i] - '0');
        if (fraction)
            scale *= 10;
        if (value > (unsigned __int128)UINT64_MAX * UINT32_MAX)
            return false;
    }
    int64_t unit = rtq__timespan_unit(text.ptr + i, text.len - i);
    if (i == 0 || unit == 0 || value > ((unsigned __int128)-1) / (uint64_t)unit)
        return false;
    value = value * (uint64_t)unit / (scale * 100);
    if (value > INT64_MAX)
        return false;
    *out = (int64_t)value;
    return true;
}

static bool timespan_value(int64_t *out, rtq_str text)
{
    bool whole;
    double days;
    if (short_timespan(out, text) || rtq__parse_timespan(out, text.ptr, text.len))
        return true;
    if (text.len > 1 && text.ptr[0] == '-' && short_timespan(out, (rtq_str){text.ptr + 1, text.len - 1})) {
        *out = -*out;
        return true;
    }
    /* a lone number counts days */
    if (!is_number(text, &whole) || !rtq__parse_real(&days, text.ptr, text.len) || !(fabs(days) < 1e7))
        return false;
    *out = (int64_t)(days * (double)RTQ__TICKS_DAY);
    return true;
}

static bool long_value(rtq__ast_literal *literal, rtq_str text)
{
    size_t sign = text.len > 0 && (text.ptr[0] == '-' || text.ptr[0] == '+');
    if (text.len > sign + 2 && text.ptr[sign] == '0' && (text.ptr[sign + 1] | 32) == 'x') {
        uint64_t value = 0;
        literal->flags |= RTQ__LITERAL_HEX;
        for (size_t i = sign + 2; i < text.len; i++) {
            char c = text.ptr[i];
            if (!((c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'f')) || value >> 60)
                return false;
            value = value * 16 + hex_value(&c, 1);
        }
        literal->u.i = (int64_t)(sign && text.ptr[0] == '-' ? 0 - value : value);
        return true;
    }
    return rtq__parse_long(&literal->u.i, text.ptr, text.len);
}

static bool bool_value(int64_t *out, rtq_str text)
{
    int64_t number;
    if (equals(text, "true") || equals(text, "false"))
        *out = text.len == 4;
    else if (rtq__parse_long(&number, text.ptr, text.len))
        *out = number != 0;
    else
        return false;
    return true;
}

static rtq_str trim(rtq_str text)
{
    while (text.len > 0 && (unsigned char)text.ptr[0] <= ' ')
        text.ptr++, text.len--;
    while (text.len > 0 && (unsigned char)text.ptr[text.len - 1] <= ' ')
        text.len--;
    return text;
}

static rtq_str unquoted(rtq_str text)
{
    if (text.len >= 2 && (text.ptr[0] == '"' || text.ptr[0] == '\'') && text.ptr[text.len - 1] == text.ptr[0])
        return (rtq_str){text.ptr + 1, text.len - 2};
    return text;
}

/* "2025, 6, 14" */
static bool comma_date(int64_t *out, rtq_str text)
{
    rtq__civil date = {0};
    int32_t *const parts[3] = {&date.year, &date.month, &date.day};
    size_t i = 0, part = 0;
    for (; i < text.len && part < 3; part++) {
        size_t begin = i;
        for (; i < text.len && text.ptr[i] >= '0' && text.ptr[i] <= '9' && i - begin < 4; i++)
            *parts[part] = *parts[part] * 10 + (text.ptr[i] - '0');
        if (i == begin)
            return false;
        while (part < 2 && i < text.len && (text.ptr[i] == ',' || text.ptr[i] == ' '))
            i++;
    }
    return part == 3 && i == text.len && rtq__ticks_from_civil(out, &date);
}

/* What a datetime may be written as besides what todatetime() reads: nothing (now), a time alone (today), commas or blanks
 * between the parts of a date. */
static bool datetime_value(rtq__ast_literal *literal, rtq_str text)
{
    char tight[40];
    size_t n = 0;
    if (text.len == 0) {
        literal->flags |= RTQ__LITERAL_NOW;
        return true;
    }
    if (rtq__parse_datetime(&literal->u.i, text.ptr, text.len) || comma_date(&literal->u.i, text))
        return true;
    if (!memchr(text.ptr, '-', text.len)) {
        literal->flags |= RTQ__LITERAL_TODAY;
        return memchr(text.ptr, ':', text.len) && rtq__parse_timespan(&literal->u.i, text.ptr, text.len) &&
               literal->u.i >= 0 && literal->u.i < RTQ__TICKS_DAY;
    }
    for (size_t i = 0; i < text.len; i++) {
        bool beside_dash = text.ptr[i] == ' ' &&
                           ((n > 0 && tight[n - 1] == '-') ||
                            (i + 1 < text.len && (text.ptr[i + 1] == '-' || text.ptr[i + 1] == ' ')));
        if (!beside_dash && n == sizeof tight)
            return false;
        if (!beside_dash)
            tight[n++] = text.ptr[i];
    }
    return rtq__parse_datetime(&literal->u.i, tight, n);
}

/* Sets the value of a literal that is no string; false: the text is none of its type. */
static bool set_value(parser *p, rtq__ast_literal *literal, rtq_str text)
{
    bool whole;
    switch (literal->type) {
    case RTQ_BOOL: return bool_value(&literal->u.i, text);
    case RTQ_INT: return long_value(literal, text) && literal->u.i >= INT32_MIN && literal->u.i <= INT32_MAX;
    case RTQ_LONG: return long_value(literal, text);
    case RTQ_REAL: return real_value(&literal->u.d, text);
    case RTQ_DECIMAL:
        if (!is_number(text, &whole))
            return false;
        literal->text = (rtq_str){rtq__arena_strndup(p->arena, text.ptr, text.len), text.len};
        if (!literal->text.ptr)
            rtq__p_give_up(p, RTQ_ERR_NOMEM);
        return true;
    case RTQ_DATETIME: return datetime_value(literal, trim(unquoted(text)));
    case RTQ_TIMESPAN: text = unquoted(text); return timespan_value(&literal->u.i, text);
    case RTQ_GUID: text = unquoted(text); return rtq__parse_guid(literal->u.guid, text.ptr, text.len);
    default: return false;
    }
}

static uint32_t type_of_token(unsigned kind)
{
    switch (kind) {
    case RTQ__T_BOOL: return RTQ_BOOL;
    case RTQ__T_LONG: return RTQ_LONG;
    case RTQ__T_INT: return RTQ_INT;
    case RTQ__T_REAL: return RTQ_REAL;
    case RTQ__T_DECIMAL: return RTQ_DECIMAL;
    case RTQ__T_DATETIME: return RTQ_DATETIME;
    case RTQ__T_TIMESPAN: return RTQ_TIMESPAN;
    case RTQ__T_GUID:
    case RTQ__T_RAW_GUID: return RTQ_GUID;
    default: return 0;
    }
}

static void bad_value(parser *p, const rtq__token *token, rtq_str text, uint32_t type)
{
    static const char *const names[] = {
        [RTQ_BOOL] = "bool",       [RTQ_INT] = "int",           [RTQ_LONG] = "long",         [RTQ_REAL] = "real",
        [RTQ_DECIMAL] = "decimal", [RTQ_DATETIME] = "datetime", [RTQ_TIMESPAN] = "timespan", [RTQ_GUID] = "guid"};
    rtq__p_error_span(p, RTQ_ERR_SEMANTIC, token->begin, token->end, "'%.*s' is not a value of type %s",
                      (int)(text.len > 40 ? 40 : text.len), text.ptr, names[type]);
}

static void p_negate(parser *p, rtq__ast *node)
{
    (void)p;
    if (node->literal.type == RTQ_REAL)
        node->literal.u.d = -node->literal.u.d;
    else
        node->literal.u.i = (int64_t)(0 - (uint64_t)node->literal.u.i);
}

/* A literal of one token that is no string; sign: the token before it is a sign that belongs to it. */
static rtq__ast *scalar_literal(parser *p, bool sign)
{
    rtq__ast *node = literal_node(p, type_of_token(peek_at(p, sign)));
    const rtq__token *token = token_at(p, sign);
    const char *ptr = p->text + token->begin;
    rtq_str text = {ptr, token->end - token->begin};
    bool negative = sign && p->text[p->tokens[p->pos].begin] == '-';
    if (token->flags & RTQ__TOKEN_TYPED) {
        const char *inner = memchr(ptr, '(', text.len);
        node->literal.flags |= RTQ__LITERAL_TYPED;
        text = (rtq_str){inner + 1, (size_t)(ptr + text.len - inner - 1)};
        if (text.len > 0 && text.ptr[text.len - 1] == ')')
            text.len--;
        text = trim(text);
    }
    if ((node->literal.flags & RTQ__LITERAL_TYPED) && equals(text, "null")) {
        node->literal.is_null = true;
    } else if (!set_value(p, &node->literal, text)) {
        /* the one long whose digits fit only with their sign */
        bool lowest = node->literal.type == RTQ_LONG && text.len == 19 &&
                      memcmp(text.ptr, "9223372036854775808", 19) == 0;
        if (lowest && (negative || (p->pos > 0 && p->tokens[p->pos - 1].kind == RTQ__T_MINUS)))
            node->literal.u.i = INT64_MIN;
        else
            bad_value(p, token, text, node->literal.type);
    }
    if (sign)
        advance(p);
    advance(p);
    if (negative)
        p_negate(p, node);
    return rtq__p_done(p, node);
}

/* A sign with a plain number right after it */
static bool p_is_signed_number(const parser *p)
{
    unsigned sign = peek(p), number = peek_at(p, 1);
    return (sign == RTQ__T_PLUS || sign == RTQ__T_MINUS) &&
           (number == RTQ__T_LONG || number == RTQ__T_REAL || number == RTQ__T_TIMESPAN) &&
           !(token_at(p, 1)->flags & (RTQ__TOKEN_SPACED | RTQ__TOKEN_TYPED));
}

rtq__ast *rtq__p_literal(parser *p)
{
    switch (peek(p)) {
    case RTQ__T_STRING: return rtq__p_string(p);
    case RTQ__T_BOOL:
    case RTQ__T_LONG:
    case RTQ__T_INT:
    case RTQ__T_REAL:
    case RTQ__T_DECIMAL:
    case RTQ__T_DATETIME:
    case RTQ__T_TIMESPAN:
    case RTQ__T_GUID: return scalar_literal(p, false);
    case RTQ__T_RAW_GUID: rtq__p_error(p, "a guid is written guid(...)"); return scalar_literal(p, false);
    case RTQ__T_PLUS:
    case RTQ__T_MINUS: return p_is_signed_number(p) ? scalar_literal(p, true) : NULL;
    case RTQ__W_DYNAMIC: return rtq__p_dynamic(p);
    case RTQ__W_TYPEOF: return rtq__p_typeof(p);
    case RTQ__T_LBRACE: return rtq__p_name_node(p);
    default: return NULL;
    }
}

/* ---- dynamic(...) ---- */

static rtq__ast *json_value(parser *p);

static rtq__ast *json_pair(parser *p)
{
    rtq__ast *pair = rtq__p_node(p, RTQ__AST_JSON_PAIR);
    if (peek(p) == RTQ__T_STRING) {
        bool obfuscated;
        rtq__ast *name = rtq__p_node(p, RTQ__AST_NAME);
        const rtq__token *token = &p->tokens[p->pos];
        rtq_str text = p_unquote(p, token, &obfuscated);
        name->name = (rtq__ast_name){text.ptr, (uint32_t)text.len, token->begin, token->end, true};
        advance(p);
        rtq__p_append(&pair->named.names, rtq__p_done(p, name));
        rtq__p_expect(p, RTQ__T_COLON);
    } else {
        rtq__ast *value = peek(p) == RTQ__T_COLON ? NULL : json_value(p);
        if (!value && peek(p) != RTQ__T_COLON)
            return NULL;
        rtq__p_error_span(p, RTQ_ERR_SYNTAX, pair->begin, p->tokens[p->pos].begin,
                          "a property of a dynamic literal is written \"name\": value");
        p->error_pos = p->pos;
        if (!accept(p, RTQ__T_COLON)) {
            pair->named.value = value;
            return rtq__p_done(p, pair);
        }
    }
    pair->named.value = json_value(p);
    if (!pair->named.value)
        pair->named.value = rtq__p_missing(p, "a JSON value");
    return rtq__p_done(p, pair);
}

static rtq__ast *json_list(parser *p, rtq__ast_kind kind, rtq__parse_fn item, unsigned close, const char *what)
{
    rtq__ast *node = rtq__p_node(p, kind);
    uint32_t open = p->pos;
    advance(p);
    rtq__p_list(p, &node->list, item, rtq__p_ends_list, 0, what);
    rtq__p_close(p, close, open);
    return rtq__p_done(p, node);
}

static rtq__ast *json_minus(parser *p)
{
    unsigned kind = peek_at(p, 1);
    return kind == RTQ__T_LONG || kind == RTQ__T_REAL ? scalar_literal(p, true) : NULL;
}

static rtq__ast *json_null(parser *p)
{
    rtq__ast *node = literal_node(p, RTQ_DYNAMIC);
    node->literal.is_null = true;
    advance(p);
    return rtq__p_done(p, node);
}

static rtq__ast *json_value_at(parser *p)
{
    switch (peek(p)) {
    case RTQ__T_MINUS: return json_minus(p);
    case RTQ__T_LONG:
    case RTQ__T_REAL:
    case RTQ__T_BOOL:
    case RTQ__T_DATETIME:
    case RTQ__T_TIMESPAN:
    case RTQ__T_GUID:
    case RTQ__T_RAW_GUID:
    case RTQ__T_DECIMAL:
    case RTQ__T_STRING:
    case RTQ__W_DYNAMIC: return rtq__p_literal(p);
    case RTQ__W_NULL: return json_null(p);
    case RTQ__T_LBRACKET: return json_list(p, RTQ__AST_JSON_ARRAY, json_value, RTQ__T_RBRACKET, "a JSON value");
    case RTQ__T_LBRACE: {
        rtq__ast *name = rtq__p_name_node(p);
        return name ? name : json_list(p, RTQ__AST_JSON_BAG, json_pair, RTQ__T_RBRACE, "\"name\": value");
    }
    default: return NULL;
    }
}

static rtq__ast *json_value(parser *p)
{
    rtq__p_enter(p);
    rtq__ast *value = json_value_at(p);
    rtq__p_leave(p);
    return value;
}

rtq__ast *rtq__p_dynamic(parser *p)
{
    if (peek(p) != RTQ__W_DYNAMIC || peek_at(p, 1) != RTQ__T_LPAREN)
        return NULL;
    rtq__ast *node = literal_node(p, RTQ_DYNAMIC);
    node->literal.flags = RTQ__LITERAL_TYPED;
    advance(p);
    uint32_t open = p->pos;
    advance(p);
    rtq__ast *value = json_value(p);
    node->literal.json = value ? value : rtq__p_missing(p, "a JSON value");
    rtq__p_close(p, RTQ__T_RPAREN, open);
    if (value) {
        node->literal.is_null = value->kind == RTQ__AST_LITERAL && value->literal.is_null;
        size_t begin = p->tokens[open].end, end = p->tokens[p->pos - 1].begin;
        node->literal.text.len = end > begin ? end - begin : 0;
        node->literal.text.ptr = p->text + begin;
    }
    return rtq__p_done(p, node);
}
