/* Dynamic values: JSON text and trees through the same functions. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include "value/decimal.h"
#include "value/dyn.h"
#include "value/dyn_scan.h"

static rtq__mem *mem;
static rtq__arena arena;
static rtq__dyn_builder *b;

static void setup(void)
{
    mem = rtq__mem_new(NULL, NULL, 0);
    rtq__arena_init(&arena, mem, 0);
    b = rtq__dyn_builder_new(mem);
}
static void teardown(void)
{
    rtq__dyn_builder_free(b);
    rtq__arena_free(&arena);
    cr_expect_eq(atomic_load(&mem->used), 0, "everything was freed");
    rtq__mem_unref(mem);
}
TestSuite(value_dyn, .init = setup, .fini = teardown);

static rtq__dyn parse(const char *text)
{
    rtq__dyn d;
    cr_assert_eq(rtq__dyn_parse(&d, text, strlen(text), &arena), RTQ_OK, "%s", text);
    return d;
}

/* The same content as a tree. */
static void add_as_tree(const rtq__dyn *d)
{
    if (!rtq__dyn_is_array(d) && !rtq__dyn_is_bag(d)) {
        rtq__dyn_add(b, d);
        return;
    }
    rtq__dyn_iter it;
    bool bag = rtq__dyn_is_bag(d);
    if (bag)
        rtq__dyn_begin_bag(b);
    else
        rtq__dyn_begin_array(b);
    rtq__dyn_iter_init(&it, d, &arena);
    while (rtq__dyn_next(&it)) {
        if (bag)
            rtq__dyn_key(b, it.key.ptr, it.key.len);
        add_as_tree(&it.item);
    }
    rtq__dyn_end(b);
}
static rtq__dyn tree(const char *text)
{
    rtq__dyn d = parse(text);
    add_as_tree(&d);
    cr_assert_eq(rtq__dyn_finish(&d, b, &arena), RTQ_OK);
    cr_assert(rtq__dyn_check(&d), "%s", text);
    return d;
}

static const char *printed(const rtq__dyn *d)
{
    rtq__buf out;
    rtq__buf_init(&out, mem);
    rtq__dyn_print(&out, d);
    char *p = rtq__arena_strndup(&arena, out.ptr, out.len);
    rtq__buf_free(&out);
    return p;
}
static const char *text_of(const rtq__cell *c)
{
    rtq__buf out;
    rtq__buf_init(&out, mem);
    rtq__cell_print_text(&out, c);
    char *p = rtq__arena_strndup(&arena, out.ptr ? out.ptr : "", out.len);
    rtq__buf_free(&out);
    return p;
}

Test(value_dyn, malformed_text_is_refused)
{
    static const char *const bad[] = {"{",           "[",
                                      "]",           "}",
                                      "[1,]",        "{\"a\":1,}",
                                      "{,}",         "[,1]",
                                      "{\"a\"}",     "{\"a\":}",
                                      "{a:1}",       "{'a':1}",
                                      "[1 2]",       "01",
                                      "1.",          ".5",
                                      "+1",          "-",
                                      "1e",          "nul",
                                      "nullx",       "tru",
                                      "\"",          "\"\\x\"",
                                      "\"\\u12g4\"", "\"\\u123",
                                      "[1]]",        "{}{}",
                                      "[1}",         "{\"a\":1]",
                                      "NaN",         "\"a\tb\"",
                                      "[\"\n\"]",    "{\"a\":1 \"b\":2}",
                                      "[1,{]}",      "1 2",
                                      "\"\\",        "not json",
                                      "{\"a\":[}",   "--1",
                                      "[1,,2]",      "{1:2}"};
    rtq__dyn d;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        cr_expect_eq(rtq__dyn_parse(&d, bad[i], strlen(bad[i]), &arena), RTQ_ERR_DATA, "%s", bad[i]);
    char nul[] = {'"', '\\', 0, '"'};
    cr_expect_eq(rtq__dyn_parse(&d, nul, sizeof nul, &arena), RTQ_ERR_DATA);
}

