/* fn_parse.c - texts with an inner structure: CSV, paths, command lines, versions, JSON by path. */
#include "base/text.h"
#include "fn/families.h"
#include "fn/fn_text.h"
#include "value/decimal.h"

/* ---- parse_csv: the first record ----------------------------------------------------------------------------------- */
static void row_csv(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    rtq__dyn_builder *b = ctx->eval->builder;
    rtq_str text = rtq__text_of(&args[0], &ctx->eval->text);
    rtq__buf field;
    bool quoted = false, end = false;
    (void)n_args;
    rtq__buf_borrow(&field, ctx->eval->scratch);
    rtq__dyn_begin_array(b);
    for (size_t i = 0; !end; i++) {
        char c = i < text.len ? text.ptr[i] : '\n';
        if (i < text.len && c == '"') {
            if (quoted && i + 1 < text.len && text.ptr[i + 1] == '"')
                rtq__buf_addc(&field, text.ptr[++i]);
            else
                quoted = !quoted;
            continue;
        }
        end = i >= text.len || (!quoted && (c == '\n' || c == '\r'));
        if (!end && (quoted || c != ',')) {
            rtq__buf_addc(&field, c);
            continue;
        }
        rtq__dyn d = rtq__dyn_text(field.len ? field.ptr : "", field.len);
        rtq__dyn_add(b, &d);
        rtq__buf_clear(&field);
    }
    rtq__dyn_end(b);
    if (field.failed)
        ctx->error = RTQ_ERR_NOMEM;
    rtq__return_built(out, ctx);
    rtq__buf_give_back(&field, ctx->eval->scratch);
}

/* ---- parse_path ---------------------------------------------------------------------------------------------------- */
static bool slash(char c)
{
    return c == '/' || c == '\\';
}
static bool letter(char c)
{
    return (c | 32) >= 'a' && (c | 32) <= 'z';
}

static void add(rtq__dyn_builder *b, const char *key, const char *ptr, size_t len)
{
    rtq__dyn d = rtq__dyn_text(len ? ptr : "", len);
    rtq__dyn_key(b, key, strlen(key));
    rtq__dyn_add(b, &d);
}

static void row_path(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    rtq__dyn_builder *b = ctx->eval->builder;
    const char *p = args[0].len ? args[0].u.s : "";
    size_t len = args[0].len, root = 0, last = 0, colon, dot;
    (void)n_args;
    ptrdiff_t scheme = rtq__find(p, len, "://", 3);
    rtq__dyn_begin_bag(b);
    add(b, "Scheme", p, scheme > 0 ? (size_t)scheme : 0);
    if (scheme > 0)
        p += scheme + 3, len -= (size_t)scheme + 3;
    size_t prefix = len > 4 && !memcmp(p, "\\\\?\\", 4) ? 4 : 0; /* \\?\C:\… */
    if (len >= prefix + 2 && letter(p[prefix]) && p[prefix + 1] == ':')
        root = prefix + 2;
    add(b, "RootPath", p + prefix, root ? 2 : 0);
    for (size_t i = 0; i < len; i++)
        if (slash(p[i]))
            last = i + 1;
    size_t name = last < root ? root : last, dir = last ? last - 1 : root;
    add(b, "DirectoryPath", p, dir);
    size_t from = dir;
    while (from > 0 && !slash(p[from - 1]))
        from--;
    bool only_root = root && from <= prefix;
    add(b, "DirectoryName", p + from, only_root ? 0 : dir - from);
    for (colon = name; colon < len && p[colon] != ':'; colon++)
        ;
    add(b, "Filename", p + name, colon - name);
    for (dot = colon; dot > name && p[dot - 1] != '.'; dot--)
        ;
    add(b, "Extension", p + dot, dot > name ? colon - dot : 0);
    add(b, "AlternateDataStreamName", colon < len ? p + colon + 1 : "", colon < len ? len - colon - 1 : 0);
    rtq__dyn_end(b);
    rtq__return_built(out, ctx);
}

/* ---- parse_command_line: as CommandLineToArgvW --------------------------------------------------------------------- */
static int prepare_command_line(void **out, rtq__mem *mem, const rtq__fn *fn, const rtq__cell *const *args,
                                uint32_t n_args, rtq_diag *diag, size_t begin, size_t end)
{
    (void)out, (void)mem, (void)fn;
    if (n_args > 1 && args[1] && rtq__compare_nocase(args[1]->u.s, args[1]->len, "windows", 7))
        return rtq__diag_add(diag, RTQ_ERR_SEMANTIC, RTQ__SEV_ERROR, begin, end,
                             "parse_command_line() knows the parser \"windows\" only");
    return RTQ_OK;
}

static bool space(char c)
{
    return c == ' ' || c == '\t';
}

static void add_argument(rtq__dyn_builder *b, rtq__buf *arg)
{
    rtq__dyn d = rtq__dyn_text(arg->len ? arg->ptr : "", arg->len);
    rtq__dyn_add(b, &d);
    rtq__buf_clear(arg);
}

/* The program's name: no escapes, quotes only around all of it. */
static size_t program_name(rtq_str text, rtq__buf *arg)
{
    bool quoted = text.ptr[0] == '"';
    size_t i = quoted, end;
    while (i < text.len && (quoted ? text.ptr[i] != '"' : !space(text.ptr[i])))
        i++;
    rtq__buf_add(arg, text.ptr + quoted, i - quoted);
    for (end = i + (quoted && i < text.len); end < text.len && space(text.ptr[end]); end++)
        ;
    return end;
}

