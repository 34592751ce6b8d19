/* print_internal.h - what the files of the printer share. */
#ifndef RTQ__PRINT_INTERNAL_H
#define RTQ__PRINT_INTERNAL_H
#include "print.h"

void rtq__print_list(rtq__buf *out, const rtq__ast_list *list, const char *separator);
void rtq__print_literal(rtq__buf *out, const rtq__ast *node);
void rtq__print_op(rtq__buf *out, const rtq__ast *node);

#endif
