/* plan_code.c - items -> nodes: layouts, programs, the simple operators. */
#include "plan/plan_int.h"

rtq__node *rtq__plan_node(rtq__planner *p, uint32_t op, const rtq__rel *rel, uint32_t n_in)
{
    rtq__plan *plan = p->plan;
    size_t cap = plan->cap_nodes;
    int rc = rtq__grow(p->mem, &plan->nodes, &cap, plan->n_nodes + 1u, sizeof(rtq__node *));
    plan->cap_nodes = cap;
    rtq__node *node = rtq__planner_keep(p, 1, sizeof *node);
    rtq__node **in = rtq__planner_keep(p, n_in + 1u, sizeof(rtq__node *));
    if (rc != RTQ_OK)
        p->error = rc;
    if (p->error)
        return NULL;
    node->op = (uint8_t)op;
    node->rel = rel;
    node->n_in = n_in;
    node->in = in;
    node->id = plan->n_nodes;
    plan->nodes[plan->n_nodes++] = node;
    return node;
}

void rtq__plan_input(rtq__node *node, uint32_t i, const rtq__item *in)
{
    node->in[i] = in->node;
}

static uint8_t kind_of(const rtq__planner *p, uint32_t id)
{
    return p->bound->cols[id]->kind;
}

bool rtq__plan_layout(rtq__planner *p, rtq__node *node, const uint64_t *set)
{
    uint32_t n = 0;
    for (uint32_t w = 0; w < p->words; w++)
        n += (uint32_t)__builtin_popcountll(set[w]);
    uint32_t *ids = rtq__planner_keep(p, n + 1u, sizeof *ids);
    uint8_t *kinds = rtq__planner_keep(p, n + 1u, 1);
    if (!ids || !kinds)
        return false;
    n = 0;
    for (uint32_t id = 0; id < p->bound->n_cols; id++)
        if (rtq__set_has(set, id)) {
            ids[n] = id;
            kinds[n++] = kind_of(p, id);
        }
    node->layout = (rtq__layout){ids, n};
    node->kinds = kinds;
    return true;
}

rtq__prog *rtq__plan_prog(rtq__planner *p, const rtq__expr *expr, const rtq__item *in)
{
    if (!expr || p->error)
        return NULL;
    rtq__plan *plan = p->plan;
    rtq__layout layout = {in ? in->ids : NULL, in ? in->node->layout.n : 0};
    rtq__expr_slots(p, expr, p->node_slots);
    p->error = rtq__grow(p->mem, &plan->progs, &plan->cap_progs, plan->n_progs + 1u, sizeof(rtq__prog *));
    rtq__prog *prog = NULL;
    if (!p->error)
        p->error = rtq__prog_new(&prog, p->mem, expr, &layout, p->diag);
    if (p->error)
        return NULL;
    return plan->progs[plan->n_progs++] = prog;
}

rtq__prog **rtq__plan_progs(rtq__planner *p, rtq__expr *const *exprs, uint32_t n, const rtq__item *in)
{
    rtq__prog **progs = rtq__planner_keep(p, n + 1u, sizeof(rtq__prog *));
    for (uint32_t i = 0; i < n && progs; i++)
        progs[i] = rtq__plan_prog(p, exprs[i], in);
    return progs;
}

int32_t rtq__plan_from(const rtq__item *in, uint32_t id)
{
    for (uint32_t i = 0; i < in->node->layout.n; i++)
        if (in->ids[i] == id)
            return (int32_t)i;
    return -1;
}

rtq__out *rtq__plan_outs(rtq__planner *p, const rtq__node *node, const rtq__item *in)
{
    rtq__out *outs = rtq__planner_keep(p, node->layout.n + 1u, sizeof *outs);
    for (uint32_t i = 0; i < node->layout.n && outs; i++)
        outs[i].from = rtq__plan_from(in, node->layout.ids[i]);
    return outs;
}

void rtq__plan_gives(rtq__planner *p, rtq__item *item, rtq__node *node)
{
    uint32_t n = 0, n_slots = p->bound->n_slots;
    uint32_t *slots = rtq__planner_keep(p, n_slots + 1u, sizeof *slots);
    for (uint32_t s = 0; s < n_slots && slots; s++)
        if (p->node_slots[s]) {
            slots[n++] = s;
            p->node_slots[s] = false;
        }
    node->slots = slots;
    node->n_slots = n;
    node->fed = node->op == RTQ__R_SCAN;
    for (uint32_t i = 0; i < node->n_in; i++)
        node->fed |= node->in[i]->fed;
    item->node = node;
    item->ids = node->layout.ids;
}

