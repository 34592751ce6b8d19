/* feed.c - see feed.h. */
#include "feed.h"
#include <stdio.h>
#include <stdlib.h>

static void require(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "feed: %s\n", what);
    abort();
}

uint64_t feed_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* ---- demand ------------------------------------------------------------------------------------------------------------ */
enum { CAP = 64 };

void feed_demand_init(feed_demand *d, rtq__mem *mem, const rtq__table_col *cols, uint32_t n_cols, bool open)
{
    memset(d, 0, sizeof *d);
    rtq__arena_init(&d->arena, mem, 0);
    d->table = (rtq__table){.name = "T", .cols = cols, .n_cols = n_cols, .time_col = -1, .open = open};
    d->demand.table = &d->table;
    d->demand.wants = rtq__arena_zalloc(&d->arena, CAP * sizeof(rtq__want));
    d->demand.conjuncts = rtq__arena_zalloc(&d->arena, CAP * sizeof(rtq__conjunct));
    d->demand.branches = rtq__arena_zalloc(&d->arena, CAP * sizeof(rtq__branch));
    require(d->demand.wants && d->demand.conjuncts && d->demand.branches, "out of memory");
}

void feed_demand_free(feed_demand *d)
{
    rtq__arena_free(&d->arena);
}

static void split_path(feed_demand *d, rtq__want *w)
{
    rtq__path_seg *segs = rtq__arena_zalloc(&d->arena, 32 * sizeof *segs);
    const char *s = w->path;
    require(segs != NULL, "out of memory");
    while (*s) {
        rtq__path_seg *seg = &segs[w->n_segs++];
        if (*s == '[') {
            seg->index = (int32_t)strtol(s + 1, NULL, 10);
            s = strchr(s, ']') + 1;
        } else {
            seg->name = s;
            seg->len = (uint32_t)strcspn(s, ".[");
            s += seg->len;
        }
        s += *s == '.';
    }
    w->segs = segs;
}

uint32_t feed_want(feed_demand *d, const char *path, uint8_t flags)
{
    rtq__want *w = &d->demand.wants[d->demand.n_wants];
    require(d->demand.n_wants < CAP, "too many wants");
    w->path = rtq__arena_strndup(&d->arena, path, strlen(path));
    w->flags = flags;
    w->kind = RTQ_UNKNOWN;
    w->table_col = -1;
    if (strcmp(path, "*") == 0) {
        w->flags |= RTQ__WANT_REST;
        w->kind = RTQ_DYNAMIC;
        return d->demand.n_wants++;
    }
    split_path(d, w);
    for (uint32_t i = 0; i < d->table.n_cols; i++) {
        size_t len = strlen(d->table.cols[i].name);
        if (len != w->segs[0].len || memcmp(d->table.cols[i].name, w->segs[0].name, len) != 0)
            continue;
        w->table_col = (int32_t)i;
        w->kind = w->n_segs == 1 ? d->table.cols[i].kind : RTQ_UNKNOWN;
    }
    return d->demand.n_wants++;
}

uint32_t feed_conjunct(feed_demand *d, uint32_t want, uint32_t op, const rtq__cell *values, uint32_t n)
{
    rtq__cell *copy = rtq__arena_zalloc(&d->arena, (n + 1) * sizeof *copy);
    require(copy && d->demand.n_conjuncts < CAP, "too many conjuncts");
    if (n)
        memcpy(copy, values, n * sizeof *copy);
    d->demand.conjuncts[d->demand.n_conjuncts] = (rtq__conjunct){.want = want, .op = op, .values = copy, .n_values = n};
    d->demand.wants[want].flags |= RTQ__WANT_DECIDE;
    return d->demand.n_conjuncts++;
}

void feed_branch(feed_demand *d, const uint32_t *conjuncts, uint32_t n)
{
    uint32_t *copy = rtq__arena_zalloc(&d->arena, (n + 1) * sizeof *copy);
    require(copy && d->demand.n_branches < CAP, "too many branches");
    if (n)
        memcpy(copy, conjuncts, n * sizeof *copy);
    d->demand.branches[d->demand.n_branches++] = (rtq__branch){copy, n};
    d->demand.all |= n == 0;
    d->demand.single = d->demand.n_branches == 1;
}

