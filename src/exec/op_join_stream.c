/* op_join_stream.c - inner, innerunique and semi joins of two feeds without end: rows come out as soon as both partners are there.
 *
 * Both sides are held. With a bound (`keep`, the look-back of the reads) each side has two generations that change places every `keep`
 * ticks, so that a row is held for at least that long and at most for twice as long. A row of a table joined with itself meets itself
 * once: the driver feeds the left side first. */
#include "exec/op_list.h"
#include "exec/state.h"

enum { OLD, NEW };

typedef struct side {
    rtq__rows *gen[2]; /* keys, then the columns asked for */
    uint8_t *kinds;
    uint32_t *cols, n_cols; /* of the layout, by column of the store behind the keys */
} side;

typedef struct stream {
    rtq__op op;
    side sides[2];
    rtq__rows *unique[2];  /* left keys seen (innerunique), by generation */
    int64_t clock, turned; /* largest time seen; when the generations changed places */
    /* the batch whose partners come out */
    rtq__batch *in;
    rtq__vec **keys;
    rtq__sel *sel;
    uint32_t n_sel, from, at, gen, pos, next; /* from: side of the batch */
    uint32_t *ids;
} stream;

static uint8_t kind(const stream *s)
{
    return s->op.node->u.join.kind;
}

static bool semi(const stream *s)
{
    return kind(s) == RTQ__JOIN_LEFTSEMI || kind(s) == RTQ__JOIN_RIGHTSEMI;
}

static int open_rows(stream *s, rtq__rows **rows, uint32_t which, bool keys_only)
{
    uint32_t n_keys = s->op.node->u.join.n_keys;
    return rtq__op_rows(rows, &s->op, s->sides[which].kinds, n_keys + (keys_only ? 0 : s->sides[which].n_cols), n_keys,
                        0);
}

static int open_gen(stream *s, uint32_t gen)
{
    int rc = open_rows(s, &s->sides[0].gen[gen], 0, false);
    if (rc == RTQ_OK)
        rc = open_rows(s, &s->sides[1].gen[gen], 1, false);
    if (rc == RTQ_OK && kind(s) == RTQ__JOIN_INNERUNIQUE)
        rc = open_rows(s, &s->unique[gen], 0, true);
    return rc;
}

static int stream_open(rtq__op *op)
{
    stream *s = (stream *)op;
    const rtq__node *node = op->node;
    uint32_t n_keys = node->u.join.n_keys, n = node->layout.n;
    for (uint32_t k = 0; k < 2; k++) {
        side *d = &s->sides[k];
        d->kinds = rtq__alloc(op->flow->mem, n_keys + n + 1u);
        d->cols = rtq__alloc(op->flow->mem, (n + 1u) * sizeof *d->cols);
        if (!d->kinds || !d->cols)
            return RTQ_ERR_NOMEM;
        if (n_keys)
            memcpy(d->kinds, node->u.join.key_kinds, n_keys);
        for (uint32_t c = 0; c < n; c++)
            if (node->u.join.outs[c].side == k && node->u.join.outs[c].from >= 0) {
                d->kinds[n_keys + d->n_cols] = node->kinds[c];
                d->cols[d->n_cols++] = c;
            }
    }
    s->clock = s->turned = INT64_MIN;
    int rc = open_gen(s, OLD);
    return rc == RTQ_OK ? open_gen(s, NEW) : rc;
}

static void free_gen(stream *s, uint32_t gen)
{
    rtq__rows_free(s->sides[0].gen[gen]);
    rtq__rows_free(s->sides[1].gen[gen]);
    rtq__rows_free(s->unique[gen]);
    s->sides[0].gen[gen] = s->sides[1].gen[gen] = s->unique[gen] = NULL;
}

static void stream_close(rtq__op *op)
{
    stream *s = (stream *)op;
    free_gen(s, OLD);
    free_gen(s, NEW);
    for (uint32_t k = 0; k < 2; k++) {
        rtq__free(op->flow->mem, s->sides[k].kinds);
        rtq__free(op->flow->mem, s->sides[k].cols);
    }
}

/* ---- time ----------------------------------------------------------------------------------------------------------- */
static int see_time(stream *s, rtq__batch *in)
{
    int rc = RTQ_OK;
    if (!in->time)
        s->clock = in->now > s->clock ? in->now : s->clock;
    else
        rc = rtq__vec_load(in->time, in->sel, in->n_sel);
    for (uint32_t i = 0; in->time && rc == RTQ_OK && i < in->n_sel; i++) {
        rtq__cell c = rtq__vec_get(in->time, rtq__batch_row(in, i));
        if (!c.is_null && c.u.i > s->clock)
            s->clock = c.u.i;
    }
    return rc;
}

