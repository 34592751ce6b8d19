/* Weighted values for percentiles: exact while they are few, then a t-digest (clusters narrow at both ends). */
#include <math.h>
#include <stdlib.h>
#include "fn/agg.h"

enum { MAX_ITEMS = 4096, CLUSTERS = 1000 };

static int by_long(const void *a, const void *b)
{
    const rtq__centroid *x = a, *y = b;
    return (x->v.i > y->v.i) - (x->v.i < y->v.i);
}

static int by_real(const void *a, const void *b) /* NaN first */
{
    const rtq__centroid *x = a, *y = b;
    if (isnan(x->v.d) || isnan(y->v.d))
        return isnan(y->v.d) - isnan(x->v.d);
    return (x->v.d > y->v.d) - (x->v.d < y->v.d);
}

/* Sorts and joins equal values, which loses nothing. */
static void digest_sort(rtq__digest *d)
{
    if (d->sorted == d->n)
        return;
    int (*compare)(const void *, const void *) = d->real ? by_real : by_long;
    qsort(d->items, d->n, sizeof *d->items, compare);
    uint32_t n = 0;
    for (uint32_t i = 0; i < d->n; i++) {
        if (n && !compare(&d->items[n - 1], &d->items[i]))
            d->items[n - 1].weight += d->items[i].weight;
        else
            d->items[n++] = d->items[i];
    }
    d->n = d->sorted = n;
}

static rtq__centroid join(const rtq__digest *d, rtq__centroid a, rtq__centroid b)
{
    double share = (double)b.weight / (double)(a.weight + b.weight);
    if (d->real)
        a.v.d += (b.v.d - a.v.d) * share;
    else
        a.v.i += (int64_t)llround(((double)b.v.i - (double)a.v.i) * share);
    a.weight += b.weight;
    return a;
}

/* The arcsine scale: at most 2 * CLUSTERS clusters whatever the weight, and single values at both ends. */
static double scale(double q)
{
    return CLUSTERS / (2 * M_PI) * asin(fmin(2 * q - 1, 1));
}

static void compress(rtq__digest *d)
{
    digest_sort(d);
    if (d->n <= MAX_ITEMS / 2)
        return;
    double total = (double)d->weight, before = 0;
    uint32_t n = 0;
    rtq__centroid c = d->items[0];
    for (uint32_t i = 1; i < d->n; i++) {
        double after = before + (double)(c.weight + d->items[i].weight);
        if (scale(after / total) - scale(before / total) <= 1) {
            c = join(d, c, d->items[i]);
        } else {
            before += (double)c.weight;
            d->items[n++] = c;
            c = d->items[i];
        }
    }
    d->items[n++] = c;
    d->n = d->sorted = n;
}

static void make_real(rtq__digest *d)
{
    for (uint32_t i = 0; i < d->n; i++)
        d->items[i].v.d = (double)d->items[i].v.i;
    d->real = 1;
    d->sorted = 0;
}

int rtq__digest_add(rtq__digest *d, rtq__agg_mem *m, uint32_t kind, int64_t i, double r, int64_t weight)
{
    if (weight > INT64_MAX - d->weight)
        weight = INT64_MAX - d->weight; /* weights are data: their sum must not overflow */
    if (weight <= 0)
        return RTQ_OK;
    if (d->n == d->cap && d->cap >= MAX_ITEMS)
        compress(d);
    if (d->n == d->cap) {
        uint32_t cap = d->cap ? d->cap * 2 : 16;
        rtq__centroid *items = rtq__agg_realloc(m, d->items, d->cap * sizeof *items, cap * sizeof *items);
        if (!items)
            return rtq__agg_full(m, (cap - d->cap) * sizeof *items);
        d->items = items;
        d->cap = cap;
    }
    if (!d->kind || kind == RTQ_REAL)
        d->kind = (uint8_t)kind;
    if (kind == RTQ_REAL && !d->real)
        make_real(d);
    rtq__centroid *c = &d->items[d->n++];
    if (d->real)
        c->v.d = kind == RTQ_REAL ? r : (double)i;
    else
        c->v.i = i;
    c->weight = weight;
    d->weight += weight;
    return RTQ_OK;
}

