/* kqlstream.c - KQL on event feeds from the command line. All of it goes through the public API.
 *
 *     kqlstream INPUT [ARG...] [--option value...] [OUTPUT [FILE] [--option value...]] [-q FILE.kql...] [-e 'KQL'...]
 *     kqlstream check [FILE.kql...] [-e 'KQL'] [--tables 'T(a:long, *)']
 *     kqlstream explain [INPUT [ARG...]] [-q FILE.kql...] [-e 'KQL'] [--json]
 *     kqlstream functions [NAME]
 *
 * Data goes to standard output, everything else to standard error. Exit codes: 0 done (also after Ctrl+C), 1 a feed or an output
 * failed, 2 wrong usage, 3 a query is wrong. */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#if defined(__unix__) || defined(__APPLE__)
#include <sys/stat.h>
#endif
#include "rtq/rtq.h"

enum { MAX = 256, EXIT_FEED = 1, EXIT_USAGE = 2, EXIT_QUERY = 3 };

struct text {
    char *ptr;
    size_t len;
    const char *name;
};

static struct {
    rtq_option in[MAX], out[MAX];
    size_t n_in, n_out;
    const char *input, *output;
    const char *files[MAX], *inline_kql[MAX];
    size_t n_files, n_inline;
    const char *tables, *duration, *geo, *user_agents;
    int stats, quiet, verbose, json, external_files;
    rtq_env *env;
    rtq_diag *diag;
    rtq_query *queries[4096];
    size_t n_queries;
    int failed;
} g;
static rtq_run *running;

static const char usage_text[] =
    "usage: kqlstream INPUT [ARG...] [--option value...] [OUTPUT [FILE] [--option value...]] [-q FILE.kql...] [-e "
    "'KQL'...]\n"
    "       kqlstream check [FILE.kql...] [-e 'KQL'] [--tables 'T(a:long, *)']\n"
    "       kqlstream explain [INPUT [ARG...]] [-q FILE.kql...] [-e 'KQL'] [--json]\n"
    "       kqlstream functions [NAME]\n\n"
    "INPUT     evtx FILE|DIR|GLOB...   json FILE|-   csv FILE|-   syslog FILE\n"
    "OUTPUT    json (default)   table   csv   null       then a file; none is standard output\n"
    "-q FILE   queries to run: several in a file stand apart by blank lines; -e takes one on the command line; none: "
    "all events\n"
    "--stats   what came in, went out, was filtered, failed or got lost, at the end\n"
    "--geo FILE.mmdb, --user-agents regexes.yaml   data of geo_info_from_ip_address() and parse_user_agent()\n"
    "--duration 10s   end after that time   --quiet, --verbose   --external-files   externaldata may read files\n"
    "          every other --option goes to the INPUT, after OUTPUT to the OUTPUT: kqlstream options lists them\n\n"
    "exit code: 0 done (also after Ctrl+C), 1 a feed or an output failed, 2 wrong usage, 3 a query is wrong\n";

static int fail(int code, const char *what, const char *detail)
{
    fprintf(stderr, "kqlstream: %s%s%s\n", what, detail ? ": " : "", detail ? detail : "");
    return code;
}

static int code_of(int rc)
{
    return rc == RTQ_ERR_IO || rc == RTQ_ERR_DATA || rc == RTQ_ERR_NOMEM ? EXIT_FEED : EXIT_USAGE;
}

static int complain(int code)
{
    rtq_blob *b = NULL;
    if (rtq_diag_count(g.diag) && rtq_diag_render(&b, g.diag) == RTQ_OK)
        fprintf(stderr, "%.*s", (int)rtq_blob_get(b).len, rtq_blob_get(b).ptr);
    rtq_blob_free(b);
    return code;
}

static void on_log(int level, const char *component, const char *message, size_t len, void *user)
{
    (void)level, (void)user;
    fprintf(stderr, "kqlstream: %s: %.*s\n", component, (int)len, message);
}

