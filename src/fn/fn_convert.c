/* fn_convert.c - tostring(), tolong() …, parse_json(), gettype(). */
#include "base/text.h"
#include "fn/convert.h"
#include "fn/eval.h"
#include "fn/families.h"

/* tostring() of whole numbers: most results fit into the string itself, so that nothing is allocated. */
static void row_number_text(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    char text[24];
    (void)n_args;
    size_t len = rtq__print_long(text, args[0].u.i);
    rtq__buf_clear(&ctx->eval->text);
    if (len <= 12)
        rtq__buf_add(&ctx->eval->text, text, len);
    char *p = len > 12 ? rtq__arena_strndup(ctx->heap, text, len) : ctx->eval->text.failed ? NULL : ctx->eval->text.ptr;
    if (p)
        *out = rtq__cell_s(p, len);
    else
        ctx->error = RTQ_ERR_NOMEM;
}

/* toguid() takes the first 32 hexadecimal digits, wherever the hyphens are; what follows does not matter. */
static bool loose_guid(rtq__cell *out, const rtq__cell *text)
{
    char digits[32];
    uint32_t n = 0;
    for (uint32_t i = 0; i < text->len && n < sizeof digits; i++) {
        if (text->u.s[i] == '-')
            continue;
        digits[n++] = text->u.s[i];
    }
    rtq__cell c = rtq__cell_null(RTQ_GUID);
    if (n < sizeof digits || !rtq__parse_guid(c.u.b, digits, sizeof digits))
        return false;
    c.is_null = false;
    *out = c;
    return true;
}

void rtq__row_to(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    (void)n_args;
    uint32_t kind = (uint32_t)ctx->fn->tag;
    *out = rtq__cell_convert(&args[0], kind, ctx->eval, ctx->heap);
    if (kind == RTQ_STRING && out->is_null)
        ctx->error = RTQ_ERR_NOMEM;
    if (kind == RTQ_GUID && out->is_null && args[0].kind == RTQ_STRING)
        loose_guid(out, &args[0]);
}

/* Kinds that need no work on cells: the driver of conversions does whole vectors. */
static int vec_to(rtq__vec **out, rtq__fcall *call)
{
    return rtq__vec_convert(out, call, call->args[0], (uint32_t)call->fn->tag);
}

/* Text that is no JSON stays text. The empty text is null. */
static void row_parse_json(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    (void)n_args;
    rtq__dyn d = {.tag = RTQ__DYN_STRING, .len = args[0].len, .u.p = args[0].u.s};
    if (args[0].len == 0)
        return;
    int rc = rtq__dyn_parse(&d, args[0].u.s, args[0].len, ctx->heap);
    if (rc == RTQ_ERR_NOMEM)
        ctx->error = rc;
    else if (rc != RTQ_OK)
        d = (rtq__dyn){.tag = RTQ__DYN_STRING, .len = args[0].len, .u.p = args[0].u.s};
    *out = rtq__cell_y(d);
}

static void row_gettype(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    (void)n_args, (void)ctx;
    bool dynamic = args[0].kind == RTQ_DYNAMIC || args[0].kind == RTQ_UNKNOWN;
    const char *name = !dynamic                      ? rtq__kind_name(args[0].kind)
                       : rtq__cell_is_null(&args[0]) ? "null"
                                                     : rtq__dyn_type_name(&args[0].u.y);
    *out = rtq__cell_s(name, strlen(name));
}

static void row_tohex(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    static const char digits[] = "0123456789abcdef";
    char text[64];
    uint64_t x = args[0].kind == RTQ_INT ? (uint32_t)args[0].u.i : (uint64_t)args[0].u.i;
    int64_t least = n_args > 1 ? args[1].u.i : 1;
    size_t n = 0;
    do
        text[63 - n++] = digits[x & 15];
    while ((x >>= 4) != 0);
    while ((int64_t)n < least && n < 16)
        text[63 - n++] = '0';
    char *p = rtq__arena_strndup(ctx->heap, text + 64 - n, n);
    if (p)
        *out = rtq__cell_s(p, n);
    else
        ctx->error = RTQ_ERR_NOMEM;
}

#define TO(name_, kind, id, page_)                                                                           \
    {                                                                                                        \
        .name = name_, .args = "any", .ret = kind, .naming = RTQ__NAME_FIRST, .row = rtq__row_to, .tag = id, \
        .doc = "converts to " kind, .page = page_                                                            \
    }
#define TO_FLAGS(name_, kind, id, page_, flags_)                                                                   \
    {                                                                                                              \
        .name = name_, .args = "any", .ret = kind, .naming = RTQ__NAME_FIRST, .flags = flags_, .row = rtq__row_to, \
        .tag = id, .doc = "converts to " kind, .page = page_                                                       \
    }
