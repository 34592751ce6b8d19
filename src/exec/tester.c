/* tester.c - conjuncts tested on single values, for decoders that reject rows themselves.
 *
 * The rules are those of the engine's kernels: null compares false (`!=` true), a string is never null, and a value of type
 * unknown is converted to the type of the constant first (string for text operators). What is not certain is -1: the row
 * stays, and the engine decides. */
#include "base/text.h"
#include "base/time.h"
#include "exec/source.h"
#include "value/dyn.h"

/* A constant, in every form that a comparison may need. */
typedef struct constant {
    const rtq__cell *cell;
    bool is_long, is_real, is_guid; /* text that reads as such, or a number */
    int64_t i;
    double d;
    uint8_t guid[16];
} constant;

typedef struct prepared {
    constant *values;
    uint32_t n, op; /* without CASE and NOT */
    bool negate, match_case;
    uint8_t kind; /* of the want */
    uint8_t verdict;
} prepared;

struct rtq__tester {
    rtq__mem *mem;
    prepared *conjuncts;
    uint32_t n;
    rtq__buf text; /* of values that are no strings */
};

enum { UNSURE = -1, NO = 0, YES = 1 };

static bool is_int_kind(uint32_t kind)
{
    return kind == RTQ_BOOL || kind == RTQ_INT || kind == RTQ_LONG;
}

static void prepare_constant(constant *c, const rtq__cell *cell)
{
    memset(c, 0, sizeof *c);
    c->cell = cell;
    if (cell->is_null)
        return;
    if (cell->kind == RTQ_STRING) {
        c->is_long = rtq__parse_long(&c->i, cell->u.s, cell->len);
        c->is_real = rtq__parse_real(&c->d, cell->u.s, cell->len);
        c->is_guid = rtq__parse_guid(c->guid, cell->u.s, cell->len);
    } else if (cell->kind == RTQ_REAL) {
        c->is_real = true;
        c->d = cell->u.d;
    } else if (is_int_kind(cell->kind)) {
        c->is_long = c->is_real = true;
        c->i = cell->u.i;
        c->d = (double)cell->u.i;
    } else if (cell->kind == RTQ_DATETIME || cell->kind == RTQ_TIMESPAN) {
        c->i = cell->u.i;
    } else if (cell->kind == RTQ_GUID) {
        c->is_guid = true;
        memcpy(c->guid, cell->u.b, 16);
    }
}

static bool is_text_op(uint32_t op)
{
    return (op >= RTQ_OP_EQ_NOCASE && op <= RTQ_OP_ENDSWITH);
}

static bool is_order_op(uint32_t op)
{
    return (op >= RTQ_OP_LT && op <= RTQ_OP_GE) || op == RTQ_OP_BETWEEN;
}

/* What can be promised about a comparison of a value of the want's kind with this constant. */
static uint8_t verdict_of_pair(const prepared *p, const constant *c)
{
    uint32_t value = c->cell->kind, want = p->kind;
    if (c->cell->is_null || want == RTQ_DYNAMIC || want == RTQ_DECIMAL || value == RTQ_DECIMAL ||
        value == RTQ_DYNAMIC || value == RTQ_UNKNOWN)
        return RTQ_PUSH_NO;
    if (is_text_op(p->op))
        return value == RTQ_STRING && (want == RTQ_STRING || want == RTQ_UNKNOWN) ? RTQ_PUSH_EXACT : RTQ_PUSH_NO;
    if (want == RTQ_UNKNOWN)
        return value == RTQ_STRING && !is_order_op(p->op) ? RTQ_PUSH_EXACT : RTQ_PUSH_SUPERSET;
    if (want == value)
        return want == RTQ_GUID && is_order_op(p->op) ? RTQ_PUSH_NO : RTQ_PUSH_EXACT;
    bool numbers = (is_int_kind(want) || want == RTQ_REAL) && (is_int_kind(value) || value == RTQ_REAL);
    if (numbers)
        return RTQ_PUSH_EXACT;
    if (is_order_op(p->op))
        return RTQ_PUSH_NO;
    if ((is_int_kind(want) && value == RTQ_STRING) || (want == RTQ_STRING && is_int_kind(value)) ||
        (want == RTQ_GUID && value == RTQ_STRING) || (want == RTQ_STRING && value == RTQ_GUID))
        return RTQ_PUSH_SUPERSET;
    return RTQ_PUSH_NO;
}

