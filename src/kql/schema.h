/* schema.h - tables as queries see them: of sources, of the host, declared. */
#ifndef RTQ__SCHEMA_H
#define RTQ__SCHEMA_H
#include "value/kind.h"

enum {
    RTQ__COL_TIME = 1 /* the event time */,
    RTQ__COL_BAG = 2 /* dynamic whose members have type unknown: EventData */,
    RTQ__COL_ALIAS = 4 /* another name: usable, but not part of `*` and getschema */,
    RTQ__COL_REST = 8 /* hidden: the whole record of an open table, or what is left of it */
};

typedef struct rtq__table_col {
    const char *name;
    const char *path; /* what the source is asked for; NULL: the name itself. Aliases share a path */
    uint8_t kind, flags;
} rtq__table_col;

typedef struct rtq__table {
    const char *name;
    const rtq__table_col *cols;
    uint32_t n_cols;
    int32_t time_col; /* index or -1 */
    bool open;        /* names that are not in cols are fields of the record, of type unknown */
} rtq__table;

#endif
