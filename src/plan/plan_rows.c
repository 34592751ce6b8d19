/* plan_rows.c - items -> nodes: the operators that change the number of rows or keep state. */
#include <stdio.h>
#include "fn/regex.h"
#include "plan/plan_int.h"

/* ---- summarize ----------------------------------------------------------------------------------------------------- */
static int32_t out_of(const rtq__node *node, uint32_t id)
{
    for (uint32_t i = 0; i < node->layout.n; i++)
        if (node->layout.ids[i] == id)
            return (int32_t)i;
    return -1;
}

static int prepare_agg(rtq__planner *p, rtq__plan_agg *agg, rtq__expr *const *args)
{
    const rtq__cell **cells = rtq__planner_tmp(p, agg->n_args + 1u, sizeof(rtq__cell *));
    uint8_t *kinds = rtq__planner_tmp(p, agg->n_args + 1u, 1);
    if (!cells || !kinds)
        return p->error;
    for (uint32_t i = 0; i < agg->n_args; i++) {
        cells[i] = args[i]->op == RTQ__E_CONST ? &args[i]->cell : NULL;
        kinds[i] = args[i]->kind;
    }
    if (!agg->agg->prepare)
        return RTQ_OK;
    return agg->agg->prepare(&agg->config, p->mem, agg->agg, cells, kinds, agg->n_args, p->diag, agg->def->begin,
                             agg->def->end);
}

static void code_agg(rtq__planner *p, rtq__item *item, rtq__node *node, const rtq__agg_def *def)
{
    rtq__plan_agg *agg = &node->u.summarize.aggs[node->u.summarize.n_aggs++];
    rtq__expr **args = rtq__planner_keep(p, def->n_args + 1u, sizeof *args);
    agg->outs = rtq__planner_keep(p, def->n_cols + 1u, sizeof *agg->outs);
    if (!args || !agg->outs)
        return;
    agg->agg = def->agg;
    agg->def = def;
    agg->distinct = strcmp(def->agg->name, "count_distinct") == 0 && def->n_args == 1;
    for (uint32_t i = 0; i < def->n_args; i++)
        if (rtq__plan_arg_needed(item, def, i))
            args[agg->n_args++] = def->args[i];
    for (uint32_t i = 0; i < def->n_cols; i++)
        if (rtq__plan_arg_needed(item, def, i))
            agg->outs[agg->n_cells++] = out_of(node, def->cols[i]->id);
    agg->args = rtq__plan_progs(p, args, agg->n_args, item->in[0]);
    agg->predicate = rtq__plan_prog(p, def->predicate, item->in[0]);
    agg->offset = node->u.summarize.extra_len;
    node->u.summarize.extra_len += (def->agg->state_len + 15u) & ~15u;
    if (!p->error)
        p->error = prepare_agg(p, agg, args);
}

void rtq__plan_code_summarize(rtq__planner *p, rtq__item *item)
{
    const rtq__rel *rel = item->rel;
    uint32_t n_keys = rel->u.summarize.n_keys;
    rtq__node *node = rtq__plan_node(p, RTQ__R_SUMMARIZE, rel, 1);
    if (!node || !rtq__plan_layout(p, node, item->needed))
        return;
    rtq__plan_input(node, 0, item->in[0]);
    node->u.summarize.keys = rtq__planner_keep(p, n_keys + 1u, sizeof(rtq__prog *));
    node->u.summarize.key_kinds = rtq__planner_keep(p, n_keys + 1u, 1);
    node->u.summarize.key_outs = rtq__planner_keep(p, n_keys + 1u, sizeof(int32_t));
    node->u.summarize.aggs = rtq__planner_keep(p, rel->u.summarize.n_aggs + 1u, sizeof(rtq__plan_agg));
    for (uint32_t k = 0; k < n_keys && !p->error; k++) {
        node->u.summarize.keys[k] = rtq__plan_prog(p, rel->u.summarize.keys[k].expr, item->in[0]);
        node->u.summarize.key_kinds[k] = rel->u.summarize.keys[k].expr->kind;
        node->u.summarize.key_outs[k] = out_of(node, rel->u.summarize.keys[k].col->id);
    }
    node->u.summarize.n_keys = n_keys;
    for (uint32_t i = 0; i < rel->u.summarize.n_aggs && !p->error; i++)
        if (rtq__plan_agg_needed(item, &rel->u.summarize.aggs[i]))
            code_agg(p, item, node, &rel->u.summarize.aggs[i]);
    node->u.summarize.bin_key = rel->u.summarize.bin_key;
    node->u.summarize.bin_ticks = rel->u.summarize.bin_ticks;
    node->unbounded_state = n_keys > 0 && rel->u.summarize.bin_key < 0;
    rtq__plan_gives(p, item, node);
}

