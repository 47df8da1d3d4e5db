// Events of a bucket that has EventBridge switched on, in EventBridge's form for S3. A bucket that has it not sends none, as on AWS: whoever watches such a
// bucket (CodePipeline's S3 source) polls it.
#include "services/s3/s3.h"

static Doc *object_doc(Arena *arena, const Bucket *bucket, Str key, const ObjectRow *row) {
    Doc *object = doc_map(arena);
    doc_set_str(arena, object, "key", key);
    if (row->etag.at) doc_set_int(arena, object, "size", row->size);
    doc_set_str(arena, object, "etag", row->etag);
    doc_set_str(arena, object, "version-id", bucket->versioning == VERSIONING_NEVER ? STR_NONE : row_version(row));
    doc_set_str(arena, object, "sequencer",
                str_format(arena, "%013llX%05llX", (unsigned long long)row->modified_ms, (unsigned long long)row->sequence));
    return object;
}

static Doc *detail_of(const Call *call, const Bucket *bucket, Str key, const ObjectRow *row, const char *reason) {
    Arena *arena = call->arena;
    Doc *detail = doc_map(arena), *name = doc_map(arena);
    doc_set_str(arena, name, "name", bucket->name);
    doc_set_str(arena, detail, "version", STR("0"));
    doc_set(detail, "bucket", name);
    doc_set(detail, "object", object_doc(arena, bucket, key, row));
    doc_set_str(arena, detail, "request-id", call->request_id);
    doc_set_str(arena, detail, "requester", call->principal.account);
    doc_set_str(arena, detail, "source-ip-address", call->source_ip);
    doc_set_str(arena, detail, "reason", str_of(reason));
    return detail;
}

static void publish(Turn *turn, const Bucket *bucket, const char *type, Doc *detail) {
    Arena *arena = turn_arena(turn);
    Doc *resources = doc_list(arena);
    doc_push_str(arena, resources, bucket_arn(arena, bucket->name));
    turn_publish(turn, "aws.s3", type, detail, resources);
}

void event_created(Turn *turn, const Call *call, const Bucket *bucket, const char *reason, Str key, const ObjectRow *row) {
    if (bucket->notifies) publish(turn, bucket, "Object Created", detail_of(call, bucket, key, row, reason));
}

void event_deleted(Turn *turn, const Call *call, const Bucket *bucket, Str key, const ObjectRow *row, bool marker) {
    if (!bucket->notifies) return;
    Doc *detail = detail_of(call, bucket, key, row, "DeleteObject");
    doc_set_str(call->arena, detail, "deletion-type", marker ? STR("Delete Marker Created") : STR("Permanently Deleted"));
    publish(turn, bucket, "Object Deleted", detail);
}
