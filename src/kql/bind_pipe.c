/* bind_pipe.c - pipes, and which function binds which operator. */
#include "kql/bind_private.h"

const char *rtq__bind_parameter(const rtq__ast_list *params, const char *name, const rtq__ast **at)
{
    for (const rtq__ast *p = params->first; p; p = p->next) {
        if (p->kind != RTQ__AST_PARAMETER || strcmp(p->named.names.first->name.ptr, name) != 0)
            continue;
        const rtq__ast *value = p->named.value;
        if (at)
            *at = p;
        if (value && value->kind == RTQ__AST_NAME)
            return value->name.ptr;
        if (value && value->kind == RTQ__AST_LITERAL && value->literal.type == RTQ_STRING)
            return value->literal.text.ptr;
        if (value && value->kind == RTQ__AST_LITERAL && value->literal.type == RTQ_BOOL)
            return value->literal.u.i ? "true" : "false";
        return "";
    }
    return NULL;
}

typedef struct op_row {
    uint16_t kind;
    rtq__bind_op_fn *bind;
    bool head;       /* may stand at the head of a pipe */
    const char *why; /* bind NULL: why it is refused */
} op_row;

static const char later[] = "it is not built yet";
static const char graphs[] = "graphs are not built yet";

static const op_row ops[] = {
    {RTQ__AST_PRINT, rtq__bind_print, true, NULL},
    {RTQ__AST_RANGE, rtq__bind_range, true, NULL},
    {RTQ__AST_DATATABLE, rtq__bind_datatable, true, NULL},
    {RTQ__AST_CONTEXTUAL_DATATABLE, NULL, true, "it belongs to Kusto's internals"},
    {RTQ__AST_EXTERNALDATA, rtq__bind_externaldata, true, NULL},
    {RTQ__AST_EXTERNAL_TABLE, NULL, true, "there are no external tables here: use externaldata"},
    {RTQ__AST_MACRO_EXPAND, NULL, true, "there is one set of tables here"},
    {RTQ__AST_VIEW_COMBINE, NULL, true, "there are no materialized views here"},
    {RTQ__AST_EVALUATE, rtq__bind_evaluate, true, NULL},
    {RTQ__AST_FIND, NULL, true, later},
    {RTQ__AST_SEARCH, rtq__bind_search, true, NULL},
    {RTQ__AST_UNION, rtq__bind_union, true, NULL},
    {RTQ__AST_AS, rtq__bind_as, false, NULL},
    {RTQ__AST_ASSERT_SCHEMA, rtq__bind_assert_schema, false, NULL},
    {RTQ__AST_CONSUME, rtq__bind_consume, false, NULL},
    {RTQ__AST_COUNT, rtq__bind_count, false, NULL},
    {RTQ__AST_DISTINCT, rtq__bind_distinct, false, NULL},
    {RTQ__AST_EXECUTE_AND_CACHE, NULL, false, "it belongs to Kusto's internals"},
    {RTQ__AST_EXTEND, rtq__bind_extend, false, NULL},
    {RTQ__AST_FACET, NULL, false, later},
    {RTQ__AST_FORK, NULL, false, later},
    {RTQ__AST_GETSCHEMA, rtq__bind_getschema, false, NULL},
    {RTQ__AST_GRAPH_MARK_COMPONENTS, NULL, false, graphs},
    {RTQ__AST_GRAPH_MATCH, NULL, false, graphs},
    {RTQ__AST_GRAPH_SHORTEST_PATHS, NULL, false, graphs},
    {RTQ__AST_GRAPH_TO_TABLE, NULL, false, graphs},
    {RTQ__AST_GRAPH_WHERE_EDGES, NULL, false, graphs},
    {RTQ__AST_GRAPH_WHERE_NODES, NULL, false, graphs},
    {RTQ__AST_INVOKE, rtq__bind_invoke, false, NULL},
    {RTQ__AST_JOIN, rtq__bind_join, false, NULL},
    {RTQ__AST_LOOKUP, rtq__bind_lookup, false, NULL},
    {RTQ__AST_MAKE_GRAPH, NULL, false, graphs},
    {RTQ__AST_MAKE_SERIES, NULL, false, later},
    {RTQ__AST_MV_APPLY, rtq__bind_mv_apply, false, NULL},
    {RTQ__AST_MV_EXPAND, rtq__bind_mv_expand, false, NULL},
    {RTQ__AST_PARSE, rtq__bind_parse, false, NULL},
    {RTQ__AST_PARSE_WHERE, rtq__bind_parse, false, NULL},
    {RTQ__AST_PARSE_KV, NULL, false, later},
    {RTQ__AST_PARTITION, NULL, false, later},
    {RTQ__AST_PARTITION_BY, NULL, false, later},
    {RTQ__AST_PROJECT, rtq__bind_project, false, NULL},
    {RTQ__AST_PROJECT_AWAY, rtq__bind_project_away, false, NULL},
    {RTQ__AST_PROJECT_BY_NAMES, rtq__bind_project_by_names, false, NULL},
    {RTQ__AST_PROJECT_KEEP, rtq__bind_project_keep, false, NULL},
    {RTQ__AST_PROJECT_RENAME, rtq__bind_project_rename, false, NULL},
    {RTQ__AST_PROJECT_REORDER, rtq__bind_project_reorder, false, NULL},
    {RTQ__AST_REDUCE, NULL, false, later},
    {RTQ__AST_RENDER, rtq__bind_render, false, NULL},
    {RTQ__AST_SAMPLE, NULL, false, later},
    {RTQ__AST_SAMPLE_DISTINCT, NULL, false, later},
    {RTQ__AST_SCAN, NULL, false, later},
    {RTQ__AST_SERIALIZE, rtq__bind_serialize, false, NULL},
    {RTQ__AST_SORT, rtq__bind_sort, false, NULL},
    {RTQ__AST_SUMMARIZE, rtq__bind_summarize, false, NULL},
    {RTQ__AST_TAKE, rtq__bind_take, false, NULL},
    {RTQ__AST_TOP, rtq__bind_top, false, NULL},
    {RTQ__AST_TOP_HITTERS, NULL, false, later},
    {RTQ__AST_TOP_NESTED, NULL, false, later},
    {RTQ__AST_WHERE, rtq__bind_where, false, NULL},
};

