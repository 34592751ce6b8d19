/* fn_regex.c - functions and operators with regular expressions. Patterns are constants, compiled once. */
#include "base/text.h"
#include "fn/families.h"
#include "fn/fn_text.h"
#include "fn/regex.h"

enum {
    MATCHES = -1,
    PATTERN_0 = 0,
    PATTERN_1 = 1,
    TRIM = 8,
    TRIM_START = 16,
    TRIM_END = 32,
    COUNT = 64,
    ALL = 128,
    REWRITE_1 = 256,
    REWRITE_2 = 512,
    ARG = 7 /* tag: number of the pattern, what else is to be prepared */
};
enum { MAX_GROUPS = 17 };

typedef struct regex {
    rtq__re *re, *end;   /* end: for the end of the text, trim only */
    rtq__needle literal; /* what every match contains; len 0: nothing known */
    char literal_text[32];
    uint32_t groups[MAX_GROUPS], n; /* of extract_all */
    char *rewrite;
    size_t rewrite_len;
} regex;

static void unprepare(rtq__mem *mem, void *state)
{
    regex *r = state;
    if (!r)
        return;
    rtq__re_free(r->re);
    rtq__re_free(r->end);
    rtq__free(mem, r->rewrite);
    rtq__free(mem, r);
}

/* Which groups extract_all gives: those of the array (numbers or names), else all. */
static int choose_groups(regex *r, rtq__mem *mem, const rtq__cell *list, rtq_diag *diag, size_t begin, size_t end)
{
    uint32_t all = rtq__re_groups(r->re);
    if (all < 1 || all >= MAX_GROUPS)
        return rtq__diag_add(diag, RTQ_ERR_SEMANTIC, RTQ__SEV_ERROR, begin, end,
                             "extract_all() needs a pattern with 1 to 16 groups, not %u", (unsigned)all);
    if (!list) {
        for (uint32_t i = 1; i <= all; i++)
            r->groups[r->n++] = i;
        return RTQ_OK;
    }
    rtq__arena heap;
    rtq__dyn_iter it;
    rtq__arena_init(&heap, mem, 256);
    rtq__dyn_iter_init(&it, &list->u.y, &heap);
    int64_t group = 0;
    while (rtq__dyn_next(&it) && r->n < MAX_GROUPS) {
        group = it.item.tag == RTQ__DYN_LONG     ? it.item.u.i
                : it.item.tag == RTQ__DYN_STRING ? rtq__re_group(r->re, it.item.u.p, it.item.len)
                                                 : -1;
        if (group < 1 || group > all)
            break;
        r->groups[r->n++] = (uint32_t)group;
    }
    int rc = it.error;
    rtq__arena_free(&heap);
    if (rc == RTQ_OK && (!r->n || group < 1 || group > all))
        return rtq__diag_add(diag, RTQ_ERR_SEMANTIC, RTQ__SEV_ERROR, begin, end,
                             "the pattern of extract_all() has no such group");
    return rc;
}

