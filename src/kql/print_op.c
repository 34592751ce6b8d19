/* print_op.c - tabular operators and sources. */
#include "print_internal.h"

static void clause(rtq__buf *out, const char *words, const rtq__ast *value)
{
    if (!value)
        return;
    rtq__buf_adds(out, words);
    rtq__ast_print(out, value);
}

static void list_clause(rtq__buf *out, const char *words, const rtq__ast_list *list)
{
    if (list->n == 0)
        return;
    rtq__buf_adds(out, words);
    rtq__print_list(out, list, ", ");
}

static void name_clause(rtq__buf *out, const char *words, const rtq__ast_name *name)
{
    if (!name->ptr)
        return;
    rtq__buf_adds(out, words);
    rtq__print_kql_name(out, name);
}

static void bracketed(rtq__buf *out, const char *open, const rtq__ast_list *list, const char *close)
{
    rtq__buf_adds(out, open);
    rtq__print_list(out, list, ", ");
    rtq__buf_adds(out, close);
}

static void subquery(rtq__buf *out, const char *open, const rtq__ast *body, const char *close)
{
    rtq__buf_adds(out, open);
    if (body)
        rtq__ast_print(out, body);
    rtq__buf_adds(out, close);
}

static const char *keyword(const rtq__ast *node)
{
    if (node->op->alternate) {
        switch ((rtq__ast_kind)node->kind) {
        case RTQ__AST_WHERE: return "filter";
        case RTQ__AST_TAKE: return "limit";
        case RTQ__AST_SORT: return "order";
        case RTQ__AST_MV_EXPAND: return "mvexpand";
        case RTQ__AST_MV_APPLY: return "mvapply";
        case RTQ__AST_EXTERNALDATA: return "external_data";
        default: break;
        }
    }
    return rtq__ast_kind_text((rtq__ast_kind)node->kind);
}

/* ---- sources ---- */

static void print_external_table(rtq__buf *out, const rtq__ast_op *op)
{
    /* kind= comes before the clauses, dataformat= after them */
    const rtq__ast *kind = op->params.first, *format = kind ? kind->next : NULL;
    rtq__buf_adds(out, "inline_external_table ");
    if (op->has_schema)
        bracketed(out, "(", &op->schema, ") ");
    if (kind)
        rtq__ast_print(out, kind);
    if (op->by.n > 0)
        bracketed(out, " partition by (", &op->by, ")");
    if (op->sort.n > 0) {
        rtq__buf_adds(out, " pathformat=(");
        rtq__print_list(out, &op->sort, " ");
        rtq__buf_addc(out, ')');
    }
    clause(out, " ", format);
    bracketed(out, " (", &op->items, ")");
    if (op->with.n > 0)
        bracketed(out, " with (", &op->with, ")");
}

static bool print_source(rtq__buf *out, const rtq__ast *node)
{
    const rtq__ast_op *op = node->op;
    switch ((rtq__ast_kind)node->kind) {
    case RTQ__AST_RANGE:
        name_clause(out, " ", &op->name);
        clause(out, " from ", op->from);
        clause(out, " to ", op->to);
        clause(out, " step ", op->step);
        return true;
    case RTQ__AST_DATATABLE:
        bracketed(out, " (", &op->schema, ")");
        bracketed(out, " [", &op->items, "]");
        return true;
    case RTQ__AST_CONTEXTUAL_DATATABLE:
        clause(out, " ", op->value);
        bracketed(out, " (", &op->schema, ")");
        return true;
    case RTQ__AST_EXTERNALDATA:
        bracketed(out, " (", &op->schema, ")");
        bracketed(out, " [", &op->items, "]");
        if (op->with.n > 0)
            bracketed(out, " with (", &op->with, ")");
        return true;
    case RTQ__AST_MACRO_EXPAND:
        clause(out, " ", op->value);
        name_clause(out, " as ", &op->as);
        rtq__buf_adds(out, " (");
        rtq__print_list(out, &op->items, "; ");
        rtq__buf_addc(out, ')');
        return true;
    case RTQ__AST_VIEW_COMBINE:
        subquery(out, " (", op->where, ")");
        subquery(out, " base (", op->value, ")");
        subquery(out, " delta (", op->of, ")");
        subquery(out, " aggregations (", op->body, ")");
        return true;
    default: return false;
    }
}

/* ---- operators with clauses ---- */

static void print_find(rtq__buf *out, const rtq__ast *node)
{
    const rtq__ast_op *op = node->op;
    if (op->has_in)
        bracketed(out, " in (", &op->in, ")");
    clause(out, node->kind == RTQ__AST_FIND ? " where " : " ", op->value);
    if (op->has_project)
        list_clause(out, " project ", &op->items);
    if (op->project_smart)
        rtq__buf_adds(out, " project-smart");
    list_clause(out, " __projectAway ", &op->by);
}

