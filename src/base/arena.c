/* arena.c - bump allocation in a chain of blocks that reset keeps for the next round. */
#include "base/mem.h"
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

struct rtq__arena_block {
    rtq__arena_block *next;
    size_t len, used; /* of the bytes after the header */
    size_t reserved;  /* the header is a multiple of 16 bytes long */
};

static char *block_data(rtq__arena_block *block)
{
    return (char *)(block + 1);
}

void rtq__arena_init(rtq__arena *arena, rtq__mem *mem, size_t block_len)
{
    *arena = (rtq__arena){.mem = mem, .block_len = block_len != 0 ? block_len : 16384};
}

/* The first kept block that is long enough (moved up to follow the current one), else a new one. */
static rtq__arena_block *next_block(rtq__arena *arena, size_t len)
{
    rtq__arena_block *current = arena->current, **first = current != NULL ? &current->next : &arena->first;
    for (rtq__arena_block **link = first; *link != NULL; link = &(*link)->next) {
        rtq__arena_block *found = *link;
        if (found->len < len)
            continue;
        *link = found->next;
        found->next = *first;
        *first = found;
        found->used = 0;
        arena->current = found;
        return found;
    }
    size_t block_len = len > arena->block_len ? len : arena->block_len;
    if (block_len > SIZE_MAX / 4)
        return NULL;
    rtq__arena_block *block = rtq__alloc(arena->mem, sizeof *block + block_len);
    if (block == NULL)
        return NULL;
    *block = (rtq__arena_block){.next = *first, .len = block_len};
    *first = block;
    arena->current = block;
    return block;
}

void *rtq__arena_alloc(rtq__arena *arena, size_t len)
{
    if (len > SIZE_MAX / 4)
        return NULL;
    len = (len + 15) & ~(size_t)15;
    if (len == 0)
        len = 16; /* distinct pointers */
    rtq__arena_block *block = arena->current;
    if (block == NULL || block->len - block->used < len) {
        block = next_block(arena, len);
        if (block == NULL)
            return NULL;
    }
    void *ptr = block_data(block) + block->used;
    block->used += len;
    return ptr;
}

void *rtq__arena_zalloc(rtq__arena *arena, size_t len)
{
    void *ptr = rtq__arena_alloc(arena, len);
    if (ptr != NULL)
        memset(ptr, 0, len);
    return ptr;
}

char *rtq__arena_strndup(rtq__arena *arena, const char *ptr, size_t len)
{
    if (len == SIZE_MAX)
        return NULL;
    char *copy = rtq__arena_alloc(arena, len + 1);
    if (copy == NULL)
        return NULL;
    if (len > 0)
        memcpy(copy, ptr, len);
    copy[len] = '\0';
    return copy;
}

char *rtq__arena_printf(rtq__arena *arena, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (len < 0)
        return NULL;
    char *text = rtq__arena_alloc(arena, (size_t)len + 1);
    if (text == NULL)
        return NULL;
    va_start(args, format);
    vsnprintf(text, (size_t)len + 1, format, args);
    va_end(args);
    return text;
}

rtq__arena_mark rtq__arena_get_mark(const rtq__arena *arena)
{
    return (rtq__arena_mark){.block = arena->current, .used = arena->current != NULL ? arena->current->used : 0};
}

void rtq__arena_release(rtq__arena *arena, rtq__arena_mark mark)
{
    arena->current = mark.block;
    if (mark.block != NULL)
        mark.block->used = mark.used;
}

void rtq__arena_reset(rtq__arena *arena)
{
    arena->current = NULL;
}

void rtq__arena_free(rtq__arena *arena)
{
    for (rtq__arena_block *block = arena->first, *next; block != NULL; block = next) {
        next = block->next;
        rtq__free(arena->mem, block);
    }
    rtq__free(arena->mem, arena->spare);
    arena->first = NULL;
    arena->current = NULL;
    arena->spare = NULL;
    arena->spare_len = 0;
}

uint64_t rtq__arena_bytes(const rtq__arena *arena)
{
    uint64_t bytes = arena->spare_len;
    for (const rtq__arena_block *block = arena->first; block != NULL; block = block->next)
        bytes += sizeof *block + block->len;
    return bytes;
}
