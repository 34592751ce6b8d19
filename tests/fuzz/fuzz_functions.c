/* fuzz_functions.c - text functions on any text: no crash, valid UTF-8 out. First line: a pattern or second argument; the rest: the text. */
#include <stdlib.h>
#include "base/text.h"
#include "fn/expr.h"
#include "fn/regex.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void require(bool holds)
{
    if (!holds)
        abort();
}

typedef struct world {
    rtq__mem *mem;
    rtq__arena heap;
    rtq__cell text, first, json;
} world;

/* The row of `name` that takes these kinds, called with as many of the arguments as it needs. */
static void call(world *w, const char *name, const char *sig, const rtq__cell *args, uint32_t n_args)
{
    uint32_t n;
    const rtq__fn *rows = rtq__fn_find(name, strlen(name), &n), *fn = NULL;
    for (uint32_t i = 0; i < n && !fn; i++)
        fn = strcmp(rows[i].args, sig) ? NULL : &rows[i];
    require(fn != NULL);
    rtq__expr constants[4] = {{.op = RTQ__E_CONST}}, *list[4];
    require(n_args <= sizeof list / sizeof *list);
    for (uint32_t i = 0; i < n_args; i++) {
        constants[i].op = RTQ__E_CONST;
        constants[i].cell = args[i];
        constants[i].kind = args[i].kind;
        list[i] = &constants[i];
    }
    uint32_t kind = rtq__kind_parse(fn->ret, strlen(fn->ret));
    rtq__expr e = {.op = RTQ__E_CALL, .kind = (uint8_t)kind, .fn = fn, .args = list, .n_args = n_args};
    rtq__cell out;
    int rc = rtq__expr_fold(&out, &e, w->mem, &w->heap, NULL);
    require(rc == RTQ_OK || rc == RTQ_ERR_SEMANTIC || rc == RTQ_ERR_LIMIT);
    if (rc != RTQ_OK || out.is_null)
        return;
    rtq__buf print;
    rtq__buf_init(&print, w->mem);
    rtq__cell_print_json(&print, &out);
    require(rtq__utf8_valid(print.ptr, print.len));
    rtq__buf_free(&print);
}

static void run(world *w)
{
    static const char *const of_text[] = {"parse_csv",
                                          "parse_path",
                                          "parse_url",
                                          "parse_urlquery",
                                          "parse_xml",
                                          "parse_version",
                                          "parse_ipv4",
                                          "parse_ipv6",
                                          "url_encode",
                                          "url_decode",
                                          "punycode_to_string",
                                          "base64_decode_tostring",
                                          "base64_decode_toarray",
                                          "punycode_from_string",
                                          "punycode_domain_to_string",
                                          "punycode_domain_from_string"};
    static const char *const of_any[] = {"tolower", "toupper", "reverse", "unicode_codepoints_from_string"};
    static const char *const of_two[] = {"has",         "has_cs",     "hasprefix", "hassuffix",    "contains",
                                         "contains_cs", "startswith", "endswith",  "matches regex"};
    for (size_t i = 0; i < sizeof of_text / sizeof of_text[0]; i++)
        call(w, of_text[i], "string", &w->text, 1);
    call(w, "regex_quote", "text", &w->text, 1);
    for (size_t i = 0; i < sizeof of_any / sizeof of_any[0]; i++)
        call(w, of_any[i], "any", &w->text, 1);
    rtq__cell two[] = {w->text, w->first}, swapped[] = {w->first, w->text};
    for (size_t i = 0; i < sizeof of_two / sizeof of_two[0]; i++)
        call(w, of_two[i], "string, string", two, 2);
    rtq__cell three[] = {w->text, w->first, rtq__cell_s("<\\1>", 4)},
              extract[] = {w->first, rtq__cell_i(RTQ_LONG, 1), w->text};
    call(w, "replace_regex", "string, const string, const string", three, 3);
    call(w, "replace_string", "string, string, string", three, 3);
    call(w, "extract", "const string, long, string", extract, 3);
    call(w, "extract_all", "const string, string", swapped, 2);
    call(w, "trim", "const string, string", swapped, 2);
    call(w, "split", "any, string, [long]", two, 2);
    call(w, "extract_json", "const string, string", swapped, 2);
    rtq__cell line[] = {w->text, rtq__cell_s("windows", 7)};
    call(w, "parse_command_line", "any, const string", line, 2);
    if (w->json.is_null)
        return;
    rtq__cell json[] = {w->json, w->json};
    call(w, "dynamic_to_json", "any", json, 1);
    call(w, "treepath", "dynamic", json, 1);
    call(w, "array_sort_asc", "dynamic, [const bool]", json, 1);
    call(w, "set_union", "dynamic, dynamic...", json, 2);
    call(w, "bag_merge", "dynamic, dynamic...", json, 2);
    call(w, "dcount_hll", "dynamic", json, 1);
    call(w, "merge_tdigest", "dynamic, dynamic...", json, 2);
    call(w, "series_fit_line_dynamic", "dynamic", json, 1);
    call(w, "series_fit_2lines_dynamic", "dynamic", json, 1);
    rtq__cell parts[] = {w->json, rtq__cell_i(RTQ_LONG, w->text.len % 7), rtq__cell_s("linefit", 7),
                         rtq__cell_i(RTQ_LONG, w->first.len % 7)};
    call(w, "series_decompose", "dynamic, [const long], [const string], [long], [real]", parts, 4);
    rtq__cell anomalies[] = {w->json, rtq__cell_d(1.5), rtq__cell_i(RTQ_LONG, w->text.len % 7)};
    call(w, "series_decompose_anomalies",
         "dynamic, [real], [const long], [const string], [long], [const string], [real]", anomalies, 3);
    call(w, "series_outliers", "dynamic, [const string], [real], [const real], [const real]", json, 1);
    rtq__cell poly[] = {w->json, w->json, rtq__cell_i(RTQ_LONG, w->text.len % 7)};
    call(w, "series_fit_poly", "dynamic, [dynamic], [const long]", poly, 3);
    call(w, "series_ifft", "dynamic, [dynamic]", json, 2);
    rtq__cell keys[] = {w->json, w->first, w->text};
    call(w, "bag_set_key", "dynamic, const string, any", keys, 3);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    world w;
    rtq__buf text, first;
    const uint8_t *line = len ? memchr(data, '\n', len) : NULL;
    size_t n = line ? (size_t)(line - data) : 0;
    if (len > 4096)
        return 0;
    w.mem = rtq__mem_new(NULL, NULL, 256 << 20);
    rtq__arena_init(&w.heap, w.mem, 0);
    rtq__buf_init(&text, w.mem);
    rtq__buf_init(&first, w.mem);
    rtq__utf8_repair(&first, (const char *)data, n);
    rtq__utf8_repair(&text, (const char *)data + n + (line != NULL), len - n - (line != NULL));
    w.text = rtq__cell_s(text.len ? text.ptr : "", text.len);
    w.first = rtq__cell_s(first.len ? first.ptr : "", first.len);
    w.json = rtq__cell_null(RTQ_DYNAMIC);
    if (text.len && rtq__dyn_parse(&w.json.u.y, text.ptr, text.len, &w.heap) == RTQ_OK)
        w.json.is_null = w.json.u.y.tag == RTQ__DYN_NULL;
    run(&w);
    rtq__buf_free(&text);
    rtq__buf_free(&first);
    rtq__arena_free(&w.heap);
    rtq__mem_unref(w.mem);
    return 0;
}
