/* rowstore_group.c - group keys: finding or adding the row of each key. */
#include "base/hash.h"
#include "value/rowstore_keys.h"

/* Clustered input, above all a time bin over events in order of time: one look-up serves the block. */
static bool all_equal(const rows_block *b)
{
    const char *last = b->image + (size_t)(b->n - 1) * b->stride;
    if (memcmp(b->image, last, b->stride) != 0)
        return false;
    for (uint32_t i = 1; i + 1 < b->n; i++)
        if (memcmp(b->image, b->image + (size_t)i * b->stride, b->stride) != 0)
            return false;
    return true;
}

static inline __attribute__((always_inline)) int resolve(uint32_t *ids, rtq__rows *r, const rows_block *b, int class)
{
    int worst = RTQ_OK;
    for (uint32_t i = 0; i < b->n; i++) {
        const char *image = b->image + (size_t)i * b->stride;
        if (b->found[i] && rows_key_equal(r, rows_at(r, b->found[i] - 1), image, class)) {
            ids[i] = b->found[i] - 1;
            continue;
        }
        uint32_t at = rows_slot_of(r, image, b->hash[i], class);
        if (!r->table[at].ref) {
            int rc = rtq__rows_insert(r, image, b->stride, b->hash[i], at);
            if (rc == RTQ_ERR_LIMIT) {
                worst = rc;
                ids[i] = ROWS_NONE;
                continue;
            }
            if (rc != RTQ_OK)
                return rc;
        }
        ids[i] = r->table[at].ref - 1;
    }
    return worst;
}

static int resolve_word(uint32_t *ids, rtq__rows *r, const rows_block *b)
{
    return resolve(ids, r, b, ROWS_KEY_WORD);
}
static int resolve_string(uint32_t *ids, rtq__rows *r, const rows_block *b)
{
    return resolve(ids, r, b, ROWS_KEY_STRING);
}
static int resolve_fixed(uint32_t *ids, rtq__rows *r, const rows_block *b)
{
    return resolve(ids, r, b, ROWS_KEY_FIXED);
}
static int resolve_mixed(uint32_t *ids, rtq__rows *r, const rows_block *b)
{
    return resolve(ids, r, b, ROWS_KEY_MIXED);
}

static int upsert_block(uint32_t *ids, rtq__rows *r, rows_block *b, rtq__vec *const *keys)
{
    static int (*const resolvers[])(uint32_t *, rtq__rows *, const rows_block *) = {resolve_word, resolve_string,
                                                                                    resolve_fixed, resolve_mixed};
    uint32_t n = b->n;
    rtq__rows_images(b, r, keys);
    if (all_equal(b))
        b->n = 1;
    rtq__rows_hash_images(b, r);
    int rc = rtq__rows_grow_table(r, b->n);
    if (rc != RTQ_OK && (rc != RTQ_ERR_LIMIT || r->table_cap == 0))
        return rc; /* over the budget, known keys can still be served */
    rtq__rows_find(r, b);
    rc = resolvers[r->key_class](ids, r, b);
    if (rc != RTQ_OK && rc != RTQ_ERR_LIMIT)
        return rc;
    for (uint32_t i = 1; b->n == 1 && i < n; i++)
        ids[i] = ids[0];
    if (r->next)
        for (uint32_t i = 0; i < n; i++)
            ids[i] = ids[i] == ROWS_NONE ? ROWS_NONE : r->next[ids[i]];
    return rc;
}

/* ---- one 8-byte key without nulls: no images, the keys themselves are enough ---- */

static bool words_equal(const int64_t *keys, uint32_t n)
{
    uint64_t differing = 0;
    if (keys[0] != keys[n - 1] || keys[0] != keys[n / 2])
        return false;
    for (uint32_t i = 1; i < n; i++)
        differing |= (uint64_t)(keys[i] ^ keys[0]);
    return differing == 0;
}

static __attribute__((noinline)) int find_or_insert_word(uint32_t *id, rtq__rows *r, rows_block *b, int64_t key,
                                                         uint32_t hash)
{
    rows_copy(b->image, r->blank, r->keys_off);
    memcpy(b->image + r->keys_off, &key, 8);
    uint32_t at = rows_slot_of(r, b->image, hash, ROWS_KEY_WORD);
    int rc = r->table[at].ref ? RTQ_OK : rtq__rows_insert(r, b->image, b->stride, hash, at);
    *id = rc == RTQ_OK ? r->table[at].ref - 1 : ROWS_NONE;
    return rc;
}

