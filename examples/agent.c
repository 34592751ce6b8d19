/* agent.c - an agent: a syslog file and a JSON feed followed, rule files hot-reloaded by inotify, an epoll loop, statistics, clean
 * shutdown.
 *
 *     agent RULES_DIR SYSLOG_FILE JSON_FILE DEAD_LETTER_FILE
 *
 * Alerts go to standard output as JSON lines; SIGTERM or SIGINT ends it. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <unistd.h>
#include "rtq/rtq.h"

enum { MAX_RULES = 1024 };
struct rule {
    char file[256];
    size_t index;
    uint64_t id;
    rtq_sink *sink;
}; /* one query of one file */
struct agent {
    rtq_env *env;
    rtq_run *run;
    rtq_source *sources[2];
    rtq_sink *dead;
    rtq_diag *diag;
    struct rule rules[MAX_RULES];
    size_t n_rules;
};
static rtq_run *g_run; /* for the signal handler */
static void on_term(int sig)
{
    (void)sig;
    rtq_run_stop(g_run, RTQ_STOP_DRAIN);
}

static void on_log(int level, const char *comp, const char *msg, size_t len, void *user)
{
    (void)user;
    fprintf(stderr, "<%d>%s: %.*s\n", level, comp, (int)len, msg);
}

static void on_notice(const rtq_notice *n, void *user)
{
    (void)user;
    fprintf(stderr, "notice %d code %d query %" PRIu64 ": %s\n", n->note, n->code, n->query_id, n->message);
}

static void complain(struct agent *a, const char *what)
{
    rtq_blob *b = NULL;
    if (rtq_diag_render(&b, a->diag) == RTQ_OK)
        fprintf(stderr, "%s:\n%.*s\n", what, (int)rtq_blob_get(b).len, rtq_blob_get(b).ptr);
    rtq_blob_free(b);
}

/* Alerts of a rule, with process ancestry from a host function inside the query. */
struct alert {
    char name[64];
};
static int on_alert(const rtq_batch *batch, void *user)
{
    struct alert *al = user;
    rtq_batch_info info = {.size = sizeof info};
    rtq_batch_info_get(&info, batch);
    for (size_t r = 0; r < info.n_rows; r++) {
        rtq_blob *j = NULL;
        if (rtq_batch_json(&j, batch, r) == RTQ_OK)
            printf("{\"rule\":\"%s\",\"row\":%.*s}\n", al->name, (int)rtq_blob_get(j).len, rtq_blob_get(j).ptr);
        rtq_blob_free(j);
    }
    fflush(stdout); /* an alert does not wait for the next */
    return 0;
}

/* host function: reputation(sha256:string) -> long, a batch at a time */
static int fn_reputation(rtq_call *call, void *out, uint8_t *nulls, const rtq_column *args, size_t n_args, size_t n,
                         void *user)
{
    int64_t *res = out;
    (void)user;
    (void)call;
    (void)n_args;
    for (size_t i = 0; i < n; i++) {
        const rtq_str *s = (const rtq_str *)(const void *)((const char *)args[0].data + i * args[0].stride);
        nulls[i] = s->len != 64;
        res[i] = s->len == 64 ? s->ptr[0] : 0;
    }
    return RTQ_OK;
}

static struct rule *find_rule(struct agent *a, const char *file, size_t index)
{
    for (size_t i = 0; i < a->n_rules; i++)
        if (a->rules[i].index == index && strcmp(a->rules[i].file, file) == 0)
            return &a->rules[i];
    return NULL;
}

static int add_rule(struct agent *a, const char *file, size_t index, rtq_query *query)
{
    rtq_attach_options ao = {.size = sizeof ao, .errors = a->dead, .max_errors = 1000};
    struct rule *r = &a->rules[a->n_rules];
    struct alert *al;
    int rc;

    if (a->n_rules == MAX_RULES)
        return RTQ_ERR_LIMIT;
    if (!(al = calloc(1, sizeof *al)))
        return RTQ_ERR_NOMEM;
    snprintf(al->name, sizeof al->name, "%s", rtq_query_name(query));
    if ((rc = rtq_sink_callback(&r->sink, a->env, on_alert, al, free)) < 0 || /* al freed also on failure */
        (rc = rtq_run_add_query(&r->id, a->run, query, r->sink, &ao, &a->diag)) < 0) {
        rtq_sink_free(r->sink), r->sink = NULL;
        return rc;
    }
    snprintf(r->file, sizeof r->file, "%s", file);
    r->index = index, a->n_rules++;
    return RTQ_OK;
}

