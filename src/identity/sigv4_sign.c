// Signing requests of our own, and presigned URLs.
#include "identity/canonical.h"
#include "identity/signing_keys.h"
#include "identity/sigv4.h"

#include <stdlib.h>

static int by_name(const void *a, const void *b) { return str_cmp(*(const Str *)a, *(const Str *)b); }

// Which headers a signature covers: host, content-type, and all of Amazon's.
static bool is_to_sign(Str lower) {
    return str_is(lower, "host") || str_is(lower, "content-type") || str_is(lower, "content-md5") || str_starts(lower, STR("x-amz-"));
}

static Str signed_names(Arena *arena, const HttpHeader *headers, size_t count) {
    Str *names = arena_array(arena, Str, count + 1), joined = STR_NONE;
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        Str lower = str_lower(arena, headers[i].name);
        if (is_to_sign(lower)) names[used++] = lower;
    }
    qsort(names, used, sizeof *names, by_name);
    for (size_t i = 0; i < used; i++) {
        if (i && str_eq(names[i], names[i - 1])) continue;
        joined = joined.at ? str_format(arena, "%.*s;%.*s", STR_ARG(joined), STR_ARG(names[i])) : names[i];
    }
    return joined;
}

static Signature signature_of(Arena *arena, const SigningIdentity *as, int64_t wall_ms) {
    char *timestamp = arena_alloc(arena, 17);
    sigv4_time_write(wall_ms, timestamp);
    return (Signature){.access_key = as->access_key,
                       .date = {timestamp, 8},
                       .region = as->region,
                       .service = as->service,
                       .timestamp = {timestamp, 16},
                       .signed_at_ms = wall_ms};
}

static Str credential_of(Arena *arena, const Signature *signature) {
    return str_format(arena, "%.*s/%.*s/%.*s/%.*s/aws4_request", STR_ARG(signature->access_key), STR_ARG(signature->date), STR_ARG(signature->region),
                      STR_ARG(signature->service));
}

static Str body_hash(Arena *arena, const HttpRequest *request) {
    char *hex = arena_alloc(arena, SHA256_HEX);
    sha256_hex(request->body.bytes, hex);
    return (Str){hex, SHA256_HEX};
}

size_t sigv4_sign(Arena *arena, const HttpRequest *request, const SigningIdentity *as, int64_t wall_ms, HttpHeader added[SIGNED_HEADERS_ADDED_MAX]) {
    Signature signature = signature_of(arena, as, wall_ms);
    Str payload = body_hash(arena, request);
    size_t count = 0;
    added[count++] = (HttpHeader){STR("X-Amz-Date"), signature.timestamp};
    added[count++] = (HttpHeader){STR("X-Amz-Content-Sha256"), payload};
    if (as->token.at) added[count++] = (HttpHeader){STR("X-Amz-Security-Token"), as->token};
    HttpHeader *all = arena_array(arena, HttpHeader, request->header_count + count);
    if (request->header_count) memcpy(all, request->headers, request->header_count * sizeof *all);
    memcpy(all + request->header_count, added, count * sizeof *all);
    HttpRequest whole = *request;
    whole.headers = all;
    whole.header_count = request->header_count + count;
    signature.scheme = SIGNATURE_HEADER;
    signature.signed_headers = signed_names(arena, all, whole.header_count);
    char hex[SIGNATURE_HEX];
    signature_compute(&signature, &whole, payload, as->secret, hex);
    added[count++] = (HttpHeader){STR("Authorization"),
                                  str_format(arena, "AWS4-HMAC-SHA256 Credential=%.*s, SignedHeaders=%.*s, Signature=%.*s",
                                             STR_ARG(credential_of(arena, &signature)), STR_ARG(signature.signed_headers), SIGNATURE_HEX, hex)};
    return count;
}

Str sigv4_presign(Arena *arena, const HttpRequest *request, const SigningIdentity *as, int64_t wall_ms, int64_t expires_s) {
    Signature signature = signature_of(arena, as, wall_ms);
    signature.scheme = SIGNATURE_QUERY;
    signature.signed_headers = signed_names(arena, request->headers, request->header_count);
    Str query =
        str_format(arena, "%.*s%sX-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=%.*s&X-Amz-Date=%.*s&X-Amz-Expires=%lld&X-Amz-SignedHeaders=%.*s",
                   STR_ARG(request->query), request->query.len ? "&" : "", STR_ARG(str_uri_encode(arena, credential_of(arena, &signature), false)),
                   STR_ARG(signature.timestamp), (long long)expires_s, STR_ARG(str_uri_encode(arena, signature.signed_headers, false)));
    if (as->token.at) query = str_format(arena, "%.*s&X-Amz-Security-Token=%.*s", STR_ARG(query), STR_ARG(str_uri_encode(arena, as->token, false)));
    HttpRequest whole = *request;
    whole.arena = arena;
    whole.query = query;
    char hex[SIGNATURE_HEX];
    signature_compute(&signature, &whole, STR("UNSIGNED-PAYLOAD"), as->secret, hex);
    return str_format(arena, "%.*s?%.*s&X-Amz-Signature=%.*s", STR_ARG(request->path), STR_ARG(query), SIGNATURE_HEX, hex);
}
