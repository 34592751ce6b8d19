/* Generated event logs through the decoder: what each record becomes. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include "evtx_gen.h"
#include "evtx_run.h"

static rtq__mem *mem;
static void setup(void)
{
    mem = rtq__mem_new(NULL, NULL, 0);
}
static void teardown(void)
{
    cr_assert_eq(mem->used, 0, "memory is lost");
    rtq__mem_unref(mem);
}
TestSuite(evtx, .init = setup, .fini = teardown);

typedef struct sink {
    rtq__buf text;
    ed *e;
} sink;

static void add_row(void *user, rtq__batch *b, uint32_t row)
{
    sink *s = user;
    ed_print_row(&s->text, s->e, b, row);
}

static uint32_t case_number(const char *name)
{
    uint32_t i = 0;
    while (strcmp(eg_case_name(i), name) != 0)
        i++;
    return i;
}

/* JSON lines of the wants (separated by blanks, or by | if there is one) for a generated file. */
static char *rows_of(const char *name, const char *wants, rtq__source_stats *stats, uint32_t max_rows)
{
    eg g;
    ed e;
    ed_init(&e, mem);
    sink s = {.e = &e};
    char *list = strdup(wants), *rest = list, *w;
    while ((w = strtok_r(rest, strchr(wants, '|') ? "|" : " ", &rest)))
        ed_want(&e, w, RTQ__WANT_SURVIVOR);
    ed_drop_branches(&e);
    rtq__buf_init(&s.text, mem);
    eg_case(&g, case_number(name));
    cr_assert_eq(ed_run(&e, g.bytes, g.len, max_rows, add_row, &s, stats), RTQ_OK);
    cr_assert_eq(stats->in, stats->out + stats->filtered + stats->errored + stats->dropped + stats->pending);
    eg_free(&g);
    char *text = strndup(s.text.len ? s.text.ptr : "", s.text.len);
    rtq__buf_free(&s.text);
    ed_free(&e);
    free(list);
    return text;
}

static void expect_rows(const char *name, const char *wants, const char *expected)
{
    rtq__source_stats stats;
    char *text = rows_of(name, wants, &stats, 1024);
    cr_expect_str_eq(text, expected, "%s: %s\n%s", name, wants, text);
    char *single = rows_of(name, wants, &stats, 1);
    cr_expect_str_eq(single, text, "one row a batch");
    free(text);
    free(single);
}

/* clang-format off */
Test(evtx, system_columns)
{
    expect_rows("basic", "EventID Version Level Task Opcode Keywords TimeCreated EventRecordID ProcessID ThreadID UserID",
                "{\"EventID\":4624,\"Version\":1,\"Level\":4,\"Task\":12544,\"Opcode\":0,\"Keywords\":-9214364837600034816,"
                "\"TimeCreated\":\"2020-01-01T00:00:01.0000001Z\",\"EventRecordID\":1001,\"ProcessID\":4628,\"ThreadID\":8,\"UserID\":\"S-1-5-18\"}\n"
                "{\"EventID\":4624,\"Version\":1,\"Level\":4,\"Task\":12544,\"Opcode\":0,\"Keywords\":-9214364837600034816,"
                "\"TimeCreated\":\"2020-01-01T00:00:02.0000002Z\",\"EventRecordID\":1002,\"ProcessID\":4628,\"ThreadID\":8,\"UserID\":\"S-1-5-18\"}\n"
                "{\"EventID\":4624,\"Version\":1,\"Level\":4,\"Task\":12544,\"Opcode\":0,\"Keywords\":-9214364837600034816,"
                "\"TimeCreated\":\"2020-01-01T00:00:03.0000003Z\",\"EventRecordID\":1003,\"ProcessID\":4628,\"ThreadID\":8,\"UserID\":\"S-1-5-18\"}\n"
                "{\"EventID\":4624,\"Version\":1,\"Level\":4,\"Task\":12544,\"Opcode\":0,\"Keywords\":-9214364837600034816,"
                "\"TimeCreated\":\"2020-01-01T00:00:04.0000004Z\",\"EventRecordID\":1004,\"ProcessID\":4628,\"ThreadID\":8,\"UserID\":\"S-1-5-18\"}\n"
                "{\"EventID\":4608,\"Version\":1,\"Level\":4,\"Task\":12544,\"Opcode\":0,\"Keywords\":-9214364837600034816,"
                "\"TimeCreated\":\"2020-01-01T00:00:05.0000005Z\",\"EventRecordID\":1005,\"ProcessID\":4612,\"ThreadID\":8,\"UserID\":\"S-1-5-18\"}\n"
                "{\"EventID\":4624,\"Version\":1,\"Level\":4,\"Task\":12544,\"Opcode\":0,\"Keywords\":-9214364837600034816,"
                "\"TimeCreated\":\"2020-01-01T00:00:06.0000006Z\",\"EventRecordID\":1006,\"ProcessID\":4628,\"ThreadID\":8,\"UserID\":\"S-1-5-18\"}\n"
                "{\"EventID\":4608,\"Version\":1,\"Level\":4,\"Task\":12544,\"Opcode\":0,\"Keywords\":-9214364837600034816,"
                "\"TimeCreated\":\"2020-01-01T00:00:07.0000007Z\",\"EventRecordID\":1007,\"ProcessID\":4612,\"ThreadID\":8,\"UserID\":\"S-1-5-18\"}\n");
}

