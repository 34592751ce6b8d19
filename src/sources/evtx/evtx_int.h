/* evtx_int.h - inside of the decoder: templates, plans, tests, rows. */
#ifndef RTQ__EVTX_INT_H
#define RTQ__EVTX_INT_H
#include "base/hash.h"
#include "sources/evtx/evtx.h"

/* ---- where a want is in a template ---------------------------------------------------------------------------------------- */
enum {
    REF_CONST = 0, /* cell (null when the template does not have it) */
    REF_SLOT,      /* value of a slot */
    REF_NEST,      /* in the event that is nested into this one */
    REF_TREE,      /* below `node`, too odd for a slot: expanded first */
    REF_RECORD     /* record header, file */
};
typedef struct evtx_ref {
    uint8_t kind;
    uint16_t slot;
    uint32_t node;         /* TREE; SLOT: what to expand if the value turns out to be XML */
    const rtq__cell *cell; /* CONST */
} evtx_ref;

/* EventData whose children are all `<Data Name="…">` with at most one value: made without a tree. */
typedef struct evtx_member {
    const char *key;
    uint32_t key_len, key_at; /* in the plan's names */
    bool is_slot, may_miss;   /* left out when null */
    uint16_t slot;
    const rtq__cell *cell;
    uint32_t json_at, json_len; /* in the plan's json: `,"key":`, with the value when it is a literal */
} evtx_member;

/* What is printed of each record of a template, in order: text that all of them have, then the cell of a want. */
enum { STEP_END = 0 /* no cell */, STEP_SLOT, STEP_NEST, STEP_OTHER };
enum { EVTX_SETS = 4 /* of columns with such steps */ };
typedef struct evtx_step {
    uint32_t text, text_len, want;
    uint16_t slot;
    uint8_t how, kind;
} evtx_step;
typedef struct evtx_steps {
    uint64_t made_at; /* d->print_round */
    uint32_t first;   /* in d->print_steps, up to its END */
    uint32_t room;    /* bytes that a row takes when its values are short */
} evtx_steps;

enum { FOLD_NO = 0, FOLD_YES, FOLD_TEST, FOLD_NEST };
typedef struct evtx_branch {
    uint32_t id, first, n_own, n_nest;
} evtx_branch; /* numbers of conjuncts in plan->list: own, then nested */

/* Many branches, one number that most of them ask for (EventID): only those of the record's number are looked at. */
typedef struct evtx_key {
    int64_t value;
    uint32_t branch;
} evtx_key;

enum { VERDICT_REJECT = 0, VERDICT_ACCEPT, VERDICT_TEST };
typedef struct evtx_plan {
    bool odd;          /* records go the long way */
    uint8_t verdict;   /* of all records of the template */
    int32_t nest;      /* slot with the nested event, -1: none */
    evtx_ref *refs;    /* by want */
    rtq_str *literals; /* by want, CONST: its JSON text, padded */
    uint8_t *fold;     /* by conjunct */
    uint32_t *list;
    evtx_branch *branches;
    uint32_t n_branches;
    evtx_key *keys; /* ascending; n_keys 0: no such number */
    uint32_t *unkeyed;
    uint32_t n_keys, n_unkeyed, key_want;
    int32_t time_slot;    /* TimeCreated, -1: not in a slot */
    evtx_member *members; /* of EventData, NULL: not that simple */
    uint32_t n_members, event_data;
    const char *names; /* of all members, one behind the other */
    uint32_t names_len, texts_len;
    const char *json; /* keys of all members as JSON text */
    uint32_t json_len;
    evtx_steps steps[EVTX_SETS];
    uint32_t room; /* bytes that the names and literals of a whole value take, and how often a slot is repeated */
    uint32_t repeats;
} evtx_plan;

typedef struct evtx_tmpl {
    struct evtx_tmpl *next;
    uint64_t hash;
    const uint8_t *bytes; /* GUID, size, data */
    uint32_t len;
    bool bad; /* cannot be parsed */
    const evtx_node *nodes;
    uint32_t n_nodes;
    const evtx_name_ref *refs;
    uint32_t n_refs;
    uint32_t
        first_at; /* first element, from the definition's start, and whether a dependency id was taken to be there */
    bool first_id;
    evtx_plan *plan[2]; /* as a record's template, as a nested one */
} evtx_tmpl;