Test(value_dyn, depth_is_capped_without_recursion)
{
    size_t n = 1u << 20;
    char *text = malloc(n);
    rtq__dyn d;
    memset(text, '[', n);
    cr_expect_eq(rtq__dyn_parse(&d, text, n, &arena), RTQ_ERR_DATA);
    for (size_t i = 0; i < RTQ__DYN_DEPTH + 1; i++)
        text[i] = '[', text[RTQ__DYN_DEPTH + 1 + i] = ']';
    cr_expect_eq(rtq__dyn_parse(&d, text, 2 * (RTQ__DYN_DEPTH + 1), &arena), RTQ_ERR_DATA);
    cr_expect_eq(rtq__dyn_parse(&d, text + 1, 2 * RTQ__DYN_DEPTH, &arena), RTQ_OK);
    cr_expect_str_eq(printed(&d), rtq__arena_strndup(&arena, text + 1, 2 * RTQ__DYN_DEPTH));
    free(text);
}

Test(value_dyn, builders_refuse_what_is_too_deep)
{
    rtq__dyn d;
    for (int i = 0; i < RTQ__DYN_DEPTH + 3; i++)
        rtq__dyn_begin_array(b);
    for (int i = 0; i < RTQ__DYN_DEPTH + 3; i++)
        rtq__dyn_end(b);
    cr_expect_eq(rtq__dyn_finish(&d, b, &arena), RTQ_ERR_LIMIT);
    rtq__dyn_begin_array(b);
    rtq__dyn_end(b);
    cr_assert_eq(rtq__dyn_finish(&d, b, &arena), RTQ_OK, "usable again");
    for (int i = 1; i < RTQ__DYN_DEPTH; i++) { /* deep by wrapping, as pack_array(pack_array(…)) does over rows */
        rtq__dyn_begin_array(b);
        rtq__dyn_add(b, &d);
        rtq__dyn_end(b);
        cr_assert_eq(rtq__dyn_finish(&d, b, &arena), RTQ_OK);
    }
    cr_expect(rtq__dyn_check(&d));
    cr_expect_eq(strlen(printed(&d)), 2 * RTQ__DYN_DEPTH);
    rtq__dyn_begin_array(b);
    rtq__dyn_add(b, &d);
    rtq__dyn_end(b);
    cr_expect_eq(rtq__dyn_finish(&d, b, &arena), RTQ_ERR_LIMIT);
}

