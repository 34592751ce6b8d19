/* fn_host_data.c - the functions that read data of the host, as they are without it. */
#include "fn/families.h"
#include "fn/host_data.h"

static const rtq__host_data all[] = {
    {"geo", "geo_info_from_ip_address", rtq__geo_open, rtq__geo_close, rtq__geo_row},
    {"user-agent", "parse_user_agent", rtq__user_agent_open, rtq__user_agent_close, rtq__user_agent_row},
};

const rtq__host_data *rtq__host_data_find(const char *name)
{
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (strcmp(all[i].name, name) == 0)
            return &all[i];
    return NULL;
}

const char *rtq__host_data_of(const char *function)
{
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (strcmp(all[i].function, function) == 0)
            return all[i].name;
    return "";
}

/* Never called: a run refuses the query. */
static void row_missing(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    (void)out, (void)args, (void)n_args;
    ctx->error = RTQ_ERR_UNSUPPORTED;
}

static bool is_target(const rtq__dyn *d)
{
    static const char *const names[] = {"browser", "os", "device"};
    for (size_t i = 0; d->tag == RTQ__DYN_STRING && i < 3; i++)
        if (strlen(names[i]) == d->len && memcmp(d->u.p, names[i], d->len) == 0)
            return true;
    return false;
}

/* The second argument, where it is a constant: nothing but browser, os and device. */
static int prepare_targets(void **out, rtq__mem *mem, const rtq__fn *fn, const rtq__cell *const *args, uint32_t n_args,
                           rtq_diag *diag, size_t begin, size_t end)
{
    rtq__arena heap;
    bool good = true;
    (void)out, (void)fn;
    if (n_args < 2 || !args[1])
        return RTQ_OK;
    rtq__dyn d = rtq__dyn_from_cell(args[1]);
    rtq__arena_init(&heap, mem, 0);
    if (rtq__dyn_is_array(&d)) {
        rtq__dyn_iter it;
        rtq__dyn_iter_init(&it, &d, &heap);
        while (rtq__dyn_next(&it))
            good &= is_target(&it.item);
        good &= it.n > 0;
    } else {
        good = is_target(&d);
    }
    rtq__arena_free(&heap);
    return good
               ? RTQ_OK
               : rtq__diag_add(diag, RTQ_ERR_SEMANTIC, RTQ__SEV_ERROR, begin, end,
                               "parse_user_agent() looks for 'browser', 'os' or 'device', or a dynamic array of these");
}

static uint32_t ret_user_agent(const rtq__fn *fn, const uint8_t *kinds, uint32_t n, rtq_diag *diag, size_t begin,
                               size_t end)
{
    (void)fn;
    if (n > 1 && (kinds[1] == RTQ_STRING || kinds[1] == RTQ_DYNAMIC))
        return RTQ_DYNAMIC;
    rtq__diag_add(diag, RTQ_ERR_SEMANTIC, RTQ__SEV_ERROR, begin, end,
                  "the second argument of parse_user_agent() is a string or a dynamic array of strings");
    return 0;
}

/* clang-format off */
const rtq__fn rtq__fns_host_data[] = {
    {.name = "geo_info_from_ip_address", .args = "string", .ret = "dynamic", .row = row_missing, .flags = RTQ__FN_DATA, .doc = "Where an address is, from the host's MaxMind database: country, state, city, latitude, longitude.", .page = "geo-info-from-ip-address-function"},
    {.name = "parse_user_agent", .args = "string, any", .ret = "custom", .ret_fn = ret_user_agent, .row = row_missing, .prepare = prepare_targets, .flags = RTQ__FN_DATA, .doc = "Browser, os and device of a user agent, by the host's ua-parser patterns.", .page = "parse-user-agent-function"},
};
/* clang-format on */
RTQ__FAMILY_COUNT(host_data)