static uint8_t verdict_of(const prepared *p)
{
    if (p->op == RTQ_OP_ISNULL || p->op == RTQ_OP_NOTNULL)
        return p->kind == RTQ_DYNAMIC ? RTQ_PUSH_SUPERSET : RTQ_PUSH_EXACT;
    if (p->op < RTQ_OP_EQ || p->op > RTQ_OP_ENDSWITH || p->n == 0 || (p->op == RTQ_OP_BETWEEN && p->n != 2))
        return RTQ_PUSH_NO;
    uint8_t worst = RTQ_PUSH_EXACT;
    for (uint32_t i = 0; i < p->n; i++) {
        uint8_t v = verdict_of_pair(p, &p->values[i]);
        bool mixed = p->values[i].cell->kind != p->values[0].cell->kind;
        if (mixed &&
            (p->kind == RTQ_UNKNOWN || p->values[i].cell->kind == RTQ_STRING || p->values[0].cell->kind == RTQ_STRING))
            v = RTQ_PUSH_NO;
        if (v < worst)
            worst = v;
    }
    /* null under a negated list or range, see null_result(); a string is never null */
    bool unsure_null = (p->op == RTQ_OP_IN || p->op == RTQ_OP_BETWEEN) && p->negate && p->kind != RTQ_STRING;
    return worst == RTQ_PUSH_EXACT && unsure_null ? RTQ_PUSH_SUPERSET : worst;
}

int rtq__tester_new(rtq__tester **out, rtq__mem *mem, const rtq__demand_table *table)
{
    rtq__tester *t = rtq__calloc(mem, 1, sizeof *t);
    if (!t)
        return RTQ_ERR_NOMEM;
    t->mem = mem;
    t->n = table->n_conjuncts;
    rtq__buf_init(&t->text, mem);
    t->conjuncts = rtq__calloc(mem, t->n ? t->n : 1, sizeof *t->conjuncts);
    if (!t->conjuncts)
        goto fail;
    for (uint32_t i = 0; i < t->n; i++) {
        const rtq__conjunct *c = &table->conjuncts[i];
        prepared *p = &t->conjuncts[i];
        p->op = c->op;
        if (p->op >= RTQ_OP_NOT) {
            p->negate = true;
            p->op -= RTQ_OP_NOT;
        }
        if (p->op > RTQ_OP_CASE) {
            p->match_case = true;
            p->op -= RTQ_OP_CASE;
        }
        if (p->op == RTQ_OP_NE) {
            p->negate = !p->negate;
            p->op = RTQ_OP_EQ;
        }
        p->kind = table->wants[c->want].kind;
        p->values = rtq__calloc(mem, c->n_values ? c->n_values : 1, sizeof *p->values);
        if (!p->values)
            goto fail;
        p->n = c->n_values;
        for (uint32_t k = 0; k < p->n; k++)
            prepare_constant(&p->values[k], &c->values[k]);
        p->verdict = verdict_of(p);
    }
    *out = t;
    return RTQ_OK;
fail:
    rtq__tester_free(t);
    return RTQ_ERR_NOMEM;
}

void rtq__tester_free(rtq__tester *t)
{
    if (!t)
        return;
    for (uint32_t i = 0; t->conjuncts && i < t->n; i++)
        rtq__free(t->mem, t->conjuncts[i].values);
    rtq__free(t->mem, t->conjuncts);
    rtq__buf_free(&t->text);
    rtq__free(t->mem, t);
}

