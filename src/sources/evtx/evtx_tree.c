/* evtx_tree.c - expanded trees to cells. The shape of dynamic values is that of parse_xml(): "@name" for attributes, "#text" for
 * text beside them, an array for elements of one name; xmlns is left out. In EventData, `<Data Name="x">` is found as x. */
#include "sources/evtx/evtx_int.h"

enum { DEPTH = 100 };

bool rtq__evtx_any(rtq__dyn *out, rtq__evtx *d, const evtx_val *v, evtx_text *text)
{
    evtx_val item, first;
    uint32_t pos = 0;
    if (!(v->type & EVTX_ARRAY))
        return rtq__evtx_dyn(out, v, text);
    memset(out, 0, sizeof *out);
    if (!rtq__evtx_item(&first, v, &pos))
        return true;
    if (pos >= v->len)
        return rtq__evtx_dyn(out, &first, text);
    rtq__dyn y;
    bool ok = true;
    rtq__dyn_begin_array(d->builder);
    for (pos = 0; rtq__evtx_item(&item, v, &pos) && ok;) {
        ok = rtq__evtx_dyn(&y, &item, &d->temp);
        if (ok)
            rtq__dyn_add(d->builder, &y);
    }
    rtq__dyn_end(d->builder);
    int rc = rtq__dyn_finish(out, d->builder, text->arena);
    if (rc != RTQ_OK)
        memset(out, 0, sizeof *out);
    return ok && rc != RTQ_ERR_NOMEM;
}

/* ---- text and values of nodes -------------------------------------------------------------------------------------------------- */
static uint32_t count_values(const evtx_node *v, uint32_t from, uint32_t to, uint32_t *only)
{
    uint32_t n = 0;
    for (uint32_t i = from; i < to; i = v[i].end) {
        if (v[i].kind != EVTX_VAL)
            continue;
        if (n++ == 0)
            *only = i;
    }
    return n;
}

/* Several pieces make one text. */
static bool join(rtq_str *out, const evtx_node *v, uint32_t from, uint32_t to, evtx_text *text)
{
    rtq_str s;
    size_t bound = 0;
    for (uint32_t i = from; i < to; i = v[i].end)
        if (v[i].kind == EVTX_VAL)
            bound += (size_t)v[i].len * 3 + 224;
    if (bound > EVTX_RECORD_OUT)
        bound = EVTX_RECORD_OUT;
    char *p = rtq__evtx_room(text, bound);
    if (!p)
        return false;
    text->p += bound;
    size_t n = 0;
    for (uint32_t i = from; i < to; i = v[i].end) {
        evtx_val x = {v[i].p, v[i].len, v[i].type};
        if (v[i].kind != EVTX_VAL)
            continue;
        char *mark = text->p;
        if (!rtq__evtx_string(&s, &x, text))
            return false;
        if (s.len > bound - n)
            break;
        if (s.len > 0)
            memcpy(p + n, s.ptr, s.len);
        n += s.len;
        if (s.len > 0 && s.ptr == mark)
            text->p = mark;
    }
    if (text->p == p + bound)
        text->p = p + n;
    out->ptr = p;
    out->len = n;
    return true;
}

static bool evtx_text_of(rtq__cell *out, rtq__evtx *d, const evtx_node *v, uint32_t from, uint32_t to, uint32_t kind,
                         evtx_text *text)
{
    uint32_t only = 0, n = count_values(v, from, to, &only);
    *out = rtq__cell_null(kind);
    if (n == 0)
        return true;
    evtx_val x = {v[only].p, v[only].len, v[only].type};
    if (n > 1) {
        rtq_str s;
        if (!join(&s, v, from, to, &d->temp))
            return false;
        /* through the same conversion as one literal: text again as UTF-16 would be a detour */
        rtq__cell c = rtq__cell_s(s.ptr, s.len);
        rtq__dyn y = rtq__dyn_from_cell(&c);
        if (kind != RTQ_STRING && kind != RTQ_UNKNOWN && kind != RTQ_DYNAMIC) {
            *out = rtq__dyn_to_cell(&y, kind, text->arena);
            return true;
        }
        char *copy = rtq__evtx_room(text, s.len + 1);
        if (!copy)
            return false;
        memcpy(copy, s.ptr, s.len);
        text->p += s.len;
        c.u.s = copy;
        *out = c;
        if (kind != RTQ_STRING) {
            y.u.p = copy;
            *out = rtq__cell_y(y);
            out->kind = (uint8_t)kind;
        }
        return true;
    }
    if ((kind == RTQ_UNKNOWN || kind == RTQ_DYNAMIC) && (x.type & EVTX_ARRAY)) {
        bool ok = rtq__evtx_any(&out->u.y, d, &x, text);
        out->is_null = out->u.y.tag == RTQ__DYN_NULL;
        return ok;
    }
    return rtq__evtx_cell(out, &x, kind, text);
}

