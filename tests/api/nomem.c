/* nomem.c - every allocation fails once, and from each on for good: no crash, no leak, no other code than RTQ_ERR_NOMEM. */
#include <errno.h>
#include <stdatomic.h>
#include <time.h>
#include "arrow_abi.h"
#include "check.h"

/* ---- an allocator that fails at the n-th call -------------------------------------------------------------------- */

struct heap {
    uint64_t calls, fail_at, bytes, blocks;
    int for_good, failed, lied;
};

static void *heap_alloc(void *ptr, size_t old_len, size_t new_len, void *user)
{
    struct heap *h = user;
    void *p;

    if (new_len == 0) {
        if (ptr) {
            h->lied |= h->bytes < old_len || h->blocks == 0; /* lengths are told as they were given */
            h->bytes -= old_len;
            h->blocks--;
        }
        free(ptr);
        return NULL;
    }
    h->calls++;
    if (h->fail_at && (h->calls == h->fail_at || (h->for_good && h->calls > h->fail_at))) {
        h->failed = 1;
        return NULL;
    }
    if (!(p = realloc(ptr, new_len)))
        return NULL;
    h->blocks += !ptr;
    h->bytes += new_len - old_len;
    return p;
}

/* ---- what is tried ----------------------------------------------------------------------------------------------- */

struct rig {
    rtq_env *env;
    rtq_diag *diag;
    rtq_source *source;
    rtq_sink *sink;
    rtq_run *run;
    rtq_query *query[4];
    uint64_t rows;
    int rc; /* the first failure */
};

static int ok(struct rig *r, int rc)
{
    if (rc < 0 && r->rc == RTQ_OK)
        r->rc = rc;
    return rc >= 0 && r->rc == RTQ_OK;
}

static void on_notice(const rtq_notice *n, void *user)
{
    struct rig *r = user;
    if (n->code < 0 && n->code != RTQ_ERR_DATA) /* the files have bad lines on purpose */
        ok(r, n->code);
}

/* Reads rows in every way there is. */
static int on_rows(const rtq_batch *batch, void *user)
{
    struct rig *r = user;
    rtq_batch_info info = {.size = sizeof info};
    struct ArrowSchema schema;
    struct ArrowArray array;
    rtq_batch *kept = NULL;
    rtq_blob *b = NULL;

    if (!ok(r, rtq_batch_info_get(&info, batch)))
        return 0;
    for (size_t c = 0; c < info.n_columns; c++) {
        rtq_column col;
        ok(r, rtq_batch_column(&col, batch, c));
    }
    for (size_t i = 0; i < info.n_rows && i < 3; i++) {
        rtq_value v;
        for (size_t c = 0; c < info.n_columns; c++)
            if (ok(r, rtq_batch_get(&v, batch, i, c)) && (v.kind == RTQ_DYNAMIC || v.kind == RTQ_UNKNOWN))
                ok(r, rtq_batch_path(&v, batch, i, c, "a.b[0]"));
        ok(r, rtq_batch_json(&b, batch, i));
    }
    rtq_blob_free(b);
    int rc = rtq_batch_arrow(&schema, &array, batch);
    ok(r, rc);
    if (rc == RTQ_OK) {
        schema.release(&schema);
        array.release(&array);
    }
    if (ok(r, rtq_batch_retain(&kept, batch)) && info.n_rows) {
        rtq_value v;
        ok(r, rtq_batch_get(&v, kept, 0, 0));
    }
    rtq_batch_free(kept);
    r->rows += info.n_rows;
    return 0;
}

static int open_run(struct rig *r, const char *const *kql, size_t n, rtq_sink *sink)
{
    const rtq_source *const sources[] = {r->source};
    rtq_query_options qo = {.size = sizeof qo, .sources = sources, .n_sources = r->source != NULL};
    rtq_run_options ro = {.size = sizeof ro, .notice = on_notice, .notice_user = r};

    if (!ok(r, rtq_run_new(&r->run, r->env, &ro)) ||
        (r->source && !ok(r, rtq_run_add_source(NULL, r->run, r->source, &r->diag))))
        return 0;
    for (size_t i = 0; i < n; i++) {
        if (!ok(r, rtq_query_compile(&r->query[i], r->env, kql[i], RTQ_NTS, &qo, &r->diag)))
            return 0;
        if (!ok(r, rtq_run_add_query(NULL, r->run, r->query[i], sink, NULL, &r->diag)))
            return 0;
    }
    return 1;
}

