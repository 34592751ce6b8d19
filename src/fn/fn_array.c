/* fn_array.c - arrays. */
#include <math.h>
#include <stdlib.h>
#include "fn/families.h"
#include "fn/fn_array.h"

enum { MAX_ITEMS = 1048576 };

/* The items of an array; *items NULL: no array (or out of memory: ctx->error). */
const rtq__dyn *rtq__array_items(const rtq__cell *c, uint32_t *n, rtq__rowctx *ctx)
{
    *n = 0;
    if (c->is_null || (c->kind != RTQ_DYNAMIC && c->kind != RTQ_UNKNOWN) || !rtq__dyn_is_array(&c->u.y))
        return NULL;
    uint32_t count = rtq__dyn_count(&c->u.y), k = 0;
    rtq__dyn *items = rtq__arena_alloc(ctx->heap, (count + 1u) * sizeof *items);
    rtq__dyn_iter it;
    if (!items) {
        ctx->error = RTQ_ERR_NOMEM;
        return NULL;
    }
    rtq__dyn_iter_init(&it, &c->u.y, ctx->heap);
    for (; k < count && rtq__dyn_next(&it); k++)
        items[k] = it.item;
    if (it.error) {
        ctx->error = it.error;
        return NULL;
    }
    *n = k;
    return items;
}

void rtq__return_array(rtq__cell *out, const rtq__dyn *items, uint32_t n, rtq__rowctx *ctx)
{
    rtq__dyn_begin_array(ctx->eval->builder);
    for (uint32_t i = 0; i < n; i++)
        rtq__dyn_add(ctx->eval->builder, &items[i]);
    rtq__dyn_end(ctx->eval->builder);
    rtq__return_built(out, ctx);
}

rtq__dyn rtq__dyn_of(const rtq__cell *c)
{
    if (c->is_null)
        return (rtq__dyn){0};
    return c->kind == RTQ_DYNAMIC || c->kind == RTQ_UNKNOWN ? c->u.y : rtq__dyn_from_cell(c);
}

bool rtq__dyn_real(double *out, const rtq__dyn *d)
{
    if (d->tag == RTQ__DYN_REAL)
        *out = d->u.d;
    else if (d->tag == RTQ__DYN_LONG)
        *out = (double)d->u.i;
    else
        return false;
    return true;
}

static void row_length(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    (void)n_args, (void)ctx;
    if (rtq__dyn_is_array(&args[0].u.y))
        rtq__return_long(out, rtq__dyn_count(&args[0].u.y));
}

static void row_concat(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    rtq__dyn_iter it;
    rtq__dyn_begin_array(ctx->eval->builder);
    for (uint32_t i = 0; i < n_args; i++) { /* what is no array adds nothing */
        if (args[i].is_null || !rtq__dyn_is_array(&args[i].u.y))
            continue;
        rtq__dyn_iter_init(&it, &args[i].u.y, ctx->heap);
        while (rtq__dyn_next(&it))
            rtq__dyn_add(ctx->eval->builder, &it.item);
        ctx->error = it.error ? it.error : ctx->error;
    }
    rtq__dyn_end(ctx->eval->builder);
    rtq__return_built(out, ctx);
}

static void row_pack(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    rtq__dyn_begin_array(ctx->eval->builder);
    for (uint32_t i = 0; i < n_args; i++)
        rtq__dyn_add_cell(ctx->eval->builder, &args[i]);
    rtq__dyn_end(ctx->eval->builder);
    rtq__return_built(out, ctx);
}

static int64_t clamp(int64_t i, uint32_t n) /* a position, from the end when negative, inside 0 … n */
{
    if (i < 0)
        i = i < -(int64_t)n ? 0 : i + n;
    return i > n ? n : i;
}

static void row_slice(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    uint32_t n;
    const rtq__dyn *items = rtq__array_items(&args[0], &n, ctx);
    (void)n_args;
    if (!items)
        return;
    int64_t from = clamp(args[1].u.i, n), last = args[2].u.i, to;
    if (last < -(int64_t)n)
        to = 0;
    else
        to = last >= n ? n : clamp(last, n) + 1;
    rtq__return_array(out, items + from, to > from ? (uint32_t)(to - from) : 0, ctx);
}

