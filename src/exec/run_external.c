/* run_external.c - what externaldata may read: local files, when the host has said so (RTQ_RUN_EXTERNAL_FILES). */
#include "exec/run.h"

static bool is_url(const char *uri)
{
    const char *colon = strstr(uri, "://");
    return colon && colon != uri;
}

static const char *extension(const char *path)
{
    const char *dot = strrchr(path, '.');
    return dot && !strchr(dot, '/') ? dot + 1 : "";
}

static void put_schema(rtq__buf *out, const rtq__rel *rel)
{
    for (uint32_t i = 0; i < rel->u.external.n_cols; i++) {
        const rtq__col *col = rel->u.external.cols[i];
        rtq__buf_addf(out, "%s['%s']:%s", i ? ", " : "", col->name, rtq__kind_name(col->kind));
    }
}

/* The source kind and delimiter of a format of externaldata; NULL: not built in. */
static const char *kind_of(const char *format, const char **delimiter)
{
    static const struct {
        const char *format, *kind, *delimiter;
    } formats[] = {
        {"csv", "csv", ","},         {"tsv", "csv", "tab"},   {"tsve", "csv", "tab"},
        {"psv", "csv", "|"},         {"scsv", "csv", ";"},    {"json", "json", NULL},
        {"multijson", "json", NULL}, {"jsonl", "json", NULL}, {"ndjson", "json", NULL},
    };

    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (strcmp(format, formats[i].format) == 0) {
            *delimiter = formats[i].delimiter;
            return formats[i].kind;
        }
    return NULL;
}

static const rtq__src_class *class_of(const char *kind)
{
    uint32_t n;
    const rtq__src_class *const *classes = rtq__src_classes(&n);

    for (uint32_t i = 0; i < n; i++)
        if (strcmp(classes[i]->kind, kind) == 0)
            return classes[i];
    return NULL;
}

static int open_file(rtq_run *run, const rtq__rel *rel, const char *path, rtq__src **out, rtq_diag *diag)
{
    const char *format = rel->u.external.format ? rel->u.external.format : extension(path), *delimiter = NULL;
    const char *kind = kind_of(format, &delimiter);
    const rtq__src_class *cls = kind ? class_of(kind) : NULL;
    rtq__buf schema;
    rtq_option options[4];
    size_t n = 0;
    int rc;

    if (!cls)
        return rtq__diag_add(
            diag, RTQ_ERR_UNSUPPORTED, RTQ__SEV_ERROR, rel->begin, rel->end,
            "externaldata cannot read the format '%s': csv, tsv, psv, scsv, json and multijson are built in", format);
    rtq__buf_init(&schema, run->mem);
    put_schema(&schema, rel);
    rtq__buf_addc(&schema, '\0');
    options[n++] = (rtq_option){"path", path};
    options[n++] = (rtq_option){"schema", schema.ptr};
    if (delimiter) {
        options[n++] = (rtq_option){"delimiter", delimiter};
        options[n++] = (rtq_option){"header", rel->u.external.ignore_first ? "true" : "false"};
    }
    rc = schema.failed ? RTQ_ERR_NOMEM : cls->open(out, run->mem, options, n, diag);
    rtq__buf_free(&schema);
    return rc;
}

int rtq__run_external(void *ctx, const rtq__rel *rel, uint32_t uri, rtq__src **out, rtq_diag *diag)
{
    rtq__run_query *q = ctx;
    const rtq_str *text = &rel->u.external.uris[uri];
    char *path;
    int rc;

    if (!(q->run->options.flags & RTQ_RUN_EXTERNAL_FILES))
        return rtq__diag_add(diag, RTQ_ERR_UNSUPPORTED, RTQ__SEV_ERROR, rel->begin, rel->end,
                             "externaldata is refused: the host has not allowed queries to read files");
    if (!(path = rtq__strndup(q->run->mem, text->ptr, text->len)))
        return RTQ_ERR_NOMEM;
    if (strncmp(path, "file://", 7) == 0)
        memmove(path, path + 7, strlen(path + 7) + 1);
    if (is_url(path))
        rc = rtq__diag_add(diag, RTQ_ERR_UNSUPPORTED, RTQ__SEV_ERROR, rel->begin, rel->end,
                           "externaldata from a URL is not built in: %s", path);
    else
        rc = open_file(q->run, rel, path, out, diag);
    rtq__free(q->run->mem, path);
    return rc;
}
