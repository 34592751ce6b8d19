/* evtx_batch.c - the decoder's life, its demand, and batches: vectors whose cells are decoded when they are touched. */
#include "sources/evtx/evtx_int.h"

int rtq__evtx_new(rtq__evtx **out, rtq__mem *mem, rtq__source_stats *stats, int64_t *max_time)
{
    rtq__evtx *d = rtq__calloc(mem, 1, sizeof *d);
    if (!d)
        return RTQ_ERR_NOMEM;
    d->mem = mem;
    d->stats = stats;
    d->max_time = max_time;
    d->time_limit = INT64_MAX;
    rtq__arena_init(&d->demand, mem, 4096);
    rtq__arena_init(&d->cache, mem, 65536);
    rtq__arena_init(&d->scratch, mem, 32768);
    rtq__arena_init(&d->heap, mem, 65536);
    d->cache_text.arena = &d->cache;
    d->temp.arena = &d->scratch;
    d->text.arena = &d->heap;
    d->file = "";
    d->gen = 1;
    rtq__buf_init(&d->step_texts, mem);
    d->buckets = rtq__calloc(mem, EVTX_BUCKETS, sizeof *d->buckets);
    d->rows = rtq__alloc(mem, RTQ__ROWS * sizeof *d->rows);
    d->offs = rtq__alloc(mem, (size_t)RTQ__ROWS * EVTX_OFFS * sizeof *d->offs);
    d->builder = rtq__dyn_builder_new(mem);
    if (!d->buckets || !d->rows || !d->offs || !d->builder) {
        rtq__evtx_free(d);
        return RTQ_ERR_NOMEM;
    }
    *out = d;
    return RTQ_OK;
}

void rtq__evtx_free(rtq__evtx *d)
{
    if (!d)
        return;
    rtq__tester_free(d->tester);
    rtq__dyn_builder_free(d->builder);
    rtq__free(d->mem, d->buckets);
    rtq__free(d->mem, d->rows);
    rtq__free(d->mem, d->offs);
    rtq__free(d->mem, d->parsed.v);
    rtq__free(d->mem, d->ir.v);
    rtq__free(d->mem, d->tree.v);
    rtq__free(d->mem, d->name_refs);
    rtq__free(d->mem, d->print_steps);
    rtq__buf_free(&d->step_texts);
    rtq__arena_free(&d->demand);
    rtq__arena_free(&d->cache);
    rtq__arena_free(&d->scratch);
    rtq__arena_free(&d->heap);
    rtq__free(d->mem, d);
}

static int make_vecs(rtq__evtx *d)
{
    rtq__arena *a = &d->demand;
    d->vecs = rtq__arena_zalloc(a, (d->n_wants + 1) * sizeof *d->vecs);
    d->cols = rtq__arena_zalloc(a, (d->n_wants + 1) * sizeof *d->cols);
    if (!d->vecs || !d->cols)
        return RTQ_ERR_NOMEM;
    for (uint32_t i = 0; i < d->n_wants; i++) {
        evtx_vec *v = &d->vecs[i];
        v->d = d;
        v->want = i;
        v->cells = rtq__arena_alloc(a, (size_t)RTQ__ROWS * rtq__cell_len(d->wants[i].kind));
        v->valid = rtq__arena_alloc(a, RTQ__ROWS / 8);
        v->loaded = rtq__arena_alloc(a, RTQ__ROWS / 8);
        d->cols[i] = &v->vec;
        if (!v->cells || !v->valid || !v->loaded)
            return RTQ_ERR_NOMEM;
        if (d->wants[i].kind != RTQ_STRING)
            continue;
        v->codes = rtq__arena_alloc(a, RTQ__ROWS * sizeof *v->codes);
        v->entries = rtq__arena_alloc(a, EVTX_DICT * sizeof *v->entries);
        if (!v->codes || !v->entries)
            return RTQ_ERR_NOMEM;
    }
    return RTQ_OK;
}

