/* runs.c - what several threads may do to one run at once; built for TSan too. */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/time.h>
#include <time.h>
#include "../api/check.h"

enum { PUSHERS = 2, BATCHES = 150, ROWS = 200 };

static void nap(long us)
{
    struct timespec t = {us / 1000000, us % 1000000 * 1000};
    nanosleep(&t, NULL);
}

/* ---- a run, two that push, one that changes it, one that takes ------------------------------------------------------ */

struct rig {
    rtq_env *env;
    rtq_source *source;
    rtq_run *run;
    rtq_sink *queue, *callback;
    rtq_query *count, *all;
    atomic_int done, failures, ended;
    atomic_ulong rows;
    uint64_t taken;
};

static int on_rows(const rtq_batch *batch, void *user)
{
    struct rig *r = user;
    rtq_batch_info info = {.size = sizeof info};
    rtq_batch_info_get(&info, batch);
    atomic_fetch_add(&r->rows, info.n_rows);
    return 0;
}

struct pusher {
    struct rig *rig;
    rtq_appender *app;
};

static void *push(void *arg)
{
    struct pusher *p = arg;
    int64_t a[ROWS], t[ROWS];
    rtq_str s[ROWS];
    rtq_column cols[3] = {
        {RTQ_DATETIME, 8, t, NULL, 0, 0}, {RTQ_LONG, 8, a, NULL, 0, 0}, {RTQ_STRING, sizeof *s, s, NULL, 0, 0}};
    int rc = RTQ_OK;

    for (int b = 0; b < BATCHES && rc >= 0; b++) {
        for (int i = 0; i < ROWS; i++) {
            t[i] = RTQ_UNIX_EPOCH + b * 10000000 + i;
            a[i] = i;
            s[i] = i % 2 ? (rtq_str){"odd and longer than twelve", 26} : (rtq_str){"even", 4};
        }
        if (b % 3 == 0)
            rc = rtq_appender_json(p->app, "{\"A\":1,\"S\":\"json\"}", RTQ_NTS);
        if (rc >= 0)
            rc = rtq_appender_columns(p->app, cols, 3, b % 3 ? ROWS : ROWS - 1);
        while (rc >= 0 && (rc = rtq_appender_flush(p->app)) == RTQ_AGAIN)
            nap(200);
    }
    if (rc < 0 && rc != RTQ_ERR_STATE) /* the run may have been stopped */
        atomic_fetch_add(&p->rig->failures, 1);
    rtq_appender_free(p->app);
    return NULL;
}

static void *change(void *arg)
{
    struct rig *r = arg;
    rtq_diag *diag = NULL;
    rtq_blob *blob = NULL;
    int64_t key[2] = {1, 2};
    rtq_column col = {RTQ_LONG, 8, key, NULL, 0, 0};
    int bad = 0;

    for (int i = 0; !atomic_load(&r->done); i++) {
        rtq_stats s = {.size = sizeof s};
        uint64_t id = 0;
        int rc = rtq_run_add_query(&id, r->run, i % 2 ? r->count : r->all, r->callback, NULL, &diag);
        bad += rc < 0 && rc != RTQ_ERR_STATE;
        rtq_run_commit(r->run);
        for (int what = RTQ_STAT_SOURCE; what <= RTQ_STAT_SINK; what++) {
            bad += rtq_run_stats(&s, r->run, what, 0) != RTQ_OK;
            if (what != RTQ_STAT_QUERY)
                bad += s.in != s.out + s.filtered + s.errored + s.dropped + s.pending;
            else
                bad += s.in != s.used + s.filtered + s.late + s.errored + s.dropped + s.pending;
        }
        bad += rtq_run_stats_json(&blob, r->run) < 0 || rtq_run_explain(&blob, r->run, i % 2) < 0;
        bad += rtq_env_set_table(r->env, "Ref", "A:long", &col, 1, 1 + (size_t)(i % 2), &diag) < 0;
        nap(300);
        if (id) {
            rc = rtq_run_replace_query(r->run, id, i % 2 ? r->all : r->count, &diag);
            bad += rc < 0 && rc != RTQ_ERR_STATE;
            if (i % 3)
                rtq_run_commit(r->run);
            rc = rtq_run_remove(r->run, id);
            bad += rc < 0 && rc != RTQ_ERR_STATE;
            rtq_run_commit(r->run);
        }
    }
    atomic_fetch_add(&r->failures, bad);
    rtq_diag_free(diag);
    rtq_blob_free(blob);
    return NULL;
}

