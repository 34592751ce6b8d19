/* fn_ip.c - IPv4 and IPv6 addresses, "address/prefix" in text. */
#include <stdio.h>
#include "base/text.h"
#include "fn/families.h"
#include "fn/fn_text.h"

typedef struct ip4 {
    uint32_t address, prefix;
} ip4;
typedef struct ip6 {
    uint8_t b[16];
    uint32_t prefix;
    bool dotted; /* plain IPv4 */
} ip6;

/* ---- reading ------------------------------------------------------------------------------------------------------ */

/* Four numbers up to 255; returns bytes taken, 0: no address. */
static size_t read_ip4(uint32_t *out, const char *p, size_t len)
{
    size_t i = 0;
    uint32_t address = 0;
    for (int part = 0; part < 4; part++) {
        uint32_t n = 0, digits = 0;
        if (part && (i >= len || p[i++] != '.'))
            return 0;
        for (; i < len && p[i] >= '0' && p[i] <= '9' && digits < 4; digits++)
            n = n * 10 + (uint32_t)(p[i++] - '0');
        if (!digits || digits > 3 || n > 255)
            return 0;
        address = address << 8 | n;
    }
    *out = address;
    return i;
}

static bool read_prefix(uint32_t *out, const char *p, size_t len, uint32_t max) /* "" or "/n" */
{
    uint32_t n = 0;
    *out = max;
    if (!len)
        return true;
    if (p[0] != '/' || len < 2 || len > 4)
        return false;
    for (size_t i = 1; i < len; i++) {
        if (p[i] < '0' || p[i] > '9')
            return false;
        n = n * 10 + (uint32_t)(p[i] - '0');
    }
    *out = n;
    return n <= max;
}

static bool parse_ip4(ip4 *out, const char *p, size_t len)
{
    size_t used = len ? read_ip4(&out->address, p, len) : 0;
    return used && read_prefix(&out->prefix, p + used, len - used, 32);
}

static uint32_t mask4(uint32_t prefix)
{
    return prefix ? ~UINT32_C(0) << (32 - prefix) : 0;
}

static int hex(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;
}

static void map_ip4(ip6 *out, uint32_t address, uint32_t prefix)
{
    memset(out->b, 0, sizeof out->b);
    out->b[10] = out->b[11] = 0xFF;
    for (int i = 0; i < 4; i++)
        out->b[12 + i] = (uint8_t)(address >> (24 - 8 * i));
    out->prefix = 96 + prefix;
}

/* Groups of hexadecimal digits with at most one "::"; the last two may be written as IPv4. */
static bool read_ip6(ip6 *out, const char *p, size_t len, bool *tail4)
{
    uint16_t groups[8];
    int n = 0, gap = -1;
    size_t i = 0;
    *tail4 = false;
    if (len >= 2 && p[0] == ':' && p[1] == ':')
        gap = 0, i = 2;
    while (i < len) {
        uint32_t v = 0, address;
        size_t digits = 0, used = n <= 6 ? read_ip4(&address, p + i, len - i) : 0;
        if (used && i + used == len) {
            groups[n++] = (uint16_t)(address >> 16);
            groups[n++] = (uint16_t)address;
            *tail4 = true;
            break;
        }
        for (; i + digits < len && hex(p[i + digits]) >= 0 && digits < 4; digits++)
            v = v * 16 + (uint32_t)hex(p[i + digits]);
        if (!digits || n == 8)
            return false;
        groups[n++] = (uint16_t)v;
        i += digits;
        if (i == len)
            break;
        if (p[i++] != ':')
            return false;
        if (i < len && p[i] == ':') {
            if (gap >= 0)
                return false;
            gap = n;
            i++;
        } else if (i == len) {
            return false;
        }
    }
    if (gap < 0 ? n != 8 : n > 7)
        return false;
    memset(out->b, 0, sizeof out->b);
    for (int k = 0; k < n; k++) {
        int at = gap >= 0 && k >= gap ? 8 - n + k : k;
        out->b[2 * at] = (uint8_t)(groups[k] >> 8);
        out->b[2 * at + 1] = (uint8_t)groups[k];
    }
    return true;
}

