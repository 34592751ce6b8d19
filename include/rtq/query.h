/** @file rtq/query.h
 *  Compiled queries and query files. All functions: Thread: any; a query never changes after it was compiled. */
#ifndef RTQ_QUERY_H
#define RTQ_QUERY_H
#include "env.h"
#ifdef __cplusplus
extern "C" {
#endif

/** When a window gives rows. Only FINAL is built in now. */
enum { RTQ_EMIT_FINAL = 0, RTQ_EMIT_EARLY, RTQ_EMIT_CORRECTIONS };

/** Options of a compile. Zero is the default of every member. */
typedef struct {
    size_t size; /**< set by the caller: sizeof of the struct */
    const rtq_source *const
        *sources;                 /**< they give table names and schemas; none and no `tables`: every table is open */
    size_t n_sources;             /**< number of sources */
    const rtq_script *library;    /**< .create-or-alter functions and views that the query may use */
    const rtq_option *parameters; /**< values of `declare query_parameters`: name, KQL literal; others are ignored */
    size_t n_parameters;          /**< number of parameters */
    const char *tables;       /**< declared tables: "T(a:long, b:string, *); U(...)"; a final * makes a table open */
    uint64_t max_state_bytes; /**< budget of the query's state; 0: the run's */
    uint32_t emit;            /**< RTQ_EMIT_* */
    uint32_t reserved;        /**< 0 */
    int64_t emit_every_ticks; /**< for RTQ_EMIT_EARLY */
} rtq_query_options;

/** Compiles one query. len may be RTQ_NTS; options and diag may be NULL. diag tells all mistakes at once, with positions; it may hold
 *  warnings after RTQ_OK.
 *  @return RTQ_OK, RTQ_ERR_ARG, RTQ_ERR_SYNTAX, RTQ_ERR_SEMANTIC, RTQ_ERR_UNSUPPORTED (KQL that does not run here, or not yet),
 *  RTQ_ERR_LIMIT (too long or too deep), RTQ_ERR_NOMEM. */
RTQ_API int rtq_query_compile(rtq_query **out, rtq_env *env, const char *kql, size_t len,
                              const rtq_query_options *options, rtq_diag **diag);

/** Reads a query file: queries split at blank lines (unless the text so far ends in a semicolon, a pipe or an open bracket, or the
 *  next line starts with a pipe), the first line of the // block above a query is its name, .create-or-alter function defines
 *  functions for all of them. The text is copied. @return RTQ_OK, RTQ_ERR_ARG, RTQ_ERR_SYNTAX (in a function), RTQ_ERR_NOMEM. */
RTQ_API int rtq_script_parse(rtq_script **out, rtq_env *env, const char *text, size_t len, rtq_diag **diag);
/** Number of queries. NULL: 0. */
RTQ_API size_t rtq_script_count(const rtq_script *script);
/** Compiles query `index`; its name is that of the header. Positions in diag count from the start of the file.
 *  @return as rtq_query_compile(). */
RTQ_API int rtq_script_compile(rtq_query **out, const rtq_script *script, size_t index,
                               const rtq_query_options *options, rtq_diag **diag);
/** Drops the caller's reference. NULL is fine. */
RTQ_API void rtq_script_free(rtq_script *script);

/** Name from the script's header, or "". Borrowed from the query. */
RTQ_API const char *rtq_query_name(const rtq_query *query);
/** Number of results: 1, but for several statements and the like. */
RTQ_API size_t rtq_query_n_results(const rtq_query *query);
/** Number of columns of a result, a rest column included. */
RTQ_API size_t rtq_query_n_columns(const rtq_query *query, size_t result);
/** Column `index` of a result; the name is borrowed from the query. @return RTQ_OK, RTQ_ERR_ARG. */
RTQ_API int rtq_query_column(rtq_column_def *out, const rtq_query *query, size_t result, size_t index);
/** The plan: operators, columns, what is asked of the sources, when blocking operators give rows. Text or JSON.
 *  @return RTQ_OK, RTQ_ERR_ARG, RTQ_ERR_NOMEM. */
RTQ_API int rtq_query_explain(rtq_blob **out, const rtq_query *query, int as_json);
/** Drops the caller's reference; runs keep theirs. NULL is fine. */
RTQ_API void rtq_query_free(rtq_query *query);

#ifdef __cplusplus
}
#endif
#endif
