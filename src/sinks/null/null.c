/* null.c - takes rows and forgets them: for counting and measuring. */
#include "sinks/kinds.h"

static const rtq__option_def options[] = {{NULL, 0, 0, 0, 0, NULL, NULL, NULL}};

static int null_open(void **user, rtq__mem *mem, const rtq_option *opts, size_t n, rtq_diag *diag)
{
    (void)mem;
    *user = NULL;
    return rtq__options_check(options, opts, n, "null", diag);
}

static void null_destroy(void *user)
{
    (void)user;
}

static int null_write(void *stream, const rtq_batch *batch, void *user)
{
    (void)stream, (void)batch, (void)user;
    return RTQ_OK;
}

static const rtq_sink_vtable vtable = {.size = sizeof vtable, .write = null_write};
const rtq__sink_class rtq__sink_null = {"null", "counts rows, keeps nothing", options, null_open, null_destroy, &vtable,
                                        NULL};
