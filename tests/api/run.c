/* run.c - runs through the public API: conservation after every step, changes between steps, the three stops, what sinks answer. */
#include "rig.h"

/* ---- a feed of our own making ------------------------------------------------------------------------------------------- */

static void open_rig(struct rig *r)
{
    const rtq_option push[] = {{"table", "T"}, {"schema", "Time:datetime, A:long, S:string"}, {"queue_rows", "100000"}};
    rtq_run_options ro = {.size = sizeof ro, .notice = rig_notice, .notice_user = r, .step_rows = 64};

    rig_env(r);
    CHECK(rtq_source_open(&r->source, r->env, "push", push, 3, &r->diag) == RTQ_OK);
    CHECK(rtq_appender_new(&r->app, r->source, "T") == RTQ_OK);
    CHECK(rtq_run_new(&r->run, r->env, &ro) == RTQ_OK);
    CHECK(rtq_run_add_source(&r->source_id, r->run, r->source, &r->diag) == RTQ_OK);
}

/* Rows A = from … from + n - 1. */
static void rig_push(struct rig *r, int64_t from, int64_t n)
{
    for (int64_t i = from; i < from + n; i++) {
        rtq_value cells[3] = {{.kind = RTQ_DATETIME}, {.kind = RTQ_LONG}, {.kind = RTQ_STRING}};
        cells[0].u.i = RTQ_UNIX_EPOCH + i;
        cells[1].u.i = i;
        cells[2].u.s = i % 2 ? "odd" : "even";
        cells[2].len = i % 2 ? 3 : 4;
        CHECK(rtq_appender_row(r->app, cells, 3) == RTQ_OK);
    }
    CHECK(rtq_appender_flush(r->app) == RTQ_OK);
}

static rtq_query *compile(struct rig *r, const char *kql)
{
    const rtq_source *sources[] = {r->source};
    rtq_query_options qo = {.size = sizeof qo, .sources = sources, .n_sources = 1};
    rtq_query *q = NULL;
    int rc = rtq_query_compile(&q, r->env, kql, RTQ_NTS, &qo, &r->diag);
    if (rc < 0)
        check_diag(kql, rc, r->diag);
    return q;
}

struct seen {
    uint64_t rows;
    int64_t sum;
    int answer;
    uint64_t answer_after;
};

static int on_rows(const rtq_batch *batch, void *user)
{
    struct seen *s = user;
    rtq_batch_info info = {.size = sizeof info};
    rtq_value v;

    rtq_batch_info_get(&info, batch);
    if (s->answer && s->rows >= s->answer_after)
        return s->answer;
    for (size_t i = 0; i < info.n_rows; i++) {
        CHECK(rtq_batch_get(&v, batch, i, 0) == RTQ_OK);
        s->sum += v.u.i;
    }
    s->rows += info.n_rows;
    return 0;
}

static uint64_t add(struct rig *r, const char *kql, struct seen *s, const char *name)
{
    rtq_query *q = compile(r, kql);
    rtq_attach_options ao = {.size = sizeof ao, .name = name};
    rtq_sink *sink = NULL;
    uint64_t id = 0;
    int rc;

    if (!q)
        return 0;
    CHECK(rtq_sink_callback(&sink, r->env, on_rows, s, NULL) == RTQ_OK);
    if ((rc = rtq_run_add_query(&id, r->run, q, sink, &ao, &r->diag)) < 0)
        check_diag(kql, rc, r->diag);
    rtq_sink_free(sink);
    rtq_query_free(q);
    return id;
}

