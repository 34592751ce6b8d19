/* measure.h - what the programs that run queries over feeds share. */
#ifndef MEASURE_H
#define MEASURE_H
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
    fprintf(stderr, "%s\n%s\n", rtq_strerror(rc), text ? rtq_blob_get(text).ptr : "");
    exit(1);
}

#endif