/* The item's users know the rows of its input under the same or (REF) other ids. */
static void code_alias(rtq__planner *p, rtq__item *item)
{
    item->node = item->in[0]->node;
    item->ids = item->in[0]->ids;
    if (item->op != RTQ__R_REF)
        return;
    uint32_t n = item->node->layout.n;
    uint32_t *ids = rtq__planner_keep(p, n + 1u, sizeof *ids);
    for (uint32_t i = 0; i < n && ids; i++) {
        ids[i] = UINT32_MAX;
        for (uint32_t c = 0; c < item->rel->u.refs.n_cols; c++) {
            const rtq__col *col = item->rel->u.refs.cols[c];
            if (col->of->id == item->ids[i] && rtq__set_has(item->needed, col->id)) {
                ids[i] = col->id;
                break;
            }
        }
    }
    item->ids = ids;
}

/* Two columns of a REF that stand for one need a vector each. */
static bool refs_repeat(const rtq__item *item)
{
    for (uint32_t a = 0; a < item->rel->u.refs.n_cols; a++)
        for (uint32_t b = 0; b < a; b++)
            if (item->rel->u.refs.cols[a]->of == item->rel->u.refs.cols[b]->of)
                return true;
    return false;
}

static void code_ref(rtq__planner *p, rtq__item *item)
{
    if (!refs_repeat(item)) {
        code_alias(p, item);
        return;
    }
    rtq__node *node = rtq__plan_node(p, RTQ__R_EXTEND, item->rel, 1);
    if (!node || !rtq__plan_layout(p, node, item->needed))
        return;
    rtq__plan_input(node, 0, item->in[0]);
    rtq__out *outs = rtq__planner_keep(p, node->layout.n + 1u, sizeof *outs);
    for (uint32_t i = 0; i < node->layout.n && outs; i++)
        outs[i].from = rtq__plan_from(item->in[0], p->bound->cols[node->layout.ids[i]]->of->id);
    node->u.extend.outs = outs;
    rtq__plan_gives(p, item, node);
}

static void code_extend(rtq__planner *p, rtq__item *item)
{
    bool any = false;
    for (uint32_t i = 0; i < item->rel->u.defs.n; i++)
        any |= rtq__set_has(item->needed, item->rel->u.defs.defs[i].col->id);
    if (!any) {
        code_alias(p, item);
        return;
    }
    rtq__node *node = rtq__plan_node(p, RTQ__R_EXTEND, item->rel, 1);
    if (!node || !rtq__plan_layout(p, node, item->needed))
        return;
    rtq__plan_input(node, 0, item->in[0]);
    rtq__out *outs = rtq__plan_outs(p, node, item->in[0]);
    for (uint32_t i = 0; i < node->layout.n && outs; i++)
        for (uint32_t d = 0; d < item->rel->u.defs.n; d++)
            if (item->rel->u.defs.defs[d].col->id == node->layout.ids[i])
                outs[i].prog = rtq__plan_prog(p, item->rel->u.defs.defs[d].expr, item->in[0]);
    node->u.extend.outs = outs;
    rtq__plan_gives(p, item, node);
}

static void code_sort(rtq__planner *p, rtq__item *item)
{
    const rtq__rel *rel = item->rel;
    rtq__node *node = rtq__plan_node(p, RTQ__R_SORT, rel, 1);
    if (!node || !rtq__plan_layout(p, node, item->needed))
        return;
    rtq__plan_input(node, 0, item->in[0]);
    node->u.sort.n_keys = rel->u.sort.n;
    node->u.sort.keys = rtq__planner_keep(p, rel->u.sort.n + 1u, sizeof(rtq__prog *));
    node->u.sort.key_kinds = rtq__planner_keep(p, rel->u.sort.n + 1u, 1);
    for (uint32_t i = 0; i < rel->u.sort.n && !p->error; i++) {
        node->u.sort.keys[i] = rtq__plan_prog(p, rel->u.sort.keys[i].expr, item->in[0]);
        node->u.sort.key_kinds[i] = rel->u.sort.keys[i].expr->kind;
    }
    node->u.sort.limit = rtq__plan_prog(p, rel->u.sort.limit, NULL);
    node->u.sort.outs = rtq__plan_outs(p, node, item->in[0]);
    node->unbounded_state = rel->u.sort.limit == NULL;
    rtq__plan_gives(p, item, node);
}

