/** @file rtq/query.h
 *  Compiled queries and query files. */
#ifndef RTQ_QUERY_H
#define RTQ_QUERY_H
#include "env.h"
#ifdef __cplusplus
extern "C" {
#endif

typedef struct { size_t size;
                 const rtq_source *const *sources; size_t n_sources; /* give the table names and schemas; 0: all open */
                 const rtq_script *library;                          /* .create-or-alter functions and views */
                 const rtq_option *parameters; size_t n_parameters;  /* declare query_parameters: name, KQL literal */
                 const char *tables;                                 /* declared: "T(a:long, b:string, *); U(...)", * = open */
                 uint64_t max_state_bytes; uint32_t emit, reserved; int64_t emit_every_ticks; } rtq_query_options;
enum { RTQ_EMIT_FINAL = 0, RTQ_EMIT_EARLY, RTQ_EMIT_CORRECTIONS };
/* ---- queries: immutable, [any] ------------------------------------------------------------------------------------ */
RTQ_API int  rtq_query_compile(rtq_query **out, rtq_env *env, const char *kql, size_t len, const rtq_query_options *options,
                               rtq_diag **diag);
RTQ_API int  rtq_script_parse(rtq_script **out, rtq_env *env, const char *text, size_t len, rtq_diag **diag); /* query file */
RTQ_API size_t rtq_script_count(const rtq_script *script);
RTQ_API int  rtq_script_compile(rtq_query **out, const rtq_script *script, size_t index, const rtq_query_options *options,
                                rtq_diag **diag);
RTQ_API void rtq_script_free(rtq_script *script);
RTQ_API const char *rtq_query_name(const rtq_query *query);
RTQ_API size_t rtq_query_n_results(const rtq_query *query);           /* 1, but for fork, facet, several statements */
RTQ_API size_t rtq_query_n_columns(const rtq_query *query, size_t result);
RTQ_API int  rtq_query_column(rtq_column_def *out, const rtq_query *query, size_t result, size_t index);
RTQ_API int  rtq_query_explain(rtq_blob **out, const rtq_query *query, int as_json);
RTQ_API void rtq_query_free(rtq_query *query);

#ifdef __cplusplus
}
#endif
#endif
