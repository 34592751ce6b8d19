/* fuzz_text.c - the text functions of base: whatever the bytes, results are valid and agree with each other. */
#include "base/text.h"
#include "base/time.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void check_utf(rtq__mem *mem, const char *text, size_t len)
{
    rtq__buf buf;
    rtq__buf_init(&buf, mem);
    size_t replaced = rtq__utf8_repair(&buf, text, len);
    require((replaced == 0) == rtq__utf8_valid(text, len));
    require(rtq__utf8_valid(buf.ptr, buf.len));
    rtq__buf_clear(&buf);
    if (rtq__buf_reserve(&buf, 3 * (len / 2) + 1)) {
        buf.len = rtq__utf16_to_utf8(buf.ptr, text, len);
        require(buf.len <= 3 * (len / 2));
        require(rtq__utf8_valid(buf.ptr, buf.len));
    }
    rtq__buf_free(&buf);
}

static void check_numbers(const char *text, size_t len)
{
    int64_t number, again;
    double real, back;
    uint8_t guid[16];
    char out[64];
    if (rtq__parse_long(&number, text, len))
        require(rtq__parse_long(&again, out, rtq__print_long(out, number)) && again == number);
    if (rtq__parse_real(&real, text, len))
        require(rtq__parse_real(&back, out, rtq__print_real(out, real)) && (back == real || real != real));
    if (rtq__parse_datetime(&number, text, len)) {
        require(number >= 0 && number <= RTQ__TICKS_MAX);
        require(rtq__parse_datetime(&again, out, rtq__print_datetime(out, number)) && again == number);
    }
    if (rtq__parse_timespan(&number, text, len))
        require(rtq__parse_timespan(&again, out, rtq__print_timespan(out, number)) && again == number);
    if (rtq__parse_guid(guid, text, len))
        require(rtq__print_guid(out, guid) == 36);
}

/* Strings are valid UTF-8 wherever they are searched. */
static void check_search(rtq__mem *mem, const char *text, size_t len)
{
    size_t split = len > 0 ? (unsigned char)text[0] % 16 : 0;
    if (len < 1 + split)
        return;
    rtq__buf first, second;
    rtq__buf_init(&first, mem);
    rtq__buf_init(&second, mem);
    rtq__utf8_repair(&first, text + 1, split);
    rtq__utf8_repair(&second, text + 1 + split, len - 1 - split);
    rtq__buf_addc(&second, '.');
    const char *needle = first.len > 0 ? first.ptr : "", *hay = second.ptr;
    size_t needle_len = first.len, hay_len = second.len - 1;
    ptrdiff_t exact = rtq__find(hay, hay_len, needle, needle_len),
              loose = rtq__find_nocase(hay, hay_len, needle, needle_len);
    const char *slow = memmem(hay, hay_len, needle, needle_len);
    require(exact == (slow != NULL ? slow - hay : -1));
    require(exact < 0 || (loose >= 0 && loose <= exact));
    bool term = rtq__has_term(hay, hay_len, needle, needle_len, true);
    require(!term || exact >= 0);
    require(!term || rtq__has_prefix_term(hay, hay_len, needle, needle_len, true));
    require(!term || rtq__has_term(hay, hay_len, needle, needle_len, false));
    rtq__buf_free(&first);
    rtq__buf_free(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    const char *text = (const char *)data;
    rtq__mem *mem = rtq__mem_new(NULL, NULL, 0);
    if (mem == NULL)
        return 0;
    check_utf(mem, text, len);
    check_numbers(text, len);
    check_search(mem, text, len);
    rtq__mem_unref(mem);
    return 0;
}
