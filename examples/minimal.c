/* minimal.c - print who started what from an EVTX file. cc minimal.c -lkqlstream */
#include <inttypes.h>
#include <stdio.h>
#include "rtq/rtq.h"

static int on_batch(const rtq_batch *batch, void *user)
{
    rtq_batch_info info = {.size = sizeof info};
    rtq_value time, image;
    uint64_t *rows = user;

    rtq_batch_info_get(&info, batch);
    for (size_t r = 0; r < info.n_rows; r++) {
        rtq_batch_get(&time, batch, r, 0);
        rtq_batch_get(&image, batch, r, 1);
        printf("%" PRId64 " %.*s\n", (time.u.i - RTQ_UNIX_EPOCH) / 10000000, (int)image.len,
               image.is_null ? "" : image.u.s);
    }
    *rows += info.n_rows;
    return 0;
}

int main(int argc, char **argv)
{
    static const char kql[] = "Security | where EventId == 4688"
                              " | project TimeCreated, Image = tostring(EventData.NewProcessName)";
    rtq_env *env = NULL;
    rtq_source *source = NULL;
    rtq_query *query = NULL;
    rtq_sink *sink = NULL;
    rtq_run *run = NULL;
    rtq_diag *diag = NULL;
    rtq_blob *text = NULL;
    uint64_t rows = 0;
    int rc = RTQ_ERR_ARG;

    if (argc != 2)
        return 2;
    rtq_option path = {"path", argv[1]};
    if ((rc = rtq_env_new(&env, NULL)) < 0 || (rc = rtq_source_open(&source, env, "evtx", &path, 1, &diag)) < 0)
        goto out;
    const rtq_source *sources[] = {source};
    rtq_query_options qo = {.size = sizeof qo, .sources = sources, .n_sources = 1};
    if ((rc = rtq_query_compile(&query, env, kql, RTQ_NTS, &qo, &diag)) < 0 ||
        (rc = rtq_sink_callback(&sink, env, on_batch, &rows, NULL)) < 0 || (rc = rtq_run_new(&run, env, NULL)) < 0 ||
        (rc = rtq_run_add_source(NULL, run, source, &diag)) < 0 ||
        (rc = rtq_run_add_query(NULL, run, query, sink, NULL, &diag)) < 0)
        goto out;
    rc = rtq_run_all(run, &diag);
    fprintf(stderr, "%" PRIu64 " rows\n", rows);
out:
    if (rc < 0 && rtq_diag_render(&text, diag) == RTQ_OK)
        fprintf(stderr, "%s: %.*s\n", rtq_strerror(rc), (int)rtq_blob_get(text).len, rtq_blob_get(text).ptr);
    rtq_blob_free(text);
    rtq_run_free(run), rtq_sink_free(sink), rtq_query_free(query);
    rtq_source_free(source), rtq_diag_free(diag), rtq_env_free(env);
    return rc < 0;
}
