/* fn.h - what a function is: one row of a table. A new function is one row in one family file (src/fn/fn_FAMILY.c), listed by
 * src/fn/families.h. Overloads are adjacent rows of one name; the binder takes the first row that accepts the arguments exactly,
 * else the first that accepts them after implicit conversions (int -> long -> real; unknown -> anything; see bind).
 *
 * args: comma-separated parameter types.
 *   bool int long real decimal string datetime timespan guid dynamic   that type (after implicit conversion)
 *   number      real, and a decimal becomes one
 *   text        string, and a value of any other type becomes one as by tostring()
 *   any         any type, taken as it is (unknown arrives as dynamic)
 *   common      all `common` parameters of the row are converted to their common type first
 *   [x]         may be left out      x...   the last parameter repeats (one or more)     (x, y)...   a repeated group
 *   const x     must be a constant (folded); prepare sees its value
 * ret: a type, or arg0 … arg9 (type of that argument), or common, or custom (then ret_fn decides). */
#ifndef RTQ__FN_H
#define RTQ__FN_H
#include "base/buf.h"
#include "base/diag.h"
#include "value/dyn.h"
#include "value/vec.h"

typedef struct rtq__fn rtq__fn;

/* What one evaluation can use. One per worker; lives as long as the run. */
typedef struct rtq__eval {
    rtq__mem *mem;
    rtq__scratch *scratch;     /* results and their text; released by the operator after its push */
    rtq__dyn_builder *builder; /* for row functions that build dynamics; free between rows */
    rtq__buf text;             /* likewise for text, cleared by each user */
    int64_t clock_ticks;       /* the step's clock */
    const rtq__batch *batch;   /* being evaluated (event time of rows for now()) */
    struct rtq__slot *slots;   /* results of scalar subqueries and sets, by number; see expr.h */
    uint64_t random;           /* state of rand() */
    uint64_t row_errors;       /* rows that a host function failed on */
    struct {
        const struct rtq__fn *fn; /* the first that failed since somebody looked, NULL: none */
        uint64_t rows;
        char message[128]; /* what the host says of it, or "" */
    } failed;
} rtq__eval;

/* (b) row functions, the default: the driver handles selection, constants, dictionaries and (null rule PROPAGATE) nulls. */
typedef struct rtq__rowctx {
    rtq__eval *eval;
    rtq__arena *heap;  /* for text and dynamics in out: valid as long as the result */
    const void *state; /* from prepare, or NULL */
    const rtq__fn *fn;
    int error; /* set to RTQ_ERR_NOMEM and friends to stop */
} rtq__rowctx;
typedef void (*rtq__row_fn)(rtq__cell *out /* kind set, null preset */, const rtq__cell *args, uint32_t n_args,
                            rtq__rowctx *ctx);

/* (c) whole-vector functions: arithmetic templates, comparisons, iff, case, in, … args are loaded for sel,
 * FLAT or CONST (the driver flattens dictionaries, or runs the function over their entries). */
typedef struct rtq__fcall {
    rtq__eval *eval;
    const rtq__fn *fn;
    const void *state;
    rtq__vec *const *args;
    uint32_t n_args;
    const rtq__sel *sel;
    uint32_t n_sel;             /* rows wanted; sel NULL: 0 … n_sel-1 */
    uint32_t n;                 /* rows of the batch: length of FLAT results */
    uint8_t kind;               /* of the result */
    struct rtq__window *window; /* window functions: what earlier batches left */
} rtq__fcall;
/* Window functions are vec functions that see every row in order, batch after batch. prev and next have no kernel of their own: the
 * operator keeps the rows they look at; tag says which one it is. */
typedef struct rtq__window {
    bool any; /* a row was seen; the rest is the function's own, zeroed at first */
    int64_t i, first, last;
    double d;
    rtq__buf text;
} rtq__window;
enum { RTQ__WINDOW_PREV = 1, RTQ__WINDOW_NEXT = 2 };
typedef int (*rtq__vec_fn)(rtq__vec **out, rtq__fcall *call); /* cells outside sel may be garbage */
typedef int (*rtq__filter_fn)(rtq__sel *out, uint32_t *n_out,
                              rtq__fcall *call); /* rows where the result is true, ascending */

/* prepare: constants -> immutable state (regex, sets, formats). args[i] NULL: not a constant. Errors go to diag with the span of
 * the call (begin, end): e.g. a bad pattern. *out stays NULL when there is nothing to prepare. */
typedef int (*rtq__prepare_fn)(void **out, rtq__mem *mem, const rtq__fn *fn, const rtq__cell *const *args,
                               uint32_t n_args, rtq_diag *diag, size_t begin, size_t end);
typedef void (*rtq__unprepare_fn)(rtq__mem *mem, void *state);
/* ret custom: result type from the argument types; 0 = refused (diag has the reason). */
typedef uint32_t (*rtq__ret_fn)(const rtq__fn *fn, const uint8_t *kinds, uint32_t n, rtq_diag *diag, size_t begin,
                                size_t end);

