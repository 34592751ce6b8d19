/* bind_summarize.c - summarize, distinct, count. */
#include "kql/bind_private.h"

typedef struct keys {
    rtq__def *defs;
    uint32_t n, cap;
} keys;

/* Time bins, which windows can be made of: bin(event time, constant). */
static void note_bin(rtq__binder *b, rtq__rel *rel, uint32_t key, const rtq__expr *e)
{
    if (e->op != RTQ__E_CALL || e->n_args != 2 ||
        (strcmp(e->fn->name, "bin") != 0 && strcmp(e->fn->name, "floor") != 0) || rel->u.summarize.bin_key >= 0)
        return;
    rtq__cell cell;
    if (e->args[0]->op != RTQ__E_COL || !(b->bound->cols[e->args[0]->col]->flags & RTQ__COL_TIME) ||
        e->args[1]->kind != RTQ_TIMESPAN || !RTQ__BEXPR(e->args[1])->constant ||
        !rtq__expr_constant(b, e->args[1], &cell) || cell.is_null || cell.u.i <= 0)
        return;
    rel->u.summarize.bin_key = (int32_t)key;
    rel->u.summarize.bin_ticks = cell.u.i;
}

static rtq__vcol *add_key(rtq__binder *b, rtq__rel *rel, keys *k, const char *name, rtq__expr *e)
{
    uint32_t flags = e->op == RTQ__E_COL ? b->bound->cols[e->col]->flags & (RTQ__COL_TIME | RTQ__COL_BAG) : 0;
    rtq__col *col = rtq__col_new(b, rel, name, e->kind, flags);
    note_bin(b, rel, k->n, e);
    *RTQ__BIND_PUSH(b, &b->bound->arena, k->defs, k->n, k->cap) = (rtq__def){col, e};
    return rtq__vcol_new(b, col);
}

static bool groupable(rtq__binder *b, const rtq__expr *e, const rtq__ast *at, const char *what)
{
    if (e->kind != RTQ_DYNAMIC)
        return true;
    rtq__bind_error(b, at, "%s cannot be a dynamic value", what);
    rtq__diag_hint(b->diag, "say what it holds: tostring(), tolong() …");
    return false;
}

/* One item of `by` or of distinct. */
static void key_item(rtq__binder *b, const rtq__ctx *row, rtq__rel *rel, rtq__proj *p, keys *k, rtq__aggs *aggs,
                     const rtq__ast *item, const char *what)
{
    const rtq__ast *value = rtq__ast_unnamed(item);
    if (item->kind == RTQ__AST_ORDERED)
        value = item = item->ordered.value;
    rtq__expr *e = rtq__bind_expr(b, row, value);
    if (rtq__expr_is_broken(e) || !groupable(b, e, value, what))
        e = rtq__expr_broken(b); /* its column exists all the same, so that nothing follows from it */
    rtq__vcol *source = rtq__result_column(value, e);
    if (item != value) {
        const rtq__ast *name = item->named.names.first;
        if (item->named.names.n > 1)
            rtq__bind_error(b, name->next, "the expression has one value");
        rtq__proj_declare(b, p, name->name.ptr, add_key(b, rel, k, name->name.ptr, e),
                          source != NULL && value->kind != RTQ__AST_CALL, name);
    } else if (source) {
        const char *name = rtq__result_name(b, row, value->kind == RTQ__AST_CALL ? value->call.args.first : value,
                                            source->name);
        rtq__proj_declare(b, p, name, add_key(b, rel, k, name, e), false, item);
    } else if (value->kind == RTQ__AST_NAME && e->kind == RTQ_UNKNOWN) { /* a key of an open table is a column too */
        rtq__proj_declare(b, p, value->name.ptr, add_key(b, rel, k, value->name.ptr, e), false, item);
    } else {
        const char *name = rtq__result_name(b, row, value, NULL);
        if (!name)
            name = rtq__default_name(b, row, false);
        rtq__proj_add(b, p, name, add_key(b, rel, k, name, e), NULL, false, false);
    }
    if (source) {
        uint32_t cap = aggs->n_keys;
        aggs->keys = rtq__bind_grow(b, &b->work, aggs->keys, &cap, aggs->n_keys + 1, sizeof *aggs->keys);
        aggs->keys[aggs->n_keys++] = source;
    }
}

static void set_output(rtq__binder *b, rtq__rel *rel, const keys *k, const rtq__aggs *aggs)
{
    (void)b;
    rel->u.summarize.keys = k->defs;
    rel->u.summarize.n_keys = k->n;
    rel->u.summarize.aggs = aggs->defs;
    rel->u.summarize.n_aggs = aggs->n;
}

/* The rest of an open table that `*` of arg_max or take_any carried along: names after it are looked up there. */
static void take_rest(rtq__binder *b, rtq__tab *out)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < out->n; i++) {
        if (out->cols[i].col->flags & RTQ__COL_REST)
            out->open = rtq__open_bag(b, out->cols[i].col);
        else
            out->cols[n++] = out->cols[i];
    }
    out->n = n;
}

