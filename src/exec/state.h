/* state.h - saved state: numbers and length-prefixed pieces, read back with every length checked. */
#ifndef RTQ__STATE_H
#define RTQ__STATE_H
#include "value/rowstore.h"

static inline void rtq__put_u64(rtq__buf *out, uint64_t x)
{
    rtq__buf_add(out, &x, sizeof x);
}

/* A piece whose length is known when it ends. */
static inline size_t rtq__put_begin(rtq__buf *out)
{
    rtq__put_u64(out, 0);
    return out->len;
}
static inline void rtq__put_end(rtq__buf *out, size_t begin)
{
    uint64_t len = out->len - begin;
    if (!out->failed)
        memcpy(out->ptr + begin - sizeof len, &len, sizeof len);
}

typedef struct rtq__saved {
    const char *ptr;
    size_t len;
    bool bad;
} rtq__saved;
static inline const char *rtq__take(rtq__saved *in, size_t len)
{
    if (in->bad || in->len < len) {
        in->bad = true;
        return NULL;
    }
    const char *ptr = in->ptr;
    in->ptr += len;
    in->len -= len;
    return ptr;
}
static inline uint64_t rtq__take_u64(rtq__saved *in)
{
    uint64_t x = 0;
    const char *ptr = rtq__take(in, sizeof x);
    if (ptr)
        memcpy(&x, ptr, sizeof x);
    return x;
}
static inline rtq__saved rtq__take_piece(rtq__saved *in)
{
    uint64_t len = rtq__take_u64(in);
    rtq__saved piece = {0};
    if (len > in->len)
        in->bad = true;
    piece.ptr = rtq__take(in, (size_t)len);
    piece.len = piece.ptr ? (size_t)len : 0;
    piece.bad = in->bad;
    return piece;
}

static inline int rtq__put_rows(rtq__buf *out, const rtq__rows *rows)
{
    size_t begin = rtq__put_begin(out);
    int rc = rtq__rows_save(out, rows);
    rtq__put_end(out, begin);
    return rc;
}
static inline int rtq__take_rows(rtq__saved *in, rtq__rows *rows)
{
    rtq__saved piece = rtq__take_piece(in);
    return in->bad ? RTQ_ERR_DATA : rtq__rows_load(rows, piece.ptr, piece.len);
}

#endif
