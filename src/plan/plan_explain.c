/* plan_explain.c - a plan for people (text) and programs (JSON). */
#include "plan/plan.h"
#include "value/dyn.h"

static const char *const op_names[RTQ__P_N] = {
    [RTQ__R_SCAN] = "scan",
    [RTQ__R_HOST_TABLE] = "table",
    [RTQ__R_VALUES] = "values",
    [RTQ__R_RANGE] = "range",
    [RTQ__R_EXTERNAL] = "externaldata",
    [RTQ__R_APPLY_INPUT] = "items",
    [RTQ__R_FILTER] = "filter",
    [RTQ__R_EXTEND] = "extend",
    [RTQ__R_SUMMARIZE] = "summarize",
    [RTQ__R_SORT] = "sort",
    [RTQ__R_TAKE] = "take",
    [RTQ__R_UNION] = "union",
    [RTQ__R_JOIN] = "join",
    [RTQ__R_MV_EXPAND] = "mv-expand",
    [RTQ__R_APPLY] = "mv-apply",
    [RTQ__R_PARSE] = "parse",
    [RTQ__R_WINDOW] = "window",
    [RTQ__P_RESULT] = "result",
    [RTQ__P_SLOT] = "subquery",
};

static const char *const join_names[] = {"",          "innerunique", "inner",     "leftouter", "rightouter",
                                         "fullouter", "leftsemi",    "rightsemi", "leftanti",  "rightanti"};

static const struct {
    uint32_t op;
    const char *name;
} conjunct_ops[] = {
    {RTQ_OP_EQ, "=="},
    {RTQ_OP_NE, "!="},
    {RTQ_OP_LT, "<"},
    {RTQ_OP_LE, "<="},
    {RTQ_OP_GT, ">"},
    {RTQ_OP_GE, ">="},
    {RTQ_OP_IN, "in"},
    {RTQ_OP_BETWEEN, "between"},
    {RTQ_OP_EQ_NOCASE, "=~"},
    {RTQ_OP_HAS, "has"},
    {RTQ_OP_CONTAINS, "contains"},
    {RTQ_OP_STARTSWITH, "startswith"},
    {RTQ_OP_ENDSWITH, "endswith"},
    {RTQ_OP_MATCHES, "matches regex"},
    {RTQ_OP_ISNULL, "isnull"},
    {RTQ_OP_NOTNULL, "isnotnull"},
    {RTQ_OP_IPV4_IN, "ipv4_is_in_range"},
};

static void put_op(rtq__buf *out, uint32_t op)
{
    if (op >= RTQ_OP_NOT)
        rtq__buf_addc(out, '!');
    op %= RTQ_OP_NOT;
    uint32_t base = op % RTQ_OP_CASE;
    for (size_t i = 0; i < sizeof conjunct_ops / sizeof conjunct_ops[0]; i++)
        if (conjunct_ops[i].op == base)
            rtq__buf_adds(out, conjunct_ops[i].name);
    if (op >= RTQ_OP_CASE)
        rtq__buf_adds(out, "_cs");
}

/* When rows come out of it. */
static const char *emits(const rtq__node *node)
{
    switch (node->op) {
    case RTQ__R_SUMMARIZE:
        return node->u.summarize.bin_key >= 0 ? "when the watermark passes the end of a bin"
                                              : "at the end of the input";
    case RTQ__R_SORT:
        return node->u.sort.limit || !node->fed ? "at the end of the input"
                                                : "at the end of the input, or each emission in order";
    case RTQ__R_JOIN:
        if (node->u.join.streams)
            return "on a feed without end as soon as both partners are there, else once the held side has ended";
        return node->u.join.probe ? "row by row of the right side, once the left side has ended"
                                  : "row by row of the left side, once the right side has ended";
    case RTQ__P_SLOT: return "at the end of the input";
    case RTQ__R_WINDOW:
        for (uint32_t i = 0; i < node->u.window.n; i++)
            if (node->u.window.defs[i].fn->tag == RTQ__WINDOW_NEXT)
                return "at the end of the input";
        return NULL;
    default: return NULL;
    }
}

static const char *col_name(const rtq__plan *plan, uint32_t id)
{
    return id < plan->bound->n_cols && plan->bound->cols[id]->name ? plan->bound->cols[id]->name : "?";
}

