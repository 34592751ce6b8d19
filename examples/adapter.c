/* adapter.c - a feed of your own: a table over a file of colon-separated lines (the format of /etc/passwd), with demand and pushdown.
 *
 *     adapter FILE 'KQL'          e.g.  adapter /etc/passwd 'Account | where Uid >= 1000 | project User, Shell'
 *
 * The library asks the adapter for its tables once, tells it what the queries need (plan, again after each change of the queries),
 * starts it, and then calls next() whenever it has room for rows. An adapter that ignores plan() altogether is right, only slower. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "rtq/rtq.h"

enum { N_COLS = 5, MAX_TESTS = 16, ROWS_A_CALL = 256 };
static const char *const names[N_COLS] = {"User", "Uid", "Gid", "Home", "Shell"};
static const int fields[N_COLS] = {0, 2, 3, 5, 6}; /* where they stand in a line */

struct test {
    size_t branch;
    int column;
    uint32_t op;
    int64_t value;
};
struct passwd {
    FILE *file;
    int wanted[N_COLS]; /* some query reads the column */
    struct test tests[MAX_TESTS];
    size_t n_tests, n_branches; /* a row is wanted if all tests of some branch hold; no branch: every row */
    uint64_t decoded, rejected;
};

static const char *tables(void *user)
{
    (void)user;
    return "Account(User:string, Uid:long, Gid:long, Home:string, Shell:string)";
}

static int column_of(const char *name)
{
    for (int c = 0; c < N_COLS; c++)
        if (strcmp(names[c], name) == 0)
            return c;
    return -1;
}

/* What the queries need. Comparisons of numbers are done here, EXACT: the library need not look again. Everything else is
 * left to it: RTQ_PUSH_NO, which is what verdicts[] says already. Strings in the demand live until the next plan(). */
static int plan(uint8_t *verdicts, int32_t *watermark_kind, int64_t *max_delay_ticks, const rtq_demand *demand,
                void *user)
{
    struct passwd *p = user;
    rtq_column_def col;
    rtq_conjunct c = {.size = sizeof c};

    (void)watermark_kind, (void)max_delay_ticks; /* no event time here; else: by records, or clock - delay */
    memset(p->wanted, 0, sizeof p->wanted);
    p->n_tests = p->n_branches = 0;
    for (size_t i = 0; rtq_demand_column(&col, demand, 0, i) == RTQ_OK; i++)
        if (column_of(col.name) >= 0)
            p->wanted[column_of(col.name)] = 1;
    for (size_t i = 0; rtq_demand_conjunct(&c, demand, i) == RTQ_OK; i++) {
        int column = column_of(c.path), number = column == 1 || column == 2;
        if (c.branch + 1 > p->n_branches)
            p->n_branches = c.branch + 1;
        if (!number || c.op < RTQ_OP_EQ || c.op > RTQ_OP_GE || c.values[0].kind != RTQ_LONG || c.values[0].is_null ||
            p->n_tests == MAX_TESTS)
            continue;
        p->tests[p->n_tests++] = (struct test){c.branch, column, c.op, c.values[0].u.i};
        verdicts[i] = RTQ_PUSH_EXACT;
    }
    return RTQ_OK;
}

static int holds(const struct test *t, int64_t v)
{
    switch (t->op) {
    case RTQ_OP_EQ: return v == t->value;
    case RTQ_OP_NE: return v != t->value;
    case RTQ_OP_LT: return v < t->value;
    case RTQ_OP_LE: return v <= t->value;
    case RTQ_OP_GT: return v > t->value;
    default: return v >= t->value;
    }
}

static int wanted(const struct passwd *p, char *const *field)
{
    if (p->n_branches == 0)
        return 1;
    for (size_t b = 0; b < p->n_branches; b++) {
        int all = 1;
        for (size_t i = 0; i < p->n_tests && all; i++)
            all = p->tests[i].branch != b || holds(&p->tests[i], strtoll(field[fields[p->tests[i].column]], NULL, 10));
        if (all)
            return 1;
    }
    return 0;
}

static int split(char **field, char *line)
{
    int n = 0;

    line[strcspn(line, "\r\n")] = 0;
    for (char *at = line; at && n < 7; n++) {
        field[n] = at;
        if ((at = strchr(at, ':')))
            *at++ = 0;
    }
    return n == 7;
}