/* The old generation goes when the new one covers the bound. */
static int turn(stream *s)
{
    int64_t keep = s->op.node->u.join.keep, age;
    if (keep <= 0 || s->clock == INT64_MIN)
        return RTQ_OK;
    if (s->turned == INT64_MIN)
        s->turned = s->clock;
    if (__builtin_sub_overflow(s->clock, s->turned, &age) || age < keep)
        return RTQ_OK;
    s->turned = s->clock;
    free_gen(s, OLD);
    for (uint32_t k = 0; k < 2; k++)
        s->sides[k].gen[OLD] = s->sides[k].gen[NEW], s->sides[k].gen[NEW] = NULL;
    s->unique[OLD] = s->unique[NEW];
    s->unique[NEW] = NULL;
    return open_gen(s, NEW);
}

/* ---- rows in -------------------------------------------------------------------------------------------------------- */
static int eval_keys(stream *s, rtq__batch *in, uint32_t which)
{
    const rtq__node *node = s->op.node;
    s->keys = rtq__arena_alloc(s->op.flow->scratch, (node->u.join.n_keys + 1u) * sizeof *s->keys);
    int rc = s->keys ? RTQ_OK : RTQ_ERR_NOMEM;
    for (uint32_t k = 0; k < node->u.join.n_keys && rc == RTQ_OK; k++)
        rc = rtq__op_eval(&s->keys[k], s->op.flow, which == 0 ? node->u.join.left_keys[k] : node->u.join.right_keys[k],
                          in);
    return rc;
}

/* ids of the selected rows in a store. */
static int probe(stream *s, rtq__rows *rows, uint32_t *ids)
{
    return rtq__rows_probe(ids, rows, s->keys, s->sel, s->n_sel, !s->op.node->u.join.null_differ, s->op.flow->scratch);
}

/* Keeps the rows of s->sel whose key is in neither generation of `rows`, each key once, and notes the keys in the new one. */
static int new_keys(stream *s, rtq__rows *const *gens)
{
    uint32_t *ids = rtq__arena_alloc(s->op.flow->scratch, (s->n_sel + 1u) * sizeof *ids),
             *old = rtq__arena_alloc(s->op.flow->scratch, (s->n_sel + 1u) * sizeof *old);
    uint32_t seen = rtq__rows_count(gens[NEW]), n_new, next = seen, kept = 0;
    int rc = ids && old ? probe(s, gens[OLD], old) : RTQ_ERR_NOMEM;
    if (rc == RTQ_OK)
        rc = rtq__rows_upsert(ids, &n_new, gens[NEW], s->keys, s->sel, s->n_sel, s->op.flow->scratch);
    for (uint32_t i = 0; i < s->n_sel && rc == RTQ_OK; i++) {
        bool first = ids[i] == next;
        next += first;
        s->sel[kept] = s->sel[i];
        kept += first && old[i] == UINT32_MAX;
    }
    s->n_sel = kept;
    return rc;
}

static int hold(stream *s, uint32_t which)
{
    side *d = &s->sides[which];
    uint32_t n_keys = s->op.node->u.join.n_keys, first;
    rtq__vec **cols = rtq__arena_alloc(s->op.flow->scratch, (n_keys + d->n_cols + 1u) * sizeof *cols);
    int rc = cols ? RTQ_OK : RTQ_ERR_NOMEM;
    if (rc == RTQ_OK && n_keys)
        memcpy(cols, s->keys, n_keys * sizeof *cols);
    for (uint32_t c = 0; c < d->n_cols && rc == RTQ_OK; c++) {
        cols[n_keys + c] = s->in->cols[s->op.node->u.join.outs[d->cols[c]].from];
        rc = rtq__vec_load(cols[n_keys + c], s->sel, s->n_sel);
    }
    return rc == RTQ_OK && s->n_sel ? rtq__rows_append(&first, d->gen[NEW], cols, s->sel, s->n_sel) : rc;
}

