/* Cells printed straight from the slots against the cells themselves. */
#include <criterion/criterion.h>
#include <dirent.h>
#include <stdlib.h>
#include "evtx_gen.h"
#include "evtx_run.h"

typedef struct seen {
    rtq__buf text, cell;
    uint64_t cells;
    const char *file;
} seen;

static void check_row(void *user, rtq__batch *batch, uint32_t row)
{
    seen *s = user;
    for (uint32_t c = 0; c < batch->n_cols; c++) {
        rtq__vec *v = batch->cols[c];
        rtq__print_col col = {v, "{\"key\":                                        ", 7};
        rtq__sel one = (rtq__sel)row;
        if (!v->print)
            continue;
        rtq__buf_clear(&s->text);
        rtq__buf_clear(&s->cell);
        cr_assert_eq(v->print(&s->text, &col, 1, row), RTQ_OK);
        cr_assert_eq(rtq__vec_load(v, &one, 1), RTQ_OK);
        rtq__cell cell = rtq__vec_get(v, row);
        rtq__buf_add(&s->cell, "{\"key\":", 7);
        rtq__cell_print_json(&s->cell, &cell);
        cr_assert(s->text.len == s->cell.len && memcmp(s->text.ptr, s->cell.ptr, s->cell.len) == 0,
                  "%s, column %u: %.*s and %.*s", s->file, c, (int)s->text.len, s->text.ptr, (int)s->cell.len,
                  s->cell.ptr);
        s->cells++;
    }
}

/* All columns, and some members of EventData as columns of their own. */
static void want_all(ed *e)
{
    for (uint32_t c = 0; c < rtq__evtx_n_cols(); c++)
        ed_want(e, rtq__evtx_cols[c].name, RTQ__WANT_SURVIVOR);
    ed_want(e, "EventData.TargetUserSid", RTQ__WANT_SURVIVOR);
    ed_want(e, "EventData.LogonGuid", RTQ__WANT_SURVIVOR);
    ed_want(e, "EventData.param1", RTQ__WANT_SURVIVOR);
    ed_want(e, "UserData.EventXML", RTQ__WANT_SURVIVOR);
}

static uint64_t check_bytes(const char *name, const uint8_t *bytes, size_t len)
{
    rtq__mem *mem = rtq__mem_new(NULL, NULL, 0);
    rtq__source_stats stats = {0};
    seen s = {.file = name};
    ed e;
    ed_init(&e, mem);
    rtq__buf_init(&s.text, mem);
    rtq__buf_init(&s.cell, mem);
    want_all(&e);
    ed_branch(&e, 0, NULL);
    cr_expect_eq(ed_run(&e, bytes, len, 100, check_row, &s, &stats), RTQ_OK);
    rtq__buf_free(&s.text);
    rtq__buf_free(&s.cell);
    ed_free(&e);
    rtq__mem_unref(mem);
    return s.cells;
}

Test(evtx_print, text_of_generated_logs_is_that_of_their_cells)
{
    uint64_t cells = 0;
    for (uint32_t i = 0; eg_case_name(i); i++) {
        eg g;
        eg_case(&g, i);
        cells += check_bytes(eg_case_name(i), g.bytes, g.len);
        eg_free(&g);
    }
    cr_expect_gt(cells, 500, "%llu cells", (unsigned long long)cells);
}

Test(evtx_print, text_of_real_logs_is_that_of_their_cells)
{
    DIR *dir = opendir("../shared/data/evtx");
    struct dirent *entry;
    char path[4096];
    while (dir && (entry = readdir(dir))) {
        size_t n = strlen(entry->d_name), len;
        if (n < 5 || strcmp(entry->d_name + n - 5, ".evtx") != 0)
            continue;
        snprintf(path, sizeof path, "../shared/data/evtx/%s", entry->d_name);
        uint8_t *bytes = ed_read_file(path, &len);
        cr_assert(bytes);
        check_bytes(entry->d_name, bytes, len);
        free(bytes);
    }
    if (dir)
        closedir(dir);
}
