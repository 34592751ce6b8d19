/* bind_finish.c - from what the binder made to what the plan gets: nodes that nothing reads are dropped, references
 * that share nothing are taken out, nodes stand in order. */
#include "kql/bind_private.h"

typedef struct finish {
    rtq__binder *b;
    uint8_t *state;     /* a node: 0 new, 1 on the stack, 2 done */
    uint32_t *uses;     /* a node: how many read it */
    bool *lone;         /* a node: a reference to what nobody else reads */
    uint32_t *alias;    /* a column: the one it became */
    uint32_t *slot_map; /* 1 + new number */
    rtq__slot_def *slots;
    uint32_t n_slots;
    rtq__rel **order;
    uint32_t n_order;
    rtq__rel **stack;
    uint32_t n_stack, cap_stack;
} finish;

/* ---- what a node holds ---- */

typedef void expr_fn(finish *f, rtq__expr *e);
typedef void col_fn(finish *f, rtq__col **col);

static void exprs_of(finish *f, rtq__expr **list, uint32_t n, expr_fn *fn)
{
    for (uint32_t i = 0; i < n; i++)
        if (list[i])
            fn(f, list[i]);
}

static void one_expr(finish *f, rtq__expr *e, expr_fn *fn)
{
    if (e)
        fn(f, e);
}

static void summarize_exprs(finish *f, rtq__rel *rel, expr_fn *fn)
{
    for (uint32_t i = 0; i < rel->u.summarize.n_keys; i++)
        one_expr(f, rel->u.summarize.keys[i].expr, fn);
    for (uint32_t i = 0; i < rel->u.summarize.n_aggs; i++) {
        exprs_of(f, rel->u.summarize.aggs[i].args, rel->u.summarize.aggs[i].n_args, fn);
        one_expr(f, rel->u.summarize.aggs[i].predicate, fn);
    }
}

static void each_expr(finish *f, rtq__rel *rel, expr_fn *fn)
{
    switch (rel->op) {
    case RTQ__R_FILTER: one_expr(f, rel->u.filter.expr, fn); break;
    case RTQ__R_EXTEND:
    case RTQ__R_WINDOW:
        for (uint32_t i = 0; i < rel->u.defs.n; i++)
            one_expr(f, rel->u.defs.defs[i].expr, fn);
        break;
    case RTQ__R_SUMMARIZE: summarize_exprs(f, rel, fn); break;
    case RTQ__R_SORT:
        for (uint32_t i = 0; i < rel->u.sort.n; i++)
            one_expr(f, rel->u.sort.keys[i].expr, fn);
        one_expr(f, rel->u.sort.limit, fn);
        break;
    case RTQ__R_TAKE: one_expr(f, rel->u.take.n, fn); break;
    case RTQ__R_RANGE:
        one_expr(f, rel->u.range.from, fn);
        one_expr(f, rel->u.range.to, fn);
        one_expr(f, rel->u.range.step, fn);
        break;
    case RTQ__R_UNION: exprs_of(f, rel->u.unions.map, rel->n_in * rel->u.unions.n_cols, fn); break;
    case RTQ__R_JOIN:
        exprs_of(f, rel->u.join.left_keys, rel->u.join.n_keys, fn);
        exprs_of(f, rel->u.join.right_keys, rel->u.join.n_keys, fn);
        break;
    case RTQ__R_MV_EXPAND:
        for (uint32_t i = 0; i < rel->u.expand.n; i++)
            one_expr(f, rel->u.expand.items[i].expr, fn);
        one_expr(f, rel->u.expand.limit, fn);
        break;
    case RTQ__R_APPLY:
        for (uint32_t i = 0; i < rel->u.apply.n; i++)
            one_expr(f, rel->u.apply.items[i].expr, fn);
        one_expr(f, rel->u.apply.limit, fn);
        break;
    case RTQ__R_PARSE: one_expr(f, rel->u.parse.value, fn); break;
    default: break;
    }
}