static void run_to_the_end(struct rig *r)
{
    rtq_blob *b = NULL;

    ok(r, rtq_run_all(r->run, &r->diag));
    ok(r, rtq_run_explain(&b, r->run, 0));
    ok(r, rtq_run_explain(&b, r->run, 1));
    ok(r, rtq_run_stats_json(&b, r->run));
    rtq_blob_free(b);
}

static void push_rows(struct rig *r)
{
    static const char *const kql[] = {
        "T | where A > 3 and S has 'x' | extend U = strcat(S, '-', tostring(A)), V = D.a.b[0] | project A, S, U, V, D",
        "T | summarize n = count(), s = sum(A), m = make_set(S), p = percentile(R, 50) by bin(Time, 1s), S | sort by n",
        "T | join kind=leftouter (T | distinct A, S) on A | top 5 by A",
        "let f = (x:long) { x * 2 }; T | mv-expand D.l to typeof(long) | extend q = f(A) | where S matches regex "
        "'x.*y' "
        "or S in ('xa', 'b') | parse S with a '-' b | count",
    };
    const rtq_option push[] = {{"table", "T"}, {"schema", "Time:datetime, A:long, S:string, R:real, D:dynamic"}};
    rtq_appender *app = NULL;
    enum { N = 40 };
    int64_t a[N], t[N];
    double d[N];
    rtq_str s[N], dyn[N];
    rtq_value row[5] = {
        {.kind = RTQ_DATETIME}, {.kind = RTQ_LONG}, {.kind = RTQ_STRING}, {.kind = RTQ_REAL}, {.kind = RTQ_DYNAMIC}};
    rtq_column cols[5] = {{RTQ_DATETIME, 8, t, NULL, 0, 0},
                          {RTQ_LONG, 8, a, NULL, 0, 0},
                          {RTQ_STRING, sizeof *s, s, NULL, 0, 0},
                          {RTQ_REAL, 8, d, NULL, 0, 0},
                          {RTQ_DYNAMIC, sizeof *dyn, dyn, NULL, 0, 0}};
    static const char long_text[] = "x and a text that is longer than twelve bytes-y",
                      json[] = "{\"a\":{\"b\":[1,\"two\"]},\"l\":[1,2,3]}";

    for (int i = 0; i < N; i++) {
        a[i] = i % 7;
        t[i] = RTQ_UNIX_EPOCH + i * 1000000;
        d[i] = i / 2.0;
        s[i].ptr = i % 2 ? long_text : "xa";
        s[i].len = i % 2 ? sizeof long_text - 1 : 2;
        dyn[i].ptr = json;
        dyn[i].len = sizeof json - 1;
    }
    row[1].u.i = 5;
    row[2].u.s = "x-y";
    row[2].len = 3;
    row[4].u.s = json;
    row[4].len = sizeof json - 1;
    if (!ok(r, rtq_source_open(&r->source, r->env, "push", push, 2, &r->diag)) ||
        !ok(r, rtq_appender_new(&app, r->source, "T")) ||
        !ok(r, rtq_sink_callback(&r->sink, r->env, on_rows, r, NULL)) || !open_run(r, kql, 4, r->sink))
        goto out;
    ok(r, rtq_appender_columns(app, cols, 5, N));
    ok(r, rtq_appender_row(app, row, 5));
    ok(r, rtq_appender_json(app, "{\"A\":4,\"S\":\"x\"}\n{\"A\":5,\"D\":{\"a\":1}}\n[{\"A\":1},{\"A\":2}]", RTQ_NTS));
    ok(r, rtq_appender_flush(app));
    row[1].kind = RTQ_STRING; /* refused, and told why */
    rtq_appender_row(app, row, 5);
    ok(r, rtq_appender_error(app, &r->diag));
    rtq_appender_free(app);
    app = NULL;
    rtq_source_free(r->source);
    r->source = NULL;
    run_to_the_end(r);
out:
    rtq_appender_free(app);
}

