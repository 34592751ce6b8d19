/* wait.h - one handle to wait on: a wake-up any thread or signal handler may give, plus the descriptors of sources. */
#ifndef RTQ__WAIT_H
#define RTQ__WAIT_H
#include <stdbool.h>
#include <stdint.h>

typedef struct rtq__waiter {
    intptr_t all, wake;
} rtq__waiter;

int rtq__waiter_init(rtq__waiter *w); /* RTQ_OK, RTQ_ERR_IO */
void rtq__waiter_free(rtq__waiter *w);
intptr_t rtq__waiter_handle(const rtq__waiter *w); /* readable (signalled) while there is something to do */
void rtq__waiter_wake(const rtq__waiter *w);       /* any thread, signal handlers */
void rtq__waiter_clear(const rtq__waiter *w);      /* forgets wake-ups */
int rtq__waiter_add(rtq__waiter *w,
                    intptr_t handle); /* RTQ_OK; a handle that cannot be waited for (a regular file) is ignored */
void rtq__waiter_remove(rtq__waiter *w, intptr_t handle);
int rtq__waiter_wait(const rtq__waiter *w,
                     int64_t ns); /* ns < 0: no limit. RTQ_OK: something happened, RTQ_AGAIN: time is up, RTQ_ERR_IO */

int64_t rtq__clock_wall_ticks(void); /* ticks since 0001-01-01 UTC */
int64_t rtq__clock_mono_ns(void);

#endif
