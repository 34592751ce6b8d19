/* custom.h - sources of the host. */
#ifndef RTQ__CUSTOM_H
#define RTQ__CUSTOM_H
#include "exec/source.h"

/* vtable: complete. Takes `user` over on RTQ_OK only: destroy runs when the source closes. */
int rtq__custom_open(rtq__src **out, rtq__mem *mem, const rtq_source_vtable *vtable, void *user, rtq_destroy_fn destroy,
                     rtq_diag *diag);

#endif
