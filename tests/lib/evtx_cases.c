/* evtx_cases.c - the generated files: one function a file, what is in it said by its records. */
#include <stdio.h>
#include <string.h>
#include "evtx_gen.h"
#include "sources/evtx/evtx.h"

/* clang-format off */
#define NS "http://schemas.microsoft.com/win/2004/08/events/event"
#define SYSTEM_HEAD(provider, channel)                                                                                                \
    "<Event xmlns=\"" NS "\"><System><Provider Name=\"" provider "\" Guid=\"{15?guid}\"/>"                                           \
    "<EventID Qualifiers=\"{4?u16}\">{3?u16}</EventID><Version>{11?u8}</Version><Level>{0?u8}</Level><Task>{2?u16}</Task>"           \
    "<Opcode>{1?u8}</Opcode><Keywords>{5?hex64}</Keywords><TimeCreated SystemTime=\"{6?filetime}\"/>"                                \
    "<EventRecordID>{10?u64}</EventRecordID><Correlation ActivityID=\"{7?guid}\" RelatedActivityID=\"{13?guid}\"/>"                  \
    "<Execution ProcessID=\"{8?u32}\" ThreadID=\"{9?u32}\"/><Channel>" channel "</Channel><Computer>PC-1.example.org</Computer>"     \
    "<Security UserID=\"{12?sid}\"/></System>"

const eg_tmpl eg_system18 = {0x18181818, SYSTEM_HEAD("{14?str}", "{16?str}") "{17?xml}</Event>", false};
const eg_tmpl eg_system20 = {0x20202020, SYSTEM_HEAD("Literal-Provider", "Literal/Channel") "{19?xml}</Event>", false};
static const eg_tmpl no_dependency = {0x18181819, SYSTEM_HEAD("{14?str}", "{16?str}") "{17?xml}</Event>", true};
static const eg_tmpl whole = {0x77777777, SYSTEM_HEAD("{14?str}", "{16?str}")
                              "<EventData><Data Name=\"Inside\">{17?str}</Data></EventData></Event>", false};

static const eg_tmpl logon = {0x4624, "<EventData><Data Name=\"TargetUserName\">{0:str}</Data><Data Name=\"LogonType\">{1:u32}</Data>"
                              "<Data Name=\"ProcessId\">{2:hex64}</Data><Data Name=\"LogonGuid\">{3:guid}</Data>"
                              "<Data Name=\"TargetUserSid\">{4:sid}</Data><Data Name=\"Elevated\">{5:bool}</Data>"
                              "<Data Name=\"Literal\">always &amp; ever</Data></EventData>", false};
static const eg_tmpl classic = {0x6009, "<EventData><Data>{0?str[]}</Data><Binary>{1?bin}</Binary></EventData>", false};
static const eg_tmpl values = {0x8888, "<EventData><Data Name=\"I8\">{0:i8}</Data><Data Name=\"I16\">{1:i16}</Data><Data Name=\"I32\">{2:i32}</Data>"
                               "<Data Name=\"I64\">{3:i64}</Data><Data Name=\"U64\">{4:u64}</Data><Data Name=\"F32\">{5:f32}</Data>"
                               "<Data Name=\"F64\">{6:f64}</Data><Data Name=\"Ansi\">{7:ansi}</Data><Data Name=\"Size\">{8:size}</Data>"
                               "<Data Name=\"When\">{9:filetime}</Data><Data Name=\"Never\">{10:filetime}</Data><Data Name=\"Civil\">{11:systemtime}</Data>"
                               "<Data Name=\"Numbers\">{12:u32[]}</Data><Data Name=\"Text\">{13:str}</Data><Data Name=\"Null\">{14?null}</Data></EventData>",
                               false};
static const eg_tmpl shapes = {0x9999, "<EventData Name=\"Shape\"><Data Name=\"Twice\">{0:str}</Data><Data Name=\"Twice\">{1:str}</Data>"
                               "<Data>first</Data><Data></Data><Data>{2:str}</Data><ComplexData Name=\"Deep\"><A x=\"1\">{1:str}</A></ComplexData>"
                               "<Data Name=\"with space.dot\">{2:str}</Data><Data Name=\"Joined\">{0:str}-{1:str}&#33;</Data></EventData>", false};
