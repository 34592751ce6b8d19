/* output.h - text to a file or stdout, with an error that names the place. */
#ifndef RTQ__OUTPUT_H
#define RTQ__OUTPUT_H
#include "base/buf.h"
#include "exec/sink.h"
#include "os/file.h"

enum { RTQ__TAME_NOT = 0, RTQ__TAME_TEXT, RTQ__TAME_JSON };
typedef struct rtq__output {
    rtq__mem *mem;
    rtq__file file;
    rtq__buf buf;
    char *path;
    bool terminal;
    uint8_t tame; /* on a terminal: what it would obey is escaped (RTQ__TAME_…) */
    rtq__buf tamed;
    bool broken; /* a write failed: what follows is refused with the same error */
    char error[512];
} rtq__output;

/* path NULL or "-": stdout. Options of every file sink: path, append. */
#define RTQ__OUTPUT_OPTIONS                                                             \
    {"path", RTQ__OPT_PATH, 0, 0, 0, "-", NULL, "file to write; - is standard output"}, \
    {                                                                                   \
        "append", RTQ__OPT_BOOL, 0, 0, 0, "false", NULL, "keep what the file has"       \
    }
int rtq__output_open(rtq__output *out, rtq__mem *mem, const char *path, bool append, rtq_diag *diag);
int rtq__output_write(rtq__output *out); /* what buf holds; RTQ_OK, NOMEM, ERR_IO */
void rtq__output_close(rtq__output *out);

#endif
