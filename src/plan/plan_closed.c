/* plan_closed.c - typed expressions -> conjuncts (path op constants) and branches. */
#include "plan/plan_closed.h"

enum { MAX_BRANCHES = 8, MAX_VALUES = 4096 };

static const struct op_name {
    const char *name;
    uint32_t op, flipped;
} op_names[] = {
    {"==", RTQ_OP_EQ, RTQ_OP_EQ},
    {"!=", RTQ_OP_NE, RTQ_OP_NE},
    {"<>", RTQ_OP_NE, RTQ_OP_NE},
    {"<", RTQ_OP_LT, RTQ_OP_GT},
    {"<=", RTQ_OP_LE, RTQ_OP_GE},
    {">", RTQ_OP_GT, RTQ_OP_LT},
    {">=", RTQ_OP_GE, RTQ_OP_LE},
    {"in", RTQ_OP_IN, 0},
    {"!in", RTQ_OP_IN + RTQ_OP_NOT, 0},
    {"between", RTQ_OP_BETWEEN, 0},
    {"!between", RTQ_OP_BETWEEN + RTQ_OP_NOT, 0},
    {"=~", RTQ_OP_EQ_NOCASE, RTQ_OP_EQ_NOCASE},
    {"!~", RTQ_OP_EQ_NOCASE + RTQ_OP_NOT, RTQ_OP_EQ_NOCASE + RTQ_OP_NOT},
    {"has", RTQ_OP_HAS, 0},
    {"!has", RTQ_OP_HAS + RTQ_OP_NOT, 0},
    {"has_cs", RTQ_OP_HAS + RTQ_OP_CASE, 0},
    {"!has_cs", RTQ_OP_HAS + RTQ_OP_CASE + RTQ_OP_NOT, 0},
    {"contains", RTQ_OP_CONTAINS, 0},
    {"!contains", RTQ_OP_CONTAINS + RTQ_OP_NOT, 0},
    {"contains_cs", RTQ_OP_CONTAINS + RTQ_OP_CASE, 0},
    {"!contains_cs", RTQ_OP_CONTAINS + RTQ_OP_CASE + RTQ_OP_NOT, 0},
    {"startswith", RTQ_OP_STARTSWITH, 0},
    {"!startswith", RTQ_OP_STARTSWITH + RTQ_OP_NOT, 0},
    {"startswith_cs", RTQ_OP_STARTSWITH + RTQ_OP_CASE, 0},
    {"!startswith_cs", RTQ_OP_STARTSWITH + RTQ_OP_CASE + RTQ_OP_NOT, 0},
    {"endswith", RTQ_OP_ENDSWITH, 0},
    {"!endswith", RTQ_OP_ENDSWITH + RTQ_OP_NOT, 0},
    {"endswith_cs", RTQ_OP_ENDSWITH + RTQ_OP_CASE, 0},
    {"!endswith_cs", RTQ_OP_ENDSWITH + RTQ_OP_CASE + RTQ_OP_NOT, 0},
    {"matches regex", RTQ_OP_MATCHES, 0},
    {"isnull", RTQ_OP_ISNULL, 0},
    {"isnotnull", RTQ_OP_NOTNULL, 0},
    {"notnull", RTQ_OP_NOTNULL, 0},
    {"ipv4_is_in_range", RTQ_OP_IPV4_IN, 0},
};

static const struct op_name *find_op(const char *name)
{
    for (size_t i = 0; i < sizeof op_names / sizeof op_names[0]; i++)
        if (strcmp(op_names[i].name, name) == 0)
            return &op_names[i];
    return NULL;
}

typedef struct closed {
    rtq__planner *p;
    rtq__plan_table *table;
    const rtq__node *scan;
} closed;

static bool number(uint32_t kind)
{
    return kind == RTQ_INT || kind == RTQ_LONG || kind == RTQ_REAL;
}

/* A column of the scan, also under the conversions that the binder inserts (unknown to anything, numbers to wider ones), and under
 * tostring(), which is what a field of type unknown is compared as with text. */
