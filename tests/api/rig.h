/* rig.h - one pushed table, one query, and what came of it: for tests of a single point of the public API. */
#ifndef RIG_H
#define RIG_H
#include "check.h"

struct rig {
    rtq_env *env;
    rtq_source *source;
    rtq_appender *app;
    rtq_run *run;
    rtq_diag *diag;
    uint64_t source_id, query_id;
    char rows[4096];         /* JSON, one behind the other */
    int notices, code, note; /* those that are no "changes applied": how many, and the last one */
    char said[512];
    uint64_t count;
};

static void rig_notice(const rtq_notice *n, void *user)
{
    struct rig *r = user;
    if (n->note == RTQ_NOTE_APPLIED)
        return;
    r->notices++;
    r->code = n->code;
    r->note = n->note;
    r->count = n->count;
    snprintf(r->said, sizeof r->said, "%s", n->message);
}

static int rig_rows(const rtq_batch *batch, void *user)
{
    struct rig *r = user;
    rtq_batch_info info = {.size = sizeof info};
    rtq_blob *b = NULL;

    rtq_batch_info_get(&info, batch);
    for (size_t i = 0; i < info.n_rows && strlen(r->rows) < sizeof r->rows - 512; i++) {
        CHECK(rtq_batch_json(&b, batch, i) == RTQ_OK);
        snprintf(r->rows + strlen(r->rows), 500, "%s", rtq_blob_get(b).ptr);
    }
    rtq_blob_free(b);
    return 0;
}

static void rig_env(struct rig *r)
{
    memset(r, 0, sizeof *r);
    CHECK(rtq_env_new(&r->env, NULL) == RTQ_OK);
}

/* Table T with these columns; kql NULL: no query yet. */
__attribute__((unused)) static void rig_open(struct rig *r, const char *schema, const char *kql)
{
    const rtq_option push[] = {{"table", "T"}, {"schema", schema}};
    rtq_run_options ro = {.size = sizeof ro, .notice = rig_notice, .notice_user = r};
    rtq_query_options qo = {.size = sizeof qo, .n_sources = 1};
    rtq_query *q = NULL;
    rtq_sink *sink = NULL;
    int rc;

    if (!r->env)
        rig_env(r);
    if ((rc = rtq_source_open(&r->source, r->env, "push", push, 2, &r->diag)) < 0)
        check_diag(schema, rc, r->diag);
    CHECK(rtq_appender_new(&r->app, r->source, NULL) == RTQ_OK && rtq_run_new(&r->run, r->env, &ro) == RTQ_OK);
    CHECK(rtq_run_add_source(&r->source_id, r->run, r->source, &r->diag) == RTQ_OK);
    if (!kql)
        return;
    qo.sources = (const rtq_source *const *)&r->source;
    if ((rc = rtq_query_compile(&q, r->env, kql, RTQ_NTS, &qo, &r->diag)) < 0)
        check_diag(kql, rc, r->diag);
    CHECK(rtq_sink_callback(&sink, r->env, rig_rows, r, NULL) == RTQ_OK);
    CHECK(rtq_run_add_query(&r->query_id, r->run, q, sink, NULL, &r->diag) == RTQ_OK);
    rtq_sink_free(sink);
    rtq_query_free(q);
}

/* Hands over what the appender has and steps until nothing is ready. Returns the last step's code. */
__attribute__((unused)) static int rig_step(struct rig *r)
{
    int rc;

    CHECK(!r->app || rtq_appender_flush(r->app) == RTQ_OK);
    while ((rc = rtq_run_step(r->run, NULL, &r->diag)) == RTQ_OK)
        ;
    return rc;
}

/* What one of the counts says, and that it adds up. */
__attribute__((unused)) static rtq_stats rig_stats(const struct rig *r, int what, uint64_t id)
{
    rtq_stats s = {.size = sizeof s};

    CHECK(rtq_run_stats(&s, r->run, what, id) == RTQ_OK);
    CHECK(s.in == (what == RTQ_STAT_SOURCE  ? s.out + s.filtered + s.errored + s.dropped + s.pending
                   : what == RTQ_STAT_QUERY ? s.used + s.filtered + s.late + s.errored + s.dropped + s.pending
                                            : s.out + s.errored + s.dropped + s.pending));
    return s;
}

__attribute__((unused)) static void rig_close(struct rig *r)
{
    rtq_appender_free(r->app);
    rtq_source_free(r->source);
    rtq_run_free(r->run);
    rtq_diag_free(r->diag);
    rtq_env_free(r->env);
}

#endif
