/* csv_infer.c - a table from a sample: names from the header, types that all cells of a column have. */
#include "base/text.h"
#include "base/time.h"
#include "sources/csv/csv.h"

enum { IS_BOOL = 1, IS_LONG = 2, IS_REAL = 4, IS_TIME = 8, IS_GUID = 16, IS_ALL = 31 };

/* ---- names --------------------------------------------------------------------------------------------------------------- */

static bool taken(const rtq__table *table, uint32_t n, const char *name)
{
    for (uint32_t i = 0; i < n; i++)
        if (strcmp(table->cols[i].name, name) == 0)
            return true;
    return false;
}

const char *rtq__csv_name(const rtq__table *table, uint32_t i, const csv_cell *cell, rtq__arena *arena)
{
    size_t len = 0;
    const char *text = cell ? rtq__csv_text(cell, &len, arena) : "", *name;

    if (!text)
        return NULL;
    while (len && (text[len - 1] == ' ' || text[len - 1] == '\t'))
        len--;
    while (len && (*text == ' ' || *text == '\t'))
        text++, len--;
    name = len && rtq__utf8_valid(text, len) && !memchr(text, 0, len) ? rtq__arena_strndup(arena, text, len)
                                                                      : rtq__arena_printf(arena, "col%u", i);
    for (uint32_t k = 1; name && taken(table, i, name); k++)
        name = len ? rtq__arena_printf(arena, "%.*s%u", (int)len, text, k) : rtq__arena_printf(arena, "col%u_%u", i, k);
    return name;
}

/* ---- types --------------------------------------------------------------------------------------------------------------- */

static size_t digits(const char *p, size_t len)
{
    size_t n = 0;
    while (n < len && p[n] >= '0' && p[n] <= '9')
        n++;
    return n;
}

/* As JSON writes numbers: 007 is not one, but an identifier. */
static unsigned number_kinds(const char *p, size_t len)
{
    size_t n;
    int64_t i;
    const char *whole = p;
    size_t whole_len = len;

    if (len && *p == '-')
        p++, len--;
    n = digits(p, len);
    if (n == 0 || (n > 1 && *p == '0'))
        return 0;
    p += n, len -= n;
    if (len == 0) /* too long for a long: a real would lose its digits */
        return rtq__parse_long(&i, whole, whole_len) ? IS_LONG | IS_REAL : 0;
    if (*p == '.') {
        n = digits(p + 1, len - 1);
        if (n == 0)
            return 0;
        p += n + 1, len -= n + 1;
    }
    if (len && (*p | 0x20) == 'e') {
        size_t sign = len > 1 && (p[1] == '-' || p[1] == '+');
        n = digits(p + 1 + sign, len - 1 - sign);
        if (n == 0)
            return 0;
        p += 1 + sign + n, len -= 1 + sign + n;
    }
    return len == 0 ? IS_REAL : 0;
}

static unsigned kinds_of(const char *p, size_t len)
{
    int64_t ticks;
    uint8_t guid[16];

    if (rtq__equal_nocase(p, len, "true", 4) || rtq__equal_nocase(p, len, "false", 5))
        return IS_BOOL;
    if (len >= 10 && digits(p, len) == 4 && p[4] == '-' && digits(p + 5, len - 5) == 2 && p[7] == '-' &&
        rtq__parse_datetime(&ticks, p, len))
        return IS_TIME;
    if (len == 36 && rtq__parse_guid(guid, p, len))
        return IS_GUID;
    return number_kinds(p, len);
}

static uint8_t kind_of(unsigned kinds, bool any)
{
    if (!any)
        return RTQ_STRING;
    return kinds & IS_BOOL   ? RTQ_BOOL
           : kinds & IS_LONG ? RTQ_LONG
           : kinds & IS_REAL ? RTQ_REAL
           : kinds & IS_TIME ? RTQ_DATETIME
           : kinds & IS_GUID ? RTQ_GUID
                             : RTQ_STRING;
}

/* ---- the sample ---------------------------------------------------------------------------------------------------------- */

/* The record at *p. DONE: n cells; MORE: the sample ends within it. Malformed ones have no say. */
static int record(csv_cell *cells, uint32_t *n, const char **p, const char *end, bool final, char delimiter)
{
    const char *why, *past;

    for (*n = 0; *n < CSV_MAX_COLS; (*p)++) {
        int got = rtq__csv_cell(&cells[(*n)++], p, end, delimiter, final, &why);
        if (got != CSV_DONE)
            return got;
        if (*p == end)
            return final ? CSV_DONE : CSV_MORE;
        if ((past = csv_line_end(*p, end))) {
            *p = past;
            return CSV_DONE;
        }
        if (**p != delimiter)
            return CSV_BAD;
    }
    return CSV_BAD;
}

