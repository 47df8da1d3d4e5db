// What S3 tells of a refused signature besides code and message: the elements of its "List of error codes" and of the answers that it gives.
#include "identity/auth_fault.h"

#include "base/doc.h"
#include "formats/digest.h"
#include "formats/timestamps.h"
#include "identity/sigv2.h"

typedef struct Details {
    const Signature *signature;
    const HttpRequest *request;
    Str bucket; // of a virtual host
    AuthClocks clocks;
    Doc *to;
} Details;

static void tell(const Details *details, const char *element, Str value) { doc_set_str(details->request->arena, details->to, element, value); }

static void tell_time(const Details *details, const char *element, int64_t ms) {
    tell(details, element, time_iso8601(details->request->arena, ms / 1000 * 1000));
}

static Str hex_list(Arena *arena, Str text) {
    Str hex = str_hex(arena, text);
    char *spaced = arena_alloc(arena, text.len * 3 + 1);
    for (size_t i = 0; i < text.len; i++) {
        memcpy(spaced + i * 3, hex.at + i * 2, 2);
        spaced[i * 3 + 2] = ' ';
    }
    return (Str){spaced, text.len ? text.len * 3 - 1 : 0};
}

static void tell_v2_mismatch(const Details *details) {
    Str text = sigv2_text(details->signature, details->request, details->bucket);
    tell(details, "StringToSign", text);
    tell(details, "SignatureProvided", details->signature->signature);
    tell(details, "StringToSignBytes", hex_list(details->request->arena, text));
}

// Both texts that the client should have had, also byte by byte: what differs is often a blank or a line end.
static void tell_mismatch(const Details *details) {
    Arena *arena = details->request->arena;
    Str canonical, to_sign;
    tell(details, "AWSAccessKeyId", details->signature->access_key);
    if (details->signature->scheme == SIGNATURE_QUERY_V2) {
        tell_v2_mismatch(details);
        return;
    }
    if (!signature_texts(details->signature, details->request, &canonical, &to_sign)) return;
    tell(details, "StringToSign", to_sign);
    tell(details, "SignatureProvided", details->signature->signature);
    tell(details, "StringToSignBytes", hex_list(arena, to_sign));
    tell(details, "CanonicalRequest", canonical);
    tell(details, "CanonicalRequestBytes", hex_list(arena, canonical));
}

static void tell_skew(const Details *details) {
    tell(details, "RequestTime", time_iso8601_basic(details->request->arena, details->signature->signed_at_ms));
    tell_time(details, "ServerTime", details->clocks.wall_ms);
    tell(details, "MaxAllowedSkewMilliseconds", STR("900000"));
}

static void tell_expiry(const Details *details) {
    const Signature *signature = details->signature;
    bool v2 = signature->scheme == SIGNATURE_QUERY_V2;
    if (!v2) tell(details, "X-Amz-Expires", str_format(details->request->arena, "%lld", (long long)signature->expires_s));
    tell_time(details, "Expires", signature->signed_at_ms + signature->expires_s * 1000);
    tell_time(details, "ServerTime", details->clocks.wall_ms);
}

static void tell_unsigned(const Details *details) {
    Arena *arena = details->request->arena;
    Str names = STR("");
    for (size_t i = 0; i < details->request->header_count; i++) {
        Str name = str_lower(arena, details->request->headers[i].name);
        if (!signature_misses(details->signature, name)) continue;
        names = names.len ? str_format(arena, "%.*s, %.*s", STR_ARG(names), STR_ARG(name)) : name;
    }
    tell(details, "HeadersNotSigned", names);
}

void auth_tell(AuthFault fault, const Signature *signature, const HttpRequest *request, Str bucket, AuthClocks clocks, Error *e) {
    if (!e) return;
    Details details = {signature, request, bucket, clocks, doc_map(request->arena)};
    switch (fault) {
    case AUTH_MISMATCH: tell_mismatch(&details); break;
    case AUTH_UNKNOWN_KEY: tell(&details, "AWSAccessKeyId", signature->access_key); break;
    case AUTH_BAD_TOKEN:
    case AUTH_EXPIRED_TOKEN: tell(&details, "Token-0", signature->token); break;
    case AUTH_TOO_OLD:
    case AUTH_TOO_NEW: tell_skew(&details); break;
    case AUTH_PRESIGNED_EXPIRED: tell_expiry(&details); break;
    case AUTH_HEADERS_NOT_SIGNED: tell_unsigned(&details); break;
    case AUTH_BODY_MISMATCH:
        tell(&details, "ClientComputedContentSHA256", signature->payload_hash);
        tell(&details, "S3ComputedContentSHA256", digest_hex(request->arena, DIGEST_SHA256, request->body.bytes));
        break;
    default: break;
    }
    e->extra = details.to;
}
