/* script.c - query files: several named queries, functions and views. */
#include "api/api.h"

static int parse_functions(rtq_script *s, rtq_diag *diag)
{
    int rc;

    for (size_t i = 0; i < s->n_pieces; i++) {
        const rtq__script_piece *p = &s->pieces[i];
        rtq__ast_query *ast;
        if (!p->is_function) {
            s->queries[s->n_queries++] = i;
            continue;
        }
        rtq__diag_set_text(diag, s->text + p->begin, p->end - p->begin);
        rc = rtq__parse(&ast, &s->arena, s->text + p->begin, p->end - p->begin, diag);
        rtq__diag_within(diag, s->text, s->len, p->begin);
        if (rc < 0)
            return rc;
        for
            RTQ__AST_EACH(item, ast->statements)
        if (item->kind == RTQ__AST_CREATE_FUNCTION)
            s->functions[s->n_functions++] = item;
    }
    return RTQ_OK;
}

int rtq_script_parse(rtq_script **out, rtq_env *env, const char *text, size_t len, rtq_diag **diag)
{
    rtq_script *s;
    rtq_diag *d;
    int rc = RTQ_ERR_NOMEM;

    if (out)
        *out = NULL;
    if (!out || !env || !text)
        return rtq__bad_argument(diag, env);
    if (len == RTQ_NTS)
        len = strlen(text);
    d = rtq__diag_begin(diag, env->mem);
    if (!(s = rtq__calloc(env->mem, 1, sizeof *s)))
        return RTQ_ERR_NOMEM;
    atomic_init(&s->refs, 1);
    s->env = rtq__env_ref(env);
    rtq__arena_init(&s->arena, env->mem, 0);
    if (!(s->text = rtq__arena_strndup(&s->arena, text, len)))
        goto out;
    s->len = len;
    if ((rc = rtq__parse_script(&s->pieces, &s->n_pieces, &s->arena, s->text, len)) < 0)
        goto out;
    s->queries = rtq__arena_alloc(&s->arena, (s->n_pieces + 1) * sizeof *s->queries);
    s->functions = rtq__arena_alloc(&s->arena, (s->n_pieces + 1) * sizeof *s->functions);
    rc = s->queries && s->functions ? parse_functions(s, d) : RTQ_ERR_NOMEM;
out:
    if (rc < 0) {
        rtq_script_free(s);
        return rc;
    }
    *out = s;
    return RTQ_OK;
}

size_t rtq_script_count(const rtq_script *script)
{
    return script ? script->n_queries : 0;
}

int rtq_script_compile(rtq_query **out, const rtq_script *script, size_t index, const rtq_query_options *options,
                       rtq_diag **diag)
{
    const rtq__script_piece *p;
    int rc;

    if (out)
        *out = NULL;
    if (!out || !script)
        return rtq__bad_argument(diag, NULL);
    if (index >= script->n_queries)
        return rtq__diag_add(rtq__diag_begin(diag, script->env->mem), RTQ_ERR_ARG, RTQ__SEV_ERROR, 0, 0,
                             "the file has %zu queries, there is no number %zu", script->n_queries, index);
    p = &script->pieces[script->queries[index]];
    rc = rtq__query_new(out, script->env, script->text + p->begin, p->end - p->begin, p->name, p->name_len, options,
                        script, diag);
    if (diag)
        rtq__diag_within(*diag, script->text, script->len, p->begin);
    return rc;
}

void rtq_script_free(rtq_script *script)
{
    rtq_env *env;

    if (!script || atomic_fetch_sub_explicit(&script->refs, 1, memory_order_acq_rel) != 1)
        return;
    env = script->env;
    rtq__arena_free(&script->arena);
    rtq__free(env->mem, script);
    rtq_env_free(env);
}
