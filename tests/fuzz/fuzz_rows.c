/* fuzz_rows.c - saved row stores: what is accepted can be read, indexed and saved again. */
#include "value/dyn.h"
#include "value/rowstore.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void use(rtq__rows *rows, uint32_t n_cols, rtq__mem *mem)
{
    rtq__buf out;
    rtq__buf_init(&out, mem);
    for (uint32_t id = 0; id < rtq__rows_count(rows); id++)
        for (uint32_t c = 0; c < n_cols; c++) {
            rtq__cell cell = rtq__rows_get(rows, id, c);
            rtq__cell_print_json(&out, &cell);
        }
    require(rtq__rows_index(rows) == RTQ_OK);
    rtq__buf_clear(&out);
    require(rtq__rows_save(&out, rows) == RTQ_OK);
    require(rtq__rows_load(rows, out.ptr, out.len) == RTQ_OK);
    rtq__buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static const uint8_t kinds[] = {RTQ_STRING,  RTQ_DYNAMIC,  RTQ_LONG, RTQ_BOOL, RTQ_REAL,
                                    RTQ_DECIMAL, RTQ_DATETIME, RTQ_GUID, RTQ_INT,  RTQ_UNKNOWN};
    rtq__mem *mem = rtq__mem_new(NULL, NULL, 0);
    rtq__rows *rows = NULL;
    uint32_t n_cols = len > 0 ? data[0] % sizeof kinds : 0, n_keys = len > 1 ? data[1] % (n_cols + 1) : 0;
    rtq__rows_def def = {
        .kinds = kinds, .n_cols = n_cols, .n_keys = n_keys, .extra_len = len > 2 ? data[2] % 40 : 0, .seed = 1};
    require(rtq__rows_new(&rows, mem, &def) == RTQ_OK);
    if (len > 3 && rtq__rows_load(rows, (const char *)data + 3, len - 3) == RTQ_OK)
        use(rows, n_cols, mem);
    rtq__rows_free(rows);
    require(atomic_load(&mem->used) == 0);
    rtq__mem_unref(mem);
    return 0;
}
