/* fn_dynamic.c - parts of dynamic values: members, items, and canonical JSON. */
#include <stdlib.h>
#include "base/text.h"
#include "fn/families.h"
#include "fn/fn_text.h"

static void return_part(rtq__cell *out, rtq__dyn part, int rc, rtq__rowctx *ctx)
{
    if (rc != RTQ_OK)
        ctx->error = rc;
    else if (part.tag != RTQ__DYN_NULL)
        *out = rtq__cell_y(part);
}

static void row_member(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    rtq__dyn part = {0};
    (void)n_args;
    int rc = rtq__dyn_get(&part, &args[0].u.y, args[1].len ? args[1].u.s : "", args[1].len, ctx->heap);
    return_part(out, part, rc, ctx);
}

static void row_index(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    rtq__dyn part = {0};
    (void)n_args;
    int rc = rtq__dyn_at(&part, &args[0].u.y, args[1].u.i, ctx->heap);
    return_part(out, part, rc, ctx);
}

static void row_either(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    const rtq__dyn *key = &args[1].u.y;
    rtq__dyn part = {0};
    int rc = RTQ_OK;
    (void)n_args;
    if (key->tag == RTQ__DYN_STRING)
        rc = rtq__dyn_get(&part, &args[0].u.y, key->len ? key->u.p : "", key->len, ctx->heap);
    else if (key->tag == RTQ__DYN_LONG)
        rc = rtq__dyn_at(&part, &args[0].u.y, key->u.i, ctx->heap);
    return_part(out, part, rc, ctx);
}

/* ---- dynamic_to_json: members in the order of their names ----------------------------------------------------------- */
typedef struct member {
    rtq_str key;
    rtq__dyn value;
} member;

static int by_key(const void *a, const void *b)
{
    const member *x = a, *y = b;
    size_t n = x->key.len < y->key.len ? x->key.len : y->key.len;
    int c = n ? memcmp(x->key.ptr, y->key.ptr, n) : 0;
    return c ? c : (x->key.len > y->key.len) - (x->key.len < y->key.len);
}

static int print_sorted(rtq__buf *out, const rtq__dyn *d, rtq__arena *heap, unsigned depth)
{
    bool bag = rtq__dyn_is_bag(d);
    rtq__dyn_iter it;
    int rc = RTQ_OK;
    if ((!bag && !rtq__dyn_is_array(d)) || depth > RTQ__DYN_DEPTH) {
        rtq__cell c = rtq__cell_y(*d);
        rtq__cell_print_json(out, &c);
        return RTQ_OK;
    }
    uint32_t n = rtq__dyn_count(d), k = 0;
    member *members = rtq__arena_alloc(heap, (n + 1u) * sizeof *members);
    if (!members)
        return RTQ_ERR_NOMEM;
    rtq__dyn_iter_init(&it, d, heap);
    for (; k < n && rtq__dyn_next(&it); k++)
        members[k] = (member){it.key, it.item};
    if (it.error)
        return it.error;
    if (bag)
        qsort(members, k, sizeof *members, by_key);
    rtq__buf_addc(out, bag ? '{' : '[');
    for (uint32_t i = 0; i < k && rc == RTQ_OK; i++) {
        if (i)
            rtq__buf_addc(out, ',');
        if (bag) {
            rtq__buf_add_json(out, members[i].key.ptr, members[i].key.len);
            rtq__buf_addc(out, ':');
        }
        rc = print_sorted(out, &members[i].value, heap, depth + 1);
    }
    rtq__buf_addc(out, bag ? '}' : ']');
    return rc;
}

static void row_to_json(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    rtq__buf *buf = &ctx->eval->text;
    (void)n_args;
    rtq__buf_clear(buf);
    if (args[0].kind == RTQ_DYNAMIC || args[0].kind == RTQ_UNKNOWN)
        ctx->error = print_sorted(buf, &args[0].u.y, ctx->heap, 0);
    else
        rtq__cell_print_json(buf, &args[0]);
    if (ctx->error == RTQ_OK)
        rtq__return_buf(out, buf, ctx);
}

/* ---- treepath ------------------------------------------------------------------------------------------------------ */
typedef struct walk {
    rtq__dyn_builder *b;
    rtq__buf path;
    rtq__arena *heap;
    rtq_str *seen;
    uint32_t n, cap;
    int rc;
} walk;