static void on_notice(const rtq_notice *n, void *user)
{
    (void)user;
    if (n->note == RTQ_NOTE_APPLIED)
        return;
    fprintf(stderr, "kqlstream: %s\n", n->message);
    if (n->code == RTQ_ERR_IO || n->note == RTQ_NOTE_QUERY || n->note == RTQ_NOTE_SINK)
        g.failed = 1;
    if (n->note == RTQ_NOTE_SINK && n->code == RTQ_ERR_IO)
        rtq_run_stop(running, RTQ_STOP_CANCEL); /* nobody gets the rows any more */
}

static void on_signal(int sig)
{
    static volatile sig_atomic_t times;
    (void)sig;
    rtq_run_stop(running, times++ ? RTQ_STOP_CANCEL : RTQ_STOP_DRAIN);
}

static void catch_signals(void (*handler)(int))
{
    signal(SIGINT, handler);
    signal(SIGTERM, handler);
#ifdef SIGHUP
    if (signal(SIGHUP, handler) == SIG_IGN)
        signal(SIGHUP, SIG_IGN); /* nohup */
#endif
#ifdef SIGPIPE
    signal(SIGPIPE, SIG_IGN);
#endif
}

/* ---- the command line -------------------------------------------------------------------------------------------------------- */

static int is_output(const char *word)
{
    return strcmp(word, "json") == 0 || strcmp(word, "table") == 0 || strcmp(word, "csv") == 0 ||
           strcmp(word, "null") == 0;
}

static int is_option(const char *word)
{
    return word[0] == '-' && word[1] != 0;
}

static int add_option(const char *key, const char *value)
{
    rtq_option *o = g.output ? &g.out[g.n_out] : &g.in[g.n_in];
    size_t *n = g.output ? &g.n_out : &g.n_in;

    if (*n == MAX)
        return fail(EXIT_USAGE, "too many options", NULL);
    o->key = key;
    o->value = value;
    ++*n;
    return 0;
}

/* --key value, --key=value, or --key alone, which means true. */
static int read_option(int argc, char **argv, int *i)
{
    char *key = argv[*i] + (argv[*i][1] == '-' ? 2 : 1), *eq = strchr(key, '=');
    const char *value;

    if (eq) {
        *eq = 0;
        value = eq + 1;
    } else if (*i + 1 < argc && !is_option(argv[*i + 1]) && !is_output(argv[*i + 1])) {
        value = argv[++*i];
    } else {
        value = "true";
    }
    for (char *c = key; *c; c++)
        if (*c == '-')
            *c = '_';
    return add_option(key, value);
}

static int add_file(const char *path)
{
    if (g.n_files == MAX)
        return fail(EXIT_USAGE, "too many query files", NULL);
    g.files[g.n_files++] = path;
    return 0;
}

/* One file, and those behind it: up to an option, an output, or (with the input still to come) a name without .kql. */
static int read_files(int argc, char **argv, int *i, const char *first)
{
    int rc = 0;

    if (!first && *i + 1 < argc && !is_option(argv[*i + 1]))
        first = argv[++*i];
    if (!first || !*first)
        return fail(EXIT_USAGE, "-q needs a file", NULL);
    rc = add_file(first);
    while (rc == 0 && *i + 1 < argc && !is_option(argv[*i + 1]) && !is_output(argv[*i + 1]) &&
           (g.input || strstr(argv[*i + 1], ".kql")))
        rc = add_file(argv[++*i]);
    return rc;
}

