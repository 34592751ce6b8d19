/* arguments.c - wrong arguments are refused everywhere; structs of every older size work, in and out. */
#include "check.h"

/* ---- something of everything ------------------------------------------------------------------------------------------------ */

struct all {
    rtq_env *env;
    rtq_diag *diag;
    rtq_source *source;
    rtq_appender *app;
    rtq_query *query;
    rtq_script *script;
    rtq_sink *queue, *callback;
    rtq_run *run;
    uint64_t source_id, query_id;
    rtq_batch *batch;
    rtq_blob *blob;
};

static int ignore_rows(const rtq_batch *batch, void *user)
{
    (void)batch, (void)user;
    return 0;
}

static void open_all(struct all *a)
{
    const rtq_option push[] = {{"schema", "A:long, B:dynamic"}};
    rtq_query_options qo = {.size = sizeof qo, .n_sources = 1};
    rtq_value row[2] = {{.kind = RTQ_LONG}, {.kind = RTQ_DYNAMIC}};

    memset(a, 0, sizeof *a);
    row[0].u.i = 7;
    row[1].u.s = "{\"x\":[1,2]}";
    row[1].len = 11;
    CHECK(rtq_env_new(&a->env, NULL) == RTQ_OK);
    CHECK(rtq_source_open(&a->source, a->env, "push", push, 1, &a->diag) == RTQ_OK);
    CHECK(rtq_appender_new(&a->app, a->source, NULL) == RTQ_OK);
    qo.sources = (const rtq_source *const *)&a->source;
    CHECK(rtq_query_compile(&a->query, a->env, "Rows", RTQ_NTS, &qo, &a->diag) == RTQ_OK);
    CHECK(rtq_script_parse(&a->script, a->env, "Rows\n\nRows | count", RTQ_NTS, &a->diag) == RTQ_OK);
    CHECK(rtq_sink_queue(&a->queue, a->env, 4) == RTQ_OK);
    CHECK(rtq_sink_callback(&a->callback, a->env, ignore_rows, NULL, NULL) == RTQ_OK);
    CHECK(rtq_run_new(&a->run, a->env, NULL) == RTQ_OK);
    CHECK(rtq_run_add_source(&a->source_id, a->run, a->source, &a->diag) == RTQ_OK);
    CHECK(rtq_run_add_query(&a->query_id, a->run, a->query, a->queue, NULL, &a->diag) == RTQ_OK);
    CHECK(rtq_appender_row(a->app, row, 2) == RTQ_OK && rtq_appender_flush(a->app) == RTQ_OK);
    while (rtq_run_step(a->run, NULL, &a->diag) == RTQ_OK)
        ;
    CHECK(rtq_sink_take(&a->batch, a->queue) == RTQ_OK);
}

static void close_all(struct all *a)
{
    rtq_batch_free(a->batch), rtq_blob_free(a->blob);
    rtq_run_free(a->run), rtq_sink_free(a->queue), rtq_sink_free(a->callback);
    rtq_query_free(a->query), rtq_script_free(a->script);
    rtq_appender_free(a->app), rtq_source_free(a->source);
    rtq_diag_free(a->diag), rtq_env_free(a->env);
}

static int n_destroyed;
static void destroy(void *user)
{
    (void)user, n_destroyed++;
}
static int host_fn(rtq_call *call, void *out, uint8_t *nulls, const rtq_column *args, size_t n_args, size_t n,
                   void *user)
{
    (void)call, (void)out, (void)nulls, (void)args, (void)n_args, (void)n, (void)user;
    return 0;
}

#define ARG(call) CHECK((call) == RTQ_ERR_ARG)

/* ---- NULL and nonsense -------------------------------------------------------------------------------------------------------- */