static const eg_tmpl user = {0xAAAA, "<UserData><Changed xmlns=\"urn:x\" kind=\"{1:str}\"><Name>{0:str}</Name><Part n=\"1\">a</Part>"
                             "<Part n=\"2\"><![CDATA[<b>]]></Part><Empty/><Deep><Er><Est>{2:u32}</Est></Er></Deep></Changed></UserData>", false};
static const eg_tmpl holder = {0xBBBB, "<EventData><Data Name=\"Inner\">{0:xml}</Data><Data Name=\"Plain\">{1:str}</Data></EventData>", false};
static const eg_tmpl inner = {0xCCCC, "<Item><Key>{0:str}</Key></Item>", false};

/* clang-format on */

static const uint8_t guid[16] = {0x78, 0x56, 0x34, 0x12, 0x34, 0x12, 0x34, 0x12, 0x12, 0x34, 1, 2, 3, 4, 5, 6};
static const uint8_t sid[12] = {1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0};

static const uint64_t base_time = UINT64_C(132223104000000000); /* 2020-01-01 */

void eg_system(eg_val *v, uint32_t n, const eg_event *e, uint8_t *s)
{
    uint64_t keywords = UINT64_C(0x8020000000000000), filetime = e->filetime ? e->filetime : base_time,
             record_id = e->record_id;
    uint32_t pid = 4 + e->id, tid = 8;
    uint16_t id = (uint16_t)e->id, task = 12544;
    memset(v, 0, n * sizeof *v);
    s[0] = 4, s[1] = 0, s[2] = 1;
    memcpy(s + 4, &task, 2);
    memcpy(s + 6, &id, 2);
    memcpy(s + 8, &keywords, 8);
    memcpy(s + 16, &filetime, 8);
    memcpy(s + 24, &pid, 4);
    memcpy(s + 28, &tid, 4);
    memcpy(s + 32, &record_id, 8);
    v[0] = (eg_val){.type = "u8", .data = s, .len = 1};
    v[1] = (eg_val){.type = "u8", .data = s + 1, .len = 1};
    v[2] = (eg_val){.type = "u16", .data = s + 4, .len = 2};
    v[3] = (eg_val){.type = "u16", .data = s + 6, .len = 2};
    v[5] = (eg_val){.type = "hex64", .data = s + 8, .len = 8};
    v[6] = (eg_val){.type = "filetime", .data = s + 16, .len = 8};
    v[7] = (eg_val){.type = "guid", .data = guid, .len = 16};
    v[8] = (eg_val){.type = "u32", .data = s + 24, .len = 4};
    v[9] = (eg_val){.type = "u32", .data = s + 28, .len = 4};
    v[10] = (eg_val){.type = "u64", .data = s + 32, .len = 8};
    v[11] = (eg_val){.type = "u8", .data = s + 2, .len = 1};
    v[12] = (eg_val){.type = "sid", .data = sid, .len = 12};
    v[14] = (eg_val){.type = "str", .data = e->provider ? e->provider : "Test-Provider"};
    v[16] = (eg_val){.type = "str", .data = e->channel ? e->channel : "Security"};
    if (n == 20) /* type NULL with bytes: they are skipped */
        v[17] = (eg_val){.type = "null", .data = guid, .len = 3};
    if (e->data)
        v[n - 1] = *e->data;
}

static void add(eg *g, const eg_tmpl *t, uint32_t n, uint32_t id, const eg_val *data)
{
    eg_val vals[20];
    uint8_t store[64];
    eg_event e = {
        .id = id, .record_id = 1000 + g->next_id, .filetime = base_time + g->next_id * 10000001, .data = data};
    eg_system(vals, n, &e, store);
    eg_record(g, e.filetime + 5, &(eg_inst){t, n, vals});
}

