/* sort by several keys with few values, against a sort that compares rows. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "rtq/rtq.h"

typedef struct row {
    int64_t a, id;
    double b;
    char c[24];
    uint8_t a_null, b_null;
} row;
typedef struct key {
    char column;
    bool desc;
} key;

static uint64_t state = 88172645463325252u;
static const key *keys;
static int n_keys;
static char text[200];

static uint64_t rnd(void)
{
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    return state >> 11;
}

static int order_of(const row *x, const row *y, char column)
{
    switch (column) {
    case 'a': return x->a_null || y->a_null ? y->a_null - x->a_null : (x->a > y->a) - (x->a < y->a);
    case 'b': return x->b_null || y->b_null ? y->b_null - x->b_null : (x->b > y->b) - (x->b < y->b);
    default: return strcmp(x->c, y->c);
    }
}

static int compare(const void *p, const void *q)
{
    const row *x = p, *y = q;
    for (int i = 0; i < n_keys; i++) {
        int order = order_of(x, y, keys[i].column);
        if (order)
            return keys[i].desc ? -order : order;
    }
    return (x->id > y->id) - (x->id < y->id);
}

static void fill(row *rows, size_t n, unsigned few)
{
    for (size_t i = 0; i < n; i++) {
        rows[i] = (row){.a = (int64_t)(rnd() % few) - few / 2, .id = (int64_t)i, .b = (double)(rnd() % few) * 0.25 - 3};
        rows[i].a_null = rnd() % 10 == 0;
        rows[i].b_null = rnd() % 10 == 0;
        snprintf(rows[i].c, sizeof rows[i].c, rnd() % 2 ? "%u" : "a longer text %u", (unsigned)(rnd() % few));
    }
}

static int take(const rtq_batch *batch, void *user)
{
    const row **next = user;
    rtq_batch_info info = {.size = sizeof info};
    rtq_column id;
    cr_assert_eq(rtq_batch_info_get(&info, batch), RTQ_OK);
    cr_assert_eq(rtq_batch_column(&id, batch, 0), RTQ_OK);
    for (size_t i = 0; i < info.n_rows; i++, ++*next)
        cr_assert_eq(((const int64_t *)id.data)[i], (*next)->id, "%s: row %zu is %lld, not %lld", text, i,
                     (long long)((const int64_t *)id.data)[i], (long long)(*next)->id);
    return 0;
}

/* A recording: on a feed without end each batch would be sorted by itself. */
static void write_csv(const char *path, const row *rows, size_t n)
{
    FILE *f = fopen(path, "w");
    cr_assert(f);
    fprintf(f, "a,b,c,id\n");
    for (size_t i = 0; i < n; i++) {
        if (!rows[i].a_null)
            fprintf(f, "%lld", (long long)rows[i].a);
        fputc(',', f);
        if (!rows[i].b_null)
            fprintf(f, "%.17g", rows[i].b);
        fprintf(f, ",%s,%lld\n", rows[i].c, (long long)rows[i].id);
    }
    cr_assert_eq(fclose(f), 0);
}

/* limit 0: all, else top. */
static void check(const char *path, const row *rows, size_t n, size_t limit)
{
    const rtq_option options[] = {{"path", path}, {"schema", "a:long, b:real, c:string, id:long"}, {"table", "T"}};
    row *sorted = malloc((n + 1) * sizeof *sorted);
    const row *next = sorted;
    rtq_env *env = NULL;
    rtq_source *source = NULL;
    rtq_query *query = NULL;
    rtq_sink *sink = NULL;
    rtq_run *run = NULL;
    memcpy(sorted, rows, n * sizeof *sorted);
    qsort(sorted, n, sizeof *sorted, compare);
    int len = limit ? snprintf(text, sizeof text, "T | top %zu by ", limit)
                    : snprintf(text, sizeof text, "T | sort by ");
    for (int i = 0; i < n_keys; i++)
        len += snprintf(text + len, sizeof text - (size_t)len, "%s%c %s", i ? ", " : "", keys[i].column,
                        keys[i].desc ? "desc" : "asc");
    snprintf(text + len, sizeof text - (size_t)len, " | project id");
    cr_assert_eq(rtq_env_new(&env, NULL), RTQ_OK);
    cr_assert_eq(rtq_source_open(&source, env, "csv", options, 3, NULL), RTQ_OK);
    const rtq_source *const sources[] = {source};
    rtq_query_options qo = {.size = sizeof qo, .sources = sources, .n_sources = 1};
    cr_assert_eq(rtq_query_compile(&query, env, text, RTQ_NTS, &qo, NULL), RTQ_OK, "%s", text);
    cr_assert_eq(rtq_sink_callback(&sink, env, take, &next, NULL), RTQ_OK);
    cr_assert_eq(rtq_run_new(&run, env, NULL), RTQ_OK);
    cr_assert_eq(rtq_run_add_source(NULL, run, source, NULL), RTQ_OK);
    cr_assert_eq(rtq_run_add_query(NULL, run, query, sink, NULL, NULL), RTQ_OK);
    cr_assert_geq(rtq_run_all(run, NULL), RTQ_OK);
    size_t want = limit && limit < n ? limit : n;
    cr_expect_eq((size_t)(next - sorted), want, "%s: %zu rows, not %zu", text, (size_t)(next - sorted), want);
    rtq_run_free(run);
    rtq_sink_free(sink);
    rtq_query_free(query);
    rtq_source_free(source);
    rtq_env_free(env);
    free(sorted);
}

Test(exec_sort, several_keys_with_many_ties)
{
    static const key lists[][3] = {
        {{'a', true}},
        {{'a', false}, {'b', true}},
        {{'b', true}, {'a', false}, {'c', true}},
        {{'c', false}, {'a', true}},
        {{'a', false}, {'c', false}, {'b', false}},
        {{'c', true}},
        {{'b', false}},
    };
    static const unsigned few[] = {2, 7, 60, 100000};
    static const size_t sizes[] = {0, 1, 30, 700, 9000};
    row *rows = malloc(9000 * sizeof *rows);
    char path[] = "/tmp/test_exec_sort_XXXXXX";
    int fd = mkstemp(path);
    cr_assert(fd >= 0 && close(fd) == 0);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (size_t f = 0; f < sizeof few / sizeof *few; f++) {
            fill(rows, sizes[i], few[f]);
            write_csv(path, rows, sizes[i]);
            for (size_t l = 0; l < sizeof lists / sizeof *lists; l++) {
                keys = lists[l];
                for (n_keys = 0; n_keys < 3 && lists[l][n_keys].column; n_keys++)
                    ;
                check(path, rows, sizes[i], 0);
                if (n_keys == 1)
                    check(path, rows, sizes[i], 5);
            }
        }
    free(rows);
    unlink(path);
}
