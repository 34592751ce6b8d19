/* json_filter.c - which lines cannot match, by bytes alone.
 *
 * A conjunct on a field whose last name is K holds only if some "K": in the line has a value for which it holds, or if it holds for a
 * field that is absent (then it says nothing here). The value behind each "K": is read and tested, wherever it stands: in which object,
 * which of several, even inside a string. So the answer errs only towards "may match". Text that must occur in the value is looked for
 * in the same way, before. The one thing that could hide a name or text is an escaped ASCII character (\u0041): lines that have one
 * always may match. */
#include "sources/json/json.h"

enum { MAX_PROBES = 48, MIN_TEXT = 3 };

/* Stands for itself in JSON text, unless written as \u00XX. */
static bool is_plain(char c)
{
    return c >= 0x20 && c < 0x7f && c != '"' && c != '\\' && c != '/';
}

static bool is_word(char c)
{
    return (c >= '0' && c <= '9') || (c | 0x20) == 'e' || c == '.' || c == '+' || c == '-';
}

/* ---- plan ------------------------------------------------------------------------------------------------------------- */

static int32_t probe_for(json_filter *f, rtq__arena *arena, const char *text, size_t len, bool match_case, bool quoted)
{
    size_t full = len + (quoted ? 2 : 0);
    char *copy;

    for (uint32_t i = 1; i < f->n_probes; i++) {
        const rtq__needle *n = &f->probes[i].needle;
        if (n->len == full && n->match_case == match_case && memcmp(n->ptr + quoted, text, len) == 0 &&
            (n->ptr[0] == '"') == quoted)
            return (int32_t)i;
    }
    if (f->n_probes == MAX_PROBES || !(copy = rtq__arena_alloc(arena, full + 1)))
        return -1;
    memcpy(copy + quoted, text, len);
    if (quoted)
        copy[0] = copy[full - 1] = '"';
    rtq__needle_init(&f->probes[f->n_probes].needle, copy, full, match_case);
    return (int32_t)f->n_probes++;
}

/* May text with this run only come from a string or a name, never from how a number, true or white space is printed? */
static bool tells(const char *p, size_t len)
{
    static const char *const words[] = {"true", "false", "null", "nan", "infinity"};
    bool letter = false;

    for (size_t i = 0; i < len; i++)
        letter |= !is_word(p[i]) && p[i] != ' ' && p[i] != ',' && p[i] != ':' && p[i] != '[' && p[i] != ']' &&
                  p[i] != '{' && p[i] != '}';
    for (size_t w = 0; w < sizeof words / sizeof *words; w++)
        if (rtq__find_nocase(words[w], strlen(words[w]), p, len) >= 0)
            return false;
    return letter;
}

/* What of a constant must stand in the line as it is: the longest run of plain characters without JSON's punctuation. */
static rtq_str run_of(const char *p, size_t len)
{
    rtq_str best = {p, 0};
    for (size_t i = 0; i < len;) {
        size_t from = i;
        while (i < len && is_plain(p[i]) && !strchr(",:[]{} ", p[i]))
            i++;
        if (i - from > best.len)
            best = (rtq_str){p + from, i - from};
        i += i == from;
    }
    return best;
}

static int32_t text_probe(json_filter *f, rtq__arena *arena, const rtq__conjunct *c, const rtq__want *w)
{
    uint32_t op = c->op % RTQ_OP_CASE;
    bool match_case = c->op >= RTQ_OP_CASE || op == RTQ_OP_EQ || op == RTQ_OP_IN;
    rtq_str run;

    if (c->n_values != 1 || c->values[0].kind != RTQ_STRING || (w->kind != RTQ_UNKNOWN && w->kind != RTQ_STRING))
        return -1;
    if (op != RTQ_OP_EQ && op != RTQ_OP_IN && (op < RTQ_OP_EQ_NOCASE || op > RTQ_OP_ENDSWITH))
        return -1;
    run = run_of(c->values[0].u.s, c->values[0].len);
    if (run.len < MIN_TEXT || !tells(run.ptr, run.len))
        return -1;
    return probe_for(f, arena, run.ptr, run.len, match_case, false);
}

static int32_t key_probe(json_filter *f, rtq__arena *arena, const rtq__want *w)
{
    const rtq__path_seg *last;

    for (uint32_t i = 0; i < w->n_segs; i++)
        if (!w->segs[i].name)
            return -1; /* the value is an array's item */
    if (w->n_segs == 0 || (w->flags & RTQ__WANT_REST))
        return -1;
    last = &w->segs[w->n_segs - 1];
    for (uint32_t i = 0; i < last->len; i++)
        if (!is_plain(last->name[i]))
            return -1;
    return probe_for(f, arena, last->name, last->len, true, true);
}

static bool holds_for_null(const rtq__json *d, uint32_t conjunct, uint32_t kind)
{
    rtq__cell null = rtq__cell_null(kind);
    return rtq__feed_rows_test(&d->rows, conjunct, &null) != 0;
}