/* Backslashes count only in front of a quote: half of them stay, an odd one escapes it. Of three quotes in a row one stays. */
static void arguments(rtq__dyn_builder *b, rtq_str text, rtq__buf *arg)
{
    size_t i = 0, slashes = 0;
    unsigned quotes = 0;
    while (i < text.len) {
        char c = text.ptr[i];
        if (space(c) && !quotes) {
            add_argument(b, arg);
            while (i < text.len && space(text.ptr[i]))
                i++;
            slashes = 0;
            if (i == text.len)
                return;
            continue;
        }
        i++;
        if (c == '\\') {
            rtq__buf_addc(arg, c);
            slashes++;
            continue;
        }
        if (c != '"') {
            rtq__buf_addc(arg, c);
            slashes = 0;
            continue;
        }
        if (arg->len >= (slashes + 1) / 2)
            arg->len -= (slashes + 1) / 2;
        if (slashes & 1)
            rtq__buf_addc(arg, '"');
        else
            quotes++;
        slashes = 0;
        for (; i < text.len && text.ptr[i] == '"'; i++) {
            if (++quotes == 3) {
                rtq__buf_addc(arg, '"');
                quotes = 0;
            }
        }
        if (quotes == 2)
            quotes = 0;
    }
    add_argument(b, arg);
}

static void row_command_line(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    rtq__dyn_builder *b = ctx->eval->builder;
    rtq_str text = rtq__text_of(&args[0], &ctx->eval->text);
    rtq__buf arg;
    (void)n_args;
    if (!text.len)
        return;
    rtq__buf_borrow(&arg, ctx->eval->scratch);
    rtq__dyn_begin_array(b);
    size_t used = program_name(text, &arg);
    add_argument(b, &arg);
    if (used < text.len)
        arguments(b, (rtq_str){text.ptr + used, text.len - used}, &arg);
    rtq__dyn_end(b);
    if (arg.failed)
        ctx->error = RTQ_ERR_NOMEM;
    rtq__return_built(out, ctx);
    rtq__buf_give_back(&arg, ctx->eval->scratch);
}

/* ---- parse_version: four parts of eight digits --------------------------------------------------------------------- */
static void row_version(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    char digits[32];
    uint32_t part = 0, n = 0;
    const char *p = args[0].u.s;
    (void)n_args, (void)ctx;
    memset(digits, '0', sizeof digits);
    for (uint32_t i = 0; i <= args[0].len; i++) {
        if (i < args[0].len && p[i] >= '0' && p[i] <= '9') {
            if (++n > 8)
                return;
            continue;
        }
        if (!n || part == 4 || (i < args[0].len && p[i] != '.'))
            return;
        memcpy(digits + part * 8 + 8 - n, p + i - n, n);
        part++;
        n = 0;
    }
    if (rtq__decimal_parse(out->u.w, digits, sizeof digits))
        out->is_null = 0;
}

/* ---- extract_json -------------------------------------------------------------------------------------------------- */
static void row_extract_json(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    const char *path = args[0].len ? args[0].u.s : "";
    size_t len = args[0].len;
    rtq__dyn whole = {0}, found;
    rtq__buf *buf = &ctx->eval->text;
    (void)n_args;
    if (len && path[0] == '$')
        path++, len--;
    if (len && path[0] == '.')
        path++, len--;
    int rc = args[1].len ? rtq__dyn_parse(&whole, args[1].u.s, args[1].len, ctx->heap) : RTQ_ERR_DATA;
    found = whole;
    if (rc == RTQ_OK && len)
        rc = rtq__dyn_path(&found, &whole, path, len, ctx->heap);
    if (rc == RTQ_ERR_NOMEM)
        ctx->error = rc;
    if (rc != RTQ_OK)
        return;
    rtq__buf_clear(buf);
    rtq__dyn_print_text(buf, &found);
    rtq__return_buf(out, buf, ctx);
}

/* clang-format off */
#define JSON(fn, more) \
    {.name = fn, .args = "const string, string", .ret = "string", .row = row_extract_json, .flags = more, .doc = "Text of an element of a JSON document.", .page = "extract-json-function"}
const rtq__fn rtq__fns_parse[] = {
    {.name = "parse_csv", .args = "string", .ret = "dynamic", .naming = RTQ__NAME_FIRST, .row = row_csv, .doc = "Fields of a CSV record.", .page = "parse-csv-function"},
    {.name = "parse_csv", .args = "dynamic", .ret = "dynamic", .naming = RTQ__NAME_FIRST, .row = row_csv, .doc = "Fields of a CSV record.", .page = "parse-csv-function"},
    {.name = "parse_path", .args = "string", .ret = "dynamic", .row = row_path, .doc = "Parts of a file's path.", .page = "parse-path-function"},
    {.name = "parse_command_line", .args = "any, const string", .ret = "dynamic", .nulls = RTQ__NULL_CUSTOM, .row = row_command_line, .prepare = prepare_command_line, .doc = "Arguments of a command line.", .page = "parse-command-line-function"},
    {.name = "parse_version", .args = "string", .ret = "decimal", .row = row_version, .doc = "A version as one number that compares as versions do.", .page = "parse-version-function"},
    JSON("extract_json", 0), JSON("extractjson", 0),
};
/* clang-format on */
RTQ__FAMILY_COUNT(parse)
