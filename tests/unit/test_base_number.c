/* Unit tests of base/text.h: numbers and GUIDs; base/hash.h. */
#include "base/hash.h"
#include "base/text.h"
#include <criterion/criterion.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static void assert_long(const char *text, bool good, int64_t expected)
{
    int64_t value = 77;
    cr_assert_eq(rtq__parse_long(&value, text, strlen(text)), good, "'%s'", text);
    cr_assert_eq(value, good ? expected : 77, "'%s' gave %lld", text, (long long)value);
}

Test(base_number, parse_long)
{
    assert_long("0", true, 0);
    assert_long("  42  ", true, 42);
    assert_long("-5", true, -5);
    assert_long("+5", true, 5);
    assert_long("9223372036854775807", true, INT64_MAX);
    assert_long("9223372036854775808", false, 0);
    assert_long("-9223372036854775808", true, INT64_MIN);
    assert_long("-9223372036854775809", false, 0);
    assert_long("92233720368547758070", false, 0);
    assert_long("0x7FFFFFFFFFFFFFFF", true, INT64_MAX);
    assert_long("0X1f", true, 31);
    assert_long("0xFFFFFFFFFFFFFFFF", true, -1);
    assert_long("0x10000000000000000", false, 0);
    assert_long("0x00000000000000000010", true, 16);
    assert_long("-0x10", false, 0);
    assert_long("0x", false, 0);
    assert_long("5.9", false, 0);
    assert_long("1e3", false, 0);
    assert_long("", false, 0);
    assert_long("-", false, 0);
    assert_long("1 2", false, 0);
    assert_long("1_000", false, 0);
}

static void assert_real(const char *text, bool good, double expected)
{
    double value = 77;
    cr_assert_eq(rtq__parse_real(&value, text, strlen(text)), good, "'%s'", text);
    if (good && isnan(expected))
        cr_assert(isnan(value), "'%s'", text);
    else
        cr_assert_eq(value, good ? expected : 77, "'%s' gave %g", text, value);
}

Test(base_number, parse_real)
{
    assert_real("1.5e3", true, 1500);
    assert_real("  3.14  ", true, 3.14);
    assert_real("-2.5", true, -2.5);
    assert_real("+.5", true, 0.5);
    assert_real("5.", true, 5);
    assert_real("9223372036854775808", true, 9223372036854775808.0);
    assert_real("1e400", true, INFINITY);
    assert_real("-1e400", true, -INFINITY);
    assert_real("1e-400", true, 0);
    assert_real("0.0000000000000000000000001e-400", true, 0);
    assert_real("4.9e-324", true, 5e-324);
    assert_real("1.7976931348623157e308", true, 1.7976931348623157e308);
    assert_real("0.1", true, 0.1);
    assert_real("9007199254740993", true, 9007199254740992.0);
    assert_real("9007199254740993.00000000000000000000000000000000000000001", true, 9007199254740994.0);
    assert_real("inf", true, INFINITY);
    assert_real("-Infinity", true, -INFINITY);
    assert_real("NaN", true, NAN);
    assert_real("nan", true, NAN);
    assert_real("0x10", false, 0);
    assert_real("1_000", false, 0);
    assert_real("0b101", false, 0);
    assert_real("abc", false, 0);
    assert_real(".", false, 0);
    assert_real("e5", false, 0);
    assert_real("1e", false, 0);
    assert_real("1e+", false, 0);
    assert_real("--1", false, 0);
    assert_real("1,5", false, 0);
    assert_real("", false, 0);
}

static void assert_print(double value, const char *kusto, const char *json)
{
    char out[40];
    size_t len = rtq__print_real(out, value);
    cr_assert(len == strlen(kusto) && memcmp(out, kusto, len) == 0, "%.*s instead of %s", (int)len, out, kusto);
    len = rtq__print_real_json(out, value);
    cr_assert(len == strlen(json) && memcmp(out, json, len) == 0, "%.*s instead of %s", (int)len, out, json);
}

Test(base_number, print_real)
{
    /* The first rows were recorded from the Kusto emulator (tostring). */
    assert_print(1.0, "1.0", "1.0");
    assert_print(1.5, "1.5", "1.5");
    assert_print(0.1 + 0.2, "0.30000000000000007", "0.30000000000000004");
    assert_print(1.0 / 3.0, "0.3333333333333333", "0.3333333333333333");
    assert_print(100000000000.0, "100000000000.0", "100000000000.0");
    assert_print(-0.0, "-0.0", "-0.0");
    assert_print(INFINITY, "inf", "\"Infinity\"");
    assert_print(NAN, "NaN", "\"NaN\"");
    assert_print(34.80245590209961, "34.80245590209961", "34.80245590209961");
    assert_print(-INFINITY, "-inf", "\"-Infinity\"");
    assert_print(0.001, "0.001", "0.001");
    assert_print(1e-6, "0.000001", "0.000001");
    assert_print(1.25e-7, "1.25e-7", "1.25e-7");
    assert_print(123456789.125, "123456789.125", "123456789.125");
    assert_print(1e20, "100000000000000000000.0", "100000000000000000000.0");
    assert_print(1e21, "1e21", "1e+21");
    assert_print(2.5e300, "2.5e300", "2.5e+300");
    assert_print(10.0 / 3, "3.3333333333333337", "3.3333333333333335");
    assert_print(8980.877324071756, "8980.877324071756", "8980.877324071756"); /* the largest would end in 7 */
    assert_print(0.86363912923517, "0.8636391292351701", "0.86363912923517");  /* not always the fewest digits */
    assert_print(5e-324, "5e-324", "5e-324");
    assert_print(9007199254740992.0, "9007199254740992.0", "9007199254740992.0");
}

