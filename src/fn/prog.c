/* prog.c - expressions to programs: columns found, constants folded by running them, functions prepared. */
#include "base/hash.h"
#include "fn/prog.h"

typedef struct compiler {
    rtq__prog *prog;
    const rtq__layout *layout;
    rtq_diag *diag;
    rtq__eval eval; /* for folding */
    rtq__scratch scratch;
} compiler;

int rtq__cell_copy(rtq__cell *out, const rtq__cell *cell, rtq__arena *heap)
{
    *out = *cell;
    if (cell->is_null)
        return RTQ_OK;
    if (cell->kind == RTQ_STRING) {
        out->u.s = rtq__arena_strndup(heap, cell->u.s, cell->len);
        return out->u.s ? RTQ_OK : RTQ_ERR_NOMEM;
    }
    if (cell->kind == RTQ_DYNAMIC || cell->kind == RTQ_UNKNOWN) {
        uint32_t len = rtq__dyn_payload(&cell->u.y);
        if (len == 0)
            return RTQ_OK;
        char *copy = rtq__arena_alloc(heap, len);
        if (!copy)
            return RTQ_ERR_NOMEM;
        out->u.y.u.p = memcpy(copy, cell->u.y.u.p, len);
    }
    return RTQ_OK;
}

int rtq__eval_init(rtq__eval *eval, rtq__mem *mem, rtq__scratch *scratch)
{
    memset(eval, 0, sizeof *eval);
    eval->mem = mem;
    eval->scratch = scratch;
    eval->random = rtq__hash_seed() | 1;
    rtq__buf_init(&eval->text, mem);
    eval->builder = rtq__dyn_builder_new(mem);
    return eval->builder ? RTQ_OK : RTQ_ERR_NOMEM;
}

void rtq__eval_free(rtq__eval *eval)
{
    if (!eval->mem)
        return;
    rtq__dyn_builder_free(eval->builder);
    rtq__buf_free(&eval->text);
    memset(eval, 0, sizeof *eval);
}

static rtq__node *node_new(compiler *c, const rtq__expr *e)
{
    rtq__node *n = rtq__arena_zalloc(&c->prog->arena, sizeof *n);
    if (!n)
        return NULL;
    n->op = e->op;
    n->kind = e->kind;
    n->negated = e->negated;
    n->nocase = e->nocase;
    n->slot = e->slot;
    n->fn = e->fn;
    return n;
}

/* Makes the node a constant; copies the cell's text. */
static int set_const(compiler *c, rtq__node *n, const rtq__cell *from)
{
    rtq__cell cell;
    int rc = rtq__cell_copy(&cell, from, &c->prog->arena);
    if (rc != RTQ_OK)
        return rc;
    cell.kind = n->kind;
    n->op = RTQ__E_CONST;
    n->n_args = 0;
    n->valid = 1;
    n->value = (rtq__vec){.kind = n->kind, .form = RTQ__CONST, .n = 1, .data = n->cell};
    if (n->kind != RTQ_STRING && rtq__cell_is_null(&cell))
        n->value.valid = &n->valid;
    rtq__vec_set(&n->value, 0, cell);
    return RTQ_OK;
}

static bool is_const(const rtq__node *n)
{
    return n->op == RTQ__E_CONST;
}
static bool const_bool(const rtq__node *n, bool want)
{
    return is_const(n) && !rtq__vec_null(&n->value, 0) && *(const uint8_t *)n->value.data == want;
}

static int compile_column(compiler *c, rtq__node *n, const rtq__expr *e)
{
    for (uint32_t i = 0; c->layout && i < c->layout->n; i++) {
        if (c->layout->ids[i] == e->col) {
            n->col = i;
            return RTQ_OK;
        }
    }
    return rtq__diag_add(c->diag, RTQ_ERR_SEMANTIC, RTQ__SEV_ERROR, e->begin, e->end,
                         "a column cannot be used here: a constant is needed");
}