Test(evtx, literals_of_templates_and_slots_give_the_same_columns)
{
    expect_rows("basic", "Provider Channel Computer ActivityID ProviderGuid",
                "{\"Provider\":\"Test-Provider\",\"Channel\":\"Security\",\"Computer\":\"PC-1.example.org\","
                "\"ActivityID\":\"12345678-1234-1234-1234-010203040506\",\"ProviderGuid\":null}\n"
                "{\"Provider\":\"Test-Provider\",\"Channel\":\"Security\",\"Computer\":\"PC-1.example.org\","
                "\"ActivityID\":\"12345678-1234-1234-1234-010203040506\",\"ProviderGuid\":null}\n"
                "{\"Provider\":\"Literal-Provider\",\"Channel\":\"Literal/Channel\",\"Computer\":\"PC-1.example.org\","
                "\"ActivityID\":\"12345678-1234-1234-1234-010203040506\",\"ProviderGuid\":null}\n"
                "{\"Provider\":\"Test-Provider\",\"Channel\":\"Security\",\"Computer\":\"PC-1.example.org\","
                "\"ActivityID\":\"12345678-1234-1234-1234-010203040506\",\"ProviderGuid\":null}\n"
                "{\"Provider\":\"Test-Provider\",\"Channel\":\"Security\",\"Computer\":\"PC-1.example.org\","
                "\"ActivityID\":\"12345678-1234-1234-1234-010203040506\",\"ProviderGuid\":null}\n"
                "{\"Provider\":\"Test-Provider\",\"Channel\":\"Security\",\"Computer\":\"PC-1.example.org\","
                "\"ActivityID\":\"12345678-1234-1234-1234-010203040506\",\"ProviderGuid\":null}\n"
                "{\"Provider\":\"Literal-Provider\",\"Channel\":\"Literal/Channel\",\"Computer\":\"PC-1.example.org\","
                "\"ActivityID\":\"12345678-1234-1234-1234-010203040506\",\"ProviderGuid\":null}\n");
}

