/* json_decode.c - records out of bytes, cells out of records. */
#include "sources/json/json.h"
#include "value/dyn_scan.h"

enum {
    IN_ARRAY = 1,
    AFTER_ITEM = 2,
    LINE_START = 4,
    MID_LINE = 8 /* the batch was full there */
};               /* rtq__feed_input.flags */

/* ---- cells ------------------------------------------------------------------------------------------------------------- */

/* Most numbers are short and whole. */
static bool short_integer(rtq__dyn *d)
{
    const char *p = d->u.p, *end = p + d->len;
    bool negative = *p == '-';
    int64_t n = 0;

    if (d->len > 18)
        return false;
    for (p += negative; p < end; p++) {
        if (*p < '0' || *p > '9')
            return false;
        n = n * 10 + (*p - '0');
    }
    *d = (rtq__dyn){.tag = RTQ__DYN_LONG, .u.i = negative ? -n : n};
    return true;
}

int rtq__json_settle(rtq__dyn *d, rtq__arena *heap)
{
    if (d->tag == JSON_NUMBER && !short_integer(d))
        rtq__json_value(d, d->u.p, d->u.p + d->len);
    return d->flags & RTQ__DYN_ESCAPED ? rtq__dyn_settle(d, heap) : RTQ_OK;
}

static int json_cell(rtq__cell *out, void *decoder, uint32_t row, uint32_t want)
{
    rtq__json *d = decoder;
    const json_want *w = &d->paths.wants[want];
    rtq__dyn value = d->staged[(size_t)row * d->paths.n_wants + w->slot];
    int rc = rtq__json_settle(&value, &d->rows.heap);

    return rc < 0 ? rc : rtq__feed_rows_convert(out, value, w->rest, w->n_rest, w->kind, &d->rows.heap);
}

/* Whole fields of type unknown: what is staged is the cell already, but for numbers and escapes. */
static bool json_fill(rtq__vec *vec, void *decoder, uint32_t want, const rtq__sel *sel, uint32_t n)
{
    rtq__json *d = decoder;
    const json_want *w = &d->paths.wants[want];
    rtq__dyn *cells = vec->data;

    if (w->n_rest || (w->kind != RTQ_UNKNOWN && w->kind != RTQ_DYNAMIC))
        return false;
    for (uint32_t i = 0; i < n; i++) {
        rtq__dyn *cell = &cells[sel[i]];
        *cell = d->staged[(size_t)sel[i] * d->paths.n_wants + w->slot];
        if ((cell->tag == JSON_NUMBER || cell->flags) && rtq__json_settle(cell, &d->rows.heap) < 0)
            return false; /* the slow way tells why */
        if (cell->tag == RTQ__DYN_NULL)
            rtq__bit_clear(vec->valid, sel[i]);
        else
            rtq__bit_set(vec->valid, sel[i]);
    }
    return true;
}

/* ---- lines ------------------------------------------------------------------------------------------------------------- */

/* Keeps line and column (bytes since the line began) while [p, end) goes by. */
static void count_lines(rtq__feed_input *in, const char *p, const char *end)
{
    const char *nl;
    while (p < end && (nl = memchr(p, '\n', (size_t)(end - p)))) {
        in->line++;
        in->column = 0;
        p = nl + 1;
    }
    in->column += (uint32_t)(end - p);
}

/* One value of the top level, or one item of an array there: OK: taken, *p is past it. AGAIN: more bytes are needed. ERR_DATA: it is
 * none (counted, *p is where it was noticed). final: there are no more bytes. */
