/* rowstore.h - all operator state: fixed-width rows plus a heap, byte-accounted, with an optional hash index over key columns.
 *
 * Row = [null bits][cells at fixed offsets][extra bytes for aggregate states]. Rows and the text in the heap never move while
 * rows are added, so cells point at their text directly; the saved form has no pointers. */
#ifndef RTQ__ROWSTORE_H
#define RTQ__ROWSTORE_H
#include "base/buf.h"
#include "value/vec.h"

typedef struct rtq__rows rtq__rows;
typedef struct rtq__rows_def {
    const uint8_t *kinds;    /* of the columns; copied */
    uint32_t n_cols, n_keys; /* the first n_keys columns are the key; 0: no index */
    uint32_t extra_len;      /* bytes after the cells, 16-byte aligned, zeroed: aggregate states */
    uint64_t max_bytes;      /* 0: none; over it: RTQ_ERR_LIMIT */
    uint64_t seed;           /* of the hash */
} rtq__rows_def;

int rtq__rows_new(rtq__rows **out, rtq__mem *mem, const rtq__rows_def *def);
void rtq__rows_free(rtq__rows *rows);
void rtq__rows_clear(rtq__rows *rows);
uint32_t rtq__rows_count(const rtq__rows *rows);
uint64_t rtq__rows_bytes(const rtq__rows *rows);

/* Appends the selected rows of the columns (cols[i] has kinds[i], loaded). first: number of the first new row. */
int rtq__rows_append(uint32_t *first, rtq__rows *rows, rtq__vec *const *cols, const rtq__sel *sel, uint32_t n_sel);
/* For each selected row: number of the stored row with an equal key, inserting key (and null for the other columns) when there is
 * none. Null keys equal each other. ids has n_sel entries; n_new rows were added at the end. Vectorised: hash, probe, insert.
 * RTQ_ERR_LIMIT: keys that are new and have no room have id UINT32_MAX, the others are served. */
int rtq__rows_upsert(uint32_t *ids, uint32_t *n_new, rtq__rows *rows, rtq__vec *const *keys, const rtq__sel *sel,
                     uint32_t n_sel, rtq__scratch *scratch);
/* First row with that key or UINT32_MAX; chain with rtq__rows_next (duplicates come from rtq__rows_append). Rows appended since
 * the last rtq__rows_index are indexed first. Null keys match nulls only when null_equal. */
int rtq__rows_probe(uint32_t *ids, rtq__rows *rows, rtq__vec *const *keys, const rtq__sel *sel, uint32_t n_sel,
                    bool null_equal, rtq__scratch *scratch);
int rtq__rows_index(rtq__rows *rows); /* adds the rows appended since the last call to index and chains */
uint32_t rtq__rows_next(const rtq__rows *rows,
                        uint32_t id); /* next row with the same key in append order, UINT32_MAX: none */

void *rtq__rows_extra(rtq__rows *rows, uint32_t id);
void rtq__rows_extras(void **out, rtq__rows *rows, const uint32_t *ids,
                      uint32_t n); /* of many rows; UINT32_MAX: NULL */
rtq__cell rtq__rows_get(const rtq__rows *rows, uint32_t id, uint32_t col);
int rtq__rows_set(rtq__rows *rows, uint32_t id, uint32_t col, const rtq__cell *cell);
/* Gathers column `col` of rows ids[0..n) (ids NULL: first, first+1, …; UINT32_MAX: null) into a vector on scratch; text is borrowed
 * from the store and valid until the store changes. */
rtq__vec *rtq__rows_gather(rtq__rows *rows, uint32_t col, const uint32_t *ids, uint32_t first, uint32_t n,
                           rtq__scratch *scratch);

int rtq__rows_save(rtq__buf *out, const rtq__rows *rows);
int rtq__rows_load(rtq__rows *rows, const char *ptr,
                   size_t len); /* RTQ_ERR_DATA: not a saved store of this definition */

#endif