static void changes_and_queue(struct rig *r)
{
    static const char *const kql[] = {"T | where A in ((Names | project A)) | lookup Names on A"};
    const rtq_option push[] = {{"table", "T"}, {"schema", "A:long"}};
    int64_t keys[] = {1, 2, 3};
    rtq_str names[] = {{"one", 3}, {"two", 3}, {"three and more than twelve", 26}};
    rtq_column cols[2] = {{RTQ_LONG, 8, keys, NULL, 0, 0}, {RTQ_STRING, sizeof names[0], names, NULL, 0, 0}};
    rtq_appender *app = NULL;
    rtq_batch *b;

    if (!ok(r, rtq_env_set_table(r->env, "Names", "A:long, Name:string", cols, 2, 3, &r->diag)) ||
        !ok(r, rtq_source_open(&r->source, r->env, "push", push, 2, &r->diag)) ||
        !ok(r, rtq_appender_new(&app, r->source, NULL)) || !ok(r, rtq_sink_queue(&r->sink, r->env, 2)) ||
        !open_run(r, kql, 1, r->sink))
        goto out;
    for (int i = 0; i < 6; i++) {
        ok(r, rtq_appender_columns(app, cols, 1, 3));
        ok(r, rtq_appender_flush(app));
        if (i == 2)
            ok(r, rtq_env_set_table(r->env, "Names", "A:long, Name:string", cols, 2, 2, &r->diag));
        if (i == 3)
            ok(r, rtq_run_replace_query(r->run, 2, r->query[0], &r->diag));
        if (i == 4)
            ok(r, rtq_run_add_query(NULL, r->run, r->query[0], r->sink,
                                    &(rtq_attach_options){sizeof(rtq_attach_options), "second", NULL, NULL, 0, 0, 0, 0},
                                    &r->diag));
        ok(r, rtq_run_commit(r->run));
        if (!ok(r, rtq_run_step(r->run, NULL, &r->diag)))
            goto out;
        while (rtq_sink_take(&b, r->sink) == RTQ_OK)
            rtq_batch_free(b);
    }
out:
    rtq_appender_free(app);
}

/* A table dropped and set again, a query and a source removed. */
static void removed_and_dropped(struct rig *r)
{
    static const char *const kql[] = {"T | lookup kind=leftouter Names on A", "T | summarize n = count() by A"};
    const rtq_option push[] = {{"table", "T"}, {"schema", "A:long"}};
    int64_t keys[] = {1, 2, 3};
    rtq_str names[] = {{"one", 3}, {"two", 3}, {"three and more than twelve", 26}};
    rtq_column cols[2] = {{RTQ_LONG, 8, keys, NULL, 0, 0}, {RTQ_STRING, sizeof names[0], names, NULL, 0, 0}};
    rtq_appender *app = NULL;

    if (!ok(r, rtq_env_set_table(r->env, "Names", "A:long, Name:string", cols, 2, 3, &r->diag)) ||
        !ok(r, rtq_source_open(&r->source, r->env, "push", push, 2, &r->diag)) ||
        !ok(r, rtq_appender_new(&app, r->source, NULL)) ||
        !ok(r, rtq_sink_callback(&r->sink, r->env, on_rows, r, NULL)) || !open_run(r, kql, 2, r->sink))
        goto out;
    for (int i = 0; i < 5; i++) {
        ok(r, rtq_appender_columns(app, cols, 1, 3));
        ok(r, rtq_appender_flush(app));
        if (i == 1)
            ok(r, rtq_env_set_table(r->env, "Names", NULL, NULL, 0, 0, &r->diag));
        if (i == 2)
            ok(r, rtq_env_set_table(r->env, "Names", "A:long, Name:string", cols, 2, 2, &r->diag));
        if (i == 3)
            ok(r, rtq_run_remove(r->run, 3));
        ok(r, rtq_run_commit(r->run));
        if (!ok(r, rtq_run_step(r->run, NULL, &r->diag)))
            goto out;
    }
    ok(r, rtq_run_remove(r->run, 1));
    ok(r, rtq_run_commit(r->run));
    ok(r, rtq_run_step(r->run, NULL, &r->diag));
out:
    rtq_appender_free(app);
}

