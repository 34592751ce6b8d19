/* evtx_plan.c - a template against the demand: where each want is, and which conjuncts are decided already. */
#include "sources/evtx/evtx_int.h"

typedef struct ctx {
    rtq__evtx *d;
    const evtx_tmpl *t;
    const evtx_node *v;
    evtx_plan *p;
    int role;
    uint32_t event, system; /* nodes; role 1: event is UINT32_MAX, its children are the top */
    bool failed;
} ctx;

static const rtq__cell *keep_cell(ctx *c, const rtq__cell *cell)
{
    rtq__cell *copy = rtq__arena_alloc(&c->d->cache, sizeof *copy);
    if (copy)
        *copy = *cell;
    else
        c->failed = true;
    return copy;
}

static evtx_ref null_ref(ctx *c, uint32_t kind)
{
    rtq__cell cell = rtq__cell_null(kind);
    return (evtx_ref){REF_CONST, 0, 0, keep_cell(c, &cell)};
}

/* Nodes [from, to) as a value: nothing, one literal, one slot, or a tree below `whole`. */
static evtx_ref value_ref(ctx *c, uint32_t from, uint32_t to, uint32_t kind, uint32_t whole)
{
    if (from == to)
        return null_ref(c, kind);
    const evtx_node *n = &c->v[from];
    if (n->end == to && n->kind == EVTX_SUBST)
        return (evtx_ref){REF_SLOT, n->slot, whole, NULL};
    if (n->end == to && n->kind == EVTX_VAL) {
        evtx_val v = {n->p, n->len, n->type};
        rtq__cell cell;
        if (!rtq__evtx_cell(&cell, &v, kind, &c->d->cache_text)) {
            c->failed = true;
            return null_ref(c, kind);
        }
        return (evtx_ref){REF_CONST, 0, 0, keep_cell(c, &cell)};
    }
    return (evtx_ref){REF_TREE, 0, whole, NULL};
}

static bool has_dynamic_child(const ctx *c, uint32_t elem)
{
    for (uint32_t i = elem + 1; i < c->v[elem].end; i = c->v[i].end)
        if (c->v[i].kind == EVTX_SUBST || c->v[i].kind == EVTX_INSTANCE)
            return true;
    return false;
}

static bool is_xmlns(const evtx_node *n)
{
    return n->name_len >= 5 && memcmp(n->name, "xmlns", 5) == 0 && (n->name_len == 5 || n->name[5] == ':');
}

/* Has the element children or attributes of its own, so that its value is a bag? */
static bool is_bag(const ctx *c, uint32_t elem, bool skip_name)
{
    for (uint32_t i = elem + 1; i < c->v[elem].end; i = c->v[i].end) {
        const evtx_node *n = &c->v[i];
        if (n->kind == EVTX_ELEM ||
            (n->kind == EVTX_ATTR && !is_xmlns(n) && !(skip_name && evtx_named(n, EVTX_ATTR, "Name", 4))))
            return true;
    }
    return false;
}

static evtx_ref system_ref(ctx *c, const evtx_want *w)
{
    const evtx_field *f = &rtq__evtx_fields[w->field];
    uint32_t elem = c->system ? rtq__evtx_child(c->v, c->system, EVTX_ELEM, f->element, strlen(f->element)) : 0;
    if (!elem)
        return null_ref(c, w->kind);
    if (!f->attribute)
        return value_ref(c, rtq__evtx_content(c->v, elem), c->v[elem].end, w->kind, elem);
    uint32_t attr = rtq__evtx_child(c->v, elem, EVTX_ATTR, f->attribute, strlen(f->attribute));
    return attr ? value_ref(c, attr + 1, c->v[attr].end, w->kind, elem) : null_ref(c, w->kind);
}

/* The name under which a child of EventData is found: its Name, else that of the element. False: only the record knows. */
static bool member_key(const ctx *c, uint32_t child, char *buf, size_t cap, const char **key, uint32_t *len,
                       bool *by_attr)
{
    uint32_t attr = rtq__evtx_child(c->v, child, EVTX_ATTR, "Name", 4);
    *key = c->v[child].name;
    *len = c->v[child].name_len;
    *by_attr = attr != 0;
    if (!attr)
        return true;
    const evtx_node *n = &c->v[attr + 1];
    if (c->v[attr].end != attr + 2 || n->kind != EVTX_VAL || n->type != EVTX_STRING || (size_t)n->len / 2 * 3 > cap)
        return false;
    *len = (uint32_t)rtq__evtx_utf8(buf, n->p, n->len);
    *key = buf;
    return true;
}

enum { KEY_MAX = 3 * 256 };