static void env_query_and_script(void)
{
    struct all a;
    rtq_env *env;
    rtq_query *q;
    rtq_script *s;
    rtq_column_def def;
    rtq_blob *b = NULL;

    open_all(&a);
    ARG(rtq_env_new(NULL, NULL));
    n_destroyed = 0;
    ARG(rtq_env_add_function(NULL, "f() -> long", 0, host_fn, NULL, destroy, NULL));
    ARG(rtq_env_add_function(a.env, NULL, 0, host_fn, NULL, destroy, NULL));
    ARG(rtq_env_add_function(a.env, "f() -> long", 0, NULL, NULL, destroy, NULL));
    ARG(rtq_env_add_function(a.env, "f() -> long", 1u << 31, host_fn, NULL, destroy, NULL));
    CHECK(n_destroyed == 4);
    CHECK(rtq_env_add_function(a.env, "f() -> long", 0, host_fn, NULL, destroy, NULL) == RTQ_ERR_STATE &&
          n_destroyed == 5);
    CHECK(rtq_env_new(&env, NULL) == RTQ_OK);
    {
        const char *const bad[] = {"",
                                   "f",
                                   "f(",
                                   "f() ->",
                                   "f() -> number",
                                   "f(a) -> long",
                                   "f(a:long",
                                   "1f() -> long",
                                   "f() -> long x",
                                   "strlen(s:string) -> long"};
        for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
            int rc = rtq_env_add_function(env, bad[i], 0, host_fn, NULL, destroy, &a.diag);
            if (rc != RTQ_ERR_ARG)
                printf("# signature %s: %d\n", bad[i], rc);
            CHECK(rc == RTQ_ERR_ARG && rtq_diag_count(a.diag) > 0);
        }
    }
    rtq_env_free(env);
    ARG(rtq_env_set_table(NULL, "T", "A:long", NULL, 0, 0, NULL));
    ARG(rtq_env_set_table(a.env, NULL, "A:long", NULL, 0, 0, NULL));
    ARG(rtq_env_set_table(a.env, "", "A:long", NULL, 0, 0, NULL));
    ARG(rtq_env_set_table(a.env, "T", "A:long", NULL, 1, 1, NULL));
    ARG(rtq_env_set_table(a.env, "T", "A:long", NULL, 0, 0, NULL));
    CHECK(rtq_env_set_table(a.env, "T", NULL, NULL, 0, 0, NULL) == RTQ_OK); /* dropping what is not there */
    ARG(rtq_env_describe(NULL, a.env));
    ARG(rtq_env_describe(&b, NULL));
    ARG(rtq_query_compile(NULL, a.env, "T", RTQ_NTS, NULL, NULL));
    ARG(rtq_query_compile(&q, NULL, "T", RTQ_NTS, NULL, NULL));
    ARG(rtq_query_compile(&q, a.env, NULL, RTQ_NTS, NULL, NULL));
    {
        rtq_query_options qo = {.size = sizeof qo, .n_sources = 1};
        ARG(rtq_query_compile(&q, a.env, "T", RTQ_NTS, &qo, &a.diag));
        const rtq_source *none[1] = {NULL};
        qo.sources = none;
        ARG(rtq_query_compile(&q, a.env, "T", RTQ_NTS, &qo, &a.diag));
        qo = (rtq_query_options){.size = sizeof qo, .n_parameters = 1};
        ARG(rtq_query_compile(&q, a.env, "T", RTQ_NTS, &qo, &a.diag));
        qo = (rtq_query_options){.size = sizeof qo, .emit = 77};
        ARG(rtq_query_compile(&q, a.env, "T", RTQ_NTS, &qo, &a.diag));
        qo = (rtq_query_options){.size = sizeof qo, .emit = RTQ_EMIT_EARLY};
        CHECK(rtq_query_compile(&q, a.env, "T", RTQ_NTS, &qo, &a.diag) == RTQ_ERR_UNSUPPORTED);
    }
    ARG(rtq_script_parse(NULL, a.env, "T", RTQ_NTS, NULL));
    ARG(rtq_script_parse(&s, NULL, "T", RTQ_NTS, NULL));
    ARG(rtq_script_parse(&s, a.env, NULL, RTQ_NTS, NULL));
    CHECK(rtq_script_count(NULL) == 0 && rtq_script_count(a.script) == 2);
    ARG(rtq_script_compile(NULL, a.script, 0, NULL, NULL));
    ARG(rtq_script_compile(&q, NULL, 0, NULL, NULL));
    ARG(rtq_script_compile(&q, a.script, 2, NULL, NULL));
    CHECK(strcmp(rtq_query_name(NULL), "") == 0 && rtq_query_n_results(NULL) == 0 && rtq_query_n_columns(NULL, 0) == 0);
    CHECK(rtq_query_n_columns(a.query, 1) == 0 && rtq_query_n_columns(a.query, 0) == 2);
    ARG(rtq_query_column(NULL, a.query, 0, 0));
    ARG(rtq_query_column(&def, NULL, 0, 0));
    ARG(rtq_query_column(&def, a.query, 1, 0));
    ARG(rtq_query_column(&def, a.query, 0, 2));
    ARG(rtq_query_explain(NULL, a.query, 0));
    ARG(rtq_query_explain(&b, NULL, 0));
    CHECK(b == NULL);
    close_all(&a);
}

