/* bind_tab.c - scopes: which columns are in sight under which names, and where a name of an open table leads. */
#include "kql/bind_private.h"

enum { OPEN_SCAN = 1, OPEN_THROUGH, OPEN_BAG, OPEN_PAIR, OPEN_UNION };

typedef struct found { const char *name; rtq__vcol *col; } found;

/* Where names come from that no visible column has. */
struct rtq__open {
    uint8_t how;
    rtq__rel *rel;                /* SCAN; REF or APPLY_INPUT, which makes columns for what `inner` finds */
    rtq__rel *over;               /* THROUGH: its input is extended when `inner` finds something that is no column */
    rtq__rel *extended;           /* that EXTEND */
    const rtq__tab *inner, *right; /* THROUGH; PAIR: both sides of a join */
    rtq__vcol *bag;               /* BAG: names are keys of this column */
    rtq__union_state *unions;
    found *founds;                /* a name found twice is one column */
    uint32_t n_founds, cap_founds;
    rtq__vcol *rest;
};

/* ---- tables ---- */

rtq__tab *rtq__tab_new(rtq__binder *b, rtq__rel *rel)
{
    rtq__tab *tab = rtq__bind_work(b, 1, sizeof *tab);
    tab->rel = rel;
    return tab;
}

rtq__tab *rtq__tab_over(rtq__binder *b, const rtq__tab *in, rtq__rel *rel)
{
    rtq__tab *tab = rtq__bind_work(b, 1, sizeof *tab);
    *tab = *in;
    tab->rel = rel;
    tab->cap = tab->n;
    tab->cols = rtq__bind_work(b, tab->n, sizeof *tab->cols);
    if (tab->n)
        memcpy(tab->cols, in->cols, tab->n * sizeof *tab->cols);
    tab->cap_excluded = tab->n_excluded; /* appending copies */
    tab->chart = NULL;
    if (rel != in->rel)
        rel->serialized = tab->serialized;
    return tab;
}

rtq__tab *rtq__tab_broken(rtq__binder *b)
{
    return &b->broken_tab;
}

void rtq__tab_add(rtq__binder *b, rtq__tab *tab, const char *name, rtq__vcol *col)
{
    *RTQ__BIND_PUSH(b, &b->work, tab->cols, tab->n, tab->cap) = (rtq__vis){name, col};
}

int32_t rtq__tab_find(const rtq__tab *tab, const char *name)
{
    for (uint32_t i = 0; i < tab->n; i++)
        if (tab->cols[i].name[0] == name[0] && strcmp(tab->cols[i].name, name) == 0)
            return (int32_t)i;
    return -1;
}

static bool is_excluded(const rtq__tab *tab, const char *name)
{
    for (uint32_t i = 0; i < tab->n_excluded; i++)
        if (strcmp(tab->excluded[i], name) == 0)
            return true;
    return false;
}

void rtq__tab_exclude(rtq__binder *b, rtq__tab *tab, const char *name)
{
    if (tab->open && !is_excluded(tab, name))
        *RTQ__BIND_PUSH(b, &b->work, tab->excluded, tab->n_excluded, tab->cap_excluded) = name;
}

bool rtq__tab_needs_closed(rtq__binder *b, const rtq__tab *tab, const rtq__ast *at, const char *what)
{
    if (!tab->open)
        return true;
    rtq__bind_error(b, at, "%s needs to know all columns, and the table has fields that are only known when they are read", what);
    rtq__diag_hint(b->diag, "put `project` with the columns you want in front of it");
    return false;
}

/* ---- columns of scans and references ---- */

static rtq__col *scan_col(rtq__binder *b, rtq__rel *rel, const char *name, const char *path, uint32_t kind, uint32_t flags)
{
    for (uint32_t i = 0; i < rel->u.scan.n_cols; i++)
        if (strcmp(rel->u.scan.cols[i]->path, path) == 0)
            return rel->u.scan.cols[i];
    path = rtq__bind_name(b, path);
    name = strcmp(name, path) == 0 ? path : rtq__bind_name(b, name);
    rtq__col *col = rtq__col_named(b, rel, name, kind, flags & ~(uint32_t)RTQ__COL_ALIAS);
    col->path = path;
    *RTQ__BIND_PUSH(b, &b->bound->arena, rel->u.scan.cols, rel->u.scan.n_cols, rel->u.scan.cap_cols) = col;
    return col;
}

