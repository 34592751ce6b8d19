/* text_visible.c - text from anywhere made safe for a terminal: what it would obey or draw elsewhere becomes an escape. */
#include "base/text.h"
#include <utf8proc.h>

enum { MARKS_MOST = 4 /* on one character; no script needs more */ };

bool rtq__is_visible(uint32_t cp)
{
    if (cp < 0x80)
        return cp >= 0x20 && cp != 0x7f;
    switch (utf8proc_category((utf8proc_int32_t)cp)) {
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CS:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP: return false;
    /* Marks that turn text around, tags and the like; joiners are part of writing. */
    case UTF8PROC_CATEGORY_CF: return cp == 0x200c || cp == 0x200d;
    default: return (cp & 0xfffe) != 0xfffe;
    }
}

uint32_t rtq__visible_width(uint32_t cp)
{
    int w = cp < 0x80 ? 1 : utf8proc_charwidth((utf8proc_int32_t)cp);
    return w > 0 ? (uint32_t)w : 0;
}

static uint32_t add_escape(rtq__buf *buf, uint32_t cp)
{
    size_t before = buf->len;
    if (cp == '\n' || cp == '\r' || cp == '\t')
        rtq__buf_adds(buf, cp == '\n' ? "\\n" : cp == '\r' ? "\\r" : "\\t");
    else
        rtq__buf_addf(buf, cp < 0x100 ? "\\x%02x" : cp < 0x10000 ? "\\u%04x" : "\\U%08x", (unsigned)cp);
    return (uint32_t)(buf->len - before);
}

uint32_t rtq__buf_add_visible(rtq__buf *buf, const char *s, size_t len, uint32_t most)
{
    uint32_t width = 0, marks = MARKS_MOST, cp; /* no mark in front: it would go to what stands before the text */

    for (size_t at = 0; at < len;) {
        char utf8[4];
        at += rtq__utf8_next(&cp, s + at, len - at);
        uint32_t w = rtq__visible_width(cp);
        marks = w ? 0 : marks + 1;
        if (!rtq__is_visible(cp) || marks > MARKS_MOST) {
            width += add_escape(buf, cp);
        } else {
            rtq__buf_add(buf, utf8, rtq__utf8_put(utf8, cp));
            width += w;
        }
        if (width >= most && at < len) { /* nothing is cut without a mark */
            rtq__buf_adds(buf, "\u2026");
            return width + 1;
        }
    }
    return width;
}

void rtq__buf_add_tame(rtq__buf *buf, const char *s, size_t len, bool json)
{
    uint32_t cp;

    for (size_t at = 0, from = 0; at < len;) {
        size_t n = rtq__utf8_next(&cp, s + at, len - at);
        at += n;
        bool line_end = cp == '\n' || (cp == '\r' && at < len && s[at] == '\n');
        if (!rtq__is_visible(cp) && !line_end && cp != '\t') {
            rtq__buf_add(buf, s + from, at - n - from);
            from = at;
            if (!json)
                add_escape(buf, cp);
            else if (cp < 0x10000)
                rtq__buf_addf(buf, "\\u%04x", (unsigned)cp);
            else
                rtq__buf_addf(buf, "\\u%04x\\u%04x", 0xd7c0 + (unsigned)(cp >> 10), 0xdc00 + (unsigned)(cp & 0x3ff));
        }
        if (at == len)
            rtq__buf_add(buf, s + from, at - from);
    }
}
