/* feed_read.h - files, the standard input and followed files as bytes for a decoder. */
#ifndef RTQ__FEED_READ_H
#define RTQ__FEED_READ_H
#include "os/file.h"
#include "os/paths.h"
#include "os/watch.h"
#include "sources/again_read.h"
#include "sources/feed/feed.h"

enum { FEED_HEAD = 64 };
typedef struct rtq__feed_file {
    const char *path;
    rtq__file file;
    rtq__feed_input in;
    char *window;
    size_t cap, begin, end; /* [begin, end) is not consumed; RTQ__FEED_PAD more are allocated */
    uint64_t offset;        /* in the file, of window[end] */
    rtq__file_info info;    /* of the open file */
    char head[FEED_HEAD];   /* its first bytes: a file that was truncated and has grown again begins differently */
    size_t head_len;
    uint64_t limit;    /* what is behind it was not there when the file was read first */
    uint64_t drain_to; /* draining: what is behind it is not read any more */
    bool final;        /* nothing follows what is in the window */
    bool missing;      /* said once that it is not there */
    bool unreadable;   /* said once that it cannot be opened, or read */
    intptr_t watched;  /* the open file of a followed path, -1: not */
} rtq__feed_file;

enum { FEED_ONCE = 0, FEED_FOLLOW_START, FEED_FOLLOW_END };

/* First member of json's, csv's and syslog's sources. */
typedef struct rtq__feed {
    rtq__src base;
    const rtq__feed_class *decoder_class;
    void *decoder;
    rtq__arena arena; /* table, names */
    rtq__paths paths;
    rtq__again again;
    bool stdin_used;
    int follow;
    size_t max_record;
    int64_t lateness;
    rtq__feed_file *files; /* followed: all of them; else one, for one after the other */
    uint32_t n_files, current;
    size_t next_path;
    int64_t next_poll, poll_ns; /* of the monotonic clock */
    rtq__watch watch;           /* open while files are followed, where the system can tell */
    bool unwatched;             /* … but not of all of them: they are looked at often */
    bool draining, started;
    char *preload; /* what open had to read of the standard input: its first window */
    size_t preload_cap, preload_len;
    uint64_t told_repaired, told_ragged, told_unfit;
} rtq__feed;

/* Options that all feeds have. */
#define RTQ__FEED_OPTIONS(table_name, record, plain)                                                               \
    {"path", RTQ__OPT_PATH, 1, 1, 0, NULL, NULL, "file, directory, pattern, or - for the standard input"},         \
        {"table", RTQ__OPT_TEXT, 0, 0, 0, table_name, NULL, "table name"},                                         \
        {"follow",                                                                                                 \
         RTQ__OPT_CHOICE,                                                                                          \
         0,                                                                                                        \
         0,                                                                                                        \
         0,                                                                                                        \
         "no",                                                                                                     \
         "no|start|end",                                                                                           \
         "go on reading as the files grow, from their start or their end"},                                        \
        {"max_line_bytes", RTQ__OPT_NUMBER, 0, 0, 0, record, NULL, "longer " plain " are counted as errors"},      \
        {"as_stream", RTQ__OPT_BOOL, 0,    0,                                                                      \
         0,           "false",       NULL, "treat a recording like a live feed: windows close as time goes on"},   \
    {                                                                                                              \
        "lateness", RTQ__OPT_TIMESPAN, 0, 0, 0, "0s", NULL, "how far the event time of a live feed may lag behind" \
    }

/* Options, file names. The caller has zeroed *feed and set its class; on an error it closes the feed. OK, ERR_ARG, ERR_IO, NOMEM. */
int rtq__feed_open(rtq__feed *feed, rtq__mem *mem, const rtq__option_def *defs, const rtq_option *options, size_t n,
                   const char *suffix, rtq_diag *diag);
/* "a:long, b:datetime" or NULL: no columns. time_column (may be NULL) becomes a datetime column when it is none yet and `add`. */
int rtq__feed_table(rtq__table *table, rtq__arena *arena, const char *name, const char *schema, const char *time_column,
                    bool add, rtq_diag *diag);
/* The same for columns that are there already. */
int rtq__feed_table_finish(rtq__table *table, rtq__arena *arena, const char *name, const char *time_column, bool add,
                           rtq_diag *diag);

/* feed_window_read.c: one file */
/* What else than UTF-8 text these first bytes of a file are the beginning of, as words behind its name; NULL: nothing known. */
const char *rtq__feed_foreign(const char *p, size_t n);
int rtq__feed_file_open(rtq__feed_file *f, rtq__feed *feed, const char *path, uint64_t offset, rtq__os_error *error);
void rtq__feed_file_end(rtq__feed_file *f, rtq__feed *feed); /* closes, the window stays */
/* More bytes behind the unconsumed ones, which move to the front. OK, END, AGAIN, ERR_IO, NOMEM. */
int rtq__feed_file_fill(rtq__feed_file *f, rtq__feed *feed, rtq__os_error *error);
/* follow_read.c: before a followed file is read on. OK: there is more, or (then it is final) what the window holds is all of that file;
 * AGAIN: nothing yet; NOMEM, ERR_IO. */
int rtq__feed_file_check(rtq__feed_file *f, rtq__feed *feed);
void rtq__feed_file_missing(rtq__feed_file *f, rtq__feed *feed,
                            const rtq__os_error *error);       /* could not be opened at the start */
void rtq__feed_file_watch(rtq__feed_file *f, rtq__feed *feed); /* the system tells what happens to it, where it can */
void rtq__feed_note(rtq__feed *feed, int code, uint64_t count, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

int rtq__feed_plan(rtq__src *src, rtq_demand *demand);
int rtq__feed_start(rtq__src *src, const void *position, size_t len, rtq_diag *diag);
int rtq__feed_next(rtq__src *src, const rtq_clock *clock, uint32_t max_rows, rtq__batch **out, uint32_t *table,
                   rtq_diag *diag);
intptr_t rtq__feed_handle(rtq__src *src);
int64_t rtq__feed_timeout(rtq__src *src, const rtq_clock *clock);
int rtq__feed_rewind(rtq__src *src);
int64_t rtq__feed_watermark(rtq__src *src);
void rtq__feed_drain(rtq__src *src);
void rtq__feed_close(rtq__src *src);

/* The functions of a class that all feeds have. */
#define RTQ__FEED_FUNCTIONS                                                                               \
    .plan = rtq__feed_plan, .start = rtq__feed_start, .next = rtq__feed_next, .handle = rtq__feed_handle, \
    .timeout_ns = rtq__feed_timeout, .rewind = rtq__feed_rewind, .close = rtq__feed_close,                \
    .watermark = rtq__feed_watermark, .drain = rtq__feed_drain

#endif
