/* Unit tests of os/file.h and os/paths.h. */
#include "os/file.h"
#include "os/paths.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[] = "/tmp/kqlstream-test-XXXXXX";

static const char *in_dir(const char *name)
{
    static char path[4][300];
    static unsigned next;
    char *out = path[next++ % 4];
    snprintf(out, sizeof path[0], "%s/%s", dir, name);
    return out;
}

static void make_file(const char *name, const char *text)
{
    rtq__file file;
    cr_assert_eq(rtq__file_create(&file, in_dir(name), RTQ__FILE_TRUNCATE, NULL), RTQ_OK);
    cr_assert_eq(rtq__file_write(&file, text, strlen(text), NULL), RTQ_OK);
    rtq__file_close(&file);
    cr_assert_eq(file.handle, -1);
}

static void make_dir(void)
{
    cr_assert_not_null(mkdtemp(dir));
}

static void remove_dir(void)
{
    char command[400];
    snprintf(command, sizeof command, "rm -rf '%s'", dir);
    cr_assert_eq(system(command), 0);
}

Test(os_file, read_write_seek, .init = make_dir, .fini = remove_dir)
{
    rtq__file file;
    rtq__os_error error;
    char text[20];
    size_t got;
    make_file("a", "hello");
    cr_assert_eq(rtq__file_create(&file, in_dir("a"), RTQ__FILE_APPEND, &error), RTQ_OK);
    cr_assert_eq(rtq__file_write(&file, " world", 6, &error), RTQ_OK);
    cr_assert_eq(rtq__file_sync(&file, &error), RTQ_OK);
    rtq__file_close(&file);
    cr_assert_eq(rtq__file_open(&file, in_dir("a"), &error), RTQ_OK);
    cr_assert_eq(file.kind, RTQ__FILE_REGULAR);
    cr_assert_eq(rtq__file_wait_handle(&file), -1);
    cr_assert_eq(rtq__file_read(&file, text, sizeof text, &got, &error), RTQ_OK);
    cr_assert_eq(got, 11);
    cr_assert_eq(rtq__file_read(&file, text, sizeof text, &got, &error), RTQ_END);
    cr_assert_eq(rtq__file_seek(&file, 6, &error), RTQ_OK);
    cr_assert_eq(rtq__file_read(&file, text, 3, &got, &error), RTQ_OK);
    cr_assert_arr_eq(text, "wor", 3);
    cr_assert_eq(rtq__file_read_at(&file, text, 20, 7, &got, &error), RTQ_OK);
    cr_assert_eq(got, 4);
    cr_assert_arr_eq(text, "orld", 4);
    cr_assert_eq(rtq__file_read_at(&file, text, 20, 100, &got, &error), RTQ_OK);
    cr_assert_eq(got, 0);
    cr_assert_eq(rtq__file_read_at(&file, text, 20, UINT64_MAX, &got, &error), RTQ_ERR_IO);
    rtq__file_info info, by_path;
    cr_assert_eq(rtq__file_info_get(&info, &file, &error), RTQ_OK);
    cr_assert_eq(info.size, 11);
    cr_assert_gt(info.modified_ticks, RTQ_UNIX_EPOCH);
    cr_assert_eq(rename(in_dir("a"), in_dir("b")), 0);
    make_file("a", "other");
    cr_assert_eq(rtq__path_info_get(&by_path, in_dir("b"), &error), RTQ_OK);
    cr_assert(info.device == by_path.device && info.inode == by_path.inode);
    cr_assert_eq(rtq__path_info_get(&by_path, in_dir("a"), &error), RTQ_OK);
    cr_assert_neq(info.inode, by_path.inode);
    rtq__file_close(&file);
    rtq__file_close(&file);
}

