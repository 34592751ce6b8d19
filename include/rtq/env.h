/** @file rtq/env.h
 *  The environment: allocator, log, limits, host functions, reference tables. */
#ifndef RTQ_ENV_H
#define RTQ_ENV_H
#include "diag.h"
#ifdef __cplusplus
extern "C" {
#endif

/** Allocates (ptr NULL), resizes, or frees (new_len 0) memory aligned for any type. old_len is what was asked for before, in bytes.
 *  NULL: out of memory, ptr stays valid. Thread: any, also several at once. */
typedef void *(*rtq_alloc_fn)(void *ptr, size_t old_len, size_t new_len, void *user);
/** A log line. level: 0 fatal, 1 error, 2 warning, 3 information, 4 debug. Text is borrowed and not terminated. Thread: any. */
typedef void (*rtq_log_fn)(int level, const char *component, const char *message, size_t len, void *user);
/** A host function over a batch of rows. args[k] has n_rows rows (stride 0: a constant). out: n_rows cells as in rtq_column, zeroed;
 *  out_nulls: a byte a row, zeroed. Text in out may lie in arguments, in static memory or in rtq_call_alloc() memory.
 *  Bad UTF-8 becomes U+FFFD; a dynamic that is no JSON makes its row null and errored.
 *  @return RTQ_OK; below 0 (best through rtq_call_fail()): the rows become null and count as errored, with a notice. Thread: that of the
 *  step; where all arguments are constants, first that of the compile, unless the function is volatile. */
typedef int (*rtq_function_fn)(rtq_call *call, void *out, uint8_t *out_nulls, const rtq_column *args, size_t n_args,
                               size_t n_rows, void *user);

/** Options of rtq_env_new(). Zero is the default of every member. */
typedef struct {
    size_t size;        /**< set by the caller: sizeof of the struct */
    rtq_alloc_fn alloc; /**< NULL: the C library's */
    void *alloc_user;   /**< user of alloc */
    rtq_log_fn log;     /**< NULL: no log */
    void *log_user;     /**< user of log */
    uint64_t
        max_memory_bytes; /**< limit of the env's memory; 0: none. What RE2 and other libraries allocate is outside */
    uint32_t log_level;   /**< the least important level that is logged */
    uint32_t reserved;    /**< 0 */
} rtq_env_options;

/** Makes an environment. options may be NULL. Several environments never meet.
 *  @return RTQ_OK, RTQ_ERR_ARG, RTQ_ERR_NOMEM. Thread: any. */
RTQ_API int rtq_env_new(rtq_env **out, const rtq_env_options *options);
/** Drops the caller's reference; children keep the env alive. NULL is fine. Thread: any. */
RTQ_API void rtq_env_free(rtq_env *env);

/** Flags of rtq_env_add_function(). */
enum {
    RTQ_FN_VOLATILE = 1,       /**< may give another result next time: never folded, never moved */
    RTQ_FN_CALLED_ON_NULL = 2, /**< gets rows with null arguments too; else their result is null */
    RTQ_FN_SERIAL = 4          /**< never called from two runs at once */
};
/** Registers a function for queries, before the first compile in this env. signature: "f(s:string, n:long) -> bool".
 *  destroy(user) runs when the env goes, also when this call fails.
 *  @return RTQ_OK, RTQ_ERR_ARG (bad signature, name taken), RTQ_ERR_STATE (something was compiled), RTQ_ERR_NOMEM. Thread: any. */
RTQ_API int rtq_env_add_function(rtq_env *env, const char *signature, uint32_t flags, rtq_function_fn fn, void *user,
                                 rtq_destroy_fn destroy, rtq_diag **diag);
/** Memory for results of a host function; lives as long as the rows. NULL: out of memory. Thread: that of the call. */
RTQ_API void *rtq_call_alloc(rtq_call *call, size_t len);
/** Says why the function fails, for the notice. message must outlive the call. @return RTQ_ERR_USER. Thread: that of the call. */
RTQ_API int rtq_call_fail(rtq_call *call, const char *message);

/** Names a file that functions of the language read, before the first compile in this env. data: "geo", a MaxMind database such as
 *  GeoLite2-City for geo_info_from_ip_address(); "user-agent", the patterns of ua-parser (regexes.yaml of uap-core) for
 *  parse_user_agent(). Without its data such a function compiles, and a run refuses the query.
 *  @return RTQ_OK, RTQ_ERR_ARG (no such data), RTQ_ERR_IO, RTQ_ERR_DATA (not such a file), RTQ_ERR_UNSUPPORTED (built without),
 *  RTQ_ERR_STATE (given already, or something was compiled), RTQ_ERR_LIMIT, RTQ_ERR_NOMEM. Thread: any. */
RTQ_API int rtq_env_set_data(rtq_env *env, const char *data, const char *path, rtq_diag **diag);

/** Sets or replaces a reference table; queries read it by name, like a source's. The rows are copied and swapped in at once; each run
 *  sees the new table from its next step on. schema: "a:long, b:string"; NULL: the table is dropped, and gives no rows. Running queries
 *  find the columns of a new schema by name and type; one that misses a column ends with a notice.
 *  @return RTQ_OK, RTQ_ERR_ARG (schema, column count or kinds), RTQ_ERR_DATA (a value that does not fit), RTQ_ERR_NOMEM. Thread: any. */
RTQ_API int rtq_env_set_table(rtq_env *env, const char *name, const char *schema, const rtq_column *columns,
                              size_t n_columns, size_t n_rows, rtq_diag **diag);
/** JSON: version, functions with signatures and documentation pages, kinds of sources and sinks with their options.
 *  @return RTQ_OK, RTQ_ERR_ARG, RTQ_ERR_NOMEM. Thread: any. */
RTQ_API int rtq_env_describe(rtq_blob **out, const rtq_env *env);

#ifdef __cplusplus
}
#endif
#endif