static void sources_and_appenders(void)
{
    struct all a;
    rtq_source *s = NULL;
    rtq_appender *app;
    rtq_blob *b = NULL;
    rtq_column c = {RTQ_LONG, 8, NULL, NULL, 0, 0};
    rtq_value v = {.kind = RTQ_LONG};

    open_all(&a);
    ARG(rtq_source_open(NULL, a.env, "push", NULL, 0, NULL));
    ARG(rtq_source_open(&s, NULL, "push", NULL, 0, NULL));
    ARG(rtq_source_open(&s, a.env, NULL, NULL, 0, NULL));
    ARG(rtq_source_open(&s, a.env, "push", NULL, 1, NULL));
    ARG(rtq_source_open(&s, a.env, "pushh", NULL, 0, &a.diag));
    {
        const struct {
            const char *kind;
            rtq_option o;
        } bad[] = {
            {"push", {"schemaa", "A:long"}}, {"push", {"schema", "A:number"}}, {"push", {"schema", ""}},
            {"push", {NULL, "x"}},           {"push", {"schema", NULL}},       {"json", {"nothing", "x"}},
            {"csv", {"delimiter", "ab"}},    {"evtx", {"paht", "x"}},
        };
        for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
            int rc = rtq_source_open(&s, a.env, bad[i].kind, &bad[i].o, 1, &a.diag);
            if (rc != RTQ_ERR_ARG)
                printf("# %s %s=%s: %d\n", bad[i].kind, bad[i].o.key ? bad[i].o.key : "NULL",
                       bad[i].o.value ? bad[i].o.value : "NULL", rc);
            CHECK(rc == RTQ_ERR_ARG && s == NULL && rtq_diag_count(a.diag) > 0);
        }
        const rtq_option queue[] = {{"schema", "A:long"}, {"queue_rows", "0"}},
                         full[] = {{"schema", "A:long"}, {"full", "maybe"}},
                         time[] = {{"schema", "A:long, B:datetime"}, {"time_column", "A"}},
                         twice[] = {{"schema", "A:long"}, {"schema", "B:long"}};
        ARG(rtq_source_open(&s, a.env, "push", queue, 2, &a.diag));
        ARG(rtq_source_open(&s, a.env, "push", full, 2, &a.diag));
        ARG(rtq_source_open(&s, a.env, "push", time, 2, &a.diag));
        ARG(rtq_source_open(&s, a.env, "push", twice, 2, &a.diag));
    }
    ARG(rtq_source_describe(NULL, a.source));
    ARG(rtq_source_describe(&b, NULL));
    ARG(rtq_appender_new(NULL, a.source, NULL));
    ARG(rtq_appender_new(&app, NULL, NULL));
    ARG(rtq_appender_new(&app, a.source, "Nothing"));
    ARG(rtq_appender_columns(NULL, &c, 1, 1));
    ARG(rtq_appender_columns(a.app, NULL, 2, 1));
    ARG(rtq_appender_columns(a.app, &c, 1, 1));
    {
        rtq_column cols[2] = {{RTQ_LONG, 8, NULL, NULL, 0, 0}, {RTQ_DYNAMIC, sizeof(rtq_str), NULL, NULL, 0, 0}};
        int64_t one = 1;
        rtq_str text = {"{}", 2};
        ARG(rtq_appender_columns(a.app, cols, 2, 1)); /* rows but no data */
        cols[0].data = &one;
        cols[1].data = &text;
        cols[0].kind = RTQ_STRING;
        ARG(rtq_appender_columns(a.app, cols, 2, 1));
        cols[0].kind = 99;
        ARG(rtq_appender_columns(a.app, cols, 2, 1));
        cols[0].kind = RTQ_LONG;
        CHECK(rtq_appender_columns(a.app, cols, 2, 1) == RTQ_OK);
        CHECK(rtq_appender_columns(a.app, cols, 2, 0) == RTQ_OK);
    }
    ARG(rtq_appender_row(NULL, &v, 1));
    ARG(rtq_appender_row(a.app, NULL, 2));
    ARG(rtq_appender_row(a.app, &v, 1));
    ARG(rtq_appender_json(NULL, "{}", 2));
    ARG(rtq_appender_json(a.app, NULL, 2));
    CHECK(rtq_appender_json(a.app, "{\"A\":", RTQ_NTS) == RTQ_ERR_DATA);
    CHECK(rtq_appender_json(a.app, "", 0) == RTQ_OK);
    ARG(rtq_appender_arrow(NULL, NULL, NULL));
    ARG(rtq_appender_arrow(a.app, NULL, NULL));
    ARG(rtq_appender_flush(NULL));
    rtq_appender_mark(NULL, 0, NULL, 0);
    CHECK(rtq_source_custom(&s, a.env, NULL, NULL, NULL, NULL) == RTQ_ERR_ARG && s == NULL);
    ARG(rtq_demand_column(NULL, NULL, 0, 0));
    ARG(rtq_demand_conjunct(NULL, NULL, 0));
    CHECK(b == NULL);
    close_all(&a);
}

