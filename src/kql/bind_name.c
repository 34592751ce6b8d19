/* bind_name.c - names of result columns that have none in the query: Kusto's rules, see the pages of project and
 * summarize. */
#include "kql/bind_private.h"

static bool is_side(const rtq__ast *ast)
{
    return ast->kind == RTQ__AST_NAME && (strcmp(ast->name.ptr, "$left") == 0 || strcmp(ast->name.ptr, "$right") == 0);
}

static const char *index_name(rtq__binder *b, const rtq__ast *index)
{
    if (index->kind != RTQ__AST_LITERAL || index->literal.is_null)
        return NULL;
    if (index->literal.type == RTQ_STRING)
        return rtq__bind_namef(b, "%.*s", (int)index->literal.text.len, index->literal.text.ptr);
    if (index->literal.type == RTQ_LONG || index->literal.type == RTQ_INT)
        return rtq__bind_namef(b, "%lld", (long long)index->literal.u.i);
    return NULL;
}

static const char *joined(rtq__binder *b, const char *left, const char *right)
{
    return left && *left ? rtq__bind_namef(b, "%s_%s", left, right ? right : "") : right;
}

static const char *with_prefix(rtq__binder *b, const char *prefix, const char *first)
{
    size_t len = prefix ? strlen(prefix) : 0;
    if (!len)
        return first ? first : "";
    return rtq__bind_namef(b, prefix[len - 1] == '_' ? "%s%s" : "%s_%s", prefix, first ? first : "");
}

/* A name that is the value of the first argument: columnifexists("x", …). */
static const char *existing_column(rtq__binder *b, const rtq__ctx *ctx, const rtq__ast *first)
{
    const char *name = first && first->kind == RTQ__AST_LITERAL && first->literal.type == RTQ_STRING
                           ? index_name(b, first)
                           : NULL;
    return name && ctx->row && rtq__tab_find(ctx->row, name) >= 0 ? name : NULL;
}

static const char *call_name(rtq__binder *b, const rtq__ctx *ctx, const rtq__ast *ast, const char *fallback)
{
    const char *name = ast->call.name.ptr;
    const rtq__ast *first = ast->call.args.first;
    rtq__value user;
    if (ast->call.object || rtq__bind_function(b, ctx, name, &user))
        return fallback;
    if (strcmp(name, "column_ifexists") == 0 || strcmp(name, "columnifexists") == 0) {
        const char *existing = existing_column(b, ctx, first);
        return existing ? existing : fallback;
    }
    uint32_t n = 0;
    const rtq__agg *agg = rtq__bind_find_aggregate(ctx, ast, &n);
    const rtq__fn *fn = agg ? NULL : rtq__fn_find(name, strlen(name), &n);
    if (!agg && !fn)
        return fallback;
    rtq__sig sig;
    for (uint32_t i = 1; fn && i < n && rtq__sig_parse(&sig, fn->args) && !rtq__sig_counts(&sig, ast->call.args.n); i++)
        fn++; /* make_datetime(x) is named after x, make_datetime(2020, 1, 2) is not */
    const char *prefix = agg ? agg->prefix : fn->prefix;
    switch (agg ? agg->naming : fn->naming) {
    case RTQ__NAME_FIRST: return first ? rtq__result_name(b, ctx, first, fallback) : fallback;
    case RTQ__NAME_FN_FIRST: return with_prefix(b, name, first ? rtq__result_name(b, ctx, first, fallback) : NULL);
    case RTQ__NAME_PREFIX_FIRST:
        return with_prefix(b, prefix, first ? rtq__result_name(b, ctx, first, fallback) : NULL);
    case RTQ__NAME_PREFIX: return prefix ? prefix : fallback;
    default: return fallback;
    }
}

const char *rtq__result_name(rtq__binder *b, const rtq__ctx *ctx, const rtq__ast *ast, const char *fallback)
{
    const char *name;
    rtq__bind_enter(b, ast);
    switch (ast->kind) {
    case RTQ__AST_NAME: name = ast->name.ptr; break;
    case RTQ__AST_MEMBER:
        name = is_side(ast->member.object)
                   ? ast->member.name.ptr
                   : joined(b, rtq__result_name(b, ctx, ast->member.object, NULL), ast->member.name.ptr);
        break;
    case RTQ__AST_INDEX:
        name = index_name(b, ast->index.index);
        if (ast->index.object && !is_side(ast->index.object))
            name = joined(b, rtq__result_name(b, ctx, ast->index.object, NULL), name);
        break;
    case RTQ__AST_ORDERED: name = rtq__result_name(b, ctx, ast->ordered.value, fallback); break;
    case RTQ__AST_NAMED: name = ast->named.names.first->name.ptr; break;
    case RTQ__AST_CALL: name = call_name(b, ctx, ast, fallback); break;
    default: name = fallback;
    }
    rtq__bind_leave(b);
    return name;
}

static bool is_conversion(const char *name)
{
    static const char *const names[] = {"tobool",    "toboolean", "todatetime", "todecimal", "todouble",
                                        "todynamic", "toguid",    "toint",      "tolong",    "toreal",
                                        "tostring",  "totime",    "totimespan", "toobject"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

rtq__vcol *rtq__result_column(const rtq__ast *ast, const rtq__expr *expr)
{
    if (ast->kind == RTQ__AST_ORDERED)
        ast = ast->ordered.value;
    if (expr->op == RTQ__E_COL &&
        (ast->kind == RTQ__AST_NAME || ast->kind == RTQ__AST_MEMBER || ast->kind == RTQ__AST_INDEX))
        return RTQ__BEXPR(expr)->vcol;
    if (ast->kind != RTQ__AST_CALL || ast->call.args.n != 1 || ast->call.object || !is_conversion(ast->call.name.ptr))
        return NULL;
    /* tostring(s) of a string is s */
    const rtq__expr *arg = expr->op == RTQ__E_CALL && expr->n_args == 1 ? expr->args[0] : expr;
    const rtq__ast *first = ast->call.args.first;
    return arg->op == RTQ__E_COL && arg->kind == expr->kind && first->kind == RTQ__AST_NAME ? RTQ__BEXPR(arg)->vcol
                                                                                            : NULL;
}

const char *rtq__default_name(rtq__binder *b, const rtq__ctx *ctx, bool columns_too)
{
    for (;;) {
        const char *name = rtq__bind_namef(b, "Column%u", b->next_column++);
        if (!rtq__env_find(ctx->env, name) && !(columns_too && ctx->row && rtq__tab_find(ctx->row, name) >= 0))
            return name;
    }
}
