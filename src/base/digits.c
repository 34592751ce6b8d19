/* digits.c - the digits of a real as tostring() of Kusto finds them.
 *
 * That is Grisu2 (Loitsch, Printing floating-point numbers quickly and accurately with integers, 2010) the way RapidJSON 1.1 has it:
 * it drops the step towards the nearest text when more than eight digits stand behind the point of the scaled number, so that
 * tostring(0.1 + 0.2) is 0.30000000000000007 (Kusto emulator), and once in a thousand reals it finds a digit more than needed.
 * What it finds always reads back as the value. */
#include "base/real.h"
#include <math.h>
#include <stdint.h>
#include <string.h>

/* value = f * 2^e */
typedef struct scaled {
    uint64_t f;
    int e;
} scaled;

/* 10^(8 i - 348), 64 bits of it. */
static const uint64_t powers[] = {
    0xfa8fd5a0081c0288, 0xbaaee17fa23ebf76, 0x8b16fb203055ac76, 0xcf42894a5dce35ea, 0x9a6bb0aa55653b2d,
    0xe61acf033d1a45df, 0xab70fe17c79ac6ca, 0xff77b1fcbebcdc4f, 0xbe5691ef416bd60c, 0x8dd01fad907ffc3c,
    0xd3515c2831559a83, 0x9d71ac8fada6c9b5, 0xea9c227723ee8bcb, 0xaecc49914078536d, 0x823c12795db6ce57,
    0xc21094364dfb5637, 0x9096ea6f3848984f, 0xd77485cb25823ac7, 0xa086cfcd97bf97f4, 0xef340a98172aace5,
    0xb23867fb2a35b28e, 0x84c8d4dfd2c63f3b, 0xc5dd44271ad3cdba, 0x936b9fcebb25c996, 0xdbac6c247d62a584,
    0xa3ab66580d5fdaf6, 0xf3e2f893dec3f126, 0xb5b5ada8aaff80b8, 0x87625f056c7c4a8b, 0xc9bcff6034c13053,
    0x964e858c91ba2655, 0xdff9772470297ebd, 0xa6dfbd9fb8e5b88f, 0xf8a95fcf88747d94, 0xb94470938fa89bcf,
    0x8a08f0f8bf0f156b, 0xcdb02555653131b6, 0x993fe2c6d07b7fac, 0xe45c10c42a2b3b06, 0xaa242499697392d3,
    0xfd87b5f28300ca0e, 0xbce5086492111aeb, 0x8cbccc096f5088cc, 0xd1b71758e219652c, 0x9c40000000000000,
    0xe8d4a51000000000, 0xad78ebc5ac620000, 0x813f3978f8940984, 0xc097ce7bc90715b3, 0x8f7e32ce7bea5c70,
    0xd5d238a4abe98068, 0x9f4f2726179a2245, 0xed63a231d4c4fb27, 0xb0de65388cc8ada8, 0x83c7088e1aab65db,
    0xc45d1df942711d9a, 0x924d692ca61be758, 0xda01ee641a708dea, 0xa26da3999aef774a, 0xf209787bb47d6b85,
    0xb454e4a179dd1877, 0x865b86925b9bc5c2, 0xc83553c5c8965d3d, 0x952ab45cfa97a0b3, 0xde469fbd99a05fe3,
    0xa59bc234db398c25, 0xf6c69a72a3989f5c, 0xb7dcbf5354e9bece, 0x88fcf317f22241e2, 0xcc20ce9bd35c78a5,
    0x98165af37b2153df, 0xe2a0b5dc971f303a, 0xa8d9d1535ce3b396, 0xfb9b7cd9a4a7443c, 0xbb764c4ca7a44410,
    0x8bab8eefb6409c1a, 0xd01fef10a657842c, 0x9b10a4e5e9913129, 0xe7109bfba19c0c9d, 0xac2820d9623bf429,
    0x80444b5e7aa7cf85, 0xbf21e44003acdd2d, 0x8e679c2f5e44ff8f, 0xd433179d9c8cb841, 0x9e19db92b4e31ba9,
    0xeb96bf6ebadf77d9, 0xaf87023b9bf0ee6b,
};

