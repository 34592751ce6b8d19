/** @file rtq/sink.h
 *  Where rows go. One sink may serve many queries of a run, each with its own schema; runs that go on at the same time need a sink
 *  each, but a queue, and a callback that allows it, may serve several. */
#ifndef RTQ_SINK_H
#define RTQ_SINK_H
#include "batch.h"
#include "query.h"
#ifdef __cplusplus
extern "C" {
#endif

/** Gets result rows. The batch is borrowed.
 *  @return RTQ_OK: go on; RTQ_AGAIN: not now, offer them again (meanwhile no source is read); RTQ_END: this query is done, what waits is
 *  dropped; all else: its rows count as errored (RTQ_NOTE_SINK). rtq_run_stop() ends the run.
 *  Thread: that of the step. */
typedef int (*rtq_batch_fn)(const rtq_batch *batch, void *user);

/** Opens a sink of a kind: "json", "table", "csv", "null"; rtq_env_describe() lists kinds and options.
 *  @return RTQ_OK, RTQ_ERR_ARG, RTQ_ERR_IO, RTQ_ERR_NOMEM. Thread: any. */
RTQ_API int rtq_sink_open(rtq_sink **out, rtq_env *env, const char *kind, const rtq_option *options, size_t n_options,
                          rtq_diag **diag);
/** A sink that calls fn. destroy(user) runs when it goes, also when this call fails.
 *  @return RTQ_OK, RTQ_ERR_ARG, RTQ_ERR_NOMEM. Thread: any. */
RTQ_API int rtq_sink_callback(rtq_sink **out, rtq_env *env, rtq_batch_fn fn, void *user, rtq_destroy_fn destroy);
/** A sink to pull from. While max_batches wait, steps read no further and return RTQ_AGAIN.
 *  @return RTQ_OK, RTQ_ERR_ARG, RTQ_ERR_NOMEM. Thread: any. */
RTQ_API int rtq_sink_queue(rtq_sink **out, rtq_env *env, size_t max_batches);
/** Takes the oldest batch of a queue; the caller frees it. What is left after the run's end can still be taken.
 *  @return RTQ_OK, RTQ_AGAIN (nothing now), RTQ_END (nothing ever), RTQ_ERR_ARG. Thread: any. */
RTQ_API int rtq_sink_take(rtq_batch **out, rtq_sink *queue);
/** Drops the caller's reference. NULL is fine. Thread: any. */
RTQ_API void rtq_sink_free(rtq_sink *sink);

/** A sink of the host. Only write must be there. All are called by the thread that is in the run. */
typedef struct {
    size_t size; /**< set by the caller: sizeof of the struct */
    /** A query's rows will come: *stream stands for them. < 0: the query does not start. */
    int (*open)(void **stream, uint64_t query_id, const rtq_query *query, void *user);
    /** Rows. RTQ_OK; RTQ_AGAIN: not now, offer them again (meanwhile no source is read); RTQ_END: the query is done, what waits is
     *  dropped; all else: errored. */
    int (*write)(void *stream, const rtq_batch *batch, void *user);
    /** The run ends: RTQ_OK when all is out, RTQ_AGAIN: not yet, < 0: failed. *durable_sequence: batches up to here are durable. */
    int (*flush)(void *stream, uint64_t *durable_sequence, void *user);
    /** A file descriptor or HANDLE to wait for while write or flush say RTQ_AGAIN; -1: none. */
    intptr_t (*handle)(void *user);
    /** Nanoseconds until write should be tried again; -1: none. */
    int64_t (*timeout_ns)(const rtq_clock *clock, void *user);
    /** The query's last call; not made when open failed. */
    void (*close)(void *stream, void *user);
} rtq_sink_vtable;

/** A sink of the host. destroy(user) runs when it goes, also when this call fails.
 *  @return RTQ_OK, RTQ_ERR_ARG, RTQ_ERR_NOMEM. Thread: any. */
RTQ_API int rtq_sink_custom(rtq_sink **out, rtq_env *env, const rtq_sink_vtable *vtable, void *user,
                            rtq_destroy_fn destroy);

#ifdef __cplusplus
}
#endif
#endif
