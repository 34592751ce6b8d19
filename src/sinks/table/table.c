/* table.c - aligned columns for people: widths in terminal cells, fitted to the window, nothing that a terminal would obey. */
#include "base/text.h"
#include "exec/out.h"
#include "sinks/kinds.h"
#include "sinks/output.h"

static const rtq__option_def options[] = {
    RTQ__OUTPUT_OPTIONS,
    {"width", RTQ__OPT_NUMBER, 0, 0, 0, "0", NULL,
     "columns of the window; 0: as the terminal says, no limit elsewhere"},
    {"colour", RTQ__OPT_CHOICE, 0, 0, 0, "auto", "auto|always|never", "emphasise the header"},
    {NULL, 0, 0, 0, 0, NULL, NULL, NULL},
};

enum { GAP = 2, LEAST = 4, CELL_MOST = 4096 };

struct table {
    rtq__output out;
    uint32_t width; /* 0: no limit */
    bool fixed, colour;
    rtq__out_schema *schema; /* of the header that stands above */
    uint32_t *widths;        /* as printed */
    rtq__buf text;           /* cells of a batch, one after another */
    rtq__buf name;           /* of the column at hand */
    uint32_t *ends, *cells;
    size_t cap_ends, cap_cells; /* by row * n + col: end in text, width */
};

static int table_open(void **user, rtq__mem *mem, const rtq_option *opts, size_t n, rtq_diag *diag)
{
    const char *colour;
    struct table *t;
    int64_t width;
    int rc = rtq__options_check(options, opts, n, "table", diag);

    if (rc < 0)
        return rc;
    width = rtq__option_number(options, opts, n, "width");
    if (width < 0 || width > 1 << 20)
        return rtq__diag_add(diag, RTQ_ERR_ARG, RTQ__SEV_ERROR, 0, 0, "width is a number of columns, 0 to %d", 1 << 20);
    if (!(t = rtq__calloc(mem, 1, sizeof *t)))
        return RTQ_ERR_NOMEM;
    rtq__buf_init(&t->text, mem);
    rtq__buf_init(&t->name, mem);
    if ((rc = rtq__output_open(&t->out, mem, rtq__option_get(options, opts, n, "path"),
                               rtq__option_bool(options, opts, n, "append"), diag)) < 0) {
        rtq__output_close(&t->out);
        rtq__free(mem, t);
        return rc;
    }
    t->width = (uint32_t)width;
    t->fixed = t->width != 0;
    colour = rtq__option_get(options, opts, n, "colour");
    t->colour = strcmp(colour, "always") == 0 || (strcmp(colour, "auto") == 0 && t->out.terminal);
    *user = t;
    return RTQ_OK;
}

static void table_destroy(void *user)
{
    struct table *t = user;
    rtq__mem *mem = t->out.mem;
    rtq__buf_free(&t->text);
    rtq__buf_free(&t->name);
    rtq__free(mem, t->ends);
    rtq__free(mem, t->cells);
    rtq__free(mem, t->widths);
    rtq__out_schema_unref(t->schema);
    rtq__output_close(&t->out);
    rtq__free(mem, t);
}

static const char *table_error(void *user)
{
    return ((struct table *)user)->out.broken ? ((struct table *)user)->out.error : NULL;
}

static int render_cells(struct table *t, const rtq_batch *batch)
{
    uint32_t n = batch->schema->n, rows = batch->rows->n_sel;
    size_t need = (size_t)rows * n;
    rtq__buf one;
    int rc;

    if ((rc = rtq__grow(t->out.mem, &t->ends, &t->cap_ends, need, sizeof *t->ends)) < 0 ||
        (rc = rtq__grow(t->out.mem, &t->cells, &t->cap_cells, need, sizeof *t->cells)) < 0)
        return rc;
    rtq__buf_clear(&t->text);
    rtq__buf_init(&one, t->out.mem);
    for (uint32_t r = 0; r < rows; r++)
        for (uint32_t c = 0; c < n; c++) {
            rtq__cell cell = rtq__out_cell(batch, r, c);
            size_t at = (size_t)r * n + c;
            if (cell.kind == RTQ_STRING) {
                t->cells[at] = rtq__buf_add_visible(&t->text, cell.u.s, cell.len, CELL_MOST);
            } else {
                rtq__buf_clear(&one);
                if (!cell.is_null)
                    rtq__cell_print_text(&one, &cell);
                t->cells[at] = rtq__buf_add_visible(&t->text, one.ptr, one.len, CELL_MOST);
            }
            t->ends[at] = (uint32_t)t->text.len;
        }
    rc = one.failed || t->text.failed ? RTQ_ERR_NOMEM : RTQ_OK;
    rtq__buf_free(&one);
    return rc;
}

/* Takes from the widest until all fit; no column gets narrower than LEAST or its own need. */
static void fit(uint32_t *widths, uint32_t n, uint32_t window)
{
    uint64_t total = 0;

    for (uint32_t i = 0; i < n; i++)
        total += widths[i] + (i ? GAP : 0);
    while (window && total > window) {
        uint32_t widest = 0, second = LEAST;
        uint64_t cut;
        for (uint32_t i = 1; i < n; i++)
            if (widths[i] > widths[widest])
                widest = i;
        for (uint32_t i = 0; i < n; i++)
            if (i != widest && widths[i] > second && widths[i] < widths[widest])
                second = widths[i];
        if (widths[widest] <= LEAST)
            return;
        cut = total - window;
        if (cut > widths[widest] - second)
            cut = widths[widest] - second;
        if (cut == 0)
            cut = 1;
        widths[widest] -= (uint32_t)cut;
        total -= cut;
    }
}

