/* bind_tab.c - scopes: which columns are in sight under which names. */
#include "kql/bind_private.h"

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
    rtq__bind_error(
        b, at, "%s needs to know all columns, and the table has fields that are only known when they are read", what);
    rtq__diag_hint(b->diag, "put `project` with the columns you want in front of it");
    return false;
}

/* ---- columns of scans and references ---- */

rtq__col *rtq__scan_col(rtq__binder *b, rtq__rel *rel, const char *name, const char *path, uint32_t kind,
                        uint32_t flags)
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

rtq__col *rtq__ref_col(rtq__binder *b, rtq__rel *rel, rtq__col *of, const char *name)
{
    for (uint32_t i = 0; i < rel->u.refs.n_cols; i++)
        if (rel->u.refs.cols[i]->of == of)
            return rel->u.refs.cols[i];
    rtq__col *col = rtq__col_named(b, rel, strcmp(name, of->name) == 0 ? of->name : rtq__bind_name(b, name), of->kind,
                                   of->flags);
    col->of = of;
    *RTQ__BIND_PUSH(b, &b->bound->arena, rel->u.refs.cols, rel->u.refs.n_cols, rel->u.refs.cap_cols) = col;
    return col;
}

rtq__col *rtq__vcol_col(rtq__binder *b, rtq__vcol *v)
{
    if (v->col)
        return v->col;
    if (v->field)
        v->col = rtq__scan_col(b, v->rel, v->field->name, v->field->path ? v->field->path : v->field->name, v->kind,
                               v->flags);
    else
        v->col = rtq__ref_col(b, v->rel, rtq__vcol_col(b, v->of), v->name);
    return v->col;
}

/* ---- look-up ---- */

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
    rtq__expr *e = rtq__open_lookup(b, tab->open, name, at);
    rtq__bind_leave(b);
    return e;
}

rtq__expr *rtq__tab_rest(rtq__binder *b, const rtq__tab *tab, const rtq__ast *at)
{
    if (!tab->open)
        return NULL;
    rtq__expr *rest = rtq__open_rest(b, tab->open, at);
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
    v->shape = vis->col->shape;
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
    out->name = tab->name;
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
        tab->open = rtq__open_scan(b, rel);
    }
    *RTQ__BIND_PUSH(b, &b->work, b->reads, b->n_reads, b->cap_reads) = (rtq__read){table, tab};
    return rtq__bind_ref(b, tab, at);
}