static int prepare(compiler *c, rtq__node *n, const rtq__expr *e)
{
    if (!n->fn->prepare)
        return RTQ_OK;
    rtq__cell *cells = rtq__arena_alloc(&c->scratch, (n->n_args + 1) * sizeof *cells);
    const rtq__cell **args = rtq__arena_zalloc(&c->scratch, (n->n_args + 1) * sizeof *args);
    if (!cells || !args)
        return RTQ_ERR_NOMEM;
    for (uint32_t i = 0; i < n->n_args; i++) {
        if (!is_const(n->args[i]))
            continue;
        cells[i] = rtq__vec_get(&n->args[i]->value, 0);
        args[i] = &cells[i];
    }
    int rc = n->fn->prepare(&n->state, c->prog->mem, n->fn, args, n->n_args, c->diag, e->begin, e->end);
    if (n->state) {
        n->next_prepared = c->prog->prepared;
        c->prog->prepared = n;
    }
    return rc;
}

static int eval_const(rtq__cell *out, compiler *c, const rtq__node *n)
{
    rtq__vec *v, **args = rtq__arena_alloc(&c->scratch, (n->n_args + 1) * sizeof *args);
    if (!args)
        return RTQ_ERR_NOMEM;
    for (uint32_t i = 0; i < n->n_args; i++)
        args[i] = &n->args[i]->value;
    rtq__fcall call = {.eval = &c->eval,
                       .fn = n->fn,
                       .state = n->state,
                       .args = args,
                       .n_args = n->n_args,
                       .n_sel = 1,
                       .n = 1,
                       .kind = n->kind};
    int rc = rtq__fcall_eval(&v, &call);
    if (rc == RTQ_OK)
        *out = rtq__vec_get(v, 0);
    return rc;
}

static int compile_call(compiler *c, rtq__node *n, const rtq__expr *e)
{
    uint32_t n_const = 0;
    rtq__cell cell;
    int rc = prepare(c, n, e);
    for (uint32_t i = 0; i < n->n_args; i++)
        n_const += is_const(n->args[i]);
    if (rc != RTQ_OK || n_const < n->n_args ||
        (e->fn->flags & (RTQ__FN_VOLATILE | RTQ__FN_NOW | RTQ__FN_WINDOW | RTQ__FN_DATA)))
        return rc;
    if ((rc = eval_const(&cell, c, n)) != RTQ_OK)
        return rc;
    if (c->eval.failed.fn) { /* the host's function may do better, and is heard, when the query runs */
        c->eval.failed.fn = NULL;
        return RTQ_OK;
    }
    return set_const(c, n, &cell);
}

/* and, or: constants that decide, or that do not matter, are taken out. */
static int compile_logic(compiler *c, rtq__node *n)
{
    bool dominant = n->op == RTQ__E_OR; /* true or x = true; false and x = false */
    uint32_t kept = 0, nulls = 0;
    rtq__cell cell = rtq__cell_i(RTQ_BOOL, dominant);
    for (uint32_t i = 0; i < n->n_args; i++) {
        if (const_bool(n->args[i], dominant))
            return set_const(c, n, &cell);
        if (const_bool(n->args[i], !dominant))
            continue;
        nulls += is_const(n->args[i]);
        n->args[kept++] = n->args[i];
    }
    n->n_args = kept;
    if (kept == 0) {
        cell.u.i = !dominant;
        return set_const(c, n, &cell);
    }
    if (kept == nulls) {
        cell = rtq__cell_null(RTQ_BOOL);
        return set_const(c, n, &cell);
    }
    return RTQ_OK;
}

static int compile_not(compiler *c, rtq__node *n)
{
    if (!is_const(n->args[0]))
        return RTQ_OK;
    rtq__cell cell = rtq__vec_get(&n->args[0]->value, 0);
    cell.u.i = !cell.u.i;
    return set_const(c, n, &cell);
}

static int compile(rtq__node **out, compiler *c, const rtq__expr *e, uint32_t depth);

