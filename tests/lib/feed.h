/* feed.h - text feeds in tests: a demand written by hand, and a decoder run over bytes that come in pieces. */
#ifndef TEST_FEED_H
#define TEST_FEED_H
#include "sources/feed/feed.h"

typedef struct feed_demand {
    rtq__arena arena;
    rtq__table table;
    rtq__demand_table demand;
    uint32_t cap_wants, cap_conjuncts, cap_branches;
} feed_demand;

void feed_demand_init(feed_demand *d, rtq__mem *mem, const rtq__table_col *cols, uint32_t n_cols, bool open);
void feed_demand_free(feed_demand *d);
/* "a.b[0]"; "*" the whole record; kind of a column when the path is one. Returns its number. */
uint32_t feed_want(feed_demand *d, const char *path, uint8_t flags);
uint32_t feed_conjunct(feed_demand *d, uint32_t want, uint32_t op, const rtq__cell *values, uint32_t n);
void feed_branch(feed_demand *d, const uint32_t *conjuncts, uint32_t n); /* n 0: every row */

/* Sizes of pieces and batches. piece 0: all at once; seed: random sizes up to `piece`. */
typedef struct feed_split {
    size_t piece;
    uint64_t seed;
    uint32_t max_rows;
    bool lazy;
} feed_split;
/* Runs the decoder over the text as one input. out: a line of JSON values a row. Checks the law of conservation after each call, and
 * aborts when a call does not keep its promises. The rows' JSON, bad records ("bad LINE: why") in between. */
void feed_run(rtq__buf *out, const rtq__feed_class *cls, void *decoder, const rtq__source_stats *stats,
              const char *text, size_t len, feed_split split);

/* Takes the bad records out of a NUL-terminated result: where batches end decides which of them is named. */
void feed_drop_bad(rtq__buf *out);

uint64_t feed_random(uint64_t *state);
#endif
