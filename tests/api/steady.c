/* steady.c - after warm-up, rows cost no allocation: not one call of the allocator in hundreds of batches. */
#include <unistd.h>
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

static int as_json;
static rtq_blob *text; /* one for all rows */

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
        if (rtq_batch_get(&v, batch, i, 0) < 0 || (as_json && rtq_batch_json(&text, batch, i) < 0))
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
    CHECK(sink_kind || seen > 0 || strstr(kql, "summarize") || strstr(kql, "top"));
    rtq_run_free(run), rtq_sink_free(sink), rtq_query_free(q), rtq_appender_free(app), rtq_source_free(source);
    rtq_diag_free(diag), rtq_blob_free(text), rtq_env_free(env);
    text = NULL;
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
    as_json = 1; /* rtq_batch_json() over all rows with one blob */
    CHECK(measure("T | where A < 30", NULL, 0) == 0);
    as_json = 0;
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

/* Windows open and close: what one leaves, the next takes. */
static void windows_cost_nothing(void)
{
    CHECK(measure("T | summarize n = count() by S, bin(Time, 5s)", NULL, 0) == 0);
    /* the text of a largest is its group's own */
    CHECK(measure("T | summarize n = count_distinct(A), m = max(S) by bin(Time, 5s)", NULL, 0) <= MORE / 5 * 2);
}

/* Each batch of a sort on a feed is an emission; top throws away what cannot get in, now and then. */
static void sorts(void)
{
    CHECK(measure("T | sort by A desc, S asc", NULL, 0) == 0);
    CHECK(measure("T | top 5 by R", NULL, 0) == 0);
}

/* ---- files ------------------------------------------------------------------------------------------------------------------ */

/* The record of number i, in three formats. */
static void put_record(FILE *f, const char *kind, int i)
{
    const char *w = i % 3 ? "bash" : "a name that is longer than twelve bytes";
    int minute = i / 60 % 60, second = i % 60;

    if (strcmp(kind, "json") == 0)
        fprintf(f,
                "{\"Time\":\"2024-05-06T07:%02d:%02dZ\",\"A\":%d,\"S\":\"%s \\u00e9 "
                "%d\",\"D\":{\"x\":[1,%d,{\"y\":\"%s\"}]},"
                "\"R\":%d.5}\n",
                minute, second, i % 500, w, i % 7, i % 10, w, i);
    else if (strcmp(kind, "csv") == 0)
        fprintf(f, "2024-05-06T07:%02d:%02dZ,%d,\"%s, \"\"%d\"\" %s\",%d.5\n", minute, second, i % 500, w, i % 7,
                i % 5 ? "" : "\xff\xfe", i);
    else
        fprintf(f, "<%d>1 2024-05-06T07:%02d:%02dZ host app%d %d ID47 [x@1 a=\"b\"] %s user=u%d rc=%d\n", i % 190,
                minute, second, i % 5, i % 300, w, i % 9, i % 3);
}

static const char csv_head[] = "Time,A,S,R\n";

/* n records; of evtx n chunks, those of the small file again and again. */
static void write_file(const char *path, const char *kind, int n)
{
    static char head[4096], chunk[65536];
    FILE *f = fopen(path, "wb"), *in = NULL;

    CHECK(f != NULL);
    if (strcmp(kind, "evtx") == 0) {
        CHECK((in = fopen("tests/data/evtx_basic.evtx", "rb")) && fread(head, 1, sizeof head, in) == sizeof head);
        fwrite(head, 1, sizeof head, f);
        while (in && n-- > 0 && !check_bad) {
            if (fread(chunk, 1, sizeof chunk, in) != sizeof chunk)
                CHECK(fseek(in, sizeof head, SEEK_SET) == 0 && fread(chunk, 1, sizeof chunk, in) == sizeof chunk);
            fwrite(chunk, 1, sizeof chunk, f);
        }
        fclose(in);
    } else {
        fputs(strcmp(kind, "csv") == 0 ? csv_head : "", f);
        for (int i = 0; i < n; i++)
            put_record(f, kind, i);
    }
    CHECK(fclose(f) == 0);
}

