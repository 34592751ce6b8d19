/** @file rtq/run.h
 *  Sources, queries and sinks together. */
#ifndef RTQ_RUN_H
#define RTQ_RUN_H
#include "sink.h"
#include "source.h"
#ifdef __cplusplus
extern "C" {
#endif

typedef struct { size_t size; const char *name /* unique in the run (else RTQ_ERR_ARG), default the query's, else "q<id>": rows, statistics, checkpoint */;
                 rtq_sink *late, *errors; uint64_t max_errors, flags;
                 int64_t every_ticks, over_ticks /* scheduled: at each multiple of `every`, over the last `over`; 0 = not scheduled */; } rtq_attach_options;
enum { RTQ_NOTE_SOURCE = 1, RTQ_NOTE_QUERY, RTQ_NOTE_SINK, RTQ_NOTE_LOSS, RTQ_NOTE_APPLIED };
typedef struct { size_t size; int32_t note, code; uint64_t query_id, source_id, count; const char *message; } rtq_notice;
typedef void (*rtq_notice_fn)(const rtq_notice *notice, void *user);  /* what went wrong while the run goes on. [run] */
typedef struct { size_t size; rtq_notice_fn notice; void *notice_user; uint64_t max_state_bytes;
                 int64_t idle_ns; uint32_t step_rows /* bound of one step, 0 = 65536 */, flags; } rtq_run_options;
enum { RTQ_RUN_CLOCK_WALL = 1 /* now() is the wall clock on recordings too */ };
enum { RTQ_STAT_SOURCE = 1, RTQ_STAT_QUERY, RTQ_STAT_SINK };
/* source: in = out + filtered + errored + dropped + pending.  query: in = used + filtered + late + errored + dropped +
 * pending, and out = rows produced (= sum of its sinks' in).  sink: in = out + errored + dropped + pending (spooled). */
typedef struct { size_t size; uint64_t in, out, used, filtered, late, errored, dropped, pending, bytes, state_bytes, state_keys;
                 int64_t watermark_ticks; uint64_t busy_ns; } rtq_stats;
RTQ_API int  rtq_run_new(rtq_run **out, rtq_env *env, const rtq_run_options *options);
RTQ_API void rtq_run_free(rtq_run *run);                              /* [run] without stop: as RTQ_STOP_CANCEL */
/* [any] Checked now, collected, and applied together by commit before the next event (one re-plan); the first step commits.
 * Tables are bound by name; several sources with one table name form its union. Ids are never reused. */
RTQ_API int  rtq_run_add_source(uint64_t *id, rtq_run *run, rtq_source *source, rtq_diag **diag);
RTQ_API int  rtq_run_add_query(uint64_t *id, rtq_run *run, rtq_query *query, rtq_sink *sink,
                               const rtq_attach_options *options, rtq_diag **diag);
RTQ_API int  rtq_run_replace_query(rtq_run *run, uint64_t id, rtq_query *query, rtq_diag **diag); /* keeps state if same plan */
RTQ_API int  rtq_run_remove(rtq_run *run, uint64_t id);               /* a query (its windows: dropped) or a source */
RTQ_API int  rtq_run_commit(rtq_run *run);
/* [run] Never blocks. OK: more is ready, call again. AGAIN: wait for handle or timeout. END: all done, all flushed. < 0: the
 * run is dead (bad events, queries, sources only send notices). clock NULL: the system's clocks. */
RTQ_API int  rtq_run_step(rtq_run *run, const rtq_clock *clock, rtq_diag **diag);
RTQ_API intptr_t rtq_run_handle(const rtq_run *run);                  /* fd (level-triggered POLLIN) or HANDLE; one for life */
RTQ_API int64_t  rtq_run_timeout_ns(const rtq_run *run, const rtq_clock *clock); /* to the next timer; -1 none, 0 now */
RTQ_API int  rtq_run_wait(rtq_run *run, int64_t max_ns);              /* [run] poll(handle, min(max_ns, timeout)) */
RTQ_API int  rtq_run_all(rtq_run *run, rtq_diag **diag);              /* step and wait until END, in this thread */
enum { RTQ_STOP_DRAIN = 1 /* inputs end here, windows emit, sinks flush */, RTQ_STOP_SUSPEND /* rows in flight finish,
       open state stays for save */, RTQ_STOP_CANCEL /* END at once */ };
RTQ_API void rtq_run_stop(rtq_run *run, int mode);                    /* [any], also in a signal handler */
RTQ_API int  rtq_run_save(rtq_blob **out, rtq_run *run, rtq_diag **diag); /* [run] between steps: positions + state */
RTQ_API int  rtq_run_load(rtq_run *run, const void *data, size_t len, rtq_diag **diag); /* before the first step. By name: a
                                    query whose plan differs starts empty, with a warning in diag; the others keep their state */
RTQ_API int  rtq_run_stats(rtq_stats *out, const rtq_run *run, int what, uint64_t id);  /* [any]; id 0 = sum */
RTQ_API int  rtq_run_explain(rtq_blob **out, const rtq_run *run, int as_json); /* [any] what was pushed where, per query and source */
RTQ_API int  rtq_run_stats_json(rtq_blob **out, const rtq_run *run);  /* [any] all of it, with adapter counters by name */
RTQ_API int  rtq_sink_arrow_stream(struct ArrowArrayStream *out, rtq_sink *queue, rtq_run *run); /* get_next steps the run */

#ifdef __cplusplus
}
#endif
#endif
