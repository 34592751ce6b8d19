/* mem.c - the counting allocator. Each block carries its length in front, so that the host's allocator is told old lengths. */
#include "base/mem.h"
#include <stdlib.h>

#define HEADER 16 /* keeps user pointers 16-byte aligned */

static void *libc_alloc(void *ptr, size_t old_len, size_t new_len, void *user)
{
    (void)old_len;
    (void)user;
    if (new_len == 0) {
        free(ptr);
        return NULL;
    }
    return realloc(ptr, new_len);
}

rtq__mem *rtq__mem_new(rtq_alloc_fn fn, void *user, uint64_t limit)
{
    if (fn == NULL)
        fn = libc_alloc;
    rtq__mem *mem = fn(NULL, 0, sizeof *mem, user);
    if (mem == NULL)
        return NULL;
    mem->fn = fn;
    mem->user = user;
    mem->limit = limit;
    atomic_init(&mem->used, 0);
    atomic_init(&mem->peak, 0);
    atomic_init(&mem->n_allocs, 0);
    atomic_init(&mem->refs, 1);
    return mem;
}

rtq__mem *rtq__mem_ref(rtq__mem *mem)
{
    atomic_fetch_add_explicit(&mem->refs, 1, memory_order_relaxed);
    return mem;
}

void rtq__mem_unref(rtq__mem *mem)
{
    if (mem != NULL && atomic_fetch_sub_explicit(&mem->refs, 1, memory_order_acq_rel) == 1)
        mem->fn(mem, sizeof *mem, 0, mem->user);
}

/* Books `more` bytes, or refuses when that goes over the limit. */
static bool book(rtq__mem *mem, uint64_t more)
{
    uint64_t used = atomic_fetch_add_explicit(&mem->used, more, memory_order_relaxed) + more;
    if (mem->limit != 0 && used > mem->limit) {
        atomic_fetch_sub_explicit(&mem->used, more, memory_order_relaxed);
        return false;
    }
    uint64_t peak = atomic_load_explicit(&mem->peak, memory_order_relaxed);
    while (used > peak &&
           !atomic_compare_exchange_weak_explicit(&mem->peak, &peak, used, memory_order_relaxed, memory_order_relaxed))
        ;
    return true;
}

static void unbook(rtq__mem *mem, uint64_t less)
{
    atomic_fetch_sub_explicit(&mem->used, less, memory_order_relaxed);
}

void *rtq__alloc(rtq__mem *mem, size_t len)
{
    return rtq__realloc(mem, NULL, len);
}

void *rtq__calloc(rtq__mem *mem, size_t n, size_t len)
{
    size_t bytes;
    if (__builtin_mul_overflow(n, len, &bytes))
        return NULL;
    void *ptr = rtq__alloc(mem, bytes);
    if (ptr != NULL)
        memset(ptr, 0, bytes);
    return ptr;
}

void *rtq__realloc(rtq__mem *mem, void *ptr, size_t len)
{
    if (len > SIZE_MAX / 2 - HEADER)
        return NULL;
    char *block = ptr != NULL ? (char *)ptr - HEADER : NULL;
    size_t old = 0;
    if (block != NULL)
        memcpy(&old, block, sizeof old);
    size_t old_total = block != NULL ? old + HEADER : 0, total = len + HEADER;
    if (total > old_total && !book(mem, total - old_total))
        return NULL;
    atomic_fetch_add_explicit(&mem->n_allocs, 1, memory_order_relaxed);
    char *moved = mem->fn(block, old_total, total, mem->user);
    if (moved == NULL) {
        if (total > old_total)
            unbook(mem, total - old_total);
        return NULL;
    }
    if (total < old_total)
        unbook(mem, old_total - total);
    memcpy(moved, &len, sizeof len);
    return moved + HEADER;
}

void rtq__free(rtq__mem *mem, void *ptr)
{
    if (ptr == NULL)
        return;
    char *block = (char *)ptr - HEADER;
    size_t len;
    memcpy(&len, block, sizeof len);
    unbook(mem, len + HEADER);
    mem->fn(block, len + HEADER, 0, mem->user);
}

char *rtq__strndup(rtq__mem *mem, const char *ptr, size_t len)
{
    if (len == SIZE_MAX)
        return NULL;
    char *copy = rtq__alloc(mem, len + 1);
    if (copy == NULL)
        return NULL;
    if (len > 0)
        memcpy(copy, ptr, len);
    copy[len] = '\0';
    return copy;
}

int rtq__grow(rtq__mem *mem, void *items, size_t *cap, size_t need, size_t item_len)
{
    if (need <= *cap)
        return RTQ_OK;
    size_t n = *cap < 4 ? 8 : *cap * 2, bytes;
    if (n < need)
        n = need;
    if (__builtin_mul_overflow(n, item_len, &bytes))
        return RTQ_ERR_NOMEM;
    void *array;
    memcpy(&array, items, sizeof array);
    array = rtq__realloc(mem, array, bytes);
    if (array == NULL)
        return RTQ_ERR_NOMEM;
    memcpy(items, &array, sizeof array);
    *cap = n;
    return RTQ_OK;
}

bool rtq__struct_read(void *own, size_t own_len, const void *given)
{
    enum { MAX_LEN = 4096 }; /* a size that was never set is likely to be more */
    const char *bytes = given;
    size_t size;

    memset(own, 0, own_len);
    memcpy(&size, given, sizeof size);
    if (size < sizeof size || size > MAX_LEN)
        return false;
    for (size_t i = own_len; i < size; i++)
        if (bytes[i])
            return false;
    memcpy(own, given, rtq__struct_len(size, own_len));
    return true;
}
