/* tz_read.c - finding time zones in the system's zoneinfo database. Read when a query is compiled, never while it runs. */
#include "fn/tz.h"
#include "os/file.h"

enum { MAX_FILE = 1 << 20 };

static const char *const folders[] = {"/usr/share/zoneinfo", "/usr/lib/zoneinfo", "/usr/share/lib/zoneinfo"};

static bool is_zone_name(const char *name, size_t len)
{
    if (len == 0 || len > 64 || name[0] == '/' || name[len - 1] == '/')
        return false;
    for (size_t i = 0; i < len; i++) {
        char c = name[i], lower = (char)(c | 32);
        bool good = (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '+' || c == '-' ||
                    c == '/';
        if (!good) /* no dots: the name never leaves the folder */
            return false;
    }
    return true;
}

static int read_file(rtq__buf *out, const char *path)
{
    rtq__file file;
    size_t got = 0;
    int rc = rtq__file_open(&file, path, NULL);
    if (rc != RTQ_OK)
        return rc;
    rtq__buf_clear(out);
    do {
        if (!rtq__buf_reserve(out, 16384)) {
            rc = RTQ_ERR_NOMEM;
            break;
        }
        rc = rtq__file_read(&file, out->ptr + out->len, 16384, &got, NULL);
        out->len += rc == RTQ_OK ? got : 0;
    } while (rc == RTQ_OK && out->len <= MAX_FILE);
    rtq__file_close(&file);
    return rc == RTQ_END ? RTQ_OK : rc == RTQ_OK ? RTQ_ERR_DATA : rc;
}

static int read_from(rtq__buf *out, const char *name, size_t len)
{
    int rc = RTQ_ERR_IO;
    for (size_t i = 0; rc != RTQ_OK && rc != RTQ_ERR_NOMEM && i < sizeof folders / sizeof folders[0]; i++) {
        char path[160];
        size_t folder = strlen(folders[i]);
        memcpy(path, folders[i], folder);
        path[folder] = '/';
        memcpy(path + folder + 1, name, len);
        path[folder + 1 + len] = '\0';
        rc = read_file(out, path);
    }
    return rc;
}

int rtq__tz_load(rtq__tz **out, rtq__mem *mem, const char *name, size_t len)
{
    rtq__buf data;
    if (!is_zone_name(name, len))
        return RTQ_ERR_IO;
    rtq__buf_init(&data, mem);
    int rc = read_from(&data, name, len);
    if (rc == RTQ_OK)
        rc = rtq__tz_parse(out, mem, data.ptr, data.len);
    rtq__buf_free(&data);
    return rc == RTQ_ERR_DATA ? RTQ_ERR_IO : rc;
}

/* "Z NAME …" and "L TARGET NAME" of the compact source text that comes with the database. */
int rtq__tz_names(rtq__buf *out)
{
    static const char file[] = "tzdata.zi";
    rtq__buf text;
    rtq__buf_init(&text, out->mem);
    int rc = read_from(&text, file, sizeof file - 1);
    for (const char *p = text.ptr, *end = rc == RTQ_OK ? p + text.len : p; p < end;) {
        const char *line_end = memchr(p, '\n', (size_t)(end - p));
        line_end = line_end ? line_end : end;
        const char *name = NULL;
        if (line_end - p > 2 && (p[0] == 'Z' || p[0] == 'L') && p[1] == ' ')
            name = p[0] == 'Z' ? p + 2 : memchr(p + 2, ' ', (size_t)(line_end - p - 2));
        if (name) {
            name += *name == ' ';
            const char *stop = memchr(name, ' ', (size_t)(line_end - name));
            rtq__buf_add(out, name, (size_t)((stop ? stop : line_end) - name));
            rtq__buf_addc(out, '\n');
        }
        p = line_end + 1;
    }
    rtq__buf_free(&text);
    return out->failed ? RTQ_ERR_NOMEM : rc;
}