struct arrow_loop {
    struct rig *r;
    rtq_appender *app;
};

static int to_arrow(const rtq_batch *batch, void *user)
{
    struct arrow_loop *l = user;
    struct ArrowSchema schema;
    struct ArrowArray array;

    if (!ok(l->r, rtq_batch_arrow(&schema, &array, batch)))
        return 0;
    ok(l->r, rtq_appender_arrow(l->app, &schema, &array));
    if (array.release)
        array.release(&array);
    schema.release(&schema);
    return 0;
}

/* Every type out as Arrow data, in through an appender, and counted there. */
static void arrow_there_and_back(struct rig *r)
{
    static const char made[] =
        "range i from 1 to 40 step 1 | extend n = i % 3 == 0 | project b = iff(n, bool(null), true), l = iff(n, "
        "long(null), i), x = i / 2.0, d = todecimal(i) / 4, s = strcat('a text of some length ', i), t = "
        "datetime(2024-01-01) + i * 1s, w = i * 1h, g = guid(6f9619ff-8b86-d011-b42d-00c04fc964ff), y = pack('k', i)";
    static const char *const kql[] = {"T | where l > 3 | extend k = y.k"};
    const rtq_option push[] = {{"table", "T"},
                               {"schema", "b:bool, l:long, x:real, d:decimal, s:string, t:datetime, w:timespan, "
                                          "g:guid, y:dynamic"}};
    struct arrow_loop l = {.r = r};
    rtq_query *q = NULL;
    rtq_sink *sink = NULL;
    rtq_run *run = NULL;

    if (!ok(r, rtq_source_open(&r->source, r->env, "push", push, 2, &r->diag)) ||
        !ok(r, rtq_appender_new(&l.app, r->source, "T")) ||
        !ok(r, rtq_query_compile(&q, r->env, made, RTQ_NTS, NULL, &r->diag)) ||
        !ok(r, rtq_sink_callback(&sink, r->env, to_arrow, &l, NULL)) || !ok(r, rtq_run_new(&run, r->env, NULL)) ||
        !ok(r, rtq_run_add_query(NULL, run, q, sink, NULL, &r->diag)) || !ok(r, rtq_run_all(run, &r->diag)) ||
        !ok(r, rtq_sink_callback(&r->sink, r->env, on_rows, r, NULL)) || !open_run(r, kql, 1, r->sink))
        goto out;
    ok(r, rtq_appender_flush(l.app));
    rtq_appender_free(l.app), l.app = NULL;
    rtq_source_free(r->source), r->source = NULL;
    run_to_the_end(r);
    CHECK(r->rc != RTQ_OK || r->rows == 25); /* of 40, 13 are null and two not above 3 */
out:
    rtq_run_free(run), rtq_sink_free(sink), rtq_query_free(q);
    rtq_appender_free(l.app);
}

/* ---- a source and a sink of the host, and a queue as an Arrow stream --------------------------------------------- */

struct host {
    struct rig *r;
    int left;
};

static const char *host_tables(void *user)
{
    (void)user;
    return "T(Time:datetime, A:long, *); U(S:string)";
}

static int host_plan(uint8_t *verdicts, int32_t *watermark_kind, int64_t *max_delay_ticks, const rtq_demand *demand,
                     void *user)
{
    rtq_conjunct c = {.size = sizeof c};
    rtq_column_def def;

    (void)watermark_kind, (void)max_delay_ticks, (void)user;
    for (size_t i = 0; rtq_demand_conjunct(&c, demand, i) == RTQ_OK; i++)
        verdicts[i] = RTQ_PUSH_SUPERSET;
    for (size_t t = 0; t < 2; t++)
        for (size_t i = 0; rtq_demand_column(&def, demand, t, i) == RTQ_OK; i++)
            ;
    return RTQ_OK;
}

