/* host.c - vectors to the columns that host functions take, and back. */
#include "fn/host.h"
#include "base/text.h"
#include <stdio.h>

static size_t public_len(uint8_t kind) /* of a cell in an rtq_column */
{
    switch (kind) {
    case RTQ_BOOL: return 1;
    case RTQ_INT: return sizeof(int32_t);
    case RTQ_STRING:
    case RTQ_DYNAMIC:
    case RTQ_UNKNOWN: return sizeof(rtq_str);
    case RTQ_GUID:
    case RTQ_DECIMAL: return 16;
    default: return 8;
    }
}

/* Text of a cell as the host sees it; dynamic as JSON. */
static int text_cell(rtq_str *out, const rtq__vec *v, uint32_t row, rtq__fcall *call)
{
    rtq__buf *text = &call->eval->text;

    if (v->kind == RTQ_STRING) {
        const rtq__string *s = (const rtq__string *)v->data + rtq__vec_at(v, row);
        out->ptr = rtq__string_ptr(s);
        out->len = s->len;
        return RTQ_OK;
    }
    out->ptr = "null";
    out->len = 4;
    if (rtq__vec_null(v, row))
        return RTQ_OK;
    rtq__buf_clear(text);
    rtq__dyn_print(text, (const rtq__dyn *)v->data + rtq__vec_at(v, row));
    out->len = text->len;
    out->ptr = text->failed ? NULL : rtq__arena_strndup(call->eval->scratch, text->ptr, text->len);
    return out->ptr ? RTQ_OK : RTQ_ERR_NOMEM;
}

/* One argument as a dense column over the rows that are wanted. A constant has stride 0. */
static int argument(rtq_column *out, const rtq__vec *v, const uint32_t *rows, uint32_t n, rtq__fcall *call)
{
    size_t len = public_len(v->kind);
    uint32_t count = v->form == RTQ__CONST ? 1 : n;
    char *data = rtq__arena_alloc(call->eval->scratch, len * (count ? count : 1));
    uint8_t *nulls = v->valid ? rtq__arena_alloc(call->eval->scratch, count ? count : 1) : NULL;

    if (!data || (v->valid && !nulls))
        return RTQ_ERR_NOMEM;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t row = v->form == RTQ__CONST ? 0 : rows[i];
        const char *cell = (const char *)v->data + (size_t)rtq__vec_at(v, row) * rtq__cell_len(v->kind);
        int rc;
        if (nulls)
            nulls[i] = rtq__vec_null(v, row);
        if (len == sizeof(rtq_str) && (v->kind == RTQ_STRING || v->kind == RTQ_DYNAMIC || v->kind == RTQ_UNKNOWN)) {
            if ((rc = text_cell((rtq_str *)(void *)data + i, v, row, call)) < 0)
                return rc;
        } else if (nulls && nulls[i]) {
            memset(data + i * len, 0, len);
        } else if (v->kind == RTQ_INT) {
            ((int32_t *)(void *)data)[i] = (int32_t) * (const int64_t *)(const void *)cell;
        } else {
            memcpy(data + i * len, cell, len);
        }
    }
    memset(out, 0, sizeof *out);
    out->kind = v->kind == RTQ_UNKNOWN ? RTQ_DYNAMIC : v->kind;
    out->stride = v->form == RTQ__CONST ? 0 : (uint32_t)len;
    out->data = data;
    out->nulls = nulls;
    out->null_stride = v->form == RTQ__CONST ? 0 : 1;
    return RTQ_OK;
}

/* All text in the engine is valid UTF-8, also that of a host. */
static int repair(rtq_str *s, rtq__arena *heap)
{
    rtq__buf buf;
    const char *text;

    if (s->len > UINT32_MAX / 4)
        return RTQ_ERR_DATA;
    rtq__buf_borrow(&buf, heap);
    rtq__utf8_repair(&buf, s->ptr, s->len);
    text = buf.failed ? NULL : rtq__arena_strndup(heap, buf.ptr, buf.len);
    *s = (rtq_str){text, buf.len};
    rtq__buf_give_back(&buf, heap);
    return text ? RTQ_OK : RTQ_ERR_NOMEM;
}

