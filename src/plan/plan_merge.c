/* plan_merge.c - what many plans need of the tables of one source, as one demand. */
#include "base/hash.h"
#include "plan/plan.h"

typedef struct built {
    rtq_demand demand; /* first: what the source sees */
    rtq__mem *mem;
    rtq__arena arena;
    rtq__read *reads;
    uint32_t **conjuncts; /* by reader: its conjunct -> the demand's */
    uint32_t n_reads;
} built;

typedef struct merge {
    built *b;
    const rtq__table *table;
    rtq__demand_table *out;
    uint32_t *heads, *next, n_heads; /* conjuncts by hash */
} merge;

static void *keep(built *b, size_t n, size_t len)
{
    return rtq__arena_zalloc(&b->arena, (n + 1) * len);
}

/* ---- paths --------------------------------------------------------------------------------------------------------- */
static const char *name_end(const char *s)
{
    while (*s && *s != '.' && *s != '[')
        s++;
    return s;
}

/* One segment at *pos; false: the rest has no such form, and is taken as one name. */
static bool segment(const char **pos, rtq__path_seg *seg)
{
    const char *s = *pos;
    *seg = (rtq__path_seg){0};
    if (*s != '[') {
        const char *end = name_end(s);
        *seg = (rtq__path_seg){.name = s, .len = (uint32_t)(end - s)};
        *pos = *end == '.' ? end + 1 : end;
        return end != s;
    }
    if (s[1] == '\'' || s[1] == '"') {
        const char *end = strchr(s + 2, s[1]);
        if (!end || end[1] != ']')
            return false;
        *seg = (rtq__path_seg){.name = s + 2, .len = (uint32_t)(end - s - 2)};
        s = end + 2;
    } else {
        const char *d = s + 1 + (s[1] == '-');
        int64_t index = 0;
        for (; *d >= '0' && *d <= '9' && index < INT32_MAX / 10; d++)
            index = index * 10 + (*d - '0');
        if (*d != ']' || d == s + 1 + (s[1] == '-'))
            return false;
        seg->index = (int32_t)(s[1] == '-' ? -index : index);
        s = d + 1;
    }
    *pos = *s == '.' ? s + 1 : s;
    return true;
}

static bool segments(built *b, rtq__want *want)
{
    uint32_t cap = 1;
    for (const char *s = want->path; *s; s++)
        cap += *s == '.' || *s == '[';
    rtq__path_seg *segs = keep(b, cap, sizeof *segs);
    if (!segs)
        return false;
    const char *pos = want->path;
    while (*pos && want->n_segs < cap) {
        const char *from = pos;
        if (!segment(&pos, &segs[want->n_segs])) {
            segs[want->n_segs++] = (rtq__path_seg){.name = from, .len = (uint32_t)strlen(from)};
            break;
        }
        want->n_segs++;
    }
    want->segs = segs;
    return true;
}

static int32_t find_col(const rtq__table *table, const char *name, size_t len, bool whole)
{
    for (uint32_t i = 0; i < table->n_cols; i++) {
        const rtq__table_col *col = &table->cols[i];
        const char *path = col->path ? col->path : col->name;
        if (strlen(path) == len && memcmp(path, name, len) == 0)
            return (int32_t)i;
    }
    for (uint32_t i = 0; i < table->n_cols && !whole; i++)
        if (strlen(table->cols[i].name) == len && memcmp(table->cols[i].name, name, len) == 0)
            return (int32_t)i;
    return -1;
}

/* ---- wants --------------------------------------------------------------------------------------------------------- */
static int64_t add_want(merge *m, const char *path, uint8_t flags)
{
    for (uint32_t i = 0; i < m->out->n_wants; i++) {
        rtq__want *w = &m->out->wants[i];
        if (strcmp(w->path, path) == 0 && ((w->flags ^ flags) & RTQ__WANT_REST) == 0) {
            w->flags |= flags;
            return i;
        }
    }
    rtq__want *w = &m->out->wants[m->out->n_wants];
    w->path = rtq__arena_strndup(&m->b->arena, path, strlen(path));
    w->flags = flags;
    w->kind = RTQ_UNKNOWN;
    if (!w->path || !segments(m->b, w))
        return RTQ_ERR_NOMEM;
    w->table_col = find_col(m->table, path, strlen(path), false);
    if (w->table_col >= 0)
        w->kind = m->table->cols[w->table_col].kind;
    else if (w->n_segs > 1 && w->segs[0].name)
        w->table_col = find_col(m->table, w->segs[0].name, w->segs[0].len, false);
    if (flags & RTQ__WANT_REST)
        w->kind = RTQ_DYNAMIC;
    return m->out->n_wants++;
}

static bool is_read(const rtq__reader *reader, const rtq__node *scan)
{
    return !reader->nodes || reader->nodes[scan->id];
}

