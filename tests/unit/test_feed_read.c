/* Unit tests of the reader of text feeds: files one after the other, growing files that are rotated, errors. */
#include "feed.h"
#include "os/file.h"
#include "os/wait.h"
#include "sources/kinds.h"
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[] = "/tmp/kqlstream-feed-XXXXXX";
static rtq__mem *mem;
static feed_demand demand;
static rtq_demand all;
static rtq_clock now = {INT64_C(638000000000000000), 0};
static rtq__buf seen;
static char notices[2000];

static const char *in_dir(const char *name)
{
    static char path[4][300];
    static unsigned next;
    char *out = path[next++ % 4];
    snprintf(out, sizeof path[0], "%s/%s", dir, name);
    return out;
}

static void append(const char *name, const char *text)
{
    rtq__file file;
    cr_assert_eq(rtq__file_create(&file, in_dir(name), RTQ__FILE_APPEND, NULL), RTQ_OK);
    cr_assert_eq(rtq__file_write(&file, text, strlen(text), NULL), RTQ_OK);
    rtq__file_close(&file);
}

static void setup(void)
{
    cr_assert_not_null(mkdtemp(dir));
    mem = rtq__mem_new(NULL, NULL, 0);
    rtq__buf_init(&seen, mem);
}

static void teardown(void)
{
    char command[400];
    rtq__buf_free(&seen);
    cr_assert_eq(mem->used, 0, "leaked");
    rtq__mem_unref(mem);
    snprintf(command, sizeof command, "rm -rf '%s'", dir);
    cr_assert_eq(system(command), 0);
}

static void on_notice(rtq__src *src, int code, uint64_t count, const char *message)
{
    size_t n = strlen(notices);
    (void)src, (void)code, (void)count;
    snprintf(notices + n, sizeof notices - n, "%s|", message);
}

static rtq__src *open_source(const rtq__src_class *cls, const rtq_option *options, size_t n, const char *column)
{
    rtq__src *src = NULL;
    rtq_diag *made = NULL, *diag = rtq__diag_begin(&made, mem);
    notices[0] = '\0';
    cr_assert_eq(cls->open(&src, mem, options, n, diag), RTQ_OK);
    feed_demand_init(&demand, mem, src->tables[0].cols, src->tables[0].n_cols, src->tables[0].open);
    feed_want(&demand, column, RTQ__WANT_SURVIVOR);
    feed_branch(&demand, NULL, 0);
    all = (rtq_demand){.tables = &demand.demand, .n_tables = 1, .epoch = 1};
    cr_assert_eq(cls->plan(src, &all), RTQ_OK);
    src->notice = on_notice;
    cr_assert_eq(cls->start(src, NULL, 0, diag), RTQ_OK);
    rtq_diag_free(diag);
    return src;
}

static void close_source(rtq__src *src)
{
    feed_demand_free(&demand);
    src->cls->close(src);
}

/* Steps until AGAIN or END; what came since the last call, values joined by blanks. */
static const char *step(rtq__src *src, int expected)
{
    int rc, calls = 0;
    rtq__buf_clear(&seen);
    now.mono_ns += INT64_C(1000000000);
    do {
        rtq__batch *b = NULL;
        uint32_t table;
        rc = src->cls->next(src, &now, 1000, &b, &table, NULL);
        for (uint32_t i = 0; b && i < b->n_sel; i++) {
            cr_assert_eq(rtq__vec_load(b->cols[0], b->sel, b->n_sel), RTQ_OK);
            rtq__cell c = rtq__vec_get(b->cols[0], rtq__batch_row(b, i));
            rtq__buf_addc(&seen, ' ');
            rtq__cell_print_text(&seen, &c);
        }
        cr_assert_eq(src->stats.in, src->stats.out + src->stats.filtered + src->stats.errored);
        cr_assert_lt(++calls, 1000);
    } while (rc == RTQ_OK);
    cr_assert_eq(rc, expected);
    rtq__buf_addc(&seen, '\0');
    return seen.ptr;
}

Test(feed_read, files_in_turn, .init = setup, .fini = teardown)
{
    rtq_option options[] = {{"path", NULL}, {"path", NULL}};
    rtq__src *src;
    char pattern[300];
    append("b.jsonl", "{\"a\":3}\n{\"a\":4}");
    append("a.jsonl", "{\"a\":1}\n{\"a\":2}\n");
    append("c.txt", "{\"a\":5}\n{\"a\":");
    snprintf(pattern, sizeof pattern, "%s/*.jsonl", dir);
    options[0].value = pattern;
    options[1].value = in_dir("c.txt");
    src = open_source(&rtq__src_json, options, 2, "a");
    cr_expect(src->bounded);
    cr_expect_str_eq(step(src, RTQ_END), " 1 2 3 4 5");
    cr_expect_not_null(strstr(notices, "c.txt: line 2: the text ends within a value"), "%s", notices);
    cr_assert_eq(src->cls->rewind(src), RTQ_OK);
    cr_expect_str_eq(step(src, RTQ_END), " 1 2 3 4 5");
    close_source(src);
}

