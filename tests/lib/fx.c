/* fx.c - see fx.h. */
#include "fx.h"
#include <stdlib.h>
#include "base/diag.h"
#include "base/time.h"

fx *fx_new(void)
{
    fx *f = calloc(1, sizeof *f);
    f->mem = rtq__mem_new(NULL, NULL, 0);
    rtq__arena_init(&f->arena, f->mem, 0);
    rtq__arena_init(&f->scratch, f->mem, 0);
    f->diag = rtq__diag_begin(&f->diag, f->mem);
    if (rtq__eval_init(&f->eval, f->mem, &f->scratch) != RTQ_OK)
        abort();
    return f;
}

void fx_free(fx *f)
{
    rtq__eval_free(&f->eval);
    rtq__arena_free(&f->scratch);
    rtq__arena_free(&f->arena);
    rtq_diag_free(f->diag);
    rtq__mem_unref(f->mem);
    free(f);
}

static rtq__expr *expr_new(fx *f, uint8_t op, uint32_t kind)
{
    rtq__expr *e = rtq__arena_zalloc(&f->arena, sizeof *e);
    e->op = op;
    e->kind = (uint8_t)kind;
    return e;
}

rtq__expr *fx_const(fx *f, rtq__cell cell)
{
    rtq__expr *e = expr_new(f, RTQ__E_CONST, cell.kind);
    e->cell = cell;
    return e;
}

rtq__expr *fx_col(fx *f, uint32_t col, uint32_t kind)
{
    rtq__expr *e = expr_new(f, RTQ__E_COL, kind);
    e->col = col;
    return e;
}

const rtq__fn *fx_fn(const char *name, const char *sig)
{
    uint32_t n;
    const rtq__fn *rows = rtq__fn_find(name, strlen(name), &n);
    for (uint32_t i = 0; i < n; i++)
        if (strcmp(rows[i].args, sig) == 0)
            return &rows[i];
    return NULL;
}

static uint32_t ret_kind(fx *f, const rtq__fn *fn, uint32_t n_args, rtq__expr *const *args)
{
    uint8_t kinds[64];
    uint32_t common = 0;
    for (uint32_t i = 0; i < n_args; i++) {
        kinds[i] = args[i]->kind == RTQ_DYNAMIC ? RTQ_UNKNOWN : args[i]->kind; /* pairs of dynamics are refused */
        if (i >= (strncmp(fn->args, "bool,", 5) == 0))
            common = common ? rtq__kind_common(common, args[i]->kind) : args[i]->kind;
    }
    if (strcmp(fn->ret, "common") == 0)
        return common;
    if (strcmp(fn->ret, "custom") == 0)
        return fn->ret_fn(fn, kinds, n_args, f->diag, 0, 0);
    if (strncmp(fn->ret, "arg", 3) == 0)
        return args[fn->ret[3] - '0']->kind;
    return rtq__kind_parse(fn->ret, strlen(fn->ret));
}

rtq__expr *fx_call(fx *f, const char *name, const char *sig, uint32_t n_args, rtq__expr *const *args)
{
    rtq__expr *e = expr_new(f, RTQ__E_CALL, 0);
    e->fn = fx_fn(name, sig);
    if (!e->fn)
        return NULL;
    e->kind = (uint8_t)ret_kind(f, e->fn, n_args, args);
    e->args = rtq__arena_alloc(&f->arena, (n_args + 1) * sizeof *e->args);
    if (n_args)
        memcpy(e->args, args, n_args * sizeof *args);
    e->n_args = n_args;
    e->flags = e->fn->flags;
    return e;
}

static const char *cell_text(fx *f, const rtq__cell *cell)
{
    rtq__buf buf;
    rtq__buf_init(&buf, f->mem);
    if (cell->is_null)
        rtq__buf_adds(&buf, "null");
    else
        rtq__cell_print_json(&buf, cell);
    char *text = rtq__arena_strndup(&f->arena, buf.ptr, buf.len);
    rtq__buf_free(&buf);
    return text;
}

const char *fx_text(fx *f, const char *name, const char *sig, uint32_t n_args, const rtq__cell *cells)
{
    rtq__expr *args[64];
    rtq__cell cell;
    for (uint32_t i = 0; i < n_args; i++)
        args[i] = fx_const(f, cells[i]);
    rtq__expr *e = fx_call(f, name, sig, n_args, args);
    if (!e)
        return "no row";
    int rc = rtq__expr_fold(&cell, e, f->mem, &f->arena, f->diag);
    return rc == RTQ_OK ? cell_text(f, &cell) : rtq__arena_printf(&f->arena, "error %d", rc);
}

