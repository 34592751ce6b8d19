/* rowstore_join.c - join keys: indexing rows that were appended, and probing. */
#include "base/hash.h"
#include "value/rowstore_keys.h"

static inline __attribute__((always_inline)) void link_rows(rtq__rows *r, const rows_block *b, int class)
{
    for (uint32_t i = 0; i < b->n; i++) {
        uint32_t id = r->n_indexed++;
        uint32_t at = rows_slot_of(r, b->image + (size_t)i * b->stride, b->hash[i], class);
        rows_slot *s = &r->table[at];
        if (s->ref) {
            r->next[id] = r->next[s->ref - 1];
            r->next[s->ref - 1] = id;
        } else {
            r->next[id] = id;
            s->hash = b->hash[i];
            r->n_slots++;
        }
        s->ref = id + 1;
    }
}

static int index_block(rtq__rows *r, rows_block *b)
{
    for (uint32_t i = 0; i < b->n; i++)
        rows_copy(b->image + (size_t)i * b->stride, rows_at(r, r->n_indexed + i), b->stride);
    rtq__rows_hash_images(b, r);
    int rc = rtq__rows_grow_table(r, b->n);
    if (rc != RTQ_OK)
        return rc;
    rtq__rows_find(r, b);
    if (r->key_class == ROWS_KEY_WORD)
        link_rows(r, b, ROWS_KEY_WORD);
    else
        link_rows(r, b, r->key_class);
    return RTQ_OK;
}

int rtq__rows_index(rtq__rows *r)
{
    rows_block b;
    rtq__arena arena;
    if (r->n_indexed == r->count)
        return RTQ_OK;
    rtq__arena_init(&arena, r->mem, 0);
    int rc = rtq__rows_block_init(&b, r, &arena) ? rtq__rows_chain(r) : RTQ_ERR_NOMEM;
    if (rc == RTQ_OK &&
        r->count - r->n_indexed > r->n_slots / 4) /* once, not doubling by doubling; no matter if it fails */
        (void)rtq__rows_grow_table(r, r->count - r->n_indexed);
    while (rc == RTQ_OK && r->n_indexed < r->count) {
        b.n = r->count - r->n_indexed < ROWS_BLOCK ? r->count - r->n_indexed : ROWS_BLOCK;
        rc = index_block(r, &b);
    }
    rtq__arena_free(&arena);
    return rc;
}

uint32_t rtq__rows_next(const rtq__rows *r, uint32_t id)
{
    uint32_t next = r->next && id < r->n_indexed ? r->next[id] : id;
    return next > id ? next : ROWS_NONE; /* the last row's next is the first */
}

static bool has_null_key(const rtq__rows *r, const char *image)
{
    for (uint32_t i = 0, n = r->n_keys; i < n; i++)
        if (rows_is_null(r, image, i))
            return true;
    return false;
}

/* While no key occurs twice, each row is the first of its key. */
static uint32_t first_of(const rtq__rows *r, uint32_t ref)
{
    return ref == 0 ? ROWS_NONE : r->next && r->n_slots != r->n_indexed ? r->next[ref - 1] : ref - 1;
}

static void probe_block(uint32_t *ids, rtq__rows *r, rows_block *b, rtq__vec *const *keys, bool null_equal)
{
    rtq__rows_images(b, r, keys);
    rtq__rows_hash_images(b, r);
    rtq__rows_find(r, b);
    for (uint32_t i = 0; i < b->n; i++) {
        const char *image = b->image + (size_t)i * b->stride;
        uint32_t ref = b->found[i];
        if (ref && !rows_key_equal(r, rows_at(r, ref - 1), image, r->key_class))
            ref = r->table[rows_slot_of(r, image, b->hash[i], r->key_class)].ref;
        if (!null_equal && b->any_null && has_null_key(r, image))
            ref = 0;
        ids[i] = first_of(r, ref);
    }
}

static void probe_words(uint32_t *ids, rtq__rows *r, rows_block *b, const rtq__vec *key, const rtq__sel *sel,
                        uint32_t from)
{
    rows_words w = {.n = b->n};
    const int64_t *keys = rtq__rows_word_keys(&w, key, sel, from);
    for (uint32_t i = 0; i < b->n; i++)
        b->hash[i] = (uint32_t)rtq__hash_word((uint64_t)keys[i], r->seed);
    rtq__rows_find(r, b);
    for (uint32_t i = 0; i < b->n; i++) {
        uint32_t ref = b->found[i];
        const char *row = ref ? rows_at(r, ref - 1) : NULL;
        if (ref && (rows_word(row + r->keys_off) != (uint64_t)keys[i] || (*row & 1))) {
            rows_copy(b->image, r->blank, r->keys_off);
            memcpy(b->image + r->keys_off, &keys[i], 8);
            ref = r->table[rows_slot_of(r, b->image, b->hash[i], ROWS_KEY_WORD)].ref;
        }
        ids[i] = first_of(r, ref);
    }
}

int rtq__rows_probe(uint32_t *ids, rtq__rows *r, rtq__vec *const *keys, const rtq__sel *sel, uint32_t n_sel,
                    bool null_equal, rtq__scratch *scratch)
{
    rows_block b;
    int rc = rtq__rows_load_keys(r, keys, sel, n_sel);
    if (rc == RTQ_OK)
        rc = rtq__rows_index(r);
    if (rc != RTQ_OK)
        return rc;
    if (r->n_slots == 0) {
        memset(ids, 0xff, n_sel * sizeof *ids);
        return RTQ_OK;
    }
    rtq__arena_mark mark = rtq__arena_get_mark(scratch);
    if (!rtq__rows_block_init(&b, r, scratch))
        return RTQ_ERR_NOMEM;
    for (uint32_t from = 0; from < n_sel; from += ROWS_BLOCK) {
        b.n = n_sel - from < ROWS_BLOCK ? n_sel - from : ROWS_BLOCK;
        if (r->key_class == ROWS_KEY_WORD && !keys[0]->valid) {
            probe_words(ids + from, r, &b, keys[0], sel, from);
            continue;
        }
        for (uint32_t i = 0; i < b.n; i++)
            b.rows[i] = sel ? sel[from + i] : from + i;
        probe_block(ids + from, r, &b, keys, null_equal);
    }
    rtq__arena_release(scratch, mark);
    return RTQ_OK;
}
