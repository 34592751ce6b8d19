/* user_agent.c - user agents told apart by the patterns of ua-parser (uap-core's regexes.yaml; its specification.md says how). The first
 * pattern that matches decides; what it captured, or its replacements, are the result. */
#include "fn/fn_text.h"
#include "fn/host_data.h"
#include "fn/regex.h"
#include "fn/rules_text.h"

enum { BROWSER, OS, DEVICE, N_TARGETS, FIELDS = 5, GROUPS = 10 };

typedef struct rule {
    rtq__re *re;
    const char *literal; /* every match contains it; folded when nocase */
    uint32_t n_literal, n_groups;
    bool nocase;
    const char *replace[FIELDS]; /* NULL: the group of that field's number */
    struct rule *next;
} rule;

typedef struct patterns {
    rtq__arena arena;
    rule *rules[N_TARGETS];
} patterns;

/* How the parts are called in the file and in the result. group: what a field is without a replacement, 0: empty. */
typedef struct target {
    const char *section, *word, *key;
    struct {
        const char *replacement, *key;
        uint32_t group;
    } fields[FIELDS];
    uint32_t n_fields;
} target;
static const target targets[N_TARGETS] = {
    {"user_agent_parsers",
     "browser",
     "Browser",
     {{"family_replacement", "Family", 1},
      {"v1_replacement", "MajorVersion", 2},
      {"v2_replacement", "MinorVersion", 3},
      {"v3_replacement", "Patch", 4}},
     4},
    {"os_parsers",
     "os",
     "OperatingSystem",
     {{"os_replacement", "Family", 1},
      {"os_v1_replacement", "MajorVersion", 2},
      {"os_v2_replacement", "MinorVersion", 3},
      {"os_v3_replacement", "Patch", 4},
      {"os_v4_replacement", "PatchMinor", 5}},
     5},
    {"device_parsers",
     "device",
     "Device",
     {{"device_replacement", "Family", 1}, {"brand_replacement", "Brand", 0}, {"model_replacement", "Model", 1}},
     3},
};

/* ---- reading -------------------------------------------------------------------------------------------------------- */
static int compile(rule *r, patterns *p, const char *regex, size_t len, bool nocase, rtq_diag *diag, uint32_t line)
{
    char error[160] = "", literal[32];
    rtq__buf text;
    rtq__buf_init(&text, p->arena.mem);
    rtq__buf_adds(&text, nocase ? "(?i)" : "");
    rtq__buf_add(&text, regex, len);
    int rc = text.failed ? RTQ_ERR_NOMEM : rtq__re_new(&r->re, text.ptr, text.len, 8 << 20, error, sizeof error);
    if (rc == RTQ_OK) {
        r->n_groups = rtq__re_groups(r->re);
        r->n_literal = (uint32_t)rtq__regex_literal(literal, sizeof literal, text.ptr, text.len, &r->nocase);
        for (uint32_t i = 0; r->nocase && i < r->n_literal; i++)
            literal[i] = (char)(literal[i] >= 'A' && literal[i] <= 'Z' ? literal[i] | 0x20 : literal[i]);
        r->literal = rtq__arena_strndup(&p->arena, literal, r->n_literal);
        rc = r->literal ? RTQ_OK : RTQ_ERR_NOMEM;
    } else if (rc == RTQ_ERR_SYNTAX) {
        rc = rtq__diag_add(diag, RTQ_ERR_DATA, RTQ__SEV_ERROR, 0, 0, "line %u: bad regular expression: %s",
                           (unsigned)line, error);
    }
    rtq__buf_free(&text);
    return rc;
}

typedef struct reader {
    patterns *p;
    rule *current, **tails[N_TARGETS];
    const char *regex; /* of the current rule; compiled when all of the rule is known */
    size_t regex_len;
    bool nocase;
    uint32_t line, target;
    rtq_diag *diag;
} reader;

static int end_rule(reader *r)
{
    if (!r->current)
        return RTQ_OK;
    if (!r->regex)
        return rtq__diag_add(r->diag, RTQ_ERR_DATA, RTQ__SEV_ERROR, 0, 0, "line %u: a rule without 'regex'",
                             (unsigned)r->line);
    int rc = compile(r->current, r->p, r->regex, r->regex_len, r->nocase, r->diag, r->line);
    r->current = NULL;
    return rc;
}

