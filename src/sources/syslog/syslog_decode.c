/* syslog_decode.c - lines out of bytes, cells out of lines. */
#include "base/text.h"
#include "sources/syslog/syslog.h"

const rtq__table_col rtq__syslog_cols[SYSLOG_COLS] = {
    {"DeviceTimestamp", NULL, RTQ_DATETIME, RTQ__COL_TIME},
    {"Facility", NULL, RTQ_STRING, 0},
    {"Severity", NULL, RTQ_STRING, 0},
    {"HostName", NULL, RTQ_STRING, 0},
    {"AppName", NULL, RTQ_STRING, 0},
    {"ProcId", NULL, RTQ_STRING, 0},
    {"MsgId", NULL, RTQ_STRING, 0},
    {"Message", NULL, RTQ_STRING, 0},
    {"Payload", NULL, RTQ_STRING, 0},
    {"ExtractedData", NULL, RTQ_DYNAMIC, RTQ__COL_BAG},
    {"LogFileLineage", NULL, RTQ_DYNAMIC, RTQ__COL_BAG},
};

/* ---- cells ------------------------------------------------------------------------------------------------------------- */

static const char *facility(int pri)
{
    static const char *const names[] = {"Kernel",       "UserLevel", "MailSystem", "SystemDaemons", "Authorization",
                                        "Syslog",       "Printer",   "News",       "Uucp",          "Clock",
                                        "SecurityAuth", "Ftp",       "Ntp",        "LogAudit",      "LogAlert",
                                        "ClockDaemon",  "Local0",    "Local1",     "Local2",        "Local3",
                                        "Local4",       "Local5",    "Local6",     "Local7"};
    return pri < 0 ? "" : names[pri / 8];
}

static const char *severity(int pri)
{
    static const char *const names[] = {"Emergency", "Alert",  "Critical",      "Error",
                                        "Warning",   "Notice", "Informational", "Debug"};
    return pri < 0 ? "" : names[pri % 8];
}

static void member(rtq__dyn_builder *b, const char *name, const char *text, size_t len)
{
    rtq__dyn d = {.tag = RTQ__DYN_STRING, .len = (uint32_t)len, .u.p = len ? text : ""};
    rtq__dyn_key(b, name, strlen(name));
    rtq__dyn_add(b, &d);
}

static int lineage(rtq__dyn *out, rtq__syslog *d, const syslog_row *r)
{
    static const char *const types[] = {"PlainText", "Rfc3164", "Rfc5424", "KeyValuePairs"};
    rtq__dyn time = {.tag = r->received == INT64_MIN ? RTQ__DYN_NULL : RTQ__DYN_DATETIME,
                     .u.i = r->received == INT64_MIN ? 0 : r->received};
    rtq__dyn number = {.tag = RTQ__DYN_LONG, .u.i = (int64_t)r->number};
    rtq__dyn_builder *b = d->builder;

    rtq__dyn_begin_bag(b);
    member(b, "PayloadType", types[r->type], strlen(types[r->type]));
    member(b, "RelayServer", d->relay.ptr, d->relay.len);
    rtq__dyn_key(b, "ReceivedTimestamp", 17);
    rtq__dyn_add(b, &time);
    member(b, "File", r->file, strlen(r->file));
    rtq__dyn_key(b, "Line", 4);
    rtq__dyn_add(b, &number);
    if (r->error)
        member(b, "SyslogParserErrors", r->error, strlen(r->error));
    rtq__dyn_end(b);
    return rtq__dyn_finish(out, b, &d->rows.heap);
}

static int parse_row(rtq__syslog *d, syslog_row *r)
{
    if (!rtq__utf8_valid(r->line, r->len)) {
        rtq__buf fixed;
        char *copy;
        rtq__buf_borrow(&fixed, &d->rows.heap);
        d->rows.repaired += rtq__utf8_repair(&fixed, r->line, r->len) > 0;
        copy = fixed.failed ? NULL : rtq__arena_strndup(&d->rows.heap, fixed.ptr, fixed.len);
        r->line = copy;
        r->len = (uint32_t)fixed.len;
        rtq__buf_give_back(&fixed, &d->rows.heap);
        if (!copy)
            return RTQ_ERR_NOMEM;
    }
    rtq__syslog_parse(r, &d->clock);
    return RTQ_OK;
}

static rtq__cell text_cell(rtq_str s)
{
    return s.len ? rtq__cell_s(s.ptr, s.len) : rtq__cell_s("", 0);
}

