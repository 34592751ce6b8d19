/* evtx.h - the decoder of Windows event logs (.evtx): what its files share. Bytes in, batches out; no I/O.
 *
 * A record is nearly always one instance of a template: descriptors, then packed values. A template is parsed once (a tree of nodes)
 * and compiled once against the demand into a plan: per want a constant, a slot, or "in the nested instance". Records are then
 * tested on raw slots, and cells of the rows that stay are decoded when somebody touches them. Whatever is not exactly that
 * (records without template, several fragments, odd nesting) is expanded into a tree of nodes with the same meaning. */
#ifndef RTQ__EVTX_H
#define RTQ__EVTX_H
#include "base/text.h"
#include "base/time.h"
#include "exec/source.h"
#include "value/dyn.h"

enum {
    EVTX_CHUNK = 65536,
    EVTX_CHUNK_HEADER = 512,
    EVTX_FILE_HEADER = 4096,
    EVTX_PAD = 64,       /* readable bytes that callers leave behind a chunk */
    EVTX_ELEMENTS = 256, /* open elements at once */
    EVTX_NESTING = 16,   /* template instances within each other */
    EVTX_NODES = 32768,  /* nodes of one expanded record */
    EVTX_RECORD_OUT =
        1 << 20, /* bytes that one dynamic value may take: templates can repeat a slot thousands of times */
    EVTX_SLOTS = 4096
};

/* Types of values, 2.2.12 of MS-EVEN6. ARRAY is a bit. */
enum {
    EVTX_NULL = 0x00,
    EVTX_STRING,
    EVTX_ANSI,
    EVTX_I8,
    EVTX_U8,
    EVTX_I16,
    EVTX_U16,
    EVTX_I32,
    EVTX_U32,
    EVTX_I64,
    EVTX_U64,
    EVTX_F32,
    EVTX_F64,
    EVTX_BOOL,
    EVTX_BINARY,
    EVTX_GUID,
    EVTX_SIZE_T,
    EVTX_FILETIME,
    EVTX_SYSTEMTIME,
    EVTX_SID,
    EVTX_HEX32,
    EVTX_HEX64,
    EVTX_HANDLE = 0x20,
    EVTX_XML = 0x21,
    EVTX_XML_TEXT = 0x23,
    EVTX_ARRAY = 0x80
};

typedef struct evtx_val {
    const uint8_t *p;
    uint32_t len;
    uint8_t type;
} evtx_val;

static inline uint16_t evtx_u16(const uint8_t *p)
{
    uint16_t x;
    memcpy(&x, p, 2);
    return x;
}
static inline uint32_t evtx_u32(const uint8_t *p)
{
    uint32_t x;
    memcpy(&x, p, 4);
    return x;
}
static inline uint64_t evtx_u64(const uint8_t *p)
{
    uint64_t x;
    memcpy(&x, p, 8);
    return x;
}

/* ---- trees of nodes: templates, and expanded records ------------------------------------------------------------------- */
enum { EVTX_ELEM = 1, EVTX_ATTR, EVTX_VAL, EVTX_SUBST, EVTX_INSTANCE }; /* the last two are gone in expanded trees */
typedef struct evtx_node {
    uint8_t kind, type; /* type: of VAL and SUBST */
    bool optional;      /* SUBST; expanded ELEM: its optional value is not there, so that it counts as absent */
    uint16_t slot;      /* SUBST */
    uint32_t end;       /* number of the node behind the subtree; attributes come first in it */
    uint32_t name_len, len;
    const char *name; /* UTF-8, of ELEM and ATTR */
    const uint8_t *p; /* VAL: value; INSTANCE: in the chunk, behind the token */
} evtx_node;

typedef struct evtx_nodes {
    evtx_node *v;
    size_t cap;
    uint32_t n;
} evtx_nodes;

static inline bool evtx_named(const evtx_node *n, uint8_t kind, const char *name, size_t len)
{
    return n->kind == kind && n->name_len == len && memcmp(n->name, name, len) == 0;
}
/* First child of `parent` with that kind and name, 0: none. */
uint32_t rtq__evtx_child(const evtx_node *nodes, uint32_t parent, uint8_t kind, const char *name, size_t len);
/* First node of the content (behind the attributes); == nodes[elem].end when there is none. */
uint32_t rtq__evtx_content(const evtx_node *nodes, uint32_t elem);

