/* sink.c - sinks of the host: rows in order, AGAIN with a handle, with a timeout and with neither, errors, flush and close. */
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>
#include "check.h"

/* ---- a sink that does as it is told ---------------------------------------------------------------------------------------- */

struct sink {
    int fail_open, answer, again,
        flush_again; /* answer: of each write; again: so many times AGAIN before each row batch */
    int left;
    int opens, writes, flushes, closes, destroys, in_order, streams[8];
    uint64_t rows, ids[8];
    int64_t next, timeout;
    int fds[2], use_handle, use_timeout;
    int frees_run;
};
static rtq_run *the_run;

static int sink_open(void **stream, uint64_t query_id, const rtq_query *query, void *user)
{
    struct sink *s = user;
    CHECK(query && query_id);
    s->ids[s->opens] = query_id;
    *stream = &s->streams[s->opens++];
    return s->fail_open;
}

static int sink_write(void *stream, const rtq_batch *batch, void *user)
{
    struct sink *s = user;
    rtq_batch_info info = {.size = sizeof info};

    s->writes++;
    CHECK(stream == (s->opens ? &s->streams[s->opens - 1] : NULL));
    CHECK(rtq_batch_info_get(&info, batch) == RTQ_OK && info.n_rows > 0);
    if (s->left > 0) {
        s->left--;
        return RTQ_AGAIN;
    }
    if (s->answer)
        return s->answer;
    s->left = s->again;
    for (size_t r = 0; r < info.n_rows; r++) {
        rtq_value v;
        CHECK(rtq_batch_get(&v, batch, r, 0) == RTQ_OK);
        s->in_order &= v.u.i == s->next++;
    }
    s->rows += info.n_rows;
    return RTQ_OK;
}

static int sink_flush(void *stream, uint64_t *durable, void *user)
{
    struct sink *s = user;
    CHECK(stream && durable);
    s->flushes++;
    return s->flush_again-- > 0 ? RTQ_AGAIN : RTQ_OK;
}

static intptr_t sink_handle(void *user)
{
    return ((struct sink *)user)->use_handle ? ((struct sink *)user)->fds[0] : -1;
}
static int64_t sink_timeout(const rtq_clock *clock, void *user)
{
    return clock ? ((struct sink *)user)->timeout : 0;
}
static void sink_close(void *stream, void *user)
{
    CHECK(stream);
    ((struct sink *)user)->closes++;
}
static void sink_destroy(void *user)
{
    ((struct sink *)user)->destroys++;
}

static const rtq_sink_vtable sink_vtable = {sizeof sink_vtable, sink_open,    sink_write, sink_flush,
                                            sink_handle,        sink_timeout, sink_close};

/* ---- a run ------------------------------------------------------------------------------------------------------------------- */

struct rig {
    rtq_env *env;
    rtq_source *source;
    rtq_appender *app;
    rtq_run *run;
    rtq_sink *sink;
    rtq_diag *diag;
    uint64_t id;
    int notices, code;
};

static void on_notice(const rtq_notice *n, void *user)
{
    struct rig *r = user;
    CHECK(n->size >= sizeof *n && n->message && n->message[0]);
    if (n->code < 0) {
        r->notices++;
        r->code = n->code;
    }
}

static void rig_open(struct rig *r, struct sink *s, const rtq_sink_vtable *vtable, const char *kql)
{
    const rtq_option push[] = {{"table", "T"}, {"schema", "A:long"}};
    rtq_run_options ro = {.size = sizeof ro, .notice = on_notice, .notice_user = r, .step_rows = 64};
    rtq_query_options qo = {.size = sizeof qo, .n_sources = 1};
    rtq_query *q = NULL;
    int rc;

    memset(r, 0, sizeof *r);
    s->in_order = 1;
    CHECK(rtq_env_new(&r->env, NULL) == RTQ_OK);
    CHECK(rtq_source_open(&r->source, r->env, "push", push, 2, &r->diag) == RTQ_OK);
    qo.sources = (const rtq_source *const *)&r->source;
    CHECK(rtq_appender_new(&r->app, r->source, NULL) == RTQ_OK);
    CHECK(rtq_run_new(&r->run, r->env, &ro) == RTQ_OK &&
          rtq_run_add_source(NULL, r->run, r->source, &r->diag) == RTQ_OK);
    CHECK(rtq_sink_custom(&r->sink, r->env, vtable, s, sink_destroy) == RTQ_OK);
    if ((rc = rtq_query_compile(&q, r->env, kql, RTQ_NTS, &qo, &r->diag)) < 0 ||
        (rc = rtq_run_add_query(&r->id, r->run, q, r->sink, NULL, &r->diag)) < 0)
        check_diag(kql, rc, r->diag);
    rtq_query_free(q);
}

