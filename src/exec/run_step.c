/* run_step.c - one bounded, non-blocking step: apply changes, read each source in turn, move rows through pipes, tell the end. */
#include "base/text.h"
#include "exec/run.h"
#include <stdarg.h>
#include <stdio.h>

void rtq__run_wake(void *run)
{
    rtq__waiter_wake(&((rtq_run *)run)->waiter);
}

/* Messages quote paths, names and what adapters say; they end up on terminals. In place: it must work without memory too. */
static void make_visible(char *text)
{
    size_t len = strlen(text), to = 0;

    for (size_t at = 0; at < len;) {
        uint32_t cp;
        size_t n = rtq__utf8_next(&cp, text + at, len - at);
        if (!rtq__is_visible(cp) || (cp == 0xfffd && n < 3)) {
            text[to++] = '?';
        } else {
            memmove(text + to, text + at, n);
            to += n;
        }
        at += n;
    }
    text[to] = 0;
}

void rtq__run_note(rtq_run *run, int note, int code, uint64_t query, uint64_t source, uint64_t count,
                   const char *format, ...)
{
    rtq_notice n = {0};
    char text[512];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    make_visible(text);
    rtq__log(run->env, code < 0 ? 1 : 3, "run", "%s", text);
    if (!run->options.notice)
        return;
    n.size = sizeof n;
    n.note = note;
    n.code = code;
    n.query_id = query;
    n.source_id = source;
    n.count = count;
    n.message = text;
    run->options.notice(&n, run->options.notice_user);
}

const char *rtq__run_why(const rtq_run *run, size_t before, int rc)
{
    rtq_diag_item item = {.size = sizeof item};
    return rtq_diag_get(&item, run->diag, before) == RTQ_OK ? item.message : rtq_strerror(rc);
}

/* ---- queries ------------------------------------------------------------------------------------------------------------ */

void rtq__run_tell_failed(rtq_run *run, rtq__run_query *q)
{
    const rtq__fn *fn = run->eval.failed.fn;

    if (!fn)
        return;
    run->eval.failed.fn = NULL;
    rtq__run_note(run, RTQ_NOTE_QUERY, RTQ_ERR_USER, q->id, 0, run->eval.failed.rows,
                  "query '%s': function '%s' failed on %llu rows%s%s", q->name, fn->name,
                  (unsigned long long)run->eval.failed.rows, run->eval.failed.message[0] ? ": " : "",
                  run->eval.failed.message);
}

void rtq__run_after_pipe(rtq_run *run, rtq__run_query *q, int rc)
{
    rtq__run_tell_failed(run, q);
    if (rc == RTQ_END)
        q->done = true;
    if (rc >= 0)
        return;
    q->done = q->dead = true; /* the others go on */
    rtq__run_note(run, RTQ_NOTE_QUERY, rc, q->id, 0, 0, "query '%s' ended: %s", q->name,
                  rtq__pipe_error(q->pipe) ? rtq__pipe_error(q->pipe) : rtq_strerror(rc));
}

/* now() of recorded rows is their own event time, unless the host wants the clock's. */
static void set_now(rtq_run *run, const rtq__run_source *s, const rtq__read *read, rtq__batch *batch)
{
    bool recorded = s->src->bounded && !(run->options.flags & RTQ_RUN_CLOCK_WALL);

    batch->now = run->clock.wall_ticks;
    batch->time = recorded && read->time >= 0 ? batch->cols[read->time] : NULL;
}

static void feed(rtq_run *run, size_t index, uint32_t table, rtq__batch *batch)
{
    rtq__run_source *s = run->sources[index];

    for (size_t i = 0; i < run->n_queries; i++) {
        rtq__run_query *q = run->queries[i];
        for (uint32_t b = 0; b < q->n_bindings && !q->done && q->again == s->again; b++) {
            const rtq__read *read;
            if (q->bindings[b].source != index || q->bindings[b].source_table != table ||
                q->bindings[b].reader == UINT32_MAX)
                continue;
            read = rtq__demand_read(s->demand, q->bindings[b].reader);
            set_now(run, s, read, batch);
            rtq__run_after_pipe(run, q, rtq__pipe_push(q->pipe, read, batch));
        }
    }
}

