/* syslog_read.c - the syslog source: lines of log files, whole or as they grow. */
#include "sources/feed/feed_read.h"
#include "sources/kinds.h"
#include "sources/syslog/syslog.h"
#include <time.h>
#include <unistd.h>

static const rtq__option_def options[] = {
    RTQ__FEED_OPTIONS("Syslog", "1048576", "lines"),
    {"timezone", RTQ__OPT_TEXT, 0, 0, 0, "utc", NULL,
     "of times that do not say: utc, local, or an offset such as +02:00"},
    {NULL, 0, 0, 0, 0, NULL, NULL, NULL},
};

typedef struct syslog_source {
    rtq__feed feed;
    rtq__table table;
    char relay[256];
} syslog_source;

/* The machine's zone, with its summer time. */
static int64_t local_to_utc(int64_t local)
{
    rtq__civil c = rtq__civil_from_ticks(local < 0 ? 0 : local);
    struct tm tm = {.tm_year = c.year - 1900,
                    .tm_mon = c.month - 1,
                    .tm_mday = c.day,
                    .tm_hour = c.hour,
                    .tm_min = c.minute,
                    .tm_sec = c.second,
                    .tm_isdst = -1};
    time_t t = mktime(&tm);
    return RTQ_UNIX_EPOCH + (int64_t)t * RTQ__TICKS_SECOND + c.ticks;
}

static int read_zone(syslog_clock *clock, const char *text, rtq_diag *diag)
{
    memset(clock, 0, sizeof *clock);
    if (strcmp(text, "local") == 0)
        clock->to_utc = local_to_utc;
    else if (!rtq__syslog_zone(&clock->offset, text, strlen(text)))
        return rtq__diag_add(diag, RTQ_ERR_ARG, RTQ__SEV_ERROR, 0, 0,
                             "timezone: '%s' is not utc, local, a known zone or an offset", text);
    return RTQ_OK;
}

static int syslog_open(rtq__src **out, rtq__mem *mem, const rtq_option *opts, size_t n, rtq_diag *diag)
{
    syslog_source *s = rtq__calloc(mem, 1, sizeof *s);
    rtq__syslog *decoder = NULL;
    syslog_clock clock;
    const char *name;
    int rc;

    if (!s)
        return RTQ_ERR_NOMEM;
    s->feed.base.cls = &rtq__src_syslog;
    s->feed.decoder_class = &rtq__syslog_feed;
    if ((rc = rtq__feed_open(&s->feed, mem, options, opts, n, NULL, diag)) < 0 ||
        (rc = read_zone(&clock, rtq__option_get(options, opts, n, "timezone"), diag)) < 0)
        goto fail;
    name = rtq__option_get(options, opts, n, "table");
    s->table = (rtq__table){.name = rtq__arena_strndup(&s->feed.arena, name, strlen(name)),
                            .cols = rtq__syslog_cols,
                            .n_cols = SYSLOG_COLS};
    s->feed.base.tables = &s->table;
    s->feed.base.n_tables = 1;
    if (gethostname(s->relay, sizeof s->relay - 1) != 0)
        s->relay[0] = '\0';
    rc = s->table.name
             ? rtq__syslog_new(&decoder, mem, s->feed.max_record, clock, (rtq_str){s->relay, strlen(s->relay)},
                               &s->feed.base.stats, &s->feed.base.max_time)
             : RTQ_ERR_NOMEM;
    s->feed.decoder = decoder;
    if (rc == RTQ_OK) {
        *out = &s->feed.base;
        return RTQ_OK;
    }
fail:
    rtq__feed_close(&s->feed.base);
    return rc;
}

const rtq__src_class rtq__src_syslog = {
    .kind = "syslog",
    .doc = "lines of syslog files: RFC 5424, RFC 3164, key=value lists",
    .options = options,
    .open = syslog_open,
    RTQ__FEED_FUNCTIONS,
};
