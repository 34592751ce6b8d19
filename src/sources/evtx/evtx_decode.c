/* evtx_decode.c - chunks to rows: finds records, tests them on raw slots, remembers those that stay. */
#include "sources/evtx/evtx_int.h"

enum { RECORD_MAGIC = 0x00002a2a, RECORD_MIN = 24 + 5 + 4 };
enum { DAMAGED = -1, REJECTED = 0, ACCEPTED = 1, ODD = 2, NO_MEMORY = -2 };

void rtq__evtx_clean(rtq__evtx *d)
{
    if (!d->dirty)
        return;
    rtq__arena_reset(&d->scratch);
    d->temp = (evtx_text){&d->scratch, NULL, NULL};
    d->dirty = false;
}

/* ---- the nested event ---------------------------------------------------------------------------------------------------------- */
/* Only one instance and the end: anything else goes the long way. */
static int find_nested(rtq__evtx *d, const evtx_plan *plan, evtx_row *row)
{
    bool damaged = false;
    evtx_instance inst;
    row->nest = NULL;
    if (plan->nest < 0)
        return ACCEPTED;
    evtx_val v = evtx_slot(&row->slots, (uint32_t)plan->nest, &damaged);
    if (damaged)
        return DAMAGED;
    if (v.type == EVTX_NULL || (v.type == EVTX_XML && v.len == 0))
        return ACCEPTED;
    if (v.type != EVTX_XML || v.len < 18)
        return ODD;
    uint32_t header = evtx_u32(v.p) == 0x0001010F ? 4 : 0; /* older systems leave it out */
    if (v.p[header] != 0x0C)
        return ODD;
    uint32_t at = (uint32_t)(v.p - d->chunk), end = at + v.len;
    if (!rtq__evtx_instance(&inst, d->chunk, at + header + 1, end))
        return DAMAGED;
    if (inst.end < end && (d->chunk[inst.end] != 0 || (end - inst.end >= 6 && d->chunk[inst.end + 1] == 0x0F)))
        return ODD;
    evtx_tmpl *t = rtq__evtx_tmpl(d, inst.def);
    evtx_plan *nested = t ? rtq__evtx_tmpl_plan(d, t, 1) : NULL;
    if (!nested)
        return d->error != RTQ_OK ? NO_MEMORY : DAMAGED;
    if (nested->odd)
        return ODD;
    row->nest = t;
    row->nested = (evtx_slots){d->chunk + inst.desc, d->chunk + inst.values, d->chunk + inst.end, NULL, inst.n, 0, 0};
    return ACCEPTED;
}

/* ---- conjuncts ------------------------------------------------------------------------------------------------------------------- */
static int test_conjunct(rtq__evtx *d, uint32_t c, const evtx_plan *plan, evtx_slots *slots, evtx_row *row)
{
    const evtx_test *t = &d->tests[c];
    const evtx_ref *r = &plan->refs[t->want];
    bool damaged = false;
    if (r->kind == REF_SLOT) {
        evtx_val v = evtx_slot(slots, r->slot, &damaged);
        if (damaged)
            return DAMAGED;
        if (v.type != EVTX_XML)
            return rtq__evtx_test(d, c, &v) != 0;
    }
    rtq__cell cell;
    d->dirty = true;
    if (!rtq__evtx_row_cell(&cell, d, row, t->want, &d->temp))
        return NO_MEMORY;
    return rtq__evtx_test_cell(d, c, &cell) != 0;
}

/* With many branches, one conjunct is asked for many times. */
static int test_memo(rtq__evtx *d, uint32_t c, const evtx_plan *plan, evtx_slots *slots, evtx_row *row)
{
    if (d->table->n_branches == 1)
        return test_conjunct(d, c, plan, slots, row);
    if (d->memo[c] >> 1 == d->memo_gen)
        return (int)(d->memo[c] & 1);
    int rc = test_conjunct(d, c, plan, slots, row);
    if (rc >= 0)
        d->memo[c] = d->memo_gen << 1 | (uint32_t)rc;
    return rc;
}

static int test_nested(rtq__evtx *d, uint32_t c, evtx_row *row)
{
    if (!row->nest)
        return d->null_fold[c] == FOLD_YES;
    const evtx_plan *plan = row->nest->plan[1];
    if (plan->fold[c] != FOLD_TEST)
        return plan->fold[c] == FOLD_YES;
    return test_memo(d, c, plan, &row->nested, row);
}

