/* column.c - strided host columns to vectors. */
#include "value/column.h"
#include "base/text.h"

static bool kind_fits(uint32_t from, uint8_t to)
{
    if (from == to || (from == RTQ_UNKNOWN && to == RTQ_DYNAMIC) || to == RTQ_UNKNOWN)
        return true;
    return (from == RTQ_INT && (to == RTQ_LONG || to == RTQ_REAL)) ||
           (from == RTQ_LONG && (to == RTQ_INT || to == RTQ_REAL));
}

/* Valid text as it is; else a repaired copy on the heap. */
static int text_of(rtq_str *out, rtq_str s, rtq__scratch *scratch, uint64_t *repaired)
{
    rtq__buf buf;

    *out = s;
    if (!s.ptr || s.len == 0) {
        out->ptr = "";
        out->len = 0;
        return RTQ_OK;
    }
    if (s.len > UINT32_MAX / 4)
        return RTQ_ERR_DATA;
    if (rtq__utf8_valid(s.ptr, s.len))
        return RTQ_OK;
    rtq__buf_borrow(&buf, scratch);
    if (repaired)
        *repaired += rtq__utf8_repair(&buf, s.ptr, s.len);
    else
        rtq__utf8_repair(&buf, s.ptr, s.len);
    out->len = buf.len;
    out->ptr = buf.failed ? NULL : rtq__arena_strndup(scratch, buf.ptr, buf.len);
    rtq__buf_give_back(&buf, scratch);
    return out->ptr ? RTQ_OK : RTQ_ERR_NOMEM;
}

static int read_cell(rtq__cell *out, const char *p, uint32_t kind, rtq__scratch *scratch, uint64_t *repaired)
{
    rtq_str s;
    rtq__dyn d;
    int rc;

    memset(out, 0, sizeof *out);
    out->kind = (uint8_t)kind;
    switch (kind) {
    case RTQ_BOOL: out->u.i = *(const uint8_t *)p != 0; return RTQ_OK;
    case RTQ_INT: {
        int32_t i;
        memcpy(&i, p, sizeof i);
        out->u.i = i;
        return RTQ_OK;
    }
    case RTQ_GUID:
    case RTQ_DECIMAL: memcpy(out->u.b, p, 16); return RTQ_OK;
    case RTQ_STRING:
    case RTQ_DYNAMIC:
    case RTQ_UNKNOWN:
        memcpy(&s, p, sizeof s);
        if ((rc = text_of(&s, s, scratch, repaired)) < 0)
            return rc;
        if (kind == RTQ_STRING) {
            *out = rtq__cell_s(s.ptr, s.len);
            return RTQ_OK;
        }
        if (s.len == 0) {
            *out = rtq__cell_null(RTQ_DYNAMIC);
            return RTQ_OK;
        }
        if ((rc = rtq__dyn_parse(&d, s.ptr, s.len, scratch)) < 0)
            return rc;
        *out = rtq__cell_y(d);
        return RTQ_OK;
    default: memcpy(&out->u.i, p, 8); return RTQ_OK;
    }
}

static int convert_cell(rtq__cell *c, uint8_t kind, rtq__scratch *scratch)
{
    rtq__dyn d;

    if (c->kind == kind || c->is_null)
        return RTQ_OK;
    if (kind == RTQ_UNKNOWN || kind == RTQ_DYNAMIC) {
        rtq__dyn copy;
        d = rtq__dyn_from_cell(c);
        if (rtq__dyn_copy(&copy, &d, scratch) < 0)
            return RTQ_ERR_NOMEM;
        *c = rtq__cell_y(copy);
    } else if (kind == RTQ_REAL) {
        *c = rtq__cell_d((double)c->u.i);
    } else if (kind == RTQ_INT && (c->u.i < INT32_MIN || c->u.i > INT32_MAX)) {
        return RTQ_ERR_DATA;
    }
    return RTQ_OK;
}

