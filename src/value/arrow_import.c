/* arrow_import.c - Arrow C data as vectors. The interface tells no buffer lengths, so what it points to is trusted as
 * far as the schema promises it; lengths, offsets and counts that contradict each other are refused. */
#include "base/text.h"
#include "base/time.h"
#include "value/arrow.h"
#include "value/decimal.h"
#include "value/dyn.h"

enum { NULLS, BITS, INTEGER, FLOATING, TEXT, BYTES, DECIMAL128 };

typedef struct format {
    const char *name;
    uint8_t prefix; /* bytes of name that must match; 0: all */
    uint8_t kind, how, width;
    bool is_unsigned;
    int64_t mul, div, add; /* value * mul / div + add, for times */
} format;

static const format formats[] = {
    {"n", 0, RTQ_DYNAMIC, NULLS, 0, 0, 1, 1, 0},
    {"b", 0, RTQ_BOOL, BITS, 0, 0, 1, 1, 0},
    {"c", 0, RTQ_INT, INTEGER, 1, 0, 1, 1, 0},
    {"C", 0, RTQ_INT, INTEGER, 1, 1, 1, 1, 0},
    {"s", 0, RTQ_INT, INTEGER, 2, 0, 1, 1, 0},
    {"S", 0, RTQ_INT, INTEGER, 2, 1, 1, 1, 0},
    {"i", 0, RTQ_INT, INTEGER, 4, 0, 1, 1, 0},
    {"I", 0, RTQ_LONG, INTEGER, 4, 1, 1, 1, 0},
    {"l", 0, RTQ_LONG, INTEGER, 8, 0, 1, 1, 0},
    {"L", 0, RTQ_LONG, INTEGER, 8, 1, 1, 1, 0},
    {"f", 0, RTQ_REAL, FLOATING, 4, 0, 1, 1, 0},
    {"g", 0, RTQ_REAL, FLOATING, 8, 0, 1, 1, 0},
    {"u", 0, RTQ_STRING, TEXT, 4, 0, 1, 1, 0},
    {"U", 0, RTQ_STRING, TEXT, 8, 0, 1, 1, 0},
    {"w:16", 0, RTQ_GUID, BYTES, 16, 0, 1, 1, 0},
    {"d:", 2, RTQ_DECIMAL, DECIMAL128, 16, 0, 1, 1, 0},
    {"tdD", 0, RTQ_DATETIME, INTEGER, 4, 0, RTQ__TICKS_DAY, 1, RTQ_UNIX_EPOCH},
    {"tdm", 0, RTQ_DATETIME, INTEGER, 8, 0, RTQ__TICKS_SECOND / 1000, 1, RTQ_UNIX_EPOCH},
    {"tss:", 4, RTQ_DATETIME, INTEGER, 8, 0, RTQ__TICKS_SECOND, 1,
     RTQ_UNIX_EPOCH}, /* with and without time zone: all are UTC */
    {"tsm:", 4, RTQ_DATETIME, INTEGER, 8, 0, RTQ__TICKS_SECOND / 1000, 1, RTQ_UNIX_EPOCH},
    {"tsu:", 4, RTQ_DATETIME, INTEGER, 8, 0, 10, 1, RTQ_UNIX_EPOCH},
    {"tsn:", 4, RTQ_DATETIME, INTEGER, 8, 0, 1, 100, RTQ_UNIX_EPOCH},
    {"tts", 0, RTQ_TIMESPAN, INTEGER, 4, 0, RTQ__TICKS_SECOND, 1, 0},
    {"ttm", 0, RTQ_TIMESPAN, INTEGER, 4, 0, RTQ__TICKS_SECOND / 1000, 1, 0},
    {"ttu", 0, RTQ_TIMESPAN, INTEGER, 8, 0, 10, 1, 0},
    {"ttn", 0, RTQ_TIMESPAN, INTEGER, 8, 0, 1, 100, 0},
    {"tDs", 0, RTQ_TIMESPAN, INTEGER, 8, 0, RTQ__TICKS_SECOND, 1, 0},
    {"tDm", 0, RTQ_TIMESPAN, INTEGER, 8, 0, RTQ__TICKS_SECOND / 1000, 1, 0},
    {"tDu", 0, RTQ_TIMESPAN, INTEGER, 8, 0, 10, 1, 0},
    {"tDn", 0, RTQ_TIMESPAN, INTEGER, 8, 0, 1, 100, 0},
};

