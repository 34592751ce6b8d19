/* bench_evtx.c - the event log source against a plain read() and sum of the same file, from the page cache, in one run.
 *
 * The file is made of the chunks of real logs (../shared/data/evtx), else of our own small ones (tests/data), repeated to
 * BENCH_MB (256). Each line: best of BENCH_ROUNDS (5) rounds, CPU time of this thread, and the ratio to the plain read.
 * BENCH_ONLY=TEXT: only lines with that text; BENCH_FILES: names of the logs to take chunks from. */
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>
#include "evtx_run.h"

static double cpu_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static size_t env_number(const char *name, size_t fallback)
{
    const char *s = getenv(name);
    return s && *s ? strtoul(s, NULL, 10) : fallback;
}

/* ---- the file -------------------------------------------------------------------------------------------------------------------- */
typedef struct chunks {
    uint8_t *p;
    size_t n;
} chunks;

static void add_chunks(chunks *c, const char *path)
{
    size_t len;
    uint8_t *bytes = ed_read_file(path, &len);
    for (size_t at = EVTX_FILE_HEADER; bytes && at + EVTX_CHUNK <= len; at += EVTX_CHUNK) {
        if (!rtq__evtx_is_chunk(bytes + at, EVTX_CHUNK) || !rtq__evtx_sums_right(bytes + at, EVTX_CHUNK))
            continue;
        c->p = realloc(c->p, (c->n + 1) * EVTX_CHUNK);
        if (!c->p)
            abort();
        memcpy(c->p + c->n++ * EVTX_CHUNK, bytes + at, EVTX_CHUNK);
    }
    free(bytes);
}

static chunks read_folder(const char *folder, const char *only)
{
    chunks c = {NULL, 0};
    DIR *dir = opendir(folder);
    struct dirent *e;
    char path[4096];
    while (dir && (e = readdir(dir))) {
        size_t n = strlen(e->d_name);
        if (n < 5 || strcmp(e->d_name + n - 5, ".evtx") != 0 || (only && !strstr(only, e->d_name)))
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        add_chunks(&c, path);
    }
    if (dir)
        closedir(dir);
    return c;
}

static bool make_file(const char *path, const chunks *c, size_t bytes)
{
    uint8_t header[EVTX_FILE_HEADER] = "ElfFile";
    int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0600);
    bool ok = fd >= 0 && write(fd, header, sizeof header) == (ssize_t)sizeof header;
    for (size_t i = 0; ok && i * EVTX_CHUNK < bytes; i++)
        ok = write(fd, c->p + (i % c->n) * EVTX_CHUNK, EVTX_CHUNK) == EVTX_CHUNK;
    if (fd >= 0)
        close(fd);
    return ok;
}

/* ---- what is measured ------------------------------------------------------------------------------------------------------------- */
static uint64_t plain_read(const char *path)
{
    static uint64_t buf[(1 << 20) / 8];
    uint64_t sum[4] = {0};
    int fd = open(path, O_RDONLY);
    ssize_t got;
    while (fd >= 0 && (got = read(fd, buf, sizeof buf)) > 0)
        for (size_t i = 0; i + 4 <= (size_t)got / 8; i += 4)
            for (size_t k = 0; k < 4; k++)
                sum[k] += buf[i + k];
    if (fd >= 0)
        close(fd);
    return sum[0] + sum[1] + sum[2] + sum[3];
}

typedef struct scenario {
    const char *name, *checksums;
    const char *wants[24];
    int64_t event_id; /* 0: no filter */
    const char *contains_in, *needle;
    uint32_t rules; /* so many branches: an EventID and a text each */
} scenario;

/* clang-format off */
static const scenario scenarios[] = {
    {"count", "off", {NULL}, 0, NULL, NULL, 0},
    {"EventID of all", "off", {"EventID"}, 0, NULL, NULL, 0},
    {"EventID, 3 fields", "off", {"TimeCreated", "EventData.TargetUserName", "EventData.IpAddress"}, 4624, NULL, NULL, 0},
    {"same, checksums", "report", {"TimeCreated", "EventData.TargetUserName", "EventData.IpAddress"}, 4624, NULL, NULL, 0},
    {"4688 contains", "off", {"TimeCreated", "EventData.CommandLine"}, 4688, "EventData.CommandLine", "powershell", 0},
    {"300 rules", "off", {"TimeCreated", "EventData.CommandLine"}, 0, NULL, NULL, 300},
    {"9 columns of all", "off", {"TimeCreated", "Provider", "EventID", "Level", "Channel", "Computer", "EventRecordID", "ProcessID", "UserID"},
     0, NULL, NULL, 0},
    {"all columns", "off", {"TimeCreated", "Provider", "EventID", "Level", "Channel", "Computer", "EventRecordID", "Task", "Opcode", "Keywords",
                            "Version", "Qualifiers", "ProcessID", "ThreadID", "UserID", "ActivityID", "RelatedActivityID", "ProviderGuid",
                            "EventSourceName", "EventData", "UserData"}, 0, NULL, NULL, 0},
};
/* clang-format on */

