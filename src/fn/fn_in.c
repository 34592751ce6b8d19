/* fn_in.c - in, !in, in~, !in~ over lists of values, and =~, !~. A list of constants becomes a hash set when the query is compiled;
 * items that are dynamic arrays stand for their elements. Like a chain of == : null is in a list only as null. */
#include "base/hash.h"
#include "base/text.h"
#include "fn/convert.h"
#include "fn/eval.h"
#include "fn/families.h"

enum { NOCASE = 1, NEGATED = 2 };
#define IN_TAG(kind, flags) ((kind) << 2 | (flags))
#define IN_KIND(tag) ((uint32_t)(tag) >> 2)

/* Cells of one kind as 16 bytes: a word, a rtq__string, 16 bytes of a guid; dynamic values apart. */
typedef union key {
    uint64_t w[2];
    rtq__string s;
    rtq__dyn y;
} key;

typedef struct set {
    uint32_t kind, n, mask; /* slots: mask + 1, a power of two */
    bool nocase, has_null;
    rtq__arena arena; /* slots and text */
    key *keys;
    uint32_t *slots;  /* 1 + index of a key, 0: empty */
    struct set *text; /* of a dynamic set: its items as text, for fields of open schemas */
} set;

static uint64_t key_hash(uint32_t kind, const key *k)
{
    if (kind == RTQ_STRING)
        return k->s.len <= 12 ? rtq__hash_mix(k->w[0], k->w[1]) : rtq__hash_bytes(k->s.u.ptr, k->s.len, 1);
    if (kind == RTQ_DYNAMIC)
        return rtq__dyn_hash(&k->y, 1);
    return kind == RTQ_GUID || kind == RTQ_DECIMAL ? rtq__hash_mix(k->w[0], k->w[1]) : rtq__hash_word(k->w[0], 1);
}

static bool key_equal(uint32_t kind, const key *a, const key *b)
{
    if (kind == RTQ_STRING)
        return rtq__string_equal(&a->s, &b->s);
    if (kind == RTQ_DYNAMIC)
        return rtq__dyn_equal(&a->y, &b->y);
    return a->w[0] == b->w[0] && a->w[1] == b->w[1];
}

static bool set_has(const set *s, const key *k)
{
    for (uint32_t at = (uint32_t)key_hash(s->kind, k) & s->mask;; at = (at + 1) & s->mask) {
        if (!s->slots[at])
            return false;
        if (key_equal(s->kind, &s->keys[s->slots[at] - 1], k))
            return true;
    }
}

/* The text as all spellings of it fold; short results lie in the key, others in heap. */
static bool fold_key(key *k, rtq__arena *heap)
{
    const char *from = rtq__string_ptr(&k->s);
    size_t len = k->s.len, n = 0, cap = len * 4 + 1;
    char hold[256], *to = cap <= sizeof hold ? hold : rtq__arena_alloc(heap, cap);
    if (!to)
        return false;
    for (size_t i = 0; i < len;) {
        uint32_t cp = (unsigned char)from[i];
        if (cp < 0x80) {
            to[n++] = (char)(cp >= 'A' && cp <= 'Z' ? cp + 32 : cp);
            i++;
            continue;
        }
        i += rtq__utf8_next(&cp, from + i, len - i);
        n += rtq__utf8_put(to + n, rtq__fold(cp));
    }
    if (n > 12 && to == hold && !(to = rtq__arena_strndup(heap, hold, n)))
        return false;
    k->s = rtq__string_make(to, n);
    return true;
}

static key cell_key(const rtq__cell *cell)
{
    key k;
    memset(&k, 0, sizeof k);
    if (cell->kind == RTQ_STRING)
        k.s = rtq__string_make(cell->u.s, cell->len);
    else if (cell->kind == RTQ_DYNAMIC || cell->kind == RTQ_UNKNOWN)
        k.y = cell->u.y;
    else if (cell->kind == RTQ_BOOL)
        k.w[0] = cell->u.i != 0;
    else if (cell->kind == RTQ_REAL && cell->u.d == 0)
        k.w[0] = 0; /* -0.0 equals 0.0 */
    else
        memcpy(k.w, cell->u.b, cell->kind == RTQ_GUID || cell->kind == RTQ_DECIMAL ? 16 : 8);
    return k;
}

