/* print.h - syntax trees back to KQL text: parsing what is printed gives an equal tree. */
#ifndef RTQ__PRINT_H
#define RTQ__PRINT_H
#include "ast.h"
#include "base/buf.h"

/* Appends; check out->failed once at the end. Trees with RTQ__AST_ERROR print, but do not parse. */
void rtq__ast_print(rtq__buf *out, const rtq__ast *node);
void rtq__ast_print_query(rtq__buf *out, const rtq__ast_query *query);
/* "..." with the escapes of KQL, and ['...'] or the plain name. */
void rtq__print_kql_string(rtq__buf *out, const char *ptr, size_t len);
void rtq__print_kql_name(rtq__buf *out, const rtq__ast_name *name);

#endif
