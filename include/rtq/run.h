/** @file rtq/run.h
 *  Sources, queries and sinks together.
 *
 *  A run starts empty. Changes are checked at once and collected; rtq_run_commit() applies them together before the next event, with
 *  one re-plan; the first step commits. Tables are bound by name; several sources with one table name form its union. */
#ifndef RTQ_RUN_H
#define RTQ_RUN_H
#include "sink.h"
#include "source.h"
#ifdef __cplusplus
extern "C" {
#endif

/** Options of rtq_run_add_query(). Zero is the default of every member. */
typedef struct {
    size_t size;         /**< set by the caller: sizeof of the struct */
    const char *name;    /**< unique in the run (else RTQ_ERR_ARG); default the query's, else "q<id>" */
    rtq_sink *late;      /**< for rows that come too late for their window: RTQ_ERR_UNSUPPORTED now, they are counted */
    rtq_sink *errors;    /**< gets the result rows that the sink failed on */
    uint64_t max_errors; /**< failures of the sink after which the query is suspended; 0: never */
    uint64_t flags;      /**< 0: there are none yet */
    int64_t every_ticks; /**< scheduled: at each multiple of `every` (not built in yet: RTQ_ERR_UNSUPPORTED) */
    int64_t over_ticks;  /**< scheduled: over the last `over` */
} rtq_attach_options;

/** What a notice is about. */
enum {
    RTQ_NOTE_SOURCE = 1, /**< a source: it ended by an error, or some of its records could not be read */
    RTQ_NOTE_QUERY,      /**< a query: it ended, was suspended, or a function failed on some of its rows */
    RTQ_NOTE_SINK,       /**< a sink did not take rows, or could not flush */
    RTQ_NOTE_LOSS,       /**< rows that waited are lost: out of memory, or what they waited for was removed */
    RTQ_NOTE_APPLIED     /**< committed changes took effect */
};
/** Something went wrong, or took effect, while the run goes on. Pointers are borrowed. */
typedef struct {
    size_t size;         /**< set by the library: sizeof of its struct */
    int32_t note;        /**< RTQ_NOTE_* */
    int32_t code;        /**< RTQ_ERR_*; 0: none */
    uint64_t query_id;   /**< id in the run; 0: none */
    uint64_t source_id;  /**< id in the run; 0: none */
    uint64_t count;      /**< rows or records it concerns */
    const char *message; /**< what is wrong; borrowed */
} rtq_notice;
/** Gets notices. Thread: that of the step. */
typedef void (*rtq_notice_fn)(const rtq_notice *notice, void *user);

/** Flags of rtq_run_options. */
enum {
    RTQ_RUN_CLOCK_WALL = 1,    /**< now() is the wall clock on recordings too, not the time of the row */
    RTQ_RUN_EXTERNAL_FILES = 2 /**< externaldata may read local files; without it such a query does not start */
};
/** Options of rtq_run_new(). Zero is the default of every member. */
typedef struct {
    size_t size;          /**< set by the caller: sizeof of the struct */
    rtq_notice_fn notice; /**< gets notices; NULL: they go to the log only */
    void *notice_user;    /**< user of notice */
    uint64_t
        max_state_bytes; /**< budget of each query that has none of its own; 0: none. A file is read a second time rather than
                               *   that rows which wait for a join or a subquery take more than a quarter of it (8 MiB at most) */
    int64_t idle_ns;    /**< not used yet */
    uint32_t step_rows; /**< rows that one step reads at most; 0: 65536 */
    uint32_t flags;     /**< RTQ_RUN_* */
} rtq_run_options;

/** What statistics are of. */
enum { RTQ_STAT_SOURCE = 1, RTQ_STAT_QUERY, RTQ_STAT_SINK };
/** Counts since the start, consistent with each other at any time, also in mid-flight:
 *  source: in = out + filtered + errored + dropped + pending;
 *  query: in = used + filtered + late + errored + dropped + pending, and out = rows produced (what the source rejected for it counts as
 *  filtered; what is read a second time is not counted again); sink (of a query): in = out + errored + dropped + pending. Rows that
 *  were handed over count from the next step on. */
typedef struct {
    size_t size;             /**< set by the caller: sizeof of the struct */
    uint64_t in;             /**< came in */
    uint64_t out;            /**< went out (of a query: rows produced) */
    uint64_t used;           /**< of a query: rows that went into its operators */
    uint64_t filtered;       /**< rejected by predicates */
    uint64_t late;           /**< too late for their window */
    uint64_t errored;        /**< could not be read, evaluated or delivered */
    uint64_t dropped;        /**< lost to a full queue or a lack of memory, by declared policy */
    uint64_t pending;        /**< waiting; once the run has ended: never read, or not delivered */
    uint64_t bytes;          /**< read by sources */
    uint64_t state_bytes;    /**< held by queries now */
    uint64_t state_keys;     /**< groups and keys held by queries now */
    int64_t watermark_ticks; /**< INT64_MAX: ended */
    uint64_t busy_ns;        /**< not measured yet */
} rtq_stats;

/** Makes an empty run. options may be NULL. @return RTQ_OK, RTQ_ERR_ARG, RTQ_ERR_IO, RTQ_ERR_NOMEM. Thread: any. */
RTQ_API int rtq_run_new(rtq_run **out, rtq_env *env, const rtq_run_options *options);
/** Drops the caller's reference; without a stop before it, as RTQ_STOP_CANCEL. NULL is fine. Thread: run. */
RTQ_API void rtq_run_free(rtq_run *run);

/** Adds a source, which may belong to one run only. Ids (id may be NULL) are never reused.
 *  @return RTQ_OK, RTQ_ERR_ARG, RTQ_ERR_SEMANTIC (a query that is there reads such a table with other column types), RTQ_ERR_STATE
 *  (attached already, or the run has ended), RTQ_ERR_NOMEM. Thread: any. */
RTQ_API int rtq_run_add_source(uint64_t *id, rtq_run *run, rtq_source *source, rtq_diag **diag);
/** Adds a query whose rows go to sink (NULL: they are counted only).
 *  @return RTQ_OK, RTQ_ERR_ARG (name taken), RTQ_ERR_SEMANTIC (no source has a table that it reads, or with other column types),
 *  RTQ_ERR_STATE (the run has ended), RTQ_ERR_UNSUPPORTED (a schedule, a sink for late rows, a function without its data: see
 *  rtq_env_set_data()), RTQ_ERR_NOMEM. Thread: any. */
RTQ_API int rtq_run_add_query(uint64_t *id, rtq_run *run, rtq_query *query, rtq_sink *sink,
                              const rtq_attach_options *options, rtq_diag **diag);
/** Puts another query in the place of one: id, name, sink and counts stay, state starts empty.
 *  @return RTQ_OK, RTQ_ERR_ARG (no such query), RTQ_ERR_SEMANTIC, RTQ_ERR_STATE, RTQ_ERR_UNSUPPORTED, RTQ_ERR_NOMEM. Thread: any. */
RTQ_API int rtq_run_replace_query(rtq_run *run, uint64_t id, rtq_query *query, rtq_diag **diag);
/** Removes a query (its open windows are dropped, and rows that wait for its sink with a notice) or a source (its input ends, rows not
 *  read are lost with a notice). @return RTQ_OK, RTQ_ERR_ARG (no such id), RTQ_ERR_STATE (the run has ended), RTQ_ERR_NOMEM. Thread: any. */
RTQ_API int rtq_run_remove(rtq_run *run, uint64_t id);
/** Applies the changes collected so far, together, before the next event. @return RTQ_OK, RTQ_ERR_ARG. Thread: any. */
RTQ_API int rtq_run_commit(rtq_run *run);

/** Goes on a bounded bit; never blocks. clock NULL: the system's clocks.
 *  @return RTQ_OK: more is ready, call again; RTQ_AGAIN: wait for the handle or the timeout; RTQ_END: all done, all flushed;
 *  RTQ_ERR_STATE: somebody else is in it; below 0: the run is dead. Bad events, queries and sources send notices only. Thread: run. */
RTQ_API int rtq_run_step(rtq_run *run, const rtq_clock *clock, rtq_diag **diag);
/** One file descriptor (level-triggered, readable) or HANDLE for the run's life. Thread: any. */
RTQ_API intptr_t rtq_run_handle(const rtq_run *run);
/** Nanoseconds to the next timer; -1: none, 0: step now. clock NULL: the system's. Thread: run. */
RTQ_API int64_t rtq_run_timeout_ns(const rtq_run *run, const rtq_clock *clock);
/** Waits for the handle or the timeout, at most max_ns (-1: no limit). @return RTQ_OK, RTQ_AGAIN (time is up), RTQ_ERR_ARG,
 *  RTQ_ERR_IO. Thread: run. */
RTQ_API int rtq_run_wait(rtq_run *run, int64_t max_ns);
/** Steps and waits until the end. With a queue sink somebody else must take. @return RTQ_END, or below 0 as rtq_run_step(). Thread: run. */
RTQ_API int rtq_run_all(rtq_run *run, rtq_diag **diag);

/** How a run stops. */
enum {
    RTQ_STOP_DRAIN = 1, /**< inputs end here, windows emit, sinks flush */
    RTQ_STOP_SUSPEND,   /**< rows in flight finish, open state stays for save */
    RTQ_STOP_CANCEL     /**< the end at once */
};
/** Asks the run to stop; the steps that follow lead to RTQ_END. Thread: any, also in a signal handler. */
RTQ_API void rtq_run_stop(rtq_run *run, int mode);
/** Positions and state, between steps. Not built in yet. @return RTQ_ERR_UNSUPPORTED, RTQ_ERR_ARG. Thread: run. */
RTQ_API int rtq_run_save(rtq_blob **out, rtq_run *run, rtq_diag **diag);
/** Goes on from a save, before the first step; queries are matched by name. Not built in yet.
 *  @return RTQ_ERR_UNSUPPORTED, RTQ_ERR_ARG. Thread: run. */
RTQ_API int rtq_run_load(rtq_run *run, const void *data, size_t len, rtq_diag **diag);

/** Counts of one source, one query, or one query's sink by id; id 0: the sum, also of those that were removed. out->size must be set.
 *  @return RTQ_OK, RTQ_ERR_ARG (no such id). Thread: any. */
RTQ_API int rtq_run_stats(rtq_stats *out, const rtq_run *run, int what, uint64_t id);
/** What each source was asked for, what it takes over, and the plans of the queries, as of the last commit. Text or JSON.
 *  @return RTQ_OK, RTQ_ERR_ARG, RTQ_ERR_NOMEM. Thread: any. */
RTQ_API int rtq_run_explain(rtq_blob **out, const rtq_run *run, int as_json);
/** All counts as a JSON array. @return RTQ_OK, RTQ_ERR_ARG, RTQ_ERR_NOMEM. Thread: any. */
RTQ_API int rtq_run_stats_json(rtq_blob **out, const rtq_run *run);
/** The batches of the one query that a queue sink serves, as an Arrow stream whose get_next steps the run. The stream keeps both.
 *  @return RTQ_OK, RTQ_ERR_ARG, RTQ_ERR_STATE (the queue serves no query or several), RTQ_ERR_NOMEM. Thread: run. */
RTQ_API int rtq_sink_arrow_stream(struct ArrowArrayStream *out, rtq_sink *queue, rtq_run *run);

#ifdef __cplusplus
}
#endif
#endif
