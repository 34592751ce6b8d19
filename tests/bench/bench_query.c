/* bench_query.c - whole queries on typed batches in memory.
 *
 * usage: bench_query [millions of rows] <QUERIES. Each line of standard input is a query on T and is run once. It answers with the
 * processor time in seconds, the number of result rows, and the sum of the numbers in them, to compare with another engine's. run.py
 * makes the same table in DuckDB. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "exec/pipe.h"
#include "kql/bind.h"
#include "kql/parse.h"

enum { N_COLS = 9, TEXT = 40 };
static const rtq__table_col table_cols[N_COLS] = {
    {"id", NULL, RTQ_LONG, 0},  {"k10", NULL, RTQ_LONG, 0},   {"k1k", NULL, RTQ_LONG, 0},
    {"k1m", NULL, RTQ_LONG, 0}, {"v", NULL, RTQ_LONG, 0},     {"r", NULL, RTQ_REAL, 0},
    {"s", NULL, RTQ_STRING, 0}, {"s10", NULL, RTQ_STRING, 0}, {"s1m", NULL, RTQ_STRING, 0},
};
static const rtq__table table = {.name = "T", .cols = table_cols, .n_cols = N_COLS, .time_col = -1};

static void *data[N_COLS];
static size_t n_rows;

typedef struct result {
    uint64_t rows;
    int64_t sum;
    double real;
} result;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void *must(void *ptr)
{
    if (!ptr) {
        fprintf(stderr, "bench_query: out of memory\n");
        exit(1);
    }
    return ptr;
}

/* Each row has text of its own, as a table that was read from somewhere. */
static rtq__string own_text(char *to, const char *format, int64_t number)
{
    return rtq__string_make(to, (size_t)snprintf(to, TEXT, format, number));
}

/* The same arithmetic as in run.py, without overflow. */
static void make_data(void)
{
    char *text = must(malloc(n_rows * 2 * TEXT)), small[TEXT];
    for (int c = 0; c < N_COLS; c++)
        data[c] = must(malloc(n_rows * rtq__cell_len(table_cols[c].kind)));
    for (size_t i = 0; i < n_rows; i++) {
        int64_t g = (int64_t)i * 6364136223 % 1000000007, h = (g * g + (int64_t)i) % 998244353;
        ((int64_t *)data[0])[i] = (int64_t)i;
        ((int64_t *)data[1])[i] = h % 10;
        ((int64_t *)data[2])[i] = h / 10 % 1000;
        ((int64_t *)data[3])[i] = g % 1000000;
        ((int64_t *)data[4])[i] = h / 7 % 100000;
        ((double *)data[5])[i] = (double)(g / 3 % 1000000) * 0.5;
        ((rtq__string *)data[6])[i] = own_text(text + i * 2 * TEXT, "user-%" PRId64 ".example.com/path", h / 10 % 1000);
        ((rtq__string *)data[7])[i] = own_text(small, "host-%" PRId64, h % 10);
        ((rtq__string *)data[8])[i] = own_text(text + (i * 2 + 1) * TEXT, "process-%" PRId64 ".exe", g % 1000000);
    }
}

static int on_rows(void *ctx, uint32_t number, rtq__batch *b)
{
    result *r = ctx;
    (void)number;
    r->rows += b->n_sel;
    for (uint32_t c = 0; c < b->n_cols; c++) {
        if (rtq__vec_load(b->cols[c], b->sel, b->n_sel) != RTQ_OK)
            return RTQ_ERR_NOMEM;
        for (uint32_t i = 0; i < b->n_sel; i++) {
            rtq__cell cell = rtq__vec_get(b->cols[c], rtq__batch_row(b, i));
            if (cell.kind == RTQ_LONG && !cell.is_null)
                r->sum += cell.u.i;
            else if (cell.kind == RTQ_REAL && !cell.is_null)
                r->real += cell.u.d;
        }
    }
    return RTQ_OK;
}