static bool table_ended(const rtq_run *run, const rtq__run_query *q, uint32_t plan_table)
{
    for (uint32_t b = 0; b < q->n_bindings; b++)
        if (q->bindings[b].plan_table == plan_table && !run->sources[q->bindings[b].source]->ended &&
            run->sources[q->bindings[b].source]->again == q->again)
            return false;
    return true;
}

/* Inputs that have ended: windows, sorts and aggregates give their rows. */
static void finish_queries(rtq_run *run)
{
    for (size_t i = 0; i < run->n_queries; i++) {
        rtq__run_query *q = run->queries[i];
        bool all = true;
        if (q->waits && run->stopping)
            rtq__run_give_up(run, q);
        if (q->finished || q->dead || q->waits)
            continue;
        for (uint32_t t = 0; t < q->query->plan->n_tables && all; t++)
            all = q->query->plan->tables[t].n_scans == 0 || table_ended(run, q, t);
        if (!all && !q->done)
            continue;
        if (!q->done)
            rtq__run_after_pipe(run, q, rtq__pipe_finish(q->pipe, UINT32_MAX));
        if (!q->done && rtq__pipe_wants_again(q->pipe)) {
            q->waits = true;
            if (!run->stopping)
                continue;
            rtq__run_give_up(run, q);
        }
        q->finished = q->done = true;
    }
}

/* ---- watermarks ---------------------------------------------------------------------------------------------------------- */

static int64_t source_watermark(const rtq__run_source *s)
{
    if (s->ended)
        return INT64_MAX;
    if (s->src->bounded) /* bounded input has no late rows */
        return INT64_MIN;
    return s->src->cls->watermark ? s->src->cls->watermark(s->src) : s->src->max_time;
}

static void advance(rtq_run *run)
{
    for (size_t i = 0; i < run->n_queries; i++) {
        rtq__run_query *q = run->queries[i];
        int64_t w = INT64_MAX;
        if (q->done || !(q->query->plan->modes & RTQ__MODE_WINDOWED))
            continue;
        for (uint32_t b = 0; b < q->n_bindings; b++) {
            int64_t one = source_watermark(run->sources[q->bindings[b].source]);
            w = one < w ? one : w;
        }
        if (w <= q->watermark || w == INT64_MAX) /* the end is told by finish */
            continue;
        q->watermark = w;
        rtq__run_after_pipe(run, q, rtq__pipe_advance(q->pipe, w));
    }
}

/* ---- sources ------------------------------------------------------------------------------------------------------------- */

void rtq__run_watch_source(rtq_run *run, rtq__run_source *s, bool on)
{
    bool shared = false;

    if (s->handle < 0 || s->watched == on)
        return;
    s->watched = on;
    for (size_t i = 0; i < run->n_sources; i++)
        shared |= run->sources[i] != s && run->sources[i]->watched && run->sources[i]->handle == s->handle;
    if (on)
        rtq__waiter_add(&run->waiter, s->handle);
    else if (!shared)
        rtq__waiter_remove(&run->waiter, s->handle);
}

/* Sources are not read while a sink takes nothing, so that they have something must not wake anybody. */
static void watch_sources(rtq_run *run, bool on)
{
    run->holding = !on;
    for (size_t i = 0; i < run->n_sources; i++)
        rtq__run_watch_source(run, run->sources[i], on);
}

static void run_end_source(rtq_run *run, rtq__run_source *s)
{
    s->ended = true;
    rtq__run_watch_source(run, s, false);
    s->handle = -1;
}

void rtq__run_detach(rtq_run *run, rtq__run_source *s)
{
    run_end_source(run, s);
    if (s->src->cls->detach)
        s->src->cls->detach(s->src);
}

