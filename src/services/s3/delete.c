// DeleteObject, DeleteObjects: a version for ever, or the key by a delete marker.
#include "services/s3/handlers.h"
#include "services/s3/s3.h"

enum { DELETES_A_REQUEST = 1000 };

typedef struct Deleted {
    bool marker; // a delete marker was made or removed
    Str version; // of what was made or removed; STR_NONE where the bucket has no versions
} Deleted;

static Deleted delete_current(Turn *turn, const Call *call, const Bucket *bucket, Str key) {
    ObjectRow row;
    if (bucket->versioning == VERSIONING_NEVER) {
        if (object_remove(turn, bucket->name, key, STR("null"), &row)) event_deleted(turn, call, bucket, key, &row, false);
        return (Deleted){0};
    }
    object_mark_deleted(turn, bucket, key, &row);
    event_deleted(turn, call, bucket, key, &row, true);
    return (Deleted){.marker = true, .version = row_version(&row)};
}

static bool delete_key(Turn *turn, const Call *call, const Bucket *bucket, Str key, Str version, Deleted *out, Error *e) {
    ObjectRow row;
    if (!version.at) {
        *out = delete_current(turn, call, bucket, key);
        return true;
    }
    TRY(version_is_told(call, version, e));
    bool unheard_of = bucket->versioning == VERSIONING_NEVER && !str_is(version, "null");
    if (unheard_of || !version_id_is_valid(version)) return s3_bad_argument(call, "versionId", version, "Invalid version id specified", e);
    *out = (Deleted){.version = bucket->versioning == VERSIONING_NEVER ? STR_NONE : version};
    if (!object_remove(turn, bucket->name, key, version, &row)) return true; // what is not there is deleted
    out->marker = row.marker;
    event_deleted(turn, call, bucket, key, &row, false);
    return true;
}

// Governance is a word of object lock, which no bucket here has.
static bool check_bypass(const Call *call, Error *e) {
    if (!doc_get(call->input, "BypassGovernanceRetention")) return true;
    const char *message = "x-amz-bypass-governance-retention is only applicable to Object Lock enabled buckets.";
    return s3_bad_argument(call, "x-amz-bypass-governance-retention", STR_NONE, message, e);
}

Outcome delete_object(Turn *turn, const Call *call, Doc **out, Error *e) {
    static const char *const refused[] = {"IfMatchLastModifiedTime", "IfMatchSize", "MFA", NULL};
    Str key = doc_text(call->input, "Key");
    Bucket bucket;
    Deleted deleted;
    CALL_TRY(s3_refuse(call, refused, e));
    CALL_TRY(bucket_need(turn, call, &bucket, e));
    CALL_TRY(check_bypass(call, e));
    CALL_TRY(conditions_of_delete(turn, call, bucket.name, key, doc_text(call->input, "IfMatch"), e));
    CALL_TRY(delete_key(turn, call, &bucket, key, doc_text(call->input, "VersionId"), &deleted, e));
    *out = doc_map(call->arena);
    doc_set_str(call->arena, *out, "VersionId", deleted.version);
    if (deleted.marker) doc_set_bool(call->arena, *out, "DeleteMarker", true);
    return OUTCOME_DONE;
}

static Doc *deleted_doc(Arena *arena, Str key, Str version, const Deleted *deleted) {
    Doc *doc = doc_map(arena);
    doc_set_str(arena, doc, "Key", key);
    doc_set_str(arena, doc, "VersionId", version);
    if (!deleted->marker) return doc;
    doc_set_bool(arena, doc, "DeleteMarker", true);
    doc_set_str(arena, doc, "DeleteMarkerVersionId", deleted->version);
    return doc;
}

static Doc *error_doc(Arena *arena, Str key, Str version, const Error *e) {
    Doc *doc = doc_map(arena);
    doc_set_str(arena, doc, "Key", key);
    doc_set_str(arena, doc, "VersionId", version);
    doc_set_str(arena, doc, "Code", str_copy(arena, str_of(e->code)));
    doc_set_str(arena, doc, "Message", str_copy(arena, str_of(e->message)));
    return doc;
}

// Each key is allowed, tried and answered by itself.
static bool delete_listed(Turn *turn, const Call *call, const Bucket *bucket, const Doc *object, Deleted *deleted, Error *e) {
    Str key = doc_text(object, "Key"), version = doc_text(object, "VersionId"), etag = doc_text(object, "ETag");
    const char *action = version.at ? "s3:DeleteObjectVersion" : "s3:DeleteObject";
    TRY(s3_allowed(turn, call, action, object_arn(call->arena, bucket->name, key), e));
    if (doc_get(object, "LastModifiedTime") || doc_get(object, "Size")) return s3_unsupported(call, "LastModifiedTime or Size of an object", e);
    TRY(conditions_of_delete(turn, call, bucket->name, key, etag, e));
    bool unheard_of = version.at && (!version_id_is_valid(version) || (bucket->versioning == VERSIONING_NEVER && !str_is(version, "null")));
    if (unheard_of) return fail_no_version(call, key, version, e);
    return delete_key(turn, call, bucket, key, version, deleted, e);
}

Outcome delete_objects(Turn *turn, const Call *call, Doc **out, Error *e) {
    Arena *arena = call->arena;
    const Doc *request = doc_get(call->input, "Delete"), *objects = doc_get(request, "Objects");
    Doc *done = doc_list(arena), *failed = doc_list(arena);
    Bucket bucket;
    CALL_TRY(s3_refuse(call, (const char *const[]){"MFA", NULL}, e));
    CALL_TRY(bucket_need(turn, call, &bucket, e));
    CALL_TRY(check_bypass(call, e));
    if (!doc_count(objects) || doc_count(objects) > DELETES_A_REQUEST) return fail_malformed_xml(call, e), OUTCOME_ERROR;
    for (const Doc *object = doc_first(objects); object; object = object->next) {
        Error why = {0};
        Deleted deleted = {0};
        Str key = doc_text(object, "Key"), version = doc_text(object, "VersionId");
        if (!delete_listed(turn, call, &bucket, object, &deleted, &why))
            doc_push(failed, error_doc(arena, key, version, &why));
        else if (!doc_flag(request, "Quiet", false))
            doc_push(done, deleted_doc(arena, key, version, &deleted));
    }
    *out = doc_map(arena);
    if (doc_count(done)) doc_set(*out, "Deleted", done);
    if (doc_count(failed)) doc_set(*out, "Errors", failed);
    return OUTCOME_DONE;
}
