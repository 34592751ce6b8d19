/* run_stats.c - the conservation law in numbers: published after each batch, read by any thread. */
#include "exec/run.h"

static void source_stats(rtq_stats *out, const rtq__run_source *s)
{
    const rtq__source_stats *st = rtq__run_counts(s);

    out->in = st->in;
    out->out = st->out;
    out->filtered = st->filtered;
    out->errored = st->errored;
    out->dropped = st->dropped;
    out->pending = st->pending;
    out->bytes = st->bytes;
    out->watermark_ticks = s->ended ? INT64_MAX : s->src->max_time;
}

/* What the source rejected for a query counts as filtered: as if the engine had done it. */
static void query_stats(rtq_stats *out, const rtq_run *run, const rtq__run_query *q)
{
    rtq__pipe_stats p = {0};
    uint64_t rejected = q->frozen_filtered;

    if (q->pipe)
        rtq__pipe_stats_get(&p, q->pipe);
    for (uint32_t b = 0; b < q->n_bindings; b++)
        rejected += rtq__run_rejected(run, &q->bindings[b]);
    out->in = q->frozen.in + p.in + rejected;
    out->used = q->frozen.used + p.used;
    out->filtered = q->frozen.filtered + p.filtered + rejected;
    out->late = q->frozen.late + p.late;
    out->errored = q->frozen.errored + p.errored;
    out->dropped = q->frozen.dropped + p.dropped;
    out->pending = p.pending;
    out->out = q->frozen.out + p.out;
    out->state_bytes = p.state_bytes;
    out->state_keys = p.state_keys;
    out->watermark_ticks = q->watermark;
}

void rtq__run_publish(rtq_run *run)
{
    size_t need = run->n_sources + 2 * run->n_queries, n = 0;

    rtq__mutex_lock(&run->lock);
    if (rtq__grow(run->mem, &run->published, &run->cap_published, need, sizeof *run->published) < 0) {
        rtq__mutex_unlock(&run->lock); /* readers see the numbers of the last time */
        return;
    }
    if (need)
        memset(run->published, 0, need * sizeof *run->published);
    for (size_t i = 0; i < run->n_sources; i++, n++) {
        run->published[n].id = run->sources[i]->id;
        run->published[n].what = RTQ_STAT_SOURCE;
        source_stats(&run->published[n].stats, run->sources[i]);
    }
    for (size_t i = 0; i < run->n_queries; i++, n += 2) {
        run->published[n].id = run->published[n + 1].id = run->queries[i]->id;
        run->published[n].what = RTQ_STAT_QUERY;
        query_stats(&run->published[n].stats, run, run->queries[i]);
        run->published[n + 1].what = RTQ_STAT_SINK;
        run->published[n + 1].stats = run->queries[i]->sink_stats;
    }
    run->n_published = n;
    memcpy(run->published_gone, run->gone, sizeof run->gone);
    rtq__mutex_unlock(&run->lock);
}

static void add(rtq_stats *to, const rtq_stats *from)
{
    to->in += from->in;
    to->out += from->out;
    to->used += from->used;
    to->filtered += from->filtered;
    to->late += from->late;
    to->errored += from->errored;
    to->dropped += from->dropped;
    to->pending += from->pending;
    to->bytes += from->bytes;
    to->state_bytes += from->state_bytes;
    to->state_keys += from->state_keys;
    to->busy_ns += from->busy_ns;
    if (from->watermark_ticks < to->watermark_ticks)
        to->watermark_ticks = from->watermark_ticks;
}

/* Nothing waits any more of what is removed; what did is lost. */
static void keep(rtq_run *run, int what, const rtq_stats *of)
{
    rtq_stats last = *of;

    last.dropped += last.pending;
    last.pending = last.state_bytes = last.state_keys = 0;
    last.watermark_ticks = INT64_MAX;
    add(&run->gone[what], &last);
}

void rtq__run_removed_query(rtq_run *run, const rtq__run_query *q)
{
    rtq_stats s = {0};

    query_stats(&s, run, q);
    keep(run, RTQ_STAT_QUERY, &s);
    keep(run, RTQ_STAT_SINK, &q->sink_stats);
}

void rtq__run_removed_source(rtq_run *run, const rtq__run_source *source)
{
    rtq_stats s = {0};

    source_stats(&s, source);
    keep(run, RTQ_STAT_SOURCE, &s);
    if (s.pending)
        rtq__run_note(run, RTQ_NOTE_LOSS, RTQ_OK, 0, source->id, s.pending,
                      "%llu rows of the source that was removed were not read", (unsigned long long)s.pending);
}

/* It was added, but no step has taken it yet: all its counts are 0. */
static bool is_new(const rtq_run *run, int what, uint64_t id)
{
    for (size_t i = 0; i < run->n_entries; i++)
        if (run->entries[i].id == id)
            return (what == RTQ_STAT_SOURCE) == (run->entries[i].source != NULL);
    return false;
}

int rtq__run_stats(rtq_stats *out, const rtq_run *run, int what, uint64_t id)
{
    rtq_run *r = (rtq_run *)(uintptr_t)run; /* the lock is not part of what a reader sees */
    rtq_stats sum = {0};
    bool found = id == 0;

    rtq__mutex_lock(&r->lock);
    if (id == 0)
        sum = run->published_gone[what];
    sum.watermark_ticks = INT64_MAX;
    for (size_t i = 0; i < run->n_published; i++)
        if (run->published[i].what == what && (id == 0 || run->published[i].id == id)) {
            add(&sum, &run->published[i].stats);
            found = true;
        }
    if (!found && is_new(run, what, id)) {
        sum.watermark_ticks = INT64_MIN;
        found = true;
    }
    rtq__mutex_unlock(&r->lock);
    if (!found)
        return RTQ_ERR_ARG;
    sum.size = rtq__struct_len(out->size, sizeof sum);
    memcpy(out, &sum, sum.size);
    return RTQ_OK;
}

int rtq__run_stats_json(rtq__buf *out, const rtq_run *run)
{
    static const char *const names[] = {"", "source", "query", "sink"};
    rtq_run *r = (rtq_run *)(uintptr_t)run;

    rtq__buf_addc(out, '[');
    rtq__mutex_lock(&r->lock);
    for (size_t i = 0; i < run->n_published; i++) {
        const rtq__published *p = &run->published[i];
        const rtq_stats *s = &p->stats;
        rtq__buf_addf(
            out,
            "%s{\"kind\":\"%s\",\"id\":%llu,\"in\":%llu,\"out\":%llu,\"used\":%llu,\"filtered\":%llu,\"late\":%llu",
            i ? "," : "", names[p->what], (unsigned long long)p->id, (unsigned long long)s->in,
            (unsigned long long)s->out, (unsigned long long)s->used, (unsigned long long)s->filtered,
            (unsigned long long)s->late);
        rtq__buf_addf(out,
                      ",\"errored\":%llu,\"dropped\":%llu,\"pending\":%llu,\"bytes\":%llu,\"state_bytes\":%llu,\"state_"
                      "keys\":%llu}",
                      (unsigned long long)s->errored, (unsigned long long)s->dropped, (unsigned long long)s->pending,
                      (unsigned long long)s->bytes, (unsigned long long)s->state_bytes,
                      (unsigned long long)s->state_keys);
    }
    rtq__mutex_unlock(&r->lock);
    rtq__buf_addc(out, ']');
    return out->failed ? RTQ_ERR_NOMEM : RTQ_OK;
}
