/* expr.h - typed scalar expressions, and programs: expressions compiled against a column layout. */
#ifndef RTQ__EXPR_H
#define RTQ__EXPR_H
#include "fn/fn.h"

enum {
    RTQ__E_CONST = 1, /* cell */
    RTQ__E_COL,       /* column `col`: an id unique in the compile, not a position */
    RTQ__E_CALL,      /* fn(args) */
    RTQ__E_SLOT,      /* result of a scalar subquery (toscalar): slot number */
    RTQ__E_IN_SLOT,   /* args[0] in the one-column result of a subquery; `negated`, `nocase` */
    RTQ__E_AND,
    RTQ__E_OR,
    RTQ__E_NOT, /* n-ary and, or: short-cut over selections; three-valued */
};

typedef struct rtq__expr {
    uint8_t op, kind;
    bool negated, nocase;
    uint32_t n_args;
    struct rtq__expr **args;
    rtq__cell cell;
    uint32_t col, slot;
    const rtq__fn *fn;
    uint32_t flags;      /* RTQ__FN_VOLATILE | _NOW | _WINDOW of the whole subtree */
    uint32_t begin, end; /* span in the query text */
} rtq__expr;

/* Result of a subquery, filled by the engine before anything that uses it runs. */
typedef struct rtq__slot {
    bool ready;
    rtq__cell value;              /* E_SLOT; text owned by the slot's store */
    struct rtq__rows *set;        /* E_IN_SLOT: one key column, indexed */
    struct rtq__rows *set_nocase; /* folded text, for in~ */
} rtq__slot;

/* Layout: ids of the columns of the batches a program will see, in their order. */
typedef struct rtq__layout {
    const uint32_t *ids;
    uint32_t n;
} rtq__layout;

typedef struct rtq__prog rtq__prog; /* immutable: shared by runs and threads */
/* Compiles; folds constant subtrees by running them; prepares functions. Errors of prepare go to diag. */
int rtq__prog_new(rtq__prog **out, rtq__mem *mem, const rtq__expr *expr, const rtq__layout *layout, rtq_diag *diag);
void rtq__prog_free(rtq__prog *prog);
uint8_t rtq__prog_kind(const rtq__prog *prog);
bool rtq__prog_is_column(const rtq__prog *prog, uint32_t *index); /* a bare column: pass the vector on */

/* sel NULL: rows 0 … n_sel-1. Results lie on eval->scratch. Loads the lazy columns it touches, for the rows it needs. */
int rtq__prog_eval(rtq__vec **out, const rtq__prog *prog, rtq__eval *eval, rtq__batch *batch, const rtq__sel *sel,
                   uint32_t n_sel);
/* Rows of sel for which the predicate is true. `out` has room for n_sel; out == sel is allowed. Conjuncts narrow one after another. */
int rtq__prog_filter(rtq__sel *out, uint32_t *n_out, const rtq__prog *prog, rtq__eval *eval, rtq__batch *batch,
                     const rtq__sel *sel, uint32_t n_sel);

/* Evaluates an expression without columns, clock or volatile calls: constant folding, query parameters, datatable cells. */
int rtq__expr_fold(rtq__cell *out, const rtq__expr *expr, rtq__mem *mem, rtq__arena *heap, rtq_diag *diag);

int rtq__eval_init(rtq__eval *eval, rtq__mem *mem, rtq__scratch *scratch);
void rtq__eval_free(rtq__eval *eval);

/* Conversions the binder inserts; NULL when KQL has no implicit conversion from a to b. `unknown` converts to everything. */
const rtq__fn *rtq__fn_convert(uint32_t from, uint32_t to);
/* Common type of two kinds for iff, case, coalesce, union of columns …; 0: none. */
uint32_t rtq__kind_common(uint32_t a, uint32_t b);

#endif
