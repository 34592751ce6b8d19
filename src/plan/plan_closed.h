/* plan_closed.h - predicates of the closed form that sources understand: path op constants. */
#ifndef RTQ__PLAN_CLOSED_H
#define RTQ__PLAN_CLOSED_H
#include "plan/plan_int.h"

/* Adds the conjuncts and branches of a scan to its table, and notes which filter is which conjunct. */
void rtq__plan_branches(rtq__planner *p, rtq__plan_table *table, rtq__node *scan);

#endif
