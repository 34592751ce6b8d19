/* dyn_walk.c - a dynamic value of either form as one sequence of tokens, without recursion, and the check of trees. */
#include "value/dyn_scan.h"

void rtq__dyn_walk_init(rtq__dyn_walk *w, const rtq__dyn *d)
{
    w->value = *d;
    w->json = w->json_end = NULL;
    w->json_depth = w->depth = 0;
    w->has_root = true;
    w->key_done = false;
}

static int json_token(rtq__dyn_walk *w)
{
    const char *p = w->json, *end = w->json_end;
    while ((p = rtq__json_blank(p, end)) < end && (*p == ',' || *p == ':'))
        p++;
    if (p >= end || *p == '}' || *p == ']') {
        w->json = p < end ? p + 1 : end;
        w->json_depth--;
        return RTQ__WALK_END;
    }
    if (*p == '{' || *p == '[') {
        w->json = p + 1;
        w->json_depth++;
        return *p == '{' ? RTQ__WALK_BAG : RTQ__WALK_ARRAY;
    }
    const char *past = rtq__json_value(&w->value, p, end);
    w->json = past > p ? past : p + 1;
    p = rtq__json_blank(w->json, end);
    return w->value.tag == RTQ__DYN_STRING && p < end && *p == ':' ? RTQ__WALK_KEY : RTQ__WALK_SCALAR;
}

/* Enters w->value when it is a container. */
static int enter(rtq__dyn_walk *w)
{
    const rtq__dyn *d = &w->value;
    if (d->tag == RTQ__DYN_JSON) {
        w->json_end = d->u.p + d->len;
        w->json = rtq__json_blank(d->u.p, w->json_end);
        w->json_depth = 1;
        return w->json < w->json_end && *w->json++ == '{' ? RTQ__WALK_BAG : RTQ__WALK_ARRAY;
    }
    if (d->tag < RTQ__DYN_JSON)
        return RTQ__WALK_SCALAR;
    if (w->depth == RTQ__DYN_DEPTH) { /* builders refuse it, so no tree is that deep */
        memset(&w->value, 0, sizeof w->value);
        return RTQ__WALK_SCALAR;
    }
    w->stack[w->depth].tree = *d;
    w->stack[w->depth].i = 0;
    w->stack[w->depth].n = rtq__dyn_tree_count(d);
    w->depth++;
    w->key_done = false;
    return d->tag == RTQ__DYN_BAG ? RTQ__WALK_BAG : RTQ__WALK_ARRAY;
}

int rtq__dyn_walk_next(rtq__dyn_walk *w)
{
    if (w->json_depth > 0)
        return json_token(w);
    if (w->has_root) {
        w->has_root = false;
        return enter(w);
    }
    if (w->depth == 0)
        return RTQ__WALK_DONE;
    const rtq__dyn *tree = &w->stack[w->depth - 1].tree;
    uint32_t *i = &w->stack[w->depth - 1].i;
    if (*i >= w->stack[w->depth - 1].n) {
        w->depth--;
        w->key_done = false;
        return RTQ__WALK_END;
    }
    if (tree->tag == RTQ__DYN_BAG && !w->key_done) {
        rtq_str key = rtq__dyn_tree_key(tree, *i);
        w->value = (rtq__dyn){.tag = RTQ__DYN_STRING, .len = (uint32_t)key.len, .u.p = key.ptr};
        w->key_done = true;
        return RTQ__WALK_KEY;
    }
    w->key_done = false;
    rtq__dyn_tree_item(&w->value, tree, (*i)++);
    return enter(w);
}

/* Flags, tag and height of one entry; `limit`: its height must be below this. */
static bool check_entry(const rtq__dyn *d, uint32_t limit)
{
    if (d->tag > RTQ__DYN_BAG || (d->flags & ~(unsigned)RTQ__DYN_HEX))
        return false;
    if (d->tag == RTQ__DYN_BOOL && (d->u.i & ~INT64_C(1)))
        return false;
    if (d->tag == RTQ__DYN_JSON) {
        const char *end = d->u.p + d->len;
        return d->len >= 2 && (*d->u.p == '{' || *d->u.p == '[') && rtq__json_check(d->u.p, end);
    }
    return d->tag < RTQ__DYN_JSON ? true : d->reserved >= 1 && d->reserved < limit;
}

static bool check_tree(const rtq__dyn *tree, uint32_t *n)
{
    uint32_t at[2];
    uint64_t offset;
    if (tree->len < 4)
        return false;
    memcpy(n, tree->u.p, 4);
    uint32_t slot = tree->tag == RTQ__DYN_BAG ? RTQ__DYN_SLOT : RTQ__DYN_ENTRY;
    if (*n > (tree->len - 4) / slot)
        return false;
    for (uint32_t i = 0; i < *n; i++) {
        const char *p = tree->u.p + 4 + (size_t)i * slot;
        if (tree->tag == RTQ__DYN_BAG) {
            memcpy(at, p, 8);
            p += 8;
            if (at[0] > tree->len || at[1] > tree->len - at[0])
                return false;
        }
        rtq__dyn d;
        memcpy(&d, p, sizeof d);
        memcpy(&offset, p + 8, 8);
        if (d.tag > RTQ__DYN_BAG)
            return false;
        uint32_t len = rtq__dyn_payload(&d);
        bool is_pointer = d.tag >= RTQ__DYN_GUID || d.tag == RTQ__DYN_STRING;
        if (is_pointer && (offset > tree->len || len > tree->len - offset))
            return false;
        /* Nested trees lie behind the entries, in order: a tree that contained itself would be walked for ever. */
        if (d.tag >= RTQ__DYN_ARRAY && offset < 4 + (uint64_t)*n * slot)
            return false;
    }
    return true;
}

bool rtq__dyn_check(const rtq__dyn *d)
{
    struct {
        rtq__dyn tree;
        uint32_t i, n;
        uint64_t budget;
    } stack[RTQ__DYN_DEPTH];
    uint32_t depth = 0;
    if (!check_entry(d, RTQ__DYN_DEPTH + 1))
        return false;
    if (d->tag < RTQ__DYN_ARRAY)
        return true;
    stack[0].tree = *d, stack[0].i = 0, stack[0].budget = d->len;
    if (!check_tree(d, &stack[0].n))
        return false;
    for (depth = 1; depth > 0;) {
        rtq__dyn *tree = &stack[depth - 1].tree, item;
        if (stack[depth - 1].i >= stack[depth - 1].n) {
            depth--;
            continue;
        }
        rtq__dyn_tree_item(&item, tree, stack[depth - 1].i++);
        if (!check_entry(&item, tree->reserved))
            return false;
        if (item.tag == RTQ__DYN_JSON || item.tag >= RTQ__DYN_ARRAY) {
            /* Two entries may not share a payload: walking the value must cost no more than its size. */
            if (item.len > stack[depth - 1].budget)
                return false;
            stack[depth - 1].budget -= item.len;
        }
        if (item.tag < RTQ__DYN_ARRAY)
            continue;
        stack[depth].tree = item, stack[depth].i = 0, stack[depth].budget = item.len;
        if (!check_tree(&item, &stack[depth].n))
            return false;
        depth++;
    }
    return true;
}
