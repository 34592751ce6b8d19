/* dyn_build.c - builds trees bottom up: entries and payloads of the open containers are kept on two stacks, and the end
 * of a container turns its share of both into one contiguous tree, which is then a payload of its parent. */
#include <assert.h>
#include "base/hash.h"
#include "value/dyn_scan.h"

enum { LINEAR_KEYS = 8 /* bags above this look keys up in the table */, NO_KEY = UINT32_MAX };

typedef struct slot {
    uint32_t key_at, key_len; /* from the container's start */
    uint32_t hash;
    rtq__dyn entry; /* u.i: offset from the container's start, where there is a payload */
} slot;

typedef struct frame {
    size_t start;   /* of its payloads in data, 8-byte aligned */
    uint32_t first; /* of its slots */
    uint32_t key;   /* slot that the next value goes to */
    uint16_t height;
    bool is_bag, indexed;
} frame;

struct rtq__dyn_builder {
    rtq__mem *mem;
    rtq__buf data;
    slot *slots;
    size_t n_slots, slots_cap;
    /* Keys of large bags, slot + 1 by hash; 0: free. Entries leave in the reverse order of coming, so that clearing a
     * place leaves exactly the table from before it was taken, and linear probing needs no tombstones. */
    uint32_t *table;
    size_t table_cap, n_keys;
    rtq__dyn root;
    int error;
    uint32_t depth, refused; /* refused: open containers beyond the depth limit */
    frame frames[RTQ__DYN_DEPTH];
};

rtq__dyn_builder *rtq__dyn_builder_new(rtq__mem *mem)
{
    rtq__dyn_builder *b = rtq__calloc(mem, 1, sizeof *b);
    if (!b)
        return NULL;
    b->mem = mem;
    rtq__buf_init(&b->data, mem);
    return b;
}

void rtq__dyn_builder_free(rtq__dyn_builder *b)
{
    if (!b)
        return;
    rtq__buf_free(&b->data);
    rtq__free(b->mem, b->slots);
    rtq__free(b->mem, b->table);
    rtq__free(b->mem, b);
}

static bool failed(rtq__dyn_builder *b)
{
    if (b->data.failed && b->error == RTQ_OK)
        b->error = RTQ_ERR_NOMEM;
    return b->error != RTQ_OK;
}

static frame *top(rtq__dyn_builder *b)
{
    return b->depth ? &b->frames[b->depth - 1] : NULL;
}

static slot *new_slot(rtq__dyn_builder *b)
{
    if (rtq__grow(b->mem, &b->slots, &b->slots_cap, b->n_slots + 1, sizeof *b->slots) != RTQ_OK) {
        b->error = RTQ_ERR_NOMEM;
        return NULL;
    }
    slot *s = &b->slots[b->n_slots++];
    memset(s, 0, sizeof *s);
    return s;
}

static void align_data(rtq__dyn_builder *b)
{
    static const char zeros[8];
    rtq__buf_add(&b->data, zeros, (8 - b->data.len % 8) % 8);
}

/* The key table. */
static void table_put(rtq__dyn_builder *b, uint32_t index)
{
    size_t at = b->slots[index].hash & (b->table_cap - 1);
    while (b->table[at])
        at = (at + 1) & (b->table_cap - 1);
    b->table[at] = index + 1;
}

static void table_remove(rtq__dyn_builder *b, uint32_t index)
{
    size_t at = b->slots[index].hash & (b->table_cap - 1);
    while (b->table[at] != index + 1)
        at = (at + 1) & (b->table_cap - 1);
    b->table[at] = 0;
    b->n_keys--;
}

static bool table_insert(rtq__dyn_builder *b, uint32_t index)
{
    if ((b->n_keys + 1) * 2 > b->table_cap) {
        size_t cap = b->table_cap ? b->table_cap * 2 : 64;
        uint32_t *old = b->table, *table = rtq__calloc(b->mem, cap, sizeof *table);
        if (!table) {
            b->error = RTQ_ERR_NOMEM;
            return false;
        }
        b->table = table, b->table_cap = cap;
        /* Slots are in order of insertion, and that order has to be kept. */
        for (uint32_t d = 0; d < b->depth; d++) {
            const frame *f = &b->frames[d];
            uint32_t end = d + 1 < b->depth ? b->frames[d + 1].first : index;
            for (uint32_t i = f->first; f->indexed && i < end; i++)
                table_put(b, i);
        }
        rtq__free(b->mem, old);
    }
    table_put(b, index);
    b->n_keys++;
    return true;
}

