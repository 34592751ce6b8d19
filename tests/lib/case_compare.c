/* case_compare.c - results against expectations, by the rules of shared/conformance/README.md. */
#include "case.h"
#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct rules {
    bool approx, set_order, list_order, backslash, ids;
};

static char reason[1024];

static bool differ(const char **why, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(reason, sizeof reason, format, args);
    va_end(args);
    *why = reason;
    return false;
}

static bool has_flag(struct json_object *flags, const char *name)
{
    for (size_t i = 0; flags && i < json_object_array_length(flags); i++)
        if (strcmp(json_object_get_string(json_object_array_get_idx(flags, i)), name) == 0)
            return true;
    return false;
}

static bool number_equal(double want, double got, const char *want_text, const struct rules *rules)
{
    double tolerance = 1e-9 * fabs(want), scale;
    const char *dot = strchr(want_text, '.');
    size_t digits = 0;

    if (rules->approx)
        tolerance = 0.02 * fabs(want);
    if (fabs(want - got) <= tolerance || want == got)
        return true;
    if (!dot || strpbrk(want_text, "eE"))
        return fabs(want) < 1e-300 && fabs(got) < 1e-12;
    while (isdigit((unsigned char)dot[1 + digits]))
        digits++;
    scale = pow(10, (double)digits);
    return fabs(round(got * scale) - round(want * scale)) < 0.5 || fabs(got - want) * scale <= 0.5000001;
}

/* Trimmed, runs of blanks folded. */
static void fold(char *to, size_t cap, const char *s, bool backslash)
{
    size_t n = 0;
    while (isspace((unsigned char)*s))
        s++;
    for (; *s && n + 1 < cap; s++) {
        if (backslash && *s == '\\')
            continue;
        if (isspace((unsigned char)*s)) {
            if (n && to[n - 1] != ' ')
                to[n++] = ' ';
        } else {
            to[n++] = *s;
        }
    }
    while (n && to[n - 1] == ' ')
        n--;
    to[n] = 0;
}

static bool text_equal(const char *a, const char *b, const struct rules *rules)
{
    size_t cap = strlen(a) + strlen(b) + 1;
    char *x, *y;
    bool same = strcmp(a, b) == 0;

    if (same)
        return true;
    x = malloc(cap), y = malloc(cap);
    fold(x, cap, a, rules->backslash), fold(y, cap, b, rules->backslash);
    same = strcmp(x, y) == 0;
    free(x), free(y);
    return same;
}

/* To the number of fraction digits that are expected; no fraction at all: seconds. */
static bool time_equal(const char *want, const char *got)
{
    size_t n = strlen(want);
    bool z = n && want[n - 1] == 'Z';
    const char *rest;

    n -= z;
    if (strncmp(want, got, n) != 0)
        return false;
    rest = got + n;
    if (!strchr(want, '.')) {
        if (*rest == '.')
            for (rest++; isdigit((unsigned char)*rest); rest++)
                ;
    } else {
        while (isdigit((unsigned char)*rest))
            rest++;
    }
    return strcmp(rest, z ? "Z" : "") == 0;
}

static bool json_equal(struct json_object *want, struct json_object *got, const struct rules *rules);

static bool array_equal(struct json_object *want, struct json_object *got, const struct rules *rules)
{
    size_t n = json_object_array_length(want);
    bool same = json_object_array_length(got) == n, *used;

    for (size_t i = 0; same && i < n; i++)
        same = json_equal(json_object_array_get_idx(want, i), json_object_array_get_idx(got, i), rules);
    if (same || !(rules->set_order || rules->list_order) || json_object_array_length(got) != n)
        return same;
    used = calloc(n + 1, sizeof *used);
    same = true;
    for (size_t i = 0; same && i < n; i++) {
        size_t k = 0;
        while (k < n &&
               (used[k] || !json_equal(json_object_array_get_idx(want, i), json_object_array_get_idx(got, k), rules)))
            k++;
        if (k < n)
            used[k] = true;
        same = k < n;
    }
    free(used);
    return same;
}

