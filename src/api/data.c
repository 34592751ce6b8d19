/* data.c - files of the host that functions of the language read. */
#include "api/api.h"

static int refuse(rtq_env *env, const rtq__host_data *what, const char *name, rtq_diag *diag)
{
    if (!what)
        return rtq__diag_add(diag, RTQ_ERR_ARG, RTQ__SEV_ERROR, 0, 0,
                             "no function reads '%s': there are geo, user-agent", name);
    if (env->compiled)
        return rtq__diag_add(diag, RTQ_ERR_STATE, RTQ__SEV_ERROR, 0, 0, "data is to be given before the first compile");
    for (size_t i = 0; i < env->n_data; i++)
        if (env->data[i].what == what)
            return rtq__diag_add(diag, RTQ_ERR_STATE, RTQ__SEV_ERROR, 0, 0, "'%s' is given already", name);
    return RTQ_OK;
}

int rtq_env_set_data(rtq_env *env, const char *data, const char *path, rtq_diag **diag)
{
    const rtq__host_data *what;
    void *opened = NULL;
    rtq_diag *d;
    uint32_t n;
    int rc;

    if (!env || !data || !path)
        return rtq__bad_argument(diag, env);
    d = rtq__diag_begin(diag, env->mem);
    what = rtq__host_data_find(data);
    rtq__mutex_lock(&env->lock);
    if ((rc = refuse(env, what, data, d)) == RTQ_OK &&
        (rc = rtq__grow(env->mem, &env->data, &env->cap_data, env->n_data + 1, sizeof *env->data)) == RTQ_OK &&
        (rc = what->open(&opened, env->mem, path, d)) == RTQ_OK) {
        rtq__fn *fn = &env->data[env->n_data].fn;
        env->data[env->n_data++].what = what;
        *fn = *rtq__fn_find(what->function, strlen(what->function), &n);
        fn->flags &= (uint16_t)~RTQ__FN_DATA;
        fn->row = what->row;
        fn->user = opened;
    }
    rtq__mutex_unlock(&env->lock);
    return rc;
}
