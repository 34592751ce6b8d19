/* rows.c - see rows.h. */
#include "sources/feed/rows.h"

void rtq__feed_rows_init(rtq__feed_rows *rows, rtq__mem *mem, rtq__source_stats *stats, int64_t *max_time,
                         rtq__feed_rows_cell cell, void *decoder)
{
    memset(rows, 0, sizeof *rows);
    rows->mem = mem;
    rows->stats = stats;
    rows->max_time = max_time;
    rows->cell = cell;
    rows->decoder = decoder;
    rows->time_want = -1;
    rows->time_limit = INT64_MAX;
    rtq__arena_init(&rows->plan, mem, 0);
    rtq__arena_init(&rows->heap, mem, 0);
}

void rtq__feed_rows_free(rtq__feed_rows *rows)
{
    rtq__tester_free(rows->tester);
    rtq__arena_free(&rows->plan);
    rtq__arena_free(&rows->heap);
}

/* ---- plan ------------------------------------------------------------------------------------------------------------ */

static int load(rtq__vec *vec, const rtq__sel *sel, uint32_t n_sel, void *ctx)
{
    rtq__feed_rows *rows = ctx;
    uint32_t want = (uint32_t)(vec - rows->vecs);

    rows->stats->decoded_cells += n_sel;
    if (rows->fill && rows->fill(vec, rows->decoder, want, sel, n_sel))
        return RTQ_OK;
    for (uint32_t i = 0; i < n_sel; i++) {
        rtq__cell cell;
        int rc = rows->cell(&cell, rows->decoder, sel[i], want);
        if (rc < 0)
            return rc;
        rtq__vec_set(vec, sel[i], cell);
    }
    return RTQ_OK;
}

static int plan_column(rtq__feed_rows *rows, uint32_t i)
{
    rtq__vec *v = &rows->vecs[i];

    v->kind = rows->demand->wants[i].kind;
    v->form = RTQ__FLAT;
    v->load = load;
    v->load_ctx = rows;
    v->data = rtq__arena_alloc(&rows->plan, (size_t)RTQ__ROWS * rtq__cell_len(v->kind));
    v->loaded = rtq__arena_zalloc(&rows->plan, RTQ__ROWS / 8);
    if (v->kind != RTQ_STRING)
        v->valid = rtq__arena_zalloc(&rows->plan, RTQ__ROWS / 8);
    rows->cols[i] = v;
    return v->data && v->loaded && (v->valid || v->kind == RTQ_STRING) ? RTQ_OK : RTQ_ERR_NOMEM;
}

static void plan_wants(rtq__feed_rows *rows)
{
    const rtq__demand_table *d = rows->demand;

    rows->time_want = -1;
    rows->all_times = false;
    for (uint32_t i = 0; i < d->n_wants; i++) {
        if (!(d->wants[i].flags & RTQ__WANT_TIME) || d->wants[i].kind != RTQ_DATETIME)
            continue;
        rows->time_want = (int32_t)i;
        rows->all_times = (d->wants[i].flags & RTQ__WANT_ALL_ROWS) != 0;
    }
    rows->n_decide = 0;
    for (uint32_t c = 0; c < d->n_conjuncts; c++) {
        uint32_t i = 0;
        while (i < rows->n_decide && rows->decide[i] != d->conjuncts[c].want)
            i++;
        if (i == rows->n_decide)
            rows->decide[rows->n_decide++] = d->conjuncts[c].want;
        d->conjuncts[c].verdict = rtq__tester_verdict(rows->tester, c);
    }
}

int rtq__feed_rows_plan(rtq__feed_rows *rows, rtq__demand_table *demand)
{
    int rc;

    rtq__tester_free(rows->tester);
    rows->tester = NULL;
    rtq__feed_rows_begin(rows, 0);
    rtq__arena_reset(&rows->plan);
    rows->demand = demand;
    if ((rc = rtq__tester_new(&rows->tester, rows->mem, demand)) < 0)
        return rc;
    rows->vecs = rtq__arena_zalloc(&rows->plan, (demand->n_wants + 1) * sizeof *rows->vecs);
    rows->cols = rtq__arena_zalloc(&rows->plan, (demand->n_wants + 1) * sizeof *rows->cols);
    rows->decide = rtq__arena_zalloc(&rows->plan, (demand->n_conjuncts + 1) * sizeof *rows->decide);
    if (!rows->vecs || !rows->cols || !rows->decide)
        return RTQ_ERR_NOMEM;
    for (uint32_t i = 0; i < demand->n_wants; i++)
        if ((rc = plan_column(rows, i)) < 0)
            return rc;
    plan_wants(rows);
    return RTQ_OK;
}

/* ---- rows -------------------------------------------------------------------------------------------------------------- */

void rtq__feed_rows_begin(rtq__feed_rows *rows, uint32_t max_rows)
{
    size_t words = ((size_t)rows->n + 63) / 64;

    for (uint32_t i = 0; rows->demand && i < rows->demand->n_wants && words; i++)
        memset(rows->vecs[i].loaded, 0, words * 8);
    rows->n = 0;
    rows->max = max_rows < RTQ__ROWS ? max_rows : RTQ__ROWS;
    rtq__arena_reset(&rows->heap);
    memset(&rows->bad, 0, sizeof rows->bad);
}

