/* Functions and aggregates when memory runs out: every allocation of a call fails once; nothing crashes, nothing stays behind, and the
 * call says RTQ_ERR_NOMEM or gives its usual result. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include "agg_run.h"
#include "fx.h"

static fx *f;
static void setup(void)
{
    f = fx_new();
}
static void teardown(void)
{
    fx_free(f);
}
TestSuite(fn_alloc, .init = setup, .fini = teardown);

typedef struct failing {
    long left; /* allocations until one fails; < 0: none does */
} failing;

static void *fail_at(void *ptr, size_t old_len, size_t new_len, void *user)
{
    failing *x = user;
    (void)old_len;
    if (!new_len) {
        free(ptr);
        return NULL;
    }
    if (x->left >= 0 && x->left-- == 0)
        return NULL;
    return realloc(ptr, new_len);
}

static void check(const char *name, const char *sig, uint32_t n_args, const rtq__cell *cells)
{
    rtq__expr *args[8];
    failing x = {-1};
    for (uint32_t i = 0; i < n_args; i++)
        args[i] = fx_const(f, cells[i]);
    rtq__expr *e = fx_call(f, name, sig, n_args, args);
    cr_assert(e, "%s(%s)", name, sig);
    int rc = RTQ_ERR_NOMEM;
    for (long n = 0; rc != RTQ_OK; n++) {
        rtq__mem *mem = rtq__mem_new(fail_at, &x, 0);
        uint64_t own = mem->used;
        rtq__arena heap;
        rtq__cell cell;
        rtq__arena_init(&heap, mem, 64);
        x.left = n;
        rc = rtq__expr_fold(&cell, e, mem, &heap, NULL);
        x.left = -1;
        cr_assert(rc == RTQ_OK || rc == RTQ_ERR_NOMEM, "%s: %d", name, rc);
        rtq__arena_free(&heap);
        cr_assert_eq(mem->used, own, "%s leaves %lu bytes after failure %ld", name, (unsigned long)(mem->used - own),
                     n);
        rtq__mem_unref(mem);
        cr_assert(n < 1000, "%s never succeeds", name);
    }
}
#define CHECK(name, sig, ...) \
    check(name, sig, (uint32_t)(sizeof((rtq__cell[]){__VA_ARGS__}) / sizeof(rtq__cell)), (rtq__cell[]){__VA_ARGS__})

