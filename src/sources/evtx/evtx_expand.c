/* evtx_expand.c - the long way: a record, or a part of one, as a tree without slots and instances. What the short ways find
 * in slots must mean the same here. Bounded by nodes, by steps and by nesting, because templates can repeat a slot at will. */
#include "sources/evtx/evtx_int.h"

/* Nodes come from a template, or from the fragments parsed into d->ir, which moves while it grows. */
typedef struct origin {
    const evtx_node *fixed;
} origin;

typedef struct values {
    const evtx_val *v;
    uint32_t n;
} values;

static int expand(rtq__evtx *d, origin o, uint32_t i, uint32_t end, values vals, uint32_t depth);

static const evtx_node *node_at(const rtq__evtx *d, origin o, uint32_t i)
{
    return o.fixed ? &o.fixed[i] : &d->ir.v[i];
}

static int step(rtq__evtx *d, uint32_t cost)
{
    if (d->steps < cost)
        return RTQ_ERR_DATA;
    d->steps -= cost;
    return RTQ_OK;
}

static int emit(rtq__evtx *d, const evtx_node *from, uint32_t *number)
{
    evtx_nodes *t = &d->tree;
    if (t->n >= EVTX_NODES)
        return RTQ_ERR_DATA;
    if (rtq__grow(d->mem, &t->v, &t->cap, (size_t)t->n + 1, sizeof *t->v) != RTQ_OK)
        return RTQ_ERR_NOMEM;
    evtx_node *n = &t->v[t->n++];
    *n = *from;
    n->end = t->n;
    if (number)
        *number = t->n - 1;
    return RTQ_OK;
}

static int emit_value(rtq__evtx *d, const evtx_val *v)
{
    evtx_node n = {.kind = EVTX_VAL, .type = v->type, .p = v->p, .len = v->len};
    return v->type == EVTX_NULL ? RTQ_OK : emit(d, &n, NULL);
}

/* Fragments at chunk offsets, each without dependency ids unless it shows some. */
static int expand_fragments(rtq__evtx *d, uint32_t begin, uint32_t end, bool system_only, uint32_t depth)
{
    uint32_t first = d->ir.n;
    evtx_parser ps = {.mem = d->mem,
                      .arena = &d->scratch,
                      .chunk = d->chunk,
                      .chunk_len = d->chunk_len,
                      .out = &d->ir,
                      .stop_after_system = system_only};
    int rc = step(d, 1 + (end - begin) / 16);
    if (rc == RTQ_OK)
        rc = rtq__evtx_parse(&ps, begin, end);
    if (rc == RTQ_OK)
        rc = expand(d, (origin){NULL}, first, d->ir.n, (values){NULL, 0}, depth);
    d->ir.n = first;
    return rc;
}

static int read_values(rtq__evtx *d, const evtx_slots *s, values *out)
{
    evtx_val *v = rtq__arena_alloc(&d->scratch, (s->n + 1) * sizeof *v);
    if (!v)
        return RTQ_ERR_NOMEM;
    evtx_slots copy = *s;
    bool damaged = false;
    for (uint32_t i = 0; i < s->n; i++)
        v[i] = evtx_slot(&copy, i, &damaged);
    out->v = v;
    out->n = s->n;
    return damaged ? RTQ_ERR_DATA : step(d, s->n / 4);
}

static int expand_instance(rtq__evtx *d, const uint8_t *at, uint32_t depth)
{
    evtx_instance inst;
    uint32_t pos = (uint32_t)(at - d->chunk);
    if (depth >= EVTX_NESTING || !rtq__evtx_instance(&inst, d->chunk, pos, d->chunk_len))
        return RTQ_ERR_DATA;
    const evtx_tmpl *t = rtq__evtx_tmpl(d, inst.def);
    if (!t)
        return d->error != RTQ_OK ? d->error : RTQ_ERR_DATA;
    evtx_slots s = {
        .desc = d->chunk + inst.desc, .values = d->chunk + inst.values, .end = d->chunk + inst.end, .n = inst.n};
    values vals;
    int rc = read_values(d, &s, &vals);
    return rc != RTQ_OK ? rc : expand(d, (origin){t->nodes}, 0, t->n_nodes, vals, depth + 1);
}

static int expand_value(rtq__evtx *d, const evtx_val *v, uint32_t depth)
{
    if (v->type != EVTX_XML)
        return emit_value(d, v);
    if (v->p < d->chunk || v->p + v->len > d->chunk + d->chunk_len)
        return RTQ_ERR_DATA;
    if (depth >= EVTX_NESTING - 1) /* what is around it stays */
        return RTQ_OK;
    uint32_t at = (uint32_t)(v->p - d->chunk);
    return v->len ? expand_fragments(d, at, at + v->len, false, depth + 1) : RTQ_OK;
}

