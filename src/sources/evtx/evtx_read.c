/* evtx_read.c - the "evtx" source: files, one after the other, read into windows of whole chunks that are used again and again.
 *
 * Not mapped: page faults would cost five times the copying, and a file that is cut while it is mapped kills the process.
 * Rows point into the windows, so those that gave rows are kept until the next call; a window without rows is overwritten. */
#include <stdio.h>
#include "os/paths.h"
#include "sources/again_read.h"
#include "sources/evtx/evtx.h"
#include "sources/kinds.h"

enum {
    WINDOW_CHUNKS = 4,
    WINDOW = WINDOW_CHUNKS * EVTX_CHUNK,
    WINDOWS = 16,
    SCAN = 32 * WINDOW /* bytes of one call without rows */
};
#define POLL INT64_C(20000000) /* ns, of pipes */
enum { SUMS_OFF = 0, SUMS_REPORT, SUMS_SKIP };

typedef struct window {
    uint8_t *buf;
    uint32_t len;
    uint64_t offset;
} window;

typedef struct evtx_src {
    rtq__src src;
    rtq__table table;
    char *table_name;
    rtq__evtx *decoder;
    rtq__paths paths;
    rtq__again again;
    int sums;
    size_t next_path;
    rtq__file file;
    bool header_done, file_ended, full; /* full: the window being filled can be decoded */
    int64_t lateness;
    uint64_t offset; /* of the next byte of the file … */
    uint64_t limit;  /* … which is read up to here */
    window windows[WINDOWS];
    uint32_t held;          /* windows in use; the last is the current one */
    uint32_t chunk_at, pos; /* in the current window */
    uint32_t damaged;       /* records of the current chunk */
    uint32_t strange;       /* blocks in a row that are neither chunks nor zeros … */
    uint64_t strange_at;    /* … from here on */
} evtx_src;

static const rtq__option_def option_defs[] = {
    {"path", RTQ__OPT_PATH, 1, 1, 0, NULL, NULL, "file, directory (its *.evtx) or glob pattern"},
    {"table", RTQ__OPT_TEXT, 0, 0, 0, "Evtx", NULL, "name of the table"},
    {"checksums", RTQ__OPT_CHOICE, 0, 0, 0, "off", "off|report|skip",
     "check CRC32 sums: report wrong chunks, or leave them out"},
    {"as_stream", RTQ__OPT_BOOL, 0, 0, 0, "false", NULL,
     "treat the files like a live feed: windows close as time goes on"},
    {"lateness", RTQ__OPT_TIMESPAN, 0, 0, 0, "0s", NULL, "as a stream: how far event times may lag behind the newest"},
    {NULL, 0, 0, 0, 0, NULL, NULL, NULL},
};

static void notice(evtx_src *s, int code, uint64_t count, const char *what, uint64_t offset)
{
    char text[512];
    if (!s->src.notice)
        return;
    const char *path = s->next_path > 0 ? s->paths.items[s->next_path - 1] : "";
    if (offset)
        snprintf(text, sizeof text, "%s: chunk at offset %llu: %s", path, (unsigned long long)offset, what);
    else
        snprintf(text, sizeof text, "%s: %s", path, what);
    s->src.notice(&s->src, code, count, text);
}

/* ---- open and close -------------------------------------------------------------------------------------------------------------- */
static void close_src(rtq__src *src)
{
    evtx_src *s = (evtx_src *)src;
    if (!s)
        return;
    rtq__mem *mem = src->mem;
    rtq__file_close(&s->file);
    rtq__evtx_free(s->decoder);
    rtq__again_free(&s->again);
    rtq__paths_free(&s->paths);
    for (int i = 0; i < WINDOWS; i++)
        rtq__free(mem, s->windows[i].buf);
    rtq__free(mem, s->table_name);
    rtq__free(mem, s);
}

static int add_paths(evtx_src *s, const rtq_option *options, size_t n, rtq_diag *diag)
{
    rtq__os_error why = {0};
    for (size_t i = 0; i < n; i++) {
        if (strcmp(options[i].key, "path") != 0)
            continue;
        int rc = rtq__paths_add(&s->paths, options[i].value, ".evtx", &why);
        if (rc == RTQ_ERR_NOMEM)
            return rc;
        if (rc == RTQ_OK)
            continue;
        rtq__diag_add(diag, RTQ_ERR_IO, RTQ__SEV_ERROR, 0, 0, rc == RTQ_ERR_DATA ? "%s: no .evtx file there" : "%s: %s",
                      options[i].value, why.text);
        rtq__diag_subject(diag, options[i].value);
        return RTQ_ERR_IO;
    }
    return RTQ_OK;
}

