/* bind_later.c - operators that are on their way. */
#include "kql/bind_private.h"
#define LATER(fn) const rtq__tab *fn(rtq__binder *b, const rtq__ctx *ctx, const rtq__tab *in, const rtq__ast *ast) \
    { (void)ctx; (void)in; rtq__bind_refuse(b, ast, rtq__ast_kind_text((rtq__ast_kind)ast->kind), "it is not built yet"); return rtq__tab_broken(b); }
LATER(rtq__bind_union)
LATER(rtq__bind_join)
LATER(rtq__bind_lookup)
LATER(rtq__bind_mv_expand)
LATER(rtq__bind_mv_apply)
LATER(rtq__bind_parse)
LATER(rtq__bind_invoke)
LATER(rtq__bind_evaluate)