static evtx_ref event_data_ref(ctx *c, const evtx_want *w, uint32_t elem)
{
    evtx_ref tree = {REF_TREE, 0, elem, NULL};
    const rtq__path_seg *seg = w->path;
    if (w->n_path != 1 || !seg->name || has_dynamic_child(c, elem) || (seg->len > 0 && seg->name[0] == '@'))
        return tree;
    uint32_t found = 0;
    for (uint32_t i = rtq__evtx_content(c->v, elem); i < c->v[elem].end; i = c->v[i].end) {
        char buf[KEY_MAX];
        const char *key;
        uint32_t len;
        bool by_attr;
        if (c->v[i].kind != EVTX_ELEM || !member_key(c, i, buf, sizeof buf, &key, &len, &by_attr))
            return tree;
        if (len != seg->len || memcmp(key, seg->name, len) != 0)
            continue;
        if (found || is_bag(c, i, by_attr))
            return tree;
        found = i;
    }
    return found ? value_ref(c, rtq__evtx_content(c->v, found), c->v[found].end, w->kind, elem) : null_ref(c, w->kind);
}

/* Down plain elements with unique names; the last may be an attribute. */
static evtx_ref plain_ref(ctx *c, const evtx_want *w, uint32_t elem)
{
    evtx_ref tree = {REF_TREE, 0, elem, NULL};
    uint32_t at = elem;
    for (uint32_t s = 0; s < w->n_path; s++) {
        const rtq__path_seg *seg = &w->path[s];
        if (!seg->name || seg->len == 0 || has_dynamic_child(c, at) || seg->name[0] == '#')
            return tree;
        if (seg->name[0] == '@') {
            uint32_t attr = rtq__evtx_child(c->v, at, EVTX_ATTR, seg->name + 1, seg->len - 1);
            if (s + 1 != w->n_path || (attr && is_xmlns(&c->v[attr])))
                return tree;
            return attr ? value_ref(c, attr + 1, c->v[attr].end, w->kind, elem) : null_ref(c, w->kind);
        }
        uint32_t child = rtq__evtx_child(c->v, at, EVTX_ELEM, seg->name, seg->len);
        if (!child)
            return null_ref(c, w->kind);
        for (uint32_t i = c->v[child].end; i < c->v[at].end; i = c->v[i].end)
            if (evtx_named(&c->v[i], EVTX_ELEM, seg->name, seg->len))
                return tree;
        at = child;
    }
    if (is_bag(c, at, false))
        return tree;
    return value_ref(c, rtq__evtx_content(c->v, at), c->v[at].end, w->kind, elem);
}

static uint32_t child_of_event(const ctx *c, const char *name, size_t len)
{
    if (c->role == 0)
        return rtq__evtx_child(c->v, c->event, EVTX_ELEM, name, len);
    for (uint32_t i = 0; i < c->t->n_nodes; i = c->v[i].end)
        if (evtx_named(&c->v[i], EVTX_ELEM, name, len))
            return i + 1; /* node 0 is possible here: told apart by the caller */
    return 0;
}

static evtx_ref want_ref(ctx *c, const evtx_want *w)
{
    if (w->field == EVTX_F_NONE)
        return null_ref(c, w->kind);
    if (w->field >= EVTX_F_HEADER)
        return (evtx_ref){REF_RECORD, 0, 0, NULL};
    if (w->field < EVTX_F_SYSTEM_END)
        return system_ref(c, w);
    const char *name = rtq__evtx_fields[w->field].element;
    uint32_t elem = child_of_event(c, name, strlen(name));
    if (!elem)
        return c->p->nest >= 0 ? (evtx_ref){REF_NEST, 0, 0, NULL} : null_ref(c, w->kind);
    elem -= c->role == 1;
    if (w->n_path == 0)
        return (evtx_ref){REF_TREE, 0, elem, NULL};
    return w->field == EVTX_F_EVENTDATA ? event_data_ref(c, w, elem) : plain_ref(c, w, elem);
}

