/* json_rows.h - rows of a batch as JSON objects, column by column prepared. */
#ifndef RTQ__JSON_ROWS_H
#define RTQ__JSON_ROWS_H
#include "exec/out.h"

typedef struct rtq__json_col rtq__json_col;
typedef struct rtq__json_rows {
    const rtq__out_schema *schema;
    bool first;
    rtq__json_col *cols; /* those that differ from row to row, and an end */
    uint32_t n_cols;
    size_t cap;
    rtq__print_col *prints; /* by column of cols, of those that print themselves */
    size_t cap_prints;
    rtq__buf texts;   /* keys, and the values that all rows share */
    rtq__buf entries; /* of dictionaries */
    uint32_t *ends;   /* of entries */
    size_t n_ends, cap_ends;
} rtq__json_rows;

void rtq__json_rows_init(rtq__json_rows *r, rtq__mem *mem);
void rtq__json_rows_free(rtq__json_rows *r);
/* Loads the batch and looks at its columns. first: nothing stands before the fields of a row. RTQ_OK, NOMEM. */
int rtq__json_rows_begin(rtq__json_rows *r, const rtq_batch *batch, bool first);
/* Appends the fields of a row. */
void rtq__json_rows_add(rtq__buf *buf, const rtq__json_rows *r, const rtq_batch *batch, uint32_t row);

#endif