static void rig_push(struct rig *r, int64_t from, int64_t n)
{
    for (int64_t i = from; i < from + n; i++) {
        rtq_value v = {.kind = RTQ_LONG};
        v.u.i = i;
        CHECK(rtq_appender_row(r->app, &v, 1) == RTQ_OK);
        if (i % 100 == 99)
            CHECK(rtq_appender_flush(r->app) == RTQ_OK);
    }
    CHECK(rtq_appender_flush(r->app) == RTQ_OK);
}

static void rig_end(struct rig *r) /* no more rows */
{
    rtq_source_free(r->source);
    rtq_appender_free(r->app);
    r->source = NULL;
    r->app = NULL;
}

static void rig_close(struct rig *r)
{
    rtq_run_free(r->run);
    rtq_sink_free(r->sink);
    rtq_appender_free(r->app);
    rtq_source_free(r->source);
    rtq_diag_free(r->diag);
    rtq_env_free(r->env);
}

static void conserve(struct rig *r)
{
    rtq_stats q = {.size = sizeof q}, s = {.size = sizeof s};
    if (rtq_run_stats(&q, r->run, RTQ_STAT_QUERY, r->id) < 0)
        return;
    CHECK(rtq_run_stats(&s, r->run, RTQ_STAT_SINK, r->id) == RTQ_OK);
    CHECK(q.out == s.in);
    CHECK(s.in == s.out + s.errored + s.dropped + s.pending);
    CHECK(q.in == q.used + q.filtered + q.late + q.errored + q.dropped + q.pending);
}

/* ---- tests -------------------------------------------------------------------------------------------------------------------- */

static void rows_come_in_order_and_everything_is_closed_once(void)
{
    struct sink s = {0};
    struct rig r;

    rig_open(&r, &s, &sink_vtable, "T | project A");
    rig_push(&r, 0, 5000);
    rig_end(&r);
    CHECK(rtq_run_all(r.run, &r.diag) == RTQ_END);
    CHECK(s.rows == 5000 && s.in_order && s.opens == 1 && s.flushes == 1 && s.closes == 1 && s.destroys == 0 &&
          s.ids[0] == r.id);
    conserve(&r);
    rig_close(&r);
    CHECK(s.closes == 1 && s.destroys == 1);
}

/* What waits is offered again, in order; nothing is read meanwhile, nothing lost. */
static void again_without_handle_or_timeout_is_asked_again(void)
{
    struct sink s = {.again = 2, .left = 2, .flush_again = 3};
    rtq_sink_vtable v = sink_vtable;
    struct rig r;
    int rc, waits = 0;

    v.handle = NULL;
    v.timeout_ns = NULL;
    rig_open(&r, &s, &v, "T | project A");
    rig_push(&r, 0, 500);
    rig_end(&r);
    while ((rc = rtq_run_step(r.run, NULL, &r.diag)) != RTQ_END && waits < 200) {
        CHECK(rc >= 0);
        conserve(&r);
        if (rc == RTQ_AGAIN) {
            int64_t ns = rtq_run_timeout_ns(r.run, NULL);
            CHECK(ns >= 0 && ns < 1000000000);
            waits++;
        }
    }
    CHECK(s.rows == 500 && s.in_order && waits >= 10 && s.flushes == 4 && s.closes == 1 && r.notices == 0);
    rig_close(&r);
}

static void again_with_a_timeout(void)
{
    struct sink s = {.left = 1, .timeout = 7000000, .use_timeout = 1};
    struct rig r;

    rig_open(&r, &s, &sink_vtable, "T | project A");
    rig_push(&r, 0, 10);
    while (rtq_run_step(r.run, NULL, &r.diag) == RTQ_OK)
        ;
    CHECK(s.rows == 0 && rtq_run_timeout_ns(r.run, NULL) == 7000000);
    while (rtq_run_step(r.run, NULL, &r.diag) == RTQ_OK)
        ;
    CHECK(s.rows == 10 && rtq_run_timeout_ns(r.run, NULL) == -1); /* it does not wait any more */
    rig_close(&r);
}