static int set_add(set *s, const rtq__cell *item, rtq__eval *eval)
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
    key k = cell_key(&own);
    if (s->nocase && !fold_key(&k, &s->arena))
        return RTQ_ERR_NOMEM;
    uint32_t at = (uint32_t)key_hash(s->kind, &k) & s->mask;
    while (s->slots[at]) {
        if (key_equal(s->kind, &s->keys[s->slots[at] - 1], &k))
            return RTQ_OK;
        at = (at + 1) & s->mask;
    }
    s->keys[s->n] = k;
    s->slots[at] = ++s->n;
    return RTQ_OK;
}

static bool is_list(const rtq__cell *c)
{
    return (c->kind == RTQ_DYNAMIC || c->kind == RTQ_UNKNOWN) && !rtq__cell_is_null(c) && rtq__dyn_is_array(&c->u.y);
}

static int set_fill(set *s, const rtq__cell *const *items, uint32_t n_items, rtq__eval *eval)
{
    uint32_t n = 0, cap = 8;
    for (uint32_t i = 0; i < n_items; i++)
        n += is_list(items[i]) ? rtq__dyn_count(&items[i]->u.y) : 1;
    while (cap < n * 2)
        cap *= 2;
    s->mask = cap - 1;
    s->keys = rtq__arena_alloc(&s->arena, (n + 1) * sizeof *s->keys);
    s->slots = rtq__arena_zalloc(&s->arena, cap * sizeof *s->slots);
    if (!s->keys || !s->slots)
        return RTQ_ERR_NOMEM;
    for (uint32_t i = 0; i < n_items; i++) {
        int rc = RTQ_OK;
        if (!is_list(items[i])) {
            if ((rc = set_add(s, items[i], eval)) != RTQ_OK)
                return rc;
            continue;
        }
        rtq__dyn_iter it;
        for (rtq__dyn_iter_init(&it, &items[i]->u.y, &s->arena); rc == RTQ_OK && rtq__dyn_next(&it);) {
            rtq__cell cell = rtq__cell_y(it.item);
            rc = s->n < n ? set_add(s, &cell, eval) : RTQ_OK;
        }
        if (rc != RTQ_OK || it.error)
            return rc != RTQ_OK ? rc : it.error;
    }
    return RTQ_OK;
}

static void in_unprepare(rtq__mem *mem, void *state)
{
    set *s = state;
    if (s->text)
        in_unprepare(mem, s->text);
    rtq__arena_free(&s->arena);
    rtq__free(mem, s);
}

static int set_new(set **out, rtq__mem *mem, uint32_t kind, bool nocase, const rtq__cell *const *items,
                   uint32_t n_items)
{
    set *s = rtq__calloc(mem, 1, sizeof *s);
    if (!s)
        return RTQ_ERR_NOMEM;
    s->kind = kind;
    s->nocase = nocase;
    rtq__arena_init(&s->arena, mem, 512);
    rtq__eval eval;
    int rc = rtq__eval_init(&eval, mem, &s->arena);
    if (rc == RTQ_OK)
        rc = set_fill(s, items, n_items, &eval);
    rtq__eval_free(&eval);
    if (rc == RTQ_OK && kind == RTQ_DYNAMIC)
        rc = set_new(&s->text, mem, RTQ_STRING, nocase, items, n_items);
    if (rc != RTQ_OK)
        in_unprepare(mem, s);
    else
        *out = s;
    return rc;
}

/* A set only when all items are constants; else the items are compared row by row. */
static int in_prepare(void **out, rtq__mem *mem, const rtq__fn *fn, const rtq__cell *const *args, uint32_t n_args,
                      rtq_diag *diag, size_t begin, size_t end)
{
    (void)diag, (void)begin, (void)end;
    for (uint32_t i = 1; i < n_args; i++)
        if (!args[i])
            return RTQ_OK;
    set *s = NULL;
    int rc = set_new(&s, mem, IN_KIND(fn->tag), fn->tag & NOCASE, args + 1, n_args - 1);
    *out = s;
    return rc;
}

/* ---- running ------------------------------------------------------------------------------------------------------ */

static bool key_at(key *k, const rtq__vec *v, uint32_t at, const set *s, rtq__arena *heap)
{
    memset(k, 0, sizeof *k);
    switch (v->kind) {
    case RTQ_BOOL: k->w[0] = ((const uint8_t *)v->data)[at] != 0; return true;
    case RTQ_STRING: k->s = ((const rtq__string *)v->data)[at]; return !s->nocase || fold_key(k, heap);
    case RTQ_GUID:
    case RTQ_DECIMAL:
    case RTQ_DYNAMIC:
    case RTQ_UNKNOWN: memcpy(k, (const char *)v->data + (size_t)at * 16, 16); return true;
    case RTQ_REAL:
        if (((const double *)v->data)[at] == 0)
            return true;
        /* fall through */
    default: memcpy(k->w, (const char *)v->data + (size_t)at * 8, 8); return true;
    }
}