static void *take(void *arg)
{
    struct rig *r = arg;
    rtq_batch *b;
    int rc;

    while ((rc = rtq_sink_take(&b, r->queue)) != RTQ_END) {
        rtq_batch_info info = {.size = sizeof info};
        rtq_column c;
        if (rc == RTQ_AGAIN) {
            nap(100);
            continue;
        }
        rtq_batch_info_get(&info, b);
        if (rtq_batch_column(&c, b, 0) < 0)
            atomic_fetch_add(&r->failures, 1);
        r->taken += info.n_rows;
        rtq_batch_free(b);
    }
    return NULL;
}

static rtq_query *compile(struct rig *r, const char *kql)
{
    rtq_query_options qo = {.size = sizeof qo, .sources = (const rtq_source *const *)&r->source, .n_sources = 1};
    rtq_diag *diag = NULL;
    rtq_query *q = NULL;
    int rc = rtq_query_compile(&q, r->env, kql, RTQ_NTS, &qo, &diag);

    if (rc < 0)
        check_diag(kql, rc, diag);
    rtq_diag_free(diag);
    return q;
}

static void open_rig(struct rig *r)
{
    const rtq_option options[] = {
        {"table", "T"}, {"schema", "Time:datetime, A:long, S:string"}, {"queue_rows", "2000"}};
    int64_t key = 1;
    rtq_column col = {RTQ_LONG, 8, &key, NULL, 0, 0};
    rtq_query *q;

    memset(r, 0, sizeof *r);
    CHECK(rtq_env_new(&r->env, NULL) == RTQ_OK);
    CHECK(rtq_env_set_table(r->env, "Ref", "A:long", &col, 1, 1, NULL) == RTQ_OK);
    CHECK(rtq_source_open(&r->source, r->env, "push", options, 3, NULL) == RTQ_OK);
    CHECK(rtq_sink_queue(&r->queue, r->env, 4) == RTQ_OK);
    CHECK(rtq_sink_callback(&r->callback, r->env, on_rows, r, NULL) == RTQ_OK);
    r->count = compile(r, "T | summarize count() by S, bin(Time, 1s)");
    r->all = compile(r, "T | where A in ((Ref)) | project A, S");
    CHECK(rtq_run_new(&r->run, r->env, NULL) == RTQ_OK && rtq_run_add_source(NULL, r->run, r->source, NULL) == RTQ_OK);
    q = compile(r, "T | where S != 'json' or A == 1 | project A, S");
    CHECK(rtq_run_add_query(NULL, r->run, q, r->queue, NULL, NULL) == RTQ_OK);
    rtq_query_free(q);
}

static void close_rig(struct rig *r)
{
    rtq_run_free(r->run);
    rtq_sink_free(r->queue), rtq_sink_free(r->callback);
    rtq_query_free(r->count), rtq_query_free(r->all);
    rtq_source_free(r->source);
    rtq_env_free(r->env);
}