/* The options of the program itself, with one dash or two: 1 taken, 0 not ours, else an exit code < 0. */
static int own_option(int argc, char **argv, int *i)
{
    static const struct {
        const char *name;
        int *flag;
        const char **value;
    } own[] = {{"stats", &g.stats, NULL},
               {"quiet", &g.quiet, NULL},
               {"verbose", &g.verbose, NULL},
               {"json", &g.json, NULL},
               {"external-files", &g.external_files, NULL},
               {"tables", NULL, &g.tables},
               {"duration", NULL, &g.duration},
               {"geo", NULL, &g.geo},
               {"user-agents", NULL, &g.user_agents},
               {"e", NULL, NULL}};
    const char *name = argv[*i] + (argv[*i][1] == '-' ? 2 : 1), *value = strchr(name, '=');
    size_t len = value ? (size_t)(value++ - name) : strlen(name), k = 0;

    if ((len == 1 && *name == 'q') || (len == 5 && strncmp(name, "query", 5) == 0))
        return read_files(argc, argv, i, value) ? -EXIT_USAGE : 1;
    while (k < sizeof own / sizeof *own && (strncmp(own[k].name, name, len) != 0 || own[k].name[len]))
        k++;
    if (k == sizeof own / sizeof *own)
        return 0;
    if (own[k].flag)
        return value ? -fail(EXIT_USAGE, "this option takes no value", argv[*i]) : (*own[k].flag = 1);
    if (!value && *i + 1 == argc)
        return -fail(EXIT_USAGE, argv[*i], "needs a value");
    value = value ? value : argv[++*i];
    if (own[k].value)
        *own[k].value = value;
    else if (g.n_inline < MAX)
        g.inline_kql[g.n_inline++] = value;
    else
        return -fail(EXIT_USAGE, "too many queries", NULL);
    return 1;
}

/* The first word when a query came before it: json and csv are kinds of both; with something to read behind it, it is the input. */
static int output_only(int argc, char **argv, int i)
{
    return g.n_files + g.n_inline && is_output(argv[i]) &&
           (strcmp(argv[i], "table") == 0 || strcmp(argv[i], "null") == 0 || i + 1 == argc || is_option(argv[i + 1]));
}

static int parse(int argc, char **argv, int first, int with_input)
{
    for (int i = first; i < argc; i++) {
        int own = is_option(argv[i]) ? own_option(argc, argv, &i) : 0, rc = 0;
        if (own < 0)
            return -own;
        if (own)
            continue;
        if (is_option(argv[i]) && !g.input && !g.output)
            rc = fail(EXIT_USAGE, with_input ? "the input comes first" : "there is no such option", argv[i]);
        else if (is_option(argv[i]))
            rc = read_option(argc, argv, &i);
        else if (!with_input)
            rc = add_file(argv[i]);
        else if (!g.input && !g.output && output_only(argc, argv, i))
            g.output = argv[i];
        else if (!g.input && !g.output)
            g.input = argv[i];
        else if (!g.output && is_output(argv[i]))
            g.output = argv[i];
        else
            rc = add_option("path", argv[i]);
        if (rc)
            return rc;
    }
    return 0;
}

/* ---- queries ------------------------------------------------------------------------------------------------------------------ */

static int read_file(struct text *out, const char *path)
{
    FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
    size_t cap = 0, n;

    memset(out, 0, sizeof *out);
    out->name = path;
    if (!f)
        return -1;
    do {
        if (cap - out->len < 4096) {
            char *p = realloc(out->ptr, cap = cap ? 2 * cap : 65536);
            if (!p)
                break;
            out->ptr = p;
        }
        n = fread(out->ptr + out->len, 1, cap - out->len, f);
        out->len += n;
    } while (n);
    n = (size_t)ferror(f);
    if (f != stdin)
        fclose(f);
    return n ? -1 : 0;
}

