/* csv_cell.c - where cells end, and what they say. */
#include "sources/csv/csv.h"
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

/* The next delimiter or newline at or after p; end: none. */
static inline const char *plain_end(const char *p, const char *end, char delimiter)
{
#if defined(__SSE2__)
    const __m128i d = _mm_set1_epi8(delimiter), nl = _mm_set1_epi8('\n');
    for (; p < end; p += 16) { /* the window is padded */
        __m128i x = _mm_loadu_si128((const __m128i *)(const void *)p);
        unsigned bits = (unsigned)_mm_movemask_epi8(_mm_or_si128(_mm_cmpeq_epi8(x, d), _mm_cmpeq_epi8(x, nl)));
        if (bits) {
            p += __builtin_ctz(bits);
            return p < end ? p : end;
        }
    }
    return end;
#else
    while (p < end && *p != delimiter && *p != '\n')
        p++;
    return p;
#endif
}

static int quoted(csv_cell *out, const char **p, const char *end, char delimiter, bool final, const char **why)
{
    const char *q = *p + 1;

    out->p = q;
    out->flags = CSV_QUOTED;
    while ((q = memchr(q, '"', (size_t)(end - q)))) {
        if (q + 1 == end && !final)
            return CSV_MORE;
        if (q + 1 == end || q[1] != '"')
            break;
        out->flags |= CSV_DOUBLED;
        q += 2;
    }
    if (!q) {
        *why = "a quote is not closed";
        return final ? CSV_OPEN : CSV_MORE;
    }
    out->len = (uint32_t)(q - out->p);
    *p = ++q;
    if (q == end || *q == delimiter || csv_line_end(q, end))
        return CSV_DONE;
    if (*q == '\r' && q + 1 == end) {
        *p = end;
        return final ? CSV_DONE : CSV_MORE;
    }
    *why = "text behind a closing quote";
    return CSV_BAD;
}

int rtq__csv_cell(csv_cell *out, const char **p, const char *end, char delimiter, bool final, const char **why)
{
    const char *q;

    if (*p < end && **p == '"')
        return quoted(out, p, end, delimiter, final, why);
    q = plain_end(*p, end, delimiter);
    if (q == end && !final)
        return CSV_MORE;
    out->p = *p;
    out->flags = 0;
    out->len = (uint32_t)(q - *p);
    if (out->len && q[-1] == '\r' && (q == end || *q == '\n')) {
        out->len--;
        q -= q < end;
    }
    *p = q;
    return CSV_DONE;
}

const char *rtq__csv_text(const csv_cell *cell, size_t *len, rtq__arena *heap)
{
    const char *p = cell->p, *end = p + cell->len, *q;
    char *text, *to;

    *len = cell->len;
    if (!(cell->flags & CSV_DOUBLED))
        return cell->p;
    if (!(text = to = rtq__arena_alloc(heap, cell->len)))
        return NULL;
    while ((q = memchr(p, '"', (size_t)(end - p)))) {
        memcpy(to, p, (size_t)(q + 1 - p));
        to += q + 1 - p;
        p = q + 2; /* quotes come in pairs here */
    }
    memcpy(to, p, (size_t)(end - p));
    *len = (size_t)(to - text) + (size_t)(end - p);
    return text;
}

bool rtq__csv_has_cr(const csv_cell *cell)
{
    return !(cell->flags & CSV_QUOTED) && memchr(cell->p, '\r', cell->len);
}

char rtq__csv_delimiter(const char **p, const char *end, bool final, char fixed)
{
    static const char candidates[] = ",;\t|";
    uint32_t n[sizeof candidates] = {0}, best = 0;
    const char *q = *p, *at;
    bool in_quotes = false;

    for (; q < end && (in_quotes || *q != '\n'); q++) {
        in_quotes ^= *q == '"';
        if (!in_quotes && *q && (at = strchr(candidates, *q)))
            n[at - candidates]++;
    }
    if (q == end && !final)
        return 0;
    if (q < end && (q - *p == 5 || (q - *p == 6 && q[-1] == '\r')) && memcmp(*p, "sep=", 4) == 0 &&
        !memchr("\0\r\"", (*p)[4], 3)) {
        char named = (*p)[4];
        for (*p = q + 1; *p < end && (**p == '\n' || **p == '\r');)
            ++*p;
        return fixed != CSV_GUESS ? fixed : named;
    }
    if (fixed != CSV_GUESS)
        return fixed;
    for (uint32_t i = 1; i < sizeof candidates - 1; i++)
        if (n[i] > n[best])
            best = i;
    return candidates[best];
}
