/* regex_translate.c - KQL's regular expressions to RE2's. Plain patterns come out as they went in. */
#include "base/text.h"
#include "fn/regex.h"

enum { MAX_NESTING = 200, MAX_CLASSES = 40 };
#define WORD                                                                                                           \
    "\\p{L}\\p{M}\\p{Nd}\\p{Nl}\\p{Pc}\\x{200C}\\x{200D}\\x{24B6}-\\x{24E9}\\x{1F130}-\\x{1F149}\\x{1F150}-\\x{1F169}" \
    "\\x{1F170}-\\x{1F189}"
#define SPACE "\\t-\\r \\x{85}\\x{A0}\\x{1680}\\x{2000}-\\x{200A}\\x{2028}\\x{2029}\\x{202F}\\x{205F}\\x{3000}"

typedef struct flags {
    bool verbose, ascii;
} flags;
typedef struct reader {
    const char *p;
    size_t len, i;
    rtq__buf *out;
    flags flags, outer[MAX_NESTING];
    unsigned depth;
    const char *why;
    size_t error_at;
} reader;

/* What one escape or plain character stands for. */
typedef struct item {
    enum { CP, PERL, PROPERTY, ASSERTION, POSIX } what;
    uint32_t cp;
    char letter;
    bool negated;
    const char *name;
    size_t len, begin, end;
} item;

static bool fail(reader *r, size_t at, const char *why)
{
    if (!r->why) {
        r->why = why;
        r->error_at = at;
    }
    return false;
}

static bool hex(reader *r, item *it, size_t digits) /* after \x, \u, \U */
{
    size_t begin = r->i;
    bool braces = r->i < r->len && r->p[r->i] == '{';
    if (braces)
        r->i++;
    uint32_t cp = 0;
    size_t n = 0;
    for (; r->i < r->len && n < (braces ? 8 : digits); r->i++, n++) {
        char c = r->p[r->i];
        if (c >= '0' && c <= '9')
            cp = cp * 16 + (uint32_t)(c - '0');
        else if ((c | 32) >= 'a' && (c | 32) <= 'f')
            cp = cp * 16 + (uint32_t)((c | 32) - 'a' + 10);
        else
            break;
    }
    if (!n || (!braces && n != digits) || cp > 0x10FFFF)
        return fail(r, begin, "bad hexadecimal character code");
    if (braces) {
        if (r->i >= r->len || r->p[r->i] != '}')
            return fail(r, begin, "bad hexadecimal character code");
        r->i++;
    }
    it->cp = cp;
    return true;
}

static bool property(reader *r, item *it, bool negated)
{
    size_t begin = r->i;
    it->what = PROPERTY;
    it->negated = negated;
    if (r->i >= r->len)
        return fail(r, begin, "the name of a character class is missing");
    if (r->p[r->i] != '{') {
        it->name = r->p + r->i++;
        it->len = 1;
        return true;
    }
    const char *close = memchr(r->p + r->i, '}', r->len - r->i);
    if (!close)
        return fail(r, begin, "a brace is not closed");
    it->name = r->p + r->i + 1;
    it->len = (size_t)(close - it->name);
    r->i = (size_t)(close - r->p) + 1;
    if (it->len && it->name[0] == '^')
        it->negated = !it->negated, it->name++, it->len--;
    return true;
}

static bool boundary(reader *r, item *it)
{
    if (r->i < r->len && r->p[r->i] == '{' && r->i + 1 < r->len && (r->p[r->i + 1] == 's' || r->p[r->i + 1] == 'e'))
        return fail(r, r->i, "boundaries of one side (\\b{start}, \\b{end}) are not supported");
    it->what = ASSERTION;
    return true;
}

