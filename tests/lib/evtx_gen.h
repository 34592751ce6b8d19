/* evtx_gen.h - writes small event logs from XML texts: every shape that real files have, and those they should not have.
 *
 * A text is XML with substitutions: {3:u16} is slot 3, {3?u16} an optional one. Types: null str ansi i8 u8 i16 u16 i32 u32 i64 u64 f32
 * f64 bool bin guid size filetime systemtime sid hex32 hex64 xml, and str[] u32[] … for arrays. Entities, &#n;, CDATA and PIs become
 * tokens of their own. */
#ifndef EVTX_GEN_H
#define EVTX_GEN_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct eg_tmpl {
    uint32_t id; /* first word of the GUID */
    const char *xml;
    bool no_dependency_id;
} eg_tmpl;

typedef struct eg_inst eg_inst;
typedef struct eg_val {
    const char *type; /* as in texts; NULL: "null" */
    const void *data; /* str, ansi: NUL-terminated UTF-8 (len 0); others: bytes */
    uint32_t len;
    const eg_inst *inst;   /* xml: a template instance */
    const char *xml;       /* xml: a fragment without template */
    bool no_header;        /* xml: without fragment header */
    const eg_inst *second; /* xml: another fragment behind it */
} eg_val;
struct eg_inst {
    const eg_tmpl *tmpl;
    uint32_t n;
    const eg_val *vals;
};

typedef struct eg {
    uint8_t *bytes;
    size_t len, cap;
    size_t chunk; /* offset of the current chunk */
    uint32_t pos; /* in it */
    uint32_t names[512], n_names;
    struct {
        const eg_tmpl *tmpl;
        uint32_t at;
    } defs[512];
    uint32_t n_defs;
    uint64_t next_id;
    uint32_t record, n_chunks;
} eg;

void eg_begin(eg *g); /* file header */
void eg_chunk(eg *g); /* closes the current chunk, starts a new one */
void eg_record(eg *g, uint64_t filetime, const eg_inst *inst);
void eg_record_xml(eg *g, uint64_t filetime, const char *xml, bool dependency_id); /* without template */
void eg_raw(eg *g, const void *bytes, uint32_t len); /* into the chunk, as a damaged record */
void eg_end(eg *g);                                  /* closes the last chunk, header */
void eg_sums(eg *g);                                 /* writes all checksums again */
void eg_free(eg *g);

/* The events most tests use. */
enum { EG_SLOTS = 18 };
extern const eg_tmpl eg_system18, eg_system20;
typedef struct eg_event {
    uint32_t id;
    uint64_t record_id, filetime;
    const char *provider, *channel;
    const eg_val *data; /* slot 17 */
} eg_event;
/* Fills the 18 or 20 values of a System template. */
void eg_system(eg_val *vals, uint32_t n, const eg_event *event, uint8_t *store /* 64 bytes, lives as long as vals */);
/* Files by name: "basic", "odd", … NULL name after the last. */
const char *eg_case_name(uint32_t i);
void eg_case(eg *g, uint32_t i);

#endif
