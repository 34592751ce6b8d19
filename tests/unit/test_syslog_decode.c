/* Unit tests of the syslog decoder: the formats, times, what is extracted, any split of the bytes. */
#include "feed.h"
#include "sources/syslog/syslog.h"
#include <criterion/criterion.h>

typedef struct fixture {
    rtq__mem *mem;
    feed_demand d;
    rtq__syslog *syslog;
    rtq__source_stats stats;
    rtq__buf out;
    syslog_clock clock;
    size_t max_record;
} fixture;

static int64_t ticks(const char *text)
{
    int64_t t = 0;
    cr_assert(rtq__parse_datetime(&t, text, strlen(text)), "%s", text);
    return t;
}

static void setup(fixture *f)
{
    memset(f, 0, sizeof *f);
    f->mem = rtq__mem_new(NULL, NULL, 0);
    f->max_record = 1 << 20;
    f->clock.now = ticks("2024-06-01T00:00:00Z");
    feed_demand_init(&f->d, f->mem, rtq__syslog_cols, SYSLOG_COLS, false);
    rtq__buf_init(&f->out, f->mem);
}

static const char *run(fixture *f, const char *text, size_t len, feed_split split)
{
    int64_t max_time = INT64_MIN;
    memset(&f->stats, 0, sizeof f->stats);
    rtq__buf_clear(&f->out);
    cr_assert_eq(rtq__syslog_new(&f->syslog, f->mem, f->max_record, f->clock, (rtq_str){"me", 2}, &f->stats, &max_time),
                 RTQ_OK);
    cr_assert_eq(rtq__syslog_feed.plan(f->syslog, &f->d.demand), RTQ_OK);
    feed_run(&f->out, &rtq__syslog_feed, f->syslog, &f->stats, text, len, split);
    rtq__syslog_feed.free(f->syslog);
    rtq__buf_addc(&f->out, '\0');
    return f->out.ptr;
}

static void done(fixture *f)
{
    rtq__buf_free(&f->out);
    feed_demand_free(&f->d);
    cr_assert_eq(f->mem->used, 0);
    rtq__mem_unref(f->mem);
}

static const feed_split whole = {0, 0, 0, false};

/* One line's columns by number, as JSON; ends in a newline. */
static const char *cells(const char *line, const char *now, int n, const int *columns)
{
    static char result[4000];
    rtq__source_stats stats = {0};
    int64_t max_time = INT64_MIN;
    rtq__mem *mem = rtq__mem_new(NULL, NULL, 0);
    rtq__feed_input in = {.name = "test", .line = 1, .clock = ticks(now)};
    syslog_clock clock = {0};
    char window[2000] = "";
    rtq__syslog *s;
    rtq__batch *b;
    feed_demand d;
    rtq__buf out;
    size_t used;

    feed_demand_init(&d, mem, rtq__syslog_cols, SYSLOG_COLS, false);
    for (int i = 0; i < n; i++)
        feed_want(&d, rtq__syslog_cols[columns[i]].name, RTQ__WANT_SURVIVOR);
    feed_branch(&d, NULL, 0);
    cr_assert_eq(rtq__syslog_new(&s, mem, 1 << 20, clock, (rtq_str){"me", 2}, &stats, &max_time), RTQ_OK);
    cr_assert_eq(rtq__syslog_feed.plan(s, &d.demand), RTQ_OK);
    rtq__feed_rows_begin(&s->rows, 10);
    memcpy(window, line, strlen(line));
    cr_assert_eq(rtq__syslog_feed.take(s, &in, window, strlen(line), true, &used), RTQ_OK);
    cr_assert_not_null(b = rtq__feed_rows_batch(&s->rows), "%s", line);
    rtq__buf_init(&out, mem);
    for (int i = 0; i < n; i++) {
        cr_assert_eq(rtq__vec_load(b->cols[i], NULL, 1), RTQ_OK);
        rtq__cell c = rtq__vec_get(b->cols[i], 0);
        rtq__buf_adds(&out, i ? " " : "");
        rtq__cell_print_json(&out, &c);
    }
    memcpy(result, out.ptr, out.len);
    result[out.len] = '\0';
    rtq__buf_free(&out);
    rtq__syslog_feed.free(s);
    feed_demand_free(&d);
    cr_assert_eq(mem->used, 0);
    rtq__mem_unref(mem);
    return result;
}

