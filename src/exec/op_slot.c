/* op_slot.c - subqueries: the first cell of the result (toscalar), or the set of its values (in). */
#include "base/text.h"
#include "exec/op_list.h"
#include "exec/state.h"
#include "value/dyn.h"

typedef struct slot {
    rtq__op op;
    rtq__rows *rows;   /* the value, or the set */
    rtq__rows *folded; /* the set for in~ */
} slot;

static int slot_open(rtq__op *op)
{
    slot *s = (slot *)op;
    const rtq__slot_def *def = op->node->u.slot.def;
    uint8_t kind = def->col->kind;
    bool set = def->how == RTQ__SLOT_SET;
    int rc = rtq__op_rows(&s->rows, op, &kind, 1, set, 0);
    if (rc == RTQ_OK && set && def->nocase)
        rc = rtq__op_rows(&s->folded, op, &kind, 1, 1, 0);
    return rc;
}

static rtq__slot *target(const rtq__op *op)
{
    return &op->flow->slots[op->node->u.slot.number];
}

static int first_cell(slot *s, rtq__vec *v, const rtq__batch *in)
{
    uint32_t first;
    rtq__sel row = (rtq__sel)rtq__batch_row(in, 0);
    int rc = rtq__rows_append(&first, s->rows, &v, &row, 1);
    if (rc != RTQ_OK)
        return rc;
    target(&s->op)->value = rtq__rows_get(s->rows, 0, 0);
    target(&s->op)->ready = true;
    return RTQ__OP_DONE;
}

/* The text with every code point folded, as in~ compares it. */
static rtq__vec *folded(rtq__flow *flow, const rtq__vec *v, const rtq__batch *in)
{
    rtq__vec *out = rtq__vec_new(flow->scratch, RTQ_STRING, in->n);
    for (uint32_t i = 0; i < in->n_sel && out; i++) {
        uint32_t row = rtq__batch_row(in, i);
        rtq__cell c = rtq__vec_get(v, row);
        char *text = rtq__arena_alloc(flow->scratch, (size_t)c.len * 4 + 1);
        size_t n = 0, at = 0;
        if (!text)
            return NULL;
        while (at < c.len) {
            uint32_t cp;
            at += rtq__utf8_next(&cp, c.u.s + at, c.len - at);
            n += rtq__utf8_put(text + n, rtq__fold(cp));
        }
        rtq__vec_set(out, row, rtq__cell_s(text, n));
    }
    return out;
}

static int slot_push(rtq__op *op, uint32_t input, rtq__batch *in, rtq__batch **out)
{
    slot *s = (slot *)op;
    rtq__vec *v = op->node->u.slot.from < 0 ? rtq__op_nulls(op->flow, op->node->kinds[0])
                                            : in->cols[op->node->u.slot.from];
    (void)input, (void)out;
    int rc = v ? rtq__vec_load(v, in->sel, in->n_sel) : RTQ_ERR_NOMEM;
    if (rc != RTQ_OK || in->n_sel == 0)
        return rc;
    if (op->node->u.slot.def->how == RTQ__SLOT_SCALAR)
        return first_cell(s, v, in);
    uint32_t *ids = rtq__arena_alloc(op->flow->scratch, in->n_sel * sizeof *ids), n_new;
    if (!ids)
        return RTQ_ERR_NOMEM;
    rc = rtq__rows_upsert(ids, &n_new, s->rows, &v, in->sel, in->n_sel, op->flow->scratch);
    if (rc == RTQ_OK && s->folded && v->kind == RTQ_STRING) {
        rtq__vec *f = folded(op->flow, v, in);
        rc = f ? rtq__rows_upsert(ids, &n_new, s->folded, &f, in->sel, in->n_sel, op->flow->scratch) : RTQ_ERR_NOMEM;
    }
    return rc == RTQ_ERR_LIMIT ? rtq__op_fail(op, rc, "the values of a subquery exceed the state budget") : rc;
}

static int slot_finish(rtq__op *op, uint32_t input, rtq__batch **out)
{
    slot *s = (slot *)op;
    rtq__slot *to = target(op);
    (void)input, (void)out;
    if (!to->ready)
        to->value = rtq__cell_null(op->node->kinds[0]);
    if (op->node->u.slot.def->how == RTQ__SLOT_SET) {
        to->set = s->rows;
        to->set_nocase = s->folded;
    }
    to->ready = true;
    return RTQ__OP_DONE;
}

static void slot_close(rtq__op *op)
{
    slot *s = (slot *)op;
    rtq__rows_free(s->rows);
    rtq__rows_free(s->folded);
}

static uint64_t slot_bytes(const rtq__op *op)
{
    const slot *s = (const slot *)op;
    return rtq__rows_bytes(s->rows) + (s->folded ? rtq__rows_bytes(s->folded) : 0);
}

static int slot_save(rtq__buf *out, rtq__op *op)
{
    slot *s = (slot *)op;
    rtq__put_u64(out, target(op)->ready);
    int rc = rtq__put_rows(out, s->rows);
    return rc == RTQ_OK && s->folded ? rtq__put_rows(out, s->folded) : rc;
}

static int slot_load(rtq__op *op, const char *ptr, size_t len)
{
    slot *s = (slot *)op;
    rtq__batch *none = NULL;
    rtq__saved in = {.ptr = ptr, .len = len};
    bool ready = rtq__take_u64(&in) != 0;
    int rc = rtq__take_rows(&in, s->rows);
    if (rc == RTQ_OK && s->folded)
        rc = rtq__take_rows(&in, s->folded);
    if (rc != RTQ_OK || in.bad || in.len)
        return rc != RTQ_OK ? rc : RTQ_ERR_DATA;
    if (ready && op->node->u.slot.def->how == RTQ__SLOT_SCALAR && rtq__rows_count(s->rows) > 0) {
        target(op)->value = rtq__rows_get(s->rows, 0, 0);
        target(op)->ready = true;
    } else if (ready) {
        slot_finish(op, 0, &none);
    }
    return RTQ_OK;
}

const rtq__op_class rtq__op_slot = {.name = "subquery",
                                    .len = sizeof(slot),
                                    .open = slot_open,
                                    .push = slot_push,
                                    .finish = slot_finish,
                                    .state_bytes = slot_bytes,
                                    .save = slot_save,
                                    .load = slot_load,
                                    .close = slot_close};
