/* lex.c - characters to tokens: words, numbers, strings, literals such as long(1), punctuation. */
#include "lex.h"
#include <string.h>
#include "rtq/value.h"

static const struct {
    const char *text;
    uint8_t len, flags;
} words[] = {
#define RTQ__WORD(token, text, flags) {text, sizeof(text) - 1, flags},
#include "words.h"
#undef RTQ__WORD
};
enum { N_WORDS = sizeof(words) / sizeof(words[0]) };

typedef struct lexer {
    const char *text;
    size_t len;
    rtq__lex_error_fn error;
    void *user;
} lexer;

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}
static bool is_word(char c)
{
    return is_letter(c) || is_digit(c) || c == '_';
}
static bool is_hex(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
static char peek(const lexer *lex, size_t pos)
{
    return pos < lex->len ? lex->text[pos] : '\0';
}

unsigned rtq__word_flags(unsigned token_kind)
{
    return token_kind >= RTQ__T_FIRST_WORD && token_kind < RTQ__T_N ? words[token_kind - RTQ__T_FIRST_WORD].flags : 0;
}

const char *rtq__word_text(unsigned token_kind)
{
    return token_kind >= RTQ__T_FIRST_WORD && token_kind < RTQ__T_N ? words[token_kind - RTQ__T_FIRST_WORD].text : "";
}

static size_t first_word_with(char c)
{
    size_t low = 0, high = N_WORDS;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if ((unsigned char)words[mid].text[0] < (unsigned char)c)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

/* The longest keyword that the text starts with and that ends where a word may end. */
static size_t longest_word(const lexer *lex, size_t pos, unsigned *kind)
{
    size_t best = 0, rest = lex->len - pos;
    const char *at = lex->text + pos;
    for (size_t i = first_word_with(at[0]); i < N_WORDS && words[i].text[0] == at[0]; i++) {
        size_t n = words[i].len;
        if (n > best && n <= rest && memcmp(words[i].text, at, n) == 0 && !is_word(peek(lex, pos + n))) {
            best = n;
            *kind = (unsigned)(RTQ__T_FIRST_WORD + i);
        }
    }
    return best;
}

/* Blank characters of KQL, in UTF-8: the ASCII ones without vertical tab, and the Unicode spaces. */
static size_t blank_len(const char *text, size_t len, size_t pos)
{
    const unsigned char *at = (const unsigned char *)text + pos;
    size_t rest = len - pos;
    if (rest == 0)
        return 0;
    if (at[0] == ' ' || at[0] == '\t' || at[0] == '\r' || at[0] == '\n' || at[0] == '\f')
        return 1;
    if (at[0] < 0xC2)
        return 0;
    if (rest >= 2 && at[0] == 0xC2 && at[1] == 0xA0)
        return 2;
    if (rest < 3)
        return 0;
    if ((at[0] == 0xE1 && at[1] == 0x9A && at[2] == 0x80) || (at[0] == 0xE1 && at[1] == 0xA0 && at[2] == 0x8E))
        return 3;
    if (at[0] == 0xE2 && at[1] == 0x80 && ((at[2] >= 0x80 && at[2] <= 0x8B) || at[2] == 0xAF))
        return 3;
    if (at[0] == 0xE2 && at[1] == 0x81 && at[2] == 0x9F)
        return 3;
    return (at[0] == 0xE3 && at[1] == 0x80 && at[2] == 0x80) || (at[0] == 0xEF && at[1] == 0xBB && at[2] == 0xBF) ? 3
                                                                                                                  : 0;
}

static bool line_break_at(const char *text, size_t len, size_t pos)
{
    if (text[pos] == '\r' || text[pos] == '\n')
        return true;
    return len - pos >= 3 && memcmp(text + pos, "\xE2\x80", 2) == 0 &&
           (text[pos + 2] == '\xA8' || text[pos + 2] == '\xA9');
}

size_t rtq__lex_skip_blank(const char *text, size_t len, size_t pos)
{
    size_t begin = pos;
    while (pos < len) {
        size_t blank = blank_len(text, len, pos);
        if (blank > 0) {
            pos += blank;
        } else if (len - pos >= 2 && text[pos] == '/' && text[pos + 1] == '/') {
            while (pos < len && !line_break_at(text, len, pos))
                pos++;
            if (pos < len)
                pos += text[pos] == '\r' || text[pos] == '\n' ? 1 : 3;
        } else {
            break;
        }
    }
    return pos - begin;
}

static size_t hex_run(const char *text, size_t len, size_t pos, size_t want)
{
    size_t n = 0;
    while (n < want && pos + n < len && is_hex(text[pos + n]))
        n++;
    return n == want ? want : 0;
}

/* Bytes of the escape at text[pos] == '\\', 0: not one that KQL knows. */
static size_t escape_len(const char *text, size_t len, size_t pos)
{
    char c = pos + 1 < len ? text[pos + 1] : '\0';
    if (c != '\0' && strchr("\\'\"abfnrtv", c))
        return 2;
    if (c == 'u' || c == 'U' || c == 'x') {
        size_t digits = c == 'u' ? 4 : c == 'U' ? 8 : 2;
        return hex_run(text, len, pos + 2, digits) ? digits + 2 : 0;
    }
    size_t n = 0;
    while (n < 3 && pos + 1 + n < len && text[pos + 1 + n] >= '0' && text[pos + 1 + n] <= '7')
        n++;
    if (n == 3 && c > '3')
        n = 2;
    return n > 0 ? n + 1 : 0;
}

size_t rtq__lex_string(const char *text, size_t len, size_t pos, bool *closed, size_t *bad_escape)
{
    size_t begin = pos;
    *closed = false;
    *bad_escape = 0;
    if (pos < len && (text[pos] == 'h' || text[pos] == 'H'))
        pos++;
    bool verbatim = pos < len && text[pos] == '@';
    pos += verbatim;
    if (pos >= len)
        return 0;
    char quote = text[pos];
    if (quote == '`' || quote == '~') {
        if (len - pos < 3 || text[pos + 1] != quote || text[pos + 2] != quote)
            return 0;
        for (pos += 3; pos < len; pos++) {
            if (text[pos] == quote && len - pos >= 3 && text[pos + 1] == quote && text[pos + 2] == quote) {
                *closed = true;
                return pos + 3 - begin;
            }
        }
        return len - begin;
    }
    if (quote != '"' && quote != '\'')
        return 0;
    for (pos++; pos < len && text[pos] != '\r' && text[pos] != '\n';) {
        if (text[pos] == quote) {
            if (verbatim && pos + 1 < len && text[pos + 1] == quote) {
                pos += 2;
                continue;
            }
            *closed = true;
            return pos + 1 - begin;
        }
        size_t step = 1;
        if (text[pos] == '\\' && !verbatim) {
            step = escape_len(text, len, pos);
            if (step == 0) {
                if (*bad_escape == 0)
                    *bad_escape = pos;
                step = 1;
            }
        }
        pos += step;
    }
    return pos - begin;
}

static size_t digits_at(const lexer *lex, size_t pos)
{
    size_t n = 0;
    while (is_digit(peek(lex, pos + n)))
        n++;
    return n;
}

static size_t raw_guid_len(const lexer *lex, size_t pos)
{
    static const uint8_t groups[5] = {8, 4, 4, 4, 12};
    size_t begin = pos;
    for (int i = 0; i < 5; i++) {
        if (i > 0 && peek(lex, pos++) != '-')
            return 0;
        if (!hex_run(lex->text, lex->len, pos, groups[i]))
            return 0;
        pos += groups[i];
    }
    return pos - begin;
}

static size_t exponent_len(const lexer *lex, size_t pos)
{
    if (peek(lex, pos) != 'e' && peek(lex, pos) != 'E')
        return 0;
    size_t sign = peek(lex, pos + 1) == '+' || peek(lex, pos + 1) == '-' ? 1 : 0;
    size_t n = digits_at(lex, pos + 1 + sign);
    return n > 0 ? 1 + sign + n : 0;
}

static size_t real_len(const lexer *lex, size_t begin)
{
    size_t pos = begin + digits_at(lex, begin);
    /* 1..5 is a range, 1...5 is the number 1. and a range */
    if (peek(lex, pos) == '.' && (peek(lex, pos + 1) != '.' || peek(lex, pos + 2) == '.')) {
        pos++;
        pos += digits_at(lex, pos);
        pos += exponent_len(lex, pos);
    } else {
        size_t exponent = exponent_len(lex, pos);
        if (exponent == 0)
            return 0;
        pos += exponent;
    }
    return is_word(peek(lex, pos)) ? 0 : pos - begin;
}

static const struct {
    const char *text;
    int64_t ticks_100; /* in hundredths of a tick: a nanosecond is one */
} units[] = {
    {"d", 86400000000000},
    {"day", 86400000000000},
    {"days", 86400000000000},
    {"h", 3600000000000},
    {"hr", 3600000000000},
    {"hrs", 3600000000000},
    {"hour", 3600000000000},
    {"hours", 3600000000000},
    {"m", 60000000000},
    {"min", 60000000000},
    {"minute", 60000000000},
    {"minutes", 60000000000},
    {"s", 1000000000},
    {"sec", 1000000000},
    {"second", 1000000000},
    {"seconds", 1000000000},
    {"ms", 1000000},
    {"milli", 1000000},
    {"millis", 1000000},
    {"millisec", 1000000},
    {"millisecond", 1000000},
    {"milliseconds", 1000000},
    {"micro", 1000},
    {"micros", 1000},
    {"microsec", 1000},
    {"microsecond", 1000},
    {"microseconds", 1000},
    {"nano", 1},
    {"nanos", 1},
    {"nanosec", 1},
    {"nanosecond", 1},
    {"nanoseconds", 1},
    {"tick", 100},
    {"ticks", 100},
};

int64_t rtq__timespan_unit(const char *ptr, size_t len)
{
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
        if (strlen(units[i].text) == len && memcmp(units[i].text, ptr, len) == 0)
            return units[i].ticks_100;
    return 0;
}

static size_t timespan_len(const lexer *lex, size_t begin)
{
    size_t pos = begin + digits_at(lex, begin);
    if (peek(lex, pos) == '.' && is_digit(peek(lex, pos + 1)))
        pos += 1 + digits_at(lex, pos + 1);
    size_t unit = pos;
    while (is_word(peek(lex, pos)))
        pos++;
    return rtq__timespan_unit(lex->text + unit, pos - unit) > 0 ? pos - begin : 0;
}

static size_t long_len(const lexer *lex, size_t begin)
{
    size_t pos = begin + digits_at(lex, begin);
    if (peek(lex, begin) == '0' && (peek(lex, begin + 1) == 'x' || peek(lex, begin + 1) == 'X')) {
        pos = begin + 2;
        while (is_hex(peek(lex, pos)))
            pos++;
        if (pos == begin + 2)
            return 0;
    }
    return is_word(peek(lex, pos)) ? 0 : pos - begin;
}

static unsigned number_token(const lexer *lex, size_t pos, size_t *n)
{
    if ((*n = raw_guid_len(lex, pos)) > 0)
        return RTQ__T_RAW_GUID;
    if ((*n = real_len(lex, pos)) > 0)
        return RTQ__T_REAL;
    if ((*n = timespan_len(lex, pos)) > 0)
        return RTQ__T_TIMESPAN;
    if ((*n = long_len(lex, pos)) > 0)
        return RTQ__T_LONG;
    for (*n = digits_at(lex, pos); is_word(peek(lex, pos + *n));)
        ++*n;
    return RTQ__T_IDENT; /* 1abc is a name */
}

static unsigned punctuation(const lexer *lex, size_t pos, size_t *n)
{
    char next = peek(lex, pos + 1);
    *n = 1;
    switch (lex->text[pos]) {
    case '(': return RTQ__T_LPAREN;
    case ')': return RTQ__T_RPAREN;
    case '[': return RTQ__T_LBRACKET;
    case ']': return RTQ__T_RBRACKET;
    case '{': return RTQ__T_LBRACE;
    case '}': return RTQ__T_RBRACE;
    case '|': return RTQ__T_BAR;
    case '+': return RTQ__T_PLUS;
    case '-': return RTQ__T_MINUS;
    case '*': return RTQ__T_STAR;
    case '/': return RTQ__T_SLASH;
    case '%': return RTQ__T_PERCENT;
    case ':': return RTQ__T_COLON;
    case ';': return RTQ__T_SEMICOLON;
    case ',': return RTQ__T_COMMA;
    case '?': return RTQ__T_QUESTION;
    case '@': return next == '"' || next == '\'' || next == '`' || next == '~' ? RTQ__T_END : RTQ__T_AT;
    default: break;
    }
    *n = 2;
    switch (lex->text[pos]) {
    case '.':
        if (next == '.')
            return RTQ__T_DOTDOT;
        *n = 1;
        return RTQ__T_DOT;
    case '<':
        if (next == '=' || next == '|' || next == '>')
            return next == '=' ? RTQ__T_LE : next == '|' ? RTQ__T_LT_BAR : RTQ__T_LT_GT;
        *n = 1;
        return RTQ__T_LT;
    case '>':
        if (next == '=')
            return RTQ__T_GE;
        *n = 1;
        return RTQ__T_GT;
    case '=':
        if (next == '=' || next == '>' || next == '~')
            return next == '=' ? RTQ__T_EQ_EQ : next == '>' ? RTQ__T_ARROW : RTQ__T_EQ_TILDE;
        *n = 1;
        return RTQ__T_EQ;
    case '!':
        if (next == '=' || next == '~')
            return next == '=' ? RTQ__T_BANG_EQ : RTQ__T_BANG_TILDE;
        break;
    default: break;
    }
    return RTQ__T_END;
}

/* The literal that "word(" begins, or END. */
static unsigned typed_literal(unsigned word)
{
    switch (word) {
    case RTQ__W_LONG:
    case RTQ__W_INT64: return RTQ__T_LONG;
    case RTQ__W_INT:
    case RTQ__W_INT32: return RTQ__T_INT;
    case RTQ__W_REAL:
    case RTQ__W_DOUBLE: return RTQ__T_REAL;
    case RTQ__W_DECIMAL: return RTQ__T_DECIMAL;
    case RTQ__W_BOOL: return RTQ__T_BOOL;
    case RTQ__W_DATETIME:
    case RTQ__W_DATE: return RTQ__T_DATETIME;
    case RTQ__W_TIME:
    case RTQ__W_TIMESPAN: return RTQ__T_TIMESPAN;
    case RTQ__W_GUID: return RTQ__T_GUID;
    default: return RTQ__T_END;
    }
}

static bool is_bool_word(const char *ptr, size_t len)
{
    static const char *const spellings[] = {"true", "True", "TRUE", "false", "False", "FALSE"};
    for (size_t i = 0; i < 6; i++)
        if (strlen(spellings[i]) == len && memcmp(spellings[i], ptr, len) == 0)
            return true;
    return false;
}

static void lex_string(const lexer *lex, rtq__token *token, size_t pos)
{
    bool closed;
    size_t bad_escape, n = rtq__lex_string(lex->text, lex->len, pos, &closed, &bad_escape);
    if (n == 0)
        return;
    token->kind = RTQ__T_STRING;
    token->end = (uint32_t)(pos + n);
    if (bad_escape)
        lex->error(lex->user, bad_escape, bad_escape + 2 <= lex->len ? bad_escape + 2 : lex->len,
                   "unknown escape in a string; write \\\\ for a backslash, or @\"...\"");
    if (!closed)
        lex->error(lex->user, pos, pos + n, "the string has no end quote");
}

/* A keyword, long(...) or its like at pos; false: neither. */
static bool lex_word(const lexer *lex, rtq__token *token, size_t pos)
{
    unsigned word = RTQ__T_IDENT;
    size_t n = longest_word(lex, pos, &word);
    if (n == 0)
        return false;
    unsigned literal = peek(lex, pos + n) == '(' ? typed_literal(word) : RTQ__T_END;
    if (literal != RTQ__T_END) {
        size_t end = pos + n + 1;
        while (end < lex->len && lex->text[end] != ')' && !line_break_at(lex->text, lex->len, end))
            end++;
        if (peek(lex, end) == ')')
            end++;
        else
            lex->error(lex->user, pos, end, "the literal has no ')'");
        token->kind = (uint16_t)literal;
        token->flags |= RTQ__TOKEN_TYPED;
        token->end = (uint32_t)end;
        return true;
    }
    token->kind = (uint16_t)word;
    token->end = (uint32_t)(pos + n);
    return true;
}

static void lex_identifier(const lexer *lex, rtq__token *token, size_t pos)
{
    size_t n = raw_guid_len(lex, pos);
    if (n > 0) {
        token->kind = RTQ__T_RAW_GUID;
        token->end = (uint32_t)(pos + n);
        return;
    }
    for (n = 1; is_word(peek(lex, pos + n));)
        n++;
    char c = lex->text[pos], next = peek(lex, pos + 1);
    token->kind = RTQ__T_IDENT;
    token->end = (uint32_t)(pos + n);
    if (is_bool_word(lex->text + pos, n))
        token->kind = RTQ__T_BOOL;
    else if (n == 1 && (c == 'h' || c == 'H') && next != '\0' && strchr("'\"`~@", next))
        lex_string(lex, token, pos);
}

/* The token at pos, which is no blank. A bad one has kind BAD. */
static rtq__token next_token(const lexer *lex, size_t pos)
{
    rtq__token token = {RTQ__T_BAD, 0, (uint32_t)pos, (uint32_t)pos + 1};
    char c = lex->text[pos];
    if (!is_word(c) && c != '$') {
        size_t n;
        unsigned kind = punctuation(lex, pos, &n);
        if (kind != RTQ__T_END) {
            token.kind = (uint16_t)kind;
            token.end = (uint32_t)(pos + n);
            return token;
        }
        if (c == '#') {
            while (token.end < lex->len && !line_break_at(lex->text, lex->len, token.end))
                token.end++;
            token.kind = RTQ__T_DIRECTIVE;
            return token;
        }
        lex_string(lex, &token, pos);
        if (token.kind != RTQ__T_BAD)
            return token;
    }
    if (lex_word(lex, &token, pos))
        return token;
    if (is_letter(c) || c == '_' || c == '$') {
        lex_identifier(lex, &token, pos);
    } else if (is_digit(c)) {
        size_t n;
        token.kind = (uint16_t)number_token(lex, pos, &n);
        token.end = (uint32_t)(pos + n);
    } else if (c == '!' && !is_word(peek(lex, pos + 1))) {
        token.kind = RTQ__T_BANG;
    }
    return token;
}

/* Reports a bad token. Letters outside ASCII were meant as a name, so one is made of them, or the name before them
 * grows: then the parser has nothing more to complain about. Everything else is left out. */
static bool keep_bad(const lexer *lex, rtq__token *token, rtq__token *before)
{
    bool letter = (unsigned char)lex->text[token->begin] >= 0x80;
    while (letter && token->end < lex->len &&
           ((unsigned char)lex->text[token->end] >= 0x80 || is_word(lex->text[token->end])))
        token->end++;
    lex->error(lex->user, token->begin, token->end,
               letter ? "a name with letters outside ASCII is written ['...']"
                      : "this character has no meaning in KQL");
    if (!letter)
        return false;
    if (before && before->kind == RTQ__T_IDENT && before->end == token->begin) {
        before->end = token->end;
        return false;
    }
    token->kind = RTQ__T_IDENT;
    return true;
}

int rtq__lex(rtq__token **out, size_t *n_out, rtq__arena *arena, const char *text, size_t len, rtq__lex_error_fn error,
             void *user)
{
    const lexer lex = {text, len, error, user};
    size_t cap = len / 4 + 16, n = 0, pos = 0;
    rtq__token *tokens = rtq__arena_alloc(arena, cap * sizeof(*tokens));
    if (!tokens)
        return RTQ_ERR_NOMEM;
    for (;;) {
        size_t blank = rtq__lex_skip_blank(text, len, pos);
        pos += blank;
        rtq__token token = {RTQ__T_END, 0, (uint32_t)pos, (uint32_t)pos};
        if (pos < len)
            token = next_token(&lex, pos);
        if (blank > 0)
            token.flags |= RTQ__TOKEN_SPACED;
        if (token.kind != RTQ__T_BAD || keep_bad(&lex, &token, n > 0 ? &tokens[n - 1] : NULL)) {
            if (n == cap) {
                rtq__token *more = rtq__arena_alloc(arena, 2 * cap * sizeof(*tokens));
                if (!more)
                    return RTQ_ERR_NOMEM;
                memcpy(more, tokens, n * sizeof(*tokens));
                tokens = more;
                cap *= 2;
            }
            tokens[n++] = token;
        }
        if (token.kind == RTQ__T_END)
            break;
        pos = token.end;
    }
    *out = tokens;
    *n_out = n;
    return RTQ_OK;
}
