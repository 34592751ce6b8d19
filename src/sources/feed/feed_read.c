/* feed_read.c - the source functions of text feeds: files one after the other, or all of them as they grow. */
#include "base/time.h"
#include "sources/feed/feed_read.h"
#include <stdio.h>

enum { STEP_BYTES = 4 << 20 /* without a row: then the run may look around */ };
#define POLL_MIN INT64_C(20000000)       /* ns */
#define POLL_MAX INT64_C(250000000)      /* of files in which nothing happens */
#define POLL_WATCHED INT64_C(5000000000) /* the system tells; but not of files on other machines */

int rtq__feed_plan(rtq__src *src, rtq_demand *demand)
{
    rtq__feed *feed = (rtq__feed *)src;
    return feed->decoder_class->plan(feed->decoder, &demand->tables[0]);
}

int rtq__feed_start(rtq__src *src, const void *position, size_t len, rtq_diag *diag)
{
    rtq__feed *feed = (rtq__feed *)src;
    rtq__os_error error = {0};
    int rc;

    (void)position;
    if (len)
        return rtq__diag_add(diag, RTQ_ERR_UNSUPPORTED, RTQ__SEV_ERROR, 0, 0,
                             "%s cannot go on from a saved position yet", src->cls->kind);
    feed->n_files = feed->follow ? (uint32_t)feed->paths.n : 1;
    if (!(feed->files = rtq__calloc(src->mem, feed->n_files ? feed->n_files : 1, sizeof *feed->files)))
        return RTQ_ERR_NOMEM;
    feed->poll_ns = POLL_MIN;
    if (feed->follow)
        rtq__watch_open(&feed->watch);
    for (uint32_t i = 0; i < feed->n_files; i++) {
        feed->files[i].file = RTQ__FILE_NONE;
        feed->files[i].watched = -1;
    }
    for (uint32_t i = 0; i < feed->n_files && i < feed->paths.n; i++) {
        rc = rtq__feed_file_open(&feed->files[i], feed, feed->paths.items[i],
                                 feed->follow == FEED_FOLLOW_END ? UINT64_MAX : 0, &error);
        if (rc == RTQ_ERR_IO && feed->follow && feed->files[i].file.handle < 0)
            rtq__feed_file_missing(&feed->files[i], feed, &error);
        else if (rc < 0)
            return rc == RTQ_ERR_IO ? rtq__diag_add(diag, rc, RTQ__SEV_ERROR, 0, 0, "cannot read '%s': %s",
                                                    feed->paths.items[i], error.text)
                                    : rc;
        if (feed->follow)
            rtq__feed_file_watch(&feed->files[i], feed);
    }
    feed->next_path = feed->n_files;
    feed->started = true;
    return RTQ_OK;
}

static void report_bad(rtq__feed *feed, const rtq__feed_file *f)
{
    const rtq__feed_bad *bad = &feed->decoder_class->rows(feed->decoder)->bad;
    char more[200] = "";
    size_t n = 0;

    if (bad->n == 0)
        return;
    for (uint32_t i = 1; i < bad->n && i < RTQ__FEED_BAD_LINES && n < sizeof more - 32; i++)
        n += (size_t)snprintf(more + n, sizeof more - n, "%s %llu", n ? "," : "", (unsigned long long)bad->lines[i]);
    if (bad->n > RTQ__FEED_BAD_LINES)
        snprintf(more + n, sizeof more - n, " and %llu more", (unsigned long long)(bad->n - RTQ__FEED_BAD_LINES));
    rtq__feed_note(feed, RTQ_ERR_DATA, bad->n, "%s: line %llu: %s%s%s", f->in.name, (unsigned long long)bad->lines[0],
                   bad->why, bad->n > 1 ? "; bad too: line" : "", more);
}

static void tell(rtq__feed *feed, uint64_t now, uint64_t *told, const char *what, uint64_t line)
{
    const char *name = feed->n_files == 1 && feed->files[0].in.name ? feed->files[0].in.name : NULL;
    char first[40] = "";

    if (line)
        snprintf(first, sizeof first, " (first: line %llu)", (unsigned long long)line);
    if (now > *told)
        rtq__feed_note(feed, RTQ_ERR_DATA, now - *told, "%s%s%llu %s%s", name ? name : "", name ? ": " : "",
                       (unsigned long long)(now - *told), what, first);
    *told = now;
}

/* What was put right while rows were read. Told now and then, and at the end. */
static void report_repairs(rtq__feed *feed)
{
    rtq__feed_rows *rows = feed->decoder_class->rows(feed->decoder);

    tell(feed, rows->repaired, &feed->told_repaired, "texts were not valid UTF-8: bad bytes were replaced", 0);
    tell(feed, rows->ragged, &feed->told_ragged, "records had fewer cells than columns: the others are null",
         feed->n_files == 1 ? rows->ragged_line : 0);
    tell(feed, rows->unfit, &feed->told_unfit, "cells did not fit the type of their column: they are null", 0);
    rows->ragged_line = 0;
}

