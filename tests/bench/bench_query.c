/* bench_query.c - whole queries on typed batches in memory: ns a row, best of three. bench_query.py runs the same ones in DuckDB.
 * usage: bench_query [rows in millions] [name] */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "exec/pipe.h"
#include "kql/bind.h"
#include "kql/parse.h"

static const struct query {
    const char *name, *text;
} queries[] = {
    {"filter int", "T | where v < 5000 | summarize count()"},
    {"filter 3", "T | where v between (100 .. 60000) and k10 != 3 and k1k > 500 | summarize count()"},
    {"arithmetic", "T | extend x = v * 3 + k1k, y = r * 2.0 - 1.0 | summarize sum(x), sum(y)"},
    {"sum filter", "T | where v > 50000 | summarize sum(v), max(r)"},
    {"string ==", "T | where s == 'user-77.example.com/path' | summarize count()"},
    {"string contains", "T | where s contains_cs '-77' | summarize count()"},
    {"string startswith", "T | where s startswith_cs 'user-7' | summarize count()"},
    {"group by 10", "T | summarize count(), sum(v) by k10"},
    {"group by 1k", "T | summarize count(), sum(v) by k1k"},
    {"group by 1M", "T | summarize count(), sum(v) by k1m | summarize count()"},
    {"group by string", "T | summarize count() by s"},
    {"distinct count", "T | summarize count_distinct(k1k)"},
    {"distinct by group", "T | summarize count_distinct(v) by k10"},
    {"dcount", "T | summarize dcount(v)"},
    {"distinct", "T | distinct k1m | count"},
    {"top 10", "T | top 10 by v desc"},
    {"sort", "T | sort by r asc, id asc | take 1"},
    {"join", "T | join kind=inner (range x from 0 to 99999 step 1 | extend y = x * 2) on $left.k1m == $right.x | "
             "summarize sum(y)"},
};

enum { N_COLS = 7 };
static const rtq__table_col table_cols[N_COLS] = {
    {"id", NULL, RTQ_LONG, 0}, {"k10", NULL, RTQ_LONG, 0}, {"k1k", NULL, RTQ_LONG, 0}, {"k1m", NULL, RTQ_LONG, 0},
    {"v", NULL, RTQ_LONG, 0},  {"r", NULL, RTQ_REAL, 0},   {"s", NULL, RTQ_STRING, 0},
};
static const rtq__table table = {.name = "T", .cols = table_cols, .n_cols = N_COLS, .time_col = -1};

static void *data[N_COLS];
static size_t n_rows;

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

static uint64_t scramble(uint64_t x)
{
    x ^= x >> 31, x *= UINT64_C(0x7fb5d329728ea185);
    x ^= x >> 27, x *= UINT64_C(0x81dadef4bc2dd44d);
    return x ^ x >> 33;
}

static void make_data(void)
{
    char *text = must(malloc(1000 * 40));
    for (int c = 0; c < N_COLS; c++)
        data[c] = must(malloc(n_rows * rtq__cell_len(table_cols[c].kind)));
    for (int k = 0; k < 1000; k++)
        snprintf(text + k * 40, 40, "user-%d.example.com/path", k);
    for (size_t i = 0; i < n_rows; i++) {
        uint64_t h = scramble(i + 1);
        ((int64_t *)data[0])[i] = (int64_t)i;
        ((int64_t *)data[1])[i] = (int64_t)(h % 10);
        ((int64_t *)data[2])[i] = (int64_t)(h % 1000);
        ((int64_t *)data[3])[i] = (int64_t)(h % 1000000);
        ((int64_t *)data[4])[i] = (int64_t)((h >> 20) % 100000);
        ((double *)data[5])[i] = (double)((h >> 30) % 1000000) * 0.5;
        const char *s = text + h % 1000 * 40;
        ((rtq__string *)data[6])[i] = rtq__string_make(s, strlen(s));
    }
}

static int on_rows(void *ctx, uint32_t result, rtq__batch *b)
{
    (void)result;
    *(uint64_t *)ctx += b->n_sel;
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

static double run(rtq__mem *mem, const rtq__plan *plan, uint64_t *rows)
{
    rtq__scratch scratch;
    rtq__eval eval;
    rtq__pipe *pipe = NULL;
    rtq_demand *demand = NULL;
    rtq__reader reader = {plan, 0, 0};
    rtq__pipe_host host = {.ctx = rows, .rows = on_rows};
    rtq__arena_init(&scratch, mem, 1 << 18);
    *rows = 0;
    if (rtq__eval_init(&eval, mem, &scratch) != RTQ_OK ||
        rtq__pipe_open(&pipe, mem, plan, &eval, &host, NULL) != RTQ_OK ||
        rtq__demand_new(&demand, mem, &table, 1, &reader, 1, NULL, 1) != RTQ_OK ||
        rtq__pipe_start(pipe, NULL) != RTQ_OK) {
        fprintf(stderr, "bench_query: cannot start\n");
        exit(1);
    }
    double t = now();
    if (push_all(pipe, rtq__demand_read(demand, 0), &demand->tables[0]) < 0)
        fprintf(stderr, "bench_query: %s\n", rtq__pipe_error(pipe));
    t = now() - t;
    rtq__pipe_close(pipe);
    rtq__demand_free(demand);
    rtq__eval_free(&eval);
    rtq__arena_free(&scratch);
    return t;
}

static void bench(rtq__mem *mem, const struct query *q)
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
    rtq__diag_set_text(diag, q->text, strlen(q->text));
    int rc = rtq__parse(&ast, &arena, q->text, strlen(q->text), diag);
    if (rc == RTQ_OK)
        rc = rtq__bind(&bound, mem, ast, &catalog, diag);
    if (rc == RTQ_OK)
        rc = rtq__plan_new(&plan, mem, bound, NULL, diag);
    if (rc != RTQ_OK) {
        rtq_blob *blob = NULL;
        rtq_diag_render(&blob, diag);
        printf("%-18s %s\n", q->name, blob ? rtq_blob_get(blob).ptr : "?");
        rtq_blob_free(blob);
    } else {
        double best = 1e9;
        uint64_t rows = 0;
        for (int i = 0; i < 3; i++) {
            double t = run(mem, plan, &rows);
            best = t < best ? t : best;
        }
        printf("%-18s %8.2f ns/row  (%llu rows out)\n", q->name, best * 1e9 / (double)n_rows, (unsigned long long)rows);
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
    n_rows = (size_t)(argc > 1 ? atof(argv[1]) * 1e6 : 4e6);
    rtq__mem *mem = must(rtq__mem_new(NULL, NULL, 0));
    make_data();
    for (size_t i = 0; i < sizeof queries / sizeof queries[0]; i++)
        if (argc < 3 || strstr(queries[i].name, argv[2]))
            bench(mem, &queries[i]);
    rtq__mem_unref(mem);
    return 0;
}