static int take_value(rtq__json *d, rtq__feed_input *in, const char **p, const char *end, bool final)
{
    const char *why = "the text ends within a value", *past = *p;
    int got = JSON_BAD, rc;

    if (**p == '[' && !(in->flags & IN_ARRAY)) {
        in->flags |= IN_ARRAY;
        (*p)++;
        return RTQ_OK;
    }
    if (**p != '{')
        why = "not an object";
    else if ((got = d->object(d, *p, end, &past, &why)) == JSON_MORE && !final)
        return RTQ_AGAIN;
    if (got == JSON_DONE && (size_t)(past - *p) > d->max_record) {
        got = JSON_BAD;
        why = "longer than max_line_bytes";
    }
    if (got == JSON_DONE && !rtq__utf8_valid(*p, (size_t)(past - *p))) {
        got = JSON_BAD;
        why = "not valid UTF-8";
    }
    if (got != JSON_DONE) {
        rtq__feed_rows_bad(&d->rows, in->line, why);
        return RTQ_ERR_DATA;
    }
    if ((rc = rtq__feed_rows_offer(&d->rows)) < 0)
        return rc;
    if (in->flags & IN_ARRAY)
        in->flags |= AFTER_ITEM;
    *p = past;
    return RTQ_OK;
}

/* Brackets and commas of a top-level array. True: p is at a value. */
static bool take_punctuation(rtq__feed_input *in, const char **p, bool *bad)
{
    if (!(in->flags & IN_ARRAY))
        return true;
    if (**p == ']') {
        in->flags &= (uint32_t) ~(IN_ARRAY | AFTER_ITEM);
        (*p)++;
        return false;
    }
    if (!(in->flags & AFTER_ITEM))
        return true;
    *bad = **p != ',';
    in->flags &= (uint32_t)~AFTER_ITEM;
    *p += !*bad;
    return false;
}

/* The values of [*p, end). OK: all of it; AGAIN: rows are full, or (not final) the last value is not complete; ERR_DATA: a bad one. */
static int take_values(rtq__json *d, rtq__feed_input *in, const char **p, const char *end, bool final)
{
    for (;;) {
        const char *from = *p;
        bool bad = false;
        int rc = RTQ_OK;

        *p = json_blank(*p, end);
        if (in->mode == JSON_STREAM)
            count_lines(in, from, *p);
        if (*p >= end)
            return RTQ_OK;
        if (rtq__feed_rows_full(&d->rows))
            return RTQ_AGAIN;
        from = *p;
        if (take_punctuation(in, p, &bad))
            rc = take_value(d, in, p, end, final);
        if (bad) {
            rtq__feed_rows_bad(&d->rows, in->line, "',' or ']' was expected");
            rc = RTQ_ERR_DATA;
        }
        if (rc != RTQ_OK)
            return rc;
        if (in->mode == JSON_STREAM)
            count_lines(in, from, *p);
    }
}

static int take_line(rtq__json *d, rtq__feed_input *in, const char **p, const char *end)
{
    int rc = take_values(d, in, p, end, true);

    if (rc == RTQ_AGAIN)
        in->flags |= MID_LINE;
    if (rc == RTQ_AGAIN || rc == RTQ_ERR_NOMEM)
        return rc;
    if (rc == RTQ_OK && (in->flags & IN_ARRAY))
        rtq__feed_rows_bad(&d->rows, in->line, "the line ends within an array");
    in->flags &= (uint32_t) ~(IN_ARRAY | AFTER_ITEM | MID_LINE);
    *p = end;
    return RTQ_OK;
}

/* ---- framing by lines --------------------------------------------------------------------------------------------------- */

/* Bytes say that the line cannot match, and it looks like an object: one that does not is parsed, so that it is reported. */
static bool may_reject(rtq__json *d, size_t begin, size_t end)
{
    const char *p = d->filter.window;

    if (!d->filter.active || rtq__json_filter_line(d, begin, end))
        return false;
    while (end > begin && (p[end - 1] == '\r' || p[end - 1] == ' '))
        end--;
    return end > begin && p[begin] == '{' && p[end - 1] == '}';
}