int rtq__evtx_plan(rtq__evtx *d, rtq__demand_table *table)
{
    rtq__evtx_begin(d, 0);
    rtq__evtx_cache_drop(d);
    rtq__arena_reset(&d->demand);
    rtq__tester_free(d->tester);
    d->tester = NULL;
    d->table = table;
    d->n_wants = 0;
    d->all = table->all;
    d->times = d->all_times = d->whole = false;
    d->time_want = -1;
    d->error = RTQ_OK;
    d->wants = rtq__arena_zalloc(&d->demand, (table->n_wants + 1) * sizeof *d->wants);
    if (!d->wants || rtq__tester_new(&d->tester, d->mem, table) != RTQ_OK)
        return RTQ_ERR_NOMEM;
    d->n_wants = table->n_wants;
    for (uint32_t i = 0; i < table->n_wants; i++) {
        evtx_want *w = &d->wants[i];
        uint8_t flags = table->wants[i].flags;
        rtq__evtx_want(w, &table->wants[i]);
        if (w->field >= EVTX_F_EVENTDATA && w->field < EVTX_F_HEADER && w->n_path == 0)
            d->whole = true;
        if (w->time && (flags & RTQ__WANT_TIME)) {
            d->times = true;
            d->time_want = (int32_t)i;
            d->all_times |= (flags & RTQ__WANT_ALL_ROWS) != 0;
        }
    }
    int rc = rtq__evtx_tests(d);
    return rc == RTQ_OK ? make_vecs(d) : rc;
}

void rtq__evtx_begin(rtq__evtx *d, uint32_t max_rows)
{
    d->n_rows = 0;
    d->n_sets = 0;
    d->room = 0;
    /* a batch is gone through column by column: with many of them its records had better stay near */
    uint32_t most = d->n_wants < EVTX_MANY ? RTQ__ROWS : RTQ__ROWS / 4;
    d->max_rows = max_rows < most ? max_rows : most;
    rtq__arena_reset(&d->heap);
    d->text = (evtx_text){&d->heap, NULL, NULL};
    rtq__evtx_cache_trim(d);
    d->batch.seq = d->stats->out;
}

void rtq__evtx_file(rtq__evtx *d, const char *name)
{
    d->file = name;
}

void rtq__evtx_time_limit(rtq__evtx *d, int64_t ticks)
{
    d->time_limit = ticks;
}

uint32_t rtq__evtx_rows(const rtq__evtx *d)
{
    return d->n_rows;
}

/* ---- cells ------------------------------------------------------------------------------------------------------------------------ */
static bool record_cell(rtq__cell *out, const evtx_row *row, const evtx_want *w, evtx_text *text)
{
    if (w->field == EVTX_F_HEADER_ID) {
        *out = rtq__cell_i(RTQ_LONG, (int64_t)evtx_u64(row->record + 8));
        return true;
    }
    if (w->field == EVTX_F_FILE) {
        *out = rtq__cell_s(row->file, strlen(row->file));
        return true;
    }
    evtx_val v = {row->record + 16, 8, EVTX_FILETIME};
    return rtq__evtx_cell(out, &v, w->kind, text);
}

/* What the members are in this record. False: the quick way does not know them. */
static bool survey(const evtx_plan *p, const evtx_slots *slots, uint32_t *n, size_t *bound)
{
    uint32_t slot = 0;
    for (uint32_t i = 0; i < p->n_members; i++) {
        const evtx_member *m = &p->members[i];
        slot = m->slot;
        uint8_t type = !m->is_slot || slot >= slots->n ? EVTX_NULL : slots->desc[(size_t)slot * 4 + 2];
        if (type == EVTX_XML || (type & EVTX_ARRAY))
            return false;
        *n += !(m->is_slot && m->may_miss && type == EVTX_NULL);
        *bound += type == EVTX_NULL ? 0 : 224;
    }
    *bound += (size_t)(slots->end - slots->values) * p->repeats * 3;
    return true;
}

static void put_entry(char *head, uint32_t i, uint32_t key_at, uint32_t key_len, const rtq__dyn *y)
{
    char *p = head + 4 + (size_t)i * 24;
    memcpy(p, &key_at, 4);
    memcpy(p + 4, &key_len, 4);
    memcpy(p + 8, y, sizeof *y);
}

