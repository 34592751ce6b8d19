/* fn_cond.c - iff, case, coalesce, max_of, min_of and the is…() predicates. A null condition counts as false. */
#include <math.h>
#include "fn/convert.h"
#include "fn/eval.h"
#include "fn/families.h"

/* Cells that lie in place (everything but text and trees is self-contained; those are borrowed, which is as good). */
static void copy_cell(rtq__vec *to, uint32_t row, const rtq__vec *from, uint32_t at)
{
    uint32_t len = rtq__cell_len(to->kind);
    const char *src = (const char *)from->data + (size_t)at * len;
    char *dst = (char *)to->data + (size_t)row * len;
    if (len == 8)
        memcpy(dst, src, 8);
    else if (len == 16)
        memcpy(dst, src, 16);
    else
        *dst = *src;
}

/* Result rows in rows[0..n) become those of v, which may be of another kind. */
static int take_rows(rtq__vec *result, const rtq__fcall *call, rtq__vec *v, const rtq__sel *rows, uint32_t n)
{
    rtq__scratch *scratch = call->eval->scratch;
    rtq__fcall some = *call;
    some.sel = rows;
    some.n_sel = n;
    int rc = rtq__vec_convert(&v, &some, v, result->kind);
    if (rc != RTQ_OK)
        return rc;
    if (v->valid && !rtq__vec_valid(scratch, result))
        return RTQ_ERR_NOMEM;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t at = v->form == RTQ__CONST ? 0 : rows[i];
        copy_cell(result, rows[i], v, at);
        if (v->valid && !rtq__bit(v->valid, at))
            rtq__bit_clear(result->valid, rows[i]);
    }
    return RTQ_OK;
}

/* Splits rest into the rows of a condition that are true and the others. */
static uint32_t split_rows(rtq__sel *hits, rtq__sel *rest, uint32_t *n_rest, const rtq__vec *condition)
{
    uint32_t n = 0, n_left = 0;
    for (uint32_t i = 0; i < *n_rest; i++) {
        rtq__sel row = rest[i];
        bool hit = ((const uint8_t *)condition->data)[condition->form == RTQ__CONST ? 0 : row] == 1 &&
                   !rtq__vec_null(condition, row);
        hits[n] = row;
        n += hit;
        rest[n_left] = row;
        n_left += !hit;
    }
    *n_rest = n_left;
    return n;
}

/* One condition, two values of the result's kind, no nulls: no need to part the rows. */
static bool choose(rtq__vec *result, const rtq__fcall *call)
{
    const rtq__vec *c = call->args[0], *a = call->args[1], *b = call->args[2];
    uint32_t len = rtq__cell_len(result->kind), step_a = a->form != RTQ__CONST, step_b = b->form != RTQ__CONST;
    if (c->form == RTQ__CONST || c->valid || a->valid || b->valid || a->kind != result->kind ||
        b->kind != result->kind || len == 1)
        return false;
    const uint8_t *yes = c->data;
    if (len == 8) {
        const uint64_t *cells_a = a->data, *cells_b = b->data;
        for (uint32_t i = 0; i < call->n_sel; i++) {
            uint32_t row = call->sel ? call->sel[i] : i;
            uint64_t x = cells_a[row * step_a], y = cells_b[row * step_b], mask = 0 - (uint64_t)(yes[row] == 1);
            ((uint64_t *)result->data)[row] = (x & mask) | (y & ~mask);
        }
        return true;
    }
    for (uint32_t i = 0; i < call->n_sel; i++) {
        uint32_t row = call->sel ? call->sel[i] : i;
        const char *from_a = (const char *)a->data + (size_t)row * step_a * len,
                   *from_b = (const char *)b->data + (size_t)row * step_b * len;
        memcpy((char *)result->data + (size_t)row * 16, yes[row] == 1 ? from_a : from_b, 16);
    }
    return true;
}

