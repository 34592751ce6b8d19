/* kql_dump.c - a syntax tree as one line of text. */
#include "kql_dump.h"

static void name(rtq__buf *out, const rtq__ast_name *n)
{
    if (!n->ptr)
        return;
    rtq__buf_addc(out, ' ');
    rtq__buf_addc(out, n->quoted ? '\'' : '`');
    rtq__buf_add(out, n->ptr, n->len);
    rtq__buf_addc(out, n->quoted ? '\'' : '`');
}

static void part(rtq__buf *out, const char *label, const rtq__ast *node)
{
    if (!node)
        return;
    rtq__buf_addf(out, " %s", label);
    kql_dump(out, node);
}

static void list(rtq__buf *out, const char *label, const rtq__ast_list *items)
{
    if (items->n == 0)
        return;
    rtq__buf_addf(out, " %s[", label);
    uint32_t n = 0;
    for (const rtq__ast *item = items->first; item; item = item->next, n++) {
        if (n > 0)
            rtq__buf_addc(out, ' ');
        kql_dump(out, item);
    }
    if (n != items->n)
        rtq__buf_addf(out, " BAD COUNT %u", items->n);
    rtq__buf_addc(out, ']');
}

static void literal(rtq__buf *out, const rtq__ast_literal *l)
{
    rtq__buf_addf(out, " %u/%u", l->type, l->flags);
    if (l->is_null)
        rtq__buf_adds(out, " null");
    else if (l->type == RTQ_STRING || l->type == RTQ_DECIMAL)
        rtq__buf_add_json(out, l->text.ptr, l->text.len);
    else if (l->type == RTQ_REAL)
        rtq__buf_addf(out, " %a", l->u.d);
    else if (l->type == RTQ_GUID)
        for (int i = 0; i < 16; i++)
            rtq__buf_addf(out, "%02x", l->u.guid[i]);
    else if (l->type != RTQ_DYNAMIC)
        rtq__buf_addf(out, " %lld", (long long)l->u.i);
    part(out, "", l->json);
}

static void operator_parts(rtq__buf *out, const rtq__ast_op *op)
{
    name(out, &op->name);
    name(out, &op->as);
    list(out, "params", &op->params);
    list(out, "schema", &op->schema);
    list(out, "in", &op->in);
    list(out, "items", &op->items);
    list(out, "by", &op->by);
    list(out, "sort", &op->sort);
    list(out, "with", &op->with);
    part(out, "value", op->value);
    part(out, "of", op->of);
    part(out, "where", op->where);
    part(out, "from", op->from);
    part(out, "to", op->to);
    part(out, "step", op->step);
    part(out, "limit", op->limit);
    part(out, "id", op->id);
    part(out, "body", op->body);
    part(out, "partition", op->partition);
    part(out, "others", op->others);
    const bool flags[] = {op->has_in,     op->has_by,       op->has_project, op->has_schema, op->project_smart,
                          op->undirected, op->legacy_range, op->braced,      op->alternate};
    for (size_t i = 0; i < sizeof(flags); i++)
        if (flags[i])
            rtq__buf_addf(out, " +%zu", i);
}

