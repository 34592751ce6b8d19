/* rowstore_keys.h - keys of the index, in blocks. Their cells are laid out as they are in a row ("images"), so that
 * hashing, comparing and storing are the same few loops whatever columns they came from; then slots and rows are
 * prefetched, then the keys resolved in order. */
#ifndef RTQ__ROWSTORE_KEYS_H
#define RTQ__ROWSTORE_KEYS_H
#include "value/rowstore_private.h"

typedef struct block {
    uint32_t n, stride;
    char *image; /* n x stride: the beginning of a row, up to and with its key cells */
    uint32_t hash[ROWS_BLOCK];
    uint32_t rows[ROWS_BLOCK];  /* which rows of the vectors */
    uint32_t found[ROWS_BLOCK]; /* ref of the first slot with the hash; 0: none yet */
    bool any_null;
} rows_block;

/* Keys of one 8-byte column without nulls need no images. */
typedef struct rows_words {
    uint32_t n;
    int64_t keys[ROWS_BLOCK];
    uint32_t hash[ROWS_BLOCK];
} rows_words;

bool rtq__rows_block_init(rows_block *b, const rtq__rows *r, rtq__scratch *scratch);
void rtq__rows_images(rows_block *b, rtq__rows *r, rtq__vec *const *keys); /* of the rows in b->rows */
void rtq__rows_hash_images(rows_block *b, const rtq__rows *r);
const int64_t *rtq__rows_word_keys(rows_words *w, const rtq__vec *v, const rtq__sel *sel, uint32_t from);
int rtq__rows_load_keys(const rtq__rows *r, rtq__vec *const *keys, const rtq__sel *sel, uint32_t n_sel);
/* Looks for the hashes of a block: b->found. */
void rtq__rows_find(const rtq__rows *r, rows_block *b);
int rtq__rows_insert(rtq__rows *r, const char *image, uint32_t stride, uint32_t hash, uint32_t slot);
bool rtq__rows_mixed_equal(const rtq__rows *r, const char *row, const char *image);

static inline uint64_t rows_word(const char *p)
{
    uint64_t w;
    memcpy(&w, p, 8);
    return w;
}

static inline bool rows_strings_equal(const char *a, const char *b)
{
    rtq__string x, y;
    memcpy(&x, a, sizeof x), memcpy(&y, b, sizeof y);
    return rtq__string_equal(&x, &y);
}

static inline __attribute__((always_inline)) bool rows_key_equal(const rtq__rows *r, const char *row, const char *image,
                                                                 int class)
{
    const char *a = row + r->keys_off, *b = image + r->keys_off;
    switch (class) {
    case ROWS_KEY_WORD: return rows_word(a) == rows_word(b) && *row == *image;
    case ROWS_KEY_STRING: return rows_strings_equal(a, b);
    case ROWS_KEY_FIXED:
        for (uint32_t i = 0; i < r->keys_len; i += 8)
            if (rows_word(a + i) != rows_word(b + i))
                return false;
        return memcmp(row, image, r->key_null_len) == 0;
    default: return memcmp(row, image, r->key_null_len) == 0 && rtq__rows_mixed_equal(r, row, image);
    }
}

/* The slot of a key, or the free one where it belongs. */
static inline __attribute__((always_inline)) uint32_t rows_slot_of(const rtq__rows *r, const char *image, uint32_t hash,
                                                                   int class)
{
    uint32_t mask = r->table_cap - 1, at = hash & mask;
    for (;; at = (at + 1) & mask) {
        rows_slot s = r->table[at];
        if (!s.ref || (s.hash == hash && rows_key_equal(r, rows_at(r, s.ref - 1), image, class)))
            return at;
    }
}

/* Rows are mostly short: words in a loop are faster than a call. */
static inline void rows_copy(char *to, const char *from, uint32_t len)
{
    for (uint32_t i = 0; i < len; i += 8)
        memcpy(to + i, from + i, 8);
}

#endif
