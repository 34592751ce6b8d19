/* tree.c - see tree.h. */
#include "tree.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include "base/text.h"
#include "base/time.h"
#include "value/dyn.h"

static void must(bool ok, const char *what)
{
    if (!ok) {
        fprintf(stderr, "tree: %s\n", what);
        abort();
    }
}

static void *keep(tree *t, size_t len)
{
    void *ptr = rtq__arena_zalloc(&t->bound.arena, len + 1);
    must(ptr != NULL, "memory");
    return ptr;
}

static void *allocate(void *ptr, size_t old_len, size_t new_len, void *user)
{
    tree *t = user;
    (void)old_len;
    if (new_len == 0) {
        free(ptr);
        return NULL;
    }
    if (t->armed && t->fail_in == 1)
        return NULL;
    if (t->armed && t->fail_in > 1)
        t->fail_in--;
    return realloc(ptr, new_len);
}

void tree_init(tree *t)
{
    memset(t, 0, sizeof *t);
    t->mem = rtq__mem_new(allocate, t, 0);
    rtq__arena_init(&t->bound.arena, t->mem, 0);
    rtq__arena_init(&t->scratch, t->mem, 0);
    must(rtq__eval_init(&t->eval, t->mem, &t->scratch) == RTQ_OK, "eval");
    rtq__buf_init(&t->out, t->mem);
    t->bound.cols = keep(t, 1000 * sizeof(rtq__col *));
    t->bound.rels = keep(t, 200 * sizeof(rtq__rel *));
    t->bound.slots = keep(t, 10 * sizeof(rtq__slot_def));
    t->bound.results = keep(t, 10 * sizeof(rtq__result));
    t->bound.tables = keep(t, 10 * sizeof(rtq__table *));
}

void tree_free(tree *t)
{
    rtq__pipe_close(t->pipe);
    rtq__plan_free(t->plan);
    rtq__eval_free(&t->eval);
    rtq__arena_free(&t->scratch);
    rtq__arena_free(&t->bound.arena);
    rtq__buf_free(&t->out);
    rtq__mem_unref(t->mem);
}

rtq__col *tree_col(tree *t, const char *name, uint8_t kind)
{
    rtq__col *col = keep(t, sizeof *col);
    col->id = t->bound.n_cols;
    col->name = rtq__arena_strndup(&t->bound.arena, name, strlen(name));
    col->kind = kind;
    t->bound.cols[t->bound.n_cols++] = col;
    return col;
}

rtq__rel *tree_rel(tree *t, uint8_t op, int n_in, ...)
{
    rtq__rel *rel = keep(t, sizeof *rel);
    va_list args;
    rel->op = op;
    rel->id = t->bound.n_rels;
    rel->n_in = (uint32_t)n_in;
    rel->in = keep(t, (size_t)n_in * sizeof(rtq__rel *));
    va_start(args, n_in);
    for (int i = 0; i < n_in; i++)
        rel->in[i] = va_arg(args, rtq__rel *);
    va_end(args);
    t->bound.rels[t->bound.n_rels++] = rel;
    return rel;
}

/* "a:long b:string" -> columns of rel */
static rtq__col **schema_cols(tree *t, const char *schema, rtq__rel *rel, uint32_t *n)
{
    rtq__col **cols = keep(t, 50 * sizeof *cols);
    *n = 0;
    while (*schema) {
        size_t len = strcspn(schema, " "), colon = strcspn(schema, ":");
        char name[64];
        must(colon < len && colon < sizeof name, schema);
        memcpy(name, schema, colon);
        name[colon] = '\0';
        const char *kind = schema + colon + 1;
        uint32_t k = strncmp(kind, "unknown", 7) == 0 ? RTQ_UNKNOWN : rtq__kind_parse(kind, len - colon - 1);
        must(k != 0, kind);
        cols[*n] = tree_col(t, name, (uint8_t)k);
        cols[*n]->rel = rel;
        cols[(*n)++]->path = rtq__arena_strndup(&t->bound.arena, name, colon);
        schema += len;
        while (*schema == ' ')
            schema++;
    }
    return cols;
}

