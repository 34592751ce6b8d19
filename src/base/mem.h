/* mem.h - the allocator every byte of the core goes through, and a bump arena on top of it. */
#ifndef RTQ__MEM_H
#define RTQ__MEM_H
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include "rtq/env.h"

/* Counts bytes and enforces the env's limit. Reference counted, because diagnostics, blobs and retained batches outlive
 * the env. Thread: any. */
typedef struct rtq__mem {
    rtq_alloc_fn fn;
    void *user;
    uint64_t limit; /* bytes, 0 = none */
    _Atomic uint64_t used, peak, n_allocs;
    _Atomic uint32_t refs;
} rtq__mem;

rtq__mem *rtq__mem_new(rtq_alloc_fn fn /* NULL: libc */, void *user, uint64_t limit);
rtq__mem *rtq__mem_ref(rtq__mem *mem);
void rtq__mem_unref(rtq__mem *mem);

void *rtq__alloc(rtq__mem *mem, size_t len); /* 16-byte aligned, uninitialised; NULL: out of memory or over the limit */
void *rtq__calloc(rtq__mem *mem, size_t n, size_t len);         /* checks n * len */
void *rtq__realloc(rtq__mem *mem, void *ptr, size_t len);       /* ptr NULL: alloc; NULL: ptr is still valid */
void rtq__free(rtq__mem *mem, void *ptr);                       /* the block knows its size */
char *rtq__strndup(rtq__mem *mem, const char *ptr, size_t len); /* NUL-terminated copy */
/* Grow an array to hold `need` elements, at least doubling. *items may move. RTQ_OK or RTQ_ERR_NOMEM. */
int rtq__grow(rtq__mem *mem, void *items /* T ** */, size_t *cap, size_t need, size_t item_len);

/* Public structs start with their size: how much of one both sides have. Only whole members count: half a pointer is none. */
static inline size_t rtq__struct_len(size_t given, size_t own)
{
    return given >= own ? own : given - given % sizeof(void *);
}
/* Options and tables of a caller: what both sides know goes to `own`, the rest of it is zero. False: no size that can be, or the caller
 * has set something that is not known here, which must not be passed over in silence. */
bool rtq__struct_read(void *own, size_t own_len, const void *given /* begins with its size_t size */);

/* Bump arena: allocations live until reset or free. Blocks are kept by reset, so the steady state allocates nothing. */
typedef struct rtq__arena_block rtq__arena_block;
typedef struct rtq__arena {
    rtq__mem *mem;
    rtq__arena_block *first, *current;
    size_t block_len; /* default 16 KiB */
    char *spare;      /* of rtq__buf_borrow */
    size_t spare_len;
} rtq__arena;
typedef struct rtq__arena_mark {
    rtq__arena_block *block;
    size_t used;
} rtq__arena_mark;

void rtq__arena_init(rtq__arena *arena, rtq__mem *mem, size_t block_len);
void *rtq__arena_alloc(rtq__arena *arena, size_t len);  /* 16-byte aligned, uninitialised; NULL: out of memory */
void *rtq__arena_zalloc(rtq__arena *arena, size_t len); /* zeroed */
char *rtq__arena_strndup(rtq__arena *arena, const char *ptr, size_t len);
char *rtq__arena_printf(rtq__arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));
rtq__arena_mark rtq__arena_get_mark(const rtq__arena *arena);
void rtq__arena_release(rtq__arena *arena, rtq__arena_mark mark); /* frees (keeps) everything allocated after mark */
void rtq__arena_reset(rtq__arena *arena);
void rtq__arena_free(rtq__arena *arena);
uint64_t rtq__arena_bytes(const rtq__arena *arena); /* held, used or not */

#endif