#define CELLS(line, ...) \
    cells(line, "2024-06-01T00:00:00Z", (int)(sizeof((int[]){__VA_ARGS__}) / sizeof(int)), (int[]){__VA_ARGS__})
#define HEADER \
    SYSLOG_TIME, SYSLOG_FACILITY, SYSLOG_SEVERITY, SYSLOG_HOST, SYSLOG_APP, SYSLOG_PROC, SYSLOG_MSGID, SYSLOG_MESSAGE

Test(syslog_decode, headers)
{
    cr_expect_str_eq(CELLS("<34>Oct 11 22:14:15 mymachine sshd[123]: Failed password", HEADER),
                     "\"2023-10-11T22:14:15.0000000Z\" \"Authorization\" \"Critical\" \"mymachine\" \"sshd\" \"123\" "
                     "\"\" \"Failed password\"");
    cr_expect_str_eq(CELLS("<165>1 2003-10-11T22:14:15.003Z my.example.com evntslog - ID47 [e@3 iut=\"3\"] \xEF\xBB\xBF"
                           "An event",
                           HEADER),
                     "\"2003-10-11T22:14:15.0030000Z\" \"Local4\" \"Notice\" \"my.example.com\" \"evntslog\" \"\" "
                     "\"ID47\" \"An event\"");
    cr_expect_str_eq(CELLS("<0>1 - - - 77 - - x", HEADER), "null \"Kernel\" \"Emergency\" \"\" \"\" \"77\" \"\" \"x\"");
    cr_expect_str_eq(CELLS("2024-05-01T12:00:00.5+02:00 host postfix/smtpd[9]: text: more", HEADER),
                     "\"2024-05-01T10:00:00.5000000Z\" \"\" \"\" \"host\" \"postfix/smtpd\" \"9\" \"\" \"text: more\"");
    cr_expect_str_eq(CELLS("May  1 00:00:01 su: x", HEADER),
                     "\"2024-05-01T00:00:01.0000000Z\" \"\" \"\" \"\" \"su\" \"\" \"\" \"x\"");
    cr_expect_str_eq(
        CELLS("May  1 00:00:01 h last message repeated 2 times", HEADER),
        "\"2024-05-01T00:00:01.0000000Z\" \"\" \"\" \"h\" \"\" \"\" \"\" \"last message repeated 2 times\"");
    cr_expect_str_eq(
        CELLS("<189>55: *Mar  1 2024 18:46:11.123 PDT: %SYS-5-CONFIG_I: Configured", HEADER),
        "\"2024-03-02T01:46:11.1230000Z\" \"Local7\" \"Notice\" \"\" \"%SYS-5-CONFIG_I\" \"\" \"\" \"Configured\"");
    cr_expect_str_eq(CELLS("<165>Aug 24 05:34:00 CST 1987 mymachine myproc[10]: %% time", HEADER),
                     "\"1987-08-24T11:34:00.0000000Z\" \"Local4\" \"Notice\" \"mymachine\" \"myproc\" \"10\" \"\" "
                     "\"%% time\"");
    cr_expect_str_eq(CELLS("node=web type=EXECVE msg=audit(1714557600.123:456): argc=1 a0=\"ls\"", HEADER),
                     "\"2024-05-01T10:00:00.1230000Z\" \"\" \"\" \"web\" \"\" \"\" \"\" \"argc=1 a0=\\\"ls\\\"\"");
    cr_expect_str_eq(CELLS("type=X msg=audit(1714557600.12:4): a=1", HEADER),
                     "null \"\" \"\" \"\" \"\" \"\" \"\" \"audit(1714557600.12:4):\"");
    cr_expect_str_eq(CELLS("date=2024-05-01 time=18:13:38 timezone=\"IST\" device_id=C4 a=\"x \\\"y\\\"\" tail",
                           HEADER),
                     "\"2024-05-01T12:43:38.0000000Z\" \"\" \"\" \"C4\" \"\" \"\" \"\" \"tail\"");
    /* those that stopped or lost lines elsewhere */
    cr_expect_str_eq(CELLS("<13>12", HEADER), "null \"UserLevel\" \"Notice\" \"\" \"\" \"\" \"\" \"12\"");
    cr_expect_str_eq(CELLS("<13>5 x", HEADER), "null \"UserLevel\" \"Notice\" \"\" \"\" \"\" \"\" \"5 x\"");
    cr_expect_str_eq(CELLS("<34>Oct 11 22:14:15 h su: x", HEADER),
                     "\"2023-10-11T22:14:15.0000000Z\" \"Authorization\" \"Critical\" \"h\" \"su\" \"\" \"\" \"x\"");
    cr_expect_str_eq(CELLS("<13>hello world, plain text 26", SYSLOG_MESSAGE, SYSLOG_PAYLOAD),
                     "\"hello world, plain text 26\" \"<13>hello world, plain text 26\"");
    cr_expect_str_eq(CELLS("<134> tiny line", SYSLOG_FACILITY, SYSLOG_MESSAGE), "\"Local0\" \"tiny line\"");
    cr_expect_str_eq(CELLS("<192>x", SYSLOG_FACILITY, SYSLOG_MESSAGE), "\"\" \"<192>x\"");
    cr_expect_str_eq(CELLS("x", HEADER), "null \"\" \"\" \"\" \"\" \"\" \"\" \"x\"");
    cr_expect_str_eq(CELLS("<13>1 2003-10-11T22:14:15Z h", HEADER),
                     "\"2003-10-11T22:14:15.0000000Z\" \"UserLevel\" \"Notice\" \"h\" \"\" \"\" \"\" \"\"");
}