/* OK: progress; AGAIN: nothing now; END. */
static int read_source(rtq_run *run, size_t index, uint32_t max_rows, uint32_t *rows)
{
    rtq__run_source *s = run->sources[index];
    rtq__batch *batch = NULL;
    uint32_t table = 0;
    size_t before = rtq_diag_count(run->diag);
    int rc = s->src->cls->next(s->src, &run->clock, max_rows < RTQ__ROWS ? max_rows : RTQ__ROWS, &batch, &table,
                               run->diag);

    if (rc < 0) {
        rtq__run_note(run, RTQ_NOTE_SOURCE, rc, 0, s->id, 0, "source '%s' failed and ends here: %s", s->src->cls->kind,
                      rtq__run_why(run, before, rc));
        s->dead = true;
        run_end_source(run, s);
        return rc == RTQ_ERR_NOMEM ? rc : RTQ_OK;
    }
    if (batch && batch->n_sel) {
        *rows += batch->n_sel;
        feed(run, index, table, batch);
    }
    if (rc == RTQ_END || (rc == RTQ_AGAIN && s->draining)) {
        run_end_source(run, s);
        return RTQ_OK;
    }
    return rc;
}

static bool somebody_waits(const rtq_run *run)
{
    for (size_t i = 0; i < run->n_queries; i++)
        if (run->queries[i]->first)
            return true;
    return false;
}

static bool all_done(const rtq_run *run)
{
    for (size_t i = 0; i < run->n_queries; i++)
        if (!run->queries[i]->done)
            return false;
    return run->n_queries != 0;
}

static int read_sources(rtq_run *run)
{
    uint32_t budget = run->options.step_rows, rows = 0;
    bool progress = true;

    while (progress && rows < budget) {
        progress = false;
        for (size_t k = 0; k < run->n_sources && rows < budget; k++) {
            size_t index = run->turn++ % run->n_sources;
            int rc;
            if (run->sources[index]->ended)
                continue;
            if ((rc = read_source(run, index, budget - rows, &rows)) < 0)
                return rc;
            progress |= rc == RTQ_OK;
            rtq__run_publish(run);
            if (somebody_waits(run) || all_done(run) || atomic_load(&run->stop) || atomic_load(&run->commit))
                return RTQ_OK;
        }
        rows += rows == 0; /* rounds without rows are bounded too */
    }
    return progress ? RTQ_OK : RTQ_AGAIN;
}

/* ---- the step ------------------------------------------------------------------------------------------------------------ */

static void stop_sources(rtq_run *run, int mode)
{
    for (size_t i = 0; i < run->n_sources; i++) {
        rtq__run_source *s = run->sources[i];
        if (s->ended)
            continue;
        if (mode == RTQ_STOP_DRAIN && s->src->cls->drain && s->started) {
            if (!s->draining)
                s->src->cls->drain(s->src);
            s->draining = true;
        } else {
            run_end_source(run, s);
        }
    }
}

static bool sources_ended(const rtq_run *run)
{
    for (size_t i = 0; i < run->n_sources; i++)
        if (!run->sources[i]->ended)
            return false;
    return true;
}

static bool only_bounded(const rtq_run *run)
{
    for (size_t i = 0; i < run->n_sources; i++)
        if (!run->sources[i]->src->bounded)
            return false;
    return true;
}

/* Nothing is left to do: a run without queries goes on while one may come, unless it was told to stop. */
static bool over(const rtq_run *run, int mode)
{
    if (run->n_queries)
        return all_done(run);
    return run->had_query || mode ? mode && sources_ended(run) : only_bounded(run);
}

static int finish_run(rtq_run *run, int mode)
{
    if (rtq__run_flush_sinks(run) == RTQ_AGAIN && mode != RTQ_STOP_CANCEL) {
        watch_sources(run, false);
        return RTQ_AGAIN;
    }
    for (size_t i = 0; i < run->n_queries; i++)
        rtq__run_close_sink(run->queries[i]);
    for (size_t i = 0; i < run->n_sources; i++)
        rtq__run_detach(run, run->sources[i]);
    rtq__run_publish(run);
    rtq__mutex_lock(&run->lock);
    run->ended = true;
    rtq__mutex_unlock(&run->lock);
    return RTQ_END;
}

