/* test_parse.c - trees, reports, bounds, query files; and the corpora of ../shared. */
#include <criterion/criterion.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "kql/parse.h"
#include "kql/print.h"
#include "kql_corpus.h"
#include "kql_dump.h"

#define SHARED "../shared/conformance"

typedef struct fixture {
    rtq__mem *mem;
    rtq__arena arena;
    rtq_diag *diag;
    rtq__ast_query *query;
    rtq__buf buf;
} fixture;

static fixture start(void)
{
    fixture f = {.mem = rtq__mem_new(NULL, NULL, 0)};
    rtq__arena_init(&f.arena, f.mem, 0);
    rtq__diag_begin(&f.diag, f.mem);
    rtq__buf_init(&f.buf, f.mem);
    return f;
}

static void stop(fixture *f)
{
    rtq__buf_free(&f->buf);
    rtq_diag_free(f->diag);
    rtq__arena_free(&f->arena);
    rtq__mem_unref(f->mem);
}

static int parse(fixture *f, const char *text)
{
    return rtq__parse(&f->query, &f->arena, text, strlen(text), f->diag);
}

/* The tree of `text` reads `tree`. */
static void expect_tree(const char *text, const char *tree)
{
    fixture f = start();
    cr_expect_eq(parse(&f, text), RTQ_OK, "%s is refused", text);
    if (f.query->statements.first)
        kql_dump(&f.buf, f.query->statements.first);
    rtq__buf_addc(&f.buf, '\0');
    cr_expect_str_eq(f.buf.ptr, tree, "of %s", text);
    stop(&f);
}

/* Exactly these messages, "begin-end message" each, in this order. */
static void expect_errors(const char *text, int code, ...)
{
    fixture f = start();
    cr_expect_eq(parse(&f, text), code, "code of %s", text);
    va_list args;
    va_start(args, code);
    size_t n = 0;
    for (const char *want; (want = va_arg(args, const char *)); n++) {
        rtq_diag_item item = {.size = sizeof(item)};
        char got[400] = "(none)";
        if (rtq_diag_get(&item, f.diag, n) == RTQ_OK)
            snprintf(got, sizeof(got), "%zu-%zu %s", item.begin, item.end, item.message);
        cr_expect_str_eq(got, want, "report %zu of %s", n, text);
    }
    va_end(args);
    cr_expect_eq(rtq_diag_count(f.diag), n, "%s has %zu reports", text, rtq_diag_count(f.diag));
    stop(&f);
}

Test(parse, precedence)
{
    expect_tree(
        "print a or b and c == d + e * f has g",
        "(print items[(operator or (name `a`) (operator and (name `b`) (operator == (name `c`) (operator + (name `d`) "
        "(operator * (name `e`) (operator has (name `f`) (name `g`)))))))])");
    expect_tree("print a - b - c", "(print items[(operator - (operator - (name `a`) (name `b`)) (name `c`))])");
    expect_tree("print a < b == c", "(print items[(operator == (operator < (name `a`) (name `b`)) (name `c`))])");
    expect_tree("print -a.b[0]['c d']", "(print items[(unary operator - (index (index (member (name `a`) `b`) (literal "
                                        "3/0 0)) (literal 6/0\"c d\")))])");
    expect_tree("T | where * has 'x' and * == 1",
                "(query (name `T`) [(where value(operator and (operator has (*) (literal 6/0\"x\")) (operator == (*) "
                "(literal 3/0 1))))])");
}

Test(parse, lists_and_ranges)
{
    expect_tree(
        "T | where a !in~ ('x', 'y') and b between (1 .. 2)",
        "(query (name `T`) [(where value(operator and (in !in~ (name `a`) [(literal 6/0\"x\") (literal 6/0\"y\")]) "
        "(between between (name `b`) (literal 3/0 1) (literal 3/0 2))))])");
    expect_tree(
        "T | where a in (U | project b)",
        "(query (name `T`) [(where value(in in (name `a`) [(query (name `U`) [(project items[(name `b`)])])]))])");
}

