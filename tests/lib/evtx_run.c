/* evtx_run.c - demands written by hand, and runs of the event log decoder. */
#include "evtx_run.h"
#include <stdlib.h>

void ed_init(ed *e, rtq__mem *mem)
{
    memset(e, 0, sizeof *e);
    e->mem = mem;
    rtq__arena_init(&e->arena, mem, 4096);
    e->table = (rtq__table){"Evtx", rtq__evtx_cols, rtq__evtx_n_cols(), 0, false};
    e->dt.table = &e->table;
}

void ed_free(ed *e)
{
    rtq__free(e->mem, e->dt.wants);
    rtq__free(e->mem, e->dt.conjuncts);
    rtq__free(e->mem, e->dt.branches);
    rtq__arena_free(&e->arena);
}

static const char *parse_seg(ed *e, const char *p, rtq__path_seg *seg)
{
    size_t n;
    memset(seg, 0, sizeof *seg);
    if (*p == '[' && p[1] != '\'') {
        seg->index = (int32_t)strtol(p + 1, NULL, 10);
        return strchr(p, ']') + 1;
    }
    if (*p == '[') {
        n = (size_t)(strchr(p + 2, '\'') - p - 2);
        seg->name = rtq__arena_strndup(&e->arena, p + 2, n);
        seg->len = (uint32_t)n;
        return p + n + 4;
    }
    p += *p == '.';
    n = strcspn(p, ".[");
    seg->name = rtq__arena_strndup(&e->arena, p, n);
    seg->len = (uint32_t)n;
    return p + n;
}

uint32_t ed_want(ed *e, const char *path, uint8_t flags)
{
    rtq__demand_table *t = &e->dt;
    for (uint32_t i = 0; i < t->n_wants; i++) {
        if (strcmp(t->wants[i].path, path) == 0) {
            t->wants[i].flags |= flags;
            return i;
        }
    }
    if (rtq__grow(e->mem, &t->wants, &e->wants_cap, t->n_wants + 1, sizeof *t->wants) != RTQ_OK)
        abort();
    rtq__want *w = &t->wants[t->n_wants];
    memset(w, 0, sizeof *w);
    rtq__path_seg *segs = rtq__arena_alloc(&e->arena, 64 * sizeof *segs);
    const char *p = path;
    while (*p && w->n_segs < 64)
        p = parse_seg(e, p, &segs[w->n_segs++]);
    w->path = rtq__arena_strndup(&e->arena, path, strlen(path));
    w->segs = segs;
    w->flags = flags;
    w->table_col = -1;
    w->kind = RTQ_UNKNOWN;
    for (uint32_t c = 0; c < e->table.n_cols; c++) {
        if (strcmp(e->table.cols[c].name, segs[0].name) != 0)
            continue;
        w->table_col = (int32_t)c;
        if (w->n_segs == 1)
            w->kind = e->table.cols[c].kind;
        break;
    }
    return t->n_wants++;
}

uint32_t ed_conjunct(ed *e, const char *path, uint32_t op, uint32_t n, const rtq__cell *values)
{
    rtq__demand_table *t = &e->dt;
    uint32_t want = ed_want(e, path, RTQ__WANT_DECIDE);
    if (rtq__grow(e->mem, &t->conjuncts, &e->conjuncts_cap, t->n_conjuncts + 1, sizeof *t->conjuncts) != RTQ_OK)
        abort();
    rtq__cell *copy = rtq__arena_alloc(&e->arena, (n + 1) * sizeof *copy);
    for (uint32_t i = 0; i < n; i++) {
        copy[i] = values[i];
        if (copy[i].kind == RTQ_STRING)
            copy[i].u.s = rtq__arena_strndup(&e->arena, values[i].u.s, values[i].len);
    }
    t->conjuncts[t->n_conjuncts] = (rtq__conjunct){want, op, copy, n, 0};
    return t->n_conjuncts++;
}

void ed_branch(ed *e, uint32_t n, const uint32_t *conjuncts)
{
    rtq__demand_table *t = &e->dt;
    if (rtq__grow(e->mem, &t->branches, &e->branches_cap, t->n_branches + 1, sizeof *t->branches) != RTQ_OK)
        abort();
    uint32_t *copy = rtq__arena_alloc(&e->arena, (n + 1) * sizeof *copy);
    if (n)
        memcpy(copy, conjuncts, n * sizeof *copy);
    t->branches[t->n_branches++] = (rtq__branch){copy, n};
}

