/* pivot_fill.c - see pivot_fill.h. */
#include "exec/pivot_fill.h"
#include "base/hash.h"
#include <string.h>

static uint32_t *slot_of(const rtq__pivot_fill *f, rtq_str name)
{
    uint32_t at = (uint32_t)rtq__hash_bytes(name.ptr, name.len, rtq__hash_seed()) & f->mask;
    while (f->slots[at]) {
        rtq_str have = f->names[f->slots[at] - 1];
        if (have.len == name.len && memcmp(have.ptr, name.ptr, name.len) == 0)
            break;
        at = (at + 1) & f->mask;
    }
    return &f->slots[at];
}

static int make_room(rtq__pivot_fill *f, rtq__mem *mem)
{
    if (f->slots && f->n < f->mask / 2)
        return RTQ_OK;
    if (f->n > UINT32_MAX / 8)
        return RTQ_ERR_LIMIT;
    uint32_t mask = f->slots ? f->mask * 2 + 1 : 31;
    uint32_t *slots = rtq__calloc(mem, (size_t)mask + 1, sizeof *slots);
    if (!slots)
        return RTQ_ERR_NOMEM;
    rtq__free(mem, f->slots);
    f->slots = slots;
    f->mask = mask;
    for (uint32_t i = 0; i < f->n; i++)
        *slot_of(f, f->names[i]) = i + 1;
    return RTQ_OK;
}

int rtq__pivot_fill_note(rtq__pivot_fill *f, rtq__mem *mem, const rtq__dyn *bag, rtq__arena *heap)
{
    rtq__dyn_iter it;
    if (!rtq__dyn_is_bag(bag))
        return RTQ_OK;
    rtq__dyn_iter_init(&it, bag, heap);
    while (rtq__dyn_next(&it)) {
        int rc = make_room(f, mem);
        if (rc != RTQ_OK)
            return rc;
        uint32_t *slot = slot_of(f, it.key);
        if (*slot)
            continue;
        char *copy = rtq__strndup(mem, it.key.ptr, it.key.len);
        rc = copy ? rtq__grow(mem, &f->names, &f->cap, f->n + 1u, sizeof *f->names) : RTQ_ERR_NOMEM;
        if (rc != RTQ_OK) {
            rtq__free(mem, copy);
            return rc;
        }
        f->names[f->n++] = (rtq_str){copy, it.key.len};
        *slot = f->n;
    }
    return it.error;
}

int rtq__pivot_fill_apply(const rtq__pivot_fill *f, rtq__dyn *bag, const rtq__cell *missing, rtq__dyn_builder *b,
                          rtq__arena *heap)
{
    rtq__dyn_iter it;
    if (!rtq__dyn_is_bag(bag))
        return RTQ_OK;
    rtq__dyn_begin_bag(b);
    for (uint32_t i = 0; i < f->n; i++) {
        rtq__dyn_key(b, f->names[i].ptr, f->names[i].len);
        rtq__dyn_add_cell(b, missing);
    }
    rtq__dyn_iter_init(&it, bag, heap);
    while (rtq__dyn_next(&it)) { /* a repeated name replaces the earlier value */
        rtq__dyn_key(b, it.key.ptr, it.key.len);
        rtq__dyn_add(b, &it.item);
    }
    rtq__dyn_end(b);
    int rc = rtq__dyn_finish(bag, b, heap);
    return it.error ? it.error : rc;
}

void rtq__pivot_fill_free(rtq__pivot_fill *f, rtq__mem *mem)
{
    for (uint32_t i = 0; i < f->n; i++)
        rtq__free(mem, (char *)f->names[i].ptr);
    rtq__free(mem, f->names);
    rtq__free(mem, f->slots);
    *f = (rtq__pivot_fill){0};
}