int rtq__json_filter_plan(rtq__json *d, const rtq__demand_table *table)
{
    json_filter *f = &d->filter;
    rtq__arena *arena = &d->rows.plan;

    memset(f, 0, sizeof *f);
    f->find = rtq__json_find();
    f->probes = rtq__arena_zalloc(arena, MAX_PROBES * sizeof *f->probes);
    f->tests = rtq__arena_zalloc(arena, (table->n_conjuncts + 1) * sizeof *f->tests);
    if (!f->probes || !f->tests)
        return RTQ_ERR_NOMEM;
    rtq__needle_init(&f->probes[0].needle, "\\u00", 4, true);
    f->n_probes = 1;
    for (uint32_t c = 0; c < table->n_conjuncts; c++) {
        const rtq__conjunct *conjunct = &table->conjuncts[c];
        const rtq__want *w = &table->wants[conjunct->want];
        json_test *t = &f->tests[c];
        t->kind = w->kind;
        t->key = t->text = -1;
        if (conjunct->verdict == RTQ_PUSH_NO || holds_for_null(d, c, w->kind))
            continue;
        t->key = key_probe(f, arena, w);
        if (conjunct->op < RTQ_OP_NOT && conjunct->verdict != RTQ_PUSH_NO)
            t->text = text_probe(f, arena, conjunct, w);
    }
    f->active = !table->all && !d->rows.all_times;
    for (uint32_t b = 0; b < table->n_branches && f->active; b++) {
        bool says = false;
        for (uint32_t k = 0; k < table->branches[b].n; k++)
            says |= f->tests[table->branches[b].conjuncts[k]].key >= 0 ||
                    f->tests[table->branches[b].conjuncts[k]].text >= 0;
        f->active = says;
    }
    return RTQ_OK;
}

/* ---- lines ------------------------------------------------------------------------------------------------------------- */

void rtq__json_filter_window(rtq__json *d, const char *p, size_t len)
{
    d->filter.window = p;
    d->filter.len = len;
    for (uint32_t i = 0; i < d->filter.n_probes; i++)
        d->filter.probes[i].started = false;
}

/* Offset of the first hit at or after `from`; the window's length when there is none. */
static inline size_t next_hit(const json_filter *f, json_probe *p, size_t from)
{
    if (!p->started || p->next < from) {
        p->next = f->find(&p->needle, f->window, from, f->len);
        p->started = true;
        p->line = SIZE_MAX;
    }
    return p->next;
}

/* All hits in the line, found once for all conjuncts that ask. */
static void collect_hits(const json_filter *f, json_probe *p, size_t begin, size_t end)
{
    size_t at;
    if (p->line == begin)
        return;
    p->n_hits = 0;
    for (at = next_hit(f, p, begin); at < end && p->n_hits <= JSON_HITS; at = next_hit(f, p, at + 1)) {
        if (p->n_hits < JSON_HITS)
            p->hits[p->n_hits] = at;
        p->n_hits++;
    }
    p->line = begin;
}

/* The value behind a name: does the conjunct hold for it? -1: cannot tell. p is behind the name's closing quote. */
static int test_value(rtq__json *d, uint32_t conjunct, const json_test *t, const char *p, const char *end)
{
    rtq__arena_mark mark = rtq__arena_get_mark(&d->rows.heap);
    const char *past, *why;
    rtq__cell cell;
    rtq__dyn value;
    int result = -1;

    p = json_blank(p, end);
    if (p >= end)
        return -1;
    if (*p != ':')
        return 0; /* a string that reads like the name */
    p = json_blank(p + 1, end);
    if (p >= end || *p == '{' || *p == '[' || rtq__json_scalar(&value, p, end, &past, &why) != JSON_DONE)
        return -1;
    if (rtq__json_settle(&value, &d->rows.heap) == RTQ_OK &&
        rtq__feed_rows_convert(&cell, value, NULL, 0, t->kind, &d->rows.heap) == RTQ_OK)
        result = rtq__feed_rows_test(&d->rows, conjunct, &cell);
    rtq__arena_release(&d->rows.heap, mark);
    return result;
}

static bool may_hold(rtq__json *d, uint32_t conjunct, size_t begin, size_t end)
{
    json_filter *f = &d->filter;
    const json_test *t = &f->tests[conjunct];
    json_probe *key;

    if (t->text >= 0 && next_hit(f, &f->probes[t->text], begin) >= end)
        return false;
    if (t->key < 0)
        return true;
    key = &f->probes[t->key];
    if (next_hit(f, key, begin) >= end && key->line != begin)
        return false;
    collect_hits(f, key, begin, end);
    if (key->n_hits > JSON_HITS)
        return true;
    for (uint32_t i = 0; i < key->n_hits; i++)
        if (test_value(d, conjunct, t, f->window + key->hits[i] + key->needle.len, f->window + end) != 0)
            return true;
    return false;
}

bool rtq__json_filter_line(rtq__json *d, size_t begin, size_t end)
{
    const rtq__demand_table *table = d->rows.demand;

    if (next_hit(&d->filter, &d->filter.probes[0], begin) < end)
        return true;
    for (uint32_t b = 0; b < table->n_branches; b++) {
        const rtq__branch *branch = &table->branches[b];
        uint32_t k = 0;
        while (k < branch->n && may_hold(d, branch->conjuncts[k], begin, end))
            k++;
        if (k == branch->n)
            return true;
    }
    return false;
}
