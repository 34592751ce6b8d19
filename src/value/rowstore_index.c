/* rowstore_index.c - the hash index: group keys (upsert) and join keys (index, probe).
 *
 * Keys are taken in blocks. Their cells are laid out as they are in a row ("images"), so that hashing, comparing and storing
 * are the same few loops whatever columns they came from; then slots and rows are prefetched, then the keys resolved in order. */
#include "base/hash.h"
#include "value/dyn.h"
#include "value/rowstore_private.h"

typedef struct block {
    uint32_t n, stride;
    char *image;                 /* n x stride: the beginning of a row, up to and with its key cells */
    uint32_t hash[ROWS_BLOCK];
    uint32_t rows[ROWS_BLOCK];   /* which rows of the vectors */
    uint32_t found[ROWS_BLOCK];  /* ref of the first slot with the hash; 0: none yet */
    bool any_null;
} block;

static uint64_t word_at(const char *p)
{
    uint64_t w;
    memcpy(&w, p, 8);
    return w;
}

static bool block_init(block *b, const rtq__rows *r, rtq__scratch *scratch)
{
    b->stride = r->keys_off + r->keys_len;
    b->image = rtq__arena_alloc(scratch, (size_t)b->stride * ROWS_BLOCK + 8);
    return b->image != NULL;
}

/* ---- images ---- */

static void copy_words(char *to, uint32_t stride, const char *data, const uint32_t *at, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        memcpy(to + (size_t)i * stride, data + (size_t)at[i] * 8, 8);
}

static void copy_wide(char *to, uint32_t stride, const char *data, const uint32_t *at, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        memcpy(to + (size_t)i * stride, data + (size_t)at[i] * 16, 16);
}

static void copy_bools(char *to, uint32_t stride, const uint8_t *data, const uint32_t *at, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        uint64_t w = data[at[i]] != 0;
        memcpy(to + (size_t)i * stride, &w, 8);
    }
}

static bool cell_is_null(const rtq__vec *v, uint32_t at)
{
    if (v->valid && !rtq__bit(v->valid, at))
        return true;
    return (v->kind == RTQ_DYNAMIC || v->kind == RTQ_UNKNOWN) && ((const rtq__dyn *)v->data)[at].tag == RTQ__DYN_NULL;
}

static void image_column(block *b, rtq__rows *r, uint32_t c, const rtq__vec *v)
{
    uint32_t mapped[ROWS_BLOCK], kind = r->kinds[c];
    const uint32_t *at = b->rows;
    char *to = b->image + r->offsets[c];
    if (v->form != RTQ__FLAT) {
        for (uint32_t i = 0; i < b->n; i++)
            mapped[i] = v->form == RTQ__CONST ? 0 : v->codes[b->rows[i]];
        at = mapped;
    }
    if (kind == RTQ_BOOL)
        copy_bools(to, b->stride, v->data, at, b->n);
    else if (rtq__cell_len(kind) == 16)
        copy_wide(to, b->stride, v->data, at, b->n);
    else
        copy_words(to, b->stride, v->data, at, b->n);
    if (kind == RTQ_REAL || kind == RTQ_DECIMAL)
        for (uint32_t i = 0; i < b->n; i++)
            rows_canonical(to + (size_t)i * b->stride, kind);
    if (!v->valid && kind != RTQ_DYNAMIC && kind != RTQ_UNKNOWN)
        return;
    for (uint32_t i = 0; i < b->n; i++) {
        if (!cell_is_null(v, at[i]))
            continue;
        memset(to + (size_t)i * b->stride, 0, rtq__cell_len(kind) == 16 ? 16 : 8);
        rows_set_null(r, b->image + (size_t)i * b->stride, c, true);
        b->any_null = true;
        r->has_null[c] = true;
    }
}