static int add_wants(merge *m, const rtq__reader *reader, rtq__read *read)
{
    const rtq__plan_table *t = &reader->plan->tables[reader->table];
    uint32_t *wants = keep(m->b, t->n_wants, sizeof *wants);
    if (!wants)
        return RTQ_ERR_NOMEM;
    memset(wants, 0xff, t->n_wants * sizeof *wants);
    for (uint32_t s = 0; s < t->n_scans; s++)
        for (uint32_t i = 0; i < t->scans[s]->layout.n && is_read(reader, t->scans[s]); i++) {
            uint32_t want = t->scans[s]->u.scan.wants[i];
            if (wants[want] != UINT32_MAX)
                continue;
            int64_t at = add_want(m, t->wants[want].path, t->wants[want].flags);
            if (at < 0)
                return (int)at;
            wants[want] = (uint32_t)at;
        }
    read->wants = wants;
    return RTQ_OK;
}

/* ---- conjuncts ----------------------------------------------------------------------------------------------------- */
static uint64_t hash_cell(const rtq__cell *c, uint64_t h)
{
    h = rtq__hash_mix(h, c->kind);
    return c->kind == RTQ_STRING ? rtq__hash_mix(h, rtq__hash_bytes(c->u.s, c->len, 0))
                                 : rtq__hash_mix(h, rtq__hash_bytes(&c->u, rtq__cell_len(c->kind), 0));
}

static bool same_cell(const rtq__cell *a, const rtq__cell *b)
{
    if (a->kind != b->kind || a->len != b->len)
        return false;
    return a->kind == RTQ_STRING ? memcmp(a->u.s, b->u.s, a->len) == 0
                                 : memcmp(&a->u, &b->u, rtq__cell_len(a->kind)) == 0;
}

static bool same(const rtq__conjunct *a, const rtq__conjunct *b)
{
    if (a->want != b->want || a->op != b->op || a->n_values != b->n_values)
        return false;
    for (uint32_t i = 0; i < a->n_values; i++)
        if (!same_cell(&a->values[i], &b->values[i]))
            return false;
    return true;
}

static uint32_t intern(merge *m, const rtq__conjunct *c)
{
    uint64_t h = rtq__hash_mix(c->want, c->op);
    for (uint32_t i = 0; i < c->n_values; i++)
        h = hash_cell(&c->values[i], h);
    uint32_t *head = &m->heads[h % m->n_heads];
    for (uint32_t i = *head; i != UINT32_MAX; i = m->next[i])
        if (same(&m->out->conjuncts[i], c))
            return i;
    uint32_t i = m->out->n_conjuncts++;
    m->out->conjuncts[i] = *c;
    m->next[i] = *head;
    *head = i;
    return i;
}

/* map: conjuncts of the plan table that are in the demand already; else UINT32_MAX. */
static int add_branch(merge *m, const rtq__plan_table *t, const rtq__branch *branch, const uint32_t *wants,
                      uint32_t *map)
{
    uint32_t *list = keep(m->b, branch->n, sizeof *list);
    if (!list)
        return RTQ_ERR_NOMEM;
    for (uint32_t k = 0; k < branch->n; k++) {
        uint32_t i = branch->conjuncts[k];
        const rtq__plan_conjunct *c = &t->conjuncts[i];
        if (map[i] == UINT32_MAX)
            map[i] = intern(
                m, &(rtq__conjunct){.want = wants[c->want], .op = c->op, .values = c->values, .n_values = c->n_values});
        list[k] = map[i];
    }
    m->out->branches[m->out->n_branches++] = (rtq__branch){list, branch->n};
    m->out->all |= branch->n == 0;
    return RTQ_OK;
}

static int add_conjuncts(merge *m, const rtq__reader *reader, rtq__read *read, uint32_t **conjuncts)
{
    const rtq__plan_table *t = &reader->plan->tables[reader->table];
    uint32_t *map = keep(m->b, t->n_conjuncts, sizeof *map);
    bool *exact = keep(m->b, t->n_conjuncts, sizeof *exact);
    if (!map || !exact)
        return RTQ_ERR_NOMEM;
    memset(map, 0xff, t->n_conjuncts * sizeof *map);
    for (uint32_t s = 0; s < t->n_scans; s++) {
        const rtq__node *scan = t->scans[s];
        for (uint32_t i = 0; i < scan->u.scan.n_branches && is_read(reader, scan); i++) {
            int rc = add_branch(m, t, &t->branches[scan->u.scan.first_branch + i], read->wants, map);
            if (rc != RTQ_OK)
                return rc;
        }
    }
    read->exact = exact;
    *conjuncts = map;
    return RTQ_OK;
}

