/* Predicates move to the scans, and the rows stay the same. */
#include <criterion/criterion.h>
#include <stdio.h>
#include "tree.h"

static tree t;
static void up(void)
{
    tree_init(&t);
}
static void down(void)
{
    tree_free(&t);
}
TestSuite(exec_push, .init = up, .fini = down);

static rtq__expr *more(const char *col, int64_t n)
{
    return tree_call(&t, ">", "long, long", RTQ_BOOL, 2, tree_c(&t, col), tree_long(&t, n));
}
static rtq__expr *is(const char *col, int64_t n)
{
    return tree_call(&t, "==", "long, long", RTQ_BOOL, 2, tree_c(&t, col), tree_long(&t, n));
}
static rtq__expr *plus(const char *col, int64_t n)
{
    return tree_call(&t, "+", "long, long", RTQ_LONG, 2, tree_c(&t, col), tree_long(&t, n));
}

/* What the table is asked for, like "a>1&b==2|all"; in[] are branches. */
static const char *asked(void)
{
    static char text[512];
    const rtq__plan_table *table = &t.plan->tables[0];
    size_t n = 0;
    text[0] = '\0';
    for (uint32_t b = 0; b < table->n_branches; b++) {
        n += (size_t)snprintf(text + n, sizeof text - n, "%s%s", b ? "|" : "", table->branches[b].n ? "" : "all");
        for (uint32_t k = 0; k < table->branches[b].n; k++) {
            const rtq__plan_conjunct *c = &table->conjuncts[table->branches[b].conjuncts[k]];
            n += (size_t)snprintf(text + n, sizeof text - n, "%s%s %u", k ? "&" : "", table->wants[c->want].path,
                                  c->op);
            for (uint32_t v = 0; v < c->n_values; v++)
                n += (size_t)snprintf(text + n, sizeof text - n, " %lld", (long long)c->values[v].u.i);
        }
    }
    return text;
}

static const char rows[] = "1,10;2,20;3,10;4,40;5,;6,10;3,30;,7";

/* The tree that make builds, with and without pushdown: the same rows. */
static void same_rows(void (*make)(void), const char *expected_asked)
{
    rtq__buf first;
    make();
    tree_open(&t);
    cr_assert_eq(t.rc, RTQ_OK);
    cr_expect_str_eq(asked(), expected_asked);
    tree_push(&t, "a:long b:long", rows, 3);
    rtq__buf_init(&first, t.mem);
    const char *text = tree_run(&t);
    rtq__mem *mem = rtq__mem_ref(t.mem);
    rtq__buf_add(&first, text, strlen(text) + 1);
    tree_free(&t);
    tree_init(&t);
    make();
    t.no_pushdown = true;
    tree_open(&t);
    cr_expect_str_eq(asked(), t.plan->tables[0].n_branches == 2 ? "all|all" : "all");
    tree_push(&t, "a:long b:long", rows, 3);
    cr_expect_str_eq(tree_run(&t), first.ptr);
    rtq__buf_free(&first);
    rtq__mem_unref(mem);
}

static void through_extend(void)
{
    rtq__rel *r = tree_scan(&t, "T", "a:long b:long");
    r = tree_extend(&t, r, "x", tree_c(&t, "a"));
    r = tree_extend(&t, r, "y", plus("b", 1));
    r = tree_filter(&t, r, tree_call(&t, "and", "", RTQ_BOOL, 2, more("x", 2), more("y", 5)));
    tree_result(&t, r, "x y");
}

Test(exec_push, through_extend)
{
    same_rows(through_extend, "a 5 2");
} /* y is a + 1: not of the closed form, but evaluated in the scan */

static void through_keys(void)
{
    rtq__rel *r = tree_scan(&t, "T", "a:long b:long");
    r = tree_summarize(&t, r, "b");
    tree_agg(&t, r, "n", "count", NULL, RTQ_LONG);
    r = tree_filter(&t, r, tree_call(&t, "and", "", RTQ_BOOL, 2, is("b", 10), more("n", 1)));
    tree_result(&t, r, "b n");
}

Test(exec_push, through_keys_of_summarize_but_not_aggregates)
{
    same_rows(through_keys, "b 1 10");
}

static void not_through_take(void)
{
    rtq__rel *r = tree_take(&t, tree_scan(&t, "T", "a:long b:long"), 4);
    tree_result(&t, tree_filter(&t, r, is("b", 10)), "a b");
}

Test(exec_push, not_through_take)
{
    same_rows(not_through_take, "all");
}

static void not_through_row_number(void)
{
    rtq__rel *r = tree_scan(&t, "T", "a:long b:long");
    r = tree_extend(&t, r, "n", tree_call(&t, "row_number", "[long], [bool]", RTQ_LONG, 0));
    tree_result(&t, tree_filter(&t, r, is("b", 10)), "a n");
}

Test(exec_push, not_through_window_functions)
{
    same_rows(not_through_row_number, "all");
}

static void both_reads(void)
{
    rtq__rel *s = tree_scan(&t, "T", "a:long b:long");
    rtq__rel *x = tree_ref(&t, s, "a b", "xa xb"), *y = tree_ref(&t, s, "a b", "ya yb");
    x = tree_filter(&t, x, more("xa", 2));
    y = tree_filter(&t, y, is("yb", 10));
    rtq__rel *j = tree_join(&t, RTQ__JOIN_INNER, x, y, "xa", "ya");
    tree_result(&t, tree_filter(&t, j, more("ya", 1)), "xa xb ya yb");
}

