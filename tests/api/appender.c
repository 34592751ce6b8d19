/* appender.c - rows that are refused leave nothing behind, and the appender says why. */
#include "arrow_abi.h"
#include "rig.h"

static rtq_value of_long(int64_t i)
{
    rtq_value v = {.kind = RTQ_LONG};
    v.u.i = i;
    return v;
}

/* What rtq_appender_error says after a call that gave `rc`; "" when it says nothing. */
static int says(const struct rig *r, int rc, int want, const char *text)
{
    rtq_diag *d = NULL;
    rtq_diag_item item = {.size = sizeof item, .message = ""};
    int good = rc == want && rtq_appender_error(r->app, &d) == RTQ_OK && rtq_diag_count(d) == (text[0] != 0);

    if (good && text[0])
        good = rtq_diag_get(&item, d, 0) == RTQ_OK && item.code == want && strstr(item.message, text) != NULL;
    if (!good)
        printf("# %d, '%s', wanted %d, '%s'\n", rc, rtq_diag_count(d) ? item.message : "", want, text);
    rtq_diag_free(d);
    return good;
}

static void refused_rows_leave_nothing(void)
{
    struct rig r = {0};
    const rtq_value null = {.kind = RTQ_LONG, .is_null = 1};
    rtq_value row[2] = {of_long(1), of_long(1)};
    int64_t a[2] = {7, 8}, b[2] = {1, INT64_MAX};
    const uint8_t nulls[2] = {1, 1};
    const rtq_column cols[2] = {{RTQ_LONG, 8, a, nulls, 1, 0}, {RTQ_LONG, 8, b, NULL, 0, 0}};

    rig_open(&r, "A:long, B:int", "T");
    CHECK(rtq_appender_row(r.app, row, 2) == RTQ_OK);
    row[0] = null;
    row[1] = of_long(INT64_MAX);
    CHECK(rtq_appender_row(r.app, row, 2) == RTQ_ERR_DATA);
    CHECK(rtq_appender_columns(r.app, cols, 2, 2) == RTQ_ERR_DATA);
    row[0] = row[1] = of_long(2); /* where the nulls were */
    CHECK(rtq_appender_row(r.app, row, 2) == RTQ_OK && rtq_appender_row(r.app, row, 2) == RTQ_OK);
    row[1] = of_long(INT64_C(1) << 40);
    row[1].kind = RTQ_INT; /* no int, whatever it says */
    CHECK(rtq_appender_row(r.app, row, 2) == RTQ_ERR_DATA);
    CHECK(rig_step(&r) == RTQ_AGAIN);
    CHECK(strcmp(r.rows, "{\"A\":1,\"B\":1}{\"A\":2,\"B\":2}{\"A\":2,\"B\":2}") == 0);
    rig_close(&r);
}

static void text_of_nulls_is_not_looked_at(void)
{
    struct rig r = {0};
    const rtq_str text[2] = {{"a", 1}, {NULL, (size_t)-8}};
    const uint8_t nulls[2] = {0, 1};

    rig_open(&r, "S:string", "T");
    CHECK(rtq_appender_columns(r.app, &(rtq_column){RTQ_STRING, sizeof text[0], text, nulls, 1, 0}, 1, 2) == RTQ_OK);
    rig_step(&r);
    CHECK(strcmp(r.rows, "{\"S\":\"a\"}{\"S\":\"\"}") == 0);
    rig_close(&r);
}