static void print_make_series(rtq__buf *out, const rtq__ast_op *op)
{
    list_clause(out, " ", &op->items);
    clause(out, " on ", op->value);
    if (op->legacy_range) {
        clause(out, " in range(", op->from);
        clause(out, ", ", op->to);
        clause(out, ", ", op->step);
        rtq__buf_addc(out, ')');
    } else {
        clause(out, " from ", op->from);
        clause(out, " to ", op->to);
        clause(out, " step ", op->step);
    }
    list_clause(out, " by ", &op->by);
}

static void print_scan(rtq__buf *out, const rtq__ast_op *op)
{
    list_clause(out, " order by ", &op->sort);
    list_clause(out, " partition by ", &op->by);
    if (op->has_schema)
        bracketed(out, " declare (", &op->schema, ")");
    rtq__buf_adds(out, " with (");
    rtq__print_list(out, &op->items, " ");
    rtq__buf_addc(out, ')');
}

static void print_make_graph(rtq__buf *out, const rtq__ast_op *op)
{
    clause(out, " ", op->value);
    clause(out, op->undirected ? " -- " : " --> ", op->of);
    name_clause(out, " with_node_id=", &op->name);
    list_clause(out, " with ", &op->items);
    clause(out, " partitioned-by ", op->partition);
    if (op->partition)
        subquery(out, " (", op->body, ")");
}

static void print_parse(rtq__buf *out, const rtq__ast_op *op)
{
    clause(out, " ", op->value);
    rtq__buf_adds(out, " with");
    for (const rtq__ast *item = op->items.first; item; item = item->next)
        clause(out, " ", item);
}

static void print_fork(rtq__buf *out, const rtq__ast_op *op)
{
    for (const rtq__ast *branch = op->items.first; branch; branch = branch->next) {
        list_clause(out, " ", &branch->named.names);
        subquery(out, branch->named.names.n > 0 ? " = (" : " (", branch->named.value, ")");
    }
}

static void print_render(rtq__buf *out, const rtq__ast_op *op)
{
    name_clause(out, " ", &op->name);
    for (const rtq__ast *param = op->params.first; param; param = param->next) {
        const rtq__ast_name *name = &param->named.names.first->name;
        bool bare = strcmp(name->ptr, "with") == 0 || strcmp(name->ptr, "by") == 0;
        name_clause(out, " ", name);
        clause(out, bare ? " " : "=", param->named.value);
        list_clause(out, ", ", &param->named.more);
    }
    if (op->with.n > 0)
        bracketed(out, " with (", &op->with, ")");
}

static bool print_with_clauses(rtq__buf *out, const rtq__ast *node)
{
    const rtq__ast_op *op = node->op;
    switch ((rtq__ast_kind)node->kind) {
    case RTQ__AST_FIND:
    case RTQ__AST_SEARCH: print_find(out, node); return true;
    case RTQ__AST_EVALUATE:
        clause(out, " ", op->value);
        if (op->has_schema)
            bracketed(out, " : (", &op->schema, ")");
        return true;
    case RTQ__AST_FACET:
        list_clause(out, " by ", &op->items);
        if (op->body)
            subquery(out, " with (", op->body, ")");
        return true;
    case RTQ__AST_FORK: print_fork(out, op); return true;
    case RTQ__AST_GRAPH_MATCH:
    case RTQ__AST_GRAPH_SHORTEST_PATHS:
        list_clause(out, " ", &op->items);
        clause(out, " where ", op->value);
        list_clause(out, " project ", &op->by);
        return true;
    case RTQ__AST_MAKE_GRAPH: print_make_graph(out, op); return true;
    case RTQ__AST_MAKE_SERIES: print_make_series(out, op); return true;
    case RTQ__AST_MV_APPLY:
        list_clause(out, " ", &op->items);
        clause(out, " limit ", op->limit);
        clause(out, " id ", op->id);
        subquery(out, " on (", op->body, ")");
        return true;
    case RTQ__AST_PARSE:
    case RTQ__AST_PARSE_WHERE: print_parse(out, op); return true;
    case RTQ__AST_PARSE_KV:
        clause(out, " ", op->value);
        bracketed(out, " as (", &op->schema, ")");
        if (op->with.n > 0)
            bracketed(out, " with (", &op->with, ")");
        return true;
    case RTQ__AST_PARTITION:
        clause(out, " by ", op->value);
        clause(out, " in ", op->of);
        subquery(out, op->braced ? " {" : " (", op->body, op->braced ? "}" : ")");
        return true;
    case RTQ__AST_PARTITION_BY:
        clause(out, " ", op->value);
        clause(out, " id ", op->id);
        subquery(out, " (", op->body, ")");
        return true;
    case RTQ__AST_REDUCE:
        clause(out, " by ", op->value);
        list_clause(out, " with ", &op->with);
        return true;
    case RTQ__AST_SCAN: print_scan(out, op); return true;
    default: return false;
    }
}

