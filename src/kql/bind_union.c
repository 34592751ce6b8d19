/* bind_union.c - union: columns of the inputs matched by name and type. */
#include "kql/bind_private.h"

typedef struct input {
    const rtq__tab *tab;
    const char *name;
} input;
typedef struct inputs {
    input *items;
    uint32_t n, cap;
    bool broken;
} inputs;

static void add_input(rtq__binder *b, inputs *list, const rtq__tab *tab, const char *name)
{
    if (!name)
        name = tab->name; /* of `as` */
    if (!name)
        name = rtq__bind_namef(b, "union_arg%u", list->n);
    if (tab->broken)
        list->broken = true;
    *RTQ__BIND_PUSH(b, &b->work, list->items, list->n, list->cap) = (input){tab, name};
}

/* union A*: tables, then views of let. */
static void add_matching(rtq__binder *b, const rtq__ctx *ctx, inputs *list, const rtq__ast *item, bool fuzzy)
{
    const char *pattern = item->kind == RTQ__AST_STAR ? "*" : item->name.ptr;
    const rtq__catalog *c = b->catalog;
    uint32_t before = list->n;
    for (uint32_t i = 0; i < c->n_tables; i++)
        if (rtq__bind_matches(pattern, c->tables[i]->name))
            add_input(b, list, rtq__bind_scan(b, c->tables[i], false, item), c->tables[i]->name);
    for (uint32_t i = 0; i < c->n_host_tables; i++)
        if (rtq__bind_matches(pattern, c->host_tables[i]->name))
            add_input(b, list, rtq__bind_scan(b, c->host_tables[i], true, item), c->host_tables[i]->name);
    for (const rtq__env *env = ctx->env; env; env = env->up) {
        if (env->value.how != RTQ__VALUE_FUNCTION || !env->value.function->function.is_view ||
            !rtq__bind_matches(pattern, env->name) || rtq__env_find(ctx->env, env->name) != env ||
            !rtq__bind_callable_bare(env->value.function))
            continue;
        rtq__value value = rtq__bind_inline(b, ctx, &env->value, NULL, NULL, item);
        if (value.how == RTQ__VALUE_TABLE)
            add_input(b, list, value.tab, env->name);
        else
            list->broken = true;
    }
    if (list->n == before && !fuzzy) {
        rtq__bind_error(b, item, "no table matches '%s'", pattern);
        list->broken = true;
    }
}

static void collect(rtq__binder *b, const rtq__ctx *ctx, const rtq__ast_list *items, const rtq__ast *ast, inputs *list,
                    bool fuzzy)
{
    rtq__ctx alone = {.env = ctx->env};
    for (const rtq__ast *item = items->first; item; item = item->next) {
        if (item->kind == RTQ__AST_WILDCARD || item->kind == RTQ__AST_STAR) {
            add_matching(b, &alone, list, item, fuzzy);
            continue;
        }
        const rtq__ast *head = item; /* isfuzzy: what does not exist is left out */
        while (fuzzy && head->kind == RTQ__AST_NAMED)
            head = head->named.value;
        while (fuzzy && head->kind == RTQ__AST_PIPE && head->pipe.source)
            head = head->pipe.source;
        if (fuzzy && head->kind == RTQ__AST_NAME && rtq__bind_name_value(b, &alone, head, true).how == RTQ__VALUE_NONE)
            continue;
        const rtq__env *var = item->kind == RTQ__AST_NAME ? rtq__env_find(ctx->env, item->name.ptr) : NULL;
        bool named = item->kind == RTQ__AST_NAME &&
                     (!var || var->value.how != RTQ__VALUE_TABLE); /* a tabular let has no name of its own */
        b->leaves_out = fuzzy && head->kind == RTQ__AST_CALL && strcmp(head->call.name.ptr, "table") == 0;
        const rtq__tab *tab = rtq__bind_table(b, &alone, item);
        b->leaves_out = false;
        if (!fuzzy || tab->broken || !rtq__reads_absent(b, tab->rel))
            add_input(b, list, tab, named ? item->name.ptr : NULL);
    }
    if (list->n == 0 && !list->broken) {
        rtq__bind_error(b, ast, "union has no table that exists");
        list->broken = true;
    }
}

/* ---- columns ---- */

/* The types that a name has in the inputs, in order. Unknown joins the only other type; with several it is dynamic. */
typedef struct types {
    uint8_t kinds[12];
    uint32_t n;
    bool unknown;
} types;