/* Decoded once, whoever asks first: a conjunct or the engine. */
static int touch(rtq__feed_rows *rows, uint32_t want, rtq__cell *out)
{
    rtq__vec *v = &rows->vecs[want];

    if (!rtq__bit(v->loaded, rows->n)) {
        int rc = rows->cell(out, rows->decoder, rows->n, want);
        if (rc < 0)
            return rc;
        rtq__vec_set(v, rows->n, *out);
        rtq__bit_set(v->loaded, rows->n);
        rows->stats->decoded_cells++;
    }
    *out = rtq__vec_get(v, rows->n); /* short text lies in the vector now */
    return RTQ_OK;
}

static int branch_holds(rtq__feed_rows *rows, const rtq__branch *branch)
{
    rtq__cell cell;

    for (uint32_t k = 0; k < branch->n; k++) {
        uint32_t c = branch->conjuncts[k];
        int rc;
        if (rows->demand->conjuncts[c].verdict == RTQ_PUSH_NO)
            continue;
        if ((rc = touch(rows, rows->demand->conjuncts[c].want, &cell)) < 0)
            return rc;
        if (rtq__tester_test(rows->tester, c, &cell) == 0)
            return 0;
    }
    return 1;
}

static int wanted(rtq__feed_rows *rows)
{
    const rtq__demand_table *d = rows->demand;

    if (d->all)
        return 1;
    for (uint32_t b = 0; b < d->n_branches; b++) {
        int rc = branch_holds(rows, &d->branches[b]);
        if (rc != 0)
            return rc;
    }
    return 0;
}

static int note_time(rtq__feed_rows *rows)
{
    rtq__cell cell;
    int rc = touch(rows, (uint32_t)rows->time_want, &cell);

    if (rc == RTQ_OK && !cell.is_null && cell.u.i > *rows->max_time && cell.u.i <= rows->time_limit)
        *rows->max_time = cell.u.i;
    return rc;
}

static void forget_row(rtq__feed_rows *rows)
{
    for (uint32_t i = 0; i < rows->n_decide; i++)
        rtq__bit_clear(rows->vecs[rows->decide[i]].loaded, rows->n);
    if (rows->time_want >= 0)
        rtq__bit_clear(rows->vecs[rows->time_want].loaded, rows->n);
}

int rtq__feed_rows_offer(rtq__feed_rows *rows)
{
    rtq__arena_mark mark = rtq__arena_get_mark(&rows->heap);
    int keep = wanted(rows), rc = RTQ_OK;

    if (keep < 0)
        return keep;
    if (rows->time_want >= 0 && (keep || rows->all_times) && (rc = note_time(rows)) < 0)
        return rc;
    rows->stats->in++;
    if (keep) {
        rows->n++;
        rows->stats->out++;
        return RTQ_OK;
    }
    rows->stats->filtered++;
    forget_row(rows);
    rtq__arena_release(&rows->heap, mark);
    return RTQ_OK;
}

void rtq__feed_rows_bad(rtq__feed_rows *rows, uint64_t line, const char *why)
{
    rows->stats->in++;
    rows->stats->errored++;
    if (rows->bad.n == 0)
        rows->bad.why = why;
    if (rows->bad.n < RTQ__FEED_BAD_LINES)
        rows->bad.lines[rows->bad.n] = line;
    rows->bad.n++;
}

rtq__batch *rtq__feed_rows_batch(rtq__feed_rows *rows)
{
    rtq__batch *b = &rows->batch;

    if (rows->n == 0)
        return NULL;
    for (uint32_t i = 0; i < rows->demand->n_wants; i++)
        rows->vecs[i].n = rows->n;
    memset(b, 0, sizeof *b);
    b->n = b->n_sel = rows->n;
    b->n_cols = rows->demand->n_wants;
    b->cols = rows->cols;
    b->seq = rows->stats->out - rows->n;
    return b;
}

int rtq__feed_rows_test(const rtq__feed_rows *rows, uint32_t conjunct, const rtq__cell *cell)
{
    return rtq__tester_test(rows->tester, conjunct, cell);
}

int rtq__feed_rows_convert(rtq__cell *out, rtq__dyn d, const rtq__path_seg *path, uint32_t n_path, uint8_t kind,
                           rtq__arena *heap)
{
    int rc = RTQ_OK;

    if (n_path == 0 && (kind == RTQ_UNKNOWN || (kind == RTQ_STRING && d.tag == RTQ__DYN_STRING))) {
        *out = kind == RTQ_STRING ? rtq__cell_s(d.u.p, d.len)
                                  : (rtq__cell){.kind = RTQ_UNKNOWN, .is_null = d.tag == RTQ__DYN_NULL, .u.y = d};
        return RTQ_OK;
    }
    for (uint32_t k = 0; k < n_path && rc == RTQ_OK; k++)
        rc = path[k].name ? rtq__dyn_get(&d, &d, path[k].name, path[k].len, heap)
                          : rtq__dyn_at(&d, &d, path[k].index, heap);
    if (rc < 0)
        return rc;
    if (kind == RTQ_UNKNOWN || kind == RTQ_DYNAMIC) {
        *out = rtq__cell_y(d);
        out->kind = kind;
        return RTQ_OK;
    }
    *out = rtq__dyn_to_cell(&d, kind, heap);
    return kind == RTQ_STRING && out->is_null ? RTQ_ERR_NOMEM : RTQ_OK;
}
