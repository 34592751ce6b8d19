/* evtx_print.c - cells as JSON text straight from the slots, for sinks that want nothing else of them. The text is that of the cell
 * which rtq__evtx_row_cell() makes: what is odd goes through that. */
#include "sources/evtx/evtx_put.h"

/* Text in the cache, padded. */
static const char *keep(rtq__evtx *d, const rtq__buf *text)
{
    char *kept = text->failed ? NULL : rtq__arena_alloc(&d->cache, text->len + PUT_PAD);
    if (kept) {
        memcpy(kept, text->ptr, text->len);
        memset(kept + text->len, 0, PUT_PAD);
    }
    return kept;
}

/* Literals of the template. */
static int print_refs(rtq__evtx *d, evtx_plan *p, rtq__buf *text)
{
    p->literals = rtq__arena_zalloc(&d->cache, (d->n_wants + 1) * sizeof *p->literals);
    for (uint32_t i = 0; p->literals && i < d->n_wants; i++) {
        if (p->refs[i].kind != REF_CONST)
            continue;
        rtq__buf_clear(text);
        rtq__cell_print_json(text, p->refs[i].cell);
        p->literals[i] = (rtq_str){keep(d, text), text->len};
        if (!p->literals[i].ptr)
            return RTQ_ERR_NOMEM;
    }
    return p->literals ? RTQ_OK : RTQ_ERR_NOMEM;
}

/* Per member what stands before its value, `,"key":`, or all of it when that is a literal. */
int rtq__evtx_print_plan(rtq__evtx *d, evtx_plan *p)
{
    rtq__buf text;
    rtq__buf_init(&text, d->mem);
    int rc = print_refs(d, p, &text);
    rtq__buf_clear(&text);
    for (uint32_t i = 0; i < p->n_members && rc == RTQ_OK; i++) {
        evtx_member *m = &p->members[i];
        m->json_at = (uint32_t)text.len;
        rtq__buf_addc(&text, ',');
        rtq__buf_add_json(&text, m->key, m->key_len);
        rtq__buf_addc(&text, ':');
        if (!m->is_slot)
            rtq__dyn_print(&text, &m->cell->u.y);
        m->json_len = (uint32_t)text.len - m->json_at;
    }
    if (rc == RTQ_OK && p->members && text.len <= EVTX_RECORD_OUT) {
        p->json = keep(d, &text);
        p->json_len = (uint32_t)text.len;
        rc = p->json ? RTQ_OK : RTQ_ERR_NOMEM;
    }
    rtq__buf_free(&text);
    return rc;
}

/* ---- values that come again ---- */
static bool same_bytes(const uint8_t *a, const uint8_t *b, uint32_t len)
{
    uint64_t differ = (evtx_u64(a) ^ evtx_u64(b)) | (evtx_u64(a + len - 8) ^ evtx_u64(b + len - 8));
    if (len > 16)
        differ |= (evtx_u64(a + 8) ^ evtx_u64(b + 8)) | (evtx_u64(a + len - 16) ^ evtx_u64(b + len - 16));
    return differ == 0;
}

static char *print_fresh(char *out, uint32_t kind, const evtx_val *v)
{
    uint8_t guid[16];
    rtq_str s;
    evtx_text inside = {NULL, out + 1, out + PUT_SCALAR};
    if (kind == RTQ_LONG)
        return out + rtq__print_long(out, (int64_t)evtx_u64(v->p));
    if (kind == RTQ_GUID) {
        rtq__evtx_guid(guid, v->p);
        rtq__print_guid(out + 1, guid);
        s.len = 36;
    } else if (!rtq__evtx_string(&s, v, &inside) || s.len == 0) {
        return NULL;
    }
    *out = '"';
    out[s.len + 1] = '"';
    return out + s.len + 2;
}

/* SIDs, GUIDs and numbers of eight bytes, as the column's kind has them. NULL: not one that can be printed. */
static char *put_again(char *out, rtq__evtx *d, uint32_t kind, const evtx_val *v)
{
    if (v->len < 8 || v->len > sizeof d->printed[0].raw)
        return print_fresh(out, kind, v);
    uint64_t mix = (evtx_u64(v->p) ^ evtx_u64(v->p + v->len - 8) * 3) * UINT64_C(0x9E3779B97F4A7C15);
    evtx_memo *m = &d->printed[mix >> 58 & (EVTX_MEMO - 1)];
    if (m->len == v->len && m->type == v->type && m->kind == kind && same_bytes(m->raw, v->p, v->len))
        return put_block(out, m->text, m->text_len);
    char *end = print_fresh(out, kind, v);
    size_t n = end ? (size_t)(end - out) : 0;
    if (n > 0 && n <= sizeof m->text) {
        memcpy(m->raw, v->p, v->len);
        memcpy(m->text, out, n);
        m->len = (uint8_t)v->len;
        m->type = v->type;
        m->kind = (uint8_t)kind;
        m->text_len = (uint8_t)n;
    }
    return end;
}

