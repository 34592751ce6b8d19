/** @file rtq/value.h
 *  Return codes, kinds, and the structs that never change. */
#ifndef RTQ_VALUE_H
#define RTQ_VALUE_H
#include <stddef.h>
#include <stdint.h>
#ifdef __cplusplus
extern "C" {
#endif

#ifndef RTQ_API
#define RTQ_API
#endif

/** Version of this header: 0xMMmmpp. Compare with rtq_version(), the version of the library loaded. */
#define RTQ_VERSION 0x000100u
/** As a length: the text is NUL-terminated. */
#define RTQ_NTS ((size_t)-1)
/** 1970-01-01 in ticks of 100 ns since 0001-01-01. */
#define RTQ_UNIX_EPOCH INT64_C(621355968000000000)

struct ArrowSchema;
struct ArrowArray;
struct ArrowArrayStream;
/** Allocator, log, limits, host functions, reference tables. */
typedef struct rtq_env rtq_env;
/** A query file: named queries, functions and views. */
typedef struct rtq_script rtq_script;
/** A compiled query; immutable. */
typedef struct rtq_query rtq_query;
/** A feed. */
typedef struct rtq_source rtq_source;
/** One thread's way into a push source. */
typedef struct rtq_appender rtq_appender;
/** Where rows go. */
typedef struct rtq_sink rtq_sink;
/** Sources, queries and sinks together. */
typedef struct rtq_run rtq_run;
/** Result rows. */
typedef struct rtq_batch rtq_batch;
/** Errors and warnings. */
typedef struct rtq_diag rtq_diag;
/** Text or bytes that the library made. */
typedef struct rtq_blob rtq_blob;
/** What queries ask of a source. */
typedef struct rtq_demand rtq_demand;
/** One call of a host function. */
typedef struct rtq_call rtq_call;

/** What functions return: 0 done, above 0 no error, below 0 an error. docs/errors.md says more. */
enum {
    RTQ_OK = 0,               /**< done */
    RTQ_END = 1,              /**< there is no more */
    RTQ_AGAIN = 2,            /**< nothing now: wait, then try again */
    RTQ_ERR_NOMEM = -1,       /**< the allocator refused, or max_memory_bytes is reached */
    RTQ_ERR_ARG = -2,         /**< an argument or option is wrong */
    RTQ_ERR_SYNTAX = -3,      /**< the text is not KQL */
    RTQ_ERR_SEMANTIC = -4,    /**< it is KQL but means nothing here: unknown name, wrong type */
    RTQ_ERR_IO = -5,          /**< the system refused */
    RTQ_ERR_LIMIT = -6,       /**< a stated limit is exceeded */
    RTQ_ERR_USER = -7,        /**< a callback of the host said so; never made by the library itself */
    RTQ_ERR_STATE = -8,       /**< not possible at this moment */
    RTQ_ERR_UNSUPPORTED = -9, /**< not built in, or not yet */
    RTQ_ERR_DATA = -10        /**< the data is malformed */
};

/** KQL types. */
enum {
    RTQ_BOOL = 1,
    RTQ_INT,
    RTQ_LONG,
    RTQ_REAL,
    RTQ_DECIMAL,
    RTQ_STRING,
    RTQ_DATETIME, /**< ticks of 100 ns since 0001-01-01 UTC */
    RTQ_TIMESPAN, /**< ticks of 100 ns */
    RTQ_GUID,
    RTQ_DYNAMIC,
    RTQ_UNKNOWN /**< the type depends on the data; cells as of dynamic */
};

/** Flags of rtq_column_def. */
enum {
    RTQ_COLUMN_REST = 1,   /**< the bag of all other fields of an open schema; counted as a column, always the last */
    RTQ_COLUMN_DECIDE = 2, /**< a predicate reads it (demand) */
    RTQ_COLUMN_TIME = 4    /**< the event time */
};

/** Text with a length; may hold NUL, is not terminated. */
typedef struct {
    const char *ptr; /**< the bytes */
    size_t len;      /**< their number */
} rtq_str;

/** An option of a source or sink. A key may repeat; an unknown key is RTQ_ERR_ARG with the nearest name. */
typedef struct {
    const char *key;   /**< name of the option */
    const char *value; /**< its value as text */
} rtq_option;

/** A column of a result, a table or a demand. */
typedef struct {
    const char *name; /**< borrowed */
    uint32_t kind;    /**< RTQ_LONG ... */
    uint32_t flags;   /**< RTQ_COLUMN_* */
} rtq_column_def;

/** The time that a step sees. */
typedef struct {
    int64_t wall_ticks; /**< what now() means; ticks since 0001-01-01 UTC */
    int64_t mono_ns;    /**< drives timers; must not go back */
} rtq_clock;

/** One cell; 24 bytes on every ABI. */
typedef struct {
    uint8_t kind;      /**< RTQ_LONG ... */
    uint8_t is_null;   /**< 1: null, u says nothing */
    uint16_t reserved; /**< 0 */
    uint32_t len;      /**< bytes at u.s */
    union {
        int64_t i;     /**< bool (0, 1), int, long, datetime, timespan */
        double d;      /**< real */
        const char *s; /**< string; dynamic: JSON text */
        uint64_t w[2]; /**< decimal: IEEE 754 decimal128, BID, {low, high} */
        uint8_t b[16]; /**< guid in RFC 9562 byte order */
    } u;               /**< the value */
} rtq_value;

/** One column of cells, in or out. Row r is at data + r * stride; stride 0: the same cell for all rows, so that arrays, arrays of
 *  host structs and constants need no copying on the way in. Cells: bool uint8_t; int int32_t; long, datetime, timespan int64_t;
 *  real double; guid, decimal 16 bytes; string, dynamic rtq_str (dynamic: JSON text). */
typedef struct {
    uint32_t kind;        /**< RTQ_LONG ... */
    uint32_t stride;      /**< bytes from row to row; 0: the same cell for all */
    const void *data;     /**< the first cell */
    const uint8_t *nulls; /**< a byte a row, not 0: null; NULL: no nulls */
    uint32_t null_stride; /**< bytes from row to row in nulls */
    uint32_t reserved;    /**< 0 */
} rtq_column;

/** Releases what `user` points to. Runs exactly once, when the last reference goes, also when the call that got it fails. Thread: any. */
typedef void (*rtq_destroy_fn)(void *user);

#ifdef __cplusplus
}
#endif
#endif
