/* Operators that change the number of rows: mv-expand, mv-apply, parse, union, subqueries, ranges. */
#include <criterion/criterion.h>
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
TestSuite(exec_rows, .init = up, .fini = down);

static void *keep(size_t len)
{
    return rtq__arena_zalloc(&t.bound.arena, len);
}

static rtq__expand_item *items(const char *from, const char *to, uint8_t kind)
{
    rtq__expand_item *item = keep(sizeof *item);
    rtq__expr *e = tree_c(&t, from);
    *item = (rtq__expand_item){tree_col(&t, to, kind), e, kind};
    return item;
}

static rtq__rel *expand(rtq__rel *in, const char *from, const char *to, uint8_t kind)
{
    rtq__rel *rel = tree_rel(&t, RTQ__R_MV_EXPAND, 1, in);
    rel->u.expand.items = items(from, to, kind);
    rel->u.expand.n = 1;
    rel->u.expand.index = tree_col(&t, "i", RTQ_LONG);
    return rel;
}

Test(exec_rows, arrays_bags_scalars_and_nulls_expand)
{
    rtq__rel *r = tree_values(&t, "a:long d:dynamic", "1,[10|20];2,[];3,{\"x\":1|\"y\":[2]};4,;5,7");
    tree_result(&t, expand(r, "d", "e", RTQ_DYNAMIC), "a e i");
    cr_expect_str_eq(tree_run(&t), "1,10,0;1,20,1;3,{\"x\":1},0;3,{\"y\":[2]},1;4,,0;5,7,0;");
}

Test(exec_rows, bags_as_pairs_and_limits)
{
    rtq__rel *r = tree_values(&t, "a:long d:dynamic", "1,[10|20|30];3,{\"x\":1}");
    rtq__rel *e = expand(r, "d", "e", RTQ_DYNAMIC);
    e->u.expand.bag_as_array = true;
    e->u.expand.limit = tree_long(&t, 2);
    tree_result(&t, e, "a e");
    cr_expect_str_eq(tree_run(&t), "1,10;1,20;3,[\"x\",1];");
}

Test(exec_rows, elements_become_typed)
{
    rtq__rel *r = tree_values(&t, "d:dynamic", "[1|\"x\"|2.5|null]");
    tree_result(&t, expand(r, "d", "e", RTQ_LONG), "e");
    cr_expect_str_eq(tree_run(&t), "1;;2;;");
}

Test(exec_rows, expansion_goes_beyond_a_batch)
{
    rtq__buf json;
    rtq__buf_init(&json, t.mem);
    rtq__rel *r = tree_scan(&t, "T", "d:dynamic a:long");
    rtq__rel *s = tree_summarize(&t, expand(r, "d", "e", RTQ_LONG), "a");
    tree_agg(&t, s, "n", "count", NULL, RTQ_LONG);
    tree_agg(&t, s, "x", "sum", tree_c(&t, "e"), RTQ_LONG);
    tree_result(&t, s, "a n x");
    for (int row = 0; row < 30; row++) {
        rtq__buf_addc(&json, '[');
        for (int i = 0; i < 100; i++)
            rtq__buf_addf(&json, "%s%d", i ? "|" : "", i % 10);
        rtq__buf_addf(&json, "],%d;", row % 2);
    }
    rtq__buf_addc(&json, '\0');
    tree_open(&t);
    tree_push(&t, "d:dynamic a:long", json.ptr, 30);
    cr_expect_str_eq(tree_run(&t), "0,1500,6750;1,1500,6750;");
    rtq__buf_free(&json);
}

/* mv-apply e = d to typeof(long) on (body); the outer column `a` is seen inside as `oa`. */
static rtq__rel *apply_begin(rtq__rel *in, const char *from)
{
    rtq__rel *leaf = tree_rel(&t, RTQ__R_APPLY_INPUT, 0);
    rtq__col *of = tree_find(&t, "a");
    rtq__rel *rel = keep(sizeof *rel);
    rel->op = RTQ__R_APPLY;
    rel->n_in = 1;
    rel->in = keep(sizeof(rtq__rel *));
    rel->in[0] = in;
    rel->u.apply.items = items(from, "e", RTQ_LONG);
    rel->u.apply.n = 1;
    rel->u.apply.input = leaf;
    leaf->u.refs.cols = keep(sizeof(rtq__col *));
    leaf->u.refs.cols[0] = tree_col(&t, "oa", of->kind);
    leaf->u.refs.cols[0]->of = of;
    leaf->u.refs.n_cols = 1;
    return rel;
}

