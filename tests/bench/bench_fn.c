/* bench_fn.c - expressions over one batch of 1024 rows in cache: ns a row, best of 25. usage: bench_fn [name] */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "fx.h"

enum { N = RTQ__ROWS };
enum { COL_LONG, COL_LONG2, COL_REAL, COL_TEXT, COL_DICT, COL_TIME, COL_NULLS, COL_DYN, N_COLS };

static fx *f;
static rtq__batch batch;
static rtq__vec *cols[N_COLS];
static uint32_t ids[N_COLS];
static const rtq__layout layout = {ids, N_COLS};

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void make_columns(void)
{
    static const uint8_t kinds[] = {RTQ_LONG,   RTQ_LONG,     RTQ_REAL, RTQ_STRING,
                                    RTQ_STRING, RTQ_DATETIME, RTQ_LONG, RTQ_UNKNOWN};
    static uint32_t codes[N];
    uint64_t x = 88172645463325252u;
    for (uint32_t c = 0; c < N_COLS; c++) {
        ids[c] = c;
        cols[c] = rtq__vec_new(&f->arena, kinds[c], N);
        if (c == COL_NULLS)
            rtq__vec_valid(&f->arena, cols[c]);
        for (uint32_t r = 0; r < N; r++) {
            x ^= x << 13, x ^= x >> 7, x ^= x << 17;
            int64_t v = (int64_t)(x % 100000);
            rtq__cell cell = kinds[c] == RTQ_REAL ? rtq__cell_d((double)v / 7) : rtq__cell_i(kinds[c], v);
            char *text = rtq__arena_printf(&f->arena, "user-%d.example.com/path", (int)(v % 100));
            if (kinds[c] == RTQ_STRING)
                cell = rtq__cell_s(text, strlen(text));
            else if (c == COL_TIME)
                cell.u.i = v * 36000000000 + 637134336000000000;
            else if (c == COL_NULLS && v % 10 == 0)
                cell = rtq__cell_null(RTQ_LONG);
            else if (c == COL_DYN)
                cell.u.y = (rtq__dyn){.tag = RTQ__DYN_LONG, .u.i = v};
            rtq__vec_set(cols[c], r, cell);
            codes[r] = (uint32_t)(v % 64);
        }
    }
    cols[COL_DICT]->form = RTQ__DICT;
    cols[COL_DICT]->n = 64;
    cols[COL_DICT]->codes = codes;
    batch = (rtq__batch){.n = N, .n_cols = N_COLS, .cols = cols, .n_sel = N};
}

static rtq__expr *col(uint32_t c)
{
    return fx_col(f, c, cols[c]->kind);
}

static void run(const char *only, const char *name, rtq__expr *e, bool filter, uint32_t n_sel)
{
    rtq__prog *prog;
    rtq__sel sel[N], out[N];
    double best = 1e18;
    if (only && !strstr(name, only))
        return;
    if (!e || rtq__prog_new(&prog, f->mem, e, &layout, f->diag) != RTQ_OK) {
        printf("%-34s does not compile\n", name);
        return;
    }
    for (uint32_t i = 0; i < n_sel; i++)
        sel[i] = (rtq__sel)(i * (N / n_sel));
    for (int round = 0; round < 25; round++) {
        double start = now();
        for (int k = 0; k < 200; k++) {
            rtq__arena_mark mark = rtq__arena_get_mark(&f->scratch);
            rtq__vec *v;
            uint32_t n;
            int rc = filter ? rtq__prog_filter(out, &n, prog, &f->eval, &batch, n_sel < N ? sel : NULL, n_sel)
                            : rtq__prog_eval(&v, prog, &f->eval, &batch, n_sel < N ? sel : NULL, n_sel);
            if (rc != RTQ_OK)
                abort();
            rtq__arena_release(&f->scratch, mark);
        }
        double ns = (now() - start) / 200 / n_sel;
        best = ns < best ? ns : best;
    }
    printf("%-34s %8.3f ns/row\n", name, best);
    rtq__prog_free(prog);
}

#define CALL(name, sig, ...)                                                                      \
    fx_call(f, name, sig, (uint32_t)(sizeof((rtq__expr *[]){__VA_ARGS__}) / sizeof(rtq__expr *)), \
            (rtq__expr *[]){__VA_ARGS__})
#define L(x) fx_const(f, FX_L(x))
#define S(x) fx_const(f, FX_S(x))

