/* fn_format.c - format_datetime and format_timespan. The format is cut into pieces when the query is compiled; what is neither a
 * documented specifier nor a documented delimiter is refused there. */
#include "base/diag.h"
#include "base/time.h"
#include "fn/families.h"

typedef struct piece {
    char what; /* specifier, or 0: a delimiter */
    char text; /* the delimiter */
    uint8_t len;
} piece;

typedef struct format {
    uint32_t n, max_len;
    piece pieces[];
} format;

/* Longest run of a specifier that is one piece; longer runs are several pieces ("ddd" is "dd" and "d"). */
static uint32_t longest(char what, uint32_t run, bool timespan)
{
    uint32_t cap = 0;
    switch (what) {
    case 'd': cap = timespan ? 8 : 2; break;
    case 'f':
    case 'F': cap = 7; break;
    case 'h':
    case 'H':
    case 'm':
    case 's': cap = 2; break;
    case 'M': cap = timespan ? 0 : 2; break;
    case 'y': cap = timespan ? 0 : run == 3 ? 2 : 4; break;
    case 't': return !timespan && run >= 2 ? 2 : 0;
    default: return 0;
    }
    return run < cap ? run : cap;
}

static int refuse(rtq_diag *diag, const rtq__fn *fn, const rtq__cell *text, uint32_t at, size_t begin, size_t end)
{
    int rc = text->len == 0 ? rtq__diag_add(diag, RTQ_ERR_SEMANTIC, RTQ__SEV_ERROR, begin, end,
                                            "the format of %s() is empty", fn->name)
                            : rtq__diag_add(diag, RTQ_ERR_SEMANTIC, RTQ__SEV_ERROR, begin, end,
                                            "%s() knows no '%c' in the format '%.*s'", fn->name, text->u.s[at],
                                            (int)text->len, text->u.s);
    rtq__diag_hint(diag, fn->tag ? "d f F h H m s, and the delimiters  /-:,._[] and blank"
                                 : "d f F h H m M s y yy yyyy tt, and the delimiters /-:,._[] and blank");
    return rc;
}

static int format_prepare(void **out, rtq__mem *mem, const rtq__fn *fn, const rtq__cell *const *args, uint32_t n_args,
                          rtq_diag *diag, size_t begin, size_t end)
{
    (void)n_args;
    const rtq__cell *text = args[1];
    if (!text)
        return RTQ_OK;
    if (text->len == 0)
        return refuse(diag, fn, text, 0, begin, end);
    format *f = rtq__calloc(mem, 1, sizeof *f + text->len * sizeof f->pieces[0]);
    if (!f)
        return RTQ_ERR_NOMEM;
    f->max_len = 2;
    for (uint32_t i = 0; i < text->len;) {
        char c = text->u.s[i];
        uint32_t run = 1;
        while (i + run < text->len && text->u.s[i + run] == c)
            run++;
        uint32_t len = longest(c, run, fn->tag != 0);
        if (len == 0 && (c == '\0' || !strchr(" /-:,._[]", c))) {
            rtq__free(mem, f);
            return refuse(diag, fn, text, i, begin, end);
        }
        f->pieces[f->n++] = len ? (piece){c, 0, (uint8_t)len} : (piece){0, c, 1};
        f->max_len += 9;
        i += len ? len : 1;
    }
    *out = f;
    return RTQ_OK;
}

static void format_unprepare(rtq__mem *mem, void *state)
{
    rtq__free(mem, state);
}

static uint32_t put(char *to, uint64_t value, uint32_t width)
{
    char digits[24];
    uint32_t n = 0;
    do
        digits[n++] = (char)('0' + value % 10);
    while ((value /= 10) != 0);
    while (n < width)
        digits[n++] = '0';
    for (uint32_t i = 0; i < n; i++)
        to[i] = digits[n - 1 - i];
    return n;
}

static uint32_t put_fraction(char *to, uint32_t ticks, const piece *p)
{
    static const uint32_t units[] = {0, 1000000, 100000, 10000, 1000, 100, 10, 1};
    uint32_t n = put(to, ticks / units[p->len], p->len);
    while (p->what == 'F' && n > 0 && to[n - 1] == '0')
        n--;
    return n;
}

static uint32_t put_piece(char *to, const piece *p, const rtq__civil *c, uint64_t days, bool timespan)
{
    switch (p->what) {
    case 'd': return put(to, timespan ? days : (uint64_t)c->day, p->len);
    case 'f':
    case 'F': return put_fraction(to, (uint32_t)c->ticks, p);
    case 'h':
        if (!timespan)
            return put(to, (uint64_t)((c->hour + 11) % 12 + 1), p->len);
        return put(to, (uint64_t)c->hour, p->len);
    case 'H': return put(to, (uint64_t)c->hour, p->len);
    case 'm': return put(to, (uint64_t)c->minute, p->len);
    case 's': return put(to, (uint64_t)c->second, p->len);
    case 'M': return put(to, (uint64_t)c->month, p->len);
    case 'y': return put(to, (uint64_t)(p->len < 4 ? c->year % 100 : c->year), p->len);
    case 't': memcpy(to, c->hour < 12 ? "AM" : "PM", 2); return 2;
    default: *to = p->text; return 1;
    }
}

static void row_format(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    (void)n_args;
    const format *f = ctx->state;
    bool timespan = ctx->fn->tag != 0, minus = timespan && args[0].u.i < 0;
    uint64_t ticks = minus ? 0 - (uint64_t)args[0].u.i : (uint64_t)args[0].u.i, days = ticks / (uint64_t)RTQ__TICKS_DAY;
    rtq__civil c = rtq__civil_from_ticks((int64_t)(timespan ? ticks % (uint64_t)RTQ__TICKS_DAY : ticks));
    char *text = rtq__arena_alloc(ctx->heap, f ? f->max_len : 1);
    uint32_t n = 0;
    if (!text) {
        ctx->error = RTQ_ERR_NOMEM;
        return;
    }
    if (minus)
        text[n++] = '-';
    for (uint32_t i = 0; f && i < f->n; i++)
        n += put_piece(text + n, &f->pieces[i], &c, days, timespan);
    *out = rtq__cell_s(text, n);
}

const rtq__fn rtq__fns_format[] = {
    {.name = "format_datetime",
     .args = "datetime, const string",
     .ret = "string",
     .naming = RTQ__NAME_FIRST,
     .row = row_format,
     .prepare = format_prepare,
     .unprepare = format_unprepare,
     .tag = 0,
     .doc = "a datetime as text",
     .page = "format-datetime-function"},
    {.name = "format_timespan",
     .args = "timespan, const string",
     .ret = "string",
     .naming = RTQ__NAME_FIRST,
     .row = row_format,
     .prepare = format_prepare,
     .unprepare = format_unprepare,
     .tag = 1,
     .doc = "a timespan as text",
     .page = "format-timespan-function"},
};
RTQ__FAMILY_COUNT(format)
