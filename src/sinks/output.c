/* output.c - text to a file or stdout. */
#include "sinks/output.h"
#include "base/text.h"
#include <stdio.h>

int rtq__output_open(rtq__output *out, rtq__mem *mem, const char *path, bool append, rtq_diag *diag)
{
    rtq__os_error why;
    bool standard = !path || strcmp(path, "-") == 0;
    int rc;

    memset(out, 0, sizeof *out);
    out->mem = mem;
    out->file = RTQ__FILE_NONE;
    rtq__buf_init(&out->buf, mem);
    rtq__buf_init(&out->tamed, mem);
    if (!(out->path = rtq__strndup(mem, standard ? "standard output" : path, standard ? 15 : strlen(path))))
        return RTQ_ERR_NOMEM;
    rc = standard ? rtq__file_stdout(&out->file, &why)
                  : rtq__file_create(&out->file, path, append ? RTQ__FILE_APPEND : RTQ__FILE_TRUNCATE, &why);
    if (rc < 0) {
        rtq__diag_add(diag, rc, RTQ__SEV_ERROR, 0, 0, "cannot write %s: %s", out->path, why.text);
        rtq__diag_subject(diag, out->path);
        return rc;
    }
    out->terminal = rtq__terminal_is(&out->file);
    return RTQ_OK;
}

int rtq__output_write(rtq__output *out)
{
    const rtq__buf *text = &out->buf;
    rtq__os_error why;
    int rc;

    if (out->terminal && out->tame) {
        rtq__buf_clear(&out->tamed);
        out->tamed.failed = out->buf.failed;
        rtq__buf_add_tame(&out->tamed, out->buf.ptr, out->buf.len, out->tame == RTQ__TAME_JSON);
        text = &out->tamed;
    }
    rc = out->broken ? RTQ_ERR_IO : text->failed ? RTQ_ERR_NOMEM : RTQ_OK;
    if (rc == RTQ_OK && text->len && (rc = rtq__file_write(&out->file, text->ptr, text->len, &why)) < 0) {
        out->broken = true;
        snprintf(out->error, sizeof out->error, "cannot write %s: %s", out->path, why.text);
    }
    rtq__buf_clear(&out->buf);
    out->buf.failed = false;
    return rc;
}

void rtq__output_close(rtq__output *out)
{
    rtq__file_close(&out->file);
    rtq__buf_free(&out->buf);
    rtq__buf_free(&out->tamed);
    rtq__free(out->mem, out->path);
}