/* ---- run --------------------------------------------------------------------------------------------------------------- */

static void check_stats(const rtq__source_stats *s, uint64_t rows)
{
    require(s->in == s->out + s->filtered + s->errored + s->dropped + s->pending, "conservation is violated");
    require(s->out == rows, "rows are not those counted");
}

static void print_rows(rtq__buf *out, rtq__batch *b, bool lazy, const rtq__feed_bad *bad)
{
    for (uint32_t i = 0; b && i < b->n_sel; i++) {
        rtq__sel row = (rtq__sel)rtq__batch_row(b, i);
        for (uint32_t c = 0; c < b->n_cols; c++) {
            if (lazy)
                require(rtq__vec_load(b->cols[c], &row, 1) == RTQ_OK, "load failed");
            else if (i == 0)
                require(rtq__vec_load(b->cols[c], b->sel, b->n_sel) == RTQ_OK, "load failed");
            rtq__cell cell = rtq__vec_get(b->cols[c], row);
            rtq__buf_adds(out, c ? "\t" : "");
            rtq__cell_print_json(out, &cell);
        }
        rtq__buf_addc(out, '\n');
    }
    if (bad->n)
        rtq__buf_addf(out, "bad %llu\n", (unsigned long long)bad->lines[0]);
}

/* A window of exactly the bytes and the padding, so that sanitizers see what goes beyond. */
static char *window_of(const char *p, size_t len)
{
    char *w = malloc(len + RTQ__FEED_PAD);
    require(w != NULL, "out of memory");
    if (len)
        memcpy(w, p, len);
    memset(w + len, '"', RTQ__FEED_PAD);
    return w;
}

void feed_run(rtq__buf *out, const rtq__feed_class *cls, void *decoder, const rtq__source_stats *stats,
              const char *text, size_t len, feed_split split)
{
    rtq__feed_input in = {.name = "test", .line = 1, .clock = INT64_MIN};
    rtq__feed_rows *rows = cls->rows(decoder);
    size_t begin = 0, end = 0, calls = 0;
    uint64_t n_rows = stats->out;
    int rc = RTQ_OK;

    do {
        size_t more = split.piece == 0 ? len
                      : split.seed     ? (size_t)(feed_random(&split.seed) % split.piece) + 1
                                       : split.piece,
               used = 0;
        char *window;
        if (rc == RTQ_OK)
            end = len - end < more ? len : end + more;
        window = window_of(text + begin, end - begin);
        rtq__feed_rows_begin(rows, split.max_rows ? split.max_rows : RTQ__ROWS);
        rc = cls->take(decoder, &in, window, end - begin, end == len, &used);
        require(rc == RTQ_OK || rc == RTQ_AGAIN, "take failed");
        require(used <= end - begin, "more used than there was");
        require(rc != RTQ_AGAIN || rows->n > 0, "full without rows");
        n_rows += rows->n;
        check_stats(stats, n_rows);
        print_rows(out, rtq__feed_rows_batch(rows), split.lazy, &rows->bad);
        begin += used;
        free(window);
        require(++calls < 4 * len + 100, "no progress");
    } while (rc == RTQ_AGAIN || end < len);
    require(begin == len, "bytes are left over");
    if (cls->input_end)
        cls->input_end(decoder, &in);
}

void feed_drop_bad(rtq__buf *out)
{
    char *to = out->ptr;
    for (char *p = out->ptr; *p;) {
        char *nl = strchr(p, '\n');
        size_t len = nl ? (size_t)(nl + 1 - p) : strlen(p);
        if (strncmp(p, "bad ", 4) != 0) {
            memmove(to, p, len);
            to += len;
        }
        p += len;
    }
    *to = '\0';
    out->len = (size_t)(to - out->ptr);
}
