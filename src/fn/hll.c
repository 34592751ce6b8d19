/* HyperLogLog: exact up to a threshold, then registers, read by Ertl's improved estimator (arXiv 1702.01284), which needs no
 * bias tables and is unbiased over the whole range. */
#include <math.h>
#include <stdlib.h>
#include "base/hash.h"
#include "base/text.h"
#include "fn/agg.h"

#define SEED UINT64_C(0x6B716C73747265A5) /* never to change: sketches outlive processes */
enum { FORMAT = 1024 };

const uint64_t rtq__hll_seed = SEED;

uint64_t rtq__hll_hash(const rtq__cell *cell)
{
    rtq__dyn d = cell->kind == RTQ_DYNAMIC || cell->kind == RTQ_UNKNOWN ? cell->u.y : rtq__dyn_from_cell(cell);
    uint64_t bits;
    switch (d.tag) {
    case RTQ__DYN_STRING: return rtq__hash_bytes(d.u.p, d.len, SEED);
    case RTQ__DYN_REAL:
        if (d.u.d == nearbyint(d.u.d) && fabs(d.u.d) < 9e15)
            return rtq__hash_word((uint64_t)(int64_t)d.u.d, SEED);
        memcpy(&bits, &d.u.d, sizeof bits);
        return rtq__hash_word(isnan(d.u.d) ? UINT64_C(0x7ff8000000000000) : bits, SEED);
    case RTQ__DYN_BOOL:
    case RTQ__DYN_LONG:
    case RTQ__DYN_DATETIME:
    case RTQ__DYN_TIMESPAN: return rtq__hash_word((uint64_t)d.u.i, SEED);
    case RTQ__DYN_GUID:
    case RTQ__DYN_DECIMAL: return rtq__hash_bytes(d.u.p, 16, SEED);
    default: return rtq__dyn_hash(&d, SEED);
    }
}

static uint32_t exact_max(uint8_t precision)
{
    return precision <= 14 ? 1000 : 8000;
}

static void set_register(rtq__hll *h, uint64_t hash)
{
    uint32_t i = (uint32_t)(hash >> (64 - h->precision));
    uint64_t rest = hash << h->precision | UINT64_C(1) << (h->precision - 1);
    uint8_t rank = (uint8_t)(__builtin_clzll(rest) + 1);
    if (rank > h->registers[i])
        h->registers[i] = rank;
}

static int to_registers(rtq__hll *h, rtq__agg_mem *m)
{
    size_t len = (size_t)1 << h->precision;
    h->registers = rtq__agg_realloc(m, NULL, 0, len);
    if (!h->registers)
        return rtq__agg_full(m, len);
    memset(h->registers, 0, len);
    for (uint32_t i = 0; i < h->cap; i++)
        if (h->hashes[i])
            set_register(h, h->hashes[i]);
    rtq__agg_realloc(m, h->hashes, h->cap * sizeof *h->hashes, 0);
    h->hashes = NULL;
    h->n = h->cap = 0;
    return RTQ_OK;
}

static bool put(uint64_t *hashes, uint32_t cap, uint64_t hash)
{
    uint32_t at = (uint32_t)hash & (cap - 1);
    while (hashes[at] && hashes[at] != hash)
        at = (at + 1) & (cap - 1);
    bool added = !hashes[at];
    hashes[at] = hash;
    return added;
}

static int grow(rtq__hll *h, rtq__agg_mem *m)
{
    uint32_t cap = h->cap ? h->cap * 4 : 8;
    uint64_t *hashes = rtq__agg_realloc(m, NULL, 0, cap * sizeof *hashes);
    if (!hashes)
        return rtq__agg_full(m, cap * sizeof *hashes);
    memset(hashes, 0, cap * sizeof *hashes);
    for (uint32_t i = 0; i < h->cap; i++)
        if (h->hashes[i])
            put(hashes, cap, h->hashes[i]);
    rtq__agg_realloc(m, h->hashes, h->cap * sizeof *hashes, 0);
    h->hashes = hashes;
    h->cap = cap;
    return RTQ_OK;
}

