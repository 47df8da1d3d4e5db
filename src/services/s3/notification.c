// Where a bucket's events go: to the event bus, or nowhere. Topics, queues and functions are refused by name.
#include "services/s3/handlers.h"
#include "services/s3/s3.h"

static const char *const TARGETS[] = {"TopicConfigurations", "QueueConfigurations", "LambdaFunctionConfigurations", NULL};

Outcome get_bucket_notification(Turn *turn, const Call *call, Doc **out, Error *e) {
    Bucket bucket;
    CALL_TRY(bucket_need(turn, call, &bucket, e));
    *out = doc_map(call->arena);
    if (bucket.notifies) doc_set(*out, "EventBridgeConfiguration", doc_map(call->arena));
    return OUTCOME_DONE;
}

Outcome put_bucket_notification(Turn *turn, const Call *call, Doc **out, Error *e) {
    Bucket bucket;
    const Doc *wanted = doc_get(call->input, "NotificationConfiguration");
    CALL_TRY(bucket_need(turn, call, &bucket, e));
    for (const char *const *target = TARGETS; *target; target++)
        if (doc_count(doc_get(wanted, *target))) return s3_unsupported(call, *target, e), OUTCOME_ERROR;
    doc_set_bool(call->arena, bucket.doc, "Notifies", doc_get(wanted, "EventBridgeConfiguration") != NULL);
    bucket_save(turn, &bucket);
    return OUTCOME_DONE;
}