static int take_lines(rtq__json *d, rtq__feed_input *in, const char *p, size_t len, bool final, size_t *used)
{
    size_t at = 0;
    int rc;

    rtq__json_filter_window(d, p, len);
    while (at < len) {
        const char *from = p + at + in->scanned, *nl = memchr(from, '\n', len - at - in->scanned), *q = p + at;
        size_t end = nl ? (size_t)(nl - p) : len;
        if (!nl && !final && end - at <= d->max_record) {
            in->scanned = len - at;
            break;
        }
        if (rtq__feed_rows_full(&d->rows)) {
            *used = at;
            return RTQ_AGAIN;
        }
        in->scanned = 0;
        if (end - at > d->max_record) {
            rtq__feed_rows_bad(&d->rows, in->line, "longer than max_line_bytes");
            in->flags &= (uint32_t) ~(IN_ARRAY | AFTER_ITEM | MID_LINE);
            in->skipping = !nl;
        } else if (!(in->flags & MID_LINE) && may_reject(d, at, end)) {
            rtq__feed_rows_reject(&d->rows);
        } else if ((rc = take_line(d, in, &q, p + end)) != RTQ_OK) {
            *used = (size_t)(q - p);
            return rc;
        }
        at = nl ? end + 1 : end;
        in->line += nl != NULL;
        if (in->skipping)
            break;
    }
    *used = at;
    return RTQ_OK;
}

/* ---- framing by structure ------------------------------------------------------------------------------------------------ */

/* Behind a bad value: on to a line that begins with an object and is not indented more than the bad one's. False: not seen yet. */
static bool skip_stream(rtq__feed_input *in, const char **p, const char *end)
{
    for (;;) {
        const char *q;
        if (!(in->flags & LINE_START)) {
            if (!(q = memchr(*p, '\n', (size_t)(end - *p)))) {
                *p = end;
                return false;
            }
            *p = q + 1;
            in->line++;
            in->flags |= LINE_START;
        }
        for (q = *p; q < end && (*q == ' ' || *q == '\t' || *q == '\r') && q - *p <= in->column;)
            q++;
        if (q == end)
            return false;
        in->flags &= (uint32_t)~LINE_START;
        if ((*q == '{' || (*q == ']' && (in->flags & IN_ARRAY))) && q - *p <= in->column) {
            in->flags &= (uint32_t)~AFTER_ITEM;
            in->column = (uint32_t)(q - *p);
            in->skipping = false;
            *p = q;
            return true;
        }
        *p = q;
    }
}

static int take_stream(rtq__json *d, rtq__feed_input *in, const char *p, size_t len, bool final, size_t *used)
{
    const char *q = p, *end = p + len;
    int rc;

    if (in->scanned && !final && len <= d->max_record && !memchr(p + in->scanned, '}', len - in->scanned)) {
        in->scanned = len; /* nothing can end here */
        return RTQ_OK;
    }
    in->scanned = 0;
    rc = take_values(d, in, &q, end, final);
    *used = (size_t)(q - p);
    if (rc == RTQ_ERR_DATA) {
        in->skipping = true;
        return RTQ_OK;
    }
    if (rc != RTQ_AGAIN || rtq__feed_rows_full(&d->rows))
        return rc;
    if ((size_t)(end - q) > d->max_record) {
        rtq__feed_rows_bad(&d->rows, in->line, "longer than max_line_bytes");
        in->skipping = true;
        return RTQ_OK;
    }
    in->scanned = (size_t)(end - q);
    return RTQ_OK;
}

/* ---- both ------------------------------------------------------------------------------------------------------------------ */

/* Lines or not? Decided by the first line alone, however the bytes arrive. False: not enough of them yet. */
static bool detect(rtq__json *d, rtq__feed_input *in, const char *p, size_t len, bool final)
{
    bool capped = len > d->max_record;
    const char *end = p + (capped ? d->max_record : len), *nl = memchr(p, '\n', (size_t)(end - p)), *past = p, *why;
    int got;

    if (*p != '{') {
        in->mode = *p == '[' ? JSON_STREAM : JSON_LINES;
        return true;
    }
    got = d->object(d, p, nl ? nl : end, &past, &why);
    final |= capped;
    if (got == JSON_MORE && !nl && !final)
        return false;
    if (got == JSON_DONE) {
        while (past < end && (*past == ' ' || *past == '\t' || *past == '\r'))
            past++;
        if (past == end && !final)
            return false;
        in->mode = (past == end && !capped) || *past == '\n' ? JSON_LINES : JSON_STREAM;
    } else {
        in->mode = got == JSON_MORE ? JSON_STREAM : JSON_LINES;
    }
    return true;
}

