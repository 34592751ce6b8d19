/* evtx_parse.c - BinXML tokens to a tree of nodes: template definitions, and records or values without a template. */
#include "sources/evtx/evtx.h"

enum { /* tokens; 0x40 says that more follows and is masked off */
       T_END = 0,
       T_OPEN,
       T_CLOSE_START,
       T_CLOSE_EMPTY,
       T_END_ELEMENT,
       T_VALUE,
       T_ATTRIBUTE,
       T_CDATA,
       T_CHAR,
       T_ENTITY,
       T_PI_TARGET,
       T_PI_DATA,
       T_INSTANCE,
       T_SUBST,
       T_OPTIONAL_SUBST,
       T_FRAGMENT
};

typedef struct state {
    evtx_parser *ps;
    uint32_t pos, end;
    uint32_t depth;               /* open elements */
    uint32_t open[EVTX_ELEMENTS]; /* their nodes */
    uint32_t attr;                /* node of the open attribute, 0: none (node 0 is never an attribute) */
    bool in_start;                /* between the name of an element and the end of its start tag */
    bool dependency_id;
    int error;
} state;

uint32_t rtq__evtx_child(const evtx_node *nodes, uint32_t parent, uint8_t kind, const char *name, size_t len)
{
    uint32_t end = nodes[parent].end;
    for (uint32_t i = parent + 1; i < end; i = nodes[i].end)
        if (evtx_named(&nodes[i], kind, name, len))
            return i;
    return 0;
}

uint32_t rtq__evtx_content(const evtx_node *nodes, uint32_t elem)
{
    uint32_t i = elem + 1, end = nodes[elem].end;
    while (i < end && nodes[i].kind == EVTX_ATTR)
        i = nodes[i].end;
    return i;
}

bool rtq__evtx_name_at(const uint8_t *chunk, uint32_t chunk_len, uint32_t off, const uint8_t **utf16, uint16_t *chars)
{
    if (off < EVTX_CHUNK_HEADER || chunk_len < 10 || off > chunk_len - 10)
        return false;
    uint32_t n = evtx_u16(chunk + off + 6);
    if (n * 2 > chunk_len - off - 10)
        return false;
    *utf16 = chunk + off + 8;
    *chars = (uint16_t)n;
    return true;
}

static uint32_t hash_name(const uint8_t *utf16, uint32_t chars)
{
    uint32_t h = 0;
    for (uint32_t i = 0; i < chars; i++)
        h = h * 65599 + evtx_u16(utf16 + (size_t)i * 2);
    return h & 0xFFFF;
}

static evtx_node *add_node(state *s, uint8_t kind)
{
    evtx_nodes *out = s->ps->out;
    if (out->n >= EVTX_NODES) {
        s->error = RTQ_ERR_DATA;
        return NULL;
    }
    if (rtq__grow(s->ps->mem, &out->v, &out->cap, (size_t)out->n + 1, sizeof *out->v) != RTQ_OK) {
        s->error = RTQ_ERR_NOMEM;
        return NULL;
    }
    evtx_node *n = &out->v[out->n++];
    memset(n, 0, sizeof *n);
    n->kind = kind;
    n->end = out->n;
    return n;
}

static bool fail(state *s)
{
    if (s->error == RTQ_OK)
        s->error = RTQ_ERR_DATA;
    return false;
}

static bool need(state *s, uint32_t n)
{
    return s->end - s->pos >= n || fail(s);
}

/* Reads a reference to a name at the cursor, and steps over the name if it is written right here. */
static bool read_name(state *s, const char **name, uint32_t *len)
{
    evtx_parser *ps = s->ps;
    const uint8_t *utf16;
    uint16_t chars;
    if (!need(s, 4))
        return false;
    uint32_t off = evtx_u32(ps->chunk + s->pos);
    s->pos += 4;
    if (!rtq__evtx_name_at(ps->chunk, ps->chunk_len, off, &utf16, &chars))
        return fail(s);
    bool is_inline = off == s->pos;
    if (ps->want_refs) {
        if (rtq__grow(ps->mem, &ps->refs, &ps->refs_cap, (size_t)ps->n_refs + 1, sizeof *ps->refs) != RTQ_OK) {
            s->error = RTQ_ERR_NOMEM;
            return false;
        }
        ps->refs[ps->n_refs++] = (evtx_name_ref){s->pos, off, is_inline, chars, utf16};
    }
    if (is_inline) {
        uint32_t bytes = 10 + (uint32_t)chars * 2;
        if (!need(s, bytes))
            return false;
        s->pos += bytes;
    }
    char *text = rtq__arena_alloc(ps->arena, (size_t)chars * 3 + 1);
    if (!text) {
        s->error = RTQ_ERR_NOMEM;
        return false;
    }
    *len = (uint32_t)rtq__evtx_utf8(text, utf16, (uint32_t)chars * 2);
    *name = text;
    return true;
}

