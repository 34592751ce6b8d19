/* rel.h - the typed tree: relational nodes over columns with identity.
 *
 * Columns are ids, not positions: a column keeps its id through filter, sort, extend, join, and any node passes on whatever
 * columns of its inputs somebody above asks for. Which columns are visible under which names is the binder's scope, not a
 * property of nodes; so project-away, project-keep, project-reorder and serialize make no node at all. The plan later asks
 * top-down which ids are needed and lays batches out accordingly.
 *
 * The tree is a DAG: a tabular let or a table read that is used twice is one node with two REF nodes above it, and a REF gives its
 * columns fresh ids, so that both sides of a self-join stay apart. */
#ifndef RTQ__REL_H
#define RTQ__REL_H
#include "fn/expr.h"
#include "kql/schema.h"

typedef struct rtq__rel rtq__rel;
typedef struct rtq__col rtq__col;

struct rtq__col {
    uint32_t id;         /* index in rtq__bound.cols */
    uint8_t kind, flags; /* RTQ__COL_* */
    const char *name;
    rtq__rel *rel;         /* the node that makes it */
    const rtq__expr *expr; /* EXTEND: its definition (an E_COL: an alias) */
    rtq__col *of;          /* REF: the column it stands for */
    const char *path; /* SCAN: what the source is asked for: "EventID", "EventData.NewProcessName", "a.b[0]['x y']" */
};

typedef struct rtq__def {
    rtq__col *col;
    rtq__expr *expr;
} rtq__def;

enum {
    RTQ__R_SCAN = 1,    /* scan: a table of a source; columns are added as the query names them */
    RTQ__R_HOST_TABLE,  /* scan: a reference table of the env */
    RTQ__R_VALUES,      /* values: datatable, print, getschema; constant rows */
    RTQ__R_RANGE,       /* range */
    RTQ__R_EXTERNAL,    /* external: externaldata */
    RTQ__R_APPLY_INPUT, /* leaf of the subquery of APPLY: the rows that one outer row expands to */
    RTQ__R_REF,         /* in[0] is shared; refs: columns with fresh ids (col->of) */
    RTQ__R_FILTER,      /* filter */
    RTQ__R_EXTEND,      /* defs */
    RTQ__R_SUMMARIZE,   /* summarize; distinct and count too */
    RTQ__R_SORT,        /* sort; top when limit >= 0 */
    RTQ__R_TAKE,        /* take */
    RTQ__R_UNION,       /* n_in inputs; unions */
    RTQ__R_JOIN,        /* join; lookup too; in[0] left, in[1] right */
    RTQ__R_MV_EXPAND,   /* expand */
    RTQ__R_APPLY,       /* apply: mv-apply */
    RTQ__R_PARSE,       /* parse, parse-where */
    RTQ__R_WINDOW,      /* defs whose expr is an E_CALL of a window function with plain arguments */
    RTQ__R_N
};

typedef struct rtq__agg_def {
    const rtq__agg *agg;
    rtq__expr **args;
    uint32_t n_args; /* constants as E_CONST */
    rtq__col **cols;
    uint32_t n_cols;      /* result columns: 1, more for arg_max and percentiles */
    rtq__expr *predicate; /* filter in front of this aggregate, or NULL (…if forms without a row of their own) */
    uint32_t begin, end;
} rtq__agg_def;

typedef struct rtq__sort_key {
    rtq__expr *expr;
    bool desc, nulls_first;
} rtq__sort_key;

enum {
    RTQ__JOIN_INNERUNIQUE = 1,
    RTQ__JOIN_INNER,
    RTQ__JOIN_LEFTOUTER,
    RTQ__JOIN_RIGHTOUTER,
    RTQ__JOIN_FULLOUTER,
    RTQ__JOIN_LEFTSEMI,
    RTQ__JOIN_RIGHTSEMI,
    RTQ__JOIN_LEFTANTI,
    RTQ__JOIN_RIGHTANTI
};

typedef struct rtq__expand_item {
    rtq__col *col;
    rtq__expr *expr; /* dynamic */
    uint8_t to_kind; /* of the result cells */
} rtq__expand_item;

enum { RTQ__PARSE_SIMPLE = 0, RTQ__PARSE_RELAXED, RTQ__PARSE_REGEX };
typedef struct rtq__parse_piece {
    rtq__col *col;
    const char *text;
    uint32_t len; /* col NULL: literal text; text NULL and col NULL: `*` */
} rtq__parse_piece;

