/* fn_string.c - joining, cutting, searching and replacing text. Positions and lengths count code points. */
#include <utf8proc.h>
#include "base/text.h"
#include "fn/families.h"
#include "fn/fn_text.h"

enum { MAX_REPEAT = 1024 };

static rtq_str string_of(const rtq__cell *c)
{
    return (rtq_str){c->len ? c->u.s : "", c->len};
}

static void add_text(rtq__buf *out, const rtq__cell *c)
{
    if (c->kind == RTQ_STRING)
        rtq__buf_add(out, c->u.s, c->len);
    else if (!c->is_null)
        rtq__cell_print_text(out, c);
}

/* The text of an `any` argument, in a copy that later uses of the text buffer leave alone. */
static rtq_str text_copy(const rtq__cell *c, rtq__rowctx *ctx)
{
    if (c->kind == RTQ_STRING)
        return string_of(c);
    rtq_str text = rtq__text_of(c, &ctx->eval->text);
    char *copy = rtq__arena_strndup(ctx->heap, text.ptr, text.len);
    if (!copy)
        ctx->error = RTQ_ERR_NOMEM;
    return (rtq_str){copy ? copy : "", copy ? text.len : 0};
}

/* ---- joining ------------------------------------------------------------------------------------------------------ */
static void row_strcat(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    rtq__buf *buf = &ctx->eval->text;
    rtq__buf_clear(buf);
    for (uint32_t i = 0; i < n_args; i++)
        add_text(buf, &args[i]);
    rtq__return_buf(out, buf, ctx);
}

static void row_strcat_delim(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    rtq__buf *buf = &ctx->eval->text;
    rtq__buf_clear(buf);
    for (uint32_t i = 1; i < n_args; i++) {
        if (i > 1)
            add_text(buf, &args[0]);
        add_text(buf, &args[i]);
    }
    rtq__return_buf(out, buf, ctx);
}

static void row_strcat_array(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    rtq__buf *buf = &ctx->eval->text;
    rtq__dyn_iter it;
    bool first = true;
    (void)n_args;
    if (args[0].is_null || !rtq__dyn_is_array(&args[0].u.y))
        return;
    rtq__buf_clear(buf);
    rtq__dyn_iter_init(&it, &args[0].u.y, ctx->heap);
    for (; rtq__dyn_next(&it); first = false) {
        if (!first)
            add_text(buf, &args[1]);
        rtq__dyn_print_text(buf, &it.item);
    }
    ctx->error = it.error;
    rtq__return_buf(out, buf, ctx);
}

static void row_strrep(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    rtq__buf *buf = &ctx->eval->text;
    rtq_str text = text_copy(&args[0], ctx), delimiter = n_args > 2 ? text_copy(&args[2], ctx) : (rtq_str){"", 0};
    int64_t n = args[1].is_null ? 0 : args[1].u.i > MAX_REPEAT ? MAX_REPEAT : args[1].u.i;
    rtq__buf_clear(buf);
    for (int64_t i = 0; i < n; i++) {
        if (i)
            rtq__buf_add(buf, delimiter.ptr, delimiter.len);
        rtq__buf_add(buf, text.ptr, text.len);
    }
    rtq__return_buf(out, buf, ctx);
}

/* ---- lengths and comparison --------------------------------------------------------------------------------------- */
/* Texts are valid UTF-8: characters are the bytes that do not continue one. Eight at a time. */
static size_t characters(rtq_str text)
{
    size_t n = 0, i = 0;
    for (; i + 8 <= text.len; i += 8) {
        uint64_t w;
        memcpy(&w, text.ptr + i, sizeof w);
        uint64_t continuing = (w >> 7 & ~(w >> 6)) & UINT64_C(0x0101010101010101);
        n += 8 - (size_t)(continuing * UINT64_C(0x0101010101010101) >> 56);
    }
    for (; i < text.len; i++)
        n += ((unsigned char)text.ptr[i] & 0xC0) != 0x80;
    return n;
}

