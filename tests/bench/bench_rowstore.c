/* bench_rowstore.c - group-by and join on the row store: ns a row, best of three, beside a plain pass over the same columns.
 * Keys and values are those of `SELECT k, count(*), sum(v) FROM t GROUP BY k`. usage: bench_rowstore [rows in millions] */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "value/rowstore.h"

typedef struct sum_state {
    int64_t count, sum;
} sum_state;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t); /* others on the machine count less that way */
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static uint64_t scramble(uint64_t x)
{
    x ^= x >> 31, x *= UINT64_C(0x7fb5d329728ea185);
    x ^= x >> 27, x *= UINT64_C(0x81dadef4bc2dd44d);
    return x ^ x >> 33;
}

static void fail(const char *what)
{
    fprintf(stderr, "bench_rowstore: %s\n", what);
    exit(1);
}

static void group_batch(rtq__rows *rows, rtq__vec *key, const int64_t *values, uint32_t n, rtq__scratch *scratch)
{
    uint32_t ids[RTQ__ROWS], n_new;
    void *states[RTQ__ROWS];
    if (rtq__rows_upsert(ids, &n_new, rows, &key, NULL, n, scratch) != RTQ_OK)
        fail("upsert");
    rtq__rows_extras(states, rows, ids, n);
    for (uint32_t i = 0; i < n; i++) {
        sum_state *s = states[i];
        s->count++;
        s->sum += values[i];
    }
}

typedef struct input {
    uint32_t kind;
    const void *keys;
    const int64_t *values;
    size_t n;
} input;

static double group(rtq__mem *mem, const input *in, uint32_t *groups)
{
    double best = 1e9;
    const uint8_t kinds[1] = {(uint8_t)in->kind};
    for (int round = 0; round < 3; round++) {
        rtq__rows_def def = {.kinds = kinds, .n_cols = 1, .n_keys = 1, .extra_len = sizeof(sum_state), .seed = 12345};
        rtq__rows *rows;
        rtq__arena scratch;
        double start = now();
        rtq__arena_init(&scratch, mem, 0);
        if (rtq__rows_new(&rows, mem, &def) != RTQ_OK)
            fail("new");
        for (size_t at = 0; at < in->n; at += RTQ__ROWS) {
            uint32_t n = in->n - at < RTQ__ROWS ? (uint32_t)(in->n - at) : RTQ__ROWS;
            union {
                const void *in;
                void *out;
            } data = {(const char *)in->keys + at * rtq__cell_len(in->kind)};
            rtq__vec key = {.kind = (uint8_t)in->kind, .form = RTQ__FLAT, .n = n, .data = data.out};
            group_batch(rows, &key, in->values + at, n, &scratch);
            rtq__arena_reset(&scratch);
        }
        double t = now() - start;
        best = t < best ? t : best;
        *groups = rtq__rows_count(rows);
        rtq__rows_free(rows);
        rtq__arena_free(&scratch);
    }
    return best;
}

static double plain(const int64_t *a, const int64_t *b, size_t n)
{
    double best = 1e9;
    for (int round = 0; round < 3; round++) {
        volatile int64_t sink;
        int64_t sum = 0;
        double start = now();
        for (size_t i = 0; i < n; i++)
            sum += (a[i] ^ b[i]) * (sum | 1);
        sink = sum;
        (void)sink;
        double t = now() - start;
        best = t < best ? t : best;
    }
    return best;
}