/* Calls of the allocator in a whole run over a file. */
static uint64_t read_file(const char *path, const char *kind, const char *kql)
{
    struct heap h = {0};
    rtq_env_options eo = {.size = sizeof eo, .alloc = count_alloc, .alloc_user = &h};
    const rtq_option options[] = {{"table", "T"}, {"path", path}};
    rtq_query_options qo = {.size = sizeof qo, .n_sources = 1};
    rtq_env *env = NULL;
    rtq_source *source = NULL;
    rtq_query *q = NULL;
    rtq_sink *sink = NULL;
    rtq_run *run = NULL;
    rtq_diag *diag = NULL;
    uint64_t seen = 0, calls;
    int rc;

    CHECK(rtq_env_new(&env, &eo) == RTQ_OK && rtq_source_open(&source, env, kind, options, 2, &diag) == RTQ_OK);
    qo.sources = (const rtq_source *const *)&source;
    if ((rc = rtq_query_compile(&q, env, kql, RTQ_NTS, &qo, &diag)) < 0)
        check_diag(kql, rc, diag);
    CHECK(rtq_sink_callback(&sink, env, read_columns, &seen, NULL) == RTQ_OK && rtq_run_new(&run, env, NULL) == RTQ_OK);
    CHECK(rtq_run_add_source(NULL, run, source, &diag) == RTQ_OK &&
          rtq_run_add_query(NULL, run, q, sink, NULL, &diag) == RTQ_OK);
    CHECK(rtq_run_all(run, &diag) == RTQ_END && seen > 0);
    calls = h.calls;
    rtq_run_free(run), rtq_sink_free(sink), rtq_query_free(q), rtq_source_free(source);
    rtq_diag_free(diag), rtq_env_free(env);
    CHECK(h.bytes == 0);
    return calls;
}

/* Twice as long a file costs no call more, once everything has its size. */
static void files_cost_nothing_a_row(void)
{
    static const char *const cases[][5] = {
        {"json", "T", "T | where A > 100 and S has 'bash' | project A, S, D.x[2].y",
         "T | extend z = tostring(D), u = toupper(S), p = parse_xml(strcat('<a><b>', A, '</b>c</a>'))",
         "T | summarize n = count(), m = max(R) by S"},
        {"csv", "T", "T | where A > 100 and S has 'bash' | project A, S", "T | summarize n = count(), m = max(R) by S",
         "T | extend u = toupper(S), d = url_decode(S), c = parse_csv(S)"},
        {"syslog", "T", "T | where Message has 'bash' | project Message", "T | summarize n = count() by Facility",
         "T | extend e = extract('(u[0-9])', 1, Message), b = base64_encode_tostring(Message)"},
        {"evtx", "T", "T | where EventID > 0 | project EventID, Computer, EventData",
         "T | project z = tostring(EventData), TimeCreated", "T | summarize n = count() by EventID, Channel"},
    };
    char path[] = "/tmp/steadyXXXXXX";
    int fd = mkstemp(path);

    CHECK(fd >= 0);
    for (size_t k = 0; k < sizeof cases / sizeof *cases && !check_bad; k++) {
        const char *kind = cases[k][0];
        int n = strcmp(kind, "evtx") == 0 ? 100 : 6000;
        uint64_t once[5] = {0};
        write_file(path, kind, n);
        for (int i = 1; i < 5; i++)
            once[i] = read_file(path, kind, cases[k][i]);
        write_file(path, kind, 2 * n);
        for (int i = 1; i < 5; i++) {
            uint64_t twice = read_file(path, kind, cases[k][i]);
            if (twice != once[i])
                printf("# %s, %s: %" PRIu64 " allocations, %" PRIu64 " for twice as much\n", kind, cases[k][i], once[i],
                       twice);
            CHECK(twice == once[i]);
        }
    }
    close(fd);
    unlink(path);
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
    RUN(windows_cost_nothing);
    RUN(sorts);
    RUN(files_cost_nothing_a_row);
    return check_failures != 0;
}
