/* text_number.c - numbers and GUIDs from and to text. */
#include "base/real.h"
#include "base/text.h"
#include <math.h>

static void trim(const char **ptr, size_t *len)
{
    while (*len > 0 && strchr(" \t\r\n", **ptr) != NULL && **ptr != '\0') {
        (*ptr)++;
        (*len)--;
    }
    while (*len > 0 && strchr(" \t\r\n", (*ptr)[*len - 1]) != NULL && (*ptr)[*len - 1] != '\0')
        (*len)--;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
        return (c | 0x20) - 'a' + 10;
    return -1;
}

/* Up to 16 significant digits, taken as the bits of the long: 0xFFFFFFFFFFFFFFFF is -1 (Kusto emulator). */
static bool parse_hex(int64_t *out, const char *ptr, size_t len)
{
    uint64_t value = 0;
    for (size_t i = 0; i < len; i++) {
        int digit = hex_value(ptr[i]);
        if (digit < 0 || value >> 60 != 0)
            return false;
        value = value << 4 | (unsigned)digit;
    }
    *out = (int64_t)value;
    return len > 0;
}

bool rtq__parse_long(int64_t *out, const char *ptr, size_t len)
{
    trim(&ptr, &len);
    if (len > 2 && ptr[0] == '0' && (ptr[1] | 0x20) == 'x')
        return parse_hex(out, ptr + 2, len - 2);
    bool minus = len > 0 && ptr[0] == '-';
    if (len > 0 && (ptr[0] == '-' || ptr[0] == '+')) {
        ptr++;
        len--;
    }
    if (len == 0)
        return false;
    uint64_t value = 0, limit = minus ? (uint64_t)INT64_MAX + 1 : INT64_MAX;
    for (size_t i = 0; i < len; i++) {
        unsigned digit = (unsigned)ptr[i] - '0';
        if (digit > 9 || value > (limit - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *out = minus ? (int64_t)(0 - value) : (int64_t)value;
    return true;
}

bool rtq__parse_real(double *out, const char *ptr, size_t len)
{
    trim(&ptr, &len);
    if (len == 0)
        return false;
    size_t sign = ptr[0] == '-' || ptr[0] == '+';
    if ((ptr[len - 1] >= '0' && ptr[len - 1] <= '9') || ptr[len - 1] == '.')
        return rtq__read_decimal(out, ptr, len);
    if (rtq__equal_nocase(ptr + sign, len - sign, "inf", 3) ||
        rtq__equal_nocase(ptr + sign, len - sign, "infinity", 8)) {
        *out = ptr[0] == '-' ? -INFINITY : INFINITY;
        return true;
    }
    if (rtq__equal_nocase(ptr + sign, len - sign, "nan", 3)) {
        *out = NAN;
        return true;
    }
    return false;
}

static const char pairs[] =
    "0001020304050607080910111213141516171819202122232425262728293031323334353637383940414243444546474849"
    "5051525354555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899";

static inline unsigned count_digits(uint64_t value)
{
    unsigned n = 1;
    while (value >= 10000) {
        value /= 10000;
        n += 4;
    }
    return n + (value >= 10) + (value >= 100) + (value >= 1000);
}

/* Below 10,000: four digits as a word, those in front shifted out. */
static inline unsigned print_four(char *out, uint32_t value)
{
    unsigned none = (value < 10u) + (unsigned)(value < 100) + (unsigned)(value < 1000);
    uint16_t high, low;
    memcpy(&high, pairs + (size_t)2 * (value / 100), 2);
    memcpy(&low, pairs + (size_t)2 * (value % 100), 2);
    uint32_t text = (high | (uint32_t)low << 16) >> 8 * none;
    memcpy(out, &text, 4);
    return 4 - none;
}

size_t rtq__print_unsigned(char out[20], uint64_t value)
{
    if (value < 10000)
        return print_four(out, (uint32_t)value);
    unsigned n = count_digits(value);
    char *p = out + n;
    for (; value >= 100; value /= 100) {
        p -= 2;
        memcpy(p, pairs + 2 * (value % 100), 2);
    }
    if (value >= 10)
        memcpy(p - 2, pairs + 2 * value, 2);
    else
        p[-1] = (char)('0' + value);
    return n;
}

size_t rtq__print_long(char out[24], int64_t value)
{
    if (value >= 0)
        return rtq__print_unsigned(out, (uint64_t)value);
    out[0] = '-';
    return 1 + rtq__print_unsigned(out + 1, 0 - (uint64_t)value);
}

/* Reals that are short decimals, as most are: value = whole / 10^scale exactly to the reader. Saves the general conversion. */
static bool print_short(char *out, size_t *len, double value)
{
    static const double powers[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5};
    if (!(value >= 1e-3 && value < 1e9))
        return false;
    for (size_t scale = 0; scale < sizeof powers / sizeof *powers; scale++) {
        double shifted = value * powers[scale];
        uint64_t whole = (uint64_t)(shifted + 0.5);
        if ((double)whole / powers[scale] != value)
            continue;
        /* Below 2^53 both operands are exact, so the quotient is the double nearest to this decimal of at most 15 digits. */
        uint64_t ten = (uint64_t)powers[scale];
        size_t n = rtq__print_long(out, (int64_t)(whole / ten));
        out[n++] = '.';
        uint64_t fraction = whole % ten;
        size_t places = scale > 0 ? scale : 1;
        for (size_t i = places; i-- > 0; fraction /= 10)
            out[n + i] = (char)('0' + fraction % 10);
        *len = n + places;
        return true;
    }
    return false;
}

static size_t put_zeros(char *out, int n)
{
    memset(out, '0', (size_t)n);
    return (size_t)n;
}

/* 1.0 1500.0 0.001 1.5e-7 1e+22, 1e22 to Kusto: positional for 1e-6 <= value < 1e21. */
static size_t print_digits(char *out, const rtq__decimal_digits *d, bool as_kusto)
{
    size_t len = 0, n = (size_t)d->n;
    if (d->point > 0 && d->point <= 21) {
        size_t whole = d->point < d->n ? (size_t)d->point : n;
        memcpy(out, d->digits, whole);
        len = whole + put_zeros(out + whole, d->point - (int)whole);
        out[len++] = '.';
        if (whole == n) {
            out[len++] = '0';
        } else {
            memcpy(out + len, d->digits + whole, n - whole);
            len += n - whole;
        }
        return len;
    }
    if (d->point <= 0 && d->point > -6) {
        out[len++] = '0';
        out[len++] = '.';
        len += put_zeros(out + len, -d->point);
        memcpy(out + len, d->digits, n);
        return len + n;
    }
    out[len++] = d->digits[0];
    if (n > 1) {
        out[len++] = '.';
        memcpy(out + len, d->digits + 1, n - 1);
        len += n - 1;
    }
    out[len++] = 'e';
    if (d->point - 1 > 0 && !as_kusto)
        out[len++] = '+';
    return len + rtq__print_long(out + len, d->point - 1);
}

static size_t print_finite(char *out, double value, bool as_kusto)
{
    size_t len = 0, more;
    if (signbit(value)) {
        out[len++] = '-';
        value = -value;
    }
    if (value == 0) {
        memcpy(out + len, "0.0", 3);
        return len + 3;
    }
    if (as_kusto && value != floor(value)) {
        rtq__decimal_digits kusto = rtq__kusto_digits(value);
        return len + print_digits(out + len, &kusto, true);
    }
    if (print_short(out + len, &more, value))
        return len + more;
    rtq__decimal_digits d = as_kusto ? rtq__kusto_digits(value) : rtq__shortest_digits(value);
    return len + print_digits(out + len, &d, as_kusto);
}

size_t rtq__print_real(char out[40], double value)
{
    if (isfinite(value))
        return print_finite(out, value, true);
    const char *text = isnan(value) ? "NaN" : value < 0 ? "-inf" : "inf";
    size_t len = strlen(text);
    memcpy(out, text, len);
    return len;
}

size_t rtq__print_real_json(char out[40], double value)
{
    if (isfinite(value))
        return print_finite(out, value, false);
    const char *text = isnan(value) ? "\"NaN\"" : value < 0 ? "\"-Infinity\"" : "\"Infinity\"";
    size_t len = strlen(text);
    memcpy(out, text, len);
    return len;
}

bool rtq__parse_guid(uint8_t out[16], const char *ptr, size_t len)
{
    trim(&ptr, &len);
    if (len >= 2 && ((ptr[0] == '{' && ptr[len - 1] == '}') || (ptr[0] == '(' && ptr[len - 1] == ')'))) {
        ptr++;
        len -= 2;
    }
    bool dashes = len == 36;
    if (!dashes && len != 32)
        return false;
    uint8_t guid[16];
    for (size_t i = 0, n = 0; n < 16; n++) {
        if (dashes && (n == 4 || n == 6 || n == 8 || n == 10) && ptr[i++] != '-')
            return false;
        int high = hex_value(ptr[i]), low = hex_value(ptr[i + 1]);
        if (high < 0 || low < 0)
            return false;
        guid[n] = (uint8_t)(high << 4 | low);
        i += 2;
    }
    memcpy(out, guid, sizeof guid);
    return true;
}

size_t rtq__print_guid(char out[36], const uint8_t guid[16])
{
    static const char hex[] = "0123456789abcdef";
    static const uint8_t at[16] = {0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34};
    for (size_t n = 0; n < 16; n++) {
        out[at[n]] = hex[guid[n] >> 4];
        out[at[n] + 1] = hex[guid[n] & 15];
    }
    out[8] = out[13] = out[18] = out[23] = '-';
    return 36;
}