static void row_strlen(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    rtq_str text = rtq__text_of(&args[0], &ctx->eval->text);
    (void)n_args;
    rtq__return_long(out, (int64_t)characters(text));
}

static void row_string_size(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    (void)n_args;
    rtq__return_long(out, (int64_t)rtq__text_of(&args[0], &ctx->eval->text).len);
}

static void row_strcmp(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    rtq_str a = text_copy(&args[0], ctx), b = text_copy(&args[1], ctx);
    (void)n_args;
    int c = memcmp(a.ptr, b.ptr, a.len < b.len ? a.len : b.len);
    if (!c)
        c = (a.len > b.len) - (a.len < b.len);
    rtq__return_long(out, (c > 0) - (c < 0));
}

/* ---- case --------------------------------------------------------------------------------------------------------- */
enum { LOWER, UPPER };

/* ASCII letters of the other case get bit 0x20 flipped, eight bytes at a time. */
static inline uint64_t flip_case(uint64_t w, bool upper)
{
    uint64_t ones = UINT64_C(0x0101010101010101), low = w & ~(ones << 7), first = upper ? 'a' : 'A';
    uint64_t letters = (low + ones * (0x80 - first)) & ~(low + ones * (0x80 - first - 26)) & ~w & (ones << 7);
    return w ^ letters >> 2;
}

static void row_case(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    rtq_str text = rtq__text_of(&args[0], &ctx->eval->text);
    bool upper = ctx->fn->tag == UPPER, ascii;
    (void)n_args;
    char *to = rtq__arena_alloc(ctx->heap, text.len ? text.len : 1);
    if (!to) {
        ctx->error = RTQ_ERR_NOMEM;
        return;
    }
    uint64_t high = 0, w;
    size_t at = 0;
    for (; at + 8 <= text.len; at += 8) {
        memcpy(&w, text.ptr + at, 8);
        high |= w;
        w = flip_case(w, upper);
        memcpy(to + at, &w, 8);
    }
    w = 0;
    memcpy(&w, text.ptr + at, text.len - at);
    high |= w;
    w = flip_case(w, upper);
    memcpy(to + at, &w, text.len - at);
    ascii = !(high & UINT64_C(0x8080808080808080));
    *out = rtq__cell_s(to, text.len);
    if (ascii)
        return;
    rtq__buf own;
    rtq__buf_borrow(&own, ctx->eval->scratch);
    for (size_t i = 0; i < text.len;) {
        uint32_t cp;
        char put[4];
        i += rtq__utf8_next(&cp, text.ptr + i, text.len - i);
        if (cp != 0xDF) /* ß has no upper case of one letter; utf8proc thinks it had */
            cp = (uint32_t)(upper ? utf8proc_toupper((utf8proc_int32_t)cp) : utf8proc_tolower((utf8proc_int32_t)cp));
        rtq__buf_add(&own, put, rtq__utf8_put(put, cp));
    }
    rtq__return_buf(out, &own, ctx);
    rtq__buf_give_back(&own, ctx->eval->scratch);
}

/* ---- cutting ------------------------------------------------------------------------------------------------------ */
static bool is_ascii(const char *p, size_t len)
{
    uint64_t all = 0, w;
    size_t i = 0;
    for (; i + 8 <= len; i += 8) {
        memcpy(&w, p + i, 8);
        all |= w;
    }
    for (; i < len; i++)
        all |= (uint64_t)(unsigned char)p[i];
    return !(all & UINT64_C(0x8080808080808080));
}

/* Byte offset of character n, at most the length. */
static size_t offset(rtq_str text, int64_t n)
{
    size_t at = 0;
    uint32_t cp;
    if (n >= (int64_t)text.len)
        return text.len;
    for (; n > 0 && at < text.len; n--)
        at += rtq__utf8_next(&cp, text.ptr + at, text.len - at);
    return at;
}