/* (Re)load one file: compile everything first; a bad file leaves the old rules running. */
static int load_file(struct agent *a, const char *dir, const char *file)
{
    char path[512], *text = NULL;
    size_t len = 0, n = 0;
    rtq_script *script = NULL;
    rtq_query *q[64] = {NULL};
    const rtq_source *const srcs[] = {a->sources[0], a->sources[1]};
    rtq_query_options qo = {.size = sizeof qo, .sources = srcs, .n_sources = 2, .max_state_bytes = 8u << 20};
    FILE *f;
    int rc = RTQ_ERR_IO;

    snprintf(path, sizeof path, "%s/%s", dir, file);
    if ((f = fopen(path, "re")) != NULL) {
        text = malloc(1 << 20);
        len = text ? fread(text, 1, 1 << 20, f) : 0;
        fclose(f);
        if ((rc = rtq_script_parse(&script, a->env, text, len, &a->diag)) < 0)
            goto out;
        n = rtq_script_count(script) < 64 ? rtq_script_count(script) : 64;
        for (size_t i = 0; i < n; i++)
            if ((rc = rtq_script_compile(&q[i], script, i, &qo, &a->diag)) < 0)
                goto out;
    }
    for (size_t i = 0; i < n; i++) {
        struct rule *r = find_rule(a, file, i);
        if (r) {
            rc = rtq_run_replace_query(a->run, r->id, q[i], &a->diag);
        } else {
            rc = add_rule(a, file, i, q[i]);
        }
        if (rc < 0)
            goto out;
    }
    for (size_t i = 0; i < a->n_rules;) { /* queries that the file no longer has */
        struct rule *r = &a->rules[i];
        if (strcmp(r->file, file) == 0 && r->index >= n) {
            rtq_run_remove(a->run, r->id);
            rtq_sink_free(r->sink);
            *r = a->rules[--a->n_rules];
        } else
            i++;
    }
    rc = RTQ_OK;
out:
    if (rc < 0)
        complain(a, path);
    for (size_t i = 0; i < n; i++)
        rtq_query_free(q[i]);
    rtq_script_free(script);
    free(text);
    return rc;
}

static void load_dir(struct agent *a, const char *dir)
{
    DIR *d = opendir(dir);
    struct dirent *e;
    while (d && (e = readdir(d)) != NULL)
        if (strstr(e->d_name, ".kql"))
            load_file(a, dir, e->d_name);
    if (d)
        closedir(d);
    rtq_run_commit(a->run); /* one re-plan, one kernel filter update */
}

static int open_all(struct agent *a, char **argv)
{
    const rtq_option sysl[] = {{"path", argv[2]}, {"follow", "start"}, {"table", "AuthLog"}};
    const rtq_option json[] = {{"path", argv[3]}, {"follow", "start"}, {"table", "Events"}};
    const rtq_option dead[] = {{"path", argv[4]}};
    rtq_env_options eo = {.size = sizeof eo, .log = on_log, .log_level = 2, .max_memory_bytes = 256u << 20};
    rtq_run_options ro = {.size = sizeof ro, .notice = on_notice, .notice_user = a, .idle_ns = 10000000000};
    int rc;

    if ((rc = rtq_env_new(&a->env, &eo)) < 0 ||
        (rc = rtq_env_add_function(a->env, "reputation(sha256:string) -> long", RTQ_FN_VOLATILE, fn_reputation, NULL,
                                   NULL, &a->diag)) < 0 ||
        (rc = rtq_source_open(&a->sources[0], a->env, "syslog", sysl, 3, &a->diag)) < 0 ||
        (rc = rtq_source_open(&a->sources[1], a->env, "json", json, 3, &a->diag)) < 0 ||
        (rc = rtq_sink_open(&a->dead, a->env, "json", dead, 1, &a->diag)) < 0 ||
        (rc = rtq_run_new(&a->run, a->env, &ro)) < 0 ||
        (rc = rtq_run_add_source(NULL, a->run, a->sources[0], &a->diag)) < 0)
        return rc;
    return rtq_run_add_source(NULL, a->run, a->sources[1], &a->diag);
}

