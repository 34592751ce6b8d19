/* value_set.c - building and probing sets of constants. */
#include "fn/value_set.h"
#include "base/hash.h"
#include "base/text.h"
#include "fn/convert.h"
#include "value/decimal.h"

enum {
    FEW = 4 /* keys that are compared one by one */,
    SMALL = 16 /* keys that the 64 bits of `bloom` are good for */
};

/* Cheap: the keys are the query's own, so nobody can make them collide. The ends of a text tell most keys apart. */
static uint64_t key_hash(uint32_t kind, const rtq__key *k)
{
    if (kind == RTQ_DYNAMIC)
        return rtq__dyn_hash(&k->y, 1);
    if (kind == RTQ_DECIMAL)
        return rtq__decimal_hash(k->w, 1);
    if (kind == RTQ_STRING && k->s.len > 12)
        return rtq__hash_word(k->w[0] ^ rtq__load8(k->s.u.ptr + k->s.len - 8), 1);
    return rtq__hash_word(k->w[0] ^ (k->w[1] << 7 | k->w[1] >> 57), 1);
}

bool rtq__key_equal(uint32_t kind, const rtq__key *a, const rtq__key *b)
{
    if (kind == RTQ_STRING)
        return rtq__string_equal(&a->s, &b->s);
    if (kind == RTQ_DYNAMIC)
        return rtq__dyn_equal(&a->y, &b->y);
    if (kind == RTQ_DECIMAL)
        return rtq__decimal_compare(a->w, b->w) == 0;
    return a->w[0] == b->w[0] && a->w[1] == b->w[1];
}

bool rtq__value_set_has(const rtq__value_set *s, const rtq__key *k)
{
    for (uint32_t i = 0; s->by_word && s->n <= FEW && i < s->n; i++)
        if (s->keys[i].w[0] == k->w[0] && rtq__key_equal(s->kind, &s->keys[i], k))
            return true;
    if (s->by_word && s->n <= FEW)
        return false;
    for (uint32_t at = (uint32_t)key_hash(s->kind, k) & s->mask;; at = (at + 1) & s->mask) {
        if (!s->slots[at])
            return false;
        if (rtq__key_equal(s->kind, &s->keys[s->slots[at] - 1], k))
            return true;
    }
}

int rtq__key_fold(rtq__key *k, bool ascii_only, rtq__arena *heap)
{
    char hold[256];
    const char *from = rtq__string_ptr(&k->s);
    size_t len = k->s.len, n = 0;
    char *to = len <= sizeof hold ? hold : rtq__arena_alloc(heap, len * 4); /* a code point takes 4 bytes at most */
    if (!to)
        return -1;
    if (rtq__lower_ascii(to, from, len)) {
        n = len;
    } else if (ascii_only) {
        return 0;
    } else if (to == hold && len * 4 > sizeof hold && !(to = rtq__arena_alloc(heap, len * 4))) {
        return -1;
    } else {
        for (size_t i = 0; i < len;) {
            uint32_t cp;
            i += rtq__utf8_next(&cp, from + i, len - i);
            n += rtq__utf8_put(to + n, rtq__fold(cp));
        }
    }
    if (n > 12 && to == hold && !(to = rtq__arena_strndup(heap, hold, n)))
        return -1;
    k->s = rtq__string_make(to, n);
    return 1;
}

rtq__key rtq__cell_key(const rtq__cell *cell)
{
    rtq__key k;
    memset(&k, 0, sizeof k);
    if (cell->kind == RTQ_STRING)
        k.s = rtq__string_make(cell->u.s, cell->len);
    else if (cell->kind == RTQ_DYNAMIC || cell->kind == RTQ_UNKNOWN)
        k.y = cell->u.y;
    else if (cell->kind == RTQ_BOOL)
        k.w[0] = cell->u.i != 0;
    else if (cell->kind == RTQ_REAL && cell->u.d == 0)
        k.w[0] = 0;
    else
        memcpy(k.w, cell->u.b, cell->kind == RTQ_GUID || cell->kind == RTQ_DECIMAL ? 16 : 8);
    return k;
}

static void insert(rtq__value_set *s, const rtq__key *k)
{
    uint32_t at = (uint32_t)key_hash(s->kind, k) & s->mask;
    while (s->slots[at]) {
        if (rtq__key_equal(s->kind, &s->keys[s->slots[at] - 1], k))
            return;
        at = (at + 1) & s->mask;
    }
    for (uint32_t i = 0; s->nocase && i < k->s.len; i++)
        s->ascii &= (unsigned char)rtq__string_ptr(&k->s)[i] < 0x80;
    s->bloom |= rtq__bloom_bit(k->w[0]);
    s->keys[s->n] = *k;
    s->slots[at] = ++s->n;
}