static int resolve_words(uint32_t *ids, rtq__rows *r, rows_block *b, const int64_t *keys, uint32_t n)
{
    uint32_t off = r->keys_off;
    int worst = RTQ_OK;
    for (uint32_t i = 0; i < n; i++) {
        if (b->found[i]) {
            const char *row = rows_at(r, b->found[i] - 1);
            if (rows_word(row + off) == (uint64_t)keys[i] && !(*row & 1)) {
                ids[i] = b->found[i] - 1;
                continue;
            }
        }
        int rc = find_or_insert_word(&ids[i], r, b, keys[i], b->hash[i]);
        if (rc == RTQ_ERR_LIMIT)
            worst = rc;
        else if (rc != RTQ_OK)
            return rc;
    }
    return worst;
}

/* Groups of small numbers: their rows are in an array. True: all keys of the block were there. */
static bool direct_words(uint32_t *ids, rtq__rows *r, const int64_t *keys, uint32_t n)
{
    uint64_t outside = 0;
    uint32_t unknown = 0;
    for (uint32_t i = 0; i < n; i++)
        outside |= (uint64_t)keys[i] - (uint64_t)r->direct_base;
    if (outside >= ROWS_DIRECT) {
        if (++r->direct_misses > ROWS_DIRECT_MISSES)
            rtq__rows_drop_direct(r);
        return false;
    }
    const uint32_t *direct = r->direct;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t ref = direct[(uint64_t)keys[i] - (uint64_t)r->direct_base];
        unknown |= ref == 0;
        ids[i] = ref - 1;
    }
    return !unknown;
}

static void learn_direct(rtq__rows *r, const int64_t *keys, const uint32_t *ids, uint32_t n)
{
    void *memory;
    int64_t least = keys[0], most = keys[0];
    if (!r->direct) {
        r->n_words = r->n_words > UINT32_MAX / 2 ? r->n_words : r->n_words + n;
        if (r->n_words < ROWS_DIRECT_FROM || r->direct_misses > ROWS_DIRECT_MISSES || r->count > ROWS_DIRECT)
            return;
        for (uint32_t i = 0; i < n; i++) {
            least = keys[i] < least ? keys[i] : least;
            most = keys[i] > most ? keys[i] : most;
        }
        r->direct_misses++;
        if ((uint64_t)most - (uint64_t)least >= ROWS_DIRECT * 3 / 4 ||
            rtq__rows_take(&memory, r, ROWS_DIRECT * sizeof *r->direct) != RTQ_OK)
            return;
        memset(memory, 0, ROWS_DIRECT * sizeof *r->direct);
        r->direct = memory;
        r->direct_base = least < INT64_MIN + ROWS_DIRECT ? least : least & ~INT64_C(1023);
    }
    for (uint32_t i = 0; i < n; i++) {
        uint64_t at = (uint64_t)keys[i] - (uint64_t)r->direct_base;
        if (at < ROWS_DIRECT && ids[i] != ROWS_NONE)
            r->direct[at] = ids[i] + 1;
    }
}

static int upsert_words(uint32_t *ids, rtq__rows *r, rows_block *b, const rtq__vec *key, const rtq__sel *sel,
                        uint32_t n_sel)
{
    rows_words w;
    int worst = RTQ_OK;
    for (uint32_t from = 0; from < n_sel; from += ROWS_BLOCK) {
        w.n = n_sel - from < ROWS_BLOCK ? n_sel - from : ROWS_BLOCK;
        const int64_t *keys = rtq__rows_word_keys(&w, key, sel, from);
        if (r->direct && direct_words(ids + from, r, keys, w.n))
            continue;
        b->n = words_equal(keys, w.n) ? 1 : w.n;
        for (uint32_t i = 0; i < b->n; i++)
            b->hash[i] = (uint32_t)rtq__hash_word((uint64_t)keys[i], r->seed);
        int rc = rtq__rows_grow_table(r, b->n);
        if (rc == RTQ_OK || (rc == RTQ_ERR_LIMIT && r->table_cap > 0)) {
            rtq__rows_find(r, b);
            rc = resolve_words(ids + from, r, b, keys, b->n);
        } else if (rc == RTQ_ERR_LIMIT) {
            memset(ids + from, 0xff, w.n * sizeof *ids);
        }
        if (rc != RTQ_OK && rc != RTQ_ERR_LIMIT)
            return rc;
        worst = rc == RTQ_OK ? worst : rc;
        for (uint32_t i = 1; b->n == 1 && i < w.n; i++)
            ids[from + i] = ids[from];
        if (r->kinds[0] != RTQ_REAL && rc == RTQ_OK)
            learn_direct(r, keys, ids + from, w.n);
    }
    return worst;
}

