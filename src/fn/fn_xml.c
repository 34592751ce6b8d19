/* fn_xml.c - parse_xml: elements, attributes and text as property bags. */
#include "base/text.h"
#include "fn/families.h"
#include "fn/fn_text.h"

enum {
    MAX_DEPTH = 60,
    MAX_TEXT = 1 << 20,
    MAX_COMPARES = 20000000 /* of names of siblings: text made to be slow gives null */
};

typedef struct node {
    rtq_str name;
    struct node *next, *first, *last; /* siblings, children */
    struct attribute {
        rtq_str name, value;
        struct attribute *next;
    } * attributes, *last_attribute;
    struct piece {
        rtq_str text;
        struct piece *next;
    } * text, *last_text;
    bool done; /* written already, with an earlier sibling of its name */
} node;

typedef struct xml {
    const char *p, *end;
    rtq__arena *heap;
    node *open[MAX_DEPTH];
    int depth;
    node *root;
    bool failed;
} xml;

static bool space(char c)
{
    return c == ' ' || (c >= 9 && c <= 13);
}
static bool name_char(char c)
{
    return (unsigned char)c >= 0x80 || (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') ||
           (c && strchr("_-.:", c));
}
static void skip_space(xml *x)
{
    while (x->p < x->end && space(*x->p))
        x->p++;
}

static bool starts(const xml *x, const char *text)
{
    size_t n = strlen(text);
    return (size_t)(x->end - x->p) >= n && !memcmp(x->p, text, n);
}

static bool skip_past(xml *x, const char *text)
{
    ptrdiff_t at = rtq__find(x->p, (size_t)(x->end - x->p), text, strlen(text));
    if (at < 0)
        return false;
    x->p += at + (ptrdiff_t)strlen(text);
    return true;
}

static rtq_str read_name(xml *x)
{
    rtq_str name = {x->p, 0};
    while (x->p < x->end && name_char(*x->p))
        x->p++;
    name.len = (size_t)(x->p - name.ptr);
    return name;
}

/* Text with its entities replaced, on the heap. The result is never longer. */
static rtq_str unescape(xml *x, const char *p, const char *end)
{
    static const struct {
        const char *name;
        char c;
    } known[] = {{"lt;", '<'}, {"gt;", '>'}, {"amp;", '&'}, {"quot;", '"'}, {"apos;", '\''}};
    char *to = rtq__arena_alloc(x->heap, (size_t)(end - p) + 4), *at = to;
    if (!to) {
        x->failed = true;
        return (rtq_str){"", 0};
    }
    while (p < end) {
        size_t left = (size_t)(end - p - 1), i = 0;
        if (*p != '&') {
            *at++ = *p++;
            continue;
        }
        for (; i < sizeof known / sizeof known[0]; i++)
            if (left >= strlen(known[i].name) && !memcmp(p + 1, known[i].name, strlen(known[i].name)))
                break;
        if (i < sizeof known / sizeof known[0]) {
            *at++ = known[i].c;
            p += 1 + strlen(known[i].name);
            continue;
        }
        const char *semi = left ? memchr(p + 1, ';', left < 10 ? left : 10) : NULL;
        uint32_t cp = 0;
        bool hex = semi && left > 2 && (p[2] | 32) == 'x', ok = semi && p[1] == '#';
        for (const char *d = p + 2 + hex; ok && d < semi; d++) {
            int v = *d >= '0' && *d <= '9'                        ? *d - '0'
                    : hex && (*d | 32) >= 'a' && (*d | 32) <= 'f' ? (*d | 32) - 'a' + 10
                                                                  : -1;
            ok = v >= 0;
            cp = cp * (hex ? 16 : 10) + (uint32_t)v;
        }
        if (!ok || !cp || cp > 0x10FFFF || (cp >= 0xD800 && cp < 0xE000)) {
            *at++ = *p++;
            continue;
        }
        at += rtq__utf8_put(at, cp);
        p = semi + 1;
    }
    return (rtq_str){to, (size_t)(at - to)};
}

static void add_text(xml *x, const char *p, const char *end, bool raw)
{
    if (!x->depth || p == end)
        return;
    rtq_str text = raw ? (rtq_str){p, (size_t)(end - p)} : unescape(x, p, end);
    struct piece *piece = rtq__arena_zalloc(x->heap, sizeof *piece);
    node *n = x->open[x->depth - 1];
    if (!piece) {
        x->failed = true;
        return;
    }
    piece->text = text;
    if (n->last_text)
        n->last_text->next = piece;
    else
        n->text = piece;
    n->last_text = piece;
}

static bool read_attributes(xml *x, node *n)
{
    for (;;) {
        skip_space(x);
        if (x->p >= x->end)
            return false;
        if (*x->p == '>' || *x->p == '/')
            return true;
        struct attribute *a = rtq__arena_zalloc(x->heap, sizeof *a);
        if (!a)
            return !(x->failed = true);
        a->name = read_name(x);
        skip_space(x);
        if (!a->name.len || x->p >= x->end || *x->p++ != '=')
            return false;
        skip_space(x);
        if (x->p >= x->end || (*x->p != '"' && *x->p != '\''))
            return false;
        char quote = *x->p++;
        const char *close = memchr(x->p, quote, (size_t)(x->end - x->p));
        if (!close)
            return false;
        a->value = unescape(x, x->p, close);
        x->p = close + 1;
        if (n->last_attribute)
            n->last_attribute->next = a;
        else
            n->attributes = a;
        n->last_attribute = a;
    }
}

static bool open_element(xml *x)
{
    node *n = rtq__arena_zalloc(x->heap, sizeof *n);
    if (!n)
        return !(x->failed = true);
    x->p++;
    n->name = read_name(x);
    if (!n->name.len || (!x->depth && x->root) || x->depth == MAX_DEPTH)
        return false;
    if (x->depth) {
        node *up = x->open[x->depth - 1];
        if (up->last)
            up->last->next = n;
        else
            up->first = n;
        up->last = n;
    } else {
        x->root = n;
    }
    if (!read_attributes(x, n))
        return false;
    if (*x->p == '/') {
        x->p++;
        return x->p < x->end && *x->p++ == '>';
    }
    x->p++;
    x->open[x->depth++] = n;
    return true;
}

static bool close_element(xml *x)
{
    x->p += 2;
    rtq_str name = read_name(x);
    skip_space(x);
    if (!x->depth || x->p >= x->end || *x->p++ != '>')
        return false;
    rtq_str open = x->open[--x->depth]->name;
    return open.len == name.len && !memcmp(open.ptr, name.ptr, name.len);
}

static bool read_markup(xml *x)
{
    if (starts(x, "<!--"))
        return skip_past(x, "-->");
    if (starts(x, "<?"))
        return skip_past(x, "?>");
    if (starts(x, "<![CDATA[")) {
        const char *begin = x->p + 9;
        if (!skip_past(x, "]]>"))
            return false;
        add_text(x, begin, x->p - 3, true);
        return true;
    }
    if (starts(x, "<!"))
        return skip_past(x, ">");
    return starts(x, "</") ? close_element(x) : open_element(x);
}

static bool read(xml *x)
{
    while (x->p < x->end) {
        if (*x->p == '<') {
            if (!read_markup(x))
                return false;
            continue;
        }
        const char *begin = x->p, *next = memchr(x->p, '<', (size_t)(x->end - x->p));
        x->p = next ? next : x->end;
        if (x->depth)
            add_text(x, begin, x->p, false);
        else
            for (const char *c = begin; c < x->p; c++)
                if (!space(*c) &&
                    memcmp(begin, "\xef\xbb\xbf", (size_t)(x->p - begin) < 3 ? (size_t)(x->p - begin) : 3))
                    return false;
    }
    return x->root && !x->depth;
}

/* ---- writing ------------------------------------------------------------------------------------------------------ */
static rtq_str whole_text(xml *x, const node *n)
{
    size_t len = 0;
    char *to, *at;
    if (!n->text || !n->text->next)
        return n->text ? n->text->text : (rtq_str){"", 0};
    for (const struct piece *p = n->text; p; p = p->next)
        len += p->text.len;
    if (!(at = to = rtq__arena_alloc(x->heap, len + 1))) {
        x->failed = true;
        return (rtq_str){"", 0};
    }
    for (const struct piece *p = n->text; p; at += p->text.len, p = p->next)
        memcpy(at, p->text.ptr, p->text.len);
    return (rtq_str){to, len};
}

static rtq_str trimmed(rtq_str t)
{
    while (t.len && space(t.ptr[t.len - 1]))
        t.len--;
    while (t.len && space(*t.ptr))
        t.ptr++, t.len--;
    return t;
}

static bool same_name(const node *a, const node *b)
{
    return a->name.len == b->name.len && !memcmp(a->name.ptr, b->name.ptr, a->name.len);
}

static void put(xml *x, rtq__dyn_builder *b, node *n, uint32_t *compares)
{
    rtq_str whole = whole_text(x, n), text = trimmed(whole);
    if (!n->attributes && !n->first) {
        rtq__dyn d = text.len ? rtq__dyn_text(whole.ptr, whole.len) : (rtq__dyn){0};
        rtq__dyn_add(b, &d);
        return;
    }
    rtq__dyn_begin_bag(b);
    for (struct attribute *a = n->attributes; a; a = a->next) {
        char key[256] = "@";
        size_t len = a->name.len < sizeof key - 1 ? a->name.len : sizeof key - 1;
        memcpy(key + 1, a->name.ptr, len);
        rtq__dyn d = rtq__dyn_text(a->value.ptr, a->value.len);
        rtq__dyn_key(b, key, len + 1);
        rtq__dyn_add(b, &d);
    }
    if (text.len) {
        rtq__dyn d = rtq__dyn_text(text.ptr, text.len);
        rtq__dyn_key(b, "#text", 5);
        rtq__dyn_add(b, &d);
    }
    for (node *c = n->first; c; c = c->next) {
        bool several = false;
        if (c->done)
            continue;
        for (node *k = c->next; k && !several && *compares < MAX_COMPARES; k = k->next, ++*compares)
            several = same_name(c, k);
        rtq__dyn_key(b, c->name.ptr, c->name.len);
        if (several)
            rtq__dyn_begin_array(b);
        for (node *k = c; k; k = several ? k->next : NULL) {
            if (k->done || !same_name(c, k))
                continue;
            k->done = true;
            put(x, b, k, compares); /* depth is bounded by MAX_DEPTH */
        }
        if (several)
            rtq__dyn_end(b);
    }
    rtq__dyn_end(b);
}

static void row_xml(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    rtq_str text = rtq__text_of(&args[0], &ctx->eval->text);
    xml x = {.p = text.ptr, .end = text.ptr + text.len, .heap = ctx->heap};
    (void)n_args;
    if (text.len > MAX_TEXT)
        return;
    bool ok = read(&x);
    if (ok && !x.failed) {
        rtq__dyn_builder *b = ctx->eval->builder;
        uint32_t compares = 0;
        rtq__dyn_begin_bag(b);
        rtq__dyn_key(b, x.root->name.ptr, x.root->name.len);
        put(&x, b, x.root, &compares);
        rtq__dyn_end(b);
        rtq__return_built(out, ctx);
        if (compares >= MAX_COMPARES)
            *out = rtq__cell_null(RTQ_DYNAMIC);
    }
    if (x.failed)
        ctx->error = RTQ_ERR_NOMEM;
}

/* clang-format off */
const rtq__fn rtq__fns_xml[] = {
    {.name = "parse_xml", .args = "string", .ret = "dynamic", .naming = RTQ__NAME_FIRST, .row = row_xml, .doc = "XML as a property bag.", .page = "parse-xml-function"},
    {.name = "parse_xml", .args = "dynamic", .ret = "dynamic", .naming = RTQ__NAME_FIRST, .row = row_xml, .doc = "XML as a property bag.", .page = "parse-xml-function"},
};
/* clang-format on */
RTQ__FAMILY_COUNT(xml)
