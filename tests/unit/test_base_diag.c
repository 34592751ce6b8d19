/* Unit tests of base/diag.h and the public diagnostics. */
#include "base/diag.h"
#include <criterion/criterion.h>

static void assert_render(const rtq_diag *diag, const char *expected)
{
    rtq_blob *blob = NULL;
    cr_assert_eq(rtq_diag_render(&blob, diag), RTQ_OK);
    rtq_str text = rtq_blob_get(blob);
    cr_assert(text.len == strlen(expected) && memcmp(text.ptr, expected, text.len) == 0,
              "rendered:\n%.*s\nexpected:\n%s", (int)text.len, text.ptr, expected);
    rtq_blob_free(blob);
}

Test(base_diag, collects_and_renders)
{
    static const char query[] = "T\n| wher x == 1\r\n| take";
    rtq__mem *mem = rtq__mem_new(NULL, NULL, 0);
    rtq_diag *diag = NULL;
    rtq_diag *d = rtq__diag_begin(&diag, mem);
    cr_assert_eq(d, diag);
    rtq__diag_set_text(d, query, strlen(query));
    cr_assert_eq(rtq__diag_add(d, RTQ_ERR_SYNTAX, RTQ__SEV_ERROR, 4, 8, "unknown operator '%s'", "wher"),
                 RTQ_ERR_SYNTAX);
    rtq__diag_hint(d, "did you mean '%s'?", "where");
    rtq__diag_add(d, RTQ_ERR_SYNTAX, RTQ__SEV_WARNING, 23, 23, "a number is missing");
    rtq__diag_add(d, RTQ_ERR_IO, RTQ__SEV_CAUSE, 0, 0, "no such file");
    rtq__diag_subject(d, "query.kql");
    cr_assert_eq(rtq__diag_errors(d), 1);
    cr_assert_eq(rtq_diag_count(d), 3);
    rtq_diag_item item = {.size = sizeof item};
    cr_assert_eq(rtq_diag_get(&item, d, 0), RTQ_OK);
    cr_assert_eq(item.line, 2);
    cr_assert_eq(item.column, 3);
    cr_assert_str_eq(item.hint, "did you mean 'where'?");
    cr_assert_eq(rtq_diag_get(&item, d, 2), RTQ_OK);
    cr_assert_eq(item.line, 0);
    cr_assert_str_eq(item.subject, "query.kql");
    cr_assert_eq(rtq_diag_get(&item, d, 3), RTQ_END);
    assert_render(d, "2:3: error: unknown operator 'wher'\n"
                     "    2 | | wher x == 1\n"
                     "      |   ^~~~\n"
                     "      = hint: did you mean 'where'?\n"
                     "3:7: warning: a number is missing\n"
                     "    3 | | take\n"
                     "      |       ^\n"
                     "query.kql: because: no such file\n");
    cr_assert_eq(rtq__diag_begin(&diag, mem), d); /* reused, empty again */
    cr_assert_eq(rtq_diag_count(d), 0);
    cr_assert_eq(rtq__diag_errors(d), 0);
    rtq_diag_free(diag);
    cr_assert_eq(mem->used, 0);
    rtq__mem_unref(mem);
}

Test(base_diag, older_struct_gets_its_part)
{
    rtq__mem *mem = rtq__mem_new(NULL, NULL, 0);
    rtq_diag *diag = NULL;
    rtq__diag_begin(&diag, mem);
    rtq__diag_add(diag, RTQ_ERR_ARG, RTQ__SEV_ERROR, 5, 3, "x");
    rtq_diag_item item;
    memset(&item, 0x5A, sizeof item);
    item.size = offsetof(rtq_diag_item, begin);
    cr_assert_eq(rtq_diag_get(&item, diag, 0), RTQ_OK);
    cr_assert_eq(item.code, RTQ_ERR_ARG);
    cr_assert_eq(item.line, 0x5A5A5A5A);
    item.size = 0;
    cr_assert_eq(rtq_diag_get(&item, diag, 0), RTQ_ERR_ARG);
    rtq_diag_free(diag);
    rtq__mem_unref(mem);
}

