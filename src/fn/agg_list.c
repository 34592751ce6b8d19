/* make_list, make_set, make_bag, count_distinct: lists and sets of values. */
#include "fn/agg.h"

typedef struct list_config {
    int64_t max;
} list_config;
enum { DEFAULT_MAX = 1048576, OLD_MAX = 128 };

/* tag of the row: number of the maxSize argument, negated for the deprecated names with their smaller default. */
RTQ__AGG_PREPARE(list)
{
    (void)kinds, (void)begin, (void)end, (void)diag;
    list_config *c = rtq__alloc(mem, sizeof *c);
    if (!c)
        return RTQ_ERR_NOMEM;
    uint32_t arg = (uint32_t)(agg->tag < 0 ? -agg->tag : agg->tag);
    c->max = agg->tag < 0 ? OLD_MAX : DEFAULT_MAX;
    if (arg < n_args && args[arg] && !args[arg]->is_null && args[arg]->u.i < c->max)
        c->max = args[arg]->u.i;
    *out = c;
    return RTQ_OK;
}

static uint64_t max_of(const rtq__agg_call *call)
{
    const list_config *c = call->config;
    return c ? (c->max > 0 ? (uint64_t)c->max : 0) : DEFAULT_MAX;
}

static int add(rtq__agg_values *v, rtq__agg_call *call, const rtq__dyn *d, bool set, uint64_t max)
{
    bool added;
    if (v->n >= max)
        return RTQ_OK;
    return set ? rtq__agg_values_add_new(v, call->mem, d, &added) : rtq__agg_values_add(v, call->mem, d);
}

/* The elements of an array are added one by one. */
static int add_elements(rtq__agg_values *v, rtq__agg_call *call, const rtq__dyn *array, bool set, uint64_t max)
{
    rtq__arena *heap = call->eval->scratch;
    rtq__arena_mark mark = rtq__arena_get_mark(heap);
    rtq__dyn_iter it;
    int rc = RTQ_OK;
    rtq__dyn_iter_init(&it, array, heap);
    while (rc == RTQ_OK && rtq__dyn_next(&it))
        if (!set || it.item.tag != RTQ__DYN_NULL)
            rc = add(v, call, &it.item, set, max);
    if (rc == RTQ_OK)
        rc = it.error;
    rtq__arena_release(heap, mark);
    return rc;
}

static int update(rtq__agg_call *call, bool set, bool nulls)
{
    const rtq__vec *arg = call->args[0];
    uint64_t max = max_of(call);
    bool dynamic = arg->kind == RTQ_DYNAMIC || arg->kind == RTQ_UNKNOWN;
    nulls = nulls || (!set && arg->kind == RTQ_DYNAMIC); /* a dynamic null is an element of a list */
    for (uint32_t k = 0; k < call->n_sel; k++) {
        rtq__agg_values *v = call->states ? call->states[k] : call->state;
        if (v->n >= max)
            continue;
        rtq__cell c = rtq__vec_get(arg, rtq__agg_row(call, k));
        if (c.is_null && !nulls)
            continue;
        rtq__dyn d = {0};
        if (!c.is_null)
            d = dynamic ? c.u.y : rtq__dyn_from_cell(&c);
        int rc = dynamic && rtq__dyn_is_array(&d) ? add_elements(v, call, &d, set, max) : add(v, call, &d, set, max);
        if (rc != RTQ_OK)
            return rc;
    }
    return RTQ_OK;
}

RTQ__AGG_UPDATE(set)
{
    return update(call, true, false);
}
RTQ__AGG_UPDATE(setif)
{
    return rtq__agg_if(call, 1, rtq__agg_set);
}
RTQ__AGG_UPDATE(list)
{
    return update(call, false, false);
}
RTQ__AGG_UPDATE(listif)
{
    return rtq__agg_if(call, 1, rtq__agg_list);
}
RTQ__AGG_UPDATE(list_nulls)
{
    return update(call, false, true);
}

static int merge(rtq__agg_call *call, void *into, const void *from, bool set)
{
    uint64_t max = max_of(call);
    const rtq__agg_values *b = from;
    int rc = RTQ_OK;
    for (uint32_t i = 0; i < b->n && rc == RTQ_OK; i++) {
        rtq__dyn d = rtq__agg_values_get(b, i);
        rc = add(into, call, &d, set, max);
    }
    return rc;
}