static bool json_equal(struct json_object *want, struct json_object *got, const struct rules *rules)
{
    enum json_type a = json_object_get_type(want), b = json_object_get_type(got);

    if ((a == json_type_int || a == json_type_double) && (b == json_type_int || b == json_type_double)) {
        if (a == json_type_int && b == json_type_int)
            return json_object_get_int64(want) == json_object_get_int64(got) ||
                   (rules->approx &&
                    number_equal(json_object_get_double(want), json_object_get_double(got), "", rules));
        return number_equal(json_object_get_double(want), json_object_get_double(got), json_object_to_json_string(want),
                            rules);
    }
    if (a != b)
        return false;
    switch (a) {
    case json_type_string: return text_equal(json_object_get_string(want), json_object_get_string(got), rules);
    case json_type_array: return array_equal(want, got, rules);
    case json_type_object:
        if (json_object_object_length(want) != json_object_object_length(got))
            return false;
        {
            json_object_object_foreach(want, key, value)
            {
                struct json_object *other;
                if (!json_object_object_get_ex(got, key, &other) || !json_equal(value, other, rules))
                    return false;
            }
        }
        return true;
    case json_type_boolean: return json_object_get_boolean(want) == json_object_get_boolean(got);
    default: return true;
    }
}

static bool cell_equal(struct json_object *want, struct json_object *got, const char *type, const struct rules *rules)
{
    if (!want || !got)
        return !want && !got;
    if (strcmp(type, "datetime") == 0 || strcmp(type, "timespan") == 0)
        return json_object_is_type(want, json_type_string) && json_object_is_type(got, json_type_string) &&
               time_equal(json_object_get_string(want), json_object_get_string(got));
    if (strcmp(type, "decimal") == 0)
        return number_equal(json_object_get_double(want), json_object_get_double(got), json_object_get_string(want),
                            rules);
    return json_equal(want, got, rules);
}

bool case_compare_schema(const case_result *got, struct json_object *columns, struct json_object *types,
                         const char **why)
{
    size_t n = json_object_array_length(columns);

    if (json_object_array_length(got->columns) != n)
        return differ(why, "%zu columns, expected %zu: got %s", json_object_array_length(got->columns), n,
                      json_object_to_json_string(got->columns));
    for (size_t i = 0; i < n; i++) {
        const char *want = json_object_get_string(json_object_array_get_idx(columns, i));
        const char *have = json_object_get_string(json_object_array_get_idx(got->columns, i));
        const char *want_type = types ? json_object_get_string(json_object_array_get_idx(types, i)) : "unknown";
        const char *type = json_object_get_string(json_object_array_get_idx(got->types, i));
        if (strcmp(want, have) != 0)
            return differ(why, "column %zu is named '%s', expected '%s'", i, have, want);
        if (strcmp(want_type, "unknown") != 0 && strcmp(want_type, type) != 0 &&
            !(strcmp(type, "unknown") == 0 && strcmp(want_type, "dynamic") == 0))
            return differ(why, "column '%s' is %s, expected %s", want, type, want_type);
    }
    return true;
}

static bool row_equal(struct json_object *want, struct json_object *got, struct json_object *types, const size_t *map,
                      const struct rules *rules, size_t *bad)
{
    for (size_t i = 0; i < json_object_array_length(want); i++) {
        *bad = i;
        if (!cell_equal(json_object_array_get_idx(want, i), json_object_array_get_idx(got, map[i]),
                        json_object_get_string(json_object_array_get_idx(types, i)), rules))
            return false;
    }
    return true;
}

