// PutObject.
#include "services/s3/handlers.h"
#include "services/s3/s3.h"

static bool row_of_request(Turn *turn, const Call *call, ObjectRow *row, Error *e) {
    static const ChecksumKind otherwise = CHECKSUM_CRC64NVME;
    TRY(headers_read(call, row, e));
    return checksum_request(turn, call, &otherwise, row, e);
}

static Doc *answer(const Call *call, const ObjectRow *row) {
    Doc *out = doc_map(call->arena);
    doc_set_str(call->arena, out, "ETag", quoted_etag(call->arena, row->etag));
    doc_set_str(call->arena, out, "ServerSideEncryption", STR("AES256"));
    doc_set_str(call->arena, out, "VersionId", row->version); // of a null version S3 tells none here
    checksum_show(call->arena, out, &row->checksum);
    return out;
}

static bool may_be_put(Turn *turn, const Call *call, Bucket *bucket, Error *e) {
    TRY(bucket_need(turn, call, bucket, e));
    TRY(write_is_supported(turn, call, e));
    return conditions_of_write(turn, call, bucket->name, doc_text(call->input, "Key"), e);
}

bool check_put_object(Turn *turn, const Call *call, Error *e) {
    Bucket bucket;
    return may_be_put(turn, call, &bucket, e);
}

Outcome put_object(Turn *turn, const Call *call, Doc **out, Error *e) {
    Str key = doc_text(call->input, "Key");
    Bucket bucket;
    ObjectRow row = {0};
    CALL_TRY(may_be_put(turn, call, &bucket, e));
    CALL_TRY(row_of_request(turn, call, &row, e));
    body_keep(turn, call, &row);
    object_store(turn, &bucket, key, &row);
    event_created(turn, call, &bucket, "PutObject", key, &row);
    *out = answer(call, &row);
    return OUTCOME_DONE;
}