/* Events come by the hundred a second: mostly only the fraction is new. */
static char *put_time(char *out, rtq__evtx *d, int64_t ticks)
{
    int64_t second = ticks / RTQ__TICKS_SECOND;
    uint32_t fraction = (uint32_t)(ticks - second * RTQ__TICKS_SECOND);
    if (second != d->second) {
        char text[32];
        rtq__print_datetime(text, ticks);
        d->second_text[0] = '"';
        memcpy(d->second_text + 1, text, 20);
        d->second = second;
    }
    memcpy(out, d->second_text, 21);
    for (unsigned i = 7; i-- > 0; fraction /= 10)
        out[21 + i] = (char)('0' + fraction % 10);
    out[28] = 'Z';
    out[29] = '"';
    return out + 30;
}

/* The kinds of values that nearly all members are. NULL: another one. */
static inline __attribute__((always_inline)) char *put_value(char *out, rtq__evtx *d, const evtx_val *v)
{
    switch (v->type) {
    case EVTX_NULL: memcpy(out, "null", 4); return out + 4;
    case EVTX_STRING:
        *out = '"';
        out = put_text(out + 1, v->p, v->len);
        *out = '"';
        return out + 1;
    case EVTX_U8: return v->len == 1 ? put_number(out, v->p[0]) : NULL;
    case EVTX_U16: return v->len == 2 ? put_number(out, evtx_u16(v->p)) : NULL;
    case EVTX_U32: return v->len == 4 ? put_number(out, evtx_u32(v->p)) : NULL;
    case EVTX_I32: return v->len == 4 ? out + rtq__print_long(out, (int32_t)evtx_u32(v->p)) : NULL;
    case EVTX_HEX32: return v->len == 4 ? rtq__evtx_put_hex(out, evtx_u32(v->p)) : NULL;
    case EVTX_HEX64: return v->len == 8 ? rtq__evtx_put_hex(out, evtx_u64(v->p)) : NULL;
    case EVTX_SID:
    case EVTX_GUID: return v->len < 8 ? NULL : put_again(out, d, 0, v);
    default: return NULL;
    }
}

/* Any other scalar, as the value that it would be. */
static bool print_scalar(rtq__buf *buf, rtq__evtx *d, const evtx_val *v)
{
    rtq__dyn y;
    d->dirty = true;
    if (!rtq__evtx_dyn(&y, v, &d->temp))
        return false;
    rtq__dyn_print(buf, &y);
    return true;
}

/* A value that is none of the usual ones. NULL: out of memory. */
static char *put_odd_value(rtq__buf *buf, char *out, size_t bound, rtq__evtx *d, const evtx_val *v)
{
    buf->len = (size_t)(out - buf->ptr);
    return print_scalar(buf, d, v) && rtq__buf_reserve(buf, bound) ? buf->ptr + buf->len : NULL;
}

/* False: not done, nothing was written. */
static bool print_members(rtq__buf *buf, rtq__evtx *d, const evtx_plan *p, const evtx_slots *of, int *rc)
{
    bool damaged = false, any = false;
    evtx_slots slots = *of;
    size_t begin = buf->len, bound = (size_t)(slots.end - slots.values) * p->repeats * 3 + p->json_len + 64 +
                                     (size_t)p->n_members * (PUT_SCALAR + PUT_PAD);
    if (bound > EVTX_RECORD_OUT)
        return false;
    if (!rtq__buf_reserve(buf, bound)) {
        *rc = RTQ_ERR_NOMEM;
        return true;
    }
    char *out = buf->ptr + buf->len;
    for (const evtx_member *m = p->members, *last = m + p->n_members; m < last; m++) {
        if (!m->is_slot) {
            out = put_block(out, p->json + m->json_at, m->json_len);
            any = true;
            continue;
        }
        evtx_val v = evtx_slot(&slots, m->slot, &damaged);
        if (m->may_miss && v.type == EVTX_NULL)
            continue;
        if (v.type == EVTX_XML || (v.type & EVTX_ARRAY)) {
            buf->len = begin;
            return false;
        }
        any = true;
        char *value = put_block(out, p->json + m->json_at, m->json_len);
        out = put_value(value, d, &v);
        if (!out && !(out = put_odd_value(buf, value, bound, d, &v))) {
            *rc = RTQ_ERR_NOMEM;
            return true;
        }
    }
    if (any) {
        buf->ptr[begin] = '{'; /* the first comma */
        *out++ = '}';
    } else {
        out = put_null(out);
    }
    buf->len = (size_t)(out - buf->ptr);
    return true;
}