static rtq__expr *both(rtq__expr *a, rtq__expr *b)
{
    rtq__expr *e = fx_const(f, FX_B(0));
    e->op = RTQ__E_AND;
    e->n_args = 2;
    e->args = rtq__arena_alloc(&f->arena, 2 * sizeof *e->args);
    e->args[0] = a;
    e->args[1] = b;
    return e;
}

int main(int argc, char **argv)
{
    const char *o = argc > 1 ? argv[1] : NULL;
    f = fx_new();
    make_columns();
    rtq__expr *less = CALL("<", "long, long", col(COL_LONG), L(50000));
    run(o, "filter long < const", less, true, N);
    run(o, "filter long < const, half selected", less, true, N / 2);
    run(o, "filter long < long", CALL("<", "long, long", col(COL_LONG), col(COL_LONG2)), true, N);
    run(o, "filter nullable < const", CALL("<", "long, long", col(COL_NULLS), L(50000)), true, N);
    run(o, "filter nullable != const", CALL("!=", "long, long", col(COL_NULLS), L(50000)), true, N);
    run(o, "filter real > const", CALL(">", "real, real", col(COL_REAL), fx_const(f, FX_R(1000))), true, N);
    run(o, "filter between", CALL("between", "long, long, long", col(COL_LONG), L(100), L(60000)), true, N);
    run(o, "filter a and b", both(less, CALL("!=", "long, long", col(COL_LONG2), L(5))), true, N);
    run(o, "filter text == const", CALL("==", "string, string", col(COL_TEXT), S("user-77.example.com/path")), true, N);
    run(o, "filter dict == const", CALL("==", "string, string", col(COL_DICT), S("user-77.example.com/path")), true, N);
    run(o, "filter text =~ const", CALL("=~", "string, string", col(COL_TEXT), S("USER-77.example.com/path")), true, N);
    run(o, "filter text in (3)",
        CALL("in", "string, string...", col(COL_TEXT), S("a"), S("b"), S("user-77.example.com/path")), true, N);
    run(o, "filter text in~ (3)",
        CALL("in~", "string, string...", col(COL_TEXT), S("a"), S("b"), S("user-77.example.com/PATH")), true, N);
    run(o, "filter long in (5)", CALL("in", "long, long...", col(COL_LONG), L(1), L(2), L(3), L(4), L(5)), true, N);
    run(o, "filter unknown == const", CALL("==", "dynamic, long", col(COL_DYN), L(5)), true, N);
    run(o, "eval long < const", less, false, N);
    run(o, "eval long + long", CALL("+", "long, long", col(COL_LONG), col(COL_LONG2)), false, N);
    run(o, "eval long * const", CALL("*", "long, long", col(COL_LONG), L(3)), false, N);
    run(o, "eval nullable + const", CALL("+", "long, long", col(COL_NULLS), L(3)), false, N);
    run(o, "eval real * const", CALL("*", "real, real", col(COL_REAL), fx_const(f, FX_R(2))), false, N);
    run(o, "eval long / const", CALL("/", "long, long", col(COL_LONG), L(7)), false, N);
    run(o, "eval long % const", CALL("%", "long, long", col(COL_LONG), L(7)), false, N);
    run(o, "eval long / long", CALL("/", "long, long", col(COL_LONG), col(COL_LONG2)), false, N);
    run(o, "eval bin(time, 1h)", CALL("bin", "datetime, timespan", col(COL_TIME), fx_const(f, fx_span("1h"))), false,
        N);
    run(o, "eval toreal(long)", CALL("toreal", "long", col(COL_LONG)), false, N);
    run(o, "eval tostring(long)", CALL("tostring", "any", col(COL_LONG)), false, N);
    run(o, "eval tolong(text)", CALL("tolong", "any", col(COL_TEXT)), false, N);
    run(o, "eval iff", CALL("iff", "bool, any, any", less, col(COL_LONG), col(COL_LONG2)), false, N);
    run(o, "eval sqrt(real)", CALL("sqrt", "real", col(COL_REAL)), false, N);
    run(o, "eval startofday(time)", CALL("startofday", "datetime, [long]", col(COL_TIME)), false, N);
    run(o, "eval hourofday(time)", CALL("hourofday", "datetime", col(COL_TIME)), false, N);
    run(o, "eval datetime_diff day",
        CALL("datetime_diff", "const string, datetime, datetime", S("day"), col(COL_TIME), col(COL_TIME)), false, N);
    run(o, "eval format_datetime",
        CALL("format_datetime", "datetime, const string", col(COL_TIME), S("yyyy-MM-dd HH:mm")), false, N);
    run(o, "eval isempty(text)", CALL("isempty", "any", col(COL_TEXT)), false, N);
    fx_free(f);
    return 0;
}