static eg_val xml_of(const eg_inst *inst)
{
    return (eg_val){.type = "xml", .inst = inst};
}

static void add_logon(eg *g, const char *name, uint32_t type, uint64_t pid, uint32_t elevated)
{
    eg_val v[6] = {{.type = "str", .data = name},
                   {.type = "u32", .data = &type, .len = 4},
                   {.type = "hex64", .data = &pid, .len = 8},
                   {.type = "guid", .data = guid, .len = 16},
                   {.type = "sid", .data = sid, .len = 12},
                   {.type = "bool", .data = &elevated, .len = 4}};
    eg_inst inst = {&logon, 6, v};
    eg_val data = xml_of(&inst);
    data.no_header = type == 3; /* both forms occur */
    add(g, type == 10 ? &eg_system20 : &eg_system18, type == 10 ? 20 : 18, 4624, &data);
}

static void basic(eg *g)
{
    eg_chunk(g);
    add_logon(g, "alice", 2, 0x3e7, 1);
    add_logon(g, "Bob", 3, 0x1000, 0);
    add_logon(g, "j\xC3\xB6rg \xF0\x9F\x98\x80", 10, 0xffffffffffffff10, 0x0100);
    add_logon(g, "lone \xED\xA0\x80!", 3, 4, 7);
    add(g, &eg_system18, 18, 4608, NULL);
    eg_chunk(g);
    add_logon(g, "ALICE", 3, 0x3e7, 1);
    add(g, &eg_system20, 20, 4608, NULL);
}

static void kinds(eg *g)
{
    static const int8_t i8 = -5;
    static const int16_t i16 = -300;
    static const int32_t i32 = -70000;
    static const int64_t i64 = -5000000000, i64b = 1;
    static const uint64_t u64 = UINT64_C(18446744073709551615), never = 0, when = UINT64_C(132223104001234567);
    static const float f32 = 1.5F;
    static const double f64 = -0.25;
    static const uint32_t size4 = 0xabcd, numbers[3] = {1, 2, 300};
    static const uint16_t civil[8] = {2021, 2, 4, 4, 5, 6, 7, 89};
    eg_val v[15] = {
        {.type = "i8", .data = &i8, .len = 1},          {.type = "i16", .data = &i16, .len = 2},
        {.type = "i32", .data = &i32, .len = 4},        {.type = "i64", .data = &i64, .len = 8},
        {.type = "u64", .data = &u64, .len = 8},        {.type = "f32", .data = &f32, .len = 4},
        {.type = "f64", .data = &f64, .len = 8},        {.type = "ansi", .data = "caf\xE9 \x80"},
        {.type = "size", .data = &size4, .len = 4},     {.type = "filetime", .data = &when, .len = 8},
        {.type = "filetime", .data = &never, .len = 8}, {.type = "systemtime", .data = civil, .len = 16},
        {.type = "u32[]", .data = numbers, .len = 12},  {.type = "str", .data = "o\0d\0d\0\0\0x\0y", .len = 11},
        {.type = "null", .data = guid, .len = 5}};
    eg_inst inst = {&values, 15, v};
    eg_val data = xml_of(&inst);
    eg_chunk(g);
    add(g, &eg_system18, 18, 1, &data);
    /* the descriptor's type rules: the same template with others */
    v[4].data = &i64b;
    v[5] = (eg_val){.type = "str", .data = "text, not a float"};
    v[8] = (eg_val){.type = "hex32", .data = &size4, .len = 4};
    v[12] = (eg_val){.type = "u32[]", .data = numbers, .len = 4};
    v[13] = (eg_val){.type = "str", .data = "cut", .len = 0};
    add(g, &eg_system18, 18, 2, &data);
    v[13] = (eg_val){.type = "bin", .data = guid, .len = 4};
    inst.n = 14; /* fewer values than slots */
    add(g, &eg_system18, 18, 3, &data);
}