/* in: 1, 0 or -1 for null. */
static int state_of(const set *s, const rtq__vec *v, uint32_t row, rtq__arena *heap)
{
    uint32_t at = rtq__vec_at(v, row);
    key k;
    if (v->valid && !rtq__bit(v->valid, at))
        return s->has_null ? -1 : 0;
    if (!key_at(&k, v, at, s, heap))
        return -2;
    return set_has(s, &k);
}

static int result_set(rtq__vec *v, uint32_t row, int in, bool negated, rtq__scratch *scratch)
{
    if (in == -2)
        return RTQ_ERR_NOMEM;
    ((uint8_t *)v->data)[row] = (in == 1) != negated;
    if (in >= 0)
        return RTQ_OK;
    if (!rtq__vec_valid(scratch, v))
        return RTQ_ERR_NOMEM;
    rtq__bit_clear(v->valid, row);
    return RTQ_OK;
}

/* The left side as the kind of the set; fields of open schemas as text. */
static int left_side(rtq__vec **out, const set **s, const rtq__fcall *call)
{
    uint32_t kind = IN_KIND(call->fn->tag);
    *s = call->state;
    if (*s && kind == RTQ_DYNAMIC && call->args[0]->kind == RTQ_UNKNOWN) {
        *s = (*s)->text;
        kind = RTQ_STRING;
    }
    return rtq__vec_convert(out, call, call->args[0], kind);
}

/* One item against the key: 1, 0, -1 both null, -2 no memory. */
static int same_as(const key *k, bool is_null, const rtq__cell *item, const rtq__fcall *call)
{
    uint32_t kind = IN_KIND(call->fn->tag);
    rtq__scratch *scratch = call->eval->scratch;
    if (rtq__cell_is_null(item))
        return is_null ? -1 : 0;
    rtq__cell cell = rtq__cell_convert(item, kind, call->eval, scratch);
    if (rtq__cell_is_null(&cell))
        return kind == RTQ_STRING ? -2 : 0;
    key other = cell_key(&cell);
    if ((call->fn->tag & NOCASE) && !fold_key(&other, scratch))
        return -2;
    return !is_null && key_equal(kind, k, &other);
}

static int any_of(const key *k, bool is_null, const rtq__cell *item, const rtq__fcall *call)
{
    if (!is_list(item))
        return same_as(k, is_null, item, call);
    rtq__dyn_iter it;
    int in = 0;
    for (rtq__dyn_iter_init(&it, &item->u.y, call->eval->scratch); rtq__dyn_next(&it);) {
        rtq__cell cell = rtq__cell_y(it.item);
        int one = same_as(k, is_null, &cell, call);
        if (one == 1 || one == -2)
            return one;
        in = one ? one : in;
    }
    return it.error ? -2 : in;
}

/* Items that are columns are compared one by one. */
static int in_row(const rtq__fcall *call, const rtq__vec *left, uint32_t row)
{
    static const set exact = {0}, nocase = {.nocase = true};
    bool is_null = rtq__vec_null(left, row);
    int in = 0;
    key k;
    memset(&k, 0, sizeof k);
    if (!is_null &&
        !key_at(&k, left, rtq__vec_at(left, row), call->fn->tag & NOCASE ? &nocase : &exact, call->eval->scratch))
        return -2;
    for (uint32_t i = 1; i < call->n_args; i++) {
        rtq__cell item = rtq__vec_get(call->args[i], row);
        int one = any_of(&k, is_null, &item, call);
        if (one == 1 || one == -2)
            return one;
        in = one ? one : in;
    }
    return in;
}

static int vec_in(rtq__vec **out, rtq__fcall *call)
{
    rtq__scratch *scratch = call->eval->scratch;
    rtq__vec *left, *v = *out = rtq__vec_new(scratch, RTQ_BOOL, call->n);
    bool negated = call->fn->tag & NEGATED;
    const set *s;
    int rc = v ? left_side(&left, &s, call) : RTQ_ERR_NOMEM;
    for (uint32_t i = 0; rc == RTQ_OK && i < call->n_sel; i++) {
        uint32_t row = call->sel ? call->sel[i] : i;
        rtq__arena_mark mark = rtq__arena_get_mark(scratch);
        int in = s ? state_of(s, left, row, scratch) : in_row(call, left, row);
        if (!v->valid && in == -1)
            rc = rtq__vec_valid(scratch, v) ? RTQ_OK : RTQ_ERR_NOMEM; /* stays */
        else
            rtq__arena_release(scratch, mark);
        if (rc == RTQ_OK)
            rc = result_set(v, row, in, negated, scratch);
    }
    return rc;
}

