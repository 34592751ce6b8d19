/* plan_push.c - predicates move towards the scans.
 *
 * Every item has a list of predicates on its output. From the top down each is tried on the inputs: through renames, extends (by
 * substitution), unions (per input), keys of summarize, sides of joins, sorts, expansions. Never through take, top, window functions,
 * nor when it, or what it would be substituted with, is not deterministic; now() stays where rows still carry their own time.
 * Predicates on subqueries stay too: they may wait for their subquery, and what waits should be as little as possible. */
#include "plan/plan_int.h"

enum { SUBST_BUDGET = 24 /* size of what a predicate may grow to: it is evaluated again above */ };

static bool movable(const rtq__expr *pred)
{
    return !(pred->flags & (RTQ__FN_VOLATILE | RTQ__FN_WINDOW)) && !rtq__expr_reads_slot(pred);
}

static bool to(rtq__planner *p, rtq__item *in, const rtq__expr *pred)
{
    return rtq__planner_add_pred(p, in, pred) == RTQ_OK;
}

static const rtq__expr **table(rtq__planner *p)
{
    return rtq__planner_tmp(p, p->bound->n_cols + 1u, sizeof(rtq__expr *));
}

static bool push_ref(rtq__planner *p, rtq__item *item, const rtq__expr *pred)
{
    const rtq__expr **by = table(p);
    uint32_t budget = UINT32_MAX;
    for (uint32_t i = 0; by && i < item->rel->u.refs.n_cols; i++) {
        const rtq__col *col = item->rel->u.refs.cols[i];
        by[col->id] = rtq__plan_expr_col(p, col->of);
    }
    const rtq__expr *moved = p->error ? NULL : rtq__expr_subst(p, pred, by, &budget);
    return moved && to(p, item->in[0], moved);
}

static const rtq__def *def_of(const rtq__def *defs, uint32_t n, uint32_t id)
{
    for (uint32_t i = 0; i < n; i++)
        if (defs[i].col->id == id)
            return &defs[i];
    return NULL;
}

/* The predicate over the input's columns; NULL: cannot be. Definitions that have no deterministic expression stay unreplaced. */
static const rtq__expr *over_defs(rtq__planner *p, const rtq__item *item, const rtq__def *defs, uint32_t n,
                                  const rtq__expr *pred, uint32_t budget)
{
    const rtq__expr **by = table(p);
    uint64_t *used = rtq__planner_tmp(p, p->words, 8);
    if (!by || !used)
        return NULL;
    rtq__expr_cols(p, pred, used);
    for (uint32_t c = 0; c < p->bound->n_cols; c++) {
        if (!rtq__set_has(used, c) || !rtq__set_has(item->own, c))
            continue;
        const rtq__def *def = def_of(defs, n, c);
        if (!def || def->expr->flags & (RTQ__FN_VOLATILE | RTQ__FN_WINDOW) || rtq__expr_reads_slot(def->expr))
            return NULL;
        by[c] = def->expr;
    }
    return rtq__expr_subst(p, pred, by, &budget);
}

static bool push_extend(rtq__planner *p, rtq__item *item, const rtq__expr *pred)
{
    const rtq__expr *moved = over_defs(p, item, item->rel->u.defs.defs, item->rel->u.defs.n, pred, SUBST_BUDGET);
    return moved && to(p, item->in[0], moved);
}

static bool push_summarize(rtq__planner *p, rtq__item *item, const rtq__expr *pred)
{
    if (item->rel->u.summarize.n_keys == 0 || pred->flags & RTQ__FN_NOW) /* without keys: one row even of nothing */
        return false;
    const rtq__expr *moved = over_defs(p, item, item->rel->u.summarize.keys, item->rel->u.summarize.n_keys, pred,
                                       SUBST_BUDGET);
    if (!moved || moved->flags & RTQ__FN_NOW)
        return false;
    return to(p, item->in[0], moved);
}

