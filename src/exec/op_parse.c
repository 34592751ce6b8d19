/* op_parse.c - parse and parse-where.
 *
 * simple and relaxed: the literals are looked for from left to right, the first one at the very start unless a `*` precedes it; a column
 * takes what lies between, the last one the rest. In front of a `*` a typed column takes the longest text that can be of its type.
 * simple: every column must be of its type, else nothing matches; relaxed: such a column is null. regex: the plan has made one expression of
 * the pattern, with a group a column. */
#include "base/text.h"
#include "exec/op_list.h"
#include "fn/re2_shim.h"
#include "value/dyn.h"

typedef struct parse {
    rtq__op op;
} parse;

static size_t typed_prefix(uint8_t kind, const char *s, size_t len)
{
    size_t n = 0, digits;
    switch (kind) {
    case RTQ_STRING: return len;
    case RTQ_INT:
    case RTQ_LONG:
        n += len > 0 && (s[0] == '-' || s[0] == '+');
        for (digits = n; n < len && s[n] >= '0' && s[n] <= '9'; n++)
            ;
        return n > digits ? n : 0;
    case RTQ_REAL:
    case RTQ_DECIMAL:
        while (n < len && (strchr("+-.eE", s[n]) || (s[n] >= '0' && s[n] <= '9')) && s[n])
            n++;
        return n;
    default:
        while (n < len && s[n] &&
               (strchr("+-.:/", s[n]) || (s[n] >= '0' && s[n] <= '9') || ((s[n] | 32) >= 'a' && (s[n] | 32) <= 'z')))
            n++;
        return n;
    }
}

/* Text of each column of the pattern. */
static bool match(const rtq__rel *rel, const char *text, size_t len, rtq__span *spans)
{
    const rtq__parse_piece *open = NULL; /* a column that takes what comes up to the next literal */
    uint32_t open_at = 0;
    bool skip = false;
    size_t pos = 0;
    for (uint32_t i = 0; i < rel->u.parse.n; i++) {
        const rtq__parse_piece *piece = &rel->u.parse.pieces[i];
        if (piece->text) {
            ptrdiff_t at = rtq__find(text + pos, len - pos, piece->text, piece->len);
            if (at < 0 || (at > 0 && !open && !skip))
                return false;
            if (open)
                spans[open_at] = (rtq__span){text + pos, (size_t)at};
            pos += (size_t)at + piece->len;
            open = NULL;
            skip = false;
            continue;
        }
        if (open) { /* column column, column star */
            size_t n = typed_prefix(open->col->kind, text + pos, len - pos);
            spans[open_at] = (rtq__span){text + pos, n};
            pos += n;
            open = NULL;
        }
        if (piece->col) {
            open = piece;
            open_at = i;
        } else {
            skip = true;
        }
    }
    if (open)
        spans[open_at] = (rtq__span){text + pos, len - pos};
    return open || skip || pos == len;
}

/* As todynamic(): the JSON value, or the text itself where it is none. */
static int to_dynamic(rtq__cell *out, const rtq__dyn *text, rtq__arena *heap)
{
    rtq__dyn value;
    int rc = rtq__dyn_parse(&value, text->u.p, text->len, heap);
    if (rc == RTQ_ERR_NOMEM)
        return rc;
    *out = rtq__cell_y(rc == RTQ_OK ? value : *text);
    return RTQ_OK;
}

/* Cells from the spans; *all false: some text is not of its type. */
static int convert(parse *p, const rtq__span *spans, rtq__cell *cells, bool *all)
{
    const rtq__rel *rel = p->op.node->rel;
    *all = true;
    for (uint32_t i = 0; i < rel->u.parse.n; i++) {
        const rtq__parse_piece *piece = &rel->u.parse.pieces[i];
        if (!piece->col)
            continue;
        uint8_t kind = piece->col->kind;
        rtq__dyn d = {.tag = RTQ__DYN_STRING, .len = (uint32_t)spans[i].len, .u.p = spans[i].ptr ? spans[i].ptr : ""};
        if (kind == RTQ_STRING)
            cells[i] = rtq__cell_s(d.u.p, d.len);
        else if (kind == RTQ_UNKNOWN)
            cells[i] = rtq__cell_y(d);
        else if (!d.len)
            cells[i] = rtq__cell_null(kind);
        else if (kind != RTQ_DYNAMIC)
            cells[i] = rtq__dyn_to_cell(&d, kind, p->op.flow->scratch);
        else if (to_dynamic(&cells[i], &d, p->op.flow->scratch) != RTQ_OK)
            return RTQ_ERR_NOMEM;
        *all &= kind == RTQ_DYNAMIC || !cells[i].is_null;
    }
    return RTQ_OK;
}

