/* bind_check.c - see bind_check.h. */
#include "bind_check.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct check {
    const rtq__bound *bound;
    uint8_t **has; /* a node: a byte a column */
    char why[256];
} check;

static bool bad(check *c, const rtq__rel *rel, const char *why, uint32_t n)
{
    if (!c->why[0])
        snprintf(c->why, sizeof c->why, "node %u (op %u): %s %u", rel ? rel->id : 0, rel ? (unsigned)rel->op : 0u, why,
                 n);
    return false;
}

static void add(check *c, const rtq__rel *rel, const rtq__col *col)
{
    if (!col || col->id >= c->bound->n_cols || c->bound->cols[col->id] != col)
        bad(c, rel, "a column that is not in the list", col ? col->id : 0);
    else
        c->has[rel->id][col->id] = 1;
}

static void inherit(check *c, const rtq__rel *rel, const rtq__rel *in)
{
    for (uint32_t i = 0; i < c->bound->n_cols; i++)
        c->has[rel->id][i] |= c->has[in->id][i];
}

static void check_expr(check *c, const rtq__rel *rel, const uint8_t *has, const rtq__expr *e)
{
    if (!e)
        return;
    if (e->kind == 0 || e->kind > RTQ_UNKNOWN)
        bad(c, rel, "an expression without a kind, op", e->op);
    if (e->op == RTQ__E_COL) {
        if (e->col >= c->bound->n_cols || !has[e->col])
            bad(c, rel, "an expression uses a column the input lacks:", e->col);
        else if (c->bound->cols[e->col]->kind != e->kind)
            bad(c, rel, "an expression has another kind than its column", e->col);
    }
    if (e->op == RTQ__E_CALL && !e->fn)
        bad(c, rel, "a call without function", 0);
    if ((e->op == RTQ__E_SLOT || e->op == RTQ__E_IN_SLOT) &&
        (e->slot >= c->bound->n_slots || (rel && c->bound->slots[e->slot].rel->id >= rel->id)))
        bad(c, rel, "a slot that is not filled before", e->slot);
    for (uint32_t i = 0; i < e->n_args; i++)
        check_expr(c, rel, has, e->args[i]);
}

static void check_unary(check *c, const rtq__rel *rel, const uint8_t *in)
{
    switch (rel->op) {
    case RTQ__R_FILTER:
        check_expr(c, rel, in, rel->u.filter.expr);
        if (rel->u.filter.expr->kind != RTQ_BOOL)
            bad(c, rel, "a filter that is no bool", 0);
        break;
    case RTQ__R_EXTEND:
    case RTQ__R_WINDOW:
        for (uint32_t i = 0; i < rel->u.defs.n; i++) {
            check_expr(c, rel, in, rel->u.defs.defs[i].expr);
            add(c, rel, rel->u.defs.defs[i].col);
            if (rel->u.defs.defs[i].col->kind != rel->u.defs.defs[i].expr->kind)
                bad(c, rel, "a column of another kind than its definition", rel->u.defs.defs[i].col->id);
            if (rel->op == RTQ__R_WINDOW && (rel->u.defs.defs[i].expr->op != RTQ__E_CALL || !rel->serialized))
                bad(c, rel, "a window that is no call, or without order", 0);
        }
        break;
    case RTQ__R_SORT:
        for (uint32_t i = 0; i < rel->u.sort.n; i++)
            check_expr(c, rel, in, rel->u.sort.keys[i].expr);
        check_expr(c, rel, in, rel->u.sort.limit);
        break;
    case RTQ__R_TAKE: check_expr(c, rel, in, rel->u.take.n); break;
    case RTQ__R_MV_EXPAND:
        for (uint32_t i = 0; i < rel->u.expand.n; i++) {
            check_expr(c, rel, in, rel->u.expand.items[i].expr);
            add(c, rel, rel->u.expand.items[i].col);
        }
        if (rel->u.expand.index)
            add(c, rel, rel->u.expand.index);
        break;
    case RTQ__R_PARSE:
        check_expr(c, rel, in, rel->u.parse.value);
        if (rel->u.parse.value->kind != RTQ_STRING)
            bad(c, rel, "parse of something that is no string", 0);
        for (uint32_t i = 0; i < rel->u.parse.n; i++)
            if (rel->u.parse.pieces[i].col)
                add(c, rel, rel->u.parse.pieces[i].col);
        break;
    default: break;
    }
}