/* ---- conjuncts ------------------------------------------------------------------------------------------------------------- */
enum { TEST_CELL = 0 /* decode, ask the tester */, TEST_RANGE, TEST_SET, TEST_TEXT };
typedef struct evtx_needle {
    const uint8_t *utf16;
    uint32_t units;
    bool ascii, raw;
    rtq__needle utf8;
} evtx_needle;
typedef struct evtx_test {
    uint8_t mode, op, kind, verdict;
    bool negate, match_case;
    int8_t null_result;
    uint32_t want, n;
    int64_t lo, hi, *set; /* RANGE; SET: ascending */
    evtx_needle *needles;
} evtx_test;

/* ---- records ---------------------------------------------------------------------------------------------------------------- */
/* Values of one template instance. */
typedef struct evtx_slots {
    const uint8_t *desc, *values, *end;
    const uint16_t *offs; /* where each value is, from `values`; NULL: not known, the sum runs */
    uint32_t n;
    uint32_t at, off; /* running sum: values + off is slot `at` */
} evtx_slots;

typedef struct evtx_row {
    const evtx_tmpl *tmpl, *nest; /* tmpl NULL: odd record, cells are ready */
    evtx_slots slots, nested;
    const uint8_t *chunk, *record;
    rtq__cell *cells; /* by want, odd records only */
    const char *file;
    uint32_t chunk_len;
} evtx_row;

typedef struct evtx_vec {
    rtq__vec vec;
    uint64_t *valid;
    void *cells;
    uint64_t *loaded;
    uint32_t *codes;
    rtq__string *entries;
    rtq__evtx *d;
    uint32_t want;
    bool whole; /* EventData itself */
} evtx_vec;
enum {
    EVTX_OFFS = 20 /* slots of a record whose offsets are kept */,
    EVTX_MANY = 5 /* when so many columns are wanted */
};
enum { EVTX_DICT = 64 /* entries of a dictionary vector */ };

typedef struct evtx_tab {
    uint32_t gen, def;
    evtx_tmpl *tmpl;
} evtx_tab;

/* Text of values that come again and again: SIDs, GUIDs, keywords. */
typedef struct evtx_memo {
    uint8_t raw[32];
    uint8_t len, type, kind, text_len; /* kind: of the column, 0 inside EventData */
    char text[64];
} evtx_memo;
enum { EVTX_MEMO = 64 };

struct rtq__evtx {
    rtq__mem *mem;
    rtq__source_stats *stats;
    int64_t *max_time, time_limit; /* later times are somebody's wrong clock */
    /* the demand, compiled */
    rtq__demand_table *table;
    rtq__tester *tester;
    rtq__arena demand;
    evtx_want *wants;
    uint32_t n_wants, n_tests;
    evtx_test *tests;
    uint8_t *null_fold;
    bool all;              /* no filter */
    bool times, all_times; /* event times are wanted; of rejected records too */
    bool whole;            /* some want is a whole EventData, UserData …: rows can become large */
    int32_t time_want;
    uint32_t *memo, memo_gen; /* by conjunct: generation << 1 | result */
    uint32_t *alive;          /* branches, between the two rounds */
    /* templates */
    rtq__arena cache;
    evtx_text cache_text;
    evtx_tmpl **buckets;
    uint32_t n_tmpls;
    /* this chunk */
    const uint8_t *chunk;
    uint32_t chunk_len, gen, resolve_left;
    evtx_tab tab[256];
    const char *file;
    /* this record */
    rtq__arena scratch;
    evtx_text temp;
    evtx_nodes parsed;     /* a template being made */
    evtx_nodes ir, tree;   /* fragments without template; what a record expands to */
    uint32_t steps, level; /* of expansion: left; open elements */
    bool dirty;            /* scratch has been used */
    evtx_name_ref *name_refs;
    size_t name_refs_cap;
    rtq__dyn_builder *builder;
    /* printing */
    evtx_memo printed[EVTX_MEMO];
    int64_t second; /* whose text is in second_text, 0: none */
    char second_text[24];
    const rtq__print_col *sets[EVTX_SETS]; /* columns that are printed */
    uint32_t sets_len[EVTX_SETS], n_sets;
    uint64_t print_round; /* other columns or other texts: steps are made again */
    evtx_step *print_steps;
    size_t n_steps, cap_steps;
    rtq__buf step_texts;
    /* this batch */
    rtq__arena heap;
    evtx_text text;
    evtx_row *rows;
    uint16_t *offs; /* EVTX_OFFS a row */
    uint32_t n_rows, max_rows;
    uint64_t room; /* bytes that the rows may take when all their cells are asked for */
    evtx_vec *vecs;
    rtq__vec **cols;
    rtq__batch batch;
    int error;
};

