/* ast.h - the syntax tree of a KQL text, as the parser leaves it: names unresolved, nothing typed.
 *
 * Every node lives in the arena given to rtq__parse() and keeps the byte span [begin, end) of its text. There is one
 * node struct with a kind and a union: switch on kind, then read the member named in the comment beside the kind.
 * Lists are linked through node->next, so a node is in one list only. Tabular operators and sources all use member
 * `op` (never NULL for them); the table at rtq__ast_op says what each kind puts where. Absent parts are NULL, empty
 * lists, or names with len 0 and ptr NULL. */
#ifndef RTQ__AST_H
#define RTQ__AST_H
#include "base/mem.h"
#include "rtq/value.h"

typedef enum rtq__ast_kind {
    RTQ__AST_NONE,
    /* ---- expressions ---- */
    RTQ__AST_LITERAL,    /* literal */
    RTQ__AST_JSON_ARRAY, /* list: inside dynamic(...) only; items are literals, JSON_ARRAY, JSON_BAG */
    RTQ__AST_JSON_BAG,   /* list: inside dynamic(...) only; items are JSON_PAIR */
    RTQ__AST_JSON_PAIR,  /* named: names has one NAME, value as in JSON_ARRAY */
    RTQ__AST_NAME,       /* name: column, table, variable, `$left` and `$right` too; ['a b'] is quoted */
    RTQ__AST_WILDCARD,   /* name: with at least one `*` in it and more, a*b */
    RTQ__AST_STAR,       /* *  as an argument, an operand or "all columns"; as the last item of a schema: open */
    RTQ__AST_MEMBER,     /* member: a.b  database("d").T  database("d").T*  (then wild) */
    RTQ__AST_INDEX,      /* index: a[i]  a["b"]  a.[i]; a lone [i], which means nothing, has no object */
    RTQ__AST_CALL,       /* call: f(x)  cluster("c").database("d")  toscalar(T | ...)  materialize(...)  view() */
    RTQ__AST_NAMED,      /* named: n = expr, (n, m) = expr; also named arguments */
    RTQ__AST_UNARY,      /* binary: right is the operand, left NULL; RTQ__OP_MINUS or RTQ__OP_PLUS */
    RTQ__AST_BINARY,     /* binary: left may be STAR */
    RTQ__AST_IN,         /* in: in !in in~ !in~ has_any has_all and a list; one tabular item: a subquery */
    RTQ__AST_BETWEEN,    /* between: between and !between */
    RTQ__AST_TYPEOF,     /* list: typeof(long), typeof(*, a:long): COLUMN or STAR; a bare type is an unnamed COLUMN */
    RTQ__AST_PIPE,       /* pipe: source | op | op. In a contextual subquery, (where x | ...), source is NULL; elsewhere
                            NULL means that the query starts with an operator that needs an input */
    RTQ__AST_DATASCOPE,  /* named: value (datascope = name) */
    RTQ__AST_ENTITY_GROUP, /* list: entity_group [ items ] */
    /* ---- parts of operators ---- */
    RTQ__AST_ORDERED,   /* ordered: expr [asc|desc|granny-asc|granny-desc] [nulls first|last] */
    RTQ__AST_PARAMETER, /* named: one NAME and a value, NAME or literal: kind=inner  hint.strategy=shuffle  title="x";
                            in lists of names (render ycolumns=a,b) the 2nd and later names are in named.more */
    RTQ__AST_COLUMN,    /* column: n:type [= default], or a tabular parameter n:(schema) */
    RTQ__AST_EXPAND,    /* expand: item of mv-expand and mv-apply: [name =] expr [to typeof(t)] */
    RTQ__AST_AGGREGATE, /* expand: item of make-series: [name =] aggregate [default = v] */
    RTQ__AST_TOP_NESTED_LEVEL, /* op: value count (may be NULL), of, others, by (one ORDERED) */
    RTQ__AST_FORK_BRANCH,      /* named: [name =] (subquery): names may be empty; value is a contextual PIPE */
    RTQ__AST_SCAN_STEP,        /* scan_step */
    RTQ__AST_GRAPH_PATTERN,    /* list: GRAPH_NODE and GRAPH_EDGE alternating */
    RTQ__AST_GRAPH_NODE,       /* graph_edge: only name, may be empty */
    RTQ__AST_GRAPH_EDGE,       /* graph_edge */
    RTQ__AST_GRAPH_OUTPUT,     /* op: graph-to-table: name "nodes" or "edges", as, params */
    RTQ__AST_GRAPH_TABLE,      /* op: make-graph with: value table, name key column */
    /* ---- tabular sources (heads of pipes) ---- */
    RTQ__AST_PRINT,
    RTQ__AST_RANGE,
    RTQ__AST_DATATABLE,
    RTQ__AST_CONTEXTUAL_DATATABLE,
    RTQ__AST_EXTERNALDATA,
    RTQ__AST_EXTERNAL_TABLE,
    RTQ__AST_MACRO_EXPAND,
    RTQ__AST_VIEW_COMBINE, /* materialized-view-combine */
    /* ---- tabular operators; the first four may also be heads of pipes ---- */
    RTQ__AST_EVALUATE,
    RTQ__AST_FIND,
    RTQ__AST_SEARCH,
    RTQ__AST_UNION,
    RTQ__AST_AS,
    RTQ__AST_ASSERT_SCHEMA,
    RTQ__AST_CONSUME,
    RTQ__AST_COUNT,
    RTQ__AST_DISTINCT,
    RTQ__AST_EXECUTE_AND_CACHE,
    RTQ__AST_EXTEND,
    RTQ__AST_FACET,
    RTQ__AST_FORK,
    RTQ__AST_GETSCHEMA,
    RTQ__AST_GRAPH_MARK_COMPONENTS,
    RTQ__AST_GRAPH_MATCH,
    RTQ__AST_GRAPH_SHORTEST_PATHS,
    RTQ__AST_GRAPH_TO_TABLE,
    RTQ__AST_GRAPH_WHERE_EDGES,
    RTQ__AST_GRAPH_WHERE_NODES,
    RTQ__AST_INVOKE,
    RTQ__AST_JOIN,
    RTQ__AST_LOOKUP,
    RTQ__AST_MAKE_GRAPH,
    RTQ__AST_MAKE_SERIES,
    RTQ__AST_MV_APPLY,
    RTQ__AST_MV_EXPAND,
    RTQ__AST_PARSE,
    RTQ__AST_PARSE_WHERE,
    RTQ__AST_PARSE_KV,
    RTQ__AST_PARTITION,
    RTQ__AST_PARTITION_BY, /* __partitionby */
    RTQ__AST_PROJECT,
    RTQ__AST_PROJECT_AWAY,
    RTQ__AST_PROJECT_BY_NAMES,
    RTQ__AST_PROJECT_KEEP,
    RTQ__AST_PROJECT_RENAME,
    RTQ__AST_PROJECT_REORDER,
    RTQ__AST_REDUCE,
    RTQ__AST_RENDER,
    RTQ__AST_SAMPLE,
    RTQ__AST_SAMPLE_DISTINCT,
    RTQ__AST_SCAN,
    RTQ__AST_SERIALIZE,
    RTQ__AST_SORT,
    RTQ__AST_SUMMARIZE,
    RTQ__AST_TAKE,
    RTQ__AST_TOP,
    RTQ__AST_TOP_HITTERS,
    RTQ__AST_TOP_NESTED,
    RTQ__AST_WHERE,
    /* ---- statements; any expression is a statement too ---- */
    RTQ__AST_LET,              /* named: one name; value an expression or FUNCTION */
    RTQ__AST_FUNCTION,         /* function: the (params) { body } of let and .create-or-alter function */
    RTQ__AST_QUERY_PARAMETERS, /* list: COLUMN */
    RTQ__AST_PATTERN,          /* pattern */
    RTQ__AST_PATTERN_RULE,     /* pattern_rule */
    RTQ__AST_SET,              /* named: one name; value NULL, a literal or a NAME */
    RTQ__AST_ALIAS,            /* named: alias database name = value */
    RTQ__AST_RESTRICT,         /* list: NAME, WILDCARD, MEMBER, CALL */
    RTQ__AST_CREATE_FUNCTION,  /* create_function: .create-or-alter function, query files only */
    RTQ__AST_ERROR,            /* a place the parser gave up on; never in a tree returned with RTQ_OK */
    RTQ__AST_N_KINDS
} rtq__ast_kind;