static int prepare(void **out, rtq__mem *mem, const rtq__fn *fn, const rtq__cell *const *args, uint32_t n_args,
                   rtq_diag *diag, size_t begin, size_t end)
{
    uint32_t arg = fn->tag == MATCHES ? 1 : (uint32_t)fn->tag & ARG;
    if (fn->tag > 0 && fn->tag & COUNT) {
        bool as_regex = n_args > 2 && args[2] && args[2]->len == 5 && !memcmp(args[2]->u.s, "regex", 5);
        if (n_args > 2 && args[2] && !as_regex && (args[2]->len != 6 || memcmp(args[2]->u.s, "normal", 6)))
            return rtq__diag_add(diag, RTQ_ERR_SEMANTIC, RTQ__SEV_ERROR, begin, end,
                                 "countof() takes the kinds \"normal\" and \"regex\"");
        if (!as_regex)
            return RTQ_OK;
    }
    if (arg >= n_args || !args[arg] || args[arg]->kind != RTQ_STRING)
        return RTQ_OK;
    regex *r = rtq__calloc(mem, 1, sizeof *r);
    if (!r)
        return RTQ_ERR_NOMEM;
    const char *text = args[arg]->len ? args[arg]->u.s : "";
    unsigned how = fn->tag > 0 ? (unsigned)fn->tag : 0, anchors = how & (TRIM | TRIM_START) ? RTQ__REGEX_BEGIN
                                                                  : how & TRIM_END          ? RTQ__REGEX_END
                                                                                            : 0;
    int rc = rtq__regex_new(&r->re, mem, text, args[arg]->len, anchors, diag, begin, end);
    bool nocase;
    size_t literal_len = rtq__regex_literal(r->literal_text, sizeof r->literal_text, text, args[arg]->len, &nocase);
    rtq__needle_init(&r->literal, r->literal_text, literal_len, !nocase);
    if (rc == RTQ_OK && how & TRIM)
        rc = rtq__regex_new(&r->end, mem, text, args[arg]->len, RTQ__REGEX_END, diag, begin, end);
    if (rc == RTQ_OK && how & ALL)
        rc = choose_groups(r, mem, n_args > 2 ? args[1] : NULL, diag, begin, end);
    uint32_t rewrite = how & REWRITE_2 ? 2 : how & REWRITE_1 ? 1 : 0;
    if (rc == RTQ_OK && rewrite && args[rewrite]) {
        r->rewrite_len = args[rewrite]->len;
        r->rewrite = rtq__strndup(mem, r->rewrite_len ? args[rewrite]->u.s : "", r->rewrite_len);
        rc = r->rewrite ? RTQ_OK : RTQ_ERR_NOMEM;
    }
    if (rc != RTQ_OK)
        unprepare(mem, r);
    else
        *out = r;
    return rc;
}

/* ---- matches regex ------------------------------------------------------------------------------------------------ */

/* A pattern that comes with the rows is compiled when it changes; a bad one matches nothing. */
typedef struct moving {
    rtq__re *re;
    rtq__buf pattern;
    bool compiled;
} moving;

static int moving_match(moving *m, rtq__fcall *call, uint32_t row, rtq_str text)
{
    rtq__cell c = rtq__vec_get(call->args[1], row);
    rtq__buf own;
    rtq__buf_borrow(&own, call->eval->scratch);
    rtq_str pattern = rtq__text_of(&c, &own);
    if (!m->compiled || m->pattern.len != pattern.len ||
        memcmp(m->pattern.ptr ? m->pattern.ptr : "", pattern.ptr, pattern.len)) {
        rtq__re_free(m->re);
        m->re = NULL;
        rtq__buf_clear(&m->pattern);
        rtq__buf_add(&m->pattern, pattern.ptr, pattern.len);
        int rc = rtq__regex_new(&m->re, call->eval->mem, pattern.ptr, pattern.len, 0, NULL, 0, 0);
        m->compiled = true;
        if (rc == RTQ_ERR_NOMEM || m->pattern.failed) {
            rtq__buf_give_back(&own, call->eval->scratch);
            return RTQ_ERR_NOMEM;
        }
    }
    rtq__buf_give_back(&own, call->eval->scratch);
    return m->re ? rtq__re_match(m->re, text.ptr, text.len, 0, NULL, 0) : 0;
}

static bool possible(const regex *r, rtq_str text)
{
    return !r->literal.len || rtq__needle_find(&r->literal, text.ptr, text.len) >= 0;
}

static int each(rtq__fcall *call, uint8_t *bools, rtq__sel *out, uint32_t *n_out)
{
    const regex *r = call->state;
    const rtq__vec *v = call->args[0];
    const rtq__string *cells = v->kind == RTQ_STRING && v->form == RTQ__FLAT ? v->data : NULL;
    moving m = {NULL, {0}, false};
    int yes = 0;
    uint32_t n = 0;
    rtq__buf_init(&m.pattern, call->eval->mem);
    for (uint32_t i = 0; i < call->n_sel && yes >= 0; i++) {
        uint32_t row = call->sel ? call->sel[i] : i;
        rtq_str text;
        if (cells) {
            text = (rtq_str){rtq__string_ptr(&cells[row]), cells[row].len};
        } else {
            rtq__cell c = rtq__vec_get(v, row);
            text = rtq__text_of(&c, &call->eval->text);
        }
        yes = !r                  ? moving_match(&m, call, row, text)
              : possible(r, text) ? rtq__re_match(r->re, text.ptr, text.len, 0, NULL, 0)
                                  : 0;
        if (bools)
            bools[row] = yes > 0;
        else if (yes > 0)
            out[n++] = (rtq__sel)row;
    }
    rtq__re_free(m.re);
    rtq__buf_free(&m.pattern);
    if (n_out)
        *n_out = n;
    return yes < 0 ? yes : RTQ_OK;
}

