/* arrow_export.c - batches as Arrow C data. A struct and its children share one holder with a count, because a consumer
 * may move children out and release the parent first. */
#include <limits.h>
#include "base/buf.h"
#include "base/time.h"
#include "value/arrow.h"
#include "value/decimal.h"
#include "value/dyn.h"

typedef struct holder {
    rtq__mem *mem;
    rtq__arena arena;
    _Atomic uint32_t refs;
} holder;

static holder *holder_new(rtq__mem *mem)
{
    holder *h = rtq__calloc(mem, 1, sizeof *h);
    if (!h)
        return NULL;
    h->mem = rtq__mem_ref(mem);
    rtq__arena_init(&h->arena, mem, 0);
    atomic_init(&h->refs, 1);
    return h;
}

static void holder_unref(holder *h)
{
    if (atomic_fetch_sub(&h->refs, 1) != 1)
        return;
    rtq__mem *mem = h->mem;
    rtq__arena_free(&h->arena);
    rtq__free(mem, h);
    rtq__mem_unref(mem);
}

static void release_schema(struct ArrowSchema *s)
{
    for (int64_t i = 0; i < s->n_children; i++)
        if (s->children[i]->release)
            s->children[i]->release(s->children[i]);
    s->release = NULL;
    holder_unref(s->private_data);
}

static void release_array(struct ArrowArray *a)
{
    for (int64_t i = 0; i < a->n_children; i++)
        if (a->children[i]->release)
            a->children[i]->release(a->children[i]);
    a->release = NULL;
    holder_unref(a->private_data);
}

/* ---- schema ---- */

static const char *format_of(uint32_t kind, uint32_t flags)
{
    switch (kind) {
    case RTQ_BOOL: return "b";
    case RTQ_INT: return "i";
    case RTQ_LONG: return "l";
    case RTQ_REAL: return "g";
    case RTQ_DATETIME: return flags & RTQ__ARROW_TICKS ? "l" : "tsn:UTC";
    case RTQ_TIMESPAN: return flags & RTQ__ARROW_TICKS ? "l" : "tDn";
    case RTQ_GUID: return "w:16";
    default: return flags & RTQ__ARROW_LARGE ? "U" : "u";
    }
}

/* What the format alone does not tell. */
static const char *type_note(uint32_t kind, uint32_t flags)
{
    switch (kind) {
    case RTQ_DYNAMIC:
    case RTQ_UNKNOWN: return "dynamic";
    case RTQ_DECIMAL: return "decimal";
    case RTQ_GUID: return "guid";
    case RTQ_DATETIME: return flags & RTQ__ARROW_TICKS ? "datetime" : NULL;
    case RTQ_TIMESPAN: return flags & RTQ__ARROW_TICKS ? "timespan" : NULL;
    default: return NULL;
    }
}

/* i32 pairs, then per pair i32 length and bytes of key and value. */
static int put_metadata(struct ArrowSchema *s, rtq__arena *arena, const char *type)
{
    static const char key[] = "kqlstream.type";
    int32_t n = 1, key_len = sizeof key - 1, type_len = (int32_t)strlen(type);
    char *p = rtq__arena_alloc(arena, 12 + (size_t)key_len + (size_t)type_len);
    if (!p)
        return RTQ_ERR_NOMEM;
    s->metadata = p;
    memcpy(p, &n, 4), memcpy(p + 4, &key_len, 4), memcpy(p + 8, key, (size_t)key_len);
    p += 8 + key_len;
    memcpy(p, &type_len, 4), memcpy(p + 4, type, (size_t)type_len);
    return RTQ_OK;
}

static int fill_schema(struct ArrowSchema *out, holder *h, const rtq_column_def *cols, uint32_t n, uint32_t flags)
{
    out->format = "+s";
    out->name = "";
    out->n_children = n;
    out->children = rtq__arena_zalloc(&h->arena, (n + 1) * sizeof *out->children);
    struct ArrowSchema *children = rtq__arena_zalloc(&h->arena, (n + 1) * sizeof *children);
    if (!out->children || !children)
        return RTQ_ERR_NOMEM;
    for (uint32_t c = 0; c < n; c++) {
        struct ArrowSchema *s = out->children[c] = &children[c];
        s->format = format_of(cols[c].kind, flags);
        s->name = rtq__arena_strndup(&h->arena, cols[c].name ? cols[c].name : "",
                                     cols[c].name ? strlen(cols[c].name) : 0);
        s->flags = cols[c].kind == RTQ_STRING ? 0 : ARROW_FLAG_NULLABLE;
        const char *note = type_note(cols[c].kind, flags);
        if (!s->name || (note && put_metadata(s, &h->arena, note) != RTQ_OK))
            return RTQ_ERR_NOMEM;
    }
    return RTQ_OK;
}

