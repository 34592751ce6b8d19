/* bench_feed.c - queries on a recorded feed through the public API, and a plain read() and sum of the same file.
 *
 * usage: bench_feed KIND FILE <QUERIES. Each line of standard input is a query that is run once, or `read`. It answers with the
 * processor time in seconds, the number of result rows, and the largest resident size so far in KiB. */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include "measure.h"

static uint64_t plain_read(const char *path)
{
    static uint64_t buffer[(256 << 10) / 8];
    uint64_t sum[4] = {0};
    ssize_t got;
    int fd = open(path, O_RDONLY);
    while (fd >= 0 && (got = read(fd, buffer, sizeof buffer)) > 0)
        for (size_t i = 0; i + 4 <= (size_t)got / 8; i += 4)
            for (size_t k = 0; k < 4; k++)
                sum[k] += buffer[i + k];
    if (fd >= 0)
        close(fd);
    return sum[0] + sum[1] + sum[2] + sum[3];
}

/* Not getrusage(): its figure begins with that of the parent before exec. */
static long peak_kib(void)
{
    char line[256];
    long kib = -1;
    FILE *f = fopen("/proc/self/status", "r");
    while (f && fgets(line, sizeof line, f))
        if (strncmp(line, "VmHWM:", 6) == 0)
            kib = strtol(line + 6, NULL, 10);
    if (f)
        fclose(f);
    return kib;
}

static double run_query(const char *kind, const char *path, const char *kql, uint64_t *rows)
{
    rtq_env *env = NULL;
    rtq_source *source = NULL;
    rtq_query *query = NULL;
    rtq_sink *sink = NULL;
    rtq_run *run = NULL;
    rtq_diag *diag = NULL;
    rtq_option option = {"path", path};
    double t = seconds();
    check(rtq_env_new(&env, NULL), NULL);
    check(rtq_source_open(&source, env, kind, &option, 1, &diag), diag);
    check(rtq_query_compile(&query, env, kql, RTQ_NTS, NULL, &diag), diag);
    check(rtq_sink_callback(&sink, env, count_rows, rows, NULL), NULL);
    check(rtq_run_new(&run, env, NULL), NULL);
    check(rtq_run_add_source(NULL, run, source, &diag), diag);
    check(rtq_run_add_query(NULL, run, query, sink, NULL, &diag), diag);
    check(rtq_run_all(run, &diag), diag);
    rtq_run_free(run);
    rtq_sink_free(sink);
    rtq_query_free(query);
    rtq_source_free(source);
    rtq_diag_free(diag);
    rtq_env_free(env);
    return seconds() - t;
}

int main(int argc, char **argv)
{
    char line[4096];
    if (argc != 3)
        return 2;
    while (fgets(line, sizeof line, stdin)) {
        uint64_t rows = 0;
        double t;
        line[strcspn(line, "\n")] = 0;
        if (strcmp(line, "read") == 0) {
            t = seconds();
            volatile uint64_t sum = plain_read(argv[2]);
            (void)sum;
            t = seconds() - t;
        } else {
            t = run_query(argv[1], argv[2], line, &rows);
        }
        printf("%.9f %" PRIu64 " %ld\n", t, rows, peak_kib());
        fflush(stdout);
    }
    return 0;
}
