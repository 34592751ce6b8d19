/* Text as JSON strings: the block-wise escaping against one byte at a time. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/buf.h"

static uint64_t state = 88172645463325252u;

static uint64_t rnd(void)
{
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    return state >> 11;
}

static size_t by_bytes(char *out, const unsigned char *p, size_t len)
{
    static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        const char *at = p[i] ? strchr(from, p[i]) : NULL;
        if (at)
            out[n++] = '\\', out[n++] = to[at - from];
        else if (p[i] < 0x20)
            n += (size_t)sprintf(out + n, "\\u%04x", p[i]);
        else
            out[n++] = (char)p[i];
    }
    return n;
}

/* Exact blocks from malloc, so that a sanitizer sees a read or write past them. */
static void check(size_t len, unsigned one_in)
{
    unsigned char *text = malloc(len ? len : 1);
    char *out = malloc(RTQ__JSON_ROOM(len)), *want = malloc(6 * len + 8);
    for (size_t i = 0; i < len; i++)
        text[i] = rnd() % one_in ? (unsigned char)('a' + rnd() % 26)
                  : rnd() % 4    ? (unsigned char)rnd()
                                 : (unsigned char)"\"\\\n\x1f\x7f\x80"[rnd() % 6];
    size_t n = by_bytes(want, text, len);
    char *end = rtq__json_escape(out, (const char *)text, len);
    cr_assert_eq((size_t)(end - out), n, "%zu bytes: %zu and %zu", len, (size_t)(end - out), n);
    cr_assert_arr_eq(out, want, n);
    free(text);
    free(out);
    free(want);
}

Test(base_json, escapes_as_one_byte_at_a_time_would)
{
    for (size_t len = 0; len <= 100; len++)
        for (int i = 0; i < 60; i++)
            check(len, (const unsigned[]){1, 3, 10, 40, 1000}[i % 5]);
}

Test(base_json, long_text_goes_in_pieces)
{
    rtq__mem *mem = rtq__mem_new(NULL, NULL, 0);
    rtq__buf buf;
    rtq__buf_init(&buf, mem);
    for (size_t len = 1000; len < 5000; len += 511) {
        unsigned char *text = malloc(len);
        char *want = malloc(6 * len);
        for (size_t i = 0; i < len; i++)
            text[i] = (unsigned char)(rnd() % 256);
        size_t n = by_bytes(want, text, len);
        rtq__buf_clear(&buf);
        rtq__buf_add_json(&buf, (const char *)text, len);
        cr_assert(!buf.failed && buf.len == n + 2 && buf.ptr[0] == '"' && buf.ptr[n + 1] == '"');
        cr_assert_arr_eq(buf.ptr + 1, want, n);
        free(text);
        free(want);
    }
    rtq__buf_free(&buf);
    rtq__mem_unref(mem);
}