static const char *detail(const rtq__plan *plan, const rtq__node *node)
{
    switch (node->op) {
    case RTQ__R_SCAN: return plan->tables[node->u.scan.table].table->name;
    case RTQ__R_JOIN: return join_names[node->u.join.kind];
    case RTQ__P_RESULT: return node->u.result.result ? node->u.result.result->name : NULL;
    default: return NULL;
    }
}

static void put_values(rtq__buf *out, const rtq__plan_conjunct *c)
{
    for (uint32_t i = 0; i < c->n_values && i < 20; i++) {
        rtq__buf_adds(out, i ? ", " : " ");
        rtq__cell_print_json(out, &c->values[i]);
    }
    if (c->n_values > 20)
        rtq__buf_addf(out, ", … (%u)", c->n_values);
}

/* ---- text ----------------------------------------------------------------------------------------------------------- */
static void text_table(rtq__buf *out, const rtq__plan_table *t)
{
    rtq__buf_addf(out, "reads %s\n", t->table->name);
    for (uint32_t i = 0; i < t->n_wants; i++)
        rtq__buf_addf(out, "  %s: %s%s%s\n", t->wants[i].path, rtq__kind_name(t->wants[i].kind),
                      t->wants[i].flags & RTQ__WANT_DECIDE ? ", decides" : "",
                      t->wants[i].flags & RTQ__WANT_SURVIVOR ? ", of rows that pass" : "");
    for (uint32_t i = 0; i < t->n_branches; i++) {
        rtq__buf_adds(out, t->branches[i].n ? "  rows where" : "  all rows");
        for (uint32_t k = 0; k < t->branches[i].n; k++) {
            const rtq__plan_conjunct *c = &t->conjuncts[t->branches[i].conjuncts[k]];
            rtq__buf_addf(out, "%s %s ", k ? " and" : "", t->wants[c->want].path);
            put_op(out, c->op);
            put_values(out, c);
        }
        rtq__buf_addc(out, '\n');
    }
    if (t->lookback)
        rtq__buf_addf(out, "  looks back %lld s\n", (long long)(t->lookback / 10000000));
}

static void text_node(rtq__buf *out, const rtq__plan *plan, const rtq__node *node)
{
    rtq__buf_addf(out, "#%u %s", node->id, op_names[node->op]);
    if (detail(plan, node))
        rtq__buf_addf(out, " %s", detail(plan, node));
    for (uint32_t i = 0; i < node->n_in; i++)
        rtq__buf_addf(out, "%s#%u", i ? ", " : " of ", node->in[i]->id);
    if (node->op == RTQ__R_SCAN && node->u.scan.n_filters)
        rtq__buf_addf(out, ", %u predicate%s", node->u.scan.n_filters, node->u.scan.n_filters == 1 ? "" : "s");
    rtq__buf_adds(out, ": ");
    for (uint32_t c = 0; c < node->layout.n; c++)
        rtq__buf_addf(out, "%s%s", c ? ", " : "", col_name(plan, node->layout.ids[c]));
    for (uint32_t i = 0; i < node->n_slots; i++)
        rtq__buf_addf(out, "; waits for subquery %u", node->slots[i]);
    if (emits(node))
        rtq__buf_addf(out, "; %s", emits(node));
    if (node->unbounded_state && node->fed)
        rtq__buf_adds(out, "; its state grows with the feed");
    rtq__buf_addc(out, '\n');
}

static void text_plan(rtq__buf *out, const rtq__plan *plan)
{
    rtq__buf_adds(out, "on feeds without end:");
    if (plan->modes & RTQ__MODE_CONTINUOUS)
        rtq__buf_adds(out, " continuous");
    if (plan->modes & RTQ__MODE_WINDOWED)
        rtq__buf_adds(out, " windowed");
    rtq__buf_adds(out, " scheduled\n");
    if (plan->why)
        rtq__buf_addf(out, "  %s\n", plan->why);
    for (uint32_t i = 0; i < plan->n_tables; i++)
        if (plan->tables[i].n_scans)
            text_table(out, &plan->tables[i]);
    for (uint32_t i = 0; i < plan->n_nodes; i++)
        text_node(out, plan, plan->nodes[i]);
}

/* ---- JSON ----------------------------------------------------------------------------------------------------------- */
static void json_text(rtq__buf *out, const char *text)
{
    rtq__buf_add_json(out, text, strlen(text));
}