Test(exec_push, each_read_of_a_table_has_its_own_branch)
{
    same_rows(both_reads, "a 5 2|b 1 10&a 5 1");
}

static void outer_join(void)
{
    rtq__rel *s = tree_scan(&t, "T", "a:long b:long");
    rtq__rel *x = tree_ref(&t, s, "a b", "xa xb"), *y = tree_ref(&t, s, "a b", "ya yb");
    rtq__rel *j = tree_join(&t, RTQ__JOIN_LEFTOUTER, x, y, "xa", "yb");
    tree_result(&t, tree_filter(&t, j, tree_call(&t, "and", "", RTQ_BOOL, 2, more("xa", 2), more("yb", 1))),
                "xa xb ya yb");
}

Test(exec_push, outer_joins_take_predicates_of_the_kept_side_only)
{
    same_rows(outer_join, "a 5 2|all");
}

static void unions(void)
{
    rtq__rel *s = tree_scan(&t, "T", "a:long b:long");
    rtq__rel *x = tree_ref(&t, s, "a", "x"), *y = tree_ref(&t, s, "b", "y");
    rtq__expr *map[4] = {tree_c(&t, "x"), NULL, tree_c(&t, "y"), tree_c(&t, "y")};
    rtq__rel *u = tree_rel(&t, RTQ__R_UNION, 2, x, y);
    u->u.unions.cols = rtq__arena_zalloc(&t.bound.arena, 2 * sizeof(rtq__col *));
    u->u.unions.cols[0] = tree_col(&t, "u", RTQ_LONG);
    u->u.unions.cols[1] = tree_col(&t, "v", RTQ_LONG);
    u->u.unions.n_cols = 2;
    u->u.unions.map = rtq__arena_alloc(&t.bound.arena, sizeof map);
    memcpy(u->u.unions.map, map, sizeof map);
    tree_result(&t, tree_filter(&t, u, more("u", 4)), "u v");
}

Test(exec_push, through_unions_input_by_input)
{
    same_rows(unions, "a 5 4|b 5 4");
    cr_expect_str_eq(tree_text_out(&t), "10,10;20,20;10,10;5,;6,;40,40;10,10;30,30;7,7;");
}

static void alternatives(void)
{
    rtq__rel *r = tree_scan(&t, "T", "a:long b:long");
    rtq__expr *same = tree_call(&t, "or", "", RTQ_BOOL, 2, is("a", 1), is("a", 3));
    rtq__expr *other = tree_call(&t, "or", "", RTQ_BOOL, 2, is("b", 10), more("a", 4));
    tree_result(&t, tree_filter(&t, r, tree_call(&t, "and", "", RTQ_BOOL, 2, same, other)), "a b");
}

Test(exec_push, alternatives_become_in_or_branches)
{
    same_rows(alternatives, "a 7 1 3&b 1 10|a 7 1 3&a 5 4");
}

Test(exec_push, an_exact_source_saves_the_check)
{
    rtq__rel *r = tree_scan(&t, "T", "a:long");
    tree_result(&t, tree_filter(&t, r, more("a", 2)), "a");
    tree_open(&t);
    t.exact = true;
    tree_push(&t, "a:long", "1;5", 2);
    cr_expect_str_eq(tree_run(&t), "1;5;");
}

Test(exec_push, columns_of_predicates_only_decide)
{
    rtq__rel *r = tree_scan(&t, "T", "a:long b:long c:long");
    tree_result(&t, tree_filter(&t, r, more("a", 2)), "b");
    tree_open(&t);
    const rtq__plan_table *table = &t.plan->tables[0];
    cr_assert_eq(table->n_wants, 2);
    cr_expect(strcmp(table->wants[0].path, "a") == 0 && table->wants[0].flags == RTQ__WANT_DECIDE);
    cr_expect(strcmp(table->wants[1].path, "b") == 0 && table->wants[1].flags == RTQ__WANT_SURVIVOR);
}

Test(exec_push, demands_of_plans_are_merged)
{
    tree u;
    rtq_demand *demand = NULL;
    tree_init(&u);
    rtq__rel *r = tree_scan(&t, "T", "a:long b:long");
    tree_result(&t, tree_filter(&t, r, more("a", 2)), "b");
    tree_open(&t);
    rtq__rel *s = tree_scan(&u, "T", "b:long a:long");
    rtq__expr *e = tree_call(&u, ">", "long, long", RTQ_BOOL, 2, tree_c(&u, "a"), tree_long(&u, 2));
    tree_result(&u, tree_filter(&u, s, e), "a");
    tree_open(&u);
    rtq__reader readers[2] = {{.plan = t.plan}, {.plan = u.plan}};
    cr_assert_eq(rtq__demand_new(&demand, t.mem, t.plan->tables[0].table, 1, readers, 2, NULL, 7), RTQ_OK);
    const rtq__demand_table *d = &demand->tables[0];
    cr_expect(d->n_wants == 2 && d->n_conjuncts == 1 && d->n_branches == 2 && !d->single && !d->all &&
              demand->epoch == 7);
    cr_expect_eq(d->wants[0].flags, RTQ__WANT_DECIDE | RTQ__WANT_SURVIVOR);
    demand->tables[0].conjuncts[0].verdict = RTQ_PUSH_EXACT;
    rtq__demand_settle(demand);
    cr_expect_not(rtq__demand_read(demand, 0)->exact[0]); /* two readers */
    rtq__demand_free(demand);
    tree_free(&u);
}
