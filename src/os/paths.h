/* paths.h - which files a FILE|DIR|glob argument names. */
#ifndef RTQ__PATHS_H
#define RTQ__PATHS_H
#include "base/mem.h"
#include "os/file.h"

typedef struct rtq__paths {
    rtq__mem *mem;
    char **items;
    size_t n, cap;
} rtq__paths;

void rtq__paths_init(rtq__paths *paths, rtq__mem *mem);
void rtq__paths_free(rtq__paths *paths);
/* Appends the file; or the directory's files whose names end in `suffix` (ASCII case ignored; NULL: all; not those of directories
 * below); or what the glob pattern matches. Each argument's files are sorted by byte order. RTQ_OK; RTQ_ERR_IO: nothing of that
 * name or unreadable; RTQ_ERR_DATA: a directory or pattern without any matching file; RTQ_ERR_NOMEM. */
int rtq__paths_add(rtq__paths *paths, const char *argument, const char *suffix, rtq__os_error *error);
/* Appends one path as it is, whether there is such a file or not. OK, NOMEM. */
int rtq__paths_add_path(rtq__paths *paths, const char *path);

#endif
