/* kind.c - names of the KQL types and the order of strings. */
#include "value/kind.h"

/* The first name of a kind is the one that is printed. */
static const struct kind_name {
    const char *name;
    uint32_t kind;
} kind_names[] = {
    {"bool", RTQ_BOOL},       {"int", RTQ_INT},         {"long", RTQ_LONG},         {"real", RTQ_REAL},
    {"decimal", RTQ_DECIMAL}, {"string", RTQ_STRING},   {"datetime", RTQ_DATETIME}, {"timespan", RTQ_TIMESPAN},
    {"guid", RTQ_GUID},       {"dynamic", RTQ_DYNAMIC}, {"unknown", RTQ_UNKNOWN},   {"boolean", RTQ_BOOL},
    {"int32", RTQ_INT},       {"int64", RTQ_LONG},      {"double", RTQ_REAL},       {"date", RTQ_DATETIME},
    {"time", RTQ_TIMESPAN},   {"uuid", RTQ_GUID},       {"uniqueid", RTQ_GUID},
};

enum { N_KIND_NAMES = sizeof kind_names / sizeof kind_names[0] };

const char *rtq__kind_name(uint32_t kind)
{
    for (size_t i = 0; i < N_KIND_NAMES; i++)
        if (kind_names[i].kind == kind)
            return kind_names[i].name;
    return "?";
}

uint32_t rtq__kind_parse(const char *name, size_t len)
{
    for (size_t i = 0; i < N_KIND_NAMES; i++)
        if (kind_names[i].kind != RTQ_UNKNOWN && strlen(kind_names[i].name) == len &&
            memcmp(kind_names[i].name, name, len) == 0)
            return kind_names[i].kind;
    return 0;
}

int rtq__string_compare(const rtq__string *a, const rtq__string *b)
{
    uint32_t n = a->len < b->len ? a->len : b->len;
    int order = n ? memcmp(rtq__string_ptr(a), rtq__string_ptr(b), n) : 0;
    return order ? (order < 0 ? -1 : 1) : a->len < b->len ? -1 : a->len > b->len;
}
