/* adapter.c - sources of the host: demand and pushdown, the same rows whatever the adapter answers, and what happens when it fails. */
#include <fcntl.h>
#include <unistd.h>
#include "check.h"

/* ---- a feed that counts --------------------------------------------------------------------------------------------------- */

enum { N = 5000, MAX_TESTS = 32 };
static const char *const words[] = {"alpha", "beta", "a longer name than twelve bytes", "", "delta"};

struct test {
    size_t branch;
    int column;
    uint32_t op, n_values;
    int64_t values[8];
};
struct feed {
    uint8_t answer; /* for conjuncts it can decide; the others get NO */
    int at, end, plans, starts, closes, fail_at, fail_start;
    int kept, decoded[3]; /* rows given, cells decoded by column */
    int wanted[3];
    struct test tests[MAX_TESTS];
    size_t n_tests, n_branches;
    int32_t watermark_kind;
    int64_t max_delay;
    int idle; /* AGAIN instead of END */
    int fds[2];
    int use_handle;
};
static int destroyed;

static const char *feed_tables(void *user)
{
    (void)user;
    return "Feed(Time:datetime, A:long, S:string)";
}

static int feed_plan(uint8_t *verdicts, int32_t *watermark_kind, int64_t *max_delay, const rtq_demand *demand,
                     void *user)
{
    struct feed *f = user;
    rtq_column_def col;
    rtq_conjunct c = {.size = sizeof c};
    size_t i;
    int rc;

    f->plans++;
    f->n_tests = f->n_branches = 0;
    memset(f->wanted, 0, sizeof f->wanted);
    *watermark_kind = f->watermark_kind;
    *max_delay = f->max_delay;
    for (i = 0; (rc = rtq_demand_column(&col, demand, 0, i)) == RTQ_OK; i++)
        f->wanted[strcmp(col.name, "Time") == 0 ? 0 : strcmp(col.name, "A") == 0 ? 1 : 2] = 1;
    CHECK(rc == RTQ_END);
    CHECK(rtq_demand_column(&col, demand, 1, 0) == RTQ_ERR_ARG);
    for (i = 0; (rc = rtq_demand_conjunct(&c, demand, i)) == RTQ_OK; i++) {
        struct test *t = &f->tests[f->n_tests];
        CHECK(c.table == 0 && c.path && verdicts[i] == RTQ_PUSH_NO);
        if (c.branch + 1 > f->n_branches)
            f->n_branches = c.branch + 1;
        if (strcmp(c.path, "A") != 0 || c.op > RTQ_OP_BETWEEN || c.n_values > 8 || f->n_tests == MAX_TESTS)
            continue;
        t->branch = c.branch;
        t->op = c.op;
        t->n_values = c.n_values;
        for (uint32_t k = 0; k < c.n_values; k++)
            t->values[k] = c.values[k].u.i;
        verdicts[i] = f->answer;
        f->n_tests++;
    }
    CHECK(rc == RTQ_END);
    if (f->answer == RTQ_PUSH_NO)
        f->n_tests = f->n_branches = 0;
    return RTQ_OK;
}

static int holds(const struct test *t, int64_t v)
{
    switch (t->op) {
    case RTQ_OP_EQ: return v == t->values[0];
    case RTQ_OP_NE: return v != t->values[0];
    case RTQ_OP_LT: return v < t->values[0];
    case RTQ_OP_LE: return v <= t->values[0];
    case RTQ_OP_GT: return v > t->values[0];
    case RTQ_OP_GE: return v >= t->values[0];
    case RTQ_OP_BETWEEN: return v >= t->values[0] && v <= t->values[1];
    default:
        for (uint32_t i = 0; i < t->n_values; i++)
            if (v == t->values[i])
                return 1;
        return 0;
    }
}

