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
    rtq__arena_init(&d->demand, mem, 4096);
    rtq__arena_init(&d->cache, mem, 65536);
    rtq__arena_init(&d->scratch, mem, 32768);
    rtq__arena_init(&d->heap, mem, 65536);
    d->cache_text.arena = &d->cache;
    d->temp.arena = &d->scratch;
    d->text.arena = &d->heap;
    d->file = "";
    d->gen = 1;
    d->buckets = rtq__calloc(mem, EVTX_BUCKETS, sizeof *d->buckets);
    d->rows = rtq__alloc(mem, RTQ__ROWS * sizeof *d->rows);
    d->builder = rtq__dyn_builder_new(mem);
    if (!d->buckets || !d->rows || !d->builder) {
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
    rtq__free(d->mem, d->parsed.v);
    rtq__free(d->mem, d->ir.v);
    rtq__free(d->mem, d->tree.v);
    rtq__free(d->mem, d->name_refs);
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
    d->room = 0;
    d->max_rows = max_rows < RTQ__ROWS ? max_rows : RTQ__ROWS;
    rtq__arena_reset(&d->heap);
    d->text = (evtx_text){&d->heap, NULL, NULL};
    rtq__evtx_cache_trim(d);
    d->batch.seq = d->stats->out;
}

void rtq__evtx_file(rtq__evtx *d, const char *name)
{
    d->file = name;
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

/* One member's value to the builder. Text is copied by it, so its room is free again. */
static bool add_member(rtq__evtx *d, const evtx_val *v)
{
    rtq__dyn y;
    evtx_val item;
    char *mark = d->temp.p;
    if (!(v->type & EVTX_ARRAY)) {
        if (!rtq__evtx_dyn(&y, v, &d->temp))
            return false;
        rtq__dyn_add(d->builder, &y);
        if (y.tag == RTQ__DYN_STRING && mark && y.u.p == mark)
            d->temp.p = mark;
        return true;
    }
    uint32_t pos = 0;
    if (!rtq__evtx_item(&item, v, &pos) || pos >= v->len) {
        evtx_val none = {NULL, 0, EVTX_NULL};
        return add_member(d, v->len ? &item : &none);
    }
    rtq__dyn_begin_array(d->builder);
    for (pos = 0; rtq__evtx_item(&item, v, &pos);)
        if (!add_member(d, &item))
            break;
    rtq__dyn_end(d->builder);
    return true;
}

/* EventData of the common shape: no tree in between. XML inside: *done stays false. */
static bool members_cell(rtq__cell *out, rtq__evtx *d, const evtx_plan *p, evtx_slots *slots, evtx_text *text,
                         bool *done)
{
    evtx_slots copy = *slots;
    bool damaged = false, ok = true;
    uint32_t n = 0;
    for (uint32_t i = 0; i < p->n_members; i++)
        if (p->members[i].is_slot && evtx_slot(&copy, p->members[i].slot, &damaged).type == EVTX_XML)
            return true;
    *done = true;
    rtq__dyn_begin_bag(d->builder);
    for (uint32_t i = 0; i < p->n_members && ok; i++) {
        const evtx_member *m = &p->members[i];
        evtx_val v = {NULL, 0, EVTX_NULL};
        if (m->is_slot)
            v = evtx_slot(slots, m->slot, &damaged);
        if (m->is_slot && m->may_miss && v.type == EVTX_NULL)
            continue;
        n++;
        rtq__dyn_key(d->builder, m->key, m->key_len);
        if (m->is_slot)
            ok = add_member(d, &v);
        else
            rtq__dyn_add(d->builder, &m->cell->u.y);
    }
    rtq__dyn_end(d->builder);
    *out = rtq__cell_null(RTQ_DYNAMIC);
    int rc = rtq__dyn_finish(&out->u.y, d->builder, text->arena);
    out->is_null = rc != RTQ_OK || n == 0 || out->u.y.tag == RTQ__DYN_NULL;
    if (out->is_null)
        memset(&out->u, 0, sizeof out->u);
    return ok && rc != RTQ_ERR_NOMEM;
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
        d->dirty = true;
        if (!members_cell(out, d, p, slots, text, &done))
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

static int load(rtq__vec *vec, const rtq__sel *sel, uint32_t n_sel, void *ctx)
{
    evtx_vec *v = ctx;
    rtq__evtx *d = v->d;
    for (uint32_t i = 0; i < n_sel; i++) {
        uint32_t r = sel ? sel[i] : i;
        rtq__cell c;
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

rtq__batch *rtq__evtx_batch(rtq__evtx *d)
{
    for (uint32_t i = 0; i < d->n_wants; i++) {
        evtx_vec *v = &d->vecs[i];
        memset(&v->vec, 0, sizeof v->vec);
        v->vec.kind = d->wants[i].kind;
        if (v->vec.kind == RTQ_STRING && d->n_rows > 0 && as_dictionary(v))
            continue;
        v->vec.form = RTQ__FLAT;
        v->vec.n = d->n_rows;
        v->vec.data = v->cells;
        v->vec.valid = v->vec.kind == RTQ_STRING ? NULL : v->valid;
        v->vec.load = load;
        v->vec.load_ctx = v;
        v->vec.loaded = v->loaded;
        memset(v->loaded, 0, RTQ__ROWS / 8);
    }
    d->batch.n = d->batch.n_sel = d->n_rows;
    d->batch.n_cols = d->n_wants;
    d->batch.cols = d->cols;
    d->batch.time = d->time_want >= 0 ? d->cols[d->time_want] : NULL;
    return &d->batch;
}
