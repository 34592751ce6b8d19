/* Unit tests of base/text.h: UTF-8, UTF-16, folding, search. */
#include "base/text.h"
#include <criterion/criterion.h>

static uint64_t state = 88172645463325252u;

static uint32_t random_below(uint32_t n)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 33) % n;
}

#define S(text) text, sizeof(text) - 1

Test(base_text, utf8_validity_by_the_table)
{
    cr_assert(rtq__utf8_valid(S("")));
    cr_assert(rtq__utf8_valid(
        S("plain text that is longer than thirty-two bytes, and \xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80")));
    cr_assert(rtq__utf8_valid(S("\xED\x9F\xBF\xEE\x80\x80\xF4\x8F\xBF\xBF")));
    static const char *const bad[] = {"\x80",
                                      "\xC0\x80",
                                      "\xC1\xBF",
                                      "\xE0\x9F\xBF",
                                      "\xED\xA0\x80",
                                      "\xF0\x8F\xBF\xBF",
                                      "\xF4\x90\x80\x80",
                                      "\xF5\x80\x80\x80",
                                      "\xE2\x82",
                                      "\xC3",
                                      "a\xFF",
                                      "\xF0\x9F\x98"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        cr_assert_not(rtq__utf8_valid(bad[i], strlen(bad[i])), "sequence %zu", i);
}

Test(base_text, repair_replaces_maximal_subparts)
{
    rtq__mem *mem = rtq__mem_new(NULL, NULL, 0);
    rtq__buf buf;
    rtq__buf_init(&buf, mem);
    /* The example of the Unicode Standard, table 3-8: 61 F1 80 80 E1 80 C2 62 80 63 80 BF 64. */
    cr_assert_eq(rtq__utf8_repair(&buf, S("\x61\xF1\x80\x80\xE1\x80\xC2\x62\x80\x63\x80\xBF\x64")), 6);
    static const char expected[] = "a\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"
                                   "b\xEF\xBF\xBD"
                                   "c\xEF\xBF\xBD\xEF\xBF\xBD"
                                   "d";
    cr_assert_eq(buf.len, sizeof expected - 1);
    cr_assert_arr_eq(buf.ptr, expected, buf.len);
    for (int round = 0; round < 20000; round++) {
        char text[40];
        size_t len = random_below(sizeof text);
        for (size_t i = 0; i < len; i++)
            text[i] = random_below(3) == 0 ? (char)random_below(256)
                                           : "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80"[random_below(10)];
        rtq__buf_clear(&buf);
        size_t replaced = rtq__utf8_repair(&buf, text, len);
        cr_assert(rtq__utf8_valid(buf.ptr, buf.len));
        cr_assert_eq(replaced == 0, rtq__utf8_valid(text, len));
        /* Forwards and backwards see the same code points. */
        size_t n = 0, back = buf.len, back_n = 0;
        for (size_t i = 0; i < buf.len; n++) {
            uint32_t cp;
            i += rtq__utf8_next(&cp, buf.ptr + i, buf.len - i);
        }
        while (back > 0) {
            uint32_t cp;
            back -= rtq__utf8_previous(&cp, buf.ptr, back);
            back_n++;
        }
        cr_assert_eq(n, back_n);
        cr_assert_eq(n, rtq__utf8_length(buf.ptr, buf.len));
    }
    rtq__buf_free(&buf);
    rtq__mem_unref(mem);
}

/* Straight from the definition. */
static size_t slow_utf16(char *out, const uint16_t *units, size_t n)
{
    size_t len = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t cp = units[i];
        if (cp >= 0xD800 && cp <= 0xDBFF && i + 1 < n && units[i + 1] >= 0xDC00 && units[i + 1] <= 0xDFFF) {
            cp = 0x10000 + (cp - 0xD800) * 0x400 + (units[i + 1] - 0xDC00u);
            i++;
        } else if (cp >= 0xD800 && cp <= 0xDFFF) {
            cp = 0xFFFD;
        }
        if (cp < 0x80) {
            out[len++] = (char)cp;
        } else if (cp < 0x800) {
            out[len++] = (char)(0xC0 + cp / 64);
            out[len++] = (char)(0x80 + cp % 64);
        } else if (cp < 0x10000) {
            out[len++] = (char)(0xE0 + cp / 4096);
            out[len++] = (char)(0x80 + cp / 64 % 64);
            out[len++] = (char)(0x80 + cp % 64);
        } else {
            out[len++] = (char)(0xF0 + cp / 262144);
            out[len++] = (char)(0x80 + cp / 4096 % 64);
            out[len++] = (char)(0x80 + cp / 64 % 64);
            out[len++] = (char)(0x80 + cp % 64);
        }
    }
    return len;
}

