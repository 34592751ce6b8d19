/* source.c - opening sources, describing them, appenders. */
#include "api/api.h"
#include "sources/push/custom.h"
#include "sources/push/push.h"

static int wrap(rtq_source **out, rtq_env *env, rtq__src *src)
{
    rtq_source *s = rtq__calloc(env->mem, 1, sizeof *s);

    if (!s) {
        src->cls->close(src);
        return RTQ_ERR_NOMEM;
    }
    atomic_init(&s->refs, 1);
    s->env = rtq__env_ref(env);
    s->src = src;
    *out = s;
    return RTQ_OK;
}

int rtq_source_open(rtq_source **out, rtq_env *env, const char *kind, const rtq_option *options, size_t n_options,
                    rtq_diag **diag)
{
    const rtq__src_class *const *classes;
    rtq__nearest nearest;
    rtq__src *src;
    rtq_diag *d;
    uint32_t n;
    int rc;

    if (out)
        *out = NULL;
    if (!out || !env || !kind || (n_options && !options))
        return rtq__bad_argument(diag, env);
    d = rtq__diag_begin(diag, env->mem);
    classes = rtq__src_classes(&n);
    rtq__nearest_init(&nearest, kind, strlen(kind));
    for (uint32_t i = 0; i < n; i++) {
        rtq__nearest_try(&nearest, classes[i]->kind, strlen(classes[i]->kind));
        if (strcmp(classes[i]->kind, kind) == 0)
            return (rc = classes[i]->open(&src, env->mem, options, n_options, d)) < 0 ? rc : wrap(out, env, src);
    }
    rtq__diag_add(d, RTQ_ERR_ARG, RTQ__SEV_ERROR, 0, 0, "there is no source kind '%s'", kind);
    if (rtq__nearest_get(&nearest))
        rtq__diag_hint(d, "did you mean '%s'?", rtq__nearest_get(&nearest));
    return RTQ_ERR_ARG;
}

int rtq_source_custom(rtq_source **out, rtq_env *env, const rtq_source_vtable *vtable, void *user,
                      rtq_destroy_fn destroy, rtq_diag **diag)
{
    rtq_source_vtable own;
    rtq__src *src;
    int rc;

    if (out)
        *out = NULL;
    if (!out || !env || !vtable || !rtq__struct_read(&own, sizeof own, vtable) || !own.tables || !own.next) {
        rc = rtq__bad_argument(diag, env);
        goto out;
    }
    if ((rc = rtq__custom_open(&src, env->mem, &own, user, destroy, rtq__diag_begin(diag, env->mem))) < 0)
        goto out;
    return wrap(out, env, src); /* on failure the source's close has run destroy */
out:
    if (destroy)
        destroy(user);
    return rc;
}

rtq_source *rtq__source_ref(rtq_source *source)
{
    atomic_fetch_add_explicit(&source->refs, 1, memory_order_relaxed);
    return source;
}

void rtq__source_unref(rtq_source *source)
{
    rtq_env *env;

    if (!source || atomic_fetch_sub_explicit(&source->refs, 1, memory_order_acq_rel) != 1)
        return;
    env = source->env;
    source->src->cls->close(source->src);
    rtq__free(env->mem, source);
    rtq_env_free(env);
}

void rtq_source_free(rtq_source *source)
{
    if (source && rtq__push_is(source->src))
        rtq__push_host_gone(source->src);
    rtq__source_unref(source);
}

static void table_describe(rtq__buf *buf, const rtq__table *t)
{
    rtq__buf_adds(buf, "{\"name\":");
    rtq__buf_add_json(buf, t->name, strlen(t->name));
    rtq__buf_addf(buf, ",\"open\":%s,\"columns\":[", t->open ? "true" : "false");
    for (uint32_t c = 0, n = 0; c < t->n_cols; c++) {
        if (t->cols[c].flags & RTQ__COL_REST)
            continue;
        rtq__buf_adds(buf, n++ ? ",{\"name\":" : "{\"name\":");
        rtq__buf_add_json(buf, t->cols[c].name, strlen(t->cols[c].name));
        rtq__buf_addf(buf, ",\"type\":\"%s\"%s%s}", rtq__kind_name(t->cols[c].kind),
                      t->cols[c].flags & RTQ__COL_TIME ? ",\"time\":true" : "",
                      t->cols[c].flags & RTQ__COL_ALIAS ? ",\"alias\":true" : "");
    }
    rtq__buf_adds(buf, "]}");
}

int rtq_source_describe(rtq_blob **out, const rtq_source *source)
{
    rtq__buf buf;
    int rc;

    if (!out || !source)
        return RTQ_ERR_ARG;
    rtq__buf_init(&buf, source->env->mem);
    rtq__buf_addf(&buf, "{\"kind\":\"%s\",\"bounded\":%s,\"tables\":[", source->src->cls->kind,
                  source->src->bounded ? "true" : "false");
    for (uint32_t t = 0; t < source->src->n_tables; t++) {
        if (t)
            rtq__buf_addc(&buf, ',');
        table_describe(&buf, &source->src->tables[t]);
    }
    rtq__buf_adds(&buf, "]}");
    rc = rtq__blob_set(out, &buf);
    rtq__buf_free(&buf);
    return rc;
}

/* ---- appenders --------------------------------------------------------------------------------------------------------- */

int rtq_appender_new(rtq_appender **out, rtq_source *source, const char *table)
{
    rtq_appender *a;
    rtq__push *p;
    uint32_t t = 0;

    if (!out)
        return RTQ_ERR_ARG;
    *out = NULL;
    if (!source || !rtq__push_is(source->src))
        return RTQ_ERR_ARG;
    p = (rtq__push *)source->src;
    while (table && t < p->base.n_tables && strcmp(p->base.tables[t].name, table) != 0)
        t++;
    if (t == p->base.n_tables)
        return RTQ_ERR_ARG;
    if (!(a = rtq__calloc(source->env->mem, 1, sizeof *a)))
        return RTQ_ERR_NOMEM;
    if (rtq__appender_init(a, p, t) < 0) {
        rtq__free(source->env->mem, a);
        return RTQ_ERR_NOMEM;
    }
    a->source = rtq__source_ref(source);
    *out = a;
    return RTQ_OK;
}

void rtq_appender_free(rtq_appender *appender)
{
    rtq_source *source;
    rtq__mem *mem;

    if (!appender || !appender->source) /* those of a custom source belong to it */
        return;
    source = appender->source;
    mem = source->env->mem;
    rtq__appender_done(appender);
    rtq__free(mem, appender);
    rtq__source_unref(source);
}
