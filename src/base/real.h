/* real.h - text <-> double, correctly rounded and locale free. Shared by C and C++, so it includes nothing of ours. */
#ifndef RTQ__REAL_H
#define RTQ__REAL_H
#include <stdbool.h>
#include <stddef.h>
#ifdef __cplusplus
extern "C" {
#endif

/* The fewest digits that read back as the value: value = 0.d1d2d3... * 10^point; 17 at most, no trailing zeros. */
typedef struct rtq__decimal_digits {
    char digits[20];
    int n, point;
} rtq__decimal_digits;
rtq__decimal_digits rtq__shortest_digits(double value); /* value > 0 and finite */
/* The same as tostring() of Kusto finds them: not always the nearest, not always the fewest, but they read back as the value. */
rtq__decimal_digits rtq__kusto_digits(double value); /* value > 0 and finite */
/* A whole decimal number without blanks: [-+]digits[.digits][e[-+]digits], also .5 and 5. ; too large: infinity. */
bool rtq__read_decimal(double *out, const char *ptr, size_t len);

#ifdef __cplusplus
}
#endif
#endif