enum {
    RTQ__NULL_PROPAGATE = 0 /* any null argument makes null (false for predicates: a null bool) */,
    RTQ__NULL_CUSTOM /* the function sees nulls */
};
enum {
    RTQ__FN_VOLATILE = 1 /* rand(), new_guid(), host functions: never folded or substituted */,
    RTQ__FN_NOW = 2 /* depends on the clock: never folded at compile time */,
    RTQ__FN_WINDOW = 4 /* row_number, prev, …: needs serialized input, runs in the WINDOW operator */,
    RTQ__FN_OPERATOR = 8 /* written infix or prefix: "==", "has", "-" */,
    RTQ__FN_HIDDEN = 16 /* not for queries: implicit conversions */,
    RTQ__FN_OBSOLETE = 32,
    RTQ__FN_DATA = 64 /* the data of the host that it reads is missing: a run refuses it; see host_data.h */
};
/* Name of an unnamed result column built from this call (Kusto's ResultNameKind). */
enum {
    RTQ__NAME_NONE = 0 /* Column1, … */,
    RTQ__NAME_FIRST /* name of the first argument: bin(x, 1) -> x */,
    RTQ__NAME_FN_FIRST /* fn_x */,
    RTQ__NAME_PREFIX_FIRST /* prefix_x; prefix in row */,
    RTQ__NAME_PREFIX /* prefix alone */
};

struct rtq__fn {
    const char *name, *args, *ret;
    uint8_t nulls, naming;
    uint16_t flags;
    rtq__row_fn row; /* exactly one of row and vec */
    rtq__vec_fn vec;
    rtq__filter_fn filter; /* optional, predicates only */
    rtq__prepare_fn prepare;
    rtq__unprepare_fn unprepare;
    rtq__ret_fn ret_fn;
    const char *prefix; /* for naming */
    const char *doc;    /* one line */
    const char *page;   /* page of the reference, without folder and .md */
    intptr_t tag;       /* free for the family: lets rows share one kernel */
    void *user;         /* host functions */
};

/* Aggregates: rows of init, update, merge, finish. States are plain bytes in the row store's extra area (zeroed), so
 * growing parts (sets, lists, sketches) hang on them through rtq__agg_mem, which counts them. */
typedef struct rtq__agg rtq__agg;
typedef struct rtq__agg_mem {
    rtq__mem *mem;
    uint64_t used, max_bytes;
} rtq__agg_mem;
void *rtq__agg_realloc(rtq__agg_mem *m, void *ptr, size_t old_len,
                       size_t new_len); /* new_len 0 frees; NULL: out of budget or memory */
typedef struct rtq__agg_call {
    rtq__eval *eval;
    const rtq__agg *agg;
    const void *config; /* from prepare: constants such as maxSize, percentiles */
    rtq__agg_mem *mem;
    rtq__vec *const *args;
    uint32_t n_args; /* loaded for sel */
    const rtq__sel *sel;
    uint32_t n_sel;
    void *const *states; /* n_sel states, one a selected row; NULL: all rows go to `state` */
    void *state;
} rtq__agg_call;
struct rtq__agg {
    const char *name, *args, *ret; /* as for functions */
    uint8_t naming;
    uint8_t reserved;
    uint16_t flags;
    uint32_t state_len;
    int (*update)(rtq__agg_call *call); /* null arguments arrive; each aggregate has its own rule */
    int (*merge)(rtq__agg_call *call, void *into, const void *from);
    int (*finish)(rtq__cell *out, void *state, rtq__agg_call *call, rtq__arena *heap);
    void (*destroy)(void *state, rtq__agg_mem *mem); /* NULL: nothing hangs on the state */
    int (*save)(rtq__buf *out, const void *state);   /* NULL: the state bytes themselves */
    int (*load)(void *state, rtq__agg_mem *mem, const char *ptr, size_t len);
    int (*prepare)(void **out, rtq__mem *mem, const rtq__agg *agg, const rtq__cell *const *args, const uint8_t *kinds,
                   uint32_t n_args, rtq_diag *diag, size_t begin, size_t end);
    uint32_t (*ret_fn)(const rtq__agg *agg, const uint8_t *kinds, uint32_t n, rtq_diag *diag, size_t begin, size_t end);
    const char *prefix; /* of the result column: "count_", "dcount_" + name of the first argument */
    const char *doc, *page;
    intptr_t tag;
};
enum {
    RTQ__AGG_IF = 1 /* last argument is a bool predicate: handled by the aggregate row itself */,
    RTQ__AGG_MULTI = 2 /* arg_max, percentiles: several result
        columns; finish fills an array of cells, one a result column; the binder knows their names */
};

/* The families, and look-up by name (hashed once per process from the constant tables; thread-safe). */
typedef struct rtq__fn_family {
    const rtq__fn *rows;
    uint32_t n;
} rtq__fn_family;
const rtq__fn *rtq__fn_find(const char *name, size_t len, uint32_t *n_rows); /* adjacent overloads; NULL: none */
const rtq__agg *rtq__agg_find(const char *name, size_t len, uint32_t *n_rows);
const rtq__fn_family *rtq__fn_families(uint32_t *n);
const rtq__agg *rtq__agg_table(uint32_t *n);

#endif