/* iff(c, a, b) is case(c, a, b): pairs of a condition and a value, then the value for the rest. */
static int vec_case(rtq__vec **out, rtq__fcall *call)
{
    rtq__scratch *scratch = call->eval->scratch;
    rtq__vec *result = rtq__vec_new(scratch, call->kind, call->n);
    rtq__sel *rest = rtq__arena_alloc(scratch, (call->n_sel + 1) * sizeof *rest),
             *hits = rtq__arena_alloc(scratch, (call->n_sel + 1) * sizeof *hits);
    uint32_t n_rest = call->n_sel;
    if (!result || !rest || !hits)
        return RTQ_ERR_NOMEM;
    *out = result;
    if (call->n_args == 3 && choose(result, call))
        return RTQ_OK;
    for (uint32_t i = 0; i < n_rest; i++)
        rest[i] = (rtq__sel)(call->sel ? call->sel[i] : i);
    for (uint32_t a = 0; a + 1 < call->n_args && n_rest > 0; a += 2) {
        uint32_t n = split_rows(hits, rest, &n_rest, call->args[a]);
        int rc = n ? take_rows(result, call, call->args[a + 1], hits, n) : RTQ_OK;
        if (rc != RTQ_OK)
            return rc;
    }
    return n_rest ? take_rows(result, call, call->args[call->n_args - 1], rest, n_rest) : RTQ_OK;
}

/* A dynamic value takes the type of the others; types that have nothing in common make the result dynamic. */
static uint32_t ret_case(const rtq__fn *fn, const uint8_t *kinds, uint32_t n, rtq_diag *diag, size_t begin, size_t end)
{
    (void)fn, (void)diag, (void)begin, (void)end;
    uint32_t common = RTQ_DYNAMIC;
    for (uint32_t i = 1; i < n; i += i + 1 == n || i + 2 == n ? 1 : 2) {
        uint32_t kind = kinds[i];
        if (kind == RTQ_DYNAMIC || kind == RTQ_UNKNOWN)
            continue;
        common = common == RTQ_DYNAMIC ? kind : rtq__kind_common(common, kind);
        if (common == 0)
            return RTQ_DYNAMIC;
    }
    return common;
}

static bool empty(const rtq__vec *v, uint32_t row)
{
    uint32_t at = rtq__vec_at(v, row);
    if (v->kind == RTQ_STRING)
        return ((const rtq__string *)v->data)[at].len == 0;
    if (v->valid && !rtq__bit(v->valid, at))
        return true;
    return (v->kind == RTQ_DYNAMIC || v->kind == RTQ_UNKNOWN) && ((const rtq__dyn *)v->data)[at].tag == RTQ__DYN_NULL;
}

static int vec_coalesce(rtq__vec **out, rtq__fcall *call)
{
    rtq__scratch *scratch = call->eval->scratch;
    rtq__vec *result = *out = rtq__vec_new(scratch, call->kind, call->n);
    if (!result)
        return RTQ_ERR_NOMEM;
    for (uint32_t i = 0; i < call->n_sel; i++) {
        uint32_t row = call->sel ? call->sel[i] : i, a = 0;
        while (a < call->n_args && empty(call->args[a], row))
            a++;
        if (a < call->n_args) {
            copy_cell(result, row, call->args[a], rtq__vec_at(call->args[a], row));
        } else {
            memset((char *)result->data + (size_t)row * rtq__cell_len(result->kind), 0, rtq__cell_len(result->kind));
            if (result->kind != RTQ_STRING && !rtq__vec_valid(scratch, result))
                return RTQ_ERR_NOMEM;
            if (result->kind != RTQ_STRING)
                rtq__bit_clear(result->valid, row);
        }
    }
    return RTQ_OK;
}

static int compare(const rtq__cell *a, const rtq__cell *b)
{
    rtq__dyn x = rtq__dyn_from_cell(a), y = rtq__dyn_from_cell(b);
    return rtq__dyn_compare(&x, &y);
}

/* max_of, min_of: nulls do not count. */
static void row_extreme(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    const rtq__cell *best = NULL;
    for (uint32_t i = 0; i < n_args; i++) {
        if (args[i].is_null)
            continue;
        if (!best || (compare(&args[i], best) > 0) == (ctx->fn->tag > 0))
            best = &args[i];
    }
    if (best)
        *out = *best;
}

