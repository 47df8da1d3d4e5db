// Etags and checksums: what a body's are, and whether the request agrees.
//
// The etag of a body is its MD5. Of the checksums that S3 knows, the five that clients use by default are built; MD5, SHA-512 and the XXHASH family as
// x-amz-checksum-… are refused by name. A body without any is given a CRC64NVME, as S3 does.
#include "services/s3/s3.h"

#include <fcntl.h>
#include <unistd.h>

enum { CHUNK_BYTES = 256 * 1024 };

static const char *const MEMBERS[CHECKSUM_KINDS] = {
    [CHECKSUM_CRC32] = "ChecksumCRC32", [CHECKSUM_CRC32C] = "ChecksumCRC32C", [CHECKSUM_CRC64NVME] = "ChecksumCRC64NVME",
    [CHECKSUM_SHA1] = "ChecksumSHA1",   [CHECKSUM_SHA256] = "ChecksumSHA256",
};

static const char *const REFUSED[] = {"ChecksumMD5", "ChecksumSHA512", "ChecksumXXHASH64", "ChecksumXXHASH3", "ChecksumXXHASH128", NULL};

const char *checksum_member(ChecksumKind kind) { return MEMBERS[kind]; }

typedef void Feed(void *sum, Str bytes);

// Bodies in files are read once more here only when nobody summed them on their way in (internal calls, copies of a part).
static void feed_body(Turn *turn, Body body, Feed *feed, void *sum) {
    if (!body.path.at) {
        feed(sum, body.bytes);
        return;
    }
    int fd = open(str_c(turn_arena(turn), body.path), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return;
    char *chunk = arena_alloc(turn_arena(turn), CHUNK_BYTES);
    for (int64_t at = 0; at < body.size;) {
        size_t want = body.size - at < CHUNK_BYTES ? (size_t)(body.size - at) : (size_t)CHUNK_BYTES;
        ssize_t got = pread(fd, chunk, want, body.offset + at);
        if (got <= 0) break;
        feed(sum, (Str){chunk, (size_t)got});
        at += got;
    }
    close(fd);
}

static void feed_digest(void *sum, Str bytes) { digest_update(sum, bytes); }
static void feed_checksum(void *sum, Str bytes) { checksum_update(sum, bytes); }

Str md5_of_body(Turn *turn, Body body) {
    uint8_t *md5 = arena_alloc(turn_arena(turn), MD5_BYTES);
    if (!body.path.at) {
        digest_of(DIGEST_MD5, body.bytes, md5);
        return digest_str(md5, MD5_BYTES);
    }
    Digest digest;
    digest_init(&digest, DIGEST_MD5);
    feed_body(turn, body, feed_digest, &digest);
    digest_final(&digest, md5);
    digest_done(&digest);
    return digest_str(md5, MD5_BYTES);
}

Str checksum_of_body(Turn *turn, Body body, ChecksumKind kind) {
    Checksum sum;
    checksum_init(&sum, kind);
    feed_body(turn, body, feed_checksum, &sum);
    Str text = checksum_final_base64(&sum, turn_arena(turn));
    checksum_done(&sum);
    return text;
}

bool checksum_given(const Call *call, const Doc *from, RowChecksum *out, Error *e) {
    for (const char *const *member = REFUSED; *member; member++)
        if (doc_get(from, *member)) return s3_unsupported(call, *member, e);
    RowChecksum found = {0};
    for (int kind = 0; kind < CHECKSUM_KINDS; kind++) {
        Str text = doc_text(from, MEMBERS[kind]);
        if (!text.at) continue;
        if (found.present) {
            const char *message = "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.";
            return s3_fail(call, e, 400, "InvalidRequest", message, NULL, STR_NONE);
        }
        found = (RowChecksum){.present = true, .kind = (ChecksumKind)kind, .text = text};
    }
    *out = found;
    return true;
}

bool checksum_wanted(const Call *call, const char *member, RowChecksum *out, Error *e) {
    Str name = doc_text(call->input, member);
    RowChecksum wanted = {.present = name.len > 0};
    if (name.len && !checksum_by_name(name, &wanted.kind)) {
        for (const char *const *refused = REFUSED; *refused; refused++)
            if (str_eq_nocase(name, str_of(*refused + strlen("Checksum")))) return s3_unsupported(call, *refused, e);
        const char *message =
            "Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]";
        return s3_fail(call, e, 400, "InvalidRequest", message, NULL, STR_NONE);
    }
    *out = wanted;
    return true;
}

bool checksum_type_is_known(const Call *call, Str type, Error *e) {
    if (str_is(type, "COMPOSITE") || str_is(type, "FULL_OBJECT")) return true;
    return s3_fail(call, e, 400, "InvalidRequest", "Value for x-amz-checksum-type header is invalid.", NULL, STR_NONE);
}

static bool check_md5(const Call *call, Str md5, Error *e) {
    Str given = doc_text(call->input, "ContentMD5"), bytes;
    if (!given.at) return true;
    if (!str_unbase64(call->arena, given, &bytes) || bytes.len != MD5_BYTES)
        return s3_fail(call, e, 400, "InvalidDigest", "The Content-MD5 you specified was invalid.", "Content-MD5", given);
    if (str_eq(bytes, md5)) return true;
    s3_fail(call, e, 400, "BadDigest", "The Content-MD5 you specified did not match what we received.", "ExpectedDigest",
            str_hex(call->arena, bytes));
    s3_error_tell(call, e, "CalculatedDigest", str_base64(call->arena, md5));
    return false;
}

static bool check_checksum(const Call *call, const RowChecksum *given, Str real, Error *e) {
    Str bytes, name = checksum_name(given->kind);
    if (!str_unbase64(call->arena, given->text, &bytes) || bytes.len != checksum_bytes(given->kind)) {
        Str message = str_format(call->arena, "Value for x-amz-checksum-%.*s header is invalid.", STR_ARG(str_lower(call->arena, name)));
        return s3_fail(call, e, 400, "InvalidRequest", message.at, NULL, STR_NONE);
    }
    if (str_eq(given->text, real)) return true;
    Str message = str_format(call->arena, "The %.*s you specified did not match the calculated checksum.", STR_ARG(name));
    return s3_fail(call, e, 400, "BadDigest", message.at, NULL, STR_NONE);
}

// What was summed while the body came in; of internal calls nothing was.
static Str digest_known(const Call *call, ChecksumKind kind) {
    const BodyDigests *known = call->digests;
    if (!known) return STR_NONE;
    switch (kind) {
    case CHECKSUM_CRC32: return known->crc32;
    case CHECKSUM_CRC32C: return known->crc32c;
    case CHECKSUM_CRC64NVME: return known->crc64nvme;
    case CHECKSUM_SHA1: return known->sha1;
    default: return known->sha256;
    }
}

static Str checksum_of_call(Turn *turn, const Call *call, ChecksumKind kind) {
    Str known = digest_known(call, kind);
    return known.len ? str_base64(call->arena, known) : checksum_of_body(turn, call->body, kind);
}

RowChecksum checksum_default(Turn *turn, const Call *call) {
    return (RowChecksum){.present = true, .kind = CHECKSUM_CRC64NVME, .text = checksum_of_call(turn, call, CHECKSUM_CRC64NVME)};
}

// The SDKs name the algorithm of the sum that they send, in a header or a trailer.
static bool check_named(const Call *call, const RowChecksum *given, Error *e) {
    Str name = doc_text(call->input, "ChecksumAlgorithm");
    ChecksumKind named;
    if (!name.len) return true;
    const char *message = "Value for x-amz-sdk-checksum-algorithm header is invalid.";
    if (!checksum_by_name(name, &named) || (given->present && given->kind != named))
        return s3_fail(call, e, 400, "InvalidRequest", message, NULL, STR_NONE);
    if (given->present) return true;
    message = "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found.";
    return s3_fail(call, e, 400, "InvalidRequest", message, NULL, STR_NONE);
}

bool checksum_request(Turn *turn, const Call *call, const ChecksumKind *otherwise, ObjectRow *row, Error *e) {
    RowChecksum given;
    TRY(checksum_given(call, call->input, &given, e));
    TRY(check_named(call, &given, e));
    Str md5 = call->digests && call->digests->md5.len ? call->digests->md5 : md5_of_body(turn, call->body);
    TRY(check_md5(call, md5, e));
    if (!given.present && otherwise) given = (RowChecksum){.present = true, .kind = *otherwise};
    if (given.present) {
        Str real = checksum_of_call(turn, call, given.kind);
        if (given.text.at) TRY(check_checksum(call, &given, real, e));
        given.text = real;
    }
    row->checksum = given;
    row->etag = str_hex(call->arena, md5);
    return true;
}

void checksum_show(Arena *arena, Doc *to, const RowChecksum *checksum) {
    if (!checksum->present || !checksum->text.len) return;
    doc_set_str(arena, to, MEMBERS[checksum->kind], checksum->text);
    doc_set_str(arena, to, "ChecksumType", checksum->composite ? STR("COMPOSITE") : STR("FULL_OBJECT"));
}