Test(base_text, utf16_equals_the_slow_reference)
{
    for (int round = 0; round < 50000; round++) {
        uint16_t units[70];
        char expected[300], bytes[150], *in = bytes + random_below(2); /* also unaligned */
        size_t n = random_below(70);
        uint32_t kind = random_below(4);
        for (size_t i = 0; i < n; i++) {
            uint32_t r = random_below(8);
            if (kind == 0 || r < 5)
                units[i] = (uint16_t)random_below(128);
            else if (r == 5)
                units[i] = (uint16_t)random_below(0x10000);
            else
                units[i] = (uint16_t)(0xD800 + random_below(0x800));
            in[2 * i] = (char)(units[i] & 0xFF);
            in[2 * i + 1] = (char)(units[i] >> 8);
        }
        char *out = malloc(3 * n + 1); /* exactly the room that the contract asks for, plus a guard */
        out[3 * n] = 'G';
        size_t len = rtq__utf16_to_utf8(out, in, 2 * n + random_below(2));
        cr_assert_eq(len, slow_utf16(expected, units, n));
        cr_assert_eq(memcmp(out, expected, len), 0);
        cr_assert_eq(out[3 * n], 'G');
        free(out);
    }
}

Test(base_text, fold)
{
    cr_assert_eq(rtq__fold('A'), 'a');
    cr_assert_eq(rtq__fold('['), '[');
    cr_assert_eq(rtq__fold(0xC9), 0xE9);     /* É */
    cr_assert_eq(rtq__fold(0x3C2), 0x3C3);   /* final sigma */
    cr_assert_eq(rtq__fold(0xB5), 0x3BC);    /* micro sign, mu */
    cr_assert_eq(rtq__fold(0x416), 0x436);   /* Ж */
    cr_assert_eq(rtq__fold(0x1E9E), 0xDF);   /* capital sharp s */
    cr_assert_eq(rtq__fold(0x212A), 0x212A); /* Kelvin: would be k */
    cr_assert_eq(rtq__fold(0x17F), 0x17F);   /* long s: would be s */
    cr_assert_eq(rtq__fold(0x130), 0x130);
    cr_assert_eq(rtq__fold(0x131), 0x131);
    for (uint32_t cp = 0; cp < 0x110000; cp++) {
        uint32_t folded = rtq__fold(cp);
        cr_assert_eq(rtq__fold(folded), folded, "fold is not idempotent at %X", cp);
        cr_assert_eq(cp < 0x80, folded < 0x80, "fold crosses the ASCII border at %X", cp);
    }
}

Test(base_text, equal_and_compare_without_case)
{
    cr_assert(rtq__equal_nocase(S("C:\\Windows\\System32\\CMD.exe"), S("c:\\windows\\system32\\cmd.EXE")));
    cr_assert_not(rtq__equal_nocase(S("abc[d"), S("abc{d")));
    cr_assert_not(rtq__equal_nocase(S("abcdefgh@"), S("abcdefgh`")));
    cr_assert(rtq__equal_nocase(S("caf\xC3\xA9 r\xC3\x89sum\xC3\xA9"), S("CAF\xC3\x89 R\xC3\xA9SUM\xC3\x89")));
    cr_assert(rtq__equal_nocase(S("\xC8\xBA"), S("\xE2\xB1\xA5"))); /* Ⱥ ⱥ: 2 and 3 bytes */
    cr_assert_not(rtq__equal_nocase(S("abc"), S("abcd")));
    cr_assert_eq(rtq__compare_nocase(S("abc"), S("ABD")), -1);
    cr_assert_eq(rtq__compare_nocase(S("B"), S("a")), 1);
    cr_assert_eq(rtq__compare_nocase(S("ab"), S("ABC")), -1);
    cr_assert_eq(rtq__compare_nocase(S(""), S("")), 0);
}

static ptrdiff_t slow_find(const char *hay, size_t hay_len, const char *needle, size_t len, bool match_case)
{
    for (size_t i = 0; i + len <= hay_len; i++) {
        size_t j = 0;
        while (j < len && (hay[i + j] == needle[j] || (!match_case && rtq__fold((unsigned char)hay[i + j]) ==
                                                                          rtq__fold((unsigned char)needle[j]))))
            j++;
        if (j == len)
            return (ptrdiff_t)i;
    }
    return -1;
}

Test(base_text, find_equals_the_slow_reference)
{
    for (int round = 0; round < 100000; round++) {
        size_t len = random_below(80), needle_len = 1 + random_below(6);
        char *hay = malloc(len + 1), needle[8]; /* malloc: the sanitizer sees reads behind the end */
        for (size_t i = 0; i < len; i++)
            hay[i] = "aAb[{zZ@`"[random_below(9)];
        for (size_t i = 0; i < needle_len; i++)
            needle[i] = "aAb[{zZ@`"[random_below(9)];
        char *exact = malloc(len == 0 ? 1 : len);
        memcpy(exact, hay, len);
        cr_assert_eq(rtq__find(exact, len, needle, needle_len), slow_find(hay, len, needle, needle_len, true));
        cr_assert_eq(rtq__find_nocase(exact, len, needle, needle_len), slow_find(hay, len, needle, needle_len, false));
        free(exact);
        free(hay);
    }
    cr_assert_eq(rtq__find(S("abc"), S("")), 0);
    cr_assert_eq(rtq__find(S(""), S("a")), -1);
    cr_assert_eq(rtq__find_nocase(S("xx \xD0\x9F\xD0\xA0\xD0\x98 yy"), S("\xD0\xBF\xD1\x80\xD0\xB8")), 3);
    cr_assert_eq(rtq__find_nocase(S("a\xE2\x84\xAA"), S("k")), -1); /* Kelvin sign is no k */
}