static void other_parts(rtq__buf *out, const rtq__ast *node)
{
    switch ((rtq__ast_kind)node->kind) {
    case RTQ__AST_LITERAL: literal(out, &node->literal); break;
    case RTQ__AST_NAME:
    case RTQ__AST_WILDCARD: name(out, &node->name); break;
    case RTQ__AST_MEMBER:
        part(out, "", node->member.object);
        name(out, &node->member.name);
        rtq__buf_adds(out, node->member.wild ? " wild" : "");
        break;
    case RTQ__AST_INDEX:
        part(out, "", node->index.object);
        part(out, "", node->index.index);
        break;
    case RTQ__AST_CALL:
        part(out, "", node->call.object);
        name(out, &node->call.name);
        list(out, "", &node->call.args);
        break;
    case RTQ__AST_NAMED:
    case RTQ__AST_JSON_PAIR:
    case RTQ__AST_DATASCOPE:
    case RTQ__AST_PARAMETER:
    case RTQ__AST_FORK_BRANCH:
    case RTQ__AST_LET:
    case RTQ__AST_SET:
    case RTQ__AST_ALIAS:
        list(out, "", &node->named.names);
        part(out, "", node->named.value);
        list(out, "more", &node->named.more);
        rtq__buf_adds(out, node->named.tuple ? " tuple" : "");
        break;
    case RTQ__AST_UNARY:
    case RTQ__AST_BINARY:
        rtq__buf_addf(out, " %s", rtq__ast_operator_text(node->binary.op));
        part(out, "", node->binary.left);
        part(out, "", node->binary.right);
        break;
    case RTQ__AST_IN:
        rtq__buf_addf(out, " %s", rtq__ast_operator_text(node->in.op));
        part(out, "", node->in.left);
        list(out, "", &node->in.items);
        break;
    case RTQ__AST_BETWEEN:
        rtq__buf_addf(out, " %s", rtq__ast_operator_text(node->between.op));
        part(out, "", node->between.left);
        part(out, "", node->between.low);
        part(out, "", node->between.high);
        break;
    case RTQ__AST_PIPE:
        part(out, "", node->pipe.source);
        list(out, "", &node->pipe.ops);
        break;
    case RTQ__AST_ORDERED:
        part(out, "", node->ordered.value);
        rtq__buf_addf(out, " %d %d", (int)node->ordered.order, (int)node->ordered.nulls);
        break;
    case RTQ__AST_COLUMN:
        name(out, &node->column.name);
        name(out, &node->column.type_name);
        rtq__buf_addf(out, " %u", node->column.type);
        rtq__buf_adds(out, node->column.tabular ? " tabular" : "");
        list(out, "", &node->column.schema);
        part(out, "=", node->column.default_value);
        break;
    case RTQ__AST_EXPAND:
    case RTQ__AST_AGGREGATE:
        part(out, "", node->expand.value);
        part(out, "to", node->expand.type);
        part(out, "default", node->expand.default_value);
        break;
    case RTQ__AST_SCAN_STEP:
        name(out, &node->scan_step.name);
        rtq__buf_addf(out, " %d %d", node->scan_step.optional, (int)node->scan_step.output);
        part(out, "", node->scan_step.condition);
        list(out, "", &node->scan_step.assignments);
        break;
    case RTQ__AST_GRAPH_NODE:
    case RTQ__AST_GRAPH_EDGE:
        name(out, &node->graph_edge.name);
        rtq__buf_addf(out, " %d %d %d", node->graph_edge.direction, node->graph_edge.bracketed,
                      node->graph_edge.variable);
        part(out, "", node->graph_edge.low);
        part(out, "", node->graph_edge.high);
        break;
    case RTQ__AST_FUNCTION:
        rtq__buf_adds(out, node->function.is_view ? " view" : "");
        list(out, "params", &node->function.params);
        list(out, "body", &node->function.body);
        break;
    case RTQ__AST_PATTERN:
        name(out, &node->pattern.name);
        rtq__buf_addf(out, " %d", node->pattern.defined);
        list(out, "params", &node->pattern.params);
        part(out, "path", node->pattern.path);
        list(out, "rules", &node->pattern.rules);
        break;
    case RTQ__AST_PATTERN_RULE:
        list(out, "args", &node->pattern_rule.args);
        part(out, "path", node->pattern_rule.path);
        list(out, "body", &node->pattern_rule.body);
        break;
    case RTQ__AST_CREATE_FUNCTION:
        name(out, &node->create_function.name);
        list(out, "with", &node->create_function.with);
        part(out, "", node->create_function.function);
        break;
    case RTQ__AST_STAR:
    case RTQ__AST_ERROR:
    case RTQ__AST_NONE: break;
    default: list(out, "", &node->list); break;
    }
}

void kql_dump(rtq__buf *out, const rtq__ast *node)
{
    rtq__buf_addf(out, "(%s", rtq__ast_kind_text((rtq__ast_kind)node->kind));
    if (node->flags & RTQ__AST_PARENTHESIZED)
        rtq__buf_adds(out, " paren");
    if (rtq__ast_has_op((rtq__ast_kind)node->kind))
        operator_parts(out, node->op);
    else
        other_parts(out, node);
    rtq__buf_addc(out, ')');
}

void kql_dump_query(rtq__buf *out, const rtq__ast_query *query)
{
    list(out, "query", &query->statements);
}
