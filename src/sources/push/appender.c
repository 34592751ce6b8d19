/* appender.c - one thread's way into a push source: rows are copied into chunks of its own, flush hands them over. */
#include "base/text.h"
#include "sources/push/push.h"
#include "value/column.h"

/* Slots of appenders that are gone serve again, once the run has read their rows. */
static size_t free_partition(const rtq__push *p)
{
    size_t i = 0;

    while (i < p->n_partitions &&
           !(p->partitions[i].ended && p->partitions[i].queued == 0 && !(p->reading && p->reading->partition == i)))
        i++;
    return i;
}

int rtq__appender_init(rtq_appender *a, rtq__push *p, uint32_t table)
{
    int rc;

    a->push = p;
    a->table = table;
    a->watermark = INT64_MIN;
    if (!rtq__diag_begin(&a->diag, p->base.mem))
        return RTQ_ERR_NOMEM;
    rtq__mutex_lock(&p->lock);
    rc = rtq__grow(p->base.mem, &p->partitions, &p->cap_partitions, p->n_partitions + 1, sizeof *p->partitions);
    if (rc == RTQ_OK) {
        a->partition = free_partition(p);
        p->n_appenders++;
        p->n_partitions += a->partition == p->n_partitions;
        p->partitions[a->partition] = (rtq__partition){INT64_MIN, INT64_MIN, INT64_MIN, 0, false};
    }
    rtq__mutex_unlock(&p->lock);
    if (rc < 0)
        rtq_diag_free(a->diag);
    return rc;
}

/* At the start of each call: what was said of the last one is over. */
static void forget_error(rtq_appender *a)
{
    if (rtq__diag_errors(a->diag))
        rtq__diag_begin(&a->diag, a->push->base.mem);
}

int rtq_appender_error(const rtq_appender *a, rtq_diag **diag)
{
    rtq_diag_item item = {.size = sizeof item};
    rtq_diag *d;

    if (!a || !diag)
        return RTQ_ERR_ARG;
    if (!(d = rtq__diag_begin(diag, a->push->base.mem)))
        return RTQ_ERR_NOMEM;
    for (size_t i = 0; i < rtq_diag_count(a->diag); i++)
        if (rtq_diag_get(&item, a->diag, i) == RTQ_OK)
            rtq__diag_add(d, item.code, item.severity, 0, 0, "%s", item.message);
    return RTQ_OK;
}

static int wrong_count(rtq_appender *a, size_t n)
{
    const rtq__table *t = &a->push->base.tables[a->table];
    return rtq__diag_add(a->diag, RTQ_ERR_ARG, RTQ__SEV_ERROR, 0, 0, "table '%s' has %u columns, %zu were given",
                         t->name, (unsigned)t->n_cols, n);
}

rtq__appender_mark rtq__appender_get_mark(const rtq_appender *a)
{
    return (rtq__appender_mark){a->current, a->current ? a->current->batch.n : 0, a->rows};
}

void rtq__appender_rollback(rtq_appender *a, rtq__appender_mark mark)
{
    rtq__push *p = a->push;
    rtq__chunk *c = mark.last ? mark.last->next : a->first;

    while (c) {
        rtq__chunk *next = c->next;
        rtq__arena_free(&c->arena);
        rtq__free(p->base.mem, c);
        c = next;
    }
    a->current = mark.last;
    a->rows = mark.rows;
    if (mark.last) {
        mark.last->next = NULL;
        mark.last->batch.n = mark.last->batch.n_sel = mark.n;
    } else {
        a->first = NULL;
    }
}

static uint32_t n_columns(const rtq_appender *a)
{
    const rtq__table *t = &a->push->base.tables[a->table];
    return t->n_cols + (t->open ? 1 : 0);
}