static bool column(const closed *c, const rtq__expr *expr, uint32_t *want)
{
    const rtq__expr *inner = expr;
    if (expr->op == RTQ__E_CALL && expr->n_args == 1 &&
        (expr->fn->flags & RTQ__FN_HIDDEN ||
         (expr->args[0]->kind == RTQ_UNKNOWN && strcmp(expr->fn->name, "tostring") == 0)))
        inner = expr->args[0];
    if (inner->op != RTQ__E_COL)
        return false;
    if (inner != expr && inner->kind != RTQ_UNKNOWN && !(number(inner->kind) && number(expr->kind)))
        return false;
    for (uint32_t i = 0; i < c->scan->layout.n; i++)
        if (c->scan->layout.ids[i] == inner->col) {
            *want = c->scan->u.scan.wants[i];
            return true;
        }
    return false;
}

static bool has_column(const rtq__expr *expr, uint32_t depth)
{
    if (expr->op == RTQ__E_COL || depth == 0)
        return true;
    for (uint32_t i = 0; i < expr->n_args; i++)
        if (has_column(expr->args[i], depth - 1))
            return true;
    return false;
}

/* The value of an expression that is constant for ever. */
static bool constant(const closed *c, const rtq__expr *expr, rtq__cell *out)
{
    if (expr->kind == RTQ_DYNAMIC || expr->kind == RTQ_UNKNOWN)
        return false;
    if (expr->op == RTQ__E_CONST) {
        *out = expr->cell;
    } else {
        if (expr->flags || rtq__expr_reads_slot(expr) || has_column(expr, RTQ__PLAN_DEPTH))
            return false;
        int rc = rtq__expr_fold(out, expr, c->p->mem, &c->p->plan->arena, NULL);
        if (rc == RTQ_ERR_NOMEM)
            c->p->error = rc;
        if (rc != RTQ_OK)
            return false;
    }
    return !out->is_null;
}

static bool same(const rtq__plan_conjunct *a, uint32_t want, uint32_t op, const rtq__cell *values, uint32_t n)
{
    if (a->want != want || a->op != op || a->n_values != n)
        return false;
    for (uint32_t i = 0; i < n; i++) {
        const rtq__cell *x = &a->values[i], *y = &values[i];
        if (x->kind != y->kind || x->is_null != y->is_null || x->len != y->len)
            return false;
        if (x->kind == RTQ_STRING ? memcmp(x->u.s, y->u.s, x->len) != 0
                                  : memcmp(&x->u, &y->u, rtq__cell_len(x->kind)) != 0)
            return false;
    }
    return true;
}

static int32_t add_conjunct(closed *c, uint32_t want, uint32_t op, const rtq__cell *values, uint32_t n)
{
    rtq__plan_table *t = c->table;
    for (uint32_t i = 0; i < t->n_conjuncts; i++)
        if (same(&t->conjuncts[i], want, op, values, n))
            return (int32_t)i;
    if ((t->n_conjuncts & (t->n_conjuncts - 1)) == 0) { /* a power of two: full */
        rtq__plan_conjunct *more = rtq__planner_keep(c->p, t->n_conjuncts ? t->n_conjuncts * 2u : 1u, sizeof *more);
        if (!more)
            return -1;
        if (t->n_conjuncts)
            memcpy(more, t->conjuncts, t->n_conjuncts * sizeof *more);
        t->conjuncts = more;
    }
    t->conjuncts[t->n_conjuncts] = (rtq__plan_conjunct){.want = want, .op = op, .values = values, .n_values = n};
    return (int32_t)t->n_conjuncts++;
}

static bool arity_fits(uint32_t op, uint32_t n_values)
{
    switch (op % RTQ_OP_CASE) {
    case RTQ_OP_ISNULL:
    case RTQ_OP_NOTNULL: return n_values == 0;
    case RTQ_OP_BETWEEN: return n_values == 2;
    case RTQ_OP_IN: return n_values >= 1 && n_values <= MAX_VALUES;
    default: return n_values == 1;
    }
}

/* A field compared with 445 is compared as a real (binder); to the source it is the whole number again, which decoders compare without
 * conversion. Its verdict on a field is a superset at best, so a fraction is looked at again. */