static void scenario_demand(ed *e, const scenario *s)
{
    uint32_t conjuncts[2], n = 0;
    for (int i = 0; s->wants[i]; i++)
        ed_want(e, s->wants[i], RTQ__WANT_SURVIVOR);
    for (uint32_t i = 0; i < s->rules; i++) {
        char text[32];
        rtq__cell id = rtq__cell_i(RTQ_INT, 4500 + i);
        rtq__cell v = rtq__cell_s(text, (size_t)snprintf(text, sizeof text, "tool%u.exe", i));
        conjuncts[0] = ed_conjunct(e, "EventID", RTQ_OP_EQ, 1, &id);
        conjuncts[1] = ed_conjunct(e, "EventData.CommandLine", RTQ_OP_CONTAINS, 1, &v);
        ed_branch(e, 2, conjuncts);
    }
    if (s->rules)
        return;
    if (s->event_id) {
        rtq__cell v = rtq__cell_i(RTQ_INT, s->event_id);
        conjuncts[n++] = ed_conjunct(e, "EventID", RTQ_OP_EQ, 1, &v);
    }
    if (s->needle) {
        rtq__cell v = rtq__cell_s(s->needle, strlen(s->needle));
        conjuncts[n++] = ed_conjunct(e, s->contains_in, RTQ_OP_CONTAINS, 1, &v);
    }
    ed_branch(e, n, conjuncts);
}

static double run_once(const char *path, const scenario *s, rtq__source_stats *stats)
{
    rtq__mem *mem = rtq__mem_new(NULL, NULL, 0);
    rtq_option options[] = {{"path", path}, {"checksums", s->checksums}};
    rtq__src *src = NULL;
    rtq_clock clock = {0, 0};
    rtq__batch *batch;
    uint32_t table;
    ed e;
    ed_init(&e, mem);
    scenario_demand(&e, s);
    double start = cpu_now();
    if (rtq__src_evtx.open(&src, mem, options, 2, NULL) != RTQ_OK || src->cls->plan(src, ed_demand(&e)) != RTQ_OK)
        abort();
    src->cls->start(src, NULL, 0, NULL);
    while (src->cls->next(src, &clock, 1024, &batch, &table, NULL) == RTQ_OK)
        for (uint32_t c = 0; batch && c < batch->n_cols; c++)
            if (rtq__vec_load(batch->cols[c], NULL, batch->n) != RTQ_OK)
                abort();
    double took = cpu_now() - start;
    *stats = src->stats;
    src->cls->close(src);
    ed_free(&e);
    rtq__mem_unref(mem);
    return took;
}

int main(void)
{
    char path[] = "/tmp/bench_evtx_XXXXXX";
    size_t bytes = env_number("BENCH_MB", 256) << 20, rounds = env_number("BENCH_ROUNDS", 5);
    const char *only = getenv("BENCH_FILES"), *which = getenv("BENCH_ONLY");
    chunks c = read_folder("../shared/data/evtx",
                           only && *only ? only : "security.evtx pr_4688_tchopper.evtx smb_5145_wmiexec.evtx");
    if (c.n == 0)
        c = read_folder("tests/data", NULL);
    int fd = mkstemp(path);
    if (c.n == 0 || fd < 0 || !make_file(path, &c, bytes)) {
        fprintf(stderr, "no event logs to measure with, or no room in /tmp\n");
        return 77;
    }
    close(fd);
    enum { N = sizeof scenarios / sizeof *scenarios };
    double best[N], plain = 1e9;
    rtq__source_stats stats[N];
    for (size_t r = 0; r < rounds; r++) {
        double t = cpu_now();
        volatile uint64_t sum = plain_read(path);
        (void)sum;
        t = cpu_now() - t;
        plain = t < plain ? t : plain;
        for (int i = 0; i < N; i++) {
            if (which && !strstr(scenarios[i].name, which))
                continue;
            t = run_once(path, &scenarios[i], &stats[i]);
            best[i] = r == 0 || t < best[i] ? t : best[i];
        }
    }
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("evtx, %zu MB of %zu distinct chunks; plain read and sum %.0f MB/s\n", bytes >> 20, c.n,
           (double)bytes / plain / 1e6);
    for (int i = 0; i < N; i++)
        if (!which || strstr(scenarios[i].name, which))
            printf("  %-18s %7.0f MB/s %6.2f M records/s  %5.1f %% match  %.2f of plain\n", scenarios[i].name,
                   (double)bytes / best[i] / 1e6, (double)stats[i].in / best[i] / 1e6,
                   100.0 * (double)stats[i].out / (double)stats[i].in, plain / best[i]);
    printf("  resident %.1f MB (%.1f of them the test's own chunks)\n", (double)usage.ru_maxrss / 1024,
           (double)(c.n * EVTX_CHUNK) / 1048576);
    unlink(path);
    free(c.p);
    return 0;
}
