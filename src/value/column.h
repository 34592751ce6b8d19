/* column.h - columns as hosts lay them out (rtq_column), to vectors. */
#ifndef RTQ__COLUMN_H
#define RTQ__COLUMN_H
#include "base/diag.h"
#include "value/dyn.h"
#include "value/vec.h"

/* Rows [at, at + n) of `column` as a vector of `kind` on scratch. Text is borrowed when it is valid UTF-8, else repaired (counted in
 * *repaired, may be NULL). int and long may stand for each other where the values fit, unknown takes any kind. RTQ_OK, NOMEM, ERR_ARG
 * (wrong kind for the column: diag names it), ERR_DATA (a value out of range, dynamic text that is no JSON). */
/* Writes them to rows [row, row + n) of an existing FLAT vector, whose text and bitmap then lie on scratch; copy_text: long text is
 * copied there too instead of borrowed. */
int rtq__vec_fill(rtq__vec *vec, uint32_t row, rtq__scratch *scratch, const rtq_column *column, size_t at, uint32_t n,
                  const char *name, bool copy_text, uint64_t *repaired, rtq_diag *diag);
/* Likewise from rows [0, n) of another vector, text copied. */
int rtq__vec_append(rtq__vec *vec, uint32_t row, rtq__scratch *scratch, const rtq__vec *from, uint32_t n,
                    const char *name, rtq_diag *diag);
int rtq__vec_from_column(rtq__vec **out, rtq__scratch *scratch, const rtq_column *column, size_t at, uint32_t n,
                         uint8_t kind, const char *name, uint64_t *repaired, rtq_diag *diag);

#endif