static int column(rtq__cell *out, rtq__syslog *d, const syslog_row *r, int32_t col)
{
    rtq__dyn y;
    int rc;

    switch (col) {
    case SYSLOG_TIME:
        *out = rtq__cell_i(RTQ_DATETIME, r->time);
        out->is_null = !r->has_time;
        return RTQ_OK;
    case SYSLOG_FACILITY: *out = rtq__cell_s(facility(r->pri), strlen(facility(r->pri))); return RTQ_OK;
    case SYSLOG_SEVERITY: *out = rtq__cell_s(severity(r->pri), strlen(severity(r->pri))); return RTQ_OK;
    case SYSLOG_HOST: *out = text_cell(r->host); return RTQ_OK;
    case SYSLOG_APP: *out = text_cell(r->app); return RTQ_OK;
    case SYSLOG_PROC: *out = text_cell(r->proc); return RTQ_OK;
    case SYSLOG_MSGID: *out = text_cell(r->msgid); return RTQ_OK;
    case SYSLOG_MESSAGE: *out = text_cell(r->message); return RTQ_OK;
    case SYSLOG_PAYLOAD: *out = rtq__cell_s(r->line, r->len); return RTQ_OK;
    case SYSLOG_EXTRACTED:
        rc = rtq__syslog_extract(&y, r, d->builder, &d->rows.heap);
        *out = rtq__cell_y(y);
        return rc;
    case SYSLOG_LINEAGE:
        rc = lineage(&y, d, r);
        *out = rtq__cell_y(y);
        return rc;
    default: *out = rtq__cell_null(RTQ_DYNAMIC); return RTQ_OK;
    }
}

static int syslog_cell(rtq__cell *out, void *decoder, uint32_t row, uint32_t want)
{
    rtq__syslog *d = decoder;
    const rtq__want *w = &d->rows.demand->wants[want];
    syslog_row *r = &d->staged[row];
    int rc;

    if (!r->parsed && (rc = parse_row(d, r)) < 0)
        return rc;
    if ((rc = column(out, d, r, w->table_col)) < 0)
        return rc;
    if (w->n_segs > 1 && w->kind == RTQ_UNKNOWN) {
        rtq__dyn bag = {0};
        if (!out->is_null && out->kind == RTQ_DYNAMIC)
            bag = out->u.y;
        return rtq__feed_rows_convert(out, bag, w->segs + 1, w->n_segs - 1, w->kind, &d->rows.heap);
    }
    if (out->is_null && out->kind != w->kind)
        *out = rtq__cell_null(w->kind);
    return RTQ_OK;
}

/* ---- lines ------------------------------------------------------------------------------------------------------------- */

/* Texts of these columns are pieces of the line as it is written. */
static bool is_piece(int32_t col)
{
    return col == SYSLOG_HOST || col == SYSLOG_APP || col == SYSLOG_PROC || col == SYSLOG_MSGID ||
           col == SYSLOG_MESSAGE || col == SYSLOG_PAYLOAD;
}

static int plan_needles(rtq__syslog *d, const rtq__demand_table *table)
{
    d->rejects = !table->all && !d->rows.all_times;
    d->needles = rtq__arena_zalloc(&d->rows.plan, (table->n_conjuncts + 1) * sizeof *d->needles);
    if (!d->needles)
        return RTQ_ERR_NOMEM;
    for (uint32_t c = 0; c < table->n_conjuncts; c++) {
        const rtq__conjunct *j = &table->conjuncts[c];
        uint32_t op = j->op % RTQ_OP_CASE;
        bool equal = op == RTQ_OP_EQ || op == RTQ_OP_IN;
        if (j->verdict == RTQ_PUSH_NO || j->op >= RTQ_OP_NOT || j->n_values != 1 || j->values[0].kind != RTQ_STRING ||
            table->wants[j->want].n_segs != 1 || !is_piece(table->wants[j->want].table_col) ||
            (!equal && (op < RTQ_OP_EQ_NOCASE || op > RTQ_OP_ENDSWITH)))
            continue;
        rtq__needle_init(&d->needles[c], j->values[0].u.s, j->values[0].len, equal || j->op >= RTQ_OP_CASE);
        if (!d->needles[c].ascii) /* repaired text may contain U+FFFD */
            d->needles[c].len = 0;
    }
    for (uint32_t b = 0; b < table->n_branches && d->rejects; b++) {
        bool says = false;
        for (uint32_t k = 0; k < table->branches[b].n; k++)
            says |= d->needles[table->branches[b].conjuncts[k]].len > 0;
        d->rejects = says;
    }
    return RTQ_OK;
}