Test(syslog_decode, years)
{
    static const int time[] = {SYSLOG_TIME};
    cr_expect_str_eq(cells("Dec 31 23:59:59 h a: b", "2024-01-02T00:00:00Z", 1, time),
                     "\"2023-12-31T23:59:59.0000000Z\"");
    cr_expect_str_eq(cells("Jan  1 00:00:01 h a: b", "2024-01-01T00:00:00Z", 1, time),
                     "\"2024-01-01T00:00:01.0000000Z\"");
    cr_expect_str_eq(cells("Jan  1 00:00:01 h a: b", "2023-12-31T23:50:00Z", 1, time),
                     "\"2024-01-01T00:00:01.0000000Z\""); /* clocks differ */
    cr_expect_str_eq(cells("Feb 29 00:00:01 h a: b", "2026-03-01T00:00:00Z", 1, time),
                     "\"2024-02-29T00:00:01.0000000Z\"");
    cr_expect_str_eq(cells("Feb 30 00:00:01 h a: b", "2026-03-01T00:00:00Z", 1, time), "null");
    cr_expect_str_eq(cells("Feb 28 24:00:01 h a: b", "2026-03-01T00:00:00Z", 1, time), "null");
}

Test(syslog_decode, extracted)
{
    cr_expect_str_eq(CELLS("May  1 00:00:01 h sshd[7]: Failed password for invalid user bob from 10.0.0.1 port 22 "
                           "ssh2, 1.2.3.4:80 fe80::1%eth0 ::1",
                           SYSLOG_EXTRACTED),
                     "{\"IPv4\":[\"10.0.0.1\",\"1.2.3.4\"],\"IPv6\":[\"fe80::1\",\"::1\"],\"Proc\":\"sshd[7]\","
                     "\"User\":\"bob\",\"Port\":\"22\"}");
    cr_expect_str_eq(CELLS("<13>1 - - - - - [a@1 x=\"1\" y=\"a\\\"b\\\\c\\]\"][b x=\"2\" ip=\"9.9.9.9\"] m",
                           SYSLOG_EXTRACTED),
                     "{\"x\":[\"1\",\"2\"],\"y\":\"a\\\"b\\\\c]\",\"ip\":\"9.9.9.9\",\"IPv4\":[\"9.9.9.9\"]}");
    cr_expect_str_eq(CELLS("a=1 b=\"two words\" a=3", SYSLOG_EXTRACTED), "{\"a\":[\"1\",\"3\"],\"b\":\"two words\"}");
    cr_expect_str_eq(CELLS("May  1 00:00:01 h kernel: IN=eth0 OUT= SRC=1.2.3.4", SYSLOG_EXTRACTED),
                     "{\"IPv4\":[\"1.2.3.4\"],\"IN\":\"eth0\",\"OUT\":\"\",\"SRC\":\"1.2.3.4\"}");
    cr_expect_str_eq(CELLS("May  1 00:00:01 %ASA-6-302013: outside:1.2.3.4/55 to dc:10.0.0.1:80 :9.9.9.9: a1.1.1.1",
                           SYSLOG_EXTRACTED),
                     "{\"IPv4\":[\"1.2.3.4\",\"10.0.0.1\",\"9.9.9.9\"],\"Category\":\"ASA-6-302013\"}");
    cr_expect_str_eq(
        CELLS("type=USER_AUTH msg=audit(1.002:3): pid=7 msg='op=PAM:x acct=\"root\" exe=\"/s\" res=failed' UID='a b'",
              SYSLOG_EXTRACTED),
        "{\"type\":\"USER_AUTH\",\"msg\":\"audit(1.002:3):\",\"pid\":\"7\",\"op\":\"PAM:x\",\"acct\":\"root\","
        "\"exe\":\"/s\",\"res\":\"failed\",\"UID\":\"a b\"}");
    cr_expect_str_eq(CELLS("a=1 q='x=1 or 2' t=it's n='open", SYSLOG_EXTRACTED),
                     "{\"a\":\"1\",\"q\":\"x=1 or 2\",\"t\":\"it's\",\"n\":\"'open\"}");
    cr_expect_str_eq(CELLS("x error: disk full at 22:14:15, 00:11:22:33:44:55 256.1.1.1 1.2.3.4.5", SYSLOG_EXTRACTED),
                     "{\"Error\":\"disk full at 22:14:15, 00:11:22:33:44:55 256.1.1.1 1.2.3.4.5\"}");
    cr_expect_str_eq(CELLS("May  1 00:00:01 %L2-MKA-5-X: down", SYSLOG_EXTRACTED), "{\"Category\":\"L2-MKA-5-X\"}");
}

