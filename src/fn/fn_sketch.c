/* fn_sketch.c - reading the sketches that hll() and tdigest() make. */
#include "fn/agg.h"
#include "fn/families.h"
#include "fn/fn_array.h"

static rtq__agg_mem memory(rtq__rowctx *ctx)
{
    return (rtq__agg_mem){ctx->eval->mem, 0, 0};
}

static bool ok(int rc, rtq__rowctx *ctx)
{
    if (rc != RTQ_OK && rc != RTQ_ERR_DATA)
        ctx->error = rc;
    return rc == RTQ_OK;
}

static void row_dcount(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    rtq__agg_mem m = memory(ctx);
    rtq__hll h = {0};
    (void)n_args;
    if (ok(rtq__hll_from_dyn(&h, &args[0].u.y, &m, ctx->heap), ctx))
        rtq__return_long(out, rtq__hll_count(&h));
    rtq__hll_free(&h, &m);
}

static void row_hll_merge(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    rtq__agg_mem m = memory(ctx);
    rtq__hll all = {0};
    rtq__dyn y;
    for (uint32_t i = 0; i < n_args && ctx->error == RTQ_OK; i++) {
        rtq__hll h = {0};
        if (!args[i].is_null && ok(rtq__hll_from_dyn(&h, &args[i].u.y, &m, ctx->heap), ctx))
            ok(rtq__hll_merge(&all, &h, &m), ctx);
        rtq__hll_free(&h, &m);
    }
    if (ctx->error == RTQ_OK && ok(rtq__hll_to_dyn(&y, &all, ctx->eval->builder, ctx->heap), ctx))
        *out = rtq__cell_y(y);
    rtq__hll_free(&all, &m);
}

static rtq__cell as_dynamic(rtq__cell c)
{
    return c.is_null ? rtq__cell_null(RTQ_DYNAMIC) : rtq__cell_y(rtq__dyn_from_cell(&c));
}

static void row_percentile(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    rtq__agg_mem m = memory(ctx);
    rtq__digest d = {0};
    (void)n_args;
    if (ok(rtq__digest_from_dyn(&d, &args[0].u.y, &m, ctx->heap), ctx))
        *out = as_dynamic(rtq__digest_percentile(&d, args[1].u.d));
    rtq__digest_free(&d, &m);
}

static void row_percentiles(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    rtq__agg_mem m = memory(ctx);
    rtq__digest d = {0};
    uint32_t n;
    const rtq__dyn *list = rtq__array_items(&args[1], &n, ctx);
    if (!list)
        n = n_args - 1;
    if (ok(rtq__digest_from_dyn(&d, &args[0].u.y, &m, ctx->heap), ctx)) {
        rtq__dyn_begin_array(ctx->eval->builder);
        for (uint32_t i = 0; i < n; i++) {
            rtq__dyn p = list ? list[i] : rtq__dyn_of(&args[1 + i]);
            double percent;
            rtq__cell c = rtq__dyn_real(&percent, &p) ? rtq__digest_percentile(&d, percent) : rtq__cell_null(RTQ_LONG);
            rtq__dyn_add_cell(ctx->eval->builder, &c);
        }
        rtq__dyn_end(ctx->eval->builder);
        rtq__return_built(out, ctx);
    }
    rtq__digest_free(&d, &m);
}

enum { RANK, PERCENT };

/* How much of the weight lies at or below the value. */
static void row_rank(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    rtq__agg_mem m = memory(ctx);
    rtq__digest d = {0};
    rtq__dyn value = rtq__dyn_of(&args[1]);
    double below = 0;
    (void)n_args;
    if (ok(rtq__digest_from_dyn(&d, &args[0].u.y, &m, ctx->heap), ctx) && d.n) {
        for (uint32_t i = 0; i < d.n; i++) {
            rtq__cell c = d.real ? rtq__cell_d(d.items[i].v.d) : rtq__cell_i(d.kind, d.items[i].v.i);
            rtq__dyn x = rtq__dyn_from_cell(&c);
            if (rtq__dyn_compare(&x, &value) <= 0)
                below += (double)d.items[i].weight;
        }
        *out = rtq__cell_d(ctx->fn->tag == RANK ? below : below * 100 / (double)d.weight);
    }
    rtq__digest_free(&d, &m);
}

static void row_merge(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    rtq__agg_mem m = memory(ctx);
    rtq__digest d = {0};
    rtq__dyn y;
    for (uint32_t i = 0; i < n_args && ctx->error == RTQ_OK; i++)
        if (!args[i].is_null)
            ok(rtq__digest_from_dyn(&d, &args[i].u.y, &m, ctx->heap), ctx);
    if (ctx->error == RTQ_OK && ok(rtq__digest_to_dyn(&y, &d, ctx->eval->builder, ctx->heap), ctx))
        *out = rtq__cell_y(y);
    rtq__digest_free(&d, &m);
}

/* clang-format off */
const rtq__fn rtq__fns_sketch[] = {
    {.name = "dcount_hll", .args = "dynamic", .ret = "long", .naming = RTQ__NAME_FN_FIRST, .row = row_dcount, .doc = "Number of distinct values in a sketch of hll().", .page = "dcount-hll-function"},
    {.name = "hll_merge", .args = "dynamic, dynamic...", .ret = "dynamic", .nulls = RTQ__NULL_CUSTOM, .naming = RTQ__NAME_PREFIX, .prefix = "hll_merged_result", .row = row_hll_merge, .doc = "Joins sketches of hll().", .page = "hll-merge-function"},
    {.name = "percentile_tdigest", .args = "dynamic, real", .ret = "dynamic", .naming = RTQ__NAME_FN_FIRST, .row = row_percentile, .doc = "A percentile of a sketch of tdigest().", .page = "percentile-tdigest-function"},
    {.name = "percentiles_array_tdigest", .args = "dynamic, dynamic", .ret = "dynamic", .naming = RTQ__NAME_PREFIX_FIRST, .prefix = "percentile_tdigest", .row = row_percentiles, .doc = "Percentiles of a sketch of tdigest().", .page = "percentile-array-tdigest-function"},
    {.name = "percentiles_array_tdigest", .args = "dynamic, real...", .ret = "dynamic", .naming = RTQ__NAME_PREFIX_FIRST, .prefix = "percentile_tdigest", .row = row_percentiles, .doc = "Percentiles of a sketch of tdigest().", .page = "percentile-array-tdigest-function"},
    {.name = "rank_tdigest", .args = "dynamic, any", .ret = "real", .row = row_rank, .tag = RANK, .doc = "Rank of a value in a sketch of tdigest().", .page = "rank-tdigest-function"},
    {.name = "percentrank_tdigest", .args = "dynamic, any", .ret = "real", .row = row_rank, .tag = PERCENT, .doc = "Rank of a value in a sketch of tdigest(), in percent.", .page = "percentrank-tdigest-function"},
    {.name = "merge_tdigest", .args = "dynamic, dynamic...", .ret = "dynamic", .nulls = RTQ__NULL_CUSTOM, .naming = RTQ__NAME_PREFIX, .prefix = "tdigests_merge_result", .row = row_merge, .doc = "Joins sketches of tdigest().", .page = "merge-tdigest-function"},
    {.name = "tdigest_merge", .args = "dynamic, dynamic...", .ret = "dynamic", .nulls = RTQ__NULL_CUSTOM, .naming = RTQ__NAME_PREFIX, .prefix = "tdigests_merge_result", .row = row_merge, .doc = "Joins sketches of tdigest().", .page = "merge-tdigest-function"},
};
/* clang-format on */
RTQ__FAMILY_COUNT(sketch)
