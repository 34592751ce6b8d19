/* push.c - two threads push 1 M typed rows/s; the main thread steps and takes batches back */
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "rtq/rtq.h"

struct event {
    int64_t time;
    int64_t pid;
    rtq_str image;
    double score;
}; /* the host's own row */
enum { ROWS = 1000, N_COLS = 4 };
static size_t n_batches = 5000;
static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void *pusher(void *arg)
{
    rtq_appender *app = arg; /* ours alone: one thread, one partition */
    static const struct timespec pause = {0, 100000};
    struct event *ev = calloc(ROWS, sizeof *ev);
    const uint32_t st = sizeof *ev;
    rtq_column cols[N_COLS] = {{RTQ_DATETIME, st, &ev[0].time, NULL, 0, 0},
                               {RTQ_LONG, st, &ev[0].pid, NULL, 0, 0},
                               {RTQ_STRING, st, &ev[0].image, NULL, 0, 0},
                               {RTQ_REAL, st, &ev[0].score, NULL, 0, 0}};
    int rc = RTQ_OK;

    for (size_t b = 0; rc >= 0 && b < n_batches; b++) {
        for (size_t i = 0; i < ROWS; i++) {
            ev[i].time = RTQ_UNIX_EPOCH + (int64_t)(b * ROWS + i);
            ev[i].pid = (int64_t)(i % 977);
            ev[i].image.ptr = "/usr/bin/bash", ev[i].image.len = 13;
            ev[i].score = 0.5;
        }
        if ((rc = rtq_appender_columns(app, cols, N_COLS, ROWS)) < 0)
            break;
        while ((rc = rtq_appender_flush(app)) == RTQ_AGAIN) /* back-pressure is ours to decide */
            nanosleep(&pause, NULL);
    }
    rtq_appender_free(app); /* this partition ends: watermark +inf */
    free(ev);
    return NULL;
}

int main(void)
{
    const rtq_option push[] = {{"table", "Events"},
                               {"schema", "Time:datetime, Pid:long, Image:string, Score:real"},
                               {"time_column", "Time"},
                               {"queue_rows", "65536"},
                               {"full", "wait"}};
    rtq_env *env = NULL;
    rtq_source *source = NULL;
    rtq_appender *app[2] = {NULL, NULL};
    rtq_query *query = NULL;
    rtq_sink *queue = NULL;
    rtq_run *run = NULL;
    rtq_batch *batch = NULL;
    rtq_diag *diag = NULL;
    pthread_t th[2];
    int rc, n_th = 0;
    uint64_t rows = 0;
    int64_t sum = 0;
    double t0 = now_s();

    if (getenv("N"))
        n_batches = (size_t)atoi(getenv("N"));
    if ((rc = rtq_env_new(&env, NULL)) < 0 || (rc = rtq_source_open(&source, env, "push", push, 5, &diag)) < 0)
        goto out;
    const rtq_source *const srcs[] = {source};
    rtq_query_options qo = {.size = sizeof qo, .sources = srcs, .n_sources = 1};
    if ((rc = rtq_query_compile(&query, env, "Events | where Pid == 42 and Image endswith 'bash'", RTQ_NTS, &qo,
                                &diag)) < 0 ||
        (rc = rtq_sink_queue(&queue, env, 64)) < 0 || (rc = rtq_run_new(&run, env, NULL)) < 0 ||
        (rc = rtq_run_add_source(NULL, run, source, &diag)) < 0 ||
        (rc = rtq_run_add_query(NULL, run, query, queue, NULL, &diag)) < 0)
        goto out;
    for (int i = 0; i < 2; i++)
        if ((rc = rtq_appender_new(&app[i], source, "Events")) < 0)
            goto out;
    rtq_source_free(source), source = NULL; /* as a pipe: ends when both appenders are freed */
    for (; n_th < 2 && pthread_create(&th[n_th], NULL, pusher, app[n_th]) == 0; n_th++)
        app[n_th] = NULL; /* now the thread's */
    do {
        if ((rc = rtq_run_step(run, NULL, &diag)) < 0)
            break;
        while (rtq_sink_take(&batch, queue) == RTQ_OK) {
            rtq_batch_info info = {.size = sizeof info};
            rtq_column pid = {0};
            rtq_batch_info_get(&info, batch);
            rtq_batch_column(&pid, batch, 1);
            for (size_t r = 0; r < info.n_rows; r++)
                sum += *(const int64_t *)(const void *)((const char *)pid.data + r * pid.stride);
            rows += info.n_rows;
            rtq_batch_free(batch), batch = NULL;
        }
        if (rc == RTQ_AGAIN) {
            struct pollfd p = {.fd = (int)rtq_run_handle(run), .events = POLLIN};
            int64_t ns = rtq_run_timeout_ns(run, NULL);
            poll(&p, 1, ns < 0 ? -1 : (int)((ns + 999999) / 1000000));
        }
    } while (rc != RTQ_END); /* after END the queue may still hold batches: taken above */
out:
    for (int i = 0; i < n_th; i++)
        pthread_join(th[i], NULL);
    fprintf(stderr, "rc %d, %" PRIu64 " rows, sum %" PRId64 ", %.1f M rows/s\n", rc, rows, sum,
            2e-6 * (double)n_batches * ROWS / (now_s() - t0));
    rtq_appender_free(app[0]), rtq_appender_free(app[1]);
    rtq_run_free(run), rtq_sink_free(queue), rtq_query_free(query), rtq_source_free(source);
    rtq_diag_free(diag), rtq_env_free(env);
    return rc < 0;
}
