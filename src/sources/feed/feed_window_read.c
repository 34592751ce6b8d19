/* feed_window_read.c - a file and the window of its bytes that are not consumed yet. */
#include "sources/feed/feed_read.h"
#include <stdarg.h>
#include <stdio.h>

enum { WINDOW = 256 << 10 /* fits the second-level cache, where decoders then find the bytes */ };

void rtq__feed_note(rtq__feed *feed, int code, uint64_t count, const char *format, ...)
{
    char text[400];
    va_list args;

    if (!feed->base.notice)
        return;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    feed->base.notice(&feed->base, code, count, text);
}

const char *rtq__feed_foreign(const char *p, size_t n)
{
    static const struct {
        const char *magic, *words;
        size_t len;
    } kinds[] = {
        {"\xFF\xFE", "is UTF-16: only UTF-8 is read", 2},
        {"\xFE\xFF", "is UTF-16: only UTF-8 is read", 2},
        {"\x1F\x8B", "is compressed (gzip): pipe it through zcat", 2},
        {"\x28\xB5\x2F\xFD", "is compressed (zstd): pipe it through zstdcat", 4},
        {"\xFD\x37zXZ", "is compressed (xz): pipe it through xzcat", 5},
        {"PK\x03\x04", "is a zip archive or an office document, not text", 4},
        {"ElfFile\0", "is a Windows event log: the source evtx reads it", 8},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (n >= kinds[i].len && memcmp(p, kinds[i].magic, kinds[i].len) == 0)
            return kinds[i].words;
    return NULL;
}

static int refuse_foreign(const char *p, size_t n, rtq__os_error *error)
{
    const char *words = rtq__feed_foreign(p, n);

    if (!words)
        return RTQ_OK;
    snprintf(error->text, sizeof error->text, "it %s", words);
    return RTQ_ERR_IO;
}

int rtq__feed_file_open(rtq__feed_file *f, rtq__feed *feed, const char *path, uint64_t offset, rtq__os_error *error)
{
    bool standard = strcmp(path, "-") == 0;
    int rc = standard ? rtq__file_stdin(&f->file, error) : rtq__file_open(&f->file, path, error);

    f->path = path;
    f->begin = f->end = 0;
    f->offset = 0;
    f->limit = UINT64_MAX;
    f->head_len = 0;
    f->final = f->missing = f->unreadable = false;
    memset(&f->in, 0, sizeof f->in);
    f->in.name = standard ? "(standard input)" : path;
    f->in.line = 1;
    f->in.live = feed->follow != FEED_ONCE;
    f->in.clock = INT64_MIN;
    if (standard && feed->preload) {
        f->window = feed->preload;
        f->cap = feed->preload_cap;
        f->end = feed->preload_len;
        feed->base.stats.bytes += f->end;
        feed->preload = NULL;
    }
    if (rc < 0 || (rc = rtq__file_info_get(&f->info, &f->file, error)) < 0)
        return rc;
    if (f->info.kind == RTQ__FILE_REGULAR) {
        char magic[8];
        size_t got;
        if (!f->in.live)
            f->in.clock = f->info.modified_ticks;
        if (rtq__file_read_at(&f->file, magic, sizeof magic, 0, &got, NULL) == RTQ_OK &&
            (rc = refuse_foreign(magic, got, error)) < 0)
            return rc;
    }
    if (offset && f->info.kind == RTQ__FILE_REGULAR) {
        char before = '\n';
        size_t got;
        if (offset > f->info.size)
            offset = f->info.size;
        if (offset && (rc = rtq__file_read_at(&f->file, &before, 1, offset - 1, &got, error)) < 0)
            return rc;
        if ((rc = rtq__file_read_at(&f->file, f->head, offset < FEED_HEAD ? (size_t)offset : FEED_HEAD, 0, &f->head_len,
                                    error)) < 0 ||
            (rc = rtq__file_seek(&f->file, offset, error)) < 0)
            return rc;
        f->in.skipping = before != '\n'; /* that line began before us */
        f->in.tail = offset != 0;
        f->offset = offset;
    }
    return RTQ_OK;
}

void rtq__feed_file_end(rtq__feed_file *f, rtq__feed *feed)
{
    if (feed->decoder_class->input_end && f->path)
        feed->decoder_class->input_end(feed->decoder, &f->in);
    rtq__file_close(&f->file);
    f->path = NULL;
}

static int make_room(rtq__feed_file *f, rtq__feed *feed)
{
    size_t cap = f->cap ? f->cap : WINDOW;
    char *window;

    if (f->begin) {
        memmove(f->window, f->window + f->begin, f->end - f->begin);
        f->end -= f->begin;
        f->begin = 0;
    }
    if (f->window && f->end < f->cap)
        return RTQ_OK;
    while (cap <= f->end)
        cap *= 2; /* the decoder gives up at max_record, so this ends */
    if (!(window = rtq__realloc(feed->base.mem, f->window, cap + RTQ__FEED_PAD)))
        return RTQ_ERR_NOMEM;
    memset(window + cap, 0, RTQ__FEED_PAD);
    f->window = window;
    f->cap = cap;
    return RTQ_OK;
}

int rtq__feed_file_fill(rtq__feed_file *f, rtq__feed *feed, rtq__os_error *error)
{
    size_t got = 0, room;
    int rc = make_room(f, feed);

    if (rc < 0)
        return rc;
    room = f->cap - f->end < f->limit - f->offset ? f->cap - f->end : (size_t)(f->limit - f->offset);
    if (room == 0)
        return RTQ_END;
    if ((rc = rtq__file_read(&f->file, f->window + f->end, room, &got, error)) != RTQ_OK)
        return rc;
    if (f->offset == 0 && !f->in.live && (rc = refuse_foreign(f->window + f->end, got, error)) < 0)
        return rc;
    if (f->head_len < FEED_HEAD && f->offset == f->head_len) {
        size_t n = got < FEED_HEAD - f->head_len ? got : FEED_HEAD - f->head_len;
        memcpy(f->head + f->head_len, f->window + f->end, n);
        f->head_len += n;
    }
    f->end += got;
    f->offset += got;
    feed->base.stats.bytes += got;
    return RTQ_OK;
}