static int push_all(rtq__pipe *pipe, const rtq__read *read, const rtq__demand_table *demand)
{
    rtq__vec vecs[N_COLS], *cols[N_COLS];
    for (size_t from = 0; from < n_rows; from += RTQ__ROWS) {
        uint32_t n = n_rows - from < RTQ__ROWS ? (uint32_t)(n_rows - from) : RTQ__ROWS;
        for (uint32_t w = 0; w < demand->n_wants; w++) {
            int32_t c = demand->wants[w].table_col;
            vecs[w] = (rtq__vec){
                .kind = table_cols[c].kind, .n = n, .data = (char *)data[c] + from * rtq__cell_len(table_cols[c].kind)};
            cols[w] = &vecs[w];
        }
        rtq__batch b = {.n = n, .n_sel = n, .n_cols = demand->n_wants, .cols = cols, .seq = from};
        int rc = rtq__pipe_push(pipe, read, &b);
        if (rc != RTQ_OK)
            return rc;
    }
    return rtq__pipe_finish(pipe, UINT32_MAX);
}

static double run(rtq__mem *mem, const rtq__plan *plan, result *r)
{
    rtq__scratch scratch;
    rtq__eval eval;
    rtq__pipe *pipe = NULL;
    rtq_demand *demand = NULL;
    rtq__reader reader = {.plan = plan};
    rtq__pipe_host host = {.ctx = r, .rows = on_rows};
    rtq__arena_init(&scratch, mem, 1 << 18);
    double t = now();
    if (rtq__eval_init(&eval, mem, &scratch) != RTQ_OK ||
        rtq__pipe_open(&pipe, mem, plan, &eval, &host, NULL) != RTQ_OK ||
        rtq__demand_new(&demand, mem, &table, 1, &reader, 1, NULL, 1) != RTQ_OK ||
        rtq__pipe_start(pipe, NULL) != RTQ_OK) {
        fprintf(stderr, "bench_query: cannot start\n");
        exit(1);
    }
    if (push_all(pipe, rtq__demand_read(demand, 0), &demand->tables[0]) < 0)
        fprintf(stderr, "bench_query: %s\n", rtq__pipe_error(pipe));
    rtq__pipe_close(pipe);
    t = now() - t;
    rtq__demand_free(demand);
    rtq__eval_free(&eval);
    rtq__arena_free(&scratch);
    return t;
}

static void answer(rtq__mem *mem, const char *text)
{
    const rtq__table *tables[] = {&table};
    rtq__catalog catalog = {.tables = tables, .n_tables = 1};
    rtq_diag *diag = NULL;
    rtq__arena arena;
    rtq__ast_query *ast;
    rtq__bound *bound = NULL;
    rtq__plan *plan = NULL;
    rtq__arena_init(&arena, mem, 0);
    rtq__diag_begin(&diag, mem);
    rtq__diag_set_text(diag, text, strlen(text));
    int rc = rtq__parse(&ast, &arena, text, strlen(text), diag);
    if (rc == RTQ_OK)
        rc = rtq__bind(&bound, mem, ast, &catalog, diag);
    if (rc == RTQ_OK)
        rc = rtq__plan_new(&plan, mem, bound, NULL, diag);
    if (rc != RTQ_OK) {
        rtq_blob *blob = NULL;
        rtq_diag_render(&blob, diag);
        fprintf(stderr, "%s\n", blob ? rtq_blob_get(blob).ptr : "?");
        rtq_blob_free(blob);
        printf("failed\n");
    } else {
        result r = {0, 0, 0};
        double t = run(mem, plan, &r);
        printf("%.9f %" PRIu64 " %.17g\n", t, r.rows, (double)r.sum + r.real);
    }
    fflush(stdout);
    rtq__plan_free(plan);
    if (bound)
        rtq__bound_free(bound);
    rtq_diag_free(diag);
    rtq__arena_free(&arena);
}

int main(int argc, char **argv)
{
    char line[4096];
    n_rows = (size_t)((argc > 1 ? strtod(argv[1], NULL) : 4) * 1e6);
    rtq__mem *mem = must(rtq__mem_new(NULL, NULL, 0));
    make_data();
    while (fgets(line, sizeof line, stdin))
        answer(mem, line);
    rtq__mem_unref(mem);
    return 0;
}