static void pass_layout(rtq__node *node, const rtq__item *in)
{
    rtq__plan_input(node, 0, in);
    node->layout = (rtq__layout){in->ids, in->node->layout.n};
    node->kinds = in->node->kinds;
}

static void code_take(rtq__planner *p, rtq__item *item)
{
    rtq__node *node = rtq__plan_node(p, RTQ__R_TAKE, item->rel, 1);
    if (!node)
        return;
    pass_layout(node, item->in[0]);
    node->u.take.n = rtq__plan_prog(p, item->rel->u.take.n, NULL);
    rtq__plan_gives(p, item, node);
}

static uint32_t col_index(rtq__col *const *cols, uint32_t n, uint32_t id)
{
    uint32_t i = 0;
    while (i < n && cols[i]->id != id)
        i++;
    return i;
}

static uint32_t table_index(const rtq__table *table, const rtq__col *col)
{
    uint32_t i = 0;
    while (i < table->n_cols && strcmp(table->cols[i].path ? table->cols[i].path : table->cols[i].name,
                                       col->path ? col->path : col->name) != 0)
        i++;
    return i;
}

/* Leaves that need no feed. */
static void code_leaf(rtq__planner *p, rtq__item *item)
{
    const rtq__rel *rel = item->rel;
    rtq__node *node = rtq__plan_node(p, rel->op, rel, 0);
    if (!node || !rtq__plan_layout(p, node, item->needed))
        return;
    if (rel->op == RTQ__R_RANGE) {
        node->u.range.from = rtq__plan_prog(p, rel->u.range.from, NULL);
        node->u.range.to = rtq__plan_prog(p, rel->u.range.to, NULL);
        node->u.range.step = rtq__plan_prog(p, rel->u.range.step, NULL);
    } else {
        rtq__col *const *cols = rel->op == RTQ__R_VALUES     ? rel->u.values.cols
                                : rel->op == RTQ__R_EXTERNAL ? rel->u.external.cols
                                                             : rel->u.scan.cols;
        uint32_t n = rel->op == RTQ__R_VALUES     ? rel->u.values.n_cols
                     : rel->op == RTQ__R_EXTERNAL ? rel->u.external.n_cols
                                                  : rel->u.scan.n_cols;
        uint32_t *cells = rtq__planner_keep(p, node->layout.n + 1u, sizeof *cells);
        for (uint32_t i = 0; i < node->layout.n && cells; i++)
            cells[i] = rel->op == RTQ__R_HOST_TABLE
                           ? table_index(rel->u.scan.table, p->bound->cols[node->layout.ids[i]])
                           : col_index(cols, n, node->layout.ids[i]);
        node->u.rows.cells = cells;
    }
    rtq__plan_gives(p, item, node);
}

static void code_apply_input(rtq__planner *p, rtq__item *item)
{
    rtq__node *node = rtq__plan_node(p, RTQ__R_APPLY_INPUT, item->rel, 0);
    if (!node || !rtq__plan_layout(p, node, item->needed))
        return;
    p->plan->input = node;
    rtq__plan_gives(p, item, node);
}

/* x in (subquery over a feed): a semi join, which need not wait for the end of the feed. */
static const rtq__slot_def *as_semi_join(const rtq__planner *p, const rtq__expr *pred)
{
    if (pred->op != RTQ__E_IN_SLOT || pred->negated || pred->nocase || p->body ||
        pred->args[0]->flags & RTQ__FN_VOLATILE || rtq__expr_reads_slot(pred->args[0]))
        return NULL;
    const rtq__slot_def *def = &p->bound->slots[pred->slot];
    const rtq__item *from = &p->items[def->rel->id];
    bool works = from->node && from->node->fed && def->col->kind == pred->args[0]->kind &&
                 rtq__plan_from(from, def->col->id) >= 0;
    return works ? def : NULL;
}

