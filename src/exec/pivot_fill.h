/* pivot_fill.h - the columns of pivot: the names that the bags of all groups have, and what a group has where it lacks one. */
#ifndef RTQ__PIVOT_FILL_H
#define RTQ__PIVOT_FILL_H
#include "base/mem.h"
#include "value/dyn.h"

typedef struct rtq__pivot_fill {
    rtq_str *names; /* in the order in which they were first seen */
    uint32_t n;
    size_t cap;
    uint32_t *slots, mask; /* of their hashes: number of the name plus one */
    bool known;            /* all bags were seen */
} rtq__pivot_fill;

int rtq__pivot_fill_note(rtq__pivot_fill *f, rtq__mem *mem, const rtq__dyn *bag, rtq__arena *heap);
/* The bag with each name, in the same order whatever the group. */
int rtq__pivot_fill_apply(const rtq__pivot_fill *f, rtq__dyn *bag, const rtq__cell *missing, rtq__dyn_builder *b,
                          rtq__arena *heap);
void rtq__pivot_fill_free(rtq__pivot_fill *f, rtq__mem *mem);

#endif
