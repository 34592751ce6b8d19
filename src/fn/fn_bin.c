/* fn_bin.c - bin, floor, bin_at, around. A bin size that is null, zero or negative gives null. */
#include <math.h>
#include "base/time.h"
#include "fn/convert.h"
#include "fn/divide.h"
#include "fn/eval.h"
#include "fn/families.h"

static int64_t floor_to(int64_t x, int64_t size)
{
    int64_t rest = x % size;
    return (int64_t)((uint64_t)x - (uint64_t)rest - (rest < 0 ? (uint64_t)size : 0));
}

static void row_bin(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    (void)n_args, (void)ctx;
    uint8_t kind = out->kind;
    if (kind == RTQ_REAL) {
        if (args[1].u.d > 0)
            *out = rtq__cell_d(floor(args[0].u.d / args[1].u.d) * args[1].u.d);
    } else if (args[1].u.i > 0) {
        *out = rtq__cell_i(kind, floor_to(args[0].u.i, args[1].u.i));
    }
}

static void row_bin_at(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    (void)n_args, (void)ctx;
    uint8_t kind = out->kind;
    if (kind == RTQ_REAL) {
        double at = args[2].u.d;
        if (args[1].u.d > 0)
            *out = rtq__cell_d(floor((args[0].u.d - at) / args[1].u.d) * args[1].u.d + at);
        return;
    }
    uint64_t at = (uint64_t)args[2].u.i;
    if (args[1].u.i <= 0)
        return;
    int64_t x = (int64_t)((uint64_t)floor_to((int64_t)((uint64_t)args[0].u.i - at), args[1].u.i) + at);
    if (kind != RTQ_DATETIME || (x >= 0 && x <= RTQ__TICKS_MAX))
        *out = rtq__cell_i(kind, x);
}

static void bin_ticks(int64_t *restrict to, const int64_t *from, const rtq__divisor *d, const rtq__sel *sel, uint32_t n)
{
    if (!sel) {
        for (uint32_t r = 0; r < n; r++)
            to[r] = (int64_t)((uint64_t)rtq__divide_floor(from[r], d) * (uint64_t)d->by);
        return;
    }
    for (uint32_t i = 0; i < n; i++)
        to[sel[i]] = (int64_t)((uint64_t)rtq__divide_floor(from[sel[i]], d) * (uint64_t)d->by);
}

static void bin_reals(double *restrict to, const double *from, double size, const rtq__sel *sel, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        uint32_t r = sel ? sel[i] : i;
        to[r] = floor(from[r] / size) * size;
    }
}

static int bin_rows(rtq__vec **out, const rtq__fcall *call)
{
    rtq__scratch *scratch = call->eval->scratch;
    rtq__vec *v = *out = rtq__vec_new(scratch, call->kind, call->n);
    if (!v)
        return RTQ_ERR_NOMEM;
    for (uint32_t i = 0; i < call->n_sel; i++) {
        uint32_t row = call->sel ? call->sel[i] : i;
        rtq__cell args[2] = {rtq__vec_get(call->args[0], row), rtq__vec_get(call->args[1], row)},
                  cell = rtq__cell_null(call->kind);
        if (!args[0].is_null && !args[1].is_null)
            row_bin(&cell, args, 2, NULL);
        if (cell.is_null && !rtq__vec_valid(scratch, v))
            return RTQ_ERR_NOMEM;
        rtq__vec_set(v, row, cell);
    }
    return RTQ_OK;
}