/* EventData of the common shape, written as the tree of value/dyn.h: entries, the names (the same in all records), texts. */
static bool members_cell(rtq__cell *out, const evtx_plan *p, evtx_slots *slots, evtx_text *text, bool *done)
{
    uint32_t n = 0, i = 0;
    size_t bound = p->names_len + p->texts_len;
    bool damaged = false;
    *out = rtq__cell_null(RTQ_DYNAMIC);
    *done = survey(p, slots, &n, &bound) && bound < EVTX_RECORD_OUT;
    if (!*done || n == 0)
        return true;
    uint32_t head = (4 + n * 24 + 7) & ~7u;
    char *base = rtq__evtx_room(text, head + bound + 8);
    if (!base)
        return false;
    base += -(uintptr_t)base & 7;
    memset(base, 0, head);
    memcpy(base, &n, 4);
    memcpy(base + head, p->names, p->names_len);
    text->p = base + head + p->names_len;
    for (uint32_t k = 0; k < p->n_members; k++) {
        const evtx_member *m = &p->members[k];
        rtq__dyn y = {0};
        if (!m->is_slot)
            y = m->cell->u.y;
        evtx_val v = {NULL, 0, EVTX_NULL};
        if (m->is_slot)
            v = evtx_slot(slots, m->slot, &damaged);
        if (m->is_slot && m->may_miss && v.type == EVTX_NULL)
            continue;
        if (m->is_slot && !rtq__evtx_dyn(&y, &v, text))
            return false;
        if (!m->is_slot && y.tag == RTQ__DYN_STRING) {
            memcpy(text->p, y.u.p, y.len);
            y.u.p = text->p;
            text->p += y.len;
        }
        if (y.tag == RTQ__DYN_STRING)
            y.u.i = y.len ? y.u.p - base : head;
        put_entry(base, i++, head + m->key_at, m->key_len, &y);
    }
    out->u.y = (rtq__dyn){.len = (uint32_t)(text->p - base), .tag = RTQ__DYN_BAG, .reserved = 1};
    out->u.y.u.p = base;
    out->is_null = 0;
    return true;
}

static bool tree_cell(rtq__cell *out, rtq__evtx *d, evtx_row *row, const evtx_tmpl *t, evtx_slots *slots,
                      const evtx_want *w, uint32_t node, evtx_text *text)
{
    *out = rtq__cell_null(w->kind);
    d->dirty = true;
    rtq__evtx_look_at(d, row);
    int rc = rtq__evtx_expand_node(d, t->nodes, node, slots);
    if (rc == RTQ_ERR_NOMEM || d->error != RTQ_OK)
        return false;
    if (rc != RTQ_OK || d->tree.n == 0)
        return true; /* damaged inside: null */
    return rtq__evtx_elem_cell(out, d, w, 0, text);
}

bool rtq__evtx_row_cell(rtq__cell *out, rtq__evtx *d, evtx_row *row, uint32_t want, evtx_text *text)
{
    const evtx_want *w = &d->wants[want];
    if (row->cells) {
        *out = row->cells[want];
        return true;
    }
    if (w->field >= EVTX_F_HEADER)
        return record_cell(out, row, w, text);
    const evtx_tmpl *t = row->tmpl;
    const evtx_plan *p = t->plan[0];
    const evtx_ref *r = &p->refs[want];
    evtx_slots *slots = &row->slots;
    bool damaged = false;
    if (r->kind == REF_NEST) {
        if (!row->nest) {
            *out = rtq__cell_null(w->kind);
            return true;
        }
        t = row->nest;
        p = t->plan[1];
        r = &p->refs[want];
        slots = &row->nested;
    }
    if (r->kind == REF_CONST) {
        *out = *r->cell;
        return true;
    }
    if (r->kind == REF_SLOT) {
        evtx_val v = evtx_slot(slots, r->slot, &damaged);
        if (v.type == EVTX_XML && !damaged && v.len > 0)
            return tree_cell(out, d, row, t, slots, w, r->node, text);
        if ((v.type & EVTX_ARRAY) && w->kind == RTQ_UNKNOWN) {
            *out = rtq__cell_null(w->kind);
            d->dirty = true;
            bool ok = rtq__evtx_any(&out->u.y, d, &v, text);
            out->is_null = out->u.y.tag == RTQ__DYN_NULL;
            return ok;
        }
        return rtq__evtx_cell(out, &v, w->kind, text);
    }
    bool done = false;
    if (p->members && w->field == EVTX_F_EVENTDATA && w->n_path == 0 && r->node == p->event_data) {
        if (!members_cell(out, p, slots, text, &done))
            return false;
        if (done)
            return true;
    }
    return tree_cell(out, d, row, t, slots, w, r->node, text);
}

static void store(rtq__vec *v, uint32_t row, const rtq__cell *c)
{
    if (v->kind == RTQ_STRING) {
        ((rtq__string *)v->data)[row] = rtq__string_make(c->u.s, c->len);
        return;
    }
    if (c->is_null)
        rtq__bit_clear(v->valid, row);
    else
        rtq__bit_set(v->valid, row);
    if (rtq__cell_len(v->kind) == 16)
        memcpy((char *)v->data + (size_t)row * 16, c->is_null ? (const void *)(const uint64_t[2]){0, 0} : &c->u, 16);
    else
        ((int64_t *)v->data)[row] = c->is_null ? 0 : c->u.i;
}