/* SUPERSET lets every seventh row through that it could have rejected. */
static int feed_wants(const struct feed *f, int64_t v)
{
    if (f->n_branches == 0 || (f->answer == RTQ_PUSH_SUPERSET && v % 7 == 0))
        return 1;
    for (size_t b = 0; b < f->n_branches; b++) {
        int all = 1;
        for (size_t i = 0; i < f->n_tests; i++)
            all &= f->tests[i].branch != b || holds(&f->tests[i], v);
        if (all)
            return 1;
    }
    return 0;
}

static int feed_start(const void *position, size_t len, void *user)
{
    struct feed *f = user;
    CHECK(position == NULL && len == 0);
    f->starts++;
    return f->fail_start;
}

static int feed_next(rtq_appender *const *tables, const rtq_clock *clock, void *user)
{
    struct feed *f = user;

    CHECK(clock && f->starts == 1);
    if (f->use_handle) {
        char c;
        if (read(f->fds[0], &c, 1) == 1)
            f->end = f->at + 10;
        else if (f->at >= N)
            return RTQ_END;
    }
    for (int n = 0; n < 300 && f->at < f->end; n++, f->at++) {
        rtq_value cells[3] = {{.kind = RTQ_DATETIME}, {.kind = RTQ_LONG}, {.kind = RTQ_STRING}};
        if (f->fail_at && f->at == f->fail_at)
            return RTQ_ERR_USER;
        if (!feed_wants(f, f->at))
            continue;
        cells[0].u.i = RTQ_UNIX_EPOCH + INT64_C(10000000) * f->at;
        cells[1].u.i = f->at;
        cells[2].u.s = words[f->at % 5];
        cells[2].len = (uint32_t)strlen(words[f->at % 5]);
        for (int c = 0; c < 3; c++) {
            cells[c].is_null = !f->wanted[c];
            f->decoded[c] += f->wanted[c];
        }
        f->kept++;
        CHECK(rtq_appender_row(tables[0], cells, 3) == RTQ_OK);
    }
    if (f->at < f->end)
        return RTQ_OK;
    return f->idle || f->use_handle ? RTQ_AGAIN : RTQ_END;
}

static intptr_t feed_handle(void *user)
{
    return ((struct feed *)user)->use_handle ? ((struct feed *)user)->fds[0] : -1;
}
static void feed_close(void *user)
{
    ((struct feed *)user)->closes++;
}
static void feed_destroy(void *user)
{
    (void)user, destroyed++;
}

static const rtq_source_vtable feed_vtable = {.size = sizeof feed_vtable,
                                              .tables = feed_tables,
                                              .plan = feed_plan,
                                              .start = feed_start,
                                              .next = feed_next,
                                              .handle = feed_handle,
                                              .close = feed_close};

/* ---- a run over it ---------------------------------------------------------------------------------------------------------- */

struct rows {
    uint64_t n, hash;
    char *text;
    size_t len;
};

static int on_rows(const rtq_batch *batch, void *user)
{
    struct rows *r = user;
    rtq_batch_info info = {.size = sizeof info};

    rtq_batch_info_get(&info, batch);
    for (size_t i = 0; i < info.n_rows; i++) {
        rtq_blob *b = NULL;
        rtq_str s;
        CHECK(rtq_batch_json(&b, batch, i) == RTQ_OK);
        s = rtq_blob_get(b);
        for (size_t k = 0; k < s.len; k++)
            r->hash = (r->hash ^ (uint8_t)s.ptr[k]) * UINT64_C(1099511628211);
        rtq_blob_free(b);
        r->n++;
    }
    return 0;
}

struct rig {
    rtq_env *env;
    rtq_source *source;
    rtq_run *run;
    rtq_diag *diag;
    int notices, last_code;
};

static void on_notice(const rtq_notice *n, void *user)
{
    struct rig *r = user;
    if (n->code < 0) {
        r->notices++;
        r->last_code = n->code;
    }
}

