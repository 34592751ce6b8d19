/* fn_series_fft.c - Fourier transform of series of any length, and back.
 *
 * A power of two is transformed in place. For any other length the transform is written as a convolution, of a power of two
 * (Bluestein). Forwards nothing is scaled, backwards by the length. */
#include <math.h>
#include "fn/families.h"
#include "fn/fn_array.h"

enum { FORWARD, BACK };
enum { MAX_POINTS = 1 << 24 };

typedef struct points {
    double *re, *im;
} points;

static bool new_points(points *p, uint32_t n, rtq__rowctx *ctx)
{
    p->re = rtq__arena_alloc(ctx->heap, 2 * (n + (size_t)1) * sizeof *p->re);
    if (!p->re) {
        ctx->error = RTQ_ERR_NOMEM;
        return false;
    }
    p->im = p->re + n;
    memset(p->re, 0, 2 * (size_t)n * sizeof *p->re);
    return true;
}

static void swap(double *a, double *b)
{
    double x = *a;
    *a = *b;
    *b = x;
}

static void reverse_bits(const points *p, uint32_t n)
{
    for (uint32_t i = 1, j = 0; i < n; i++) {
        uint32_t bit = n >> 1;
        for (; j & bit; bit >>= 1)
            j ^= bit;
        j ^= bit;
        if (i < j)
            swap(&p->re[i], &p->re[j]), swap(&p->im[i], &p->im[j]);
    }
}

/* n is a power of two; roots: its first half of roots of one. */
static void transform(const points *p, uint32_t n, const points *roots)
{
    reverse_bits(p, n);
    for (uint32_t len = 2; len && len <= n; len <<= 1) {
        for (uint32_t from = 0; from < n; from += len) {
            for (uint32_t k = 0; k < len / 2; k++) {
                uint32_t a = from + k, b = a + len / 2, root = n / len * k;
                double c = roots->re[root], s = roots->im[root];
                double re = p->re[b] * c - p->im[b] * s, im = p->re[b] * s + p->im[b] * c;
                p->re[b] = p->re[a] - re, p->im[b] = p->im[a] - im;
                p->re[a] += re, p->im[a] += im;
            }
        }
    }
}

static bool new_roots(points *roots, uint32_t n, rtq__rowctx *ctx)
{
    if (!new_points(roots, n / 2 + 1, ctx))
        return false;
    for (uint32_t k = 0; k < n / 2; k++) { /* the second quarter mirrors the first, so that sums vanish that should */
        double angle = -2 * M_PI * k / n;
        bool mirror = k > n / 4;
        roots->re[k] = mirror ? -roots->re[n / 2 - k] : 4 * k == n ? 0 : cos(angle);
        roots->im[k] = mirror ? roots->im[n / 2 - k] : sin(angle);
    }
    return true;
}

static void multiply(const points *p, const points *q, uint32_t n, double sign)
{
    for (uint32_t i = 0; i < n; i++) {
        double re = p->re[i] * q->re[i] - sign * p->im[i] * q->im[i];
        p->im[i] = p->im[i] * q->re[i] + sign * p->re[i] * q->im[i];
        p->re[i] = re;
    }
}

/* The chirp is a root of one to the power of half a square; squares are taken modulo 2n, where they are still exact. */
static bool convolve(const points *p, uint32_t n, rtq__rowctx *ctx)
{
    uint32_t m = 1;
    points roots, chirp, a, b;
    while (m < 2 * n - 1)
        m <<= 1;
    if (!new_roots(&roots, m, ctx) || !new_points(&chirp, n, ctx) || !new_points(&a, m, ctx) || !new_points(&b, m, ctx))
        return false;
    for (uint32_t k = 0; k < n; k++) {
        double angle = -M_PI * (double)((uint64_t)k * k % (2 * (uint64_t)n)) / n;
        chirp.re[k] = cos(angle), chirp.im[k] = sin(angle);
        a.re[k] = p->re[k], a.im[k] = p->im[k];
        b.re[k] = chirp.re[k], b.im[k] = -chirp.im[k];
        b.re[k ? m - k : 0] = chirp.re[k], b.im[k ? m - k : 0] = -chirp.im[k];
    }
    multiply(&a, &chirp, n, 1);
    transform(&a, m, &roots);
    transform(&b, m, &roots);
    multiply(&a, &b, m, 1);
    for (uint32_t i = 0; i < m; i++) /* back again: conjugate, forwards, conjugate */
        a.im[i] = -a.im[i];
    transform(&a, m, &roots);
    for (uint32_t i = 0; i < n; i++)
        p->re[i] = a.re[i] / m, p->im[i] = -a.im[i] / m;
    multiply(p, &chirp, n, 1);
    return true;
}

static bool fourier(const points *p, uint32_t n, bool back, rtq__rowctx *ctx)
{
    points roots;
    for (uint32_t i = 0; back && i < n; i++)
        p->im[i] = -p->im[i];
    if (n & (n - 1)) {
        if (!convolve(p, n, ctx))
            return false;
    } else if (n > 1) {
        if (!new_roots(&roots, n, ctx))
            return false;
        transform(p, n, &roots);
    }
    for (uint32_t i = 0; back && i < n; i++)
        p->re[i] /= n, p->im[i] /= -(double)n;
    return true;
}

/* Column 0 is the real part, 1 the imaginary one. */
static void fft_column(rtq__cell *out, int64_t column, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    uint32_t n, m;
    points p;
    double *re = rtq__series_reals(&args[0], &n, ctx), *im = NULL;
    if (n_args > 1 && !(im = rtq__series_reals(&args[1], &m, ctx)))
        return;
    if (!re || n > MAX_POINTS || (im && m != n) || !new_points(&p, n, ctx))
        return;
    for (uint32_t i = 0; i < n; i++) {
        p.re[i] = re[i], p.im[i] = im ? im[i] : 0;
        if (!isfinite(p.re[i]) || !isfinite(p.im[i]))
            return;
    }
    if (fourier(&p, n, ctx->fn->tag == BACK, ctx))
        rtq__return_reals(out, column ? p.im : p.re, n, ctx);
}

static void row_fft_nth(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    if (args[0].u.i == 0 || args[0].u.i == 1)
        fft_column(out, args[0].u.i, args + 1, n_args - 1, ctx);
}

static void row_fft(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    fft_column(out, 0, args, n_args, ctx);
}

/* clang-format off */
#define FFT(fn, way, text, ref) \
    {.name = fn, .args = "dynamic, [dynamic]", .ret = "dynamic", .naming = RTQ__NAME_FN_FIRST, .row = row_fft, .tag = way, .doc = text, .page = ref}, \
    {.name = "__" fn "_nth", .args = "const long, dynamic, [dynamic]", .ret = "dynamic", .row = row_fft_nth, .tag = way, .flags = RTQ__FN_HIDDEN, .doc = "Result column of " fn "() by its number.", .page = ref}

const rtq__fn rtq__fns_series_fft[] = {
    FFT("series_fft", FORWARD, "Fourier transform of a series: real, imag.", "series-fft-function"),
    FFT("series_ifft", BACK, "Series of a Fourier transform: real, imag.", "series-ifft-function"),
};
/* clang-format on */
RTQ__FAMILY_COUNT(series_fft)
