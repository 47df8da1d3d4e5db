// Settings that no bucket here has, because the operations that put them are not built: reading them gives S3's answer for "none", and deleting them has
// nothing to do. Object lock is among them: its operations on objects are refused as in any bucket without it.
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

Outcome get_never_configured(Turn *turn, const Call *call, Doc **out, Error *e) {
    Bucket bucket;
    Str operation = wire_str(call->operation->name);
    CALL_TRY(bucket_need(turn, call, &bucket, e));
    for (size_t i = 0; i < sizeof ABSENT / sizeof *ABSENT; i++)
        if (str_is(operation, ABSENT[i].operation))
            return s3_fail(call, e, 404, ABSENT[i].code, ABSENT[i].message, "BucketName", bucket.name), OUTCOME_ERROR;
    *out = doc_map(call->arena);
    if (str_is(operation, "GetBucketRequestPayment")) doc_set_str(call->arena, *out, "Payer", STR("BucketOwner"));
    return OUTCOME_DONE;
}

Outcome delete_never_configured(Turn *turn, const Call *call, Doc **out, Error *e) {
    Bucket bucket;
    CALL_TRY(bucket_need(turn, call, &bucket, e));
    return OUTCOME_DONE;
}

Outcome refuse_without_lock(Turn *turn, const Call *call, Doc **out, Error *e) {
    Bucket bucket;
    CALL_TRY(bucket_need(turn, call, &bucket, e));
    return s3_fail(call, e, 400, "InvalidRequest", "Bucket is missing Object Lock Configuration", NULL, STR_NONE), OUTCOME_ERROR;
}
