/* push.c - the queue behind appenders, and the source that reads it. */
#include "sources/push/push.h"
#include "kql/parse.h"
#include "kql/tables.h"

static const rtq__option_def options[] = {
    {"table", RTQ__OPT_TEXT, 0, 0, 0, "Rows", NULL, "table name"},
    {"schema", RTQ__OPT_TEXT, 0, 1, 0, NULL, NULL, "columns: a:long, b:string; a final * makes the table open"},
    {"time_column", RTQ__OPT_TEXT, 0, 0, 0, NULL, NULL, "event time; default: the first datetime"},
    {"queue_rows", RTQ__OPT_NUMBER, 0, 0, 0, "65536", NULL, "rows that may wait for the run"},
    {"full", RTQ__OPT_CHOICE, 0, 0, 0, "wait", "wait|drop", "what flush does when the queue is full"},
    {NULL, 0, 0, 0, 0, NULL, NULL, NULL},
};

static int declare(rtq__push *p, const char *text, rtq_diag *diag)
{
    rtq__ast_list list;
    rtq__table *defs;
    uint32_t n = 0;
    int rc;

    rtq__diag_set_text(diag, text, strlen(text));
    if ((rc = rtq__parse_tables(&list, &p->arena, text, strlen(text), diag)) < 0)
        return rc;
    if (!(defs = rtq__arena_zalloc(&p->arena, (list.n + 1) * sizeof *defs)))
        return RTQ_ERR_NOMEM;
    for
        RTQ__AST_EACH(item, list)
        {
            for (uint32_t i = 0; i < n; i++)
                if (strcmp(defs[i].name, item->column.name.ptr) == 0)
                    return rtq__diag_add(diag, RTQ_ERR_ARG, RTQ__SEV_ERROR, item->begin, item->end,
                                         "there is a table '%s' already", defs[i].name);
            if ((rc = rtq__table_from_schema(&defs[n++], &p->arena, item->column.name.ptr, item->column.name.len,
                                             &item->column.schema, diag)) < 0)
                return rc;
        }
    p->base.tables = defs;
    p->base.n_tables = n;
    return RTQ_OK;
}

static int declare_one(rtq__push *p, const char *name, const char *schema, rtq_diag *diag)
{
    rtq__ast_list list;
    rtq__table *def = rtq__arena_zalloc(&p->arena, sizeof *def);
    int rc;

    if (!def)
        return RTQ_ERR_NOMEM;
    rtq__diag_set_text(diag, schema, strlen(schema));
    if ((rc = rtq__parse_schema(&list, &p->arena, schema, strlen(schema), diag)) < 0 ||
        (rc = rtq__table_from_schema(def, &p->arena, name, strlen(name), &list, diag)) < 0) {
        rtq__diag_subject(diag, "schema");
        return rc;
    }
    p->base.tables = def;
    p->base.n_tables = 1;
    return RTQ_OK;
}

int rtq__push_init(rtq__push *p, rtq__mem *mem, const char *name, const char *tables, rtq_diag *diag)
{
    int rc;

    p->base.mem = mem;
    p->base.max_time = INT64_MIN;
    rtq__arena_init(&p->arena, mem, 0);
    rtq__arena_init(&p->scratch, mem, 0);
    if (rtq__mutex_init(&p->lock) != 0)
        return RTQ_ERR_NOMEM;
    rc = name ? declare_one(p, name, tables, diag) : declare(p, tables, diag);
    return rc == RTQ_ERR_SYNTAX ? RTQ_ERR_ARG : rc;
}

static void free_chunks(rtq__mem *mem, rtq__chunk *c)
{
    while (c) {
        rtq__chunk *next = c->next;
        rtq__arena_free(&c->arena);
        rtq__free(mem, c);
        c = next;
    }
}

