/* fuzz_bind.c - the binder: whatever parses is bound or refused with a report inside the text, and what is bound obeys
 * the rules of bind_check. The first byte chooses what names can mean. */
#include <stdlib.h>
#include "bind_check.h"
#include "kql/bind.h"
#include "kql/parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static const rtq__table_col t_cols[] = {
    {"Time", NULL, RTQ_DATETIME, RTQ__COL_TIME},
    {"a", NULL, RTQ_LONG, 0},
    {"b", NULL, RTQ_STRING, 0},
    {"s", NULL, RTQ_STRING, 0},
    {"d", NULL, RTQ_DYNAMIC, 0},
    {"r", NULL, RTQ_REAL, 0},
    {"i", NULL, RTQ_INT, 0},
    {"flag", NULL, RTQ_BOOL, 0},
    {"EventData", NULL, RTQ_DYNAMIC, RTQ__COL_BAG},
    {"Id", "i", RTQ_INT, RTQ__COL_ALIAS},
};
static const rtq__table t_table = {"T", t_cols, 10, 0, false};
static const rtq__table u_table = {"U", t_cols + 1, 2, -1, false};
static const rtq__table json_table = {"Json", NULL, 0, -1, true};
static const rtq__table *const tables[] = {&t_table, &u_table, &json_table};

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void check_reports(const rtq_diag *diag, size_t len, int code)
{
    require((code == RTQ_OK) == (rtq__diag_errors(diag) == 0));
    for (size_t i = 0; i < rtq_diag_count(diag); i++) {
        rtq_diag_item item = {.size = sizeof item};
        require(rtq_diag_get(&item, diag, i) == RTQ_OK);
        require(item.begin <= item.end && item.end <= len);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    if (len < 1)
        return 0;
    rtq__catalog catalog = {
        .tables = tables, .n_tables = data[0] & 4 ? 1 : 3, .any_table = data[0] & 1, .single_source = data[0] & 4};
    const char *text = (const char *)data + 1;
    rtq__mem *mem = rtq__mem_new(NULL, NULL, 0);
    rtq__arena arena;
    rtq__ast_query *query = NULL;
    rtq__bound *bound = NULL;
    rtq_diag *diag = NULL;
    require(mem != NULL);
    rtq__arena_init(&arena, mem, 0);
    rtq__diag_begin(&diag, mem);
    rtq__diag_set_text(diag, text, len - 1);
    if (rtq__parse(&query, &arena, text, len - 1, diag) == RTQ_OK) {
        int code = rtq__bind(&bound, mem, query, &catalog, diag);
        require(code == RTQ_OK || code == RTQ_ERR_SEMANTIC || code == RTQ_ERR_UNSUPPORTED || code == RTQ_ERR_LIMIT);
        require((bound != NULL) == (code == RTQ_OK));
        check_reports(diag, len - 1, code);
        if (bound)
            require(bind_check(bound) == NULL);
    }
    rtq__bound_free(bound);
    rtq__arena_free(&arena);
    rtq_diag_free(diag);
    require(atomic_load(&mem->used) == 0);
    rtq__mem_unref(mem);
    return 0;
}
