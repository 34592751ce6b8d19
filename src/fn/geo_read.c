/* geo_read.c - addresses looked up in a MaxMind database, by libmaxminddb. */
#include "fn/fn_text.h"
#include "fn/host_data.h"
#ifdef RTQ_WITH_MAXMINDDB
#include <arpa/inet.h>
#include <maxminddb.h>

int rtq__geo_open(void **out, rtq__mem *mem, const char *path, rtq_diag *diag)
{
    MMDB_s *db = rtq__calloc(mem, 1, sizeof *db);
    if (!db)
        return RTQ_ERR_NOMEM;
    int status = MMDB_open(path, MMDB_MODE_MMAP, db);
    if (status == MMDB_SUCCESS) {
        *out = db;
        return RTQ_OK;
    }
    rtq__free(mem, db);
    return status == MMDB_OUT_OF_MEMORY_ERROR
               ? RTQ_ERR_NOMEM
               : rtq__diag_add(diag,
                               status == MMDB_FILE_OPEN_ERROR || status == MMDB_IO_ERROR ? RTQ_ERR_IO : RTQ_ERR_DATA,
                               RTQ__SEV_ERROR, 0, 0, "%s: %s", path, MMDB_strerror(status));
}

void rtq__geo_close(rtq__mem *mem, void *geo)
{
    if (geo)
        MMDB_close(geo);
    rtq__free(mem, geo);
}

static bool read_address(struct sockaddr_storage *out, const char *ptr, size_t len)
{
    char text[INET6_ADDRSTRLEN];
    struct sockaddr_in *v4 = (struct sockaddr_in *)(void *)out;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)(void *)out;
    memset(out, 0, sizeof *out);
    if (len == 0 || len >= sizeof text || memchr(ptr, 0, len))
        return false;
    memcpy(text, ptr, len);
    text[len] = '\0';
    if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        return true;
    }
    v6->sin6_family = AF_INET6;
    return inet_pton(AF_INET6, text, &v6->sin6_addr) == 1;
}

/* A name of the entry; "" where the database has none. */
static void add_name(rtq__dyn_builder *b, const char *key, MMDB_entry_s *entry, const char *const *path)
{
    MMDB_entry_data_s data = {0};
    int status = MMDB_aget_value(entry, &data, path);
    bool has = status == MMDB_SUCCESS && data.has_data && data.type == MMDB_DATA_TYPE_UTF8_STRING;
    rtq__dyn d = rtq__dyn_text(has ? data.utf8_string : "", has ? data.data_size : 0);
    rtq__dyn_key(b, key, strlen(key));
    rtq__dyn_add(b, &d);
}

static void add_number(rtq__dyn_builder *b, const char *key, MMDB_entry_s *entry, const char *const *path)
{
    MMDB_entry_data_s data = {0};
    int status = MMDB_aget_value(entry, &data, path);
    rtq__dyn d = {0};
    if (status == MMDB_SUCCESS && data.has_data && data.type == MMDB_DATA_TYPE_DOUBLE)
        d = rtq__dyn_float(data.double_value);
    rtq__dyn_key(b, key, strlen(key));
    rtq__dyn_add(b, &d);
}

void rtq__geo_row(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    static const char *const
        country[] = {"country", "names", "en", NULL},
        *const city[] = {"city", "names", "en", NULL}, *const state[] = {"subdivisions", "0", "names", "en", NULL},
        *const latitude[] = {"location", "latitude", NULL}, *const longitude[] = {"location", "longitude", NULL};
    struct sockaddr_storage address;
    rtq__dyn_builder *b = ctx->eval->builder;
    int error = 0;
    (void)n_args;
    if (!read_address(&address, args[0].u.s, args[0].len))
        return;
    MMDB_lookup_result_s found = MMDB_lookup_sockaddr(ctx->fn->user, (const struct sockaddr *)(const void *)&address,
                                                      &error);
    if (error != MMDB_SUCCESS || !found.found_entry)
        return;
    rtq__dyn_begin_bag(b);
    add_name(b, "country", &found.entry, country);
    add_name(b, "state", &found.entry, state);
    add_name(b, "city", &found.entry, city);
    add_number(b, "latitude", &found.entry, latitude);
    add_number(b, "longitude", &found.entry, longitude);
    rtq__dyn_end(b);
    rtq__return_built(out, ctx);
}
#else
int rtq__geo_open(void **out, rtq__mem *mem, const char *path, rtq_diag *diag)
{
    (void)out, (void)mem;
    return rtq__diag_add(diag, RTQ_ERR_UNSUPPORTED, RTQ__SEV_ERROR, 0, 0,
                         "%s: this library was built without MaxMind databases (WITH_MAXMINDDB)", path);
}

void rtq__geo_close(rtq__mem *mem, void *geo)
{
    (void)mem, (void)geo;
}

void rtq__geo_row(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    (void)out, (void)args, (void)n_args;
    ctx->error = RTQ_ERR_UNSUPPORTED;
}
#endif
