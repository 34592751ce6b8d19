/* bind_private.h - the binder's working state; only src/kql/bind*.c include it.
 *
 * What outlives the bind (columns, nodes, expressions) lies in bound->arena, what names see (scopes, visible columns,
 * variables) in `work`. Running out of memory leaves the bind at once through `fail`: everything is in arenas, so nothing
 * has to be undone on the way, and no caller checks a pointer. */
#ifndef RTQ__BIND_PRIVATE_H
#define RTQ__BIND_PRIVATE_H
#include <setjmp.h>
#include "base/text.h"
#include "kql/bind.h"
#include "kql/parse.h"

enum {
    RTQ__BIND_DEPTH = 1500,          /* nested expressions, subqueries and function bodies, all together */
    RTQ__BIND_INLINE_DEPTH = 64,     /* functions that call functions */
    RTQ__BIND_INLINES = 20000,       /* function bodies bound in one query */
    RTQ__BIND_EXPR_DEPTH = 1000,     /* of a bound expression */
    RTQ__BIND_EXPR_WEIGHT = 1 << 20, /* nodes of a bound expression, shared ones counted each time */
    RTQ__BIND_COLUMNS = 1 << 18,     /* made in one query */
};

typedef struct rtq__binder rtq__binder;
typedef struct rtq__tab rtq__tab;
typedef struct rtq__open rtq__open;

/* A column as names see it, shared by all scopes that it passes through; its rtq__col is made at first use. */
typedef struct rtq__vcol {
    const char *name;
    rtq__col *col;               /* NULL: not made yet */
    rtq__rel *rel;               /* SCAN, REF or APPLY_INPUT that will make it */
    const rtq__table_col *field; /* SCAN */
    struct rtq__vcol *of;        /* REF, APPLY_INPUT */
    uint8_t kind, flags;
    uint8_t shape; /* of a dynamic column, as of an expression */
} rtq__vcol;

typedef struct rtq__vis {
    const char *name; /* may differ from the column's: project-rename */
    rtq__vcol *col;
} rtq__vis;

/* What a tabular expression looks like to the next operator. Never changed once another scope can see it. */
struct rtq__tab {
    rtq__rel *rel;
    rtq__vis *cols;
    uint32_t n, cap;
    rtq__vis *hidden; /* usable names that are not part of `*` */
    uint32_t n_hidden;
    rtq__open *open;       /* where unknown names come from, or NULL */
    const char **excluded; /* names that do not come from there any more */
    uint32_t n_excluded, cap_excluded;
    bool serialized, broken; /* broken: an error was reported, nothing that follows from it is */
    const char *chart, *name;
};

/* Expressions the binder makes; everything of type rtq__expr * in here can be cast to it. */
typedef struct rtq__bexpr {
    rtq__expr e;
    rtq__vcol *vcol; /* E_COL made by a name */
    uint32_t weight;
    uint16_t depth;
    uint8_t seen;  /* bind_finish.c: passes it has been through */
    bool constant; /* no columns, no clock: can be folded */
    bool literal;  /* written as a constant */
    bool columns;  /* reads columns of a row */
    uint8_t shape; /* what is known of a dynamic value: RTQ__SHAPE_… */
} rtq__bexpr;
enum { RTQ__SHAPE_ANY = 0, RTQ__SHAPE_ARRAY, RTQ__SHAPE_BAG, RTQ__SHAPE_SCALAR };
#define RTQ__BEXPR(expr) ((rtq__bexpr *)(expr))

enum { RTQ__VALUE_NONE = 0, RTQ__VALUE_SCALAR, RTQ__VALUE_TABLE, RTQ__VALUE_FUNCTION, RTQ__VALUE_BROKEN };
typedef struct rtq__env rtq__env;
typedef struct rtq__value {
    uint8_t how;
    rtq__expr *scalar;
    const rtq__tab *tab;      /* as the statement left it: every use goes through rtq__bind_ref */
    const rtq__ast *function; /* FUNCTION */
    const rtq__env *env;      /* of the function: what its body sees */
    const char *name;
    bool library;   /* its text is not the query's */
    uint32_t level; /* scalar that reads columns: the tabular expression whose rows they are of */
} rtq__value;