static int match_regex(parse *p, const rtq__cell *value, rtq__span *spans)
{
    const rtq__node *node = p->op.node;
    rtq__span groups[RTQ__RE_GROUPS];
    int found = rtq__re_match(node->u.parse.regex, value->u.s, value->len, 0, groups, RTQ__RE_GROUPS);
    for (uint32_t i = 0; i < node->rel->u.parse.n && found > 0; i++)
        if (node->rel->u.parse.pieces[i].col)
            spans[i] = groups[node->u.parse.groups[i]];
    return found;
}

static int parse_row(parse *p, const rtq__cell *value, rtq__cell *cells, rtq__span *spans, bool *matched)
{
    const rtq__rel *rel = p->op.node->rel;
    memset(spans, 0, rel->u.parse.n * sizeof *spans);
    int found = rel->u.parse.mode == RTQ__PARSE_REGEX ? match_regex(p, value, spans)
                                                      : match(rel, value->u.s, value->len, spans);
    if (found < 0)
        return found;
    bool all = true;
    int rc = found ? convert(p, spans, cells, &all) : RTQ_OK;
    *matched = found > 0 && (all || rel->u.parse.mode == RTQ__PARSE_RELAXED);
    return rc;
}

static int make_vectors(parse *p, rtq__batch *in, rtq__batch *b, rtq__vec **made)
{
    const rtq__node *node = p->op.node;
    for (uint32_t c = 0; c < node->layout.n; c++) {
        int rc = rtq__op_out(&b->cols[c], p->op.flow, &node->u.parse.outs[c], node->kinds[c], in);
        if (rc != RTQ_OK)
            return rc;
    }
    for (uint32_t i = 0; i < node->rel->u.parse.n; i++) {
        int32_t at = node->u.parse.piece_outs[i];
        if (at < 0)
            continue;
        made[i] = b->cols[at] = rtq__vec_new(p->op.flow->scratch, node->kinds[at], in->n);
        if (!made[i] || (node->kinds[at] != RTQ_STRING && !rtq__vec_valid(p->op.flow->scratch, made[i])))
            return RTQ_ERR_NOMEM;
    }
    return RTQ_OK;
}

static int parse_push(rtq__op *op, uint32_t input, rtq__batch *in, rtq__batch **out)
{
    parse *p = (parse *)op;
    rtq__flow *flow = op->flow;
    uint32_t n_pieces = op->node->rel->u.parse.n, kept = 0;
    (void)input;
    rtq__vec **made = rtq__arena_zalloc(flow->scratch, (n_pieces + 1u) * sizeof *made), *value;
    rtq__cell *cells = rtq__arena_alloc(flow->scratch, (n_pieces + 1u) * sizeof *cells);
    rtq__span *spans = rtq__arena_alloc(flow->scratch, (n_pieces + 1u) * sizeof *spans);
    rtq__sel *sel = rtq__arena_alloc(flow->scratch, (in->n_sel + 1u) * sizeof *sel);
    rtq__batch *b = rtq__op_same_rows(flow, op->node->layout.n, in);
    int rc = made && cells && spans && sel && b ? make_vectors(p, in, b, made) : RTQ_ERR_NOMEM;
    if (rc == RTQ_OK)
        rc = rtq__op_eval(&value, flow, op->node->u.parse.value, in);
    for (uint32_t i = 0; i < in->n_sel && rc == RTQ_OK; i++) {
        uint32_t row = rtq__batch_row(in, i);
        rtq__cell text = rtq__vec_get(value, row);
        bool matched = false;
        rc = parse_row(p, &text, cells, spans, &matched);
        for (uint32_t k = 0; k < n_pieces && rc == RTQ_OK; k++)
            if (made[k])
                rtq__vec_set(made[k], row, matched ? cells[k] : rtq__cell_null(made[k]->kind));
        sel[kept] = (rtq__sel)row;
        kept += matched;
    }
    if (rc == RTQ_OK && op->node->rel->u.parse.where) {
        b->sel = sel;
        b->n_sel = kept;
    }
    *out = b;
    return rc;
}

const rtq__op_class rtq__op_parse = {.name = "parse", .len = sizeof(parse), .push = parse_push};
