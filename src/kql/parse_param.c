/* parse_param.c - name=value options and hints of operators. */
#include "parse_internal.h"

typedef enum value_kind { VALUE_ANY, VALUE_NAME, VALUE_NAMES, VALUE_EXPRESSION, VALUE_PARSE_KIND } value_kind;
typedef struct param {
    const char *name;
    value_kind kind;
} param;

/* Known everywhere, legal or not where they stand: that is for the binder to say. */
static const param known[] = {
    {"kind", VALUE_ANY},
    {"hint.strategy", VALUE_ANY},
    {"hint.shufflekey", VALUE_NAME},
    {"hint.num_partitions", VALUE_ANY},
    {"hint.remote", VALUE_ANY},
    {"hint.distribution", VALUE_ANY},
    {"hint.materialized", VALUE_ANY},
    {"hint.concurrency", VALUE_ANY},
    {"hint.spread", VALUE_ANY},
    {"hint.progressive_top", VALUE_ANY},
    {"hint.pass_filters", VALUE_ANY},
    {"hint.pass_filters_column", VALUE_NAME},
    {"withsource", VALUE_NAME},
    {"with_source", VALUE_NAME},
    {"isfuzzy", VALUE_ANY},
    {"__isFuzzy", VALUE_ANY},
    {"with_itemindex", VALUE_NAME},
    {"with_match_id", VALUE_NAME},
    {"with_step_name", VALUE_NAME},
    {"bagexpansion", VALUE_ANY},
    {"decodeblocks", VALUE_ANY},
    {"expandoutput", VALUE_ANY},
    {"cycles", VALUE_ANY},
    {"force_remote", VALUE_ANY},
    {"bin_legacy", VALUE_ANY},
    {"__crossCluster", VALUE_ANY},
    {"__crossDB", VALUE_ANY},
    {"__id", VALUE_ANY},
    {"__noWithSource", VALUE_ANY},
    {"__packedColumn", VALUE_NAME},
    {"__sourceColumnIndex", VALUE_ANY},
};
static const param parse_set[] = {{"kind", VALUE_PARSE_KIND}, {"flags", VALUE_ANY}};
static const param union_set[] = {{"best_effort", VALUE_ANY}};
static const param mark_components_set[] = {{"with_component_id", VALUE_NAME}};
static const param shortest_paths_set[] = {{"output", VALUE_ANY}};
static const param edges_set[] = {{"with_source_id", VALUE_NAME}, {"with_target_id", VALUE_NAME}};
static const param nodes_set[] = {{"with_node_id", VALUE_NAME}};
static const param reduce_set[] = {{"threshold", VALUE_ANY}, {"characters", VALUE_ANY}};
static const param parse_kv_set[] = {{"pair_delimiter", VALUE_ANY}, {"kv_delimiter", VALUE_ANY}, {"regex", VALUE_ANY},
                                     {"quote", VALUE_ANY},          {"escape", VALUE_ANY},       {"greedy", VALUE_ANY}};
static const param render_set[] = {
    {"kind", VALUE_ANY},     {"title", VALUE_EXPRESSION},  {"accumulate", VALUE_ANY},
    {"xcolumn", VALUE_NAME}, {"ycolumns", VALUE_NAMES},    {"anomalycolumns", VALUE_NAMES},
    {"series", VALUE_NAMES}, {"xtitle", VALUE_EXPRESSION}, {"ytitle", VALUE_EXPRESSION},
    {"xaxis", VALUE_ANY},    {"yaxis", VALUE_ANY},         {"legend", VALUE_ANY},
    {"ysplit", VALUE_ANY},   {"ymin", VALUE_ANY},          {"ymax", VALUE_ANY},
    {"xmin", VALUE_ANY},     {"xmax", VALUE_ANY},
};
#define SET(x)                      \
    {                               \
        x, sizeof(x) / sizeof(x[0]) \
    }