static void again_with_a_handle(void)
{
    struct sink s = {.left = 1, .timeout = -1, .use_handle = 1};
    struct rig r;
    char c;

    CHECK(pipe2(s.fds, O_NONBLOCK) == 0);
    rig_open(&r, &s, &sink_vtable, "T | project A");
    rig_push(&r, 0, 10);
    while (rtq_run_step(r.run, NULL, &r.diag) == RTQ_OK)
        ;
    CHECK(s.rows == 0 && rtq_run_wait(r.run, 20000000) == RTQ_AGAIN);
    CHECK(write(s.fds[1], "x", 1) == 1);
    CHECK(rtq_run_wait(r.run, 5000000000) == RTQ_OK);
    while (rtq_run_step(r.run, NULL, &r.diag) == RTQ_OK)
        ;
    CHECK(s.rows == 10);
    CHECK(rtq_run_wait(r.run, 20000000) == RTQ_AGAIN); /* still readable, but nobody looks */
    CHECK(read(s.fds[0], &c, 1) == 1);
    rig_close(&r);
    close(s.fds[0]);
    close(s.fds[1]);
}

static void stopping_while_the_sink_waits_does_not_spin(void)
{
    struct sink s = {.left = 1000, .timeout = 50000000};
    struct rig r;

    rig_open(&r, &s, &sink_vtable, "T | project A");
    rig_push(&r, 0, 10);
    rtq_run_stop(r.run, RTQ_STOP_DRAIN);
    while (rtq_run_step(r.run, NULL, &r.diag) == RTQ_OK)
        ;
    CHECK(rtq_run_step(r.run, NULL, &r.diag) == RTQ_AGAIN && rtq_run_timeout_ns(r.run, NULL) == 50000000);
    s.left = 0;
    CHECK(rtq_run_all(r.run, &r.diag) == RTQ_END && s.rows == 10);
    rig_close(&r);
    /* cancelled: at once, and what waited is still counted */
    s = (struct sink){.left = 1000, .timeout = -1};
    rig_open(&r, &s, &sink_vtable, "T | project A");
    rig_push(&r, 0, 10);
    while (rtq_run_step(r.run, NULL, &r.diag) == RTQ_OK)
        ;
    rtq_run_stop(r.run, RTQ_STOP_CANCEL);
    rtq_run_stop(r.run, RTQ_STOP_DRAIN); /* does not take it back */
    CHECK(rtq_run_step(r.run, NULL, &r.diag) == RTQ_END && s.closes == 1);
    conserve(&r);
    rig_close(&r);
}

static void errors_are_counted_and_told(void)
{
    const int codes[] = {RTQ_ERR_IO, RTQ_ERR_USER, RTQ_ERR_NOMEM, -77, 55};

    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        struct sink s = {.answer = codes[i]};
        struct rig r;
        rtq_stats st = {.size = sizeof st};
        rig_open(&r, &s, &sink_vtable, "T | project A");
        rig_push(&r, 0, 10);
        rig_end(&r);
        CHECK(rtq_run_all(r.run, &r.diag) == RTQ_END);
        CHECK(rtq_run_stats(&st, r.run, RTQ_STAT_SINK, r.id) == RTQ_OK && st.in == 10 && st.errored == 10 &&
              st.out == 0);
        CHECK(codes[i] > 0 || (r.notices == 1 && r.code == codes[i]));
        rig_close(&r);
    }
}

static void a_sink_that_does_not_open_ends_its_query(void)
{
    struct sink s = {.fail_open = RTQ_ERR_IO};
    struct rig r;

    rig_open(&r, &s, &sink_vtable, "T | project A");
    rig_push(&r, 0, 10);
    CHECK(rtq_run_all(r.run, &r.diag) == RTQ_END);
    CHECK(r.notices == 1 && r.code == RTQ_ERR_IO && s.writes == 0 && s.closes == 0);
    rig_close(&r);
}

static void end_means_this_query_is_done(void)
{
    struct sink s = {.answer = RTQ_END};
    struct rig r;

    rig_open(&r, &s, &sink_vtable, "T | project A");
    rig_push(&r, 0, 1000);
    CHECK(rtq_run_all(r.run, &r.diag) == RTQ_END); /* without the end of the source */
    CHECK(s.writes == 1 && s.closes == 1);
    conserve(&r);
    rig_close(&r);
}

