/* ast.c - names of operators and kinds, and the parts of a node. */
#include "ast.h"

const char *rtq__ast_operator_text(rtq__ast_operator op)
{
    static const char *const texts[RTQ__OP_N] = {
        [RTQ__OP_NONE] = "",
        [RTQ__OP_OR] = "or",
        [RTQ__OP_AND] = "and",
        [RTQ__OP_EQ] = "==",
        [RTQ__OP_NE] = "!=",
        [RTQ__OP_LT] = "<",
        [RTQ__OP_GT] = ">",
        [RTQ__OP_LE] = "<=",
        [RTQ__OP_GE] = ">=",
        [RTQ__OP_PLUS] = "+",
        [RTQ__OP_MINUS] = "-",
        [RTQ__OP_TIMES] = "*",
        [RTQ__OP_DIVIDE] = "/",
        [RTQ__OP_MODULO] = "%",
        [RTQ__OP_EQ_CI] = "=~",
        [RTQ__OP_NE_CI] = "!~",
        [RTQ__OP_SEARCH] = ":",
        [RTQ__OP_MATCHES_REGEX] = "matches regex",
        [RTQ__OP_HAS] = "has",
        [RTQ__OP_NOT_HAS] = "!has",
        [RTQ__OP_HAS_CS] = "has_cs",
        [RTQ__OP_NOT_HAS_CS] = "!has_cs",
        [RTQ__OP_HASPREFIX] = "hasprefix",
        [RTQ__OP_NOT_HASPREFIX] = "!hasprefix",
        [RTQ__OP_HASPREFIX_CS] = "hasprefix_cs",
        [RTQ__OP_NOT_HASPREFIX_CS] = "!hasprefix_cs",
        [RTQ__OP_HASSUFFIX] = "hassuffix",
        [RTQ__OP_NOT_HASSUFFIX] = "!hassuffix",
        [RTQ__OP_HASSUFFIX_CS] = "hassuffix_cs",
        [RTQ__OP_NOT_HASSUFFIX_CS] = "!hassuffix_cs",
        [RTQ__OP_CONTAINS] = "contains",
        [RTQ__OP_NOT_CONTAINS] = "!contains",
        [RTQ__OP_CONTAINS_CS] = "contains_cs",
        [RTQ__OP_NOT_CONTAINS_CS] = "!contains_cs",
        [RTQ__OP_STARTSWITH] = "startswith",
        [RTQ__OP_NOT_STARTSWITH] = "!startswith",
        [RTQ__OP_STARTSWITH_CS] = "startswith_cs",
        [RTQ__OP_NOT_STARTSWITH_CS] = "!startswith_cs",
        [RTQ__OP_ENDSWITH] = "endswith",
        [RTQ__OP_NOT_ENDSWITH] = "!endswith",
        [RTQ__OP_ENDSWITH_CS] = "endswith_cs",
        [RTQ__OP_NOT_ENDSWITH_CS] = "!endswith_cs",
        [RTQ__OP_LIKE] = "like",
        [RTQ__OP_NOT_LIKE] = "notlike",
        [RTQ__OP_LIKE_CS] = "likecs",
        [RTQ__OP_NOT_LIKE_CS] = "notlikecs",
        [RTQ__OP_IN] = "in",
        [RTQ__OP_NOT_IN] = "!in",
        [RTQ__OP_IN_CI] = "in~",
        [RTQ__OP_NOT_IN_CI] = "!in~",
        [RTQ__OP_HAS_ANY] = "has_any",
        [RTQ__OP_HAS_ALL] = "has_all",
        [RTQ__OP_BETWEEN] = "between",
        [RTQ__OP_NOT_BETWEEN] = "!between",
    };
    return op < RTQ__OP_N ? texts[op] : "";
}

