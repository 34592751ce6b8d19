/* plan.h - typed tree -> plan: nodes with column layouts and compiled programs, what the plan needs of its tables, explain.
 *
 * A plan is immutable and shared by runs and threads. Its nodes are in topological order (inputs first). Every edge carries batches
 * with the columns of the producer's layout, in that order: only what somebody downstream asks for. */
#ifndef RTQ__PLAN_H
#define RTQ__PLAN_H
#include "kql/rel.h"
#include "plan/demand.h"

/* Operators of a plan beyond those of the typed tree. REF and tree nodes that do nothing have no node. */
enum {
    RTQ__P_RESULT = RTQ__R_N, /* rows go to the host: u.result */
    RTQ__P_SLOT,              /* rows become the value or the set of a subquery: u.slot */
    RTQ__P_N
};

typedef struct rtq__node rtq__node;
typedef struct rtq__plan rtq__plan;
typedef struct rtq__edge {
    rtq__node *node;
    uint32_t input;
} rtq__edge;

/* Where an output column comes from: a program over the batch, or (prog NULL) input column `from`; from < 0: null. */
typedef struct rtq__out {
    rtq__prog *prog;
    int32_t from;
    uint8_t side;
} rtq__out;

typedef struct rtq__plan_agg {
    const rtq__agg *agg;
    const rtq__agg_def *def;
    void *config; /* from prepare */
    rtq__prog **args;
    uint32_t n_args;
    rtq__prog *predicate;
    uint32_t offset;  /* of the state in the row's extra bytes */
    bool distinct;    /* counts distinct values: they lie in a store of the operator, the state is their number */
    uint32_t n_cells; /* cells that finish fills */
    int32_t *outs;    /* by result cell: output column or -1 */
} rtq__plan_agg;

/* A conjunct of a filter in front of a scan. */
typedef struct rtq__scan_filter {
    rtq__prog *prog;
    const rtq__expr *expr;
    int32_t conjunct; /* of the table, -1: not pushable */
} rtq__scan_filter;

/* A window function over the rows in their order. */
typedef struct rtq__plan_window {
    const rtq__fn *fn;
    uint8_t kind;
    rtq__prog **args;
    uint32_t n_args;
} rtq__plan_window;

struct rtq__node {
    uint8_t op;
    bool fed;             /* its rows come from a feed, not only from constants and reference tables */
    bool unbounded_state; /* on an input without end its state has no bound */
    bool again;           /* gives the same rows, one by one, whenever its tables are read */
    uint32_t id, n_in, n_out;
    rtq__node **in;
    rtq__edge *out;
    const rtq__rel *rel; /* NULL: RESULT, SLOT */
    rtq__layout layout;
    const uint8_t *kinds; /* by layout column */
    const uint32_t *slots;
    uint32_t n_slots; /* subqueries its programs read */
    union {
        struct {
            uint32_t table;
            const uint32_t *wants; /* by layout column: number in the plan table */
            rtq__scan_filter *filters;
            uint32_t n_filters;
            uint32_t first_branch, n_branches; /* of the plan table: its own */
        } scan;
        struct {
            rtq__prog **progs;
            const rtq__expr **exprs;
            uint32_t n;
        } filter;
        struct {
            rtq__out *outs;
        } extend; /* by layout column; also RESULT */
        struct {
            rtq__prog **keys;
            uint8_t *key_kinds;
            uint32_t n_keys;
            rtq__plan_agg *aggs;
            uint32_t n_aggs;
            uint32_t extra_len;
            int32_t *key_outs; /* by key: output column or -1 */
            int32_t bin_key;
            int64_t bin_ticks;
        } summarize;
        struct {
            rtq__prog **keys;
            uint8_t *key_kinds;
            uint32_t n_keys;
            rtq__prog *limit;
            const rtq__out *outs;
        } sort;
        struct {
            rtq__prog *n;
        } take;
        struct {
            rtq__out *outs; /* [input * n_cols + col] */
        } unions;
        struct {
            uint8_t kind;
            uint8_t probe; /* the input whose rows come out in their order; the other one is held */
            bool streams;  /* two feeds, append-only: on inputs without end rows come out as both partners are there */
            bool null_differ; /* null keys match nothing: in (subquery) */
            int64_t keep;     /* then: ticks that rows are held at least; 0: for ever */
            uint32_t n_keys;
            rtq__prog **left_keys, **right_keys;
            uint8_t *key_kinds;
            rtq__out *outs; /* side 0 left, 1 right */
        } join;
        /* outs: side 0 the input's column, side 1 item `from`, side 2 the index */
        struct {
            rtq__prog **items;
            uint8_t *item_kinds;
            uint32_t n;
            rtq__prog *limit;
            const rtq__out *outs;
        } expand;
        /* outs: side 0 the input's column, side 1 column `from` of the body; inputs (of the body's APPLY_INPUT): as expand's outs */
        struct {
            rtq__prog **items;
            uint8_t *item_kinds;
            uint32_t n;
            rtq__prog *limit;
            rtq__plan *body;
            const rtq__out *outs, *inputs;
        } apply;
        /* by piece: output column or -1; regex mode: group of the expression */
        struct {
            rtq__prog *value;
            int32_t *piece_outs;
            uint32_t *groups;
            struct rtq__re *regex;
            const rtq__out *outs;
        } parse;
        struct {
            rtq__plan_window *defs;
            uint32_t n;
            const rtq__out *outs; /* side 1: definition `from` */
        } window;
        struct {
            const uint32_t *cells; /* by layout column: number of the column in the tree's node */
        } rows;                    /* VALUES, HOST_TABLE, EXTERNAL */
        struct {
            rtq__prog *from, *to, *step;
        } range;
        struct {
            const rtq__result *result;
            uint32_t number;
            rtq__out *outs;
        } result;
        struct {
            const rtq__slot_def *def;
            uint32_t number;
            int32_t from;
        } slot;
    } u;
};