static const op_row *find_op(uint16_t kind)
{
    for (size_t i = 0; i < sizeof ops / sizeof *ops; i++)
        if (ops[i].kind == kind)
            return &ops[i];
    return NULL;
}

const rtq__tab *rtq__bind_operator_node(rtq__binder *b, const rtq__ctx *ctx, const rtq__tab *in, const rtq__ast *ast)
{
    const op_row *row = find_op(ast->kind);
    const char *name = rtq__ast_kind_text((rtq__ast_kind)ast->kind);
    if (!row) {
        rtq__bind_error(b, ast, "'%s' is not an operator over rows", name);
        return rtq__tab_broken(b);
    }
    if (!in && !row->head) {
        rtq__bind_error(b, ast, "'%s' needs a table in front of it", name);
        return rtq__tab_broken(b);
    }
    if (!row->bind) {
        rtq__bind_refuse(b, ast, name, row->why);
        return rtq__tab_broken(b);
    }
    uint32_t level = b->level;
    if (!in)
        b->level = ++b->n_levels;
    const rtq__tab *out = row->bind(b, ctx, in, ast);
    b->level = level;
    return out ? out : rtq__tab_broken(b);
}

const rtq__tab *rtq__bind_pipe(rtq__binder *b, const rtq__ctx *ctx, const rtq__ast *ast)
{
    rtq__ctx inner = {.env = ctx->env, .source = ctx->source};
    const rtq__tab *tab;
    uint32_t level = b->level;
    if (ast->pipe.source) {
        tab = rtq__bind_table(b, &inner, ast->pipe.source);
    } else if (ctx->source) {
        tab = ctx->source;
    } else {
        rtq__bind_error(b, ast, "the query needs a table to start with");
        return rtq__tab_broken(b);
    }
    inner.source = NULL;
    b->level = ++b->n_levels;
    for (const rtq__ast *op = ast->pipe.ops.first; op; op = op->next) {
        tab = rtq__bind_operator_node(b, &inner, tab, op);
        if (op->kind == RTQ__AST_AS) { /* from here on the rows have two readers */
            rtq__value value = {.how = tab->broken ? RTQ__VALUE_BROKEN : RTQ__VALUE_TABLE, .tab = tab};
            inner.env = rtq__env_add(b, inner.env, op->op->as.ptr, &value);
            tab = rtq__bind_ref(b, tab, op);
        }
    }
    b->level = level;
    return tab;
}
