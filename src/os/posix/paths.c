/* paths.c - directories and glob patterns on POSIX systems. opendir() and glob() use the C library's own memory meanwhile. */
#include "os/paths.h"
#include "base/text.h"
#include <dirent.h>
#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>

void rtq__paths_init(rtq__paths *paths, rtq__mem *mem)
{
    *paths = (rtq__paths){.mem = mem};
}

void rtq__paths_free(rtq__paths *paths)
{
    for (size_t i = 0; i < paths->n; i++)
        rtq__free(paths->mem, paths->items[i]);
    rtq__free(paths->mem, paths->items);
    *paths = (rtq__paths){.mem = paths->mem};
}

static int fail(rtq__os_error *error, int rc, int code, const char *text)
{
    if (error != NULL) {
        char buffer[sizeof error->text];
        error->code = code;
        snprintf(error->text, sizeof error->text, "%s", text != NULL ? text : strerror_r(code, buffer, sizeof buffer));
    }
    return rc;
}

/* directory may be NULL. */
static int add_path(rtq__paths *paths, const char *directory, const char *name)
{
    size_t dir_len = directory != NULL ? strlen(directory) : 0, name_len = strlen(name);
    bool slash = dir_len > 0 && directory[dir_len - 1] != '/';
    if (rtq__grow(paths->mem, &paths->items, &paths->cap, paths->n + 1, sizeof *paths->items) != RTQ_OK)
        return RTQ_ERR_NOMEM;
    char *path = rtq__alloc(paths->mem, dir_len + name_len + 2);
    if (path == NULL)
        return RTQ_ERR_NOMEM;
    if (dir_len > 0)
        memcpy(path, directory, dir_len);
    if (slash)
        path[dir_len++] = '/';
    memcpy(path + dir_len, name, name_len + 1);
    paths->items[paths->n++] = path;
    return RTQ_OK;
}

int rtq__paths_add_path(rtq__paths *paths, const char *path)
{
    return add_path(paths, NULL, path);
}

static bool ends_in(const char *name, const char *suffix)
{
    size_t len = strlen(name), suffix_len = suffix != NULL ? strlen(suffix) : 0;
    return len >= suffix_len && rtq__equal_nocase(name + len - suffix_len, suffix_len, suffix, suffix_len);
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void drop_from(rtq__paths *paths, size_t first)
{
    while (paths->n > first)
        rtq__free(paths->mem, paths->items[--paths->n]);
}

static int add_directory(rtq__paths *paths, const char *path, const char *suffix, rtq__os_error *error)
{
    size_t first = paths->n;
    int rc = RTQ_OK;
    DIR *dir = opendir(path);
    if (dir == NULL)
        return fail(error, RTQ_ERR_IO, errno, NULL);
    for (;;) {
        rtq__file_info info;
        errno = 0;
        struct dirent *entry = readdir(dir);
        if (entry == NULL) {
            if (errno != 0)
                rc = fail(error, RTQ_ERR_IO, errno, NULL);
            break;
        }
        if (entry->d_name[0] == '.' || !ends_in(entry->d_name, suffix))
            continue;
        rc = add_path(paths, path, entry->d_name);
        if (rc != RTQ_OK)
            break;
        /* A dangling link or a directory with such a name is not one of the files. */
        if (rtq__path_info_get(&info, paths->items[paths->n - 1], NULL) != RTQ_OK || info.kind == RTQ__FILE_DIRECTORY)
            drop_from(paths, paths->n - 1);
    }
    closedir(dir);
    if (rc == RTQ_OK && paths->n == first)
        rc = fail(error, RTQ_ERR_DATA, 0, "no matching file in this directory");
    if (rc != RTQ_OK)
        drop_from(paths, first);
    else
        qsort(paths->items + first, paths->n - first, sizeof *paths->items, by_bytes);
    return rc;
}

static int add_pattern(rtq__paths *paths, const char *pattern, rtq__os_error *error)
{
    size_t first = paths->n;
    glob_t found = {0};
    int rc = RTQ_OK, status = glob(pattern, GLOB_NOSORT, NULL, &found);
    if (status == GLOB_NOSPACE)
        rc = RTQ_ERR_NOMEM;
    else if (status == GLOB_ABORTED)
        rc = fail(error, RTQ_ERR_IO, EIO, NULL);
    for (size_t i = 0; status == 0 && rc == RTQ_OK && i < found.gl_pathc; i++) {
        rtq__file_info info;
        if (rtq__path_info_get(&info, found.gl_pathv[i], NULL) == RTQ_OK && info.kind != RTQ__FILE_DIRECTORY)
            rc = add_path(paths, NULL, found.gl_pathv[i]);
    }
    globfree(&found);
    if (rc == RTQ_OK && paths->n == first)
        rc = fail(error, RTQ_ERR_DATA, 0, "no file matches this pattern");
    if (rc != RTQ_OK)
        drop_from(paths, first);
    else
        qsort(paths->items + first, paths->n - first, sizeof *paths->items, by_bytes);
    return rc;
}

int rtq__paths_add(rtq__paths *paths, const char *argument, const char *suffix, rtq__os_error *error)
{
    rtq__file_info info;
    int rc = rtq__path_info_get(&info, argument, error);
    if (rc == RTQ_OK)
        return info.kind == RTQ__FILE_DIRECTORY ? add_directory(paths, argument, suffix, error)
                                                : add_path(paths, NULL, argument);
    /* A file whose name has such characters was found above, by its own name. */
    return strpbrk(argument, "*?[") != NULL ? add_pattern(paths, argument, error) : rc;
}
