/* arrow.c - batches out and rows in through the Arrow C data interface. */
#include "value/arrow.h"
#include <errno.h>
#include "api/api.h"
#include "exec/run.h"
#include "sources/push/push.h"

int rtq_batch_arrow(struct ArrowSchema *schema_out, struct ArrowArray *array_out, const rtq_batch *batch)
{
    int rc;

    if (!batch || !array_out)
        return RTQ_ERR_ARG;
    if (schema_out &&
        (rc = rtq__arrow_export_schema(schema_out, batch->mem, batch->schema->cols, batch->schema->n, 0)) < 0)
        return rc;
    rc = rtq__out_load(batch);
    if (rc == RTQ_OK)
        rc = rtq__arrow_export(array_out, NULL, batch->mem, batch->rows, 0);
    if (rc < 0 && schema_out)
        schema_out->release(schema_out);
    return rc;
}

/* Column of the array for each column of the table, by name; -1: null. A column that the table has not is refused. */
static int match_columns(int64_t *map, const rtq__table *t, const rtq_column_def *defs, int64_t n, rtq_diag *diag)
{
    for (uint32_t i = 0; i < t->n_cols; i++)
        map[i] = -1;
    for (int64_t k = 0; k < n; k++) {
        uint32_t i = 0;
        while (i < t->n_cols && strcmp(t->cols[i].name, defs[k].name) != 0)
            i++;
        if (i == t->n_cols)
            return rtq__diag_add(diag, RTQ_ERR_ARG, RTQ__SEV_ERROR, 0, 0, "table '%s' has no column '%s'", t->name,
                                 defs[k].name);
        map[i] = k;
    }
    return RTQ_OK;
}

/* What import says of the array, in words. */
static int explain(int rc, const rtq__arrow_problem *bad, rtq_diag *diag)
{
    if (rc == RTQ_ERR_ARG)
        rtq__diag_add(diag, rc, RTQ__SEV_ERROR, 0, 0, "rows come as an Arrow struct, not as '%s'", bad->format);
    else if (rc == RTQ_ERR_UNSUPPORTED)
        rtq__diag_add(diag, rc, RTQ__SEV_ERROR, 0, 0, "column '%s': the Arrow type '%s' has no counterpart",
                      bad->column, bad->format);
    else if (rc == RTQ_ERR_DATA)
        rtq__diag_add(diag, rc, RTQ__SEV_ERROR, 0, 0, "column '%s': the array does not fit its type '%s'", bad->column,
                      bad->format);
    return rc;
}

static int append_rows(rtq_appender *a, const struct ArrowSchema *schema, const struct ArrowArray *array,
                       const int64_t *map, rtq__arena *scratch)
{
    const rtq__table *t = &a->push->base.tables[a->table];
    rtq__appender_mark mark = rtq__appender_get_mark(a);
    rtq__arrow_problem bad;
    int rc = RTQ_OK;

    for (int64_t at = 0; at < array->length && rc == RTQ_OK; at += RTQ__ROWS) {
        uint32_t n = array->length - at < RTQ__ROWS ? (uint32_t)(array->length - at) : RTQ__ROWS;
        rtq__vec **from, **cols;
        rtq__arena_reset(scratch);
        from = rtq__arena_zalloc(scratch, (size_t)(schema->n_children + 1) * sizeof *from);
        cols = rtq__arena_zalloc(scratch, (t->n_cols + 1) * sizeof *cols);
        if (!from || !cols) {
            rc = RTQ_ERR_NOMEM;
            break;
        }
        if ((rc = explain(rtq__arrow_import(from, NULL, schema, array, at, n, scratch, &bad), &bad, a->diag)) < 0)
            break;
        for (uint32_t i = 0; i < t->n_cols; i++)
            cols[i] = map[i] < 0 ? NULL : from[map[i]];
        rc = rtq__appender_vectors(a, cols, n);
    }
    if (rc < 0)
        rtq__appender_rollback(a, mark);
    return rc;
}

