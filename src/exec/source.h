/* source.h - what an adapter implements: one class (constant table) in src/sources/NAME/, listed in src/sources/kinds.c. */
#ifndef RTQ__SOURCE_H
#define RTQ__SOURCE_H
#include "base/diag.h"
#include "base/mem.h"
#include "plan/demand.h"
#include "value/vec.h"

enum { RTQ__OPT_TEXT = 0, RTQ__OPT_NUMBER, RTQ__OPT_BOOL, RTQ__OPT_TIMESPAN, RTQ__OPT_PATH, RTQ__OPT_CHOICE };
typedef struct rtq__option_def {
    const char *key;
    uint8_t type;
    uint8_t repeats, required, reserved;
    const char *fallback; /* value when absent, NULL: none */
    const char *choices;  /* CHOICE: "a|b|c" */
    const char *doc;      /* one line */
} rtq__option_def;

/* Checks options against defs: unknown key (with the nearest name), wrong form, missing. Errors name the option. RTQ_OK, ERR_ARG. */
int rtq__options_check(const rtq__option_def *defs, const rtq_option *options, size_t n, const char *kind,
                       rtq_diag *diag);
const char *rtq__option_get(const rtq__option_def *defs, const rtq_option *options, size_t n,
                            const char *key); /* or fallback */
int64_t rtq__option_number(const rtq__option_def *defs, const rtq_option *options, size_t n, const char *key);
bool rtq__option_bool(const rtq__option_def *defs, const rtq_option *options, size_t n, const char *key);

/* Conservation: in = out + filtered + errored + dropped + pending, at every moment between calls. */
typedef struct rtq__source_stats {
    uint64_t in, out, filtered, errored, dropped, pending, bytes;
    uint64_t decoded_cells; /* cells decoded, lazily or not: what tests count */
} rtq__source_stats;

typedef struct rtq__src rtq__src;
typedef struct rtq__src_class rtq__src_class;

/* First member of every adapter's own struct. */
struct rtq__src {
    const rtq__src_class *cls;
    rtq__mem *mem;
    const rtq__table *tables;
    uint32_t n_tables; /* fixed by open */
    rtq__source_stats stats;
    bool bounded;     /* has an end: a recording */
    bool again;       /* rewind works, and gives the same records; set by open */
    int64_t max_time; /* largest event time of all records so far, INT64_MIN: none */
    /* for what goes wrong while the run goes on (a bad line, a damaged chunk); set by the run before start */
    void (*notice)(rtq__src *src, int code, uint64_t count, const char *message);
    void *notice_ctx;
};

struct rtq__src_class {
    const char *kind, *doc;
    const rtq__option_def *options; /* ends with key NULL */
    /* Checks options, fixes tables; reads at most a header; needs no privilege. */
    int (*open)(rtq__src **out, rtq__mem *mem, const rtq_option *options, size_t n_options, rtq_diag *diag);
    /* Takes the demand (valid until the next plan) and sets verdicts. Called before start and again at each commit, between batches. */
    int (*plan)(rtq__src *src, rtq_demand *demand);
    int (*start)(rtq__src *src, const void *position, size_t len, rtq_diag *diag);
    /* Never blocks, bounded work. RTQ_OK: *out has rows (or is NULL: some progress, call again) of *table. AGAIN: wait for handle or timeout. END.
     * < 0: the source is dead (diag says why). The batch has one vector per want, in order, and is valid until the next call.
     * Rows that no branch wants may be left out (counted as filtered); the others are rows of the batch, `sel` may skip more. */
    int (*next)(rtq__src *src, const rtq_clock *clock, uint32_t max_rows, rtq__batch **out, uint32_t *table,
                rtq_diag *diag);
    intptr_t (*handle)(rtq__src *src);                            /* fd to wait for, -1: none */
    int64_t (*timeout_ns)(rtq__src *src, const rtq_clock *clock); /* to the next poll, -1: none */
    int (*rewind)(rtq__src *src);                                 /* to the first record; NULL: cannot */
    void (*close)(rtq__src *src);                                 /* frees */
    /* Optional, for sources that other threads feed: whom to wake when rows arrive; detach: the run lets go. */
    void (*attach)(rtq__src *src, void (*wake)(void *ctx), void *ctx);
    void (*detach)(rtq__src *src);
    int64_t (*watermark)(rtq__src *src); /* NULL: max_time; INT64_MIN while there is none */
    void (*drain)(
        rtq__src *src); /* NULL: a drained source ends at once; else it ends when it has given what it holds */
};

const rtq__src_class *const *rtq__src_classes(uint32_t *n); /* src/sources/kinds.c */

/* A test on a value in the decoder: the same semantics as the engine's kernels. For adapters that evaluate conjuncts themselves. */
typedef struct rtq__tester rtq__tester;
int rtq__tester_new(rtq__tester **out, rtq__mem *mem,
                    const rtq__demand_table *table); /* copies nothing: demand must live */
void rtq__tester_free(rtq__tester *tester);
/* 1: holds, 0: does not, -1: cannot tell (counts as holds). cell of the want's kind; unknown as a dynamic cell. */
int rtq__tester_test(const rtq__tester *tester, uint32_t conjunct, const rtq__cell *cell);
/* What a source that decides by rtq__tester_test may claim for the conjunct: EXACT (the test never says -1), SUPERSET, or NO (it
 * always says -1). */
uint8_t rtq__tester_verdict(const rtq__tester *tester, uint32_t conjunct);

#endif
