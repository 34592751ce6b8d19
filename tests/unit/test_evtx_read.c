/* The evtx source on files: which files, windows, notices, checksums, reading again. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "evtx_gen.h"
#include "evtx_run.h"

static rtq__mem *mem;
static char folder[64];
static char last_notice[512];
static uint32_t n_notices;

static void setup(void)
{
    mem = rtq__mem_new(NULL, NULL, 0);
    strcpy(folder, "/tmp/evtx_read_XXXXXX");
    cr_assert(mkdtemp(folder));
    n_notices = 0;
}

static void teardown(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    cr_expect_eq(system(command), 0);
    cr_expect_eq(mem->used, 0, "memory is lost");
    rtq__mem_unref(mem);
}
TestSuite(evtx_read, .init = setup, .fini = teardown);

static const char *path_of(const char *name)
{
    static char path[4][128];
    static int turn;
    char *p = path[turn++ % 4];
    snprintf(p, 128, "%s/%s", folder, name);
    return p;
}

static void write_file(const char *name, const uint8_t *bytes, size_t len)
{
    FILE *f = fopen(path_of(name), "wb");
    cr_assert(f && fwrite(bytes, 1, len, f) == len && fclose(f) == 0);
}

/* A generated file with its chunks repeated. */
static void write_case(const char *name, const char *from, uint32_t times)
{
    uint32_t i = 0;
    eg g;
    while (strcmp(eg_case_name(i), from) != 0)
        i++;
    eg_case(&g, i);
    size_t chunks = g.len - EVTX_FILE_HEADER;
    uint8_t *all = malloc(EVTX_FILE_HEADER + chunks * times);
    cr_assert(all);
    memcpy(all, g.bytes, EVTX_FILE_HEADER);
    for (uint32_t k = 0; k < times; k++)
        memcpy(all + EVTX_FILE_HEADER + k * chunks, g.bytes + EVTX_FILE_HEADER, chunks);
    write_file(name, all, EVTX_FILE_HEADER + chunks * times);
    free(all);
    eg_free(&g);
}

static void on_notice(rtq__src *src, int code, uint64_t count, const char *message)
{
    (void)src, (void)code, (void)count;
    snprintf(last_notice, sizeof last_notice, "%s", message);
    n_notices++;
}

/* Reads all; the name of each row's file and user, one a line. */
static rtq__src *open_paths(ed *e, const rtq_option *options, size_t n)
{
    rtq__src *src = NULL;
    ed_init(e, mem);
    ed_want(e, "ContainerLog", RTQ__WANT_SURVIVOR);
    ed_want(e, "EventData.TargetUserName", RTQ__WANT_SURVIVOR);
    ed_drop_branches(e);
    cr_assert_eq(rtq__src_evtx.open(&src, mem, options, n, NULL), RTQ_OK);
    src->notice = on_notice;
    cr_assert_eq(src->cls->plan(src, ed_demand(e)), RTQ_OK);
    cr_assert_eq(src->cls->start(src, NULL, 0, NULL), RTQ_OK);
    return src;
}

static uint32_t read_all(rtq__src *src, ed *e, rtq__buf *text, uint32_t max_rows)
{
    rtq_clock clock = {0, 0};
    rtq__batch *b;
    uint32_t table, rows = 0;
    int rc;
    rtq__buf_clear(text);
    while ((rc = src->cls->next(src, &clock, max_rows, &b, &table, NULL)) == RTQ_OK) {
        const rtq__source_stats *s = &src->stats;
        cr_assert_eq(s->in, s->out + s->filtered + s->errored + s->dropped + s->pending);
        for (uint32_t r = 0; b && r < b->n; r++)
            ed_print_row(text, e, b, r);
        rows += b ? b->n : 0;
    }
    cr_assert_eq(rc, RTQ_END);
    return rows;
}

static uint32_t count_rows(const rtq_option *options, size_t n)
{
    ed e;
    rtq__buf text;
    rtq__buf_init(&text, mem);
    rtq__src *src = open_paths(&e, options, n);
    uint32_t rows = read_all(src, &e, &text, 1024);
    src->cls->close(src);
    ed_free(&e);
    rtq__buf_free(&text);
    return rows;
}