static void row_substring(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    rtq_str text = rtq__text_of(&args[0], &ctx->eval->text);
    int64_t start = args[1].u.i, length = n_args > 2 ? args[2].u.i : INT64_MAX;
    size_t from, to;
    if (args[1].is_null || (n_args > 2 && args[2].is_null))
        return;
    if (start < 0) { /* from the end; before the beginning there is nothing */
        start += (int64_t)characters(text);
        if (start < 0)
            return;
    }
    if (length <= 0 || start >= (int64_t)text.len)
        return;
    from = (size_t)start;
    to = length < (int64_t)text.len - start ? from + (size_t)length : text.len;
    if (!is_ascii(text.ptr, to)) { /* up to there, bytes are no characters */
        from = offset(text, start);
        to = from + offset((rtq_str){text.ptr + from, text.len - from}, length);
    }
    if (args[0].kind == RTQ_STRING)
        *out = rtq__cell_s(text.ptr + from, to - from); /* a piece of the argument: lives as long as that */
    else
        rtq__return_copy(out, text.ptr + from, to - from, ctx);
}

static void row_split(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    rtq_str text = rtq__text_of(&args[0], &ctx->eval->text), by = string_of(&args[1]);
    int64_t want = n_args > 2 && !args[2].is_null ? args[2].u.i : -1, k = 0;
    bool one = n_args > 2 && !args[2].is_null;
    rtq__dyn_builder *b = ctx->eval->builder;
    rtq__needle needle;
    rtq__needle_init(&needle, by.ptr, by.len, true);
    if (!one)
        rtq__dyn_begin_array(b);
    for (;; k++) {
        ptrdiff_t at = by.len ? rtq__needle_find(&needle, text.ptr, text.len) : -1;
        rtq__dyn piece = rtq__dyn_text(text.ptr, at < 0 ? text.len : (size_t)at);
        if (one && k == want)
            rtq__dyn_begin_array(b);
        if (!one || k == want)
            rtq__dyn_add(b, &piece);
        if (at < 0 || (one && k == want))
            break;
        text.ptr += (size_t)at + by.len;
        text.len -= (size_t)at + by.len;
    }
    if (one && k != want)
        return;
    rtq__dyn_end(b);
    rtq__return_built(out, ctx);
}

static void row_reverse(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    rtq_str text = rtq__text_of(&args[0], &ctx->eval->text);
    (void)n_args;
    char *to = rtq__arena_alloc(ctx->heap, text.len + 4);
    if (!to) {
        ctx->error = RTQ_ERR_NOMEM;
        return;
    }
    for (size_t i = 0; i < text.len;) {
        uint32_t cp;
        size_t n = rtq__utf8_next(&cp, text.ptr + i, text.len - i);
        memcpy(to + text.len - i - n, text.ptr + i, n);
        i += n;
    }
    *out = rtq__cell_s(to, text.len);
}

/* ---- searching ---------------------------------------------------------------------------------------------------- */
static void row_indexof(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    rtq_str text = text_copy(&args[0], ctx), what = text_copy(&args[1], ctx);
    int64_t start = n_args > 2 ? args[2].u.i : 0, length = n_args > 3 ? args[3].u.i : -1,
            occurrence = n_args > 4 ? args[4].u.i : 1;
    int64_t n = (int64_t)rtq__utf8_length(text.ptr, text.len);
    for (uint32_t i = 2; i < n_args; i++)
        if (args[i].is_null)
            return;
    if (start < 0)
        start += n;
    if (start < 0 || length < -1 || occurrence < 0 || !what.len)
        return;
    size_t at = offset(text, start);
    for (;;) { /* length counts anew from each place where the search goes on */
        rtq_str range = {text.ptr + at, text.len - at};
        if (length >= 0)
            range.len = offset(range, length);
        ptrdiff_t found = start <= n ? rtq__find(range.ptr, range.len, what.ptr, what.len) : -1;
        if (found < 0) {
            rtq__return_long(out, -1);
            return;
        }
        at += (size_t)found;
        if (--occurrence <= 0)
            break;
        uint32_t cp;
        at += rtq__utf8_next(&cp, text.ptr + at, text.len - at);
    }
    rtq__return_long(out, (int64_t)rtq__utf8_length(text.ptr, at));
}