static const format *find_format(const char *name)
{
    for (size_t i = 0; name && i < sizeof formats / sizeof formats[0]; i++)
        if (formats[i].prefix ? strncmp(name, formats[i].name, formats[i].prefix) == 0
                              : strcmp(name, formats[i].name) == 0)
            return &formats[i];
    return NULL;
}

/* Value of "kqlstream.type" as a kind; 0: none. */
static uint32_t noted_kind(const char *metadata)
{
    int32_t n = 0, len[2] = {0, 0};
    if (!metadata)
        return 0;
    memcpy(&n, metadata, 4);
    for (metadata += 4; n > 0; n--) {
        const char *text[2];
        for (int k = 0; k < 2; k++) {
            memcpy(&len[k], metadata, 4);
            if (len[k] < 0)
                return 0;
            text[k] = metadata + 4;
            metadata = text[k] + len[k];
        }
        if (len[0] == 14 && memcmp(text[0], "kqlstream.type", 14) == 0)
            return rtq__kind_parse(text[1], (size_t)len[1]);
    }
    return 0;
}

/* "d:precision,scale" and no width but 128. */
static bool decimal_scale(int *scale, const char *name)
{
    int precision = 0;
    const char *p = name + 2;
    for (; *p >= '0' && *p <= '9' && precision < 100; p++)
        precision = precision * 10 + (*p - '0');
    if (*p++ != ',')
        return false;
    bool negative = *p == '-';
    p += negative;
    for (*scale = 0; *p >= '0' && *p <= '9' && *scale < 1000; p++)
        *scale = *scale * 10 + (*p - '0');
    *scale = negative ? -*scale : *scale;
    return *p == '\0' || strcmp(p, ",128") == 0;
}

/* What a column becomes: its format, or that of its dictionary's values, and its kind. */
static const format *plan_column(uint32_t *kind, const struct ArrowSchema *s)
{
    int scale;
    const format *index = s->dictionary ? find_format(s->format) : NULL;
    const format *f = find_format(s->dictionary ? s->dictionary->format : s->format);
    if (!f || (f->how == DECIMAL128 && !decimal_scale(&scale, s->dictionary ? s->dictionary->format : s->format)))
        return NULL;
    if (s->dictionary && (!index || index->how != INTEGER || index->kind > RTQ_LONG || s->dictionary->dictionary))
        return NULL;
    *kind = f->kind;
    uint32_t noted = noted_kind(s->metadata);
    if (f->how == TEXT && (noted == RTQ_DYNAMIC || noted == RTQ_DECIMAL))
        *kind = noted;
    if (f->kind == RTQ_LONG && f->width == 8 && !f->is_unsigned && (noted == RTQ_DATETIME || noted == RTQ_TIMESPAN))
        *kind = noted;
    return f;
}

int rtq__arrow_import_schema(rtq_column_def *out, const struct ArrowSchema *schema, rtq__arrow_problem *bad)
{
    *bad = (rtq__arrow_problem){"", schema->format ? schema->format : ""};
    if (!schema->format || strcmp(schema->format, "+s") != 0 || schema->n_children < 0)
        return RTQ_ERR_ARG;
    for (int64_t c = 0; c < schema->n_children; c++) {
        const struct ArrowSchema *s = schema->children[c];
        uint32_t kind;
        *bad = (rtq__arrow_problem){s->name ? s->name : "", s->format ? s->format : ""};
        if (!plan_column(&kind, s))
            return RTQ_ERR_UNSUPPORTED;
        out[c] = (rtq_column_def){bad->column, kind, 0};
    }
    return RTQ_OK;
}

