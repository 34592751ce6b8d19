/* fn_unicode.c - code points, punycode, text as such; format_bytes. */
#include <math.h>
#include "base/text.h"
#include "fn/families.h"
#include "fn/fn_text.h"

static void row_from_string(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    rtq_str text = rtq__text_of(&args[0], &ctx->eval->text);
    (void)n_args;
    rtq__dyn_begin_array(ctx->eval->builder);
    for (size_t i = 0; i < text.len;) {
        uint32_t cp;
        i += rtq__utf8_next(&cp, text.ptr + i, text.len - i);
        rtq__dyn d = rtq__dyn_number(cp);
        rtq__dyn_add(ctx->eval->builder, &d);
    }
    rtq__dyn_end(ctx->eval->builder);
    rtq__return_built(out, ctx);
}

static bool add_point(rtq__buf *buf, int64_t cp)
{
    char put[4];
    if (cp < 0 || cp > 0x10FFFF || (cp >= 0xD800 && cp < 0xE000))
        return false;
    rtq__buf_add(buf, put, rtq__utf8_put(put, (uint32_t)cp));
    return true;
}

static bool add_points(rtq__buf *buf, const rtq__dyn *d, rtq__rowctx *ctx)
{
    rtq__dyn_iter it;
    bool ok = true;
    if (d->tag == RTQ__DYN_LONG)
        return add_point(buf, d->u.i);
    if (!rtq__dyn_is_array(d))
        return false;
    rtq__dyn_iter_init(&it, d, ctx->heap);
    while (ok && rtq__dyn_next(&it))
        ok = it.item.tag == RTQ__DYN_LONG && add_point(buf, it.item.u.i);
    return ok && !it.error;
}

static void row_to_string(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    rtq__buf *buf = &ctx->eval->text;
    rtq__buf_clear(buf);
    for (uint32_t i = 0; i < n_args; i++) {
        bool number = args[i].kind == RTQ_INT || args[i].kind == RTQ_LONG;
        bool dynamic = args[i].kind == RTQ_DYNAMIC || args[i].kind == RTQ_UNKNOWN;
        if (args[i].is_null || (!number && !dynamic) ||
            !(number ? add_point(buf, args[i].u.i) : add_points(buf, &args[i].u.y, ctx)))
            return;
    }
    rtq__return_buf(out, buf, ctx);
}

static void row_isascii(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    rtq_str text = rtq__text_of(&args[0], &ctx->eval->text);
    bool yes = true;
    (void)n_args;
    for (size_t i = 0; i < text.len; i++)
        yes = yes && (unsigned char)text.ptr[i] < 0x80;
    rtq__return_bool(out, yes);
}

static void row_isutf8(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    rtq_str text = rtq__text_of(&args[0], &ctx->eval->text);
    (void)n_args;
    rtq__return_bool(out, rtq__utf8_valid(text.ptr, text.len));
}

/* ---- punycode (RFC 3492) ------------------------------------------------------------------------------------------ */
enum { BASE = 36, T_MIN = 1, T_MAX = 26, SKEW = 38, DAMP = 700, INITIAL_BIAS = 72, INITIAL_N = 128, MAX_LABEL = 4096 };

static uint32_t adapt(uint32_t delta, uint32_t n, bool first)
{
    uint32_t k = 0;
    delta = first ? delta / DAMP : delta / 2;
    delta += delta / n;
    for (; delta > (BASE - T_MIN) * T_MAX / 2; k += BASE)
        delta /= BASE - T_MIN;
    return k + (BASE - T_MIN + 1) * delta / (delta + SKEW);
}

static uint32_t threshold(uint32_t k, uint32_t bias)
{
    return k <= bias ? T_MIN : k >= bias + T_MAX ? T_MAX : k - bias;
}

static bool encode(rtq__buf *out, rtq_str text)
{
    uint32_t n = INITIAL_N, delta = 0, bias = INITIAL_BIAS, done = 0,
             total = (uint32_t)rtq__utf8_length(text.ptr, text.len), basic;
    if (text.len > MAX_LABEL)
        return false;
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.ptr[i] < 0x80)
            rtq__buf_addc(out, text.ptr[i]), done++;
    basic = done;
    if (basic)
        rtq__buf_addc(out, '-');
    while (done < total) {
        uint32_t m = UINT32_MAX, cp;
        for (size_t i = 0; i < text.len;) {
            i += rtq__utf8_next(&cp, text.ptr + i, text.len - i);
            if (cp >= n && cp < m)
                m = cp;
        }
        if ((uint64_t)(m - n) * (done + 1) > UINT32_MAX - delta)
            return false;
        delta += (m - n) * (done + 1);
        n = m;
        for (size_t i = 0; i < text.len;) {
            i += rtq__utf8_next(&cp, text.ptr + i, text.len - i);
            if (cp < n)
                delta++;
            if (cp != n)
                continue;
            uint32_t q = delta;
            for (uint32_t k = BASE;; k += BASE) {
                uint32_t t = threshold(k, bias), digit = q < t ? q : t + (q - t) % (BASE - t);
                rtq__buf_addc(out, (char)(digit < 26 ? 'a' + digit : '0' + digit - 26));
                if (q < t)
                    break;
                q = (q - t) / (BASE - t);
            }
            bias = adapt(delta, done + 1, done == basic);
            delta = 0;
            done++;
        }
        delta++;
        n++;
    }
    return true;
}