void ed_drop_branches(ed *e)
{
    e->dt.n_branches = 0;
    ed_branch(e, 0, NULL);
}

rtq_demand *ed_demand(ed *e)
{
    rtq__demand_table *t = &e->dt;
    t->all = false;
    for (uint32_t i = 0; i < t->n_branches; i++)
        t->all |= t->branches[i].n == 0;
    t->single = t->n_branches == 1;
    e->demand.tables = t;
    e->demand.n_tables = 1;
    e->demand.epoch++;
    return &e->demand;
}

static void hand_out(rtq__evtx *d, ed_row_fn row, void *user)
{
    rtq__batch *b = rtq__evtx_batch(d);
    for (uint32_t r = 0; row && r < b->n; r++)
        row(user, b, r);
}

int ed_run(ed *e, const uint8_t *bytes, size_t len, uint32_t max_rows, ed_row_fn row, void *user,
           rtq__source_stats *stats)
{
    rtq__evtx *d = NULL;
    int64_t max_time = INT64_MIN;
    uint8_t *chunk = malloc(EVTX_CHUNK + EVTX_PAD);
    memset(stats, 0, sizeof *stats);
    int rc = rtq__evtx_new(&d, e->mem, stats, &max_time);
    if (rc == RTQ_OK)
        rc = rtq__evtx_plan(d, ed_demand(e)->tables);
    if (rc == RTQ_OK)
        rtq__evtx_begin(d, max_rows);
    for (size_t at = EVTX_FILE_HEADER; at < len && rc == RTQ_OK; at += EVTX_CHUNK) {
        uint32_t n = len - at < EVTX_CHUNK ? (uint32_t)(len - at) : EVTX_CHUNK, pos = 0, damaged = 0;
        memcpy(chunk, bytes + at, n);
        memset(chunk + n, 0, EVTX_PAD);
        while ((rc = rtq__evtx_chunk(d, chunk, n, &pos, &damaged)) == RTQ_AGAIN) {
            hand_out(d, row, user);
            rtq__evtx_begin(d, max_rows);
        }
        if (rc != RTQ_OK)
            break;
        hand_out(d, row, user); /* the chunk is overwritten next */
        rtq__evtx_begin(d, max_rows);
    }
    rtq__evtx_free(d);
    free(chunk);
    return rc;
}

bool ed_wanted(ed *e, rtq__tester *tester, rtq__batch *batch, uint32_t row)
{
    rtq__sel sel = (rtq__sel)row;
    for (uint32_t i = 0; i < e->dt.n_branches; i++) {
        const rtq__branch *b = &e->dt.branches[i];
        bool holds = true;
        for (uint32_t k = 0; k < b->n && holds; k++) {
            rtq__vec *v = batch->cols[e->dt.conjuncts[b->conjuncts[k]].want];
            rtq__vec_load(v, &sel, 1);
            rtq__cell c = rtq__vec_get(v, row);
            holds = rtq__tester_test(tester, b->conjuncts[k], &c) != 0;
        }
        if (holds)
            return true;
    }
    return false;
}

void ed_print_row(rtq__buf *out, const ed *e, rtq__batch *batch, uint32_t row)
{
    rtq__sel sel = (rtq__sel)row;
    rtq__buf_addc(out, '{');
    for (uint32_t i = 0; i < batch->n_cols; i++) {
        if (i)
            rtq__buf_addc(out, ',');
        rtq__buf_add_json(out, e->dt.wants[i].path, strlen(e->dt.wants[i].path));
        rtq__buf_addc(out, ':');
        rtq__vec_load(batch->cols[i], &sel, 1);
        rtq__cell c = rtq__vec_get(batch->cols[i], row);
        rtq__cell_print_json(out, &c);
    }
    rtq__buf_adds(out, "}\n");
}

uint8_t *ed_read_file(const char *path, size_t *len)
{
    FILE *f = fopen(path, "rb");
    if (!f)
        return NULL;
    size_t cap = 1 << 20, n = 0, got;
    uint8_t *p = malloc(cap);
    while (p && (got = fread(p + n, 1, cap - n, f)) > 0) {
        n += got;
        if (n == cap) {
            uint8_t *more = realloc(p, cap *= 2);
            if (!more)
                free(p);
            p = more;
        }
    }
    fclose(f);
    *len = n;
    return p;
}
