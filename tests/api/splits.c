/* splits.c - the same rows however the input is cut into batches, with and without filters in the source, alone or among others. */
#include "check.h"

enum { LINES = 1500, IN_ORDER = 1, RECORDED = 2 /* on a feed: no subquery, each emission in order */ };

static const struct {
    const char *kql;
    int flags;
} queries[] = {
    {"T | where N > 50 and Kind == 'a'", IN_ORDER},
    {"T | where S has 'alpha' or Id % 7 == 3 | project Id, S, N", IN_ORDER},
    {"T | extend X = tostring(D.k.v), L = strlen(S) | where X startswith 'x' | project Id, X, L", IN_ORDER},
    {"T | where D.k.v == 'x1' and D.n >= 3 | project Id, D.k", IN_ORDER},
    {"T | summarize count(), sum(N), dcount(Kind), min(S), max(Id), countif(N > 20) by Kind", 0},
    {"T | summarize make_list(Id), arg_max(Id, S), make_set(Kind) by V = tostring(D.k.v)", 0},
    {"T | sort by N desc, Id asc | take 20 | project Id, N", IN_ORDER | RECORDED},
    {"T | top 10 by Id | project Id, Kind", IN_ORDER},
    {"T | distinct Kind, N", 0},
    {"T | project Id, Kind | join kind=inner (T | where N < 10 | project Id, M = N) on Id", 0},
    {"T | where Id in ((T | where N < 5 | project Id)) | project Id, N", 0},
    {"T | mv-expand Item = L | summarize count() by tostring(Item)", 0},
    {"T | parse S with * '=' V:long * | where isnotnull(V) | project Id, V", IN_ORDER},
    {"T | where N == toscalar(T | summarize max(N)) | project Id", RECORDED},
    {"T | take 5 | project Id", IN_ORDER},
    {"union (T | where Id < 5), (T | where Kind == 'b') | summarize count() by Kind", 0},
    {"T | where not(Kind in~ ('A', 'b')) and N between (10 .. 20) | project-away D, L", IN_ORDER},
    {"T | summarize n = count(), p = percentile(N, 50) by bin(Time, 1m)", 0},
    {"T | where Missing == 1 or isnull(N) | project Id, Missing", IN_ORDER},
    {"T | where N > 3 | serialize | extend p = prev(Id), r = row_number() | where r % 10 == 0 | project Id, p, r",
     IN_ORDER},
    {"T | lookup kind=leftouter (datatable(Kind:string, W:long)['a', 1, 'b', 2]) on Kind | where W == 2 | project Id, "
     "W",
     0},
    {"let f = (x:long) { x * 2 }; T | where f(N) > 60 | project Id, M = f(N)", IN_ORDER},
    {"T | mv-apply I = L to typeof(long) on (summarize m = max(I)) | where m > 2 | project Id, m", IN_ORDER},
    {"T | where S contains 'BETA' | as U | count", 0},
};
enum { QUERIES = sizeof queries / sizeof *queries };

struct rows {
    char **line;
    size_t n, cap;
};

static char *input;
static size_t starts[LINES + 1];
static char path[] = "/tmp/rtq-splits-XXXXXX";
static uint32_t seed = 12345;

static uint32_t next(uint32_t below)
{
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 8) % below;
}

static void make_input(void)
{
    static const char *const words[] = {"alpha",       "Beta x=12 rest", "", "no alphabet", "k=-3", "tab\\tand \\u00e9",
                                        "gamma alpha."};
    size_t at = 0;
    int fd = mkstemp(path);
    FILE *f = fdopen(fd, "wb");

    input = malloc((size_t)LINES * 256);
    for (int i = 0; i < LINES; i++) {
        starts[i] = at;
        at += (size_t)sprintf(input + at, "{\"Id\":%d,\"Time\":\"2024-05-01T10:%02d:%02dZ\",\"Kind\":\"%c\"", i,
                              i / 60 % 60, i % 60, "abcA"[next(4)]);
        if (next(10))
            at += (size_t)sprintf(input + at, ",\"N\":%u", next(100));
        at += (size_t)sprintf(input + at, ",\"S\":\"%s\",\"L\":[%u,%u]", words[next(7)], next(4), next(3));
        if (next(3))
            at += (size_t)sprintf(input + at, ",\"D\":{\"n\":%u,\"k\":{\"v\":\"x%u\"}}", next(6), next(3));
        at += (size_t)sprintf(input + at, "}\n");
    }
    starts[LINES] = at;
    if (!f || fwrite(input, 1, at, f) != at || fclose(f) != 0)
        abort();
}