static int own_text(rtq__cell *c, rtq__scratch *scratch)
{
    rtq__dyn copy;

    if (c->is_null)
        return RTQ_OK;
    if (c->kind == RTQ_STRING && c->len > 12)
        return (c->u.s = rtq__arena_strndup(scratch, c->u.s, c->len)) ? RTQ_OK : RTQ_ERR_NOMEM;
    if (c->kind == RTQ_DYNAMIC || c->kind == RTQ_UNKNOWN) {
        if (rtq__dyn_copy(&copy, &c->u.y, scratch) < 0)
            return RTQ_ERR_NOMEM;
        c->u.y = copy;
    }
    return RTQ_OK;
}

static int fill_checked(rtq__vec *v, uint32_t row, rtq__scratch *scratch, const rtq_column *column, size_t at,
                        uint32_t n, bool copy_text, uint64_t *repaired, size_t *bad)
{
    const char *data = (const char *)column->data + at * column->stride;
    const uint8_t *nulls = column->nulls ? column->nulls + at * column->null_stride : NULL;
    int rc;

    for (uint32_t i = 0; i < n; i++) {
        rtq__cell c;
        *bad = at + i;
        if (nulls && nulls[(size_t)i * column->null_stride]) {
            rtq__vec_set(v, row + i, rtq__cell_null(v->kind));
            continue;
        }
        if ((rc = read_cell(&c, data + (size_t)i * column->stride, column->kind, scratch, repaired)) < 0 ||
            (rc = convert_cell(&c, v->kind, scratch)) < 0 || (copy_text && (rc = own_text(&c, scratch)) < 0))
            return rc;
        rtq__vec_set(v, row + i, c);
    }
    return RTQ_OK;
}

/* More than 12 bytes, seldom more than 32: two copies that overlap. */
static inline void copy_text_bytes(char *to, const char *from, size_t len)
{
    if (len > 32) {
        memcpy(to, from, len);
    } else if (len > 16) {
        char a[16], b[16];
        memcpy(a, from, 16);
        memcpy(b, from + len - 16, 16);
        memcpy(to, a, 16);
        memcpy(to + len - 16, b, 16);
    } else {
        char a[8], b[8];
        memcpy(a, from, 8);
        memcpy(b, from + len - 8, 8);
        memcpy(to, a, 8);
        memcpy(to + len - 8, b, 8);
    }
}

/* Text is most of the cost of a pushed row, so it has a loop of its own: one block of heap for all long text of the call. */
static int fill_text(rtq__vec *v, uint32_t row, rtq__scratch *scratch, const rtq_column *column, size_t at, uint32_t n,
                     bool copy_text, uint64_t *repaired, size_t *bad)
{
    const char *data = (const char *)column->data + at * column->stride;
    const uint8_t *nulls = column->nulls ? column->nulls + at * column->null_stride : NULL;
    rtq__string *out = (rtq__string *)v->data + row;
    size_t long_bytes = 0;
    char *heap = NULL;
    rtq_str s;
    int rc;

    for (uint32_t i = 0; copy_text && i < n; i++) {
        if (nulls && nulls[(size_t)i * column->null_stride]) /* what its cell says means nothing */
            continue;
        memcpy(&s, data + (size_t)i * column->stride, sizeof s);
        long_bytes += s.len > 12 && s.len <= UINT32_MAX / 4 ? s.len : 0;
    }
    if (long_bytes && !(heap = rtq__arena_alloc(scratch, long_bytes)))
        return RTQ_ERR_NOMEM;
    for (uint32_t i = 0; i < n; i++) {
        memcpy(&s, data + (size_t)i * column->stride, sizeof s);
        if (nulls && nulls[(size_t)i * column->null_stride]) {
            out[i] = rtq__string_make("", 0);
            continue;
        }
        *bad = at + i;
        if (s.len > UINT32_MAX / 4)
            return RTQ_ERR_DATA;
        if (!s.ptr || !rtq__utf8_valid(s.ptr, s.len)) {
            if ((rc = text_of(&s, s, scratch, repaired)) < 0)
                return rc;
        } else if (heap && s.len > 12) {
            copy_text_bytes(heap, s.ptr, s.len);
            s.ptr = heap;
            heap += s.len;
        }
        out[i] = rtq__string_make(s.ptr, s.len);
    }
    return RTQ_OK;
}

