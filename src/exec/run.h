/* run.h - sources, queries and sinks together.
 *
 * Two halves. Any thread may add, replace, remove, commit, stop and read statistics: these touch only what `lock` guards (the registry,
 * the list of changes, the published statistics) and two atomics. All else belongs to the thread that is in rtq__run_step(). */
#ifndef RTQ__RUN_H
#define RTQ__RUN_H
#include "exec/handles.h"
#include "exec/pipe.h"
#include "os/wait.h"

enum { RTQ__CHANGE_ADD_SOURCE = 1, RTQ__CHANGE_ADD_QUERY, RTQ__CHANGE_REPLACE, RTQ__CHANGE_REMOVE };
typedef struct rtq__change {
    struct rtq__change *next;
    uint8_t what;
    uint64_t id;
    rtq_source *source;
    rtq_query *query;
    rtq_sink *sink, *errors;
    uint64_t max_errors;
    char *name;
} rtq__change;

/* What is there, counting changes that are not applied yet: what checks look at. Guarded by lock. */
typedef struct rtq__entry {
    uint64_t id;
    rtq_source *source;
    char *name;
    const rtq_query *query;
    const rtq_sink *sink;
} rtq__entry;

/* One result stream's batches that the sink did not take yet. */
typedef struct rtq__pending {
    struct rtq__pending *next;
    rtq_batch *batch;
} rtq__pending;

/* One read of a query: a plan table bound to a table of a source. */
typedef struct rtq__binding {
    uint32_t source; /* index in run->sources */
    uint32_t source_table, plan_table;
    uint32_t reader;        /* of the source's demand; UINT32_MAX: reads nothing of it now */
    uint64_t base_filtered; /* the source's, when the query came */
} rtq__binding;

typedef struct rtq__run_query {
    uint64_t id;
    struct rtq_run *run;
    rtq_query *query;
    rtq_sink *sink, *errors;
    void *stream, *errors_stream;
    char *name;
    rtq__pipe_host host;
    rtq__pipe *pipe;
    rtq__binding *bindings;
    uint32_t n_bindings;
    rtq__host_table **host_tables;
    rtq__batch ***host_batches;
    uint32_t n_host_tables; /* kept while the pipe lives */
    rtq__pending *first, *last;
    int64_t watermark;
    bool started, done, dead, finished, open;
    bool waits; /* has had its reading and wants another */
    bool again; /* … which this is */
    uint64_t sequence, n_errors, max_errors;
    uint32_t generation;
    rtq_stats sink_stats;
    rtq__pipe_stats frozen;   /* of pipes that are closed */
    uint64_t frozen_filtered; /* what sources rejected for reads that are gone */
    intptr_t sink_handle;     /* watched while the sink does not take rows, else -1 */
    bool sink_waits;          /* … or does not finish flushing: its timeout counts */
} rtq__run_query;

typedef struct rtq__run_source {
    uint64_t id;
    rtq_source *source;
    rtq__src *src;
    rtq_demand *demand, *old;
    bool started, ended, dead, draining;
    bool again;              /* not the first reading … */
    rtq__source_stats first; /* … whose counts these are */
    intptr_t handle;         /* -1: none */
    bool watched;            /* the waiter has it */
} rtq__run_source;

/* What rtq_run_stats reads; copied under lock after each batch. */
typedef struct rtq__published {
    uint64_t id;
    uint8_t what;
    rtq_stats stats;
} rtq__published;

struct rtq_run {
    _Atomic uint32_t refs;
    rtq_env *env;
    rtq__mem *mem;
    rtq_run_options options;
    rtq__waiter waiter;
    _Atomic int stop; /* RTQ_STOP_*, 0: none */
    _Atomic bool commit, stepping;
    rtq__mutex lock;
    rtq__change *changes, **tail, *committed;
    rtq__entry *entries;
    size_t n_entries, cap_entries;
    rtq__published *published;
    size_t n_published, cap_published;
    rtq_stats published_gone[4]; /* by RTQ_STAT_*: of what was removed */
    uint64_t next_id;
    rtq__buf explained[2]; /* text, JSON: as of the last commit */
    /* ---- of the stepping thread ---- */
    rtq__run_source **sources;
    size_t n_sources, cap_sources;
    rtq__run_query **queries;
    size_t n_queries, cap_queries;
    rtq__scratch scratch;
    rtq__eval eval;
    rtq_batch lent;
    rtq_stats gone[4]; /* published_gone as of the next time */
    uint32_t epoch;
    size_t turn;  /* next source to ask */
    bool holding; /* sources are not read, as sinks take nothing */
    bool began, ended, dead, had_query;
    int stopping; /* the stop that steps have seen */
    rtq_clock clock;
    uint64_t table_version;
    rtq_diag *diag; /* of this step: the caller's, or our own */
    rtq_diag *own_diag;
};