/* Rule files that were written: all their changes take effect together, between two events. */
static void reload(struct agent *a, const char *dir, int ino)
{
    char buf[4096] __attribute__((aligned(8)));
    ssize_t len = read(ino, buf, sizeof buf);
    int changed = 0;

    for (char *p = buf; len > 0 && p < buf + len;
         p += sizeof(struct inotify_event) + ((struct inotify_event *)(void *)p)->len)
        if (strstr(((struct inotify_event *)(void *)p)->name, ".kql"))
            changed |= load_file(a, dir, ((struct inotify_event *)(void *)p)->name) == RTQ_OK;
    if (changed)
        rtq_run_commit(a->run);
}

static int loop(struct agent *a, const char *dir, int ep, int ino)
{
    int rc;

    while ((rc = rtq_run_step(a->run, NULL, &a->diag)) >= 0 && rc != RTQ_END) {
        struct epoll_event ev[8];
        int64_t ns = rc == RTQ_OK ? 0 : rtq_run_timeout_ns(a->run, NULL);
        int n = epoll_wait(ep, ev, 8, ns < 0 ? -1 : (int)((ns + 999999) / 1000000));
        for (int i = 0; i < n; i++)
            if (ev[i].data.fd == ino)
                reload(a, dir, ino);
    }
    return rc;
}

static int watch_rules(struct agent *a, const char *dir, int *ep, int *ino)
{
    struct epoll_event er = {.events = EPOLLIN, .data.fd = (int)rtq_run_handle(a->run)}, ei = {.events = EPOLLIN};

    if ((*ep = epoll_create1(EPOLL_CLOEXEC)) < 0 || (*ino = inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) < 0 ||
        inotify_add_watch(*ino, dir, IN_CLOSE_WRITE | IN_MOVED_TO | IN_DELETE) < 0)
        return RTQ_ERR_IO;
    ei.data.fd = *ino;
    return epoll_ctl(*ep, EPOLL_CTL_ADD, er.data.fd, &er) < 0 || epoll_ctl(*ep, EPOLL_CTL_ADD, *ino, &ei) < 0
               ? RTQ_ERR_IO
               : RTQ_OK;
}

int main(int argc, char **argv)
{
    static struct agent a;
    int ep = -1, ino = -1, rc;

    if (argc != 5)
        return fprintf(stderr, "usage: agent RULES_DIR SYSLOG_FILE JSON_FILE DEAD_LETTER_FILE\n"), 2;
    if (rtq_version() < RTQ_VERSION || !strstr(rtq_features(), "syslog"))
        return fprintf(stderr, "libkqlstream %s is too old or lacks syslog\n", rtq_features()), 2;
    if ((rc = open_all(&a, argv)) == RTQ_OK) {
        load_dir(&a, argv[1]);
        g_run = a.run;
        signal(SIGTERM, on_term);
        signal(SIGINT, on_term);
        if ((rc = watch_rules(&a, argv[1], &ep, &ino)) == RTQ_OK)
            rc = loop(&a, argv[1], ep, ino);
    }
    if (rc == RTQ_END) {
        rtq_stats s = {.size = sizeof s};
        rtq_run_stats(&s, a.run, RTQ_STAT_SOURCE, 0);
        fprintf(stderr,
                "in %" PRIu64 " = out %" PRIu64 " + filtered %" PRIu64 " + errored %" PRIu64 " + dropped %" PRIu64
                " + pending %" PRIu64 "\n",
                s.in, s.out, s.filtered, s.errored, s.dropped, s.pending);
    }
    if (rc < 0)
        complain(&a, rtq_strerror(rc));
    for (size_t i = 0; i < a.n_rules; i++)
        rtq_sink_free(a.rules[i].sink);
    signal(SIGTERM, SIG_DFL), signal(SIGINT, SIG_DFL);
    rtq_run_free(a.run), rtq_sink_free(a.dead);
    rtq_source_free(a.sources[0]), rtq_source_free(a.sources[1]);
    rtq_diag_free(a.diag), rtq_env_free(a.env);
    if (ino >= 0)
        close(ino);
    if (ep >= 0)
        close(ep);
    return rc < 0;
}