uint8_t rtq__tester_verdict(const rtq__tester *t, uint32_t conjunct)
{
    return t->conjuncts[conjunct].verdict;
}

/* ---- text ---------------------------------------------------------------------------------------------------------- */
/* Folding may change the length in bytes, so both walk code points. */
static bool starts_nocase(const char *s, size_t len, const char *needle, size_t n)
{
    size_t i = 0, k = 0;
    while (k < n) {
        uint32_t a, b;
        if (i >= len)
            return false;
        i += rtq__utf8_next(&a, s + i, len - i);
        k += rtq__utf8_next(&b, needle + k, n - k);
        if (rtq__fold(a) != rtq__fold(b))
            return false;
    }
    return true;
}

static bool ends_nocase(const char *s, size_t len, const char *needle, size_t n)
{
    size_t i = len;
    for (size_t points = rtq__utf8_length(needle, n); points > 0; points--) {
        if (i == 0)
            return false;
        do
            i--;
        while (i > 0 && ((unsigned char)s[i] & 0xC0) == 0x80);
    }
    return rtq__equal_nocase(s + i, len - i, needle, n);
}

static bool text_holds(const prepared *p, const char *s, size_t len, const rtq__cell *v)
{
    bool cs = p->match_case;
    size_t n = v->len;
    switch (p->op) {
    case RTQ_OP_EQ:
    case RTQ_OP_IN: return len == n && memcmp(s, v->u.s, n) == 0;
    case RTQ_OP_EQ_NOCASE: return cs ? len == n && memcmp(s, v->u.s, n) == 0 : rtq__equal_nocase(s, len, v->u.s, n);
    case RTQ_OP_HAS: return rtq__has_term(s, len, v->u.s, n, cs);
    case RTQ_OP_CONTAINS: return (cs ? rtq__find(s, len, v->u.s, n) : rtq__find_nocase(s, len, v->u.s, n)) >= 0;
    case RTQ_OP_STARTSWITH: return cs ? len >= n && memcmp(s, v->u.s, n) == 0 : starts_nocase(s, len, v->u.s, n);
    case RTQ_OP_ENDSWITH: return cs ? len >= n && memcmp(s + len - n, v->u.s, n) == 0 : ends_nocase(s, len, v->u.s, n);
    default: return true;
    }
}

static int test_text(const prepared *p, const char *s, size_t len)
{
    bool any = false;
    for (uint32_t i = 0; i < p->n && !any; i++)
        any = text_holds(p, s, len, p->values[i].cell);
    return any != p->negate;
}

/* ---- numbers ------------------------------------------------------------------------------------------------------- */
static bool holds_order(uint32_t op, int order /* -1, 0, 1; 2: unordered (NaN) */)
{
    switch (op) {
    case RTQ_OP_LT: return order == -1;
    case RTQ_OP_LE: return order == -1 || order == 0;
    case RTQ_OP_GT: return order == 1;
    case RTQ_OP_GE: return order == 0 || order == 1;
    default: return order == 0;
    }
}

static int order_i(int64_t a, int64_t b)
{
    return a < b ? -1 : a > b;
}

static int order_d(double a, double b)
{
    return a < b ? -1 : a > b ? 1 : a == b ? 0 : 2;
}

/* `order` of the value against constants 0 … n-1 is asked for through this. */
typedef int (*order_fn)(const void *value, const constant *c);

static int test_ordered(const prepared *p, const void *value, order_fn order)
{
    bool any = false;
    if (p->op == RTQ_OP_BETWEEN) {
        any = holds_order(RTQ_OP_GE, order(value, &p->values[0])) &&
              holds_order(RTQ_OP_LE, order(value, &p->values[1]));
    } else {
        for (uint32_t i = 0; i < p->n && !any; i++)
            any = holds_order(p->op, order(value, &p->values[i]));
    }
    return any != p->negate;
}

