/* evtx_keys.c - thousands of rules over one log: nearly all ask for an EventID (or the like) first, so they are found by it. */
#include "sources/evtx/evtx_int.h"
#include <stdlib.h>

/* The numbers a conjunct asks for, if it is an equality on a slot. */
static uint32_t values_of(const rtq__evtx *d, const evtx_plan *p, uint32_t conjunct, const int64_t **values)
{
    const evtx_test *t = &d->tests[conjunct];
    bool point = t->mode == TEST_RANGE && t->lo == t->hi;
    if (t->negate || p->refs[t->want].kind != REF_SLOT || (!point && t->mode != TEST_SET))
        return 0;
    *values = point ? &t->lo : t->set;
    return point ? 1 : t->n;
}

/* Conjunct of a branch that can be its key, on that want (or any: UINT32_MAX). */
static uint32_t key_of(const rtq__evtx *d, const evtx_plan *p, const evtx_branch *b, uint32_t want,
                       const int64_t **values)
{
    for (uint32_t i = 0; i < b->n_own; i++) {
        uint32_t c = p->list[b->first + i], n;
        if (want != UINT32_MAX && d->tests[c].want != want)
            continue;
        n = values_of(d, p, c, values);
        if (n > 0 && want != UINT32_MAX)
            return n;
        if (n > 0)
            return d->tests[c].want + 1;
    }
    return 0;
}

static int compare_keys(const void *a, const void *b)
{
    const evtx_key *x = a, *y = b;
    if (x->value != y->value)
        return x->value < y->value ? -1 : 1;
    return x->branch < y->branch ? -1 : x->branch > y->branch;
}

/* The want that most branches could be found by. */
static uint32_t best_want(rtq__evtx *d, const evtx_plan *p)
{
    const int64_t *values;
    uint32_t best = 0, best_n = 0;
    uint32_t *count = rtq__calloc(d->mem, d->n_wants + 1, sizeof *count);
    for (uint32_t i = 0; count && i < p->n_branches; i++) {
        uint32_t want = key_of(d, p, &p->branches[i], UINT32_MAX, &values);
        if (want && ++count[want - 1] > best_n) {
            best_n = count[want - 1];
            best = want - 1;
        }
    }
    rtq__free(d->mem, count);
    return best_n >= EVTX_KEYED ? best : UINT32_MAX;
}

bool rtq__evtx_key_branches(rtq__evtx *d, evtx_plan *p)
{
    const int64_t *values = NULL;
    uint64_t total = 0;
    uint32_t want = best_want(d, p);
    if (want == UINT32_MAX)
        return true;
    for (uint32_t i = 0; i < p->n_branches; i++)
        total += key_of(d, p, &p->branches[i], want, &values);
    if (total > 1u << 20)
        return true;
    p->keys = rtq__arena_alloc(&d->cache, (total + 1) * sizeof *p->keys);
    p->unkeyed = rtq__arena_alloc(&d->cache, (p->n_branches + 1) * sizeof *p->unkeyed);
    if (!p->keys || !p->unkeyed)
        return false;
    for (uint32_t i = 0; i < p->n_branches; i++) {
        uint32_t n = key_of(d, p, &p->branches[i], want, &values);
        for (uint32_t k = 0; k < n; k++)
            if (k == 0 || values[k] != values[k - 1])
                p->keys[p->n_keys++] = (evtx_key){values[k], i};
        if (n == 0)
            p->unkeyed[p->n_unkeyed++] = i;
    }
    qsort(p->keys, p->n_keys, sizeof *p->keys, compare_keys);
    p->key_want = want;
    return true;
}
