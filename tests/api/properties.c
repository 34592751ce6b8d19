/* properties.c - the rows of a query do not depend on how they are asked for: size of the steps, pieces of the input, what else the
 * run does (and with it pushdown and the columns that are decoded), recorded or live. Queries are put together with fixed seeds. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include "check.h"

#ifdef __SANITIZE_THREAD__
enum { N_QUERIES = 3, ROWS_LEAST = 1 }; /* one thread: there is little to find */
#else
enum { N_QUERIES = 16, ROWS_LEAST = 50 };
#endif
enum { OTHERS = 20, TEXT_MOST = 512 };

static uint64_t rnd_state;
static uint32_t rnd(uint32_t n)
{
    rnd_state = rnd_state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(rnd_state >> 33) % n;
}

/* ---- queries ------------------------------------------------------------------------------------------------------- */

/* What a feed offers; lists end in NULL. */
struct feed {
    const char *kind, *path, *table, *schema;
    const char *predicates[12], *projections[10];
};

static const struct feed feeds[] = {
    {"evtx",
     "tests/data/evtx_basic.evtx",
     "Evtx",
     NULL,
     {"EventID == 4624", "EventID in (4624, 4688)", "EventID > 4600", "Level != 2", "Channel has 'secur'",
      "EventData.TargetUserName startswith 'a'", "tostring(EventData) contains 'e'", "EventRecordID % 2 == 0",
      "isnotempty(tostring(EventData.NewProcessName))", "TimeCreated > datetime(2000-01-01)", NULL},
     {"project EventID, TimeCreated, u = tostring(EventData.TargetUserName)", "summarize n = count() by EventID",
      "project Computer, EventRecordID, EventData", "summarize m = max(EventRecordID), dcount(EventID) by Channel",
      "top 5 by EventRecordID desc | project EventRecordID, EventID", "extend x = EventID * 2 | project x, Provider",
      NULL}},
    {"json",
     NULL,
     "Json",
     NULL,
     {"a == 3", "a > 3 and s has 'two'", "s =~ 'WORD one'", "n.k in ('x', 'z')", "s contains 'o'", "isnull(b)",
      "todouble(b) < 0.5", "s startswith 'word' or a == 1", "not(s has 'three')", "tolong(n.l[0]) >= 2", NULL},
     {"project a, s", "summarize n = count(), sum(tolong(a)) by tostring(n.k)", "project n, b",
      "extend c = strcat(s, '!')", "mv-expand v = n.l | project a, v", "top 7 by tolong(i) desc | project i, s",
      "project i, k = n.k, f = n.l[1]", NULL}},
    {"csv",
     NULL,
     "Csv",
     NULL,
     {"a == 3", "a > 3 and s has 'two'", "s =~ 'WORD one'", "k in ('x', 'z')", "s contains 'o'", "isnull(b)", "b < 0.5",
      "s startswith 'word' or a == 1", "not(s has 'three')", "i % 3 == 1", NULL},
     {"project a, s", "summarize n = count(), sum(a) by k", "project k, b", "extend c = strcat(s, '!')",
      "top 7 by i desc | project i, s", "distinct a, k", "project i, b2 = b * 2", NULL}},
    {"push",
     NULL,
     "T",
     "i:long, a:long, s:string, b:real, k:string",
     {"a == 3", "a > 3 and s has 'two'", "s =~ 'WORD one'", "k in ('x', 'z')", "s contains 'o'", "isnull(b)", "b < 0.5",
      "s startswith 'word' or a == 1", "not(s has 'three')", "i % 3 == 1", NULL},
     {"project a, s", "summarize n = count(), sum(a) by k", "project k, b", "extend c = strcat(s, '!')",
      "top 7 by i desc | project i, s", "distinct a, k", "project i, b2 = b * 2", NULL}},
};

static const char *pick(const char *const *list)
{
    uint32_t n = 0;
    while (list[n])
        n++;
    return list[rnd(n)];
}

static void make_query(char text[TEXT_MOST], const struct feed *f)
{
    int n = snprintf(text, TEXT_MOST, "%s", f->table);
    for (uint32_t i = rnd(3); i > 0; i--)
        n += snprintf(text + n, (size_t)(TEXT_MOST - n), " | where %s", pick(f->predicates));
    if (rnd(3) == 0)
        n += snprintf(text + n, (size_t)(TEXT_MOST - n), " | where (%s) or (%s)", pick(f->predicates),
                      pick(f->predicates));
    snprintf(text + n, (size_t)(TEXT_MOST - n), " | %s", pick(f->projections));
}

