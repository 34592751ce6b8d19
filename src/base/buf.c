/* buf.c - the growable byte string, and blobs, which take over its memory. */
#include "base/buf.h"
#include <stdarg.h>
#include <stdio.h>

void rtq__buf_init(rtq__buf *buf, rtq__mem *mem)
{
    *buf = (rtq__buf){.mem = mem};
}

void rtq__buf_free(rtq__buf *buf)
{
    rtq__free(buf->mem, buf->ptr);
    *buf = (rtq__buf){.mem = buf->mem};
}

void rtq__buf_borrow(rtq__buf *buf, rtq__arena *arena)
{
    *buf = (rtq__buf){.mem = arena->mem, .ptr = arena->spare, .cap = arena->spare_len};
    arena->spare = NULL; /* who borrows while it is lent gets a new one */
    arena->spare_len = 0;
}

void rtq__buf_give_back(rtq__buf *buf, rtq__arena *arena)
{
    enum { KEPT_LEN = 256 << 10 };
    if (arena->spare != NULL || buf->cap > KEPT_LEN) {
        rtq__buf_free(buf);
        return;
    }
    arena->spare = buf->ptr;
    arena->spare_len = buf->cap;
    *buf = (rtq__buf){.mem = arena->mem};
}

void rtq__buf_clear(rtq__buf *buf)
{
    buf->len = 0;
    buf->failed = false;
}

bool rtq__buf_grow(rtq__buf *buf, size_t more)
{
    size_t need;
    if (buf->failed)
        return false;
    if (more <= buf->cap - buf->len)
        return true;
    if (__builtin_add_overflow(buf->len, more, &need)) {
        buf->failed = true;
        return false;
    }
    size_t cap = buf->cap < 32 ? 64 : buf->cap > SIZE_MAX / 4 ? need : buf->cap * 2;
    if (cap < need)
        cap = need;
    char *ptr = rtq__realloc(buf->mem, buf->ptr, cap);
    if (ptr == NULL) {
        buf->failed = true;
        return false;
    }
    buf->ptr = ptr;
    buf->cap = cap;
    return true;
}

void rtq__buf_adds(rtq__buf *buf, const char *text)
{
    rtq__buf_add(buf, text, strlen(text));
}

void rtq__buf_addf(rtq__buf *buf, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    size_t room = buf->cap - buf->len;
    int len = vsnprintf(room > 0 ? buf->ptr + buf->len : NULL, room, format, args);
    va_end(args);
    if (len < 0) {
        buf->failed = true;
        return;
    }
    if ((size_t)len >= room) {
        if (!rtq__buf_reserve(buf, (size_t)len + 1))
            return;
        va_start(args, format);
        vsnprintf(buf->ptr + buf->len, (size_t)len + 1, format, args);
        va_end(args);
    }
    buf->len += (size_t)len;
}

void rtq__blob_take(rtq__buf *buf, rtq_blob *blob, rtq__mem *mem)
{
    rtq__buf_init(buf, mem);
    if (blob == NULL || blob->mem != mem)
        return;
    buf->ptr = blob->ptr;
    buf->cap = blob->cap;
    blob->ptr = NULL;
    blob->len = blob->cap = 0;
}

int rtq__blob_set(rtq_blob **out, rtq__buf *buf)
{
    if (!rtq__buf_reserve(buf, 1))
        return RTQ_ERR_NOMEM;
    buf->ptr[buf->len] = 0;
    rtq_blob *blob = *out;
    if (blob == NULL) {
        blob = rtq__alloc(buf->mem, sizeof *blob);
        if (blob == NULL)
            return RTQ_ERR_NOMEM;
        blob->mem = rtq__mem_ref(buf->mem);
    } else {
        rtq__free(blob->mem, blob->ptr);
        if (blob->mem != buf->mem) {
            /* An earlier blob of another env: its header stays where it is, the text must follow it there. */
            blob->len = blob->cap = 0;
            blob->ptr = rtq__strndup(blob->mem, buf->ptr, buf->len);
            if (blob->ptr == NULL)
                return RTQ_ERR_NOMEM;
            blob->len = buf->len;
            blob->cap = buf->len + 1;
            rtq__buf_free(buf);
            return RTQ_OK;
        }
    }
    blob->ptr = buf->ptr;
    blob->len = buf->len;
    blob->cap = buf->cap;
    buf->ptr = NULL;
    buf->len = buf->cap = 0;
    *out = blob;
    return RTQ_OK;
}

rtq_str rtq_blob_get(const rtq_blob *blob)
{
    if (blob == NULL || blob->ptr == NULL)
        return (rtq_str){.ptr = "", .len = 0};
    return (rtq_str){.ptr = blob->ptr, .len = blob->len};
}

void rtq_blob_free(rtq_blob *blob)
{
    if (blob == NULL)
        return;
    rtq__mem *mem = blob->mem;
    rtq__free(mem, blob->ptr);
    rtq__free(mem, blob);
    rtq__mem_unref(mem);
}
