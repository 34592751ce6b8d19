/* In the steady state nothing is allocated, and only cells that somebody needs are decoded. */
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
TestSuite(exec_steady, .init = up, .fini = down);

static rtq__expr *more_than(const char *col, int64_t n)
{
    return tree_call(&t, ">", "long, long", RTQ_BOOL, 2, tree_c(&t, col), tree_long(&t, n));
}

static const char schema[] = "a:long b:long s:string d:dynamic";
static const char rows[] = "1,1,x,[1|2|3];2,2,some text of some length,{\"k\":1};3,3,y,;4,4,id=12 more,[]";

static void steady(uint32_t batch)
{
    tree_open(&t);
    cr_assert_eq(t.rc, RTQ_OK);
    t.repeat = 200;
    tree_push(&t, schema, rows, batch);
    cr_expect_eq(t.rc, RTQ_OK);
    cr_expect_eq(t.allocations, 0, "%lu allocations", (unsigned long)t.allocations);
}

Test(exec_steady, row_by_row)
{
    rtq__rel *r = tree_scan(&t, "T", schema);
    r = tree_filter(&t, r, more_than("a", 1));
    r = tree_extend(&t, r, "c", tree_call(&t, "+", "long, long", RTQ_LONG, 2, tree_c(&t, "a"), tree_c(&t, "b")));
    tree_result(&t, tree_filter(&t, r, more_than("c", 5)), "c s");
    steady(4);
    cr_expect_eq(t.rows, 2 * 201);
}

Test(exec_steady, groups_that_are_known)
{
    rtq__rel *r = tree_summarize(&t, tree_scan(&t, "T", schema), "s");
    tree_agg(&t, r, "n", "count", NULL, RTQ_LONG);
    tree_agg(&t, r, "m", "max", tree_c(&t, "a"), RTQ_LONG);
    tree_agg(&t, r, "u", "count_distinct", tree_c(&t, "b"), RTQ_LONG);
    tree_result(&t, r, "s n m u");
    steady(2);
}

Test(exec_steady, expanded_rows_and_patterns)
{
    rtq__rel *in = tree_scan(&t, "T", schema), *r = tree_rel(&t, RTQ__R_MV_EXPAND, 1, in);
    r->u.expand.items = rtq__arena_zalloc(&t.bound.arena, sizeof(rtq__expand_item));
    r->u.expand.items[0] = (rtq__expand_item){tree_col(&t, "e", RTQ_DYNAMIC), tree_c(&t, "d"), RTQ_DYNAMIC};
    r->u.expand.n = 1;
    rtq__rel *p = tree_rel(&t, RTQ__R_PARSE, 1, r);
    p->u.parse.value = tree_c(&t, "s");
    p->u.parse.pieces = rtq__arena_zalloc(&t.bound.arena, 3 * sizeof(rtq__parse_piece));
    p->u.parse.pieces[0] = (rtq__parse_piece){.text = "id=", .len = 3};
    p->u.parse.pieces[1] = (rtq__parse_piece){.col = tree_col(&t, "id", RTQ_LONG)};
    p->u.parse.n = 3;
    tree_result(&t, p, "e id");
    steady(4);
}

Test(exec_steady, joins_with_constants)
{
    rtq__rel *s = tree_scan(&t, "T", schema), *v = tree_values(&t, "k:long w:string", "1,one;3,three;3,drei");
    tree_result(&t, tree_join(&t, RTQ__JOIN_INNER, s, v, "a", "k"), "s w");
    steady(4);
    cr_expect_eq(t.rows, 3 * 201);
}

Test(exec_steady, cells_of_rejected_rows_stay_undecoded)
{
    rtq__rel *r = tree_scan(&t, "T", schema);
    r = tree_extend(&t, r, "c", tree_call(&t, "+", "long, long", RTQ_LONG, 2, tree_c(&t, "b"), tree_long(&t, 1)));
    tree_result(&t, tree_filter(&t, r, more_than("a", 3)), "c s d");
    t.lazy = true;
    tree_open(&t);
    tree_push(&t, schema, rows, 4);
    cr_expect_eq(t.decoded, 4 + 3, "%lu cells",
                 (unsigned long)t.decoded); /* a of each row; b, s, d of the one that passes */
    cr_expect_str_eq(tree_run(&t), "5,id=12 more,[];");
}

Test(exec_steady, so_do_columns_behind_a_join_and_a_take)
{
    rtq__rel *s = tree_scan(&t, "T", schema), *v = tree_values(&t, "k:long w:string", "2,two");
    tree_result(&t, tree_take(&t, tree_join(&t, RTQ__JOIN_LEFTSEMI, s, v, "a", "k"), 1), "s d");
    t.lazy = true;
    tree_open(&t);
    tree_push(&t, schema, rows, 4);
    cr_expect_eq(t.decoded, 4 + 2, "%lu cells", (unsigned long)t.decoded);
}

Test(exec_steady, thirty_columns_behind_a_filter_of_the_query)
{
    enum { COLUMNS = 30, ROWS = 64, PASS = 3 };
    char cols[COLUMNS * 12 + 16] = "a:long", names[COLUMNS * 5 + 8] = "a", data[ROWS * (COLUMNS + 1) * 4] = "";
    size_t n_cols = strlen(cols), n_names = strlen(names), n_data = 0;

    for (int c = 0; c < COLUMNS; c++) {
        n_cols += (size_t)snprintf(cols + n_cols, sizeof cols - n_cols, " c%d:%s", c, c % 2 ? "string" : "long");
        n_names += (size_t)snprintf(names + n_names, sizeof names - n_names, " c%d", c);
    }
    for (int r = 0; r < ROWS; r++) {
        n_data += (size_t)snprintf(data + n_data, sizeof data - n_data, "%s%d", r ? ";" : "", r);
        for (int c = 0; c < COLUMNS; c++)
            n_data += (size_t)snprintf(data + n_data, sizeof data - n_data, ",%d", c);
    }
    rtq__rel *scan = tree_scan(&t, "T", cols);
    tree_result(&t, tree_filter(&t, scan, more_than("a", ROWS - 1 - PASS)), names);
    t.lazy = true;
    tree_open(&t);
    tree_push(&t, cols, data, ROWS);
    cr_expect_eq(t.rows, PASS);
    cr_expect_eq(t.decoded, ROWS + PASS * COLUMNS, "%lu cells", (unsigned long)t.decoded);
}
