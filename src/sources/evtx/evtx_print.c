/* evtx_print.c - EventData as JSON text straight from the slots, for sinks that want nothing else of it. The text is that of the
 * dynamic value which rtq__evtx_row_cell() makes: what is odd goes through that. */
#include "sources/evtx/evtx_int.h"
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

enum { PAD = 16 /* copies go in blocks */, SCALAR = 240 /* a SID of 15 numbers, quoted */ };

/* Per member what stands before its value, `,"key":`, or all of it when that is a literal. */
int rtq__evtx_print_plan(rtq__evtx *d, evtx_plan *p)
{
    rtq__buf text;
    rtq__buf_init(&text, d->mem);
    for (uint32_t i = 0; i < p->n_members; i++) {
        evtx_member *m = &p->members[i];
        m->json_at = (uint32_t)text.len;
        rtq__buf_addc(&text, ',');
        rtq__buf_add_json(&text, m->key, m->key_len);
        rtq__buf_addc(&text, ':');
        if (!m->is_slot)
            rtq__dyn_print(&text, &m->cell->u.y);
        m->json_len = (uint32_t)text.len - m->json_at;
    }
    char *kept = text.failed || text.len > EVTX_RECORD_OUT ? NULL : rtq__arena_alloc(&d->cache, text.len + PAD);
    if (kept) {
        memcpy(kept, text.ptr, text.len);
        memset(kept + text.len, 0, PAD);
    }
    p->json = kept;
    p->json_len = (uint32_t)text.len;
    bool failed = text.failed || (!kept && text.len <= EVTX_RECORD_OUT);
    rtq__buf_free(&text);
    return failed ? RTQ_ERR_NOMEM : RTQ_OK;
}

static inline char *put_block(char *out, const char *text, uint32_t len)
{
    for (uint32_t i = 0; i < len; i += PAD)
        memcpy(out + i, text + i, PAD);
    return out + len;
}

/* ASCII that needs no escape, eight units at a time. Up to 15 bytes behind the value are looked at: EVTX_PAD. Returns units taken;
 * *more: they are not all, what follows is something else. */
static inline uint32_t put_plain(char *out, const uint8_t *utf16, uint32_t units, bool *more)
{
    uint32_t i = 0;
    *more = false;
#if defined(__SSE2__)
    for (; i < units; i += 8) {
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)(utf16 + (size_t)i * 2));
        __m128i bytes = _mm_packus_epi16(v, v);                   /* units above 0x7FFF become 0, above 0xFF 255 */
        __m128i low = _mm_cmplt_epi8(bytes, _mm_set1_epi8(0x20)); /* signed: those above 0x7F too */
        __m128i marks = _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')),
                                     _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\')));
        unsigned bad = (unsigned)_mm_movemask_epi8(_mm_or_si128(low, marks)) & 0xFF;
        _mm_storel_epi64((__m128i *)(void *)(out + i), bytes);
        if (units - i < 8)
            bad &= (1u << (units - i)) - 1;
        if (bad) {
            *more = true;
            return i + (uint32_t)__builtin_ctz(bad);
        }
    }
    return units;
#else
    for (; i < units; i++) {
        uint32_t c = evtx_u16(utf16 + (size_t)i * 2);
        if (c < 0x20 || c > 0x7F || c == '"' || c == '\\') {
            *more = true;
            break;
        }
        out[i] = (char)c;
    }
    return i;
#endif
}

static inline char *put_escaped(char *out, char c)
{
    static const char letters[] = "uuuuuuuubtnufruuuuuuuuuuuuuuuuuu";
    char letter = (unsigned char)c < 0x20 ? letters[(unsigned char)c] : c;
    if (letter == 'u')
        return rtq__json_escape(out, &c, 1);
    out[0] = '\\';
    out[1] = letter;
    return out + 2;
}

/* A string up to its first NUL. Room: six bytes a unit, and eight. */
static char *put_text(char *out, const uint8_t *utf16, uint32_t len)
{
    uint32_t units = len / 2, i = 0;
    while (i < units) {
        bool more;
        uint32_t n = put_plain(out, utf16 + (size_t)i * 2, units - i, &more);
        out += n;
        i += n;
        if (!more)
            break;
        uint32_t c = evtx_u16(utf16 + (size_t)i * 2), from = i;
        if (c == 0)
            break;
        if (c < 0x80) {
            out = put_escaped(out, (char)c);
            i++;
            continue;
        }
        while (i < units && evtx_u16(utf16 + (size_t)i * 2) >= 0x80)
            i++;
        out += rtq__utf16_to_utf8(out, utf16 + (size_t)from * 2, (size_t)(i - from) * 2);
    }
    return out;
}