Test(evtx_read, files_folders_patterns)
{
    write_case("b.evtx", "basic", 1);
    write_case("a.EVTX", "classics", 1);
    write_case("c.log", "kinds", 1);
    rtq_option one[] = {{"path", path_of("b.evtx")}};
    cr_expect_eq(count_rows(one, 1), 7);
    rtq_option two[] = {{"path", path_of("b.evtx")}, {"path", path_of("c.log")}};
    cr_expect_eq(count_rows(two, 2), 10);
    rtq_option all[] = {{"path", folder}};
    cr_expect_eq(count_rows(all, 1), 10, "the folder's .evtx files");
    rtq_option glob[] = {{"path", path_of("[bc].*")}};
    cr_expect_eq(count_rows(glob, 1), 10);
}

static void expect_refused(const rtq_option *options, size_t n, int code, const char *part)
{
    rtq_diag *diag = NULL;
    rtq__src *src = NULL;
    rtq_diag_item item = {.size = sizeof item};
    rtq__diag_begin(&diag, mem);
    cr_expect_eq(rtq__src_evtx.open(&src, mem, options, n, diag), code);
    cr_assert_eq(rtq_diag_get(&item, diag, 0), RTQ_OK);
    cr_expect(strstr(item.message, part), "%s", item.message);
    rtq_diag_free(diag);
}

Test(evtx_read, refuses_what_it_cannot_read)
{
    write_file("text.evtx", (const uint8_t *)"not an event log", 16);
    rtq_option missing[] = {{"path", path_of("none.evtx")}};
    expect_refused(missing, 1, RTQ_ERR_IO, "No such file");
    rtq_option text[] = {{"path", path_of("text.evtx")}};
    expect_refused(text, 1, RTQ_ERR_DATA, "not a Windows event log");
    rtq_option glob[] = {{"path", path_of("*.none")}};
    expect_refused(glob, 1, RTQ_ERR_IO, "no .evtx file");
    rtq_option key[] = {{"path", folder}, {"checksum", "off"}};
    expect_refused(key, 2, RTQ_ERR_ARG, "no option 'checksum'");
    expect_refused(NULL, 0, RTQ_ERR_ARG, "needs the option path");
}

/* A file of many windows gives the rows of its chunks in order, however the batches are cut. */
Test(evtx_read, windows)
{
    enum { TIMES = 60 };
    write_case("big.evtx", "basic", TIMES); /* 120 chunks: 8 windows */
    rtq_option options[] = {{"path", path_of("big.evtx")}};
    static const uint32_t sizes[] = {1024, 100, 7, 1};
    ed e;
    rtq__buf text, first;
    rtq__buf_init(&text, mem);
    rtq__buf_init(&first, mem);
    rtq__src *src = open_paths(&e, options, 1);
    cr_assert_eq(read_all(src, &e, &first, 1000), 7 * TIMES);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        cr_assert_eq(src->cls->rewind(src), RTQ_OK);
        cr_expect_eq(read_all(src, &e, &text, sizes[i]), 7 * TIMES);
        cr_expect(text.len == first.len && memcmp(text.ptr, first.ptr, text.len) == 0, "%u rows a batch", sizes[i]);
    }
    cr_expect_lt(mem->peak, (uint64_t)8 << 20, "windows are used again");
    src->cls->close(src);
    ed_free(&e);
    rtq__buf_free(&text);
    rtq__buf_free(&first);
}

Test(evtx_read, a_new_demand_between_batches)
{
    write_case("big.evtx", "basic", 10);
    rtq_option options[] = {{"path", path_of("big.evtx")}};
    ed e, f;
    rtq_clock clock = {0, 0};
    rtq__batch *b;
    rtq__buf text;
    uint32_t table;
    rtq__src *src = open_paths(&e, options, 1);
    cr_assert_eq(src->cls->next(src, &clock, 10, &b, &table, NULL), RTQ_OK);
    cr_expect_eq(b->n, 10);
    ed_init(&f, mem);
    rtq__cell v = rtq__cell_i(RTQ_INT, 4608);
    uint32_t c = ed_conjunct(&f, "EventID", RTQ_OP_EQ, 1, &v);
    ed_branch(&f, 1, &c);
    cr_assert_eq(src->cls->plan(src, ed_demand(&f)), RTQ_OK);
    rtq__buf_init(&text, mem);
    cr_expect_eq(read_all(src, &f, &text, 1024), 18, "two of seven, in the 60 records left");
    rtq__buf_free(&text);
    src->cls->close(src);
    ed_free(&e);
    ed_free(&f);
}

