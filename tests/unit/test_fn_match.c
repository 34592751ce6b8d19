/* contains, has, startswith, matches regex … and the functions of regular expressions; ids of recorded emulator results in comments. */
#include <criterion/criterion.h>
#include "fn/regex.h"
#include "fx.h"

#define EQ(text, ...) \
    cr_expect_str_eq(FX(f, __VA_ARGS__), text, #__VA_ARGS__ " gives %s, not %s", FX(f, __VA_ARGS__), text)
#define S2 "string, string"
static fx *f;
static void setup(void)
{
    f = fx_new();
}
static void teardown(void)
{
    fx_free(f);
}
TestSuite(fn_match, .init = setup, .fini = teardown);

static void agree(const char *name, const char *sig, const char *needle, bool constant)
{
    static const char *const texts[] = {"North America",
                                        "",
                                        "NORTH",
                                        "KustoExplorerQueryRun",
                                        "a.b.c north",
                                        "naïve café",
                                        "CAFÉ",
                                        "x north-west",
                                        "The quick brown fox jumps over the lazy dog and runs to the north",
                                        "кириллица"};
    rtq__cell rows[20];
    for (int i = 0; i < 10; i++) {
        rows[2 * i] = FX_S(texts[i]);
        rows[2 * i + 1] = constant ? FX_S(needle) : FX_S(i % 2 ? needle : texts[(i + 3) % 10]);
    }
    const char *why = fx_agree(f, name, sig, 2, rows, 10);
    cr_expect(!why, "%s %s: %s", name, needle, why ? why : "");
}

Test(fn_match, all_forms_agree)
{
    static const char *const names[] = {"contains",       "!contains_cs", "has",          "!has",
                                        "has_cs",         "hasprefix",    "hassuffix_cs", "startswith",
                                        "!startswith_cs", "endswith",     "endswith_cs",  "matches regex"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        agree(names[i], S2, "north", true);
        agree(names[i], S2, "é", true);
        agree(names[i], S2, "North", false);
    }
    rtq__cell fields[] = {fx_json(f, "\"xNorthx\""),       FX_S("north"), FX_NULL(RTQ_DYNAMIC), FX_S("north"),
                          fx_json(f, "{\"a\":\"north\"}"), FX_S("north"), fx_json(f, "12"),     FX_S("north")};
    cr_expect_null(fx_agree(f, "contains", "dynamic, string", 2, fields, 4));
    cr_expect_null(fx_agree(f, "!has", "dynamic, string", 2, fields, 4));
    agree("has_any", "string, any...", "NORTH", true);
    agree("has_all", "string, any...", "america", false);
}

Test(fn_match, substrings)
{
    EQ("true", "contains", S2, FX_S("FabriKam"), FX_S("BRik"));
    EQ("false", "contains_cs", S2, FX_S("FabriKam"), FX_S("kam"));
    EQ("true", "contains", S2, FX_S("x"), FX_S(""));
    EQ("true", "!contains", S2, FX_S("Fabrikam"), FX_S("xyz"));
    EQ("true", "contains", S2, FX_S("PRÉCIS"), FX_S("réc"));
    EQ("true", "contains", "dynamic, string", fx_json(f, "{\"a\":\"Text\"}"), FX_S("text"));
    EQ("true", "!contains", "dynamic, string", FX_NULL(RTQ_DYNAMIC), FX_S("text"));
    EQ("true", "startswith", S2, FX_S("Fabrikam"), FX_S("fab"));
    EQ("false", "startswith_cs", S2, FX_S("Fabrikam"), FX_S("fab"));
    EQ("true", "startswith", S2, FX_S("Éa"), FX_S("éA"));
    EQ("true", "endswith", S2, FX_S("Fabrikam"), FX_S("KAM"));
    EQ("true", "endswith", S2, FX_S("CAFÉ"), FX_S("fé"));
    EQ("false", "endswith", S2, FX_S("m"), FX_S("am"));
}

Test(fn_match, terms)
{
    EQ("false", "has", S2, FX_S("KustoExplorerQueryRun"), FX_S("Explorer"));
    EQ("true", "has", S2, FX_S("ad67d136-c1db-4f9f"), FX_S("C1DB"));
    EQ("true", "has", S2, FX_S("x.bar.y"), FX_S("bar"));
    EQ("true", "has", S2, FX_S(""), FX_S(""));     /* emu-t1-string-ops-0022-03a1600d */
    EQ("true", "has", S2, FX_S("a b"), FX_S(" ")); /* emu-agent-string-ops-0036-bb628fad */
    EQ("true", "has", S2, FX_S("МИР привет"), FX_S("Привет"));
    EQ("false", "has", S2, FX_S("ПриветМир"), FX_S("привет"));
    EQ("true", "hassuffix", S2, FX_S("end."), FX_S("end")); /* emu-agent-string-ops-0033-320c143f */
    EQ("true", "hasprefix", S2, FX_S("cats and dogs"), FX_S("DOG"));
    EQ("false", "hasprefix", S2, FX_S("scatter"), FX_S("cat"));
}

Test(fn_match, many_terms)
{
    rtq__cell few = fx_json(f, "[\"beta\",\"Alpha\"]");
    rtq__cell many = fx_json(f, "[\"t1\",\"t2\",\"t3\",\"t4\",\"c:\\\\temp\",\"t6\",\"t7\",\"Alpha\"]");
    EQ("true", "has_any", "string, any...", FX_S("x alpha"), few);
    EQ("true", "has_any", "string, any...", FX_S("x alpha"), many);
    EQ("false", "has_any", "string, any...", FX_S("x alphas t11"), many);
    EQ("true", "has_any", "string, any...", FX_S("run C:\\TEMP\\x"), many);
    EQ("true", "has_any", "string, any...", FX_S("one two"), FX_S("three"), FX_S("TWO"));
    EQ("true", "has_all", "string, any...", FX_S("North and South America"), FX_S("south"), FX_S("north"));
    EQ("false", "has_all", "string, any...", FX_S("North America"), FX_S("south"), FX_S("north"));
    EQ("0", "has_any_index", "string, dynamic", FX_S("this is an example"), fx_json(f, "[\"this\",\"example\"]"));
    EQ("1", "has_any_index", "string, dynamic", FX_S("this is an example"), fx_json(f, "[\"not\",\"example\"]"));
    EQ("-1", "has_any_index", "string, dynamic", FX_S("this is an example"), fx_json(f, "[\"not\",\"found\"]"));
}

Test(fn_match, regex_syntax)
{
#define MATCHES(want, text, pattern) EQ(want, "matches regex", S2, FX_S(text), FX_S(pattern))
    MATCHES("true", "Fabrikam", "b.*k");
    MATCHES("true", "٣", "^\\d$");
    MATCHES("false", "٣", "(?-u)^\\d$");
    MATCHES("true", "é", "^\\w$");
    MATCHES("true", "\xc2\xa0", "^\\s$");
    MATCHES("true", "x", "^[a-y&&xyz]$");
    MATCHES("false", "z", "^[a-y&&xyz]$");
    MATCHES("false", "4", "^[0-9--4]$");
    MATCHES("true", "3", "^[0-9&&[^4]]$");
    MATCHES("true", "h", "^[a-g~~b-h]$");
    MATCHES("false", "c", "^[a-g~~b-h]$");
    MATCHES("false", "ab", "[a&&b]");
    MATCHES("true", "x\xe2\x82\xac", "^[x[^xyz]]+$");
    MATCHES("false", "y", "^[x[^xyz]]+$");
    MATCHES("true", "a\nb", "^[\\s\\S]+$");
    MATCHES("true", "-", "^[\\W]$");
    MATCHES("true", "[]", "^[\\[\\]]+$");
    MATCHES("true", "ab", "(?x) a  # first\n b [\\ c]? ");
    MATCHES("true", "S", "^\\123$");
    MATCHES("true", "\x7f", "^\\u007F$");
    MATCHES("true", "Ab", "(?i:a)b");
    MATCHES("true", "key", "(?<name>k)ey");
    MATCHES("true", "a.b", "^[[:alpha:].]+$");
    MATCHES("true", "Αθήνα", "^\\p{Greek}+$");
    MATCHES("true", "ÄB", "^\\p{Uppercase_Letter}+$");
}

Test(fn_match, regex_refusals)
{
    static const char *const bad[] = {"(?=a)", "(?<!a)b", "a\\<",    "\\b{start}a", "(?R)a", "[a",
                                      "(a",    "\\q",     "a{2000}", "[z-a]",       "x\\",   "*a"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const char *got = FX(f, "matches regex", S2, FX_S("a"), FX_S(bad[i]));
        cr_expect(!strncmp(got, "error", 5), "%s is taken: %s", bad[i], got);
    }
}

Test(fn_match, extract)
{
#define EXTRACT(want, pattern, group, text) \
    EQ(want, "extract", "const string, long, string", FX_S(pattern), FX_L(group), FX_S(text))
    EXTRACT("\"James\"", "User: ([^,]+)", 1, "User: James, Email: x");
    EXTRACT("\"12\"", "(\\d+)-(\\d+)", 2, "2020-12-31T10:20:30");
    EXTRACT("\"\"", "(\\d+)", 0, "no match here");
    EXTRACT("\"\"", "(a)|(b)", 2, "a");
    EXTRACT("\"\"", "(a)", 5, "a");
#define ALL(want, pattern, text) EQ(want, "extract_all", "const string, string", FX_S(pattern), FX_S(text))
    ALL("[[\"a\",\"1\"],[\"b\",\"2\"]]", "([a-z])(\\d)", "a1 b2");
    ALL("null", "([a-z])(\\d)", "none");
    ALL("[\"tag\",\"/tag\"]", "<(/?[a-z]+)", "<tag>text</tag>");
    cr_expect(!strncmp(FX(f, "extract_all", "const string, string", FX_S("a"), FX_S("a")), "error", 5));
    EQ("[[\"8\",\"2b8be2\",\"d\"]]", "extract_all", "const string, const dynamic, string",
       FX_S("(?P<first>\\w)(?P<middle>\\w+)(?P<last>\\w)"), fx_json(f, "[\"first\",2,\"last\"]"), FX_S("82b8be2d"));
}

Test(fn_match, replace_and_trim)
{
#define REPLACE(want, text, pattern, to) \
    EQ(want, "replace_regex", "string, const string, const string", FX_S(text), FX_S(pattern), FX_S(to))
    REPLACE("\"[one] [two]\"", "one two", "(\\w+)", "[\\1]");
    REPLACE("\"Number was: 7\"", "Number is 7", "is (\\d+)", "was: \\1");
    REPLACE("\"-a-b-\"", "ab", "x*", "-");
    REPLACE("\"<aa>\"", "aa", "a+", "<\\0>");
    EQ("\"yy\"", "replace", "const string, const string, string", FX_S("x"), FX_S("y"), FX_S("xx"));
#define TRIM(want, how, pattern, text) EQ(want, how, "const string, string", FX_S(pattern), FX_S(text))
    TRIM("\"xabcx\"", "trim", "x", "xxabcxx"); /* emu-agent-string-ops-0023-4f9fdf4c */
    TRIM("\"Te st1\"", "trim", "[^\\w]+", "-  Te st1// $");
    TRIM("\"\"", "trim_end", "x", "x");
    TRIM("\"xx\"", "trim_start", "x", "xxx");
    TRIM("\"bing\"", "trim_end", ".com", "bing.com");
    EQ("\"\\\\(so\\\\$me\\\\.Te\\\\^xt\\\\)\"", "regex_quote", "text", FX_S("(so$me.Te^xt)"));
}

Test(fn_match, counts_and_positions)
{
#define COUNT(want, ...) EQ(want, "countof", "string, string, [const string]", __VA_ARGS__)
    COUNT("3", FX_S("aaaa"), FX_S("aa"));
    COUNT("1", FX_S("ababa"), FX_S("aba"), FX_S("regex"));
    COUNT("2", FX_S("ababa"), FX_S("ab"), FX_S("normal"));
    COUNT("0", FX_S("abc"), FX_S(""));
#define INDEX(want, ...) EQ(want, "indexof_regex", "any, const text, [long], [long], [const long]", __VA_ARGS__)
    INDEX("0", FX_S("abcabc"), FX_S("a.c"));
    INDEX("3", FX_S("abcabcdefg"), FX_S("a.c"), FX_L(0), FX_L(9), FX_L(2));
    INDEX("-1", FX_S("abcabc"), FX_S("a.c"), FX_L(1), FX_L(-1), FX_L(2));
    INDEX("-1", FX_S("ababaa"), FX_S("a.a"), FX_L(0), FX_L(-1), FX_L(2));
    INDEX("null", FX_S("abcabc"), FX_S("a|ab"), FX_L(-1));
}

static void literal(const char *pattern, const char *want)
{
    char text[32];
    bool nocase;
    size_t n = rtq__regex_literal(text, sizeof text, pattern, strlen(pattern), &nocase);
    cr_expect(n == strlen(want) && !memcmp(text, want, n), "%s: %.*s, not %s", pattern, (int)n, text, want);
}

Test(fn_match, texts_that_patterns_need)
{
    literal("(?i)mimi(katz|cats)\\s+-x", "mimi");
    literal("\\bpowershell\\.exe\\b", "powershell.exe");
    literal("foo.*barbaz+qux", "barbaz");
    literal("ab(c|d)efgh", "efgh");
    literal("[^]]abc]def[[:alpha:]]gh", "abc");
    literal("(?:abcd)?efg", "efg");
    literal("(?i)kernel32", "ernel32"); /* K is the sign of Kelvin, too */
    literal("abc|def", "");
    literal("abc?", "");
    literal("abc*", "");
    literal("ab{0,3}cd", "");
    literal("(?x)a b c", "");
    literal("x(?i)yzabc", "");
    literal("a\\x41bcd", "");
    literal("a(bcd", "");
    EQ("true", "matches regex", "string, string",
       FX_S("run \xe2\x84\xaa"
            "ernel32"),
       FX_S("(?i)kernel32"));
}