static void next_memo(rtq__evtx *d)
{
    if (++d->memo_gen < UINT32_MAX / 2)
        return;
    d->memo_gen = 1;
    memset(d->memo, 0, d->n_tests * sizeof *d->memo);
}

/* What the record itself says about a branch: it is out, accepts the record, or goes on living. < 0: damaged … */
static int own_conjuncts(rtq__evtx *d, const evtx_plan *plan, uint32_t branch, evtx_row *row, uint32_t *n_alive,
                         bool *accepted)
{
    const evtx_branch *b = &plan->branches[branch];
    int rc = 1;
    for (uint32_t k = 0; k < b->n_own && rc == 1; k++)
        rc = test_memo(d, plan->list[b->first + k], plan, &row->slots, row);
    if (rc == 1 && b->n_nest == 0)
        *accepted = true;
    else if (rc == 1)
        d->alive[(*n_alive)++] = branch;
    return rc;
}

static uint32_t first_key(const evtx_plan *plan, int64_t value)
{
    uint32_t lo = 0, hi = plan->n_keys;
    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;
        if (plan->keys[mid].value < value)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

static int all_own(rtq__evtx *d, const evtx_plan *plan, evtx_row *row, uint32_t *n_alive, bool *accepted)
{
    int rc = 1;
    for (uint32_t i = 0; i < plan->n_branches && rc >= 0 && !*accepted; i++)
        rc = own_conjuncts(d, plan, i, row, n_alive, accepted);
    return rc < 0 ? rc : 1;
}

/* The same for the branches that the record's number leaves in play. */
static int keyed_own(rtq__evtx *d, const evtx_plan *plan, evtx_row *row, uint32_t *n_alive, bool *accepted)
{
    bool damaged = false;
    int64_t x = 0;
    evtx_val v = evtx_slot(&row->slots, plan->refs[plan->key_want].slot, &damaged);
    if (damaged)
        return DAMAGED;
    int rc = rtq__evtx_integer(&x, &v, d->wants[plan->key_want].kind);
    if (rc < 0)
        return all_own(d, plan, row, n_alive, accepted); /* a number as text */
    uint32_t i = rc == 1 ? first_key(plan, x) : plan->n_keys;
    for (rc = 1; i < plan->n_keys && plan->keys[i].value == x && rc >= 0 && !*accepted; i++)
        rc = own_conjuncts(d, plan, plan->keys[i].branch, row, n_alive, accepted);
    for (i = 0; i < plan->n_unkeyed && rc >= 0 && !*accepted; i++)
        rc = own_conjuncts(d, plan, plan->unkeyed[i], row, n_alive, accepted);
    return rc < 0 ? rc : 1;
}

/* First what the record itself says, for all branches; then what the nested event says, for those still alive. */
static int run_branches(rtq__evtx *d, const evtx_plan *plan, evtx_row *row, bool *nested)
{
    uint32_t n_alive = 0;
    bool accepted = false;
    next_memo(d);
    int rc = plan->n_keys ? keyed_own(d, plan, row, &n_alive, &accepted) : all_own(d, plan, row, &n_alive, &accepted);
    if (rc < 0)
        return rc;
    if (accepted || n_alive == 0)
        return accepted ? ACCEPTED : REJECTED;
    rc = find_nested(d, plan, row);
    if (rc != ACCEPTED)
        return rc;
    *nested = true;
    for (uint32_t i = 0; i < n_alive; i++) {
        const evtx_branch *b = &plan->branches[d->alive[i]];
        rc = 1;
        for (uint32_t k = 0; k < b->n_nest && rc == 1; k++)
            rc = test_nested(d, plan->list[b->first + b->n_own + k], row);
        if (rc != 0)
            return rc;
    }
    return REJECTED;
}

/* ---- odd records ------------------------------------------------------------------------------------------------------------------ */
static int odd_cell(rtq__cell *out, rtq__evtx *d, evtx_row *row, uint32_t want, evtx_text *text)
{
    const evtx_want *w = &d->wants[want];
    if (w->field >= EVTX_F_HEADER) {
        row->cells = NULL;
        return rtq__evtx_row_cell(out, d, row, want, text) ? RTQ_OK : RTQ_ERR_NOMEM;
    }
    return rtq__evtx_tree_cell(out, d, w, text) ? RTQ_OK : RTQ_ERR_NOMEM;
}

static int odd_branches(rtq__evtx *d, evtx_row *row, bool system_only)
{
    next_memo(d);
    for (uint32_t i = 0; i < d->table->n_branches; i++) {
        const rtq__branch *b = &d->table->branches[i];
        int holds = 1;
        for (uint32_t k = 0; k < b->n && holds; k++) {
            uint32_t c = b->conjuncts[k], want = d->tests[c].want;
            rtq__cell cell;
            if (d->tests[c].verdict == RTQ_PUSH_NO || (system_only && d->wants[want].field >= EVTX_F_EVENTDATA))
                continue;
            if (d->memo[c] >> 1 == d->memo_gen) {
                holds = (int)(d->memo[c] & 1);
                continue;
            }
            if (odd_cell(&cell, d, row, want, &d->temp) != RTQ_OK)
                return NO_MEMORY;
            holds = rtq__evtx_test_cell(d, c, &cell) != 0;
            d->memo[c] = d->memo_gen << 1 | (uint32_t)holds;
        }
        if (holds)
            return ACCEPTED;
    }
    return REJECTED;
}

static int read_odd(rtq__evtx *d, uint32_t begin, uint32_t end, bool system_only)
{
    rtq__evtx_clean(d);
    int rc = rtq__evtx_expand_range(d, begin, end, system_only);
    if (rc == RTQ_ERR_NOMEM || d->error != RTQ_OK)
        return NO_MEMORY;
    return rc != RTQ_OK || !rtq__evtx_event(&d->tree) ? DAMAGED : ACCEPTED;
}

static void note_time(rtq__evtx *d, int64_t ticks)
{
    if (ticks > *d->max_time && ticks <= d->time_limit)
        *d->max_time = ticks;
}

static int odd_record(rtq__evtx *d, uint32_t pos, uint32_t size, evtx_row *row)
{
    uint32_t begin = pos + 24, end = pos + size - 4;
    const evtx_want time = {.field = EVTX_F_TIME, .kind = RTQ_DATETIME};
    row->tmpl = row->nest = NULL;
    if (!d->all && !d->all_times) { /* EventID and the like decide most: the rest need not be parsed for that */
        int rc = read_odd(d, begin, end, true);
        if (rc == ACCEPTED)
            rc = odd_branches(d, row, true);
        if (rc != ACCEPTED)
            return rc;
    }
    int rc = read_odd(d, begin, end, false);
    if (rc != ACCEPTED)
        return rc;
    rtq__cell cell;
    if (d->times && !rtq__evtx_tree_cell(&cell, d, &time, &d->temp))
        return NO_MEMORY;
    if (d->all_times && !cell.is_null)
        note_time(d, cell.u.i);
    rc = d->all ? ACCEPTED : odd_branches(d, row, false);
    if (rc != ACCEPTED)
        return rc;
    if (d->times && !cell.is_null)
        note_time(d, cell.u.i);
    rtq__cell *cells = rtq__arena_alloc(&d->heap, (d->n_wants + 1) * sizeof *cells);
    for (uint32_t i = 0; i < d->n_wants && cells; i++)
        if (odd_cell(&cells[i], d, row, i, &d->text) != RTQ_OK)
            cells = NULL;
    if (!cells)
        return NO_MEMORY;
    row->cells = cells;
    d->stats->decoded_cells += d->n_wants;
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < d->tree.n; i++)
        bytes += 64 + (uint64_t)d->tree.v[i].len * 3;
    d->room += bytes;
    return ACCEPTED;
}

