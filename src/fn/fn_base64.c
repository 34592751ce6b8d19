/* fn_base64.c - base64, and compression on top of it (with zlib). */
#include "base/text.h"
#include "fn/families.h"
#include "fn/fn_text.h"
#ifdef RTQ_WITH_ZLIB
#include <zlib.h>
#endif

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static void encode(rtq__buf *out, const unsigned char *p, size_t len)
{
    for (size_t i = 0; i < len; i += 3) {
        unsigned b[3] = {p[i], i + 1 < len ? p[i + 1] : 0u, i + 2 < len ? p[i + 2] : 0u};
        rtq__buf_addc(out, alphabet[b[0] >> 2]);
        rtq__buf_addc(out, alphabet[(b[0] & 3) << 4 | b[1] >> 4]);
        rtq__buf_addc(out, i + 1 < len ? alphabet[(b[1] & 15) << 2 | b[2] >> 6] : '=');
        rtq__buf_addc(out, i + 2 < len ? alphabet[b[2] & 63] : '=');
    }
}

static int digit(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Padding is required. */
static bool decode(rtq__buf *out, const char *p, size_t len)
{
    rtq__buf_clear(out);
    if (len % 4)
        return false;
    for (size_t i = 0; i < len; i += 4) {
        bool last = i + 4 == len;
        unsigned pad = last ? (unsigned)(p[i + 3] == '=') + (unsigned)(p[i + 3] == '=' && p[i + 2] == '=') : 0,
                 word = 0;
        for (unsigned k = 0; k < 4; k++) {
            int d = k < 4 - pad ? digit(p[i + k]) : 0;
            if (d < 0)
                return false;
            word = word << 6 | (unsigned)d;
        }
        char bytes[3] = {(char)(word >> 16), (char)(word >> 8), (char)word};
        rtq__buf_add(out, bytes, 3 - pad);
    }
    return !out->failed;
}

static void row_encode(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    (void)n_args;
    rtq__buf_clear(&ctx->eval->text);
    encode(&ctx->eval->text, (const unsigned char *)args[0].u.s, args[0].len);
    rtq__return_buf(out, &ctx->eval->text, ctx);
}

static void row_decode(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    rtq__buf *buf = &ctx->eval->text;
    (void)n_args;
    if (decode(buf, args[0].u.s, args[0].len) && rtq__utf8_valid(buf->ptr, buf->len))
        rtq__return_buf(out, buf, ctx);
}

static void row_decode_array(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    rtq__buf *buf = &ctx->eval->text;
    (void)n_args;
    if (!decode(buf, args[0].u.s, args[0].len))
        return;
    rtq__dyn_begin_array(ctx->eval->builder);
    for (size_t i = 0; i < buf->len; i++) {
        rtq__dyn d = rtq__dyn_number((unsigned char)buf->ptr[i]);
        rtq__dyn_add(ctx->eval->builder, &d);
    }
    rtq__dyn_end(ctx->eval->builder);
    rtq__return_built(out, ctx);
}

static void row_encode_array(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    rtq__dyn_iter it;
    rtq__buf bytes, *buf = &ctx->eval->text;
    bool ok = rtq__dyn_is_array(&args[0].u.y);
    (void)n_args;
    if (!ok)
        return;
    rtq__buf_borrow(&bytes, ctx->eval->scratch);
    rtq__dyn_iter_init(&it, &args[0].u.y, ctx->heap);
    while (ok && rtq__dyn_next(&it)) {
        ok = it.item.tag == RTQ__DYN_LONG && it.item.u.i >= 0 && it.item.u.i < 256;
        rtq__buf_addc(&bytes, (char)it.item.u.i);
    }
    ctx->error = bytes.failed ? RTQ_ERR_NOMEM : it.error;
    if (ok) {
        rtq__buf_clear(buf);
        encode(buf, (const unsigned char *)bytes.ptr, bytes.len);
        rtq__return_buf(out, buf, ctx);
    }
    rtq__buf_give_back(&bytes, ctx->eval->scratch);
}

/* In base64 a guid has the byte order of Windows: the first three groups are little-endian. */
static void swap_guid(uint8_t to[16], const uint8_t from[16])
{
    static const uint8_t order[16] = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};
    for (int i = 0; i < 16; i++)
        to[i] = from[order[i]];
}

static void row_encode_guid(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    uint8_t bytes[16];
    (void)n_args;
    swap_guid(bytes, args[0].u.b);
    rtq__buf_clear(&ctx->eval->text);
    encode(&ctx->eval->text, bytes, sizeof bytes);
    rtq__return_buf(out, &ctx->eval->text, ctx);
}

static void row_decode_guid(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    rtq__buf *buf = &ctx->eval->text;
    (void)n_args;
    if (!decode(buf, args[0].u.s, args[0].len) || buf->len != 16)
        return;
    out->is_null = 0;
    swap_guid(out->u.b, (const uint8_t *)buf->ptr);
}

#ifdef RTQ_WITH_ZLIB
enum { MAX_INFLATED = 64 << 20 };
enum { GZIP, ZLIB };

