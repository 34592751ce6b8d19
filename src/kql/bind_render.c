/* bind_render.c - render: the rows stay what they are; the chart and its properties are checked. */
#include "kql/bind_private.h"

enum { ONE_OF, TEXT, COLUMNS, FLAG, NUMBER, VALUE };

static const struct {
    const char *name;
    uint8_t takes;
    const char *words;
} properties[] = {
    {"kind", ONE_OF, "default unstacked stacked stacked100 map"},
    {"legend", ONE_OF, "visible hidden"},
    {"xaxis", ONE_OF, "linear log"},
    {"yaxis", ONE_OF, "linear log"},
    {"ysplit", ONE_OF, "none axes panels"},
    {"title", TEXT, NULL},
    {"xtitle", TEXT, NULL},
    {"ytitle", TEXT, NULL},
    {"xcolumn", COLUMNS, NULL},
    {"ycolumns", COLUMNS, NULL},
    {"anomalycolumns", COLUMNS, NULL},
    {"series", COLUMNS, NULL},
    {"by", COLUMNS, NULL},
    {"accumulate", FLAG, NULL},
    {"ymin", NUMBER, NULL},
    {"ymax", NUMBER, NULL},
    {"xmin", VALUE, NULL},
    {"xmax", VALUE, NULL},
};

static const char charts[] = "table list barchart piechart ladderchart timechart linechart anomalychart pivotchart "
                             "areachart stackedareachart scatterchart timepivot columnchart timeline 3Dchart card "
                             "treemap plotly graph sankey";

static void check_word(rtq__binder *b, const char *words, const char *word, const char *what, uint32_t begin,
                       uint32_t end)
{
    const char *list = "";
    rtq__nearest nearest;
    rtq__nearest_init(&nearest, word, strlen(word));
    for (const char *w = words; *w;) {
        size_t len = strcspn(w, " ");
        if (strlen(word) == len && memcmp(w, word, len) == 0)
            return;
        const char *copy = rtq__bind_namef(b, "%.*s", (int)len, w);
        rtq__nearest_try(&nearest, copy, len);
        list = rtq__bind_namef(b, "%s%s%s", list, *list ? ", " : "", copy);
        w += len + (w[len] == ' ');
    }
    rtq__bind_error_at(b, begin, end, "there is no %s '%s'", what, word);
    const char *best = rtq__nearest_get(&nearest);
    rtq__diag_hint(b->diag, best ? "did you mean '%s'?" : "one of %s", best ? best : list);
}

static void check_column(rtq__binder *b, const rtq__ctx *row, const rtq__ast *name)
{
    if (name->kind != RTQ__AST_NAME || row->row->open || rtq__tab_find(row->row, name->name.ptr) >= 0 ||
        rtq__tab_lookup(b, row->row, name->name.ptr, false, name))
        return;
    rtq__bind_unknown_name(b, row, &name->name, "column");
}

static bool is_literal(const rtq__ast *value, uint32_t low, uint32_t high)
{
    if (value->kind == RTQ__AST_UNARY)
        value = value->binary.right;
    return value->kind == RTQ__AST_LITERAL && value->literal.type >= low && value->literal.type <= high;
}

static void check_property(rtq__binder *b, const rtq__ctx *row, const rtq__ast *p, size_t k)
{
    const rtq__ast *value = p->named.value;
    const char *name = properties[k].name;
    switch (properties[k].takes) {
    case ONE_OF:
        if (value->kind == RTQ__AST_NAME)
            check_word(b, properties[k].words, value->name.ptr, rtq__bind_namef(b, "value of '%s' named", name),
                       value->begin, value->end);
        else
            rtq__bind_error(b, value, "'%s' is one of the words %s", name, properties[k].words);
        break;
    case TEXT: {
        rtq__expr *e = rtq__bind_expr(b, row, value);
        if (!rtq__expr_is_broken(e) && e->kind != RTQ_STRING && e->kind != RTQ_DYNAMIC && e->kind != RTQ_UNKNOWN)
            rtq__bind_error(b, value, "'%s' must be a string, not %s", name, rtq__kind_text(e->kind));
        break;
    }
    case COLUMNS:
        check_column(b, row, value);
        for (const rtq__ast *more = p->named.more.first; more; more = more->next)
            check_column(b, row, more);
        break;
    case FLAG:
        if (!is_literal(value, RTQ_BOOL, RTQ_BOOL))
            rtq__bind_error(b, value, "'%s' is true or false", name);
        break;
    case NUMBER:
        if (!is_literal(value, RTQ_INT, RTQ_REAL) && !is_literal(value, RTQ_DECIMAL, RTQ_DECIMAL))
            rtq__bind_error(b, value, "'%s' must be a number", name);
        break;
    default:
        if (value->kind == RTQ__AST_NAME)
            rtq__bind_error(b, value, "'%s' must be a constant", name);
    }
}

static void check_list(rtq__binder *b, const rtq__ctx *row, const rtq__ast_list *list, uint32_t *seen)
{
    for (const rtq__ast *p = list->first; p; p = p->next) {
        if (p->kind != RTQ__AST_PARAMETER || !p->named.value)
            continue;
        const rtq__ast *name = p->named.names.first;
        for (size_t k = 0; k < sizeof properties / sizeof *properties; k++) {
            if (strcmp(properties[k].name, name->name.ptr) != 0)
                continue;
            if (*seen & 1u << k)
                rtq__bind_error(b, name, "'%s' is given twice", name->name.ptr);
            *seen |= 1u << k;
            check_property(b, row, p, k);
            break;
        }
    }
}

const rtq__tab *rtq__bind_render(rtq__binder *b, const rtq__ctx *ctx, const rtq__tab *in, const rtq__ast *ast)
{
    if (in->broken)
        return in;
    rtq__ctx row = {.env = ctx->env, .row = in};
    uint32_t seen = 0;
    if (ast->op->name.len)
        check_word(b, charts, ast->op->name.ptr, "chart", ast->op->name.begin, ast->op->name.end);
    check_list(b, &row, &ast->op->params, &seen);
    check_list(b, &row, &ast->op->with, &seen);
    rtq__tab *out = rtq__tab_over(b, in, in->rel);
    out->chart = ast->op->name.ptr;
    return out;
}
