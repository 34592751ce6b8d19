/* counts.c - what the statistics and notices say of rows that did not get through. */
#include "rig.h"

static void push_rows(struct rig *r, size_t n)
{
    const int64_t a = 1;
    CHECK(rtq_appender_columns(r->app, &(rtq_column){RTQ_LONG, 0, &a, NULL, 0, 0}, 1, n) == RTQ_OK);
    CHECK(rtq_appender_flush(r->app) == RTQ_OK);
}

static void counts_are_there_from_the_start(void)
{
    struct rig r = {0};
    rtq_stats s = {.size = sizeof s};

    rig_open(&r, "A:long", "T");
    CHECK(rig_stats(&r, RTQ_STAT_SOURCE, r.source_id).in == 0 && rig_stats(&r, RTQ_STAT_QUERY, r.query_id).in == 0);
    CHECK(rig_stats(&r, RTQ_STAT_SINK, r.query_id).in == 0);
    CHECK(rtq_run_stats(&s, r.run, RTQ_STAT_QUERY, r.source_id) == RTQ_ERR_ARG);
    CHECK(rtq_run_stats(&s, r.run, RTQ_STAT_SOURCE, 99) == RTQ_ERR_ARG);
    rig_close(&r);
}

/* Rows that were handed over but not read when the run stopped are told as pending. */
static void unread_rows_are_pending(void)
{
    for (int mode = RTQ_STOP_SUSPEND; mode <= RTQ_STOP_CANCEL; mode++) {
        struct rig r = {0};
        rig_open(&r, "A:long", "T");
        push_rows(&r, 5000);
        rig_step(&r);
        push_rows(&r, 700);
        rtq_run_stop(r.run, mode);
        CHECK(rtq_run_all(r.run, &r.diag) == RTQ_END);
        rtq_stats s = rig_stats(&r, RTQ_STAT_SOURCE, r.source_id);
        CHECK(s.in == 5700 && s.out == 5000 && s.pending == 700);
        rig_close(&r);
    }
}

static void what_was_removed_stays_in_the_sums(void)
{
    struct rig r = {0};
    rtq_query_options qo = {.size = sizeof qo, .n_sources = 1};
    rtq_query *q = NULL;
    rtq_sink *queue = NULL;
    rtq_stats s = {.size = sizeof s};
    uint64_t id = 0;

    rig_open(&r, "A:long", "T | where A > 5");
    qo.sources = (const rtq_source *const *)&r.source;
    CHECK(rtq_query_compile(&q, r.env, "T", RTQ_NTS, &qo, &r.diag) == RTQ_OK);
    CHECK(rtq_sink_queue(&queue, r.env, 1) == RTQ_OK);
    CHECK(rtq_run_add_query(&id, r.run, q, queue, NULL, &r.diag) == RTQ_OK);
    push_rows(&r, 5000);
    rig_step(&r); /* one batch is in the queue, one waits, the rest is not read */
    CHECK(rig_stats(&r, RTQ_STAT_SINK, id).pending == 1024 && rig_stats(&r, RTQ_STAT_SOURCE, 0).pending == 2952);

    CHECK(rtq_run_remove(r.run, id) == RTQ_OK && rtq_run_commit(r.run) == RTQ_OK);
    rig_step(&r);
    CHECK(r.notices == 1 && r.note == RTQ_NOTE_LOSS && r.count == 1024);
    CHECK(rtq_run_stats(&s, r.run, RTQ_STAT_SINK, id) == RTQ_ERR_ARG);
    s = rig_stats(&r, RTQ_STAT_SINK, 0);
    CHECK(s.in == 2048 && s.out == 1024 && s.dropped == 1024);
    s = rig_stats(&r, RTQ_STAT_QUERY, 0);
    CHECK(s.in == 5000 + 2048 && s.filtered == 5000 && s.used == 2048);

    push_rows(&r, 300);
    CHECK(rtq_run_remove(r.run, r.source_id) == RTQ_OK && rtq_run_commit(r.run) == RTQ_OK);
    CHECK(rtq_run_all(r.run, &r.diag) == RTQ_END); /* the query's only table has ended */
    CHECK(r.notices == 2 && r.note == RTQ_NOTE_LOSS && r.count == 300);
    s = rig_stats(&r, RTQ_STAT_SOURCE, 0);
    CHECK(s.in == 5300 && s.out == 5000 && s.dropped == 300);
    rtq_sink_free(queue);
    rtq_query_free(q);
    rig_close(&r);
}