/* ---- replacing ---------------------------------------------------------------------------------------------------- */
static void row_replace_string(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    rtq_str text = string_of(&args[0]), from = string_of(&args[1]), to = string_of(&args[2]);
    rtq__buf *buf = &ctx->eval->text;
    rtq__needle needle;
    bool any = false;
    (void)n_args;
    rtq__needle_init(&needle, from.ptr, from.len, true);
    rtq__buf_clear(buf);
    for (ptrdiff_t at; from.len && (at = rtq__needle_find(&needle, text.ptr, text.len)) >= 0; any = true) {
        rtq__buf_add(buf, text.ptr, (size_t)at);
        rtq__buf_add(buf, to.ptr, to.len);
        text.ptr += (size_t)at + from.len;
        text.len -= (size_t)at + from.len;
    }
    if (!any) {
        *out = args[0];
        return;
    }
    rtq__buf_add(buf, text.ptr, text.len);
    rtq__return_buf(out, buf, ctx);
}

/* Earlier lookups take precedence over later ones, wherever they match; what is replaced once is not looked at again. A lookup whose
 * rewrite is no string takes its matches and leaves them as they are. */
static void mark_matches(uint16_t *owner, rtq_str text, const rtq__dyn *what, uint16_t number)
{
    for (size_t i = 0; what->len && i + what->len <= text.len; i++) {
        bool fits = !memcmp(text.ptr + i, what->u.p, what->len);
        for (size_t k = 0; fits && k < what->len; k++)
            fits = !owner[i + k];
        for (size_t k = 0; fits && k < what->len; k++)
            owner[i + k] = number;
        if (fits)
            i += what->len - 1;
    }
}

static void row_replace_strings(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    rtq_str text = string_of(&args[0]);
    rtq__buf *buf = &ctx->eval->text;
    uint32_t n = args[1].is_null || args[2].is_null ? 0 : rtq__dyn_count(&args[1].u.y), k = 0;
    (void)n_args;
    n = n < UINT16_MAX ? n : UINT16_MAX - 1;
    rtq__dyn(*pairs)[2] = rtq__arena_alloc(ctx->heap, (n + 1u) * sizeof *pairs);
    uint16_t *owner = rtq__arena_zalloc(ctx->heap, (text.len + 1) * sizeof *owner);
    if (!pairs || !owner) {
        ctx->error = RTQ_ERR_NOMEM;
        return;
    }
    rtq__dyn_iter from, to;
    if (n) {
        rtq__dyn_iter_init(&from, &args[1].u.y, ctx->heap);
        rtq__dyn_iter_init(&to, &args[2].u.y, ctx->heap);
        while (k < n && rtq__dyn_next(&from)) {
            bool more = rtq__dyn_next(&to);
            if (from.item.tag != RTQ__DYN_STRING)
                continue;
            pairs[k][0] = from.item;
            pairs[k][1] = more ? to.item : (rtq__dyn){0};
            k++;
            mark_matches(owner, text, &from.item, (uint16_t)k);
        }
        ctx->error = from.error ? from.error : to.error;
    }
    rtq__buf_clear(buf);
    for (size_t i = 0; i < text.len;) {
        if (!owner[i]) {
            rtq__buf_addc(buf, text.ptr[i++]);
            continue;
        }
        const rtq__dyn *pair = pairs[owner[i] - 1], *with = &pair[pair[1].tag == RTQ__DYN_STRING];
        rtq__buf_add(buf, with->len ? with->u.p : "", with->len);
        i += pair[0].len;
    }
    rtq__return_buf(out, buf, ctx);
}

