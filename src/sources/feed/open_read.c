/* open_read.c - options and tables of text feeds. */
#include "kql/parse.h"
#include "kql/tables.h"
#include "sources/feed/feed_read.h"

static int add_paths(rtq__feed *feed, const char *argument, const char *suffix, rtq_diag *diag)
{
    rtq__os_error error = {0};
    int rc;

    if (strcmp(argument, "-") == 0) {
        feed->stdin_used = true;
        return rtq__paths_add_path(&feed->paths, argument);
    }
    rc = rtq__paths_add(&feed->paths, argument, suffix, &error);
    if (rc == RTQ_ERR_IO && feed->follow) /* it may come, or be given to us */
        return rtq__paths_add_path(&feed->paths, argument);
    if (rc < 0 && rc != RTQ_ERR_NOMEM) {
        rtq__diag_add(diag, rc == RTQ_ERR_DATA ? RTQ_ERR_IO : rc, RTQ__SEV_ERROR, 0, 0, "cannot read '%s': %s",
                      argument, error.text);
        rtq__diag_subject(diag, argument);
        return RTQ_ERR_IO;
    }
    return rc;
}

int rtq__feed_open(rtq__feed *feed, rtq__mem *mem, const rtq__option_def *defs, const rtq_option *options, size_t n,
                   const char *suffix, rtq_diag *diag)
{
    const char *follow;
    int rc;

    feed->base.mem = mem;
    feed->watch = RTQ__WATCH_NONE;
    feed->base.max_time = INT64_MIN;
    rtq__arena_init(&feed->arena, mem, 0);
    rtq__paths_init(&feed->paths, mem);
    if ((rc = rtq__options_check(defs, options, n, feed->base.cls->kind, diag)) < 0)
        return rc;
    follow = rtq__option_get(defs, options, n, "follow");
    feed->follow = strcmp(follow, "start") == 0 ? FEED_FOLLOW_START
                   : strcmp(follow, "end") == 0 ? FEED_FOLLOW_END
                                                : FEED_ONCE;
    for (size_t i = 0; i < n; i++)
        if (strcmp(options[i].key, "path") == 0 && (rc = add_paths(feed, options[i].value, suffix, diag)) < 0)
            return rc;
    if (feed->stdin_used && (feed->follow || feed->paths.n > 1))
        return rtq__diag_add(diag, RTQ_ERR_ARG, RTQ__SEV_ERROR, 0, 0,
                             "the standard input can only be read alone, and not be followed");
    if (rtq__option_number(defs, options, n, "max_line_bytes") < 1 ||
        rtq__option_number(defs, options, n, "max_line_bytes") > (INT64_C(1) << 30))
        return rtq__diag_add(diag, RTQ_ERR_ARG, RTQ__SEV_ERROR, 0, 0,
                             "max_line_bytes must be between 1 and 1073741824");
    feed->max_record = (size_t)rtq__option_number(defs, options, n, "max_line_bytes");
    feed->lateness = rtq__option_number(defs, options, n, "lateness");
    feed->base.bounded = !feed->follow && !rtq__option_bool(defs, options, n, "as_stream");
    if (!feed->follow && !feed->stdin_used && (rc = rtq__again_init(&feed->again, mem, &feed->paths)) < 0)
        return rc;
    feed->base.again = rtq__again_can(&feed->again);
    return RTQ_OK;
}

/* What the source is asked for when it is asked for the column: the name as one step of a path. */
static const char *path_of(rtq__arena *arena, const char *name)
{
    const char *quote = strchr(name, '\'') ? "\"" : "'";
    for (const char *s = name; *s; s++)
        if (!((*s >= '0' && *s <= '9') || (*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') || *s == '_' ||
              (unsigned char)*s >= 0x80))
            return rtq__arena_printf(arena, "[%s%s%s]", quote, name, quote);
    return name;
}

static int find_col(const rtq__table *table, const char *name)
{
    for (uint32_t i = 0; i < table->n_cols; i++)
        if (strcmp(table->cols[i].name, name) == 0)
            return (int)i;
    return -1;
}

static int set_time(rtq__table *table, rtq__table_col *cols, const char *name, bool add, rtq_diag *diag)
{
    int at = find_col(table, name);

    if (at < 0 && add) {
        at = (int)table->n_cols++;
        cols[at].name = name;
        if (strpbrk(name, ".[")) { /* a member: usable under that name, but not a column of `*` */
            cols[at].path = name;
            cols[at].flags = RTQ__COL_ALIAS;
        }
        cols[at].kind = RTQ_DATETIME;
    }
    if (at < 0)
        return rtq__diag_add(diag, RTQ_ERR_ARG, RTQ__SEV_ERROR, 0, 0, "time_column: there is no column '%s'", name);
    if (cols[at].kind != RTQ_DATETIME)
        return rtq__diag_add(diag, RTQ_ERR_ARG, RTQ__SEV_ERROR, 0, 0, "time_column: '%s' is %s, not datetime", name,
                             rtq__kind_name(cols[at].kind));
    if (table->time_col >= 0)
        cols[table->time_col].flags &= (uint8_t)~RTQ__COL_TIME;
    table->time_col = at;
    cols[at].flags |= RTQ__COL_TIME;
    return RTQ_OK;
}

int rtq__feed_table_finish(rtq__table *table, rtq__arena *arena, const char *name, const char *time_column, bool add,
                           rtq_diag *diag)
{
    rtq__table_col *cols = rtq__arena_zalloc(arena, (table->n_cols + 2u) * sizeof *cols);
    int rc;

    if (!cols || !(table->name = rtq__arena_strndup(arena, name, strlen(name))))
        return RTQ_ERR_NOMEM;
    if (table->n_cols)
        memcpy(cols, table->cols, table->n_cols * sizeof *cols);
    table->cols = cols;
    if (table->time_col >= 0)
        cols[table->time_col].flags |= RTQ__COL_TIME;
    if (time_column && !(time_column = rtq__arena_strndup(arena, time_column, strlen(time_column))))
        return RTQ_ERR_NOMEM;
    if (time_column && (rc = set_time(table, cols, time_column, add, diag)) < 0)
        return rc;
    for (uint32_t i = 0; i < table->n_cols; i++)
        if (!cols[i].path && !(cols[i].path = path_of(arena, cols[i].name)))
            return RTQ_ERR_NOMEM;
    return RTQ_OK;
}

int rtq__feed_table(rtq__table *table, rtq__arena *arena, const char *name, const char *schema, const char *time_column,
                    bool add, rtq_diag *diag)
{
    rtq__ast_list list = {0};
    int rc;

    if (schema) {
        rtq__diag_set_text(diag, schema, strlen(schema));
        if ((rc = rtq__parse_schema(&list, arena, schema, strlen(schema), diag)) < 0)
            return rc == RTQ_ERR_SYNTAX ? RTQ_ERR_ARG : rc;
    }
    if ((rc = rtq__table_from_schema(table, arena, name, strlen(name), &list, diag)) < 0)
        return rc;
    return rtq__feed_table_finish(table, arena, name, time_column, add, diag);
}