/* errors: a second sink for rows that the first refuses. */
static void refused_rows_go_to_the_errors_sink(void)
{
    struct sink s = {.answer = RTQ_ERR_USER}, dead = {.in_order = 1};
    struct rig r;
    rtq_sink *errors = NULL;
    rtq_query *q = NULL;
    rtq_query_options qo = {.size = sizeof qo, .n_sources = 1};
    rtq_attach_options ao = {.size = sizeof ao, .name = "second", .max_errors = 2};

    rig_open(&r, &s, &sink_vtable, "T | project A");
    qo.sources = (const rtq_source *const *)&r.source;
    CHECK(rtq_run_remove(r.run, r.id) == RTQ_OK);
    CHECK(rtq_sink_custom(&errors, r.env, &sink_vtable, &dead, sink_destroy) == RTQ_OK);
    ao.errors = errors;
    CHECK(rtq_query_compile(&q, r.env, "T | project A", RTQ_NTS, &qo, &r.diag) == RTQ_OK);
    CHECK(rtq_run_add_query(&r.id, r.run, q, r.sink, &ao, &r.diag) == RTQ_OK);
    rig_push(&r, 0, 500); /* five batches: the query is suspended after the second */
    rig_end(&r);
    CHECK(rtq_run_all(r.run, &r.diag) == RTQ_END);
    CHECK(dead.rows == 200 && dead.in_order && dead.closes == 1 && r.notices == 3 && r.code == RTQ_ERR_LIMIT);
    rtq_query_free(q);
    rtq_sink_free(errors);
    rig_close(&r);
    CHECK(dead.destroys == 1);
}

static int free_the_run(const rtq_batch *batch, void *user)
{
    (void)batch;
    ++*(int *)user;
    if (*(int *)user == 1)
        rtq_run_free(the_run);
    return RTQ_OK;
}

static void a_callback_may_free_the_run(void)
{
    struct sink s = {0};
    struct rig r;
    rtq_query *q = NULL;
    rtq_sink *sink = NULL;
    rtq_query_options qo = {.size = sizeof qo, .n_sources = 1};
    int calls = 0;

    rig_open(&r, &s, &sink_vtable, "T | project A");
    qo.sources = (const rtq_source *const *)&r.source;
    rtq_run_remove(r.run, r.id);
    CHECK(rtq_sink_callback(&sink, r.env, free_the_run, &calls, NULL) == RTQ_OK);
    CHECK(rtq_query_compile(&q, r.env, "T | project A", RTQ_NTS, &qo, &r.diag) == RTQ_OK);
    CHECK(rtq_run_add_query(NULL, r.run, q, sink, NULL, &r.diag) == RTQ_OK);
    rtq_sink_free(sink);
    rtq_query_free(q);
    rig_push(&r, 0, 1000);
    the_run = r.run;
    CHECK(rtq_run_all(r.run, &r.diag) == RTQ_END);
    CHECK(calls == 1);
    r.run = NULL;
    rig_close(&r);
}

static void older_vtables_work(void)
{
    for (size_t size = 0; size <= sizeof(rtq_sink_vtable); size++) {
        rtq_sink_vtable v = sink_vtable;
        struct sink s = {.timeout = -1};
        struct rig r;
        rtq_env *env = NULL;
        rtq_sink *sink = NULL;

        memset((char *)&v + size, 0xee, sizeof v - size);
        v.size = size;
        if (size < offsetof(rtq_sink_vtable, write) + sizeof v.write) {
            rtq_env_new(&env, NULL);
            CHECK(rtq_sink_custom(&sink, env, &v, &s, sink_destroy) == RTQ_ERR_ARG && sink == NULL && s.destroys == 1);
            rtq_env_free(env);
            continue;
        }
        rig_open(&r, &s, &v, "T | project A");
        rig_push(&r, 0, 100);
        rig_end(&r);
        CHECK(rtq_run_all(r.run, &r.diag) == RTQ_END && s.rows == 100);
        rig_close(&r);
        CHECK(s.destroys == 1);
    }
}

