/* handles.h - what stands behind the public handles. All are reference counted; a child keeps its env. */
#ifndef RTQ__HANDLES_H
#define RTQ__HANDLES_H
#include "exec/out.h"
#include "exec/sink.h"
#include "exec/source.h"
#include "fn/host.h"
#include "fn/host_data.h"
#include "kql/bind.h"
#include "kql/parse.h"
#include "os/lock.h"
#include "rtq/rtq.h"

/* A reference table of the env: rows copied once, swapped as a whole; readers hold a reference. */
typedef struct rtq__host_table {
    _Atomic uint32_t refs;
    rtq__mem *mem;
    rtq__arena arena; /* schema */
    rtq__table table;
    rtq__owned_batch **batches;
    uint32_t n_batches;
    uint64_t version;
} rtq__host_table;
void rtq__host_table_unref(rtq__host_table *t);

/* A function of the host and what to call. `base` comes first: fn.user points at it. */
typedef struct rtq__host_entry {
    rtq__host_function base;
    rtq_function_fn call;
    void *user;
    rtq_destroy_fn destroy;
    uint32_t flags; /* RTQ_FN_* of the public API */
    rtq__mutex serial;
} rtq__host_entry;

void rtq__host_entry_free(rtq__mem *mem, rtq__host_entry *entry);

struct rtq_env {
    _Atomic uint32_t refs;
    rtq__mem *mem;
    rtq_log_fn log;
    void *log_user;
    uint32_t log_level;
    rtq__mutex lock; /* the members below */
    rtq__host_entry **functions;
    size_t n_functions, cap_functions;
    struct {
        const rtq__host_data *what;
        rtq__fn fn; /* the row that queries get, fn.user is the data */
    } * data;
    size_t n_data, cap_data;
    rtq__host_table **tables;
    size_t n_tables, cap_tables;
    _Atomic uint64_t table_version; /* grows with each set_table */
    bool compiled;                  /* functions are closed once something was compiled */
};
rtq_env *rtq__env_ref(rtq_env *env);
void rtq__log(rtq_env *env, int level, const char *component, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
rtq__host_table *rtq__env_table(rtq_env *env, const char *name); /* a reference, or NULL */

struct rtq_script {
    _Atomic uint32_t refs;
    rtq_env *env;
    rtq__arena arena;
    const char *text;
    size_t len;
    rtq__script_piece *pieces;
    size_t n_pieces; /* of all kinds */
    size_t *queries;
    size_t n_queries; /* numbers of the pieces that are queries */
    const rtq__ast **functions;
    uint32_t n_functions; /* CREATE_FUNCTION nodes */
};

struct rtq__plan;
struct rtq_query {
    _Atomic uint32_t refs;
    rtq_env *env;
    rtq__arena arena; /* copies of table definitions, names, syntax tree of the library */
    char *name;
    const char *text; /* for what is refused when a run gets the query */
    rtq__bound *bound;
    struct rtq__plan *plan;
    rtq__out_schema **schemas; /* one a result */
    uint32_t n_results;
    uint64_t max_state_bytes;
};

struct rtq_source {
    _Atomic uint32_t refs;
    rtq_env *env;
    rtq__src *src;
    _Atomic uint32_t attached; /* a source belongs to one run */
};

struct rtq_sink {
    _Atomic uint32_t refs;
    rtq_env *env;
    const rtq_sink_vtable *vtable; /* always set */
    rtq_sink_vtable own;           /* custom: the host's table, completed */
    void *user;
    rtq_destroy_fn destroy;
    const char *(*error)(void *user);
    rtq_batch_fn callback;    /* callback sinks */
    struct rtq__queue *queue; /* queue sinks */
};
rtq_sink *rtq__sink_ref(rtq_sink *sink);
rtq_query *rtq__query_ref(rtq_query *query);
rtq_source *rtq__source_ref(rtq_source *source);

void rtq__source_unref(rtq_source *source); /* a reference of ours; rtq_source_free() is the host's */

/* The queue of a queue sink: runs put, any thread takes. */
typedef struct rtq__queue rtq__queue;
rtq__queue *rtq__queue_new(rtq__mem *mem, size_t max_batches);
void rtq__queue_free(rtq__queue *queue);
int rtq__queue_put(rtq__queue *queue, const rtq_batch *batch); /* OK, AGAIN: full, NOMEM */
int rtq__queue_take(rtq_batch **out, rtq__queue *queue);       /* OK, AGAIN: nothing now, END: nothing ever */
/* Once a query of the run ctx: wake is called when room appears. When all have let go, take gives END once the queue is empty. */
int rtq__queue_attach(rtq__queue *queue, void (*wake)(void *ctx), void *ctx); /* OK, NOMEM */
void rtq__queue_detach(rtq__queue *queue, const void *ctx);

#endif
