/* bind_columns.c - operators over the list of columns: extend, project and its kin, serialize. */
#include <stdlib.h>
#include "kql/bind_private.h"

static void bind_items(rtq__binder *b, rtq__proj *p, const rtq__ctx *row, const rtq__ast *ast, int style)
{
    for (const rtq__ast *item = ast->op->items.first; item; item = item->next)
        rtq__proj_item(b, p, row, item, style, NULL);
}

static const rtq__tab *projected(rtq__binder *b, const rtq__ctx *ctx, const rtq__tab *in, const rtq__ast *ast,
                                 int style, bool keep)
{
    rtq__windows windows = rtq__windows_begin(in);
    rtq__ctx row = {.env = ctx->env, .row = in, .windows = &windows};
    rtq__proj p;
    memset(&p, 0, sizeof p);
    if (keep)
        rtq__proj_all(b, &p, in);
    bind_items(b, &p, &row, ast, style);
    if (in->broken)
        return in;
    rtq__rel *rel = rtq__proj_rel(b, &p, windows.rel, ast);
    return rtq__proj_tab(b, &p, in, rel, keep);
}

const rtq__tab *rtq__bind_extend(rtq__binder *b, const rtq__ctx *ctx, const rtq__tab *in, const rtq__ast *ast)
{
    return projected(b, ctx, in, ast, RTQ__PROJ_EXTEND, true);
}

const rtq__tab *rtq__bind_project(rtq__binder *b, const rtq__ctx *ctx, const rtq__tab *in, const rtq__ast *ast)
{
    return projected(b, ctx, in, ast, RTQ__PROJ_PROJECT, false);
}

const rtq__tab *rtq__bind_serialize(rtq__binder *b, const rtq__ctx *ctx, const rtq__tab *in, const rtq__ast *ast)
{
    if (in->broken)
        return in;
    rtq__tab *out = rtq__tab_over(b, in, in->rel);
    out->serialized = true;
    return ast->op->items.n ? projected(b, ctx, out, ast, RTQ__PROJ_PROJECT, true) : out;
}

/* ---- names and patterns ---- */

bool rtq__bind_matches(const char *pattern, const char *name)
{
    const char *star = NULL, *retry = NULL;
    for (;;) {
        if (*pattern == '*') {
            star = ++pattern;
            retry = name;
        } else if (*name && *pattern == *name) {
            pattern++, name++;
        } else if (!*pattern && !*name) {
            return true;
        } else if (star && *retry) {
            pattern = star;
            name = ++retry;
        } else {
            return false;
        }
    }
}

/* Marks the visible columns that an item names. False: reported. `missing`: a name that only the open rest can have. */
static bool mark(rtq__binder *b, const rtq__tab *in, const rtq__ast *item, bool *marks, const char **missing)
{
    *missing = NULL;
    bool star = item->kind == RTQ__AST_STAR, pattern = item->kind == RTQ__AST_WILDCARD;
    if (!star && !pattern && item->kind != RTQ__AST_NAME) {
        rtq__bind_error(b, item, "the name of a column is expected here");
        return false;
    }
    if ((star || pattern) && !rtq__tab_needs_closed(b, in, item, "a pattern of names"))
        return false;
    const char *name = star ? "*" : item->name.ptr;
    bool any = false;
    for (uint32_t i = 0; i < in->n; i++) {
        if ((star || pattern) ? !rtq__bind_matches(name, in->cols[i].name) : strcmp(name, in->cols[i].name) != 0)
            continue;
        marks[i] = any = true;
    }
    if (any || in->broken)
        return any;
    if (in->open && !pattern) {
        *missing = name;
        return true;
    }
    if (pattern) {
        rtq__bind_error(b, item, "no column matches '%s'", name);
    } else {
        rtq__ctx ctx = {.row = in};
        rtq__bind_unknown_name(b, &ctx, &item->name, "column");
    }
    return false;
}

static void find_hidden(rtq__binder *b, rtq__tab *out, const rtq__tab *in, const char *name, const rtq__ast *at)
{
    rtq__expr *e = rtq__tab_lookup(b, in, name, true, at);
    if (e && RTQ__BEXPR(e)->vcol)
        rtq__tab_add(b, out, name, RTQ__BEXPR(e)->vcol);
    else if (e)
        rtq__bind_refuse(b, at, name, "a key of a bag cannot be kept or moved here: name it in `project` or `extend`");
}