static bool raw_deflate(rtq__buf *out, const rtq__cell *text, int level)
{
    z_stream z = {0};
    if (deflateInit2(&z, level, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return false;
    uLong bound = deflateBound(&z, text->len);
    bool ok = rtq__buf_reserve(out, bound);
    if (ok) {
        z.next_in = (Bytef *)(uintptr_t)text->u.s;
        z.avail_in = text->len;
        z.next_out = (Bytef *)out->ptr + out->len;
        z.avail_out = (uInt)bound;
        ok = deflate(&z, Z_FINISH) == Z_STREAM_END;
        out->len += z.total_out;
    }
    deflateEnd(&z);
    return ok;
}

static void put_le(rtq__buf *out, unsigned long word)
{
    for (int i = 0; i < 4; i++)
        rtq__buf_addc(out, (char)(word >> (8 * i)));
}

static void row_compress(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    bool gzip = ctx->fn->tag == GZIP;
    rtq__buf body, *buf = &ctx->eval->text;
    const Bytef *p = (const Bytef *)args[0].u.s;
    (void)n_args;
    rtq__buf_borrow(&body, ctx->eval->scratch);
    rtq__buf_add(&body, gzip ? "\x1f\x8b\x08\0\0\0\0\0\0\xff" : "\x78\x01", gzip ? 10 : 2);
    size_t head = body.len;
    bool ok = raw_deflate(&body, &args[0], 1);
    if (ok && body.len - head > args[0].len) { /* it does not get smaller: stored, as Kusto does */
        body.len = head;
        ok = raw_deflate(&body, &args[0], 0);
    }
    uLong adler = adler32(1, p, args[0].len);
    if (gzip) {
        put_le(&body, crc32(0, p, args[0].len));
        put_le(&body, args[0].len);
    } else {
        for (int i = 3; i >= 0; i--)
            rtq__buf_addc(&body, (char)(adler >> (8 * i)));
    }
    rtq__buf_clear(buf);
    encode(buf, (const unsigned char *)body.ptr, body.len);
    if (!ok || body.failed)
        ctx->error = RTQ_ERR_NOMEM;
    else
        rtq__return_buf(out, buf, ctx);
    rtq__buf_give_back(&body, ctx->eval->scratch);
}

static bool raw_inflate(rtq__buf *out, rtq_str in, int window)
{
    z_stream z = {0};
    int rc = Z_OK;
    if (inflateInit2(&z, window) != Z_OK)
        return false;
    z.next_in = (Bytef *)(uintptr_t)in.ptr;
    z.avail_in = (uInt)in.len;
    while (rc == Z_OK && out->len < MAX_INFLATED && rtq__buf_reserve(out, 16384)) {
        z.next_out = (Bytef *)out->ptr + out->len;
        z.avail_out = 16384;
        rc = inflate(&z, Z_NO_FLUSH);
        out->len += 16384 - z.avail_out;
    }
    inflateEnd(&z);
    return rc == Z_STREAM_END;
}

static void row_decompress(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    bool gzip = ctx->fn->tag == GZIP;
    rtq__buf body, *buf = &ctx->eval->text;
    (void)n_args;
    rtq__buf_borrow(&body, ctx->eval->scratch);
    if (decode(&body, args[0].u.s, args[0].len) && body.len > 2 && (!gzip || (body.len > 18 && !body.ptr[3]))) {
        rtq__buf_clear(buf);
        if (raw_inflate(buf, (rtq_str){body.ptr, body.len}, gzip ? 15 + 16 : 15) && rtq__utf8_valid(buf->ptr, buf->len))
            rtq__return_buf(out, buf, ctx);
    }
    if (body.failed || buf->failed)
        ctx->error = RTQ_ERR_NOMEM;
    rtq__buf_give_back(&body, ctx->eval->scratch);
}
#endif

/* clang-format off */
#define ROW(fn, params, type, kernel, text, ref, ...) {.name = fn, .args = params, .ret = type, .row = kernel, .doc = text, .page = ref, __VA_ARGS__}
const rtq__fn rtq__fns_base64[] = {
    ROW("base64_encode_tostring", "string", "string", row_encode, "Text as base64.", "base64-encode-tostring-function", .flags = 0),
    ROW("base64_encodestring", "string", "string", row_encode, "Text as base64.", "base64-encode-tostring-function", .flags = RTQ__FN_OBSOLETE),
    ROW("base64_decode_tostring", "string", "string", row_decode, "Text from base64; \"\" when that is not UTF-8.", "base64-decode-tostring-function", .flags = 0),
    ROW("base64_decodestring", "string", "string", row_decode, "Text from base64; \"\" when that is not UTF-8.", "base64-decode-tostring-function", .flags = RTQ__FN_OBSOLETE),
    ROW("base64_decode_toarray", "string", "dynamic", row_decode_array, "Bytes from base64.", "base64-decode-toarray-function", .flags = 0),
    ROW("base64_encode_fromarray", "dynamic", "string", row_encode_array, "Bytes as base64.", "base64-encode-fromarray-function", .flags = 0),
    ROW("base64_encode_fromguid", "guid", "string", row_encode_guid, "A guid as base64.", "base64-encode-fromguid-function", .flags = 0),
    ROW("base64_decode_toguid", "string", "guid", row_decode_guid, "A guid from base64.", "base64-decode-toguid-function", .flags = 0),
#ifdef RTQ_WITH_ZLIB
    ROW("gzip_compress_to_base64_string", "string", "string", row_compress, "Text compressed with gzip, as base64.", "gzip-base64-compress", .tag = GZIP),
    ROW("gzip_decompress_from_base64_string", "string", "string", row_decompress, "Text from base64 of gzip.", "gzip-base64-decompress", .tag = GZIP),
    ROW("zlib_compress_to_base64_string", "string", "string", row_compress, "Text compressed with zlib, as base64.", "zlib-base64-compress-function", .tag = ZLIB),
    ROW("zlib_decompress_from_base64_string", "string", "string", row_decompress, "Text from base64 of zlib.", "zlib-base64-decompress-function", .tag = ZLIB),
#endif
};
/* clang-format on */
RTQ__FAMILY_COUNT(base64)
