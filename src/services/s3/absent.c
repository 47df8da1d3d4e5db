// Settings that no bucket here has, because what they would do is not built: reading them gives S3's answer for "none", putting just that is taken, and deleting
// them has nothing to do. Object lock is among them: its operations on objects are refused as in any bucket without it.
#include "services/s3/handlers.h"
#include "services/s3/s3.h"

typedef struct Absent {
    const char *operation, *code, *message; // code NULL: an empty answer
} Absent;

static const Absent ABSENT[] = {
    {"GetBucketCors", "NoSuchCORSConfiguration", "The CORS configuration does not exist"},
    {"GetBucketLifecycleConfiguration", "NoSuchLifecycleConfiguration", "The lifecycle configuration does not exist"},
    {"GetBucketReplication", "ReplicationConfigurationNotFoundError", "The replication configuration was not found"},
    {"GetBucketWebsite", "NoSuchWebsiteConfiguration", "The specified bucket does not have a website configuration"},
    {"GetObjectLockConfiguration", "ObjectLockConfigurationNotFoundError", "Object Lock configuration does not exist for this bucket"},
};

// Of those that have ids, a bucket may have many.
static bool is_named(Str operation) {
    static const char *const kinds[] = {"AnalyticsConfiguration", "IntelligentTieringConfiguration", "InventoryConfiguration", "MetricsConfiguration",
                                        NULL};
    for (const char *const *kind = kinds; *kind; kind++)
        if (str_ends(operation, str_of(*kind))) return true;
    return false;
}

static bool fail_no_configuration(const Call *call, Str bucket, Error *e) {
    return s3_fail(call, e, 404, "NoSuchConfiguration", "The specified configuration does not exist.", "BucketName", bucket);
}

Outcome get_never_configured(Turn *turn, const Call *call, Doc **out, Error *e) {
    Bucket bucket;
    Str operation = wire_str(call->operation->name);
    CALL_TRY(bucket_need(turn, call, &bucket, e));
    for (size_t i = 0; i < sizeof ABSENT / sizeof *ABSENT; i++)
        if (str_is(operation, ABSENT[i].operation))
            return s3_fail(call, e, 404, ABSENT[i].code, ABSENT[i].message, "BucketName", bucket.name), OUTCOME_ERROR;
    if (is_named(operation)) return fail_no_configuration(call, bucket.name, e), OUTCOME_ERROR;
    *out = doc_map(call->arena);
    if (str_is(operation, "GetBucketRequestPayment")) doc_set_str(call->arena, *out, "Payer", STR("BucketOwner"));
    if (str_starts(operation, STR("List"))) doc_set_bool(call->arena, *out, "IsTruncated", false);
    return OUTCOME_DONE;
}

Outcome put_request_payment(Turn *turn, const Call *call, Doc **out, Error *e) {
    Bucket bucket;
    Str payer = doc_text(doc_get(call->input, "RequestPaymentConfiguration"), "Payer");
    CALL_TRY(bucket_need(turn, call, &bucket, e));
    if (str_is(payer, "BucketOwner")) return OUTCOME_DONE;
    if (str_is(payer, "Requester")) return s3_unsupported(call, "Payer Requester", e), OUTCOME_ERROR;
    return fail_malformed_xml(call, e), OUTCOME_ERROR;
}

// Without LoggingEnabled: no logs are wanted.
Outcome put_bucket_logging(Turn *turn, const Call *call, Doc **out, Error *e) {
    Bucket bucket;
    CALL_TRY(bucket_need(turn, call, &bucket, e));
    if (doc_get(doc_get(call->input, "BucketLoggingStatus"), "LoggingEnabled")) return s3_unsupported(call, "LoggingEnabled", e), OUTCOME_ERROR;
    return OUTCOME_DONE;
}

Outcome delete_never_configured(Turn *turn, const Call *call, Doc **out, Error *e) {
    Bucket bucket;
    CALL_TRY(bucket_need(turn, call, &bucket, e));
    if (is_named(wire_str(call->operation->name))) return fail_no_configuration(call, bucket.name, e), OUTCOME_ERROR;
    return OUTCOME_DONE;
}

Outcome refuse_without_lock(Turn *turn, const Call *call, Doc **out, Error *e) {
    Bucket bucket;
    CALL_TRY(bucket_need(turn, call, &bucket, e));
    return s3_fail(call, e, 400, "InvalidRequest", "Bucket is missing Object Lock Configuration", NULL, STR_NONE), OUTCOME_ERROR;
}