/* Fewest digits of printf that read back. */
static int slow_digits(double value)
{
    for (int n = 1; n < 17; n++) {
        char text[40];
        snprintf(text, sizeof text, "%.*e", n - 1, value);
        if (strtod(text, NULL) == value)
            return n;
    }
    return 17;
}

static int count_digits(const char *text, size_t len)
{
    int n = 0, trailing = 0;
    for (size_t i = 0; i < len && text[i] != 'e'; i++) {
        if (text[i] < '0' || text[i] > '9' || (n == 0 && text[i] == '0'))
            continue;
        n++;
        trailing = text[i] == '0' ? trailing + 1 : 0;
    }
    return n - trailing;
}

Test(base_number, print_real_reads_back_and_is_shortest)
{
    uint64_t state = 1;
    for (int i = 0; i < 30000; i++) {
        double value;
        state = rtq__hash_word(state, 99);
        memcpy(&value, &state, sizeof value);
        if (i % 3 == 1)
            value = (double)(int64_t)(state % 2000000000) / 1000 - 500000;
        else if (i % 3 == 2)
            value = (double)(state >> 11) / 9007199254740992.0 * 1000;
        if (!isfinite(value))
            continue;
        char out[41];
        size_t len = rtq__print_real_json(out, value);
        cr_assert_leq(len, 40);
        out[len] = '\0';
        cr_assert_eq(strtod(out, NULL), value, "%s", out);
        cr_assert_leq(count_digits(out, len), slow_digits(value), "%s for %.17g", out, value);
        len = rtq__print_real(out, value);
        out[len] = '\0';
        cr_assert_eq(strtod(out, NULL), value, "%s", out);
        double back;
        cr_assert(rtq__parse_real(&back, out, len));
        cr_assert_eq(back, value);
    }
}

Test(base_number, no_locale)
{
    if (setlocale(LC_ALL, "de_DE.UTF-8") == NULL)
        setlocale(LC_ALL, "");
    assert_print(1234.5, "1234.5", "1234.5");
    assert_real("1234.5", true, 1234.5);
}

Test(base_number, print_long)
{
    static const int64_t values[] = {0, 1, -1, 10, 99, INT64_MAX, INT64_MIN, 1234567890123};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        char out[24], expected[32];
        size_t len = rtq__print_long(out, values[i]);
        snprintf(expected, sizeof expected, "%lld", (long long)values[i]);
        cr_assert(len == strlen(expected) && memcmp(out, expected, len) == 0);
    }
}

Test(base_number, guid)
{
    static const char text[] = "74be27de-1e4e-49d9-b579-fe0b331d3642";
    static const uint8_t bytes[16] = {0x74, 0xbe, 0x27, 0xde, 0x1e, 0x4e, 0x49, 0xd9,
                                      0xb5, 0x79, 0xfe, 0x0b, 0x33, 0x1d, 0x36, 0x42};
    static const char *const good[] = {"74be27de-1e4e-49d9-b579-fe0b331d3642", "{74BE27DE-1E4E-49D9-B579-FE0B331D3642}",
                                       " 74be27de1e4e49d9b579fe0b331d3642 ", "(74be27de-1e4e-49d9-b579-fe0b331d3642)"};
    static const char *const bad[] = {"",
                                      "74be27de-1e4e-49d9-b579-fe0b331d364",
                                      "74be27de-1e4e-49d9-b579-fe0b331d36422",
                                      "74be27de-1e4e-49d9-b579-fe0b331d364g",
                                      "74be27de11e4e-49d9-b579-fe0b331d3642",
                                      "{74be27de-1e4e-49d9-b579-fe0b331d3642"};
    uint8_t guid[16];
    char out[36];
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        memset(guid, 0, sizeof guid);
        cr_assert(rtq__parse_guid(guid, good[i], strlen(good[i])), "%s", good[i]);
        cr_assert_arr_eq(guid, bytes, 16);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        cr_assert_not(rtq__parse_guid(guid, bad[i], strlen(bad[i])), "%s", bad[i]);
    cr_assert_eq(rtq__print_guid(out, bytes), 36);
    cr_assert_arr_eq(out, text, 36);
}

Test(base_number, hash)
{
    cr_assert_eq(rtq__hash_bytes("", 0, 0), UINT64_C(0x2D06800538D394C2)); /* XXH3's published vector */
    cr_assert_neq(rtq__hash_bytes("a", 1, 1), rtq__hash_bytes("a", 1, 2));
    cr_assert_eq(rtq__hash_seed(), rtq__hash_seed());
    cr_assert_neq(rtq__hash_seed(), 0);
}