static bool push_union(rtq__planner *p, rtq__item *item, const rtq__expr *pred)
{
    uint32_t n = item->rel->u.unions.n_cols;
    const rtq__expr **moved = rtq__planner_tmp(p, item->n_in, sizeof *moved);
    for (uint32_t k = 0; k < item->n_in && !p->error; k++) {
        const rtq__expr **by = table(p);
        if (!by || item->in[k]->n_users != 1)
            return false;
        for (uint32_t c = 0; c < n; c++) {
            const rtq__col *col = item->rel->u.unions.cols[c];
            const rtq__expr *map = item->rel->u.unions.map[(size_t)k * n + c];
            if (map && (map->flags & (RTQ__FN_VOLATILE | RTQ__FN_WINDOW) || rtq__expr_reads_slot(map)))
                return false;
            by[col->id] = map ? map : rtq__plan_expr_null(p, col->kind);
        }
        uint32_t budget = SUBST_BUDGET;
        moved[k] = p->error ? NULL : rtq__expr_subst(p, pred, by, &budget);
        if (!moved[k])
            return false;
    }
    for (uint32_t k = 0; k < item->n_in && !p->error; k++)
        to(p, item->in[k], moved[k]);
    return !p->error;
}

/* Every column in the predicate is itself a key on the left: rows of one key all pass or all fail. */
static bool on_left_keys(rtq__planner *p, const rtq__item *item, const rtq__expr *pred)
{
    uint64_t *keys = rtq__planner_tmp(p, p->words, 8);
    for (uint32_t k = 0; keys && k < item->rel->u.join.n_keys; k++)
        if (item->rel->u.join.left_keys[k]->op == RTQ__E_COL)
            rtq__set_add(keys, item->rel->u.join.left_keys[k]->col);
    return keys && rtq__expr_within(p, pred, keys, true);
}

static bool push_join(rtq__planner *p, rtq__item *item, const rtq__expr *pred)
{
    if (pred->flags & RTQ__FN_NOW)
        return false;
    bool left = rtq__expr_within(p, pred, item->in[0]->avail, true),
         right = rtq__expr_within(p, pred, item->in[1]->avail, true);
    if (left == right)
        return false;
    switch (item->rel->u.join.kind) {
    case RTQ__JOIN_INNER: break;
    case RTQ__JOIN_INNERUNIQUE:
        if (left && !on_left_keys(p, item, pred))
            return false;
        break;
    case RTQ__JOIN_LEFTOUTER:
    case RTQ__JOIN_LEFTSEMI:
    case RTQ__JOIN_LEFTANTI:
        if (!left)
            return false;
        break;
    case RTQ__JOIN_RIGHTOUTER:
    case RTQ__JOIN_RIGHTSEMI:
    case RTQ__JOIN_RIGHTANTI:
        if (!right)
            return false;
        break;
    default: return false;
    }
    rtq__item *in = item->in[left ? 0 : 1];
    return in->n_users == 1 && to(p, in, pred);
}

static bool push_one(rtq__planner *p, rtq__item *item, const rtq__expr *pred)
{
    if (!movable(pred) || item->n_in == 0)
        return false;
    if (item->op == RTQ__R_UNION)
        return push_union(p, item, pred);
    if (item->op == RTQ__R_JOIN)
        return push_join(p, item, pred);
    if (item->in[0]->n_users != 1)
        return false;
    switch (item->op) {
    case RTQ__R_REF: return push_ref(p, item, pred);
    case RTQ__R_FILTER: return to(p, item->in[0], pred);
    case RTQ__R_EXTEND: return push_extend(p, item, pred);
    case RTQ__R_SUMMARIZE: return push_summarize(p, item, pred);
    case RTQ__R_SORT: return !item->rel->u.sort.limit && !(pred->flags & RTQ__FN_NOW) && to(p, item->in[0], pred);
    case RTQ__R_MV_EXPAND:
    case RTQ__R_PARSE:
    case RTQ__R_APPLY: return rtq__expr_within(p, pred, item->own, false) && to(p, item->in[0], pred);
    default: return false;
    }
}

void rtq__plan_push(rtq__planner *p)
{
    for (uint32_t i = p->n_items; i-- > 0 && !p->error;) {
        rtq__item *item = &p->items[i];
        if (!item->live || p->options->no_pushdown)
            continue;
        uint32_t kept = 0;
        for (uint32_t k = 0; k < item->n_preds && !p->error; k++)
            if (!push_one(p, item, item->preds[k]))
                item->preds[kept++] = item->preds[k];
        item->n_preds = kept;
    }
}