Test(parse, keywords_are_names_where_they_can_be)
{
    expect_tree("T | where count == 1 and range > 2 | project by=1, limit",
                "(query (name `T`) [(where value(operator and (operator == (name `count`) (literal 3/0 1)) (operator > "
                "(name `range`) (literal 3/0 2)))) (project items[(named expression [(name `by`)] (literal 3/0 1)) "
                "(name `limit`)])])");
    expect_tree("T | count", "(query (name `T`) [(count)])");
    expect_tree("print count()", "(print items[(call `count`)])");
    expect_tree("range x from 1 to 3 step 1", "(range `x` from(literal 3/0 1) to(literal 3/0 3) step(literal 3/0 1))");
    expect_tree("print range(1, 3)", "(print items[(call `range` [(literal 3/0 1) (literal 3/0 3)])])");
}

static const rtq__ast_literal *literal_of(fixture *f, const char *text, uint32_t type)
{
    char query[256];
    snprintf(query, sizeof(query), "print %s", text);
    cr_assert_eq(parse(f, query), RTQ_OK, "%s", text);
    const rtq__ast *node = f->query->statements.first->op->items.first;
    cr_assert_eq(node->kind, RTQ__AST_LITERAL, "%s", text);
    cr_assert_eq(node->literal.type, type, "type of %s", text);
    return &node->literal;
}

Test(parse, literals)
{
    fixture f = start();
    cr_expect_eq(literal_of(&f, "0x1F", RTQ_LONG)->u.i, 31);
    cr_expect_eq(literal_of(&f, "long( -5 )", RTQ_LONG)->u.i, -5);
    cr_expect(literal_of(&f, "int(null)", RTQ_INT)->is_null);
    cr_expect_float_eq(literal_of(&f, "1.5e3", RTQ_REAL)->u.d, 1500.0, 0);
    cr_expect_eq(literal_of(&f, "1.5h", RTQ_TIMESPAN)->u.i, INT64_C(54000000000));
    cr_expect_eq(literal_of(&f, "100nanoseconds", RTQ_TIMESPAN)->u.i, 1);
    cr_expect_eq(literal_of(&f, "timespan(2)", RTQ_TIMESPAN)->u.i, INT64_C(1728000000000));
    cr_expect_eq(literal_of(&f, "datetime(0001-01-02)", RTQ_DATETIME)->u.i, INT64_C(864000000000));
    cr_expect_eq(literal_of(&f, "datetime(1, 1, 2)", RTQ_DATETIME)->u.i, INT64_C(864000000000));
    cr_expect_eq(literal_of(&f, "True", RTQ_BOOL)->u.i, 1);
    cr_expect_eq(literal_of(&f, "guid(00112233-4455-6677-8899-aabbccddeeff)", RTQ_GUID)->u.guid[1], 0x11);
    cr_expect_str_eq(literal_of(&f, "decimal(1.50)", RTQ_DECIMAL)->text.ptr, "1.50");
    cr_expect_str_eq(literal_of(&f, "@'a\\b''c' \"\\x41\\u00e9\\101\\t\" ```\nx```", RTQ_STRING)->text.ptr,
                     "a\\b'cA\xC3\xA9"
                     "A\t\nx");
    cr_expect(literal_of(&f, "h'secret'", RTQ_STRING)->flags & RTQ__LITERAL_OBFUSCATED);
    cr_expect_str_eq(literal_of(&f, "'\\uD83D\\uDE00'", RTQ_STRING)->text.ptr, "\xF0\x9F\x98\x80");
    rtq_str text = literal_of(&f, "dynamic( {\"a\": [1, true]} )", RTQ_DYNAMIC)->text;
    cr_expect_eq(text.len, strlen("{\"a\": [1, true]}") + 2);
    stop(&f);
}

Test(parse, literals_without_value)
{
    expect_errors("print datetime(foo)", RTQ_ERR_SEMANTIC, "6-19 'foo' is not a value of type datetime", NULL);
    expect_errors("print int(3000000000)", RTQ_ERR_SEMANTIC, "6-21 '3000000000' is not a value of type int", NULL);
    expect_errors("print 99999999999999999999", RTQ_ERR_SEMANTIC,
                  "6-26 '99999999999999999999' is not a value of type long", NULL);
    fixture f = start();
    cr_expect_eq(parse(&f, "print -9223372036854775808"), RTQ_OK);
    stop(&f);
}