/* At the character after the backslash. */
static bool escape(reader *r, item *it, bool in_class)
{
    size_t at = r->i - 1;
    if (r->i >= r->len)
        return fail(r, at, "a backslash ends the pattern");
    char c = r->p[r->i];
    it->letter = c;
    if ((unsigned char)c >= 0x80)
        return fail(r, at, "unknown escape");
    r->i++;
    switch (c) {
    case 'd':
    case 'D':
    case 'w':
    case 'W':
    case 's':
    case 'S':
        it->what = PERL;
        it->negated = c < 'a';
        it->letter = (char)(c | 32);
        return true;
    case 'p': return property(r, it, false);
    case 'P': return property(r, it, true);
    case 'x': return hex(r, it, 2);
    case 'u': return hex(r, it, 4);
    case 'U': return hex(r, it, 8);
    case 'a': it->cp = 7; return true;
    case 'f': it->cp = 12; return true;
    case 't': it->cp = 9; return true;
    case 'n': it->cp = 10; return true;
    case 'r': it->cp = 13; return true;
    case 'v': it->cp = 11; return true;
    case 'A':
    case 'z':
    case 'B':
    case 'b':
        if (in_class)
            return fail(r, at, "an assertion has no place in a character class");
        return boundary(r, it);
    case '<':
    case '>': return fail(r, at, "boundaries of one side (\\<, \\>) are not supported");
    default: break;
    }
    if (c >= '0' && c <= '7') {
        uint32_t cp = (uint32_t)(c - '0');
        for (int n = 1; n < 3 && r->i < r->len && r->p[r->i] >= '0' && r->p[r->i] <= '7'; n++)
            cp = cp * 8 + (uint32_t)(r->p[r->i++] - '0');
        it->cp = cp;
        return true;
    }
    if ((c >= '8' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z'))
        return fail(r, at, "unknown escape");
    it->cp = (unsigned char)c;
    return true;
}

static bool next_item(reader *r, item *it, bool in_class)
{
    memset(it, 0, sizeof *it);
    it->begin = r->i;
    bool ok = true;
    if (r->p[r->i] == '\\') {
        r->i++;
        ok = escape(r, it, in_class);
    } else {
        r->i += rtq__utf8_next(&it->cp, r->p + r->i, r->len - r->i);
    }
    it->end = r->i;
    return ok;
}

static void put_cp(rtq__buf *out, uint32_t cp)
{
    char text[4];
    if (cp >= 0x80 || (cp >= '0' && cp <= '9') || ((cp | 32) >= 'a' && (cp | 32) <= 'z') || cp == '_')
        rtq__buf_add(out, text, rtq__utf8_put(text, cp));
    else
        rtq__buf_addf(out, "\\x%02X", (unsigned)cp);
}

static bool blank(const reader *r, char c)
{
    return r->flags.verbose && (c == ' ' || (c >= 9 && c <= 13));
}

/* ---- classes ------------------------------------------------------------------------------------------------------ */

/* [:alpha:] at r->i; leaves r->i behind it. */
static bool posix(reader *r, item *it)
{
    static const char *const names[] = {"alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph",
                                        "lower", "print", "punct", "space", "upper", "word",  "xdigit"};
    if (r->i + 1 >= r->len || r->p[r->i] != '[' || r->p[r->i + 1] != ':')
        return false;
    size_t at = r->i + 2;
    bool negated = at < r->len && r->p[at] == '^';
    at += negated;
    for (size_t n = 0; n < sizeof names / sizeof names[0]; n++) {
        size_t len = strlen(names[n]);
        if (r->len - at >= len + 2 && !memcmp(r->p + at, names[n], len) && !memcmp(r->p + at + len, ":]", 2)) {
            *it = (item){
                .what = POSIX, .negated = negated, .name = names[n], .len = len, .begin = r->i, .end = at + len + 2};
            r->i = it->end;
            return true;
        }
    }
    return false;
}

static void add_posix(rtq__cpset *s, const item *it)
{
    static const struct {
        const char *name;
        uint8_t r[4][2];
    } sets[] = {{"alnum", {{'0', '9'}, {'A', 'Z'}, {'a', 'z'}}},
                {"alpha", {{'A', 'Z'}, {'a', 'z'}}},
                {"ascii", {{0, 127}}},
                {"blank", {{9, 9}, {32, 32}}},
                {"cntrl", {{0, 31}, {127, 127}}},
                {"digit", {{'0', '9'}}},
                {"graph", {{33, 126}}},
                {"lower", {{'a', 'z'}}},
                {"print", {{32, 126}}},
                {"punct", {{33, 47}, {58, 64}, {91, 96}, {123, 126}}},
                {"space", {{9, 13}, {32, 32}}},
                {"upper", {{'A', 'Z'}}},
                {"word", {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}}},
                {"xdigit", {{'0', '9'}, {'A', 'F'}, {'a', 'f'}}}};
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
        if (strcmp(sets[i].name, it->name))
            continue;
        for (int k = 0; k < 4 && sets[i].r[k][1]; k++)
            rtq__cpset_add(s, sets[i].r[k][0], sets[i].r[k][1]);
    }
}

