/* evtx_gen.c - writes event logs: XML texts to tokens, template instances, records, chunks. */
#include "evtx_gen.h"
#include <stdlib.h>
#include <string.h>
#include "sources/evtx/evtx.h"

/* ---- bytes --------------------------------------------------------------------------------------------------------------------------- */
static void grow(eg *g, size_t len)
{
    if (len > g->cap) {
        size_t cap = len * 2 + (1 << 18);
        g->bytes = realloc(g->bytes, cap);
        if (!g->bytes)
            abort();
        memset(g->bytes + g->cap, 0, cap - g->cap);
        g->cap = cap;
    }
    g->len = len > g->len ? len : g->len;
}

static uint8_t *at(eg *g, uint32_t pos)
{
    return g->bytes + g->chunk + pos;
}

static void put(eg *g, const void *p, size_t n)
{
    if (g->pos + n > EVTX_CHUNK)
        abort(); /* a test that does not fit */
    memcpy(at(g, g->pos), p, n);
    g->pos += (uint32_t)n;
}

static void put8(eg *g, uint32_t x)
{
    uint8_t b = (uint8_t)x;
    put(g, &b, 1);
}
static void put16(eg *g, uint32_t x)
{
    uint16_t b = (uint16_t)x;
    put(g, &b, 2);
}
static void put32(eg *g, uint32_t x)
{
    put(g, &x, 4);
}
static void put64(eg *g, uint64_t x)
{
    put(g, &x, 8);
}
static void set32(eg *g, uint32_t pos, uint32_t x)
{
    memcpy(at(g, pos), &x, 4);
}

/* UTF-8 to UTF-16; "\xED\xA0\x80" style lone surrogates pass through. Returns units. */
static uint32_t to_utf16(uint16_t *out, const char *s, size_t len)
{
    uint32_t n = 0;
    for (size_t i = 0; i < len;) {
        unsigned char c = (unsigned char)s[i];
        uint32_t cp = c, more = c >= 0xF0 ? 3 : c >= 0xE0 ? 2 : c >= 0xC0 ? 1 : 0;
        if (more)
            cp = c & (0x3Fu >> more);
        for (i++; more > 0 && i < len; more--, i++)
            cp = cp << 6 | ((unsigned char)s[i] & 0x3Fu);
        if (cp > 0xFFFF) {
            out[n++] = (uint16_t)(0xD800 + ((cp - 0x10000) >> 10));
            cp = 0xDC00 + ((cp - 0x10000) & 0x3FF);
        }
        out[n++] = (uint16_t)cp;
    }
    return n;
}

static void put_name(eg *g, const char *s, size_t len)
{
    uint16_t units[512];
    uint32_t n = to_utf16(units, s, len), h = 0;
    for (uint32_t i = 0; i < n; i++)
        h = h * 65599 + units[i];
    for (uint32_t i = 0; i < g->n_names; i++) {
        uint8_t *e = at(g, g->names[i]);
        if (evtx_u16(e + 6) == n && memcmp(e + 8, units, n * 2) == 0) {
            put32(g, g->names[i]);
            return;
        }
    }
    put32(g, g->pos + 4);
    uint32_t entry = g->pos, bucket = 128 + (h & 63) * 4;
    if (g->n_names < 512)
        g->names[g->n_names++] = entry;
    put32(g, evtx_u32(at(g, bucket)));
    set32(g, bucket, entry);
    put16(g, h);
    put16(g, n);
    put(g, units, n * 2);
    put16(g, 0);
}

/* ---- XML to tokens -------------------------------------------------------------------------------------------------------------------- */
static const char *const types[] = {"null", "str",      "ansi",       "i8",  "u8",    "i16",  "u16", "i32",
                                    "u32",  "i64",      "u64",        "f32", "f64",   "bool", "bin", "guid",
                                    "size", "filetime", "systemtime", "sid", "hex32", "hex64"};

static uint32_t type_of(const char *s, size_t len)
{
    uint32_t array = 0;
    if (len > 2 && s[len - 1] == ']') {
        array = EVTX_ARRAY;
        len -= 2;
    }
    if (len == 3 && memcmp(s, "xml", 3) == 0)
        return EVTX_XML;
    if (len == 6 && memcmp(s, "handle", 6) == 0)
        return EVTX_HANDLE;
    for (uint32_t i = 0; i < sizeof types / sizeof *types; i++)
        if (strlen(types[i]) == len && memcmp(types[i], s, len) == 0)
            return i | array;
    abort();
}

static void put_text(eg *g, const char *s, size_t len)
{
    uint16_t units[4096];
    if (len == 0)
        return;
    uint32_t n = to_utf16(units, s, len);
    put8(g, 5);
    put8(g, EVTX_STRING);
    put16(g, n);
    put(g, units, n * 2);
}

