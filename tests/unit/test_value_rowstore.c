/* The row store, against simple models of what it has to do. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include "value/dyn.h"
#include "value/rowstore.h"

static rtq__mem *mem;
static rtq__arena arena;
static uint64_t state = 88172645463325252u;

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
TestSuite(value_rowstore, .init = setup, .fini = teardown);

static uint64_t rnd(void)
{
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    return state >> 11;
}

static rtq__rows *new_rows(const uint8_t *kinds, uint32_t n_cols, uint32_t n_keys, uint32_t extra, uint64_t max)
{
    rtq__rows_def def = {
        .kinds = kinds, .n_cols = n_cols, .n_keys = n_keys, .extra_len = extra, .max_bytes = max, .seed = 99};
    rtq__rows *r = NULL;
    cr_assert_eq(rtq__rows_new(&r, mem, &def), RTQ_OK);
    return r;
}

/* A vector of random cells with few different values: equal keys are the point. */
static rtq__vec *random_vec(uint32_t kind, uint32_t n, uint32_t distinct, bool nulls)
{
    rtq__vec *v = rtq__vec_new(&arena, kind, n);
    if (nulls)
        rtq__vec_valid(&arena, v);
    for (uint32_t i = 0; i < n; i++) {
        uint64_t x = rnd() % distinct;
        char *text;
        rtq__dyn d = {0};
        rtq__cell c = rtq__cell_i(kind, (int64_t)x);
        if (nulls && rnd() % 5 == 0) {
            rtq__vec_set(v, i, rtq__cell_null(kind));
            continue;
        }
        switch (kind) {
        case RTQ_BOOL: c.u.i = x & 1; break;
        case RTQ_REAL: c = rtq__cell_d(x % 4 == 0 ? (rnd() & 1 ? -0.0 : 0.0) : x % 4 == 1 ? NAN : (double)x / 8); break;
        case RTQ_GUID:
        case RTQ_DECIMAL: c.u.w[0] = x, c.u.w[1] = kind == RTQ_DECIMAL ? UINT64_C(0x3040) << 48 : x * 7; break;
        case RTQ_STRING:
            text = rtq__arena_printf(&arena, x & 1 ? "s%u" : "a longer string number %u", (unsigned)x);
            c = rtq__cell_s(text, strlen(text));
            break;
        case RTQ_DYNAMIC:
            text = rtq__arena_printf(&arena,
                                     x % 3 == 0   ? "[%u, {\"a\":1}]"
                                     : x % 3 == 1 ? "%u.0"
                                                  : "\"t\\u0065xt %u\"",
                                     (unsigned)x);
            rtq__dyn_parse(&d, text, strlen(text), &arena);
            c = rtq__cell_y(d);
            break;
        default: break;
        }
        rtq__vec_set(v, i, c);
    }
    return v;
}

/* The same column in another form. */
static rtq__vec *as_dict(const rtq__vec *flat, uint32_t n)
{
    rtq__vec *v = rtq__arena_alloc(&arena, sizeof *v);
    uint32_t *codes = rtq__arena_alloc(&arena, n * sizeof *codes);
    *v = *flat;
    for (uint32_t i = 0; i < n; i++)
        codes[i] = (uint32_t)(rnd() % n);
    v->form = RTQ__DICT, v->codes = codes;
    return v;
}

static bool same_cell(const rtq__cell *a, const rtq__cell *b)
{
    rtq__dyn x = rtq__dyn_from_cell(a), y = rtq__dyn_from_cell(b);
    return a->kind == b->kind && a->is_null == b->is_null && rtq__dyn_equal(&x, &y);
}

/* Group keys of the model: id of the first row with equal cells, by comparing with all before. */
typedef struct model {
    rtq__cell cells[4096][4];
    uint32_t n;
} model;

static uint32_t model_upsert(model *m, rtq__vec *const *keys, uint32_t n_keys, uint32_t row)
{
    rtq__cell c[4];
    for (uint32_t k = 0; k < n_keys; k++)
        c[k] = rtq__vec_get(keys[k], row);
    for (uint32_t i = 0; i < m->n; i++) {
        bool same = true;
        for (uint32_t k = 0; k < n_keys && same; k++)
            same = same_cell(&m->cells[i][k], &c[k]);
        if (same)
            return i;
    }
    cr_assert_lt(m->n, 4096);
    memcpy(m->cells[m->n], c, sizeof c);
    return m->n++;
}