/* ---- records ---------------------------------------------------------------------------------------------------------------------- */
/* Instance at the start of a record; values are not summed up yet. */
static int find_instance(rtq__evtx *d, uint32_t pos, uint32_t end, evtx_row *row, uint32_t *def)
{
    const uint8_t *c = d->chunk;
    if (evtx_u32(c + pos + 24) != 0x0001010F || c[pos + 28] != 0x0C)
        return ODD;
    if (end - pos < 42)
        return DAMAGED;
    uint32_t at = pos + 38;
    *def = evtx_u32(c + pos + 34);
    if (*def == at) {
        if (end - at < 28)
            return DAMAGED;
        uint32_t size = evtx_u32(c + at + 20);
        if (size > end - at - 28)
            return DAMAGED;
        at += 24 + size;
    }
    uint32_t n = evtx_u32(c + at);
    at += 4;
    if (n > EVTX_SLOTS || n * 4 > end - at)
        return DAMAGED;
    row->slots = (evtx_slots){c + at, c + at + n * 4, c + end, NULL, n, 0, 0};
    return ACCEPTED;
}

/* Many columns of a row: where its values are is found out once. Bytes of all values. */
static uint32_t find_offsets(rtq__evtx *d, evtx_slots *s)
{
    if (d->n_wants < EVTX_MANY || s->n > EVTX_OFFS)
        return evtx_sizes(s->desc, s->n);
    uint16_t *offs = d->offs + (size_t)d->n_rows * EVTX_OFFS;
    uint32_t off = 0;
    for (uint32_t i = 0; i < s->n; i++) {
        offs[i] = (uint16_t)off;
        off += evtx_u16(s->desc + (size_t)4 * i);
    }
    s->offs = off <= UINT16_MAX ? offs : NULL;
    return off;
}

