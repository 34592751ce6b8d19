/* op_sort.c - sort and top: stable, nulls and NaN grouped at one end.
 *
 * Rows wait in a row store: keys first, then the columns asked for. Sorting moves items of 16 bytes that carry the first key's order as
 * far as it fits in 64 bits. top n cuts the store back to n rows now and then, and from then on drops rows that cannot get in. */
#include <math.h>
#include "exec/op_list.h"
#include "value/decimal.h"
#include "value/dyn.h"

typedef struct item {
    uint64_t prefix;
    uint32_t row;
    uint8_t rank;
} item;

typedef struct sort {
    rtq__op op;
    rtq__rows *rows;
    uint8_t *kinds;
    uint32_t n_cols;
    bool known, cut; /* cut: `worst` is the last row that counts so far */
    uint64_t limit;  /* UINT64_MAX: all */
    item worst;
    item *items, *other; /* cap of each; other and counts are room to sort in */
    uint32_t *counts;
    size_t cap;
    uint32_t n_items, given;
    rtq__rows *spare; /* what the last cut emptied: the next one fills it */
} sort;

enum { CUT_MIN = 4096, SPARE_BYTES = 1 << 20, SPARE_ITEMS = 1 << 16 };

static const rtq__sort_key *key_of(const sort *s, uint32_t k)
{
    return &s->op.node->rel->u.sort.keys[k];
}

static int sort_open(rtq__op *op)
{
    sort *s = (sort *)op;
    const rtq__node *node = op->node;
    s->n_cols = node->u.sort.n_keys + node->layout.n;
    s->limit = UINT64_MAX;
    s->kinds = rtq__alloc(op->flow->mem, s->n_cols + 1u);
    if (!s->kinds)
        return RTQ_ERR_NOMEM;
    if (node->u.sort.n_keys)
        memcpy(s->kinds, node->u.sort.key_kinds, node->u.sort.n_keys);
    if (node->layout.n)
        memcpy(s->kinds + node->u.sort.n_keys, node->kinds, node->layout.n);
    return rtq__op_rows(&s->rows, op, s->kinds, s->n_cols, 0, 0);
}

static void sort_close(rtq__op *op)
{
    sort *s = (sort *)op;
    rtq__rows_free(s->rows);
    rtq__rows_free(s->spare);
    rtq__free(op->flow->mem, s->kinds);
    rtq__free(op->flow->mem, s->items);
    rtq__free(op->flow->mem, s->other);
    rtq__free(op->flow->mem, s->counts);
}

/* ---- order ---------------------------------------------------------------------------------------------------------- */
static uint64_t real_order(double d)
{
    uint64_t u;
    d = d == 0 ? 0 : d; /* -0 */
    memcpy(&u, &d, 8);
    return u >> 63 ? ~u : u | UINT64_C(1) << 63;
}

static uint64_t text_order(const char *s, uint32_t len)
{
    uint64_t u = 0;
    if (len)
        memcpy(&u, s, len < 8 ? len : 8);
    return __builtin_bswap64(u);
}

/* Order of the first key in an item; false: equal prefixes need a look at the cells. */
static bool exact_prefix(uint8_t kind)
{
    return kind == RTQ_BOOL || kind == RTQ_INT || kind == RTQ_LONG || kind == RTQ_DATETIME || kind == RTQ_TIMESPAN ||
           kind == RTQ_REAL;
}

/* With nulls first: null, NaN, values; with nulls last: values, NaN, null. */
static uint8_t rank_of(bool null, bool nan, bool nulls_first)
{
    return null ? (nulls_first ? 0 : 3) : nan ? (nulls_first ? 1 : 3 - 1) : (nulls_first ? 2 : 0);
}

static item make_item(const rtq__cell *c, const rtq__sort_key *key, uint32_t row)
{
    uint64_t prefix = 0;
    bool nan = c->kind == RTQ_REAL && c->u.d != c->u.d;
    if (c->is_null || nan)
        return (item){0, row, rank_of(c->is_null, nan, key->nulls_first)};
    switch (c->kind) {
    case RTQ_REAL: prefix = real_order(c->u.d); break;
    case RTQ_STRING: prefix = text_order(c->u.s, c->len); break;
    case RTQ_GUID: prefix = text_order((const char *)c->u.b, 16); break;
    case RTQ_DECIMAL:
    case RTQ_DYNAMIC:
    case RTQ_UNKNOWN: break;
    default: prefix = (uint64_t)c->u.i ^ UINT64_C(1) << 63; break;
    }
    return (item){key->desc ? ~prefix : prefix, row, rank_of(false, false, key->nulls_first)};
}