/* Rows out of the window. OK: it has no more whole records (or none that fit), AGAIN: the rows are full. */
static int take(rtq__feed *feed, rtq__feed_file *f, const rtq_clock *clock)
{
    size_t used = 0;
    int rc;

    if (f->begin == f->end && !f->final)
        return RTQ_OK;
    if (f->in.live || f->in.clock == INT64_MIN)
        f->in.clock = clock->wall_ticks;
    rc = feed->decoder_class->take(feed->decoder, &f->in, f->window ? f->window + f->begin : "", f->end - f->begin,
                                   f->final, &used);
    f->begin += used;
    return rc;
}

/* ---- one after the other -------------------------------------------------------------------------------------------------- */

/* OK: there is a file; END: there was the last; < 0. */
static int next_file(rtq__feed *feed)
{
    rtq__feed_file *f = &feed->files[0];
    rtq__os_error error = {0};
    int rc;

    if (f->path)
        rtq__again_end(&feed->again, feed->next_path - 1, &f->file, f->offset);
    rtq__feed_file_end(f, feed);
    report_repairs(feed);
    while (feed->next_path < feed->paths.n) {
        size_t at = feed->next_path++;
        const char *path = feed->paths.items[at];
        bool changed;
        if ((rc = rtq__feed_file_open(f, feed, path, 0, &error)) != RTQ_ERR_IO) {
            f->limit = rtq__again_limit(&feed->again, at, &f->file, &changed);
            if (changed)
                rtq__feed_note(feed, RTQ_ERR_IO, 1, "%s: has changed and is not read a second time", path);
            return rc;
        }
        rtq__again_end(&feed->again, at, &f->file, 0);
        rtq__file_close(&f->file);
        f->path = NULL;
        rtq__feed_note(feed, RTQ_ERR_IO, 1, "cannot read %s: %s", path, error.text);
    }
    return RTQ_END;
}

static int fill(rtq__feed *feed, rtq__feed_file *f)
{
    rtq__os_error error = {0};
    int rc = rtq__feed_file_fill(f, feed, &error);

    if (rc == RTQ_END) {
        f->final = true;
        return RTQ_OK;
    }
    if (rc == RTQ_ERR_IO) {
        f->final = true; /* what was read stands */
        rtq__feed_note(feed, rc, 1, "%s: %s", f->in.name, error.text);
        return RTQ_OK;
    }
    return rc;
}

static int next_once(rtq__feed *feed, const rtq_clock *clock)
{
    const rtq__feed_rows *rows = feed->decoder_class->rows(feed->decoder);
    rtq__feed_file *f = &feed->files[0];
    uint64_t from = feed->base.stats.bytes;
    int rc;

    for (;;) {
        if (!f->path && (rc = next_file(feed)) != RTQ_OK)
            return rc;
        if ((rc = take(feed, f, clock)) < 0)
            return rc;
        if (rc == RTQ_AGAIN || rows->n || rows->bad.n) /* rows point into the window */
            return RTQ_OK;
        if (feed->draining && (f->final || f->file.kind != RTQ__FILE_STREAM))
            return RTQ_END;
        f->final |= feed->draining;
        if (feed->draining)
            continue;
        if (f->final) {
            if ((rc = next_file(feed)) != RTQ_OK)
                return rc;
            continue;
        }
        if (feed->base.stats.bytes - from >= STEP_BYTES)
            return RTQ_OK;
        if ((rc = fill(feed, f)) != RTQ_OK)
            return rc;
    }
}

/* ---- all as they grow ----------------------------------------------------------------------------------------------------- */

/* OK: rows, or progress; AGAIN: nothing new. */
static int next_of(rtq__feed *feed, rtq__feed_file *f, const rtq_clock *clock)
{
    const rtq__feed_rows *rows = feed->decoder_class->rows(feed->decoder);
    rtq__os_error error = {0};
    int rc = take(feed, f, clock);

    if (rc < 0)
        return rc;
    if (rc == RTQ_AGAIN || rows->n || rows->bad.n)
        return RTQ_OK;
    if (feed->draining && (f->final || f->offset >= f->drain_to)) {
        if (f->final || f->begin == f->end)
            return RTQ_AGAIN;
        f->final = true; /* the last line, though its end was not seen */
        return RTQ_OK;
    }
    f->final = false;
    if (f->file.kind != RTQ__FILE_STREAM && !feed->draining &&
        ((rc = rtq__feed_file_check(f, feed)) != RTQ_OK || f->final))
        return rc;
    rc = rtq__feed_file_fill(f, feed, &error);
    if (rc == RTQ_ERR_IO && !f->unreadable)
        rtq__feed_note(feed, rc, 1, "%s: %s", f->in.name, error.text);
    f->unreadable = rc == RTQ_ERR_IO;
    if (rc != RTQ_ERR_IO && rc <= RTQ_OK)
        return rc;
    if (feed->draining)
        f->drain_to = 0;
    return feed->draining ? RTQ_OK : RTQ_AGAIN;
}