static int filter(rtq__sel *out, uint32_t *n_out, rtq__fcall *call)
{
    return each(call, NULL, out, n_out);
}

static int vec(rtq__vec **out, rtq__fcall *call)
{
    *out = rtq__vec_new(call->eval->scratch, RTQ_BOOL, call->n);
    return *out ? each(call, (*out)->data, NULL, NULL) : RTQ_ERR_NOMEM;
}

/* ---- extract ------------------------------------------------------------------------------------------------------ */

static bool match(const regex *r, rtq_str text, size_t start, rtq__span *spans, uint32_t n, rtq__rowctx *ctx)
{
    int rc = r ? rtq__re_match(r->re, text.ptr, text.len, start, spans, n) : 0;
    if (rc < 0)
        ctx->error = rc;
    return rc > 0;
}

static void row_extract(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    const regex *r = ctx->state;
    rtq__span spans[RTQ__RE_GROUPS];
    int64_t group = args[1].u.i;
    (void)n_args;
    if (!r || args[1].is_null || group < 0 || group > rtq__re_groups(r->re) || group >= RTQ__RE_GROUPS)
        return;
    rtq_str text = rtq__text_of(&args[2], &ctx->eval->text);
    if (possible(r, text) && match(r, text, 0, spans, (uint32_t)group + 1, ctx) && spans[group].ptr)
        rtq__return_copy(out, spans[group].ptr, spans[group].len, ctx);
}

/* Where the search goes on after a match: an empty one must not be found twice. */
static size_t after(rtq_str text, const rtq__span *whole)
{
    size_t end = (size_t)(whole->ptr - text.ptr) + whole->len;
    uint32_t cp;
    if (whole->len || end >= text.len)
        return whole->len ? end : end + 1;
    return end + rtq__utf8_next(&cp, text.ptr + end, text.len - end);
}

/* The matches of a text one by one; an empty one right behind the last is none. */
typedef struct walk {
    size_t at, last_end;
    bool any;
} walk;

static bool next_match(walk *w, const regex *r, rtq_str text, rtq__span *spans, uint32_t n, rtq__rowctx *ctx)
{
    while (w->at <= text.len && match(r, text, w->at, spans, n, ctx)) {
        size_t end = (size_t)(spans[0].ptr - text.ptr) + spans[0].len;
        bool again = w->any && !spans[0].len && end == w->last_end;
        w->at = after(text, &spans[0]);
        if (again)
            continue;
        w->any = true;
        w->last_end = end;
        return true;
    }
    return false;
}

static void row_extract_all(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    const regex *r = ctx->state;
    rtq_str text = rtq__text_of(&args[n_args - 1], &ctx->eval->text);
    rtq__dyn_builder *b = ctx->eval->builder;
    rtq__span spans[MAX_GROUPS];
    walk w = {0, 0, false};
    bool any = false;
    while (next_match(&w, r, text, spans, r ? rtq__re_groups(r->re) + 1 : 0, ctx)) {
        if (!any)
            rtq__dyn_begin_array(b);
        any = true;
        if (r->n > 1)
            rtq__dyn_begin_array(b);
        for (uint32_t i = 0; i < r->n; i++) {
            const rtq__span *s = &spans[r->groups[i]];
            rtq__dyn d = rtq__dyn_text(s->ptr ? s->ptr : "", s->ptr ? s->len : 0);
            rtq__dyn_add(b, &d);
        }
        if (r->n > 1)
            rtq__dyn_end(b);
    }
    if (any) {
        rtq__dyn_end(b);
        rtq__return_built(out, ctx);
    }
}

/* ---- replace, trim ------------------------------------------------------------------------------------------------ */

static void rewrite(rtq__buf *out, const regex *r, const char *pattern, size_t len, const rtq__span *spans)
{
    for (size_t i = 0; i < len; i++) {
        if (pattern[i] != '\\' || i + 1 == len) {
            rtq__buf_addc(out, pattern[i]);
            continue;
        }
        char c = pattern[++i];
        if (c < '0' || c > '9') {
            if (c != '\\')
                rtq__buf_addc(out, '\\');
            rtq__buf_addc(out, c);
        } else if ((uint32_t)(c - '0') <= rtq__re_groups(r->re) && spans[c - '0'].ptr) {
            rtq__buf_add(out, spans[c - '0'].ptr, spans[c - '0'].len);
        }
    }
}