static int compare_values(const rtq__cell *a, const rtq__cell *b)
{
    switch (a->kind) {
    case RTQ_REAL: return a->u.d < b->u.d ? -1 : a->u.d > b->u.d;
    case RTQ_STRING: {
        uint32_t n = a->len < b->len ? a->len : b->len;
        int order = n ? memcmp(a->u.s, b->u.s, n) : 0;
        return order ? order : a->len < b->len ? -1 : a->len > b->len;
    }
    case RTQ_GUID: return memcmp(a->u.b, b->u.b, 16);
    case RTQ_DECIMAL: {
        rtq__dyn x = rtq__dyn_from_cell(a), y = rtq__dyn_from_cell(b);
        return rtq__dyn_compare(&x, &y);
    }
    case RTQ_DYNAMIC:
    case RTQ_UNKNOWN: return rtq__dyn_compare(&a->u.y, &b->u.y);
    default: return a->u.i < b->u.i ? -1 : a->u.i > b->u.i;
    }
}

static int compare_cells(const rtq__cell *a, const rtq__cell *b, const rtq__sort_key *key)
{
    bool a_nan = a->kind == RTQ_REAL && a->u.d != a->u.d, b_nan = b->kind == RTQ_REAL && b->u.d != b->u.d;
    uint8_t x = rank_of(a->is_null, a_nan, key->nulls_first), y = rank_of(b->is_null, b_nan, key->nulls_first);
    if (x != y)
        return x < y ? -1 : 1;
    if (a->is_null || a_nan)
        return 0;
    int order = compare_values(a, b);
    return key->desc ? -order : order;
}

static int compare_rows(const sort *s, uint32_t a, uint32_t b, uint32_t from_key)
{
    for (uint32_t k = from_key; k < s->op.node->u.sort.n_keys; k++) {
        rtq__cell x = rtq__rows_get(s->rows, a, k), y = rtq__rows_get(s->rows, b, k);
        int order = compare_cells(&x, &y, key_of(s, k));
        if (order)
            return order;
    }
    return 0;
}

static inline bool before(const sort *s, const item *a, const item *b, uint32_t from_key)
{
    int order = compare_rows(s, a->row, b->row, from_key);
    return order ? order < 0 : a->row < b->row;
}

/* Runs of equal prefixes, where the prefix does not say it all: insertion for short ones, merges for long ones. */
static void merge_runs(const sort *s, item *from, item *to, uint32_t n, uint32_t run, uint32_t key)
{
    for (uint32_t i = 0; i < n; i += 2 * run) {
        uint32_t a = i, a_end = n - i < run ? n : i + run, b = a_end, b_end = n - a_end < run ? n : a_end + run, o = i;
        while (a < a_end && b < b_end)
            to[o++] = before(s, &from[b], &from[a], key) ? from[b++] : from[a++];
        while (a < a_end)
            to[o++] = from[a++];
        while (b < b_end)
            to[o++] = from[b++];
        if (n - i <= 2 * run)
            break;
    }
}

static void insertion_runs(const sort *s, item *items, uint32_t n, uint32_t run, uint32_t key)
{
    for (uint32_t i = 0; i < n; i += run) {
        uint32_t end = n - i < run ? n : i + run;
        for (uint32_t k = i + 1; k < end; k++) {
            item x = items[k];
            uint32_t j = k;
            for (; j > i && before(s, &x, &items[j - 1], key); j--)
                items[j] = items[j - 1];
            items[j] = x;
        }
    }
}

static void sort_ties(const sort *s, item *items, item *other, uint32_t n, uint32_t key)
{
    uint32_t run = 8;
    item *from = items, *to = other;
    insertion_runs(s, items, n, run, key);
    for (; run < n; run *= 2) {
        merge_runs(s, from, to, n, run, key);
        item *t = from;
        from = to;
        to = t;
        if (run > UINT32_MAX / 4)
            break;
    }
    if (from != items)
        memcpy(items, from, n * sizeof *items);
}

/* Radix sort: digits of the prefix, then the rank. Counting reads the items once; digits that are the same in all cost nothing more. */
enum { RADIX = 11, DIGITS = 6, N_DIGIT = 1 << RADIX, FEW = 48 /* items that are not worth it */ };
static const uint8_t radix_shifts[DIGITS] = {0, 11, 22, 33, 44, 53};