Test(parse, each_mistake_is_reported_once)
{
    expect_errors("T | where x == | project b c | take", RTQ_ERR_SYNTAX, "15-16 expected an expression, found '|'",
                  "27-28 expected ',' before 'c'", "35-35 expected an expression, but the query ends here", NULL);
    expect_errors("T | wher x | summarize count() by bin(a, 1h", RTQ_ERR_SYNTAX, "4-8 there is no operator 'wher'",
                  "43-43 expected ')', but the query ends here", NULL);
    expect_errors("T | where by == 1", RTQ_ERR_SYNTAX, "10-12 'by' is a keyword", NULL);
    expect_errors("let a = 5\nT", RTQ_ERR_SYNTAX, "9-9 expected ';', found 'T'", NULL);
    expect_errors("T | where a == b == c | take 5", RTQ_ERR_SYNTAX,
                  "17-19 comparisons do not chain; join two with 'and'", NULL);
    expect_errors("T) | wher x", RTQ_ERR_SYNTAX, "1-2 ')' does not belong here", "5-9 there is no operator 'wher'",
                  NULL);
    expect_errors("print 'a\\qb' + 1", RTQ_ERR_SYNTAX,
                  "8-10 unknown escape in a string; write \\\\ for a backslash, or @\"...\"", NULL);
    expect_errors("T | where n\xC3\xA4me == 1 \x01 | take 1", RTQ_ERR_SYNTAX,
                  "11-15 a name with letters outside ASCII is written ['...']",
                  "21-22 this character has no meaning in KQL", NULL);
    expect_errors("T | where f(a b, c", RTQ_ERR_SYNTAX, "14-15 expected ',' before 'b'",
                  "18-18 expected ')', but the query ends here", NULL);
    expect_errors("T | where a\xFF", RTQ_ERR_SYNTAX, "11-12 the text is not valid UTF-8", NULL);
}

Test(parse, hints)
{
    fixture f = start();
    rtq_diag_item item = {.size = sizeof(item)};
    cr_assert_eq(parse(&f, "T | projct-away x"), RTQ_ERR_SYNTAX);
    cr_assert_eq(rtq_diag_get(&item, f.diag, 0), RTQ_OK);
    cr_expect_str_eq(item.hint, "did you mean 'project-away'?");
    stop(&f);
}

/* Whatever is nested: a report instead of a crash, and in no time. */
static void expect_limit(const char *open, const char *close)
{
    enum { TIMES = 20000 };
    fixture f = start();
    rtq__buf text;
    rtq__buf_init(&text, f.mem);
    rtq__buf_adds(&text, "print ");
    for (int i = 0; i < TIMES; i++)
        rtq__buf_adds(&text, open);
    rtq__buf_adds(&text, "1");
    for (int i = 0; i < TIMES; i++)
        rtq__buf_adds(&text, close);
    int code = rtq__parse(&f.query, &f.arena, text.ptr, text.len, f.diag);
    cr_expect(code == RTQ_ERR_LIMIT || code == RTQ_ERR_SYNTAX, "%s gives %d", open, code);
    cr_expect_gt(rtq_diag_count(f.diag), 0u);
    rtq__buf_free(&text);
    stop(&f);
}

Test(parse, hostile_nesting, .timeout = 20)
{
    expect_limit("(", ")");
    expect_limit("f(", ")");
    expect_limit("-(", ")");
    expect_limit("x in (", ")");
    expect_limit("x[", "]");
    expect_limit("dynamic([", "])");
    expect_limit("1 + (", ")");
    expect_limit("dynamic({\"a\":[", "]})");
    expect_limit("toscalar(T | where ", ")");
    expect_limit("1 + ", "");
    expect_limit("a.", "");
    expect_limit("iff(a, b, ", ")");
    expect_limit("(T | join (", ")");
    expect_limit("[", "]");
    expect_limit("{", "}");
    expect_limit("T | mv-apply x on (", ")");
    expect_limit("T | partition by x {", "}");
    expect_limit("T | where x in (", "");
    expect_limit("let f = (", "){");
    expect_limit("macro-expand entity_group [X] as Y (", ")");
}

