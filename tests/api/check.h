/* check.h - the few words that test programs against the public API need: one "ok" or "not ok" line a test. */
#ifndef CHECK_H
#define CHECK_H
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "rtq/rtq.h"

static int check_failures, check_bad;

#define CHECK(condition)                                             \
    do {                                                             \
        if (!(condition)) {                                          \
            printf("# %s:%d: %s\n", __FILE__, __LINE__, #condition); \
            check_bad = 1;                                           \
        }                                                            \
    } while (0)

__attribute__((unused)) static void check_diag(const char *what, int rc, const rtq_diag *diag)
{
    rtq_blob *b = NULL;
    printf("# %s: %s\n", what, rtq_strerror(rc));
    if (rtq_diag_count(diag) && rtq_diag_render(&b, diag) == RTQ_OK)
        printf("# %.*s\n", (int)rtq_blob_get(b).len, rtq_blob_get(b).ptr);
    rtq_blob_free(b);
    check_bad = 1;
}

static void check_run(const char *name, void (*test)(void))
{
    check_bad = 0;
    test();
    printf("%s %s\n", check_bad ? "not ok" : "ok", name);
    check_failures += check_bad;
}
#define RUN(test) check_run(#test, test)

#endif
