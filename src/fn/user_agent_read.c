/* user_agent_read.c - the file with the patterns of user agents. */
#include "fn/host_data.h"
#include "os/file.h"

int rtq__host_data_text(rtq__buf *out, const char *path, size_t max, rtq_diag *diag)
{
    rtq__os_error error = {0};
    rtq__file file;
    size_t got = 0;
    int rc = rtq__file_open(&file, path, &error);
    if (rc == RTQ_OK) {
        do {
            if (!rtq__buf_reserve(out, 65536)) {
                rc = RTQ_ERR_NOMEM;
                break;
            }
            rc = rtq__file_read(&file, out->ptr + out->len, 65536, &got, &error);
            out->len += rc == RTQ_OK ? got : 0;
        } while (rc == RTQ_OK && out->len <= max);
        rtq__file_close(&file);
    }
    if (rc == RTQ_END)
        return RTQ_OK;
    if (rc == RTQ_ERR_NOMEM)
        return rc;
    if (rc == RTQ_OK)
        return rtq__diag_add(diag, RTQ_ERR_LIMIT, RTQ__SEV_ERROR, 0, 0, "%s: the file is larger than %zu bytes", path,
                             max);
    return rtq__diag_add(diag, RTQ_ERR_IO, RTQ__SEV_ERROR, 0, 0, "%s: %s", path,
                         rc == RTQ_AGAIN ? "this is not a file" : error.text);
}

int rtq__user_agent_open(void **out, rtq__mem *mem, const char *path, rtq_diag *diag)
{
    rtq__buf text;
    rtq__buf_init(&text, mem);
    int rc = rtq__host_data_text(&text, path, 16u << 20, diag);
    if (rc == RTQ_OK)
        rc = rtq__user_agent_parse(out, mem, text.ptr ? text.ptr : "", text.len, diag);
    rtq__buf_free(&text);
    return rc;
}