/* One queue for two queries: taking still wakes the run when one of them is gone. */
static void a_shared_queue_wakes_the_run(void)
{
    struct sink s = {0};
    struct rig r;
    rtq_query *q = NULL;
    rtq_sink *queue = NULL;
    rtq_query_options qo = {.size = sizeof qo, .n_sources = 1};
    uint64_t ids[2];
    rtq_batch *b;
    uint64_t rows = 0;
    int rc;

    rig_open(&r, &s, &sink_vtable, "T | project A");
    qo.sources = (const rtq_source *const *)&r.source;
    rtq_run_remove(r.run, r.id);
    CHECK(rtq_sink_queue(&queue, r.env, 1) == RTQ_OK);
    CHECK(rtq_query_compile(&q, r.env, "T | project A", RTQ_NTS, &qo, &r.diag) == RTQ_OK);
    for (int i = 0; i < 2; i++)
        CHECK(rtq_run_add_query(&ids[i], r.run, q, queue, NULL, &r.diag) == RTQ_OK);
    while (rtq_run_step(r.run, NULL, &r.diag) == RTQ_OK)
        ;
    CHECK(rtq_run_remove(r.run, ids[0]) == RTQ_OK && rtq_run_commit(r.run) == RTQ_OK);
    rig_push(&r, 0, 300);
    while (rtq_run_step(r.run, NULL, &r.diag) == RTQ_OK)
        ;
    CHECK(rtq_run_wait(r.run, 0) == RTQ_AGAIN || rtq_run_step(r.run, NULL, &r.diag) == RTQ_AGAIN);
    while (rtq_run_wait(r.run, 0) == RTQ_OK)
        rtq_run_step(r.run, NULL, &r.diag);
    CHECK(rtq_sink_take(&b, queue) == RTQ_OK);
    rtq_batch_free(b);
    CHECK(rtq_run_wait(r.run, 5000000000) == RTQ_OK);
    rows = 100;
    rtq_run_stop(r.run, RTQ_STOP_DRAIN);
    while ((rc = rtq_run_step(r.run, NULL, &r.diag)) != RTQ_END && rc >= 0)
        while (rtq_sink_take(&b, queue) == RTQ_OK) {
            rows += 100;
            rtq_batch_free(b);
        }
    while (rtq_sink_take(&b, queue) == RTQ_OK) { /* what it holds outlives the run */
        rows += 100;
        rtq_batch_free(b);
    }
    CHECK(rows == 300 && rtq_sink_take(&b, queue) == RTQ_END);
    rtq_query_free(q);
    rtq_sink_free(queue);
    rig_close(&r);
}

/* Nothing to do and nothing to wait for: a run without queries still ends when it is told to. */
static void a_run_without_queries_drains(void)
{
    struct sink s = {0};
    struct rig r;

    rig_open(&r, &s, &sink_vtable, "T | project A");
    while (rtq_run_step(r.run, NULL, &r.diag) == RTQ_OK)
        ;
    CHECK(rtq_run_remove(r.run, r.id) == RTQ_OK && rtq_run_commit(r.run) == RTQ_OK);
    while (rtq_run_step(r.run, NULL, &r.diag) == RTQ_OK)
        ;
    CHECK(s.closes == 1 && s.flushes == 1);
    rtq_run_stop(r.run, RTQ_STOP_DRAIN);
    CHECK(rtq_run_all(r.run, &r.diag) == RTQ_END);
    rig_close(&r);
}

/* ---- a source that always has something, and a sink that takes nothing ------------------------------------------------- */

static const char *ready_tables(void *user)
{
    (void)user;
    return "T(A:long)";
}
static int ready_next(rtq_appender *const *tables, const rtq_clock *clock, void *user)
{
    rtq_value v = {.kind = RTQ_LONG};
    (void)clock;
    if (((int *)user)[2]) /* rows are wanted */
        CHECK(rtq_appender_row(tables[0], &v, 1) == RTQ_OK);
    return RTQ_AGAIN;
}
static intptr_t ready_handle(void *user)
{
    return *(int *)user;
}
static int64_t ready_timeout(const rtq_clock *clock, void *user)
{
    (void)clock, (void)user;
    return 0;
}