static void make_images(block *b, rtq__rows *r, rtq__vec *const *keys)
{
    if (r->keys_off == 8)
        for (uint32_t i = 0; i < b->n; i++)
            memcpy(b->image + (size_t)i * b->stride, r->blank, 8);
    else
        for (uint32_t i = 0; i < b->n; i++)
            memcpy(b->image + (size_t)i * b->stride, r->blank, r->keys_off);
    b->any_null = false;
    for (uint32_t c = 0; c < r->n_keys; c++)
        image_column(b, r, c, keys[c]);
}

/* Clustered input, above all a time bin over events in order of time: one look-up serves the block. */
static bool all_equal(const block *b)
{
    const char *last = b->image + (size_t)(b->n - 1) * b->stride;
    if (memcmp(b->image, last, b->stride) != 0)
        return false;
    for (uint32_t i = 1; i + 1 < b->n; i++)
        if (memcmp(b->image, b->image + (size_t)i * b->stride, b->stride) != 0)
            return false;
    return true;
}

/* ---- hashing ---- */

static uint64_t hash_string(const char *cell, uint64_t h)
{
    rtq__string s;
    memcpy(&s, cell, sizeof s);
    if (s.len > 12)
        return rtq__hash_bytes(s.u.ptr, s.len, h);
    return rtq__hash_word(word_at(cell + 8), rtq__hash_word(word_at(cell), h));
}

static uint64_t hash_dyn(const char *cell, uint64_t h)
{
    rtq__dyn d;
    memcpy(&d, cell, sizeof d);
    return rtq__dyn_hash(&d, h);
}

static void hash_column(uint64_t *h, const char *cell, uint32_t stride, uint32_t n, uint32_t kind)
{
    switch (kind) {
    case RTQ_STRING:
        for (uint32_t i = 0; i < n; i++, cell += stride)
            h[i] = hash_string(cell, h[i]);
        break;
    case RTQ_DYNAMIC:
    case RTQ_UNKNOWN:
        for (uint32_t i = 0; i < n; i++, cell += stride)
            h[i] = hash_dyn(cell, h[i]);
        break;
    case RTQ_DECIMAL:
    case RTQ_GUID:
        for (uint32_t i = 0; i < n; i++, cell += stride)
            h[i] = rtq__hash_word(word_at(cell + 8), rtq__hash_word(word_at(cell), h[i]));
        break;
    default:
        for (uint32_t i = 0; i < n; i++, cell += stride)
            h[i] = rtq__hash_word(word_at(cell), h[i]);
        break;
    }
}

static void hash_images(block *b, const rtq__rows *r)
{
    uint64_t h[ROWS_BLOCK];
    for (uint32_t i = 0; i < b->n; i++)
        h[i] = r->seed;
    for (uint32_t c = 0; c < r->n_keys; c++)
        hash_column(h, b->image + r->offsets[c], b->stride, b->n, r->kinds[c]);
    for (uint32_t i = 0; i < b->n; i++)
        b->hash[i] = (uint32_t)h[i];
}

/* ---- comparing ---- */

static bool strings_equal(const char *a, const char *b)
{
    rtq__string x, y;
    memcpy(&x, a, sizeof x), memcpy(&y, b, sizeof y);
    return rtq__string_equal(&x, &y);
}

static bool dyns_equal(const char *a, const char *b)
{
    rtq__dyn x, y;
    memcpy(&x, a, sizeof x), memcpy(&y, b, sizeof y);
    return rtq__dyn_equal(&x, &y);
}

static bool mixed_equal(const rtq__rows *r, const char *row, const char *image)
{
    for (uint32_t c = 0; c < r->n_keys; c++) {
        const char *a = row + r->offsets[c], *b = image + r->offsets[c];
        if (r->kinds[c] == RTQ_STRING ? !strings_equal(a, b)
            : rows_is_text(r->kinds[c]) ? !dyns_equal(a, b)
                                        : word_at(a) != word_at(b) || (rtq__cell_len(r->kinds[c]) == 16 && word_at(a + 8) != word_at(b + 8)))
            return false;
    }
    return true;
}

