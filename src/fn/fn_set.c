/* fn_set.c - arrays as sets. */
#include <math.h>
#include "fn/families.h"
#include "fn/fn_array.h"

/* Distinct values with a hash index, on the heap of results. */
typedef struct set {
    rtq__dyn *items;
    uint32_t *index, n, mask;
} set;

static bool set_open(set *s, uint32_t max, rtq__rowctx *ctx)
{
    uint32_t cap = 8;
    while (cap < max * 2 && cap < UINT32_MAX / 4)
        cap *= 2;
    s->n = 0;
    s->mask = cap - 1;
    s->items = rtq__arena_alloc(ctx->heap, (max + 1u) * sizeof *s->items);
    s->index = rtq__arena_zalloc(ctx->heap, cap * sizeof *s->index);
    if (!s->items || !s->index)
        ctx->error = RTQ_ERR_NOMEM;
    return s->items && s->index;
}

/* Place of the value in the index; the place is free when it is not there. */
static uint32_t place(const set *s, const rtq__dyn *d)
{
    uint32_t at = (uint32_t)rtq__dyn_hash(d, 0) & s->mask;
    while (s->index[at] && !rtq__dyn_equal(&s->items[s->index[at] - 1], d))
        at = (at + 1) & s->mask;
    return at;
}

static void set_add(set *s, const rtq__dyn *d)
{
    uint32_t at = place(s, d);
    if (!s->index[at]) {
        s->items[s->n++] = *d;
        s->index[at] = s->n;
    }
}

static bool set_of(set *s, const rtq__dyn *items, uint32_t n, rtq__rowctx *ctx)
{
    if (!set_open(s, n, ctx))
        return false;
    for (uint32_t i = 0; i < n; i++)
        set_add(s, &items[i]);
    return true;
}

typedef struct input {
    const rtq__dyn *items;
    uint32_t n;
} input;

/* All arguments as arrays; NULL: one of them is none. */
static input *inputs(const rtq__cell *args, uint32_t n_args, uint64_t *total, rtq__rowctx *ctx)
{
    input *in = rtq__arena_alloc(ctx->heap, n_args * sizeof *in);
    *total = 0;
    for (uint32_t i = 0; in && i < n_args; i++) {
        in[i].items = rtq__array_items(&args[i], &in[i].n, ctx);
        *total += in[i].n;
        if (!in[i].items)
            return NULL;
    }
    if (!in)
        ctx->error = RTQ_ERR_NOMEM;
    return *total < UINT32_MAX / 4 ? in : NULL;
}

static bool unite(set *s, const input *in, uint32_t n, uint64_t total, rtq__rowctx *ctx)
{
    if (!set_open(s, (uint32_t)total, ctx))
        return false;
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t k = 0; k < in[i].n; k++)
            set_add(s, &in[i].items[k]);
    return true;
}

/* Keeps the values that are (want) or are not in `other`. */
static bool narrow(set *s, const input *other, bool want, rtq__rowctx *ctx)
{
    set o, kept;
    if (!set_of(&o, other->items, other->n, ctx) || !set_open(&kept, s->n, ctx))
        return false;
    for (uint32_t i = 0; i < s->n; i++)
        if ((o.index[place(&o, &s->items[i])] != 0) == want)
            set_add(&kept, &s->items[i]);
    *s = kept;
    return true;
}

static void row_union(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    uint64_t total;
    input *in = inputs(args, n_args, &total, ctx);
    set s;
    if (in && unite(&s, in, n_args, total, ctx))
        rtq__return_array(out, s.items, s.n, ctx);
}

enum { INTERSECT, DIFFERENCE };

static void row_narrow(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    uint64_t total;
    input *in = inputs(args, n_args, &total, ctx);
    set s;
    if (!in || !set_of(&s, in[0].items, in[0].n, ctx))
        return;
    for (uint32_t i = 1; i < n_args; i++)
        if (!narrow(&s, &in[i], ctx->fn->tag == INTERSECT, ctx))
            return;
    rtq__return_array(out, s.items, s.n, ctx);
}

static void row_jaccard(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    uint64_t total;
    input *in = inputs(args, n_args, &total, ctx);
    set all, common;
    if (!in || !unite(&all, in, n_args, total, ctx) || !set_of(&common, in[0].items, in[0].n, ctx))
        return;
    for (uint32_t i = 1; i < n_args; i++)
        if (!narrow(&common, &in[i], true, ctx))
            return;
    rtq__dyn y = {.tag = RTQ__DYN_REAL}; /* Kusto's binder types it dynamic, its emulator real */
    y.u.d = all.n ? (double)common.n / all.n : NAN;
    *out = rtq__cell_y(y);
}

static void row_equals(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    uint64_t total;
    input *in = inputs(args, n_args, &total, ctx);
    set a, b;
    if (!in || !set_of(&a, in[0].items, in[0].n, ctx) || !set_of(&b, in[1].items, in[1].n, ctx))
        return;
    bool same = a.n == b.n;
    for (uint32_t i = 0; same && i < a.n; i++)
        same = b.index[place(&b, &a.items[i])] != 0;
    rtq__return_bool(out, same);
}

static void row_has_element(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    rtq__dyn_iter it;
    rtq__dyn what = rtq__dyn_of(&args[1]);
    bool found = false;
    (void)n_args;
    if (args[0].is_null || !rtq__dyn_is_array(&args[0].u.y))
        return;
    rtq__dyn_iter_init(&it, &args[0].u.y, ctx->heap);
    while (!found && rtq__dyn_next(&it))
        found = rtq__dyn_equal(&it.item, &what);
    ctx->error = it.error;
    rtq__return_bool(out, found);
}

/* clang-format off */
const rtq__fn rtq__fns_set[] = {
    {.name = "set_union", .args = "dynamic, dynamic...", .ret = "dynamic", .row = row_union, .doc = "Distinct items of all arrays.", .page = "set-union-function"},
    {.name = "set_intersect", .args = "dynamic, dynamic...", .ret = "dynamic", .row = row_narrow, .tag = INTERSECT, .doc = "Distinct items that are in all arrays.", .page = "set-intersect-function"},
    {.name = "set_difference", .args = "dynamic, dynamic...", .ret = "dynamic", .row = row_narrow, .tag = DIFFERENCE, .doc = "Distinct items of the first array that are in none of the others.", .page = "set-difference-function"},
    {.name = "set_equals", .args = "dynamic, dynamic", .ret = "bool", .row = row_equals, .doc = "Two arrays have the same distinct items.", .page = "set-equals-function"},
    {.name = "set_has_element", .args = "dynamic, any", .ret = "bool", .nulls = RTQ__NULL_CUSTOM, .row = row_has_element, .doc = "An array has the item.", .page = "set-has-element-function"},
    {.name = "jaccard_index", .args = "dynamic, dynamic", .ret = "dynamic", .row = row_jaccard, .doc = "Size of the intersection by size of the union.", .page = "jaccard-index-function"},
};
/* clang-format on */
RTQ__FAMILY_COUNT(set)