/* Attributes without a value are absent. */
static int expand_attribute(rtq__evtx *d, origin o, uint32_t i, values vals, uint32_t depth)
{
    uint32_t number;
    const evtx_node n = *node_at(d, o, i);
    int rc = emit(d, &n, &number);
    if (rc == RTQ_OK)
        rc = expand(d, o, i + 1, n.end, vals, depth);
    if (rc != RTQ_OK)
        return rc;
    if (d->tree.n == number + 1 && n.end > i + 1)
        d->tree.n = number;
    else
        d->tree.v[number].end = d->tree.n;
    return RTQ_OK;
}

static int expand_element_once(rtq__evtx *d, origin o, uint32_t i, values vals, uint32_t depth, const evtx_val *item)
{
    uint32_t number;
    const evtx_node n = *node_at(d, o, i);
    if (d->level >= EVTX_ELEMENTS)
        return RTQ_ERR_DATA; /* counted over all nesting: this recurses */
    int rc = emit(d, &n, &number);
    if (rc != RTQ_OK)
        return rc;
    d->level++;
    if (!item) {
        rc = expand(d, o, i + 1, n.end, vals, depth);
    } else { /* the content is this item; attributes are the same for all */
        rc = expand(d, o, i + 1, n.end - 1, vals, depth);
        if (rc == RTQ_OK)
            rc = emit_value(d, item);
    }
    d->level--;
    if (rc != RTQ_OK)
        return rc;
    d->tree.v[number].end = d->tree.n;
    if (d->tree.n == number + 1 &&
        n.end == i + 2) { /* `<Binary>` around an optional value that is not there: nor is the element */
        const evtx_node *only = node_at(d, o, i + 1);
        d->tree.v[number].optional = only->kind == EVTX_SUBST && only->optional;
    }
    return RTQ_OK;
}

/* An element around an array is repeated for each of its items. */
static int expand_element(rtq__evtx *d, origin o, uint32_t i, values vals, uint32_t depth)
{
    uint32_t end = node_at(d, o, i)->end, content = i + 1;
    while (content < end && node_at(d, o, content)->kind == EVTX_ATTR)
        content = node_at(d, o, content)->end;
    const evtx_node *only = content + 1 == end ? node_at(d, o, content) : NULL;
    if (!only || only->kind != EVTX_SUBST || only->slot >= vals.n || !(vals.v[only->slot].type & EVTX_ARRAY))
        return expand_element_once(d, o, i, vals, depth, NULL);
    evtx_val array = vals.v[only->slot], item = {NULL, 0, EVTX_NULL};
    uint32_t pos = 0, n = 0;
    int rc = RTQ_OK;
    for (; rc == RTQ_OK && rtq__evtx_item(&item, &array, &pos); n++) {
        rc = step(d, 1);
        if (rc == RTQ_OK)
            rc = expand_element_once(d, o, i, vals, depth, &item);
    }
    item.type = EVTX_NULL;
    return n == 0 ? expand_element_once(d, o, i, vals, depth, &item) : rc;
}

static int expand(rtq__evtx *d, origin o, uint32_t i, uint32_t end, values vals, uint32_t depth)
{
    int rc = RTQ_OK;
    while (i < end && rc == RTQ_OK) {
        const evtx_node n = *node_at(d, o, i);
        rc = step(d, 1);
        if (rc != RTQ_OK)
            return rc;
        switch (n.kind) {
        case EVTX_ELEM: rc = expand_element(d, o, i, vals, depth); break;
        case EVTX_ATTR: rc = expand_attribute(d, o, i, vals, depth); break;
        case EVTX_VAL: rc = emit(d, &n, NULL); break;
        case EVTX_SUBST:
            if (n.slot < vals.n)
                rc = expand_value(d, &vals.v[n.slot], depth);
            break;
        default: rc = expand_instance(d, n.p, depth); break;
        }
        i = n.end;
    }
    return rc;
}

int rtq__evtx_expand_range(rtq__evtx *d, uint32_t begin, uint32_t end, bool system_only)
{
    d->tree.n = d->ir.n = 0;
    d->steps = 4 * EVTX_NODES;
    d->level = 0;
    d->dirty = true;
    return expand_fragments(d, begin, end, system_only, 0);
}

int rtq__evtx_expand_node(rtq__evtx *d, const evtx_node *nodes, uint32_t node, const evtx_slots *slots)
{
    values vals;
    d->tree.n = d->ir.n = 0;
    d->steps = 4 * EVTX_NODES;
    d->level = 0;
    d->dirty = true;
    int rc = read_values(d, slots, &vals);
    return rc != RTQ_OK ? rc : expand(d, (origin){nodes}, node, nodes[node].end, vals, 1);
}
