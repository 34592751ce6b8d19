/* regex_literal.c - a text that every match of a pattern contains. Searching for it is several times faster than running the pattern, and
 * most rows do not have it. The scan is simple and gives up easily: what it does not understand has no such text. */
#include "fn/regex.h"

enum { SHORTEST = 3 };

typedef struct scan {
    const char *p;
    size_t len, i;
    char *run, *best; /* the run being read, the longest one so far */
    size_t n, n_best, cap;
} scan;

static void end_run(scan *s)
{
    if (s->n > s->n_best) {
        memcpy(s->best, s->run, s->n);
        s->n_best = s->n;
    }
    s->n = 0;
}

/* Past a class; false: it is not closed. */
static bool skip_class(scan *s)
{
    size_t depth = 0;
    for (bool first = true; s->i < s->len; s->i++) {
        char c = s->p[s->i];
        if (c == '\\') {
            s->i++;
        } else if (c == '[') {
            depth++;
            first = true;
            if (s->i + 1 < s->len && s->p[s->i + 1] == '^')
                s->i++;
            continue;
        } else if (c == ']' && !first && --depth == 0) {
            s->i++;
            return true;
        }
        first = false;
    }
    return false;
}

/* Past a group, whatever is in it. Flags that are set for what follows: give up. */
static bool skip_group(scan *s)
{
    size_t depth = 0;
    if (s->i + 2 < s->len && s->p[s->i + 1] == '?') {
        size_t end = s->i + 2;
        while (end < s->len && ((s->p[end] | 0x20) >= 'a' && (s->p[end] | 0x20) <= 'z'))
            end++;
        if (end < s->len && (s->p[end] == ')' || s->p[end] == '-' || s->p[end] == 'x'))
            return false;
    }
    while (s->i < s->len) {
        char c = s->p[s->i];
        if (c == '[') {
            if (!skip_class(s))
                return false;
            continue;
        }
        s->i += c == '\\' ? 2 : 1;
        if (c == '(')
            depth++;
        else if (c == ')' && --depth == 0)
            return true;
    }
    return false;
}

static bool is_literal(char c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') ||
           (c && strchr(" _-/:;,<>=@#%&\"'~`!", c));
}

/* A repetition behind what was read last: may it be missing? */
static bool optional(scan *s, bool *repeated)
{
    char c = s->i < s->len ? s->p[s->i] : 0;
    *repeated = c == '+' || c == '*' || c == '?' || c == '{';
    if (!*repeated)
        return false;
    if (c == '{') {
        const char *close = memchr(s->p + s->i, '}', s->len - s->i);
        s->i = close ? (size_t)(close - s->p) + 1 : s->len;
    } else {
        s->i++;
    }
    if (s->i < s->len && s->p[s->i] == '?')
        s->i++;
    return c != '+';
}

static bool step(scan *s, bool nocase)
{
    char c = s->p[s->i];
    bool repeated;
    if (c == '|' || c == ')' || (unsigned char)c >= 0x80)
        return false;
    if (c == '[' || c == '(') {
        end_run(s);
        return (c == '[' ? skip_class(s) : skip_group(s)) && (optional(s, &repeated), true);
    }
    if (c == '\\') {
        if (s->i + 1 >= s->len)
            return false;
        char escaped = s->p[s->i + 1];
        bool name = (escaped >= '0' && escaped <= '9') || ((escaped | 0x20) >= 'a' && (escaped | 0x20) <= 'z');
        if (name && !strchr("dDwWsSbBAz", escaped))
            return false;
        s->i += 2;
        c = name ? 0 : escaped;
    } else {
        s->i++;
        c = is_literal(c) ? c : 0;
    }
    /* With (?i), k and s also match letters outside ASCII, which the search does not fold. */
    if (nocase && ((c | 0x20) == 'k' || (c | 0x20) == 's'))
        c = 0;
    bool gone = optional(s, &repeated);
    if (c && !gone && s->n < s->cap)
        s->run[s->n++] = c;
    if (!c || repeated || s->n == s->cap)
        end_run(s);
    return true;
}

size_t rtq__regex_literal(char *out, size_t cap, const char *pattern, size_t len, bool *nocase)
{
    char run[64];
    scan s = {.p = pattern, .len = len, .run = run, .best = out, .cap = cap < sizeof run ? cap : sizeof run};
    *nocase = len > 4 && !memcmp(pattern, "(?i)", 4);
    if (*nocase)
        s.i = 4;
    while (s.i < s.len)
        if (!step(&s, *nocase))
            return 0;
    end_run(&s);
    return s.n_best >= SHORTEST ? s.n_best : 0;
}