enum { FX_FLAT, FX_CONST, FX_DICT, FX_FORMS };

/* Column `a` of the rows. CONST: only when all its cells print alike; NULL otherwise. */
static rtq__vec *column(fx *f, int form, const rtq__cell *rows, uint32_t n_rows, uint32_t n_args, uint32_t a)
{
    uint32_t kind = rows[a].kind, n = form == FX_CONST ? 1 : n_rows;
    for (uint32_t r = 1; form == FX_CONST && r < n_rows; r++)
        if (strcmp(cell_text(f, &rows[a]), cell_text(f, &rows[r * n_args + a])) != 0)
            return NULL;
    rtq__vec *v = rtq__vec_new(&f->arena, kind, n);
    if (kind != RTQ_STRING)
        rtq__vec_valid(&f->arena, v);
    for (uint32_t r = 0; r < n; r++)
        rtq__vec_set(v, form == FX_DICT ? n - 1 - r : r, rows[r * n_args + a]);
    v->form = form == FX_CONST ? RTQ__CONST : form == FX_DICT ? RTQ__DICT : RTQ__FLAT;
    if (form == FX_DICT) {
        uint32_t *codes = rtq__arena_alloc(&f->arena, n * sizeof *codes);
        for (uint32_t r = 0; r < n; r++)
            codes[r] = n - 1 - r;
        v->codes = codes;
    }
    return v;
}

static const char *check_values(fx *f, const rtq__prog *prog, rtq__batch *batch, const rtq__sel *sel, uint32_t n_sel,
                                const char *const *want)
{
    rtq__vec *v;
    int rc = rtq__prog_eval(&v, prog, &f->eval, batch, sel, n_sel);
    if (rc != RTQ_OK)
        return rtq__arena_printf(&f->arena, "eval: error %d", rc);
    for (uint32_t i = 0; i < n_sel; i++) {
        uint32_t row = sel ? sel[i] : i;
        rtq__cell cell = rtq__vec_get(v, row);
        if (strcmp(cell_text(f, &cell), want[row]) != 0)
            return rtq__arena_printf(&f->arena, "row %u: %s, folded %s", row, cell_text(f, &cell), want[row]);
    }
    return NULL;
}

static const char *check_filter(fx *f, const rtq__prog *prog, rtq__batch *batch, const rtq__sel *sel, uint32_t n_sel,
                                const char *const *want)
{
    rtq__sel *out = rtq__arena_alloc(&f->arena, (n_sel + 1) * sizeof *out);
    uint32_t n = 0, at = 0;
    if (rtq__prog_kind(prog) != RTQ_BOOL)
        return NULL;
    int rc = rtq__prog_filter(out, &n, prog, &f->eval, batch, sel, n_sel);
    if (rc != RTQ_OK)
        return rtq__arena_printf(&f->arena, "filter: error %d", rc);
    for (uint32_t i = 0; i < n_sel; i++) {
        uint32_t row = sel ? sel[i] : i;
        if (strcmp(want[row], "true") != 0)
            continue;
        if (at >= n || out[at++] != row)
            return rtq__arena_printf(&f->arena, "filter: row %u is missing", row);
    }
    return at == n ? NULL : "filter: too many rows";
}

static const char *check_batch(fx *f, const rtq__prog *prog, rtq__batch *batch, const char *const *want)
{
    uint32_t n = batch->n, n_odd = 0, n_one = n > 2;
    rtq__sel odd[RTQ__ROWS], one[1] = {(rtq__sel)(n / 2)};
    for (uint32_t r = 1; r < n; r += 2)
        odd[n_odd++] = (rtq__sel)r;
    const struct {
        const rtq__sel *sel;
        uint32_t n;
    } sels[] = {{NULL, n}, {odd, n_odd}, {one, n_one}, {NULL, n / 2}, {odd, 0}};
    for (uint32_t i = 0; i < sizeof sels / sizeof sels[0]; i++) {
        rtq__arena_mark mark = rtq__arena_get_mark(&f->scratch);
        const char *bad = check_values(f, prog, batch, sels[i].sel, sels[i].n, want);
        if (!bad)
            bad = check_filter(f, prog, batch, sels[i].sel, sels[i].n, want);
        rtq__arena_release(&f->scratch, mark);
        if (bad)
            return rtq__arena_printf(&f->arena, "selection %u: %s", i, bad);
    }
    return NULL;
}

