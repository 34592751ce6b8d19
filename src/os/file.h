/* file.h - reading and writing files, pipes and terminals. Paths are NUL-terminated OS bytes. Nothing here allocates. */
#ifndef RTQ__FILE_H
#define RTQ__FILE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct rtq__os_error {
    int code;
    char text[120];
} rtq__os_error; /* why: the system's words, "No such file or directory" */

enum { RTQ__FILE_REGULAR = 1, RTQ__FILE_DIRECTORY, RTQ__FILE_STREAM /* pipe, socket, terminal, device */ };
typedef struct rtq__file_info {
    uint64_t size;          /* regular files */
    uint64_t device, inode; /* the same file under another name has the same pair */
    int64_t modified_ticks;
    int kind;
} rtq__file_info;

typedef struct rtq__file {
    intptr_t handle; /* -1: closed */
    int kind;
    bool owned; /* close it; the standard streams are not ours */
} rtq__file;
#define RTQ__FILE_NONE ((rtq__file){.handle = -1})

/* All return RTQ_OK or RTQ_ERR_IO and then fill *error (may be NULL), unless they say otherwise. */
int rtq__file_open(rtq__file *out, const char *path,
                   rtq__os_error *error); /* to read; refuses directories; never blocks */
int rtq__file_stdin(rtq__file *out, rtq__os_error *error);
enum { RTQ__FILE_TRUNCATE = 0, RTQ__FILE_APPEND = 1, RTQ__FILE_EXCLUSIVE = 2 /* must not exist */ };
int rtq__file_create(rtq__file *out, const char *path, int mode, rtq__os_error *error); /* to write */
int rtq__file_stdout(rtq__file *out, rtq__os_error *error);
int rtq__file_temp(rtq__file *out, const char *directory /* NULL: the system's */,
                   rtq__os_error *error); /* read, write, nameless */
void rtq__file_close(rtq__file *file);

/* The next bytes: RTQ_OK with *got > 0, RTQ_END, RTQ_AGAIN (a stream that has nothing now: wait for its handle), RTQ_ERR_IO. */
int rtq__file_read(rtq__file *file, void *ptr, size_t len, size_t *got, rtq__os_error *error);
/* Bytes at a position, as many as there are up to len: *got < len means end of file. Regular files. */
int rtq__file_read_at(rtq__file *file, void *ptr, size_t len, uint64_t offset, size_t *got, rtq__os_error *error);
int rtq__file_seek(rtq__file *file, uint64_t offset, rtq__os_error *error);
/* All of it, or an error; waits where the other side is slow. A closed pipe is an error, not a signal. */
int rtq__file_write(rtq__file *file, const void *ptr, size_t len, rtq__os_error *error);
int rtq__file_write_at(rtq__file *file, const void *ptr, size_t len, uint64_t offset, rtq__os_error *error);
int rtq__file_sync(rtq__file *file, rtq__os_error *error);

int rtq__file_info_get(rtq__file_info *out, const rtq__file *file, rtq__os_error *error);
int rtq__path_info_get(rtq__file_info *out, const char *path, rtq__os_error *error); /* follows links */
intptr_t rtq__file_wait_handle(const rtq__file *file); /* for rtq__waiter_add; -1: a regular file, always ready */

/* Columns of the terminal that the file is, 0: it is none or does not tell. */
int rtq__terminal_columns(const rtq__file *file);
bool rtq__terminal_is(const rtq__file *file);

#endif
