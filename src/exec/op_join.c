/* op_join.c - all kinds of join. One input (build) is held in an indexed row store; the other one (probe) streams against it and gives
 * the order of the result: by probe row, then by build row. The driver holds probe rows back until the build side has ended.
 *
 * Null keys are equal, as the emulator has it.
 *
 *   innerunique   the first left row of each key only       outer, full   rows without a partner get nulls
 *   semi, anti    rows of the probe side with or without a partner; a right kind is a left kind seen from the other side */
#include "exec/op_list.h"
#include "exec/state.h"

typedef struct join {
    rtq__op op;
    rtq__rows *rows;   /* build: keys, then the columns asked for */
    rtq__rows *unique; /* left keys seen (innerunique) */
    uint8_t *kinds;
    uint32_t *build_cols; /* of the build input, by column of the store behind the keys */
    uint32_t n_build;
    bool ranged; /* one key of 8 bytes: [least, most] are those of the build side */
    int64_t least, most;
    uint64_t *matched;
    size_t cap_matched; /* full outer: build rows that had a partner */
    uint32_t leftover;  /* next build row to look at when those without a partner come out */
    /* the batch being probed */
    rtq__batch *in;
    const rtq__sel *sel;
    uint32_t n_sel, pos, next;
    uint32_t *ids;
} join;

static uint8_t kind(const join *j)
{
    return j->op.node->u.join.kind;
}

static bool keeps_all(const join *j)
{
    return kind(j) == RTQ__JOIN_LEFTOUTER || kind(j) == RTQ__JOIN_RIGHTOUTER || kind(j) == RTQ__JOIN_FULLOUTER;
}

static bool has_range(const join *j)
{
    uint8_t k = j->op.node->u.join.n_keys == 1 ? j->op.node->u.join.key_kinds[0] : 0;
    return k == RTQ_INT || k == RTQ_LONG || k == RTQ_DATETIME || k == RTQ_TIMESPAN;
}

static int join_open(rtq__op *op)
{
    join *j = (join *)op;
    const rtq__node *node = op->node;
    uint32_t n_keys = node->u.join.n_keys, n = node->layout.n;
    j->kinds = rtq__alloc(op->flow->mem, n_keys + n + 1u);
    j->build_cols = rtq__alloc(op->flow->mem, (n + 1u) * sizeof *j->build_cols);
    if (!j->kinds || !j->build_cols)
        return RTQ_ERR_NOMEM;
    if (n_keys)
        memcpy(j->kinds, node->u.join.key_kinds, n_keys);
    for (uint32_t c = 0; c < n; c++)
        if (node->u.join.outs[c].side != node->u.join.probe && node->u.join.outs[c].from >= 0) {
            j->kinds[n_keys + j->n_build] = node->kinds[c];
            j->build_cols[j->n_build++] = c;
        }
    j->ranged = has_range(j);
    j->least = INT64_MAX;
    j->most = INT64_MIN;
    int rc = rtq__op_rows(&j->rows, op, j->kinds, n_keys + j->n_build, n_keys, 0);
    if (rc == RTQ_OK && kind(j) == RTQ__JOIN_INNERUNIQUE)
        rc = rtq__op_rows(&j->unique, op, j->kinds, n_keys, n_keys, 0);
    return rc;
}

static void join_close(rtq__op *op)
{
    join *j = (join *)op;
    rtq__rows_free(j->rows);
    rtq__rows_free(j->unique);
    rtq__free(op->flow->mem, j->kinds);
    rtq__free(op->flow->mem, j->build_cols);
    rtq__free(op->flow->mem, j->matched);
}

static int eval_keys(join *j, rtq__vec **keys, uint32_t side, rtq__batch *in)
{
    rtq__prog **progs = side == 0 ? j->op.node->u.join.left_keys : j->op.node->u.join.right_keys;
    for (uint32_t k = 0; k < j->op.node->u.join.n_keys; k++) {
        int rc = rtq__op_eval(&keys[k], j->op.flow, progs[k], in);
        if (rc != RTQ_OK)
            return rc;
    }
    return RTQ_OK;
}

