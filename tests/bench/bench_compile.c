/* bench_compile.c - time to compile queries, from text to a plan.
 *
 * usage: bench_compile FILE [TABLES]. The queries in it end with a zero byte each; without TABLES every
 * table is open. Prints for each the least processor time of
 * five in microseconds, negative when the query is refused. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "rtq/rtq.h"

static double micros(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec * 1e-3;
}

static double compile(rtq_env *env, const char *text, size_t len, const rtq_query_options *options)
{
    double best = 1e12;
    int ok = 1;
    for (int i = 0; i < 5; i++) {
        rtq_query *query = NULL;
        rtq_diag *diag = NULL;
        double t = micros();
        ok = rtq_query_compile(&query, env, text, len, options, &diag) == RTQ_OK;
        t = micros() - t;
        best = t < best ? t : best;
        rtq_query_free(query);
        rtq_diag_free(diag);
    }
    return ok ? best : -best;
}

int main(int argc, char **argv)
{
    rtq_query_options options = {.size = sizeof options, .tables = argc > 2 ? argv[2] : NULL};
    rtq_env *env = NULL;
    char *text = NULL;
    size_t len = 0, cap = 0, got;
    FILE *f = argc > 1 ? fopen(argv[1], "r") : NULL;
    if (!f || rtq_env_new(&env, NULL) != RTQ_OK)
        return 1;
    do {
        if (len + 65536 > cap && !(text = realloc(text, cap = 2 * cap + 65536)))
            return 1;
        len += got = fread(text + len, 1, 65536, f);
    } while (got);
    fclose(f);
    for (size_t at = 0; at < len;) {
        size_t n = strnlen(text + at, len - at);
        printf("%.2f\n", compile(env, text + at, n, argc > 2 ? &options : NULL));
        at += n + 1;
    }
    free(text);
    rtq_env_free(env);
    return 0;
}
