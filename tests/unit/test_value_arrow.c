/* Arrow C data: round trips, foreign types, lifetimes. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include "base/time.h"
#include "value/arrow.h"
#include "value/decimal.h"
#include "value/dyn.h"

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
TestSuite(value_arrow, .init = setup, .fini = teardown);

enum { N = 100, N_KINDS = RTQ_DYNAMIC };

static rtq__cell sample(uint32_t kind, uint32_t i)
{
    rtq__cell c = rtq__cell_i(kind, (int64_t)i * 1000003 - 7);
    char *text = rtq__arena_printf(&arena, i % 2 ? "%u" : "%u \xc3\xa4 and more text", i);
    rtq__dyn d = {0};
    if (i % 5 == 2)
        return rtq__cell_null(kind);
    switch (kind) {
    case RTQ_BOOL: c.u.i = i % 3 == 0; break;
    case RTQ_REAL: return rtq__cell_d(i == 3 ? NAN : i / 3.0);
    case RTQ_STRING: return rtq__cell_s(text, strlen(text));
    case RTQ_DATETIME: c.u.i = INT64_C(637134336000000000) + i * 1234567; break;
    case RTQ_GUID: c.u.w[0] = i * 77, c.u.w[1] = ~(uint64_t)i; break;
    case RTQ_DECIMAL: rtq__decimal_from_long(c.u.w, (int64_t)i - 50); break;
    case RTQ_DYNAMIC:
        text = rtq__arena_printf(&arena, i % 3 ? "{\"a\":[%u,\"x\"]}" : "%u", i);
        rtq__dyn_parse(&d, text, strlen(text), &arena);
        return rtq__cell_y(d);
    default: break;
    }
    return c;
}

static bool same(rtq__cell a, rtq__cell b)
{
    rtq__dyn x = rtq__dyn_from_cell(&a), y = rtq__dyn_from_cell(&b);
    return a.kind == b.kind && a.is_null == b.is_null && rtq__dyn_equal(&x, &y);
}

typedef struct table {
    rtq__batch batch;
    rtq__vec *cols[N_KINDS];
    rtq_column_def defs[N_KINDS];
    rtq__sel sel[N];
} table;

static table *make_table(void)
{
    table *t = rtq__arena_zalloc(&arena, sizeof *t);
    for (uint32_t c = 0; c < N_KINDS; c++) {
        t->defs[c] = (rtq_column_def){rtq__arena_printf(&arena, "c%u", c), c + 1, 0};
        t->cols[c] = rtq__vec_new(&arena, c + 1, N);
        if (c + 1 != RTQ_STRING)
            rtq__vec_valid(&arena, t->cols[c]);
        for (uint32_t i = 0; i < N; i++)
            rtq__vec_set(t->cols[c], i, sample(c + 1, i));
    }
    for (uint32_t i = 0; i < N; i++)
        if (i % 4)
            t->sel[t->batch.n_sel++] = (rtq__sel)i;
    t->batch.n = N, t->batch.n_cols = N_KINDS, t->batch.cols = t->cols, t->batch.sel = t->sel;
    return t;
}

static void round_trip(uint32_t flags)
{
    table *t = make_table();
    struct ArrowSchema schema;
    struct ArrowArray array;
    rtq_column_def back[N_KINDS];
    rtq__vec *cols[N_KINDS];
    rtq__arrow_problem bad;
    uint64_t lost = 0;
    cr_assert_eq(rtq__arrow_export_schema(&schema, mem, t->defs, N_KINDS, flags), RTQ_OK);
    cr_assert_eq(rtq__arrow_export(&array, &lost, mem, &t->batch, flags), RTQ_OK);
    cr_assert_eq(rtq__arrow_import_schema(back, &schema, &bad), RTQ_OK, "%s %s", bad.column, bad.format);
    for (uint32_t c = 0; c < N_KINDS; c++) {
        cr_expect_eq(back[c].kind, t->defs[c].kind);
        cr_expect_str_eq(back[c].name, t->defs[c].name);
    }
    const uint32_t from = 7, n = t->batch.n_sel - from;
    cr_assert_eq(rtq__arrow_import(cols, &lost, &schema, &array, from, n, &arena, &bad), RTQ_OK);
    cr_expect_eq(lost, 0);
    for (uint32_t c = 0; c < N_KINDS; c++)
        for (uint32_t i = 0; i < n; i++)
            cr_assert(same(rtq__vec_get(cols[c], i), rtq__vec_get(t->cols[c], t->sel[from + i])), "kind %u row %u",
                      c + 1, i);
    schema.release(&schema);
    array.release(&array);
    cr_expect(!schema.release && !array.release);
}

Test(value_arrow, every_kind_comes_back)
{
    round_trip(0);
    round_trip(RTQ__ARROW_TICKS);
    round_trip(RTQ__ARROW_LARGE | RTQ__ARROW_TICKS);
}

Test(value_arrow, layout_as_published)
{
    table *t = make_table();
    struct ArrowSchema schema;
    struct ArrowArray array;
    static const char *const formats[N_KINDS] = {"b", "i", "l", "g", "u", "u", "tsn:UTC", "tDn", "w:16", "u"};
    t->batch.sel = NULL, t->batch.n_sel = N;
    rtq__arrow_export_schema(&schema, mem, t->defs, N_KINDS, 0);
    rtq__arrow_export(&array, NULL, mem, &t->batch, 0);
    cr_expect_str_eq(schema.format, "+s");
    cr_assert(array.length == N && array.n_children == N_KINDS && array.n_buffers == 1);
    for (uint32_t c = 0; c < N_KINDS; c++) {
        cr_expect_str_eq(schema.children[c]->format, formats[c]);
        cr_expect_eq(array.children[c]->null_count, c + 1 == RTQ_STRING ? 0 : N / 5);
    }
    const struct ArrowArray *ints = array.children[1], *text = array.children[RTQ_STRING - 1];
    cr_expect_eq(((const int32_t *)ints->buffers[1])[10], 10 * 1000003 - 7);
    cr_expect_eq(((const uint8_t *)ints->buffers[0])[0] & 0x84, 0, "rows 2 and 7 are null");
    cr_expect_eq(((const int32_t *)text->buffers[1])[2] - ((const int32_t *)text->buffers[1])[1], 1);
    const int64_t *times = array.children[RTQ_DATETIME - 1]->buffers[1];
    cr_expect_eq(times[0], INT64_C(1577836800000000000));
    schema.release(&schema);
    array.release(&array);
}

Test(value_arrow, a_moved_child_outlives_its_parent)
{
    table *t = make_table();
    struct ArrowArray array, child;
    rtq__arrow_export(&array, NULL, mem, &t->batch, 0);
    child = *array.children[2];
    array.children[2]->release = NULL;
    array.release(&array);
    cr_expect_eq(((const int64_t *)child.buffers[1])[0], 1000003 - 7);
    child.release(&child);
}

Test(value_arrow, times_out_of_range_are_null_and_counted)
{
    rtq__vec *cols[2] = {rtq__vec_new(&arena, RTQ_DATETIME, 3), rtq__vec_new(&arena, RTQ_TIMESPAN, 3)};
    int64_t *d = cols[0]->data, *s = cols[1]->data;
    d[0] = 0, d[1] = RTQ_UNIX_EPOCH, d[2] = RTQ__TICKS_MAX;
    s[0] = INT64_MIN, s[1] = -5, s[2] = INT64_MAX;
    rtq__batch batch = {.n = 3, .n_sel = 3, .n_cols = 2, .cols = cols};
    struct ArrowArray array;
    uint64_t lost = 0;
    cr_assert_eq(rtq__arrow_export(&array, &lost, mem, &batch, 0), RTQ_OK);
    cr_expect_eq(lost, 4);
    cr_expect_eq(array.children[0]->null_count, 2);
    cr_expect_eq(((const uint8_t *)array.children[1]->buffers[0])[0] & 7, 2);
    cr_expect_eq(((const int64_t *)array.children[1]->buffers[1])[1], -500);
    array.release(&array);
    lost = 0;
    cr_assert_eq(rtq__arrow_export(&array, &lost, mem, &batch, RTQ__ARROW_TICKS), RTQ_OK);
    cr_expect(lost == 0 && array.children[0]->null_count == 0);
    array.release(&array);
}

/* One foreign column of a struct. */
static rtq__vec *import_one(const char *format, const void *data, const void *more, const uint8_t *valid, int64_t n,
                            uint64_t *lost, int *rc)
{
    const void *buffers[3] = {valid, data, more}, *none[1] = {NULL};
    struct ArrowSchema s = {.format = format, .name = "col"}, *sp = &s,
                       top_s = {.format = "+s", .n_children = 1, .children = &sp};
    struct ArrowArray a = {.length = n, .null_count = valid ? -1 : 0, .n_buffers = more ? 3 : 2, .buffers = buffers},
                      *ap = &a;
    struct ArrowArray top = {.length = n, .n_buffers = 1, .buffers = none, .n_children = 1, .children = &ap};
    rtq__vec *out = NULL;
    rtq__arrow_problem bad;
    rtq_column_def def;
    *rc = rtq__arrow_import_schema(&def, &top_s, &bad);
    if (*rc == RTQ_OK)
        *rc = rtq__arrow_import(&out, lost, &top_s, &top, 0, (uint32_t)n, &arena, &bad);
    if (*rc == RTQ_ERR_UNSUPPORTED)
        cr_expect_str_eq(bad.column, "col");
    return out;
}