/* Keys outside of the build side's need no look into the index. */
static void note_range(join *j, const rtq__vec *key, const rtq__sel *sel, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        if (rtq__vec_null(key, sel[i])) {
            j->ranged = false;
            return;
        }
        int64_t x = ((const int64_t *)key->data)[rtq__vec_at(key, sel[i])];
        j->least = x < j->least ? x : j->least;
        j->most = x > j->most ? x : j->most;
    }
}

static void all_rows(const rtq__batch *in, rtq__sel *sel)
{
    for (uint32_t i = 0; i < in->n_sel; i++)
        sel[i] = (rtq__sel)rtq__batch_row(in, i);
}

/* The rows that come first with their key. */
static int first_of_key(join *j, rtq__vec *const *keys, rtq__sel *sel, uint32_t *n)
{
    rtq__scratch *scratch = j->op.flow->scratch;
    uint32_t *ids = rtq__arena_alloc(scratch, (*n + 1u) * sizeof *ids), n_new, kept = 0;
    if (!ids)
        return RTQ_ERR_NOMEM;
    uint32_t seen = rtq__rows_count(j->unique);
    int rc = rtq__rows_upsert(ids, &n_new, j->unique, keys, sel, *n, scratch);
    if (rc != RTQ_OK)
        return rc;
    for (uint32_t i = 0; i < *n && kept < n_new; i++)
        if (ids[i] == seen + kept) { /* new keys are numbered as they come */
            sel[kept++] = sel[i];
        }
    *n = kept;
    return RTQ_OK;
}

static int build(join *j, rtq__batch *in)
{
    rtq__flow *flow = j->op.flow;
    const rtq__node *node = j->op.node;
    uint32_t side = 1u - node->u.join.probe, n_keys = node->u.join.n_keys, n, first;
    rtq__vec **cols = rtq__arena_alloc(flow->scratch, (n_keys + j->n_build + 1u) * sizeof *cols);
    rtq__sel *sel = rtq__arena_alloc(flow->scratch, (in->n_sel + 1u) * sizeof *sel);
    int rc = cols && sel ? eval_keys(j, cols, side, in) : RTQ_ERR_NOMEM;
    if (rc != RTQ_OK)
        return rc;
    n = in->n_sel;
    all_rows(in, sel);
    if (kind(j) == RTQ__JOIN_INNERUNIQUE && side == 0)
        rc = first_of_key(j, cols, sel, &n);
    for (uint32_t c = 0; c < j->n_build && rc == RTQ_OK; c++) {
        cols[n_keys + c] = in->cols[node->u.join.outs[j->build_cols[c]].from];
        rc = rtq__vec_load(cols[n_keys + c], sel, n);
    }
    if (j->ranged)
        note_range(j, cols[0], sel, n);
    if (rc == RTQ_OK && n > 0)
        rc = rtq__rows_append(&first, j->rows, cols, sel, n);
    return rc;
}

/* ---- probing -------------------------------------------------------------------------------------------------------- */
/* Columns of the build side for the rows of a result batch; UINT32_MAX: nulls. */
static int build_columns(join *j, rtq__batch *b, const uint32_t *ids, uint32_t n)
{
    for (uint32_t c = 0; c < j->n_build; c++) {
        rtq__vec *v = rtq__rows_gather(j->rows, j->op.node->u.join.n_keys + c, ids, 0, n, j->op.flow->scratch);
        if (!v)
            return RTQ_ERR_NOMEM;
        b->cols[j->build_cols[c]] = v;
    }
    return RTQ_OK;
}

static int probe_columns(join *j, rtq__batch *b, const rtq__sel *rows, uint32_t n)
{
    const rtq__node *node = j->op.node;
    int rc = RTQ_OK;
    for (uint32_t c = 0; c < node->layout.n && rc == RTQ_OK; c++) {
        const rtq__out *out = &node->u.join.outs[c];
        if (out->from >= 0 && out->side != node->u.join.probe)
            continue;
        if (out->from < 0)
            b->cols[c] = rtq__op_nulls(j->op.flow, node->kinds[c]);
        else
            b->cols[c] = rows ? rtq__op_pick(j->op.flow, j->in->cols[out->from], rows, n, &rc) : j->in->cols[out->from];
        if (!b->cols[c] && rc == RTQ_OK)
            rc = RTQ_ERR_NOMEM;
    }
    if (rc == RTQ_OK && rows && j->in->time)
        b->time = rtq__op_pick(j->op.flow, j->in->time, rows, n, &rc);
    return rc;
}

