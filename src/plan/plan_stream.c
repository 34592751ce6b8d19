/* plan_stream.c - streaming class: which modes a plan may run in on inputs without end, and why not. */
#include "base/hash.h"
#include "plan/plan_int.h"
#include "value/dyn.h"

static const char *reason(const rtq__node *node, uint32_t *modes)
{
    switch (node->op) {
    case RTQ__R_SUMMARIZE:
        if (node->u.summarize.bin_key >= 0) {
            *modes &= ~(uint32_t)RTQ__MODE_CONTINUOUS;
            return NULL;
        }
        return "an aggregate over all rows of a feed without end has no final value: add bin() of the event time to "
               "its keys, or run it on a schedule";
    case RTQ__R_SORT:
        if (!node->rel || !node->rel->u.sort.limit)
            return NULL; /* orders each emission */
        return "top over a feed without end has no final value: run it on a schedule";
    case RTQ__R_JOIN:
        if (!node->in[1 - node->u.join.probe]->fed || node->u.join.streams)
            return NULL;
        return "a join waits for all rows of one side, which has no end: run it on a schedule";
    case RTQ__P_SLOT: return "a subquery waits for all its rows, which have no end: run it on a schedule";
    default: return NULL;
    }
}

static void visit_flags(rtq__planner *p, const rtq__expr *expr, void *ctx)
{
    (void)p;
    *(uint32_t *)ctx |= expr->flags;
}

/* Some expression may have another value the next time. */
static bool is_volatile(rtq__planner *p)
{
    uint32_t flags = 0;
    for (uint32_t i = 0; i < p->n_items; i++) {
        if (p->items[i].live)
            rtq__rel_exprs(p, p->items[i].rel, visit_flags, &flags);
        for (uint32_t k = 0; p->items[i].live && k < p->items[i].n_preds; k++)
            flags |= p->items[i].preds[k]->flags;
    }
    return flags & RTQ__FN_VOLATILE;
}

/* Operators that look at one row at a time, over scans. */
static bool reads_again(const rtq__node *node)
{
    switch (node->op) {
    case RTQ__R_SCAN: return true;
    case RTQ__R_FILTER:
    case RTQ__R_EXTEND:
    case RTQ__R_UNION:
    case RTQ__R_MV_EXPAND:
    case RTQ__R_PARSE: break;
    default: return false;
    }
    for (uint32_t i = 0; i < node->n_in; i++)
        if (!node->in[i]->again)
            return false;
    return node->n_in > 0;
}

static uint64_t hash_text(uint64_t h, const char *text)
{
    return rtq__hash_mix(h, rtq__hash_bytes(text, strlen(text), 7));
}

static uint64_t hash_expr(const rtq__expr *expr, uint64_t h, uint32_t depth)
{
    h = rtq__hash_mix(h, expr->op | (uint64_t)expr->kind << 8 | (uint64_t)expr->negated << 16 |
                             (uint64_t)expr->nocase << 17);
    if (expr->op == RTQ__E_COL)
        h = rtq__hash_mix(h, expr->col);
    else if (expr->op == RTQ__E_CALL)
        h = hash_text(h, expr->fn->name);
    else if (expr->op == RTQ__E_SLOT || expr->op == RTQ__E_IN_SLOT)
        h = rtq__hash_mix(h, expr->slot);
    else if (expr->op == RTQ__E_CONST && !expr->cell.is_null) {
        rtq__dyn d = rtq__dyn_from_cell(&expr->cell);
        h = rtq__hash_mix(h, rtq__dyn_hash(&d, 7));
    }
    for (uint32_t i = 0; i < expr->n_args && depth > 0; i++)
        h = hash_expr(expr->args[i], h, depth - 1);
    return h;
}

static void visit_hash(rtq__planner *p, const rtq__expr *expr, void *ctx)
{
    (void)p;
    *(uint64_t *)ctx = hash_expr(expr, *(uint64_t *)ctx, RTQ__PLAN_DEPTH);
}

/* Equal plans: the same operators over the same columns, with the same expressions. */
static uint64_t fingerprint(rtq__planner *p)
{
    const rtq__plan *plan = p->plan;
    uint64_t h = plan->n_nodes;
    for (uint32_t i = 0; i < plan->n_nodes; i++) {
        const rtq__node *node = plan->nodes[i];
        h = rtq__hash_mix(h, node->op);
        for (uint32_t k = 0; k < node->n_in; k++)
            h = rtq__hash_mix(h, node->in[k]->id);
        for (uint32_t c = 0; c < node->layout.n; c++) {
            const rtq__col *col = node->layout.ids[c] < plan->bound->n_cols ? plan->bound->cols[node->layout.ids[c]]
                                                                            : NULL;
            h = rtq__hash_mix(h, node->kinds[c]);
            if (col && col->name)
                h = hash_text(h, col->name);
        }
        for (uint32_t a = 0; node->op == RTQ__R_SUMMARIZE && a < node->u.summarize.n_aggs; a++)
            h = hash_text(h, node->u.summarize.aggs[a].agg->name);
        if (node->op == RTQ__R_APPLY)
            h = rtq__hash_mix(h, node->u.apply.body->fingerprint);
        if (node->op == RTQ__R_JOIN)
            h = rtq__hash_mix(h, node->u.join.kind);
    }
    for (uint32_t i = 0; i < p->n_items; i++)
        if (p->items[i].live)
            rtq__rel_exprs(p, p->items[i].rel, visit_hash, &h);
    for (uint32_t t = 0; t < plan->n_tables; t++)
        if (plan->tables[t].n_scans)
            h = hash_text(h, plan->tables[t].table->name);
    return h;
}

void rtq__plan_classify(rtq__planner *p)
{
    rtq__plan *plan = p->plan;
    uint32_t modes = RTQ__MODE_CONTINUOUS | RTQ__MODE_WINDOWED | RTQ__MODE_SCHEDULED;
    bool windows = false;
    for (uint32_t i = 0; i < plan->n_nodes; i++) {
        const rtq__node *node = plan->nodes[i];
        if (!(node->n_in == 1 && node->in[0]->fed) && !node->fed)
            continue;
        windows |= node->op == RTQ__R_SUMMARIZE && node->u.summarize.bin_key >= 0;
        const char *why = reason(node, &modes);
        if (why && !plan->why) {
            plan->why = why;
            plan->why_begin = node->rel ? node->rel->begin : 0;
            plan->why_end = node->rel ? node->rel->end : 0;
        }
    }
    if (plan->why)
        modes = RTQ__MODE_SCHEDULED;
    if (!windows)
        modes &= ~(uint32_t)RTQ__MODE_WINDOWED;
    plan->modes = modes;
    bool fixed = !is_volatile(p);
    for (uint32_t i = 0; i < plan->n_nodes; i++)
        plan->nodes[i]->again = fixed && reads_again(plan->nodes[i]);
    for (uint32_t t = 0; t < plan->n_tables; t++)
        plan->tables[t].time = plan->uses_now || windows;
    plan->fingerprint = fingerprint(p);
}
