/* Vectors, kinds and copies of batches. */
#include <criterion/criterion.h>
#include "value/vec.h"

static rtq__mem *mem;
static rtq__arena arena;

static void setup(void)
{
    mem = rtq__mem_new(NULL, NULL, 0);
    rtq__arena_init(&arena, mem, 0);
}
static void teardown(void)
{
    rtq__arena_free(&arena);
    cr_expect_eq(atomic_load(&mem->used), 0, "everything was freed");
    rtq__mem_unref(mem);
}
TestSuite(value_vec, .init = setup, .fini = teardown);

static rtq__string str(const char *s)
{
    return rtq__string_make(s, strlen(s));
}

Test(value_vec, kind_names)
{
    cr_expect_eq(rtq__kind_parse("double", 6), RTQ_REAL);
    cr_expect_eq(rtq__kind_parse("time", 4), RTQ_TIMESPAN);
    cr_expect_eq(rtq__kind_parse("uuid", 4), RTQ_GUID);
    cr_expect_eq(rtq__kind_parse("unknown", 7), 0, "not a name of Kusto's");
    cr_expect_eq(rtq__kind_parse("lon", 3), 0);
    cr_expect_str_eq(rtq__kind_name(RTQ_DATETIME), "datetime");
    for (uint32_t k = RTQ_BOOL; k <= RTQ_DYNAMIC; k++)
        cr_expect_eq(rtq__kind_parse(rtq__kind_name(k), strlen(rtq__kind_name(k))), k);
}

Test(value_vec, string_order)
{
    rtq__string a = str("abc"), b = str("abcd"), c = str("abcdefghijklmnop"), d = str("abcdefghijklmnoq"), e = str("");
    cr_expect_lt(rtq__string_compare(&a, &b), 0);
    cr_expect_lt(rtq__string_compare(&c, &d), 0);
    cr_expect_gt(rtq__string_compare(&a, &e), 0);
    cr_expect_eq(rtq__string_compare(&d, &d), 0);
    rtq__string high = str("\xc3\xa4");
    cr_expect_gt(rtq__string_compare(&high, &d), 0, "bytes are unsigned");
}

Test(value_vec, get_and_set)
{
    rtq__vec *v = rtq__vec_new(&arena, RTQ_LONG, 70);
    rtq__vec_valid(&arena, v);
    for (uint32_t i = 0; i < 70; i++)
        rtq__vec_set(v, i, i % 7 ? rtq__cell_i(RTQ_LONG, i) : rtq__cell_null(RTQ_LONG));
    cr_expect(rtq__vec_null(v, 63) && rtq__vec_get(v, 63).is_null);
    cr_expect(!rtq__vec_null(v, 64));
    cr_expect_eq(rtq__vec_get(v, 64).u.i, 64);
    rtq__vec *s = rtq__vec_const(&arena, rtq__cell_s("a long string of text", 21));
    rtq__cell c = rtq__vec_get(s, 1000);
    cr_expect(c.len == 21 && memcmp(c.u.s, "a long string of text", 21) == 0);
    rtq__vec *nulls = rtq__vec_nulls(&arena, RTQ_STRING);
    cr_expect(!rtq__vec_null(nulls, 5) && rtq__vec_get(nulls, 5).len == 0, "a string is never null");
    cr_expect(rtq__vec_null(rtq__vec_nulls(&arena, RTQ_DYNAMIC), 5));
}

static int counting_load(rtq__vec *v, const rtq__sel *sel, uint32_t n, void *ctx)
{
    *(unsigned *)ctx += n;
    for (uint32_t i = 0; i < n; i++)
        ((int64_t *)v->data)[sel[i]] = sel[i] * 10;
    return RTQ_OK;
}

Test(value_vec, lazy_cells_are_decoded_once)
{
    rtq__vec *v = rtq__vec_new(&arena, RTQ_LONG, 100);
    unsigned decoded = 0;
    uint64_t loaded[2] = {0};
    v->load = counting_load, v->load_ctx = &decoded, v->loaded = loaded;
    rtq__sel some[] = {3, 50, 99};
    cr_assert_eq(rtq__vec_load(v, some, 3), RTQ_OK);
    cr_expect_eq(decoded, 3);
    cr_expect_eq(rtq__vec_get(v, 99).u.i, 990);
    cr_assert_eq(rtq__vec_load(v, NULL, 100), RTQ_OK);
    cr_expect_eq(decoded, 100);
    cr_assert_eq(rtq__vec_load(v, some, 3), RTQ_OK);
    cr_expect_eq(decoded, 100);
}