/* Predicates on being there; tag: 1 the predicate itself, 0 its opposite. */
static int vec_isnull(rtq__vec **out, rtq__fcall *call)
{
    const rtq__vec *v = call->args[0];
    rtq__vec *result = *out = rtq__vec_new(call->eval->scratch, RTQ_BOOL, call->n);
    if (!result)
        return RTQ_ERR_NOMEM;
    uint8_t *cells = result->data, yes = call->fn->tag & 1;
    bool text = v->kind == RTQ_STRING && !(call->fn->tag & 2); /* isnull() of text is false even for the empty one */
    for (uint32_t i = 0; i < call->n_sel; i++) {
        uint32_t row = call->sel ? call->sel[i] : i;
        bool is = !text && empty(v, row);
        if (!is && (call->fn->tag & 2) && (v->kind == RTQ_DYNAMIC || v->kind == RTQ_UNKNOWN)) {
            const rtq__dyn *d = (const rtq__dyn *)v->data + rtq__vec_at(v, row);
            is = d->tag == RTQ__DYN_STRING && d->len == 0;
        }
        cells[row] = is == yes;
    }
    return RTQ_OK;
}

static void row_float(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    (void)n_args;
    double x = args[0].u.d;
    bool is = ctx->fn->tag == 'n' ? isnan(x) : ctx->fn->tag == 'i' ? isinf(x) : isfinite(x);
    *out = rtq__cell_i(RTQ_BOOL, is);
}

#define IFF(name_)                                                                                            \
    {                                                                                                         \
        .name = name_, .args = "bool, any, any", .ret = "custom", .nulls = RTQ__NULL_CUSTOM, .vec = vec_case, \
        .ret_fn = ret_case, .doc = "the second argument where the first is true, else the third",             \
        .page = "iff-function"                                                                                \
    }
#define EXTREME(name_, sign, page_)                                                                                   \
    {                                                                                                                 \
        .name = name_, .args = "common, common, [common]...", .ret = "common", .nulls = RTQ__NULL_CUSTOM,             \
        .row = row_extreme, .tag = sign, .page = page_, .doc = "the largest or smallest argument; nulls do not count" \
    }
#define IS(name_, tag_, flags_, page_)                                                                              \
    {                                                                                                               \
        .name = name_, .args = "any", .ret = "bool", .nulls = RTQ__NULL_CUSTOM, .flags = flags_, .vec = vec_isnull, \
        .tag = tag_, .page = page_, .doc = "whether there is a value"                                               \
    }
#define FLOAT(name_, tag_, page_)                                                                   \
    {                                                                                               \
        .name = name_, .args = "real", .ret = "bool", .row = row_float, .tag = tag_, .page = page_, \
        .doc = "kind of a real"                                                                     \
    }

const rtq__fn rtq__fns_cond[] = {
    IFF("iff"),
    IFF("iif"),
    {.name = "case",
     .args = "(bool, any)..., any",
     .ret = "custom",
     .nulls = RTQ__NULL_CUSTOM,
     .vec = vec_case,
     .ret_fn = ret_case,
     .doc = "the value after the first true condition",
     .page = "case-function"},
    {.name = "coalesce",
     .args = "common, common...",
     .ret = "common",
     .nulls = RTQ__NULL_CUSTOM,
     .vec = vec_coalesce,
     .doc = "the first value that is not null or empty text",
     .page = "coalesce-function"},
    EXTREME("max_of", 1, "max-of-function"),
    EXTREME("min_of", 0, "min-of-function"),
    IS("isnull", 1, 0, "isnull-function"),
    IS("isnotnull", 0, 0, "isnotnull-function"),
    IS("notnull", 0, RTQ__FN_OBSOLETE, "isnotnull-function"),
    IS("isempty", 3, 0, "isempty-function"),
    IS("isnotempty", 2, 0, "isnotempty-function"),
    IS("notempty", 2, RTQ__FN_OBSOLETE, "isnotempty-function"),
    FLOAT("isnan", 'n', "isnan-function"),
    FLOAT("isinf", 'i', "isinf-function"),
    FLOAT("isfinite", 'f', "isfinite-function"),
};
RTQ__FAMILY_COUNT(cond)
