/* fn_datetime.c - parts of datetimes, calendar arithmetic, the clock. Results outside the calendar are null. */
#include <math.h>
#include "base/diag.h"
#include "base/text.h"
#include "base/time.h"
#include "fn/convert.h"
#include "fn/families.h"

enum {
    YEAR,
    QUARTER,
    MONTH,
    WEEK,
    DAY,
    HOUR,
    MINUTE,
    SECOND,
    MILLISECOND,
    MICROSECOND,
    NANOSECOND,
    DAY_OF_YEAR,
    WEEK_OF_YEAR,
    N_PARTS
};
static const char *const part_names[N_PARTS] = {"year",       "quarter",   "month",       "week",        "day",
                                                "hour",       "minute",    "second",      "millisecond", "microsecond",
                                                "nanosecond", "dayofyear", "week_of_year"};
static const int64_t part_ticks[] = {[WEEK] = 7 * RTQ__TICKS_DAY,
                                     [DAY] = RTQ__TICKS_DAY,
                                     [HOUR] = RTQ__TICKS_HOUR,
                                     [MINUTE] = RTQ__TICKS_MINUTE,
                                     [SECOND] = RTQ__TICKS_SECOND,
                                     [MILLISECOND] = RTQ__TICKS_SECOND / 1000,
                                     [MICROSECOND] = RTQ__TICKS_SECOND / 1000000};

static void set_time(rtq__cell *out, __int128 ticks)
{
    if (ticks >= 0 && ticks <= RTQ__TICKS_MAX)
        *out = rtq__cell_i(RTQ_DATETIME, (int64_t)ticks);
}

static int find_part(const rtq__cell *name)
{
    if (rtq__equal_nocase(name->u.s, name->len, "weekofyear", 10))
        return WEEK_OF_YEAR;
    for (int i = 0; i < N_PARTS; i++)
        if (rtq__equal_nocase(name->u.s, name->len, part_names[i], strlen(part_names[i])))
            return i;
    return -1;
}

/* The name of a part is a constant: refused at once when there is no such part. `tag` of the row: the last part it takes. */
static int part_prepare(void **out, rtq__mem *mem, const rtq__fn *fn, const rtq__cell *const *args, uint32_t n_args,
                        rtq_diag *diag, size_t begin, size_t end)
{
    (void)n_args;
    if (!args[0])
        return RTQ_OK;
    int part = find_part(args[0]);
    if (part < 0 || part > (int)fn->tag || (fn->tag == WEEK_OF_YEAR && part == WEEK)) {
        int rc = rtq__diag_add(diag, RTQ_ERR_SEMANTIC, RTQ__SEV_ERROR, begin, end, "%s() knows no part of time '%.*s'",
                               fn->name, (int)args[0]->len, args[0]->u.s);
        rtq__diag_hint(diag,
                       "year, quarter, month, %s, day, hour, minute, second, millisecond, microsecond, nanosecond",
                       fn->tag == WEEK_OF_YEAR ? "week_of_year, dayofyear" : "week");
        return rc;
    }
    int *state = rtq__alloc(mem, sizeof *state);
    if (!state)
        return RTQ_ERR_NOMEM;
    *state = part;
    *out = state;
    return RTQ_OK;
}

static void free_state(rtq__mem *mem, void *state)
{
    rtq__free(mem, state);
}

/* ---- calendar ----------------------------------------------------------------------------------------------------- */

static int64_t floor_ticks(int64_t x, int64_t unit)
{
    return x / unit - (x % unit < 0);
}

static int64_t days_of(int64_t ticks)
{
    return floor_ticks(ticks, RTQ__TICKS_DAY);
}
/* 0001-01-01 was a Monday. */
static int64_t weekday_of(int64_t ticks)
{
    return (days_of(ticks) + 1) % 7;
}

static bool add_months(int64_t *out, int64_t ticks, int64_t months)
{
    rtq__civil c = rtq__civil_from_ticks(ticks);
    if (months < -200000 || months > 200000)
        return false;
    int64_t month = (int64_t)c.year * 12 + c.month - 1 + months;
    if (month < 12 || month >= 10000 * 12)
        return false;
    c.year = (int32_t)(month / 12);
    c.month = (int32_t)(month % 12 + 1);
    int days = rtq__days_in_month(c.year, c.month);
    c.day = c.day > days ? days : c.day;
    return rtq__ticks_from_civil(out, &c);
}