static bool decode(rtq__buf *out, rtq_str text)
{
    uint32_t points[MAX_LABEL], n_points = 0, n = INITIAL_N, i = 0, bias = INITIAL_BIAS;
    size_t at = 0, dash = text.len;
    if (text.len > MAX_LABEL)
        return false;
    while (dash > 0 && text.ptr[dash - 1] != '-')
        dash--;
    for (size_t k = 0; k + 1 < dash; k++) {
        if ((unsigned char)text.ptr[k] >= 0x80)
            return false;
        points[n_points++] = (unsigned char)text.ptr[k];
    }
    for (at = dash; at < text.len;) {
        uint32_t before = i, w = 1;
        for (uint32_t k = BASE;; k += BASE) {
            if (at >= text.len)
                return false;
            char c = text.ptr[at++];
            uint32_t digit = c >= '0' && c <= '9'                 ? (uint32_t)(c - '0' + 26)
                             : (c | 32) >= 'a' && (c | 32) <= 'z' ? (uint32_t)((c | 32) - 'a')
                                                                  : BASE;
            if (digit >= BASE || (uint64_t)digit * w > UINT32_MAX - i)
                return false;
            i += digit * w;
            uint32_t t = threshold(k, bias);
            if (digit < t)
                break;
            if ((uint64_t)w * (BASE - t) > UINT32_MAX)
                return false;
            w *= BASE - t;
        }
        bias = adapt(i - before, n_points + 1, before == 0);
        if (i / (n_points + 1) > 0x10FFFF - n || n_points == MAX_LABEL)
            return false;
        n += i / (n_points + 1);
        i %= n_points + 1;
        memmove(points + i + 1, points + i, (n_points - i) * sizeof *points);
        points[i++] = n;
        n_points++;
    }
    for (uint32_t k = 0; k < n_points; k++)
        if (!add_point(out, points[k]))
            return false;
    return true;
}

enum { TO_PUNYCODE, FROM_PUNYCODE, TO_DOMAIN, FROM_DOMAIN };

static void row_punycode(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    rtq__buf *buf = &ctx->eval->text;
    rtq_str text = {args[0].len ? args[0].u.s : "", args[0].len};
    (void)n_args;
    rtq__buf_clear(buf);
    if (ctx->fn->tag == TO_PUNYCODE ? encode(buf, text) : decode(buf, text))
        rtq__return_buf(out, buf, ctx);
}

/* Bytes of the dot that ends a label: ".", or one of the ideographic full stops. */
static size_t dot(const char *p, size_t len)
{
    if (p[0] == '.')
        return 1;
    return len >= 3 && (!memcmp(p, "\xe3\x80\x82", 3) || !memcmp(p, "\xef\xbc\x8e", 3) || !memcmp(p, "\xef\xbd\xa1", 3))
               ? 3
               : 0;
}

static void row_domain(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    rtq__buf *buf = &ctx->eval->text;
    const char *p = args[0].u.s;
    size_t len = args[0].len, begin = 0;
    (void)n_args;
    rtq__buf_clear(buf);
    for (size_t i = 0; i <= len; i++) {
        size_t n = i < len ? dot(p + i, len - i) : 1;
        if (!n)
            continue;
        rtq_str label = {p + begin, i - begin};
        bool plain = true;
        for (size_t k = 0; k < label.len; k++)
            plain = plain && (unsigned char)label.ptr[k] < 0x80;
        bool ok = true;
        if (ctx->fn->tag == TO_DOMAIN && !plain) {
            rtq__buf_adds(buf, "xn--");
            ok = encode(buf, label);
        } else if (ctx->fn->tag == FROM_DOMAIN && label.len > 4 && !memcmp(label.ptr, "xn--", 4)) {
            ok = decode(buf, (rtq_str){label.ptr + 4, label.len - 4});
        } else {
            rtq__buf_add(buf, label.ptr, label.len);
        }
        if (!ok)
            return;
        if (i < len)
            rtq__buf_addc(buf, '.');
        i += n - 1;
        begin = i + 1;
    }
    rtq__return_buf(out, buf, ctx);
}

