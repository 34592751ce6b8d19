/* plan_need.c - columns: what each item can give (upwards), what is asked of it (downwards). */
#include "plan/plan_int.h"

static void add_cols(uint64_t *set, rtq__col *const *cols, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        rtq__set_add(set, cols[i]->id);
}

static void add_items(uint64_t *set, const rtq__expand_item *items, uint32_t n, const rtq__col *index)
{
    for (uint32_t i = 0; i < n; i++)
        rtq__set_add(set, items[i].col->id);
    if (index)
        rtq__set_add(set, index->id);
}

static void avail_join(rtq__planner *p, rtq__item *item)
{
    uint8_t kind = item->rel->u.join.kind;
    if (kind != RTQ__JOIN_RIGHTSEMI && kind != RTQ__JOIN_RIGHTANTI)
        rtq__set_or(item->avail, item->in[0]->avail, p->words);
    if (kind != RTQ__JOIN_LEFTSEMI && kind != RTQ__JOIN_LEFTANTI)
        rtq__set_or(item->avail, item->in[1]->avail, p->words);
}

/* The columns that the node itself makes. */
static void own_cols(rtq__planner *p, const rtq__item *item, uint64_t *set)
{
    const rtq__rel *rel = item->rel;
    switch (rel->op) {
    case RTQ__R_SCAN:
    case RTQ__R_HOST_TABLE: add_cols(set, rel->u.scan.cols, rel->u.scan.n_cols); break;
    case RTQ__R_VALUES: add_cols(set, rel->u.values.cols, rel->u.values.n_cols); break;
    case RTQ__R_RANGE: rtq__set_add(set, rel->u.range.col->id); break;
    case RTQ__R_EXTERNAL: add_cols(set, rel->u.external.cols, rel->u.external.n_cols); break;
    case RTQ__R_REF: add_cols(set, rel->u.refs.cols, rel->u.refs.n_cols); break;
    case RTQ__R_APPLY_INPUT: {
        add_cols(set, rel->u.refs.cols, rel->u.refs.n_cols);
        if (!p->apply || p->apply->u.apply.input != rel)
            break;
        add_items(set, p->apply->u.apply.items, p->apply->u.apply.n, p->apply->u.apply.index);
        break;
    }
    case RTQ__R_EXTEND:
    case RTQ__R_WINDOW:
        for (uint32_t i = 0; i < rel->u.defs.n; i++)
            rtq__set_add(set, rel->u.defs.defs[i].col->id);
        break;
    case RTQ__R_SUMMARIZE:
        for (uint32_t i = 0; i < rel->u.summarize.n_keys; i++)
            rtq__set_add(set, rel->u.summarize.keys[i].col->id);
        for (uint32_t i = 0; i < rel->u.summarize.n_aggs; i++)
            add_cols(set, rel->u.summarize.aggs[i].cols, rel->u.summarize.aggs[i].n_cols);
        break;
    case RTQ__R_UNION: add_cols(set, rel->u.unions.cols, rel->u.unions.n_cols); break;
    case RTQ__R_MV_EXPAND: add_items(set, rel->u.expand.items, rel->u.expand.n, rel->u.expand.index); break;
    case RTQ__R_APPLY: add_cols(set, rel->u.apply.body_cols, rel->u.apply.n_body_cols); break;
    case RTQ__R_PARSE:
        for (uint32_t i = 0; i < rel->u.parse.n; i++)
            if (rel->u.parse.pieces[i].col)
                rtq__set_add(set, rel->u.parse.pieces[i].col->id);
        break;
    default: break;
    }
}

/* Columns of the input go through. */
static bool passes(uint8_t op)
{
    switch (op) {
    case RTQ__R_FILTER:
    case RTQ__R_EXTEND:
    case RTQ__R_SORT:
    case RTQ__R_TAKE:
    case RTQ__R_MV_EXPAND:
    case RTQ__R_APPLY:
    case RTQ__R_PARSE:
    case RTQ__R_WINDOW: return true;
    default: return false;
    }
}

void rtq__plan_avail(rtq__planner *p)
{
    for (uint32_t i = 0; i < p->n_items && !p->error; i++) {
        rtq__item *item = &p->items[i];
        if (!item->live)
            continue;
        item->own = rtq__planner_tmp(p, p->words, 8);
        if (!item->own)
            return;
        own_cols(p, item, item->own);
        rtq__set_or(item->avail, item->own, p->words);
        if (passes(item->op))
            rtq__set_or(item->avail, item->in[0]->avail, p->words);
        else if (item->op == RTQ__R_JOIN)
            avail_join(p, item);
    }
}

/* ---- downwards ----------------------------------------------------------------------------------------------------- */
typedef struct ask {
    uint64_t *set;
} ask;

static void ask_expr(rtq__planner *p, const rtq__expr *expr, void *ctx)
{
    rtq__expr_cols(p, expr, ((ask *)ctx)->set);
}

static void need_through(rtq__planner *p, const rtq__item *item, rtq__item *in)
{
    for (uint32_t w = 0; w < p->words; w++)
        in->needed[w] |= item->needed[w] & ~item->own[w] & in->avail[w];
}