/* DESIGN's decision 7, for the sum and for each query. */
static void conserve(struct rig *r, const uint64_t *queries, size_t n)
{
    rtq_stats s = {.size = sizeof s}, k = {.size = sizeof k};

    CHECK(rtq_run_stats(&s, r->run, RTQ_STAT_SOURCE, 0) == RTQ_OK);
    CHECK(s.in == s.out + s.filtered + s.errored + s.dropped + s.pending);
    CHECK(rtq_run_stats(&s, r->run, RTQ_STAT_SINK, 0) == RTQ_OK);
    CHECK(s.in == s.out + s.errored + s.dropped + s.pending);
    for (size_t i = 0; i < n; i++) {
        if (rtq_run_stats(&s, r->run, RTQ_STAT_QUERY, queries[i]) < 0)
            continue; /* not applied yet, or removed */
        CHECK(s.in == s.used + s.filtered + s.late + s.errored + s.dropped + s.pending);
        if (rtq_run_stats(&k, r->run, RTQ_STAT_SINK, queries[i]) == RTQ_OK)
            CHECK(s.out == k.in);
    }
}

static int step_until_again(struct rig *r, const uint64_t *queries, size_t n)
{
    int rc;
    while ((rc = rtq_run_step(r->run, NULL, &r->diag)) == RTQ_OK)
        conserve(r, queries, n);
    conserve(r, queries, n);
    return rc;
}

/* ---- tests ------------------------------------------------------------------------------------------------------------- */

static void conservation_holds_after_each_step(void)
{
    struct rig r;
    struct seen s[4] = {{0}};
    uint64_t q[4];

    open_rig(&r);
    q[0] = add(&r, "T | where A % 3 == 0 | project A", &s[0], "filter");
    q[1] = add(&r, "T | summarize sum(A) by S", &s[1], "group");
    q[2] = add(&r, "T | take 10 | project A", &s[2], "take");
    q[3] = add(&r, "T | where S == 'odd' | join kind=inner (T | where A < 20) on A | project A", &s[3], "join");
    for (int i = 0; i < 20; i++) {
        rig_push(&r, i * 100, 100);
        CHECK(step_until_again(&r, q, 4) == RTQ_AGAIN);
    }
    CHECK(s[0].rows == 667 && s[2].rows == 10 && s[2].sum == 45);
    rtq_run_stop(r.run, RTQ_STOP_DRAIN);
    CHECK(step_until_again(&r, q, 4) == RTQ_END);
    CHECK(s[1].rows == 2 && s[3].rows == 10 && s[3].sum == 100);
    CHECK(r.notices == 0);
    rig_close(&r);
}

static void changes_take_effect_at_commit(void)
{
    struct rig r;
    struct seen a = {0}, b = {0};
    uint64_t ids[2], twice;
    rtq_query *q;

    open_rig(&r);
    ids[0] = add(&r, "T | project A", &a, "first");
    CHECK(rtq_run_step(r.run, NULL, &r.diag) >= 0);
    ids[1] = add(&r, "T | project A", &b, "second");
    rig_push(&r, 0, 10);
    step_until_again(&r, ids, 2);
    CHECK(a.rows == 10 && b.rows == 0); /* not committed */
    CHECK(rtq_run_commit(r.run) == RTQ_OK);
    rig_push(&r, 10, 10);
    step_until_again(&r, ids, 2);
    CHECK(a.rows == 20 && b.rows == 10);
    q = compile(&r, "T | where A >= 25 | project A");
    CHECK(rtq_run_replace_query(r.run, ids[0], q, &r.diag) == RTQ_OK);
    CHECK(rtq_run_remove(r.run, ids[1]) == RTQ_OK);
    rtq_query_free(q);
    rtq_run_commit(r.run);
    rig_push(&r, 20, 10);
    step_until_again(&r, ids, 1);
    CHECK(a.rows == 25 && b.rows == 10);
    /* checked at once: a name that is taken, an id that is gone, a source that is attached */
    q = compile(&r, "T | project A");
    {
        rtq_attach_options ao = {.size = sizeof ao, .name = "first"};
        CHECK(rtq_run_add_query(&twice, r.run, q, NULL, &ao, &r.diag) == RTQ_ERR_ARG);
    }
    CHECK(rtq_run_replace_query(r.run, ids[1], q, &r.diag) == RTQ_ERR_ARG);
    CHECK(rtq_run_remove(r.run, ids[1]) == RTQ_ERR_ARG);
    CHECK(rtq_run_add_source(NULL, r.run, r.source, &r.diag) == RTQ_ERR_STATE);
    rtq_query_free(q);
    rig_close(&r);
}

