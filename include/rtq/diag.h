/** @file rtq/diag.h
 *  Diagnostics and text blobs. */
#ifndef RTQ_DIAG_H
#define RTQ_DIAG_H
#include "value.h"
#ifdef __cplusplus
extern "C" {
#endif

typedef struct { size_t size; int32_t code, severity; size_t begin, end; uint32_t line, column;
                 const char *message, *hint, *subject /* file, option, function */; } rtq_diag_item; /* borrowed; causes follow */
RTQ_API uint32_t    rtq_version(void);                                /* [any] of the library loaded */
RTQ_API const char *rtq_features(void);                               /* "0.1.0 evtx json csv syslog zlib re2 ..." */
RTQ_API const char *rtq_strerror(int code);
RTQ_API rtq_str     rtq_blob_get(const rtq_blob *blob);               /* explain, JSON, checkpoint ... */
RTQ_API void        rtq_blob_free(rtq_blob *blob);
RTQ_API size_t      rtq_diag_count(const rtq_diag *diag);
RTQ_API int         rtq_diag_get(rtq_diag_item *out, const rtq_diag *diag, size_t index);
RTQ_API int         rtq_diag_render(rtq_blob **out, const rtq_diag *diag);  /* query lines with carets */
RTQ_API void        rtq_diag_free(rtq_diag *diag);

#ifdef __cplusplus
}
#endif
#endif
