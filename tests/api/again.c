/* again.c - recordings that are read again: joins and subqueries over one large table give the rows that a feed gives which can be
 * read only once, within a budget that such a feed exceeds; counts are of the first reading. */
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "check.h"

enum { LINES = 30000, BUDGET = 2 << 20 };

static const char *const queries[] = {
    "T | join kind=inner (T | summarize n = count() by User | top 3 by n | project User, n) on User | project Id, n",
    "T | where User in ((T | summarize n = count() by User | top 5 by n | project User)) | project Id, Host, Text",
    "let R = T | where Ok == true | extend K = strcat(Host, '-', User); let a = toscalar(R | summarize avg(Id)); R | "
    "where Id > a "
    "| join kind=leftanti (R | where User startswith 'u1' | distinct User) on User | summarize count(), sum(Id) by K",
    "T | where Id > toscalar(T | where Id > toscalar(T | summarize avg(Id)) | summarize avg(Id)) | summarize count(), "
    "min(Id)",
    "union (T | where Id > toscalar(T | summarize avg(Id)) | project Id, Text), (T | where Id < 9 | project Id, Text) "
    "| summarize "
    "count(), dcount(Text), sum(Id)",
    "T | mv-expand x = range(1, 2) to typeof(long) | where x * 4000 + Id < toscalar(T | summarize max(Id)) | summarize "
    "count() by x",
    "T | join kind=leftouter (T | where Id % 1000 == 0 | project Host, M = Id) on Host | summarize count(), sum(M) by "
    "Host",
    "T | join kind=fullouter (T | where Id % 900 == 0 | project J = Id + 20000, Text) on $left.Id == $right.J | "
    "summarize count(), "
    "countif(isnull(Id)), countif(isnull(J))",
    "T | where Id !in ((T | where Id > 100 | take 20000 | project Id)) | summarize count(), max(Id)",
    "T | take 25 | join kind=inner (T | summarize n = count() by Host) on Host | project Id, n",
};
enum { QUERIES = sizeof queries / sizeof *queries };

static char path[] = "/tmp/rtq-again-XXXXXX", *input;
static size_t input_len;

struct out {
    uint64_t n, hash; /* of the rows, whatever their order */
    int dead, stopped;
    char note[300];
};

static int line(char *to, int i)
{
    return sprintf(
        to, "{\"Id\":%d,\"User\":\"u%d\",\"Host\":\"h%d\",\"Ok\":%s,\"Text\":\"a text of some length, number %d\"}\n",
        i, (i * 7919) % 501, i % 13, i % 3 ? "true" : "false", i);
}

static void make_input(void)
{
    FILE *f = fdopen(mkstemp(path), "wb");

    input = malloc((size_t)LINES * 160);
    for (int i = 0; i < LINES; i++)
        input_len += (size_t)line(input + input_len, i);
    if (!f || fwrite(input, 1, input_len, f) != input_len || fclose(f) != 0)
        abort();
}

static int on_rows(const rtq_batch *batch, void *user)
{
    struct out *o = user;
    rtq_batch_info info = {.size = sizeof info};

    rtq_batch_info_get(&info, batch);
    for (size_t i = 0; i < info.n_rows; i++) {
        rtq_blob *b = NULL;
        uint64_t h = 14695981039346656037u;
        if (rtq_batch_json(&b, batch, i) < 0)
            return RTQ_ERR_USER;
        for (size_t k = 0; k < rtq_blob_get(b).len; k++)
            h = (h ^ (unsigned char)rtq_blob_get(b).ptr[k]) * 1099511628211u;
        o->hash += h;
        o->n++;
        rtq_blob_free(b);
    }
    return 0;
}

static void on_notice(const rtq_notice *n, void *user)
{
    struct out *o = user;

    if (n->note == RTQ_NOTE_QUERY) {
        o->dead |= n->code < 0;
        o->stopped |= n->code == 0;
        snprintf(o->note, sizeof o->note, "%s", n->message);
    } else if (n->note == RTQ_NOTE_SOURCE) {
        snprintf(o->note, sizeof o->note, "%s", n->message);
    }
}

static void balanced(const rtq_run *run)
{
    rtq_stats s = {.size = sizeof s}, q = {.size = sizeof q};

    CHECK(rtq_run_stats(&s, run, RTQ_STAT_SOURCE, 0) == RTQ_OK && rtq_run_stats(&q, run, RTQ_STAT_QUERY, 0) == RTQ_OK);
    CHECK(s.in == s.out + s.filtered + s.errored + s.dropped + s.pending);
    CHECK(q.in == q.used + q.filtered + q.late + q.errored + q.dropped + q.pending);
    CHECK(s.in <= LINES + 1000 && q.in <= LINES + 1000);
}

struct setup {
    rtq_env *env;
    rtq_source *source;
    rtq_run *run;
    uint64_t source_id;
    struct out out;
};

