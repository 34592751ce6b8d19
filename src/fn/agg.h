/* agg.h - what the aggregates share: loops over states, stored cells, stored values, sketches. Only agg_*.c include it. */
#ifndef RTQ__AGG_H
#define RTQ__AGG_H
#include "fn/fn.h"

#define RTQ__AGG_INLINE static inline __attribute__((always_inline))

/* RTQ_ERR_LIMIT when the budget is what refused `more` bytes, else RTQ_ERR_NOMEM. */
int rtq__agg_full(const rtq__agg_mem *m, size_t more);

/* Runs `update` on the rows for which argument `pred` is true. */
int rtq__agg_if(rtq__agg_call *call, uint32_t pred, int (*update)(rtq__agg_call *call));

static inline uint32_t rtq__agg_row(const rtq__agg_call *c, uint32_t k)
{
    return c->sel ? c->sel[k] : k;
}

/* Calls step for each selected row whose cell in v is not null. step is a constant, so each user gets its own loop. */
typedef void (*rtq__agg_step)(void *state, const rtq__vec *v, uint32_t at);
RTQ__AGG_INLINE void rtq__agg_each(const rtq__agg_call *c, const rtq__vec *v, rtq__agg_step step)
{
    if (v->form == RTQ__FLAT && !v->valid && !c->sel) {
        if (c->states)
            for (uint32_t k = 0; k < c->n_sel; k++)
                step(c->states[k], v, k);
        else
            for (uint32_t k = 0; k < c->n_sel; k++)
                step(c->state, v, k);
        return;
    }
    for (uint32_t k = 0; k < c->n_sel; k++) {
        uint32_t at = rtq__vec_at(v, rtq__agg_row(c, k));
        if (!v->valid || rtq__bit(v->valid, at))
            step(c->states ? c->states[k] : c->state, v, at);
    }
}

/* A few cells copied into one block: the winner of arg_max, the value of take_any, the smallest string. */
typedef struct rtq__agg_cells {
    char *block;
    uint32_t len, cap;
} rtq__agg_cells;
int rtq__agg_cells_put(rtq__agg_cells *cells, rtq__agg_mem *m, const rtq__cell *in, uint32_t n);
rtq__cell rtq__agg_cells_get(const rtq__agg_cells *cells, uint32_t i); /* text points into the block */
uint32_t rtq__agg_cells_count(const rtq__agg_cells *cells);
int rtq__agg_cells_copy(rtq__agg_cells *into, const rtq__agg_cells *from, rtq__agg_mem *m);
void rtq__agg_cells_free(rtq__agg_cells *cells, rtq__agg_mem *m);
void rtq__agg_cells_save(rtq__buf *out, const rtq__agg_cells *cells);
size_t rtq__agg_cells_load(rtq__agg_cells *cells, rtq__agg_mem *m, const char *ptr,
                           size_t len);                             /* bytes taken, 0: bad or no memory */
int rtq__cell_keep(rtq__cell *out, rtq__cell in, rtq__arena *heap); /* copies text behind a cell into heap */

/* A growing list of dynamic values, optionally a set. */
typedef struct rtq__agg_values {
    rtq__dyn *items; /* u.p of text and trees: offset into heap */
    char *heap;
    uint32_t *index; /* open addressing over items, number + 1; only for sets */
    uint32_t n, cap, index_cap;
    uint32_t heap_len, heap_cap;
} rtq__agg_values;
int rtq__agg_values_add(rtq__agg_values *v, rtq__agg_mem *m, const rtq__dyn *item);
int rtq__agg_values_add_new(rtq__agg_values *v, rtq__agg_mem *m, const rtq__dyn *item, bool *added); /* unless there */
rtq__dyn rtq__agg_values_get(const rtq__agg_values *v, uint32_t i);
void rtq__agg_values_free(rtq__agg_values *v, rtq__agg_mem *m);
int rtq__agg_values_save(rtq__buf *out, const rtq__agg_values *v);
int rtq__agg_values_load(rtq__agg_values *v, rtq__agg_mem *m, const char *ptr, size_t len, bool set);