static inline uint32_t digit_of(const item *x, uint32_t pass)
{
    return pass == DIGITS ? x->rank : (uint32_t)(x->prefix >> radix_shifts[pass]) & (N_DIGIT - 1);
}

static void radix_count(uint32_t *counts, const item *items, uint32_t n)
{
    memset(counts, 0, (DIGITS + 1) * N_DIGIT * sizeof *counts);
    for (uint32_t i = 0; i < n; i++) {
        for (uint32_t pass = 0; pass < DIGITS; pass++)
            counts[pass * N_DIGIT + digit_of(&items[i], pass)]++;
        counts[DIGITS * N_DIGIT + items[i].rank]++;
    }
}

static void radix_pass(const item *from, item *to, uint32_t n, uint32_t pass, uint32_t *count)
{
    for (uint32_t d = 0, sum = 0; d < N_DIGIT; d++) {
        uint32_t c = count[d];
        count[d] = sum;
        sum += c;
    }
    if (pass == DIGITS)
        for (uint32_t i = 0; i < n; i++)
            to[count[from[i].rank]++] = from[i];
    else
        for (uint32_t i = 0, shift = radix_shifts[pass]; i < n; i++)
            to[count[(from[i].prefix >> shift) & (N_DIGIT - 1)]++] = from[i];
}

/* A few items by rank and prefix, equal ones in their order. */
static void insertion_sort(item *items, uint32_t n)
{
    for (uint32_t k = 1; k < n; k++) {
        item x = items[k];
        uint32_t j = k;
        for (; j > 0 && (items[j - 1].rank != x.rank ? items[j - 1].rank > x.rank : items[j - 1].prefix > x.prefix);
             j--)
            items[j] = items[j - 1];
        items[j] = x;
    }
}

/* By rank and prefix, rows of equal ones in their order. Returns the array that has the result. */
static item *radix_sort(item *items, item *other, uint32_t n, uint32_t *counts)
{
    if (n <= FEW) {
        insertion_sort(items, n);
        return items;
    }
    radix_count(counts, items, n);
    for (uint32_t pass = 0; pass <= DIGITS; pass++) {
        uint32_t *count = counts + pass * N_DIGIT;
        if (count[digit_of(items, pass)] == n)
            continue;
        radix_pass(items, other, n, pass, count);
        item *t = items;
        items = other;
        other = t;
    }
    return items;
}

/* Items of n rows, [from, from + n) or those of ids, by key number k. */
static int fill_items(sort *s, item *items, uint32_t k, const uint32_t *ids, uint32_t from, uint32_t n)
{
    rtq__arena_mark mark = rtq__arena_get_mark(s->op.flow->scratch);
    const rtq__sort_key *key = s->op.node->u.sort.n_keys ? key_of(s, k) : NULL;
    rtq__vec *v = key ? rtq__rows_gather(s->rows, k, ids, from, n, s->op.flow->scratch) : NULL;
    if (key && !v)
        return RTQ_ERR_NOMEM;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t row = ids ? ids[from + i] : from + i;
        if (!key) {
            items[i] = (item){0, row, 0};
        } else if (v->form == RTQ__FLAT && rtq__cell_len(v->kind) == 8 && v->kind != RTQ_REAL && !rtq__vec_null(v, i)) {
            uint64_t prefix = (uint64_t)((const int64_t *)v->data)[i] ^ UINT64_C(1) << 63;
            items[i] = (item){key->desc ? ~prefix : prefix, row, rank_of(false, false, key->nulls_first)};
        } else {
            rtq__cell c = rtq__vec_get(v, i);
            items[i] = make_item(&c, key, row);
        }
    }
    rtq__arena_release(s->op.flow->scratch, mark);
    return RTQ_OK;
}

static bool same_place(const item *a, const item *b)
{
    return a->prefix == b->prefix && a->rank == b->rank;
}

static uint32_t run_end(const item *items, uint32_t i, uint32_t n)
{
    uint32_t end = i + 1;
    while (end < n && same_place(&items[end], &items[i]))
        end++;
    return end;
}