static void check_upserts(const uint8_t *kinds, uint32_t n_keys, uint32_t distinct, bool nulls, int form)
{
    enum { N = 700 };
    rtq__rows *r = new_rows(kinds, n_keys, n_keys, 16, 0);
    model *m = calloc(1, sizeof *m);
    static uint32_t ids[N];
    static rtq__sel sel[N];
    for (int batch = 0; batch < 3; batch++) {
        rtq__vec *keys[4];
        uint32_t n_sel = 0, n_new, before = rtq__rows_count(r);
        for (uint32_t k = 0; k < n_keys; k++) {
            keys[k] = random_vec(kinds[k], N, distinct, nulls);
            if (form == RTQ__DICT || (form == RTQ__CONST && k > 0))
                keys[k] = as_dict(keys[k], N);
            if (form == RTQ__CONST)
                keys[k] = k == 0 ? rtq__vec_const(&arena, rtq__vec_get(keys[k], 0)) : keys[k];
        }
        for (uint32_t i = 0; i < N; i++)
            if (batch == 0 || rnd() % 3)
                sel[n_sel++] = (rtq__sel)i;
        cr_assert_eq(rtq__rows_upsert(ids, &n_new, r, keys, batch ? sel : NULL, n_sel, &arena), RTQ_OK);
        for (uint32_t i = 0; i < n_sel; i++)
            cr_assert_eq(ids[i], model_upsert(m, keys, n_keys, batch ? sel[i] : i), "kind %s, row %u",
                         rtq__kind_name(kinds[0]), i);
        cr_expect_eq(rtq__rows_count(r), m->n);
        cr_expect_eq(n_new, m->n - before);
    }
    for (uint32_t i = 0; i < m->n; i++)
        for (uint32_t k = 0; k < n_keys; k++) {
            rtq__cell c = rtq__rows_get(r, i, k);
            cr_assert(same_cell(&c, &m->cells[i][k]));
        }
    rtq__rows_free(r);
    free(m);
}

Test(value_rowstore, groups_of_every_kind)
{
    for (uint8_t kind = RTQ_BOOL; kind <= RTQ_DYNAMIC; kind++)
        for (int form = RTQ__FLAT; form <= RTQ__DICT; form++)
            for (int nulls = 0; nulls < 2; nulls++) {
                check_upserts(&kind, 1, 10, nulls, form);
                check_upserts(&kind, 1, 900, nulls, form);
            }
}

Test(value_rowstore, groups_of_several_columns)
{
    static const uint8_t sets[][4] = {
        {RTQ_LONG, RTQ_LONG},   {RTQ_STRING, RTQ_BOOL, RTQ_DATETIME},           {RTQ_GUID, RTQ_REAL},
        {RTQ_DYNAMIC, RTQ_INT}, {RTQ_STRING, RTQ_STRING, RTQ_STRING, RTQ_LONG}, {RTQ_DECIMAL, RTQ_BOOL}};
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++)
        for (int form = RTQ__FLAT; form <= RTQ__DICT; form++) {
            uint32_t n = 0;
            while (n < 4 && sets[i][n])
                n++;
            check_upserts(sets[i], n, 6, form == RTQ__DICT, form);
        }
}

Test(value_rowstore, no_key_is_one_group)
{
    const uint8_t kinds[] = {RTQ_LONG};
    rtq__rows *r = new_rows(kinds, 0, 0, 32, 0);
    uint32_t ids[3] = {9, 9, 9}, n_new;
    cr_assert_eq(rtq__rows_upsert(ids, &n_new, r, NULL, NULL, 3, &arena), RTQ_OK);
    cr_expect(n_new == 1 && ids[0] == 0 && ids[2] == 0);
    cr_assert_eq(rtq__rows_upsert(ids, &n_new, r, NULL, NULL, 2, &arena), RTQ_OK);
    cr_expect_eq(n_new, 0);
    rtq__rows_free(r);
}