static void the_reason_is_told(void)
{
    struct rig r = {0};
    rtq_value row[2] = {of_long(1), {.kind = RTQ_STRING}};
    int64_t a[2000] = {0};
    rtq_str s[2000] = {{NULL, 0}};
    rtq_column cols[2] = {{RTQ_LONG, 8, a, NULL, 0, 0}, {RTQ_STRING, sizeof s[0], s, NULL, 0, 0}};

    rig_open(&r, "A:int, S:string", "T");
    CHECK(says(&r, rtq_appender_row(r.app, row, 1), RTQ_ERR_ARG, "table 'T' has 2 columns, 1 were given"));
    CHECK(says(&r, rtq_appender_row(r.app, row, 2), RTQ_OK, "")); /* forgotten by the next call */
    row[1] = of_long(5);
    CHECK(says(&r, rtq_appender_row(r.app, row, 2), RTQ_ERR_ARG, "column 'S' takes string, not long"));
    CHECK(says(&r, rtq_appender_columns(r.app, cols, 3, 1), RTQ_ERR_ARG, "2 columns, 3 were given"));
    a[1500] = INT64_MAX;
    CHECK(says(&r, rtq_appender_columns(r.app, cols, 2, 2000), RTQ_ERR_DATA, "column 'A', row 1500: "));
    a[1500] = 0;
    s[1700] = (rtq_str){"x", (size_t)UINT32_MAX};
    CHECK(says(&r, rtq_appender_columns(r.app, cols, 2, 2000), RTQ_ERR_DATA, "column 'S', row 1700: "));
    CHECK(says(&r, rtq_appender_json(r.app, "{\"A\":1}\n{\"A\":\n{\"A\":2}", RTQ_NTS), RTQ_ERR_DATA, "line 2 "));
    CHECK(says(&r, rtq_appender_flush(r.app), RTQ_OK, ""));
    CHECK(rtq_appender_error(NULL, &r.diag) == RTQ_ERR_ARG && rtq_appender_error(r.app, NULL) == RTQ_ERR_ARG);
    rtq_run_stop(r.run, RTQ_STOP_CANCEL);
    CHECK(rtq_run_all(r.run, &r.diag) == RTQ_END);
    row[1] = (rtq_value){.kind = RTQ_STRING, .is_null = 1};
    CHECK(rtq_appender_row(r.app, row, 2) == RTQ_OK);
    CHECK(says(&r, rtq_appender_flush(r.app), RTQ_ERR_STATE, "no more rows"));
    rig_close(&r);
}

static void nothing_to_release(struct ArrowSchema *s)
{
    s->release = NULL;
}
static void no_array_to_release(struct ArrowArray *a)
{
    a->release = NULL;
}

static void arrow_is_told_too(void)
{
    struct rig r = {0};
    const int64_t cells[2] = {1, 2};
    const void *buffers[2] = {NULL, cells}, *none[1] = {NULL};
    struct ArrowSchema child = {.format = "l", .name = "A", .release = nothing_to_release}, *children[1] = {&child};
    struct ArrowSchema schema = {
        .format = "+s", .name = "", .n_children = 1, .children = children, .release = nothing_to_release};
    struct ArrowArray column = {.length = 2, .n_buffers = 2, .buffers = buffers, .release = no_array_to_release},
                      *columns[1] = {&column};
    struct ArrowArray array = {.length = 2,
                               .n_buffers = 1,
                               .buffers = none,
                               .n_children = 1,
                               .children = columns,
                               .release = no_array_to_release};

    rig_open(&r, "A:long", "T");
    child.name = "Other";
    CHECK(says(&r, rtq_appender_arrow(r.app, &schema, &array), RTQ_ERR_ARG, "table 'T' has no column 'Other'"));
    child.name = "A";
    child.format = "+l";
    CHECK(says(&r, rtq_appender_arrow(r.app, &schema, &array), RTQ_ERR_UNSUPPORTED, "column 'A': the Arrow type '+l'"));
    child.format = "u"; /* text has three buffers */
    CHECK(says(&r, rtq_appender_arrow(r.app, &schema, &array), RTQ_ERR_DATA, "column 'A'"));
    child.format = "b";
    CHECK(says(&r, rtq_appender_arrow(r.app, &schema, &array), RTQ_ERR_ARG, "column 'A' takes long, not bool"));
    child.format = "l";
    schema.format = "l";
    CHECK(says(&r, rtq_appender_arrow(r.app, &schema, &array), RTQ_ERR_ARG, "not as 'l'"));
    schema.format = "+s";
    CHECK(array.release && says(&r, rtq_appender_arrow(r.app, &schema, &array), RTQ_OK, "") && !array.release);
    rig_step(&r);
    CHECK(strcmp(r.rows, "{\"A\":1}{\"A\":2}") == 0);
    rig_close(&r);
}

