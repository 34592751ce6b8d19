/* arrow.h - batches as Arrow C data, and Arrow C data as vectors.
 *
 * Out:  bool b; int i; long l; real g; string u (U with LARGE); datetime tsn:UTC; timespan tDn; guid w:16; decimal and
 * dynamic as text, named by the metadata key "kqlstream.type". Times that nanoseconds in 64 bits cannot hold become
 * null and are counted, or with TICKS all times are int64 ticks of 100 ns, named in the same way. In:   the above, and
 * null, all integers, float32, date, timestamp and time of any unit, duration, large text, decimal128, dictionaries of
 * all these. Values that have no counterpart become null and are counted. */
#ifndef RTQ__ARROW_H
#define RTQ__ARROW_H
#include "value/vec.h"

/* The layout that the Arrow C data and stream interfaces publish. */
#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE
#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE 2
#define ARROW_FLAG_MAP_KEYS_SORTED 4
struct ArrowSchema {
    const char *format, *name, *metadata;
    int64_t flags, n_children;
    struct ArrowSchema **children, *dictionary;
    void (*release)(struct ArrowSchema *);
    void *private_data;
};
struct ArrowArray {
    int64_t length, null_count, offset, n_buffers, n_children;
    const void **buffers;
    struct ArrowArray **children, *dictionary;
    void (*release)(struct ArrowArray *);
    void *private_data;
};
#endif
#ifndef ARROW_C_STREAM_INTERFACE
#define ARROW_C_STREAM_INTERFACE
struct ArrowArrayStream {
    int (*get_schema)(struct ArrowArrayStream *, struct ArrowSchema *out);
    int (*get_next)(struct ArrowArrayStream *, struct ArrowArray *out);
    const char *(*get_last_error)(struct ArrowArrayStream *);
    void (*release)(struct ArrowArrayStream *);
    void *private_data;
};
#endif

enum { RTQ__ARROW_TICKS = 1, RTQ__ARROW_LARGE = 2 /* 64-bit text offsets */ };

/* A struct type with one child a column. Released by its consumer; keeps a reference on mem. OK, NOMEM */
int rtq__arrow_export_schema(struct ArrowSchema *out, rtq__mem *mem, const rtq_column_def *cols, uint32_t n_cols,
                             uint32_t flags);
/* The selected rows, copied: the array outlives the batch. n_lost (may be NULL) is raised by the times that became
 * null. RTQ_ERR_LIMIT: a text column of 2 GiB and more wants LARGE. */
int rtq__arrow_export(struct ArrowArray *out, uint64_t *n_lost, rtq__mem *mem, rtq__batch *batch, uint32_t flags);

/* Columns of a struct type: names point into the schema, kinds are chosen. RTQ_ERR_UNSUPPORTED: *bad names the column
 * and *bad_format its type; RTQ_ERR_ARG: not a struct. */
typedef struct rtq__arrow_problem {
    const char *column, *format;
} rtq__arrow_problem;
int rtq__arrow_import_schema(rtq_column_def *out /* schema->n_children */, const struct ArrowSchema *schema,
                             rtq__arrow_problem *bad);
/* Rows from … from + n - 1 (n <= RTQ__ROWS) as vectors on scratch. Text is used in place, so the array must live as
 * long as the vectors. Bad UTF-8 is repaired; n_lost (may be NULL) is raised by values that became null or were
 * repaired. RTQ_ERR_DATA: the array does not fit its schema. */
int rtq__arrow_import(rtq__vec **out, uint64_t *n_lost, const struct ArrowSchema *schema,
                      const struct ArrowArray *array, int64_t from, uint32_t n, rtq__scratch *scratch,
                      rtq__arrow_problem *bad);

#endif