/* rows: numbers of rows in the vectors; NULL: those of sel. */
static int upsert_rows(uint32_t *ids, rtq__rows *r, rows_block *b, rtq__vec *const *keys, const uint32_t *rows,
                       const rtq__sel *sel, uint32_t n)
{
    int worst = RTQ_OK;
    for (uint32_t from = 0; from < n; from += ROWS_BLOCK) {
        b->n = n - from < ROWS_BLOCK ? n - from : ROWS_BLOCK;
        for (uint32_t i = 0; i < b->n; i++)
            b->rows[i] = rows ? rows[from + i] : sel ? sel[from + i] : from + i;
        int rc = upsert_block(ids + from, r, b, keys);
        if (rc == RTQ_ERR_LIMIT) {
            if (r->table_cap == 0)
                memset(ids + from, 0xff, b->n * sizeof *ids);
            worst = rc;
        } else if (rc != RTQ_OK) {
            return rc;
        }
    }
    return worst;
}

/* One dictionary column: look up each entry that occurs once. */
static int upsert_dict(uint32_t *ids, rtq__rows *r, rows_block *b, rtq__vec *key, const rtq__sel *sel, uint32_t n_sel,
                       rtq__scratch *scratch)
{
    uint32_t *place = rtq__arena_alloc(scratch, (size_t)key->n * sizeof *place);
    uint32_t *entries = rtq__arena_alloc(scratch, (size_t)n_sel * sizeof *entries);
    uint32_t *entry_ids = rtq__arena_alloc(scratch, (size_t)n_sel * sizeof *entry_ids);
    uint32_t n = 0;
    if (!place || !entries || !entry_ids)
        return RTQ_ERR_NOMEM;
    memset(place, 0xff, (size_t)key->n * sizeof *place);
    for (uint32_t i = 0; i < n_sel; i++) {
        uint32_t code = key->codes[sel ? sel[i] : i];
        if (place[code] == ROWS_NONE) {
            place[code] = n;
            entries[n++] = code;
        }
    }
    rtq__vec flat = {.kind = key->kind, .form = RTQ__FLAT, .n = key->n, .data = key->data, .valid = key->valid};
    rtq__vec *keys[1] = {&flat};
    int rc = upsert_rows(entry_ids, r, b, keys, entries, NULL, n);
    if (rc == RTQ_OK || rc == RTQ_ERR_LIMIT)
        for (uint32_t i = 0; i < n_sel; i++)
            ids[i] = entry_ids[place[key->codes[sel ? sel[i] : i]]];
    return rc;
}

static bool all_const(const rtq__rows *r, rtq__vec *const *keys)
{
    for (uint32_t c = 0; c < r->n_keys; c++)
        if (keys[c]->form != RTQ__CONST)
            return false;
    return true;
}

int rtq__rows_upsert(uint32_t *ids, uint32_t *n_new, rtq__rows *r, rtq__vec *const *keys, const rtq__sel *sel,
                     uint32_t n_sel, rtq__scratch *scratch)
{
    rows_block b;
    rtq__arena_mark mark = rtq__arena_get_mark(scratch);
    *n_new = 0;
    if (n_sel == 0)
        return RTQ_OK;
    int rc = rtq__rows_load_keys(r, keys, sel, n_sel);
    if (rc == RTQ_OK)
        rc = rtq__rows_index(r);
    uint32_t before = r->count;
    if (rc != RTQ_OK || !rtq__rows_block_init(&b, r, scratch)) {
        rc = rc != RTQ_OK ? rc : RTQ_ERR_NOMEM;
    } else if (all_const(r, keys)) { /* also: no keys at all */
        rc = upsert_rows(ids, r, &b, keys, NULL, sel, 1);
        for (uint32_t i = 1; i < n_sel && (rc == RTQ_OK || rc == RTQ_ERR_LIMIT); i++)
            ids[i] = ids[0];
    } else if (r->n_keys == 1 && keys[0]->form == RTQ__DICT && keys[0]->n / 4 <= n_sel) {
        rc = upsert_dict(ids, r, &b, keys[0], sel, n_sel, scratch);
    } else if (r->key_class == ROWS_KEY_WORD && !keys[0]->valid && !r->next) {
        rc = upsert_words(ids, r, &b, keys[0], sel, n_sel);
    } else {
        rc = upsert_rows(ids, r, &b, keys, NULL, sel, n_sel);
    }
    rtq__arena_release(scratch, mark);
    *n_new = r->count - before;
    for (uint32_t c = r->n_keys; c < r->n_cols && r->count > before; c++)
        r->has_null[c] = r->kinds[c] != RTQ_STRING;
    return rc;
}
