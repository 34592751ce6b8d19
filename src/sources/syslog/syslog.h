/* syslog.h - the decoder of syslog lines: RFC 5424, RFC 3164 as it is written in practice, key=value lists, and plain text. Bytes in,
 * batches out; no I/O. A line always gives a row; how much of it is understood is in LogFileLineage. Nothing of a line is looked at
 * before somebody asks for it. */
#ifndef RTQ__SYSLOG_H
#define RTQ__SYSLOG_H
#include "base/text.h"
#include "base/time.h"
#include "sources/feed/feed.h"

enum { SYSLOG_PLAIN = 0, SYSLOG_3164, SYSLOG_5424, SYSLOG_PAIRS };

typedef struct syslog_row {
    const char *line;
    uint32_t len; /* without its end */
    uint8_t type;
    bool parsed, has_time;
    int16_t pri;              /* -1: none */
    uint64_t number;          /* of the line */
    int64_t time;             /* ticks, UTC */
    int64_t received;         /* INT64_MIN: a recording */
    const char *file, *error; /* constant text, NULL: none */
    rtq_str host, app, proc, msgid, message;
    rtq_str data; /* structured data, or the key=value list */
} syslog_row;

/* What times without zone and year mean. */
typedef struct syslog_clock {
    int64_t now;                      /* the year is such that the time is not (a day) later */
    int64_t offset;                   /* ticks that local time is ahead of UTC */
    int64_t (*to_utc)(int64_t local); /* instead of offset, may be NULL */
} syslog_clock;

enum {
    SYSLOG_TIME = 0,
    SYSLOG_FACILITY,
    SYSLOG_SEVERITY,
    SYSLOG_HOST,
    SYSLOG_APP,
    SYSLOG_PROC,
    SYSLOG_MSGID,
    SYSLOG_MESSAGE,
    SYSLOG_PAYLOAD,
    SYSLOG_EXTRACTED,
    SYSLOG_LINEAGE,
    SYSLOG_COLS
};
extern const rtq__table_col rtq__syslog_cols[SYSLOG_COLS];

typedef struct rtq__syslog {
    rtq__feed_rows rows;
    size_t max_record;
    syslog_clock clock;
    rtq_str relay; /* name of this machine */
    rtq__dyn_builder *builder;
    syslog_row *staged;
    rtq__needle *needles; /* by conjunct: what the line must contain for it to hold; len 0: nothing known */
    bool rejects;         /* every branch has one */
} rtq__syslog;

extern const rtq__feed_class rtq__syslog_feed;
int rtq__syslog_new(rtq__syslog **out, rtq__mem *mem, size_t max_record, syslog_clock clock, rtq_str relay,
                    rtq__source_stats *stats, int64_t *max_time);

/* syslog_parse.c: line to pieces (all point into the line). */
void rtq__syslog_parse(syslog_row *row, const syslog_clock *clock);
/* key=value or key="value" at *p, which moves past it. False: there is none. */
bool rtq__syslog_pair(rtq_str *key, rtq_str *value, const char **p, const char *end);

/* syslog_time.c: the time at *p, which moves past it and the space behind. False: there is none. */
bool rtq__syslog_iso_time(int64_t *out, const char **p, const char *end, const syslog_clock *clock);
bool rtq__syslog_old_time(int64_t *out, const char **p, const char *end, const syslog_clock *clock);
/* "UTC", "PDT", "+02:00": ticks ahead of UTC. */
bool rtq__syslog_zone(int64_t *offset, const char *p, size_t len);

/* syslog_extract.c: values found in the row, as a bag. OK, NOMEM. */
int rtq__syslog_extract(rtq__dyn *out, const syslog_row *row, rtq__dyn_builder *builder, rtq__arena *heap);

#endif
