/* dyn_compare.c - equality, order and hash of dynamic values.
 *
 * Values are compared token by token, so JSON text and a tree of the same content are equal, and neither recursion nor
 * memory is needed. Order: null, bool, numbers (long and real by value; NaN below all others), decimal, string (by
 * bytes), datetime, timespan, guid, array, bag; containers by their first difference. The order of a bag's entries
 * counts: looking keys up instead would take hostile bags quadratic time. */
#include <math.h>
#include "base/hash.h"
#include "value/decimal.h"
#include "value/dyn_scan.h"

static uint8_t rank(uint8_t tag)
{
    static const uint8_t ranks[] = {[RTQ__DYN_NULL] = 0,     [RTQ__DYN_BOOL] = 1,     [RTQ__DYN_LONG] = 2,
                                    [RTQ__DYN_REAL] = 2,     [RTQ__DYN_DECIMAL] = 3,  [RTQ__DYN_STRING] = 4,
                                    [RTQ__DYN_DATETIME] = 5, [RTQ__DYN_TIMESPAN] = 6, [RTQ__DYN_GUID] = 7};
    return tag < sizeof ranks ? ranks[tag] : 8;
}

static int order_long(int64_t a, int64_t b)
{
    return a < b ? -1 : a > b;
}

static int order_real(double a, double b)
{
    if (isnan(a) || isnan(b))
        return isnan(b) - isnan(a);
    return a < b ? -1 : a > b;
}

/* Exact, where converting either would round. */
static int order_long_real(int64_t a, double b)
{
    if (isnan(b) || b < -0x1p63)
        return 1;
    if (b >= 0x1p63)
        return -1;
    int64_t whole = (int64_t)b;
    if (a != whole)
        return a < whole ? -1 : 1;
    double rest = b - (double)whole;
    return rest > 0 ? -1 : rest < 0;
}

static int order_numbers(const rtq__dyn *a, const rtq__dyn *b)
{
    if (a->tag == RTQ__DYN_LONG)
        return b->tag == RTQ__DYN_LONG ? order_long(a->u.i, b->u.i) : order_long_real(a->u.i, b->u.d);
    return b->tag == RTQ__DYN_LONG ? -order_long_real(b->u.i, a->u.d) : order_real(a->u.d, b->u.d);
}

static int order_bytes(const char *a, size_t a_len, const char *b, size_t b_len)
{
    size_t n = a_len < b_len ? a_len : b_len;
    int c = n ? memcmp(a, b, n) : 0;
    return c ? (c < 0 ? -1 : 1) : a_len < b_len ? -1 : a_len > b_len;
}

/* The next piece of a string, escaped or not. */
static bool piece(rtq__json_text *t, bool escaped)
{
    if (t->len > 0)
        return true;
    if (escaped)
        return rtq__json_piece(t);
    t->piece = t->p;
    t->len = (size_t)(t->end - t->p);
    t->p = t->end;
    return t->len > 0;
}

static int order_strings(const rtq__dyn *a, const rtq__dyn *b)
{
    bool a_escaped = a->flags & RTQ__DYN_ESCAPED, b_escaped = b->flags & RTQ__DYN_ESCAPED;
    if (!a_escaped && !b_escaped)
        return order_bytes(a->u.p, a->len, b->u.p, b->len);
    rtq__json_text x = {.p = a->u.p, .end = a->u.p + a->len}, y = {.p = b->u.p, .end = b->u.p + b->len};
    for (;;) {
        bool more_x = piece(&x, a_escaped), more_y = piece(&y, b_escaped);
        if (!more_x || !more_y)
            return more_x - more_y;
        size_t n = x.len < y.len ? x.len : y.len;
        int c = memcmp(x.piece, y.piece, n);
        if (c)
            return c < 0 ? -1 : 1;
        x.piece += n, x.len -= n;
        y.piece += n, y.len -= n;
    }
}

static int order_scalars(const rtq__dyn *a, const rtq__dyn *b)
{
    uint64_t x[2], y[2];
    int c = (int)rank(a->tag) - (int)rank(b->tag);
    if (c)
        return c < 0 ? -1 : 1;
    switch (a->tag) {
    case RTQ__DYN_NULL: return 0;
    case RTQ__DYN_STRING: return order_strings(a, b);
    case RTQ__DYN_LONG:
    case RTQ__DYN_REAL: return order_numbers(a, b);
    case RTQ__DYN_GUID: return order_bytes(a->u.p, 16, b->u.p, 16);
    case RTQ__DYN_DECIMAL: memcpy(x, a->u.p, 16), memcpy(y, b->u.p, 16); return rtq__decimal_compare(x, y);
    default: return order_long(a->u.i, b->u.i);
    }
}