/* ---- bags ------------------------------------------------------------------------------------------------------------------------ */
typedef struct bag {
    rtq__evtx *d;
    const evtx_node *v;
    uint64_t left; /* bytes that may still be put */
    bool failed;
} bag;

static bool is_xmlns(const evtx_node *n)
{
    return n->name_len >= 5 && memcmp(n->name, "xmlns", 5) == 0 && (n->name_len == 5 || n->name[5] == ':');
}

static bool is_name(const evtx_node *n)
{
    return evtx_named(n, EVTX_ATTR, "Name", 4);
}

/* What a child of an element is found as. In EventData a Name comes before the element's. */
static rtq_str key_of(bag *b, uint32_t child, bool event_data, bool *by_attr)
{
    rtq_str key = {b->v[child].name, b->v[child].name_len};
    uint32_t attr = event_data ? rtq__evtx_child(b->v, child, EVTX_ATTR, "Name", 4) : 0;
    *by_attr = attr != 0;
    if (!attr)
        return key;
    rtq__cell c;
    if (!evtx_text_of(&c, b->d, b->v, attr + 1, b->v[attr].end, RTQ_STRING, &b->d->temp)) {
        b->failed = true;
        return key;
    }
    return (rtq_str){c.u.s, c.len};
}

static bool has_members(const bag *b, uint32_t elem, bool skip_name)
{
    for (uint32_t i = elem + 1; i < b->v[elem].end; i = b->v[i].end)
        if ((b->v[i].kind == EVTX_ELEM && !b->v[i].optional) ||
            (b->v[i].kind == EVTX_ATTR && !is_xmlns(&b->v[i]) && !(skip_name && is_name(&b->v[i]))))
            return true;
    return false;
}

static void put_values(bag *b, uint32_t from, uint32_t to)
{
    rtq__cell c;
    uint64_t bytes = 16;
    for (uint32_t i = from; i < to; i = b->v[i].end)
        bytes += (uint64_t)b->v[i].len * 3;
    bool fits = bytes <= b->left;
    b->left -= fits ? bytes : 0;
    evtx_val none = {NULL, 0, EVTX_NULL};
    rtq__dyn null;
    if (!fits && rtq__evtx_dyn(&null, &none, &b->d->temp)) {
        rtq__dyn_add(b->d->builder, &null);
        return;
    }
    uint32_t only = 0;
    /* an array inside: its items go straight to the builder, which is in use */
    if (count_values(b->v, from, to, &only) == 1 && (b->v[only].type & EVTX_ARRAY)) {
        evtx_val array = {b->v[only].p, b->v[only].len, b->v[only].type}, item;
        rtq__dyn y;
        rtq__dyn_begin_array(b->d->builder);
        for (uint32_t pos = 0; rtq__evtx_item(&item, &array, &pos);) {
            b->failed |= !rtq__evtx_dyn(&y, &item, &b->d->temp);
            rtq__dyn_add(b->d->builder, &y);
        }
        rtq__dyn_end(b->d->builder);
        return;
    }
    if (!evtx_text_of(&c, b->d, b->v, from, to, RTQ_UNKNOWN, &b->d->temp))
        b->failed = true;
    else
        rtq__dyn_add(b->d->builder, &c.u.y);
}

static void put_key(bag *b, const char *prefix, rtq_str key)
{
    if (!*prefix) {
        rtq__dyn_key(b->d->builder, key.ptr, key.len);
        return;
    }
    char *p = rtq__evtx_room(&b->d->temp, key.len + 1);
    if (!p) {
        b->failed = true;
        return;
    }
    p[0] = *prefix;
    memcpy(p + 1, key.ptr, key.len);
    rtq__dyn_key(b->d->builder, p, key.len + 1);
}

/* Children in the order of their keys' first appearance: next[i] chains those with one key; heads have head[i]. */
typedef struct group {
    rtq_str key;
    uint32_t node;
    int32_t next, last;
    bool head, by_attr;
} group;