/* A run whose rows are equal in all keys before k: by items of that key, and only what is equal there by looking at rows. */
static int sort_run(sort *s, item *run, item *spare, uint32_t n, uint32_t k, uint32_t *counts)
{
    enum { BLOCK = 256 };
    uint32_t n_keys = s->op.node->u.sort.n_keys, ids[BLOCK];
    if (!exact_prefix(s->op.node->u.sort.key_kinds[k])) {
        sort_ties(s, run, spare, n, k);
        return RTQ_OK;
    }
    uint64_t prefix = run->prefix;
    uint8_t rank = run->rank;
    for (uint32_t i = 0, m; i < n; i += m) {
        m = n - i < BLOCK ? n - i : BLOCK;
        for (uint32_t j = 0; j < m; j++)
            ids[j] = run[i + j].row;
        int rc = fill_items(s, run + i, k, ids, 0, m);
        if (rc != RTQ_OK)
            return rc;
    }
    if (radix_sort(run, spare, n, counts) != run)
        memcpy(run, spare, n * sizeof *run);
    for (uint32_t i = 0, end; i < n && k + 1 < n_keys; i = end) {
        end = run_end(run, i, n);
        if (end - i > 1)
            sort_ties(s, run + i, spare + i, end - i, k + 1);
    }
    for (uint32_t i = 0; i < n; i++)
        run[i].prefix = prefix, run[i].rank = rank;
    return RTQ_OK;
}

/* Short runs of ties, as there are many where a first key has few values: one look at the second key for a block of them. */
static int sort_runs(sort *s, item *items, item *spare, uint32_t n, uint32_t *counts)
{
    enum { SHORT = 32, BLOCK = RTQ__ROWS };
    uint32_t n_keys = s->op.node->u.sort.n_keys, k = exact_prefix(s->op.node->u.sort.key_kinds[0]) ? 1 : 0;
    if (n_keys <= k)
        return RTQ_OK;
    bool exact = exact_prefix(s->op.node->u.sort.key_kinds[k]);
    uint32_t ids[BLOCK], places[BLOCK], n_ids = 0;
    for (uint32_t i = 0, end; i <= n; i = end) {
        end = i < n ? run_end(items, i, n) : n + 1;
        uint32_t len = i < n ? end - i : 0;
        if (len > SHORT || (len > 1 && !exact)) {
            int rc = sort_run(s, items + i, spare + i, len, k, counts);
            if (rc != RTQ_OK)
                return rc;
            continue;
        }
        if (n_ids > 0 && (i == n || n_ids + len > BLOCK)) {
            int rc = fill_items(s, spare, k, ids, 0, n_ids);
            if (rc != RTQ_OK)
                return rc;
            for (uint32_t a = 0, b; a < n_ids; a = b) {
                item *run = items + places[a];
                for (b = a + 1; b < n_ids && places[b] == places[a];)
                    b++;
                insertion_sort(spare + a, b - a);
                for (uint32_t c = a, d; c < b && k + 1 < n_keys; c = d) {
                    d = run_end(spare, c, b);
                    if (d - c > 1)
                        insertion_runs(s, spare + c, d - c, d - c, k + 1);
                }
                for (uint32_t c = a; c < b; c++)
                    run[c - a].row = spare[c].row;
            }
            n_ids = 0;
        }
        for (uint32_t c = 0; c < len && len > 1; c++) {
            ids[n_ids] = items[i + c].row;
            places[n_ids++] = i;
        }
    }
    return RTQ_OK;
}

static void drop_other(sort *s)
{
    rtq__free(s->op.flow->mem, s->other);
    s->other = NULL;
    s->cap = 0;
}

static int make_room(sort *s, size_t n)
{
    rtq__mem *mem = s->op.flow->mem;
    s->n_items = 0;
    if (!s->counts && !(s->counts = rtq__alloc(mem, (DIGITS + 1) * N_DIGIT * sizeof *s->counts)))
        return RTQ_ERR_NOMEM;
    if (s->cap >= n)
        return RTQ_OK;
    drop_other(s);
    rtq__free(mem, s->items);
    s->items = rtq__alloc(mem, n * sizeof *s->items);
    s->other = rtq__alloc(mem, n * sizeof *s->other);
    if (!s->items || !s->other)
        return RTQ_ERR_NOMEM;
    s->cap = n;
    return RTQ_OK;
}