static inline __attribute__((always_inline)) bool keys_equal(const rtq__rows *r, const char *row, const char *image, int class)
{
    const char *a = row + r->keys_off, *b = image + r->keys_off;
    switch (class) {
    case ROWS_KEY_WORD: return word_at(a) == word_at(b) && *row == *image;
    case ROWS_KEY_STRING: return strings_equal(a, b);
    case ROWS_KEY_FIXED:
        for (uint32_t i = 0; i < r->keys_len; i += 8)
            if (word_at(a + i) != word_at(b + i))
                return false;
        return memcmp(row, image, r->key_null_len) == 0;
    default: return memcmp(row, image, r->key_null_len) == 0 && mixed_equal(r, row, image);
    }
}

/* ---- the table ---- */

/* How full it gets, in sixteenths. Small tables can afford short probes; a large one that is twice the size misses more often. */
enum { FULL_SMALL = 6, FULL_LARGE = 11, SMALL_CAP = 16384, REFUSE_16THS = 15 };

int rows_grow_table(rtq__rows *r, uint64_t n_more)
{
    uint64_t need = r->n_slots + n_more, cap = r->table_cap ? r->table_cap : 64;
    while (need * 16 > cap * (cap <= SMALL_CAP ? FULL_SMALL : FULL_LARGE))
        cap *= 2;
    if (cap == r->table_cap)
        return RTQ_OK;
    if (cap > UINT32_MAX)
        return RTQ_ERR_LIMIT;
    void *memory;
    int rc = rows_take(&memory, r, (size_t)cap * sizeof(rows_slot));
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
    rows_give(r, r->table, (size_t)r->table_cap * sizeof *r->table);
    r->table = table;
    r->table_cap = (uint32_t)cap;
    return RTQ_OK;
}

static int grow_next(rtq__rows *r)
{
    if (r->rows_cap <= r->next_cap)
        return RTQ_OK;
    void *memory;
    size_t cap = r->rows_cap > 2 * r->next_cap ? (size_t)r->rows_cap : 2 * r->next_cap;
    int rc = rows_take(&memory, r, cap * sizeof *r->next);
    if (rc != RTQ_OK)
        return rc;
    if (r->next)
        memcpy(memory, r->next, r->next_cap * sizeof *r->next);
    rows_give(r, r->next, r->next_cap * sizeof *r->next);
    r->next = memory;
    r->next_cap = cap;
    return RTQ_OK;
}

int rows_chain(rtq__rows *r)
{
    bool fresh = !r->next;
    int rc = grow_next(r);
    for (uint32_t i = 0; rc == RTQ_OK && fresh && i < r->n_indexed; i++)
        r->next[i] = i;
    return rc;
}

/* Looks for the hashes of a block. Past the reach of the caches each key misses in the table, in the rows and, when it is long
 * text, in the heap: the lines of a whole block are asked for before the first is needed. */
static void find_candidates(const rtq__rows *r, block *b)
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

/* The slot of a key, or the free one where it belongs. */
static inline __attribute__((always_inline)) uint32_t find_slot(const rtq__rows *r, const char *image, uint32_t hash, int class)
{
    uint32_t mask = r->table_cap - 1, at = hash & mask;
    for (;; at = (at + 1) & mask) {
        rows_slot s = r->table[at];
        if (!s.ref || (s.hash == hash && keys_equal(r, rows_at(r, s.ref - 1), image, class)))
            return at;
    }
}

/* Rows are mostly short: words in a loop are faster than a call. */
static inline void copy_row(char *to, const char *from, uint32_t len)
{
    for (uint32_t i = 0; i < len; i += 8)
        memcpy(to + i, from + i, 8);
}

