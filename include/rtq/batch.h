/** @file rtq/batch.h
 *  Rows handed out. Batches are dense: row r of n_rows, no selection. One lent to a callback is valid during the call. */
#ifndef RTQ_BATCH_H
#define RTQ_BATCH_H
#include "diag.h"
#ifdef __cplusplus
extern "C" {
#endif

/** What a row does to the result; a correction is a retraction followed by an insertion. */
enum { RTQ_ROW_INSERT = 0, RTQ_ROW_RETRACT = 1, RTQ_ROW_EARLY = 2 };

/** What a batch is of. */
typedef struct {
    size_t size;                /**< set by the caller */
    uint64_t query_id;          /**< id in the run; 0: none */
    uint64_t sequence;          /**< counts the batches of the query, from 0 */
    const char *query;          /**< its name in the run; borrowed from the batch */
    size_t n_rows;              /**< rows */
    size_t n_columns;           /**< columns, a rest column included */
    const uint8_t *row_kinds;   /**< RTQ_ROW_* a row; NULL: all inserts */
    int64_t from_ticks;         /**< start of the window or scheduled interval; with to_ticks 0: none */
    int64_t to_ticks;           /**< end of it, exclusive */
    uint32_t result;            /**< which result of the query */
    uint32_t schema_generation; /**< grows when a replace changed the schema */
} rtq_batch_info;

/** Reads what the batch is of; out->size must be set. @return RTQ_OK, RTQ_ERR_ARG, RTQ_ERR_NOMEM. Thread: one. */
RTQ_API int rtq_batch_info_get(rtq_batch_info *out, const rtq_batch *batch);
/** A whole column, dense; the fastest way. Valid as long as the batch. Made on first use.
 *  @return RTQ_OK, RTQ_ERR_ARG, RTQ_ERR_NOMEM. Thread: one; any for a retained batch. */
RTQ_API int rtq_batch_column(rtq_column *out, const rtq_batch *batch, size_t column);
/** One cell; text is valid as long as the batch. @return RTQ_OK, RTQ_ERR_ARG, RTQ_ERR_NOMEM. Thread: one. */
RTQ_API int rtq_batch_get(rtq_value *out, const rtq_batch *batch, size_t row, size_t column);
/** A row as a JSON object; fields of a rest column stand beside the others. Datetimes, timespans, guids and decimals are strings.
 *  @return RTQ_OK, RTQ_ERR_ARG, RTQ_ERR_NOMEM. Thread: one. */
RTQ_API int rtq_batch_json(rtq_blob **out, const rtq_batch *batch, size_t row);
/** A value inside a dynamic cell: path "a.b[0]['x y']"; [-1] is the last element, "" all of it. A scalar comes with its own kind, an
 *  array or bag as JSON text, what is not there as null.
 *  @return RTQ_OK, RTQ_ERR_ARG (no dynamic column, bad path), RTQ_ERR_NOMEM. Thread: one. */
RTQ_API int rtq_batch_path(rtq_value *out, const rtq_batch *batch, size_t row, size_t column, const char *path);
/** A batch of the caller's own: a compact copy that outlives run and env (of a retained batch: one more reference). Free it.
 *  @return RTQ_OK, RTQ_ERR_ARG, RTQ_ERR_NOMEM. Thread: any. */
RTQ_API int rtq_batch_retain(rtq_batch **out, const rtq_batch *batch);
/** Frees a retained batch; does nothing to a lent one. NULL is fine. Thread: any. */
RTQ_API void rtq_batch_free(rtq_batch *batch);
/** The rows as Arrow C data, copied: schema_out (may be NULL) and array_out are the caller's to release. datetime is timestamp[ns, UTC]
 *  (out of its range: null), timespan duration[ns], guid 16 bytes, decimal and dynamic text.
 *  @return RTQ_OK, RTQ_ERR_ARG, RTQ_ERR_NOMEM, RTQ_ERR_LIMIT (text of 2 GiB). Thread: one. */
RTQ_API int rtq_batch_arrow(struct ArrowSchema *schema_out, struct ArrowArray *array_out, const rtq_batch *batch);

#ifdef __cplusplus
}
#endif
#endif
