/* again_read.h - files of a recording that may have to be read a second time: where the first reading of each ended, so that the
 * second gives the same bytes although somebody is writing to them. */
#ifndef RTQ__AGAIN_READ_H
#define RTQ__AGAIN_READ_H
#include "base/mem.h"
#include "os/paths.h"

typedef struct rtq__again {
    rtq__mem *mem;
    struct rtq__again_mark *marks; /* by path; NULL: these cannot be read again */
} rtq__again;

/* Marks for the paths, when all of them are files and none a pipe. OK, NOMEM. */
int rtq__again_init(rtq__again *again, rtq__mem *mem, const rtq__paths *paths);
void rtq__again_free(rtq__again *again);
static inline bool rtq__again_can(const rtq__again *again)
{
    return again->marks != NULL;
}
/* The file was opened: bytes that may be read of it, UINT64_MAX: all there are, which is so the first time. changed: another file has
 * taken its place, or it is shorter now. */
uint64_t rtq__again_limit(const rtq__again *again, size_t path, const rtq__file *file, bool *changed);
/* Its reading has ended here. */
void rtq__again_end(rtq__again *again, size_t path, const rtq__file *file, uint64_t offset);

#endif