static void runs(void)
{
    struct all a, other;
    rtq_run *run = NULL;
    rtq_stats s = {.size = sizeof s};
    rtq_blob *b = NULL;
    rtq_run_options ro = {.size = sizeof ro, .flags = 1u << 20};

    open_all(&a);
    open_all(&other);
    ARG(rtq_run_new(NULL, a.env, NULL));
    ARG(rtq_run_new(&run, NULL, NULL));
    ARG(rtq_run_new(&run, a.env, &ro));
    ARG(rtq_run_add_source(NULL, NULL, a.source, NULL));
    ARG(rtq_run_add_source(NULL, a.run, NULL, NULL));
    ARG(rtq_run_add_query(NULL, NULL, a.query, NULL, NULL, NULL));
    ARG(rtq_run_add_query(NULL, a.run, NULL, NULL, NULL, NULL));
    ARG(rtq_run_replace_query(NULL, 1, a.query, NULL));
    ARG(rtq_run_replace_query(a.run, a.query_id, NULL, NULL));
    ARG(rtq_run_replace_query(a.run, a.source_id, a.query, &a.diag)); /* not a query */
    ARG(rtq_run_replace_query(a.run, 12345, a.query, NULL));
    ARG(rtq_run_remove(NULL, 1));
    ARG(rtq_run_remove(a.run, 0));
    ARG(rtq_run_remove(a.run, 12345));
    ARG(rtq_run_commit(NULL));
    ARG(rtq_run_step(NULL, NULL, NULL));
    ARG(rtq_run_wait(NULL, 0));
    ARG(rtq_run_all(NULL, NULL));
    CHECK(rtq_run_handle(NULL) == -1);
    rtq_run_stop(NULL, RTQ_STOP_DRAIN);
    rtq_run_stop(a.run, 0); /* no such mode: nothing happens */
    rtq_run_stop(a.run, 4);
    rtq_run_stop(a.run, -1);
    CHECK(rtq_run_step(a.run, NULL, &a.diag) == RTQ_AGAIN);
    ARG(rtq_run_stats(NULL, a.run, RTQ_STAT_SOURCE, 0));
    ARG(rtq_run_stats(&s, NULL, RTQ_STAT_SOURCE, 0));
    ARG(rtq_run_stats(&s, a.run, 0, 0));
    ARG(rtq_run_stats(&s, a.run, 4, 0));
    ARG(rtq_run_stats(&s, a.run, RTQ_STAT_QUERY, a.source_id));
    ARG(rtq_run_explain(NULL, a.run, 0));
    ARG(rtq_run_explain(&b, NULL, 0));
    ARG(rtq_run_stats_json(NULL, a.run));
    ARG(rtq_run_stats_json(&b, NULL));
    ARG(rtq_run_save(NULL, a.run, NULL));
    ARG(rtq_run_save(&b, NULL, NULL));
    ARG(rtq_run_load(NULL, "", 0, NULL));
    ARG(rtq_run_load(a.run, NULL, 0, NULL));
    CHECK(rtq_run_save(&b, a.run, &a.diag) == RTQ_ERR_UNSUPPORTED && rtq_diag_count(a.diag) == 1);
    CHECK(rtq_run_load(a.run, "x", 1, &a.diag) == RTQ_ERR_UNSUPPORTED);
    /* things of two environments do not meet */
    ARG(rtq_run_add_source(NULL, a.run, other.source, &a.diag));
    ARG(rtq_run_add_query(NULL, a.run, other.query, NULL, NULL, &a.diag));
    ARG(rtq_run_add_query(NULL, a.run, a.query, other.callback, NULL, &a.diag));
    ARG(rtq_run_replace_query(a.run, a.query_id, other.query, &a.diag));
    CHECK(b == NULL);
    close_all(&a);
    close_all(&other);
}

