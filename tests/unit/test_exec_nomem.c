/* Every allocation fails once: an error comes out, nothing crashes, nothing leaks. */
#include <criterion/criterion.h>
#include "tree.h"

static const char schema[] = "a:long s:string d:dynamic";
static const char rows[] = "1,x,[1|2];2,a text that is not short,{\"k\":1};3,x,;4,,[];1,y,7";

static void make_groups(tree *t)
{
    rtq__rel *r = tree_filter(t, tree_scan(t, "T", schema), NULL);
    r->u.filter.expr = tree_call(t, ">", "long, long", RTQ_BOOL, 2, tree_c(t, "a"), tree_long(t, 0));
    r = tree_extend(t, r, "b", tree_call(t, "+", "long, long", RTQ_LONG, 2, tree_c(t, "a"), tree_long(t, 1)));
    r = tree_summarize(t, r, "s");
    tree_agg(t, r, "n", "count", NULL, RTQ_LONG);
    tree_agg(t, r, "l", "make_list", tree_c(t, "b"), RTQ_DYNAMIC);
    tree_result(t, tree_sort(t, r, "s", false, -1), "s n l");
}

static void make_join(tree *t)
{
    rtq__rel *s = tree_scan(t, "T", schema);
    rtq__rel *l = tree_ref(t, s, "a s", "a1 s1"), *r = tree_ref(t, s, "a s", "a2 s2");
    tree_result(t, tree_sort(t, tree_join(t, RTQ__JOIN_FULLOUTER, l, r, "a1", "a2"), "s1", false, 3), "s1 s2");
}

static void make_window(tree *t)
{
    rtq__rel *r = tree_scan(t, "T", schema);
    r = tree_extend(t, r, "c", tree_call(t, "row_cumsum", "long, [bool]", RTQ_LONG, 1, tree_c(t, "a")));
    r = tree_extend(t, r, "p", tree_call(t, "prev", "any, [long], [const any]", RTQ_STRING, 1, tree_c(t, "s")));
    r = tree_extend(t, r, "q", tree_call(t, "next", "any, [long], [const any]", RTQ_STRING, 1, tree_c(t, "s")));
    r = tree_extend(t, r, "k", tree_call(t, "row_rank_dense", "any, [bool]", RTQ_LONG, 1, tree_c(t, "s")));
    tree_result(t, tree_take(t, r, 4), "c p q k");
}

static void make_expand(tree *t)
{
    rtq__rel *in = tree_scan(t, "T", schema), *r = tree_rel(t, RTQ__R_MV_EXPAND, 1, in);
    r->u.expand.items = rtq__arena_zalloc(&t->bound.arena, sizeof(rtq__expand_item));
    r->u.expand.items[0] = (rtq__expand_item){tree_col(t, "e", RTQ_DYNAMIC), tree_c(t, "d"), RTQ_DYNAMIC};
    r->u.expand.n = 1;
    tree_result(t, r, "a e s");
}

static void each_allocation(void (*make)(tree *t))
{
    int failed = 0;
    for (long n = 1;; n++) {
        tree t;
        tree_init(&t);
        make(&t);
        t.fail_in = n + 1;
        t.armed = true;
        tree_open(&t);
        if (t.rc == RTQ_OK)
            tree_push(&t, schema, rows, 2);
        if (t.rc == RTQ_OK)
            t.rc = rtq__pipe_finish(t.pipe, UINT32_MAX);
        bool hit = t.fail_in == 1;
        t.armed = false;
        cr_assert(t.rc == RTQ_ERR_NOMEM || !hit || t.rc >= 0, "allocation %ld: %d", n, t.rc);
        failed += t.rc == RTQ_ERR_NOMEM;
        rtq__mem *mem = rtq__mem_ref(t.mem);
        tree_free(&t);
        cr_assert_eq(atomic_load(&mem->used), 0, "allocation %ld", n);
        rtq__mem_unref(mem);
        if (!hit)
            break;
    }
    cr_expect_gt(failed, 10);
}

Test(exec_nomem, groups)
{
    each_allocation(make_groups);
}
Test(exec_nomem, join)
{
    each_allocation(make_join);
}
Test(exec_nomem, window)
{
    each_allocation(make_window);
}
Test(exec_nomem, expand)
{
    each_allocation(make_expand);
}
