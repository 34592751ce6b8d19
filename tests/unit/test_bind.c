/* The binder: names, types, scopes, the tree it makes, what it says about mistakes. Result names and types follow the
 * public binder of Kusto; the corpora are compared by kql-cases, this file is about the rest. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include "bind_check.h"
#include "kql/bind.h"
#include "kql/parse.h"
#include "kql/tables.h"

static const rtq__table_col t_cols[] = {{"Time", NULL, RTQ_DATETIME, RTQ__COL_TIME},
                                        {"a", NULL, RTQ_LONG, 0},
                                        {"s", NULL, RTQ_STRING, 0},
                                        {"d", NULL, RTQ_DYNAMIC, 0},
                                        {"r", NULL, RTQ_REAL, 0},
                                        {"i", NULL, RTQ_INT, 0}};
static const rtq__table t_table = {"T", t_cols, 6, 0, false};
static const rtq__table_col u_cols[] = {{"a", NULL, RTQ_LONG, 0}, {"b", NULL, RTQ_STRING, 0}};
static const rtq__table u_table = {"U", u_cols, 2, -1, false};
static const rtq__table_col evtx_cols[] = {{"TimeCreated", NULL, RTQ_DATETIME, RTQ__COL_TIME},
                                           {"EventID", NULL, RTQ_INT, 0},
                                           {"EventId", "EventID", RTQ_INT, RTQ__COL_ALIAS},
                                           {"EventData", NULL, RTQ_DYNAMIC, RTQ__COL_BAG}};
static const rtq__table evtx_table = {"Evtx", evtx_cols, 4, 0, false};
static const rtq__table json_table = {"Json", NULL, 0, -1, true};
static const rtq__table *const tables[] = {&t_table, &u_table, &evtx_table, &json_table};

static rtq__mem *mem;
static rtq__arena arena;
static rtq_diag *diag;
static rtq__bound *bound;
static rtq__catalog catalog;

static void setup(void)
{
    mem = rtq__mem_new(NULL, NULL, 0);
    rtq__arena_init(&arena, mem, 0);
    catalog = (rtq__catalog){.tables = tables, .n_tables = 4};
}

static void teardown(void)
{
    rtq__bound_free(bound);
    bound = NULL;
    rtq_diag_free(diag);
    diag = NULL;
    rtq__arena_free(&arena);
    rtq__mem_unref(mem);
}

TestSuite(bind, .init = setup, .fini = teardown);

static int bind(const char *query)
{
    rtq__ast_query *ast = NULL;
    rtq__bound_free(bound);
    bound = NULL;
    rtq__diag_begin(&diag, mem);
    rtq__diag_set_text(diag, query, strlen(query));
    int rc = rtq__parse(&ast, &arena, query, strlen(query), diag);
    cr_assert_eq(rc, RTQ_OK, "does not parse: %s", query);
    rc = rtq__bind(&bound, mem, ast, &catalog, diag);
    if (rc == RTQ_OK) {
        const char *wrong = bind_check(bound);
        cr_expect_null(wrong, "%s: %s", query, wrong);
    }
    return rc;
}

static const char *message(size_t i)
{
    static rtq_diag_item item;
    item = (rtq_diag_item){.size = sizeof item};
    return rtq_diag_get(&item, diag, i) == RTQ_OK && item.message ? item.message : "";
}

static const char *hint(size_t i)
{
    rtq_diag_item item = {.size = sizeof item};
    return rtq_diag_get(&item, diag, i) == RTQ_OK && item.hint ? item.hint : "";
}

/* "a:long, s:string" of the last result. */
static const char *columns(const char *query)
{
    static char text[4096];
    int rc = bind(query);
    if (rc != RTQ_OK) {
        snprintf(text, sizeof text, "%d %s", rc, message(0));
        return text;
    }
    size_t at = 0;
    text[0] = '\0';
    const rtq__result *r = &bound->results[bound->n_results - 1];
    for (uint32_t i = 0; i < r->n_cols; i++)
        at += (size_t)snprintf(text + at, sizeof text - at, "%s%s:%s", i ? ", " : "", r->names[i],
                               r->cols[i]->kind == RTQ_UNKNOWN ? "unknown" : rtq__kind_name(r->cols[i]->kind));
    return text;
}