static void replace(rtq__cell *out, const regex *r, const rtq__cell *source, const rtq__cell *pattern, rtq__rowctx *ctx)
{
    rtq__span spans[10] = {{NULL, 0}};
    rtq_str text = {source->len ? source->u.s : "", source->len};
    const char *to = r->rewrite ? r->rewrite : pattern->u.s;
    size_t to_len = r->rewrite ? r->rewrite_len : pattern->len, copied = 0;
    walk w = {0, 0, false};
    rtq__buf *buf = &ctx->eval->text;
    uint32_t n = rtq__re_groups(r->re) + 1;
    rtq__buf_clear(buf);
    while (next_match(&w, r, text, spans, n < 10 ? n : 10, ctx)) {
        size_t begin = (size_t)(spans[0].ptr - text.ptr);
        rtq__buf_add(buf, text.ptr + copied, begin - copied);
        rewrite(buf, r, to, to_len, spans);
        copied = begin + spans[0].len;
    }
    if (!w.any) { /* nothing replaced: the text itself is the result */
        *out = *source;
        return;
    }
    rtq__buf_add(buf, text.ptr + copied, text.len - copied);
    rtq__return_buf(out, buf, ctx);
}

static void row_replace_regex(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    (void)n_args;
    if (ctx->state)
        replace(out, ctx->state, &args[0], &args[2], ctx);
}

static void row_replace(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    (void)n_args;
    if (ctx->state)
        replace(out, ctx->state, &args[2], &args[1], ctx);
}

/* One match is removed at each end, not all of them: trim("x", "xxabcxx") is "xabcx". */
static void row_trim(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    const regex *r = ctx->state;
    rtq__span whole;
    rtq_str text = {args[1].len ? args[1].u.s : "", args[1].len};
    (void)n_args;
    if (ctx->fn->tag & TRIM_END) {
        if (match(r, text, 0, &whole, 1, ctx))
            text.len -= whole.len;
    } else {
        if (match(r, text, 0, &whole, 1, ctx))
            text.ptr += whole.len, text.len -= whole.len;
        if (r && r->end && rtq__re_match(r->end, text.ptr, text.len, 0, &whole, 1) > 0)
            text.len -= whole.len;
    }
    rtq__return_copy(out, text.ptr, text.len, ctx);
}

/* ---- positions and counts ----------------------------------------------------------------------------------------- */

static void row_countof(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    const regex *r = ctx->state;
    rtq_str text = {args[0].len ? args[0].u.s : "", args[0].len};
    int64_t n = 0;
    (void)n_args;
    if (r) {
        rtq__span whole;
        for (walk w = {0, 0, false}; next_match(&w, r, text, &whole, 1, ctx);)
            n++;
    } else if (args[1].len) { /* plain matches may overlap */
        size_t at = 0;
        ptrdiff_t found;
        while ((found = rtq__find(text.ptr + at, text.len - at, args[1].u.s, args[1].len)) >= 0)
            at += (size_t)found + 1, n++;
    }
    rtq__return_long(out, n);
}

/* Byte offset of character `n`; the length when there are fewer. */
static size_t byte_of(rtq_str text, int64_t n)
{
    size_t at = 0;
    uint32_t cp;
    for (; n > 0 && at < text.len; n--)
        at += rtq__utf8_next(&cp, text.ptr + at, text.len - at);
    return at;
}

static void row_indexof_regex(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    const regex *r = ctx->state;
    rtq__buf *buf = &ctx->eval->text;
    rtq_str text = rtq__text_of(&args[0], buf);
    int64_t start = n_args > 2 ? args[2].u.i : 0, length = n_args > 3 ? args[3].u.i : -1,
            occurrence = n_args > 4 ? args[4].u.i : 1;
    if (!r || start < 0 || length < -1 || occurrence < 0)
        return;
    size_t at = byte_of(text, start), end = text.len;
    if (length >= 0)
        end = at + byte_of((rtq_str){text.ptr + at, text.len - at}, length);
    rtq_str range = {text.ptr, end};
    rtq__span whole;
    while (at <= end && match(r, range, at, &whole, 1, ctx)) {
        if (--occurrence <= 0) {
            rtq__return_long(out, (int64_t)rtq__utf8_length(text.ptr, (size_t)(whole.ptr - text.ptr)));
            return;
        }
        at = after(range, &whole);
    }
    rtq__return_long(out, -1);
}

