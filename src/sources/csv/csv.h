/* csv.h - the decoder of CSV (RFC 4180): bytes in, batches out; no I/O. Quoted cells may hold line ends, delimiters and "" for a quote;
 * a quote inside a cell that does not begin with one is a quote. */
#ifndef RTQ__CSV_H
#define RTQ__CSV_H
#include "sources/feed/feed.h"

enum { CSV_MAX_COLS = 4096, CSV_NONE = UINT32_MAX, CSV_GUESS = 0 };

enum { CSV_QUOTED = 1, CSV_DOUBLED = 2 /* has "" */, CSV_MISSING = 4 };
typedef struct csv_cell {
    const char *p;
    uint32_t len, flags;
} csv_cell;

typedef struct csv_want {
    uint32_t slot;
    const rtq__path_seg *path;
    uint32_t n_path;
    uint8_t kind, column_kind;
} csv_want;

typedef struct rtq__csv {
    rtq__feed_rows rows;
    const rtq__table *table;
    size_t max_record;
    char delimiter;      /* CSV_GUESS: what the header of each input is written with */
    char tail_delimiter; /* of inputs that are not read from their start */
    bool header;         /* the first record of an input has the names */
    uint32_t *tail_map;  /* columns of inputs that are not read from their start, NULL: those of the table */
    uint32_t tail_cols;
    csv_want *wants;
    uint32_t *slots; /* by column of the table, CSV_NONE: not wanted */
    uint32_t n_slots;
    csv_cell *staged; /* [row][slot] */
} rtq__csv;

extern const rtq__feed_class rtq__csv_feed;
int rtq__csv_new(rtq__csv **out, rtq__mem *mem, const rtq__table *table, size_t max_record, char delimiter, bool header,
                 rtq__source_stats *stats, int64_t *max_time);

/* One cell at *p, which is moved to what ends it: a delimiter, a line end, or the end. */
enum { CSV_BAD = 0, CSV_DONE, CSV_MORE /* what follows decides */, CSV_OPEN /* a quote is not closed */ };
int rtq__csv_cell(csv_cell *out, const char **p, const char *end, char delimiter, bool final, const char **why);
/* Past the line end at p (\n or \r\n), or NULL: there is none. */
static inline const char *csv_line_end(const char *p, const char *end)
{
    if (p < end && *p == '\n')
        return p + 1;
    return end - p >= 2 && p[0] == '\r' && p[1] == '\n' ? p + 2 : NULL;
}
/* The text of a cell: itself, or on heap. NULL: out of memory. */
const char *rtq__csv_text(const csv_cell *cell, size_t *len, rtq__arena *heap);

/* Moves *p behind what Excel puts in front of a header, a line `sep=;`, and empty lines there. The delimiter: that one, else `fixed`, or (CSV_GUESS) that of
 * , ; tab and | which the header has most often outside quotes. 0: the header's end is not there yet (final: it is). */
char rtq__csv_delimiter(const char **p, const char *end, bool final, char fixed);
/* Lines that end in CR alone make one record of a file: its header then has a CR in a cell. */
bool rtq__csv_has_cr(const csv_cell *cell);
#define CSV_NO_HEADER "there is no header"
#define CSV_CR_ALONE "the lines end in CR alone: only LF and CR LF are read"

/* csv_infer.c: names from the first record of a sample (or col0 ...), types from the others. final: the sample is all there is.
 * *delimiter: a given one or, with a header, CSV_GUESS; the one found. OK, NOMEM, ERR_DATA: no header, too many columns, no CSV (*why). */
int rtq__csv_infer(rtq__table *table, rtq__arena *arena, const char *p, size_t len, bool final, char *delimiter,
                   bool header, const char **why);
/* Unique name of column i: names that repeat get a number behind them. NULL: out of memory. */
const char *rtq__csv_name(const rtq__table *table, uint32_t i, const csv_cell *cell, rtq__arena *arena);

#endif
