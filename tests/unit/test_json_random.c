/* The JSON decoder against json-c on generated and mutated lines, and against itself on every way in which bytes may come. */
#include "feed.h"
#include "sources/json/json.h"
#include "value/dyn_scan.h"
#include <criterion/criterion.h>
#include <json-c/json.h>
#include <math.h>
#include <stdio.h>

/* ---- random text ----------------------------------------------------------------------------------------------------------- */
static const char *const names[] = {"a", "b", "id", "name", "Event", "\\u0061", "x y", "\u00e9", "a.b", ""};
static const char *const scalars[] = {"0",
                                      "1",
                                      "-1",
                                      "4624",
                                      "4.624e3",
                                      "1e400",
                                      "-0.0",
                                      "1E-5",
                                      "9223372036854775807",
                                      "-9223372036854775808",
                                      "9223372036854775808",
                                      "123456789012345678901234567890",
                                      "true",
                                      "false",
                                      "null",
                                      "\"\"",
                                      "\"x\"",
                                      "\"a longer text, with \\\"quotes\\\" and \\\\ \"",
                                      "\"\\u00e9\\ud83d\\ude00\"",
                                      "\"\u00e9\u4e2d\U0001F600\"",
                                      "\"\\ud800\"",
                                      "\"{\\\"id\\\":4624}\"",
                                      "\"4624\"",
                                      "0.1",
                                      "1.5",
                                      "\"\\n\\t\\/\\b\\f\\r\""};
#define PICK(list, s) ((list)[feed_random(s) % (sizeof(list) / sizeof *(list))])

static void random_value(rtq__buf *out, uint64_t *s, int depth)
{
    uint64_t what = feed_random(s) % 8;
    const char *space = feed_random(s) % 5 == 0 ? " " : "";
    if (depth > 4 || what < 4) {
        rtq__buf_adds(out, PICK(scalars, s));
        return;
    }
    rtq__buf_addc(out, what < 6 ? '{' : '[');
    for (uint64_t n = feed_random(s) % 5, i = 0; i < n; i++) {
        rtq__buf_addf(out, "%s%s", i ? "," : "", space);
        if (what < 6)
            rtq__buf_addf(out, "\"%s\"%s:%s", PICK(names, s), space, space);
        random_value(out, s, depth + 1);
    }
    rtq__buf_adds(out, space);
    rtq__buf_addc(out, what < 6 ? '}' : ']');
}

static void random_object(rtq__buf *out, uint64_t *s)
{
    rtq__buf_addc(out, '{');
    for (uint64_t n = feed_random(s) % 6, i = 0; i < n; i++) {
        rtq__buf_addf(out, "%s\"%s\":", i ? "," : "", PICK(names, s));
        random_value(out, s, 1);
    }
    rtq__buf_addc(out, '}');
}

static void mutate(char *p, size_t len, uint64_t *s)
{
    static const char bytes[] = "{}[]\",:\\0123eE+-.tfnu \t\xff\xc3";
    for (uint64_t n = feed_random(s) % 3; n > 0 && len; n--)
        p[feed_random(s) % len] = bytes[feed_random(s) % (sizeof bytes - 1)];
}

/* ---- json-c ------------------------------------------------------------------------------------------------------------------ */

