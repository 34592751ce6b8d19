/* pipe.h - one query instance: the state of a plan's operators and the driver that moves batches through them.
 *
 * A pipe belongs to one worker; every call is made by it. Nothing here blocks, does I/O or reads a clock.
 *
 *     rtq__pipe_open, rtq__pipe_start
 *     for every batch of a source: rtq__pipe_push(pipe, read, batch)     batch->time or batch->now set by the caller
 *     rtq__pipe_advance(pipe, watermark)                                 smallest watermark of the tables it reads
 *     rtq__pipe_finish(pipe, table) when every source of a table has ended
 *     rtq__pipe_close
 *
 * RTQ_OK: go on. RTQ_END: the query needs nothing more (take, or the host said so): stop reading for it. < 0: the query is dead
 * (RTQ_ERR_LIMIT: over its state budget; RTQ_ERR_NOMEM; RTQ_ERR_USER: …), close it; rtq__pipe_error says why. */
#ifndef RTQ__PIPE_H
#define RTQ__PIPE_H
#include "exec/source.h"
#include "plan/plan.h"

typedef struct rtq__pipe rtq__pipe;

typedef struct rtq__pipe_host {
    void *ctx;
    /* Rows of result number `result`: one vector a result column, in order, loaded for the selected rows; valid during the call.
     * RTQ_OK; RTQ_END: no more of this result; < 0: these rows count as errored. */
    int (*rows)(void *ctx, uint32_t result, rtq__batch *batch);
    /* Rows of a reference table: batches with the table's columns in order (NULL: not there any more), valid until the pipe is closed
     * or reset. NULL: no tables. */
    int (*host_table)(void *ctx, const rtq__table *table, rtq__batch *const **batches, uint32_t *n_batches);
    /* Opens what externaldata names: a bounded source, not planned yet, with one table whose columns are those of the node, in order.
     * NULL: externaldata is refused at start. */
    int (*external)(void *ctx, const rtq__rel *rel, uint32_t uri, rtq__src **out, rtq_diag *diag);
} rtq__pipe_host;

typedef struct rtq__pipe_options {
    uint64_t max_state_bytes; /* 0: no budget */
    bool unbounded;           /* some input has no end: windows emit when the watermark passes */
} rtq__pipe_options;

/* in = used + filtered + late + errored + dropped + pending at any time between calls. */
typedef struct rtq__pipe_stats {
    uint64_t in, used, filtered, late, errored, dropped, pending;
    uint64_t out; /* rows handed to the host */
    uint64_t state_bytes, state_keys;
} rtq__pipe_stats;

/* The plan, eval (with its scratch) and what host points to must outlive the pipe. options may be NULL. */
int rtq__pipe_open(rtq__pipe **out, rtq__mem *mem, const rtq__plan *plan, rtq__eval *eval, const rtq__pipe_host *host,
                   const rtq__pipe_options *options);
/* Runs what needs no feed: constants, ranges, reference tables, externaldata. Before the first push, and after a reset. */
int rtq__pipe_start(rtq__pipe *pipe, rtq_diag *diag);
int rtq__pipe_push(rtq__pipe *pipe, const rtq__read *read, rtq__batch *batch);
int rtq__pipe_advance(rtq__pipe *pipe, int64_t watermark);
int rtq__pipe_finish(rtq__pipe *pipe, uint32_t table /* of the plan; UINT32_MAX: all */);
bool rtq__pipe_wants(const rtq__pipe *pipe, uint32_t table); /* somebody still reads it, in this reading */
bool rtq__pipe_done(const rtq__pipe *pipe);                  /* every result has ended */
/* Several readings of a recording (pipe_again.c). Allowed (before the first push): all tables can be read again, and give the same rows.
 * When rtq__pipe_finish has returned OK and the pipe wants it, begin again, push what the demand of the nodes that read now gives,
 * and finish again. Counts are those of the first reading. */
void rtq__pipe_allow_again(rtq__pipe *pipe, bool allowed);
bool rtq__pipe_wants_again(const rtq__pipe *pipe);
int rtq__pipe_begin_again(rtq__pipe *pipe);
const bool *rtq__pipe_reading(const rtq__pipe *pipe); /* by node; NULL: the first reading, all of them */
int rtq__pipe_give_up(rtq__pipe *pipe);               /* there will be no further reading: ends with what there is */
/* The reference table has other rows now: build sides and subqueries made from it are made again; rows given before stand. As push. */
int rtq__pipe_reload(rtq__pipe *pipe, const char *table);
int rtq__pipe_reset(rtq__pipe *pipe); /* as just opened, statistics go on: scheduled queries, one tick each */
/* State between calls; load goes after open and instead of start. RTQ_ERR_DATA: not a state of this plan. */
int rtq__pipe_save(rtq__buf *out, rtq__pipe *pipe);
int rtq__pipe_load(rtq__pipe *pipe, const char *ptr, size_t len);
void rtq__pipe_stats_get(rtq__pipe_stats *out, const rtq__pipe *pipe);
const char *rtq__pipe_error(const rtq__pipe *pipe);
void rtq__pipe_close(rtq__pipe *pipe); /* frees; NULL is fine */

#endif
