/* Functions over data of the host: a MaxMind database of our own making, ua-parser's patterns. */
#include <criterion/criterion.h>
#include <criterion/logging.h>
#include <json-c/json.h>
#include <math.h>
#include <stdio.h>
#include <unistd.h>
#include "agg_run.h"
#include "base/diag.h"
#include "case.h"
#include "fn/host_data.h"
#include "fn/rules_text.h"

static const char small[] = "# a comment\n"
                            "user_agent_parsers:\n"
                            "  - regex: '(Fox)/(\\d+)\\.(\\d+)(?:\\.(\\d+)|)'   # trailing\n"
                            "  - regex: \"it''s \\\"(x)\\\" mail\"\n"
                            "    family_replacement: 'Mail $1 $1'\n"
                            "    v1_replacement: '7'\n\n"
                            "  - regex: 'bot|Bot'\n"
                            "    family_replacement: Robot\n"
                            "os_parsers:\n"
                            "  - regex: '(Deb) (\\d+)\\.(\\d+)\\.(\\d+)\\.(\\d+)'\n"
                            "    os_replacement: 'Debian'\n"
                            "other_list:\n"
                            "  - regex: '('\n"
                            "device_parsers:\n"
                            "  - regex: 'phone +([a-z]+)( mini|)'\n"
                            "    regex_flag: 'i'\n"
                            "    device_replacement: ' Phone $1$2 '\n"
                            "    brand_replacement: 'B'\n";

static const char *agent(fn_world *w, void *patterns, const char *text, const char *targets)
{
    rtq__fn fn = {.user = patterns};
    rtq__rowctx ctx = {.eval = &w->eval, .heap = &w->heap, .fn = &fn};
    rtq__cell args[2] = {fn_cell(w, RTQ_STRING, text), fn_cell(w, RTQ_DYNAMIC, targets)};
    rtq__cell out = rtq__cell_null(RTQ_DYNAMIC);
    rtq__user_agent_row(&out, args, 2, &ctx);
    return ctx.error ? "error" : fn_json(w, &out);
}

Test(host_data, user_agents)
{
    fn_world w;
    void *p = NULL;
    fn_world_open(&w);
    cr_assert_eq(rtq__user_agent_parse(&p, w.mem, small, sizeof small - 1, NULL), RTQ_OK);
#define GIVES(text, agent_text, targets) cr_expect_str_eq(agent(&w, p, agent_text, targets), text)
    GIVES("{\"Browser\":{\"Family\":\"Fox\",\"MajorVersion\":\"12\",\"MinorVersion\":\"3\",\"Patch\":\"\"}}",
          "a Fox/12.3", "\"browser\"");
    GIVES("{\"Browser\":{\"Family\":\"Mail x x\",\"MajorVersion\":\"7\",\"MinorVersion\":\"\",\"Patch\":\"\"}}",
          "it''s \"x\" mail", "[\"browser\"]");
    GIVES("{\"Browser\":{\"Family\":\"Robot\",\"MajorVersion\":\"\",\"MinorVersion\":\"\",\"Patch\":\"\"}}", "aBot",
          "\"browser\"");
    GIVES("{\"OperatingSystem\":{\"Family\":\"Debian\",\"MajorVersion\":\"1\",\"MinorVersion\":\"2\",\"Patch\":\"3\","
          "\"PatchMinor\":\"4\"},\"Device\":{\"Family\":\"Phone Ab MINI\",\"Brand\":\"B\",\"Model\":\"Ab\"}}",
          "Deb 1.2.3.4 pHONE  Ab MINI", "[\"device\",\"os\"]");
    GIVES("{\"Device\":{\"Family\":\"Other\",\"Brand\":\"\",\"Model\":\"\"}}", "", "\"device\"");
    GIVES("null", "Fox/1.2", "\"cpu\"");
#undef GIVES
    rtq__user_agent_close(w.mem, p);
    fn_world_close(&w);
}

