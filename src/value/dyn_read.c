/* dyn_read.c - looking into dynamic values without building anything: JSON text is scanned, trees are indexed. */
#include "value/dyn_scan.h"

static bool is_tree(const rtq__dyn *d)
{
    return d->tag == RTQ__DYN_ARRAY || d->tag == RTQ__DYN_BAG;
}

static bool json_opens(const rtq__dyn *d, char c)
{
    if (d->tag != RTQ__DYN_JSON)
        return false;
    const char *end = d->u.p + d->len, *p = rtq__json_blank(d->u.p, end);
    return p < end && *p == c;
}

bool rtq__dyn_is_array(const rtq__dyn *d)
{
    return d->tag == RTQ__DYN_ARRAY || json_opens(d, '[');
}
bool rtq__dyn_is_bag(const rtq__dyn *d)
{
    return d->tag == RTQ__DYN_BAG || json_opens(d, '{');
}

static uint32_t slot_len(const rtq__dyn *tree)
{
    return tree->tag == RTQ__DYN_BAG ? RTQ__DYN_SLOT : RTQ__DYN_ENTRY;
}

uint32_t rtq__dyn_tree_count(const rtq__dyn *tree)
{
    uint32_t n;
    if (tree->len < 4)
        return 0;
    memcpy(&n, tree->u.p, 4);
    return n <= (tree->len - 4) / slot_len(tree) ? n : 0;
}

void rtq__dyn_tree_item(rtq__dyn *out, const rtq__dyn *tree, uint32_t i)
{
    uint64_t offset;
    const char *entry = tree->u.p + 4 + (size_t)i * slot_len(tree) + slot_len(tree) - RTQ__DYN_ENTRY;
    memcpy(out, entry, sizeof *out);
    bool is_pointer = out->tag >= RTQ__DYN_GUID || out->tag == RTQ__DYN_STRING;
    if (!is_pointer)
        return;
    memcpy(&offset, entry + 8, 8);
    uint32_t len = rtq__dyn_payload(out);
    if (out->tag > RTQ__DYN_BAG || offset > tree->len || len > tree->len - offset)
        memset(out, 0, sizeof *out);
    else
        out->u.p = tree->u.p + offset;
}

rtq_str rtq__dyn_tree_key(const rtq__dyn *bag, uint32_t i)
{
    uint32_t at[2];
    memcpy(at, bag->u.p + 4 + (size_t)i * RTQ__DYN_SLOT, sizeof at);
    if (at[0] > bag->len || at[1] > bag->len - at[0])
        return (rtq_str){"", 0};
    return (rtq_str){bag->u.p + at[0], at[1]};
}

void rtq__dyn_iter_init(rtq__dyn_iter *it, const rtq__dyn *container, rtq__arena *heap)
{
    memset(it, 0, sizeof *it);
    it->heap = heap;
    it->tag = container->tag;
    it->base = container->u.p;
    if (is_tree(container)) {
        it->n = rtq__dyn_tree_count(container);
        it->end = it->base + container->len;
    } else if (container->tag == RTQ__DYN_JSON) {
        it->end = it->base + container->len;
        it->pos = rtq__json_blank(it->base, it->end);
        it->base = it->pos;
    }
}

/* Moves to the next entry of JSON text, whose value begins at *value and is skipped. The key stays escaped. */
static bool json_step(rtq__dyn_iter *it, rtq__dyn *key, const char **value)
{
    const char *p = it->pos, *end = it->end;
    bool is_bag = p < end && *it->base == '{';
    if (p >= end || (*it->base != '{' && *it->base != '['))
        return false;
    p = rtq__json_blank(p, end);
    if (p >= end || *p == (is_bag ? '}' : ']')) {
        it->pos = end;
        return false;
    }
    p = rtq__json_blank(p + 1, end); /* past the bracket or comma */
    if (p >= end || *p == (is_bag ? '}' : ']')) {
        it->pos = end;
        return false;
    }
    if (is_bag) {
        p = rtq__json_blank(rtq__json_value(key, p, end), end);
        p = p < end ? rtq__json_blank(p + 1, end) : end;
    }
    *value = p;
    it->pos = rtq__json_skip(p, end);
    return true;
}

bool rtq__dyn_next(rtq__dyn_iter *it)
{
    rtq__dyn key = {0};
    if (it->tag == RTQ__DYN_JSON) {
        const char *value;
        if (!json_step(it, &key, &value))
            return false;
        rtq__json_value(&it->item, value, it->end);
        it->index = it->n++;
        it->error = rtq__dyn_settle(&key, it->heap);
        if (it->error == RTQ_OK)
            it->error = rtq__dyn_settle(&it->item, it->heap);
        it->key = (rtq_str){key.u.p ? key.u.p : "", key.len};
        return it->error == RTQ_OK;
    }
    if (!it->pos) /* a tree: pos only tells that the first entry was given out */
        it->pos = it->base;
    else
        it->index++;
    if (it->index >= it->n)
        return false;
    rtq__dyn tree = {.tag = it->tag, .len = (uint32_t)(it->end - it->base), .u.p = it->base};
    rtq__dyn_tree_item(&it->item, &tree, it->index);
    it->key = it->tag == RTQ__DYN_BAG ? rtq__dyn_tree_key(&tree, it->index) : (rtq_str){"", 0};
    return true;
}

