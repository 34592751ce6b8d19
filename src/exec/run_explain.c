/* run_explain.c - what was pushed where: rendered at each commit, read by any thread. */
#include "exec/run.h"

static const char *verdict_name(uint8_t v)
{
    return v == RTQ_PUSH_EXACT ? "exact" : v == RTQ_PUSH_SUPERSET ? "superset" : "no";
}

static const char *op_name(uint32_t op)
{
    static const char *const names[] = {"?",      "==",        "!=",         "<",        "<=",
                                        ">",      ">=",        "in",         "between",  "=~",
                                        "has",    "contains",  "startswith", "endswith", "matches regex",
                                        "isnull", "isnotnull", "ipv4_in"};
    uint32_t plain = op % RTQ_OP_CASE;
    return plain < sizeof names / sizeof *names ? names[plain] : "other";
}

static void add_values(rtq__buf *buf, const rtq__conjunct *c)
{
    rtq__buf_addc(buf, '[');
    for (uint32_t i = 0; i < c->n_values; i++) {
        if (i)
            rtq__buf_addc(buf, ',');
        rtq__cell_print_json(buf, &c->values[i]);
    }
    rtq__buf_addc(buf, ']');
}

static void table_json(rtq__buf *buf, const rtq__demand_table *t)
{
    rtq__buf_adds(buf, "{\"table\":");
    rtq__buf_add_json(buf, t->table->name, strlen(t->table->name));
    rtq__buf_adds(buf, ",\"columns\":[");
    for (uint32_t i = 0; i < t->n_wants; i++) {
        rtq__buf_adds(buf, i ? ",{\"path\":" : "{\"path\":");
        rtq__buf_add_json(buf, t->wants[i].path, strlen(t->wants[i].path));
        rtq__buf_addf(buf, ",\"decide\":%s,\"survivor\":%s,\"rest\":%s}",
                      t->wants[i].flags & RTQ__WANT_DECIDE ? "true" : "false",
                      t->wants[i].flags & RTQ__WANT_SURVIVOR ? "true" : "false",
                      t->wants[i].flags & RTQ__WANT_REST ? "true" : "false");
    }
    rtq__buf_adds(buf, "],\"branches\":[");
    for (uint32_t b = 0; b < t->n_branches; b++) {
        rtq__buf_adds(buf, b ? ",[" : "[");
        for (uint32_t k = 0; k < t->branches[b].n; k++) {
            const rtq__conjunct *c = &t->conjuncts[t->branches[b].conjuncts[k]];
            rtq__buf_adds(buf, k ? ",{\"path\":" : "{\"path\":");
            rtq__buf_add_json(buf, t->wants[c->want].path, strlen(t->wants[c->want].path));
            rtq__buf_addf(buf, ",\"op\":\"%s%s%s\",\"values\":", c->op >= RTQ_OP_NOT ? "!" : "",
                          op_name(c->op % RTQ_OP_NOT), c->op % RTQ_OP_NOT >= RTQ_OP_CASE ? "_cs" : "");
            add_values(buf, c);
            rtq__buf_addf(buf, ",\"verdict\":\"%s\"}", verdict_name(c->verdict));
        }
        rtq__buf_addc(buf, ']');
    }
    rtq__buf_adds(buf, "]}");
}

static void table_text(rtq__buf *buf, const rtq__demand_table *t)
{
    rtq__buf_addf(buf, "  table %s\n    columns:", t->table->name);
    for (uint32_t i = 0; i < t->n_wants; i++)
        rtq__buf_addf(buf, "%s %s%s", i ? "," : "", t->wants[i].path[0] ? t->wants[i].path : "*",
                      t->wants[i].flags & RTQ__WANT_SURVIVOR ? "" : " (decides)");
    rtq__buf_addc(buf, '\n');
    for (uint32_t b = 0; b < t->n_branches; b++) {
        rtq__buf_addf(buf, "    branch %u: %s", (unsigned)b, t->branches[b].n ? "" : "every row");
        for (uint32_t k = 0; k < t->branches[b].n; k++) {
            const rtq__conjunct *c = &t->conjuncts[t->branches[b].conjuncts[k]];
            rtq__buf_addf(buf, "%s%s %s%s%s ", k ? " and " : "", t->wants[c->want].path, c->op >= RTQ_OP_NOT ? "!" : "",
                          op_name(c->op % RTQ_OP_NOT), c->op % RTQ_OP_NOT >= RTQ_OP_CASE ? "_cs" : "");
            add_values(buf, c);
            rtq__buf_addf(buf, " (%s)", verdict_name(c->verdict));
        }
        rtq__buf_addc(buf, '\n');
    }
}

