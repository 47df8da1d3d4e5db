// Streamed bodies on their way in (PutObject, UploadPart): takes aws-chunked framing off, verifies chunk signatures, computes digests while the bytes pass.
// Runs where the server runs filters: on the pool for what goes to a file, on the loop for what stays in memory; never twice at a time.
#include "plane/internal.h"

#include "base/limits.h"
#include "formats/checksums.h"
#include "identity/aws_chunked.h"
#include "os/files.h"

#include <stdlib.h>

struct BodyFilter {
    Arena *arena; // its own: another thread uses it
    Signature signature; // of the head, when the body is chunked
    AwsChunked chunked;
    bool is_chunked;
    AwsChunkedResult verdict;
    int64_t expected_bytes; // x-amz-decoded-content-length; -1: not said
    Str trailer; // the checksum's name that x-amz-trailer announces
    Digest md5;
    Digest sha256; // of the payload, when the signature covers its hash
    bool wants_sha256;
    Checksum checksum;
    BodyDigests digests;
    Str payload_hash; // SHA-256 in hexadecimal
    bool is_final;
};

static bool payload_is_hashed(const HttpRequest *request) { return http_header(request, "x-amz-content-sha256").len == SIGNATURE_HEX; }

// Which checksum the request asks for: by a header of its own, the trailer it announces, or the SDK's word; CRC64NVME when by none.
static ChecksumKind wanted_checksum(const HttpRequest *request) {
    AUTO_ARENA arena = arena_new();
    Str trailer = http_header(request, "x-amz-trailer"), said = http_header(request, "x-amz-sdk-checksum-algorithm");
    for (ChecksumKind kind = 0; kind < CHECKSUM_KINDS; kind++) {
        Str name = str_lower(arena, str_cat(arena, STR("x-amz-checksum-"), checksum_name(kind)));
        if (http_header(request, str_c(arena, name)).at || str_eq_nocase(trailer, name) || str_eq_nocase(said, checksum_name(kind))) return kind;
    }
    return CHECKSUM_CRC64NVME;
}

// A body whose secret is known is verified chunk by chunk.
static void begin_chunked(const HttpExchange *exchange, const Authentication *who, BodyFilter *filter) {
    filter->signature = who->signature;
    aws_chunked_init(&filter->chunked, filter->arena, &filter->signature, who->chunk_key);
    filter->is_chunked = true;
    filter->trailer = str_copy(filter->arena, str_trim(http_header(&exchange->request, "x-amz-trailer")));
    filter->verdict = AWS_CHUNKED_MORE;
    if (!str_to_int(http_header(&exchange->request, "x-amz-decoded-content-length"), &filter->expected_bytes)) filter->expected_bytes = -1;
}

static bool pass(void *context, char *bytes, size_t *len) {
    BodyFilter *filter = context;
    if (filter->is_chunked) {
        filter->verdict = aws_chunked_in_place(&filter->chunked, bytes, len);
        if (filter->verdict >= AWS_CHUNKED_BAD_FRAMING) return false;
    }
    Str piece = {bytes, *len};
    digest_update(&filter->md5, piece);
    if (filter->wants_sha256) digest_update(&filter->sha256, piece);
    checksum_update(&filter->checksum, piece);
    return true;
}

BodyFilter *body_filter_begin(Plane *plane, HttpExchange *exchange, const Authentication *who, HttpIntake *intake) {
    const HttpRequest *request = &exchange->request;
    Arena *arena = arena_new();
    BodyFilter *filter = arena_new_of(arena, BodyFilter);
    filter->arena = arena;
    filter->wants_sha256 = payload_is_hashed(request);
    digest_init(&filter->md5, DIGEST_MD5);
    if (filter->wants_sha256) digest_init(&filter->sha256, DIGEST_SHA256);
    checksum_init(&filter->checksum, wanted_checksum(request));
    if (str_starts(http_header(request, "x-amz-content-sha256"), STR("STREAMING-"))) begin_chunked(exchange, who, filter);
    intake->kind = HTTP_INTO_SPOOL;
    intake->max_bytes = LIMIT_OBJECT_BYTES;
    intake->folder = path_join(exchange->request.arena, plane->options.data, STR("spool"));
    intake->filter = pass;
    intake->filter_context = filter;
    return filter;
}