/* Variables, innermost first. */
struct rtq__env {
    const rtq__env *up;
    const char *name;
    rtq__value value;
};

/* Aggregates that the expressions of a summarize call. */
typedef struct rtq__aggs {
    rtq__rel *rel; /* the SUMMARIZE */
    rtq__agg_def *defs;
    uint32_t n, cap;
    rtq__vcol **keys; /* columns that are keys: not part of `*` */
    uint32_t n_keys;
    bool inside; /* an argument of an aggregate is being bound */
} rtq__aggs;

/* The columns of an aggregate call: one, more for arg_max and percentiles. */
typedef struct rtq__tuple {
    rtq__vis *cols;      /* of the SUMMARIZE */
    rtq__vcol **sources; /* the column of the input that a result column stands for, or NULL */
    uint32_t n;
    bool several; /* of an aggregate that can give several, so that names replace those of keys */
} rtq__tuple;

/* Window functions pulled out of the expressions of an operator, one node each group of independent calls. */
typedef struct rtq__windows {
    const rtq__tab *input;
    rtq__rel *rel; /* input->rel, or the last WINDOW node over it */
    uint32_t cap;
} rtq__windows;

/* What an expression can see. */
typedef struct rtq__ctx {
    const rtq__env *env;
    const rtq__tab *row;    /* columns */
    const rtq__tab *right;  /* `$right` of a join condition; row is `$left` */
    rtq__aggs *aggs;        /* NULL: no aggregates here */
    rtq__windows *windows;  /* NULL: no window functions here */
    const rtq__tab *source; /* head of a contextual subquery: mv-apply */
} rtq__ctx;

typedef struct rtq__read {
    const rtq__table *table;
    const rtq__tab *tab;
} rtq__read;

/* A table that table(name) asked for and that is not there. */
typedef struct rtq__absent {
    const rtq__table *table;
    const rtq__ast *at;
} rtq__absent;

/* Columns of a union grow while names are looked up; the map is laid out at the end. */
typedef struct rtq__union_state {
    rtq__rel *rel;
    const rtq__tab **inputs;
    uint32_t n_inputs;
    rtq__col **cols;
    rtq__expr ***maps; /* a column: n_inputs expressions */
    uint32_t n, cap;
    struct rtq__union_state *next;
} rtq__union_state;

struct rtq__binder {
    rtq__bound *bound;
    rtq__arena work;
    rtq__mem *mem;
    const rtq__catalog *catalog;
    const rtq__ast_query *query;
    rtq_diag *diag;
    jmp_buf fail;
    int fail_code;
    uint32_t n_errors, n_unsupported;
    uint32_t depth, inline_depth, n_inlined;
    uint32_t level, n_levels; /* the tabular expression being bound */
    uint32_t next_column;     /* Column1, … */
    rtq__read *reads;
    uint32_t n_reads, cap_reads;
    rtq__absent *absent;
    uint32_t n_absent, cap_absent;
    bool leaves_out; /* a leg of union isfuzzy=true is being bound, a call of table() */
    rtq__union_state *unions;
    const char *the_unknown;   /* the name that means the single source, once there was one */
    const rtq__ast *call_site; /* of the library function being bound: where messages point to */
    const char *call_name;
    rtq__bexpr broken; /* type 0: an error was reported */
    rtq__tab broken_tab;
    struct rtq__dyn_builder *builder; /* of a literal that is being built */
};

/* ---- bind_make.c: memory, nodes, columns, expressions ---- */
_Noreturn void rtq__bind_fail(rtq__binder *b, int code);
void *rtq__bind_alloc(rtq__binder *b, size_t n, size_t len); /* zeroed, for the result */
void *rtq__bind_work(rtq__binder *b, size_t n, size_t len);  /* zeroed, until the bind ends */
void *rtq__bind_grow(rtq__binder *b, rtq__arena *arena, void *items, uint32_t *cap, uint32_t need, size_t len);
#define RTQ__BIND_PUSH(b, arena, items, n, cap) \
    ((items) = rtq__bind_grow((b), (arena), (items), &(cap), (n) + 1, sizeof *(items)), &(items)[(n)++])