typedef struct importer {
    const struct ArrowArray *values; /* the column, or its dictionary */
    const format *f;
    rtq__vec *v;
    rtq__scratch *scratch;
    uint64_t n_lost;
    uint32_t n;
    bool null_row[RTQ__ROWS];
    int64_t at[RTQ__ROWS]; /* position in the buffers of `values` */
} importer;

static bool bit_at(const void *bits, int64_t i)
{
    return ((const uint8_t *)bits)[i / 8] >> (i % 8) & 1;
}

static int64_t integer_at(const void *buffer, const format *f, int64_t i, bool *ok)
{
    union {
        int8_t b;
        int16_t s;
        int32_t i;
        int64_t l;
    } u = {0};
    const char *p = (const char *)buffer + i * f->width;
    memcpy(&u, p, f->width);
    switch (f->width) {
    case 1: return f->is_unsigned ? (int64_t)(uint8_t)u.b : u.b;
    case 2: return f->is_unsigned ? (int64_t)(uint16_t)u.s : u.s;
    case 4: return f->is_unsigned ? (int64_t)(uint32_t)u.i : u.i;
    default: *ok = !f->is_unsigned || u.l >= 0; return u.l;
    }
}

static void set_null(importer *m, uint32_t i)
{
    m->null_row[i] = true;
    m->n_lost++;
}

static void import_integers(importer *m)
{
    int64_t *out = m->v->data, ticks;
    const format *f = m->f;
    bool plain = f->mul == 1 && f->div == 1 && f->add == 0;
    for (uint32_t i = 0; i < m->n; i++) {
        bool ok = true;
        out[i] = 0;
        if (m->null_row[i])
            continue;
        ticks = integer_at(m->values->buffers[1], f, m->at[i], &ok);
        if (ok && !plain) {
            ok = !__builtin_mul_overflow(ticks, f->mul, &ticks);
            if (ok && f->div > 1)
                ticks = ticks / f->div - (ticks % f->div < 0);
            ok = ok && !__builtin_add_overflow(ticks, f->add, &ticks);
        }
        if (ok && m->v->kind == RTQ_DATETIME)
            ok = ticks >= 0 && ticks <= RTQ__TICKS_MAX;
        if (ok)
            out[i] = ticks;
        else
            set_null(m, i);
    }
}

static void import_reals(importer *m)
{
    double *out = m->v->data;
    for (uint32_t i = 0; i < m->n; i++) {
        float f;
        out[i] = 0;
        if (m->null_row[i])
            continue;
        const char *p = (const char *)m->values->buffers[1] + m->at[i] * m->f->width;
        if (m->f->width == 8) {
            memcpy(&out[i], p, 8);
        } else {
            memcpy(&f, p, 4);
            out[i] = (double)f;
        }
    }
}

static void import_bits(importer *m)
{
    for (uint32_t i = 0; i < m->n; i++)
        ((uint8_t *)m->v->data)[i] = !m->null_row[i] && bit_at(m->values->buffers[1], m->at[i]);
}

static void import_bytes(importer *m)
{
    char *out = m->v->data;
    memset(out, 0, (size_t)m->n * 16);
    for (uint32_t i = 0; i < m->n; i++)
        if (!m->null_row[i])
            memcpy(out + (size_t)i * 16, (const char *)m->values->buffers[1] + m->at[i] * 16, 16);
}

