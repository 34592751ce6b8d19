/* agg_run.h - runs aggregates by name on cells, without query text. */
#ifndef AGG_RUN_H
#define AGG_RUN_H
#include "fn/fn.h"

typedef struct fn_world {
    rtq__mem *mem;
    rtq__arena scratch, heap;
    rtq__eval eval;
} fn_world;
void fn_world_open(fn_world *w);
void fn_world_close(fn_world *w); /* aborts when memory is still in use */

/* A cell from text: long, real, bool, string, datetime, timespan, dynamic (JSON); "null" for null. */
rtq__cell fn_cell(fn_world *w, uint32_t kind, const char *text);
const char *fn_json(fn_world *w, const rtq__cell *cell);
/* Runs an aggregate over n rows of row-major cells; result as JSON, several columns joined by " | ". It runs whole, and in two halves
 * that are merged after save and load; "whole …, merged …" when the two differ. constants: trailing arguments, ended by kind 0. */
const char *fn_aggregate(fn_world *w, const char *name, const rtq__cell *cells, uint32_t n_rows, uint32_t n_cols,
                         const rtq__cell *constants);
#endif