/* Items of all rows in order, in s->items. */
static int sort_items(sort *s)
{
    uint32_t n = rtq__rows_count(s->rows);
    int rc = make_room(s, (n > RTQ__ROWS ? n : RTQ__ROWS) + 1u);
    for (uint32_t i = 0; i < n && rc == RTQ_OK; i += RTQ__ROWS)
        rc = fill_items(s, s->items + i, 0, NULL, i, n - i < RTQ__ROWS ? n - i : RTQ__ROWS);
    if (rc != RTQ_OK)
        return rc;
    item *items = s->items, *done = radix_sort(items, s->other, n, s->counts);
    if (done != items) {
        s->items = done;
        s->other = items;
    }
    if ((rc = sort_runs(s, s->items, s->other, n, s->counts)) != RTQ_OK)
        return rc;
    if (n > SPARE_ITEMS)
        drop_other(s);
    s->n_items = n;
    return RTQ_OK;
}

/* ---- top ------------------------------------------------------------------------------------------------------------ */
static int know_limit(sort *s)
{
    rtq__cell c;
    if (s->known || !s->op.node->u.sort.limit)
        return RTQ_OK;
    int rc = rtq__op_constant(&c, s->op.flow, s->op.node->u.sort.limit);
    if (rc == RTQ_OK) {
        s->limit = c.is_null || c.u.i < 0 ? 0 : (uint64_t)c.u.i;
        s->known = true;
    }
    return rc;
}

/* The best `limit` rows, in the order in which they came, in a new store. */
static int cut_store(sort *s)
{
    rtq__flow *flow = s->op.flow;
    int rc = sort_items(s);
    uint32_t keep = (uint32_t)s->limit, n = rtq__rows_count(s->rows);
    uint64_t *kept = rc == RTQ_OK ? rtq__arena_zalloc(flow->scratch, ((size_t)n + 63) / 64 * 8 + 8) : NULL;
    rtq__rows *fresh = s->spare;
    s->spare = NULL;
    if (rc == RTQ_OK && !kept)
        rc = RTQ_ERR_NOMEM;
    if (rc == RTQ_OK && !fresh)
        rc = rtq__op_rows(&fresh, &s->op, s->kinds, s->n_cols, 0, 0);
    for (uint32_t i = 0; rc == RTQ_OK && i < keep; i++)
        rtq__bit_set(kept, s->items[i].row);
    uint32_t ids[RTQ__ROWS], n_ids = 0, worst = 0, count = 0;
    for (uint32_t row = 0; rc == RTQ_OK && row < n; row++) {
        if (rtq__bit(kept, row)) {
            if (row == s->items[keep - 1].row)
                worst = count;
            count++;
            ids[n_ids++] = row;
        }
        if (n_ids < RTQ__ROWS && row + 1 < n)
            continue;
        rtq__arena_mark mark = rtq__arena_get_mark(flow->scratch);
        rtq__vec **cols = rtq__arena_alloc(flow->scratch, (s->n_cols + 1u) * sizeof *cols);
        for (uint32_t c = 0; c < s->n_cols && cols; c++)
            if (!(cols[c] = rtq__rows_gather(s->rows, c, ids, 0, n_ids, flow->scratch)))
                rc = RTQ_ERR_NOMEM;
        uint32_t first;
        if (rc == RTQ_OK)
            rc = cols ? rtq__rows_append(&first, fresh, cols, NULL, n_ids) : RTQ_ERR_NOMEM;
        rtq__arena_release(flow->scratch, mark);
        n_ids = 0;
    }
    if (rc != RTQ_OK) {
        rtq__rows_free(fresh);
        return rc;
    }
    s->worst = s->items[keep - 1];
    s->worst.row = worst;
    s->cut = true;
    rtq__rows_clear(s->rows);
    if (rtq__rows_bytes(s->rows) <= SPARE_BYTES)
        s->spare = s->rows;
    else
        rtq__rows_free(s->rows);
    s->rows = fresh;
    s->n_items = 0;
    return RTQ_OK;
}

static double real_of(uint64_t order)
{
    uint64_t u = order >> 63 ? order & ~(UINT64_C(1) << 63) : ~order;
    double d;
    memcpy(&d, &u, 8);
    return d;
}