/* Adds an item other than a character. */
static bool add_item(reader *r, rtq__cpset *s, const item *it)
{
    rtq__cpset own;
    rtq__cpset_init(&own, s->mem);
    bool ok = true;
    if (it->what == PERL)
        rtq__cpset_perl(&own, it->letter, !r->flags.ascii);
    else if (it->what == POSIX)
        add_posix(&own, it);
    else if (!rtq__cpset_property(&own, it->name, it->len))
        ok = fail(r, it->begin, "this Unicode class cannot be combined with other classes here");
    if (it->negated)
        rtq__cpset_negate(&own);
    rtq__cpset_union(s, &own);
    rtq__cpset_free(&own);
    return ok;
}

static char operator_at(const reader *r)
{
    char c = r->i + 1 < r->len ? r->p[r->i] : 0;
    return (c == '&' || c == '-' || c == '~') && r->p[r->i + 1] == c ? c : 0;
}

static void combine(rtq__cpset *left, rtq__cpset *right, char op)
{
    if (op == '&') {
        rtq__cpset_intersect(left, right);
    } else if (op == '-') {
        rtq__cpset_negate(right);
        rtq__cpset_intersect(left, right);
    } else if (op == '~') {
        rtq__cpset both;
        rtq__cpset_init(&both, left->mem);
        rtq__cpset_union(&both, left);
        rtq__cpset_intersect(&both, right);
        rtq__cpset_union(left, right);
        rtq__cpset_negate(&both);
        rtq__cpset_intersect(left, &both);
        rtq__cpset_free(&both);
    } else {
        rtq__cpset_union(left, right);
    }
    rtq__cpset_free(right);
}

/* At the character after '['. Operators have equal rank and go from left to right; what stands between two of them is a union. */
static bool read_set(reader *r, rtq__cpset *s, unsigned depth)
{
    size_t open = r->i - 1;
    rtq__cpset part;
    char op = 0;
    bool negated = false, ok = true, closed = false;
    rtq__cpset_init(&part, s->mem);
    if (depth > MAX_CLASSES)
        return fail(r, open, "character classes are nested too deep");
    if (r->i < r->len && r->p[r->i] == '^')
        negated = true, r->i++;
    for (bool first = true; ok && r->i < r->len; first = false) {
        item it, to;
        char c = r->p[r->i];
        if (blank(r, c)) {
            r->i++;
            continue;
        }
        if (c == ']' && !first) {
            closed = true;
            r->i++;
            break;
        }
        if (posix(r, &it)) {
            ok = add_item(r, &part, &it);
            continue;
        }
        if (c == '[') {
            rtq__cpset inner;
            rtq__cpset_init(&inner, s->mem);
            r->i++;
            ok = read_set(r, &inner, depth + 1);
            rtq__cpset_union(&part, &inner);
            rtq__cpset_free(&inner);
            continue;
        }
        char next_op = operator_at(r);
        if (next_op && !first) {
            r->i += 2;
            rtq__cpset_normal(&part);
            combine(s, &part, op);
            rtq__cpset_init(&part, s->mem);
            op = next_op;
            continue;
        }
        if (!(ok = next_item(r, &it, true)))
            break;
        if (it.what != CP) {
            ok = add_item(r, &part, &it);
            continue;
        }
        to = it;
        if (r->i + 1 < r->len && r->p[r->i] == '-' && r->p[r->i + 1] != ']' && r->p[r->i + 1] != '-') {
            r->i++;
            if (!(ok = next_item(r, &to, true)))
                break;
            if (to.what != CP || to.cp < it.cp)
                ok = fail(r, it.begin, "bad range in a character class");
        }
        rtq__cpset_add(&part, it.cp, to.cp);
    }
    rtq__cpset_normal(&part);
    combine(s, &part, op);
    if (negated)
        rtq__cpset_negate(s);
    return ok && (closed || fail(r, open, "a character class is not closed"));
}

