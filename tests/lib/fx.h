/* fx.h - for tests of functions: expressions from table rows, run as constants and as columns of every form. */
#ifndef FX_H
#define FX_H
#include "fn/expr.h"

typedef struct fx {
    rtq__mem *mem;
    rtq__arena arena;
    rtq__scratch scratch;
    rtq__eval eval;
    rtq_diag *diag;
} fx;

fx *fx_new(void);
void fx_free(fx *f);

rtq__expr *fx_const(fx *f, rtq__cell cell);
rtq__expr *fx_col(fx *f, uint32_t col, uint32_t kind);
/* The row of `name` whose args are spelled `sig`; NULL: no such row (so that tests fail on it). */
const rtq__fn *fx_fn(const char *name, const char *sig);
rtq__expr *fx_call(fx *f, const char *name, const char *sig, uint32_t n_args, rtq__expr *const *args);
/* JSON text of name(args), folded; "null"; "error N"; "no row". Lives until fx_free. */
const char *fx_text(fx *f, const char *name, const char *sig, uint32_t n_args, const rtq__cell *args);
/* The same call over n_rows rows of arguments as columns: FLAT, CONST where a column repeats one value, DICT; dense and by
 * selections; as values and, for bools, as a filter. Returns NULL when all agree with each other and with folding, else a
 * text saying what does not. rows[r * n_args + a]. */
const char *fx_agree(fx *f, const char *name, const char *sig, uint32_t n_args, const rtq__cell *rows, uint32_t n_rows);

#define FX_I(x) rtq__cell_i(RTQ_INT, x)
#define FX_L(x) rtq__cell_i(RTQ_LONG, x)
#define FX_B(x) rtq__cell_i(RTQ_BOOL, x)
#define FX_R(x) rtq__cell_d(x)
#define FX_S(x) rtq__cell_s(x, strlen(x))
#define FX_NULL(k) rtq__cell_null(k)
rtq__cell fx_time(const char *text);
rtq__cell fx_span(const char *text);
rtq__cell fx_json(fx *f, const char *text);
/* fx_text with the cells written out. */
#define FX(f, name, sig, ...)                                                                 \
    fx_text(f, name, sig, (uint32_t)(sizeof((rtq__cell[]){__VA_ARGS__}) / sizeof(rtq__cell)), \
            (rtq__cell[]){__VA_ARGS__})

#endif
