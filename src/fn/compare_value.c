/* compare_value.c - comparisons with a dynamic side, and with fields whose type only the data decides: numbers with numbers whatever
 * their width, times with times, text with text. Text of an open schema that reads as a number is one beside a number, because
 * feeds write numbers as text. What cannot be compared is like null. */
#include "base/text.h"
#include "fn/compare.h"

enum { UNORDERED = 2, EITHER_NULL = 3, BOTH_NULL = 4 };

static bool is_text(const rtq__dyn *d)
{
    return d->tag == RTQ__DYN_STRING;
}
static bool is_number(const rtq__dyn *d)
{
    return d->tag == RTQ__DYN_LONG || d->tag == RTQ__DYN_REAL || d->tag == RTQ__DYN_BOOL || d->tag == RTQ__DYN_DECIMAL;
}
static bool is_time(const rtq__dyn *d)
{
    return d->tag == RTQ__DYN_DATETIME || d->tag == RTQ__DYN_TIMESPAN;
}

/* The number that text stands for. */
static bool text_number(rtq__dyn *out, const rtq__dyn *text)
{
    int64_t i;
    double d;
    *out = (rtq__dyn){.tag = RTQ__DYN_LONG};
    if (rtq__parse_long(&i, text->u.p, text->len)) {
        out->u.i = i;
        return true;
    }
    out->tag = RTQ__DYN_REAL;
    if (!rtq__parse_real(&d, text->u.p, text->len))
        return false;
    out->u.d = d;
    return true;
}

static int order_numbers(const rtq__dyn *a, const rtq__dyn *b)
{
    if ((a->tag == RTQ__DYN_REAL && a->u.d != a->u.d) || (b->tag == RTQ__DYN_REAL && b->u.d != b->u.d))
        return UNORDERED;
    rtq__dyn x = *a, y = *b; /* a bool is 0 or 1 beside a number */
    x.tag = x.tag == RTQ__DYN_BOOL ? RTQ__DYN_LONG : x.tag;
    y.tag = y.tag == RTQ__DYN_BOOL ? RTQ__DYN_LONG : y.tag;
    return rtq__dyn_compare(&x, &y);
}

/* -1, 0, 1 or UNORDERED. */
static int order(const rtq__dyn *a, const rtq__dyn *b, bool equality)
{
    rtq__dyn number;
    if (a->tag == RTQ__DYN_LONG && b->tag == RTQ__DYN_LONG)
        return (a->u.i > b->u.i) - (a->u.i < b->u.i);
    if (is_text(a) && is_number(b))
        return text_number(&number, a) ? order_numbers(&number, b) : UNORDERED;
    if (is_number(a) && is_text(b))
        return text_number(&number, b) ? order_numbers(a, &number) : UNORDERED;
    if (is_number(a) && is_number(b))
        return order_numbers(a, b);
    if (equality)
        return rtq__dyn_equal(a, b) ? 0 : UNORDERED;
    if ((is_time(a) && a->tag == b->tag) || (is_text(a) && is_text(b)))
        return rtq__dyn_compare(a, b);
    return EITHER_NULL;
}

static rtq__dyn value_at(const rtq__vec *v, uint32_t row, rtq__cell *hold)
{
    uint32_t at = rtq__vec_at(v, row);
    if (v->valid && !rtq__bit(v->valid, at))
        return (rtq__dyn){.tag = RTQ__DYN_NULL};
    if (v->kind == RTQ_DYNAMIC || v->kind == RTQ_UNKNOWN)
        return ((const rtq__dyn *)v->data)[at];
    *hold = rtq__vec_get(v, row);
    return rtq__dyn_from_cell(hold);
}

/* 1 true, 0 false, -1 null */
static int decide(uint32_t op, int order)
{
    if (order == BOTH_NULL)
        return -1;
    switch (op) {
    case RTQ__EQ: return order == 0;
    case RTQ__NE: return order != 0;
    case RTQ__LT: return order == EITHER_NULL ? -1 : order == -1;
    case RTQ__LE: return order == EITHER_NULL ? -1 : order == -1 || order == 0;
    case RTQ__GT: return order == EITHER_NULL ? -1 : order == 1;
    default: return order == EITHER_NULL ? -1 : order == 1 || order == 0;
    }
}

int rtq__vec_compare_values(rtq__vec **out, rtq__fcall *call)
{
    rtq__scratch *scratch = call->eval->scratch;
    uint32_t op = RTQ__COMPARE_OP(call->fn->tag);
    rtq__vec *v = *out = rtq__vec_new(scratch, RTQ_BOOL, call->n);
    rtq__cell hold_a, hold_b;
    if (!v)
        return RTQ_ERR_NOMEM;
    bool a_const = call->args[0]->form == RTQ__CONST, b_const = call->args[1]->form == RTQ__CONST;
    rtq__dyn a = a_const ? value_at(call->args[0], 0, &hold_a) : (rtq__dyn){0};
    rtq__dyn b = b_const ? value_at(call->args[1], 0, &hold_b) : (rtq__dyn){0};
    for (uint32_t i = 0; i < call->n_sel; i++) {
        uint32_t row = call->sel ? call->sel[i] : i;
        a = a_const ? a : value_at(call->args[0], row, &hold_a);
        b = b_const ? b : value_at(call->args[1], row, &hold_b);

        bool null_a = a.tag == RTQ__DYN_NULL, null_b = b.tag == RTQ__DYN_NULL;
        int result = decide(op, null_a && null_b   ? BOTH_NULL
                                : null_a || null_b ? EITHER_NULL
                                                   : order(&a, &b, op <= RTQ__NE));
        ((uint8_t *)v->data)[row] = result == 1;
        if (result >= 0)
            continue;
        if (!rtq__vec_valid(scratch, v))
            return RTQ_ERR_NOMEM;
        rtq__bit_clear(v->valid, row);
    }
    return RTQ_OK;
}