static void a_query_that_is_done_or_errs_leaves_the_others_alone(void)
{
    struct rig r;
    struct seen good = {0}, ends = {.answer = RTQ_END, .answer_after = 64},
                errs = {.answer = RTQ_ERR_USER, .answer_after = 64};
    uint64_t q[3];
    rtq_stats s = {.size = sizeof s};

    open_rig(&r);
    q[0] = add(&r, "T | project A", &good, "good");
    q[1] = add(&r, "T | project A", &ends, "ends");
    q[2] = add(&r, "T | project A", &errs, "errs");
    for (int i = 0; i < 10; i++) {
        rig_push(&r, i * 64, 64);
        step_until_again(&r, q, 3);
    }
    CHECK(good.rows == 640 && ends.rows == 64 && errs.rows == 64);
    CHECK(rtq_run_stats(&s, r.run, RTQ_STAT_SINK, q[2]) == RTQ_OK && s.errored == 576 && s.out == 64);
    CHECK(r.notices == 9 && r.code == RTQ_ERR_USER);
    rig_close(&r);
}

static void a_full_queue_stops_reading_and_loses_nothing(void)
{
    struct rig r;
    rtq_query *q;
    rtq_sink *queue = NULL;
    rtq_batch *b = NULL;
    uint64_t id = 0, rows = 0;
    int64_t next = 0;
    rtq_stats s = {.size = sizeof s};

    open_rig(&r);
    q = compile(&r, "T | project A");
    CHECK(rtq_sink_queue(&queue, r.env, 2) == RTQ_OK);
    CHECK(rtq_run_add_query(&id, r.run, q, queue, NULL, &r.diag) == RTQ_OK);
    for (int i = 0; i < 10; i++)
        rig_push(&r, i * 100, 100);
    CHECK(step_until_again(&r, &id, 1) == RTQ_AGAIN);
    CHECK(rtq_run_stats(&s, r.run, RTQ_STAT_SOURCE, 0) == RTQ_OK && s.pending >= 600); /* it did not read on */
    CHECK(rtq_run_stats(&s, r.run, RTQ_STAT_SINK, id) == RTQ_OK && s.pending > 0);
    rtq_run_stop(r.run, RTQ_STOP_DRAIN);
    for (int rc = RTQ_OK; rc != RTQ_END;) {
        rc = rtq_run_step(r.run, NULL, &r.diag);
        CHECK(rc >= 0);
        conserve(&r, &id, 1);
        while (rtq_sink_take(&b, queue) == RTQ_OK) {
            rtq_batch_info info = {.size = sizeof info};
            rtq_column c;
            rtq_batch_info_get(&info, b);
            CHECK(rtq_batch_column(&c, b, 0) == RTQ_OK && c.kind == RTQ_LONG);
            for (size_t i = 0; i < info.n_rows; i++)
                CHECK(((const int64_t *)c.data)[i] == next++);
            rows += info.n_rows;
            rtq_batch_free(b);
        }
    }
    CHECK(rows == 1000);
    CHECK(rtq_sink_take(&b, queue) == RTQ_END);
    rtq_sink_free(queue);
    rtq_query_free(q);
    rig_close(&r);
}

static void stop_modes(void)
{
    for (int mode = RTQ_STOP_DRAIN; mode <= RTQ_STOP_CANCEL; mode++) {
        struct rig r;
        struct seen s = {0};
        uint64_t id;

        open_rig(&r);
        id = add(&r, "T | summarize n = count()", &s, "count");
        rig_push(&r, 0, 100);
        CHECK(step_until_again(&r, &id, 1) == RTQ_AGAIN);
        rtq_run_stop(r.run, mode);
        CHECK(step_until_again(&r, &id, 1) == RTQ_END);
        CHECK(s.rows == (mode == RTQ_STOP_DRAIN)); /* windows emit on drain only */
        CHECK(rtq_run_step(r.run, NULL, &r.diag) == RTQ_END);
        {
            rtq_value cells[3] = {{.kind = RTQ_DATETIME, .is_null = 1},
                                  {.kind = RTQ_LONG, .is_null = 1},
                                  {.kind = RTQ_STRING, .is_null = 1}};
            CHECK(rtq_appender_row(r.app, cells, 3) == RTQ_OK);
            CHECK(rtq_appender_flush(r.app) == RTQ_ERR_STATE);
        }
        rig_close(&r);
    }
}