/* A reference to a name from inside a template: what must hold again for the same bytes elsewhere to mean the same. */
typedef struct evtx_name_ref {
    uint32_t at; /* behind the reference, from the definition's start */
    uint32_t off;
    bool is_inline;
    uint16_t chars;
    const uint8_t *utf16;
} evtx_name_ref;

typedef struct evtx_parser {
    rtq__mem *mem;
    rtq__arena *arena; /* for names and character references */
    const uint8_t *chunk;
    uint32_t chunk_len;
    evtx_nodes *out;
    bool dependency_id;     /* expected in front of elements: in template definitions */
    bool stop_after_system; /* the rest is not looked at */
    evtx_name_ref *refs;    /* collected when want_refs */
    size_t refs_cap;
    uint32_t n_refs;
    bool want_refs;
    /* how the first element of the (last) fragment was read: it may depend on bytes elsewhere in the chunk */
    uint32_t first_at, n_firsts;
    bool first_id;
} evtx_parser;
bool rtq__evtx_dependency_id(const uint8_t *chunk, uint32_t chunk_len, uint32_t pos, uint32_t end, bool expected);
/* Parses the fragments in chunk[begin, end) into out (appending). RTQ_OK, ERR_DATA, ERR_NOMEM. */
int rtq__evtx_parse(evtx_parser *parser, uint32_t begin, uint32_t end);
/* Name at a chunk offset: UTF-16 text. False: not there. */
bool rtq__evtx_name_at(const uint8_t *chunk, uint32_t chunk_len, uint32_t off, const uint8_t **utf16, uint16_t *chars);

/* A template instance: chunk[at] is behind the 0x0C token. */
typedef struct evtx_instance {
    uint32_t def, n, desc, values, end; /* chunk offsets; n descriptors; end of the values */
} evtx_instance;
bool rtq__evtx_instance(evtx_instance *out, const uint8_t *chunk, uint32_t at, uint32_t limit);
/* Bytes of n values. */
static inline uint32_t evtx_sizes(const uint8_t *desc, uint32_t n)
{
    uint64_t sum = 0;
    uint32_t i = 0;
    for (; i + 2 <= n; i += 2)
        sum += evtx_u64(desc + (size_t)i * 4) & UINT64_C(0x0000FFFF0000FFFF);
    uint32_t total = (uint32_t)sum + (uint32_t)(sum >> 32);
    return i < n ? total + evtx_u16(desc + (size_t)i * 4) : total;
}

/* ---- values -------------------------------------------------------------------------------------------------------------- */
/* Where text of cells goes: grows in an arena, valid until the arena is reset. */
typedef struct evtx_text {
    rtq__arena *arena;
    char *p, *end;
} evtx_text;
char *rtq__evtx_room(evtx_text *text, size_t len); /* room for len bytes at text->p, NULL: out of memory */
size_t rtq__evtx_utf8(char *out, const uint8_t *utf16,
                      uint32_t len); /* up to the first NUL; out has room for len / 2 * 3 */

/* Whole numbers, bool, times. 1: *out set; 0: null; -1: not a number by type (text …). kind: INT, LONG, DATETIME, UNKNOWN. */
int rtq__evtx_integer(int64_t *out, const evtx_val *v, uint32_t kind);
bool rtq__evtx_number(int64_t *out, bool *too_large,
                      const evtx_val *v); /* by type; too_large: above 2^63 - 1 and not hexadecimal */
bool rtq__evtx_real(double *out, const evtx_val *v);
void rtq__evtx_guid(uint8_t out[16], const uint8_t *p); /* to RFC 9562 order */
/* Text of any scalar value; false: out of memory. */
bool rtq__evtx_string(rtq_str *out, const evtx_val *v, evtx_text *text);
/* Cell of a typed column (literal text is parsed). */
bool rtq__evtx_cell(rtq__cell *out, const evtx_val *v, uint32_t kind, evtx_text *text);
/* A scalar as dynamic. */
bool rtq__evtx_dyn(rtq__dyn *out, const evtx_val *v, evtx_text *text);
/* Items of an array value: *pos starts at 0. */
bool rtq__evtx_item(evtx_val *out, const evtx_val *array, uint32_t *pos);

