/* functions.c - functions of the host: "f(s:string, n:long) -> bool". */
#include "api/api.h"
#include "fn/host.h"

struct signature {
    rtq__ast_list params;
    const char *name;
    size_t name_len;
    uint32_t ret;
};

static const char *skip_blanks(const char *p)
{
    while (*p == ' ' || *p == '\t')
        p++;
    return p;
}

static int parse_signature(struct signature *s, const char *text, rtq__arena *arena, rtq_diag *diag)
{
    const char *p = skip_blanks(text), *open = strchr(p, '('), *close = strrchr(p, ')'), *arrow, *end;
    static const char form[] = "the signature must read like f(s:string, n:long) -> bool";
    int rc;

    rtq__diag_set_text(diag, text, strlen(text));
    if (!open || !close || close < open || open == p)
        return rtq__diag_add(diag, RTQ_ERR_ARG, RTQ__SEV_ERROR, 0, strlen(text), "%s", form);
    s->name = p;
    s->name_len = (size_t)(open - p);
    while (s->name_len && s->name[s->name_len - 1] == ' ')
        s->name_len--;
    for (size_t i = 0; i < s->name_len; i++) {
        char c = s->name[i];
        if (!(c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (i && c >= '0' && c <= '9')))
            return rtq__diag_add(diag, RTQ_ERR_ARG, RTQ__SEV_ERROR, 0, s->name_len, "'%.*s' is not a function name",
                                 (int)s->name_len, s->name);
    }
    arrow = skip_blanks(close + 1);
    if (arrow[0] != '-' || arrow[1] != '>')
        return rtq__diag_add(diag, RTQ_ERR_ARG, RTQ__SEV_ERROR, (size_t)(close - text), strlen(text),
                             "missing '-> type': %s", form);
    arrow = skip_blanks(arrow + 2);
    end = arrow + strlen(arrow);
    while (end > arrow && (end[-1] == ' ' || end[-1] == '\t'))
        end--;
    if (!(s->ret = rtq__kind_parse(arrow, (size_t)(end - arrow))))
        return rtq__diag_add(diag, RTQ_ERR_ARG, RTQ__SEV_ERROR, (size_t)(arrow - text), (size_t)(end - text),
                             "'%.*s' is not a type", (int)(end - arrow), arrow);
    if (skip_blanks(open + 1) == close) {
        memset(&s->params, 0, sizeof s->params);
        return RTQ_OK;
    }
    rtq__diag_set_text(diag, open + 1, (size_t)(close - open - 1));
    rc = rtq__parse_schema(&s->params, arena, open + 1, (size_t)(close - open - 1), diag);
    rtq__diag_within(diag, text, strlen(text), (size_t)(open + 1 - text));
    if (rc < 0)
        return rc == RTQ_ERR_NOMEM ? rc : RTQ_ERR_ARG;
    for
        RTQ__AST_EACH(item, s->params)
    if (item->kind != RTQ__AST_COLUMN || !item->column.type)
        return rtq__diag_add(diag, RTQ_ERR_ARG, RTQ__SEV_ERROR, (size_t)(open + 1 - text) + item->begin,
                             (size_t)(open + 1 - text) + item->end, "a parameter must read name:type");
    return RTQ_OK;
}

static int invoke(const rtq__host_function *f, rtq_call *call, void *out, uint8_t *out_nulls, const rtq_column *args,
                  size_t n_args, size_t n_rows)
{
    rtq__host_entry *e = (rtq__host_entry *)(uintptr_t)f;
    int rc;

    if (e->flags & RTQ_FN_SERIAL)
        rtq__mutex_lock(&e->serial);
    rc = e->call(call, out, out_nulls, args, n_args, n_rows, e->user);
    if (e->flags & RTQ_FN_SERIAL)
        rtq__mutex_unlock(&e->serial);
    return rc;
}

/* The row that the binder reads: parameter types as the catalogue writes them. */
static int fill_row(rtq__host_function *f, const struct signature *s, uint32_t flags, rtq__mem *mem)
{
    rtq__buf args;
    uint32_t n = 0;
    int rc = RTQ_ERR_NOMEM;

    rtq__buf_init(&args, mem);
    if (s->params.n && !(f->kinds = rtq__alloc(mem, s->params.n)))
        goto out;
    for
        RTQ__AST_EACH(item, s->params)
        {
            rtq__buf_addf(&args, "%s%s", n ? ", " : "", rtq__kind_name(item->column.type));
            f->kinds[n++] = (uint8_t)item->column.type;
        }
    f->n_kinds = n;
    f->ret = (uint8_t)s->ret;
    rtq__buf_addc(&args, '\0');
    f->fn.name = rtq__strndup(mem, s->name, s->name_len);
    f->fn.args = args.failed ? NULL : rtq__strndup(mem, args.ptr, args.len);
    f->fn.ret = rtq__kind_name(s->ret);
    if (!f->fn.name || !f->fn.args)
        goto out;
    f->fn.nulls = flags & RTQ_FN_CALLED_ON_NULL ? RTQ__NULL_CUSTOM : RTQ__NULL_PROPAGATE;
    f->fn.flags = flags & RTQ_FN_VOLATILE ? RTQ__FN_VOLATILE : 0;
    f->fn.vec = rtq__fn_call_host;
    f->fn.doc = "function of the host";
    f->fn.user = f;
    f->invoke = invoke;
    rc = RTQ_OK;
out:
    rtq__buf_free(&args);
    return rc;
}

