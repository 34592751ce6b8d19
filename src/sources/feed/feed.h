/* feed.h - what the sources of text feeds (json, csv, syslog) share: a decoder takes bytes and makes rows, the reader brings the bytes.
 *
 * The reader keeps a window of unconsumed bytes per input. A decoder takes whole records out of it; what it leaves stays in the window
 * in front of the bytes that follow. Rows point into the window, so it does not move until the next batch begins. */
#ifndef RTQ__FEED_H
#define RTQ__FEED_H
#include "sources/feed/rows.h"

enum { RTQ__FEED_PAD = 64 /* readable bytes behind every window, whatever they are */ };

/* Where a decoder is in one input. The reader zeroes it and sets name, line and clock; the rest is the decoder's. */
typedef struct rtq__feed_input {
    const char *name; /* for messages; lives as long as the rows */
    uint64_t line;    /* of the first byte that is not consumed, from 1 */
    int64_t clock;    /* ticks: when the bytes were read (live), or the file was last written; INT64_MIN: not known */
    bool live;        /* followed or piped: clock is when the line arrived */
    bool skipping;    /* up to the next line end: the rest of a line that was given up, or that began before we did */
    bool tail;        /* does not begin at the input's start */
    uint8_t mode;
    char delimiter; /* csv's, of this input */
    uint32_t flags, column;
    size_t scanned; /* leading bytes of the window in which no record ends */
    uint32_t *map;  /* allocated from the decoder's memory, freed by its input_end */
} rtq__feed_input;

typedef struct rtq__feed_class {
    int (*plan)(void *decoder, rtq__demand_table *table); /* OK, NOMEM; rows of the last batch are gone */
    /* Takes whole records from the front: at most until the rows are full. final: nothing will follow. *used bytes are done with, though
     * rows may point to them. RTQ_OK: more bytes are needed; RTQ_AGAIN: the rows are full; < 0: out of memory. */
    int (*take)(void *decoder, rtq__feed_input *in, const char *p, size_t len, bool final, size_t *used);
    void (*input_end)(void *decoder, rtq__feed_input *in); /* may be NULL */
    rtq__feed_rows *(*rows)(void *decoder);
    void (*free)(void *decoder);
} rtq__feed_class;

#endif