void rtq__push_release(rtq__push *p)
{
    free_chunks(p->base.mem, p->first);
    free_chunks(p->base.mem, p->spare);
    free_chunks(p->base.mem, p->reading);
    rtq__free(p->base.mem, p->partitions);
    rtq__arena_free(&p->scratch);
    rtq__arena_free(&p->arena);
    rtq__mutex_destroy(&p->lock);
}

static int set_time_column(rtq__push *p, const char *name, rtq_diag *diag)
{
    rtq__table *t = (rtq__table *)(uintptr_t)&p->base.tables[0]; /* ours until open returns */
    rtq__table_col *cols = (rtq__table_col *)(uintptr_t)t->cols;
    rtq__nearest nearest;

    rtq__nearest_init(&nearest, name, strlen(name));
    for (uint32_t i = 0; i < t->n_cols; i++) {
        rtq__nearest_try(&nearest, cols[i].name, strlen(cols[i].name));
        if (strcmp(cols[i].name, name) != 0)
            continue;
        if (cols[i].kind != RTQ_DATETIME)
            return rtq__diag_add(diag, RTQ_ERR_ARG, RTQ__SEV_ERROR, 0, 0, "time_column '%s' is %s, not datetime", name,
                                 rtq__kind_name(cols[i].kind));
        if (t->time_col >= 0)
            cols[t->time_col].flags &= (uint8_t)~RTQ__COL_TIME;
        cols[i].flags |= RTQ__COL_TIME;
        t->time_col = (int32_t)i;
        return RTQ_OK;
    }
    rtq__diag_add(diag, RTQ_ERR_ARG, RTQ__SEV_ERROR, 0, 0, "time_column '%s' is not in the schema", name);
    if (rtq__nearest_get(&nearest))
        rtq__diag_hint(diag, "did you mean '%s'?", rtq__nearest_get(&nearest));
    return RTQ_ERR_ARG;
}

static int push_open(rtq__src **out, rtq__mem *mem, const rtq_option *opts, size_t n, rtq_diag *diag)
{
    const char *schema, *time_column;
    rtq__push *p;
    int rc;

    if ((rc = rtq__options_check(options, opts, n, "push", diag)) < 0)
        return rc;
    if (!(p = rtq__calloc(mem, 1, sizeof *p)))
        return RTQ_ERR_NOMEM;
    p->base.cls = &rtq__src_push;
    schema = rtq__option_get(options, opts, n, "schema");
    rc = rtq__push_init(p, mem, rtq__option_get(options, opts, n, "table"), schema, diag);
    time_column = rtq__option_get(options, opts, n, "time_column");
    if (rc == RTQ_OK && time_column)
        rc = set_time_column(p, time_column, diag);
    p->queue_rows = (uint64_t)rtq__option_number(options, opts, n, "queue_rows");
    p->drop = strcmp(rtq__option_get(options, opts, n, "full"), "drop") == 0;
    if (rc == RTQ_OK && p->base.tables[0].n_cols == 0 && !p->base.tables[0].open)
        rc = rtq__diag_add(diag, RTQ_ERR_ARG, RTQ__SEV_ERROR, 0, 0, "schema has no columns");
    if (rc == RTQ_OK && (p->queue_rows == 0 || p->queue_rows > INT64_MAX))
        rc = rtq__diag_add(diag, RTQ_ERR_ARG, RTQ__SEV_ERROR, 0, 0, "queue_rows must be at least 1");
    if (rc < 0) {
        rtq__push_release(p);
        rtq__free(mem, p);
        return rc;
    }
    *out = &p->base;
    return RTQ_OK;
}

static int push_plan(rtq__src *src, rtq_demand *demand)
{
    ((rtq__push *)src)->demand = demand; /* nothing is decoded here, so nothing is rejected either */
    return RTQ_OK;
}

static int push_start(rtq__src *src, const void *position, size_t len, rtq_diag *diag)
{
    (void)src, (void)position, (void)len, (void)diag;
    return RTQ_OK;
}

