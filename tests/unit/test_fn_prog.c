/* Programs: results of subqueries, lazy columns loaded for the rows that are still in question, constants taken out of and/or. */
#include <criterion/criterion.h>
#include "base/diag.h"
#include "fx.h"
#include "value/rowstore.h"

static fx *f;
static void setup(void)
{
    f = fx_new();
}
static void teardown(void)
{
    fx_free(f);
}
TestSuite(fn_prog, .init = setup, .fini = teardown);

static rtq__expr *node(uint8_t op, uint32_t n, rtq__expr *const *args)
{
    rtq__expr *e = fx_const(f, FX_B(0));
    e->op = op;
    e->args = rtq__arena_alloc(&f->arena, (n + 1) * sizeof *e->args);
    memcpy(e->args, args, n * sizeof *args);
    e->n_args = n;
    return e;
}
#define NODE(op, ...) \
    node(op, (uint32_t)(sizeof((rtq__expr *[]){__VA_ARGS__}) / sizeof(rtq__expr *)), (rtq__expr *[]){__VA_ARGS__})

static rtq__vec *longs(uint32_t n, uint32_t modulo)
{
    rtq__vec *v = rtq__vec_new(&f->arena, RTQ_LONG, n);
    for (uint32_t r = 0; r < n; r++)
        ((int64_t *)v->data)[r] = r % modulo;
    return v;
}

static rtq__expr *compare(const char *op, uint32_t col, int64_t value)
{
    return fx_call(f, op, "long, long", 2, (rtq__expr *[]){fx_col(f, col, RTQ_LONG), fx_const(f, FX_L(value))});
}

static rtq__prog *compile(rtq__expr *e)
{
    static const uint32_t ids[] = {0, 1};
    static const rtq__layout layout = {ids, 2};
    rtq__prog *prog = NULL;
    cr_assert_eq(rtq__prog_new(&prog, f->mem, e, &layout, f->diag), RTQ_OK);
    return prog;
}

static uint32_t n_loaded;

static int load_some(rtq__vec *vec, const rtq__sel *sel, uint32_t n_sel, void *ctx)
{
    (void)ctx;
    for (uint32_t i = 0; i < n_sel; i++)
        ((int64_t *)vec->data)[sel[i]] = sel[i] % 3;
    n_loaded += n_sel;
    return RTQ_OK;
}

static rtq__vec *lazy(uint32_t n)
{
    rtq__vec *v = rtq__vec_new(&f->arena, RTQ_LONG, n);
    memset(v->data, 0x5a, n * 8);
    v->load = load_some;
    v->loaded = rtq__arena_zalloc(&f->arena, (n + 63) / 64 * 8);
    return v;
}

Test(fn_prog, lazy_columns_are_read_for_rows_in_question)
{
    rtq__vec *cols[] = {longs(1000, 10), lazy(1000)};
    rtq__batch batch = {.n = 1000, .n_cols = 2, .cols = cols, .n_sel = 1000};
    rtq__sel out[1000];
    uint32_t n;
    rtq__prog *prog = compile(NODE(RTQ__E_AND, compare("==", 0, 7), compare("==", 1, 2)));
    n_loaded = 0;
    cr_assert_eq(rtq__prog_filter(out, &n, prog, &f->eval, &batch, NULL, 1000), RTQ_OK);
    cr_expect_eq(n_loaded, 100, "and: %u", n_loaded);
    for (uint32_t i = 0; i < n; i++)
        cr_expect(out[i] % 10 == 7 && out[i] % 3 == 2);
    cr_expect_eq(n, 33);
    rtq__prog_free(prog);

    cols[1] = lazy(1000);
    prog = compile(NODE(RTQ__E_OR, compare("!=", 0, 7), compare("==", 1, 2)));
    n_loaded = 0;
    cr_assert_eq(rtq__prog_filter(out, &n, prog, &f->eval, &batch, NULL, 1000), RTQ_OK);
    cr_expect_eq(n_loaded, 100, "or: %u", n_loaded);
    cr_expect_eq(n, 933);
    cr_assert_eq(rtq__prog_filter(out, &n, prog, &f->eval, &batch, NULL, 1000), RTQ_OK);
    cr_expect_eq(n_loaded, 100, "what is loaded is not loaded again");
    rtq__prog_free(prog);
}