static void everything_at_once(int stop)
{
    struct rig r;
    struct pusher p[PUSHERS];
    pthread_t th[PUSHERS + 2];
    int rc;

    open_rig(&r);
    for (int i = 0; i < PUSHERS; i++) {
        p[i].rig = &r;
        CHECK(rtq_appender_new(&p[i].app, r.source, NULL) == RTQ_OK);
    }
    rtq_source_free(r.source);
    r.source = NULL;
    for (int i = 0; i < PUSHERS; i++)
        pthread_create(&th[i], NULL, push, &p[i]);
    pthread_create(&th[PUSHERS], NULL, change, &r);
    pthread_create(&th[PUSHERS + 1], NULL, take, &r);
    while ((rc = rtq_run_step(r.run, NULL, NULL)) != RTQ_END && rc >= 0) {
        rtq_stats s = {.size = sizeof s};
        if (rc == RTQ_AGAIN)
            rc = rtq_run_wait(r.run, 1000000000);
        if (stop && rtq_run_stats(&s, r.run, RTQ_STAT_SOURCE, 0) == RTQ_OK && s.in > BATCHES * ROWS / 2)
            rtq_run_stop(r.run, stop);
    }
    CHECK(rc == RTQ_END);
    atomic_store(&r.done, 1);
    for (int i = 0; i < PUSHERS + 2; i++)
        pthread_join(th[i], NULL);
    CHECK(atomic_load(&r.failures) == 0);
    CHECK(stop ? r.taken <= PUSHERS * BATCHES * ROWS : r.taken == PUSHERS * BATCHES * ROWS);
    close_rig(&r);
}

static void to_the_end(void)
{
    everything_at_once(0);
}
static void drained_in_the_middle(void)
{
    everything_at_once(RTQ_STOP_DRAIN);
}
static void cancelled_in_the_middle(void)
{
    everything_at_once(RTQ_STOP_CANCEL);
}

/* ---- stopping --------------------------------------------------------------------------------------------------------- */

static void *stop_later(void *arg)
{
    nap(20000);
    rtq_run_stop(((struct rig *)arg)->run, RTQ_STOP_DRAIN);
    return NULL;
}

static void another_thread_stops_a_waiting_run(void)
{
    struct rig r;
    pthread_t th;

    open_rig(&r);
    pthread_create(&th, NULL, stop_later, &r);
    CHECK(rtq_run_all(r.run, NULL) == RTQ_END);
    pthread_join(th, NULL);
    close_rig(&r);
}

static rtq_run *signalled;
static void on_alarm(int sig)
{
    (void)sig;
    rtq_run_stop(signalled, RTQ_STOP_DRAIN);
}

static void a_signal_handler_stops_the_run(void)
{
    for (int i = 0; i < 5; i++) {
        struct rig r;
        struct sigaction sa = {.sa_handler = on_alarm}, old;
        struct itimerval soon = {.it_value = {0, 3000 + 2000 * i}};

        open_rig(&r);
        signalled = r.run;
        sigaction(SIGALRM, &sa, &old);
        setitimer(ITIMER_REAL, &soon, NULL);
        CHECK(rtq_run_all(r.run, NULL) == RTQ_END);
        sigaction(SIGALRM, &old, NULL);
        close_rig(&r);
    }
}

/* ---- handles that several threads hold -------------------------------------------------------------------------------- */

struct shared {
    rtq_env *env;
    rtq_query *query;
    rtq_batch *batch;
    atomic_int failures;
    int which;
};

static void *read_batch(void *arg)
{
    struct shared *s = arg;
    rtq_batch *mine = NULL;

    if (rtq_batch_retain(&mine, s->batch) < 0)
        atomic_fetch_add(&s->failures, 1);
    for (int i = 0; i < 200; i++) {
        rtq_batch_info info = {.size = sizeof info};
        rtq_value v;
        rtq_column c;
        if (rtq_batch_info_get(&info, mine) < 0 || rtq_batch_get(&v, mine, 0, 0) < 0 || v.u.i != 7 ||
            rtq_batch_get(&v, mine, 0, 1) < 0 || v.len != 9 || rtq_batch_column(&c, mine, 1) < 0)
            atomic_fetch_add(&s->failures, 1);
    }
    rtq_batch_free(mine);
    return NULL;
}

