/* out.c - lending, retaining and reading result batches. */
#include "exec/out.h"
#include <stdlib.h>

rtq__out_schema *rtq__out_schema_new(rtq__mem *mem, const rtq_column_def *cols, uint32_t n)
{
    size_t text = 0, at = 0;
    rtq__out_schema *s;

    for (uint32_t i = 0; i < n; i++)
        text += strlen(cols[i].name) + 1;
    s = rtq__alloc(mem, sizeof *s + n * sizeof *cols + text);
    if (!s)
        return NULL;
    atomic_init(&s->refs, 1);
    s->mem = rtq__mem_ref(mem);
    s->n = n;
    for (uint32_t i = 0; i < n; i++) {
        char *name = (char *)&s->cols[n] + at;
        size_t len = strlen(cols[i].name) + 1;
        memcpy(name, cols[i].name, len);
        s->cols[i] = cols[i];
        s->cols[i].name = name;
        at += len;
    }
    return s;
}

rtq__out_schema *rtq__out_schema_ref(rtq__out_schema *schema)
{
    atomic_fetch_add_explicit(&schema->refs, 1, memory_order_relaxed);
    return schema;
}

void rtq__out_schema_unref(rtq__out_schema *schema)
{
    if (schema && atomic_fetch_sub_explicit(&schema->refs, 1, memory_order_acq_rel) == 1) {
        rtq__mem *mem = schema->mem;
        rtq__free(mem, schema);
        rtq__mem_unref(mem);
    }
}

void rtq__out_init(rtq_batch *out, rtq__mem *mem)
{
    memset(out, 0, sizeof *out);
    out->mem = mem;
    rtq__arena_init(&out->heap, mem, 0);
    rtq__buf_init(&out->text, mem);
}

void rtq__out_lend(rtq_batch *out, rtq__out_schema *schema, const rtq__out_info *info, rtq__batch *rows)
{
    rtq__arena_reset(&out->heap);
    out->schema = schema;
    out->info = *info;
    out->rows = rows;
    out->dense = NULL;
    out->row_kinds = NULL;
}

void rtq__out_end(rtq_batch *out)
{
    out->rows = NULL;
    out->dense = NULL;
    out->row_kinds = NULL;
}

void rtq__out_free(rtq_batch *out)
{
    rtq__arena_free(&out->heap);
    rtq__buf_free(&out->text);
}

/* The lent batch is logically const for hosts; its caches are not. */
static rtq_batch *cache_of(const rtq_batch *batch)
{
    return (rtq_batch *)(uintptr_t)batch;
}

static size_t dense_len(uint32_t kind)
{
    switch (kind) {
    case RTQ_BOOL: return sizeof(uint8_t);
    case RTQ_INT: return sizeof(int32_t);
    case RTQ_STRING:
    case RTQ_DYNAMIC:
    case RTQ_UNKNOWN: return sizeof(rtq_str);
    case RTQ_GUID:
    case RTQ_DECIMAL: return 16;
    default: return 8;
    }
}

/* JSON text of a dynamic cell on the batch's heap; ptr NULL: out of memory. */
static rtq_str dyn_text(rtq_batch *b, const rtq__dyn *d)
{
    rtq_str s = {NULL, 0};

    if (d->tag == RTQ__DYN_JSON) {
        s.ptr = d->u.p;
        s.len = d->len;
        return s;
    }
    rtq__buf_clear(&b->text);
    rtq__dyn_print(&b->text, d);
    if (!b->text.failed)
        s.ptr = rtq__arena_strndup(&b->heap, b->text.ptr ? b->text.ptr : "", b->text.len);
    s.len = s.ptr ? b->text.len : 0;
    return s;
}

static int fill_text(rtq_batch *b, rtq_str *out, const rtq__vec *v)
{
    const rtq__batch *rows = b->rows;

    for (uint32_t i = 0; i < rows->n_sel; i++) {
        uint32_t r = rtq__batch_row(rows, i), at = rtq__vec_at(v, r);
        if (v->kind == RTQ_STRING) {
            const rtq__string *s = (const rtq__string *)v->data + at;
            /* inline text lies in the vector, which lives as long as the batch */
            out[i].ptr = rtq__string_ptr(s);
            out[i].len = s->len;
        } else if (rtq__vec_null(v, r)) {
            out[i].ptr = "null";
            out[i].len = 4;
        } else {
            out[i] = dyn_text(b, (const rtq__dyn *)v->data + at);
            if (!out[i].ptr)
                return RTQ_ERR_NOMEM;
        }
    }
    return RTQ_OK;
}

