/* Filters in the decoder against the same filters on decoded rows: the same rows, whatever is asked for. */
#include <criterion/criterion.h>
#include <dirent.h>
#include <stdlib.h>
#include "evtx_gen.h"
#include "evtx_run.h"

typedef struct cond {
    const char *path;
    uint32_t op;
    rtq__cell v[3];
    uint32_t n;
} cond;
#define S(text)                                                 \
    {                                                           \
        .kind = RTQ_STRING, .len = sizeof text - 1, .u.s = text \
    }
#define L(x)                       \
    {                              \
        .kind = RTQ_LONG, .u.i = x \
    }
#define I(x)                      \
    {                             \
        .kind = RTQ_INT, .u.i = x \
    }
#define T(x)                           \
    {                                  \
        .kind = RTQ_DATETIME, .u.i = x \
    }
#define D(x)                       \
    {                              \
        .kind = RTQ_REAL, .u.d = x \
    }
enum { CS = RTQ_OP_CASE, NOT = RTQ_OP_NOT };

/* clang-format off */
static const cond conds[] = {
    {"EventID", RTQ_OP_EQ, {I(4624)}, 1},
    {"EventID", RTQ_OP_NE, {L(4624)}, 1},
    {"EventID", RTQ_OP_IN, {I(4688), I(4624), L(1)}, 3},
    {"EventID", RTQ_OP_IN + NOT, {I(4688), I(4624)}, 2},
    {"EventID", RTQ_OP_BETWEEN, {I(4000), I(4700)}, 2},
    {"EventID", RTQ_OP_GT, {I(5000)}, 1},
    {"EventID", RTQ_OP_EQ, {S("4624")}, 1},
    {"EventID", RTQ_OP_EQ, {S("none")}, 1},
    {"Level", RTQ_OP_LE, {D(3.5)}, 1},
    {"Version", RTQ_OP_ISNULL, {L(0)}, 0},
    {"Version", RTQ_OP_NOTNULL, {L(0)}, 0},
    {"Qualifiers", RTQ_OP_NE, {I(0)}, 1},
    {"TimeCreated", RTQ_OP_GE, {T(INT64_C(637134336020000000))}, 1},
    {"TimeCreated", RTQ_OP_LT, {T(INT64_C(636500000000000000))}, 1},
    {"Keywords", RTQ_OP_EQ, {S("0x8020000000000000")}, 1},
    {"Provider", RTQ_OP_EQ, {S("Microsoft-Windows-Security-Auditing")}, 1},
    {"Provider", RTQ_OP_HAS, {S("security")}, 1},
    {"Provider", RTQ_OP_HAS + NOT, {S("Windows")}, 1},
    {"Provider", RTQ_OP_STARTSWITH + CS, {S("Test")}, 1},
    {"Channel", RTQ_OP_EQ_NOCASE, {S("SECURITY")}, 1},
    {"Channel", RTQ_OP_ENDSWITH, {S("operational")}, 1},
    {"Computer", RTQ_OP_CONTAINS, {S("DESKTOP")}, 1},
    {"Computer", RTQ_OP_CONTAINS + NOT, {S("example")}, 1},
    {"UserID", RTQ_OP_EQ, {S("S-1-5-18")}, 1},
    {"UserID", RTQ_OP_EQ, {S("")}, 1},
    {"EventData.TargetUserName", RTQ_OP_EQ, {S("alice")}, 1},
    {"EventData.TargetUserName", RTQ_OP_EQ_NOCASE, {S("aLiCe"), S("SYSTEM")}, 2},
    {"EventData.TargetUserName", RTQ_OP_EQ_NOCASE, {S("J\xC3\x96RG \xF0\x9F\x98\x80")}, 1},
    {"EventData.TargetUserName", RTQ_OP_NE, {S("SYSTEM")}, 1},
    {"EventData.TargetUserName", RTQ_OP_EQ, {S("")}, 1},
    {"EventData.TargetUserName", RTQ_OP_ENDSWITH, {S("\xEF\xBF\xBD!")}, 1},
    {"EventData.TargetUserName", RTQ_OP_ENDSWITH, {S("$")}, 1},
    {"EventData.TargetUserName", RTQ_OP_STARTSWITH, {S("al"), S("admin")}, 2},
    {"EventData.LogonType", RTQ_OP_EQ, {L(3)}, 1},
    {"EventData.LogonType", RTQ_OP_EQ, {S("3")}, 1},
    {"EventData.LogonType", RTQ_OP_IN, {L(2), L(10)}, 2},
    {"EventData.LogonType", RTQ_OP_LT, {L(3)}, 1},
    {"EventData.LogonType", RTQ_OP_NE, {L(3)}, 1},
    {"EventData.LogonType", RTQ_OP_IN, {D(3), D(10)}, 2},
    {"EventData.LogonType", RTQ_OP_LT, {D(2.5)}, 1},
    {"EventData.F64", RTQ_OP_LT, {D(0)}, 1},
    {"EventData.U64", RTQ_OP_GT, {D(5)}, 1},
    {"EventID", RTQ_OP_EQ, {D(4624)}, 1},
    {"EventData.LogonType", RTQ_OP_BETWEEN + NOT, {L(3), L(9)}, 2},
    {"EventData.ProcessId", RTQ_OP_EQ, {S("0x3e7")}, 1},
    {"EventData.ProcessId", RTQ_OP_EQ, {L(999)}, 1},
    {"EventData.ProcessId", RTQ_OP_GT, {D(100.5)}, 1},
    {"EventData.LogonGuid", RTQ_OP_EQ, {S("{00000000-0000-0000-0000-000000000000}")}, 1},
    {"EventData.LogonGuid", RTQ_OP_STARTSWITH, {S("{1234")}, 1},
    {"EventData.CommandLine", RTQ_OP_CONTAINS, {S("powershell")}, 1},
    {"EventData.CommandLine", RTQ_OP_CONTAINS + CS, {S("PowerShell")}, 1},
    {"EventData.CommandLine", RTQ_OP_HAS, {S("cmd"), S("exe")}, 2},
    {"EventData.Image", RTQ_OP_ENDSWITH, {S("\\cmd.exe")}, 1},
    {"EventData.Elevated", RTQ_OP_EQ, {{.kind = RTQ_BOOL, .u.i = 1}}, 1},
    {"EventData.Data", RTQ_OP_CONTAINS, {S("engine")}, 1},
    {"EventData.Data[0]", RTQ_OP_EQ, {S("a")}, 1},
    {"EventData.Numbers[2]", RTQ_OP_EQ, {L(300)}, 1},
    {"EventData.Twice", RTQ_OP_CONTAINS, {S("two")}, 1},
    {"EventData.Inner.Item.Key", RTQ_OP_EQ, {S("k")}, 1},
    {"EventData.None", RTQ_OP_ISNULL, {L(0)}, 0},
    {"UserData.Changed.Deep.Er.Est", RTQ_OP_EQ, {L(42)}, 1},
    {"UserData.Changed['@kind']", RTQ_OP_NE, {S("rename")}, 1},
    {"UserData.LogFileCleared.SubjectUserName", RTQ_OP_NE, {S("")}, 1},
    {"HeaderRecordID", RTQ_OP_LT, {L(5)}, 1},
};
/* clang-format on */
enum { N_CONDS = sizeof conds / sizeof *conds };