struct rtq__rel {
    uint8_t op;
    bool serialized; /* the order of rows means something */
    uint32_t id;     /* index in rtq__bound.rels */
    uint32_t n_in;
    rtq__rel **in;
    uint32_t begin, end; /* span of the operator */
    union {
        struct {
            const rtq__table *table;
            rtq__col **cols;
            uint32_t n_cols, cap_cols;
            uint32_t table_index; /* in bound.tables */
        } scan;
        struct {
            rtq__col **cols;
            uint32_t n_cols;
            rtq__cell *cells;
            uint32_t n_rows; /* row-major */
        } values;
        struct {
            rtq__col *col;
            rtq__expr *from, *to, *step;
        } range;
        struct {
            rtq__col **cols;
            uint32_t n_cols;
            const rtq_str *uris;
            uint32_t n_uris;
            const char *format;
            bool ignore_first;
        } external;
        struct {
            rtq__col **cols;
            uint32_t n_cols, cap_cols;
        } refs; /* REF and APPLY_INPUT (there: outer columns seen inside, col->of) */
        struct {
            rtq__expr *expr;
        } filter;
        struct {
            rtq__def *defs;
            uint32_t n;
        } defs; /* EXTEND, WINDOW */
        struct {
            rtq__def *keys;
            uint32_t n_keys;
            rtq__agg_def *aggs;
            uint32_t n_aggs;
            int32_t bin_key; /* key that is bin(event time, constant), -1 */
            int64_t bin_ticks;
            const rtq__cell *fill; /* pivot: what a group has where another group's bag has a name */
        } summarize;
        struct {
            rtq__sort_key *keys;
            uint32_t n;
            rtq__expr *limit; /* NULL: all */
        } sort;
        struct {
            rtq__expr *n;
        } take;
        struct {
            rtq__col **cols;
            uint32_t n_cols;
            rtq__expr **map; /* [input * n_cols + col]: expression over that input; NULL: null */
            bool fuzzy;
        } unions;
        struct {
            uint8_t kind;
            uint32_t n_keys;
            rtq__expr **left_keys, **right_keys; /* equal kinds */
        } join;
        struct {
            rtq__expand_item *items;
            uint32_t n;
            rtq__col *index;
            rtq__expr *limit;
            bool bag_as_array;
        } expand;
        struct {
            rtq__expand_item *items;
            uint32_t n;
            rtq__col *index;
            rtq__expr *limit;
            rtq__rel *body;
            rtq__rel *input; /* APPLY_INPUT leaf */
            rtq__col **body_cols;
            uint32_t n_body_cols; /* result columns of the body, fresh per outer row */
            bool bag_as_array;
        } apply;
        struct {
            rtq__expr *value;
            rtq__parse_piece *pieces;
            uint32_t n;
            uint8_t mode;
            const char *flags;
            bool where; /* parse-where */
        } parse;
    } u;
};

enum { RTQ__SLOT_SCALAR = 0, RTQ__SLOT_SET = 1 };
typedef struct rtq__slot_def {
    uint8_t how;
    bool nocase;
    rtq__rel *rel;
    rtq__col *col;
} rtq__slot_def; /* subqueries: toscalar, in (…) */

typedef struct rtq__result {
    rtq__rel *rel;
    rtq__col **cols;
    const char **names;
    uint32_t n_cols;   /* in order; a REST column is last */
    const char *chart; /* render, or NULL */
    const char *name;  /* fork branch, `as` … or NULL */
} rtq__result;

/* A bound query; everything lives in `arena`, immutable once compiled. */
typedef struct rtq__bound {
    rtq__arena arena;
    rtq__col **cols;
    uint32_t n_cols, cap_cols;
    rtq__rel **rels;
    uint32_t n_rels, cap_rels; /* inputs before consumers */
    rtq__slot_def *slots;
    uint32_t n_slots, cap_slots;
    rtq__result *results;
    uint32_t n_results;
    const rtq__table **tables;
    uint32_t n_tables, cap_tables; /* source tables read, distinct */
    bool uses_now;
    struct { /* the first call of a function whose data the host has not given; NULL: none */
        const rtq__fn *fn;
        uint32_t begin, end;
    } missing;
} rtq__bound;

#endif
