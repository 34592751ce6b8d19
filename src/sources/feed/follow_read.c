/* follow_read.c - a followed file before it is read on: has it grown, was it truncated, is there another one under its name? */
#include "sources/feed/feed_read.h"

/* The bytes that the file begins with are those that we read. */
static bool same_head(rtq__feed_file *f)
{
    char head[FEED_HEAD];
    size_t got;

    return f->head_len == 0 || (rtq__file_read_at(&f->file, head, f->head_len, 0, &got, NULL) == RTQ_OK &&
                                got == f->head_len && memcmp(head, f->head, got) == 0);
}

/* The same file, shorter or with another beginning: read from its start. What the window still holds was the old one's last line. */
static int start_again(rtq__feed_file *f, rtq__feed *feed)
{
    rtq__os_error error = {0};
    int rc;

    if (f->begin < f->end) {
        f->final = true;
        return RTQ_OK;
    }
    if ((rc = rtq__file_seek(&f->file, 0, &error)) < 0)
        return rc;
    rtq__feed_note(feed, RTQ_OK, 1, "%s was truncated: reading from its start", f->path);
    if (feed->decoder_class->input_end)
        feed->decoder_class->input_end(feed->decoder, &f->in);
    f->in = (rtq__feed_input){.name = f->in.name, .line = 1, .live = true, .clock = f->in.clock};
    f->offset = 0;
    f->head_len = 0;
    return RTQ_OK;
}

/* The handle stays open also where a file cannot be watched (a limit of the system is reached, it is a pipe): the run has it. */
void rtq__feed_file_watch(rtq__feed_file *f, rtq__feed *feed)
{
    if (feed->watch.handle >= 0)
        rtq__watch_forget(&feed->watch, f->watched);
    if (feed->watch.handle < 0 || f->file.kind == RTQ__FILE_STREAM ||
        rtq__watch_path(&feed->watch, &f->watched, f->path) != RTQ_OK)
        feed->unwatched = true;
}

static int open_new(rtq__feed_file *f, rtq__feed *feed)
{
    const char *path = f->path;
    bool told = f->unreadable;
    rtq__os_error error = {0};
    int rc;

    if (f->begin < f->end) { /* the old one's last line has no end */
        f->final = true;
        return RTQ_OK;
    }
    rtq__feed_file_end(f, feed);
    rc = rtq__feed_file_open(f, feed, path, 0, &error);
    if (rc == RTQ_OK)
        rtq__feed_file_watch(f, feed); /* before it is read, so that nothing can be missed */
    if (rc != RTQ_ERR_IO)
        return rc;
    rtq__file_close(&f->file);
    if (!told)
        rtq__feed_note(feed, RTQ_ERR_IO, 1, "cannot read %s: %s", path, error.text);
    f->missing = f->unreadable = true;
    return RTQ_AGAIN;
}

void rtq__feed_file_missing(rtq__feed_file *f, rtq__feed *feed, const rtq__os_error *error)
{
    rtq__feed_note(feed, RTQ_OK, 1, "cannot read %s yet: %s", f->path, error->text);
    f->missing = f->unreadable = true;
}

int rtq__feed_file_check(rtq__feed_file *f, rtq__feed *feed)
{
    rtq__file_info named, open;

    if (rtq__path_info_get(&named, f->path, NULL) < 0) {
        if (!f->missing)
            rtq__feed_note(feed, RTQ_OK, 1, "%s is gone: waiting for it", f->path);
        f->missing = true; /* renamed, or between two rotations: the open one may still grow */
        return f->file.handle >= 0 && rtq__file_info_get(&open, &f->file, NULL) == RTQ_OK && open.size > f->offset
                   ? RTQ_OK
                   : RTQ_AGAIN;
    }
    if (f->file.handle < 0)
        return open_new(f, feed);
    if (rtq__file_info_get(&open, &f->file, NULL) < 0)
        return RTQ_AGAIN;
    if (named.device != open.device || named.inode != open.inode)
        return open.size > f->offset ? RTQ_OK : open_new(f, feed); /* first what was written to the old one */
    f->missing = false;
    if (open.size < f->offset)
        return start_again(f, feed);
    if (open.modified_ticks != f->info.modified_ticks) {
        f->info.modified_ticks = open.modified_ticks;
        if (!same_head(f))
            return start_again(f, feed);
    }
    return open.size > f->offset ? RTQ_OK : RTQ_AGAIN;
}