/* Byte order mark, blank lines in front, framing. False: more bytes are needed. */
static bool begin_input(rtq__json *d, rtq__feed_input *in, const char **p, const char *end, bool final)
{
    static const char bom[] = "\xEF\xBB\xBF";
    size_t n = (size_t)(end - *p);
    const char *from;

    if (in->line == 1 && in->column == 0 && n && memcmp(*p, bom, n < 3 ? n : 3) == 0) {
        if (n < 3 && !final)
            return false;
        if (n >= 3) {
            *p += 3;
            in->column = 3;
        }
    }
    from = *p;
    *p = json_blank(*p, end);
    count_lines(in, from, *p);
    if (*p == end)
        return false;
    if (d->framing) {
        in->mode = d->framing;
        return true;
    }
    return detect(d, in, *p, (size_t)(end - *p), final);
}

static bool skip(rtq__feed_input *in, const char **p, const char *end)
{
    const char *nl;

    if (in->mode == JSON_STREAM)
        return skip_stream(in, p, end);
    if (!(nl = memchr(*p, '\n', (size_t)(end - *p)))) {
        *p = end;
        return false;
    }
    *p = nl + 1;
    in->line++;
    in->skipping = false;
    return true;
}

static int json_take(void *decoder, rtq__feed_input *in, const char *p, size_t len, bool final, size_t *used)
{
    rtq__json *d = decoder;
    const char *q = p, *end = p + len;
    int rc = RTQ_OK;

    do {
        size_t n = 0;
        if (in->skipping && !skip(in, &q, end))
            break;
        if (!in->mode && !begin_input(d, in, &q, end, final))
            break;
        rc = in->mode == JSON_LINES ? take_lines(d, in, q, (size_t)(end - q), final, &n)
                                    : take_stream(d, in, q, (size_t)(end - q), final, &n);
        q += n;
    } while (rc == RTQ_OK && in->skipping);
    *used = final && rc == RTQ_OK ? len : (size_t)(q - p);
    return rc;
}

/* ---- life -------------------------------------------------------------------------------------------------------------- */

static int json_plan(void *decoder, rtq__demand_table *table)
{
    rtq__json *d = decoder;
    int rc = rtq__feed_rows_plan(&d->rows, table);

    d->n_guesses = 0;
    if (rc == RTQ_OK)
        rc = rtq__json_paths(d, table);
    return rc == RTQ_OK ? rtq__json_filter_plan(d, table) : rc;
}

static rtq__feed_rows *json_rows(void *decoder)
{
    return &((rtq__json *)decoder)->rows;
}

static void json_free(void *decoder)
{
    rtq__json *d = decoder;
    rtq__feed_rows_free(&d->rows);
    rtq__free(d->rows.mem, d);
}

int rtq__json_new(rtq__json **out, rtq__mem *mem, size_t max_record, uint8_t framing, rtq__source_stats *stats,
                  int64_t *max_time)
{
    rtq__json *d = rtq__calloc(mem, 1, sizeof *d);

    if (!d)
        return RTQ_ERR_NOMEM;
    rtq__feed_rows_init(&d->rows, mem, stats, max_time, json_cell, d);
    d->rows.fill = json_fill;
    d->max_record = max_record;
    d->framing = framing;
    d->object = rtq__json_object_best();
    *out = d;
    return RTQ_OK;
}

const rtq__feed_class rtq__json_feed = {json_plan, json_take, NULL, json_rows, json_free};