static int host_next(rtq_appender *const *tables, const rtq_clock *clock, void *user)
{
    static const char json[] = "{\"Time\":\"2024-01-01\",\"A\":5,\"more\":{\"x\":[1,2,\"three and some more\"]}}";
    struct host *h = user;
    rtq_value text = {.kind = RTQ_STRING, .len = 19};
    int rc;

    (void)clock;
    text.u.s = "longer than a dozen";
    if ((rc = rtq_appender_json(tables[0], json, RTQ_NTS)) < 0 || (rc = rtq_appender_row(tables[1], &text, 1)) < 0)
        return rc;
    return --h->left > 0 ? RTQ_OK : RTQ_END;
}

static const rtq_source_vtable host_source = {
    .size = sizeof host_source, .tables = host_tables, .plan = host_plan, .next = host_next};

static int host_write(void *stream, const rtq_batch *batch, void *user)
{
    struct host *h = user;
    (void)stream;
    return h->left++ % 3 == 1 ? RTQ_AGAIN : on_rows(batch, h->r);
}

static const rtq_sink_vtable host_sink = {.size = sizeof host_sink, .write = host_write};

static void source_and_sink_of_the_host(struct rig *r)
{
    static const char *const kql[] = {
        "T | where A > 1 and more.x[0] == 1 | extend s = tostring(more)",
        "union (U | where S has 'dozen' | count), (T | summarize max(A) by bin(Time, 1d))"};
    struct host from = {r, 5}, to = {r, 0};

    if (ok(r, rtq_source_custom(&r->source, r->env, &host_source, &from, NULL, &r->diag)) &&
        ok(r, rtq_sink_custom(&r->sink, r->env, &host_sink, &to, NULL)) && open_run(r, kql, 2, r->sink)) {
        run_to_the_end(r);
        CHECK(r->rc != RTQ_OK || r->rows == 7);
    }
}

static void arrow_stream(struct rig *r)
{
    static const char *const kql[] = {"T | project Time, A, s = tostring(more)"};
    struct host from = {r, 5};
    struct ArrowArrayStream stream = {0};
    struct ArrowSchema schema = {0};
    struct ArrowArray array = {0};
    int rc = 0;

    if (!ok(r, rtq_source_custom(&r->source, r->env, &host_source, &from, NULL, &r->diag)) ||
        !ok(r, rtq_sink_queue(&r->sink, r->env, 1)) || !open_run(r, kql, 1, r->sink) ||
        !ok(r, rtq_sink_arrow_stream(&stream, r->sink, r->run)))
        return;
    if ((rc = stream.get_schema(&stream, &schema)) == 0)
        schema.release(&schema);
    while (rc == 0 && (rc = stream.get_next(&stream, &array)) == 0 && array.release) {
        r->rows += (uint64_t)array.length;
        array.release(&array);
    }
    if (rc)
        (void)stream.get_last_error(&stream);
    CHECK(rc == 0 || rc == ENOMEM);
    ok(r, rc ? RTQ_ERR_NOMEM : RTQ_OK);
    stream.release(&stream);
    CHECK(r->rc != RTQ_OK || r->rows == 5);
}

static void a_file(struct rig *r, const char *kind, const char *path, const char *sink, const char *const *kql,
                   size_t n)
{
    const rtq_option in[] = {{"path", path}}, out[] = {{"path", "/dev/null"}};

    if (ok(r, rtq_source_open(&r->source, r->env, kind, in, 1, &r->diag)) &&
        ok(r, rtq_sink_open(&r->sink, r->env, sink, out, strcmp(sink, "null") != 0, &r->diag)) &&
        open_run(r, kql, n, r->sink))
        run_to_the_end(r);
}

static void json_file(struct rig *r)
{
    static const char *const kql[] = {"Json | where tostring(UserPrincipalName) has 'a' or true",
                                      "Json | take 3 | extend x = strcat(tostring(UserPrincipalName), '/')",
                                      "Json | summarize count() by tostring(IPAddress)"};
    a_file(r, "json", "tests/data/signins.jsonl", "json", kql, 3);
}

static void csv_file(struct rig *r)
{
    static const char *const kql[] = {"Csv", "Csv | count"};
    a_file(r, "csv", "tests/data/inventory.csv", "table", kql, 2);
}

static void syslog_file(struct rig *r)
{
    static const char *const kql[] = {"Syslog", "Syslog | summarize count() by HostName, bin(DeviceTimestamp, 1h)"};
    a_file(r, "syslog", "tests/data/auth.log", "csv", kql, 2);
}

