/* custom.c - sources of the host: its function table behind the interface of the built-in ones, with the same demand. */
#include "sources/push/custom.h"
#include "sources/push/push.h"
#include <stdio.h>

struct custom {
    rtq__push push; /* first: rows go through its chunks */
    rtq_source_vtable vt;
    void *user;
    rtq_destroy_fn destroy;
    rtq_appender *appenders;
    rtq_appender **pointers;
    uint32_t n_tables;
    rtq__arena view; /* the demand as the host sees it */
    bool ended;
    int failed;    /* what next() gave */
    char why[160]; /* … and the reason */
    int32_t watermark_kind;
    int64_t max_delay, wall; /* the clock of the last call */
};

static const rtq__src_class rtq__src_custom;

static int value_of(rtq_value *out, const rtq__cell *c, rtq__arena *arena)
{
    rtq__buf buf;

    memset(out, 0, sizeof *out);
    out->kind = c->kind;
    out->is_null = c->is_null;
    if (c->kind == RTQ_STRING) {
        out->u.s = c->u.s;
        out->len = c->len;
        return RTQ_OK;
    }
    if (c->kind != RTQ_DYNAMIC && c->kind != RTQ_UNKNOWN) {
        memcpy(out->u.b, c->u.b, 16);
        return RTQ_OK;
    }
    rtq__buf_init(&buf, arena->mem);
    rtq__cell_print_json(&buf, c);
    out->len = (uint32_t)buf.len;
    out->u.s = buf.failed ? NULL : rtq__arena_strndup(arena, buf.ptr, buf.len);
    rtq__buf_free(&buf);
    return out->u.s ? RTQ_OK : RTQ_ERR_NOMEM;
}

/* Where some query wants every row, the host sees no conjuncts of the table at all: it must not reject any. */
static uint32_t n_branches(const rtq__demand_table *d)
{
    return d->all ? 0 : d->n_branches;
}

/* One item a conjunct of a branch: the internal form shares conjuncts between branches, the public one is flat. */
static int make_view(struct custom *c, rtq_demand *demand)
{
    uint32_t n = 0;

    rtq__arena_reset(&c->view);
    for (uint32_t t = 0; t < demand->n_tables; t++)
        for (uint32_t b = 0; b < n_branches(&demand->tables[t]); b++)
            n += demand->tables[t].branches[b].n;
    demand->n_items = 0;
    if (!(demand->items = rtq__arena_zalloc(&c->view, (n + 1) * sizeof *demand->items)))
        return RTQ_ERR_NOMEM;
    for (uint32_t t = 0; t < demand->n_tables; t++) {
        const rtq__demand_table *d = &demand->tables[t];
        for (uint32_t b = 0; b < n_branches(d); b++)
            for (uint32_t k = 0; k < d->branches[b].n; k++) {
                const rtq__conjunct *from = &d->conjuncts[d->branches[b].conjuncts[k]];
                rtq_conjunct *to = &demand->items[demand->n_items++];
                rtq_value *values = rtq__arena_alloc(&c->view, (from->n_values + 1) * sizeof *values);
                if (!values)
                    return RTQ_ERR_NOMEM;
                for (uint32_t i = 0; i < from->n_values; i++)
                    if (value_of(&values[i], &from->values[i], &c->view) < 0)
                        return RTQ_ERR_NOMEM;
                to->table = t;
                to->branch = b;
                to->path = d->wants[from->want].path;
                to->op = from->op;
                to->values = values;
                to->n_values = from->n_values;
            }
    }
    return RTQ_OK;
}

/* Verdicts of the items back to conjuncts: what holds for a conjunct must hold in every branch it stands in. */
static void take_verdicts(rtq_demand *demand, const uint8_t *verdicts)
{
    uint32_t at = 0;

    for (uint32_t t = 0; t < demand->n_tables; t++) {
        rtq__demand_table *d = &demand->tables[t];
        for (uint32_t i = 0; i < d->n_conjuncts; i++)
            d->conjuncts[i].verdict = d->all ? RTQ_PUSH_NO : RTQ_PUSH_EXACT;
        for (uint32_t b = 0; b < n_branches(d); b++)
            for (uint32_t k = 0; k < d->branches[b].n; k++, at++) {
                rtq__conjunct *c = &d->conjuncts[d->branches[b].conjuncts[k]];
                uint8_t v = verdicts[at] <= RTQ_PUSH_EXACT ? verdicts[at] : (uint8_t)RTQ_PUSH_NO;
                if (v < c->verdict)
                    c->verdict = v;
            }
    }
}

