/* Functions of strings, hashes, URLs and addresses: examples of the reference pages and recorded emulator results. */
#include <criterion/criterion.h>
#include <stdio.h>
#include "fx.h"

#define EQ(text, ...) \
    cr_expect_str_eq(FX(f, __VA_ARGS__), text, #__VA_ARGS__ " gives %s, not %s", FX(f, __VA_ARGS__), text)
static fx *f;
static void setup(void)
{
    f = fx_new();
}
static void teardown(void)
{
    fx_free(f);
}
TestSuite(fn_string, .init = setup, .fini = teardown);

Test(fn_string, joining)
{
    EQ("\"Hello-5-HELLO\"", "strcat", "any...", FX_S("Hello"), FX_S("-"), FX_L(5), FX_S("-"), FX_S("HELLO"));
    EQ("\"a\"", "strcat", "any...", FX_S("a"), FX_NULL(RTQ_LONG));
    EQ("\"1-2-A-00:00:01\"", "strcat_delim", "any, any, any...", FX_S("-"), FX_L(1), FX_S("2"), FX_S("A"),
       fx_span("1s"));
    EQ("\"a|||b\"", "strcat_array", "dynamic, any", fx_json(f, "[\"a\",null,\"\",\"b\"]"), FX_S("|"));
    EQ("\"1->2->3\"", "strcat_array", "dynamic, any", fx_json(f, "[1,2,3]"), FX_S("->"));
    EQ("\"123.123.123\"", "strrep", "any, long, [any]", FX_L(123), FX_L(3), FX_S("."));
    EQ("\"ABCABC\"", "strrep", "any, long, [any]", FX_S("ABC"), FX_L(2));
}

Test(fn_string, lengths_and_case)
{
    EQ("7", "strlen", "string",
       FX_S("abc\xf0\x9f\x98\x80"
            "def"));
    EQ("9", "string_size", "string",
       FX_S("aaa\xe2\x80\x8b"
            "bbb"));
    EQ("1", "strcmp", "any, any", FX_S("abcde"), FX_S("abc"));
    EQ("-1", "strcmp", "any, any", FX_S("ABC"), FX_S("abc"));
    EQ("\"ПРИВЕТ МИР\"", "toupper", "any", FX_S("Привет Мир"));
    EQ("\"café 5\"", "tolower", "any", FX_S("CAFÉ 5"));
    EQ("\"@[`{az\"", "tolower", "any", FX_S("@[`{AZ"));
    EQ("\"54.321\"", "reverse", "any", FX_R(123.45));
    EQ("\"éa\"", "reverse", "any", FX_S("aé"));
}

Test(fn_string, substring)
{
#define SUB(want, ...) EQ(want, "substring", "any, long, [long]", __VA_ARGS__)
    SUB("\"23456\"", FX_S("123456"), FX_L(1));
    SUB("\"56\"", FX_S("123456"), FX_L(-2), FX_L(2));
    SUB("\"ll\"", FX_S("hello"), FX_L(-3), FX_L(2));
    SUB("\"\"", FX_S("hello"), FX_L(-100), FX_L(3));
    SUB("\"\"", FX_S("hello"), FX_L(1), FX_L(-1));
    SUB("\"fghij\"", FX_S("abcdefghij"), FX_L(5), FX_L(100));
    SUB("\"é\"", FX_S("café!"), FX_L(3), FX_L(1));
    SUB("\"34\"", FX_L(12345), FX_L(2), FX_L(2));
}

Test(fn_string, split)
{
#define SPLIT(want, ...) EQ(want, "split", "any, string, [long]", __VA_ARGS__)
    SPLIT("[\"a\",\"\",\"b\"]", FX_S("a__b"), FX_S("_"));
    SPLIT("[\"aa\",\"cc\"]", FX_S("aabbcc"), FX_S("bb"));
    SPLIT("[\"\"]", FX_S(""), FX_S("_"));
    SPLIT("[\"bbb\"]", FX_S("aaa_bbb_ccc"), FX_S("_"), FX_L(1));
    SPLIT("[\"\"]", FX_S("trailing="), FX_S("="), FX_L(1));
    SPLIT("null", FX_S("noequals"), FX_S("="), FX_L(1));
}

Test(fn_string, indexof)
{
#define INDEX(want, ...) EQ(want, "indexof", "any, any, [long], [long], [const long]", __VA_ARGS__)
    INDEX("2", FX_S("abcdefg"), FX_S("cde"), FX_L(1), FX_L(4));
    INDEX("-1", FX_S("abcdefg"), FX_S("cde"), FX_L(1), FX_L(2));
    INDEX("-1", FX_S("abcdefg"), FX_S("cde"), FX_L(3), FX_L(4));
    INDEX("2", FX_S("abcdefg"), FX_S("cde"), FX_L(-5));
    INDEX("4", FX_L(1234567), FX_L(5), FX_L(1), FX_L(4));
    INDEX("9", FX_S("abcdefgabcdefg"), FX_S("cde"), FX_L(1), FX_L(10), FX_L(2));
    INDEX("-1", FX_S("abcdefgabcdefg"), FX_S("cde"), FX_L(1), FX_L(-1), FX_L(3));
    INDEX("3", FX_S("café"), FX_S("é"));
    INDEX("null", FX_S("abc"), FX_S(""));
}

Test(fn_string, replacing)
{
    EQ("\"XYbcXYbc\"", "replace_string", "string, string, string", FX_S("abcabc"), FX_S("a"), FX_S("XY"));
    EQ("\"abc\"", "replace_string", "string, string, string", FX_S("abc"), FX_S(""), FX_S("_"));
#define MANY(want, from, to)                                                                              \
    EQ(want, "replace_strings", "string, dynamic, dynamic", FX_S("This is an example"), fx_json(f, from), \
       fx_json(f, to))
    MANY("\"This was an example\"", "[\"This\",\"is\"]", "[\"This\",\"was\"]");
    MANY("\"Thwas was an example\"", "[\"is\",\"This\"]", "[\"was\",\"This\"]");
    MANY("\"This was an example\"", "[\"This\",\"is\"]", "[12345,\"was\"]");
    EQ("\"xxx\"", "translate", "string, string, string", FX_S("abc"), FX_S("x"), FX_S("abc"));
    EQ("\"\"", "translate", "string, string, string", FX_S("abc"), FX_S(""), FX_S("ab"));
    EQ("\"kusto\"", "translate", "string, string, string", FX_S("krasp"), FX_S("otsku"), FX_S("spark"));
}

Test(fn_string, code_points_and_punycode)
{
    EQ("[9382,75]", "unicode_codepoints_from_string", "any", FX_S("⒦K"));
    EQ("\"Kusto\"", "unicode_codepoints_to_string", "any...", fx_json(f, "[75,117,115]"), FX_L(116), FX_L(111));
    EQ("\"\"", "make_string", "any...", FX_L(0xD800));
    EQ("\"acadmie-franaise-npb1a\"", "punycode_from_string", "string", FX_S("académie-française"));
    EQ("\"académie-française\"", "punycode_to_string", "string", FX_S("acadmie-franaise-npb1a"));
    EQ("\"cqv902d\"", "punycode_from_string", "string", FX_S("艺术"));
    EQ("\"xn--Riill-jta.xn--Skldskaparml-dbbj.org\"", "punycode_domain_to_string", "string",
       FX_S("Riðill｡Skáldskaparmál｡org"));
    EQ("\"Rúyì.Jīngū.Bàng.com\"", "punycode_domain_from_string", "string",
       FX_S("xn--Ry-lja8c.xn--Jng-uta63a.xn--Bng-9ka.com"));
    EQ("false", "isascii", "any", FX_S("é"));
    EQ("\"10.1 KB\"", "format_bytes", "number, [const long], [const string]", FX_R(10332), FX_L(1));
    EQ("\"564 Bytes\"", "format_bytes", "number, [const long], [const string]", FX_R(564));
    EQ("\"19541 KB\"", "format_bytes", "number, [const long], [const string]", FX_R(20010332), FX_L(0), FX_S("KB"));
    EQ("\"19 MB\"", "format_bytes", "number, [const long], [const string]", FX_R(20010332));
}

Test(fn_string, base64)
{
    EQ("\"S3VzdG8=\"", "base64_encode_tostring", "string", FX_S("Kusto"));
    EQ("\"Kusto\"", "base64_decode_tostring", "string", FX_S("S3VzdG8="));
    EQ("\"\"", "base64_decode_tostring", "string", FX_S("U3RyaW5n0KHR0tGA0L7Rh9C60LA="));
    EQ("[75,117,115,116,111]", "base64_decode_toarray", "string", FX_S("S3VzdG8="));
    EQ("null", "base64_decode_toarray", "string", FX_S("U3RyaW5n0KHR0tGA0L7Rh9C60LA"));
    EQ("\"S3VzdG8=\"", "base64_encode_fromarray", "dynamic", fx_json(f, "[75,117,115,116,111]"));
    rtq__cell guid = rtq__cell_null(RTQ_GUID);
    guid.is_null = 0;
    memcpy(guid.u.b, "\xae\x31\x33\xf2\x6e\x22\x49\xae\xb0\x6a\x16\xe6\xa9\xb2\x12\xeb", 16);
    EQ("\"8jMxriJurkmwahbmqbIS6w==\"", "base64_encode_fromguid", "guid", guid);
    /* The page swaps the third group, but base64_encode_fromguid() of its own example does not. */
    EQ("\"10e99626-bc2b-4c75-bb3e-fe606de25700\"", "base64_decode_toguid", "string", FX_S("JpbpECu8dUy7Pv5gbeJXAA=="));
    if (fx_fn("gzip_compress_to_base64_string", "string")) {
        EQ("\"H4sIAAAAAAAA/wEUAOv/MTIzNDU2Nzg5MHF3ZXJ0eXVpb3A6m7f2FAAAAA==\"", "gzip_compress_to_base64_string",
           "string", FX_S("1234567890qwertyuiop"));
        EQ("\"eAEBFADr/zEyMzQ1Njc4OTBxd2VydHl1aW9wOAkGdw==\"", "zlib_compress_to_base64_string", "string",
           FX_S("1234567890qwertyuiop"));
        EQ("\"1234567890qwertyuiop\"", "gzip_decompress_from_base64_string", "string",
           FX_S("H4sIAAAAAAAA/wEUAOv/MTIzNDU2Nzg5MHF3ZXJ0eXVpb3A6m7f2FAAAAA=="));
        EQ("\"Test string 123\"", "zlib_decompress_from_base64_string", "string",
           FX_S("eJwLSS0uUSguKcrMS1cwNDIGACxqBQ4="));
        EQ("\"\"", "gzip_decompress_from_base64_string", "string", FX_S("x0x0x0"));
    }
}

Test(fn_string, hashes)
{
    EQ("1846988464401551951", "hash", "any, [long]", FX_S("World"));
    EQ("51", "hash", "any, [long]", FX_S("World"), FX_L(100));
    EQ("1380966698541616202", "hash_xxhash64", "any, [long]", fx_time("2015-01-01"));
    EQ("\"f5a7924e621e84c9280a9a27e1bcb7f6\"", "hash_md5", "any", FX_S("World"));
    EQ("\"786c530672d1f8db31fee25ea8a9390b\"", "hash_md5", "any", fx_time("2020-01-01"));
    EQ("\"70c07ec18ef89c5309bbb0937f3a6342411e1fdd\"", "hash_sha1", "any", FX_S("World"));
    EQ("\"ba666752dc1a20eb750b0eb64e780cc4c968bc9fb8813461c1d7e750f302d71d\"", "hash_sha256", "any",
       fx_time("2020-01-01"));
}

Test(fn_string, urls)
{
    EQ("\"https%3a%2f%2fwww.bing.com%2fhello+world\"", "url_encode", "string",
       FX_S("https://www.bing.com/hello world"));
    EQ("\"https%3a%2f%2fwww.bing.com%2fhello%20world\"", "url_encode_component", "string",
       FX_S("https://www.bing.com/hello world"));
    EQ("\"https://www.bing.com/\"", "url_decode", "string", FX_S("https%3a%2f%2fwww.bing.com%2f"));
    EQ("\"\xef\xbf\xbd%\"", "url_decode", "string", FX_S("%ff%"));
    EQ("{\"Scheme\":\"scheme\",\"Host\":\"host\",\"Port\":\"1234\",\"Path\":\"/this/is/a/"
       "path\",\"Username\":\"username\",\"Password\":\"password\","
       "\"Query Parameters\":{\"k1\":\"v1\",\"k2\":\"v2\"},\"Fragment\":\"fragment\"}",
       "parse_url", "string", FX_S("scheme://username:password@host:1234/this/is/a/path?k1=v1&k2=v2#fragment"));
    EQ("{\"Scheme\":\"http\",\"Host\":\"h\",\"Port\":\"\",\"Path\":\"\",\"Username\":\"\",\"Password\":\"\",\"Query "
       "Parameters\":{},\"Fragment\":\"\"}",
       "parse_url", "string", FX_S("http://h"));
    EQ("{\"Query Parameters\":{\"k1\":\"v1\",\"k2\":\"\"}}", "parse_urlquery", "string", FX_S("k1=v1&k2"));
}

Test(fn_string, parsing)
{
    EQ("[\"aa\",\"b,b,b\",\"cc\",\"Escaping quotes: \\\"Title\\\"\",\"line1\\nline2\"]", "parse_csv", "string",
       FX_S("aa,\"b,b,b\",cc,\"Escaping quotes: \"\"Title\"\"\",\"line1\nline2\""));
    EQ("[\"record1\",\"a\",\"\"]", "parse_csv", "string", FX_S("record1,a,\nrecord2,x"));
#define PATH(want, path) EQ(want, "parse_path", "string", FX_S(path))
    PATH("{\"Scheme\":\"\",\"RootPath\":\"C:\",\"DirectoryPath\":\"C:\\\\temp\",\"DirectoryName\":\"temp\","
         "\"Filename\":\"file.txt\",\"Extension\":\"txt\","
         "\"AlternateDataStreamName\":\"\"}",
         "C:\\temp\\file.txt");
    PATH("{\"Scheme\":\"file\",\"RootPath\":\"C:\",\"DirectoryPath\":\"C:/"
         "temp\",\"DirectoryName\":\"temp\",\"Filename\":\"file.txt\",\"Extension\":\"txt\","
         "\"AlternateDataStreamName\":\"some.exe\"}",
         "file://C:/temp/file.txt:some.exe");
    PATH("{\"Scheme\":\"\",\"RootPath\":\"\",\"DirectoryPath\":\"\\\\\\\\shared\\\\users\\\\temp\",\"DirectoryName\":"
         "\"temp\",\"Filename\":\"file.txt.gz\","
         "\"Extension\":\"gz\",\"AlternateDataStreamName\":\"\"}",
         "\\\\shared\\users\\temp\\file.txt.gz");
    PATH("{\"Scheme\":\"\",\"RootPath\":\"\",\"DirectoryPath\":\"temp\",\"DirectoryName\":\"temp\",\"Filename\":\"file."
         "txt\",\"Extension\":\"txt\","
         "\"AlternateDataStreamName\":\"\"}",
         "temp\\file.txt");
#define LINE(want, line) EQ(want, "parse_command_line", "any, const string", FX_S(line), FX_S("windows"))
    LINE("[\"echo\",\"hello world!\"]", "echo \"hello world!\"");
    LINE("[\"C:\\\\a b\\\\c.exe\",\"x\\\\y\",\"a\\\\b c\",\"q\\\"r\"]", "\"C:\\a b\\c.exe\"  x\\y \"a\\b c\" q\\\"r");
    LINE("[\"p\",\"a\\\\b\",\"\"]", "p a\\\\\"b\" \"\"");
    EQ("\"1000000020000000300000004\"", "parse_version", "string", FX_S("1.2.3.4"));
    EQ("\"20000000000000000\"", "parse_version", "string", FX_S("0.2"));
    EQ("null", "parse_version", "string", FX_S("1.2.3.4.5"));
    EQ("\"John\"", "extract_json", "const string, string", FX_S("$.name"), FX_S("{\"name\": \"John\", \"age\": 30}"));
    EQ("\"2\"", "extract_json", "const string, string", FX_S("$.a[1].b"), FX_S("{\"a\":[0,{\"b\":2}]}"));
}

Test(fn_string, xml)
{
#define XML(want, text) EQ(want, "parse_xml", "string", FX_S(text))
    XML("{\"e\":null}", "<e/>");
    XML("{\"e\":\"text\"}", "<e>text</e>");
    XML("{\"e\":{\"@name\":\"value\",\"#text\":\"text\"}}", "<e name=\"value\">text</e>");
    XML("{\"e\":{\"a\":\"text\",\"b\":\"text\"}}", "<e> <a>text</a> <b>text</b> </e>");
    XML("{\"e\":{\"a\":[\"x\",\"y\"],\"b\":null}}", "<e> <a>x</a><b/> <a>y</a> </e>");
    XML("{\"e\":{\"#text\":\"text\",\"a\":\"text\"}}", "<e> text <a>text</a> </e>");
    XML("{\"e\":\"<&é>]\"}", "<?xml version='1.0'?><!-- c --><e>&lt;&amp;&#233;<![CDATA[>]]]></e>");
    XML("null", "<e><a></e>");
    XML("null", "no xml");
}

Test(fn_string, ipv4)
{
    EQ("3232235776", "parse_ipv4", "string", FX_S("192.168.1.1/24"));
    EQ("4294967294", "parse_ipv4", "string", FX_S("255.255.255.255/31"));
    EQ("null", "parse_ipv4", "string", FX_S("1.2.3.256"));
    EQ("\"192.168.1.0/24\"", "format_ipv4_mask", "any, [long]", FX_S("192.168.1.1/24"), FX_L(32));
    EQ("\"\"", "format_ipv4", "any, [long]", FX_S("192.168.1.1/24"), FX_L(-1));
    EQ("\"192.168.1.1\"", "format_ipv4", "any, [long]", FX_L(3232235777));
    EQ("0", "ipv4_compare", "string, string, [long]", FX_S("192.168.1.1/24"), FX_S("192.168.1.255"), FX_L(31));
    EQ("true", "ipv4_is_match", "string, string, [long]", FX_S("192.168.1.1/30"), FX_S("192.168.1.255/24"));
    EQ("true", "ipv4_is_private", "string", FX_S("172.31.0.1"));
    EQ("false", "ipv4_is_private", "string", FX_S("127.0.0.1"));
    EQ("null", "ipv4_is_private", "string", FX_S("x"));
    EQ("true", "ipv4_is_in_range", "string, string", FX_S("192.168.1.1"), FX_S("192.168.1.255/24"));
    EQ("true", "ipv4_is_in_any_range", "string, any...", FX_S("192.168.1.6"), FX_S("10.0.0.1/8"),
       FX_S("192.168.1.1/24"));
    EQ("false", "ipv4_is_in_any_range", "string, any...", FX_S("1.1.1.1"),
       fx_json(f, "[\"192.168.1.1/16\",\"10.0.0.1/8\"]"));
    EQ("[\"1.1.128.0/21\",\"1.1.136.0/22\",\"1.1.140.0/24\"]", "ipv4_range_to_cidr_list", "string, string",
       FX_S("1.1.128.0"), FX_S("1.1.140.255"));
    EQ("[\"0.0.0.0/0\"]", "ipv4_range_to_cidr_list", "string, string", FX_S("0.0.0.0"), FX_S("255.255.255.255"));
    EQ("16", "ipv4_netmask_suffix", "string", FX_S("127.0.0.1/16"));
    EQ("true", "has_ipv4", "string, string", FX_S("05:04:54 127.0.0.1 GET"), FX_S("127.0.0.1"));
    EQ("false", "has_ipv4", "string, string", FX_S("05:04:54127.0.0.1 GET"), FX_S("127.0.0.1"));
    EQ("false", "has_ipv4", "string, string", FX_S("127.0.0.256"), FX_S("127.0.0.256"));
    EQ("false", "has_ipv4", "string, string", FX_S("127.0.0.12"), FX_S("127.0.0.1"));
    EQ("true", "has_ipv4_prefix", "string, string", FX_S("05:04:54 127.0.0.1 GET"), FX_S("127.0."));
    EQ("false", "has_ipv4_prefix", "string, string", FX_S("05:04:54 127.0.0.256 GET"), FX_S("127.0."));
    EQ("false", "has_ipv4_prefix", "string, string", FX_S("05:04:54 127.0.0.1 GET"), FX_S("127.0"));
    EQ("true", "has_any_ipv4", "string, any...", FX_S("at 127.0.0.1"), fx_json(f, "[\"1.1.1.1\",\"127.0.0.1\"]"));
}

Test(fn_string, ipv6)
{
    EQ("\"0000:0000:0000:0000:0000:ffff:c0a8:ff00\"", "parse_ipv6", "string", FX_S("192.168.255.255/24"));
    EQ("\"fe80:0000:0000:0000:085d:e82c:9446:7900\"", "parse_ipv6_mask", "string, long",
       FX_S("fe80::85d:e82c:9446:7994/120"), FX_L(124));
    EQ("\"0000:0000:0000:0000:0000:ffff:c0a8:ff00\"", "parse_ipv6_mask", "string, long", FX_S("::192.168.255.255/24"),
       FX_L(128));
#define CMP6(want, a, b, n) EQ(want, "ipv6_compare", "string, string, [long]", FX_S(a), FX_S(b), FX_L(n))
    CMP6("0", "192.168.1.1", "192.168.1.0", 31);
    CMP6("0", "fe80::85d:e82c:9446:7994", "fe80::85d:e82c:9446:7995", 127);
    CMP6("0", "192.168.1.1/24", "::ffff:c0a8:01ff", 127);
    CMP6("0", "::192.168.1.1/30", "192.168.1.255/24", 127);
    CMP6("-1", "fe80::1", "fe80::2", 128);
    EQ("true", "ipv6_is_in_range", "string, string", FX_S("a5e:f127:8a9d:146d:e102:b5d3:c755:abcd"),
       FX_S("a5e:f127:8a9d:146d:e102:b5d3:c755:0000/112"));
    EQ("\"\"", "parse_ipv6_mask", "string, long", FX_S("::"), FX_L(129));
    EQ("\"\"", "parse_ipv6", "string", FX_S("1:2:3"));
    EQ("\"0000:0000:0000:0000:0000:0000:0000:0000\"", "parse_ipv6", "string", FX_S("::"));
}