/* ---- join, union --------------------------------------------------------------------------------------------------- */
/* Right kinds are left kinds seen from the other side; the inner ones hold whatever is constant. */
static uint8_t probe_side(uint8_t kind, const rtq__node *left, const rtq__node *right)
{
    switch (kind) {
    case RTQ__JOIN_RIGHTOUTER:
    case RTQ__JOIN_RIGHTSEMI:
    case RTQ__JOIN_RIGHTANTI: return 1;
    case RTQ__JOIN_INNER:
    case RTQ__JOIN_INNERUNIQUE: return !left->fed && right->fed;
    default: return 0;
    }
}

bool rtq__plan_streams(uint8_t kind, const rtq__node *node)
{
    return node->in[0]->fed && node->in[1]->fed &&
           (kind == RTQ__JOIN_INNER || kind == RTQ__JOIN_INNERUNIQUE || kind == RTQ__JOIN_LEFTSEMI ||
            kind == RTQ__JOIN_RIGHTSEMI);
}

void rtq__plan_code_join(rtq__planner *p, rtq__item *item)
{
    const rtq__rel *rel = item->rel;
    rtq__node *node = rtq__plan_node(p, RTQ__R_JOIN, rel, 2);
    if (!node || !rtq__plan_layout(p, node, item->needed))
        return;
    rtq__plan_input(node, 0, item->in[0]);
    rtq__plan_input(node, 1, item->in[1]);
    uint32_t n = rel->u.join.n_keys;
    node->u.join.kind = rel->u.join.kind;
    node->u.join.probe = probe_side(rel->u.join.kind, node->in[0], node->in[1]);
    node->u.join.streams = rtq__plan_streams(rel->u.join.kind, node);
    node->u.join.n_keys = n;
    node->u.join.left_keys = rtq__plan_progs(p, rel->u.join.left_keys, n, item->in[0]);
    node->u.join.right_keys = rtq__plan_progs(p, rel->u.join.right_keys, n, item->in[1]);
    node->u.join.key_kinds = rtq__planner_keep(p, n + 1u, 1);
    rtq__out *outs = rtq__plan_outs(p, node, item->in[0]);
    if (p->error)
        return;
    for (uint32_t k = 0; k < n; k++)
        node->u.join.key_kinds[k] = rel->u.join.left_keys[k]->kind;
    for (uint32_t i = 0; i < node->layout.n; i++)
        if (outs[i].from < 0) {
            outs[i].side = 1;
            outs[i].from = rtq__plan_from(item->in[1], node->layout.ids[i]);
        }
    node->u.join.outs = outs;
    node->unbounded_state = true;
    rtq__plan_gives(p, item, node);
}

void rtq__plan_code_union(rtq__planner *p, rtq__item *item)
{
    const rtq__rel *rel = item->rel;
    rtq__node *node = rtq__plan_node(p, RTQ__R_UNION, rel, item->n_in);
    if (!node || !rtq__plan_layout(p, node, item->needed))
        return;
    uint32_t n = rel->u.unions.n_cols;
    rtq__out *outs = rtq__planner_keep(p, (size_t)item->n_in * node->layout.n + 1u, sizeof *outs);
    for (uint32_t k = 0; k < item->n_in && outs; k++) {
        rtq__plan_input(node, k, item->in[k]);
        for (uint32_t c = 0; c < n; c++) {
            int32_t at = out_of(node, rel->u.unions.cols[c]->id);
            const rtq__expr *map = rel->u.unions.map[(size_t)k * n + c];
            if (at < 0)
                continue;
            rtq__out *out = &outs[(size_t)k * node->layout.n + (uint32_t)at];
            out->from = -1;
            if (map && map->op == RTQ__E_COL && map->kind == rel->u.unions.cols[c]->kind)
                out->from = rtq__plan_from(item->in[k], map->col);
            else if (map)
                out->prog = rtq__plan_prog(p, map, item->in[k]);
        }
    }
    node->u.unions.outs = outs;
    rtq__plan_gives(p, item, node);
}

/* ---- mv-expand, mv-apply ------------------------------------------------------------------------------------------- */
/* Columns of expanded rows: the items, their index, the rest from the input (by = ids that a body sees under other names). */
static rtq__out *expand_outs(rtq__planner *p, const rtq__node *node, const rtq__item *in, const rtq__expand_item *items,
                             uint32_t n, const rtq__col *index, bool renamed)
{
    rtq__out *outs = rtq__planner_keep(p, node->layout.n + 1u, sizeof *outs);
    for (uint32_t i = 0; i < node->layout.n && outs; i++) {
        uint32_t id = node->layout.ids[i];
        const rtq__col *of = renamed ? p->bound->cols[id]->of : NULL;
        outs[i].from = -1;
        for (uint32_t k = 0; k < n; k++)
            if (items[k].col->id == id) {
                outs[i].side = 1;
                outs[i].from = (int32_t)k;
            }
        if (index && index->id == id)
            outs[i].side = 2;
        if (outs[i].side == 0)
            outs[i].from = rtq__plan_from(in, of ? of->id : id);
    }
    return outs;
}

