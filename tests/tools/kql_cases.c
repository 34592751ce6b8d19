/* kql_cases.c - runs KQL cases: our own tests/kql/X.test, and the JSON-lines corpora of shared/conformance.
 *
 *     kql-cases [--schemas FILE.tsv] [--results OUT.jsonl] [--expect FILE.tsv] [--verbose] [--only ID] FILE…
 *
 * A case with `error` must be refused; one with neither `expected` nor `error` is only compiled, against the tables of its dialect when
 * --schemas is given. --expect: "id<TAB>reason" of cases that are known not to pass; one of those that passes is an error too, so that
 * the list stays true; "@FILE<TAB>N": at least N cases of FILE pass. What is refused as not built yet is skipped. Prints a line a case that
 * went wrong, a table of counts, and "N passed, N failed, N skipped". */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "case.h"

struct counts {
    char name[64];
    int pass, fail, unsupported;
};

static struct {
    rtq_env *env;
    FILE *results;
    struct json_object *dialects; /* dialect -> "T(a:long, …); …" */
    struct json_object *expect;   /* id -> reason */
    const char *only;
    bool verbose;
    struct counts files[64], *now;
    int n_files, surprises, known;
} g;

static const char *str(struct json_object *o, const char *key)
{
    struct json_object *v = NULL;
    return o && json_object_object_get_ex(o, key, &v) && v ? json_object_get_string(v) : NULL;
}

static struct json_object *obj(struct json_object *o, const char *key)
{
    struct json_object *v = NULL;
    json_object_object_get_ex(o, key, &v);
    return v;
}

