/* csv_decode.c - records out of bytes, cells out of records. */
#include "base/text.h"
#include "sources/csv/csv.h"

enum { BODY = 1 /* rtq__feed_input.mode: behind the header */, CSV_EXTRA = 9 /* of take_record */ };

/* ---- cells --------------------------------------------------------------------------------------------------------------- */

static int valid_text(const char **p, size_t *len, rtq__feed_rows *rows)
{
    rtq__buf fixed;
    char *copy;

    if (rtq__utf8_valid(*p, *len))
        return RTQ_OK;
    rtq__buf_borrow(&fixed, &rows->heap);
    rows->repaired += rtq__utf8_repair(&fixed, *p, *len) > 0;
    copy = fixed.failed ? NULL : rtq__arena_strndup(&rows->heap, fixed.ptr, fixed.len);
    *len = fixed.len;
    *p = copy;
    rtq__buf_give_back(&fixed, &rows->heap);
    return copy ? RTQ_OK : RTQ_ERR_NOMEM;
}

static int parse(rtq__cell *out, const char *p, size_t len, uint8_t kind, rtq__arena *heap)
{
    rtq__dyn d = {.tag = RTQ__DYN_STRING, .len = (uint32_t)len, .u.p = p};
    int rc;

    if (kind == RTQ_LONG) {
        *out = rtq__cell_i(RTQ_LONG, 0);
        out->is_null = !rtq__parse_long(&out->u.i, p, len);
        return RTQ_OK;
    }
    if (kind == RTQ_DYNAMIC) {
        if ((rc = rtq__dyn_parse(&d, p, len, heap)) == RTQ_ERR_DATA)
            d = (rtq__dyn){.tag = RTQ__DYN_STRING, .len = (uint32_t)len, .u.p = p};
        *out = rtq__cell_y(d);
        return rc == RTQ_ERR_NOMEM ? rc : RTQ_OK;
    }
    *out = rtq__dyn_to_cell(&d, kind, heap);
    return RTQ_OK;
}

static int csv_cell_of(rtq__cell *out, void *decoder, uint32_t row, uint32_t want)
{
    rtq__csv *d = decoder;
    const csv_want *w = &d->wants[want];
    const csv_cell *cell = w->slot == CSV_NONE ? NULL : &d->staged[(size_t)row * d->n_slots + w->slot];
    const char *p;
    size_t len;
    int rc;

    *out = rtq__cell_null(w->kind);
    if (!cell || (cell->flags & CSV_MISSING))
        return RTQ_OK;
    if (!(p = rtq__csv_text(cell, &len, &d->rows.heap)))
        return RTQ_ERR_NOMEM;
    if ((w->column_kind == RTQ_STRING || w->column_kind == RTQ_DYNAMIC) && (rc = valid_text(&p, &len, &d->rows)) < 0)
        return rc;
    if (w->column_kind == RTQ_STRING && w->n_path == 0) {
        *out = rtq__cell_s(p, len);
        return RTQ_OK;
    }
    if (len == 0)
        return RTQ_OK;
    if ((rc = parse(out, p, len, w->column_kind, &d->rows.heap)) < 0)
        return rc;
    d->rows.unfit += out->is_null && w->column_kind != RTQ_DYNAMIC;
    if (w->n_path == 0)
        return RTQ_OK;
    rtq__dyn base = {0};
    if (w->column_kind == RTQ_DYNAMIC && !out->is_null)
        base = out->u.y;
    return rtq__feed_rows_convert(out, base, w->path, w->n_path, w->kind, &d->rows.heap);
}

/* ---- records ------------------------------------------------------------------------------------------------------------- */

static uint32_t columns_of(const rtq__csv *d, const rtq__feed_input *in)
{
    return in->map ? in->flags : d->table->n_cols;
}