int rtq__arrow_export_schema(struct ArrowSchema *out, rtq__mem *mem, const rtq_column_def *cols, uint32_t n_cols,
                             uint32_t flags)
{
    memset(out, 0, sizeof *out);
    holder *h = holder_new(mem);
    if (!h || fill_schema(out, h, cols, n_cols, flags) != RTQ_OK) {
        if (h)
            holder_unref(h);
        memset(out, 0, sizeof *out);
        return RTQ_ERR_NOMEM;
    }
    for (uint32_t c = 0; c < n_cols; c++) {
        out->children[c]->release = release_schema;
        out->children[c]->private_data = h;
    }
    out->release = release_schema;
    out->private_data = h;
    atomic_fetch_add(&h->refs, n_cols);
    return RTQ_OK;
}

/* ---- arrays ---- */

typedef struct exporter {
    holder *h;
    const rtq__batch *batch;
    uint64_t n_lost;
    uint32_t n, flags;
} exporter;

static void mark_null(struct ArrowArray *a, uint8_t *valid, uint32_t i)
{
    valid[i / 8] = (uint8_t)(valid[i / 8] & ~(1u << (i % 8)));
    a->null_count++;
}

/* Ticks as nanoseconds since 1970 or since nothing; false: does not fit. */
static bool nanoseconds(int64_t *out, int64_t ticks, bool is_datetime)
{
    return !__builtin_sub_overflow(ticks, is_datetime ? RTQ_UNIX_EPOCH : 0, &ticks) &&
           !__builtin_mul_overflow(ticks, 100, out);
}

static int fixed_cells(exporter *e, struct ArrowArray *a, const rtq__vec *v, uint8_t *valid)
{
    uint32_t kind = v->kind, len = kind == RTQ_GUID ? 16 : kind == RTQ_INT ? 4 : 8;
    bool is_time = (kind == RTQ_DATETIME || kind == RTQ_TIMESPAN) && !(e->flags & RTQ__ARROW_TICKS);
    char *data = rtq__arena_zalloc(&e->h->arena, kind == RTQ_BOOL ? e->n / 8 + 1 : (size_t)e->n * len + 1);
    if (!data)
        return RTQ_ERR_NOMEM;
    a->buffers[1] = data;
    for (uint32_t i = 0; i < e->n; i++) {
        uint32_t row = rtq__batch_row(e->batch, i);
        if (rtq__vec_null(v, row))
            continue;
        const char *cell = (const char *)v->data + (size_t)rtq__vec_at(v, row) * rtq__cell_len(kind);
        int64_t ticks;
        if (kind == RTQ_BOOL) {
            data[i / 8] = (char)((uint8_t)data[i / 8] | (unsigned)(*cell != 0) << (i % 8));
        } else if (is_time) {
            memcpy(&ticks, cell, 8);
            if (nanoseconds(&ticks, ticks, kind == RTQ_DATETIME)) {
                memcpy(data + (size_t)i * 8, &ticks, 8);
            } else {
                mark_null(a, valid, i);
                e->n_lost++;
            }
        } else { /* an int is the low half of its cell */
            int32_t narrow;
            memcpy(&ticks, cell, 8);
            narrow = (int32_t)ticks;
            memcpy(data + (size_t)i * len, len == 4 ? (const char *)&narrow : cell, len);
        }
    }
    return RTQ_OK;
}

static void put_text(rtq__buf *out, const rtq__vec *v, uint32_t row)
{
    uint32_t at = rtq__vec_at(v, row);
    if (v->kind == RTQ_STRING) {
        const rtq__string *s = (const rtq__string *)v->data + at;
        rtq__buf_add(out, rtq__string_ptr(s), s->len);
    } else if (v->kind == RTQ_DECIMAL) {
        char text[48];
        uint64_t w[2];
        memcpy(w, (const char *)v->data + (size_t)at * 16, 16);
        rtq__buf_add(out, text, rtq__decimal_print(text, w));
    } else {
        rtq__dyn_print(out, (const rtq__dyn *)v->data + at);
    }
}