static void write_result(const char *id, const case_result *r)
{
    struct json_object *o;

    if (!g.results)
        return;
    o = json_object_new_object();
    json_object_object_add(o, "id", json_object_new_string(id));
    if (r->code < 0) {
        json_object_object_add(o, "error", json_object_new_string(r->error ? r->error : rtq_strerror(r->code)));
    } else {
        json_object_object_add(o, "columns", json_object_get(r->columns));
        json_object_object_add(o, "types", json_object_get(r->types));
        json_object_object_add(o, "rows", json_object_get(r->rows));
    }
    fprintf(g.results, "%s\n",
            json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
    json_object_put(o);
}

static bool judge(struct json_object *c, const case_result *r, const char **why)
{
    struct json_object *expected = obj(c, "expected"), *ordered = obj(c, "ordered"), *columns = obj(c, "columns");
    const char *error = str(c, "error"), *binder = str(c, "binder");

    if (error) {
        if (r->code >= 0) {
            *why = "it must be refused";
            return false;
        }
        if (obj(c, "error_part") && !strstr(r->error ? r->error : "", error)) {
            *why = r->error;
            return false;
        }
        return true;
    }
    if (r->code < 0) { /* what Microsoft's binder refuses against these tables, we may refuse too */
        *why = r->error;
        return binder && strcmp(binder, "errors") == 0 && g.dialects;
    }
    if (expected)
        return case_compare(r, expected, obj(c, "flags"), ordered && json_object_get_boolean(ordered),
                            obj(c, "order_by"), why);
    if (binder && strcmp(binder, "ok") == 0 && columns && g.dialects && !json_object_get_boolean(obj(c, "open")))
        return case_compare_schema(r, columns, obj(c, "types"), why);
    return true;
}

static void indent(const char *text)
{
    for (; text && *text; text += strcspn(text, "\n") + (text[strcspn(text, "\n")] != 0))
        printf("    %.*s\n", (int)strcspn(text, "\n"), text);
}

static void report(const char *id, const char *query, bool pass, bool unsupported, const char *why)
{
    struct json_object *reason = NULL;
    bool known = g.expect && json_object_object_get_ex(g.expect, id, &reason);

    g.now->pass += pass;
    g.now->unsupported += !pass && unsupported;
    g.now->fail += !pass && !unsupported;
    if (pass && known) {
        printf("not ok %s: passes, but is listed as known to fail\n", id);
        g.surprises++;
    } else if (!pass && known) {
        g.known++;
    } else if (!pass && g.expect && !unsupported) {
        printf("not ok %s\n", id);
        indent(why);
        g.surprises++;
    } else if (!pass && (g.verbose || !unsupported)) {
        printf("%s %s\n", unsupported ? "unsupported" : "FAIL", id);
        if (g.verbose || g.only)
            indent(query);
        indent(why);
    }
}

static int on_case(struct json_object *c, void *user)
{
    const char *id = str(c, "id"), *query = str(c, "query"), *dialect = str(c, "dialect"), *why = NULL, *tables = NULL;
    case_result r;
    bool pass;

    (void)user;
    if (!id || !query || (g.only && strcmp(id, g.only) != 0))
        return 0;
    if (dialect && g.dialects)
        tables = str(g.dialects, dialect);
    case_run(&r, g.env, query, strlen(query), tables, obj(c, "expected") || str(c, "error"), obj(c, "input"));
    pass = judge(c, &r, &why);
    report(id, query, pass, r.code == RTQ_ERR_UNSUPPORTED, why);
    write_result(id, &r);
    case_result_free(&r);
    return 0;
}

static int read_jsonl(const char *path)
{
    FILE *f = fopen(path, "r");
    char *line = NULL;
    size_t cap = 0;
    int number = 0, rc = 0;

    if (!f)
        return -1;
    while (getline(&line, &cap, f) >= 0) {
        struct json_object *c = json_tokener_parse(line);
        number++;
        if (!c && line[strspn(line, " \r\n")]) {
            fprintf(stderr, "%s:%d: not JSON\n", path, number);
            rc = -1;
        }
        if (c)
            on_case(c, NULL);
        json_object_put(c);
    }
    free(line);
    fclose(f);
    return rc;
}

/* dialect, table, column, type -> one declaration text a dialect. */
static int read_schemas(const char *path)
{
    FILE *f = fopen(path, "r");
    char *line = NULL, last[256] = "", last_dialect[64] = "";
    size_t cap = 0;
    struct json_object *texts = json_object_new_object();

    if (!f)
        return -1;
    while (getline(&line, &cap, f) >= 0) {
        char dialect[64], table[256], column[256], type[64], *text = NULL;
        if (sscanf(line, "%63[^\t]\t%255[^\t]\t%255[^\t]\t%63[^\r\n]", dialect, table, column, type) != 4 ||
            strcmp(dialect, "dialect") == 0)
            continue;
        bool same = strcmp(table, last) == 0 && strcmp(dialect, last_dialect) == 0;
        const char *old = str(texts, dialect) ? str(texts, dialect) : "";
        int n = same ? asprintf(&text, "%s, ['%s']:%s", old, column, type)
                     : asprintf(&text, "%s%s%s(['%s']:%s", old, *old ? "); " : "", table, column, type);
        if (n < 0)
            abort();
        json_object_object_add(texts, dialect, json_object_new_string(text));
        snprintf(last, sizeof last, "%s", table);
        snprintf(last_dialect, sizeof last_dialect, "%s", dialect);
        free(text);
    }
    free(line);
    fclose(f);
    g.dialects = json_object_new_object();
    json_object_object_foreach(texts, key, value)
    {
        char *closed = NULL;
        (void)!asprintf(&closed, "%s)", json_object_get_string(value));
        json_object_object_add(g.dialects, key, json_object_new_string(closed));
        free(closed);
    }
    json_object_put(texts);
    return 0;
}

static int read_expect(const char *path)
{
    FILE *f = fopen(path, "r");
    char *line = NULL;
    size_t cap = 0;

    if (!f)
        return -1;
    g.expect = json_object_new_object();
    while (getline(&line, &cap, f) >= 0) {
        char *tab;
        line[strcspn(line, "\r\n")] = 0;
        if (line[0] == '#' || !line[0])
            continue;
        if ((tab = strchr(line, '\t')))
            *tab++ = 0;
        json_object_object_add(g.expect, line, json_object_new_string(tab ? tab : ""));
    }
    free(line);
    fclose(f);
    return 0;
}

static int run_file(const char *path)
{
    const char *base = strrchr(path, '/') ? strrchr(path, '/') + 1 : path, *dot = strrchr(path, '.');

    if (g.n_files == (int)(sizeof g.files / sizeof *g.files))
        return -1;
    g.now = &g.files[g.n_files++];
    snprintf(g.now->name, sizeof g.now->name, "%s", base);
    return dot && strcmp(dot, ".test") == 0 ? case_read_file(path, on_case, NULL) : read_jsonl(path);
}

/* A case that stops being run must not go unseen. */
static bool check_floor(const struct counts *c)
{
    struct json_object *floor = NULL;
    char key[80];

    snprintf(key, sizeof key, "@%s", c->name);
    if (!g.expect || g.only || !json_object_object_get_ex(g.expect, key, &floor) ||
        c->pass >= atoi(json_object_get_string(floor)))
        return false;
    printf("not ok %s: %d cases pass, there were %s\n", c->name, c->pass, json_object_get_string(floor));
    return true;
}

static int summary(void)
{
    int pass = 0, fail = 0, unsupported = 0;

    printf("%-36s %7s %7s %12s\n", "file", "passed", "failed", "unsupported");
    for (int i = 0; i < g.n_files; i++) {
        struct counts *c = &g.files[i];
        printf("%-36s %7d %7d %12d   %.1f %% of what runs, %.1f %% of all\n", c->name, c->pass, c->fail, c->unsupported,
               100.0 * c->pass / (c->pass + c->fail ? c->pass + c->fail : 1),
               100.0 * c->pass / (c->pass + c->fail + c->unsupported ? c->pass + c->fail + c->unsupported : 1));
        pass += c->pass, fail += c->fail, unsupported += c->unsupported;
        if (check_floor(c))
            g.surprises++;
    }
    if (g.expect)
        fail = g.surprises, unsupported += g.known;
    printf("%d passed, %d failed, %d skipped\n", pass, fail, unsupported);
    return fail != 0;
}

int main(int argc, char **argv)
{
    int rc = 0;

    if (rtq_env_new(&g.env, NULL) < 0)
        return 2;
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (int i = 1; i < argc && rc == 0; i++) {
        if (strcmp(argv[i], "--schemas") == 0 && i + 1 < argc)
            rc = read_schemas(argv[++i]);
        else if (strcmp(argv[i], "--results") == 0 && i + 1 < argc)
            rc = (g.results = fopen(argv[++i], "w")) ? 0 : -1;
        else if (strcmp(argv[i], "--expect") == 0 && i + 1 < argc)
            rc = read_expect(argv[++i]);
        else if (strcmp(argv[i], "--only") == 0 && i + 1 < argc)
            g.only = argv[++i];
        else if (strcmp(argv[i], "--verbose") == 0)
            g.verbose = true;
        else
            rc = run_file(argv[i]);
        if (rc < 0)
            fprintf(stderr, "kql-cases: %s: %s\n", argv[i], errno ? strerror(errno) : "cannot be used");
    }
    if (rc == 0 && g.n_files == 0) {
        fprintf(stderr, "usage: kql-cases [--schemas FILE.tsv] [--results OUT.jsonl] [--expect FILE.tsv] [--verbose] "
                        "[--only ID] FILE...\n");
        rc = -1;
    }
    if (rc == 0)
        rc = summary();
    if (g.results && fclose(g.results) != 0)
        rc = -1;
    json_object_put(g.dialects), json_object_put(g.expect);
    rtq_env_free(g.env);
    return rc < 0 ? 2 : rc;
}