static rtq__col *ref_col(rtq__binder *b, rtq__rel *rel, rtq__col *of, const char *name)
{
    for (uint32_t i = 0; i < rel->u.refs.n_cols; i++)
        if (rel->u.refs.cols[i]->of == of)
            return rel->u.refs.cols[i];
    rtq__col *col = rtq__col_named(b, rel, strcmp(name, of->name) == 0 ? of->name : rtq__bind_name(b, name), of->kind, of->flags);
    col->of = of;
    *RTQ__BIND_PUSH(b, &b->bound->arena, rel->u.refs.cols, rel->u.refs.n_cols, rel->u.refs.cap_cols) = col;
    return col;
}

rtq__col *rtq__vcol_col(rtq__binder *b, rtq__vcol *v)
{
    if (v->col)
        return v->col;
    if (v->field)
        v->col = scan_col(b, v->rel, v->field->name, v->field->path ? v->field->path : v->field->name, v->kind, v->flags);
    else
        v->col = ref_col(b, v->rel, rtq__vcol_col(b, v->of), v->name);
    return v->col;
}

/* ---- open tables ---- */

static rtq__open *open_new(rtq__binder *b, uint8_t how)
{
    rtq__open *open = rtq__bind_work(b, 1, sizeof *open);
    open->how = how;
    return open;
}

rtq__open *rtq__open_bag(rtq__binder *b, rtq__vcol *bag)
{
    rtq__open *open = open_new(b, OPEN_BAG);
    open->bag = bag;
    return open;
}

rtq__open *rtq__open_pair(rtq__binder *b, const rtq__tab *left, const rtq__tab *right)
{
    rtq__open *open = open_new(b, OPEN_PAIR);
    open->inner = left;
    open->right = right;
    return open;
}

rtq__open *rtq__open_union(rtq__binder *b, rtq__union_state *state)
{
    rtq__open *open = open_new(b, OPEN_UNION);
    open->unions = state;
    return open;
}

rtq__open *rtq__open_through(rtq__binder *b, rtq__rel *rel, const rtq__tab *inner)
{
    rtq__open *open = open_new(b, OPEN_THROUGH);
    open->rel = open->over = rel;
    open->inner = inner;
    return open;
}

rtq__open *rtq__open_apply(rtq__binder *b, rtq__rel *leaf, rtq__rel *apply, const rtq__tab *inner)
{
    rtq__open *open = rtq__open_through(b, leaf, inner);
    open->over = apply;
    return open;
}

