/* json_parse_loop.h - one forward pass over an object: RFC 8259 is checked, fields that somebody wants are staged, the rest is skipped.
 * Included once for each instruction set, with JSON_OBJECT the function's name. */
#include "sources/json/json.h"
#include "value/dyn_scan.h"
#if defined(__SSE2__)
#include <immintrin.h>
#endif

static inline bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static inline int fail(const char **why, const char *text)
{
    *why = text;
    return JSON_BAD;
}

/* The next byte at or after p that a string may not simply contain: quote, backslash, control character; end: none before it. */
static inline const char *special(const char *p, const char *end)
{
#if defined(__AVX2__)
    const __m256i quote = _mm256_set1_epi8('"'), slash = _mm256_set1_epi8('\\'), control = _mm256_set1_epi8(0x1f);
    for (; p < end; p += 32) { /* the window is padded */
        __m256i x = _mm256_loadu_si256((const __m256i *)(const void *)p);
        __m256i hit = _mm256_or_si256(_mm256_or_si256(_mm256_cmpeq_epi8(x, quote), _mm256_cmpeq_epi8(x, slash)),
                                      _mm256_cmpeq_epi8(_mm256_min_epu8(x, control), x));
        unsigned bits = (unsigned)_mm256_movemask_epi8(hit);
        if (bits) {
            p += __builtin_ctz(bits);
            return p < end ? p : end;
        }
    }
    return end;
#elif defined(__SSE2__)
    const __m128i quote = _mm_set1_epi8('"'), slash = _mm_set1_epi8('\\'), control = _mm_set1_epi8(0x1f);
    for (; p < end; p += 16) { /* the window is padded */
        __m128i x = _mm_loadu_si128((const __m128i *)(const void *)p);
        __m128i hit = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(x, quote), _mm_cmpeq_epi8(x, slash)),
                                   _mm_cmpeq_epi8(_mm_min_epu8(x, control), x));
        unsigned bits = (unsigned)_mm_movemask_epi8(hit);
        if (bits) {
            p += __builtin_ctz(bits);
            return p < end ? p : end;
        }
    }
    return end;
#else
    while (p < end && *p != '"' && *p != '\\' && (unsigned char)*p >= 0x20)
        p++;
    return p;
#endif
}

