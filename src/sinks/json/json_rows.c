/* json_rows.c - what a column needs to be printed is decided once a batch; keys, values that all rows share and dictionary entries are
 * then copied. */
#include "sinks/json/json_rows.h"
#include "base/text.h"
#include "base/time.h"

enum { HOW_CELL = 0, HOW_DICT, HOW_NUMBER, HOW_TIME, HOW_STRING, HOW_DYN, HOW_PRINT, HOW_REST, HOW_END };
enum { PAD = 32 /* bytes behind a text that copying in blocks may touch */, MAX_ENTRIES = 1024 };

/* A column whose rows differ. What stands in front of its value, in texts: the columns before it that are the same in all rows, and
 * its key. The last one, END, has only that. */
struct rtq__json_col {
    rtq__vec *v;
    uint8_t how;
    uint32_t text, text_len;
    uint32_t run;  /* PRINT: so many columns from here on print themselves */
    uint32_t ends; /* DICT: first of its entries */
};

void rtq__json_rows_init(rtq__json_rows *r, rtq__mem *mem)
{
    *r = (rtq__json_rows){0};
    rtq__buf_init(&r->texts, mem);
    rtq__buf_init(&r->entries, mem);
}

void rtq__json_rows_free(rtq__json_rows *r)
{
    rtq__mem *mem = r->texts.mem;
    rtq__free(mem, r->cols);
    rtq__free(mem, r->prints);
    rtq__free(mem, r->ends);
    rtq__buf_free(&r->texts);
    rtq__buf_free(&r->entries);
}

static void add_key(rtq__json_rows *r, uint32_t i)
{
    const char *name = r->schema->cols[i].name;
    if (i > 0 || !r->first)
        rtq__buf_addc(&r->texts, ',');
    rtq__buf_add_json(&r->texts, name, strlen(name));
    rtq__buf_addc(&r->texts, ':');
}

/* Entries of dictionaries are printed once where they are fewer than the rows. */
static int make_dictionary(rtq__json_rows *r, rtq__json_col *col)
{
    rtq__vec entries = *col->v;
    int rc = rtq__grow(r->texts.mem, &r->ends, &r->cap_ends, r->n_ends + entries.n + 1u, sizeof *r->ends);
    if (rc != RTQ_OK)
        return rc;
    entries.form = RTQ__FLAT;
    col->ends = (uint32_t)r->n_ends + 1;
    r->ends[r->n_ends++] = (uint32_t)r->entries.len;
    for (uint32_t i = 0; i < entries.n; i++) {
        rtq__cell c = rtq__vec_get(&entries, i);
        rtq__cell_print_json(&r->entries, &c);
        r->ends[r->n_ends++] = (uint32_t)r->entries.len;
    }
    col->how = HOW_DICT;
    return RTQ_OK;
}

static uint8_t how_of(const rtq__vec *v)
{
    if (v->form == RTQ__DICT)
        return HOW_CELL;
    if (v->print)
        return HOW_PRINT;
    switch (v->kind) {
    case RTQ_INT:
    case RTQ_LONG: return HOW_NUMBER;
    case RTQ_DATETIME: return HOW_TIME;
    case RTQ_STRING: return HOW_STRING;
    case RTQ_DYNAMIC:
    case RTQ_UNKNOWN: return HOW_DYN;
    default: return HOW_CELL;
    }
}

/* Numbers that are all the same, and columns of nulls. */
static bool same_in_all(const rtq__vec *v, const rtq__batch *rows)
{
    uint32_t n = rows->n_sel, nulls = 0, others = 0;
    if (v->form == RTQ__CONST)
        return true;
    if (v->form != RTQ__FLAT || v->print || n < 2)
        return false;
    for (uint32_t i = 0; v->valid && i < n; i++)
        nulls += !rtq__bit(v->valid, rtq__batch_row(rows, i));
    if (nulls == n || nulls > 0 || how_of(v) != HOW_NUMBER)
        return nulls == n;
    const int64_t *x = v->data, first = x[rtq__batch_row(rows, 0)];
    for (uint32_t i = 1; i < n; i++)
        others |= x[rtq__batch_row(rows, i)] != first;
    return !others;
}

static int make_column(rtq__json_rows *r, uint32_t i, const rtq_batch *batch)
{
    rtq__vec *v = batch->rows->cols[i];
    rtq__json_col *col = &r->cols[r->n_cols];
    bool rest = batch->schema->cols[i].flags & RTQ_COLUMN_REST;
    if (!rest)
        add_key(r, i);
    if (!rest && same_in_all(v, batch->rows)) {
        rtq__cell c = rtq__vec_get(v, rtq__batch_row(batch->rows, 0));
        rtq__cell_print_json(&r->texts, &c);
        return RTQ_OK;
    }
    *col = (rtq__json_col){.v = v, .how = rest ? HOW_REST : how_of(v)};
    col->text = r->n_cols ? col[-1].text + col[-1].text_len : 0;
    col->text_len = (uint32_t)r->texts.len - col->text;
    r->n_cols++;
    bool few = v->form == RTQ__DICT && v->n <= MAX_ENTRIES && v->n < batch->rows->n_sel && v->kind == RTQ_STRING;
    return few && !rest ? make_dictionary(r, col) : RTQ_OK;
}