/* HyperLogLog over 64-bit hashes: exact while there are few, then 2^precision one-byte registers. */
typedef struct rtq__hll {
    uint64_t *hashes;   /* open addressing; 0 is free */
    uint8_t *registers; /* NULL while exact */
    uint32_t n, cap;    /* of hashes */
    uint8_t precision;  /* 0: not yet used */
} rtq__hll;
int rtq__hll_add(rtq__hll *h, rtq__agg_mem *m, uint64_t hash, uint8_t precision);
int rtq__hll_merge(rtq__hll *into, const rtq__hll *from, rtq__agg_mem *m);
int64_t rtq__hll_count(const rtq__hll *h);
void rtq__hll_free(rtq__hll *h, rtq__agg_mem *m);
extern const uint64_t rtq__hll_seed;           /* a whole number is hashed by rtq__hash_word(x, rtq__hll_seed) */
uint64_t rtq__hll_hash(const rtq__cell *cell); /* fixed: sketches of different runs can be merged */
int rtq__hll_to_dyn(rtq__dyn *out, const rtq__hll *h, rtq__dyn_builder *b, rtq__arena *heap);
int rtq__hll_from_dyn(rtq__hll *h, const rtq__dyn *d, rtq__agg_mem *m,
                      rtq__arena *heap); /* RTQ_ERR_DATA: not a sketch */

/* Weighted values for percentiles: exact while there are few, then clusters, narrow at both ends. */
typedef struct rtq__centroid {
    union {
        int64_t i;
        double d;
    } v;
    int64_t weight;
} rtq__centroid;
typedef struct rtq__digest {
    rtq__centroid *items;
    int64_t weight;
    uint32_t n, cap, sorted; /* the first `sorted` items are in order */
    uint8_t real;            /* v.d instead of v.i */
    uint8_t kind;            /* of the values, RTQ_LONG … */
} rtq__digest;
_Static_assert(sizeof(rtq__digest) <= 32, "state_len of percentile and tdigest in agg_table.c");
int rtq__digest_add(rtq__digest *d, rtq__agg_mem *m, uint32_t kind, int64_t i, double r, int64_t weight);
int rtq__digest_merge(rtq__digest *into, const rtq__digest *from, rtq__agg_mem *m);
rtq__cell rtq__digest_percentile(rtq__digest *d, double percent); /* nearest rank; null when empty */
void rtq__digest_free(rtq__digest *d, rtq__agg_mem *m);
int rtq__digest_to_dyn(rtq__dyn *out, rtq__digest *d, rtq__dyn_builder *b, rtq__arena *heap);
int rtq__digest_from_dyn(rtq__digest *d, const rtq__dyn *dyn, rtq__agg_mem *m, rtq__arena *heap);

/* Functions named by the table in agg_table.c. */
/* clang-format off */
#define RTQ__AGG_UPDATE(name) int rtq__agg_##name(rtq__agg_call *call)
#define RTQ__AGG_MERGE(name) int rtq__agg_##name##_merge(rtq__agg_call *call, void *into, const void *from)
#define RTQ__AGG_FINISH(name) int rtq__agg_##name##_finish(rtq__cell *out, void *state, rtq__agg_call *call, rtq__arena *heap)
#define RTQ__AGG_DESTROY(name) void rtq__agg_##name##_destroy(void *state, rtq__agg_mem *mem)
#define RTQ__AGG_SAVE(name) int rtq__agg_##name##_save(rtq__buf *out, const void *state)
#define RTQ__AGG_LOAD(name) int rtq__agg_##name##_load(void *state, rtq__agg_mem *mem, const char *ptr, size_t len)
#define RTQ__AGG_PREPARE(name)                                                                                                    \
    int rtq__agg_##name##_prepare(void **out, rtq__mem *mem, const rtq__agg *agg, const rtq__cell *const *args,                    \
                                  const uint8_t *kinds, uint32_t n_args, rtq_diag *diag, size_t begin, size_t end)
#define RTQ__AGG_RET(name)                                                                                                        \
    uint32_t rtq__agg_##name##_ret(const rtq__agg *agg, const uint8_t *kinds, uint32_t n, rtq_diag *diag, size_t begin, size_t end)
#define RTQ__AGG_HEAVY(name) RTQ__AGG_MERGE(name); RTQ__AGG_FINISH(name); RTQ__AGG_DESTROY(name); RTQ__AGG_SAVE(name); RTQ__AGG_LOAD(name)

