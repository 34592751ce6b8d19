/* plan_stream.c - streaming class: which modes a plan may run in on inputs without end, and why not. */
#include "base/hash.h"
#include "plan/plan_int.h"

static const char *reason(const rtq__node *node, uint32_t *modes)
{
    switch (node->op) {
    case RTQ__R_SUMMARIZE:
        if (node->u.summarize.bin_key >= 0) {
            *modes &= ~(uint32_t)RTQ__MODE_CONTINUOUS;
            return NULL;
        }
        return "an aggregate over all rows of a feed without end has no final value: add bin() of the event time to its keys, or run it on a schedule";
    case RTQ__R_SORT:
        if (!node->rel || !node->rel->u.sort.limit)
            return NULL; /* orders each emission */
        return "top over a feed without end has no final value: run it on a schedule";
    case RTQ__R_JOIN:
        if (!node->in[1 - node->u.join.probe]->fed)
            return NULL;
        return "a join waits for all rows of one side, which has no end: run it on a schedule";
    case RTQ__P_SLOT:
        return "a subquery waits for all its rows, which have no end: run it on a schedule";
    default:
        return NULL;
    }
}

static bool is_volatile(const rtq__planner *p)
{
    for (uint32_t i = 0; i < p->n_items; i++)
        for (uint32_t k = 0; p->items[i].live && k < p->items[i].n_preds; k++)
            if (p->items[i].preds[k]->flags & RTQ__FN_VOLATILE)
                return true;
    return false;
}

static uint64_t hash_text(uint64_t h, const char *text) { return rtq__hash_mix(h, rtq__hash_bytes(text, strlen(text), 7)); }

/* Equal plans: the same operators over the same columns. Names of columns count, numbers do not. */
static uint64_t fingerprint(const rtq__plan *plan)
{
    uint64_t h = plan->n_nodes;
    for (uint32_t i = 0; i < plan->n_nodes; i++) {
        const rtq__node *node = plan->nodes[i];
        h = rtq__hash_mix(h, node->op);
        for (uint32_t k = 0; k < node->n_in; k++)
            h = rtq__hash_mix(h, node->in[k]->id);
        for (uint32_t c = 0; c < node->layout.n; c++) {
            const rtq__col *col = node->layout.ids[c] < plan->bound->n_cols ? plan->bound->cols[node->layout.ids[c]] : NULL;
            h = rtq__hash_mix(h, node->kinds[c]);
            if (col && col->name)
                h = hash_text(h, col->name);
        }
        if (node->op == RTQ__R_SUMMARIZE)
            for (uint32_t a = 0; a < node->u.summarize.n_aggs; a++)
                h = hash_text(h, node->u.summarize.aggs[a].agg->name);
    }
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
    plan->volatiles = is_volatile(p);
    for (uint32_t t = 0; t < plan->n_tables; t++)
        plan->tables[t].time = plan->uses_now || windows;
    plan->fingerprint = fingerprint(plan);
}