static void row_regex_quote(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    rtq__buf *buf = &ctx->eval->text;
    (void)n_args;
    rtq__buf_clear(buf);
    for (uint32_t i = 0; i < args[0].len; i++) {
        char c = args[0].u.s[i];
        if (c && strchr("\\.+*?()|[]{}^$#&-~", c))
            rtq__buf_addc(buf, '\\');
        rtq__buf_addc(buf, c);
    }
    rtq__return_buf(out, buf, ctx);
}

/* clang-format off */
#define MATCH(params) \
    {.name = "matches regex", .args = params, .ret = "bool", .nulls = RTQ__NULL_CUSTOM, .flags = RTQ__FN_OPERATOR, .vec = vec, .filter = filter, \
     .prepare = prepare, .unprepare = unprepare, .doc = "The value contains a match of the regular expression.", .page = "matches-regex-operator", .tag = MATCHES}
#define ROW(fn, params, type, rule, kernel, bits, text, ref, more) \
    {.name = fn, .args = params, .ret = type, .nulls = rule, .row = kernel, .prepare = prepare, .unprepare = unprepare, .doc = text, .page = ref, \
     .tag = bits, .flags = more}
enum { PROP = RTQ__NULL_PROPAGATE, SELF = RTQ__NULL_CUSTOM };

const rtq__fn rtq__fns_regex[] = {
    MATCH("string, string"), MATCH("dynamic, string"), MATCH("string, dynamic"), MATCH("dynamic, dynamic"),
    ROW("extract", "const string, long, string", "string", SELF, row_extract, PATTERN_0, "Text of a group of the first match.", "extract-function", 0),
    ROW("extract_all", "const string, string", "dynamic", SELF, row_extract_all, PATTERN_0 | ALL, "Texts of the groups of all matches.", "extract-all-function", 0),
    ROW("extract_all", "const string, const dynamic, string", "dynamic", SELF, row_extract_all, PATTERN_0 | ALL, "Texts of some groups of all matches.", "extract-all-function", 0),
    ROW("extractall", "const string, string", "dynamic", SELF, row_extract_all, PATTERN_0 | ALL, "Texts of the groups of all matches.", "extract-all-function", RTQ__FN_OBSOLETE),
    ROW("extractall", "const string, const dynamic, string", "dynamic", SELF, row_extract_all, PATTERN_0 | ALL, "Texts of some groups of all matches.", "extract-all-function", RTQ__FN_OBSOLETE),
    ROW("replace_regex", "string, const string, const string", "string", PROP, row_replace_regex, PATTERN_1 | REWRITE_2, "Replaces all matches; \\\\1 in the replacement is the first group.", "replace-regex-function", 0),
    ROW("replace", "const string, const string, string", "string", PROP, row_replace, PATTERN_0 | REWRITE_1, "Replaces all matches; \\\\1 in the replacement is the first group.", "replace-regex-function", RTQ__FN_OBSOLETE),
    ROW("trim", "const string, string", "string", PROP, row_trim, PATTERN_0 | TRIM, "Removes a match from the beginning and from the end.", "trim-function", 0),
    ROW("trim_start", "const string, string", "string", PROP, row_trim, PATTERN_0 | TRIM_START, "Removes a match from the beginning.", "trim-start-function", 0),
    ROW("trim_end", "const string, string", "string", PROP, row_trim, PATTERN_0 | TRIM_END, "Removes a match from the end.", "trim-end-function", 0),
    ROW("countof", "string, string, [const string]", "long", PROP, row_countof, PATTERN_1 | COUNT, "Number of occurrences of a text or of matches of a regular expression.", "countof-function", 0),
    ROW("indexof_regex", "any, const text, [long], [long], [const long]", "long", PROP, row_indexof_regex, PATTERN_1, "Position of a match.", "indexof-regex-function", 0),
    {.name = "regex_quote", .args = "text", .ret = "string", .row = row_regex_quote, .doc = "Escapes what means something in a regular expression.", .page = "regex-quote-function"},
};
/* clang-format on */
RTQ__FAMILY_COUNT(regex)