/* Whether parameter `a` of the signature has to be a constant. */
static bool wants_const(const char *sig, uint32_t a)
{
    for (; a > 0 && sig; a--)
        sig = strchr(sig, ',') ? strchr(sig, ',') + 1 : NULL;
    while (sig && (*sig == ' ' || *sig == '['))
        sig++;
    return sig && strncmp(sig, "const ", 6) == 0;
}

/* One mixture of forms: form_of[a] for each argument; constants also as constants of the program. */
static const char *check_forms(fx *f, const char *name, const char *sig, uint32_t n_args, const rtq__cell *rows,
                               uint32_t n_rows, const int *form_of, bool literal, const char *const *want)
{
    rtq__expr *args[64];
    rtq__vec *cols[64];
    uint32_t ids[64];
    for (uint32_t a = 0; a < n_args; a++) {
        ids[a] = a + 100;
        cols[a] = column(f, form_of[a], rows, n_rows, n_args, a);
        if (!cols[a] || (wants_const(sig, a) && !(literal && form_of[a] == FX_CONST)))
            return NULL;
        args[a] = literal && form_of[a] == FX_CONST ? fx_const(f, rows[a]) : fx_col(f, ids[a], rows[a].kind);
    }
    rtq__expr *e = fx_call(f, name, sig, n_args, args);
    rtq__layout layout = {ids, n_args};
    rtq__prog *prog;
    int rc = rtq__prog_new(&prog, f->mem, e, &layout, f->diag);
    if (rc != RTQ_OK)
        return rtq__arena_printf(&f->arena, "compile: error %d", rc);
    rtq__batch batch = {.n = n_rows, .n_cols = n_args, .cols = cols, .n_sel = n_rows};
    const char *bad = check_batch(f, prog, &batch, want);
    rtq__prog_free(prog);
    return bad ? rtq__arena_printf(&f->arena, "forms %d%d%d%s, %s", form_of[0], n_args > 1 ? form_of[1] : 9,
                                   n_args > 2 ? form_of[2] : 9, literal ? " literal" : "", bad)
               : NULL;
}

const char *fx_agree(fx *f, const char *name, const char *sig, uint32_t n_args, const rtq__cell *rows, uint32_t n_rows)
{
    const char **want = rtq__arena_alloc(&f->arena, n_rows * sizeof *want);
    uint32_t n_mixes = 1;
    for (uint32_t r = 0; r < n_rows; r++)
        want[r] = fx_text(f, name, sig, n_args, rows + (size_t)r * n_args);
    for (uint32_t a = 0; a < n_args; a++)
        n_mixes *= FX_FORMS;
    for (uint32_t mix = 0; mix < n_mixes * 2; mix++) {
        int form_of[64];
        for (uint32_t a = 0, rest = mix / 2; a < n_args; a++, rest /= FX_FORMS)
            form_of[a] = (int)(rest % FX_FORMS);
        const char *bad = check_forms(f, name, sig, n_args, rows, n_rows, form_of, mix & 1, want);
        if (bad)
            return rtq__arena_printf(&f->arena, "%s(%s): %s", name, sig, bad);
    }
    return NULL;
}

rtq__cell fx_time(const char *text)
{
    int64_t ticks;
    return rtq__parse_datetime(&ticks, text, strlen(text)) ? rtq__cell_i(RTQ_DATETIME, ticks)
                                                           : rtq__cell_null(RTQ_DATETIME);
}

rtq__cell fx_span(const char *text)
{
    int64_t ticks;
    return rtq__parse_timespan(&ticks, text, strlen(text)) ? rtq__cell_i(RTQ_TIMESPAN, ticks)
                                                           : rtq__cell_null(RTQ_TIMESPAN);
}

rtq__cell fx_json(fx *f, const char *text)
{
    rtq__dyn d;
    if (rtq__dyn_parse(&d, text, strlen(text), &f->arena) != RTQ_OK)
        return rtq__cell_null(RTQ_DYNAMIC);
    return rtq__cell_y(d);
}