/* Can an element start at `pos` (its size field)? Told by the hash of its name. */
static bool element_fits(const uint8_t *chunk, uint32_t chunk_len, uint32_t pos, uint32_t end)
{
    const uint8_t *utf16;
    uint16_t chars;
    if (pos > end || end - pos < 8)
        return false;
    uint32_t off = evtx_u32(chunk + pos + 4);
    return evtx_u32(chunk + pos) <= end - pos && rtq__evtx_name_at(chunk, chunk_len, off, &utf16, &chars) &&
           evtx_u16(chunk + off + 4) == hash_name(utf16, chars);
}

/* Some writers leave the id out, or put it where it is not expected. */
bool rtq__evtx_dependency_id(const uint8_t *chunk, uint32_t chunk_len, uint32_t pos, uint32_t end, bool expected)
{
    bool fits = element_fits(chunk, chunk_len, pos + (expected ? 2 : 0), end);
    return fits || !element_fits(chunk, chunk_len, pos + (expected ? 0 : 2), end) ? expected : !expected;
}

static bool open_element(state *s, bool has_attributes, bool first)
{
    if (first) {
        s->dependency_id = rtq__evtx_dependency_id(s->ps->chunk, s->ps->chunk_len, s->pos, s->end, s->dependency_id);
        s->ps->first_at = s->pos;
        s->ps->first_id = s->dependency_id;
        s->ps->n_firsts++;
    }
    if (s->depth >= EVTX_ELEMENTS || s->in_start || !need(s, s->dependency_id ? 6 : 4))
        return fail(s);
    s->pos += s->dependency_id ? 6 : 4; /* the size of the element is not needed */
    const char *name;
    uint32_t len;
    if (!read_name(s, &name, &len) || (has_attributes && !need(s, 4)))
        return false;
    s->pos += has_attributes ? 4 : 0;
    evtx_node *n = add_node(s, EVTX_ELEM);
    if (!n)
        return false;
    n->name = name;
    n->name_len = len;
    s->open[s->depth++] = s->ps->out->n - 1;
    s->in_start = true;
    s->attr = 0;
    return true;
}

static void close_attribute(state *s)
{
    if (s->attr)
        s->ps->out->v[s->attr].end = s->ps->out->n;
    s->attr = 0;
}

static bool close_element(state *s)
{
    if (s->depth == 0)
        return fail(s);
    evtx_node *v = s->ps->out->v;
    uint32_t i = s->open[--s->depth];
    v[i].end = s->ps->out->n;
    if (s->ps->stop_after_system && evtx_named(&v[i], EVTX_ELEM, "System", 6)) {
        while (s->depth > 0)
            v[s->open[--s->depth]].end = s->ps->out->n;
        s->pos = s->end;
    }
    return true;
}

static bool open_attribute(state *s)
{
    close_attribute(s);
    const char *name;
    uint32_t len;
    if (!s->in_start || !read_name(s, &name, &len))
        return fail(s);
    evtx_node *n = add_node(s, EVTX_ATTR);
    if (!n)
        return false;
    n->name = name;
    n->name_len = len;
    s->attr = s->ps->out->n - 1;
    return true;
}

/* A value must be inside an attribute or inside an element's content. */
static evtx_node *add_value(state *s, uint8_t kind)
{
    if (s->in_start ? s->attr == 0 : s->depth == 0 && kind != EVTX_INSTANCE) {
        fail(s);
        return NULL;
    }
    return add_node(s, kind);
}

static bool read_text(state *s, bool typed)
{
    if (!need(s, typed ? 3 : 2))
        return false;
    if (typed && s->ps->chunk[s->pos++] != EVTX_STRING)
        return fail(s);
    uint32_t bytes = (uint32_t)evtx_u16(s->ps->chunk + s->pos) * 2;
    s->pos += 2;
    if (!need(s, bytes))
        return false;
    evtx_node *n = add_value(s, EVTX_VAL);
    if (!n)
        return false;
    n->type = EVTX_STRING;
    n->p = s->ps->chunk + s->pos;
    n->len = bytes;
    s->pos += bytes;
    return true;
}

static bool add_char(state *s, uint32_t unit)
{
    uint8_t *p = rtq__arena_alloc(s->ps->arena, 2);
    evtx_node *n = p ? add_value(s, EVTX_VAL) : NULL;
    if (!n) {
        s->error = p ? s->error : RTQ_ERR_NOMEM;
        return false;
    }
    p[0] = (uint8_t)unit;
    p[1] = (uint8_t)(unit >> 8);
    n->type = EVTX_STRING;
    n->p = p;
    n->len = 2;
    return true;
}