/* The record at p, staged as row rows->n; *past is behind it. Not DONE: *past is where it was noticed, or behind it. */
static int take_record(rtq__csv *d, const rtq__feed_input *in, const char *p, const char *end, bool final,
                       const char **past, const char **why)
{
    csv_cell *row = d->staged + (size_t)d->rows.n * d->n_slots, cell;
    uint32_t n_cols = columns_of(d, in), n = 0, extra = 0;

    for (uint32_t i = 0; i < d->n_slots; i++)
        row[i].flags = CSV_MISSING;
    for (;; p++, n++) {
        int got = rtq__csv_cell(&cell, &p, end, in->delimiter, final, why);
        uint32_t column = n >= n_cols ? CSV_NONE : in->map ? in->map[n] : n;
        *past = p;
        if (got != CSV_DONE)
            return got;
        if (column != CSV_NONE && d->slots[column] != CSV_NONE)
            row[d->slots[column]] = cell;
        extra |= n >= n_cols && cell.len;
        if (p == end || (*past = csv_line_end(p, end)))
            break;
    }
    *past = *past ? *past : end;
    if (extra) {
        *why = "more cells than columns";
        return CSV_EXTRA;
    }
    if (n + 1 < n_cols) {
        d->rows.ragged++;
        d->rows.ragged_line = d->rows.ragged_line ? d->rows.ragged_line : in->line;
    }
    return CSV_DONE;
}

static void count_lines(rtq__feed_input *in, const char *p, const char *end)
{
    while (p < end && (p = memchr(p, '\n', (size_t)(end - p)))) {
        in->line++;
        p++;
    }
}

/* ---- the header ---------------------------------------------------------------------------------------------------------- */

static uint32_t find_column(const rtq__table *table, const char *name)
{
    for (uint32_t i = 0; i < table->n_cols; i++)
        if (strcmp(table->cols[i].name, name) == 0)
            return i;
    return CSV_NONE;
}

/* Columns of this input to those of the table, by name. */
static int read_header(rtq__csv *d, rtq__feed_input *in, const char **p, const char *end, bool final)
{
    rtq__arena *heap = &d->rows.heap;
    rtq__table_col *seen = rtq__arena_zalloc(heap, CSV_MAX_COLS * sizeof *seen);
    rtq__table names = {.cols = seen};
    const char *q = *p, *why, *past = NULL;
    uint32_t n = 0, *map;
    bool same = true;

    if (!seen || !(map = rtq__arena_alloc(heap, CSV_MAX_COLS * sizeof *map)))
        return RTQ_ERR_NOMEM;
    for (;;) {
        csv_cell cell;
        int got = n == CSV_MAX_COLS ? CSV_BAD : rtq__csv_cell(&cell, &q, end, in->delimiter, final, &why);
        bool cr = got == CSV_DONE && rtq__csv_has_cr(&cell);
        if (got == CSV_MORE)
            return RTQ_AGAIN;
        if (got != CSV_DONE || cr) {
            rtq__feed_rows_bad(&d->rows, in->line,
                               cr                  ? CSV_CR_ALONE
                               : n == CSV_MAX_COLS ? "the header has more than 4096 columns"
                                                   : "the header is not CSV");
            past = memchr(*p, '\n', (size_t)(end - *p));
            in->skipping = !past;
            past = past ? past + 1 : NULL;
            n = 0;
            break;
        }
        if (!(seen[n].name = rtq__csv_name(&names, n, &cell, heap)))
            return RTQ_ERR_NOMEM;
        map[n] = find_column(d->table, seen[n].name);
        same &= map[n] == n;
        n++;
        if (q == end || (past = csv_line_end(q, end)))
            break;
        q++;
    }
    if (!(same && n == d->table->n_cols)) {
        if (!(in->map = rtq__alloc(d->rows.mem, (n ? n : 1) * sizeof *in->map)))
            return RTQ_ERR_NOMEM;
        memcpy(in->map, map, n * sizeof *map);
        in->flags = n;
    }
    past = past ? past : end;
    count_lines(in, *p, past);
    *p = past;
    return RTQ_OK;
}

