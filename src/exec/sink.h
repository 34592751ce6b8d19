/* sink.h - built-in sinks: options in, a public sink vtable out; one class each in src/sinks/NAME/, listed in src/sinks/kinds.c. */
#ifndef RTQ__SINK_H
#define RTQ__SINK_H
#include "exec/source.h"
#include "rtq/sink.h"

typedef struct rtq__sink_class {
    const char *kind, *doc;
    const rtq__option_def *options; /* ends with key NULL */
    /* Makes `user` for the vtable; freed with destroy. */
    int (*open)(void **user, rtq__mem *mem, const rtq_option *options, size_t n_options, rtq_diag *diag);
    void (*destroy)(void *user);
    const rtq_sink_vtable *vtable;
    /* Text of the last failure of this sink ("No space left on device: out.json"), NULL: none. */
    const char *(*error)(void *user);
} rtq__sink_class;

const rtq__sink_class *const *rtq__sink_classes(uint32_t *n);

#endif
