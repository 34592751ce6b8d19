/* convert.c - conversions between kinds, and the hidden functions that the binder puts where KQL converts by itself. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("O3")
#endif
#include <math.h>
#include "fn/convert.h"
#include "fn/eval.h"

static bool is_dynamic(uint32_t kind)
{
    return kind == RTQ_DYNAMIC || kind == RTQ_UNKNOWN;
}

static rtq__cell text_of(const rtq__cell *in, rtq__eval *eval, rtq__arena *heap)
{
    rtq__cell c = rtq__cell_null(RTQ_STRING);
    rtq__buf_clear(&eval->text);
    rtq__cell_print_text(&eval->text, in);
    char *p = eval->text.failed ? NULL : rtq__arena_strndup(heap, eval->text.ptr ? eval->text.ptr : "", eval->text.len);
    if (p)
        c = rtq__cell_s(p, eval->text.len);
    else
        c.is_null = true; /* no memory: the callers turn it into their error */
    return c;
}

rtq__cell rtq__cell_convert(const rtq__cell *in, uint32_t kind, rtq__eval *eval, rtq__arena *heap)
{
    if (rtq__cell_is_null(in))
        return rtq__cell_null(kind);
    if (in->kind == kind || (in->kind == RTQ_INT && kind == RTQ_LONG)) {
        rtq__cell same = *in;
        same.kind = (uint8_t)kind;
        return same;
    }
    if (kind == RTQ_STRING && !is_dynamic(in->kind))
        return text_of(in, eval, heap);
    if (in->kind == RTQ_REAL && (kind == RTQ_LONG || kind == RTQ_INT) && !isfinite(in->u.d))
        return rtq__cell_null(kind);
    rtq__dyn d = rtq__dyn_from_cell(in);
    rtq__cell c = rtq__dyn_to_cell(&d, kind, heap);
    if (!is_dynamic(kind) || is_dynamic(in->kind))
        return c;
    if (rtq__dyn_copy(&c.u.y, &d, heap) != RTQ_OK) /* guid and decimal lie in the cell, which does not last */
        c.is_null = true;
    return c;
}

static void long_to_real(double *restrict to, const int64_t *from, const rtq__sel *sel, uint32_t n)
{
    if (!sel) {
        for (uint32_t r = 0; r < n; r++)
            to[r] = (double)from[r];
        return;
    }
    for (uint32_t i = 0; i < n; i++)
        to[sel[i]] = (double)from[sel[i]];
}

static int convert_cells(rtq__vec *to, const rtq__fcall *call, const rtq__vec *v, const rtq__sel *sel, uint32_t n_sel)
{
    rtq__scratch *scratch = call->eval->scratch;
    for (uint32_t i = 0; i < n_sel; i++) {
        uint32_t row = sel ? sel[i] : i;
        rtq__cell from = rtq__vec_get(v, row), cell = rtq__cell_convert(&from, to->kind, call->eval, scratch);
        if (cell.is_null && (to->kind == RTQ_STRING || !rtq__vec_valid(scratch, to)))
            return RTQ_ERR_NOMEM;
        rtq__vec_set(to, row, cell);
    }
    return RTQ_OK;
}

/* Strings of fields whose type the data decides: most of them are strings already. */
static int unknown_to_string(rtq__vec *to, const rtq__fcall *call, const rtq__vec *v, const rtq__sel *sel,
                             uint32_t n_sel)
{
    const rtq__dyn *cells = v->data;
    rtq__string *out = to->data;
    for (uint32_t i = 0; i < n_sel; i++) {
        uint32_t row = sel ? sel[i] : i;
        bool is_null = v->valid && !rtq__bit(v->valid, row);
        if (is_null || cells[row].tag == RTQ__DYN_NULL) {
            memset(&out[row], 0, sizeof out[row]);
        } else if (cells[row].tag == RTQ__DYN_STRING) {
            out[row] = rtq__string_make(cells[row].u.p, cells[row].len);
        } else {
            rtq__cell c = rtq__dyn_to_cell(&cells[row], RTQ_STRING, call->eval->scratch);
            if (c.is_null)
                return RTQ_ERR_NOMEM;
            out[row] = rtq__string_make(c.u.s, c.len);
        }
    }
    return RTQ_OK;
}