static bool is_word(const char *s)
{
    if (!*s)
        return false;
    for (const char *p = s; *p; p++)
        if (!(*p == '_' || (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9' && p > s)))
            return false;
    return true;
}

/* A key as a step of a path: .key or ['a key']. NULL when paths cannot say it. */
static const char *path_step(rtq__binder *b, const char *key, bool first)
{
    if (is_word(key))
        return first ? key : rtq__bind_namef(b, ".%s", key);
    return strpbrk(key, "'\"\\]") ? NULL : rtq__bind_namef(b, "['%s']", key);
}

/* What `inner` found, as a column that the node of `open` can refer to. */
static rtq__col *as_column(rtq__binder *b, rtq__open *open, rtq__expr *expr, const char *name)
{
    if (expr->op == RTQ__E_COL)
        return b->bound->cols[expr->col];
    if (!open->extended) {
        open->extended = rtq__rel_new(b, RTQ__R_EXTEND, NULL, open->over->in[0], NULL);
        open->extended->serialized = open->over->in[0]->serialized;
        open->over->in[0] = open->extended;
    }
    rtq__rel *rel = open->extended;
    rtq__col *col = rtq__col_new(b, rel, name, expr->kind, 0);
    col->expr = expr;
    uint32_t cap = rel->u.defs.n; /* grows by one: rare */
    rel->u.defs.defs = rtq__bind_grow(b, &b->bound->arena, rel->u.defs.defs, &cap, rel->u.defs.n + 1, sizeof *rel->u.defs.defs);
    rel->u.defs.defs[rel->u.defs.n++] = (rtq__def){col, expr};
    return col;
}

static rtq__vcol *union_lookup(rtq__binder *b, rtq__open *open, const char *name, bool rest)
{
    rtq__union_state *u = open->unions;
    rtq__expr **map = rtq__bind_alloc(b, u->n_inputs, sizeof *map);
    bool any = false;
    for (uint32_t i = 0; i < u->n_inputs; i++) {
        rtq__expr *e = rest ? rtq__tab_rest(b, u->inputs[i], NULL) : rtq__tab_lookup(b, u->inputs[i], name, true, NULL);
        if (e && e->kind != RTQ_UNKNOWN && e->kind != RTQ_DYNAMIC) {
            rtq__expr *dynamic = rtq__bind_convert(b, e, RTQ_DYNAMIC);
            e = dynamic ? dynamic : rtq__bind_fn(b, "todynamic", &e, 1, NULL);
        }
        map[i] = e;
        any |= e != NULL;
    }
    if (!any)
        return NULL;
    rtq__col *col = rtq__col_new(b, u->rel, name, rest ? RTQ_DYNAMIC : RTQ_UNKNOWN, rest ? RTQ__COL_REST : 0);
    uint32_t at = u->n, cap = u->cap;
    u->cols = rtq__bind_grow(b, &b->work, u->cols, &cap, at + 1, sizeof *u->cols);
    u->maps = rtq__bind_grow(b, &b->work, u->maps, &u->cap, at + 1, sizeof *u->maps);
    u->cols[at] = col;
    u->maps[at] = map;
    u->n++;
    return rtq__vcol_new(b, col);
}

static rtq__vcol *open_column(rtq__binder *b, rtq__open *open, const char *name)
{
    for (uint32_t i = 0; i < open->n_founds; i++)
        if (strcmp(open->founds[i].name, name) == 0)
            return open->founds[i].col;
    rtq__vcol *col = NULL;
    if (open->how == OPEN_SCAN) {
        const char *path = path_step(b, name, true);
        col = rtq__vcol_new(b, scan_col(b, open->rel, name, path ? path : name, RTQ_UNKNOWN, 0));
    } else if (open->how == OPEN_THROUGH) {
        rtq__expr *e = rtq__tab_lookup(b, open->inner, name, true, NULL);
        if (e && !rtq__expr_is_broken(e))
            col = rtq__vcol_new(b, ref_col(b, open->rel, as_column(b, open, e, name), name));
    } else {
        col = union_lookup(b, open, name, false);
    }
    *RTQ__BIND_PUSH(b, &b->work, open->founds, open->n_founds, open->cap_founds) = (found){name, col};
    return col;
}

static rtq__expr *open_lookup(rtq__binder *b, rtq__open *open, const char *name, const rtq__ast *at)
{
    if (open->how == OPEN_BAG) {
        rtq__expr *e = rtq__bind_member(b, rtq__expr_vcol(b, open->bag, at), name, strlen(name), at);
        if (!rtq__expr_is_broken(e))
            e->kind = RTQ_UNKNOWN;
        return e;
    }
    if (open->how == OPEN_PAIR) {
        rtq__expr *both[2] = {rtq__tab_lookup(b, open->inner, name, true, at), rtq__tab_lookup(b, open->right, name, true, at)};
        return both[0] && both[1] ? rtq__bind_fn(b, "coalesce", both, 2, at) : both[0] ? both[0] : both[1];
    }
    rtq__vcol *col = open_column(b, open, name);
    return col ? rtq__expr_vcol(b, col, at) : NULL;
}

rtq__expr *rtq__tab_lookup(rtq__binder *b, const rtq__tab *tab, const char *name, bool infer, const rtq__ast *at)
{
    int32_t i = rtq__tab_find(tab, name);
    if (i >= 0)
        return rtq__expr_vcol(b, tab->cols[i].col, at);
    for (uint32_t k = 0; k < tab->n_hidden; k++)
        if (strcmp(tab->hidden[k].name, name) == 0)
            return rtq__expr_vcol(b, tab->hidden[k].col, at);
    if (!infer || !tab->open || is_excluded(tab, name))
        return NULL;
    rtq__bind_enter(b, at);
    rtq__expr *e = open_lookup(b, tab->open, name, at);
    rtq__bind_leave(b);
    return e;
}

static rtq__expr *open_rest(rtq__binder *b, rtq__open *open, const rtq__ast *at)
{
    if (open->how == OPEN_BAG)
        return rtq__expr_vcol(b, open->bag, at);
    if (open->how == OPEN_PAIR) {
        rtq__expr *both[2] = {rtq__tab_rest(b, open->right, at), rtq__tab_rest(b, open->inner, at)};
        return both[0] && both[1] ? rtq__bind_fn(b, "bag_merge", both, 2, at) : both[0] ? both[0] : both[1];
    }
    if (!open->rest) {
        if (open->how == OPEN_SCAN) {
            open->rest = rtq__vcol_new(b, scan_col(b, open->rel, "_rest", "*", RTQ_DYNAMIC, RTQ__COL_REST));
        } else if (open->how == OPEN_UNION) {
            open->rest = union_lookup(b, open, "_rest", true);
        } else {
            rtq__expr *e = rtq__tab_rest(b, open->inner, at);
            open->rest = e ? rtq__vcol_new(b, ref_col(b, open->rel, as_column(b, open, e, "_rest"), "_rest")) : NULL;
        }
    }
    return open->rest ? rtq__expr_vcol(b, open->rest, at) : NULL;
}

rtq__expr *rtq__tab_rest(rtq__binder *b, const rtq__tab *tab, const rtq__ast *at)
{
    if (!tab->open)
        return NULL;
    rtq__expr *rest = open_rest(b, tab->open, at);
    if (!rest || !tab->n_excluded)
        return rest;
    rtq__expr *args[2] = {rest, rtq__expr_names(b, tab->excluded, tab->n_excluded, at)};
    return rtq__bind_fn(b, "bag_remove_keys", args, 2, at);
}

/* ---- uses of tables ---- */

static rtq__vis through(rtq__binder *b, rtq__rel *rel, const rtq__vis *vis)
{
    rtq__vcol *v = rtq__bind_work(b, 1, sizeof *v);
    v->name = vis->name;
    v->rel = rel;
    v->of = vis->col;
    v->kind = vis->col->kind;
    v->flags = vis->col->flags;
    return (rtq__vis){vis->name, v};
}

rtq__tab *rtq__bind_ref(rtq__binder *b, const rtq__tab *tab, const rtq__ast *at)
{
    if (tab->broken)
        return rtq__tab_broken(b);
    rtq__rel *rel = rtq__rel_new(b, RTQ__R_REF, at, tab->rel, NULL);
    rtq__tab *out = rtq__tab_new(b, rel);
    out->serialized = rel->serialized = tab->serialized;
    out->n = out->cap = tab->n;
    out->cols = rtq__bind_work(b, tab->n, sizeof *out->cols);
    for (uint32_t i = 0; i < tab->n; i++)
        out->cols[i] = through(b, rel, &tab->cols[i]);
    out->n_hidden = tab->n_hidden;
    out->hidden = rtq__bind_work(b, tab->n_hidden, sizeof *out->hidden);
    for (uint32_t i = 0; i < tab->n_hidden; i++)
        out->hidden[i] = through(b, rel, &tab->hidden[i]);
    if (tab->open)
        out->open = rtq__open_through(b, rel, tab);
    return out;
}

rtq__tab *rtq__bind_scan(rtq__binder *b, const rtq__table *table, bool host, const rtq__ast *at)
{
    for (uint32_t i = 0; i < b->n_reads; i++)
        if (b->reads[i].table == table)
            return rtq__bind_ref(b, b->reads[i].tab, at);
    rtq__rel *rel = rtq__rel_new(b, host ? RTQ__R_HOST_TABLE : RTQ__R_SCAN, at, NULL, NULL);
    rel->u.scan.table = table;
    rtq__bound *bound = b->bound;
    if (!host) {
        rel->u.scan.table_index = bound->n_tables;
        *RTQ__BIND_PUSH(b, &bound->arena, bound->tables, bound->n_tables, bound->cap_tables) = table;
    }
    rtq__tab *tab = rtq__tab_new(b, rel);
    uint32_t cap_hidden = 0;
    for (uint32_t i = 0; i < table->n_cols; i++) {
        const rtq__table_col *field = &table->cols[i];
        rtq__vcol *v = rtq__bind_work(b, 1, sizeof *v);
        v->name = field->name;
        v->rel = rel;
        v->field = field;
        v->kind = field->kind;
        v->flags = (uint8_t)(field->flags | (table->time_col == (int32_t)i ? RTQ__COL_TIME : 0));
        if (field->flags & RTQ__COL_ALIAS)
            *RTQ__BIND_PUSH(b, &b->work, tab->hidden, tab->n_hidden, cap_hidden) = (rtq__vis){field->name, v};
        else if (!(field->flags & RTQ__COL_REST))
            rtq__tab_add(b, tab, field->name, v);
    }
    if (table->open) {
        tab->open = open_new(b, OPEN_SCAN);
        tab->open->rel = rel;
    }
    *RTQ__BIND_PUSH(b, &b->work, b->reads, b->n_reads, b->cap_reads) = (rtq__read){table, tab};
    return rtq__bind_ref(b, tab, at);
}

/* ---- members of bags ---- */

rtq__col *rtq__bind_member_col(rtq__binder *b, rtq__col *col, const char *step)
{
    switch (col->rel->op) {
    case RTQ__R_SCAN: {
        if (!(col->flags & RTQ__COL_BAG) && col->kind != RTQ_UNKNOWN)
            return NULL;
        const char *path = rtq__bind_namef(b, "%s%s", col->path, step);
        return scan_col(b, col->rel, path, path, RTQ_UNKNOWN, 0);
    }
    case RTQ__R_REF: case RTQ__R_APPLY_INPUT: {
        rtq__col *of = col->of ? rtq__bind_member_col(b, col->of, step) : NULL;
        return of ? ref_col(b, col->rel, of, of->name) : NULL;
    }
    case RTQ__R_EXTEND:
        return col->expr && col->expr->op == RTQ__E_COL ? rtq__bind_member_col(b, b->bound->cols[col->expr->col], step) : NULL;
    default:
        return NULL;
    }
}

rtq__expr *rtq__bind_member(rtq__binder *b, rtq__expr *object, const char *key, size_t len, const rtq__ast *at)
{
    if (rtq__expr_is_broken(object))
        return object;
    bool unknown = object->kind == RTQ_UNKNOWN;
    if (object->op == RTQ__E_COL) {
        rtq__col *col = b->bound->cols[object->col];
        unknown |= (col->flags & (RTQ__COL_BAG | RTQ__COL_REST)) != 0;
        const char *step = memchr(key, '\0', len) ? NULL : path_step(b, rtq__bind_namef(b, "%.*s", (int)len, key), false);
        rtq__col *found_col = step && unknown ? rtq__bind_member_col(b, col, step) : NULL;
        if (found_col) {
            rtq__expr *e = rtq__expr_col(b, found_col, at);
            return e;
        }
    }
    rtq__expr *args[2] = {object, rtq__expr_text(b, key, len, at)};
    rtq__expr *e = rtq__bind_fn(b, "__member", args, 2, at);
    if (!rtq__expr_is_broken(e))
        e->kind = unknown ? RTQ_UNKNOWN : RTQ_DYNAMIC;
    return e;
}
