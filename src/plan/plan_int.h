/* plan_int.h - the planner's working tree: one item a node of the typed tree, rewritten in place, then compiled to nodes. */
#ifndef RTQ__PLAN_INT_H
#define RTQ__PLAN_INT_H
#include "plan/plan.h"

enum { RTQ__PLAN_DEPTH = 2000 /* nesting of expressions that the planner follows */ };

typedef struct rtq__item rtq__item;
struct rtq__item {
    uint8_t op; /* of the tree; a REF of a SCAN becomes a SCAN of its own */
    bool live;
    uint32_t n_in, n_users;
    rtq__item **in;
    const rtq__rel *rel;
    uint64_t *avail, *needed; /* column ids: what it can give, what is asked of it */
    uint64_t *own;            /* what it makes itself */
    const rtq__expr **preds;
    uint32_t n_preds;
    size_t cap_preds;    /* on its output, in order */
    rtq__node *node;     /* gives its rows; NULL: not compiled */
    const uint32_t *ids; /* by layout column of node: the id under which the item's users know it */
};

typedef struct rtq__planner {
    rtq__plan *plan;
    rtq__mem *mem;
    rtq__arena tmp; /* dies with the planner */
    const rtq__bound *bound;
    const rtq__plan_options *options;
    rtq_diag *diag;
    rtq__item *items;
    uint32_t n_items; /* by rel id: inputs before users */
    uint32_t words;   /* of a set of column ids */
    bool *slot_used;
    bool *node_slots;      /* read by the node under construction */
    bool body;             /* of an APPLY: subqueries belong to the outer plan */
    const rtq__rel *apply; /* then: that node */
    int error;
} rtq__planner;

static inline bool rtq__set_has(const uint64_t *set, uint32_t i)
{
    return (set[i >> 6] >> (i & 63)) & 1;
}
static inline void rtq__set_add(uint64_t *set, uint32_t i)
{
    set[i >> 6] |= UINT64_C(1) << (i & 63);
}
static inline void rtq__set_del(uint64_t *set, uint32_t i)
{
    set[i >> 6] &= ~(UINT64_C(1) << (i & 63));
}
static inline void rtq__set_or(uint64_t *to, const uint64_t *from, uint32_t words)
{
    for (uint32_t i = 0; i < words; i++)
        to[i] |= from[i];
}

void *rtq__planner_tmp(rtq__planner *p, size_t n, size_t len);  /* zeroed; NULL sets p->error */
void *rtq__planner_keep(rtq__planner *p, size_t n, size_t len); /* likewise, lives with the plan */
int rtq__planner_add_pred(rtq__planner *p, rtq__item *item, const rtq__expr *pred);

/* plan_expr.c */
void rtq__expr_cols(rtq__planner *p, const rtq__expr *expr, uint64_t *set);
void rtq__expr_slots(rtq__planner *p, const rtq__expr *expr, bool *used);
bool rtq__expr_reads_slot(const rtq__expr *expr);
/* The columns of expr are all in (want true) or all outside of (want false) set. */
bool rtq__expr_within(rtq__planner *p, const rtq__expr *expr, const uint64_t *set, bool want);
/* A copy with columns replaced (by id; NULL entries stay); NULL: too large, or p->error. */
const rtq__expr *rtq__expr_subst(rtq__planner *p, const rtq__expr *expr, const rtq__expr *const *by, uint32_t *budget);
rtq__expr *rtq__plan_expr_col(rtq__planner *p, const rtq__col *col);
rtq__expr *rtq__plan_expr_null(rtq__planner *p, uint32_t kind);
typedef void (*rtq__expr_visit)(rtq__planner *p, const rtq__expr *expr, void *ctx);
void rtq__rel_exprs(rtq__planner *p, const rtq__rel *rel, rtq__expr_visit visit,
                    void *ctx); /* every expression of the node itself */

/* plan_need.c */
void rtq__plan_avail(rtq__planner *p);
void rtq__plan_need(rtq__planner *p);
bool rtq__plan_agg_needed(const rtq__item *item, const rtq__agg_def *agg);
bool rtq__plan_arg_needed(const rtq__item *item, const rtq__agg_def *agg, uint32_t i);

/* plan_push.c */
void rtq__plan_push(rtq__planner *p);

/* plan_code.c, plan_rows.c */
void rtq__plan_code(rtq__planner *p, rtq__item *item);
rtq__node *rtq__plan_node(rtq__planner *p, uint32_t op, const rtq__rel *rel, uint32_t n_in);
void rtq__plan_gives(rtq__planner *p, rtq__item *item,
                     rtq__node *node); /* node is finished and gives the item's rows */
void rtq__plan_input(rtq__node *node, uint32_t i, const rtq__item *in);
bool rtq__plan_layout(rtq__planner *p, rtq__node *node,
                      const uint64_t *set); /* ids of the set, ascending, with their kinds */
rtq__prog *rtq__plan_prog(rtq__planner *p, const rtq__expr *expr, const rtq__item *in); /* expr NULL: NULL */
rtq__prog **rtq__plan_progs(rtq__planner *p, rtq__expr *const *exprs, uint32_t n, const rtq__item *in);
int32_t rtq__plan_from(const rtq__item *in, uint32_t id); /* position in the item's rows, -1: not there */
rtq__out *rtq__plan_outs(rtq__planner *p, const rtq__node *node,
                         const rtq__item *in); /* every layout column that `in` has; else from -1 */
void rtq__plan_code_summarize(rtq__planner *p, rtq__item *item);
bool rtq__plan_streams(uint8_t kind, const rtq__node *node); /* append-only on inputs without end */
void rtq__plan_code_join(rtq__planner *p, rtq__item *item);
void rtq__plan_code_union(rtq__planner *p, rtq__item *item);
void rtq__plan_code_expand(rtq__planner *p, rtq__item *item);
void rtq__plan_code_apply(rtq__planner *p, rtq__item *item);
void rtq__plan_code_parse(rtq__planner *p, rtq__item *item);
void rtq__plan_code_window(rtq__planner *p, rtq__item *item);

/* plan_scan.c */
void rtq__plan_code_scan(rtq__planner *p, rtq__item *item);
void rtq__plan_tables(rtq__planner *p);

/* plan_bounds.c */
void rtq__plan_bounds(rtq__planner *p);

/* plan_stream.c */
void rtq__plan_classify(rtq__planner *p);

/* plan.c */
int rtq__plan_body(rtq__plan **out, rtq__planner *outer, const rtq__rel *apply, const uint64_t *needed);

#endif