/* Rows end up in memory as often as templates repeat their slots. */
static void add_room(rtq__evtx *d, const evtx_row *row, uint32_t size)
{
    const evtx_plan *p = row->tmpl->plan[0], *q = row->nest ? row->nest->plan[1] : NULL;
    uint64_t more = (uint64_t)size * (p->repeats + (q ? q->repeats : 1));
    if (d->whole)
        more = more * 2 + p->room + (q ? q->room : 0);
    d->room += more > EVTX_RECORD_OUT ? EVTX_RECORD_OUT : more;
}

/* The event time for the watermark; false: not inside the record. */
static bool slot_time(rtq__evtx *d, const evtx_plan *plan, evtx_slots *slots)
{
    int64_t ticks;
    bool damaged = false;
    if (plan->time_slot < 0)
        return true;
    evtx_val v = evtx_slot(slots, (uint32_t)plan->time_slot, &damaged);
    if (rtq__evtx_integer(&ticks, &v, RTQ_DATETIME) == 1)
        note_time(d, ticks);
    return !damaged;
}

static int decode_record(rtq__evtx *d, uint32_t pos, uint32_t size, evtx_row *row)
{
    uint32_t end = pos + size - 4, def;
    bool nested = false;
    row->chunk = d->chunk;
    row->chunk_len = d->chunk_len;
    row->record = d->chunk + pos;
    row->file = d->file;
    row->cells = NULL;
    int rc = find_instance(d, pos, end, row, &def);
    if (rc == ODD)
        return odd_record(d, pos, size, row);
    if (rc != ACCEPTED)
        return rc;
    evtx_tmpl *t = rtq__evtx_tmpl(d, def);
    evtx_plan *plan = t ? t->plan[0] : NULL;
    if (t && !plan)
        plan = rtq__evtx_tmpl_plan(d, t, 0);
    if (!plan)
        return d->error != RTQ_OK ? NO_MEMORY : DAMAGED;
    if (plan->odd)
        return odd_record(d, pos, size, row);
    if (d->all_times && !slot_time(d, plan, &row->slots))
        return DAMAGED;
    if (plan->verdict == VERDICT_REJECT)
        return REJECTED;
    row->tmpl = t;
    row->nest = NULL;
    rc = plan->verdict == VERDICT_ACCEPT ? ACCEPTED : run_branches(d, plan, row, &nested);
    if (rc == ACCEPTED) { /* only whole records are delivered, whatever of them is asked for */
        uint32_t bytes = find_offsets(d, &row->slots);
        const uint8_t *tail = row->slots.values + bytes;
        if (bytes > (uint32_t)(row->slots.end - row->slots.values))
            return DAMAGED;
        rc = tail < row->slots.end && *tail != 0 ? ODD : nested ? ACCEPTED : find_nested(d, plan, row);
    }
    if (rc == ODD)
        return odd_record(d, pos, size, row);
    if (rc != ACCEPTED)
        return rc;
    if (d->times && !d->all_times)
        slot_time(d, plan, &row->slots);
    add_room(d, row, size);
    return ACCEPTED;
}

