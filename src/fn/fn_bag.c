/* fn_bag.c - property bags. Keys that begin with "$." or "$[" are paths. */
#include "fn/families.h"
#include "fn/fn_array.h"

enum { MAX_SEGMENTS = 16 };
typedef struct path {
    rtq_str at[MAX_SEGMENTS];
    uint32_t n;
} path;

static bool is_path(rtq_str key)
{
    return key.len > 2 && key.ptr[0] == '$' && (key.ptr[1] == '.' || key.ptr[1] == '[');
}

/* $.a.b['c d'] as names; any other key is one name. False: no path that means a member. */
static bool parse_path(path *p, rtq_str key)
{
    p->n = 0;
    if (!is_path(key)) {
        p->at[p->n++] = key;
        return true;
    }
    for (size_t i = 1; i < key.len;) {
        if (p->n == MAX_SEGMENTS)
            return false;
        if (key.ptr[i] == '.') {
            size_t begin = ++i;
            while (i < key.len && key.ptr[i] != '.' && key.ptr[i] != '[')
                i++;
            p->at[p->n++] = (rtq_str){key.ptr + begin, i - begin};
            if (i == begin)
                return false;
            continue;
        }
        if (i + 2 >= key.len || (key.ptr[i + 1] != '\'' && key.ptr[i + 1] != '"'))
            return false;
        size_t begin = i + 2, end = begin;
        while (end < key.len && key.ptr[end] != key.ptr[i + 1])
            end++;
        if (end + 1 >= key.len || key.ptr[end + 1] != ']')
            return false;
        p->at[p->n++] = (rtq_str){key.ptr + begin, end - begin};
        i = end + 2;
    }
    return p->n > 0;
}

static bool same(rtq_str a, rtq_str b)
{
    return a.len == b.len && !memcmp(a.ptr, b.ptr, a.len);
}

static bool bag_of(const rtq__cell *c)
{
    return !c->is_null && rtq__dyn_is_bag(&c->u.y);
}

static void row_pack(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    rtq__dyn_begin_bag(ctx->eval->builder);
    for (uint32_t i = 0; i + 1 < n_args; i += 2) {
        rtq__dyn_key(ctx->eval->builder, args[i].len ? args[i].u.s : "", args[i].len);
        rtq__dyn_add_cell(ctx->eval->builder, &args[i + 1]);
    }
    rtq__dyn_end(ctx->eval->builder);
    rtq__return_built(out, ctx);
}

static void row_keys(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    rtq__dyn_iter it;
    (void)n_args;
    if (!bag_of(&args[0]))
        return;
    rtq__dyn_begin_array(ctx->eval->builder);
    rtq__dyn_iter_init(&it, &args[0].u.y, ctx->heap);
    while (rtq__dyn_next(&it)) {
        rtq__dyn d = rtq__dyn_text(it.key.ptr, it.key.len);
        rtq__dyn_add(ctx->eval->builder, &d);
    }
    rtq__dyn_end(ctx->eval->builder);
    ctx->error = it.error;
    rtq__return_built(out, ctx);
}

/* Begins a new bag from the entries of another; false: it is none, and the result is null. */
static bool begin_copy(rtq__dyn_iter *it, const rtq__cell *bag, rtq__rowctx *ctx)
{
    if (!bag_of(bag))
        return false;
    rtq__dyn_begin_bag(ctx->eval->builder);
    rtq__dyn_iter_init(it, &bag->u.y, ctx->heap);
    return true;
}

static void end_copy(rtq__cell *out, const rtq__dyn_iter *it, rtq__rowctx *ctx)
{
    rtq__dyn_end(ctx->eval->builder);
    ctx->error = it->error ? it->error : ctx->error;
    rtq__return_built(out, ctx);
}

static void row_prefix(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    rtq__buf *name = &ctx->eval->text;
    rtq__dyn_iter it;
    (void)n_args;
    if (!begin_copy(&it, &args[0], ctx))
        return;
    while (rtq__dyn_next(&it)) {
        rtq__buf_clear(name);
        rtq__buf_add(name, args[1].u.s, args[1].len);
        rtq__buf_add(name, it.key.ptr, it.key.len);
        rtq__dyn_key(ctx->eval->builder, name->ptr, name->len);
        rtq__dyn_add(ctx->eval->builder, &it.item);
    }
    ctx->error = name->failed ? RTQ_ERR_NOMEM : ctx->error;
    end_copy(out, &it, ctx);
}

/* The bag less what is null or an empty text. */
static void row_filled(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    rtq__dyn_iter it;
    (void)n_args;
    if (!begin_copy(&it, &args[0], ctx))
        return;
    while (rtq__dyn_next(&it)) {
        if (it.item.tag == RTQ__DYN_NULL || (it.item.tag == RTQ__DYN_STRING && it.item.len == 0))
            continue;
        rtq__dyn_key(ctx->eval->builder, it.key.ptr, it.key.len);
        rtq__dyn_add(ctx->eval->builder, &it.item);
    }
    end_copy(out, &it, ctx);
}