Test(value_rowstore, states_keep_their_address_while_the_store_grows)
{
    const uint8_t kinds[] = {RTQ_LONG};
    enum { BATCHES = 100 };
    rtq__rows *r = new_rows(kinds, 1, 1, 24, 0);
    uint32_t ids[RTQ__ROWS], n_new;
    void *states[RTQ__ROWS];
    void *first = NULL;
    for (int64_t b = 0; b < BATCHES; b++) {
        rtq__vec *v = rtq__vec_new(&arena, RTQ_LONG, RTQ__ROWS);
        for (uint32_t i = 0; i < RTQ__ROWS; i++)
            ((int64_t *)v->data)[i] = b * RTQ__ROWS + i;
        cr_assert_eq(rtq__rows_upsert(ids, &n_new, r, &v, NULL, RTQ__ROWS, &arena), RTQ_OK);
        cr_assert_eq(n_new, RTQ__ROWS);
        rtq__rows_extras(states, r, ids, RTQ__ROWS);
        for (uint32_t i = 0; i < RTQ__ROWS; i++) {
            cr_assert_eq((uintptr_t)states[i] % 16, 0);
            cr_assert_eq(*(int64_t *)states[i], 0, "states begin as zeros");
            *(int64_t *)states[i] = b * RTQ__ROWS + i;
        }
        first = first ? first : states[0];
        rtq__arena_reset(&arena);
    }
    cr_expect_eq(rtq__rows_extra(r, 0), first);
    for (uint32_t id = 0; id < BATCHES * RTQ__ROWS; id++)
        cr_assert(*(int64_t *)rtq__rows_extra(r, id) == id && rtq__rows_get(r, id, 0).u.i == id);
    rtq__rows_free(r);
}

Test(value_rowstore, chains_hold_duplicates_in_order)
{
    const uint8_t kinds[] = {RTQ_STRING, RTQ_LONG, RTQ_DYNAMIC};
    rtq__rows *r = new_rows(kinds, 3, 1, 0, 0);
    enum { N = 500 };
    rtq__cell all[4 * N][3];
    for (int round = 0; round < 4; round++) { /* indexed again after each round, as a stream join does */
        rtq__vec *cols[3] = {random_vec(RTQ_STRING, N, 40, false), random_vec(RTQ_LONG, N, 1000, true),
                             random_vec(RTQ_DYNAMIC, N, 50, true)};
        uint32_t first;
        if (round == 2)
            cols[0] = as_dict(cols[0], N), cols[2] = as_dict(cols[2], N);
        cr_assert_eq(rtq__rows_append(&first, r, cols, NULL, N), RTQ_OK);
        cr_assert_eq(first, (uint32_t)round * N);
        if (round % 2)
            cr_assert_eq(rtq__rows_index(r), RTQ_OK);
        for (uint32_t i = 0; i < N; i++)
            for (int c = 0; c < 3; c++)
                all[first + i][c] = rtq__vec_get(cols[c], i);
        rtq__vec *keys = random_vec(RTQ_STRING, N, 60, false);
        uint32_t ids[N];
        cr_assert_eq(rtq__rows_probe(ids, r, &keys, NULL, N, false, &arena), RTQ_OK);
        for (uint32_t i = 0; i < N; i++) {
            rtq__cell key = rtq__vec_get(keys, i);
            uint32_t id = ids[i];
            for (uint32_t row = 0; row < first + N; row++) {
                if (!same_cell(&all[row][0], &key))
                    continue;
                cr_assert_eq(id, row);
                for (uint32_t c = 0; c < 3; c++) {
                    rtq__cell got = rtq__rows_get(r, id, c);
                    cr_assert(same_cell(&got, &all[row][c]));
                }
                id = rtq__rows_next(r, id);
            }
            cr_assert_eq(id, UINT32_MAX);
        }
    }
    rtq__rows_free(r);
}