static void open_rig(struct rig *r, struct feed *f)
{
    rtq_run_options options = {.size = sizeof options, .notice = on_notice, .notice_user = r};

    memset(r, 0, sizeof *r);
    CHECK(rtq_env_new(&r->env, NULL) == RTQ_OK);
    CHECK(rtq_source_custom(&r->source, r->env, &feed_vtable, f, feed_destroy, &r->diag) == RTQ_OK);
    CHECK(rtq_run_new(&r->run, r->env, &options) == RTQ_OK);
    CHECK(rtq_run_add_source(NULL, r->run, r->source, &r->diag) == RTQ_OK);
}

static void close_rig(struct rig *r)
{
    rtq_run_free(r->run);
    rtq_source_free(r->source);
    rtq_diag_free(r->diag);
    rtq_env_free(r->env);
}

static uint64_t add(struct rig *r, const char *kql, struct rows *rows)
{
    const rtq_source *const sources[] = {r->source};
    rtq_query_options options = {.size = sizeof options, .sources = sources, .n_sources = 1};
    rtq_query *q = NULL;
    rtq_sink *sink = NULL;
    uint64_t id = 0;
    int rc = rtq_query_compile(&q, r->env, kql, RTQ_NTS, &options, &r->diag);

    if (rc < 0 || rtq_sink_callback(&sink, r->env, on_rows, rows, NULL) < 0 ||
        (rc = rtq_run_add_query(&id, r->run, q, sink, NULL, &r->diag)) < 0)
        check_diag(kql, rc, r->diag);
    rtq_sink_free(sink);
    rtq_query_free(q);
    return id;
}

/* ---- tests ------------------------------------------------------------------------------------------------------------------- */

static const char *const queries[] = {
    "Feed | where A == 77",
    "Feed | where A >= 100 and A < 120 and S has 'beta'",
    "Feed | where A in (1, 5, 4999, 7000) | project S",
    "Feed | where A between (10 .. 20) or A > 4990 | project A, Time",
    "Feed | where A != 3 and A <= 5 | extend B = A * 2 | project B",
    "Feed | where S == 'delta' and A % 100 == 4 | summarize n = count(), m = max(A) by S",
    "Feed | where not(A > 3) | project A",
    "Feed | where A > 4000 | where A < 4003 | count",
    "let x = Feed | where A < 10; x | join kind=inner (Feed | where A > 5 and A < 20) on A | project A, S",
    "Feed | take 3 | where A > 1",
};
enum { N_QUERIES = sizeof queries / sizeof *queries };

static struct rows run_one(const char *kql, uint8_t answer, struct feed *f)
{
    struct rig r;
    struct rows rows = {0};

    memset(f, 0, sizeof *f);
    f->answer = answer;
    f->end = N;
    open_rig(&r, f);
    add(&r, kql, &rows);
    CHECK(rtq_run_all(r.run, &r.diag) == RTQ_END);
    CHECK(r.notices == 0);
    close_rig(&r);
    CHECK(f->closes == 1 && f->plans == 1);
    return rows;
}

static void any_verdict_gives_the_same_rows(void)
{
    for (int i = 0; i < N_QUERIES; i++) {
        struct feed f;
        struct rows no = run_one(queries[i], RTQ_PUSH_NO, &f), superset, exact;
        int kept = f.kept;
        superset = run_one(queries[i], RTQ_PUSH_SUPERSET, &f);
        exact = run_one(queries[i], RTQ_PUSH_EXACT, &f);
        CHECK(no.n > 0);
        if (no.n != superset.n || no.hash != superset.hash || no.n != exact.n || no.hash != exact.hash) {
            printf("# %s: %" PRIu64 " rows without pushdown, %" PRIu64 " superset, %" PRIu64 " exact\n", queries[i],
                   no.n, superset.n, exact.n);
            check_bad = 1;
        }
        CHECK(kept == N || strstr(queries[i], "take"));
        if (i < 5)
            CHECK(f.kept < 100); /* it was really asked for less */
    }
}

