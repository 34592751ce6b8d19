/* regex_set.c - sets of code points. */
#include <stdlib.h>
#include <utf8proc.h>
#include "fn/regex.h"

enum { LAST = 0x10FFFF };

void rtq__cpset_init(rtq__cpset *s, rtq__mem *mem)
{
    memset(s, 0, sizeof *s);
    s->mem = mem;
}

void rtq__cpset_free(rtq__cpset *s)
{
    rtq__free(s->mem, s->r);
    s->r = NULL;
    s->n = s->cap = 0;
}

void rtq__cpset_add(rtq__cpset *s, uint32_t first, uint32_t last)
{
    if (s->n && s->r[s->n - 1][1] + 1 == first) { /* ranges mostly come in order */
        s->r[s->n - 1][1] = last;
        return;
    }
    if (rtq__grow(s->mem, &s->r, &s->cap, s->n + 1, sizeof *s->r) != RTQ_OK) {
        s->failed = true;
        return;
    }
    s->r[s->n][0] = first;
    s->r[s->n++][1] = last;
}

static int by_first(const void *a, const void *b)
{
    const uint32_t *x = a, *y = b;
    return (x[0] > y[0]) - (x[0] < y[0]);
}

void rtq__cpset_normal(rtq__cpset *s)
{
    if (s->n < 2)
        return;
    qsort(s->r, s->n, sizeof *s->r, by_first);
    size_t n = 1;
    for (size_t i = 1; i < s->n; i++) {
        if (s->r[i][0] <= s->r[n - 1][1] + 1) {
            if (s->r[i][1] > s->r[n - 1][1])
                s->r[n - 1][1] = s->r[i][1];
        } else {
            s->r[n][0] = s->r[i][0];
            s->r[n++][1] = s->r[i][1];
        }
    }
    s->n = n;
}

void rtq__cpset_negate(rtq__cpset *s)
{
    rtq__cpset others;
    uint32_t next = 0;
    rtq__cpset_init(&others, s->mem);
    rtq__cpset_normal(s);
    for (size_t i = 0; i < s->n; i++) {
        if (s->r[i][0] > next)
            rtq__cpset_add(&others, next, s->r[i][0] - 1);
        next = s->r[i][1] + 1;
    }
    if (next <= LAST)
        rtq__cpset_add(&others, next, LAST);
    others.failed |= s->failed;
    rtq__cpset_free(s);
    *s = others;
}

void rtq__cpset_union(rtq__cpset *s, const rtq__cpset *other)
{
    for (size_t i = 0; i < other->n; i++)
        rtq__cpset_add(s, other->r[i][0], other->r[i][1]);
    s->failed |= other->failed;
    rtq__cpset_normal(s);
}

void rtq__cpset_intersect(rtq__cpset *s, const rtq__cpset *other)
{
    rtq__cpset both;
    rtq__cpset_init(&both, s->mem);
    for (size_t i = 0, k = 0; i < s->n && k < other->n;) {
        uint32_t first = s->r[i][0] > other->r[k][0] ? s->r[i][0] : other->r[k][0];
        uint32_t last = s->r[i][1] < other->r[k][1] ? s->r[i][1] : other->r[k][1];
        if (first <= last)
            rtq__cpset_add(&both, first, last);
        if (s->r[i][1] < other->r[k][1])
            i++;
        else
            k++;
    }
    both.failed |= s->failed | other->failed;
    rtq__cpset_free(s);
    *s = both;
}

static bool in_category(const char *have, const char *name, size_t len)
{
    return have[0] == name[0] && (len == 1 || have[1] == name[1]);
}

static void add_category(rtq__cpset *s, const char *name, size_t len)
{
    for (uint32_t cp = 0; cp <= LAST && !s->failed; cp++)
        if (in_category(utf8proc_category_string((utf8proc_int32_t)cp), name, len))
            rtq__cpset_add(s, cp, cp);
}

bool rtq__cpset_property(rtq__cpset *s, const char *name, size_t len)
{
    static const struct {
        const char *name, *category;
    } names[] = {{"Letter", "L"},     {"Uppercase", "Lu"},        {"Uppercase_Letter", "Lu"},
                 {"Lowercase", "Ll"}, {"Lowercase_Letter", "Ll"}, {"Mark", "M"},
                 {"Number", "N"},     {"Decimal_Number", "Nd"},   {"Punctuation", "P"},
                 {"Symbol", "S"},     {"Separator", "Z"},         {"Other", "C"}};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strlen(names[i].name) == len && !memcmp(names[i].name, name, len)) {
            add_category(s, names[i].category, strlen(names[i].category));
            return true;
        }
    if ((len == 5 && !memcmp(name, "ascii", 5)) || (len == 5 && !memcmp(name, "ASCII", 5))) {
        rtq__cpset_add(s, 0, 0x7F);
        return true;
    }
    if (len < 1 || len > 2 || !strchr("LMNPSZC", name[0]) || (len == 2 && !strchr("ulmtonecdskpifc", name[1])))
        return false;
    add_category(s, name, len);
    return true;
}

void rtq__cpset_perl(rtq__cpset *s, char letter, bool unicode)
{
    static const uint16_t spaces[][2] = {{9, 13},          {32, 32},         {0x85, 0x85},     {0xA0, 0xA0},
                                         {0x1680, 0x1680}, {0x2000, 0x200A}, {0x2028, 0x2029}, {0x202F, 0x202F},
                                         {0x205F, 0x205F}, {0x3000, 0x3000}};
    static const uint32_t circled[][2] = {
        {0x200C, 0x200D}, {0x24B6, 0x24E9}, {0x1F130, 0x1F149}, {0x1F150, 0x1F169}, {0x1F170, 0x1F189}};
    if (letter == 's') {
        for (size_t i = 0; i < (unicode ? sizeof spaces / sizeof spaces[0] : 2); i++)
            rtq__cpset_add(s, spaces[i][0], spaces[i][1]);
    } else if (!unicode) {
        rtq__cpset_add(s, '0', '9');
        if (letter == 'w')
            rtq__cpset_add(s, 'A', 'Z'), rtq__cpset_add(s, '_', '_'), rtq__cpset_add(s, 'a', 'z');
    } else if (letter == 'd') {
        add_category(s, "Nd", 2);
    } else {
        for (uint32_t cp = 0; cp <= LAST && !s->failed; cp++) {
            const char *c = utf8proc_category_string((utf8proc_int32_t)cp);
            if (c[0] == 'L' || c[0] == 'M' || !memcmp(c, "Nd", 2) || !memcmp(c, "Nl", 2) || !memcmp(c, "Pc", 2))
                rtq__cpset_add(s, cp, cp);
        }
        for (size_t i = 0; i < sizeof circled / sizeof circled[0]; i++)
            rtq__cpset_add(s, circled[i][0], circled[i][1]);
    }
    rtq__cpset_normal(s);
}

void rtq__cpset_print(rtq__buf *out, const rtq__cpset *s)
{
    rtq__buf_adds(out, s->n ? "[" : "[^\\x{0}-\\x{10FFFF}]");
    for (size_t i = 0; i < s->n; i++) {
        rtq__buf_addf(out, "\\x{%X}", (unsigned)s->r[i][0]);
        if (s->r[i][1] != s->r[i][0])
            rtq__buf_addf(out, "-\\x{%X}", (unsigned)s->r[i][1]);
    }
    if (s->n)
        rtq__buf_addc(out, ']');
}
