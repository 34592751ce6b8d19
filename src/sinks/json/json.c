/* json.c - JSON lines: one object a row. */
#include "sinks/json/json_rows.h"
#include "sinks/kinds.h"
#include "sinks/output.h"

static const rtq__option_def options[] = {
    RTQ__OUTPUT_OPTIONS,
    {"query_name", RTQ__OPT_BOOL, 0, 0, 0, "false", NULL,
     "each object starts with \"_query\": which query it comes from"},
    {NULL, 0, 0, 0, 0, NULL, NULL, NULL},
};

struct json {
    rtq__output out;
    bool query_name;
};

static int json_open(void **user, rtq__mem *mem, const rtq_option *opts, size_t n, rtq_diag *diag)
{
    struct json *j;
    int rc = rtq__options_check(options, opts, n, "json", diag);

    if (rc < 0)
        return rc;
    if (!(j = rtq__calloc(mem, 1, sizeof *j)))
        return RTQ_ERR_NOMEM;
    j->query_name = rtq__option_bool(options, opts, n, "query_name");
    if ((rc = rtq__output_open(&j->out, mem, rtq__option_get(options, opts, n, "path"),
                               rtq__option_bool(options, opts, n, "append"), diag)) < 0) {
        rtq__output_close(&j->out);
        rtq__free(mem, j);
        return rc;
    }
    j->out.tame = RTQ__TAME_JSON;
    *user = j;
    return RTQ_OK;
}

static void json_destroy(void *user)
{
    struct json *j = user;
    rtq__mem *mem = j->out.mem;
    rtq__output_close(&j->out);
    rtq__free(mem, j);
}

static const char *json_error(void *user)
{
    return ((struct json *)user)->out.broken ? ((struct json *)user)->out.error : NULL;
}

static int stream_open(void **out, uint64_t query_id, const rtq_query *query, void *user)
{
    struct json *j = user;
    rtq__json_rows *s = rtq__calloc(j->out.mem, 1, sizeof *s);

    (void)query_id, (void)query;
    if (!s)
        return RTQ_ERR_NOMEM;
    rtq__json_rows_init(s, j->out.mem);
    *out = s;
    return RTQ_OK;
}

static void stream_close(void *stream, void *user)
{
    rtq__json_rows *s = stream;
    rtq__mem *mem = ((struct json *)user)->out.mem;
    rtq__json_rows_free(s);
    rtq__free(mem, s);
}

static int stream_write(void *stream, const rtq_batch *batch, void *user)
{
    struct json *j = user;
    rtq__json_rows *s = stream;
    rtq__buf *buf = &j->out.buf;
    int rc;

    if (j->out.broken)
        return RTQ_ERR_IO;
    if ((rc = rtq__json_rows_begin(s, batch, !j->query_name)) < 0)
        return rc;
    for (uint32_t r = 0; r < batch->rows->n_sel; r++) {
        rtq__buf_addc(buf, '{');
        if (j->query_name) {
            rtq__buf_adds(buf, "\"_query\":");
            rtq__buf_add_json(buf, batch->info.query, strlen(batch->info.query));
        }
        rtq__json_rows_add(buf, s, batch, r);
        rtq__buf_add(buf, "}\n", 2);
        if (buf->len > 1 << 18 && (rc = rtq__output_write(&j->out)) < 0)
            return rc;
    }
    return rtq__output_write(&j->out);
}

static const rtq_sink_vtable vtable = {
    .size = sizeof vtable, .open = stream_open, .write = stream_write, .close = stream_close};
const rtq__sink_class rtq__sink_json = {
    "json", "JSON lines, one object a row", options, json_open, json_destroy, &vtable, json_error};