const char *rtq__ast_kind_text(rtq__ast_kind kind)
{
    static const char *const texts[RTQ__AST_N_KINDS] = {
        [RTQ__AST_NONE] = "nothing",
        [RTQ__AST_LITERAL] = "literal",
        [RTQ__AST_JSON_ARRAY] = "array",
        [RTQ__AST_JSON_BAG] = "property bag",
        [RTQ__AST_JSON_PAIR] = "property",
        [RTQ__AST_NAME] = "name",
        [RTQ__AST_WILDCARD] = "wildcard",
        [RTQ__AST_STAR] = "*",
        [RTQ__AST_MEMBER] = "member",
        [RTQ__AST_INDEX] = "index",
        [RTQ__AST_CALL] = "call",
        [RTQ__AST_NAMED] = "named expression",
        [RTQ__AST_UNARY] = "unary operator",
        [RTQ__AST_BINARY] = "operator",
        [RTQ__AST_IN] = "in",
        [RTQ__AST_BETWEEN] = "between",
        [RTQ__AST_TYPEOF] = "typeof",
        [RTQ__AST_PIPE] = "query",
        [RTQ__AST_DATASCOPE] = "datascope",
        [RTQ__AST_ENTITY_GROUP] = "entity_group",
        [RTQ__AST_ORDERED] = "ordered expression",
        [RTQ__AST_PARAMETER] = "option",
        [RTQ__AST_COLUMN] = "column",
        [RTQ__AST_EXPAND] = "expansion",
        [RTQ__AST_AGGREGATE] = "aggregate",
        [RTQ__AST_TOP_NESTED_LEVEL] = "top-nested level",
        [RTQ__AST_FORK_BRANCH] = "branch",
        [RTQ__AST_SCAN_STEP] = "step",
        [RTQ__AST_GRAPH_PATTERN] = "graph pattern",
        [RTQ__AST_GRAPH_NODE] = "graph node",
        [RTQ__AST_GRAPH_EDGE] = "graph edge",
        [RTQ__AST_GRAPH_OUTPUT] = "graph output",
        [RTQ__AST_GRAPH_TABLE] = "graph table",
        [RTQ__AST_PRINT] = "print",
        [RTQ__AST_RANGE] = "range",
        [RTQ__AST_DATATABLE] = "datatable",
        [RTQ__AST_CONTEXTUAL_DATATABLE] = "__contextual_datatable",
        [RTQ__AST_EXTERNALDATA] = "externaldata",
        [RTQ__AST_EXTERNAL_TABLE] = "inline_external_table",
        [RTQ__AST_MACRO_EXPAND] = "macro-expand",
        [RTQ__AST_VIEW_COMBINE] = "materialized-view-combine",
        [RTQ__AST_EVALUATE] = "evaluate",
        [RTQ__AST_FIND] = "find",
        [RTQ__AST_SEARCH] = "search",
        [RTQ__AST_UNION] = "union",
        [RTQ__AST_AS] = "as",
        [RTQ__AST_ASSERT_SCHEMA] = "assert-schema",
        [RTQ__AST_CONSUME] = "consume",
        [RTQ__AST_COUNT] = "count",
        [RTQ__AST_DISTINCT] = "distinct",
        [RTQ__AST_EXECUTE_AND_CACHE] = "__executeAndCache",
        [RTQ__AST_EXTEND] = "extend",
        [RTQ__AST_FACET] = "facet",
        [RTQ__AST_FORK] = "fork",
        [RTQ__AST_GETSCHEMA] = "getschema",
        [RTQ__AST_GRAPH_MARK_COMPONENTS] = "graph-mark-components",
        [RTQ__AST_GRAPH_MATCH] = "graph-match",
        [RTQ__AST_GRAPH_SHORTEST_PATHS] = "graph-shortest-paths",
        [RTQ__AST_GRAPH_TO_TABLE] = "graph-to-table",
        [RTQ__AST_GRAPH_WHERE_EDGES] = "graph-where-edges",
        [RTQ__AST_GRAPH_WHERE_NODES] = "graph-where-nodes",
        [RTQ__AST_INVOKE] = "invoke",
        [RTQ__AST_JOIN] = "join",
        [RTQ__AST_LOOKUP] = "lookup",
        [RTQ__AST_MAKE_GRAPH] = "make-graph",
        [RTQ__AST_MAKE_SERIES] = "make-series",
        [RTQ__AST_MV_APPLY] = "mv-apply",
        [RTQ__AST_MV_EXPAND] = "mv-expand",
        [RTQ__AST_PARSE] = "parse",
        [RTQ__AST_PARSE_WHERE] = "parse-where",
        [RTQ__AST_PARSE_KV] = "parse-kv",
        [RTQ__AST_PARTITION] = "partition",
        [RTQ__AST_PARTITION_BY] = "__partitionby",
        [RTQ__AST_PROJECT] = "project",
        [RTQ__AST_PROJECT_AWAY] = "project-away",
        [RTQ__AST_PROJECT_BY_NAMES] = "project-by-names",
        [RTQ__AST_PROJECT_KEEP] = "project-keep",
        [RTQ__AST_PROJECT_RENAME] = "project-rename",
        [RTQ__AST_PROJECT_REORDER] = "project-reorder",
        [RTQ__AST_REDUCE] = "reduce",
        [RTQ__AST_RENDER] = "render",
        [RTQ__AST_SAMPLE] = "sample",
        [RTQ__AST_SAMPLE_DISTINCT] = "sample-distinct",
        [RTQ__AST_SCAN] = "scan",
        [RTQ__AST_SERIALIZE] = "serialize",
        [RTQ__AST_SORT] = "sort",
        [RTQ__AST_SUMMARIZE] = "summarize",
        [RTQ__AST_TAKE] = "take",
        [RTQ__AST_TOP] = "top",
        [RTQ__AST_TOP_HITTERS] = "top-hitters",
        [RTQ__AST_TOP_NESTED] = "top-nested",
        [RTQ__AST_WHERE] = "where",
        [RTQ__AST_LET] = "let",
        [RTQ__AST_FUNCTION] = "function",
        [RTQ__AST_QUERY_PARAMETERS] = "declare query_parameters",
        [RTQ__AST_PATTERN] = "declare pattern",
        [RTQ__AST_PATTERN_RULE] = "pattern rule",
        [RTQ__AST_SET] = "set",
        [RTQ__AST_ALIAS] = "alias",
        [RTQ__AST_RESTRICT] = "restrict",
        [RTQ__AST_CREATE_FUNCTION] = ".create-or-alter function",
        [RTQ__AST_ERROR] = "error",
    };
    return kind < RTQ__AST_N_KINDS ? texts[kind] : "";
}