Test(evtx, members_of_event_data)
{
    expect_rows("basic", "EventData.TargetUserName EventData.LogonType EventData.ProcessId EventData.Elevated EventData.Literal EventData.None",
                "{\"EventData.TargetUserName\":\"alice\",\"EventData.LogonType\":2,\"EventData.ProcessId\":\"0x3e7\",\"EventData.Elevated\":true,"
                "\"EventData.Literal\":\"always & ever\",\"EventData.None\":null}\n"
                "{\"EventData.TargetUserName\":\"Bob\",\"EventData.LogonType\":3,\"EventData.ProcessId\":\"0x1000\",\"EventData.Elevated\":false,"
                "\"EventData.Literal\":\"always & ever\",\"EventData.None\":null}\n"
                "{\"EventData.TargetUserName\":\"j\xC3\xB6rg \xF0\x9F\x98\x80\",\"EventData.LogonType\":10,\"EventData.ProcessId\":"
                "\"0xffffffffffffff10\",\"EventData.Elevated\":true,\"EventData.Literal\":\"always & ever\",\"EventData.None\":null}\n"
                "{\"EventData.TargetUserName\":\"lone \xEF\xBF\xBD!\",\"EventData.LogonType\":3,\"EventData.ProcessId\":\"0x4\","
                "\"EventData.Elevated\":true,\"EventData.Literal\":\"always & ever\",\"EventData.None\":null}\n"
                "{\"EventData.TargetUserName\":null,\"EventData.LogonType\":null,\"EventData.ProcessId\":null,\"EventData.Elevated\":null,"
                "\"EventData.Literal\":null,\"EventData.None\":null}\n"
                "{\"EventData.TargetUserName\":\"ALICE\",\"EventData.LogonType\":3,\"EventData.ProcessId\":\"0x3e7\",\"EventData.Elevated\":true,"
                "\"EventData.Literal\":\"always & ever\",\"EventData.None\":null}\n"
                "{\"EventData.TargetUserName\":null,\"EventData.LogonType\":null,\"EventData.ProcessId\":null,\"EventData.Elevated\":null,"
                "\"EventData.Literal\":null,\"EventData.None\":null}\n");
}

Test(evtx, types_of_values)
{
    expect_rows("kinds", "EventData",
                "{\"EventData\":{\"I8\":-5,\"I16\":-300,\"I32\":-70000,\"I64\":-5000000000,\"U64\":\"18446744073709551615\",\"F32\":1.5,\"F64\":-0.25,"
                "\"Ansi\":\"caf\xC3\xA9 \xE2\x82\xAC\",\"Size\":\"0xabcd\",\"When\":\"2020-01-01T00:00:00.1234567Z\",\"Never\":null,"
                "\"Civil\":\"2021-02-04T05:06:07.0890000Z\",\"Numbers\":[1,2,300],\"Text\":\"odd\",\"Null\":null}}\n"
                "{\"EventData\":{\"I8\":-5,\"I16\":-300,\"I32\":-70000,\"I64\":-5000000000,\"U64\":1,\"F32\":\"text, not a float\",\"F64\":-0.25,"
                "\"Ansi\":\"caf\xC3\xA9 \xE2\x82\xAC\",\"Size\":\"0xabcd\",\"When\":\"2020-01-01T00:00:00.1234567Z\",\"Never\":null,"
                "\"Civil\":\"2021-02-04T05:06:07.0890000Z\",\"Numbers\":1,\"Text\":\"cut\",\"Null\":null}}\n"
                "{\"EventData\":{\"I8\":-5,\"I16\":-300,\"I32\":-70000,\"I64\":-5000000000,\"U64\":1,\"F32\":\"text, not a float\",\"F64\":-0.25,"
                "\"Ansi\":\"caf\xC3\xA9 \xE2\x82\xAC\",\"Size\":\"0xabcd\",\"When\":\"2020-01-01T00:00:00.1234567Z\",\"Never\":null,"
                "\"Civil\":\"2021-02-04T05:06:07.0890000Z\",\"Numbers\":1,\"Text\":\"78563412\",\"Null\":null}}\n");
}

Test(evtx, unnamed_data)
{
    expect_rows("classics", "EventData EventData.Data[1] EventData.Data",
                "{\"EventData\":{\"Data\":[\"a\",\"\",\"c\"]},\"EventData.Data[1]\":\"\",\"EventData.Data\":[\"a\",\"\",\"c\"]}\n"
                "{\"EventData\":{\"Data\":\"one\",\"Binary\":\"785634\"},\"EventData.Data[1]\":null,\"EventData.Data\":\"one\"}\n"
                "{\"EventData\":{\"Binary\":\"7856\"},\"EventData.Data[1]\":null,\"EventData.Data\":null}\n");
}

