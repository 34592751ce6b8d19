/* plan_bounds.c - how far back a read looks: a lower bound on the event time that moves with now(). */
#include "plan/plan_closed.h"

/* The value of an expression without columns at some clock; false: it has none. */
static bool value_at(rtq__planner *p, const rtq__expr *expr, int64_t clock, int64_t *out)
{
    rtq__eval eval;
    rtq__prog *prog = NULL;
    rtq__vec *vec;
    rtq__layout none = {NULL, 0};
    rtq__batch one = {.n = 1, .n_sel = 1, .now = clock};
    bool found = false;
    if (rtq__eval_init(&eval, p->mem, &p->tmp) != RTQ_OK)
        return false;
    eval.clock_ticks = clock;
    eval.batch = &one;
    int rc = rtq__prog_new(&prog, p->mem, expr, &none, NULL);
    if (rc == RTQ_OK && rtq__prog_kind(prog) == RTQ_DATETIME &&
        rtq__prog_eval(&vec, prog, &eval, &one, NULL, 1) == RTQ_OK) {
        rtq__cell c = rtq__vec_get(vec, 0);
        *out = c.u.i;
        found = !c.is_null;
    }
    if (rc == RTQ_ERR_NOMEM)
        p->error = rc;
    rtq__prog_free(prog);
    rtq__eval_free(&eval);
    return found;
}

static bool is_time(rtq__planner *p, const rtq__expr *expr, const rtq__table *table)
{
    if (expr->op != RTQ__E_COL || table->time_col < 0)
        return false;
    const rtq__col *col = p->bound->cols[expr->col];
    while (col->of)
        col = col->of;
    const rtq__table_col *time = &table->cols[table->time_col];
    return strcmp(col->path ? col->path : col->name, time->path ? time->path : time->name) == 0;
}

/* The lower bound in `time > x`, `x < time`, `time between (x .. y)`; NULL: the predicate is none. */
static const rtq__expr *lower_bound(rtq__planner *p, const rtq__expr *expr, const rtq__table *table)
{
    if (expr->op != RTQ__E_CALL || expr->n_args < 2)
        return NULL;
    const char *name = expr->fn->name;
    bool left = is_time(p, expr->args[0], table), right = is_time(p, expr->args[1], table);
    if (left && (strcmp(name, ">") == 0 || strcmp(name, ">=") == 0 || strcmp(name, "between") == 0))
        return expr->args[1];
    return right && (strcmp(name, "<") == 0 || strcmp(name, "<=") == 0) ? expr->args[0] : NULL;
}

/* Ticks, 0: no bound. */
static int64_t looks_back(rtq__planner *p, const rtq__node *scan, const rtq__table *table)
{
    static const int64_t clock = INT64_C(637134336000000000); /* any: what counts is the distance */
    const uint64_t *none = rtq__planner_tmp(p, p->words, 8);
    int64_t least = 0;
    for (uint32_t i = 0; i < scan->u.scan.n_filters && none; i++) {
        const rtq__expr *bound = lower_bound(p, scan->u.scan.filters[i].expr, table);
        int64_t t;
        if (!bound || !(bound->flags & RTQ__FN_NOW) || bound->flags & RTQ__FN_VOLATILE || rtq__expr_reads_slot(bound) ||
            !rtq__expr_within(p, bound, none, true) || !value_at(p, bound, clock, &t) || t >= clock)
            continue;
        least = least == 0 || clock - t < least ? clock - t : least;
    }
    return least;
}

static uint64_t max_rows(const rtq__node *scan)
{
    const rtq__node *above = scan->n_out == 1 ? scan->out[0].node : NULL;
    if (!above || above->op != RTQ__R_TAKE || scan->u.scan.n_filters > 0)
        return 0;
    const rtq__expr *n = above->rel->u.take.n;
    return n->op == RTQ__E_CONST && !n->cell.is_null && n->cell.u.i > 0 ? (uint64_t)n->cell.u.i : 0;
}

/* Rows of a join of feeds are held for the longest look-back of the tables behind it, if they all have one. */
static void bound_joins(rtq__planner *p)
{
    int64_t keep = 0;
    bool all = true;
    for (uint32_t t = 0; t < p->plan->n_tables; t++) {
        if (!p->plan->tables[t].n_scans)
            continue;
        all &= p->plan->tables[t].lookback > 0;
        keep = p->plan->tables[t].lookback > keep ? p->plan->tables[t].lookback : keep;
    }
    for (uint32_t i = 0; i < p->plan->n_nodes; i++)
        if (p->plan->nodes[i]->op == RTQ__R_JOIN)
            p->plan->nodes[i]->u.join.keep = all ? keep : 0;
}

void rtq__plan_bounds(rtq__planner *p)
{
    for (uint32_t t = 0; t < p->plan->n_tables && !p->error; t++) {
        rtq__plan_table *table = &p->plan->tables[t];
        for (uint32_t i = 0; i < table->n_scans; i++) {
            int64_t back = looks_back(p, table->scans[i], table->table);
            if (i == 0 || (table->lookback && back > table->lookback) || back == 0)
                table->lookback = back;
            if (back == 0)
                break;
        }
        table->max_rows = table->n_scans == 1 ? max_rows(table->scans[0]) : 0;
    }
    bound_joins(p);
}