/* Neighbours that print themselves do so in one call. */
static int find_runs(rtq__json_rows *r)
{
    uint32_t n = 0;
    for (uint32_t i = r->n_cols; i-- > 0;) {
        rtq__json_col *col = &r->cols[i];
        if (col->how != HOW_PRINT)
            continue;
        r->prints[i] = (rtq__print_col){col->v, r->texts.ptr + col->text, col->text_len};
        col->run = 1 +
                   (i + 1 < r->n_cols && col[1].how == HOW_PRINT && col[1].v->print == col->v->print ? col[1].run : 0);
    }
    for (uint32_t i = 0; i < r->n_cols; i++) {
        if (r->cols[i].how != HOW_PRINT)
            continue;
        int rc = r->cols[i].v->print(NULL, r->prints + i, r->cols[i].run, n++);
        if (rc != RTQ_OK)
            return rc;
        i += r->cols[i].run - 1;
    }
    return RTQ_OK;
}

int rtq__json_rows_begin(rtq__json_rows *r, const rtq_batch *batch, bool first)
{
    int rc = RTQ_OK;
    for (uint32_t i = 0; i < batch->rows->n_cols && rc == RTQ_OK; i++)
        if (!batch->rows->cols[i]->print || (batch->schema->cols[i].flags & RTQ_COLUMN_REST))
            rc = rtq__vec_load(batch->rows->cols[i], batch->rows->sel, batch->rows->n_sel);
    if (rc == RTQ_OK)
        rc = rtq__grow(r->texts.mem, &r->cols, &r->cap, batch->schema->n + 1u, sizeof *r->cols);
    if (rc == RTQ_OK)
        rc = rtq__grow(r->texts.mem, &r->prints, &r->cap_prints, batch->schema->n + 1u, sizeof *r->prints);
    rtq__buf_clear(&r->texts);
    rtq__buf_clear(&r->entries);
    r->first = first;
    r->schema = batch->schema;
    r->n_ends = r->n_cols = 0;
    for (uint32_t i = 0; i < batch->schema->n && rc == RTQ_OK && batch->rows->n_sel > 0; i++)
        rc = make_column(r, i, batch);
    if (rc != RTQ_OK)
        return rc;
    rtq__json_col *end = &r->cols[r->n_cols];
    *end = (rtq__json_col){.how = HOW_END};
    end->text = r->n_cols ? end[-1].text + end[-1].text_len : 0;
    end->text_len = (uint32_t)r->texts.len - end->text;
    bool ok = rtq__buf_reserve(&r->texts, PAD) && rtq__buf_reserve(&r->entries, PAD);
    return ok ? find_runs(r) : RTQ_ERR_NOMEM;
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
        return put(out, "null                            ", 4);
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

void rtq__json_rows_add(rtq__buf *buf, const rtq__json_rows *r, const rtq_batch *batch, uint32_t row)
{
    enum { SHORT = 64 /* a number or a time, and padding */ };
    uint32_t at = rtq__batch_row(batch->rows, row);
    for (const rtq__json_col *col = r->cols;; col++) {
        uint32_t entry = 0, entry_len = 0;
        if (col->how == HOW_PRINT) {
            if (col->v->print(buf, r->prints + (col - r->cols), col->run, at) != RTQ_OK)
                buf->failed = true;
            col += col->run - 1;
            continue;
        }
        if (col->how == HOW_DICT) {
            const uint32_t *end = r->ends + col->ends + col->v->codes[at];
            entry = end[-1];
            entry_len = end[0] - end[-1];
        }
        if (!rtq__buf_reserve(buf, (size_t)col->text_len + entry_len + SHORT))
            return;
        char *out = put(buf->ptr + buf->len, r->texts.ptr + col->text, col->text_len);
        if (col->how == HOW_NUMBER || col->how == HOW_TIME)
            out = put_short(out, col->how, col->v, at);
        else if (col->how == HOW_DICT)
            out = put(out, r->entries.ptr + entry, entry_len);
        buf->len = (size_t)(out - buf->ptr);
        if (col->how == HOW_END)
            return;
        if (col->how == HOW_REST) {
            bool first = r->first && r->schema->n == 1;
            rtq__cell c = rtq__vec_get(col->v, at);
            rtq__out_rest_json(buf, batch, &c, &first);
        } else if (col->how != HOW_DICT && col->how != HOW_NUMBER && col->how != HOW_TIME) {
            add_value(buf, col, at);
        }
    }
}