/* All queries of one text; errors name the file. */
static int compile_text(const struct text *t, const rtq_query_options *options)
{
    rtq_script *script = NULL;
    int rc = rtq_script_parse(&script, g.env, t->ptr ? t->ptr : "", t->len, &g.diag), code = 0;

    if (rc < 0) {
        fprintf(stderr, "kqlstream: %s:\n", t->name);
        code = complain(EXIT_QUERY);
    }
    for (size_t i = 0; rc >= 0 && i < rtq_script_count(script); i++) {
        if (g.n_queries == sizeof g.queries / sizeof *g.queries) {
            code = fail(EXIT_USAGE, "too many queries", NULL);
            break;
        }
        if (rtq_script_compile(&g.queries[g.n_queries], script, i, options, &g.diag) < 0) {
            fprintf(stderr, "kqlstream: %s, query %zu:\n", t->name, i + 1);
            code = complain(EXIT_QUERY);
        } else {
            g.n_queries++;
            complain(0); /* warnings */
        }
    }
    rtq_script_free(script);
    return code;
}

static int compile_all(const rtq_query_options *options)
{
    int code = 0;

    for (size_t i = 0; i < g.n_files; i++) {
        struct text t;
        int one = read_file(&t, g.files[i]) < 0 ? fail(EXIT_USAGE, "cannot read the query file", g.files[i])
                                                : compile_text(&t, options);
        code = one ? one : code;
        free(t.ptr);
    }
    for (size_t i = 0; i < g.n_inline; i++) {
        struct text t = {(char *)(uintptr_t)g.inline_kql[i], strlen(g.inline_kql[i]), "-e"};
        int one = compile_text(&t, options);
        code = one ? one : code;
    }
    return code;
}

/* ---- running ------------------------------------------------------------------------------------------------------------------- */

static void print_stats(const rtq_run *run)
{
    static const char *const names[] = {"", "sources", "queries", "sinks"};

    for (int what = RTQ_STAT_SOURCE; what <= RTQ_STAT_SINK; what++) {
        rtq_stats s = {.size = sizeof s};
        rtq_run_stats(&s, run, what, 0);
        fprintf(stderr,
                "%-8s in %" PRIu64 " = %s %" PRIu64 " + filtered %" PRIu64 " + late %" PRIu64 " + errored %" PRIu64
                " + dropped %" PRIu64 " + pending %" PRIu64,
                names[what], s.in, what == RTQ_STAT_QUERY ? "used" : "out", what == RTQ_STAT_QUERY ? s.used : s.out,
                s.filtered, s.late, s.errored, s.dropped, s.pending);
        if (what == RTQ_STAT_QUERY)
            fprintf(stderr, "; rows out %" PRIu64 ", state %" PRIu64 " bytes", s.out, s.state_bytes);
        if (what == RTQ_STAT_SOURCE)
            fprintf(stderr, "; %" PRIu64 " bytes", s.bytes);
        fputc('\n', stderr);
    }
}

static int64_t duration_ns(const char *text)
{
    char *end;
    double n = strtod(text, &end);
    double unit = strcmp(end, "ms") == 0           ? 1e6
                  : strcmp(end, "m") == 0          ? 60e9
                  : strcmp(end, "h") == 0          ? 3600e9
                  : strcmp(end, "s") == 0 || !*end ? 1e9
                                                   : 0;
    return end == text || n < 0 || unit <= 0 || n * unit > 9e18 ? -1 : (int64_t)(n * unit);
}