static void evtx_file(struct rig *r)
{
    static const char *const kql[] = {
        "Evtx", "Evtx | where EventID == 4624 | project EventData.TargetUserName, TimeCreated | top 2 by TimeCreated"};
    a_file(r, "evtx", "tests/data/evtx_basic.evtx", "json", kql, 2);
}

static int twice(rtq_call *call, void *out, uint8_t *nulls, const rtq_column *args, size_t n_args, size_t n, void *user)
{
    rtq_str *to = out;
    (void)n_args, (void)user;
    for (size_t i = 0; i < n; i++) {
        const rtq_str *s = (const rtq_str *)(const void *)((const char *)args[0].data + i * args[0].stride);
        char *p = rtq_call_alloc(call, 2 * s->len + 1);
        nulls[i] = 0;
        if (!p)
            return RTQ_ERR_NOMEM;
        memcpy(p, s->ptr, s->len);
        memcpy(p + s->len, s->ptr, s->len);
        to[i].ptr = p;
        to[i].len = 2 * s->len;
    }
    return RTQ_OK;
}

/* No feed: scripts, parameters, host functions, views, mistakes and what is told about them. */
static void compile_only(struct rig *r)
{
    static const char *const kql[] = {"print a = twice('abc'), b = range(1, 3, 1) | mv-expand b"};
    static const char text[] =
        ".create-or-alter function V(n:long) { T | where A > n }\n\n// first\nV(3) | count\n\n// second\nT | summarize "
        "arg_max(A, *) by S\n";
    static const char wrong[] = "T | wher A == 1 | project ( | extend x = nosuch(1), y = 'abc\n";
    const rtq_option parameter = {"p", "7"};
    rtq_query_options qo = {
        .size = sizeof qo, .tables = "T(A:long, S:string)", .parameters = &parameter, .n_parameters = 1};
    rtq_script *script = NULL;
    rtq_query *q = NULL;
    rtq_blob *b = NULL;
    int rc;

    ok(r, rtq_env_add_function(r->env, "twice(s:string) -> string", 0, twice, NULL, NULL, &r->diag));
    ok(r, rtq_env_describe(&b, r->env));
    if (ok(r, rtq_sink_callback(&r->sink, r->env, on_rows, r, NULL)) && open_run(r, kql, 1, r->sink))
        run_to_the_end(r);
    if (ok(r, rtq_query_compile(&q, r->env, "declare query_parameters(p:long); T | where A == p", RTQ_NTS, &qo,
                                &r->diag))) {
        ok(r, rtq_query_explain(&b, q, 0));
        ok(r, rtq_query_explain(&b, q, 1));
    }
    rtq_query_free(q);
    q = NULL;
    if (ok(r, rtq_script_parse(&script, r->env, text, RTQ_NTS, &r->diag))) {
        qo.n_parameters = 0;
        for (size_t i = 0; i < rtq_script_count(script); i++)
            if (rtq_query_free(q), q = NULL, !ok(r, rtq_script_compile(&q, script, i, &qo, &r->diag)))
                break;
    }
    rtq_query_free(q);
    rtq_script_free(script);
    q = NULL;
    rc = rtq_query_compile(&q, r->env, wrong, RTQ_NTS, &qo, &r->diag);
    CHECK(rc == RTQ_ERR_SYNTAX || rc == RTQ_ERR_NOMEM);
    ok(r, rc == RTQ_ERR_SYNTAX ? RTQ_OK : rc);
    if (rtq_diag_count(r->diag))
        ok(r, rtq_diag_render(&b, r->diag));
    rtq_blob_free(b);
}