int rtq__hll_add(rtq__hll *h, rtq__agg_mem *m, uint64_t hash, uint8_t precision)
{
    hash += !hash; /* 0 marks free places */
    if (h->registers) {
        set_register(h, hash);
        return RTQ_OK;
    }
    h->precision = precision;
    if ((h->n + 1) * 4 > h->cap * 3) {
        int rc = grow(h, m);
        if (rc != RTQ_OK)
            return rc;
    }
    h->n += put(h->hashes, h->cap, hash);
    return h->n > exact_max(precision) ? to_registers(h, m) : RTQ_OK;
}

/* Sketches of different precision: the finer one is folded down. */
static void fold(uint8_t *into, uint8_t to, const uint8_t *from, uint8_t precision)
{
    uint32_t shift = (uint32_t)(precision - to);
    for (uint32_t i = 0; i < 1u << precision; i++) {
        if (!from[i])
            continue;
        uint32_t low = i & ((1u << shift) - 1);
        uint8_t rank = low ? (uint8_t)(shift - (31 - (uint32_t)__builtin_clz(low))) : (uint8_t)(from[i] + shift);
        if (rank > into[i >> shift])
            into[i >> shift] = rank;
    }
}

int rtq__hll_merge(rtq__hll *into, const rtq__hll *from, rtq__agg_mem *m)
{
    int rc = RTQ_OK;
    if (!from->precision)
        return RTQ_OK;
    if (!from->registers) {
        for (uint32_t i = 0; i < from->cap && rc == RTQ_OK; i++)
            if (from->hashes[i])
                rc = rtq__hll_add(into, m, from->hashes[i], into->precision ? into->precision : from->precision);
        return rc;
    }
    if (!into->precision)
        into->precision = from->precision;
    if (!into->registers && (rc = to_registers(into, m)) != RTQ_OK)
        return rc;
    if (from->precision >= into->precision) {
        fold(into->registers, into->precision, from->registers, from->precision);
        return RTQ_OK;
    }
    size_t len = (size_t)1 << from->precision, old = (size_t)1 << into->precision;
    uint8_t *coarse = rtq__agg_realloc(m, NULL, 0, len);
    if (!coarse)
        return rtq__agg_full(m, len);
    memcpy(coarse, from->registers, len);
    fold(coarse, from->precision, into->registers, into->precision);
    rtq__agg_realloc(m, into->registers, old, 0);
    into->registers = coarse;
    into->precision = from->precision;
    return RTQ_OK;
}

static double sigma(double x)
{
    if (x == 1)
        return INFINITY;
    double y = 1, z = x, before;
    do {
        x *= x;
        before = z;
        z += x * y;
        y += y;
    } while (z != before);
    return z;
}

static double tau(double x)
{
    if (x == 0 || x == 1)
        return 0;
    double y = 1, z = 1 - x, before;
    do {
        x = sqrt(x);
        before = z;
        y *= 0.5;
        z -= (1 - x) * (1 - x) * y;
    } while (z != before);
    return z / 3;
}

int64_t rtq__hll_count(const rtq__hll *h)
{
    if (!h->registers)
        return h->n;
    uint32_t counts[66] = {0}, m = 1u << h->precision, q = 64u - h->precision;
    for (uint32_t i = 0; i < m; i++)
        counts[h->registers[i]]++;
    double z = m * tau(1 - (double)counts[q + 1] / m);
    for (uint32_t k = q; k >= 1; k--)
        z = 0.5 * (z + counts[k]);
    z += m * sigma((double)counts[0] / m);
    return (int64_t)llround(0.5 / log(2) * m * (double)m / z);
}