static const char *shape(const char *query)
{
    static char text[256];
    int rc = bind(query);
    if (rc == RTQ_OK)
        return bind_shape(bound);
    snprintf(text, sizeof text, "%d %s", rc, message(0));
    return text;
}

#define COLUMNS(query, text) cr_expect_str_eq(columns(query), text, "%s: %s", query, columns(query))
#define SHAPE(query, text) cr_expect_str_eq(shape(query), text, "%s: %s", query, shape(query))
#define FAILS(query, code, part)                                                  \
    do {                                                                          \
        cr_expect_eq(bind(query), code, "%s", query);                             \
        cr_expect(strstr(message(0), part) != NULL, "%s: %s", query, message(0)); \
    } while (0)

Test(bind, names_of_results)
{
    COLUMNS("T | project a, x = s, a + 1, strlen(s), -a",
            "a:long, x:string, Column1:long, strlen_s:long, Column2:long");
    COLUMNS("T | project a = 1, b = 2, a + 1", "a:long, b:long, Column1:long");
    COLUMNS("T | project a | extend a + 1, a = a * 2, a + 2", "a:long, Column1:long, Column2:long");
    COLUMNS("T | summarize count(), sum(a), max(a + 1), countif(a > 1) by s",
            "s:string, count_:long, sum_a:long, max_:long, countif_:long");
    COLUMNS("T | summarize count(), count() by s, s1 = s, a + 1",
            "s:string, s1:string, Column1:long, count_:long, count_1:long");
    COLUMNS("T | summarize arg_max(Time, a, s) by i", "i:int, Time:datetime, a:long, s:string");
    COLUMNS("U | summarize arg_min(a, *) by b", "b:string, a:long");
    COLUMNS("T | summarize percentiles(a, 5, 99.9)", "percentile_a_5:long, percentile_a_99_9:long");
    COLUMNS("T | summarize x = sum(a) / count() by s", "s:string, x:long");
    COLUMNS("print 1, x = 2, 'a'", "print_0:long, x:long, print_2:string");
    COLUMNS("U | count", "Count:long");
    COLUMNS("U | distinct b", "b:string");
    COLUMNS("U | project-rename c = a | project-reorder b", "b:string, c:long");
    COLUMNS("T | project-away d, T*", "a:long, s:string, r:real, i:int");
    COLUMNS("T | project-keep s, a", "a:long, s:string");
    COLUMNS("U | getschema", "ColumnName:string, ColumnOrdinal:long, DataType:string, ColumnType:string");
    COLUMNS("U | join kind=inner (U | extend a1 = 1) on a", "a:long, b:string, a2:long, b1:string, a1:long");
    COLUMNS("U | lookup (U | project a, c = b) on a", "a:long, b:string, c:string");
    COLUMNS("U | join kind=leftanti U on b", "a:long, b:string");
    COLUMNS("union U, (U | extend a = 'x', n = 1)", "a_long:long, a_string:string, b:string, n:long");
    COLUMNS("union withsource=src U, T | project src, a, b, s", "src:string, a:long, b:string, s:string");
    COLUMNS("T | project d | mv-expand d to typeof(long)", "d:long");
    COLUMNS("T | project a, d | mv-apply x = d to typeof(long) on (summarize m = max(x))", "a:long, d:dynamic, m:long");
    COLUMNS("U | parse b with 'x' n:long 'y' rest", "a:long, b:string, n:long, rest:string");
    COLUMNS("range x from 1 to 10 step 2", "x:long");
    COLUMNS("U | search 'x' or b:'5'", "$table:string, a:long, b:string");
    COLUMNS("search in (U) b:'x*' | project-away $table", "a:long, b:string");
    COLUMNS("T | project-by-names 's', dynamic(['a', 'T*'])", "s:string, a:long, Time:datetime");
    COLUMNS("T | extend (x, y) = array_sort_asc(d, d)",
            "Time:datetime, a:long, s:string, d:dynamic, r:real, i:int, x:dynamic, y:dynamic");
    COLUMNS("T | project (x, y) = series_fit_2lines(d)",
            "x:real, y:long, series_fit_2lines_d_variance:real, series_fit_2lines_d_rvariance:real, "
            "series_fit_2lines_d_line_fit:dynamic, series_fit_2lines_d_right_rsquare:real, "
            "series_fit_2lines_d_right_slope:real, series_fit_2lines_d_right_interception:real, "
            "series_fit_2lines_d_right_variance:real, series_fit_2lines_d_right_rvariance:real, "
            "series_fit_2lines_d_left_rsquare:real, series_fit_2lines_d_left_slope:real, "
            "series_fit_2lines_d_left_interception:real, series_fit_2lines_d_left_variance:real, "
            "series_fit_2lines_d_left_rvariance:real");
    COLUMNS("T | project series_outliers(d), (x, y) = series_decompose_anomalies(d, 1.5, 7), "
            "series_decompose_anomalies(d, 2)",
            "d:dynamic, x:dynamic, y:dynamic, series_decompose_anomalies_d_baseline:dynamic, "
            "series_decompose_anomalies_d_ad_flag:dynamic, series_decompose_anomalies_d_ad_score:dynamic, "
            "series_decompose_anomalies_d_baseline1:dynamic");
    COLUMNS("T | project series_fft(d), (x, y) = series_ifft(d, d), (z, c) = series_fit_poly(d, d, 2)",
            "series_fft_d_real:dynamic, series_fft_d_imag:dynamic, x:dynamic, y:dynamic, z:real, c:dynamic, "
            "series_fit_poly_d_variance:real, series_fit_poly_d_rvariance:real, series_fit_poly_d_poly_fit:dynamic");
    COLUMNS(
        "T | project x = series_seasonal(d, 2), series_decompose(d, 7), y = series_decompose_forecast(d, 1, 7, 'avg')",
        "x:dynamic, series_decompose_d_baseline:dynamic, series_decompose_d_seasonal:dynamic, "
        "series_decompose_d_trend:dynamic, series_decompose_d_residual:dynamic, y:dynamic, "
        "series_decompose_forecast_d_seasonal:dynamic, series_decompose_forecast_d_trend:dynamic, "
        "series_decompose_forecast_d_residual:dynamic");
    COLUMNS("T | extend p = iff(a > 1, 1, 's'), q = case(a > 1, i, r > 1, 2.5, 3)",
            "Time:datetime, a:long, s:string, d:dynamic, r:real, i:int, p:dynamic, q:real");
    COLUMNS("U | extend tostring(b) | extend b = tostring(b)", "a:long, b:string");
}