const rtq__tab *rtq__bind_summarize(rtq__binder *b, const rtq__ctx *ctx, const rtq__tab *in, const rtq__ast *ast)
{
    rtq__windows windows = rtq__windows_begin(in);
    rtq__rel *rel = rtq__rel_new(b, RTQ__R_SUMMARIZE, ast, in->rel ? in->rel : NULL, NULL);
    rtq__aggs aggs = {.rel = rel};
    rtq__ctx row = {.env = ctx->env, .row = in, .windows = &windows};
    rtq__proj p;
    keys k = {NULL, 0, 0};
    memset(&p, 0, sizeof p);
    rel->u.summarize.bin_key = -1;
    if (ast->op->limit)
        rtq__bind_refuse(b, ast->op->limit, "by ... bin=", "write by bin(column, size)");
    for (const rtq__ast *item = ast->op->by.first; item; item = item->next)
        key_item(b, &row, rel, &p, &k, &aggs, item, "a key of summarize");
    row.aggs = &aggs;
    row.windows = NULL;
    for (const rtq__ast *item = ast->op->items.first; item; item = item->next)
        rtq__proj_item(b, &p, &row, item, RTQ__PROJ_SUMMARIZE, NULL);
    if (in->broken || p.broken) {
        rtq__tab *out = rtq__proj_tab(b, &p, NULL, in->rel, false); /* its columns are known all the same */
        out->broken = true;
        return out;
    }
    rel->in[0] = windows.rel;
    set_output(b, rel, &k, &aggs);
    rtq__tab *out = rtq__proj_tab(b, &p, NULL, rtq__proj_rel(b, &p, rel, ast), false);
    take_rest(b, out);
    return out;
}

const rtq__tab *rtq__bind_distinct(rtq__binder *b, const rtq__ctx *ctx, const rtq__tab *in, const rtq__ast *ast)
{
    if (in->broken)
        return in;
    rtq__windows windows = rtq__windows_begin(in);
    rtq__rel *rel = rtq__rel_new(b, RTQ__R_SUMMARIZE, ast, in->rel, NULL);
    rtq__ctx row = {.env = ctx->env, .row = in, .windows = &windows};
    rtq__aggs aggs = {.rel = rel};
    rtq__proj p;
    keys k = {NULL, 0, 0};
    memset(&p, 0, sizeof p);
    rel->u.summarize.bin_key = -1;
    for (const rtq__ast *item = ast->op->items.first; item; item = item->next) {
        if (item->kind != RTQ__AST_STAR) {
            key_item(b, &row, rel, &p, &k, &aggs, item, "a key of distinct");
            continue;
        }
        if (!rtq__tab_needs_closed(b, in, item, "`distinct *`"))
            return rtq__tab_broken(b);
        for (uint32_t i = 0; i < in->n; i++) {
            rtq__expr *e = rtq__expr_vcol(b, in->cols[i].col, item);
            if (!groupable(b, e, item, rtq__bind_namef(b, "column '%s' of `distinct *`", in->cols[i].name)))
                return rtq__tab_broken(b);
            rtq__proj_add(b, &p, in->cols[i].name, add_key(b, rel, &k, in->cols[i].name, e), NULL, true, false);
        }
    }
    rel->in[0] = windows.rel;
    set_output(b, rel, &k, &aggs);
    return rtq__proj_tab(b, &p, NULL, rel, false);
}

const rtq__tab *rtq__bind_count(rtq__binder *b, const rtq__ctx *ctx, const rtq__tab *in, const rtq__ast *ast)
{
    (void)ctx;
    uint32_t n = 0;
    const rtq__agg *count = rtq__agg_find("count", 5, &n);
    const char *name = ast->op->as.ptr ? ast->op->as.ptr : "Count";
    if (!count) {
        rtq__bind_refuse(b, ast, "count", "this build does not have the aggregate");
        return rtq__tab_broken(b);
    }
    if (in->broken)
        return in;
    rtq__rel *rel = rtq__rel_new(b, RTQ__R_SUMMARIZE, ast, in->rel, NULL);
    rtq__agg_def *def = rtq__bind_alloc(b, 1, sizeof *def);
    rtq__col *col = rtq__col_new(b, rel, name, RTQ_LONG, 0);
    *def = (rtq__agg_def){.agg = count, .n_cols = 1, .begin = ast->begin, .end = ast->end};
    def->cols = rtq__bind_alloc(b, 1, sizeof(rtq__col *));
    def->cols[0] = col;
    rel->u.summarize.aggs = def;
    rel->u.summarize.n_aggs = 1;
    rel->u.summarize.bin_key = -1;
    rtq__tab *out = rtq__tab_new(b, rel);
    rtq__tab_add(b, out, name, rtq__vcol_new(b, col));
    return out;
}
