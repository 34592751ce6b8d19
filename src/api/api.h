/* api.h - shared by the files behind the C ABI. */
#ifndef RTQ__API_H
#define RTQ__API_H
#include "exec/handles.h"
#include "kql/tables.h"

/* Compiles one query; `own`: the script it stands in, whose functions it sees. */
int rtq__query_new(rtq_query **out, rtq_env *env, const char *text, size_t len, const char *name, size_t name_len,
                   const rtq_query_options *options, const rtq_script *own, rtq_diag **diag);

/* For what is wrong with the arguments themselves; what an earlier call left in *diag goes. env may be NULL. Returns RTQ_ERR_ARG. */
int rtq__bad_argument(rtq_diag **diag, rtq_env *env);

#endif