void rtq__hll_free(rtq__hll *h, rtq__agg_mem *m)
{
    rtq__agg_realloc(m, h->hashes, h->cap * sizeof *h->hashes, 0);
    if (h->registers)
        rtq__agg_realloc(m, h->registers, (size_t)1 << h->precision, 0);
    memset(h, 0, sizeof *h);
}

/* As a dynamic value: [[format, precision], [hashes as text], [registers]]. */
int rtq__hll_to_dyn(rtq__dyn *out, const rtq__hll *h, rtq__dyn_builder *b, rtq__arena *heap)
{
    rtq__dyn d = {.tag = RTQ__DYN_LONG};
    rtq__dyn_begin_array(b);
    rtq__dyn_begin_array(b);
    d.u.i = FORMAT;
    rtq__dyn_add(b, &d);
    d.u.i = h->precision ? h->precision : 14;
    rtq__dyn_add(b, &d);
    rtq__dyn_end(b);
    rtq__dyn_begin_array(b);
    for (uint32_t i = 0; i < h->cap; i++) {
        char text[24];
        if (!h->hashes[i])
            continue;
        rtq__dyn s = {
            .tag = RTQ__DYN_STRING, .len = (uint32_t)rtq__print_long(text, (int64_t)h->hashes[i]), .u = {.p = text}};
        rtq__dyn_add(b, &s);
    }
    rtq__dyn_end(b);
    rtq__dyn_begin_array(b);
    for (uint32_t i = 0; h->registers && i < 1u << h->precision; i++) {
        d.u.i = h->registers[i];
        rtq__dyn_add(b, &d);
    }
    rtq__dyn_end(b);
    rtq__dyn_end(b);
    return rtq__dyn_finish(out, b, heap);
}

static int load_registers(rtq__hll *h, rtq__agg_mem *m, const rtq__dyn *array, rtq__arena *heap)
{
    rtq__dyn_iter it;
    uint32_t n = rtq__dyn_count(array), i = 0;
    int rc;
    if (!n)
        return RTQ_OK;
    if (n != 1u << h->precision)
        return RTQ_ERR_DATA;
    if (!h->registers && (rc = to_registers(h, m)) != RTQ_OK)
        return rc;
    rtq__dyn_iter_init(&it, array, heap);
    for (; i < n && rtq__dyn_next(&it); i++) {
        if (it.item.tag != RTQ__DYN_LONG || it.item.u.i < 0 || it.item.u.i > 65 - h->precision)
            return RTQ_ERR_DATA;
        h->registers[i] = (uint8_t)it.item.u.i;
    }
    return it.error;
}

int rtq__hll_from_dyn(rtq__hll *h, const rtq__dyn *d, rtq__agg_mem *m, rtq__arena *heap)
{
    rtq__dyn head, precision, hashes, registers;
    int rc = rtq__dyn_at(&head, d, 0, heap);
    if (rc != RTQ_OK || (rc = rtq__dyn_at(&precision, &head, 1, heap)) != RTQ_OK ||
        (rc = rtq__dyn_at(&hashes, d, 1, heap)) != RTQ_OK || (rc = rtq__dyn_at(&registers, d, 2, heap)) != RTQ_OK)
        return rc;
    if (precision.tag != RTQ__DYN_LONG || precision.u.i < 12 || precision.u.i > 18)
        return RTQ_ERR_DATA;
    h->precision = (uint8_t)precision.u.i;
    rtq__dyn_iter it;
    rtq__dyn_iter_init(&it, &hashes, heap);
    while (rtq__dyn_next(&it)) {
        char text[24] = "";
        if (it.item.tag != RTQ__DYN_STRING || it.item.len >= sizeof text)
            return RTQ_ERR_DATA;
        memcpy(text, it.item.u.p, it.item.len);
        if ((rc = rtq__hll_add(h, m, (uint64_t)strtoll(text, NULL, 10), h->precision)) != RTQ_OK)
            return rc;
    }
    return it.error ? it.error : load_registers(h, m, &registers, heap);
}
