/* evtx_test.c - conjuncts on raw values: integers as they lie in the record, text while it is UTF-16. Whatever does not fit is
 * decoded and given to the tester, whose rules these short cuts repeat. */
#include "sources/evtx/evtx_int.h"
#include <stdlib.h>

static int compare_i64(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

static bool constant_i64(int64_t *out, const rtq__cell *c, uint32_t kind)
{
    if (c->is_null)
        return false;
    if (kind == RTQ_DATETIME ? c->kind == RTQ_DATETIME : c->kind == RTQ_INT || c->kind == RTQ_LONG) {
        *out = c->u.i;
        return true;
    }
    /* fields are compared with numbers as reals: a whole one is as good as the integer */
    if (kind != RTQ_DATETIME && c->kind == RTQ_REAL && c->u.d >= -9007199254740992.0 && c->u.d <= 9007199254740992.0 &&
        (double)(int64_t)c->u.d == c->u.d) {
        *out = (int64_t)c->u.d;
        return true;
    }
    /* text against a numeric column compares as a number */
    return (kind == RTQ_INT || kind == RTQ_LONG) && c->kind == RTQ_STRING && rtq__parse_long(out, c->u.s, c->len);
}

static void range_of(evtx_test *t, uint32_t op, int64_t a, int64_t b)
{
    t->lo = INT64_MIN;
    t->hi = INT64_MAX;
    switch (op) {
    case RTQ_OP_LT:
        t->hi = a == INT64_MIN ? INT64_MIN : a - 1;
        t->lo = a == INT64_MIN ? INT64_MAX : INT64_MIN;
        break;
    case RTQ_OP_LE: t->hi = a; break;
    case RTQ_OP_GT:
        t->lo = a == INT64_MAX ? INT64_MAX : a + 1;
        t->hi = a == INT64_MAX ? INT64_MIN : INT64_MAX;
        break;
    case RTQ_OP_GE: t->lo = a; break;
    case RTQ_OP_BETWEEN:
        t->lo = a;
        t->hi = b;
        break;
    default: t->lo = t->hi = a; break;
    }
}

/* Integer form of a conjunct, if it has one. */
static bool as_integers(rtq__evtx *d, evtx_test *t, const rtq__conjunct *c, bool *ok)
{
    int64_t *v = rtq__arena_alloc(&d->demand, (c->n_values + 1) * sizeof *v);
    if (!v) {
        *ok = false;
        return false;
    }
    for (uint32_t i = 0; i < c->n_values; i++)
        if (!constant_i64(&v[i], &c->values[i], t->kind))
            return false;
    bool many = (t->op == RTQ_OP_IN || t->op == RTQ_OP_EQ) && c->n_values > 1;
    if (!many && c->n_values != (t->op == RTQ_OP_BETWEEN ? 2u : 1u))
        return false;
    if (many) {
        qsort(v, c->n_values, sizeof *v, compare_i64);
        t->mode = TEST_SET;
        t->set = v;
        t->n = c->n_values;
        return true;
    }
    t->mode = TEST_RANGE;
    range_of(t, t->op, v[0], c->n_values > 1 ? v[1] : 0);
    return true;
}

static bool make_needle(rtq__evtx *d, evtx_needle *n, const rtq__cell *c, bool match_case)
{
    uint8_t *out = rtq__arena_alloc(&d->demand, (size_t)c->len * 2 + 2);
    if (!out)
        return false;
    n->utf16 = out;
    n->ascii = n->raw = true;
    rtq__needle_init(&n->utf8, c->u.s, c->len, match_case);
    for (size_t i = 0; i < c->len;) {
        uint32_t cp, units[2], k = 1;
        i += rtq__utf8_next(&cp, c->u.s + i, c->len - i);
        n->ascii &= cp < 0x80;
        n->raw &= cp != 0xFFFD && cp != 0; /* may stand for a lone surrogate; values end at NUL */
        units[0] = cp;
        if (cp > 0xFFFF) {
            units[0] = 0xD800 + ((cp - 0x10000) >> 10);
            units[1] = 0xDC00 + ((cp - 0x10000) & 0x3FF);
            k = 2;
        }
        for (uint32_t u = 0; u < k; u++, n->units++) {
            out[2 * n->units] = (uint8_t)units[u];
            out[2 * n->units + 1] = (uint8_t)(units[u] >> 8);
        }
    }
    n->raw &= match_case || n->ascii;
    return true;
}

static bool as_text(rtq__evtx *d, evtx_test *t, const rtq__conjunct *c, bool *ok)
{
    bool equality = t->op == RTQ_OP_EQ || t->op == RTQ_OP_IN;
    if (!equality && (t->op < RTQ_OP_EQ_NOCASE || t->op > RTQ_OP_ENDSWITH))
        return false;
    for (uint32_t i = 0; i < c->n_values; i++)
        if (c->values[i].kind != RTQ_STRING)
            return false;
    t->needles = rtq__arena_zalloc(&d->demand, (c->n_values + 1) * sizeof *t->needles);
    *ok = t->needles != NULL;
    t->match_case |= equality;
    for (uint32_t i = 0; i < c->n_values && *ok; i++)
        *ok = make_needle(d, &t->needles[i], &c->values[i], t->match_case);
    t->n = c->n_values;
    t->mode = TEST_TEXT;
    return *ok;
}

static bool prepare(rtq__evtx *d, evtx_test *t, rtq__conjunct *c)
{
    bool ok = true;
    t->want = c->want;
    t->kind = d->wants[c->want].kind;
    t->op = (uint8_t)(c->op % RTQ_OP_CASE);
    t->negate = c->op >= RTQ_OP_NOT;
    t->match_case = (c->op - (t->negate ? RTQ_OP_NOT : 0)) > RTQ_OP_CASE;
    if (t->op == RTQ_OP_NE) {
        t->op = RTQ_OP_EQ;
        t->negate = !t->negate;
    }
    t->verdict = c->verdict;
    t->null_result = !t->negate ? 0 : t->op == RTQ_OP_EQ ? 1 : -1;
    if (t->verdict == RTQ_PUSH_NO || c->n_values == 0 || t->op > RTQ_OP_ENDSWITH)
        return true;
    bool number_kind = t->kind == RTQ_INT || t->kind == RTQ_LONG || t->kind == RTQ_DATETIME || t->kind == RTQ_UNKNOWN;
    if (number_kind && t->op <= RTQ_OP_BETWEEN && as_integers(d, t, c, &ok))
        return true;
    if (ok && (t->kind == RTQ_STRING || t->kind == RTQ_UNKNOWN))
        as_text(d, t, c, &ok);
    return ok;
}

int rtq__evtx_tests(rtq__evtx *d)
{
    rtq__demand_table *table = d->table;
    d->n_tests = table->n_conjuncts;
    d->tests = rtq__arena_zalloc(&d->demand, (d->n_tests + 1) * sizeof *d->tests);
    d->null_fold = rtq__arena_zalloc(&d->demand, d->n_tests + 1);
    d->memo = rtq__arena_zalloc(&d->demand, (d->n_tests + 1) * sizeof *d->memo);
    d->alive = rtq__arena_alloc(&d->demand, (table->n_branches + 1) * sizeof *d->alive);
    if (!d->tests || !d->null_fold || !d->memo || !d->alive)
        return RTQ_ERR_NOMEM;
    d->memo_gen = 0;
    for (uint32_t i = 0; i < d->n_tests; i++) {
        table->conjuncts[i].verdict = rtq__tester_verdict(d->tester, i);
        if (!prepare(d, &d->tests[i], &table->conjuncts[i]))
            return RTQ_ERR_NOMEM;
        rtq__cell null = rtq__cell_null(d->tests[i].kind);
        d->null_fold[i] = rtq__evtx_test_cell(d, i, &null) == 0 ? FOLD_NO : FOLD_YES;
    }
    return RTQ_OK;
}

/* ---- running ----------------------------------------------------------------------------------------------------------------- */
int rtq__evtx_test_cell(rtq__evtx *d, uint32_t conjunct, const rtq__cell *cell)
{
    return rtq__tester_test(d->tester, conjunct, cell);
}

static int test_cell(rtq__evtx *d, uint32_t conjunct, const evtx_val *v)
{
    evtx_test *t = &d->tests[conjunct];
    rtq__cell cell;
    bool is_array = (v->type & EVTX_ARRAY) != 0 && (t->kind == RTQ_UNKNOWN || t->kind == RTQ_DYNAMIC);
    bool ok;
    d->dirty = true;
    if (is_array) {
        cell = rtq__cell_null(t->kind);
        ok = rtq__evtx_any(&cell.u.y, d, v, &d->temp);
        cell.is_null = cell.u.y.tag == RTQ__DYN_NULL;
    } else {
        ok = rtq__evtx_cell(&cell, v, t->kind, &d->temp);
    }
    if (!ok) {
        d->error = RTQ_ERR_NOMEM;
        return -1;
    }
    return rtq__tester_test(d->tester, conjunct, &cell);
}

static bool in_set(const evtx_test *t, int64_t x)
{
    uint32_t lo = 0, n = t->n;
    while (n > 1) {
        uint32_t half = n / 2;
        lo += t->set[lo + half] <= x ? half : 0;
        n -= half;
    }
    return t->set[lo] == x;
}

static uint32_t units_of(const evtx_val *v)
{
    uint32_t len = v->len & ~1u, i = 0;
    for (; i + 8 <= len; i += 8) {
        uint64_t x = evtx_u64(v->p + i);
        if (((x - UINT64_C(0x0001000100010001)) & ~x & UINT64_C(0x8000800080008000)) != 0)
            break;
    }
    while (i < len && evtx_u16(v->p + i) != 0)
        i += 2;
    return i / 2;
}

static bool same_nocase(const uint8_t *a, const uint8_t *b, uint32_t units)
{
    for (uint32_t i = 0; i < units; i++) {
        uint32_t x = evtx_u16(a + (size_t)2 * i), y = evtx_u16(b + (size_t)2 * i);
        if (x != y && !((x ^ y) == 0x20 && (x | 0x20) >= 'a' && (x | 0x20) <= 'z'))
            return false;
    }
    return true;
}

static bool raw_holds(const evtx_test *t, const evtx_needle *n, const uint8_t *p, uint32_t units)
{
    bool ends = t->op == RTQ_OP_ENDSWITH;
    bool whole = t->op != RTQ_OP_ENDSWITH && t->op != RTQ_OP_STARTSWITH;
    if (whole ? units != n->units : units < n->units)
        return false;
    if (ends)
        p += (size_t)2 * (units - n->units);
    return t->match_case ? memcmp(p, n->utf16, (size_t)2 * n->units) == 0 : same_nocase(p, n->utf16, n->units);
}

static int test_text(rtq__evtx *d, uint32_t conjunct, const evtx_val *v)
{
    const evtx_test *t = &d->tests[conjunct];
    bool search = t->op == RTQ_OP_HAS || t->op == RTQ_OP_CONTAINS;
    uint32_t units = units_of(v);
    const char *text = NULL;
    size_t len = 0;
    bool any = false;
    for (uint32_t i = 0; i < t->n && !any; i++) {
        const evtx_needle *n = &t->needles[i];
        if (!search) {
            if (!n->raw)
                return test_cell(d, conjunct, v);
            any = raw_holds(t, n, v->p, units);
            continue;
        }
        if (n->raw && n->units > units)
            continue;
        if (!text) {
            char *out = rtq__evtx_room(&d->temp, (size_t)units * 3 + 8);
            if (!out) {
                d->error = RTQ_ERR_NOMEM;
                return -1;
            }
            len = rtq__evtx_utf8(out, v->p, units * 2);
            text = out; /* not kept: the room is used again */
        }
        any = t->op == RTQ_OP_HAS ? rtq__needle_has(&n->utf8, text, len, RTQ__TERM_BEGIN | RTQ__TERM_END)
                                  : rtq__needle_find(&n->utf8, text, len) >= 0;
    }
    return any != t->negate;
}

int rtq__evtx_test(rtq__evtx *d, uint32_t conjunct, const evtx_val *v)
{
    static const evtx_val empty = {(const uint8_t *)"", 0, EVTX_STRING};
    const evtx_test *t = &d->tests[conjunct];
    int64_t x;
    switch (t->mode) {
    case TEST_RANGE:
    case TEST_SET: {
        int rc = rtq__evtx_integer(&x, v, t->kind);
        if (rc < 0)
            return test_cell(d, conjunct, v);
        if (rc == 0)
            return t->null_result;
        bool in = t->mode == TEST_RANGE ? x >= t->lo && x <= t->hi : in_set(t, x);
        return in != t->negate;
    }
    case TEST_TEXT:
        if (v->type == EVTX_STRING)
            return test_text(d, conjunct, v);
        return v->type == EVTX_NULL ? test_text(d, conjunct, &empty) : test_cell(d, conjunct, v);
    default: return test_cell(d, conjunct, v);
    }
}