Test(value_arrow, foreign_types)
{
    uint64_t lost = 0;
    int rc;
    static const uint8_t bytes[] = {1, 200, 3}, valid[] = {5};
    rtq__vec *v = import_one("C", bytes, NULL, valid, 3, &lost, &rc);
    cr_assert_eq(rc, RTQ_OK);
    cr_expect(v->kind == RTQ_INT && rtq__vec_null(v, 1) && rtq__vec_get(v, 2).u.i == 3);
    v = import_one("c", bytes, NULL, NULL, 3, &lost, &rc);
    cr_expect_eq(rtq__vec_get(v, 1).u.i, -56);
    static const uint64_t big[] = {5, UINT64_MAX};
    v = import_one("L", big, NULL, NULL, 2, &lost, &rc);
    cr_expect(v->kind == RTQ_LONG && lost == 1 && rtq__vec_null(v, 1) && !rtq__vec_null(v, 0));
    static const float reals[] = {1.5f, -2};
    v = import_one("f", reals, NULL, NULL, 2, &lost, &rc);
    cr_expect(v->kind == RTQ_REAL && rtq__vec_get(v, 0).u.d == 1.5);
    static const int32_t days[] = {0, 18262, INT32_MAX};
    lost = 0;
    v = import_one("tdD", days, NULL, NULL, 3, &lost, &rc);
    cr_expect_eq(rtq__vec_get(v, 0).u.i, RTQ_UNIX_EPOCH);
    cr_expect_eq(rtq__vec_get(v, 1).u.i, INT64_C(637134336000000000));
    cr_expect(lost == 1 && rtq__vec_null(v, 2));
    static const int64_t times[] = {-1, 1577836800123};
    v = import_one("tsm:Europe/Berlin", times, NULL, NULL, 2, &lost, &rc);
    cr_expect(v->kind == RTQ_DATETIME && rtq__vec_get(v, 1).u.i == INT64_C(637134336001230000));
    v = import_one("tsn:", times, NULL, NULL, 2, &lost, &rc);
    cr_expect_eq(rtq__vec_get(v, 0).u.i, RTQ_UNIX_EPOCH - 1, "rounded down");
    v = import_one("tDs", times, NULL, NULL, 1, &lost, &rc);
    cr_expect(v->kind == RTQ_TIMESPAN && rtq__vec_get(v, 0).u.i == -RTQ__TICKS_SECOND);
    static const int64_t offsets[] = {0, 2, 5};
    v = import_one("U", offsets,
                   "ab\xff"
                   "de",
                   NULL, 2, &lost, &rc);
    rtq__cell c = rtq__vec_get(v, 1);
    cr_expect(lost == 2 && c.len == 5 &&
              memcmp(c.u.s,
                     "\xef\xbf\xbd"
                     "de",
                     5) == 0);
    static const int64_t dec[2] = {-12345, -1};
    v = import_one("d:10,2", dec, NULL, NULL, 1, &lost, &rc);
    rtq__buf text;
    rtq__buf_init(&text, mem);
    c = rtq__vec_get(v, 0);
    rtq__cell_print_text(&text, &c);
    cr_expect(text.len == 7 && memcmp(text.ptr, "-123.45", 7) == 0);
    rtq__buf_free(&text);
    v = import_one("n", NULL, NULL, NULL, 2, &lost, &rc);
    cr_expect(v->kind == RTQ_DYNAMIC && rtq__vec_null(v, 1));
}

