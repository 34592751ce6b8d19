/* kql_dump.h - a syntax tree as one line of text, with everything that matters and without places. */
#ifndef KQL_DUMP_H
#define KQL_DUMP_H
#include "base/buf.h"
#include "kql/ast.h"

void kql_dump(rtq__buf *out, const rtq__ast *node);
void kql_dump_query(rtq__buf *out, const rtq__ast_query *query);

#endif
