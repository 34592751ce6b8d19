/* case.h - run one KQL query through the public API and compare its result with an expected one. Values are JSON, encoded as
 * shared/conformance/README.md says. */
#ifndef CASE_H
#define CASE_H
#include <json-c/json.h>
#include <stdbool.h>
#include "rtq/rtq.h"

typedef struct case_result {
    int code;                                   /* RTQ_OK, or why it was refused */
    char *error;                                /* rendered diagnostics */
    bool open;                                  /* a rest column was expanded into names */
    struct json_object *columns, *types, *rows; /* arrays */
} case_result;

/* tables: "T(a:long); …" or NULL (all open). run false: compile only. input: array of {"table": "T(a:long, *)", "rows": "JSON lines"},
 * each pushed as a source of its own, or NULL. */
void case_run(case_result *out, rtq_env *env, const char *query, size_t len, const char *tables, bool run,
              struct json_object *input);
void case_result_free(case_result *r);

/* expected: the case's "expected" object; flags: array or NULL. On a difference *why says which (static buffer). */
bool case_compare(const case_result *got, struct json_object *expected, struct json_object *flags, bool ordered,
                  struct json_object *order_by, const char **why);
bool case_compare_schema(const case_result *got, struct json_object *columns, struct json_object *types,
                         const char **why);

/* A file of cases of our own; calls fn for each with an object of the same form as a line of the corpora. */
int case_read_file(const char *path, int (*fn)(struct json_object *c, void *user), void *user);

#endif