static void row_index_of(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    uint32_t n;
    const rtq__dyn *items = rtq__array_items(&args[0], &n, ctx);
    rtq__dyn what = rtq__dyn_of(&args[1]);
    int64_t start = n_args > 2 ? args[2].u.i : 0, length = n_args > 3 ? args[3].u.i : -1,
            occurrence = n_args > 4 ? args[4].u.i : 1;
    if (!items || length < -1 || occurrence < 0)
        return;
    start = clamp(start, n);
    int64_t end = length < 0 || length > n - start ? n : start + length;
    for (int64_t i = start; i < end; i++) {
        if (rtq__dyn_equal(&items[i], &what) && --occurrence <= 0) {
            rtq__return_long(out, i);
            return;
        }
    }
    rtq__return_long(out, -1);
}

static void row_reverse(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    uint32_t n;
    const rtq__dyn *items = rtq__array_items(&args[0], &n, ctx);
    (void)n_args;
    if (!items)
        return;
    rtq__dyn_begin_array(ctx->eval->builder);
    for (uint32_t i = n; i > 0; i--)
        rtq__dyn_add(ctx->eval->builder, &items[i - 1]);
    rtq__dyn_end(ctx->eval->builder);
    rtq__return_built(out, ctx);
}

static void row_sum(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    uint32_t n;
    const rtq__dyn *items = rtq__array_items(&args[0], &n, ctx);
    double sum = 0, x;
    bool numbers = true;
    (void)n_args;
    for (uint32_t i = 0; i < n; i++) {
        bool number = rtq__dyn_real(&x, &items[i]);
        numbers &= number || items[i].tag == RTQ__DYN_NULL;
        sum += number ? x : 0;
    }
    if (items && n && numbers)
        *out = rtq__cell_d(sum);
}

/* ---- shifting ------------------------------------------------------------------------------------------------------ */
enum { LEFT, RIGHT };

/* What moves in where nothing is given: "" between texts, null elsewhere. */
static rtq__dyn shifted_in(const rtq__dyn *items, uint32_t n)
{
    uint32_t texts = 0;
    while (texts < n && items[texts].tag == RTQ__DYN_STRING)
        texts++;
    return n > 0 && texts == n ? rtq__dyn_text("", 0) : (rtq__dyn){0};
}

static void row_shift(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    uint32_t n;
    const rtq__dyn *items = rtq__array_items(&args[0], &n, ctx);
    int64_t by = args[1].is_null ? 0 : args[1].u.i;
    if (!items)
        return;
    rtq__dyn fill = n_args > 2 ? rtq__dyn_of(&args[2]) : shifted_in(items, n);
    by = by > n ? n : by < -(int64_t)n ? -(int64_t)n : by;
    if (ctx->fn->tag == RIGHT)
        by = -by;
    rtq__dyn_begin_array(ctx->eval->builder);
    for (int64_t i = 0; i < n; i++)
        rtq__dyn_add(ctx->eval->builder, i + by >= 0 && i + by < n ? &items[i + by] : &fill);
    rtq__dyn_end(ctx->eval->builder);
    rtq__return_built(out, ctx);
}

static void row_rotate(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    uint32_t n;
    const rtq__dyn *items = rtq__array_items(&args[0], &n, ctx);
    (void)n_args;
    if (!items)
        return;
    int64_t by = n ? args[1].u.i % (int64_t)n : 0;
    if (ctx->fn->tag == RIGHT)
        by = -by;
    by = by < 0 ? by + n : by;
    rtq__dyn_begin_array(ctx->eval->builder);
    for (uint32_t i = 0; i < n; i++)
        rtq__dyn_add(ctx->eval->builder, &items[(i + (uint64_t)by) % n]);
    rtq__dyn_end(ctx->eval->builder);
    rtq__return_built(out, ctx);
}

/* ---- split, iff, zip ------------------------------------------------------------------------------------------------ */
static void add_part(rtq__dyn_builder *b, const rtq__dyn *items, int64_t from, int64_t to)
{
    rtq__dyn_begin_array(b);
    for (int64_t i = from; i < to; i++)
        rtq__dyn_add(b, &items[i]);
    rtq__dyn_end(b);
}