static Str *checksum_place(BodyDigests *digests, ChecksumKind kind) {
    switch (kind) {
    case CHECKSUM_CRC32: return &digests->crc32;
    case CHECKSUM_CRC32C: return &digests->crc32c;
    case CHECKSUM_CRC64NVME: return &digests->crc64nvme;
    case CHECKSUM_SHA1: return &digests->sha1;
    default: return &digests->sha256;
    }
}

static void finish(BodyFilter *filter) {
    if (filter->is_final) return;
    filter->is_final = true;
    uint8_t *md5 = arena_alloc(filter->arena, MD5_BYTES), *sha256 = arena_alloc(filter->arena, SHA256_BYTES);
    digest_final(&filter->md5, md5);
    filter->digests.md5 = digest_str(md5, MD5_BYTES);
    if (filter->wants_sha256) {
        digest_final(&filter->sha256, sha256);
        filter->digests.sha256 = digest_str(sha256, SHA256_BYTES);
        filter->payload_hash = str_hex(filter->arena, filter->digests.sha256);
    }
    *checksum_place(&filter->digests, filter->checksum.kind) = checksum_final(&filter->checksum, filter->arena);
}

const BodyDigests *body_filter_digests(BodyFilter *filter) {
    if (!filter) return NULL;
    finish(filter);
    return &filter->digests;
}

static bool is_checksum(Str header) { return header.len && str_starts(header, STR("x-amz-checksum-")); }

// What was announced has come, and nothing else: a body whose sum got lost on its way is not taken for one without.
static bool check_trailers(const BodyFilter *filter, Error *e) {
    size_t announced = 0, others = 0;
    if (filter->trailer.len && !is_checksum(filter->trailer))
        return fail(e, "InvalidRequest", "The value specified in the x-amz-trailer header is not supported");
    for (size_t i = 0; i < filter->chunked.trailer_count; i++) {
        Str name = filter->chunked.trailers[i].name;
        if (str_eq_nocase(name, filter->trailer))
            announced++;
        else
            others += !str_is(name, "x-amz-trailer-signature");
    }
    bool whole = filter->verdict != AWS_CHUNKED_BAD_TRAILER && announced == (filter->trailer.len ? 1 : 0) && !others;
    const char *message = "The request contained trailing data that was not well-formed or did not conform to our published schema.";
    return whole || fail(e, "MalformedTrailerError", "%s", message);
}

bool body_filter_check(BodyFilter *filter, const WireRoute *route, const Signature *signature, Error *e) {
    if (!filter) return true;
    finish(filter);
    if (filter->wants_sha256 && signature->payload == PAYLOAD_HASHED && !signature_body_matches(signature, filter->payload_hash)) {
        return identity_refuse_body(route, e);
    }
    if (!filter->is_chunked) return true;
    if (filter->verdict == AWS_CHUNKED_BAD_SIGNATURE) return identity_refuse_chunk(route, e);
    if (filter->verdict == AWS_CHUNKED_BAD_TRAILER) return check_trailers(filter, e);
    bool short_of = filter->expected_bytes >= 0 && filter->expected_bytes != filter->chunked.payload_bytes;
    if (filter->verdict == AWS_CHUNKED_DONE && !short_of) return check_trailers(filter, e);
    return fail(e, "IncompleteBody", "The request body terminated unexpectedly");
}

static const WireMember *header_member(const WireShape *shape, Str header) {
    for (size_t i = 0; i < shape->member_count; i++) {
        const WireMember *member = wire_member_at(shape, i);
        if (member->location == WIRE_IN_HEADER && str_eq_nocase(wire_str(member->wire_name), header)) return member;
    }
    return NULL;
}

void body_filter_add_trailers(const BodyFilter *filter, const WireOperation *operation, Arena *arena, Doc *input) {
    const WireShape *shape = wire_input(operation);
    for (size_t i = 0; filter && shape && i < filter->chunked.trailer_count; i++) {
        const WireMember *member = header_member(shape, filter->chunked.trailers[i].name);
        if (member) doc_put(input, wire_str(member->name), doc_of_str(arena, str_copy(arena, filter->chunked.trailers[i].value)));
    }
}

void body_filter_free(BodyFilter *filter) {
    if (!filter) return;
    digest_done(&filter->md5);
    digest_done(&filter->sha256);
    checksum_done(&filter->checksum);
    if (filter->is_chunked) aws_chunked_done(&filter->chunked);
    arena_free(filter->arena);
}