/* Does the class at r->i (after '[') need sets: nesting, operators, \W or \S inside? */
static bool is_complex(const reader *r)
{
    size_t i = r->i;
    if (i < r->len && r->p[i] == '^')
        i++;
    for (bool first = true; i < r->len; i++, first = false) {
        char c = r->p[i], next = i + 1 < r->len ? r->p[i + 1] : 0;
        if (c == ']' && !first)
            return false;
        if (c == '\\') {
            if (next == 'W' || next == 'S')
                return true;
            i++;
        } else if (c == '[') {
            reader ahead = *r;
            item it;
            ahead.i = i;
            if (!posix(&ahead, &it))
                return true;
            i = it.end - 1;
        } else if (!first && c == next && (c == '&' || c == '-' || c == '~')) {
            return true;
        }
    }
    return false;
}

static void put_perl(reader *r, const item *it, bool in_class)
{
    const char *set = it->letter == 'w' ? WORD : it->letter == 's' ? SPACE : "\\p{Nd}";
    if (r->flags.ascii) {
        rtq__buf_addf(r->out, "\\%c", it->negated ? it->letter - 32 : it->letter);
        if (it->letter == 's' && in_class && !it->negated)
            rtq__buf_adds(r->out, "\\x0B");
    } else if (it->letter == 'd') {
        rtq__buf_adds(r->out, it->negated ? "\\P{Nd}" : "\\p{Nd}");
    } else if (in_class) {
        rtq__buf_adds(r->out, set);
    } else {
        rtq__buf_adds(r->out, it->negated ? "[^" : "[");
        rtq__buf_adds(r->out, set);
        rtq__buf_addc(r->out, ']');
    }
}

static void put_property(reader *r, const item *it)
{
    rtq__cpset s;
    if (it->len <= 2) { /* RE2 knows categories by their short names, and scripts */
        rtq__buf_addf(r->out, "\\%c{%.*s}", it->negated ? 'P' : 'p', (int)it->len, it->name);
        return;
    }
    rtq__cpset_init(&s, r->out->mem);
    if (rtq__cpset_property(&s, it->name, it->len)) {
        if (it->negated)
            rtq__cpset_negate(&s);
        rtq__cpset_print(r->out, &s);
    } else {
        rtq__buf_addf(r->out, "\\%c{%.*s}", it->negated ? 'P' : 'p', (int)it->len, it->name);
    }
    rtq__cpset_free(&s);
}

