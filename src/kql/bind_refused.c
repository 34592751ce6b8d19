/* bind_refused.c - functions of KQL, and of the products that speak it, that do not run here: so that they are told
 * from typing errors. */
#include "kql/bind_private.h"

/* Names, or beginnings of names with a star. */
static const char *const service[] = {
    "cluster",
    "current_*",
    "cursor_*",
    "database",
    "entity_group",
    "extent*",
    "external_table",
    "graph",
    "ingestion_time",
    "materialized_view",
    "row_id",
    "rowstore_ordinal_range",
    "stored_query_result",
    "has_any_index",
    "table_row_count",
};
static const char *const product[] = {
    "FileProfile",  "arg",
    "adx",          "app",
    "workspace",    "resource",
    "DeviceFromIP", "AssignedIPAddresses",
    "SeenBy",       "_GetWatchlist*",
    "_Im_*",        "_ASim_*",
    "_Get*",
};
static const char *const graphs[] = {
    "all", "any", "inner_nodes", "labels", "map", "node_degree_in", "node_degree_out", "node_id"};
/* What cannot be told from what is published. */
static const struct reason {
    const char *name, *why;
} unpublished[] = {
    {"hash_combine", "how it joins hashes is not published"},
    {"hash_many", "how it joins hashes is not published"},
    {"series_periods_detect", "how it finds and scores periods is not published"},
    {"series_periods_validate", "how it scores periods is not published"},
};
static const char *const later[] = {
    "assert",
    "beta_cdf",
    "beta_inv",
    "beta_pdf",
    "bin_auto",
    "convert_*",
    "datetime_list_timezones",
    "datetime_local_to_utc",
    "datetime_utc_to_local",
    "estimate_data_size",
    "geo_*",
    "hll_isvalid",
    "row_rank",
    "row_window_session",
    "series_*",
    "tdigest_isvalid",
    "welch_test",
};

static bool listed(const char *const *names, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++) {
        size_t len = strlen(names[i]);
        if (names[i][len - 1] == '*' ? strncmp(names[i], name, len - 1) == 0 : strcmp(names[i], name) == 0)
            return true;
    }
    return false;
}

const char *rtq__bind_refused_function(const char *name)
{
#define LISTED(list) listed(list, sizeof list / sizeof *list, name)
    if (LISTED(service))
        return "it asks the Kusto service something that does not exist here";
    if (LISTED(product))
        return "it belongs to one cloud product: a host function or a function of the library can take its place";
    if (LISTED(graphs))
        return "graphs are not built yet";
    for (size_t i = 0; i < sizeof unpublished / sizeof *unpublished; i++)
        if (strcmp(unpublished[i].name, name) == 0)
            return unpublished[i].why;
    return LISTED(later) ? "this function of KQL is not built yet" : NULL;
#undef LISTED
}