static void begin(struct setup *s, const char *file, const char *kql, uint64_t budget)
{
    rtq_option options[] = {
        {"path", file}, {"table", "T"}, {"schema", "Id:long, User:string, Host:string, Ok:bool, Text:string"}};
    rtq_run_options ro = {
        .size = sizeof ro, .notice = on_notice, .notice_user = &s->out, .max_state_bytes = budget, .step_rows = 2000};
    rtq_query_options qo = {.size = sizeof qo, .n_sources = 1};
    rtq_query *query = NULL;
    rtq_sink *sink = NULL;
    rtq_diag *diag = NULL;
    int rc = rtq_env_new(&s->env, NULL);

    if (rc == RTQ_OK)
        rc = rtq_source_open(&s->source, s->env, "json", options, 3, &diag);
    qo.sources = (const rtq_source *const *)&s->source;
    if (rc == RTQ_OK)
        rc = rtq_query_compile(&query, s->env, kql, RTQ_NTS, &qo, &diag);
    if (rc == RTQ_OK)
        rc = rtq_sink_callback(&sink, s->env, on_rows, &s->out, NULL);
    if (rc == RTQ_OK)
        rc = rtq_run_new(&s->run, s->env, &ro);
    if (rc == RTQ_OK)
        rc = rtq_run_add_source(&s->source_id, s->run, s->source, &diag);
    if (rc == RTQ_OK)
        rc = rtq_run_add_query(NULL, s->run, query, sink, NULL, &diag);
    if (rc < 0)
        check_diag(kql, rc, diag);
    rtq_diag_free(diag);
    rtq_query_free(query);
    rtq_sink_free(sink);
}

static void end(struct setup *s)
{
    rtq_run_free(s->run);
    rtq_source_free(s->source);
    rtq_env_free(s->env);
}

/* between: what happens after each step, with its number. */
static struct out run_file(const char *kql, uint64_t budget, void (*between)(struct setup *, int))
{
    struct setup s = {0};
    int rc = RTQ_OK;

    begin(&s, path, kql, budget);
    for (int i = 0; rc == RTQ_OK && !check_bad; i++) {
        rc = rtq_run_step(s.run, NULL, NULL);
        balanced(s.run);
        if (between)
            between(&s, i);
    }
    CHECK(rc == RTQ_END);
    end(&s);
    return s.out;
}

static void the_rows_of_one_reading(void)
{
    for (int i = 0; i < QUERIES; i++) {
        struct out once = run_file(queries[i], 0, NULL), again = run_file(queries[i], BUDGET, NULL);
        if (once.n == 0 || once.n != again.n || once.hash != again.hash || again.dead) {
            printf("# %s: %" PRIu64 " rows, not %" PRIu64 "; %s\n", queries[i], again.n, once.n, again.note);
            check_bad = 1;
        }
    }
}

/* The same through a pipe: there the waiting rows exceed the budget. */
static void a_pipe_cannot_be_read_again(void)
{
    char name[32];
    struct setup s = {0};
    pid_t child;
    int ends[2];

    CHECK(pipe(ends) == 0);
    if ((child = fork()) == 0) {
        FILE *f = fdopen(ends[1], "wb");
        close(ends[0]);
        _exit(!f || fwrite(input, 1, input_len, f) != input_len || fclose(f) != 0);
    }
    close(ends[1]);
    snprintf(name, sizeof name, "/dev/fd/%d", ends[0]);
    begin(&s, name, queries[1], BUDGET);
    CHECK(rtq_run_all(s.run, NULL) == RTQ_END);
    CHECK(s.out.dead && strstr(s.out.note, "budget"));
    end(&s);
    close(ends[0]);
    CHECK(waitpid(child, NULL, 0) == child);
}

static void grow(struct setup *s, int step)
{
    char text[200];
    FILE *f = fopen(path, "ab");
    int n = line(text, LINES + step);

    (void)s;
    if (!f || fwrite(text, 1, (size_t)n, f) != (size_t)n || fclose(f) != 0)
        abort();
}

/* What is appended while the file is read belongs to all readings or to none. */
static void a_file_that_grows(void)
{
    static const char kql[] =
        "let R = T | extend One = 1, Long = strcat(Text, Text, Text); R | join kind=inner (R | summarize n = "
        "count() by One) on One | summarize c = count(), n = max(n) | where c == n and c >= 30000";
    struct out o = run_file(kql, BUDGET, grow);

    CHECK(o.n == 1 && !o.dead);
    CHECK(truncate(path, (off_t)input_len) == 0);
}

static void swap(struct setup *s, int step)
{
    static char other[sizeof path + 4];
    FILE *f;

    (void)s;
    if (step != 3)
        return;
    snprintf(other, sizeof other, "%s.new", path);
    if (!(f = fopen(other, "wb")) || fwrite(input, 1, input_len, f) != input_len || fclose(f) != 0 ||
        rename(other, path) != 0)
        abort();
}

static void a_file_that_another_replaces(void)
{
    struct out o = run_file(queries[1], BUDGET, swap);

    CHECK(o.n == 0 && strstr(o.note, "has changed"));
}

static void remove_at_5(struct setup *s, int step)
{
    if (step == 5)
        CHECK(rtq_run_remove(s->run, s->source_id) == RTQ_OK && rtq_run_commit(s->run) == RTQ_OK);
}

static void a_source_that_is_removed(void)
{
    struct out o = run_file(queries[1], BUDGET, remove_at_5);

    CHECK(o.n == 0 && o.dead && strstr(o.note, "read again"));
}

static void stop_at_5(struct setup *s, int step)
{
    if (step == 5)
        rtq_run_stop(s->run, RTQ_STOP_DRAIN);
}

static void stopped_before_it_is_read_again(void)
{
    struct out o = run_file(queries[1], BUDGET, stop_at_5);

    CHECK(o.n == 0 && !o.dead && o.stopped && strstr(o.note, "stopped"));
}

int main(void)
{
    make_input();
    RUN(the_rows_of_one_reading);
    RUN(a_pipe_cannot_be_read_again);
    RUN(a_file_that_grows);
    RUN(a_source_that_is_removed);
    RUN(stopped_before_it_is_read_again);
    RUN(a_file_that_another_replaces);
    remove(path);
    free(input);
    return check_failures != 0;
}