/* ISO 8601: the week of the year's first Thursday is week 1. */
static int64_t iso_week(int64_t ticks)
{
    int64_t weekday = (days_of(ticks) % 7), thursday = days_of(ticks) - weekday + 3;
    rtq__civil c = rtq__civil_from_ticks(ticks);
    if (thursday * RTQ__TICKS_DAY <= RTQ__TICKS_MAX && thursday >= 0)
        c = rtq__civil_from_ticks(thursday * RTQ__TICKS_DAY);
    return (c.yearday - 1) / 7 + 1;
}

static int64_t part_of(int64_t ticks, int part)
{
    switch (part) { /* those that need no calendar; datetimes are never negative */
    case HOUR: return ticks % RTQ__TICKS_DAY / RTQ__TICKS_HOUR;
    case MINUTE: return ticks % RTQ__TICKS_HOUR / RTQ__TICKS_MINUTE;
    case SECOND: return ticks % RTQ__TICKS_MINUTE / RTQ__TICKS_SECOND;
    case MILLISECOND: return ticks % RTQ__TICKS_SECOND / 10000;
    case MICROSECOND: return ticks % RTQ__TICKS_SECOND / 10;
    case NANOSECOND: return ticks % RTQ__TICKS_SECOND * 100;
    case WEEK_OF_YEAR: return iso_week(ticks);
    default: break;
    }
    rtq__civil c = rtq__civil_from_ticks(ticks);
    switch (part) {
    case YEAR: return c.year;
    case QUARTER: return (c.month - 1) / 3 + 1;
    case MONTH: return c.month;
    case DAY: return c.day;

    default: return c.yearday;
    }
}

static void row_part(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    (void)n_args;
    int part = ctx->state ? *(const int *)ctx->state : find_part(&args[0]);
    if (part >= 0)
        *out = rtq__cell_i(RTQ_INT, part_of(args[1].u.i, part));
}

static void row_get(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    (void)n_args;
    *out = rtq__cell_i(RTQ_INT, part_of(args[0].u.i, (int)ctx->fn->tag));
}

/* Kusto computes it by way of the end of the week, so that the last days of 9999 have none. */
static void row_dayofweek(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    (void)n_args, (void)ctx;
    int64_t weekday = weekday_of(args[0].u.i), week = (days_of(args[0].u.i) - weekday) * RTQ__TICKS_DAY;
    if (week <= RTQ__TICKS_MAX - 7 * RTQ__TICKS_DAY)
        *out = rtq__cell_i(RTQ_TIMESPAN, weekday * RTQ__TICKS_DAY);
}

static void row_add(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    (void)n_args;
    int part = ctx->state ? *(const int *)ctx->state : find_part(&args[0]);
    int64_t n = args[1].u.i, ticks = args[2].u.i, months = part == YEAR ? 12 : part == QUARTER ? 3 : 1;
    if (part < 0 || part > NANOSECOND)
        return;
    if (part == NANOSECOND)
        set_time(out, (__int128)ticks + n / 100);
    else if (part > MONTH)
        set_time(out, (__int128)ticks + (__int128)n * part_ticks[part]);
    else if (n > -200000 && n < 200000 && add_months(&ticks, ticks, n * months))
        set_time(out, ticks);
}

static int64_t months_of(int64_t ticks)
{
    rtq__civil c = rtq__civil_from_ticks(ticks);
    return (int64_t)c.year * 12 + c.month - 1;
}

/* How many borders of the period lie between the two. */
static int64_t diff(int part, int64_t a, int64_t b)
{
    switch (part) {
    case YEAR: return months_of(a) / 12 - months_of(b) / 12;
    case QUARTER: return months_of(a) / 3 - months_of(b) / 3;
    case MONTH: return months_of(a) - months_of(b);
    case WEEK: return (days_of(a) + 1) / 7 - (days_of(b) + 1) / 7; /* weeks begin on Sunday */
    case NANOSECOND: return (int64_t)(((uint64_t)a - (uint64_t)b) * 100);
    default: return a / part_ticks[part] - b / part_ticks[part];
    }
}

static void row_diff(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    (void)n_args;
    int part = ctx->state ? *(const int *)ctx->state : find_part(&args[0]);
    if (part >= 0 && part <= NANOSECOND)
        *out = rtq__cell_i(RTQ_LONG, diff(part, args[1].u.i, args[2].u.i));
}