/* One query after the other, none with a feed. */
static void operators(struct rig *r)
{
    static const char data[] =
        "let D = datatable(a:long, s:string, t:datetime, d:dynamic)[1, 'x y', datetime(2024-01-01), "
        "dynamic({\"k\":[1,2]}), "
        "2, 'longer than twelve bytes', datetime(2024-01-02), dynamic([3,4]), 3, '', datetime(null), dynamic(null)];";
    static const char *const tails[] = {
        "D | sort by s asc, a desc | serialize n = row_number() | extend p = prev(s)",
        "D | mv-expand d | mv-expand x = range(1, 3, 1) | summarize make_list(x), make_bag(pack('k', x)) by "
        "tostring(d)",
        "D | mv-apply e = d on (summarize sum(tolong(e)))",
        "D | join kind=fullouter (D | where a > 1) on a | project-away a1",
        "D | project a, s | evaluate pivot(s, count())",
        "D | evaluate bag_unpack(d) : (a:long, k:dynamic)",
        "D | parse s with fst:string ' ' rest | parse-where s with * 'y' *",
        "D | extend r = extract(@'(\\w)', 1, s), m = extract_all(@'(\\w+)', s), q = replace_regex(s, 'x', 'zz') | "
        "distinct r, q",
        "D | summarize percentiles(a, 5, 50), dcount(s), hll(s), arg_max(t, *), stdev(a), make_set(s, 2), tdigest(a) "
        "by bin(t, 1d)",
        "D | where s in~ ('X Y', 'q') or s has_any ('longer', 'x') or s matches regex '^l.*' or a between (1 .. 2)",
        "D | extend j = parse_json(s), x = parse_xml('<a><b>1</b></a>'), u = parse_url('http://h/p?q=1'), c = "
        "parse_csv('a,b')",
        "D | extend f = format_datetime(t, 'yyyy-MM-dd'), b = base64_encode_tostring(s), h = hash_sha256(s), y = "
        "split(s, ' ')",
        "union D, (D | where a == 2) | top 2 by a | count",
        "range x from 1 to 3000 step 1 | summarize n = count() by y = x % 1500 | where n > 1 | take 10",
        "print toscalar(D | summarize max(a)), case(1 > 2, 'a', 'b'), array_sort_asc(dynamic([3,1,2])), "
        "series_stats_dynamic(dynamic([1,2]))",
        "D | getschema",
        "D | where a in ((D | project a)) | lookup kind=leftouter (D | project a, z = s) on a | as X | project-rename "
        "b = a | project-reorder s",
        "D | scan declare (c:long = 0) with (step one: true => c = one.c + a;)",
        "D | search 'longer'",
        "D | top-nested 2 of s by count()",
        "D | sample-distinct 2 of s",
        "D | fork (count) (where a > 1 | project a)",
    };

    for (size_t i = 0; i < sizeof tails / sizeof *tails && r->rc == RTQ_OK; i++) {
        char text[1024];
        rtq_query *q = NULL;
        rtq_run *run = NULL;
        rtq_sink *sink = NULL;
        rtq_run_options ro = {.size = sizeof ro, .notice = on_notice, .notice_user = r};
        int rc;
        snprintf(text, sizeof text, "%s %s", data, tails[i]);
        rc = rtq_query_compile(&q, r->env, text, RTQ_NTS, NULL, &r->diag);
        if (rc == RTQ_ERR_SEMANTIC ||
            rc == RTQ_ERR_UNSUPPORTED) /* what does not run yet is refused, also without memory */
            continue;
        if (rc < 0 && rc != RTQ_ERR_NOMEM)
            check_diag(tails[i], rc, r->diag);
        if (ok(r, rc) && ok(r, rtq_sink_callback(&sink, r->env, on_rows, r, NULL)) &&
            ok(r, rtq_run_new(&run, r->env, &ro)) && ok(r, rtq_run_add_query(NULL, run, q, sink, NULL, &r->diag)))
            ok(r, rtq_run_all(run, &r->diag));
        rtq_run_free(run), rtq_sink_free(sink), rtq_query_free(q);
    }
}

/* ---- the loop ---------------------------------------------------------------------------------------------------- */

static const char *scenario_name;

static struct heap once(void (*scenario)(struct rig *), uint64_t fail_at, int for_good)
{
    struct heap h = {.fail_at = fail_at, .for_good = for_good};
    rtq_env_options eo = {.size = sizeof eo, .alloc = heap_alloc, .alloc_user = &h};
    struct rig r = {0};