/* What is wrong in a file is said with its line. */
Test(host_data, bad_patterns)
{
    static const char *const cases[][2] = {
        {"user_agent_parsers:\n  - regex: '('\n", "line 2: bad regular expression"},
        {"user_agent_parsers:\n  - regex: 'a' b\n", "line 2: something follows"},
        {"user_agent_parsers:\n  - regex: 'a\n", "line 2: a quote is not closed"},
        {"user_agent_parsers:\n  - regex: [a]\n", "line 2: this form of a value"},
        {"user_agent_parsers:\n  - family_replacement: 'a'\nos_parsers:\n", "line 2: a rule without 'regex'"},
        {"user_agent_parsers:\n    regex: 'a'\n", "line 2: a rule begins with"},
        {"  - regex: 'a'\n", "line 1: a value without a section"},
        {"x\n", "line 1: this is not 'key: value'"},
        {"user_agent_parsers:\n  - regex: \"a\\q\"\n", "line 2: unknown escape"},
        {"", "this is no file of patterns"},
    };
    fn_world w;
    fn_world_open(&w);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        void *p = NULL;
        rtq_diag *d = NULL, *diag = rtq__diag_begin(&d, w.mem);
        rtq_blob *b = NULL;
        cr_expect_eq(rtq__user_agent_parse(&p, w.mem, cases[i][0], strlen(cases[i][0]), diag), RTQ_ERR_DATA);
        cr_assert_eq(rtq_diag_render(&b, d), RTQ_OK);
        cr_expect(strstr(rtq_blob_get(b).ptr, cases[i][1]), "%s not in %s", cases[i][1], rtq_blob_get(b).ptr);
        rtq_blob_free(b);
        rtq_diag_free(d);
    }
    fn_world_close(&w);
}

/* The tests that come with uap-core, where it is installed. */
static bool known(const char *const *keys, const char *key, size_t len)
{
    size_t k = 0;
    while (keys[k] && (strlen(keys[k]) != len || memcmp(keys[k], key, len) != 0))
        k += 2;
    return keys[k] != NULL;
}

static void one_corpus(fn_world *w, void *patterns, const char *file, const char *word, const char *bag_key,
                       const char *const *keys)
{
    rtq__buf text, want, got;
    rtq__rules_text t;
    char user_agent[4096] = "", path[200], target[20];
    size_t n = 0, bad = 0;
    int rc;
    snprintf(path, sizeof path, "/usr/share/uap-core/tests/%s", file);
    snprintf(target, sizeof target, "\"%s\"", word);
    rtq__buf_init(&text, w->mem);
    rtq__buf_init(&want, w->mem);
    rtq__buf_init(&got, w->mem);
    cr_assert_eq(rtq__host_data_text(&text, path, 16 << 20, NULL), RTQ_OK);
    rtq__rules_text_init(&t, w->mem, text.ptr, text.len);
    do {
        rc = rtq__rules_text_next(&t);
        if ((rc != RTQ_OK || t.first) && user_agent[0]) {
            rtq__buf_addc(&want, '\0');
            json_object *root = json_tokener_parse(agent(w, patterns, user_agent, target)), *bag, *v;
            cr_assert(json_object_object_get_ex(root, bag_key, &bag));
            rtq__buf_clear(&got);
            for (size_t k = 0; keys[2 * k]; k++)
                if (json_object_object_get_ex(bag, keys[2 * k + 1], &v))
                    rtq__buf_addf(&got, "%s=%s;", keys[2 * k], json_object_get_string(v));
            rtq__buf_addc(&got, '\0');
            n++;
            if (strcmp(want.ptr, got.ptr) != 0 && bad++ < 5)
                cr_log_error("%s: %s, wanted %s", user_agent, got.ptr, want.ptr);
            json_object_put(root);
            rtq__arena_reset(&w->heap);
            rtq__arena_reset(&w->scratch);
            rtq__buf_clear(&want);
        }
        if (rc == RTQ_OK && t.first)
            snprintf(user_agent, sizeof user_agent, "%s", t.value.ptr);
        else if (rc == RTQ_OK && known(keys, t.key, t.key_len)) /* Kusto's browser has no patch_minor */
            rtq__buf_addf(&want, "%.*s=%s;", (int)t.key_len, t.key, t.value.ptr);
    } while (rc == RTQ_OK);
    cr_expect_eq(rc, RTQ_END, "%s, line %u: %s", file, (unsigned)t.line, t.why);
    cr_expect_gt(n, 300);
    cr_expect_eq(bad, 0, "%s: %zu of %zu differ", file, bad, n);
    rtq__rules_text_free(&t);
    rtq__buf_free(&text);
    rtq__buf_free(&want);
    rtq__buf_free(&got);
}