static void one_query_or_many_give_the_same_rows(void)
{
    for (uint8_t answer = RTQ_PUSH_NO; answer <= RTQ_PUSH_EXACT; answer++) {
        struct rig r;
        struct feed f = {.answer = answer, .end = N};
        struct rows rows[N_QUERIES] = {{0}};
        open_rig(&r, &f);
        for (int i = 0; i < N_QUERIES; i++)
            add(&r, queries[i], &rows[i]);
        CHECK(rtq_run_all(r.run, &r.diag) == RTQ_END);
        close_rig(&r);
        for (int i = 0; i < N_QUERIES; i++) {
            struct rows alone = run_one(queries[i], RTQ_PUSH_NO, &f);
            CHECK(alone.n == rows[i].n && alone.hash == rows[i].hash);
        }
    }
}

/* A query that wants every row takes the right to reject from the adapter. */
static void all_rows_wanted_means_no_conjuncts(void)
{
    struct rig r;
    struct feed f = {.answer = RTQ_PUSH_EXACT, .end = N};
    struct rows few = {0}, all = {0};

    open_rig(&r, &f);
    add(&r, "Feed | where A == 1", &few);
    add(&r, "Feed | project S", &all);
    CHECK(rtq_run_all(r.run, &r.diag) == RTQ_END);
    CHECK(few.n == 1 && all.n == N && f.n_branches == 0);
    close_rig(&r);
}

static void only_demanded_columns_are_decoded(void)
{
    struct feed f;

    run_one("Feed | where A == 77 | project A", RTQ_PUSH_EXACT, &f);
    CHECK(f.decoded[2] == 0 && f.decoded[0] == 0 && f.kept == 1);
    run_one("Feed | summarize n = count() by S", RTQ_PUSH_EXACT, &f);
    CHECK(f.decoded[2] == N && f.decoded[1] == 0);
}

static void plan_is_called_again_at_each_commit(void)
{
    struct rig r;
    struct feed f = {.answer = RTQ_PUSH_EXACT, .end = 100, .idle = 1};
    struct rows a = {0}, b = {0};
    uint64_t id;

    open_rig(&r, &f);
    add(&r, "Feed | where A < 10", &a);
    while (rtq_run_step(r.run, NULL, &r.diag) == RTQ_OK)
        ;
    CHECK(f.plans == 1 && a.n == 10 && f.kept == 10);
    id = add(&r, "Feed | where A == 150", &b);
    rtq_run_commit(r.run);
    f.end = 200;
    while (rtq_run_step(r.run, NULL, &r.diag) == RTQ_OK)
        ;
    CHECK(f.plans == 2 && f.starts == 1 && a.n == 10 && b.n == 1 && f.kept == 11);
    CHECK(rtq_run_remove(r.run, id) == RTQ_OK);
    rtq_run_commit(r.run);
    f.end = 300;
    while (rtq_run_step(r.run, NULL, &r.diag) == RTQ_OK)
        ;
    CHECK(f.plans == 3 && b.n == 1 && f.kept == 11);
    rtq_run_stop(r.run, RTQ_STOP_DRAIN);
    CHECK(rtq_run_all(r.run, &r.diag) == RTQ_END);
    close_rig(&r);
}

static void a_failing_feed_ends_alone(void)
{
    struct rig r;
    struct feed f = {.end = N, .fail_at = 1234}, g = {.end = N, .fail_start = RTQ_ERR_IO};
    struct rows rows = {0};
    rtq_stats s = {.size = sizeof s};

    open_rig(&r, &f);
    add(&r, "Feed | project A", &rows);
    CHECK(rtq_run_all(r.run, &r.diag) == RTQ_END);
    CHECK(r.notices == 1 && r.last_code == RTQ_ERR_USER);
    CHECK(rows.n == 1234); /* all that it added */
    CHECK(rtq_run_stats(&s, r.run, RTQ_STAT_SOURCE, 0) == RTQ_OK && s.in == s.out + s.pending + s.dropped);
    close_rig(&r);
    memset(&rows, 0, sizeof rows);
    open_rig(&r, &g);
    add(&r, "Feed | count", &rows);
    CHECK(rtq_run_all(r.run, &r.diag) == RTQ_END);
    CHECK(r.notices == 1 && r.last_code == RTQ_ERR_IO && rows.n == 1 && g.at == 0);
    close_rig(&r);
}

