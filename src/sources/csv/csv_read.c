/* csv_read.c - the csv source: options, the table from a sample of the first input. */
#include "os/wait.h"
#include "sources/csv/csv.h"
#include "sources/feed/feed_read.h"
#include "sources/kinds.h"

enum { SAMPLE = 1 << 20, STDIN_SAMPLE = 64 << 10 };
#define HEADER_WAIT INT64_C(10000000000) /* ns, for the first bytes of the standard input */
#define SAMPLE_WAIT INT64_C(300000000)   /* and for more of them */

static const rtq__option_def options[] = {
    RTQ__FEED_OPTIONS("Csv", "16777216", "records"),
    {"schema", RTQ__OPT_TEXT, 0, 0, 0, NULL, NULL,
     "columns: a:long, b:datetime; default: from the header and the types of the first 1 MiB"},
    {"time_column", RTQ__OPT_TEXT, 0, 0, 0, NULL, NULL, "column with the event time; default: the first datetime"},
    {"delimiter", RTQ__OPT_TEXT, 0, 0, 0, "auto", NULL,
     "one character, tab, or auto: of , ; tab and | the one of the header; without header ,"},
    {"header", RTQ__OPT_BOOL, 0, 0, 0, "true", NULL, "the first record has the names; without: col0, col1, ..."},
    {NULL, 0, 0, 0, 0, NULL, NULL, NULL},
};

typedef struct csv_source {
    rtq__feed feed;
    rtq__table table;
    char delimiter, seen_delimiter /* in the first file */;
    bool header;
} csv_source;

/* ---- the sample ------------------------------------------------------------------------------------------------------------ */

static int sample_file(rtq__feed *feed, const char *path, char *buffer, size_t *len, bool *final, rtq__os_error *error)
{
    rtq__file file;
    size_t got = 0;
    int rc = rtq__file_open(&file, path, error);

    (void)feed;
    *len = 0;
    *final = false;
    if (rc < 0)
        return rc;
    if (file.kind == RTQ__FILE_REGULAR)
        rc = rtq__file_read_at(&file, buffer, SAMPLE, 0, &got, error);
    else
        rc = RTQ_ERR_UNSUPPORTED;
    rtq__file_close(&file);
    *len = got;
    *final = got < SAMPLE;
    return rc;
}

/* Reads what comes until there is enough; it stays as the first window. */
static int sample_stdin(rtq__feed *feed, char *buffer, size_t *len, bool *final, rtq__os_error *error)
{
    rtq__waiter waiter;
    rtq__file file;
    int rc = rtq__file_stdin(&file, error);

    *len = 0;
    *final = false;
    if (rc < 0 || (rc = rtq__waiter_init(&waiter)) < 0)
        return rc;
    rtq__waiter_add(&waiter, rtq__file_wait_handle(&file));
    while (*len < STDIN_SAMPLE) {
        size_t got;
        rc = rtq__file_read(&file, buffer + *len, STDIN_SAMPLE - *len, &got, error);
        *len += got;
        if (rc == RTQ_AGAIN &&
            (rc = rtq__waiter_wait(&waiter, memchr(buffer, '\n', *len) ? SAMPLE_WAIT : HEADER_WAIT)) == RTQ_AGAIN)
            break;
        *final = rc == RTQ_END;
        if (rc < 0 || rc == RTQ_END)
            break;
    }
    rtq__waiter_free(&waiter);
    feed->preload = buffer;
    feed->preload_cap = SAMPLE;
    feed->preload_len = *len;
    return rc < 0 ? rc : RTQ_OK;
}

static int infer(csv_source *s, const char *text, size_t len, bool final, rtq_diag *diag)
{
    const char *why = "", *path = s->feed.paths.items[0], *foreign = rtq__feed_foreign(text, len);
    int rc;

    if (foreign)
        return rtq__diag_add(diag, RTQ_ERR_DATA, RTQ__SEV_ERROR, 0, 0, "'%s' %s", path, foreign);
    s->seen_delimiter = s->delimiter;
    rc = rtq__csv_infer(&s->table, &s->feed.arena, text, len, final, &s->seen_delimiter, s->header, &why);
    if (rc == RTQ_ERR_DATA) {
        rtq__diag_add(diag, rc, RTQ__SEV_ERROR, 0, 0, "'%s': %s", path, why);
        if (strcmp(why, CSV_NO_HEADER) == 0)
            rtq__diag_hint(diag, "option schema names the columns");
    }
    return rc;
}

static int first_time(rtq__table *table)
{
    for (uint32_t i = 0; i < table->n_cols; i++)
        if (table->cols[i].kind == RTQ_DATETIME)
            return (int)i;
    return -1;
}

static int infer_table(csv_source *s, const char *name, const char *time_column, rtq_diag *diag)
{
    const char *path = s->feed.paths.items[0];
    char *buffer = rtq__alloc(s->feed.base.mem, SAMPLE + RTQ__FEED_PAD);
    rtq__os_error error = {0};
    bool final;
    size_t len;
    int rc;

    if (!buffer)
        return RTQ_ERR_NOMEM;
    memset(buffer, 0, SAMPLE + RTQ__FEED_PAD);
    rc = s->feed.stdin_used ? sample_stdin(&s->feed, buffer, &len, &final, &error)
                            : sample_file(&s->feed, path, buffer, &len, &final, &error);
    if (rc == RTQ_OK)
        rc = infer(s, buffer, len, final, diag);
    else if (rc == RTQ_ERR_UNSUPPORTED)
        rtq__diag_add(diag, rc, RTQ__SEV_ERROR, 0, 0, "'%s' is no regular file: option schema must name its columns",
                      path);
    else
        rtq__diag_add(diag, rc, RTQ__SEV_ERROR, 0, 0, "cannot read '%s': %s", path, error.text);
    if (!s->feed.preload)
        rtq__free(s->feed.base.mem, buffer);
    if (rc < 0)
        return rc;
    s->table.time_col = first_time(&s->table);
    return rtq__feed_table_finish(&s->table, &s->feed.arena, name, time_column, false, diag);
}

