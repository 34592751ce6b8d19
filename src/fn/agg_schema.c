/* buildschema: the smallest schema that admits all values seen. */
#include "fn/agg.h"

/* The state is a set of (path, type) pairs, as text: path segments end in \x01 (member) or \x02 (any index), the type comes last.
 * In the order of first appearance they spell the schema. */
enum { MEMBER = 1, INDEXER = 2, DEPTH = RTQ__DYN_DEPTH, MAX_PATH = 4096 };

typedef struct walk {
    rtq__agg_values *v;
    rtq__agg_call *call;
    char path[MAX_PATH];
    int rc;
} walk;

static void note(walk *w, size_t len, const char *type)
{
    bool added;
    size_t n = strlen(type);
    if (len > MAX_PATH || n > MAX_PATH - len)
        return;
    memcpy(w->path + len, type, n);
    rtq__dyn d = {.tag = RTQ__DYN_STRING, .len = (uint32_t)(len + n), .u = {.p = w->path}};
    w->rc = rtq__agg_values_add_new(w->v, w->call->mem, &d, &added);
}

static size_t step(walk *w, size_t len, rtq_str key, char end)
{
    if (len >= MAX_PATH || key.len >= MAX_PATH - len)
        return MAX_PATH + 1;
    if (key.len)
        memcpy(w->path + len, key.ptr, key.len);
    w->path[len + key.len] = end;
    return len + key.len + 1;
}

static void visit(walk *w, size_t len, const rtq__dyn *d, unsigned depth)
{
    rtq__arena *heap = w->call->eval->scratch;
    bool bag = rtq__dyn_is_bag(d);
    if (w->rc != RTQ_OK || len > MAX_PATH || depth > DEPTH)
        return;
    if (!bag && !rtq__dyn_is_array(d)) {
        if (d->tag != RTQ__DYN_NULL)
            note(w, len, d->tag == RTQ__DYN_REAL ? "double" : rtq__dyn_type_name(d));
        return;
    }
    rtq__arena_mark mark = rtq__arena_get_mark(heap);
    rtq__dyn_iter it;
    rtq__dyn_iter_init(&it, d, heap);
    while (w->rc == RTQ_OK && rtq__dyn_next(&it))
        visit(w, bag ? step(w, len, it.key, MEMBER) : step(w, len, (rtq_str){NULL, 0}, INDEXER), &it.item, depth + 1);
    if (w->rc == RTQ_OK)
        w->rc = it.error;
    rtq__arena_release(heap, mark);
}

RTQ__AGG_UPDATE(schema)
{
    const rtq__vec *arg = call->args[0];
    walk w = {.call = call, .rc = RTQ_OK};
    for (uint32_t k = 0; k < call->n_sel && w.rc == RTQ_OK; k++) {
        rtq__cell c = rtq__vec_get(arg, rtq__agg_row(call, k));
        w.v = call->states ? call->states[k] : call->state;
        if (!c.is_null)
            visit(&w, 0, &c.u.y, 0);
    }
    return w.rc;
}

RTQ__AGG_MERGE(schema)
{
    return rtq__agg_distinct_merge(call, into, from);
}
RTQ__AGG_DESTROY(schema)
{
    rtq__agg_values_free(state, mem);
}
RTQ__AGG_SAVE(schema)
{
    return rtq__agg_values_save(out, state);
}
RTQ__AGG_LOAD(schema)
{
    return rtq__agg_values_load(state, mem, ptr, len, true);
}

/* Prints the alternatives at one place: those entries whose path begins with the first `len` bytes of prefix. */
static void put(rtq__dyn_builder *b, const rtq__agg_values *v, const char *prefix, size_t len, unsigned depth);

static bool below(const rtq__dyn *d, const char *prefix, size_t len)
{
    return d->len >= len && !memcmp(d->u.p, prefix, len);
}

static size_t segment(const rtq__dyn *d, size_t len) /* bytes of the next segment with its end mark; 0: a type */
{
    for (size_t i = len; i < d->len; i++)
        if (d->u.p[i] == MEMBER || d->u.p[i] == INDEXER)
            return i + 1 - len;
    return 0;
}

static void put_members(rtq__dyn_builder *b, const rtq__agg_values *v, const char *prefix, size_t len, unsigned depth)
{
    rtq__dyn_begin_bag(b);
    for (uint32_t i = 0; i < v->n; i++) {
        rtq__dyn d = rtq__agg_values_get(v, i);
        size_t n = below(&d, prefix, len) ? segment(&d, len) : 0;
        bool seen = false;
        for (uint32_t j = 0; n && j < i && !seen; j++) {
            rtq__dyn e = rtq__agg_values_get(v, j);
            seen = below(&e, d.u.p, len + n);
        }
        if (!n || seen)
            continue;
        if (d.u.p[len + n - 1] == INDEXER)
            rtq__dyn_key(b, "`indexer`", 9);
        else
            rtq__dyn_key(b, d.u.p + len, n - 1);
        put(b, v, d.u.p, len + n, depth + 1);
    }
    rtq__dyn_end(b);
}

static void put(rtq__dyn_builder *b, const rtq__agg_values *v, const char *prefix, size_t len, unsigned depth)
{
    uint32_t types = 0;
    bool members = false;
    for (uint32_t i = 0; i < v->n; i++) {
        rtq__dyn d = rtq__agg_values_get(v, i);
        if (!below(&d, prefix, len))
            continue;
        if (segment(&d, len))
            members = true;
        else
            types++;
    }
    bool several = types + members > 1;
    if (several)
        rtq__dyn_begin_array(b);
    for (uint32_t i = 0; i < v->n; i++) {
        rtq__dyn d = rtq__agg_values_get(v, i);
        if (!below(&d, prefix, len) || segment(&d, len))
            continue;
        rtq__dyn type = {.tag = RTQ__DYN_STRING, .len = d.len - (uint32_t)len, .u = {.p = d.u.p + len}};
        rtq__dyn_add(b, &type);
    }
    if (members && depth <= DEPTH)
        put_members(b, v, prefix, len, depth);
    if (several)
        rtq__dyn_end(b);
}

RTQ__AGG_FINISH(schema)
{
    const rtq__agg_values *v = state;
    rtq__dyn y;
    if (!v->n)
        return RTQ_OK;
    put(call->eval->builder, v, "", 0, 0);
    int rc = rtq__dyn_finish(&y, call->eval->builder, heap);
    *out = rc == RTQ_OK ? rtq__cell_y(y) : rtq__cell_null(RTQ_DYNAMIC);
    return rc;
}
