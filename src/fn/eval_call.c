/* eval_call.c - the driver of function calls: forms of vectors, values and filters. */
#include "fn/eval.h"

/* How the arguments of a call look: which way of calling the function is the cheapest. */
typedef struct call_shape {
    uint32_t n_varying, varying; /* arguments that are not constants; the last of them */
    bool once;                   /* same result for same arguments, so it may run once for many rows */
} call_shape;

static call_shape shape_of(const rtq__fcall *call)
{
    call_shape s = {0, 0, !(call->fn->flags & (RTQ__FN_VOLATILE | RTQ__FN_NOW | RTQ__FN_WINDOW))};
    for (uint32_t i = 0; i < call->n_args; i++) {
        if (call->args[i]->form != RTQ__CONST)
            s.n_varying++, s.varying = i;
    }
    return s;
}

static bool is_dictionary(const rtq__fcall *call, const call_shape *s)
{
    if (!s->once || s->n_varying != 1)
        return false;
    const rtq__vec *v = call->args[s->varying];
    return v->form == RTQ__DICT && v->n <= call->n_sel;
}

/* A DICT vector made FLAT for the rows of sel (n: rows of the batch); others are returned as they are. NULL: out of memory. */
static rtq__vec *vec_flat(rtq__scratch *scratch, rtq__vec *v, const rtq__sel *sel, uint32_t n_sel, uint32_t n)
{
    if (v->form != RTQ__DICT)
        return v;
    rtq__vec *flat = rtq__vec_new(scratch, v->kind, n);
    if (!flat || (v->valid && !rtq__vec_valid(scratch, flat)))
        return NULL;
    uint32_t cell_len = rtq__cell_len(v->kind);
    for (uint32_t i = 0; i < n_sel; i++) {
        uint32_t row = sel ? sel[i] : i, at = v->codes[row];
        if (cell_len == 16)
            memcpy((char *)flat->data + (size_t)row * 16, (const char *)v->data + (size_t)at * 16, 16);
        else if (cell_len == 8)
            memcpy((char *)flat->data + (size_t)row * 8, (const char *)v->data + (size_t)at * 8, 8);
        else
            ((uint8_t *)flat->data)[row] = ((const uint8_t *)v->data)[at];
        if (v->valid && !rtq__bit(v->valid, at))
            rtq__bit_clear(flat->valid, row);
    }
    return flat;
}

/* A copy of the call with its own array of arguments. */
static rtq__vec **own_args(rtq__fcall *copy, const rtq__fcall *call)
{
    rtq__vec **args = rtq__arena_alloc(call->eval->scratch, (call->n_args ? call->n_args : 1) * sizeof(rtq__vec *));
    if (!args)
        return NULL;
    if (call->n_args > 0)
        memcpy(args, call->args, call->n_args * sizeof *args);
    *copy = *call;
    copy->args = args;
    return args;
}

/* The call over the entries of an argument's dictionary, or over the single cell of a constant one. */
static int over_entries(rtq__fcall *copy, const rtq__fcall *call, uint32_t arg)
{
    rtq__vec **args = own_args(copy, call), *entries = rtq__arena_alloc(call->eval->scratch, sizeof *entries);
    if (!args || !entries)
        return RTQ_ERR_NOMEM;
    *entries = *call->args[arg];
    entries->form = RTQ__FLAT;
    entries->codes = NULL;
    args[arg] = entries;
    copy->sel = NULL;
    copy->n_sel = copy->n = entries->n;
    return RTQ_OK;
}

static int flatten_args(rtq__fcall *copy, const rtq__fcall *call)
{
    *copy = *call;
    for (uint32_t i = 0; i < call->n_args; i++) {
        if (call->args[i]->form != RTQ__DICT)
            continue;
        rtq__vec *flat = vec_flat(call->eval->scratch, call->args[i], call->sel, call->n_sel, call->n);
        if (!flat || (copy->args == call->args && !own_args(copy, call)))
            return RTQ_ERR_NOMEM;
        ((rtq__vec **)(uintptr_t)copy->args)[i] = flat; /* the array is the copy's own */
    }
    return RTQ_OK;
}

/* ---- calls -------------------------------------------------------------------------------------------------------- */

static int run(rtq__vec **out, const rtq__fcall *call)
{
    rtq__fcall flat;
    int rc = flatten_args(&flat, call);
    if (rc != RTQ_OK)
        return rc;
    return flat.fn->vec ? flat.fn->vec(out, &flat) : rtq__fcall_rows(out, &flat);
}

