/* watch.h - files that are followed: one handle that is readable when something happened to one of them. Where the system has nothing of
 * the kind, or no more of it, files are looked at now and then instead. */
#ifndef RTQ__WATCH_H
#define RTQ__WATCH_H
#include <stdbool.h>
#include <stdint.h>

typedef struct rtq__watch {
    intptr_t handle; /* for rtq__waiter_add; -1: closed */
} rtq__watch;
#define RTQ__WATCH_NONE ((rtq__watch){-1})

int rtq__watch_open(rtq__watch *watch); /* RTQ_OK, RTQ_ERR_UNSUPPORTED: look now and then */
/* A path whose file may change, go and come back. *file stands for the file that has it now, -1: none has. RTQ_OK, RTQ_ERR_UNSUPPORTED. */
int rtq__watch_path(rtq__watch *watch, intptr_t *file, const char *path);
void rtq__watch_forget(rtq__watch *watch, intptr_t file); /* that file, not the path */
bool rtq__watch_take(rtq__watch *watch);                  /* something happened since the last time */
void rtq__watch_close(rtq__watch *watch);

#endif