Test(value_dyn, text_is_compact_and_canonical)
{
    static const struct {
        const char *in, *out;
    } cases[] = {
        {" { \"a\" : [ 1 , 2.50 , -0.0, 1.0, 118.0 ] , \"b\" : { } } ", "{\"a\":[1,2.5,-0.0,1.0,118.0],\"b\":{}}"},
        {"[\"\\u00e9\\/\\n\\u0001\\u0022\\\\\"]", "[\"\xc3\xa9/\\n\\u0001\\\"\\\\\"]"},
        {"[\"\\ud83d\\ude00\",\"\\ud83d\",\"\\udc00x\"]", "[\"\xf0\x9f\x98\x80\",\"\xef\xbf\xbd\",\"\xef\xbf\xbdx\"]"},
        {"[]", "[]"},
        {"{}", "{}"},
        {"[[],[[]],{}]", "[[],[[]],{}]"},
        {"[null,true,false]", "[null,true,false]"},
        {"{\"k\\u0065y\":{\"x\":\"y\"},\"z\":[{}]}", "{\"key\":{\"x\":\"y\"},\"z\":[{}]}"},
        {"9223372036854775807", "9223372036854775807"},
        {"-9223372036854775808", "-9223372036854775808"},
        {"\"plain\"", "\"plain\""},
        {" 7 ", "7"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        rtq__dyn d = parse(cases[i].in), t = tree(cases[i].in);
        cr_expect_str_eq(printed(&d), cases[i].out);
        cr_expect_str_eq(printed(&t), cases[i].out);
        cr_expect(rtq__dyn_equal(&d, &t) && rtq__dyn_hash(&d, 7) == rtq__dyn_hash(&t, 7), "%s", cases[i].in);
    }
}

Test(value_dyn, numbers_are_long_when_they_fit)
{
    cr_expect_eq(parse("9223372036854775807").tag, RTQ__DYN_LONG);
    cr_expect_eq(parse("9223372036854775808").tag, RTQ__DYN_REAL);
    cr_expect_eq(parse("-9223372036854775808").u.i, INT64_MIN);
    cr_expect_eq(parse("-9223372036854775809").tag, RTQ__DYN_REAL);
    cr_expect_eq(parse("18446744073709551616").tag, RTQ__DYN_REAL);
    cr_expect_eq(parse("1e3").tag, RTQ__DYN_REAL);
    cr_expect_eq(parse("").tag, RTQ__DYN_NULL, "parse_json of nothing is null");
}

Test(value_dyn, members_are_found_in_both_forms)
{
    const char *text = "{\"a\":{\"b\":[10,{\"x y\":\"deep \\\"one\\\"\"},30]},\"\\u0062\":2,\"c\":null}";
    rtq__dyn forms[2] = {parse(text), tree(text)}, d;
    for (int i = 0; i < 2; i++) {
        const rtq__dyn *v = &forms[i];
        cr_expect_eq(rtq__dyn_count(v), 3);
        cr_assert_eq(rtq__dyn_path(&d, v, "a.b[1]['x y']", 13, &arena), RTQ_OK);
        cr_expect(d.tag == RTQ__DYN_STRING && d.len == 10 && memcmp(d.u.p, "deep \"one\"", 10) == 0);
        cr_assert_eq(rtq__dyn_path(&d, v, "a.b[-1]", 7, &arena), RTQ_OK);
        cr_expect(d.tag == RTQ__DYN_LONG && d.u.i == 30);
        cr_assert_eq(rtq__dyn_path(&d, v, "[\"a\"].b[-4]", 11, &arena), RTQ_OK);
        cr_expect_eq(d.tag, RTQ__DYN_NULL);
        cr_assert_eq(rtq__dyn_get(&d, v, "b", 1, &arena), RTQ_OK);
        cr_expect_eq(d.u.i, 2, "the key is written with an escape");
        cr_assert_eq(rtq__dyn_path(&d, v, "a.nope.more[2]", 14, &arena), RTQ_OK);
        cr_expect_eq(d.tag, RTQ__DYN_NULL);
        cr_assert_eq(rtq__dyn_at(&d, v, 0, &arena), RTQ_OK);
        cr_expect_eq(d.tag, RTQ__DYN_NULL, "a bag has no positions");
    }
    static const char *const bad[] = {"a..b", "a[", "a[x]", "a['x]", "a[1", ".a", "a]", "a.[1]", "a[1]b", "[-]"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        cr_expect_eq(rtq__dyn_path(&d, &forms[0], bad[i], strlen(bad[i]), &arena), RTQ_ERR_ARG, "%s", bad[i]);
    rtq__dyn twice = parse("{\"a\":1,\"a\":2}");
    rtq__dyn_get(&d, &twice, "a", 1, &arena);
    cr_expect_eq(d.u.i, 2);
}

Test(value_dyn, a_repeated_key_replaces_the_value)
{
    rtq__dyn d, v;
    for (int keys = 5; keys <= 3000; keys *= 6) {
        rtq__dyn_begin_bag(b);
        for (int round = 0; round < 2; round++) {
            for (int i = 0; i < keys; i++) {
                char key[16];
                rtq__dyn_key(b, key, (size_t)snprintf(key, sizeof key, "key%d", i));
                if (i % 3) {
                    rtq__cell c = rtq__cell_i(RTQ_LONG, i + round * 10000);
                    rtq__dyn_add_cell(b, &c);
                } else { /* with large bags inside, whose keys leave the table first */
                    rtq__dyn_begin_bag(b);
                    for (int j = 0; j < 12; j++) {
                        rtq__dyn_key(b, key, (size_t)snprintf(key, sizeof key, "key%d", j));
                        rtq__cell c = rtq__cell_i(RTQ_LONG, j + round);
                        rtq__dyn_add_cell(b, &c);
                    }
                    rtq__dyn_end(b);
                }
            }
        }
        rtq__dyn_end(b);
        cr_assert_eq(rtq__dyn_finish(&d, b, &arena), RTQ_OK);
        cr_assert(rtq__dyn_check(&d));
        cr_expect_eq(rtq__dyn_count(&d), keys);
        rtq__dyn_get(&v, &d, "key4", 4, &arena);
        cr_expect_eq(v.u.i, 10004);
        rtq__dyn_path(&v, &d, "key3.key11", 10, &arena);
        cr_expect_eq(v.u.i, 12);
    }
}

Test(value_dyn, order_and_equality_go_by_value)
{
    static const char *const ascending[] = {"null",
                                            "false",
                                            "true",
                                            "-1e300",
                                            "-9223372036854775808",
                                            "-1.5",
                                            "-1",
                                            "0",
                                            "0.5",
                                            "9007199254740992",
                                            "9007199254740993",
                                            "9223372036854775807",
                                            "9223372036854775808",
                                            "\"\"",
                                            "\"A\"",
                                            "\"a\"",
                                            "\"a\\u0000\"",
                                            "\"ab\"",
                                            "\"\\u00e9\"",
                                            "[]",
                                            "[null]",
                                            "[1]",
                                            "[1,0]",
                                            "[1,\"x\"]",
                                            "[2]",
                                            "[[]]",
                                            "{}",
                                            "{\"a\":1}",
                                            "{\"a\":1,\"b\":0}",
                                            "{\"a\":2}",
                                            "{\"b\":0}"};
    enum { N = sizeof ascending / sizeof ascending[0] };
    rtq__dyn d[N], t[N];
    for (int i = 0; i < N; i++)
        d[i] = parse(ascending[i]), t[i] = tree(ascending[i]);
    for (int i = 0; i < N; i++) {
        for (int j = 0; j < N; j++) {
            int want = (i > j) - (i < j);
            cr_expect_eq(rtq__dyn_compare(&d[i], &d[j]), want, "%s and %s", ascending[i], ascending[j]);
            cr_expect_eq(rtq__dyn_compare(&d[i], &t[j]), want, "%s and tree %s", ascending[i], ascending[j]);
        }
    }
    rtq__dyn one = parse("1"), one_real = parse("1.0"), zero = parse("0"), minus = parse("-0.0");
    cr_expect(rtq__dyn_equal(&one, &one_real) && rtq__dyn_hash(&one, 1) == rtq__dyn_hash(&one_real, 1));
    cr_expect(rtq__dyn_equal(&zero, &minus) && rtq__dyn_hash(&zero, 1) == rtq__dyn_hash(&minus, 1));
    rtq__cell nan = rtq__cell_d(NAN), nan2 = rtq__cell_d(-NAN), inf = rtq__cell_d(-INFINITY);
    rtq__dyn n = rtq__dyn_from_cell(&nan), n2 = rtq__dyn_from_cell(&nan2), m = rtq__dyn_from_cell(&inf);
    cr_expect(rtq__dyn_equal(&n, &n2) && rtq__dyn_hash(&n, 1) == rtq__dyn_hash(&n2, 1), "NaN groups with NaN");
    cr_expect_lt(rtq__dyn_compare(&n, &m), 0);
}

Test(value_dyn, escaped_text_hashes_like_plain_text)
{
    rtq__buf text;
    rtq__buf_init(&text, mem);
    rtq__buf_adds(&text, "[\"");
    for (int i = 0; i < 500; i++)
        rtq__buf_adds(&text, i % 7 ? "abc\\u00e9" : "\\n\\ud83d\\ude00");
    rtq__buf_adds(&text, "\"]");
    rtq__dyn d, t;
    cr_assert_eq(rtq__dyn_parse(&d, text.ptr, text.len, &arena), RTQ_OK);
    add_as_tree(&d);
    cr_assert_eq(rtq__dyn_finish(&t, b, &arena), RTQ_OK);
    cr_expect(rtq__dyn_equal(&d, &t));
    cr_expect_eq(rtq__dyn_hash(&d, 3), rtq__dyn_hash(&t, 3));
    cr_expect_str_eq(printed(&d), printed(&t));
    rtq__buf_free(&text);
}

static rtq__cell cast(const char *json, uint32_t kind)
{
    rtq__dyn d = parse(json);
    return rtq__dyn_to_cell(&d, kind, &arena);
}

/* Rows of the recorded emulator results. */
Test(value_dyn, casts)
{
    cr_expect_eq(cast("2147483648", RTQ_INT).u.i, INT32_MIN);
    cr_expect_eq(cast("9223372036854775807", RTQ_INT).u.i, -1);
    cr_expect_eq(cast("1.7976931348623157e308", RTQ_LONG).u.i, INT64_MAX);
    cr_expect_eq(cast("1.7976931348623157e308", RTQ_INT).u.i, INT32_MAX);
    cr_expect_eq(cast("5e-324", RTQ_LONG).u.i, 0);
    cr_expect_eq(cast("-9.99", RTQ_LONG).u.i, -9);
    cr_expect_eq(cast("\"42\"", RTQ_LONG).u.i, 42);
    cr_expect_eq(cast("\"42\"", RTQ_BOOL).u.i, 1);
    cr_expect(cast("\"3.14\"", RTQ_LONG).is_null && cast("\"3.14\"", RTQ_BOOL).is_null);
    cr_expect_float_eq(cast("\"3.14\"", RTQ_REAL).u.d, 3.14, 1e-15);
    cr_expect_eq(cast("\"0x10\"", RTQ_INT).u.i, 16);
    cr_expect(cast("\"0x10\"", RTQ_REAL).is_null);
    cr_expect_eq(cast("true", RTQ_LONG).u.i, 1);
    cr_expect_float_eq(cast("true", RTQ_REAL).u.d, 1, 0);
    cr_expect_eq(cast("1.9", RTQ_BOOL).u.i, 1);
    cr_expect_eq(cast("\"True\"", RTQ_BOOL).u.i, 1);
    cr_expect_eq(cast("\"false\"", RTQ_BOOL).u.i, 0);
    cr_expect(cast("\"yes\"", RTQ_BOOL).is_null && cast("\"\"", RTQ_LONG).is_null);
    cr_expect(cast("[1]", RTQ_LONG).is_null && cast("null", RTQ_REAL).is_null && cast("{}", RTQ_BOOL).is_null);
    cr_expect(cast("[1]", RTQ_DATETIME).is_null && cast("-1", RTQ_DATETIME).is_null &&
              cast("true", RTQ_TIMESPAN).is_null);
    cr_expect_eq(cast("1", RTQ_DATETIME).u.i, 1);
    rtq__cell c = cast("null", RTQ_STRING);
    cr_expect(!c.is_null && c.len == 0);
    c = cast("{\"a\": [1.0]}", RTQ_STRING);
    cr_expect(c.len == 11 && memcmp(c.u.s, "{\"a\":[1.0]}", 11) == 0);
    c = cast("true", RTQ_STRING);
    cr_expect(c.len == 4 && memcmp(c.u.s, "true", 4) == 0);
    rtq__cell yes = rtq__cell_i(RTQ_BOOL, 1), inf = rtq__cell_d(INFINITY);
    cr_expect_str_eq(text_of(&yes), "True");
    cr_expect_str_eq(text_of(&inf), "inf");
    rtq__dyn d = rtq__dyn_from_cell(&inf);
    cr_expect_str_eq(printed(&d), "\"Infinity\"");
    d = (rtq__dyn){.tag = RTQ__DYN_LONG, .flags = RTQ__DYN_HEX, .u.i = -1};
    cr_expect_str_eq(printed(&d), "\"0xffffffffffffffff\"");
}

Test(value_dyn, types)
{
    static const struct {
        const char *json, *type;
    } cases[] = {{"null", "null"}, {"1", "long"},        {"1.5", "double"}, {"\"s\"", "string"},
                 {"[1]", "array"}, {"{}", "dictionary"}, {"true", "bool"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        rtq__dyn d = parse(cases[i].json);
        cr_expect_str_eq(rtq__dyn_type_name(&d), cases[i].type);
    }
}

Test(value_dyn, decimals)
{
    static const struct {
        const char *in, *out;
    } cases[] = {{"3.14159265358979323846", "3.14159265358979323846"},
                 {"-0.0", "0"},
                 {"1.50", "1.5"},
                 {"100", "100"},
                 {"1e3", "1000"},
                 {"0.00001", "0.00001"},
                 {"1e-9", "1E-9"},
                 {"123456789012345678901234567890123456", "123456789012345678901234567890123500"},
                 {"12345678901234567890123456789012345", "12345678901234567890123456789012340"},
                 {"99999999999999999999999999999999999", "100000000000000000000000000000000000"},
                 {"1e60", "1E60"},
                 {"-2.5", "-2.5"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint64_t w[2];
        char text[48];
        cr_assert(rtq__decimal_parse(w, cases[i].in, strlen(cases[i].in)), "%s", cases[i].in);
        size_t n = rtq__decimal_print(text, w);
        cr_expect(n == strlen(cases[i].out) && memcmp(text, cases[i].out, n) == 0, "%s gave %.*s", cases[i].in, (int)n,
                  text);
    }
    uint64_t a[2], c[2];
    int64_t i;
    cr_expect(!rtq__decimal_parse(a, "1.2.3", 5) && !rtq__decimal_parse(a, "", 0) && !rtq__decimal_parse(a, "1e", 2));
    rtq__decimal_parse(a, "10", 2), rtq__decimal_parse(c, "1.0e1", 5);
    cr_expect(rtq__decimal_compare(a, c) == 0 && rtq__decimal_hash(a, 1) == rtq__decimal_hash(c, 1));
    rtq__decimal_parse(c, "-3.7", 4);
    cr_expect(rtq__decimal_compare(c, a) < 0);
    cr_expect(rtq__decimal_to_long(&i, c) && i == -3);
    rtq__decimal_from_long(a, INT64_MIN);
    cr_expect(rtq__decimal_to_long(&i, a) && i == INT64_MIN);
    rtq__decimal_parse(a, "9223372036854775808", 19);
    cr_expect(!rtq__decimal_to_long(&i, a));
}

/* Every byte of a tree changed at random: reading stays inside (the sanitizers watch) and the check decides. */
Test(value_dyn, damaged_trees_are_survived)
{
    rtq__dyn good = tree(
        "{\"a\":[1,\"two\",{\"b\":[[],{},\"x\"]},2.5],\"long key of some length\":{\"c\":null,\"d\":true}}");
    char *copy = malloc(good.len);
    uint64_t r = 88172645463325252u;
    unsigned accepted = 0;
    for (int round = 0; round < 20000; round++) {
        memcpy(copy, good.u.p, good.len);
        for (int k = 0; k < 2; k++) {
            r ^= r << 13, r ^= r >> 7, r ^= r << 17;
            copy[(r >> 8) % good.len] ^= (char)(1 << (r & 7));
        }
        rtq__dyn d = good;
        d.u.p = copy;
        if (!rtq__dyn_check(&d))
            continue;
        accepted++;
        printed(&d);
        rtq__dyn_hash(&d, 1);
        rtq__dyn_equal(&d, &good);
        rtq__arena_reset(&arena);
        good = tree(
            "{\"a\":[1,\"two\",{\"b\":[[],{},\"x\"]},2.5],\"long key of some length\":{\"c\":null,\"d\":true}}");
    }
    cr_expect_gt(accepted, 0);
    free(copy);
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

Test(value_dyn, building_survives_every_failed_allocation)
{
    rtq__dyn shape = parse("{\"a\":[1,2,{\"b\":\"c\"}],\"k1\":1,\"k2\":2,\"k3\":3,\"k4\":4,\"k5\":5,\"k6\":6,\"k7\":7,"
                           "\"k8\":8,\"k9\":\"\\n\"}");
    rtq__dyn_builder *saved = b;
    for (int n = 0;; n++) {
        int left = n;
        rtq__mem *m = rtq__mem_new(failing, &left, 0);
        if (!m)
            continue;
        int rc = RTQ_ERR_NOMEM;
        rtq__arena heap;
        rtq__arena_init(&heap, m, 64);
        b = rtq__dyn_builder_new(m);
        if (b) {
            rtq__dyn d;
            add_as_tree(&shape);
            rc = rtq__dyn_finish(&d, b, &heap);
            if (rc == RTQ_OK)
                cr_expect(rtq__dyn_equal(&d, &shape));
        }
        rtq__dyn_builder_free(b);
        rtq__arena_free(&heap);
        rtq__mem_unref(m);
        cr_assert(rc == RTQ_OK || rc == RTQ_ERR_NOMEM);
        if (rc == RTQ_OK)
            break;
        cr_assert_lt(n, 100);
    }
    b = saved;
}
