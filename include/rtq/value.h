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
#define RTQ_VERSION 0x000100u                     /* 0xMMmmpp; compare with rtq_version() */
#define RTQ_NTS ((size_t)-1)
#define RTQ_UNIX_EPOCH INT64_C(621355968000000000) /* 1970-01-01 in ticks */
struct ArrowSchema; struct ArrowArray; struct ArrowArrayStream;
typedef struct rtq_env rtq_env;       typedef struct rtq_script rtq_script;     typedef struct rtq_query rtq_query;
typedef struct rtq_source rtq_source; typedef struct rtq_appender rtq_appender; typedef struct rtq_sink rtq_sink;
typedef struct rtq_run rtq_run;       typedef struct rtq_batch rtq_batch;       typedef struct rtq_diag rtq_diag;
typedef struct rtq_blob rtq_blob;     typedef struct rtq_demand rtq_demand;     typedef struct rtq_call rtq_call;
enum { RTQ_OK = 0, RTQ_END = 1, RTQ_AGAIN = 2, RTQ_ERR_NOMEM = -1, RTQ_ERR_ARG = -2, RTQ_ERR_SYNTAX = -3,
       RTQ_ERR_SEMANTIC = -4, RTQ_ERR_IO = -5, RTQ_ERR_LIMIT = -6, RTQ_ERR_USER = -7 /* only from callbacks */,
       RTQ_ERR_STATE = -8 /* wrong moment */, RTQ_ERR_UNSUPPORTED = -9 /* not built in, or not yet */, RTQ_ERR_DATA = -10 };
enum { RTQ_BOOL = 1, RTQ_INT, RTQ_LONG, RTQ_REAL, RTQ_DECIMAL, RTQ_STRING, RTQ_DATETIME, RTQ_TIMESPAN, RTQ_GUID, RTQ_DYNAMIC,
       RTQ_UNKNOWN /* depends on data; cells as dynamic */ };
enum { RTQ_COLUMN_REST = 1 /* bag of all other fields of an open schema; counted in n_columns, always last */, RTQ_COLUMN_DECIDE = 2,
       RTQ_COLUMN_TIME = 4 };
typedef struct { const char *ptr; size_t len; } rtq_str;
typedef struct { const char *key, *value; } rtq_option;   /* a key may repeat; unknown key: RTQ_ERR_ARG + nearest name */
typedef struct { const char *name; uint32_t kind, flags; } rtq_column_def;
typedef struct { int64_t wall_ticks, mono_ns; } rtq_clock; /* mono_ns drives timers and must not go back; wall is now() */
typedef struct {                  /* 24 bytes on every ABI. dynamic: JSON text in u.s. guid: RFC 9562 byte order. decimal: */
    uint8_t kind, is_null;        /* IEEE 754 decimal128, BID, u.w = {low, high}. bool: u.i = 0 or 1. */
    uint16_t reserved;
    uint32_t len;                 /* bytes at u.s */
    union { int64_t i; double d; const char *s; uint64_t w[2]; uint8_t b[16]; } u;
} rtq_value;
typedef struct {                  /* one column, in or out; row r is at data + r * stride; stride 0 = same for all rows, */
    uint32_t kind, stride;        /* so that arrays, arrays of host structs and constants need no copying on the way in */
    const void *data;             /* bool uint8_t; int int32_t; long, datetime, timespan int64_t; real double; */
    const uint8_t *nulls;         /* guid, decimal 16 bytes; string, dynamic rtq_str. nulls: a byte a row, or NULL */
    uint32_t null_stride, reserved;
} rtq_column;
typedef void  (*rtq_destroy_fn)(void *user);

#ifdef __cplusplus
}
#endif
#endif
