/* plan_expr.c - walking and rewriting typed expressions. */
#include "plan/plan_int.h"

typedef struct walk {
    rtq__planner *p;
    uint64_t *set;
    bool *slots;
    bool found;
} walk;

static void visit(walk *w, const rtq__expr *expr, uint32_t depth)
{
    if (!expr)
        return;
    if (depth == 0) {
        if (w->p)
            w->p->error = RTQ_ERR_LIMIT;
        w->found = true;
        return;
    }
    if (expr->op == RTQ__E_COL && w->set)
        rtq__set_add(w->set, expr->col);
    if (expr->op == RTQ__E_SLOT || expr->op == RTQ__E_IN_SLOT) {
        w->found = true;
        if (w->slots)
            w->slots[expr->slot] = true;
    }
    for (uint32_t i = 0; i < expr->n_args; i++)
        visit(w, expr->args[i], depth - 1);
}

void rtq__expr_cols(rtq__planner *p, const rtq__expr *expr, uint64_t *set)
{
    walk w = {.p = p, .set = set};
    visit(&w, expr, RTQ__PLAN_DEPTH);
}

void rtq__expr_slots(rtq__planner *p, const rtq__expr *expr, bool *used)
{
    walk w = {.p = p, .slots = used};
    visit(&w, expr, RTQ__PLAN_DEPTH);
}

bool rtq__expr_reads_slot(const rtq__expr *expr)
{
    walk w = {0};
    visit(&w, expr, RTQ__PLAN_DEPTH);
    return w.found;
}

static bool within(const rtq__expr *expr, const uint64_t *set, bool want, uint32_t depth)
{
    if (depth == 0)
        return false;
    if (expr->op == RTQ__E_COL && rtq__set_has(set, expr->col) != want)
        return false;
    for (uint32_t i = 0; i < expr->n_args; i++)
        if (!within(expr->args[i], set, want, depth - 1))
            return false;
    return true;
}

bool rtq__expr_within(rtq__planner *p, const rtq__expr *expr, const uint64_t *set, bool want)
{
    (void)p;
    return within(expr, set, want, RTQ__PLAN_DEPTH);
}

static const rtq__expr *subst(rtq__planner *p, const rtq__expr *expr, const rtq__expr *const *by, uint32_t *budget,
                              uint32_t depth)
{
    if (depth == 0 || *budget == 0)
        return NULL;
    --*budget;
    if (expr->op == RTQ__E_COL)
        return by[expr->col] ? by[expr->col] : expr;
    if (expr->n_args == 0)
        return expr;
    rtq__expr *copy = rtq__planner_keep(p, 1, sizeof *copy);
    rtq__expr **args = rtq__planner_keep(p, expr->n_args, sizeof(rtq__expr *));
    if (!copy || !args)
        return NULL;
    *copy = *expr;
    copy->args = args;
    for (uint32_t i = 0; i < expr->n_args; i++) {
        const rtq__expr *arg = subst(p, expr->args[i], by, budget, depth - 1);
        if (!arg)
            return NULL;
        copy->args[i] = (rtq__expr *)(uintptr_t)arg; /* never written through */
        copy->flags |= arg->flags;
    }
    return copy;
}

const rtq__expr *rtq__expr_subst(rtq__planner *p, const rtq__expr *expr, const rtq__expr *const *by, uint32_t *budget)
{
    return subst(p, expr, by, budget, RTQ__PLAN_DEPTH);
}

rtq__expr *rtq__plan_expr_col(rtq__planner *p, const rtq__col *col)
{
    rtq__expr *expr = rtq__planner_keep(p, 1, sizeof *expr);
    if (expr)
        *expr = (rtq__expr){.op = RTQ__E_COL, .kind = col->kind, .col = col->id};
    return expr;
}

rtq__expr *rtq__plan_expr_null(rtq__planner *p, uint32_t kind)
{
    rtq__expr *expr = rtq__planner_keep(p, 1, sizeof *expr);
    if (expr)
        *expr = (rtq__expr){.op = RTQ__E_CONST, .kind = (uint8_t)kind, .cell = rtq__cell_null(kind)};
    return expr;
}

static void defs(rtq__planner *p, const rtq__def *list, uint32_t n, rtq__expr_visit v, void *ctx)
{
    for (uint32_t i = 0; i < n; i++)
        v(p, list[i].expr, ctx);
}

static void exprs(rtq__planner *p, rtq__expr *const *list, size_t n, rtq__expr_visit v, void *ctx)
{
    for (size_t i = 0; i < n; i++)
        if (list[i])
            v(p, list[i], ctx);
}

static void aggs(rtq__planner *p, const rtq__rel *rel, rtq__expr_visit v, void *ctx)
{
    for (uint32_t i = 0; i < rel->u.summarize.n_aggs; i++) {
        const rtq__agg_def *agg = &rel->u.summarize.aggs[i];
        exprs(p, agg->args, agg->n_args, v, ctx);
        exprs(p, &agg->predicate, 1, v, ctx);
    }
}

void rtq__rel_exprs(rtq__planner *p, const rtq__rel *rel, rtq__expr_visit v, void *ctx)
{
    switch (rel->op) {
    case RTQ__R_RANGE:
        exprs(p, &rel->u.range.from, 1, v, ctx), exprs(p, &rel->u.range.to, 1, v, ctx),
            exprs(p, &rel->u.range.step, 1, v, ctx);
        break;
    case RTQ__R_FILTER: v(p, rel->u.filter.expr, ctx); break;
    case RTQ__R_EXTEND:
    case RTQ__R_WINDOW: defs(p, rel->u.defs.defs, rel->u.defs.n, v, ctx); break;
    case RTQ__R_SUMMARIZE:
        defs(p, rel->u.summarize.keys, rel->u.summarize.n_keys, v, ctx);
        aggs(p, rel, v, ctx);
        break;
    case RTQ__R_SORT:
        for (uint32_t i = 0; i < rel->u.sort.n; i++)
            v(p, rel->u.sort.keys[i].expr, ctx);
        exprs(p, &rel->u.sort.limit, 1, v, ctx);
        break;
    case RTQ__R_TAKE: v(p, rel->u.take.n, ctx); break;
    case RTQ__R_UNION: exprs(p, rel->u.unions.map, (size_t)rel->n_in * rel->u.unions.n_cols, v, ctx); break;
    case RTQ__R_JOIN:
        exprs(p, rel->u.join.left_keys, rel->u.join.n_keys, v, ctx);
        exprs(p, rel->u.join.right_keys, rel->u.join.n_keys, v, ctx);
        break;
    case RTQ__R_MV_EXPAND:
        for (uint32_t i = 0; i < rel->u.expand.n; i++)
            v(p, rel->u.expand.items[i].expr, ctx);
        exprs(p, &rel->u.expand.limit, 1, v, ctx);
        break;
    case RTQ__R_APPLY:
        for (uint32_t i = 0; i < rel->u.apply.n; i++)
            v(p, rel->u.apply.items[i].expr, ctx);
        exprs(p, &rel->u.apply.limit, 1, v, ctx);
        break;
    case RTQ__R_PARSE: v(p, rel->u.parse.value, ctx); break;
    default: break;
    }
}
