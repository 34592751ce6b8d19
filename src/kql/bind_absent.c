/* bind_absent.c - tables that table(name) names and that are not there. Where a parameter says the name, the query is
 * refused only when the table is still in it at the end: union isfuzzy=true leaves it out. */
#include "kql/bind_private.h"

rtq__tab *rtq__bind_absent(rtq__binder *b, const char *name, const rtq__ast *at)
{
    for (uint32_t i = 0; i < b->n_absent; i++)
        if (strcmp(b->absent[i].table->name, name) == 0)
            return rtq__bind_scan(b, b->absent[i].table, false, at);
    rtq__table *table = rtq__bind_alloc(b, 1, sizeof *table);
    table->name = rtq__bind_name(b, name);
    table->time_col = -1;
    table->open = true;
    rtq__tab *tab = rtq__bind_scan(b, table, false, at);
    *RTQ__BIND_PUSH(b, &b->work, b->absent, b->n_absent, b->cap_absent) = (rtq__absent){table, at};
    return tab;
}

static bool is_absent(const rtq__binder *b, const rtq__rel *rel)
{
    for (uint32_t i = 0; rel->op == RTQ__R_SCAN && i < b->n_absent; i++)
        if (b->absent[i].table == rel->u.scan.table)
            return true;
    return false;
}

bool rtq__reads_absent(rtq__binder *b, const rtq__rel *rel)
{
    const rtq__rel **stack = NULL;
    uint32_t n = 0, cap = 0;
    if (!b->n_absent)
        return false;
    bool *seen = rtq__bind_work(b, b->bound->n_rels, sizeof *seen);
    *RTQ__BIND_PUSH(b, &b->work, stack, n, cap) = rel;
    while (n) {
        rel = stack[--n];
        if (seen[rel->id])
            continue;
        seen[rel->id] = true;
        if (is_absent(b, rel))
            return true;
        for (uint32_t i = 0; i < rel->n_in; i++)
            *RTQ__BIND_PUSH(b, &b->work, stack, n, cap) = rel->in[i];
        if (rel->op == RTQ__R_APPLY && rel->u.apply.body)
            *RTQ__BIND_PUSH(b, &b->work, stack, n, cap) = rel->u.apply.body;
    }
    return false;
}

void rtq__report_absent(rtq__binder *b, const rtq__rel *rel)
{
    for (uint32_t i = 0; rel->op == RTQ__R_SCAN && i < b->n_absent; i++) {
        if (b->absent[i].table != rel->u.scan.table)
            continue;
        rtq__ctx none = {0};
        const rtq__ast *at = b->absent[i].at;
        rtq__ast_name name = {.ptr = rel->u.scan.table->name,
                              .len = (uint32_t)strlen(rel->u.scan.table->name),
                              .begin = at->begin,
                              .end = at->end};
        rtq__bind_unknown_name(b, &none, &name, "table");
    }
}