/* Over a dictionary's entries (or the one cell of a constant): the result has the form of the argument. */
static int run_entries(rtq__vec **out, const rtq__fcall *call, uint32_t arg)
{
    rtq__fcall copy;
    rtq__vec *v, *shaped;
    int rc = over_entries(&copy, call, arg);
    if (rc != RTQ_OK || (rc = run(&v, &copy)) != RTQ_OK)
        return rc;
    if (v->form == RTQ__CONST) {
        *out = v;
        return RTQ_OK;
    }
    shaped = rtq__arena_alloc(call->eval->scratch, sizeof *shaped);
    if (!shaped || !(v = vec_flat(call->eval->scratch, v, NULL, copy.n, copy.n)))
        return RTQ_ERR_NOMEM;
    *shaped = *v;
    shaped->form = call->args[arg]->form;
    shaped->codes = call->args[arg]->codes;
    shaped->n = copy.n;
    *out = shaped;
    return RTQ_OK;
}

int rtq__fcall_eval(rtq__vec **out, const rtq__fcall *call)
{
    call_shape s = shape_of(call);
    if (s.once && s.n_varying == 0 && call->n_args > 0)
        return run_entries(out, call, 0);
    if (is_dictionary(call, &s))
        return run_entries(out, call, s.varying);
    return run(out, call);
}

/* ---- filters ------------------------------------------------------------------------------------------------------ */

static uint32_t take_all(rtq__sel *out, const rtq__sel *sel, uint32_t n_sel)
{
    for (uint32_t i = 0; i < n_sel; i++)
        out[i] = (rtq__sel)(sel ? sel[i] : i);
    return n_sel;
}

static uint32_t filter_flat(rtq__sel *out, const rtq__vec *v, const rtq__sel *sel, uint32_t n_sel, uint8_t want)
{
    const uint8_t *cells = v->data;
    uint32_t n = 0;
    if (!v->valid && !sel) {
        for (uint32_t row = 0; row < n_sel; row++) {
            out[n] = (rtq__sel)row;
            n += cells[row] == want;
        }
        return n;
    }
    for (uint32_t i = 0; i < n_sel; i++) {
        uint32_t row = sel ? sel[i] : i;
        out[n] = (rtq__sel)row;
        n += cells[row] == want && (!v->valid || rtq__bit(v->valid, row));
    }
    return n;
}

uint32_t rtq__bools_filter(rtq__sel *out, const rtq__vec *v, const rtq__sel *sel, uint32_t n_sel, bool want)
{
    const uint8_t *cells = v->data;
    uint32_t n = 0;
    if (v->form == RTQ__CONST)
        return !rtq__vec_null(v, 0) && cells[0] == want ? take_all(out, sel, n_sel) : 0;
    if (v->form == RTQ__FLAT)
        return filter_flat(out, v, sel, n_sel, want);
    for (uint32_t i = 0; i < n_sel; i++) {
        uint32_t row = sel ? sel[i] : i, at = v->codes[row];
        out[n] = (rtq__sel)row;
        n += cells[at] == want && (!v->valid || rtq__bit(v->valid, at));
    }
    return n;
}

/* The filter over a dictionary's entries, then each row asks what became of its entry. */
static int filter_entries(rtq__sel *out, uint32_t *n_out, const rtq__fcall *call, uint32_t arg)
{
    rtq__scratch *scratch = call->eval->scratch;
    rtq__fcall copy;
    int rc = over_entries(&copy, call, arg);
    if (rc != RTQ_OK)
        return rc;
    const uint32_t *codes = call->args[arg]->codes;
    rtq__sel *hits = rtq__arena_alloc(scratch, copy.n * sizeof *hits + 1);
    uint8_t *keep = rtq__arena_zalloc(scratch, copy.n + 1);
    uint32_t n_hits = 0, n = 0;
    if (!hits || !keep)
        return RTQ_ERR_NOMEM;
    if ((rc = call->fn->filter(hits, &n_hits, &copy)) != RTQ_OK)
        return rc;
    for (uint32_t i = 0; i < n_hits; i++)
        keep[hits[i]] = 1;
    for (uint32_t i = 0; i < call->n_sel; i++) {
        uint32_t row = call->sel ? call->sel[i] : i;
        out[n] = (rtq__sel)row;
        n += keep[codes[row]];
    }
    *n_out = n;
    return RTQ_OK;
}

int rtq__fcall_filter(rtq__sel *out, uint32_t *n_out, const rtq__fcall *call)
{
    call_shape s = shape_of(call);
    int rc;
    if (!call->fn->filter || s.n_varying == 0) {
        rtq__vec *v;
        if ((rc = rtq__fcall_eval(&v, call)) == RTQ_OK)
            *n_out = rtq__bools_filter(out, v, call->sel, call->n_sel, true);
        return rc;
    }
    if (is_dictionary(call, &s))
        return filter_entries(out, n_out, call, s.varying);
    rtq__fcall flat;
    if ((rc = flatten_args(&flat, call)) != RTQ_OK)
        return rc;
    return flat.fn->filter(out, n_out, &flat);
}