static rtq__chunk *new_chunk(rtq_appender *a)
{
    rtq__push *p = a->push;
    const rtq__table *t = &p->base.tables[a->table];
    uint32_t n = n_columns(a);
    rtq__chunk *c;

    rtq__mutex_lock(&p->lock);
    if ((c = p->spare))
        p->spare = c->next;
    rtq__mutex_unlock(&p->lock);
    if (!c) {
        if (!(c = rtq__calloc(p->base.mem, 1, sizeof *c)))
            return NULL;
        rtq__arena_init(&c->arena, p->base.mem, 0);
    }
    c->next = NULL;
    c->table = a->table;
    memset(&c->batch, 0, sizeof c->batch);
    c->batch.n_cols = n;
    c->batch.cols = rtq__arena_alloc(&c->arena, (n + 1) * sizeof *c->batch.cols);
    for (uint32_t i = 0; c->batch.cols && i < n; i++)
        if (!(c->batch.cols[i] = rtq__vec_new(&c->arena, i < t->n_cols ? t->cols[i].kind : RTQ_DYNAMIC, RTQ__ROWS)))
            c->batch.cols = NULL;
    if (!c->batch.cols) {
        rtq__arena_free(&c->arena);
        rtq__free(p->base.mem, c);
        return NULL;
    }
    return c;
}

static rtq__chunk *append_chunk(rtq_appender *a)
{
    rtq__chunk *c = new_chunk(a);

    if (!c)
        return NULL;
    if (a->current)
        a->current->next = c;
    else
        a->first = c;
    return a->current = c;
}

/* The chunk to write to, with room for a row at least. */
static rtq__chunk *room(rtq_appender *a)
{
    return a->current && a->current->batch.n < RTQ__ROWS ? a->current : append_chunk(a);
}

static void added(rtq_appender *a, rtq__chunk *c, uint32_t n)
{
    c->batch.n += n;
    c->batch.n_sel = c->batch.n;
    a->rows += n;
}

static int null_rest(rtq__chunk *c, uint32_t col, uint32_t row, uint32_t n)
{
    rtq__vec *v = c->batch.cols[col];
    if (!rtq__vec_valid(&c->arena, v))
        return RTQ_ERR_NOMEM;
    for (uint32_t i = 0; i < n; i++)
        rtq__vec_set(v, row + i, rtq__cell_null(v->kind));
    return RTQ_OK;
}

int rtq_appender_columns(rtq_appender *a, const rtq_column *columns, size_t n_cols, size_t n_rows)
{
    const rtq__table *t;
    rtq__appender_mark mark;
    uint64_t repaired = 0;
    int rc = RTQ_OK;

    if (!a || (n_cols && !columns))
        return RTQ_ERR_ARG;
    t = &a->push->base.tables[a->table];
    forget_error(a);
    if (n_cols != t->n_cols)
        return wrong_count(a, n_cols);
    mark = rtq__appender_get_mark(a);
    for (size_t at = 0; at < n_rows && rc == RTQ_OK;) {
        rtq__chunk *c = room(a);
        uint32_t row, n;
        if (!c) {
            rc = RTQ_ERR_NOMEM;
            break;
        }
        row = c->batch.n;
        n = n_rows - at < RTQ__ROWS - row ? (uint32_t)(n_rows - at) : RTQ__ROWS - row;
        for (uint32_t i = 0; i < t->n_cols && rc == RTQ_OK; i++)
            rc = rtq__vec_fill(c->batch.cols[i], row, &c->arena, &columns[i], at, n, t->cols[i].name, true, &repaired,
                               a->diag);
        if (rc == RTQ_OK && t->open)
            rc = null_rest(c, t->n_cols, row, n);
        if (rc == RTQ_OK)
            added(a, c, n);
        at += n;
    }
    if (rc < 0)
        rtq__appender_rollback(a, mark);
    return rc;
}

static void null_column(rtq__vec *v, uint32_t row, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        rtq__vec_set(v, row + i, rtq__cell_null(v->kind));
}

