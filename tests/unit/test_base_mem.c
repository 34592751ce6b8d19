/* Unit tests of base/mem.h and base/buf.h. */
#include "base/buf.h"
#include "base/mem.h"
#include <criterion/criterion.h>
#include <stdint.h>
#include <stdlib.h>

/* An allocator that refuses from the n-th call on and checks the old lengths it is told. */
typedef struct {
    size_t calls, fail_from, live;
} host_alloc;

static void *host_fn(void *ptr, size_t old_len, size_t new_len, void *user)
{
    host_alloc *host = user;
    size_t *block = ptr != NULL ? (size_t *)((char *)ptr - 16) : NULL;
    cr_assert_eq(block != NULL ? *block : 0, old_len);
    if (new_len == 0) {
        host->live -= old_len;
        free(block);
        return NULL;
    }
    if (++host->calls >= host->fail_from)
        return NULL;
    block = realloc(block, new_len + 16);
    *block = new_len;
    host->live += new_len - old_len;
    return (char *)block + 16;
}

Test(base_mem, counts_and_limit)
{
    rtq__mem *mem = rtq__mem_new(NULL, NULL, 1000);
    void *a = rtq__alloc(mem, 500);
    cr_assert_not_null(a);
    cr_assert_eq((uintptr_t)a % 16, 0);
    cr_assert_null(rtq__alloc(mem, 600));
    void *b = rtq__realloc(mem, a, 900);
    cr_assert_not_null(b);
    cr_assert_null(rtq__realloc(mem, b, 2000));
    uint64_t peak = mem->peak;
    cr_assert_geq(peak, 900);
    b = rtq__realloc(mem, b, 10);
    cr_assert_lt(mem->used, 100);
    rtq__free(mem, b);
    cr_assert_eq(mem->used, 0);
    cr_assert_null(rtq__calloc(mem, SIZE_MAX / 2, 4));
    rtq__mem_unref(mem);
}

Test(base_mem, host_allocator_balances)
{
    host_alloc host = {.fail_from = SIZE_MAX};
    rtq__mem *mem = rtq__mem_new(host_fn, &host, 0);
    char *text = rtq__strndup(mem, "abcdef", 3);
    cr_assert_str_eq(text, "abc");
    int *items = NULL;
    size_t cap = 0;
    for (size_t i = 0; i < 1000; i++) {
        cr_assert_eq(rtq__grow(mem, &items, &cap, i + 1, sizeof *items), RTQ_OK);
        items[i] = (int)i;
    }
    cr_assert_eq(items[999], 999);
    rtq__free(mem, items);
    rtq__free(mem, text);
    rtq__mem_ref(mem);
    rtq__mem_unref(mem);
    cr_assert_gt(host.live, 0);
    rtq__mem_unref(mem);
    cr_assert_eq(host.live, 0);
}

Test(base_mem, arena_keeps_blocks)
{
    rtq__mem *mem = rtq__mem_new(NULL, NULL, 0);
    rtq__arena arena;
    rtq__arena_init(&arena, mem, 1024);
    uint64_t allocs = 0;
    for (int round = 0; round < 4; round++) {
        rtq__arena_mark mark = rtq__arena_get_mark(&arena);
        char *first = rtq__arena_alloc(&arena, 10);
        cr_assert_eq((uintptr_t)first % 16, 0);
        memset(first, 'x', 10);
        for (size_t i = 0; i < 50; i++) {
            size_t len = i % 7 == (size_t)round ? 5000 : i * 3; /* the big ones come at other places each round */
            char *piece = rtq__arena_zalloc(&arena, len);
            cr_assert_not_null(piece);
            if (len > 0)
                cr_assert_eq(piece[len - 1], 0);
        }
        cr_assert_eq(first[9], 'x');
        if (round == 0)
            allocs = mem->n_allocs;
        else
            cr_assert_leq(mem->n_allocs, allocs + 2, "round %d allocated %d", round, (int)(mem->n_allocs - allocs));
        if (round % 2)
            rtq__arena_release(&arena, mark);
        else
            rtq__arena_reset(&arena);
    }
    cr_assert_str_eq(rtq__arena_printf(&arena, "%d-%s", 5, "five"), "5-five");
    cr_assert_str_eq(rtq__arena_strndup(&arena, "hello", 4), "hell");
    cr_assert_null(rtq__arena_alloc(&arena, SIZE_MAX));
    rtq__arena_free(&arena);
    cr_assert_eq(mem->used, 0);
    rtq__mem_unref(mem);
}

Test(base_buf, append_and_json)
{
    rtq__mem *mem = rtq__mem_new(NULL, NULL, 0);
    rtq__buf buf;
    rtq__buf_init(&buf, mem);
    for (int i = 0; i < 100; i++)
        rtq__buf_addf(&buf, "%d,", i);
    cr_assert_eq(buf.len, 290);
    rtq__buf_clear(&buf);
    rtq__buf_add_json(&buf, "a\"b\\c\n\x01\xc3\xa9\0z", 11);
    static const char expected[] = "\"a\\\"b\\\\c\\n\\u0001\xc3\xa9\\u0000z\"";
    cr_assert_eq(buf.len, sizeof expected - 1);
    cr_assert_arr_eq(buf.ptr, expected, sizeof expected - 1);
    rtq_blob *blob = NULL;
    cr_assert_eq(rtq__blob_set(&blob, &buf), RTQ_OK);
    cr_assert_eq(buf.len, 0);
    rtq__buf_adds(&buf, "second");
    cr_assert_eq(rtq__blob_set(&blob, &buf), RTQ_OK);
    cr_assert_eq(rtq_blob_get(blob).len, 6);
    rtq__mem_unref(mem); /* the blob outlives its env */
    cr_assert_eq(memcmp(rtq_blob_get(blob).ptr, "second", 6), 0);
    rtq_blob_free(blob);
    rtq_blob_free(NULL);
    cr_assert_eq(rtq_blob_get(NULL).len, 0);
}

Test(base_buf, failure_is_sticky)
{
    host_alloc host = {.fail_from = 4};
    rtq__mem *mem = rtq__mem_new(host_fn, &host, 0);
    rtq__buf buf;
    rtq__buf_init(&buf, mem);
    for (int i = 0; i < 1000; i++)
        rtq__buf_adds(&buf, "0123456789");
    cr_assert(buf.failed);
    rtq_blob *blob = NULL;
    cr_assert_eq(rtq__blob_set(&blob, &buf), RTQ_ERR_NOMEM);
    cr_assert_null(blob);
    rtq__buf_free(&buf);
    rtq__mem_unref(mem);
    cr_assert_eq(host.live, 0);
}