/* All infix operators, and the two prefix ones. */
typedef enum rtq__ast_operator {
    RTQ__OP_NONE,
    RTQ__OP_OR,
    RTQ__OP_AND,
    RTQ__OP_EQ /* == */,
    RTQ__OP_NE /* != <> */,
    RTQ__OP_LT,
    RTQ__OP_GT,
    RTQ__OP_LE,
    RTQ__OP_GE,
    RTQ__OP_PLUS,
    RTQ__OP_MINUS,
    RTQ__OP_TIMES,
    RTQ__OP_DIVIDE,
    RTQ__OP_MODULO,
    RTQ__OP_EQ_CI /* =~ */,
    RTQ__OP_NE_CI /* !~ */,
    RTQ__OP_SEARCH /* : */,
    RTQ__OP_MATCHES_REGEX,
    RTQ__OP_HAS,
    RTQ__OP_NOT_HAS,
    RTQ__OP_HAS_CS,
    RTQ__OP_NOT_HAS_CS,
    RTQ__OP_HASPREFIX,
    RTQ__OP_NOT_HASPREFIX,
    RTQ__OP_HASPREFIX_CS,
    RTQ__OP_NOT_HASPREFIX_CS,
    RTQ__OP_HASSUFFIX,
    RTQ__OP_NOT_HASSUFFIX,
    RTQ__OP_HASSUFFIX_CS,
    RTQ__OP_NOT_HASSUFFIX_CS,
    RTQ__OP_CONTAINS,
    RTQ__OP_NOT_CONTAINS,
    RTQ__OP_CONTAINS_CS,
    RTQ__OP_NOT_CONTAINS_CS,
    RTQ__OP_STARTSWITH,
    RTQ__OP_NOT_STARTSWITH,
    RTQ__OP_STARTSWITH_CS,
    RTQ__OP_NOT_STARTSWITH_CS,
    RTQ__OP_ENDSWITH,
    RTQ__OP_NOT_ENDSWITH,
    RTQ__OP_ENDSWITH_CS,
    RTQ__OP_NOT_ENDSWITH_CS,
    RTQ__OP_LIKE,
    RTQ__OP_NOT_LIKE,
    RTQ__OP_LIKE_CS,
    RTQ__OP_NOT_LIKE_CS,
    RTQ__OP_IN,
    RTQ__OP_NOT_IN,
    RTQ__OP_IN_CI,
    RTQ__OP_NOT_IN_CI,
    RTQ__OP_HAS_ANY,
    RTQ__OP_HAS_ALL,
    RTQ__OP_BETWEEN,
    RTQ__OP_NOT_BETWEEN,
    RTQ__OP_N
} rtq__ast_operator;
/* As written in a query (the first spelling where there are several); "" for NONE. */
const char *rtq__ast_operator_text(rtq__ast_operator op);
/* "where", "mv-expand", ... for operators and statements, "call", "literal", ... else: for messages. */
const char *rtq__ast_kind_text(rtq__ast_kind kind);