static void a_push_source_ends_like_a_pipe(void)
{
    struct rig r;
    struct seen s = {0};
    uint64_t id;

    open_rig(&r);
    id = add(&r, "T | project A", &s, "all");
    rig_push(&r, 0, 5);
    rtq_source_free(r.source);
    r.source = NULL;
    CHECK(step_until_again(&r, &id, 1) == RTQ_AGAIN); /* an appender is still there */
    rtq_appender_free(r.app);
    r.app = NULL;
    CHECK(step_until_again(&r, &id, 1) == RTQ_END);
    CHECK(s.rows == 5);
    rig_close(&r);
}

/* ---- host functions and tables ------------------------------------------------------------------------------------------ */

static int add_one(rtq_call *call, void *out, uint8_t *nulls, const rtq_column *args, size_t n_args, size_t n_rows,
                   void *user)
{
    int64_t *res = out;
    (void)nulls, (void)n_args;
    ++*(int *)user;
    for (size_t i = 0; i < n_rows; i++) {
        res[i] = *(const int64_t *)(const void *)((const char *)args[0].data + i * args[0].stride) + 1;
        if (res[i] == 14)
            return rtq_call_fail(call, "unlucky");
    }
    return RTQ_OK;
}

static int shout(rtq_call *call, void *out, uint8_t *nulls, const rtq_column *args, size_t n_args, size_t n_rows,
                 void *user)
{
    rtq_str *res = out;
    (void)n_args, (void)user;
    for (size_t i = 0; i < n_rows; i++) {
        const rtq_str *s = (const rtq_str *)(const void *)((const char *)args[0].data + i * args[0].stride);
        char *p = rtq_call_alloc(call, s->len + 1);
        memcpy(p, s->ptr, s->len);
        p[s->len] = '!';
        res[i].ptr = p;
        res[i].len = s->len + 1;
        nulls[i] = 0;
    }
    return RTQ_OK;
}

static void host_functions(void)
{
    rtq_env *env = NULL;
    rtq_diag *diag = NULL;
    rtq_query *q = NULL;
    rtq_sink *sink = NULL;
    rtq_run *run = NULL;
    struct seen s = {0};
    int calls = 0;

    CHECK(rtq_env_new(&env, NULL) == RTQ_OK);
    CHECK(rtq_env_add_function(env, "add_one(n:long) -> long", RTQ_FN_VOLATILE, add_one, &calls, NULL, &diag) ==
          RTQ_OK);
    CHECK(rtq_env_add_function(env, "shout(s:string) -> string", RTQ_FN_SERIAL, shout, NULL, NULL, &diag) == RTQ_OK);
    CHECK(rtq_env_add_function(env, "add_one(n:long) -> long", 0, add_one, NULL, NULL, &diag) == RTQ_ERR_ARG);
    CHECK(rtq_env_add_function(env, "strlen(n:long) -> long", 0, add_one, NULL, NULL, &diag) == RTQ_ERR_ARG);
    CHECK(rtq_env_add_function(env, "f(n) -> long", 0, add_one, NULL, NULL, &diag) == RTQ_ERR_ARG &&
          rtq_diag_count(diag) > 0);
    CHECK(rtq_env_add_function(env, "f(n:long)", 0, add_one, NULL, NULL, &diag) == RTQ_ERR_ARG);
    CHECK(rtq_env_add_function(env, "f(n:long) -> wrong", 0, add_one, NULL, NULL, &diag) == RTQ_ERR_ARG);
    CHECK(rtq_query_compile(
              &q, env,
              "range x from 1 to 5 step 1 | extend y = add_one(x), z = shout('a') | where z == 'a!' | project y",
              RTQ_NTS, NULL, &diag) == RTQ_OK);
    CHECK(rtq_env_add_function(env, "late(n:long) -> long", 0, add_one, NULL, NULL, &diag) == RTQ_ERR_STATE);
    CHECK(rtq_sink_callback(&sink, env, on_rows, &s, NULL) == RTQ_OK && rtq_run_new(&run, env, NULL) == RTQ_OK);
    CHECK(rtq_run_add_query(NULL, run, q, sink, NULL, &diag) == RTQ_OK);
    CHECK(rtq_run_all(run, &diag) == RTQ_END);
    CHECK(s.rows == 5 && s.sum == 20 && calls == 1); /* a batch at a time */
    rtq_run_free(run), rtq_sink_free(sink), rtq_query_free(q), rtq_diag_free(diag), rtq_env_free(env);
}