/* ---- parts of operators ---- */

static void print_edge(rtq__buf *out, const rtq__ast *node)
{
    static const char *const plain[] = {"<--", "--", "-->"};
    if (!node->graph_edge.bracketed) {
        rtq__buf_adds(out, plain[node->graph_edge.direction + 1]);
        return;
    }
    rtq__buf_adds(out, node->graph_edge.direction < 0 ? "<-[" : "-[");
    rtq__print_kql_name(out, &node->graph_edge.name);
    if (node->graph_edge.variable) {
        clause(out, "*", node->graph_edge.low);
        clause(out, "..", node->graph_edge.high);
    }
    rtq__buf_adds(out, node->graph_edge.direction > 0 ? "]->" : "]-");
}

static void print_step(rtq__buf *out, const rtq__ast *node)
{
    static const char *const outputs[] = {"", " output=all", " output=last", " output=none"};
    name_clause(out, "step ", &node->scan_step.name);
    if (node->scan_step.optional)
        rtq__buf_adds(out, " optional");
    rtq__buf_adds(out, outputs[node->scan_step.output]);
    clause(out, ": ", node->scan_step.condition);
    list_clause(out, " => ", &node->scan_step.assignments);
    rtq__buf_addc(out, ';');
}

static bool print_part(rtq__buf *out, const rtq__ast *node)
{
    switch ((rtq__ast_kind)node->kind) {
    case RTQ__AST_EXPAND:
        clause(out, "", node->expand.value);
        clause(out, node->expand.value ? " to " : "to ", node->expand.type);
        return true;
    case RTQ__AST_AGGREGATE:
        clause(out, "", node->expand.value);
        clause(out, " default=", node->expand.default_value);
        return true;
    case RTQ__AST_TOP_NESTED_LEVEL:
        rtq__buf_adds(out, "top-nested");
        clause(out, " ", node->op->value);
        clause(out, " of ", node->op->of);
        clause(out, " with others=", node->op->others);
        list_clause(out, " by ", &node->op->by);
        return true;
    case RTQ__AST_SCAN_STEP: print_step(out, node); return true;
    case RTQ__AST_GRAPH_PATTERN: rtq__print_list(out, &node->list, ""); return true;
    case RTQ__AST_GRAPH_NODE:
        rtq__buf_addc(out, '(');
        rtq__print_kql_name(out, &node->graph_edge.name);
        rtq__buf_addc(out, ')');
        return true;
    case RTQ__AST_GRAPH_EDGE: print_edge(out, node); return true;
    case RTQ__AST_GRAPH_OUTPUT:
        rtq__print_kql_name(out, &node->op->name);
        name_clause(out, " as ", &node->op->as);
        for (const rtq__ast *param = node->op->params.first; param; param = param->next)
            clause(out, " ", param);
        return true;
    case RTQ__AST_GRAPH_TABLE:
        clause(out, "", node->op->value);
        name_clause(out, " on ", &node->op->name);
        return true;
    default: return false;
    }
}

void rtq__print_op(rtq__buf *out, const rtq__ast *node)
{
    if (node->kind < RTQ__AST_PRINT && print_part(out, node))
        return;
    if (!rtq__ast_has_op((rtq__ast_kind)node->kind)) {
        rtq__buf_adds(out, "<error>");
        return;
    }
    const rtq__ast_op *op = node->op;
    if (node->kind == RTQ__AST_EXTERNAL_TABLE) {
        print_external_table(out, op);
        return;
    }
    if (node->kind != RTQ__AST_TOP_NESTED)
        rtq__buf_adds(out, keyword(node));
    if (node->kind == RTQ__AST_RENDER) {
        print_render(out, op);
        return;
    }
    for (const rtq__ast *param = op->params.first; param; param = param->next)
        clause(out, " ", param);
    if (print_source(out, node) || print_with_clauses(out, node))
        return;
    name_clause(out, node->kind == RTQ__AST_COUNT ? " as " : " ", &op->as);
    clause(out, " ", op->value);
    clause(out, " of ", op->of);
    list_clause(out, node->kind == RTQ__AST_SORT ? " by " : node->kind == RTQ__AST_TOP_NESTED ? "" : " ", &op->items);
    if (node->kind == RTQ__AST_ASSERT_SCHEMA)
        bracketed(out, " (", &op->schema, ")");
    list_clause(out, node->kind == RTQ__AST_JOIN || node->kind == RTQ__AST_LOOKUP ? " on " : " by ", &op->by);
    clause(out, " where ", op->where);
    if (node->kind == RTQ__AST_SUMMARIZE)
        clause(out, " bin=", op->limit);
    else
        clause(out, " limit ", op->limit);
}