static const char *no_tables(void *user)
{
    (void)user;
    return NULL;
}
static const char *bad_tables(void *user)
{
    (void)user;
    return "Feed(A:lon";
}
static const char *no_such_type(void *user)
{
    (void)user;
    return "Feed(A:number)";
}

static void wrong_tables_are_refused(void)
{
    const char *(*const bad[])(void *) = {no_tables, bad_tables, no_such_type};
    rtq_env *env = NULL;
    rtq_diag *diag = NULL;

    rtq_env_new(&env, NULL);
    for (size_t i = 0; i < 3; i++) {
        rtq_source_vtable v = feed_vtable;
        rtq_source *s = NULL;
        destroyed = 0;
        v.tables = bad[i];
        CHECK(rtq_source_custom(&s, env, &v, NULL, feed_destroy, &diag) < 0 && s == NULL && destroyed == 1);
        CHECK(rtq_diag_count(diag) > 0);
    }
    rtq_diag_free(diag);
    rtq_env_free(env);
}

static void a_handle_wakes_the_run(void)
{
    struct rig r;
    struct feed f = {.use_handle = 1};
    struct rows rows = {0};
    int rc;

    CHECK(pipe2(f.fds, O_NONBLOCK) == 0);
    open_rig(&r, &f);
    add(&r, "Feed | project A", &rows);
    CHECK(write(f.fds[1], "x", 1) == 1);
    while ((rc = rtq_run_step(r.run, NULL, &r.diag)) == RTQ_OK || f.at < 10)
        ;
    CHECK(rc == RTQ_AGAIN || rc == RTQ_OK);
    CHECK(rtq_run_wait(r.run, 20000000) == RTQ_AGAIN); /* nothing: it sleeps */
    CHECK(write(f.fds[1], "x", 1) == 1);
    CHECK(rtq_run_wait(r.run, 5000000000) == RTQ_OK);
    while (f.at < 20)
        rtq_run_step(r.run, NULL, &r.diag);
    rtq_run_stop(r.run, RTQ_STOP_DRAIN);
    CHECK(rtq_run_all(r.run, &r.diag) == RTQ_END && rows.n == 20);
    close_rig(&r);
    close(f.fds[0]);
    close(f.fds[1]);
}

static int64_t feed_timeout(const rtq_clock *clock, void *user)
{
    (void)user;
    return clock ? 3000000 : 0;
}

static void a_timeout_wakes_the_run(void)
{
    struct rig r;
    struct feed f = {.end = 1, .idle = 1};
    rtq_source_vtable v = feed_vtable;
    struct rows rows = {0};

    v.timeout_ns = feed_timeout;
    open_rig(&r, &f);
    rtq_run_free(r.run);
    rtq_source_free(r.source);
    CHECK(rtq_source_custom(&r.source, r.env, &v, &f, feed_destroy, &r.diag) == RTQ_OK);
    CHECK(rtq_run_new(&r.run, r.env, NULL) == RTQ_OK && rtq_run_add_source(NULL, r.run, r.source, &r.diag) == RTQ_OK);
    add(&r, "Feed | project A", &rows);
    while (rtq_run_step(r.run, NULL, &r.diag) == RTQ_OK)
        ;
    CHECK(rtq_run_timeout_ns(r.run, NULL) == 3000000);
    close_rig(&r);
}

