// CopyObject, and what UploadPartCopy shares with it: the source.
#include "services/s3/handlers.h"
#include "services/s3/s3.h"

#define COPY_MOST_BYTES (5LL * 1024 * 1024 * 1024)

// "bucket/key?versionId=…", with or without a slash in front, percent-encoded
bool copy_source(const Call *call, CopySource *out, Error *e) {
    Str header = doc_text(call->input, "CopySource"), source, version = STR_NONE;
    ptrdiff_t query = str_find(header, STR("?versionId="));
    if (query >= 0) {
        version = str_from(header, (size_t)query + strlen("?versionId="));
        header = str_sub(header, 0, (size_t)query);
    }
    if (!str_uri_decode(call->arena, header, true, &source)) source = STR("");
    source = str_strip_prefix(source, STR("/"));
    if (str_starts(source, STR("arn:"))) return s3_unsupported(call, "an access point as CopySource", e);
    Str key = source, bucket = str_cut(&key, '/');
    if (!bucket.len) return s3_bad_argument(call, "x-amz-copy-source", STR("x-amz-copy-source"), "Invalid copy source bucket name", e);
    if (!key.len) return s3_bad_argument(call, "x-amz-copy-source", STR("x-amz-copy-source"), "Invalid copy source object key", e);
    *out = (CopySource){bucket, key, version};
    return true;
}

static bool find_source(Turn *turn, const Call *call, const CopySource *source, ObjectRow *out, Error *e) {
    if (source->version.at) {
        if (!version_id_is_valid(source->version))
            return s3_bad_argument(call, "x-amz-copy-source", source->version, "Invalid version id specified", e);
        if (!object_version(turn, source->bucket, source->key, source->version, out)) return fail_no_version(call, source->key, source->version, e);
        if (!out->marker) return true;
        const char *message = "The source of a copy request may not specifically refer to a delete marker by version id.";
        return s3_fail(call, e, 400, "InvalidRequest", message, NULL, STR_NONE);
    }
    if (object_current(turn, source->bucket, source->key, out) && !out->marker) return true;
    return fail_no_key(call, source->key, e);
}

bool copy_source_read(Turn *turn, const Call *call, const CopySource *source, ObjectRow *out, Error *e) {
    Bucket bucket;
    Str owner = doc_text(call->input, "ExpectedSourceBucketOwner");
    if (!bucket_find(turn, source->bucket, &bucket)) return fail_no_bucket(call, source->bucket, e);
    if (owner.at && !str_eq(owner, bucket.account)) return s3_denied(call, e);
    ObjectRow row = {0};
    TRY(find_source(turn, call, source, &row, e));
    TRY(conditions_of_copy(call, &row, e));
    *out = row;
    return true;
}

static bool replaces(const Call *call, const char *directive) { return str_is(doc_text(call->input, directive), "REPLACE"); }

static bool check_directives(const Call *call, const CopySource *source, Error *e) {
    static const struct {
        const char *member, *header, *message;
    } directives[] = {
        {"MetadataDirective", "x-amz-metadata-directive", "Unknown metadata directive."},
        {"TaggingDirective", "x-amz-tagging-directive", "Unknown tagging directive."},
    };
    for (size_t i = 0; i < sizeof directives / sizeof *directives; i++) {
        Str value = doc_text(call->input, directives[i].member);
        if (value.at && !str_is(value, "COPY") && !str_is(value, "REPLACE"))
            return s3_bad_argument(call, directives[i].header, value, directives[i].message, e);
    }
    bool itself = str_eq(source->bucket, doc_text(call->input, "Bucket")) && str_eq(source->key, doc_text(call->input, "Key")) && !source->version.at;
    bool changes = replaces(call, "MetadataDirective") || doc_get(call->input, "StorageClass") || doc_get(call->input, "WebsiteRedirectLocation") ||
                   doc_get(call->input, "ServerSideEncryption") || doc_get(call->input, "ChecksumAlgorithm");
    if (!itself || changes) return true;
    const char *message =
        "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, "
        "website redirect location or encryption attributes.";
    return s3_fail(call, e, 400, "InvalidRequest", message, NULL, STR_NONE);
}