/* ---- starts and ends ---------------------------------------------------------------------------------------------- */

/* Start of the period that contains ticks, `offset` periods later; may be the first tick after the calendar. */
static bool start_of(__int128 *out, int part, int64_t ticks, int64_t offset)
{
    if (offset < -4000000 || offset > 4000000)
        return false;
    if (part == DAY || part == WEEK) {
        int64_t days = days_of(ticks) - (part == WEEK ? weekday_of(ticks) : 0) + offset * (part == WEEK ? 7 : 1);
        *out = (__int128)days * RTQ__TICKS_DAY;
        return true;
    }
    int64_t step = part == YEAR ? 12 : 1, month = months_of(ticks) / step * step + offset * step, year = month / 12;
    if (month < 12 || year > 10000)
        return false;
    *out = year == 10000 ? (__int128)RTQ__TICKS_MAX + 1
                         : (__int128)rtq__days_from_civil((int32_t)year, (int32_t)(month % 12 + 1), 1) * RTQ__TICKS_DAY;
    return year < 10000 || month % 12 == 0;
}

#define EDGE_END 16
static void row_edge(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    bool is_end = ctx->fn->tag & EDGE_END;
    int part = (int)ctx->fn->tag & ~EDGE_END;
    int64_t offset = n_args > 1 ? args[1].u.i : 0;
    __int128 ticks;
    if (offset < INT64_MAX && start_of(&ticks, part, args[0].u.i, offset + is_end))
        set_time(out, ticks - is_end);
}

/* ---- making ------------------------------------------------------------------------------------------------------- */

static void row_make_datetime(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    (void)ctx;
    int64_t v[5] = {0, 1, 1, 0, 0}, ticks;
    double second = n_args > 5 ? args[5].u.d : 0;
    for (uint32_t i = 0; i < 5 && i < n_args; i++) {
        v[i] = args[i].u.i;
        if (v[i] < 0 || v[i] > 9999)
            return;
    }
    if (!(second >= 0 && second < 60) || v[3] > 23 || v[4] > 59)
        return;
    rtq__civil c = {.year = (int32_t)v[0],
                    .month = (int32_t)v[1],
                    .day = (int32_t)v[2],
                    .hour = (int32_t)v[3],
                    .minute = (int32_t)v[4]};
    if (rtq__ticks_from_civil(&ticks, &c))
        set_time(out, (__int128)ticks + llround(second * 1e7));
}

static void row_make_timespan(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    (void)ctx;
    uint32_t first = n_args == 4 ? 0 : 1; /* two or three: no days */
    int64_t v[3] = {0, 0, 0};             /* days, hours, minutes */
    for (uint32_t i = first; i < 3 && i - first < n_args; i++)
        v[i] = args[i - first].u.i;
    double second = n_args >= 3 ? args[n_args - 1].u.d : 0;
    if (v[0] < 0 || v[0] > 10675198 || v[1] < 0 || v[1] > 23 || v[2] < 0 || v[2] > 59 || !(second >= 0 && second < 60))
        return;
    int64_t ticks = v[0] * RTQ__TICKS_DAY + v[1] * RTQ__TICKS_HOUR + v[2] * RTQ__TICKS_MINUTE +
                    (int64_t)llround(second * 1e7);
    *out = rtq__cell_i(RTQ_TIMESPAN, ticks);
}

/* tag: ticks in 1000 units, so that nanoseconds are whole numbers too */
static void row_unixtime(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    (void)n_args;
    int64_t per_1000 = ctx->fn->tag;
    if (args[0].kind == RTQ_REAL) {
        double x = args[0].u.d * (double)per_1000 / 1000;
        if (x > -7e17 && x < 4e18)
            set_time(out, (__int128)RTQ_UNIX_EPOCH + llround(x));
        return;
    }
    __int128 x = (__int128)args[0].u.i * per_1000;
    set_time(out, RTQ_UNIX_EPOCH + x / 1000 - (x % 1000 < 0));
}

/* ---- the clock ---------------------------------------------------------------------------------------------------- */