static int insert(rtq__rows *r, const char *image, uint32_t stride, uint32_t hash, uint32_t slot)
{
    if (((uint64_t)r->n_slots + 1) * 16 > (uint64_t)r->table_cap * REFUSE_16THS)
        return RTQ_ERR_LIMIT; /* the table could not grow */
    if (r->count >= r->rows_cap) {
        int rc = rows_room(r, r->count);
        if (rc == RTQ_OK && r->next)
            rc = grow_next(r);
        if (rc != RTQ_OK)
            return rc;
    }
    char *row = rows_at(r, r->count);
    copy_row(row, image, stride);
    copy_row(row + stride, r->blank + stride, r->row_len - stride);
    for (uint32_t c = 0; c < r->n_keys && r->key_class != ROWS_KEY_WORD; c++) {
        int rc = rows_is_text(r->kinds[c]) ? rows_keep_text(r, row + r->offsets[c], r->kinds[c]) : RTQ_OK;
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

/* ---- groups ---- */

static inline __attribute__((always_inline)) int resolve(uint32_t *ids, rtq__rows *r, const block *b, int class)
{
    int worst = RTQ_OK;
    for (uint32_t i = 0; i < b->n; i++) {
        const char *image = b->image + (size_t)i * b->stride;
        if (b->found[i] && keys_equal(r, rows_at(r, b->found[i] - 1), image, class)) {
            ids[i] = b->found[i] - 1;
            continue;
        }
        uint32_t at = find_slot(r, image, b->hash[i], class);
        if (!r->table[at].ref) {
            int rc = insert(r, image, b->stride, b->hash[i], at);
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

static int resolve_word(uint32_t *ids, rtq__rows *r, const block *b) { return resolve(ids, r, b, ROWS_KEY_WORD); }
static int resolve_string(uint32_t *ids, rtq__rows *r, const block *b) { return resolve(ids, r, b, ROWS_KEY_STRING); }
static int resolve_fixed(uint32_t *ids, rtq__rows *r, const block *b) { return resolve(ids, r, b, ROWS_KEY_FIXED); }
static int resolve_mixed(uint32_t *ids, rtq__rows *r, const block *b) { return resolve(ids, r, b, ROWS_KEY_MIXED); }

static int upsert_block(uint32_t *ids, rtq__rows *r, block *b, rtq__vec *const *keys)
{
    static int (*const resolvers[])(uint32_t *, rtq__rows *, const block *) = {resolve_word, resolve_string, resolve_fixed, resolve_mixed};
    uint32_t n = b->n;
    make_images(b, r, keys);
    if (all_equal(b))
        b->n = 1;
    hash_images(b, r);
    int rc = rows_grow_table(r, b->n);
    if (rc != RTQ_OK && (rc != RTQ_ERR_LIMIT || r->table_cap == 0))
        return rc; /* over the budget, known keys can still be served */
    find_candidates(r, b);
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

typedef struct word_block { uint32_t n; int64_t keys[ROWS_BLOCK]; uint32_t hash[ROWS_BLOCK]; } word_block;

static bool words_equal(const int64_t *keys, uint32_t n)
{
    uint64_t differing = 0;
    if (keys[0] != keys[n - 1] || keys[0] != keys[n / 2])
        return false;
    for (uint32_t i = 1; i < n; i++)
        differing |= (uint64_t)(keys[i] ^ keys[0]);
    return differing == 0;
}

static const int64_t *word_keys(word_block *w, const rtq__vec *v, const rtq__sel *sel, uint32_t from)
{
    if (v->kind == RTQ_BOOL) {
        for (uint32_t i = 0; i < w->n; i++)
            w->keys[i] = ((const uint8_t *)v->data)[rtq__vec_at(v, sel ? sel[from + i] : from + i)] != 0;
        return w->keys;
    }
    const int64_t *data = v->data;
    if (v->form != RTQ__FLAT) {
        for (uint32_t i = 0; i < w->n; i++)
            w->keys[i] = data[rtq__vec_at(v, sel ? sel[from + i] : from + i)];
    } else if (sel) {
        for (uint32_t i = 0; i < w->n; i++)
            w->keys[i] = data[sel[from + i]];
    } else if (v->kind == RTQ_REAL) {
        memcpy(w->keys, data + from, w->n * sizeof *data);
    } else {
        return data + from;
    }
    if (v->kind == RTQ_REAL)
        for (uint32_t i = 0; i < w->n; i++)
            rows_canonical((char *)&w->keys[i], RTQ_REAL);
    return w->keys;
}

static __attribute__((noinline)) int find_or_insert_word(uint32_t *id, rtq__rows *r, block *b, int64_t key, uint32_t hash)
{
    copy_row(b->image, r->blank, r->keys_off);
    memcpy(b->image + r->keys_off, &key, 8);
    uint32_t at = find_slot(r, b->image, hash, ROWS_KEY_WORD);
    int rc = r->table[at].ref ? RTQ_OK : insert(r, b->image, b->stride, hash, at);
    *id = rc == RTQ_OK ? r->table[at].ref - 1 : ROWS_NONE;
    return rc;
}

static int resolve_words(uint32_t *ids, rtq__rows *r, block *b, const int64_t *keys, uint32_t n)
{
    uint32_t off = r->keys_off;
    int worst = RTQ_OK;
    for (uint32_t i = 0; i < n; i++) {
        if (b->found[i]) {
            const char *row = rows_at(r, b->found[i] - 1);
            if (word_at(row + off) == (uint64_t)keys[i] && !(*row & 1)) {
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

static int upsert_words(uint32_t *ids, rtq__rows *r, block *b, const rtq__vec *key, const rtq__sel *sel, uint32_t n_sel)
{
    word_block w;
    int worst = RTQ_OK;
    for (uint32_t from = 0; from < n_sel; from += ROWS_BLOCK) {
        w.n = n_sel - from < ROWS_BLOCK ? n_sel - from : ROWS_BLOCK;
        const int64_t *keys = word_keys(&w, key, sel, from);
        b->n = words_equal(keys, w.n) ? 1 : w.n;
        for (uint32_t i = 0; i < b->n; i++)
            b->hash[i] = (uint32_t)rtq__hash_word((uint64_t)keys[i], r->seed);
        int rc = rows_grow_table(r, b->n);
        if (rc == RTQ_OK || (rc == RTQ_ERR_LIMIT && r->table_cap > 0)) {
            find_candidates(r, b);
            rc = resolve_words(ids + from, r, b, keys, b->n);
        } else if (rc == RTQ_ERR_LIMIT) {
            memset(ids + from, 0xff, w.n * sizeof *ids);
        }
        if (rc != RTQ_OK && rc != RTQ_ERR_LIMIT)
            return rc;
        worst = rc == RTQ_OK ? worst : rc;
        for (uint32_t i = 1; b->n == 1 && i < w.n; i++)
            ids[from + i] = ids[from];
    }
    return worst;
}

/* rows: numbers of rows in the vectors; NULL: those of sel. */
static int upsert_rows(uint32_t *ids, rtq__rows *r, block *b, rtq__vec *const *keys, const uint32_t *rows, const rtq__sel *sel, uint32_t n)
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
static int upsert_dict(uint32_t *ids, rtq__rows *r, block *b, rtq__vec *key, const rtq__sel *sel, uint32_t n_sel, rtq__scratch *scratch)
{
    uint32_t *place = rtq__arena_alloc(scratch, (size_t)key->n * sizeof *place);
    uint32_t *entries = rtq__arena_alloc(scratch, (size_t)n_sel * 2 * sizeof *entries), *entry_ids = entries + n_sel, n = 0;
    if (!place || !entries)
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

static int load_keys(const rtq__rows *r, rtq__vec *const *keys, const rtq__sel *sel, uint32_t n_sel)
{
    for (uint32_t c = 0; c < r->n_keys; c++) {
        int rc = rtq__vec_load(keys[c], sel, n_sel);
        if (rc != RTQ_OK)
            return rc;
    }
    return RTQ_OK;
}

int rtq__rows_upsert(uint32_t *ids, uint32_t *n_new, rtq__rows *r, rtq__vec *const *keys, const rtq__sel *sel, uint32_t n_sel,
                     rtq__scratch *scratch)
{
    block b;
    rtq__arena_mark mark = rtq__arena_get_mark(scratch);
    *n_new = 0;
    if (n_sel == 0)
        return RTQ_OK;
    int rc = load_keys(r, keys, sel, n_sel);
    if (rc == RTQ_OK)
        rc = rtq__rows_index(r);
    uint32_t before = r->count;
    if (rc != RTQ_OK || !block_init(&b, r, scratch)) {
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

/* ---- joins ---- */

static int index_block(rtq__rows *r, block *b)
{
    for (uint32_t i = 0; i < b->n; i++)
        memcpy(b->image + (size_t)i * b->stride, rows_at(r, r->n_indexed + i), b->stride);
    hash_images(b, r);
    int rc = rows_grow_table(r, b->n);
    if (rc != RTQ_OK)
        return rc;
    find_candidates(r, b);
    for (uint32_t i = 0; i < b->n; i++) {
        uint32_t id = r->n_indexed;
        rows_slot *s = &r->table[find_slot(r, b->image + (size_t)i * b->stride, b->hash[i], r->key_class)];
        if (s->ref) {
            r->next[id] = r->next[s->ref - 1];
            r->next[s->ref - 1] = id;
        } else {
            r->next[id] = id;
            s->hash = b->hash[i];
            r->n_slots++;
        }
        s->ref = id + 1;
        r->n_indexed++;
    }
    return RTQ_OK;
}

int rtq__rows_index(rtq__rows *r)
{
    block b;
    rtq__arena arena;
    if (r->n_indexed == r->count)
        return RTQ_OK;
    rtq__arena_init(&arena, r->mem, 0);
    int rc = block_init(&b, r, &arena) ? rows_chain(r) : RTQ_ERR_NOMEM;
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

static uint32_t first_of(const rtq__rows *r, uint32_t ref) { return ref == 0 ? ROWS_NONE : r->next ? r->next[ref - 1] : ref - 1; }

static void probe_block(uint32_t *ids, rtq__rows *r, block *b, rtq__vec *const *keys, bool null_equal)
{
    make_images(b, r, keys);
    hash_images(b, r);
    find_candidates(r, b);
    for (uint32_t i = 0; i < b->n; i++) {
        const char *image = b->image + (size_t)i * b->stride;
        uint32_t ref = b->found[i];
        if (ref && !keys_equal(r, rows_at(r, ref - 1), image, r->key_class))
            ref = r->table[find_slot(r, image, b->hash[i], r->key_class)].ref;
        if (!null_equal && b->any_null && has_null_key(r, image))
            ref = 0;
        ids[i] = first_of(r, ref);
    }
}

static void probe_words(uint32_t *ids, rtq__rows *r, block *b, const rtq__vec *key, const rtq__sel *sel, uint32_t from)
{
    word_block w = {.n = b->n};
    const int64_t *keys = word_keys(&w, key, sel, from);
    for (uint32_t i = 0; i < b->n; i++)
        b->hash[i] = (uint32_t)rtq__hash_word((uint64_t)keys[i], r->seed);
    find_candidates(r, b);
    for (uint32_t i = 0; i < b->n; i++) {
        uint32_t ref = b->found[i];
        const char *row = ref ? rows_at(r, ref - 1) : NULL;
        if (ref && (word_at(row + r->keys_off) != (uint64_t)keys[i] || (*row & 1))) {
            copy_row(b->image, r->blank, r->keys_off);
            memcpy(b->image + r->keys_off, &keys[i], 8);
            ref = r->table[find_slot(r, b->image, b->hash[i], ROWS_KEY_WORD)].ref;
        }
        ids[i] = first_of(r, ref);
    }
}

int rtq__rows_probe(uint32_t *ids, rtq__rows *r, rtq__vec *const *keys, const rtq__sel *sel, uint32_t n_sel, bool null_equal,
                    rtq__scratch *scratch)
{
    block b;
    int rc = load_keys(r, keys, sel, n_sel);
    if (rc == RTQ_OK)
        rc = rtq__rows_index(r);
    if (rc != RTQ_OK)
        return rc;
    if (r->n_slots == 0) {
        memset(ids, 0xff, n_sel * sizeof *ids);
        return RTQ_OK;
    }
    rtq__arena_mark mark = rtq__arena_get_mark(scratch);
    if (!block_init(&b, r, scratch))
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