static int add(rtq__value_set *s, const rtq__cell *item, rtq__eval *eval)
{
    rtq__cell cell = rtq__cell_convert(item, s->kind, eval, &s->arena), own;
    if (rtq__cell_is_null(&cell)) {
        s->has_null |= rtq__cell_is_null(item);
        return cell.kind == RTQ_STRING && !rtq__cell_is_null(item) ? RTQ_ERR_NOMEM : RTQ_OK;
    }
    if (cell.kind == RTQ_REAL && cell.u.d != cell.u.d)
        return RTQ_OK; /* NaN equals nothing */
    if (rtq__cell_copy(&own, &cell, &s->arena) != RTQ_OK)
        return RTQ_ERR_NOMEM;
    rtq__key k = rtq__cell_key(&own);
    if (s->nocase && rtq__key_fold(&k, false, &s->arena) < 0)
        return RTQ_ERR_NOMEM;
    insert(s, &k);
    return RTQ_OK;
}

bool rtq__cell_is_list(const rtq__cell *c)
{
    return (c->kind == RTQ_DYNAMIC || c->kind == RTQ_UNKNOWN) && !rtq__cell_is_null(c) && rtq__dyn_is_array(&c->u.y);
}

static int add_elements(rtq__value_set *s, const rtq__cell *list, uint32_t room, rtq__eval *eval)
{
    rtq__dyn_iter it;
    int rc = RTQ_OK;
    for (rtq__dyn_iter_init(&it, &list->u.y, &s->arena); rc == RTQ_OK && rtq__dyn_next(&it);) {
        rtq__cell cell = rtq__cell_y(it.item);
        rc = s->n < room ? add(s, &cell, eval) : RTQ_OK;
    }
    return rc != RTQ_OK ? rc : it.error;
}

static int fill(rtq__value_set *s, const rtq__cell *const *items, uint32_t n_items, rtq__eval *eval)
{
    uint32_t n = 0, cap = 8;
    int rc = RTQ_OK;
    for (uint32_t i = 0; i < n_items; i++)
        n += rtq__cell_is_list(items[i]) ? rtq__dyn_count(&items[i]->u.y) : 1;
    if (n > UINT32_MAX / 8)
        return RTQ_ERR_LIMIT;
    while (cap < n * 2)
        cap *= 2;
    s->mask = cap - 1;
    s->keys = rtq__arena_alloc(&s->arena, (n + 1) * sizeof *s->keys);
    s->slots = rtq__arena_zalloc(&s->arena, cap * sizeof *s->slots);
    if (!s->keys || !s->slots)
        return RTQ_ERR_NOMEM;
    for (uint32_t i = 0; i < n_items && rc == RTQ_OK; i++)
        rc = rtq__cell_is_list(items[i]) ? add_elements(s, items[i], n, eval) : add(s, items[i], eval);
    s->by_word = s->n <= SMALL && s->kind != RTQ_DYNAMIC && s->kind != RTQ_DECIMAL && (!s->nocase || s->ascii);
    return rc;
}

void rtq__value_set_free(rtq__mem *mem, rtq__value_set *s)
{
    if (!s)
        return;
    rtq__value_set_free(mem, s->text);
    rtq__arena_free(&s->arena);
    rtq__free(mem, s);
}

int rtq__value_set_new(rtq__value_set **out, rtq__mem *mem, uint32_t kind, bool nocase, const rtq__cell *const *items,
                       uint32_t n_items)
{
    rtq__value_set *s = rtq__calloc(mem, 1, sizeof *s);
    if (!s)
        return RTQ_ERR_NOMEM;
    s->kind = kind;
    s->nocase = s->ascii = nocase;
    rtq__arena_init(&s->arena, mem, 512);
    rtq__eval eval;
    int rc = rtq__eval_init(&eval, mem, &s->arena);
    if (rc == RTQ_OK)
        rc = fill(s, items, n_items, &eval);
    rtq__eval_free(&eval);
    if (rc == RTQ_OK && kind == RTQ_DYNAMIC)
        rc = rtq__value_set_new(&s->text, mem, RTQ_STRING, nocase, items, n_items);
    if (rc != RTQ_OK)
        rtq__value_set_free(mem, s);
    else
        *out = s;
    return rc;
}