static void many_threads_read_a_retained_batch(void)
{
    struct rig r;
    struct shared s = {0};
    rtq_query *q;
    rtq_run *run;
    pthread_t th[4];

    open_rig(&r);
    s.env = r.env;
    CHECK(rtq_query_compile(&q, r.env, "print a = 7, d = dynamic({\"x\": [1]})", RTQ_NTS, NULL, NULL) == RTQ_OK);
    CHECK(rtq_run_new(&run, r.env, NULL) == RTQ_OK && rtq_run_add_query(NULL, run, q, r.queue, NULL, NULL) == RTQ_OK);
    CHECK(rtq_run_all(run, NULL) == RTQ_END && rtq_sink_take(&s.batch, r.queue) == RTQ_OK);
    rtq_run_free(run);
    rtq_query_free(q);
    close_rig(&r); /* the batch outlives everything */
    for (int i = 0; i < 4; i++)
        pthread_create(&th[i], NULL, read_batch, &s);
    for (int i = 0; i < 4; i++)
        pthread_join(th[i], NULL);
    rtq_batch_free(s.batch);
    CHECK(atomic_load(&s.failures) == 0);
}

static int add_one(rtq_call *call, void *out, uint8_t *nulls, const rtq_column *args, size_t n_args, size_t n,
                   void *user)
{
    (void)call, (void)n_args;
    for (size_t i = 0; i < n; i++) {
        nulls[i] = 0;
        ((int64_t *)out)[i] = *(const int64_t *)(const void *)((const char *)args[0].data + i * args[0].stride) + 1;
    }
    ++*(int *)user; /* RTQ_FN_SERIAL: never from two runs at once */
    return 0;
}

static int sum_rows(const rtq_batch *batch, void *user)
{
    rtq_value v;
    rtq_batch_get(&v, batch, 0, 0);
    *(int64_t *)user += v.u.i;
    return 0;
}

/* Compiles, runs and frees with an env and a query that other threads use at the same time. */
static void *own_run(void *arg)
{
    struct shared *s = arg;

    for (int i = 0; i < 20; i++) {
        rtq_query *q = NULL;
        rtq_run *run = NULL;
        rtq_sink *sink = NULL;
        rtq_diag *diag = NULL;
        int64_t sum = 0;
        if (rtq_query_compile(
                &q, s->env,
                "range x from 1 to 100 step 1 | where tostring(x) matches regex '1' | summarize n = count()", RTQ_NTS,
                NULL, &diag) < 0 ||
            rtq_sink_callback(&sink, s->env, sum_rows, &sum, NULL) < 0 || rtq_run_new(&run, s->env, NULL) < 0 ||
            rtq_run_add_query(NULL, run, q, sink, NULL, &diag) < 0 ||
            rtq_run_add_query(NULL, run, s->query, sink, NULL, &diag) < 0 || rtq_run_all(run, &diag) != RTQ_END)
            atomic_fetch_add(&s->failures, 1);
        if (sum != 20 + 5150)
            atomic_fetch_add(&s->failures, 1);
        rtq_run_free(run), rtq_sink_free(sink), rtq_query_free(q), rtq_diag_free(diag);
    }
    return NULL;
}

static void runs_side_by_side_share_an_env_and_a_query(void)
{
    struct shared s = {0};
    pthread_t th[3];
    int calls = 0;

    CHECK(rtq_env_new(&s.env, NULL) == RTQ_OK);
    CHECK(rtq_env_add_function(s.env, "add_one(a:long) -> long", RTQ_FN_SERIAL, add_one, &calls, NULL, NULL) == RTQ_OK);
    CHECK(rtq_query_compile(&s.query, s.env, "range x from 1 to 100 step 1 | extend y = add_one(x) | summarize sum(y)",
                            RTQ_NTS, NULL, NULL) == RTQ_OK);
    for (int i = 0; i < 3; i++)
        pthread_create(&th[i], NULL, own_run, &s);
    for (int i = 0; i < 3; i++)
        pthread_join(th[i], NULL);
    CHECK(atomic_load(&s.failures) == 0);
    CHECK(calls == 60);
    rtq_query_free(s.query);
    rtq_env_free(s.env);
}

int main(void)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    RUN(to_the_end);
    RUN(drained_in_the_middle);
    RUN(cancelled_in_the_middle);
    RUN(another_thread_stops_a_waiting_run);
    RUN(a_signal_handler_stops_the_run);
    RUN(many_threads_read_a_retained_batch);
    RUN(runs_side_by_side_share_an_env_and_a_query);
    return check_failures != 0;
}