static rtq__cell parse_cell(tree *t, const char *text, size_t len, uint8_t kind)
{
    char *copy = rtq__arena_strndup(&t->bound.arena, text, len);
    rtq__dyn d;
    int64_t i;
    must(copy != NULL, "memory");
    if (kind == RTQ_STRING)
        return rtq__cell_s(copy, len);
    if (len == 0)
        return rtq__cell_null(kind);
    switch (kind) {
    case RTQ_REAL: return rtq__cell_d(strtod(copy, NULL));
    case RTQ_BOOL: return rtq__cell_i(RTQ_BOOL, copy[0] == 't');
    case RTQ_DATETIME: must(rtq__parse_datetime(&i, copy, len), copy); return rtq__cell_i(kind, i);
    case RTQ_TIMESPAN: must(rtq__parse_timespan(&i, copy, len), copy); return rtq__cell_i(kind, i);
    case RTQ_DYNAMIC:
    case RTQ_UNKNOWN: {
        must(rtq__dyn_parse(&d, copy, len, &t->bound.arena) == RTQ_OK, copy);
        rtq__cell c = rtq__cell_y(d);
        c.kind = kind;
        return c;
    }
    default: return rtq__cell_i(kind, strtoll(copy, NULL, 10));
    }
}

/* Row-major cells; ';' ends rows, '|' may stand for ',' inside JSON. */
static rtq__cell *parse_rows(tree *t, const char *rows, rtq__col *const *cols, uint32_t n_cols, uint32_t *n_rows)
{
    size_t cap = 1;
    for (const char *s = rows; *s; s++)
        cap += *s == ';';
    rtq__cell *cells = keep(t, cap * (n_cols + 1) * sizeof *cells);
    *n_rows = 0;
    while (*rows) {
        for (uint32_t c = 0; c < n_cols; c++) {
            size_t len = strcspn(rows, ",;");
            char text[512];
            must(len < sizeof text, "long cell");
            memcpy(text, rows, len);
            for (size_t i = 0; i < len; i++)
                if (text[i] == '|')
                    text[i] = ',';
            cells[*n_rows * n_cols + c] = parse_cell(t, text, len, cols[c]->kind);
            rows += len;
            if (*rows == ',')
                rows++;
        }
        (*n_rows)++;
        if (*rows == ';')
            rows++;
    }
    return cells;
}

rtq__rel *tree_values(tree *t, const char *schema, const char *rows)
{
    rtq__rel *rel = tree_rel(t, RTQ__R_VALUES, 0);
    rel->u.values.cols = schema_cols(t, schema, rel, &rel->u.values.n_cols);
    rel->u.values.cells = parse_rows(t, rows, rel->u.values.cols, rel->u.values.n_cols, &rel->u.values.n_rows);
    return rel;
}

rtq__rel *tree_scan(tree *t, const char *name, const char *schema)
{
    rtq__rel *rel = tree_rel(t, RTQ__R_SCAN, 0);
    rtq__table *table = keep(t, sizeof *table);
    uint32_t n;
    rtq__col **cols = schema_cols(t, schema, rel, &n);
    rtq__table_col *table_cols = keep(t, n * sizeof *table_cols);
    table->time_col = -1;
    for (uint32_t i = 0; i < n; i++) {
        table_cols[i] = (rtq__table_col){.name = cols[i]->name, .kind = cols[i]->kind};
        if (cols[i]->kind == RTQ_DATETIME && table->time_col < 0)
            table->time_col = (int32_t)i;
    }
    table->name = name;
    table->cols = table_cols;
    table->n_cols = n;
    rel->u.scan.table = table;
    rel->u.scan.cols = cols;
    rel->u.scan.n_cols = n;
    rel->u.scan.table_index = t->bound.n_tables;
    t->bound.tables[t->bound.n_tables++] = table;
    return rel;
}

rtq__col *tree_find(tree *t, const char *name)
{
    for (uint32_t i = t->bound.n_cols; i-- > 0;)
        if (strcmp(t->bound.cols[i]->name, name) == 0)
            return t->bound.cols[i];
    must(false, name);
    return NULL;
}

rtq__expr *tree_c(tree *t, const char *name)
{
    rtq__expr *e = keep(t, sizeof *e);
    rtq__col *col = tree_find(t, name);
    *e = (rtq__expr){.op = RTQ__E_COL, .kind = col->kind, .col = col->id};
    return e;
}

static rtq__expr *constant(tree *t, rtq__cell cell)
{
    rtq__expr *e = keep(t, sizeof *e);
    *e = (rtq__expr){.op = RTQ__E_CONST, .kind = cell.kind, .cell = cell};
    return e;
}

rtq__expr *tree_long(tree *t, int64_t value)
{
    return constant(t, rtq__cell_i(RTQ_LONG, value));
}

