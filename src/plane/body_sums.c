// What the head of a request says of a body that does not stream (DeleteObjects, PutBucketTagging): Content-MD5 and x-amz-checksum-…. S3 alone has these.
// Of bodies that stream the service compares them itself, with what was summed on the way in.
#include "plane/internal.h"

#include "formats/checksums.h"

static bool check_md5(const HttpRequest *request, Str given, Error *e) {
    Str bytes;
    uint8_t md5[MD5_BYTES];
    Doc *extra = doc_map(request->arena);
    bool readable = str_unbase64(request->arena, given, &bytes) && bytes.len == MD5_BYTES;
    digest_of(DIGEST_MD5, request->body.bytes, md5);
    Str real = digest_str(md5, MD5_BYTES);
    if (readable && str_eq(bytes, real)) return true;
    if (readable)
        fail(e, "BadDigest", "The Content-MD5 you specified did not match what we received.");
    else
        fail(e, "InvalidDigest", "The Content-MD5 you specified was invalid.");
    doc_set_str(request->arena, extra, readable ? "ExpectedDigest" : "Content-MD5", readable ? str_hex(request->arena, bytes) : given);
    if (readable) doc_set_str(request->arena, extra, "CalculatedDigest", str_base64(request->arena, real));
    if (e) e->extra = extra;
    return false;
}

static bool check_sum(const HttpRequest *request, ChecksumKind kind, Str name, Str given, Error *e) {
    Str bytes;
    Checksum sum;
    checksum_init(&sum, kind);
    checksum_update(&sum, request->body.bytes);
    Str real = checksum_final(&sum, request->arena);
    checksum_done(&sum);
    if (!str_unbase64(request->arena, given, &bytes) || bytes.len != checksum_bytes(kind))
        return fail(e, "InvalidRequest", "Value for %.*s header is invalid.", STR_ARG(name));
    if (str_eq(bytes, real)) return true;
    Str kind_name = checksum_name(kind);
    return fail(e, "BadDigest", "The %.*s you specified did not match the calculated checksum.", STR_ARG(kind_name));
}

// The one request that S3 refuses when its body is not told by a sum at all.
static bool needs_sum(const WireOperation *operation) { return str_is(wire_str(operation->name), "DeleteObjects"); }

bool body_sums_check(const HttpRequest *request, const WireRoute *route, Error *e) {
    if (route->protocol != WIRE_REST_XML || route->operation->flags & WIRE_STREAM_IN || !request->body.bytes.len) return true;
    if (!wire_input(route->operation)) return true;
    Str md5 = http_header(request, "content-md5");
    bool any = md5.at != NULL;
    if (any) TRY(check_md5(request, md5, e));
    for (ChecksumKind kind = 0; kind < CHECKSUM_KINDS; kind++) {
        Str name = str_lower(request->arena, str_cat(request->arena, STR("x-amz-checksum-"), checksum_name(kind)));
        Str given = http_header(request, str_c(request->arena, name));
        if (!given.at || wire_member_outside(wire_input(route->operation), WIRE_IN_HEADER, name)) continue;
        any = true;
        TRY(check_sum(request, kind, name, given, e));
    }
    if (any || !needs_sum(route->operation)) return true;
    return fail(e, "InvalidRequest", "Missing required header for this request: Content-MD5 OR x-amz-checksum-*");
}
