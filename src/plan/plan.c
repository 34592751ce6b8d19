/* plan.c - the planner's steps: items of the live part of the tree, push predicates down, ask for columns, compile. */
#include "fn/re2_shim.h"
#include "plan/plan_int.h"

static void *zeroed(rtq__planner *p, rtq__arena *arena, size_t n, size_t len)
{
    void *ptr = n > SIZE_MAX / 4 / len ? NULL : rtq__arena_zalloc(arena, n * len);
    if (!ptr)
        p->error = RTQ_ERR_NOMEM;
    return ptr;
}

void *rtq__planner_tmp(rtq__planner *p, size_t n, size_t len)
{
    return zeroed(p, &p->tmp, n, len);
}

void *rtq__planner_keep(rtq__planner *p, size_t n, size_t len)
{
    return zeroed(p, &p->plan->arena, n, len);
}

int rtq__planner_add_pred(rtq__planner *p, rtq__item *item, const rtq__expr *pred)
{
    int rc = rtq__grow(p->mem, &item->preds, &item->cap_preds, item->n_preds + 1u, sizeof(rtq__expr *));
    if (rc == RTQ_OK)
        item->preds[item->n_preds++] = pred;
    else
        p->error = rc;
    return rc;
}

/* ---- what is live -------------------------------------------------------------------------------------------------- */
typedef struct live {
    const rtq__rel **todo;
    uint32_t n;
} live;

static void mark(rtq__planner *p, live *l, const rtq__rel *rel)
{
    rtq__item *item = &p->items[rel->id];
    if (item->live)
        return;
    item->live = true;
    item->op = rel->op;
    item->rel = rel;
    l->todo[l->n++] = rel;
}

static void mark_slots(rtq__planner *p, const rtq__expr *expr, void *ctx)
{
    (void)ctx;
    rtq__expr_slots(p, expr, p->slot_used);
}

/* Expressions of the rows that APPLY makes per outer row belong to another plan, their subqueries to this one. */
static void mark_body_slots(rtq__planner *p, const rtq__rel *apply)
{
    bool *seen = rtq__planner_tmp(p, p->bound->n_rels, sizeof *seen);
    const rtq__rel **todo = rtq__planner_tmp(p, p->bound->n_rels, sizeof *todo);
    if (!seen || !todo)
        return;
    uint32_t n = 0;
    todo[n++] = apply->u.apply.body;
    seen[apply->u.apply.body->id] = true;
    while (n > 0) {
        const rtq__rel *rel = todo[--n];
        rtq__rel_exprs(p, rel, mark_slots, NULL);
        const rtq__rel *inner = rel->op == RTQ__R_APPLY ? rel->u.apply.body : NULL;
        for (uint32_t i = 0; i < rel->n_in + (inner != NULL); i++) {
            const rtq__rel *next = i < rel->n_in ? rel->in[i] : inner;
            if (!seen[next->id]) {
                seen[next->id] = true;
                todo[n++] = next;
            }
        }
    }
}

static void mark_all(rtq__planner *p, live *l)
{
    while (l->n > 0 && !p->error) {
        const rtq__rel *rel = l->todo[--l->n];
        rtq__item *item = &p->items[rel->id];
        item->n_in = rel->n_in;
        item->in = rtq__planner_tmp(p, rel->n_in + 1u, sizeof(rtq__item *));
        if (!item->in)
            return;
        for (uint32_t i = 0; i < rel->n_in; i++) {
            mark(p, l, rel->in[i]);
            item->in[i] = &p->items[rel->in[i]->id];
            item->in[i]->n_users++;
        }
        rtq__rel_exprs(p, rel, mark_slots, NULL);
        if (rel->op == RTQ__R_APPLY)
            mark_body_slots(p, rel);
        for (uint32_t s = 0; s < p->bound->n_slots && !p->body; s++)
            if (p->slot_used[s])
                mark(p, l, p->bound->slots[s].rel);
    }
}

static int make_items(rtq__planner *p, const rtq__rel *body)
{
    p->n_items = p->bound->n_rels;
    p->words = (p->bound->n_cols + 63) / 64 + 1;
    p->items = rtq__planner_tmp(p, p->n_items + 1u, sizeof *p->items);
    p->slot_used = rtq__planner_tmp(p, p->bound->n_slots + 1u, sizeof(bool));
    p->node_slots = rtq__planner_tmp(p, p->bound->n_slots + 1u, sizeof(bool));
    live l = {.todo = rtq__planner_tmp(p, p->n_items + 1u, sizeof(rtq__rel *))};
    if (p->error)
        return p->error;
    if (body)
        mark(p, &l, body);
    for (uint32_t i = 0; i < p->bound->n_results && !body; i++)
        mark(p, &l, p->bound->results[i].rel);
    mark_all(p, &l);
    for (uint32_t i = 0; i < p->bound->n_results && !body; i++)
        p->items[p->bound->results[i].rel->id].n_users++;
    for (uint32_t s = 0; s < p->bound->n_slots && !p->body; s++)
        if (p->slot_used[s])
            p->items[p->bound->slots[s].rel->id].n_users++;
    for (uint32_t i = 0; i < p->n_items && !p->error; i++) {
        rtq__item *item = &p->items[i];
        if (!item->live)
            continue;
        item->avail = rtq__planner_tmp(p, p->words, 8);
        item->needed = rtq__planner_tmp(p, p->words, 8);
    }
    return p->error;
}