static int64_t mono_ns(void)
{
    struct timespec t;
    timespec_get(&t, TIME_UTC);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int loop(rtq_run *run)
{
    int64_t left = g.duration ? duration_ns(g.duration) : -1, end = mono_ns() + left;
    int rc, told = 0;

    while ((rc = rtq_run_step(run, NULL, &g.diag)) != RTQ_END) {
        if (rc < 0)
            return complain(EXIT_FEED);
        if (g.duration && !told && (left = end - mono_ns()) <= 0) {
            rtq_run_stop(run, RTQ_STOP_DRAIN);
            told = 1;
        }
        if (rc == RTQ_AGAIN && (rc = rtq_run_wait(run, g.duration && !told ? left : -1)) < 0)
            return fail(EXIT_FEED, "cannot wait", rtq_strerror(rc));
    }
    return 0;
}

/* https://no-color.org: set and not empty; what the command line says goes before it. */
static void obey_no_color(void)
{
    const char *no = getenv("NO_COLOR");

    for (size_t i = 0; i < g.n_out; i++)
        if (strcmp(g.out[i].key, "colour") == 0)
            return;
    if (no && *no && g.n_out < MAX)
        g.out[g.n_out++] = (rtq_option){"colour", "never"};
}

/* Some bad lines are a word each; when there is nothing else, it was not what the command line said. */
static int check_read(void)
{
    rtq_stats s = {.size = sizeof s};
    rtq_run_stats(&s, running, RTQ_STAT_SOURCE, 0);
    return s.in && s.in == s.errored ? fail(EXIT_FEED, "nothing of the input could be read as", g.input) : 0;
}

#if defined(__unix__) || defined(__APPLE__)
static int same_file(const char *a, const char *b)
{
    struct stat x, y;
    return stat(a, &x) == 0 && stat(b, &y) == 0 && S_ISREG(x.st_mode) && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}
#else
static int same_file(const char *a, const char *b)
{
    return strcmp(a, b) == 0 && strcmp(a, "-") != 0;
}
#endif

/* What is read would be gone before it was. */
static const char *overwritten_input(void)
{
    for (size_t o = 0; o < g.n_out; o++)
        for (size_t i = 0; i < g.n_in; i++)
            if (strcmp(g.out[o].key, "path") == 0 && strcmp(g.in[i].key, "path") == 0 &&
                same_file(g.in[i].value, g.out[o].value))
                return g.out[o].value;
    return NULL;
}

static int run_queries(rtq_source *source)
{
    rtq_run_options options = {
        .size = sizeof options, .notice = on_notice, .flags = g.external_files ? RTQ_RUN_EXTERNAL_FILES : 0};
    rtq_sink *sink = NULL;
    int code, rc;

    if (overwritten_input())
        return fail(EXIT_USAGE, "the output is a file that is read", overwritten_input());
    if (g.n_out && !g.output)
        g.output = "json";
    if (g.output && strcmp(g.output, "table") == 0)
        obey_no_color();
    if ((rc = rtq_sink_open(&sink, g.env, g.output ? g.output : "json", g.out, g.n_out, &g.diag)) < 0 ||
        (rc = rtq_run_new(&running, g.env, &options)) < 0 ||
        (source && (rc = rtq_run_add_source(NULL, running, source, &g.diag)) < 0)) {
        code = complain(code_of(rc));
        if (rc == RTQ_ERR_ARG && !sink && g.n_out && g.input)
            fail(code, "options behind the OUTPUT are its own; those of the INPUT stand in front of it", NULL);
        goto out;
    }
    for (size_t i = 0; i < g.n_queries; i++) {
        const char *own = rtq_query_name(g.queries[i]);
        char number[32];
        rtq_attach_options attach = {.size = sizeof attach, .name = *own ? own : number};
        snprintf(number, sizeof number, "q%zu", i + 1);
        if (rtq_run_add_query(NULL, running, g.queries[i], sink, &attach, &g.diag) < 0) {
            attach.name = number; /* two queries of one name: told apart by a number */
            if (rtq_run_add_query(NULL, running, g.queries[i], sink, &attach, &g.diag) < 0) {
                code = complain(EXIT_QUERY);
                goto out;
            }
        }
    }
    catch_signals(on_signal);
    code = loop(running);
    if (code == 0 && source)
        code = check_read();
    if (g.stats)
        print_stats(running);
    if (code == 0 && g.failed)
        code = EXIT_FEED;
out:
    catch_signals(SIG_DFL);
    rtq_run_free(running);
    rtq_sink_free(sink);
    return code;
}

static int explain_all(void)
{
    for (size_t i = 0; i < g.n_queries; i++) {
        rtq_blob *b = NULL;
        if (rtq_query_explain(&b, g.queries[i], g.json) == RTQ_OK)
            printf("%.*s%s", (int)rtq_blob_get(b).len, rtq_blob_get(b).ptr, g.json ? "\n" : "");
        rtq_blob_free(b);
    }
    return 0;
}

static int with_source(int explain)
{
    rtq_source *source = NULL;
    const rtq_source *sources[1];
    rtq_query_options options = {.size = sizeof options, .tables = g.tables};
    struct text all = {(char *)(uintptr_t) "Input", 5, "all events"};
    int code;

    if (g.input) {
        if ((code = rtq_source_open(&source, g.env, g.input, g.in, g.n_in, &g.diag)) < 0)
            return complain(code_of(code));
        sources[0] = source;
        options.sources = sources;
        options.n_sources = 1;
    }
    if ((code = compile_all(&options)) == 0) {
        if (g.n_queries == 0 && g.n_files + g.n_inline)
            code = fail(EXIT_QUERY, "there is no query", g.n_files ? g.files[0] : "-e");
        else if (g.n_queries == 0 && source)
            code = compile_text(&all, &options);
        if (code == 0)
            code = explain ? explain_all() : run_queries(source);
    }
    for (size_t i = 0; i < g.n_queries; i++)
        rtq_query_free(g.queries[i]);
    rtq_source_free(source);
    return code;
}

static int check_all(void)
{
    rtq_query_options options = {.size = sizeof options, .tables = g.tables};
    int code;

    if (g.n_files + g.n_inline == 0)
        return fail(EXIT_USAGE, "check needs a query file or -e", NULL);
    code = compile_all(&options);
    fprintf(stderr, "kqlstream: %zu quer%s compiled%s\n", g.n_queries, g.n_queries == 1 ? "y" : "ies",
            code ? ", others did not" : "");
    for (size_t i = 0; i < g.n_queries; i++)
        rtq_query_free(g.queries[i]);
    return code;
}

/* The catalogue is data too: one query over what rtq_env_describe() says. */
static int describe(const char *what, const char *kql, const char *name)
{
    rtq_blob *b = NULL;
    rtq_option parameters[2] = {{"d", NULL}, {"n", NULL}};
    rtq_query_options options = {.size = sizeof options, .parameters = parameters, .n_parameters = 2};
    struct text t = {(char *)(uintptr_t)kql, strlen(kql), what};
    char *d = NULL, n[256];
    rtq_sink *sink = NULL;
    rtq_stats rows = {.size = sizeof rows};
    rtq_run_options run_options = {.size = sizeof run_options, .notice = on_notice};
    int code = EXIT_FEED;

    if (name && strpbrk(name, "\"\\"))
        return fail(EXIT_USAGE, "there is nothing of this name", name);
    snprintf(n, sizeof n, "\"%.200s\"", name ? name : "");
    if (rtq_env_describe(&b, g.env) < 0 || !(d = malloc(rtq_blob_get(b).len + 16)))
        goto out;
    sprintf(d, "dynamic(%.*s)", (int)rtq_blob_get(b).len, rtq_blob_get(b).ptr);
    parameters[0].value = d;
    parameters[1].value = n;
    if ((code = compile_text(&t, &options)) != 0)
        goto out;
    if (rtq_sink_open(&sink, g.env, g.json ? "json" : "table", NULL, 0, &g.diag) < 0 ||
        rtq_run_new(&running, g.env, &run_options) < 0 ||
        rtq_run_add_query(NULL, running, g.queries[0], sink, NULL, &g.diag) < 0 || rtq_run_all(running, &g.diag) < 0)
        code = complain(EXIT_FEED);
    else if (rtq_run_stats(&rows, running, RTQ_STAT_SINK, 0) == RTQ_OK && rows.in == 0)
        code = fail(EXIT_USAGE, "there is nothing of this name", name);
    if (code == 0 && g.failed)
        code = EXIT_FEED;
out:
    rtq_run_free(running), rtq_sink_free(sink);
    for (size_t i = 0; i < g.n_queries; i++)
        rtq_query_free(g.queries[i]);
    rtq_blob_free(b);
    free(d);
    return code;
}

static int functions(const char *name)
{
    static const char kql[] =
        "declare query_parameters(d:dynamic, n:string = '');"
        "print d | mv-expand f = d.functions | extend Name = tostring(f.name)"
        "| where n == '' or Name =~ n | project Name, Kind = tostring(f.kind), Arguments = tostring(f.arguments),"
        "Returns = tostring(f.returns), Does = tostring(f.doc), Page = tostring(f.page) | sort by Name asc";
    return describe("functions", kql, name);
}

static int options_of(const char *name)
{
    static const char kql[] = "declare query_parameters(d:dynamic, n:string = '');"
                              "print d | mv-expand k = array_concat(d.sources, d.sinks) | where n == '' or "
                              "tostring(k.kind) == n | mv-expand o = k.options"
                              "| project For = tostring(k.kind), Option = tostring(o.key), Type = tostring(o.type), "
                              "Default = tostring(o.['default']),"
                              "Choices = tostring(o.choices), Means = tostring(o.doc)";
    return describe("options", kql, name);
}

int main(int argc, char **argv)
{
    rtq_env_options eo = {.size = sizeof eo};
    const char *verb = argc > 1 ? argv[1] : "--help";
    const char *name = NULL; /* of a function or kind */
    int code, rc, explain = strcmp(verb, "explain") == 0, check = strcmp(verb, "check") == 0;

    if (strcmp(verb, "--help") == 0 || strcmp(verb, "-h") == 0 || strcmp(verb, "help") == 0)
        return fputs(usage_text, argc > 1 ? stdout : stderr), argc > 1 ? 0 : EXIT_USAGE;
    if (strcmp(verb, "--version") == 0)
        return printf("kqlstream %s\n", rtq_features()), 0;
    if (strcmp(verb, "functions") == 0 || strcmp(verb, "options") == 0)
        for (int i = 2; i < argc; i++)
            if (strcmp(argv[i], "--json") == 0)
                g.json = 1;
            else
                name = argv[i];
    else if ((code = parse(argc, argv, explain || check ? 2 : 1, !check)) != 0)
        return code;
    if (g.verbose) {
        eo.log = on_log;
        eo.log_level = 3;
    }
    if (!g.quiet && !explain && !check && g.input)
        fprintf(stderr, "kqlstream %.*s: %s -> %s\n", (int)strcspn(rtq_features(), " "), rtq_features(), g.input,
                g.output ? g.output : "json");
    if (g.duration && duration_ns(g.duration) < 0)
        return fail(EXIT_USAGE, "--duration takes a number and ms, s, m or h", g.duration);
    if (rtq_env_new(&g.env, &eo) < 0)
        return fail(EXIT_FEED, "out of memory", NULL);
    if ((g.geo && (rc = rtq_env_set_data(g.env, "geo", g.geo, &g.diag)) < 0) ||
        (g.user_agents && (rc = rtq_env_set_data(g.env, "user-agent", g.user_agents, &g.diag)) < 0))
        return complain(code_of(rc));
    if (strcmp(verb, "functions") == 0)
        code = functions(name);
    else if (strcmp(verb, "options") == 0)
        code = options_of(name);
    else if (check)
        code = check_all();
    else if (!g.input && !explain && !(g.n_files + g.n_inline))
        code = fail(EXIT_USAGE, "no input", NULL);
    else
        code = with_source(explain);
    if ((fflush(stdout) != 0 || ferror(stdout)) && code == 0)
        code = fail(EXIT_FEED, "cannot write standard output", NULL);
    rtq_diag_free(g.diag);
    rtq_env_free(g.env);
    return code;
}