Test(fn_alloc, functions)
{
    rtq__cell list = fx_json(f, "[\"alpha\",\"beta and a longer text than inline\",null,1.5,{\"a\":[1,2]}]");
    rtq__cell bag = fx_json(f, "{\"a\":{\"b\":1,\"c\":\"a text longer than a few bytes\"},\"d\":[1,2,3]}");
    rtq__cell text = FX_S("The quick brown fox, jumps \"over\" the lazy dog at 10.1.2.3");
    CHECK("contains", "string, string", text, FX_S("lazy"));
    CHECK("has_any", "string, any...", text, fx_json(f, "[\"a\",\"b\",\"c\",\"d\",\"e\",\"f\",\"g\",\"dog\"]"));
    CHECK("matches regex", "string, string", text, FX_S("^[\\w&&[^q]]+\\s.*(fox|dog)"));
    CHECK("extract", "const string, long, string", FX_S("(\\w+) fox"), FX_L(1), text);
    CHECK("extract_all", "const string, const dynamic, string", FX_S("(\\w)(\\w+)"), fx_json(f, "[2,1]"), text);
    CHECK("replace_regex", "string, const string, const string", text, FX_S("o(.)"), FX_S("<\\1>"));
    CHECK("trim", "const string, string", FX_S("\\w+"), text);
    CHECK("strcat", "any...", text, FX_L(5), list);
    CHECK("strcat_array", "dynamic, any", list, FX_S("-"));
    CHECK("split", "any, string, [long]", text, FX_S(" "));
    CHECK("tolower", "any", FX_S("ÀÉÎ and more than twelve bytes"));
    CHECK("replace_strings", "string, dynamic, dynamic", text, fx_json(f, "[\"fox\",\"dog\"]"),
          fx_json(f, "[\"cat\",5]"));
    CHECK("base64_encode_tostring", "string", text);
    CHECK("parse_csv", "string", text);
    CHECK("parse_path", "string", FX_S("file://C:/temp/file.txt:some.exe"));
    CHECK("parse_command_line", "any, const string", text, FX_S("windows"));
    CHECK("parse_url", "string", FX_S("https://u:p@host:1/a/b?x=1&y=2#f"));
    CHECK("parse_xml", "string", FX_S("<e a=\"1\"><b>some text that is long</b><b/>&lt;&amp;</e>"));
    CHECK("extract_json", "const string, string", FX_S("$.a.c"), FX_S("{\"a\":{\"c\":\"x\\u0041 some text\"}}"));
    CHECK("hash_sha256", "any", list);
    CHECK("punycode_from_string", "string", FX_S("académie-française"));
    CHECK("__member", "dynamic, string", bag, FX_S("a"));
    CHECK("dynamic_to_json", "any", bag);
    CHECK("treepath", "dynamic", bag);
    CHECK("array_sort_asc", "dynamic, [const bool]", list);
    CHECK("set_union", "dynamic, dynamic...", list, list);
    CHECK("bag_merge", "dynamic, dynamic...", bag, fx_json(f, "{\"z\":1}"));
    CHECK("bag_set_key", "dynamic, const string, any", bag, FX_S("$.a.x"), text);
    CHECK("bag_remove_keys", "dynamic, dynamic", bag, fx_json(f, "[\"$.a.b\"]"));
    CHECK("ipv4_is_in_any_range", "string, any...", FX_S("10.1.2.3"), fx_json(f, "[\"1.0.0.0/8\",\"10.0.0.0/8\"]"));
    CHECK("series_fit_line_dynamic", "dynamic", fx_json(f, "[1,2,4]"));
    CHECK("series_fit_2lines_dynamic", "dynamic", fx_json(f, "[1,2,4,5,1]"));
    CHECK("series_seasonal", "dynamic, [const long]", fx_json(f, "[1,2,4,5,1]"), FX_L(2));
    CHECK("series_decompose", "dynamic, [const long], [const string], [long], [real]", fx_json(f, "[1,2,4,5,1]"),
          FX_L(2), FX_S("linefit"));
    CHECK("series_outliers", "dynamic, [const string], [real], [const real], [const real]", fx_json(f, "[1,2,4,5,1]"));
    CHECK("__series_fit_poly_nth", "const long, dynamic, [dynamic], [const long]", FX_L(4), fx_json(f, "[1,2,4,5,1]"));
    CHECK("series_fft", "dynamic, [dynamic]", fx_json(f, "[1,2,4,5,1]"));
    CHECK("__series_decompose_anomalies_nth",
          "const long, dynamic, [real], [const long], [const string], [long], [const string], [real]", FX_L(0),
          fx_json(f, "[1,2,4,5,1]"), FX_R(1.5), FX_L(2));
    CHECK("dcount_hll", "dynamic", fx_json(f, "[[1024,14],[\"1\",\"2\",\"3\"],[]]"));
    CHECK("merge_tdigest", "dynamic, dynamic...", fx_json(f, "[[7],[1.0,2.0],[1,2]]"));
}

/* The budget of a query is a limit that states meet in the middle of their work. */
Test(fn_alloc, aggregates_over_budget)
{
    static const char *const names[] = {"make_list",  "make_set", "dcount",   "count_distinct",
                                        "percentile", "max",      "take_any", "buildschema"};
    fn_world w;
    fn_world_open(&w);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        uint32_t n;
        const rtq__agg *agg = rtq__agg_find(names[i], strlen(names[i]), &n);
        agg += n - 1;
        int rc = RTQ_ERR_LIMIT;
        for (uint64_t budget = 1; rc != RTQ_OK && budget < 1 << 24; budget += budget / 3 + 1) {
            rtq__agg_mem mem = {w.mem, 0, budget};
            rtq__agg_call call = {.eval = &w.eval, .agg = agg, .mem = &mem};
            _Alignas(16) char state[96] = {0};
            rtq__vec *arg = rtq__vec_new(&w.scratch, RTQ_DYNAMIC, 500);
            for (uint32_t r = 0; r < 500; r++) {
                bool bags = i == 7;
                char *text = rtq__arena_printf(&w.heap, bags ? "{\"key number %u\":1}" : "\"text number %u\"",
                                               (unsigned)r);
                rtq__vec_set(arg, r, fn_cell(&w, RTQ_DYNAMIC, text));
            }
            call.args = &arg;
            call.n_args = 1;
            call.n_sel = 500;
            call.state = state;
            rc = agg->update(&call);
            cr_assert(rc == RTQ_OK || rc == RTQ_ERR_LIMIT, "%s: %d", names[i], rc);
            cr_assert(mem.used <= budget, "%s uses %lu of %lu", names[i], (unsigned long)mem.used,
                      (unsigned long)budget);
            if (agg->destroy)
                agg->destroy(state, &mem);
            cr_assert_eq(mem.used, 0, "%s", names[i]);
        }
        cr_assert_eq(rc, RTQ_OK, "%s", names[i]);
    }
    fn_world_close(&w);
}