#define SHAPE                                                                                                                            \
    "\"EventData\":{\"@Name\":\"Shape\",\"Twice\":[\"one\",\"two\"],\"Data\":[\"first\",null,\"three\"],\"Deep\":{\"A\":{\"@x\":\"1\","  \
    "\"#text\":\"two\"}},\"with space.dot\":\"three\",\"Joined\":\"one-two!\"}"
#define CHANGED                                                                                                                          \
    "\"UserData\":{\"Changed\":{\"@kind\":\"rename\",\"Name\":\"Renamed\",\"Part\":[{\"@n\":\"1\",\"#text\":\"a\"},{\"@n\":\"2\","      \
    "\"#text\":\"<b>\"}],\"Empty\":null,\"Deep\":{\"Er\":{\"Est\":42}}}}"

Test(evtx, shapes_of_bags)
{
    expect_rows("forms", "EventData UserData",
                "{" SHAPE ",\"UserData\":null}\n"
                "{\"EventData\":null," CHANGED "}\n"
                "{" SHAPE "," CHANGED "}\n"
                "{\"EventData\":{\"Inner\":{\"Item\":{\"Key\":\"k\"}},\"Plain\":\"p\"},\"UserData\":null}\n"
                "{\"EventData\":{\"Inner\":{\"Bare\":{\"@a\":\"b\",\"#text\":\"text\"}},\"Plain\":\"p\"},\"UserData\":null}\n"
                "{\"EventData\":{\"Loose\":\"7\"},\"UserData\":null}\n"
                "{\"EventData\":{\"Inside\":\"inside\"},\"UserData\":null}\n"
                "{\"EventData\":null,\"UserData\":null}\n");
}

/* clang-format on */

/* A path finds what walking the whole value finds. */
Test(evtx, paths_equal_walks)
{
    static const char *const paths[] = {"EventData.Twice",
                                        "EventData.Twice[1]",
                                        "EventData.Twice[-1]",
                                        "EventData.Data[2]",
                                        "EventData.Deep.A['#text']",
                                        "EventData.Deep.A['@x']",
                                        "EventData['with space.dot']",
                                        "EventData.Joined",
                                        "EventData['@Name']",
                                        "EventData.Inner",
                                        "EventData.Inner.Item.Key",
                                        "EventData.Inner.Bare['@a']",
                                        "EventData.Plain",
                                        "EventData.Loose",
                                        "EventData.Inside",
                                        "EventData.Inside.More",
                                        "EventData.Numbers[2]",
                                        "EventData.U64",
                                        "EventData.TargetUserName",
                                        "EventData.TargetUserName['@Name']",
                                        "EventData.Data",
                                        "EventData.Binary",
                                        "UserData.Changed",
                                        "UserData.Changed['@kind']",
                                        "UserData.Changed.Name",
                                        "UserData.Changed.Part",
                                        "UserData.Changed.Part[1]['#text']",
                                        "UserData.Changed.Empty",
                                        "UserData.Changed.Deep.Er.Est",
                                        "UserData.Changed.Deep",
                                        "UserData.None.Deep",
                                        "UserData.Changed.Deep.Er.Est.More"};
    enum { N = sizeof paths / sizeof *paths };
    for (uint32_t c = 0; eg_case_name(c); c++) {
        for (int p = 0; p < N; p++) {
            char wants[200];
            rtq__source_stats stats;
            snprintf(wants, sizeof wants, "EventData|UserData|%s", paths[p]);
            char *text = rows_of(eg_case_name(c), wants, &stats, 1024), *rest = text, *line;
            rtq__arena heap;
            rtq__arena_init(&heap, mem, 4096);
            rtq__buf a, b;
            rtq__buf_init(&a, mem);
            rtq__buf_init(&b, mem);
            while ((line = strtok_r(rest, "\n", &rest))) {
                rtq__dyn row, whole, member, direct;
                cr_assert_eq(rtq__dyn_parse(&row, line, strlen(line), &heap), RTQ_OK);
                const char *path = paths[p];
                bool event = path[0] == 'E';
                rtq__dyn_get(&whole, &row, event ? "EventData" : "UserData", event ? 9 : 8, &heap);
                const char *below = path + (event ? 9 : 8);
                below += *below == '.';
                rtq__dyn_path(&member, &whole, below, strlen(below), &heap);
                rtq__dyn_get(&direct, &row, path, strlen(path), &heap);
                rtq__buf_clear(&a);
                rtq__buf_clear(&b);
                rtq__dyn_print(&a, &member);
                rtq__dyn_print(&b, &direct);
                rtq__buf_addc(&a, 0);
                rtq__buf_addc(&b, 0);
                cr_expect_str_eq(b.ptr, a.ptr, "%s in %s", path, line);
            }
            rtq__buf_free(&a);
            rtq__buf_free(&b);
            rtq__arena_free(&heap);
            free(text);
        }
    }
}