Test(value_arrow, dictionaries)
{
    static const int32_t offsets[] = {0, 2, 24};
    static const int8_t codes[] = {1, 0, 1, 1};
    static const uint8_t valid[] = {0xb};
    const void *entries[3] = {NULL, offsets, "dcworkstation.example.com"}, *index[2] = {valid, codes},
               *none[1] = {NULL};
    struct ArrowSchema d = {.format = "u"}, s = {.format = "c", .name = "host", .dictionary = &d}, *sp = &s;
    struct ArrowSchema top_s = {.format = "+s", .n_children = 1, .children = &sp};
    struct ArrowArray da = {.length = 2, .n_buffers = 3, .buffers = entries};
    struct ArrowArray a = {.length = 4, .null_count = 1, .n_buffers = 2, .buffers = index, .dictionary = &da}, *ap = &a;
    struct ArrowArray top = {.length = 4, .n_buffers = 1, .buffers = none, .n_children = 1, .children = &ap};
    rtq__vec *v;
    rtq__arrow_problem bad;
    rtq_column_def def;
    cr_assert_eq(rtq__arrow_import_schema(&def, &top_s, &bad), RTQ_OK);
    cr_expect_eq(def.kind, RTQ_STRING);
    cr_assert_eq(rtq__arrow_import(&v, NULL, &top_s, &top, 1, 3, &arena, &bad), RTQ_OK);
    cr_expect_eq(rtq__vec_get(v, 0).len, 2);
    cr_expect_eq(rtq__vec_get(v, 1).len, 0, "a null string is empty");
    cr_expect_eq(rtq__vec_get(v, 2).len, 22);
    da.length = 1;
    cr_expect_eq(rtq__arrow_import(&v, NULL, &top_s, &top, 0, 4, &arena, &bad), RTQ_ERR_DATA,
                 "a code past the dictionary");
}

