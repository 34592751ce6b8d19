/* case_run.c - one query through the public API, its rows as JSON. */
#include "case.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const kinds[] = {"",       "bool",     "int",      "long", "real",    "decimal",
                                    "string", "datetime", "timespan", "guid", "dynamic", "unknown"};

struct collect {
    case_result *result;
    struct json_object *rest_names;
    int rest;
};

static struct json_object *text(const char *s, size_t len)
{
    return json_object_new_string_len(s, (int)len);
}

static struct json_object *real(double d)
{
    if (isnan(d))
        return json_object_new_string("NaN");
    if (isinf(d))
        return json_object_new_string(d > 0 ? "Infinity" : "-Infinity");
    return json_object_new_double(d);
}

/* Datetimes and the like come out of the row's JSON, which prints them as the corpora do. */
static struct json_object *from_row(struct json_object *row, const char *name)
{
    struct json_object *v = NULL;
    json_object_object_get_ex(row, name, &v);
    return json_object_get(v);
}

static struct json_object *cell(const rtq_batch *batch, size_t r, size_t c, const char *name, struct json_object *row)
{
    rtq_value v;

    if (rtq_batch_get(&v, batch, r, c) < 0)
        return json_object_new_string("<unreadable>");
    if (v.is_null)
        return NULL;
    switch (v.kind) {
    case RTQ_BOOL: return json_object_new_boolean(v.u.i != 0);
    case RTQ_INT:
    case RTQ_LONG: return json_object_new_int64(v.u.i);
    case RTQ_REAL: return real(v.u.d);
    case RTQ_STRING: return text(v.u.s, v.len);
    case RTQ_DYNAMIC:
    case RTQ_UNKNOWN: {
        struct json_tokener *t = json_tokener_new_ex(256);
        struct json_object *o = json_tokener_parse_ex(t, v.u.s, (int)v.len);
        if (!o && json_tokener_get_error(t) == json_tokener_continue)
            o = json_tokener_parse_ex(t, " ", 1);
        json_tokener_free(t);
        return o;
    }
    default: return from_row(row, name);
    }
}

static int on_batch(const rtq_batch *batch, void *user)
{
    struct collect *k = user;
    rtq_batch_info info = {.size = sizeof info};

    rtq_batch_info_get(&info, batch);
    if (info.result != 0)
        return 0;
    for (size_t r = 0; r < info.n_rows; r++) {
        struct json_object *row = json_object_new_array(), *named = NULL;
        rtq_blob *blob = NULL;
        struct json_tokener *tokener = json_tokener_new_ex(256);
        if (tokener && rtq_batch_json(&blob, batch, r) == RTQ_OK)
            named = json_tokener_parse_ex(tokener, rtq_blob_get(blob).ptr, (int)rtq_blob_get(blob).len);
        json_tokener_free(tokener);
        for (size_t c = 0; c < info.n_columns; c++)
            json_object_array_add(row, cell(batch, r, c,
                                            json_object_get_string(json_object_array_get_idx(k->result->columns, c)),
                                            named));
        json_object_array_add(k->result->rows, row);
        json_object_put(named);
        rtq_blob_free(blob);
    }
    return 0;
}

static bool is_column(const case_result *r, const char *name)
{
    for (size_t i = 0; i < json_object_array_length(r->columns); i++)
        if (strcmp(json_object_get_string(json_object_array_get_idx(r->columns, i)), name) == 0)
            return true;
    return false;
}

/* The rest column becomes one column a name, in the order of appearance; columns overlay fields of their name. */
static void expand_rest(case_result *r, size_t at)
{
    struct json_object *names = json_object_new_object();
    size_t n = json_object_array_length(r->rows);

    for (size_t i = 0; i < n; i++) {
        struct json_object *bag = json_object_array_get_idx(json_object_array_get_idx(r->rows, i), at);
        if (!json_object_is_type(bag, json_type_object))
            continue;
        json_object_object_foreach(bag, key, value)
        {
            (void)value;
            if (!is_column(r, key))
                json_object_object_add(names, key, NULL);
        }
    }
    for (size_t i = 0; i < n; i++) {
        struct json_object *row = json_object_array_get_idx(r->rows, i),
                           *bag = json_object_get(json_object_array_get_idx(row, at));
        json_object_array_del_idx(row, at, 1);
        json_object_object_foreach(names, key, unused)
        {
            struct json_object *v = NULL;
            (void)unused;
            if (json_object_is_type(bag, json_type_object))
                json_object_object_get_ex(bag, key, &v);
            json_object_array_add(row, json_object_get(v));
        }
        json_object_put(bag);
    }
    json_object_array_del_idx(r->columns, at, 1);
    json_object_array_del_idx(r->types, at, 1);
    json_object_object_foreach(names, key, unused)
    {
        (void)unused;
        json_object_array_add(r->columns, json_object_new_string(key));
        json_object_array_add(r->types, json_object_new_string("unknown"));
    }
    json_object_put(names);
    r->open = true;
}