/* Rows with a number that gets in. Nearly all are shut out: 16 at a time by one look, without a branch for each. */
#define CANDIDATES(name, type, gets_in)                                                      \
    static uint32_t name(rtq__sel *sel, const type *cells, const rtq__batch *in, type limit) \
    {                                                                                        \
        uint32_t n = 0;                                                                      \
        for (uint32_t i = 0, end; i < in->n_sel; i = end) {                                  \
            bool any = in->sel || in->n_sel - i < 16;                                        \
            end = in->n_sel - i < 16 ? in->n_sel : i + 16;                                   \
            for (uint32_t k = i; k < end && !in->sel; k++) {                                 \
                type x = cells[k];                                                           \
                any |= (gets_in);                                                            \
            }                                                                                \
            for (uint32_t k = i; k < end && any; k++) {                                      \
                uint32_t row = in->sel ? in->sel[k] : k;                                     \
                type x = cells[row];                                                         \
                sel[n] = (rtq__sel)row;                                                      \
                n += (gets_in);                                                              \
            }                                                                                \
        }                                                                                    \
        return n;                                                                            \
    }
CANDIDATES(reals_from, double, x >= limit)
CANDIDATES(reals_to, double, x <= limit)
CANDIDATES(reals_from_and_nan, double, !(x < limit))
CANDIDATES(reals_to_and_nan, double, !(x > limit))
CANDIDATES(words_from, int64_t, x >= limit)
CANDIDATES(words_to, int64_t, x <= limit)
#undef CANDIDATES

/* The same as below for a column of numbers without nulls, against a worst one that is a number. */
static uint32_t number_candidates(const sort *s, const rtq__vec *key, const rtq__batch *in, rtq__sel *sel, bool strict)
{
    bool desc = key_of(s, 0)->desc, nan = key_of(s, 0)->nulls_first;
    uint64_t order = desc ? ~s->worst.prefix : s->worst.prefix;
    if (key->kind == RTQ_REAL) {
        double limit = real_of(order);
        if (strict)
            limit = nextafter(limit, desc ? INFINITY : -INFINITY);
        if (desc)
            return nan ? reals_from_and_nan(sel, key->data, in, limit) : reals_from(sel, key->data, in, limit);
        return nan ? reals_to_and_nan(sel, key->data, in, limit) : reals_to(sel, key->data, in, limit);
    }
    int64_t limit = (int64_t)(order ^ UINT64_C(1) << 63);
    if (strict && limit == (desc ? INT64_MAX : INT64_MIN))
        return 0;
    limit += strict ? (desc ? 1 : -1) : 0;
    return desc ? words_from(sel, key->data, in, limit) : words_to(sel, key->data, in, limit);
}

/* Rows whose first key alone does not shut them out. A later row that is equal to the worst comes after it. */
static uint32_t candidates(const sort *s, const rtq__vec *key, const rtq__batch *in, rtq__sel *sel)
{
    bool strict = s->op.node->u.sort.n_keys == 1 && exact_prefix(s->op.node->u.sort.key_kinds[0]);
    uint32_t n = 0;
    if (key->form == RTQ__FLAT && !key->valid && exact_prefix(key->kind) && key->kind != RTQ_BOOL &&
        s->worst.rank == rank_of(false, false, key_of(s, 0)->nulls_first))
        return number_candidates(s, key, in, sel, strict);
    for (uint32_t i = 0; i < in->n_sel; i++) {
        uint32_t row = rtq__batch_row(in, i);
        rtq__cell c = rtq__vec_get(key, row);
        item x = make_item(&c, key_of(s, 0), 0);
        bool in_front = x.rank != s->worst.rank
                            ? x.rank < s->worst.rank
                            : x.prefix < s->worst.prefix || (!strict && x.prefix == s->worst.prefix);
        sel[n] = (rtq__sel)row;
        n += in_front;
    }
    return n;
}