static void fill_plain(rtq_batch *b, char *out, const rtq__vec *v)
{
    const rtq__batch *rows = b->rows;
    size_t len = rtq__cell_len(v->kind);

    for (uint32_t i = 0; i < rows->n_sel; i++) {
        uint32_t r = rtq__batch_row(rows, i), at = rtq__vec_at(v, r);
        if (v->kind == RTQ_INT)
            ((int32_t *)(void *)out)[i] = rtq__vec_null(v, r) ? 0 : (int32_t)((const int64_t *)v->data)[at];
        else if (rtq__vec_null(v, r))
            memset(out + i * len, 0, len);
        else
            memcpy(out + i * len, (const char *)v->data + at * len, len);
    }
}

static int densify(rtq_batch *b, size_t col)
{
    const rtq__batch *rows = b->rows;
    rtq__vec *v = rows->cols[col];
    rtq_column *d = &b->dense[col];
    size_t len = dense_len(v->kind), n = rows->n_sel ? rows->n_sel : 1;
    void *data = rtq__arena_alloc(&b->heap, n * len);
    int rc;

    if (!data)
        return RTQ_ERR_NOMEM;
    if ((rc = rtq__vec_load(v, rows->sel, rows->n_sel)) < 0)
        return rc;
    d->kind = b->schema->cols[col].kind;
    d->stride = (uint32_t)len;
    if (v->valid) {
        uint8_t *nulls = rtq__arena_alloc(&b->heap, n);
        if (!nulls)
            return RTQ_ERR_NOMEM;
        for (uint32_t i = 0; i < rows->n_sel; i++)
            nulls[i] = rtq__vec_null(v, rtq__batch_row(rows, i));
        d->nulls = nulls;
        d->null_stride = 1;
    }
    if (len == sizeof(rtq_str) && v->kind != RTQ_GUID && v->kind != RTQ_DECIMAL) {
        if ((rc = fill_text(b, data, v)) < 0)
            return rc;
    } else {
        fill_plain(b, data, v);
    }
    d->data = data;
    return RTQ_OK;
}

int rtq_batch_column(rtq_column *out, const rtq_batch *batch, size_t column)
{
    rtq_batch *b = cache_of(batch);

    if (!out || !batch || column >= batch->schema->n)
        return RTQ_ERR_ARG;
    if (!b->dense && !(b->dense = rtq__arena_zalloc(&b->heap, b->schema->n * sizeof *b->dense)))
        return RTQ_ERR_NOMEM;
    if (!b->dense[column].data) {
        int rc = densify(b, column);
        if (rc < 0)
            return rc;
    }
    *out = b->dense[column];
    return RTQ_OK;
}

int rtq_batch_info_get(rtq_batch_info *out, const rtq_batch *batch)
{
    rtq_batch_info info = {0};
    rtq_batch *b = cache_of(batch);

    if (!out || !batch || out->size < sizeof out->size)
        return RTQ_ERR_ARG;
    info.size = rtq__struct_len(out->size, sizeof info);
    info.query_id = batch->info.query_id;
    info.sequence = batch->info.sequence;
    info.query = batch->info.query;
    info.n_rows = batch->rows->n_sel;
    info.n_columns = batch->schema->n;
    info.from_ticks = batch->rows->from;
    info.to_ticks = batch->rows->to;
    info.result = batch->info.result;
    info.schema_generation = batch->info.schema_generation;
    if (batch->rows->row_kinds) {
        if (!b->row_kinds) {
            b->row_kinds = rtq__arena_alloc(&b->heap, info.n_rows + 1);
            if (!b->row_kinds)
                return RTQ_ERR_NOMEM;
            for (uint32_t i = 0; i < batch->rows->n_sel; i++)
                b->row_kinds[i] = batch->rows->row_kinds[rtq__batch_row(batch->rows, i)];
        }
        info.row_kinds = b->row_kinds;
    }
    memcpy(out, &info, info.size);
    return RTQ_OK;
}

static int value_of(rtq_value *out, rtq_batch *b, const rtq__cell *c, uint32_t kind)
{
    memset(out, 0, sizeof *out);
    out->kind = (uint8_t)kind;
    out->is_null = c->is_null;
    switch (c->kind) {
    case RTQ_STRING:
        out->u.s = c->u.s;
        out->len = c->len;
        break;
    case RTQ_DYNAMIC:
    case RTQ_UNKNOWN: {
        rtq_str s = {"null", 4};
        if (!c->is_null)
            s = dyn_text(b, &c->u.y);
        if (!s.ptr)
            return RTQ_ERR_NOMEM;
        out->u.s = s.ptr;
        out->len = (uint32_t)s.len;
        break;
    }
    case RTQ_GUID:
    case RTQ_DECIMAL:
        if (!c->is_null)
            memcpy(out->u.b, c->u.b, 16);
        break;
    default:
        if (!c->is_null)
            out->u.i = c->u.i;
        break;
    }
    return RTQ_OK;
}

