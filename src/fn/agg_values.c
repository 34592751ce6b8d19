/* A growing list of dynamic values in two blocks (items, text), with an index when it is a set. */
#include "fn/agg.h"

static bool has_payload(const rtq__dyn *d)
{
    return rtq__dyn_payload(d) != 0;
}

static int grow(rtq__agg_mem *m, void *block, uint32_t *cap, uint64_t need, size_t item)
{
    if (need <= *cap)
        return RTQ_OK;
    uint64_t want = *cap ? (uint64_t)*cap * 2 : 64 / item + 1;
    while (want < need)
        want *= 2;
    if (want > UINT32_MAX)
        return RTQ_ERR_LIMIT;
    void *p;
    memcpy(&p, block, sizeof p);
    p = rtq__agg_realloc(m, p, *cap * item, (size_t)want * item);
    if (!p)
        return rtq__agg_full(m, (size_t)(want - *cap) * item);
    memcpy(block, &p, sizeof p);
    *cap = (uint32_t)want;
    return RTQ_OK;
}

int rtq__agg_values_add(rtq__agg_values *v, rtq__agg_mem *m, const rtq__dyn *item)
{
    uint32_t len = rtq__dyn_payload(item);
    uint32_t at = item->tag == RTQ__DYN_STRING || item->tag == RTQ__DYN_JSON ? v->heap_len : (v->heap_len + 7u) & ~7u;
    int rc = grow(m, &v->items, &v->cap, (uint64_t)v->n + 1, sizeof *v->items);
    if (rc == RTQ_OK && len)
        rc = grow(m, &v->heap, &v->heap_cap, (uint64_t)at + len, 1);
    if (rc != RTQ_OK)
        return rc;
    rtq__dyn *d = &v->items[v->n++];
    *d = *item;
    if (len) {
        memcpy(v->heap + at, item->u.p, len);
        d->u.i = at;
        v->heap_len = at + len;
    }
    return RTQ_OK;
}

rtq__dyn rtq__agg_values_get(const rtq__agg_values *v, uint32_t i)
{
    rtq__dyn d = v->items[i];
    if (has_payload(&d))
        d.u.p = v->heap + d.u.i;
    else if (d.tag == RTQ__DYN_STRING)
        d.u.p = "";
    return d;
}

static int reindex(rtq__agg_values *v, rtq__agg_mem *m, uint32_t cap)
{
    uint32_t *index = rtq__agg_realloc(m, NULL, 0, cap * sizeof *index);
    if (!index)
        return rtq__agg_full(m, cap * sizeof *index);
    memset(index, 0, cap * sizeof *index);
    for (uint32_t i = 0; i < v->n; i++) {
        rtq__dyn d = rtq__agg_values_get(v, i);
        uint32_t at = (uint32_t)rtq__dyn_hash(&d, 0) & (cap - 1);
        while (index[at])
            at = (at + 1) & (cap - 1);
        index[at] = i + 1;
    }
    rtq__agg_realloc(m, v->index, v->index_cap * sizeof *index, 0);
    v->index = index;
    v->index_cap = cap;
    return RTQ_OK;
}

int rtq__agg_values_add_new(rtq__agg_values *v, rtq__agg_mem *m, const rtq__dyn *item, bool *added)
{
    *added = false;
    if ((uint64_t)v->n * 4 + 4 > (uint64_t)v->index_cap * 3) {
        if (v->index_cap > UINT32_MAX / 8)
            return RTQ_ERR_LIMIT;
        int rc = reindex(v, m, v->index_cap ? v->index_cap * 2 : 8);
        if (rc != RTQ_OK)
            return rc;
    }
    uint32_t mask = v->index_cap - 1, at = (uint32_t)rtq__dyn_hash(item, 0) & mask;
    for (; v->index[at]; at = (at + 1) & mask) {
        rtq__dyn d = rtq__agg_values_get(v, v->index[at] - 1);
        if (rtq__dyn_equal(&d, item))
            return RTQ_OK;
    }
    int rc = rtq__agg_values_add(v, m, item);
    if (rc != RTQ_OK)
        return rc;
    v->index[at] = v->n;
    *added = true;
    return RTQ_OK;
}

void rtq__agg_values_free(rtq__agg_values *v, rtq__agg_mem *m)
{
    rtq__agg_realloc(m, v->items, v->cap * sizeof *v->items, 0);
    rtq__agg_realloc(m, v->heap, v->heap_cap, 0);
    rtq__agg_realloc(m, v->index, v->index_cap * sizeof *v->index, 0);
    memset(v, 0, sizeof *v);
}

int rtq__agg_values_save(rtq__buf *out, const rtq__agg_values *v)
{
    uint32_t head[2] = {v->n, v->heap_len};
    rtq__buf_add(out, head, sizeof head);
    rtq__buf_add(out, v->items, v->n * sizeof *v->items);
    rtq__buf_add(out, v->heap, v->heap_len);
    return out->failed ? RTQ_ERR_NOMEM : RTQ_OK;
}

int rtq__agg_values_load(rtq__agg_values *v, rtq__agg_mem *m, const char *ptr, size_t len, bool set)
{
    uint32_t head[2];
    if (len < sizeof head)
        return RTQ_ERR_DATA;
    memcpy(head, ptr, sizeof head);
    if (len != sizeof head + (uint64_t)head[0] * sizeof *v->items + head[1])
        return RTQ_ERR_DATA;
    const char *items = ptr + sizeof head, *heap = items + head[0] * sizeof *v->items;
    for (uint32_t i = 0; i < head[0]; i++) {
        rtq__dyn d;
        memcpy(&d, items + i * sizeof d, sizeof d);
        uint32_t bytes = rtq__dyn_payload(&d);
        if (d.tag > RTQ__DYN_BAG || (bytes && (d.u.i < 0 || d.u.i > head[1] || bytes > head[1] - (uint64_t)d.u.i)))
            return RTQ_ERR_DATA;
        if (bytes)
            d.u.p = heap + d.u.i;
        bool added;
        int rc = set ? rtq__agg_values_add_new(v, m, &d, &added) : rtq__agg_values_add(v, m, &d);
        if (rc != RTQ_OK)
            return rc;
    }
    return RTQ_OK;
}