static bool is_evtx(const uint8_t *p, size_t len)
{
    return len >= 8 && memcmp(p, "ElfFile", 8) == 0;
}

/* One file and it is something else: better said now than as an empty result. */
static int check_single(evtx_src *s, rtq_diag *diag)
{
    uint8_t head[8] = {0}, chunk[8] = {0};
    size_t got = 0, got_chunk = 0;
    rtq__os_error why = {0};
    rtq__file file = RTQ__FILE_NONE;
    rtq__file_info info;
    if (s->paths.n != 1)
        return RTQ_OK;
    const char *path = s->paths.items[0];
    if (rtq__path_info_get(&info, path, &why) == RTQ_OK && info.kind == RTQ__FILE_STREAM)
        return RTQ_OK; /* opened once: closing it would break the writer's pipe */
    int rc = rtq__file_open(&file, path, &why);
    if (rc == RTQ_OK && file.kind == RTQ__FILE_REGULAR) {
        rc = rtq__file_read_at(&file, head, sizeof head, 0, &got, &why);
        if (rc == RTQ_OK)
            rc = rtq__file_read_at(&file, chunk, sizeof chunk, EVTX_FILE_HEADER, &got_chunk, &why);
        if (rc == RTQ_OK && !is_evtx(head, got) && !(got_chunk == 8 && memcmp(chunk, "ElfChnk", 8) == 0))
            rc = RTQ_ERR_DATA;
    }
    rtq__file_close(&file);
    if (rc == RTQ_OK)
        return rc;
    rtq__diag_add(diag, rc, RTQ__SEV_ERROR, 0, 0, rc == RTQ_ERR_DATA ? "%s: not a Windows event log (.evtx)" : "%s: %s",
                  path, why.text);
    rtq__diag_subject(diag, path);
    return rc;
}

static int open_src(rtq__src **out, rtq__mem *mem, const rtq_option *options, size_t n, rtq_diag *diag)
{
    int rc = rtq__options_check(option_defs, options, n, "evtx", diag);
    if (rc != RTQ_OK)
        return rc;
    evtx_src *s = rtq__calloc(mem, 1, sizeof *s);
    if (!s)
        return RTQ_ERR_NOMEM;
    s->src = (rtq__src){.cls = &rtq__src_evtx, .mem = mem, .bounded = true, .max_time = INT64_MIN};
    s->file = RTQ__FILE_NONE;
    rtq__paths_init(&s->paths, mem);
    const char *name = rtq__option_get(option_defs, options, n, "table"),
               *sums = rtq__option_get(option_defs, options, n, "checksums");
    s->sums = strcmp(sums, "off") == 0 ? SUMS_OFF : strcmp(sums, "report") == 0 ? SUMS_REPORT : SUMS_SKIP;
    s->src.bounded = !rtq__option_bool(option_defs, options, n, "as_stream");
    s->lateness = rtq__option_number(option_defs, options, n, "lateness");
    s->table_name = rtq__strndup(mem, name, strlen(name));
    rc = s->table_name ? rtq__evtx_new(&s->decoder, mem, &s->src.stats, &s->src.max_time) : RTQ_ERR_NOMEM;
    if (rc == RTQ_OK)
        rc = add_paths(s, options, n, diag);
    if (rc == RTQ_OK)
        rc = check_single(s, diag);
    if (rc == RTQ_OK)
        rc = rtq__again_init(&s->again, mem, &s->paths);
    s->src.again = rtq__again_can(&s->again);
    if (rc != RTQ_OK) {
        close_src(&s->src);
        return rc;
    }
    s->table = (rtq__table){s->table_name, rtq__evtx_cols, rtq__evtx_n_cols(), 0, false};
    s->src.tables = &s->table;
    s->src.n_tables = 1;
    *out = &s->src;
    return RTQ_OK;
}

static int plan_src(rtq__src *src, rtq_demand *demand)
{
    evtx_src *s = (evtx_src *)src;
    return rtq__evtx_plan(s->decoder, &demand->tables[0]);
}

static int rewind_src(rtq__src *src)
{
    evtx_src *s = (evtx_src *)src;
    rtq__file_close(&s->file);
    s->file = RTQ__FILE_NONE;
    s->next_path = 0;
    s->held = s->chunk_at = s->pos = s->damaged = s->strange = 0;
    s->full = false;
    s->windows[0].len = 0;
    return RTQ_OK;
}