static int push_source_next(rtq__src *src, const rtq_clock *clock, uint32_t max_rows, rtq__batch **out, uint32_t *table,
                            rtq_diag *diag)
{
    (void)clock, (void)max_rows, (void)diag;
    return rtq__push_next((rtq__push *)src, out, table);
}

static intptr_t no_handle(rtq__src *src)
{
    (void)src;
    return -1;
}

static int64_t no_timeout(rtq__src *src, const rtq_clock *clock)
{
    (void)src, (void)clock;
    return -1;
}

static void push_close_source(rtq__src *src)
{
    rtq__push *p = (rtq__push *)src;
    rtq__push_release(p);
    rtq__free(src->mem, p);
}

static void push_attach(rtq__src *src, void (*wake)(void *ctx), void *ctx)
{
    rtq__push *p = (rtq__push *)src;
    rtq__mutex_lock(&p->lock);
    p->wake = wake;
    p->wake_ctx = ctx;
    rtq__mutex_unlock(&p->lock);
}

static void count(rtq__push *p)
{
    p->base.stats.in = p->in;
    p->base.stats.dropped = p->dropped;
    p->base.stats.errored = p->errored;
    p->base.stats.pending = p->queued;
}

static void push_detach(rtq__src *src) /* the run has ended: appenders get RTQ_ERR_STATE */
{
    rtq__push *p = (rtq__push *)src;
    rtq__mutex_lock(&p->lock);
    p->closed = true;
    p->wake = NULL;
    count(p); /* what nobody reads any more is seen as pending */
    rtq__mutex_unlock(&p->lock);
}

static void push_drain(rtq__src *src) /* what was handed over is still read, nothing more is taken */
{
    rtq__push *p = (rtq__push *)src;
    rtq__mutex_lock(&p->lock);
    p->closed = true;
    rtq__mutex_unlock(&p->lock);
}

static int64_t push_watermark(rtq__src *src)
{
    rtq__push *p = (rtq__push *)src;
    int64_t least = INT64_MAX;

    rtq__mutex_lock(&p->lock);
    for (size_t i = 0; i < p->n_partitions; i++) {
        const rtq__partition *part = &p->partitions[i];
        int64_t w = part->mark > part->max_time ? part->mark : part->max_time;
        if (!(part->ended && part->queued == 0) && w < least)
            least = w;
    }
    rtq__mutex_unlock(&p->lock);
    return least == INT64_MAX ? src->max_time : least;
}

const rtq__src_class rtq__src_push = {
    .kind = "push",
    .doc = "rows that the host pushes with appenders",
    .options = options,
    .open = push_open,
    .plan = push_plan,
    .start = push_start,
    .next = push_source_next,
    .handle = no_handle,
    .timeout_ns = no_timeout,
    .close = push_close_source,
    .attach = push_attach,
    .detach = push_detach,
    .watermark = push_watermark,
    .drain = push_drain,
};

void rtq__push_host_gone(rtq__src *src)
{
    rtq__push *p = (rtq__push *)src;
    rtq__mutex_lock(&p->lock);
    p->host_gone = true;
    if (p->wake)
        p->wake(p->wake_ctx);
    rtq__mutex_unlock(&p->lock);
}

/* ---- reading --------------------------------------------------------------------------------------------------------- */

static rtq__chunk *take_chunk(rtq__push *p, bool *end)
{
    rtq__partition *part;
    rtq__chunk *c;

    rtq__mutex_lock(&p->lock);
    if (p->reading) { /* what was lent last time is free again */
        rtq__arena_reset(&p->reading->arena);
        p->reading->next = p->spare;
        p->spare = p->reading;
        p->reading = NULL;
    }
    if ((c = p->first)) {
        p->first = c->next;
        c->next = NULL;
        if (!p->first)
            p->last = NULL;
        p->queued -= c->batch.n;
        part = &p->partitions[c->partition];
        part->queued -= c->batch.n;
        part->mark = c->watermark > part->mark ? c->watermark : part->mark;
        if (part->queued == 0 && part->next_mark > part->mark)
            part->mark = part->next_mark;
    }
    *end = !c && (p->closed || (p->host_gone && p->n_appenders == 0));
    count(p);
    p->reading = c;
    rtq__mutex_unlock(&p->lock);
    return c;
}