int rtq_appender_arrow(rtq_appender *appender, const struct ArrowSchema *schema, struct ArrowArray *array)
{
    const rtq__table *t;
    rtq_column_def *defs;
    rtq__arrow_problem bad;
    rtq__arena meta, scratch;
    int64_t *map;
    int rc;

    if (!appender || !schema || !array || !array->release || !schema->release)
        return RTQ_ERR_ARG;
    t = &appender->push->base.tables[appender->table];
    rtq__diag_begin(&appender->diag, appender->push->base.mem);
    rtq__arena_init(&meta, appender->push->base.mem, 0);
    rtq__arena_init(&scratch, appender->push->base.mem, 0);
    defs = rtq__arena_zalloc(&meta, (size_t)(schema->n_children > 0 ? schema->n_children + 1 : 1) * sizeof *defs);
    map = rtq__arena_alloc(&meta, (t->n_cols + 1) * sizeof *map);
    rc = defs && map ? explain(rtq__arrow_import_schema(defs, schema, &bad), &bad, appender->diag) : RTQ_ERR_NOMEM;
    if (rc == RTQ_OK && (rc = match_columns(map, t, defs, schema->n_children, appender->diag)) == RTQ_OK)
        rc = append_rows(appender, schema, array, map, &scratch);
    rtq__arena_free(&scratch);
    rtq__arena_free(&meta);
    if (rc == RTQ_OK) /* moved: the rows are copied, so it can go at once */
        array->release(array);
    return rc;
}

/* ---- a queue sink as a stream: get_next steps the run ------------------------------------------------------------------- */

struct stream {
    rtq_sink *queue;
    rtq_run *run;
    rtq_query *query;
    rtq_diag *diag;
    rtq_blob *text;
};

static int to_errno(int rc)
{
    return rc == RTQ_ERR_NOMEM ? ENOMEM : EIO;
}

static int stream_schema(struct ArrowArrayStream *s, struct ArrowSchema *out)
{
    struct stream *p = s->private_data;
    const rtq__out_schema *schema = p->query->schemas[0];
    return rtq__arrow_export_schema(out, p->query->env->mem, schema->cols, schema->n, 0) < 0 ? ENOMEM : 0;
}

static int stream_next(struct ArrowArrayStream *s, struct ArrowArray *out)
{
    struct stream *p = s->private_data;
    rtq_batch *batch = NULL;
    int rc, step = RTQ_OK;

    memset(out, 0, sizeof *out);
    while ((rc = rtq_sink_take(&batch, p->queue)) == RTQ_AGAIN && step != RTQ_END) {
        if ((step = rtq_run_step(p->run, NULL, &p->diag)) < 0)
            return to_errno(step);
        if (step == RTQ_AGAIN && (rc = rtq_sink_take(&batch, p->queue)) != RTQ_AGAIN)
            break;
        if (step == RTQ_AGAIN && rtq_run_wait(p->run, -1) < 0)
            return EIO;
    }
    if (rc != RTQ_OK)
        return rc < 0 ? to_errno(rc) : 0; /* a released array is the end */
    rc = rtq_batch_arrow(NULL, out, batch);
    rtq_batch_free(batch);
    return rc == RTQ_OK ? 0 : to_errno(rc);
}

static const char *stream_error(struct ArrowArrayStream *s)
{
    struct stream *p = s->private_data;
    if (!rtq_diag_count(p->diag) || rtq_diag_render(&p->text, p->diag) < 0)
        return NULL;
    return rtq_blob_get(p->text).ptr;
}

static void stream_release(struct ArrowArrayStream *s)
{
    struct stream *p = s->private_data;
    rtq__mem *mem = p->query->env->mem;

    rtq__mem_ref(mem);
    rtq_blob_free(p->text);
    rtq_diag_free(p->diag);
    rtq_sink_free(p->queue);
    rtq_run_free(p->run);
    rtq_query_free(p->query);
    rtq__free(mem, p);
    rtq__mem_unref(mem);
    s->release = NULL;
}

int rtq_sink_arrow_stream(struct ArrowArrayStream *out, rtq_sink *queue, rtq_run *run)
{
    struct stream *p;
    const rtq_query *query;

    if (!out || !queue || !queue->queue || !run)
        return RTQ_ERR_ARG;
    if (!(query = rtq__run_query_of(run, queue)))
        return RTQ_ERR_STATE;
    if (!(p = rtq__calloc(run->mem, 1, sizeof *p)))
        return RTQ_ERR_NOMEM;
    p->queue = rtq__sink_ref(queue);
    p->run = rtq__run_ref(run);
    p->query = rtq__query_ref((rtq_query *)(uintptr_t)query);
    memset(out, 0, sizeof *out);
    out->get_schema = stream_schema;
    out->get_next = stream_next;
    out->get_last_error = stream_error;
    out->release = stream_release;
    out->private_data = p;
    return RTQ_OK;
}
