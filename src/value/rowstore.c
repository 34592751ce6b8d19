/* rowstore.c - layout, memory and single cells of the row store. */
#include "value/rowstore_private.h"
#include "value/decimal.h"

enum { HEAP_FIRST = 1024, HEAP_CHUNK = 256 * 1024 };

int rtq__rows_take(void **out, rtq__rows *r, size_t len)
{
    if (r->max_bytes && (len > r->max_bytes || r->bytes > r->max_bytes - len))
        return RTQ_ERR_LIMIT;
    *out = rtq__alloc(r->mem, len);
    if (!*out)
        return RTQ_ERR_NOMEM;
    r->bytes += len;
    return RTQ_OK;
}

void rtq__rows_give(rtq__rows *r, void *ptr, size_t len)
{
    if (!ptr)
        return;
    rtq__free(r->mem, ptr);
    r->bytes -= len;
}

static void lay_out(rtq__rows *r)
{
    uint32_t at = r->key_null_len + (r->n_cols - r->n_keys + 7) / 8;
    at = (at + 7) & ~7u;
    r->keys_off = at;
    for (uint32_t c = 0; c < r->n_cols; c++) {
        if (c == r->n_keys)
            r->keys_len = at - r->keys_off;
        r->offsets[c] = at;
        at += rtq__cell_len(r->kinds[c]) == 16 ? 16 : 8; /* in words, so that keys compare as words */
        r->any_text |= rows_is_text(r->kinds[c]);
    }
    if (r->n_cols == r->n_keys)
        r->keys_len = at - r->keys_off;
    if (r->extra_len > 0)
        at = (at + 15) & ~15u;
    r->extra_off = at;
    at += r->extra_len;
    r->row_len = r->extra_len > 0 ? (at + 15) & ~15u : at > 0 ? at : 8;
    bool text = false;
    for (uint32_t c = 0; c < r->n_keys; c++)
        text |= rows_is_text(r->kinds[c]);
    if (r->n_keys == 1 && r->kinds[0] == RTQ_STRING)
        r->key_class = ROWS_KEY_STRING;
    else
        r->key_class = text ? ROWS_KEY_MIXED : r->n_keys == 1 && r->keys_len == 8 ? ROWS_KEY_WORD : ROWS_KEY_FIXED;
}

int rtq__rows_new(rtq__rows **out, rtq__mem *mem, const rtq__rows_def *def)
{
    uint64_t row = (uint64_t)def->n_cols * 17 + 64 + def->extra_len; /* at most */
    *out = NULL;
    if (def->n_keys > def->n_cols || row > UINT32_MAX / 2)
        return RTQ_ERR_ARG;
    rtq__rows *r = rtq__calloc(mem, 1, sizeof *r);
    if (!r)
        return RTQ_ERR_NOMEM;
    r->mem = rtq__mem_ref(mem);
    r->n_cols = def->n_cols;
    r->n_keys = def->n_keys;
    r->extra_len = def->extra_len;
    r->max_bytes = def->max_bytes;
    r->seed = def->seed;
    r->key_null_len = (r->n_keys + 7) / 8;
    r->offsets = rtq__calloc(mem, r->n_cols + 1, sizeof *r->offsets);
    r->has_null = rtq__calloc(mem, r->n_cols + 1, sizeof *r->has_null);
    r->shared = rtq__calloc(mem, r->n_cols + 1, sizeof *r->shared);
    r->kinds = rtq__calloc(mem, r->n_cols + 1, 1);
    if (r->offsets && r->kinds && r->has_null && r->shared) {
        if (r->n_cols)
            memcpy(r->kinds, def->kinds, r->n_cols);
        lay_out(r);
        r->blank = rtq__calloc(mem, 1, r->row_len + 8);
    }
    if (!r->blank) {
        rtq__rows_free(r);
        return RTQ_ERR_NOMEM;
    }
    for (uint32_t c = r->n_keys; c < r->n_cols; c++)
        rows_set_null(r, r->blank, c, r->kinds[c] != RTQ_STRING);
    *out = r;
    return RTQ_OK;
}

static size_t chunk_len(const rtq__rows *r, size_t k)
{
    size_t n = k < ROWS_CHUNK_LOG - ROWS_FIRST_LOG ? (size_t)ROWS_FIRST << k : ROWS_CHUNK;
    return n * r->row_len;
}

/* Number of the first row in chunk k. */
static uint64_t chunk_first(size_t k)
{
    size_t small = ROWS_CHUNK_LOG - ROWS_FIRST_LOG;
    return k < small ? ((uint64_t)ROWS_FIRST << k) - ROWS_FIRST : (uint64_t)(k - small + 1) * ROWS_CHUNK - ROWS_FIRST;
}

static void free_heap(rtq__rows *r, rows_heap_chunk *chunk)
{
    while (chunk) {
        rows_heap_chunk *next = chunk->next;
        rtq__rows_give(r, chunk, sizeof *chunk + chunk->cap);
        chunk = next;
    }
}