static void schema(struct collect *k, const rtq_query *q)
{
    k->rest = -1;
    for (size_t i = 0; i < rtq_query_n_columns(q, 0); i++) {
        rtq_column_def d;
        rtq_query_column(&d, q, 0, i);
        if (d.flags & RTQ_COLUMN_REST)
            k->rest = (int)i;
        json_object_array_add(k->result->columns, json_object_new_string(d.name));
        json_object_array_add(k->result->types,
                              json_object_new_string(d.kind < sizeof kinds / sizeof *kinds ? kinds[d.kind] : "?"));
    }
}

/* What went wrong while the run went on is a failure of the case. */
static void on_notice(const rtq_notice *n, void *user)
{
    case_result *r = user;
    if (n->code < 0 && r->code == RTQ_OK) {
        r->code = n->code;
        free(r->error);
        r->error = strdup(n->message);
    }
}

enum { MAX_INPUTS = 8 };

/* Opens a push source for each input and hands its rows over. */
static int open_inputs(rtq_source **sources, size_t *n, rtq_env *env, struct json_object *input, rtq_diag **diag)
{
    int rc = RTQ_OK;

    for (size_t i = 0; input && i < json_object_array_length(input) && i < MAX_INPUTS && rc >= 0; i++) {
        struct json_object *o = json_object_array_get_idx(input, i), *table = NULL, *rows = NULL;
        char name[256], schema[4096];
        rtq_option options[3] = {{"table", name}, {"schema", schema}, {"queue_rows", "1000000"}};
        rtq_appender *a = NULL;
        json_object_object_get_ex(o, "table", &table);
        json_object_object_get_ex(o, "rows", &rows);
        if (sscanf(json_object_get_string(table), "%255[^(](%4095[^)])", name, schema) != 2)
            return RTQ_ERR_ARG;
        if ((rc = rtq_source_open(&sources[i], env, "push", options, 3, diag)) < 0)
            return rc;
        ++*n;
        if ((rc = rtq_appender_new(&a, sources[i], NULL)) == RTQ_OK &&
            (rc = rtq_appender_json(a, json_object_get_string(rows), RTQ_NTS)) == RTQ_OK)
            rc = rtq_appender_flush(a);
        rtq_appender_free(a);
    }
    return rc;
}

void case_run(case_result *out, rtq_env *env, const char *query, size_t len, const char *tables, bool run,
              struct json_object *input)
{
    rtq_source *sources[MAX_INPUTS] = {NULL};
    size_t n_sources = 0;
    struct collect k = {out, NULL, -1};
    rtq_query_options qo = {.size = sizeof qo, .tables = tables};
    rtq_run_options ro = {.size = sizeof ro, .notice = on_notice, .notice_user = out};
    rtq_query *q = NULL;
    rtq_sink *sink = NULL;
    rtq_run *r = NULL;
    rtq_diag *diag = NULL;
    rtq_blob *blob = NULL;
    int rc;

    memset(out, 0, sizeof *out);
    out->columns = json_object_new_array();
    out->types = json_object_new_array();
    out->rows = json_object_new_array();
    if ((rc = open_inputs(sources, &n_sources, env, input, &diag)) < 0)
        goto out;
    qo.sources = (const rtq_source *const *)sources;
    qo.n_sources = n_sources;
    if ((rc = rtq_query_compile(&q, env, query, len, &qo, &diag)) < 0)
        goto out;
    schema(&k, q);
    if (run) {
        if ((rc = rtq_sink_callback(&sink, env, on_batch, &k, NULL)) < 0 || (rc = rtq_run_new(&r, env, &ro)) < 0)
            goto out;
        for (size_t i = 0; i < n_sources; i++) {
            if ((rc = rtq_run_add_source(NULL, r, sources[i], &diag)) < 0)
                goto out;
            rtq_source_free(sources[i]); /* ends when its rows are read */
            sources[i] = NULL;
        }
        if ((rc = rtq_run_add_query(NULL, r, q, sink, NULL, &diag)) < 0)
            goto out;
        rc = rtq_run_all(r, &diag);
    }
    if (k.rest >= 0 && rc >= 0)
        expand_rest(out, (size_t)k.rest);
out:
    if (rc < 0) {
        out->code = rc;
        free(out->error);
        out->error = rtq_diag_render(&blob, diag) == RTQ_OK ? strndup(rtq_blob_get(blob).ptr, rtq_blob_get(blob).len)
                                                            : strdup(rtq_strerror(rc));
    }
    rtq_blob_free(blob);
    for (size_t i = 0; i < MAX_INPUTS; i++)
        rtq_source_free(sources[i]);
    rtq_run_free(r), rtq_sink_free(sink), rtq_query_free(q), rtq_diag_free(diag);
}

void case_result_free(case_result *r)
{
    json_object_put(r->columns);
    json_object_put(r->types);
    json_object_put(r->rows);
    free(r->error);
    memset(r, 0, sizeof *r);
}