static int step(rtq_run *run)
{
    int mode, rc;

    if (!run->began) {
        run->began = true;
        rtq__run_commit(run);
    }
    rtq__waiter_clear(&run->waiter);
    if (atomic_load(&run->commit) && (rc = rtq__run_apply(run, run->diag)) < 0)
        return rc;
    rtq__run_reload(run);
    mode = run->stopping = atomic_load(&run->stop);
    if (mode == RTQ_STOP_CANCEL)
        return finish_run(run, mode);
    if (mode)
        stop_sources(run, mode);
    if (rtq__run_drain_pending(run) == RTQ_AGAIN) {
        watch_sources(run, false);
        return RTQ_AGAIN;
    }
    watch_sources(run, true);
    if (over(run, mode))
        return finish_run(run, mode);
    if ((rc = read_sources(run)) < 0)
        return rc;
    advance(run);
    if (mode != RTQ_STOP_SUSPEND || !sources_ended(run))
        finish_queries(run);
    else
        for (size_t i = 0; i < run->n_queries; i++) /* open state stays in the pipes, for save */
            run->queries[i]->done = true;
    rtq__run_publish(run);
    if (somebody_waits(run)) {
        watch_sources(run, false);
        return RTQ_AGAIN;
    }
    if (over(run, mode))
        return finish_run(run, mode);
    if (!sources_ended(run))
        return rc;
    int again = rtq__run_begin_again(run);
    return again == RTQ_END ? rc : again;
}

int rtq__run_step(rtq_run *run, const rtq_clock *clock, rtq_diag *diag)
{
    bool idle = false;
    int rc;

    if (!atomic_compare_exchange_strong(&run->stepping, &idle, true))
        return rtq__diag_add(diag, RTQ_ERR_STATE, RTQ__SEV_ERROR, 0, 0,
                             "another thread, or a callback, is in this run");
    if (run->dead || run->ended) {
        atomic_store(&run->stepping, false);
        return run->dead ? rtq__diag_add(diag, RTQ_ERR_STATE, RTQ__SEV_ERROR, 0, 0, "the run is dead") : RTQ_END;
    }
    if (clock) {
        run->clock = *clock;
    } else {
        run->clock.wall_ticks = rtq__clock_wall_ticks();
        run->clock.mono_ns = rtq__clock_mono_ns();
    }
    run->eval.clock_ticks = run->clock.wall_ticks;
    run->diag = diag ? diag : rtq__diag_begin(&run->own_diag, run->mem); /* notices say what it has too */
    rc = step(run);
    run->diag = NULL;
    if (rc < 0) {
        rtq__mutex_lock(&run->lock);
        run->dead = true;
        rtq__mutex_unlock(&run->lock);
        if (!rtq__diag_errors(diag))
            rtq__diag_add(diag, rc, RTQ__SEV_ERROR, 0, 0, "the run died: %s", rtq_strerror(rc));
    }
    atomic_store(&run->stepping, false);
    return rc;
}

int64_t rtq__run_timeout(const rtq_run *run, const rtq_clock *clock)
{
    int64_t best = -1;

    if (run->ended || run->dead || atomic_load(&run->stop) != run->stopping || atomic_load(&run->commit) || !run->began)
        return 0;
    for (size_t i = 0; i < run->n_sources && !run->holding; i++) {
        const rtq__run_source *s = run->sources[i];
        int64_t t = s->ended || !s->src->cls->timeout_ns ? -1 : s->src->cls->timeout_ns(s->src, clock);
        if (t >= 0 && (best < 0 || t < best))
            best = t;
    }
    for (size_t i = 0; i < run->n_queries; i++) {
        int64_t t = rtq__run_sink_timeout(run->queries[i], clock);
        if (t >= 0 && (best < 0 || t < best))
            best = t;
    }
    return best;
}