static int first_record(csv_cell *cells, uint32_t *n, const char **p, const char *end, bool final, char delimiter,
                        const char **why)
{
    *why = CSV_NO_HEADER;
    if (*p == end)
        return RTQ_ERR_DATA;
    *why = "the header is not CSV, or too long";
    if (record(cells, n, p, end, final, delimiter) != CSV_DONE) {
        if (*n == CSV_MAX_COLS)
            *why = "the header has more than 4096 columns";
        return RTQ_ERR_DATA;
    }
    *why = CSV_CR_ALONE;
    for (uint32_t i = 0; i < *n; i++)
        if (rtq__csv_has_cr(&cells[i]))
            return RTQ_ERR_DATA;
    return RTQ_OK;
}

static int make_columns(rtq__table *table, rtq__arena *arena, const csv_cell *cells, uint32_t n, bool header)
{
    rtq__table_col *cols = rtq__arena_zalloc(arena, (n + 2u) * sizeof *cols);

    if (!cols)
        return RTQ_ERR_NOMEM;
    table->cols = cols;
    for (uint32_t i = 0; i < n; i++) {
        if (!(cols[i].name = rtq__csv_name(table, i, header ? &cells[i] : NULL, arena)))
            return RTQ_ERR_NOMEM;
        cols[i].kind = RTQ_STRING;
    }
    table->n_cols = n;
    return RTQ_OK;
}

static void narrow(unsigned *kinds, bool *any, const csv_cell *cell, rtq__arena *arena)
{
    size_t len;
    const char *text = rtq__csv_text(cell, &len, arena);

    if (!text || (len == 0 && !(cell->flags & CSV_QUOTED)))
        return;
    *any = true;
    if (*kinds)
        *kinds &= kinds_of(text, len);
}

int rtq__csv_infer(rtq__table *table, rtq__arena *arena, const char *p, size_t len, bool final, char *delimiter,
                   bool header, const char **why)
{
    const char *end = p + len, *first;
    rtq__arena_mark mark;
    csv_cell *cells;
    unsigned *kinds;
    bool *any;
    uint32_t n;
    int rc, got;

    if (len >= 3 && memcmp(p, "\xEF\xBB\xBF", 3) == 0)
        p += 3;
    while (p < end && (*p == '\n' || *p == '\r'))
        p++;
    cells = rtq__arena_alloc(arena, CSV_MAX_COLS * sizeof *cells);
    kinds = rtq__arena_alloc(arena, CSV_MAX_COLS * sizeof *kinds);
    any = rtq__arena_zalloc(arena, CSV_MAX_COLS * sizeof *any);
    if (!cells || !kinds || !any)
        return RTQ_ERR_NOMEM;
    if (header)
        *delimiter = rtq__csv_delimiter(&p, end, true, *delimiter);
    first = p;
    if ((rc = first_record(cells, &n, &p, end, final, *delimiter, why)) < 0)
        return rc;
    if (!header)
        p = first;
    if ((rc = make_columns(table, arena, cells, n, header)) < 0)
        return rc;
    for (uint32_t i = 0; i < n; i++)
        kinds[i] = IS_ALL;
    mark = rtq__arena_get_mark(arena);
    while (p < end) {
        uint32_t m;
        const char *from = p;
        if ((got = record(cells, &m, &p, end, final, *delimiter)) == CSV_MORE)
            break;
        if (got != CSV_DONE) { /* as the decoder does */
            p = memchr(got == CSV_OPEN ? from : p, '\n', (size_t)(end - (got == CSV_OPEN ? from : p)));
            p = p ? p + 1 : end;
        }
        for (uint32_t i = 0;
             got == CSV_DONE && m <= n && i < m && !(m == 1 && cells[0].len == 0 && !(cells[0].flags & CSV_QUOTED));
             i++)
            narrow(&kinds[i], &any[i], &cells[i], arena);
        rtq__arena_release(arena, mark);
    }
    for (uint32_t i = 0; i < n; i++)
        ((rtq__table_col *)(uintptr_t)table->cols)[i].kind = kind_of(kinds[i], any[i]);
    return RTQ_OK;
}
