/* out.h - rtq_batch: result rows as hosts and sinks see them: dense columns, values, JSON. */
#ifndef RTQ__OUT_H
#define RTQ__OUT_H
#include "rtq/batch.h"
#include "value/dyn.h"
#include "value/vec.h"

/* Names and kinds of one result; shared by the query and every batch that outlives it. */
typedef struct rtq__out_schema {
    _Atomic uint32_t refs;
    rtq__mem *mem;
    uint32_t n;
    rtq_column_def cols[]; /* names lie behind the array */
} rtq__out_schema;
rtq__out_schema *rtq__out_schema_new(rtq__mem *mem, const rtq_column_def *cols, uint32_t n); /* NULL: out of memory */
rtq__out_schema *rtq__out_schema_ref(rtq__out_schema *schema);
void rtq__out_schema_unref(rtq__out_schema *schema);

/* What a batch is of; strings are borrowed by a lent batch and copied by a retained one. */
typedef struct rtq__out_info {
    uint64_t query_id, sequence;
    const char *query;
    uint32_t result, schema_generation;
} rtq__out_info;

struct rtq_batch {
    rtq__mem *mem;
    rtq__out_schema *schema;
    rtq__out_info info;
    rtq__batch *rows;
    rtq__arena heap;    /* dense columns and JSON text of this batch */
    rtq_column *dense;  /* one a column, data NULL until asked for */
    uint8_t *row_kinds; /* dense, or NULL */
    rtq__buf text;
    bool owned;
};

/* A lent batch over `rows` for the time of one delivery; the struct is reused delivery after delivery. */
void rtq__out_init(rtq_batch *out, rtq__mem *mem);
void rtq__out_lend(rtq_batch *out, rtq__out_schema *schema, const rtq__out_info *info, rtq__batch *rows);
void rtq__out_end(rtq_batch *out); /* delivery over: forgets rows, keeps memory */
void rtq__out_free(rtq_batch *out);

/* Makes every cell readable: once before going through rows. RTQ_OK or NOMEM. */
int rtq__out_load(const rtq_batch *batch);
/* A loaded cell; the kind may be unknown (a dynamic cell). */
rtq__cell rtq__out_cell(const rtq_batch *batch, size_t row, size_t column);
void rtq__out_rest_json(rtq__buf *buf, const rtq_batch *batch, const rtq__cell *rest,
                        bool *first); /* the fields no column has */

#endif
