/* fn_term.c - has_any, has_all, has_any_index: many needles at once.
 *
 * A few needles are searched one by one. Many are looked up the other way round: the value is cut into its terms, and each term is looked
 * for in a hash table of the needles that are single terms; only needles with other characters in them are still searched. */
#include "base/text.h"
#include "fn/families.h"
#include "fn/fn_text.h"
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

enum { ANY, ALL, INDEX }; /* tag of a row */
enum { FEW = 6, MAX_TERM = 63 };

typedef struct terms {
    rtq__arena arena; /* of prepared sets */
    rtq__needle *needles;
    uint32_t n, n_other;   /* n_other: the first needles, not in the table */
    uint32_t *table, mask; /* needle number + 1 */
    uint64_t lengths;      /* bit: some needle in the table has this length */
    uint32_t
        firsts[MAX_TERM + 1]; /* by length, bit: some needle begins with a letter or digit that has these low bits */
} terms;

static inline unsigned char lower(unsigned char c)
{
    return c >= 'A' && c <= 'Z' ? (unsigned char)(c + 32) : c;
}
static inline uint32_t mix(uint32_t h, unsigned char c)
{
    return (h ^ c) * 0x01000193u;
}
static inline bool alnum(unsigned char c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

static bool equal(const rtq__needle *n, const char *ptr)
{
    for (size_t i = 0; i < n->len; i++)
        if (lower((unsigned char)n->ptr[i]) != lower((unsigned char)ptr[i]))
            return false;
    return true;
}

static bool is_term(const rtq__needle *n)
{
    for (size_t i = 0; i < n->len; i++)
        if (!alnum((unsigned char)n->ptr[i]))
            return false;
    return n->len > 0 && n->len <= MAX_TERM;
}

static int add(terms *t, rtq__arena *arena, uint32_t *cap, rtq_str text)
{
    if (t->n == *cap) {
        uint32_t more = *cap ? *cap * 2 : 8;
        rtq__needle *needles = rtq__arena_alloc(arena, more * sizeof *needles);
        if (!needles)
            return RTQ_ERR_NOMEM;
        if (t->n)
            memcpy(needles, t->needles, t->n * sizeof *needles);
        t->needles = needles;
        *cap = more;
    }
    char *copy = rtq__arena_strndup(arena, text.ptr, text.len);
    if (!copy)
        return RTQ_ERR_NOMEM;
    rtq__needle_init(&t->needles[t->n++], copy, text.len, false);
    return RTQ_OK;
}

static int add_cell(terms *t, rtq__arena *arena, uint32_t *cap, const rtq__cell *c, rtq__buf *buf)
{
    bool list = (c->kind == RTQ_DYNAMIC || c->kind == RTQ_UNKNOWN) && !c->is_null && rtq__dyn_is_array(&c->u.y);
    if (!list)
        return c->is_null ? RTQ_OK : add(t, arena, cap, rtq__text_of(c, buf));
    rtq__dyn_iter it;
    int rc = RTQ_OK;
    rtq__dyn_iter_init(&it, &c->u.y, arena);
    while (rc == RTQ_OK && rtq__dyn_next(&it))
        rc = add(t, arena, cap, rtq__text_of_dyn(&it.item, buf));
    return rc == RTQ_OK ? it.error : rc;
}

static int index_terms(terms *t, rtq__arena *arena)
{
    if (t->n <= FEW) {
        t->n_other = t->n;
        return RTQ_OK;
    }
    uint32_t cap = 16;
    while (cap < t->n * 2)
        cap *= 2;
    t->table = rtq__arena_zalloc(arena, cap * sizeof *t->table);
    if (!t->table)
        return RTQ_ERR_NOMEM;
    t->mask = cap - 1;
    for (uint32_t i = 0; i < t->n; i++) { /* needles that are searched come first */
        if (!is_term(&t->needles[i])) {
            rtq__needle swap = t->needles[i];
            t->needles[i] = t->needles[t->n_other];
            t->needles[t->n_other++] = swap;
        }
    }
    for (uint32_t i = t->n_other; i < t->n; i++) {
        const rtq__needle *n = &t->needles[i];
        uint32_t h = 0x811c9dc5u;
        for (size_t k = 0; k < n->len; k++)
            h = mix(h, lower((unsigned char)n->ptr[k]));
        uint32_t at = h & t->mask;
        while (t->table[at])
            at = (at + 1) & t->mask;
        t->table[at] = i + 1;
        t->lengths |= UINT64_C(1) << n->len;
        t->firsts[n->len] |= UINT32_C(1) << (n->ptr[0] & 31); /* the same for both cases */
    }
    return RTQ_OK;
}

/* Bytes of terms: letters, digits, and all of non-ASCII text, which is looked at more closely. */
static const uint8_t byte_class[256] = {['0' ... '9'] = 1, ['A' ... 'Z'] = 1, ['a' ... 'z'] = 1, [0x80 ... 0xFF] = 2};

static bool in_table(const terms *t, const char *ptr, size_t len)
{
    if (len > MAX_TERM || !(t->firsts[len] >> (ptr[0] & 31) & 1))
        return false;
    uint32_t h = 0x811c9dc5u;
    for (size_t i = 0; i < len; i++)
        h = mix(h, lower((unsigned char)ptr[i]));
    for (uint32_t at = h & t->mask; t->table[at]; at = (at + 1) & t->mask) {
        const rtq__needle *n = &t->needles[t->table[at] - 1];
        if (n->len == len && equal(n, ptr))
            return true;
    }
    return false;
}

/* Where the term ends that has reached a byte of non-ASCII text at i: letters go on, anything else ends it. */
static size_t skip_wide(const char *ptr, size_t len, size_t i, bool *term)
{
    uint32_t cp;
    size_t n = rtq__utf8_next(&cp, ptr + i, len - i);
    *term = rtq__is_alnum(cp);
    return i + n;
}

static bool any_term_wide(const terms *t, const char *ptr, size_t len)
{
    size_t i = 0;
    while (i < len) {
        size_t begin = i;
        bool ascii = true, goes_on = true;
        while (i < len && byte_class[(unsigned char)ptr[i]] == 1)
            i++;
        size_t end = i;
        while (goes_on && i < len && byte_class[(unsigned char)ptr[i]]) { /* rare: the term has other letters in it */
            bool letter = true;
            i = byte_class[(unsigned char)ptr[i]] == 1 ? i + 1 : skip_wide(ptr, len, i, &letter);
            ascii = ascii && !letter;
            goes_on = letter;
        }
        if (ascii && end > begin && in_table(t, ptr + begin, end - begin))
            return true;
        if (goes_on && i < len)
            i++; /* a byte that is no part of a term */
    }
    return false;
}

/* Which of up to 64 bytes are letters and digits. False: there is non-ASCII text among them. */
static bool classify(uint64_t *mask, const char *ptr, size_t len)
{
    uint64_t m = 0, wide = 0;
#if defined(__SSE2__)
    char padded[64];
    if (len < 64) {
        memset(padded, 0, sizeof padded);
        memcpy(padded, ptr, len);
        ptr = padded;
    }
    for (int k = 0; k < 4; k++) {
        __m128i x = _mm_loadu_si128((const __m128i *)(const void *)(ptr + 16 * k)),
                low = _mm_or_si128(x, _mm_set1_epi8(0x20));
        __m128i digit = _mm_and_si128(_mm_cmpgt_epi8(x, _mm_set1_epi8('0' - 1)),
                                      _mm_cmplt_epi8(x, _mm_set1_epi8('9' + 1)));
        __m128i letter = _mm_and_si128(_mm_cmpgt_epi8(low, _mm_set1_epi8('a' - 1)),
                                       _mm_cmplt_epi8(low, _mm_set1_epi8('z' + 1)));
        m |= (uint64_t)(unsigned)_mm_movemask_epi8(_mm_or_si128(digit, letter)) << (16 * k);
        wide |= (uint64_t)(unsigned)_mm_movemask_epi8(x) << (16 * k);
    }
#else
    for (size_t i = 0; i < len; i++) {
        m |= (uint64_t)(byte_class[(unsigned char)ptr[i]] == 1) << i;
        wide |= (uint64_t)(byte_class[(unsigned char)ptr[i]] == 2) << i;
    }
#endif
    *mask = m;
    return !wide;
}

/* Sixty-four bytes at a time; a term that reaches the end of such a piece begins the next one. */
static bool any_term(const terms *t, const char *ptr, size_t len)
{
    for (size_t i = 0; i < len;) {
        size_t n = len - i < 64 ? len - i : 64;
        uint64_t m;
        if (!classify(&m, ptr + i, n))
            return any_term_wide(t, ptr + i, len - i);
        if (m == UINT64_MAX) { /* longer than any needle of the table */
            while (i < len && byte_class[(unsigned char)ptr[i]] == 1)
                i++;
            if (i < len && byte_class[(unsigned char)ptr[i]] == 2)
                return any_term_wide(t, ptr + i, len - i);
            continue;
        }
        size_t next = i + n;
        for (uint64_t starts = m & ~(m << 1); starts; starts &= starts - 1) {
            unsigned at = (unsigned)__builtin_ctzll(starts), run = (unsigned)__builtin_ctzll(~(m >> at));
            if (at + run == 64 && next < len && at > 0) {
                next = i + at;
                break;
            }
            if (in_table(t, ptr + i + at, run))
                return true;
        }
        i = next;
    }
    return false;
}

static bool has(const terms *t, uint32_t i, const char *ptr, size_t len)
{
    return rtq__needle_has(&t->needles[i], ptr, len, RTQ__TERM_BEGIN | RTQ__TERM_END);
}

static bool test(const terms *t, intptr_t how, const char *ptr, size_t len)
{
    if (how == ALL) {
        for (uint32_t i = 0; i < t->n; i++)
            if (!has(t, i, ptr, len))
                return false;
        return t->n > 0;
    }
    for (uint32_t i = 0; i < t->n_other; i++)
        if (has(t, i, ptr, len))
            return true;
    return t->table && any_term(t, ptr, len);
}

static int prepare(void **out, rtq__mem *mem, const rtq__fn *fn, const rtq__cell *const *args, uint32_t n_args,
                   rtq_diag *diag, size_t begin, size_t end)
{
    (void)diag, (void)begin, (void)end;
    uint32_t cap = 0;
    for (uint32_t i = 1; i < n_args; i++)
        if (!args[i])
            return RTQ_OK;
    terms *t = rtq__calloc(mem, 1, sizeof *t);
    if (!t)
        return RTQ_ERR_NOMEM;
    rtq__arena_init(&t->arena, mem, 1024);
    rtq__buf buf;
    rtq__buf_init(&buf, mem);
    int rc = RTQ_OK;
    for (uint32_t i = 1; i < n_args && rc == RTQ_OK; i++)
        rc = add_cell(t, &t->arena, &cap, args[i], &buf);
    if (rc == RTQ_OK && fn->tag == ANY)
        rc = index_terms(t, &t->arena);
    rtq__buf_free(&buf);
    if (rc != RTQ_OK) {
        rtq__arena_free(&t->arena);
        rtq__free(mem, t);
        return rc;
    }
    *out = t;
    return RTQ_OK;
}

static void unprepare(rtq__mem *mem, void *state)
{
    terms *t = state;
    if (t)
        rtq__arena_free(&t->arena);
    rtq__free(mem, t);
}

/* Arguments that are the same for all rows of the batch, though not known at compile time (results of subqueries). */
static int from_vectors(terms *t, const rtq__fcall *call, uint32_t row)
{
    uint32_t cap = 0;
    int rc = RTQ_OK;
    memset(t, 0, sizeof *t);
    for (uint32_t i = 1; i < call->n_args && rc == RTQ_OK; i++) {
        rtq__cell c = rtq__vec_get(call->args[i], row);
        rc = add_cell(t, call->eval->scratch, &cap, &c, &call->eval->text);
    }
    return rc == RTQ_OK && call->fn->tag == ANY ? index_terms(t, call->eval->scratch) : rc;
}

static bool same_for_all(const rtq__fcall *call)
{
    for (uint32_t i = 1; i < call->n_args; i++)
        if (call->args[i]->form != RTQ__CONST)
            return false;
    return true;
}

/* Calls `put` with the answer of each row. */
static int each(rtq__fcall *call, uint8_t *bools, rtq__sel *out, uint32_t *n_out)
{
    const terms *t = call->state;
    terms own;
    int rc = RTQ_OK;
    bool same = t || same_for_all(call);
    uint32_t n = 0;
    if (!t && same && (rc = from_vectors(&own, call, 0)) == RTQ_OK)
        t = &own;
    for (uint32_t i = 0; i < call->n_sel && rc == RTQ_OK; i++) {
        uint32_t row = call->sel ? call->sel[i] : i;
        rtq__arena_mark mark = rtq__arena_get_mark(call->eval->scratch);
        if (!same && (rc = from_vectors(&own, call, row)) == RTQ_OK)
            t = &own;
        if (rc == RTQ_OK) {
            rtq__cell c = rtq__vec_get(call->args[0], row);
            rtq_str text = rtq__text_of(&c, &call->eval->text);
            bool yes = test(t, call->fn->tag, text.ptr, text.len);
            if (bools)
                bools[row] = yes;
            else if (yes)
                out[n++] = (rtq__sel)row;
        }
        if (!same)
            rtq__arena_release(call->eval->scratch, mark);
    }
    if (n_out)
        *n_out = n;
    return rc;
}

static int filter(rtq__sel *out, uint32_t *n_out, rtq__fcall *call)
{
    return each(call, NULL, out, n_out);
}

static int vec(rtq__vec **out, rtq__fcall *call)
{
    *out = rtq__vec_new(call->eval->scratch, RTQ_BOOL, call->n);
    return *out ? each(call, (*out)->data, NULL, NULL) : RTQ_ERR_NOMEM;
}

static void row_index(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    const terms *t = ctx->state;
    terms own = {0};
    (void)n_args;
    if (args[1].is_null || !rtq__dyn_is_array(&args[1].u.y))
        return;
    if (!t) {
        uint32_t cap = 0;
        if ((ctx->error = add_cell(&own, ctx->heap, &cap, &args[1], &ctx->eval->text)) != RTQ_OK)
            return;
        t = &own;
    }
    rtq_str text = rtq__text_of(&args[0], &ctx->eval->text);
    for (uint32_t i = 0; i < t->n; i++) {
        if (has(t, i, text.ptr, text.len)) {
            rtq__return_long(out, i);
            return;
        }
    }
    rtq__return_long(out, -1);
}

/* clang-format off */
#define ROW(op, params, how, text, ref) \
    {.name = op, .args = params, .ret = "bool", .nulls = RTQ__NULL_CUSTOM, .flags = RTQ__FN_OPERATOR, .vec = vec, .filter = filter, \
     .prepare = prepare, .unprepare = unprepare, .doc = text, .page = ref, .tag = how}
#define INDEX_ROW(params) \
    {.name = "has_any_index", .args = params, .ret = "long", .nulls = RTQ__NULL_CUSTOM, .row = row_index, .prepare = prepare, .unprepare = unprepare, \
     .doc = "Position in the array of the first item that the value has, -1 when there is none.", .page = "has-any-index-function", .tag = INDEX}

const rtq__fn rtq__fns_term[] = {
    ROW("has_any", "string, any...", ANY, "The value has one of the texts as whole terms, case ignored.", "has-any-operator"),
    ROW("has_any", "dynamic, any...", ANY, "The value has one of the texts as whole terms, case ignored.", "has-any-operator"),
    ROW("has_all", "string, any...", ALL, "The value has all of the texts as whole terms, case ignored.", "has-all-operator"),
    ROW("has_all", "dynamic, any...", ALL, "The value has all of the texts as whole terms, case ignored.", "has-all-operator"),
    INDEX_ROW("string, dynamic"), INDEX_ROW("dynamic, dynamic"),
};
/* clang-format on */
RTQ__FAMILY_COUNT(term)