Test(value_rowstore, null_keys_join_only_when_asked)
{
    const uint8_t kinds[] = {RTQ_LONG, RTQ_LONG};
    rtq__rows *r = new_rows(kinds, 2, 2, 0, 0);
    rtq__vec *keys[2] = {random_vec(RTQ_LONG, 20, 3, true), random_vec(RTQ_LONG, 20, 2, false)};
    uint32_t first, with[20], without[20];
    rtq__rows_append(&first, r, keys, NULL, 20);
    cr_assert_eq(rtq__rows_probe(with, r, keys, NULL, 20, true, &arena), RTQ_OK);
    cr_assert_eq(rtq__rows_probe(without, r, keys, NULL, 20, false, &arena), RTQ_OK);
    for (uint32_t i = 0; i < 20; i++) {
        cr_expect_neq(with[i], UINT32_MAX);
        cr_expect_eq(without[i], rtq__vec_null(keys[0], i) ? UINT32_MAX : with[i]);
    }
    rtq__rows_free(r);
}

Test(value_rowstore, an_unknown_key_probed_in_an_empty_store)
{
    const uint8_t kinds[] = {RTQ_LONG};
    rtq__rows *r = new_rows(kinds, 1, 1, 0, 0);
    rtq__vec *keys = random_vec(RTQ_LONG, 20, 3, false);
    uint32_t ids[20];
    cr_assert_eq(rtq__rows_probe(ids, r, &keys, NULL, 20, false, &arena), RTQ_OK);
    cr_expect(ids[0] == UINT32_MAX && ids[19] == UINT32_MAX);
    rtq__rows_free(r);
}

static const uint8_t mixed[] = {RTQ_STRING, RTQ_REAL, RTQ_DYNAMIC, RTQ_BOOL,     RTQ_GUID,
                                RTQ_STRING, RTQ_INT,  RTQ_DECIMAL, RTQ_DATETIME, RTQ_UNKNOWN};
enum { N_MIXED = sizeof mixed };

static rtq__rows *mixed_store(uint32_t n_keys, uint32_t extra, uint32_t n)
{
    rtq__rows *r = new_rows(mixed, N_MIXED, n_keys, extra, 0);
    rtq__vec *cols[N_MIXED];
    uint32_t first;
    for (uint32_t c = 0; c < N_MIXED; c++) {
        cols[c] = random_vec(mixed[c] == RTQ_UNKNOWN ? RTQ_DYNAMIC : mixed[c], n, 30, c != 0 && c != 5);
        cols[c]->kind = mixed[c];
        if (mixed[c] == RTQ_STRING)
            cols[c]->valid = NULL;
    }
    cr_assert_eq(rtq__rows_append(&first, r, cols, NULL, n), RTQ_OK);
    return r;
}

Test(value_rowstore, gather_gives_what_get_gives)
{
    rtq__rows *r = mixed_store(2, 0, 900);
    uint32_t ids[300];
    for (uint32_t i = 0; i < 300; i++)
        ids[i] = i % 17 == 3 ? UINT32_MAX : (uint32_t)(rnd() % 900);
    for (uint32_t c = 0; c < N_MIXED; c++) {
        rtq__vec *v = rtq__rows_gather(r, c, ids, 0, 300, &arena), *run = rtq__rows_gather(r, c, NULL, 30, 700, &arena);
        for (uint32_t i = 0; i < 300; i++) {
            rtq__cell got = rtq__vec_get(v, i),
                      want = ids[i] == UINT32_MAX ? rtq__cell_null(mixed[c]) : rtq__rows_get(r, ids[i], c);
            cr_assert(same_cell(&got, &want), "column %u row %u", c, i);
        }
        for (uint32_t i = 0; i < 700; i++) {
            rtq__cell got = rtq__vec_get(run, i), want = rtq__rows_get(r, 30 + i, c);
            cr_assert(same_cell(&got, &want));
        }
    }
    rtq__rows_free(r);
}

