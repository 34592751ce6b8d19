/* loop_compare.h - included once per operator and type, with LOOP (name), LOOP_T (cell type) and LOOP_DO(a, b). Makes the loops
 * that give bools, the ones that give selections, and the table `LOOP`. */
#define LOOP_JOIN2(a, b) a##_##b
#define LOOP_JOIN(a, b) LOOP_JOIN2(a, b)
#define LOOP_FN(form) LOOP_JOIN(LOOP, form)

#define LOOP_BODY(y)                       \
    uint8_t *restrict to = out;            \
    const LOOP_T *pa = a, *pb = b;         \
    if (!sel) {                            \
        for (uint32_t r = 0; r < n; r++)   \
            to[r] = LOOP_DO(pa[r], y);     \
    } else {                               \
        for (uint32_t i = 0; i < n; i++) { \
            uint32_t r = sel[i];           \
            to[r] = LOOP_DO(pa[r], y);     \
        }                                  \
    }

/* No branch on the data: every row is written, the position moves on when it belongs there. */
#define LOOP_FILTER(y)                     \
    const LOOP_T *pa = a, *pb = b;         \
    uint32_t k = 0;                        \
    (void)pb;                              \
    if (!sel) {                            \
        for (uint32_t r = 0; r < n; r++) { \
            out[k] = (rtq__sel)r;          \
            k += LOOP_DO(pa[r], y);        \
        }                                  \
    } else {                               \
        for (uint32_t i = 0; i < n; i++) { \
            uint32_t r = sel[i];           \
            out[k] = (rtq__sel)r;          \
            k += LOOP_DO(pa[r], y);        \
        }                                  \
    }                                      \
    return k;

static void LOOP_FN(vv)(void *out, const void *a, const void *b, const rtq__sel *sel, uint32_t n)
{
    LOOP_BODY(pb[r])
}

static void LOOP_FN(vc)(void *out, const void *a, const void *b, const rtq__sel *sel, uint32_t n)
{
    const LOOP_T c = *(const LOOP_T *)b;
    LOOP_BODY(c)
    (void)pb;
}

static uint32_t LOOP_FN(filter_vv)(rtq__sel *out, const void *a, const void *b, const rtq__sel *sel, uint32_t n)
{
    LOOP_FILTER(pb[r])
}

static uint32_t LOOP_FN(filter_vc)(rtq__sel *out, const void *a, const void *b, const rtq__sel *sel, uint32_t n)
{
    const LOOP_T c = *(const LOOP_T *)b;
    LOOP_FILTER(c)
}

static const rtq__loops_compare LOOP = {LOOP_FN(vv), LOOP_FN(vc), LOOP_FN(filter_vv), LOOP_FN(filter_vc)};

#undef LOOP_BODY
#undef LOOP_FILTER
#undef LOOP_FN
#undef LOOP_JOIN
#undef LOOP_JOIN2
#undef LOOP_DO
#undef LOOP_T
#undef LOOP
