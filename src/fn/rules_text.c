/* rules_text.c - reading rules_text.h's part of YAML, a line at a time. */
#include "fn/rules_text.h"

void rtq__rules_text_init(rtq__rules_text *t, rtq__mem *mem, const char *text, size_t len)
{
    memset(t, 0, sizeof *t);
    t->pos = text;
    t->end = text + len;
    rtq__buf_init(&t->value, mem);
}

void rtq__rules_text_free(rtq__rules_text *t)
{
    rtq__buf_free(&t->value);
}

static int bad(rtq__rules_text *t, const char *why)
{
    t->why = why;
    return RTQ_ERR_DATA;
}

static bool only_comment(const char *p, const char *end)
{
    while (p < end && (*p == ' ' || *p == '\t' || *p == '\r'))
        p++;
    return p == end || *p == '#';
}

/* '…' with '' for a quote; "…" with \" \\ \t \n. */
static int quoted(rtq__rules_text *t, const char *p, const char *end)
{
    char quote = *p++;
    for (; p < end; p++) {
        if (*p == quote && quote == '\'' && p + 1 < end && p[1] == quote) {
            rtq__buf_addc(&t->value, *p++);
        } else if (*p == quote) {
            return only_comment(p + 1, end) ? RTQ_OK : bad(t, "something follows the quoted value");
        } else if (*p == '\\' && quote == '"') {
            const char *escape = p + 1 < end ? memchr("\"\\/tn", p[1], 5) : NULL;
            if (!escape)
                return bad(t, "unknown escape in a quoted value");
            rtq__buf_addc(&t->value, *escape == 't' ? '\t' : *escape == 'n' ? '\n' : *escape);
            p++;
        } else {
            rtq__buf_addc(&t->value, *p);
        }
    }
    return bad(t, "a quote is not closed in its line");
}

static int plain(rtq__rules_text *t, const char *p, const char *end)
{
    const char *stop = p;
    if (p < end && strchr("[]{}&*!|>%@`", *p))
        return bad(t, "this form of a value is not read: quotes are needed");
    while (stop < end && !(*stop == '#' && stop > p && stop[-1] == ' '))
        stop++;
    while (stop > p && (stop[-1] == ' ' || stop[-1] == '\r' || stop[-1] == '\t'))
        stop--;
    rtq__buf_add(&t->value, p, (size_t)(stop - p));
    return RTQ_OK;
}

static bool is_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

/* One line that is not empty: RTQ_OK: an entry, RTQ_AGAIN: a section. */
static int entry(rtq__rules_text *t, const char *p, const char *end)
{
    const char *begin = p, *key;
    while (p < end && *p == ' ')
        p++;
    t->first = p + 1 < end && p[0] == '-' && p[1] == ' ';
    if (t->first)
        for (p += 2; p < end && *p == ' ';)
            p++;
    for (key = p; p < end && is_name(*p);)
        p++;
    if (p == key || p == end || *p != ':' || (p + 1 < end && p[1] != ' ' && p[1] != '\r'))
        return bad(t, "this is not 'key: value'");
    if (key == begin) {
        t->section = key;
        t->section_len = (size_t)(p - key);
        return only_comment(p + 1, end) ? RTQ_AGAIN : bad(t, "a value without a section");
    }
    t->key = key;
    t->key_len = (size_t)(p++ - key);
    if (!t->section)
        return bad(t, "a value without a section");
    while (p < end && *p == ' ')
        p++;
    rtq__buf_clear(&t->value);
    int rc = p < end && (*p == '\'' || *p == '"') ? quoted(t, p, end) : plain(t, p, end);
    rtq__buf_addc(&t->value, '\0');
    t->value.len -= !t->value.failed;
    return t->value.failed ? RTQ_ERR_NOMEM : rc;
}

int rtq__rules_text_next(rtq__rules_text *t)
{
    while (t->pos < t->end) {
        const char *p = t->pos, *end = memchr(p, '\n', (size_t)(t->end - p));
        end = end ? end : t->end;
        t->pos = end < t->end ? end + 1 : end;
        t->line++;
        if (only_comment(p, end) || (end - p >= 3 && memcmp(p, "---", 3) == 0))
            continue;
        int rc = entry(t, p, end);
        if (rc != RTQ_AGAIN)
            return rc;
    }
    return RTQ_END;
}