static int check_name(rtq_env *env, const struct signature *s, rtq_diag *diag)
{
    uint32_t n;

    for (size_t i = 0; i < env->n_functions; i++)
        if (strlen(env->functions[i]->base.fn.name) == s->name_len &&
            memcmp(env->functions[i]->base.fn.name, s->name, s->name_len) == 0)
            return rtq__diag_add(diag, RTQ_ERR_ARG, RTQ__SEV_ERROR, 0, s->name_len,
                                 "function '%.*s' is registered already", (int)s->name_len, s->name);
    if (rtq__fn_find(s->name, s->name_len, &n) || rtq__agg_find(s->name, s->name_len, &n))
        return rtq__diag_add(diag, RTQ_ERR_ARG, RTQ__SEV_ERROR, 0, s->name_len, "'%.*s' is a function of the language",
                             (int)s->name_len, s->name);
    return RTQ_OK;
}

int rtq_env_add_function(rtq_env *env, const char *signature, uint32_t flags, rtq_function_fn fn, void *user,
                         rtq_destroy_fn destroy, rtq_diag **diag)
{
    rtq__host_entry *f = NULL;
    struct signature s;
    rtq__arena arena;
    rtq_diag *d;
    int rc = RTQ_ERR_ARG;

    if (!env || !signature || !fn || (flags & ~(uint32_t)(RTQ_FN_VOLATILE | RTQ_FN_CALLED_ON_NULL | RTQ_FN_SERIAL))) {
        if (destroy)
            destroy(user);
        return rtq__bad_argument(diag, env);
    }
    d = rtq__diag_begin(diag, env->mem);
    rtq__arena_init(&arena, env->mem, 0);
    rtq__mutex_lock(&env->lock);
    if (env->compiled) {
        rc = rtq__diag_add(d, RTQ_ERR_STATE, RTQ__SEV_ERROR, 0, 0,
                           "functions are to be registered before the first compile");
        goto out;
    }
    if ((rc = parse_signature(&s, signature, &arena, d)) < 0 || (rc = check_name(env, &s, d)) < 0)
        goto out;
    rc = RTQ_ERR_NOMEM;
    if (!(f = rtq__calloc(env->mem, 1, sizeof *f)) || rtq__mutex_init(&f->serial) != 0)
        goto out;
    if ((rc = fill_row(&f->base, &s, flags, env->mem)) < 0 ||
        (rc = rtq__grow(env->mem, &env->functions, &env->cap_functions, env->n_functions + 1, sizeof *env->functions)) <
            0)
        goto out;
    f->call = fn;
    f->flags = flags;
    f->user = user;
    f->destroy = destroy;
    env->functions[env->n_functions++] = f;
    f = NULL;
    destroy = NULL;
    rc = RTQ_OK;
out:
    rtq__mutex_unlock(&env->lock);
    if (f)
        rtq__host_entry_free(env->mem, f);
    rtq__arena_free(&arena);
    if (rc < 0 && destroy)
        destroy(user);
    return rc;
}

void rtq__host_entry_free(rtq__mem *mem, rtq__host_entry *f)
{
    if (f->destroy)
        f->destroy(f->user);
    rtq__mutex_destroy(&f->serial);
    rtq__free(mem, f->base.kinds);
    rtq__free(mem, (void *)(uintptr_t)f->base.fn.name);
    rtq__free(mem, (void *)(uintptr_t)f->base.fn.args);
    rtq__free(mem, f);
}

void *rtq_call_alloc(rtq_call *call, size_t len)
{
    void *p = call ? rtq__arena_alloc(call->heap, len ? len : 1) : NULL;
    if (call && !p)
        call->code = RTQ_ERR_NOMEM;
    return p;
}

int rtq_call_fail(rtq_call *call, const char *message)
{
    if (call) {
        call->message = message;
        if (call->code == RTQ_OK)
            call->code = RTQ_ERR_USER;
    }
    return RTQ_ERR_USER;
}
