/* fuzz_syslog.c - the syslog decoder: every line gives a row, the same however the bytes come. The first bytes choose limits and pieces. */
#include "base/text.h"
#include "feed.h"
#include "sources/syslog/syslog.h"
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void require(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "%s\n", what);
    abort();
}

static void run(rtq__buf *out, rtq__mem *mem, feed_demand *d, const uint8_t *data, size_t len, size_t max_record,
                feed_split split, rtq__source_stats *stats)
{
    syslog_clock clock = {.now = INT64_C(638500000000000000)};
    int64_t max_time = INT64_MIN;
    rtq__syslog *s = NULL;

    memset(stats, 0, sizeof *stats);
    require(rtq__syslog_new(&s, mem, max_record, clock, (rtq_str){"me", 2}, stats, &max_time) == RTQ_OK, "new");
    require(rtq__syslog_feed.plan(s, &d->demand) == RTQ_OK, "plan");
    feed_run(out, &rtq__syslog_feed, s, stats, (const char *)data, len, split);
    require(stats->filtered == 0 && stats->dropped == 0, "a line has no row");
    require(rtq__utf8_valid(out->ptr ? out->ptr : "", out->len), "text is not UTF-8");
    rtq__buf_addc(out, '\0');
    feed_drop_bad(out);
    rtq__syslog_feed.free(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    rtq__source_stats one, other;
    rtq__buf whole, parts;
    feed_demand d;
    rtq__mem *mem;
    uint8_t how[3];

    if (len < 3 || !(mem = rtq__mem_new(NULL, NULL, 0)))
        return 0;
    memcpy(how, data, 3);
    data += 3, len -= 3;
    feed_demand_init(&d, mem, rtq__syslog_cols, SYSLOG_COLS, false);
    for (int i = 0; i < SYSLOG_COLS; i++)
        feed_want(&d, rtq__syslog_cols[i].name, RTQ__WANT_SURVIVOR);
    feed_want(&d, "ExtractedData.IPv4[0]", RTQ__WANT_SURVIVOR);
    feed_branch(&d, NULL, 0);
    rtq__buf_init(&whole, mem);
    rtq__buf_init(&parts, mem);
    run(&whole, mem, &d, data, len, how[0] & 8 ? 60 : 1 << 20, (feed_split){0, 0, 0, false}, &one);
    run(&parts, mem, &d, data, len, how[0] & 8 ? 60 : 1 << 20,
        (feed_split){how[1] % 40u + 1, how[2], how[2] & 1 ? 1 : 1000, true}, &other);
    require(one.in == other.in && one.errored == other.errored, "pieces are counted otherwise");
    require(whole.len == parts.len && memcmp(whole.ptr, parts.ptr, whole.len) == 0, "pieces give other rows");
    rtq__buf_free(&whole);
    rtq__buf_free(&parts);
    feed_demand_free(&d);
    require(mem->used == 0, "leak");
    rtq__mem_unref(mem);
    return 0;
}
