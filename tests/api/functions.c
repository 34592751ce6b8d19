/* functions.c - functions of the host that fail, or give what no value of the engine can be. */
#include "rig.h"

struct host {
    int calls, rc;
    const char *message;
    rtq_str text;
};

static int text_of(rtq_call *call, void *out, uint8_t *nulls, const rtq_column *args, size_t n_args, size_t n,
                   void *user)
{
    struct host *h = user;

    (void)nulls, (void)args, (void)n_args;
    h->calls++;
    if (h->message)
        return rtq_call_fail(call, h->message);
    for (size_t i = 0; i < n; i++)
        ((rtq_str *)out)[i] = h->text;
    return h->rc;
}

static void open_with(struct rig *r, struct host *h, uint32_t flags, const char *kql)
{
    const int64_t a[3] = {1, 2, 3};

    memset(r, 0, sizeof *r);
    rig_env(r);
    CHECK(rtq_env_add_function(r->env, "host(a:long) -> string", flags, text_of, h, NULL, &r->diag) == RTQ_OK);
    rig_open(r, "A:long", kql);
    CHECK(rtq_appender_columns(r->app, &(rtq_column){RTQ_LONG, 8, a, NULL, 0, 0}, 1, 3) == RTQ_OK);
    CHECK(rig_step(r) >= 0);
}

static void a_failure_is_told_and_counted(void)
{
    static const char *const kql[] = {"T | project x = host(A)", "T | where host(A) == 'a' | project A",
                                      "T | where A > 1 | where host(A) startswith 'a'"};
    struct host h = {.message = "no data base"};
    struct rig r;

    for (size_t i = 0; i < sizeof kql / sizeof *kql; i++) {
        open_with(&r, &h, 0, kql[i]);
        rtq_stats s = rig_stats(&r, RTQ_STAT_QUERY, r.query_id);
        CHECK(s.in == 3 && s.errored == (i == 2 ? 2 : 3) && s.used == 0);
        CHECK(r.notices == 1 && r.code == RTQ_ERR_USER && r.note == RTQ_NOTE_QUERY && r.count == s.errored);
        CHECK(strstr(r.said, "'host'") && strstr(r.said, "no data base"));
        rig_close(&r);
    }
    h.message = NULL;
    h.rc = -99;
    open_with(&r, &h, 0, kql[0]);
    CHECK(r.notices == 1 && r.count == 3 && rig_stats(&r, RTQ_STAT_QUERY, r.query_id).errored == 3);
    rig_close(&r);
}

static void bad_text_is_repaired(void)
{
    struct host h = {.text = {"a\xff\xfe", 3}};
    struct rig r;

    open_with(&r, &h, 0, "T | take 1 | project x = host(A), n = strlen(host(A))");
    CHECK(strcmp(r.rows, "{\"x\":\"a\xef\xbf\xbd\xef\xbf\xbd\",\"n\":3}") == 0);
    CHECK(r.notices == 0);
    rig_close(&r);
    h.text = (rtq_str){NULL, 5};
    open_with(&r, &h, 0, "T | take 1 | project x = host(A)");
    CHECK(strcmp(r.rows, "{\"x\":\"\"}") == 0);
    rig_close(&r);
}

/* A call on constants is made at the compile, but a failure is none of the compile's. */
static void a_failing_constant_call_is_made_again(void)
{
    struct host h = {.message = "not yet"};
    struct rig r = {0};
    const int64_t a = 1;

    rig_env(&r);
    CHECK(rtq_env_add_function(r.env, "host(a:long) -> string", 0, text_of, &h, NULL, &r.diag) == RTQ_OK);
    rig_open(&r, "A:long", "T | project x = host(7)");
    CHECK(h.calls > 0);
    h.message = NULL;
    h.text = (rtq_str){"now", 3};
    CHECK(rtq_appender_columns(r.app, &(rtq_column){RTQ_LONG, 8, &a, NULL, 0, 0}, 1, 1) == RTQ_OK);
    rig_step(&r);
    CHECK(strcmp(r.rows, "{\"x\":\"now\"}") == 0);
    rig_close(&r);
}

static void bad_signatures_are_refused_without_a_diag_too(void)
{
    static const char *const bad[] = {"f(s:strin) -> bool", "f(s) -> bool",           "f(s:string, b:) -> bool",
                                      "f(*) -> bool",       "f(s:string, *) -> bool", "f(s:string b:long) -> bool"};
    struct rig r = {0};
    struct host h = {0};
    rtq_diag_item item = {.size = sizeof item};

    rig_env(&r);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK(rtq_env_add_function(r.env, bad[i], 0, text_of, &h, NULL, NULL) == RTQ_ERR_ARG);
    CHECK(rtq_env_add_function(r.env, "f(s:string, b:strng) -> bool", 0, text_of, &h, NULL, &r.diag) == RTQ_ERR_ARG);
    CHECK(rtq_diag_get(&item, r.diag, 0) == RTQ_OK && item.column == 15 && item.end == 19); /* in the whole signature */
    CHECK(rtq_env_add_function(r.env, "f(s:string) -> bool", 0, text_of, &h, NULL, NULL) == RTQ_OK);
    rig_close(&r);
}

/* The rules of hash_md5() and its kin are not those of a host function whose name begins like theirs. */
static void names_like_those_of_the_library(void)
{
    struct host h = {.text = {"x", 1}};
    struct rig r = {0};
    const int64_t a = 1;

    rig_env(&r);
    CHECK(rtq_env_add_function(r.env, "hash_host(d:dynamic) -> string", 0, text_of, &h, NULL, &r.diag) == RTQ_OK);
    rig_open(&r, "A:long", "T | project x = hash_host(pack_array(A))");
    CHECK(rtq_appender_columns(r.app, &(rtq_column){RTQ_LONG, 8, &a, NULL, 0, 0}, 1, 1) == RTQ_OK);
    rig_step(&r);
    CHECK(strcmp(r.rows, "{\"x\":\"x\"}") == 0);
    rig_close(&r);
}

int main(void)
{
    RUN(a_failure_is_told_and_counted);
    RUN(names_like_those_of_the_library);
    RUN(bad_text_is_repaired);
    RUN(a_failing_constant_call_is_made_again);
    RUN(bad_signatures_are_refused_without_a_diag_too);
    return check_failures != 0;
}