/* ---- tables -------------------------------------------------------------------------------------------------------- */
static int merge_init(merge *m, const rtq__reader *readers, uint32_t n_readers, uint32_t source_table)
{
    uint32_t wants = 1, conjuncts = 0, branches = 0;
    for (uint32_t i = 0; i < n_readers; i++) {
        if (readers[i].source_table != source_table)
            continue;
        const rtq__plan_table *t = &readers[i].plan->tables[readers[i].table];
        wants += t->n_wants;
        conjuncts += t->n_conjuncts;
        branches += t->n_branches;
    }
    m->n_heads = conjuncts | 1;
    m->heads = keep(m->b, m->n_heads, sizeof *m->heads);
    m->next = keep(m->b, conjuncts, sizeof *m->next);
    m->out->table = m->table;
    m->out->wants = keep(m->b, wants, sizeof(rtq__want));
    m->out->conjuncts = keep(m->b, conjuncts, sizeof(rtq__conjunct));
    m->out->branches = keep(m->b, branches, sizeof(rtq__branch));
    if (!m->heads || !m->next || !m->out->wants || !m->out->conjuncts || !m->out->branches)
        return RTQ_ERR_NOMEM;
    memset(m->heads, 0xff, m->n_heads * sizeof *m->heads);
    return RTQ_OK;
}

static int add_time(merge *m, uint8_t flags, int32_t *time)
{
    *time = -1;
    if (m->table->time_col < 0 || !flags)
        return RTQ_OK;
    const rtq__table_col *col = &m->table->cols[m->table->time_col];
    int64_t at = add_want(m, col->path ? col->path : col->name, flags);
    *time = (int32_t)at;
    return at < 0 ? (int)at : RTQ_OK;
}

static int merge_table(built *b, const rtq__table *table, uint32_t source_table, const rtq__reader *readers,
                       uint32_t n_readers, uint8_t time)
{
    merge m = {.b = b, .table = table, .out = &b->demand.tables[source_table]};
    int rc = merge_init(&m, readers, n_readers, source_table);
    uint32_t n = 0;
    for (uint32_t i = 0; i < n_readers && rc == RTQ_OK; i++) {
        if (readers[i].source_table != source_table)
            continue;
        const rtq__plan_table *t = &readers[i].plan->tables[readers[i].table];
        rc = add_wants(&m, &readers[i], &b->reads[i]);
        if (rc == RTQ_OK)
            rc = add_conjuncts(&m, &readers[i], &b->reads[i], &b->conjuncts[i]);
        if (t->time)
            time |= RTQ__WANT_TIME;
        m.out->max_rows = n++ == 0 ? t->max_rows : 0;
    }
    int32_t at = -1;
    if (rc == RTQ_OK)
        rc = add_time(&m, time, &at);
    for (uint32_t i = 0; i < n_readers; i++)
        if (readers[i].source_table == source_table)
            b->reads[i].time = at;
    m.out->single = m.out->n_branches == 1;
    return rc;
}

int rtq__demand_new(rtq_demand **out, rtq__mem *mem, const rtq__table *tables, uint32_t n_tables,
                    const rtq__reader *readers, uint32_t n_readers, const uint8_t *time, uint32_t epoch)
{
    built *b = rtq__calloc(mem, 1, sizeof *b);
    if (!b)
        return RTQ_ERR_NOMEM;
    b->mem = mem;
    rtq__arena_init(&b->arena, mem, 4096);
    b->demand.epoch = epoch;
    b->demand.n_tables = n_tables;
    b->n_reads = n_readers;
    b->demand.tables = keep(b, n_tables, sizeof(rtq__demand_table));
    b->reads = keep(b, n_readers, sizeof *b->reads);
    b->conjuncts = keep(b, n_readers, sizeof *b->conjuncts);
    int rc = b->demand.tables && b->reads && b->conjuncts ? RTQ_OK : RTQ_ERR_NOMEM;
    for (uint32_t i = 0; i < n_readers && rc == RTQ_OK; i++)
        b->reads[i] = (rtq__read){
            .plan = readers[i].plan, .table = readers[i].table, .source_table = readers[i].source_table, .time = -1};
    for (uint32_t t = 0; t < n_tables && rc == RTQ_OK; t++)
        rc = merge_table(b, &tables[t], t, readers, n_readers, time ? time[t] : 0);
    if (rc != RTQ_OK)
        rtq__demand_free(&b->demand);
    else
        *out = &b->demand;
    return rc;
}

void rtq__demand_settle(rtq_demand *demand)
{
    built *b = (built *)demand;
    for (uint32_t i = 0; i < b->n_reads; i++) {
        rtq__read *read = &b->reads[i];
        const rtq__demand_table *t = &demand->tables[read->source_table];
        bool *exact = (bool *)(uintptr_t)read->exact; /* ours */
        for (uint32_t c = 0; c < read->plan->tables[read->table].n_conjuncts; c++)
            exact[c] = t->single && b->conjuncts[i][c] != UINT32_MAX &&
                       t->conjuncts[b->conjuncts[i][c]].verdict == RTQ_PUSH_EXACT;
    }
}

const rtq__read *rtq__demand_read(const rtq_demand *demand, uint32_t reader)
{
    return &((const built *)demand)->reads[reader];
}

void rtq__demand_free(rtq_demand *demand)
{
    if (!demand)
        return;
    built *b = (built *)demand;
    rtq__arena_free(&b->arena);
    rtq__free(b->mem, b);
}