static int convert_to(rtq__vec *to, const rtq__fcall *call, const rtq__vec *v, const rtq__sel *sel, uint32_t n_sel)
{
    bool whole = v->kind == RTQ_INT || v->kind == RTQ_LONG;
    if (is_dynamic(v->kind) && to->kind == RTQ_STRING)
        return unknown_to_string(to, call, v, sel, n_sel);
    if (!whole || to->kind != RTQ_REAL)
        return convert_cells(to, call, v, sel, n_sel);
    if (v->valid) {
        if (!rtq__vec_valid(call->eval->scratch, to))
            return RTQ_ERR_NOMEM;
        memcpy(to->valid, v->valid, ((size_t)to->n + 63) / 64 * 8);
    }
    long_to_real(to->data, v->data, sel, n_sel);
    return RTQ_OK;
}

int rtq__vec_convert(rtq__vec **out, const rtq__fcall *call, rtq__vec *v, uint32_t kind)
{
    rtq__scratch *scratch = call->eval->scratch;
    *out = v;
    if (v->kind == kind)
        return RTQ_OK;
    if ((v->kind == RTQ_INT && kind == RTQ_LONG) || (is_dynamic(v->kind) && is_dynamic(kind))) {
        rtq__vec *same = *out = rtq__arena_alloc(scratch, sizeof *same);
        if (!same)
            return RTQ_ERR_NOMEM;
        *same = *v;
        same->kind = (uint8_t)kind;
        same->load = NULL; /* its cells are loaded, and a loader knows its own vector only */
        return RTQ_OK;
    }
    bool once = v->form == RTQ__CONST;
    *out = rtq__vec_new(scratch, kind, once ? 1 : call->n);
    if (!*out)
        return RTQ_ERR_NOMEM;
    (*out)->form = v->form;
    int rc = convert_to(*out, call, v, once ? NULL : call->sel, once ? 1 : call->n_sel);
    return rc;
}

static int vec_convert(rtq__vec **out, rtq__fcall *call)
{
    return rtq__vec_convert(out, call, call->args[0], call->kind);
}

/* ---- where KQL converts by itself --------------------------------------------------------------------------------- */

#define HIDDEN(to)                                                                                          \
    {                                                                                                       \
        .name = "(" to ")", .args = "any", .ret = to, .nulls = RTQ__NULL_CUSTOM, .naming = RTQ__NAME_FIRST, \
        .flags = RTQ__FN_HIDDEN, .vec = vec_convert                                                         \
    }

static const rtq__fn conversions[] = {
    [RTQ_BOOL] = HIDDEN("bool"),
    [RTQ_INT] = HIDDEN("int"),
    [RTQ_LONG] = HIDDEN("long"),
    [RTQ_REAL] = HIDDEN("real"),
    [RTQ_DECIMAL] = HIDDEN("decimal"),
    [RTQ_STRING] = HIDDEN("string"),
    [RTQ_DATETIME] = HIDDEN("datetime"),
    [RTQ_TIMESPAN] = HIDDEN("timespan"),
    [RTQ_GUID] = HIDDEN("guid"),
    [RTQ_DYNAMIC] = HIDDEN("dynamic"),
    [RTQ_UNKNOWN] = {.name = "(unknown)",
                     .args = "any",
                     .ret = "dynamic",
                     .nulls = RTQ__NULL_CUSTOM,
                     .naming = RTQ__NAME_FIRST,
                     .flags = RTQ__FN_HIDDEN,
                     .vec = vec_convert},
};

/* Widening of numbers: int, long, real, decimal in this order. */
static int width(uint32_t kind)
{
    switch (kind) {
    case RTQ_INT: return 1;
    case RTQ_LONG: return 2;
    case RTQ_REAL: return 3;
    case RTQ_DECIMAL: return 4;
    default: return 0;
    }
}

const rtq__fn *rtq__fn_convert(uint32_t from, uint32_t to)
{
    if (from == 0 || to == 0 || from > RTQ_UNKNOWN || to > RTQ_UNKNOWN || from == to)
        return NULL;
    if (from == RTQ_UNKNOWN || to == RTQ_UNKNOWN || (width(from) && width(from) < width(to)))
        return &conversions[to];
    return NULL;
}

uint32_t rtq__kind_common(uint32_t a, uint32_t b)
{
    if (a == b || b == RTQ_UNKNOWN)
        return a;
    if (a == RTQ_UNKNOWN)
        return b;
    if (width(a) && width(b))
        return width(a) > width(b) ? a : b;
    return 0;
}