char *rtq__bind_name(rtq__binder *b, const char *name); /* copy for the result */
char *rtq__bind_namef(rtq__binder *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
int rtq__bind_error(rtq__binder *b, const rtq__ast *at, const char *format, ...) __attribute__((format(printf, 3, 4)));
int rtq__bind_error_at(rtq__binder *b, uint32_t begin, uint32_t end, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* A construct of KQL that does not run yet: what it is called, and why or what to use instead. */
void rtq__bind_refuse(rtq__binder *b, const rtq__ast *at, const char *what, const char *why);
void rtq__bind_enter(rtq__binder *b, const rtq__ast *at); /* counts depth; leaves the bind beyond the limit */
void rtq__bind_leave(rtq__binder *b);

rtq__rel *rtq__rel_new(rtq__binder *b, uint8_t op, const rtq__ast *at, rtq__rel *in0, rtq__rel *in1);
void rtq__rel_set_input(rtq__binder *b, rtq__rel *rel, rtq__rel *in);
rtq__col *rtq__col_new(rtq__binder *b, rtq__rel *rel, const char *name, uint32_t kind, uint32_t flags);
rtq__col *rtq__col_named(rtq__binder *b, rtq__rel *rel, const char *name, uint32_t kind,
                         uint32_t flags); /* the name lives as long as the result */
rtq__vcol *rtq__vcol_new(rtq__binder *b, rtq__col *col);

rtq__expr *rtq__expr_new(rtq__binder *b, uint8_t op, uint32_t kind, rtq__expr *const *args, uint32_t n_args,
                         const rtq__ast *at);
rtq__expr *rtq__expr_cell(rtq__binder *b, rtq__cell cell, const rtq__ast *at); /* text is copied */
rtq__expr *rtq__expr_text(rtq__binder *b, const char *text, size_t len, const rtq__ast *at);
rtq__expr *rtq__expr_null(rtq__binder *b, uint32_t kind, const rtq__ast *at);
rtq__expr *rtq__expr_col(rtq__binder *b, rtq__col *col, const rtq__ast *at);
rtq__expr *rtq__expr_vcol(rtq__binder *b, rtq__vcol *col, const rtq__ast *at);
rtq__expr *rtq__expr_call(rtq__binder *b, const rtq__fn *fn, uint32_t kind, rtq__expr *const *args, uint32_t n_args,
                          const rtq__ast *at);
rtq__expr *rtq__expr_broken(rtq__binder *b);
static inline bool rtq__expr_is_broken(const rtq__expr *e)
{
    return e->kind == 0;
}
/* Value of a constant expression (folded when it is a call). False: reported, or (at NULL) not constant. */
bool rtq__expr_constant(rtq__binder *b, rtq__expr *expr, rtq__cell *out);

/* ---- bind_tab.c: scopes ---- */
rtq__tab *rtq__tab_new(rtq__binder *b, rtq__rel *rel); /* no columns */
rtq__tab *rtq__tab_over(rtq__binder *b, const rtq__tab *in,
                        rtq__rel *rel); /* same columns, other node; a copy that may be changed */
rtq__tab *rtq__tab_broken(rtq__binder *b);
void rtq__tab_add(rtq__binder *b, rtq__tab *tab, const char *name, rtq__vcol *col);
int32_t rtq__tab_find(const rtq__tab *tab, const char *name); /* index of a visible column, -1 */
void rtq__tab_exclude(rtq__binder *b, rtq__tab *tab, const char *name);
rtq__col *rtq__vcol_col(rtq__binder *b, rtq__vcol *col);
/* The column or field of that name as an expression, NULL when there is none. `infer`: fields of open tables too. */
rtq__expr *rtq__tab_lookup(rtq__binder *b, const rtq__tab *tab, const char *name, bool infer, const rtq__ast *at);
rtq__expr *rtq__tab_rest(rtq__binder *b, const rtq__tab *tab,
                         const rtq__ast *at); /* the rest of an open table, NULL when closed */
bool rtq__tab_needs_closed(rtq__binder *b, const rtq__tab *tab, const rtq__ast *at,
                           const char *what);                                     /* refuses open ones */
rtq__tab *rtq__bind_ref(rtq__binder *b, const rtq__tab *tab, const rtq__ast *at); /* a use of a shared table */
rtq__tab *rtq__bind_scan(rtq__binder *b, const rtq__table *table, bool host, const rtq__ast *at);
rtq__col *rtq__scan_col(rtq__binder *b, rtq__rel *rel, const char *name, const char *path, uint32_t kind,
                        uint32_t flags);
rtq__col *rtq__ref_col(rtq__binder *b, rtq__rel *rel, rtq__col *of, const char *name); /* of a REF or APPLY_INPUT */

/* ---- bind_absent.c ---- */
rtq__tab *rtq__bind_absent(rtq__binder *b, const char *name, const rtq__ast *at);
bool rtq__reads_absent(rtq__binder *b, const rtq__rel *rel);  /* itself or anything below it */
void rtq__report_absent(rtq__binder *b, const rtq__rel *rel); /* when it is one */

/* ---- bind_open.c ---- */
rtq__expr *rtq__open_lookup(rtq__binder *b, rtq__open *open, const char *name,
                            const rtq__ast *at); /* NULL: no such name */
rtq__expr *rtq__open_rest(rtq__binder *b, rtq__open *open, const rtq__ast *at);
rtq__open *rtq__open_scan(rtq__binder *b, rtq__rel *rel);
rtq__open *rtq__open_bag(rtq__binder *b, rtq__vcol *bag);
rtq__open *rtq__open_pair(rtq__binder *b, const rtq__tab *left, const rtq__tab *right);
rtq__open *rtq__open_union(rtq__binder *b, rtq__union_state *state);
rtq__open *rtq__open_through(rtq__binder *b, rtq__rel *rel, const rtq__tab *inner); /* REF */
rtq__open *rtq__open_apply(rtq__binder *b, rtq__rel *leaf, rtq__rel *apply,
                           const rtq__tab *inner); /* outer names in mv-apply */

/* ---- bind_member.c ---- */
const char *rtq__path_step(rtq__binder *b, const char *key,
                           bool first); /* .key or ['a key']; NULL: paths cannot say it */
rtq__expr *rtq__bind_member(rtq__binder *b, rtq__expr *object, const char *key, size_t len, const rtq__ast *at);
rtq__expr *rtq__bind_member_of(rtq__binder *b, const rtq__ctx *ctx, const rtq__ast *ast);
rtq__expr *rtq__bind_index_of(rtq__binder *b, const rtq__ctx *ctx, const rtq__ast *ast);

/* ---- bind_operator.c, bind_in.c ---- */
rtq__expr *rtq__bind_unary(rtq__binder *b, const rtq__ctx *ctx, const rtq__ast *ast);
rtq__expr *rtq__bind_binary(rtq__binder *b, const rtq__ctx *ctx, const rtq__ast *ast);
rtq__expr *rtq__bind_between(rtq__binder *b, const rtq__ctx *ctx, const rtq__ast *ast);
rtq__expr *rtq__bind_in(rtq__binder *b, const rtq__ctx *ctx, const rtq__ast *ast);

/* ---- bind_type.c ---- */
const char *rtq__kind_text(uint32_t kind);
const rtq__fn *rtq__bind_conversion(uint32_t from, uint32_t to);              /* implicit; NULL: none */
rtq__expr *rtq__bind_convert(rtq__binder *b, rtq__expr *expr, uint32_t kind); /* NULL: no implicit conversion */
rtq__expr *rtq__bind_cast(rtq__binder *b, rtq__expr *expr, uint32_t kind,
                          const rtq__ast *at); /* as tolong(), tostring() … do */
bool rtq__bind_expect(rtq__binder *b, rtq__expr **expr, uint32_t kind, const rtq__ast *at,
                      const char *what); /* converts or reports */
rtq__expr *rtq__bind_fn(rtq__binder *b, const char *name, rtq__expr *const *args, uint32_t n_args,
                        const rtq__ast *at); /* by name; refused when missing */
rtq__expr *rtq__bind_bool(rtq__binder *b, rtq__expr *expr, const rtq__ast *at, const char *what);

/* ---- bind_sig.c: overloads; bind_call.c ---- */
typedef struct rtq__sig_param {
    uint8_t kind;
    bool constant;
    bool number; /* real, and a decimal becomes one */
    bool text;   /* string, and everything becomes one */
} rtq__sig_param;
enum { RTQ__SIG_ANY = 200, RTQ__SIG_COMMON = 201, RTQ__SIG_PARAMS = 24 };
typedef struct rtq__sig {
    rtq__sig_param params[RTQ__SIG_PARAMS];
    uint32_t n, n_required;
    int32_t repeat; /* first parameter of the repeated group, -1: none */
    uint32_t repeat_len;
} rtq__sig;
bool rtq__sig_parse(rtq__sig *out, const char *args); /* false: not the grammar of fn.h */
const rtq__sig_param *rtq__sig_param_at(const rtq__sig *sig, uint32_t i, uint32_t n_args); /* of argument i of n_args */
bool rtq__sig_counts(const rtq__sig *sig, uint32_t n_args);                                /* takes so many arguments */
/* Chooses the row, converts the arguments in place, gives the result type. -1: reported or (quiet) no row fits. */
typedef struct rtq__rows {
    const char *name;
    const rtq__fn *fns;
    const rtq__agg *aggs;
    uint32_t n;
} rtq__rows;
int32_t rtq__bind_overload(rtq__binder *b, const rtq__rows *rows, rtq__expr **args, uint32_t n_args, uint32_t *kind,
                           const rtq__ast *at, bool quiet);
rtq__expr *rtq__bind_call(rtq__binder *b, const rtq__ctx *ctx, const rtq__ast *call);
rtq__expr *rtq__bind_operator(rtq__binder *b, rtq__ast_operator op, rtq__expr **args, uint32_t n_args,
                              const rtq__ast *at, uint32_t op_begin, uint32_t op_end);

/* ---- bind_rules.c: what a signature cannot say ---- */
uint8_t rtq__shape_of_cell(const rtq__cell *cell);
uint8_t rtq__shape_of_call(const char *name, rtq__expr *const *args, uint32_t n_args);
bool rtq__bind_rules(rtq__binder *b, const rtq__rows *rows, const rtq__sig *sig, rtq__expr *const *args,
                     uint32_t n_args); /* false: reported */

/* ---- bind_special.c: functions that are more than a row of a table ---- */
bool rtq__bind_special(rtq__binder *b, const rtq__ctx *ctx, const rtq__ast *call, rtq__expr **out); /* false: not one */
bool rtq__bind_is_tabular_call(const rtq__ast *call);

/* ---- bind_refused.c ---- */
const char *rtq__bind_refused_function(const char *name); /* reason, or NULL */

/* ---- bind_tuple.c ---- */
typedef struct rtq__expr_tuple {
    const char **names;
    rtq__expr **exprs;
    uint32_t n;
} rtq__expr_tuple;
bool rtq__bind_is_tuple_call(const rtq__ctx *ctx, const rtq__ast *ast);
bool rtq__bind_tuple_call(rtq__binder *b, const rtq__ctx *ctx, const rtq__ast *call,
                          rtq__expr_tuple *out); /* false: reported */

/* ---- bind_expr.c ---- */
rtq__expr *rtq__bind_expr(rtq__binder *b, const rtq__ctx *ctx, const rtq__ast *ast); /* a scalar; never NULL */
rtq__expr *rtq__bind_predicate(rtq__binder *b, const rtq__ctx *ctx, const rtq__ast *ast);
rtq__expr *rtq__bind_literal(rtq__binder *b, const rtq__ast *ast);
rtq__expr *rtq__expr_names(rtq__binder *b, const char *const *names, uint32_t n,
                           const rtq__ast *at); /* dynamic(["a", "b"]) */
rtq__expr *rtq__bind_count_of_rows(rtq__binder *b, const rtq__ctx *ctx, const rtq__ast *ast,
                                   const char *what); /* take, top: long */
rtq__expr *rtq__bind_scalar_of(rtq__binder *b, const rtq__value *value,
                               const rtq__ast *ast);   /* reports when it is none */
const rtq__ast *rtq__ast_unnamed(const rtq__ast *ast); /* value of NAMED */
uint32_t rtq__bind_slot(rtq__binder *b, uint8_t how, bool nocase, const rtq__tab *tab, rtq__vcol *col);

/* ---- bind_value.c: names and calls that may be tables ---- */
rtq__value rtq__bind_value(rtq__binder *b, const rtq__ctx *ctx,
                           const rtq__ast *ast); /* NONE: a name that means nothing */
/* A name: column, variable, table, field of an open table. `tables`: a table is what is wanted, so unknown names may
 * be one. */
rtq__value rtq__bind_name_value(rtq__binder *b, const rtq__ctx *ctx, const rtq__ast *ast, bool tables);
const rtq__env *rtq__env_find(const rtq__env *env, const char *name);
const rtq__env *rtq__env_add(rtq__binder *b, const rtq__env *up, const char *name, const rtq__value *value);
bool rtq__bind_function(rtq__binder *b, const rtq__ctx *ctx, const char *name, rtq__value *out); /* of let, library */
/* ---- bind_inline.c: functions of let and of the library ---- */
/* call NULL: no arguments; first: the table in front of invoke, or NULL. */
rtq__value rtq__bind_inline(rtq__binder *b, const rtq__ctx *ctx, const rtq__value *fn, const rtq__ast *call,
                            const rtq__tab *first, const rtq__ast *at);
bool rtq__bind_callable_bare(const rtq__ast *function); /* all parameters have defaults */
const rtq__env *rtq__bind_let(rtq__binder *b, const rtq__env *env, const rtq__ast *let);
const rtq__tab *rtq__bind_table(rtq__binder *b, const rtq__ctx *ctx,
                                const rtq__ast *ast); /* reports when it is none; never NULL */
void rtq__bind_unknown_name(rtq__binder *b, const rtq__ctx *ctx, const rtq__ast_name *name, const char *what);

/* ---- bind_name.c: names of result columns ---- */
const char *rtq__result_name(rtq__binder *b, const rtq__ctx *ctx, const rtq__ast *ast, const char *fallback);
rtq__vcol *rtq__result_column(const rtq__ast *ast, const rtq__expr *expr); /* the column that an expression merely is */
const char *rtq__default_name(rtq__binder *b, const rtq__ctx *ctx, bool columns_too); /* Column1, … */

/* ---- bind_project.c: lists of result columns ---- */
typedef struct rtq__unique {
    const char *name;
    uint32_t suffix;
} rtq__unique;
typedef struct rtq__uniques {
    rtq__unique *items;
    uint32_t n, cap;
} rtq__uniques;
const char *rtq__unique_name(rtq__binder *b, rtq__uniques *table, const char *name, const char *base);
void rtq__unique_add(rtq__binder *b, rtq__uniques *table, const char *name);
typedef struct rtq__proj {
    rtq__vis *cols;
    bool *declared;
    uint32_t n, cap, cap_declared;
    rtq__uniques names;
    rtq__vcol **skip; /* not to be added again */
    uint32_t n_skip, cap_skip;
    rtq__def *defs; /* columns that need an EXTEND */
    uint32_t n_defs, cap_defs;
    rtq__rel *rel; /* the EXTEND to be, made with the first definition */
    bool broken;   /* an aggregate failed: how many columns it would have given nobody knows */
} rtq__proj;
void rtq__proj_add(rtq__binder *b, rtq__proj *p, const char *name, rtq__vcol *col, const char *base, bool replace,
                   bool once);
void rtq__proj_declare(rtq__binder *b, rtq__proj *p, const char *name, rtq__vcol *col, bool replace,
                       const rtq__ast *at);
rtq__vcol *rtq__proj_define(rtq__binder *b, rtq__proj *p, const char *name, rtq__expr *expr, const rtq__ast *at);
void rtq__proj_all(rtq__binder *b, rtq__proj *p, const rtq__tab *tab); /* each column once */
rtq__tab *rtq__proj_tab(rtq__binder *b, rtq__proj *p, const rtq__tab *in, rtq__rel *rel,
                        bool open); /* scope with the listed columns */
enum { RTQ__PROJ_PROJECT, RTQ__PROJ_EXTEND, RTQ__PROJ_PRINT, RTQ__PROJ_REPLACE, RTQ__PROJ_SUMMARIZE };
void rtq__proj_item(rtq__binder *b, rtq__proj *p, const rtq__ctx *ctx, const rtq__ast *item, int style,
                    const char *column_name);
rtq__rel *rtq__proj_rel(rtq__binder *b, rtq__proj *p, rtq__rel *in,
                        const rtq__ast *at); /* `in`, or the EXTEND over it */

/* ---- operators: scope in, scope out; errors are reported and give a broken scope ---- */
typedef const rtq__tab *rtq__bind_op_fn(rtq__binder *b, const rtq__ctx *ctx, const rtq__tab *in, const rtq__ast *ast);
rtq__bind_op_fn rtq__bind_where, rtq__bind_extend, rtq__bind_project, rtq__bind_project_away, rtq__bind_project_keep,
    rtq__bind_project_rename, rtq__bind_project_reorder, rtq__bind_serialize, rtq__bind_take, rtq__bind_sort,
    rtq__bind_top, rtq__bind_count, rtq__bind_distinct, rtq__bind_summarize, rtq__bind_union, rtq__bind_join,
    rtq__bind_lookup, rtq__bind_mv_expand, rtq__bind_mv_apply, rtq__bind_parse, rtq__bind_invoke, rtq__bind_getschema,
    rtq__bind_as, rtq__bind_render, rtq__bind_consume, rtq__bind_evaluate, rtq__bind_assert_schema, rtq__bind_print,
    rtq__bind_range, rtq__bind_datatable, rtq__bind_externaldata, rtq__bind_project_by_names, rtq__bind_search;
const rtq__tab *rtq__bind_operator_node(rtq__binder *b, const rtq__ctx *ctx, const rtq__tab *in,
                                        const rtq__ast *ast); /* any of them */
const rtq__tab *rtq__bind_pipe(rtq__binder *b, const rtq__ctx *ctx, const rtq__ast *ast);
rtq__windows rtq__windows_begin(const rtq__tab *in);
bool rtq__bind_matches(const char *pattern, const char *name); /* `*` stands for any text */
const char *rtq__bind_parameter(const rtq__ast_list *params, const char *name,
                                const rtq__ast **at); /* text of name=value, NULL: absent */

/* All of them as one table, with their names in column `source`; items NULL: every table there is. */
const rtq__tab *rtq__bind_union_of(rtq__binder *b, const rtq__ctx *ctx, const rtq__ast_list *items, const char *source,
                                   const rtq__ast *at);

/* ---- bind_agg.c ---- */
/* Adds it to ctx->aggs. `many`: all its columns are wanted, else there must be one. */
rtq__expr *rtq__bind_aggregate(rtq__binder *b, const rtq__ctx *ctx, const rtq__ast *call, const rtq__agg *rows,
                               uint32_t n_rows, rtq__tuple *many);
const rtq__agg *rtq__bind_find_aggregate(const rtq__ctx *ctx, const rtq__ast *ast,
                                         uint32_t *n_rows); /* ast calls one, and may */

/* ---- bind_finish.c ---- */
void rtq__bind_finish(rtq__binder *b);

#endif
