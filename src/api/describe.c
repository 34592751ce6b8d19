/* describe.c - what this library has: features, functions, source and sink kinds with their options. */
#include "api/api.h"

const char *rtq_features(void)
{
    return RTQ_BUILD_VERSION " re2 utf8proc push evtx json csv syslog table arrow"
#ifdef RTQ_WITH_ZLIB
                             " zlib"
#endif
#ifdef RTQ_WITH_DECIMAL
                             " decimal"
#endif
#ifdef RTQ_WITH_MAXMINDDB
                             " maxminddb"
#endif
        ;
}

static void add_text(rtq__buf *buf, const char *key, const char *value)
{
    rtq__buf_addf(buf, ",\"%s\":", key);
    if (value)
        rtq__buf_add_json(buf, value, strlen(value));
    else
        rtq__buf_adds(buf, "null");
}

static void add_options(rtq__buf *buf, const rtq__option_def *o)
{
    static const char *const types[] = {"text", "number", "bool", "timespan", "path", "choice"};

    rtq__buf_adds(buf, ",\"options\":[");
    for (uint32_t i = 0; o && o[i].key; i++) {
        rtq__buf_adds(buf, i ? ",{\"key\":" : "{\"key\":");
        rtq__buf_add_json(buf, o[i].key, strlen(o[i].key));
        rtq__buf_addf(buf, ",\"type\":\"%s\",\"repeats\":%s,\"required\":%s", types[o[i].type],
                      o[i].repeats ? "true" : "false", o[i].required ? "true" : "false");
        add_text(buf, "default", o[i].fallback);
        add_text(buf, "choices", o[i].choices);
        add_text(buf, "doc", o[i].doc);
        rtq__buf_addc(buf, '}');
    }
    rtq__buf_adds(buf, "]}");
}

static void add_function(rtq__buf *buf, const char *name, const char *kind, const char *args, const char *ret,
                         const char *doc, const char *page, bool *first)
{
    rtq__buf_adds(buf, *first ? "{\"name\":" : ",{\"name\":");
    *first = false;
    rtq__buf_add_json(buf, name, strlen(name));
    add_text(buf, "kind", kind);
    add_text(buf, "arguments", args);
    add_text(buf, "returns", ret);
    add_text(buf, "doc", doc);
    add_text(buf, "page", page);
    rtq__buf_addc(buf, '}');
}

static void add_functions(rtq__buf *buf, rtq_env *env)
{
    uint32_t n_families, n;
    const rtq__fn_family *families = rtq__fn_families(&n_families);
    const rtq__agg *aggs = rtq__agg_table(&n);
    bool first = true;

    for (uint32_t f = 0; f < n_families; f++)
        for (uint32_t i = 0; i < families[f].n; i++) {
            const rtq__fn *fn = &families[f].rows[i];
            const char *kind = fn->flags & RTQ__FN_OPERATOR ? "operator"
                               : fn->flags & RTQ__FN_WINDOW ? "window function"
                                                            : "function";
            if (!(fn->flags & RTQ__FN_HIDDEN))
                add_function(buf, fn->name, kind, fn->args, fn->ret, fn->doc, fn->page, &first);
        }
    for (uint32_t i = 0; i < n; i++)
        add_function(buf, aggs[i].name, "aggregate", aggs[i].args, aggs[i].ret, aggs[i].doc, aggs[i].page, &first);
    rtq__mutex_lock(&env->lock);
    for (size_t i = 0; i < env->n_functions; i++) {
        const rtq__fn *fn = &env->functions[i]->base.fn;
        add_function(buf, fn->name, "host function", fn->args, fn->ret, fn->doc, NULL, &first);
    }
    rtq__mutex_unlock(&env->lock);
}

int rtq_env_describe(rtq_blob **out, const rtq_env *env)
{
    const rtq__src_class *const *sources;
    const rtq__sink_class *const *sinks;
    rtq__buf buf;
    uint32_t n;
    int rc;

    if (!out || !env)
        return RTQ_ERR_ARG;
    rtq__buf_init(&buf, env->mem);
    rtq__buf_adds(&buf, "{\"version\":\"" RTQ_BUILD_VERSION "\",\"functions\":[");
    add_functions(&buf, (rtq_env *)(uintptr_t)env);
    rtq__buf_adds(&buf, "],\"sources\":[");
    sources = rtq__src_classes(&n);
    for (uint32_t i = 0; i < n; i++) {
        rtq__buf_addf(&buf, "%s{\"kind\":\"%s\"", i ? "," : "", sources[i]->kind);
        add_text(&buf, "doc", sources[i]->doc);
        add_options(&buf, sources[i]->options);
    }
    rtq__buf_adds(&buf, "],\"sinks\":[");
    sinks = rtq__sink_classes(&n);
    for (uint32_t i = 0; i < n; i++) {
        rtq__buf_addf(&buf, "%s{\"kind\":\"%s\"", i ? "," : "", sinks[i]->kind);
        add_text(&buf, "doc", sinks[i]->doc);
        add_options(&buf, sinks[i]->options);
    }
    rtq__buf_adds(&buf, "]}");
    rc = rtq__blob_set(out, &buf);
    rtq__buf_free(&buf);
    return rc;
}