static int begin_rule(reader *r, const rtq__rules_text *t)
{
    int rc = end_rule(r);
    if (rc != RTQ_OK)
        return rc;
    if (!(r->current = rtq__arena_zalloc(&r->p->arena, sizeof *r->current)))
        return RTQ_ERR_NOMEM;
    *r->tails[r->target] = r->current;
    r->tails[r->target] = &r->current->next;
    r->regex = NULL;
    r->nocase = false;
    r->line = t->line;
    return RTQ_OK;
}

static bool is(const char *word, const char *ptr, size_t len)
{
    return strlen(word) == len && memcmp(word, ptr, len) == 0;
}

static int read_entry(reader *r, const rtq__rules_text *t)
{
    uint32_t k = 0;
    while (k < N_TARGETS && !is(targets[k].section, t->section, t->section_len))
        k++;
    if (k == N_TARGETS)
        return RTQ_OK; /* another list in the file */
    r->target = t->first ? k : r->target;
    int rc = t->first ? begin_rule(r, t) : RTQ_OK;
    if (rc != RTQ_OK)
        return rc;
    const char *value = rtq__arena_strndup(&r->p->arena, t->value.ptr, t->value.len);
    if (!value)
        return RTQ_ERR_NOMEM;
    if (!r->current)
        return rtq__diag_add(r->diag, RTQ_ERR_DATA, RTQ__SEV_ERROR, 0, 0, "line %u: a rule begins with '- regex:'",
                             (unsigned)t->line);
    if (is("regex", t->key, t->key_len)) {
        r->regex = value;
        r->regex_len = t->value.len;
    } else if (is("regex_flag", t->key, t->key_len)) {
        r->nocase = strcmp(value, "i") == 0;
    } else {
        for (uint32_t f = 0; f < targets[k].n_fields; f++)
            if (is(targets[k].fields[f].replacement, t->key, t->key_len))
                r->current->replace[f] = value;
    }
    return RTQ_OK;
}

int rtq__user_agent_parse(void **out, rtq__mem *mem, const char *text, size_t len, rtq_diag *diag)
{
    patterns *p = rtq__calloc(mem, 1, sizeof *p);
    rtq__rules_text t;
    int rc;
    if (!p)
        return RTQ_ERR_NOMEM;
    rtq__arena_init(&p->arena, mem, 0);
    reader r = {.p = p, .diag = diag};
    for (uint32_t k = 0; k < N_TARGETS; k++)
        r.tails[k] = &p->rules[k];
    rtq__rules_text_init(&t, mem, text, len);
    while ((rc = rtq__rules_text_next(&t)) == RTQ_OK)
        if ((rc = read_entry(&r, &t)) != RTQ_OK)
            break;
    if (rc == RTQ_ERR_DATA && t.why)
        rtq__diag_add(diag, rc, RTQ__SEV_ERROR, 0, 0, "line %u: %s", (unsigned)t.line, t.why);
    rc = rc == RTQ_END ? end_rule(&r) : rc;
    if (rc == RTQ_OK && (!p->rules[BROWSER] || !p->rules[OS] || !p->rules[DEVICE]))
        rc = rtq__diag_add(diag, RTQ_ERR_DATA, RTQ__SEV_ERROR, 0, 0,
                           "user_agent_parsers, os_parsers or device_parsers is missing: this is no file of patterns");
    rtq__rules_text_free(&t);
    if (rc == RTQ_OK)
        *out = p;
    else
        rtq__user_agent_close(mem, p);
    return rc;
}

void rtq__user_agent_close(rtq__mem *mem, void *data)
{
    patterns *p = data;
    if (!p)
        return;
    for (uint32_t k = 0; k < N_TARGETS; k++)
        for (rule *r = p->rules[k]; r; r = r->next)
            rtq__re_free(r->re);
    rtq__arena_free(&p->arena);
    rtq__free(mem, p);
}

