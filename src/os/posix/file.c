/* file.c - files on POSIX systems. */
#include "os/file.h"
#include "base/time.h"
#include "rtq/value.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define MAX_IO ((size_t)1 << 30) /* Linux moves at most 2 GiB a call */

static int fail(rtq__os_error *error, int code)
{
    if (error != NULL) {
        char buffer[sizeof error->text];
        error->code = code;
        /* The GNU form returns the text, which may or may not be in the buffer. */
        snprintf(error->text, sizeof error->text, "%s", strerror_r(code, buffer, sizeof buffer));
    }
    return RTQ_ERR_IO;
}

static int kind_of(mode_t mode)
{
    return S_ISREG(mode) ? RTQ__FILE_REGULAR : S_ISDIR(mode) ? RTQ__FILE_DIRECTORY : RTQ__FILE_STREAM;
}

static void fill_info(rtq__file_info *out, const struct stat *st)
{
    *out = (rtq__file_info){
        .size = st->st_size > 0 ? (uint64_t)st->st_size : 0,
        .device = (uint64_t)st->st_dev,
        .inode = (uint64_t)st->st_ino,
        .modified_ticks = RTQ_UNIX_EPOCH + st->st_mtim.tv_sec * RTQ__TICKS_SECOND + st->st_mtim.tv_nsec / 100,
        .kind = kind_of(st->st_mode),
    };
}

/* Takes over fd: closes it when it cannot be used. */
static int adopt(rtq__file *out, int fd, bool owned, rtq__os_error *error)
{
    struct stat st;
    int code = 0;
    *out = RTQ__FILE_NONE;
    if (fstat(fd, &st) != 0)
        code = errno;
    else if (S_ISDIR(st.st_mode))
        code = EISDIR;
    if (code != 0) {
        if (owned)
            close(fd);
        return fail(error, code);
    }
    *out = (rtq__file){.handle = fd, .kind = kind_of(st.st_mode), .owned = owned};
    return RTQ_OK;
}

static int open_retry(const char *path, int flags)
{
    int fd;
    do
        fd = open(path, flags | O_CLOEXEC | O_NOCTTY, 0666);
    while (fd < 0 && errno == EINTR);
    return fd;
}

int rtq__file_open(rtq__file *out, const char *path, rtq__os_error *error)
{
    *out = RTQ__FILE_NONE;
    int fd = open_retry(path, O_RDONLY | O_NONBLOCK); /* a FIFO without a writer must not stop the run */
    return fd < 0 ? fail(error, errno) : adopt(out, fd, true, error);
}

int rtq__file_stdin(rtq__file *out, rtq__os_error *error)
{
    return adopt(out, STDIN_FILENO, false, error);
}

int rtq__file_create(rtq__file *out, const char *path, int mode, rtq__os_error *error)
{
    *out = RTQ__FILE_NONE;
    int flags = mode == RTQ__FILE_APPEND ? O_APPEND : mode == RTQ__FILE_EXCLUSIVE ? O_EXCL : O_TRUNC;
    int fd = open_retry(path, O_WRONLY | O_CREAT | flags);
    return fd < 0 ? fail(error, errno) : adopt(out, fd, true, error);
}

int rtq__file_stdout(rtq__file *out, rtq__os_error *error)
{
    return adopt(out, STDOUT_FILENO, false, error);
}

int rtq__file_temp(rtq__file *out, const char *directory, rtq__os_error *error)
{
    char path[4096];
    *out = RTQ__FILE_NONE;
    int n = snprintf(path, sizeof path, "%s/kqlstream-XXXXXX", directory != NULL ? directory : "/tmp");
    if (n < 0 || (size_t)n >= sizeof path)
        return fail(error, ENAMETOOLONG);
    int fd = mkostemp(path, O_CLOEXEC);
    if (fd < 0)
        return fail(error, errno);
    unlink(path);
    return adopt(out, fd, true, error);
}

void rtq__file_close(rtq__file *file)
{
    if (file->handle >= 0 && file->owned)
        close((int)file->handle); /* not retried on EINTR: on Linux the descriptor is gone all the same */
    *file = RTQ__FILE_NONE;
}

int rtq__file_read(rtq__file *file, void *ptr, size_t len, size_t *got, rtq__os_error *error)
{
    *got = 0;
    if (len > MAX_IO)
        len = MAX_IO;
    for (;;) {
        /* The standard input may be shared with other programs, so it is asked and not set to non-blocking. */
        if (file->kind == RTQ__FILE_STREAM && !file->owned) {
            struct pollfd fd = {.fd = (int)file->handle, .events = POLLIN};
            int ready = poll(&fd, 1, 0);
            if (ready < 0 && errno != EINTR)
                return fail(error, errno);
            if (ready <= 0)
                return RTQ_AGAIN;
        }
        ssize_t n = read((int)file->handle, ptr, len);
        if (n > 0) {
            *got = (size_t)n;
            return RTQ_OK;
        }
        if (n == 0)
            return RTQ_END;
        if (errno == EAGAIN || errno == EWOULDBLOCK)
            return RTQ_AGAIN;
        if (errno != EINTR)
            return fail(error, errno);
    }
}