static uint8_t *item_kinds(rtq__planner *p, const rtq__expand_item *items, uint32_t n)
{
    uint8_t *kinds = rtq__planner_keep(p, n + 1u, 1);
    for (uint32_t i = 0; i < n && kinds; i++)
        kinds[i] = items[i].to_kind ? items[i].to_kind : items[i].col->kind;
    return kinds;
}

static rtq__prog **item_progs(rtq__planner *p, const rtq__expand_item *items, uint32_t n, const rtq__item *in)
{
    rtq__prog **progs = rtq__planner_keep(p, n + 1u, sizeof(rtq__prog *));
    for (uint32_t i = 0; i < n && progs; i++)
        progs[i] = rtq__plan_prog(p, items[i].expr, in);
    return progs;
}

void rtq__plan_code_expand(rtq__planner *p, rtq__item *item)
{
    const rtq__rel *rel = item->rel;
    rtq__node *node = rtq__plan_node(p, RTQ__R_MV_EXPAND, rel, 1);
    if (!node || !rtq__plan_layout(p, node, item->needed))
        return;
    rtq__plan_input(node, 0, item->in[0]);
    node->u.expand.n = rel->u.expand.n;
    node->u.expand.items = item_progs(p, rel->u.expand.items, rel->u.expand.n, item->in[0]);
    node->u.expand.item_kinds = item_kinds(p, rel->u.expand.items, rel->u.expand.n);
    node->u.expand.limit = rtq__plan_prog(p, rel->u.expand.limit, NULL);
    node->u.expand.outs = expand_outs(p, node, item->in[0], rel->u.expand.items, rel->u.expand.n, rel->u.expand.index,
                                      false);
    rtq__plan_gives(p, item, node);
}

void rtq__plan_code_apply(rtq__planner *p, rtq__item *item)
{
    const rtq__rel *rel = item->rel;
    rtq__node *node = rtq__plan_node(p, RTQ__R_APPLY, rel, 1);
    if (!node || !rtq__plan_layout(p, node, item->needed))
        return;
    rtq__plan_input(node, 0, item->in[0]);
    node->u.apply.n = rel->u.apply.n;
    node->u.apply.items = item_progs(p, rel->u.apply.items, rel->u.apply.n, item->in[0]);
    node->u.apply.item_kinds = item_kinds(p, rel->u.apply.items, rel->u.apply.n);
    node->u.apply.limit = rtq__plan_prog(p, rel->u.apply.limit, NULL);
    rtq__out *outs = rtq__plan_outs(p, node, item->in[0]);
    uint64_t *needed = rtq__planner_tmp(p, p->words, 8);
    if (p->error)
        return;
    for (uint32_t w = 0; w < p->words; w++)
        needed[w] = item->needed[w] & item->own[w];
    p->error = rtq__plan_body(&node->u.apply.body, p, rel, needed);
    if (p->error)
        return;
    const rtq__plan *body = node->u.apply.body;
    const rtq__node *result = body->results[0];
    for (uint32_t i = 0; i < node->layout.n; i++)
        for (uint32_t c = 0; c < result->layout.n; c++)
            if (result->layout.ids[c] == node->layout.ids[i]) {
                outs[i].side = 1;
                outs[i].from = (int32_t)c;
            }
    node->u.apply.outs = outs;
    if (body->input)
        node->u.apply.inputs = expand_outs(p, body->input, item->in[0], rel->u.apply.items, rel->u.apply.n,
                                           rel->u.apply.index, true);
    for (uint32_t i = 0; i < body->n_nodes; i++)
        for (uint32_t s = 0; s < body->nodes[i]->n_slots; s++)
            p->node_slots[body->nodes[i]->slots[s]] = true;
    rtq__plan_gives(p, item, node);
}

/* ---- parse, window functions --------------------------------------------------------------------------------------- */
static const char *column_regex(uint8_t kind)
{
    switch (kind) {
    case RTQ_INT:
    case RTQ_LONG: return "[-+]?\\d+";
    case RTQ_REAL:
    case RTQ_DECIMAL: return "[-+]?\\d*\\.?\\d+(?:[eE][-+]?\\d+)?";
    default: return ".*";
    }
}