/* The value of a slot as the column's kind has it. NULL: not one of the usual ones. */
static inline char *put_cell(char *out, rtq__evtx *d, uint32_t kind, const evtx_val *v)
{
    uint64_t x;
    if (v->type == EVTX_NULL && kind != RTQ_STRING)
        return put_null(out);
    switch (kind) {
    case RTQ_INT: return v->type == EVTX_U8 || v->type == EVTX_U16 ? put_value(out, d, v) : NULL;
    case RTQ_LONG:
        if (v->type == EVTX_U8 || v->type == EVTX_U16 || v->type == EVTX_U32)
            return put_value(out, d, v);
        x = (v->type == EVTX_U64 || v->type == EVTX_HEX64) && v->len == 8 ? evtx_u64(v->p) : UINT64_MAX;
        if (x == UINT64_MAX || (v->type == EVTX_U64 && x >> 63))
            return NULL;
        return v->type == EVTX_U64 ? out + rtq__print_unsigned(out, x) : put_again(out, d, RTQ_LONG, v);
    case RTQ_DATETIME:
        x = v->type == EVTX_FILETIME && v->len == 8 ? evtx_u64(v->p) : 0;
        if (x == 0 || x > (uint64_t)(RTQ__TICKS_MAX - RTQ__FILETIME_EPOCH))
            return NULL;
        return put_time(out, d, (int64_t)x + RTQ__FILETIME_EPOCH);
    case RTQ_GUID:
        if (v->type != EVTX_GUID || v->len != 16)
            return NULL;
        return put_again(out, d, RTQ_GUID, v);
    case RTQ_STRING:
        if (v->type == EVTX_NULL) {
            memcpy(out, "\"\"", 2);
            return out + 2;
        }
        return v->type == EVTX_STRING || v->type == EVTX_SID ? put_value(out, d, v) : NULL;
    case RTQ_UNKNOWN: return put_value(out, d, v);
    default: return NULL;
    }
}

/* The cell as it would be, to text. */
static int print_cell(rtq__buf *buf, rtq__evtx *d, evtx_row *row, uint32_t want)
{
    rtq__cell c;
    if (!rtq__evtx_row_cell(&c, d, row, want, &d->text))
        return RTQ_ERR_NOMEM;
    rtq__cell_print_json(buf, &c);
    rtq__evtx_clean(d);
    return RTQ_OK;
}

enum { SHORT = 256 /* bytes of a value for which room is asked for beforehand */ };

/* Where a want is found in a row. */
typedef struct place {
    const evtx_plan *plan;
    const evtx_ref *ref;
    evtx_slots *slots;
} place;

static inline place find_place(evtx_row *row, uint32_t want)
{
    place at = {row->tmpl->plan[0], &row->tmpl->plan[0]->refs[want], &row->slots};
    if (at.ref->kind == REF_NEST && row->nest) {
        at.plan = row->nest->plan[1];
        at.ref = &at.plan->refs[want];
        at.slots = &row->nested;
    }
    return at;
}

static int print_long_way(rtq__buf *buf, rtq__evtx *d, evtx_row *row, uint32_t want)
{
    int rc = RTQ_OK;
    if (!row->cells && d->vecs[want].whole) {
        place at = find_place(row, want);
        if (at.ref->kind == REF_TREE && at.plan->json && at.ref->node == at.plan->event_data &&
            print_members(buf, d, at.plan, at.slots, &rc))
            return rc;
    }
    return print_cell(buf, d, row, want);
}

/* ---- steps ---- */
static void add_text(rtq__evtx *d, evtx_step *s, const char *text, size_t len)
{
    rtq__buf_add(&d->step_texts, text, len);
    s->text_len += (uint32_t)len;
}

/* Of a template: literals are merged with the texts around them. */
static int make_steps(rtq__evtx *d, const evtx_plan *p, evtx_steps *steps, const rtq__print_col *cols, uint32_t n)
{
    if (rtq__grow(d->mem, &d->print_steps, &d->cap_steps, d->n_steps + n + 1, sizeof *d->print_steps) != RTQ_OK)
        return RTQ_ERR_NOMEM;
    evtx_step *s = d->print_steps + d->n_steps;
    *s = (evtx_step){.text = (uint32_t)d->step_texts.len};
    steps->room = 0;
    for (uint32_t i = 0; i < n; i++) {
        const evtx_vec *v = cols[i].vec->load_ctx;
        const evtx_ref *ref = &p->refs[v->want];
        add_text(d, s, cols[i].text, cols[i].text_len);
        if (ref->kind == REF_CONST && p->literals[v->want].len <= SHORT) {
            add_text(d, s, p->literals[v->want].ptr, p->literals[v->want].len);
            continue;
        }
        s->how = ref->kind == REF_SLOT ? STEP_SLOT : ref->kind == REF_NEST && !v->whole ? STEP_NEST : STEP_OTHER;
        s->slot = ref->slot;
        s->want = v->want;
        s->kind = cols[i].vec->kind;
        steps->room += s->text_len + SHORT * 3 + PUT_SCALAR + PUT_PAD;
        *++s = (evtx_step){.text = (uint32_t)d->step_texts.len};
    }
    steps->room += s->text_len + PUT_PAD;
    steps->first = (uint32_t)d->n_steps;
    steps->made_at = d->print_round;
    d->n_steps = (size_t)(s - d->print_steps) + 1;
    return rtq__buf_reserve(&d->step_texts, PUT_PAD) ? RTQ_OK : RTQ_ERR_NOMEM;
}

