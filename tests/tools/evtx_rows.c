/* evtx_rows.c - prints the events of .evtx files as JSON lines, through the source as the engine uses it.
 * usage: evtx-rows [-s] FILE… [-- COLUMN…]     without columns: all of the table; -s: only statistics */
#include "evtx_run.h"

static void on_notice(rtq__src *src, int code, uint64_t count, const char *message)
{
    (void)src;
    fprintf(stderr, "notice %d x%llu %s\n", code, (unsigned long long)count, message);
}

static int drain(rtq__src *src, ed *e, bool stats_only, rtq__buf *line)
{
    rtq_clock clock = {0, 0};
    rtq__batch *batch;
    uint32_t table;
    int rc;
    while ((rc = src->cls->next(src, &clock, 1024, &batch, &table, NULL)) == RTQ_OK) {
        if (src->stats.in != src->stats.out + src->stats.filtered + src->stats.errored)
            return fprintf(stderr, "records are not conserved\n"), 1;
        for (uint32_t r = 0; batch && r < batch->n && !stats_only; r++) {
            rtq__buf_clear(line);
            ed_print_row(line, e, batch, r);
            fwrite(line->ptr, 1, line->len, stdout);
        }
    }
    return rc == RTQ_END ? 0 : 1;
}

int main(int argc, char **argv)
{
    rtq__mem *mem = rtq__mem_new(NULL, NULL, 0);
    rtq_option options[256];
    size_t n = 0;
    bool stats_only = false;
    int i = 1;
    for (; i < argc && strcmp(argv[i], "--") != 0 && n < 256; i++) {
        if (strcmp(argv[i], "-s") == 0)
            stats_only = true;
        else
            options[n++] = (rtq_option){"path", argv[i]};
    }
    ed e;
    ed_init(&e, mem);
    for (i++; i < argc; i++)
        ed_want(&e, argv[i], RTQ__WANT_SURVIVOR);
    for (uint32_t c = 0; argc <= i && e.dt.n_wants == c && c < e.table.n_cols; c++)
        ed_want(&e, e.table.cols[c].name, RTQ__WANT_SURVIVOR);
    ed_drop_branches(&e);
    rtq_diag *diag = NULL;
    rtq__diag_begin(&diag, mem);
    rtq__src *src = NULL;
    rtq__buf line;
    rtq__buf_init(&line, mem);
    int rc = rtq__src_evtx.open(&src, mem, options, n, diag);
    rtq_diag_item item = {.size = sizeof item};
    for (size_t k = 0; rc != RTQ_OK && rtq_diag_get(&item, diag, k) == RTQ_OK; k++)
        fprintf(stderr, "%s%s%s\n", item.message, item.hint ? "; " : "", item.hint ? item.hint : "");
    if (rc == RTQ_OK) {
        src->notice = on_notice;
        rc = src->cls->plan(src, ed_demand(&e));
        if (rc == RTQ_OK)
            rc = src->cls->start(src, NULL, 0, diag);
        if (rc == RTQ_OK)
            rc = drain(src, &e, stats_only, &line);
        const rtq__source_stats *s = &src->stats;
        fprintf(stderr, "in %llu out %llu filtered %llu errored %llu bytes %llu\n", (unsigned long long)s->in,
                (unsigned long long)s->out, (unsigned long long)s->filtered, (unsigned long long)s->errored,
                (unsigned long long)s->bytes);
        src->cls->close(src);
    }
    rtq__buf_free(&line);
    ed_free(&e);
    rtq_diag_free(diag);
    rtq__mem_unref(mem);
    return rc == 0 ? 0 : 1;
}