Test(syslog_decode, lineage)
{
    cr_expect_str_eq(CELLS("<13>x", SYSLOG_LINEAGE), "{\"PayloadType\":\"PlainText\",\"RelayServer\":\"me\","
                                                     "\"ReceivedTimestamp\":null,\"File\":\"test\",\"Line\":1}");
    cr_expect_not_null(strstr(CELLS("<13>1 - - - - - [a b m", SYSLOG_LINEAGE),
                              "\"SyslogParserErrors\":\"malformed structured data\""));
}

Test(syslog_decode, nothing_is_extracted_unasked)
{
    static const char text[] = "May  1 00:00:01 h a: 1.2.3.4\nMay  1 00:00:02 h b: 1.2.3.4\n";
    rtq__cell a = rtq__cell_s("a", 1);
    fixture f;
    uint32_t c;
    setup(&f);
    c = feed_conjunct(&f.d, feed_want(&f.d, "AppName", 0), RTQ_OP_EQ, &a, 1);
    feed_want(&f.d, "ExtractedData.IPv4[0]", RTQ__WANT_SURVIVOR);
    feed_branch(&f.d, &c, 1);
    cr_expect_str_eq(run(&f, text, sizeof text - 1, whole), "\"a\"\t\"1.2.3.4\"\n");
    cr_expect_eq(f.stats.decoded_cells, 3);
    done(&f);
}