/* ---- rewriting ----------------------------------------------------------------------------------------------------- */
/* a and (b and c) -> a, b, c */
static void split(rtq__planner *p, rtq__item *item, const rtq__expr *expr, uint32_t depth)
{
    if (expr->op != RTQ__E_AND || depth == 0) {
        rtq__planner_add_pred(p, item, expr);
        return;
    }
    for (uint32_t i = 0; i < expr->n_args && !p->error; i++)
        split(p, item, expr->args[i], depth - 1);
}

/* A table that is read twice is two scans fed by the same batches: each has its own columns and predicates. */
static void unshare_scans(rtq__planner *p)
{
    for (uint32_t i = 0; i < p->n_items; i++) {
        rtq__item *item = &p->items[i];
        if (!item->live || item->op != RTQ__R_REF || item->in[0]->op != RTQ__R_SCAN)
            continue;
        if (--item->in[0]->n_users == 0)
            item->in[0]->live = false;
        item->op = RTQ__R_SCAN;
        item->n_in = 0;
    }
}

static int rewrite(rtq__planner *p)
{
    unshare_scans(p);
    for (uint32_t i = 0; i < p->n_items && !p->error; i++)
        if (p->items[i].live && p->items[i].op == RTQ__R_FILTER)
            split(p, &p->items[i], p->items[i].rel->u.filter.expr, RTQ__PLAN_DEPTH);
    if (p->error)
        return p->error;
    rtq__plan_avail(p);
    rtq__plan_push(p);
    return p->error;
}

/* ---- roots --------------------------------------------------------------------------------------------------------- */
static void need_roots(rtq__planner *p)
{
    for (uint32_t i = 0; i < p->bound->n_results; i++) {
        const rtq__result *result = &p->bound->results[i];
        for (uint32_t c = 0; c < result->n_cols; c++)
            rtq__set_add(p->items[result->rel->id].needed, result->cols[c]->id);
    }
    for (uint32_t s = 0; s < p->bound->n_slots; s++)
        if (p->slot_used[s])
            rtq__set_add(p->items[p->bound->slots[s].rel->id].needed, p->bound->slots[s].col->id);
}

static rtq__node *root_node(rtq__planner *p, uint32_t op, const rtq__rel *rel, rtq__col *const *cols, uint32_t n_cols)
{
    rtq__item *in = &p->items[rel->id];
    rtq__node *node = rtq__plan_node(p, op, NULL, 1);
    if (!node)
        return NULL;
    uint32_t *ids = rtq__planner_keep(p, n_cols + 1u, sizeof *ids);
    uint8_t *kinds = rtq__planner_keep(p, n_cols + 1u, 1);
    rtq__out *outs = rtq__planner_keep(p, n_cols + 1u, sizeof *outs);
    if (!ids || !kinds || !outs)
        return NULL;
    for (uint32_t c = 0; c < n_cols; c++) {
        ids[c] = cols[c]->id;
        kinds[c] = cols[c]->kind;
        outs[c].from = rtq__plan_from(in, ids[c]);
    }
    node->in[0] = in->node;
    node->layout = (rtq__layout){ids, n_cols};
    node->kinds = kinds;
    node->u.extend.outs = outs;
    return node;
}

static void code_slots(rtq__planner *p, const rtq__rel *rel)
{
    for (uint32_t s = 0; s < p->bound->n_slots && !p->body && !p->error; s++) {
        const rtq__slot_def *def = &p->bound->slots[s];
        if (!p->slot_used[s] || def->rel != rel)
            continue;
        rtq__node *node = root_node(p, RTQ__P_SLOT, rel, &p->bound->slots[s].col, 1);
        if (!node)
            return;
        int32_t from = node->u.extend.outs[0].from;
        node->u.slot.def = def;
        node->u.slot.number = s;
        node->u.slot.from = from;
    }
}

