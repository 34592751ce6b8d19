/* prog.h - the compiled form of an expression, shared by prog.c (compiling) and eval.c (running). */
#ifndef RTQ__PROG_H
#define RTQ__PROG_H
#include "fn/eval.h"

enum { RTQ__PROG_DEPTH = 250 /* nesting of an expression; evaluation recurses this far at most */ };

typedef struct rtq__node {
    uint8_t op, kind;
    bool negated, nocase;
    uint32_t n_args, col /* position in the batch */, slot;
    struct rtq__node **args;
    const rtq__fn *fn;
    void *state;    /* of fn's prepare */
    rtq__vec value; /* E_CONST: a CONST vector over the two fields below */
    uint64_t cell[2], valid;
    struct rtq__node *next_prepared;
} rtq__node;

struct rtq__prog {
    rtq__mem *mem;
    rtq__arena arena;           /* nodes, texts of constants */
    rtq__node *root, *prepared; /* prepared: nodes whose state is to be freed */
};

#endif
