/* lex.h - KQL text to tokens. Keywords go by spelling alone; whether one means a name is for the parser to say. */
#ifndef RTQ__LEX_H
#define RTQ__LEX_H
#include "base/mem.h"

enum {
    RTQ__WORD_N = 1, /* a name anywhere */
    RTQ__WORD_E = 2, /* a name where one is declared, and in wildcards */
    RTQ__WORD_S = 4, /* a name in a path */
    RTQ__WORD_T = 8, /* a type */
    RTQ__WORD_X = 16 /* a type that only find and typeof know */
};

typedef enum rtq__token_kind {
    RTQ__T_END,
    RTQ__T_DIRECTIVE, /* # to the end of its line */
    RTQ__T_IDENT,
    RTQ__T_STRING,
    /* long(...) and its like are one token; its kind says which literal it is */
    RTQ__T_BOOL,
    RTQ__T_LONG,
    RTQ__T_INT,
    RTQ__T_REAL,
    RTQ__T_DECIMAL,
    RTQ__T_DATETIME,
    RTQ__T_TIMESPAN,
    RTQ__T_GUID,
    RTQ__T_RAW_GUID, /* without guid(...): legal in few places */
    RTQ__T_LPAREN,
    RTQ__T_RPAREN,
    RTQ__T_LBRACKET,
    RTQ__T_RBRACKET,
    RTQ__T_LBRACE,
    RTQ__T_RBRACE,
    RTQ__T_BAR,
    RTQ__T_DOT,
    RTQ__T_DOTDOT,
    RTQ__T_PLUS,
    RTQ__T_MINUS,
    RTQ__T_STAR,
    RTQ__T_SLASH,
    RTQ__T_PERCENT,
    RTQ__T_LT,
    RTQ__T_LE,
    RTQ__T_LT_BAR,
    RTQ__T_LT_GT,
    RTQ__T_GT,
    RTQ__T_GE,
    RTQ__T_EQ,
    RTQ__T_EQ_EQ,
    RTQ__T_ARROW,
    RTQ__T_EQ_TILDE,
    RTQ__T_BANG,
    RTQ__T_BANG_EQ,
    RTQ__T_BANG_TILDE,
    RTQ__T_COLON,
    RTQ__T_SEMICOLON,
    RTQ__T_COMMA,
    RTQ__T_AT,
    RTQ__T_QUESTION,
    RTQ__T_BAD,        /* reported by the lexer already */
    RTQ__T_FIRST_WORD, /* everything from here on is a keyword */
    RTQ__T_WORDS_BEFORE = RTQ__T_FIRST_WORD - 1,
#define RTQ__WORD(token, text, flags) RTQ__W_##token,
#include "words.h"
#undef RTQ__WORD
    RTQ__T_N
} rtq__token_kind;

enum { RTQ__TOKEN_SPACED = 1 /* blanks or a comment before it */, RTQ__TOKEN_TYPED = 2 /* long(1), not 1 */ };
typedef struct rtq__token {
    uint16_t kind, flags;
    uint32_t begin, end;
} rtq__token;

/* Called for every bad spot. */
typedef void (*rtq__lex_error_fn)(void *user, size_t begin, size_t end, const char *message);

/* All tokens, the last one END. Bad characters are reported, and left out or made part of a name. OK or NOMEM. */
int rtq__lex(rtq__token **out, size_t *n_out, rtq__arena *arena, const char *text, size_t len, rtq__lex_error_fn error,
             void *user);
/* Bytes of blanks and comments at text[pos]. */
size_t rtq__lex_skip_blank(const char *text, size_t len, size_t pos);
/* Bytes of the string literal at text[pos], 0: there is none. *closed: its end quote is there. *bad_escape: the first
 * unknown escape, or 0. */
size_t rtq__lex_string(const char *text, size_t len, size_t pos, bool *closed, size_t *bad_escape);

unsigned rtq__word_flags(unsigned token_kind); /* RTQ__WORD_*; 0 for what is no keyword */
const char *rtq__word_text(unsigned token_kind);
/* Units of short timespans, "m", "min", ...: ticks of one unit times 100 (for nanoseconds); 0: no unit. */
int64_t rtq__timespan_unit(const char *ptr, size_t len);

#endif