static void code_results(rtq__planner *p)
{
    rtq__plan *plan = p->plan;
    plan->results = rtq__planner_keep(p, p->bound->n_results + 1u, sizeof(rtq__node *));
    for (uint32_t i = 0; i < p->bound->n_results && !p->error; i++) {
        const rtq__result *result = &p->bound->results[i];
        rtq__node *node = root_node(p, RTQ__P_RESULT, result->rel, result->cols, result->n_cols);
        if (!node)
            return;
        rtq__out *outs = node->u.extend.outs;
        node->u.result.result = result;
        node->u.result.number = i;
        node->u.result.outs = outs;
        plan->results[plan->n_results++] = node;
    }
}

/* Subqueries whose uses have all become joins. */
static void drop_slots(rtq__planner *p)
{
    rtq__plan *plan = p->plan;
    uint32_t kept = 0;
    bool *read = rtq__planner_tmp(p, p->bound->n_slots + 1u, sizeof(bool));
    for (uint32_t i = 0; i < plan->n_nodes && read; i++)
        for (uint32_t s = 0; s < plan->nodes[i]->n_slots; s++)
            read[plan->nodes[i]->slots[s]] = true;
    for (uint32_t i = 0; i < plan->n_nodes && read; i++) {
        if (plan->nodes[i]->op == RTQ__P_SLOT && !read[plan->nodes[i]->u.slot.number])
            continue;
        plan->nodes[i]->id = kept;
        plan->nodes[kept++] = plan->nodes[i];
    }
    if (read)
        plan->n_nodes = kept;
}

typedef struct visit {
    rtq__node *node;
    uint32_t next;
} visit;

/* Which input is looked at next: the held side of a join first, so that its rows are there when the others come. */
static uint32_t input_at(const rtq__node *node, uint32_t next)
{
    return node->op == RTQ__R_JOIN && node->u.join.probe == 0 ? 1 - next : next;
}

/* Nodes behind their inputs, inputs in the order in which operators name them: constants come out that way. */
static void order_from(rtq__node **ordered, uint32_t *n, bool *seen, visit *stack, rtq__node *root)
{
    uint32_t depth = 0;
    if (!seen[root->id])
        stack[depth++] = (visit){root, 0};
    seen[root->id] = true;
    while (depth > 0) {
        visit *v = &stack[depth - 1];
        if (v->next == v->node->n_in) {
            ordered[(*n)++] = v->node;
            depth--;
            continue;
        }
        rtq__node *in = v->node->in[input_at(v->node, v->next++)];
        if (!seen[in->id]) {
            seen[in->id] = true;
            stack[depth++] = (visit){in, 0};
        }
    }
}

static void order_nodes(rtq__planner *p)
{
    rtq__plan *plan = p->plan;
    rtq__node **ordered = rtq__planner_tmp(p, plan->n_nodes + 1u, sizeof *ordered);
    visit *stack = rtq__planner_tmp(p, plan->n_nodes + 1u, sizeof *stack);
    bool *seen = rtq__planner_tmp(p, plan->n_nodes + 1u, sizeof *seen);
    uint32_t n = 0;
    if (p->error)
        return;
    for (uint32_t i = 0; i < plan->n_nodes; i++)
        if (plan->nodes[i]->op == RTQ__P_SLOT)
            order_from(ordered, &n, seen, stack, plan->nodes[i]);
    for (uint32_t i = 0; i < plan->n_results; i++)
        order_from(ordered, &n, seen, stack, plan->results[i]);
    uint32_t end = n;
    for (uint32_t i = 0; i < plan->n_nodes;
         i++) /* what nobody reaches goes behind the end: it is freed with the plan */
        if (!seen[plan->nodes[i]->id])
            ordered[end++] = plan->nodes[i];
    if (end) /* a text without any query has no nodes */
        memcpy(plan->nodes, ordered, end * sizeof *ordered);
    plan->n_nodes = n;
    plan->n_spare = end - n;
    for (uint32_t i = 0; i < n; i++)
        plan->nodes[i]->id = i;
}

static void link_edges(rtq__planner *p)
{
    rtq__plan *plan = p->plan;
    drop_slots(p);
    order_nodes(p);
    if (p->error)
        return;
    for (uint32_t i = 0; i < plan->n_nodes; i++)
        for (uint32_t k = 0; k < plan->nodes[i]->n_in; k++)
            plan->nodes[i]->in[k]->n_out++;
    for (uint32_t i = 0; i < plan->n_nodes; i++) {
        plan->nodes[i]->out = rtq__planner_keep(p, plan->nodes[i]->n_out + 1u, sizeof(rtq__edge));
        if (p->error)
            return;
        plan->nodes[i]->n_out = 0;
    }
    for (uint32_t i = 0; i < plan->n_nodes; i++)
        for (uint32_t k = 0; k < plan->nodes[i]->n_in; k++) {
            rtq__node *in = plan->nodes[i]->in[k];
            in->out[in->n_out++] = (rtq__edge){plan->nodes[i], k};
        }
}