static bool number_kind(uint32_t kind)
{
    return kind == RTQ_INT || kind == RTQ_LONG || kind == RTQ_REAL || kind == RTQ_DECIMAL;
}

static void add_blanks(rtq__buf *buf, uint32_t n)
{
    while (n--)
        rtq__buf_addc(buf, ' ');
}

static void add_padded(rtq__buf *buf, const char *s, size_t len, uint32_t width, uint32_t room, bool right, bool last)
{
    uint32_t used = 0, cp;
    size_t at = 0;

    if (width <= room) {
        if (right)
            add_blanks(buf, room - width);
        rtq__buf_add(buf, s, len);
        if (!right && !last)
            add_blanks(buf, room - width);
        return;
    }
    while (at < len) { /* cut, with a mark */
        size_t n = rtq__utf8_next(&cp, s + at, len - at);
        if (used + rtq__visible_width(cp) > room - 1)
            break;
        used += rtq__visible_width(cp);
        at += n;
    }
    rtq__buf_add(buf, s, at);
    rtq__buf_adds(buf, "\u2026");
    if (!last)
        add_blanks(buf, room - used - 1);
}

/* Names come from queries and from data: as visible as cells. Returns the width. */
static uint32_t make_name(struct table *t, const char *name)
{
    rtq__buf_clear(&t->name);
    return rtq__buf_add_visible(&t->name, name, strlen(name), CELL_MOST);
}

static void add_header(struct table *t, const rtq__out_schema *schema)
{
    rtq__buf *buf = &t->out.buf;

    if (t->schema)
        rtq__buf_addc(buf, '\n');
    if (t->colour)
        rtq__buf_adds(buf, "\033[1m");
    for (uint32_t c = 0; c < schema->n; c++) {
        uint32_t width = make_name(t, schema->cols[c].name);
        if (c)
            add_blanks(buf, GAP);
        add_padded(buf, t->name.ptr, t->name.len, width, t->widths[c], number_kind(schema->cols[c].kind),
                   c + 1 == schema->n);
    }
    if (t->colour)
        rtq__buf_adds(buf, "\033[0m");
    rtq__buf_addc(buf, '\n');
    for (uint32_t c = 0; c < schema->n; c++) {
        if (c)
            add_blanks(buf, GAP);
        for (uint32_t i = 0; i < t->widths[c]; i++)
            rtq__buf_addc(buf, '-');
    }
    rtq__buf_addc(buf, '\n');
}

/* A new header when the columns changed, or when this batch needs more room than the one above gives. */
static int layout(struct table *t, const rtq_batch *batch)
{
    uint32_t n = batch->schema->n;
    uint32_t *need = rtq__alloc(t->out.mem, (n + 1) * sizeof *need);
    bool fits = t->schema == batch->schema;

    if (!need)
        return RTQ_ERR_NOMEM;
    if (!t->fixed && t->out.terminal)
        t->width = (uint32_t)rtq__terminal_columns(&t->out.file);
    for (uint32_t c = 0; c < n; c++) {
        need[c] = make_name(t, batch->schema->cols[c].name);
        for (uint32_t r = 0; r < batch->rows->n_sel; r++)
            if (t->cells[(size_t)r * n + c] > need[c])
                need[c] = t->cells[(size_t)r * n + c];
        if (fits && need[c] < t->widths[c])
            need[c] = t->widths[c]; /* columns do not shrink while they stand */
    }
    fit(need, n, t->width);
    for (uint32_t c = 0; c < n && fits; c++)
        fits = need[c] <= t->widths[c];
    if (fits) {
        rtq__free(t->out.mem, need);
        return RTQ_OK;
    }
    rtq__free(t->out.mem, t->widths);
    t->widths = need;
    add_header(t, batch->schema);
    rtq__out_schema_unref(t->schema);
    t->schema = rtq__out_schema_ref(batch->schema);
    return RTQ_OK;
}

static int table_write(void *stream, const rtq_batch *batch, void *user)
{
    struct table *t = user;
    uint32_t n = batch->schema->n;
    int rc;

    (void)stream;
    if (t->out.broken)
        return RTQ_ERR_IO;
    if ((rc = rtq__out_load(batch)) < 0 || (rc = render_cells(t, batch)) < 0 || (rc = layout(t, batch)) < 0)
        return rc;
    for (uint32_t r = 0; r < batch->rows->n_sel; r++) {
        for (uint32_t c = 0; c < n; c++) {
            size_t at = (size_t)r * n + c;
            uint32_t from = at ? t->ends[at - 1] : 0;
            if (c)
                add_blanks(&t->out.buf, GAP);
            add_padded(&t->out.buf, t->text.ptr + from, t->ends[at] - from, t->cells[at], t->widths[c],
                       number_kind(batch->schema->cols[c].kind), c + 1 == n);
        }
        rtq__buf_addc(&t->out.buf, '\n');
    }
    return rtq__output_write(&t->out);
}

static const rtq_sink_vtable vtable = {.size = sizeof vtable, .write = table_write};
const rtq__sink_class rtq__sink_table = {
    "table", "aligned columns for people", options, table_open, table_destroy, &vtable, table_error};
