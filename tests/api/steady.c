/* steady.c - after warm-up, rows cost no allocation: not one call of the allocator in hundreds of batches. */
#include "check.h"

struct heap {
    uint64_t calls, bytes, peak;
};

static void *count_alloc(void *ptr, size_t old_len, size_t new_len, void *user)
{
    struct heap *h = user;
    h->bytes += new_len - old_len;
    h->peak = h->bytes > h->peak ? h->bytes : h->peak;
    if (new_len == 0) {
        free(ptr);
        return NULL;
    }
    h->calls++;
    return realloc(ptr, new_len);
}

static int read_columns(const rtq_batch *batch, void *user)
{
    rtq_batch_info info = {.size = sizeof info};
    rtq_batch_info_get(&info, batch);
    for (size_t c = 0; c < info.n_columns; c++) {
        rtq_column col;
        if (rtq_batch_column(&col, batch, c) < 0)
            return RTQ_ERR_USER;
    }
    for (size_t i = 0; i < info.n_rows; i++) {
        rtq_value v;
        if (rtq_batch_get(&v, batch, i, 0) < 0)
            return RTQ_ERR_USER;
    }
    *(uint64_t *)user += info.n_rows;
    return 0;
}

enum { ROWS = 1000, WARM = 60, MORE = 400 };

struct rows {
    int64_t t[ROWS], a[ROWS];
    rtq_str s[ROWS], d[ROWS];
    double r[ROWS];
};

static void fill(struct rows *rows, int batch)
{
    static const char json[] = "{\"x\":{\"y\":[1,2,3]},\"name\":\"a longer text than twelve\"}";
    static const char *const words[] = {"bash", "a name that is longer than twelve bytes", "", "sshd", "cron and more"};

    for (int i = 0; i < ROWS; i++) {
        const char *w = words[(i + batch) % 5];
        rows->t[i] = RTQ_UNIX_EPOCH + INT64_C(10000000) * batch + i;
        rows->a[i] = (i * 7 + batch) % 500;
        rows->s[i] = (rtq_str){w, strlen(w)};
        rows->d[i] = (rtq_str){json, sizeof json - 1};
        rows->r[i] = i / 3.0;
    }
}

/* Calls of the allocator during MORE batches after WARM ones. */
static uint64_t measure(const char *kql, const char *sink_kind, int by_row)
{
    struct heap h = {0};
    rtq_env_options eo = {.size = sizeof eo, .alloc = count_alloc, .alloc_user = &h};
    const rtq_option push[] = {{"table", "T"}, {"schema", "Time:datetime, A:long, S:string, D:dynamic, R:real"}},
                     out[] = {{"path", "/dev/null"}};
    rtq_query_options qo = {.size = sizeof qo, .n_sources = 1};
    struct rows *rows = malloc(sizeof *rows);
    rtq_column cols[5] = {{RTQ_DATETIME, 8, rows->t, NULL, 0, 0},
                          {RTQ_LONG, 8, rows->a, NULL, 0, 0},
                          {RTQ_STRING, sizeof(rtq_str), rows->s, NULL, 0, 0},
                          {RTQ_DYNAMIC, sizeof(rtq_str), rows->d, NULL, 0, 0},
                          {RTQ_REAL, 8, rows->r, NULL, 0, 0}};
    rtq_env *env = NULL;
    rtq_source *source = NULL;
    rtq_appender *app = NULL;
    rtq_query *q = NULL;
    rtq_sink *sink = NULL;
    rtq_run *run = NULL;
    rtq_diag *diag = NULL;
    int64_t keys[] = {1, 2, 3, 250};
    uint64_t seen = 0, before = 0, calls, bytes = 0;
    int rc;

    CHECK(rtq_env_new(&env, &eo) == RTQ_OK);
    CHECK(rtq_env_set_table(env, "Ref", "A:long", &(rtq_column){RTQ_LONG, 8, keys, NULL, 0, 0}, 1, 4, NULL) == RTQ_OK);
    CHECK(rtq_source_open(&source, env, "push", push, 2, &diag) == RTQ_OK &&
          rtq_appender_new(&app, source, NULL) == RTQ_OK);
    qo.sources = (const rtq_source *const *)&source;
    if ((rc = rtq_query_compile(&q, env, kql, RTQ_NTS, &qo, &diag)) < 0)
        check_diag(kql, rc, diag);
    CHECK((sink_kind ? rtq_sink_open(&sink, env, sink_kind, out, 1, &diag)
                     : rtq_sink_callback(&sink, env, read_columns, &seen, NULL)) == RTQ_OK);
    CHECK(rtq_run_new(&run, env, NULL) == RTQ_OK && rtq_run_add_source(NULL, run, source, &diag) == RTQ_OK &&
          rtq_run_add_query(NULL, run, q, sink, NULL, &diag) == RTQ_OK);
    for (int b = 0; b < WARM + MORE && !check_bad; b++) {
        if (b == WARM) {
            before = h.calls;
            bytes = h.bytes;
        }
        fill(rows, b);
        for (int i = 0; by_row && i < 50; i++) {
            rtq_value row[5] = {{.kind = RTQ_DATETIME},
                                {.kind = RTQ_LONG},
                                {.kind = RTQ_STRING},
                                {.kind = RTQ_DYNAMIC, .is_null = 1},
                                {.kind = RTQ_REAL}};
            row[0].u.i = rows->t[i];
            row[1].u.i = rows->a[i];
            row[2].u.s = rows->s[i].ptr;
            row[2].len = (uint32_t)rows->s[i].len;
            row[4].u.d = 1;
            CHECK(rtq_appender_row(app, row, 5) == RTQ_OK);
        }
        if (!by_row)
            CHECK(rtq_appender_columns(app, cols, 5, ROWS) == RTQ_OK);
        CHECK(rtq_appender_flush(app) == RTQ_OK);
        while ((rc = rtq_run_step(run, NULL, &diag)) == RTQ_OK)
            ;
        CHECK(rc == RTQ_AGAIN);
    }
    calls = h.calls - before;
    if (calls)
        printf("# %s: %" PRIu64 " allocations in %d batches, %+" PRId64 " bytes held\n", kql, calls, MORE,
               (int64_t)(h.bytes - bytes));
    CHECK(sink_kind || seen > 0 || strstr(kql, "summarize"));
    rtq_run_free(run), rtq_sink_free(sink), rtq_query_free(q), rtq_appender_free(app), rtq_source_free(source);
    rtq_diag_free(diag), rtq_env_free(env);
    free(rows);
    CHECK(h.bytes == 0);
    return calls;
}