/* The size is nearly always a constant: one multiplication a row. */
static int vec_bin(rtq__vec **out, rtq__fcall *call)
{
    rtq__scratch *scratch = call->eval->scratch;
    const rtq__vec *x = call->args[0], *size = call->args[1];
    if (size->form != RTQ__CONST || x->form == RTQ__CONST)
        return bin_rows(out, call);
    rtq__cell by = rtq__vec_get(size, 0);
    if (by.is_null || !(call->kind == RTQ_REAL ? by.u.d > 0 : by.u.i > 0)) {
        *out = rtq__vec_nulls(scratch, call->kind);
        return *out ? RTQ_OK : RTQ_ERR_NOMEM;
    }
    rtq__vec *v = *out = rtq__vec_new(scratch, call->kind, call->n);
    if (!v)
        return RTQ_ERR_NOMEM;
    if (x->valid) {
        if (!rtq__vec_valid(scratch, v))
            return RTQ_ERR_NOMEM;
        memcpy(v->valid, x->valid, ((size_t)call->n + 63) / 64 * 8);
    }
    if (call->kind == RTQ_REAL) {
        bin_reals(v->data, x->data, by.u.d, call->sel, call->n_sel);
    } else {
        rtq__divisor d = rtq__divisor_make(by.u.i);
        bin_ticks(v->data, x->data, &d, call->sel, call->n_sel);
    }
    return RTQ_OK;
}

/* center - delta <= value <= center + delta */
static void row_around(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    (void)n_args, (void)ctx;
    bool in;
    if (args[0].kind == RTQ_REAL)
        in = args[0].u.d >= args[1].u.d - args[2].u.d && args[0].u.d <= args[1].u.d + args[2].u.d;
    else
        in = (__int128)args[0].u.i >= (__int128)args[1].u.i - args[2].u.i &&
             (__int128)args[0].u.i <= (__int128)args[1].u.i + args[2].u.i;
    *out = rtq__cell_i(RTQ_BOOL, in);
}

#define BIN(name_, a, b, out, page_)                                                                           \
    {                                                                                                          \
        .name = name_, .args = a ", " b, .ret = out, .naming = RTQ__NAME_FIRST, .vec = vec_bin, .page = page_, \
        .doc = "rounds down to a multiple"                                                                     \
    }
#if RTQ_WITH_DECIMAL
#define BIN_DECIMAL(name_, page_)   \
    {.name = name_,                 \
     .args = "decimal, decimal",    \
     .ret = "decimal",              \
     .naming = RTQ__NAME_FIRST,     \
     .row = rtq__row_decimal_round, \
     .page = page_,                 \
     .doc = "rounds down to a multiple"},
#else
#define BIN_DECIMAL(name, page)
#endif
#define BINS(name, page)                                                                                          \
    BIN_DECIMAL(name, page)                                                                                       \
    BIN(name, "long", "long", "long", page), BIN(name, "real", "real", "real", page),                             \
        BIN(name, "datetime", "timespan", "datetime", page), BIN(name, "timespan", "timespan", "timespan", page), \
        BIN(name, "datetime", "datetime", "datetime", page)
#define BIN_AT(args_, out)                                                                         \
    {                                                                                              \
        .name = "bin_at", .args = args_, .ret = out, .naming = RTQ__NAME_FIRST, .row = row_bin_at, \
        .page = "bin-at-function", .doc = "rounds down to a bin that starts at a fixed point"      \
    }
#define AROUND(args_)                                                                                 \
    {                                                                                                 \
        .name = "around", .args = args_, .ret = "bool", .row = row_around, .page = "around-function", \
        .doc = "whether a value is near another"                                                      \
    }

const rtq__fn rtq__fns_bin[] = {
    BINS("bin", "bin-function"),
    BINS("floor", "bin-function"),
    BIN_AT("long, long, long", "long"),
    BIN_AT("real, real, real", "real"),
    BIN_AT("datetime, timespan, datetime", "datetime"),
    BIN_AT("timespan, timespan, timespan", "timespan"),
    BIN_AT("timespan, long, timespan", "timespan"),
    BIN_AT("datetime, long, datetime", "datetime"),
    AROUND("long, long, long"),
    AROUND("real, real, real"),
    AROUND("datetime, datetime, timespan"),
    AROUND("timespan, timespan, timespan"),
};
RTQ__FAMILY_COUNT(bin)
