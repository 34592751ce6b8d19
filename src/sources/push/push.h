/* push.h - rows that a host hands in: chunks of columns, filled by appenders, queued under one lock, read by the run.
 *
 * A chunk is an arena with one batch of up to 1024 rows; it goes from its appender to the queue to the reader and back to a free
 * list, so that the steady state allocates nothing. Custom sources use the same chunks without a limit. */
#ifndef RTQ__PUSH_H
#define RTQ__PUSH_H
#include "exec/handles.h"

typedef struct rtq__chunk {
    struct rtq__chunk *next;
    rtq__arena arena;
    rtq__batch batch; /* columns of the table in order; an open table has the rest as one more */
    uint32_t table;
    size_t partition;  /* of the appender */
    int64_t watermark; /* the appender's mark when flushed, INT64_MIN: none */
} rtq__chunk;

/* An appender's rows are in order among themselves: each has its own watermark, the source's is the least of them. */
typedef struct rtq__partition {
    int64_t max_time, mark, next_mark /* once nothing of it is queued */;
    uint64_t queued;
    bool ended;
} rtq__partition;

typedef struct rtq__push {
    rtq__src base;
    rtq__arena arena; /* tables */
    rtq__mutex lock;  /* all below */
    rtq__chunk *first, *last, *spare;
    rtq__chunk *reading; /* lent out by next() */
    uint64_t queue_rows, queued;
    bool drop;              /* full=drop */
    bool host_gone, closed; /* the host freed its handle; the run has ended */
    uint32_t n_appenders;
    rtq__partition *partitions;
    size_t n_partitions, cap_partitions;
    uint64_t in, dropped, errored;
    rtq_demand *demand;
    rtq__arena scratch;      /* of next(): the batch lent out */
    void (*wake)(void *ctx); /* the run's, NULL: not attached */
    void *wake_ctx;
} rtq__push;

extern const rtq__src_class rtq__src_push;

/* tables: "T(a:long, *); U(...)"; with a name the columns of that one table: "a:long, *". */
int rtq__push_init(rtq__push *p, rtq__mem *mem, const char *name, const char *tables, rtq_diag *diag);
void rtq__push_release(rtq__push *p);
bool rtq__push_is(const rtq__src *src); /* push or custom */
void rtq__push_host_gone(rtq__src *src);
/* Lends the oldest chunk as a batch with one vector a want. OK, AGAIN, END (nobody can add more), < 0. */
int rtq__push_next(rtq__push *p, rtq__batch **out, uint32_t *table);
struct rtq_appender {
    rtq__push *push;
    rtq_source *source; /* kept; NULL: an appender of a custom source */
    uint32_t table;
    size_t partition;
    rtq__chunk *first, *current; /* filled, not handed over */
    uint64_t rows;
    int64_t watermark;
    rtq_diag *diag; /* why the last call failed */
};
int rtq__appender_init(rtq_appender *a, rtq__push *p, uint32_t table);
void rtq__appender_done(rtq_appender *a);
/* How far an appender is: rows of a call that fails are taken back. */
typedef struct rtq__appender_mark {
    rtq__chunk *last;
    uint32_t n;
    uint64_t rows;
} rtq__appender_mark;
rtq__appender_mark rtq__appender_get_mark(const rtq_appender *a);
void rtq__appender_rollback(rtq_appender *a, rtq__appender_mark mark);
/* Rows [0, n) of one vector a column of the table (NULL: null), n <= RTQ__ROWS. OK, NOMEM, ERR_ARG, ERR_DATA. */
int rtq__appender_vectors(rtq_appender *a, rtq__vec *const *cols, uint32_t n);

#endif