Test(host_data, uap_core)
{
    static const char *const browser[] = {"family", "Family", "major", "MajorVersion", "minor", "MinorVersion",
                                          "patch",  "Patch",  NULL},
                             *const os[] = {"family", "Family", "major",       "MajorVersion", "minor", "MinorVersion",
                                            "patch",  "Patch",  "patch_minor", "PatchMinor",   NULL},
                             *const device[] = {"family", "Family", "brand", "Brand", "model", "Model", NULL};
    fn_world w;
    void *p = NULL;
    if (access("/usr/share/uap-core/tests/test_ua.yaml", R_OK) != 0)
        return;
    fn_world_open(&w);
    cr_assert_eq(rtq__user_agent_open(&p, w.mem, "/usr/share/uap-core/regexes.yaml", NULL), RTQ_OK);
    one_corpus(&w, p, "test_ua.yaml", "browser", "Browser", browser);
    one_corpus(&w, p, "test_os.yaml", "os", "OperatingSystem", os);
    one_corpus(&w, p, "test_device.yaml", "device", "Device", device);
    rtq__user_agent_close(w.mem, p);
    fn_world_close(&w);
}

/* ---- a database: https://maxmind.github.io/MaxMind-DB/ ---------------------------------------------------------------- */
static void text_of(rtq__buf *b, const char *text)
{
    size_t len = strlen(text);
    cr_assert_lt(len, 29 + 256u);
    if (len < 29) {
        rtq__buf_addc(b, (char)(2 << 5 | len));
    } else {
        rtq__buf_addc(b, (char)(2 << 5 | 29));
        rtq__buf_addc(b, (char)(len - 29));
    }
    rtq__buf_adds(b, text);
}

static void map_of(rtq__buf *b, const char *key, int n)
{
    if (key)
        text_of(b, key);
    rtq__buf_addc(b, (char)(7 << 5 | n));
}

static void double_of(rtq__buf *b, const char *key, double x)
{
    uint64_t bits;
    text_of(b, key);
    memcpy(&bits, &x, 8);
    rtq__buf_addc(b, 3 << 5 | 8);
    for (int i = 7; i >= 0; i--)
        rtq__buf_addc(b, (char)(bits >> 8 * i));
}

static void number_of(rtq__buf *b, const char *key, int type, uint32_t x)
{
    text_of(b, key);
    int len = type == 5 ? 2 : 4; /* 5: 16 bits, 6: 32, 9: 64 */
    rtq__buf_addc(b, (char)(type < 8 ? type << 5 | len : len));
    if (type > 7)
        rtq__buf_addc(b, (char)(type - 7));
    for (int i = len - 1; i >= 0; i--)
        rtq__buf_addc(b, (char)(x >> 8 * i));
}

static void name_of(rtq__buf *b, const char *key, const char *name)
{
    map_of(b, key, 1);
    map_of(b, "names", 1);
    text_of(b, "en");
    text_of(b, name);
}

/* 20.53.203.0/24 has everything, 2a03::/16 a country only. One node a bit; what is not on the two ways is empty. */
static void write_database(const char *path)
{
    static const uint8_t v4[16] = {[12] = 20, 53, 203}, v6[16] = {0x2a, 0x03};
    const uint8_t *way[2] = {v4, v6};
    uint32_t bits[2] = {120, 16}, nodes[200][2], n = 1, data[2];
    rtq__mem *mem = rtq__mem_new(NULL, NULL, 0);
    rtq__buf b, d;
    FILE *f = fopen(path, "wb");
    rtq__buf_init(&b, mem);
    rtq__buf_init(&d, mem);
    map_of(&d, NULL, 4);
    name_of(&d, "country", "Australia");
    text_of(&d, "subdivisions");
    rtq__buf_addc(&d, 1);
    rtq__buf_addc(&d, 4);
    name_of(&d, NULL, "New South Wales");
    name_of(&d, "city", "Sydney");
    map_of(&d, "location", 2);
    double_of(&d, "latitude", -33.8715);
    double_of(&d, "longitude", 151.2006);
    data[0] = 0;
    data[1] = (uint32_t)d.len;
    map_of(&d, NULL, 1);
    name_of(&d, "country", "United States");

    memset(nodes, 0, sizeof nodes);
    for (int k = 0; k < 2; k++) {
        uint32_t at = 0;
        for (uint32_t i = 0; i < bits[k]; i++) {
            int bit = way[k][i / 8] >> (7 - i % 8) & 1;
            if (i + 1 == bits[k])
                nodes[at][bit] = 100000 + data[k];
            else if (!nodes[at][bit])
                nodes[at][bit] = n++;
            at = nodes[at][bit];
        }
    }
    for (uint32_t i = 0; i < n; i++)
        for (int bit = 0; bit < 2; bit++) {
            uint32_t x = nodes[i][bit] >= 100000 ? n + 16 + nodes[i][bit] - 100000 : nodes[i][bit] ? nodes[i][bit] : n;
            for (int k = 2; k >= 0; k--)
                rtq__buf_addc(&b, (char)(x >> 8 * k));
        }
    rtq__buf_add(&b, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16);
    rtq__buf_add(&b, d.ptr, d.len);
    rtq__buf_adds(&b, "\xab\xcd\xefMaxMind.com");
    map_of(&b, NULL, 9);
    number_of(&b, "node_count", 6, n);
    number_of(&b, "record_size", 5, 24);
    number_of(&b, "ip_version", 5, 6);
    number_of(&b, "binary_format_major_version", 5, 2);
    number_of(&b, "binary_format_minor_version", 5, 0);
    number_of(&b, "build_epoch", 9, 1);
    text_of(&b, "database_type");
    text_of(&b, "Test");
    map_of(&b, "description", 0);
    text_of(&b, "languages");
    rtq__buf_adds(&b, "\1\4");
    text_of(&b, "en");
    cr_assert(f && fwrite(b.ptr, 1, b.len, f) == b.len && fclose(f) == 0);
    rtq__buf_free(&b);
    rtq__buf_free(&d);
    rtq__mem_unref(mem);
}