#define TO_VEC(name_, arg, kind, id, page_)                                                           \
    {                                                                                                 \
        .name = name_, .args = arg, .ret = kind, .naming = RTQ__NAME_FIRST, .vec = vec_to, .tag = id, \
        .doc = "converts to " kind, .page = page_                                                     \
    }
#define TO_LONG(arg)                                                                                         \
    {                                                                                                        \
        .name = "tostring", .args = arg, .ret = "string", .naming = RTQ__NAME_FIRST, .row = row_number_text, \
        .doc = "converts to string", .page = "tostring-function"                                             \
    }
#define JSON(name_, flags_, page_)                                                                                     \
    {.name = name_,                                                                                                    \
     .args = "string",                                                                                                 \
     .ret = "dynamic",                                                                                                 \
     .naming = RTQ__NAME_FIRST,                                                                                        \
     .flags = flags_,                                                                                                  \
     .row = row_parse_json,                                                                                            \
     .doc = "reads JSON text",                                                                                         \
     .page = page_},                                                                                                   \
    {                                                                                                                  \
        .name = name_, .args = "dynamic", .ret = "dynamic", .naming = RTQ__NAME_FIRST, .flags = flags_, .vec = vec_to, \
        .tag = RTQ_DYNAMIC, .doc = "a dynamic value as it is", .page = page_                                           \
    }

const rtq__fn rtq__fns_convert[] = {
    TO_VEC("tostring", "string", "string", RTQ_STRING, "tostring-function"),
    TO_VEC("tostring", "dynamic", "string", RTQ_STRING, "tostring-function"),
    TO_LONG("int"),
    TO_LONG("long"),
    TO("tostring", "string", RTQ_STRING, "tostring-function"),

    TO("toint", "int", RTQ_INT, "toint-function"),
    TO_VEC("tolong", "long", "long", RTQ_LONG, "tolong-function"),
    TO("tolong", "long", RTQ_LONG, "tolong-function"),
    TO_VEC("toreal", "long", "real", RTQ_REAL, "toreal-function"),
    TO("toreal", "real", RTQ_REAL, "toreal-function"),
    TO_VEC("todouble", "long", "real", RTQ_REAL, "toreal-function"),
    TO("todouble", "real", RTQ_REAL, "toreal-function"),
    TO("tobool", "bool", RTQ_BOOL, "tobool-function"),
    TO("toboolean", "bool", RTQ_BOOL, "tobool-function"),
    TO("todatetime", "datetime", RTQ_DATETIME, "todatetime-function"),
    TO("totimespan", "timespan", RTQ_TIMESPAN, "totimespan-function"),
    TO_FLAGS("totime", "timespan", RTQ_TIMESPAN, "totimespan-function", RTQ__FN_OBSOLETE),
    {.name = "toguid",
     .args = "string",
     .ret = "guid",
     .naming = RTQ__NAME_FIRST,
     .row = rtq__row_to,
     .tag = RTQ_GUID,
     .doc = "converts to guid",
     .page = "toguid-function"},
    {.name = "toguid",
     .args = "dynamic",
     .ret = "guid",
     .naming = RTQ__NAME_FIRST,
     .row = rtq__row_to,
     .tag = RTQ_GUID,
     .doc = "converts to guid",
     .page = "toguid-function"},
#if RTQ_WITH_DECIMAL
    TO("todecimal", "decimal", RTQ_DECIMAL, "todecimal-function"),
#endif
    JSON("parse_json", 0, "parse-json-function"),
    JSON("todynamic", 0, "parse-json-function"),
    JSON("parsejson", RTQ__FN_OBSOLETE, "parse-json-function"),
    JSON("toobject", RTQ__FN_OBSOLETE, "parse-json-function"),
    {.name = "gettype",
     .args = "any",
     .ret = "string",
     .nulls = RTQ__NULL_CUSTOM,
     .naming = RTQ__NAME_PREFIX_FIRST,
     .row = row_gettype,
     .prefix = "type",
     .doc = "name of the value's type",
     .page = "gettype-function"},
    {.name = "tohex",
     .args = "int, [long]",
     .ret = "string",
     .naming = RTQ__NAME_FIRST,
     .row = row_tohex,
     .doc = "hexadecimal digits of a number",
     .page = "tohex-function"},
    {.name = "tohex",
     .args = "long, [long]",
     .ret = "string",
     .naming = RTQ__NAME_FIRST,
     .row = row_tohex,
     .doc = "hexadecimal digits of a number",
     .page = "tohex-function"},
};
RTQ__FAMILY_COUNT(convert)