static int custom_plan(rtq__src *src, rtq_demand *demand)
{
    struct custom *c = (struct custom *)src;
    uint8_t *verdicts;
    int rc;

    c->push.demand = demand;
    if ((rc = make_view(c, demand)) < 0 || !(verdicts = rtq__arena_zalloc(&c->view, demand->n_items + 1)))
        return RTQ_ERR_NOMEM;
    c->watermark_kind = RTQ_WATERMARK_RECORDS;
    c->max_delay = 0;
    if (c->vt.plan && (rc = c->vt.plan(verdicts, &c->watermark_kind, &c->max_delay, demand, c->user)) < 0)
        return rc;
    if (c->max_delay < 0)
        c->max_delay = 0;
    take_verdicts(demand, verdicts);
    return RTQ_OK;
}

static int custom_start(rtq__src *src, const void *position, size_t len, rtq_diag *diag)
{
    struct custom *c = (struct custom *)src;
    int rc = c->vt.start ? c->vt.start(position, len, c->user) : RTQ_OK;
    return rc < 0
               ? rtq__diag_add(diag, rc, RTQ__SEV_ERROR, 0, 0, "the custom source did not start: %s", rtq_strerror(rc))
               : RTQ_OK;
}

/* Why the host could not go on: often because it could not add its rows. */
static const char *reason(const struct custom *c, int rc)
{
    rtq_diag_item item = {.size = sizeof item};

    for (uint32_t i = 0; i < c->n_tables; i++)
        if (rtq_diag_get(&item, c->appenders[i].diag, 0) == RTQ_OK)
            return item.message;
    return rtq_strerror(rc);
}

static int custom_next(rtq__src *src, const rtq_clock *clock, uint32_t max_rows, rtq__batch **out, uint32_t *table,
                       rtq_diag *diag)
{
    struct custom *c = (struct custom *)src;
    int rc;

    (void)max_rows;
    c->wall = clock->wall_ticks;
    if ((rc = rtq__push_next(&c->push, out, table)) != RTQ_AGAIN)
        return rc;
    if (c->failed < 0)
        return rtq__diag_add(diag, c->failed, RTQ__SEV_ERROR, 0, 0, "%s", c->why);
    if (c->ended)
        return RTQ_END;
    rc = c->vt.next(c->pointers, clock, c->user);
    c->ended = rc == RTQ_END;
    c->failed = rc < 0 ? rc : RTQ_OK; /* told once the rows that came with it are read */
    if (rc < 0)
        snprintf(c->why, sizeof c->why, "%s", reason(c, rc));
    for (uint32_t i = 0; i < c->n_tables; i++)
        rtq_appender_flush(&c->appenders[i]);
    if (rc == RTQ_AGAIN)
        return rtq__push_next(&c->push, out, table);
    return RTQ_OK; /* progress: the rows come with the next call */
}

static intptr_t custom_handle(rtq__src *src)
{
    struct custom *c = (struct custom *)src;
    return c->vt.handle ? c->vt.handle(c->user) : -1;
}

static int64_t custom_timeout(rtq__src *src, const rtq_clock *clock)
{
    struct custom *c = (struct custom *)src;
    return c->vt.timeout_ns ? c->vt.timeout_ns(clock, c->user) : -1;
}

/* Its tables are filled by one hand, so one order holds for all of them: the latest mark or time counts. */
static int64_t custom_watermark(rtq__src *src)
{
    struct custom *c = (struct custom *)src;
    int64_t w = src->max_time;

    if (c->watermark_kind == RTQ_WATERMARK_CLOCK)
        return c->wall > INT64_MIN + c->max_delay ? c->wall - c->max_delay : INT64_MIN;
    for (size_t i = 0; i < c->push.n_partitions; i++)
        w = c->push.partitions[i].mark > w ? c->push.partitions[i].mark : w;
    return w;
}

static void custom_drain(rtq__src *src) /* what it has handed over is still read */
{
    ((struct custom *)src)->ended = true;
}