int rtq__vec_fill(rtq__vec *v, uint32_t row, rtq__scratch *scratch, const rtq_column *column, size_t at, uint32_t n,
                  const char *name, bool copy_text, uint64_t *repaired, rtq_diag *diag)
{
    const char *data = (const char *)column->data + at * column->stride;
    size_t bad = 0;
    int rc;

    if (!kind_fits(column->kind, v->kind) || (!column->data && n))
        return rtq__diag_add(diag, RTQ_ERR_ARG, RTQ__SEV_ERROR, 0, 0, "column '%s' takes %s, not %s", name,
                             rtq__kind_name(v->kind), column->data ? rtq__kind_name(column->kind) : "no data");
    if ((column->nulls && v->kind != RTQ_STRING) || v->kind == RTQ_DYNAMIC || v->kind == RTQ_UNKNOWN)
        if (!rtq__vec_valid(scratch, v))
            return RTQ_ERR_NOMEM;
    if (column->kind == v->kind && rtq__cell_len(v->kind) == 8 && v->kind != RTQ_INT &&
        !v->valid) { /* the common case: one copy loop */
        for (uint32_t i = 0; i < n; i++)
            memcpy((char *)v->data + (size_t)(row + i) * 8, data + (size_t)i * column->stride, 8);
        return RTQ_OK;
    }
    if (column->kind == RTQ_STRING && v->kind == RTQ_STRING)
        rc = fill_text(v, row, scratch, column, at, n, copy_text, repaired, &bad);
    else
        rc = fill_checked(v, row, scratch, column, at, n, copy_text, repaired, &bad);
    if (rc == RTQ_ERR_DATA)
        return rtq__diag_add(diag, rc, RTQ__SEV_ERROR, 0, 0, "column '%s', row %zu: the value is no %s", name, bad,
                             rtq__kind_name(v->kind));
    return rc;
}

int rtq__vec_append(rtq__vec *v, uint32_t row, rtq__scratch *scratch, const rtq__vec *from, uint32_t n,
                    const char *name, rtq_diag *diag)
{
    int rc = RTQ_OK;

    if (!kind_fits(from->kind, v->kind))
        return rtq__diag_add(diag, RTQ_ERR_ARG, RTQ__SEV_ERROR, 0, 0, "column '%s' takes %s, not %s", name,
                             rtq__kind_name(v->kind), rtq__kind_name(from->kind));
    if (v->kind != RTQ_STRING && !rtq__vec_valid(scratch, v))
        return RTQ_ERR_NOMEM;
    for (uint32_t i = 0; i < n && rc == RTQ_OK; i++) {
        rtq__cell c = rtq__vec_get(from, i);
        if ((rc = convert_cell(&c, v->kind, scratch)) == RTQ_OK && (rc = own_text(&c, scratch)) == RTQ_OK)
            rtq__vec_set(v, row + i, c);
    }
    if (rc == RTQ_ERR_DATA)
        rtq__diag_add(diag, rc, RTQ__SEV_ERROR, 0, 0, "column '%s': a value is no %s", name, rtq__kind_name(v->kind));
    return rc;
}

int rtq__vec_from_column(rtq__vec **out, rtq__scratch *scratch, const rtq_column *column, size_t at, uint32_t n,
                         uint8_t kind, const char *name, uint64_t *repaired, rtq_diag *diag)
{
    if (!(*out = rtq__vec_new(scratch, kind, n ? n : 1)))
        return RTQ_ERR_NOMEM;
    return rtq__vec_fill(*out, 0, scratch, column, at, n, name, false, repaired, diag);
}
