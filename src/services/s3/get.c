// GetObject, HeadObject, GetObjectAttributes: reads of one version, on the loop.
#include "services/s3/handlers.h"
#include "services/s3/s3.h"

#include "formats/timestamps.h"

// What S3 shows of a version's id: a null version has one only where the bucket has versions.
Str bucket_versions_shown(Turn *turn, Str bucket, const ObjectRow *row) {
    Bucket found;
    if (row->version.at) return row->version;
    return bucket_find(turn, bucket, &found) ? version_shown(&found, row) : STR_NONE;
}

// Who may not list the bucket does not learn which keys it lacks.
static bool fail_missing(Turn *turn, const Call *call, Str bucket, Str key, Error *e) {
    if (!s3_allowed(turn, call, "s3:ListBucket", bucket_arn(call->arena, bucket), NULL)) return s3_denied(call, e);
    return fail_no_key(call, key, e);
}

// The reply's headers tell what was found.
static void tell_marker(const Call *call, const ObjectRow *row, bool asked_for, Error *e) {
    s3_error_tell(call, e, "$x-amz-delete-marker", STR("true"));
    s3_error_tell(call, e, "$x-amz-version-id", row_version(row));
    if (asked_for) s3_error_tell(call, e, "$Last-Modified", time_http(call->arena, row->modified_ms));
}

// Only reads of the object itself pass a marker over as if nothing were there; whatever else is asked of it, it cannot be.
static bool is_read_of_object(const Call *call) {
    static const char *const reads[] = {"GetObject", "HeadObject", "GetObjectAttributes", "GetObjectAcl", NULL};
    for (const char *const *name = reads; *name; name++)
        if (str_is(wire_str(call->operation->name), *name)) return true;
    return false;
}

static bool fail_marker(Turn *turn, const Call *call, Str bucket, Str key, Str version, const ObjectRow *row, Error *e) {
    if (version.at || !is_read_of_object(call)) {
        Str method = wire_str(call->operation->method);
        s3_fail(call, e, 405, "MethodNotAllowed", "The specified method is not allowed against this resource.", "Method", method);
        s3_error_tell(call, e, "ResourceType", STR("DeleteMarker"));
        s3_error_tell(call, e, "$Allow", STR("DELETE"));
    } else {
        fail_missing(turn, call, bucket, key, e);
    }
    tell_marker(call, row, version.at != NULL, e);
    return false;
}

static bool fail_absent(Turn *turn, const Call *call, Str bucket, Str key, Str version, Error *e) {
    Bucket found;
    if (!bucket_find(turn, bucket, &found)) return fail_no_bucket(call, bucket, e);
    TRY(object_key_fits(call, key, e));
    bool unversioned = found.versioning == VERSIONING_NEVER;
    if (!version.at || (unversioned && str_is(version, "null"))) return fail_missing(turn, call, bucket, key, e);
    if (unversioned || !version_id_is_valid(version)) return s3_bad_argument(call, "versionId", version, "Invalid version id specified", e);
    return fail_no_version(call, key, version, e);
}

bool version_is_told(const Call *call, Str version, Error *e) {
    if (!version.at || version.len) return true;
    return s3_bad_argument(call, "versionId", version, "Version id cannot be the empty string", e);
}

bool object_for_read(Turn *turn, const Call *call, ObjectRow *out, Error *e) {
    Str bucket = doc_text(call->input, "Bucket"), key = doc_text(call->input, "Key"), version = doc_text(call->input, "VersionId");
    ObjectRow row;
    Bucket found_bucket;
    TRY(bucket_need(turn, call, &found_bucket, e));
    TRY(version_is_told(call, version, e));
    bool found = version.at ? object_version(turn, bucket, key, version, &row) : object_current(turn, bucket, key, &row);
    if (!found) return fail_absent(turn, call, bucket, key, version, e);
    if (row.marker) return fail_marker(turn, call, bucket, key, version, &row, e);
    *out = row;
    return true;
}

static bool choose_range(const Call *call, const ObjectRow *row, ByteRange *out, Error *e) {
    const Doc *part = doc_get(call->input, "PartNumber");
    Str header = doc_text(call->input, "Range");
    if (part && header.at)
        return s3_fail(call, e, 400, "InvalidRequest", "Cannot specify both Range header and partNumber query parameter", NULL, STR_NONE);
    if (part) return range_of_part(call, doc_int(part, 0), row, out, e);
    return range_of_header(call, header, row->size, out, e);
}