static int filter_in(rtq__sel *out, uint32_t *n_out, rtq__fcall *call)
{
    const set *s = call->state;
    bool negated = call->fn->tag & NEGATED;
    rtq__vec *left, *v;
    uint32_t n = 0;
    int rc;
    if (!s || s->has_null || s->nocase) {
        if ((rc = vec_in(&v, call)) == RTQ_OK)
            *n_out = rtq__bools_filter(out, v, call->sel, call->n_sel, true);
        return rc;
    }
    if ((rc = left_side(&left, &s, call)) != RTQ_OK)
        return rc;
    for (uint32_t i = 0; i < call->n_sel; i++) {
        uint32_t row = call->sel ? call->sel[i] : i;
        out[n] = (rtq__sel)row;
        n += (state_of(s, left, row, call->eval->scratch) == 1) != negated;
    }
    *n_out = n;
    return RTQ_OK;
}

/* ---- =~ and !~ ---------------------------------------------------------------------------------------------------- */

static void row_nocase(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    (void)n_args;
    rtq__cell a = rtq__cell_convert(&args[0], RTQ_STRING, ctx->eval, ctx->heap),
              b = rtq__cell_convert(&args[1], RTQ_STRING, ctx->eval, ctx->heap);
    if (a.is_null || b.is_null)
        ctx->error = RTQ_ERR_NOMEM;
    else
        *out = rtq__cell_i(RTQ_BOOL, rtq__equal_nocase(a.u.s, a.len, b.u.s, b.len) != (ctx->fn->tag == NEGATED));
}

#define IN_ROW(name_, left, items, kind, flags_, page_)                                         \
    {                                                                                           \
        .name = name_, .args = left ", " items "...", .ret = "bool", .nulls = RTQ__NULL_CUSTOM, \
        .flags = RTQ__FN_OPERATOR, .vec = vec_in, .filter = filter_in, .prepare = in_prepare,   \
        .unprepare = in_unprepare, .tag = IN_TAG(kind, flags_), .page = page_                   \
    }
#define IN_BOTH(name, type, kind, flags, page) \
    IN_ROW(name, type, type, kind, flags, page), IN_ROW(name, type, "any", kind, flags, page)
#define IN_ALL(name, flags, page)                                                                           \
    IN_BOTH(name, "string", RTQ_STRING, flags, page), IN_BOTH(name, "long", RTQ_LONG, flags, page),         \
        IN_BOTH(name, "real", RTQ_REAL, flags, page), IN_BOTH(name, "datetime", RTQ_DATETIME, flags, page), \
        IN_BOTH(name, "timespan", RTQ_TIMESPAN, flags, page), IN_BOTH(name, "guid", RTQ_GUID, flags, page), \
        IN_BOTH(name, "bool", RTQ_BOOL, flags, page), IN_BOTH(name, "decimal", RTQ_DECIMAL, flags, page),   \
        IN_ROW(name, "dynamic", "any", RTQ_DYNAMIC, flags, page)
#define IN_TEXT(name, flags, page) \
    IN_BOTH(name, "string", RTQ_STRING, flags, page), IN_ROW(name, "dynamic", "any", RTQ_STRING, flags, page)
#define EQUAL(name_, a, b, flags_, page_)                                                                            \
    {                                                                                                                \
        .name = name_, .args = a ", " b, .ret = "bool", .flags = RTQ__FN_OPERATOR, .row = row_nocase, .tag = flags_, \
        .page = page_                                                                                                \
    }
#define EQUAL_ALL(name, flags, page)                                                             \
    EQUAL(name, "string", "string", flags, page), EQUAL(name, "dynamic", "string", flags, page), \
        EQUAL(name, "string", "dynamic", flags, page), EQUAL(name, "dynamic", "dynamic", flags, page)

const rtq__fn rtq__fns_in[] = {
    IN_ALL("in", 0, "in-cs-operator"),     IN_ALL("!in", NEGATED, "not-in-cs-operator"),
    IN_TEXT("in~", NOCASE, "in-operator"), IN_TEXT("!in~", NOCASE | NEGATED, "not-in-operator"),
    EQUAL_ALL("=~", 0, "equals-operator"), EQUAL_ALL("!~", NEGATED, "not-equals-operator"),
};
RTQ__FAMILY_COUNT(in)
