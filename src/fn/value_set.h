/* value_set.h - a set of constants of one kind, for in, !in, in~, !in~: filled when a query is compiled, then only probed. */
#ifndef RTQ__VALUE_SET_H
#define RTQ__VALUE_SET_H
#include "fn/eval.h"
#include "fn/fold8.h"

/* A cell of any kind as 16 bytes: a word, a string, 16 bytes of a guid, a dynamic value. */
typedef union rtq__key {
    uint64_t w[2];
    rtq__string s;
    rtq__dyn y;
} rtq__key;

typedef struct rtq__value_set {
    uint32_t kind, n, mask; /* slots: mask + 1, a power of two */
    bool nocase, has_null;
    bool ascii;       /* nocase: all keys are ASCII, so other text is never in the set */
    bool by_word;     /* `bloom` is of use: few keys, and equal keys have equal first words */
    uint64_t bloom;   /* of first words: turns most rows away without a look at the keys */
    rtq__arena arena; /* slots and text */
    rtq__key *keys;
    uint32_t *slots;             /* 1 + index of a key, 0: empty */
    struct rtq__value_set *text; /* of a dynamic set: its items as text, for fields of open schemas */
} rtq__value_set;

/* Items that are dynamic arrays stand for their elements. Items that have no value of the kind are left out. */
int rtq__value_set_new(rtq__value_set **out, rtq__mem *mem, uint32_t kind, bool nocase, const rtq__cell *const *items,
                       uint32_t n_items);
void rtq__value_set_free(rtq__mem *mem, rtq__value_set *s);
bool rtq__value_set_has(const rtq__value_set *s, const rtq__key *k);

bool rtq__cell_is_list(const rtq__cell *c);
rtq__key rtq__cell_key(const rtq__cell *cell);
bool rtq__key_equal(uint32_t kind, const rtq__key *a, const rtq__key *b);
/* The text as all spellings of it fold; long results lie in heap. 1, 0 for text that is not ASCII though it has to be, -1: no
 * memory. */
int rtq__key_fold(rtq__key *k, bool ascii_only, rtq__arena *heap);

static inline uint64_t rtq__bloom_bit(uint64_t word)
{
    return UINT64_C(1) << (word * UINT64_C(0x9E3779B97F4A7C15) >> 58);
}

/* The cell of a vector as a key, not folded. */
static inline rtq__key rtq__vec_key(const rtq__vec *v, uint32_t at)
{
    rtq__key k;
    k.w[1] = 0;
    switch (v->kind) {
    case RTQ_BOOL: k.w[0] = ((const uint8_t *)v->data)[at] != 0; break;
    case RTQ_STRING:
    case RTQ_GUID:
    case RTQ_DECIMAL:
    case RTQ_DYNAMIC:
    case RTQ_UNKNOWN: memcpy(&k, (const char *)v->data + (size_t)at * 16, 16); break;
    default: memcpy(k.w, (const char *)v->data + (size_t)at * 8, 8); break;
    }
    if (v->kind == RTQ_REAL && k.w[0] << 1 == 0)
        k.w[0] = 0; /* -0.0 equals 0.0 */
    return k;
}

/* Whether a key may be in the set, by its first word. */
static inline bool rtq__value_set_may_have(const rtq__value_set *s, const rtq__key *k)
{
    return !s->by_word || (s->bloom & rtq__bloom_bit(s->nocase ? rtq__lower8(k->w[0]) : k->w[0]));
}

#endif
