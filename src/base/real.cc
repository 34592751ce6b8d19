// real.cc - correctly rounded, locale-free text <-> double. C has no such function; the C++ library that RE2 needs anyway has.
#include "base/real.h"
#include <charconv>
#include <cmath>
#include <system_error>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

// Where the syntax [digits][.digits][e[-+]digits] ends; NULL when it is not that. *large: the exponent is positive.
static const char *check_syntax(const char *p, const char *end, bool *large)
{
    const char *start = p;
    size_t digits = 0, leading = 0;
    bool nonzero = false;
    for (; p < end && is_digit(*p); p++, digits++) {
        nonzero = nonzero || *p != '0';
        leading += nonzero;
    }
    if (p < end && *p == '.')
        for (p++; p < end && is_digit(*p); p++)
            digits++;
    if (digits == 0 || p == start)
        return nullptr;
    bool negative = false, exponent = false;
    if (p < end && (*p == 'e' || *p == 'E')) {
        exponent = true;
        p++;
        if (p < end && (*p == '-' || *p == '+'))
            negative = *p++ == '-';
        if (p == end || !is_digit(*p))
            return nullptr;
        while (p < end && is_digit(*p))
            p++;
    }
    *large = exponent ? !negative : leading > 0;
    return p;
}

extern "C" bool rtq__read_decimal(double *out, const char *ptr, size_t len)
{
    const char *p = ptr, *end = ptr + len;
    bool minus = false, large = false;
    if (p < end && (*p == '-' || *p == '+'))
        minus = *p++ == '-';
    if (check_syntax(p, end, &large) != end)
        return false;
    double value = 0;
    std::from_chars_result result = std::from_chars(p, end, value);
    if (result.ec == std::errc::result_out_of_range)
        value = large ? HUGE_VAL : 0.0;
    else if (result.ec != std::errc() || result.ptr != end)
        return false;
    *out = minus ? -value : value;
    return true;
}

extern "C" rtq__decimal_digits rtq__shortest_digits(double value)
{
    rtq__decimal_digits out = {};
    char text[40];
    std::to_chars_result result = std::to_chars(text, text + sizeof text, value, std::chars_format::scientific);
    const char *p = text;
    for (; p < result.ptr && *p != 'e'; p++)
        if (is_digit(*p) && out.n < 18)
            out.digits[out.n++] = *p;
    int exponent = 0;
    bool negative = p + 1 < result.ptr && p[1] == '-';
    for (p += 2; p < result.ptr; p++)
        exponent = exponent * 10 + (*p - '0');
    out.point = (negative ? -exponent : exponent) + 1;
    return out;
}
