/* rowstore_keys.c - images of keys and their hashes. */
#include "base/hash.h"
#include "value/dyn.h"
#include "value/rowstore_keys.h"

bool rtq__rows_block_init(rows_block *b, const rtq__rows *r, rtq__scratch *scratch)
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

static void image_column(rows_block *b, rtq__rows *r, uint32_t c, const rtq__vec *v)
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
            rtq__rows_canonical(to + (size_t)i * b->stride, kind);
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

void rtq__rows_images(rows_block *b, rtq__rows *r, rtq__vec *const *keys)
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

/* ---- hashing ---- */

/* Of 13 to 32 bytes, the usual names and paths: two products of 128 bits. Every factor depends on the seed, so that nobody who does
 * not know it can make one of them zero. */
static inline uint64_t hash_short(const char *p, uint32_t len, uint64_t seed)
{
    __extension__ typedef unsigned __int128 wide;
    uint32_t second = len > 16 ? 8 : len - 8, third = len > 16 ? len - 16 : 0;
    uint64_t turned = seed >> 32 | seed << 32;
    uint64_t a = rows_word(p) ^ seed, b = rows_word(p + second) ^ turned ^ UINT64_C(0xA0761D6478BD642F);
    uint64_t c = rows_word(p + third) ^ ~turned, d = rows_word(p + len - 8) ^ seed ^ UINT64_C(0xE7037ED1A0B428DB);
    wide x = (wide)a * b, y = (wide)c * d;
    uint64_t h = (uint64_t)x ^ (uint64_t)(x >> 64) ^ (uint64_t)y ^ (uint64_t)(y >> 64);
    return rtq__hash_word(h + len, seed);
}

static uint64_t hash_string(const char *cell, uint64_t h)
{
    rtq__string s;
    memcpy(&s, cell, sizeof s);
    if (s.len > 32)
        return rtq__hash_bytes(s.u.ptr, s.len, h);
    if (s.len > 12)
        return hash_short(s.u.ptr, s.len, h);
    return rtq__hash_word(rows_word(cell + 8), rtq__hash_word(rows_word(cell), h));
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
            h[i] = rtq__hash_word(rows_word(cell + 8), rtq__hash_word(rows_word(cell), h[i]));
        break;
    default:
        for (uint32_t i = 0; i < n; i++, cell += stride)
            h[i] = rtq__hash_word(rows_word(cell), h[i]);
        break;
    }
}

void rtq__rows_hash_images(rows_block *b, const rtq__rows *r)
{
    uint64_t h[ROWS_BLOCK];
    for (uint32_t i = 0; i < b->n; i++)
        h[i] = r->seed;
    for (uint32_t c = 0; c < r->n_keys; c++)
        hash_column(h, b->image + r->offsets[c], b->stride, b->n, r->kinds[c]);
    for (uint32_t i = 0; i < b->n; i++)
        b->hash[i] = (uint32_t)h[i];
}

/* ---- keys without images ---- */

const int64_t *rtq__rows_word_keys(rows_words *w, const rtq__vec *v, const rtq__sel *sel, uint32_t from)
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
            rtq__rows_canonical((char *)&w->keys[i], RTQ_REAL);
    return w->keys;
}

int rtq__rows_load_keys(const rtq__rows *r, rtq__vec *const *keys, const rtq__sel *sel, uint32_t n_sel)
{
    for (uint32_t c = 0; c < r->n_keys; c++) {
        int rc = rtq__vec_load(keys[c], sel, n_sel);
        if (rc != RTQ_OK)
            return rc;
    }
    return RTQ_OK;
}

/* ---- comparing ---- */

static bool dyns_equal(const char *a, const char *b)
{
    rtq__dyn x, y;
    memcpy(&x, a, sizeof x), memcpy(&y, b, sizeof y);
    return rtq__dyn_equal(&x, &y);
}

bool rtq__rows_mixed_equal(const rtq__rows *r, const char *row, const char *image)
{
    for (uint32_t c = 0; c < r->n_keys; c++) {
        const char *a = row + r->offsets[c], *b = image + r->offsets[c];
        if (r->kinds[c] == RTQ_STRING   ? !rows_strings_equal(a, b)
            : rows_is_text(r->kinds[c]) ? !dyns_equal(a, b)
                                        : rows_word(a) != rows_word(b) || (rtq__cell_len(r->kinds[c]) == 16 &&
                                                                           rows_word(a + 8) != rows_word(b + 8)))
            return false;
    }
    return true;
}