/* A pipe whose writer takes its time: the run must come back by itself. */
Test(evtx_read, a_slow_pipe)
{
    static const size_t pieces[] = {5000, 30000, 34632};
    rtq_clock clock = {0, 0};
    size_t sent = 0;
    uint32_t i = 0, table;
    rtq__batch *b;
    eg g;
    ed e;
    while (strcmp(eg_case_name(i), "classics") != 0)
        i++;
    eg_case(&g, i);
    cr_assert_eq(mkfifo(path_of("pipe"), 0600), 0);
    int fd = open(path_of("pipe"), O_RDWR | O_CLOEXEC);
    cr_assert_geq(fd, 0);
    rtq_option options[] = {{"path", path_of("pipe")}};
    rtq__src *src = open_paths(&e, options, 1);
    for (size_t k = 0; k < 3; k++) {
        cr_assert_eq(src->cls->next(src, &clock, 10, &b, &table, NULL), RTQ_AGAIN);
        cr_expect_null(b);
        cr_expect_gt(src->cls->timeout_ns(src, &clock), 0);
        cr_assert_eq(write(fd, g.bytes + sent, pieces[k]), (ssize_t)pieces[k]);
        sent += pieces[k];
    }
    cr_assert_eq(sent, g.len);
    cr_assert_eq(src->cls->next(src, &clock, 10, &b, &table, NULL), RTQ_AGAIN);
    close(fd);
    cr_assert_eq(src->cls->next(src, &clock, 10, &b, &table, NULL), RTQ_OK);
    cr_assert_not_null(b);
    cr_expect_eq(b->n, 3);
    src->cls->close(src);
    ed_free(&e);
    eg_free(&g);
}

Test(evtx_read, checksums)
{
    uint32_t i = 0;
    eg g;
    while (strcmp(eg_case_name(i), "basic") != 0)
        i++;
    eg_case(&g, i);
    g.bytes[EVTX_FILE_HEADER + 52] ^= 1; /* of the first chunk's data */
    write_file("sum.evtx", g.bytes, g.len);
    eg_free(&g);
    rtq_option off[] = {{"path", path_of("sum.evtx")}},
               report[] = {{"path", path_of("sum.evtx")}, {"checksums", "report"}};
    rtq_option skip[] = {{"path", path_of("sum.evtx")}, {"checksums", "skip"}};
    cr_expect_eq(count_rows(off, 1), 7);
    cr_expect_eq(n_notices, 0);
    cr_expect_eq(count_rows(report, 2), 7);
    cr_expect_eq(n_notices, 1);
    cr_expect(strstr(last_notice, "sum.evtx: chunk at offset 4096: wrong checksum"), "%s", last_notice);
    cr_expect_eq(count_rows(skip, 2), 2);
    write_case("flags.evtx", "flags", 1);
    rtq_option flags[] = {{"path", path_of("flags.evtx")}, {"checksums", "skip"}};
    cr_expect_eq(count_rows(flags, 2), 1, "the file says that it has no sums");
    cr_expect_eq(n_notices, 2);
    write_case("damaged.evtx", "damaged", 1);
    rtq_option damaged[] = {{"path", path_of("damaged.evtx")}};
    cr_expect_eq(count_rows(damaged, 1), 6);
    cr_expect_eq(n_notices, 4, "damaged records of one chunk, one block that is none; zeros are not worth a word");
}

Test(evtx_read, crc_known_answer)
{
    cr_expect_eq(rtq__evtx_crc(0, (const uint8_t *)"123456789", 9), 0xCBF43926u);
    uint8_t bytes[5000];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 7 + (i >> 8));
    for (size_t n = 0; n < sizeof bytes; n += 97) { /* in one piece as in two */
        size_t half = n / 3;
        cr_expect_eq(rtq__evtx_crc(rtq__evtx_crc(0, bytes, half), bytes + half, n - half), rtq__evtx_crc(0, bytes, n));
    }
}