Test(bind, operators_make_only_the_nodes_they_need)
{
    SHAPE("T", "scan T");
    SHAPE("T | project-away a | project-keep s | project-rename x = s | serialize | as Q", "scan T");
    SHAPE("T | project a, s | where a > 1 | take 3", "take(filter(scan T))");
    SHAPE("T | project x = a | sort by x | top 3 by x", "sort(sort(extend(scan T)))");
    SHAPE("let x = 5; let A = T | where a > x; A | take 1", "take(filter(scan T))");
    SHAPE("let unused = T | count; U", "scan U");
    SHAPE("print a = 1", "extend(values)");
    SHAPE("U | getschema", "values");
    cr_expect_eq(bound->n_tables, 0);
}

Test(bind, shared_tables_are_one_node)
{
    SHAPE("let A = U | where a > 1; A | join kind=inner A on a", "join(ref(filter(scan U)), ref(#1))");
    rtq__rel *join = bound->results[0].rel;
    cr_expect_neq(join->in[0], join->in[1]);
    SHAPE("U | join kind=inner (U | where a > 2) on a", "join(ref(scan U), filter(ref(#0)))");
    cr_expect_eq(bound->n_tables, 1);
    SHAPE("U | where a > 1 | as X | union X", "union(ref(filter(scan U)), ref(#1))");
    SHAPE("let m = materialize(U | take 5); m; m | count", "ref(take(scan U)); summarize(ref(#1))");
}