static int render(rtq__buf *buf, const rtq_run *run, bool as_json)
{
    int rc = RTQ_OK;

    rtq__buf_adds(buf, as_json ? "{\"sources\":[" : "");
    for (size_t i = 0; i < run->n_sources; i++) {
        const rtq__run_source *s = run->sources[i];
        rtq__buf_addf(buf, as_json ? "%s{\"id\":%llu,\"kind\":\"%s\",\"tables\":[" : "%ssource %llu: %s\n",
                      as_json && i ? "," : "", (unsigned long long)s->id, s->src->cls->kind);
        for (uint32_t t = 0; s->demand && t < s->demand->n_tables; t++) {
            if (as_json && t)
                rtq__buf_addc(buf, ',');
            if (as_json)
                table_json(buf, &s->demand->tables[t]);
            else if (s->demand->tables[t].n_branches)
                table_text(buf, &s->demand->tables[t]);
        }
        rtq__buf_adds(buf, as_json ? "]}" : "");
    }
    rtq__buf_adds(buf, as_json ? "],\"queries\":[" : "");
    for (size_t i = 0; i < run->n_queries && rc == RTQ_OK; i++) {
        const rtq__run_query *q = run->queries[i];
        rtq__buf_addf(buf, as_json ? "%s{\"id\":%llu,\"name\":" : "%squery %llu: ", as_json && i ? "," : "",
                      (unsigned long long)q->id);
        if (as_json)
            rtq__buf_add_json(buf, q->name, strlen(q->name));
        rtq__buf_adds(buf, as_json ? ",\"plan\":" : q->name);
        rtq__buf_adds(buf, as_json ? "" : "\n");
        rc = rtq__plan_explain(buf, q->query->plan, as_json);
        rtq__buf_adds(buf, as_json ? "}" : "");
    }
    rtq__buf_adds(buf, as_json ? "]}" : "");
    return rc < 0 ? rc : buf->failed ? RTQ_ERR_NOMEM : RTQ_OK;
}

int rtq__run_render(rtq_run *run)
{
    rtq__buf fresh[2];
    int rc = RTQ_OK;

    for (int i = 0; i < 2; i++) {
        rtq__buf_init(&fresh[i], run->mem);
        if (rc == RTQ_OK)
            rc = render(&fresh[i], run, i == 1);
    }
    rtq__mutex_lock(&run->lock);
    for (int i = 0; i < 2 && rc == RTQ_OK; i++) {
        rtq__buf old = run->explained[i];
        run->explained[i] = fresh[i];
        fresh[i] = old;
    }
    rtq__mutex_unlock(&run->lock);
    rtq__buf_free(&fresh[0]);
    rtq__buf_free(&fresh[1]);
    return rc;
}

int rtq__run_explain(rtq__buf *out, const rtq_run *run, bool as_json)
{
    rtq_run *r = (rtq_run *)(uintptr_t)run;

    rtq__mutex_lock(&r->lock);
    if (run->explained[as_json].len)
        rtq__buf_add(out, run->explained[as_json].ptr, run->explained[as_json].len);
    else
        rtq__buf_adds(out, as_json ? "{\"sources\":[],\"queries\":[]}" : "nothing is applied before the first step\n");
    rtq__mutex_unlock(&r->lock);
    return out->failed ? RTQ_ERR_NOMEM : RTQ_OK;
}