/* What now() is for the rows: on recordings the row's own time. */
static int now_rows(rtq__vec **out, rtq__fcall *call)
{
    const rtq__batch *b = call->eval->batch;
    if (b && b->time) {
        *out = b->time;
        return rtq__vec_load(b->time, call->sel, call->n_sel);
    }
    *out = rtq__vec_const(call->eval->scratch,
                          rtq__cell_i(RTQ_DATETIME, b && b->now ? b->now : call->eval->clock_ticks));
    return *out ? RTQ_OK : RTQ_ERR_NOMEM;
}

/* now() and now(offset), ago(offset): tag is the sign. */
static int vec_now(rtq__vec **out, rtq__fcall *call)
{
    rtq__vec *now;
    int rc = now_rows(&now, call);
    if (rc != RTQ_OK)
        return rc;
    const rtq__vec *offset = call->n_args ? call->args[0] : NULL;
    bool once = now->form == RTQ__CONST && (!offset || offset->form == RTQ__CONST);
    if (!offset && once) {
        *out = now;
        return RTQ_OK;
    }
    rtq__vec *v = *out = rtq__vec_new(call->eval->scratch, RTQ_DATETIME, once ? 1 : call->n);
    if (!v || !rtq__vec_valid(call->eval->scratch, v))
        return RTQ_ERR_NOMEM;
    v->form = once ? RTQ__CONST : RTQ__FLAT;
    for (uint32_t i = 0; i < (once ? 1 : call->n_sel); i++) {
        uint32_t row = once ? 0 : call->sel ? call->sel[i] : i;
        rtq__cell t = rtq__vec_get(now, row), o = offset ? rtq__vec_get(offset, row) : rtq__cell_i(RTQ_TIMESPAN, 0),
                  cell = rtq__cell_null(RTQ_DATETIME);
        if (!t.is_null && !o.is_null)
            set_time(&cell, (__int128)t.u.i + (__int128)o.u.i * call->fn->tag);
        rtq__vec_set(v, row, cell);
    }
    return RTQ_OK;
}

static int vec_ingestion(rtq__vec **out, rtq__fcall *call)
{
    *out = rtq__vec_const(call->eval->scratch, rtq__cell_i(RTQ_DATETIME, call->eval->clock_ticks));
    return *out ? RTQ_OK : RTQ_ERR_NOMEM;
}

#define PART(name_, args_, ret_, fun, last, flags_, page_)                                                \
    {                                                                                                     \
        .name = name_, .args = args_, .ret = ret_, .flags = flags_, .row = fun, .prepare = part_prepare,  \
        .unprepare = free_state, .tag = last, .doc = "reads or moves a part of a datetime", .page = page_ \
    }
#define GET(name_, part, flags_, page_)                                                                               \
    {                                                                                                                 \
        .name = name_, .args = "datetime", .ret = "int", .flags = flags_, .row = row_get, .tag = part, .page = page_, \
        .doc = "part of a datetime"                                                                                   \
    }
#define EDGE(name_, tag_, page_)                                                                                    \
    {                                                                                                               \
        .name = name_, .args = "datetime, [long]", .ret = "datetime", .naming = EDGE_NAMING(tag_), .row = row_edge, \
        .tag = tag_, .doc = "first or last moment of the period that holds a datetime", .page = page_               \
    }
#define EDGE_NAMING(tag) ((tag) == DAY ? RTQ__NAME_FIRST : RTQ__NAME_NONE)
#define UNIX(name_, per_1000)                                                                     \
    {.name = name_,                                                                               \
     .args = "long",                                                                              \
     .ret = "datetime",                                                                           \
     .row = row_unixtime,                                                                         \
     .tag = per_1000,                                                                             \
     .doc = "a Unix time as datetime",                                                            \
     .page = "unixtime-seconds-todatetime-function"},                                             \
    {                                                                                             \
        .name = name_, .args = "number", .ret = "datetime", .row = row_unixtime, .tag = per_1000, \
        .doc = "a Unix time as datetime", .page = "unixtime-seconds-todatetime-function"          \
    }