typedef struct rtq__ast rtq__ast;
typedef struct rtq__ast_list {
    rtq__ast *first, *last;
    uint32_t n;
} rtq__ast_list;
#define RTQ__AST_EACH(item, list) (rtq__ast *item = (list).first; item; item = item->next)

/* A name with escapes undone (NUL-terminated in the arena) and where it stands. */
typedef struct rtq__ast_name {
    const char *ptr;
    uint32_t len, begin, end;
    bool quoted; /* ['a b'] or ["a b"] */
} rtq__ast_name;

enum {
    RTQ__LITERAL_OBFUSCATED = 1 /* h"..." */,
    RTQ__LITERAL_TYPED = 2 /* long(1), not 1 */,
    RTQ__LITERAL_HEX = 4,
    RTQ__LITERAL_NOW = 8,   /* datetime(): the current time */
    RTQ__LITERAL_TODAY = 16 /* datetime(8:00): u.i is a time of the current day */
};
typedef struct rtq__ast_literal {
    uint32_t type; /* RTQ_BOOL ... RTQ_DYNAMIC; the bare word null inside dynamic(): RTQ_DYNAMIC with is_null */
    bool is_null;  /* int(null), dynamic(null), ... */
    uint8_t flags;
    union {
        int64_t i;        /* bool, int, long; datetime and timespan in ticks */
        double d;         /* real */
        uint8_t guid[16]; /* RFC 9562 order */
    } u;
    rtq_str text;   /* string: its value, escapes undone, adjacent literals joined. decimal: the digits. dynamic: the
                     * text between the parentheses, as written */
    rtq__ast *json; /* dynamic: LITERAL (any type), JSON_ARRAY or JSON_BAG */
} rtq__ast_literal;

