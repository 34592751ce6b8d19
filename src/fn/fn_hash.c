/* fn_hash.c - hashes, and new_guid(). */
#include <md5.h>
#include <sha.h>
#include <sha2.h>
#include <xxhash.h>
#include "base/text.h"
#include "fn/families.h"
#include "fn/fn_text.h"

/* The bytes that hash() takes: text as it is, everything else in its memory form (little-endian words). */
typedef struct bytes {
    const void *ptr;
    size_t len;
    int64_t word;
} bytes;

static void bytes_of(bytes *b, const rtq__cell *c, rtq__rowctx *ctx)
{
    b->word = c->u.i;
    b->ptr = &b->word;
    b->len = c->kind == RTQ_BOOL ? 1 : c->kind == RTQ_INT ? 4 : 8;
    if (c->kind == RTQ_GUID || c->kind == RTQ_DECIMAL) {
        b->ptr = c->u.b;
        b->len = 16;
    } else if (c->kind == RTQ_STRING || c->kind == RTQ_DYNAMIC || c->kind == RTQ_UNKNOWN) {
        rtq_str text = rtq__text_of(c, &ctx->eval->text);
        b->ptr = text.ptr;
        b->len = text.len;
    }
}

static int64_t hash_cell(const rtq__cell *c, rtq__rowctx *ctx)
{
    bytes b;
    bytes_of(&b, c, ctx);
    return (int64_t)XXH64(b.ptr, b.len, 0);
}

static void row_hash(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    int64_t h = hash_cell(&args[0], ctx);
    if (n_args > 1) {
        if (args[1].u.i <= 0)
            return;
        h = (int64_t)((uint64_t)h % (uint64_t)args[1].u.i);
    }
    rtq__return_long(out, h);
}

enum { HASH_MD5, HASH_SHA1, HASH_SHA256 };

static void row_digest(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    uint8_t d[32];
    size_t n = 0;
    (void)n_args;
    rtq_str b = rtq__text_of(&args[0], &ctx->eval->text); /* of the text of a value, unlike hash() */
    if (ctx->fn->tag == HASH_MD5) {
        MD5_CTX c;
        MD5Init(&c);
        MD5Update(&c, (const uint8_t *)b.ptr, b.len);
        MD5Final(d, &c);
        n = 16;
    } else if (ctx->fn->tag == HASH_SHA1) {
        SHA1_CTX c;
        SHA1Init(&c);
        SHA1Update(&c, (const uint8_t *)b.ptr, b.len);
        SHA1Final(d, &c);
        n = 20;
    } else {
        SHA2_CTX c;
        SHA256Init(&c);
        SHA256Update(&c, (const uint8_t *)b.ptr, b.len);
        SHA256Final(d, &c);
        n = 32;
    }
    char text[64];
    for (size_t i = 0; i < n; i++) {
        text[2 * i] = "0123456789abcdef"[d[i] >> 4];
        text[2 * i + 1] = "0123456789abcdef"[d[i] & 15];
    }
    rtq__return_copy(out, text, 2 * n, ctx);
}

static void row_new_guid(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    (void)args, (void)n_args;
    out->is_null = 0;
    for (int i = 0; i < 2; i++) {
        ctx->eval->random += UINT64_C(0x9E3779B97F4A7C15); /* splitmix64 */
        uint64_t x = ctx->eval->random;
        x = (x ^ x >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
        x = (x ^ x >> 27) * UINT64_C(0x94D049BB133111EB);
        x ^= x >> 31;
        memcpy(out->u.b + 8 * i, &x, 8);
    }
    out->u.b[6] = (uint8_t)((out->u.b[6] & 0x0F) | 0x40);
    out->u.b[8] = (uint8_t)((out->u.b[8] & 0x3F) | 0x80);
}

/* clang-format off */
const rtq__fn rtq__fns_hash[] = {
    {.name = "hash", .args = "any, [long]", .ret = "long", .row = row_hash, .doc = "xxHash64 of a value.", .page = "hash-function"},
    {.name = "hash_xxhash64", .args = "any, [long]", .ret = "long", .row = row_hash, .doc = "xxHash64 of a value.", .page = "hash-xxhash64-function"},
    {.name = "hash_md5", .args = "any", .ret = "string", .row = row_digest, .tag = HASH_MD5, .doc = "MD5 of a value.", .page = "hash-md5-function"},
    {.name = "hash_sha1", .args = "any", .ret = "string", .row = row_digest, .tag = HASH_SHA1, .doc = "SHA-1 of a value.", .page = "hash-sha1-function"},
    {.name = "hash_sha256", .args = "any", .ret = "string", .row = row_digest, .tag = HASH_SHA256, .doc = "SHA-256 of a value.", .page = "hash-sha256-function"},
    {.name = "new_guid", .args = "", .ret = "guid", .row = row_new_guid, .flags = RTQ__FN_VOLATILE, .doc = "A random guid.", .page = "new-guid-function"},
};
/* clang-format on */
RTQ__FAMILY_COUNT(hash)
