/* tables.c - table definitions: from schema text, and copies that outlive their source. */
#include "kql/tables.h"

static const char *dup(rtq__arena *a, const char *s)
{
    return s ? rtq__arena_strndup(a, s, strlen(s)) : NULL;
}

int rtq__table_copy(rtq__table *out, rtq__arena *arena, const rtq__table *table)
{
    rtq__table_col *cols = rtq__arena_zalloc(arena, (table->n_cols + 1) * sizeof *cols);

    *out = *table;
    out->name = dup(arena, table->name);
    if (!cols || !out->name)
        return RTQ_ERR_NOMEM;
    for (uint32_t i = 0; i < table->n_cols; i++) {
        cols[i] = table->cols[i];
        cols[i].name = dup(arena, table->cols[i].name);
        cols[i].path = dup(arena, table->cols[i].path);
        if (!cols[i].name || (table->cols[i].path && !cols[i].path))
            return RTQ_ERR_NOMEM;
    }
    out->cols = cols;
    return RTQ_OK;
}

int rtq__table_from_schema(rtq__table *out, rtq__arena *arena, const char *name, size_t name_len,
                           const rtq__ast_list *schema, rtq_diag *diag)
{
    rtq__table_col *cols = rtq__arena_zalloc(arena, (schema->n + 1) * sizeof *cols);

    memset(out, 0, sizeof *out);
    out->time_col = -1;
    out->cols = cols;
    out->name = rtq__arena_strndup(arena, name, name_len);
    if (!cols || !out->name)
        return RTQ_ERR_NOMEM;
    for
        RTQ__AST_EACH(item, *schema)
        {
            if (item->kind == RTQ__AST_STAR) {
                out->open = true;
                continue;
            }
            if (item->kind != RTQ__AST_COLUMN || !item->column.type)
                return rtq__diag_add(diag, RTQ_ERR_ARG, RTQ__SEV_ERROR, item->begin, item->end,
                                     "a column must read name:type");
            for (uint32_t i = 0; i < out->n_cols; i++)
                if (strcmp(cols[i].name, item->column.name.ptr) == 0)
                    return rtq__diag_add(diag, RTQ_ERR_ARG, RTQ__SEV_ERROR, item->begin, item->end,
                                         "there is a column '%s' already", cols[i].name);
            cols[out->n_cols].name = item->column.name.ptr;
            cols[out->n_cols].kind = (uint8_t)item->column.type;
            if (out->time_col < 0 && item->column.type == RTQ_DATETIME) { /* the first datetime is the event time */
                out->time_col = (int32_t)out->n_cols;
                cols[out->n_cols].flags = RTQ__COL_TIME;
            }
            out->n_cols++;
        }
    return RTQ_OK;
}