    if (ok(&r, rtq_env_new(&r.env, &eo)))
        scenario(&r);
    rtq_run_free(r.run);
    for (size_t i = 0; i < 4; i++)
        rtq_query_free(r.query[i]);
    rtq_sink_free(r.sink);
    rtq_source_free(r.source);
    rtq_diag_free(r.diag);
    rtq_env_free(r.env);
    if (h.bytes || h.blocks || h.lied || (r.rc != RTQ_OK && r.rc != RTQ_ERR_NOMEM) || (!h.failed && r.rc != RTQ_OK)) {
        printf("# %s, allocation %" PRIu64 "%s: code %d, %" PRIu64 " blocks with %" PRIu64 " bytes left%s\n",
               scenario_name, fail_at, for_good ? " and all later" : "", r.rc, h.blocks, h.bytes,
               h.lied ? ", wrong lengths told" : "");
        check_bad = 1;
    }
    return h;
}

static void every(void (*scenario)(struct rig *), const char *name)
{
    uint64_t n, step, tried = 0;
    clock_t begin = clock();

    scenario_name = name;
    n = once(scenario, 0, 0).calls;
    step = getenv("NOMEM_ALL") ? 1 : n / 700 + 1; /* all of them take a minute under ASan */
    for (uint64_t at = 1; at <= n && !check_bad && clock() - begin < 40 * CLOCKS_PER_SEC; at += step)
        for (int for_good = 0; for_good < 2; for_good++, tried++) {
            if (getenv("NOMEM_TRACE"))
                fprintf(stderr, "%s %" PRIu64 " %d\n", name, at, for_good);
            once(scenario, at, for_good);
        }
    printf("# %s: %" PRIu64 " allocations, %" PRIu64 " failures tried in %.1f s\n", name, n, tried,
           (double)(clock() - begin) / CLOCKS_PER_SEC);
}

#define SCENARIO(f)                      \
    static void f##_without_memory(void) \
    {                                    \
        every(f, #f);                    \
    }
SCENARIO(compile_only)
SCENARIO(operators)
SCENARIO(push_rows)
SCENARIO(changes_and_queue)
SCENARIO(removed_and_dropped)
SCENARIO(arrow_there_and_back)
SCENARIO(source_and_sink_of_the_host)
SCENARIO(arrow_stream)
SCENARIO(json_file)
SCENARIO(csv_file)
SCENARIO(syslog_file)
SCENARIO(evtx_file)

/* The limit of the environment is an allocator that refuses, too; what is refused leaves the rest usable. */
static void the_memory_limit_holds(void)
{
    for (uint64_t limit = 1 << 10; limit < 64u << 20; limit *= 2) {
        struct heap h = {0};
        rtq_env_options eo = {.size = sizeof eo, .alloc = heap_alloc, .alloc_user = &h, .max_memory_bytes = limit};
        struct rig r = {0};
        if (ok(&r, rtq_env_new(&r.env, &eo)))
            push_rows(&r);
        CHECK(h.bytes <= limit + 4096);
        CHECK(r.rc == RTQ_OK || r.rc == RTQ_ERR_NOMEM);
        CHECK(limit > 1 << 14 || r.rc == RTQ_ERR_NOMEM);
        CHECK(limit < 32u << 20 || r.rc == RTQ_OK);
        rtq_run_free(r.run);
        for (size_t i = 0; i < 4; i++)
            rtq_query_free(r.query[i]);
        rtq_sink_free(r.sink), rtq_source_free(r.source), rtq_diag_free(r.diag), rtq_env_free(r.env);
        CHECK(h.bytes == 0 && h.blocks == 0);
    }
}

int main(void)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    RUN(compile_only_without_memory);
    RUN(operators_without_memory);
    RUN(push_rows_without_memory);
    RUN(changes_and_queue_without_memory);
    RUN(removed_and_dropped_without_memory);
    RUN(arrow_there_and_back_without_memory);
    RUN(source_and_sink_of_the_host_without_memory);
    RUN(arrow_stream_without_memory);
    RUN(json_file_without_memory);
    RUN(csv_file_without_memory);
    RUN(syslog_file_without_memory);
    RUN(evtx_file_without_memory);
    RUN(the_memory_limit_holds);
    return check_failures != 0;
}