/* Character k of the first list becomes character k of the second, whose last one stands for all that are missing. */
static void row_translate(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    rtq_str from = string_of(&args[0]), to = string_of(&args[1]), text = string_of(&args[2]);
    rtq__buf *buf = &ctx->eval->text;
    (void)n_args;
    rtq__buf_clear(buf);
    for (size_t i = 0; i < text.len;) {
        uint32_t cp, a, b = 0;
        size_t n = rtq__utf8_next(&cp, text.ptr + i, text.len - i), f = 0, t = 0;
        bool found = false;
        char put[4];
        while (f < from.len && !found) {
            f += rtq__utf8_next(&a, from.ptr + f, from.len - f);
            if (t < to.len)
                t += rtq__utf8_next(&b, to.ptr + t, to.len - t);
            found = a == cp;
        }
        if (!found)
            rtq__buf_add(buf, text.ptr + i, n);
        else if (to.len)
            rtq__buf_add(buf, put, rtq__utf8_put(put, b));
        i += n;
    }
    rtq__return_buf(out, buf, ctx);
}

/* clang-format off */
enum { PROP = RTQ__NULL_PROPAGATE, SELF = RTQ__NULL_CUSTOM };
#define ROW(fn, params, type, rule, kernel, text, ref, ...) \
    {.name = fn, .args = params, .ret = type, .nulls = rule, .row = kernel, .doc = text, .page = ref "-function", __VA_ARGS__}

const rtq__fn rtq__fns_string[] = {
    ROW("strcat", "any...", "string", SELF, row_strcat, "Joins the texts of its arguments.", "strcat", .naming = 0),
    ROW("strcat_delim", "any, any, any...", "string", SELF, row_strcat_delim, "Joins texts with a delimiter between them.", "strcat-delim", .naming = 0),
    ROW("strcat_array", "dynamic, any", "string", SELF, row_strcat_array, "Joins the items of an array with a delimiter between them.", "strcat-array", .naming = 0),
    ROW("array_strcat", "dynamic, any", "string", SELF, row_strcat_array, "Joins the items of an array with a delimiter between them.", "strcat-array", .flags = RTQ__FN_OBSOLETE),
    ROW("strrep", "any, long, [any]", "string", SELF, row_strrep, "Repeats a text.", "strrep", .naming = 0),
    ROW("strlen", "string", "long", PROP, row_strlen, "Number of characters.", "strlen", .naming = RTQ__NAME_FN_FIRST),
    ROW("strlen", "dynamic", "long", SELF, row_strlen, "Number of characters.", "strlen", .naming = RTQ__NAME_FN_FIRST),
    ROW("string_size", "string", "long", PROP, row_string_size, "Number of bytes.", "string-size", .naming = RTQ__NAME_FN_FIRST),
    ROW("string_size", "dynamic", "long", SELF, row_string_size, "Number of bytes.", "string-size", .naming = RTQ__NAME_FN_FIRST),
    ROW("strcmp", "any, any", "long", SELF, row_strcmp, "-1, 0 or 1 as the first text is before, equal to or after the second.", "strcmp", .naming = 0),
    ROW("tolower", "any", "string", SELF, row_case, "Text in lower case.", "tolower", .tag = LOWER),
    ROW("toupper", "any", "string", SELF, row_case, "Text in upper case.", "toupper", .tag = UPPER),
    ROW("substring", "any, long, [long]", "string", SELF, row_substring, "Part of a text.", "substring", .naming = 0),
    ROW("split", "any, string, [long]", "dynamic", SELF, row_split, "Cuts a text at a delimiter.", "split", .naming = RTQ__NAME_FIRST),
    ROW("reverse", "any", "string", SELF, row_reverse, "Characters in reverse order.", "reverse", .naming = 0),
    ROW("indexof", "any, any, [long], [long], [const long]", "long", SELF, row_indexof, "Position of a text in another.", "indexof", .naming = 0),
    ROW("replace_string", "string, string, string", "string", PROP, row_replace_string, "Replaces all occurrences of a text.", "replace-string", .naming = 0),
    ROW("replace_strings", "string, dynamic, dynamic", "string", SELF, row_replace_strings, "Replaces several texts at once.", "replace-strings", .naming = 0),
    ROW("translate", "string, string, string", "string", PROP, row_translate, "Replaces characters by others.", "translate", .naming = 0),
};
/* clang-format on */
RTQ__FAMILY_COUNT(string)