/* ---- chunks ----------------------------------------------------------------------------------------------------------------------- */
bool rtq__evtx_is_chunk(const uint8_t *chunk, uint32_t len)
{
    return len >= EVTX_CHUNK_HEADER && memcmp(chunk, "ElfChnk", 8) == 0;
}

static uint32_t used_end(const uint8_t *chunk, uint32_t len)
{
    uint32_t free_at = evtx_u32(chunk + 48);
    return free_at < EVTX_CHUNK_HEADER || free_at > len ? len : free_at;
}

static bool is_record(const rtq__evtx *d, uint32_t pos, uint32_t end, uint32_t *size)
{
    if (end - pos < RECORD_MIN || evtx_u32(d->chunk + pos) != RECORD_MAGIC)
        return false;
    *size = evtx_u32(d->chunk + pos + 4);
    return *size >= RECORD_MIN && *size <= end - pos;
}

/* The next record behind damage: its size must be there twice. `end`: none. */
static uint32_t resync(const rtq__evtx *d, uint32_t pos, uint32_t end)
{
    uint32_t size;
    for (pos = (pos + 8) & ~7u; pos < end; pos += 8)
        if (is_record(d, pos, end, &size) && evtx_u32(d->chunk + pos + size - 4) == size)
            return pos;
    return end;
}

static bool all_zero(const uint8_t *p, uint32_t len)
{
    while (len > 0 && *p == 0)
        p++, len--;
    return len == 0;
}

/* One independent load a cache line: walking records is a chain of dependent loads, this is a stream. */
static void touch(const uint8_t *p, uint32_t len)
{
    uint32_t sum = 0;
    for (uint32_t i = 0; i < len; i += 64)
        sum += p[i];
    __asm__ volatile("" ::"r"(sum));
}

static void enter_chunk(rtq__evtx *d, const uint8_t *chunk, uint32_t len, bool fresh)
{
    if (!fresh && d->chunk == chunk)
        return;
    d->chunk = chunk;
    d->chunk_len = len;
    d->resolve_left = 16 * EVTX_CHUNK;
    if (++d->gen == 0) {
        memset(d->tab, 0, sizeof d->tab);
        d->gen = 1;
    }
}

void rtq__evtx_look_at(rtq__evtx *d, const evtx_row *row)
{
    enter_chunk(d, row->chunk, row->chunk_len, false);
}

static int count_record(rtq__evtx *d, int rc, uint32_t *damaged)
{
    d->stats->in++;
    switch (rc) {
    case ACCEPTED:
        d->stats->out++;
        d->n_rows++;
        break;
    case REJECTED: d->stats->filtered++; break;
    case DAMAGED:
        d->stats->errored++;
        ++*damaged;
        break;
    default: d->stats->in--; return RTQ_ERR_NOMEM;
    }
    return RTQ_OK;
}

int rtq__evtx_chunk(rtq__evtx *d, const uint8_t *chunk, uint32_t len, uint32_t *pos, uint32_t *damaged)
{
    if (*pos == 0) {
        if (!rtq__evtx_is_chunk(chunk, len))
            return RTQ_OK;
        *pos = EVTX_CHUNK_HEADER;
        enter_chunk(d, chunk, len, true);
        touch(chunk, used_end(chunk, len));
    } else {
        enter_chunk(d, chunk, len, false);
    }
    uint32_t end = used_end(chunk, len), size;
    while (end - *pos >= RECORD_MIN) {
        if (d->n_rows >= d->max_rows || d->room > EVTX_BATCH_ROOM)
            return RTQ_AGAIN;
        if (!is_record(d, *pos, end, &size)) {
            if (all_zero(chunk + *pos, end - *pos))
                return RTQ_OK;
            count_record(d, DAMAGED, damaged);
            *pos = resync(d, *pos, end);
            continue;
        }
        int rc = decode_record(d, *pos, size, &d->rows[d->n_rows]);
        rtq__evtx_clean(d);
        if (count_record(d, rc, damaged) != RTQ_OK)
            return RTQ_ERR_NOMEM;
        *pos += size;
    }
    return RTQ_OK;
}