static void note(walk *w)
{
    for (uint32_t i = 0; i < w->n; i++)
        if (w->seen[i].len == w->path.len && !memcmp(w->seen[i].ptr, w->path.ptr, w->path.len))
            return;
    char *copy = rtq__arena_strndup(w->heap, w->path.ptr, w->path.len);
    if (!copy || w->n == w->cap) {
        w->rc = copy ? RTQ_OK : RTQ_ERR_NOMEM;
        return;
    }
    w->seen[w->n++] = (rtq_str){copy, w->path.len};
    rtq__dyn d = rtq__dyn_text(copy, w->path.len);
    rtq__dyn_add(w->b, &d);
}

static void visit(walk *w, const rtq__dyn *d, unsigned depth)
{
    bool bag = rtq__dyn_is_bag(d);
    rtq__dyn_iter it;
    if ((!bag && !rtq__dyn_is_array(d)) || depth > RTQ__DYN_DEPTH)
        return;
    rtq__dyn_iter_init(&it, d, w->heap);
    while (w->rc == RTQ_OK && rtq__dyn_next(&it)) {
        size_t len = w->path.len;
        if (bag) {
            rtq__buf_adds(&w->path, "['");
            rtq__buf_add(&w->path, it.key.ptr, it.key.len);
            rtq__buf_adds(&w->path, "']");
        } else {
            rtq__buf_adds(&w->path, "[0]");
        }
        if (w->path.failed) {
            w->rc = RTQ_ERR_NOMEM;
            return;
        }
        note(w);
        visit(w, &it.item, depth + 1);
        w->path.len = len;
    }
    if (w->rc == RTQ_OK)
        w->rc = it.error;
}

static void row_treepath(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    enum { MAX_PATHS = 4096 };
    walk w = {.b = ctx->eval->builder, .heap = ctx->heap, .cap = MAX_PATHS, .rc = RTQ_OK};
    (void)n_args;
    w.seen = rtq__arena_alloc(ctx->heap, MAX_PATHS * sizeof *w.seen);
    if (!w.seen) {
        ctx->error = RTQ_ERR_NOMEM;
        return;
    }
    rtq__buf_borrow(&w.path, ctx->eval->scratch);
    rtq__dyn_begin_array(w.b);
    visit(&w, &args[0].u.y, 0);
    rtq__dyn_end(w.b);
    ctx->error = w.rc;
    rtq__return_built(out, ctx);
    rtq__buf_give_back(&w.path, ctx->eval->scratch);
}

static uint32_t unknown(const rtq__fn *fn, const uint8_t *kinds, uint32_t n, rtq_diag *diag, size_t begin, size_t end)
{
    (void)fn, (void)kinds, (void)n, (void)diag, (void)begin, (void)end;
    return RTQ_UNKNOWN;
}

/* clang-format off */
const rtq__fn rtq__fns_dynamic[] = {
    {.name = "__member", .args = "dynamic, string", .ret = "custom", .ret_fn = unknown, .row = row_member, .flags = RTQ__FN_HIDDEN, .doc = "bag.name, bag[\"name\"]", .page = "scalar-data-types/dynamic"},
    {.name = "__index", .args = "dynamic, long", .ret = "custom", .ret_fn = unknown, .row = row_index, .flags = RTQ__FN_HIDDEN, .doc = "array[i], from the end when negative", .page = "scalar-data-types/dynamic"},
    {.name = "__index", .args = "dynamic, string", .ret = "custom", .ret_fn = unknown, .row = row_member, .flags = RTQ__FN_HIDDEN, .doc = "bag[name]", .page = "scalar-data-types/dynamic"},
    {.name = "__index", .args = "dynamic, dynamic", .ret = "custom", .ret_fn = unknown, .row = row_either, .flags = RTQ__FN_HIDDEN, .doc = "array[i], bag[name]", .page = "scalar-data-types/dynamic"},
    {.name = "dynamic_to_json", .args = "any", .ret = "string", .row = row_to_json, .doc = "JSON text with the members of bags in the order of their names.", .page = "dynamic-to-json-function"},
    {.name = "treepath", .args = "dynamic", .ret = "dynamic", .naming = RTQ__NAME_PREFIX_FIRST, .prefix = "tree", .row = row_treepath, .doc = "Paths of all members.", .page = "treepath-function"},
};
/* clang-format on */
RTQ__FAMILY_COUNT(dynamic)
