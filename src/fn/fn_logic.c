/* fn_logic.c - not(); `and` and `or` are operators of expressions (see eval.c). */
#include "fn/families.h"

static void row_not(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    (void)n_args, (void)ctx;
    *out = rtq__cell_i(RTQ_BOOL, !args[0].u.i);
}

const rtq__fn rtq__fns_logic[] = {
    {.name = "not",
     .args = "bool",
     .ret = "bool",
     .row = row_not,
     .doc = "the opposite of a bool",
     .page = "not-function"},
};
RTQ__FAMILY_COUNT(logic)
