/** @file rtq/diag.h
 *  Diagnostics and text blobs. */
#ifndef RTQ_DIAG_H
#define RTQ_DIAG_H
#include "value.h"
#ifdef __cplusplus
extern "C" {
#endif

/** One error, warning or cause. Pointers are borrowed from the rtq_diag. */
typedef struct {
    size_t size;         /**< set by the caller */
    int32_t code;        /**< RTQ_ERR_*; 0: none */
    int32_t severity;    /**< 1 error, 2 warning, 3 information, 4 cause of the item before it */
    size_t begin;        /**< first byte in the text given */
    size_t end;          /**< behind the last byte; both 0: no position */
    uint32_t line;       /**< from 1; 0: no position */
    uint32_t column;     /**< in characters, from 1; 0: no position */
    const char *message; /**< what is wrong; borrowed */
    const char *hint;    /**< what would be right, or NULL */
    const char *subject; /**< file, option, function, or NULL */
} rtq_diag_item;

/** The version of the library loaded: 0xMMmmpp. Thread: any. */
RTQ_API uint32_t rtq_version(void);
/** Version and optional parts: "0.1.0 re2 evtx json csv syslog zlib ...". Static text. Thread: any. */
RTQ_API const char *rtq_features(void);
/** A few words for a return code. Static text, never NULL. Thread: any. */
RTQ_API const char *rtq_strerror(int code);

/** The bytes of a blob, valid until it is reused or freed; text is NUL-terminated beyond its length. NULL: empty. Thread: one. */
RTQ_API rtq_str rtq_blob_get(const rtq_blob *blob);
/** Frees a blob. NULL is fine. Thread: any. */
RTQ_API void rtq_blob_free(rtq_blob *blob);

/** Number of items. NULL: 0. Thread: one. */
RTQ_API size_t rtq_diag_count(const rtq_diag *diag);
/** Reads item `index`; out->size must be set. @return RTQ_OK, RTQ_END behind the last, RTQ_ERR_ARG. Thread: one. */
RTQ_API int rtq_diag_get(rtq_diag_item *out, const rtq_diag *diag, size_t index);
/** All items as text: message, query line, carets, hint. *out is NULL or an earlier blob, which is reused.
 *  @return RTQ_OK, RTQ_ERR_ARG, RTQ_ERR_NOMEM. Thread: one. */
RTQ_API int rtq_diag_render(rtq_blob **out, const rtq_diag *diag);
/** Frees a diagnostic. NULL is fine. Thread: any. */
RTQ_API void rtq_diag_free(rtq_diag *diag);

#ifdef __cplusplus
}
#endif
#endif