/* Rows that next() has handed over come out when the run drains, and not when it is cancelled. */
static void drain_gives_what_was_handed_over(void)
{
    for (int mode = RTQ_STOP_DRAIN; mode <= RTQ_STOP_CANCEL; mode += RTQ_STOP_CANCEL - RTQ_STOP_DRAIN) {
        struct rig r;
        struct feed f = {.end = N, .idle = 1};
        struct rows rows = {0};
        rtq_run_options options = {.size = sizeof options, .step_rows = 1};
        open_rig(&r, &f);
        rtq_run_free(r.run);
        rtq_source_free(r.source);
        CHECK(rtq_source_custom(&r.source, r.env, &feed_vtable, &f, feed_destroy, &r.diag) == RTQ_OK);
        CHECK(rtq_run_new(&r.run, r.env, &options) == RTQ_OK &&
              rtq_run_add_source(NULL, r.run, r.source, &r.diag) == RTQ_OK);
        add(&r, "Feed | project A", &rows);
        CHECK(rtq_run_step(r.run, NULL, &r.diag) == RTQ_OK);
        rtq_run_stop(r.run, mode);
        CHECK(rtq_run_all(r.run, &r.diag) == RTQ_END);
        CHECK(mode == RTQ_STOP_DRAIN ? rows.n == (uint64_t)f.at && f.at > 0 && f.at < N : rows.n < N);
        close_rig(&r);
    }
}

/* A clock for a watermark: windows close though no row comes. */
static void a_watermark_by_the_clock_closes_windows(void)
{
    struct rig r;
    struct feed f = {.end = 25, .idle = 1, .watermark_kind = RTQ_WATERMARK_CLOCK, .max_delay = 50000000};
    struct rows rows = {0};
    rtq_clock clock = {RTQ_UNIX_EPOCH + INT64_C(10000000) * 25, 0};

    open_rig(&r, &f);
    add(&r, "Feed | summarize n = count() by bin(Time, 10s)", &rows);
    while (rtq_run_step(r.run, &clock, &r.diag) == RTQ_OK)
        ;
    CHECK(rows.n == 2); /* 0 s and 10 s; watermark 20 s */
    clock.wall_ticks += INT64_C(10000000) * 10;
    while (rtq_run_step(r.run, &clock, &r.diag) == RTQ_OK)
        ;
    CHECK(rows.n == 3);
    close_rig(&r);
}

/* Every table that is as old as the first version works; the members behind its end are taken as absent. */
static void older_vtables_work(void)
{
    struct feed f = {.end = 10};
    struct rig r;

    for (size_t size = 0; size <= sizeof(rtq_source_vtable); size++) {
        rtq_source_vtable v = feed_vtable;
        struct rows rows = {0};
        int rc, good = size >= offsetof(rtq_source_vtable, next) + sizeof v.next;
        memset(&r, 0, sizeof r);
        memset((char *)&v + size, 0xee, sizeof v - size);
        v.size = size;
        f = (struct feed){.end = 10};
        destroyed = 0;
        CHECK(rtq_env_new(&r.env, NULL) == RTQ_OK);
        rc = rtq_source_custom(&r.source, r.env, &v, &f, feed_destroy, &r.diag);
        CHECK(rc == (good ? RTQ_OK : RTQ_ERR_ARG) && destroyed == !good);
        if (good) {
            CHECK(rtq_run_new(&r.run, r.env, NULL) == RTQ_OK &&
                  rtq_run_add_source(NULL, r.run, r.source, &r.diag) == RTQ_OK);
            add(&r, "Feed | where A < 5", &rows);
            CHECK(rtq_run_all(r.run, &r.diag) == RTQ_END && rows.n == 5);
        }
        close_rig(&r);
        CHECK(destroyed == 1);
    }
}

int main(void)
{
    RUN(any_verdict_gives_the_same_rows);
    RUN(one_query_or_many_give_the_same_rows);
    RUN(all_rows_wanted_means_no_conjuncts);
    RUN(only_demanded_columns_are_decoded);
    RUN(plan_is_called_again_at_each_commit);
    RUN(a_failing_feed_ends_alone);
    RUN(wrong_tables_are_refused);
    RUN(a_handle_wakes_the_run);
    RUN(a_timeout_wakes_the_run);
    RUN(drain_gives_what_was_handed_over);
    RUN(a_watermark_by_the_clock_closes_windows);
    RUN(older_vtables_work);
    return check_failures != 0;
}