static int cell_at(rtq__cell *out, const rtq_batch *batch, size_t row, size_t column)
{
    uint32_t r;
    rtq__sel one;
    int rc;

    if (row >= batch->rows->n_sel || column >= batch->schema->n)
        return RTQ_ERR_ARG;
    r = rtq__batch_row(batch->rows, (uint32_t)row);
    one = (rtq__sel)r;
    if ((rc = rtq__vec_load(batch->rows->cols[column], &one, 1)) < 0)
        return rc;
    *out = rtq__vec_get(batch->rows->cols[column], r);
    return RTQ_OK;
}

int rtq__out_load(const rtq_batch *batch)
{
    int rc = RTQ_OK;

    for (uint32_t i = 0; i < batch->rows->n_cols && rc == RTQ_OK; i++)
        rc = rtq__vec_load(batch->rows->cols[i], batch->rows->sel, batch->rows->n_sel);
    return rc;
}

rtq__cell rtq__out_cell(const rtq_batch *batch, size_t row, size_t column)
{
    return rtq__vec_get(batch->rows->cols[column], rtq__batch_row(batch->rows, (uint32_t)row));
}

int rtq_batch_get(rtq_value *out, const rtq_batch *batch, size_t row, size_t column)
{
    rtq__cell c;
    int rc;

    if (!out || !batch)
        return RTQ_ERR_ARG;
    if ((rc = cell_at(&c, batch, row, column)) < 0)
        return rc;
    if (batch->owned &&
        (c.kind == RTQ_DYNAMIC || c.kind == RTQ_UNKNOWN)) { /* its text is there already, for all threads */
        const rtq_str *s = (const rtq_str *)batch->dense[column].data + row;
        memset(out, 0, sizeof *out);
        out->kind = (uint8_t)batch->schema->cols[column].kind;
        out->is_null = c.is_null;
        out->u.s = s->ptr;
        out->len = (uint32_t)s->len;
        return RTQ_OK;
    }
    return value_of(out, cache_of(batch), &c, batch->schema->cols[column].kind);
}

int rtq_batch_path(rtq_value *out, const rtq_batch *batch, size_t row, size_t column, const char *path)
{
    rtq_batch *b = cache_of(batch);
    rtq__cell c;
    rtq__dyn d, m;
    int rc;

    if (!out || !batch || !path)
        return RTQ_ERR_ARG;
    if ((rc = cell_at(&c, batch, row, column)) < 0)
        return rc;
    if (c.kind != RTQ_DYNAMIC && c.kind != RTQ_UNKNOWN)
        return RTQ_ERR_ARG;
    d = c.u.y;
    if (c.is_null)
        memset(&d, 0, sizeof d);
    if ((rc = rtq__dyn_path(&m, &d, path, strlen(path), &b->heap)) < 0)
        return rc;
    switch (m.tag) { /* scalars come with their own kind, so that hosts need not parse JSON */
    case RTQ__DYN_NULL: c = rtq__cell_null(RTQ_DYNAMIC); break;
    case RTQ__DYN_BOOL: c = rtq__cell_i(RTQ_BOOL, m.u.i); break;
    case RTQ__DYN_LONG: c = rtq__cell_i(RTQ_LONG, m.u.i); break;
    case RTQ__DYN_REAL: c = rtq__cell_d(m.u.d); break;
    case RTQ__DYN_STRING: c = rtq__cell_s(m.u.p, m.len); break;
    case RTQ__DYN_DATETIME: c = rtq__cell_i(RTQ_DATETIME, m.u.i); break;
    case RTQ__DYN_TIMESPAN: c = rtq__cell_i(RTQ_TIMESPAN, m.u.i); break;
    case RTQ__DYN_GUID:
        c = rtq__cell_null(RTQ_GUID);
        c.is_null = 0;
        memcpy(c.u.b, m.u.p, 16);
        break;
    case RTQ__DYN_DECIMAL:
        c = rtq__cell_null(RTQ_DECIMAL);
        c.is_null = 0;
        memcpy(c.u.b, m.u.p, 16);
        break;
    default: c = rtq__cell_y(m); break;
    }
    return value_of(out, b, &c, c.kind);
}