/* The value of a want that is in a slot or not there; false: anything else. */
static bool plain_value(evtx_val *out, evtx_row *row, uint32_t want)
{
    static const evtx_val none = {NULL, 0, EVTX_NULL};
    bool damaged = false;
    if (row->cells)
        return false;
    const evtx_ref *r = &row->tmpl->plan[0]->refs[want];
    evtx_slots *slots = &row->slots;
    *out = none;
    if (r->kind == REF_NEST) {
        if (!row->nest)
            return true;
        r = &row->nest->plan[1]->refs[want];
        slots = &row->nested;
    }
    if (r->kind != REF_SLOT)
        return r->kind == REF_CONST && r->cell->is_null;
    *out = evtx_slot(slots, r->slot, &damaged);
    return true;
}

/* The types that nearly all numbers have, without a call. */
static inline bool quick_integer(int64_t *out, const evtx_val *v, uint32_t kind)
{
    if (kind == RTQ_DATETIME) {
        uint64_t x = v->type == EVTX_FILETIME && v->len == 8 ? evtx_u64(v->p) : 0;
        *out = (int64_t)(x + (uint64_t)RTQ__FILETIME_EPOCH);
        return x != 0 && x <= (uint64_t)(RTQ__TICKS_MAX - RTQ__FILETIME_EPOCH);
    }
    switch (v->len << 8 | v->type) {
    case 1 << 8 | EVTX_U8: *out = v->p[0]; return true;
    case 2 << 8 | EVTX_U16: *out = evtx_u16(v->p); return true;
    case 4 << 8 | EVTX_U32: *out = evtx_u32(v->p); return kind == RTQ_LONG;
    case 8 << 8 | EVTX_HEX64: *out = (int64_t)evtx_u64(v->p); return kind == RTQ_LONG;
    case 8 << 8 | EVTX_U64: *out = (int64_t)evtx_u64(v->p); return kind == RTQ_LONG && *out >= 0;
    default: return false;
    }
}

static bool quick_cell(rtq__vec *vec, uint32_t r, const evtx_val *v, evtx_text *text)
{
    int64_t x;
    if (vec->kind == RTQ_STRING && v->type == EVTX_NULL) {
        ((rtq__string *)vec->data)[r] = rtq__string_make("", 0);
        return true;
    }
    if (vec->kind == RTQ_GUID && v->type == EVTX_GUID && v->len == 16) {
        rtq__evtx_guid((uint8_t *)vec->data + (size_t)r * 16, v->p);
        rtq__bit_set(vec->valid, r);
        return true;
    }
    if (vec->kind == RTQ_STRING && v->type == EVTX_STRING) {
        char *p = rtq__evtx_room(text, (size_t)v->len / 2 * 3 + 8);
        size_t n = p ? rtq__evtx_utf8(p, v->p, v->len) : 0;
        if (!p)
            return false;
        text->p += n > 12 ? n : 0;
        ((rtq__string *)vec->data)[r] = rtq__string_make(p, n);
        return true;
    }
    if (vec->kind == RTQ_INT || vec->kind == RTQ_LONG || vec->kind == RTQ_DATETIME) {
        bool null = v->type == EVTX_NULL;
        if (!null && !quick_integer(&x, v, vec->kind))
            return false;
        ((int64_t *)vec->data)[r] = null ? 0 : x;
        if (null)
            rtq__bit_clear(vec->valid, r);
        else
            rtq__bit_set(vec->valid, r);
        return true;
    }
    if (vec->kind == RTQ_UNKNOWN && v->type == EVTX_STRING) {
        char *p = rtq__evtx_room(text, (size_t)v->len / 2 * 3 + 8);
        rtq__dyn *y = (rtq__dyn *)vec->data + r;
        if (!p)
            return false;
        *y = (rtq__dyn){.tag = RTQ__DYN_STRING, .len = (uint32_t)rtq__evtx_utf8(p, v->p, v->len)};
        y->u.p = p;
        text->p += y->len;
        rtq__bit_set(vec->valid, r);
        return true;
    }
    return false;
}

