/* bind_dump.c - what the binder says about queries, in the form of shared/tools/binder.js: for comparing the two.
 *
 *   bind-dump [--open] < queries.jsonl > answers.jsonl
 *     in:  {"id": …, "query": …, "tables": {"T": "a: long, b: string", …}}
 *     out: {"id", "ok", "code", "columns", "types", "open", "diagnostics": [{"code", "message", "hint", "start", "length"}]}
 *     "wrong": the tree breaks a rule of its own (never)
 *   --open: tables that are not given are open ones. */
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include "bind_check.h"
#include "kql/bind.h"
#include "kql/parse.h"
#include "kql/tables.h"

static const char *text_of(struct json_object *o, const char *key)
{
    struct json_object *v;
    return json_object_object_get_ex(o, key, &v) ? json_object_get_string(v) : NULL;
}

static const rtq__table *const *read_tables(struct json_object *query, rtq__arena *arena, uint32_t *n, rtq_diag *diag)
{
    struct json_object *tables;
    const rtq__table **list = NULL;
    size_t cap = 0;
    *n = 0;
    if (!json_object_object_get_ex(query, "tables", &tables) || !json_object_is_type(tables, json_type_object))
        return NULL;
    json_object_object_foreach(tables, name, schema)
    {
        rtq__ast_list columns;
        const char *text = json_object_get_string(schema);
        rtq__table *table = rtq__arena_zalloc(arena, sizeof *table);
        if (rtq__parse_schema(&columns, arena, text, strlen(text), diag) < 0 ||
            rtq__table_from_schema(table, arena, name, strlen(name), &columns, diag) < 0)
            continue;
        if (*n == cap) {
            const rtq__table **more = rtq__arena_alloc(arena, (cap = cap ? 2 * cap : 64) * sizeof *more);
            if (*n)
                memcpy(more, list, *n * sizeof *more);
            list = more;
        }
        list[(*n)++] = table;
    }
    return list;
}

static void add_result(struct json_object *answer, const rtq__bound *bound)
{
    struct json_object *columns = json_object_new_array(), *types = json_object_new_array();
    bool open = false;
    const rtq__result *r = bound->n_results ? &bound->results[bound->n_results - 1] : NULL;
    for (uint32_t i = 0; r && i < r->n_cols; i++) {
        uint32_t kind = r->cols[i]->kind;
        if (r->cols[i]->flags & RTQ__COL_REST) {
            open = true;
            continue;
        }
        json_object_array_add(columns, json_object_new_string(r->names[i]));
        json_object_array_add(types, json_object_new_string(kind == RTQ_UNKNOWN ? "unknown" : rtq__kind_name(kind)));
    }
    json_object_object_add(answer, "columns", columns);
    json_object_object_add(answer, "types", types);
    json_object_object_add(answer, "open", json_object_new_boolean(open));
}

static struct json_object *diagnostics(const rtq_diag *diag)
{
    struct json_object *list = json_object_new_array();
    for (size_t i = 0; i < rtq_diag_count(diag); i++) {
        rtq_diag_item item = {.size = sizeof item};
        if (rtq_diag_get(&item, diag, i) < 0)
            break;
        struct json_object *o = json_object_new_object();
        json_object_object_add(o, "code", json_object_new_int(item.code));
        json_object_object_add(o, "message", json_object_new_string(item.message ? item.message : ""));
        if (item.hint)
            json_object_object_add(o, "hint", json_object_new_string(item.hint));
        if (item.subject)
            json_object_object_add(o, "subject", json_object_new_string(item.subject));
        json_object_object_add(o, "start", json_object_new_int64((int64_t)item.begin));
        json_object_object_add(o, "length", json_object_new_int64((int64_t)(item.end - item.begin)));
        json_object_array_add(list, o);
    }
    return list;
}

static void answer_one(rtq__mem *mem, struct json_object *query, bool open)
{
    rtq_diag *diag = NULL;
    rtq__arena arena;
    rtq__ast_query *ast = NULL;
    rtq__bound *bound = NULL;
    rtq__catalog catalog = {.any_table = open};
    rtq__arena_init(&arena, mem, 0);
    rtq__diag_begin(&diag, mem);
    const char *text = text_of(query, "query");
    text = text ? text : "";
    catalog.tables = read_tables(query, &arena, &catalog.n_tables, diag);
    rtq__diag_set_text(diag, text, strlen(text));
    int rc = rtq__parse(&ast, &arena, text, strlen(text), diag);
    if (rc == RTQ_OK)
        rc = rtq__bind(&bound, mem, ast, &catalog, diag);
    struct json_object *answer = json_object_new_object();
    json_object_object_add(answer, "id", json_object_new_string(text_of(query, "id") ? text_of(query, "id") : ""));
    json_object_object_add(answer, "ok", json_object_new_boolean(rc == RTQ_OK));
    json_object_object_add(answer, "code", json_object_new_int(rc));
    if (bound) {
        const char *wrong = bind_check(bound);
        add_result(answer, bound);
        if (wrong)
            json_object_object_add(answer, "wrong", json_object_new_string(wrong));
    }
    json_object_object_add(answer, "diagnostics", diagnostics(diag));
    puts(json_object_to_json_string_ext(answer, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
    json_object_put(answer);
    rtq__bound_free(bound);
    rtq__arena_free(&arena);
    rtq_diag_free(diag);
}

int main(int argc, char **argv)
{
    bool open = argc > 1 && strcmp(argv[1], "--open") == 0;
    rtq__mem *mem = rtq__mem_new(NULL, NULL, 0);
    char *line = NULL;
    size_t cap = 0;
    while (mem && getline(&line, &cap, stdin) > 0) {
        struct json_object *query = json_tokener_parse(line);
        if (query)
            answer_one(mem, query, open);
        json_object_put(query);
    }
    free(line);
    rtq__mem_unref(mem);
    return 0;
}