Test(evtx, records_without_template)
{
    expect_rows("literals",
                "TimeCreated EventID Level Keywords Provider ProviderGuid ProcessID UserID EventData.LogonType",
                "{\"TimeCreated\":\"2020-01-02T03:04:05.1234567Z\",\"EventID\":4624,\"Level\":4,\"Keywords\":-"
                "9223372036854775808,"
                "\"Provider\":\"Literal\",\"ProviderGuid\":\"12345678-1234-1234-1234-010203040506\",\"ProcessID\":12,"
                "\"UserID\":\"S-1-5-18\","
                "\"EventData.LogonType\":\"3\"}\n"
                "{\"TimeCreated\":\"2020-01-02T03:04:05.1234567Z\",\"EventID\":4624,\"Level\":4,\"Keywords\":-"
                "9223372036854775808,"
                "\"Provider\":\"Literal\",\"ProviderGuid\":\"12345678-1234-1234-1234-010203040506\",\"ProcessID\":12,"
                "\"UserID\":\"S-1-5-18\","
                "\"EventData.LogonType\":\"3\"}\n"
                "{\"TimeCreated\":\"2020-01-01T00:00:03.0000003Z\",\"EventID\":4624,\"Level\":4,\"Keywords\":-"
                "9214364837600034816,"
                "\"Provider\":\"Test-Provider\",\"ProviderGuid\":null,\"ProcessID\":4628,\"UserID\":\"S-1-5-18\","
                "\"EventData.LogonType\":3}\n");
}

Test(evtx, damage_costs_only_what_it_hits)
{
    rtq__source_stats stats;
    char *text = rows_of("damaged", "EventData.TargetUserName", &stats, 1024);
    cr_expect_str_eq(text,
                     "{\"EventData.TargetUserName\":\"before\"}\n{\"EventData.TargetUserName\":\"between\"}\n"
                     "{\"EventData.TargetUserName\":\"after\"}\n{\"EventData.TargetUserName\":\"last\"}\n"
                     "{\"EventData.TargetUserName\":\"names\"}\n{\"EventData.TargetUserName\":\"behind zeros\"}\n");
    cr_expect_eq(stats.errored, 3);
    cr_expect_eq(stats.out, 6);
    free(text);
    text = rows_of("truncated", "HeaderRecordID", &stats, 7);
    cr_expect_eq(stats.out, 39);
    cr_expect_eq(stats.errored, 1);
    free(text);
    text = rows_of("empty", "EventID", &stats, 7);
    cr_expect_eq(stats.in, 0);
    free(text);
    text = rows_of("flags", "EventData.TargetUserName HeaderTime", &stats, 7);
    cr_expect_str_eq(text,
                     "{\"EventData.TargetUserName\":\"flags\",\"HeaderTime\":\"2020-01-01T00:00:01.0000006Z\"}\n");
    free(text);
}

