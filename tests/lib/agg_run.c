/* agg_run.c - see agg_run.h. */
#include "agg_run.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/text.h"
#include "base/time.h"

static void check(bool ok, const char *what)
{
    if (!ok) {
        fprintf(stderr, "agg_run: %s\n", what);
        abort();
    }
}

void fn_world_open(fn_world *w)
{
    memset(w, 0, sizeof *w);
    w->mem = rtq__mem_new(NULL, NULL, 0);
    rtq__arena_init(&w->scratch, w->mem, 0);
    rtq__arena_init(&w->heap, w->mem, 0);
    w->eval.mem = w->mem;
    w->eval.scratch = &w->scratch;
    w->eval.builder = rtq__dyn_builder_new(w->mem);
    rtq__buf_init(&w->eval.text, w->mem);
}

void fn_world_close(fn_world *w)
{
    rtq__dyn_builder_free(w->eval.builder);
    rtq__buf_free(&w->eval.text);
    rtq__arena_free(&w->scratch);
    rtq__arena_free(&w->heap);
    check(w->mem->used == 0, "memory left in use");
    rtq__mem_unref(w->mem);
}

rtq__cell fn_cell(fn_world *w, uint32_t kind, const char *text)
{
    rtq__cell c = rtq__cell_null(kind);
    size_t len = strlen(text);
    bool ok = true;
    if (!strcmp(text, "null") && kind != RTQ_STRING)
        return c;
    c.is_null = 0;
    switch (kind) {
    case RTQ_STRING: return rtq__cell_s(text, len);
    case RTQ_REAL: ok = rtq__parse_real(&c.u.d, text, len); break;
    case RTQ_BOOL: c.u.i = !strcmp(text, "true"); break;
    case RTQ_INT:
    case RTQ_LONG: ok = rtq__parse_long(&c.u.i, text, len); break;
    case RTQ_DATETIME: ok = rtq__parse_datetime(&c.u.i, text, len); break;
    case RTQ_TIMESPAN: ok = rtq__parse_timespan(&c.u.i, text, len); break;
    case RTQ_GUID: ok = rtq__parse_guid(c.u.b, text, len); break;
    default: ok = rtq__dyn_parse(&c.u.y, text, len, &w->heap) == RTQ_OK; break;
    }
    check(ok, text);
    return c;
}

const char *fn_json(fn_world *w, const rtq__cell *cell)
{
    rtq__buf b;
    rtq__buf_init(&b, w->mem);
    rtq__cell_print_json(&b, cell);
    char *text = rtq__arena_strndup(&w->heap, b.ptr ? b.ptr : "", b.len);
    rtq__buf_free(&b);
    return text;
}

static void update(fn_world *w, rtq__agg_call *call, const rtq__cell *cells, uint32_t from, uint32_t to,
                   uint32_t n_cols, void *state, bool many)
{
    uint32_t n = to - from;
    rtq__vec *args[8];
    void *states[RTQ__ROWS];
    for (uint32_t c = 0; c < n_cols; c++) {
        args[c] = rtq__vec_new(&w->scratch, cells[c].kind, n ? n : 1);
        rtq__vec_valid(&w->scratch, args[c]);
        for (uint32_t r = 0; r < n; r++)
            rtq__vec_set(args[c], r, cells[(from + r) * n_cols + c]);
    }
    for (uint32_t r = 0; r < n; r++)
        states[r] = state;
    call->args = args;
    call->n_args = n_cols;
    call->n_sel = n;
    call->state = state;
    call->states = many ? states : NULL;
    check(call->agg->update(call) == RTQ_OK, "update");
}

static const rtq__agg *find(const char *name, const rtq__cell *cells, uint32_t n_cols)
{
    uint32_t n;
    const rtq__agg *rows = rtq__agg_find(name, strlen(name), &n);
    check(rows != NULL, name);
    for (uint32_t i = 0; n_cols && i < n; i++) {
        const char *kind = rtq__kind_name(cells[0].kind);
        if (!strncmp(rows[i].args, kind, strlen(kind)))
            return &rows[i];
    }
    return n_cols ? &rows[n - 1] : rows;
}

