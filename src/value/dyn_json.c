/* dyn_json.c - JSON text: checking it once (RFC 8259, without recursion), and scanning what was checked. */
#include "base/text.h"
#include "value/dyn_scan.h"

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}
static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

const char *rtq__json_blank(const char *p, const char *end)
{
    while (p < end && is_blank(*p))
        p++;
    return p;
}

/* The next quote, backslash or control character, eight bytes at a time. Each test is exact for the lowest byte it
 * finds, which is the one that counts. */
const char *rtq__json_special(const char *p, const char *end)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), tops = ones << 7;
    while (end - p >= 8) {
        uint64_t w;
        memcpy(&w, p, 8);
        uint64_t quote = w ^ ones * '"', slash = w ^ ones * '\\';
        uint64_t hit = ((quote - ones) & ~quote) | ((slash - ones) & ~slash) | ((w - ones * 0x20) & ~w);
        hit &= tops;
        if (hit)
            return p + (__builtin_ctzll(hit) >> 3);
        p += 8;
    }
    while (p < end && *p != '"' && *p != '\\' && (unsigned char)*p >= 0x20)
        p++;
    return p;
}

static const char *json_string(const char *p, const char *end, bool *escapes)
{
    *escapes = false;
    for (p++; (p = rtq__json_special(p, end)) < end; p++) {
        if (*p == '"')
            return p + 1;
        if (*p == '\\') {
            *escapes = true;
            p++;
        }
    }
    return end;
}

const char *rtq__json_skip(const char *p, const char *end)
{
    bool escapes;
    if (p < end && *p == '"')
        return json_string(p, end, &escapes);
    if (p < end && (*p == '{' || *p == '[')) {
        for (size_t depth = 0; p < end;) {
            char c = *p;
            if (c == '"') {
                p = json_string(p, end, &escapes);
                continue;
            }
            p++;
            if (c == '{' || c == '[')
                depth++;
            else if ((c == '}' || c == ']') && --depth == 0)
                return p;
        }
        return end;
    }
    while (p < end && *p != ',' && *p != '}' && *p != ']' && *p != ':' && !is_blank(*p))
        p++;
    return p;
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

static bool hex4(uint32_t *out, const char *p, const char *end)
{
    if (end - p < 4)
        return false;
    *out = 0;
    for (int i = 0; i < 4; i++) {
        int d = hex_digit(p[i]);
        if (d < 0)
            return false;
        *out = *out << 4 | (uint32_t)d;
    }
    return true;
}

/* Checkers: past the item, or NULL when it is malformed. */
static const char *check_string(const char *p, const char *end)
{
    uint32_t cp;
    for (p++; (p = rtq__json_special(p, end)) < end; p++) {
        if (*p == '"')
            return p + 1;
        if (*p != '\\' || ++p == end)
            return NULL;
        if (*p == 'u') {
            if (!hex4(&cp, p + 1, end))
                return NULL;
            p += 4;
        } else if (*p == '\0' || !strchr("\"\\/bfnrt", *p)) {
            return NULL;
        }
    }
    return NULL;
}

static const char *check_digits(const char *p, const char *end)
{
    const char *start = p;
    while (p < end && is_digit(*p))
        p++;
    return p > start ? p : NULL;
}

static const char *check_number(const char *p, const char *end)
{
    if (*p == '-' && ++p == end)
        return NULL;
    p = *p == '0' ? p + 1 : check_digits(p, end);
    if (p && p < end && *p == '.')
        p = check_digits(p + 1, end);
    if (p && p < end && (*p == 'e' || *p == 'E')) {
        p++;
        if (p < end && (*p == '+' || *p == '-'))
            p++;
        p = check_digits(p, end);
    }
    return p;
}

static const char *check_word(const char *p, const char *end, const char *word, size_t len)
{
    return (size_t)(end - p) >= len && memcmp(p, word, len) == 0 ? p + len : NULL;
}

static const char *check_scalar(const char *p, const char *end)
{
    switch (*p) {
    case '"': return check_string(p, end);
    case 't': return check_word(p, end, "true", 4);
    case 'f': return check_word(p, end, "false", 5);
    case 'n': return check_word(p, end, "null", 4);
    default: return *p == '-' || is_digit(*p) ? check_number(p, end) : NULL;
    }
}

static const char *check_key(const char *p, const char *end)
{
    if (*p != '"' || !(p = check_string(p, end)))
        return NULL;
    p = rtq__json_blank(p, end);
    return p < end && *p == ':' ? p + 1 : NULL;
}

bool rtq__json_check(const char *p, const char *end)
{
    enum { VALUE, VALUE_OR_END, KEY, KEY_OR_END, AFTER } state = VALUE;
    uint64_t bags[RTQ__DYN_DEPTH / 64] = {0}; /* a bit a level: set for bags */
    uint32_t depth = 0;
    for (;;) {
        p = rtq__json_blank(p, end);
        if (p == end)
            return state == AFTER && depth == 0;
        if (state == AFTER && depth == 0)
            return false;
        bool in_bag = depth > 0 && (bags[(depth - 1) / 64] >> ((depth - 1) % 64) & 1);
        if (((*p == ']' && !in_bag && state != VALUE) || (*p == '}' && in_bag && state != KEY && state != VALUE)) &&
            depth > 0) {
            depth--, p++;
            state = AFTER;
        } else if (state == AFTER) {
            if (*p++ != ',')
                return false;
            state = in_bag ? KEY : VALUE;
        } else if (state == KEY || state == KEY_OR_END) {
            if (!(p = check_key(p, end)))
                return false;
            state = VALUE;
        } else if (*p == '{' || *p == '[') {
            if (depth == RTQ__DYN_DEPTH)
                return false;
            uint64_t bit = UINT64_C(1) << (depth % 64);
            bags[depth / 64] = *p == '{' ? bags[depth / 64] | bit : bags[depth / 64] & ~bit;
            depth++;
            state = *p++ == '{' ? KEY_OR_END : VALUE_OR_END;
        } else {
            if (!(p = check_scalar(p, end)))
                return false;
            state = AFTER;
        }
    }
}

/* Long when it is written as an integer that fits, else real. */
static void number(rtq__dyn *out, const char *p, const char *end)
{
    bool negative = *p == '-';
    uint64_t n = 0;
    const char *q = p + negative;
    for (; q < end && is_digit(*q); q++) {
        uint64_t d = (uint64_t)(*q - '0');
        if (n > (UINT64_MAX - d) / 10)
            break;
        n = n * 10 + d;
    }
    if (q == end && n <= (uint64_t)INT64_MAX + negative) {
        out->tag = RTQ__DYN_LONG;
        out->u.i = (int64_t)(negative ? 0 - n : n);
        return;
    }
    double d = 0;
    if (!rtq__parse_real(&d, p, (size_t)(end - p)))
        return; /* stays null: not a number after all */
    out->tag = RTQ__DYN_REAL;
    out->u.d = d;
}

const char *rtq__json_value(rtq__dyn *out, const char *p, const char *end)
{
    memset(out, 0, sizeof *out);
    if (p >= end)
        return end;
    if (*p == '"') {
        bool escapes;
        const char *past = json_string(p, end, &escapes);
        out->tag = RTQ__DYN_STRING;
        out->flags = escapes ? RTQ__DYN_ESCAPED : 0;
        out->u.p = p + 1;
        out->len = past - p >= 2 ? (uint32_t)(past - p - 2) : 0;
        return past;
    }
    const char *past = rtq__json_skip(p, end);
    if (*p == '{' || *p == '[') {
        out->tag = RTQ__DYN_JSON;
        out->u.p = p;
        out->len = (uint32_t)(past - p);
    } else if (*p == 't' || *p == 'f') {
        out->tag = RTQ__DYN_BOOL;
        out->u.i = *p == 't';
    } else if (*p == '-' || is_digit(*p)) {
        number(out, p, past);
    }
    return past;
}

/* Decodes the escape at p (on the backslash), a surrogate pair as one. */
static const char *decode_escape(char out[4], size_t *n, const char *p, const char *end)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    *n = 0;
    if (++p >= end)
        return end;
    if (*p != 'u') {
        const char *at = *p ? strchr(from, *p) : NULL;
        out[(*n)++] = at ? to[at - from] : *p;
        return p + 1;
    }
    uint32_t cp, low;
    if (!hex4(&cp, p + 1, end))
        return end;
    p += 5;
    if (cp >= 0xD800 && cp < 0xDC00 && end - p >= 6 && p[0] == '\\' && p[1] == 'u' && hex4(&low, p + 2, end) &&
        low >= 0xDC00 && low < 0xE000) {
        cp = 0x10000 + ((cp - 0xD800) << 10) + (low - 0xDC00);
        p += 6;
    } else if (cp >= 0xD800 && cp < 0xE000) {
        cp = 0xFFFD; /* strings are valid UTF-8, which has no surrogates */
    }
    *n = rtq__utf8_put(out, cp);
    return p;
}

