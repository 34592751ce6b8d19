/* fn_match.c - contains, has, startswith … : one needle against the text of each row. */
#include "base/text.h"
#include "fn/families.h"
#include "fn/fn_text.h"

enum { CONTAINS, HAS, HAS_PREFIX, HAS_SUFFIX, STARTS, ENDS, OP = 7, CASE = 8, NOT = 16 }; /* tag of a row */

typedef struct matcher {
    rtq__needle needle;
    char text[];
} matcher;

static int prepare(void **out, rtq__mem *mem, const rtq__fn *fn, const rtq__cell *const *args, uint32_t n_args,
                   rtq_diag *diag, size_t begin, size_t end)
{
    (void)diag, (void)begin, (void)end;
    if (n_args < 2 || !args[1] || args[1]->kind != RTQ_STRING)
        return RTQ_OK;
    matcher *m = rtq__alloc(mem, sizeof *m + args[1]->len);
    if (!m)
        return RTQ_ERR_NOMEM;
    if (args[1]->len)
        memcpy(m->text, args[1]->u.s, args[1]->len);
    rtq__needle_init(&m->needle, m->text, args[1]->len, fn->tag & CASE);
    *out = m;
    return RTQ_OK;
}

static void unprepare(rtq__mem *mem, void *state)
{
    rtq__free(mem, state);
}

static inline unsigned char lower(char c)
{
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
}

static bool equal_ascii(const char *a, const char *b, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (lower(a[i]) != lower(b[i]))
            return false;
    return true;
}

/* Folded code points may differ in length, so the two are walked side by side, from the front or from the back. */
static bool starts_folded(const char *hay, size_t len, const rtq__needle *n)
{
    size_t h = 0, k = 0;
    uint32_t a, b;
    while (k < n->len) {
        if (h >= len)
            return false;
        h += rtq__utf8_next(&a, hay + h, len - h);
        k += rtq__utf8_next(&b, n->ptr + k, n->len - k);
        if (a != b && rtq__fold(a) != rtq__fold(b))
            return false;
    }
    return true;
}

static bool ends_folded(const char *hay, size_t len, const rtq__needle *n)
{
    size_t k = n->len;
    uint32_t a, b;
    while (k > 0) {
        if (len == 0)
            return false;
        len -= rtq__utf8_previous(&a, hay, len);
        k -= rtq__utf8_previous(&b, n->ptr, k);
        if (a != b && rtq__fold(a) != rtq__fold(b))
            return false;
    }
    return true;
}

static inline bool at_place(const char *hay, const rtq__needle *n)
{
    return n->match_case ? !memcmp(hay, n->ptr, n->len) : equal_ascii(hay, n->ptr, n->len);
}

static inline __attribute__((always_inline)) bool test(int op, const rtq__needle *n, const char *hay, size_t len)
{
    bool bytes = n->match_case || n->ascii;
    switch (op) {
    case CONTAINS: return rtq__needle_find(n, hay, len) >= 0;
    case HAS: return rtq__needle_has(n, hay, len, RTQ__TERM_BEGIN | RTQ__TERM_END);
    case HAS_PREFIX: return rtq__needle_has(n, hay, len, RTQ__TERM_BEGIN);
    case HAS_SUFFIX: return rtq__needle_has(n, hay, len, RTQ__TERM_END);
    case STARTS: return bytes ? len >= n->len && at_place(hay, n) : starts_folded(hay, len, n);
    default: return bytes ? len >= n->len && at_place(hay + len - n->len, n) : ends_folded(hay, len, n);
    }
}

/* One row, whatever its arguments are. */
static bool test_row(const rtq__fcall *call, uint32_t row, const rtq__needle *prepared)
{
    rtq__cell a = rtq__vec_get(call->args[0], row), b;
    rtq__buf *buf = &call->eval->text;
    rtq__needle needle;
    if (!prepared) {
        rtq__buf other;
        b = rtq__vec_get(call->args[1], row);
        if (b.kind == RTQ_STRING || b.is_null || b.u.y.tag == RTQ__DYN_STRING) {
            rtq_str text = rtq__text_of(&b, buf);
            rtq__needle_init(&needle, text.ptr, text.len, call->fn->tag & CASE);
        } else { /* both may need the buffer: the needle gets a copy on the scratch arena */
            rtq__buf_borrow(&other, call->eval->scratch);
            rtq_str text = rtq__text_of(&b, &other);
            const char *copy = rtq__arena_strndup(call->eval->scratch, text.ptr, text.len);
            rtq__buf_give_back(&other, call->eval->scratch);
            rtq__needle_init(&needle, copy ? copy : "", copy ? text.len : 0, call->fn->tag & CASE);
        }
        prepared = &needle;
    }
    rtq_str hay = rtq__text_of(&a, buf);
    return test((int)(call->fn->tag & OP), prepared, hay.ptr, hay.len);
}