const rtq__tab *rtq__bind_project_away(rtq__binder *b, const rtq__ctx *ctx, const rtq__tab *in, const rtq__ast *ast)
{
    (void)ctx;
    if (in->broken)
        return in;
    bool *away = rtq__bind_work(b, in->n + 1, sizeof *away);
    rtq__tab *out = rtq__tab_over(b, in, in->rel);
    for (const rtq__ast *item = ast->op->items.first; item; item = item->next) {
        const char *missing;
        if (mark(b, in, item, away, &missing) && in->open && item->kind == RTQ__AST_NAME)
            rtq__tab_exclude(b, out, item->name.ptr);
    }
    out->n = 0;
    for (uint32_t i = 0; i < in->n; i++)
        if (!away[i])
            out->cols[out->n++] = in->cols[i];
    return out;
}

const rtq__tab *rtq__bind_project_keep(rtq__binder *b, const rtq__ctx *ctx, const rtq__tab *in, const rtq__ast *ast)
{
    (void)ctx;
    if (in->broken)
        return in;
    bool *keep = rtq__bind_work(b, in->n + 1, sizeof *keep);
    rtq__tab *out = rtq__tab_new(b, in->rel);
    rtq__tab *more = rtq__tab_new(b, in->rel);
    for (const rtq__ast *item = ast->op->items.first; item; item = item->next) {
        const char *missing;
        if (mark(b, in, item, keep, &missing) && missing)
            find_hidden(b, more, in, missing, item);
    }
    for (uint32_t i = 0; i < in->n; i++)
        if (keep[i])
            rtq__tab_add(b, out, in->cols[i].name, in->cols[i].col);
    for (uint32_t i = 0; i < more->n; i++)
        rtq__tab_add(b, out, more->cols[i].name, more->cols[i].col);
    out->serialized = in->serialized;
    return out;
}

const rtq__tab *rtq__bind_project_rename(rtq__binder *b, const rtq__ctx *ctx, const rtq__tab *in, const rtq__ast *ast)
{
    (void)ctx;
    if (in->broken)
        return in;
    rtq__tab *out = rtq__tab_over(b, in, in->rel);
    for (const rtq__ast *item = ast->op->items.first; item; item = item->next) {
        if (item->kind != RTQ__AST_NAMED || item->named.names.n != 1 || item->named.value->kind != RTQ__AST_NAME) {
            rtq__bind_error(b, item, "project-rename takes pairs `new = old`");
            continue;
        }
        const rtq__ast *to = item->named.names.first, *from = item->named.value;
        int32_t at = rtq__tab_find(in, from->name.ptr);
        if (at >= 0 && strcmp(out->cols[at].name, from->name.ptr) != 0) {
            rtq__bind_error(b, from, "the column '%s' is renamed twice", from->name.ptr);
        } else if (rtq__tab_find(out, to->name.ptr) >= 0 || rtq__tab_find(in, to->name.ptr) >= 0) {
            rtq__bind_error(b, to, "there is a column '%s' already", to->name.ptr);
        } else if (at >= 0) {
            out->cols[at].name = to->name.ptr;
            rtq__tab_exclude(b, out, from->name.ptr);
        } else if (in->open) {
            rtq__expr *e = rtq__tab_lookup(b, in, from->name.ptr, true, from);
            if (e && RTQ__BEXPR(e)->vcol)
                rtq__tab_add(b, out, to->name.ptr, RTQ__BEXPR(e)->vcol);
            else if (e)
                rtq__bind_refuse(b, from, from->name.ptr,
                                 "a key of a bag cannot be renamed here: use `extend` or `project`");
            rtq__tab_exclude(b, out, from->name.ptr);
        } else {
            rtq__ctx names = {.row = in};
            rtq__bind_unknown_name(b, &names, &from->name, "column");
        }
    }
    return out;
}

/* ---- project-by-names: constant names and patterns, alone or in dynamic arrays ---- */

static void keep_matching(rtq__binder *b, rtq__proj *p, const rtq__tab *in, const char *pattern)
{
    for (uint32_t i = 0; i < in->n; i++)
        if (rtq__bind_matches(pattern, in->cols[i].name))
            rtq__proj_add(b, p, in->cols[i].name, in->cols[i].col, NULL, false, true);
}

