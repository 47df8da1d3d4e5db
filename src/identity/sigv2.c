#include "identity/sigv2.h"

#include "base/buf.h"
#include "base/vec.h"
#include "formats/digest.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>

enum { TEXT_MAX_BYTES = 256 * 1024 };

static const char *const SUBRESOURCES[] = {
    "accelerate",
    "acl",
    "analytics",
    "cors",
    "defaultObjectAcl",
    "delete",
    "inventory",
    "lifecycle",
    "location",
    "logging",
    "metrics",
    "notification",
    "partNumber",
    "policy",
    "replication",
    "requestPayment",
    "response-cache-control",
    "response-content-disposition",
    "response-content-encoding",
    "response-content-language",
    "response-content-type",
    "response-expires",
    "restore",
    "select",
    "select-type",
    "storageClass",
    "tagging",
    "torrent",
    "uploadId",
    "uploads",
    "versionId",
    "versioning",
    "versions",
    "website",
    NULL,
};

static bool is_subresource(Str name) {
    for (const char *const *known = SUBRESOURCES; *known; known++)
        if (str_is(name, *known)) return true;
    return false;
}

// A header or a parameter that goes into the text.
typedef struct Pair {
    Str name, value; // value STR_NONE: a parameter without one
} Pair;

static int by_name(const void *a, const void *b) { return str_cmp(((const Pair *)a)->name, ((const Pair *)b)->name); }

static Str decoded(Arena *arena, Str text) {
    Str plain;
    return text.at && str_uri_decode(arena, text, false, &plain) ? plain : text;
}

static Str parameter(const HttpRequest *request, const char *name) {
    for (Str rest = request->query; rest.len;) {
        Str value = str_cut(&rest, '&');
        if (str_is(str_cut(&value, '='), name)) return decoded(request->arena, value.at ? value : STR(""));
    }
    return STR_NONE;
}

AuthFault sigv2_read(const HttpRequest *request, Signature *out) {
    Str expires = parameter(request, "Expires");
    *out = (Signature){.scheme = SIGNATURE_QUERY_V2, .payload = PAYLOAD_UNSIGNED, .service = STR("s3")};
    out->access_key = parameter(request, "AWSAccessKeyId");
    out->signature = parameter(request, "Signature");
    out->token = parameter(request, "x-amz-security-token");
    out->timestamp = expires;
    if (!out->access_key.at && !out->signature.at) return AUTH_MISSING;
    if (!out->access_key.len || !out->signature.len || !str_to_int(expires, &out->signed_at_ms)) return AUTH_QUERY_V2_INCOMPLETE;
    if (out->signed_at_ms < 0 || out->signed_at_ms > INT32_MAX * 1000LL) return AUTH_QUERY_V2_INCOMPLETE;
    out->signed_at_ms *= 1000;
    return AUTH_OK;
}

AuthFault sigv2_check_time(const Signature *signature, AuthClocks clocks) {
    return clocks.wall_ms > signature->signed_at_ms ? AUTH_PRESIGNED_EXPIRED : AUTH_OK;
}

// A header stands once; where the query has it too, the header counts.
static void add_amz(const HttpRequest *request, Vec *pairs, Str name, Str value) {
    Str lower = str_lower(request->arena, name);
    if (!str_starts(lower, STR("x-amz-"))) return;
    for (size_t i = 0; i < pairs->len; i++)
        if (str_eq(((const Pair *)vec_at(pairs, i))->name, lower)) return;
    vec_add(pairs, Pair, ((Pair){lower, str_trim(value)}));
}

static void add_headers(const HttpRequest *request, Buf *text) {
    Vec pairs = vec_of(request->arena, Pair);
    for (size_t i = 0; i < request->header_count; i++) add_amz(request, &pairs, request->headers[i].name, request->headers[i].value);
    for (Str rest = request->query; rest.len;) {
        Str value = str_cut(&rest, '&'), name = str_cut(&value, '=');
        add_amz(request, &pairs, name, decoded(request->arena, value.at ? value : STR("")));
    }
    if (pairs.len) qsort(pairs.at, pairs.len, sizeof(Pair), by_name);
    for (size_t i = 0; i < pairs.len; i++) {
        const Pair *pair = vec_at(&pairs, i);
        buf_addf(text, "%.*s:%.*s\n", STR_ARG(pair->name), STR_ARG(pair->value));
    }
}

static void add_resource(const HttpRequest *request, Str bucket, Buf *text) {
    Vec pairs = vec_of(request->arena, Pair);
    if (bucket.len) buf_addf(text, "/%.*s", STR_ARG(bucket));
    buf_add(text, request->path);
    bool is_bucket = !bucket.len && request->path.len > 1 && str_find_char(str_from(request->path, 1), '/') < 0;
    if (is_bucket) buf_add_char(text, '/');
    for (Str rest = request->query; rest.len;) {
        Str value = str_cut(&rest, '&'), name = str_cut(&value, '=');
        if (is_subresource(name)) vec_add(&pairs, Pair, ((Pair){name, decoded(request->arena, value)}));
    }
    if (pairs.len) qsort(pairs.at, pairs.len, sizeof(Pair), by_name);
    for (size_t i = 0; i < pairs.len; i++) {
        const Pair *pair = vec_at(&pairs, i);
        buf_add_char(text, i ? '&' : '?');
        buf_add(text, pair->name);
        if (pair->value.at) buf_addf(text, "=%.*s", STR_ARG(pair->value));
    }
}

Str sigv2_text(const Signature *signature, const HttpRequest *request, Str bucket) {
    AUTO_BUF text;
    buf_init(&text, TEXT_MAX_BYTES);
    Str md5 = http_header(request, "content-md5"), type = http_header(request, "content-type");
    buf_addf(&text, "%.*s\n%.*s\n%.*s\n%.*s\n", STR_ARG(request->method), STR_ARG(md5), STR_ARG(type), STR_ARG(signature->timestamp));
    add_headers(request, &text);
    add_resource(request, bucket, &text);
    return str_copy(request->arena, buf_str(&text));
}

AuthFault sigv2_verify(const Signature *signature, const HttpRequest *request, Str bucket, Str secret, AuthClocks clocks) {
    uint8_t mac[SHA1_BYTES];
    unsigned size = sizeof mac;
    Str text = sigv2_text(signature, request, bucket);
    if (!HMAC(EVP_sha1(), secret.at, (int)secret.len, (const uint8_t *)text.at, text.len, mac, &size)) abort();
    Str expected = str_base64(request->arena, digest_str(mac, sizeof mac));
    if (!bytes_equal_in_constant_time(expected, signature->signature)) return AUTH_MISMATCH;
    return sigv2_check_time(signature, clocks);
}