/* The names come in the order of the arguments, so a first pass puts them; of equal names the first value counts, so a second pass
 * puts the values from the last bag to the first, each replacing what is there. */
static void put_bag(rtq__dyn_builder *b, const rtq__cell *bag, bool names_only, rtq__rowctx *ctx)
{
    rtq__dyn_iter it;
    const rtq__dyn none = {0};
    rtq__dyn_iter_init(&it, &bag->u.y, ctx->heap);
    while (rtq__dyn_next(&it)) {
        rtq__dyn_key(b, it.key.ptr, it.key.len);
        rtq__dyn_add(b, names_only ? &none : &it.item);
    }
    ctx->error = it.error ? it.error : ctx->error;
}

static void row_merge(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    rtq__dyn_builder *b = ctx->eval->builder;
    uint32_t n_bags = 0;
    rtq__dyn_begin_bag(b);
    for (uint32_t i = 0; i < n_args; i++) {
        if (bag_of(&args[i])) {
            put_bag(b, &args[i], true, ctx);
            n_bags++;
        }
    }
    for (uint32_t i = n_args; i > 0; i--)
        if (bag_of(&args[i - 1]))
            put_bag(b, &args[i - 1], false, ctx);
    rtq__dyn_end(b);
    rtq__return_built(out, ctx);
    if (!n_bags)
        *out = rtq__cell_null(RTQ_DYNAMIC);
}

/* A copy of the bag without what the paths name; those at `depth` all begin alike. */
static void put_without(rtq__dyn_builder *b, const rtq__dyn *bag, const path *paths, const uint8_t *alive, uint32_t n,
                        uint32_t depth, rtq__rowctx *ctx)
{
    rtq__dyn_iter it;
    uint8_t *below = rtq__arena_alloc(ctx->heap, n + 1u);
    if (!below) {
        ctx->error = RTQ_ERR_NOMEM;
        return;
    }
    rtq__dyn_begin_bag(b);
    rtq__dyn_iter_init(&it, bag, ctx->heap);
    while (rtq__dyn_next(&it)) {
        bool removed = false, deeper = false;
        for (uint32_t i = 0; i < n; i++) {
            bool here = alive[i] && depth < paths[i].n && same(paths[i].at[depth], it.key);
            removed = removed || (here && depth + 1 == paths[i].n);
            below[i] = here;
            deeper = deeper || here;
        }
        if (removed)
            continue;
        rtq__dyn_key(b, it.key.ptr, it.key.len);
        if (deeper && rtq__dyn_is_bag(&it.item) && depth + 1 < MAX_SEGMENTS)
            put_without(b, &it.item, paths, below, n, depth + 1, ctx);
        else
            rtq__dyn_add(b, &it.item);
    }
    ctx->error = it.error ? it.error : ctx->error;
    rtq__dyn_end(b);
}

static void row_remove(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    uint32_t n, n_paths = 0;
    const rtq__dyn *keys = rtq__array_items(&args[1], &n, ctx);
    (void)n_args;
    if (!bag_of(&args[0]) || !keys)
        return;
    path *paths = rtq__arena_alloc(ctx->heap, (n + 1u) * sizeof *paths);
    uint8_t *alive = rtq__arena_alloc(ctx->heap, n + 1u);
    if (!paths || !alive) {
        ctx->error = RTQ_ERR_NOMEM;
        return;
    }
    for (uint32_t i = 0; i < n; i++)
        n_paths += keys[i].tag == RTQ__DYN_STRING && keys[i].len &&
                   parse_path(&paths[n_paths], (rtq_str){keys[i].u.p, keys[i].len});
    memset(alive, 1, n_paths);
    put_without(ctx->eval->builder, &args[0].u.y, paths, alive, n_paths, 0, ctx);
    rtq__return_built(out, ctx);
}

static void row_has_key(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    path p;
    (void)n_args;
    if (!bag_of(&args[0]) || !parse_path(&p, (rtq_str){args[1].len ? args[1].u.s : "", args[1].len}))
        return;
    rtq__dyn at = args[0].u.y;
    bool found = true;
    for (uint32_t i = 0; found && i < p.n; i++) {
        rtq__dyn_iter it;
        rtq__dyn_iter_init(&it, &at, ctx->heap);
        found = false;
        while (rtq__dyn_is_bag(&at) && !found && rtq__dyn_next(&it)) {
            found = same(it.key, p.at[i]);
            if (found)
                at = it.item;
        }
        ctx->error = it.error ? it.error : ctx->error;
    }
    rtq__return_bool(out, found);
}