/* ---- a sink that is done while several batches wait for it -------------------------------------------------------------------- */

struct sink {
    int again, end, writes;
};

static int write_rows(void *stream, const rtq_batch *batch, void *user)
{
    struct sink *s = user;

    (void)stream, (void)batch;
    CHECK(!s->end); /* nothing after its END */
    s->writes++;
    if (s->again-- > 0)
        return RTQ_AGAIN;
    s->end = 1;
    return RTQ_END;
}

static void a_sink_that_is_done_gets_no_more(void)
{
    struct rig r = {0};
    struct sink s = {.again = 1};
    const rtq_sink_vtable vtable = {.size = sizeof vtable, .write = write_rows};
    rtq_query *q = NULL;
    rtq_sink *sink = NULL;

    rig_env(&r);
    CHECK(rtq_query_compile(&q, r.env, "range x from 1 to 5000 step 1", RTQ_NTS, NULL, &r.diag) == RTQ_OK);
    CHECK(rtq_run_new(&r.run, r.env, NULL) == RTQ_OK);
    CHECK(rtq_sink_custom(&sink, r.env, &vtable, &s, NULL) == RTQ_OK);
    CHECK(rtq_run_add_query(&r.query_id, r.run, q, sink, NULL, &r.diag) == RTQ_OK);
    CHECK(rtq_run_all(r.run, &r.diag) == RTQ_END);
    CHECK(s.writes == 2);
    rtq_stats n = rig_stats(&r, RTQ_STAT_SINK, r.query_id);
    CHECK(n.in == 5000 && n.out == 1024 && n.dropped == 5000 - 1024 && n.pending == 0);
    rtq_sink_free(sink);
    rtq_query_free(q);
    rig_close(&r);
}

static int no_code(const rtq_batch *batch, void *user)
{
    (void)batch, (void)user;
    return 77;
}

static void codes_that_are_none_are_errors(void)
{
    struct rig r = {0};
    rtq_run_options ro = {.size = sizeof ro, .notice = rig_notice, .notice_user = &r};
    rtq_query *q = NULL;
    rtq_sink *sink = NULL;

    rig_env(&r);
    CHECK(rtq_query_compile(&q, r.env, "print 1", RTQ_NTS, NULL, &r.diag) == RTQ_OK);
    CHECK(rtq_run_new(&r.run, r.env, &ro) == RTQ_OK);
    CHECK(rtq_sink_callback(&sink, r.env, no_code, NULL, NULL) == RTQ_OK);
    CHECK(rtq_run_add_query(&r.query_id, r.run, q, sink, NULL, &r.diag) == RTQ_OK);
    CHECK(rtq_run_all(r.run, &r.diag) == RTQ_END);
    CHECK(r.notices == 1 && r.code == RTQ_ERR_ARG && rig_stats(&r, RTQ_STAT_SINK, 0).errored == 1);
    rtq_sink_free(sink);
    rtq_query_free(q);
    rig_close(&r);
}

/* A text without a query is a query without results: nothing to do, nothing to trip over. */
static void a_query_of_nothing_runs(void)
{
    struct rig r = {0};
    rtq_query *q = NULL;

    rig_env(&r);
    CHECK(rtq_query_compile(&q, r.env, "// nothing", RTQ_NTS, NULL, &r.diag) == RTQ_OK && rtq_query_n_results(q) == 0);
    CHECK(rtq_run_new(&r.run, r.env, NULL) == RTQ_OK);
    CHECK(rtq_run_add_query(&r.query_id, r.run, q, NULL, NULL, &r.diag) == RTQ_OK);
    CHECK(rtq_run_all(r.run, &r.diag) == RTQ_END);
    rtq_query_free(q);
    rig_close(&r);
    memset(&r, 0, sizeof r);
    rig_env(&r);
    CHECK(rtq_run_new(&r.run, r.env, NULL) == RTQ_OK && rtq_run_all(r.run, &r.diag) == RTQ_END);
    rig_close(&r);
}

int main(void)
{
    RUN(counts_are_there_from_the_start);
    RUN(unread_rows_are_pending);
    RUN(what_was_removed_stays_in_the_sums);
    RUN(a_sink_that_is_done_gets_no_more);
    RUN(codes_that_are_none_are_errors);
    RUN(a_query_of_nothing_runs);
    return check_failures != 0;
}
