// Preconditions: RFC 9110's headers in the order in which S3 looks at them.
#include "services/s3/s3.h"

static Str bare(Str etag) {
    etag = str_strip_prefix(str_trim(etag), STR("W/"));
    if (etag.len >= 2 && etag.at[0] == '"' && etag.at[etag.len - 1] == '"') return str_sub(etag, 1, etag.len - 1);
    return etag;
}

bool etag_matches(Str wanted, Str etag) {
    while (wanted.at) {
        Str one = bare(str_cut(&wanted, ','));
        if (str_is(one, "*") || str_eq(one, etag)) return true;
    }
    return false;
}

static bool is_later(const Doc *time, int64_t modified_ms) { return modified_ms / 1000 > doc_int(time, 0) / 1000; }

// A date to come says nothing.
static bool not_modified_since(const Call *call, const Doc *time, int64_t modified_ms) {
    return !is_later(time, modified_ms) && doc_int(time, 0) / 1000 <= call->now_ms / 1000;
}

// The four conditions under whatever names the operation gives them.
typedef struct ConditionNames {
    const char *match, *unmodified, *none_match, *modified;
} ConditionNames;

static const char *failed_condition(const Call *call, const ConditionNames *names, const ObjectRow *row, bool *not_modified) {
    const Doc *match = doc_get(call->input, names->match), *unmodified = doc_get(call->input, names->unmodified);
    const Doc *none_match = doc_get(call->input, names->none_match), *modified = doc_get(call->input, names->modified);
    if (match && !etag_matches(doc_str(match, STR_NONE), row->etag)) return names->match;
    if (!match && unmodified && is_later(unmodified, row->modified_ms)) return names->unmodified;
    *not_modified = true;
    if (none_match && etag_matches(doc_str(none_match, STR_NONE), row->etag)) return names->none_match;
    if (!none_match && modified && not_modified_since(call, modified, row->modified_ms)) return names->modified;
    return NULL;
}

// 304 carries the headers of what was not modified.
static bool fail_not_modified(const Call *call, const ObjectRow *row, Error *e) {
    s3_fail(call, e, 304, "NotModified", "Not Modified", NULL, STR_NONE);
    if (!e) return false;
    Doc *headers = doc_map(call->arena);
    doc_set_str(call->arena, headers, "ETag", quoted_etag(call->arena, row->etag));
    doc_set_time(call->arena, headers, "LastModified", row->modified_ms);
    doc_set((Doc *)e->extra, "Headers", headers);
    return false;
}

bool conditions_of_read(const Call *call, const ObjectRow *row, Error *e) {
    static const ConditionNames names = {"IfMatch", "IfUnmodifiedSince", "IfNoneMatch", "IfModifiedSince"};
    bool not_modified = false;
    const char *failed = failed_condition(call, &names, row, &not_modified);
    if (!failed) return true;
    if (not_modified) return fail_not_modified(call, row, e);
    return fail_condition(call, failed == names.match ? "If-Match" : "If-Unmodified-Since", e);
}

bool conditions_of_copy(const Call *call, const ObjectRow *row, Error *e) {
    static const ConditionNames names = {"CopySourceIfMatch", "CopySourceIfUnmodifiedSince", "CopySourceIfNoneMatch", "CopySourceIfModifiedSince"};
    bool ignored = false;
    const char *failed = failed_condition(call, &names, row, &ignored);
    if (!failed) return true;
    if (failed == names.match) return fail_condition(call, "x-amz-copy-source-If-Match", e);
    if (failed == names.unmodified) return fail_condition(call, "x-amz-copy-source-If-Unmodified-Since", e);
    if (failed == names.none_match) return fail_condition(call, "x-amz-copy-source-If-None-Match", e);
    return fail_condition(call, "x-amz-copy-source-If-Modified-Since", e);
}

static bool fail_header(const Call *call, const char *header, const char *more, Error *e) {
    s3_fail(call, e, 501, "NotImplemented", "A header you provided implies functionality that is not implemented", "Header", str_of(header));
    s3_error_tell(call, e, "additionalMessage", str_of(more));
    return false;
}

// A write knows If-None-Match: * and If-Match with an etag, and one of them only.
static bool check_write_headers(const Call *call, Str match, Str none_match, Error *e) {
    if (match.at && none_match.at)
        return fail_header(call, "If-Match,If-None-Match", "Multiple conditional request headers present in the request", e);
    if (none_match.at && !str_is(none_match, "*"))
        return fail_header(call, "If-None-Match", "We don't accept the provided value of If-None-Match header for this API", e);
    if (match.at && str_is(match, "*")) return fail_header(call, "If-Match", "We don't accept the provided value of If-Match header for this API", e);
    return true;
}

bool conditions_of_write(Turn *turn, const Call *call, Str bucket, Str key, Error *e) {
    Str match = doc_text(call->input, "IfMatch"), none_match = doc_text(call->input, "IfNoneMatch");
    if (!match.at && !none_match.at) return true;
    TRY(check_write_headers(call, match, none_match, e));
    ObjectRow current;
    bool exists = object_current(turn, bucket, key, &current) && !current.marker;
    if (none_match.at && exists) return fail_condition(call, "If-None-Match", e);
    if (match.at && !exists) return fail_no_key(call, key, e);
    if (match.at && !etag_matches(match, current.etag)) return fail_condition(call, "If-Match", e);
    return true;
}

static bool fail_conflict(const Call *call, const char *condition, Error *e) {
    const char *message = "The conditional request cannot succeed due to a conflicting operation against this resource.";
    s3_fail(call, e, 409, "ConditionalRequestConflict", message, "Condition", str_of(condition));
    s3_error_tell(call, e, "Key", doc_text(call->input, "Key"));
    return false;
}

// What an upload has seen of its key when it began stands in its row: the sequence and time of the version that was there.
void conditions_note(Turn *turn, Str bucket, Str key, ObjectRow *upload) {
    ObjectRow current;
    if (!object_current(turn, bucket, key, &current) || current.marker) return;
    upload->sequence = current.sequence;
    upload->null_sequence = (uint64_t)current.modified_ms;
}

bool conditions_of_complete(Turn *turn, const Call *call, Str bucket, const ObjectRow *upload, Error *e) {
    Str key = doc_text(call->input, "Key");
    TRY(conditions_of_write(turn, call, bucket, key, e));
    if (doc_get(call->input, "IfNoneMatch") && upload->sequence) return fail_conflict(call, "If-None-Match", e);
    ObjectRow current;
    if (!doc_get(call->input, "IfMatch") || !object_current(turn, bucket, key, &current)) return true;
    bool same = current.sequence == upload->sequence && (uint64_t)current.modified_ms == upload->null_sequence;
    return same || fail_conflict(call, "If-Match", e);
}

bool conditions_of_delete(Turn *turn, const Call *call, Str bucket, Str key, Str match, Error *e) {
    ObjectRow current;
    if (!match.at) return true;
    if (!object_current(turn, bucket, key, &current)) return fail_no_key(call, key, e);
    if (current.marker || !etag_matches(match, current.etag)) return fail_condition(call, "If-Match", e);
    return true;
}