static bool parse_ip6(ip6 *out, const char *p, size_t len)
{
    ip4 four;
    bool tail4;
    out->dotted = parse_ip4(&four, p, len);
    if (out->dotted) {
        map_ip4(out, four.address, four.prefix);
        return true;
    }
    const char *slash = len ? memchr(p, '/', len) : NULL;
    size_t n = slash ? (size_t)(slash - p) : len;
    if (n > 46 || !n || !read_ip6(out, p, n, &tail4))
        return false;
    static const uint8_t zero[10] = {0};
    bool v4 = tail4 && !memcmp(out->b, zero, 10); /* ::a.b.c.d and ::ffff:a.b.c.d: the prefix counts the bits of IPv4 */
    if (!read_prefix(&out->prefix, p + n, len - n, v4 ? 32 : 128))
        return false;
    if (v4)
        map_ip4(out, (uint32_t)out->b[12] << 24 | (uint32_t)out->b[13] << 16 | (uint32_t)out->b[14] << 8 | out->b[15],
                out->prefix);
    return true;
}

static int compare6(const ip6 *a, const ip6 *b, uint32_t prefix)
{
    for (uint32_t i = 0; i < 16; i++) {
        uint32_t bits = prefix <= i * 8 ? 0 : prefix - i * 8;
        uint8_t mask = (uint8_t)(bits >= 8 ? 0xFF : 0xFF00 >> bits);
        if ((a->b[i] & mask) != (b->b[i] & mask))
            return (a->b[i] & mask) > (b->b[i] & mask) ? 1 : -1;
    }
    return 0;
}

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* ---- IPv4 --------------------------------------------------------------------------------------------------------- */
static void row_parse4(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    ip4 ip;
    (void)ctx;
    if (!parse_ip4(&ip, args[0].u.s, args[0].len) || (n_args > 1 && (args[1].u.i < 0 || args[1].u.i > 32)))
        return;
    uint32_t prefix = n_args > 1 ? least(ip.prefix, (uint32_t)args[1].u.i) : ip.prefix;
    rtq__return_long(out, ip.address & mask4(prefix));
}

/* format_ipv4 and format_ipv4_mask take text or a number. */
static void row_format4(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    ip4 ip = {0, 32};
    rtq__buf *buf = &ctx->eval->text;
    int64_t want = n_args > 1 ? args[1].u.i : 32;
    if (args[0].is_null || (n_args > 1 && args[1].is_null) || want < 0 || want > 32)
        return;
    bool number = args[0].kind == RTQ_INT || args[0].kind == RTQ_LONG;
    if (number && (args[0].u.i < 0 || args[0].u.i > UINT32_MAX))
        return;
    rtq_str text = number ? (rtq_str){"", 0} : rtq__text_of(&args[0], buf);
    if (number)
        ip.address = (uint32_t)args[0].u.i;
    else if (!parse_ip4(&ip, text.ptr, text.len))
        return;
    uint32_t prefix = least(ip.prefix, (uint32_t)want), a = ip.address & mask4(prefix);
    rtq__buf_clear(buf);
    rtq__buf_addf(buf, "%u.%u.%u.%u", (unsigned)(a >> 24), (unsigned)(a >> 16 & 255), (unsigned)(a >> 8 & 255),
                  (unsigned)(a & 255));
    if (ctx->fn->tag)
        rtq__buf_addf(buf, "/%u", (unsigned)prefix);
    rtq__return_buf(out, buf, ctx);
}

enum { COMPARE, MATCH };

static void row_compare4(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    ip4 a, b;
    if (!parse_ip4(&a, args[0].u.s, args[0].len) || !parse_ip4(&b, args[1].u.s, args[1].len))
        return;
    uint32_t prefix = least(a.prefix, b.prefix);
    if (n_args > 2) {
        if (args[2].u.i < 0 || args[2].u.i > 32)
            return;
        prefix = least(prefix, (uint32_t)args[2].u.i);
    }
    a.address &= mask4(prefix);
    b.address &= mask4(prefix);
    if (ctx->fn->tag == MATCH)
        rtq__return_bool(out, a.address == b.address);
    else
        rtq__return_long(out, (a.address > b.address) - (a.address < b.address));
}

static void row_private4(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    ip4 ip;
    (void)n_args, (void)ctx;
    if (!parse_ip4(&ip, args[0].u.s, args[0].len))
        return;
    uint32_t a = ip.address & mask4(ip.prefix);
    rtq__return_bool(out, a >> 24 == 10 || a >> 20 == 0xAC1 || a >> 16 == 0xC0A8);
}