uint32_t rtq__dyn_count(const rtq__dyn *container)
{
    if (is_tree(container))
        return rtq__dyn_tree_count(container);
    rtq__dyn_iter it;
    rtq__dyn key;
    const char *value;
    uint32_t n = 0;
    rtq__dyn_iter_init(&it, container, NULL);
    while (container->tag == RTQ__DYN_JSON && json_step(&it, &key, &value))
        n++;
    return n;
}

static bool key_is(const rtq__dyn *key, const char *name, size_t len)
{
    if (!(key->flags & RTQ__DYN_ESCAPED))
        return key->len == len && memcmp(key->u.p, name, len) == 0;
    rtq__json_text t = {.p = key->u.p, .end = key->u.p + key->len};
    while (rtq__json_piece(&t)) {
        if (t.len > len || memcmp(t.piece, name, t.len) != 0)
            return false;
        name += t.len, len -= t.len;
    }
    return len == 0;
}

int rtq__dyn_get(rtq__dyn *out, const rtq__dyn *bag, const char *key, size_t len, rtq__arena *heap)
{
    rtq__dyn found = {0}, k;
    if (bag->tag == RTQ__DYN_BAG) {
        for (uint32_t i = 0, n = rtq__dyn_tree_count(bag); i < n; i++) {
            rtq_str name = rtq__dyn_tree_key(bag, i);
            if (name.len == len && memcmp(name.ptr, key, len) == 0) {
                rtq__dyn_tree_item(&found, bag, i);
                break;
            }
        }
    } else if (rtq__dyn_is_bag(bag)) {
        rtq__dyn_iter it;
        const char *value, *at = NULL;
        rtq__dyn_iter_init(&it, bag, heap);
        while (json_step(&it, &k, &value))
            if (key_is(&k, key, len))
                at = value; /* no break: the last of equal keys counts */
        if (at)
            rtq__json_value(&found, at, it.end);
    }
    *out = found;
    return rtq__dyn_settle(out, heap);
}

int rtq__dyn_at(rtq__dyn *out, const rtq__dyn *array, int64_t index, rtq__arena *heap)
{
    rtq__dyn_iter it;
    rtq__dyn key, found = {0}; /* out may be array */
    const char *value;
    if (index < 0 && rtq__dyn_is_array(array))
        index += rtq__dyn_count(array);
    if (index < 0 || !rtq__dyn_is_array(array)) {
        *out = found;
        return RTQ_OK;
    }
    if (array->tag == RTQ__DYN_ARRAY) {
        if (index < rtq__dyn_tree_count(array))
            rtq__dyn_tree_item(&found, array, (uint32_t)index);
        *out = found;
        return RTQ_OK;
    }
    rtq__dyn_iter_init(&it, array, heap);
    while (index >= 0 && json_step(&it, &key, &value))
        if (index-- == 0)
            rtq__json_value(&found, value, it.end);
    *out = found;
    return rtq__dyn_settle(out, heap);
}

/* One step of a path: .name, name (first), ['name'], ["name"] or [index]. Past it, NULL: malformed. */
typedef struct path_step {
    rtq_str name;
    int64_t index;
    bool is_index;
} path_step;

static const char *index_step(path_step *s, const char *p, const char *end)
{
    bool negative = p < end && *p == '-';
    const char *digits = p += negative;
    for (; p < end && *p >= '0' && *p <= '9' && p - digits < 18; p++)
        s->index = s->index * 10 + (*p - '0');
    if (p == digits || p >= end || *p != ']')
        return NULL;
    s->index = negative ? -s->index : s->index;
    s->is_index = true;
    return p + 1;
}

static const char *read_step(path_step *s, const char *p, const char *end, bool first)
{
    memset(s, 0, sizeof *s);
    if (*p == '[') {
        if (++p >= end || (*p != '\'' && *p != '"'))
            return index_step(s, p, end);
        const char *close = memchr(p + 1, *p, (size_t)(end - p - 1));
        if (!close || end - close < 2 || close[1] != ']')
            return NULL;
        s->name = (rtq_str){p + 1, (size_t)(close - p - 1)};
        return close + 2;
    }
    if (*p == '.' && !first) {
        if (++p < end && *p == '[')
            return p + 1 < end && (p[1] == '\'' || p[1] == '"') ? read_step(s, p, end, true) : NULL;
    } else if (!first) {
        return NULL;
    }
    s->name.ptr = p;
    while (p < end && *p != '.' && *p != '[' && *p != ']')
        p++;
    s->name.len = (size_t)(p - s->name.ptr);
    return s->name.len ? p : NULL;
}

int rtq__dyn_path(rtq__dyn *out, const rtq__dyn *value, const char *path, size_t len, rtq__arena *heap)
{
    const char *p = path, *end = path + len;
    rtq__dyn at = *value;
    path_step s;
    memset(out, 0, sizeof *out);
    while (p < end) {
        p = read_step(&s, p, end, p == path);
        if (!p)
            return RTQ_ERR_ARG;
        int rc = s.is_index ? rtq__dyn_at(&at, &at, s.index, heap)
                            : rtq__dyn_get(&at, &at, s.name.ptr, s.name.len, heap);
        if (rc != RTQ_OK)
            return rc;
    }
    *out = at;
    return RTQ_OK;
}