/* Semi, anti, and whatever has at most one partner a row: the probe's vectors as they are, with a narrower selection. */
static int same_rows(join *j, const rtq__sel *sel, uint32_t n, const uint32_t *by_row, rtq__batch **out)
{
    rtq__batch *b = rtq__op_same_rows(j->op.flow, j->op.node->layout.n, j->in);
    int rc = b ? probe_columns(j, b, NULL, 0) : RTQ_ERR_NOMEM;
    if (rc == RTQ_OK && j->n_build > 0)
        rc = build_columns(j, b, by_row, j->in->n);
    if (rc != RTQ_OK)
        return rc;
    b->sel = sel;
    b->n_sel = n;
    *out = b;
    return RTQ__OP_NEED;
}

static bool at_most_one(const join *j, const uint32_t *ids, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        if (ids[i] != UINT32_MAX && rtq__rows_next(j->rows, ids[i]) != UINT32_MAX)
            return false;
    return true;
}

static void note_matched(join *j, uint32_t id)
{
    if (j->matched)
        rtq__bit_set(j->matched, id);
}

static int emit_single(join *j, rtq__batch **out)
{
    rtq__scratch *scratch = j->op.flow->scratch;
    rtq__sel *sel = rtq__arena_alloc(scratch, (j->n_sel + 1u) * sizeof *sel);
    uint32_t *by_row = rtq__arena_alloc(scratch, (j->in->n + 1u) * sizeof *by_row), n = 0;
    bool anti = kind(j) == RTQ__JOIN_LEFTANTI || kind(j) == RTQ__JOIN_RIGHTANTI;
    if (!sel || !by_row)
        return RTQ_ERR_NOMEM;
    memset(by_row, 0xff, (j->in->n + 1u) * sizeof *by_row);
    for (uint32_t i = 0; i < j->n_sel; i++) {
        bool found = j->ids[i] != UINT32_MAX;
        sel[n] = j->sel[i];
        by_row[j->sel[i]] = j->ids[i];
        if (found)
            note_matched(j, j->ids[i]);
        n += keeps_all(j) || found != anti;
    }
    return same_rows(j, sel, n, by_row, out);
}

/* Partners of the rows in j->sel. With inner joins and semi joins rows without any may go at once. */
static int find_partners(join *j, rtq__vec *const *keys, rtq__sel *sel)
{
    rtq__scratch *scratch = j->op.flow->scratch;
    bool drop = kind(j) == RTQ__JOIN_INNER || kind(j) == RTQ__JOIN_INNERUNIQUE || kind(j) == RTQ__JOIN_LEFTSEMI ||
                kind(j) == RTQ__JOIN_RIGHTSEMI;
    if (j->ranged && drop) {
        uint32_t n = 0;
        const int64_t *data = keys[0]->data;
        for (uint32_t i = 0; i < j->n_sel; i++) {
            uint32_t row = sel[i];
            int64_t x = data[rtq__vec_at(keys[0], row)];
            sel[n] = (rtq__sel)row;
            n += x >= j->least && x <= j->most && !rtq__vec_null(keys[0], row);
        }
        j->n_sel = n;
    }
    return rtq__rows_probe(j->ids, j->rows, keys, sel, j->n_sel, !j->op.node->u.join.null_differ, scratch);
}

static bool few(const join *j)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < j->n_sel; i++)
        n += j->ids[i] != UINT32_MAX;
    return n < j->in->n / 4 && !keeps_all(j);
}

static bool only_probe_side(const join *j)
{
    switch (kind(j)) {
    case RTQ__JOIN_LEFTSEMI:
    case RTQ__JOIN_RIGHTSEMI:
    case RTQ__JOIN_LEFTANTI:
    case RTQ__JOIN_RIGHTANTI: return true;
    default: return false;
    }
}