static inline bool is_hex(char c)
{
    return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

/* p on the first backslash, or what ends the string. */
static int scan_escapes(const char *p, const char *end, const char **close, bool *escapes, const char **why)
{
    for (;; p = special(p, end)) {
        if (p >= end)
            return JSON_MORE;
        if (*p == '"') {
            *close = p;
            return JSON_DONE;
        }
        if (*p != '\\')
            return fail(why, "control character in a string");
        *escapes = true;
        if (++p >= end)
            return JSON_MORE;
        switch (*p) {
        case '"':
        case '\\':
        case '/':
        case 'b':
        case 'f':
        case 'n':
        case 'r':
        case 't': p++; break;
        case 'u':
            if (end - p < 5)
                return JSON_MORE;
            if (!is_hex(p[1]) || !is_hex(p[2]) || !is_hex(p[3]) || !is_hex(p[4]))
                return fail(why, "\\u without four hexadecimal digits");
            p += 5;
            break;
        default: return fail(why, "unknown escape in a string");
        }
    }
}

/* p behind the opening quote; *close on the closing one. */
static inline int scan_string(const char *p, const char *end, const char **close, bool *escapes, const char **why)
{
    *escapes = false;
    p = special(p, end);
    if (p >= end || *p != '"')
        return scan_escapes(p, end, close, escapes, why);
    *close = p;
    return JSON_DONE;
}

static int scan_number(const char *p, const char *end, const char **past, const char **why)
{
    const char *digits;
    if (*p == '-' && ++p == end)
        return JSON_MORE;
    digits = p;
    while (p < end && is_digit(*p))
        p++;
    if (p < end && (p == digits || (*digits == '0' && p > digits + 1)))
        return fail(why, "malformed number");
    if (p < end && *p == '.') {
        digits = ++p;
        while (p < end && is_digit(*p))
            p++;
        if (p < end && p == digits)
            return fail(why, "malformed number");
    }
    if (p < end && (*p | 0x20) == 'e') {
        p++;
        if (p < end && (*p == '+' || *p == '-'))
            p++;
        digits = p;
        while (p < end && is_digit(*p))
            p++;
        if (p < end && p == digits)
            return fail(why, "malformed number");
    }
    *past = p;
    return p < end ? JSON_DONE : JSON_MORE; /* more digits may follow */
}

static int scan_word(const char *p, const char *end, const char *word, size_t len, const char **past, const char **why)
{
    size_t n = (size_t)(end - p) < len ? (size_t)(end - p) : len;
    if (memcmp(p, word, n) != 0)
        return fail(why, "unknown word");
    *past = p + n;
    return n == len ? JSON_DONE : JSON_MORE;
}

static inline int scan_scalar(rtq__dyn *out, const char *p, const char *end, const char **past, const char **why)
{
    const char *close;
    bool escapes;
    int rc;

    memset(out, 0, sizeof *out);
    switch (*p) {
    case '"':
        if ((rc = scan_string(p + 1, end, &close, &escapes, why)) != JSON_DONE)
            return rc;
        out->tag = RTQ__DYN_STRING;
        out->flags = escapes ? RTQ__DYN_ESCAPED : 0;
        out->u.p = p + 1;
        out->len = (uint32_t)(close - p - 1);
        *past = close + 1;
        return JSON_DONE;
    case 't':
    case 'f':
        out->tag = RTQ__DYN_BOOL;
        out->u.i = *p == 't';
        return *p == 't' ? scan_word(p, end, "true", 4, past, why) : scan_word(p, end, "false", 5, past, why);
    case 'n': return scan_word(p, end, "null", 4, past, why);
    default:
        if (*p != '-' && !is_digit(*p))
            return fail(why, "a value was expected");
        if ((rc = scan_number(p, end, past, why)) != JSON_DONE)
            return rc;
        out->tag = JSON_NUMBER;
        out->u.p = p;
        out->len = (uint32_t)(*past - p);
        return JSON_DONE;
    }
}

/* ---- containers ------------------------------------------------------------------------------------------------------- */
typedef struct level {
    uint32_t node;   /* of a bag with demanded members; UINT32_MAX: nothing inside is wanted by name */
    uint32_t staged; /* the node that wants the container itself, UINT32_MAX: nobody */
    const char *start;
    bool bag;
} level;

enum { NONE = UINT32_MAX };

static inline const char *next_token(const char *p, const char *end)
{
    return p < end && (unsigned char)*p > ' ' ? p : json_blank(p, end);
}

static inline bool same_name(const json_node *n, const char *name, size_t len)
{
    uint64_t head;
    if (n->len != len)
        return false;
    memcpy(&head, name, 8); /* padded */
    if (len < 8)
        head &= (UINT64_C(1) << (8 * len)) - 1;
    return head == n->head && (len <= 8 || memcmp(n->name + 8, name + 8, len - 8) == 0);
}

/* What an earlier value of the same name gave is forgotten: the last one counts. */
static inline void see(const rtq__json *d, json_node *n, rtq__dyn *row)
{
    if (n->seen == d->record)
        memset(row + n->own, 0, (n->below - n->own) * sizeof *row);
    n->seen = d->record;
}

/* The demanded name, or NONE. Eight bytes at `name` are readable. */
static inline uint32_t find_name(rtq__json *d, uint32_t parent, const char *name, size_t len, rtq__dyn *row)
{
    const json_node *p = &d->paths.nodes[parent];
    if (!(p->lens >> (len < 63 ? len : 63) & 1))
        return NONE;
    for (uint32_t i = d->paths.heads[p->table + (json_hash(name, len) & p->mask)]; i; i = d->paths.nodes[i].next) {
        json_node *n = &d->paths.nodes[i];
        if (!same_name(n, name, len))
            continue;
        see(d, n, row);
        return i;
    }
    return NONE;
}

/* Names with escapes. */
static uint32_t find_escaped(rtq__json *d, uint32_t parent, const char *name, size_t len, rtq__dyn *row)
{
    char text[2048 + 8];
    if (len > sizeof text - 8) /* names of queries are not that long */
        return NONE;
    return find_name(d, parent, text, rtq__json_unescape(text, name, len), row);
}

static inline void stage(const rtq__json *d, uint32_t node, const rtq__dyn *value, rtq__dyn *row)
{
    const json_node *n = &d->paths.nodes[node];
    for (uint32_t i = 0; i < n->n_own; i++)
        row[n->own + i] = *value;
}

static inline bool same_text(const json_guess *g, const char *p)
{
#if defined(__AVX2__)
    __m256i a = _mm256_loadu_si256((const __m256i *)(const void *)g->text);
    __m256i b = _mm256_loadu_si256((const __m256i *)(const void *)p); /* padded */
    return ((unsigned)_mm256_movemask_epi8(_mm256_cmpeq_epi8(a, b)) & g->mask) == g->mask;
#else
    return memcmp(g->text, p, g->len) == 0;
#endif
}

/* Is the next name the one that came here last time, or the one after it? Then it need not be looked at again. */
static inline bool guess_name(rtq__json *d, uint32_t *step, uint32_t parent, const char **p, const char *end,
                              uint32_t *node, rtq__dyn *row)
{
    for (uint32_t i = *step; i < d->n_guesses && i < *step + 2; i++) {
        const json_guess *g = &d->guesses[i];
        if (g->parent != parent || end - *p <= (ptrdiff_t)g->len || !same_text(g, *p) ||
            (unsigned char)(*p)[g->len] <= ' ')
            continue;
        *step = i + 1;
        *p += g->len;
        *node = g->child;
        if (g->child != NONE)
            see(d, &d->paths.nodes[g->child], row);
        return true;
    }
    return false;
}

static void remember(rtq__json *d, uint32_t *step, uint32_t parent, const char *from, const char *to, uint32_t node)
{
    json_guess *g = &d->guesses[*step];
    size_t len = (size_t)(to - from);

    if (*step == JSON_GUESSES)
        return;
    g->len = len <= JSON_GUESS_LEN ? (uint32_t)len : UINT32_MAX;
    g->mask = (uint32_t)((UINT64_C(1) << (len < JSON_GUESS_LEN ? len : JSON_GUESS_LEN)) - 1);
    g->parent = len <= JSON_GUESS_LEN ? parent : UINT32_MAX - 1; /* of nobody */
    g->child = node;
    memset(g->text, 0, sizeof g->text);
    memcpy(g->text, from, len <= JSON_GUESS_LEN ? len : 0);
    if (++*step > d->n_guesses)
        d->n_guesses = *step;
}

/* A name and its colon; p at the quote. *node: the demanded name. */
static int take_name(rtq__json *d, const level *in, const char **p, const char *end, uint32_t *node, rtq__dyn *row,
                     const char **why)
{
    const char *name = *p + 1, *close;
    bool escapes;
    int rc;

    if (**p != '"')
        return fail(why, "a name was expected");
    if ((rc = scan_string(name, end, &close, &escapes, why)) != JSON_DONE)
        return rc;
    *node = in->node == NONE ? NONE
            : escapes        ? find_escaped(d, in->node, name, (size_t)(close - name), row)
                             : find_name(d, in->node, name, (size_t)(close - name), row);
    *p = next_token(close + 1, end);
    if (*p >= end)
        return JSON_MORE;
    if (**p != ':')
        return fail(why, "':' was expected");
    *p = next_token(*p + 1, end);
    return *p < end ? JSON_DONE : JSON_MORE;
}

static inline void close_level(const rtq__json *d, const level *l, const char *past, rtq__dyn *row)
{
    rtq__dyn span = {.tag = RTQ__DYN_JSON, .len = (uint32_t)(past - l->start), .u.p = l->start};
    if (l->staged != NONE)
        stage(d, l->staged, &span, row);
}

static inline void open_level(const rtq__json *d, level *l, const char *p, uint32_t node)
{
    l->bag = *p == '{';
    l->start = p;
    l->staged = node != NONE && d->paths.nodes[node].n_own ? node : NONE;
    l->node = l->bag && node != NONE && d->paths.nodes[node].mask ? node : NONE;
}

int JSON_OBJECT(rtq__json *d, const char *p, const char *end, const char **past, const char **why)
{
    enum { OPENED, AFTER_VALUE, AFTER_COMMA } state = OPENED;
    rtq__dyn *row = d->staged + (size_t)d->rows.n * d->paths.n_wants;
    level levels[RTQ__DYN_DEPTH];
    uint32_t depth = 1, step = 0, node;
    rtq__dyn scalar;
    int rc;

    memset(row, 0, d->paths.n_wants * sizeof *row);
    d->record++;
    open_level(d, &levels[0], p++, 0);
    for (;;) {
        level *in = &levels[depth - 1];
        p = next_token(p, end);
        if (p >= end)
            return JSON_MORE;
        if (*p == (in->bag ? '}' : ']') && state != AFTER_COMMA) {
            close_level(d, in, ++p, row);
            state = AFTER_VALUE;
            if (--depth == 0)
                break;
            continue;
        }
        if (state == AFTER_VALUE) {
            if (*p++ != ',')
                return fail(why, in->bag ? "',' or '}' was expected" : "',' or ']' was expected");
            state = AFTER_COMMA;
            if ((p = next_token(p, end)) >= end)
                return JSON_MORE;
        }
        node = NONE;
        if (in->bag && !guess_name(d, &step, in->node, &p, end, &node, row)) {
            const char *from = p;
            if ((rc = take_name(d, in, &p, end, &node, row, why)) != JSON_DONE)
                return rc;
            remember(d, &step, in->node, from, p, node);
        }
        if (*p == '{' || *p == '[') {
            if (depth == RTQ__DYN_DEPTH)
                return fail(why, "nested too deeply");
            open_level(d, &levels[depth++], p++, node);
            state = OPENED;
            continue;
        }
        if (*p == '"' && node == NONE) {
            const char *close;
            bool escapes;
            if ((rc = scan_string(p + 1, end, &close, &escapes, why)) != JSON_DONE)
                return rc;
            p = close + 1;
        } else if ((rc = scan_scalar(&scalar, p, end, &p, why)) != JSON_DONE) {
            return rc;
        } else if (node != NONE) {
            stage(d, node, &scalar, row);
        }
        state = AFTER_VALUE;
    }
    *past = p;
    return JSON_DONE;
}