// Headers, metadata and tags: the source's or the request's. The storage class and the redirect are always the request's.
static bool describe_copy(const Call *call, const ObjectRow *from, ObjectRow *row, Error *e) {
    TRY(headers_read(call, row, e));
    if (!replaces(call, "TaggingDirective")) row->tags = from->tags;
    if (replaces(call, "MetadataDirective")) return true;
    row->metadata = from->metadata;
    for (int i = 0; i < ROW_TEXTS; i++)
        if (i != TEXT_STORAGE_CLASS && i != TEXT_REDIRECT) row->texts[i] = from->texts[i];
    return true;
}

// A copy has one part, whatever the source had: a plain MD5 as etag and a checksum over the whole.
static bool sum_copy(Turn *turn, const Call *call, const ObjectRow *from, ObjectRow *row, Error *e) {
    RowChecksum wanted;
    Body body;
    TRY(checksum_wanted(call, "ChecksumAlgorithm", &wanted, e));
    TRY(body_read(turn, row, &body, e));
    if (!wanted.present) wanted = (RowChecksum){.present = from->checksum.present, .kind = from->checksum.kind};
    bool same = wanted.present && from->checksum.present && wanted.kind == from->checksum.kind && !from->checksum.composite;
    if (wanted.present) wanted.text = same ? from->checksum.text : checksum_of_body(turn, body, wanted.kind);
    row->checksum = wanted;
    Str md5 = from->md5;
    if (from->parts.at && !md5.at) md5 = md5_of_body(turn, body);
    row->etag = from->parts.at ? str_hex(call->arena, md5) : from->etag;
    return true;
}

static Doc *answer(const Call *call, const Bucket *bucket, const ObjectRow *from, const ObjectRow *row, Str from_version) {
    Arena *arena = call->arena;
    Doc *out = doc_map(arena), *result = doc_map(arena);
    doc_set_time(arena, result, "LastModified", row->modified_ms);
    doc_set_str(arena, result, "ETag", quoted_etag(arena, row->etag));
    if (row->checksum.present) doc_set_str(arena, result, checksum_member(row->checksum.kind), row->checksum.text);
    doc_set(out, "CopyObjectResult", result);
    doc_set_str(arena, out, "CopySourceVersionId", from_version.at ? from_version : from->version);
    doc_set_str(arena, out, "VersionId", version_shown(bucket, row));
    doc_set_str(arena, out, "ServerSideEncryption", STR("AES256"));
    return out;
}

Outcome copy_object(Turn *turn, const Call *call, Doc **out, Error *e) {
    Str key = doc_text(call->input, "Key");
    Bucket bucket;
    CopySource source;
    ObjectRow from = {0}, row = {0};
    CALL_TRY(bucket_need(turn, call, &bucket, e));
    CALL_TRY(write_is_supported(turn, call, e));
    CALL_TRY(copy_source(call, &source, e));
    CALL_TRY(copy_source_read(turn, call, &source, &from, e));
    CALL_TRY(check_directives(call, &source, e));
    CALL_TRY(conditions_of_write(turn, call, bucket.name, key, e));
    if (from.size > COPY_MOST_BYTES) {
        const char *message = "The specified copy source is larger than the maximum allowable size for a copy source: 5368709120";
        return s3_fail(call, e, 400, "InvalidRequest", message, NULL, STR_NONE), OUTCOME_ERROR;
    }
    CALL_TRY(describe_copy(call, &from, &row, e));
    CALL_TRY(body_share(turn, &from, &row, e));
    CALL_TRY(sum_copy(turn, call, &from, &row, e));
    object_store(turn, &bucket, key, &row);
    event_created(turn, call, &bucket, "CopyObject", key, &row);
    *out = answer(call, &bucket, &from, &row, source.version);
    return OUTCOME_DONE;
}
