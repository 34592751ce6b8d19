/* evtx_tmpl.c - the cache of templates, by content: logs repeat the same definitions in every chunk. */
#include "sources/evtx/evtx_int.h"

/* Same bytes, same meaning? References to names are offsets, and lead elsewhere in another chunk. */
static bool same_meaning(const rtq__evtx *d, const evtx_tmpl *t, uint32_t def)
{
    if (rtq__evtx_dependency_id(d->chunk, d->chunk_len, def + t->first_at, def + 4 + t->len, true) != t->first_id)
        return false;
    for (uint32_t i = 0; i < t->n_refs; i++) {
        const evtx_name_ref *r = &t->refs[i];
        const uint8_t *utf16;
        uint16_t chars;
        if ((r->off == def + r->at) != r->is_inline)
            return false;
        if (r->is_inline)
            continue; /* part of the bytes */
        if (!rtq__evtx_name_at(d->chunk, d->chunk_len, r->off, &utf16, &chars) || chars != r->chars ||
            memcmp(utf16, r->utf16, (size_t)chars * 2) != 0)
            return false;
    }
    return true;
}

/* Node and name pointers of the parse lead into the chunk, which is overwritten soon. */
static bool keep_nodes(rtq__evtx *d, evtx_tmpl *t, const uint8_t *from)
{
    size_t bytes = (size_t)d->parsed.n * sizeof(evtx_node);
    evtx_node *nodes = rtq__arena_alloc(&d->cache, bytes ? bytes : 1);
    if (!nodes)
        return false;
    if (bytes)
        memcpy(nodes, d->parsed.v, bytes);
    for (uint32_t i = 0; i < d->parsed.n; i++)
        if (nodes[i].p >= from && nodes[i].p < from + t->len)
            nodes[i].p = t->bytes + (nodes[i].p - from);
    t->nodes = nodes;
    t->n_nodes = d->parsed.n;
    return true;
}

static bool keep_refs(rtq__evtx *d, evtx_tmpl *t, const evtx_name_ref *from, uint32_t n, uint32_t def)
{
    evtx_name_ref *refs = rtq__arena_alloc(&d->cache, (size_t)(n ? n : 1) * sizeof *refs);
    if (!refs)
        return false;
    for (uint32_t i = 0; i < n; i++) {
        refs[i] = from[i];
        refs[i].at -= def;
        uint8_t *copy = rtq__arena_alloc(&d->cache, (size_t)from[i].chars * 2 + 1);
        if (!copy)
            return false;
        memcpy(copy, from[i].utf16, (size_t)from[i].chars * 2);
        refs[i].utf16 = copy;
    }
    t->refs = refs;
    t->n_refs = n;
    return true;
}

static evtx_tmpl *make(rtq__evtx *d, uint32_t def, uint32_t len, uint64_t hash)
{
    evtx_tmpl *t = rtq__arena_zalloc(&d->cache, sizeof *t);
    uint8_t *bytes = t ? rtq__arena_alloc(&d->cache, len) : NULL;
    if (!bytes)
        goto nomem;
    memcpy(bytes, d->chunk + def + 4, len);
    t->bytes = bytes;
    t->len = len;
    t->hash = hash;
    d->parsed.n = 0;
    evtx_parser ps = {.mem = d->mem,
                      .arena = &d->cache,
                      .chunk = d->chunk,
                      .chunk_len = d->chunk_len,
                      .out = &d->parsed,
                      .dependency_id = true,
                      .want_refs = true,
                      .refs = d->name_refs,
                      .refs_cap = d->name_refs_cap};
    int rc = rtq__evtx_parse(&ps, def + 24, def + 4 + len);
    d->name_refs = ps.refs;
    d->name_refs_cap = ps.refs_cap;
    if (rc == RTQ_ERR_NOMEM)
        goto nomem;
    for (uint32_t i = 0; i < d->parsed.n && rc == RTQ_OK; i++)
        if (d->parsed.v[i].kind == EVTX_INSTANCE)
            rc = RTQ_ERR_DATA; /* its values would be in the definition; nobody writes that */
    t->bad = rc != RTQ_OK || d->parsed.n == 0;
    if (!keep_refs(d, t, ps.refs, ps.n_refs, def) || (!t->bad && !keep_nodes(d, t, d->chunk + def + 4)))
        goto nomem;
    t->first_at = ps.first_at - def;
    t->first_id = ps.first_id;
    d->n_tmpls++;
    /* What went wrong may be in the chunk, not in these bytes: then others shall not suffer from it. */
    if (!t->bad && ps.n_firsts == 1) {
        t->next = d->buckets[hash % EVTX_BUCKETS];
        d->buckets[hash % EVTX_BUCKETS] = t;
    }
    return t;
nomem:
    d->error = RTQ_ERR_NOMEM;
    return NULL;
}