Test(bind, fields_of_open_tables)
{
    COLUMNS("Json | project x = Port, s = strcat(Name, 'x')", "x:unknown, s:string");
    COLUMNS("Json | where Port == 445 and Name has 'x' and T > datetime(2020-01-01)", "_rest:dynamic");
    cr_assert_eq(bound->rels[0]->op, RTQ__R_SCAN);
    cr_expect_eq(bound->rels[0]->u.scan.n_cols, 4, "Port, Name, T and the rest");
    const rtq__expr *e = bound->rels[1]->u.filter.expr;
    cr_assert_eq(e->op, RTQ__E_AND);
    cr_expect_eq(e->args[0]->args[1]->kind, RTQ_REAL, "a field may hold 445.5");
    cr_expect_eq(e->args[0]->args[0]->kind, RTQ_REAL, "typed from use");
    COLUMNS("Json | extend x = 1 | project-away Port", "x:long, _rest:dynamic");
    cr_expect_eq(bound->results[0].cols[1]->flags, RTQ__COL_REST);
    COLUMNS("Json | project-away Port | where Port == 1", "-4 there is no column or variable named 'Port'");
    COLUMNS("let A = Json | where x == 1; A | join kind=inner (A | project k) on k | project k, y",
            "k:unknown, y:unknown");
    SHAPE("let A = Json | where x == 1; A | join kind=inner (A | project k) on k | project k, y",
          "join(ref(filter(scan Json)), ref(#1))");
    COLUMNS("union Json, U | project a, zz", "a:long, zz:unknown");
    COLUMNS("Json | summarize arg_max(t, *) by host | project host, t, more", "host:unknown, t:unknown, more:unknown");
    COLUMNS("T | evaluate bag_unpack(d) | project a, x", "a:long, x:unknown");
    COLUMNS(
        "Json | distinct *",
        "-4 `distinct *` needs to know all columns, and the table has fields that are only known when they are read");
    cr_expect(strstr(hint(0), "project") != NULL);
    catalog.any_table = true;
    COLUMNS("Whatever | where A == 1 | summarize n = count() by B", "B:unknown, n:long");
    catalog.any_table = false;
}

static const rtq__rel *scan_node(void)
{
    for (uint32_t i = 0; i < bound->n_rels; i++)
        if (bound->rels[i]->op == RTQ__R_SCAN)
            return bound->rels[i];
    return NULL;
}

static bool scan_asks_for(const char *path)
{
    const rtq__rel *scan = scan_node();
    for (uint32_t i = 0; scan && i < scan->u.scan.n_cols; i++)
        if (strcmp(scan->u.scan.cols[i]->path, path) == 0)
            return true;
    return false;
}

Test(bind, members_are_asked_of_the_source)
{
    COLUMNS("Evtx | where EventId == 4688 | project EventData.NewProcessName, EventData['a b'], EventID",
            "EventData_NewProcessName:unknown, EventData_a b:unknown, EventID:int");
    cr_expect(scan_asks_for("EventData.NewProcessName"));
    cr_expect(scan_asks_for("EventData['a b']"));
    cr_expect(scan_asks_for("EventID"));
    cr_expect_not(scan_asks_for("EventId"), "an alias is the column it stands for");
    COLUMNS("let A = Evtx | extend D = EventData; A | where D.x == 1 | project D.y.z", "D_y_z:unknown");
    cr_expect(scan_asks_for("EventData.y.z"));
    COLUMNS("Evtx", "TimeCreated:datetime, EventID:int, EventData:dynamic");
    COLUMNS("Json | project a.b[0].c", "a_b_0_c:unknown");
    cr_expect(scan_asks_for("a.b[0].c"));
}

