/* rows.h - rows of a text feed on their way into a batch: the demand's columns, tests of conjuncts, cells decoded when touched.
 *
 * A decoder stages record number rows->n (wherever it keeps its spans), asks rtq__feed_rows_offer() whether somebody wants it, and goes on.
 * Cells come from the decoder's `cell` function: at once for conjuncts, later for rows that are still selected. */
#ifndef RTQ__FEED_ROWS_H
#define RTQ__FEED_ROWS_H
#include "exec/source.h"
#include "value/dyn.h"

/* Cell of column `want` of the row, of the want's kind (unknown: as dynamic). Text lies in the window or on rows->heap. OK, NOMEM. */
typedef int (*rtq__feed_rows_cell)(rtq__cell *out, void *decoder, uint32_t row, uint32_t want);

/* Many cells at once, where a decoder has a quicker way: true: all are written. */
typedef bool (*rtq__feed_rows_fill)(rtq__vec *vec, void *decoder, uint32_t want, const rtq__sel *sel, uint32_t n);

enum { RTQ__FEED_BAD_LINES = 8 };
/* Records set aside since rtq__feed_rows_begin(). */
typedef struct rtq__feed_bad {
    uint64_t n, lines[RTQ__FEED_BAD_LINES];
    const char *why; /* of the first; constant text */
} rtq__feed_bad;

typedef struct rtq__feed_rows {
    rtq__mem *mem;
    rtq__source_stats *stats;
    int64_t *max_time;
    rtq__feed_rows_cell cell;
    rtq__feed_rows_fill fill; /* may be NULL */
    void *decoder;
    rtq__demand_table *demand; /* NULL: not planned yet */
    rtq__tester *tester;
    rtq__arena plan, heap; /* what lives as long as the demand; text of this batch */
    rtq__vec *vecs;
    rtq__vec **cols;
    rtq__batch batch;
    uint32_t *decide, n_decide; /* wants that conjuncts read */
    int32_t time_want;          /* or -1 */
    bool all_times;             /* of rejected rows too */
    int64_t time_limit;         /* later times never move the watermark */
    uint32_t n, max;
    rtq__feed_bad bad;
    uint64_t repaired, ragged,
        unfit; /* texts that were no UTF-8; records with too few cells; cells that are none of their column's type */
    uint64_t ragged_line; /* of the first since it was last told, 0: none */
} rtq__feed_rows;

void rtq__feed_rows_init(rtq__feed_rows *rows, rtq__mem *mem, rtq__source_stats *stats, int64_t *max_time,
                         rtq__feed_rows_cell cell, void *decoder);
void rtq__feed_rows_free(rtq__feed_rows *rows);
int rtq__feed_rows_plan(rtq__feed_rows *rows, rtq__demand_table *demand); /* sets the verdicts. OK, NOMEM */
void rtq__feed_rows_begin(rtq__feed_rows *rows, uint32_t max_rows);       /* forgets the rows */
static inline bool rtq__feed_rows_full(const rtq__feed_rows *rows)
{
    return rows->n >= rows->max;
}
/* The record staged as row n: kept (then n grows) or filtered; counted. OK, NOMEM. */
int rtq__feed_rows_offer(rtq__feed_rows *rows);
/* A record that the decoder rejected by itself. */
static inline void rtq__feed_rows_reject(rtq__feed_rows *rows)
{
    rows->stats->in++, rows->stats->filtered++;
}
void rtq__feed_rows_bad(rtq__feed_rows *rows, uint64_t line,
                        const char *why);               /* a record that is none; counted as errored */
rtq__batch *rtq__feed_rows_batch(rtq__feed_rows *rows); /* NULL: no rows */
/* Holds the conjunct for this value? 1, 0, -1: cannot tell. */
int rtq__feed_rows_test(const rtq__feed_rows *rows, uint32_t conjunct, const rtq__cell *cell);

/* Cell of `kind` from a dynamic, after the segments of a path below it. OK, NOMEM. */
int rtq__feed_rows_convert(rtq__cell *out, rtq__dyn d, const rtq__path_seg *path, uint32_t n_path, uint8_t kind,
                           rtq__arena *heap);

#endif