/* ---- rows out ------------------------------------------------------------------------------------------------------- */
static int columns(stream *s, rtq__batch *b, const rtq__sel *rows, const uint32_t *ids)
{
    const rtq__node *node = s->op.node;
    side *other = &s->sides[1 - s->from];
    int rc = RTQ_OK;
    for (uint32_t c = 0; c < node->layout.n && rc == RTQ_OK; c++) {
        const rtq__out *out = &node->u.join.outs[c];
        if (out->from < 0)
            b->cols[c] = rtq__op_nulls(s->op.flow, node->kinds[c]);
        else if (out->side == s->from)
            b->cols[c] = rtq__op_pick(s->op.flow, s->in->cols[out->from], rows, b->n, &rc);
        else
            b->cols[c] = NULL;
        if (!b->cols[c] && rc == RTQ_OK && (out->from < 0 || out->side == s->from))
            rc = RTQ_ERR_NOMEM;
    }
    for (uint32_t c = 0; c < other->n_cols && rc == RTQ_OK; c++)
        if (!(b->cols[other->cols[c]] = rtq__rows_gather(other->gen[s->gen], node->u.join.n_keys + c, ids, 0, b->n,
                                                         s->op.flow->scratch)))
            rc = RTQ_ERR_NOMEM;
    if (rc == RTQ_OK && s->in->time)
        b->time = rtq__op_pick(s->op.flow, s->in->time, rows, b->n, &rc);
    return rc;
}

/* Partners in the next generation of the other side. */
static int next_gen(stream *s)
{
    int rc = probe(s, s->sides[1 - s->from].gen[s->gen], s->ids);
    s->pos = 0;
    s->next = s->n_sel ? s->ids[0] : UINT32_MAX;
    return rc;
}

static int stream_resume(rtq__op *op, rtq__batch **out)
{
    stream *s = (stream *)op;
    rtq__sel *rows = rtq__arena_alloc(op->flow->scratch, RTQ__ROWS * sizeof *rows);
    uint32_t *ids = rtq__arena_alloc(op->flow->scratch, RTQ__ROWS * sizeof *ids), n = 0;
    if (!rows || !ids)
        return RTQ_ERR_NOMEM;
    for (;;) {
        const rtq__rows *other = s->sides[1 - s->from].gen[s->gen];
        while (n < RTQ__ROWS && s->pos < s->n_sel) {
            if (s->next == UINT32_MAX) {
                s->pos++;
                s->next = s->pos < s->n_sel ? s->ids[s->pos] : UINT32_MAX;
                continue;
            }
            rows[n] = s->sel[s->pos];
            ids[n++] = s->next;
            s->next = rtq__rows_next(other, s->next);
        }
        if (n > 0 || s->gen == NEW)
            break;
        s->gen = NEW;
        int rc = next_gen(s);
        if (rc != RTQ_OK)
            return rc;
    }
    if (n == 0)
        return RTQ__OP_NEED;
    rtq__batch *b = rtq__op_batch(op->flow, op->node->layout.n, n, s->in);
    int rc = b ? columns(s, b, rows, ids) : RTQ_ERR_NOMEM;
    *out = b;
    return rc == RTQ_OK ? RTQ__OP_MORE : rc;
}

/* Rows of the kept side of a semi join: out at once when their key is there, else they wait. */
static int semi_rows(stream *s, rtq__batch **out)
{
    rtq__flow *flow = s->op.flow;
    const rtq__node *node = s->op.node;
    rtq__sel *found = rtq__arena_alloc(flow->scratch, (s->n_sel + 1u) * sizeof *found);
    uint32_t *old = rtq__arena_alloc(flow->scratch, (s->n_sel + 1u) * sizeof *old), n_found = 0, n_missing = 0;
    rtq__batch *b = rtq__op_same_rows(flow, node->layout.n, s->in);
    int rc = found && old && b ? probe(s, s->sides[1 - s->from].gen[OLD], old) : RTQ_ERR_NOMEM;
    if (rc == RTQ_OK)
        rc = probe(s, s->sides[1 - s->from].gen[NEW], s->ids);
    for (uint32_t i = 0; i < s->n_sel && rc == RTQ_OK; i++) {
        rtq__sel row = s->sel[i];
        if (old[i] != UINT32_MAX || s->ids[i] != UINT32_MAX)
            found[n_found++] = row;
        else
            s->sel[n_missing++] = row;
    }
    for (uint32_t c = 0; c < node->layout.n && rc == RTQ_OK; c++) {
        int32_t from = node->u.join.outs[c].from;
        b->cols[c] = from < 0 ? rtq__op_nulls(flow, node->kinds[c]) : s->in->cols[from];
        rc = b->cols[c] ? RTQ_OK : RTQ_ERR_NOMEM;
    }
    if (rc != RTQ_OK)
        return rc;
    b->sel = found;
    b->n_sel = n_found;
    *out = b;
    s->n_sel = n_missing;
    return hold(s, s->from);
}

