/* evtx_print.c - cells as JSON text straight from the slots, for sinks that want nothing else of them. The text is that of the cell
 * which rtq__evtx_row_cell() makes: what is odd goes through that. */
#include "sources/evtx/evtx_int.h"
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

enum { PAD = 32 /* copies go in blocks */, SCALAR = 240 /* a SID of 15 numbers, quoted */ };

/* Text in the cache, padded. */
static const char *keep(rtq__evtx *d, const rtq__buf *text)
{
    char *kept = text->failed ? NULL : rtq__arena_alloc(&d->cache, text->len + PAD);
    if (kept) {
        memcpy(kept, text->ptr, text->len);
        memset(kept + text->len, 0, PAD);
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

static inline char *put_block(char *out, const char *text, uint32_t len)
{
    for (uint32_t i = 0; i < len; i += PAD)
        memcpy(out + i, text + i, PAD);
    return out + len;
}

static inline char *put_null(char *out)
{
    memcpy(out, "null", 4);
    return out + 4;
}

/* ASCII that needs no escape, 16 units at a time. Up to 31 bytes behind the value are looked at: EVTX_PAD. Returns units taken; fewer
 * than there are: what follows is something else. */
static inline uint32_t put_plain(char *out, const uint8_t *utf16, uint32_t units)
{
    uint32_t i = 0;
#if defined(__SSE2__)
    for (; i < units; i += 16) {
        const __m128i *from = (const __m128i *)(const void *)(utf16 + (size_t)i * 2);
        /* units above 0x7FFF become 0, above 0xFF 255 */
        __m128i bytes = _mm_packus_epi16(_mm_loadu_si128(from), _mm_loadu_si128(from + 1));
        __m128i low = _mm_cmplt_epi8(bytes, _mm_set1_epi8(0x20)); /* signed: those above 0x7F too */
        __m128i marks = _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')),
                                     _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\')));
        uint32_t bad = (uint32_t)_mm_movemask_epi8(_mm_or_si128(low, marks)) | 1u << 16, left = units - i;
        _mm_storeu_si128((__m128i *)(void *)(out + i), bytes);
        uint32_t n = (uint32_t)__builtin_ctz(bad);
        if (n >= left)
            return units;
        if (n < 16)
            return i + n;
    }
    return units;
#else
    for (; i < units; i++) {
        uint32_t c = evtx_u16(utf16 + (size_t)i * 2);
        if (c < 0x20 || c > 0x7F || c == '"' || c == '\\')
            break;
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

/* A string up to its first NUL. Room: six bytes a unit, and 16. */
static char *put_text(char *out, const uint8_t *utf16, uint32_t len)
{
    uint32_t units = len / 2, i = 0;
    while (i < units) {
        uint32_t n = put_plain(out, utf16 + (size_t)i * 2, units - i);
        out += n;
        i += n;
        if (i == units)
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
    evtx_text inside = {NULL, out + 1, out + SCALAR};
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
    case EVTX_U8: return v->len == 1 ? out + rtq__print_unsigned(out, v->p[0]) : NULL;
    case EVTX_U16: return v->len == 2 ? out + rtq__print_unsigned(out, evtx_u16(v->p)) : NULL;
    case EVTX_U32: return v->len == 4 ? out + rtq__print_unsigned(out, evtx_u32(v->p)) : NULL;
    case EVTX_I32: return v->len == 4 ? out + rtq__print_long(out, (int32_t)evtx_u32(v->p)) : NULL;
    case EVTX_HEX32: return v->len == 4 ? put_hex(out, evtx_u32(v->p)) : NULL;
    case EVTX_HEX64: return v->len == 8 ? put_hex(out, evtx_u64(v->p)) : NULL;
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
        out = m->is_slot ? put_value(value, d, &v) : value;
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
        return put_again(out, d, RTQ_LONG, v);
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

/* A literal or a short value in a slot, as nearly all are. NULL: something else. */
static inline char *put_col(char *out, rtq__evtx *d, const place *at, uint32_t kind, uint32_t want)
{
    if (at->ref->kind == REF_SLOT) {
        bool damaged = false;
        evtx_val value = evtx_slot(at->slots, at->ref->slot, &damaged);
        return value.len <= SHORT ? put_cell(out, d, kind, &value) : NULL;
    }
    const rtq_str *text = &at->plan->literals[want];
    return at->ref->kind == REF_CONST && text->len <= SHORT ? put_block(out, text->ptr, (uint32_t)text->len) : NULL;
}

static int print_long_way(rtq__buf *buf, rtq__evtx *d, evtx_row *row, const evtx_vec *v)
{
    int rc = RTQ_OK;
    if (!row->cells && v->whole) {
        place at = find_place(row, v->want);
        if (at.ref->kind == REF_TREE && at.plan->json && at.ref->node == at.plan->event_data &&
            print_members(buf, d, at.plan, at.slots, &rc))
            return rc;
    }
    return print_cell(buf, d, row, v->want);
}

int rtq__evtx_print(rtq__buf *buf, const rtq__print_col *cols, uint32_t n, uint32_t r)
{
    rtq__evtx *d = ((evtx_vec *)cols[0].vec->load_ctx)->d;
    evtx_row *row = &d->rows[r];
    size_t room = (size_t)n * (SHORT * 3 + SCALAR + PAD);
    int rc = RTQ_OK;
    for (uint32_t i = 0; i < n; i++)
        room += cols[i].text_len;
    if (!rtq__buf_reserve(buf, room))
        return RTQ_ERR_NOMEM;
    char *out = buf->ptr + buf->len;
    for (uint32_t i = 0; i < n && rc == RTQ_OK; i++) {
        evtx_vec *v = cols[i].vec->load_ctx;
        char *end = NULL;
        out = put_block(out, cols[i].text, cols[i].text_len);
        if (!row->cells) {
            place at = find_place(row, v->want);
            end = put_col(out, d, &at, cols[i].vec->kind, v->want);
        }
        if (!end) {
            buf->len = (size_t)(out - buf->ptr);
            rc = print_long_way(buf, d, row, v);
            if (rc == RTQ_OK && !rtq__buf_reserve(buf, room))
                rc = RTQ_ERR_NOMEM;
            end = buf->ptr + buf->len;
        }
        out = end;
    }
    if (rc == RTQ_OK)
        buf->len = (size_t)(out - buf->ptr);
    if (d->dirty)
        rtq__evtx_clean(d);
    d->stats->decoded_cells += n;
    return rc;
}