int rtq__appender_vectors(rtq_appender *a, rtq__vec *const *cols, uint32_t n)
{
    const rtq__table *t = &a->push->base.tables[a->table];
    rtq__chunk *c = a->current;
    int rc = RTQ_OK;

    if (!c || RTQ__ROWS - c->batch.n < n) /* all rows of a call go into one chunk */
        c = append_chunk(a);
    if (!c)
        return RTQ_ERR_NOMEM;
    for (uint32_t i = 0; i < t->n_cols && rc == RTQ_OK; i++) {
        rtq__vec *v = c->batch.cols[i];
        if (cols[i])
            rc = rtq__vec_append(v, c->batch.n, &c->arena, cols[i], n, t->cols[i].name, a->diag);
        else if (v->kind != RTQ_STRING && !rtq__vec_valid(&c->arena, v))
            rc = RTQ_ERR_NOMEM;
        else
            null_column(v, c->batch.n, n);
    }
    if (rc == RTQ_OK && t->open)
        rc = null_rest(c, t->n_cols, c->batch.n, n);
    if (rc == RTQ_OK)
        added(a, c, n);
    return rc;
}

/* An rtq_value as a one-row column. An int is checked as a long: what does not fit is refused, not cut. */
static rtq_column one(const rtq_value *v, rtq_str *text, uint8_t *b)
{
    rtq_column c = {0};
    c.kind = v->kind == RTQ_INT ? RTQ_LONG : v->kind;
    c.data = &v->u;
    c.nulls = &v->is_null;
    if (v->kind == RTQ_STRING || v->kind == RTQ_DYNAMIC || v->kind == RTQ_UNKNOWN) {
        text->ptr = v->u.s;
        text->len = v->len;
        c.data = text;
    } else if (v->kind == RTQ_BOOL) {
        *b = v->u.i != 0;
        c.data = b;
    }
    return c;
}

/* What nearly all cells are: a number or valid text of the column's own kind. False: anything else. */
static inline bool quick_cell(rtq__chunk *c, uint32_t column, const rtq_value *value)
{
    rtq__vec *v = c->batch.cols[column];
    const char *text = value->u.s;
    if (value->is_null || value->kind != v->kind)
        return false;
    if (v->valid) /* a row that was refused may have left its null here */
        rtq__bit_set(v->valid, c->batch.n);
    switch (value->kind) {
    case RTQ_LONG:
    case RTQ_REAL:
    case RTQ_DATETIME:
    case RTQ_TIMESPAN: memcpy((char *)v->data + (size_t)c->batch.n * 8, &value->u, 8); return true;
    case RTQ_STRING:
        if (!text || value->len > UINT32_MAX / 4 || !rtq__utf8_valid(text, value->len))
            return false;
        if (value->len > 12 && !(text = rtq__arena_strndup(&c->arena, text, value->len)))
            return false; /* the long way says so */
        ((rtq__string *)v->data)[c->batch.n] = rtq__string_make(text, value->len);
        return true;
    default: return false;
    }
}

int rtq_appender_row(rtq_appender *a, const rtq_value *cells, size_t n_cells)
{
    const rtq__table *t;
    uint64_t repaired = 0;
    rtq__chunk *c;
    int rc;

    if (!a || (n_cells && !cells))
        return RTQ_ERR_ARG;
    t = &a->push->base.tables[a->table];
    forget_error(a);
    if (n_cells != t->n_cols)
        return wrong_count(a, n_cells);
    if (!(c = room(a)))
        return RTQ_ERR_NOMEM;
    for (uint32_t i = 0; i < t->n_cols; i++) {
        rtq_value cell;
        rtq_str text;
        uint8_t b;
        rtq_column col;
        if (quick_cell(c, i, &cells[i]))
            continue;
        cell = cells[i];
        if (cell.is_null) /* a null may come with any kind, also none */
            cell = (rtq_value){.kind = t->cols[i].kind, .is_null = 1};
        col = one(&cell, &text, &b);
        if ((rc = rtq__vec_fill(c->batch.cols[i], c->batch.n, &c->arena, &col, 0, 1, t->cols[i].name, true, &repaired,
                                a->diag)) < 0)
            return rc;
    }
    if (t->open && (rc = null_rest(c, t->n_cols, c->batch.n, 1)) < 0)
        return rc;
    added(a, c, 1);
    return RTQ_OK;
}