static bool simple_class(reader *r)
{
    size_t open = r->i - 1;
    rtq__buf_addc(r->out, '[');
    if (r->i < r->len && r->p[r->i] == '^') {
        rtq__buf_addc(r->out, '^');
        r->i++;
    }
    for (bool first = true; r->i < r->len; first = false) {
        item it;
        char c = r->p[r->i];
        if (blank(r, c)) {
            r->i++;
            continue;
        }
        if (c == ']' && !first) {
            rtq__buf_addc(r->out, ']');
            r->i++;
            return true;
        }
        if (posix(r, &it)) {
            rtq__buf_add(r->out, r->p + it.begin, it.end - it.begin);
            continue;
        }
        if (c == '-') {
            rtq__buf_addc(r->out, '-');
            r->i++;
            continue;
        }
        if (!next_item(r, &it, true))
            return false;
        if (it.what == PERL)
            put_perl(r, &it, true);
        else if (it.what == PROPERTY)
            rtq__buf_addf(r->out, "\\%c{%.*s}", it.negated ? 'P' : 'p', (int)it.len, it.name);
        else
            put_cp(r->out, it.cp);
    }
    return fail(r, open, "a character class is not closed");
}

static bool read_class(reader *r)
{
    if (!is_complex(r))
        return simple_class(r);
    rtq__cpset s;
    rtq__cpset_init(&s, r->out->mem);
    bool ok = read_set(r, &s, 0);
    if (s.failed)
        r->out->failed = true;
    if (ok)
        rtq__cpset_print(r->out, &s);
    rtq__cpset_free(&s);
    return ok;
}

/* ---- groups -------------------------------------------------------------------------------------------------------- */
static bool set_flags(reader *r, size_t open)
{
    bool on = true, any = false;
    flags f = r->flags;
    size_t start = r->out->len;
    rtq__buf_adds(r->out, "(?");
    for (; r->i < r->len && r->p[r->i] != ')' && r->p[r->i] != ':'; r->i++) {
        char c = r->p[r->i];
        if (c == '-' && on) {
            on = false;
        } else if (c == 'x') {
            f.verbose = on;
        } else if (c == 'u') {
            f.ascii = !on;
        } else if (c == 'R') {
            if (on)
                return fail(r, open, "the flag R is not supported");
        } else if (c == 'i' || c == 'm' || c == 's' || c == 'U') {
            if (!on && !memchr(r->out->ptr + start, '-', r->out->len - start))
                rtq__buf_addc(r->out, '-');
            rtq__buf_addc(r->out, c);
            any = true;
        } else {
            return fail(r, open, c == '=' || c == '!' ? "look-around is not supported" : "unknown flag of a group");
        }
        if (r->out->failed)
            return true;
    }
    if (r->i >= r->len)
        return fail(r, open, "a group is not closed");
    if (r->p[r->i++] == ')') {
        r->flags = f;
        if (any)
            rtq__buf_addc(r->out, ')');
        else
            r->out->len = start;
        return true;
    }
    rtq__buf_addc(r->out, ':');
    r->outer[r->depth++] = r->flags;
    r->flags = f;
    return true;
}

/* At the character after '('. Names that RE2 would not take are dropped. */
static bool open_group(reader *r)
{
    size_t open = r->i - 1, left = r->len - r->i;
    const char *p = r->p + r->i;
    if (r->depth == MAX_NESTING)
        return fail(r, open, "groups are nested too deep");
    if (!left || p[0] != '?') {
        rtq__buf_addc(r->out, '(');
        r->outer[r->depth++] = r->flags;
        return true;
    }
    size_t name = left > 2 && p[1] == '<' && p[2] != '=' && p[2] != '!' ? 2
                  : left > 2 && p[1] == 'P' && p[2] == '<'              ? 3
                                                                        : 0;
    if (!name) {
        if (left > 2 && p[1] == '<')
            return fail(r, open, "look-around is not supported");
        r->i++;
        return set_flags(r, open);
    }
    const char *close = memchr(p + name, '>', left - name);
    if (!close || close == p + name)
        return fail(r, open, "the name of a group is missing");
    r->i = (size_t)(close - r->p) + 1;
    bool plain = true;
    for (const char *c = p + name; c < close; c++)
        plain = plain && (*c == '_' || (*c >= '0' && *c <= '9') || ((*c | 32) >= 'a' && (*c | 32) <= 'z'));
    if (plain)
        rtq__buf_addf(r->out, "(?P<%.*s>", (int)(close - p - (ptrdiff_t)name), p + name);
    else
        rtq__buf_addc(r->out, '(');
    r->outer[r->depth++] = r->flags;
    return true;
}

