/* op_list.h - the operators, one file each (op_NAME.c). */
#ifndef RTQ__OP_LIST_H
#define RTQ__OP_LIST_H
#include "exec/op.h"

extern const rtq__op_class rtq__op_scan, rtq__op_host_table, rtq__op_values, rtq__op_range, rtq__op_external,
    rtq__op_input, rtq__op_filter, rtq__op_extend, rtq__op_summarize, rtq__op_sort, rtq__op_take, rtq__op_union,
    rtq__op_join, rtq__op_join_stream, rtq__op_expand, rtq__op_apply, rtq__op_parse, rtq__op_window, rtq__op_result,
    rtq__op_slot;

#endif