static void whole_again(const closed *c, uint32_t want, rtq__cell *values, uint32_t n)
{
    if (c->table->wants[want].kind != RTQ_UNKNOWN)
        return;
    for (uint32_t i = 0; i < n; i++)
        if (values[i].kind != RTQ_REAL ||
            !(values[i].u.d >= -9007199254740992.0 && values[i].u.d <= 9007199254740992.0) ||
            (double)(int64_t)values[i].u.d != values[i].u.d)
            return;
    for (uint32_t i = 0; i < n; i++)
        values[i] = rtq__cell_i(RTQ_LONG, (int64_t)values[i].u.d);
}

/* isempty(x), isnotempty(x): x as text against "". */
static int32_t empty_test(closed *c, const rtq__expr *expr, bool filled)
{
    uint32_t want;
    if (expr->n_args != 1 || !column(c, expr->args[0], &want))
        return -1;
    uint8_t kind = c->table->wants[want].kind;
    rtq__cell *empty = kind == RTQ_STRING || kind == RTQ_UNKNOWN ? rtq__planner_keep(c->p, 1, sizeof *empty) : NULL;
    if (!empty)
        return -1;
    *empty = rtq__cell_s("", 0);
    return add_conjunct(c, want, filled ? RTQ_OP_NE : RTQ_OP_EQ, empty, 1);
}

/* The conjunct that an expression is; -1: it has no closed form. */
static int32_t atom(closed *c, const rtq__expr *expr)
{
    uint32_t want;
    if (expr->op == RTQ__E_COL && expr->kind == RTQ_BOOL && column(c, expr, &want)) {
        rtq__cell *yes = rtq__planner_keep(c->p, 1, sizeof *yes);
        if (!yes)
            return -1;
        *yes = rtq__cell_i(RTQ_BOOL, 1);
        return add_conjunct(c, want, RTQ_OP_EQ, yes, 1);
    }
    if (expr->op != RTQ__E_CALL || expr->n_args == 0)
        return -1;
    bool filled = strcmp(expr->fn->name, "isnotempty") == 0 || strcmp(expr->fn->name, "notempty") == 0;
    if (filled || strcmp(expr->fn->name, "isempty") == 0)
        return empty_test(c, expr, filled);
    const struct op_name *name = find_op(expr->fn->name);
    if (!name)
        return -1;
    uint32_t op = name->op, at = 0;
    if (!column(c, expr->args[0], &want)) {
        if (!name->flipped || expr->n_args != 2 || !column(c, expr->args[1], &want))
            return -1;
        op = name->flipped;
        at = 1;
    }
    uint32_t n = expr->n_args - 1;
    if (!arity_fits(op, n))
        return -1;
    if ((op == RTQ_OP_ISNULL || op == RTQ_OP_NOTNULL) && expr->args[0]->op != RTQ__E_COL)
        return -1; /* text is never null, whatever it was made of */
    rtq__cell *values = rtq__planner_keep(c->p, n + 1u, sizeof *values);
    for (uint32_t i = 0, v = 0; i < expr->n_args && values; i++)
        if (i != at && !constant(c, expr->args[i], &values[v++]))
            return -1;
    if (values)
        whole_again(c, want, values, n);
    return values ? add_conjunct(c, want, op, values, n) : -1;
}

/* ---- branches ------------------------------------------------------------------------------------------------------ */
typedef struct clause {
    uint32_t *list;
    uint32_t n;
} clause;
typedef struct clauses {
    clause of[MAX_BRANCHES];
    uint32_t n;
} clauses;

static bool put(closed *c, clause *to, uint32_t conjunct)
{
    for (uint32_t i = 0; i < to->n; i++)
        if (to->list[i] == conjunct)
            return true;
    uint32_t *list = rtq__planner_keep(c->p, to->n + 1u, sizeof *list);
    if (!list)
        return false;
    if (to->n)
        memcpy(list, to->list, to->n * sizeof *list);
    list[to->n++] = conjunct;
    to->list = list;
    return true;
}