/* Up to 1024 pairs, from where the last call stopped. */
static int join_resume(rtq__op *op, rtq__batch **out)
{
    join *j = (join *)op;
    rtq__flow *flow = op->flow;
    rtq__sel *rows = rtq__arena_alloc(flow->scratch, RTQ__ROWS * sizeof *rows);
    uint32_t *ids = rtq__arena_alloc(flow->scratch, RTQ__ROWS * sizeof *ids), n = 0;
    if (!rows || !ids)
        return RTQ_ERR_NOMEM;
    while (n < RTQ__ROWS && j->pos < j->n_sel) {
        uint32_t id = j->next;
        if (id != UINT32_MAX || keeps_all(j)) {
            rows[n] = j->sel[j->pos];
            ids[n++] = id;
        }
        if (id != UINT32_MAX) {
            note_matched(j, id);
            j->next = rtq__rows_next(j->rows, id);
        }
        if (id == UINT32_MAX || j->next == UINT32_MAX) {
            j->pos++;
            j->next = j->pos < j->n_sel ? j->ids[j->pos] : UINT32_MAX;
        }
    }
    rtq__batch *b = rtq__op_batch(flow, op->node->layout.n, n, j->in);
    int rc = b ? probe_columns(j, b, rows, n) : RTQ_ERR_NOMEM;
    if (rc == RTQ_OK)
        rc = build_columns(j, b, ids, n);
    if (rc != RTQ_OK)
        return rc;
    *out = b;
    return j->pos < j->n_sel ? RTQ__OP_MORE : RTQ__OP_NEED;
}

static int probe(join *j, rtq__batch *in, rtq__batch **out)
{
    rtq__flow *flow = j->op.flow;
    const rtq__node *node = j->op.node;
    rtq__vec **keys = rtq__arena_alloc(flow->scratch, (node->u.join.n_keys + 1u) * sizeof *keys);
    rtq__sel *sel = rtq__arena_alloc(flow->scratch, (in->n_sel + 1u) * sizeof *sel);
    j->ids = rtq__arena_alloc(flow->scratch, (in->n_sel + 1u) * sizeof *j->ids);
    int rc = keys && sel && j->ids ? eval_keys(j, keys, node->u.join.probe, in) : RTQ_ERR_NOMEM;
    if (rc != RTQ_OK)
        return rc;
    j->in = in;
    j->n_sel = in->n_sel;
    all_rows(in, sel);
    if (kind(j) == RTQ__JOIN_INNERUNIQUE && node->u.join.probe == 0)
        rc = first_of_key(j, keys, sel, &j->n_sel);
    j->sel = sel;
    if (rc == RTQ_OK)
        rc = find_partners(j, keys, sel);
    if (rc != RTQ_OK || j->n_sel == 0)
        return rc;
    if (only_probe_side(j) || (!few(j) && at_most_one(j, j->ids, j->n_sel)))
        return emit_single(j, out);
    j->pos = 0;
    j->next = j->ids[0];
    return join_resume(&j->op, out);
}

static int join_push(rtq__op *op, uint32_t input, rtq__batch *in, rtq__batch **out)
{
    join *j = (join *)op;
    int rc = rtq__op_saw(op, in);
    if (rc == RTQ_OK)
        rc = input == op->node->u.join.probe ? probe(j, in, out) : build(j, in);
    return rc == RTQ_ERR_LIMIT ? rtq__op_fail(op, rc, "rows held for a join exceed the state budget") : rc;
}

/* ---- full outer: the build rows that had no partner ----------------------------------------------------------------- */
static int leftovers(rtq__op *op, rtq__batch **out)
{
    join *j = (join *)op;
    uint32_t ids[RTQ__ROWS], n = 0, count = rtq__rows_count(j->rows);
    for (; j->leftover < count && n < RTQ__ROWS; j->leftover++)
        if (!rtq__bit(j->matched, j->leftover))
            ids[n++] = j->leftover;
    if (n == 0)
        return RTQ__OP_NEED;
    rtq__batch *b = rtq__op_stored(op, op->node->layout.n, n);
    for (uint32_t c = 0; b && c < op->node->layout.n; c++)
        if (!(b->cols[c] = rtq__op_nulls(op->flow, op->node->kinds[c])))
            return RTQ_ERR_NOMEM;
    int rc = b ? build_columns(j, b, ids, n) : RTQ_ERR_NOMEM;
    if (rc != RTQ_OK)
        return rc;
    *out = b;
    return RTQ__OP_MORE;
}