static void row_split(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    uint32_t n, n_cuts = 1;
    const rtq__dyn *items = rtq__array_items(&args[0], &n, ctx), *cuts = NULL;
    rtq__dyn one = rtq__dyn_number(args[1].u.i);
    (void)n_args;
    if (args[1].kind == RTQ_DYNAMIC && !(cuts = rtq__array_items(&args[1], &n_cuts, ctx))) {
        one = args[1].u.y;
        n_cuts = 1;
    }
    cuts = cuts ? cuts : &one;
    if (!items)
        return;
    int64_t at = 0;
    rtq__dyn_begin_array(ctx->eval->builder);
    for (uint32_t i = 0; i < n_cuts; i++) {
        int64_t cut = cuts[i].tag == RTQ__DYN_LONG ? clamp(cuts[i].u.i, n) : at;
        add_part(ctx->eval->builder, items, at, cut);
        at = cut > at ? cut : at;
    }
    add_part(ctx->eval->builder, items, at, n);
    rtq__dyn_end(ctx->eval->builder);
    rtq__return_built(out, ctx);
}

static void row_iff(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    uint32_t n, n_of[2];
    const rtq__dyn *conditions = rtq__array_items(&args[0], &n, ctx), *from[2], none = {0};
    rtq__dyn scalar[2];
    (void)n_args;
    for (int k = 0; k < 2; k++) {
        from[k] = rtq__array_items(&args[1 + k], &n_of[k], ctx);
        scalar[k] = rtq__dyn_of(&args[1 + k]);
    }
    if (!conditions)
        return;
    rtq__dyn_begin_array(ctx->eval->builder);
    for (uint32_t i = 0; i < n; i++) {
        double x;
        const rtq__dyn *c = &conditions[i];
        bool known = c->tag == RTQ__DYN_BOOL || rtq__dyn_real(&x, c),
             yes = c->tag == RTQ__DYN_BOOL ? c->u.i != 0 : known && x != 0;
        int k = yes ? 0 : 1;
        rtq__dyn_add(ctx->eval->builder, !known ? &none : !from[k] ? &scalar[k] : i < n_of[k] ? &from[k][i] : &none);
    }
    rtq__dyn_end(ctx->eval->builder);
    rtq__return_built(out, ctx);
}

static void row_zip(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    uint32_t longest = 0;
    const rtq__dyn none = {0};
    struct {
        const rtq__dyn *items;
        uint32_t n;
    } *in = rtq__arena_alloc(ctx->heap, n_args * sizeof *in);
    if (!in) {
        ctx->error = RTQ_ERR_NOMEM;
        return;
    }
    for (uint32_t i = 0; i < n_args; i++) {
        in[i].items = rtq__array_items(&args[i], &in[i].n, ctx);
        longest = in[i].n > longest ? in[i].n : longest;
    }
    rtq__dyn_begin_array(ctx->eval->builder);
    for (uint32_t k = 0; k < longest; k++) {
        rtq__dyn_begin_array(ctx->eval->builder);
        for (uint32_t i = 0; i < n_args; i++)
            rtq__dyn_add(ctx->eval->builder, k < in[i].n ? &in[i].items[k] : &none);
        rtq__dyn_end(ctx->eval->builder);
    }
    rtq__dyn_end(ctx->eval->builder);
    rtq__return_built(out, ctx);
}

/* ---- sorting ------------------------------------------------------------------------------------------------------- */
typedef struct ranked {
    rtq__dyn item;
    uint32_t at;
} ranked;

/* Numbers and times, then text, guids, everything else. */
static int rank(const rtq__dyn *d)
{
    switch (d->tag) {
    case RTQ__DYN_LONG:
    case RTQ__DYN_REAL:
    case RTQ__DYN_DECIMAL:
    case RTQ__DYN_DATETIME:
    case RTQ__DYN_TIMESPAN: return 0;
    case RTQ__DYN_STRING: return 1;
    case RTQ__DYN_GUID: return 2;
    default: return 3;
    }
}

static int ascending(const void *a, const void *b)
{
    const ranked *x = a, *y = b;
    int c = rank(&x->item) - rank(&y->item);
    if (!c)
        c = rtq__dyn_compare(&x->item, &y->item);
    return c ? c : (x->at > y->at) - (x->at < y->at);
}

static int descending(const void *a, const void *b)
{
    const ranked *x = a, *y = b;
    int c = rank(&x->item) - rank(&y->item);
    if (!c)
        c = rtq__dyn_compare(&y->item, &x->item);
    return c ? c : (x->at > y->at) - (x->at < y->at);
}