Test(os_file, errors_say_why, .init = make_dir, .fini = remove_dir)
{
    rtq__file file;
    rtq__os_error error;
    cr_assert_eq(rtq__file_open(&file, in_dir("none"), &error), RTQ_ERR_IO);
    cr_assert_eq(error.code, ENOENT);
    cr_assert_str_eq(error.text, "No such file or directory");
    cr_assert_eq(rtq__file_open(&file, dir, &error), RTQ_ERR_IO);
    cr_assert_eq(error.code, EISDIR);
    make_file("a", "x");
    cr_assert_eq(rtq__file_create(&file, in_dir("a"), RTQ__FILE_EXCLUSIVE, &error), RTQ_ERR_IO);
    cr_assert_eq(error.code, EEXIST);
    cr_assert_eq(rtq__file_create(&file, "/dev/full", RTQ__FILE_TRUNCATE, &error), RTQ_OK);
    cr_assert_eq(rtq__file_write(&file, "x", 1, &error), RTQ_ERR_IO);
    cr_assert_eq(error.code, ENOSPC);
    rtq__file_close(&file);
}

static void *read_slowly(void *arg)
{
    int fd = *(int *)arg;
    static char text[100000];
    size_t total = 0;
    for (ssize_t n; (n = read(fd, text, sizeof text)) > 0; usleep(1000))
        total += (size_t)n;
    *(int *)arg = (int)total;
    return NULL;
}

Test(os_file, pipes, .init = make_dir, .fini = remove_dir)
{
    rtq__file reader, writer;
    rtq__os_error error;
    char text[20];
    size_t got;
    cr_assert_eq(mkfifo(in_dir("fifo"), 0600), 0);
    cr_assert_eq(rtq__file_open(&reader, in_dir("fifo"), &error), RTQ_OK); /* does not wait for a writer */
    cr_assert_eq(reader.kind, RTQ__FILE_STREAM);
    cr_assert_eq(rtq__file_wait_handle(&reader), reader.handle);
    cr_assert_eq(rtq__file_create(&writer, in_dir("fifo"), RTQ__FILE_APPEND, &error), RTQ_OK);
    cr_assert_eq(rtq__file_read(&reader, text, sizeof text, &got, &error), RTQ_AGAIN);
    cr_assert_eq(rtq__file_write(&writer, "abc", 3, &error), RTQ_OK);
    cr_assert_eq(rtq__file_read(&reader, text, sizeof text, &got, &error), RTQ_OK);
    cr_assert_eq(got, 3);
    rtq__file_close(&writer);
    cr_assert_eq(rtq__file_read(&reader, text, sizeof text, &got, &error), RTQ_END);
    cr_assert_eq(rtq__file_create(&writer, in_dir("fifo"), RTQ__FILE_APPEND, &error), RTQ_OK);
    rtq__file_close(&reader);
    /* Closed by the other side: an error, and the process lives, its signal handling untouched. */
    cr_assert_eq(rtq__file_write(&writer, "abc", 3, &error), RTQ_ERR_IO);
    cr_assert_eq(error.code, EPIPE);
    cr_assert_str_eq(error.text, "Broken pipe");
    sigset_t mask;
    pthread_sigmask(SIG_SETMASK, NULL, &mask);
    cr_assert_not(sigismember(&mask, SIGPIPE));
    rtq__file_close(&writer);
}

Test(os_file, write_waits_for_a_slow_reader)
{
    static char big[1000000];
    int fds[2];
    cr_assert_eq(pipe(fds), 0);
    fcntl(fds[1], F_SETFL, O_NONBLOCK);
    rtq__file writer = {.handle = fds[1], .kind = RTQ__FILE_STREAM, .owned = true};
    pthread_t thread;
    int arg = fds[0];
    pthread_create(&thread, NULL, read_slowly, &arg);
    cr_assert_eq(rtq__file_write(&writer, big, sizeof big, NULL), RTQ_OK);
    rtq__file_close(&writer);
    pthread_join(thread, NULL);
    cr_assert_eq(arg, 1000000);
    close(fds[0]);
}