static void json_table(rtq__buf *out, const rtq__plan_table *t)
{
    rtq__buf_adds(out, "{\"table\":");
    json_text(out, t->table->name);
    rtq__buf_adds(out, ",\"columns\":[");
    for (uint32_t i = 0; i < t->n_wants; i++) {
        rtq__buf_adds(out, i ? ",{\"path\":" : "{\"path\":");
        json_text(out, t->wants[i].path);
        rtq__buf_addf(out, ",\"kind\":\"%s\",\"decide\":%s,\"survivor\":%s}", rtq__kind_name(t->wants[i].kind),
                      t->wants[i].flags & RTQ__WANT_DECIDE ? "true" : "false",
                      t->wants[i].flags & RTQ__WANT_SURVIVOR ? "true" : "false");
    }
    rtq__buf_adds(out, "],\"predicates\":[");
    for (uint32_t i = 0; i < t->n_conjuncts; i++) {
        const rtq__plan_conjunct *c = &t->conjuncts[i];
        rtq__buf_adds(out, i ? ",{\"path\":" : "{\"path\":");
        json_text(out, t->wants[c->want].path);
        rtq__buf_adds(out, ",\"op\":\"");
        put_op(out, c->op);
        rtq__buf_adds(out, "\",\"values\":[");
        for (uint32_t k = 0; k < c->n_values; k++) {
            if (k)
                rtq__buf_addc(out, ',');
            rtq__cell_print_json(out, &c->values[k]);
        }
        rtq__buf_adds(out, "]}");
    }
    rtq__buf_adds(out, "],\"branches\":[");
    for (uint32_t i = 0; i < t->n_branches; i++) {
        rtq__buf_adds(out, i ? ",[" : "[");
        for (uint32_t k = 0; k < t->branches[i].n; k++)
            rtq__buf_addf(out, "%s%u", k ? "," : "", t->branches[i].conjuncts[k]);
        rtq__buf_addc(out, ']');
    }
    rtq__buf_addf(out, "],\"lookback_ticks\":%lld}", (long long)t->lookback);
}

static void json_node(rtq__buf *out, const rtq__plan *plan, const rtq__node *node)
{
    rtq__buf_addf(out, "{\"id\":%u,\"operator\":\"%s\"", node->id, op_names[node->op]);
    if (detail(plan, node)) {
        rtq__buf_adds(out, ",\"detail\":");
        json_text(out, detail(plan, node));
    }
    rtq__buf_adds(out, ",\"inputs\":[");
    for (uint32_t i = 0; i < node->n_in; i++)
        rtq__buf_addf(out, "%s%u", i ? "," : "", node->in[i]->id);
    rtq__buf_adds(out, "],\"columns\":[");
    for (uint32_t c = 0; c < node->layout.n; c++) {
        if (c)
            rtq__buf_addc(out, ',');
        json_text(out, col_name(plan, node->layout.ids[c]));
    }
    rtq__buf_adds(out, "],\"subqueries\":[");
    for (uint32_t i = 0; i < node->n_slots; i++)
        rtq__buf_addf(out, "%s%u", i ? "," : "", node->slots[i]);
    rtq__buf_addf(out, "],\"blocking\":%s", emits(node) ? "true" : "false");
    if (emits(node))
        rtq__buf_addf(out, ",\"emits\":\"%s\"", emits(node));
    rtq__buf_addc(out, '}');
}

static void json_plan(rtq__buf *out, const rtq__plan *plan)
{
    rtq__buf_addf(out, "{\"continuous\":%s,\"windowed\":%s,\"scheduled\":true",
                  plan->modes & RTQ__MODE_CONTINUOUS ? "true" : "false",
                  plan->modes & RTQ__MODE_WINDOWED ? "true" : "false");
    if (plan->why) {
        rtq__buf_adds(out, ",\"why\":");
        json_text(out, plan->why);
    }
    rtq__buf_adds(out, ",\"reads\":[");
    for (uint32_t i = 0, n = 0; i < plan->n_tables; i++) {
        if (!plan->tables[i].n_scans)
            continue;
        if (n++)
            rtq__buf_addc(out, ',');
        json_table(out, &plan->tables[i]);
    }
    rtq__buf_adds(out, "],\"operators\":[");
    for (uint32_t i = 0; i < plan->n_nodes; i++) {
        if (i)
            rtq__buf_addc(out, ',');
        json_node(out, plan, plan->nodes[i]);
    }
    rtq__buf_adds(out, "]}");
}

int rtq__plan_explain(rtq__buf *out, const rtq__plan *plan, bool as_json)
{
    if (as_json)
        json_plan(out, plan);
    else
        text_plan(out, plan);
    return out->failed ? RTQ_ERR_NOMEM : RTQ_OK;
}