static void sinks_and_batches(void)
{
    struct all a;
    rtq_sink *s = NULL;
    rtq_batch *batch = NULL;
    rtq_batch_info info = {.size = sizeof info};
    rtq_column c;
    rtq_value v;
    rtq_blob *b = NULL;
    rtq_sink_vtable vt = {.size = sizeof vt};

    open_all(&a);
    ARG(rtq_sink_open(NULL, a.env, "null", NULL, 0, NULL));
    ARG(rtq_sink_open(&s, NULL, "null", NULL, 0, NULL));
    ARG(rtq_sink_open(&s, a.env, NULL, NULL, 0, NULL));
    ARG(rtq_sink_open(&s, a.env, "null", NULL, 1, NULL));
    ARG(rtq_sink_open(&s, a.env, "tabel", NULL, 0, &a.diag));
    {
        const struct {
            const char *kind;
            rtq_option o;
        } bad[] = {{"null", {"x", "y"}},       {"json", {"pathh", "-"}},     {"csv", {"delimiter", ""}},
                   {"table", {"width", "-1"}}, {"table", {"colour", "red"}}, {"csv", {"header", "2"}}};
        for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
            int rc = rtq_sink_open(&s, a.env, bad[i].kind, &bad[i].o, 1, &a.diag);
            if (rc != RTQ_ERR_ARG)
                printf("# %s %s=%s: %d\n", bad[i].kind, bad[i].o.key, bad[i].o.value, rc);
            CHECK(rc == RTQ_ERR_ARG && s == NULL && rtq_diag_count(a.diag) > 0);
        }
        const rtq_option nowhere = {"path", "/no/such/directory/file"};
        CHECK(rtq_sink_open(&s, a.env, "json", &nowhere, 1, &a.diag) == RTQ_ERR_IO && s == NULL &&
              rtq_diag_count(a.diag) == 1);
    }
    n_destroyed = 0;
    ARG(rtq_sink_callback(NULL, a.env, ignore_rows, NULL, destroy));
    ARG(rtq_sink_callback(&s, NULL, ignore_rows, NULL, destroy));
    ARG(rtq_sink_callback(&s, a.env, NULL, NULL, destroy));
    ARG(rtq_sink_custom(&s, a.env, NULL, NULL, destroy));
    ARG(rtq_sink_custom(&s, a.env, &vt, NULL, destroy));
    CHECK(n_destroyed == 5);
    ARG(rtq_sink_queue(NULL, a.env, 1));
    ARG(rtq_sink_queue(&s, NULL, 1));
    ARG(rtq_sink_queue(&s, a.env, 0));
    CHECK(rtq_sink_queue(&s, a.env, SIZE_MAX / 4) == RTQ_ERR_NOMEM && s == NULL);
    ARG(rtq_sink_take(NULL, a.queue));
    ARG(rtq_sink_take(&batch, NULL));
    ARG(rtq_sink_take(&batch, a.callback));
    ARG(rtq_sink_arrow_stream(NULL, a.queue, a.run));
    ARG(rtq_batch_info_get(NULL, a.batch));
    ARG(rtq_batch_info_get(&info, NULL));
    CHECK(rtq_batch_info_get(&info, a.batch) == RTQ_OK && info.n_rows == 1 && info.n_columns == 2 &&
          info.query_id == a.query_id);
    ARG(rtq_batch_column(NULL, a.batch, 0));
    ARG(rtq_batch_column(&c, NULL, 0));
    ARG(rtq_batch_column(&c, a.batch, 2));
    ARG(rtq_batch_get(NULL, a.batch, 0, 0));
    ARG(rtq_batch_get(&v, NULL, 0, 0));
    ARG(rtq_batch_get(&v, a.batch, 1, 0));
    ARG(rtq_batch_get(&v, a.batch, 0, 2));
    ARG(rtq_batch_json(NULL, a.batch, 0));
    ARG(rtq_batch_json(&b, NULL, 0));
    ARG(rtq_batch_json(&b, a.batch, 1));
    ARG(rtq_batch_path(NULL, a.batch, 0, 1, "x"));
    ARG(rtq_batch_path(&v, NULL, 0, 1, "x"));
    ARG(rtq_batch_path(&v, a.batch, 0, 1, NULL));
    ARG(rtq_batch_path(&v, a.batch, 0, 0, "x")); /* a long has no members */
    ARG(rtq_batch_path(&v, a.batch, 0, 1, "x["));
    CHECK(rtq_batch_path(&v, a.batch, 0, 1, "x[1]") == RTQ_OK && v.kind == RTQ_LONG && v.u.i == 2);
    CHECK(rtq_batch_path(&v, a.batch, 0, 1, "y.z") == RTQ_OK && v.is_null);
    ARG(rtq_batch_retain(NULL, a.batch));
    ARG(rtq_batch_retain(&batch, NULL));
    ARG(rtq_batch_arrow(NULL, NULL, a.batch));
    ARG(rtq_batch_arrow(NULL, NULL, NULL));
    CHECK(b == NULL && batch == NULL);
    close_all(&a);
}