Test(parse, long_chains_stay_flat, .timeout = 20)
{
    enum { TERMS = 50000 };
    fixture f = start();
    rtq__buf text;
    rtq__buf_init(&text, f.mem);
    rtq__buf_adds(&text, "T | where x == 0");
    for (int i = 1; i < TERMS; i++)
        rtq__buf_addf(&text, " or x == %d", i);
    cr_expect_eq(rtq__parse(&f.query, &f.arena, text.ptr, text.len, f.diag), RTQ_OK);
    cr_expect_lt(f.query->statements.first->height, 100u);
    rtq__buf_free(&text);
    stop(&f);
}

Test(parse, time_is_linear, .timeout = 60)
{
    static const char *const parts[] = {" | where a ==", "(",       "), ", " in (", "f(a b ",
                                        "x-y-z",         " | wher", "'",   "{",     "["};
    fixture f = start();
    for (size_t k = 0; k < sizeof(parts) / sizeof(parts[0]); k++) {
        rtq__buf text;
        rtq__buf_init(&text, f.mem);
        rtq__buf_adds(&text, "T");
        while (text.len < 400000)
            rtq__buf_adds(&text, parts[k]);
        clock_t begin = clock();
        rtq__parse(&f.query, &f.arena, text.ptr, text.len, NULL);
        cr_expect_lt((double)(clock() - begin) / CLOCKS_PER_SEC, 4.0, "%s", parts[k]);
        rtq__buf_free(&text);
        rtq__arena_reset(&f.arena);
    }
    stop(&f);
}

Test(parse, out_of_memory)
{
    static const char text[] = "let f = (a:long) { T | where x in (1, 2) }; f(1) | summarize c = count() by bin(t, 1h)";
    for (uint64_t limit = 0; limit < 64000; limit += 97) {
        rtq__mem *mem = rtq__mem_new(NULL, NULL, 0);
        rtq__arena arena;
        rtq__ast_query *query;
        mem->limit = mem->used + 1 + limit;
        rtq__arena_init(&arena, mem, 256);
        int code = rtq__parse(&query, &arena, text, strlen(text), NULL);
        cr_assert(code == RTQ_OK || code == RTQ_ERR_NOMEM, "%d at %llu", code, (unsigned long long)limit);
        rtq__arena_free(&arena);
        rtq__mem_unref(mem);
    }
}

Test(parse, schemas)
{
    fixture f = start();
    rtq__ast_list list;
    cr_assert_eq(rtq__parse_schema(&list, &f.arena, "a:long, ['b c']:string, *", 25, f.diag), RTQ_OK);
    cr_assert_eq(list.n, 3u);
    cr_expect_eq(list.first->column.type, (uint32_t)RTQ_LONG);
    cr_expect_str_eq(list.first->next->column.name.ptr, "b c");
    cr_expect_eq(list.last->kind, RTQ__AST_STAR);
    cr_expect_eq(rtq__parse_schema(&list, &f.arena, "*, a:long", 9, NULL), RTQ_ERR_SYNTAX);
    cr_expect_eq(rtq__parse_schema(&list, &f.arena, "a:lng", 5, NULL), RTQ_ERR_SYNTAX);
    const char *tables = "T(a:long, *); U(b:dynamic);";
    cr_assert_eq(rtq__parse_tables(&list, &f.arena, tables, strlen(tables), f.diag), RTQ_OK);
    cr_assert_eq(list.n, 2u);
    cr_expect_str_eq(list.last->column.name.ptr, "U");
    cr_expect_eq(list.first->column.schema.n, 2u);
    cr_expect_eq(rtq__parse_tables(&list, &f.arena, "T(a:long", 8, NULL), RTQ_ERR_SYNTAX);
    rtq__ast *literal;
    cr_assert_eq(rtq__parse_literal(&literal, &f.arena, "-1.5", 4, NULL), RTQ_OK);
    cr_expect_float_eq(literal->literal.u.d, -1.5, 0);
    cr_expect_eq(rtq__parse_literal(&literal, &f.arena, "1 2", 3, NULL), RTQ_ERR_SYNTAX);
    cr_expect_eq(rtq__parse_literal(&literal, &f.arena, "", 0, NULL), RTQ_ERR_SYNTAX);
    stop(&f);
}