/* The header of a file that is followed from its end, for a declared schema in another order. */
static int tail_header(csv_source *s, rtq__csv *decoder)
{
    rtq__os_error error = {0};
    rtq__table seen = {0};
    const char *why;
    bool final;
    size_t len;
    char *buffer;
    int rc;

    if (s->feed.follow != FEED_FOLLOW_END || !s->header)
        return RTQ_OK;
    if (!(buffer = rtq__alloc(s->feed.base.mem, SAMPLE + RTQ__FEED_PAD)))
        return RTQ_ERR_NOMEM;
    memset(buffer, 0, SAMPLE + RTQ__FEED_PAD);
    rc = sample_file(&s->feed, s->feed.paths.items[0], buffer, &len, &final, &error);
    decoder->tail_delimiter = s->delimiter;
    if (rc == RTQ_OK &&
        rtq__csv_infer(&seen, &s->feed.arena, buffer, len, final, &decoder->tail_delimiter, true, &why) == RTQ_OK) {
        decoder->tail_cols = seen.n_cols;
        decoder->tail_map = rtq__arena_alloc(&s->feed.arena, (seen.n_cols + 1) * sizeof *decoder->tail_map);
        for (uint32_t i = 0; decoder->tail_map && i < seen.n_cols; i++) {
            decoder->tail_map[i] = CSV_NONE;
            for (uint32_t k = 0; k < s->table.n_cols; k++)
                if (strcmp(s->table.cols[k].name, seen.cols[i].name) == 0)
                    decoder->tail_map[i] = k;
        }
        rc = decoder->tail_map ? RTQ_OK : RTQ_ERR_NOMEM;
    }
    rtq__free(s->feed.base.mem, buffer);
    return rc == RTQ_ERR_NOMEM ? rc : RTQ_OK;
}

/* ---- open ------------------------------------------------------------------------------------------------------------------ */

static int open_table(csv_source *s, const rtq_option *opts, size_t n, rtq_diag *diag)
{
    const char *given = rtq__option_get(options, opts, n, "delimiter"), *delimiter = given,
               *schema = rtq__option_get(options, opts, n, "schema");
    const char *time_column = rtq__option_get(options, opts, n, "time_column"),
               *name = rtq__option_get(options, opts, n, "table");
    int rc;

    s->header = rtq__option_bool(options, opts, n, "header");
    if (strcmp(delimiter, "tab") == 0 || strcmp(delimiter, "\\t") == 0)
        delimiter = "\t";
    else if (strcmp(delimiter, "auto") == 0)
        delimiter = ",";
    if (strlen(delimiter) != 1 || *delimiter == '"' || *delimiter == '\n' || *delimiter == '\r')
        return rtq__diag_add(diag, RTQ_ERR_ARG, RTQ__SEV_ERROR, 0, 0,
                             "delimiter must be one character, no quote and no line end");
    s->delimiter = s->header && strcmp(given, "auto") == 0 ? CSV_GUESS : *delimiter;
    if (schema && (rc = rtq__feed_table(&s->table, &s->feed.arena, name, schema, time_column, false, diag)) == RTQ_OK &&
        s->table.open)
        rc = rtq__diag_add(diag, RTQ_ERR_ARG, RTQ__SEV_ERROR, 0, 0,
                           "schema: csv has no columns besides those declared");
    else if (!schema)
        rc = infer_table(s, name, time_column, diag);
    s->feed.base.tables = &s->table;
    s->feed.base.n_tables = 1;
    return rc;
}

static int csv_open(rtq__src **out, rtq__mem *mem, const rtq_option *opts, size_t n, rtq_diag *diag)
{
    csv_source *s = rtq__calloc(mem, 1, sizeof *s);
    rtq__csv *decoder = NULL;
    int rc;

    if (!s)
        return RTQ_ERR_NOMEM;
    s->feed.base.cls = &rtq__src_csv;
    s->feed.decoder_class = &rtq__csv_feed;
    if ((rc = rtq__feed_open(&s->feed, mem, options, opts, n, ".csv", diag)) < 0 ||
        (rc = open_table(s, opts, n, diag)) < 0)
        goto fail;
    rc = rtq__csv_new(&decoder, mem, &s->table, s->feed.max_record, s->delimiter, s->header, &s->feed.base.stats,
                      &s->feed.base.max_time);
    s->feed.decoder = decoder;
    if (rc == RTQ_OK && (rc = tail_header(s, decoder)) == RTQ_OK) {
        *out = &s->feed.base;
        return RTQ_OK;
    }
fail:
    rtq__feed_close(&s->feed.base);
    return rc;
}

const rtq__src_class rtq__src_csv = {
    .kind = "csv",
    .doc = "comma-separated values with a header",
    .options = options,
    .open = csv_open,
    RTQ__FEED_FUNCTIONS,
};