RTQ__AGG_UPDATE(count); RTQ__AGG_UPDATE(countif); RTQ__AGG_MERGE(count); RTQ__AGG_FINISH(count);
RTQ__AGG_UPDATE(sum_i64); RTQ__AGG_UPDATE(sumif_i64); RTQ__AGG_MERGE(sum_i64); RTQ__AGG_FINISH(sum_i64);
RTQ__AGG_UPDATE(sum_real); RTQ__AGG_UPDATE(sumif_real); RTQ__AGG_MERGE(sum_real); RTQ__AGG_FINISH(sum_real);
RTQ__AGG_UPDATE(sum_dyn); RTQ__AGG_UPDATE(sumif_dyn); RTQ__AGG_MERGE(sum_dyn); RTQ__AGG_FINISH(sum_dyn); RTQ__AGG_RET(summable);
RTQ__AGG_UPDATE(sum_decimal); RTQ__AGG_UPDATE(sumif_decimal); RTQ__AGG_MERGE(sum_decimal); RTQ__AGG_FINISH(sum_decimal); RTQ__AGG_FINISH(avg_decimal);
RTQ__AGG_UPDATE(avg_i64); RTQ__AGG_UPDATE(avgif_i64); RTQ__AGG_MERGE(avg_i64); RTQ__AGG_FINISH(avg_long); RTQ__AGG_FINISH(avg_ticks);
RTQ__AGG_UPDATE(avg_real); RTQ__AGG_UPDATE(avgif_real); RTQ__AGG_MERGE(avg_real); RTQ__AGG_FINISH(avg_real);
RTQ__AGG_UPDATE(avg_dyn); RTQ__AGG_UPDATE(avgif_dyn); RTQ__AGG_FINISH(avg_dyn);
RTQ__AGG_UPDATE(min_i64); RTQ__AGG_UPDATE(minif_i64); RTQ__AGG_UPDATE(max_i64); RTQ__AGG_UPDATE(maxif_i64);
RTQ__AGG_MERGE(min_i64); RTQ__AGG_MERGE(max_i64); RTQ__AGG_FINISH(extreme_i64);
RTQ__AGG_UPDATE(min_real); RTQ__AGG_UPDATE(minif_real); RTQ__AGG_UPDATE(max_real); RTQ__AGG_UPDATE(maxif_real);
RTQ__AGG_MERGE(min_real); RTQ__AGG_MERGE(max_real); RTQ__AGG_FINISH(extreme_real);
RTQ__AGG_UPDATE(arg); RTQ__AGG_UPDATE(argif); RTQ__AGG_HEAVY(arg); RTQ__AGG_RET(orderable);
RTQ__AGG_UPDATE(any); RTQ__AGG_UPDATE(anyif); RTQ__AGG_MERGE(any); RTQ__AGG_RET(arg0);
RTQ__AGG_UPDATE(bits_and); RTQ__AGG_UPDATE(bits_or); RTQ__AGG_UPDATE(bits_xor);
RTQ__AGG_MERGE(bits_and); RTQ__AGG_MERGE(bits_or); RTQ__AGG_MERGE(bits_xor);
RTQ__AGG_UPDATE(moments); RTQ__AGG_UPDATE(momentsif); RTQ__AGG_MERGE(moments);
RTQ__AGG_FINISH(variance); RTQ__AGG_FINISH(variancep); RTQ__AGG_FINISH(stdev); RTQ__AGG_FINISH(stdevp);
RTQ__AGG_UPDATE(covariance); RTQ__AGG_UPDATE(covarianceif); RTQ__AGG_MERGE(covariance); RTQ__AGG_FINISH(covariance); RTQ__AGG_FINISH(covariancep);
RTQ__AGG_UPDATE(dcount); RTQ__AGG_UPDATE(dcountif); RTQ__AGG_HEAVY(dcount); RTQ__AGG_PREPARE(dcount);
RTQ__AGG_FINISH(hll); RTQ__AGG_UPDATE(hll_merge);
RTQ__AGG_UPDATE(distinct); RTQ__AGG_UPDATE(distinctif); RTQ__AGG_HEAVY(distinct); RTQ__AGG_RET(notdynamic);
RTQ__AGG_UPDATE(set); RTQ__AGG_UPDATE(setif); RTQ__AGG_HEAVY(set); RTQ__AGG_PREPARE(list);
RTQ__AGG_UPDATE(list); RTQ__AGG_UPDATE(listif); RTQ__AGG_UPDATE(list_nulls); RTQ__AGG_HEAVY(list);
RTQ__AGG_UPDATE(bag); RTQ__AGG_UPDATE(bagif); RTQ__AGG_HEAVY(bag);
RTQ__AGG_UPDATE(percentiles); RTQ__AGG_UPDATE(percentilesw); RTQ__AGG_HEAVY(percentiles); RTQ__AGG_FINISH(percentiles_array);
RTQ__AGG_PREPARE(percentiles); RTQ__AGG_RET(percentiles);
RTQ__AGG_UPDATE(tdigest_merge); RTQ__AGG_FINISH(tdigest);
RTQ__AGG_UPDATE(schema); RTQ__AGG_HEAVY(schema);
/* clang-format on */

#endif