static double join(rtq__mem *mem, const int64_t *keys, size_t n, uint64_t n_build)
{
    const uint8_t kinds[2] = {RTQ_LONG, RTQ_LONG};
    rtq__rows_def def = {.kinds = kinds, .n_cols = 2, .n_keys = 1, .seed = 12345};
    rtq__rows *rows;
    rtq__arena scratch;
    uint32_t first, ids[RTQ__ROWS];
    static int64_t build[RTQ__ROWS];
    int64_t sum = 0;
    double start = now();
    rtq__arena_init(&scratch, mem, 0);
    if (rtq__rows_new(&rows, mem, &def) != RTQ_OK)
        fail("new");
    for (uint64_t at = 0; at < n_build; at += RTQ__ROWS) {
        uint32_t m = n_build - at < RTQ__ROWS ? (uint32_t)(n_build - at) : RTQ__ROWS;
        for (uint32_t i = 0; i < m; i++)
            build[i] = (int64_t)(at + i);
        rtq__vec v = {.kind = RTQ_LONG, .form = RTQ__FLAT, .n = m, .data = build}, *cols[2] = {&v, &v};
        if (rtq__rows_append(&first, rows, cols, NULL, m) != RTQ_OK)
            fail("append");
    }
    for (size_t at = 0; at < n; at += RTQ__ROWS) {
        uint32_t m = n - at < RTQ__ROWS ? (uint32_t)(n - at) : RTQ__ROWS;
        union {
            const void *in;
            void *out;
        } data = {keys + at};
        rtq__vec v = {.kind = RTQ_LONG, .form = RTQ__FLAT, .n = m, .data = data.out}, *key = &v;
        if (rtq__rows_probe(ids, rows, &key, NULL, m, false, &scratch) != RTQ_OK)
            fail("probe");
        rtq__vec *g = rtq__rows_gather(rows, 1, ids, 0, m, &scratch);
        for (uint32_t i = 0; g && i < m; i++)
            sum += ((int64_t *)g->data)[i];
        rtq__arena_reset(&scratch);
    }
    double t = now() - start;
    if (sum == 42)
        printf(" ");
    rtq__rows_free(rows);
    rtq__arena_free(&scratch);
    return t;
}

static void line(const char *name, uint32_t groups, double seconds, double base, size_t n)
{
    printf("%-28s %9u groups %8.2f ns a row %7.1f x plain pass\n", name, groups, seconds * 1e9 / (double)n,
           seconds / base);
}

int main(int argc, char **argv)
{
    size_t n = (size_t)(argc > 1 ? strtoul(argv[1], NULL, 10) : 8) * 1000000;
    rtq__mem *mem = rtq__mem_new(NULL, NULL, 0);
    int64_t *keys = malloc(n * 8), *values = malloc(n * 8);
    rtq__string *strings = malloc(n * 16);
    char *text = malloc(n * 32);
    static const uint64_t distinct[] = {10, 1000, 1000000};
    uint32_t groups;
    if (!mem || !keys || !values || !strings || !text || n == 0)
        fail("memory");
    for (size_t i = 0; i < n; i++)
        values[i] = (int64_t)(scramble(i) & 1023);
    for (size_t i = 0; i < n; i++)
        keys[i] = (int64_t)scramble(i);
    double base = plain(keys, values, n);
    for (size_t d = 0; d < 3; d++) {
        for (size_t i = 0; i < n; i++)
            keys[i] = (int64_t)(scramble(i) % distinct[d]);
        double t = group(mem, &(input){RTQ_LONG, keys, values, n}, &groups);
        line("long key", groups, t, base, n);
    }
    for (size_t i = 0; i < n; i++)
        keys[i] = (int64_t)(i / 4000);
    double t = group(mem, &(input){RTQ_LONG, keys, values, n}, &groups);
    line("long key, in runs", groups, t, base, n);
    for (int longer = 0; longer < 2; longer++) {
        for (size_t d = 0; d < 3; d++) {
            for (size_t i = 0; i < n; i++) {
                char *s = text + i * 32; /* each row has its own text, as rows from a decoder have */
                int len = snprintf(s, 32, longer ? "%07lu.workstations.corp" : "%07lu",
                                   (unsigned long)(scramble(i) % distinct[d]));
                strings[i] = rtq__string_make(s, (size_t)len);
            }
            t = group(mem, &(input){RTQ_STRING, strings, values, n}, &groups);
            line(longer ? "string key of 25 bytes" : "string key of 7 bytes", groups, t, base, n);
        }
    }
    for (size_t i = 0; i < n; i++)
        keys[i] = (int64_t)(scramble(i) % 2000000);
    t = join(mem, keys, n, 1000000);
    line("join, half of keys match", 1000000, t, base, n);
    free(keys), free(values), free(strings), free(text);
    rtq__mem_unref(mem);
    return 0;
}
