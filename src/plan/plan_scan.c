/* plan_scan.c - scans: what is asked of a table. Wants from columns, conjuncts and branches from the predicates in front of the scan. */
#include "plan/plan_int.h"
#include "plan/plan_closed.h"

void rtq__plan_tables(rtq__planner *p)
{
    rtq__plan *plan = p->plan;
    plan->n_tables = p->bound->n_tables;
    plan->tables = rtq__planner_keep(p, plan->n_tables + 1u, sizeof *plan->tables);
    for (uint32_t t = 0; t < plan->n_tables && !p->error; t++) {
        uint32_t n_scans = 0, n_wants = 1;
        for (uint32_t i = 0; i < p->n_items; i++)
            if (p->items[i].live && p->items[i].op == RTQ__R_SCAN) {
                n_scans++;
                n_wants += p->items[i].rel->op == RTQ__R_SCAN ? p->items[i].rel->u.scan.n_cols
                                                              : p->items[i].rel->u.refs.n_cols;
            }
        plan->tables[t].table = p->bound->tables[t];
        plan->tables[t].wants = rtq__planner_keep(p, n_wants, sizeof(rtq__plan_want));
        plan->tables[t].scans = rtq__planner_keep(p, n_scans + 1u, sizeof(rtq__node *));
    }
}

static const char *col_path(const rtq__col *col)
{
    return col->path ? col->path : col->name;
}

static int32_t table_col(const rtq__table *table, const char *path)
{
    for (uint32_t i = 0; i < table->n_cols; i++)
        if (!(table->cols[i].flags & RTQ__COL_ALIAS) &&
            strcmp(table->cols[i].path ? table->cols[i].path : table->cols[i].name, path) == 0)
            return (int32_t)i;
    return -1;
}

static uint32_t want_of(rtq__plan_table *t, const rtq__col *col, uint8_t flags)
{
    const char *path = col_path(col);
    if (col->flags & RTQ__COL_REST)
        flags |= RTQ__WANT_REST;
    uint32_t i = 0;
    while (i < t->n_wants && (strcmp(t->wants[i].path, path) != 0 || t->wants[i].kind != col->kind ||
                              (t->wants[i].flags ^ flags) & RTQ__WANT_REST))
        i++;
    if (i == t->n_wants)
        t->wants[t->n_wants++] = (rtq__plan_want){
            .path = path, .kind = col->kind, .table_col = table_col(t->table, path)};
    t->wants[i].flags |= flags;
    return i;
}

/* The column of the scan behind renames. */
static const rtq__col *base_col(const rtq__col *col)
{
    while (col->of)
        col = col->of;
    return col;
}

static const rtq__rel *base_scan(const rtq__rel *rel)
{
    while (rel->op == RTQ__R_REF)
        rel = rel->in[0];
    return rel;
}

static uint64_t *scan_cols(rtq__planner *p, const rtq__item *item, uint64_t *decide)
{
    uint64_t *all = rtq__planner_tmp(p, p->words, 8);
    for (uint32_t i = 0; i < item->n_preds && all; i++)
        rtq__expr_cols(p, item->preds[i], decide);
    if (!all)
        return NULL;
    rtq__set_or(all, item->needed, p->words);
    rtq__set_or(all, decide, p->words);
    return all;
}

/* Predicates without subqueries run in the scan, the others stay on the item. */
static void take_filters(rtq__planner *p, rtq__item *item, rtq__node *node)
{
    uint32_t kept = 0;
    node->u.scan.filters = rtq__planner_keep(p, item->n_preds + 1u, sizeof(rtq__scan_filter));
    for (uint32_t i = 0; i < item->n_preds && !p->error; i++) {
        if (rtq__expr_reads_slot(item->preds[i]) || p->options->no_pushdown) {
            item->preds[kept++] = item->preds[i];
            continue;
        }
        rtq__scan_filter *filter = &node->u.scan.filters[node->u.scan.n_filters++];
        filter->expr = item->preds[i];
        filter->conjunct = -1;
        filter->prog = rtq__plan_prog(p, item->preds[i], item);
    }
    item->n_preds = kept;
}

void rtq__plan_code_scan(rtq__planner *p, rtq__item *item)
{
    const rtq__rel *scan = base_scan(item->rel);
    if (p->body) {
        p->error = rtq__diag_add(p->diag, RTQ_ERR_UNSUPPORTED, RTQ__SEV_ERROR, item->rel->begin, item->rel->end,
                                 "a table of a source cannot be read inside mv-apply");
        return;
    }
    rtq__node *node = rtq__plan_node(p, RTQ__R_SCAN, scan, 0);
    uint64_t *decide = rtq__planner_tmp(p, p->words, 8);
    uint64_t *all = decide ? scan_cols(p, item, decide) : NULL;
    if (!node || !all || !rtq__plan_layout(p, node, all))
        return;
    rtq__plan_table *table = &p->plan->tables[scan->u.scan.table_index];
    uint32_t *wants = rtq__planner_keep(p, node->layout.n + 1u, sizeof *wants);
    for (uint32_t i = 0; i < node->layout.n && wants; i++) {
        uint32_t id = node->layout.ids[i];
        uint8_t flags = (uint8_t)((rtq__set_has(decide, id) ? RTQ__WANT_DECIDE : 0) |
                                  (rtq__set_has(item->needed, id) ? RTQ__WANT_SURVIVOR : 0));
        wants[i] = want_of(table, base_col(p->bound->cols[id]), flags);
    }
    node->u.scan.table = scan->u.scan.table_index;
    node->u.scan.wants = wants;
    table->scans[table->n_scans++] = node;
    item->node = node;
    item->ids = node->layout.ids;
    take_filters(p, item, node);
    if (!p->error)
        rtq__plan_gives(p, item, node);
    if (!p->error)
        rtq__plan_branches(p, table, node);
}
