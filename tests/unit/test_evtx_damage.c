/* Damaged event logs: whatever is hit, the rest comes out as before. FULL=1: 2,000 changes a file instead of a few. */
#include <criterion/criterion.h>
#include <dirent.h>
#include <stdlib.h>
#include "evtx_gen.h"
#include "evtx_run.h"

static uint64_t seed;
static uint32_t random_below(uint32_t n)
{
    seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
    return (uint32_t)((seed >> 11) % n);
}

typedef struct decoder {
    ed e;
    rtq__evtx *d;
    rtq__source_stats stats;
    int64_t max_time;
} decoder;

static void decoder_init(decoder *t, rtq__mem *mem)
{
    static const char *const wants[] = {"EventRecordID",     "TimeCreated",   "EventID",
                                        "Provider",          "Computer",      "UserID",
                                        "EventData",         "UserData",      "EventData.TargetUserName",
                                        "EventData.Data[0]", "RenderingInfo", "ActivityID"};
    memset(t, 0, sizeof *t);
    ed_init(&t->e, mem);
    for (size_t i = 0; i < sizeof wants / sizeof *wants; i++)
        ed_want(&t->e, wants[i], RTQ__WANT_SURVIVOR);
    ed_drop_branches(&t->e);
    t->max_time = INT64_MIN;
    cr_assert_eq(rtq__evtx_new(&t->d, mem, &t->stats, &t->max_time), RTQ_OK);
    cr_assert_eq(rtq__evtx_plan(t->d, ed_demand(&t->e)->tables), RTQ_OK);
}

static void decoder_free(decoder *t)
{
    rtq__evtx_free(t->d);
    ed_free(&t->e);
}

/* Rows of one chunk as text. */
static void chunk_text(decoder *t, const uint8_t *chunk, uint32_t len, rtq__buf *out)
{
    uint32_t pos = 0, damaged = 0;
    int rc;
    rtq__buf_clear(out);
    do {
        rtq__evtx_begin(t->d, 200);
        rc = rtq__evtx_chunk(t->d, chunk, len, &pos, &damaged);
        rtq__batch *b = rtq__evtx_batch(t->d);
        for (uint32_t r = 0; r < b->n; r++)
            ed_print_row(out, &t->e, b, r);
        cr_assert_eq(t->stats.in, t->stats.out + t->stats.errored);
    } while (rc == RTQ_AGAIN);
    cr_assert_eq(rc, RTQ_OK);
    rtq__buf_addc(out, 0);
}

static void change(uint8_t *chunk)
{
    uint32_t at = random_below(EVTX_CHUNK - 4), word;
    if (random_below(4) == 0)
        at = random_below(4096);
    switch (random_below(5)) {
    case 0: chunk[at] ^= (uint8_t)(1u << random_below(8)); break;
    case 1: chunk[at] = (uint8_t)random_below(256); break;
    case 2: chunk[at] = 0xFF; break;
    case 3:
        word = random_below(EVTX_CHUNK);
        memcpy(chunk + at, &word, 4);
        break;
    default: memset(chunk + at, 0, 4); break;
    }
}

static void damage_file(rtq__mem *mem, const char *name, const uint8_t *bytes, size_t len, uint32_t rounds)
{
    decoder t;
    decoder_init(&t, mem);
    uint32_t n = (uint32_t)((len - EVTX_FILE_HEADER) / EVTX_CHUNK);
    uint8_t *hit = malloc(EVTX_CHUNK + EVTX_PAD), *good = malloc(EVTX_CHUNK + EVTX_PAD);
    rtq__buf before, after, garbage;
    rtq__buf_init(&before, mem);
    rtq__buf_init(&after, mem);
    rtq__buf_init(&garbage, mem);
    memset(hit + EVTX_CHUNK, 0, EVTX_PAD);
    memset(good + EVTX_CHUNK, 0, EVTX_PAD);
    for (uint32_t i = 0; i < rounds && n > 0; i++) {
        uint32_t c = random_below(n);
        memcpy(good, bytes + EVTX_FILE_HEADER + (size_t)c * EVTX_CHUNK, EVTX_CHUNK);
        if (i % 16 == 0) { /* a cold decoder for the reference now and then */
            decoder_free(&t);
            decoder_init(&t, mem);
        }
        chunk_text(&t, good, EVTX_CHUNK, &before);
        memcpy(hit, good, EVTX_CHUNK);
        for (uint32_t k = 1 + random_below(8); k > 0; k--)
            change(hit);
        chunk_text(&t, hit, EVTX_CHUNK, &garbage);
        chunk_text(&t, good, EVTX_CHUNK, &after);
        cr_assert(before.len == after.len && memcmp(before.ptr, after.ptr, before.len) == 0,
                  "%s: a damaged chunk changed what comes after it (round %u)", name, i);
        /* cut anywhere: what is in front of the cut is there */
        uint32_t cut = 512 + random_below(EVTX_CHUNK - 512);
        memcpy(hit, good, cut);
        memset(hit + cut, 0, EVTX_CHUNK - cut);
        chunk_text(&t, hit, cut, &garbage);
        if (garbage.len > 1 && before.len > 1)
            cr_assert(garbage.len <= before.len && memcmp(garbage.ptr, before.ptr, garbage.len - 1) == 0,
                      "%s: cut at %u of chunk %u changes rows in front of it", name, cut, c);
    }
    rtq__buf_free(&before);
    rtq__buf_free(&after);
    rtq__buf_free(&garbage);
    decoder_free(&t);
    free(hit);
    free(good);
}