/* The filter's output may lie over its input. */
Test(fn_prog, filters_in_place)
{
    rtq__vec *cols[] = {longs(1000, 10), longs(1000, 7)};
    rtq__batch batch = {.n = 1000, .n_cols = 2, .cols = cols, .n_sel = 1000};
    rtq__sel sel[1000], out[1000];
    uint32_t n, m;
    rtq__prog *prog = compile(NODE(RTQ__E_OR, NODE(RTQ__E_AND, compare("<", 0, 5), compare(">", 1, 2)),
                                   NODE(RTQ__E_NOT, compare("<", 1, 6))));
    for (uint32_t i = 0; i < 500; i++)
        sel[i] = (rtq__sel)(i * 2);
    cr_assert_eq(rtq__prog_filter(out, &n, prog, &f->eval, &batch, sel, 500), RTQ_OK);
    cr_assert_eq(rtq__prog_filter(sel, &m, prog, &f->eval, &batch, sel, 500), RTQ_OK);
    cr_assert_eq(n, m);
    cr_expect_arr_eq(sel, out, n * sizeof *sel);
    rtq__prog_free(prog);
}

Test(fn_prog, constants_decide)
{
    uint32_t index;
    rtq__prog *prog = compile(NODE(RTQ__E_AND, compare("<", 0, 5), fx_const(f, FX_B(0))));
    rtq__vec *v;
    rtq__batch batch = {.n = 1, .n_sel = 1}; /* without the column: it is not read */
    cr_assert_eq(rtq__prog_eval(&v, prog, &f->eval, &batch, NULL, 1), RTQ_OK);
    cr_expect(v->form == RTQ__CONST && rtq__vec_get(v, 0).u.i == 0);
    rtq__prog_free(prog);
    prog = compile(fx_col(f, 1, RTQ_LONG));
    cr_expect(rtq__prog_is_column(prog, &index) && index == 1);
    rtq__prog_free(prog);
}

static struct rtq__rows *texts(const char *const *items, uint32_t n)
{
    static const uint8_t kinds[] = {RTQ_STRING};
    struct rtq__rows *rows;
    rtq__rows_def def = {.kinds = kinds, .n_cols = 1, .n_keys = 1};
    rtq__vec *v = rtq__vec_new(&f->arena, RTQ_STRING, n);
    uint32_t first;
    for (uint32_t i = 0; i < n; i++)
        rtq__vec_set(v, i, FX_S(items[i]));
    cr_assert_eq(rtq__rows_new(&rows, f->mem, &def), RTQ_OK);
    cr_assert_eq(rtq__rows_append(&first, rows, (rtq__vec *[]){v}, NULL, n), RTQ_OK);
    cr_assert_eq(rtq__rows_index(rows), RTQ_OK);
    return rows;
}

Test(fn_prog, subqueries)
{
    static const char *const cells[] = {"b", "B", "", "\xc3\x89T\xc3\x89", "a text of many letters"};
    rtq__slot slots[2] = {{.ready = true}, {.ready = true, .value = FX_L(3)}};
    slots[0].set = texts((const char *const[]){"b", "a text of many letters"}, 2);
    slots[0].set_nocase = texts((const char *const[]){"b", "\xc3\xa9t\xc3\xa9", "a text of many letters"}, 3);
    f->eval.slots = slots;
    rtq__vec *text = rtq__vec_new(&f->arena, RTQ_STRING, 5), *cols[] = {text, longs(5, 10)}, *v;
    for (uint32_t i = 0; i < 5; i++)
        rtq__vec_set(text, i, FX_S(cells[i]));
    rtq__batch batch = {.n = 5, .n_cols = 2, .cols = cols, .n_sel = 5};
    for (int k = 0; k < 4; k++) {
        static const uint8_t want[] = {0x11, 0x1b}; /* rows found, a bit each */
        rtq__expr *e = NODE(RTQ__E_IN_SLOT, fx_col(f, 0, RTQ_STRING));
        e->nocase = k & 1;
        e->negated = k & 2;
        rtq__prog *prog = compile(e);
        cr_assert_eq(rtq__prog_eval(&v, prog, &f->eval, &batch, NULL, 5), RTQ_OK);
        for (uint32_t r = 0; r < 5; r++)
            cr_expect_eq(rtq__vec_get(v, r).u.i, (want[k & 1] >> r & 1) != (k >> 1), "case %d row %u", k, r);
        rtq__prog_free(prog);
    }
    rtq__expr *slot = fx_const(f, FX_L(0));
    slot->op = RTQ__E_SLOT;
    slot->slot = 1;
    rtq__prog *prog = compile(fx_call(f, "<", "long, long", 2, (rtq__expr *[]){fx_col(f, 1, RTQ_LONG), slot}));
    rtq__sel out[5];
    uint32_t n;
    cr_assert_eq(rtq__prog_filter(out, &n, prog, &f->eval, &batch, NULL, 5), RTQ_OK);
    cr_expect_eq(n, 3);
    slots[1].ready = false;
    cr_expect_eq(rtq__prog_filter(out, &n, prog, &f->eval, &batch, NULL, 5), RTQ_ERR_STATE);
    rtq__prog_free(prog);
    f->eval.slots = NULL;
    rtq__rows_free(slots[0].set);
    rtq__rows_free(slots[0].set_nocase);
}