/* Text of one value; false: offsets that contradict each other, or more than a string can hold. */
static bool text_at(const char **ptr, size_t *len, const importer *m, int64_t i)
{
    int64_t from = 0, to = 0;
    int32_t narrow[2];
    const char *offsets = m->values->buffers[1];
    if (m->f->width == 4) {
        memcpy(narrow, offsets + i * 4, 8);
        from = narrow[0], to = narrow[1];
    } else {
        memcpy(&from, offsets + i * 8, 8), memcpy(&to, offsets + (i + 1) * 8, 8);
    }
    if (from < 0 || to < from || to - from > UINT32_MAX)
        return false;
    *len = (size_t)(to - from);
    *ptr = *len ? (const char *)m->values->buffers[2] + from : "";
    return true;
}

static int repair(const char **ptr, size_t *len, importer *m)
{
    rtq__buf fixed;
    if (rtq__utf8_valid(*ptr, *len))
        return RTQ_OK;
    m->n_lost++;
    rtq__buf_borrow(&fixed, m->scratch);
    rtq__utf8_repair(&fixed, *ptr, *len);
    char *copy = fixed.failed ? NULL : rtq__arena_strndup(m->scratch, fixed.ptr, fixed.len);
    *ptr = copy, *len = fixed.len;
    rtq__buf_give_back(&fixed, m->scratch);
    return copy ? RTQ_OK : RTQ_ERR_NOMEM;
}

static int text_cell(importer *m, uint32_t i, const char *ptr, size_t len)
{
    uint64_t w[2];
    if (m->v->kind == RTQ_STRING) {
        ((rtq__string *)m->v->data)[i] = rtq__string_make(ptr, len);
    } else if (m->v->kind == RTQ_DECIMAL) {
        if (rtq__decimal_parse(w, ptr, len))
            memcpy((char *)m->v->data + (size_t)i * 16, w, 16);
        else
            set_null(m, i);
    } else {
        rtq__dyn *d = (rtq__dyn *)m->v->data + i;
        int rc = rtq__dyn_parse(d, ptr, len, m->scratch);
        if (rc == RTQ_ERR_DATA) {
            set_null(m, i);
        } else if (rc != RTQ_OK) {
            return rc;
        }
        m->null_row[i] |= d->tag == RTQ__DYN_NULL;
    }
    return RTQ_OK;
}

static int import_text(importer *m)
{
    memset(m->v->data, 0, (size_t)m->n * 16);
    for (uint32_t i = 0; i < m->n; i++) {
        const char *ptr;
        size_t len;
        if (m->null_row[i])
            continue;
        if (!text_at(&ptr, &len, m, m->at[i]))
            return RTQ_ERR_DATA;
        int rc = repair(&ptr, &len, m);
        if (rc == RTQ_OK)
            rc = text_cell(m, i, ptr, len);
        if (rc != RTQ_OK)
            return rc;
    }
    return RTQ_OK;
}

static void import_decimals(importer *m, const char *name)
{
    int scale = 0;
    decimal_scale(&scale, name);
    memset(m->v->data, 0, (size_t)m->n * 16);
    for (uint32_t i = 0; i < m->n; i++) {
        uint64_t w[2];
        if (m->null_row[i])
            continue;
        memcpy(w, (const char *)m->values->buffers[1] + m->at[i] * 16, 16);
        if (rtq__decimal_from_scaled(w, w, scale))
            memcpy((char *)m->v->data + (size_t)i * 16, w, 16);
        else
            set_null(m, i);
    }
}

/* Positions of the rows in the values, through the dictionary when there is one. */
static int find_positions(importer *m, const struct ArrowSchema *s, const struct ArrowArray *a, int64_t from)
{
    const format *index = find_format(s->format);
    const struct ArrowArray *d = a->dictionary;
    if (a->length < 0 || a->offset < 0 || (index->how != NULLS && a->n_buffers < 2) ||
        (s->dictionary && (!d || d->length < 0 || d->offset < 0)))
        return RTQ_ERR_DATA;
    if (from < 0 || from > a->length || m->n > a->length - from)
        return RTQ_ERR_DATA;
    m->values = s->dictionary ? d : a;
    if (m->values->n_buffers < (m->f->how == TEXT ? 3 : m->f->how == NULLS ? 0 : 2))
        return RTQ_ERR_DATA;
    for (uint32_t i = 0; i < m->n; i++) {
        int64_t at = a->offset + from + i;
        bool ok = true;
        if (index->how != NULLS && a->buffers[0] && a->null_count != 0 && !bit_at(a->buffers[0], at))
            m->null_row[i] = true;
        if (s->dictionary && !m->null_row[i]) {
            at = integer_at(a->buffers[1], index, at, &ok);
            if (!ok || at < 0 || at >= d->length)
                return RTQ_ERR_DATA;
            at += d->offset;
            if (d->null_count != 0 && d->n_buffers > 0 && d->buffers[0] && !bit_at(d->buffers[0], at))
                m->null_row[i] = true;
        }
        m->at[i] = at;
    }
    return RTQ_OK;
}