static void failed(rtq__eval *eval, const rtq__fn *fn, const char *message, uint32_t n)
{
    eval->row_errors += n;
    if (!eval->failed.fn) {
        eval->failed.fn = fn;
        eval->failed.rows = 0;
        snprintf(eval->failed.message, sizeof eval->failed.message, "%s", message ? message : "");
    }
    eval->failed.rows += eval->failed.fn == fn ? n : 0;
}

static rtq__cell result_cell(const char *data, size_t i, uint8_t kind, rtq__arena *heap, int *error)
{
    rtq_str s;
    rtq__dyn d;
    rtq__cell c;

    switch (kind) {
    case RTQ_BOOL: return rtq__cell_i(kind, ((const uint8_t *)data)[i] != 0);
    case RTQ_INT: return rtq__cell_i(kind, ((const int32_t *)(const void *)data)[i]);
    case RTQ_REAL: return rtq__cell_d(((const double *)(const void *)data)[i]);
    case RTQ_STRING:
        s = ((const rtq_str *)(const void *)data)[i];
        if (s.ptr && !rtq__utf8_valid(s.ptr, s.len) && (*error = repair(&s, heap)) < 0)
            return rtq__cell_null(kind);
        return rtq__cell_s(s.ptr ? s.ptr : "", s.ptr ? s.len : 0);
    case RTQ_DYNAMIC:
        s = ((const rtq_str *)(const void *)data)[i];
        if (!s.ptr || (*error = rtq__dyn_parse(&d, s.ptr, s.len, heap)) < 0)
            return rtq__cell_null(kind);
        return rtq__cell_y(d);
    case RTQ_GUID:
    case RTQ_DECIMAL:
        c = rtq__cell_null(kind);
        c.is_null = 0;
        memcpy(c.u.b, data + i * 16, 16);
        return c;
    default: return rtq__cell_i(kind, ((const int64_t *)(const void *)data)[i]);
    }
}

int rtq__fn_call_host(rtq__vec **out, rtq__fcall *call)
{
    const rtq__host_function *f = call->fn->user;
    rtq__scratch *scratch = call->eval->scratch;
    uint32_t *rows = rtq__arena_alloc(scratch, (call->n_sel + 1) * sizeof *rows), n = 0;
    rtq_column *args = rtq__arena_alloc(scratch, (call->n_args + 1) * sizeof *args);
    rtq__vec *v = rtq__vec_new(scratch, call->kind, call->n ? call->n : 1);
    rtq_call hc = {scratch, NULL, RTQ_OK};
    uint8_t *nulls;
    char *data;
    int rc;

    if (!rows || !args || !v || !rtq__vec_valid(scratch, v))
        return RTQ_ERR_NOMEM;
    for (uint32_t i = 0; i < call->n_sel; i++) {
        uint32_t row = call->sel ? call->sel[i] : i;
        bool null = false;
        for (uint32_t k = 0; k < call->n_args && call->fn->nulls == RTQ__NULL_PROPAGATE; k++)
            null |= rtq__vec_null(call->args[k], row);
        rtq__vec_set(v, row, rtq__cell_null(call->kind));
        if (!null)
            rows[n++] = row;
    }
    *out = v;
    if (n == 0)
        return RTQ_OK;
    for (uint32_t k = 0; k < call->n_args; k++)
        if ((rc = argument(&args[k], call->args[k], rows, n, call)) < 0)
            return rc;
    data = rtq__arena_zalloc(scratch, public_len(call->kind) * n);
    nulls = rtq__arena_zalloc(scratch, n);
    if (!data || !nulls)
        return RTQ_ERR_NOMEM;
    rc = f->invoke(f, &hc, data, nulls, args, call->n_args, n);
    if (rc < 0) { /* the rows stay null and are counted: one bad batch does not end the query */
        failed(call->eval, call->fn, hc.message, n);
        return hc.code == RTQ_ERR_NOMEM ? RTQ_ERR_NOMEM : RTQ_OK;
    }
    for (uint32_t i = 0; i < n; i++) {
        int error = RTQ_OK;
        if (nulls[i])
            continue;
        rtq__vec_set(v, rows[i], result_cell(data, i, call->kind, scratch, &error));
        if (error == RTQ_ERR_NOMEM)
            return error;
        if (error < 0)
            failed(call->eval, call->fn, "a result is no value of its type", 1);
    }
    return RTQ_OK;
}
