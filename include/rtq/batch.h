/** @file rtq/batch.h
 *  Rows handed out. */
#ifndef RTQ_BATCH_H
#define RTQ_BATCH_H
#include "diag.h"
#ifdef __cplusplus
extern "C" {
#endif

enum { RTQ_ROW_INSERT = 0, RTQ_ROW_RETRACT = 1, RTQ_ROW_EARLY = 2 };  /* a correction is a retract followed by an insert */
typedef struct { size_t size; uint64_t query_id, sequence; const char *query; size_t n_rows, n_columns;
                 const uint8_t *row_kinds;           /* NULL: all inserts */
                 int64_t from_ticks, to_ticks;       /* window or scheduled interval; both 0: none */
                 uint32_t result, schema_generation; /* which result of the query; changes when replace changed the schema */ } rtq_batch_info;
RTQ_API int  rtq_batch_info_get(rtq_batch_info *out, const rtq_batch *batch);
RTQ_API int  rtq_batch_column(rtq_column *out, const rtq_batch *batch, size_t column);  /* no copy */
RTQ_API int  rtq_batch_get(rtq_value *out, const rtq_batch *batch, size_t row, size_t column);
RTQ_API int  rtq_batch_json(rtq_blob **out, const rtq_batch *batch, size_t row);
RTQ_API int  rtq_batch_path(rtq_value *out, const rtq_batch *batch, size_t row, size_t column, const char *path /* "a.b[0]" */);
RTQ_API int  rtq_batch_retain(rtq_batch **out, const rtq_batch *batch); /* [any] afterwards, outlives run and env's free; */
RTQ_API void rtq_batch_free(rtq_batch *batch);                        /* copies what lies in larger source buffers */
RTQ_API int  rtq_batch_arrow(struct ArrowSchema *schema_out, struct ArrowArray *array_out, const rtq_batch *batch);

#ifdef __cplusplus
}
#endif
#endif
