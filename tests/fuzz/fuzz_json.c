/* fuzz_json.c - the JSON decoder: whatever the bytes and however they come in pieces, the same rows, and every promise kept.
 * The first bytes choose framing, limits, conjuncts and pieces. */
#include "feed.h"
#include "sources/json/json.h"
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
    int64_t max_time = INT64_MIN;
    rtq__json *json = NULL;

    memset(stats, 0, sizeof *stats);
    require(rtq__json_new(&json, mem, max_record, JSON_AUTO, stats, &max_time) == RTQ_OK, "new");
    require(rtq__json_feed.plan(json, &d->demand) == RTQ_OK, "plan");
    feed_run(out, &rtq__json_feed, json, stats, (const char *)data, len, split);
    rtq__buf_addc(out, '\0');
    feed_drop_bad(out);
    rtq__json_feed.free(json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    rtq__cell id = rtq__cell_i(RTQ_LONG, 4624), name = rtq__cell_s("adm", 3);
    rtq__source_stats one, other;
    rtq__buf whole, parts;
    feed_demand d;
    rtq__mem *mem;
    uint8_t how[3];
    uint32_t c[2];

    if (len < 3 || !(mem = rtq__mem_new(NULL, NULL, 0)))
        return 0;
    memcpy(how, data, 3);
    data += 3, len -= 3;
    feed_demand_init(&d, mem, NULL, 0, true);
    c[0] = feed_conjunct(&d, feed_want(&d, "id", 0), RTQ_OP_EQ, &id, 1);
    c[1] = feed_conjunct(&d, feed_want(&d, "a.b", 0), how[0] & 4 ? RTQ_OP_CONTAINS : RTQ_OP_HAS, &name, 1);
    feed_want(&d, "a.c[-1].d", RTQ__WANT_SURVIVOR);
    feed_want(&d, "*", RTQ__WANT_SURVIVOR);
    feed_branch(&d, c, how[0] & 1 ? 1 : 0);
    if (how[0] & 2)
        feed_branch(&d, c + 1, 1);
    rtq__buf_init(&whole, mem);
    rtq__buf_init(&parts, mem);
    run(&whole, mem, &d, data, len, how[0] & 8 ? 40 : 1 << 20, (feed_split){0, 0, 0, false}, &one);
    run(&parts, mem, &d, data, len, how[0] & 8 ? 40 : 1 << 20,
        (feed_split){how[1] % 40u + 1, how[2], how[2] & 1 ? 1 : 1000, true}, &other);
    require(one.in == other.in && one.errored == other.errored && one.out == other.out, "pieces are counted otherwise");
    require(whole.len == parts.len && memcmp(whole.ptr, parts.ptr, whole.len) == 0, "pieces give other rows");
    rtq__buf_free(&whole);
    rtq__buf_free(&parts);
    feed_demand_free(&d);
    require(mem->used == 0, "leak");
    rtq__mem_unref(mem);
    return 0;
}