Test(evtx_damage, generated_files, .timeout = 600)
{
    rtq__mem *mem = rtq__mem_new(NULL, NULL, 0);
    seed = 88172645463325252u;
    for (uint32_t c = 0; eg_case_name(c); c++) {
        eg g;
        eg_case(&g, c);
        damage_file(mem, eg_case_name(c), g.bytes, g.len, getenv("FULL") ? 20000 : 300);
        eg_free(&g);
    }
    cr_expect_eq(mem->used, 0);
    rtq__mem_unref(mem);
}

Test(evtx_damage, real_files, .timeout = 3600)
{
    DIR *dir = opendir("../shared/data/evtx");
    struct dirent *f;
    rtq__mem *mem = rtq__mem_new(NULL, NULL, 0);
    seed = 88172645463325252u;
    while (dir && (f = readdir(dir))) {
        char path[512];
        size_t n = strlen(f->d_name), len;
        if (n < 5 || strcmp(f->d_name + n - 5, ".evtx") != 0)
            continue;
        snprintf(path, sizeof path, "../shared/data/evtx/%s", f->d_name);
        uint8_t *bytes = ed_read_file(path, &len);
        cr_assert(bytes);
        damage_file(mem, f->d_name, bytes, len, getenv("FULL") ? 2000 : 20);
        free(bytes);
    }
    if (dir)
        closedir(dir);
    else
        cr_skip_test("there are no event logs in ../shared/data/evtx");
    cr_expect_eq(mem->used, 0);
    rtq__mem_unref(mem);
}

/* ---- memory that runs out ------------------------------------------------------------------------------------------------------------ */
typedef struct tight {
    uint64_t left;
} tight;

static void *tight_alloc(void *ptr, size_t old_len, size_t new_len, void *user)
{
    tight *t = user;
    (void)old_len;
    if (new_len == 0) {
        free(ptr);
        return NULL;
    }
    if (t->left == 0)
        return NULL;
    t->left--;
    return realloc(ptr, new_len);
}

Test(evtx_damage, every_allocation_may_fail)
{
    eg g;
    uint32_t c = 0;
    while (strcmp(eg_case_name(c), "forms") != 0)
        c++;
    eg_case(&g, c);
    bool done = false;
    for (uint64_t n = 0; n < 2000 && !done; n++) {
        tight t = {UINT64_MAX};
        rtq__mem *mem = rtq__mem_new(tight_alloc, &t, 0);
        ed e;
        rtq__source_stats stats = {0};
        rtq__evtx *d = NULL;
        int64_t max_time = INT64_MIN;
        uint32_t pos = 0, damaged = 0;
        ed_init(&e, mem);
        ed_want(&e, "EventData", RTQ__WANT_SURVIVOR);
        ed_want(&e, "UserData.Changed.Part[1]", RTQ__WANT_SURVIVOR);
        ed_want(&e, "Provider", RTQ__WANT_SURVIVOR);
        rtq__cell v = rtq__cell_s("x", 1);
        uint32_t k = ed_conjunct(&e, "EventData.Joined", RTQ_OP_CONTAINS + RTQ_OP_NOT, 1, &v);
        ed_branch(&e, 1, &k);
        ed_demand(&e);
        t.left = n;
        int rc = rtq__evtx_new(&d, mem, &stats, &max_time);
        if (rc == RTQ_OK)
            rc = rtq__evtx_plan(d, e.demand.tables);
        if (rc == RTQ_OK) {
            rtq__evtx_begin(d, 1024);
            rc = rtq__evtx_chunk(d, g.bytes + EVTX_FILE_HEADER, EVTX_CHUNK, &pos, &damaged);
        }
        for (uint32_t i = 0; rc == RTQ_OK && i < 3; i++)
            rc = rtq__vec_load(rtq__evtx_batch(d)->cols[i], NULL, rtq__evtx_rows(d));
        cr_assert(rc == RTQ_OK || rc == RTQ_ERR_NOMEM);
        cr_assert_eq(stats.in, stats.out + stats.errored + stats.filtered);
        done = rc == RTQ_OK;
        rtq__evtx_free(d);
        ed_free(&e);
        cr_assert_eq(mem->used, 0, "allocation %llu", (unsigned long long)n);
        rtq__mem_unref(mem);
    }
    cr_expect(done);
    eg_free(&g);
}