int rtq__file_read_at(rtq__file *file, void *ptr, size_t len, uint64_t offset, size_t *got, rtq__os_error *error)
{
    *got = 0;
    while (*got < len) {
        size_t want = len - *got < MAX_IO ? len - *got : MAX_IO;
        uint64_t at = offset + *got;
        if (at > INT64_MAX)
            return fail(error, EOVERFLOW);
        ssize_t n = pread((int)file->handle, (char *)ptr + *got, want, (off_t)at);
        if (n == 0)
            break;
        if (n > 0)
            *got += (size_t)n;
        else if (errno != EINTR)
            return fail(error, errno);
    }
    return RTQ_OK;
}

int rtq__file_seek(rtq__file *file, uint64_t offset, rtq__os_error *error)
{
    if (offset > INT64_MAX)
        return fail(error, EOVERFLOW);
    return lseek((int)file->handle, (off_t)offset, SEEK_SET) < 0 ? fail(error, errno) : RTQ_OK;
}

/* A write to a closed pipe raises SIGPIPE, whose disposition belongs to the host: it is held back in this thread, and taken
 * away again if it came. */
typedef struct pipe_guard {
    sigset_t before;
    bool held;
} pipe_guard;

static void guard_begin(pipe_guard *guard, const rtq__file *file)
{
    sigset_t pipe_only, pending;
    guard->held = false;
    if (file->kind == RTQ__FILE_REGULAR)
        return;
    sigemptyset(&pipe_only);
    sigaddset(&pipe_only, SIGPIPE);
    sigpending(&pending);
    if (!sigismember(&pending, SIGPIPE))
        guard->held = pthread_sigmask(SIG_BLOCK, &pipe_only, &guard->before) == 0;
}

static void guard_end(const pipe_guard *guard, bool broken)
{
    if (!guard->held)
        return;
    if (broken) {
        static const struct timespec now = {0, 0};
        sigset_t pipe_only;
        sigemptyset(&pipe_only);
        sigaddset(&pipe_only, SIGPIPE);
        while (sigtimedwait(&pipe_only, NULL, &now) < 0 && errno == EINTR)
            ;
    }
    pthread_sigmask(SIG_SETMASK, &guard->before, NULL);
}

int rtq__file_write(rtq__file *file, const void *ptr, size_t len, rtq__os_error *error)
{
    const char *p = ptr;
    int code = 0;
    pipe_guard guard;
    guard_begin(&guard, file);
    while (len > 0 && code == 0) {
        ssize_t n = write((int)file->handle, p, len < MAX_IO ? len : MAX_IO);
        if (n >= 0) {
            p += n;
            len -= (size_t)n;
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            struct pollfd fd = {.fd = (int)file->handle, .events = POLLOUT};
            if (poll(&fd, 1, -1) < 0 && errno != EINTR)
                code = errno;
        } else if (errno != EINTR) {
            code = errno;
        }
    }
    guard_end(&guard, code == EPIPE);
    return code != 0 ? fail(error, code) : RTQ_OK;
}

int rtq__file_write_at(rtq__file *file, const void *ptr, size_t len, uint64_t offset, rtq__os_error *error)
{
    const char *p = ptr;
    while (len > 0) {
        if (offset > INT64_MAX)
            return fail(error, EOVERFLOW);
        ssize_t n = pwrite((int)file->handle, p, len < MAX_IO ? len : MAX_IO, (off_t)offset);
        if (n < 0) {
            if (errno != EINTR)
                return fail(error, errno);
            continue;
        }
        p += n;
        len -= (size_t)n;
        offset += (uint64_t)n;
    }
    return RTQ_OK;
}

int rtq__file_sync(rtq__file *file, rtq__os_error *error)
{
    if (file->kind != RTQ__FILE_REGULAR)
        return RTQ_OK;
    return fdatasync((int)file->handle) != 0 ? fail(error, errno) : RTQ_OK;
}

int rtq__file_info_get(rtq__file_info *out, const rtq__file *file, rtq__os_error *error)
{
    struct stat st;
    if (fstat((int)file->handle, &st) != 0)
        return fail(error, errno);
    fill_info(out, &st);
    return RTQ_OK;
}

int rtq__path_info_get(rtq__file_info *out, const char *path, rtq__os_error *error)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return fail(error, errno);
    fill_info(out, &st);
    return RTQ_OK;
}

intptr_t rtq__file_wait_handle(const rtq__file *file)
{
    return file->kind == RTQ__FILE_STREAM ? file->handle : -1;
}

bool rtq__terminal_is(const rtq__file *file)
{
    return file->handle >= 0 && isatty((int)file->handle) == 1;
}

int rtq__terminal_columns(const rtq__file *file)
{
    struct winsize size = {0};
    if (!rtq__terminal_is(file) || ioctl((int)file->handle, TIOCGWINSZ, &size) != 0)
        return 0;
    return size.ws_col;
}
