/* kinds.h - the classes of the built-in sinks: one line here and one in kinds.c each. */
#ifndef RTQ__SINK_KINDS_H
#define RTQ__SINK_KINDS_H
#include "exec/sink.h"

extern const rtq__sink_class rtq__sink_json, rtq__sink_table, rtq__sink_csv, rtq__sink_null;

#endif