static void reference_tables(void)
{
    struct rig r;
    struct seen s = {0};
    int64_t keys[] = {1, 3, 5}, keys2[] = {2};
    rtq_str names[] = {{"one", 3}, {"three", 5}, {"five and more than twelve bytes", 31}};
    rtq_column cols[2] = {{RTQ_LONG, sizeof keys[0], keys, NULL, 0, 0},
                          {RTQ_STRING, sizeof names[0], names, NULL, 0, 0}};
    rtq_column cols2[2] = {{RTQ_LONG, sizeof keys2[0], keys2, NULL, 0, 0}, {RTQ_STRING, 0, names, NULL, 0, 0}};
    uint64_t id;

    open_rig(&r);
    CHECK(rtq_env_set_table(r.env, "Names", "A:long, Name:string", cols, 2, 3, &r.diag) == RTQ_OK);
    CHECK(rtq_env_set_table(r.env, "Names", "A:long", cols, 2, 3, &r.diag) == RTQ_ERR_ARG);
    id = add(&r, "T | lookup kind=inner Names on A | project A", &s, "lookup");
    rig_push(&r, 0, 10);
    step_until_again(&r, &id, 1);
    CHECK(s.rows == 3 && s.sum == 9);
    CHECK(rtq_env_set_table(r.env, "Names", "A:long, Name:string", cols2, 2, 1, &r.diag) ==
          RTQ_OK); /* seen from the next step on */
    rig_push(&r, 0, 10);
    step_until_again(&r, &id, 1);
    CHECK(s.rows == 4 && s.sum == 11);
    rig_close(&r);
}

static int destroyed;
static void count_destroy(void *user)
{
    (void)user, destroyed++;
}

static void destroy_runs_exactly_once(void)
{
    rtq_env *env = NULL;
    rtq_sink *sink = NULL;
    int rc;

    destroyed = 0;
    CHECK(rtq_env_new(&env, NULL) == RTQ_OK);
    rc = rtq_sink_callback(&sink, env, NULL, NULL, count_destroy);
    CHECK(rc == RTQ_ERR_ARG && destroyed == 1);
    CHECK(rtq_env_add_function(env, "broken", 0, add_one, NULL, count_destroy, NULL) == RTQ_ERR_ARG && destroyed == 2);
    CHECK(rtq_env_add_function(env, "fine() -> long", 0, add_one, NULL, count_destroy, NULL) == RTQ_OK &&
          destroyed == 2);
    CHECK(rtq_sink_callback(&sink, env, on_rows, NULL, count_destroy) == RTQ_OK);
    rtq_env_free(env); /* the sink keeps it */
    CHECK(destroyed == 2);
    rtq_sink_free(sink);
    CHECK(destroyed == 4);
}

int main(void)
{
    RUN(conservation_holds_after_each_step);
    RUN(changes_take_effect_at_commit);
    RUN(a_query_that_is_done_or_errs_leaves_the_others_alone);
    RUN(a_full_queue_stops_reading_and_loses_nothing);
    RUN(stop_modes);
    RUN(a_push_source_ends_like_a_pipe);
    RUN(host_functions);
    RUN(reference_tables);
    RUN(destroy_runs_exactly_once);
    return check_failures != 0;
}