/* A field of an open table: looked up in the rest of each row. */
static int path_column(rtq__vec **out, rtq__push *p, const rtq__chunk *c, const rtq__want *w)
{
    const rtq__vec *rest = c->batch.cols[w->table_col < 0 ? p->base.tables[c->table].n_cols : (uint32_t)w->table_col];
    rtq__vec *v = rtq__vec_new(&p->scratch, w->kind, c->batch.n);
    uint32_t first = w->table_col < 0 ? 0 : 1;

    if (!v || !rtq__vec_valid(&p->scratch, v))
        return RTQ_ERR_NOMEM;
    for (uint32_t r = 0; r < c->batch.n; r++) {
        rtq__cell cell = rtq__vec_get(rest, r);
        rtq__dyn d = cell.u.y;
        int rc = RTQ_OK;
        if (cell.is_null)
            memset(&d, 0, sizeof d);
        for (uint32_t k = first; k < w->n_segs && rc == RTQ_OK; k++)
            rc = w->segs[k].name ? rtq__dyn_get(&d, &d, w->segs[k].name, w->segs[k].len, &p->scratch)
                                 : rtq__dyn_at(&d, &d, w->segs[k].index, &p->scratch);
        if (rc < 0)
            return rc;
        cell = rtq__cell_y(d);
        rtq__vec_set(v, r, cell);
    }
    *out = v;
    return RTQ_OK;
}

static int64_t max_time(const rtq__vec *v, uint32_t n, int64_t max)
{
    const int64_t *t = v->data;
    for (uint32_t i = 0; i < n; i++)
        if (t[i] > max && (!v->valid || rtq__bit(v->valid, i)))
            max = t[i];
    return max;
}

int rtq__push_next(rtq__push *p, rtq__batch **out, uint32_t *table)
{
    const rtq__table *t;
    const rtq__demand_table *d;
    rtq__batch *b;
    rtq__chunk *c;
    bool end;
    int rc;

    *out = NULL;
    if (!(c = take_chunk(p, &end)))
        return end ? RTQ_END : RTQ_AGAIN;
    *table = c->table;
    t = &p->base.tables[c->table];
    if (t->time_col >= 0) {
        int64_t max = max_time(c->batch.cols[t->time_col], c->batch.n, INT64_MIN);
        p->base.max_time = max > p->base.max_time ? max : p->base.max_time;
        rtq__mutex_lock(&p->lock);
        if (max > p->partitions[c->partition].max_time)
            p->partitions[c->partition].max_time = max;
        rtq__mutex_unlock(&p->lock);
    }
    rtq__arena_reset(&p->scratch);
    d = &p->demand->tables[c->table];
    if (!(b = rtq__arena_zalloc(&p->scratch, sizeof *b)) ||
        !(b->cols = rtq__arena_alloc(&p->scratch, (d->n_wants + 1) * sizeof *b->cols)))
        return RTQ_ERR_NOMEM;
    b->n = b->n_sel = c->batch.n;
    b->n_cols = d->n_wants;
    b->seq = p->base.stats.out;
    for (uint32_t i = 0; i < d->n_wants; i++) {
        const rtq__want *w = &d->wants[i];
        if (w->flags & RTQ__WANT_REST)
            b->cols[i] = c->batch.cols[t->n_cols];
        else if (w->table_col >= 0 && w->n_segs <= 1)
            b->cols[i] = c->batch.cols[w->table_col];
        else if ((rc = path_column(&b->cols[i], p, c, w)) < 0)
            return rc;
    }
    p->base.stats.out += b->n;
    *out = b;
    return RTQ_OK;
}

bool rtq__push_is(const rtq__src *src)
{
    return src->cls == &rtq__src_push;
}