/* One JSON object as a row: members by column name; of an open table the whole object is the rest. */
static int json_object(rtq_appender *a, const rtq__dyn *object)
{
    const rtq__table *t = &a->push->base.tables[a->table];
    rtq__chunk *c = room(a);
    rtq__dyn d;
    int rc;

    if (!c)
        return RTQ_ERR_NOMEM;
    for (uint32_t i = 0; i < t->n_cols; i++) {
        rtq__vec *v = c->batch.cols[i];
        rtq__cell cell;
        if ((rc = rtq__dyn_get(&d, object, t->cols[i].name, strlen(t->cols[i].name), &c->arena)) < 0)
            return rc;
        if (v->kind == RTQ_DYNAMIC) {
            rtq__dyn copy;
            if (rtq__dyn_copy(&copy, &d, &c->arena) < 0)
                return RTQ_ERR_NOMEM;
            cell = rtq__cell_y(copy);
        } else {
            cell = rtq__dyn_to_cell(&d, v->kind, &c->arena);
            if (cell.kind == RTQ_STRING && cell.len > 12 &&
                !(cell.u.s = rtq__arena_strndup(&c->arena, cell.u.s, cell.len)))
                return RTQ_ERR_NOMEM;
        }
        if (v->kind != RTQ_STRING && !rtq__vec_valid(&c->arena, v))
            return RTQ_ERR_NOMEM;
        rtq__vec_set(v, c->batch.n, cell);
    }
    if (t->open) {
        rtq__vec *v = c->batch.cols[t->n_cols];
        if (!rtq__vec_valid(&c->arena, v) || rtq__dyn_copy(&d, object, &c->arena) < 0)
            return RTQ_ERR_NOMEM;
        rtq__vec_set(v, c->batch.n, rtq__cell_y(d));
    }
    added(a, c, 1);
    return RTQ_OK;
}

static int json_text(rtq_appender *a, const char *ptr, size_t len)
{
    rtq__arena heap;
    rtq__dyn d;
    rtq__dyn_iter it;
    rtq__appender_mark mark = rtq__appender_get_mark(a);
    int rc;

    rtq__arena_init(&heap, a->push->base.mem, 0);
    if ((rc = rtq__dyn_parse(&d, ptr, len, &heap)) < 0)
        goto out;
    if (rtq__dyn_is_bag(&d)) {
        rc = json_object(a, &d);
    } else if (rtq__dyn_is_array(&d)) {
        rtq__dyn_iter_init(&it, &d, &heap);
        while (rtq__dyn_next(&it)) /* all or nothing */
            if (!rtq__dyn_is_bag(&it.item))
                rc = RTQ_ERR_DATA;
        rtq__dyn_iter_init(&it, &d, &heap);
        while (rc == RTQ_OK && rtq__dyn_next(&it))
            rc = json_object(a, &it.item);
    } else {
        rc = RTQ_ERR_DATA;
    }
out:
    if (rc < 0)
        rtq__appender_rollback(a, mark);
    rtq__arena_free(&heap);
    return rc;
}

static bool is_blank(const char *text, size_t len)
{
    size_t i = 0;

    while (i < len && memchr(" \t\r", text[i], 3))
        i++;
    return i == len;
}