Test(value_rowstore, cells_can_be_replaced_for_ever)
{
    const uint8_t kinds[] = {RTQ_LONG, RTQ_STRING, RTQ_DYNAMIC};
    rtq__rows *r = new_rows(kinds, 3, 1, 0, 0);
    rtq__vec *keys = random_vec(RTQ_LONG, 50, 1000000, false);
    uint32_t ids[50], n_new;
    rtq__rows_upsert(ids, &n_new, r, &keys, NULL, 50, &arena);
    cr_expect(rtq__rows_get(r, 0, 2).is_null && rtq__rows_get(r, 0, 1).len == 0);
    char text[400];
    uint64_t largest = 0;
    memset(text, 'x', sizeof text);
    for (int i = 0; i < 50000; i++) {
        uint32_t id = (uint32_t)(rnd() % n_new), len = (uint32_t)(rnd() % sizeof text);
        rtq__cell c = rtq__cell_s(text, len);
        text[0] = (char)('a' + i % 26);
        cr_assert_eq(rtq__rows_set(r, id, 1, &c), RTQ_OK);
        rtq__cell got = rtq__rows_get(r, id, 1);
        cr_assert(got.len == len && memcmp(got.u.s, text, len) == 0);
        rtq__dyn d = {.tag = RTQ__DYN_STRING, .len = len, .u.p = text};
        c = i % 3 ? rtq__cell_y(d) : rtq__cell_null(RTQ_DYNAMIC);
        cr_assert_eq(rtq__rows_set(r, id, 2, &c), RTQ_OK);
        cr_assert_eq(rtq__rows_get(r, id, 2).is_null, i % 3 == 0);
        largest = rtq__rows_bytes(r) > largest ? rtq__rows_bytes(r) : largest;
    }
    cr_expect_lt(largest, 2 << 20, "dead text is reclaimed: %lu", (unsigned long)largest);
    rtq__rows_free(r);
}

static void expect_same(rtq__rows *a, rtq__rows *b, uint32_t n_cols)
{
    cr_assert_eq(rtq__rows_count(a), rtq__rows_count(b));
    for (uint32_t id = 0; id < rtq__rows_count(a); id++)
        for (uint32_t c = 0; c < n_cols; c++) {
            rtq__cell x = rtq__rows_get(a, id, c), y = rtq__rows_get(b, id, c);
            cr_assert(same_cell(&x, &y));
        }
}

Test(value_rowstore, saved_and_loaded_is_the_same)
{
    rtq__rows *r = mixed_store(2, 40, 700), *copy = new_rows(mixed, N_MIXED, 2, 40, 0);
    rtq__buf bytes, again;
    rtq__buf_init(&bytes, mem), rtq__buf_init(&again, mem);
    for (uint32_t i = 0; i < 700; i++)
        memset(rtq__rows_extra(r, i), (int)i, 40);
    cr_assert_eq(rtq__rows_save(&bytes, r), RTQ_OK);
    cr_assert_eq(rtq__rows_load(copy, bytes.ptr, bytes.len), RTQ_OK);
    expect_same(r, copy, N_MIXED);
    cr_expect_eq(memcmp(rtq__rows_extra(copy, 77), rtq__rows_extra(r, 77), 40), 0);
    cr_assert_eq(rtq__rows_save(&again, copy), RTQ_OK);
    cr_expect(again.len == bytes.len && memcmp(again.ptr, bytes.ptr, bytes.len) == 0);
    rtq__vec *keys[2] = {random_vec(RTQ_STRING, 100, 30, false), random_vec(RTQ_REAL, 100, 30, true)};
    uint32_t a[100], b[100];
    rtq__rows_probe(a, r, keys, NULL, 100, true, &arena), rtq__rows_probe(b, copy, keys, NULL, 100, true, &arena);
    cr_expect_eq(memcmp(a, b, sizeof a), 0);
    rtq__buf_free(&bytes), rtq__buf_free(&again);
    rtq__rows_free(r), rtq__rows_free(copy);
}

Test(value_rowstore, a_loaded_group_table_goes_on)
{
    const uint8_t kinds[] = {RTQ_STRING};
    rtq__rows *r = new_rows(kinds, 1, 1, 16, 0), *copy = new_rows(kinds, 1, 1, 16, 0);
    rtq__vec *keys = random_vec(RTQ_STRING, 1000, 500, false), *more = random_vec(RTQ_STRING, 1000, 900, false);
    uint32_t a[1000], b[1000], n_a, n_b;
    rtq__buf bytes;
    rtq__buf_init(&bytes, mem);
    rtq__rows_upsert(a, &n_a, r, &keys, NULL, 1000, &arena);
    rtq__rows_save(&bytes, r);
    cr_assert_eq(rtq__rows_load(copy, bytes.ptr, bytes.len), RTQ_OK);
    rtq__rows_upsert(a, &n_a, r, &more, NULL, 1000, &arena);
    rtq__rows_upsert(b, &n_b, copy, &more, NULL, 1000, &arena);
    cr_expect(n_a == n_b && memcmp(a, b, sizeof a) == 0);
    rtq__rows_clear(r);
    cr_expect_eq(rtq__rows_count(r), 0);
    rtq__rows_upsert(a, &n_a, r, &keys, NULL, 1000, &arena);
    cr_expect_eq(a[0], 0);
    rtq__buf_free(&bytes);
    rtq__rows_free(r), rtq__rows_free(copy);
}