const rtq__tab *rtq__bind_project_by_names(rtq__binder *b, const rtq__ctx *ctx, const rtq__tab *in, const rtq__ast *ast)
{
    rtq__ctx none = {.env = ctx->env};
    rtq__proj p;
    memset(&p, 0, sizeof p);
    if (in->broken || !rtq__tab_needs_closed(b, in, ast, "project-by-names"))
        return rtq__tab_broken(b);
    for (const rtq__ast *item = ast->op->items.first; item; item = item->next) {
        rtq__cell cell;
        rtq__expr *e = rtq__bind_expr(b, &none, item);
        if (rtq__expr_is_broken(e))
            continue;
        if ((e->kind != RTQ_STRING && e->kind != RTQ_DYNAMIC) || !rtq__expr_constant(b, e, &cell)) {
            rtq__bind_error(b, item, "names of columns are expected: constant strings, or dynamic arrays of them");
            continue;
        }
        if (e->kind == RTQ_STRING) {
            keep_matching(b, &p, in, rtq__bind_namef(b, "%.*s", (int)cell.len, cell.u.s));
            continue;
        }
        rtq__dyn_iter it;
        rtq__dyn value = cell.u.y;
        if (value.tag == RTQ__DYN_STRING)
            keep_matching(b, &p, in, rtq__bind_namef(b, "%.*s", (int)value.len, value.u.p));
        if (!rtq__dyn_is_array(&value))
            continue;
        rtq__dyn_iter_init(&it, &value, &b->work);
        while (rtq__dyn_next(&it))
            if (it.item.tag == RTQ__DYN_STRING)
                keep_matching(b, &p, in, rtq__bind_namef(b, "%.*s", (int)it.item.len, it.item.u.p));
        if (it.error)
            rtq__bind_fail(b, it.error);
    }
    return rtq__proj_tab(b, &p, in, in->rel, false);
}

/* ---- project-reorder ---- */

static int lower(int c)
{
    return c >= 'A' && c <= 'Z' ? c + 32 : c == '_' ? 'z' + 1 : c;
}

/* Case does not count, an underscore stands behind the letters; with `granny` runs of digits compare as numbers. */
static int compare_names(const char *a, const char *c, bool granny)
{
    while (*a && *c) {
        if (granny && *a >= '0' && *a <= '9' && *c >= '0' && *c <= '9') {
            while (*a == '0' && a[1] >= '0' && a[1] <= '9')
                a++;
            while (*c == '0' && c[1] >= '0' && c[1] <= '9')
                c++;
            size_t x = strspn(a, "0123456789"), y = strspn(c, "0123456789");
            int order = x != y ? (x > y) - (x < y) : strncmp(a, c, x);
            if (order)
                return order;
            a += x, c += y;
        } else if (lower((unsigned char)*a) != lower((unsigned char)*c)) {
            return lower((unsigned char)*a) - lower((unsigned char)*c);
        } else {
            a++, c++;
        }
    }
    return (*a != 0) - (*c != 0);
}

static void order_columns(rtq__vis *cols, uint32_t n, rtq__ast_order order)
{
    bool granny = order == RTQ__ORDER_GRANNY_ASC || order == RTQ__ORDER_GRANNY_DESC;
    bool desc = order == RTQ__ORDER_DESC || order == RTQ__ORDER_GRANNY_DESC;
    for (uint32_t i = 1; order != RTQ__ORDER_NONE && i < n; i++) { /* stable; lists are short */
        rtq__vis v = cols[i];
        uint32_t k = i;
        for (; k > 0; k--) {
            int c = compare_names(cols[k - 1].name, v.name, granny);
            if (desc ? c >= 0 : c <= 0)
                break;
            cols[k] = cols[k - 1];
        }
        cols[k] = v;
    }
}

const rtq__tab *rtq__bind_project_reorder(rtq__binder *b, const rtq__ctx *ctx, const rtq__tab *in, const rtq__ast *ast)
{
    (void)ctx;
    if (in->broken)
        return in;
    rtq__tab *out = rtq__tab_over(b, in, in->rel);
    bool *used = rtq__bind_work(b, in->n + 1, sizeof *used), *name_used = rtq__bind_work(b, in->n + 1, sizeof *used);
    out->n = out->cap = 0;
    for (const rtq__ast *item = ast->op->items.first; item; item = item->next) {
        const rtq__ast *name = item->kind == RTQ__AST_ORDERED ? item->ordered.value : item;
        bool *marks = rtq__bind_work(b, in->n + 1, sizeof *marks);
        const char *missing;
        if (!mark(b, in, name, marks, &missing))
            continue;
        uint32_t from = out->n;
        bool all = name->kind == RTQ__AST_STAR || strcmp(name->name.ptr, "*") == 0;
        for (uint32_t i = 0; !all && i < in->n; i++) {
            if (marks[i] && name_used[i]) {
                rtq__bind_error(b, name, "the column '%s' is named twice", in->cols[i].name);
                return rtq__tab_broken(b);
            }
            name_used[i] |= marks[i];
        }
        if (missing)
            find_hidden(b, out, in, missing, name);
        for (uint32_t i = 0; i < in->n; i++) {
            if (!marks[i] || used[i])
                continue;
            used[i] = true;
            rtq__tab_add(b, out, in->cols[i].name, in->cols[i].col);
        }
        order_columns(out->cols + from, out->n - from,
                      item->kind == RTQ__AST_ORDERED ? item->ordered.order : RTQ__ORDER_NONE);
    }
    for (uint32_t i = 0; i < in->n; i++)
        if (!used[i])
            rtq__tab_add(b, out, in->cols[i].name, in->cols[i].col);
    return out;
}
