// Versioning and tags: what a bucket's own document holds.
#include "services/s3/handlers.h"
#include "services/s3/s3.h"

enum { BUCKET_TAGS = 50 };

Outcome get_bucket_versioning(Turn *turn, const Call *call, Doc **out, Error *e) {
    Bucket bucket;
    CALL_TRY(bucket_need(turn, call, &bucket, e));
    *out = doc_map(call->arena);
    doc_set_str(call->arena, *out, "Status", doc_text(bucket.doc, "Versioning"));
    return OUTCOME_DONE;
}

Outcome put_bucket_versioning(Turn *turn, const Call *call, Doc **out, Error *e) {
    Bucket bucket;
    const Doc *configuration = doc_get(call->input, "VersioningConfiguration");
    Str status = doc_text(configuration, "Status"), mfa = doc_text(configuration, "MFADelete");
    CALL_TRY(s3_refuse(call, (const char *const[]){"MFA", NULL}, e));
    CALL_TRY(bucket_need(turn, call, &bucket, e));
    if (str_is(mfa, "Enabled")) return s3_unsupported(call, "MFADelete", e), OUTCOME_ERROR;
    if (status.len && !str_is(status, "Enabled") && !str_is(status, "Suspended")) return fail_malformed_xml(call, e), OUTCOME_ERROR;
    if (!status.len) {
        const char *message = "The Versioning element must be specified";
        return s3_fail(call, e, 400, "IllegalVersioningConfigurationException", message, NULL, STR_NONE), OUTCOME_ERROR;
    }
    doc_set_str(call->arena, bucket.doc, "Versioning", status);
    bucket_save(turn, &bucket);
    return OUTCOME_DONE;
}

Outcome get_bucket_tagging(Turn *turn, const Call *call, Doc **out, Error *e) {
    Bucket bucket;
    CALL_TRY(bucket_need(turn, call, &bucket, e));
    const Doc *tags = doc_get(bucket.doc, "Tags");
    if (!tags) return s3_fail(call, e, 404, "NoSuchTagSet", "The TagSet does not exist", "BucketName", bucket.name), OUTCOME_ERROR;
    *out = doc_map(call->arena);
    doc_set(*out, "TagSet", s3_tags_to_set(call->arena, tags));
    return OUTCOME_DONE;
}

Outcome put_bucket_tagging(Turn *turn, const Call *call, Doc **out, Error *e) {
    Bucket bucket;
    Doc *tags;
    CALL_TRY(bucket_need(turn, call, &bucket, e));
    CALL_TRY(s3_tags_from_set(call, doc_get(doc_get(call->input, "Tagging"), "TagSet"), BUCKET_TAGS, &tags, e));
    doc_set(bucket.doc, "Tags", doc_count(tags) ? tags : NULL);
    bucket_save(turn, &bucket);
    return OUTCOME_DONE;
}

Outcome delete_bucket_tagging(Turn *turn, const Call *call, Doc **out, Error *e) {
    Bucket bucket;
    CALL_TRY(bucket_need(turn, call, &bucket, e));
    doc_set(bucket.doc, "Tags", NULL);
    bucket_save(turn, &bucket);
    return OUTCOME_DONE;
}
