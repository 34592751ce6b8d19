/* diag_private.h - what the files that implement diag.h share. */
#ifndef RTQ__DIAG_PRIVATE_H
#define RTQ__DIAG_PRIVATE_H
#include "base/diag.h"

typedef struct rtq__diag_note {
    int code, severity;
    size_t begin, end; /* both 0: no position */
    const char *text;  /* what the span refers to; NULL: nothing */
    size_t text_len;
    const char *message, *hint, *subject; /* in the arena */
} rtq__diag_note;

struct rtq_diag {
    rtq__mem *mem;
    rtq__arena arena;
    rtq__diag_note *notes;
    size_t n_notes, cap_notes;
    size_t n_errors; /* also those that could not be stored */
    const char *text;
    size_t text_len;
};

/* Where a span begins: 1-based line and column (in code points), and the bytes of that line without its line end. */
typedef struct rtq__diag_place {
    uint32_t line, column;
    size_t line_begin, line_end;
} rtq__diag_place;
rtq__diag_place rtq__diag_find_place(const char *text, size_t len, size_t begin);

#endif
