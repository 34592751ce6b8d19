/* kinds.h - the classes of the built-in sources: one line here and one in kinds.c each. */
#ifndef RTQ__SOURCE_KINDS_H
#define RTQ__SOURCE_KINDS_H
#include "exec/source.h"

extern const rtq__src_class rtq__src_csv;
extern const rtq__src_class rtq__src_evtx;
extern const rtq__src_class rtq__src_json;
extern const rtq__src_class rtq__src_push;
extern const rtq__src_class rtq__src_syslog;

#endif
