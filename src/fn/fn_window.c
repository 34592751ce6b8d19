/* fn_window.c - window functions: they see the rows of a serialized input in order and remember what they need between batches. */
#include "fn/families.h"

static uint32_t row_at(const rtq__fcall *c, uint32_t i)
{
    return c->sel ? c->sel[i] : i;
}

static rtq__vec *result(rtq__vec **out, const rtq__fcall *c)
{
    return *out = rtq__vec_new(c->eval->scratch, c->kind, c->n);
}

static bool is_true(const rtq__fcall *c, uint32_t arg, uint32_t row)
{
    if (arg >= c->n_args || rtq__vec_null(c->args[arg], row))
        return false;
    return ((const uint8_t *)c->args[arg]->data)[rtq__vec_at(c->args[arg], row)] != 0;
}

static int64_t number_at(const rtq__fcall *c, uint32_t arg, uint32_t row, int64_t otherwise)
{
    if (arg >= c->n_args || rtq__vec_null(c->args[arg], row))
        return otherwise;
    return ((const int64_t *)c->args[arg]->data)[rtq__vec_at(c->args[arg], row)];
}

static int row_number(rtq__vec **out, rtq__fcall *c)
{
    rtq__window *w = c->window;
    if (!result(out, c))
        return RTQ_ERR_NOMEM;
    for (uint32_t i = 0; i < c->n_sel; i++) {
        uint32_t row = row_at(c, i);
        if (!w->any || is_true(c, 1, row))
            w->i = number_at(c, 0, row, 1);
        else
            w->i = (int64_t)((uint64_t)w->i + 1);
        w->any = true;
        ((int64_t *)(*out)->data)[row] = w->i;
    }
    return RTQ_OK;
}

/* Null terms count as nothing. */
static int row_cumsum(rtq__vec **out, rtq__fcall *c)
{
    rtq__window *w = c->window;
    if (!result(out, c))
        return RTQ_ERR_NOMEM;
    for (uint32_t i = 0; i < c->n_sel; i++) {
        uint32_t row = row_at(c, i), at = rtq__vec_at(c->args[0], row);
        bool null = rtq__vec_null(c->args[0], row);
        if (is_true(c, 1, row)) {
            w->i = 0;
            w->d = 0;
        }
        if (c->kind == RTQ_REAL) {
            w->d += null ? 0 : ((const double *)c->args[0]->data)[at];
            ((double *)(*out)->data)[row] = w->d;
        } else {
            w->i = (int64_t)((uint64_t)w->i + (null ? 0 : (uint64_t)((const int64_t *)c->args[0]->data)[at]));
            ((int64_t *)(*out)->data)[row] = w->i;
        }
    }
    return RTQ_OK;
}

/* The term differs from the previous row's. */
static bool changed(rtq__window *w, const rtq__vec *term, uint32_t row, rtq__buf *text)
{
    rtq__cell cell = rtq__vec_get(term, row);
    rtq__buf_clear(text);
    rtq__cell_print_text(text, &cell);
    rtq__buf_addc(text, cell.is_null ? 'n' : 'v');
    if (text->failed || w->text.failed)
        return true; /* row_rank tells */
    bool is = !w->any || text->len != w->text.len || memcmp(text->ptr, w->text.ptr, text->len) != 0;
    if (is) {
        rtq__buf_clear(&w->text);
        rtq__buf_add(&w->text, text->ptr, text->len);
    }
    return is;
}

enum { RANK_DENSE = 16, RANK_MIN /* the number of the first of the rows that are equal */ };
static int row_rank(rtq__vec **out, rtq__fcall *c)
{
    rtq__window *w = c->window;
    if (!result(out, c))
        return RTQ_ERR_NOMEM;
    if (!w->text.mem)
        rtq__buf_init(&w->text, c->eval->mem);
    for (uint32_t i = 0; i < c->n_sel; i++) {
        uint32_t row = row_at(c, i);
        bool restart = is_true(c, 1, row), other = changed(w, c->args[0], row, &c->eval->text);
        if (!w->any || restart) {
            w->i = 1;
            w->first = 1;
        } else {
            w->first++; /* number of the row since the start */
            if (other)
                w->i = c->fn->tag == RANK_DENSE ? w->i + 1 : w->first;
        }
        w->any = true;
        ((int64_t *)(*out)->data)[row] = w->i;
    }
    return w->text.failed || c->eval->text.failed ? RTQ_ERR_NOMEM : RTQ_OK;
}

static bool apart(int64_t from, int64_t to, int64_t most)
{
    int64_t distance;
    return __builtin_sub_overflow(to, from, &distance) || distance > most;
}

static int row_window_session(rtq__vec **out, rtq__fcall *c)
{
    rtq__window *w = c->window;
    if (!result(out, c) || !rtq__vec_valid(c->eval->scratch, *out))
        return RTQ_ERR_NOMEM;
    for (uint32_t i = 0; i < c->n_sel; i++) {
        uint32_t row = row_at(c, i);
        if (rtq__vec_null(c->args[0], row)) {
            w->any = false; /* the next value starts a session */
            rtq__bit_clear((*out)->valid, row);
            continue;
        }
        int64_t t = number_at(c, 0, row, 0);
        if (!w->any || is_true(c, 3, row) || apart(w->first, t, number_at(c, 1, row, INT64_MAX)) ||
            apart(w->last, t, number_at(c, 2, row, INT64_MAX)))
            w->first = t;
        w->last = t;
        w->any = true;
        ((int64_t *)(*out)->data)[row] = w->first;
    }
    return RTQ_OK;
}

/* The operator answers these. */
static int neighbour(rtq__vec **out, rtq__fcall *c)
{
    (void)out, (void)c;
    return RTQ_ERR_STATE;
}

#define WINDOW .nulls = RTQ__NULL_CUSTOM, .flags = RTQ__FN_WINDOW
const rtq__fn rtq__fns_window[] = {
    {"next", "any, [long], [const any]", "arg0", WINDOW, .vec = neighbour, .tag = RTQ__WINDOW_NEXT,
     .doc = "value of a column in a row further down", .page = "next-function"},
    {"prev", "any, [long], [const any]", "arg0", WINDOW, .vec = neighbour, .tag = RTQ__WINDOW_PREV,
     .doc = "value of a column in a row further up", .page = "prev-function"},
    {"row_cumsum", "int, [bool]", "int", WINDOW, .vec = row_cumsum, .doc = "cumulative sum",
     .page = "row-cumsum-function"},
    {"row_cumsum", "long, [bool]", "long", WINDOW, .vec = row_cumsum, .doc = "cumulative sum",
     .page = "row-cumsum-function"},
    {"row_cumsum", "real, [bool]", "real", WINDOW, .vec = row_cumsum, .doc = "cumulative sum",
     .page = "row-cumsum-function"},
    {"row_number", "[long], [bool]", "long", WINDOW, .vec = row_number, .doc = "number of the row",
     .page = "row-number-function"},
    {"row_rank_dense", "any, [bool]", "long", WINDOW, .vec = row_rank, .tag = RANK_DENSE, .doc = "rank without gaps",
     .page = "row-rank-dense-function"},
    {"row_rank_min", "any, [bool]", "long", WINDOW, .vec = row_rank, .tag = RANK_MIN,
     .doc = "rank with gaps after ties", .page = "row-rank-min-function"},
    {"row_window_session", "datetime, timespan, timespan, [bool]", "datetime", WINDOW, .vec = row_window_session,
     .doc = "start of the session that a row belongs to", .page = "row-window-session-function"},
};
RTQ__FAMILY_COUNT(window)