/* What a plan asks of one table. Wants and conjuncts are numbered within it. */
typedef struct rtq__plan_want {
    const char *path;
    uint8_t kind, flags; /* RTQ__WANT_* */
    int32_t table_col;
} rtq__plan_want;
typedef struct rtq__plan_conjunct {
    uint32_t want, op;
    const rtq__cell *values;
    uint32_t n_values;
} rtq__plan_conjunct;
typedef struct rtq__plan_table {
    const rtq__table *table;
    rtq__plan_want *wants;
    uint32_t n_wants;
    rtq__plan_conjunct *conjuncts;
    uint32_t n_conjuncts;
    rtq__branch *branches;
    uint32_t n_branches; /* one a scan, or more */
    rtq__node **scans;
    uint32_t n_scans;
    bool time;         /* event times are needed: now() on recordings, windows */
    int64_t lookback;  /* ticks: rows older than now() - lookback do not matter; 0: no such bound */
    uint64_t max_rows; /* a take straight above: rows needed at most; 0: no bound known */
} rtq__plan_table;

enum { RTQ__MODE_CONTINUOUS = 1, RTQ__MODE_WINDOWED = 2, RTQ__MODE_SCHEDULED = 4 };

struct rtq__plan {
    rtq__mem *mem;
    rtq__arena arena;
    const rtq__bound *bound;
    rtq__node **nodes;
    uint32_t n_nodes, n_spare;
    size_t cap_nodes;
    rtq__prog **progs;
    uint32_t n_progs;
    size_t cap_progs; /* all of them, for freeing */
    rtq__plan_table *tables;
    uint32_t n_tables; /* in the order of bound.tables; n_scans 0: not read after all */
    rtq__node **results;
    uint32_t n_results;
    rtq__node *input; /* body of an APPLY: its APPLY_INPUT, else NULL */
    bool uses_now;
    uint32_t modes;  /* RTQ__MODE_*: legal on inputs without end */
    const char *why; /* reason why it is neither continuous nor windowed, or NULL */
    uint32_t why_begin, why_end;
    uint64_t fingerprint; /* equal plans have equal state */
};

typedef struct rtq__plan_options {
    bool no_pushdown; /* for tests */
} rtq__plan_options;

/* The bound query must outlive the plan. RTQ_OK, or an error with reasons in diag. options may be NULL. */
int rtq__plan_new(rtq__plan **out, rtq__mem *mem, const rtq__bound *bound, const rtq__plan_options *options,
                  rtq_diag *diag);
void rtq__plan_free(rtq__plan *plan);
int rtq__plan_explain(rtq__buf *out, const rtq__plan *plan, bool as_json);

/* ---- the demand of a source ---------------------------------------------------------------------------------------- */
/* How batches of one table of one source become batches of the scans of one plan. */
typedef struct rtq__read {
    const rtq__plan *plan;
    uint32_t table;        /* of the plan */
    uint32_t source_table; /* of the source */
    const uint32_t *wants; /* by want of the plan table: vector in the batch */
    const bool *exact;     /* by conjunct of the plan table: the source answers for it, no re-check */
    int32_t time;          /* vector with the event time, -1: not asked for */
} rtq__read;

typedef struct rtq__reader {
    const rtq__plan *plan;
    uint32_t table; /* of the plan */
    uint32_t source_table;
    const bool *nodes; /* by node of the plan: its scans that read this time; NULL: all of them */
} rtq__reader;

/* Merges what the readers need into one demand for a source with these tables; `time`: event times for the watermark (by source table,
 * RTQ__WANT_TIME [| RTQ__WANT_ALL_ROWS] or 0; NULL: none). Hand the demand to the source's plan(), then call rtq__demand_settle. */
int rtq__demand_new(rtq_demand **out, rtq__mem *mem, const rtq__table *tables, uint32_t n_tables,
                    const rtq__reader *readers, uint32_t n_readers, const uint8_t *time, uint32_t epoch);
void rtq__demand_settle(rtq_demand *demand);                                  /* verdicts -> reads */
const rtq__read *rtq__demand_read(const rtq_demand *demand, uint32_t reader); /* lives as long as the demand */
void rtq__demand_free(rtq_demand *demand);

#endif