RTQ__AGG_MERGE(set)
{
    return merge(call, into, from, true);
}
RTQ__AGG_MERGE(list)
{
    return merge(call, into, from, false);
}

RTQ__AGG_FINISH(list)
{
    const rtq__agg_values *v = state;
    rtq__dyn_builder *b = call->eval->builder;
    rtq__dyn y;
    rtq__dyn_begin_array(b);
    for (uint32_t i = 0; i < v->n; i++) {
        rtq__dyn d = rtq__agg_values_get(v, i);
        rtq__dyn_add(b, &d);
    }
    rtq__dyn_end(b);
    int rc = rtq__dyn_finish(&y, b, heap);
    *out = rc == RTQ_OK ? rtq__cell_y(y) : rtq__cell_null(RTQ_DYNAMIC);
    return rc;
}

RTQ__AGG_FINISH(set)
{
    return rtq__agg_list_finish(out, state, call, heap);
}
RTQ__AGG_DESTROY(list)
{
    rtq__agg_values_free(state, mem);
}
RTQ__AGG_DESTROY(set)
{
    rtq__agg_values_free(state, mem);
}
RTQ__AGG_SAVE(list)
{
    return rtq__agg_values_save(out, state);
}
RTQ__AGG_SAVE(set)
{
    return rtq__agg_values_save(out, state);
}
RTQ__AGG_LOAD(list)
{
    return rtq__agg_values_load(state, mem, ptr, len, false);
}
RTQ__AGG_LOAD(set)
{
    return rtq__agg_values_load(state, mem, ptr, len, true);
}

/* ---- count_distinct: a set that only tells its size --------------------------------------------------------------- */
RTQ__AGG_UPDATE(distinct)
{
    const rtq__vec *arg = call->args[0];
    bool dynamic = arg->kind == RTQ_DYNAMIC || arg->kind == RTQ_UNKNOWN, added;
    for (uint32_t k = 0; k < call->n_sel; k++) {
        rtq__cell c = rtq__vec_get(arg, rtq__agg_row(call, k));
        if (c.is_null)
            continue;
        rtq__dyn d = dynamic ? c.u.y : rtq__dyn_from_cell(&c);
        int rc = rtq__agg_values_add_new(call->states ? call->states[k] : call->state, call->mem, &d, &added);
        if (rc != RTQ_OK)
            return rc;
    }
    return RTQ_OK;
}

RTQ__AGG_UPDATE(distinctif)
{
    return rtq__agg_if(call, 1, rtq__agg_distinct);
}

RTQ__AGG_MERGE(distinct)
{
    const rtq__agg_values *b = from;
    bool added;
    int rc = RTQ_OK;
    for (uint32_t i = 0; i < b->n && rc == RTQ_OK; i++) {
        rtq__dyn d = rtq__agg_values_get(b, i);
        rc = rtq__agg_values_add_new(into, call->mem, &d, &added);
    }
    return rc;
}

RTQ__AGG_FINISH(distinct)
{
    (void)call, (void)heap;
    *out = rtq__cell_i(RTQ_LONG, ((const rtq__agg_values *)state)->n);
    return RTQ_OK;
}

RTQ__AGG_DESTROY(distinct)
{
    rtq__agg_values_free(state, mem);
}
RTQ__AGG_SAVE(distinct)
{
    return rtq__agg_values_save(out, state);
}
RTQ__AGG_LOAD(distinct)
{
    return rtq__agg_values_load(state, mem, ptr, len, true);
}

RTQ__AGG_RET(notdynamic)
{
    (void)n;
    if (kinds[0] != RTQ_DYNAMIC)
        return RTQ_LONG;
    rtq__diag_add(diag, RTQ_ERR_SEMANTIC, RTQ__SEV_ERROR, begin, end, "%s() does not take dynamic values", agg->name);
    rtq__diag_hint(diag, "convert the argument: %s(tostring(x))", agg->name);
    return 0;
}

/* ---- make_bag: of equal keys the first stays ---------------------------------------------------------------------- */
typedef struct bag {
    rtq__agg_values keys, values;
} bag;