typedef struct both {
    ed *e;
    rtq__tester *tester;
    rtq__buf text;
    bool filter;
    uint64_t rows;
} both;

static void take_row(void *user, rtq__batch *b, uint32_t row)
{
    both *s = user;
    if (s->filter && !ed_wanted(s->e, s->tester, b, row))
        return;
    s->rows++;
    ed_print_row(&s->text, s->e, b, row);
}

static uint32_t add_cond(ed *e, const cond *c)
{
    return ed_conjunct(e, c->path, c->op, c->n, c->v);
}

static void compare(rtq__mem *mem, const char *what, const uint8_t *bytes, size_t len, ed *e)
{
    rtq__source_stats pushed, plain;
    both a = {.e = e}, b = {.e = e, .filter = true};
    rtq__branch *branches = e->dt.branches;
    uint32_t n = e->dt.n_branches;
    rtq__buf_init(&a.text, mem);
    rtq__buf_init(&b.text, mem);
    cr_assert_eq(ed_run(e, bytes, len, 100, take_row, &a, &pushed), RTQ_OK);
    cr_assert_eq(rtq__tester_new(&b.tester, mem, &e->dt), RTQ_OK);
    /* the same wants without filter, then tested on decoded cells */
    ed all = *e;
    rtq__branch none = {NULL, 0};
    all.dt.branches = &none;
    all.dt.n_branches = 1;
    all.demand.tables = NULL;
    cr_assert_eq(ed_run(&all, bytes, len, 1000, take_row, &b, &plain), RTQ_OK);
    e->dt.branches = branches;
    e->dt.n_branches = n;
    bool same = a.text.len == b.text.len && (a.text.len == 0 || memcmp(a.text.ptr, b.text.ptr, a.text.len) == 0);
    cr_expect(same, "%s: %llu rows with pushdown, %llu without", what, (unsigned long long)a.rows,
              (unsigned long long)b.rows);
    cr_expect_eq(pushed.in, plain.in);
    cr_expect_eq(pushed.in, pushed.out + pushed.filtered + pushed.errored);
    cr_expect_eq(pushed.out, a.rows);
    rtq__tester_free(b.tester);
    rtq__buf_free(&a.text);
    rtq__buf_free(&b.text);
}

