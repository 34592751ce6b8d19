/* case_file.c - our own cases as text:
 *
 *     # comment
 *     @ name of the case
 *     @< T(a:long, *)               (none, or some: a table, pushed as JSON; a final @? ends the rows)
 *     {"a": 1, "b": "x"}
 *     @?
 *     query, any number of lines
 *     @@ a:long, b:string           (or: @@ unordered a:long, …   or: @! part of the error message)
 *     [1, "x"]                      one JSON array a row
 */
#include "case.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void set_schema(struct json_object *c, const char *spec)
{
    struct json_object *expected = json_object_new_object(), *columns = json_object_new_array(),
                       *types = json_object_new_array();
    bool ordered = true;
    char *copy, *save = NULL;

    if (strncmp(spec, "unordered", 9) == 0) {
        ordered = false;
        spec += 9;
    }
    copy = strdup(spec);
    for (char *col = strtok_r(copy, ",", &save); col; col = strtok_r(NULL, ",", &save)) {
        char *colon = strrchr(col, ':'), *end;
        while (isspace((unsigned char)*col))
            col++;
        if (!colon)
            continue;
        for (end = colon + strlen(colon); end > colon && isspace((unsigned char)end[-1]); end--)
            end[-1] = 0;
        *colon = 0;
        json_object_array_add(columns, json_object_new_string(col));
        json_object_array_add(types, json_object_new_string(colon + 1));
    }
    free(copy);
    json_object_object_add(expected, "columns", columns);
    json_object_object_add(expected, "types", types);
    json_object_object_add(expected, "rows", json_object_new_array());
    json_object_object_add(c, "expected", expected);
    json_object_object_add(c, "ordered", json_object_new_boolean(ordered));
}

static int add_row(struct json_object *c, const char *line, const char *path, int number)
{
    struct json_object *expected = NULL, *rows = NULL, *row = json_tokener_parse(line);

    if (!json_object_object_get_ex(c, "expected", &expected) || !row || !json_object_is_type(row, json_type_array)) {
        fprintf(stderr, "%s:%d: not a row: %s\n", path, number, line);
        json_object_put(row);
        return -1;
    }
    json_object_object_get_ex(expected, "rows", &rows);
    json_object_array_add(rows, row);
    return 0;
}

static void add_input(struct json_object *c, const char *table)
{
    struct json_object *input = NULL, *o = json_object_new_object();

    if (!json_object_object_get_ex(c, "input", &input)) {
        input = json_object_new_array();
        json_object_object_add(c, "input", input);
    }
    json_object_object_add(o, "table", json_object_new_string(table));
    json_object_object_add(o, "rows", json_object_new_string(""));
    json_object_array_add(input, o);
}

static void add_input_row(struct json_object *c, const char *line)
{
    struct json_object *input = NULL, *o, *rows = NULL;
    char *text = NULL;

    json_object_object_get_ex(c, "input", &input);
    o = json_object_array_get_idx(input, json_object_array_length(input) - 1);
    json_object_object_get_ex(o, "rows", &rows);
    if (asprintf(&text, "%s%s\n", json_object_get_string(rows), line) > 0)
        json_object_object_add(o, "rows", json_object_new_string(text));
    free(text);
}

static int finish(struct json_object *c, char *query, int (*fn)(struct json_object *, void *), void *user)
{
    int rc = 0;
    if (c) {
        json_object_object_add(c, "query", json_object_new_string(query));
        rc = fn(c, user);
        json_object_put(c);
    }
    query[0] = 0;
    return rc;
}

int case_read_file(const char *path, int (*fn)(struct json_object *c, void *user), void *user)
{
    FILE *f = fopen(path, "r");
    struct json_object *c = NULL;
    char *line = NULL, *query = calloc(1, 1 << 20), id[512];
    const char *base = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
    size_t cap = 0;
    bool rows = false, input = false;
    int number = 0, rc = f ? 0 : -1;

    while (f && rc == 0 && getline(&line, &cap, f) >= 0) {
        number++;
        line[strcspn(line, "\r\n")] = 0;
        if (strncmp(line, "@< ", 3) == 0 && c) {
            add_input(c, line + 3);
            input = true;
        } else if (strncmp(line, "@?", 2) == 0) {
            input = false;
        } else if (input) {
            add_input_row(c, line);
        } else if (strncmp(line, "@! ", 3) == 0 && c) {
            json_object_object_add(c, "error", json_object_new_string(line + 3));
            json_object_object_add(c, "error_part", json_object_new_boolean(1));
            rows = true;
        } else if (strncmp(line, "@@", 2) == 0 && c) {
            set_schema(c, line + 2 + strspn(line + 2, " "));
            rows = true;
        } else if (line[0] == '@' && line[1] == ' ') {
            rc = finish(c, query, fn, user);
            c = json_object_new_object();
            snprintf(id, sizeof id, "%s: %s", base, line + 2);
            json_object_object_add(c, "id", json_object_new_string(id));
            rows = false;
        } else if (rows) {
            if (line[0] && line[0] != '#')
                rc = add_row(c, line, path, number);
        } else if (c && strlen(query) + strlen(line) + 2 < 1 << 20) {
            strcat(strcat(query, line), "\n");
        }
    }
    if (rc == 0)
        rc = finish(c, query, fn, user);
    free(line), free(query);
    if (f)
        fclose(f);
    return rc;
}