Test(feed_read, growing_file, .init = setup, .fini = teardown)
{
    rtq_option options[] = {{"path", NULL}, {"follow", "start"}};
    rtq__src *src;
    append("log", "one\n");
    options[0].value = in_dir("log");
    src = open_source(&rtq__src_syslog, options, 2, "Payload");
    cr_expect_not(src->bounded);
    cr_expect_str_eq(step(src, RTQ_AGAIN), " one");
    cr_expect_gt(src->cls->timeout_ns(src, &now), 0);
    append("log", "two\nthr");
    cr_expect_str_eq(step(src, RTQ_AGAIN), " two");
    append("log", "ee\n");
    cr_expect_str_eq(step(src, RTQ_AGAIN), " three");
    /* renamed; what is still written to the old one counts, and its last line needs no end */
    cr_assert_eq(rename(in_dir("log"), in_dir("log.1")), 0);
    append("log.1", "four\nfi");
    cr_expect_str_eq(step(src, RTQ_AGAIN), " four");
    append("log.1", "ve");
    append("log", "six\n");
    cr_expect_str_eq(step(src, RTQ_AGAIN), " five six");
    /* truncated */
    append("log", "rest");
    cr_expect_str_eq(step(src, RTQ_AGAIN), "");
    cr_assert_eq(truncate(in_dir("log"), 0), 0);
    append("log", "new\n");
    cr_expect_str_eq(step(src, RTQ_AGAIN), " rest new");
    /* truncated, and longer again when we look */
    cr_assert_eq(truncate(in_dir("log"), 0), 0);
    usleep(20000);
    append("log", "again\nand more than before\n");
    cr_expect_str_eq(step(src, RTQ_AGAIN), " again and more than before");
    /* removed and made again */
    cr_assert_eq(unlink(in_dir("log")), 0);
    cr_expect_str_eq(step(src, RTQ_AGAIN), "");
    cr_expect_not_null(strstr(notices, "is gone"));
    append("log", "back\nunfinished");
    cr_expect_str_eq(step(src, RTQ_AGAIN), " back");
    append("log", " line\nlast\xff");
    src->cls->drain(src);
    cr_expect_str_eq(step(src, RTQ_END), " unfinished line last\xEF\xBF\xBD");
    cr_expect_not_null(strstr(notices, "1 texts were not valid UTF-8"), "what is told at the end: %s", notices);
    close_source(src);
}

Test(feed_read, a_file_that_comes_later, .init = setup, .fini = teardown)
{
    rtq_option options[] = {{"path", NULL}, {"path", NULL}, {"follow", "end"}};
    rtq__src *src;
    append("x", "old\n");
    options[0].value = in_dir("x");
    options[1].value = in_dir("y");
    src = open_source(&rtq__src_syslog, options, 3, "Payload");
    cr_expect_str_eq(step(src, RTQ_AGAIN), "");
    append("x", "x1\n");
    cr_expect_str_eq(step(src, RTQ_AGAIN), " x1");
    append("y", "y1\n");
    cr_expect_str_eq(step(src, RTQ_AGAIN), " y1");
    close_source(src);
}

Test(feed_read, an_unreadable_file_is_told_once, .init = setup, .fini = teardown)
{
    rtq_option options[] = {{"path", NULL}, {"follow", "start"}};
    const char *first;
    rtq__src *src;
    append("log", "one\n");
    options[0].value = in_dir("log");
    src = open_source(&rtq__src_syslog, options, 2, "Payload");
    cr_expect_str_eq(step(src, RTQ_AGAIN), " one");
    cr_assert_eq(unlink(in_dir("log")), 0);
    cr_assert_eq(mkdir(in_dir("log"), 0700), 0);
    for (int i = 0; i < 5; i++)
        cr_expect_str_eq(step(src, RTQ_AGAIN), "");
    cr_assert_not_null(first = strstr(notices, "cannot read"), "%s", notices);
    cr_expect_null(strstr(first + 1, "cannot read"), "%s", notices);
    cr_assert_eq(rmdir(in_dir("log")), 0);
    cr_expect_str_eq(step(src, RTQ_AGAIN), "");
    append("log", "two\n");
    cr_expect_str_eq(step(src, RTQ_AGAIN), " two");
    close_source(src);
}

/* What PowerShell and log rotation leave behind, in the place of the text that was meant. */
Test(feed_read, other_formats_are_named, .init = setup, .fini = teardown)
{
    static const struct {
        const char *bytes, *says;
        size_t len;
    } files[] = {
        {"\xFF\xFE{\0\"\0", "is UTF-16", 6}, {"\x1F\x8B\x08\0", "(gzip)", 4}, {"PK\x03\x04", "zip archive", 4}};
    rtq_option options[] = {{"path", NULL}, {"path", NULL}};
    append("good", "{\"a\":1}\n");
    options[0].value = in_dir("good");
    options[1].value = in_dir("bad");
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        FILE *f = fopen(options[1].value, "w");
        cr_assert_not_null(f);
        fwrite(files[i].bytes, 1, files[i].len, f);
        fclose(f);
        rtq__src *src = open_source(&rtq__src_json, options, 2, "a");
        cr_expect_str_eq(step(src, RTQ_END), " 1");
        cr_expect_not_null(strstr(notices, files[i].says), "%s", notices);
        cr_expect_eq(src->stats.errored, 0);
        close_source(src);
    }
}

