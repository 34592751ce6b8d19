/* kinds.c - the built-in sources. */
#include "sources/kinds.h"

static const rtq__src_class *const classes[] = {
    &rtq__src_csv, &rtq__src_evtx, &rtq__src_json, &rtq__src_push, &rtq__src_syslog,
};

const rtq__src_class *const *rtq__src_classes(uint32_t *n)
{
    *n = (uint32_t)(sizeof classes / sizeof *classes);
    return classes;
}
