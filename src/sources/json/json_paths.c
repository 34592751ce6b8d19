/* json_paths.c - the demanded paths as a tree of names. */
#include "sources/json/json.h"

static bool is_name(const rtq__path_seg *seg)
{
    return seg->name != NULL;
}

/* The child of that name, made when it is not there. Children are a list until the hash tables are built. */
static uint32_t child_of(json_paths *p, uint32_t parent, const rtq__path_seg *seg)
{
    for (uint32_t i = p->nodes[parent].child; i; i = p->nodes[i].next)
        if (p->nodes[i].len == seg->len && memcmp(p->nodes[i].name, seg->name, seg->len) == 0)
            return i;
    uint32_t i = p->n_nodes++;
    p->nodes[i] = (json_node){.name = seg->name, .len = seg->len, .parent = parent, .next = p->nodes[parent].child};
    memcpy(&p->nodes[i].head, seg->name, seg->len < 8 ? seg->len : 8);
    p->nodes[parent].child = i;
    return i;
}

/* Parents come before their children: counts are summed upwards, then slots are dealt out downwards. */
static void number_slots(json_paths *p)
{
    for (uint32_t i = 0; i < p->n_nodes; i++)
        p->nodes[i].below = p->nodes[i].n_own;
    for (uint32_t i = p->n_nodes; i-- > 1;)
        p->nodes[p->nodes[i].parent].below += p->nodes[i].below;
    for (uint32_t i = 0; i < p->n_nodes; i++) {
        json_node *n = &p->nodes[i];
        uint32_t at = n->own + n->n_own;
        n->below += n->own;
        for (uint32_t c = n->child; c; c = p->nodes[c].next) {
            p->nodes[c].own = at;
            at += p->nodes[c].below; /* still the count: children are visited later */
        }
    }
}

static void build_tables(json_paths *p)
{
    uint32_t used = 0;
    for (uint32_t i = 0; i < p->n_nodes; i++) {
        json_node *n = &p->nodes[i];
        uint32_t count = 0, size = 2;
        for (uint32_t c = n->child; c; c = p->nodes[c].next)
            count++;
        if (count == 0)
            continue;
        while (size < 2 * count)
            size *= 2;
        n->table = used;
        n->mask = size - 1;
        used += size;
        for (uint32_t c = n->child; c; c = p->nodes[c].next)
            n->lens |= UINT64_C(1) << (p->nodes[c].len < 63 ? p->nodes[c].len : 63);
        for (uint32_t c = n->child, next; c; c = next) {
            uint16_t *head = &p->heads[n->table + (json_hash(p->nodes[c].name, p->nodes[c].len) & n->mask)];
            next = p->nodes[c].next;
            p->nodes[c].next = *head;
            *head = (uint16_t)c;
        }
    }
}

int rtq__json_paths(rtq__json *d, const rtq__demand_table *table)
{
    json_paths *p = &d->paths;
    rtq__arena *arena = &d->rows.plan;
    uint32_t *ends = rtq__arena_zalloc(arena, (table->n_wants + 1) * sizeof *ends);
    uint32_t *dealt;
    size_t n_segs = 1;

    for (uint32_t i = 0; i < table->n_wants; i++)
        n_segs += table->wants[i].n_segs;
    if (n_segs > UINT16_MAX)
        return RTQ_ERR_NOMEM;
    p->n_nodes = 1;
    p->n_wants = table->n_wants;
    p->nodes = rtq__arena_zalloc(arena, n_segs * sizeof *p->nodes);
    p->heads = rtq__arena_zalloc(arena, n_segs * 4 * sizeof *p->heads);
    p->wants = rtq__arena_zalloc(arena, (table->n_wants + 1) * sizeof *p->wants);
    dealt = rtq__arena_zalloc(arena, n_segs * sizeof *dealt);
    d->staged = rtq__arena_alloc(arena, ((size_t)RTQ__ROWS * table->n_wants + 1) * sizeof *d->staged);
    if (!ends || !dealt || !p->nodes || !p->heads || !p->wants || !d->staged)
        return RTQ_ERR_NOMEM;
    for (uint32_t i = 0; i < table->n_wants; i++) {
        const rtq__want *w = &table->wants[i];
        uint32_t n = w->flags & RTQ__WANT_REST ? 0 : w->n_segs, k = 0;
        for (; k < n && is_name(&w->segs[k]); k++)
            ends[i] = child_of(p, ends[i], &w->segs[k]);
        p->wants[i] = (json_want){.rest = w->segs ? w->segs + k : NULL, .n_rest = n - k, .kind = w->kind};
        p->nodes[ends[i]].n_own++;
    }
    number_slots(p);
    for (uint32_t i = 0; i < table->n_wants; i++)
        p->wants[i].slot = p->nodes[ends[i]].own + dealt[ends[i]]++;
    build_tables(p);
    return RTQ_OK;
}