bool rtq__json_piece(rtq__json_text *t)
{
    if (t->p >= t->end)
        return false;
    if (*t->p == '\\') {
        t->p = decode_escape(t->decoded, &t->len, t->p, t->end);
        t->piece = t->decoded;
        return true;
    }
    const char *at = memchr(t->p, '\\', (size_t)(t->end - t->p));
    t->piece = t->p;
    t->len = (size_t)((at ? at : t->end) - t->p);
    t->p += t->len;
    return true;
}

size_t rtq__json_unescape(char *out, const char *p, size_t len)
{
    rtq__json_text t = {.p = p, .end = p + len};
    size_t n = 0;
    while (rtq__json_piece(&t)) {
        memcpy(out + n, t.piece, t.len);
        n += t.len;
    }
    return n;
}

int rtq__dyn_settle(rtq__dyn *d, rtq__arena *heap)
{
    if (!(d->flags & RTQ__DYN_ESCAPED) || d->tag != RTQ__DYN_STRING)
        return RTQ_OK;
    char *text = heap ? rtq__arena_alloc(heap, d->len ? d->len : 1) : NULL;
    if (!text)
        return RTQ_ERR_NOMEM;
    d->len = (uint32_t)rtq__json_unescape(text, d->u.p, d->len);
    d->u.p = text;
    d->flags = 0;
    return RTQ_OK;
}

int rtq__dyn_parse(rtq__dyn *out, const char *text, size_t len, rtq__arena *heap)
{
    memset(out, 0, sizeof *out);
    if (len > UINT32_MAX)
        return RTQ_ERR_DATA;
    const char *end = text + len, *p = rtq__json_blank(text, end);
    if (p == end)
        return RTQ_OK; /* parse_json("") is null */
    if (!rtq__json_check(p, end))
        return RTQ_ERR_DATA;
    rtq__json_value(out, p, end);
    return rtq__dyn_settle(out, heap);
}