static bool slot_is(const rtq__dyn_builder *b, const frame *f, uint32_t i, uint32_t hash, const char *key, size_t len)
{
    const slot *s = &b->slots[i];
    return s->hash == hash && s->key_len == len &&
           (len == 0 || memcmp(b->data.ptr + f->start + s->key_at, key, len) == 0);
}

static uint32_t find_key(const rtq__dyn_builder *b, const frame *f, uint32_t hash, const char *key, size_t len)
{
    if (!f->indexed) {
        for (uint32_t i = f->first; i < b->n_slots; i++)
            if (slot_is(b, f, i, hash, key, len))
                return i;
        return NO_KEY;
    }
    for (size_t at = hash & (b->table_cap - 1); b->table[at]; at = (at + 1) & (b->table_cap - 1))
        if (b->table[at] - 1 >= f->first && slot_is(b, f, b->table[at] - 1, hash, key, len))
            return b->table[at] - 1;
    return NO_KEY;
}

static void index_frame(rtq__dyn_builder *b, frame *f)
{
    uint32_t end = (uint32_t)b->n_slots;
    if (f->indexed) {
        table_insert(b, end - 1);
    } else if (end - f->first > LINEAR_KEYS) {
        f->indexed = true;
        for (uint32_t i = f->first; i < end; i++) {
            if (!table_insert(b, i))
                return;
        }
    }
}

void rtq__dyn_key(rtq__dyn_builder *b, const char *key, size_t len)
{
    frame *f = top(b);
    if (failed(b) || b->refused)
        return;
    assert(f && f->is_bag);
    uint32_t hash = (uint32_t)rtq__hash_bytes(key, len, 0);
    f->key = find_key(b, f, hash, key, len);
    if (f->key != NO_KEY)
        return;
    size_t at = b->data.len - f->start;
    if (len > UINT32_MAX || at > UINT32_MAX) {
        b->error = RTQ_ERR_LIMIT;
        return;
    }
    rtq__buf_add(&b->data, key, len);
    slot *s = failed(b) ? NULL : new_slot(b);
    if (!s)
        return;
    s->key_at = (uint32_t)at, s->key_len = (uint32_t)len, s->hash = hash;
    f->key = (uint32_t)b->n_slots - 1;
    index_frame(b, f);
}

/* Hands an entry to the open container, or makes it the result. */
static void put(rtq__dyn_builder *b, rtq__dyn entry)
{
    frame *f = top(b);
    if (!f) {
        b->root = entry;
        return;
    }
    if (entry.tag >= RTQ__DYN_ARRAY && entry.reserved >= f->height) {
        if (entry.reserved >= RTQ__DYN_DEPTH)
            b->error = RTQ_ERR_LIMIT;
        f->height = (uint16_t)(entry.reserved + 1);
    }
    slot *s;
    if (f->is_bag) {
        assert(f->key != NO_KEY);
        s = &b->slots[f->key];
        f->key = NO_KEY;
    } else if (!(s = new_slot(b))) {
        return;
    }
    s->entry = entry;
}

void rtq__dyn_add(rtq__dyn_builder *b, const rtq__dyn *value)
{
    rtq__dyn entry = *value;
    bool is_pointer = value->tag >= RTQ__DYN_GUID || value->tag == RTQ__DYN_STRING;
    if (failed(b) || b->refused)
        return;
    if (value->tag < RTQ__DYN_ARRAY)
        entry.reserved = 0;
    if (is_pointer) {
        uint32_t len = rtq__dyn_payload(value);
        if (value->tag >= RTQ__DYN_ARRAY)
            align_data(b);
        entry.u.i = (int64_t)(b->data.len - (top(b) ? top(b)->start : 0));
        rtq__buf_add(&b->data, value->u.p, len);
        if (failed(b))
            return;
    }
    put(b, entry);
}

void rtq__dyn_add_cell(rtq__dyn_builder *b, const rtq__cell *cell)
{
    rtq__dyn d = rtq__dyn_from_cell(cell);
    rtq__dyn_add(b, &d);
}