static int compile(rtq__planner *p, const rtq__rel *apply, const uint64_t *needed)
{
    int rc = make_items(p, apply ? apply->u.apply.body : NULL);
    if (rc == RTQ_OK)
        rc = rewrite(p);
    if (rc != RTQ_OK)
        return rc;
    if (apply)
        rtq__set_or(p->items[apply->u.apply.body->id].needed, needed, p->words);
    else
        need_roots(p);
    rtq__plan_need(p);
    rtq__plan_tables(p);
    for (uint32_t i = 0; i < p->n_items && !p->error; i++) {
        if (!p->items[i].live)
            continue;
        rtq__plan_code(p, &p->items[i]);
        if (!p->error)
            code_slots(p, p->items[i].rel);
    }
    if (apply && !p->error) {
        rtq__item *in = &p->items[apply->u.apply.body->id];
        rtq__col **cols = rtq__planner_keep(p, apply->u.apply.n_body_cols + 1u, sizeof *cols);
        uint32_t n = 0;
        for (uint32_t c = 0; c < apply->u.apply.n_body_cols && cols; c++)
            if (rtq__set_has(in->needed, apply->u.apply.body_cols[c]->id))
                cols[n++] = apply->u.apply.body_cols[c];
        rtq__node *node = p->error ? NULL : root_node(p, RTQ__P_RESULT, in->rel, cols, n);
        p->plan->results = rtq__planner_keep(p, 1, sizeof(rtq__node *));
        if (!node || p->error)
            return p->error;
        rtq__out *outs = node->u.extend.outs;
        node->u.result.result = NULL;
        node->u.result.number = 0;
        node->u.result.outs = outs;
        p->plan->results[p->plan->n_results++] = node;
    } else if (!p->error) {
        code_results(p);
    }
    if (!p->error)
        link_edges(p);
    if (!p->error)
        rtq__plan_bounds(p);
    if (!p->error)
        rtq__plan_classify(p);
    return p->error;
}

static int run(rtq__plan **out, rtq__planner *p, const rtq__rel *apply, const uint64_t *needed)
{
    rtq__plan *plan = rtq__calloc(p->mem, 1, sizeof *plan);
    if (!plan)
        return RTQ_ERR_NOMEM;
    plan->mem = p->mem;
    plan->bound = p->bound;
    plan->uses_now = p->bound->uses_now;
    rtq__arena_init(&plan->arena, p->mem, 2048);
    rtq__arena_init(&p->tmp, p->mem, 0);
    p->plan = plan;
    int rc = compile(p, apply, needed);
    for (uint32_t i = 0; i < p->n_items && p->items; i++)
        rtq__free(p->mem, p->items[i].preds);
    rtq__arena_free(&p->tmp);
    if (rc != RTQ_OK)
        rtq__plan_free(plan);
    else
        *out = plan;
    return rc;
}

int rtq__plan_new(rtq__plan **out, rtq__mem *mem, const rtq__bound *bound, const rtq__plan_options *options,
                  rtq_diag *diag)
{
    static const rtq__plan_options defaults;
    rtq__planner p = {.mem = mem, .bound = bound, .options = options ? options : &defaults, .diag = diag};
    return run(out, &p, NULL, NULL);
}

int rtq__plan_body(rtq__plan **out, rtq__planner *outer, const rtq__rel *apply, const uint64_t *needed)
{
    rtq__planner p = {.mem = outer->mem,
                      .bound = outer->bound,
                      .options = outer->options,
                      .diag = outer->diag,
                      .body = true,
                      .apply = apply};
    return run(out, &p, apply, needed);
}

void rtq__plan_free(rtq__plan *plan)
{
    if (!plan)
        return;
    for (uint32_t i = 0; i < plan->n_nodes + plan->n_spare; i++) {
        rtq__node *node = plan->nodes[i];
        if (node->op == RTQ__R_APPLY)
            rtq__plan_free(node->u.apply.body); /* nesting is the parser's, which caps it */
        if (node->op == RTQ__R_PARSE)
            rtq__re_free(node->u.parse.regex);
        for (uint32_t a = 0; node->op == RTQ__R_SUMMARIZE && a < node->u.summarize.n_aggs; a++)
            rtq__free(plan->mem, node->u.summarize.aggs[a].config);
    }
    for (uint32_t i = 0; i < plan->n_progs; i++)
        rtq__prog_free(plan->progs[i]);
    rtq__free(plan->mem, plan->progs);
    rtq__free(plan->mem, plan->nodes);
    rtq__arena_free(&plan->arena);
    rtq__free(plan->mem, plan);
}