typedef enum rtq__ast_order {
    RTQ__ORDER_NONE,
    RTQ__ORDER_ASC,
    RTQ__ORDER_DESC,
    RTQ__ORDER_GRANNY_ASC,
    RTQ__ORDER_GRANNY_DESC
} rtq__ast_order;
typedef enum rtq__ast_nulls { RTQ__NULLS_NONE, RTQ__NULLS_FIRST, RTQ__NULLS_LAST } rtq__ast_nulls;
typedef enum rtq__ast_step_output {
    RTQ__STEP_DEFAULT,
    RTQ__STEP_ALL,
    RTQ__STEP_LAST,
    RTQ__STEP_NONE
} rtq__ast_step_output;

/* What each operator and source keeps where. "items: x" = list of x nodes. NAMED? = NAMED or a plain expression.
 *   print               items: NAMED?
 *   range               name from to step
 *   datatable           schema; items: literals and other constants, in row order
 *   contextual_datatable  value: guid literal; schema
 *   externaldata        schema; items: strings (URIs); with: PARAMETER
 *   external_table      params; schema; items: strings; with: PARAMETER
 *   macro-expand        value: ENTITY_GROUP, NAME, path; as; items: statements
 *   materialized-view-combine  name; value: base; of: delta; body: the summarize node
 *   evaluate            value: CALL; schema (after `:`, has_schema)
 *   find                params; in (has_in); value: predicate; items: project COLUMN (type 0: none) or CALL pack(*);
 *                       project_smart; by: project-away COLUMN or STAR
 *   search              params; in (has_in); value: predicate or STAR
 *   union               items: NAME, WILDCARD, MEMBER, CALL, PIPE, DATASCOPE, ...
 *   as                  as
 *   assert-schema       schema
 *   consume getschema __executeAndCache  (params only)
 *   count               as (may be empty)
 *   distinct            items: STAR or NAMED?
 *   extend project serialize project-rename project-by-names   items: NAMED?
 *   project-away project-keep   items: NAME or WILDCARD or other
 *   project-reorder     items: ORDERED of NAME, WILDCARD
 *   facet               items; body: contextual PIPE or NULL
 *   fork                items: FORK_BRANCH
 *   graph-mark-components  (params only)
 *   graph-match graph-shortest-paths   items: GRAPH_PATTERN; value: where; by: project NAMED? (has_project)
 *   graph-to-table      items: GRAPH_OUTPUT
 *   graph-where-edges graph-where-nodes   value
 *   invoke              value: CALL
 *   join lookup         value: right table; by: conditions after `on`; where: `where` form (join only)
 *   make-graph          value: source column; of: target column; undirected (--); items: GRAPH_TABLE after `with`, or
 *                       name: after with_node_id=; partition: column; body: contextual PIPE of partitioned-by
 *   make-series         items: AGGREGATE; value: axis NAMED?; from to step (also of the older
 *                       in range(a, b, s), legacy_range); by: NAMED?
 *   mv-expand           items: EXPAND; limit
 *   mv-apply            items: EXPAND; limit; id; body: PIPE (contextual)
 *   parse parse-where   params (kind, flags); value; items in order: COLUMN (type 0: none given), string LITERAL, STAR
 *   parse-kv            value; schema; with: PARAMETER
 *   partition           value: by column; of: after `in` (legacy); body: contextual PIPE, or a full query (braced)
 *   __partitionby       value: column; id; body
 *   reduce              value: by NAMED?; with: NAMED?
 *   render              name: chart; with: PARAMETER
 *   sample take         value
 *   sample-distinct     value; of
 *   scan                params; sort: ORDERED (order by); by: partition by; schema: declare COLUMN; items: SCAN_STEP
 *   sort                items: ORDERED
 *   summarize           items: NAMED?; by: NAMED? (has_by); limit: the legacy `by ... bin = x`
 *   top                 value: count; by: one ORDERED
 *   top-hitters         value; of; by: one ORDERED or none
 *   top-nested          items: TOP_NESTED_LEVEL
 *   where               value: predicate
 * params: name=value options and hints (PARAMETER) of any of them. */