/* The order of `by` applied to `of`, which has as many items. */
static void sort_array(rtq__cell *out, const rtq__cell *by, const rtq__cell *of, bool asc, bool nulls_last,
                       rtq__rowctx *ctx)
{
    uint32_t n, m, k = 0;
    const rtq__dyn *keys = rtq__array_items(by, &n, ctx), *items = by == of ? keys : rtq__array_items(of, &m, ctx);
    ranked *order = rtq__arena_alloc(ctx->heap, (n + 1u) * sizeof *order);
    if (!keys || !items || (by != of && m != n))
        return;
    if (!order) {
        ctx->error = RTQ_ERR_NOMEM;
        return;
    }
    for (uint32_t i = 0; i < n; i++)
        if (keys[i].tag != RTQ__DYN_NULL)
            order[k++] = (ranked){keys[i], i};
    qsort(order, k, sizeof *order, asc ? ascending : descending);
    rtq__dyn_begin_array(ctx->eval->builder);
    for (int pass = 0; pass < 2; pass++) {
        if ((pass == 1) == nulls_last) {
            for (uint32_t i = 0; i < n; i++)
                if (keys[i].tag == RTQ__DYN_NULL)
                    rtq__dyn_add(ctx->eval->builder, &items[i]);
        } else {
            for (uint32_t i = 0; i < k; i++)
                rtq__dyn_add(ctx->eval->builder, &items[order[i].at]);
        }
    }
    rtq__dyn_end(ctx->eval->builder);
    rtq__return_built(out, ctx);
}

enum { ASC, DESC };

static void row_sort(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    const rtq__cell *last = &args[n_args - 1];
    sort_array(out, &args[0], &args[0], ctx->fn->tag == ASC, last->kind != RTQ_BOOL || last->u.i, ctx);
}

/* Column number `k` of array_sort_…(a, b, …): args: k, ascending, nulls last, arrays. */
static void row_sort_nth(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    int64_t k = args[0].u.i;
    if (k >= 0 && k + 3 < n_args)
        sort_array(out, &args[3], &args[3 + k], args[1].u.i, args[2].u.i, ctx);
}

/* ---- making arrays -------------------------------------------------------------------------------------------------- */
static void row_repeat(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    int64_t n = args[1].is_null ? -1 : args[1].u.i;
    (void)n_args;
    if (n < 0)
        return;
    rtq__dyn_begin_array(ctx->eval->builder);
    for (int64_t i = 0; i < n && i < MAX_ITEMS; i++)
        rtq__dyn_add_cell(ctx->eval->builder, &args[0]);
    rtq__dyn_end(ctx->eval->builder);
    rtq__return_built(out, ctx);
}

static void row_range(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    int64_t hour = INT64_C(36000000000), start = args[0].u.i, stop = args[1].u.i;
    int64_t step = n_args > 2 ? args[2].u.i : args[0].kind == RTQ_LONG ? 1 : hour;
    if (!step)
        return;
    rtq__dyn_begin_array(ctx->eval->builder);
    for (uint32_t i = 0; i < MAX_ITEMS && (step > 0 ? start <= stop : start >= stop); i++) {
        rtq__cell c = rtq__cell_i(args[0].kind, start);
        rtq__dyn_add_cell(ctx->eval->builder, &c);
        if (__builtin_add_overflow(start, step, &start))
            break;
    }
    rtq__dyn_end(ctx->eval->builder);
    rtq__return_built(out, ctx);
}

static void row_range_real(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    double start = args[0].u.d, stop = args[1].u.d, step = n_args > 2 ? args[2].u.d : 1;
    if (step == 0 || isnan(step) || isnan(start) || isnan(stop))
        return;
    rtq__dyn_begin_array(ctx->eval->builder);
    for (uint32_t i = 0; i < MAX_ITEMS; i++) {
        double x = start + i * step;
        if (step > 0 ? x > stop : x < stop)
            break;
        rtq__dyn d = rtq__dyn_float(x);
        rtq__dyn_add(ctx->eval->builder, &d);
    }
    rtq__dyn_end(ctx->eval->builder);
    rtq__return_built(out, ctx);
}

/* clang-format off */
#define ROW(fn, params, type, rule, kernel, how, text, ref, more) \
    {.name = fn, .args = params, .ret = type, .nulls = rule, .row = kernel, .tag = how, .doc = text, .page = ref "-function", .flags = more}
#define SORT(fn, params, how, text, ref) \
    {.name = fn, .args = params, .ret = "dynamic", .nulls = RTQ__NULL_CUSTOM, .naming = RTQ__NAME_FIRST, .row = row_sort, .tag = how, .doc = text, .page = ref "-function"}
enum { PROP = RTQ__NULL_PROPAGATE, SELF = RTQ__NULL_CUSTOM, OLD = RTQ__FN_OBSOLETE, HIDDEN = RTQ__FN_HIDDEN };

