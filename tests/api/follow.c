/* follow.c - a followed file wakes the run when something happens to it, and not otherwise. */
#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>
#include "check.h"

struct rig {
    rtq_env *env;
    rtq_source *source;
    rtq_run *run;
    rtq_sink *sink;
    rtq_diag *diag;
    char dir[64], path[96], old[96], got[512];
};

static int on_rows(const rtq_batch *batch, void *user)
{
    struct rig *r = user;
    rtq_batch_info info = {.size = sizeof info};
    rtq_value v;

    rtq_batch_info_get(&info, batch);
    for (size_t i = 0; i < info.n_rows; i++) {
        CHECK(rtq_batch_get(&v, batch, i, 0) == RTQ_OK);
        snprintf(r->got + strlen(r->got), sizeof r->got - strlen(r->got), "%d ", (int)v.u.i);
    }
    return 0;
}

static void append(const char *path, const char *text)
{
    FILE *f = fopen(path, "a");
    CHECK(f && fputs(text, f) >= 0 && fclose(f) == 0);
}

/* One file, or two. */
static void open_rig(struct rig *r, const char *second)
{
    const rtq_option options[] = {{"path", r->path}, {"follow", "start"}, {"path", second}};
    rtq_query_options qo = {.size = sizeof qo, .n_sources = 1};
    rtq_query *q = NULL;
    int rc;

    CHECK(rtq_env_new(&r->env, NULL) == RTQ_OK);
    if ((rc = rtq_source_open(&r->source, r->env, "json", options, second ? 3 : 2, &r->diag)) < 0)
        check_diag("follow", rc, r->diag);
    qo.sources = (const rtq_source *const *)&r->source;
    CHECK(rtq_query_compile(&q, r->env, "Json | project a = tolong(a)", RTQ_NTS, &qo, &r->diag) == RTQ_OK);
    CHECK(rtq_sink_callback(&r->sink, r->env, on_rows, r, NULL) == RTQ_OK);
    CHECK(rtq_run_new(&r->run, r->env, NULL) == RTQ_OK);
    CHECK(rtq_run_add_source(NULL, r->run, r->source, &r->diag) == RTQ_OK);
    CHECK(rtq_run_add_query(NULL, r->run, q, r->sink, NULL, &r->diag) == RTQ_OK);
    rtq_query_free(q);
}

static void make_dir(struct rig *r)
{
    memset(r, 0, sizeof *r);
    strcpy(r->dir, "/tmp/followXXXXXX");
    CHECK(mkdtemp(r->dir) != NULL);
    snprintf(r->path, sizeof r->path, "%s/log.json", r->dir);
    snprintf(r->old, sizeof r->old, "%s/log.json.1", r->dir);
    append(r->path, "{\"a\":1}\n");
}

static void close_rig(struct rig *r)
{
    rtq_run_free(r->run), rtq_sink_free(r->sink), rtq_source_free(r->source);
    rtq_diag_free(r->diag), rtq_env_free(r->env);
    unlink(r->path), unlink(r->old), rmdir(r->dir);
}

static void settle(struct rig *r)
{
    while (rtq_run_step(r->run, NULL, &r->diag) == RTQ_OK)
        ;
}

/* The run is woken, and has these rows then. A rename and the file that comes after it may take two wake-ups. */
static int arrives(struct rig *r, const char *rows)
{
    for (int i = 0; i < 4 && strcmp(r->got, rows) != 0; i++) {
        if (rtq_run_wait(r->run, 2000000000) != RTQ_OK)
            break;
        settle(r);
    }
    if (strcmp(r->got, rows) != 0)
        printf("# got '%s', not '%s'\n", r->got, rows);
    return strcmp(r->got, rows) == 0;
}

static void changes_wake_the_run(void)
{
    struct rig r;
    int fd = inotify_init1(IN_CLOEXEC);

    if (fd < 0) { /* none left on this machine: files are polled */
        printf("# no inotify here\n");
        return;
    }
    close(fd);
    make_dir(&r);
    open_rig(&r, NULL);
    settle(&r);
    CHECK(strcmp(r.got, "1 ") == 0);
    CHECK(rtq_run_timeout_ns(r.run, NULL) > 1000000000); /* nobody looks several times a second */
    CHECK(rtq_run_wait(r.run, 1000000) == RTQ_AGAIN);
    append(r.path, "{\"a\":2}\n");
    CHECK(arrives(&r, "1 2 "));
    append(r.path, "{\"a\":3"); /* half a line */
    settle(&r);
    append(r.path, "}\n");
    CHECK(arrives(&r, "1 2 3 "));
    CHECK(rename(r.path, r.old) == 0);
    settle(&r);
    append(r.old, "{\"a\":4}\n"); /* by its old name's owner */
    CHECK(arrives(&r, "1 2 3 4 "));
    append(r.path, "{\"a\":5}\n");
    CHECK(arrives(&r, "1 2 3 4 5 "));
    append(r.path, "{\"a\":6}\n"); /* the new file is watched too */
    CHECK(arrives(&r, "1 2 3 4 5 6 "));
    CHECK(truncate(r.path, 0) == 0);
    settle(&r);
    append(r.path, "{\"a\":7}\n");
    CHECK(arrives(&r, "1 2 3 4 5 6 7 "));
    CHECK(rtq_run_wait(r.run, 1000000) == RTQ_AGAIN); /* and that was all */
    rtq_run_stop(r.run, RTQ_STOP_DRAIN);
    CHECK(rtq_run_all(r.run, &r.diag) == RTQ_END);
    close_rig(&r);
}

static void a_file_may_come_later(void)
{
    struct rig r;

    make_dir(&r);
    unlink(r.path);
    open_rig(&r, NULL);
    settle(&r);
    append(r.path, "{\"a\":1}\n");
    CHECK(arrives(&r, "1 "));
    close_rig(&r);
}

/* A pipe among the files cannot be watched: all are looked at often. */
static void what_cannot_be_watched_is_polled(void)
{
    struct rig r;
    char pipe_path[96];
    int fd = -1;

    make_dir(&r);
    snprintf(pipe_path, sizeof pipe_path, "%s/pipe", r.dir);
    CHECK(mkfifo(pipe_path, 0600) == 0 && (fd = open(pipe_path, O_RDWR | O_CLOEXEC)) >= 0);
    open_rig(&r, pipe_path);
    settle(&r);
    CHECK(strcmp(r.got, "1 ") == 0 && rtq_run_timeout_ns(r.run, NULL) <= 250000000);
    CHECK(write(fd, "{\"a\":2}\n", 8) == 8);
    for (int i = 0; i < 20 && strcmp(r.got, "1 2 ") != 0; i++) {
        rtq_run_wait(r.run, 300000000);
        settle(&r);
    }
    CHECK(strcmp(r.got, "1 2 ") == 0);
    close(fd);
    unlink(pipe_path);
    close_rig(&r);
}

int main(void)
{
    RUN(changes_wake_the_run);
    RUN(a_file_may_come_later);
    RUN(what_cannot_be_watched_is_polled);
    return check_failures != 0;
}