rtq__expr *tree_text(tree *t, const char *text)
{
    return constant(t, rtq__cell_s(text, strlen(text)));
}

rtq__expr *tree_call(tree *t, const char *fn, const char *args, uint8_t kind, int n_args, ...)
{
    rtq__expr *e = keep(t, sizeof *e);
    va_list list;
    e->op = strcmp(fn, "and") == 0 ? RTQ__E_AND : strcmp(fn, "or") == 0 ? RTQ__E_OR : RTQ__E_CALL;
    e->kind = kind;
    e->n_args = (uint32_t)n_args;
    e->args = keep(t, (size_t)n_args * sizeof(rtq__expr *));
    va_start(list, n_args);
    for (int i = 0; i < n_args; i++) {
        e->args[i] = va_arg(list, rtq__expr *);
        e->flags |= e->args[i]->flags;
    }
    va_end(list);
    uint32_t n = 0;
    const rtq__fn *rows = e->op == RTQ__E_CALL ? rtq__fn_find(fn, strlen(fn), &n) : NULL;
    for (uint32_t i = 0; i < n && !e->fn; i++)
        if (strcmp(rows[i].args, args) == 0)
            e->fn = &rows[i];
    for (uint32_t i = 0; e->op == RTQ__E_CALL && !e->fn && i < n; i++)
        fprintf(stderr, "tree: %s(%s)?\n", fn, rows[i].args);
    must(e->op != RTQ__E_CALL || e->fn, fn);
    if (e->fn)
        e->flags |= e->fn->flags & (RTQ__FN_VOLATILE | RTQ__FN_NOW | RTQ__FN_WINDOW);
    return e;
}

rtq__rel *tree_filter(tree *t, rtq__rel *in, rtq__expr *expr)
{
    rtq__rel *rel = tree_rel(t, RTQ__R_FILTER, 1, in);
    rel->u.filter.expr = expr;
    return rel;
}

rtq__rel *tree_extend(tree *t, rtq__rel *in, const char *name, rtq__expr *expr)
{
    rtq__rel *rel = tree_rel(t, expr->flags & RTQ__FN_WINDOW ? RTQ__R_WINDOW : RTQ__R_EXTEND, 1, in);
    rel->u.defs.defs = keep(t, sizeof(rtq__def));
    rel->u.defs.n = 1;
    rel->u.defs.defs[0] = (rtq__def){tree_col(t, name, expr->kind), expr};
    return rel;
}

rtq__rel *tree_take(tree *t, rtq__rel *in, int64_t n)
{
    rtq__rel *rel = tree_rel(t, RTQ__R_TAKE, 1, in);
    rel->u.take.n = tree_long(t, n);
    return rel;
}

static bool word(const char **list, char *out, size_t cap)
{
    while (**list == ' ')
        ++*list;
    size_t len = strcspn(*list, " ");
    must(len < cap, "long word");
    memcpy(out, *list, len);
    out[len] = '\0';
    *list += len;
    return len > 0;
}

rtq__rel *tree_ref(tree *t, rtq__rel *in, const char *names, const char *fresh)
{
    rtq__rel *rel = tree_rel(t, RTQ__R_REF, 1, in);
    char name[64], other[64];
    rel->u.refs.cols = keep(t, 50 * sizeof(rtq__col *));
    while (word(&names, name, sizeof name) && word(&fresh, other, sizeof other)) {
        rtq__col *of = tree_find(t, name), *col = tree_col(t, other, of->kind);
        col->of = of;
        rel->u.refs.cols[rel->u.refs.n_cols++] = col;
    }
    return rel;
}

rtq__rel *tree_summarize(tree *t, rtq__rel *in, const char *keys)
{
    rtq__rel *rel = tree_rel(t, RTQ__R_SUMMARIZE, 1, in);
    char name[64];
    rel->u.summarize.bin_key = -1;
    rel->u.summarize.keys = keep(t, 10 * sizeof(rtq__def));
    rel->u.summarize.aggs = keep(t, 10 * sizeof(rtq__agg_def));
    while (word(&keys, name, sizeof name)) {
        rtq__expr *e = tree_c(t, name);
        rel->u.summarize.keys[rel->u.summarize.n_keys++] = (rtq__def){tree_col(t, name, e->kind), e};
    }
    return rel;
}