static int collect(const rtq_batch *batch, void *user)
{
    struct rows *r = user;
    rtq_batch_info info = {.size = sizeof info};

    rtq_batch_info_get(&info, batch);
    for (size_t i = 0; i < info.n_rows; i++) {
        rtq_blob *b = NULL;
        if (rtq_batch_json(&b, batch, i) < 0)
            return RTQ_ERR_USER;
        if (r->n == r->cap)
            r->line = realloc(r->line, (r->cap = r->cap * 2 + 64) * sizeof *r->line);
        r->line[r->n] = malloc(rtq_blob_get(b).len + 1);
        memcpy(r->line[r->n], rtq_blob_get(b).ptr, rtq_blob_get(b).len);
        r->line[r->n++][rtq_blob_get(b).len] = '\0';
        rtq_blob_free(b);
    }
    return 0;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void clear(struct rows *r)
{
    for (size_t i = 0; i < r->n; i++)
        free(r->line[i]);
    free(r->line);
    memset(r, 0, sizeof *r);
}

static void same(const char *kql, const char *how, struct rows *want, struct rows *got, int flags)
{
    size_t at = 0;
    struct rows sorted[2] = {*want, *got};

    for (int i = 0; i < 2; i++) {
        sorted[i].line = malloc((sorted[i].n + 1) * sizeof *sorted[i].line);
        for (size_t k = 0; k < sorted[i].n; k++)
            sorted[i].line[k] = (i ? got : want)->line[k];
        if (!(flags & IN_ORDER))
            qsort(sorted[i].line, sorted[i].n, sizeof *sorted[i].line, by_text);
    }
    while (at < want->n && at < got->n && strcmp(sorted[0].line[at], sorted[1].line[at]) == 0)
        at++;
    if (at < want->n || at < got->n) {
        printf("# %s, %s: %zu rows, not %zu; row %zu: %s, not %s\n", kql, how, got->n, want->n, at,
               at < got->n ? sorted[1].line[at] : "none", at < want->n ? sorted[0].line[at] : "none");
        check_bad = 1;
    }
    free(sorted[0].line), free(sorted[1].line);
}

/* Runs queries [first, first + n) in one run. */
struct way {
    const char *name;
    int step;           /* lines pushed at a time; 0: random; -1: the file */
    const char *prefix; /* goes between T and the query's first operator */
};

static void push_all(rtq_run *run, rtq_appender *app, int step)
{
    int rc;
    for (int i = 0, n; i < LINES; i += n) {
        n = step ? step : (int)next(40) + 1;
        n = n < LINES - i ? n : LINES - i;
        CHECK(rtq_appender_json(app, input + starts[i], starts[i + n] - starts[i]) == RTQ_OK);
        if ((rc = rtq_appender_flush(app)) == RTQ_ERR_STATE)
            return; /* take has what it wants */
        CHECK(rc == RTQ_OK);
        if (next(3)) /* sometimes several wait */
            while ((rc = rtq_run_step(run, NULL, NULL)) == RTQ_OK)
                ;
    }
}

static void run_way(struct rows *rows, int first, int n, const struct way *way)
{
    static const rtq_option file[] = {{"path", path}, {"table", "T"}, {"schema", "Id:long, Time:datetime"}},
                            push[] = {{"table", "T"}, {"schema", "Id:long, Time:datetime, *"}};
    rtq_env *env = NULL;
    rtq_source *source = NULL;
    rtq_appender *app = NULL;
    rtq_run *run = NULL;
    rtq_diag *diag = NULL;
    rtq_query *q[QUERIES] = {NULL};
    rtq_sink *sink[QUERIES] = {NULL};
    rtq_query_options qo = {.size = sizeof qo, .n_sources = 1};
    int rc;

    CHECK(rtq_env_new(&env, NULL) == RTQ_OK);
    rc = way->step < 0 ? rtq_source_open(&source, env, "json", file, 3, &diag)
                       : rtq_source_open(&source, env, "push", push, 2, &diag);
    if (rc < 0 || rtq_run_new(&run, env, NULL) < 0 || rtq_run_add_source(NULL, run, source, &diag) < 0)
        check_diag(way->name, rc, diag);
    qo.sources = (const rtq_source *const *)&source;
    for (int i = 0; i < n && !check_bad; i++) {
        const char *kql = queries[first + i].kql, *bar = strstr(kql, "T |");
        char text[512];
        snprintf(text, sizeof text, "%.*s%s%s", (int)(bar + 1 - kql), kql, way->prefix, bar + 1);
        if (way->step >= 0 && (queries[first + i].flags & RECORDED))
            continue;
        if ((rc = rtq_query_compile(&q[i], env, text, RTQ_NTS, &qo, &diag)) < 0 ||
            (rc = rtq_sink_callback(&sink[i], env, collect, &rows[i], NULL)) < 0 ||
            (rc = rtq_run_add_query(NULL, run, q[i], sink[i], NULL, &diag)) < 0)
            check_diag(text, rc, diag);
    }
    if (way->step >= 0 && !check_bad) {
        CHECK(rtq_appender_new(&app, source, NULL) == RTQ_OK);
        push_all(run, app, way->step);
        rtq_appender_free(app);
        rtq_run_stop(run, RTQ_STOP_DRAIN);
    }
    if (!check_bad && (rc = rtq_run_all(run, &diag)) < 0)
        check_diag(way->name, rc, diag);
    rtq_run_free(run), rtq_source_free(source), rtq_diag_free(diag);
    for (int i = 0; i < n; i++)
        rtq_sink_free(sink[i]), rtq_query_free(q[i]);
    rtq_env_free(env);
}

static struct rows want[QUERIES];
static const struct way recorded = {"recorded, alone", -1, ""};

static void some_rows_each(void)
{
    for (int i = 0; i < QUERIES; i++) {
        run_way(&want[i], i, 1, &recorded);
        if (!want[i].n)
            printf("# %s\n", queries[i].kql);
        CHECK(want[i].n > 0);
    }
}

static void among(const struct way *way)
{
    struct rows got[QUERIES] = {{0}};
    run_way(got, 0, QUERIES, way);
    for (int i = 0; i < QUERIES; i++) {
        if (way->step < 0 || !(queries[i].flags & RECORDED))
            same(queries[i].kql, way->name, &want[i], &got[i], queries[i].flags);
        clear(&got[i]);
    }
}

static void alone(const struct way *way)
{
    for (int i = 0; i < QUERIES; i++) {
        struct rows got = {0};
        run_way(&got, i, 1, way);
        if (way->step < 0 || !(queries[i].flags & RECORDED))
            same(queries[i].kql, way->name, &want[i], &got, queries[i].flags);
        clear(&got);
    }
}

static void among_others(void)
{
    among(&(struct way){"recorded, among others", -1, ""});
}
static void without_pushdown(void)
{
    alone(&(struct way){"recorded, nothing pushed", -1, " | take 1000000"});
    among(&(struct way){"recorded, nothing pushed, among others", -1, " | take 1000000"});
}
static void all_columns_first(void)
{
    alone(&(struct way){"recorded, every row kept first", -1, " | sort by Id asc"});
}
static void one_row_a_batch(void)
{
    among(&(struct way){"pushed one by one", 1, ""});
}
static void seven_rows_a_batch(void)
{
    alone(&(struct way){"pushed by sevens, alone", 7, ""});
    among(&(struct way){"pushed by sevens", 7, ""});
}
static void large_batches(void)
{
    among(&(struct way){"pushed 1024 at a time", 1024, ""});
    among(&(struct way){"pushed at once", LINES, ""});
}
static void random_batches(void)
{
    for (int i = 0; i < 5; i++)
        among(&(struct way){"pushed as chance has it", 0, ""});
    among(&(struct way){"pushed as chance has it, nothing pushed down", 0, " | take 1000000"});
}

int main(void)
{
    make_input();
    RUN(some_rows_each);
    if (!check_failures) {
        RUN(among_others);
        RUN(without_pushdown);
        RUN(all_columns_first);
        RUN(one_row_a_batch);
        RUN(seven_rows_a_batch);
        RUN(large_batches);
        RUN(random_batches);
    }
    for (int i = 0; i < QUERIES; i++)
        clear(&want[i]);
    remove(path);
    free(input);
    return check_failures != 0;
}
