/* fn_nocase.c - =~ and !~. Beside an ASCII constant, text of another length is out at once and the rest is compared 8 bytes at a
 * time. */
#include "base/text.h"
#include "fn/convert.h"
#include "fn/eval.h"
#include "fn/families.h"
#include "fn/fold8.h"

typedef struct needle {
    uint32_t len, arg; /* arg: which side is the constant */
    char lower[];
} needle;

static int nocase_prepare(void **out, rtq__mem *mem, const rtq__fn *fn, const rtq__cell *const *args, uint32_t n_args,
                          rtq_diag *diag, size_t begin, size_t end)
{
    (void)fn, (void)n_args, (void)diag, (void)begin, (void)end;
    uint32_t arg = args[1] ? 1 : 0;
    const rtq__cell *c = args[arg];
    if (!c || c->kind != RTQ_STRING)
        return RTQ_OK;
    needle *n = rtq__alloc(mem, sizeof *n + c->len + 1);
    if (!n)
        return RTQ_ERR_NOMEM;
    n->len = c->len;
    n->arg = arg;
    if (rtq__lower_ascii(n->lower, c->u.s, c->len))
        *out = n;
    else
        rtq__free(mem, n);
    return RTQ_OK;
}

static void nocase_unprepare(rtq__mem *mem, void *state)
{
    rtq__free(mem, state);
}

static inline bool equal_needle(const rtq__string *s, const needle *n)
{
    return s->len == n->len && rtq__equal_lower(rtq__string_ptr(s), n->lower, n->len);
}

static const rtq__string *text_at(const rtq__vec *v, uint32_t row)
{
    return (const rtq__string *)v->data + rtq__vec_at(v, row);
}

/* Both sides as text: absent fields are "". */
static int sides(rtq__vec *v[2], const rtq__fcall *call)
{
    int rc = rtq__vec_convert(&v[0], call, call->args[0], RTQ_STRING);
    return rc != RTQ_OK ? rc : rtq__vec_convert(&v[1], call, call->args[1], RTQ_STRING);
}

static bool equal_row(rtq__vec *const v[2], const needle *n, uint32_t row)
{
    if (n)
        return equal_needle(text_at(v[1 - n->arg], row), n);
    const rtq__string *a = text_at(v[0], row), *b = text_at(v[1], row);
    return rtq__equal_nocase(rtq__string_ptr(a), a->len, rtq__string_ptr(b), b->len);
}

static int vec_nocase(rtq__vec **out, rtq__fcall *call)
{
    rtq__vec *v[2], *result = *out = rtq__vec_new(call->eval->scratch, RTQ_BOOL, call->n);
    bool negated = call->fn->tag != 0;
    int rc = result ? sides(v, call) : RTQ_ERR_NOMEM;
    for (uint32_t i = 0; rc == RTQ_OK && i < call->n_sel; i++) {
        uint32_t row = call->sel ? call->sel[i] : i;
        ((uint8_t *)result->data)[row] = equal_row(v, call->state, row) != negated;
    }
    return rc;
}

static int filter_nocase(rtq__sel *out, uint32_t *n_out, rtq__fcall *call)
{
    rtq__vec *v[2];
    bool negated = call->fn->tag != 0;
    uint32_t n = 0;
    int rc = sides(v, call);
    for (uint32_t i = 0; rc == RTQ_OK && i < call->n_sel; i++) {
        uint32_t row = call->sel ? call->sel[i] : i;
        out[n] = (rtq__sel)row;
        n += equal_row(v, call->state, row) != negated;
    }
    *n_out = n;
    return rc;
}

#define EQUAL(name_, a, b, tag_, page_)                                                                       \
    {                                                                                                         \
        .name = name_, .args = a ", " b, .ret = "bool", .nulls = RTQ__NULL_CUSTOM, .flags = RTQ__FN_OPERATOR, \
        .vec = vec_nocase, .filter = filter_nocase, .prepare = nocase_prepare, .unprepare = nocase_unprepare, \
        .tag = tag_, .doc = "equality of text without regard to case", .page = page_                          \
    }
#define EQUAL_ALL(name, tag, page)                                                           \
    EQUAL(name, "string", "string", tag, page), EQUAL(name, "dynamic", "string", tag, page), \
        EQUAL(name, "string", "dynamic", tag, page), EQUAL(name, "dynamic", "dynamic", tag, page)

const rtq__fn rtq__fns_nocase[] = {
    EQUAL_ALL("=~", 0, "equals-operator"),
    EQUAL_ALL("!~", 1, "not-equals-operator"),
};
RTQ__FAMILY_COUNT(nocase)
