/* sink.c - callback, queue, built-in and custom sinks: all behind one function table. */
#include "api/api.h"

static rtq_sink *new_sink(rtq_env *env, const rtq_sink_vtable *vtable, void *user, rtq_destroy_fn destroy)
{
    rtq_sink *s = rtq__calloc(env->mem, 1, sizeof *s);

    if (!s)
        return NULL;
    atomic_init(&s->refs, 1);
    s->env = rtq__env_ref(env);
    s->vtable = vtable;
    s->user = user;
    s->destroy = destroy;
    return s;
}

rtq_sink *rtq__sink_ref(rtq_sink *sink)
{
    atomic_fetch_add_explicit(&sink->refs, 1, memory_order_relaxed);
    return sink;
}

void rtq_sink_free(rtq_sink *sink)
{
    rtq_env *env;

    if (!sink || atomic_fetch_sub_explicit(&sink->refs, 1, memory_order_acq_rel) != 1)
        return;
    env = sink->env;
    if (sink->queue)
        rtq__queue_free(sink->queue);
    if (sink->destroy)
        sink->destroy(sink->user);
    rtq__free(env->mem, sink);
    rtq_env_free(env);
}

/* ---- callback ---------------------------------------------------------------------------------------------------------- */

static int callback_open(void **stream, uint64_t query_id, const rtq_query *query, void *user)
{
    (void)query_id, (void)query;
    *stream = user;
    return RTQ_OK;
}

static int callback_write(void *stream, const rtq_batch *batch, void *user)
{
    rtq_sink *s = stream;
    (void)user;
    return s->callback(batch, s->user);
}

static void callback_close(void *stream, void *user)
{
    (void)stream, (void)user;
}

static const rtq_sink_vtable callback_vtable = {
    sizeof(rtq_sink_vtable), callback_open, callback_write, NULL, NULL, NULL, callback_close};

int rtq_sink_callback(rtq_sink **out, rtq_env *env, rtq_batch_fn fn, void *user, rtq_destroy_fn destroy)
{
    rtq_sink *s = out && env && fn ? new_sink(env, &callback_vtable, user, destroy) : NULL;

    if (out)
        *out = s;
    if (s) {
        s->callback = fn;
        return RTQ_OK;
    }
    if (destroy)
        destroy(user);
    return out && env && fn ? RTQ_ERR_NOMEM : RTQ_ERR_ARG;
}

/* ---- queue ------------------------------------------------------------------------------------------------------------- */

static int queue_open(void **stream, uint64_t query_id, const rtq_query *query, void *user)
{
    (void)query_id, (void)query;
    *stream = user;
    return RTQ_OK;
}

static int queue_write(void *stream, const rtq_batch *batch, void *user)
{
    (void)user;
    return rtq__queue_put(((rtq_sink *)stream)->queue, batch);
}

static const rtq_sink_vtable queue_vtable = {sizeof(rtq_sink_vtable), queue_open, queue_write, NULL, NULL, NULL,
                                             callback_close};

int rtq_sink_queue(rtq_sink **out, rtq_env *env, size_t max_batches)
{
    rtq_sink *s;

    if (!out)
        return RTQ_ERR_ARG;
    *out = NULL;
    if (!env || max_batches == 0)
        return RTQ_ERR_ARG;
    if (!(s = new_sink(env, &queue_vtable, NULL, NULL)))
        return RTQ_ERR_NOMEM;
    if (!(s->queue = rtq__queue_new(env->mem, max_batches))) {
        rtq_sink_free(s);
        return RTQ_ERR_NOMEM;
    }
    *out = s;
    return RTQ_OK;
}

int rtq_sink_take(rtq_batch **out, rtq_sink *queue)
{
    if (!out || !queue || !queue->queue)
        return RTQ_ERR_ARG;
    return rtq__queue_take(out, queue->queue);
}

/* ---- built-in and custom ------------------------------------------------------------------------------------------------ */

int rtq_sink_open(rtq_sink **out, rtq_env *env, const char *kind, const rtq_option *options, size_t n_options,
                  rtq_diag **diag)
{
    const rtq__sink_class *const *classes;
    rtq__nearest nearest;
    void *user = NULL;
    rtq_diag *d;
    uint32_t n;
    int rc;

    if (out)
        *out = NULL;
    if (!out || !env || !kind || (n_options && !options))
        return rtq__bad_argument(diag, env);
    d = rtq__diag_begin(diag, env->mem);
    classes = rtq__sink_classes(&n);
    rtq__nearest_init(&nearest, kind, strlen(kind));
    for (uint32_t i = 0; i < n; i++) {
        rtq__nearest_try(&nearest, classes[i]->kind, strlen(classes[i]->kind));
        if (strcmp(classes[i]->kind, kind) != 0)
            continue;
        if ((rc = classes[i]->open(&user, env->mem, options, n_options, d)) < 0)
            return rc;
        if (!(*out = new_sink(env, classes[i]->vtable, user, classes[i]->destroy))) {
            classes[i]->destroy(user);
            return RTQ_ERR_NOMEM;
        }
        (*out)->error = classes[i]->error;
        return RTQ_OK;
    }
    rtq__diag_add(d, RTQ_ERR_ARG, RTQ__SEV_ERROR, 0, 0, "there is no sink kind '%s'", kind);
    if (rtq__nearest_get(&nearest))
        rtq__diag_hint(d, "did you mean '%s'?", rtq__nearest_get(&nearest));
    return RTQ_ERR_ARG;
}

int rtq_sink_custom(rtq_sink **out, rtq_env *env, const rtq_sink_vtable *vtable, void *user, rtq_destroy_fn destroy)
{
    rtq_sink_vtable own;
    rtq_sink *s = NULL;
    bool good = out && env && vtable && rtq__struct_read(&own, sizeof own, vtable) && own.write;

    if (good && (s = new_sink(env, NULL, user, destroy))) {
        s->own = own;
        s->vtable = &s->own;
    }
    if (out)
        *out = s;
    if (s)
        return RTQ_OK;
    if (destroy)
        destroy(user);
    return good ? RTQ_ERR_NOMEM : RTQ_ERR_ARG;
}
