/* json_rows.c - what a column needs to be printed is decided once a batch; keys, constants and dictionary entries are then copied. */
#include "sinks/json/json_rows.h"
#include "base/text.h"
#include "base/time.h"

enum { HOW_CELL = 0, HOW_SAME, HOW_DICT, HOW_NUMBER, HOW_TIME, HOW_STRING, HOW_DYN, HOW_REST };
enum { PAD = 16 /* bytes behind a text that copying in blocks may touch */, MAX_ENTRIES = 1024 };

struct rtq__json_col {
    const rtq__vec *v;
    uint8_t how;
    uint32_t key, key_len;   /* in keys */
    uint32_t text, text_len; /* SAME: in texts */
    uint32_t ends;           /* DICT: first of its entries */
};

void rtq__json_rows_init(rtq__json_rows *r, rtq__mem *mem)
{
    *r = (rtq__json_rows){0};
    rtq__buf_init(&r->keys, mem);
    rtq__buf_init(&r->texts, mem);
}

void rtq__json_rows_free(rtq__json_rows *r)
{
    rtq__mem *mem = r->keys.mem;
    rtq__free(mem, r->cols);
    rtq__free(mem, r->ends);
    rtq__buf_free(&r->keys);
    rtq__buf_free(&r->texts);
}

static int make_keys(rtq__json_rows *r, const rtq__out_schema *schema)
{
    int rc = rtq__grow(r->keys.mem, &r->cols, &r->cap, schema->n + 1u, sizeof *r->cols);
    if (rc != RTQ_OK)
        return rc;
    rtq__buf_clear(&r->keys);
    for (uint32_t i = 0; i < schema->n; i++) {
        r->cols[i].key = (uint32_t)r->keys.len;
        rtq__buf_addc(&r->keys, ',');
        rtq__buf_add_json(&r->keys, schema->cols[i].name, strlen(schema->cols[i].name));
        rtq__buf_addc(&r->keys, ':');
        r->cols[i].key_len = (uint32_t)r->keys.len - r->cols[i].key;
    }
    rtq__buf_reserve(&r->keys, PAD);
    r->schema = r->keys.failed ? NULL : schema;
    return r->keys.failed ? RTQ_ERR_NOMEM : RTQ_OK;
}

static void add_text(rtq__json_rows *r, const rtq__json_col *col, const rtq__cell *cell)
{
    rtq__buf_add(&r->texts, r->keys.ptr + col->key, col->key_len);
    rtq__cell_print_json(&r->texts, cell);
}

static int make_dictionary(rtq__json_rows *r, rtq__json_col *col)
{
    rtq__vec entries = *col->v;
    int rc = rtq__grow(r->keys.mem, &r->ends, &r->cap_ends, r->n_ends + entries.n + 1u, sizeof *r->ends);
    if (rc != RTQ_OK)
        return rc;
    entries.form = RTQ__FLAT;
    col->ends = (uint32_t)r->n_ends + 1;
    r->ends[r->n_ends++] = (uint32_t)r->texts.len;
    for (uint32_t i = 0; i < entries.n; i++) {
        rtq__cell c = rtq__vec_get(&entries, i);
        add_text(r, col, &c);
        r->ends[r->n_ends++] = (uint32_t)r->texts.len;
    }
    col->how = HOW_DICT;
    return RTQ_OK;
}

static uint8_t how_of(uint32_t kind)
{
    switch (kind) {
    case RTQ_INT:
    case RTQ_LONG: return HOW_NUMBER;
    case RTQ_DATETIME: return HOW_TIME;
    case RTQ_STRING: return HOW_STRING;
    case RTQ_DYNAMIC:
    case RTQ_UNKNOWN: return HOW_DYN;
    default: return HOW_CELL;
    }
}

/* Entries of dictionaries are printed once where they are fewer than the rows. */
static int make_column(rtq__json_rows *r, rtq__json_col *col, const rtq__vec *v, const rtq_batch *batch)
{
    col->v = v;
    col->how = how_of(v->kind);
    if (v->form == RTQ__CONST) {
        rtq__cell c = rtq__vec_get(v, 0);
        col->how = HOW_SAME;
        col->text = (uint32_t)r->texts.len;
        add_text(r, col, &c);
        col->text_len = (uint32_t)r->texts.len - col->text;
        return RTQ_OK;
    }
    if (v->form != RTQ__DICT)
        return RTQ_OK;
    if (v->n <= MAX_ENTRIES && v->n < batch->rows->n_sel && v->kind == RTQ_STRING)
        return make_dictionary(r, col);
    col->how = HOW_CELL;
    return RTQ_OK;
}