/* Rows that tie on the sort columns may come in any order: a row matches any unused row whose sort cells equal those of its place. */
static bool rows_equal(struct json_object *want, struct json_object *got, struct json_object *types, const size_t *map,
                       bool ordered, struct json_object *order_by, struct json_object *columns,
                       const struct rules *rules, const char **why)
{
    size_t n = json_object_array_length(want), bad = 0;
    bool *used, same = true;

    if (json_object_array_length(got) != n)
        return differ(why, "%zu rows, expected %zu", json_object_array_length(got), n);
    for (size_t i = 0; same && i < n; i++)
        same = row_equal(json_object_array_get_idx(want, i), json_object_array_get_idx(got, i), types, map, rules,
                         &bad);
    if (same)
        return true;
    used = calloc(n + 1, sizeof *used);
    same = true;
    for (size_t i = 0; same && i < n; i++) {
        struct json_object *row = json_object_array_get_idx(want, i);
        size_t k = 0;
        while (k < n && (used[k] || !row_equal(row, json_object_array_get_idx(got, k), types, map, rules, &bad)))
            k++;
        if (k == n) {
            same = differ(why, "row %zu: no row like %s; in its place: %s", i,
                          json_object_to_json_string_ext(row, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE),
                          json_object_to_json_string_ext(json_object_array_get_idx(got, i),
                                                         JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
            break;
        }
        used[k] = true;
        if (k == i || !ordered)
            continue;
        if (!order_by)
            same = differ(why, "row %zu stands at %zu", i, k);
        for (size_t o = 0; same && order_by && o < json_object_array_length(order_by); o++) /* ties only */
            for (size_t c = 0; c < json_object_array_length(columns); c++)
                if (strcmp(json_object_get_string(json_object_array_get_idx(columns, c)),
                           json_object_get_string(json_object_array_get_idx(order_by, o))) == 0 &&
                    !cell_equal(json_object_array_get_idx(row, c),
                                json_object_array_get_idx(json_object_array_get_idx(got, i), map[c]),
                                json_object_get_string(json_object_array_get_idx(types, c)), rules))
                    same = differ(why, "row %zu stands at %zu and does not tie on the sort columns", i, k);
    }
    free(used);
    return same;
}

/* Column i of the expectation is column map[i] of the result: by place, or by name where the schema depends on the data. */
static bool map_columns(size_t *map, const case_result *got, struct json_object *columns, bool by_name,
                        const char **why)
{
    size_t n = json_object_array_length(columns);

    for (size_t i = 0; i < n; i++) {
        size_t k = by_name ? 0 : i;
        while (by_name && k < json_object_array_length(got->columns) &&
               strcmp(json_object_get_string(json_object_array_get_idx(got->columns, k)),
                      json_object_get_string(json_object_array_get_idx(columns, i))) != 0)
            k++;
        if (k >= json_object_array_length(got->columns))
            return differ(why, "no column '%s' in %s", json_object_get_string(json_object_array_get_idx(columns, i)),
                          json_object_to_json_string(got->columns));
        map[i] = k;
    }
    return true;
}

bool case_compare(const case_result *got, struct json_object *expected, struct json_object *flags, bool ordered,
                  struct json_object *order_by, const char **why)
{
    struct rules rules = {has_flag(flags, "approx"), has_flag(flags, "set-order"), has_flag(flags, "list-order"),
                          has_flag(flags, "backslash"), has_flag(flags, "internal-ids")};
    struct json_object *columns = NULL, *types = NULL, *rows = NULL, *page = NULL;
    bool open = has_flag(flags, "schema-open") || got->open;
    size_t *map, n;
    bool same;

    json_object_object_get_ex(expected, "columns", &columns);
    json_object_object_get_ex(expected, "types", &types);
    json_object_object_get_ex(expected, "rows", &rows);
    n = json_object_array_length(columns);
    if (open && json_object_array_length(got->columns) != n)
        return differ(why, "%zu columns, expected %zu: got %s", json_object_array_length(got->columns), n,
                      json_object_to_json_string(got->columns));
    if (!open && !case_compare_schema(got, columns, types, why) &&
        !(json_object_object_get_ex(expected, "page_columns", &page) && json_object_array_length(page) == n &&
          case_compare_schema(got, page, types, why)))
        return false;
    if (!rows)
        return true;
    if (has_flag(flags, "order-varied-between-runs"))
        ordered = false;
    map = calloc(n + 1, sizeof *map);
    same = map_columns(map, got, columns, open, why) &&
           rows_equal(rows, got->rows, types, map, ordered, order_by, columns, &rules, why);
    free(map);
    return same;
}
