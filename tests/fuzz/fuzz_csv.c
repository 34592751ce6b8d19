/* fuzz_csv.c - the CSV decoder and the inference of types: same rows however the bytes come. The first bytes choose options and pieces. */
#include "feed.h"
#include "sources/csv/csv.h"
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

typedef struct counts {
    rtq__source_stats stats;
    uint64_t ragged;
} counts;

static void run(rtq__buf *out, rtq__mem *mem, feed_demand *d, const uint8_t *data, size_t len, const uint8_t how[3],
                feed_split split, counts *n)
{
    int64_t max_time = INT64_MIN;
    rtq__csv *csv = NULL;

    memset(n, 0, sizeof *n);
    require(rtq__csv_new(&csv, mem, &d->table, how[0] & 8 ? 30 : 1 << 20,
                         how[0] & 16  ? ';'
                         : how[0] & 1 ? CSV_GUESS
                                      : ',',
                         how[0] & 1, &n->stats, &max_time) == RTQ_OK,
            "new");
    require(rtq__csv_feed.plan(csv, &d->demand) == RTQ_OK, "plan");
    feed_run(out, &rtq__csv_feed, csv, &n->stats, (const char *)data, len, split);
    n->ragged = csv->rows.ragged;
    rtq__buf_addc(out, '\0');
    feed_drop_bad(out);
    rtq__csv_feed.free(csv);
}

static void infer(rtq__mem *mem, const uint8_t *data, size_t len, const uint8_t how[3])
{
    rtq__arena arena;
    rtq__table table = {0};
    const char *why = NULL;
    char *copy;

    rtq__arena_init(&arena, mem, 0);
    copy = rtq__arena_zalloc(&arena, len + RTQ__FEED_PAD);
    require(copy != NULL, "memory");
    memcpy(copy, data, len);
    char delimiter = how[0] & 16 ? ';' : how[0] & 1 ? CSV_GUESS : ',';
    if (rtq__csv_infer(&table, &arena, copy, len, how[0] & 2, &delimiter, how[0] & 1, &why) == RTQ_OK) {
        require(table.n_cols > 0, "no columns");
        for (uint32_t i = 0; i < table.n_cols; i++)
            for (uint32_t k = 0; k < i && i < 50; k++)
                require(strcmp(table.cols[i].name, table.cols[k].name) != 0, "two columns of one name");
    } else {
        require(why != NULL, "no reason");
    }
    rtq__arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static const rtq__table_col cols[] = {{"a", NULL, RTQ_STRING, 0},
                                          {"n", NULL, RTQ_LONG, 0},
                                          {"d", NULL, RTQ_DYNAMIC, 0},
                                          {"t", NULL, RTQ_DATETIME, 0}};
    rtq__cell a = rtq__cell_s("x", 1);
    rtq__buf whole, parts;
    counts one, other;
    feed_demand d;
    rtq__mem *mem;
    uint8_t how[3];
    uint32_t c;

    if (len < 3 || !(mem = rtq__mem_new(NULL, NULL, 0)))
        return 0;
    memcpy(how, data, 3);
    data += 3, len -= 3;
    infer(mem, data, len, how);
    feed_demand_init(&d, mem, cols, 4, false);
    c = feed_conjunct(&d, feed_want(&d, "a", 0), RTQ_OP_NE, &a, 1);
    feed_want(&d, "n", RTQ__WANT_SURVIVOR);
    feed_want(&d, "d.k", RTQ__WANT_SURVIVOR);
    feed_want(&d, "t", RTQ__WANT_SURVIVOR);
    feed_branch(&d, &c, how[0] & 4 ? 1 : 0);
    rtq__buf_init(&whole, mem);
    rtq__buf_init(&parts, mem);
    run(&whole, mem, &d, data, len, how, (feed_split){0, 0, 0, false}, &one);
    run(&parts, mem, &d, data, len, how, (feed_split){how[1] % 40u + 1, how[2], how[2] & 1 ? 1 : 1000, true}, &other);
    require(one.stats.in == other.stats.in && one.stats.errored == other.stats.errored && one.ragged == other.ragged,
            "pieces are counted otherwise");
    require(whole.len == parts.len && memcmp(whole.ptr, parts.ptr, whole.len) == 0, "pieces give other rows");
    rtq__buf_free(&whole);
    rtq__buf_free(&parts);
    feed_demand_free(&d);
    require(mem->used == 0, "leak");
    rtq__mem_unref(mem);
    return 0;
}