Test(base_diag, tabs_wide_characters_and_long_lines)
{
    rtq__mem *mem = rtq__mem_new(NULL, NULL, 0);
    rtq_diag *diag = NULL;
    rtq__diag_begin(&diag, mem);
    static const char wide[] = "\t\xE6\xBC\xA2\xC3\xA9x";
    rtq__diag_set_text(diag, wide, strlen(wide));
    rtq__diag_add(diag, RTQ_ERR_SYNTAX, RTQ__SEV_ERROR, 1, 6, "m");
    assert_render(diag, "1:2: error: m\n"
                        "    1 |     \xE6\xBC\xA2\xC3\xA9x\n"
                        "      |     ^~~\n");
    char line[5000];
    memset(line, 'a', sizeof line);
    line[3000] = '!';
    rtq__diag_begin(&diag, mem);
    rtq__diag_set_text(diag, line, sizeof line);
    rtq__diag_add(diag, RTQ_ERR_SYNTAX, RTQ__SEV_ERROR, 3000, 3001, "m");
    rtq_blob *blob = NULL;
    cr_assert_eq(rtq_diag_render(&blob, diag), RTQ_OK);
    const char *bang = memchr(rtq_blob_get(blob).ptr, '!', rtq_blob_get(blob).len);
    const char *caret = memchr(rtq_blob_get(blob).ptr, '^', rtq_blob_get(blob).len);
    const char *newline = memchr(bang, '\n', 200);
    cr_assert_lt(rtq_blob_get(blob).len, 350);
    const char *line_start = bang;
    while (line_start[-1] != '\n')
        line_start--;
    cr_assert_eq(caret - (newline + 1), bang - line_start);
    rtq_blob_free(blob);
    rtq_diag_free(diag);
    rtq__mem_unref(mem);
}

Test(base_diag, positions_within_a_longer_text)
{
    rtq__mem *mem = rtq__mem_new(NULL, NULL, 0);
    rtq_diag *diag = NULL;
    rtq__diag_begin(&diag, mem);
    static const char text[] = "one\n\ntwo\nthree x";
    rtq__diag_set_text(diag, "other", 5);
    rtq__diag_add(diag, RTQ_ERR_ARG, RTQ__SEV_ERROR, 1, 2, "o");
    rtq__diag_set_text(diag, text + 5, strlen(text) - 5);
    rtq__diag_add(diag, RTQ_ERR_SYNTAX, RTQ__SEV_ERROR, 10, 11, "m\x1b[1m");
    rtq__diag_within(diag, text, strlen(text), 5);
    assert_render(diag, "1:2: error: o\n"
                        "    1 | other\n"
                        "      |  ^\n"
                        "4:7: error: m\\x1b[1m\n"
                        "    4 | three x\n"
                        "      |       ^\n");
    rtq_diag_free(diag);
    rtq__mem_unref(mem);
}

Test(base_diag, nobody_listens_and_out_of_memory)
{
    rtq__mem *mem = rtq__mem_new(NULL, NULL, 700);
    cr_assert_null(rtq__diag_begin(NULL, mem));
    cr_assert_eq(rtq__diag_add(NULL, RTQ_ERR_IO, RTQ__SEV_ERROR, 0, 0, "x"), RTQ_ERR_IO);
    rtq__diag_hint(NULL, "x");
    rtq__diag_set_text(NULL, "x", 1);
    rtq_diag *diag = NULL;
    rtq__diag_begin(&diag, mem);
    cr_assert_not_null(diag);
    for (int i = 0; i < 1000; i++)
        cr_assert_eq(rtq__diag_add(diag, RTQ_ERR_LIMIT, RTQ__SEV_ERROR, 0, 0, "message %d", i), RTQ_ERR_LIMIT);
    cr_assert_eq(rtq__diag_errors(diag), 1000);
    cr_assert_lt(rtq_diag_count(diag), 1000);
    rtq_diag_free(diag);
    rtq__mem_unref(mem);
}

static const char *nearest_of(const char *name, const char *const *candidates)
{
    rtq__nearest nearest;
    rtq__nearest_init(&nearest, name, strlen(name));
    for (; *candidates != NULL; candidates++)
        rtq__nearest_try(&nearest, *candidates, strlen(*candidates));
    return rtq__nearest_get(&nearest);
}

Test(base_diag, nearest)
{
    static const char *const names[] = {"where", "extend", "summarize", "project", "project-away", "take", "top", NULL};
    cr_assert_str_eq(nearest_of("wehre", names), "where");
    cr_assert_str_eq(nearest_of("Sumarise", names), "summarize");
    cr_assert_str_eq(nearest_of("tpo", names), "top");
    cr_assert_null(nearest_of("zzzzz", names));
    cr_assert_null(nearest_of("x", names));
    cr_assert_null(nearest_of("", names));
}
