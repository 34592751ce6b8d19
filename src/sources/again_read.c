/* again_read.c - marks by path: which file it was, and where its first reading ended. */
#include "sources/again_read.h"

typedef struct rtq__again_mark {
    bool set;
    uint64_t end, device, inode;
} mark;

int rtq__again_init(rtq__again *again, rtq__mem *mem, const rtq__paths *paths)
{
    rtq__file_info info;

    *again = (rtq__again){.mem = mem};
    for (size_t i = 0; i < paths->n; i++)
        if (rtq__path_info_get(&info, paths->items[i], NULL) != RTQ_OK || info.kind != RTQ__FILE_REGULAR)
            return RTQ_OK;
    again->marks = rtq__calloc(mem, paths->n + 1, sizeof *again->marks);
    return again->marks ? RTQ_OK : RTQ_ERR_NOMEM;
}

void rtq__again_free(rtq__again *again)
{
    rtq__free(again->mem, again->marks);
    again->marks = NULL;
}

uint64_t rtq__again_limit(const rtq__again *again, size_t path, const rtq__file *file, bool *changed)
{
    const mark *m = again->marks ? &again->marks[path] : NULL;
    rtq__file_info info = {0};

    *changed = false;
    if (!m || !m->set)
        return UINT64_MAX;
    *changed = rtq__file_info_get(&info, file, NULL) != RTQ_OK || info.device != m->device || info.inode != m->inode ||
               info.size < m->end;
    return *changed ? 0 : m->end;
}

void rtq__again_end(rtq__again *again, size_t path, const rtq__file *file, uint64_t offset)
{
    mark *m = again->marks ? &again->marks[path] : NULL;
    rtq__file_info info = {0};

    if (!m || m->set)
        return;
    m->set = true;
    m->end = rtq__file_info_get(&info, file, NULL) == RTQ_OK ? offset : 0;
    m->device = info.device;
    m->inode = info.inode;
}
