/* demand.h - what queries ask of a source: columns in two tiers, and which rows they can do without.
 *
 *   row is wanted  <=>  for some branch, all its conjuncts hold      (no branch with conjuncts: every row is wanted)
 *
 * Each read of each query is one branch or more. Conjuncts are hash-consed: branches list numbers into one table. */
#ifndef RTQ__DEMAND_H
#define RTQ__DEMAND_H
#include "kql/schema.h"
#include "rtq/source.h"

typedef struct rtq__path_seg {
    const char *name;
    uint32_t len;
    int32_t index; /* name NULL: array index, negative from the end */
} rtq__path_seg;

enum {
    RTQ__WANT_DECIDE = 1 /* some predicate reads it */,
    RTQ__WANT_SURVIVOR = 2 /* needed of rows that pass */,
    RTQ__WANT_TIME = 4 /* event time for watermarks and now(): of rejected rows too when RTQ__WANT_ALL_ROWS */,
    RTQ__WANT_ALL_ROWS = 8,
    RTQ__WANT_REST = 16 /* the whole record as dynamic; `*` survives */
};

/* One column of the batches that the source is to give, in this order. */
typedef struct rtq__want {
    const char *path; /* canonical text */
    const rtq__path_seg *segs;
    uint32_t n_segs;
    int32_t table_col; /* column of the table that segs[0] names, or -1: field of an open record */
    uint8_t kind;      /* of the vector: the column's kind, RTQ_UNKNOWN for fields and members (rtq__dyn cells) */
    uint8_t flags;
} rtq__want;

/* path op values. Text values are UTF-8; op as in rtq_conjunct (RTQ_OP_*, + RTQ_OP_CASE, + RTQ_OP_NOT). For a want of kind unknown,
 * the comparison has the KQL rules of "unknown with the type of the value". */
typedef struct rtq__conjunct {
    uint32_t want;
    uint32_t op;
    const rtq__cell *values;
    uint32_t n_values;
    uint8_t verdict; /* set by plan(): RTQ_PUSH_* */
} rtq__conjunct;

typedef struct rtq__branch {
    const uint32_t *conjuncts;
    uint32_t n;
} rtq__branch;

typedef struct rtq__demand_table {
    const rtq__table *table;
    rtq__want *wants;
    uint32_t n_wants;
    rtq__conjunct *conjuncts;
    uint32_t n_conjuncts;
    rtq__branch *branches;
    uint32_t n_branches; /* 0: nobody reads the table */
    bool single;         /* one branch only: EXACT verdicts save the re-check */
    bool all;            /* some branch has no conjuncts: every row is wanted */
    uint64_t max_rows;   /* take without filter: 0 = no bound known */
} rtq__demand_table;

struct rtq_demand {
    rtq__demand_table *tables;
    uint32_t n_tables; /* by the source's table order */
    uint32_t epoch;
    rtq_conjunct *items;
    uint32_t n_items; /* the public view, made by the adapter for host sources; else NULL */
};

#endif