static void a_full_queue_does_not_spin(void)
{
    for (int by_handle = 0; by_handle < 2; by_handle++) {
        const rtq_source_vtable vtable = {.size = sizeof vtable,
                                          .tables = ready_tables,
                                          .next = ready_next,
                                          .handle = by_handle ? ready_handle : NULL,
                                          .timeout_ns = by_handle ? NULL : ready_timeout};
        struct rig r;
        int fds[3] = {0, 0, 1};
        rtq_query *q = NULL;
        rtq_batch *b = NULL;
        rtq_query_options qo = {.size = sizeof qo, .n_sources = 1};

        memset(&r, 0, sizeof r);
        CHECK(pipe(fds) == 0 && write(fds[1], "x", 1) == 1 && rtq_env_new(&r.env, NULL) == RTQ_OK);
        CHECK(rtq_source_custom(&r.source, r.env, &vtable, fds, NULL, &r.diag) == RTQ_OK);
        qo.sources = (const rtq_source *const *)&r.source;
        CHECK(rtq_query_compile(&q, r.env, "T", RTQ_NTS, &qo, &r.diag) == RTQ_OK);
        CHECK(rtq_sink_queue(&r.sink, r.env, 2) == RTQ_OK && rtq_run_new(&r.run, r.env, NULL) == RTQ_OK);
        CHECK(rtq_run_add_source(NULL, r.run, r.source, &r.diag) == RTQ_OK);
        CHECK(rtq_run_add_query(&r.id, r.run, q, r.sink, NULL, &r.diag) == RTQ_OK);
        for (int i = 0; i < 10; i++)
            CHECK(rtq_run_step(r.run, NULL, &r.diag) >= 0);
        CHECK(rtq_run_timeout_ns(r.run, NULL) == -1 && rtq_run_wait(r.run, 1000000) == RTQ_AGAIN);
        CHECK(rtq_sink_take(&b, r.sink) == RTQ_OK && rtq_run_wait(r.run, -1) == RTQ_OK);
        while (rtq_batch_free(b), rtq_sink_take(&b, r.sink) == RTQ_OK)
            ;
        fds[2] = 0;
        CHECK(rtq_run_step(r.run, NULL, &r.diag) == RTQ_AGAIN); /* room for two now: the source counts again */
        CHECK(rtq_run_wait(r.run, 1000000000) == (by_handle ? RTQ_OK : RTQ_AGAIN));
        CHECK(rtq_run_timeout_ns(r.run, NULL) == (by_handle ? -1 : 0));
        rtq_query_free(q);
        rig_close(&r);
        close(fds[0]), close(fds[1]);
    }
}

/* ---- one queue, two runs ------------------------------------------------------------------------------------------------- */

struct filler {
    rtq_env *env;
    rtq_sink *queue;
    rtq_query *query;
};

static void *fill_queue(void *user)
{
    struct filler *f = user;
    rtq_run *run = NULL;

    CHECK(rtq_run_new(&run, f->env, NULL) == RTQ_OK);
    CHECK(rtq_run_add_query(NULL, run, f->query, f->queue, NULL, NULL) == RTQ_OK);
    CHECK(rtq_run_all(run, NULL) == RTQ_END);
    rtq_run_free(run);
    return NULL;
}

static void runs_may_share_a_queue(void)
{
    struct filler f = {0};
    pthread_t threads[2];
    uint64_t rows = 0;
    rtq_batch *b;
    int rc;

    CHECK(rtq_env_new(&f.env, NULL) == RTQ_OK && rtq_sink_queue(&f.queue, f.env, 1) == RTQ_OK);
    CHECK(rtq_query_compile(&f.query, f.env, "range x from 1 to 60000 step 1", RTQ_NTS, NULL, NULL) == RTQ_OK);
    for (int i = 0; i < 2; i++)
        CHECK(pthread_create(&threads[i], NULL, fill_queue, &f) == 0);
    while (rows < 120000) {
        rtq_batch_info info = {.size = sizeof info};
        if ((rc = rtq_sink_take(&b, f.queue)) != RTQ_OK) {
            usleep(100); /* END: one has not begun when the other is done */
            continue;
        }
        CHECK(rtq_batch_info_get(&info, b) == RTQ_OK);
        rows += info.n_rows;
        rtq_batch_free(b);
    }
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    CHECK(rtq_sink_take(&b, f.queue) == RTQ_END && rows == 120000);
    rtq_query_free(f.query), rtq_sink_free(f.queue), rtq_env_free(f.env);
}

int main(void)
{
    RUN(rows_come_in_order_and_everything_is_closed_once);
    RUN(again_without_handle_or_timeout_is_asked_again);
    RUN(again_with_a_timeout);
    RUN(again_with_a_handle);
    RUN(stopping_while_the_sink_waits_does_not_spin);
    RUN(errors_are_counted_and_told);
    RUN(a_sink_that_does_not_open_ends_its_query);
    RUN(end_means_this_query_is_done);
    RUN(refused_rows_go_to_the_errors_sink);
    RUN(a_callback_may_free_the_run);
    RUN(older_vtables_work);
    RUN(a_shared_queue_wakes_the_run);
    RUN(a_run_without_queries_drains);
    RUN(a_full_queue_does_not_spin);
    RUN(runs_may_share_a_queue);
    return check_failures != 0;
}