Test(parse, scripts)
{
    static const char text[] = "// a licence\n\n// First rule\n// more about it\nlet a = 1;\n\nT\n\n| where x == a\n\n"
                               "U | where s == \"// no\n\n//\n//   Second\n.create-or-alter function with (view=true) "
                               "V() {\n    T\n\n    | take 1\n}\n\n\nW | summarize (\n\n count())  // end\n";
    fixture f = start();
    rtq__script_piece *pieces;
    size_t n;
    cr_assert_eq(rtq__parse_script(&pieces, &n, &f.arena, text, sizeof(text) - 1), RTQ_OK);
    cr_assert_eq(n, 4u);
    cr_expect_eq(pieces[0].name_len, 10u);
    cr_expect_eq(memcmp(pieces[0].name, "First rule", 10), 0);
    cr_expect_eq(memcmp(text + pieces[0].begin, "let a", 5), 0);
    cr_expect_eq(memcmp(text + pieces[0].end - 4, "== a", 4), 0);
    cr_expect_eq(pieces[1].name_len, 0u);
    cr_expect_eq(memcmp(pieces[2].name, "Second", 6), 0);
    cr_expect(pieces[2].is_function);
    cr_expect_eq(text[pieces[2].end - 1], '}');
    cr_expect_not(pieces[3].is_function);
    cr_expect_eq(memcmp(text + pieces[3].end - 3, "())", 3), 0);
    cr_expect_eq(rtq__parse(&f.query, &f.arena, text + pieces[2].begin, pieces[2].end - pieces[2].begin, f.diag),
                 RTQ_OK);
    cr_assert_eq(f.query->statements.first->kind, RTQ__AST_CREATE_FUNCTION);
    cr_expect(f.query->statements.first->create_function.function->function.is_view);
    stop(&f);
}

/* ---- corpora ---- */

/* parse(print(x)) == x */
static void expect_round_trip(fixture *f, const char *text, size_t len, const char *id)
{
    rtq__ast_query *again;
    rtq__buf printed, second;
    if (rtq__parse(&f->query, &f->arena, text, len, NULL) != RTQ_OK)
        return;
    rtq__buf_init(&printed, f->mem);
    rtq__buf_init(&second, f->mem);
    rtq__buf_clear(&f->buf);
    rtq__ast_print_query(&printed, f->query);
    rtq__buf_addc(&printed, '\0');
    kql_dump_query(&f->buf, f->query);
    rtq__buf_addc(&f->buf, '\0');
    if (rtq__parse(&again, &f->arena, printed.ptr, printed.len - 1, NULL) != RTQ_OK) {
        cr_expect_fail("%s: what is printed is refused: %s", id, printed.ptr);
    } else {
        kql_dump_query(&second, again);
        rtq__buf_addc(&second, '\0');
        cr_expect(strcmp(f->buf.ptr, second.ptr) == 0, "%s: %s\n%s\n%s", id, printed.ptr, f->buf.ptr, second.ptr);
    }
    rtq__buf_free(&printed);
    rtq__buf_free(&second);
    rtq__arena_reset(&f->arena);
}

Test(parse, what_is_printed_parses_to_the_same, .timeout = 120)
{
    fixture f = start();
    for (size_t i = 0; kql_corpus_files[i]; i++) {
        kql_corpus corpus;
        if (kql_corpus_read(&corpus, SHARED, kql_corpus_files[i]) != 0)
            cr_skip_test("no " SHARED);
        for (size_t k = 0; k < corpus.n; k++) {
            for (uint64_t seed = 0; seed < 3; seed++) {
                size_t len;
                char *text = kql_mutate(&corpus.entries[k], seed, &len);
                expect_round_trip(&f, text, len, corpus.entries[k].id);
                free(text);
            }
        }
        kql_corpus_free(&corpus);
    }
    stop(&f);
}

