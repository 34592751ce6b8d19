/* print.c - expressions and statements; operators are in print_op.c. */
#include "print.h"
#include "print_internal.h"

void rtq__print_list(rtq__buf *out, const rtq__ast_list *list, const char *separator)
{
    for (const rtq__ast *item = list->first; item; item = item->next) {
        rtq__ast_print(out, item);
        if (item->next)
            rtq__buf_adds(out, separator);
    }
}

void rtq__print_kql_name(rtq__buf *out, const rtq__ast_name *name)
{
    if (name->quoted) {
        rtq__buf_addc(out, '[');
        rtq__print_kql_string(out, name->ptr, name->len);
        rtq__buf_addc(out, ']');
    } else {
        rtq__buf_add(out, name->ptr ? name->ptr : "", name->len);
    }
}

static void print_wildcard(rtq__buf *out, const rtq__ast_name *name)
{
    if (name->quoted)
        rtq__buf_addc(out, '[');
    rtq__buf_add(out, name->ptr, name->len);
    if (name->quoted)
        rtq__buf_addc(out, ']');
}

static void print_call(rtq__buf *out, const rtq__ast *node)
{
    const rtq__ast_list *args = &node->call.args;
    const rtq__ast *kind = args->n > 1 && args->last->kind == RTQ__AST_PARAMETER ? args->last : NULL;
    if (node->call.object) {
        rtq__ast_print(out, node->call.object);
        rtq__buf_addc(out, '.');
    }
    rtq__print_kql_name(out, &node->call.name);
    if (kind) { /* toscalar kind=... (query) */
        rtq__buf_addc(out, ' ');
        rtq__ast_print(out, kind);
    }
    rtq__buf_addc(out, '(');
    for (const rtq__ast *arg = args->first; arg && arg != kind; arg = arg->next) {
        if (arg != args->first)
            rtq__buf_adds(out, ", ");
        rtq__ast_print(out, arg);
    }
    rtq__buf_addc(out, ')');
}

static void print_member(rtq__buf *out, const rtq__ast *node)
{
    rtq__ast_print(out, node->member.object);
    rtq__buf_addc(out, '.');
    if (node->member.wild)
        print_wildcard(out, &node->member.name);
    else
        rtq__print_kql_name(out, &node->member.name);
}

static void print_index(rtq__buf *out, const rtq__ast *node)
{
    if (node->index.object)
        rtq__ast_print(out, node->index.object);
    rtq__buf_addc(out, '[');
    rtq__ast_print(out, node->index.index);
    rtq__buf_addc(out, ']');
}

static void print_named(rtq__buf *out, const rtq__ast *node)
{
    if (node->named.tuple)
        rtq__buf_addc(out, '(');
    rtq__print_list(out, &node->named.names, ", ");
    if (node->named.tuple)
        rtq__buf_addc(out, ')');
    if (node->kind == RTQ__AST_NAMED)
        rtq__buf_adds(out, " = ");
    else if (node->kind == RTQ__AST_PARAMETER)
        rtq__buf_addc(out, '=');
    if (node->named.value)
        rtq__ast_print(out, node->named.value);
    if (node->named.more.n > 0)
        rtq__buf_adds(out, ", ");
    rtq__print_list(out, &node->named.more, ", ");
}

static void print_infix(rtq__buf *out, rtq__ast_operator op)
{
    rtq__buf_addc(out, ' ');
    rtq__buf_adds(out, rtq__ast_operator_text(op));
    rtq__buf_addc(out, ' ');
}

static void print_unary(rtq__buf *out, const rtq__ast *node)
{
    const rtq__ast *right = node->binary.right;
    rtq__buf_adds(out, rtq__ast_operator_text(node->binary.op));
    bool lowest = right->kind == RTQ__AST_LITERAL && right->literal.type == RTQ_LONG && right->literal.flags == 0 &&
                  right->literal.u.i == INT64_MIN;
    if (lowest)
        rtq__buf_adds(out, "9223372036854775808");
    else
        rtq__ast_print(out, right);
}

static void print_between(rtq__buf *out, const rtq__ast *node)
{
    rtq__ast_print(out, node->between.left);
    print_infix(out, node->between.op);
    rtq__buf_addc(out, '(');
    rtq__ast_print(out, node->between.low);
    rtq__buf_adds(out, " .. ");
    rtq__ast_print(out, node->between.high);
    rtq__buf_addc(out, ')');
}