/* The whole pattern as one regular expression; greedy unless flags say otherwise, as Kusto's. */
static int parse_regex(rtq__planner *p, const rtq__rel *rel, rtq__node *node)
{
    rtq__buf text;
    rtq__buf_init(&text, p->mem);
    if (rel->u.parse.flags && rel->u.parse.flags[0])
        rtq__buf_addf(&text, "(?%s)", rel->u.parse.flags);
    for (uint32_t i = 0; i < rel->u.parse.n; i++) {
        const rtq__parse_piece *piece = &rel->u.parse.pieces[i];
        if (piece->col)
            rtq__buf_addf(&text, "(?P<rtq%u>%s)", i, column_regex(piece->col->kind));
        else if (piece->text)
            rtq__buf_add(&text, piece->text, piece->len);
        else
            rtq__buf_adds(&text, ".*?");
    }
    node->u.parse.groups = rtq__planner_keep(p, rel->u.parse.n + 1u, sizeof(uint32_t));
    int rc = text.failed || p->error ? RTQ_ERR_NOMEM : RTQ_OK;
    if (rc == RTQ_OK)
        rc = rtq__regex_new(&node->u.parse.regex, p->mem, text.ptr, text.len, RTQ__REGEX_BEGIN | RTQ__REGEX_END,
                            p->diag, rel->begin, rel->end);
    for (uint32_t i = 0; i < rel->u.parse.n && rc == RTQ_OK; i++) {
        char name[16];
        int len = snprintf(name, sizeof name, "rtq%u", i);
        int group = rel->u.parse.pieces[i].col ? rtq__re_group(node->u.parse.regex, name, (size_t)len) : 0;
        if (group < 0 || group >= RTQ__RE_GROUPS)
            rc = rtq__diag_add(p->diag, RTQ_ERR_LIMIT, RTQ__SEV_ERROR, rel->begin, rel->end,
                               "the pattern has too many groups");
        node->u.parse.groups[i] = (uint32_t)group;
    }
    rtq__buf_free(&text);
    return rc;
}

void rtq__plan_code_parse(rtq__planner *p, rtq__item *item)
{
    const rtq__rel *rel = item->rel;
    rtq__node *node = rtq__plan_node(p, RTQ__R_PARSE, rel, 1);
    if (!node || !rtq__plan_layout(p, node, item->needed))
        return;
    rtq__plan_input(node, 0, item->in[0]);
    node->u.parse.value = rtq__plan_prog(p, rel->u.parse.value, item->in[0]);
    node->u.parse.piece_outs = rtq__planner_keep(p, rel->u.parse.n + 1u, sizeof(int32_t));
    node->u.parse.outs = rtq__plan_outs(p, node, item->in[0]);
    for (uint32_t i = 0; i < rel->u.parse.n && !p->error; i++)
        node->u.parse.piece_outs[i] = rel->u.parse.pieces[i].col ? out_of(node, rel->u.parse.pieces[i].col->id) : -1;
    if (rel->u.parse.mode == RTQ__PARSE_REGEX && !p->error)
        p->error = parse_regex(p, rel, node);
    rtq__plan_gives(p, item, node);
}

void rtq__plan_code_window(rtq__planner *p, rtq__item *item)
{
    const rtq__rel *rel = item->rel;
    rtq__node *node = rtq__plan_node(p, RTQ__R_WINDOW, rel, 1);
    if (!node || !rtq__plan_layout(p, node, item->needed))
        return;
    rtq__plan_input(node, 0, item->in[0]);
    rtq__plan_window *defs = rtq__planner_keep(p, rel->u.defs.n + 1u, sizeof *defs);
    rtq__out *outs = rtq__plan_outs(p, node, item->in[0]);
    for (uint32_t d = 0; d < rel->u.defs.n && !p->error; d++) {
        const rtq__expr *expr = rel->u.defs.defs[d].expr;
        int32_t at = out_of(node, rel->u.defs.defs[d].col->id);
        if (at < 0)
            continue;
        rtq__plan_window *def = &defs[node->u.window.n];
        def->kind = expr->kind;
        if (expr->op == RTQ__E_CALL && expr->fn->flags & RTQ__FN_WINDOW) {
            def->fn = expr->fn;
            def->n_args = expr->n_args;
            def->args = rtq__plan_progs(p, expr->args, expr->n_args, item->in[0]);
            outs[at] = (rtq__out){.side = 1, .from = (int32_t)node->u.window.n++};
        } else {
            outs[at] = (rtq__out){.prog = rtq__plan_prog(p, expr, item->in[0])};
        }
    }
    node->u.window.defs = defs;
    node->u.window.outs = outs;
    rtq__plan_gives(p, item, node);
}