static void classics(eg *g)
{
    eg_val many[2] = {{.type = "str[]", .data = "a\0\0\0\0\0c\0\0", .len = 10}, {.type = "null"}};
    eg_val one[2] = {{.type = "str[]", .data = "o\0n\0e\0\0", .len = 8}, {.type = "bin", .data = guid, .len = 3}};
    eg_val none[2] = {{.type = "null"}, {.type = "bin", .data = guid, .len = 2}};
    const eg_val *all[3] = {many, one, none};
    eg_chunk(g);
    for (uint32_t i = 0; i < 3; i++) {
        eg_inst inst = {&classic, 2, all[i]};
        eg_val data = xml_of(&inst);
        add(g, &eg_system18, 18, 6009 + i, &data);
    }
}

static void forms(eg *g)
{
    static const uint32_t deep = 42;
    eg_val v[3] = {{.type = "str", .data = "one"}, {.type = "str", .data = "two"}, {.type = "str", .data = "three"}};
    eg_val u[3] = {{.type = "str", .data = "Renamed"},
                   {.type = "str", .data = "rename"},
                   {.type = "u32", .data = &deep, .len = 4}};
    eg_inst s = {&shapes, 3, v}, w = {&user, 3, u};
    eg_val data = xml_of(&s), more = xml_of(&w);
    eg_chunk(g);
    add(g, &eg_system18, 18, 10, &data);
    add(g, &eg_system18, 18, 11, &more);
    /* both in one value, as two fragments */
    data.second = &w;
    add(g, &eg_system18, 18, 12, &data);
    /* values that are XML themselves */
    eg_val key[1] = {{.type = "str", .data = "k"}};
    eg_inst item = {&inner, 1, key};
    eg_val h[2] = {xml_of(&item), {.type = "str", .data = "p"}};
    eg_inst hold = {&holder, 2, h};
    data = xml_of(&hold);
    add(g, &eg_system18, 18, 13, &data);
    h[0] = (eg_val){.type = "xml", .xml = "<Bare a=\"b\">text<!--"};
    h[0].xml = "<?pi data?><Bare a=\"b\">text</Bare>";
    add(g, &eg_system18, 18, 14, &data);
    /* without template below a template */
    data = (eg_val){.type = "xml", .xml = "<EventData><Data Name=\"Loose\">7</Data></EventData>"};
    add(g, &eg_system18, 18, 15, &data);
    /* EventData in the record's own template */
    eg_val str = {.type = "str", .data = "inside"};
    add(g, &whole, 18, 16, &str);
    add(g, &no_dependency, 18, 17, NULL);
}

/* clang-format off */
#define LITERAL_EVENT(id, data)                                                                                                          \
    "<Event xmlns=\"" NS "\"><System><Provider Name=\"Literal\" Guid=\"{12345678-1234-1234-1234-010203040506}\"/><EventID>" id              \
    "</EventID><Version>2</Version><Level>4</Level><Task>1</Task><Opcode>0</Opcode><Keywords>0x8000000000000000</Keywords>"                 \
    "<TimeCreated SystemTime=\"2020-01-02T03:04:05.123456789Z\"/><EventRecordID>77</EventRecordID><Correlation/>"                           \
    "<Execution ProcessID=\"12\" ThreadID=\"34\"/><Channel>Forwarded</Channel><Computer>far</Computer>"                                     \
    "<Security UserID=\"S-1-5-18\"/></System>" data "</Event>"

static const char literal_data[] = LITERAL_EVENT("4624", "<EventData><Data Name=\"TargetUserName\">carol</Data><Data Name=\"LogonType\">3</Data>"
                                                         "<Data Name=\"ProcessId\">0x3e7</Data></EventData>");

/* clang-format on */

