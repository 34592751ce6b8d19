/* families.h - the list of function families: add a line, write src/fn/fn_FAMILY.c with
 *     const rtq__fn rtq__fns_FAMILY[] = { … };  const uint32_t rtq__n_fns_FAMILY = …;
 * Overloads of one name are adjacent rows of one family. */
#ifndef RTQ__FAMILIES_H
#define RTQ__FAMILIES_H
#include "fn/fn.h"

#define RTQ__FAMILIES(X) \
    X(arith)             \
    X(array)             \
    X(bag)               \
    X(base64)            \
    X(bin)               \
    X(compare)           \
    X(cond)              \
    X(convert)           \
    X(datetime)          \
    X(dynamic)           \
    X(format)            \
    X(hash)              \
    X(host_data)         \
    X(in)                \
    X(ip)                \
    X(logic)             \
    X(match)             \
    X(math)              \
    X(nocase)            \
    X(parse)             \
    X(regex)             \
    X(series)            \
    X(series_fft)        \
    X(series_fit)        \
    X(series_outlier)    \
    X(series_poly)       \
    X(series_season)     \
    X(series_stat)       \
    X(set)               \
    X(sketch)            \
    X(stat)              \
    X(string)            \
    X(term)              \
    X(timezone)          \
    X(unicode)           \
    X(unit)              \
    X(url)               \
    X(window)            \
    X(xml)

#define RTQ__FAMILY_DECLARE(name)           \
    extern const rtq__fn rtq__fns_##name[]; \
    extern const uint32_t rtq__n_fns_##name;
RTQ__FAMILIES(RTQ__FAMILY_DECLARE)

/* For the last line of a family file. */
#define RTQ__FAMILY_COUNT(name) const uint32_t rtq__n_fns_##name = sizeof rtq__fns_##name / sizeof rtq__fns_##name[0];

#endif