static void all_conds(rtq__mem *mem, const char *name, const uint8_t *bytes, size_t len, uint32_t stride)
{
    char what[300];
    for (uint32_t i = 0; i < N_CONDS; i += stride) {
        ed e;
        ed_init(&e, mem);
        ed_want(&e, "EventRecordID", RTQ__WANT_SURVIVOR);
        ed_want(&e, "Computer", RTQ__WANT_SURVIVOR);
        uint32_t list[3] = {add_cond(&e, &conds[i])};
        ed_branch(&e, 1, list);
        snprintf(what, sizeof what, "%s: %s op %u", name, conds[i].path, conds[i].op);
        compare(mem, what, bytes, len, &e);
        /* with another one, and as two of three branches */
        list[1] = add_cond(&e, &conds[(i * 7 + 3) % N_CONDS]);
        e.dt.branches[0] = (rtq__branch){list, 2};
        compare(mem, what, bytes, len, &e);
        list[2] = add_cond(&e, &conds[(i * 5 + 11) % N_CONDS]);
        ed_branch(&e, 1, list + 2);
        ed_branch(&e, 2, list + 1);
        compare(mem, what, bytes, len, &e);
        ed_free(&e);
    }
}

/* As many branches as rules: found by the numbers they ask for. */
static void many_branches(rtq__mem *mem, const char *name, const uint8_t *bytes, size_t len)
{
    ed e;
    ed_init(&e, mem);
    ed_want(&e, "EventRecordID", RTQ__WANT_SURVIVOR);
    uint32_t list[2];
    for (uint32_t i = 0; i < 40; i++) {
        rtq__cell v[2] = {rtq__cell_i(RTQ_INT, 4600 + i), rtq__cell_i(RTQ_INT, 10 + i)};
        bool two = i % 3 == 0;
        list[0] = ed_conjunct(&e, "EventID", two ? RTQ_OP_IN : RTQ_OP_EQ, two ? 2 : 1, v);
        list[1] = add_cond(&e, &conds[(i * 3 + 15) % N_CONDS]);
        ed_branch(&e, 2, list);
    }
    list[0] = add_cond(&e, &conds[27]);
    ed_branch(&e, 1, list);
    compare(mem, name, bytes, len, &e);
    ed_free(&e);
}

Test(evtx_push, generated_files)
{
    rtq__mem *mem = rtq__mem_new(NULL, NULL, 0);
    for (uint32_t c = 0; eg_case_name(c); c++) {
        eg g;
        eg_case(&g, c);
        all_conds(mem, eg_case_name(c), g.bytes, g.len, 1);
        many_branches(mem, eg_case_name(c), g.bytes, g.len);
        eg_free(&g);
    }
    cr_expect_eq(mem->used, 0);
    rtq__mem_unref(mem);
}

/* FULL=1: every condition on every file. */
Test(evtx_push, real_files, .timeout = 600)
{
    DIR *dir = opendir("../shared/data/evtx");
    struct dirent *f;
    uint32_t seed = 0;
    rtq__mem *mem = rtq__mem_new(NULL, NULL, 0);
    while (dir && (f = readdir(dir))) {
        char path[512];
        size_t n = strlen(f->d_name), len;
        if (n < 5 || strcmp(f->d_name + n - 5, ".evtx") != 0)
            continue;
        snprintf(path, sizeof path, "../shared/data/evtx/%s", f->d_name);
        uint8_t *bytes = ed_read_file(path, &len);
        cr_assert(bytes);
        all_conds(mem, f->d_name, bytes, len, getenv("FULL") ? 1 : len > 200000 ? 29 : 7 + seed++ % 5);
        many_branches(mem, f->d_name, bytes, len);
        free(bytes);
    }
    if (dir)
        closedir(dir);
    else
        cr_skip_test("there are no event logs in ../shared/data/evtx");
    cr_expect_eq(mem->used, 0);
    rtq__mem_unref(mem);
}