void rtq__out_rest_json(rtq__buf *buf, const rtq_batch *batch, const rtq__cell *c, bool *first)
{
    rtq_batch *b = cache_of(batch);
    rtq__dyn_iter it;

    if (c->is_null || !rtq__dyn_is_bag(&c->u.y))
        return;
    rtq__dyn_iter_init(&it, &c->u.y, &b->heap);
    while (rtq__dyn_next(&it)) {
        bool known = false; /* explicit columns overlay the record */
        for (uint32_t k = 0; k + 1 < b->schema->n && !known; k++)
            known = strlen(b->schema->cols[k].name) == it.key.len &&
                    memcmp(b->schema->cols[k].name, it.key.ptr, it.key.len) == 0;
        if (known)
            continue;
        if (!*first)
            rtq__buf_addc(buf, ',');
        *first = false;
        rtq__buf_add_json(buf, it.key.ptr, it.key.len);
        rtq__buf_addc(buf, ':');
        rtq__dyn_print(buf, &it.item);
    }
}

/* JSON object of one row, appended: columns in order, the rest column expanded into its fields. RTQ_OK or NOMEM. */
static int out_row_json(rtq__buf *buf, const rtq_batch *batch, size_t row)
{
    bool first = true;

    rtq__buf_addc(buf, '{');
    for (uint32_t i = 0; i < batch->schema->n; i++) {
        rtq__cell c;
        int rc = cell_at(&c, batch, row, i);
        if (rc < 0)
            return rc;
        if (batch->schema->cols[i].flags & RTQ_COLUMN_REST) {
            rtq__out_rest_json(buf, batch, &c, &first);
            continue;
        }
        if (!first)
            rtq__buf_addc(buf, ',');
        first = false;
        rtq__buf_add_json(buf, batch->schema->cols[i].name, strlen(batch->schema->cols[i].name));
        rtq__buf_addc(buf, ':');
        rtq__cell_print_json(buf, &c);
    }
    rtq__buf_addc(buf, '}');
    return buf->failed ? RTQ_ERR_NOMEM : RTQ_OK;
}

int rtq_batch_json(rtq_blob **out, const rtq_batch *batch, size_t row)
{
    rtq__buf buf;
    int rc;

    if (!out || !batch || row >= batch->rows->n_sel)
        return RTQ_ERR_ARG;
    rtq__blob_take(&buf, *out, batch->mem); /* a host that goes through rows with one blob allocates once */
    if ((rc = out_row_json(&buf, batch, row)) == RTQ_OK)
        rc = rtq__blob_set(out, &buf);
    rtq__buf_free(&buf);
    return rc;
}

/* A retained batch is one block's worth of rows plus the dense columns of all of them: any thread may then read it at once, since
 * no cache is filled later. JSON of a row and paths still write text, so they stay one thread at a time. */
struct retained {
    rtq_batch batch;
    rtq__owned_batch *rows;
    _Atomic uint32_t refs;
};

int rtq_batch_retain(rtq_batch **out, const rtq_batch *batch)
{
    struct retained *r = NULL;
    rtq_column ignored;
    char *name;
    int rc = RTQ_ERR_NOMEM;

    if (!out || !batch)
        return RTQ_ERR_ARG;
    *out = NULL;
    if (batch->owned) {
        r = (struct retained *)cache_of(batch);
        atomic_fetch_add_explicit(&r->refs, 1, memory_order_relaxed);
        *out = &r->batch;
        return RTQ_OK;
    }
    if (!(r = rtq__calloc(batch->mem, 1, sizeof *r)))
        return RTQ_ERR_NOMEM;
    rtq__out_init(&r->batch, rtq__mem_ref(batch->mem));
    atomic_init(&r->refs, 1);
    r->batch.owned = true;
    r->batch.schema = rtq__out_schema_ref(batch->schema);
    r->batch.info = batch->info;
    name = rtq__arena_strndup(&r->batch.heap, batch->info.query ? batch->info.query : "",
                              batch->info.query ? strlen(batch->info.query) : 0);
    r->batch.info.query = name;
    if (!name || (rc = rtq__batch_copy(&r->rows, batch->mem, batch->rows)) < 0)
        goto out;
    r->batch.rows = rtq__owned_batch_get(r->rows);
    for (size_t i = 0; i < batch->schema->n; i++)
        if ((rc = rtq_batch_column(&ignored, &r->batch, i)) < 0)
            goto out;
    rc = RTQ_OK;
out:
    if (rc < 0) {
        rtq_batch_free(&r->batch);
        return rc;
    }
    *out = &r->batch;
    return RTQ_OK;
}

void rtq_batch_free(rtq_batch *batch)
{
    struct retained *r = (struct retained *)batch;
    rtq__mem *mem;

    if (!batch || !batch->owned || atomic_fetch_sub_explicit(&r->refs, 1, memory_order_acq_rel) != 1)
        return;
    mem = batch->mem;
    rtq__owned_batch_free(r->rows);
    rtq__out_schema_unref(batch->schema);
    rtq__out_free(batch);
    rtq__free(mem, r);
    rtq__mem_unref(mem);
}