static const char *put_entity(eg *g, const char *s)
{
    const char *end = strchr(s, ';');
    if (s[1] == '#') {
        put8(g, 8);
        put16(g, (uint32_t)strtoul(s + 2, NULL, 10));
    } else {
        put8(g, 9);
        put_name(g, s + 1, (size_t)(end - s - 1));
    }
    return end + 1;
}

static const char *put_subst(eg *g, const char *s)
{
    char *p;
    uint32_t slot = (uint32_t)strtoul(s + 1, &p, 10);
    const char *end = strchr(p, '}');
    put8(g, *p == '?' ? 0x0E : 0x0D);
    put16(g, slot);
    put8(g, type_of(p + 1, (size_t)(end - p - 1)));
    return end + 1;
}

/* Text, entities and substitutions up to one of `stop`. */
static const char *put_content(eg *g, const char *s, char stop)
{
    while (*s && *s != stop) {
        if (*s == '&') {
            s = put_entity(g, s);
        } else if (*s == '{') {
            s = put_subst(g, s);
        } else {
            size_t n = 0;
            while (s[n] && s[n] != stop && s[n] != '&' && s[n] != '{')
                n++;
            put_text(g, s, n);
            s += n;
        }
    }
    return s;
}

static const char *put_special(eg *g, const char *s)
{
    uint16_t units[1024];
    bool pi = s[1] == '?';
    const char *end = strstr(s, pi ? "?>" : "]]>"), *text = s + (pi ? 2 : 9);
    if (pi) {
        size_t n = strcspn(text, " ?");
        put8(g, 0x0A);
        put_name(g, text, n);
        put8(g, 0x0B);
        text += n;
    } else {
        put8(g, 7);
    }
    uint32_t n = to_utf16(units, text, (size_t)(end - text));
    put16(g, n);
    put(g, units, n * 2);
    return end + (pi ? 2 : 3);
}

static const char *put_attributes(eg *g, const char *s)
{
    while (*s == ' ') {
        const char *name = ++s;
        size_t n = strcspn(s, "=");
        s += n + 2;
        const char *end = strchr(s, '"');
        put8(g, end[1] == ' ' ? 0x46 : 6);
        put_name(g, name, n);
        s = put_content(g, s, '"') + 1;
    }
    return s;
}

static const char *put_element(eg *g, const char *s, bool dependency_id)
{
    size_t n = strcspn(s + 1, " />");
    bool attributes = s[1 + n] == ' ';
    put8(g, attributes ? 0x41 : 1);
    if (dependency_id)
        put16(g, 0xFFFF);
    uint32_t size = g->pos;
    put32(g, 0);
    put_name(g, s + 1, n);
    s += 1 + n;
    if (attributes) {
        uint32_t list = g->pos;
        put32(g, 0);
        s = put_attributes(g, s);
        set32(g, list, g->pos - list - 4);
    }
    if (*s == '/') {
        put8(g, 3);
        s += 2;
    } else {
        put8(g, 2);
        s++;
        while (s[0] != '<' || s[1] != '/') {
            if (s[0] != '<')
                s = put_content(g, s, '<');
            else if (s[1] == '!' || s[1] == '?')
                s = put_special(g, s);
            else
                s = put_element(g, s, dependency_id);
        }
        put8(g, 4);
        s = strchr(s, '>') + 1;
    }
    set32(g, size, g->pos - size - 4);
    return s;
}

static void put_fragment(eg *g, const char *xml, bool dependency_id, bool header)
{
    if (header)
        put(g, "\x0F\x01\x01", 4);
    while (*xml)
        xml = *xml == '<' && xml[1] == '?' ? put_special(g, xml)
              : *xml == '<'                ? put_element(g, xml, dependency_id)
                                           : put_content(g, xml, '<');
    put8(g, 0);
}

/* ---- instances ------------------------------------------------------------------------------------------------------------------------ */
static void put_definition(eg *g, const eg_tmpl *t)
{
    uint32_t bucket = 384 + (t->id & 31) * 4, start = g->pos;
    put32(g, evtx_u32(at(g, bucket)));
    set32(g, bucket, start);
    put32(g, t->id);
    put(g, "generated   ", 12);
    put32(g, 0);
    put_fragment(g, t->xml, !t->no_dependency_id, true);
    set32(g, start + 20, g->pos - start - 24);
    if (g->n_defs < 512) {
        g->defs[g->n_defs].tmpl = t;
        g->defs[g->n_defs++].at = start;
    }
}

static void put_instance(eg *g, const eg_inst *inst);

static void put_value(eg *g, const eg_val *v)
{
    uint32_t type = v->type ? type_of(v->type, strlen(v->type)) : EVTX_NULL;
    if (type == EVTX_STRING && v->data && v->len == 0) {
        uint16_t units[8192];
        size_t n = (size_t)to_utf16(units, v->data, strlen(v->data)) * 2;
        put(g, units, n);
    } else if (type == EVTX_ANSI && v->len == 0) {
        put(g, v->data, strlen(v->data));
    } else if (type == EVTX_XML && (v->inst || v->xml)) {
        const eg_inst *parts[2] = {v->inst, v->second};
        if (v->xml)
            put_fragment(g, v->xml, false, !v->no_header);
        for (int i = 0; i < 2 && parts[i]; i++) {
            if (!v->no_header)
                put(g, "\x0F\x01\x01", 4);
            put_instance(g, parts[i]);
            put8(g, 0);
        }
    } else if (v->data) {
        put(g, v->data, v->len);
    }
}