static int join_finish(rtq__op *op, uint32_t input, rtq__batch **out)
{
    join *j = (join *)op;
    if (input != op->node->u.join.probe) {
        int rc = rtq__rows_index(j->rows);
        if (rc == RTQ_OK && kind(j) == RTQ__JOIN_FULLOUTER)
            rc = rtq__grow(op->flow->mem, &j->matched, &j->cap_matched, rtq__rows_count(j->rows) / 64 + 1, 8);
        if (rc == RTQ_OK && j->matched)
            memset(j->matched, 0, j->cap_matched * 8);
        bool pointless = rc == RTQ_OK && rtq__rows_count(j->rows) == 0 && !keeps_all(j) &&
                         kind(j) != RTQ__JOIN_LEFTANTI && kind(j) != RTQ__JOIN_RIGHTANTI;
        return rc != RTQ_OK ? rc : pointless ? RTQ__OP_DONE : RTQ__OP_NEED;
    }
    j->in = NULL;
    return kind(j) == RTQ__JOIN_FULLOUTER ? leftovers(op, out) : RTQ__OP_NEED;
}

static int resume(rtq__op *op, rtq__batch **out)
{
    return ((join *)op)->in ? join_resume(op, out) : leftovers(op, out);
}

static uint64_t join_bytes(const rtq__op *op)
{
    const join *j = (const join *)op;
    return rtq__rows_bytes(j->rows) + (j->unique ? rtq__rows_bytes(j->unique) : 0);
}

static uint64_t join_keys(const rtq__op *op)
{
    return rtq__rows_count(((const join *)op)->rows);
}

static int join_save(rtq__buf *out, rtq__op *op)
{
    join *j = (join *)op;
    rtq__put_u64(out, j->ranged);
    rtq__put_u64(out, (uint64_t)j->least);
    rtq__put_u64(out, (uint64_t)j->most);
    int rc = rtq__put_rows(out, j->rows);
    if (rc == RTQ_OK && j->unique)
        rc = rtq__put_rows(out, j->unique);
    rtq__put_u64(out, j->matched != NULL);
    if (j->matched)
        rtq__buf_add(out, j->matched, (rtq__rows_count(j->rows) / 64 + 1) * 8);
    return rc;
}

static int join_load(rtq__op *op, const char *ptr, size_t len)
{
    join *j = (join *)op;
    rtq__saved in = {.ptr = ptr, .len = len};
    bool ranged = rtq__take_u64(&in) != 0;
    j->ranged &= ranged;
    j->least = (int64_t)rtq__take_u64(&in);
    j->most = (int64_t)rtq__take_u64(&in);
    int rc = rtq__take_rows(&in, j->rows);
    if (rc == RTQ_OK && j->unique)
        rc = rtq__take_rows(&in, j->unique);
    bool matched = rtq__take_u64(&in) != 0;
    if (rc != RTQ_OK || in.bad || matched > (kind(j) == RTQ__JOIN_FULLOUTER))
        return rc != RTQ_OK ? rc : RTQ_ERR_DATA;
    if (matched) {
        size_t words = rtq__rows_count(j->rows) / 64 + 1;
        const char *bits = rtq__take(&in, words * 8);
        rc = rtq__grow(op->flow->mem, &j->matched, &j->cap_matched, words, 8);
        if (rc != RTQ_OK || !bits)
            return rc != RTQ_OK ? rc : RTQ_ERR_DATA;
        memset(j->matched, 0, j->cap_matched * 8);
        memcpy(j->matched, bits, words * 8);
    }
    return in.bad || in.len ? RTQ_ERR_DATA : RTQ_OK;
}

const rtq__op_class rtq__op_join = {.name = "join",
                                    .len = sizeof(join),
                                    .open = join_open,
                                    .push = join_push,
                                    .resume = resume,
                                    .finish = join_finish,
                                    .state_bytes = join_bytes,
                                    .state_keys = join_keys,
                                    .save = join_save,
                                    .load = join_load,
                                    .close = join_close};