static void print_column(rtq__buf *out, const rtq__ast *node)
{
    rtq__print_kql_name(out, &node->column.name);
    if (node->column.tabular || node->column.type_name.len > 0) {
        if (node->column.name.len > 0 || node->column.tabular)
            rtq__buf_addc(out, ':');
        if (node->column.tabular) {
            rtq__buf_addc(out, '(');
            rtq__print_list(out, &node->column.schema, ", ");
            rtq__buf_addc(out, ')');
        } else {
            rtq__print_kql_name(out, &node->column.type_name);
        }
    }
    if (node->column.default_value) {
        rtq__buf_adds(out, " = ");
        rtq__ast_print(out, node->column.default_value);
    }
}

static void print_ordered(rtq__buf *out, const rtq__ast *node)
{
    static const char *const orders[] = {"", " asc", " desc", " granny-asc", " granny-desc"};
    static const char *const nulls[] = {"", " nulls first", " nulls last"};
    rtq__ast_print(out, node->ordered.value);
    rtq__buf_adds(out, orders[node->ordered.order]);
    rtq__buf_adds(out, nulls[node->ordered.nulls]);
}

static void print_pipe(rtq__buf *out, const rtq__ast *node)
{
    if (node->pipe.source) {
        rtq__ast_print(out, node->pipe.source);
        if (node->pipe.ops.n > 0)
            rtq__buf_adds(out, " | ");
    }
    rtq__print_list(out, &node->pipe.ops, " | ");
}

/* ---- statements ---- */

static void print_body(rtq__buf *out, const rtq__ast_list *body)
{
    rtq__buf_adds(out, "{ ");
    rtq__print_list(out, body, "; ");
    if (body->last && (body->last->kind == RTQ__AST_LET || body->last->kind == RTQ__AST_QUERY_PARAMETERS))
        rtq__buf_addc(out, ';');
    rtq__buf_adds(out, " }");
}

static void print_function(rtq__buf *out, const rtq__ast *node)
{
    if (node->function.is_view)
        rtq__buf_adds(out, "view ");
    rtq__buf_addc(out, '(');
    rtq__print_list(out, &node->function.params, ", ");
    rtq__buf_adds(out, ") ");
    print_body(out, &node->function.body);
}

static void print_assignment(rtq__buf *out, const rtq__ast *node, const char *words)
{
    rtq__buf_adds(out, words);
    rtq__ast_print(out, node->named.names.first);
    if (node->named.value) {
        rtq__buf_adds(out, " = ");
        rtq__ast_print(out, node->named.value);
    }
}

static void print_restrict(rtq__buf *out, const rtq__ast *node)
{
    bool with = false;
    rtq__buf_adds(out, "restrict access to (");
    for (const rtq__ast *item = node->list.first; item; item = item->next) {
        if (item->kind == RTQ__AST_PARAMETER && !with)
            rtq__buf_adds(out, ") with (");
        else if (item != node->list.first)
            rtq__buf_adds(out, ", ");
        with = with || item->kind == RTQ__AST_PARAMETER;
        rtq__ast_print(out, item);
    }
    rtq__buf_addc(out, ')');
}

static void print_pattern(rtq__buf *out, const rtq__ast *node)
{
    rtq__buf_adds(out, "declare pattern ");
    rtq__print_kql_name(out, &node->pattern.name);
    if (!node->pattern.defined)
        return;
    rtq__buf_adds(out, " = (");
    rtq__print_list(out, &node->pattern.params, ", ");
    rtq__buf_addc(out, ')');
    if (node->pattern.path) {
        rtq__buf_addc(out, '[');
        rtq__ast_print(out, node->pattern.path);
        rtq__buf_addc(out, ']');
    }
    rtq__buf_adds(out, " { ");
    for (const rtq__ast *rule = node->pattern.rules.first; rule; rule = rule->next) {
        rtq__buf_addc(out, '(');
        rtq__print_list(out, &rule->pattern_rule.args, ", ");
        rtq__buf_addc(out, ')');
        if (rule->pattern_rule.path) {
            rtq__buf_adds(out, ".[");
            rtq__ast_print(out, rule->pattern_rule.path);
            rtq__buf_addc(out, ']');
        }
        rtq__buf_adds(out, " = ");
        print_body(out, &rule->pattern_rule.body);
        rtq__buf_adds(out, "; ");
    }
    rtq__buf_addc(out, '}');
}