static int start_src(rtq__src *src, const void *position, size_t len, rtq_diag *diag)
{
    (void)position;
    if (len > 0)
        return rtq__diag_add(diag, RTQ_ERR_UNSUPPORTED, RTQ__SEV_ERROR, 0, 0,
                             "evtx: reading cannot go on at a saved position");
    return rewind_src(src);
}

/* ---- reading ----------------------------------------------------------------------------------------------------------------------- */
/* One word about each run of them: a log that was copied while it was in use may end in megabytes of something else. */
static void end_strange(evtx_src *s)
{
    if (s->strange)
        notice(s, RTQ_ERR_DATA, s->strange, "not a chunk of an event log; skipped", s->strange_at);
    s->strange = 0;
}

static void count_strange(evtx_src *s, uint64_t offset)
{
    if (s->strange++ == 0)
        s->strange_at = offset;
}

static bool open_next(evtx_src *s)
{
    rtq__os_error why = {0};
    end_strange(s);
    while (s->next_path < s->paths.n) {
        size_t at = s->next_path++;
        const char *path = s->paths.items[at];
        bool changed;
        if (rtq__file_open(&s->file, path, &why) != RTQ_OK) {
            s->file = RTQ__FILE_NONE;
            rtq__again_end(&s->again, at, &s->file, 0);
            notice(s, RTQ_ERR_IO, 1, why.text, 0);
            continue;
        }
        s->header_done = s->file_ended = false;
        s->offset = 0;
        s->limit = rtq__again_limit(&s->again, at, &s->file, &changed);
        if (changed)
            notice(s, RTQ_ERR_IO, 1, "has changed and is not read a second time", 0);
        rtq__evtx_file(s->decoder, path);
        return true;
    }
    return false;
}

/* Reads until `want` bytes are in the window. RTQ_OK (file_ended: fewer), AGAIN. */
static int fill(evtx_src *s, window *w, uint32_t want)
{
    rtq__os_error why = {0};
    while (w->len < want && !s->file_ended) {
        size_t got = 0, room = want - w->len < s->limit - s->offset ? want - w->len : (size_t)(s->limit - s->offset);
        int rc = room ? rtq__file_read(&s->file, w->buf + w->len, room, &got, &why) : RTQ_END;
        if (rc == RTQ_AGAIN)
            return rc;
        if (rc == RTQ_ERR_IO)
            notice(s, RTQ_ERR_IO, 1, why.text, 0);
        if (rc != RTQ_OK)
            s->file_ended = true;
        w->len += (uint32_t)got;
        s->offset += got;
        s->src.stats.bytes += got;
    }
    return RTQ_OK;
}

/* The header block tells nothing that can be relied on. */
static int skip_header(evtx_src *s, window *w)
{
    int rc = fill(s, w, EVTX_FILE_HEADER);
    if (rc != RTQ_OK)
        return rc;
    s->header_done = true;
    if (w->len > 0 && !is_evtx(w->buf, w->len))
        notice(s, RTQ_ERR_DATA, 1, "the file header is not that of an event log", 0);
    w->len = 0;
    return RTQ_OK;
}

/* Makes the last held window readable. RTQ_OK, AGAIN, END (no more files). */
static int read_window(evtx_src *s)
{
    window *w = &s->windows[s->held - 1];
    for (;;) {
        if (s->file.handle == -1 && !open_next(s))
            return RTQ_END;
        int rc = s->header_done ? RTQ_OK : skip_header(s, w);
        if (rc == RTQ_OK)
            rc = fill(s, w, WINDOW);
        if (rc != RTQ_OK)
            return rc;
        w->offset = s->offset - w->len;
        if (s->file_ended) {
            rtq__again_end(&s->again, s->next_path - 1, &s->file, s->offset);
            rtq__file_close(&s->file);
            s->file = RTQ__FILE_NONE;
        }
        if (w->len > 0)
            return RTQ_OK;
    }
}

static int take_window(evtx_src *s)
{
    window *w = &s->windows[s->held];
    if (!w->buf) {
        w->buf = rtq__calloc(s->src.mem, 1, WINDOW + EVTX_PAD);
        if (!w->buf)
            return RTQ_ERR_NOMEM;
    }
    w->len = 0;
    s->held++;
    s->full = false;
    s->chunk_at = s->pos = 0;
    return RTQ_OK;
}

static bool is_zero(const uint8_t *p, uint32_t len)
{
    uint8_t any = 0;
    for (uint32_t i = 0; i < len; i++)
        any |= p[i];
    return any == 0;
}

