/* bench_json.c - JSON lines: a filter on a number at 15 % matching and three nested fields, against a plain read() of the same bytes, and
 * DuckDB on one thread where its Python module is there (bench_json.py). usage: bench_json [MiB] */
#include "rtq/rtq.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char path[] = "/tmp/kqlstream-bench.jsonl";
static const struct query { const char *name, *text; } queries[] = {
    { "number at 15 %, 3 fields", "Json | where EventID == 4625 | project Event.User.Name, Event.Network.SourceIp, Event.Process.Image" },
    { "text at 0.1 %, 3 fields", "Json | where Event.Process.CommandLine has 'Schedule777' | project Event.User.Name, Event.Network.SourceIp, EventID" },
    { "3 fields of all", "Json | project Event.User.Name, Event.Network.SourceIp, Event.Process.Image" },
    { "count by field", "Json | summarize count() by u = strcat(Event.User.Name)" },
    { "count", "Json | count" },
};

/* Processor time: other work on the machine does not count. */
static double seconds(void) { return (double)clock() / CLOCKS_PER_SEC; }

static void write_line(FILE *f, int i)
{
    static const char *const users[] = { "alice", "bob", "svc-backup", "administrator", "j.m\u00fcller" };
    int id = i % 20 < 3 ? 4625 : 4600 + i % 24;
    fprintf(f,
            "{\"@timestamp\":\"2024-05-%02dT%02d:%02d:%02d.%03dZ\",\"EventID\":%d,\"Channel\":\"Security\",\"Computer\":\"host-%04d.corp.example.com\","
            "\"Provider\":\"Microsoft-Windows-Security-Auditing\",\"Event\":{\"User\":{\"Name\":\"%s\",\"Domain\":\"CORP\",\"Sid\":\"S-1-5-21-%d-%d-%d\"},"
            "\"Network\":{\"SourceIp\":\"10.%d.%d.%d\",\"SourcePort\":%d,\"Protocol\":\"tcp\"},\"Process\":{\"Image\":\"C:\\\\Windows\\\\System32\\\\svc%d.exe\","
            "\"CommandLine\":\"\\\"C:\\\\Windows\\\\System32\\\\svc%d.exe\\\" -k netsvcs -p -s Schedule%d\",\"Pid\":%d},\"Status\":\"0xc000006d\"},"
            "\"tags\":[\"auth\",\"windows\",\"%d\"],\"seq\":%d}\n",
            1 + i % 28, i % 24, i % 60, (i / 7) % 60, i % 1000, id == 4625 && i % 20 >= 3 ? 4626 : id, i % 5000, users[i % 5], i * 7 % 99999, i * 13 % 99999,
            i * 31 % 99999, i % 256, i / 256 % 256, i * 3 % 256, 1024 + i % 60000, i % 40, i % 40, i % 1000, i % 32768, i % 100, i);
}

static uint64_t make_file(uint64_t target)
{
    FILE *f = fopen(path, "w");
    if (!f)
        exit(1);
    for (int i = 0; (uint64_t)ftell(f) < target; i++)
        write_line(f, i);
    uint64_t len = (uint64_t)ftell(f);
    fclose(f);
    return len;
}

static double plain_read(const char *unused)
{
    static char buffer[256 << 10];
    uint64_t sum = 0;
    double t = seconds();
    (void)unused;
    int fd = open(path, O_RDONLY);
    ssize_t n;
    while ((n = read(fd, buffer, sizeof buffer)) > 0)
        for (ssize_t i = 0; i + 8 <= n; i += 8) {
            uint64_t w;
            memcpy(&w, buffer + i, 8);
            sum += w;
        }
    close(fd);
    t = seconds() - t;
    return sum == 42 ? 0 : t;
}

static uint64_t rows;
static int count_rows(const rtq_batch *batch, void *user)
{
    rtq_batch_info info = { .size = sizeof info };
    (void)user;
    if (rtq_batch_info_get(&info, batch) == RTQ_OK)
        rows += info.n_rows;
    return 0;
}

static void check(int rc, rtq_diag *diag)
{
    rtq_blob *text = NULL;
    if (rc >= 0)
        return;
    rtq_diag_render(&text, diag);
    fprintf(stderr, "bench_json: %s\n%s\n", rtq_strerror(rc), text ? rtq_blob_get(text).ptr : "");
    exit(1);
}

static double run_query(const char *kql)
{
    rtq_env *env = NULL;
    rtq_source *source = NULL;
    rtq_query *compiled = NULL;
    rtq_sink *sink = NULL;
    rtq_run *run = NULL;
    rtq_diag *diag = NULL;
    rtq_option option = { "path", path };
    double t;

    check(rtq_env_new(&env, NULL), NULL);
    check(rtq_source_open(&source, env, "json", &option, 1, &diag), diag);
    check(rtq_query_compile(&compiled, env, kql, RTQ_NTS, NULL, &diag), diag);
    check(rtq_sink_callback(&sink, env, count_rows, NULL, NULL), NULL);
    check(rtq_run_new(&run, env, NULL), NULL);
    check(rtq_run_add_source(NULL, run, source, &diag), diag);
    check(rtq_run_add_query(NULL, run, compiled, sink, NULL, &diag), diag);
    rows = 0;
    t = seconds();
    check(rtq_run_all(run, &diag), diag);
    t = seconds() - t;
    rtq_run_free(run);
    rtq_sink_free(sink);
    rtq_query_free(compiled);
    rtq_source_free(source);
    rtq_diag_free(diag);
    rtq_env_free(env);
    return t;
}

static double best(double (*run)(const char *), const char *text)
{
    double least = 1e9;
    for (int i = 0; i < 3; i++) {
        double t = run(text);
        least = t < least ? t : least;
    }
    return least;
}

int main(int argc, char **argv)
{
    uint64_t len = make_file((uint64_t)(argc > 1 ? strtoul(argv[1], NULL, 10) : 256) << 20);
    double base = best(plain_read, NULL), gb = (double)len / 1e9;

    printf("%-28s %9s %9s %10s\n", "json lines", "GB/s", "of read()", "rows");
    printf("%-28s %9.2f %9.2f\n", "read() and sum", gb / base, 1.0);
    for (size_t i = 0; i < sizeof queries / sizeof *queries; i++) {
        double t = best(run_query, queries[i].text);
        printf("%-28s %9.2f %9.2f %10llu\n", queries[i].name, gb / t, base / t, (unsigned long long)rows);
    }
    fflush(stdout);
    if (system("python3 tests/bench/bench_json.py /tmp/kqlstream-bench.jsonl") != 0)
        printf("DuckDB did not run\n");
    unlink(path);
    return 0;
}