/* The bag with the value at the path; what is missing on the way is made. */
static void put_with(rtq__dyn_builder *b, const rtq__dyn *bag, const path *p, uint32_t depth, const rtq__cell *value,
                     rtq__rowctx *ctx)
{
    rtq__dyn_iter it;
    bool last = depth + 1 == p->n, done = false;
    rtq__dyn none = {0};
    rtq__dyn_begin_bag(b);
    if (rtq__dyn_is_bag(bag)) {
        rtq__dyn_iter_init(&it, bag, ctx->heap);
        while (rtq__dyn_next(&it)) {
            bool here = same(it.key, p->at[depth]);
            rtq__dyn_key(b, it.key.ptr, it.key.len);
            if (!here)
                rtq__dyn_add(b, &it.item);
            else if (last)
                rtq__dyn_add_cell(b, value);
            else
                put_with(b, &it.item, p, depth + 1, value, ctx);
            done = done || here;
        }
        ctx->error = it.error ? it.error : ctx->error;
    }
    if (!done) {
        rtq__dyn_key(b, p->at[depth].ptr, p->at[depth].len);
        if (last)
            rtq__dyn_add_cell(b, value);
        else
            put_with(b, &none, p, depth + 1, value, ctx);
    }
    rtq__dyn_end(b);
}

static void row_set_key(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    path p;
    (void)n_args;
    if (!bag_of(&args[0]) || !parse_path(&p, (rtq_str){args[1].len ? args[1].u.s : "", args[1].len}))
        return;
    put_with(ctx->eval->builder, &args[0].u.y, &p, 0, &args[2], ctx);
    rtq__return_built(out, ctx);
}

static void row_zip(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    uint32_t n, n_values;
    const rtq__dyn *keys = rtq__array_items(&args[0], &n, ctx), *values = rtq__array_items(&args[1], &n_values, ctx),
                   none = {0};
    (void)n_args;
    if (!keys)
        return;
    rtq__dyn_begin_bag(ctx->eval->builder);
    for (uint32_t i = 0; i < n; i++) {
        if (keys[i].tag != RTQ__DYN_STRING)
            continue;
        rtq__dyn_key(ctx->eval->builder, keys[i].len ? keys[i].u.p : "", keys[i].len);
        rtq__dyn_add(ctx->eval->builder, i < n_values ? &values[i] : &none);
    }
    rtq__dyn_end(ctx->eval->builder);
    rtq__return_built(out, ctx);
}

/* clang-format off */
#define PACK(fn, more) \
    {.name = fn, .args = "(string, any)...", .ret = "dynamic", .nulls = RTQ__NULL_CUSTOM, .row = row_pack, .flags = more, .doc = "A property bag of names and values.", .page = "pack-function"}
const rtq__fn rtq__fns_bag[] = {
    PACK("bag_pack", 0), PACK("pack", RTQ__FN_OBSOLETE), PACK("pack_dictionary", RTQ__FN_OBSOLETE),
    {.name = "bag_keys", .args = "dynamic", .ret = "dynamic", .row = row_keys, .doc = "Names of the members.", .page = "bag-keys-function"},
    {.name = "bag_merge", .args = "dynamic, dynamic...", .ret = "dynamic", .nulls = RTQ__NULL_CUSTOM, .row = row_merge, .doc = "Members of several bags; of equal names the first counts.", .page = "bag-merge-function"},
    {.name = "bag_remove_keys", .args = "dynamic, dynamic", .ret = "dynamic", .row = row_remove, .doc = "The bag without some members.", .page = "bag-remove-keys-function"},
    {.name = "__bag_prefix", .args = "dynamic, const string", .ret = "dynamic", .row = row_prefix, .flags = RTQ__FN_HIDDEN, .doc = "The bag with a text in front of its names.", .page = "bag-unpack-plugin"},
    {.name = "__bag_filled", .args = "dynamic", .ret = "dynamic", .row = row_filled, .flags = RTQ__FN_HIDDEN, .doc = "The bag less what is null or an empty text.", .page = "pack-all-function"},
    {.name = "bag_has_key", .args = "dynamic, string", .ret = "bool", .row = row_has_key, .doc = "The bag has the member.", .page = "bag-has-key-function"},
    {.name = "bag_set_key", .args = "dynamic, const string, any", .ret = "dynamic", .nulls = RTQ__NULL_CUSTOM, .row = row_set_key, .doc = "The bag with a member set.", .page = "bag-set-key-function"},
    {.name = "bag_zip", .args = "dynamic, dynamic", .ret = "dynamic", .nulls = RTQ__NULL_CUSTOM, .row = row_zip, .doc = "A bag of an array of names and an array of values.", .page = "bag-zip"},
};
/* clang-format on */
RTQ__FAMILY_COUNT(bag)