static types types_of(const inputs *list, const char *name)
{
    types t = {{0}, 0, false};
    for (uint32_t i = 0; i < list->n; i++) {
        int32_t at = rtq__tab_find(list->items[i].tab, name);
        uint8_t kind = at < 0 ? 0 : list->items[i].tab->cols[at].col->kind;
        bool have = kind == 0;
        t.unknown |= kind == RTQ_UNKNOWN;
        for (uint32_t k = 0; k < t.n; k++)
            have |= t.kinds[k] == kind;
        if (!have && kind != RTQ_UNKNOWN)
            t.kinds[t.n++] = kind;
    }
    if (t.n == 0)
        t.kinds[t.n++] = RTQ_UNKNOWN;
    bool dynamic = false;
    for (uint32_t k = 0; k < t.n; k++)
        dynamic |= t.kinds[k] == RTQ_DYNAMIC;
    if (t.n > 1 && t.unknown && !dynamic)
        t.kinds[t.n++] = RTQ_DYNAMIC;
    return t;
}

/* The expression of one input for a column of that name and type, NULL: null. */
static rtq__expr *mapped(rtq__binder *b, const rtq__tab *tab, const char *name, uint32_t kind, bool only,
                         const rtq__ast *at)
{
    rtq__expr *e = rtq__tab_lookup(b, tab, name, only, at);
    if (!e || rtq__expr_is_broken(e) || e->kind == kind)
        return e && !rtq__expr_is_broken(e) ? e : NULL;
    if (e->kind != RTQ_UNKNOWN || (!only && kind != RTQ_DYNAMIC))
        return NULL;
    return rtq__bind_convert(b, e, kind);
}

static void add_column(rtq__binder *b, rtq__union_state *u, rtq__tab *out, const inputs *list, const char *name,
                       const char *shown, uint32_t kind, bool only, const rtq__ast *at)
{
    rtq__expr **map = rtq__bind_alloc(b, list->n, sizeof *map);
    uint32_t flags = RTQ__COL_TIME | RTQ__COL_BAG;
    for (uint32_t i = 0; i < list->n; i++) {
        map[i] = mapped(b, list->items[i].tab, name, kind, only, at);
        if (map[i])
            flags &= map[i]->op == RTQ__E_COL ? b->bound->cols[map[i]->col]->flags : 0;
    }
    rtq__col *col = rtq__col_new(b, u->rel, shown, kind, flags);
    uint32_t cap = u->cap;
    u->cols = rtq__bind_grow(b, &b->work, u->cols, &cap, u->n + 1, sizeof *u->cols);
    u->maps = rtq__bind_grow(b, &b->work, u->maps, &u->cap, u->n + 1, sizeof *u->maps);
    u->cols[u->n] = col;
    u->maps[u->n++] = map;
    rtq__tab_add(b, out, shown, rtq__vcol_new(b, col));
}

static bool in_all(const inputs *list, const char *name)
{
    for (uint32_t i = 0; i < list->n; i++)
        if (rtq__tab_find(list->items[i].tab, name) < 0)
            return false;
    return true;
}

static void add_source(rtq__binder *b, rtq__union_state *u, rtq__tab *out, const inputs *list, const char *name,
                       const rtq__ast *at)
{
    rtq__expr **map = rtq__bind_alloc(b, list->n, sizeof *map);
    for (uint32_t i = 0; i < list->n; i++)
        map[i] = rtq__expr_text(b, list->items[i].name, strlen(list->items[i].name), at);
    rtq__col *col = rtq__col_new(b, u->rel, name, RTQ_STRING, 0);
    uint32_t cap = u->cap;
    u->cols = rtq__bind_grow(b, &b->work, u->cols, &cap, u->n + 1, sizeof *u->cols);
    u->maps = rtq__bind_grow(b, &b->work, u->maps, &u->cap, u->n + 1, sizeof *u->maps);
    u->cols[u->n] = col;
    u->maps[u->n++] = map;
    rtq__tab_add(b, out, name, rtq__vcol_new(b, col));
}

