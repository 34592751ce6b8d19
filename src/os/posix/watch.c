/* watch.c - inotify: the file for what is written to it, its directory for files that come under its name. */
#include "os/watch.h"
#include "rtq/value.h"
#ifdef __linux__
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

int rtq__watch_open(rtq__watch *w)
{
    w->handle = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    return w->handle >= 0 ? RTQ_OK : RTQ_ERR_UNSUPPORTED;
}

static int add(const rtq__watch *w, const char *path, uint32_t events)
{
    return inotify_add_watch((int)w->handle, path, events);
}

int rtq__watch_path(rtq__watch *w, intptr_t *file, const char *path)
{
    char directory[PATH_MAX] = ".";
    const char *slash = strrchr(path, '/');
    size_t len = slash ? (size_t)(slash - path) + (slash == path) : 1;

    *file = -1;
    if (len >= sizeof directory)
        return RTQ_ERR_UNSUPPORTED;
    if (slash)
        memcpy(directory, path, len);
    directory[len] = 0;
    if (add(w, directory, IN_CREATE | IN_MOVED_TO | IN_ONLYDIR) < 0)
        return RTQ_ERR_UNSUPPORTED;
    *file = add(w, path, IN_MODIFY | IN_ATTRIB | IN_MOVE_SELF | IN_DELETE_SELF);
    return *file >= 0 || errno == ENOENT ? RTQ_OK : RTQ_ERR_UNSUPPORTED;
}

void rtq__watch_forget(rtq__watch *w, intptr_t file)
{
    if (file >= 0)
        inotify_rm_watch((int)w->handle, (int)file);
}

bool rtq__watch_take(rtq__watch *w)
{
    _Alignas(struct inotify_event) char events[4096];
    bool any = false;

    while (w->handle >= 0 && read((int)w->handle, events, sizeof events) > 0)
        any = true;
    return any;
}

void rtq__watch_close(rtq__watch *w)
{
    if (w->handle >= 0)
        close((int)w->handle);
    w->handle = -1;
}
#else
int rtq__watch_open(rtq__watch *w)
{
    w->handle = -1;
    return RTQ_ERR_UNSUPPORTED;
}
int rtq__watch_path(rtq__watch *w, intptr_t *file, const char *path)
{
    (void)w, (void)path;
    *file = -1;
    return RTQ_ERR_UNSUPPORTED;
}
void rtq__watch_forget(rtq__watch *w, intptr_t file)
{
    (void)w, (void)file;
}
bool rtq__watch_take(rtq__watch *w)
{
    (void)w;
    return false;
}
void rtq__watch_close(rtq__watch *w)
{
    (void)w;
}
#endif