static inline __attribute__((always_inline)) uint32_t loop(int op, rtq__sel *out, const rtq__fcall *call,
                                                           const rtq__needle *needle)
{
    const rtq__string *cells = call->args[0]->data;
    bool want = !(call->fn->tag & NOT);
    uint32_t n = 0;
    for (uint32_t i = 0; i < call->n_sel; i++) {
        uint32_t row = call->sel ? call->sel[i] : i;
        out[n] = (rtq__sel)row;
        n += test(op, needle, rtq__string_ptr(&cells[row]), cells[row].len) == want;
    }
    return n;
}

/* Fields of open records: nearly all are text. */
static inline __attribute__((always_inline)) uint32_t loop_dyn(int op, rtq__sel *out, const rtq__fcall *call,
                                                               const rtq__needle *needle)
{
    const rtq__vec *v = call->args[0];
    const rtq__dyn *cells = v->data;
    bool want = !(call->fn->tag & NOT);
    uint32_t n = 0;
    for (uint32_t i = 0; i < call->n_sel; i++) {
        uint32_t row = call->sel ? call->sel[i] : i;
        const rtq__dyn *d = &cells[row];
        out[n] = (rtq__sel)row;
        if (v->valid && !rtq__bit(v->valid, row)) {
            n += test(op, needle, "", 0) == want;
        } else if (d->tag == RTQ__DYN_STRING) {
            n += test(op, needle, d->len ? d->u.p : "", d->len) == want;
        } else {
            rtq_str text = rtq__text_of_dyn(d, &call->eval->text);
            n += test(op, needle, text.ptr, text.len) == want;
        }
    }
    return n;
}

static int filter(rtq__sel *out, uint32_t *n_out, rtq__fcall *call)
{
    const matcher *m = call->state;
    const rtq__vec *v = call->args[0];
    if (m && v->kind == RTQ_STRING && v->form == RTQ__FLAT) {
        switch (call->fn->tag & OP) {
        case CONTAINS: *n_out = loop(CONTAINS, out, call, &m->needle); break;
        case HAS: *n_out = loop(HAS, out, call, &m->needle); break;
        case HAS_PREFIX: *n_out = loop(HAS_PREFIX, out, call, &m->needle); break;
        case HAS_SUFFIX: *n_out = loop(HAS_SUFFIX, out, call, &m->needle); break;
        case STARTS: *n_out = loop(STARTS, out, call, &m->needle); break;
        default: *n_out = loop(ENDS, out, call, &m->needle); break;
        }
        return RTQ_OK;
    }
    if (m && v->kind != RTQ_STRING && v->form == RTQ__FLAT) {
        switch (call->fn->tag & OP) {
        case CONTAINS: *n_out = loop_dyn(CONTAINS, out, call, &m->needle); break;
        case HAS: *n_out = loop_dyn(HAS, out, call, &m->needle); break;
        case HAS_PREFIX: *n_out = loop_dyn(HAS_PREFIX, out, call, &m->needle); break;
        case HAS_SUFFIX: *n_out = loop_dyn(HAS_SUFFIX, out, call, &m->needle); break;
        case STARTS: *n_out = loop_dyn(STARTS, out, call, &m->needle); break;
        default: *n_out = loop_dyn(ENDS, out, call, &m->needle); break;
        }
        return call->eval->text.failed ? RTQ_ERR_NOMEM : RTQ_OK;
    }
    bool want = !(call->fn->tag & NOT);
    uint32_t n = 0;
    for (uint32_t i = 0; i < call->n_sel; i++) {
        uint32_t row = call->sel ? call->sel[i] : i;
        out[n] = (rtq__sel)row;
        n += test_row(call, row, m ? &m->needle : NULL) == want;
    }
    *n_out = n;
    return call->eval->text.failed ? RTQ_ERR_NOMEM : RTQ_OK;
}

