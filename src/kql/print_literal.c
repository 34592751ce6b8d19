/* print_literal.c - literals, as text that gives the same value, type and form. */
#include <math.h>
#include "base/text.h"
#include "base/time.h"
#include "print_internal.h"

void rtq__print_kql_string(rtq__buf *out, const char *ptr, size_t len)
{
    static const char from[] = "\\\"\a\b\f\n\r\t\v", to[] = "\\\"abfnrtv";
    rtq__buf_addc(out, '"');
    for (size_t i = 0; i < len; i++) {
        const char *simple = ptr[i] ? strchr(from, ptr[i]) : NULL;
        if (simple) {
            rtq__buf_addc(out, '\\');
            rtq__buf_addc(out, to[simple - from]);
        } else if ((unsigned char)ptr[i] < ' ' || ptr[i] == 0x7F) {
            rtq__buf_addf(out, "\\x%02X", (unsigned)(unsigned char)ptr[i]);
        } else {
            rtq__buf_addc(out, ptr[i]);
        }
    }
    rtq__buf_addc(out, '"');
}

static void print_real(rtq__buf *out, double value)
{
    char text[40];
    if (isnan(value)) {
        rtq__buf_adds(out, "nan");
    } else if (isinf(value)) {
        rtq__buf_adds(out, value < 0 ? "-inf" : "+inf");
    } else {
        size_t n = rtq__print_real_json(text, value);
        rtq__buf_add(out, text, n);
        if (!memchr(text, '.', n) && !memchr(text, 'e', n) && !memchr(text, 'E', n))
            rtq__buf_adds(out, ".0");
    }
}

/* The largest unit that goes into it without rest */
static void print_short_timespan(rtq__buf *out, int64_t ticks)
{
    static const struct {
        int64_t ticks;
        const char *unit;
    } units[] = {{RTQ__TICKS_DAY, "d"},    {RTQ__TICKS_HOUR, "h"}, {RTQ__TICKS_MINUTE, "m"},
                 {RTQ__TICKS_SECOND, "s"}, {10000, "ms"},          {10, "microsecond"}};
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (ticks % units[i].ticks == 0) {
            rtq__buf_addf(out, "%lld%s", (long long)(ticks / units[i].ticks), units[i].unit);
            return;
        }
    }
    rtq__buf_addf(out, "%lldtick", (long long)ticks);
}

static void print_value(rtq__buf *out, const rtq__ast_literal *literal)
{
    char text[64];
    bool typed = literal->flags & RTQ__LITERAL_TYPED;
    switch (literal->type) {
    case RTQ_BOOL: rtq__buf_adds(out, literal->u.i ? "true" : "false"); break;
    case RTQ_INT:
    case RTQ_LONG:
        if (literal->flags & RTQ__LITERAL_HEX)
            rtq__buf_addf(out, "0x%llX", (unsigned long long)literal->u.i);
        else
            rtq__buf_add(out, text, rtq__print_long(text, literal->u.i));
        break;
    case RTQ_REAL:
        if (!typed && isinf(literal->u.d))
            rtq__buf_adds(out, "1e999");
        else
            print_real(out, literal->u.d);
        break;
    case RTQ_DECIMAL: rtq__buf_add(out, literal->text.ptr, literal->text.len); break;
    case RTQ_DATETIME:
        if (literal->flags & RTQ__LITERAL_TODAY)
            rtq__buf_add(out, text, rtq__print_timespan(text, literal->u.i));
        else if (!(literal->flags & RTQ__LITERAL_NOW))
            rtq__buf_add(out, text, rtq__print_datetime(text, literal->u.i));
        break;
    case RTQ_TIMESPAN:
        if (typed)
            rtq__buf_add(out, text, rtq__print_timespan(text, literal->u.i));
        else
            print_short_timespan(out, literal->u.i);
        break;
    case RTQ_GUID: rtq__buf_add(out, text, rtq__print_guid(text, literal->u.guid)); break;
    default: break;
    }
}

void rtq__print_literal(rtq__buf *out, const rtq__ast *node)
{
    static const char *const words[] = {
        [RTQ_BOOL] = "bool",       [RTQ_INT] = "int",        [RTQ_LONG] = "long",         [RTQ_REAL] = "real",
        [RTQ_DECIMAL] = "decimal", [RTQ_STRING] = "string",  [RTQ_DATETIME] = "datetime", [RTQ_TIMESPAN] = "timespan",
        [RTQ_GUID] = "guid",       [RTQ_DYNAMIC] = "dynamic"};
    const rtq__ast_literal *literal = &node->literal;
    if (literal->type == RTQ_STRING) {
        if (literal->flags & RTQ__LITERAL_OBFUSCATED)
            rtq__buf_addc(out, 'h');
        rtq__print_kql_string(out, literal->text.ptr, literal->text.len);
        return;
    }
    bool typed = literal->flags & RTQ__LITERAL_TYPED;
    if (typed) {
        rtq__buf_adds(out, words[literal->type]);
        rtq__buf_addc(out, '(');
    }
    if (literal->json)
        rtq__ast_print(out, literal->json);
    else if (literal->is_null)
        rtq__buf_adds(out, "null");
    else
        print_value(out, literal);
    if (typed)
        rtq__buf_addc(out, ')');
}
