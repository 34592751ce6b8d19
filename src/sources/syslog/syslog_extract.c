/* syslog_extract.c - values found in a message: parameters, addresses, what follows certain words. */
#include "base/text.h"
#include "sources/syslog/syslog.h"

enum { MAX_VALUES = 256 };
typedef struct found {
    rtq_str name, value;
    bool list, escaped, done;
} found;
typedef struct finder {
    found values[MAX_VALUES];
    uint32_t n;
    bool overflow;
} finder;

static void add(finder *f, const char *name, size_t name_len, const char *p, size_t len, bool list, bool escaped)
{
    if (f->n == MAX_VALUES) {
        f->overflow = true;
        return;
    }
    f->values[f->n++] = (found){.name = {name, name_len}, .value = {p, len}, .list = list, .escaped = escaped};
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}
static bool is_hex(char c)
{
    return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}
static bool is_word(char c)
{
    return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '_' || (unsigned char)c >= 0x80;
}

/* ---- addresses --------------------------------------------------------------------------------------------------------- */

static bool is_ipv4(const char *p, size_t len)
{
    int parts = 0;
    for (const char *end = p + len; parts < 4;) {
        int value = 0, n = 0;
        for (; p < end && is_digit(*p) && n < 4; p++, n++)
            value = value * 10 + (*p - '0');
        if (n == 0 || n > 3 || value > 255)
            return false;
        if (++parts == 4)
            return p == end;
        if (p == end || *p++ != '.')
            return false;
    }
    return false;
}

/* Groups of hexadecimal digits, at most one "::", the last two perhaps as IPv4. */
static bool is_ipv6(const char *p, size_t len)
{
    const char *end = p + len;
    int groups = 0, gap = 0, colons = 0;

    for (const char *q = p; q < end; q++)
        colons += *q == ':';
    if (colons < 2 || colons > 8)
        return false;
    if (*p == ':') {
        if (len < 2 || p[1] != ':')
            return false;
        p += 2;
        gap = 1;
    }
    while (p < end) {
        const char *from = p;
        while (p < end && is_hex(*p))
            p++;
        if (p < end && *p == '.')
            return is_ipv4(from, (size_t)(end - from)) && (gap ? groups < 6 : groups == 6);
        if (p == from || p - from > 4)
            return false;
        groups++;
        if (p == end)
            break;
        if (*p++ != ':')
            return false;
        if (p == end)
            return false;
        if (*p == ':') {
            if (gap)
                return false;
            gap = 1;
            p++;
        }
    }
    return gap ? groups < 8 : groups == 8;
}

static bool is_address_char(char c)
{
    return is_hex(c) || c == '.' || c == ':';
}

static void find_addresses(finder *f, const char *p, const char *end)
{
    while (p < end) {
        const char *from = p, *to;
        while (p < end && is_address_char(*p))
            p++;
        if (p == from) {
            while (p < end && is_word(*p)) /* a word ends no address, and begins none */
                p++;
            p += p == from;
            continue;
        }
        if (p < end && is_word(*p))
            continue;
        for (to = p; to > from && (to[-1] == '.' || (to[-1] == ':' && !(to - from > 2 && to[-2] == ':')));)
            to--;
        if (is_ipv6(from, (size_t)(to - from))) {
            add(f, "IPv6", 4, from, (size_t)(to - from), true, false);
            continue;
        }
        for (const char *colon; from < to; from = colon + 1) { /* inside:10.0.0.1:80 */
            colon = memchr(from, ':', (size_t)(to - from));
            colon = colon ? colon : to;
            if (is_ipv4(from, (size_t)(colon - from)))
                add(f, "IPv4", 4, from, (size_t)(colon - from), true, false);
        }
    }
}

/* ---- words ------------------------------------------------------------------------------------------------------------- */

static void find_keywords(finder *f, const char *text, size_t len)
{
    static const char *const words[] = {"Command", "Status", "User", "Port", "Error"};
    for (size_t w = 0; w < sizeof words / sizeof *words; w++) {
        size_t n = strlen(words[w]), at = 0;
        bool rest = w == 4;
        ptrdiff_t hit;
        while ((hit = rtq__find_nocase(text + at, len - at, words[w], n)) >= 0) {
            const char *p = text + at + hit + n, *end = text + len, *from;
            bool begins = at + (size_t)hit == 0 || !is_word(text[at + (size_t)hit - 1]);
            at += (size_t)hit + n;
            if (!begins || p == end || (*p != ' ' && *p != '=' && *p != ':'))
                continue;
            while (p < end && (*p == ' ' || *p == '=' || *p == ':'))
                p++;
            from = p;
            if (rest) {
                p = end;
            } else if (p < end && (*p == '"' || *p == '\'')) {
                const char *close = memchr(p + 1, *p, (size_t)(end - p - 1));
                from = p + 1;
                p = close ? close : end;
            } else {
                while (p < end && !strchr(" ,;])(", *p))
                    p++;
            }
            if (p > from)
                add(f, words[w], n, from, (size_t)(p - from), false, false);
            if (rest)
                break;
        }
    }
}

/* %FACILITY-SEVERITY-MNEMONIC of Cisco. */
static void find_category(finder *f, const syslog_row *r)
{
    rtq_str s = r->app.len && *r->app.ptr == '%' ? r->app : r->host.len && *r->host.ptr == '%' ? r->host : r->message;
    const char *p = s.len ? memchr(s.ptr, '%', s.len) : NULL, *end = s.ptr + s.len, *from;
    int dashes = 0;

    if (!p)
        return;
    for (from = ++p; p < end && (is_word(*p) || *p == '-'); p++)
        dashes += *p == '-';
    if (dashes >= 2 && (p == end || *p == ':'))
        add(f, "Category", 8, from, (size_t)(p - from), false, false);
}

