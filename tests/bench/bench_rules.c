/* bench_rules.c - many filter queries in one run over a recorded feed.
 *
 * usage: bench_rules KIND FILE TABLE <COUNTS. Each line of standard input is a number of rules; the answer is the processor time in
 * seconds and the number of result rows. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "rtq/rtq.h"

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static int count_rows(const rtq_batch *batch, void *user)
{
    rtq_batch_info info = {.size = sizeof info};
    rtq_column column;
    if (rtq_batch_info_get(&info, batch) != RTQ_OK)
        return -1;
    *(uint64_t *)user += info.n_rows;
    for (size_t i = 0; i < info.n_columns; i++) /* what nobody looks at would not be decoded */
        if (rtq_batch_column(&column, batch, i) != RTQ_OK)
            return -1;
    return 0;
}

static void check(int rc, rtq_diag *diag)
{
    rtq_blob *text = NULL;
    if (rc >= 0)
        return;
    rtq_diag_render(&text, diag);
    fprintf(stderr, "bench_rules: %s\n%s\n", rtq_strerror(rc), text ? rtq_blob_get(text).ptr : "");
    exit(1);
}

static double run_rules(char **argv, int n, uint64_t *rows)
{
    rtq_env *env = NULL;
    rtq_source *source = NULL;
    rtq_sink *sink = NULL;
    rtq_run *run = NULL;
    rtq_diag *diag = NULL;
    rtq_option option = {"path", argv[2]};
    double t = seconds();
    check(rtq_env_new(&env, NULL), NULL);
    check(rtq_source_open(&source, env, argv[1], &option, 1, &diag), diag);
    check(rtq_sink_callback(&sink, env, count_rows, rows, NULL), NULL);
    check(rtq_run_new(&run, env, NULL), NULL);
    check(rtq_run_add_source(NULL, run, source, &diag), diag);
    for (int i = 0; i < n; i++) {
        rtq_query *query = NULL;
        char kql[256], name[32];
        rtq_attach_options ao = {.size = sizeof ao, .name = name};
        snprintf(kql, sizeof kql, "%s | where EventID == %d and Computer has 'host%d' | project EventID, Computer",
                 argv[3], 4000 + i, i % 7);
        snprintf(name, sizeof name, "rule-%d", i);
        check(rtq_query_compile(&query, env, kql, RTQ_NTS, NULL, &diag), diag);
        check(rtq_run_add_query(NULL, run, query, sink, &ao, &diag), diag);
        rtq_query_free(query);
    }
    check(rtq_run_all(run, &diag), diag);
    rtq_run_free(run);
    rtq_sink_free(sink);
    rtq_source_free(source);
    rtq_diag_free(diag);
    rtq_env_free(env);
    return seconds() - t;
}

int main(int argc, char **argv)
{
    char line[64];
    if (argc != 4)
        return 2;
    while (fgets(line, sizeof line, stdin)) {
        uint64_t rows = 0;
        double t = run_rules(argv, (int)strtol(line, NULL, 10), &rows);
        printf("%.9f %" PRIu64 "\n", t, rows);
        fflush(stdout);
    }
    return 0;
}