static void custom_close(rtq__src *src)
{
    struct custom *c = (struct custom *)src;
    rtq__mem *mem = src->mem;

    for (uint32_t i = 0; i < c->n_tables; i++)
        rtq__appender_done(&c->appenders[i]);
    if (c->vt.close)
        c->vt.close(c->user);
    if (c->destroy)
        c->destroy(c->user);
    rtq__arena_free(&c->view);
    rtq__push_release(&c->push);
    rtq__free(mem, c);
}

static const rtq__src_class rtq__src_custom = {
    .kind = "custom",
    .doc = "a source of the host",
    .plan = custom_plan,
    .start = custom_start,
    .next = custom_next,
    .handle = custom_handle,
    .timeout_ns = custom_timeout,
    .close = custom_close,
    .watermark = custom_watermark,
    .drain = custom_drain,
};

int rtq__custom_open(rtq__src **out, rtq__mem *mem, const rtq_source_vtable *vtable, void *user, rtq_destroy_fn destroy,
                     rtq_diag *diag)
{
    const char *tables = vtable->tables(user);
    struct custom *c;
    int rc;

    if (!tables)
        return rtq__diag_add(diag, RTQ_ERR_ARG, RTQ__SEV_ERROR, 0, 0, "tables() of the source gave NULL");
    if (!(c = rtq__calloc(mem, 1, sizeof *c)))
        return RTQ_ERR_NOMEM;
    c->push.base.cls = &rtq__src_custom;
    c->wall = INT64_MIN;
    rtq__arena_init(&c->view, mem, 0);
    c->vt = *vtable;
    if ((rc = rtq__push_init(&c->push, mem, NULL, tables, diag)) < 0)
        goto out;
    if (c->push.base.n_tables == 0) {
        rc = rtq__diag_add(diag, RTQ_ERR_ARG, RTQ__SEV_ERROR, 0, 0, "tables() of the source declares none");
        goto out;
    }
    c->appenders = rtq__arena_zalloc(&c->push.arena, (c->push.base.n_tables + 1) * sizeof *c->appenders);
    c->pointers = rtq__arena_zalloc(&c->push.arena, (c->push.base.n_tables + 1) * sizeof *c->pointers);
    if (!c->appenders || !c->pointers) {
        rc = RTQ_ERR_NOMEM;
        goto out;
    }
    for (uint32_t i = 0; i < c->push.base.n_tables; i++) {
        if ((rc = rtq__appender_init(&c->appenders[i], &c->push, i)) < 0)
            goto out;
        c->pointers[i] = &c->appenders[i];
        c->n_tables++;
    }
    c->user = user;
    c->destroy = destroy;
    *out = &c->push.base;
    return RTQ_OK;
out:
    for (uint32_t i = 0; i < c->n_tables; i++)
        rtq__appender_done(&c->appenders[i]);
    rtq__arena_free(&c->view);
    rtq__push_release(&c->push);
    rtq__free(mem, c);
    return rc;
}

/* ---- what a host's plan() reads ---------------------------------------------------------------------------------------- */

int rtq_demand_column(rtq_column_def *out, const rtq_demand *demand, size_t table, size_t index)
{
    const rtq__want *w;

    if (!out || !demand || table >= demand->n_tables)
        return RTQ_ERR_ARG;
    if (index >= demand->tables[table].n_wants)
        return RTQ_END;
    w = &demand->tables[table].wants[index];
    out->name = w->path;
    out->kind = w->kind;
    out->flags = (w->flags & RTQ__WANT_REST ? (uint32_t)RTQ_COLUMN_REST : 0) |
                 (w->flags & RTQ__WANT_DECIDE ? (uint32_t)RTQ_COLUMN_DECIDE : 0) |
                 (w->flags & RTQ__WANT_TIME ? (uint32_t)RTQ_COLUMN_TIME : 0);
    return RTQ_OK;
}

int rtq_demand_conjunct(rtq_conjunct *out, const rtq_demand *demand, size_t index)
{
    rtq_conjunct c;

    if (!out || !demand || out->size < sizeof out->size)
        return RTQ_ERR_ARG;
    if (index >= demand->n_items)
        return RTQ_END;
    c = demand->items[index];
    c.size = rtq__struct_len(out->size, sizeof c);
    memcpy(out, &c, c.size);
    return RTQ_OK;
}
