/* rowstore_table.c - the hash table: growing, looking up a block, adding a key. */
#include "value/rowstore_keys.h"

/* How full it gets, in sixteenths. Small tables can afford short probes; a large one that is twice the size misses more
 * often. */
enum { FULL_SMALL = 6, FULL_LARGE = 11, SMALL_CAP = 16384, REFUSE_16THS = 15 };

int rtq__rows_grow_table(rtq__rows *r, uint64_t n_more)
{
    uint64_t need = r->n_slots + n_more, cap = r->table_cap ? r->table_cap : 64;
    while (need * 16 > cap * (cap <= SMALL_CAP ? FULL_SMALL : FULL_LARGE))
        cap *= 2;
    if (cap == r->table_cap)
        return RTQ_OK;
    if (cap > UINT32_MAX)
        return RTQ_ERR_LIMIT;
    void *memory;
    int rc = rtq__rows_take(&memory, r, (size_t)cap * sizeof(rows_slot));
    if (rc != RTQ_OK)
        return rc;
    rows_slot *table = memory;
    memset(table, 0, (size_t)cap * sizeof *table);
    uint32_t mask = (uint32_t)cap - 1;
    for (uint32_t i = 0; i < r->table_cap; i++) {
        if (!r->table[i].ref)
            continue;
        uint32_t at = r->table[i].hash & mask;
        while (table[at].ref)
            at = (at + 1) & mask;
        table[at] = r->table[i];
    }
    rtq__rows_give(r, r->table, (size_t)r->table_cap * sizeof *r->table);
    r->table = table;
    r->table_cap = (uint32_t)cap;
    return RTQ_OK;
}

static int rows_grow_next(rtq__rows *r)
{
    if (r->rows_cap <= r->next_cap)
        return RTQ_OK;
    void *memory;
    size_t cap = r->rows_cap > 2 * r->next_cap ? (size_t)r->rows_cap : 2 * r->next_cap;
    int rc = rtq__rows_take(&memory, r, cap * sizeof *r->next);
    if (rc != RTQ_OK)
        return rc;
    if (r->next)
        memcpy(memory, r->next, r->next_cap * sizeof *r->next);
    rtq__rows_give(r, r->next, r->next_cap * sizeof *r->next);
    r->next = memory;
    r->next_cap = cap;
    return RTQ_OK;
}

int rtq__rows_chain(rtq__rows *r)
{
    bool fresh = !r->next;
    int rc = rows_grow_next(r);
    for (uint32_t i = 0; rc == RTQ_OK && fresh && i < r->n_indexed; i++)
        r->next[i] = i;
    return rc;
}

/* Looks for the hashes of a block. Past the reach of the caches each key misses in the table, in the rows and, when it
 * is long text, in the heap: the lines of a whole block are asked for before the first is needed. */
void rtq__rows_find(const rtq__rows *r, rows_block *b)
{
    enum { IN_CACHE = 256 * 1024 };
    const rows_slot *table = r->table;
    uint32_t mask = r->table_cap - 1, extra = r->extra_len && r->extra_off >= 48 ? r->extra_off : 0;
    bool far = (uint64_t)r->table_cap * sizeof *table + (uint64_t)r->count * r->row_len > IN_CACHE;
    for (uint32_t i = 0; far && i < b->n; i++)
        __builtin_prefetch(&table[b->hash[i] & mask]);
    for (uint32_t i = 0; i < b->n; i++) {
        uint32_t hash = b->hash[i], at = hash & mask;
        rows_slot s = table[at];
        while (s.ref && s.hash != hash) {
            at = (at + 1) & mask;
            s = table[at];
        }
        b->found[i] = s.ref;
        if (far && s.ref) {
            const char *row = rows_at(r, s.ref - 1);
            __builtin_prefetch(row, 1);
            if (r->next)
                __builtin_prefetch(&r->next[s.ref - 1], 1);
            if (extra)
                __builtin_prefetch(row + extra, 1);
        }
    }
    for (uint32_t i = 0; far && r->key_class == ROWS_KEY_STRING && i < b->n; i++) {
        rtq__string text;
        if (!b->found[i])
            continue;
        memcpy(&text, rows_at(r, b->found[i] - 1) + r->keys_off, sizeof text);
        if (text.len > 12)
            __builtin_prefetch(text.u.ptr);
    }
}

int rtq__rows_insert(rtq__rows *r, const char *image, uint32_t stride, uint32_t hash, uint32_t slot)
{
    if (((uint64_t)r->n_slots + 1) * 16 > (uint64_t)r->table_cap * REFUSE_16THS)
        return RTQ_ERR_LIMIT; /* the table could not grow */
    if (r->count >= r->rows_cap) {
        int rc = rtq__rows_room(r, r->count);
        if (rc == RTQ_OK && r->next)
            rc = rows_grow_next(r);
        if (rc != RTQ_OK)
            return rc;
    }
    char *row = rows_at(r, r->count);
    rows_copy(row, image, stride);
    rows_copy(row + stride, r->blank + stride, r->row_len - stride);
    for (uint32_t c = 0; c < r->n_keys && r->key_class != ROWS_KEY_WORD; c++) {
        int rc = rows_is_text(r->kinds[c]) ? rtq__rows_keep_text(r, row + r->offsets[c], r->kinds[c]) : RTQ_OK;
        if (rc != RTQ_OK)
            return rc;
    }
    if (r->next)
        r->next[r->count] = r->count;
    r->table[slot] = (rows_slot){hash, ++r->count};
    r->n_slots++;
    r->n_indexed++;
    return RTQ_OK;
}