/* Byte order mark and header. AGAIN: more bytes are needed. */
static int begin_input(rtq__csv *d, rtq__feed_input *in, const char **p, const char *end, bool final)
{
    size_t n = (size_t)(end - *p);
    bool capped;
    int rc;

    if (!d->header)
        in->delimiter = d->delimiter;
    if (in->tail) {
        in->mode = BODY;
        in->delimiter = d->tail_delimiter ? d->tail_delimiter : d->delimiter ? d->delimiter : ',';
        if (d->tail_map && d->header) {
            if (!(in->map = rtq__alloc(d->rows.mem, d->tail_cols * sizeof *in->map)))
                return RTQ_ERR_NOMEM;
            memcpy(in->map, d->tail_map, d->tail_cols * sizeof *in->map);
            in->flags = d->tail_cols;
        }
        return RTQ_OK;
    }
    if (in->column == 0 && n && memcmp(*p, "\xEF\xBB\xBF", n < 3 ? n : 3) == 0) {
        if (n < 3 && !final)
            return RTQ_AGAIN;
        if (n >= 3)
            *p += 3;
    }
    in->column = 1;
    if (d->header) {
        for (; *p < end && (**p == '\n' || **p == '\r'); (*p)++)
            in->line += **p == '\n';
        if (*p == end)
            return RTQ_AGAIN;
        if ((capped = (size_t)(end - *p) > d->max_record)) {
            end = *p + d->max_record; /* no header is that long: what it has by then */
            final = true;
        }
        if (!in->delimiter) {
            const char *from = *p;
            if (!(in->delimiter = rtq__csv_delimiter(p, end, final, d->delimiter)))
                return RTQ_AGAIN;
            count_lines(in, from, *p);
            if (*p == end)
                return RTQ_AGAIN;
        }
        if ((rc = read_header(d, in, p, end, final)) != RTQ_OK)
            return rc;
        in->skipping |= capped && *p == end && end[-1] != '\n';
    }
    in->mode = BODY;
    return RTQ_OK;
}

/* ---- taking -------------------------------------------------------------------------------------------------------------- */

/* Sets the record at *p aside. The text goes on behind it; where its end is not known, behind the line of `from`: the first line of a
 * record with an open quote, so that one stray quote costs one line. (Two such searches never go over the same text: every odd run of
 * quotes that could open one also closes one.) */
static void give_up(rtq__csv *d, rtq__feed_input *in, const char **p, const char *end, int got, const char *from,
                    const char *why)
{
    const char *to = from;

    rtq__feed_rows_bad(&d->rows, in->line,
                       got == CSV_MORE ? "longer than max_line_bytes, or a quote is not closed" : why);
    if (got != CSV_EXTRA) {
        to = memchr(from, '\n', (size_t)(end - from));
        in->skipping = !to;
        to = to ? to + 1 : end;
    }
    count_lines(in, *p, to);
    *p = to;
}

static int take_records(rtq__csv *d, rtq__feed_input *in, const char **p, const char *end, bool final)
{
    while (*p < end) {
        bool capped = (size_t)(end - *p) > d->max_record;
        const char *limit = capped ? *p + d->max_record : end, *past = NULL, *why = "", *blank = csv_line_end(*p, end);
        int got, rc;
        if (blank) {
            *p = blank;
            in->line++;
            continue;
        }
        if (rtq__feed_rows_full(&d->rows))
            return RTQ_AGAIN;
        got = take_record(d, in, *p, limit, final && !capped, &past, &why);
        if (got == CSV_MORE && !capped)
            return RTQ_OK;
        if (got != CSV_DONE) {
            give_up(d, in, p, end, got, got == CSV_MORE || got == CSV_OPEN ? *p : past, why);
            if (in->skipping)
                return RTQ_OK;
            continue;
        }
        if ((rc = rtq__feed_rows_offer(&d->rows)) < 0)
            return rc;
        count_lines(in, *p, past);
        *p = past;
    }
    return RTQ_OK;
}