static int compile_args(compiler *c, rtq__node *n, const rtq__expr *e, uint32_t depth)
{
    n->args = rtq__arena_zalloc(&c->prog->arena, (e->n_args + 1) * sizeof *n->args);
    if (!n->args)
        return RTQ_ERR_NOMEM;
    n->n_args = e->n_args;
    for (uint32_t i = 0; i < e->n_args; i++) {
        int rc = compile(&n->args[i], c, e->args[i], depth + 1);
        if (rc != RTQ_OK)
            return rc;
    }
    return RTQ_OK;
}

static int compile(rtq__node **out, compiler *c, const rtq__expr *e, uint32_t depth)
{
    if (depth > RTQ__PROG_DEPTH)
        return rtq__diag_add(c->diag, RTQ_ERR_LIMIT, RTQ__SEV_ERROR, e->begin, e->end,
                             "the expression is nested too deeply");
    rtq__node *n = *out = node_new(c, e);
    if (!n)
        return RTQ_ERR_NOMEM;
    int rc = compile_args(c, n, e, depth);
    if (rc != RTQ_OK)
        return rc;
    switch (e->op) {
    case RTQ__E_CONST: return set_const(c, n, &e->cell);
    case RTQ__E_COL: return compile_column(c, n, e);
    case RTQ__E_CALL: return compile_call(c, n, e);
    case RTQ__E_AND:
    case RTQ__E_OR: return compile_logic(c, n);
    case RTQ__E_NOT: return compile_not(c, n);
    case RTQ__E_SLOT:
    case RTQ__E_IN_SLOT: return RTQ_OK;
    default: return RTQ_ERR_ARG;
    }
}

int rtq__prog_new(rtq__prog **out, rtq__mem *mem, const rtq__expr *expr, const rtq__layout *layout, rtq_diag *diag)
{
    *out = NULL;
    rtq__prog *prog = rtq__calloc(mem, 1, sizeof *prog);
    if (!prog)
        return RTQ_ERR_NOMEM;
    prog->mem = rtq__mem_ref(mem);
    rtq__arena_init(&prog->arena, mem, 1024); /* thousands of programs: most are small */
    compiler c = {.prog = prog, .layout = layout, .diag = diag};
    rtq__arena_init(&c.scratch, mem, 0);
    int rc = rtq__eval_init(&c.eval, mem, &c.scratch);
    if (rc == RTQ_OK)
        rc = compile(&prog->root, &c, expr, 0);
    rtq__eval_free(&c.eval);
    rtq__arena_free(&c.scratch);
    if (rc != RTQ_OK)
        rtq__prog_free(prog);
    else
        *out = prog;
    return rc;
}

void rtq__prog_free(rtq__prog *prog)
{
    if (!prog)
        return;
    rtq__mem *mem = prog->mem;
    for (rtq__node *n = prog->prepared; n; n = n->next_prepared) {
        if (n->fn->unprepare)
            n->fn->unprepare(mem, n->state);
    }
    rtq__arena_free(&prog->arena);
    rtq__free(mem, prog);
    rtq__mem_unref(mem);
}

uint8_t rtq__prog_kind(const rtq__prog *prog)
{
    return prog->root->kind;
}

bool rtq__prog_is_column(const rtq__prog *prog, uint32_t *index)
{
    *index = prog->root->col;
    return prog->root->op == RTQ__E_COL;
}

int rtq__expr_fold(rtq__cell *out, const rtq__expr *expr, rtq__mem *mem, rtq__arena *heap, rtq_diag *diag)
{
    rtq__prog *prog;
    int rc = rtq__prog_new(&prog, mem, expr, NULL, diag);
    if (rc != RTQ_OK)
        return rc;
    if (is_const(prog->root)) {
        rtq__cell cell = rtq__vec_get(&prog->root->value, 0);
        rc = rtq__cell_copy(out, &cell, heap);
    } else {
        rc = rtq__diag_add(diag, RTQ_ERR_SEMANTIC, RTQ__SEV_ERROR, expr->begin, expr->end,
                           "a constant is needed here, and the value of this is known only when the query runs");
    }
    rtq__prog_free(prog);
    return rc;
}