// response-… parameters replace what the object says of itself.
static bool override(const Call *call, Doc *reply, Error *e) {
    static const struct {
        const char *parameter, *member;
    } overrides[] = {
        {"ResponseCacheControl", "CacheControl"},       {"ResponseContentDisposition", "ContentDisposition"},
        {"ResponseContentEncoding", "ContentEncoding"}, {"ResponseContentLanguage", "ContentLanguage"},
        {"ResponseContentType", "ContentType"},         {"ResponseExpires", "Expires"},
    };
    for (size_t i = 0; i < sizeof overrides / sizeof *overrides; i++) {
        const Doc *value = doc_get(call->input, overrides[i].parameter);
        if (!value) continue;
        if (call->principal.kind == PRINCIPAL_ANONYMOUS) {
            const char *message = "Request specific response headers cannot be used for anonymous GET requests.";
            return s3_fail(call, e, 400, "InvalidRequest", message, NULL, STR_NONE);
        }
        Str text = doc_is(value, DOC_TIME) ? time_http(call->arena, doc_int(value, 0)) : doc_str(value, STR(""));
        doc_set_str(call->arena, reply, overrides[i].member, text);
    }
    return true;
}

static void show_range(const Call *call, const ObjectRow *row, const ByteRange *range, Doc *reply) {
    long long first = range->offset, last = range->offset + range->size - 1, size = row->size;
    doc_add(reply, STR("ContentLength"), doc_of_int(call->arena, range->size));
    if (range->partial) doc_set_str(call->arena, reply, "ContentRange", str_format(call->arena, "bytes %lld-%lld/%lld", first, last, size));
    if (row->parts.at && doc_get(call->input, "PartNumber")) doc_set_int(call->arena, reply, "PartsCount", (int64_t)parts_count(row->parts));
}

// A checksum stands for all that is sent: the object's for all of it, a part's for the part; of other stretches nobody has one.
static void show_sum(const Call *call, const ObjectRow *row, const ByteRange *range, Doc *reply) {
    if (!str_eq_nocase(doc_text(call->input, "ChecksumMode"), STR("ENABLED"))) return;
    RowChecksum sum = row->checksum;
    bool part = row->parts.at && doc_get(call->input, "PartNumber");
    if (part && sum.composite) sum.text = range->checksum;
    if (range->size == row->size || (part && sum.composite)) checksum_show(call->arena, reply, &sum);
}

bool no_key_is_given(const Call *call, Error *e) {
    static const char *const members[] = {"SSECustomerAlgorithm", "SSECustomerKey", "SSECustomerKeyMD5", NULL};
    const char *message = "The encryption parameters are not applicable to this object.";
    for (const char *const *member = members; *member; member++)
        if (doc_get(call->input, *member)) return s3_fail(call, e, 400, "InvalidRequest", message, NULL, STR_NONE);
    return true;
}

// All that precedes the bytes: conditions, range, headers.
static bool read_object(Turn *turn, const Call *call, ObjectRow *row, ByteRange *range, Doc **reply, Error *e) {
    TRY(object_for_read(turn, call, row, e));
    TRY(no_key_is_given(call, e));
    TRY(conditions_of_read(call, row, e));
    TRY(choose_range(call, row, range, e));
    Doc *shown = doc_map(call->arena);
    headers_show(call->arena, row, shown);
    show_range(call, row, range, shown);
    doc_set_str(call->arena, shown, "VersionId", bucket_versions_shown(turn, doc_text(call->input, "Bucket"), row));
    show_sum(call, row, range, shown);
    TRY(override(call, shown, e));
    *reply = shown;
    return true;
}

Outcome get_object(Turn *turn, const Call *call, Doc **out, Error *e) {
    ObjectRow row;
    ByteRange range;
    Body body;
    CALL_TRY(read_object(turn, call, &row, &range, out, e));
    CALL_TRY(body_read(turn, &row, &body, e));
    turn_reply_body(turn, body_part(body, range.offset, range.size));
    return OUTCOME_DONE;
}

Outcome head_object(Turn *turn, const Call *call, Doc **out, Error *e) {
    ObjectRow row;
    ByteRange range;
    CALL_TRY(read_object(turn, call, &row, &range, out, e));
    return OUTCOME_DONE;
}