int rtq_appender_json(rtq_appender *a, const char *bytes, size_t len)
{
    rtq__appender_mark mark;
    size_t at = 0, line = 0;
    int rc;

    if (!a || !bytes)
        return RTQ_ERR_ARG;
    forget_error(a);
    mark = rtq__appender_get_mark(a);
    if (len == RTQ_NTS)
        len = strlen(bytes);
    rc = json_text(a, bytes, len); /* one object or array, also over several lines */
    if (rc == RTQ_OK || rc == RTQ_ERR_NOMEM)
        return rc;
    rc = RTQ_OK;
    while (at < len) { /* else a line each */
        const char *nl = memchr(bytes + at, '\n', len - at);
        size_t n = nl ? (size_t)(nl - bytes) - at : len - at;
        line++;
        if (!is_blank(bytes + at, n)) {
            int one_rc = json_text(a, bytes + at, n);
            if (one_rc == RTQ_ERR_NOMEM) {
                rtq__appender_rollback(a, mark);
                return one_rc;
            }
            if (one_rc < 0) { /* a bad line is counted, the others go on */
                rtq__mutex_lock(&a->push->lock);
                a->push->in++;
                a->push->errored++;
                rtq__mutex_unlock(&a->push->lock);
                rc = rtq__diag_add(a->diag, RTQ_ERR_DATA, RTQ__SEV_ERROR, 0, 0, "line %zu is no JSON object", line);
            }
        }
        at += n + 1;
    }
    return rc;
}

void rtq_appender_mark(rtq_appender *a, int64_t watermark_ticks, const void *position, size_t len)
{
    (void)position, (void)len; /* positions are acknowledged once checkpoints exist */
    if (a)
        a->watermark = watermark_ticks;
}

static void mark_only(rtq__push *p, const rtq_appender *a)
{
    rtq__partition *part = &p->partitions[a->partition];

    if (a->watermark <= part->next_mark)
        return;
    part->next_mark = a->watermark;
    if (part->queued == 0 && part->mark < part->next_mark)
        part->mark = part->next_mark;
    if (p->wake)
        p->wake(p->wake_ctx);
}

int rtq_appender_flush(rtq_appender *a)
{
    rtq__push *p;
    bool drop = false;

    if (!a)
        return RTQ_ERR_ARG;
    p = a->push;
    forget_error(a);
    if (!a->first && a->watermark == INT64_MIN)
        return RTQ_OK;
    rtq__mutex_lock(&p->lock);
    if (p->closed) {
        rtq__mutex_unlock(&p->lock);
        return !a->first ? RTQ_OK
                         : rtq__diag_add(a->diag, RTQ_ERR_STATE, RTQ__SEV_ERROR, 0, 0,
                                         "the run takes no more rows of this source");
    }
    if (!a->first) { /* a mark alone: no row will be older, also where none comes for a while */
        mark_only(p, a);
        rtq__mutex_unlock(&p->lock);
        return RTQ_OK;
    }
    if (p->queue_rows && p->queued && p->queued + a->rows > p->queue_rows) {
        if (!p->drop) {
            rtq__mutex_unlock(&p->lock);
            return RTQ_AGAIN;
        }
        drop = true;
    }
    p->in += a->rows;
    for (rtq__chunk *c = a->first; c; c = c->next) {
        c->partition = a->partition;
        c->watermark = a->watermark;
    }
    if (drop) {
        p->dropped += a->rows;
        for (rtq__chunk *c = a->first, *next; c; c = next) {
            next = c->next;
            rtq__arena_reset(&c->arena);
            c->next = p->spare;
            p->spare = c;
        }
    } else {
        p->queued += a->rows;
        p->partitions[a->partition].queued += a->rows;
        if (p->last)
            p->last->next = a->first;
        else
            p->first = a->first;
        p->last = a->current;
    }
    if (p->wake)
        p->wake(p->wake_ctx);
    rtq__mutex_unlock(&p->lock);
    a->first = a->current = NULL;
    a->rows = 0;
    return RTQ_OK;
}

void rtq__appender_done(rtq_appender *a)
{
    rtq__push *p = a->push;

    rtq_appender_flush(a);
    for (rtq__chunk *c = a->first, *next; c; c = next) { /* the queue stayed full or the run has ended */
        next = c->next;
        rtq__arena_free(&c->arena);
        rtq__free(p->base.mem, c);
    }
    rtq__mutex_lock(&p->lock);
    if (a->first) {
        p->in += a->rows;
        p->dropped += a->rows;
    }
    p->n_appenders--;
    p->partitions[a->partition].ended = true;
    if (p->wake)
        p->wake(p->wake_ctx);
    rtq__mutex_unlock(&p->lock);
    rtq_diag_free(a->diag);
}
