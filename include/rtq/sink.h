/** @file rtq/sink.h
 *  Where rows go. */
#ifndef RTQ_SINK_H
#define RTQ_SINK_H
#include "batch.h"
#include "query.h"
#ifdef __cplusplus
extern "C" {
#endif

typedef int   (*rtq_batch_fn)(const rtq_batch *batch, void *user);   /* batch: borrowed. 0: go on; RTQ_END: this query is done; */
                                     /* < 0: its rows count as errored, RTQ_NOTE_SINK. To end the run: rtq_run_stop() */
RTQ_API int  rtq_sink_open(rtq_sink **out, rtq_env *env, const char *kind, const rtq_option *options, size_t n_options,
                           rtq_diag **diag);
RTQ_API int  rtq_sink_callback(rtq_sink **out, rtq_env *env, rtq_batch_fn fn, void *user, rtq_destroy_fn destroy);
RTQ_API int  rtq_sink_queue(rtq_sink **out, rtq_env *env, size_t max_batches); /* pull: a full queue makes step AGAIN */
RTQ_API int  rtq_sink_take(rtq_batch **out, rtq_sink *queue);         /* [any] OK, AGAIN, END; caller frees the batch */
RTQ_API void rtq_sink_free(rtq_sink *sink);
typedef struct { size_t size;
    int      (*open)(void **stream, uint64_t query_id, const rtq_query *query, void *user);
    int      (*write)(void *stream, const rtq_batch *batch, void *user);    /* AGAIN: not now, offer it again */
    int      (*flush)(void *stream, uint64_t *durable_sequence, void *user);
    intptr_t (*handle)(void *user);
    int64_t  (*timeout_ns)(const rtq_clock *clock, void *user);
    void     (*close)(void *stream, void *user); } rtq_sink_vtable;
RTQ_API int  rtq_sink_custom(rtq_sink **out, rtq_env *env, const rtq_sink_vtable *vtable, void *user, rtq_destroy_fn destroy);

#ifdef __cplusplus
}
#endif
#endif