/* Finds <Event>, <System> and the slot of the nested event; tells whether the template is of the usual kind. */
static bool find_frame(ctx *c)
{
    const evtx_tmpl *t = c->t;
    c->p->nest = -1;
    if (c->role == 1) {
        for (uint32_t i = 0; i < t->n_nodes; i = t->nodes[i].end)
            if (t->nodes[i].kind != EVTX_ELEM)
                return false;
        return true;
    }
    if (t->n_nodes == 0 || !evtx_named(&t->nodes[0], EVTX_ELEM, "Event", 5) || t->nodes[0].end != t->n_nodes)
        return false;
    bool named = false;
    for (uint32_t i = rtq__evtx_content(t->nodes, 0); i < t->n_nodes; i = t->nodes[i].end) {
        const evtx_node *n = &t->nodes[i];
        if (n->kind == EVTX_ELEM) {
            for (int f = EVTX_F_EVENTDATA; f < EVTX_F_HEADER; f++)
                named |= evtx_named(n, EVTX_ELEM, rtq__evtx_fields[f].element, strlen(rtq__evtx_fields[f].element));
            if (!c->system && evtx_named(n, EVTX_ELEM, "System", 6))
                c->system = i;
        } else if (n->kind == EVTX_SUBST && c->p->nest < 0) {
            c->p->nest = n->slot;
        } else {
            return false;
        }
    }
    return c->system && !has_dynamic_child(c, c->system) && !(named && c->p->nest >= 0);
}

/* The list form of EventData. */
static void find_members(ctx *c)
{
    uint32_t elem = child_of_event(c, "EventData", 9);
    if (!elem)
        return;
    elem -= c->role == 1;
    c->p->event_data = elem;
    uint32_t n = 0, first = elem + 1;
    for (uint32_t i = first; i < c->v[elem].end; i = c->v[i].end, n++)
        if (c->v[i].kind != EVTX_ELEM)
            return;
    if (n == 0 || n > 256)
        return;
    evtx_member *m = rtq__arena_zalloc(&c->d->cache, n * sizeof *m);
    if (!m) {
        c->failed = true;
        return;
    }
    n = 0;
    for (uint32_t i = first; i < c->v[elem].end; i = c->v[i].end, n++) {
        char buf[KEY_MAX];
        const char *key;
        bool by_attr;
        if (!member_key(c, i, buf, sizeof buf, &key, &m[n].key_len, &by_attr) || is_bag(c, i, by_attr))
            return;
        m[n].key = rtq__arena_strndup(&c->d->cache, key, m[n].key_len);
        if (!m[n].key) {
            c->failed = true;
            return;
        }
        for (uint32_t k = 0; k < n; k++)
            if (m[k].key_len == m[n].key_len && memcmp(m[k].key, key, m[n].key_len) == 0)
                return;
        evtx_ref r = value_ref(c, rtq__evtx_content(c->v, i), c->v[i].end, RTQ_UNKNOWN, elem);
        if (r.kind == REF_TREE)
            return;
        m[n].is_slot = r.kind == REF_SLOT;
        m[n].slot = r.slot;
        m[n].may_miss = c->v[i].end == i + 2 && c->v[i + 1].optional;
        m[n].cell = r.cell;
    }
    c->p->members = m;
    c->p->n_members = n;
    for (uint32_t i = 0; i < n; i++) {
        m[i].key_at = c->p->names_len;
        c->p->names_len += m[i].key_len;
        c->p->texts_len += m[i].is_slot ? 0 : rtq__dyn_payload(&m[i].cell->u.y);
    }
    char *keys = rtq__arena_alloc(&c->d->cache, (size_t)c->p->names_len + 1);
    if (!keys) {
        c->failed = true;
        return;
    }
    for (uint32_t i = 0; i < n; i++)
        memcpy(keys + m[i].key_at, m[i].key, m[i].key_len);
    c->p->names = keys;
}

/* How large a value made from the whole template can become. */
static void measure(ctx *c)
{
    uint16_t count[64] = {0};
    uint64_t room = 0;
    uint32_t repeats = 1;
    for (uint32_t i = 0; i < c->t->n_nodes; i++) {
        const evtx_node *n = &c->v[i];
        room += 48 + n->name_len + (uint64_t)n->len * 2;
        if (n->kind == EVTX_SUBST && ++count[n->slot & 63] > repeats)
            repeats = count[n->slot & 63];
    }
    c->p->room = room > EVTX_RECORD_OUT ? EVTX_RECORD_OUT : (uint32_t)room;
    c->p->repeats = repeats;
}

static uint8_t fold(ctx *c, uint32_t conjunct)
{
    const evtx_ref *r = &c->p->refs[c->d->tests[conjunct].want];
    if (c->d->tests[conjunct].verdict == RTQ_PUSH_NO)
        return FOLD_YES; /* left to the engine */
    if (r->kind == REF_NEST)
        return FOLD_NEST;
    if (r->kind != REF_CONST || c->failed)
        return FOLD_TEST;
    return rtq__evtx_test_cell(c->d, conjunct, r->cell) == 0 ? FOLD_NO : FOLD_YES;
}