static void row_suffix4(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    ip4 ip;
    (void)n_args, (void)ctx;
    if (parse_ip4(&ip, args[0].u.s, args[0].len))
        rtq__return_long(out, ip.prefix);
}

static void row_range_to_list(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    ip4 a, b;
    (void)n_args;
    if (!parse_ip4(&a, args[0].u.s, args[0].len) || !parse_ip4(&b, args[1].u.s, args[1].len) || a.address > b.address)
        return;
    rtq__dyn_begin_array(ctx->eval->builder);
    for (uint64_t at = a.address; at <= b.address;) { /* the largest aligned block that fits, at most 64 of them */
        uint32_t bits = 0;
        while (bits < 32 && !(at >> bits & 1) && at + (UINT64_C(2) << bits) - 1 <= b.address)
            bits++;
        char text[24];
        int len = snprintf(text, sizeof text, "%u.%u.%u.%u/%u", (unsigned)(at >> 24), (unsigned)(at >> 16 & 255),
                           (unsigned)(at >> 8 & 255), (unsigned)(at & 255), (unsigned)(32 - bits));
        rtq__dyn d = rtq__dyn_text(text, (size_t)len);
        rtq__dyn_add(ctx->eval->builder, &d);
        at += UINT64_C(1) << bits;
    }
    rtq__dyn_end(ctx->eval->builder);
    rtq__return_built(out, ctx);
}

/* ---- IPv6 --------------------------------------------------------------------------------------------------------- */
static void print6(rtq__cell *out, const ip6 *ip, uint32_t prefix, rtq__rowctx *ctx)
{
    char text[39];
    size_t n = 0;
    for (uint32_t i = 0; i < 16; i++) {
        uint32_t bits = prefix <= i * 8 ? 0 : prefix - i * 8;
        uint8_t byte = (uint8_t)(ip->b[i] & (bits >= 8 ? 0xFF : 0xFF00 >> bits));
        if (i && i % 2 == 0)
            text[n++] = ':';
        text[n++] = "0123456789abcdef"[byte >> 4];
        text[n++] = "0123456789abcdef"[byte & 15];
    }
    rtq__return_copy(out, text, n, ctx);
}

static void row_parse6(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    ip6 ip;
    if (parse_ip6(&ip, args[0].u.s, args[0].len) && (n_args < 2 || (args[1].u.i >= 0 && args[1].u.i <= 128)))
        print6(out, &ip, n_args > 1 ? least(ip.prefix, (uint32_t)args[1].u.i) : ip.prefix, ctx);
}

static void row_compare6(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    ip6 a, b;
    if (!parse_ip6(&a, args[0].u.s, args[0].len) || !parse_ip6(&b, args[1].u.s, args[1].len))
        return;
    uint32_t prefix = least(a.prefix, b.prefix);
    if (n_args > 2) { /* of two IPv4 addresses it counts their own bits */
        bool dotted = a.dotted && b.dotted && args[2].u.i <= 32;
        if (args[2].u.i < 0 || args[2].u.i > 128)
            return;
        prefix = least(prefix, (uint32_t)args[2].u.i + (dotted ? 96 : 0));
    }
    int c = compare6(&a, &b, prefix);
    if (ctx->fn->tag == MATCH)
        rtq__return_bool(out, c == 0);
    else
        rtq__return_long(out, c);
}

/* ---- ranges: texts, or arrays of them ------------------------------------------------------------------------------ */
typedef bool (*range_test)(const void *ip, const char *p, size_t len, bool *valid);

static bool in_range4(const void *ip, const char *p, size_t len, bool *valid)
{
    const ip4 *a = ip;
    ip4 range;
    *valid = parse_ip4(&range, p, len);
    return *valid && ((a->address ^ range.address) & mask4(least(a->prefix, range.prefix))) == 0;
}

static bool in_range6(const void *ip, const char *p, size_t len, bool *valid)
{
    const ip6 *a = ip;
    ip6 range;
    *valid = parse_ip6(&range, p, len);
    return *valid && !compare6(a, &range, least(a->prefix, range.prefix));
}

