/** @file rtq/source.h
 *  Feeds: built-in kinds, push sources with appenders, custom adapters. */
#ifndef RTQ_SOURCE_H
#define RTQ_SOURCE_H
#include "env.h"
#ifdef __cplusplus
extern "C" {
#endif

RTQ_API int  rtq_source_open(rtq_source **out, rtq_env *env, const char *kind /* "evtx", "ebpf", "push" ... */,
                             const rtq_option *options, size_t n_options, rtq_diag **diag);
RTQ_API int  rtq_source_describe(rtq_blob **out, const rtq_source *source);
RTQ_API void rtq_source_free(rtq_source *source);
/* "push" source (options table, schema, time_column, queue_rows, full=wait|drop): any number of appenders, each [one], each an
 * ordered partition with its own watermark. Rows are copied into the appender; flush hands them over in one piece (one lock)
 * and wakes the run. RTQ_AGAIN: queue full, nothing handed over, try again. RTQ_ERR_STATE: the run has ended. Like a pipe, the
 * source ends when the host has freed it and all its appenders. */
RTQ_API int  rtq_appender_new(rtq_appender **out, rtq_source *source, const char *table);
RTQ_API int  rtq_appender_columns(rtq_appender *appender, const rtq_column *columns, size_t n_columns, size_t n_rows);
RTQ_API int  rtq_appender_row(rtq_appender *appender, const rtq_value *cells, size_t n_cells);
RTQ_API int  rtq_appender_json(rtq_appender *appender, const char *bytes, size_t len);
RTQ_API int  rtq_appender_arrow(rtq_appender *appender, const struct ArrowSchema *schema, struct ArrowArray *array); /* moved
                                                                         out of *array on RTQ_OK only */
RTQ_API void rtq_appender_mark(rtq_appender *appender, int64_t watermark_ticks, const void *position, size_t len);
RTQ_API int  rtq_appender_flush(rtq_appender *appender);
RTQ_API void rtq_appender_free(rtq_appender *appender);               /* flushes if it can; ends this partition */

/* EXACT saves the re-check only where a single query reads the table; with several it counts as SUPERSET. */
enum { RTQ_PUSH_NO = 0, RTQ_PUSH_SUPERSET, RTQ_PUSH_EXACT };
typedef struct { size_t size; size_t table, branch; /* wanted if all conjuncts of any branch hold */ const char *path;
                 uint32_t op, n_values; const rtq_value *values; } rtq_conjunct;
enum { RTQ_OP_EQ = 1, RTQ_OP_NE, RTQ_OP_LT, RTQ_OP_LE, RTQ_OP_GT, RTQ_OP_GE, RTQ_OP_IN, RTQ_OP_BETWEEN, RTQ_OP_EQ_NOCASE, RTQ_OP_HAS,
       RTQ_OP_CONTAINS, RTQ_OP_STARTSWITH, RTQ_OP_ENDSWITH /* 10..13 ignore case; + RTQ_OP_CASE: exact */, RTQ_OP_MATCHES,
       RTQ_OP_ISNULL, RTQ_OP_NOTNULL, RTQ_OP_IPV4_IN, RTQ_OP_OTHER = 99, RTQ_OP_CASE = 100, RTQ_OP_NOT = 200 };
enum { RTQ_WATERMARK_RECORDS = 0 /* largest time of all records, also rejected ones */, RTQ_WATERMARK_CLOCK /* clock - max_delay */ };
RTQ_API int  rtq_demand_column(rtq_column_def *out, const rtq_demand *demand, size_t table, size_t index); /* END after last */
RTQ_API int  rtq_demand_conjunct(rtq_conjunct *out, const rtq_demand *demand, size_t index);
typedef struct { size_t size;
    const char *(*tables)(void *user);        /* "Proc(Time:datetime, Pid:long); Net(...)"; the first datetime is the event time */
    int      (*plan)(uint8_t *verdicts, int32_t *watermark_kind, int64_t *max_delay_ticks, const rtq_demand *demand,
                     void *user);                                     /* again at each commit */
    int      (*start)(const void *position, size_t len, void *user);
    int      (*next)(rtq_appender *const *tables, const rtq_clock *clock, void *user); /* never blocks: OK, AGAIN, END, < 0 */
    intptr_t (*handle)(void *user);                                   /* -1: none */
    int64_t  (*timeout_ns)(const rtq_clock *clock, void *user);
    int      (*ack)(const void *position, size_t len, void *user);    /* all up to here is durable downstream */
    void     (*close)(void *user); } rtq_source_vtable;
RTQ_API int  rtq_source_custom(rtq_source **out, rtq_env *env, const rtq_source_vtable *vtable, void *user, rtq_destroy_fn destroy,
                               rtq_diag **diag);

#ifdef __cplusplus
}
#endif
#endif