enum { EVTX_KEYED = 8 /* branches from which on it pays to look them up */ };
enum { EVTX_CACHE_TMPLS = 8192, EVTX_CACHE_BYTES = 8 << 20, EVTX_BUCKETS = 2048, EVTX_BATCH_ROOM = 8 << 20 };

static inline evtx_val evtx_slot(evtx_slots *s, uint32_t slot, bool *damaged)
{
    evtx_val v = {NULL, 0, EVTX_NULL};
    if (slot >= s->n)
        return v;
    if (slot < s->at)
        s->at = s->off = 0;
    uint32_t off = s->offs ? s->offs[slot] : 0;
    if (!s->offs) {
        while (s->at < slot)
            s->off += evtx_u16(s->desc + (size_t)4 * s->at++);
        off = s->off;
    }
    const uint8_t *d = s->desc + (size_t)4 * slot;
    uint32_t len = evtx_u16(d);
    if ((size_t)(s->end - s->values) < (size_t)off + len) {
        *damaged = true;
        return v;
    }
    v.p = s->values + off;
    v.len = len;
    v.type = d[2];
    return v;
}

/* Fills keys and unkeyed. False: out of memory. */
bool rtq__evtx_key_branches(rtq__evtx *d, evtx_plan *p);

/* Templates. NULL: bad definition (d->error: RTQ_OK) or out of memory. */
evtx_tmpl *rtq__evtx_tmpl(rtq__evtx *d, uint32_t def);
int rtq__evtx_cache_trim(rtq__evtx *d); /* between batches: empties the cache when it has grown too large */
void rtq__evtx_cache_drop(rtq__evtx *d);
/* The plan of a template in a role (0 record, 1 nested), made when first asked for. NULL: out of memory. */
evtx_plan *rtq__evtx_tmpl_plan(rtq__evtx *d, evtx_tmpl *tmpl, int role);

void rtq__evtx_clean(rtq__evtx *d);                        /* scratch and temp text are free again */
void rtq__evtx_look_at(rtq__evtx *d, const evtx_row *row); /* offsets are of the row's chunk again */

/* Demand to tests. */
int rtq__evtx_tests(rtq__evtx *d);
/* 1 holds, 0 does not, -1 cannot tell. The value must not be XML. */
int rtq__evtx_test(rtq__evtx *d, uint32_t conjunct, const evtx_val *v);
int rtq__evtx_test_cell(rtq__evtx *d, uint32_t conjunct, const rtq__cell *cell);

/* Expansion. Trees are in d->tree, valid until the next expansion. RTQ_OK, ERR_DATA, ERR_NOMEM. */
int rtq__evtx_expand_range(rtq__evtx *d, uint32_t begin, uint32_t end,
                           bool system_only); /* fragments at chunk offsets */
int rtq__evtx_expand_node(rtq__evtx *d, const evtx_node *nodes, uint32_t node,
                          const evtx_slots *slots); /* a subtree of a template */

/* Trees to cells. Text and dynamics go to `text` and its arena. */
uint32_t rtq__evtx_event(const evtx_nodes *tree); /* node + 1 of <Event>, 0: none */
bool rtq__evtx_tree_cell(rtq__cell *out, rtq__evtx *d, const evtx_want *want,
                         evtx_text *text); /* of a whole record's tree */
/* The value of the column whose element is node `elem`, down its path. */
bool rtq__evtx_elem_cell(rtq__cell *out, rtq__evtx *d, const evtx_want *want, uint32_t elem, evtx_text *text);
bool rtq__evtx_any(rtq__dyn *out, rtq__evtx *d, const evtx_val *v, evtx_text *text); /* a scalar or an array */

/* Cells as JSON text, without making them: the print function of the vectors. */
int rtq__evtx_print_plan(rtq__evtx *d, evtx_plan *plan);
int rtq__evtx_print(rtq__buf *buf, const rtq__print_col *cols, uint32_t n, uint32_t row);

/* The cell of a want in an accepted row, or in one being tested (then `damaged` may be set). False: out of memory. */
bool rtq__evtx_row_cell(rtq__cell *out, rtq__evtx *d, evtx_row *row, uint32_t want, evtx_text *text);

#endif
