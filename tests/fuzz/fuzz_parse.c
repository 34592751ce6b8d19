/* fuzz_parse.c - lexer, parser and printer: no text does harm, reports lie within it, and what is printed of a tree
 * parses to one that prints the same. */
#include "kql/parse.h"
#include "kql/print.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void check_reports(const rtq_diag *diag, size_t len, int code)
{
    require((code == RTQ_OK) == (rtq_diag_count(diag) == 0));
    for (size_t i = 0; i < rtq_diag_count(diag); i++) {
        rtq_diag_item item = {.size = sizeof(item)};
        require(rtq_diag_get(&item, diag, i) == RTQ_OK);
        require(item.begin <= item.end && item.end <= len);
    }
}

/* The printed text in a buffer of the caller; false: it did not parse. */
static bool print(rtq__buf *out, rtq__mem *mem, const char *text, size_t len, bool reports)
{
    rtq__arena arena;
    rtq__ast_query *query;
    rtq_diag *diag = NULL;
    if (reports)
        rtq__diag_begin(&diag, mem);
    rtq__arena_init(&arena, mem, 0);
    int code = rtq__parse(&query, &arena, text, len, diag);
    require(code == RTQ_OK || code == RTQ_ERR_SYNTAX || code == RTQ_ERR_SEMANTIC || code == RTQ_ERR_LIMIT);
    if (reports)
        check_reports(diag, len, code);
    rtq__buf_clear(out);
    if (code == RTQ_OK)
        rtq__ast_print_query(out, query);
    rtq__arena_free(&arena);
    rtq_diag_free(diag);
    return code == RTQ_OK;
}

static void check_script(rtq__mem *mem, const char *text, size_t len)
{
    rtq__arena arena;
    rtq__script_piece *pieces;
    size_t n, last = 0;
    rtq__arena_init(&arena, mem, 0);
    require(rtq__parse_script(&pieces, &n, &arena, text, len) == RTQ_OK);
    for (size_t i = 0; i < n; i++) {
        require(pieces[i].begin >= last && pieces[i].begin < pieces[i].end && pieces[i].end <= len);
        require(pieces[i].header_begin <= pieces[i].header_end && pieces[i].header_end <= pieces[i].begin);
        last = pieces[i].end;
    }
    rtq__ast_list list;
    rtq__ast *literal;
    rtq__parse_schema(&list, &arena, text, len, NULL);
    rtq__parse_tables(&list, &arena, text, len, NULL);
    rtq__parse_literal(&literal, &arena, text, len, NULL);
    rtq__arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    const char *text = (const char *)data;
    rtq__mem *mem = rtq__mem_new(NULL, NULL, 0);
    rtq__buf first, second;
    if (!mem)
        return 0;
    rtq__buf_init(&first, mem);
    rtq__buf_init(&second, mem);
    if (print(&first, mem, text, len, true)) {
        require(print(&second, mem, first.ptr, first.len, false));
        require(first.len == second.len && (first.len == 0 || memcmp(first.ptr, second.ptr, first.len) == 0));
    }
    check_script(mem, text, len);
    rtq__buf_free(&first);
    rtq__buf_free(&second);
    rtq__mem_unref(mem);
    return 0;
}