static bool step(reader *r)
{
    item it;
    char c = r->p[r->i];
    if (blank(r, c)) {
        r->i++;
        return true;
    }
    if (r->flags.verbose && c == '#') {
        while (r->i < r->len && r->p[r->i] != '\n')
            r->i++;
        return true;
    }
    if (c == '[' || c == '(') {
        r->i++;
        return c == '[' ? read_class(r) : open_group(r);
    }
    if (c != '\\') {
        if (c == ')' && r->depth > 0)
            r->flags = r->outer[--r->depth];
        rtq__buf_addc(r->out, c);
        r->i++;
        return true;
    }
    if (!next_item(r, &it, false))
        return false;
    if (it.what == PERL)
        put_perl(r, &it, false);
    else if (it.what == PROPERTY)
        put_property(r, &it);
    else if (it.what == ASSERTION)
        rtq__buf_addf(r->out, "\\%c", it.letter);
    else
        put_cp(r->out, it.cp);
    return true;
}

/* KQL's syntax (regex.md) to RE2's: Unicode \d \w \s, class algebra, (?x), \u…, octal. Refused, with offset and reason: what RE2 cannot
 * do (look-around, half boundaries, (?R)). RTQ_OK, RTQ_ERR_SYNTAX, RTQ_ERR_NOMEM. */
static int translate_all(rtq__buf *out, const char *pattern, size_t len, size_t *error_at, const char **why)
{
    reader r = {.p = pattern, .len = len, .out = out};
    while (r.i < r.len && !out->failed)
        if (!step(&r)) {
            *error_at = r.error_at;
            *why = r.why;
            return out->failed ? RTQ_ERR_NOMEM : RTQ_ERR_SYNTAX;
        }
    return out->failed ? RTQ_ERR_NOMEM : RTQ_OK;
}

int rtq__regex_new(rtq__re **out, rtq__mem *mem, const char *pattern, size_t len, unsigned anchors, rtq_diag *diag,
                   size_t begin, size_t end)
{
    static const int64_t budgets[] = {8 << 20, 64 << 20,
                                      256 << 20}; /* of RE2: cached automata grow with it only when they need to */
    rtq__buf text;
    size_t at = 0;
    const char *why = "";
    char error[160] = "";
    rtq__buf_init(&text, mem);
    rtq__buf_adds(&text, anchors & RTQ__REGEX_BEGIN ? "\\A(?:" : anchors ? "(?:" : "");
    int rc = translate_all(&text, pattern, len, &at, &why);
    rtq__buf_adds(&text, anchors & RTQ__REGEX_END ? ")\\z" : anchors ? ")" : "");
    if (rc == RTQ_ERR_SYNTAX) {
        rtq__diag_add(diag, RTQ_ERR_SEMANTIC, RTQ__SEV_ERROR, begin, end,
                      "bad regular expression: %s, at offset %zu of the pattern", why, at);
        rc = RTQ_ERR_SEMANTIC;
    } else if (rc == RTQ_OK) {
        for (size_t i = 0; i < sizeof budgets / sizeof budgets[0]; i++) {
            rc = rtq__re_new(out, text.len ? text.ptr : "", text.len, budgets[i], error, sizeof error);
            if (rc != RTQ_ERR_SYNTAX || !strstr(error, "too large"))
                break;
        }
        if (rc == RTQ_ERR_SYNTAX) {
            rtq__diag_add(diag, RTQ_ERR_SEMANTIC, RTQ__SEV_ERROR, begin, end, "bad regular expression: %s", error);
            rc = RTQ_ERR_SEMANTIC;
        }
    }
    rtq__buf_free(&text);
    return rc;
}
