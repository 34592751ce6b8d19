/* csv.c - RFC 4180 with a header row; null is an empty cell, an empty string is "". */
#include "exec/out.h"
#include "sinks/kinds.h"
#include "sinks/output.h"

static const rtq__option_def options[] = {
    RTQ__OUTPUT_OPTIONS,
    {"delimiter", RTQ__OPT_TEXT, 0, 0, 0, ",", NULL, "one byte between cells; \\t is a tab"},
    {"header", RTQ__OPT_BOOL, 0, 0, 0, "true", NULL, "write the column names first"},
    {NULL, 0, 0, 0, 0, NULL, NULL, NULL},
};

struct csv {
    rtq__output out;
    char delimiter;
    bool header;
    const rtq__out_schema *schema; /* of the last row */
    rtq__buf cell;
};

static int csv_open(void **user, rtq__mem *mem, const rtq_option *opts, size_t n, rtq_diag *diag)
{
    const char *delimiter;
    struct csv *c;
    int rc = rtq__options_check(options, opts, n, "csv", diag);

    if (rc < 0)
        return rc;
    delimiter = rtq__option_get(options, opts, n, "delimiter");
    if (strcmp(delimiter, "\\t") == 0)
        delimiter = "\t";
    if (strlen(delimiter) != 1 || strchr("\"\r\n", delimiter[0]))
        return rtq__diag_add(diag, RTQ_ERR_ARG, RTQ__SEV_ERROR, 0, 0,
                             "delimiter must be one byte, and no quote or line end");
    if (!(c = rtq__calloc(mem, 1, sizeof *c)))
        return RTQ_ERR_NOMEM;
    c->delimiter = delimiter[0];
    c->header = rtq__option_bool(options, opts, n, "header");
    rtq__buf_init(&c->cell, mem);
    if ((rc = rtq__output_open(&c->out, mem, rtq__option_get(options, opts, n, "path"),
                               rtq__option_bool(options, opts, n, "append"), diag)) < 0) {
        rtq__output_close(&c->out);
        rtq__free(mem, c);
        return rc;
    }
    c->out.tame = RTQ__TAME_TEXT;
    *user = c;
    return RTQ_OK;
}

static void csv_destroy(void *user)
{
    struct csv *c = user;
    rtq__mem *mem = c->out.mem;
    rtq__buf_free(&c->cell);
    rtq__output_close(&c->out);
    rtq__out_schema_unref((rtq__out_schema *)(uintptr_t)c->schema);
    rtq__free(mem, c);
}

static const char *csv_error(void *user)
{
    return ((struct csv *)user)->out.broken ? ((struct csv *)user)->out.error : NULL;
}

static void add_text(struct csv *c, const char *s, size_t len, bool string)
{
    bool quote = string && len == 0; /* tells "" from null */

    for (size_t i = 0; i < len && !quote; i++)
        quote = s[i] == c->delimiter || s[i] == '"' || s[i] == '\n' || s[i] == '\r';
    if (!quote) {
        rtq__buf_add(&c->out.buf, s, len);
        return;
    }
    rtq__buf_addc(&c->out.buf, '"');
    for (size_t i = 0; i < len; i++) {
        if (s[i] == '"')
            rtq__buf_addc(&c->out.buf, '"');
        rtq__buf_addc(&c->out.buf, s[i]);
    }
    rtq__buf_addc(&c->out.buf, '"');
}

static void add_cell(struct csv *c, const rtq__cell *cell)
{
    if (cell->is_null)
        return;
    if (cell->kind == RTQ_STRING) {
        add_text(c, cell->u.s, cell->len, true);
        return;
    }
    rtq__buf_clear(&c->cell);
    rtq__cell_print_text(&c->cell, cell);
    add_text(c, c->cell.ptr, c->cell.len, false);
}

/* One file may get rows of several queries: a header each time the columns change. */
static void add_header(struct csv *c, const rtq__out_schema *schema)
{
    if (c->schema)
        rtq__buf_adds(&c->out.buf, "\r\n");
    for (uint32_t i = 0; i < schema->n; i++) {
        if (i)
            rtq__buf_addc(&c->out.buf, c->delimiter);
        add_text(c, schema->cols[i].name, strlen(schema->cols[i].name), true);
    }
    rtq__buf_adds(&c->out.buf, "\r\n");
}

static int csv_write(void *stream, const rtq_batch *batch, void *user)
{
    struct csv *c = user;
    int rc;

    (void)stream;
    if (c->out.broken)
        return RTQ_ERR_IO;
    if ((rc = rtq__out_load(batch)) < 0)
        return rc;
    if (c->schema != batch->schema) {
        if (c->header)
            add_header(c, batch->schema);
        rtq__out_schema_unref((rtq__out_schema *)(uintptr_t)c->schema);
        c->schema = rtq__out_schema_ref(batch->schema);
    }
    for (uint32_t r = 0; r < batch->rows->n_sel; r++) {
        for (uint32_t i = 0; i < batch->schema->n; i++) {
            rtq__cell cell = rtq__out_cell(batch, r, i);
            if (i)
                rtq__buf_addc(&c->out.buf, c->delimiter);
            add_cell(c, &cell);
        }
        rtq__buf_adds(&c->out.buf, "\r\n");
        if (c->out.buf.len > 1 << 18 && (rc = rtq__output_write(&c->out)) < 0)
            return rc;
    }
    return rtq__output_write(&c->out);
}

static const rtq_sink_vtable vtable = {.size = sizeof vtable, .write = csv_write};
const rtq__sink_class rtq__sink_csv = {
    "csv", "comma-separated values with a header row", options, csv_open, csv_destroy, &vtable, csv_error};