Test(bind, windows_are_pulled_out)
{
    FAILS("U | extend n = row_number()", RTQ_ERR_SEMANTIC, "needs rows in an order");
    cr_expect(strstr(hint(0), "serialize") != NULL);
    SHAPE("U | serialize n = row_number()", "extend(window(scan U))");
    SHAPE("U | sort by a asc | extend p = prev(a), n = row_number(), q = prev(row_number())",
          "extend(window(window(sort(scan U))))");
    SHAPE("U | serialize | where a > prev(a)", "filter(window(scan U))");
    FAILS("U | serialize | summarize max(prev(a))", RTQ_ERR_SEMANTIC, "needs rows in an order");
}

Test(bind, subqueries_are_slots)
{
    COLUMNS("let m = toscalar(U | summarize max(a)); T | where a == m and s in (U | project b) and a in ((U))",
            "Time:datetime, a:long, s:string, d:dynamic, r:real, i:int");
    cr_expect_eq(bound->n_slots, 3);
    cr_expect_eq(bound->slots[0].how, RTQ__SLOT_SCALAR);
    cr_expect_eq(bound->slots[1].how, RTQ__SLOT_SET);
    COLUMNS("let m = toscalar(U | count); U | count", "Count:long");
    cr_expect_eq(bound->n_slots, 0, "nobody asks for it");
    FAILS("T | where i in (U | project b)", RTQ_ERR_SEMANTIC, "is not defined for int and a table of string");
    FAILS("let f = (x:long) { toscalar(U | where a == x | count) }; T | extend n = f(a)", RTQ_ERR_UNSUPPORTED,
          "cannot depend on the row");
}

Test(bind, functions)
{
    COLUMNS("let f = (n:long, m:long = 2) { n * m }; U | project x = f(a), y = f(a, 3), z = f(m=4, n=a)",
            "x:long, y:long, z:long");
    COLUMNS("let k = 10; let f = (n:long) { n + k }; let k2 = 1; U | project x = f(a)", "x:long");
    COLUMNS("let f = (t:(a:long)) { t | where a > 1 | project a }; U | invoke f()", "a:long");
    COLUMNS("let f = (t:(*), n:long) { t | take n }; f(U, 5)", "a:long, b:string");
    COLUMNS("let V = view () { U | project b }; V | count", "Count:long");
    COLUMNS("let f = (x:real) { x }; U | project y = f(a)", "y:real");
    FAILS("let f = (t:(zz:long)) { t }; U | invoke f()", RTQ_ERR_SEMANTIC, "needs a table with the column 'zz'");
    FAILS("let f = (n:long) { n }; U | project f('x')", RTQ_ERR_SEMANTIC, "is of type long, and this is string");
    FAILS("let f = (n:long) { n }; U | project f()", RTQ_ERR_SEMANTIC, "needs a value for its parameter 'n'");
    FAILS("let f = (n:long) { a + n }; U | project f(1)", RTQ_ERR_SEMANTIC, "named 'a'");
}

static const rtq__ast *library[2];

static void add_library(uint32_t at, const char *text)
{
    rtq__ast_query *ast = NULL;
    cr_assert_eq(rtq__parse(&ast, &arena, text, strlen(text), NULL), RTQ_OK);
    cr_assert_eq(ast->statements.first->kind, RTQ__AST_CREATE_FUNCTION);
    library[at] = ast->statements.first;
    catalog.library = library;
    catalog.n_library = at + 1;
}