static json_object *parse_with_json_c(const char *p, size_t len)
{
    json_tokener *t = json_tokener_new_ex(RTQ__DYN_DEPTH + 2);
    json_object *o;
    json_tokener_set_flags(t, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
    o = json_tokener_parse_ex(t, p, (int)len);
    if (json_tokener_get_error(t) != json_tokener_success || json_tokener_get_parse_end(t) != len) {
        json_object_put(o);
        o = NULL;
    }
    json_tokener_free(t);
    return o;
}

static bool same_number(const rtq__dyn *d, json_object *o)
{
    double want = json_object_get_double(o);
    if (json_object_get_type(o) == json_type_int && d->tag == RTQ__DYN_LONG)
        return json_object_get_int64(o) == d->u.i;
    if (d->tag != RTQ__DYN_REAL)
        return false;
    if (json_object_get_type(o) == json_type_int) /* json-c saturates integers */
        return d->u.d >= 9.2e18 ? json_object_get_uint64(o) >= (uint64_t)INT64_MAX : d->u.d <= -9.2e18;
    return d->u.d == want || (isinf(d->u.d) && isinf(want));
}

static bool same_value(const rtq__dyn *d, json_object *o)
{
    json_object *again;
    bool same;
    switch (json_object_get_type(o)) {
    case json_type_null: return d->tag == RTQ__DYN_NULL;
    case json_type_boolean: return d->tag == RTQ__DYN_BOOL && d->u.i == json_object_get_boolean(o);
    case json_type_string:
        return d->tag == RTQ__DYN_STRING && d->len == (uint32_t)json_object_get_string_len(o) &&
               memcmp(d->u.p, json_object_get_string(o), d->len) == 0;
    case json_type_array:
    case json_type_object:
        if (d->tag != RTQ__DYN_JSON || !(again = parse_with_json_c(d->u.p, d->len)))
            return false;
        same = json_object_equal(o, again);
        json_object_put(again);
        return same;
    default: return same_number(d, o);
    }
}

static json_object *member(json_object *o, const char *name)
{
    json_object *m = NULL;
    return o && json_object_get_type(o) == json_type_object && json_object_object_get_ex(o, name, &m) ? m : NULL;
}

Test(json_random, same_as_json_c)
{
    static const char *const paths[] = {"a", "a.b", "id", "Event.id", "Event.a.b", "name", "b[1]", "x y", "\u00e9"};
    rtq__mem *mem = rtq__mem_new(NULL, NULL, 0);
    rtq__source_stats stats = {0};
    int64_t max_time = INT64_MIN;
    uint64_t seed = 0x1234567, accepted = 0, values = 0;
    rtq__json *json;
    feed_demand d;
    rtq__buf text;

    feed_demand_init(&d, mem, NULL, 0, true);
    for (size_t i = 0; i < 9; i++)
        feed_want(&d, paths[i], RTQ__WANT_SURVIVOR);
    feed_branch(&d, NULL, 0);
    cr_assert_eq(rtq__json_new(&json, mem, 1 << 20, JSON_LINES, &stats, &max_time), RTQ_OK);
    cr_assert_eq(rtq__json_feed.plan(json, &d.demand), RTQ_OK);
    rtq__buf_init(&text, mem);
    for (int round = 0; round < 30000; round++) {
        rtq__feed_input in = {.name = "test", .line = 1};
        size_t used, len;
        json_object *o, *v[9];
        bool good;
        rtq__batch *b;
        rtq__buf_clear(&text);
        random_object(&text, &seed);
        if (round % 2)
            mutate(text.ptr, text.len, &seed);
        len = text.len;
        for (int i = 0; i < RTQ__FEED_PAD; i++)
            rtq__buf_addc(&text, ' ');
        rtq__feed_rows_begin(&json->rows, 10);
        cr_assert_eq(rtq__json_feed.take(json, &in, text.ptr, len, true, &used), RTQ_OK);
        good = rtq__utf8_valid(text.ptr, len) && len && *text.ptr == '{' && rtq__json_check(text.ptr, text.ptr + len);
        cr_assert_eq(json->rows.n == 1 && json->rows.bad.n == 0, good, "%.*s: %s", (int)len, text.ptr,
                     json->rows.bad.why ? json->rows.bad.why : "accepted");
        if (!good)
            continue;
        accepted++;
        o = parse_with_json_c(text.ptr, len);
        if (!o) /* numbers out of range, U+0000 in names: json-c's own limits */
            continue;
        v[0] = member(o, "a"), v[1] = member(v[0], "b"), v[2] = member(o, "id"),
        v[3] = member(member(o, "Event"), "id");
        v[4] = member(member(member(o, "Event"), "a"), "b"), v[5] = member(o, "name"), v[6] = member(o, "b"),
        v[7] = member(o, "x y"), v[8] = member(o, "\u00e9");
        v[6] = v[6] && json_object_get_type(v[6]) == json_type_array ? json_object_array_get_idx(v[6], 1) : NULL;
        b = rtq__feed_rows_batch(&json->rows);
        for (uint32_t i = 0; i < 9; i++) {
            rtq__cell c;
            cr_assert_eq(rtq__vec_load(b->cols[i], NULL, 1), RTQ_OK);
            c = rtq__vec_get(b->cols[i], 0);
            if (c.is_null)
                memset(&c.u, 0, sizeof c.u);
            cr_assert(same_value(&c.u.y, v[i]), "%s of %.*s", paths[i], (int)len, text.ptr);
            values += v[i] != NULL;
        }
        json_object_put(o);
    }
    cr_expect_gt(accepted, 15000);
    cr_expect_gt(values, 10000);
    rtq__buf_free(&text);
    rtq__json_feed.free(json);
    feed_demand_free(&d);
    cr_assert_eq(mem->used, 0);
    rtq__mem_unref(mem);
}

/* ---- splits ------------------------------------------------------------------------------------------------------------------ */

static void random_text(rtq__buf *out, uint64_t *s)
{
    static const char *const ends[] = {"\n", "\r\n", "\n\n", " ", "", ",\n", "\n  "};
    uint64_t style = feed_random(s) % 4;
    if (style == 1)
        rtq__buf_adds(out, "[\n");
    for (uint64_t n = feed_random(s) % 12; n > 0; n--) {
        size_t from = out->len;
        random_object(out, s);
        if (feed_random(s) % 4 == 0)
            mutate(out->ptr + from, out->len - from, s);
        rtq__buf_adds(out, style == 1 ? ",\n" : style == 2 ? PICK(ends, s) : "\n");
    }
    if (style == 1)
        rtq__buf_adds(out, "{}]\n");
}

static void run_once(rtq__buf *out, rtq__mem *mem, feed_demand *d, const rtq__buf *text, size_t max_record,
                     feed_split split, rtq__source_stats *stats)
{
    int64_t max_time = INT64_MIN;
    rtq__json *json;
    memset(stats, 0, sizeof *stats);
    rtq__buf_clear(out);
    cr_assert_eq(rtq__json_new(&json, mem, max_record, JSON_AUTO, stats, &max_time), RTQ_OK);
    cr_assert_eq(rtq__json_feed.plan(json, &d->demand), RTQ_OK);
    feed_run(out, &rtq__json_feed, json, stats, text->len ? text->ptr : "", text->len, split);
    rtq__buf_addc(out, '\0');
    rtq__json_feed.free(json);
}

Test(json_random, any_split_gives_the_same_rows)
{
    rtq__mem *mem = rtq__mem_new(NULL, NULL, 0);
    rtq__cell id = rtq__cell_i(RTQ_LONG, 4624), name = rtq__cell_s("long", 4);
    uint64_t seed = 99, rows = 0;
    rtq__buf text, all, part;

    rtq__buf_init(&text, mem), rtq__buf_init(&all, mem), rtq__buf_init(&part, mem);
    for (int round = 0; round < 1500; round++) {
        static const size_t pieces[] = {1, 7, 64, 1000};
        rtq__source_stats one, other;
        size_t max_record = round % 3 ? 1 << 20 : 120;
        uint32_t c[2];
        feed_demand d;
        feed_demand_init(&d, mem, NULL, 0, true);
        c[0] = feed_conjunct(&d, feed_want(&d, "id", 0), RTQ_OP_EQ, &id, 1);
        c[1] = feed_conjunct(&d, feed_want(&d, "name", 0), RTQ_OP_HAS, &name, 1);
        feed_want(&d, round % 2 ? "*" : "a.b", RTQ__WANT_SURVIVOR);
        feed_branch(&d, c, round % 4 == 0 ? 0 : 1);
        if (round % 4 == 1)
            feed_branch(&d, c + 1, 1);
        rtq__buf_clear(&text);
        random_text(&text, &seed);
        run_once(&all, mem, &d, &text, max_record, (feed_split){0, 0, 0, false}, &one);
        feed_drop_bad(&all);
        rows += one.out;
        for (size_t k = 0; k < 8; k++) {
            feed_split split = {pieces[k % 4], k < 4 ? 0 : seed | 1, k % 3 ? 1024 : 1, k % 2 == 0};
            run_once(&part, mem, &d, &text, max_record, split, &other);
            feed_drop_bad(&part);
            cr_assert_str_eq(part.ptr, all.ptr, "piece %zu of\n%.*s", split.piece, (int)text.len, text.ptr);
            cr_assert_eq(one.errored, other.errored, "errored %d, in pieces of %zu %d:\n%.*s", (int)one.errored,
                         split.piece, (int)other.errored, (int)text.len, text.ptr);
            cr_assert_eq(one.in, other.in, "in %d, %d of pieces %zu rows %u limit %zu\n%.*s", (int)one.in,
                         (int)other.in, split.piece, split.max_rows, max_record, (int)text.len, text.ptr);
        }
        feed_demand_free(&d);
    }
    cr_expect_gt(rows, 1000);
    rtq__buf_free(&text), rtq__buf_free(&all), rtq__buf_free(&part);
    cr_assert_eq(mem->used, 0);
    rtq__mem_unref(mem);
}