static int store(sort *s, rtq__batch *in)
{
    rtq__op *op = &s->op;
    rtq__flow *flow = op->flow;
    const rtq__node *node = op->node;
    int rc = rtq__op_saw(op, in);
    if (rc == RTQ_OK)
        rc = know_limit(s);
    if (rc != RTQ_OK || s->limit == 0)
        return rc != RTQ_OK ? rc : RTQ__OP_DONE;
    rtq__vec **cols = rtq__arena_alloc(flow->scratch, (s->n_cols + 1u) * sizeof *cols);
    rtq__batch b = *in;
    if (!cols)
        return RTQ_ERR_NOMEM;
    for (uint32_t k = 0; k < node->u.sort.n_keys && rc == RTQ_OK; k++) {
        rc = rtq__op_eval(&cols[k], flow, node->u.sort.keys[k], &b);
        if (rc == RTQ_OK && k == 0 && s->cut) {
            rtq__sel *sel = rtq__arena_alloc(flow->scratch, b.n_sel * sizeof *sel);
            if (!sel)
                return RTQ_ERR_NOMEM;
            b.n_sel = candidates(s, cols[0], &b, sel);
            b.sel = sel;
            if (b.n_sel == 0)
                return RTQ__OP_NEED;
        }
    }
    for (uint32_t c = 0; c < node->layout.n && rc == RTQ_OK; c++) {
        rc = rtq__op_out(&cols[node->u.sort.n_keys + c], flow, &node->u.sort.outs[c], node->kinds[c], &b);
        if (rc == RTQ_OK)
            rc = rtq__vec_load(cols[node->u.sort.n_keys + c], b.sel, b.n_sel);
    }
    uint32_t first;
    if (rc == RTQ_OK)
        rc = rtq__rows_append(&first, s->rows, cols, b.sel, b.n_sel);
    if (rc == RTQ_ERR_LIMIT)
        return rtq__op_fail(op, rc, "rows to be sorted exceed the state budget");
    if (rc == RTQ_OK && s->limit < UINT32_MAX / 4 && rtq__rows_count(s->rows) > s->limit * 2 &&
        rtq__rows_count(s->rows) > CUT_MIN)
        rc = cut_store(s);
    return rc;
}

static int sort_resume(rtq__op *op, rtq__batch **out)
{
    sort *s = (sort *)op;
    const rtq__node *node = op->node;
    uint32_t left = s->n_items - s->given, n = left < RTQ__ROWS ? left : RTQ__ROWS;
    rtq__batch *b = rtq__op_stored(op, node->layout.n, n);
    uint32_t *ids = rtq__arena_alloc(op->flow->scratch, (n + 1u) * sizeof *ids);
    if (!b || !ids)
        return RTQ_ERR_NOMEM;
    for (uint32_t i = 0; i < n; i++)
        ids[i] = s->items[s->given + i].row;
    for (uint32_t c = 0; c < node->layout.n; c++)
        if (!(b->cols[c] = rtq__rows_gather(s->rows, node->u.sort.n_keys + c, ids, 0, n, op->flow->scratch)))
            return RTQ_ERR_NOMEM;
    s->given += n;
    *out = b;
    return s->given < s->n_items ? RTQ__OP_MORE : RTQ__OP_NEED;
}

static int sorted(sort *s, rtq__batch **out)
{
    int rc = know_limit(s);
    if (rc == RTQ_OK)
        rc = sort_items(s);
    if (rc != RTQ_OK)
        return rc;
    if (s->n_items > s->limit)
        s->n_items = (uint32_t)s->limit;
    s->given = 0;
    return s->n_items ? sort_resume(&s->op, out) : RTQ__OP_NEED;
}

static int sort_finish(rtq__op *op, uint32_t input, rtq__batch **out)
{
    (void)input;
    return op->flow->unbounded && !op->node->u.sort.limit ? RTQ__OP_NEED : sorted((sort *)op, out);
}

/* On an input without end each batch is an emission, ordered by itself. */
static int sort_push(rtq__op *op, uint32_t input, rtq__batch *in, rtq__batch **out)
{
    sort *s = (sort *)op;
    (void)input;
    bool each = op->flow->unbounded && !op->node->u.sort.limit;
    if (each)
        rtq__rows_clear(s->rows);
    int rc = store(s, in);
    return rc != RTQ_OK || !each ? rc : sorted(s, out);
}

static uint64_t sort_bytes(const rtq__op *op)
{
    const sort *s = (const sort *)op;
    return rtq__rows_bytes(s->rows) + (s->spare ? rtq__rows_bytes(s->spare) : 0);
}

static int sort_save(rtq__buf *out, rtq__op *op)
{
    return rtq__rows_save(out, ((sort *)op)->rows);
}

static int sort_load(rtq__op *op, const char *ptr, size_t len)
{
    return rtq__rows_load(((sort *)op)->rows, ptr, len);
}

const rtq__op_class rtq__op_sort = {.name = "sort",
                                    .len = sizeof(sort),
                                    .open = sort_open,
                                    .push = sort_push,
                                    .resume = sort_resume,
                                    .finish = sort_finish,
                                    .state_bytes = sort_bytes,
                                    .save = sort_save,
                                    .load = sort_load,
                                    .close = sort_close};