bool rtq__ast_has_op(rtq__ast_kind kind)
{
    return (kind >= RTQ__AST_PRINT && kind <= RTQ__AST_WHERE) || kind == RTQ__AST_TOP_NESTED_LEVEL ||
           kind == RTQ__AST_GRAPH_OUTPUT || kind == RTQ__AST_GRAPH_TABLE;
}

static size_t parts_of_op(const rtq__ast_op *op, rtq__ast *single[], rtq__ast_list lists[], size_t *n_lists)
{
    rtq__ast *const singles[] = {op->value, op->of, op->where, op->from,      op->to,    op->step,
                                 op->limit, op->id, op->body,  op->partition, op->others};
    const rtq__ast_list all[] = {op->params, op->items, op->by, op->schema, op->with, op->in, op->sort};
    size_t n = 0;
    for (size_t i = 0; i < sizeof(singles) / sizeof(singles[0]); i++)
        if (singles[i])
            single[n++] = singles[i];
    *n_lists = sizeof(all) / sizeof(all[0]);
    memcpy(lists, all, sizeof(all));
    return n;
}

/* Direct parts of a node other than an operator. */
static size_t parts_of_node(const rtq__ast *node, rtq__ast *single[], rtq__ast_list lists[], size_t *n_lists)
{
    size_t n = 0, l = 0;
#define ONE(x) single[n++] = (x)
#define LIST(x) lists[l++] = (x)
    switch ((rtq__ast_kind)node->kind) {
    case RTQ__AST_LITERAL: ONE(node->literal.json); break;
    case RTQ__AST_JSON_ARRAY:
    case RTQ__AST_JSON_BAG:
    case RTQ__AST_TYPEOF:
    case RTQ__AST_ENTITY_GROUP:
    case RTQ__AST_GRAPH_PATTERN:
    case RTQ__AST_QUERY_PARAMETERS:
    case RTQ__AST_RESTRICT: LIST(node->list); break;
    case RTQ__AST_MEMBER: ONE(node->member.object); break;
    case RTQ__AST_INDEX:
        ONE(node->index.object);
        ONE(node->index.index);
        break;
    case RTQ__AST_CALL:
        ONE(node->call.object);
        LIST(node->call.args);
        break;
    case RTQ__AST_NAMED:
    case RTQ__AST_JSON_PAIR:
    case RTQ__AST_DATASCOPE:
    case RTQ__AST_PARAMETER:
    case RTQ__AST_FORK_BRANCH:
    case RTQ__AST_LET:
    case RTQ__AST_SET:
    case RTQ__AST_ALIAS:
        LIST(node->named.names);
        ONE(node->named.value);
        LIST(node->named.more);
        break;
    case RTQ__AST_UNARY:
    case RTQ__AST_BINARY:
        ONE(node->binary.left);
        ONE(node->binary.right);
        break;
    case RTQ__AST_IN:
        ONE(node->in.left);
        LIST(node->in.items);
        break;
    case RTQ__AST_BETWEEN:
        ONE(node->between.left);
        ONE(node->between.low);
        ONE(node->between.high);
        break;
    case RTQ__AST_PIPE:
        ONE(node->pipe.source);
        LIST(node->pipe.ops);
        break;
    case RTQ__AST_ORDERED: ONE(node->ordered.value); break;
    case RTQ__AST_COLUMN:
        ONE(node->column.default_value);
        LIST(node->column.schema);
        break;
    case RTQ__AST_EXPAND:
    case RTQ__AST_AGGREGATE:
        ONE(node->expand.value);
        ONE(node->expand.type);
        ONE(node->expand.default_value);
        break;
    case RTQ__AST_SCAN_STEP:
        ONE(node->scan_step.condition);
        LIST(node->scan_step.assignments);
        break;
    case RTQ__AST_GRAPH_NODE:
    case RTQ__AST_GRAPH_EDGE:
        ONE(node->graph_edge.low);
        ONE(node->graph_edge.high);
        break;
    case RTQ__AST_FUNCTION:
        LIST(node->function.params);
        LIST(node->function.body);
        break;
    case RTQ__AST_PATTERN:
        LIST(node->pattern.params);
        ONE(node->pattern.path);
        LIST(node->pattern.rules);
        break;
    case RTQ__AST_PATTERN_RULE:
        LIST(node->pattern_rule.args);
        ONE(node->pattern_rule.path);
        LIST(node->pattern_rule.body);
        break;
    case RTQ__AST_CREATE_FUNCTION:
        LIST(node->create_function.with);
        ONE(node->create_function.function);
        break;
    default: break;
    }
#undef ONE
#undef LIST
    *n_lists = l;
    return n;
}

void rtq__ast_children(const rtq__ast *node, void (*visit)(void *user, rtq__ast *child), void *user)
{
    rtq__ast *single[12];
    rtq__ast_list lists[8];
    size_t n_lists, n = rtq__ast_has_op((rtq__ast_kind)node->kind) ? parts_of_op(node->op, single, lists, &n_lists)
                                                                   : parts_of_node(node, single, lists, &n_lists);
    for (size_t i = 0; i < n; i++)
        if (single[i])
            visit(user, single[i]);
    for (size_t i = 0; i < n_lists; i++)
        for (rtq__ast *item = lists[i].first; item; item = item->next)
            visit(user, item);
}
