/* eval.c - running programs: values of a batch's rows, and selections of the rows for which a predicate is true. */
#include "base/text.h"
#include "fn/prog.h"
#include "value/rowstore.h"

/* One run of a program over one batch. */
typedef struct runner {
    rtq__eval *eval;
    rtq__batch *batch;
} runner;

static int eval_node(rtq__vec **out, const rtq__node *n, const runner *r, const rtq__sel *sel, uint32_t n_sel);
static int filter_node(rtq__sel *out, uint32_t *n_out, const rtq__node *n, const runner *r, const rtq__sel *sel,
                       uint32_t n_sel);

static int some(rtq__vec **out, rtq__vec *v)
{
    *out = v;
    return v ? RTQ_OK : RTQ_ERR_NOMEM;
}

/* A vector of its own over the program's constant: programs are shared between threads. */
static int eval_const(rtq__vec **out, const rtq__node *n, const runner *r)
{
    rtq__vec *v = rtq__arena_alloc(r->eval->scratch, sizeof *v);
    if (v)
        *v = n->value;
    return some(out, v);
}

static int make_call(rtq__fcall *call, const rtq__node *n, const runner *r, const rtq__sel *sel, uint32_t n_sel)
{
    rtq__vec **args = rtq__arena_alloc(r->eval->scratch, (n->n_args + 1) * sizeof *args);
    if (!args)
        return RTQ_ERR_NOMEM;
    for (uint32_t i = 0; i < n->n_args; i++) {
        int rc = eval_node(&args[i], n->args[i], r, sel, n_sel);
        if (rc != RTQ_OK)
            return rc;
    }
    *call = (rtq__fcall){.eval = r->eval,
                         .fn = n->fn,
                         .state = n->state,
                         .args = args,
                         .n_args = n->n_args,
                         .sel = sel,
                         .n_sel = n_sel,
                         .n = r->batch->n,
                         .kind = n->kind};
    return RTQ_OK;
}

/* ---- sets of subqueries ------------------------------------------------------------------------------------------- */

static int fold_text(rtq__string *s, rtq__scratch *scratch)
{
    const char *from = rtq__string_ptr(s);
    char *to = rtq__arena_alloc(scratch, (size_t)s->len * 4 + 1); /* a code point never needs more than 4 bytes */
    size_t n = 0;
    if (!to)
        return RTQ_ERR_NOMEM;
    for (size_t i = 0; i < s->len;) {
        unsigned char c = (unsigned char)from[i];
        uint32_t cp = c;
        i += c < 0x80 ? 1 : rtq__utf8_next(&cp, from + i, s->len - i);
        n += rtq__utf8_put(to + n, rtq__fold(cp));
    }
    *s = rtq__string_make(to, n);
    return RTQ_OK;
}

static rtq__vec *folded(const runner *r, const rtq__vec *v, const rtq__sel *sel, uint32_t n_sel)
{
    rtq__vec *out = rtq__vec_new(r->eval->scratch, RTQ_STRING, r->batch->n);
    for (uint32_t i = 0; out && i < n_sel; i++) {
        uint32_t row = sel ? sel[i] : i;
        rtq__string *s = (rtq__string *)out->data + row;
        *s = ((const rtq__string *)v->data)[rtq__vec_at(v, row)];
        if (fold_text(s, r->eval->scratch) != RTQ_OK)
            return NULL;
    }
    return out;
}

/* Null is in no set, so `in` is false and `!in` true for it. */
static int eval_in_slot(rtq__vec **out, const rtq__node *n, const runner *r, const rtq__sel *sel, uint32_t n_sel)
{
    rtq__scratch *scratch = r->eval->scratch;
    const rtq__slot *slot = &r->eval->slots[n->slot];
    rtq__vec *key;
    if (!slot->ready)
        return RTQ_ERR_STATE;
    int rc = eval_node(&key, n->args[0], r, sel, n_sel);
    if (rc != RTQ_OK)
        return rc;
    if (n->nocase && !(key = folded(r, key, sel, n_sel)))
        return RTQ_ERR_NOMEM;
    uint32_t *ids = rtq__arena_alloc(scratch, (n_sel + 1) * sizeof *ids);
    rtq__vec *v = rtq__vec_new(scratch, RTQ_BOOL, r->batch->n);
    if (!ids || !v)
        return RTQ_ERR_NOMEM;
    rc = rtq__rows_probe(ids, n->nocase ? slot->set_nocase : slot->set, &key, sel, n_sel, false, scratch);
    if (rc != RTQ_OK)
        return rc;
    for (uint32_t i = 0; i < n_sel; i++)
        ((uint8_t *)v->data)[sel ? sel[i] : i] = (ids[i] != UINT32_MAX) != n->negated;
    *out = v;
    return RTQ_OK;
}