Test(value_rowstore, damaged_bytes_are_refused_or_harmless)
{
    rtq__rows *r = mixed_store(2, 16, 40), *copy = new_rows(mixed, N_MIXED, 2, 16, 1 << 24);
    rtq__buf bytes, out;
    rtq__buf_init(&bytes, mem), rtq__buf_init(&out, mem);
    cr_assert_eq(rtq__rows_save(&bytes, r), RTQ_OK);
    for (size_t len = 0; len < bytes.len; len++) {
        char *part = malloc(len ? len : 1); /* exact, so that reading past it is seen */
        memcpy(part, bytes.ptr, len);
        cr_assert_eq(rtq__rows_load(copy, part, len), RTQ_ERR_DATA);
        free(part);
    }
    unsigned refused = 0;
    for (int round = 0; round < 20000; round++) {
        size_t at = rnd() % bytes.len;
        char old = bytes.ptr[at];
        bytes.ptr[at] = (char)rnd();
        int rc = rtq__rows_load(copy, bytes.ptr, bytes.len);
        refused += rc == RTQ_ERR_DATA;
        cr_assert(rc == RTQ_OK || rc == RTQ_ERR_DATA || rc == RTQ_ERR_LIMIT);
        for (uint32_t id = 0; rc == RTQ_OK && id < rtq__rows_count(copy); id++)
            for (uint32_t c = 0; c < N_MIXED; c++) {
                rtq__cell cell = rtq__rows_get(copy, id, c);
                rtq__cell_print_json(&out, &cell);
            }
        rtq__rows_index(copy);
        rtq__buf_clear(&out);
        bytes.ptr[at] = old;
    }
    cr_expect_gt(refused, 5000);
    rtq__buf_free(&bytes), rtq__buf_free(&out);
    rtq__rows_free(r), rtq__rows_free(copy);
}