/* ---- format_bytes -------------------------------------------------------------------------------------------------- */
static const char *const units[] = {"Bytes", "KB", "MB", "GB", "TB", "PB", "EB"};
enum { N_UNITS = sizeof units / sizeof units[0] };

static void row_format_bytes(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    double size = args[0].u.d;
    int64_t precision = n_args > 1 && !args[1].is_null ? args[1].u.i : 0;
    uint32_t unit = 0;
    rtq__buf *buf = &ctx->eval->text;
    if (n_args > 2 && args[2].len) {
        while (unit < N_UNITS && (strlen(units[unit]) != args[2].len || memcmp(units[unit], args[2].u.s, args[2].len)))
            unit++;
        if (unit == N_UNITS)
            return;
        size = ldexp(size, -10 * (int)unit);
    } else {
        while (unit + 1 < N_UNITS && fabs(size) >= 1024)
            size /= 1024, unit++;
    }
    if (precision < 0 || precision > 15 || !isfinite(size))
        return;
    double scale = pow(10, (double)precision);
    rtq__buf_clear(buf);
    rtq__buf_addf(buf, "%.*f", (int)precision, round(size * scale) / scale);
    while (precision > 0 && buf->len && (buf->ptr[buf->len - 1] == '0' || buf->ptr[buf->len - 1] == '.')) {
        bool point = buf->ptr[--buf->len] == '.';
        if (point)
            break;
    }
    rtq__buf_addc(buf, ' ');
    rtq__buf_adds(buf, units[unit]);
    rtq__return_buf(out, buf, ctx);
}

/* clang-format off */
const rtq__fn rtq__fns_unicode[] = {
    {.name = "unicode_codepoints_from_string", .args = "any", .ret = "dynamic", .nulls = RTQ__NULL_CUSTOM, .row = row_from_string, .doc = "Code points of a text.", .page = "unicode-codepoints-from-string-function"},
    {.name = "to_utf8", .args = "any", .ret = "dynamic", .nulls = RTQ__NULL_CUSTOM, .row = row_from_string, .flags = RTQ__FN_OBSOLETE, .doc = "Code points of a text.", .page = "unicode-codepoints-from-string-function"},
    {.name = "unicode_codepoints_to_string", .args = "any...", .ret = "string", .nulls = RTQ__NULL_CUSTOM, .row = row_to_string, .doc = "Text made of code points.", .page = "unicode-codepoints-to-string-function"},
    {.name = "make_string", .args = "any...", .ret = "string", .nulls = RTQ__NULL_CUSTOM, .row = row_to_string, .flags = RTQ__FN_OBSOLETE, .doc = "Text made of code points.", .page = "unicode-codepoints-to-string-function"},
    {.name = "isascii", .args = "any", .ret = "bool", .nulls = RTQ__NULL_CUSTOM, .row = row_isascii, .doc = "All characters are ASCII.", .page = "isascii"},
    {.name = "isutf8", .args = "any", .ret = "bool", .nulls = RTQ__NULL_CUSTOM, .row = row_isutf8, .doc = "The text is valid UTF-8.", .page = "isutf8-function"},
    {.name = "punycode_from_string", .args = "string", .ret = "string", .row = row_punycode, .tag = TO_PUNYCODE, .doc = "Encodes a text as punycode.", .page = "punycode-from-string-function"},
    {.name = "punycode_to_string", .args = "string", .ret = "string", .row = row_punycode, .tag = FROM_PUNYCODE, .doc = "Decodes punycode.", .page = "punycode-to-string-function"},
    {.name = "punycode_domain_to_string", .args = "string", .ret = "string", .row = row_domain, .tag = TO_DOMAIN, .doc = "Encodes the labels of a domain name as punycode.", .page = "punycode-domain-to-string-function"},
    {.name = "punycode_domain_from_string", .args = "string", .ret = "string", .row = row_domain, .tag = FROM_DOMAIN, .doc = "Decodes the punycode labels of a domain name.", .page = "punycode-domain-from-string-function"},
    {.name = "format_bytes", .args = "number, [const long], [const string]", .ret = "string", .naming = RTQ__NAME_FIRST, .row = row_format_bytes, .doc = "A size with its unit.", .page = "format-bytes-function"},
};
/* clang-format on */
RTQ__FAMILY_COUNT(unicode)