const rtq__fn rtq__fns_array[] = {
    ROW("array_length", "dynamic", "long", PROP, row_length, 0, "Number of items.", "array-length", 0),
    ROW("arraylength", "dynamic", "long", PROP, row_length, 0, "Number of items.", "array-length", OLD),
    ROW("array_concat", "dynamic...", "dynamic", SELF, row_concat, 0, "Items of several arrays as one.", "array-concat", 0),
    ROW("array_slice", "dynamic, long, long", "dynamic", PROP, row_slice, 0, "Items from a position to another, both included.", "array-slice", 0),
    ROW("array_index_of", "dynamic, any, [long], [long], [const long]", "long", SELF, row_index_of, 0, "Position of an item.", "array-index-of", 0),
    ROW("array_reverse", "dynamic", "dynamic", PROP, row_reverse, 0, "Items in reverse order.", "array-reverse", 0),
    ROW("array_sum", "dynamic", "real", PROP, row_sum, 0, "Sum of the numbers.", "array-sum", OLD),
    ROW("series_sum", "dynamic", "real", PROP, row_sum, 0, "Sum of the numbers.", "series-sum", 0),
    ROW("array_shift_left", "dynamic, long, [any]", "dynamic", SELF, row_shift, LEFT, "Moves items to the front.", "array-shift-left", 0),
    ROW("array_shift_right", "dynamic, long, [any]", "dynamic", SELF, row_shift, RIGHT, "Moves items to the back.", "array-shift-right", 0),
    ROW("array_rotate_left", "dynamic, long", "dynamic", PROP, row_rotate, LEFT, "Moves items to the front, the first ones to the back.", "array-rotate-left", 0),
    ROW("array_rotate_right", "dynamic, long", "dynamic", PROP, row_rotate, RIGHT, "Moves items to the back, the last ones to the front.", "array-rotate-right", 0),
    ROW("array_split", "dynamic, long", "dynamic", PROP, row_split, 0, "Cuts an array at positions.", "array-split", 0),
    ROW("array_split", "dynamic, dynamic", "dynamic", PROP, row_split, 0, "Cuts an array at positions.", "array-split", 0),
    ROW("array_iff", "dynamic, any, any", "dynamic", SELF, row_iff, 0, "Items of one or the other array.", "array-iff", 0),
    ROW("array_iif", "dynamic, any, any", "dynamic", SELF, row_iff, 0, "Items of one or the other array.", "array-iff", OLD),
    ROW("zip", "dynamic, dynamic...", "dynamic", SELF, row_zip, 0, "Arrays of the first items, the second items, and so on.", "zip", 0),
    ROW("pack_array", "any...", "dynamic", SELF, row_pack, 0, "An array of values.", "pack-array", 0),
    SORT("array_sort_asc", "dynamic, [const bool]", ASC, "Sorts an array.", "array-sort-asc"),
    SORT("array_sort_asc", "dynamic, dynamic...", ASC, "Sorts an array.", "array-sort-asc"),
    SORT("array_sort_desc", "dynamic, [const bool]", DESC, "Sorts an array, largest first.", "array-sort-desc"),
    SORT("array_sort_desc", "dynamic, dynamic...", DESC, "Sorts an array, largest first.", "array-sort-desc"),
    ROW("__array_sort_nth", "const long, const bool, const bool, dynamic...", "dynamic", SELF, row_sort_nth, 0, "Result column of array_sort_asc(a, b, …): its number, ascending, nulls last.", "array-sort-asc", HIDDEN),
    {.name = "repeat", .args = "any, long", .ret = "dynamic", .nulls = RTQ__NULL_CUSTOM, .naming = RTQ__NAME_FN_FIRST, .row = row_repeat, .doc = "An array of the same value.", .page = "repeat-function"},
    ROW("range", "long, long, [long]", "dynamic", PROP, row_range, 0, "Equally spaced values.", "range", 0),
    ROW("range", "real, real, [real]", "dynamic", PROP, row_range_real, 0, "Equally spaced values.", "range", 0),
    ROW("range", "datetime, datetime, [timespan]", "dynamic", PROP, row_range, 0, "Equally spaced values.", "range", 0),
    ROW("range", "timespan, timespan, [timespan]", "dynamic", PROP, row_range, 0, "Equally spaced values.", "range", 0),
};
/* clang-format on */
RTQ__FAMILY_COUNT(array)