static const uint64_t tens[] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000, 10000000000};

static scaled normalized(scaled v)
{
    while (v.f >> 63 == 0) {
        v.f <<= 1;
        v.e--;
    }
    return v;
}

static scaled product(scaled a, scaled b)
{
    uint64_t a1 = a.f >> 32, a0 = a.f & UINT32_MAX, b1 = b.f >> 32, b0 = b.f & UINT32_MAX;
    uint64_t middle = (a0 * b0 >> 32) + (a1 * b0 & UINT32_MAX) + (a0 * b1 & UINT32_MAX) + (UINT64_C(1) << 31);
    return (scaled){a1 * b1 + (a1 * b0 >> 32) + (a0 * b1 >> 32) + (middle >> 32), a.e + b.e + 64};
}

/* The power that brings a number of the binary exponent e to one with 4 to 32 bits in front of the point; *exponent: of its inverse. */
static scaled power_for(int e, int *exponent)
{
    double wanted = (-61 - e) * 0.30102999566398114 + 347;
    int k = (int)ceil(wanted), i = (k >> 3) + 1, ten = 8 * i - 348;
    *exponent = -ten;
    return (scaled){powers[i], (int)(ten * INT64_C(217706) >> 16) - 63};
}

static scaled of_real(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    uint64_t fraction = bits & (UINT64_MAX >> 12);
    int e = (int)(bits >> 52 & 0x7ff);
    return e > 0 ? (scaled){fraction | UINT64_C(1) << 52, e - 1075} : (scaled){fraction, -1074};
}

/* Steps the last digit down while that comes nearer to the value, `off` below the upper end, `rest` of which is not printed. */
static void step_nearer(char *last, uint64_t delta, uint64_t rest, uint64_t step, uint64_t off)
{
    while (rest < off && delta - rest >= step && (rest + step < off || off - rest > rest + step - off)) {
        (*last)--;
        rest += step;
    }
}

/* The fewest digits of a number at most delta below `high`: first those in front of the point, then those behind it. */
static void generate(rtq__decimal_digits *d, scaled high, uint64_t delta, uint64_t off, int *exponent)
{
    int shift = -high.e, left = 1;
    uint64_t one = UINT64_C(1) << shift, whole = high.f >> shift, rest = high.f & (one - 1);

    while (left < 10 && whole >= tens[left])
        left++;
    while (left > 0) {
        left--;
        d->digits[d->n++] = (char)('0' + whole / tens[left]);
        whole %= tens[left];
        if ((whole << shift) + rest <= delta) {
            *exponent += left;
            step_nearer(&d->digits[d->n - 1], delta, (whole << shift) + rest, tens[left] << shift, off);
            return;
        }
    }
    for (int behind = 1;; behind++) {
        rest *= 10;
        delta *= 10;
        d->digits[d->n++] = (char)('0' + (rest >> shift));
        rest &= one - 1;
        if (rest < delta) {
            *exponent -= behind;
            step_nearer(&d->digits[d->n - 1], delta, rest, one, behind < 9 ? off * tens[behind] : 0);
            return;
        }
    }
}

rtq__decimal_digits rtq__kusto_digits(double value)
{
    scaled v = of_real(value);
    scaled high = normalized((scaled){2 * v.f + 1, v.e - 1});
    /* Below a power of two the doubles lie twice as close. */
    scaled low = v.f == UINT64_C(1) << 52 ? (scaled){4 * v.f - 1, v.e - 2} : (scaled){2 * v.f - 1, v.e - 1};
    low = (scaled){low.f << (low.e - high.e), high.e};
    int exponent;
    scaled power = power_for(high.e, &exponent);
    v = product(normalized(v), power);
    high = product(high, power);
    low = product(low, power);
    high.f--;
    low.f++;

    rtq__decimal_digits d = {.n = 0};
    generate(&d, high, high.f - low.f, high.f - v.f, &exponent);
    d.point = d.n + exponent;
    while (d.n > 1 && d.digits[d.n - 1] == '0')
        d.n--;
    return d;
}