/* Null when the address or the only range is none. */
static void any_range(rtq__cell *out, const rtq__cell *args, uint32_t n_args, const void *ip, range_test test,
                      rtq__rowctx *ctx)
{
    bool valid = true, all_valid = true, found = false;
    for (uint32_t i = 1; i < n_args && !found; i++) {
        bool dynamic = args[i].kind == RTQ_DYNAMIC || args[i].kind == RTQ_UNKNOWN;
        if (dynamic && !args[i].is_null && rtq__dyn_is_array(&args[i].u.y)) {
            rtq__dyn_iter it;
            rtq__dyn_iter_init(&it, &args[i].u.y, ctx->heap);
            while (!found && rtq__dyn_next(&it))
                found = it.item.tag == RTQ__DYN_STRING && test(ip, it.item.u.p, it.item.len, &valid);
            ctx->error = it.error;
        } else {
            rtq_str text = rtq__text_of(&args[i], &ctx->eval->text);
            found = test(ip, text.ptr, text.len, &valid);
        }
        all_valid = all_valid && valid;
    }
    if (found || all_valid || n_args > 2)
        rtq__return_bool(out, found);
}

static void row_ranges4(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    ip4 ip;
    rtq_str text = rtq__text_of(&args[0], &ctx->eval->text);
    if (parse_ip4(&ip, text.ptr, text.len))
        any_range(out, args, n_args, &ip, in_range4, ctx);
}

static void row_ranges6(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    ip6 ip;
    rtq_str text = rtq__text_of(&args[0], &ctx->eval->text);
    if (parse_ip6(&ip, text.ptr, text.len))
        any_range(out, args, n_args, &ip, in_range6, ctx);
}

/* ---- addresses inside text ---------------------------------------------------------------------------------------- */
static bool alnum(char c)
{
    return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || (unsigned char)c >= 0x80;
}

/* what: a whole address, or the beginning of one that ends in a dot. */
static bool has_address(rtq_str text, const char *what, size_t len, bool prefix)
{
    uint32_t address;
    bool whole = len && read_ip4(&address, what, len) == len;
    if (!whole) {
        unsigned dots = 0;
        if (!prefix || len < 2 || len > 12 || what[len - 1] != '.')
            return false;
        char filled[24];
        memcpy(filled, what, len);
        for (size_t i = 0; i < len; i++)
            dots += what[i] == '.';
        if (dots > 3)
            return false;
        size_t n = len;
        for (unsigned k = dots; k < 4; k++) { /* "10.1." must be what "10.1.0.0" begins with */
            filled[n++] = '0';
            if (k < 3)
                filled[n++] = '.';
        }
        if (read_ip4(&address, filled, n) != n)
            return false;
    }
    size_t at = 0;
    for (;;) {
        ptrdiff_t found = rtq__find(text.ptr + at, text.len - at, what, len);
        if (found < 0)
            return false;
        at += (size_t)found;
        size_t used = at && alnum(text.ptr[at - 1]) ? 0 : read_ip4(&address, text.ptr + at, text.len - at);
        if (used && (at + used == text.len || !alnum(text.ptr[at + used])) && (!whole || used == len))
            return true;
        at++;
    }
}

enum { WHOLE, PREFIX };

static void row_has(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    rtq_str text = rtq__text_of(&args[0], &ctx->eval->text);
    bool found = false, prefix = ctx->fn->tag == PREFIX;
    for (uint32_t i = 1; i < n_args && !found; i++) {
        if (args[i].kind == RTQ_STRING) {
            found = has_address(text, args[i].u.s, args[i].len, prefix);
        } else if ((args[i].kind == RTQ_DYNAMIC || args[i].kind == RTQ_UNKNOWN) && !args[i].is_null) {
            rtq__dyn_iter it;
            if (args[i].u.y.tag == RTQ__DYN_STRING)
                found = has_address(text, args[i].u.y.u.p, args[i].u.y.len, prefix);
            if (!rtq__dyn_is_array(&args[i].u.y))
                continue;
            rtq__dyn_iter_init(&it, &args[i].u.y, ctx->heap);
            while (!found && rtq__dyn_next(&it))
                found = it.item.tag == RTQ__DYN_STRING && has_address(text, it.item.u.p, it.item.len, prefix);
            ctx->error = it.error;
        }
    }
    rtq__return_bool(out, found);
}