/* Columns of other nodes that a node names: only references and the result of an apply do. */
static void each_col(finish *f, rtq__rel *rel, col_fn *fn)
{
    if (rel->op == RTQ__R_REF || rel->op == RTQ__R_APPLY_INPUT)
        for (uint32_t i = 0; i < rel->u.refs.n_cols; i++)
            if (rel->u.refs.cols[i]->of)
                fn(f, &rel->u.refs.cols[i]->of);
    if (rel->op == RTQ__R_APPLY)
        for (uint32_t i = 0; i < rel->u.apply.n_body_cols; i++)
            fn(f, &rel->u.apply.body_cols[i]);
}

/* ---- order ---- */

static void push(finish *f, rtq__rel *rel)
{
    if (rel && f->state[rel->id] == 0)
        *RTQ__BIND_PUSH(f->b, &f->b->work, f->stack, f->n_stack, f->cap_stack) = rel;
}

static void visit_expr(finish *f, rtq__expr *e)
{
    rtq__bound *bound = f->b->bound;
    if (e->op == RTQ__E_SLOT || e->op == RTQ__E_IN_SLOT)
        push(f, bound->slots[e->slot].rel);
    for (uint32_t i = 0; i < e->n_args; i++)
        visit_expr(f, e->args[i]);
}

/* What a node reads goes in front of it; a node reached twice is done once. */
static void visit(finish *f, rtq__rel *root)
{
    push(f, root);
    while (f->n_stack) {
        rtq__rel *rel = f->stack[f->n_stack - 1];
        if (f->state[rel->id] != 0) {
            if (f->state[rel->id] == 1) {
                f->state[rel->id] = 2;
                f->order[f->n_order++] = rel;
            }
            f->n_stack--;
            continue;
        }
        f->state[rel->id] = 1;
        for (uint32_t i = 0; i < rel->n_in; i++)
            push(f, rel->in[i]);
        if (rel->op == RTQ__R_APPLY) {
            push(f, rel->u.apply.body);
            push(f, rel->u.apply.input);
        }
        each_expr(f, rel, visit_expr);
    }
}

/* ---- references ---- */

static void count_uses(finish *f)
{
    rtq__bound *bound = f->b->bound;
    for (uint32_t i = 0; i < f->n_order; i++) {
        rtq__rel *rel = f->order[i];
        for (uint32_t k = 0; k < rel->n_in; k++)
            f->uses[rel->in[k]->id]++;
        if (rel->op == RTQ__R_APPLY)
            f->uses[rel->u.apply.body->id]++;
    }
    for (uint32_t i = 0; i < bound->n_results; i++)
        f->uses[bound->results[i].rel->id]++;
    for (uint32_t i = 0; i < bound->n_slots; i++)
        if (f->state[bound->slots[i].rel->id] == 2)
            f->uses[bound->slots[i].rel->id]++;
}

static bool is_lone(const finish *f, const rtq__rel *rel)
{
    return f->lone[rel->id];
}

static rtq__rel *behind(const finish *f, rtq__rel *rel)
{
    while (is_lone(f, rel))
        rel = rel->in[0];
    return rel;
}

static uint32_t renamed(const finish *f, uint32_t id)
{
    while (f->alias[id] != id)
        id = f->alias[id];
    return id;
}

static void rename_expr(finish *f, rtq__expr *e)
{
    rtq__bexpr *x = RTQ__BEXPR(e);
    if (x->seen)
        return;
    x->seen = 1;
    rtq__bound *bound = f->b->bound;
    if (e->op == RTQ__E_COL)
        e->col = renamed(f, e->col);
    if (e->op == RTQ__E_SLOT || e->op == RTQ__E_IN_SLOT) {
        if (!f->slot_map[e->slot]) {
            f->slots[f->n_slots] = bound->slots[e->slot];
            f->slot_map[e->slot] = ++f->n_slots;
        }
        e->slot = f->slot_map[e->slot] - 1;
    }
    if (e->flags & RTQ__FN_NOW)
        bound->uses_now = true;
    for (uint32_t i = 0; i < e->n_args; i++)
        rename_expr(f, e->args[i]);
}

static void rename_col(finish *f, rtq__col **col)
{
    *col = f->b->bound->cols[renamed(f, (*col)->id)];
}

