/* fn_text.h - inside the function families: text of arguments that are strings or dynamic, results that are text. */
#ifndef RTQ__FN_TEXT_H
#define RTQ__FN_TEXT_H
#include "fn/fn.h"

/* The text of a string or dynamic cell; a dynamic that is not a string is printed into buf as tostring() does. "" for null. */
static inline rtq_str rtq__text_of_dyn(const rtq__dyn *d, rtq__buf *buf)
{
    if (d->tag == RTQ__DYN_STRING)
        return (rtq_str){d->len ? d->u.p : "", d->len};
    if (d->tag == RTQ__DYN_NULL)
        return (rtq_str){"", 0};
    rtq__buf_clear(buf);
    rtq__dyn_print_text(buf, d);
    return (rtq_str){buf->len ? buf->ptr : "", buf->len};
}

static inline rtq_str rtq__text_of(const rtq__cell *c, rtq__buf *buf)
{
    if (c->kind == RTQ_STRING)
        return (rtq_str){c->len ? c->u.s : "", c->len};
    if (c->is_null)
        return (rtq_str){"", 0};
    if (c->kind == RTQ_DYNAMIC || c->kind == RTQ_UNKNOWN)
        return rtq__text_of_dyn(&c->u.y, buf);
    rtq__buf_clear(buf);
    rtq__cell_print_text(buf, c);
    return (rtq_str){buf->len ? buf->ptr : "", buf->len};
}

/* The result is the buffer's text, copied to the heap of results. */
static inline void rtq__return_buf(rtq__cell *out, const rtq__buf *buf, rtq__rowctx *ctx)
{
    char *copy = buf->failed ? NULL : rtq__arena_alloc(ctx->heap, buf->len ? buf->len : 1);
    if (!copy) {
        ctx->error = RTQ_ERR_NOMEM;
        return;
    }
    if (buf->len)
        memcpy(copy, buf->ptr, buf->len);
    *out = rtq__cell_s(copy, buf->len);
}

static inline void rtq__return_copy(rtq__cell *out, const char *ptr, size_t len, rtq__rowctx *ctx)
{
    char *copy = rtq__arena_alloc(ctx->heap, len ? len : 1);
    if (!copy) {
        ctx->error = RTQ_ERR_NOMEM;
        return;
    }
    if (len)
        memcpy(copy, ptr, len);
    *out = rtq__cell_s(copy, len);
}

/* The result is the tree that the builder has ready. */
static inline void rtq__return_built(rtq__cell *out, rtq__rowctx *ctx)
{
    rtq__dyn y;
    int rc = rtq__dyn_finish(&y, ctx->eval->builder, ctx->heap);
    if (rc == RTQ_OK)
        *out = rtq__cell_y(y);
    else
        ctx->error = rc;
}

static inline void rtq__return_bool(rtq__cell *out, bool b)
{
    *out = rtq__cell_i(RTQ_BOOL, b);
}
static inline void rtq__return_long(rtq__cell *out, int64_t i)
{
    *out = rtq__cell_i(RTQ_LONG, i);
}

static inline rtq__dyn rtq__dyn_text(const char *ptr, size_t len)
{
    return (rtq__dyn){.tag = RTQ__DYN_STRING, .len = (uint32_t)len, .u = {.p = ptr}};
}
static inline rtq__dyn rtq__dyn_number(int64_t i)
{
    return (rtq__dyn){.tag = RTQ__DYN_LONG, .u = {.i = i}};
}
static inline rtq__dyn rtq__dyn_float(double d)
{
    return (rtq__dyn){.tag = RTQ__DYN_REAL, .u = {.d = d}};
}

#endif