static int csv_take(void *decoder, rtq__feed_input *in, const char *p, size_t len, bool final, size_t *used)
{
    rtq__csv *d = decoder;
    const char *q = p, *end = p + len, *nl;
    int rc = RTQ_OK;

    do {
        if (in->skipping) {
            nl = memchr(q, '\n', (size_t)(end - q));
            q = nl ? nl + 1 : end;
            in->line += nl != NULL;
            in->skipping = !nl;
        }
        if (q == end)
            break;
        if (in->mode != BODY && (rc = begin_input(d, in, &q, end, final)) != RTQ_OK) {
            rc = rc == RTQ_AGAIN ? RTQ_OK : rc;
            break;
        }
        if (in->skipping) /* a header without an end */
            continue;
        rc = take_records(d, in, &q, end, final);
    } while (rc == RTQ_OK && in->skipping);
    *used = final && rc == RTQ_OK ? len : (size_t)(q - p);
    return rc;
}

static void csv_input_end(void *decoder, rtq__feed_input *in)
{
    rtq__free(((rtq__csv *)decoder)->rows.mem, in->map);
    in->map = NULL;
}

/* ---- life ---------------------------------------------------------------------------------------------------------------- */

static int csv_plan(void *decoder, rtq__demand_table *table)
{
    rtq__csv *d = decoder;
    rtq__arena *arena = &d->rows.plan;
    int rc = rtq__feed_rows_plan(&d->rows, table);

    if (rc < 0)
        return rc;
    d->n_slots = 0;
    d->wants = rtq__arena_zalloc(arena, (table->n_wants + 1) * sizeof *d->wants);
    d->slots = rtq__arena_alloc(arena, (d->table->n_cols + 1) * sizeof *d->slots);
    if (!d->wants || !d->slots)
        return RTQ_ERR_NOMEM;
    memset(d->slots, 0xff, (d->table->n_cols + 1) * sizeof *d->slots);
    for (uint32_t i = 0; i < table->n_wants; i++) {
        const rtq__want *w = &table->wants[i];
        csv_want *to = &d->wants[i];
        to->slot = CSV_NONE;
        to->kind = w->kind;
        if (w->table_col < 0)
            continue;
        if (d->slots[w->table_col] == CSV_NONE)
            d->slots[w->table_col] = d->n_slots++;
        to->slot = d->slots[w->table_col];
        to->column_kind = d->table->cols[w->table_col].kind;
        if (w->n_segs > 1 && w->kind == RTQ_UNKNOWN) {
            to->path = w->segs + 1;
            to->n_path = w->n_segs - 1;
        }
    }
    d->staged = rtq__arena_alloc(arena, ((size_t)RTQ__ROWS * d->n_slots + 1) * sizeof *d->staged);
    return d->staged ? RTQ_OK : RTQ_ERR_NOMEM;
}

static rtq__feed_rows *csv_rows(void *decoder)
{
    return &((rtq__csv *)decoder)->rows;
}

static void csv_free(void *decoder)
{
    rtq__csv *d = decoder;
    rtq__feed_rows_free(&d->rows);
    rtq__free(d->rows.mem, d);
}

int rtq__csv_new(rtq__csv **out, rtq__mem *mem, const rtq__table *table, size_t max_record, char delimiter, bool header,
                 rtq__source_stats *stats, int64_t *max_time)
{
    rtq__csv *d = rtq__calloc(mem, 1, sizeof *d);

    if (!d)
        return RTQ_ERR_NOMEM;
    rtq__feed_rows_init(&d->rows, mem, stats, max_time, csv_cell_of, d);
    d->table = table;
    d->max_record = max_record;
    d->delimiter = delimiter;
    d->header = header;
    *out = d;
    return RTQ_OK;
}

const rtq__feed_class rtq__csv_feed = {csv_plan, csv_take, csv_input_end, csv_rows, csv_free};