static const struct {
    const param *params;
    size_t n;
} sets[] = {
    [RTQ__PARAMS_NONE] = {NULL, 0},
    [RTQ__PARAMS_KIND] = {known, 1},
    [RTQ__PARAMS_PARSE] = SET(parse_set),
    [RTQ__PARAMS_UNION] = SET(union_set),
    [RTQ__PARAMS_MARK_COMPONENTS] = SET(mark_components_set),
    [RTQ__PARAMS_SHORTEST_PATHS] = SET(shortest_paths_set),
    [RTQ__PARAMS_EDGES] = SET(edges_set),
    [RTQ__PARAMS_NODES] = SET(nodes_set),
    [RTQ__PARAMS_REDUCE] = SET(reduce_set),
    [RTQ__PARAMS_RENDER] = SET(render_set),
    [RTQ__PARAMS_PARSE_KV] = SET(parse_kv_set),
};

static const param *find(const parser *p, const param *list, size_t n_list, uint32_t ahead, uint32_t *n)
{
    unsigned kind = peek_at(p, ahead);
    if (kind != RTQ__T_IDENT && kind < RTQ__T_FIRST_WORD)
        return NULL;
    const param *best = NULL;
    for (size_t i = 0; i < n_list; i++) {
        uint32_t taken;
        /* hint.pass_filters_column is several tokens; the longer name wins over hint.pass_filters */
        if (rtq__p_matches(p, ahead, list[i].name, &taken) && (!best || strlen(list[i].name) > strlen(best->name))) {
            best = &list[i];
            *n = taken;
        }
    }
    return best;
}

static const param *find_param(const parser *p, rtq__param_set set, bool only_declared, uint32_t ahead, uint32_t *n)
{
    const param *found = find(p, sets[set].params, sets[set].n, ahead, n);
    if (!found && !only_declared)
        found = find(p, known, sizeof(known) / sizeof(known[0]), ahead, n);
    return found;
}

bool rtq__p_scan_param(const parser *p, uint32_t ahead)
{
    uint32_t n;
    return find_param(p, RTQ__PARAMS_NONE, false, ahead, &n) != NULL;
}

static rtq__ast *word_value(parser *p)
{
    rtq__ast *node = rtq__p_node(p, RTQ__AST_NAME);
    rtq__p_token_name(p, &node->name, 1);
    return rtq__p_done(p, node);
}

static rtq__ast *any_value(parser *p)
{
    rtq__ast *value = rtq__p_literal(p);
    if (!value && rtq__p_is_name_word(peek(p)))
        value = word_value(p);
    return value ? value : rtq__p_name_node(p);
}

static rtq__ast *listed_name(parser *p)
{
    uint32_t n;
    if (find(p, render_set, sizeof(render_set) / sizeof(render_set[0]), 0, &n) && peek_at(p, n) == RTQ__T_EQ)
        return NULL;
    return rtq__p_new_name_node(p);
}

static bool ends_after(const parser *p, uint32_t ahead)
{
    switch (peek_at(p, ahead)) {
    case RTQ__T_RPAREN:
    case RTQ__T_RBRACKET:
    case RTQ__T_RBRACE:
    case RTQ__T_BAR:
    case RTQ__T_SEMICOLON:
    case RTQ__T_END: return true;
    default: return false;
    }
}

/* a, b, c of ycolumns=a, b, c: it ends before the comma that another option follows. */
static bool ends_names(const parser *p)
{
    uint32_t n;
    if (peek(p) == RTQ__T_COMMA)
        return find_param(p, RTQ__PARAMS_RENDER, false, 1, &n) != NULL || ends_after(p, 1);
    return (find_param(p, RTQ__PARAMS_RENDER, false, 0, &n) && peek_at(p, n) == RTQ__T_EQ) || rtq__p_ends_list(p);
}

static void names_value(parser *p, rtq__ast *node, rtq__parse_end_fn end)
{
    rtq__ast_list names = {NULL, NULL, 0};
    rtq__p_list(p, &names, listed_name, end, RTQ__LIST_NOT_EMPTY, "a column name");
    node->named.value = names.first;
    node->named.more = names;
    if (names.n > 1) {
        node->named.more.first = names.first->next;
        node->named.more.n--;
        names.first->next = NULL;
    } else {
        node->named.more = (rtq__ast_list){NULL, NULL, 0};
    }
}

