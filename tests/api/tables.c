/* tables.c - reference tables replaced while a run goes on: seen from the next step on, and nothing else is forgotten. */
#include "rig.h"

static void set_names(struct rig *r, const int64_t *keys, size_t n)
{
    rtq_str names[] = {{"one", 3}, {"two", 3}, {"three", 5}};
    rtq_column cols[2] = {{RTQ_LONG, 8, keys, NULL, 0, 0}, {RTQ_STRING, sizeof names[0], names, NULL, 0, 0}};
    CHECK(rtq_env_set_table(r->env, "Names", "A:long, Name:string", cols, 2, n, &r->diag) == RTQ_OK);
}

static void open_rig(struct rig *r, const char *kql, const int64_t *keys, size_t n)
{
    rig_env(r);
    set_names(r, keys, n);
    rig_open(r, "A:long", kql);
}

static void push(struct rig *r, int64_t from, int64_t to)
{
    for (int64_t i = from; i <= to; i++)
        CHECK(rtq_appender_columns(r->app, &(rtq_column){RTQ_LONG, 8, &i, NULL, 0, 0}, 1, 1) == RTQ_OK);
    rig_step(r);
}

static void finish(struct rig *r)
{
    rtq_run_stop(r->run, RTQ_STOP_DRAIN);
    CHECK(rtq_run_all(r->run, &r->diag) == RTQ_END && r->notices == 0);
}

static void expect(struct rig *r, const char *want)
{
    if (strcmp(r->rows, want) != 0) {
        printf("# got %s\n# want %s\n", r->rows, want);
        check_bad = 1;
    }
    rig_close(r);
}

static const int64_t one_two[] = {1, 2}, three[] = {3};

static void a_lookup_sees_the_new_rows(void)
{
    struct rig r;
    open_rig(&r, "T | lookup kind=leftouter Names on A", one_two, 2);
    push(&r, 1, 3);
    set_names(&r, three, 1);
    push(&r, 1, 3);
    finish(&r);
    expect(&r, "{\"A\":1,\"Name\":\"one\"}{\"A\":2,\"Name\":\"two\"}{\"A\":3,\"Name\":\"\"}"
               "{\"A\":1,\"Name\":\"\"}{\"A\":2,\"Name\":\"\"}{\"A\":3,\"Name\":\"one\"}");
}

static void subqueries_see_the_new_rows(void)
{
    struct rig r;
    open_rig(&r, "T | where A in ((Names | project A)) | extend n = toscalar(Names | count)", one_two, 2);
    push(&r, 1, 3);
    set_names(&r, three, 1);
    push(&r, 1, 3);
    finish(&r);
    expect(&r, "{\"A\":1,\"n\":2}{\"A\":2,\"n\":2}{\"A\":3,\"n\":1}");
}

static void what_was_counted_stays_counted(void)
{
    struct rig r;
    open_rig(&r, "T | join kind=inner (Names | where A != 2) on A | summarize n = count(), s = sum(A)", one_two, 2);
    push(&r, 1, 3);
    set_names(&r, three, 1);
    push(&r, 1, 3);
    push(&r, 3, 3);
    finish(&r);
    expect(&r, "{\"n\":3,\"s\":7}");
}

static void a_dropped_table_is_empty(void)
{
    struct rig r;
    open_rig(&r, "T | where A in (Names)", one_two, 2);
    push(&r, 1, 3);
    CHECK(rtq_env_set_table(r.env, "Names", NULL, NULL, 0, 0, &r.diag) == RTQ_OK);
    push(&r, 1, 3);
    set_names(&r, three, 1);
    push(&r, 1, 3);
    finish(&r);
    expect(&r, "{\"A\":1}{\"A\":2}{\"A\":3}");
}

static void rows_that_went_on_are_not_called_back(void)
{
    struct rig r;
    open_rig(&r, "T | union (Names | project A) | summarize n = count()", one_two, 2);
    push(&r, 1, 3);
    set_names(&r, three, 1);
    push(&r, 1, 3);
    finish(&r);
    expect(&r, "{\"n\":8}");
}

/* Often, with many rows: nothing is lost and nothing piles up. */
static void many_replacements(void)
{
    struct rig r;
    int64_t keys[3] = {0};

    open_rig(&r, "T | lookup kind=inner Names on A | summarize n = count(), s = sum(A)", one_two, 2);
    for (int i = 0; i < 300; i++) {
        keys[0] = i;
        set_names(&r, keys, 1);
        push(&r, 0, 20);
    }
    finish(&r);
    expect(&r, "{\"n\":21,\"s\":210}");
}

/* Columns are found by name and type, whatever their order; where they are gone, the query says so and ends. */
static void a_table_may_change_its_columns(void)
{
    struct rig r;
    const int64_t keys[] = {1, 2, 3};
    const rtq_str names[] = {{"uno", 3}, {"dos", 3}, {"tres", 4}};
    const rtq_column turned[3] = {{RTQ_STRING, sizeof names[0], names, NULL, 0, 0},
                                  {RTQ_STRING, 0, names, NULL, 0, 0},
                                  {RTQ_LONG, 8, keys, NULL, 0, 0}};
    const rtq_column other[2] = {{RTQ_LONG, 8, keys, NULL, 0, 0}, {RTQ_LONG, 8, keys, NULL, 0, 0}};

    open_rig(&r, "T | lookup Names on A", keys, 3);
    push(&r, 1, 1);
    CHECK(rtq_env_set_table(r.env, "Names", "Name:string, More:string, A:long", turned, 3, 3, &r.diag) == RTQ_OK);
    push(&r, 2, 2);
    CHECK(strcmp(r.rows, "{\"A\":1,\"Name\":\"one\"}{\"A\":2,\"Name\":\"dos\"}") == 0 && r.notices == 0);
    CHECK(rtq_env_set_table(r.env, "Names", "A:long, Name:long", other, 2, 3, &r.diag) == RTQ_OK);
    push(&r, 3, 3);
    CHECK(r.notices == 1);
    r.notices = 0;
    finish(&r);
    expect(&r, "{\"A\":1,\"Name\":\"one\"}{\"A\":2,\"Name\":\"dos\"}");
}

int main(void)
{
    RUN(a_lookup_sees_the_new_rows);
    RUN(subqueries_see_the_new_rows);
    RUN(what_was_counted_stays_counted);
    RUN(a_dropped_table_is_empty);
    RUN(rows_that_went_on_are_not_called_back);
    RUN(many_replacements);
    RUN(a_table_may_change_its_columns);
    return check_failures != 0;
}
