/* bind_check.h - invariants of bound queries. */
#ifndef BIND_CHECK_H
#define BIND_CHECK_H
#include "kql/rel.h"

/* Every expression uses only columns that the inputs of its node have, nodes stand behind their inputs, kinds agree …
 * NULL: all is well, else what is not (static buffer). */
const char *bind_check(const rtq__bound *bound);

/* The tree as text: "take(filter(scan T))", shared nodes as #n after their first mention. Static buffer. */
const char *bind_shape(const rtq__bound *bound);

#endif