/* ---- three-valued logic ------------------------------------------------------------------------------------------- */

/* Takes one operand of an and/or into the result: rows it decides leave `open`, null is remembered. */
static int take_operand(rtq__vec *result, rtq__sel *open, uint32_t *n_open, const rtq__vec *v, bool dominant,
                        rtq__scratch *scratch)
{
    uint8_t *cells = result->data;
    uint32_t n = 0;
    for (uint32_t i = 0; i < *n_open; i++) {
        uint32_t row = open[i], at = rtq__vec_at(v, row);
        if (v->valid && !rtq__bit(v->valid, at)) {
            if (!rtq__vec_valid(scratch, result))
                return RTQ_ERR_NOMEM;
            rtq__bit_clear(result->valid, row);
        } else if (((const uint8_t *)v->data)[at] == dominant) {
            cells[row] = dominant;
            if (result->valid)
                rtq__bit_set(result->valid, row);
            continue;
        }
        open[n++] = (rtq__sel)row;
    }
    *n_open = n;
    return RTQ_OK;
}

static int eval_logic(rtq__vec **out, const rtq__node *n, const runner *r, const rtq__sel *sel, uint32_t n_sel)
{
    bool dominant = n->op == RTQ__E_OR;
    rtq__scratch *scratch = r->eval->scratch;
    rtq__vec *result = rtq__vec_new(scratch, RTQ_BOOL, r->batch->n);
    rtq__sel *open = rtq__arena_alloc(scratch, (n_sel + 1) * sizeof *open);
    uint32_t n_open = n_sel;
    if (!result || !open)
        return RTQ_ERR_NOMEM;
    memset(result->data, !dominant, r->batch->n);
    for (uint32_t i = 0; i < n_sel; i++)
        open[i] = (rtq__sel)(sel ? sel[i] : i);
    for (uint32_t i = 0; i < n->n_args && n_open > 0; i++) {
        rtq__vec *v;
        int rc = eval_node(&v, n->args[i], r, open, n_open);
        if (rc == RTQ_OK)
            rc = take_operand(result, open, &n_open, v, dominant, scratch);
        if (rc != RTQ_OK)
            return rc;
    }
    *out = result;
    return RTQ_OK;
}

static int eval_not(rtq__vec **out, const rtq__node *n, const runner *r, const rtq__sel *sel, uint32_t n_sel)
{
    rtq__vec *v, *result = rtq__arena_alloc(r->eval->scratch, sizeof *result);
    int rc = eval_node(&v, n->args[0], r, sel, n_sel);
    if (rc != RTQ_OK)
        return rc;
    uint8_t *cells = rtq__arena_alloc(r->eval->scratch, v->n + 1);
    if (!result || !cells)
        return RTQ_ERR_NOMEM;
    const uint8_t *from = v->data;
    if (v->form == RTQ__FLAT && sel) { /* cells outside sel may be anything */
        for (uint32_t i = 0; i < n_sel; i++)
            cells[sel[i]] = !from[sel[i]];
    } else {
        for (uint32_t i = 0, n_cells = v->form == RTQ__FLAT ? n_sel : v->n; i < n_cells; i++)
            cells[i] = !from[i];
    }
    *result = *v;
    result->data = cells;
    *out = result;
    return RTQ_OK;
}

/* ---- values ------------------------------------------------------------------------------------------------------- */

static int eval_node(rtq__vec **out, const rtq__node *n, const runner *r, const rtq__sel *sel, uint32_t n_sel)
{
    rtq__fcall call;
    int rc;
    switch (n->op) {
    case RTQ__E_CONST: return eval_const(out, n, r);
    case RTQ__E_COL:
        if (n->col >= r->batch->n_cols)
            return RTQ_ERR_ARG;
        *out = r->batch->cols[n->col];
        return rtq__vec_load(*out, sel, n_sel);
    case RTQ__E_SLOT:
        if (!r->eval->slots[n->slot].ready)
            return RTQ_ERR_STATE;
        return some(out, rtq__vec_const(r->eval->scratch, r->eval->slots[n->slot].value));
    case RTQ__E_IN_SLOT: return eval_in_slot(out, n, r, sel, n_sel);
    case RTQ__E_AND:
    case RTQ__E_OR: return eval_logic(out, n, r, sel, n_sel);
    case RTQ__E_NOT: return eval_not(out, n, r, sel, n_sel);
    default: rc = make_call(&call, n, r, sel, n_sel); return rc != RTQ_OK ? rc : rtq__fcall_eval(out, &call);
    }
}