Test(value_arrow, what_does_not_fit_is_refused)
{
    uint64_t lost = 0;
    int rc;
    static const int32_t backwards[] = {0, 5, 3}, negative[] = {-4, 2};
    import_one("u", backwards, "abcdef", NULL, 2, &lost, &rc);
    cr_expect_eq(rc, RTQ_ERR_DATA);
    import_one("u", negative, "abcdef", NULL, 1, &lost, &rc);
    cr_expect_eq(rc, RTQ_ERR_DATA);
    static const char *const unsupported[] = {"+l",         "z",  "vu",  "e", "w:8",  "d:10",
                                              "d:40,2,256", "+m", "tiM", "",  "d:x,1"};
    for (size_t i = 0; i < sizeof unsupported / sizeof unsupported[0]; i++) {
        import_one(unsupported[i], backwards, NULL, NULL, 1, &lost, &rc);
        cr_expect_eq(rc, RTQ_ERR_UNSUPPORTED, "%s", unsupported[i]);
    }
}

static void *failing(void *ptr, size_t old_len, size_t new_len, void *user)
{
    int *left = user;
    (void)old_len;
    if (new_len == 0) {
        free(ptr);
        return NULL;
    }
    return (*left)-- > 0 ? realloc(ptr, new_len) : NULL;
}

Test(value_arrow, every_failed_allocation_is_survived)
{
    table *t = make_table();
    for (int n = 0;; n++) {
        int left = n, rc = RTQ_ERR_NOMEM;
        rtq__mem *m = rtq__mem_new(failing, &left, 0);
        if (m) {
            struct ArrowSchema schema = {0};
            struct ArrowArray array = {0};
            rtq__arrow_problem bad;
            rtq__vec *cols[N_KINDS];
            rtq__arena scratch;
            rtq__arena_init(&scratch, m, 64);
            rc = rtq__arrow_export_schema(&schema, m, t->defs, N_KINDS, 0);
            if (rc == RTQ_OK)
                rc = rtq__arrow_export(&array, NULL, m, &t->batch, 0);
            if (rc == RTQ_OK)
                rc = rtq__arrow_import(cols, NULL, &schema, &array, 0, t->batch.n_sel, &scratch, &bad);
            if (schema.release)
                schema.release(&schema);
            if (array.release)
                array.release(&array);
            rtq__arena_free(&scratch);
            cr_assert_eq(atomic_load(&m->used), 0);
            rtq__mem_unref(m);
        }
        cr_assert(rc == RTQ_OK || rc == RTQ_ERR_NOMEM);
        if (rc == RTQ_OK)
            break;
        cr_assert_lt(n, 1000);
    }
}