static rtq__rel *apply_end(rtq__rel *rel, rtq__rel *body, const char *col)
{
    rel->id = t.bound.n_rels;
    t.bound.rels[t.bound.n_rels++] = rel;
    rel->u.apply.body = body;
    rel->u.apply.body_cols = keep(sizeof(rtq__col *));
    rel->u.apply.body_cols[0] = tree_find(&t, col);
    rel->u.apply.n_body_cols = 1;
    return rel;
}

Test(exec_rows, mv_apply_runs_its_body_for_each_row)
{
    rtq__rel *r = tree_values(&t, "a:long d:dynamic", "1,[5|1|3];2,[];3,[4|10|8|7];4,[2]");
    rtq__rel *apply = apply_begin(r, "d");
    rtq__rel *body = tree_sort(&t, apply->u.apply.input, "e", true, 2);
    tree_result(&t, apply_end(apply, body, "e"), "a e");
    cr_expect_str_eq(tree_run(&t), "1,5;1,3;3,10;3,8;4,2;");
}

Test(exec_rows, a_body_sees_outer_columns)
{
    rtq__rel *r = tree_values(&t, "a:long d:dynamic", "1,[5|1|3];3,[4|10]");
    rtq__rel *apply = apply_begin(r, "d");
    rtq__rel *body = tree_extend(&t, apply->u.apply.input, "x",
                                 tree_call(&t, "*", "long, long", RTQ_LONG, 2, tree_c(&t, "e"), tree_c(&t, "oa")));
    rtq__rel *sum = tree_summarize(&t, body, "");
    tree_agg(&t, sum, "s", "sum", tree_c(&t, "x"), RTQ_LONG);
    tree_result(&t, apply_end(apply, sum, "s"), "a s");
    cr_expect_str_eq(tree_run(&t), "1,9;3,42;");
}

static rtq__parse_piece text(const char *s)
{
    return (rtq__parse_piece){.text = s, .len = (uint32_t)strlen(s)};
}
static rtq__parse_piece column(const char *name, uint8_t kind)
{
    return (rtq__parse_piece){.col = tree_col(&t, name, kind)};
}

static rtq__rel *parse(rtq__rel *in, uint8_t mode, bool where, uint32_t n, const rtq__parse_piece *pieces)
{
    rtq__rel *rel = tree_rel(&t, RTQ__R_PARSE, 1, in);
    rel->u.parse.value = tree_c(&t, "s");
    rel->u.parse.pieces = keep(n * sizeof *pieces);
    memcpy(rel->u.parse.pieces, pieces, n * sizeof *pieces);
    rel->u.parse.n = n;
    rel->u.parse.mode = mode;
    rel->u.parse.where = where;
    return rel;
}

Test(exec_rows, simple_patterns)
{
    rtq__rel *r = tree_values(&t, "s:string", "name=alice age=30;name=bob age=x;garbage;name=c age=7 more");
    rtq__parse_piece p[] = {text("name="), column("n", RTQ_STRING), text(" age="), column("x", RTQ_LONG)};
    tree_result(&t, parse(r, RTQ__PARSE_SIMPLE, false, 4, p), "n x");
    cr_expect_str_eq(tree_run(&t), "alice,30;,;,;,;");
}

Test(exec_rows, relaxed_patterns_and_rows_that_match)
{
    rtq__rel *r = tree_values(&t, "s:string", "name=alice age=30;name=bob age=x;garbage");
    rtq__parse_piece p[] = {text("name="), column("n", RTQ_STRING), text(" age="), column("x", RTQ_LONG)};
    tree_result(&t, parse(r, RTQ__PARSE_RELAXED, true, 4, p), "n x");
    cr_expect_str_eq(tree_run(&t), "alice,30;bob,;");
}

Test(exec_rows, stars_skip)
{
    rtq__rel *r = tree_values(&t, "s:string", "xx id=12 ab val=3.5 rest;id=12 val=3.5");
    rtq__parse_piece p[] = {{0}, text("id="), column("i", RTQ_LONG), {0}, text("val="), column("v", RTQ_REAL), {0}};
    tree_result(&t, parse(r, RTQ__PARSE_SIMPLE, false, 7, p), "i v");
    cr_expect_str_eq(tree_run(&t), "12,3.5;12,3.5;");
}