static void need_defs(rtq__planner *p, const rtq__item *item)
{
    for (uint32_t i = 0; i < item->rel->u.defs.n; i++)
        if (rtq__set_has(item->needed, item->rel->u.defs.defs[i].col->id))
            rtq__expr_cols(p, item->rel->u.defs.defs[i].expr, item->in[0]->needed);
}

bool rtq__plan_agg_needed(const rtq__item *item, const rtq__agg_def *agg)
{
    for (uint32_t c = 0; c < agg->n_cols; c++)
        if (rtq__set_has(item->needed, agg->cols[c]->id))
            return true;
    return false;
}

/* arg_max(x, a, b, …) of which only some columns are asked for: the others need not be carried along. */
bool rtq__plan_arg_needed(const rtq__item *item, const rtq__agg_def *def, uint32_t i)
{
    bool by_column = strncmp(def->agg->name, "arg_", 4) == 0 && def->n_cols == def->n_args;
    return !by_column || i == 0 || rtq__set_has(item->needed, def->cols[i]->id);
}

static void need_summarize(rtq__planner *p, const rtq__item *item)
{
    const rtq__rel *rel = item->rel;
    uint64_t *set = item->in[0]->needed;
    for (uint32_t i = 0; i < rel->u.summarize.n_keys; i++)
        rtq__expr_cols(p, rel->u.summarize.keys[i].expr, set);
    for (uint32_t i = 0; i < rel->u.summarize.n_aggs; i++) {
        const rtq__agg_def *agg = &rel->u.summarize.aggs[i];
        if (!rtq__plan_agg_needed(item, agg))
            continue;
        for (uint32_t k = 0; k < agg->n_args; k++)
            if (rtq__plan_arg_needed(item, agg, k))
                rtq__expr_cols(p, agg->args[k], set);
        if (agg->predicate)
            rtq__expr_cols(p, agg->predicate, set);
    }
}

static void need_union(rtq__planner *p, const rtq__item *item)
{
    uint32_t n = item->rel->u.unions.n_cols;
    for (uint32_t k = 0; k < item->n_in; k++)
        for (uint32_t c = 0; c < n; c++) {
            const rtq__expr *map = item->rel->u.unions.map[(size_t)k * n + c];
            if (map && rtq__set_has(item->needed, item->rel->u.unions.cols[c]->id))
                rtq__expr_cols(p, map, item->in[k]->needed);
        }
}

static void need_join(rtq__planner *p, const rtq__item *item)
{
    for (uint32_t k = 0; k < item->rel->u.join.n_keys; k++) {
        rtq__expr_cols(p, item->rel->u.join.left_keys[k], item->in[0]->needed);
        rtq__expr_cols(p, item->rel->u.join.right_keys[k], item->in[1]->needed);
    }
    need_through(p, item, item->in[0]);
    need_through(p, item, item->in[1]);
}

static void need_refs(const rtq__item *item, uint64_t *set)
{
    for (uint32_t i = 0; i < item->rel->u.refs.n_cols; i++)
        if (rtq__set_has(item->needed, item->rel->u.refs.cols[i]->id))
            rtq__set_add(set, item->rel->u.refs.cols[i]->of->id);
}

static void need_inputs(rtq__planner *p, rtq__item *item)
{
    ask a = {item->n_in ? item->in[0]->needed : NULL};
    switch (item->op) {
    case RTQ__R_REF: need_refs(item, a.set); break;
    case RTQ__R_SUMMARIZE: need_summarize(p, item); break;
    case RTQ__R_UNION: need_union(p, item); break;
    case RTQ__R_JOIN: need_join(p, item); break;
    case RTQ__R_EXTEND:
    case RTQ__R_WINDOW:
        need_defs(p, item);
        need_through(p, item, item->in[0]);
        break;
    case RTQ__R_FILTER: need_through(p, item, item->in[0]); break; /* its predicates: see below */
    case RTQ__R_APPLY: {
        const rtq__rel *input = item->rel->u.apply.input;
        for (uint32_t i = 0; input && i < input->u.refs.n_cols; i++)
            rtq__set_add(a.set, input->u.refs.cols[i]->of->id);
        rtq__rel_exprs(p, item->rel, ask_expr, &a);
        need_through(p, item, item->in[0]);
        break;
    }
    case RTQ__R_SORT:
    case RTQ__R_TAKE:
    case RTQ__R_MV_EXPAND:
    case RTQ__R_PARSE:
        rtq__rel_exprs(p, item->rel, ask_expr, &a);
        need_through(p, item, item->in[0]);
        break;
    default: break;
    }
}

void rtq__plan_need(rtq__planner *p)
{
    for (uint32_t i = p->n_items; i-- > 0 && !p->error;) {
        rtq__item *item = &p->items[i];
        if (!item->live)
            continue;
        if (item->op != RTQ__R_SCAN) /* there they decide; what survivors need is kept apart */
            for (uint32_t k = 0; k < item->n_preds; k++)
                rtq__expr_cols(p, item->preds[k], item->needed);
        need_inputs(p, item);
    }
}