static void code_semi_join(rtq__planner *p, rtq__item *item, const rtq__expr *pred, const rtq__slot_def *def)
{
    const rtq__item *from = &p->items[def->rel->id];
    rtq__node *node = rtq__plan_node(p, RTQ__R_JOIN, item->rel, 2);
    rtq__expr *right = rtq__plan_expr_col(p, def->col), *left = pred->args[0];
    uint8_t *kinds = rtq__planner_keep(p, 1, 1);
    if (!node || !right || !kinds)
        return;
    pass_layout(node, item);
    rtq__plan_input(node, 1, from);
    kinds[0] = left->kind;
    node->u.join.kind = RTQ__JOIN_LEFTSEMI;
    node->u.join.null_differ = true;
    node->u.join.n_keys = 1;
    node->u.join.key_kinds = kinds;
    node->u.join.left_keys = rtq__plan_progs(p, &left, 1, item);
    node->u.join.right_keys = rtq__plan_progs(p, &right, 1, from);
    node->u.join.streams = rtq__plan_streams(RTQ__JOIN_LEFTSEMI, node);
    rtq__out *outs = rtq__planner_keep(p, node->layout.n + 1u, sizeof *outs);
    for (uint32_t i = 0; i < node->layout.n && outs; i++)
        outs[i].from = (int32_t)i;
    node->u.join.outs = outs;
    node->unbounded_state = true;
    rtq__plan_gives(p, item, node);
}

static void code_filter(rtq__planner *p, rtq__item *item)
{
    rtq__node *node = rtq__plan_node(p, RTQ__R_FILTER, item->rel, 1);
    rtq__prog **progs = rtq__planner_keep(p, item->n_preds, sizeof(rtq__prog *));
    if (!node || !progs)
        return;
    pass_layout(node, item);
    for (uint32_t i = 0; i < item->n_preds; i++)
        progs[i] = rtq__plan_prog(p, item->preds[i], item);
    node->u.filter.progs = progs;
    node->u.filter.n = item->n_preds;
    node->u.filter.exprs = rtq__planner_keep(p, item->n_preds, sizeof(rtq__expr *));
    if (p->error)
        return;
    memcpy(node->u.filter.exprs, item->preds, item->n_preds * sizeof(rtq__expr *));
    rtq__plan_gives(p, item, node);
}

/* Predicates that stayed on an item: a filter above its node, then the joins. */
static void code_preds(rtq__planner *p, rtq__item *item)
{
    const rtq__expr **joins = rtq__planner_tmp(p, item->n_preds, sizeof *joins);
    uint32_t n_joins = 0, kept = 0;
    for (uint32_t i = 0; i < item->n_preds && joins; i++)
        if (as_semi_join(p, item->preds[i]))
            joins[n_joins++] = item->preds[i];
        else
            item->preds[kept++] = item->preds[i];
    item->n_preds = kept;
    if (kept > 0 && !p->error)
        code_filter(p, item);
    for (uint32_t i = 0; i < n_joins && !p->error; i++)
        code_semi_join(p, item, joins[i], as_semi_join(p, joins[i]));
}

void rtq__plan_code(rtq__planner *p, rtq__item *item)
{
    switch (item->op) {
    case RTQ__R_SCAN: rtq__plan_code_scan(p, item); break; /* filters included, as far as they need no subquery */
    case RTQ__R_HOST_TABLE:
    case RTQ__R_VALUES:
    case RTQ__R_RANGE:
    case RTQ__R_EXTERNAL: code_leaf(p, item); break;
    case RTQ__R_APPLY_INPUT: code_apply_input(p, item); break;
    case RTQ__R_REF: code_ref(p, item); break;
    case RTQ__R_FILTER: code_alias(p, item); break;
    case RTQ__R_EXTEND: code_extend(p, item); break;
    case RTQ__R_SORT: code_sort(p, item); break;
    case RTQ__R_TAKE: code_take(p, item); break;
    case RTQ__R_SUMMARIZE: rtq__plan_code_summarize(p, item); break;
    case RTQ__R_UNION: rtq__plan_code_union(p, item); break;
    case RTQ__R_JOIN: rtq__plan_code_join(p, item); break;
    case RTQ__R_MV_EXPAND: rtq__plan_code_expand(p, item); break;
    case RTQ__R_APPLY: rtq__plan_code_apply(p, item); break;
    case RTQ__R_PARSE: rtq__plan_code_parse(p, item); break;
    case RTQ__R_WINDOW: rtq__plan_code_window(p, item); break;
    default: p->error = RTQ_ERR_UNSUPPORTED; break;
    }
    if (!p->error && item->n_preds > 0)
        code_preds(p, item);
}