Test(exec_rows, regex_patterns_are_greedy)
{
    rtq__rel *r = tree_values(&t, "s:string", "MixedCASE123end;ABC");
    rtq__parse_piece p[] = {column("u", RTQ_STRING), text("[0-9]+"), column("v", RTQ_STRING)};
    tree_result(&t, parse(r, RTQ__PARSE_REGEX, false, 3, p), "u v");
    cr_expect_str_eq(tree_run(&t), "MixedCASE12,end;,;");
}

static rtq__expr *slot(rtq__rel *rel, const char *col, uint8_t how, rtq__expr *arg)
{
    rtq__expr *e = keep(sizeof *e);
    t.bound.slots[t.bound.n_slots] = (rtq__slot_def){.how = how, .rel = rel, .col = tree_find(&t, col)};
    *e = (rtq__expr){.op = how == RTQ__SLOT_SET ? RTQ__E_IN_SLOT : RTQ__E_SLOT, .slot = t.bound.n_slots++};
    e->kind = how == RTQ__SLOT_SET ? RTQ_BOOL : tree_find(&t, col)->kind;
    if (arg) {
        e->n_args = 1;
        e->args = keep(sizeof(rtq__expr *));
        e->args[0] = arg;
    }
    return e;
}

Test(exec_rows, rows_wait_for_their_subquery)
{
    rtq__rel *s = tree_scan(&t, "T", "a:long");
    rtq__rel *x = tree_ref(&t, s, "a", "x"), *y = tree_ref(&t, s, "a", "y");
    rtq__rel *sum = tree_summarize(&t, y, "");
    tree_agg(&t, sum, "m", "max", tree_c(&t, "y"), RTQ_LONG);
    rtq__expr *max = slot(sum, "m", RTQ__SLOT_SCALAR, NULL);
    tree_result(&t, tree_filter(&t, x, tree_call(&t, "==", "long, long", RTQ_BOOL, 2, tree_c(&t, "x"), max)), "x");
    tree_open(&t);
    tree_push(&t, "a:long", "1;7;2;7", 2);
    cr_expect_str_eq(tree_text_out(&t), "");
    cr_expect_str_eq(tree_run(&t), "7;7;");
}

Test(exec_rows, values_in_a_subquery)
{
    rtq__rel *v = tree_values(&t, "k:string", "x;yy");
    rtq__rel *s = tree_scan(&t, "T", "s:string");
    tree_result(&t, tree_filter(&t, s, slot(v, "k", RTQ__SLOT_SET, tree_c(&t, "s"))), "s");
    tree_open(&t);
    tree_push(&t, "s:string", "a;x;yy;yyy", 3);
    cr_expect_str_eq(tree_text_out(&t), "x;yy;"); /* constants are there from the start */
}

Test(exec_rows, ranges)
{
    rtq__rel *r = tree_rel(&t, RTQ__R_RANGE, 0);
    r->u.range.col = tree_col(&t, "x", RTQ_LONG);
    r->u.range.from = tree_long(&t, 5), r->u.range.to = tree_long(&t, 0), r->u.range.step = tree_long(&t, -2);
    tree_result(&t, r, "x");
    cr_expect_str_eq(tree_run(&t), "5;3;1;");
}

Test(exec_rows, values_of_a_feed_become_a_join)
{
    for (int unbounded = 0; unbounded < 2; unbounded++) {
        down(), up();
        rtq__rel *s = tree_scan(&t, "T", "a:long b:long");
        rtq__rel *x = tree_ref(&t, s, "a", "x"), *y = tree_ref(&t, s, "b", "y");
        tree_result(&t, tree_filter(&t, x, slot(y, "y", RTQ__SLOT_SET, tree_c(&t, "x"))), "x");
        t.unbounded = unbounded;
        tree_open(&t);
        for (uint32_t i = 0; i < t.plan->n_nodes; i++)
            cr_expect_neq(t.plan->nodes[i]->op, RTQ__P_SLOT);
        tree_push(&t, "a:long b:long", "1,2;2,9;3,1;,;2,", 2);
        cr_expect_str_eq(tree_run(&t), unbounded ? "2;1;2;" : "1;2;2;"); /* nulls match nothing */
    }
}