/* Integers in slots first, then in slot order: the sum of sizes runs only forward. */
static uint32_t cost(const ctx *c, uint32_t conjunct)
{
    const evtx_test *t = &c->d->tests[conjunct];
    const evtx_ref *r = &c->p->refs[t->want];
    uint32_t base = r->kind != REF_SLOT    ? 3u << 16
                    : t->mode == TEST_CELL ? 2u << 16
                    : t->mode == TEST_TEXT ? 1u << 16
                                           : 0;
    return base + r->slot;
}

static void add_branch(ctx *c, uint32_t id, uint32_t *at)
{
    const rtq__branch *b = &c->d->table->branches[id];
    evtx_branch *out = &c->p->branches[c->p->n_branches];
    uint32_t *list = c->p->list + *at;
    *out = (evtx_branch){id, *at, 0, 0};
    for (uint32_t i = 0; i < b->n; i++)
        if (c->p->fold[b->conjuncts[i]] == FOLD_NO)
            return; /* never, for this template */
    for (uint32_t i = 0; i < b->n; i++) {
        if (c->p->fold[b->conjuncts[i]] != FOLD_TEST)
            continue;
        uint32_t k = out->n_own++, key = cost(c, b->conjuncts[i]);
        for (; k > 0 && cost(c, list[k - 1]) > key; k--)
            list[k] = list[k - 1];
        list[k] = b->conjuncts[i];
    }
    for (uint32_t i = 0; i < b->n; i++)
        if (c->p->fold[b->conjuncts[i]] == FOLD_NEST)
            list[out->n_own + out->n_nest++] = b->conjuncts[i];
    *at += out->n_own + out->n_nest;
    c->p->n_branches++;
    if (out->n_own + out->n_nest == 0)
        c->p->verdict = VERDICT_ACCEPT;
}

static void plan_branches(ctx *c)
{
    rtq__evtx *d = c->d;
    uint32_t total = 0;
    for (uint32_t i = 0; i < d->table->n_branches; i++)
        total += d->table->branches[i].n;
    c->p->branches = rtq__arena_alloc(&d->cache, (d->table->n_branches + 1) * sizeof *c->p->branches);
    c->p->list = rtq__arena_alloc(&d->cache, (total + 1) * sizeof *c->p->list);
    if (!c->p->branches || !c->p->list) {
        c->failed = true;
        return;
    }
    c->p->verdict = d->all ? VERDICT_ACCEPT : VERDICT_TEST;
    uint32_t at = 0;
    for (uint32_t i = 0; i < d->table->n_branches && c->p->verdict == VERDICT_TEST; i++)
        add_branch(c, i, &at);
    if (c->p->n_branches == 0 && c->p->verdict == VERDICT_TEST)
        c->p->verdict = VERDICT_REJECT;
    if (c->p->verdict == VERDICT_TEST && c->p->n_branches >= EVTX_KEYED)
        c->failed |= !rtq__evtx_key_branches(d, c->p);
}

evtx_plan *rtq__evtx_tmpl_plan(rtq__evtx *d, evtx_tmpl *t, int role)
{
    if (t->plan[role])
        return t->plan[role];
    evtx_plan *p = rtq__arena_zalloc(&d->cache, sizeof *p);
    ctx c = {.d = d, .t = t, .v = t->nodes, .p = p, .role = role};
    if (!p)
        goto nomem;
    p->refs = rtq__arena_zalloc(&d->cache, (d->n_wants + 1) * sizeof *p->refs);
    p->fold = rtq__arena_zalloc(&d->cache, d->n_tests + 1);
    if (!p->refs || !p->fold)
        goto nomem;
    p->time_slot = -1;
    p->odd = !find_frame(&c);
    if (p->odd) {
        t->plan[role] = p;
        return p;
    }
    for (uint32_t i = 0; i < d->n_wants; i++)
        p->refs[i] = want_ref(&c, &d->wants[i]);
    if (d->whole)
        find_members(&c);
    if (c.failed || rtq__evtx_print_plan(d, p) != RTQ_OK)
        goto nomem;
    evtx_want time = {.field = EVTX_F_TIME, .kind = RTQ_DATETIME};
    evtx_ref r = role == 0 ? system_ref(&c, &time) : null_ref(&c, RTQ_DATETIME);
    p->time_slot = r.kind == REF_SLOT ? r.slot : -1;
    measure(&c);
    for (uint32_t i = 0; i < d->n_tests; i++)
        p->fold[i] = fold(&c, i);
    if (role == 0)
        plan_branches(&c);
    if (c.failed)
        goto nomem;
    t->plan[role] = p;
    return p;
nomem:
    d->error = RTQ_ERR_NOMEM;
    return NULL;
}