void tree_agg(tree *t, rtq__rel *rel, const char *name, const char *agg, rtq__expr *arg, uint8_t kind)
{
    uint32_t n;
    const rtq__agg *rows = rtq__agg_find(agg, strlen(agg), &n);
    rtq__agg_def *def = &rel->u.summarize.aggs[rel->u.summarize.n_aggs++];
    must(rows != NULL, agg);
    def->agg = rows;
    for (uint32_t i = 0; i < n && arg; i++)
        if (strcmp(rows[i].args, rtq__kind_name(arg->kind)) == 0)
            def->agg = &rows[i];
    def->args = keep(t, sizeof(rtq__expr *));
    def->args[0] = arg;
    def->n_args = arg != NULL;
    def->cols = keep(t, sizeof(rtq__col *));
    def->cols[0] = tree_col(t, name, kind);
    def->n_cols = 1;
}

rtq__rel *tree_sort(tree *t, rtq__rel *in, const char *key, bool desc, int64_t limit)
{
    rtq__rel *rel = tree_rel(t, RTQ__R_SORT, 1, in);
    rel->u.sort.keys = keep(t, sizeof(rtq__sort_key));
    rel->u.sort.n = 1;
    rel->u.sort.keys[0] = (rtq__sort_key){tree_c(t, key), desc, !desc};
    rel->u.sort.limit = limit < 0 ? NULL : tree_long(t, limit);
    return rel;
}

rtq__rel *tree_join(tree *t, uint8_t kind, rtq__rel *left, rtq__rel *right, const char *left_key, const char *right_key)
{
    rtq__rel *rel = tree_rel(t, RTQ__R_JOIN, 2, left, right);
    rel->u.join.kind = kind;
    rel->u.join.n_keys = 1;
    rel->u.join.left_keys = keep(t, sizeof(rtq__expr *));
    rel->u.join.right_keys = keep(t, sizeof(rtq__expr *));
    rel->u.join.left_keys[0] = tree_c(t, left_key);
    rel->u.join.right_keys[0] = tree_c(t, right_key);
    return rel;
}

void tree_result(tree *t, rtq__rel *rel, const char *names)
{
    rtq__result *r = &t->bound.results[t->bound.n_results++];
    char name[64];
    r->rel = rel;
    r->cols = keep(t, 50 * sizeof(rtq__col *));
    r->names = keep(t, 50 * sizeof(char *));
    while (word(&names, name, sizeof name)) {
        r->cols[r->n_cols] = tree_find(t, name);
        r->names[r->n_cols] = r->cols[r->n_cols]->name;
        r->n_cols++;
    }
}

static int on_rows(void *ctx, uint32_t result, rtq__batch *b)
{
    tree *t = ctx;
    bool armed = t->armed;
    t->armed = false;
    for (uint32_t i = 0; i < b->n_sel && !t->repeat; i++) {
        if (t->bound.n_results > 1)
            rtq__buf_addf(&t->out, "%u:", result);
        for (uint32_t c = 0; c < b->n_cols; c++) {
            rtq__cell cell = rtq__vec_get(b->cols[c], rtq__batch_row(b, i));
            if (c)
                rtq__buf_addc(&t->out, ',');
            if (!cell.is_null)
                rtq__cell_print_text(&t->out, &cell);
        }
        rtq__buf_addc(&t->out, ';');
    }
    t->rows += (int)b->n_sel;
    t->armed = armed;
    return t->stop_after && t->rows >= t->stop_after ? RTQ_END : RTQ_OK;
}

void tree_open(tree *t)
{
    t->host = (rtq__pipe_host){.ctx = t, .rows = on_rows};
    rtq__plan_options options = {.no_pushdown = t->no_pushdown};
    rtq__pipe_options pipe_options = {.unbounded = t->unbounded, .max_state_bytes = t->max_state};
    t->rc = rtq__plan_new(&t->plan, t->mem, &t->bound, &options, NULL);
    if (t->rc == RTQ_OK)
        t->rc = rtq__pipe_open(&t->pipe, t->mem, t->plan, &t->eval, &t->host, &pipe_options);
    if (t->rc == RTQ_OK)
        t->rc = t->no_start ? RTQ_OK : rtq__pipe_start(t->pipe, NULL);
}

const char *tree_text_out(tree *t)
{
    t->armed = false;
    rtq__buf_addc(&t->out, '\0');
    t->out.len--;
    return t->out.ptr;
}

const char *tree_run(tree *t)
{
    if (!t->pipe)
        tree_open(t);
    if (t->rc == RTQ_OK)
        t->rc = rtq__pipe_finish(t->pipe, UINT32_MAX);
    return tree_text_out(t);
}

