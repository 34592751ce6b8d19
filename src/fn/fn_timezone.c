/* fn_timezone.c - datetime_utc_to_local, datetime_local_to_utc, datetime_list_timezones. Zones are read when the query is compiled:
 * the one that is named, or all of them when a column names it. */
#include <stdlib.h>
#include "base/diag.h"
#include "base/time.h"
#include "fn/families.h"
#include "fn/tz.h"

typedef struct zone {
    const char *name;
    size_t len;
    rtq__tz *tz;
} zone;

typedef struct zones {
    rtq__buf names; /* each ended by '\n' */
    uint32_t n;
    bool single; /* zones[0] is what the constant says */
    zone *items; /* in order of names */
} zones;

static int compare(const void *a, const void *b)
{
    const zone *x = a, *y = b;
    size_t n = x->len < y->len ? x->len : y->len;
    int order = memcmp(x->name, y->name, n);
    return order ? order : x->len < y->len ? -1 : x->len > y->len;
}

static void unprepare(rtq__mem *mem, void *state)
{
    zones *z = state;
    for (uint32_t i = 0; i < z->n; i++)
        rtq__tz_free(mem, z->items[i].tz);
    rtq__free(mem, z->items);
    rtq__buf_free(&z->names);
    rtq__free(mem, z);
}

static int load_all(zones *z, rtq__mem *mem)
{
    uint32_t n = 0;
    int rc = rtq__tz_names(&z->names);
    const char *end = z->names.ptr + z->names.len;
    if (rc != RTQ_OK)
        return rc;
    for (size_t i = 0; i < z->names.len; i++)
        n += z->names.ptr[i] == '\n';
    if (!(z->items = rtq__calloc(mem, n + 1, sizeof *z->items)))
        return RTQ_ERR_NOMEM;
    for (const char *p = z->names.ptr; p < end;) {
        zone *item = &z->items[z->n];
        item->name = p;
        item->len = (size_t)((const char *)memchr(p, '\n', (size_t)(end - p)) - p);
        p += item->len + 1;
        rc = rtq__tz_load(&item->tz, mem, item->name, item->len);
        if (rc == RTQ_ERR_NOMEM)
            return rc;
        z->n += rc == RTQ_OK; /* a zone that cannot be read is no zone */
    }
    qsort(z->items, z->n, sizeof *z->items, compare);
    return RTQ_OK;
}

static int load_one(zones *z, rtq__mem *mem, const rtq__cell *name)
{
    if (!(z->items = rtq__calloc(mem, 1, sizeof *z->items)))
        return RTQ_ERR_NOMEM;
    int rc = rtq__tz_load(&z->items[0].tz, mem, name->u.s, name->len);
    z->n = rc == RTQ_OK;
    z->single = true;
    return rc;
}

static int prepare(void **out, rtq__mem *mem, const rtq__fn *fn, const rtq__cell *const *args, uint32_t n_args,
                   rtq_diag *diag, size_t begin, size_t end)
{
    const rtq__cell *name = n_args > 1 ? args[1] : NULL;
    zones *z = rtq__calloc(mem, 1, sizeof *z);
    if (!z)
        return RTQ_ERR_NOMEM;
    rtq__buf_init(&z->names, mem);
    int rc = n_args < 2 ? rtq__tz_names(&z->names) : name ? load_one(z, mem, name) : load_all(z, mem);
    if (rc == RTQ_OK) {
        *out = z;
        return RTQ_OK;
    }
    unprepare(mem, z);
    if (rc == RTQ_ERR_NOMEM)
        return rc;
    if (name)
        return rtq__diag_add(diag, RTQ_ERR_SEMANTIC, RTQ__SEV_ERROR, begin, end,
                             "the time zone database of this system has no zone '%.*s'", (int)name->len, name->u.s);
    return rtq__diag_add(diag, RTQ_ERR_UNSUPPORTED, RTQ__SEV_ERROR, begin, end,
                         "%s() needs the time zone database, which this system does not have", fn->name);
}

static const rtq__tz *find(const zones *z, const rtq__cell *name)
{
    if (z->single)
        return z->items[0].tz;
    zone key = {name->u.s, name->len, NULL}, *found = z->n ? bsearch(&key, z->items, z->n, sizeof key, compare) : NULL;
    return found ? found->tz : NULL;
}

static void row_shift(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    (void)n_args;
    const rtq__tz *tz = ctx->state ? find(ctx->state, &args[1]) : NULL;
    if (!tz)
        return;
    int64_t ticks = ctx->fn->tag ? rtq__tz_to_utc(tz, args[0].u.i) : rtq__tz_to_local(tz, args[0].u.i);
    if (ticks >= 0 && ticks <= RTQ__TICKS_MAX)
        *out = rtq__cell_i(RTQ_DATETIME, ticks);
}

static void row_list(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    (void)args, (void)n_args;
    const zones *z = ctx->state;
    rtq__dyn_builder *b = ctx->eval->builder;
    rtq__dyn list;
    if (!z)
        return;
    rtq__dyn_begin_array(b);
    for (const char *p = z->names.ptr, *end = p + z->names.len; p < end;) {
        size_t len = (size_t)((const char *)memchr(p, '\n', (size_t)(end - p)) - p);
        rtq__dyn name = {.tag = RTQ__DYN_STRING, .len = (uint32_t)len, .u.p = p};
        rtq__dyn_add(b, &name);
        p += len + 1;
    }
    rtq__dyn_end(b);
    ctx->error = rtq__dyn_finish(&list, b, ctx->heap);
    if (!ctx->error)
        *out = rtq__cell_y(list);
}

#define SHIFT(name_, tag_, page_)                                                                             \
    {                                                                                                         \
        .name = name_, .args = "datetime, string", .ret = "datetime", .row = row_shift, .prepare = prepare,   \
        .unprepare = unprepare, .tag = tag_, .doc = "between UTC and the local time of a zone", .page = page_ \
    }

const rtq__fn rtq__fns_timezone[] = {
    SHIFT("datetime_utc_to_local", 0, "datetime-utc-to-local-function"),
    SHIFT("datetime_local_to_utc", 1, "datetime-local-to-utc-function"),
    {.name = "datetime_list_timezones",
     .args = "",
     .ret = "dynamic",
     .row = row_list,
     .prepare = prepare,
     .unprepare = unprepare,
     .doc = "names of the time zones",
     .page = "datetime-list-timezones"},
};
RTQ__FAMILY_COUNT(timezone)