/* The writer takes { for a substitution, so the GUID is spelled with character references. */
static void literals(eg *g)
{
    char text[4096];
    size_t n = 0;
    for (const char *s = literal_data; *s; s++) {
        const char *with = *s == '{' ? "&#123;" : *s == '}' ? "&#125;" : NULL;
        if (with) {
            memcpy(text + n, with, 6);
            n += 6;
        } else {
            text[n++] = *s;
        }
    }
    text[n] = 0;
    eg_chunk(g);
    eg_record_xml(g, base_time, text, false);
    eg_record_xml(g, base_time + 1, text, true);
    add_logon(g, "dave", 3, 0x3e7, 1);
    eg_record_xml(g, base_time + 2, "<NoEvent/>", false);
}

static void damaged(eg *g)
{
    static const uint8_t zero_size[32] = {0x2a, 0x2a, 0, 0};
    static const uint8_t too_long[40] = {0x2a, 0x2a, 0, 0, 0, 0, 1, 0};
    eg_chunk(g);
    add_logon(g, "before", 2, 1, 1);
    eg_raw(g, zero_size, sizeof zero_size);
    add_logon(g, "between", 2, 2, 1);
    eg_raw(g, too_long, sizeof too_long);
    add_logon(g, "after", 2, 3, 1);
    /* a value past the end of its record */
    uint32_t record = g->pos;
    add_logon(g, "torn", 2, 4, 1);
    for (uint32_t i = record; i + 8 < g->pos; i++)
        if (memcmp(g->bytes + g->chunk + i, "\x12\0\0\0\x01\0\x04\0", 8) == 0) /* 18 descriptors; the first: one byte */
            g->bytes[g->chunk + i + 5] = 0x7F;
    add_logon(g, "last", 2, 5, 1);
    eg_chunk(g);
    add_logon(g, "names", 2, 6, 1);
    memset(g->bytes + g->chunk + 128, 0x5A, 384); /* the caches of names and templates */
    eg_chunk(g);
    add_logon(g, "bad magic", 2, 7, 1);
    g->bytes[g->chunk] = 'X';
    eg_chunk(g); /* zeros */
    memset(g->bytes + g->chunk, 0, 512);
    size_t zeros = g->chunk;
    g->pos = 512;
    eg_chunk(g);
    memset(g->bytes + zeros, 0, 512);
    add_logon(g, "behind zeros", 2, 8, 1);
}

static void flags(eg *g)
{
    eg_chunk(g);
    add_logon(g, "flags", 2, 1, 1);
    eg_end(g);
    memcpy(g->bytes + 120, "\x07\0\x97\x1B", 4); /* unknown bits beside dirty, full, no CRC32 */
    memcpy(g->bytes + EVTX_FILE_HEADER + 120, "\x05\0\x97\x1B", 4);
    memset(g->bytes + EVTX_FILE_HEADER + 52, 0xEE, 4);
}

static void empty(eg *g)
{
    eg_chunk(g);
}

static void truncated(eg *g)
{
    eg_chunk(g);
    for (uint32_t i = 0; i < 40; i++)
        add_logon(g, "many", 2, i, 1);
    eg_end(g);
    g->len = EVTX_FILE_HEADER + g->record + 100; /* in the middle of the last record */
}