typedef struct rtq__ast_op {
    rtq__ast_list params, items, by, schema, with, in, sort;
    rtq__ast *value, *of, *where, *from, *to, *step, *limit, *id, *body, *partition, *others;
    rtq__ast_name name, as;
    bool has_in, has_by, has_project, has_schema, project_smart, undirected, legacy_range, braced;
    bool alternate; /* the other spelling: filter, limit, order by, mvexpand, mvapply, external_data */
} rtq__ast_op;

/* Calls visit for each direct part of a node: single parts first, then lists. */
void rtq__ast_children(const rtq__ast *node, void (*visit)(void *user, rtq__ast *child), void *user);
bool rtq__ast_has_op(rtq__ast_kind kind); /* node->op is the member in use */

#define RTQ__AST_MAX_HEIGHT 1000
enum { RTQ__AST_PARENTHESIZED = 1 /* written in parentheses; the span is without them */ };

struct rtq__ast {
    uint16_t kind; /* rtq__ast_kind */
    uint16_t flags;
    uint32_t begin, end;
    uint32_t
        height; /* 1 + the largest of its parts, at most RTQ__AST_MAX_HEIGHT: walking a tree by recursion is safe */
    rtq__ast *next;
    union {
        rtq__ast_literal literal;
        rtq__ast_name name;
        rtq__ast_list list;
        rtq__ast_op *op;
        struct {
            rtq__ast *object;
            rtq__ast_name name;
            bool wild;
        } member;
        struct {
            rtq__ast *object, *index;
        } index;
        struct {
            rtq__ast *object; /* a.f(x): a; plain call: NULL */
            rtq__ast_name name;
            rtq__ast_list args; /* NAMED?, STAR, PIPE */
        } call;
        struct {
            rtq__ast_list names; /* NAME */
            rtq__ast *value;
            rtq__ast_list more; /* further NAMEs of a PARAMETER */
            bool tuple;         /* (a) = expr */
        } named;
        struct {
            rtq__ast_operator op;
            rtq__ast *left, *right;
            uint32_t op_begin, op_end;
        } binary;
        struct {
            rtq__ast_operator op;
            rtq__ast *left;
            rtq__ast_list items;
            uint32_t op_begin, op_end;
        } in;
        struct {
            rtq__ast_operator op;
            rtq__ast *left, *low, *high;
            uint32_t op_begin, op_end;
        } between;
        struct {
            rtq__ast *source;
            rtq__ast_list ops;
        } pipe;
        struct {
            rtq__ast *value;
            rtq__ast_order order;
            rtq__ast_nulls nulls;
        } ordered;
        struct {
            rtq__ast_name name;
            rtq__ast_name type_name; /* as written; empty: none */
            uint32_t type;           /* RTQ_LONG ...; 0: none given, or one that only find knows */
            bool tabular;            /* name:(schema) */
            rtq__ast *default_value;
            rtq__ast_list schema; /* COLUMN, STAR */
        } column;
        struct {
            rtq__ast *value /* NAMED? */, *type /* TYPEOF or NULL */, *default_value;
        } expand;
        struct {
            rtq__ast_name name;
            bool optional;
            rtq__ast_step_output output;
            rtq__ast *condition;
            rtq__ast_list assignments; /* NAMED */
        } scan_step;
        struct {
            rtq__ast_name name;
            int8_t direction; /* 1: -->  -1: <--  0: -- */
            bool bracketed;   /* -[ ]- */
            bool variable;    /* *low..high */
            rtq__ast *low, *high;
        } graph_edge;
        struct {
            rtq__ast_list params; /* COLUMN */
            rtq__ast_list body;   /* statements; the last is an expression, or there is none */
            bool is_view;
        } function;
        struct {
            rtq__ast_name name;
            rtq__ast_list params; /* COLUMN */
            rtq__ast *path;       /* COLUMN or NULL */
            rtq__ast_list rules;
            bool defined; /* false: only declare pattern name */
        } pattern;
        struct {
            rtq__ast_list args;
            rtq__ast *path;
            rtq__ast_list body;
        } pattern_rule;
        struct {
            rtq__ast_name name;
            rtq__ast_list with; /* PARAMETER */
            rtq__ast *function;
        } create_function;
    };
};

typedef struct rtq__ast_query {
    const char *text; /* the arena's copy; spans index it */
    size_t len;
    rtq__ast_list statements;
} rtq__ast_query;

#endif