Test(base_text, hostile_haystack_stays_linear)
{
    size_t n = 1 << 20;
    char *hay = malloc(n), needle[2000];
    memset(hay, 'a', n);
    memset(needle, 'a', sizeof needle);
    needle[1000] = 'b';
    hay[n / 2] = 'b';
    cr_assert_eq(rtq__find(hay, n, needle, sizeof needle), (ptrdiff_t)(n / 2 - 1000));
    hay[n / 2] = 'a';
    for (size_t i = 0; i < n; i += 2)
        hay[i] = 'b';
    cr_assert_eq(rtq__find(hay, n, needle, sizeof needle), -1);
    free(hay);
}

Test(base_text, has_term)
{
    /* Recorded from the Kusto emulator. */
    static const struct {
        const char *hay, *needle;
        bool has, prefix, suffix;
    } cases[] = {
        {"foo.bar.baz", "bar", true, true, true},
        {"foobar", "bar", false, false, true},
        {"BAR", "bar", true, true, true},
        {"word1+word2", "word2", true, true, true},
        {"tagvalue", "tag", false, true, false},
        {"a b", " ", true, true, true},
        {"a\tb", " ", false, false, false},
        {"abcXYZabc", "abc", false, true, true},
        {"cats", "cat", false, true, false},
        {"end.", "end", true, true, true},
        {"ending", "end", false, true, false},
        {"", "", true, true, true},
        {"\xD0\x9F\xD1\x80\xD0\xB8\xD0\xB2\xD0\xB5\xD1\x82\xD0\x9C\xD0\xB8\xD1\x80",
         "\xD0\xBF\xD1\x80\xD0\xB8\xD0\xB2\xD0\xB5\xD1\x82", false, true, false},
        {"\xD0\x9C\xD0\x98\xD0\xA0 \xD0\xBF\xD1\x80\xD0\xB8\xD0\xB2\xD0\xB5\xD1\x82",
         "\xD0\x9F\xD0\xA0\xD0\x98\xD0\x92\xD0\x95\xD0\xA2", true, true, true},
        {"na\xC3\x8FVE", "na\xC3\xAFve", true, true, true},
        {"nai\xC3\xAF", "nai", false, true, false},
        {"x_cat_x", "cat", true, true, true},
        {"catcat cat", "cat", true, true, true},
        {"a-b-c", "-b", true, true, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *hay = cases[i].hay, *needle = cases[i].needle;
        cr_assert_eq(rtq__has_term(hay, strlen(hay), needle, strlen(needle), false), cases[i].has, "has %s", hay);
        cr_assert_eq(rtq__has_prefix_term(hay, strlen(hay), needle, strlen(needle), false), cases[i].prefix,
                     "prefix %s", hay);
        cr_assert_eq(rtq__has_suffix_term(hay, strlen(hay), needle, strlen(needle), false), cases[i].suffix,
                     "suffix %s", hay);
    }
    cr_assert(rtq__has_term(S("The.Quick.Brown"), S("Quick"), true));
    cr_assert_not(rtq__has_term(S("quick brown fox"), S("Quick"), true));
}

Test(base_text, visible)
{
    static const struct {
        const char *text, *shown;
        uint32_t most, width;
    } cases[] = {
        {"plain", "plain", 100, 5},
        {"\x1b[1m\n\t\x7f", "\\x1b[1m\\n\\t\\x7f", 100, 15},
        {"\xC2\x9B\xE2\x80\xAE\xF3\xA0\x81\x81", "\\x9b\\u202e\\U000e0041", 100, 20},
        {"\xE6\x97\xA5\xF0\x9F\x98\x80", "\xE6\x97\xA5\xF0\x9F\x98\x80", 100, 4},
        {"\xFFx", "\xEF\xBF\xBDx", 100, 2},
        {"e\xCC\x81", "e\xCC\x81", 100, 1},
        {"\xCC\x81", "\\u0301", 100, 6},
        {"e\xCC\x81\xCC\x81\xCC\x81\xCC\x81\xCC\x81", "e\xCC\x81\xCC\x81\xCC\x81\xCC\x81\\u0301", 100, 7},
        {"abcdef", "abc\xE2\x80\xA6", 3, 4},
        {"abc", "abc", 3, 3},
    };
    rtq__mem *mem = rtq__mem_new(NULL, NULL, 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        rtq__buf buf;
        rtq__buf_init(&buf, mem);
        cr_expect_eq(rtq__buf_add_visible(&buf, cases[i].text, strlen(cases[i].text), cases[i].most), cases[i].width,
                     "width of %s", cases[i].shown);
        rtq__buf_addc(&buf, 0);
        cr_expect_str_eq(buf.ptr, cases[i].shown);
        rtq__buf_free(&buf);
    }
    rtq__mem_unref(mem);
}