static void check_summarize(check *c, const rtq__rel *rel)
{
    const uint8_t *in = c->has[rel->in[0]->id];
    for (uint32_t i = 0; i < rel->u.summarize.n_keys; i++) {
        check_expr(c, rel, in, rel->u.summarize.keys[i].expr);
        add(c, rel, rel->u.summarize.keys[i].col);
    }
    for (uint32_t i = 0; i < rel->u.summarize.n_aggs; i++) {
        const rtq__agg_def *def = &rel->u.summarize.aggs[i];
        for (uint32_t k = 0; k < def->n_args; k++)
            check_expr(c, rel, in, def->args[k]);
        for (uint32_t k = 0; k < def->n_cols; k++)
            add(c, rel, def->cols[k]);
        if (!def->agg || !def->n_cols)
            bad(c, rel, "an aggregate without row or columns", i);
    }
    if (rel->u.summarize.bin_key >= (int32_t)rel->u.summarize.n_keys)
        bad(c, rel, "bin_key out of range", 0);
}

static void check_join(check *c, const rtq__rel *rel)
{
    uint8_t kind = rel->u.join.kind;
    if (kind != RTQ__JOIN_RIGHTSEMI && kind != RTQ__JOIN_RIGHTANTI)
        inherit(c, rel, rel->in[0]);
    if (kind != RTQ__JOIN_LEFTSEMI && kind != RTQ__JOIN_LEFTANTI)
        inherit(c, rel, rel->in[1]);
    for (uint32_t i = 0; i < c->bound->n_cols; i++)
        if (c->has[rel->in[0]->id][i] && c->has[rel->in[1]->id][i])
            bad(c, rel, "both sides of a join have the same column", i);
    for (uint32_t i = 0; i < rel->u.join.n_keys; i++) {
        check_expr(c, rel, c->has[rel->in[0]->id], rel->u.join.left_keys[i]);
        check_expr(c, rel, c->has[rel->in[1]->id], rel->u.join.right_keys[i]);
        if (rel->u.join.left_keys[i]->kind != rel->u.join.right_keys[i]->kind)
            bad(c, rel, "keys of two kinds", i);
    }
}

static void check_refs(check *c, const rtq__rel *rel, const rtq__rel *in)
{
    for (uint32_t i = 0; i < rel->u.refs.n_cols; i++) {
        const rtq__col *col = rel->u.refs.cols[i];
        if (col->of && !c->has[in->id][col->of->id])
            bad(c, rel, "a reference to a column that is not there", col->of->id);
        if (col->of && col->kind != col->of->kind)
            bad(c, rel, "a reference of another kind", col->id);
        add(c, rel, col);
    }
}

static void check_apply(check *c, const rtq__rel *rel)
{
    const rtq__rel *leaf = rel->u.apply.input;
    check_refs(c, leaf, rel->in[0]);
    for (uint32_t i = 0; i < rel->u.apply.n; i++)
        check_expr(c, rel, c->has[rel->in[0]->id], rel->u.apply.items[i].expr);
    for (uint32_t i = 0; i < rel->u.apply.n_body_cols; i++) {
        if (!c->has[rel->u.apply.body->id][rel->u.apply.body_cols[i]->id])
            bad(c, rel, "the body lacks a result column", i);
        add(c, rel, rel->u.apply.body_cols[i]);
    }
    inherit(c, rel, rel->in[0]);
}

/* The leaf of an apply stands in front of it: what it makes is known from the apply alone. */
static void fill_leaf(check *c, const rtq__rel *leaf)
{
    for (uint32_t i = 0; i < c->bound->n_rels; i++) {
        const rtq__rel *apply = c->bound->rels[i];
        if (apply->op != RTQ__R_APPLY || apply->u.apply.input != leaf)
            continue;
        for (uint32_t k = 0; k < apply->u.apply.n; k++)
            add(c, leaf, apply->u.apply.items[k].col);
        if (apply->u.apply.index)
            add(c, leaf, apply->u.apply.index);
    }
    for (uint32_t k = 0; k < leaf->u.refs.n_cols; k++)
        add(c, leaf, leaf->u.refs.cols[k]);
}