static int fill_vec(importer *m, const struct ArrowSchema *s)
{
    switch (m->f->how) {
    case NULLS:
        memset(m->v->data, 0, (size_t)m->n * 16);
        memset(m->null_row, 1, m->n);
        return RTQ_OK;
    case BITS: import_bits(m); return RTQ_OK;
    case INTEGER: import_integers(m); return RTQ_OK;
    case FLOATING: import_reals(m); return RTQ_OK;
    case BYTES: import_bytes(m); return RTQ_OK;
    case DECIMAL128: import_decimals(m, s->dictionary ? s->dictionary->format : s->format); return RTQ_OK;
    default: return import_text(m);
    }
}

static int import_column(rtq__vec **out, importer *m, uint32_t kind, const struct ArrowSchema *s)
{
    bool any = false;
    m->v = *out = rtq__vec_new(m->scratch, kind, m->n);
    if (!m->v)
        return RTQ_ERR_NOMEM;
    int rc = fill_vec(m, s);
    for (uint32_t i = 0; i < m->n; i++)
        any |= m->null_row[i];
    if (rc != RTQ_OK || !any || kind == RTQ_STRING) /* a null string is "" */
        return rc;
    if (!rtq__vec_valid(m->scratch, m->v))
        return RTQ_ERR_NOMEM;
    for (uint32_t i = 0; i < m->n; i++)
        if (m->null_row[i])
            rtq__bit_clear(m->v->valid, i);
    return RTQ_OK;
}

int rtq__arrow_import(rtq__vec **out, uint64_t *n_lost, const struct ArrowSchema *schema,
                      const struct ArrowArray *array, int64_t from, uint32_t n, rtq__scratch *scratch,
                      rtq__arrow_problem *bad)
{
    importer m = {.scratch = scratch, .n = n};
    uint32_t kind;
    *bad = (rtq__arrow_problem){"", schema->format ? schema->format : ""};
    if (n > RTQ__ROWS || !schema->format || strcmp(schema->format, "+s") != 0)
        return RTQ_ERR_ARG;
    if (array->n_children != schema->n_children || from < 0 || array->length < 0 || array->offset < 0 ||
        from > array->length || n > array->length - from)
        return RTQ_ERR_DATA;
    from += array->offset;
    for (int64_t c = 0; c < schema->n_children; c++) {
        const struct ArrowSchema *s = schema->children[c];
        *bad = (rtq__arrow_problem){s->name ? s->name : "", s->format ? s->format : ""};
        m.f = plan_column(&kind, s);
        if (!m.f)
            return RTQ_ERR_UNSUPPORTED;
        const void *valid = array->n_buffers > 0 && array->null_count != 0 ? array->buffers[0] : NULL;
        for (uint32_t i = 0; i < n; i++)
            m.null_row[i] = valid && !bit_at(valid, from + i);
        int rc = find_positions(&m, s, array->children[c], from);
        if (rc == RTQ_OK)
            rc = import_column(&out[c], &m, kind, s);
        if (rc != RTQ_OK)
            return rc;
    }
    if (n_lost)
        *n_lost += m.n_lost;
    return RTQ_OK;
}