static bool read_entity(state *s)
{
    static const struct {
        const char *name;
        char c;
    } entities[] = {{"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}};
    const char *name;
    uint32_t len;
    if (!read_name(s, &name, &len))
        return false;
    for (size_t i = 0; i < sizeof entities / sizeof *entities; i++)
        if (len == strlen(entities[i].name) && memcmp(name, entities[i].name, len) == 0)
            return add_char(s, (unsigned char)entities[i].c);
    return add_char(s, 0xFFFD);
}

static bool read_subst(state *s, bool optional)
{
    if (!need(s, 3))
        return false;
    evtx_node *n = add_value(s, EVTX_SUBST);
    if (!n)
        return false;
    n->slot = evtx_u16(s->ps->chunk + s->pos);
    n->type = s->ps->chunk[s->pos + 2];
    n->optional = optional;
    s->pos += 3;
    return true;
}

static bool read_instance(state *s)
{
    evtx_instance inst;
    if (!rtq__evtx_instance(&inst, s->ps->chunk, s->pos, s->end))
        return fail(s);
    evtx_node *n = add_value(s, EVTX_INSTANCE);
    if (!n)
        return false;
    n->p = s->ps->chunk + s->pos;
    n->len = inst.end - s->pos;
    s->pos = inst.end;
    return true;
}

static bool skip_pi(state *s, uint32_t token)
{
    const char *name;
    uint32_t len;
    if (token == T_PI_TARGET)
        return read_name(s, &name, &len);
    if (!need(s, 2))
        return false;
    uint32_t bytes = 2 + (uint32_t)evtx_u16(s->ps->chunk + s->pos) * 2;
    if (!need(s, bytes))
        return false;
    s->pos += bytes;
    return true;
}

static bool end_start_tag(state *s)
{
    close_attribute(s);
    if (!s->in_start)
        return fail(s);
    s->in_start = false;
    return true;
}

static bool read_token(state *s, uint32_t token, bool more, bool first)
{
    switch (token) {
    case T_OPEN: return open_element(s, more, first);
    case T_CLOSE_START: return end_start_tag(s);
    case T_CLOSE_EMPTY: return end_start_tag(s) && close_element(s);
    case T_END_ELEMENT: return s->in_start ? fail(s) : close_element(s);
    case T_VALUE: return read_text(s, true);
    case T_ATTRIBUTE: return open_attribute(s);
    case T_CDATA: return read_text(s, false);
    case T_CHAR:
        if (!need(s, 2))
            return false;
        s->pos += 2;
        return add_char(s, evtx_u16(s->ps->chunk + s->pos - 2));
    case T_ENTITY: return read_entity(s);
    case T_PI_TARGET:
    case T_PI_DATA: return skip_pi(s, token);
    case T_INSTANCE: return read_instance(s);
    case T_SUBST: return read_subst(s, false);
    case T_OPTIONAL_SUBST: return read_subst(s, true);
    case T_FRAGMENT:
        if (!need(s, 3))
            return false;
        s->pos += 3;
        return true;
    default: return fail(s);
    }
}

int rtq__evtx_parse(evtx_parser *ps, uint32_t begin, uint32_t end)
{
    state s;
    s.ps = ps;
    s.pos = begin;
    s.end = end;
    s.depth = s.attr = 0;
    s.in_start = false;
    s.dependency_id = ps->dependency_id;
    s.error = RTQ_OK;
    bool first = true;  /* no element of this fragment yet */
    uint32_t whole = 0; /* nodes of complete fragments: a damaged tail does not cost what is in front of it */
    bool any = false;
    while (s.pos < s.end) {
        uint8_t byte = ps->chunk[s.pos++];
        uint32_t token = byte & 0x3Fu;
        if (byte == 0) {
            if (s.depth > 0 || s.in_start) {
                fail(&s);
                break;
            }
            whole = ps->out->n;
            any = true;
            /* another fragment, or padding */
            if (s.end - s.pos < 5 || ps->chunk[s.pos] != T_FRAGMENT || ps->chunk[s.pos + 1] != 1)
                return RTQ_OK;
            s.dependency_id = ps->dependency_id;
            first = true;
            continue;
        }
        if (!read_token(&s, token, (byte & 0x40) != 0, first && token == T_OPEN))
            break;
        if (token == T_OPEN)
            first = false;
    }
    if (s.error == RTQ_OK && s.depth == 0 && !s.in_start)
        return RTQ_OK;
    if (s.error == RTQ_ERR_NOMEM)
        return s.error;
    if (!any)
        return RTQ_ERR_DATA;
    ps->out->n = whole;
    return RTQ_OK;
}

bool rtq__evtx_instance(evtx_instance *out, const uint8_t *chunk, uint32_t at, uint32_t limit)
{
    if (at > limit || limit - at < 13)
        return false;
    uint32_t pos = at + 9;
    out->def = evtx_u32(chunk + at + 5);
    if (out->def == pos) { /* the definition is written right here */
        if (limit - pos < 28)
            return false;
        uint32_t size = evtx_u32(chunk + pos + 20);
        if (size > limit - pos - 28)
            return false;
        pos += 24 + size;
    }
    uint32_t n = evtx_u32(chunk + pos);
    pos += 4;
    if (n > EVTX_SLOTS || n * 4 > limit - pos)
        return false;
    out->n = n;
    out->desc = pos;
    out->values = pos + n * 4;
    uint32_t bytes = evtx_sizes(chunk + pos, n);
    if (bytes > limit - out->values)
        return false;
    out->end = out->values + bytes;
    return true;
}
