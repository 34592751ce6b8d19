/* bind_open.c - open tables: where a name leads that no visible column has, through references, joins and unions. */
#include "kql/bind_private.h"

enum { OPEN_SCAN = 1, OPEN_THROUGH, OPEN_BAG, OPEN_PAIR, OPEN_UNION };

typedef struct found {
    const char *name;
    rtq__vcol *col;
} found;

/* Where names come from that no visible column has. */
struct rtq__open {
    uint8_t how;
    rtq__rel *rel;                 /* SCAN; REF or APPLY_INPUT, which makes columns for what `inner` finds */
    rtq__rel *over;                /* THROUGH: its input is extended when `inner` finds something that is no column */
    rtq__rel *extended;            /* that EXTEND */
    const rtq__tab *inner, *right; /* THROUGH; PAIR: both sides of a join */
    rtq__vcol *bag;                /* BAG: names are keys of this column */
    rtq__union_state *unions;
    found *founds; /* a name found twice is one column */
    uint32_t n_founds, cap_founds;
    rtq__vcol *rest;
};

static rtq__open *open_new(rtq__binder *b, uint8_t how)
{
    rtq__open *open = rtq__bind_work(b, 1, sizeof *open);
    open->how = how;
    return open;
}

rtq__open *rtq__open_scan(rtq__binder *b, rtq__rel *rel)
{
    rtq__open *open = open_new(b, OPEN_SCAN);
    open->rel = rel;
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
    rel->u.defs.defs = rtq__bind_grow(b, &b->bound->arena, rel->u.defs.defs, &cap, rel->u.defs.n + 1,
                                      sizeof *rel->u.defs.defs);
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
        const char *path = rtq__path_step(b, name, true);
        col = rtq__vcol_new(b, rtq__scan_col(b, open->rel, name, path ? path : name, RTQ_UNKNOWN, 0));
    } else if (open->how == OPEN_THROUGH) {
        rtq__expr *e = rtq__tab_lookup(b, open->inner, name, true, NULL);
        if (e && !rtq__expr_is_broken(e))
            col = rtq__vcol_new(b, rtq__ref_col(b, open->rel, as_column(b, open, e, name), name));
    } else {
        col = union_lookup(b, open, name, false);
    }
    *RTQ__BIND_PUSH(b, &b->work, open->founds, open->n_founds, open->cap_founds) = (found){name, col};
    return col;
}

rtq__expr *rtq__open_lookup(rtq__binder *b, rtq__open *open, const char *name, const rtq__ast *at)
{
    if (open->how == OPEN_BAG) {
        rtq__expr *e = rtq__bind_member(b, rtq__expr_vcol(b, open->bag, at), name, strlen(name), at);
        if (!rtq__expr_is_broken(e))
            e->kind = RTQ_UNKNOWN;
        return e;
    }
    if (open->how == OPEN_PAIR) {
        rtq__expr *both[2] = {rtq__tab_lookup(b, open->inner, name, true, at),
                              rtq__tab_lookup(b, open->right, name, true, at)};
        return both[0] && both[1] ? rtq__bind_fn(b, "coalesce", both, 2, at) : both[0] ? both[0] : both[1];
    }
    rtq__vcol *col = open_column(b, open, name);
    return col ? rtq__expr_vcol(b, col, at) : NULL;
}

rtq__expr *rtq__open_rest(rtq__binder *b, rtq__open *open, const rtq__ast *at)
{
    if (open->how == OPEN_BAG)
        return rtq__expr_vcol(b, open->bag, at);
    if (open->how == OPEN_PAIR) {
        rtq__expr *both[2] = {rtq__tab_rest(b, open->right, at), rtq__tab_rest(b, open->inner, at)};
        return both[0] && both[1] ? rtq__bind_fn(b, "bag_merge", both, 2, at) : both[0] ? both[0] : both[1];
    }
    if (!open->rest) {
        if (open->how == OPEN_SCAN) {
            open->rest = rtq__vcol_new(b, rtq__scan_col(b, open->rel, "_rest", "*", RTQ_DYNAMIC, RTQ__COL_REST));
        } else if (open->how == OPEN_UNION) {
            open->rest = union_lookup(b, open, "_rest", true);
        } else {
            rtq__expr *e = rtq__tab_rest(b, open->inner, at);
            open->rest = e ? rtq__vcol_new(b, rtq__ref_col(b, open->rel, as_column(b, open, e, "_rest"), "_rest"))
                           : NULL;
        }
    }
    return open->rest ? rtq__expr_vcol(b, open->rest, at) : NULL;
}
