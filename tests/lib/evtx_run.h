/* evtx_run.h - demands written by hand, and runs of the event log decoder over bytes or files. */
#ifndef EVTX_RUN_H
#define EVTX_RUN_H
#include <stdio.h>
#include "sources/evtx/evtx.h"
#include "sources/kinds.h"

typedef struct ed {
    rtq__mem *mem;
    rtq__arena arena;
    rtq__table table;
    rtq__demand_table dt;
    rtq_demand demand;
    size_t wants_cap, conjuncts_cap, branches_cap;
} ed;

void ed_init(ed *e, rtq__mem *mem);
void ed_free(ed *e);
uint32_t ed_want(ed *e, const char *path /* EventID, EventData.X, EventData['a b'][0] */, uint8_t flags);
uint32_t ed_conjunct(ed *e, const char *path, uint32_t op, uint32_t n, const rtq__cell *values);
void ed_branch(ed *e, uint32_t n, const uint32_t *conjuncts);
void ed_drop_branches(ed *e); /* every row is wanted */
rtq_demand *ed_demand(ed *e); /* after the last change */

/* Runs the decoder over the bytes of a file, chunk by chunk as the reader does. `row` sees each row of each batch; rows are loaded
 * column by column (lazy 0), or only on demand by the callee. Returns RTQ_OK or the decoder's error. */
typedef void (*ed_row_fn)(void *user, rtq__batch *batch, uint32_t row);
int ed_run(ed *e, const uint8_t *bytes, size_t len, uint32_t max_rows, ed_row_fn row, void *user,
           rtq__source_stats *stats);
/* Does a branch of the demand hold for a decoded row? */
bool ed_wanted(ed *e, rtq__tester *tester, rtq__batch *batch, uint32_t row);
void ed_print_row(rtq__buf *out, const ed *e, rtq__batch *batch, uint32_t row); /* JSON object of the wants */
uint8_t *ed_read_file(const char *path, size_t *len);                           /* malloc */

#endif