/* At the start of a chunk: is it to be read? Zeros are space reserved for later. */
static bool accept_chunk(evtx_src *s, const uint8_t *chunk, uint32_t len, uint64_t offset)
{
    if (!rtq__evtx_is_chunk(chunk, len)) {
        if (!is_zero(chunk, len < EVTX_CHUNK_HEADER ? len : EVTX_CHUNK_HEADER))
            count_strange(s, offset);
        return false;
    }
    end_strange(s);
    if (s->sums == SUMS_OFF || rtq__evtx_sums_right(chunk, len))
        return true;
    notice(s, RTQ_ERR_DATA, 1, s->sums == SUMS_SKIP ? "wrong checksum; skipped" : "wrong checksum", offset);
    return s->sums == SUMS_REPORT;
}

/* Decodes the current window. OK: done with it; AGAIN: the batch is full. */
static int decode_window(evtx_src *s)
{
    window *w = &s->windows[s->held - 1];
    while (s->chunk_at < w->len) {
        const uint8_t *chunk = w->buf + s->chunk_at;
        uint32_t len = w->len - s->chunk_at < EVTX_CHUNK ? w->len - s->chunk_at : EVTX_CHUNK;
        uint64_t offset = w->offset + s->chunk_at;
        if (s->pos > 0 || accept_chunk(s, chunk, len, offset)) {
            int rc = rtq__evtx_chunk(s->decoder, chunk, len, &s->pos, &s->damaged);
            if (rc != RTQ_OK)
                return rc;
        }
        if (s->damaged)
            notice(s, RTQ_ERR_DATA, s->damaged, "damaged records", offset);
        s->damaged = s->pos = 0;
        s->chunk_at += EVTX_CHUNK;
    }
    return RTQ_OK;
}

/* Only the window that is not finished stays from the last call; it becomes the first. */
static void release_windows(evtx_src *s)
{
    bool unfinished = s->held > 0 && (!s->full || s->chunk_at < s->windows[s->held - 1].len);
    if (unfinished && s->held > 1) {
        window first = s->windows[0];
        s->windows[0] = s->windows[s->held - 1];
        s->windows[s->held - 1] = first;
    }
    s->held = unfinished ? 1 : 0;
}

static int next_src(rtq__src *src, const rtq_clock *clock, uint32_t max_rows, rtq__batch **out, uint32_t *table,
                    rtq_diag *diag)
{
    (void)diag;
    evtx_src *s = (evtx_src *)src;
    uint32_t scanned = 0;
    int rc = RTQ_OK;
    *out = NULL;
    *table = 0;
    release_windows(s);
    if (!src->bounded)
        rtq__evtx_time_limit(s->decoder, clock->wall_ticks + RTQ__TICKS_DAY);
    rtq__evtx_begin(s->decoder, max_rows ? max_rows : 1);
    while (rc == RTQ_OK) {
        if (s->held == 0 || (s->full && s->chunk_at >= s->windows[s->held - 1].len)) {
            if (rtq__evtx_rows(s->decoder) == 0)
                s->held = 0; /* nothing points into it */
            if (s->held == WINDOWS || scanned >= SCAN)
                break;
            rc = take_window(s);
            scanned += WINDOW;
        }
        if (rc == RTQ_OK && !s->full) {
            rc = read_window(s);
            s->full = rc == RTQ_OK;
        }
        if (rc == RTQ_OK)
            rc = decode_window(s);
    }
    if (rc < 0)
        return rc;
    if (rtq__evtx_rows(s->decoder) == 0)
        return rc == RTQ_AGAIN && s->full ? RTQ_OK : rc;
    *out = rtq__evtx_batch(s->decoder);
    return RTQ_OK;
}

/* A pipe has no handle to wait for: the run asked for that before the first file was opened. */
static int64_t timeout_src(rtq__src *src, const rtq_clock *clock)
{
    (void)clock;
    return ((evtx_src *)src)->file.kind == RTQ__FILE_STREAM ? POLL : -1;
}

static int64_t watermark_src(rtq__src *src)
{
    const evtx_src *s = (const evtx_src *)src;
    return src->max_time == INT64_MIN ? INT64_MIN : src->max_time - s->lateness;
}

const rtq__src_class rtq__src_evtx = {
    .kind = "evtx",
    .doc = "Windows event log files",
    .options = option_defs,
    .open = open_src,
    .plan = plan_src,
    .start = start_src,
    .next = next_src,
    .timeout_ns = timeout_src,
    .rewind = rewind_src,
    .watermark = watermark_src,
    .close = close_src,
};