Test(feed_read, from_the_end, .init = setup, .fini = teardown)
{
    rtq_option options[] = {{"path", NULL}, {"path", NULL}, {"follow", "end"}};
    rtq__src *src;
    append("x", "old\nhalf a li");
    append("y", "old\n");
    options[0].value = in_dir("x");
    options[1].value = in_dir("y");
    src = open_source(&rtq__src_syslog, options, 3, "Payload");
    cr_expect_str_eq(step(src, RTQ_AGAIN), "");
    append("y", "y1\n");
    append("x", "ne\nx1\n");
    cr_expect_str_eq(step(src, RTQ_AGAIN), " x1 y1");
    append("x", "x2\n");
    cr_expect_str_eq(step(src, RTQ_AGAIN), " x2");
    close_source(src);
}

Test(feed_read, csv_from_the_end, .init = setup, .fini = teardown)
{
    rtq_option options[] = {{"path", NULL}, {"follow", "end"}, {"schema", "b:long,a:string"}};
    rtq__src *src;
    append("x", "a,b\nold,1\n");
    options[0].value = in_dir("x");
    src = open_source(&rtq__src_csv, options, 3, "a");
    cr_expect_str_eq(step(src, RTQ_AGAIN), "");
    append("x", "new,2\n");
    cr_expect_str_eq(step(src, RTQ_AGAIN), " new");
    cr_assert_eq(truncate(in_dir("x"), 0), 0);
    append("x", "b,a\n3,turned\n");
    cr_expect_str_eq(step(src, RTQ_AGAIN), " turned");
    close_source(src);
}

Test(feed_read, pipes_do_not_block, .init = setup, .fini = teardown)
{
    rtq_option options[] = {{"path", NULL}};
    rtq__src *src;
    int fd;
    cr_assert_eq(mkfifo(in_dir("pipe"), 0600), 0);
    fd = open(in_dir("pipe"), O_RDWR | O_CLOEXEC);
    cr_assert_geq(fd, 0);
    options[0].value = in_dir("pipe");
    src = open_source(&rtq__src_json, options, 1, "a");
    cr_expect_geq(src->cls->handle(src), 0);
    cr_expect_str_eq(step(src, RTQ_AGAIN), "");
    cr_assert_eq(write(fd, "{\"a\":1}\n{\"a\"", 12), 12);
    cr_expect_str_eq(step(src, RTQ_AGAIN), " 1");
    cr_assert_eq(write(fd, ":2}\n{\"a\":3}", 11), 11);
    cr_expect_str_eq(step(src, RTQ_AGAIN), " 2");
    close(fd);
    cr_expect_str_eq(step(src, RTQ_END), " 3");
    close_source(src);
}

Test(feed_read, long_lines_and_windows, .init = setup, .fini = teardown)
{
    rtq_option options[] = {{"path", NULL}, {"max_line_bytes", "3000000"}};
    rtq__src *src;
    FILE *f = fopen(in_dir("x"), "w");
    const char *text;
    cr_assert_not_null(f);
    for (int i = 0; i < 6; i++) {
        size_t len = (size_t[]){10, 300000, 2999980, 3000001, 262144, 5}[i];
        fprintf(f, "{\"a\":%d,\"p\":\"", i);
        for (size_t k = 0; k < len; k++)
            fputc('x', f);
        fputs("\"}\n", f);
    }
    fclose(f);
    options[0].value = in_dir("x");
    src = open_source(&rtq__src_json, options, 2, "a");
    text = step(src, RTQ_END);
    cr_expect_str_eq(text, " 0 1 2 4 5");
    cr_expect_eq(src->stats.errored, 1);
    cr_expect_not_null(strstr(notices, "line 4: longer than max_line_bytes"), "%s", notices);
    close_source(src);
}

Test(feed_read, options_are_checked, .init = setup, .fini = teardown)
{
    static const rtq_option bad[][2] = {
        {{"path", "/nonexistent/x"}, {"table", "T"}}, {{"path", "-"}, {"follow", "start"}},
        {{"path", "-"}, {"max_line_bytes", "0"}},     {{"path", "-"}, {"schema", "a:nonsense"}},
        {{"path", "-"}, {"follow", "maybe"}},         {{"path", "-"}, {"folow", "end"}},
        {{"table", "T"}, {"follow", "end"}},          {{"path", "-"}, {"path", "/dev/null"}},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        rtq__src *src = NULL;
        rtq_diag *made = NULL, *diag = rtq__diag_begin(&made, mem);
        cr_expect_lt(rtq__src_json.open(&src, mem, bad[i], 2, diag), 0, "%zu", i);
        cr_expect_gt(rtq__diag_errors(diag), 0, "%zu", i);
        rtq_diag_free(diag);
    }
}