Test(os_file, standard_input_is_asked_first)
{
    int fds[2];
    rtq__file file;
    char text[8];
    size_t got;
    cr_assert_eq(pipe(fds), 0);
    dup2(fds[0], STDIN_FILENO);
    cr_assert_eq(rtq__file_stdin(&file, NULL), RTQ_OK);
    cr_assert_eq(rtq__file_read(&file, text, sizeof text, &got, NULL), RTQ_AGAIN);
    cr_assert_eq(write(fds[1], "xy", 2), 2);
    cr_assert_eq(rtq__file_read(&file, text, sizeof text, &got, NULL), RTQ_OK);
    cr_assert_eq(got, 2);
    close(fds[1]);
    cr_assert_eq(rtq__file_read(&file, text, sizeof text, &got, NULL), RTQ_END);
    cr_assert_not(rtq__terminal_is(&file));
    cr_assert_eq(rtq__terminal_columns(&file), 0);
    rtq__file_close(&file);
    cr_assert_neq(fcntl(STDIN_FILENO, F_GETFD), -1); /* not ours to close */
}

Test(os_file, temporary_file_has_no_name, .init = make_dir, .fini = remove_dir)
{
    rtq__file file;
    char text[8];
    size_t got;
    cr_assert_eq(rtq__file_temp(&file, dir, NULL), RTQ_OK);
    cr_assert_eq(rtq__file_write_at(&file, "abc", 3, 1000, NULL), RTQ_OK);
    cr_assert_eq(rtq__file_read_at(&file, text, 8, 1001, &got, NULL), RTQ_OK);
    cr_assert_eq(got, 2);
    cr_assert_eq(rmdir(dir), 0); /* it is empty */
    cr_assert_eq(mkdir(dir, 0700), 0);
    rtq__file_close(&file);
    cr_assert_eq(rtq__file_temp(&file, in_dir("none"), NULL), RTQ_ERR_IO);
}

static bool named(const rtq__paths *paths, size_t i, const char *name)
{
    return i < paths->n && strcmp(paths->items[i], in_dir(name)) == 0;
}

Test(os_file, paths, .init = make_dir, .fini = remove_dir)
{
    rtq__mem *mem = rtq__mem_new(NULL, NULL, 0);
    rtq__paths paths;
    rtq__os_error error;
    rtq__paths_init(&paths, mem);
    static const char *const names[] = {"b.evtx", "a.EVTX", "c.txt", ".hidden.evtx", "x[1].evtx", "B.evtx"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        make_file(names[i], "x");
    cr_assert_eq(mkdir(in_dir("d.evtx"), 0700), 0);
    cr_assert_eq(rtq__paths_add(&paths, dir, ".evtx", &error), RTQ_OK);
    cr_assert_eq(paths.n, 4);
    cr_assert(named(&paths, 0, "B.evtx") && named(&paths, 1, "a.EVTX") && named(&paths, 2, "b.evtx") &&
              named(&paths, 3, "x[1].evtx"));
    cr_assert_eq(rtq__paths_add(&paths, in_dir("?.*"), ".evtx", &error), RTQ_OK);
    cr_assert_eq(paths.n, 8);
    cr_assert(named(&paths, 7, "c.txt"));
    cr_assert_eq(rtq__paths_add(&paths, in_dir("x[1].evtx"), NULL, &error), RTQ_OK);
    cr_assert(named(&paths, 8, "x[1].evtx"));
    cr_assert_eq(rtq__paths_add(&paths, in_dir("none"), NULL, &error), RTQ_ERR_IO);
    cr_assert_eq(error.code, ENOENT);
    cr_assert_eq(rtq__paths_add(&paths, in_dir("*.zip"), NULL, &error), RTQ_ERR_DATA);
    cr_assert_str_eq(error.text, "no file matches this pattern");
    cr_assert_eq(rtq__paths_add(&paths, dir, ".zip", &error), RTQ_ERR_DATA);
    cr_assert_eq(paths.n, 9);
    rtq__paths_free(&paths);
    cr_assert_eq(mem->used, 0);
    rtq__mem_unref(mem);
}
