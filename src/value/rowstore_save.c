/* rowstore_save.c - the row store as bytes, and back. What is loaded is checked like input: a checkpoint may be damaged
 * or forged.
 *
 * head: "RTQR" in the machine's byte order, u32 version, u32 columns, keys, extra bytes, rows, flags (1: keys are
 * unique), then the kinds. Then each row as it lies in memory, pointers of text zero, followed by the bytes of its text
 * cells. */
#include "base/text.h"
#include "base/time.h"
#include "value/dyn_scan.h"
#include "value/rowstore_private.h"

enum { MAGIC = 0x52545152, VERSION = 1, UNIQUE = 1 };

typedef struct saved_head {
    uint32_t magic, version, n_cols, n_keys, extra_len, n_rows, flags;
} saved_head;

int rtq__rows_save(rtq__buf *out, const rtq__rows *r)
{
    saved_head head = {
        MAGIC, VERSION, r->n_cols, r->n_keys, r->extra_len, r->count, r->next || r->n_indexed < r->count ? 0 : UNIQUE};
    rtq__buf_add(out, &head, sizeof head);
    rtq__buf_add(out, r->kinds, r->n_cols);
    for (uint32_t id = 0; id < r->count; id++) {
        const char *row = rows_at(r, id);
        size_t at = out->len;
        rtq__buf_add(out, row, r->row_len);
        for (uint32_t c = 0; c < r->n_cols && !out->failed; c++) {
            const char *cell = row + r->offsets[c], *text;
            if (!rows_is_text(r->kinds[c]))
                continue;
            uint32_t len = rtq__rows_cell_text(cell, r->kinds[c]);
            memcpy(&text, cell + 8, sizeof text);
            if (len == 0 && (r->kinds[c] == RTQ_STRING || cell[4] != RTQ__DYN_STRING || rows_is_null(r, row, c)))
                continue;
            memset(out->ptr + at + r->offsets[c] + 8, 0, 8);
            rtq__buf_add(out, text, len);
        }
    }
    return out->failed ? RTQ_ERR_NOMEM : RTQ_OK;
}

typedef struct reader {
    const char *p, *end;
} reader;

static bool take(const char **out, reader *in, size_t len)
{
    if ((size_t)(in->end - in->p) < len)
        return false;
    *out = in->p;
    in->p += len;
    return true;
}

static bool utf8_inside(const rtq__dyn *d)
{
    rtq__dyn_walk w;
    rtq__dyn_walk_init(&w, d);
    for (int token; (token = rtq__dyn_walk_next(&w)) != RTQ__WALK_DONE;)
        if ((token == RTQ__WALK_SCALAR || token == RTQ__WALK_KEY) && w.value.tag == RTQ__DYN_STRING &&
            !rtq__utf8_valid(w.value.u.p, w.value.len))
            return false;
    return true;
}

static bool check_string(const rtq__string *s)
{
    for (uint32_t i = s->len; i < 12; i++)
        if (((const char *)s)[4 + i] != 0)
            return false;
    return (s->len <= 12 || memcmp(s->prefix, s->u.ptr, 4) == 0) && rtq__utf8_valid(rtq__string_ptr(s), s->len);
}

static bool check_dyn(const rtq__dyn *d)
{
    if (d->tag == RTQ__DYN_NULL || d->tag > RTQ__DYN_BAG || (d->tag < RTQ__DYN_ARRAY && d->reserved != 0) ||
        !rtq__dyn_check(d))
        return false;
    if (d->tag == RTQ__DYN_DATETIME && (d->u.i < 0 || d->u.i > RTQ__TICKS_MAX))
        return false;
    return utf8_inside(d);
}

/* The cell is one that could have been stored; text is in place. */
static bool check_cell(const char *cell, uint32_t kind)
{
    rtq__string s;
    rtq__dyn d;
    int64_t i;
    memcpy(&i, cell, 8);
    switch (kind) {
    case RTQ_BOOL: return i == 0 || i == 1;
    case RTQ_INT: return i >= INT32_MIN && i <= INT32_MAX;
    case RTQ_DATETIME: return i >= 0 && i <= RTQ__TICKS_MAX;
    case RTQ_STRING: memcpy(&s, cell, sizeof s); return check_string(&s);
    case RTQ_DYNAMIC:
    case RTQ_UNKNOWN: memcpy(&d, cell, sizeof d); return check_dyn(&d);
    default: return true;
    }
}