static int vec(rtq__vec **out, rtq__fcall *call)
{
    const matcher *m = call->state;
    bool want = !(call->fn->tag & NOT);
    *out = rtq__vec_new(call->eval->scratch, RTQ_BOOL, call->n);
    if (!*out)
        return RTQ_ERR_NOMEM;
    uint8_t *cells = (*out)->data;
    for (uint32_t i = 0; i < call->n_sel; i++) {
        uint32_t row = call->sel ? call->sel[i] : i;
        cells[row] = test_row(call, row, m ? &m->needle : NULL) == want;
    }
    return call->eval->text.failed ? RTQ_ERR_NOMEM : RTQ_OK;
}

/* clang-format off */
#define ROW(op, params, bits, text, ref) \
    {.name = op, .args = params, .ret = "bool", .nulls = RTQ__NULL_CUSTOM, .flags = RTQ__FN_OPERATOR, .vec = vec, .filter = filter, \
     .prepare = prepare, .unprepare = unprepare, .doc = text, .page = ref, .tag = bits}
#define ROWS(op, bits, text, ref) \
    ROW(op, "string, string", bits, text, ref), ROW(op, "dynamic, string", bits, text, ref), \
    ROW(op, "string, dynamic", bits, text, ref), ROW(op, "dynamic, dynamic", bits, text, ref)

const rtq__fn rtq__fns_match[] = {
    ROWS("contains", CONTAINS, "Text occurs in the value, case ignored.", "contains-operator"),
    ROWS("!contains", CONTAINS | NOT, "Text does not occur in the value, case ignored.", "not-contains-operator"),
    ROWS("contains_cs", CONTAINS | CASE, "Text occurs in the value.", "contains-cs-operator"),
    ROWS("!contains_cs", CONTAINS | CASE | NOT, "Text does not occur in the value.", "not-contains-cs-operator"),
    ROWS("has", HAS, "Text occurs as whole terms, case ignored.", "has-operator"),
    ROWS("!has", HAS | NOT, "Text does not occur as whole terms, case ignored.", "not-has-operator"),
    ROWS("has_cs", HAS | CASE, "Text occurs as whole terms.", "has-cs-operator"),
    ROWS("!has_cs", HAS | CASE | NOT, "Text does not occur as whole terms.", "not-has-cs-operator"),
    ROWS("hasprefix", HAS_PREFIX, "A term begins with the text, case ignored.", "hasprefix-operator"),
    ROWS("!hasprefix", HAS_PREFIX | NOT, "No term begins with the text, case ignored.", "not-hasprefix-operator"),
    ROWS("hasprefix_cs", HAS_PREFIX | CASE, "A term begins with the text.", "hasprefix-cs-operator"),
    ROWS("!hasprefix_cs", HAS_PREFIX | CASE | NOT, "No term begins with the text.", "not-hasprefix-cs-operator"),
    ROWS("hassuffix", HAS_SUFFIX, "A term ends with the text, case ignored.", "hassuffix-operator"),
    ROWS("!hassuffix", HAS_SUFFIX | NOT, "No term ends with the text, case ignored.", "not-hassuffix-operator"),
    ROWS("hassuffix_cs", HAS_SUFFIX | CASE, "A term ends with the text.", "hassuffix-cs-operator"),
    ROWS("!hassuffix_cs", HAS_SUFFIX | CASE | NOT, "No term ends with the text.", "not-hassuffix-cs-operator"),
    ROWS("startswith", STARTS, "The value begins with the text, case ignored.", "startswith-operator"),
    ROWS("!startswith", STARTS | NOT, "The value does not begin with the text, case ignored.", "not-startswith-operator"),
    ROWS("startswith_cs", STARTS | CASE, "The value begins with the text.", "startswith-cs-operator"),
    ROWS("!startswith_cs", STARTS | CASE | NOT, "The value does not begin with the text.", "not-startswith-cs-operator"),
    ROWS("endswith", ENDS, "The value ends with the text, case ignored.", "endswith-operator"),
    ROWS("!endswith", ENDS | NOT, "The value does not end with the text, case ignored.", "not-endswith-operator"),
    ROWS("endswith_cs", ENDS | CASE, "The value ends with the text.", "endswith-cs-operator"),
    ROWS("!endswith_cs", ENDS | CASE | NOT, "The value does not end with the text.", "not-endswith-cs-operator"),
};
/* clang-format on */
RTQ__FAMILY_COUNT(match)
