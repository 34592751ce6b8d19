/** @file rtq/env.h
 *  The environment: allocator, log, limits, host functions, reference tables. */
#ifndef RTQ_ENV_H
#define RTQ_ENV_H
#include "diag.h"
#ifdef __cplusplus
extern "C" {
#endif

typedef void *(*rtq_alloc_fn)(void *ptr, size_t old_len, size_t new_len, void *user);  /* new_len 0: free. [any] */
typedef void  (*rtq_log_fn)(int level, const char *component, const char *message, size_t len, void *user); /* [any] */
typedef int   (*rtq_function_fn)(rtq_call *call, void *out, uint8_t *out_nulls, const rtq_column *args, size_t n_args,
                                 size_t n_rows, void *user);         /* a batch at a time; out: n_rows cells as in rtq_column */
typedef struct { size_t size; rtq_alloc_fn alloc; void *alloc_user; rtq_log_fn log; void *log_user;
                 uint64_t max_memory_bytes; uint32_t log_level, reserved; } rtq_env_options;
RTQ_API int  rtq_env_new(rtq_env **out, const rtq_env_options *options);
RTQ_API void rtq_env_free(rtq_env *env);
enum { RTQ_FN_VOLATILE = 1, RTQ_FN_CALLED_ON_NULL = 2, RTQ_FN_SERIAL = 4 /* never from two runs at once */ };
RTQ_API int  rtq_env_add_function(rtq_env *env, const char *signature /* "f(s:string, n:long) -> bool" */, uint32_t flags,
                                  rtq_function_fn fn, void *user, rtq_destroy_fn destroy, rtq_diag **diag);
RTQ_API void *rtq_call_alloc(rtq_call *call, size_t len);             /* for strings in `out`; lives as long as the rows */
RTQ_API int   rtq_call_fail(rtq_call *call, const char *message);     /* returns RTQ_ERR_USER */
/* [any] Copies the rows and swaps them in atomically; each run sees the new table from its next step on. NULL schema drops. */
RTQ_API int  rtq_env_set_table(rtq_env *env, const char *name, const char *schema /* "a:long, b:string" */,
                               const rtq_column *columns, size_t n_columns, size_t n_rows, rtq_diag **diag);
RTQ_API int  rtq_env_describe(rtq_blob **out, const rtq_env *env);    /* JSON: functions; source and sink kinds, their options */

#ifdef __cplusplus
}
#endif
#endif