static void filter_and_project(void)
{
    CHECK(measure("T | where A > 100 and S has 'bash' | project A, S, B = A * 2, U = strcat(S, '-', tostring(A))", NULL,
                  0) == 0);
    CHECK(
        measure("T | where A % 3 == 0 and S !in ('x', 'sshd') | project-away D | extend L = strlen(S), U = toupper(S)",
                NULL, 1) == 0);
}

static void rows_one_by_one_and_json(void)
{
    CHECK(measure("T | where S startswith 'a' or R > 3", NULL, 1) == 0);
    CHECK(measure("T | where A < 30", "json", 0) == 0);
    CHECK(measure("T | where A < 30 | project Time, A, S, R", "csv", 0) == 0);
}

static void members_of_dynamic_values(void)
{
    CHECK(measure("T | where D.x.y[1] == 2 and D.name has 'longer' | project N = tostring(D.name), Y = D.x", NULL, 0) ==
          0);
}

static void groups(void)
{
    CHECK(measure("T | summarize n = count(), m = max(R), s = sum(A) by A, S", NULL, 0) == 0);
    CHECK(measure("T | summarize n = count(), d = dcount(A), a = avg(R) by S", NULL, 0) == 0);
}

static void joins_with_reference_tables(void)
{
    CHECK(measure("T | join kind=inner Ref on A | project A, S", NULL, 0) == 0);
    CHECK(measure("T | where A in (Ref) | lookup Ref on A | project S", NULL, 0) == 0);
}

static void regular_expressions(void)
{
    CHECK(measure("T | where S matches regex '^[a-c].*sh$' | extend E = extract('(.)a', 1, S) | parse S with * 'a' R2 "
                  "| project E, R2, S",
                  NULL, 0) == 0);
}

/* Windows open and close: what one leaves, the next takes. A handful of calls each is fine, one a row is not. */
static void windows_cost_little(void)
{
    uint64_t calls = measure("T | summarize n = count() by S, bin(Time, 5s)", NULL, 0);
    printf("# windows: %" PRIu64 " allocations for %d windows and %d rows\n", calls, MORE / 5, MORE * ROWS);
    CHECK(calls < MORE / 5 * 20);
}

int main(void)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    RUN(filter_and_project);
    RUN(rows_one_by_one_and_json);
    RUN(members_of_dynamic_values);
    RUN(groups);
    RUN(joins_with_reference_tables);
    RUN(regular_expressions);
    RUN(windows_cost_little);
    return check_failures != 0;
}