static void free_table(rtq__rows *r)
{
    rtq__rows_give(r, r->table, (size_t)r->table_cap * sizeof *r->table);
    r->table = NULL;
    r->table_cap = 0;
}

void rtq__rows_drop_direct(rtq__rows *r)
{
    rtq__rows_give(r, r->direct, ROWS_DIRECT * sizeof *r->direct);
    r->direct = NULL;
    r->direct_misses = r->n_words = 0;
}

void rtq__rows_free(rtq__rows *r)
{
    if (!r)
        return;
    rtq__mem *mem = r->mem;
    for (size_t k = 0; k < r->n_chunks; k++)
        rtq__rows_give(r, r->chunks[k], chunk_len(r, k));
    free_heap(r, r->heap);
    free_table(r);
    rtq__rows_drop_direct(r);
    rtq__free(mem, r->chunks);
    rtq__rows_give(r, r->next, r->next_cap * sizeof *r->next);
    rtq__free(mem, r->kinds);
    rtq__free(mem, r->offsets);
    rtq__free(mem, r->has_null);
    rtq__free(mem, r->shared);
    rtq__free(mem, r->blank);
    rtq__free(mem, r);
    rtq__mem_unref(mem);
}

/* Keeps what a next fill of the same size needs, so that windows that come and go allocate nothing. */
void rtq__rows_clear(rtq__rows *r)
{
    enum { BLOCK_SLOTS = 4096 }; /* what a block of rows wants, however few keys it has */
    while (r->n_chunks > 1 && chunk_first(r->n_chunks - 1) >= r->count) {
        r->n_chunks--;
        rtq__rows_give(r, r->chunks[r->n_chunks], chunk_len(r, r->n_chunks));
    }
    r->rows_cap = chunk_first(r->n_chunks);
    if (r->table_cap > BLOCK_SLOTS && r->n_slots < r->table_cap / 16)
        free_table(r);
    else if (r->n_slots > 0)
        memset(r->table, 0, (size_t)r->table_cap * sizeof *r->table);
    if (r->heap) { /* the latest chunk is the largest of the usual ones */
        free_heap(r, r->heap->next);
        r->heap->next = NULL;
        r->heap->used = 0;
        if (r->heap->cap > HEAP_CHUNK) {
            free_heap(r, r->heap);
            r->heap = NULL;
        }
    }
    rtq__rows_give(r, r->next, r->next_cap * sizeof *r->next);
    r->next = NULL;
    r->next_cap = 0;
    if (r->direct)
        memset(r->direct, 0, ROWS_DIRECT * sizeof *r->direct);
    memset(r->has_null, 0, r->n_cols);
    memset(r->shared, 0, r->n_cols);
    r->count = r->n_indexed = r->n_slots = 0;
    r->heap_used = r->heap_dead = 0;
}

uint32_t rtq__rows_count(const rtq__rows *r)
{
    return r ? r->count : 0; /* an operator that could not open has none */
}
uint64_t rtq__rows_bytes(const rtq__rows *r)
{
    return r ? r->bytes : 0;
}

int rtq__rows_room(rtq__rows *r, uint32_t id)
{
    if (id >= UINT32_MAX - 2 * ROWS_CHUNK)
        return RTQ_ERR_LIMIT;
    while (r->rows_cap <= id) {
        void *chunk;
        if (rtq__grow(r->mem, &r->chunks, &r->chunks_cap, r->n_chunks + 1, sizeof *r->chunks) != RTQ_OK)
            return RTQ_ERR_NOMEM;
        int rc = rtq__rows_take(&chunk, r, chunk_len(r, r->n_chunks));
        if (rc != RTQ_OK)
            return rc;
        r->chunks[r->n_chunks++] = chunk;
        r->rows_cap = chunk_first(r->n_chunks);
    }
    return RTQ_OK;
}

/* Dynamic payloads start at multiples of 8, as trees want it. */
static int heap_put(const char **out, rtq__rows *r, const char *ptr, uint32_t len)
{
    size_t need = ((size_t)len + 7) & ~(size_t)7;
    rows_heap_chunk *h = r->heap;
    if (!h || h->cap - h->used < need) {
        size_t cap = !h ? HEAP_FIRST : h->cap < HEAP_CHUNK / 2 ? h->cap * 2 : HEAP_CHUNK;
        void *chunk;
        if (cap < need)
            cap = need;
        int rc = rtq__rows_take(&chunk, r, sizeof *h + cap);
        if (rc != RTQ_OK)
            return rc;
        h = chunk;
        h->cap = cap, h->used = 0, h->next = r->heap;
        r->heap = h;
    }
    char *p = (char *)(h + 1) + h->used;
    memcpy(p, ptr, len);
    h->used += need;
    r->heap_used += need;
    *out = p;
    return RTQ_OK;
}

uint32_t rtq__rows_cell_text(const char *cell, uint32_t kind)
{
    if (kind == RTQ_STRING) {
        uint32_t len;
        memcpy(&len, cell, 4);
        return len > 12 ? len : 0;
    }
    rtq__dyn d;
    memcpy(&d, cell, sizeof d);
    return rtq__dyn_payload(&d);
}