static rtq__batch *sample_batch(rtq__vec *cols[4], rtq__sel sel[3])
{
    static rtq__batch b;
    static const uint32_t codes[6] = {0, 1, 0, 1, 1, 0};
    static const uint8_t row_kinds[6] = {0, 1, 2, 0, 0, 1};
    cols[0] = rtq__vec_new(&arena, RTQ_STRING, 6);
    cols[1] = rtq__vec_new(&arena, RTQ_STRING, 2);
    cols[2] = rtq__vec_const(&arena, rtq__cell_i(RTQ_BOOL, 1));
    cols[3] = rtq__vec_new(&arena, RTQ_DYNAMIC, 6);
    rtq__vec_valid(&arena, cols[3]);
    for (uint32_t i = 0; i < 6; i++) {
        char *text = rtq__arena_printf(&arena, i % 2 ? "%u" : "%u and more text than fits inline", i);
        rtq__vec_set(cols[0], i, rtq__cell_s(text, strlen(text)));
        rtq__dyn d = {.tag = RTQ__DYN_STRING, .len = (uint32_t)strlen(text), .u.p = text};
        if (i == 3)
            d.tag = RTQ__DYN_NULL;
        rtq__vec_set(cols[3], i, rtq__cell_y(d));
    }
    rtq__vec_set(cols[1], 0, rtq__cell_s("workstation-01.example.com", 26));
    rtq__vec_set(cols[1], 1, rtq__cell_s("dc", 2));
    cols[1]->form = RTQ__DICT, cols[1]->codes = codes;
    sel[0] = 1, sel[1] = 2, sel[2] = 3;
    b = (rtq__batch){.n = 6, .n_cols = 4, .cols = cols, .sel = sel, .n_sel = 3, .seq = 1000, .row_kinds = row_kinds};
    return &b;
}

Test(value_vec, a_copy_is_dense_and_self_contained)
{
    rtq__vec *cols[4];
    rtq__sel sel[3];
    rtq__owned_batch *o = NULL;
    rtq__batch *from = sample_batch(cols, sel);
    uint64_t before = atomic_load(&mem->n_allocs);
    cr_assert_eq(rtq__batch_copy(&o, mem, from), RTQ_OK);
    cr_expect_eq(atomic_load(&mem->n_allocs) - before, 1);
    rtq__arena_free(&arena); /* the originals are gone */
    rtq__arena_init(&arena, mem, 0);
    rtq__batch *b = rtq__owned_batch_get(o);
    cr_assert(b->n == 3 && b->n_sel == 3 && !b->sel && b->seq == 1001);
    rtq__cell c = rtq__vec_get(b->cols[0], 1);
    cr_expect(c.len == 32 && memcmp(c.u.s, "2 and more text than fits inline", 32) == 0);
    c = rtq__vec_get(b->cols[1], 1);
    cr_expect(c.len == 26 && memcmp(c.u.s, "workstation-01.example.com", 26) == 0);
    c = rtq__vec_get(b->cols[1], 0);
    cr_expect(c.len == 2);
    cr_expect_eq(rtq__vec_get(b->cols[2], 2).u.i, 1);
    cr_expect(rtq__vec_get(b->cols[3], 2).is_null);
    c = rtq__vec_get(b->cols[3], 1);
    cr_expect(c.u.y.tag == RTQ__DYN_STRING && c.u.y.len == 32 && c.u.y.u.p[0] == '2');
    cr_expect(b->row_kinds[0] == 1 && b->row_kinds[1] == 2 && b->row_kinds[2] == 0);
    rtq__owned_batch_free(o);
}

Test(value_vec, an_empty_batch_can_be_copied)
{
    rtq__batch b = {0};
    rtq__owned_batch *o = NULL;
    cr_assert_eq(rtq__batch_copy(&o, mem, &b), RTQ_OK);
    cr_expect_eq(rtq__owned_batch_get(o)->n_sel, 0);
    rtq__owned_batch_free(o);
}