static int order_text(const void *value, const constant *c)
{
    rtq__string a = rtq__string_make(((const rtq__cell *)value)->u.s, ((const rtq__cell *)value)->len);
    rtq__string b = rtq__string_make(c->cell->u.s, c->cell->len);
    int order = rtq__string_compare(&a, &b);
    return order < 0 ? -1 : order > 0;
}

/* A whole number (or 0/1) against a number, or against text that reads as one (else unordered: null). */
static int order_number(const void *value, const constant *c)
{
    int64_t i = *(const int64_t *)value;
    if (c->is_long)
        return order_i(i, c->i);
    return c->is_real && c->cell->kind == RTQ_REAL ? order_d((double)i, c->d) : 2;
}

static int order_real(const void *value, const constant *c)
{
    return c->is_real ? order_d(*(const double *)value, c->d) : 2;
}

static int order_ticks(const void *value, const constant *c)
{
    return order_i(*(const int64_t *)value, c->i);
}

static int order_guid(const void *value, const constant *c)
{
    return c->is_guid ? order_i(memcmp(value, c->guid, 16), 0) : 2;
}

/* ---- nulls --------------------------------------------------------------------------------------------------------- */
static int null_result(const prepared *p)
{
    if (!p->negate)
        return NO;
    return p->op == RTQ_OP_EQ ? YES : UNSURE;
}

/* ---- values of a known kind ------------------------------------------------------------------------------------------ */
static int test_string(const prepared *p, const rtq__cell *cell)
{
    uint32_t value = p->values[0].cell->kind;
    if (value == RTQ_STRING)
        return is_order_op(p->op) ? test_ordered(p, cell, order_text) : test_text(p, cell->u.s, cell->len);
    /* text with a number or a guid: compared as that; text that is none is null */
    int64_t i;
    uint8_t guid[16];
    if (value == RTQ_GUID)
        return rtq__parse_guid(guid, cell->u.s, cell->len) ? test_ordered(p, guid, order_guid) : null_result(p);
    if (rtq__parse_long(&i, cell->u.s, cell->len))
        return test_ordered(p, &i, order_number);
    double d;
    return rtq__parse_real(&d, cell->u.s, cell->len) ? UNSURE : null_result(p);
}

static int test_long(const prepared *p, int64_t i)
{
    for (uint32_t k = 0; k < p->n; k++)
        if (p->values[k].cell->kind == RTQ_STRING && !p->values[k].is_long && p->values[k].is_real)
            return UNSURE;
    return test_ordered(p, &i, order_number);
}

/* ---- values of kind unknown ------------------------------------------------------------------------------------------ */
static int unknown_as_text(rtq__tester *t, const prepared *p, const rtq__dyn *y)
{
    if (y->tag == RTQ__DYN_STRING)
        return test_text(p, y->u.p, y->len);
    if (y->tag == RTQ__DYN_NULL)
        return test_text(p, "", 0);
    rtq__buf_clear(&t->text);
    rtq__dyn_print_text(&t->text, y);
    return t->text.failed ? UNSURE : test_text(p, t->text.len ? t->text.ptr : "", t->text.len);
}

static int unknown_as_long(const prepared *p, const rtq__dyn *y)
{
    int64_t i;
    double d;
    if (y->tag == RTQ__DYN_LONG || y->tag == RTQ__DYN_BOOL)
        return test_ordered(p, &y->u.i, order_number);
    if (y->tag != RTQ__DYN_STRING)
        return UNSURE;
    if (rtq__parse_long(&i, y->u.p, y->len))
        return test_ordered(p, &i, order_number);
    return rtq__parse_real(&d, y->u.p, y->len) ? UNSURE : null_result(p);
}