/* ---- input --------------------------------------------------------------------------------------------------------- */

enum { ROWS = 3000 };
struct row {
    int64_t a;
    const char *s, *k;
    double b;
    uint8_t no_b;
};
static struct row rows[ROWS];
static char folder[64], *text_of[2]; /* JSON, CSV */
static size_t text_len[2];

static void make_rows(void)
{
    static const char *const words[] = {"word one", "Word two", "three words", "", "\xc3\xbc word, three", "two;one"};
    static const char *const keys[] = {"x", "y", "z"};
    size_t cap = (size_t)ROWS * 160;

    text_of[0] = malloc(cap), text_of[1] = malloc(cap);
    if (!text_of[0] || !text_of[1])
        exit(1);
    text_len[1] = (size_t)snprintf(text_of[1], cap, "i,a,s,b,k\n");
    for (int i = 0; i < ROWS; i++) {
        struct row *r = &rows[i];
        char b[32];
        *r = (struct row){rnd(9), words[rnd(6)], keys[rnd(3)], rnd(100) / 64.0, rnd(10) == 0};
        snprintf(b, sizeof b, "%.6f", r->b);
        text_len[0] += (size_t)snprintf(
            text_of[0] + text_len[0], cap - text_len[0],
            "{\"i\":%d,%s\"a\":%d,\"s\":\"%s\",\"b\":%s,\"n\":{\"k\":\"%s\",\"l\":[%d,\"v%d\"]}}\n", i,
            i % 5 ? "" : "\"pad\":\"\\u0061{}[]\\\"\",", (int)r->a, r->s, r->no_b ? "null" : b, r->k, (int)rnd(4),
            (int)rnd(4));
        text_len[1] += (size_t)snprintf(text_of[1] + text_len[1], cap - text_len[1], "%d,%d,\"%s\",%s,%s\n", i,
                                        (int)r->a, r->s, r->no_b ? "" : b, r->k);
    }
    for (int k = 0; k < 2; k++) {
        char path[128];
        snprintf(path, sizeof path, "%s/%s", folder, k ? "rows.csv" : "rows.json");
        FILE *f = fopen(path, "w");
        if (!f || fwrite(text_of[k], 1, text_len[k], f) != text_len[k] || fclose(f) != 0)
            exit(1);
    }
}

/* ---- runs ---------------------------------------------------------------------------------------------------------- */

/* How a query is asked for. */
struct way {
    const char *name;
    uint32_t step_rows;
    int others;   /* queries beside it */
    int all;      /* one that takes everything: nothing is rejected by the source, every column is decoded */
    int live;     /* through a pipe, pieces of random size */
    size_t piece; /* pushed rows a flush, bytes a write; 0: random */
};
static const struct way ways[] = {
    {"steps of one row", 1, 0, 0, 0, 1000},   {"steps of 7 rows", 7, 0, 0, 0, 7},
    {"steps of 1024 rows", 1024, 0, 0, 0, 1}, {"beside one that takes everything", 0, 0, 1, 0, 0},
    {"among 20 others", 0, OTHERS, 0, 0, 0},  {"among 20 others, 7 rows a step", 7, OTHERS, 1, 0, 0},
    {"live, random pieces", 0, 0, 0, 1, 0},   {"live, pieces of 7 bytes or rows", 0, 3, 0, 1, 7},
};

struct result {
    char *text;
    size_t len, cap, n;
    char **lines;
};