/* What a token weighs against one of another type: the end of a container comes before any content. */
static int token_rank(int token, const rtq__dyn *value)
{
    switch (token) {
    case RTQ__WALK_DONE: return 0;
    case RTQ__WALK_END: return 1;
    case RTQ__WALK_SCALAR: return 2 + rank(value->tag);
    case RTQ__WALK_ARRAY: return 20;
    case RTQ__WALK_BAG: return 21;
    default: return 22;
    }
}

int rtq__dyn_compare(const rtq__dyn *a, const rtq__dyn *b)
{
    if (a->tag < RTQ__DYN_JSON && b->tag < RTQ__DYN_JSON)
        return order_scalars(a, b);
    rtq__dyn_walk x, y;
    rtq__dyn_walk_init(&x, a);
    rtq__dyn_walk_init(&y, b);
    for (;;) {
        int p = rtq__dyn_walk_next(&x), q = rtq__dyn_walk_next(&y);
        int c = token_rank(p, &x.value) - token_rank(q, &y.value);
        if (c)
            return c < 0 ? -1 : 1;
        if (p == RTQ__WALK_DONE)
            return 0;
        if ((p == RTQ__WALK_SCALAR || p == RTQ__WALK_KEY) && (c = order_scalars(&x.value, &y.value)))
            return c;
    }
}

bool rtq__dyn_equal(const rtq__dyn *a, const rtq__dyn *b)
{
    if (a->tag == b->tag && a->tag == RTQ__DYN_STRING && a->len != b->len &&
        !((a->flags | b->flags) & RTQ__DYN_ESCAPED))
        return false;
    if (a->tag == RTQ__DYN_JSON && b->tag == RTQ__DYN_JSON && a->len == b->len && memcmp(a->u.p, b->u.p, a->len) == 0)
        return true;
    return rtq__dyn_compare(a, b) == 0;
}

/* Text is hashed in blocks, so that escaped text gives the hash of what it stands for without being unescaped as a
 * whole. */
enum { HASH_BLOCK = 256 };

static uint64_t hash_escaped(const rtq__dyn *d, uint64_t h)
{
    char block[HASH_BLOCK];
    size_t n = 0;
    rtq__json_text t = {.p = d->u.p, .end = d->u.p + d->len};
    while (piece(&t, true)) {
        size_t take = t.len < HASH_BLOCK - n ? t.len : HASH_BLOCK - n;
        memcpy(block + n, t.piece, take);
        t.piece += take, t.len -= take, n += take;
        if (n == HASH_BLOCK) {
            h = rtq__hash_bytes(block, n, h);
            n = 0;
        }
    }
    return n ? rtq__hash_bytes(block, n, h) : h;
}

static uint64_t hash_string(const rtq__dyn *d, uint64_t h)
{
    if (d->flags & RTQ__DYN_ESCAPED)
        return hash_escaped(d, h);
    for (size_t i = 0; i < d->len; i += HASH_BLOCK)
        h = rtq__hash_bytes(d->u.p + i, d->len - i < HASH_BLOCK ? d->len - i : HASH_BLOCK, h);
    return h;
}

static uint64_t hash_real(double d, uint64_t h)
{
    uint64_t bits;
    if (d >= -0x1p63 && d < 0x1p63 && d == (double)(int64_t)d) /* equal to a long */
        return rtq__hash_word((uint64_t)(int64_t)d, h);
    if (isnan(d))
        d = NAN;
    memcpy(&bits, &d, 8);
    return rtq__hash_word(bits, h);
}

static uint64_t hash_scalar(const rtq__dyn *d, uint64_t h)
{
    uint64_t w[2];
    h = rtq__hash_mix(h, rank(d->tag));
    switch (d->tag) {
    case RTQ__DYN_NULL: return h;
    case RTQ__DYN_STRING: return hash_string(d, h);
    case RTQ__DYN_REAL: return hash_real(d->u.d, h);
    case RTQ__DYN_GUID: memcpy(w, d->u.p, 16); return rtq__hash_word(w[1], rtq__hash_word(w[0], h));
    case RTQ__DYN_DECIMAL: memcpy(w, d->u.p, 16); return rtq__decimal_hash(w, h);
    default: return rtq__hash_word((uint64_t)d->u.i, h);
    }
}

uint64_t rtq__dyn_hash(const rtq__dyn *d, uint64_t seed)
{
    if (d->tag < RTQ__DYN_JSON)
        return hash_scalar(d, seed);
    rtq__dyn_walk w;
    rtq__dyn_walk_init(&w, d);
    uint64_t h = seed;
    for (int token; (token = rtq__dyn_walk_next(&w)) != RTQ__WALK_DONE;)
        h = token == RTQ__WALK_SCALAR || token == RTQ__WALK_KEY ? hash_scalar(&w.value, h + (uint64_t)token)
                                                                : rtq__hash_mix(h, (uint64_t)token + 100);
    return h;
}
