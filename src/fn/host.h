/* host.h - functions of the host, a batch at a time. */
#ifndef RTQ__HOST_H
#define RTQ__HOST_H
#include "fn/fn.h"

typedef struct rtq__host_function rtq__host_function;
struct rtq__host_function {
    rtq__fn fn; /* the row that the binder sees; fn.user is this struct, fn.vec rtq__fn_call_host */
    /* calls the host; in between so that the owner can serialise */
    int (*invoke)(const rtq__host_function *f, rtq_call *call, void *out, uint8_t *out_nulls, const rtq_column *args,
                  size_t n_args, size_t n_rows);
    uint8_t *kinds; /* of the parameters */
    uint32_t n_kinds;
    uint8_t ret;
};

/* What rtq_call_alloc and rtq_call_fail work on. */
struct rtq_call {
    rtq__arena *heap;
    const char *message; /* of rtq_call_fail */
    int code;
};

int rtq__fn_call_host(rtq__vec **out, rtq__fcall *call);

#endif