static int unknown_as_real(const prepared *p, const rtq__dyn *y)
{
    double d;
    switch (y->tag) {
    case RTQ__DYN_LONG: d = (double)y->u.i; break;
    case RTQ__DYN_REAL: d = y->u.d; break;
    case RTQ__DYN_STRING:
        if (!rtq__parse_real(&d, y->u.p, y->len))
            return UNSURE; /* may still be hexadecimal */
        break;
    default: return UNSURE;
    }
    return test_ordered(p, &d, order_real);
}

static int unknown_as_ticks(const prepared *p, const rtq__dyn *y, uint32_t kind)
{
    int64_t i;
    if (y->tag == (kind == RTQ_DATETIME ? RTQ__DYN_DATETIME : RTQ__DYN_TIMESPAN))
        return test_ordered(p, &y->u.i, order_ticks);
    if (y->tag != RTQ__DYN_STRING)
        return UNSURE;
    bool ok = kind == RTQ_DATETIME ? rtq__parse_datetime(&i, y->u.p, y->len) : rtq__parse_timespan(&i, y->u.p, y->len);
    return ok ? test_ordered(p, &i, order_ticks) : UNSURE;
}

static int unknown_as_guid(const prepared *p, const rtq__dyn *y)
{
    uint8_t guid[16];
    if (y->tag == RTQ__DYN_GUID)
        return test_ordered(p, y->u.p, order_guid);
    if (y->tag == RTQ__DYN_STRING && rtq__parse_guid(guid, y->u.p, y->len))
        return test_ordered(p, guid, order_guid);
    return UNSURE;
}

static int test_unknown(rtq__tester *t, const prepared *p, const rtq__dyn *y)
{
    uint32_t kind = p->values[0].cell->kind;
    for (uint32_t i = 1; i < p->n; i++)
        if (p->values[i].cell->kind != kind)
            return UNSURE;
    if (kind == RTQ_STRING)
        return is_order_op(p->op) ? UNSURE : unknown_as_text(t, p, y);
    if (y->tag == RTQ__DYN_NULL)
        return null_result(p);
    switch (kind) {
    case RTQ_INT:
    case RTQ_LONG: return unknown_as_long(p, y);
    case RTQ_REAL: return unknown_as_real(p, y);
    case RTQ_DATETIME:
    case RTQ_TIMESPAN: return unknown_as_ticks(p, y, kind);
    case RTQ_GUID: return unknown_as_guid(p, y);
    default: return UNSURE;
    }
}

int rtq__tester_test(const rtq__tester *tester, uint32_t conjunct, const rtq__cell *cell)
{
    const prepared *p = &tester->conjuncts[conjunct];
    if (p->verdict == RTQ_PUSH_NO)
        return UNSURE;
    bool is_dyn = cell->kind == RTQ_DYNAMIC || cell->kind == RTQ_UNKNOWN;
    bool is_null = cell->kind != RTQ_STRING && (cell->is_null || (is_dyn && cell->u.y.tag == RTQ__DYN_NULL));
    if (p->op == RTQ_OP_ISNULL || p->op == RTQ_OP_NOTNULL)
        return is_null == ((p->op == RTQ_OP_ISNULL) != p->negate);
    if (is_dyn && p->kind == RTQ_UNKNOWN) {
        rtq__dyn none = {0};
        return test_unknown((rtq__tester *)(uintptr_t)tester, p, is_null ? &none : &cell->u.y);
    }
    if (cell->kind != p->kind)
        return UNSURE;
    if (is_null)
        return null_result(p);
    switch (cell->kind) {
    case RTQ_STRING: return test_string(p, cell);
    case RTQ_BOOL:
    case RTQ_INT:
    case RTQ_LONG: return test_long(p, cell->u.i);
    case RTQ_REAL: return test_ordered(p, &cell->u.d, order_real);
    case RTQ_DATETIME:
    case RTQ_TIMESPAN: return test_ordered(p, &cell->u.i, order_ticks);
    case RTQ_GUID: return test_ordered(p, cell->u.b, order_guid);
    default: return UNSURE;
    }
}