static void chain_groups(bag *b, group *g, uint32_t n)
{
    uint32_t cap = 16;
    while (cap < n * 2)
        cap *= 2;
    int32_t *table = rtq__arena_alloc(&b->d->scratch, cap * sizeof *table);
    if (!table) {
        b->failed = true;
        return;
    }
    memset(table, 0xff, cap * sizeof *table);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t h = (uint32_t)rtq__hash_bytes(g[i].key.ptr, g[i].key.len, rtq__hash_seed()) & (cap - 1);
        g[i].next = -1;
        while (table[h] >= 0) {
            group *first = &g[table[h]];
            if (first->key.len == g[i].key.len && memcmp(first->key.ptr, g[i].key.ptr, g[i].key.len) == 0)
                break;
            h = (h + 1) & (cap - 1);
        }
        g[i].head = table[h] < 0;
        if (g[i].head) {
            table[h] = (int32_t)i;
        } else {
            group *first = &g[table[h]];
            g[first->last].next = (int32_t)i;
            first->last = (int32_t)i;
            continue;
        }
        g[i].last = (int32_t)i;
    }
}

static void put_element(bag *b, uint32_t elem, bool skip_name, bool event_data, uint32_t depth);

/* One child, or an array of all children of its key. */
static void put_group(bag *b, const group *g, uint32_t first, uint32_t depth)
{
    if (g[first].next < 0) {
        put_element(b, g[first].node, g[first].by_attr, false, depth);
        return;
    }
    rtq__dyn_begin_array(b->d->builder);
    for (int32_t i = (int32_t)first; i >= 0; i = g[i].next)
        put_element(b, g[i].node, g[i].by_attr, false, depth + 1);
    rtq__dyn_end(b->d->builder);
}

static group *read_groups(bag *b, uint32_t elem, bool event_data, uint32_t *n)
{
    uint32_t count = 0;
    for (uint32_t i = elem + 1; i < b->v[elem].end; i = b->v[i].end)
        count += b->v[i].kind == EVTX_ELEM;
    group *g = rtq__arena_zalloc(&b->d->scratch, (count + 1) * sizeof *g);
    *n = 0;
    if (!g) {
        b->failed = true;
        return NULL;
    }
    for (uint32_t i = elem + 1; i < b->v[elem].end; i = b->v[i].end) {
        if (b->v[i].kind != EVTX_ELEM)
            continue;
        g[*n].node = i;
        g[*n].key = key_of(b, i, event_data, &g[*n].by_attr);
        (*n)++;
    }
    chain_groups(b, g, *n);
    return b->failed ? NULL : g;
}

static void put_element(bag *b, uint32_t elem, bool skip_name, bool event_data, uint32_t depth)
{
    const evtx_node *v = b->v;
    if (!has_members(b, elem, skip_name) || depth > DEPTH) {
        put_values(b, rtq__evtx_content(v, elem), depth > DEPTH ? rtq__evtx_content(v, elem) : v[elem].end);
        return;
    }
    uint32_t n, only;
    group *g = read_groups(b, elem, event_data, &n);
    rtq__dyn_begin_bag(b->d->builder);
    for (uint32_t i = elem + 1; i < v[elem].end && v[i].kind == EVTX_ATTR; i = v[i].end) {
        if (is_xmlns(&v[i]) || (skip_name && is_name(&v[i])))
            continue;
        put_key(b, "@", (rtq_str){v[i].name, v[i].name_len});
        put_values(b, i + 1, v[i].end);
    }
    for (uint32_t i = 0; g && i < n; i++) {
        if (!g[i].head || (g[i].next < 0 && v[g[i].node].optional))
            continue;
        b->left -= b->left < g[i].key.len ? b->left : g[i].key.len;
        put_key(b, "", b->left ? g[i].key : (rtq_str){"", 0});
        put_group(b, g, i, depth + 1);
    }
    uint32_t content = rtq__evtx_content(v, elem);
    if (count_values(v, content, v[elem].end, &only) > 0) {
        put_key(b, "", (rtq_str){"#text", 5});
        put_values(b, content, v[elem].end);
    }
    rtq__dyn_end(b->d->builder);
}

static bool finish(rtq__cell *out, bag *b, uint32_t kind, evtx_text *text)
{
    rtq__dyn y;
    int rc = rtq__dyn_finish(&y, b->d->builder, text->arena);
    *out = rtq__cell_null(kind);
    if (rc == RTQ_OK && y.tag != RTQ__DYN_NULL) {
        out->u.y = y;
        out->is_null = 0;
    }
    return !b->failed && rc != RTQ_ERR_NOMEM;
}