/* Spans of a tree lie within their parents' and within the text. */
typedef struct span_check {
    const rtq__ast *parent;
    size_t len;
    const char *id;
} span_check;
static void check_span(void *user, rtq__ast *node)
{
    const span_check *outer = user;
    span_check inner = {node, outer->len, outer->id};
    cr_expect(node->begin <= node->end && node->end <= outer->len, "%s: %s %u-%u", outer->id,
              rtq__ast_kind_text((rtq__ast_kind)node->kind), node->begin, node->end);
    if (outer->parent)
        cr_expect(node->begin >= outer->parent->begin && node->end <= outer->parent->end &&
                      node->height < outer->parent->height,
                  "%s: %s %u-%u in %s %u-%u", outer->id, rtq__ast_kind_text((rtq__ast_kind)node->kind), node->begin,
                  node->end, rtq__ast_kind_text((rtq__ast_kind)outer->parent->kind), outer->parent->begin,
                  outer->parent->end);
    rtq__ast_children(node, check_span, &inner);
}

Test(parse, spans_nest)
{
    fixture f = start();
    for (size_t i = 0; kql_corpus_files[i]; i++) {
        kql_corpus corpus;
        if (kql_corpus_read(&corpus, SHARED, kql_corpus_files[i]) != 0)
            cr_skip_test("no " SHARED);
        for (size_t k = 0; k < corpus.n; k++) {
            const kql_entry *entry = &corpus.entries[k];
            if (rtq__parse(&f.query, &f.arena, entry->text, entry->len, NULL) == RTQ_OK) {
                span_check check = {NULL, entry->len, entry->id};
                for (rtq__ast *s = f.query->statements.first; s; s = s->next)
                    check_span(&check, s);
            }
            rtq__arena_reset(&f.arena);
        }
        kql_corpus_free(&corpus);
    }
    stop(&f);
}

/* tests/data/parser_verdicts.tsv: what Microsoft's parser says of the corpora and their mutations, see binder_diff.c. */
Test(parse, verdicts_on_record, .timeout = 120)
{
    size_t same = 0, total = 0;
    fixture f = start();
    FILE *in = fopen("tests/data/parser_verdicts.tsv", "r");
    cr_assert_not_null(in);
    char *line = NULL;
    size_t cap = 0, loaded = SIZE_MAX, i = 0;
    kql_corpus corpus = {NULL, 0};
    while (getline(&line, &cap, in) > 0) {
        size_t file = strtoul(line, NULL, 10);
        char *id = strchr(line, '\t') + 1, *bits = strchr(id, '\t') + 1;
        bits[-1] = '\0';
        if (file != loaded) {
            kql_corpus_free(&corpus);
            if (kql_corpus_read(&corpus, SHARED, kql_corpus_files[file]) != 0)
                cr_skip_test("no " SHARED);
            loaded = file;
            i = 0;
        }
        while (i < corpus.n && strcmp(corpus.entries[i].id, id) != 0)
            i++;
        cr_assert_lt(i, corpus.n, "%s is gone", id);
        for (uint64_t seed = 0; bits[seed] > ' '; seed++) {
            size_t len;
            char *text = kql_mutate(&corpus.entries[i], seed, &len);
            int code = rtq__parse(&f.query, &f.arena, text, len, NULL);
            bool ok = code == RTQ_OK || code == RTQ_ERR_SEMANTIC;
            total += bits[seed] != 'x';
            same += bits[seed] != 'x' && ok == (bits[seed] == '1');
            if (seed == 0)
                cr_expect_eq(ok, bits[seed] == '1', "%s", id);
            free(text);
            rtq__arena_reset(&f.arena);
        }
        i++;
    }
    cr_expect_geq(same * 1000, total * 999, "%zu of %zu verdicts agree", same, total);
    kql_corpus_free(&corpus);
    free(line);
    fclose(in);
    stop(&f);
}