/* Never blocks: some rows, then back. OK: call again; AGAIN: wait for handle() or timeout_ns(); END; < 0: the feed is dead. */
static int next(rtq_appender *const *appenders, const rtq_clock *clock, void *user)
{
    struct passwd *p = user;
    char line[4096], *field[7];

    (void)clock;
    for (int n = 0; n < ROWS_A_CALL; n++) {
        rtq_value cells[N_COLS];
        int rc;
        if (!fgets(line, sizeof line, p->file))
            return ferror(p->file) ? RTQ_ERR_IO : RTQ_END;
        if (!split(field, line))
            continue;
        if (!wanted(p, field)) {
            p->rejected++;
            continue;
        }
        memset(cells, 0, sizeof cells);
        for (int c = 0; c < N_COLS; c++) {
            char *text = field[fields[c]];
            cells[c].kind = c == 1 || c == 2 ? RTQ_LONG : RTQ_STRING;
            if ((cells[c].is_null = !p->wanted[c])) /* nobody reads it: not worth decoding */
                continue;
            p->decoded++;
            if (cells[c].kind == RTQ_LONG)
                cells[c].u.i = strtoll(text, NULL, 10);
            else
                cells[c].u.s = text, cells[c].len = (uint32_t)strlen(text);
        }
        if ((rc = rtq_appender_row(appenders[0], cells, N_COLS)) < 0) /* copied; flushed for us when we return */
            return rc;
    }
    return RTQ_OK;
}

static void destroy(void *user) /* exactly once, also when rtq_source_custom() fails */
{
    struct passwd *p = user;
    fprintf(stderr, "adapter: %" PRIu64 " rows rejected here, %" PRIu64 " cells decoded\n", p->rejected, p->decoded);
    fclose(p->file);
    free(p);
}

static const rtq_source_vtable vtable = {.size = sizeof vtable, .tables = tables, .plan = plan, .next = next};

/* A feed that fails ends, and the run goes on without it: this is where to hear of it. */
static void on_notice(const rtq_notice *n, void *user)
{
    if (n->code < 0) {
        fprintf(stderr, "%s\n", n->message);
        *(int *)user = n->code;
    }
}

static int run(rtq_env *env, struct passwd *p, const char *kql, rtq_diag **diag)
{
    rtq_source *source = NULL;
    rtq_query *query = NULL;
    rtq_sink *sink = NULL;
    rtq_run *run = NULL;
    int failed = 0;
    rtq_run_options run_options = {.size = sizeof run_options, .notice = on_notice, .notice_user = &failed};
    int rc = rtq_source_custom(&source, env, &vtable, p, destroy, diag);
    const rtq_source *const sources[] = {source};
    rtq_query_options options = {.size = sizeof options, .sources = sources, .n_sources = 1};

    if (rc == RTQ_OK && (rc = rtq_query_compile(&query, env, kql, RTQ_NTS, &options, diag)) == RTQ_OK &&
        (rc = rtq_sink_open(&sink, env, "json", NULL, 0, diag)) == RTQ_OK &&
        (rc = rtq_run_new(&run, env, &run_options)) == RTQ_OK &&
        (rc = rtq_run_add_source(NULL, run, source, diag)) == RTQ_OK &&
        (rc = rtq_run_add_query(NULL, run, query, sink, NULL, diag)) == RTQ_OK)
        rc = rtq_run_all(run, diag);
    rtq_run_free(run), rtq_sink_free(sink), rtq_query_free(query), rtq_source_free(source);
    return rc < 0 ? rc : failed;
}

int main(int argc, char **argv)
{
    struct passwd *p = calloc(1, sizeof *p);
    rtq_env *env = NULL;
    rtq_diag *diag = NULL;
    rtq_blob *text = NULL;
    int rc;

    if (argc != 3 || !p || !(p->file = fopen(argv[1], "r"))) {
        fprintf(stderr, "usage: adapter FILE 'KQL'    (a readable FILE like /etc/passwd)\n");
        free(p);
        return 2;
    }
    if ((rc = rtq_env_new(&env, NULL)) < 0)
        destroy(p);
    else if ((rc = run(env, p, argv[2], &diag)) < 0 && rtq_diag_render(&text, diag) == RTQ_OK)
        fprintf(stderr, "%s: %.*s\n", rtq_strerror(rc), (int)rtq_blob_get(text).len, rtq_blob_get(text).ptr);
    rtq_blob_free(text), rtq_diag_free(diag), rtq_env_free(env);
    return rc < 0;
}