static void unify(rtq__binder *b, rtq__union_state *u, rtq__tab *out, const inputs *list, bool inner,
                  const rtq__ast *at)
{
    rtq__uniques done = {NULL, 0, 0}, names = {NULL, 0, 0};
    for (uint32_t i = 0; i < out->n; i++)
        rtq__unique_add(b, &names, out->cols[i].name);
    for (uint32_t i = 0; i < list->n; i++) {
        const rtq__tab *tab = list->items[i].tab;
        for (uint32_t c = 0; c < tab->n; c++) {
            const char *name = tab->cols[c].name;
            uint32_t before = done.n;
            rtq__unique_add(b, &done, name);
            if (done.n == before || (inner && !in_all(list, name)))
                continue;
            types t = types_of(list, name);
            for (uint32_t k = 0; k < t.n; k++) {
                const char *shown = t.n == 1 ? name : rtq__bind_namef(b, "%s_%s", name, rtq__kind_name(t.kinds[k]));
                add_column(b, u, out, list, name, rtq__unique_name(b, &names, shown, NULL), t.kinds[k], t.n == 1, at);
            }
        }
    }
}

static const rtq__tab *build(rtq__binder *b, const inputs *list, const char *source, bool inner, bool fuzzy,
                             const rtq__ast *ast)
{
    rtq__rel *rel = rtq__rel_new(b, RTQ__R_UNION, ast, NULL, NULL);
    rtq__union_state *u = rtq__bind_work(b, 1, sizeof *u);
    rtq__tab *out = rtq__tab_new(b, rel);
    rel->n_in = u->n_inputs = list->n;
    rel->in = rtq__bind_alloc(b, list->n, sizeof *rel->in);
    u->inputs = rtq__bind_work(b, list->n, sizeof *u->inputs);
    u->rel = rel;
    u->next = b->unions;
    b->unions = u;
    bool open = false;
    for (uint32_t i = 0; i < list->n; i++) {
        rel->in[i] = list->items[i].tab->rel;
        u->inputs[i] = list->items[i].tab;
        open |= list->items[i].tab->open != NULL;
    }
    rel->u.unions.fuzzy = fuzzy;
    if (source)
        add_source(b, u, out, list, source, ast);
    unify(b, u, out, list, inner, ast);
    if (open && !inner)
        out->open = rtq__open_union(b, u);
    return out;
}

const rtq__tab *rtq__bind_union(rtq__binder *b, const rtq__ctx *ctx, const rtq__tab *in, const rtq__ast *ast)
{
    const char *fuzzy = rtq__bind_parameter(&ast->op->params, "isfuzzy", NULL),
               *kind = rtq__bind_parameter(&ast->op->params, "kind", NULL);
    const char *source = rtq__bind_parameter(&ast->op->params, "withsource", NULL);
    bool is_fuzzy = fuzzy && strcmp(fuzzy, "true") == 0;
    if (!source)
        source = rtq__bind_parameter(&ast->op->params, "with_source", NULL);
    inputs list = {NULL, 0, 0, false};
    if (in)
        add_input(b, &list, in, NULL);
    collect(b, ctx, &ast->op->items, ast, &list, is_fuzzy);
    return list.broken ? rtq__tab_broken(b)
                       : build(b, &list, source, kind && strcmp(kind, "inner") == 0, is_fuzzy, ast);
}

/* search where there are no tables */
static const rtq__tab *no_rows(rtq__binder *b, const char *source, const rtq__ast *at)
{
    rtq__rel *rel = rtq__rel_new(b, RTQ__R_VALUES, at, NULL, NULL);
    rel->u.values.n_cols = 1;
    rel->u.values.cols = rtq__bind_alloc(b, 1, sizeof(rtq__col *));
    rel->u.values.cols[0] = rtq__col_new(b, rel, source, RTQ_STRING, 0);
    rtq__tab *out = rtq__tab_new(b, rel);
    rtq__tab_add(b, out, source, rtq__vcol_new(b, rel->u.values.cols[0]));
    return out;
}

const rtq__tab *rtq__bind_union_of(rtq__binder *b, const rtq__ctx *ctx, const rtq__ast_list *items, const char *source,
                                   const rtq__ast *at)
{
    inputs list = {NULL, 0, 0, false};
    rtq__ctx alone = {.env = ctx->env};
    rtq__ast star = {.kind = RTQ__AST_STAR, .begin = at->begin, .end = at->end};
    if (items)
        collect(b, ctx, items, at, &list, false);
    else
        add_matching(b, &alone, &list, &star, true);
    if (list.n == 0 && !list.broken)
        return no_rows(b, source, at);
    return list.broken ? rtq__tab_broken(b) : build(b, &list, source, false, false, at);
}