int rtq__prog_eval(rtq__vec **out, const rtq__prog *prog, rtq__eval *eval, rtq__batch *batch, const rtq__sel *sel,
                   uint32_t n_sel)
{
    runner r = {eval, batch};
    eval->batch = batch;
    return eval_node(out, prog->root, &r, sel, n_sel);
}

/* ---- filters ------------------------------------------------------------------------------------------------------ */

static int filter_and(rtq__sel *out, uint32_t *n_out, const rtq__node *n, const runner *r, const rtq__sel *sel,
                      uint32_t n_sel)
{
    for (uint32_t i = 0; i < n->n_args && n_sel > 0; i++) {
        int rc = filter_node(out, &n_sel, n->args[i], r, sel, n_sel);
        if (rc != RTQ_OK)
            return rc;
        sel = out;
    }
    *n_out = n_sel;
    return RTQ_OK;
}

/* a without the rows of b, both ascending; in place. */
static uint32_t difference(rtq__sel *a, uint32_t n_a, const rtq__sel *b, uint32_t n_b)
{
    uint32_t n = 0, j = 0;
    for (uint32_t i = 0; i < n_a; i++) {
        rtq__sel row = a[i];
        bool hit = j < n_b && b[j] == row;
        j += hit;
        a[n] = row;
        n += !hit;
    }
    return n;
}

/* What one operand lets through, the next ones need not look at. */
static int filter_or(rtq__sel *out, uint32_t *n_out, const rtq__node *n, const runner *r, const rtq__sel *sel,
                     uint32_t n_sel)
{
    rtq__sel *rest = rtq__arena_alloc(r->eval->scratch, (n_sel + 1) * sizeof *rest);
    rtq__sel *hits = rtq__arena_alloc(r->eval->scratch, (n_sel + 1) * sizeof *hits);
    uint32_t n_rest = n_sel, n_hits;
    if (!rest || !hits)
        return RTQ_ERR_NOMEM;
    for (uint32_t i = 0; i < n_sel; i++)
        rest[i] = (rtq__sel)(sel ? sel[i] : i);
    for (uint32_t i = 0; i < n->n_args && n_rest > 0; i++) {
        int rc = filter_node(hits, &n_hits, n->args[i], r, rest, n_rest);
        if (rc != RTQ_OK)
            return rc;
        n_rest = difference(rest, n_rest, hits, n_hits);
    }
    if (out != sel) {
        for (uint32_t i = 0; i < n_sel; i++)
            out[i] = (rtq__sel)(sel ? sel[i] : i);
    }
    *n_out = difference(out, n_sel, rest, n_rest);
    return RTQ_OK;
}

static int filter_node(rtq__sel *out, uint32_t *n_out, const rtq__node *n, const runner *r, const rtq__sel *sel,
                       uint32_t n_sel)
{
    rtq__vec *v;
    rtq__fcall call;
    int rc;
    switch (n->op) {
    case RTQ__E_AND: return filter_and(out, n_out, n, r, sel, n_sel);
    case RTQ__E_OR: return filter_or(out, n_out, n, r, sel, n_sel);
    case RTQ__E_NOT:
        if ((rc = eval_node(&v, n->args[0], r, sel, n_sel)) == RTQ_OK)
            *n_out = rtq__bools_filter(out, v, sel, n_sel, false);
        return rc;
    case RTQ__E_CALL:
        rc = make_call(&call, n, r, sel, n_sel);
        return rc != RTQ_OK ? rc : rtq__fcall_filter(out, n_out, &call);
    default:
        if ((rc = eval_node(&v, n, r, sel, n_sel)) == RTQ_OK)
            *n_out = rtq__bools_filter(out, v, sel, n_sel, true);
        return rc;
    }
}

int rtq__prog_filter(rtq__sel *out, uint32_t *n_out, const rtq__prog *prog, rtq__eval *eval, rtq__batch *batch,
                     const rtq__sel *sel, uint32_t n_sel)
{
    runner r = {eval, batch};
    eval->batch = batch;
    return filter_node(out, n_out, prog->root, &r, sel, n_sel);
}