static evtx_tmpl *resolve(rtq__evtx *d, uint32_t def)
{
    uint32_t chunk_len = d->chunk_len;
    if (def < EVTX_CHUNK_HEADER || def > chunk_len || chunk_len - def < 25)
        return NULL;
    uint32_t size = evtx_u32(d->chunk + def + 20);
    if (size > chunk_len - def - 24)
        return NULL;
    uint32_t len = size + 20;
    /* A chunk that makes us look at far more than it holds is an attack: definitions may overlap. */
    if (len > d->resolve_left)
        return NULL;
    d->resolve_left -= len;
    uint64_t hash = rtq__hash_bytes(d->chunk + def + 4, len, 0);
    uint32_t chain = 0;
    for (evtx_tmpl *t = d->buckets[hash % EVTX_BUCKETS]; t && chain < 32; t = t->next, chain++)
        if (t->hash == hash && t->len == len && memcmp(t->bytes, d->chunk + def + 4, len) == 0 &&
            same_meaning(d, t, def))
            return t;
    if (d->n_tmpls >= 4 * EVTX_CACHE_TMPLS || rtq__arena_bytes(&d->cache) > 4 * EVTX_CACHE_BYTES)
        return NULL; /* one batch cannot need so many */
    return make(d, def, len, hash);
}

evtx_tmpl *rtq__evtx_tmpl(rtq__evtx *d, uint32_t def)
{
    uint32_t i = (def * 0x9E3779B1u) >> 24;
    for (uint32_t probe = 0; probe < 16; probe++, i = (i + 1) & 255) {
        evtx_tab *e = &d->tab[i];
        if (e->gen == d->gen) {
            if (e->def == def)
                return e->tmpl;
            continue;
        }
        evtx_tmpl *t = resolve(d, def);
        if (d->error != RTQ_OK)
            return NULL;
        if (t && t->bad)
            t = NULL;
        *e = (evtx_tab){d->gen, def, t};
        return t;
    }
    evtx_tmpl *t = resolve(d, def); /* more definitions than the table has room for */
    return t && !t->bad ? t : NULL;
}

void rtq__evtx_cache_drop(rtq__evtx *d)
{
    memset(d->buckets, 0, EVTX_BUCKETS * sizeof *d->buckets);
    rtq__arena_reset(&d->cache);
    d->cache_text = (evtx_text){&d->cache, NULL, NULL};
    d->n_tmpls = 0;
    d->gen++; /* the table of the chunk has pointers into the cache */
}

int rtq__evtx_cache_trim(rtq__evtx *d)
{
    if (d->n_tmpls <= EVTX_CACHE_TMPLS && rtq__arena_bytes(&d->cache) <= EVTX_CACHE_BYTES)
        return RTQ_OK;
    rtq__evtx_cache_drop(d);
    rtq__arena_free(&d->cache);
    rtq__arena_init(&d->cache, d->mem, 65536);
    return RTQ_OK;
}