static int next_follow(rtq__feed *feed, const rtq_clock *clock, const rtq__feed_file **at)
{
    const rtq__feed_rows *rows = feed->decoder_class->rows(feed->decoder);
    uint32_t idle = 0;

    if (!rtq__watch_take(&feed->watch) && clock->mono_ns < feed->next_poll && !feed->draining)
        return RTQ_AGAIN;
    for (uint32_t turns = 0; idle < feed->n_files; turns++) {
        rtq__feed_file *f = &feed->files[feed->current];
        int rc = next_of(feed, f, clock);
        if (rc < 0)
            return rc;
        *at = f;
        feed->next_poll = 0;
        idle = rc == RTQ_OK ? 0 : idle + 1;
        if (rc == RTQ_OK)
            feed->poll_ns = POLL_MIN;
        if (rows->n || rows->bad.n || rc != RTQ_OK) /* everyone has a turn */
            feed->current = (feed->current + 1) % feed->n_files;
        if (rows->n || rows->bad.n || turns >= 16 + feed->n_files)
            return RTQ_OK;
    }
    if (feed->draining)
        return RTQ_END;
    report_repairs(feed);
    feed->next_poll = clock->mono_ns + (feed->unwatched ? feed->poll_ns : POLL_WATCHED);
    feed->poll_ns = feed->poll_ns * 2 < POLL_MAX ? feed->poll_ns * 2 : POLL_MAX;
    return RTQ_AGAIN;
}

int rtq__feed_next(rtq__src *src, const rtq_clock *clock, uint32_t max_rows, rtq__batch **out, uint32_t *table,
                   rtq_diag *diag)
{
    rtq__feed *feed = (rtq__feed *)src;
    rtq__feed_rows *rows = feed->decoder_class->rows(feed->decoder);
    const rtq__feed_file *at = &feed->files[0];
    int rc;

    (void)diag;
    *out = NULL;
    *table = 0;
    rtq__feed_rows_begin(rows, max_rows);
    if (!src->bounded) /* a clock that is wrong somewhere must not close everybody's windows */
        rows->time_limit = clock->wall_ticks + RTQ__TICKS_DAY;
    rc = feed->follow ? next_follow(feed, clock, &at) : next_once(feed, clock);
    if (rc >= 0)
        *out = rtq__feed_rows_batch(rows);
    report_bad(feed, at);
    if (rc == RTQ_END)
        report_repairs(feed);
    return rc;
}

static intptr_t stream_handle(const rtq__feed *feed)
{
    return feed->n_files == 1 && feed->files[0].path && feed->paths.n == 1 ? rtq__file_wait_handle(&feed->files[0].file)
                                                                           : -1;
}

intptr_t rtq__feed_handle(rtq__src *src)
{
    const rtq__feed *feed = (const rtq__feed *)src;
    intptr_t stream = stream_handle(feed);
    return stream >= 0 ? stream : feed->watch.handle;
}

int64_t rtq__feed_timeout(rtq__src *src, const rtq_clock *clock)
{
    const rtq__feed *feed = (const rtq__feed *)src;

    if (stream_handle(feed) >= 0)
        return -1;
    if (!feed->follow)
        return feed->started && feed->files[0].file.kind == RTQ__FILE_STREAM ? POLL_MIN
                                                                             : -1; /* a pipe among several files */
    return feed->next_poll > clock->mono_ns ? feed->next_poll - clock->mono_ns : 0;
}

int rtq__feed_rewind(rtq__src *src)
{
    rtq__feed *feed = (rtq__feed *)src;

    if (!src->again)
        return RTQ_ERR_UNSUPPORTED;
    rtq__feed_file_end(&feed->files[0], feed);
    feed->files[0].final = false;
    feed->files[0].begin = feed->files[0].end = 0;
    feed->next_path = 0;
    return RTQ_OK;
}

int64_t rtq__feed_watermark(rtq__src *src)
{
    const rtq__feed *feed = (const rtq__feed *)src;
    return src->max_time == INT64_MIN ? INT64_MIN : src->max_time - feed->lateness;
}

/* What is in the files by now is still read. */
void rtq__feed_drain(rtq__src *src)
{
    rtq__feed *feed = (rtq__feed *)src;
    rtq__file_info info;

    feed->draining = true;
    for (uint32_t i = 0; i < feed->n_files && feed->files; i++)
        if (feed->files[i].file.handle >= 0 && rtq__file_info_get(&info, &feed->files[i].file, NULL) == RTQ_OK &&
            info.kind == RTQ__FILE_REGULAR)
            feed->files[i].drain_to = info.size;
}

void rtq__feed_close(rtq__src *src)
{
    rtq__feed *feed = (rtq__feed *)src;
    rtq__mem *mem = src->mem;

    for (uint32_t i = 0; i < feed->n_files && feed->files; i++) {
        rtq__feed_file_end(&feed->files[i], feed);
        rtq__free(mem, feed->files[i].window);
    }
    rtq__free(mem, feed->files);
    if (feed->decoder)
        feed->decoder_class->free(feed->decoder);
    rtq__watch_close(&feed->watch);
    rtq__free(mem, feed->preload);
    rtq__again_free(&feed->again);
    rtq__paths_free(&feed->paths);
    rtq__arena_free(&feed->arena);
    rtq__free(mem, feed);
}