static void free_takes_null(void)
{
    rtq_diag_item item = {.size = sizeof item};
    rtq_blob *b = NULL;

    rtq_env_free(NULL), rtq_query_free(NULL), rtq_script_free(NULL), rtq_source_free(NULL), rtq_appender_free(NULL),
        rtq_sink_free(NULL);
    rtq_run_free(NULL), rtq_batch_free(NULL), rtq_diag_free(NULL), rtq_blob_free(NULL);
    CHECK(rtq_diag_count(NULL) == 0 && rtq_diag_get(&item, NULL, 0) == RTQ_END &&
          rtq_diag_get(NULL, NULL, 0) == RTQ_ERR_ARG);
    ARG(rtq_diag_render(NULL, NULL));
    ARG(rtq_diag_render(&b, NULL));
    CHECK(rtq_blob_get(NULL).len == 0 && rtq_call_alloc(NULL, 1) == NULL);
    for (int code = 3; code > -20; code--)
        CHECK(rtq_strerror(code) && rtq_strerror(code)[0]);
    CHECK(rtq_version() == RTQ_VERSION && strstr(rtq_features(), "push"));
}

/* ---- sizes ---------------------------------------------------------------------------------------------------------------------- */

/* The struct lies at the end of the block, with only `size` bytes of it: what reads or writes behind is found by ASan. */
static void *end_of(void *block, size_t block_len, const void *from, size_t size)
{
    char *at = (char *)block + block_len - size;
    memcpy(at, from, size);
    return at;
}

static void older_input_structs_work(void)
{
    struct all a;
    enum { LEN = 256 };
    char *block = malloc(LEN);

    open_all(&a);
    for (size_t size = sizeof(size_t); size <= sizeof(rtq_env_options); size += sizeof(void *)) {
        rtq_env_options o = {.size = size};
        rtq_env *env = NULL;
        CHECK(rtq_env_new(&env, end_of(block, LEN, &o, size)) == RTQ_OK && env);
        rtq_env_free(env);
    }
    for (size_t size = sizeof(size_t); size <= sizeof(rtq_query_options); size += sizeof(void *)) {
        rtq_query_options o = {.size = size};
        rtq_query *q = NULL;
        CHECK(rtq_query_compile(&q, a.env, "T | where x == 1", RTQ_NTS, end_of(block, LEN, &o, size), &a.diag) ==
                  RTQ_OK &&
              q);
        rtq_query_free(q);
    }
    for (size_t size = sizeof(size_t); size <= sizeof(rtq_run_options); size += sizeof(void *)) {
        rtq_run_options o = {.size = size};
        rtq_run *run = NULL;
        CHECK(rtq_run_new(&run, a.env, end_of(block, LEN, &o, size)) == RTQ_OK && run);
        rtq_run_free(run);
    }
    for (size_t size = sizeof(size_t); size <= sizeof(rtq_attach_options); size += sizeof(void *)) {
        rtq_attach_options o = {.size = size};
        uint64_t id = 0;
        CHECK(rtq_run_add_query(&id, a.run, a.query, NULL, end_of(block, LEN, &o, size), &a.diag) == RTQ_OK && id);
    }
    /* larger ones, of a newer header: nothing may be set that is not known here */
    {
        struct {
            rtq_run_options o;
            char more[64];
        } newer = {.o = {.size = sizeof newer}};
        rtq_run *run = NULL;
        memset(newer.more, 0, sizeof newer.more);
        CHECK(rtq_run_new(&run, a.env, &newer.o) == RTQ_OK);
        rtq_run_free(run);
        newer.more[63] = 1;
        ARG(rtq_run_new(&run, a.env, &newer.o));
        newer.o.size = SIZE_MAX; /* never set */
        ARG(rtq_run_new(&run, a.env, &newer.o));
    }
    /* likewise what is there for later */
    {
        rtq_env_options eo = {.size = sizeof eo, .reserved = 1};
        rtq_query_options qo = {.size = sizeof qo, .reserved = 1};
        rtq_attach_options ao = {.size = sizeof ao, .flags = 1};
        rtq_env *env;
        rtq_query *q;
        ARG(rtq_env_new(&env, &eo));
        ARG(rtq_query_compile(&q, a.env, "T", RTQ_NTS, &qo, NULL));
        ARG(rtq_run_add_query(NULL, a.run, a.query, NULL, &ao, NULL));
    }
    /* and none at all is a mistake */
    {
        rtq_env_options eo = {.size = 0};
        rtq_query_options qo = {.size = 0};
        rtq_run_options ro = {.size = 0};
        rtq_attach_options ao = {.size = 0};
        rtq_env *env;
        rtq_query *q;
        rtq_run *run;
        ARG(rtq_env_new(&env, &eo));
        ARG(rtq_query_compile(&q, a.env, "T", RTQ_NTS, &qo, NULL));
        ARG(rtq_run_new(&run, a.env, &ro));
        ARG(rtq_run_add_query(NULL, a.run, a.query, NULL, &ao, NULL));
    }
    close_all(&a);
    free(block);
}