static void add_rows(fn_world *w, rtq__agg_call *call, const rtq__cell *cells, uint32_t from, uint32_t to,
                     uint32_t n_cols, void *state, bool many)
{
    for (uint32_t r = from; r < to || r == from; r += 512)
        update(w, call, cells, r, r + 512 < to ? r + 512 : to, n_cols, state, many);
}

const char *fn_aggregate(fn_world *w, const char *name, const rtq__cell *cells, uint32_t n_rows, uint32_t n_cols,
                         const rtq__cell *constants)
{
    const rtq__agg *agg = find(name, cells, n_cols);
    rtq__agg_mem mem = {w->mem, 0, 0};
    void *config = NULL;
    const rtq__cell *consts[8] = {NULL};
    uint8_t kinds[8] = {0};
    uint32_t n_args = n_cols, n_out = agg->flags & RTQ__AGG_MULTI ? n_cols : 1;
    for (uint32_t i = 0; i < n_cols && n_rows; i++)
        kinds[i] = cells[i].kind;
    for (uint32_t i = 0; constants && constants[i].kind; i++)
        consts[n_args++] = &constants[i];
    if (agg->flags & RTQ__AGG_MULTI && constants)
        n_out = n_args - n_cols;
    check(!agg->prepare || agg->prepare(&config, w->mem, agg, consts, kinds, n_args, NULL, 0, 0) == RTQ_OK, "prepare");
    rtq__agg_call call = {.eval = &w->eval, .agg = agg, .config = config, .mem = &mem};
    _Alignas(16) char whole[96] = {0}, left[96] = {0}, right[96] = {0}, loaded[96] = {0};
    check(agg->state_len <= sizeof whole, "state_len");
    add_rows(w, &call, cells, 0, n_rows, n_cols, whole, false);
    add_rows(w, &call, cells, 0, n_rows / 2, n_cols, left, false);
    add_rows(w, &call, cells, n_rows / 2, n_rows, n_cols, right, true);
    rtq__buf saved;
    rtq__buf_init(&saved, w->mem);
    if (agg->save) {
        check(agg->save(&saved, right) == RTQ_OK && agg->load(loaded, &mem, saved.ptr, saved.len) == RTQ_OK,
              "save and load");
    } else {
        check(!agg->destroy, "a state with memory needs save");
        memcpy(loaded, right, sizeof loaded);
    }
    rtq__buf_free(&saved);
    check(agg->merge(&call, left, loaded) == RTQ_OK, "merge");
    rtq__buf text[2];
    for (int i = 0; i < 2; i++) {
        rtq__cell out[8];
        rtq__buf_init(&text[i], w->mem);
        for (uint32_t k = 0; k < n_out; k++)
            out[k] = rtq__cell_null(n_cols ? cells[k < n_cols ? k : 0].kind : RTQ_LONG);
        check(agg->finish(out, i ? left : whole, &call, &w->heap) == RTQ_OK, "finish");
        for (uint32_t k = 0; k < n_out; k++)
            rtq__buf_adds(&text[i], k ? " | " : ""), rtq__cell_print_json(&text[i], &out[k]);
    }
    if (agg->destroy)
        agg->destroy(whole, &mem), agg->destroy(left, &mem), agg->destroy(right, &mem), agg->destroy(loaded, &mem);
    check(mem.used == 0, "bytes of states miscounted");
    rtq__free(w->mem, config);
    const char *result = rtq__arena_strndup(&w->heap, text[0].ptr, text[0].len);
    if (text[0].len != text[1].len || memcmp(text[0].ptr, text[1].ptr, text[0].len))
        result = rtq__arena_printf(&w->heap, "whole %s, merged %.*s", result, (int)text[1].len, text[1].ptr);
    rtq__buf_free(&text[0]);
    rtq__buf_free(&text[1]);
    return result;
}
