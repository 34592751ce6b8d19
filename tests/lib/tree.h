/* tree.h - typed trees built by hand, and a pipe that collects what comes out: for tests of the plan and the operators. */
#ifndef TREE_H
#define TREE_H
#include "base/buf.h"
#include "exec/pipe.h"

typedef struct tree {
    rtq__mem *mem;
    rtq__bound bound;
    rtq__scratch scratch;
    rtq__eval eval;
    rtq__plan *plan;
    rtq__pipe *pipe;
    rtq__pipe_host host;
    rtq__buf out;   /* rows as JSON arrays, a line each */
    int stop_after; /* rows callback returns END after that many rows, 0: never */
    int rows;
    int rc;                                       /* of the last call */
    bool no_pushdown, unbounded, no_start, exact; /* exact: sources answer for every conjunct */
    uint64_t max_state;
    long fail_in; /* that allocation fails, and all later ones; 0: none */
    bool armed;
    bool lazy;            /* columns are decoded when touched … */
    uint64_t decoded;     /* … that many cells so far */
    uint32_t repeat;      /* each batch is pushed that many more times */
    uint64_t allocations; /* of the second half of them */
} tree;

void tree_init(tree *t);
void tree_free(tree *t);
rtq__col *tree_col(tree *t, const char *name, uint8_t kind);
rtq__rel *tree_rel(tree *t, uint8_t op, int n_in, ...); /* inputs: rtq__rel * */
/* "a:long b:string" and rows "1,x;2,y"; empty text: null (strings: ""). dynamic: JSON. */
rtq__rel *tree_values(tree *t, const char *schema, const char *rows);
rtq__rel *tree_scan(tree *t, const char *table, const char *schema);
rtq__col *tree_find(tree *t, const char *name); /* the latest column of that name */
rtq__expr *tree_c(tree *t, const char *name);
rtq__expr *tree_long(tree *t, int64_t value);
rtq__expr *tree_text(tree *t, const char *text);
/* A call of the overload with these parameter types; "and", "or": the short-cut forms. */
rtq__expr *tree_call(tree *t, const char *fn, const char *args, uint8_t kind, int n_args, ...);
rtq__rel *tree_filter(tree *t, rtq__rel *in, rtq__expr *expr);
rtq__rel *tree_extend(tree *t, rtq__rel *in, const char *name, rtq__expr *expr);
rtq__rel *tree_take(tree *t, rtq__rel *in, int64_t n);
rtq__rel *tree_ref(tree *t, rtq__rel *in, const char *names, const char *fresh); /* "a b", "a2 b2" */
rtq__rel *tree_summarize(tree *t, rtq__rel *in, const char *keys);               /* names of columns */
void tree_agg(tree *t, rtq__rel *summarize, const char *name, const char *agg, rtq__expr *arg /* or NULL */,
              uint8_t kind);
rtq__rel *tree_sort(tree *t, rtq__rel *in, const char *key, bool desc, int64_t limit /* -1: all */);
rtq__rel *tree_join(tree *t, uint8_t kind, rtq__rel *left, rtq__rel *right, const char *left_key,
                    const char *right_key);
void tree_result(tree *t, rtq__rel *rel, const char *names);

void tree_open(tree *t);       /* plan, pipe, start */
const char *tree_run(tree *t); /* open, finish; what came out */
/* Pushes rows (as in tree_values) of the plan's table 0, in batches of n rows. */
void tree_push(tree *t, const char *schema, const char *rows, uint32_t batch);
const char *tree_text_out(tree *t);
#endif