static void print_create_function(rtq__buf *out, const rtq__ast *node)
{
    rtq__ast function = *node->create_function.function;
    function.function.is_view = false; /* said by view=true among the properties */
    rtq__buf_adds(out, ".create-or-alter function ");
    if (node->create_function.with.n > 0) {
        rtq__buf_adds(out, "with (");
        rtq__print_list(out, &node->create_function.with, ", ");
        rtq__buf_adds(out, ") ");
    }
    rtq__print_kql_name(out, &node->create_function.name);
    print_function(out, &function);
}

static void print_braced(rtq__buf *out, const char *open, const rtq__ast_list *list, const char *close)
{
    rtq__buf_adds(out, open);
    rtq__print_list(out, list, ", ");
    rtq__buf_adds(out, close);
}

static void print_statement(rtq__buf *out, const rtq__ast *node)
{
    switch ((rtq__ast_kind)node->kind) {
    case RTQ__AST_LET: print_assignment(out, node, "let "); break;
    case RTQ__AST_SET: print_assignment(out, node, "set "); break;
    case RTQ__AST_ALIAS: print_assignment(out, node, "alias database "); break;
    case RTQ__AST_FUNCTION: print_function(out, node); break;
    case RTQ__AST_QUERY_PARAMETERS: print_braced(out, "declare query_parameters (", &node->list, ")"); break;
    case RTQ__AST_PATTERN: print_pattern(out, node); break;
    case RTQ__AST_RESTRICT: print_restrict(out, node); break;
    case RTQ__AST_CREATE_FUNCTION: print_create_function(out, node); break;
    default: rtq__buf_adds(out, "<error>"); break;
    }
}

static void print_node(rtq__buf *out, const rtq__ast *node)
{
    switch ((rtq__ast_kind)node->kind) {
    case RTQ__AST_LITERAL: rtq__print_literal(out, node); break;
    case RTQ__AST_JSON_ARRAY: print_braced(out, "[", &node->list, "]"); break;
    case RTQ__AST_JSON_BAG: print_braced(out, "{", &node->list, "}"); break;
    case RTQ__AST_JSON_PAIR:
        rtq__print_kql_string(out, node->named.names.first->name.ptr, node->named.names.first->name.len);
        rtq__buf_adds(out, ": ");
        rtq__ast_print(out, node->named.value);
        break;
    case RTQ__AST_NAME: rtq__print_kql_name(out, &node->name); break;
    case RTQ__AST_WILDCARD: print_wildcard(out, &node->name); break;
    case RTQ__AST_STAR: rtq__buf_addc(out, '*'); break;
    case RTQ__AST_MEMBER: print_member(out, node); break;
    case RTQ__AST_INDEX: print_index(out, node); break;
    case RTQ__AST_CALL: print_call(out, node); break;
    case RTQ__AST_FORK_BRANCH: /* printed by fork */
    case RTQ__AST_NAMED:
    case RTQ__AST_PARAMETER: print_named(out, node); break;
    case RTQ__AST_UNARY: print_unary(out, node); break;
    case RTQ__AST_BINARY:
        rtq__ast_print(out, node->binary.left);
        print_infix(out, node->binary.op);
        rtq__ast_print(out, node->binary.right);
        break;
    case RTQ__AST_IN:
        rtq__ast_print(out, node->in.left);
        print_infix(out, node->in.op);
        print_braced(out, "(", &node->in.items, ")");
        break;
    case RTQ__AST_BETWEEN: print_between(out, node); break;
    case RTQ__AST_TYPEOF: print_braced(out, "typeof(", &node->list, ")"); break;
    case RTQ__AST_PIPE: print_pipe(out, node); break;
    case RTQ__AST_DATASCOPE:
        if (node->named.value) {
            rtq__ast_print(out, node->named.value);
            rtq__buf_addc(out, ' ');
        }
        print_braced(out, "datascope=", &node->named.names, "");
        break;
    case RTQ__AST_ENTITY_GROUP: print_braced(out, "entity_group [", &node->list, "]"); break;
    case RTQ__AST_ORDERED: print_ordered(out, node); break;
    case RTQ__AST_COLUMN: print_column(out, node); break;
    default:
        if (node->kind >= RTQ__AST_LET)
            print_statement(out, node);
        else
            rtq__print_op(out, node);
        break;
    }
}

void rtq__ast_print(rtq__buf *out, const rtq__ast *node)
{
    if (node->flags & RTQ__AST_PARENTHESIZED)
        rtq__buf_addc(out, '(');
    print_node(out, node);
    if (node->flags & RTQ__AST_PARENTHESIZED)
        rtq__buf_addc(out, ')');
}

void rtq__ast_print_query(rtq__buf *out, const rtq__ast_query *query)
{
    rtq__print_list(out, &query->statements, ";\n");
}