static void put_instance(eg *g, const eg_inst *inst)
{
    uint32_t def = 0;
    put8(g, 0x0C);
    put8(g, 1);
    put32(g, inst->tmpl->id);
    for (uint32_t i = 0; i < g->n_defs && !def; i++)
        if (g->defs[i].tmpl == inst->tmpl)
            def = g->defs[i].at;
    put32(g, def ? def : g->pos + 4);
    if (!def)
        put_definition(g, inst->tmpl);
    put32(g, inst->n);
    uint32_t desc = g->pos;
    g->pos += inst->n * 4;
    for (uint32_t i = 0; i < inst->n; i++) {
        const eg_val *v = &inst->vals[i];
        uint32_t start = g->pos;
        put_value(g, v);
        uint16_t len = (uint16_t)(g->pos - start);
        memcpy(at(g, desc + i * 4), &len, 2);
        at(g, desc + i * 4)[2] = (uint8_t)(v->type ? type_of(v->type, strlen(v->type)) : EVTX_NULL);
    }
}

/* ---- records, chunks, file ------------------------------------------------------------------------------------------------------------ */
static void begin_record(eg *g, uint64_t filetime)
{
    g->record = g->pos;
    put32(g, 0x00002a2a);
    put32(g, 0);
    put64(g, g->next_id++);
    put64(g, filetime);
}

static void end_record(eg *g)
{
    while ((g->pos + 4 - g->record) % 8 != 0)
        put8(g, 0xAA); /* padding is not always zero */
    put32(g, g->pos + 4 - g->record);
    set32(g, g->record + 4, g->pos - g->record);
}

void eg_record(eg *g, uint64_t filetime, const eg_inst *inst)
{
    begin_record(g, filetime);
    put(g, "\x0F\x01\x01", 4);
    put_instance(g, inst);
    put8(g, 0);
    end_record(g);
}

void eg_record_xml(eg *g, uint64_t filetime, const char *xml, bool dependency_id)
{
    begin_record(g, filetime);
    put_fragment(g, xml, dependency_id, true);
    end_record(g);
}

void eg_raw(eg *g, const void *bytes, uint32_t len)
{
    put(g, bytes, len);
}

static void close_chunk(eg *g)
{
    if (!g->chunk)
        return;
    set32(g, 44, g->record);
    set32(g, 48, g->pos);
    uint64_t last = g->next_id - 1;
    memcpy(at(g, 16), &last, 8);
    memcpy(at(g, 32), &last, 8);
}

void eg_begin(eg *g)
{
    memset(g, 0, sizeof *g);
    grow(g, EVTX_FILE_HEADER);
    memcpy(g->bytes, "ElfFile", 8);
    g->bytes[32] = 128;
    g->bytes[36] = 1, g->bytes[38] = 3;
    g->bytes[41] = 0x10;
    g->next_id = 1;
}

void eg_chunk(eg *g)
{
    close_chunk(g);
    g->chunk = g->len;
    grow(g, g->len + EVTX_CHUNK);
    g->pos = 0;
    put(g, "ElfChnk", 8);
    put64(g, g->next_id);
    put64(g, 0);
    put64(g, g->next_id);
    put64(g, 0);
    put32(g, 128);
    g->pos = EVTX_CHUNK_HEADER;
    g->n_names = g->n_defs = 0;
    g->record = 0;
    g->n_chunks++;
}

void eg_sums(eg *g)
{
    for (size_t c = EVTX_FILE_HEADER; c + EVTX_CHUNK <= g->len; c += EVTX_CHUNK) {
        uint8_t *p = g->bytes + c;
        if (memcmp(p, "ElfChnk", 8) != 0)
            continue;
        uint32_t used = evtx_u32(p + 48),
                 sum = used < 512 || used > EVTX_CHUNK ? 0 : rtq__evtx_crc(0, p + 512, used - 512);
        memcpy(p + 52, &sum, 4);
        sum = rtq__evtx_crc(rtq__evtx_crc(0, p, 120), p + 128, 384);
        memcpy(p + 124, &sum, 4);
    }
    uint32_t sum = rtq__evtx_crc(0, g->bytes, 120);
    memcpy(g->bytes + 124, &sum, 4);
}

void eg_end(eg *g)
{
    close_chunk(g);
    g->bytes[42] = (uint8_t)g->n_chunks;
    memcpy(g->bytes + 24, &g->next_id, 8);
    eg_sums(g);
}

void eg_free(eg *g)
{
    free(g->bytes);
    memset(g, 0, sizeof *g);
}