/* After a failure there is no handle, and the diagnostic is of this call, not of an earlier one. */
static void failures_leave_nothing_behind(void)
{
    struct all a;
    void *was = &a;
    rtq_query_options qo = {.size = 1};
    const rtq_source_vtable no_source = {.size = sizeof no_source};
    const rtq_sink_vtable no_sink = {.size = sizeof no_sink};
#define GONE(type, call)                                                                    \
    do {                                                                                    \
        type *h = was;                                                                      \
        CHECK(rtq_query_compile(&(rtq_query *){NULL}, a.env, "wher", 4, &qo, &a.diag) < 0); \
        CHECK(rtq_diag_count(a.diag) == 1);                                                 \
        ARG(call);                                                                          \
        CHECK(h == NULL);                                                                   \
    } while (0)

    open_all(&a);
    GONE(rtq_env, rtq_env_new(&h, &(rtq_env_options){.size = 1}));
    GONE(rtq_query, rtq_query_compile(&h, NULL, "T", RTQ_NTS, NULL, &a.diag));
    CHECK(rtq_diag_count(a.diag) <= 1);
    GONE(rtq_query, rtq_query_compile(&h, a.env, NULL, 0, NULL, &a.diag));
    GONE(rtq_script, rtq_script_parse(&h, NULL, "T", RTQ_NTS, &a.diag));
    GONE(rtq_query, rtq_script_compile(&h, a.script, 2, NULL, &a.diag));
    GONE(rtq_query, rtq_script_compile(&h, NULL, 0, NULL, &a.diag));
    GONE(rtq_source, rtq_source_open(&h, NULL, "push", NULL, 0, &a.diag));
    GONE(rtq_source, rtq_source_custom(&h, a.env, &no_source, NULL, NULL, &a.diag));
    GONE(rtq_sink, rtq_sink_open(&h, NULL, "json", NULL, 0, &a.diag));
    GONE(rtq_sink, rtq_sink_custom(&h, a.env, &no_sink, NULL, NULL));
    GONE(rtq_sink, rtq_sink_queue(&h, NULL, 1));
    GONE(rtq_run, rtq_run_new(&h, NULL, NULL));
    GONE(rtq_appender, rtq_appender_new(&h, a.source, "Nosuch"));
#undef GONE
    qo.size = sizeof qo;
    CHECK(rtq_query_compile(&(rtq_query *){NULL}, a.env, "T | wher", RTQ_NTS, NULL, &a.diag) < 0);
    ARG(rtq_env_add_function(a.env, NULL, 0, host_fn, NULL, NULL, &a.diag));
    rtq_diag_item item = {.size = sizeof item};
    CHECK(rtq_diag_get(&item, a.diag, 0) == RTQ_OK && item.code == RTQ_ERR_ARG);
    close_all(&a);
}