static int push(stream *s, uint32_t input, rtq__batch *in, rtq__batch **out)
{
    rtq__flow *flow = s->op.flow;
    s->in = in;
    s->from = input;
    s->gen = OLD;
    s->n_sel = in->n_sel;
    s->sel = rtq__arena_alloc(flow->scratch, (in->n_sel + 1u) * sizeof *s->sel);
    s->ids = rtq__arena_alloc(flow->scratch, (in->n_sel + 1u) * sizeof *s->ids);
    int rc = s->sel && s->ids ? eval_keys(s, in, input) : RTQ_ERR_NOMEM;
    for (uint32_t i = 0; i < in->n_sel && rc == RTQ_OK; i++)
        s->sel[i] = (rtq__sel)rtq__batch_row(in, i);
    if (rc != RTQ_OK || in->n_sel == 0)
        return rc;
    if (semi(s) && input == s->op.node->u.join.probe)
        return semi_rows(s, out);
    if (semi(s))
        rc = new_keys(s, s->sides[input].gen); /* those that waited for one come out now */
    else if (kind(s) == RTQ__JOIN_INNERUNIQUE && input == 0)
        rc = new_keys(s, s->unique);
    if (rc == RTQ_OK && !semi(s))
        rc = hold(s, input);
    if (rc == RTQ_OK)
        rc = next_gen(s);
    return rc == RTQ_OK ? stream_resume(&s->op, out) : rc;
}

static int stream_push(rtq__op *op, uint32_t input, rtq__batch *in, rtq__batch **out)
{
    stream *s = (stream *)op;
    int rc = see_time(s, in);
    if (rc == RTQ_OK)
        rc = turn(s);
    if (rc == RTQ_OK)
        rc = push(s, input, in, out);
    return rc == RTQ_ERR_LIMIT ? rtq__op_fail(op, rc, "rows held for a join exceed the state budget") : rc;
}

/* ---- the rest ------------------------------------------------------------------------------------------------------- */
static uint64_t stream_bytes(const rtq__op *op)
{
    const stream *s = (const stream *)op;
    uint64_t bytes = 0;
    for (uint32_t g = 0; g < 2; g++) {
        bytes += rtq__rows_bytes(s->sides[0].gen[g]) + rtq__rows_bytes(s->sides[1].gen[g]);
        bytes += s->unique[g] ? rtq__rows_bytes(s->unique[g]) : 0;
    }
    return bytes;
}

static uint64_t stream_keys(const rtq__op *op)
{
    const stream *s = (const stream *)op;
    uint64_t n = 0;
    for (uint32_t g = 0; g < 2; g++)
        n += (uint64_t)rtq__rows_count(s->sides[0].gen[g]) + rtq__rows_count(s->sides[1].gen[g]);
    return n;
}

static int stream_save(rtq__buf *out, rtq__op *op)
{
    stream *s = (stream *)op;
    int rc = RTQ_OK;
    rtq__put_u64(out, (uint64_t)s->clock);
    rtq__put_u64(out, (uint64_t)s->turned);
    for (uint32_t g = 0; g < 2 && rc == RTQ_OK; g++) {
        rc = rtq__put_rows(out, s->sides[0].gen[g]);
        if (rc == RTQ_OK)
            rc = rtq__put_rows(out, s->sides[1].gen[g]);
        if (rc == RTQ_OK && s->unique[g])
            rc = rtq__put_rows(out, s->unique[g]);
    }
    return rc;
}

static int stream_load(rtq__op *op, const char *ptr, size_t len)
{
    stream *s = (stream *)op;
    rtq__saved in = {.ptr = ptr, .len = len};
    int rc = RTQ_OK;
    s->clock = (int64_t)rtq__take_u64(&in);
    s->turned = (int64_t)rtq__take_u64(&in);
    for (uint32_t g = 0; g < 2 && rc == RTQ_OK; g++) {
        rc = rtq__take_rows(&in, s->sides[0].gen[g]);
        if (rc == RTQ_OK)
            rc = rtq__take_rows(&in, s->sides[1].gen[g]);
        if (rc == RTQ_OK && s->unique[g])
            rc = rtq__take_rows(&in, s->unique[g]);
    }
    return rc == RTQ_OK && (in.bad || in.len) ? RTQ_ERR_DATA : rc;
}

const rtq__op_class rtq__op_join_stream = {.name = "stream join",
                                           .len = sizeof(stream),
                                           .open = stream_open,
                                           .push = stream_push,
                                           .resume = stream_resume,
                                           .state_bytes = stream_bytes,
                                           .state_keys = stream_keys,
                                           .save = stream_save,
                                           .load = stream_load,
                                           .close = stream_close};