static int text_cells(exporter *e, struct ArrowArray *a, const rtq__vec *v)
{
    rtq__buf text;
    bool large = e->flags & RTQ__ARROW_LARGE;
    char *offsets = rtq__arena_zalloc(&e->h->arena, ((size_t)e->n + 1) * 8);
    rtq__buf_init(&text, e->h->mem);
    for (uint32_t i = 0; offsets && i < e->n && !text.failed; i++) {
        uint32_t row = rtq__batch_row(e->batch, i);
        if (!rtq__vec_null(v, row))
            put_text(&text, v, row);
        int64_t end = (int64_t)text.len;
        int32_t narrow = (int32_t)end;
        if (large)
            memcpy(offsets + ((size_t)i + 1) * 8, &end, 8);
        else
            memcpy(offsets + ((size_t)i + 1) * 4, &narrow, 4);
    }
    int rc = !offsets || text.failed ? RTQ_ERR_NOMEM : !large && text.len > INT32_MAX ? RTQ_ERR_LIMIT : RTQ_OK;
    char *data = rc == RTQ_OK ? rtq__arena_alloc(&e->h->arena, text.len + 1) : NULL;
    if (rc == RTQ_OK && !data)
        rc = RTQ_ERR_NOMEM;
    if (rc == RTQ_OK && text.len > 0)
        memcpy(data, text.ptr, text.len);
    rtq__buf_free(&text);
    a->n_buffers = 3;
    a->buffers[1] = offsets;
    a->buffers[2] = data;
    return rc;
}

static int export_column(exporter *e, struct ArrowArray *a, const rtq__vec *v)
{
    size_t valid_len = ((size_t)e->n + 7) / 8 + 1;
    uint8_t *valid = rtq__arena_alloc(&e->h->arena, valid_len);
    a->buffers = rtq__arena_zalloc(&e->h->arena, 3 * sizeof *a->buffers);
    if (!valid || !a->buffers)
        return RTQ_ERR_NOMEM;
    memset(valid, 0xff, valid_len);
    a->length = e->n;
    a->n_buffers = 2;
    for (uint32_t i = 0; v->valid && i < e->n; i++)
        if (rtq__vec_null(v, rtq__batch_row(e->batch, i)))
            mark_null(a, valid, i);
    bool is_text = v->kind == RTQ_STRING || v->kind == RTQ_DECIMAL || v->kind >= RTQ_DYNAMIC;
    int rc = is_text ? text_cells(e, a, v) : fixed_cells(e, a, v, valid);
    a->buffers[0] = a->null_count ? valid : NULL;
    return rc;
}

static int fill_array(struct ArrowArray *out, exporter *e)
{
    uint32_t n = e->batch->n_cols;
    out->length = e->n;
    out->n_buffers = 1;
    out->n_children = n;
    out->buffers = rtq__arena_zalloc(&e->h->arena, sizeof *out->buffers);
    out->children = rtq__arena_zalloc(&e->h->arena, (n + 1) * sizeof *out->children);
    struct ArrowArray *children = rtq__arena_zalloc(&e->h->arena, (n + 1) * sizeof *children);
    if (!out->buffers || !out->children || !children)
        return RTQ_ERR_NOMEM;
    for (uint32_t c = 0; c < n; c++) {
        rtq__vec *v = e->batch->cols[c];
        int rc = rtq__vec_load(v, e->batch->sel, e->n);
        out->children[c] = &children[c];
        if (rc == RTQ_OK)
            rc = export_column(e, &children[c], v);
        if (rc != RTQ_OK)
            return rc;
    }
    return RTQ_OK;
}

int rtq__arrow_export(struct ArrowArray *out, uint64_t *n_lost, rtq__mem *mem, rtq__batch *batch, uint32_t flags)
{
    memset(out, 0, sizeof *out);
    exporter e = {.h = holder_new(mem), .batch = batch, .n = batch->n_sel, .flags = flags};
    int rc = e.h ? fill_array(out, &e) : RTQ_ERR_NOMEM;
    if (rc != RTQ_OK) {
        if (e.h)
            holder_unref(e.h);
        memset(out, 0, sizeof *out);
        return rc;
    }
    for (uint32_t c = 0; c < batch->n_cols; c++) {
        out->children[c]->release = release_array;
        out->children[c]->private_data = e.h;
    }
    out->release = release_array;
    out->private_data = e.h;
    atomic_fetch_add(&e.h->refs, batch->n_cols);
    if (n_lost)
        *n_lost += e.n_lost;
    return RTQ_OK;
}
