/* loop_arith.h - included once per operator and type, with LOOP (name), LOOP_A, LOOP_B, LOOP_OUT (cell types) and
 * LOOP_DO(a, b). Makes the three loops and the table `LOOP`. */
#define LOOP_JOIN2(a, b) a##_##b
#define LOOP_JOIN(a, b) LOOP_JOIN2(a, b)
#define LOOP_FN(form) LOOP_JOIN(LOOP, form)

#define LOOP_BODY(x, y)                    \
    LOOP_OUT *restrict to = out;           \
    const LOOP_A *pa = a;                  \
    const LOOP_B *pb = b;                  \
    if (!sel) {                            \
        for (uint32_t r = 0; r < n; r++)   \
            to[r] = LOOP_DO(x, y);         \
    } else {                               \
        for (uint32_t i = 0; i < n; i++) { \
            uint32_t r = sel[i];           \
            to[r] = LOOP_DO(x, y);         \
        }                                  \
    }

static void LOOP_FN(vv)(void *out, const void *a, const void *b, const rtq__sel *sel, uint32_t n)
{
    LOOP_BODY(pa[r], pb[r])
}

static void LOOP_FN(vc)(void *out, const void *a, const void *b, const rtq__sel *sel, uint32_t n)
{
    const LOOP_B c = *(const LOOP_B *)b;
    LOOP_BODY(pa[r], c)
    (void)pb;
}

static void LOOP_FN(cv)(void *out, const void *a, const void *b, const rtq__sel *sel, uint32_t n)
{
    const LOOP_A c = *(const LOOP_A *)a;
    LOOP_BODY(c, pb[r])
    (void)pa;
}

static const rtq__loops LOOP = {LOOP_FN(vv), LOOP_FN(vc), LOOP_FN(cv)};

#undef LOOP_BODY
#undef LOOP_FN
#undef LOOP_JOIN
#undef LOOP_JOIN2
#undef LOOP_DO
#undef LOOP_OUT
#undef LOOP_B
#undef LOOP_A
#undef LOOP