const rtq__fn rtq__fns_datetime[] = {
    {.name = "now",
     .args = "[timespan]",
     .ret = "datetime",
     .nulls = RTQ__NULL_CUSTOM,
     .flags = RTQ__FN_NOW,
     .vec = vec_now,
     .tag = 1,
     .doc = "the current time",
     .page = "now-function"},
    {.name = "ago",
     .args = "timespan",
     .ret = "datetime",
     .nulls = RTQ__NULL_CUSTOM,
     .flags = RTQ__FN_NOW,
     .vec = vec_now,
     .tag = -1,
     .doc = "the current time less a timespan",
     .page = "ago-function"},
    {.name = "ingestion_time",
     .args = "",
     .ret = "datetime",
     .naming = RTQ__NAME_PREFIX,
     .prefix = "$IngestionTime",
     .flags = RTQ__FN_NOW,
     .vec = vec_ingestion,
     .doc = "when the row entered the run",
     .page = "ingestion-time-function"},
    PART("datetime_part", "const string, datetime", "int", row_part, WEEK_OF_YEAR, 0, "datetime-part-function"),
    PART("datepart", "const string, datetime", "int", row_part, WEEK_OF_YEAR, RTQ__FN_OBSOLETE,
         "datetime-part-function"),
    PART("datetime_add", "const string, long, datetime", "datetime", row_add, NANOSECOND, 0, "datetime-add-function"),
    PART("datetime_diff", "const string, datetime, datetime", "long", row_diff, NANOSECOND, 0,
         "datetime-diff-function"),
    GET("getyear", YEAR, 0, "getyear-function"),
    GET("getmonth", MONTH, 0, "monthofyear-function"),
    GET("monthofyear", MONTH, 0, "monthofyear-function"),
    GET("dayofmonth", DAY, 0, "day-of-month-function"),
    GET("dayofyear", DAY_OF_YEAR, 0, "day-of-year-function"),
    GET("hourofday", HOUR, 0, "hour-of-day-function"),
    GET("week_of_year", WEEK_OF_YEAR, 0, "week-of-year-function"),
    GET("weekofyear", WEEK_OF_YEAR, RTQ__FN_OBSOLETE, "week-of-year-function"),
    {.name = "dayofweek",
     .args = "datetime",
     .ret = "timespan",
     .row = row_dayofweek,
     .page = "day-of-week-function",
     .doc = "days since Sunday"},
    EDGE("startofday", DAY, "startofday-function"),
    EDGE("startofweek", WEEK, "startofweek-function"),
    EDGE("startofmonth", MONTH, "startofmonth-function"),
    EDGE("startofyear", YEAR, "startofyear-function"),
    EDGE("endofday", DAY | EDGE_END, "endofday-function"),
    EDGE("endofweek", WEEK | EDGE_END, "endofweek-function"),
    EDGE("endofmonth", MONTH | EDGE_END, "endofmonth-function"),
    EDGE("endofyear", YEAR | EDGE_END, "endofyear-function"),
    {.name = "make_datetime",
     .args = "long, long, long, [long], [long], [real]",
     .ret = "datetime",
     .row = row_make_datetime,
     .doc = "a datetime from its parts",
     .page = "make-datetime-function"},
    {.name = "make_datetime",
     .args = "any",
     .ret = "datetime",
     .naming = RTQ__NAME_FIRST,
     .row = rtq__row_to,
     .tag = RTQ_DATETIME,
     .doc = "a datetime from its parts",
     .page = "make-datetime-function"},
    {.name = "make_timespan",
     .args = "long, long",
     .ret = "timespan",
     .row = row_make_timespan,
     .doc = "a timespan from its parts",
     .page = "make-timespan-function"},
    {.name = "make_timespan",
     .args = "long, long, real",
     .ret = "timespan",
     .row = row_make_timespan,
     .doc = "a timespan from its parts",
     .page = "make-timespan-function"},
    {.name = "make_timespan",
     .args = "long, long, long, real",
     .ret = "timespan",
     .row = row_make_timespan,
     .doc = "a timespan from its parts",
     .page = "make-timespan-function"},
    {.name = "make_timespan",
     .args = "any",
     .ret = "timespan",
     .naming = RTQ__NAME_FIRST,
     .row = rtq__row_to,
     .tag = RTQ_TIMESPAN,
     .doc = "a timespan from its parts",
     .page = "make-timespan-function"},
    UNIX("unixtime_seconds_todatetime", RTQ__TICKS_SECOND * 1000),
    UNIX("unixtime_milliseconds_todatetime", RTQ__TICKS_SECOND),
    UNIX("unixtime_microseconds_todatetime", RTQ__TICKS_SECOND / 1000),
    UNIX("unixtime_nanoseconds_todatetime", 10),
};
RTQ__FAMILY_COUNT(datetime)
