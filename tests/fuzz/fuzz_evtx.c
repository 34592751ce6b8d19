/* fuzz_evtx.c - the event log decoder. Input: a byte that picks the demand, a byte that picks batch size and order, then what lies
 * behind the header of a chunk. Whatever the bytes: records are conserved, text is UTF-8, rows are those that the same filter
 * on decoded rows gives, and the order in which cells are touched does not matter. */
#include <stdlib.h>
#include "evtx_run.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void check_text(const rtq__batch *b, uint32_t row)
{
    rtq__buf out;
    for (uint32_t i = 0; i < b->n_cols; i++) {
        rtq__sel sel = (rtq__sel)row;
        require(rtq__vec_load(b->cols[i], &sel, 1) == RTQ_OK);
        rtq__cell c = rtq__vec_get(b->cols[i], row);
        if (c.kind == RTQ_STRING)
            require(rtq__utf8_valid(c.u.s, c.len));
        if (c.kind != RTQ_DYNAMIC || c.is_null)
            continue;
        rtq__mem *mem = rtq__mem_new(NULL, NULL, 0);
        rtq__arena heap;
        rtq__dyn parsed;
        rtq__arena_init(&heap, mem, 4096);
        rtq__buf_init(&out, mem);
        rtq__dyn_print(&out, &c.u.y);
        require(rtq__utf8_valid(out.ptr, out.len));
        require(rtq__dyn_parse(&parsed, out.ptr, out.len, &heap) == RTQ_OK);
        rtq__buf_free(&out);
        rtq__arena_free(&heap);
        rtq__mem_unref(mem);
    }
}

typedef struct hash {
    ed *e;
    rtq__tester *tester;
    rtq__buf line;
    uint64_t sum, rows;
    bool filter, check;
} hash;

static void take(void *user, rtq__batch *b, uint32_t row)
{
    hash *h = user;
    if (h->filter && !ed_wanted(h->e, h->tester, b, row))
        return;
    if (h->check)
        check_text(b, row);
    rtq__buf_clear(&h->line);
    ed_print_row(&h->line, h->e, b, row);
    for (size_t i = 0; i < h->line.len; i++)
        h->sum = h->sum * 31 + (unsigned char)h->line.ptr[i];
    h->rows++;
}

#define TEXT(t)                                           \
    {                                                     \
        .kind = RTQ_STRING, .len = sizeof t - 1, .u.s = t \
    }
static void pick_filter(ed *e, uint32_t n)
{
    /* clang-format off */
    static const struct { const char *path; uint32_t op; rtq__cell v; } conds[] = {
        {"EventID", RTQ_OP_EQ, {.kind = RTQ_INT, .u.i = 4624}},
        {"EventID", RTQ_OP_GT, {.kind = RTQ_LONG, .u.i = 10}},
        {"Provider", RTQ_OP_HAS, TEXT("test")},
        {"Computer", RTQ_OP_ENDSWITH, TEXT("ORG")},
        {"TimeCreated", RTQ_OP_GE, {.kind = RTQ_DATETIME, .u.i = INT64_C(637134336020000000)}},
        {"UserID", RTQ_OP_NE, TEXT("S-1-5-18")},
        {"EventData.LogonType", RTQ_OP_LE, {.kind = RTQ_LONG, .u.i = 3}},
        {"EventData.TargetUserName", RTQ_OP_EQ_NOCASE, TEXT("ALICE")},
        {"EventData.TargetUserName", RTQ_OP_CONTAINS + RTQ_OP_NOT, TEXT("o")},
        {"EventData.Data[1]", RTQ_OP_EQ, TEXT("")},
        {"EventData.Twice", RTQ_OP_STARTSWITH + RTQ_OP_CASE, TEXT("[")},
        {"UserData.Changed.Deep.Er.Est", RTQ_OP_EQ, {.kind = RTQ_LONG, .u.i = 42}},
        {"Level", RTQ_OP_NOTNULL, {0}},
    };
    /* clang-format on */
    enum { N = sizeof conds / sizeof *conds };
    if (n == 0) {
        ed_drop_branches(e);
        return;
    }
    for (uint32_t b = 0; b < 1 + (n >> 4 & 1); b++) {
        uint32_t list[2], k = (n + b * 5) % N;
        list[0] = ed_conjunct(e, conds[k].path, conds[k].op, conds[k].v.kind != 0, &conds[k].v);
        k = (k * 3 + n) % N;
        list[1] = ed_conjunct(e, conds[k].path, conds[k].op, conds[k].v.kind != 0, &conds[k].v);
        ed_branch(e, 1 + (n >> 5 & 1), list);
    }
}

static void pick_wants(ed *e, uint32_t n)
{
    static const char *const wants[] = {"TimeCreated",
                                        "EventData",
                                        "Provider",
                                        "UserData",
                                        "EventData.TargetUserName",
                                        "EventData.Data",
                                        "UserData.Changed.Part[1]",
                                        "EventData.Deep.A['@x']",
                                        "ActivityID",
                                        "RenderingInfo",
                                        "Channel",
                                        "EventData.Inner",
                                        "HeaderTime",
                                        "ContainerLog",
                                        "EventRecordID",
                                        "EventData['@Name']"};
    for (uint32_t i = 0; i < sizeof wants / sizeof *wants; i++)
        if (n & 1u << (i % 8))
            ed_want(e, wants[(i + (n & 3)) % 16], RTQ__WANT_SURVIVOR);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    if (len < 3 || len > EVTX_CHUNK - EVTX_CHUNK_HEADER + 2)
        return 0;
    size_t body = len - 2, total = EVTX_FILE_HEADER + EVTX_CHUNK_HEADER + body;
    uint8_t *file = calloc(1, total);
    require(file != NULL);
    uint8_t *chunk = file + EVTX_FILE_HEADER;
    uint32_t end = EVTX_CHUNK_HEADER + (uint32_t)body;
    memcpy(chunk, "ElfChnk", 8);
    memcpy(chunk + 48, &end, 4);
    memcpy(chunk + EVTX_CHUNK_HEADER, data + 2, body);
    rtq__mem *mem = rtq__mem_new(NULL, NULL, UINT64_C(256) << 20);
    rtq__source_stats pushed, plain;
    ed e;
    ed_init(&e, mem);
    pick_wants(&e, data[1] | 1u);
    pick_filter(&e, data[0] & 63);
    hash a = {.e = &e, .check = true}, b = {.e = &e, .filter = true};
    rtq__buf_init(&a.line, mem);
    rtq__buf_init(&b.line, mem);
    require(ed_run(&e, file, total, data[0] & 64 ? 1 : 1024, take, &a, &pushed) == RTQ_OK);
    require(pushed.in == pushed.out + pushed.filtered + pushed.errored && a.rows == pushed.out);
    require(rtq__tester_new(&b.tester, mem, &e.dt) == RTQ_OK);
    ed all = e;
    rtq__branch none = {NULL, 0};
    all.dt.branches = &none;
    all.dt.n_branches = 1;
    require(ed_run(&all, file, total, 1000, take, &b, &plain) == RTQ_OK);
    require(plain.in == pushed.in && a.rows == b.rows && a.sum == b.sum);
    rtq__tester_free(b.tester);
    rtq__buf_free(&a.line);
    rtq__buf_free(&b.line);
    ed_free(&e);
    require(mem->used == 0);
    rtq__mem_unref(mem);
    free(file);
    return 0;
}