/* Values that are too short, too long, out of range. */
static void odd_values(eg *g)
{
    static const uint64_t late = UINT64_C(0x7fffffffffffffff), negative = UINT64_C(0x8000000000000001);
    static const uint16_t no_month[8] = {2021, 13, 4, 4, 5, 6, 7, 89};
    static const uint8_t torn_sid[8] = {1, 5, 0, 0, 0, 0, 0, 5}, no_sid[3] = {1, 1, 0};
    static const uint32_t size4 = 0xabcd, odd_bool = 0x40000000;
    static const uint64_t size8 = UINT64_C(0x1122334455667788);
    eg_val v[15] = {
        {.type = "i8"},
        {.type = "i16", .data = &size4, .len = 1},
        {.type = "bool", .data = &odd_bool, .len = 4},
        {.type = "i64", .data = &size4, .len = 4},
        {.type = "hex64", .data = &size4, .len = 4},
        {.type = "f32", .data = &size4, .len = 2},
        {.type = "i32", .data = &size4, .len = 3},
        {.type = "str", .data = "  two blanks  "},
        {.type = "size", .data = &size8, .len = 8},
        {.type = "filetime", .data = &late, .len = 8},
        {.type = "filetime", .data = &negative, .len = 8},
        {.type = "systemtime", .data = no_month, .len = 16},
        {.type = "u32[]", .data = &size8, .len = 7},
        {.type = "str", .data = "o\0d\0d", .len = 5},
        {.type = "str[]", .data = "a\0\0\0\0\0b\0", .len = 8},
    };
    eg_inst inst = {&values, 15, v};
    eg_val data = xml_of(&inst);
    eg_chunk(g);
    add(g, &eg_system18, 18, 1, &data);
    v[0] = (eg_val){.type = "sid", .data = torn_sid, .len = 8};
    v[1] = (eg_val){.type = "sid", .data = no_sid, .len = 3};
    v[2] = (eg_val){.type = "guid", .data = guid, .len = 15};
    v[3] = (eg_val){.type = "bool", .data = &odd_bool, .len = 1};
    v[4] = (eg_val){.type = "size", .data = &size4, .len = 3};
    inst.n = 5;
    add(g, &eg_system18, 18, 2, &data);
}

/* Instances in instances, elements in elements: deeper than any event, and than what is followed. */
static void bombs(eg *g)
{
    enum { INSTANCES = 60, ELEMENTS = 600 };
    static char xml[ELEMENTS * 7 + 200];
    eg_inst inst[INSTANCES];
    eg_val vals[INSTANCES][2], data;
    size_t n = 0;
    eg_chunk(g);
    for (uint32_t i = 0; i < INSTANCES; i++) {
        vals[i][0] = i ? xml_of(&inst[i - 1]) : (eg_val){.type = "str", .data = "core"};
        vals[i][1] = (eg_val){.type = "str", .data = "p"};
        inst[i] = (eg_inst){&holder, 2, vals[i]};
    }
    data = xml_of(&inst[INSTANCES - 1]);
    add(g, &eg_system18, 18, 1, &data);
    n += (size_t)sprintf(xml, "<EventData><Data Name=\"Flat\">f</Data>");
    for (int i = 0; i < ELEMENTS; i++, n += 3)
        memcpy(xml + n, "<a>", 3);
    for (int i = 0; i < ELEMENTS; i++, n += 4)
        memcpy(xml + n, "</a>", 4);
    strcpy(xml + n, "</EventData>");
    data = (eg_val){.type = "xml", .xml = xml};
    add(g, &eg_system18, 18, 2, &data);
    add_logon(g, "behind", 2, 1, 1);
}

/* What headers claim is not believed. */
static void boasts(eg *g)
{
    eg_chunk(g);
    add_logon(g, "boast", 2, 1, 1);
    add_logon(g, "more", 2, 1, 1);
    eg_end(g);
    memset(g->bytes + 8, 0xff, 24);                    /* first and last chunk, next record */
    memset(g->bytes + 42, 0, 2);                       /* chunks */
    memset(g->bytes + EVTX_FILE_HEADER + 8, 0xff, 32); /* first and last record */
    memset(g->bytes + EVTX_FILE_HEADER + 44, 0xff, 8); /* last record's offset, free space */
}

static const struct {
    const char *name;
    void (*make)(eg *g);
    bool ended;
} cases[] = {
    {"basic", basic, false},        {"kinds", kinds, false},
    {"classics", classics, false},  {"forms", forms, false},
    {"literals", literals, false},  {"damaged", damaged, false},
    {"flags", flags, true},         {"empty", empty, false},
    {"truncated", truncated, true}, {"odd_values", odd_values, false},
    {"bombs", bombs, false},        {"boasts", boasts, true},
};

const char *eg_case_name(uint32_t i)
{
    return i < sizeof cases / sizeof *cases ? cases[i].name : NULL;
}

void eg_case(eg *g, uint32_t i)
{
    eg_begin(g);
    cases[i].make(g);
    if (!cases[i].ended)
        eg_end(g);
}
