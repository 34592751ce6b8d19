/* env.c - the environment: allocator, log, limits; version and features. */
#include <stdarg.h>
#include <stdio.h>
#include "api/api.h"

uint32_t rtq_version(void)
{
    return RTQ_VERSION;
}

const char *rtq_strerror(int code)
{
    switch (code) {
    case RTQ_OK: return "success";
    case RTQ_END: return "end";
    case RTQ_AGAIN: return "not now, try again";
    case RTQ_ERR_NOMEM: return "out of memory";
    case RTQ_ERR_ARG: return "invalid argument or option";
    case RTQ_ERR_SYNTAX: return "syntax error";
    case RTQ_ERR_SEMANTIC: return "semantic error";
    case RTQ_ERR_IO: return "input/output error";
    case RTQ_ERR_LIMIT: return "limit exceeded";
    case RTQ_ERR_USER: return "failed in a callback of the host";
    case RTQ_ERR_STATE: return "not at this moment";
    case RTQ_ERR_UNSUPPORTED: return "not supported";
    case RTQ_ERR_DATA: return "malformed data";
    default: return "unknown code";
    }
}

int rtq_env_new(rtq_env **out, const rtq_env_options *options)
{
    rtq_env_options o;
    rtq__mem *mem;
    rtq_env *env;

    if (!out)
        return RTQ_ERR_ARG;
    *out = NULL;
    memset(&o, 0, sizeof o);
    if (options && (!rtq__struct_read(&o, sizeof o, options) || o.reserved))
        return RTQ_ERR_ARG;
    if (!(mem = rtq__mem_new(o.alloc, o.alloc_user, o.max_memory_bytes)))
        return RTQ_ERR_NOMEM;
    if (!(env = rtq__calloc(mem, 1, sizeof *env)) || rtq__mutex_init(&env->lock) != 0) {
        rtq__free(mem, env);
        rtq__mem_unref(mem);
        return RTQ_ERR_NOMEM;
    }
    atomic_init(&env->refs, 1);
    env->mem = mem;
    env->log = o.log;
    env->log_user = o.log_user;
    env->log_level = o.log_level;
    *out = env;
    return RTQ_OK;
}

int rtq__bad_argument(rtq_diag **diag, rtq_env *env)
{
    return rtq__diag_add(rtq__diag_begin(diag, env ? env->mem : NULL), RTQ_ERR_ARG, RTQ__SEV_ERROR, 0, 0,
                         "an argument is NULL, or a structure has a size or members that are not known here");
}

rtq_env *rtq__env_ref(rtq_env *env)
{
    atomic_fetch_add_explicit(&env->refs, 1, memory_order_relaxed);
    return env;
}

void rtq_env_free(rtq_env *env)
{
    rtq__mem *mem;

    if (!env || atomic_fetch_sub_explicit(&env->refs, 1, memory_order_acq_rel) != 1)
        return;
    mem = env->mem;
    for (size_t i = 0; i < env->n_functions; i++)
        rtq__host_entry_free(mem, env->functions[i]);
    for (size_t i = 0; i < env->n_tables; i++)
        rtq__host_table_unref(env->tables[i]);
    for (size_t i = 0; i < env->n_data; i++)
        env->data[i].what->close(mem, env->data[i].fn.user);
    rtq__free(mem, env->data);
    rtq__free(mem, env->functions);
    rtq__free(mem, env->tables);
    rtq__mutex_destroy(&env->lock);
    rtq__free(mem, env);
    rtq__mem_unref(mem);
}

void rtq__log(rtq_env *env, int level, const char *component, const char *format, ...)
{
    char text[512];
    va_list args;
    int n;

    if (!env->log || (uint32_t)level > env->log_level)
        return;
    va_start(args, format);
    n = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (n > 0)
        env->log(level, component, text, (size_t)n < sizeof text ? (size_t)n : sizeof text - 1, env->log_user);
}