/* clang-format off */
#define ROW(fn, params, type, kernel, how, text, ref) {.name = fn, .args = params, .ret = type, .row = kernel, .tag = how, .doc = text, .page = ref "-function"}
#define TEXT_ROWS(fn, rest, kernel, how, text, ref) \
    {.name = fn, .args = "string, " rest, .ret = "bool", .nulls = RTQ__NULL_CUSTOM, .row = kernel, .tag = how, .doc = text, .page = ref "-function"}, \
    {.name = fn, .args = "dynamic, " rest, .ret = "bool", .nulls = RTQ__NULL_CUSTOM, .row = kernel, .tag = how, .doc = text, .page = ref "-function"}
const rtq__fn rtq__fns_ip[] = {
    ROW("parse_ipv4", "string", "long", row_parse4, 0, "An IPv4 address as a number.", "parse-ipv4"),
    ROW("parse_ipv4_mask", "string, long", "long", row_parse4, 0, "The first bits of an IPv4 address as a number.", "parse-ipv4-mask"),
    {.name = "format_ipv4", .args = "any, [long]", .ret = "string", .nulls = RTQ__NULL_CUSTOM, .row = row_format4, .doc = "An IPv4 address as text.", .page = "format-ipv4-function"},
    {.name = "format_ipv4_mask", .args = "any, [long]", .ret = "string", .nulls = RTQ__NULL_CUSTOM, .row = row_format4, .tag = 1, .doc = "An IPv4 address with its prefix length as text.", .page = "format-ipv4-mask-function"},
    ROW("ipv4_compare", "string, string, [long]", "long", row_compare4, COMPARE, "Compares two IPv4 addresses.", "ipv4-compare"),
    ROW("ipv4_is_match", "string, string, [long]", "bool", row_compare4, MATCH, "Two IPv4 addresses are equal in the bits of the shortest prefix.", "ipv4-is-match"),
    ROW("ipv4_is_private", "string", "bool", row_private4, 0, "An address of a private network.", "ipv4-is-private"),
    ROW("ipv4_netmask_suffix", "string", "long", row_suffix4, 0, "Length of the prefix of an IPv4 address.", "ipv4-netmask-suffix"),
    ROW("ipv4_range_to_cidr_list", "string, string", "dynamic", row_range_to_list, 0, "The prefixes that make up a range of IPv4 addresses.", "ipv4-range-to-cidr-list"),
    ROW("ipv4_is_in_range", "string, string", "bool", row_ranges4, 0, "An IPv4 address is in a range.", "ipv4-is-in-range"),
    TEXT_ROWS("ipv4_is_in_any_range", "any...", row_ranges4, 0, "An IPv4 address is in one of several ranges.", "ipv4-is-in-any-range"),
    ROW("parse_ipv6", "string", "string", row_parse6, 0, "An IPv6 or IPv4 address as canonical IPv6 text.", "parse-ipv6"),
    ROW("parse_ipv6_mask", "string, long", "string", row_parse6, 0, "The first bits of an IPv6 or IPv4 address as canonical IPv6 text.", "parse-ipv6-mask"),
    ROW("ipv6_compare", "string, string, [long]", "long", row_compare6, COMPARE, "Compares two IPv6 or IPv4 addresses.", "ipv6-compare"),
    ROW("ipv6_is_match", "string, string, [long]", "bool", row_compare6, MATCH, "Two IPv6 or IPv4 addresses are equal in the bits of the shortest prefix.", "ipv6-is-match"),
    ROW("ipv6_is_in_range", "string, string", "bool", row_ranges6, 0, "An IPv6 or IPv4 address is in a range.", "ipv6-is-in-range"),
    TEXT_ROWS("ipv6_is_in_any_range", "any...", row_ranges6, 0, "An IPv6 or IPv4 address is in one of several ranges.", "ipv6-is-in-any-range"),
    TEXT_ROWS("has_ipv4", "string", row_has, WHOLE, "The text has the IPv4 address.", "has-ipv4"),
    TEXT_ROWS("has_any_ipv4", "any...", row_has, WHOLE, "The text has one of the IPv4 addresses.", "has-any-ipv4"),
    TEXT_ROWS("has_ipv4_prefix", "string", row_has, PREFIX, "The text has an IPv4 address with that beginning.", "has-ipv4-prefix"),
    TEXT_ROWS("has_any_ipv4_prefix", "any...", row_has, PREFIX, "The text has an IPv4 address with one of the beginnings.", "has-any-ipv4-prefix"),
};
/* clang-format on */
RTQ__FAMILY_COUNT(ip)