Test(bind, library)
{
    add_library(0, ".create-or-alter function Big(n:long = 1) { U | where a > n | extend x = bad }");
    add_library(1, ".create-or-alter function View() { U | project b }");
    COLUMNS("View | take 1", "b:string");
    COLUMNS("View() | take 1", "b:string");
    FAILS("union View, Big(3)", RTQ_ERR_SEMANTIC, "in function 'Big'");
    rtq_diag_item item = {.size = sizeof item};
    rtq_diag_get(&item, diag, 0);
    cr_expect_eq(item.begin, 12, "the call, not a place in the function's text");
    add_library(0, ".create-or-alter function Loop() { Loop() }");
    FAILS("Loop()", RTQ_ERR_SEMANTIC, "calls itself");
}

Test(bind, parameters)
{
    rtq_option given[] = {{"who", "root"}, {"n", "5"}, {"since", "datetime(2020-01-01)"}};
    catalog.parameters = given;
    catalog.n_parameters = 3;
    COLUMNS("declare query_parameters(who:string, n:long, since:datetime, m:long = 7); T | where s == who and a > n + "
            "m and Time > since | count",
            "Count:long");
    FAILS("declare query_parameters(absent:long); print absent", RTQ_ERR_SEMANTIC,
          "no value is given for parameter 'absent'");
    given[1].value = "five";
    FAILS("declare query_parameters(n:long); print n", RTQ_ERR_SEMANTIC, "is no long");
}

Test(bind, the_one_source)
{
    catalog.n_tables = 1;
    catalog.single_source = true;
    COLUMNS("Sysmon | where a > 1 | count", "Count:long");
    COLUMNS("Sysmon | join kind=inner (T | project a) on a | count", "Count:long");
    FAILS("Sysmon | join kind=inner (Other | project a) on a", RTQ_ERR_SEMANTIC, "no table named 'Other'");
    FAILS("Sysmon | where nope == 1", RTQ_ERR_SEMANTIC, "no column or variable named 'nope'");
}

Test(bind, mistakes)
{
    FAILS("U | where aa > 1 | project b, bb | where len(b) > 1", RTQ_ERR_SEMANTIC, "no column or variable named 'aa'");
    cr_expect_str_eq(hint(0), "did you mean 'a'?");
    cr_expect_eq(rtq_diag_count(diag), 3, "each mistake once");
    FAILS("U | extend x = nope + 1 | extend y = x * 2 | where x > 1 and y < 2 | summarize sum(x) by y",
          RTQ_ERR_SEMANTIC, "'nope'");
    cr_expect_eq(rtq_diag_count(diag), 1, "nothing follows from it");
    FAILS("Nope | where x > 1 | join kind=inner (U) on a | project z", RTQ_ERR_SEMANTIC, "no table named 'Nope'");
    cr_expect_eq(rtq_diag_count(diag), 1);
    FAILS("T | where a has 'x'", RTQ_ERR_SEMANTIC, "operator 'has' is not defined for long and string");
    FAILS("T | where s", RTQ_ERR_SEMANTIC, "must be of type bool, not string");
    FAILS("T | where strlen(s, s) > 1", RTQ_ERR_SEMANTIC, "strlen() takes 1 argument, not 2");
    FAILS("T | summarize sum(a), a", RTQ_ERR_SEMANTIC, "has many values here");
    FAILS("T | extend x = sum(a)", RTQ_ERR_SEMANTIC, "is an aggregate");
    FAILS("T | summarize count() by d", RTQ_ERR_SEMANTIC, "cannot be a dynamic value");
    FAILS("T | sort by d", RTQ_ERR_SEMANTIC, "cannot be sorted by a dynamic value");
    FAILS("T | take 'x'", RTQ_ERR_SEMANTIC, "must be an integer");
    FAILS("T | project a, a", RTQ_ERR_SEMANTIC, "defined twice");
    FAILS("U | join kind=sideways U on a", RTQ_ERR_SEMANTIC, "no join of kind 'sideways'");
    FAILS("U | join U on $right.a == $left.a", RTQ_ERR_SEMANTIC, "a condition of a join");
    FAILS("U | join (T | project a = s) on a", RTQ_ERR_SEMANTIC, "must be of one type");
    FAILS("datatable(a:long, b:long)[1, 2, 3]", RTQ_ERR_SEMANTIC, "do not fill rows");
    FAILS("range x from 1 to 'b' step 1", RTQ_ERR_SEMANTIC, "range cannot go from long to string");
    FAILS("U | project-rename a = b", RTQ_ERR_SEMANTIC, "there is a column 'a' already");
    FAILS("1 + 1", RTQ_ERR_SEMANTIC, "a table is expected here");
}