static const char *rows_of(rtq_env *env, const char *query)
{
    static char text[1000];
    case_result r;
    case_run(&r, env, query, strlen(query), NULL, true, NULL);
    snprintf(text, sizeof text, "%s",
             r.code < 0 ? r.error : json_object_to_json_string_ext(r.rows, JSON_C_TO_STRING_PLAIN));
    case_result_free(&r);
    return text;
}

Test(host_data, geo)
{
    char path[] = "/tmp/rtq-geo-XXXXXX";
    rtq_env *env;
    rtq_diag *d = NULL;
    int fd = mkstemp(path);
    cr_assert_geq(fd, 0);
    close(fd);
    write_database(path);
    cr_assert_eq(rtq_env_new(&env, NULL), RTQ_OK);
    int rc = rtq_env_set_data(env, "geo", path, &d);
    if (!strstr(rtq_features(), "maxminddb")) {
        cr_expect_eq(rc, RTQ_ERR_UNSUPPORTED);
    } else {
        cr_assert_eq(rc, RTQ_OK);
        cr_expect_eq(rtq_env_set_data(env, "geo", path, &d), RTQ_ERR_STATE);
        cr_expect_str_eq(rows_of(env, "print geo_info_from_ip_address('20.53.203.50')"),
                         "[[{\"country\":\"Australia\",\"state\":\"New South Wales\",\"city\":\"Sydney\",\"latitude\":"
                         "-33.8715,\"longitude\":151.2006}]]");
        cr_expect_str_eq(rows_of(env,
                                 "range i from 1 to 4 step 1 | extend ip = case(i == 1, '2a03:2880::25de', i == 2, "
                                 "'::ffff:20.53.203.1', i == 3, '20.53.204.1', '20.53') | project "
                                 "tostring(geo_info_from_ip_address(ip).country)"),
                         "[[\"United States\"],[\"\"],[\"\"],[\"\"]]");
        cr_expect_str_eq(
            rows_of(env, "print geo_info_from_ip_address('2a03::1')"),
            "[[{\"country\":\"United States\",\"state\":\"\",\"city\":\"\",\"latitude\":null,\"longitude\":"
            "null}]]");
        cr_expect_str_eq(rows_of(env, "print geo_info_from_ip_address('10.0.0.1')"), "[[null]]");
        cr_expect_eq(rtq_env_set_data(env, "user-agent", path, &d), RTQ_ERR_STATE, "something was compiled");
    }
    rtq_env_free(env);
    unlink(path);
    rtq_diag_free(d);
}

Test(host_data, missing)
{
    rtq_env *env;
    rtq_diag *d = NULL;
    cr_assert_eq(rtq_env_new(&env, NULL), RTQ_OK);
    cr_expect_eq(rtq_env_set_data(env, "weather", "x", &d), RTQ_ERR_ARG);
    cr_expect_eq(rtq_env_set_data(env, "user-agent", "/nonexistent/regexes.yaml", &d), RTQ_ERR_IO);
    cr_expect_lt(rtq_env_set_data(env, "geo", "/nonexistent/x.mmdb", &d), 0);
    cr_expect(strstr(rows_of(env, "print x = 1 | extend geo_info_from_ip_address('10.0.0.1')"), "1:22"));
    cr_expect(strstr(rows_of(env, "print parse_user_agent('x', 'os')"), "has not given: 'user-agent'"));
    cr_expect(strstr(rows_of(env, "print parse_user_agent('x', 'cpu')"), "looks for 'browser'"));
    cr_expect(strstr(rows_of(env, "print parse_user_agent('x', 1)"), "the second argument"));
    rtq_diag_free(d);
    rtq_env_free(env);
}