/* ---- wants ---------------------------------------------------------------------------------------------------------------------- */
/* The rest of a path, inside a value that is built already. */
static bool walk_value(rtq__cell *out, const evtx_want *w, uint32_t seg, evtx_text *text)
{
    for (; seg < w->n_path; seg++) {
        const rtq__path_seg *s = &w->path[seg];
        rtq__dyn y = out->u.y, found = {0};
        int rc = s->name ? rtq__dyn_get(&found, &y, s->name, s->len, text->arena)
                         : rtq__dyn_at(&found, &y, s->index, text->arena);
        if (rc == RTQ_ERR_NOMEM)
            return false;
        if (rc != RTQ_OK)
            memset(&found, 0, sizeof found);
        out->u.y = found;
        out->is_null = found.tag == RTQ__DYN_NULL;
    }
    return true;
}

/* Builds the value of one key of an element, then goes on inside it. */
static bool member_cell(rtq__cell *out, bag *b, const evtx_want *w, uint32_t elem, uint32_t seg, evtx_text *text)
{
    const rtq__path_seg *s = &w->path[seg];
    uint32_t n;
    group *g = read_groups(b, elem, w->field == EVTX_F_EVENTDATA && seg == 0, &n);
    *out = rtq__cell_null(w->kind);
    if (!g)
        return false;
    for (uint32_t i = 0; i < n; i++) {
        if (!g[i].head || g[i].key.len != s->len || memcmp(g[i].key.ptr, s->name, s->len) != 0)
            continue;
        const rtq__path_seg *next = seg + 1 < w->n_path ? s + 1 : NULL;
        bool plain = next && next->name && next->len > 0 && next->name[0] != '@' && next->name[0] != '#';
        if (plain && g[i].next < 0)
            return member_cell(out, b, w, g[i].node, seg + 1, text); /* as deep as the path is long */
        put_group(b, g, i, 0);
        return finish(out, b, w->kind, text) && walk_value(out, w, seg + 1, text);
    }
    return true;
}

bool rtq__evtx_elem_cell(rtq__cell *out, rtq__evtx *d, const evtx_want *w, uint32_t elem, evtx_text *text)
{
    bag b = {.d = d, .v = d->tree.v, .left = EVTX_RECORD_OUT};
    if (w->field < EVTX_F_SYSTEM_END) {
        const char *attr = rtq__evtx_fields[w->field].attribute;
        uint32_t a = attr ? rtq__evtx_child(b.v, elem, EVTX_ATTR, attr, strlen(attr)) : 0;
        uint32_t from = attr ? a + 1 : rtq__evtx_content(b.v, elem);
        uint32_t to = attr ? (a ? b.v[a].end : from) : b.v[elem].end;
        return evtx_text_of(out, d, b.v, from, to, w->kind, text);
    }
    if (w->n_path > 0 && w->path[0].name && w->path[0].len > 0 && w->path[0].name[0] != '@' &&
        w->path[0].name[0] != '#')
        return member_cell(out, &b, w, elem, 0, text);
    put_element(&b, elem, false, w->field == EVTX_F_EVENTDATA, 0);
    return finish(out, &b, w->kind, text) && walk_value(out, w, 0, text);
}

uint32_t rtq__evtx_event(const evtx_nodes *tree)
{
    for (uint32_t i = 0; i < tree->n; i = tree->v[i].end)
        if (evtx_named(&tree->v[i], EVTX_ELEM, "Event", 5))
            return i + 1;
    return 0;
}

bool rtq__evtx_tree_cell(rtq__cell *out, rtq__evtx *d, const evtx_want *w, evtx_text *text)
{
    const evtx_node *v = d->tree.v;
    uint32_t event = rtq__evtx_event(&d->tree), elem = 0;
    *out = rtq__cell_null(w->kind);
    if (!event || w->field == EVTX_F_NONE || w->field >= EVTX_F_HEADER)
        return true;
    const char *name = rtq__evtx_fields[w->field].element;
    if (w->field < EVTX_F_SYSTEM_END) {
        uint32_t system = rtq__evtx_child(v, event - 1, EVTX_ELEM, "System", 6);
        elem = system ? rtq__evtx_child(v, system, EVTX_ELEM, name, strlen(name)) : 0;
    } else {
        elem = rtq__evtx_child(v, event - 1, EVTX_ELEM, name, strlen(name));
    }
    return !elem || rtq__evtx_elem_cell(out, d, w, elem, text);
}