Test(bind, refused_with_reason)
{
    FAILS("T | scan declare (n:long) with (step a: true => n = 1;)", RTQ_ERR_UNSUPPORTED, "'scan' is not supported");
    FAILS("print geo_distance_2points(1, 2, 3, 4)", RTQ_ERR_UNSUPPORTED, "geo_distance_2points");
    FAILS("T | make-series count() on Time from datetime(2020-01-01) to datetime(2020-01-02) step 1h",
          RTQ_ERR_UNSUPPORTED, "make-series");
    FAILS("T | evaluate autocluster()", RTQ_ERR_UNSUPPORTED, "autocluster");
    FAILS("database('x').T", RTQ_ERR_UNSUPPORTED, "database()");
    rtq_diag_item item = {.size = sizeof item};
    FAILS("T | fork (count) (take 1)", RTQ_ERR_UNSUPPORTED, "fork");
    rtq_diag_get(&item, diag, 0);
    cr_expect_eq(item.begin, 4);
    FAILS("T | fork (count) | where nope", RTQ_ERR_UNSUPPORTED, "fork");
    cr_expect_eq(rtq_diag_count(diag), 1);
}

/* The arguments are those of the call, not those of the function that makes one of its columns. */
Test(bind, functions_with_several_results)
{
    FAILS("T | extend series_decompose(d, a)", RTQ_ERR_SEMANTIC, "argument 2 of series_decompose() must be a constant");
    FAILS("T | extend series_decompose(d, 2.5)", RTQ_ERR_SEMANTIC, "argument 2 of series_decompose()");
    FAILS("T | extend series_periods_detect(d, 4.0, 50.0, 2)", RTQ_ERR_UNSUPPORTED, "finds and scores periods");
    FAILS("T | extend series_periods_validate(d, 7.0)", RTQ_ERR_UNSUPPORTED, "scores periods");
}

Test(bind, time_bins_are_noted)
{
    cr_assert_eq(bind("let A = T | extend t2 = Time; A | summarize count() by s, bin(t2, 5m)"), RTQ_OK, "%s",
                 message(0));
    const rtq__rel *rel = bound->results[0].rel;
    cr_assert_eq(rel->op, RTQ__R_SUMMARIZE);
    cr_expect_eq(rel->u.summarize.bin_key, 1);
    cr_expect_eq(rel->u.summarize.bin_ticks, INT64_C(3000000000));
    cr_assert_eq(bind("T | summarize count() by bin(a, 5)"), RTQ_OK, "%s", message(0));
    cr_expect_eq(bound->results[0].rel->u.summarize.bin_key, -1);
}

/* ---- hostile queries ---- */

static char *repeat(const char *head, const char *part, size_t n, const char *tail)
{
    size_t part_len = strlen(part);
    char *text = malloc(strlen(head) + n * part_len + strlen(tail) + 1), *p = stpcpy(text, head);
    for (size_t i = 0; i < n; i++)
        p = stpcpy(p, part);
    strcpy(p, tail);
    return text;
}

/* Whatever the parser accepts is bound or refused, in bounded time and stack. */
static void survives(char *query)
{
    rtq__ast_query *ast = NULL;
    rtq__diag_begin(&diag, mem);
    rtq__bound_free(bound);
    bound = NULL;
    if (rtq__parse(&ast, &arena, query, strlen(query), diag) == RTQ_OK &&
        rtq__bind(&bound, mem, ast, &catalog, diag) == RTQ_OK)
        cr_expect_null(bind_check(bound));
    free(query);
}

