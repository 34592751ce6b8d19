/* kinds.c - the built-in sinks. */
#include "sinks/kinds.h"

static const rtq__sink_class *const classes[] = {&rtq__sink_json, &rtq__sink_table, &rtq__sink_csv, &rtq__sink_null};

const rtq__sink_class *const *rtq__sink_classes(uint32_t *n)
{
    *n = (uint32_t)(sizeof classes / sizeof *classes);
    return classes;
}