int rtq__digest_merge(rtq__digest *into, const rtq__digest *from, rtq__agg_mem *m)
{
    int rc = RTQ_OK;
    for (uint32_t i = 0; i < from->n && rc == RTQ_OK; i++) {
        const rtq__centroid *c = &from->items[i];
        rc = from->real ? rtq__digest_add(into, m, RTQ_REAL, 0, c->v.d, c->weight)
                        : rtq__digest_add(into, m, from->kind, c->v.i, 0, c->weight);
    }
    return rc;
}

rtq__cell rtq__digest_percentile(rtq__digest *d, double percent)
{
    if (!d->n)
        return rtq__cell_null(d->kind ? d->kind : RTQ_LONG);
    digest_sort(d);
    double rank = ceil(percent * (double)d->weight / 100 - 1e-9);
    int64_t seen = 0;
    uint32_t i = 0;
    for (; i + 1 < d->n; i++) {
        seen += d->items[i].weight;
        if ((double)seen >= rank)
            break;
    }
    return d->real ? rtq__cell_d(d->items[i].v.d) : rtq__cell_i(d->kind, d->items[i].v.i);
}

void rtq__digest_free(rtq__digest *d, rtq__agg_mem *m)
{
    rtq__agg_realloc(m, d->items, d->cap * sizeof *d->items, 0);
    memset(d, 0, sizeof *d);
}

static void add_number(rtq__dyn_builder *b, int64_t i)
{
    rtq__dyn d = {.tag = RTQ__DYN_LONG, .u = {.i = i}};
    rtq__dyn_add(b, &d);
}

/* As a dynamic value: [[format], [values], [weights]]. */
int rtq__digest_to_dyn(rtq__dyn *out, rtq__digest *d, rtq__dyn_builder *b, rtq__arena *heap)
{
    digest_sort(d);
    rtq__dyn_begin_array(b);
    rtq__dyn_begin_array(b);
    add_number(b, 7);
    rtq__dyn_end(b);
    rtq__dyn_begin_array(b);
    for (uint32_t i = 0; i < d->n; i++) {
        rtq__cell c = d->real ? rtq__cell_d(d->items[i].v.d) : rtq__cell_i(d->kind, d->items[i].v.i);
        rtq__dyn_add_cell(b, &c);
    }
    rtq__dyn_end(b);
    rtq__dyn_begin_array(b);
    for (uint32_t i = 0; i < d->n; i++)
        add_number(b, d->items[i].weight);
    rtq__dyn_end(b);
    rtq__dyn_end(b);
    return rtq__dyn_finish(out, b, heap);
}

int rtq__digest_from_dyn(rtq__digest *d, const rtq__dyn *dyn, rtq__agg_mem *m, rtq__arena *heap)
{
    rtq__dyn values, weights;
    rtq__dyn_iter v, w;
    int rc = rtq__dyn_at(&values, dyn, 1, heap);
    if (rc != RTQ_OK || (rc = rtq__dyn_at(&weights, dyn, 2, heap)) != RTQ_OK)
        return rc;
    if (!rtq__dyn_is_array(&values) || !rtq__dyn_is_array(&weights))
        return RTQ_ERR_DATA;
    rtq__dyn_iter_init(&v, &values, heap);
    rtq__dyn_iter_init(&w, &weights, heap);
    while (rc == RTQ_OK && rtq__dyn_next(&v) && rtq__dyn_next(&w)) {
        if (w.item.tag != RTQ__DYN_LONG)
            return RTQ_ERR_DATA;
        switch (v.item.tag) {
        case RTQ__DYN_REAL: rc = rtq__digest_add(d, m, RTQ_REAL, 0, v.item.u.d, w.item.u.i); break;
        case RTQ__DYN_LONG: rc = rtq__digest_add(d, m, RTQ_LONG, v.item.u.i, 0, w.item.u.i); break;
        case RTQ__DYN_DATETIME: rc = rtq__digest_add(d, m, RTQ_DATETIME, v.item.u.i, 0, w.item.u.i); break;
        case RTQ__DYN_TIMESPAN: rc = rtq__digest_add(d, m, RTQ_TIMESPAN, v.item.u.i, 0, w.item.u.i); break;
        default: return RTQ_ERR_DATA;
        }
    }
    return rc != RTQ_OK ? rc : v.error ? v.error : w.error;
}
