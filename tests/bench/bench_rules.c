/* bench_rules.c - many filter queries in one run over a recorded feed.
 *
 * usage: bench_rules KIND FILE TABLE <COUNTS. Each line of standard input is a number of rules; the answer is the processor time in
 * seconds and the number of result rows. */
#include "measure.h"

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
