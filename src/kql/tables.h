/* tables.h - table definitions: from schema text, and copies that outlive their source. */
#ifndef RTQ__TABLES_H
#define RTQ__TABLES_H
#include "base/diag.h"
#include "kql/ast.h"
#include "kql/schema.h"

int rtq__table_copy(rtq__table *out, rtq__arena *arena, const rtq__table *table); /* OK, NOMEM */
/* COLUMN and STAR nodes to a table. Names of columns stay in the nodes' arena; the first datetime is the event time. OK, NOMEM, ERR_ARG. */
int rtq__table_from_schema(rtq__table *out, rtq__arena *arena, const char *name, size_t name_len,
                           const rtq__ast_list *schema, rtq_diag *diag);

#endif