Test(bind, deep_and_long)
{
    survives(repeat("print x = ", "(", 400, "1"));
    survives(repeat("print x = 1", " + 1", 900, ""));
    survives(repeat("print x = true", " or true", 900, ""));
    survives(repeat("print x = ", "-", 400, "1"));
    survives(repeat("U", " | where a > 1", 20000, ""));
    survives(repeat("U", " | extend a = a + 1", 3000, ""));
    survives(repeat("Json | project x = a", ".b", 900, ""));
    survives(repeat("union U", ", U", 2000, ""));
    survives(repeat("U | extend z", ", z1 = 1", 500, ""));
    survives(repeat("U | where a in (1", ", 1", 20000, ")"));
    survives(repeat("let f = (x:long) { x }; print ", "f(", 400, "1"));
}

Test(bind, doubling)
{
    char query[4096];
    size_t at = (size_t)snprintf(query, sizeof query, "let f0 = (x:long) { x + x }; ");
    for (int i = 1; i < 40; i++)
        at += (size_t)snprintf(query + at, sizeof query - at, "let f%d = (x:long) { f%d(x) + f%d(x) }; ", i, i - 1,
                               i - 1);
    snprintf(query + at, sizeof query - at, "U | project f39(a)");
    cr_expect_eq(bind(query), RTQ_ERR_LIMIT);
    at = (size_t)snprintf(query, sizeof query, "let x0 = now(); ");
    for (int i = 1; i < 60; i++)
        at += (size_t)snprintf(query + at, sizeof query - at, "let x%d = iff(x%d == x%d, x%d, x%d); ", i, i - 1, i - 1,
                               i - 1, i - 1);
    snprintf(query + at, sizeof query - at, "print x59");
    cr_expect_eq(bind(query), RTQ_ERR_LIMIT);
}

/* ---- allocation failures ---- */

typedef struct failing {
    long left;
} failing;

static void *failing_alloc(void *ptr, size_t old_len, size_t len, void *user)
{
    failing *f = user;
    (void)old_len;
    if (len == 0) {
        free(ptr);
        return NULL;
    }
    return f->left-- <= 0 ? NULL : realloc(ptr, len);
}

Test(bind, out_of_memory)
{
    static const char *const queries[] = {
        "let m = toscalar(U | summarize max(a)); T | where a == m and s in (U | project b) | extend x = d.y, z = "
        "dynamic({\"a\":[1,2]}) | "
        "summarize arg_max(Time, *), count() by s | join kind=inner (U | extend a1 = 1) on a | sort by s | "
        "project-away a1",
        "union Json, (Json | where x == 1 | project-away y), U | mv-expand q | parse s with 'a' n:long 'b' * | "
        "serialize r = prev(n)",
        "U | where nope > 1 and len(b) == 2 | summarize bad()",
    };
    for (size_t q = 0; q < sizeof queries / sizeof *queries; q++) {
        rtq__ast_query *ast = NULL;
        cr_assert_eq(rtq__parse(&ast, &arena, queries[q], strlen(queries[q]), NULL), RTQ_OK);
        int rc = RTQ_ERR_NOMEM;
        for (long n = 0; rc == RTQ_ERR_NOMEM && n < 5000; n++) {
            failing f = {n};
            rtq__mem *poor = rtq__mem_new(failing_alloc, &f, 0);
            if (!poor)
                continue;
            rtq__bound *out = NULL;
            rc = rtq__bind(&out, poor, ast, &catalog, NULL);
            cr_expect_eq(out != NULL, rc == RTQ_OK);
            rtq__bound_free(out);
            cr_expect_eq(atomic_load(&poor->used), 0, "leak after %ld allocations of query %zu", n, q);
            rtq__mem_unref(poor);
        }
        cr_expect_neq(rc, RTQ_ERR_NOMEM);
    }
}
