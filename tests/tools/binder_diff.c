/* binder-diff - compares the parser's verdicts with another parser's. Development only; needs ../shared.
 *
 *   binder-diff emit DIR SEEDS > queries.jsonl        {"id": "file id seed", "query": ...} for seeds 0 .. SEEDS-1
 *   binder-diff record < answers.jsonl > verdicts.tsv   answers: {"id": ..., "syntax_ok": ...}, in the order of emit
 *   binder-diff compare DIR VERDICTS [all]             prints the differences, and the share that agrees
 *   binder-diff show FILE                              the reports on a query, its tree, and what is printed of it */
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "kql/parse.h"
#include "kql/print.h"
#include "kql_corpus.h"
#include "kql_dump.h"

static int emit(const char *dir, uint64_t seeds)
{
    for (size_t f = 0; kql_corpus_files[f]; f++) {
        kql_corpus corpus;
        if (kql_corpus_read(&corpus, dir, kql_corpus_files[f]) != 0)
            return 77;
        for (size_t i = 0; i < corpus.n; i++) {
            for (uint64_t seed = 0; seed < seeds; seed++) {
                char id[512];
                size_t len;
                char *text = kql_mutate(&corpus.entries[i], seed, &len);
                struct json_object *object = json_object_new_object();
                snprintf(id, sizeof(id), "%zu %s %llu", f, corpus.entries[i].id, (unsigned long long)seed);
                json_object_object_add(object, "id", json_object_new_string(id));
                json_object_object_add(object, "query", json_object_new_string_len(text, (int)len));
                puts(json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN));
                json_object_put(object);
                free(text);
            }
        }
        kql_corpus_free(&corpus);
    }
    return 0;
}

/* One line a query: file, id, and a digit a seed: 1 accepted, 0 refused, x no answer. */
static int record(void)
{
    char *line = NULL, last[512] = "";
    size_t cap = 0;
    while (getline(&line, &cap, stdin) > 0) {
        struct json_object *object = json_tokener_parse(line), *id = NULL, *ok = NULL;
        if (!object || !json_object_object_get_ex(object, "id", &id))
            return 1;
        json_object_object_get_ex(object, "syntax_ok", &ok);
        char name[512];
        snprintf(name, sizeof(name), "%s", json_object_get_string(id));
        *strrchr(name, ' ') = '\0';
        if (strcmp(name, last) != 0) {
            printf("%s%.*s\t%s\t", *last ? "\n" : "", (int)strcspn(name, " "), name, name + strcspn(name, " ") + 1);
            strcpy(last, name);
        }
        putchar(ok ? (json_object_get_boolean(ok) ? '1' : '0') : 'x');
        json_object_put(object);
    }
    putchar('\n');
    free(line);
    return 0;
}

static int verdict(rtq__mem *mem, const char *text, size_t len, rtq_diag *diag)
{
    rtq__arena arena;
    rtq__ast_query *query;
    rtq__arena_init(&arena, mem, 0);
    int code = rtq__parse(&query, &arena, text, len, diag);
    rtq__arena_free(&arena);
    return code;
}

static void show(rtq__mem *mem, const char *text, size_t len)
{
    rtq_diag *diag = NULL;
    rtq_blob *blob = NULL;
    rtq__diag_begin(&diag, mem);
    int code = verdict(mem, text, len, diag);
    printf("code %d\n", code);
    if (rtq_diag_count(diag) > 0 && rtq_diag_render(&blob, diag) == RTQ_OK)
        printf("%.*s\n", (int)rtq_blob_get(blob).len, rtq_blob_get(blob).ptr);
    rtq_blob_free(blob);
    rtq_diag_free(diag);
}

static int compare(const char *dir, const char *path, int all)
{
    rtq__mem *mem = rtq__mem_new(NULL, NULL, 0);
    size_t same = 0, total = 0;
    for (size_t f = 0; kql_corpus_files[f]; f++) {
        kql_corpus corpus;
        char *line = NULL;
        size_t cap = 0, i = 0;
        if (kql_corpus_read(&corpus, dir, kql_corpus_files[f]) != 0)
            return 77;
        FILE *in = fopen(path, "r");
        if (!in)
            return 1;
        while (getline(&line, &cap, in) > 0) {
            char *id = strchr(line, '\t') + 1, *bits = strchr(id, '\t') + 1;
            if (strtoul(line, NULL, 10) != f)
                continue;
            bits[-1] = '\0';
            while (i < corpus.n && strcmp(corpus.entries[i].id, id) != 0)
                i++;
            if (i == corpus.n)
                return 1;
            for (uint64_t seed = 0; bits[seed] > ' '; seed++) {
                size_t len;
                if (bits[seed] == 'x')
                    continue;
                char *text = kql_mutate(&corpus.entries[i], seed, &len);
                int code = verdict(mem, text, len, NULL), ok = code == RTQ_OK || code == RTQ_ERR_SEMANTIC;
                total++;
                same += ok == (bits[seed] == '1');
                if (all && ok != (bits[seed] == '1')) {
                    printf("---- %zu %s %llu: expected %c, ", f, id, (unsigned long long)seed, bits[seed]);
                    show(mem, text, len);
                    printf("%s\n", text);
                }
                free(text);
            }
            i++;
        }
        free(line);
        fclose(in);
        kql_corpus_free(&corpus);
    }
    printf("%zu of %zu agree (%.3f %%)\n", same, total, 100.0 * (double)same / (double)(total ? total : 1));
    rtq__mem_unref(mem);
    return 0;
}

static void show_tree(rtq__mem *mem, const char *text, size_t len)
{
    rtq__arena arena;
    rtq__ast_query *query;
    rtq__buf buf;
    rtq__arena_init(&arena, mem, 0);
    rtq__buf_init(&buf, mem);
    if (rtq__parse(&query, &arena, text, len, NULL) == RTQ_OK) {
        kql_dump_query(&buf, query);
        rtq__buf_addc(&buf, '\n');
        rtq__ast_print_query(&buf, query);
        printf("%.*s\n", (int)buf.len, buf.ptr);
    }
    rtq__buf_free(&buf);
    rtq__arena_free(&arena);
}

static int show_file(const char *path)
{
    static char text[1 << 20];
    FILE *in = fopen(path, "r");
    if (!in)
        return 1;
    size_t len = fread(text, 1, sizeof(text), in);
    fclose(in);
    rtq__mem *mem = rtq__mem_new(NULL, NULL, 0);
    show(mem, text, len);
    show_tree(mem, text, len);
    rtq__mem_unref(mem);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "emit") == 0)
        return emit(argv[2], strtoull(argv[3], NULL, 10));
    if (argc == 2 && strcmp(argv[1], "record") == 0)
        return record();
    if (argc >= 4 && strcmp(argv[1], "compare") == 0)
        return compare(argv[2], argv[3], argc > 4);
    if (argc == 3 && strcmp(argv[1], "show") == 0)
        return show_file(argv[2]);
    fprintf(stderr, "usage: see the top of tests/tools/binder_diff.c\n");
    return 2;
}
