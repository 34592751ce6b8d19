/* families.c - look-up of functions by name over the constant family tables. */
#include <stdatomic.h>
#include "base/hash.h"
#include "fn/families.h"

enum { N_SLOTS = 4096 /* power of two, well above the number of names */ };

#define FAMILY_INDEX(name) FAMILY_##name,
enum { RTQ__FAMILIES(FAMILY_INDEX) N_FAMILIES };

/* The counts are objects of other translation units, so no constant table can hold them; this one is filled on first use.
 * Filling is idempotent and in a fixed order: threads that race write the same values to the same places. */
static _Atomic uint32_t slots[N_SLOTS]; /* 1 + family << 16 | row; 0: empty */
static _Atomic bool ready;

static rtq__fn_family family(uint32_t i)
{
    switch (i) {
#define FAMILY_CASE(name) \
    case FAMILY_##name: return (rtq__fn_family){rtq__fns_##name, rtq__n_fns_##name};
        RTQ__FAMILIES(FAMILY_CASE)
    default: return (rtq__fn_family){NULL, 0};
    }
}

static const rtq__fn *slot_row(uint32_t slot)
{
    return family((slot - 1) >> 16).rows + ((slot - 1) & 0xffff);
}

/* The slot of that name, or the empty one where it would go. */
static uint32_t slot_of(const char *name, size_t len)
{
    uint32_t at = (uint32_t)rtq__hash_bytes(name, len, 0) & (N_SLOTS - 1);
    for (;; at = (at + 1) & (N_SLOTS - 1)) {
        uint32_t slot = atomic_load_explicit(&slots[at], memory_order_relaxed);
        if (!slot)
            return at;
        const char *have = slot_row(slot)->name;
        if (strncmp(have, name, len) == 0 && have[len] == '\0')
            return at;
    }
}

static void fill(void)
{
    for (uint32_t f = 0; f < N_FAMILIES; f++) {
        rtq__fn_family rows = family(f);
        for (uint32_t r = 0; r < rows.n; r++) {
            uint32_t at = slot_of(rows.rows[r].name, strlen(rows.rows[r].name));
            if (!atomic_load_explicit(&slots[at], memory_order_relaxed))
                atomic_store_explicit(&slots[at], (f << 16 | r) + 1, memory_order_relaxed);
        }
    }
    atomic_store_explicit(&ready, true, memory_order_release);
}

const rtq__fn *rtq__fn_find(const char *name, size_t len, uint32_t *n_rows)
{
    if (!atomic_load_explicit(&ready, memory_order_acquire))
        fill();
    *n_rows = 0;
    uint32_t slot = atomic_load_explicit(&slots[slot_of(name, len)], memory_order_relaxed);
    if (!slot)
        return NULL;
    rtq__fn_family rows = family((slot - 1) >> 16);
    uint32_t first = (slot - 1) & 0xffff, r = first;
    while (r < rows.n && strcmp(rows.rows[r].name, rows.rows[first].name) == 0)
        r++;
    *n_rows = r - first;
    return rows.rows + first;
}

const rtq__fn_family *rtq__fn_families(uint32_t *n)
{
    static rtq__fn_family all[N_FAMILIES];
    static _Atomic uint32_t state; /* 0 empty, 1 being filled, 2 full */
    uint32_t expected = 0;
    if (atomic_compare_exchange_strong(&state, &expected, 1)) {
        for (uint32_t i = 0; i < N_FAMILIES; i++)
            all[i] = family(i);
        atomic_store(&state, 2);
    }
    while (atomic_load(&state) != 2)
        ;
    *n = N_FAMILIES;
    return all;
}