int rtq__json_rows_begin(rtq__json_rows *r, const rtq_batch *batch)
{
    int rc = rtq__out_load(batch);
    if (rc == RTQ_OK && r->schema != batch->schema)
        rc = make_keys(r, batch->schema);
    rtq__buf_clear(&r->texts);
    r->n_ends = 0;
    for (uint32_t i = 0; i < batch->schema->n && rc == RTQ_OK; i++) {
        if (batch->schema->cols[i].flags & RTQ_COLUMN_REST)
            r->cols[i].how = HOW_REST;
        else
            rc = make_column(r, &r->cols[i], batch->rows->cols[i], batch);
    }
    rtq__buf_reserve(&r->texts, PAD);
    return rc == RTQ_OK && r->texts.failed ? RTQ_ERR_NOMEM : rc;
}

/* In blocks: both sides have PAD bytes more than is asked for. */
static inline char *put(char *out, const char *text, uint32_t len)
{
    for (uint32_t i = 0; i < len; i += PAD)
        memcpy(out + i, text + i, PAD);
    return out + len;
}

static char *put_short(char *out, uint8_t how, const rtq__vec *v, uint32_t at)
{
    int64_t i = ((const int64_t *)v->data)[at];
    if (v->valid && !rtq__bit(v->valid, at))
        return put(out, "null            ", 4);
    if (how == HOW_NUMBER)
        return out + rtq__print_long(out, i);
    *out = '"';
    out += 1 + rtq__print_datetime(out + 1, i);
    *out = '"';
    return out + 1;
}

static void add_value(rtq__buf *buf, const rtq__json_col *col, uint32_t row)
{
    rtq__cell c;
    switch (col->how) {
    case HOW_STRING: {
        const rtq__string *s = (const rtq__string *)col->v->data + row;
        rtq__buf_add_json(buf, rtq__string_ptr(s), s->len);
        return;
    }
    case HOW_DYN:
        if (rtq__vec_null(col->v, row))
            rtq__buf_add(buf, "null", 4);
        else
            rtq__dyn_print(buf, (const rtq__dyn *)col->v->data + row);
        return;
    default:
        c = rtq__vec_get(col->v, row);
        rtq__cell_print_json(buf, &c);
        return;
    }
}

void rtq__json_rows_add(rtq__buf *buf, const rtq__json_rows *r, const rtq_batch *batch, uint32_t row, bool first)
{
    enum { SHORT = 64 /* a number or a time, and padding */ };
    uint32_t at = rtq__batch_row(batch->rows, row), n = r->schema->n;
    for (uint32_t i = 0; i < n; i++) {
        const rtq__json_col *col = &r->cols[i];
        const char *text = r->keys.ptr + col->key;
        uint32_t len = col->key_len;
        if (col->how == HOW_REST) {
            rtq__cell c = rtq__vec_get(batch->rows->cols[i], at);
            rtq__out_rest_json(buf, batch, &c, &first);
            continue;
        }
        if (col->how == HOW_SAME) {
            text = r->texts.ptr + col->text;
            len = col->text_len;
        } else if (col->how == HOW_DICT) {
            const uint32_t *end = r->ends + col->ends + col->v->codes[at];
            text = r->texts.ptr + end[-1];
            len = end[0] - end[-1];
        }
        if (!rtq__buf_reserve(buf, (size_t)len + SHORT))
            return;
        char *out = put(buf->ptr + buf->len, text + first, len - first); /* the first has no comma */
        first = false;
        if (col->how == HOW_NUMBER || col->how == HOW_TIME)
            out = put_short(out, col->how, col->v, at);
        buf->len = (size_t)(out - buf->ptr);
        if (col->how == HOW_CELL || col->how == HOW_STRING || col->how == HOW_DYN)
            add_value(buf, col, at);
    }
}
