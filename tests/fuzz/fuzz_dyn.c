/* fuzz_dyn.c - dynamic values from any bytes: printing is stable, both forms agree, look-ups stay inside. */
#include "base/text.h"
#include "value/dyn_scan.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void print(rtq__buf *out, const rtq__dyn *d)
{
    rtq__buf_clear(out);
    rtq__dyn_print(out, d);
    require(!out->failed && rtq__utf8_valid(out->ptr, out->len));
}

static void build(rtq__dyn_builder *b, const rtq__dyn *d, rtq__arena *heap)
{
    rtq__dyn_iter it;
    if (!rtq__dyn_is_array(d) && !rtq__dyn_is_bag(d)) {
        rtq__dyn_add(b, d);
        return;
    }
    bool bag = rtq__dyn_is_bag(d);
    if (bag)
        rtq__dyn_begin_bag(b);
    else
        rtq__dyn_begin_array(b);
    rtq__dyn_iter_init(&it, d, heap);
    while (rtq__dyn_next(&it)) {
        if (bag)
            rtq__dyn_key(b, it.key.ptr, it.key.len);
        build(b, &it.item, heap); /* as deep as parsing allows */
    }
    rtq__dyn_end(b);
}

static void check_tree(const rtq__dyn *d, rtq__mem *mem, rtq__arena *heap, rtq__buf *text)
{
    rtq__dyn_builder *b = rtq__dyn_builder_new(mem);
    rtq__dyn tree, again;
    rtq__buf out;
    rtq__buf_init(&out, mem);
    build(b, d, heap);
    require(rtq__dyn_finish(&tree, b, heap) == RTQ_OK && rtq__dyn_check(&tree));
    require(rtq__dyn_type_name(&tree) == rtq__dyn_type_name(d));
    print(&out, &tree);
    if (rtq__dyn_count(&tree) == rtq__dyn_count(d) && out.len == text->len) { /* no key twice, on any level */
        require(memcmp(out.ptr, text->ptr, out.len) == 0);
        require(rtq__dyn_equal(&tree, d) && rtq__dyn_hash(&tree, 1) == rtq__dyn_hash(d, 1));
    }
    require(rtq__dyn_parse(&again, out.ptr, out.len, heap) == RTQ_OK);
    rtq__buf_free(&out);
    rtq__dyn_builder_free(b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    rtq__mem *mem = rtq__mem_new(NULL, NULL, 0);
    rtq__arena heap;
    rtq__buf text, again;
    rtq__dyn d, second, found;
    size_t path_len = len > 0 ? data[0] % len : 0;
    const char *json = (const char *)data + path_len;
    rtq__arena_init(&heap, mem, 0);
    rtq__buf_init(&text, mem), rtq__buf_init(&again, mem);
    if (rtq__utf8_valid(json, len - path_len) && rtq__dyn_parse(&d, json, len - path_len, &heap) == RTQ_OK) {
        print(&text, &d);
        require(rtq__dyn_parse(&second, text.ptr, text.len, &heap) == RTQ_OK);
        print(&again, &second);
        require(text.len == again.len && memcmp(text.ptr, again.ptr, text.len) == 0);
        require(!rtq__dyn_equal(&d, &second) || rtq__dyn_hash(&d, 9) == rtq__dyn_hash(&second, 9));
        check_tree(&d, mem, &heap, &text);
        (void)rtq__dyn_path(&found, &d, (const char *)data, path_len, &heap);
        for (uint32_t kind = RTQ_BOOL; kind <= RTQ_UNKNOWN; kind++)
            (void)rtq__dyn_to_cell(&d, kind, &heap);
    }
    rtq__buf_free(&text), rtq__buf_free(&again);
    rtq__arena_free(&heap);
    require(atomic_load(&mem->used) == 0);
    rtq__mem_unref(mem);
    return 0;
}