static void begin(rtq__dyn_builder *b, bool is_bag)
{
    if (b->depth == RTQ__DYN_DEPTH || b->refused) {
        b->refused++;
        b->error = b->error ? b->error : RTQ_ERR_LIMIT;
        return;
    }
    align_data(b);
    b->frames[b->depth++] = (frame){
        .start = b->data.len, .first = (uint32_t)b->n_slots, .key = NO_KEY, .height = 1, .is_bag = is_bag};
}

void rtq__dyn_begin_array(rtq__dyn_builder *b)
{
    begin(b, false);
}
void rtq__dyn_begin_bag(rtq__dyn_builder *b)
{
    begin(b, true);
}

static void write_slots(rtq__dyn_builder *b, const frame *f, uint32_t n, size_t head)
{
    char *p = b->data.ptr + f->start;
    memset(p, 0, head);
    memcpy(p, &n, 4);
    p += 4;
    for (uint32_t i = 0; i < n; i++) {
        slot *s = &b->slots[f->first + i];
        if (f->is_bag) {
            uint32_t key[2] = {s->key_at + (uint32_t)head, s->key_len};
            memcpy(p, key, sizeof key);
            p += sizeof key;
        }
        if (s->entry.tag >= RTQ__DYN_GUID || s->entry.tag == RTQ__DYN_STRING)
            s->entry.u.i += (int64_t)head;
        memcpy(p, &s->entry, sizeof s->entry);
        p += sizeof s->entry;
    }
}

void rtq__dyn_end(rtq__dyn_builder *b)
{
    if (b->refused) {
        b->refused--;
        return;
    }
    assert(b->depth > 0);
    frame *f = top(b), done = *f;
    uint32_t n = (uint32_t)b->n_slots - f->first;
    if (!failed(b)) {
        size_t head = (4 + (size_t)n * (f->is_bag ? RTQ__DYN_SLOT : RTQ__DYN_ENTRY) + 7) & ~(size_t)7;
        size_t payload = b->data.len - f->start;
        if (payload + head > UINT32_MAX) {
            b->error = RTQ_ERR_LIMIT;
        } else if (!rtq__buf_reserve(&b->data, head)) {
            b->error = RTQ_ERR_NOMEM;
        } else {
            memmove(b->data.ptr + f->start + head, b->data.ptr + f->start, payload);
            b->data.len += head;
            write_slots(b, f, n, head);
        }
    }
    for (uint32_t i = f->indexed && !b->error ? n : 0; i > 0; i--)
        table_remove(b, f->first + i - 1);
    b->n_slots = f->first;
    b->depth--;
    if (failed(b))
        return;
    rtq__dyn entry = {.tag = done.is_bag ? RTQ__DYN_BAG : RTQ__DYN_ARRAY, .reserved = done.height};
    entry.len = (uint32_t)(b->data.len - done.start);
    entry.u.i = (int64_t)(done.start - (top(b) ? top(b)->start : 0));
    put(b, entry);
}

static void reset(rtq__dyn_builder *b)
{
    if (b->n_keys > 0)
        memset(b->table, 0, b->table_cap * sizeof *b->table);
    rtq__buf_clear(&b->data);
    b->data.failed = false;
    b->n_slots = b->n_keys = 0;
    b->depth = b->refused = 0;
    b->error = RTQ_OK;
    memset(&b->root, 0, sizeof b->root);
}

int rtq__dyn_finish(rtq__dyn *out, rtq__dyn_builder *b, rtq__arena *heap)
{
    while (b->depth > 0 && !b->error)
        rtq__dyn_end(b);
    memset(out, 0, sizeof *out);
    int rc = failed(b) ? b->error : RTQ_OK;
    uint32_t len = rtq__dyn_payload(&b->root);
    if (rc == RTQ_OK) {
        rtq__dyn root = b->root;
        if (root.tag >= RTQ__DYN_GUID || root.tag == RTQ__DYN_STRING) {
            char *p = rtq__arena_alloc(heap, len ? len : 1);
            if (p && len)
                memcpy(p, b->data.ptr + root.u.i, len);
            root.u.p = p;
            rc = p ? RTQ_OK : RTQ_ERR_NOMEM;
        }
        if (rc == RTQ_OK)
            *out = root;
    }
    reset(b);
    return rc;
}