Test(value_rowstore, over_the_budget_known_keys_are_still_served)
{
    const uint8_t kinds[] = {RTQ_STRING};
    rtq__rows *r = new_rows(kinds, 1, 1, 64, 200000);
    uint32_t ids[RTQ__ROWS], n_new, known;
    int rc;
    rtq__vec *first = random_vec(RTQ_STRING, 100, 50, false), *many;
    cr_assert_eq(rtq__rows_upsert(ids, &n_new, r, &first, NULL, 100, &arena), RTQ_OK);
    known = ids[42];
    do {
        many = random_vec(RTQ_STRING, RTQ__ROWS, 10000000, false);
        rc = rtq__rows_upsert(ids, &n_new, r, &many, NULL, RTQ__ROWS, &arena);
        cr_assert_leq(rtq__rows_bytes(r), 200000);
    } while (rc == RTQ_OK);
    cr_assert_eq(rc, RTQ_ERR_LIMIT);
    cr_expect_eq(ids[RTQ__ROWS - 1], UINT32_MAX);
    rc = rtq__rows_upsert(ids, &n_new, r, &first, NULL, 100, &arena);
    cr_expect_eq(rc, RTQ_OK);
    cr_expect_eq(ids[42], known);
    rtq__rows_free(r);
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

static int use_everything(rtq__mem *m, rtq__arena *scratch, rtq__vec *const *cols, const char *saved, size_t saved_len)
{
    rtq__rows_def def = {.kinds = mixed, .n_cols = N_MIXED, .n_keys = 2, .extra_len = 16, .seed = 5};
    rtq__rows *r = NULL;
    rtq__buf out;
    uint32_t ids[300], first, n_new;
    rtq__buf_init(&out, m);
    int rc = rtq__rows_new(&r, m, &def);
    if (rc == RTQ_OK)
        rc = rtq__rows_upsert(ids, &n_new, r, cols, NULL, 300, scratch);
    if (rc == RTQ_OK)
        rc = rtq__rows_append(&first, r, cols, NULL, 300);
    if (rc == RTQ_OK)
        rc = rtq__rows_index(r);
    if (rc == RTQ_OK)
        rc = rtq__rows_upsert(ids, &n_new, r, cols, NULL, 300, scratch);
    for (uint32_t c = 0; rc == RTQ_OK && c < N_MIXED; c++)
        rc = rtq__rows_gather(r, c, ids, 0, 300, scratch) ? RTQ_OK : RTQ_ERR_NOMEM;
    rtq__cell text = rtq__cell_s("a text that does not fit into a cell", 36);
    if (rc == RTQ_OK)
        rc = rtq__rows_set(r, 3, 5, &text);
    if (rc == RTQ_OK)
        rc = rtq__rows_save(&out, r);
    if (rc == RTQ_OK)
        rc = rtq__rows_load(r, saved, saved_len);
    rtq__buf_free(&out);
    rtq__rows_free(r);
    return rc;
}

Test(value_rowstore, every_failed_allocation_is_survived)
{
    rtq__vec *cols[N_MIXED];
    for (uint32_t c = 0; c < N_MIXED; c++) {
        cols[c] = random_vec(mixed[c] == RTQ_UNKNOWN ? RTQ_DYNAMIC : mixed[c], 300, 200, mixed[c] != RTQ_STRING);
        cols[c]->kind = mixed[c];
    }
    rtq__rows *r = mixed_store(2, 16, 100);
    rtq__buf saved;
    rtq__buf_init(&saved, mem);
    rtq__rows_save(&saved, r);
    for (int n = 0;; n++) {
        int left = n, rc = RTQ_ERR_NOMEM;
        rtq__mem *m = rtq__mem_new(failing, &left, 0);
        if (m) {
            rtq__arena scratch;
            rtq__arena_init(&scratch, m, 0);
            rc = use_everything(m, &scratch, cols, saved.ptr, saved.len);
            rtq__arena_free(&scratch);
            cr_assert_eq(atomic_load(&m->used), 0);
            rtq__mem_unref(m);
        }
        cr_assert(rc == RTQ_OK || rc == RTQ_ERR_NOMEM, "%d", rc);
        if (rc == RTQ_OK)
            break;
        cr_assert_lt(n, 500);
    }
    rtq__buf_free(&saved);
    rtq__rows_free(r);
}

/* Groups of small numbers are found in an array once there are many: also when the keys move away, and after clear(). */
Test(value_rowstore, groups_of_small_numbers)
{
    static const uint8_t kinds[] = {RTQ_LONG};
    enum { N = 1000, SPAN = 1 << 15 };
    static uint32_t found[SPAN];
    static const int64_t bases[] = {-3, 0, 4093, INT64_C(1) << 40, INT64_MIN, INT64_MAX - SPAN};
    for (size_t k = 0; k < sizeof bases / sizeof *bases; k++) {
        int64_t base = bases[k];
        rtq__rows *r = new_rows(kinds, 1, 1, 0, 0);
        for (int round = 0; round < 2; round++) {
            memset(found, 0, sizeof found);
            for (uint32_t batch = 0; batch < 40; batch++) {
                uint32_t span = batch < 15 ? 700 : batch < 25 ? 5000 : SPAN, ids[N], n_new;
                rtq__vec *v = rtq__vec_new(&arena, RTQ_LONG, N), *keys[] = {v};
                for (uint32_t i = 0; i < N; i++)
                    ((int64_t *)v->data)[i] = base + (int64_t)(rnd() % span);
                cr_assert_eq(rtq__rows_upsert(ids, &n_new, r, keys, NULL, N, &arena), RTQ_OK);
                for (uint32_t i = 0; i < N; i++) {
                    uint32_t *known = &found[((int64_t *)v->data)[i] - base];
                    *known = *known ? *known : ids[i] + 1;
                    cr_assert_eq(ids[i] + 1, *known);
                    cr_assert_eq(rtq__rows_get(r, ids[i], 0).u.i, ((int64_t *)v->data)[i]);
                }
                rtq__arena_reset(&arena);
            }
            rtq__rows_clear(r);
        }
        rtq__rows_free(r);
    }
}