/* Names that would hide each other, and parts of two environments. */
static void what_does_not_go_together_is_refused(void)
{
    static const char *const twice[] = {"T(A:long, A:string)", "T(A:long); T(B:long)"};
    struct all a, b;
    const int64_t cell = 1;
    const rtq_column col[2] = {{RTQ_LONG, 8, &cell, NULL, 0, 0}, {RTQ_LONG, 8, &cell, NULL, 0, 0}};
    rtq_option push[2] = {{"schema", "A:long, A:long"}, {"table", "T"}};
    rtq_option parameter = {"x", "1"};
    rtq_query_options qo = {.size = sizeof qo};
    rtq_query *q = NULL;
    rtq_source *s = NULL;

    open_all(&a);
    open_all(&b);
    for (size_t i = 0; i < 2; i++) {
        qo.tables = twice[i];
        ARG(rtq_query_compile(&q, a.env, "T", RTQ_NTS, &qo, &a.diag));
        CHECK(rtq_diag_count(a.diag) == 1);
    }
    qo.tables = NULL;
    ARG(rtq_env_set_table(a.env, "R", "k:long, k:long", col, 2, 1, &a.diag));
    ARG(rtq_env_set_table(a.env, "R", "k:long, v:lng", col, 2, 1, &a.diag));
    ARG(rtq_source_open(&s, a.env, "push", push, 2, &a.diag));
    push[0].value = "B:long";
    push[1].value = "T(A:long);U"; /* a name like any other */
    CHECK(rtq_source_open(&s, a.env, "push", push, 2, &a.diag) == RTQ_OK);
    rtq_appender *app = NULL;
    ARG(rtq_appender_new(&app, s, "T"));
    rtq_source_free(s);

    qo.sources = (const rtq_source *const *)&b.source;
    qo.n_sources = 1;
    ARG(rtq_query_compile(&q, a.env, "Rows", RTQ_NTS, &qo, &a.diag));
    qo.n_sources = 0;
    qo.library = b.script;
    ARG(rtq_query_compile(&q, a.env, "Rows", RTQ_NTS, &qo, &a.diag));
    qo.library = NULL;
    qo.parameters = &parameter;
    qo.n_parameters = 1;
    parameter.key = NULL;
    ARG(rtq_query_compile(&q, a.env, "declare query_parameters(x:long); print x", RTQ_NTS, &qo, &a.diag));
    parameter = (rtq_option){"x", NULL};
    ARG(rtq_query_compile(&q, a.env, "declare query_parameters(x:long); print x", RTQ_NTS, &qo, &a.diag));
    close_all(&b);
    close_all(&a);
}

static void check_out(const char *what, const char *block, size_t len, size_t size)
{
    for (size_t i = size; i < len; i++)
        if (block[i] != (char)0xee) {
            printf("# %s of size %zu: byte %zu was written\n", what, size, i);
            check_bad = 1;
            return;
        }
}

static void older_output_structs_work(void)
{
    struct all a;
    enum { LEN = 256 };
    _Alignas(16) char block[LEN];
    rtq_query *q = NULL;

    open_all(&a);
    CHECK(rtq_query_compile(&q, a.env, "T | wher x", RTQ_NTS, NULL, &a.diag) < 0);
    for (size_t size = 0; size <= 200; size++) {
        memset(block, 0xee, LEN);
        memcpy(block, &size, sizeof size);
        size_t limit = size < sizeof size ? sizeof size : size;
        int rc = rtq_run_stats((rtq_stats *)(void *)block, a.run, RTQ_STAT_SOURCE, 0);
        CHECK(rc == (size < sizeof size ? RTQ_ERR_ARG : RTQ_OK));
        check_out("rtq_stats", block, LEN, limit);
        memset(block, 0xee, LEN);
        memcpy(block, &size, sizeof size);
        rc = rtq_batch_info_get((rtq_batch_info *)(void *)block, a.batch);
        CHECK(rc == (size < sizeof size ? RTQ_ERR_ARG : RTQ_OK));
        check_out("rtq_batch_info", block, LEN, limit);
        memset(block, 0xee, LEN);
        memcpy(block, &size, sizeof size);
        rc = rtq_diag_get((rtq_diag_item *)(void *)block, a.diag, 0);
        CHECK(rc == (size < sizeof size ? RTQ_ERR_ARG : RTQ_OK));
        check_out("rtq_diag_item", block, LEN, limit);
    }
    close_all(&a);
}

int main(void)
{
    RUN(env_query_and_script);
    RUN(sources_and_appenders);
    RUN(runs);
    RUN(sinks_and_batches);
    RUN(free_takes_null);
    RUN(failures_leave_nothing_behind);
    RUN(what_does_not_go_together_is_refused);
    RUN(older_input_structs_work);
    RUN(older_output_structs_work);
    return check_failures != 0;
}
