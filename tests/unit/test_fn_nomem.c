/* Every allocation of compiling and running an expression fails once: the error comes back, nothing leaks, nothing crashes. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include "base/diag.h"
#include "fx.h"

typedef struct failing {
    uint64_t until; /* allocations that still succeed */
} failing;

static void *allocate(void *ptr, size_t old_len, size_t new_len, void *user)
{
    failing *f = user;
    (void)old_len;
    if (new_len == 0) {
        free(ptr);
        return NULL;
    }
    if (f->until == 0)
        return NULL;
    f->until--;
    return realloc(ptr, new_len);
}

/* name(args): column 0 is text, 1 a long, 2 of an open schema. */
static int run_once(rtq__mem *mem, fx *f, const rtq__expr *e)
{
    static const uint8_t kinds[] = {RTQ_STRING, RTQ_LONG, RTQ_UNKNOWN};
    static uint32_t ids[] = {0, 1, 2};
    rtq__layout layout = {ids, 3};
    rtq__scratch scratch;
    rtq__eval eval;
    rtq__prog *prog = NULL;
    rtq__vec *cols[3], *v;
    rtq__sel sel[64];
    uint32_t n;
    rtq__arena_init(&scratch, mem, 64); /* small blocks: many allocations to fail */
    for (uint32_t c = 0; c < 3; c++) {
        cols[c] = rtq__vec_new(&f->arena, kinds[c], 64);
        for (uint32_t r = 0; r < 64; r++) {
            char *text = rtq__arena_printf(&f->arena, "a rather long text %u \xc3\x89", r);
            rtq__cell cell = c == 0   ? rtq__cell_s(text, strlen(text))
                             : c == 1 ? FX_L((int64_t)r - 3)
                                      : rtq__cell_y((rtq__dyn){.tag = RTQ__DYN_LONG, .u.i = r});
            rtq__vec_set(cols[c], r, cell);
        }
    }
    rtq__batch batch = {.n = 64, .n_cols = 3, .cols = cols, .n_sel = 64};
    int rc = rtq__eval_init(&eval, mem, &scratch);
    if (rc == RTQ_OK)
        rc = rtq__prog_new(&prog, mem, e, &layout, NULL);
    if (rc == RTQ_OK)
        rc = rtq__prog_eval(&v, prog, &eval, &batch, NULL, 64);
    if (rc == RTQ_OK && rtq__prog_kind(prog) == RTQ_BOOL)
        rc = rtq__prog_filter(sel, &n, prog, &eval, &batch, NULL, 64);
    rtq__prog_free(prog);
    rtq__eval_free(&eval);
    rtq__arena_free(&scratch);
    return rc;
}

static void fail_everywhere(fx *f, const char *what, const rtq__expr *e)
{
    cr_assert_not_null(e, "%s", what);
    for (uint64_t n = 0; n < 10000; n++) {
        failing fail = {n + 1};
        rtq__mem *mem = rtq__mem_new(allocate, &fail, 0);
        int rc = mem ? run_once(mem, f, e) : RTQ_ERR_NOMEM;
        if (mem)
            cr_expect_eq(mem->used, 0, "%s: %llu bytes leaked at allocation %llu", what, (unsigned long long)mem->used,
                         (unsigned long long)n);
        if (mem)
            rtq__mem_unref(mem);
        if (rc == RTQ_OK) {
            cr_expect_gt(n, 4, "%s: only %llu allocations", what, (unsigned long long)n);
            return;
        }
        cr_assert_eq(rc, RTQ_ERR_NOMEM, "%s: error %d at allocation %llu", what, rc, (unsigned long long)n);
    }
    cr_assert_fail("%s never succeeded", what);
}

Test(fn_nomem, every_allocation)
{
    fx *f = fx_new();
    rtq__expr *text = fx_col(f, 0, RTQ_STRING), *n = fx_col(f, 1, RTQ_LONG), *any = fx_col(f, 2, RTQ_UNKNOWN);
    rtq__expr *long_text = fx_const(f, FX_S("a rather long text 7 \xc3\xa9"));
#define ARGS(...) (rtq__expr *[]){__VA_ARGS__}
    rtq__expr *less = fx_call(f, "<", "long, long", 2, ARGS(n, fx_const(f, FX_L(9))));
    fail_everywhere(f, "<", less);
    fail_everywhere(f, "in~", fx_call(f, "in~", "string, string...", 3, ARGS(text, long_text, text)));
    fail_everywhere(f, "in", fx_call(f, "in", "string, string...", 3, ARGS(text, long_text, fx_const(f, FX_S("")))));
    fail_everywhere(f, "in dynamic",
                    fx_call(f, "in", "dynamic, any...", 2, ARGS(any, fx_const(f, fx_json(f, "[1,\"2\"]")))));
    fail_everywhere(f, "=~", fx_call(f, "=~", "dynamic, string", 2, ARGS(any, long_text)));
    fail_everywhere(f, "/", fx_call(f, "/", "long, long", 2, ARGS(n, n)));
    fail_everywhere(f, "iff", fx_call(f, "iff", "bool, any, any", 3, ARGS(less, text, n)));
    fail_everywhere(f, "tostring", fx_call(f, "tostring", "long", 1, ARGS(n)));
    fail_everywhere(f, "tostring unknown", fx_call(f, "tostring", "dynamic", 1, ARGS(any)));
    fail_everywhere(f, "== unknown", fx_call(f, "==", "dynamic, any", 2, ARGS(any, text)));
    fail_everywhere(f, "+ unknown", fx_call(f, "+", "dynamic, long", 2, ARGS(any, n)));
    fail_everywhere(f, "parse_json", fx_call(f, "parse_json", "string", 1, ARGS(text)));
    fail_everywhere(f, "tohex", fx_call(f, "tohex", "long, [long]", 2, ARGS(n, fx_const(f, FX_L(20)))));
    fail_everywhere(f, "bin", fx_call(f, "bin", "long, long", 2, ARGS(n, n)));
    fail_everywhere(f, "format_datetime",
                    fx_call(f, "format_datetime", "datetime, const string", 2,
                            ARGS(fx_call(f, "unixtime_seconds_todatetime", "long", 1, ARGS(n)),
                                 fx_const(f, FX_S("yyyy-MM-dd HH:mm:ss")))));
    rtq__expr *both = fx_const(f, FX_B(0));
    both->op = RTQ__E_OR;
    both->n_args = 2;
    both->args = ARGS(less, fx_call(f, "==", "string, string", 2, ARGS(text, long_text)));
    fail_everywhere(f, "or", both);
    fx_free(f);
}
