/* fn_in.c - in, !in, in~, !in~ over lists of values: a set when all items are constants, else one comparison after another. Like a
 * chain of == : null is in a list only as null. */
#include "fn/convert.h"
#include "fn/families.h"
#include "fn/value_set.h"

enum { NOCASE = 1, NEGATED = 2 };
#define IN_TAG(kind, flags) ((kind) << 2 | (flags))
#define IN_KIND(tag) ((uint32_t)(tag) >> 2)

static int in_prepare(void **out, rtq__mem *mem, const rtq__fn *fn, const rtq__cell *const *args, uint32_t n_args,
                      rtq_diag *diag, size_t begin, size_t end)
{
    (void)diag, (void)begin, (void)end;
    for (uint32_t i = 1; i < n_args; i++)
        if (!args[i])
            return RTQ_OK;
    rtq__value_set *s = NULL;
    int rc = rtq__value_set_new(&s, mem, IN_KIND(fn->tag), fn->tag & NOCASE, args + 1, n_args - 1);
    *out = s;
    return rc;
}

static void in_unprepare(rtq__mem *mem, void *state)
{
    rtq__value_set_free(mem, state);
}

/* in: 1, 0, -1 for null, -2 no memory. */
static bool in_few_nocase(const rtq__value_set *s, const rtq__string *text)
{
    const char *p = rtq__string_ptr(text);
    for (uint32_t i = 0; i < s->n; i++)
        if (s->keys[i].s.len == text->len && rtq__equal_lower(p, rtq__string_ptr(&s->keys[i].s), text->len))
            return true;
    return false;
}

static inline int in_set(const rtq__value_set *s, const rtq__vec *v, uint32_t row, rtq__arena *heap)
{
    uint32_t at = rtq__vec_at(v, row);
    if (v->valid && !rtq__bit(v->valid, at))
        return s->has_null ? -1 : 0;
    rtq__key k = rtq__vec_key(v, at);
    if (!rtq__value_set_may_have(s, &k))
        return 0;
    if (s->nocase && s->by_word)
        return in_few_nocase(s, &k.s);
    if (s->nocase) {
        int folded = rtq__key_fold(&k, s->ascii, heap);
        if (folded != 1)
            return folded == 0 ? 0 : -2;
    }
    return rtq__value_set_has(s, &k);
}

/* ---- items that are columns --------------------------------------------------------------------------------------- */

/* One item against the key: 1, 0, -1 both null, -2 no memory. */
static int same_as(const rtq__key *k, bool is_null, const rtq__cell *item, const rtq__fcall *call)
{
    uint32_t kind = IN_KIND(call->fn->tag);
    rtq__scratch *scratch = call->eval->scratch;
    if (rtq__cell_is_null(item))
        return is_null ? -1 : 0;
    rtq__cell cell = rtq__cell_convert(item, kind, call->eval, scratch);
    if (rtq__cell_is_null(&cell))
        return kind == RTQ_STRING ? -2 : 0;
    rtq__key other = rtq__cell_key(&cell);
    if ((call->fn->tag & NOCASE) && rtq__key_fold(&other, false, scratch) < 0)
        return -2;
    bool nan = kind == RTQ_REAL && cell.u.d != cell.u.d;
    return !is_null && !nan && rtq__key_equal(kind, k, &other);
}

