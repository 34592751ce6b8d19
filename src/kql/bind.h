/* bind.h - syntax tree to typed tree: names, types, result columns. */
#ifndef RTQ__BIND_H
#define RTQ__BIND_H
#include "kql/ast.h"
#include "kql/rel.h"

/* What names can mean, in this order: let, table of an attached source, host table or function, library view or function. */
typedef struct rtq__catalog {
    const rtq__table *const *tables;
    uint32_t n_tables; /* of the given sources, or declared */
    bool any_table;    /* no sources, no declarations: every unknown table is open */
    const rtq__table *const *host_tables;
    uint32_t n_host_tables; /* reference tables of the env */
    const rtq__fn *const *host_functions;
    uint32_t n_host_functions;
    const rtq__ast *const *library;
    uint32_t n_library; /* CREATE_FUNCTION nodes: functions and views */
    const rtq_option *parameters;
    uint32_t n_parameters; /* values of declare query_parameters */
    bool single_source;    /* exactly one source attached: the one unknown name means it */
} rtq__catalog;

/* Binds all statements. RTQ_OK, RTQ_ERR_SEMANTIC (diag says where and why, several), RTQ_ERR_UNSUPPORTED (a construct that is KQL but
 * does not run yet: named, with its position), NOMEM. *out is to be freed with rtq__bound_free after RTQ_OK. */
int rtq__bind(rtq__bound **out, rtq__mem *mem, const rtq__ast_query *query, const rtq__catalog *catalog,
              rtq_diag *diag);
void rtq__bound_free(rtq__bound *bound);

#endif