/* clang-format off */
Test(evtx, values_out_of_range)
{
    expect_rows("odd_values", "EventData",
                "{\"EventData\":{\"I8\":null,\"I16\":null,\"I32\":true,\"I64\":null,\"U64\":null,\"F32\":null,\"F64\":null,"
                "\"Ansi\":\"  two blanks  \",\"Size\":\"0x1122334455667788\",\"When\":null,\"Never\":null,\"Civil\":null,\"Numbers\":[1432778632,null],\"Text\":\"od\",\"Null\":[\"a\",\"\",\"b\"]}}\n"
                "{\"EventData\":{\"I8\":null,\"I16\":null,\"I32\":null,\"I64\":false,\"U64\":null,\"F32\":null,\"F64\":null,"
                "\"Ansi\":null,\"Size\":null,\"When\":null,\"Never\":null,\"Civil\":null,\"Numbers\":null,\"Text\":null,\"Null\":null}}\n");
}

/* clang-format on */
Test(evtx, nesting_ends)
{
    rtq__source_stats stats;
    char *text = rows_of("bombs", "EventID EventData.Flat EventData.TargetUserName", &stats, 1024);
    cr_expect_str_eq(text, "{\"EventID\":1,\"EventData.Flat\":null,\"EventData.TargetUserName\":null}\n"
                           "{\"EventID\":4624,\"EventData.Flat\":null,\"EventData.TargetUserName\":\"behind\"}\n");
    cr_expect_eq(stats.errored, 1, "elements");
    free(text);
    text = rows_of("bombs", "EventData", &stats, 1024);
    cr_expect_not_null(strstr(text, "\"Plain\":\"p\"}}\n"), "what is around the instances that are too deep: %s", text);
    cr_expect_null(strstr(text, "core"));
    cr_expect_eq(stats.out, 2);
    free(text);
}

Test(evtx, what_headers_claim_is_not_believed)
{
    expect_rows("boasts", "EventData.TargetUserName",
                "{\"EventData.TargetUserName\":\"boast\"}\n{\"EventData.TargetUserName\":\"more\"}\n");
}

Test(evtx, constants_of_templates_are_one_value)
{
    eg g;
    ed e;
    rtq__source_stats stats = {0};
    rtq__evtx *d;
    int64_t max_time = INT64_MIN;
    uint32_t pos = 0, damaged = 0;
    ed_init(&e, mem);
    ed_want(&e, "Computer", RTQ__WANT_SURVIVOR);
    ed_want(&e, "TimeCreated", RTQ__WANT_TIME | RTQ__WANT_ALL_ROWS);
    rtq__cell v = rtq__cell_i(RTQ_INT, 4608);
    uint32_t c = ed_conjunct(&e, "EventID", RTQ_OP_EQ, 1, &v);
    ed_branch(&e, 1, &c);
    eg_case(&g, case_number("basic"));
    cr_assert_eq(rtq__evtx_new(&d, mem, &stats, &max_time), RTQ_OK);
    cr_assert_eq(rtq__evtx_plan(d, ed_demand(&e)->tables), RTQ_OK);
    cr_expect_eq(e.dt.conjuncts[0].verdict, RTQ_PUSH_EXACT);
    rtq__evtx_begin(d, 1024);
    cr_assert_eq(rtq__evtx_chunk(d, g.bytes + EVTX_FILE_HEADER, EVTX_CHUNK, &pos, &damaged), RTQ_OK);
    rtq__batch *b = rtq__evtx_batch(d);
    cr_expect_eq(b->n, 1);
    cr_expect_eq(b->cols[0]->form, RTQ__CONST);
    cr_expect_eq(b->time, b->cols[1]);
    cr_expect_eq(stats.filtered, 4);
    cr_expect_eq(max_time, RTQ__FILETIME_EPOCH + INT64_C(132223104000000000) + 50000005,
                 "rejected records count for the watermark too");
    cr_expect_eq(stats.decoded_cells, 0, "nothing was touched yet");
    rtq__evtx_free(d);
    eg_free(&g);
    ed_free(&e);
}