static int any_of(const rtq__key *k, bool is_null, const rtq__cell *item, const rtq__fcall *call)
{
    if (!rtq__cell_is_list(item))
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

static int in_row(const rtq__fcall *call, const rtq__vec *left, uint32_t row)
{
    bool is_null = rtq__vec_null(left, row);
    int in = 0;
    rtq__key k = rtq__vec_key(left, rtq__vec_at(left, row));
    if (!is_null && (call->fn->tag & NOCASE) && rtq__key_fold(&k, false, call->eval->scratch) < 0)
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

/* ---- running ------------------------------------------------------------------------------------------------------ */

/* The left side as the kind of the set; fields of open schemas as text. */
static int left_side(rtq__vec **out, const rtq__value_set **s, const rtq__fcall *call)
{
    uint32_t kind = IN_KIND(call->fn->tag);
    *s = call->state;
    if (*s && kind == RTQ_DYNAMIC && call->args[0]->kind == RTQ_UNKNOWN) {
        *s = (*s)->text;
        kind = RTQ_STRING;
    }
    return rtq__vec_convert(out, call, call->args[0], kind);
}

static int set_result(rtq__vec *v, uint32_t row, int in, bool negated, rtq__scratch *scratch)
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

static int vec_in(rtq__vec **out, rtq__fcall *call)
{
    rtq__scratch *scratch = call->eval->scratch;
    rtq__vec *left, *v = *out = rtq__vec_new(scratch, RTQ_BOOL, call->n);
    const rtq__value_set *s;
    int rc = v ? left_side(&left, &s, call) : RTQ_ERR_NOMEM;
    for (uint32_t i = 0; rc == RTQ_OK && i < call->n_sel; i++) {
        uint32_t row = call->sel ? call->sel[i] : i;
        rtq__arena_mark mark = rtq__arena_get_mark(scratch);
        int in = s ? in_set(s, left, row, scratch) : in_row(call, left, row);
        rtq__arena_release(scratch, mark); /* folded text */
        rc = set_result(v, row, in, call->fn->tag & NEGATED, scratch);
    }
    return rc;
}

static uint32_t filter_texts(rtq__sel *out, const rtq__value_set *s, const rtq__fcall *call, const rtq__string *texts,
                             bool negated)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < call->n_sel; i++) {
        uint32_t row = call->sel ? call->sel[i] : i;
        rtq__key k;
        k.s = texts[row];
        bool in = (s->bloom & rtq__bloom_bit(k.w[0])) && rtq__value_set_has(s, &k);
        out[n] = (rtq__sel)row;
        n += in != negated;
    }
    return n;
}

static int filter_in(rtq__sel *out, uint32_t *n_out, rtq__fcall *call)
{
    const rtq__value_set *s = call->state;
    bool negated = call->fn->tag & NEGATED;
    rtq__vec *left, *v;
    uint32_t n = 0;
    int rc;
    if (!s || s->has_null || (s->nocase && !s->ascii)) {
        if ((rc = vec_in(&v, call)) == RTQ_OK)
            *n_out = rtq__bools_filter(out, v, call->sel, call->n_sel, true);
        return rc;
    }
    if ((rc = left_side(&left, &s, call)) != RTQ_OK)
        return rc;
    if (left->kind == RTQ_STRING && left->form == RTQ__FLAT && !s->nocase && s->by_word) {
        *n_out = filter_texts(out, s, call, left->data, negated);
        return RTQ_OK;
    }
    for (uint32_t i = 0; i < call->n_sel; i++) {
        uint32_t row = call->sel ? call->sel[i] : i;
        int in = in_set(s, left, row, call->eval->scratch);
        out[n] = (rtq__sel)row;
        n += (in == 1) != negated;
        rc = in == -2 ? RTQ_ERR_NOMEM : rc;
    }
    *n_out = n;
    return rc;
}

#define IN_ROW(name_, left, items, kind, flags_, page_)                                                    \
    {                                                                                                      \
        .name = name_, .args = left ", " items "...", .ret = "bool", .nulls = RTQ__NULL_CUSTOM,            \
        .flags = RTQ__FN_OPERATOR, .vec = vec_in, .filter = filter_in, .prepare = in_prepare,              \
        .unprepare = in_unprepare, .tag = IN_TAG(kind, flags_), .doc = "whether a value is one of a list", \
        .page = page_                                                                                      \
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

const rtq__fn rtq__fns_in[] = {
    IN_ALL("in", 0, "in-cs-operator"),
    IN_ALL("!in", NEGATED, "not-in-cs-operator"),
    IN_TEXT("in~", NOCASE, "in-operator"),
    IN_TEXT("!in~", NOCASE | NEGATED, "not-in-operator"),
};
RTQ__FAMILY_COUNT(in)