static void check_rel(check *c, const rtq__rel *rel)
{
    for (uint32_t i = 0; i < rel->n_in; i++)
        if (!rel->in[i] || rel->in[i]->id >= rel->id) {
            bad(c, rel, "an input that does not stand in front of it", i);
            return;
        }
    switch (rel->op) {
    case RTQ__R_SCAN:
    case RTQ__R_HOST_TABLE:
        for (uint32_t i = 0; i < rel->u.scan.n_cols; i++)
            add(c, rel, rel->u.scan.cols[i]);
        if (rel->op == RTQ__R_SCAN && (rel->u.scan.table_index >= c->bound->n_tables ||
                                       c->bound->tables[rel->u.scan.table_index] != rel->u.scan.table))
            bad(c, rel, "table_index", rel->u.scan.table_index);
        break;
    case RTQ__R_VALUES:
        for (uint32_t i = 0; i < rel->u.values.n_cols; i++)
            add(c, rel, rel->u.values.cols[i]);
        break;
    case RTQ__R_RANGE: add(c, rel, rel->u.range.col); break;
    case RTQ__R_EXTERNAL:
        for (uint32_t i = 0; i < rel->u.external.n_cols; i++)
            add(c, rel, rel->u.external.cols[i]);
        break;
    case RTQ__R_APPLY_INPUT: fill_leaf(c, rel); break;
    case RTQ__R_REF: check_refs(c, rel, rel->in[0]); break;
    case RTQ__R_SUMMARIZE: check_summarize(c, rel); break;
    case RTQ__R_UNION:
        for (uint32_t i = 0; i < rel->u.unions.n_cols; i++) {
            add(c, rel, rel->u.unions.cols[i]);
            for (uint32_t k = 0; k < rel->n_in; k++) {
                const rtq__expr *e = rel->u.unions.map[k * rel->u.unions.n_cols + i];
                check_expr(c, rel, c->has[rel->in[k]->id], e);
            }
        }
        break;
    case RTQ__R_JOIN: check_join(c, rel); break;
    case RTQ__R_APPLY: check_apply(c, rel); break;
    default: inherit(c, rel, rel->in[0]); check_unary(c, rel, c->has[rel->in[0]->id]);
    }
}

const char *bind_check(const rtq__bound *bound)
{
    static check c;
    memset(&c, 0, sizeof c);
    c.bound = bound;
    c.has = calloc(bound->n_rels + 1, sizeof *c.has);
    for (uint32_t i = 0; i < bound->n_rels; i++)
        c.has[i] = calloc(bound->n_cols + 1, 1);
    for (uint32_t i = 0; i < bound->n_rels && !c.why[0]; i++) {
        if (bound->rels[i]->id != i)
            bad(&c, bound->rels[i], "its id is not its place", i);
        else
            check_rel(&c, bound->rels[i]);
    }
    for (uint32_t i = 0; i < bound->n_results && !c.why[0]; i++)
        for (uint32_t k = 0; k < bound->results[i].n_cols; k++)
            if (!c.has[bound->results[i].rel->id][bound->results[i].cols[k]->id])
                bad(&c, bound->results[i].rel, "it lacks a result column", k);
    for (uint32_t i = 0; i < bound->n_slots && !c.why[0]; i++)
        if (!c.has[bound->slots[i].rel->id][bound->slots[i].col->id])
            bad(&c, bound->slots[i].rel, "it lacks the column of slot", i);
    for (uint32_t i = 0; i < bound->n_rels; i++)
        free(c.has[i]);
    free(c.has);
    return c.why[0] ? c.why : NULL;
}

/* ---- shape ---- */

static char text[8192];
static size_t at;
static bool seen[4096];

static void put(const char *s)
{
    size_t n = strlen(s);
    if (at + n + 1 < sizeof text)
        memcpy(text + at, s, n + 1), at += n;
}

static void shape(const rtq__rel *rel, int depth)
{
    static const char *const names[] = {"",     "scan",   "host",   "values",    "range", "external", "leaf",
                                        "ref",  "filter", "extend", "summarize", "sort",  "take",     "union",
                                        "join", "expand", "apply",  "parse",     "window"};
    char number[24];
    snprintf(number, sizeof number, "#%u", rel->id);
    if (depth > 200 || (rel->id < sizeof seen && seen[rel->id])) {
        put(number);
        return;
    }
    if (rel->id < sizeof seen)
        seen[rel->id] = true;
    put(rel->op < sizeof names / sizeof *names ? names[rel->op] : "?");
    if (rel->op == RTQ__R_SCAN || rel->op == RTQ__R_HOST_TABLE) {
        put(" ");
        put(rel->u.scan.table->name);
        return;
    }
    if (!rel->n_in)
        return;
    put("(");
    for (uint32_t i = 0; i < rel->n_in; i++) {
        if (i)
            put(", ");
        shape(rel->in[i], depth + 1);
    }
    if (rel->op == RTQ__R_APPLY) {
        put(" on ");
        shape(rel->u.apply.body, depth + 1);
    }
    put(")");
}

const char *bind_shape(const rtq__bound *bound)
{
    at = 0;
    text[0] = '\0';
    memset(seen, 0, sizeof seen);
    for (uint32_t i = 0; i < bound->n_results; i++) {
        if (i)
            put("; ");
        shape(bound->results[i].rel, 0);
    }
    return text;
}