typedef struct lazy_ctx {
    const rtq__vec *from;
    tree *t;
} lazy_ctx;

static int decode(rtq__vec *v, const rtq__sel *sel, uint32_t n_sel, void *ctx)
{
    const lazy_ctx *c = ctx;
    for (uint32_t i = 0; i < n_sel; i++)
        rtq__vec_set(v, sel ? sel[i] : i, rtq__vec_get(c->from, sel ? sel[i] : i));
    c->t->decoded += n_sel;
    return RTQ_OK;
}

/* The same columns, decoded when they are touched. */
static void make_lazy(tree *t, rtq__vec **from, rtq__vec *lazy, rtq__vec **cols, uint32_t n_cols, uint32_t n)
{
    static uint64_t loaded[50][RTQ__ROWS / 64], valid[50][RTQ__ROWS / 64];
    static rtq__string data[50][RTQ__ROWS]; /* 16 bytes: any cell */
    static lazy_ctx ctx[50];
    for (uint32_t w = 0; w < n_cols; w++) {
        memset(loaded[w], 0, sizeof loaded[w]);
        memset(valid[w], 0xff, sizeof valid[w]);
        memset(data[w], 0xa5, sizeof data[w]);
        ctx[w] = (lazy_ctx){from[w], t};
        lazy[w] = (rtq__vec){.kind = from[w]->kind,
                             .n = n,
                             .data = data[w],
                             .valid = from[w]->kind == RTQ_STRING ? NULL : valid[w],
                             .load = decode,
                             .load_ctx = &ctx[w],
                             .loaded = loaded[w]};
        cols[w] = &lazy[w];
    }
}

void tree_push(tree *t, const char *schema, const char *rows, uint32_t size)
{
    uint32_t n_cols, n_rows;
    rtq__table table = *t->plan->tables[0].table;
    rtq__reader reader = {.plan = t->plan};
    rtq_demand *demand = NULL;
    rtq__arena arena;
    bool armed = t->armed;
    t->armed = false; /* what is pushed is not what is tested */
    rtq__arena_init(&arena, t->mem, 0);
    uint32_t keep_cols = t->bound.n_cols;
    rtq__col **cols = schema_cols(t, schema, NULL, &n_cols);
    rtq__cell *cells = parse_rows(t, rows, cols, n_cols, &n_rows);
    t->bound.n_cols = keep_cols;
    must(rtq__demand_new(&demand, t->mem, &table, 1, &reader, 1, NULL, 1) == RTQ_OK, "demand");
    for (uint32_t c = 0; t->exact && c < demand->tables[0].n_conjuncts; c++)
        demand->tables[0].conjuncts[c].verdict = RTQ_PUSH_EXACT;
    rtq__demand_settle(demand);
    const rtq__demand_table *wanted = &demand->tables[0];
    for (uint32_t from = 0; from < n_rows && t->rc == RTQ_OK; from += size) {
        uint32_t n = n_rows - from < size ? n_rows - from : size;
        rtq__vec *vecs[50];
        for (uint32_t w = 0; w < wanted->n_wants; w++) {
            uint32_t c = 0;
            while (c < n_cols && strcmp(cols[c]->name, wanted->wants[w].path) != 0)
                c++;
            must(c < n_cols, wanted->wants[w].path);
            vecs[w] = rtq__vec_new(&arena, cols[c]->kind, n);
            if (cols[c]->kind != RTQ_STRING)
                rtq__vec_valid(&arena, vecs[w]);
            for (uint32_t r = 0; r < n; r++)
                rtq__vec_set(vecs[w], r, cells[(from + r) * n_cols + c]);
        }
        rtq__batch b = {.n = n, .n_sel = n, .n_cols = wanted->n_wants, .cols = vecs};
        t->armed = armed;
        for (uint32_t i = 0; i <= t->repeat && t->rc == RTQ_OK; i++) {
            rtq__vec lazy[50];
            rtq__vec *cols_now[50];
            if (t->lazy) {
                make_lazy(t, vecs, lazy, cols_now, wanted->n_wants, n);
                b.cols = cols_now;
            }
            if (i == t->repeat / 2)
                t->allocations = atomic_load(&t->mem->n_allocs);
            t->rc = rtq__pipe_push(t->pipe, rtq__demand_read(demand, 0), &b);
        }
        t->allocations = atomic_load(&t->mem->n_allocs) - t->allocations;
        t->armed = false;
    }
    t->armed = armed;
    rtq__demand_free(demand);
    rtq__arena_free(&arena);
}