static char *put_hex(char *out, uint64_t x)
{
    unsigned digits = x ? (67u - (unsigned)__builtin_clzll(x)) / 4 : 1;
    memcpy(out, "\"0x", 3);
    out += 3;
    for (unsigned i = digits; i-- > 0; x >>= 4)
        out[i] = "0123456789abcdef"[x & 15];
    out[digits] = '"';
    return out + digits + 1;
}

/* The kinds of values that nearly all members are. NULL: another one. */
static inline char *put_value(char *out, const evtx_val *v)
{
    switch (v->type) {
    case EVTX_NULL: memcpy(out, "null", 4); return out + 4;
    case EVTX_STRING:
        *out = '"';
        out = put_text(out + 1, v->p, v->len);
        *out = '"';
        return out + 1;
    case EVTX_U8: return v->len == 1 ? out + rtq__print_unsigned(out, v->p[0]) : NULL;
    case EVTX_U16: return v->len == 2 ? out + rtq__print_unsigned(out, evtx_u16(v->p)) : NULL;
    case EVTX_U32: return v->len == 4 ? out + rtq__print_unsigned(out, evtx_u32(v->p)) : NULL;
    case EVTX_I32: return v->len == 4 ? out + rtq__print_long(out, (int32_t)evtx_u32(v->p)) : NULL;
    case EVTX_HEX32: return v->len == 4 ? put_hex(out, evtx_u32(v->p)) : NULL;
    case EVTX_HEX64: return v->len == 8 ? put_hex(out, evtx_u64(v->p)) : NULL;
    case EVTX_SID:
    case EVTX_GUID: {
        rtq_str s;
        evtx_text inside = {NULL, out + 1, out + SCALAR};
        if (v->len < 8 || !rtq__evtx_string(&s, v, &inside) || s.len == 0)
            return NULL;
        *out = '"';
        out[s.len + 1] = '"';
        return out + s.len + 2;
    }
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

/* False: not done, nothing was written. */
static bool print_members(rtq__buf *buf, rtq__evtx *d, const evtx_plan *p, evtx_slots *slots, int *rc)
{
    bool damaged = false, any = false;
    size_t begin = buf->len, bound = (size_t)(slots->end - slots->values) * p->repeats * 3 + p->json_len + 64 +
                                     (size_t)p->n_members * (SCALAR + PAD);
    if (bound > EVTX_RECORD_OUT)
        return false;
    if (!rtq__buf_reserve(buf, bound)) {
        *rc = RTQ_ERR_NOMEM;
        return true;
    }
    char *out = buf->ptr + buf->len;
    for (uint32_t i = 0; i < p->n_members; i++) {
        const evtx_member *m = &p->members[i];
        evtx_val v = {NULL, 0, EVTX_NULL};
        if (m->is_slot)
            v = evtx_slot(slots, m->slot, &damaged);
        if (m->is_slot && m->may_miss && v.type == EVTX_NULL)
            continue;
        if (v.type == EVTX_XML || (v.type & EVTX_ARRAY)) {
            buf->len = begin;
            return false;
        }
        any = true;
        char *value = put_block(out, p->json + m->json_at, m->json_len);
        out = m->is_slot ? put_value(value, &v) : value;
        if (out)
            continue;
        buf->len = (size_t)(value - buf->ptr);
        if (!print_scalar(buf, d, &v) || !rtq__buf_reserve(buf, bound)) {
            *rc = RTQ_ERR_NOMEM;
            return true;
        }
        out = buf->ptr + buf->len;
    }
    if (any) {
        buf->ptr[begin] = '{'; /* the first comma */
        *out++ = '}';
    } else {
        out = put_block(out, "null            ", 4);
    }
    buf->len = (size_t)(out - buf->ptr);
    return true;
}

int rtq__evtx_print(rtq__buf *buf, rtq__vec *vec, uint32_t r)
{
    evtx_vec *v = vec->load_ctx;
    rtq__evtx *d = v->d;
    evtx_row *row = &d->rows[r];
    rtq__cell c;
    int rc = RTQ_OK;
    bool done = false;
    d->stats->decoded_cells++;
    if (!row->cells) {
        const evtx_ref *ref = &row->tmpl->plan[0]->refs[v->want];
        const evtx_plan *p = row->tmpl->plan[0];
        evtx_slots *slots = &row->slots;
        if (ref->kind == REF_NEST && row->nest) {
            p = row->nest->plan[1];
            ref = &p->refs[v->want];
            slots = &row->nested;
        }
        if (ref->kind == REF_TREE && p->json && ref->node == p->event_data)
            done = print_members(buf, d, p, slots, &rc);
    }
    if (!done) {
        if (!rtq__evtx_row_cell(&c, d, row, v->want, &d->text))
            rc = RTQ_ERR_NOMEM;
        else
            rtq__cell_print_json(buf, &c);
    }
    rtq__evtx_clean(d);
    return rc != RTQ_OK ? rc : buf->failed ? RTQ_ERR_NOMEM : RTQ_OK;
}