/* name[123] */
static void find_processes(finder *f, const char *line, size_t len)
{
    const char *p = line, *end = line + len;
    while ((p = memchr(p, '[', (size_t)(end - p)))) {
        const char *from = p, *q = p + 1;
        while (from > line && (is_word(from[-1]) || from[-1] == '-' || from[-1] == '.' || from[-1] == '/'))
            from--;
        while (q < end && is_digit(*q))
            q++;
        if (from < p && q > p + 1 && q < end && *q == ']')
            add(f, "Proc", 4, from, (size_t)(q + 1 - from), false, false);
        p++;
    }
}

/* ---- lists ------------------------------------------------------------------------------------------------------------- */

static void find_pairs(finder *f, const char *p, const char *end)
{
    rtq_str key, value;
    while (rtq__syslog_pair(&key, &value, &p, end)) {
        add(f, key.ptr, key.len, value.ptr, value.len, false, true);
        find_addresses(f, value.ptr, value.ptr + value.len);
    }
}

/* Parameters of all elements; their ids are dropped. */
static void find_parameters(finder *f, const char *p, const char *end)
{
    while (p < end) {
        const char *name, *value;
        while (p < end && *p != ' ')
            p += 1;
        while (p < end && *p == ' ')
            p++;
        for (name = p; p < end && *p != '=' && *p != ']' && *p != ' ';)
            p++;
        if (p == end || *p != '=' || end - p < 2 || p[1] != '"')
            continue;
        value = p + 2;
        for (p = value; p < end && *p != '"';)
            p += *p == '\\' && p + 1 < end ? 2 : 1;
        p = p > end ? end : p;
        add(f, name, (size_t)(value - 2 - name), value, (size_t)(p - value), false, true);
        find_addresses(f, value, p);
        p += p < end;
    }
}

/* ---- the bag ----------------------------------------------------------------------------------------------------------- */

/* \" \\ \] stand for the character. */
static rtq_str plain(const found *v, rtq__arena *heap)
{
    char *text, *to;
    if (!v->escaped || !v->value.len || !memchr(v->value.ptr, '\\', v->value.len))
        return v->value;
    if (!(text = to = rtq__arena_alloc(heap, v->value.len)))
        return v->value; /* out of memory: as it is written */
    for (size_t i = 0; i < v->value.len; i++) {
        if (v->value.ptr[i] == '\\' && i + 1 < v->value.len && strchr("\"\\]", v->value.ptr[i + 1]))
            i++;
        *to++ = v->value.ptr[i];
    }
    return (rtq_str){text, (size_t)(to - text)};
}

static void add_value(rtq__dyn_builder *b, const found *v, rtq__arena *heap)
{
    rtq_str s = plain(v, heap);
    rtq__dyn d = {.tag = RTQ__DYN_STRING, .len = (uint32_t)s.len, .u.p = s.len ? s.ptr : ""};
    rtq__dyn_add(b, &d);
}

static bool same_name(const found *a, const found *b)
{
    return a->name.len == b->name.len && memcmp(a->name.ptr, b->name.ptr, a->name.len) == 0;
}

/* One value of a name is itself, several are an array; addresses always are. */
static int build(rtq__dyn *out, finder *f, rtq__dyn_builder *b, rtq__arena *heap)
{
    rtq__dyn_begin_bag(b);
    for (uint32_t i = 0; i < f->n; i++) {
        uint32_t last = i;
        if (f->values[i].done)
            continue;
        for (uint32_t k = i + 1; k < f->n; k++)
            if (same_name(&f->values[i], &f->values[k]))
                last = k;
        rtq__dyn_key(b, f->values[i].name.ptr, f->values[i].name.len);
        if (last == i && !f->values[i].list) {
            add_value(b, &f->values[i], heap);
            continue;
        }
        rtq__dyn_begin_array(b);
        for (uint32_t k = i; k <= last; k++)
            if (k == i || same_name(&f->values[i], &f->values[k])) {
                f->values[k].done = true;
                add_value(b, &f->values[k], heap);
            }
        rtq__dyn_end(b);
    }
    if (f->overflow) {
        rtq__dyn text = {.tag = RTQ__DYN_STRING, .len = 15, .u.p = "too many values"};
        rtq__dyn_key(b, "ExtractorError", 14);
        rtq__dyn_add(b, &text);
    }
    rtq__dyn_end(b);
    return rtq__dyn_finish(out, b, heap);
}

int rtq__syslog_extract(rtq__dyn *out, const syslog_row *r, rtq__dyn_builder *builder, rtq__arena *heap)
{
    finder f;
    const char *message = r->message.len ? r->message.ptr : "";

    f.n = 0;
    f.overflow = false;
    if (r->type == SYSLOG_5424) {
        if (r->data.len)
            find_parameters(&f, r->data.ptr, r->data.ptr + r->data.len);
    } else if (r->type == SYSLOG_PAIRS) {
        find_pairs(&f, r->data.ptr, r->data.ptr + r->data.len);
    } else {
        rtq_str key, value;
        const char *p = message;
        find_addresses(&f, message, message + r->message.len);
        find_category(&f, r);
        find_processes(&f, r->line, r->len);
        if (rtq__syslog_pair(&key, &value, &p,
                             message + r->message.len)) { /* a list behind a header: netfilter, auditd */
            for (p = message; rtq__syslog_pair(&key, &value, &p, message + r->message.len);)
                add(&f, key.ptr, key.len, value.ptr, value.len, false, true);
        } else {
            find_keywords(&f, message, r->message.len);
        }
    }
    return build(out, &f, builder, heap);
}
