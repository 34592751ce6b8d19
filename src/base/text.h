/* text.h - UTF-8, UTF-16, case folding, term boundaries, numbers as text. */
#ifndef RTQ__TEXT_H
#define RTQ__TEXT_H
#include "buf.h"

bool rtq__utf8_valid(const char *ptr, size_t len);
/* Copies with bad bytes replaced by U+FFFD (maximal subpart practice). Returns how many replacements. */
size_t rtq__utf8_repair(rtq__buf *out, const char *ptr, size_t len);
size_t rtq__utf8_length(const char *ptr, size_t len);             /* code points */
size_t rtq__utf8_next(uint32_t *cp, const char *ptr, size_t len); /* bytes taken, >= 1 while len > 0; bad: U+FFFD */
size_t rtq__utf8_previous(uint32_t *cp, const char *ptr,
                          size_t end); /* the code point that ends at ptr + end; bytes taken */
size_t rtq__utf8_put(char out[4], uint32_t cp);
bool rtq__is_alnum(uint32_t cp); /* letter or decimal digit: what terms are made of */
/* UTF-16LE (possibly unaligned, odd trailing byte ignored) to UTF-8. out has room for 3 * (len_bytes / 2). Lone surrogates
 * become U+FFFD. Returns bytes written; ASCII runs go 8 units at a time. */
size_t rtq__utf16_to_utf8(char *out, const void *utf16, size_t len_bytes);

/* May a terminal get it as it is? Not: control characters, marks that turn text around, what is no character. */
bool rtq__is_visible(uint32_t cp);
uint32_t rtq__visible_width(uint32_t cp); /* columns of a terminal */
/* Adds text with escapes for what is not visible and for heaps of combining marks, cut with a mark behind `most` columns.
 * Returns the columns it takes. */
uint32_t rtq__buf_add_visible(rtq__buf *buf, const char *s, size_t len, uint32_t most);
/* Adds lines of text with escapes for what is not visible; line ends and tabs stay. json: \uXXXX, so that JSON text stays the same. */
void rtq__buf_add_tame(rtq__buf *buf, const char *s, size_t len, bool json);

/* One simple case fold for all case-insensitive operators, without mappings that cross the ASCII border. */
uint32_t rtq__fold(uint32_t cp);
bool rtq__equal_nocase(const char *a, size_t a_len, const char *b, size_t b_len);
int rtq__compare_nocase(const char *a, size_t a_len, const char *b, size_t b_len);
/* A needle prepared for many haystacks (a constant of a query). Borrows the text. */
typedef struct rtq__needle {
    const char *ptr;
    size_t len, at[2]; /* its two rarest bytes */
    uint8_t byte[2], mask[2];
    bool match_case, ascii, alnum_first, alnum_last;
} rtq__needle;
enum { RTQ__TERM_BEGIN = 1, RTQ__TERM_END = 2 };
void rtq__needle_init(rtq__needle *needle, const char *ptr, size_t len, bool match_case);
ptrdiff_t rtq__needle_find(const rtq__needle *needle, const char *hay, size_t hay_len);          /* as rtq__find */
bool rtq__needle_has(const rtq__needle *needle, const char *hay, size_t hay_len, unsigned ends); /* as rtq__has_term */

/* Position of needle or -1. Empty needle: 0. */
ptrdiff_t rtq__find(const char *hay, size_t hay_len, const char *needle, size_t needle_len);
ptrdiff_t rtq__find_nocase(const char *hay, size_t hay_len, const char *needle, size_t needle_len);
/* Kusto `has`: needle occurs, and neither of its ends splits a run of alphanumeric characters. Empty needle: true. */
bool rtq__has_term(const char *hay, size_t hay_len, const char *needle, size_t needle_len, bool match_case);
bool rtq__has_prefix_term(const char *hay, size_t hay_len, const char *needle, size_t needle_len, bool match_case);
bool rtq__has_suffix_term(const char *hay, size_t hay_len, const char *needle, size_t needle_len, bool match_case);

/* Whole-string number parsing, Kusto's tolong/toreal rules (optional sign, 0x for long, surrounding blanks allowed). */
bool rtq__parse_long(int64_t *out, const char *ptr, size_t len);
bool rtq__parse_real(double *out, const char *ptr, size_t len); /* also NaN, Infinity, -Infinity */
size_t rtq__print_long(char out[24], int64_t value);
size_t rtq__print_unsigned(char out[20], uint64_t value);
size_t rtq__print_real(char out[40], double value);                 /* as tostring(real) of Kusto; locale free */
size_t rtq__print_real_json(char out[40], double value);            /* shortest round-trip; NaN etc. as "NaN" */
bool rtq__parse_guid(uint8_t out[16], const char *ptr, size_t len); /* with or without braces; RFC 9562 order */
size_t rtq__print_guid(char out[36], const uint8_t guid[16]);       /* lower case */

#endif