static void param_value(parser *p, rtq__ast *node, value_kind kind)
{
    uint32_t n;
    rtq__ast *value = NULL;
    switch (kind) {
    case VALUE_NAMES: names_value(p, node, ends_names); return;
    case VALUE_EXPRESSION: value = rtq__p_call_or_path(p); break;
    case VALUE_PARSE_KIND:
        if (rtq__p_matches(p, 0, "simple", &n) || rtq__p_matches(p, 0, "relaxed", &n))
            value = word_value(p);
        break;
    case VALUE_NAME: value = rtq__p_name_node(p); break;
    case VALUE_ANY: break;
    }
    if (!value && kind != VALUE_EXPRESSION)
        value = any_value(p);
    node->named.value = value ? value : rtq__p_missing(p, "a value");
}

static rtq__ast *param_name(parser *p, uint32_t n)
{
    rtq__ast *node = rtq__p_node(p, RTQ__AST_PARAMETER);
    rtq__ast *name = rtq__p_node(p, RTQ__AST_NAME);
    rtq__p_token_name(p, &name->name, n);
    rtq__p_append(&node->named.names, rtq__p_done(p, name));
    return node;
}

static rtq__ast *one_param(parser *p, rtq__param_set set, bool only_declared, bool need_equals)
{
    uint32_t n;
    const param *found = find_param(p, set, only_declared, 0, &n);
    if (!found || (need_equals && peek_at(p, n) != RTQ__T_EQ))
        return NULL;
    rtq__ast *node = param_name(p, n);
    rtq__p_expect(p, RTQ__T_EQ);
    param_value(p, node, found->kind);
    return rtq__p_done(p, node);
}

void rtq__p_params_of(parser *p, rtq__ast_list *out, rtq__param_set set, bool need_equals)
{
    rtq__ast *node;
    while ((node = one_param(p, set, false, need_equals)))
        rtq__p_append(out, node);
}

static rtq__ast *render_param(parser *p)
{
    return one_param(p, RTQ__PARAMS_RENDER, true, false);
}
static rtq__ast *parse_kv_param(parser *p)
{
    return one_param(p, RTQ__PARAMS_PARSE_KV, true, false);
}
static rtq__ast *reduce_param(parser *p)
{
    return one_param(p, RTQ__PARAMS_REDUCE, false, false);
}

void rtq__p_params_with_commas(parser *p, rtq__ast_list *out, rtq__param_set set)
{
    rtq__parse_fn item = set == RTQ__PARAMS_RENDER     ? render_param
                         : set == RTQ__PARAMS_PARSE_KV ? parse_kv_param
                                                       : reduce_param;
    rtq__p_list(p, out, item, rtq__p_ends_list, 0, "an option (name=value)");
}

rtq__ast *rtq__p_kind_param(parser *p)
{
    return peek(p) == RTQ__W_KIND && peek_at(p, 1) == RTQ__T_EQ ? one_param(p, RTQ__PARAMS_KIND, true, true) : NULL;
}

/* ---- the older form of render: kind=, title=, accumulate=, with "title", by a, b ---- */

static bool ends_legacy_names(const parser *p)
{
    switch (peek(p)) {
    case RTQ__W_KIND:
    case RTQ__W_TITLE:
    case RTQ__W_ACCUMULATE:
    case RTQ__W_WITH:
    case RTQ__W_BY: return true;
    default: return false;
    }
}

bool rtq__p_render_legacy(parser *p, rtq__ast_list *out)
{
    rtq__ast *node;
    unsigned kind = peek(p);
    if ((kind == RTQ__W_KIND || kind == RTQ__W_TITLE || kind == RTQ__W_ACCUMULATE) && peek_at(p, 1) == RTQ__T_EQ) {
        node = one_param(p, RTQ__PARAMS_RENDER, true, true);
    } else if (kind == RTQ__W_WITH && peek_at(p, 1) != RTQ__T_LPAREN) {
        node = param_name(p, 1);
        param_value(p, node, VALUE_ANY);
        rtq__p_done(p, node);
    } else if (kind == RTQ__W_BY) {
        node = param_name(p, 1);
        names_value(p, node, ends_legacy_names);
        rtq__p_done(p, node);
    } else {
        return false;
    }
    rtq__p_append(out, node);
    return true;
}