static int add_member(bag *s, rtq__agg_mem *m, const rtq__dyn *key, const rtq__dyn *value, uint64_t max)
{
    bool added;
    if (s->keys.n >= max)
        return RTQ_OK;
    int rc = rtq__agg_values_add_new(&s->keys, m, key, &added);
    return rc == RTQ_OK && added ? rtq__agg_values_add(&s->values, m, value) : rc;
}

RTQ__AGG_UPDATE(bag)
{
    const rtq__vec *arg = call->args[0];
    rtq__arena *heap = call->eval->scratch;
    uint64_t max = max_of(call);
    int rc = RTQ_OK;
    for (uint32_t k = 0; k < call->n_sel && rc == RTQ_OK; k++) {
        bag *s = call->states ? call->states[k] : call->state;
        rtq__cell c = rtq__vec_get(arg, rtq__agg_row(call, k));
        if (c.is_null || !rtq__dyn_is_bag(&c.u.y))
            continue;
        rtq__arena_mark mark = rtq__arena_get_mark(heap);
        rtq__dyn_iter it;
        rtq__dyn_iter_init(&it, &c.u.y, heap);
        while (rc == RTQ_OK && rtq__dyn_next(&it)) {
            rtq__dyn key = {.len = (uint32_t)it.key.len, .tag = RTQ__DYN_STRING, .u = {.p = it.key.ptr}};
            rc = add_member(s, call->mem, &key, &it.item, max);
        }
        if (rc == RTQ_OK)
            rc = it.error;
        rtq__arena_release(heap, mark);
    }
    return rc;
}

RTQ__AGG_UPDATE(bagif)
{
    return rtq__agg_if(call, 1, rtq__agg_bag);
}

RTQ__AGG_MERGE(bag)
{
    const bag *b = from;
    uint64_t max = max_of(call);
    int rc = RTQ_OK;
    for (uint32_t i = 0; i < b->values.n && rc == RTQ_OK; i++) {
        rtq__dyn key = rtq__agg_values_get(&b->keys, i), value = rtq__agg_values_get(&b->values, i);
        rc = add_member(into, call->mem, &key, &value, max);
    }
    return rc;
}

RTQ__AGG_FINISH(bag)
{
    const bag *s = state;
    rtq__dyn_builder *b = call->eval->builder;
    rtq__dyn y;
    rtq__dyn_begin_bag(b);
    for (uint32_t i = 0; i < s->values.n; i++) {
        rtq__dyn key = rtq__agg_values_get(&s->keys, i), value = rtq__agg_values_get(&s->values, i);
        rtq__dyn_key(b, key.u.p, key.len);
        rtq__dyn_add(b, &value);
    }
    rtq__dyn_end(b);
    int rc = rtq__dyn_finish(&y, b, heap);
    *out = rc == RTQ_OK ? rtq__cell_y(y) : rtq__cell_null(RTQ_DYNAMIC);
    return rc;
}

RTQ__AGG_DESTROY(bag)
{
    bag *s = state;
    rtq__agg_values_free(&s->keys, mem);
    rtq__agg_values_free(&s->values, mem);
}

RTQ__AGG_SAVE(bag)
{
    const bag *s = state;
    size_t at = out->len;
    uint64_t len = 0;
    rtq__buf_add(out, &len, sizeof len);
    int rc = rtq__agg_values_save(out, &s->keys);
    if (rc != RTQ_OK)
        return rc;
    len = out->len - at - sizeof len;
    memcpy(out->ptr + at, &len, sizeof len);
    return rtq__agg_values_save(out, &s->values);
}

RTQ__AGG_LOAD(bag)
{
    bag *s = state;
    uint64_t keys;
    if (len < sizeof keys)
        return RTQ_ERR_DATA;
    memcpy(&keys, ptr, sizeof keys);
    if (keys > len - sizeof keys)
        return RTQ_ERR_DATA;
    int rc = rtq__agg_values_load(&s->keys, mem, ptr + sizeof keys, (size_t)keys, true);
    if (rc == RTQ_OK)
        rc = rtq__agg_values_load(&s->values, mem, ptr + sizeof keys + keys, len - sizeof keys - (size_t)keys, false);
    return rc == RTQ_OK && s->keys.n != s->values.n ? RTQ_ERR_DATA : rc;
}