/* False: no branch can hold for the line. */
static bool may_match(const rtq__syslog *d, const char *p, size_t len)
{
    const rtq__demand_table *table = d->rows.demand;

    for (uint32_t b = 0; b < table->n_branches; b++) {
        uint32_t k = 0;
        for (; k < table->branches[b].n; k++) {
            const rtq__needle *needle = &d->needles[table->branches[b].conjuncts[k]];
            if (needle->len && rtq__needle_find(needle, p, len) < 0)
                break;
        }
        if (k == table->branches[b].n)
            return true;
    }
    return false;
}

static int take_line(rtq__syslog *d, const rtq__feed_input *in, const char *p, size_t len)
{
    syslog_row *r = &d->staged[d->rows.n];

    while (len && (p[len - 1] == '\r' || p[len - 1] == ' '))
        len--;
    if (len == 0)
        return RTQ_OK;
    if (d->rejects && !may_match(d, p, len)) {
        rtq__feed_rows_reject(&d->rows);
        return RTQ_OK;
    }
    r->line = p;
    r->len = (uint32_t)len;
    r->parsed = false;
    r->number = in->line;
    r->file = in->name;
    r->received = in->live ? in->clock : INT64_MIN;
    return rtq__feed_rows_offer(&d->rows);
}

static int syslog_take(void *decoder, rtq__feed_input *in, const char *p, size_t len, bool final, size_t *used)
{
    rtq__syslog *d = decoder;
    size_t at = 0;
    int rc = RTQ_OK;

    if (in->clock != INT64_MIN)
        d->clock.now = in->clock;
    while (at < len) {
        const char *from = p + at + in->scanned, *nl = memchr(from, '\n', len - at - in->scanned);
        size_t end = nl ? (size_t)(nl - p) : len;
        if (!nl && !final && (end - at <= d->max_record) && !in->skipping) {
            in->scanned = len - at;
            break;
        }
        if (!in->skipping && rtq__feed_rows_full(&d->rows)) {
            rc = RTQ_AGAIN;
            break;
        }
        in->scanned = 0;
        if (in->skipping)
            in->skipping = !nl;
        else if (end - at > d->max_record) {
            rtq__feed_rows_bad(&d->rows, in->line, "longer than max_line_bytes");
            in->skipping = !nl;
        } else if ((rc = take_line(d, in, p + at, end - at)) < 0)
            break;
        at = end + (nl != NULL);
        in->line += nl != NULL;
    }
    *used = at;
    return rc;
}

/* ---- life -------------------------------------------------------------------------------------------------------------- */

static int syslog_plan(void *decoder, rtq__demand_table *table)
{
    rtq__syslog *d = decoder;
    int rc = rtq__feed_rows_plan(&d->rows, table);

    if (rc < 0)
        return rc;
    d->staged = rtq__arena_alloc(&d->rows.plan, (RTQ__ROWS + 1) * sizeof *d->staged);
    return d->staged ? plan_needles(d, table) : RTQ_ERR_NOMEM;
}

static rtq__feed_rows *syslog_rows(void *decoder)
{
    return &((rtq__syslog *)decoder)->rows;
}

static void syslog_free(void *decoder)
{
    rtq__syslog *d = decoder;
    rtq__dyn_builder_free(d->builder);
    rtq__feed_rows_free(&d->rows);
    rtq__free(d->rows.mem, d);
}

int rtq__syslog_new(rtq__syslog **out, rtq__mem *mem, size_t max_record, syslog_clock clock, rtq_str relay,
                    rtq__source_stats *stats, int64_t *max_time)
{
    rtq__syslog *d = rtq__calloc(mem, 1, sizeof *d);

    if (!d)
        return RTQ_ERR_NOMEM;
    rtq__feed_rows_init(&d->rows, mem, stats, max_time, syslog_cell, d);
    d->max_record = max_record;
    d->clock = clock;
    d->relay = relay;
    if (!(d->builder = rtq__dyn_builder_new(mem))) {
        syslog_free(d);
        return RTQ_ERR_NOMEM;
    }
    *out = d;
    return RTQ_OK;
}

const rtq__feed_class rtq__syslog_feed = {syslog_plan, syslog_take, NULL, syslog_rows, syslog_free};
