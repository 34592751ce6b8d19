/** @file rtq/source.h
 *  Feeds: built-in kinds, push sources with appenders, custom adapters. */
#ifndef RTQ_SOURCE_H
#define RTQ_SOURCE_H
#include "env.h"
#ifdef __cplusplus
extern "C" {
#endif

/** Opens a feed: checks options and fixes tables and schemas. At most a header is read, no privilege is needed; reading starts with
 *  the run's first step. kind: "evtx", "json", "csv", "syslog", "push"; rtq_env_describe() lists kinds and options.
 *  @return RTQ_OK, RTQ_ERR_ARG (unknown kind or option, with the nearest name), RTQ_ERR_IO, RTQ_ERR_DATA, RTQ_ERR_NOMEM. Thread: any. */
RTQ_API int rtq_source_open(rtq_source **out, rtq_env *env, const char *kind, const rtq_option *options,
                            size_t n_options, rtq_diag **diag);
/** JSON: kind, bounded or not, tables with their columns. @return RTQ_OK, RTQ_ERR_ARG, RTQ_ERR_NOMEM. Thread: any. */
RTQ_API int rtq_source_describe(rtq_blob **out, const rtq_source *source);
/** Drops the caller's reference; a run keeps its own. To a push source it also says that the host makes no more appenders.
 *  NULL is fine. Thread: any. */
RTQ_API void rtq_source_free(rtq_source *source);

/** @name Appenders
 *  Any number for one push source (options table, schema, time_column, queue_rows, full=wait|drop), each for one thread and each an
 *  ordered partition with its own watermark. Rows are copied into the appender; flush hands them over in one piece and wakes the run.
 *  Like a pipe, the source ends when the host has freed it and all its appenders.
 *  @{ */
/** Makes an appender for a table of a push source (NULL: the first). @return RTQ_OK, RTQ_ERR_ARG, RTQ_ERR_NOMEM. Thread: any. */
RTQ_API int rtq_appender_new(rtq_appender **out, rtq_source *source, const char *table);
/** Adds n_rows rows; one column a table column, in order. int and long stand for each other where values fit. On an error none of
 *  them is added. Bad UTF-8 becomes U+FFFD.
 *  @return RTQ_OK, RTQ_ERR_ARG (column count or kind), RTQ_ERR_DATA, RTQ_ERR_NOMEM. Thread: one. */
RTQ_API int rtq_appender_columns(rtq_appender *appender, const rtq_column *columns, size_t n_columns, size_t n_rows);
/** Adds one row, a cell a column; a null may have any kind. @return as rtq_appender_columns(). Thread: one. */
RTQ_API int rtq_appender_row(rtq_appender *appender, const rtq_value *cells, size_t n_cells);
/** Adds JSON: one object, an array of objects, or an object a line. Members go to columns by name, converted where KQL would; an open
 *  table keeps the whole object. len may be RTQ_NTS.
 *  @return RTQ_OK; RTQ_ERR_DATA: some text was no object, which is counted as errored, the rest was added; RTQ_ERR_ARG,
 *  RTQ_ERR_NOMEM. Thread: one. */
RTQ_API int rtq_appender_json(rtq_appender *appender, const char *bytes, size_t len);
/** Adds the rows of a struct array, columns by name (those missing are null). On RTQ_OK the array was moved in and is released.
 *  @return RTQ_OK, RTQ_ERR_ARG (an unknown column, no struct), RTQ_ERR_UNSUPPORTED (a type), RTQ_ERR_DATA, RTQ_ERR_NOMEM. Thread: one. */
RTQ_API int rtq_appender_arrow(rtq_appender *appender, const struct ArrowSchema *schema, struct ArrowArray *array);
/** Why the last call on this appender failed: the column, the row, the reason; no item when it did not. What it says of wrong
 *  pointers is the code alone. @return RTQ_OK, RTQ_ERR_ARG, RTQ_ERR_NOMEM. Thread: one. */
RTQ_API int rtq_appender_error(const rtq_appender *appender, rtq_diag **diag);
/** Promises that no later row of this appender is older than watermark_ticks, beyond what its rows already say. position: the host's
 *  own bytes for acknowledgement and checkpoints (not used yet). Thread: one. */
RTQ_API void rtq_appender_mark(rtq_appender *appender, int64_t watermark_ticks, const void *position, size_t len);
/** Hands the rows over. @return RTQ_OK; RTQ_AGAIN: the queue is full, nothing was handed over, try again; RTQ_ERR_STATE: the run has
 *  ended. Thread: one. */
RTQ_API int rtq_appender_flush(rtq_appender *appender);
/** Flushes if there is room (else the rows count as dropped) and ends this partition. NULL is fine. Thread: one. */
RTQ_API void rtq_appender_free(rtq_appender *appender);
/** @} */

/** What a source says of a conjunct. EXACT saves the re-check where a single query reads the table; with several it counts as SUPERSET. */
enum {
    RTQ_PUSH_NO = 0,   /**< not evaluated */
    RTQ_PUSH_SUPERSET, /**< rows that fail it may still come */
    RTQ_PUSH_EXACT     /**< no row that fails it comes */
};

/** Operators of conjuncts. EQ_NOCASE to ENDSWITH ignore case for text; + RTQ_OP_CASE: they do not; + RTQ_OP_NOT: negated. */
enum {
    RTQ_OP_EQ = 1,
    RTQ_OP_NE,
    RTQ_OP_LT,
    RTQ_OP_LE,
    RTQ_OP_GT,
    RTQ_OP_GE,
    RTQ_OP_IN,
    RTQ_OP_BETWEEN, /**< two values, both inclusive */
    RTQ_OP_EQ_NOCASE,
    RTQ_OP_HAS,
    RTQ_OP_CONTAINS,
    RTQ_OP_STARTSWITH,
    RTQ_OP_ENDSWITH,
    RTQ_OP_MATCHES, /**< regular expression */
    RTQ_OP_ISNULL,
    RTQ_OP_NOTNULL,
    RTQ_OP_IPV4_IN,
    RTQ_OP_OTHER = 99,
    RTQ_OP_CASE = 100,
    RTQ_OP_NOT = 200
};

/** One test on one path. A row is wanted if for some branch all its conjuncts hold. */
typedef struct {
    size_t size;             /**< set by the caller */
    size_t table;            /**< number of the table, in the order of declaration */
    size_t branch;           /**< number of the branch within the table */
    const char *path;        /**< "EventID", "EventData.Image" */
    uint32_t op;             /**< RTQ_OP_* */
    uint32_t n_values;       /**< number of values */
    const rtq_value *values; /**< valid as long as the demand */
} rtq_conjunct;

/** How a source's watermark is made. */
enum {
    RTQ_WATERMARK_RECORDS = 0, /**< the largest time of all records, also of rejected ones */
    RTQ_WATERMARK_CLOCK        /**< the clock less max_delay */
};

/** Column `index` that the queries want of table `table`. @return RTQ_OK, RTQ_END behind the last, RTQ_ERR_ARG. Thread: inside plan(). */
RTQ_API int rtq_demand_column(rtq_column_def *out, const rtq_demand *demand, size_t table, size_t index);
/** Conjunct `index`, over all tables and branches; verdicts[index] is its answer. out->size must be set.
 *  @return RTQ_OK, RTQ_END behind the last, RTQ_ERR_ARG. Thread: inside plan(). */
RTQ_API int rtq_demand_conjunct(rtq_conjunct *out, const rtq_demand *demand, size_t index);

/** A source of the host. Only tables and next must be there. tables is called by the thread of rtq_source_custom(), close by the one
 *  that drops the last reference, all others by the thread that is in the run. */
typedef struct {
    size_t size; /**< set by the caller: sizeof of the struct */
    /** "Proc(Time:datetime, Pid:long); Net(...)": called once, at open; the first datetime is the event time. */
    const char *(*tables)(void *user);
    /** Sees the demand before the start and again after each commit, and fills verdicts (RTQ_PUSH_*), preset to NO. < 0: the run dies. */
    int (*plan)(uint8_t *verdicts, int32_t *watermark_kind, int64_t *max_delay_ticks, const rtq_demand *demand,
                void *user);
    /** Reading begins, after `position` (of a checkpoint; NULL: from the start). */
    int (*start)(const void *position, size_t len, void *user);
    /** Adds rows with the appenders, one a table; never blocks. RTQ_OK: call again, RTQ_AGAIN: wait for handle or timeout, RTQ_END,
     *  < 0: the source is dead, once the rows that it has added are read. No flush needed. */
    int (*next)(rtq_appender *const *tables, const rtq_clock *clock, void *user);
    /** A file descriptor (readable) or HANDLE to wait for; -1: none. Asked once, after start. */
    intptr_t (*handle)(void *user);
    /** Nanoseconds until next() should be called anyway; -1: none. */
    int64_t (*timeout_ns)(const rtq_clock *clock, void *user);
    /** All rows up to here are durable downstream (not called yet: it comes with checkpoints). */
    int (*ack)(const void *position, size_t len, void *user);
    /** The last call. */
    void (*close)(void *user);
} rtq_source_vtable;

/** Opens a source of the host with the same demand and pushdown as the built-in ones. destroy(user) runs when it goes.
 *  @return RTQ_OK, RTQ_ERR_ARG (also: a bad table declaration), RTQ_ERR_NOMEM. Thread: any. */
RTQ_API int rtq_source_custom(rtq_source **out, rtq_env *env, const rtq_source_vtable *vtable, void *user,
                              rtq_destroy_fn destroy, rtq_diag **diag);

#ifdef __cplusplus
}
#endif
#endif