static void json_is_not_read_past_its_end(void)
{
    struct rig r = {0};
    char *text = malloc(4);

    rig_open(&r, "A:long", "T");
    memcpy(text, "x\n  ", 4); /* no NUL behind it */
    CHECK(rtq_appender_json(r.app, text, 4) == RTQ_ERR_DATA);
    CHECK(rtq_appender_json(r.app, text + 2, 2) == RTQ_OK);
    CHECK(rig_step(&r) == RTQ_AGAIN);
    CHECK(rig_stats(&r, RTQ_STAT_SOURCE, r.source_id).errored == 1);
    free(text);
    rig_close(&r);
}

/* ---- what a custom source added before it failed ---------------------------------------------------------------------------- */

static const char *one_column(void *user)
{
    (void)user;
    return "T(A:long)";
}
static int add_then_fail(rtq_appender *const *tables, const rtq_clock *clock, void *user)
{
    rtq_value row = of_long(5);

    (void)clock, (void)user;
    CHECK(rtq_appender_row(tables[0], &row, 1) == RTQ_OK);
    row.kind = RTQ_STRING;
    row.u.s = "x";
    row.len = 1;
    return rtq_appender_row(tables[0], &row, 1);
}

static void rows_before_a_failure_are_delivered(void)
{
    struct rig r = {0};
    const rtq_source_vtable vtable = {.size = sizeof vtable, .tables = one_column, .next = add_then_fail};
    rtq_run_options ro = {.size = sizeof ro, .notice = rig_notice, .notice_user = &r};
    rtq_query_options qo = {.size = sizeof qo, .n_sources = 1};
    rtq_query *q = NULL;
    rtq_sink *sink = NULL;

    rig_env(&r);
    CHECK(rtq_source_custom(&r.source, r.env, &vtable, NULL, NULL, &r.diag) == RTQ_OK);
    CHECK(rtq_run_new(&r.run, r.env, &ro) == RTQ_OK);
    CHECK(rtq_run_add_source(&r.source_id, r.run, r.source, &r.diag) == RTQ_OK);
    qo.sources = (const rtq_source *const *)&r.source;
    CHECK(rtq_query_compile(&q, r.env, "T", RTQ_NTS, &qo, &r.diag) == RTQ_OK);
    CHECK(rtq_sink_callback(&sink, r.env, rig_rows, &r, NULL) == RTQ_OK);
    CHECK(rtq_run_add_query(&r.query_id, r.run, q, sink, NULL, &r.diag) == RTQ_OK);
    CHECK(rtq_run_all(r.run, NULL) == RTQ_END);
    CHECK(strcmp(r.rows, "{\"A\":5}") == 0 && rig_stats(&r, RTQ_STAT_SOURCE, r.source_id).out == 1);
    CHECK(r.notices == 1 && r.code == RTQ_ERR_ARG && r.note == RTQ_NOTE_SOURCE);
    CHECK(strstr(r.said, "column 'A' takes long, not string")); /* also without a diag of the caller's */
    rtq_sink_free(sink);
    rtq_query_free(q);
    rig_close(&r);
}

int main(void)
{
    RUN(refused_rows_leave_nothing);
    RUN(text_of_nulls_is_not_looked_at);
    RUN(the_reason_is_told);
    RUN(arrow_is_told_too);
    RUN(json_is_not_read_past_its_end);
    RUN(rows_before_a_failure_are_delivered);
    return check_failures != 0;
}
