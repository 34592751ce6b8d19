/* buf.h - growable byte string with a sticky out-of-memory flag: append freely, check once. */
#ifndef RTQ__BUF_H
#define RTQ__BUF_H
#include "mem.h"

typedef struct rtq__buf {
    rtq__mem *mem;
    char *ptr;
    size_t len, cap;
    bool failed;
} rtq__buf;

void rtq__buf_init(rtq__buf *buf, rtq__mem *mem);
void rtq__buf_free(rtq__buf *buf);
void rtq__buf_clear(rtq__buf *buf);                /* len = 0, keeps memory */
bool rtq__buf_reserve(rtq__buf *buf, size_t more); /* room for `more` bytes after len */
void rtq__buf_add(rtq__buf *buf, const void *ptr, size_t len);
void rtq__buf_adds(rtq__buf *buf, const char *text); /* NUL-terminated */
void rtq__buf_addc(rtq__buf *buf, char c);
void rtq__buf_addf(rtq__buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
void rtq__buf_add_json(rtq__buf *buf, const char *ptr, size_t len); /* "…" quoted and escaped */

/* Text handed to the host. The blob takes over the buffer's memory. */
struct rtq_blob {
    rtq__mem *mem;
    char *ptr;
    size_t len, cap;
};
int rtq__blob_set(rtq_blob **out,
                  rtq__buf *buf); /* *out NULL or an earlier blob, then reused; buf is emptied. OK/NOMEM */

#endif
