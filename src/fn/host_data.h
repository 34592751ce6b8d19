/* host_data.h - functions that read data which the host names: a database, a list of patterns. Without it they bind, and a run refuses
 * the query. With it the env has a row of its own, a copy of the table's with `user` pointing at the data. */
#ifndef RTQ__HOST_DATA_H
#define RTQ__HOST_DATA_H
#include "fn/fn.h"

typedef struct rtq__host_data {
    const char *name, *function; /* of the data as hosts say it, and the function that reads it */
    int (*open)(void **out, rtq__mem *mem, const char *path, rtq_diag *diag);
    void (*close)(rtq__mem *mem, void *data);
    rtq__row_fn row; /* ctx->fn->user is the data */
} rtq__host_data;
const rtq__host_data *rtq__host_data_find(const char *name); /* NULL: there is none of that name */
const char *rtq__host_data_of(const char *function);         /* name of what the function reads */

/* MaxMind databases, geo_read.c. */
int rtq__geo_open(void **out, rtq__mem *mem, const char *path, rtq_diag *diag);
void rtq__geo_close(rtq__mem *mem, void *geo);
void rtq__geo_row(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx);

/* Patterns of ua-parser's regexes.yaml: user_agent_read.c, user_agent.c. */
int rtq__user_agent_open(void **out, rtq__mem *mem, const char *path, rtq_diag *diag);
int rtq__user_agent_parse(void **out, rtq__mem *mem, const char *text, size_t len, rtq_diag *diag);
void rtq__user_agent_close(rtq__mem *mem, void *patterns);
void rtq__user_agent_row(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx);

/* The text of a file, at most max bytes. RTQ_OK, or RTQ_ERR_IO, RTQ_ERR_LIMIT, RTQ_ERR_NOMEM with a reason in diag. */
int rtq__host_data_text(rtq__buf *out, const char *path, size_t max, rtq_diag *diag);

#endif