static bool all_zero(const char *p, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (p[i] != 0)
            return false;
    return true;
}

static bool check_null_bits(const rtq__rows *r, const char *row)
{
    uint8_t spare[2] = {0};
    if (r->n_keys % 8)
        spare[0] = (uint8_t)((uint8_t)row[r->key_null_len - 1] >> (r->n_keys % 8));
    uint32_t others = r->n_cols - r->n_keys, end = r->key_null_len + (others + 7) / 8;
    if (others % 8)
        spare[1] = (uint8_t)((uint8_t)row[end - 1] >> (others % 8));
    return spare[0] == 0 && spare[1] == 0 && all_zero(row + end, r->keys_off - end);
}

/* Reads one cell of the row in place; text goes to the heap. */
static int load_cell(rtq__rows *r, char *row, uint32_t c, reader *in)
{
    char *cell = row + r->offsets[c];
    uint32_t kind = r->kinds[c], len = rtq__cell_len(kind) == 16 ? 16 : 8;
    const char *text;
    if (rows_is_null(r, row, c)) {
        r->has_null[c] = true;
        return kind != RTQ_STRING && all_zero(cell, len) ? RTQ_OK : RTQ_ERR_DATA;
    }
    if (rows_is_text(kind)) {
        uint32_t n = rtq__rows_cell_text(cell, kind);
        if (n > 0) {
            if (!all_zero(cell + 8, 8) || !take(&text, in, n))
                return RTQ_ERR_DATA;
            memcpy(cell + 8, &text, sizeof text);
            int rc = rtq__rows_keep_text(r, cell, kind);
            if (rc != RTQ_OK)
                return rc;
        } else if (kind != RTQ_STRING) { /* a text tag without bytes still wants a pointer that can be read */
            rtq__dyn d;
            memcpy(&d, cell, sizeof d);
            if (d.tag == RTQ__DYN_STRING) {
                d.u.p = "";
                memcpy(cell, &d, sizeof d);
            } else if (d.tag >= RTQ__DYN_JSON) {
                return RTQ_ERR_DATA;
            }
        }
    }
    if (!check_cell(cell, kind))
        return RTQ_ERR_DATA;
    if (c < r->n_keys)
        rtq__rows_canonical(cell, kind);
    return RTQ_OK;
}

static int load_rows(rtq__rows *r, uint32_t n, reader *in)
{
    for (uint32_t id = 0; id < n; id++) {
        const char *saved;
        int rc = rtq__rows_room(r, id);
        if (rc != RTQ_OK)
            return rc;
        char *row = rows_at(r, id);
        if (!take(&saved, in, r->row_len) || !check_null_bits(r, saved))
            return RTQ_ERR_DATA;
        memcpy(row, saved, r->row_len);
        for (uint32_t c = 0; c < r->n_cols; c++) {
            rc = load_cell(r, row, c, in);
            if (rc != RTQ_OK)
                return rc;
        }
        r->count = id + 1;
    }
    return in->p == in->end ? RTQ_OK : RTQ_ERR_DATA;
}

int rtq__rows_load(rtq__rows *r, const char *ptr, size_t len)
{
    reader in = {ptr, ptr + len};
    const char *p;
    saved_head head;
    rtq__rows_clear(r);
    if (!take(&p, &in, sizeof head))
        return RTQ_ERR_DATA;
    memcpy(&head, p, sizeof head);
    if (head.magic != MAGIC || head.version != VERSION || head.n_cols != r->n_cols || head.n_keys != r->n_keys ||
        head.extra_len != r->extra_len || head.flags > UNIQUE || !take(&p, &in, r->n_cols) ||
        memcmp(p, r->kinds, r->n_cols) != 0)
        return RTQ_ERR_DATA;
    if (head.n_rows > (size_t)(in.end - in.p) / (r->row_len ? r->row_len : 1))
        return RTQ_ERR_DATA;
    int rc = load_rows(r, head.n_rows, &in);
    if (rc == RTQ_OK && head.flags == UNIQUE && r->count > 0) {
        rc = rtq__rows_index(r);
        if (rc == RTQ_OK && r->n_slots != r->count)
            rc = RTQ_ERR_DATA; /* two rows with one key: not what upsert made */
        rtq__rows_give(r, r->next, r->next_cap * sizeof *r->next);
        r->next = NULL;
        r->next_cap = 0;
    }
    if (rc != RTQ_OK)
        rtq__rows_clear(r);
    return rc;
}
