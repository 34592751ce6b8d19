/* decimal.h - decimal128 as text, integer and double: what values need where no arithmetic is done. Arithmetic belongs
 * to the Intel library. */
#ifndef RTQ__DECIMAL_H
#define RTQ__DECIMAL_H
#include "value/kind.h"

/* Whole text: sign, digits, point, exponent; rounded half to even at 34 digits. */
bool rtq__decimal_parse(uint64_t out[2], const char *ptr, size_t len);
size_t rtq__decimal_print(char out[48], const uint64_t w[2]); /* plain digits where that is short; no trailing zeros */
void rtq__decimal_from_long(uint64_t out[2], int64_t i);
/* A two's complement 128-bit integer (low word first) divided by 10^scale; false: more than 34 digits. */
bool rtq__decimal_from_scaled(uint64_t out[2], const uint64_t integer[2], int scale);
bool rtq__decimal_to_long(int64_t *out, const uint64_t w[2]); /* truncates; false: not finite or out of range */
double rtq__decimal_to_double(const uint64_t w[2]);
int rtq__decimal_compare(const uint64_t a[2], const uint64_t b[2]); /* by value; NaN equals NaN and is below all else */
void rtq__decimal_normal(uint64_t out[2], const uint64_t w[2]);     /* one representation for all equal values */
uint64_t rtq__decimal_hash(const uint64_t w[2], uint64_t seed);     /* equal values, equal hashes */

#endif
