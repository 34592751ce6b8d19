/* Arrays, sets, property bags: examples of the reference pages and recorded emulator results. */
#include <criterion/criterion.h>
#include "fx.h"

#define EQ(text, ...) \
    cr_expect_str_eq(FX(f, __VA_ARGS__), text, #__VA_ARGS__ " gives %s, not %s", FX(f, __VA_ARGS__), text)
#define J(text) fx_json(f, text)
static fx *f;
static void setup(void)
{
    f = fx_new();
}
static void teardown(void)
{
    fx_free(f);
}
TestSuite(fn_dynamic, .init = setup, .fini = teardown);

Test(fn_dynamic, parts)
{
    EQ("[1,{\"b\":2}]", "__member", "dynamic, string", J("{\"a\":[1,{\"b\":2}]}"), FX_S("a"));
    EQ("null", "__member", "dynamic, string", J("{\"a\":1}"), FX_S("b"));
    EQ("null", "__member", "dynamic, string", J("[1]"), FX_S("b"));
    EQ("3", "__index", "dynamic, long", J("[1,2,3]"), FX_L(-1));
    EQ("null", "__index", "dynamic, long", J("[1,2,3]"), FX_L(3));
    EQ("2", "__index", "dynamic, dynamic", J("[1,2,3]"), J("1"));
    EQ("1", "__index", "dynamic, dynamic", J("{\"x y\":1}"), J("\"x y\""));
    EQ("\"{\\\"A1\\\":12,\\\"B\\\":[2,{\\\"a\\\":1,\\\"c\\\":3}],\\\"Y\\\":{}}\"", "dynamic_to_json", "any",
       J("{\"Y\":{},\"B\":[2,{\"c\":3,\"a\":1}],\"A1\":12}"));
    EQ("[\"['prop1']\",\"['prop1'][0]\",\"['prop2']\"]", "treepath", "dynamic",
       J("{\"prop1\":[1,2,3,4],\"prop2\":\"value2\"}"));
    rtq__cell rows[] = {J("{\"a\":1,\"b\":\"x\"}"), FX_S("a"), J("{\"b\":1}"), FX_S("b"),
                        FX_NULL(RTQ_DYNAMIC),       FX_S("b"), J("\"a\""),     FX_S("a")};
    cr_expect_null(fx_agree(f, "__member", "dynamic, string", 2, rows, 4));
}

Test(fn_dynamic, arrays)
{
    EQ("4", "array_length", "dynamic", J("[1,2,3,\"four\"]"));
    EQ("null", "array_length", "dynamic", J("{\"a\":1}"));
    EQ("[1,2,3]", "array_concat", "dynamic...", J("[1,2]"), J("{\"a\":1}"), J("[3]"), FX_NULL(RTQ_DYNAMIC));
    EQ("[1,\"2\",\"00:00:02\",null]", "pack_array", "any...", FX_L(1), FX_S("2"), fx_span("2s"), FX_NULL(RTQ_LONG));
    EQ("[3,4,5]", "array_slice", "dynamic, long, long", J("[1,2,3,4,5]"), FX_L(2), FX_L(-1));
    EQ("[3,4]", "array_slice", "dynamic, long, long", J("[1,2,3,4,5]"), FX_L(-3), FX_L(-2));
    EQ("[1,2]", "array_slice", "dynamic, long, long", J("[1,2]"), FX_L(0), FX_L(100));
    EQ("[]", "array_slice", "dynamic, long, long", J("[1,2]"), FX_L(1), FX_L(0));
#define AT(want, ...)                                                        \
    EQ(want, "array_index_of", "dynamic, any, [long], [long], [const long]", \
       J("[\"this\",\"is\",\"an\",\"example\",\"an\",\"example\"]"), __VA_ARGS__)
    AT("2", FX_S("an"));
    AT("3", FX_S("example"), FX_L(1), FX_L(3));
    AT("-1", FX_S("example"), FX_L(1), FX_L(2));
    AT("-1", FX_S("is"), FX_L(2), FX_L(4));
    AT("4", FX_S("an"), FX_L(1), FX_L(-1), FX_L(2));
    AT("-1", FX_S("an"), FX_L(1), FX_L(-1), FX_L(3));
    AT("4", FX_S("an"), FX_L(-3));
    AT("-1", FX_S("is"), FX_L(-4));
    EQ("1", "array_index_of", "dynamic, any, [long], [long], [const long]", J("[5,15]"), FX_R(15));
    EQ("[\"b\",\"a\"]", "array_reverse", "dynamic", J("[\"a\",\"b\"]"));
    EQ("4.0", "array_sum", "dynamic", J("[1,null,3]"));
    EQ("null", "array_sum", "dynamic", J("[]")); /* emu-agent-dynamic-json-0027-1ffd8fa1 */
    EQ("[3,4,5,-1,-1]", "array_shift_left", "dynamic, long, [any]", J("[1,2,3,4,5]"), FX_L(2), FX_L(-1));
    EQ("[null,10,20]", "array_shift_right", "dynamic, long, [any]", J("[10,20,30]"), FX_L(1));
    EQ("[20,30,10]", "array_rotate_left", "dynamic, long", J("[10,20,30]"), FX_L(1));
    EQ("[20,30,10]", "array_rotate_right", "dynamic, long", J("[10,20,30]"), FX_L(-4));
    EQ("[[1],[2,3],[4,5]]", "array_split", "dynamic, dynamic", J("[1,2,3,4,5]"), J("[1,3]"));
    EQ("[[1,2],[3]]", "array_split", "dynamic, long", J("[1,2,3]"), FX_L(2));
    EQ("[\"yes\",\"no\",\"yes\",null]", "array_iff", "dynamic, any, any", J("[1,0,50,\"x\"]"), FX_S("yes"), FX_S("no"));
    EQ("[1,2,null]", "array_iff", "dynamic, any, any", J("[true,true,true]"), J("[1,2]"), J("[3,4]"));
    EQ("[[\"A\",{}],[1,\"B\"],[1.5,null]]", "zip", "dynamic, dynamic...", J("[\"A\",1,1.5]"), J("[{},\"B\"]"));
    EQ("[1,1,1]", "repeat", "any, long", FX_L(1), FX_L(3));
    EQ("null", "repeat", "any, long", FX_L(1), FX_L(-1));
    EQ("[1,4,7]", "range", "long, long, [long]", FX_L(1), FX_L(8), FX_L(3));
    EQ("[3,2,1]", "range", "long, long, [long]", FX_L(3), FX_L(1), FX_L(-1));
    EQ("[9223372036854775807]", "range", "long, long, [long]", FX_L(INT64_MAX), FX_L(INT64_MAX));
    EQ("[\"01:00:00\",\"02:00:00\"]", "range", "timespan, timespan, [timespan]", fx_span("1h"), fx_span("2h"));
}

Test(fn_dynamic, sorting)
{
    EQ("[1,3,null]", "array_sort_asc", "dynamic, [const bool]", J("[1,null,3]"));
    EQ("[null,null,\"yellow\",\"green\",\"blue\"]", "array_sort_desc", "dynamic, [const bool]",
       J("[null,\"blue\",\"yellow\",\"green\",null]"), FX_B(0));
    EQ("[3,2,1]", "array_sort_desc", "dynamic, [const bool]", J("[3,1,2]"));
    EQ("[1,2.5,\"a\",[0]]", "array_sort_asc", "dynamic, [const bool]", J("[[0],\"a\",2.5,1]"));
#define NTH "const long, const bool, const bool, dynamic..."
    EQ("[\"a\",\"e\",\"b\",\"c\",\"d\"]", "__array_sort_nth", NTH, FX_L(1), FX_B(1), FX_B(1), J("[1,3,4,5,2]"),
       J("[\"a\",\"b\",\"c\",\"d\",\"e\"]"));
    EQ("[\"d\",\"c\",\"b\",\"e\",\"a\"]", "__array_sort_nth", NTH, FX_L(1), FX_B(0), FX_B(1), J("[1,3,4,5,2]"),
       J("[\"a\",\"b\",\"c\",\"d\",\"e\"]"));
    EQ("null", "__array_sort_nth", NTH, FX_L(1), FX_B(1), FX_B(1), J("[1,3]"), J("[\"a\"]"));
}

Test(fn_dynamic, sets)
{
    EQ("[1,2,3,4,5]", "set_union", "dynamic, dynamic...", J("[1,2,3]"), J("[3,4]"), J("[5]"));
    EQ("[\"A4\",\"A2\",\"A7\"]", "set_union", "dynamic, dynamic...", J("[\"A4\",\"A2\",\"A7\",\"A2\"]"), J("[\"A4\"]"));
    EQ("[3]", "set_intersect", "dynamic, dynamic...", J("[1,2,3,3]"), J("[3,4,5]"));
    EQ("[4]", "set_difference", "dynamic, dynamic...", J("[1,2,1,4]"), J("[1,2]"), J("[1,2,8]"));
    EQ("true", "set_has_element", "dynamic, any", J("[\"this\",\"is\"]"), FX_S("is"));
    EQ("true", "set_equals", "dynamic, dynamic", J("[1,2,2]"), J("[2,1]"));
    EQ("false", "set_equals", "dynamic, dynamic", J("[1,2]"), J("[2,3]"));
    EQ("0.75", "jaccard_index", "dynamic, dynamic", J("[1,2,3]"), J("[1,2,3,4]"));
}

Test(fn_dynamic, bags)
{
    EQ("{\"a\":1,\"b\":null}", "bag_pack", "(string, any)...", FX_S("a"), FX_L(1), FX_S("b"), FX_NULL(RTQ_LONG));
    EQ("[\"a\",\"c\"]", "bag_keys", "dynamic", J("{\"a\":\"b\",\"c\":123}"));
    EQ("null", "bag_keys", "dynamic", J("[]"));
    EQ("[]", "bag_keys", "dynamic", J("{}"));
    EQ("{\"a\":1,\"b\":2,\"c\":4,\"d\":6}", "bag_merge", "dynamic, dynamic...", J("{\"a\":1,\"b\":2}"),
       J("{\"b\":3,\"c\":4}"), J("{\"c\":5,\"d\":6}"));
    EQ("{\"a\":null}", "bag_merge", "dynamic, dynamic...", J("{\"a\":null}"), J("{\"a\":1}"));
    EQ("{\"key1\":123,\"key2\":{\"prop2\":\"xyz\"}}", "bag_remove_keys", "dynamic, dynamic",
       J("{\"key1\":123,\"key2\":{\"prop1\":\"abc\",\"prop2\":\"xyz\"},\"key3\":[100,200]}"),
       J("[\"$.key2.prop1\",\"key3\"]"));
    EQ("true", "bag_has_key", "dynamic, string", J("{\"key2\":{\"prop1\":\"abc\"}}"), FX_S("$.key2.prop1"));
    EQ("false", "bag_has_key", "dynamic, string", J("{\"key1\":1}"), FX_S("key2"));
#define SET(want, bag, key) EQ(want, "bag_set_key", "dynamic, const string, any", J(bag), FX_S(key), FX_S("abc"))
    SET("{\"key1\":123,\"key2\":{\"prop1\":\"abc\",\"prop2\":\"xyz\"}}",
        "{\"key1\":123,\"key2\":{\"prop1\":123,\"prop2\":\"xyz\"}}", "$.key2.prop1");
    SET("{\"key1\":123,\"key2\":{\"prop1\":\"abc\"}}", "{\"key1\":123}", "$['key2'].prop1");
    SET("{\"key1\":\"abc\"}", "{\"key1\":123}", "key1");
    EQ("{\"a\":1,\"b\":\"2\"}", "bag_zip", "dynamic, dynamic", J("[\"a\",\"b\"]"), J("[1,\"2\",2.5]"));
    EQ("{\"a\":null,\"b\":null}", "bag_zip", "dynamic, dynamic", J("[\"a\",8,\"b\"]"), J("1"));
}