static int on_rows(const rtq_batch *batch, void *user)
{
    struct result *r = user;
    rtq_batch_info info = {.size = sizeof info};
    rtq_blob *b = NULL;

    rtq_batch_info_get(&info, batch);
    for (size_t i = 0; i < info.n_rows; i++) {
        rtq_str s;
        if (rtq_batch_json(&b, batch, i) != RTQ_OK)
            return RTQ_ERR_USER;
        s = rtq_blob_get(b);
        if (r->len + s.len + 1 > r->cap) {
            r->cap = 2 * r->cap + s.len + 4096;
            if (!(r->text = realloc(r->text, r->cap)))
                exit(1);
        }
        memcpy(r->text + r->len, s.ptr, s.len);
        r->text[r->len + s.len] = '\n';
        r->len += s.len + 1;
        r->n++;
    }
    rtq_blob_free(b);
    return RTQ_OK;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Rows as a set with repetitions: only sort promises an order. */
static void sort_result(struct result *r)
{
    char *at = r->text;
    r->lines = malloc((r->n + 1) * sizeof *r->lines);
    if (!r->lines)
        exit(1);
    for (size_t i = 0; i < r->n; i++) {
        r->lines[i] = at;
        at = strchr(at, '\n');
        *at++ = 0;
    }
    qsort(r->lines, r->n, sizeof *r->lines, by_text);
}

static void push_rows(rtq_appender *app, size_t from, size_t n)
{
    rtq_value cells[5];
    for (size_t i = from; i < from + n; i++) {
        memset(cells, 0, sizeof cells);
        cells[0].kind = cells[1].kind = RTQ_LONG;
        cells[0].u.i = (int64_t)i, cells[1].u.i = rows[i].a;
        cells[2].kind = cells[4].kind = RTQ_STRING;
        cells[2].u.s = rows[i].s, cells[2].len = (uint32_t)strlen(rows[i].s);
        cells[3].kind = RTQ_REAL, cells[3].is_null = rows[i].no_b, cells[3].u.d = rows[i].b;
        cells[4].u.s = rows[i].k, cells[4].len = 1;
        if (rtq_appender_row(app, cells, 5) != RTQ_OK)
            check_bad = 1;
    }
    CHECK(rtq_appender_flush(app) == RTQ_OK);
}

static void step_on(rtq_run *run, rtq_diag **diag)
{
    int rc;
    while ((rc = rtq_run_step(run, NULL, diag)) == RTQ_OK)
        ;
    CHECK(rc >= 0);
}

static void feed_pieces(const struct feed *f, const struct way *w, rtq_run *run, rtq_appender *app, int fd,
                        rtq_diag **diag)
{
    const char *text = text_of[f->kind[0] == 'c'];
    size_t len = app ? ROWS : text_len[f->kind[0] == 'c'];

    for (size_t at = 0; at < len;) {
        size_t n = w->piece ? w->piece : 1 + rnd(rnd(4) ? 60 : 3000);
        n = n < len - at ? n : len - at;
        if (app) {
            push_rows(app, at, n);
        } else {
            ssize_t done = write(fd, text + at, n);
            CHECK(done > 0 || errno == EAGAIN);
            n = done > 0 ? (size_t)done : 0;
        }
        at += n;
        if (check_bad)
            return;
        if (w->live || rnd(4) == 0)
            step_on(run, diag);
    }
}

static void run_one(struct result *out, const struct feed *f, const struct way *w, const char *kql)
{
    char path[128];
    int fd = -1, piped = w->live && strcmp(f->kind, "evtx") != 0 && strcmp(f->kind, "push") != 0;
    int pushed = strcmp(f->kind, "push") == 0, rc;
    rtq_option options[] = {{"path", path}, {"table", f->table}};
    rtq_option push[] = {{"table", f->table}, {"schema", f->schema}};
    rtq_option typed[] = {{"path", path}, {"schema", "i:long, a:long, s:string, b:real, k:string"}};
    rtq_env *env = NULL;
    rtq_source *source = NULL;
    rtq_appender *app = NULL;
    rtq_run *run = NULL;
    rtq_sink *sink = NULL;
    rtq_query *queries[OTHERS + 2] = {NULL};
    rtq_diag *diag = NULL;
    rtq_run_options ro = {.size = sizeof ro, .step_rows = w->step_rows};
    int n = 0;

    snprintf(path, sizeof path, "%s/%s", folder, piped ? "fifo" : f->kind[0] == 'c' ? "rows.csv" : "rows.json");
    if (f->path)
        snprintf(path, sizeof path, "%s", f->path);
    if (piped && (fd = open(path, O_RDWR | O_NONBLOCK)) < 0)
        exit(1);
    rc = rtq_env_new(&env, NULL);
    rc = rc < 0 ? rc
                : rtq_source_open(&source, env, f->kind,
                                  pushed              ? push
                                  : f->kind[0] == 'c' ? typed
                                                      : options,
                                  2, &diag);
    if (pushed && rc == RTQ_OK)
        rc = rtq_appender_new(&app, source, NULL);
    if (rc < 0 || (rc = rtq_run_new(&run, env, &ro)) < 0 || (rc = rtq_run_add_source(NULL, run, source, &diag)) < 0 ||
        (rc = rtq_sink_callback(&sink, env, on_rows, out, NULL)) < 0) {
        check_diag("open", rc, diag);
        goto out;
    }
    const rtq_source *const sources[] = {source};
    rtq_query_options qo = {.size = sizeof qo, .sources = sources, .n_sources = 1};
    for (int i = 0; i < 1 + w->all + w->others; i++) {
        char other[TEXT_MOST];
        if (i > w->all)
            make_query(other, f);
        if ((rc = rtq_query_compile(&queries[n++], env,
                                    i == 0        ? kql
                                    : i <= w->all ? f->table
                                                  : other,
                                    RTQ_NTS, &qo, &diag)) < 0 ||
            (rc = rtq_run_add_query(NULL, run, queries[i], i ? NULL : sink, NULL, &diag)) < 0) {
            check_diag(i ? "another query" : kql, rc, diag);
            goto out;
        }
    }
    if (piped || pushed)
        feed_pieces(f, w, run, app, fd, &diag);
    rtq_appender_free(app), app = NULL;
    rtq_source_free(source), source = NULL;
    if (piped)
        close(fd), fd = -1; /* the writing end: the feed is at its end */
    if (!check_bad && (rc = rtq_run_all(run, &diag)) != RTQ_END)
        check_diag(kql, rc, diag);
    sort_result(out);
out:
    if (fd >= 0)
        close(fd);
    rtq_appender_free(app);
    rtq_run_free(run), rtq_sink_free(sink), rtq_source_free(source);
    while (n)
        rtq_query_free(queries[--n]);
    rtq_diag_free(diag), rtq_env_free(env);
}

static void free_result(struct result *r)
{
    free(r->lines), free(r->text);
    memset(r, 0, sizeof *r);
}

static void same_rows(const struct feed *f)
{
    static const struct way plain = {"at once", 0, 0, 0, 0, ROWS};
    size_t n_rows = 0;

    rnd_state = 4688 + (uint64_t)f->kind[0];
    for (int q = 0; q < N_QUERIES && !check_bad; q++) {
        char kql[TEXT_MOST];
        struct result want = {0}, got = {0};
        make_query(kql, f);
        run_one(&want, f, &plain, kql);
        n_rows += want.n;
        for (size_t k = 0; k < sizeof ways / sizeof *ways && !check_bad; k++) {
            if (ways[k].step_rows == 1 && q % 4) /* slow */
                continue;
            run_one(&got, f, &ways[k], kql);
            if (!check_bad) {
                size_t i = 0;
                while (i < got.n && i < want.n && strcmp(got.lines[i], want.lines[i]) == 0)
                    i++;
                CHECK(got.n == want.n && i == got.n);
                if (check_bad)
                    printf("# %s: %zu rows instead of %zu, first difference: %s\n# wanted: %s\n", kql, got.n, want.n,
                           i < got.n ? got.lines[i] : "none", i < want.n ? want.lines[i] : "none");
            }
            if (check_bad)
                printf("# %s, %s: %s\n", f->kind, ways[k].name, kql);
            free_result(&got);
        }
        free_result(&want);
    }
    CHECK(n_rows >= ROWS_LEAST);
}

static void evtx_rows(void)
{
    same_rows(&feeds[0]);
}
static void json_rows(void)
{
    same_rows(&feeds[1]);
}
static void csv_rows(void)
{
    same_rows(&feeds[2]);
}
static void pushed_rows(void)
{
    same_rows(&feeds[3]);
}

int main(void)
{
    char path[128];

    setvbuf(stdout, NULL, _IOLBF, 0);
    snprintf(folder, sizeof folder, "/tmp/kqlstream-properties-XXXXXX");
    if (!mkdtemp(folder))
        return 1;
    snprintf(path, sizeof path, "%s/fifo", folder);
    if (mkfifo(path, 0600) != 0)
        return 1;
    make_rows();
    RUN(evtx_rows);
    RUN(json_rows);
    RUN(csv_rows);
    RUN(pushed_rows);
    unlink(path);
    snprintf(path, sizeof path, "%s/rows.json", folder), unlink(path);
    snprintf(path, sizeof path, "%s/rows.csv", folder), unlink(path);
    rmdir(folder);
    free(text_of[0]), free(text_of[1]);
    return check_failures != 0;
}