/* ---- matching ------------------------------------------------------------------------------------------------------- */
static const rule *first_match(const patterns *p, uint32_t k, rtq_str text, const char *folded, rtq__span *spans,
                               rtq__rowctx *ctx)
{
    for (const rule *r = p->rules[k]; r; r = r->next) {
        if (r->n_literal && !memmem(r->nocase ? folded : text.ptr, text.len, r->literal, r->n_literal))
            continue;
        uint32_t n = r->n_groups + 1 < GROUPS ? r->n_groups + 1 : GROUPS;
        memset(spans, 0, GROUPS * sizeof *spans);
        int rc = rtq__re_match(r->re, text.ptr, text.len, 0, spans, n);
        if (rc == 1)
            return r;
        if (rc < 0) {
            ctx->error = rc;
            return NULL;
        }
    }
    return NULL;
}

/* A replacement with its $1 … $9, or the group of that number; without blanks around it. */
static void expand(rtq__buf *out, const char *replacement, uint32_t group, const rtq__span *spans)
{
    rtq__buf_clear(out);
    if (!replacement && group && spans[group].ptr)
        rtq__buf_add(out, spans[group].ptr, spans[group].len);
    for (const char *c = replacement; c && *c; c++) {
        if (c[0] != '$' || c[1] < '1' || c[1] > '9') {
            rtq__buf_addc(out, *c);
            continue;
        }
        const rtq__span *s = &spans[*++c - '0'];
        if (s->ptr)
            rtq__buf_add(out, s->ptr, s->len);
    }
}

static rtq__dyn trimmed(const rtq__buf *text)
{
    size_t begin = 0, end = text->len;
    while (begin < end && text->ptr[begin] == ' ')
        begin++;
    while (end > begin && text->ptr[end - 1] == ' ')
        end--;
    return rtq__dyn_text(end > begin ? text->ptr + begin : "", end - begin);
}

static void add_target(const patterns *p, uint32_t k, rtq_str text, const char *folded, rtq__rowctx *ctx)
{
    rtq__span spans[GROUPS];
    const target *t = &targets[k];
    const rule *r = first_match(p, k, text, folded, spans, ctx);
    rtq__dyn_builder *b = ctx->eval->builder;
    rtq__dyn_key(b, t->key, strlen(t->key));
    rtq__dyn_begin_bag(b);
    for (uint32_t f = 0; f < t->n_fields; f++) {
        rtq__dyn d = rtq__dyn_text(f ? "" : "Other", f ? 0 : 5);
        if (r) {
            expand(&ctx->eval->text, r->replace[f], t->fields[f].group, spans);
            d = trimmed(&ctx->eval->text);
        }
        rtq__dyn_key(b, t->fields[f].key, strlen(t->fields[f].key));
        rtq__dyn_add(b, &d);
    }
    rtq__dyn_end(b);
}

/* Which parts are wanted, as bits. */
static uint32_t wanted(const rtq__cell *c, rtq__rowctx *ctx)
{
    rtq__dyn d = rtq__dyn_from_cell(c);
    rtq__dyn_iter it;
    uint32_t bits = 0;
    if (!rtq__dyn_is_array(&d)) {
        for (uint32_t k = 0; k < N_TARGETS; k++)
            bits |= d.tag == RTQ__DYN_STRING && is(targets[k].word, d.u.p, d.len) ? 1u << k : 0;
        return bits;
    }
    rtq__dyn_iter_init(&it, &d, ctx->heap);
    while (rtq__dyn_next(&it))
        for (uint32_t k = 0; k < N_TARGETS; k++)
            bits |= it.item.tag == RTQ__DYN_STRING && is(targets[k].word, it.item.u.p, it.item.len) ? 1u << k : 0;
    ctx->error = it.error;
    return bits;
}

void rtq__user_agent_row(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    const patterns *p = ctx->fn->user;
    rtq_str text = {args[0].len ? args[0].u.s : "", args[0].len};
    uint32_t bits = wanted(&args[1], ctx);
    char *folded = rtq__arena_strndup(ctx->heap, text.ptr, text.len);
    (void)n_args;
    if (!folded)
        ctx->error = RTQ_ERR_NOMEM;
    if (ctx->error || !bits)
        return;
    for (size_t i = 0; i < text.len; i++)
        folded[i] = (char)(folded[i] >= 'A' && folded[i] <= 'Z' ? folded[i] | 0x20 : folded[i]);
    rtq__dyn_begin_bag(ctx->eval->builder);
    for (uint32_t k = 0; k < N_TARGETS; k++)
        if (bits >> k & 1)
            add_target(p, k, text, folded, ctx);
    rtq__dyn_end(ctx->eval->builder);
    rtq__return_built(out, ctx);
}