/* run_change.c: any thread */
int rtq__run_change(rtq_run *run, rtq__change *change, uint64_t *id, rtq_diag *diag); /* takes change over */
void rtq__run_commit(rtq_run *run);
/* The query whose rows go to `sink`: the only one, as an Arrow stream has one schema; NULL: none, or several. */
const rtq_query *rtq__run_query_of(rtq_run *run, const rtq_sink *sink);
rtq_run *rtq__run_ref(rtq_run *run);
void rtq__change_free(rtq_run *run, rtq__change *change);
/* run_apply.c */
int rtq__run_apply(rtq_run *run, rtq_diag *diag);
void rtq__run_close_query(rtq_run *run, rtq__run_query *q);
void rtq__run_close_source(rtq_run *run, rtq__run_source *s);
/* The query stays, dead, and the others go on. Only a lack of memory ends the run. before: diagnostics that were there already. */
int rtq__run_could_not_start(rtq_run *run, rtq__run_query *q, size_t before, int rc);
/* run_plan.c */
int rtq__run_replan(rtq_run *run, rtq_diag *diag);
int rtq__run_plan_source(rtq_run *run, size_t index);                  /* gives it the demand of its queries */
uint64_t rtq__run_rejected(const rtq_run *run, const rtq__binding *b); /* rows that the source kept from the query */
/* run_tables.c */
int rtq__run_table(void *ctx, const rtq__table *table, rtq__batch *const **batches,
                   uint32_t *n_batches);                    /* rtq__pipe_host.host_table */
void rtq__run_reload(rtq_run *run);                         /* reference tables that were replaced */
void rtq__run_drop_tables(rtq_run *run, rtq__run_query *q); /* its pipe is closed */
/* run_again.c */
void rtq__run_allow_again(rtq_run *run, rtq__run_query *q);  /* its pipe is new */
void rtq__run_check_again(rtq_run *run);                     /* sources came, or failed */
void rtq__run_forbid_again(rtq_run *run, rtq__run_query *q); /* a source of it goes */
int rtq__run_begin_again(rtq_run *run); /* all sources have ended. OK: they are read again; END: nobody wants it */
void rtq__run_give_up(rtq_run *run, rtq__run_query *q);
const rtq__source_stats *rtq__run_counts(const rtq__run_source *s); /* of the first reading */
/* run_deliver.c */
int rtq__run_external(void *ctx, const rtq__rel *rel, uint32_t uri, rtq__src **out,
                      rtq_diag *diag);                            /* run_external.c */
int rtq__run_rows(void *ctx, uint32_t result, rtq__batch *batch); /* rtq__pipe_host.rows */
uint64_t rtq__run_drop_pending(rtq__run_query *q);                /* rows that waited for the sink and go nowhere */
int rtq__run_drain_pending(rtq_run *run);                         /* OK: nothing waits, AGAIN: some sink is full */
int rtq__run_open_sink(rtq__run_query *q, rtq_diag *diag);
int rtq__run_flush_sinks(rtq_run *run);
int64_t rtq__run_sink_timeout(const rtq__run_query *q, const rtq_clock *clock);
int rtq__run_flush_sink(rtq__run_query *q); /* OK, AGAIN */
void rtq__run_close_sink(rtq__run_query *q);
/* run_step.c */
int rtq__run_step(rtq_run *run, const rtq_clock *clock, rtq_diag *diag);
int64_t rtq__run_timeout(const rtq_run *run, const rtq_clock *clock);
void rtq__run_note(rtq_run *run, int note, int code, uint64_t query, uint64_t source, uint64_t count,
                   const char *format, ...) __attribute__((format(printf, 7, 8)));
const char *rtq__run_why(const rtq_run *run, size_t before,
                         int rc); /* what was added to the diag since, else the code's words */
void rtq__run_wake(void *run);
void rtq__run_tell_failed(rtq_run *run, rtq__run_query *q); /* host functions that failed since the last time */
void rtq__run_watch_source(rtq_run *run, rtq__run_source *s, bool on);
void rtq__run_detach(rtq_run *run, rtq__run_source *s);            /* … and takes nothing any more */
void rtq__run_after_pipe(rtq_run *run, rtq__run_query *q, int rc); /* what a call of the query's pipe returned */
/* run_stats.c */
void rtq__run_publish(rtq_run *run);
void rtq__run_removed_query(rtq_run *run, const rtq__run_query *q); /* its counts stay in the sums */
void rtq__run_removed_source(rtq_run *run, const rtq__run_source *s);
int rtq__run_stats(rtq_stats *out, const rtq_run *run, int what, uint64_t id);
int rtq__run_render(rtq_run *run); /* run_explain.c: of the stepping thread, after a re-plan */
int rtq__run_explain(rtq__buf *out, const rtq_run *run, bool as_json);
int rtq__run_stats_json(rtq__buf *out, const rtq_run *run);

#endif
