/* json_read.c - the json source: JSON from files, the standard input and growing files. */
#include "sources/feed/feed_read.h"
#include "sources/json/json.h"
#include "sources/kinds.h"

static const rtq__option_def options[] = {
    RTQ__FEED_OPTIONS("Json", "16777216", "records"),
    {"schema", RTQ__OPT_TEXT, 0, 0, 0, NULL, NULL, "fields with a type: a:long, b:datetime; all others are there too"},
    {"time_column", RTQ__OPT_TEXT, 0, 0, 0, NULL, NULL,
     "field with the event time; default: the first datetime of the schema"},
    {"framing", RTQ__OPT_CHOICE, 0, 0, 0, "auto", "auto|lines|objects",
     "one record a line, or objects wherever they end"},
    {NULL, 0, 0, 0, 0, NULL, NULL, NULL},
};

static int open_table(rtq__feed *feed, const rtq_option *opts, size_t n, rtq_diag *diag)
{
    rtq__table *table = rtq__arena_zalloc(&feed->arena, sizeof *table);
    const char *schema = rtq__option_get(options, opts, n, "schema");
    int rc;

    if (!table)
        return RTQ_ERR_NOMEM;
    rc = rtq__feed_table(table, &feed->arena, rtq__option_get(options, opts, n, "table"), schema,
                         rtq__option_get(options, opts, n, "time_column"), true, diag);
    table->open = true;
    feed->base.tables = table;
    feed->base.n_tables = 1;
    return rc;
}

static int json_open(rtq__src **out, rtq__mem *mem, const rtq_option *opts, size_t n, rtq_diag *diag)
{
    rtq__feed *feed = rtq__calloc(mem, 1, sizeof *feed);
    rtq__json *decoder = NULL;
    const char *framing;
    int rc;

    if (!feed)
        return RTQ_ERR_NOMEM;
    feed->base.cls = &rtq__src_json;
    feed->decoder_class = &rtq__json_feed;
    if ((rc = rtq__feed_open(feed, mem, options, opts, n, NULL, diag)) < 0 ||
        (rc = open_table(feed, opts, n, diag)) < 0)
        goto fail;
    framing = rtq__option_get(options, opts, n, "framing");
    rc = rtq__json_new(&decoder, mem, feed->max_record,
                       strcmp(framing, "lines") == 0     ? JSON_LINES
                       : strcmp(framing, "objects") == 0 ? JSON_STREAM
                                                         : JSON_AUTO,
                       &feed->base.stats, &feed->base.max_time);
    feed->decoder = decoder;
    if (rc == RTQ_OK) {
        *out = &feed->base;
        return RTQ_OK;
    }
fail:
    rtq__feed_close(&feed->base);
    return rc;
}

const rtq__src_class rtq__src_json = {
    .kind = "json",
    .doc = "JSON: one object a line, objects one after another, arrays of objects",
    .options = options,
    .open = json_open,
    RTQ__FEED_FUNCTIONS,
};