static void begin_set(rtq__evtx *d, const rtq__print_col *cols, uint32_t n, uint32_t set)
{
    if (set == 0) {
        d->print_round++;
        d->n_steps = d->n_sets = 0;
        rtq__buf_clear(&d->step_texts);
    }
    if (set == d->n_sets && set < EVTX_SETS) {
        d->sets[set] = cols;
        d->sets_len[set] = n;
        d->n_sets++;
    }
}

/* NULL with RTQ_OK: there are none, go column by column. */
static int find_steps(rtq__evtx *d, const evtx_steps **out, evtx_row *row, const rtq__print_col *cols, uint32_t n)
{
    *out = NULL;
    for (uint32_t i = 0; i < d->n_sets; i++) {
        if (d->sets[i] != cols || d->sets_len[i] != n)
            continue;
        evtx_steps *steps = &row->tmpl->plan[0]->steps[i];
        int rc = steps->made_at == d->print_round ? RTQ_OK : make_steps(d, row->tmpl->plan[0], steps, cols, n);
        *out = steps;
        return rc;
    }
    return RTQ_OK;
}

/* A short value, as nearly all are. NULL: something else. */
static inline char *put_slot(char *out, rtq__evtx *d, evtx_slots *slots, uint32_t slot, uint32_t kind)
{
    bool damaged = false;
    evtx_val value = evtx_slot(slots, slot, &damaged);
    return value.len <= SHORT ? put_cell(out, d, kind, &value) : NULL;
}

static char *put_nested(char *out, rtq__evtx *d, evtx_row *row, const evtx_step *s)
{
    place at = find_place(row, s->want);
    const rtq_str *text = &at.plan->literals[s->want];
    if (at.ref->kind == REF_SLOT)
        return put_slot(out, d, at.slots, at.ref->slot, s->kind);
    return at.ref->kind == REF_CONST && text->len <= SHORT ? put_block(out, text->ptr, (uint32_t)text->len) : NULL;
}

static int print_steps(rtq__buf *buf, rtq__evtx *d, const evtx_steps *steps, evtx_row *row)
{
    evtx_slots slots = row->slots;
    if (!rtq__buf_reserve(buf, steps->room))
        return RTQ_ERR_NOMEM;
    char *out = buf->ptr + buf->len, *end;
    for (const evtx_step *s = d->print_steps + steps->first;; s++) {
        out = put_block(out, d->step_texts.ptr + s->text, s->text_len);
        if (s->how == STEP_END)
            break;
        end = s->how == STEP_SLOT   ? put_slot(out, d, &slots, s->slot, s->kind)
              : s->how == STEP_NEST ? put_nested(out, d, row, s)
                                    : NULL;
        if (!end) {
            buf->len = (size_t)(out - buf->ptr);
            int rc = print_long_way(buf, d, row, s->want);
            if (rc != RTQ_OK || !rtq__buf_reserve(buf, steps->room))
                return rc != RTQ_OK ? rc : RTQ_ERR_NOMEM;
            end = buf->ptr + buf->len;
        }
        out = end;
    }
    buf->len = (size_t)(out - buf->ptr);
    return RTQ_OK;
}

int rtq__evtx_print(rtq__buf *buf, const rtq__print_col *cols, uint32_t n, uint32_t r)
{
    rtq__evtx *d = ((evtx_vec *)cols[0].vec->load_ctx)->d;
    const evtx_steps *steps = NULL;
    int rc = RTQ_OK;
    if (!buf) {
        begin_set(d, cols, n, r);
        return RTQ_OK;
    }
    evtx_row *row = &d->rows[r];
    if (!row->cells)
        rc = find_steps(d, &steps, row, cols, n);
    if (rc == RTQ_OK && steps)
        rc = print_steps(buf, d, steps, row);
    for (uint32_t i = 0; i < n && rc == RTQ_OK && !steps; i++) {
        rtq__buf_add(buf, cols[i].text, cols[i].text_len);
        rc = print_long_way(buf, d, row, ((evtx_vec *)cols[i].vec->load_ctx)->want);
    }
    if (d->dirty)
        rtq__evtx_clean(d);
    d->stats->decoded_cells += n;
    return rc;
}