static int load(rtq__vec *vec, const rtq__sel *sel, uint32_t n_sel, void *ctx)
{
    evtx_vec *v = ctx;
    rtq__evtx *d = v->d;
    for (uint32_t i = 0; i < n_sel; i++) {
        uint32_t r = sel ? sel[i] : i;
        evtx_val value;
        rtq__cell c;
        if (plain_value(&value, &d->rows[r], v->want) && quick_cell(vec, r, &value, &d->text))
            continue;
        if (!rtq__evtx_row_cell(&c, d, &d->rows[r], v->want, &d->text))
            return RTQ_ERR_NOMEM;
        store(vec, r, &c);
        rtq__evtx_clean(d);
    }
    d->stats->decoded_cells += n_sel;
    return RTQ_OK;
}

/* Computer, Channel, Provider are often literals of the templates: then a dictionary is enough, or one value for all rows. */
static bool as_dictionary(evtx_vec *v)
{
    rtq__evtx *d = v->d;
    const rtq__cell *seen[EVTX_DICT];
    uint32_t n = 0, last = 0;
    for (uint32_t r = 0; r < d->n_rows; r++) {
        const evtx_row *row = &d->rows[r];
        const evtx_ref *ref = row->cells ? NULL : &row->tmpl->plan[0]->refs[v->want];
        if (!ref || ref->kind != REF_CONST)
            return false;
        if (n == 0 || seen[last] != ref->cell) {
            for (last = 0; last < n && seen[last] != ref->cell; last++)
                ;
            if (last == EVTX_DICT)
                return false;
            if (last == n)
                seen[n++] = ref->cell;
        }
        v->codes[r] = last;
    }
    bool same = true;
    for (uint32_t i = 0; i < n; i++) {
        v->entries[i] = rtq__string_make(seen[i]->u.s, seen[i]->len);
        same &= rtq__string_equal(&v->entries[i], &v->entries[0]);
    }
    v->vec.form = same ? RTQ__CONST : RTQ__DICT;
    v->vec.n = same ? 1 : n;
    v->vec.data = v->entries;
    v->vec.codes = same ? NULL : v->codes;
    return true;
}

/* Columns that no template of the batch has, as most have no ActivityID, and numbers that are literals. */
static bool as_constant(evtx_vec *v)
{
    rtq__evtx *d = v->d;
    const rtq__cell *first = NULL;
    for (uint32_t r = 0; r < d->n_rows; r++) {
        const evtx_row *row = &d->rows[r];
        const evtx_ref *ref = row->cells ? NULL : &row->tmpl->plan[0]->refs[v->want];
        if (!ref || ref->kind != REF_CONST || (first && first != ref->cell && !(first->is_null && ref->cell->is_null)))
            return false;
        first = ref->cell;
    }
    v->vec.form = RTQ__CONST;
    v->vec.n = 1;
    v->vec.data = v->cells;
    v->vec.valid = v->valid;
    store(&v->vec, 0, first);
    return true;
}

rtq__batch *rtq__evtx_batch(rtq__evtx *d)
{
    for (uint32_t i = 0; i < d->n_wants; i++) {
        evtx_vec *v = &d->vecs[i];
        memset(&v->vec, 0, sizeof v->vec);
        v->vec.kind = d->wants[i].kind;
        if (v->vec.kind == RTQ_STRING && d->n_rows > 0 && as_dictionary(v))
            continue;
        if (v->vec.kind != RTQ_STRING && d->n_rows > 0 && (int32_t)i != d->time_want && as_constant(v))
            continue;
        v->vec.form = RTQ__FLAT;
        v->vec.n = d->n_rows;
        v->vec.data = v->cells;
        v->vec.valid = v->vec.kind == RTQ_STRING ? NULL : v->valid;
        v->vec.load = load;
        v->vec.load_ctx = v;
        v->vec.loaded = v->loaded;
        v->whole = d->wants[i].field == EVTX_F_EVENTDATA && d->wants[i].n_path == 0 && v->vec.kind == RTQ_DYNAMIC;
        if (d->wants[i].field < EVTX_F_HEADER)
            v->vec.print = rtq__evtx_print;
        memset(v->loaded, 0, RTQ__ROWS / 8);
    }
    d->batch.n = d->batch.n_sel = d->n_rows;
    d->batch.n_cols = d->n_wants;
    d->batch.cols = d->cols;
    d->batch.time = d->time_want >= 0 ? d->cols[d->time_want] : NULL;
    return &d->batch;
}