/* Both string and dynamic cells have their pointer in the second word. */
int rtq__rows_keep_text(rtq__rows *r, char *cell, uint32_t kind)
{
    const char *from, *kept;
    uint32_t len = rtq__rows_cell_text(cell, kind);
    if (len == 0) {
        rtq__dyn d;
        memcpy(&d, cell, sizeof d);
        if (kind != RTQ_STRING && d.tag == RTQ__DYN_STRING) { /* no pointer to what may be gone */
            d.u.p = "";
            memcpy(cell, &d, sizeof d);
        }
        return RTQ_OK;
    }
    memcpy(&from, cell + 8, sizeof from);
    int rc = heap_put(&kept, r, from, len);
    if (rc == RTQ_OK)
        memcpy(cell + 8, &kept, sizeof kept);
    return rc;
}

void rtq__rows_canonical(char *cell, uint32_t kind)
{
    if (kind == RTQ_REAL) {
        double d;
        memcpy(&d, cell, 8);
        d = d != d ? __builtin_nan("") : d == 0 ? 0.0 : d;
        memcpy(cell, &d, 8);
    } else if (kind == RTQ_DECIMAL) {
        uint64_t w[2];
        memcpy(w, cell, 16);
        rtq__decimal_normal(w, w);
        memcpy(cell, w, 16);
    }
}

void *rtq__rows_extra(rtq__rows *r, uint32_t id)
{
    return rows_at(r, id) + r->extra_off;
}

void rtq__rows_extras(void **out, rtq__rows *r, const uint32_t *ids, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        out[i] = ids[i] == ROWS_NONE ? NULL : rows_at(r, ids[i]) + r->extra_off;
}

rtq__cell rtq__rows_get(const rtq__rows *r, uint32_t id, uint32_t col)
{
    char *row = rows_at(r, id);
    uint64_t valid = 0;
    rtq__vec v = {.kind = r->kinds[col], .form = RTQ__CONST, .n = 1, .data = row + r->offsets[col]};
    if (rows_is_null(r, row, col))
        v.valid = &valid;
    return rtq__vec_get(&v, 0);
}

/* Copies all text that is still referred to into new chunks and frees the old ones. */
static int compact_heap(rtq__rows *r)
{
    rows_heap_chunk *old = r->heap;
    uint64_t max_bytes = r->max_bytes;
    r->heap = NULL;
    r->heap_used = r->heap_dead = 0;
    r->max_bytes = 0; /* old and new exist together for a moment, and the new is the smaller */
    int rc = RTQ_OK;
    for (uint32_t id = 0; id < r->count && rc == RTQ_OK; id++)
        for (uint32_t c = 0; c < r->n_cols && rc == RTQ_OK; c++)
            if (rows_is_text(r->kinds[c]))
                rc = rtq__rows_keep_text(r, rows_at(r, id) + r->offsets[c], r->kinds[c]);
    r->max_bytes = max_bytes;
    if (rc == RTQ_OK) {
        free_heap(r, old);
        return RTQ_OK;
    }
    /* Rows point into both: keep both. */
    rows_heap_chunk **tail = &r->heap;
    while (*tail)
        tail = &(*tail)->next;
    *tail = old;
    return rc;
}

int rtq__rows_set(rtq__rows *r, uint32_t id, uint32_t col, const rtq__cell *cell)
{
    char *row = rows_at(r, id), *to = row + r->offsets[col];
    uint32_t kind = r->kinds[col];
    char fresh[16] = {0};
    uint64_t valid = 1;
    rtq__vec v = {
        .kind = (uint8_t)kind, .form = RTQ__FLAT, .n = 1, .data = fresh, .valid = kind == RTQ_STRING ? NULL : &valid};
    rtq__vec_set(&v, 0, *cell);
    bool is_null = !(valid & 1);
    uint32_t len = rows_is_text(kind) ? rtq__rows_cell_text(fresh, kind) : 0;
    if (rows_is_text(kind)) {
        uint32_t old_len = rtq__rows_cell_text(to, kind);
        const char *from;
        char *old;
        memcpy(&old, to + 8, sizeof old);
        memcpy(&from, fresh + 8, sizeof from);
        bool in_place = old_len >= len && !r->shared[col];
        if (len > 0 && in_place) { /* a maximum that changes often must not fill the heap */
            memmove(old, from, len);
            memcpy(fresh + 8, &old, sizeof old);
        } else if (len > 0) {
            int rc = rtq__rows_keep_text(r, fresh, kind);
            if (rc != RTQ_OK)
                return rc;
        }
        r->heap_dead += ((old_len + 7) & ~7u) - (in_place ? (len + 7) & ~7u : 0);
    }
    memcpy(to, fresh, rtq__cell_len(kind) == 16 ? 16 : 8);
    rows_set_null(r, row, col, is_null);
    r->has_null[col] |= is_null;
    if (r->heap_dead > HEAP_CHUNK && r->heap_dead > r->heap_used / 2)
        (void)compact_heap(r); /* failing leaves the store as it was, only larger */
    return RTQ_OK;
}