/* Lines that are rejected by their bytes are those that the conjunct rejects. */
Test(syslog_decode, rejecting_by_bytes)
{
    static const char text[] =
        "May  1 00:00:01 h sshd[7]: Failed x\nMay  1 00:00:02 failed su: ok\n<13>FAILED\nnothing\n"
        "May  1 00:00:02 h Failed: \xff\n";
    static const struct {
        const char *column;
        uint32_t op;
        const char *value;
        int rows;
    } cases[] = {
        {"Message", RTQ_OP_HAS, "failed", 2},
        {"Message", RTQ_OP_HAS + RTQ_OP_CASE, "Failed", 1},
        {"Payload", RTQ_OP_HAS, "failed", 4},
        {"Message", RTQ_OP_HAS + RTQ_OP_NOT, "failed", 3},
        {"HostName", RTQ_OP_EQ, "failed", 1},
        {"HostName", RTQ_OP_NE, "failed", 4},
        {"AppName", RTQ_OP_EQ_NOCASE, "failed", 1},
        {"Message", RTQ_OP_CONTAINS, "", 5},
        {"Message", RTQ_OP_CONTAINS, "\xEF\xBF\xBD", 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        rtq__cell value = rtq__cell_s(cases[i].value, strlen(cases[i].value));
        fixture f;
        uint32_t c;
        setup(&f);
        c = feed_conjunct(&f.d, feed_want(&f.d, cases[i].column, 0), cases[i].op, &value, 1);
        feed_branch(&f.d, &c, 1);
        run(&f, text, sizeof text - 1, whole);
        cr_expect_eq(f.stats.out, cases[i].rows, "%zu: %d", i, (int)f.stats.out);
        cr_expect_eq(f.stats.in, 5);
        done(&f);
    }
}

Test(syslog_decode, any_split_gives_the_same_rows)
{
    static const char *const parts[] = {"<34>",
                                        "<13>",
                                        "1 ",
                                        "2003-10-11T22:14:15.003Z ",
                                        "Oct 11 22:14:15 ",
                                        "host ",
                                        "app[1]: ",
                                        "su: ",
                                        "a=1 ",
                                        "b=\"x y\" ",
                                        "[a b=\"c\"] ",
                                        "text ",
                                        "10.0.0.1 ",
                                        "fe80::1 ",
                                        "user bob ",
                                        "\n",
                                        "\r\n",
                                        "\n\n",
                                        "\xff",
                                        "\u00e9",
                                        "- ",
                                        "\"",
                                        "[",
                                        "]",
                                        "\\",
                                        "%A-1-B: ",
                                        "error: "};
    static const size_t pieces[] = {1, 7, 50};
    fixture f;
    uint64_t seed = 31337, rows = 0;
    rtq__buf text;
    setup(&f);
    for (int i = 0; i < SYSLOG_COLS; i++)
        feed_want(&f.d, rtq__syslog_cols[i].name, RTQ__WANT_SURVIVOR);
    feed_want(&f.d, "ExtractedData.a", RTQ__WANT_SURVIVOR);
    feed_branch(&f.d, NULL, 0);
    rtq__buf_init(&text, f.mem);
    for (int round = 0; round < 2000; round++) {
        char *all;
        f.max_record = round % 3 ? 1 << 20 : 60;
        rtq__buf_clear(&text);
        for (uint64_t n = feed_random(&seed) % 80; n > 0; n--)
            rtq__buf_adds(&text, parts[feed_random(&seed) % (sizeof parts / sizeof *parts)]);
        all = strdup(run(&f, text.ptr ? text.ptr : "", text.len, whole));
        rows += f.stats.out;
        for (size_t k = 0; k < 6; k++) {
            uint64_t errored = f.stats.errored;
            run(&f, text.ptr ? text.ptr : "", text.len,
                (feed_split){pieces[k % 3], k < 3 ? 0 : seed | 1, k % 2 ? 1 : 1000, k % 2});
            cr_assert_eq(errored, f.stats.errored);
            if (errored == 0)
                cr_assert_str_eq(f.out.ptr, all, "%.*s", (int)text.len, text.ptr);
        }
        free(all);
    }
    cr_expect_gt(rows, 3000);
    rtq__buf_free(&text);
    done(&f);
}
