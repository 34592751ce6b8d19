/* fn_url.c - URLs. */
#include "base/text.h"
#include "fn/families.h"
#include "fn/fn_text.h"

static bool plain(char c)
{
    return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || (c && strchr("-_.!*()", c));
}

enum { PLUS, PERCENT };

static void row_encode(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    rtq__buf *buf = &ctx->eval->text;
    (void)n_args;
    rtq__buf_clear(buf);
    for (uint32_t i = 0; i < args[0].len; i++) {
        char c = args[0].u.s[i];
        if (plain(c))
            rtq__buf_addc(buf, c);
        else if (c == ' ' && ctx->fn->tag == PLUS)
            rtq__buf_addc(buf, '+');
        else
            rtq__buf_addf(buf, "%%%02x", (unsigned)(unsigned char)c);
    }
    rtq__return_buf(out, buf, ctx);
}

static int hex(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;
}

static void decode(rtq__buf *buf, rtq_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        int high = c == '%' && i + 2 < text.len ? hex(text.ptr[i + 1]) : -1,
            low = high >= 0 ? hex(text.ptr[i + 2]) : -1;
        if (low >= 0) {
            rtq__buf_addc(buf, (char)(high << 4 | low));
            i += 2;
        } else {
            rtq__buf_addc(buf, c == '+' ? ' ' : c);
        }
    }
}

static void row_decode(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    rtq__buf raw, *buf = &ctx->eval->text;
    (void)n_args;
    rtq__buf_borrow(&raw, ctx->eval->scratch);
    decode(&raw, (rtq_str){args[0].u.s, args[0].len});
    rtq__buf_clear(buf);
    rtq__utf8_repair(buf, raw.ptr ? raw.ptr : "", raw.len); /* bytes behind % need not be UTF-8 */
    if (raw.failed)
        ctx->error = RTQ_ERR_NOMEM;
    else
        rtq__return_buf(out, buf, ctx);
    rtq__buf_give_back(&raw, ctx->eval->scratch);
}

static void add(rtq__dyn_builder *b, const char *key, rtq_str value)
{
    rtq__dyn d = rtq__dyn_text(value.ptr, value.len);
    rtq__dyn_key(b, key, strlen(key));
    rtq__dyn_add(b, &d);
}

static rtq_str cut(rtq_str *rest, const char *at, size_t skip) /* what is before `at`; rest becomes what is behind */
{
    rtq_str head = {rest->ptr, at ? (size_t)(at - rest->ptr) : rest->len};
    size_t used = at ? head.len + skip : rest->len;
    rest->ptr += used;
    rest->len -= used;
    return head;
}

static const char *find(rtq_str text, char c)
{
    return text.len ? memchr(text.ptr, c, text.len) : NULL;
}

static void add_query(rtq__dyn_builder *b, rtq_str query)
{
    rtq__dyn_key(b, "Query Parameters", 16);
    rtq__dyn_begin_bag(b);
    while (query.len) {
        rtq_str value = cut(&query, find(query, '&'), 1), key;
        if (!value.len)
            continue;
        key = cut(&value, find(value, '='), 1);
        rtq__dyn d = rtq__dyn_text(value.len ? value.ptr : "", value.len);
        rtq__dyn_key(b, key.ptr, key.len);
        rtq__dyn_add(b, &d);
    }
    rtq__dyn_end(b);
}

static void add_authority(rtq__dyn_builder *b, rtq_str *user, rtq_str *password, rtq_str authority)
{
    const char *at = NULL;
    *user = *password = (rtq_str){"", 0};
    for (size_t i = authority.len; i > 0 && !at; i--)
        if (authority.ptr[i - 1] == '@')
            at = authority.ptr + i - 1;
    if (at) {
        *password = cut(&authority, at, 1);
        *user = cut(password, find(*password, ':'), 1);
    }
    const char *colon = NULL;
    if (authority.len && authority.ptr[0] == '[') { /* an IPv6 address has colons of its own */
        const char *close = find(authority, ']');
        colon = close && close + 1 < authority.ptr + authority.len && close[1] == ':' ? close + 1 : NULL;
    } else {
        colon = find(authority, ':');
    }
    add(b, "Host", cut(&authority, colon, 1));
    add(b, "Port", authority.len ? authority : (rtq_str){"", 0});
}

static void row_parse_url(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    rtq__dyn_builder *b = ctx->eval->builder;
    rtq_str rest = {args[0].len ? args[0].u.s : "", args[0].len}, user = {"", 0}, password = {"", 0}, fragment, query,
            authority = {"", 0};
    (void)n_args;
    ptrdiff_t scheme = rtq__find(rest.ptr, rest.len, "://", 3);
    rtq__dyn_begin_bag(b);
    rtq_str before = cut(&rest, find(rest, '#'), 1);
    fragment = rest.len ? rest : (rtq_str){"", 0};
    rtq_str left = before;
    before = cut(&left, find(left, '?'), 1);
    query = left;
    if (scheme >= 0 && (size_t)scheme < before.len) {
        add(b, "Scheme", cut(&before, before.ptr + scheme, 3));
        authority = cut(&before, find(before, '/'), 0);
    } else {
        add(b, "Scheme", authority);
    }
    add_authority(b, &user, &password, authority);
    add(b, "Path", before.len ? before : (rtq_str){"", 0});
    add(b, "Username", user);
    add(b, "Password", password.len ? password : (rtq_str){"", 0});
    add_query(b, query);
    add(b, "Fragment", fragment);
    rtq__dyn_end(b);
    rtq__return_built(out, ctx);
}

static void row_parse_query(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    rtq_str query = {args[0].len ? args[0].u.s : "", args[0].len};
    (void)n_args;
    if (query.len && query.ptr[0] == '?')
        query.ptr++, query.len--;
    rtq__dyn_begin_bag(ctx->eval->builder);
    add_query(ctx->eval->builder, query);
    rtq__dyn_end(ctx->eval->builder);
    rtq__return_built(out, ctx);
}

/* clang-format off */
const rtq__fn rtq__fns_url[] = {
    {.name = "url_encode", .args = "string", .ret = "string", .row = row_encode, .tag = PLUS, .doc = "Percent-encodes a text, blanks as +.", .page = "url-encode-function"},
    {.name = "url_encode_component", .args = "string", .ret = "string", .row = row_encode, .tag = PERCENT, .doc = "Percent-encodes a text.", .page = "url-encode-component-function"},
    {.name = "url_decode", .args = "string", .ret = "string", .row = row_decode, .doc = "Decodes a percent-encoded text.", .page = "url-decode-function"},
    {.name = "parse_url", .args = "string", .ret = "dynamic", .row = row_parse_url, .doc = "Parts of a URL.", .page = "parse-url-function"},
    {.name = "parseurl", .args = "string", .ret = "dynamic", .row = row_parse_url, .flags = RTQ__FN_OBSOLETE, .doc = "Parts of a URL.", .page = "parse-url-function"},
    {.name = "parse_urlquery", .args = "string", .ret = "dynamic", .row = row_parse_query, .doc = "Parameters of the query of a URL.", .page = "parse-url-query-function"},
    {.name = "parseurlquery", .args = "string", .ret = "dynamic", .row = row_parse_query, .flags = RTQ__FN_OBSOLETE, .doc = "Parameters of the query of a URL.", .page = "parse-url-query-function"},
};
/* clang-format on */
RTQ__FAMILY_COUNT(url)