static void rename_all(finish *f)
{
    rtq__bound *bound = f->b->bound;
    for (uint32_t i = 0; i < f->n_order; i++) {
        rtq__rel *rel = f->order[i];
        f->lone[rel->id] = rel->op == RTQ__R_REF && f->uses[rel->in[0]->id] == 1;
        for (uint32_t k = 0; is_lone(f, rel) && k < rel->u.refs.n_cols; k++)
            f->alias[rel->u.refs.cols[k]->id] = rel->u.refs.cols[k]->of->id;
    }
    uint32_t n = 0;
    for (uint32_t i = 0; i < f->n_order; i++) {
        rtq__rel *rel = f->order[i];
        if (is_lone(f, rel))
            continue;
        for (uint32_t k = 0; k < rel->n_in; k++)
            rel->in[k] = behind(f, rel->in[k]);
        if (rel->op == RTQ__R_APPLY)
            rel->u.apply.body = behind(f, rel->u.apply.body);
        each_expr(f, rel, rename_expr);
        each_col(f, rel, rename_col);
        f->order[n++] = rel;
    }
    f->n_order = n;
    for (uint32_t i = 0; i < bound->n_results; i++) {
        bound->results[i].rel = behind(f, bound->results[i].rel);
        for (uint32_t k = 0; k < bound->results[i].n_cols; k++)
            rename_col(f, &bound->results[i].cols[k]);
    }
    for (uint32_t i = 0; i < f->n_slots; i++) {
        f->slots[i].rel = behind(f, f->slots[i].rel);
        rename_col(f, &f->slots[i].col);
    }
}

/* ---- unions ---- */

static void lay_out_unions(rtq__binder *b)
{
    for (rtq__union_state *u = b->unions; u; u = u->next) {
        rtq__rel *rel = u->rel;
        rel->u.unions.n_cols = u->n;
        rel->u.unions.cols = rtq__bind_alloc(b, u->n, sizeof(rtq__col *));
        rel->u.unions.map = rtq__bind_alloc(b, (size_t)u->n_inputs * u->n, sizeof(rtq__expr *));
        for (uint32_t c = 0; c < u->n; c++) {
            rel->u.unions.cols[c] = u->cols[c];
            for (uint32_t i = 0; i < u->n_inputs; i++)
                rel->u.unions.map[(size_t)i * u->n + c] = u->maps[c][i];
        }
    }
}

void rtq__bind_finish(rtq__binder *b)
{
    rtq__bound *bound = b->bound;
    lay_out_unions(b);
    finish f = {.b = b};
    f.state = rtq__bind_work(b, bound->n_rels, 1);
    f.uses = rtq__bind_work(b, bound->n_rels, sizeof *f.uses);
    f.lone = rtq__bind_work(b, bound->n_rels, sizeof *f.lone);
    f.order = rtq__bind_work(b, bound->n_rels, sizeof *f.order);
    f.alias = rtq__bind_work(b, bound->n_cols, sizeof *f.alias);
    f.slot_map = rtq__bind_work(b, bound->n_slots, sizeof *f.slot_map);
    f.slots = rtq__bind_alloc(b, bound->n_slots, sizeof *f.slots);
    for (uint32_t i = 0; i < bound->n_cols; i++)
        f.alias[i] = i;
    for (uint32_t i = 0; i < bound->n_results; i++)
        visit(&f, bound->results[i].rel);
    for (uint32_t i = 0; i < f.n_order; i++)
        rtq__report_absent(b, f.order[i]);
    count_uses(&f);
    rename_all(&f);
    bound->slots = f.slots;
    bound->n_slots = bound->cap_slots = f.n_slots;
    bound->n_rels = f.n_order;
    bound->n_tables = 0;
    for (uint32_t i = 0; i < f.n_order; i++) {
        rtq__rel *rel = bound->rels[i] = f.order[i];
        rel->id = i;
        if (rel->op == RTQ__R_SCAN) {
            rel->u.scan.table_index = bound->n_tables;
            bound->tables[bound->n_tables++] = rel->u.scan.table;
        }
    }
}
