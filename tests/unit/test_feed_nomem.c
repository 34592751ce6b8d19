/* Text feeds when memory runs out: at every allocation of open, plan, start and reading. An error, nothing leaked, nothing broken. */
#include "feed.h"
#include "sources/kinds.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static uint64_t calls, fail_at;

static void *count_and_fail(void *ptr, size_t old_len, size_t new_len, void *user)
{
    (void)user, (void)old_len;
    if (new_len == 0) {
        free(ptr);
        return NULL;
    }
    if (++calls == fail_at)
        return NULL;
    return realloc(ptr, new_len);
}

static int read_all(rtq__src *src, rtq_diag *diag)
{
    rtq_clock now = {INT64_C(638000000000000000), 0};
    int rc;
    do {
        rtq__batch *b = NULL;
        uint32_t table;
        rc = src->cls->next(src, &now, 3, &b, &table, diag);
        cr_assert_eq(src->stats.in, src->stats.out + src->stats.filtered + src->stats.errored);
        for (uint32_t c = 0; b && c < b->n_cols; c++) {
            int loaded = rtq__vec_load(b->cols[c], b->sel, b->n_sel);
            if (loaded < 0)
                return loaded;
        }
    } while (rc == RTQ_OK);
    return rc;
}

/* False: it came to its end without an allocation failing. */
static bool attempt(const rtq__src_class *cls, const rtq_option *options, size_t n, const char *const *wants,
                    uint64_t rows)
{
    rtq__mem *mem = rtq__mem_new(count_and_fail, NULL, 0), *plain = rtq__mem_new(NULL, NULL, 0);
    rtq_diag *made = NULL, *diag = rtq__diag_begin(&made, plain);
    rtq__src *src = NULL;
    rtq_demand all;
    feed_demand d;
    rtq__cell value = rtq__cell_s("x", 1);
    uint64_t out = 0;
    uint32_t c;
    int rc;

    if (!mem) {
        rtq_diag_free(diag);
        rtq__mem_unref(plain);
        return true;
    }
    rc = cls->open(&src, mem, options, n, diag);
    if (rc == RTQ_OK) {
        feed_demand_init(&d, plain, src->tables[0].cols, src->tables[0].n_cols, src->tables[0].open);
        for (size_t i = 0; wants[i]; i++)
            feed_want(&d, wants[i], RTQ__WANT_SURVIVOR);
        c = feed_conjunct(&d, 0, RTQ_OP_NE, &value, 1);
        feed_branch(&d, &c, 1);
        all = (rtq_demand){.tables = &d.demand, .n_tables = 1, .epoch = 1};
        if ((rc = cls->plan(src, &all)) == RTQ_OK && (rc = cls->start(src, NULL, 0, diag)) == RTQ_OK)
            rc = read_all(src, diag);
        out = src->stats.out;
        cls->close(src);
        feed_demand_free(&d);
    }
    cr_assert(rc == RTQ_END || rc == RTQ_ERR_NOMEM, "%s: %d at allocation %d", cls->kind, rc, (int)fail_at);
    cr_assert(rc != RTQ_END || out == rows, "%s: allocation %d failed unnoticed", cls->kind, (int)fail_at);
    cr_assert_eq(mem->used, 0, "%s leaks at allocation %d", cls->kind, (int)fail_at);
    rtq__mem_unref(mem);
    rtq_diag_free(diag);
    rtq__mem_unref(plain);
    return calls >= fail_at;
}

static void every_allocation(const rtq__src_class *cls, const char *text, const char *const *wants, uint64_t rows)
{
    char path[] = "/tmp/kqlstream-nomem-XXXXXX";
    rtq_option option = {"path", path};
    int fd = mkstemp(path);
    cr_assert_geq(fd, 0);
    cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    for (fail_at = 1; fail_at < 3000; fail_at++) {
        calls = 0;
        if (!attempt(cls, &option, 1, wants, rows))
            break;
    }
    cr_expect_gt(fail_at, 5);
    cr_expect_lt(fail_at, 3000);
    unlink(path);
}

Test(feed_nomem, json)
{
    static const char *const wants[] = {"a", "b.c[0]", "*", NULL};
    every_allocation(&rtq__src_json,
                     "{\"a\":1}\n{\"a\":\"x\\ny\",\"b\":{\"c\":[\"\\u00e9\"]}}\nbad\n{\"a\":2}\n{\"a\":3}\n", wants, 4);
}

Test(feed_nomem, csv)
{
    static const char *const wants[] = {"a", "b", NULL};
    every_allocation(&rtq__src_csv, "a,b,b\n1,\"x\"\"y\",2\n2,\xff,3\n\"open\n4,5,6\n", wants, 3);
}

Test(feed_nomem, syslog)
{
    static const char *const wants[] = {"Message", "ExtractedData.IPv4[0]", "LogFileLineage", "DeviceTimestamp", NULL};
    every_allocation(&rtq__src_syslog,
                     "<34>Oct 11 22:14:15 h sshd[1]: from 10.0.0.1\n<13>1 - - - - - [a b=\"\\\"c\"] \xff\nplain\n",
                     wants, 3);
}
