/* bench_push.c - a host that pushes typed rows through a filter: cost of a row, time from the push to the callback, memory.
 *
 * usage: bench_push <COMMANDS. Each line of standard input is one of
 *   columns | rows | struct   processor nanoseconds a row: pushed 1,000 at a time, one at a time; the same test in a C loop
 *   call | thread | eventfd   microseconds to the callback, 50 % and 99 %: on one thread, from another thread; an eventfd for comparison
 *   idle                      KiB of private memory that a filter query takes, KiB that each of 100 more takes, resident KiB of all */
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>
#include "rtq/rtq.h"

enum { ROWS = 1000, BATCHES = 1000, EVENTS = 2000, MORE = 100 };
static const char text[] = "Events | where Pid > 500 and Image endswith 'bash' and Score < 0.5";
typedef struct event {
    int64_t time, pid;
    rtq_str image;
    double score;
} event;
typedef struct host {
    rtq_env *env;
    rtq_source *source;
    rtq_appender *app;
    rtq_query *query;
    rtq_sink *sink;
    rtq_run *run;
    rtq_diag *diag;
} host;

static event events[ROWS];
static uint64_t n_out;
static int64_t called_ns;

static int64_t clock_ns(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void must(int rc, const char *what)
{
    if (rc >= 0)
        return;
    fprintf(stderr, "bench_push: %s: %s\n", what, rtq_strerror(rc));
    exit(1);
}

static void make_events(void)
{
    static const char *const images[] = {"/usr/bin/bash", "/usr/sbin/nginx", "/usr/lib/systemd/systemd",
                                         "/usr/bin/python3"};
    for (int i = 0; i < ROWS; i++) {
        const char *image = images[i * 7 % 5 % 4];
        events[i] = (event){RTQ_UNIX_EPOCH + i, i * 37 % 1000, {image, strlen(image)}, (double)(i * 11 % 100) * 0.01};
    }
}

static int on_batch(const rtq_batch *batch, void *user)
{
    rtq_batch_info info = {.size = sizeof info};
    (void)user;
    if (rtq_batch_info_get(&info, batch) == RTQ_OK)
        n_out += info.n_rows;
    __atomic_store_n(&called_ns, clock_ns(CLOCK_MONOTONIC), __ATOMIC_RELEASE);
    return 0;
}

static void add_query(host *h)
{
    const rtq_source *const sources[] = {h->source};
    rtq_query_options options = {.size = sizeof options, .sources = sources, .n_sources = 1};
    must(rtq_query_compile(&h->query, h->env, text, RTQ_NTS, &options, &h->diag), "compile");
    must(rtq_run_add_query(NULL, h->run, h->query, h->sink, NULL, &h->diag), "add");
    rtq_query_free(h->query);
    h->query = NULL;
}

static void host_open(host *h)
{
    const rtq_option push[] = {
        {"table", "Events"}, {"schema", "Time:datetime, Pid:long, Image:string, Score:real"}, {"time_column", "Time"}};
    memset(h, 0, sizeof *h);
    must(rtq_env_new(&h->env, NULL), "env");
    must(rtq_source_open(&h->source, h->env, "push", push, 3, &h->diag), "source");
    must(rtq_sink_callback(&h->sink, h->env, on_batch, NULL, NULL), "sink");
    must(rtq_run_new(&h->run, h->env, NULL), "run");
    must(rtq_run_add_source(NULL, h->run, h->source, &h->diag), "add");
    add_query(h);
    must(rtq_appender_new(&h->app, h->source, "Events"), "appender");
    must(rtq_run_step(h->run, NULL, &h->diag), "step");
}

static void host_close(host *h)
{
    rtq_appender_free(h->app);
    rtq_run_free(h->run);
    rtq_sink_free(h->sink);
    rtq_source_free(h->source);
    rtq_diag_free(h->diag);
    rtq_env_free(h->env);
}

static void step_all(host *h)
{
    int rc;
    while ((rc = rtq_run_step(h->run, NULL, &h->diag)) == RTQ_OK)
        ;
    must(rc, "step");
}

static int push_columns(host *h)
{
    const uint32_t stride = sizeof *events;
    rtq_column cols[] = {{RTQ_DATETIME, stride, &events[0].time, NULL, 0, 0},
                         {RTQ_LONG, stride, &events[0].pid, NULL, 0, 0},
                         {RTQ_STRING, stride, &events[0].image, NULL, 0, 0},
                         {RTQ_REAL, stride, &events[0].score, NULL, 0, 0}};
    return rtq_appender_columns(h->app, cols, 4, ROWS);
}

static int push_row(host *h, const event *e)
{
    rtq_value cells[4] = {{.kind = RTQ_DATETIME, .u.i = e->time},
                          {.kind = RTQ_LONG, .u.i = e->pid},
                          {.kind = RTQ_STRING, .len = (uint32_t)e->image.len, .u.s = e->image.ptr},
                          {.kind = RTQ_REAL, .u.d = e->score}};
    return rtq_appender_row(h->app, cells, 4);
}

/* ---- cost of a row -------------------------------------------------------------------------------------------------- */
static double by_columns(host *h)
{
    int64_t t = clock_ns(CLOCK_THREAD_CPUTIME_ID);
    for (int b = 0; b < BATCHES; b++) {
        must(push_columns(h), "columns");
        must(rtq_appender_flush(h->app), "flush");
        step_all(h);
    }
    return (double)(clock_ns(CLOCK_THREAD_CPUTIME_ID) - t) / BATCHES / ROWS;
}

static double by_rows(host *h)
{
    int64_t t = clock_ns(CLOCK_THREAD_CPUTIME_ID);
    for (int b = 0; b < BATCHES; b++) {
        for (int i = 0; i < ROWS; i++)
            must(push_row(h, &events[i]), "row");
        must(rtq_appender_flush(h->app), "flush");
        step_all(h);
    }
    return (double)(clock_ns(CLOCK_THREAD_CPUTIME_ID) - t) / BATCHES / ROWS;
}

/* What a host would write by hand: copies the rows as the queue must, then tests them. */
static double by_hand(void)
{
    static event copy[ROWS];
    int64_t t = clock_ns(CLOCK_THREAD_CPUTIME_ID);
    for (int b = 0; b < BATCHES; b++) {
        memcpy(copy, events, sizeof copy);
        __asm__ volatile("" : : "r"(copy) : "memory");
        for (int i = 0; i < ROWS; i++) {
            const event *e = &copy[i];
            n_out += e->pid > 500 && e->image.len >= 4 &&
                     strncasecmp(e->image.ptr + e->image.len - 4, "bash", 4) == 0 && e->score < 0.5;
        }
    }
    return (double)(clock_ns(CLOCK_THREAD_CPUTIME_ID) - t) / BATCHES / ROWS;
}

/* ---- time to the callback ------------------------------------------------------------------------------------------- */
static int by_number(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

static void print_quantiles(int64_t *ns)
{
    qsort(ns, EVENTS, sizeof *ns, by_number);
    printf("%.3f %.3f\n", (double)ns[EVENTS / 2] / 1e3, (double)ns[EVENTS * 99 / 100] / 1e3);
}

static const event hit = {RTQ_UNIX_EPOCH, 900, {"/usr/bin/bash", 13}, 0.1};
static const struct timespec pause_time = {0, 100000};
static int64_t waits[EVENTS];
static int quit;

static void latency_call(host *h)
{
    for (int i = 0; i < EVENTS; i++) {
        int64_t t = clock_ns(CLOCK_MONOTONIC);
        must(push_row(h, &hit), "row");
        must(rtq_appender_flush(h->app), "flush");
        step_all(h);
        waits[i] = called_ns - t;
    }
    print_quantiles(waits);
}

static void *runner(void *arg)
{
    host *h = arg;
    while (!__atomic_load_n(&quit, __ATOMIC_ACQUIRE)) {
        step_all(h);
        rtq_run_wait(h->run, INT64_C(100000000));
    }
    return NULL;
}

static void *waiter(void *arg)
{
    uint64_t n;
    while (!__atomic_load_n(&quit, __ATOMIC_ACQUIRE)) {
        struct pollfd p = {.fd = *(int *)arg, .events = POLLIN};
        if (poll(&p, 1, 100) == 1 && read(p.fd, &n, sizeof n) == sizeof n)
            __atomic_store_n(&called_ns, clock_ns(CLOCK_MONOTONIC), __ATOMIC_RELEASE);
    }
    return NULL;
}

/* Wakes the other thread again and again and waits for its answer. h NULL: by an eventfd alone. */
static void latency_thread(host *h, int fd)
{
    pthread_t thread;
    quit = 0;
    if (pthread_create(&thread, NULL, h ? runner : waiter, h ? (void *)h : (void *)&fd) != 0)
        exit(1);
    for (int i = 0; i < EVENTS; i++) {
        uint64_t one = 1;
        int64_t done;
        nanosleep(&pause_time, NULL);
        int64_t t = clock_ns(CLOCK_MONOTONIC);
        if (h) {
            must(push_row(h, &hit), "row");
            must(rtq_appender_flush(h->app), "flush");
        } else if (write(fd, &one, sizeof one) != sizeof one) {
            exit(1);
        }
        while ((done = __atomic_load_n(&called_ns, __ATOMIC_ACQUIRE)) < t)
            nanosleep(&pause_time, NULL);
        waits[i] = done - t;
    }
    __atomic_store_n(&quit, 1, __ATOMIC_RELEASE);
    pthread_join(thread, NULL);
    print_quantiles(waits);
}

/* ---- memory --------------------------------------------------------------------------------------------------------- */
static long memory_kib(const char *what)
{
    char line[256];
    long kib = -1;
    FILE *f = fopen("/proc/self/smaps_rollup", "r");
    while (f && fgets(line, sizeof line, f))
        if (strncmp(line, what, strlen(what)) == 0)
            kib = strtol(line + strlen(what), NULL, 10);
    if (f)
        fclose(f);
    return kib;
}

static void idle(void)
{
    host h;
    long before = memory_kib("Private_Dirty:"), one, all;
    host_open(&h);
    must(push_columns(&h), "columns");
    must(rtq_appender_flush(h.app), "flush");
    step_all(&h);
    one = memory_kib("Private_Dirty:");
    for (int i = 0; i < MORE; i++)
        add_query(&h);
    must(push_columns(&h), "columns");
    must(rtq_appender_flush(h.app), "flush");
    step_all(&h);
    all = memory_kib("Private_Dirty:");
    printf("%ld %.1f %ld\n", one - before, (double)(all - one) / MORE, memory_kib("Rss:"));
    host_close(&h);
}

int main(void)
{
    char line[64];
    make_events();
    while (fgets(line, sizeof line, stdin)) {
        host h;
        line[strcspn(line, "\n")] = 0;
        if (strcmp(line, "idle") == 0) {
            idle();
        } else if (strcmp(line, "struct") == 0) {
            printf("%.3f\n", by_hand());
        } else if (strcmp(line, "eventfd") == 0) {
            latency_thread(NULL, eventfd(0, 0));
        } else {
            host_open(&h);
            if (strcmp(line, "columns") == 0)
                printf("%.3f\n", by_columns(&h));
            else if (strcmp(line, "rows") == 0)
                printf("%.3f\n", by_rows(&h));
            else if (strcmp(line, "call") == 0)
                latency_call(&h);
            else if (strcmp(line, "thread") == 0)
                latency_thread(&h, -1);
            host_close(&h);
        }
        fflush(stdout);
    }
    return 0;
}