/* The alternatives of an `or`, each cut to its closed parts. False: some alternative has none, so it says nothing. */
static bool alternatives(closed *c, const rtq__expr *expr, clauses *out)
{
    out->n = 0;
    for (uint32_t i = 0; i < expr->n_args; i++) {
        const rtq__expr *arm = expr->args[i];
        clause cl = {0};
        const rtq__expr *const *parts = arm->op == RTQ__E_AND ? (const rtq__expr *const *)arm->args : &arm;
        for (uint32_t k = 0; k < (arm->op == RTQ__E_AND ? arm->n_args : 1); k++) {
            int32_t conjunct = atom(c, parts[k]);
            if (conjunct >= 0 && !put(c, &cl, (uint32_t)conjunct))
                return false;
        }
        if (cl.n == 0 || out->n == MAX_BRANCHES)
            return false;
        out->of[out->n++] = cl;
    }
    return out->n > 0;
}

static void multiply(closed *c, clauses *all, const clauses *by)
{
    clauses out = {0};
    if ((size_t)all->n * by->n > MAX_BRANCHES)
        return; /* a superset is enough */
    for (uint32_t a = 0; a < all->n; a++)
        for (uint32_t b = 0; b < by->n; b++) {
            clause cl = all->of[a];
            for (uint32_t i = 0; i < by->of[b].n; i++)
                if (!put(c, &cl, by->of[b].list[i]))
                    return;
            out.of[out.n++] = cl;
        }
    *all = out;
}

/* a == 1 or a == 2 or a in (3, 4): one conjunct `in`. */
static int32_t as_in(closed *c, const rtq__expr *expr)
{
    uint32_t want = UINT32_MAX, total = 0;
    for (uint32_t i = 0; i < expr->n_args; i++) {
        const rtq__expr *arm = expr->args[i];
        uint32_t w;
        if (arm->op != RTQ__E_CALL || arm->n_args < 2 || !column(c, arm->args[0], &w) ||
            (want != UINT32_MAX && w != want) || (strcmp(arm->fn->name, "==") != 0 && strcmp(arm->fn->name, "in") != 0))
            return -1;
        want = w;
        total += arm->n_args - 1;
    }
    rtq__cell *values = total <= MAX_VALUES ? rtq__planner_keep(c->p, total, sizeof *values) : NULL;
    uint32_t n = 0;
    for (uint32_t i = 0; i < expr->n_args && values; i++)
        for (uint32_t k = 1; k < expr->args[i]->n_args; k++) {
            if (!constant(c, expr->args[i]->args[k], &values[n]))
                return -1;
            if (n > 0 && values[n].kind != values[0].kind)
                return -1;
            n++;
        }
    return values && n ? add_conjunct(c, want, RTQ_OP_IN, values, n) : -1;
}

static void add_branches(rtq__planner *p, rtq__plan_table *table, rtq__node *scan, const clauses *all)
{
    rtq__branch *branches = rtq__planner_keep(p, table->n_branches + all->n, sizeof *branches);
    if (!branches)
        return;
    if (table->n_branches)
        memcpy(branches, table->branches, table->n_branches * sizeof *branches);
    scan->u.scan.first_branch = table->n_branches;
    scan->u.scan.n_branches = all->n;
    for (uint32_t i = 0; i < all->n; i++)
        branches[table->n_branches++] = (rtq__branch){all->of[i].list, all->of[i].n};
    table->branches = branches;
}

void rtq__plan_branches(rtq__planner *p, rtq__plan_table *table, rtq__node *scan)
{
    closed c = {p, table, scan};
    clauses all = {.n = 1};
    for (uint32_t i = 0; i < scan->u.scan.n_filters && !p->error; i++) {
        rtq__scan_filter *filter = &scan->u.scan.filters[i];
        clauses arms;
        filter->conjunct = filter->expr->op == RTQ__E_OR ? as_in(&c, filter->expr) : atom(&c, filter->expr);
        if (filter->conjunct >= 0) {
            for (uint32_t b = 0; b < all.n; b++)
                put(&c, &all.of[b], (uint32_t)filter->conjunct);
        } else if (filter->expr->op == RTQ__E_OR && alternatives(&c, filter->expr, &arms)) {
            multiply(&c, &all, &arms);
        }
    }
    if (!p->error)
        add_branches(p, table, scan, &all);
}
