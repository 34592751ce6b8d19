/* wait.c - epoll around an eventfd. */
#include "os/wait.h"
#include <errno.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>
#include "rtq/value.h"

int rtq__waiter_init(rtq__waiter *w)
{
    struct epoll_event e = {.events = EPOLLIN, .data = {.fd = -1}};

    w->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    w->all = epoll_create1(EPOLL_CLOEXEC);
    if (w->wake >= 0 && w->all >= 0 && epoll_ctl((int)w->all, EPOLL_CTL_ADD, (int)w->wake, &e) == 0)
        return RTQ_OK;
    rtq__waiter_free(w);
    return RTQ_ERR_IO;
}

void rtq__waiter_free(rtq__waiter *w)
{
    if (w->wake >= 0)
        close((int)w->wake);
    if (w->all >= 0)
        close((int)w->all);
    w->wake = w->all = -1;
}

intptr_t rtq__waiter_handle(const rtq__waiter *w)
{
    return w->all;
}

void rtq__waiter_wake(const rtq__waiter *w)
{
    int saved = errno;
    uint64_t one = 1;
    ssize_t n = write((int)w->wake, &one, sizeof one); /* full counter: it is awake already */
    (void)n;
    errno = saved;
}

void rtq__waiter_clear(const rtq__waiter *w)
{
    uint64_t count;
    ssize_t n = read((int)w->wake, &count, sizeof count);
    (void)n;
}

int rtq__waiter_add(rtq__waiter *w, intptr_t handle)
{
    struct epoll_event e = {.events = EPOLLIN, .data = {.fd = (int)handle}};

    if (epoll_ctl((int)w->all, EPOLL_CTL_ADD, (int)handle, &e) == 0 || errno == EPERM || errno == EEXIST)
        return RTQ_OK;
    return RTQ_ERR_IO;
}

void rtq__waiter_remove(rtq__waiter *w, intptr_t handle)
{
    epoll_ctl((int)w->all, EPOLL_CTL_DEL, (int)handle, NULL);
}

int rtq__waiter_wait(const rtq__waiter *w, int64_t ns)
{
    struct pollfd p = {.fd = (int)w->all, .events = POLLIN, .revents = 0};
    struct timespec t = {.tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000};
    int n = ppoll(&p, 1, ns < 0 ? NULL : &t, NULL);

    if (n > 0 || (n < 0 && errno == EINTR)) /* a signal is something that happened */
        return RTQ_OK;
    return n == 0 ? RTQ_AGAIN : RTQ_ERR_IO;
}

int64_t rtq__clock_wall_ticks(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return RTQ_UNIX_EPOCH + (int64_t)t.tv_sec * 10000000 + t.tv_nsec / 100;
}

int64_t rtq__clock_mono_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}
