/* buf.h - growable byte string with a sticky out-of-memory flag: append freely, check once. */
#ifndef RTQ__BUF_H
#define RTQ__BUF_H
#include <string.h>
#include "mem.h"

typedef struct rtq__buf {
    rtq__mem *mem;
    char *ptr;
    size_t len, cap;
    bool failed;
} rtq__buf;

void rtq__buf_init(rtq__buf *buf, rtq__mem *mem);
void rtq__buf_free(rtq__buf *buf);
/* Text that is put together again and again, a row at a time: its memory stays with the arena from one use to the next. */
void rtq__buf_borrow(rtq__buf *buf, rtq__arena *arena);
void rtq__buf_give_back(rtq__buf *buf, rtq__arena *arena);
void rtq__buf_clear(rtq__buf *buf);             /* len = 0, keeps memory */
bool rtq__buf_grow(rtq__buf *buf, size_t more); /* of reserve, when the room does not do */
/* Room for `more` bytes after len. */
static inline bool rtq__buf_reserve(rtq__buf *buf, size_t more)
{
    return more <= buf->cap - buf->len && !buf->failed ? true : rtq__buf_grow(buf, more);
}
static inline void rtq__buf_add(rtq__buf *buf, const void *ptr, size_t len)
{
    if (len == 0 || !rtq__buf_reserve(buf, len))
        return;
    /* cppcheck does not see that the call which is the argument `len` fills ptr. */
    /* cppcheck-suppress uninitvar */
    memcpy(buf->ptr + buf->len, ptr, len);
    buf->len += len;
}
static inline void rtq__buf_addc(rtq__buf *buf, char c)
{
    if (rtq__buf_reserve(buf, 1))
        buf->ptr[buf->len++] = c;
}
void rtq__buf_adds(rtq__buf *buf, const char *text); /* NUL-terminated */
void rtq__buf_addf(rtq__buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
void rtq__buf_add_json(rtq__buf *buf, const char *ptr, size_t len); /* "…" quoted and escaped */

/* The text between the quotes of a JSON string; past its end. `out` has room for RTQ__JSON_ROOM(len) bytes, of which those past the
 * end may be overwritten too. */
#define RTQ__JSON_ROOM(len) (6 * (size_t)(len) + 16)
char *rtq__json_escape(char *out, const char *ptr, size_t len);

/* Text handed to the host. The blob takes over the buffer's memory. */
struct rtq_blob {
    rtq__mem *mem;
    char *ptr;
    size_t len, cap;
};
void rtq__blob_take(rtq__buf *buf, rtq_blob *blob,
                    rtq__mem *mem); /* a buffer with the memory of an earlier blob, or none */
/* *out NULL or an earlier blob, then reused; buf is emptied. A NUL stands behind the text. OK/NOMEM */
int rtq__blob_set(rtq_blob **out, rtq__buf *buf);

#endif