/* ---- columns and wants ------------------------------------------------------------------------------------------------ */
enum {
    EVTX_F_NONE = 0,
    EVTX_F_TIME,
    EVTX_F_PROVIDER,
    EVTX_F_EVENTID,
    EVTX_F_LEVEL,
    EVTX_F_CHANNEL,
    EVTX_F_COMPUTER,
    EVTX_F_RECORDID,
    EVTX_F_TASK,
    EVTX_F_OPCODE,
    EVTX_F_KEYWORDS,
    EVTX_F_VERSION,
    EVTX_F_QUALIFIERS,
    EVTX_F_PID,
    EVTX_F_TID,
    EVTX_F_USER,
    EVTX_F_ACTIVITY,
    EVTX_F_RELATED,
    EVTX_F_GUID,
    EVTX_F_SOURCE,
    EVTX_F_PROCESSOR,
    EVTX_F_SESSION,
    EVTX_F_KERNELTIME,
    EVTX_F_USERTIME,
    EVTX_F_SYSTEM_END,
    EVTX_F_EVENTDATA = EVTX_F_SYSTEM_END,
    EVTX_F_USERDATA,
    EVTX_F_RENDERING,
    EVTX_F_ERRORDATA,
    EVTX_F_DEBUG,
    EVTX_F_BINARY,
    EVTX_F_HEADER, /* from here on: not in the event */
    EVTX_F_HEADER_ID = EVTX_F_HEADER,
    EVTX_F_HEADER_TIME,
    EVTX_F_FILE
};
typedef struct evtx_field {
    const char *element, *attribute;
} evtx_field; /* below System; children of Event: element alone */
extern const evtx_field rtq__evtx_fields[EVTX_F_HEADER];
extern const rtq__table_col rtq__evtx_cols[];
uint32_t rtq__evtx_n_cols(void);

typedef struct evtx_want {
    uint8_t field, kind;
    bool time;                 /* the event time, for the watermark */
    const rtq__path_seg *path; /* below the column */
    uint32_t n_path;
} evtx_want;
void rtq__evtx_want(evtx_want *out, const rtq__want *want);

/* ---- decoder ------------------------------------------------------------------------------------------------------------ */
typedef struct rtq__evtx rtq__evtx;
int rtq__evtx_new(rtq__evtx **out, rtq__mem *mem, rtq__source_stats *stats, int64_t *max_time);
void rtq__evtx_free(rtq__evtx *d);
/* New demand; the rows of the current batch are gone. The table must live until the next plan. */
int rtq__evtx_plan(rtq__evtx *d, rtq__demand_table *table);
/* Starts a batch: forgets the rows, after which their chunks may be overwritten. `file`: name for rows from now on, must live as long as they. */
void rtq__evtx_begin(rtq__evtx *d, uint32_t max_rows);
void rtq__evtx_file(rtq__evtx *d, const char *name);
void rtq__evtx_time_limit(rtq__evtx *d, int64_t ticks); /* later times do not count for the largest */
/* Adds the wanted rows of a chunk of len bytes (EVTX_PAD more are readable). *pos: 0 for a new chunk, else where the last call stopped.
 * OK: the chunk is done; AGAIN: the batch is full; < 0: out of memory. *damaged gets the number of records that were errored. */
int rtq__evtx_chunk(rtq__evtx *d, const uint8_t *chunk, uint32_t len, uint32_t *pos, uint32_t *damaged);
bool rtq__evtx_is_chunk(const uint8_t *chunk, uint32_t len);
uint32_t rtq__evtx_rows(const rtq__evtx *d);
/* The rows so far; NULL: out of memory. Valid until begin or plan. */
rtq__batch *rtq__evtx_batch(rtq__evtx *d);

/* IEEE CRC32 (zlib's), and whether header and data sums of a chunk are right (true when it says that it has none). */
uint32_t rtq__evtx_crc(uint32_t crc, const uint8_t *p, size_t len);
bool rtq__evtx_sums_right(const uint8_t *chunk, uint32_t len);

#endif
